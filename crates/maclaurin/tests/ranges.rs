//! Approximations across kinks and jumps, through given points, and in pieces.

use maclaurin::{Approximation, Choice, Coefficients, Error, Format, Function, Method, Piecewise};

fn parse(text: &str) -> Function {
    Function::parse(text).unwrap()
}

fn new(
    text: &str,
    degree: usize,
    on: &[(f64, f64)],
    choice: &Choice,
) -> Result<Approximation, Error> {
    Approximation::new(&parse(text), degree, on, choice)
}

#[test]
fn kinks_inside_a_range_are_no_obstacle() {
    for text in [
        "relu",
        "abs(x)",
        "hardswish",
        "clip(x, -0.5, 0.7)",
        "leaky_relu",
        "max(x, x^2)",
        "hardtanh",
        "abs(x - 0.3)",
        "(x - 0.3)*sign(x - 0.3)",
        "elu",
        "relu6",
        "softshrink",
        "relu(x - 1/3)^2",
        "celu",
    ] {
        let p = new(text, 6, &[(-4.0, 3.0)], &Choice::default()).unwrap();
        assert!(
            p.best() > 0.0 && p.error().bound <= 1.01 * p.best(),
            "{text}: {:?} {}",
            p.error(),
            p.best()
        );
    }
}

/// Half of the jump would be the error of any of them.
/// The domain ends where the range does; the tangent is vertical there.
#[test]
fn branch_points_at_the_ends_of_a_range_are_no_obstacle() {
    let cases = [
        ("sqrt(1 - x^2)", (-1.0, 1.0)),
        ("acos(2*x - 1)", (0.0, 1.0)),
        ("sqrt(4 - x)*x", (0.0, 4.0)),
        ("asin(x/2)", (-2.0, 2.0)),
    ];
    for (text, on) in cases {
        let f = |x: f64| parse(text).evaluate(x);
        let p = new(text, 6, &[on], &Choice::default()).unwrap();
        let error = p.error().bound;
        assert!(p.best() > 0.0 && error <= 1.02 * p.best(), "{text}: {error} {}", p.best());
        for part in 0..=1000 {
            let x = on.0 + (on.1 - on.0) * f64::from(part) / 1000.0;
            assert!((f(x) - p.evaluate(x)).abs() <= error + 1e-12, "{text} at {x}");
        }
        // Beyond, there is no value.
        assert!(new(text, 6, &[(on.0, on.1.next_up())], &Choice::default()).is_err(), "{text}");
    }
}

#[test]
fn jumps_are_refused_with_ranges_that_leave_them_out() {
    for (text, on, jump, advice) in [
        ("sign(x)", (-1.0, 1.0), 0.0, "[-1.0, -0.02] and [0.02, 1.0]"),
        ("floor(2*x)", (-0.9, 0.9), -0.5, "[-0.9, -0.518] and [-0.482, 0.9]"),
        ("heaviside(x - 0.25) + x", (0.0, 1.0), 0.25, "[0.0, 0.24] and [0.26, 1.0]"),
        ("floor(x)", (0.0, 1.0), 1.0, "the range [0.0, 0.99]"),
        ("x*sign(x - 0.5)", (-2.0, 2.0), 0.5, "[-2.0, 0.46] and [0.54, 2.0]"),
        ("sign(x)^2", (-1.0, 1.0), 0.0, "[-1.0, -0.02]"),
    ] {
        let error = new(text, 5, &[on], &Choice::default()).unwrap_err();
        let Error::Jump { near, left, right, .. } = error else { panic!("{text}: {error}") };
        assert!((near - jump).abs() < 1e-15 && (right - left).abs() > 0.9, "{text}: {error}");
        assert!(error.to_string().contains(advice), "{error}");
        let error =
            Approximation::within(&parse(text), 0.1, &[on], &Choice::default()).unwrap_err();
        assert!(matches!(error, Error::Jump { .. }), "{error}");
        let error = Piecewise::new(&parse(text), 3, 4, on, &Choice::default(), false).unwrap_err();
        assert!(matches!(error, Error::Jump { .. }), "{error}");
    }
    // Doubles jump there, the function does not.
    let even = new("floor(1 - 1e-25 - x)", 4, &[(0.0, 0.5)], &Choice::default());
    assert!(!matches!(even, Err(Error::Jump { .. })), "{even:?}");
    let p = new("sign(x)", 5, &[(-1.0, -0.02), (0.02, 1.0)], &Choice::default()).unwrap();
    assert!(p.error().bound <= 1.01 * p.best());
    let p =
        new("floor(2*x)", 5, &[(-0.9, -0.518), (-0.482, -0.01), (0.01, 0.4)], &Choice::default())
            .unwrap();
    assert!(p.error().bound <= 1.01 * p.best());
    // In the mean it has a best polynomial that is of use.
    let choice = Choice { method: Method::LeastSquares, ..Choice::default() };
    let p = new("sign(x)", 5, &[(-1.0, 1.0)], &choice).unwrap();
    assert!(p.error().bound >= 1.0 && p.error().bound < 1.01);
}

