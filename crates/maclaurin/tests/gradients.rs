//! Gradients against PyTorch's (`oracle/gradients.py`), against differences, and against each
//! other; and how exact the expansion itself is, against rationals.

use maclaurin::{
    Degrees, Expansion, Kind, Polynomial, Rational, expand, expand_backward, expand_backward_into,
    expand_tangent, taylor,
};
use ndarray::{ArrayD, Axis, IxDyn, Slice};
use proptest::prelude::*;
use serde_json::Value;

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn integers(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as usize).collect()
}

fn close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let size = expected.iter().fold(1.0f64, |size, x| size.max(x.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-12 * size, "{what}: {found}, not {expected}");
    }
}

#[test]
fn gradients_are_those_of_pytorch() {
    let data: Value = serde_json::from_str(include_str!("oracle/gradients.json")).unwrap();
    for case in data["cases"].as_array().unwrap() {
        let kind = match case["kind"].as_str().unwrap() {
            "powers" => Kind::Powers,
            "terms" => Kind::Terms,
            "partial_sums" => Kind::PartialSums,
            _ => Kind::Sum,
        };
        let number = |name: &str| case[name].as_f64().unwrap();
        let polynomial = Polynomial::new(number("center"), floats(&case["coefficients"]));
        let expansion = Expansion {
            kind,
            degrees: Degrees::List(integers(&case["degrees"])),
            axis: case["axis"].as_i64().unwrap() as isize,
            scale: number("scale"),
            shift: number("shift"),
            ..Expansion::default()
        };
        let shape = integers(&case["shape"]);
        let array = |name: &str, shape: &[usize]| {
            ArrayD::from_shape_vec(IxDyn(shape), floats(&case[name])).unwrap()
        };
        let (x, direction) = (array("x", &shape), array("direction", &shape));
        let out = expansion.shape(&polynomial, &shape).unwrap();
        let gradient = array("gradient", &out);
        let back = expand_backward(&gradient.view(), &x.view(), &polynomial, &expansion).unwrap();
        close(back.values.as_slice().unwrap(), &floats(&case["values"]), "values");
        close(&back.coefficients, &floats(&case["sums"]), "coefficients");
        let along: ArrayD<f64> =
            expand_tangent(&x.view(), &direction.view(), &polynomial, &expansion).unwrap();
        close(along.as_slice().unwrap(), &floats(&case["along"]), "along");
        // A gradient and values with gaps give the same.
        let mut wide = ArrayD::<f64>::zeros(IxDyn(&[out.clone(), vec![2]].concat()));
        wide.index_axis_mut(Axis(out.len()), 1).assign(&gradient);
        let gapped = wide.index_axis(Axis(out.len()), 1);
        let again = expand_backward(&gapped, &x.view(), &polynomial, &expansion).unwrap();
        assert_eq!(again.values, back.values);
        assert_eq!(again.coefficients, back.coefficients);
    }
}

#[test]
fn gradients_are_differences() {
    let softplus = taylor("softplus", 6, "0").unwrap().polynomial();
    let x = ArrayD::from_shape_fn(IxDyn(&[7, 5]), |i| (i[0] * 5 + i[1]) as f64 / 20.0 - 0.8);
    for kind in [Kind::Powers, Kind::Terms, Kind::PartialSums, Kind::Sum] {
        let expansion = Expansion { kind, constant: true, scale: 0.5, ..Expansion::default() };
        let loss = |x: &ArrayD<f64>, polynomial: &Polynomial| -> f64 {
            let out: ArrayD<f64> = expand(&x.view(), polynomial, &expansion).unwrap();
            out.iter().enumerate().map(|(i, y)| y * ((i % 7) as f64 - 3.0)).sum()
        };
        let shape = expansion.shape(&softplus, x.shape()).unwrap();
        let count: usize = shape.iter().product();
        let weights = (0..count).map(|i| (i % 7) as f64 - 3.0).collect();
        let gradient = ArrayD::from_shape_vec(IxDyn(&shape), weights).unwrap();
        let back = expand_backward(&gradient.view(), &x.view(), &softplus, &expansion).unwrap();
        let step = 1e-5;
        for place in [[0, 0], [3, 2], [6, 4]] {
            let moved = |by: f64| {
                let mut x = x.clone();
                x[IxDyn(&place)] += by;
                loss(&x, &softplus)
            };
            let difference = (moved(step) - moved(-step)) / (2.0 * step);
            assert!((back.values[IxDyn(&place)] - difference).abs() < 1e-8, "{kind:?}");
        }
        for degree in [0, 1, 2, 4] {
            let moved = |by: f64| {
                let mut coefficients = softplus.coefficients().to_vec();
                coefficients[degree] += by;
                loss(&x, &Polynomial::new(0.0, coefficients))
            };
            let difference = (moved(step) - moved(-step)) / (2.0 * step);
            assert!((back.coefficients[degree] - difference).abs() < 1e-7, "{kind:?} {degree}");
        }
    }
}

