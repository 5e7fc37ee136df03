//! Expanded arrays against a plain reference in double precision, over random shapes, strides
//! and types.

use half::{bf16, f16};
use maclaurin::{
    Degrees, Element, ExpandError, Expansion, Float, Kind, Polynomial, expand, expand_into,
};
use ndarray::{ArrayD, ArrayViewD, Axis, Dimension, IxDyn, Slice};
use proptest::prelude::*;

/// What one value becomes, by the definition.
fn reference(x: f64, degree: usize, polynomial: &Polynomial, expansion: &Expansion) -> f64 {
    let t = expansion.scale * x + expansion.shift - polynomial.center();
    let a = polynomial.coefficients();
    let sum = |degree: usize| (0..=degree).map(|k| a[k] * t.powi(k as i32)).sum();
    match expansion.kind {
        Kind::Powers => t.powi(degree as i32),
        Kind::Terms => a[degree] * t.powi(degree as i32),
        Kind::PartialSums => sum(degree),
        Kind::Sum => sum(polynomial.order()),
    }
}

/// Compares every value of the expansion with the reference; `epsilon` is half the spacing of
/// the output's or the arithmetic's numbers around 1, whichever is wider.
fn check<T: Element, U: Float>(
    x: &ArrayViewD<'_, T>,
    polynomial: &Polynomial,
    expansion: &Expansion,
    epsilon: f64,
) -> Result<(), TestCaseError> {
    let out: ArrayD<U> = expand(x, polynomial, expansion).unwrap();
    let degrees = expansion.degrees_of(polynomial).unwrap();
    prop_assert_eq!(out.shape(), expansion.shape(polynomial, x.shape()).unwrap());
    let axis = if expansion.axis < 0 {
        (out.ndim() as isize + expansion.axis) as usize
    } else {
        expansion.axis as usize
    };
    for (index, &value) in x.indexed_iter() {
        let index = index.slice().to_vec();
        for row in 0..degrees.len().max(1) {
            let mut place = index.clone();
            if expansion.kind == Kind::Sum {
            } else if expansion.stack {
                place.insert(axis, row);
            } else {
                place[axis] += row * x.shape()[axis];
            }
            let degree = degrees.get(row).copied().unwrap_or(0);
            let expected = reference(value.to_f64(), degree, polynomial, expansion);
            let found = out[IxDyn(&place)].to_f64();
            // Each of up to `order` steps rounds; sums cancel, so the scale is that of the terms.
            let t = (expansion.scale * value.to_f64()).abs()
                + expansion.shift.abs()
                + polynomial.center().abs();
            let scale: f64 = (0..=polynomial.order())
                .map(|k| polynomial.coefficients()[k].abs().max(1.0) * t.powi(k as i32))
                .sum();
            let tolerance = epsilon * scale * (2 * polynomial.order() + 8) as f64;
            prop_assert!(
                (found - expected).abs() <= tolerance,
                "{found} is not {expected} within {tolerance}"
            );
        }
    }
    Ok(())
}

/// An array of small numbers seen with other strides: axes permuted, every second value of some
/// axes, some axes backwards.
fn strided<T: Element + Default>(
    shape: &[usize],
    order: &[usize],
    steps: &[isize],
    value: impl Fn(usize) -> T,
) -> (ArrayD<T>, Vec<usize>, Vec<isize>) {
    let full: Vec<usize> =
        shape.iter().zip(steps).map(|(n, step)| n * step.unsigned_abs()).collect();
    let count = full.iter().product();
    let array = ArrayD::from_shape_vec(IxDyn(&full), (0..count).map(value).collect()).unwrap();
    (array, order.to_vec(), steps.to_vec())
}

fn view<T>(parts: &(ArrayD<T>, Vec<usize>, Vec<isize>)) -> ArrayViewD<'_, T> {
    let (array, order, steps) = parts;
    let mut view = array.view();
    for (axis, &step) in steps.iter().enumerate() {
        view.slice_axis_inplace(Axis(axis), Slice::new(0, None, step));
    }
    view.permuted_axes(IxDyn(order))
}

#[derive(Clone, Debug)]
struct Case {
    shape: Vec<usize>,
    order: Vec<usize>,
    steps: Vec<isize>,
    polynomial: Polynomial,
    expansion: Expansion,
}

