//! Functions that are analytic though a root in them is not: coefficients against closed forms, bounds
//! against the function away from the point, where roots are ordinary.

use maclaurin::{Error, Function, Rational, Series, Singularity, taylor};
use proptest::prelude::*;

fn coefficients(text: &str, at: &str, order: usize) -> Vec<Rational> {
    let series = taylor(text, order, at).unwrap_or_else(|error| panic!("{text}: {error}"));
    (0..=order).map(|k| series.exact(k).unwrap().as_rational().unwrap().clone()).collect()
}

fn rational(numerator: i64, denominator: i64) -> Rational {
    Rational::from(numerator) / Rational::from(denominator)
}

/// `c_0 .. c_n` with `c_k = c_(k-1) ratio(k)`.
fn by_ratio(first: Rational, order: i64, ratio: impl Fn(i64) -> Rational) -> Vec<Rational> {
    let mut found = vec![first];
    for k in 1..=order {
        found.push(&found[k as usize - 1] * ratio(k));
    }
    found
}

#[test]
fn coefficients_are_those_of_closed_forms() {
    let wave = |sign: i64, shift: i64| {
        by_ratio(Rational::ONE, 20, |k| rational(sign, (2 * k + shift) * (2 * k - 1 + shift)))
    };
    for (text, at) in [("cos(sqrt(x))", "0"), ("cos(sqrt(x - 2))", "2"), ("cos(√(x+1/3))", "-1/3")]
    {
        assert_eq!(coefficients(text, at, 20), wave(-1, 0), "{text}");
    }
    assert_eq!(coefficients("cosh(sqrt(x))", "0", 20), wave(1, 0));
    assert_eq!(coefficients("cosh(sqrt(-x))", "0", 20), wave(-1, 0));
    assert_eq!(coefficients("cos(sqrt(2 - x))", "2", 20), wave(1, 0));
    assert_eq!(coefficients("exp(sqrt(x))/2 + exp(-sqrt(x))/2", "0", 20), wave(1, 0));
    assert_eq!(coefficients("sin(sqrt(x))/sqrt(x)", "0", 20), wave(-1, 1));
    assert_eq!(coefficients("x^(3/2)*sin(sqrt(x))", "0", 22)[2..], wave(-1, 1));
    assert_eq!(
        coefficients("cos(sqrt(x))^2 + sin(sqrt(x))^2", "0", 5)[1..],
        vec![Rational::ZERO; 5]
    );
    // (asin z)^2 = sum (2z)^(2k)/(2 k^2 C(2k, k)) (Borwein and Chamberland, 2007).
    let square = by_ratio(Rational::from(2), 19, |k| {
        // k^2 (2k)!/k!^2 over that of k + 1, times -2.
        rational(-k * k, (2 * k + 1) * (k + 1))
    });
    assert_eq!(coefficients("acosh(1 + x)^2", "0", 20)[1..], square);
    let flipped: Vec<_> =
        square.iter().enumerate().map(|(k, c)| if k % 2 == 0 { c.clone() } else { -c }).collect();
    assert_eq!(coefficients("acos(1 - x)^2", "0", 20)[1..], flipped);
    let tangent = [(0, 1), (1, 1), (1, 3), (2, 15), (17, 315), (62, 2835)];
    let tangent: Vec<_> = tangent.iter().map(|&(p, q)| rational(p, q)).collect();
    assert_eq!(coefficients("sqrt(x)*tan(sqrt(x))", "0", 5), tangent);
    assert_eq!(
        coefficients("bessel_j(0, 2*sqrt(x))", "0", 20),
        by_ratio(Rational::ONE, 20, |k| rational(-1, k * k))
    );
    assert_eq!(
        coefficients("sqrt(x)*sqrt(x + x^2)", "0", 2),
        [rational(0, 1), rational(1, 1), rational(1, 2)]
    );
}

#[test]
fn radii_are_squares() {
    for (text, at, radius) in [
        ("cos(sqrt(x))", "0", "infinity"),
        ("sqrt(x)*tan(sqrt(x))", "0", "pi^2/4 = 2.4674..."),
        ("acosh(1 + x)^2", "0", "2"),
        ("cos(sqrt(x - 2))", "2", "infinity"),
        ("1/cos(sqrt(x))", "0", "pi^2/4 = 2.4674..."),
        ("sqrt(x)*atan(sqrt(x))", "0", "1"),
        ("cos(sqrt(2 - x))/x", "2", "2"),
    ] {
        assert_eq!(taylor(text, 4, at).unwrap().radius().to_string(), radius, "{text}");
    }
}

