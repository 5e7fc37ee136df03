//! Every instruction set against plain loops over scalars, bit for bit.

use half::{bf16, f16};
use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Slice};
use proptest::prelude::*;

use super::backward::gradient_with;
use super::forward::expand_with;
use super::instructions::Level;
use super::overflow::Scaled;
use super::*;
use crate::expand::element::Lane;
use crate::expand::element::sealed::Narrow;
use crate::expand::strided::Strided;
use crate::expand::{Degrees, Element, Family, Float, PolynomialBasis, Squash};

#[derive(Clone, Debug)]
struct Case {
    outer: usize,
    inner: usize,
    order: usize,
    kind: Kind,
    degrees: Option<Vec<usize>>,
    constant: bool,
    /// Values before the first one in memory: misaligned slices.
    skipped: usize,
    /// Elements between two values.
    stride: isize,
    streams: bool,
    threads: usize,
    seed: u64,
    /// Of what family, in place of powers, and how its argument is squashed.
    basis: Option<(Family, Option<Squash>)>,
}

fn basis() -> impl Strategy<Value = (Family, Option<Squash>)> {
    let families = [
        Family::Monomial,
        Family::Legendre,
        Family::Chebyshev,
        Family::Hermite,
        Family::HermiteE,
        Family::Laguerre { alpha: 0.5 },
        Family::Gegenbauer { lambda: 1.5 },
        Family::Jacobi { alpha: 0.25, beta: -0.5 },
    ];
    let squash = [None, Some(Squash::Tanh), Some(Squash::Clip)];
    (prop::sample::select(families.to_vec()), prop::sample::select(squash.to_vec()))
}

fn case() -> impl Strategy<Value = Case> {
    let kind = prop::sample::select(vec![Kind::Powers, Kind::Terms, Kind::PartialSums, Kind::Sum]);
    let inner = prop_oneof![Just(1usize), 1usize..8, 1usize..70, 120usize..260];
    let order = prop_oneof![1usize..9, Just(16usize), Just(17usize)];
    let degrees = prop::option::of(prop::collection::vec(1usize..20, 1..6));
    let memory = (0usize..9, prop::sample::select(vec![1isize, 2, 3, -1, -2]), any::<bool>());
    let more = (any::<bool>(), prop::option::of(basis()));
    (0usize..200, inner, order, kind, degrees, more, memory, 1usize..4, any::<u64>()).prop_map(
        |(count, inner, order, kind, degrees, (constant, basis), memory, threads, seed)| {
            let (skipped, stride, streams) = memory;
            let kind = if basis.is_some() { Kind::Terms } else { kind };
            let degrees = degrees
                .map(|list| list.into_iter().map(|degree| (degree - 1) % order + 1).collect());
            let outer = count.div_ceil(inner);
            Case {
                outer,
                inner,
                order,
                kind,
                degrees,
                constant,
                skipped,
                stride,
                streams,
                threads,
                seed,
                basis,
            }
        },
    )
}

/// Numbers of all kinds, from a generator: mostly small ones, some special.
fn numbers<T>(count: usize, seed: u64, from: impl Fn(f64) -> T) -> Vec<T> {
    let mut state = seed | 1;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let bits = state >> 33;
            from(match bits % 97 {
                0 => f64::NAN,
                1 => f64::INFINITY,
                2 => f64::NEG_INFINITY,
                3 => -0.0,
                4 => 1e-42,
                5 => 3e38,
                _ => (bits % 4096) as f64 / 1024.0 - 2.0,
            })
        })
        .collect()
}

/// A view of values with gaps, or backwards.
fn view<'a, T>(values: &'a ArrayD<T>, case: &Case) -> ArrayViewD<'a, T> {
    let mut view = values.view();
    view.slice_axis_inplace(Axis(0), Slice::new(case.skipped as isize, None, 1));
    view.slice_axis_inplace(Axis(0), Slice::new(0, None, case.stride));
    let count = case.outer * case.inner;
    view.slice_axis_inplace(Axis(0), Slice::new(0, Some(count as isize), 1));
    view
}

fn memory<T>(values: Vec<T>) -> ArrayD<T> {
    ArrayD::from_shape_vec(IxDyn(&[values.len()]), values).unwrap()
}