fn case() -> impl Strategy<Value = Case> {
    let axes =
        prop::collection::vec((0usize..6, prop::sample::select(vec![-2isize, -1, 1, 2])), 0..4);
    let order = axes.prop_flat_map(|axes| {
        let indices: Vec<usize> = (0..axes.len()).collect();
        (Just(axes), Just(indices).prop_shuffle())
    });
    let coefficients = prop::collection::vec(-3i32..=3, 2..8);
    let kind = prop::sample::select(vec![Kind::Powers, Kind::Terms, Kind::PartialSums, Kind::Sum]);
    let options = (any::<bool>(), any::<bool>(), 0usize..4, any::<bool>(), 0usize..3);
    (order, coefficients, kind, options, -2i32..=2, prop::sample::select(vec![1.0, 0.25, -0.5]))
        .prop_map(|((axes, order), coefficients, kind, options, center, scale)| {
            let (constant, stack, axis, from_end, degrees) = options;
            let order_of = coefficients.len() - 1;
            let mut coefficients: Vec<f64> =
                coefficients.into_iter().map(|c| f64::from(c) / 4.0).collect();
            coefficients[order_of] += if coefficients[order_of] == 0.0 { 1.0 } else { 0.0 };
            let polynomial = Polynomial::new(f64::from(center) / 2.0, coefficients);
            // A value alone has no axis to concatenate along.
            let stack = stack || axes.is_empty();
            let dimensions = axes.len() + usize::from(stack);
            let axis = (axis % dimensions) as isize;
            let axis = if from_end { axis - dimensions as isize } else { axis };
            let degrees = match degrees {
                0 => Degrees::NonZero,
                1 => Degrees::All,
                _ => Degrees::List(vec![order_of, 1]),
            };
            let (shape, steps) = axes.into_iter().unzip();
            let shift = 0.125;
            let expansion =
                Expansion { kind, degrees, constant, axis, stack, scale, shift, threads: None };
            Case { shape, order, steps, polynomial, expansion }
        })
}

/// A property for one input type: all four output types.
macro_rules! agrees {
    ($($name:ident: $type:ty, $value:expr;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(48))]
            $(
                #[test]
                fn $name(case in case()) {
                    let value = $value;
                    let parts = strided::<$type>(&case.shape, &case.order, &case.steps, value);
                    let x = view(&parts);
                    check::<$type, f64>(&x, &case.polynomial, &case.expansion, f64::EPSILON)?;
                    check::<$type, f32>(&x, &case.polynomial, &case.expansion, f64::from(f32::EPSILON))?;
                    check::<$type, f16>(&x, &case.polynomial, &case.expansion, f64::from(f16::EPSILON))?;
                    check::<$type, bf16>(&x, &case.polynomial, &case.expansion, f64::from(bf16::EPSILON))?;
                }
            )*
        }
    };
}

agrees! {
    u8_values_agree: u8, |i| (i % 6) as u8;
    i8_values_agree: i8, |i| (i % 11) as i8 - 5;
    u16_values_agree: u16, |i| (i % 6) as u16;
    i16_values_agree: i16, |i| (i % 11) as i16 - 5;
    f16_values_agree: f16, |i| f16::from_f64((i % 23) as f64 / 8.0 - 1.5);
    bf16_values_agree: bf16, |i| bf16::from_f64((i % 23) as f64 / 8.0 - 1.5);
    f32_values_agree: f32, |i| (i % 29) as f32 / 8.0 - 1.5;
    f64_values_agree: f64, |i| (i % 29) as f64 / 8.0 - 1.5;
}

fn exponential() -> Polynomial {
    Polynomial::new(0.0, vec![1.0, 1.0, 0.5, 1.0 / 6.0, 1.0 / 24.0])
}

#[test]
fn large_arrays_agree_in_every_layout_and_number_of_threads() {
    // Around the sizes at which the work is cut.
    for count in [255, 256, 257, 16_383, 16_384, 16_385, 40_000] {
        let x = ArrayD::from_shape_fn(IxDyn(&[count, 3]), |i| {
            (i[0] % 97) as f32 / 97.0 - i[1] as f32 / 4.0
        });
        for axis in [0, 1, 2] {
            let expansion = Expansion { axis, ..Expansion::default() };
            let one = Expansion { threads: Some(1), ..expansion.clone() };
            let many = Expansion { threads: Some(5), ..expansion.clone() };
            check::<f32, f32>(&x.view(), &exponential(), &expansion, f64::from(f32::EPSILON))
                .unwrap();
            let bits = |expansion: &Expansion| -> Vec<u32> {
                let out: ArrayD<f32> = expand(&x.view(), &exponential(), expansion).unwrap();
                out.iter().map(|value| value.to_bits()).collect()
            };
            assert_eq!(bits(&one), bits(&many));
            assert_eq!(bits(&one), bits(&expansion));
        }
    }
}

#[test]
fn an_output_with_any_strides_is_filled() {
    let x = ArrayD::from_shape_fn(IxDyn(&[4, 5]), |i| (i[0] * 5 + i[1]) as f64 / 10.0);
    let expected: ArrayD<f64> = expand(&x.view(), &exponential(), &Expansion::default()).unwrap();
    let mut memory = ArrayD::<f64>::from_elem(IxDyn(&[4, 10, 8]), -1.0);
    let mut out = memory.view_mut();
    out.slice_axis_inplace(Axis(1), Slice::new(0, None, -2));
    out.slice_axis_inplace(Axis(2), Slice::new(0, None, 2));
    expand_into(&x.view(), &exponential(), &Expansion::default(), &mut out).unwrap();
    assert_eq!(out, expected);
    assert_eq!(memory.iter().filter(|value| **value == -1.0).count(), 4 * 10 * 8 - 4 * 5 * 4);
}