#[test]
fn what_is_analytic_on_one_side_alone_is_refused() {
    for (text, at) in [
        ("sqrt(x)", "0"),
        ("sin(sqrt(x))", "0"),
        ("exp(sqrt(x))", "0"),
        ("cos(sqrt(abs(x)))", "0"),
        ("abs(x)*cos(sqrt(x))", "0"),
        ("cos((x^2)^(1/4))", "0"),
        ("sqrt(x^2)", "0"),
        ("sqrt(x^2)*cos(sqrt(x))", "0"),
        ("cos(x^(1/4))", "0"),
        ("sqrt(x)*sqrt(-x)", "0"),
        ("acosh(1 + x)", "0"),
        ("acosh(1 + x^2)^2*sqrt(x)", "0"),
        ("acos(1 - x)", "0"),
        ("sqrt(x)*log(x)", "0"),
        ("x^sqrt(x)", "0"),
        ("sign(x)*cos(sqrt(x))", "0"),
        ("cos(sqrt(x)) + floor(x)", "0"),
    ] {
        assert!(matches!(taylor(text, 4, at), Err(Error::NotAnalytic(_))), "{text}");
    }
    let Err(Error::NotAnalytic(reason)) = taylor("1 + sin(sqrt(x))", 4, "0") else { panic!() };
    assert_eq!(
        (reason.singularity, reason.excerpt.marked()),
        (Singularity::BranchPoint, "sqrt(x)")
    );
}

#[test]
fn bounds_hold_where_the_function_is_real() {
    for (text, at, side) in [
        ("cos(sqrt(x))", "0", 1.0),
        ("sin(sqrt(x))/sqrt(x)", "0", 1.0),
        ("acosh(1 + x)^2", "0", 1.0),
        ("cos(sqrt(x - 2))", "2", 1.0),
        ("cosh(sqrt(1/3 - x))", "1/3", -1.0),
        ("exp(cos(sqrt(x)))", "0", 1.0),
        ("sqrt(x)*tan(sqrt(x))", "0", 1.0),
    ] {
        for order in [0, 3, 6] {
            let series = taylor(text, order, at).unwrap();
            let at = series.at_f64();
            let end = at + side * 1.5;
            let (low, high) = (at.min(end), at.max(end));
            // The polynomial at the next double may lie on the side without values.
            let (low, high) =
                if side > 0.0 { (low.next_up(), high) } else { (low, high.next_down()) };
            let error = series.error_bound(low, high).unwrap();
            assert!(
                error.sampled <= error.bound && error.bound <= 1.01 * error.sampled + 1e-15,
                "{text}: {error:?}"
            );
            let relative = series.relative_error_bound(low, high).map(|error| error.bound);
            let profile = series.error_profile(low, high, 8).unwrap();
            for i in 1..=32u8 {
                let x = low + (high - low) * (f64::from(i) / 32.0);
                let truth = value(series.function().unwrap(), x);
                let off = (series.evaluate(x) - truth).abs();
                let rounding = 1e-14 * (1.0 + truth.abs());
                assert!(off <= error.bound + rounding, "{text} at {x}: {off} above {error:?}");
                let part = profile.parts[usize::from((i - 1) / 4)];
                assert!(off <= part.bound + rounding, "{text} at {x}: {off} above {part:?}");
                if let Ok(relative) = relative {
                    assert!(
                        off <= (relative + 1e-13) * truth.abs(),
                        "{text} at {x}: {off} above {relative}"
                    );
                }
            }
            assert!(
                profile.whole.bound
                    <= 1.1 * profile.parts.iter().map(|p| p.bound).fold(0.0, f64::max)
            );
            // On the other side the text has no value.
            let beyond = series.error_bound(low - 1.0, high + 1.0);
            assert!(
                matches!(beyond, Err(Error::Unbounded { near }) if near == if side > 0.0 { low - 1.0 } else { high + 1.0 }),
                "{text}: {beyond:?}"
            );
        }
    }
    let chosen = Series::within(
        &Function::parse("cos(sqrt(x))").unwrap(),
        (0.0, 2.0),
        1e-6,
        Some("0".into()),
    )
    .unwrap();
    // 2^5/10! is 9e-6, 2^6/12! is 1.3e-7.
    assert_eq!(chosen.order(), 5);
}

