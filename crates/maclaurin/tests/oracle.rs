//! Coefficients against python-flint and SymPy; `oracle/generate.py` and `oracle/special.py` made the
//! values.

use maclaurin::{Function, Rational, Series};
use serde_json::Value as Json;

const ENCLOSURE_BITS: usize = 150;

/// Each case with its order.
fn cases() -> Vec<(usize, Json)> {
    let files = [
        (include_str!("oracle/coefficients.json"), "cases"),
        (include_str!("oracle/special.json"), "coefficients"),
    ];
    let read = |(text, name): (&str, &str)| {
        let mut data: Json = serde_json::from_str(text).unwrap();
        let order = data["order"].as_u64().unwrap() as usize;
        let Json::Array(cases) = data[name].take() else { panic!("{name} is a list") };
        cases.into_iter().map(move |case| (order, case))
    };
    files.into_iter().flat_map(read).collect()
}

fn rational(text: &str) -> Rational {
    let (numerator, denominator) = text.split_once('/').unwrap();
    Rational::from_parts(numerator.parse().unwrap(), denominator.parse().unwrap())
}

/// The ends of FLINT's ball.
fn ball(ball: &Json) -> (Rational, Rational) {
    let integer = |index: usize| {
        Rational::from_parts(ball[index].as_str().unwrap().parse().unwrap(), 1u8.into())
    };
    let exponent = ball[2].as_i64().unwrap();
    let power = Rational::from(maclaurin::UBig::from(10u8).pow(exponent.unsigned_abs() as usize));
    let scale = if exponent < 0 { Rational::ONE / power } else { power };
    ((integer(0) - integer(1)) * &scale, (integer(0) + integer(1)) * &scale)
}

#[test]
fn coefficients_agree_with_flint_and_sympy() {
    let cases = cases();
    let functions: std::collections::BTreeSet<_> =
        cases.iter().map(|(_, case)| case["function"].to_string()).collect();
    assert!(functions.len() >= 80 && cases.len() >= 250);
    assert!(cases.iter().filter(|(order, _)| *order >= 30).count() >= 150);
    for known in Function::builtins() {
        let is_of = |(_, case): &&(usize, Json)| {
            let text = case["function"].as_str().unwrap();
            text.strip_prefix(known.name).is_some_and(|rest| rest.starts_with('('))
        };
        assert!(cases.iter().filter(is_of).count() >= 3, "{}", known.name);
    }
    for (order, case) in cases {
        let (function, at) = (case["function"].as_str().unwrap(), case["at"].as_str().unwrap());
        let series = Series::new(&Function::parse(function).unwrap(), order, at)
            .unwrap_or_else(|error| panic!("{function} at {at}: {error}"));
        for degree in 0..=order {
            let expected = &case["coefficients"][degree];
            let what = format!("degree {degree} of {function} at {at}");
            if let Some(text) = expected["rational"].as_str() {
                let exact = series.exact(degree).and_then(|exact| exact.as_rational());
                assert_eq!(exact, Some(&rational(text)), "{what}");
                continue;
            }
            let (low, high) = ball(&expected["ball"]);
            let (lower, upper) = series
                .enclosure(degree, ENCLOSURE_BITS)
                .unwrap_or_else(|error| panic!("{what}: {error}"))
                .bounds()
                .unwrap();
            assert!(lower <= high && low <= upper, "{what}: the enclosures are disjoint");
            if let Some(bits) = expected["f64"].as_str() {
                let bits = u64::from_str_radix(bits, 16).unwrap();
                assert_eq!(series.coefficients()[degree].to_bits(), bits, "{what}");
            }
        }
    }
}

#[test]
fn exact_constants_read_back_as_themselves() {
    for (order, case) in cases() {
        let (function, at) = (case["function"].as_str().unwrap(), case["at"].as_str().unwrap());
        let series = Series::new(&Function::parse(function).unwrap(), order, at).unwrap();
        for degree in 0..=order {
            let Some(exact) = series.exact(degree) else { continue };
            let text = exact.to_string();
            let again = Series::new(&Function::parse(&text).unwrap(), 0, "0").unwrap();
            assert_eq!(again.exact(0), Some(exact), "{text} from {function} at {at}");
        }
    }
}
