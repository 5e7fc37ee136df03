//! Bounds and coefficients against FLINT's, from `oracle/certify.py`, and on random expressions.

use std::fmt::Write;
use std::time::{Duration, Instant};

use maclaurin::{Error, Function, NoOrder, Series, taylor};
use serde_json::Value;

fn cases(text: &str, name: &str) -> Vec<Value> {
    let data: Value = serde_json::from_str(text).unwrap();
    data[name].as_array().unwrap().clone()
}

/// Never below the truth, and at most 1% above it, for every one of the random cases.
#[test]
fn bounds_contain_the_largest_error_and_little_more() {
    let mut cases = cases(include_str!("oracle/bounds.json"), "cases");
    cases.extend(self::cases(include_str!("oracle/special.json"), "bounds"));
    assert!(cases.len() >= 1100);
    let (mut widest, mut times) = (0f64, Vec::new());
    for case in &cases {
        let (text, at) = (case[0].as_str().unwrap(), case[1].as_str().unwrap());
        let order = case[2].as_u64().unwrap() as usize;
        let [low, high, sampled, upper] = [3, 4, 5, 6].map(|i| case[i].as_f64().unwrap());
        let series = taylor(text, order, at).unwrap();
        let start = Instant::now();
        let error = series.error_bound(low, high).unwrap();
        times.push(start.elapsed());
        let what = format!("{text} about {at}, order {order}, on [{low}, {high}]: {error:?}");
        assert!(error.bound >= sampled, "{what} below {sampled}");
        assert!(error.sampled <= upper, "{what}: sampled above {upper}");
        assert!(error.bound <= 1.01 * upper, "{what} far above {upper}");
        assert!(low <= error.at && error.at <= high, "{what}");
        widest = widest.max(error.bound / sampled);
    }
    times.sort();
    println!(
        "{} bounds: median {:?}, largest {:?}; largest bound / largest error seen {widest:.5}",
        times.len(),
        times[times.len() / 2],
        times[times.len() - 1]
    );
}

#[test]
fn relative_bounds_contain_the_quotient() {
    for (text, at, order, low, high) in [
        ("exp(x)", "0", 4, -1.0, 1.0),
        ("softplus", "0", 4, -2.0, 1.0),
        ("sin(x)", "0", 3, -1.0, 1.0),
        ("sin(x)/x", "0", 4, -2.0, 2.0),
        ("sqrt(x)", "1", 5, 0.25, 1.75),
    ] {
        let series = taylor(text, order, at).unwrap();
        let error = series.relative_error_bound(low, high).unwrap();
        let mut seen = 0f64;
        for i in 0..=1000 {
            let x = low + (high - low) * f64::from(i) / 1000.0;
            let f = series.function().unwrap().evaluate(x);
            if f.abs() > 1e-3 {
                seen = seen.max(((f - series.evaluate(x)) / f).abs());
            }
        }
        assert!(error.bound >= seen * (1.0 - 1e-9), "{text}: {error:?} {seen}");
        assert!(error.bound <= 1.01 * seen, "{text}: {error:?} {seen}");
    }
    let error = taylor("sin(x)", 3, "0").unwrap().relative_error_bound(-4.0, 4.0);
    assert!(matches!(error, Err(Error::Unbounded { .. })), "{error:?}");
}

