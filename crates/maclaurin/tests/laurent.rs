//! Laurent series: poles of high orders and under roots, and arithmetic.

use maclaurin::{Error, Function, Laurent, Singularity, laurent, taylor};

fn text(series: Result<Laurent, Error>) -> String {
    series.unwrap_or_else(|error| panic!("{error}")).to_string()
}

#[test]
fn poles_have_any_order_up_to_the_limit() {
    for order in [1, 47, 1001, 1500, 9999] {
        let series = laurent(&format!("2/x^{order}"), 1, 0).unwrap();
        assert_eq!(series.order_of_pole(), order);
        assert_eq!(series.exact(-(order as i64)).unwrap().to_string(), "2");
        assert!(series.coefficients()[1..].iter().all(|c| *c == 0.0), "{order}");
    }
    assert_eq!(text(laurent("1/sin(x^130)", 130, 0)), "1/x^130 + x^130/6");
    assert_eq!(
        text(laurent("1/(sin(x) - x)^30", 0, 0).and_then(|s| &s * "x^90")),
        "221073919720733357899776"
    );
    for (function, said) in [
        (
            "1/x^10000",
            "the pole at x = 0 is of order 10000: with the series' own order 1 that is beyond the limit of 10000",
        ),
        ("1/x^(10^30)", "the pole at x = 0 is of order 10^18 or higher"),
    ] {
        let error = laurent(function, 1, 0).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        // Advice leads to no other refusal.
        let error = taylor("1/x^(10^5)", 1, 0).unwrap_err().to_string();
        assert!(!error.contains("Laurent"), "{error}");
    }
}

/// Quotients of even functions of a square root have poles.
#[test]
fn poles_stand_under_roots_too() {
    for (function, at, expected) in [
        ("cos(sqrt(x))/x", "0", "1/x - 1/2 + x/24"),
        ("cot(sqrt(x))/sqrt(x)", "0", "1/x - 1/3 - x/45"),
        ("1/(x*cos(sqrt(x)))", "0", "1/x + 1/2 + 5*x/24"),
        ("cos(sqrt(2 - x))/(x - 2)^2", "2", "1/(x - 2)^2 + 1/2/(x - 2) + 1/24 + (x - 2)/720"),
        ("1/acosh(1 + x)^2", "0", "1/2/x + 1/12 - x/120"),
        ("cos(sqrt(x))", "0", "1 - x/2"),
    ] {
        assert_eq!(text(laurent(function, 1, at)), expected, "{function}");
        if let Err(Error::NotAnalytic(reason)) = taylor(function, 1, at) {
            assert_eq!(reason.singularity, Singularity::Pole, "{function}");
            assert!(reason.advice.contains("Laurent"), "{function}: {}", reason.advice);
        } else {
            assert_eq!(function, "cos(sqrt(x))");
        }
    }
    for function in ["sin(sqrt(x))/x", "cos(sqrt(x))/sqrt(x)", "1/sin(sqrt(x))"] {
        let Err(Error::NotAnalytic(reason)) = laurent(function, 1, 0) else { panic!("{function}") };
        assert_eq!(reason.singularity, Singularity::BranchPoint, "{function}");
    }
}

