//! Expressions made to exhaust time or memory: each ends at once, with a series or an error.

use maclaurin::{Error, laurent, taylor};

#[test]
fn towers_of_exponentials_end() {
    for (text, at) in [
        ("exp(exp(exp(exp(100))))", "0"),
        ("exp(exp(exp(exp(x))))", "3"),
        ("2^(2^(2^100))*x", "0"),
        ("x^(10^30)", "2"),
        ("sin(exp(exp(30))) + x", "0"),
        ("cosh(exp(exp(20)))", "0"),
    ] {
        let error = taylor(text, 4, at).unwrap_err();
        assert!(matches!(error, Error::Undecided { .. }), "{text}: {error}");
    }
}

#[test]
fn constants_that_grow_with_every_term_end() {
    for text in ["tan(x)/0", "tan(x)/(sin(x)^2 + cos(x)^2 - 1)"] {
        let error = taylor(text, 4, "1/2").unwrap_err();
        assert!(
            matches!(error, Error::NotAnalytic(_) | Error::Undecided { .. }),
            "{text}: {error}"
        );
    }
    for text in ["tan(x)^2", "tan(sin(tan(x)))", "(1 + sqrt(2) + sin(x) + log(x) + tan(x))^9"] {
        assert!(taylor(text, 40, "1/2").is_ok(), "{text}");
    }
}

#[test]
fn numbers_next_to_zero_are_no_burden() {
    let functions = [
        "exp", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh",
        "atanh", "erf",
    ];
    for function in functions {
        for tiny in ["exp(-300)", "exp(-exp(15))", "exp(-exp(20))"] {
            let series = taylor(&format!("{function}({tiny}) + x"), 2, "0").unwrap();
            let expected = taylor(&format!("{function}(0) + x"), 2, "0").unwrap();
            let difference = series.coefficients()[0] - expected.coefficients()[0];
            assert!(difference.abs() < 1e-100, "{function}({tiny})");
        }
    }
}

#[test]
fn huge_powers_and_numbers_stay_exact_or_are_enclosed() {
    let million = taylor("x^1000000000", 2, "1").unwrap();
    assert_eq!(million.coefficients(), [1.0, 1e9, 499_999_999.5e9]);
    assert_eq!(taylor("x^1000000000/x^999999999", 2, "0").unwrap().to_string(), "x");
    assert_eq!(taylor("x^(10^30)", 3, "0").unwrap().to_string(), "0");
    let tower = taylor("((((x^64)^64)^64)^64)^64", 1, "3").unwrap();
    assert_eq!(tower.coefficients(), [f64::INFINITY, f64::INFINITY]);
    assert!(taylor("sin(10^100)*x", 1, "0").unwrap().coefficients()[1].abs() < 1.0);
}

#[test]
fn coefficients_beyond_the_doubles_are_written_in_scientific_notation() {
    // 10^9 log10(2) = 301029995.6639811952...
    for (text, beginning, exponent) in [
        ("2^(10^9)*x", "4.61297600116906", "e301029995*x"),
        ("2^(-10^9)*x", "2.16779796", "e-301029996*x"),
    ] {
        let series = taylor(text, 1, "0").unwrap();
        let written = series.to_string();
        assert!(written.starts_with(beginning) && written.ends_with(exponent), "{written}");
        let (low, high) = series.enclosure(1, 60).unwrap().to_decimal(20);
        assert!(low.len() < 40 && high.len() < 40, "{low} {high}");
        assert!(series.latex().contains(r" \cdot 10^{"), "{}", series.latex());
    }
}

#[test]
fn poles_of_high_order_have_laurent_series() {
    for (text, order_of_pole, first) in [
        ("1/x^60", 60, "1"),
        ("1/x^64", 64, "1"),
        ("exp(x)/x^100", 100, "1"),
        ("1/sin(x)^300", 300, "1"),
        ("(1 - cos(x))^(-70)", 140, "1180591620717411303424"),
    ] {
        let series = laurent(text, 2, "0").unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(series.order_of_pole(), order_of_pole, "{text}");
        let lowest = -(order_of_pole as i64);
        assert_eq!(series.exact(lowest).unwrap().to_string(), first, "{text}");
    }
    assert!(matches!(laurent("1/x^100000", 2, "0"), Err(Error::PoleTooHigh { pole: 100_000, .. })));
}

#[test]
fn powers_of_roots_that_no_memory_holds_are_not_written_out() {
    for text in ["x + sqrt(2)^1e300", "x + sqrt(2)^(-1e300)", "x + (3^(1/3))^(10^12)"] {
        // Enclosed or refused, as 2^1e300 is.
        let plain = taylor(&text.replace("sqrt(2)", "2"), 2, "0").is_ok();
        assert_eq!(taylor(text, 2, "0").is_ok(), plain, "{text}");
    }
    assert_eq!(
        taylor("sqrt(2)^101", 0, "0").unwrap().exact(0).unwrap().to_string(),
        "1125899906842624*sqrt(2)"
    );
}

#[test]
fn large_orders_end() {
    for (text, at, order) in [("gamma(x)", "1", 4000), ("lgamma(x)", "1", 10_000)] {
        let series = taylor(text, order, at).unwrap_or_else(|error| panic!("{text}: {error}"));
        // log Gamma(1 + t) = -gamma t + sum_k (-1)^k zeta(k)/k t^k, and Gamma has its poles 1/(t + 1), ...
        let last = series.coefficients()[order];
        let expected = if text == "gamma(x)" { 1.0 } else { 1.0 / order as f64 };
        assert!((last / expected - 1.0).abs() < 1e-9, "{text}: {last}");
    }
    // Zeros of high degrees are exact.
    let softplus = taylor("log(1 + exp(x))", 600, 0).unwrap();
    assert_eq!((softplus.coefficients()[599], softplus.coefficients()[1]), (0.0, 0.5));
}