#[test]
fn weights_get_their_gradients() {
    let polynomial = Polynomial::new(0.0, vec![0.7, 0.5, 0.0, -0.25]);
    for weights in [vec![0.3, -1.2], vec![0.1, 0.2, 0.3, -0.4]] {
        let x = ndarray::array![0.3, -0.8, 1.1].into_dyn();
        let expansion = Expansion { kind: Kind::Sum, ..Expansion::default() };
        let loss = |polynomial: &Polynomial, weights: &[f64]| -> f64 {
            let out: ArrayD<f64> =
                expand(&x.view(), &polynomial.weighted(weights).unwrap(), &expansion).unwrap();
            out.sum()
        };
        let sums = expand_backward_into::<f64, f64>(
            &ArrayD::ones(IxDyn(&[3])).view(),
            &x.view(),
            &polynomial.weighted(&weights).unwrap(),
            &expansion,
            None,
            true,
        )
        .unwrap();
        let (coefficients, of_weights) = polynomial.weighted_gradients(&weights, &sums).unwrap();
        let step = 1e-6;
        for (place, found) in of_weights.iter().enumerate() {
            let moved = |by: f64| {
                let mut weights = weights.clone();
                weights[place] += by;
                loss(&polynomial, &weights)
            };
            assert!((found - (moved(step) - moved(-step)) / (2.0 * step)).abs() < 1e-8);
        }
        // A zero coefficient is no degree: its gradient is not asked for by a difference here.
        for degree in [0, 1, 3] {
            let moved = |by: f64| {
                let mut coefficients = polynomial.coefficients().to_vec();
                coefficients[degree] += by;
                loss(&Polynomial::new(0.0, coefficients), &weights)
            };
            let difference = (moved(step) - moved(-step)) / (2.0 * step);
            assert!((coefficients[degree] - difference).abs() < 1e-8, "{degree}");
        }
    }
}

/// The same bits for any number of threads, also of the sums over all values.
#[test]
fn sums_do_not_depend_on_the_threads() {
    let softplus = taylor("softplus", 8, "0").unwrap().polynomial();
    let x = ArrayD::from_shape_fn(IxDyn(&[300_001]), |i| ((i[0] * 37) % 1009) as f32 / 1009.0);
    let gradient = ArrayD::from_shape_fn(IxDyn(&[300_001, 5]), |i| ((i[0] + i[1]) % 11) as f32);
    let back = |threads| {
        let expansion = Expansion { threads, ..Expansion::default() };
        expand_backward(&gradient.view(), &x.view(), &softplus, &expansion).unwrap()
    };
    let one = back(Some(1));
    for threads in [None, Some(2), Some(3), Some(8)] {
        let many = back(threads);
        assert_eq!(many.coefficients, one.coefficients);
        assert_eq!(many.values, one.values);
    }
}

fn exact(x: f64) -> Rational {
    Rational::try_from(x).unwrap()
}