/// The value at a point where the function is analytic in all its parts.
fn value(function: &Function, x: f64) -> f64 {
    let fraction = Rational::try_from(x).unwrap();
    match Series::new(function, 0, fraction) {
        Ok(series) => series.coefficients()[0],
        Err(_) => f64::NAN,
    }
}

#[test]
fn series_compute_like_others() {
    let f = taylor("cos(sqrt(x))", 8, "0").unwrap();
    let g = taylor("sin(sqrt(x))/sqrt(x)", 8, "0").unwrap();
    // f' = -g/2
    assert_eq!(f.derivative().unwrap(), (&g * "-1/2").unwrap().truncate(7).unwrap());
    assert_eq!((&f * &f).unwrap(), taylor("1/2 + cos(2*sqrt(x))/2", 8, "0").unwrap());
    assert_eq!(f.shift("1").unwrap(), taylor("cos(sqrt(x))", 8, "1").unwrap());
    assert_eq!(f.integral("0").unwrap().radius().to_string(), "infinity");
    let inner = taylor("sin(x)", 8, "0").unwrap();
    assert_eq!(f.compose(&inner).unwrap(), taylor("cos(sqrt(sin(x)))", 8, "0").unwrap());
}

/// The value of a text with a number for `x`, in which kinks and roots are those of numbers.
fn value_of_text(text: &str, x: f64) -> Option<f64> {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let number = format!("({})", Rational::try_from(x).unwrap());
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_word(c) != is_word(first)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        replaced += if piece == "x" { &number } else { piece };
        rest = after;
    }
    taylor(&replaced, 0, 0).ok().map(|constant| constant.coefficients()[0])
}

/// A random expression with roots of `x`, analytic at 0 or not.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "x",
        "sqrt(x)",
        "sqrt(x)",
        "sqrt(x)",
        "2",
        "x^(3/2)",
        "sqrt(3*x)",
        "sqrt(x + x^2)",
        "acosh(1 + x)",
        "acos(1 - x)",
        "abs(x)",
        "sqrt(x^2)",
        "sqrt(-x)",
        "sin(x)^(1/2)",
        "x^(-1/2)",
        "(x^2)^(3/2)",
        "sign(x)",
        "sqrt(abs(x))",
        "sqrt(1 - cos(x))",
        "sin(abs(x))",
        "abs(x - x^2)",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 12, 2, |inner| {
        let name = prop::sample::select(vec![
            "cos", "sin", "cosh", "sinh", "tan", "atan", "exp", "sqrt", "abs", "asinh", "erf", "-",
            "1/",
        ]);
        prop_oneof![
            3 => (name, inner.clone()).prop_map(|(name, f)| format!("{name}({f})")),
            2 => (inner.clone(), prop::sample::select(vec!["*", "/", "+", "-"]), inner.clone())
                .prop_map(|(f, operator, g)| format!("({f}){operator}({g})")),
            1 => inner.prop_map(|f| format!("({f})^2")),
        ]
    })
}

/// Cases of the random test: `MACLAURIN_CASES` says how many.
fn cases() -> u32 {
    std::env::var("MACLAURIN_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// Wherever there is a series, it agrees with the function's values, on both sides of the point.
    #[test]
    fn a_series_agrees_with_the_function(text in expression()) {
        let function = Function::parse(&text).unwrap();
        let Ok(series) = Series::new(&function, 6, "0") else { return Ok(()) };
        let radius = series.radius();
        let reach = (radius.lower / 16.0).min(1.0 / 64.0);
        prop_assume!(reach > 1e-6);
        let size = series.coefficients().iter().zip(0..).map(|(a, k)| a.abs() * reach.powi(k)).sum::<f64>();
        for (low, high, part) in [(0.0, reach, 0.5), (0.0, reach, 1.0), (-reach, 0.0, 0.5), (-reach, 0.0, 1.0)] {
            let x = if low < 0.0 { low * part } else { high * part };
            let Some(truth) = value_of_text(&text, x) else { continue };
            let off = (series.evaluate(x) - truth).abs();
            let rounding = 1e-13 * (size + truth.abs());
            match series.error_bound(low, high) {
                Ok(error) => prop_assert!(off <= error.bound + rounding, "{} at {}: {} above {:?}", text, x, off, error),
                Err(_) => prop_assert!(off <= 1e-5 * size + rounding, "{} at {}: off by {}", text, x, off),
            }
        }
    }
}