/// Their last step has bounds where an inner one has no value.
/// A function, a range, and the values in doubles.
type Case<'a> = (&'a str, (f64, f64), &'a dyn Fn(f64) -> f64);

/// Values of functions that divide or take logarithms of 0 where they have a limit.
#[test]
fn holes_with_a_limit_are_no_obstacle() {
    let entropy = |x: f64| if x == 0.0 { 0.0 } else { x * x.ln() };
    let cases: &[Case<'_>] = &[
        ("cbrt(x)", (-1.0, 2.0), &f64::cbrt),
        ("cbrt(x)", (0.0, 1.0), &f64::cbrt),
        ("sqrt(x - x^2)", (0.0, 1.0), &|x| (x - x * x).sqrt()),
        ("x*log(x)", (0.0, 1.0), &entropy),
        ("x*log(x)/log(2)", (0.0, 3.0), &|x| entropy(x) / 2f64.ln()),
        ("-x*log(x) - (1 - x)*log(1 - x)", (0.0, 1.0), &|x| -entropy(x) - entropy(1.0 - x)),
        ("x*log(abs(x))", (-1.0, 1.0), &|x| x.signum() * entropy(x.abs())),
        ("x^x", (0.0, 1.0), &|x| entropy(x).exp()),
        ("exp(-1/x^2)", (-1.0, 1.0), &|x| (-1.0 / (x * x)).exp()),
        ("exp(-1/x)", (0.0, 1.0), &|x| (-1.0 / x).exp()),
        ("atan(log(x))", (0.0, 1.0), &|x| x.ln().atan()),
        ("tanh(1/abs(x))", (-1.0, 1.0), &|x| (1.0 / x.abs()).tanh()),
        ("abs(x)^1.5", (-1.0, 2.0), &|x| x.abs().powf(1.5)),
        ("sqrt(abs(x))", (-2.0, 1.0), &|x| x.abs().sqrt()),
    ];
    for (text, (low, high), f) in cases {
        let p = new(text, 6, &[(*low, *high)], &Choice::default()).unwrap();
        let error = p.error().bound;
        assert!(p.best() > 0.0 && error <= 1.01 * p.best(), "{text}: {error} {}", p.best());
        for i in 0..=4000 {
            let x = low + (high - low) * (f64::from(i) / 4000.0).powi(3);
            assert!((f(x) - p.evaluate(x)).abs() <= error + 1e-14, "{text} at {x}");
        }
    }
}