proptest! {
    /// Powers and terms of degree `k` in `f32` are `k + 1` roundings from the exact ones at most, or underflow.
    #[test]
    fn expansions_round_each_operation_once(x in -3.0f32..3.0, a in prop::collection::vec(-2.0f64..2.0, 17)) {
        let values = ndarray::array![x].into_dyn();
        for kind in [Kind::Powers, Kind::Terms] {
            let expansion = Expansion { kind, degrees: Degrees::All, ..Expansion::default() };
            let polynomial = Polynomial::new(0.0, a.clone());
            let out: ArrayD<f32> = expand(&values.view(), &polynomial, &expansion).unwrap();
            let mut power = exact(1.0);
            for (degree, &found) in (1..17).zip(&out) {
                power *= exact(x.into());
                let factor = if kind == Kind::Terms { exact(a[degree]) } else { exact(1.0) };
                let truth = &power * factor;
                let size = f64::from(x).powi(degree as i32).abs() * if kind == Kind::Terms { a[degree].abs() } else { 1.0 };
                let error = exact(found.into()) - truth;
                let roundings = (degree + 1) as f64 * 2f64.powi(-24);
                let most = exact(1.001 * roundings * size + 2f64.powi(-146));
                prop_assert!(error <= most && error >= -most, "{kind:?} {degree}: {x} {found}");
            }
        }
    }

    /// Sums in `f64` within the bound of Horner's rule: `2 p u` times the
    /// sum of the terms' magnitudes (Higham 2002, section 5.1), `u = 2^-53`.
    #[test]
    fn sums_keep_within_the_bound_of_horner(x in -2.0f64..2.0, a in prop::collection::vec(-2.0f64..2.0, 2..20)) {
        let values = ndarray::array![x].into_dyn();
        let expansion = Expansion { kind: Kind::Sum, ..Expansion::default() };
        let polynomial = Polynomial::new(0.0, a.clone());
        let out: ArrayD<f64> = expand(&values.view(), &polynomial, &expansion).unwrap();
        let (mut truth, mut size, mut power) = (exact(0.0), 0.0, exact(1.0));
        for (degree, &a) in a.iter().enumerate() {
            truth += exact(a) * &power;
            power *= exact(x);
            size += (a * x.powi(degree as i32)).abs();
        }
        let error = exact(out[0]) - truth;
        let most = exact(2.0 * a.len() as f64 * 2f64.powi(-53) * size * 1.001);
        prop_assert!(error <= most && error >= -most);
    }
}

#[test]
fn gradients_of_other_shapes_are_refused() {
    let line = Polynomial::new(0.0, vec![0.0, 1.0]);
    let x = ArrayD::<f32>::zeros(IxDyn(&[4]));
    let gradient = ArrayD::<f32>::zeros(IxDyn(&[4, 2]));
    let expansion = Expansion::default();
    assert!(expand_backward(&gradient.view(), &x.view(), &line, &expansion).is_err());
    let gradient = ArrayD::<f32>::zeros(IxDyn(&[4, 1]));
    let mut wide = ArrayD::<f32>::zeros(IxDyn(&[8]));
    let mut gapped = wide.view_mut();
    gapped.slice_axis_inplace(Axis(0), Slice::new(0, None, 2));
    let error = expand_backward_into(
        &gradient.view(),
        &x.view(),
        &line,
        &expansion,
        Some(&mut gapped),
        false,
    );
    assert!(error.unwrap_err().to_string().contains("contiguous"));
    let direction = ArrayD::<f32>::zeros(IxDyn(&[3]));
    assert!(expand_tangent::<f32, f32>(&x.view(), &direction.view(), &line, &expansion).is_err());
    let empty = ArrayD::<f32>::zeros(IxDyn(&[0]));
    let gradient = ArrayD::<f32>::zeros(IxDyn(&[0, 1]));
    let back = expand_backward(&gradient.view(), &empty.view(), &line, &expansion).unwrap();
    assert_eq!(back.coefficients, [0.0, 0.0]);
}

/// Lanes behind the last value are as far from the expansion point as zero is, and their powers
/// overflow: they add nothing all the same.
#[test]
fn lanes_behind_the_last_value_add_nothing() {
    let center = 1e20f32;
    let x = ArrayD::from_elem(IxDyn(&[5]), center);
    let polynomial = Polynomial::new(f64::from(center), vec![1.0; 17]);
    for kind in [Kind::Sum, Kind::Terms, Kind::PartialSums] {
        let expansion = Expansion { kind, ..Expansion::default() };
        let shape = expansion.shape(&polynomial, x.shape()).unwrap();
        let gradient = ArrayD::from_elem(IxDyn(&shape), 1f32);
        let back = expand_backward(&gradient.view(), &x.view(), &polynomial, &expansion).unwrap();
        assert!(back.coefficients[1..].iter().all(|sum| *sum == 0.0), "{kind:?}: {back:?}");
    }
}