/// Where the function is not analytic, or hardly so, on the range.
#[test]
fn bounds_across_kinks_holes_and_ends_of_domains() {
    let bound = |text, order, at, low, high| {
        taylor(text, order, at).unwrap().error_bound(low, high).map(|error| error.bound)
    };
    let close = |bound: Result<f64, Error>, truth: f64| {
        let bound = bound.unwrap();
        assert!(truth <= bound && bound <= 1.01 * truth, "{bound} for {truth}");
    };
    // relu about 1 is x: off by |x| below 0.
    close(bound("relu", 2, "1", -1.0, 2.0), 1.0);
    close(bound("abs(x)", 1, "-1", -1.0, 0.5), 1.0);
    // T_1 of sqrt about 1/2 is sqrt(1/2) + (x - 1/2)/sqrt(2): off by 1/(2 sqrt(2)) at 0.
    close(bound("sqrt(x)", 1, "1/2", 0.0, 1.0), 0.125f64.sqrt());
    close(bound("sin(x)/x", 2, "0", -3.0, 3.0), (3f64.sin() / 3.0 - (1.0 - 9.0 / 6.0)).abs());
    close(bound("sin(x)/x", 0, "1", -1.0, 1.0), 1.0 - 1f64.sin());
    close(bound("sin(x)/(x - pi)", 0, "0", 0.0, 4.0), 1.0);
    for (text, at, low) in [("log(x)", "1", 0.0), ("1/x", "1", -1.0), ("tan(x)", "0", -2.0)] {
        let error = bound(text, 3, at, low, 1.5);
        assert!(matches!(error, Err(Error::Unbounded { .. })), "{text}: {error:?}");
    }
    for (low, high) in [(1.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (-1e308, 1.5e308)] {
        let error = bound("exp(x)", 3, "0", low, high);
        assert!(matches!(error, Err(Error::EmptyRange { .. })), "{error:?}");
    }
    assert_eq!(bound("exp(x)", 3, "0", 0.0, 0.0), Ok(0.0));
    assert_eq!(bound("x^3 - x", 3, "0", -2.0, 5.0), Ok(0.0));
}

#[test]
fn coefficients_that_cancel_underflow_or_overflow_are_correctly_rounded() {
    for case in cases(include_str!("oracle/precision.json"), "cases") {
        let (text, at) = (case[0].as_str().unwrap(), case[1].as_str().unwrap());
        let expected = case[2].as_array().unwrap();
        let series = taylor(text, expected.len() - 1, at).unwrap();
        for (degree, expected) in expected.iter().enumerate() {
            let expected = hexadecimal(expected.as_str().unwrap());
            let found = series.coefficients()[degree];
            assert!(
                found == expected,
                "{text} about {at}, degree {degree}: {found:e}, not {expected:e}"
            );
        }
    }
}

/// A double as Python writes it in hexadecimal: `-0x1.8p-3`, `inf`.
fn hexadecimal(text: &str) -> f64 {
    let (sign, text) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let Some(rest) = text.strip_prefix("0x") else { return sign * text.parse::<f64>().unwrap() };
    let (mantissa, exponent) = rest.split_once('p').unwrap();
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let fraction = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len() as i32);
    let exponent = exponent.parse::<i32>().unwrap() - 4 * fraction;
    let value = u64::from_str_radix(&digits, 16).unwrap() as f64;
    // In two steps: the power alone may be below the smallest double.
    sign * (value * 2f64.powi(exponent / 2)) * 2f64.powi(exponent - exponent / 2)
}

#[test]
fn the_smallest_order_is_chosen() {
    for (text, low, high, tolerance) in [
        ("softplus", 0.0, 1.0, 1e-3),
        ("exp(x)", -1.0, 1.0, 1e-6),
        ("log(x)", 0.5, 1.5, 1e-4),
        ("sin(x)/x", -3.0, 3.0, 1e-8),
        ("tanh(x)", 0.0, 1.0, 1e-5),
    ] {
        let function = Function::parse(text).unwrap();
        let free = Series::within(&function, (low, high), tolerance, None).unwrap();
        assert!(free.error_bound(low, high).unwrap().bound <= tolerance);
        for order in 0..free.order() {
            let smaller = Series::new(&function, order, free.at()).unwrap();
            let error = smaller.error_bound(low, high).unwrap();
            assert!(error.sampled > tolerance, "{text}: order {order} does too");
        }
        let middle = low.midpoint(high).into();
        if let Ok(fixed) = Series::within(&function, (low, high), tolerance, Some(middle)) {
            assert!(free.order() <= fixed.order(), "{text}");
        }
    }
}

/// Large terms that cancel, and expansion points off the middle.
#[test]
fn orders_are_found_where_large_terms_cancel() {
    for (text, low, high, at, largest) in [
        ("sin(20*x)", 0.0, 5.0, None, 139),
        ("tanh(x)", -1.0, 2.0, None, 71),
        ("sin(30*x)", 0.0, 5.0, Some("5/2"), 207),
        ("sin(x)", 0.0, 10.0, None, 16),
        ("exp(x^40)", -0.5, 0.5, Some("0"), 0),
    ] {
        let function = Function::parse(text).unwrap();
        let series = Series::within(&function, (low, high), 1e-3, at.map(Into::into)).unwrap();
        assert_eq!(series.order(), largest, "{text} about {}", series.at());
        assert!(series.error_bound(low, high).unwrap().bound <= 1e-3, "{text}");
    }
    // The first term after the constant is of degree 40.
    let function = Function::parse("exp(x^40)").unwrap();
    let series = Series::within(&function, (-0.5, 0.5), 1e-14, Some(0.into())).unwrap();
    assert_eq!(series.order(), 40);
    // A polynomial is exact from its degree on.
    let function = Function::parse("x^5 + x").unwrap();
    assert_eq!(Series::within(&function, (-9.0, 9.0), 1e-300, None).unwrap().order(), 5);
}