#[test]
fn special_values_follow_ieee_arithmetic() {
    let x = ndarray::array![f32::NAN, f32::INFINITY, f32::NEG_INFINITY].into_dyn();
    let terms: ArrayD<f32> = expand(&x.view(), &exponential(), &Expansion::default()).unwrap();
    assert!(terms.index_axis(Axis(0), 0).iter().all(|value| value.is_nan()));
    assert!(terms.index_axis(Axis(0), 1).iter().all(|value| *value == f32::INFINITY));
    assert_eq!(terms[[2, 0]], f32::NEG_INFINITY);
    assert_eq!(terms[[2, 1]], f32::INFINITY);
    // Zero coefficients add nothing to partial sums, also where the power is infinite.
    let even = Polynomial::new(0.0, vec![1.0, 0.0, 0.5]);
    let sums = Expansion { kind: Kind::PartialSums, ..Expansion::default() };
    let sums: ArrayD<f32> = expand(&x.view(), &even, &sums).unwrap();
    assert_eq!(sums[[1, 0]], f32::INFINITY);
}

#[test]
fn bad_requests_are_refused() {
    let x = ArrayD::<f32>::zeros(IxDyn(&[2, 3]));
    let refused = |expansion: Expansion| {
        expand::<f32, f32>(&x.view(), &exponential(), &expansion).unwrap_err()
    };
    let degrees = |list: &[usize]| Expansion {
        degrees: Degrees::List(list.to_vec()),
        ..Expansion::default()
    };
    assert_eq!(refused(degrees(&[0])), ExpandError::DegreeOutOfRange { degree: 0, order: 4 });
    assert_eq!(refused(degrees(&[5])), ExpandError::DegreeOutOfRange { degree: 5, order: 4 });
    assert_eq!(refused(degrees(&[])), ExpandError::NoDegrees);
    for axis in [3, -4, isize::MIN] {
        let error = refused(Expansion { axis, ..Expansion::default() });
        assert_eq!(error, ExpandError::AxisOutOfBounds { axis, dimensions: 3 });
    }
    let scalar = ArrayD::<f32>::zeros(IxDyn(&[]));
    let joined = Expansion { stack: false, ..Expansion::default() };
    let error = expand::<f32, f32>(&scalar.view(), &exponential(), &joined).unwrap_err();
    assert_eq!(error, ExpandError::AxisOutOfBounds { axis: -1, dimensions: 0 });
    let mut out = ArrayD::<f32>::zeros(IxDyn(&[2, 3, 5]));
    let error = expand_into(&x.view(), &exponential(), &Expansion::default(), &mut out.view_mut());
    assert!(matches!(error, Err(ExpandError::WrongShape { .. })));
    assert!(matches!(exponential().weighted(&[1.0]), Err(ExpandError::WrongWeights { .. })));
}

#[test]
fn what_does_not_fit_in_memory_is_refused_before_it_is_allocated() {
    // One value broadcast to a petabyte: the input takes no memory.
    let one = ArrayD::<f32>::zeros(IxDyn(&[1]));
    let x = one.broadcast(IxDyn(&[1 << 48])).unwrap();
    let error = expand::<f32, f32>(&x, &exponential(), &Expansion::default()).unwrap_err();
    assert!(matches!(error, ExpandError::TooLarge { .. }), "{error}");
    let x = one.broadcast(IxDyn(&[1 << 61])).unwrap();
    let all = Expansion { degrees: Degrees::All, ..Expansion::default() };
    let error = expand::<f32, f64>(&x, &exponential(), &all).unwrap_err();
    assert_eq!(error, ExpandError::Overflow);
}

proptest! {
    #[test]
    fn weighted_sums_are_sums_of_weighted_partial_sums(
        weights in prop::collection::vec(-2.0f64..2.0, 5),
        x in -2.0f64..2.0,
    ) {
        let polynomial = exponential();
        let weighted = polynomial.weighted(&weights).unwrap();
        let partial = |k: usize| (0..=k).map(|j| polynomial.coefficients()[j] * x.powi(j as i32)).sum::<f64>();
        let expected: f64 = weights.iter().enumerate().map(|(k, w)| w * partial(k)).sum();
        let found: f64 = weighted.coefficients().iter().enumerate().map(|(k, a)| a * x.powi(k as i32)).sum();
        prop_assert!((expected - found).abs() < 1e-12);
        // Without a weight for the constant, the weights belong to degrees 1 to 4.
        let mut with_zero = vec![0.0];
        with_zero.extend(&weights[1..]);
        prop_assert_eq!(polynomial.weighted(&weights[1..]).unwrap(), polynomial.weighted(&with_zero).unwrap());
    }
}