fn check<T: Element, U: Float + Narrow>(
    case: &Case,
    from: impl Fn(f64) -> T,
) -> Result<(), TestCaseError> {
    let count = case.outer * case.inner;
    let room = case.skipped + count * case.stride.unsigned_abs();
    let x = memory(numbers(room, case.seed, &from));
    let direction = memory(numbers(room, case.seed ^ 0x4d, &from));
    let coefficients: Vec<f64> =
        numbers(case.order + 1, case.seed ^ 5, |a| if a.abs() < 4.0 { a } else { 0.0 });
    let polynomial = match case.basis {
        None => Polynomial::new(0.25, coefficients),
        Some((family, squash)) => {
            let basis = PolynomialBasis::new(family, case.order).unwrap();
            Polynomial::basis(Recurrence {
                slope: 1.25,
                offset: -0.5,
                squash,
                ..basis.recurrence()
            })
        }
    };
    let degrees = match &case.degrees {
        Some(list) => Degrees::List(list.clone()),
        None => Degrees::All,
    };
    let expansion = Expansion {
        kind: case.kind,
        degrees,
        constant: case.constant,
        scale: 0.75,
        shift: 0.125,
        ..Expansion::default()
    };
    let degrees = expansion.degrees_of(&polynomial).unwrap();
    let plan = Plan::new(&polynomial, &expansion, &degrees);
    let derivative = plan.derivative();
    let cache = if case.streams { 0 } else { usize::MAX };
    let bits = |out: &[U]| -> Vec<u64> {
        // Which NaN comes out is nobody's promise.
        let bits = |value: &U| if value.to_f64().is_nan() { 1 } else { value.to_f64().to_bits() };
        out.iter().map(bits).collect()
    };
    let expand = |level: Level, tangent: bool, threads: usize| {
        let mut out = vec![U::from_f64(9.0); count * plan.count() + case.skipped];
        let forward = Forward {
            plan: if tangent { &derivative } else { &plan },
            input: Strided::new(&view(&x, case)),
            tangent: tangent.then(|| Strided::new(&view(&direction, case))),
            count,
            inner: case.inner,
            output: Destination::Dense(out[case.skipped..].as_mut_ptr()),
        };
        if count > 0 {
            expand_with(level, cache, &forward, Some(threads)).unwrap();
        }
        prop_assert!(out[..case.skipped].iter().all(|value| value.to_f64() == 9.0));
        Ok(bits(&out))
    };
    let gradient = memory(numbers(count * plan.count(), case.seed ^ 9, U::from_f64));
    let back = |level: Level, threads: usize| {
        let mut values = vec![U::from_f64(0.0); count];
        let backward = Backward {
            plan: &plan,
            input: Strided::new(&view(&x, case)),
            gradient: Gradient::Dense(Strided::new(&gradient.view())),
            count,
            inner: case.inner,
            values: Some(values.as_mut_ptr()),
            coefficients: true,
        };
        let sums = gradient_with(level, cache, &backward, Some(threads)).unwrap();
        let sums = sums.iter().map(|sum| if sum.is_nan() { 1 } else { sum.to_bits() }).collect();
        (bits(&values), sums)
    };
    let read = |values: &ArrayD<T>| -> Vec<U::Lane> {
        view(values, case).iter().map(|x| Lane::round(x.wide())).collect()
    };
    let gradients: Vec<U::Lane> = gradient.iter().map(|g| Lane::round(g.wide())).collect();
    let (x, direction) = (read(&x), read(&direction));
    // One row alone lies as the values do.
    let inner = if plan.count() == 1 { count.max(1) } else { case.inner };
    let [values, tangents, slopes] = match &plan.recurrence {
        Some(recurrence) => by_hand(recurrence, &plan, &degrees, inner, &x, &direction, &gradients),
        None => [
            rows(&plan, inner, &x, None),
            rows(&derivative, inner, &x, Some(&direction)),
            slopes(&plan, inner, &x, &gradients),
        ],
    };
    let narrow = |lanes: Vec<U::Lane>| bits(&lanes.into_iter().map(U::narrow).collect::<Vec<_>>());
    let (expected, slopes) = ([narrow(values), narrow(tangents)], narrow(slopes));
    let mut sums: Option<Vec<u64>> = None;
    for level in Level::all() {
        let name = level.name();
        for (tangent, expected) in [(false, &expected[0]), (true, &expected[1])] {
            let found = expand(level, tangent, case.threads)?;
            prop_assert_eq!(&found[case.skipped..], &expected[..], "{}", name);
        }
        let found: (Vec<u64>, Vec<u64>) = back(level, case.threads);
        prop_assert_eq!(&found.0, &slopes, "{}", name);
        prop_assert_eq!(&found.1, sums.get_or_insert_with(|| found.1.clone()), "{}", name);
    }
    let alone = back(Level::all()[0], 1);
    prop_assert_eq!(sums.as_ref(), Some(&alone.1));
    Ok(())
}

