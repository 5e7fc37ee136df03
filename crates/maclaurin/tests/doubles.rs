//! Values in double precision against mpmath's, over all magnitudes; `oracle/doubles.py` made them.

use maclaurin::Function;
use serde_json::Value as Json;

/// Units in the last place by which a value may be off; more where an argument's rounding is magnified.
const MOST_UNITS: f64 = 8.0;

fn double(digits: &Json) -> Option<f64> {
    Some(f64::from_bits(u64::from_str_radix(digits.as_str()?, 16).unwrap()))
}

/// The distance in units in the last place of a number of that size.
fn units(found: f64, truth: f64, size: f64) -> f64 {
    let unit = size.max(f64::MIN_POSITIVE) * f64::EPSILON;
    if found == truth { 0.0 } else { (found - truth).abs() / unit }
}

/// Whether a distance is above another one, or none.
fn exceeds(off: f64, other: f64) -> bool {
    off.is_nan() || off > other
}

#[test]
fn values_are_those_of_mpmath() {
    let oracle: Json = serde_json::from_str(include_str!("oracle/doubles.json")).unwrap();
    let points: Vec<f64> = oracle["points"].as_array().unwrap().iter().filter_map(double).collect();
    let Json::Object(functions) = &oracle["values"] else { panic!("values are a table") };
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for (text, values) in functions {
        let function = Function::parse(text).unwrap();
        let mut worst: Option<(f64, f64, f64, f64)> = None;
        for (&x, truth) in points.iter().zip(values.as_array().unwrap()) {
            let Some(truth) = double(truth) else { continue };
            tried += 1;
            let found = function.evaluate(x);
            // Beside a zero that is no double a value is as accurate as its neighbours.
            let least = if text.starts_with("bessel_j") { 0.05 } else { 0.0 };
            let off = units(found, truth, truth.abs().max(least));
            if exceeds(off, MOST_UNITS) && worst.is_none_or(|worst| exceeds(off, worst.0)) {
                worst = Some((off, x, found, truth));
            }
        }
        if let Some((off, x, found, truth)) = worst {
            wrong.push(format!("{text} at {x:e}: {found:e}, not {truth:e}, off by {off:.1} units"));
        }
    }
    assert!(tried > 6000, "{tried}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn holes_have_values() {
    for (text, x, value) in [
        ("sinc", 0.0, 1.0),
        ("sinc(x^2 - 1)", 1.0, 1.0),
        ("2*sinc(x) + 1", -0.0, 3.0),
        ("dawson", 0.0, 0.0),
        ("softplus", 800.0, 800.0),
        ("max(x, x)", 2.0, 2.0),
        ("atan2(x, -1)", 0.0, std::f64::consts::PI),
        ("hypot(3*x, 4*x)", 1e300, 5e300),
        ("softsign", f64::NEG_INFINITY, -1.0),
        ("quick_gelu", f64::NEG_INFINITY, 0.0),
        ("hardswish", f64::NEG_INFINITY, 0.0),
        ("hardswish", f64::INFINITY, f64::INFINITY),
        ("exprel", f64::INFINITY, f64::INFINITY),
        ("acosh", 1.000_000_004_045_148_4, 8.994_607_757_661_344e-5),
    ] {
        assert_eq!(Function::parse(text).unwrap().evaluate(x), value, "{text}");
    }
    for text in [
        "relu",
        "max(x, 1)",
        "min(1, x)",
        "softplus",
        "sinc",
        "elu",
        "dawson",
        "Ei",
        "sign",
        "heaviside",
        "hardswish",
    ] {
        assert!(Function::parse(text).unwrap().evaluate(f64::NAN).is_nan(), "{text}");
    }
}