#[test]
fn what_was_tried_is_told() {
    let function = Function::parse("softplus").unwrap();
    let error = Series::within(&function, (-5.0, 5.0), 1e-3, None).unwrap_err();
    let Error::NoOrder(reason) = error else { panic!("{error}") };
    assert!(reason.complete && reason.highest == 256 && reason.points.len() > 5, "{reason:?}");
    assert!(reason.points.iter().any(|point| point == "0"), "{reason:?}");
    let text = Error::NoOrder(Box::new(NoOrder { complete: false, ..*reason })).to_string();
    assert!(text.contains("limit of operations") && text.contains("points"), "{text}");
}

#[test]
fn what_no_order_can_do_is_explained() {
    let function = Function::parse("softplus").unwrap();
    let error = Series::within(&function, (-5.0, 5.0), 1e-3, Some(0.into())).unwrap_err();
    let Error::NoOrder(reason) = error else { panic!("{error}") };
    let (order, scale, shift) = reason.advice.unwrap();
    let series = Series::new(&function, order, "0").unwrap();
    let error = series.error_bound(scale * -5.0 + shift, scale * 5.0 + shift).unwrap();
    assert!(error.bound <= 1e-3, "the advice does not help");
    assert_eq!(reason.radius.exact.as_deref(), Some("pi"));
}

/// A random expression, from a linear congruential generator: the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn expression(&mut self, depth: u32, text: &mut String) {
        let names: Vec<_> = Function::builtin_names()
            .filter(|name| !["pow", "elu", "erlang_cdf"].contains(name))
            .collect();
        match if depth == 0 { self.below(4) } else { self.below(12) } {
            0 | 1 => text.push('x'),
            2 => write!(text, "{}", self.below(7)).unwrap(),
            3 => text.push_str(["pi", "e", "0.5", "1/3", "2.5e-3", "40"][self.below(6) as usize]),
            4..8 => {
                let name = names[self.below(names.len() as u64) as usize];
                write!(text, "{name}(").unwrap();
                self.expression(depth - 1, text);
                text.push(')');
            }
            kind => {
                text.push('(');
                self.expression(depth - 1, text);
                text.push_str(["+", "-", "*", "/", "^"][(kind - 7).min(4) as usize]);
                self.expression(depth - 1, text);
                text.push(')');
            }
        }
    }
}

/// Neither a panic nor a wait, whatever the expression; a bound below a value that is seen would
/// be worse. `MACLAURIN_EXPRESSIONS` asks for more of them than the usual ones.
#[test]
fn random_expressions_end_soon_and_are_bounded() {
    let count = std::env::var("MACLAURIN_EXPRESSIONS").ok().and_then(|n| n.parse().ok());
    let seed = std::env::var("MACLAURIN_SEED").ok().and_then(|n| n.parse().ok());
    let (mut random, mut slowest) = (Random(seed.unwrap_or(1)), (Duration::ZERO, String::new()));
    let mut bounded = 0;
    for _ in 0..count.unwrap_or(150) {
        let mut text = String::new();
        random.expression(4, &mut text);
        let at = ["0", "1", "-1/2", "1/3", "pi/6"][random.below(5) as usize];
        let order = random.below(10) as usize;
        let start = Instant::now();
        let series = taylor(&text, order, at);
        if start.elapsed() > Duration::from_secs(2) {
            println!("series in {:?}: {text} about {at}, order {order}", start.elapsed());
        }
        let Ok(series) = series else { continue };
        let start = Instant::now();
        let radius = series.radius();
        assert!(radius.lower >= 0.0 && radius.lower <= radius.upper, "{text}: {radius:?}");
        let reach = radius.lower.min(1.0) * 0.75;
        let (low, high) = (series.at_f64() - reach, series.at_f64() + 0.5 * reach);
        // Expressions that doubles evaluate wrongly are no reference.
        let constant = series.function().unwrap().evaluate(series.at_f64());
        let stable = (constant - series.coefficients()[0]).abs() <= 1e-9 * constant.abs();
        if let Ok(error) = series.error_bound(low, high)
            && stable
        {
            bounded += 1;
            for i in 0..=64 {
                let x = low + (high - low) * f64::from(i) / 64.0;
                let (f, p) = (series.function().unwrap().evaluate(x), series.evaluate(x));
                // Doubles cancel: only what is far above their rounding counts.
                let size = series.coefficients().iter().fold(f.abs(), |a, b| a.max(b.abs()));
                let seen = (f - p).abs() - 1e-7 * size.max(1.0);
                assert!(
                    seen.is_nan() || seen <= error.bound || !size.is_finite(),
                    "{text} about {at}, order {order}, at {x}: {seen} above {error:?}"
                );
            }
        }
        let time = start.elapsed();
        if time > slowest.0 {
            slowest = (time, format!("{text} about {at}, order {order}"));
        }
    }
    println!("{bounded} bounded; slowest {slowest:?}");
    assert!(bounded > 30);
}