#[test]
fn arithmetic_is_that_of_functions() {
    let [f, g] = ["1/sin(x)", "exp(x)/x^3"].map(|text| laurent(text, 4, 0).unwrap());
    let sine = taylor("sin(x)", 4, 0).unwrap();
    for (made, function) in [
        (&f + &g, "1/sin(x) + exp(x)/x^3"),
        (&f - &g, "1/sin(x) - exp(x)/x^3"),
        (&f * &g, "exp(x)/(x^3*sin(x))"),
        (&f / &g, "x^3*exp(-x)/sin(x)"),
        (&f + &sine, "1/sin(x) + sin(x)"),
        (&sine / &f, "sin(x)^2"),
        (&sine / &g, "sin(x)*x^3*exp(-x)"),
        (&f * "x^2", "x^2/sin(x)"),
        ("1/x" - &f, "1/x - 1/sin(x)"),
        (-&g, "-exp(x)/x^3"),
        (f.power(3), "1/sin(x)^3"),
        (f.power(-2), "sin(x)^2"),
        (g.power(0), "1"),
        (f.derivative(), "-cos(x)/sin(x)^2"),
        (f.truncate(2), "1/sin(x)"),
    ] {
        let made = made.unwrap_or_else(|error| panic!("{function}: {error}"));
        assert_eq!(made, laurent(function, made.order(), 0).unwrap(), "{function}");
        assert!(made.function().is_some(), "{function}");
    }
    assert_eq!(g.residue(), 0.5);
    assert_eq!((&f * &g).unwrap().order(), 4);
    assert_eq!(f.derivative().unwrap().order(), 3);
    assert_eq!(f.truncate(2).unwrap().order(), 2);
    assert_ne!(f, g);
    assert!(f.truncate(5).unwrap_err().to_string().contains("above the series' own, 4"));
    let elsewhere = laurent("1/(x - 1)", 4, 1).unwrap();
    assert!(matches!(&f + &elsewhere, Err(Error::DifferentPoints { .. })));
    assert!(matches!(&f / "0", Err(Error::NotAnalytic(_))));
    assert!(matches!(f.power(10_000), Err(Error::PoleTooHigh { .. })));
}

/// Where no expression says what a series is of, it is computed from the coefficients.
#[test]
fn arithmetic_without_functions_gives_the_same_coefficients() {
    // An integral has no function, though here it is one.
    let exponential = taylor("exp(x)", 12, 0).unwrap().integral("1").unwrap();
    let sine = taylor("cos(x)", 12, 0).unwrap().integral("0").unwrap();
    let (exponential, sine) = (Laurent::from(&exponential), Laurent::from(&sine));
    let [f, g] = ["1/x^2", "cot(x)"].map(|text| laurent(text, 5, 0).unwrap());
    let same = |made: Result<Laurent, Error>, function: &str| {
        let made = made.unwrap_or_else(|error| panic!("{function}: {error}"));
        let known = laurent(function, made.order(), 0).unwrap();
        assert_eq!(made.order_of_pole(), known.order_of_pole(), "{function}");
        assert_eq!(made.coefficients(), known.coefficients(), "{function}");
        assert_eq!(made.exact(-1), known.exact(-1), "{function}");
        made
    };
    let scaled = same(&f * &exponential, "exp(x)/x^2");
    assert!(scaled.function().is_none() && scaled.order() == 5);
    assert_eq!(scaled.name(), "x^2*(1/x^2)*(integral(exp(x)) + 1)/x^2");
    same(&f / &sine, "1/(x^2*sin(x))");
    same(&sine / &f, "x^2*sin(x)");
    same(&sine * &f, "sin(x)/x^2");
    same(&g + &sine, "cot(x) + sin(x)");
    same(&sine - &g, "sin(x) - cot(x)");
    same(-&scaled, "-exp(x)/x^2");
    same(scaled.power(3), "exp(3*x)/x^6");
    same(sine.power(-2), "1/sin(x)^2");
    same(sine.power(2), "sin(x)^2");
    same(scaled.derivative(), "exp(x)/x^2 - 2*exp(x)/x^3");
    same(scaled.truncate(1), "exp(x)/x^2");
    same(&scaled - &laurent("1/x^2 + 1/x", 5, 0).unwrap(), "(exp(x) - 1 - x)/x^2");
    // Its derivative is an expression.
    let slope = laurent("gamma(x)", 3, 0).unwrap().derivative();
    same(slope, "gamma(x)*digamma(x)");
}