/// The rows as a loop in NumPy computes them, in their order.
fn rows<L: Lane>(plan: &Plan, inner: usize, x: &[L], along: Option<&[L]>) -> Vec<L> {
    let mut out = vec![L::default(); x.len() * plan.count()];
    let (scale, offset) = (L::round(plan.scale), L::round(plan.offset));
    let a = |k: usize| L::round(plan.coefficients[k]);
    for (index, &x) in x.iter().enumerate() {
        let t = x * scale + offset;
        let mut place = |row: usize, value: L| {
            let value = along.map_or(value, |along| value * (along[index] * scale));
            out[(index / inner * plan.count() + row) * inner + index % inner] = value;
        };
        if plan.kind == Kind::Sum {
            let order = plan.coefficients.len() - 1;
            place(0, (0..order).rev().fold(a(order), |sum, k| sum * t + a(k)));
        }
        for row in &plan.rows {
            let (mut power, mut sum) = (L::round(1.0), L::default());
            let mut scaled = Scaled::new(1.0);
            let overflows = |power: L| {
                let exact = plan.rows.iter().any(|row| row.degree > 8) && t.exact().is_finite();
                exact && plan.kind != Kind::Powers && !power.exact().is_finite()
            };
            for k in 0..=row.degree {
                power = if k > 0 { power * t } else { power };
                if k > 0 && t.exact().is_finite() {
                    scaled = scaled.multiply(Scaled::new(t.exact()));
                }
                let a = plan.coefficients[k];
                if a != 0.0 && overflows(power) {
                    sum += L::round(scaled.multiply(Scaled::new(a)).value());
                } else if a != 0.0 {
                    sum += L::round(a) * power;
                }
            }
            if plan.kind == Kind::PartialSums {
                place(row.place, sum * L::round(row.factor));
            } else if overflows(power) {
                let term = scaled.multiply(Scaled::new(row.factor));
                place(row.place, L::round(term.value()));
            } else {
                place(row.place, power * L::round(row.factor));
            }
        }
    }
    out
}

/// The gradients of the values, by Horner's rule over the degrees whose factor is not zero.
fn slopes<L: Lane>(plan: &Plan, inner: usize, x: &[L], gradient: &[L]) -> Vec<L> {
    let factor = |a: f64, degree: usize| L::round(plan.scale * a * degree as f64);
    let order = plan.coefficients.len() - 1;
    let slope = |(index, &x): (usize, &L)| {
        let t = x * L::round(plan.scale) + L::round(plan.offset);
        let of_row =
            |row: usize| gradient[(index / inner * plan.count() + row) * inner + index % inner];
        if plan.kind == Kind::Sum {
            let all = (1..=order).rev().map(|k| factor(plan.coefficients[k], k));
            let sum = all.reduce(|sum, a| sum * t + a).unwrap_or_default();
            return sum * of_row(0);
        }
        // By degree: the factor of its power, and the gradient.
        let mut known: Vec<(usize, f64, L)> = Vec::new();
        if plan.kind == Kind::PartialSums {
            for degree in 1..=order {
                let above = plan.rows.iter().rev().filter(|row| row.degree >= degree);
                let sum = above.map(|row| of_row(row.place)).reduce(|sum, g| sum + g);
                known.extend(sum.map(|sum| (degree, plan.coefficients[degree], sum)));
            }
        } else {
            let rows = plan.rows.iter().filter(|row| row.degree > 0);
            known.extend(rows.map(|row| (row.degree, row.factor, of_row(row.place))));
        }
        let Some((mut at, a, g)) = known.pop() else { return L::default() };
        let mut total = g * factor(a, at);
        for &(degree, a, g) in known.iter().rev().filter(|known| plan.scale * known.1 != 0.0) {
            (degree..at).for_each(|_| total = total * t);
            (total, at) = (total + g * factor(a, degree), degree);
        }
        (1..at).for_each(|_| total = total * t);
        total
    };
    x.iter().enumerate().map(slope).collect()
}

