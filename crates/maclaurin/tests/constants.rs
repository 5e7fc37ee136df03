//! Built-in functions of constants, at the ends of their domains and where their definitions divide
//! zero by zero.

use maclaurin::{Function, taylor};

#[test]
fn special_arguments_have_exact_values() {
    for (text, value) in [
        ("cbrt(0)", "0"),
        ("cbrt(sin(0))", "0"),
        ("sinc(0)", "1"),
        ("sinc(pi - pi)", "1"),
        ("acot(0)", "pi/2"),
        ("arccot(cos(pi/2))", "pi/2"),
        ("atan2(0, -1)", "pi"),
        ("atan2(0, -sqrt(2))", "pi"),
        ("asin(1)", "pi/2"),
        ("asin(-1)", "-pi/2"),
        ("asin(sin(pi/2))", "pi/2"),
        ("acos(1)", "0"),
        ("acos(-1)", "pi"),
        ("acosh(1)", "0"),
        ("acosh(e/e)", "0"),
        ("asec(1)", "0"),
        ("asec(-1)", "pi"),
        ("acsc(1)", "pi/2"),
        ("acsc(-1)", "-pi/2"),
        ("asech(1)", "0"),
        ("lambert_w(-1/e)", "-1"),
        ("lambert_w(-exp(-1))", "-1"),
        ("lgamma(-1/2)", "log(pi)/2 + log(2)"),
        ("lgamma(-3/2)", "log(pi)/2 + 2*log(2) - log(3)"),
        ("sinc(0) + x", "1 + x"),
    ] {
        let series = taylor(text, 1, "1/7").unwrap_or_else(|error| panic!("{text}: {error}"));
        let known = taylor(value, 1, "1/7").unwrap();
        assert_eq!(series.to_string(), known.to_string(), "{text}");
        assert_eq!(series.radius().lower, f64::INFINITY, "{text}");
        let (found, truth) =
            (Function::parse(text).unwrap(), Function::parse(value).unwrap().evaluate(0.25));
        assert!((found.evaluate(0.25) - truth).abs() < 1e-15, "{text}: {}", found.evaluate(0.25));
    }
}

#[test]
fn what_has_no_value_is_refused() {
    for text in [
        "atan2(0, 0)",
        "asin(1 + 1e-40)",
        "acos(sqrt(2))",
        "acosh(1 - 1e-40)",
        "lambert_w(-1/e - 1e-40)",
        "lgamma(0)",
        "lgamma(-3)",
        "atanh(1)",
        "erfinv(-1)",
        "log(0)",
        "cot(0)",
        "Ei(0)",
    ] {
        assert!(taylor(text, 1, "1/7").is_err(), "{text}");
    }
}

/// A jump or a root beyond the order is one.
#[test]
fn the_order_does_not_hide_a_jump() {
    for text in ["floor(1 + x^101)", "ceil(1 + x^101)", "sign(x^101)", "x^(2 + x^101)"] {
        assert!(taylor(text, 3, 0).is_err(), "{text}");
    }
    assert_eq!(taylor("floor(1 + x^100)", 3, 0).unwrap().to_string(), "1");
    assert_eq!(taylor("(2 + x)^(1 + x^101)", 3, 0).unwrap().to_string(), "2 + x");
}