#[test]
fn even_functions_of_an_absolute_value_have_no_kink() {
    for (function, plain) in [
        ("cos(abs(x))", "cos(x)"),
        ("abs(x)*sin(abs(x))", "x*sin(x)"),
        ("sin(abs(x))^2", "sin(x)^2"),
        ("cosh(|x - 1|)", "cosh(x - 1)"),
        ("sinc(abs(x))", "sinc(x)"),
        ("exp(-cos(|sin(x)|))/x", "exp(-cos(sin(x)))/x"),
        ("abs(x)*abs(-x)", "x^2"),
        ("tanhshrink(abs(x))*abs(x)", "tanhshrink(x)*x"),
        ("bessel_j(2, abs(x))", "bessel_j(2, x)"),
        ("cos(abs(x + abs(x)*sin(abs(x))))", "cos(x + x*sin(x))"),
        ("tanh(abs(x))^2^2", "tanh(x)^4"),
    ] {
        let [f, g] = [function, plain].map(|text| Function::parse(text).unwrap());
        for at in ["0", "1", "-1/3"] {
            let [f, g] = [&f, &g].map(|f| Laurent::new(f, 6, at).unwrap());
            assert_eq!(f, g, "{function} at {at}");
        }
        for x in [-2.5, -0.3, 0.0, 0.7, 40.0] {
            let [a, b] = [f.evaluate(x), g.evaluate(x)];
            assert!(a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(), "{function} at {x}");
        }
    }
    for function in [
        "sin(abs(x))",
        "x*abs(x)",
        "abs(x)*cos(x)",
        "exp(abs(x))",
        "abs(x)*cosh(abs(x))",
        "cos(abs(x) + 1)",
        "abs(x)*sin(abs(x)) + abs(x)",
        "cos(abs(x) + x)",
        "relu(x)*relu(-x) + abs(x)",
        "log(2 + abs(x))^2",
    ] {
        let Err(Error::NotAnalytic(reason)) = taylor(function, 3, 0) else { panic!("{function}") };
        assert_eq!(reason.singularity, Singularity::Kink, "{function}");
    }
}

/// That they are even takes an identity, or the absolute values go together.
#[test]
fn even_functions_are_found_by_identities() {
    for (function, plain) in [
        ("sigmoid(abs(x))*(1 - sigmoid(abs(x)))", "sigmoid(x)*(1 - sigmoid(x))"),
        ("exp(abs(x))/(1 + exp(abs(x)))^2", "exp(x)/(1 + exp(x))^2"),
        ("softplus(abs(x)) - abs(x)/2", "softplus(x) - x/2"),
        ("silu(abs(x)) - abs(x)/2", "silu(x) - x/2"),
        ("gelu(abs(x)) - abs(x)/2", "gelu(x) - x/2"),
        ("(erfc(abs(x)) - 1)*abs(x)", "(erfc(x) - 1)*x"),
        ("(norm_cdf(abs(x)) - 1/2)*abs(x)", "(norm_cdf(x) - 1/2)*x"),
        ("(acos(abs(x)) - pi/2)*abs(x)", "(acos(x) - pi/2)*x"),
        ("abs(x)/(exp(abs(x)) - 1) + abs(x)/2", "x/(exp(x) - 1) + x/2"),
        ("exp(abs(x))*(exp(-2*abs(x)) + 1)", "2*cosh(x)"),
        ("(abs(x) + 1)^2 - 2*abs(x)", "x^2 + 1"),
        ("max(x, -x)^2", "x^2"),
        ("cos(max(x, -x))", "cos(x)"),
        ("abs(sin(x))*abs(x)", "sin(x)*x"),
        ("abs(sin(x))/abs(x)", "sin(x)/x"),
        ("abs(x^3)*abs(x)", "x^4"),
        ("x*sign(x)*abs(x)", "x^2"),
        ("abs(x)*sign(x)", "x"),
        ("cos(sqrt(x^2))", "cos(x)"),
        ("sqrt(x^2)^2", "x^2"),
        ("sqrt(abs(x))^4", "x^2"),
        ("(abs(x)^2)^(3/2)*abs(x)", "x^4"),
    ] {
        let [f, g] = [function, plain].map(|text| taylor(text, 6, 0).unwrap());
        for degree in 0..=6 {
            let [a, b] = [&f, &g].map(|series| series.coefficients()[degree]);
            assert_eq!(a, b, "{function}, degree {degree}");
        }
        // Away from 0 the function is the same, and its bounds are those of the absolute values.
        let function = Function::parse(function).unwrap();
        let bound = f.error_bound(-0.75, 0.5).unwrap().bound;
        for x in [-0.75, -0.4, 0.125, 0.5] {
            let off = (function.evaluate(x) - f.evaluate(x)).abs();
            assert!(off <= bound + 1e-12, "{function} at {x}: {off} above {bound}");
        }
    }
    for function in [
        "0*log(abs(x)) + x^2",
        "0/(1 - abs(x) + abs(x)^3) + abs(x)",
        "sigmoid(abs(x))",
        "softplus(abs(x))",
        "abs(x)*abs(x - 1)",
        "sqrt(x^2)",
        "cos(sqrt(abs(x)))",
        "(erfc(abs(x)) - 2)*abs(x)",
        "exp(abs(x))/(2 + exp(abs(x)))^2",
        "gamma(1 + abs(x))",
    ] {
        assert!(taylor(function, 3, 0).is_err(), "{function}");
    }
}

