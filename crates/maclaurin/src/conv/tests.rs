//! Every instruction set against the definition in double precision, and against each other.

use half::{bf16, f16};
use ndarray::{Array1, Array4, s};
use proptest::prelude::*;

use super::*;
use crate::expand::element::Lane;
use crate::expand::element::sealed::{Narrow, Wide};

#[derive(Clone, Debug)]
struct Case {
    images: usize,
    inputs: usize,
    outputs: usize,
    groups: usize,
    extents: [usize; 2],
    kernel: [usize; 2],
    convolution: Convolution,
    bias: bool,
    /// Whether channels are contiguous: of the input, of the output.
    channels_last: [bool; 2],
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    let small = || prop_oneof![4 => 1usize..5, 1 => 5usize..40];
    let channels = (
        prop_oneof![9 => 1usize..3, 1 => Just(0)],
        small(),
        small(),
        prop_oneof![3 => Just(1usize), 1 => 2usize..4],
    );
    let kernel = prop_oneof![4 => [1usize..8, 1usize..8], 1 => Just([1, 1])];
    let stride = prop_oneof![1 => Just([1, 1]), 1 => [1usize..4, 1usize..4]];
    let spatial = ([1usize..12, 1usize..50], kernel, stride);
    let padding = prop_oneof![
        1 => Just([[0; 2]; 2]),
        2 => [[0usize..4, 0usize..4], [0usize..4, 0usize..4]],
    ];
    let edges = (padding, [1usize..3, 1usize..3]);
    let powers = (prop_oneof![5 => 1usize..5, 1 => 5usize..12], prop_oneof![Just(0.0), Just(0.3)]);
    let rest = (any::<bool>(), any::<[bool; 2]>(), any::<u64>(), 1usize..4);
    (channels, spatial, edges, powers, rest).prop_map(
        |(channels, spatial, (padding, dilation), (order, center), rest)| {
            let (images, inputs, outputs, groups) = channels;
            let (mut extents, kernel, stride) = spatial;
            let (bias, channels_last, seed, threads) = rest;
            for axis in 0..2 {
                // Let the kernel fit.
                let span = (kernel[axis] - 1) * dilation[axis] + 1;
                extents[axis] = extents[axis].max(span.saturating_sub(padding[axis][0]));
            }
            let threads = Some(threads);
            let convolution =
                Convolution { order, center, stride, padding, dilation, groups, threads };
            Case {
                images,
                inputs: inputs.min(12),
                outputs: outputs.min(36),
                groups,
                extents,
                kernel,
                convolution,
                bias,
                channels_last,
                seed,
            }
        },
    )
}

fn array<T>(shape: [usize; 4], last: bool, seed: u64, from: impl Fn(f64) -> T) -> Array4<T>
where
    T: Clone + Default,
{
    let [n, c, h, w] = shape;
    let mut state = seed | 1;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1u32 << 31) * 2.0 - 1.0
    };
    let mut array = if last {
        Array4::<T>::default((n, h, w, c)).permuted_axes([0, 3, 1, 2])
    } else {
        Array4::<T>::default((n, c, h, w))
    };
    array.iter_mut().for_each(|value| *value = from(next()));
    array
}

/// The output, and the gradients of the input, the weights and the bias, with for each value the
/// sum of the sizes of what it is a sum of.
struct Expected {
    y: Array4<[f64; 2]>,
    x: Array4<[f64; 2]>,
    weight: Array4<[f64; 2]>,
    bias: Array1<[f64; 2]>,
}

fn expected<T: Float>(
    case: &Case,
    x: &Array4<T>,
    weight: &Array4<T::Lane>,
    bias: Option<&Array1<T::Lane>>,
    gradient: &Array4<T>,
) -> Expected {
    let Convolution { order, center, stride, padding, dilation, groups, .. } = case.convolution;
    let add = |sum: &mut [f64; 2], value: f64| {
        sum[0] += value;
        sum[1] += value.abs();
    };
    let mut found = Expected {
        y: Array4::default(gradient.dim()),
        x: Array4::default(x.dim()),
        weight: Array4::default(weight.dim()),
        bias: Array1::default(weight.dim().0),
    };
    let (outputs, channels, kernel_rows, kernel_columns) = weight.dim();
    let (inputs, outputs) = (channels / order, outputs / groups);
    let power = |t: f64, k: usize| (0..k).fold(1.0, |power, _| power * t);
    for ((n, o, row, column), g) in gradient.indexed_iter() {
        let (g, y) = (g.to_f64(), &mut found.y[[n, o, row, column]]);
        add(&mut found.bias[o], g);
        if let Some(bias) = bias {
            add(y, bias[o].wide());
        }
        for (c, i, j) in (0..channels)
            .flat_map(|c| (0..kernel_rows).map(move |i| (c, i)))
            .flat_map(|(c, i)| (0..kernel_columns).map(move |j| (c, i, j)))
        {
            let at = |place: usize, tap: usize, axis: usize, extent: usize| {
                (place * stride[axis] + tap * dilation[axis])
                    .checked_sub(padding[axis][0])
                    .filter(|&place| place < extent)
            };
            let source = (at(row, i, 0, x.dim().2), at(column, j, 1, x.dim().3));
            let (Some(h), Some(w)) = source else { continue };
            let place = [n, o / outputs * inputs + c % inputs, h, w];
            let t = T::Lane::round(x[place].to_f64() - center).wide();
            let (k, factor) = (c / inputs + 1, weight[[o, c, i, j]].wide());
            add(y, factor * power(t, k));
            add(&mut found.weight[[o, c, i, j]], g * power(t, k));
            add(&mut found.x[place], g * factor * k as f64 * power(t, k - 1));
        }
    }
    found
}

