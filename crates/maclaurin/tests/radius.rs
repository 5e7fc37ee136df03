//! The radius of convergence against closed forms.

use std::f64::consts::{E, LN_2, PI, SQRT_2};

use maclaurin::{Radius, taylor};

fn radius(text: &str, at: &str) -> Radius {
    let start = std::time::Instant::now();
    let radius = taylor(text, 2, at).unwrap().radius();
    println!(
        "{text} at {at}: {radius} [{}, {}] in {:?}",
        radius.lower,
        radius.upper,
        start.elapsed()
    );
    radius
}

/// Functions, points, the radius, and its text where the search is to know it exactly.
#[test]
fn radii_in_closed_form() {
    let inf = f64::INFINITY;
    let cases: &[(&str, &str, f64, Option<&str>)] = &[
        // Entire functions.
        ("exp(x)", "0", inf, Some("infinity")),
        ("sin(x)*cosh(x) + x^7", "3", inf, Some("infinity")),
        ("gelu", "1", inf, Some("infinity")),
        ("erlang_cdf(x, 3, 2)", "1/2", inf, Some("infinity")),
        // Removable singularities.
        ("sin(x)/x", "0", inf, Some("infinity")),
        ("sin(x)/x", "1", inf, Some("infinity")),
        ("(1 - cos(x))/x^2", "0", inf, Some("infinity")),
        ("(x^2 - 1)/(x - 1)", "0", inf, Some("infinity")),
        ("sin(x)/(x - pi)", "0", inf, Some("infinity")),
        ("x/(exp(x) - 1)", "0", 2.0 * PI, Some("2*pi")),
        ("log(1 + x)/x", "0", 1.0, Some("1")),
        ("1/x - 1/sin(x)", "0", PI, Some("pi")),
        // Poles.
        ("1/(1 - x)", "0", 1.0, Some("1")),
        ("1/(1 + x^2)", "0", 1.0, Some("1")),
        ("1/(1 + x^2)", "1", SQRT_2, Some("sqrt(2)")),
        ("1/(1 + x^2)", "1/3", (10f64 / 9.0).sqrt(), Some("sqrt(10)/3")),
        ("1/(2 - x)^3", "0", 2.0, Some("2")),
        ("1/(1 + 2*x + x^2)", "0", 1.0, Some("1")),
        ("tan(x)", "0", PI / 2.0, Some("pi/2")),
        ("tan(x)", "1", PI / 2.0 - 1.0, Some("pi/2 - 1")),
        ("tanh(x)", "0", PI / 2.0, Some("pi/2")),
        ("tanh(x)", "1", (1.0 + PI * PI / 4.0).sqrt(), Some("sqrt(1 + pi^2/4)")),
        ("sigmoid", "0", PI, Some("pi")),
        ("sec(x)", "pi/6", PI / 3.0, Some("pi/3")),
        ("1/(2 - exp(x))", "0", LN_2, Some("log(2)")),
        ("exp(1/(1 - x))", "0", 1.0, Some("1")),
        // Branch points.
        ("log1p(x)", "0", 1.0, Some("1")),
        ("log(x)", "2", 2.0, Some("2")),
        ("log(x)", "1/10", 0.1, Some("1/10")),
        ("sqrt(1 + x)", "0", 1.0, Some("1")),
        ("sqrt(x)", "e", E, Some("e")),
        ("x^pi", "1", 1.0, Some("1")),
        ("cbrt(x)", "8", 8.0, Some("8")),
        ("log(1 + exp(x))", "0", PI, Some("pi")),
        ("softplus", "1", (1.0 + PI * PI).sqrt(), Some("sqrt(1 + pi^2)")),
        ("softplus", "50", (2500.0 + PI * PI).sqrt(), Some("sqrt(2500 + pi^2)")),
        ("softplus", "-50", (2500.0 + PI * PI).sqrt(), Some("sqrt(2500 + pi^2)")),
        ("atan(x)", "0", 1.0, Some("1")),
        ("atan(x)", "2", 5f64.sqrt(), Some("sqrt(5)")),
        ("asin(x)", "0", 1.0, Some("1")),
        ("acos(x)", "1/2", 0.5, Some("1/2")),
        ("asinh(x)", "0", 1.0, Some("1")),
        ("acosh(x)", "3", 2.0, Some("2")),
        ("atanh(x)", "-1/2", 0.5, Some("1/2")),
        ("logit", "1/4", 0.25, Some("1/4")),
        ("sqrt(1 - x)^5*exp(x)", "0", 1.0, Some("1")),
        // Removable singularities at the point, with a pole elsewhere.
        ("x/(x - x^2)", "0", 1.0, Some("1")),
        ("(x - 1)/(x^2 - 3*x + 2)", "1", 1.0, Some("1")),
        ("sin(x)/(x - x^2)", "0", 1.0, Some("1")),
        ("(exp(x) - 1)/(x*(3 - x))", "0", 3.0, Some("3")),
        ("exp(x/(x - x^2))", "0", 1.0, Some("1")),
        ("1/(x^-2 + x^-3)", "0", 1.0, Some("1")),
        ("1/(1/x + 1)", "0", 1.0, Some("1")),
        ("sin(x)/x/cos(x)", "0", PI / 2.0, Some("pi/2")),
        ("x/tan(x)", "0", PI, Some("pi")),
        // Removable singularities elsewhere.
        ("x/tan(x)", "1", PI - 1.0, Some("pi - 1")),
        ("(exp(x) - 1)/x", "1e-12", inf, Some("infinity")),
        // Two branch points in one square.
        ("acosh(x)", "5/2", 1.5, Some("3/2")),
        ("asin(x)", "1/4", 0.75, Some("3/4")),
        ("atan(x - 1)", "0", SQRT_2, Some("sqrt(2)")),
        ("acosh(x)*asinh(x)", "3", 2.0, Some("2")),
        // Powers of positive constants.
        ("e^x", "0", inf, Some("infinity")),
        ("2^x", "1", inf, Some("infinity")),
        ("e^(x^2)", "0", inf, Some("infinity")),
        ("x^2*e^(-x)", "0", inf, Some("infinity")),
        // Kinks.
        ("elu(x)", "-1.3", 1.3, Some("13/10")),
        ("abs(sin(x))", "4", 4.0 - PI, Some("4 - pi")),
        // Functions of functions.
        ("mish", "0", 2.381_546_919_355_635, Some("sqrt(9*pi^2/16 + log(2)^2/4)")),
        ("x*tanh(log(1 + exp(x)))", "0", 2.381_546_919_355_635, Some("sqrt(9*pi^2/16 + log(2)^2/4)")),
        ("log(sigmoid(x))", "-37.43", 37.561_609_449_025_07, Some("sqrt(14010049/10000 + pi^2)")),
        // Zeros that have no name.
        ("1/(x + exp(x))", "0", 0.567_143_290_409_783_8, None),
    ];
    let mut wrong = Vec::new();
    for (text, at, truth, exact) in cases {
        let found = radius(text, at);
        let ends = found.lower <= truth * (1.0 + 1e-15) && truth * (1.0 - 1e-15) <= found.upper;
        let close = truth.is_infinite() || found.upper - found.lower <= 1e-8 * truth;
        if !ends || !close || found.exact.as_deref() != *exact {
            wrong.push(format!("{text} at {at}: {found:?}, not {truth} {exact:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