/// Random even expressions of `|x|`, beside the same ones of `x`.
#[test]
fn random_even_functions_of_an_absolute_value_have_no_kink() {
    let mut state = 20_261_128_u64;
    let mut random = |count: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % count) as usize
    };
    let count = std::env::var("EVEN_FUNCTIONS").map_or(40, |count| count.parse().unwrap());
    for _ in 0..count {
        let text = even(2, &mut random);
        let [f, g] = [text.clone(), text.replace("|x|", "x")].map(|text| taylor(&text, 4, 0));
        let (f, g) = (f.unwrap_or_else(|error| panic!("{text}: {error}")), g.unwrap());
        assert_eq!(f.coefficients(), g.coefficients(), "{text}");
    }
}

fn even(depth: usize, random: &mut impl FnMut(u64) -> usize) -> String {
    if depth == 0 {
        let leaves = [
            "|x|^2",
            "cos(|x|)",
            "exp(-|x|^2)",
            "sinc(|x|)",
            "|x|*sin(|x|)",
            "sech(|x|)",
            "bessel_j(0, |x|)",
            "sigmoid(|x|)*sigmoid(-|x|)",
            "(softplus(|x|) - |x|/2)",
            "tanh(|x|)^2",
        ];
        return leaves[random(leaves.len() as u64)].into();
    }
    match random(8) {
        0 => format!("({} + {})", even(depth - 1, random), even(depth - 1, random)),
        1 => format!("({} * {})", even(depth - 1, random), even(depth - 1, random)),
        2 => format!("({} - {})", even(depth - 1, random), even(depth - 1, random)),
        3 => {
            format!("{}({})", ["exp", "sin", "tanh", "sigmoid"][random(4)], even(depth - 1, random))
        }
        4 => format!("({})/(3 + ({})^2)", even(depth - 1, random), even(depth - 1, random)),
        5 => format!("{}({})", ["cos", "cosh"][random(2)], odd(depth - 1, random)),
        6 => format!("({} * {})", odd(depth - 1, random), odd(depth - 1, random)),
        _ => format!("({})/|x|", odd(depth - 1, random)),
    }
}

fn odd(depth: usize, random: &mut impl FnMut(u64) -> usize) -> String {
    if depth == 0 {
        return ["|x|", "sin(|x|)", "|x|^3", "atan(|x|)", "(sigmoid(|x|) - 1/2)"][random(5)].into();
    }
    match random(3) {
        0 => format!("({} + {})", odd(depth - 1, random), odd(depth - 1, random)),
        1 => format!("({} * {})", odd(depth - 1, random), even(depth - 1, random)),
        _ => format!("{}({})", ["sin", "sinh", "erf"][random(3)], odd(depth - 1, random)),
    }
}