/// Each with the point.
#[test]
fn functions_without_a_limit_are_refused_with_the_point() {
    for (text, on, at) in [
        ("log(abs(x))", (-1.0, 1.0), 0.0),
        ("exp(-1/x)", (-1.0, 1.0), 0.0),
        ("atan(1/x)", (-1.0, 1.0), 0.0),
        ("x*sin(1/x)", (-1.0, 1.0), 0.0),
        ("sin(1/x^2)", (-1.0, 1.0), 0.0),
        ("gamma(x)", (-0.7, 0.9), 0.0),
        ("gamma(x)", (-1.5, -0.5), -1.0),
        ("digamma(x)", (-2.3, -1.6), -2.0),
        ("lgamma(x)", (-3.5, -2.5), -3.0),
        ("zeta(x)", (0.0, 2.0), 1.0),
        ("atanh(x)", (-1.0, 1.0), -1.0),
        ("erfinv(x)", (-0.5, 1.0), 1.0),
        ("tan(x)", (1.0, 2.0), std::f64::consts::FRAC_PI_2),
        ("1/(x - 1/3)", (0.0, 1.0), 1.0 / 3.0),
    ] {
        match new(text, 5, &[on], &Choice::default()) {
            Err(Error::Unbounded { near }) => assert!((near - at).abs() < 1e-12, "{text}: {near}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn errors_of_high_degrees_are_bounded_closely() {
    for (text, degree) in [("abs(x)", 100), ("sqrt(1 + x)", 130)] {
        let p = new(text, degree, &[(-1.0, 1.0)], &Choice::default()).unwrap();
        assert!(p.error().bound <= 1.01 * p.best(), "{text}: {:?} {}", p.error(), p.best());
    }
}

#[test]
fn functions_without_a_value_somewhere_are_refused_with_the_point() {
    for (text, low, high, at) in [
        ("sin(1/x)", -1.0, 1.0, 0.0),
        ("sin(1/x)", 0.0, 1.0, 0.0),
        ("sin(1/(x - 0.3))", 0.0, 1.0, 0.3),
        ("atan(1/x)", -1.0, 2.0, 0.0),
        ("tanh(1/(x - 0.25))", 0.0, 1.0, 0.25),
        ("atan(tan(x))", 1.0, 2.0, std::f64::consts::FRAC_PI_2),
        ("x*sin(1/x)", -1.0, 1.0, 0.0),
        ("sign(1/x)^2", -1.0, 1.0, 0.0),
    ] {
        for result in [
            new(text, 5, &[(low, high)], &Choice::default()).map(|_| ()),
            Piecewise::new(&parse(text), 3, 3, (low, high), &Choice::default(), false).map(|_| ()),
            maclaurin::Series::new(&parse(text), 2, "7/8")
                .and_then(|s| s.error_bound(low, high))
                .map(|_| ()),
        ] {
            let Err(Error::Unbounded { near }) = result else { panic!("{text}: {result:?}") };
            assert!((near - at).abs() < 1e-6, "{text}: {near}");
        }
    }
    for (text, low, high) in [
        ("sin(asin(x))", -0.5, 1.6),
        ("exp(-sqrt(x)^2)", -0.5, 1.6),
        ("atan(log(x))", -0.5, 1.6),
        ("cos(acosh(x + 1))", -0.5, 1.6),
        ("tanh(atanh(x))", -0.5, 1.6),
        ("tanh(lambert_w(x))", -0.6, 1.0),
        ("cos(x^x)", -0.5, 1.0),
    ] {
        let error = new(text, 5, &[(low, high)], &Choice::default()).unwrap_err();
        assert!(matches!(error, Error::Unbounded { .. }), "{text}: {error}");
    }
    // A removable singularity is none, nor is an overflow.
    assert!(new("sin(x)/x", 6, &[(-1.0, 1.0)], &Choice::default()).is_ok());
    assert!(new("1/(1 + exp(-x))", 3, &[(-1000.0, 1000.0)], &Choice::default()).is_ok());
}

#[test]
fn polynomials_go_through_points() {
    let choice = |through: &[f64], coefficients| Choice {
        through: through.to_vec(),
        coefficients,
        ..Choice::default()
    };
    for (text, degree, on, through) in [
        ("exp(x)", 4, (-1.0, 1.0), &[0.0][..]),
        ("tanh(x)", 5, (-2.0, 3.0), &[0.0, 2.5][..]),
        ("abs(x)", 5, (-1.0, 1.0), &[-1.0, 0.0, 1.0][..]),
        ("sigmoid", 7, (-8.0, 8.0), &[-8.0, 8.0][..]),
        ("sin(x)", 2, (0.0, 1.5), &[0.0, 0.5, 1.5][..]),
        ("cos(x)", 6, (-1.0, 2.0), &[0.25][..]),
    ] {
        let exact = new(text, degree, &[on], &choice(through, Coefficients::Exact)).unwrap();
        assert!(
            exact.best() > 0.0 && exact.error().bound <= 1.01 * exact.best(),
            "{text}: {:?} {}",
            exact.error(),
            exact.best()
        );
        let free = new(text, degree, &[on], &Choice::default()).unwrap();
        assert!(free.best() <= exact.best() * (1.0 + 1e-9), "{text}");
        let p =
            new(text, degree, &[on], &choice(through, Coefficients::Format(Format::F64))).unwrap();
        for &x in through {
            let value = parse(text).evaluate(x);
            for p in [&exact, &p] {
                assert!(
                    (p.evaluate(x) - value).abs() < 4e-15,
                    "{text} at {x}: {} {value}",
                    p.evaluate(x)
                );
            }
        }
    }
    // Exactly: exp(0) = 1 in powers of x, whatever the other coefficients are.
    let at_zero = Choice { center: Some(0.0), ..choice(&[0.0], Coefficients::Format(Format::F32)) };
    assert_eq!(new("exp(x)", 4, &[(-1.0, 2.0)], &at_zero).unwrap().coefficients()[0], 1.0);
    // As the fixed coefficient does it.
    let fixed =
        Choice { fixed: vec![(0, 1.0)], coefficients: Coefficients::Exact, ..Choice::default() };
    let [a, b] = [fixed, choice(&[0.0], Coefficients::Exact)]
        .map(|c| new("exp(x)", 4, &[(-1.0, 2.0)], &c).unwrap());
    assert!(
        (a.best() / b.best() - 1.0).abs() < 1e-6
            && (a.error().bound / b.error().bound - 1.0).abs() < 3e-3
    );
    // A polynomial is its own.
    let p = new("x^2 - 3", 4, &[(-1.0, 2.0)], &choice(&[0.5, 1.0], Coefficients::Exact)).unwrap();
    assert_eq!(p.error().bound, 0.0);
    let p = Approximation::within(
        &parse("exp(x)"),
        1e-6,
        &[(0.0, 1.0)],
        &choice(&[0.0, 1.0], Coefficients::Format(Format::F64)),
    )
    .unwrap();
    assert!(p.error().bound <= 1e-6 && p.degree() < 8);
    let plain = Choice::default();
    for choice in [
        choice(&[2.0], Coefficients::Exact),
        choice(&[0.5, 0.5], Coefficients::Exact),
        choice(&[f64::NAN], Coefficients::Exact),
        choice(&[0.0, 0.1, 0.2, 0.3, 0.4], Coefficients::Exact),
        Choice { through: vec![0.0], fixed: vec![(0, 1.0)], ..plain.clone() },
        Choice { through: vec![0.0], degrees: Some(vec![1]), ..plain.clone() },
        Choice { through: vec![0.0], method: Method::Chebyshev, ..plain.clone() },
    ] {
        let error = new("exp(x)", 3, &[(-1.0, 1.0)], &choice).unwrap_err();
        assert!(matches!(error, Error::Choice { option: "through", .. }), "{choice:?}: {error}");
    }
}

#[test]
fn pieces_have_nearly_equal_errors() {
    let plain = Choice::default();
    for (text, low, high, degree, pieces) in [
        ("sigmoid", -8.0, 8.0, 3, 4),
        ("exp(x)", -1.0, 1.0, 0, 5),
        ("gelu", -4.0, 4.0, 2, 7),
        ("tanh(x)", -4.0, 4.0, 1, 16),
        ("1/(1 + 25*x^2)", -1.0, 1.0, 5, 6),
        ("sin(x)", 0.0, 6.0, 5, 3),
        ("sqrt(x)", 0.0, 1.0, 2, 4),
        ("abs(x - 0.3) + exp(x)", -1.0, 1.0, 3, 4),
    ] {
        let p = Piecewise::new(&parse(text), degree, pieces, (low, high), &plain, false).unwrap();
        let breakpoints = p.breakpoints();
        assert_eq!(
            (breakpoints[0], breakpoints[pieces], breakpoints.len()),
            (low, high, pieces + 1)
        );
        assert!(p.best() <= p.error().bound, "{text}");
        // Not of any partition, but of one that ends at the kink.
        let most = if text.contains("abs") { 5.0 } else { 1.3 };
        assert!(
            p.error().bound <= most * p.best(),
            "{text}: {:?} {} {breakpoints:?}",
            p.error(),
            p.best()
        );
        for i in 0..=200 {
            let x = low + (high - low) * f64::from(i) / 200.0;
            let off = (p.evaluate(x) - parse(text).evaluate(x)).abs();
            assert!(off <= p.piece(x).error().bound + 1e-14, "{text} at {x}: {off:e}");
        }
    }
}

#[test]
fn continuous_pieces_agree_at_their_breakpoints() {
    let exact = Choice { coefficients: Coefficients::Exact, ..Choice::default() };
    for (text, low, high, degree, pieces) in
        [("gelu", -4.0, 4.0, 1, 6), ("tanh(x)", -3.0, 3.0, 2, 5), ("exp(x)", 0.0, 2.0, 3, 3)]
    {
        let free =
            Piecewise::new(&parse(text), degree, pieces, (low, high), &exact, false).unwrap();
        let p = Piecewise::new(&parse(text), degree, pieces, (low, high), &exact, true).unwrap();
        assert!(p.is_continuous() && p.gap() == 0.0);
        assert!(free.gap() > 0.0 || degree % 2 == 1);
        assert!(
            p.best() == free.best() && p.error().bound < 3.0 * free.error().bound,
            "{text} {:?} {:?}",
            p.error(),
            free.error()
        );
        let rounded = Choice { coefficients: Coefficients::Format(Format::F32), ..exact.clone() };
        let p = Piecewise::new(&parse(text), degree, pieces, (low, high), &rounded, true).unwrap();
        let x = p.breakpoints()[1];
        assert!((p.pieces()[0].evaluate(x) - p.pieces()[1].evaluate(x)).abs() <= p.gap() + 1e-14);
        assert!(p.gap() < 1e-6);
    }
}

#[test]
fn tolerances_take_few_pieces() {
    for (text, low, high, degree, tolerance, continuous) in [
        ("tanh(x)", -4.0, 4.0, 1, 1e-3, false),
        ("sigmoid", -8.0, 8.0, 3, 1e-5, false),
        ("gelu", -4.0, 4.0, 2, 1e-3, true),
        ("hardswish", -5.0, 5.0, 2, 1e-9, false),
    ] {
        let p = Piecewise::within(
            &parse(text),
            degree,
            tolerance,
            (low, high),
            &Choice::default(),
            continuous,
        )
        .unwrap();
        assert!(p.error().bound <= tolerance);
        let count = p.pieces().len();
        if !continuous {
            let fewer = Piecewise::new(
                &parse(text),
                degree,
                count - 1,
                (low, high),
                &Choice::default(),
                false,
            )
            .unwrap();
            assert!(fewer.error().bound > tolerance, "{text}: {count}");
        }
    }
    let function = parse("sin(1000*x)");
    let error =
        Piecewise::within(&function, 0, 1e-4, (0.0, 10.0), &Choice::default(), false).unwrap_err();
    assert!(matches!(error, Error::Choice { option: "pieces", .. }), "{error}");
    for (pieces, degree, continuous, choice) in [
        (0, 3, false, Choice::default()),
        (1025, 3, false, Choice::default()),
        (2, 0, true, Choice::default()),
        (2, 3, true, Choice { method: Method::Chebyshev, ..Choice::default() }),
        (2, 3, false, Choice { fixed: vec![(0, 0.0)], ..Choice::default() }),
        (2, 3, false, Choice { center: Some(0.0), ..Choice::default() }),
        (2, 3, false, Choice { through: vec![0.0], ..Choice::default() }),
    ] {
        let error =
            Piecewise::new(&parse("exp(x)"), degree, pieces, (0.0, 1.0), &choice, continuous)
                .unwrap_err();
        assert!(matches!(error, Error::Choice { .. }), "{error}");
    }
}

#[test]
fn weighted_errors_are_levelled() {
    for (text, weight, low, high, degree) in [
        ("exp(x)", "1/(1 + x^2)", -1.0, 2.0, 4),
        ("cos(x)", "exp(-x^2)", -2.0, 2.0, 4),
        ("abs(x)", "1 + abs(x - 0.3)", -1.0, 1.0, 6),
        ("gelu", "2 + sin(3*x)", -3.0, 4.0, 7),
        ("sigmoid", "1 + x^2", -6.0, 6.0, 9),
        ("sin(x)/x", "exp(x)", -1.0, 1.0, 5),
    ] {
        for coefficients in [Coefficients::Exact, Coefficients::Format(Format::F32)] {
            let function = parse(weight);
            let choice =
                Choice { weight: Some(function.clone()), coefficients, ..Choice::default() };
            let p = new(text, degree, &[(low, high)], &choice).unwrap();
            assert!(
                p.best() > 0.0 && p.error().bound <= 1.01 * p.best(),
                "{text} {weight}: {:?} {}",
                p.error(),
                p.best()
            );
            let mut largest = 0f64;
            for i in 1..2000 {
                let x = low + (high - low) * f64::from(i) / 2000.0;
                largest = largest
                    .max(function.evaluate(x) * (p.evaluate(x) - parse(text).evaluate(x)).abs());
            }
            assert!(
                largest <= p.error().bound + 1e-14 && largest > 0.98 * p.best(),
                "{text} {weight}: {largest:e}"
            );
        }
    }
    // A parity that the weight shares is kept.
    let weight = |text: &str| Choice { weight: Some(parse(text)), ..Choice::default() };
    assert_eq!(new("sigmoid", 5, &[(-6.0, 6.0)], &weight("1 + x^2")).unwrap().degrees(), [1, 3, 5]);
    assert_eq!(
        new("sigmoid", 5, &[(-6.0, 6.0)], &weight("8 + x")).unwrap().degrees(),
        [1, 2, 3, 4, 5]
    );
    // Relative errors are those of a weight, and a constant weight changes nothing.
    let relative = Choice { relative: true, ..Choice::default() };
    let [a, b] =
        [relative, weight("exp(-x)")].map(|c| new("exp(x)", 4, &[(-2.0, 2.0)], &c).unwrap());
    assert!(
        (a.best() / b.best() - 1.0).abs() < 1e-9
            && (a.error().bound / b.error().bound - 1.0).abs() < 3e-3
    );
    let [a, b] =
        [Choice::default(), weight("2")].map(|c| new("exp(x)", 4, &[(-2.0, 2.0)], &c).unwrap());
    assert!((2.0 * a.best() / b.best() - 1.0).abs() < 1e-9);
    let squares = Choice { method: Method::LeastSquares, ..weight("exp(3*x)") };
    let p = new("exp(x)", 2, &[(-1.0, 1.0)], &squares).unwrap();
    let off = |x: f64| (p.evaluate(x) - x.exp()).abs();
    assert!(off(-1.0) > 5.0 * off(1.0));
    for text in ["x", "x - 2", "abs(x)", "sin(1/x)^2 + 1", "1/x", "0", "sqrt(x)"] {
        let error = new("exp(x)", 3, &[(-1.0, 1.0)], &weight(text)).unwrap_err();
        assert!(matches!(error, Error::Choice { option: "weight", .. }), "{text}: {error}");
    }
    let both = Choice { relative: true, ..weight("1 + x^2") };
    assert!(
        new("exp(x)", 3, &[(-1.0, 1.0)], &both).unwrap_err().to_string().contains("one of the two")
    );
}

#[test]
fn pieces_are_printed_as_code() {
    use maclaurin::{Code, Format, Language, Scheme};
    let p = Piecewise::new(&parse("gelu"), 2, 5, (-4.0, 4.0), &Choice::default(), true).unwrap();
    for language in Language::ALL {
        let code =
            p.code(Code { format: Format::F32, scheme: Some(Scheme::Estrin), ..language.into() });
        match language {
            Language::C | Language::Rust | Language::Python | Language::NumPy | Language::Torch => {
                let code = code.unwrap();
                assert!(
                    code.contains("5 pieces of degree 2")
                        && code.contains("piece_4")
                        && code.contains("pieces=5, continuous=True"),
                    "{code}"
                );
            }
            _ => {
                assert!(
                    matches!(code, Err(Error::Choice { option: "language", .. })),
                    "{language}"
                );
            }
        }
    }
    let rounded = p.error_bound_in(Format::F32).unwrap();
    for piece in p.pieces() {
        let (low, high) = piece.on()[0];
        for i in 0..100 {
            let x = (low + (high - low) * f64::from(i) / 100.0) as f32;
            let t = x - piece.center() as f32;
            let y = piece.coefficients().iter().rev().fold(0f32, |sum, a| sum * t + *a as f32);
            let off = (f64::from(y) - parse("gelu").evaluate(x.into())).abs();
            assert!(off <= rounded.bound + 1e-15 || f64::from(x) < low, "{x} {off:e} {rounded:?}");
        }
    }
    assert!(rounded.bound >= p.error().bound);
}

/// Rounding to float16 takes the polynomial off the points, and nearer to the function than what meets them.
#[test]
fn no_bound_for_all_polynomials_is_above_the_error_of_one() {
    let choice = Choice {
        coefficients: Coefficients::Format(Format::F16),
        through: vec![0.0, 1.200_039_599_410_363_9],
        ..Choice::default()
    };
    let ranges = [(-1.5, -0.898_843_520_922_705_6), (-0.019_153_970_506_191_61, 1.5)];
    let p = new("1/(1+25*x^2)", 1, &ranges, &choice).unwrap();
    assert!(0.0 < p.best() && p.best() <= p.error().bound, "{} {:?}", p.best(), p.error());
}