/// The recurrence as its documentation says it, a value at a time: the rows, their change in a direction, and the
/// gradient of the values.
fn by_hand<L: Lane>(
    recurrence: &Recurrence,
    plan: &Plan,
    degrees: &[usize],
    inner: usize,
    x: &[L],
    direction: &[L],
    gradient: &[L],
) -> [Vec<L>; 3] {
    let (zero, one, rows) = (L::default(), L::round(1.0), degrees.len());
    let (mut values, mut tangents) = (vec![zero; x.len() * rows], vec![zero; x.len() * rows]);
    let mut slopes = Vec::new();
    for (index, &x) in x.iter().enumerate() {
        let t = L::round(plan.scale) * x + L::round(plan.offset);
        let (t, along) = match recurrence.squash {
            Some(Squash::Tanh) => (t.tanh(), Some(one - t.tanh() * t.tanh())),
            Some(Squash::Clip) if t > one => (one, Some(zero)),
            Some(Squash::Clip) if t < L::round(-1.0) => (L::round(-1.0), Some(zero)),
            Some(Squash::Clip) if t.exact().is_nan() => (t, Some(zero)),
            None | Some(Squash::Clip) => (t, None),
        };
        let change = |factor: L| {
            let change = L::round(plan.scale) * factor;
            match along {
                // Chosen, not multiplied: an infinite direction has no part in it.
                Some(along) if along == zero && recurrence.squash == Some(Squash::Clip) => zero,
                Some(along) => change * along,
                None => change,
            }
        };
        let (mut p, mut d) = (vec![one], vec![zero]);
        for (k, step) in recurrence.steps.iter().enumerate() {
            let [a, b, c] = step.map(L::round);
            let f = if b == zero { a * t } else { a * t + b };
            let (mut next, mut slope) = (f * p[k], a * p[k] + f * d[k]);
            if k == 0 {
                slope = a;
            } else if c != zero {
                next = next - c * p[k - 1];
                slope = slope - c * d[k - 1];
            }
            p.push(next);
            d.push(slope);
        }
        let mut total: Option<L> = None;
        let place = |row: usize| (index / inner * rows + row) * inner + index % inner;
        for (row, &degree) in degrees.iter().enumerate() {
            values[place(row)] = p[degree];
            tangents[place(row)] = d[degree] * change(direction[index]);
        }
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by_key(|&row| degrees[row]);
        for row in order.into_iter().filter(|&row| degrees[row] > 0) {
            let term = d[degrees[row]] * gradient[place(row)];
            total = Some(total.map_or(term, |total| total + term));
        }
        slopes.push(total.unwrap_or_default() * change(one));
    }
    [values, tangents, slopes]
}

macro_rules! agree {
    ($($name:ident: $input:ty, $output:ty, $from:expr;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::default())]
            $(
                #[test]
                fn $name(case in case()) {
                    check::<$input, $output>(&case, $from)?;
                }
            )*
        }
    };
}

agree! {
    u8_to_f32: u8, f32, |x| (x * 20.0) as u8;
    i8_to_f32: i8, f32, |x| (x * 20.0) as i8;
    u16_to_f32: u16, f32, |x| (x * 2000.0) as u16;
    i16_to_f64: i16, f64, |x| (x * 2000.0) as i16;
    f16_to_f16: f16, f16, f16::from_f64;
    bf16_to_bf16: bf16, bf16, bf16::from_f64;
    f32_to_f32: f32, f32, |x| x as f32;
    f32_to_bf16: f32, bf16, |x| x as f32;
    f32_to_f16: f32, f16, |x| x as f32;
    f64_to_f64: f64, f64, |x| x;
}

/// Many units, on many threads.
#[test]
fn large_arrays_agree() {
    for (kind, inner, order, stride, threads) in [
        (Kind::Terms, 1, 4, 1, 3),
        (Kind::PartialSums, 3, 4, 1, 2),
        (Kind::Sum, 1, 4, 1, 4),
        (Kind::Terms, 3, 2, 2, 2),
        (Kind::Terms, 1, 3, -1, 2),
        (Kind::Powers, 260, 5, 2, 2),
    ] {
        let case = Case {
            outer: 150_001 / inner,
            inner,
            order,
            kind,
            degrees: None,
            constant: false,
            skipped: threads % 2,
            stride,
            streams: true,
            threads,
            seed: 3,
            basis: None,
        };
        check::<f32, f32>(&case, |x| x as f32).unwrap();
        // Sums of many bytes have a table.
        let case = Case { order: 9, ..case };
        check::<u8, f32>(&case, |x| (x * 60.0) as u8).unwrap();
        check::<i8, f16>(&case, |x| (x * 60.0) as i8).unwrap();
    }
}

/// Lanes behind the last value hold the tile before: an infinity there, times a gradient of zero,
/// made sums NaN.
#[test]
fn infinities_of_a_tile_stay_there() {
    let case = Case {
        outer: 81,
        inner: 1,
        order: 1,
        kind: Kind::Sum,
        degrees: None,
        constant: false,
        skipped: 4,
        stride: 1,
        streams: false,
        threads: 1,
        seed: 15_218_527_548_500_130_124,
        basis: None,
    };
    check::<f32, f32>(&case, |x| x as f32).unwrap();
}

#[test]
fn instructions_have_names() {
    for level in Level::all() {
        assert_eq!(Level::named(level.name()).unwrap().name(), level.name());
    }
    assert_eq!(Level::named("").unwrap().name(), Level::all()[0].name());
    let error = Level::named("avx1024").err().unwrap().to_string();
    assert!(error.contains("\"avx1024\"") && error.contains("baseline: set it"), "{error}");
}