fn close<'a, T: Wide>(
    what: &str,
    found: impl Iterator<Item = &'a T>,
    expected: impl Iterator<Item = &'a [f64; 2]>,
    tolerance: f64,
) -> Result<(), TestCaseError> {
    for (place, (found, [value, size])) in found.zip(expected).enumerate() {
        let found = found.wide();
        let allowed = tolerance * (size + 1e-3);
        prop_assert!((found - value).abs() <= allowed, "{what} {place}: {found} for {value}");
    }
    Ok(())
}

fn check<T: Float + PartialEq>(case: &Case, tolerance: f64) -> Result<(), TestCaseError>
where
    <T as Narrow>::Lane: PartialEq,
{
    let (inputs, outputs) = (case.inputs * case.groups, case.outputs * case.groups);
    let [rows, columns] = case.extents;
    let channels = case.inputs * case.convolution.order;
    let seed = case.seed;
    let x =
        array::<T>([case.images, inputs, rows, columns], case.channels_last[0], seed, T::from_f64);
    let shape = [outputs, channels, case.kernel[0], case.kernel[1]];
    let weight = array(shape, false, seed ^ 1, <T as Narrow>::Lane::round);
    let bias =
        case.bias.then(|| array([1, 1, 1, outputs], false, seed ^ 2, <T as Narrow>::Lane::round));
    let bias = bias.map(|bias| bias.slice(s![0, 0, 0, ..]).to_owned());
    let shape = case.convolution.output_shape(&x.dim().into(), &weight.dim().into());
    let shape = shape.map_err(|error| TestCaseError::fail(error.to_string()))?;
    let gradient = array::<T>(shape, case.channels_last[1], seed ^ 3, T::from_f64);
    let expected = expected(case, &x, &weight, bias.as_ref(), &gradient);
    let mut first = None;
    for level in Level::all() {
        let run = |threads| {
            let convolution = Convolution { threads: Some(threads), ..case.convolution.clone() };
            let mut y = array::<T>(shape, case.channels_last[1], 0, |_| T::from_f64(9.0));
            let bias = bias.as_ref().map(|bias| bias.view());
            let (input, factors) = (x.view(), weight.view());
            convolve_with(level, &input, &factors, bias.as_ref(), &convolution, &mut y.view_mut())?;
            let mut of_x =
                array::<T>(x.dim().into(), case.channels_last[0], 0, |_| T::from_f64(9.0));
            let g = gradient.view();
            input_gradient_with(level, &g, &input, &factors, &convolution, &mut of_x.view_mut())?;
            let shape = weight.dim().into();
            let (of_weight, of_bias) =
                weight_gradient_with(level, &g, &input, &shape, &convolution)?;
            Ok::<_, ConvolutionError>((y, of_x, of_weight, of_bias))
        };
        let found = run(1).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let again = run(case.convolution.threads.unwrap_or(2));
        prop_assert!(again.is_ok_and(|again| again == found), "the threads make a difference");
        close("y", found.0.iter(), expected.y.iter(), tolerance)?;
        close("x", found.1.iter(), expected.x.iter(), tolerance)?;
        close("weight", found.2.iter(), expected.weight.iter(), tolerance)?;
        close("bias", found.3.iter(), expected.bias.iter(), tolerance)?;
        // The sums of the machines that round a product and a sum once are the same.
        if !matches!(level, Level::Portable(_)) {
            let first = first.get_or_insert_with(|| (found.0.clone(), found.2.clone()));
            prop_assert!(*first == (found.0, found.2), "instruction sets differ");
        }
    }
    Ok(())
}

proptest! {
    // Fewer where PROPTEST_CASES says so: the thread sanitizer takes its time.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.min(96)))]

    #[test]
    fn single_precision(case in case()) {
        check::<f32>(&case, 2e-6)?;
    }

    #[test]
    fn double_precision(case in case()) {
        check::<f64>(&case, 1e-14)?;
    }

    #[test]
    fn halves(case in case()) {
        check::<f16>(&case, 1e-3)?;
        check::<bf16>(&case, 8e-3)?;
    }
}
