//! Best polynomials against published errors, each other, and dense samples.

use maclaurin::{Approximation, Basis, Choice, Coefficients, Error, Format, Function, Method};

fn approximate(text: &str, degree: usize, on: &[(f64, f64)], choice: &Choice) -> Approximation {
    Approximation::new(&Function::parse(text).unwrap(), degree, on, choice).unwrap()
}

fn minimax(text: &str, degree: usize, low: f64, high: f64) -> Approximation {
    approximate(text, degree, &[(low, high)], &Choice::default())
}

fn exact_minimax(text: &str, degree: usize, low: f64, high: f64) -> Approximation {
    let choice = Choice { coefficients: Coefficients::Exact, ..Choice::default() };
    approximate(text, degree, &[(low, high)], &choice)
}

/// The bounds from both sides meet.
#[test]
fn errors_are_those_of_the_best_polynomials() {
    let cases: &[(&str, f64, f64, usize)] = &[
        ("exp(x)", -1.0, 1.0, 5),
        ("sigmoid", -8.0, 8.0, 7),
        ("sigmoid", -8.0, 8.0, 15),
        ("silu", -4.0, 4.0, 6),
        ("gelu", -4.0, 4.0, 8),
        ("softplus", -8.0, 8.0, 10),
        ("tanh", -3.0, 3.0, 9),
        ("erf", -3.0, 3.0, 11),
        ("sin", -1.5, 1.5, 7),
        ("cos", -0.8, 0.8, 6),
        ("log", 1.0, 2.0, 6),
        ("1/x", 1.0, 2.0, 6),
        ("2^x", 0.0, 1.0, 3),
        ("2^x", 0.0, 1.0, 5),
        ("2^x", -0.5, 0.5, 7),
        ("log2", 1.0, 2.0, 8),
        ("mish", -5.0, 5.0, 10),
        ("atan", -1.0, 1.0, 11),
        ("1/(1+25*x^2)", -1.0, 1.0, 20),
        ("abs", -1.0, 1.0, 8),
        ("relu", -3.0, 3.0, 7),
        ("sin(x)/x", -3.0, 3.0, 8),
        ("sqrt(x)", 0.0, 1.0, 5),
        ("1 + 1e-20*sin(x)", 0.0, 1.0, 3),
    ];
    for &(text, low, high, degree) in cases {
        let p = exact_minimax(text, degree, low, high);
        let (error, best) = (p.error(), p.best());
        assert!(best > 0.0 && best <= error.bound, "{text}: {best} {error:?}");
        assert!(error.bound <= 1.0025 * best, "{text} {degree}: {error:?}, best {best}");
        assert!(
            (error.sampled / best - 1.0).abs() < 1e-4,
            "{text} {degree}: {error:?}, best {best}"
        );
    }
    // Bernstein's constant: 0.2801... / n for |x| on [-1, 1] (Varga and Carpenter, 1985: E_8).
    assert!((minimax("abs", 8, -1.0, 1.0).best() - 0.034_689_728).abs() < 1e-8);
    assert!((minimax("exp(x)", 1, -1.0, 1.0).best() - 0.278_801_585_8).abs() < 1e-8);
}

#[test]
fn high_degrees_take_the_bits_that_they_need() {
    let p = exact_minimax("exp(x)", 30, 0.0, 1.0);
    assert!(p.error().bound < 8.8e-53 && p.best() > 8.7e-53);
    let p = minimax("sigmoid", 40, -10.0, 10.0);
    assert!(p.error().bound < 1.682e-6 && p.best() > 1.677e-6);
    assert_eq!(p.basis(), Basis::Chebyshev);
    let sigmoid = Function::parse("sigmoid").unwrap();
    for i in -100..=100 {
        let x = f64::from(i) / 10.0;
        assert!((p.evaluate(x) - sigmoid.evaluate(x)).abs() <= p.error().bound * 1.0001, "{x}");
    }
    assert!(minimax("tanh", 31, -8.0, 8.0).error().bound < 1.451e-3);
}

#[test]
fn parity_is_used_and_the_lower_bound_is_for_all_polynomials() {
    let p = minimax("sigmoid", 7, -8.0, 8.0);
    assert_eq!(p.degrees(), [1, 3, 5, 7]);
    assert_eq!(p.coefficients()[0], 0.5);
    assert_eq!(minimax("silu", 6, -4.0, 4.0).degrees(), [1, 2, 4, 6]);
    assert_eq!(minimax("abs", 4, -1.0, 1.0).degrees(), [2, 4]);
    // The same without the parity: off centre by nothing that matters.
    let all = Choice { degrees: Some((0..=7).collect()), ..Choice::default() };
    let whole = approximate("sigmoid", 7, &[(-8.0, 8.0)], &all);
    assert!((whole.best() / p.best() - 1.0).abs() < 1e-6);
}

#[test]
fn polynomials_come_back_exactly() {
    let p = exact_minimax("3*x^2 - x/7 + 1", 4, -1.0, 5.0);
    assert_eq!((p.error().bound, p.best()), (0.0, 0.0));
    // 1/7 is no double.
    let p = minimax("3*x^2 - x/7 + 1", 4, -1.0, 5.0);
    assert!(0.0 < p.error().bound && p.error().bound < 3e-15 && p.best() == 0.0, "{:?}", p.error());
    let p = minimax("3*x^2 - x/8 + 1", 4, -1.0, 5.0);
    assert_eq!((p.error().bound, p.best()), (0.0, 0.0));
    let p = minimax("(x - 2)^3", 3, 1.0, 3.0);
    assert_eq!(p.coefficients(), [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(p.to_string(), "1.0*(x - 2)^3");
}

#[test]
fn no_polynomial_is_above_the_degree_asked_for() {
    for text in ["silu", "x", "x^2", "abs(x) + x/3", "x^3", "sigmoid", "2", "gelu", "x^2 + x"] {
        for degree in 0..4 {
            let p = minimax(text, degree, -2.0, 2.0);
            let highest = p.degrees().last().copied().unwrap_or(0);
            assert!(highest <= degree, "{text}: degree {highest} for {degree}");
            assert!(p.best() <= p.error().bound, "{text} {degree}");
        }
    }
    // The best constant for x^2 on [-1, 1] is 1/2, and no line is better.
    for degree in [0, 1] {
        assert!((minimax("x^2", degree, -1.0, 1.0).best() - 0.5).abs() < 1e-9);
    }
}

#[test]
fn degrees_of_one_parity_do_on_a_range_about_the_center() {
    let odd = Choice { degrees: Some(vec![1, 3, 5]), ..Choice::default() };
    let p = approximate("tanh(x)", 5, &[(-2.0, 2.0)], &odd);
    let same = minimax("tanh(x)", 5, -2.0, 2.0);
    assert_eq!(p.degrees(), same.degrees());
    assert!((p.error().bound / same.error().bound - 1.0).abs() < 0.003);
    let even = Choice { degrees: Some(vec![2, 4]), fixed: vec![(0, 1.0)], ..Choice::default() };
    let p = approximate("cos(x)", 4, &[(-1.0, 1.0)], &even);
    assert!(p.error().bound <= 1.003 * p.best() && p.coefficients()[0] == 1.0);
    let few = Choice { degrees: Some(vec![0, 3]), center: Some(1.0), ..Choice::default() };
    let p = approximate("exp(x)", 3, &[(-1.0, 2.0), (2.5, 3.0)], &few);
    assert!(p.error().bound <= 1.003 * p.best(), "{:?} {}", p.error(), p.best());
}

#[test]
fn fixed_coefficients_and_chosen_degrees_stay() {
    let choice =
        Choice { degrees: Some(vec![1, 3, 5]), fixed: vec![(0, 0.25)], ..Choice::default() };
    let p = approximate("tanh(x) + 1/4", 5, &[(-2.0, 3.0)], &choice);
    assert_eq!((p.center(), p.coefficients()[0], p.degrees()), (0.0, 0.25, vec![1, 3, 5]));
    assert!(p.best() > 0.0 && p.error().bound <= 1.003 * p.best(), "{:?} {}", p.error(), p.best());
    let through = Choice { fixed: vec![(0, 1.0)], ..Choice::default() };
    let p = approximate("exp(x)", 3, &[(-1.0, 1.0)], &through);
    assert_eq!(p.coefficients()[0], 1.0);
    assert!(p.error().bound <= 1.003 * p.best());
    assert!(p.best() > minimax("exp(x)", 3, -1.0, 1.0).best());
}

#[test]
fn extremes_between_the_points_of_the_grid_are_found() {
    for (text, low, high) in [("tanh(1000*x)", -1.0, 1.0), ("sigmoid(1000*x)", -10.0, 10.0)] {
        let p = minimax(text, 9, low, high);
        assert!(p.error().bound < 1.01 * p.best(), "{text}: {:?} {}", p.error(), p.best());
    }
}

#[test]
fn several_ranges_are_one_problem() {
    let p = approximate("x/abs(x)", 7, &[(0.1, 1.0), (-1.0, -0.1)], &Choice::default());
    assert_eq!(p.on(), [(-1.0, -0.1), (0.1, 1.0)]);
    assert!(p.error().bound <= 1.003 * p.best());
    assert_eq!(p.degrees(), [1, 3, 5, 7]);
    let p = approximate("exp(x)", 4, &[(0.0, 1.0), (2.0, 2.5)], &Choice::default());
    assert!(p.error().bound <= 1.003 * p.best());
    assert!(p.best() < minimax("exp(x)", 4, 0.0, 2.5).best());
}

#[test]
fn relative_errors_are_levelled_too() {
    let relative = Choice { relative: true, ..Choice::default() };
    let p = approximate("exp(x)", 4, &[(-2.0, 2.0)], &relative);
    assert!(p.error().bound <= 1.003 * p.best(), "{:?} {}", p.error(), p.best());
    let odd = Choice { relative: true, degrees: Some(vec![1, 3, 5]), ..Choice::default() };
    let p = approximate("sin(x)", 5, &[(0.0, 1.5)], &odd);
    assert!(p.error().bound <= 1.003 * p.best(), "{:?} {}", p.error(), p.best());
}

#[test]
fn other_methods_are_near_the_best() {
    let best = minimax("sigmoid", 9, -6.0, 6.0);
    for (method, factor) in [(Method::Chebyshev, 2.0), (Method::LeastSquares, 4.0)] {
        let choice = Choice { method, ..Choice::default() };
        let p = approximate("sigmoid", 9, &[(-6.0, 6.0)], &choice);
        assert!(p.error().bound > p.best(), "{choice:?}");
        assert!(p.error().bound < factor * best.error().bound, "{choice:?} {:?}", p.error());
        assert!((p.best() / best.best() - 1.0).abs() < 1e-6);
    }
    // exp by least squares on [-1, 1], degree 1: 3 x/e + sinh(1).
    let choice = Choice { method: Method::LeastSquares, ..Choice::default() };
    let p = approximate("exp(x)", 1, &[(-1.0, 1.0)], &choice);
    let expected = [1f64.sinh(), 3.0 / std::f64::consts::E];
    for (found, expected) in p.coefficients().iter().zip(expected) {
        assert!((found - expected).abs() < 1e-14);
    }
    let samples = Method::Samples((0..200).map(|i| 1.0 - (f64::from(i) / 200.0).powi(2)).collect());
    let p =
        approximate("exp(x)", 2, &[(0.0, 1.0)], &Choice { method: samples, ..Choice::default() });
    assert!(p.error().bound < 0.02);
}

#[test]
fn tolerances_take_the_smallest_degree() {
    for (text, low, high, tolerance) in [
        ("silu", -8.0, 8.0, 1e-3),
        ("exp(x)", 0.0, 1.0, 1e-9),
        ("sigmoid", -5.0, 5.0, 1e-4),
        ("sqrt(x)", 0.25, 4.0, 1e-5),
    ] {
        let function = Function::parse(text).unwrap();
        let on = [(low, high)];
        let p = Approximation::within(&function, tolerance, &on, &Choice::default()).unwrap();
        assert!(p.error().bound <= tolerance);
        let smaller = minimax(text, p.degree() - 1, low, high);
        assert!(smaller.best() > tolerance, "{text}: {} {}", p.degree(), smaller.best());
    }
    // Of the degrees that are listed, and with those that are given.
    let sine = Function::parse("sin(x)").unwrap();
    let listed = Choice { degrees: Some(vec![1, 3, 5, 7]), ..Choice::default() };
    let p = Approximation::within(&sine, 1e-4, &[(0.0, 1.5)], &listed).unwrap();
    assert_eq!((p.degree(), p.degrees()), (5, vec![1, 3, 5]));
    let fixed = Choice { fixed: vec![(0, 0.0)], ..Choice::default() };
    let p = Approximation::within(&sine, 1e-3, &[(0.0, 1.0)], &fixed).unwrap();
    assert!(p.coefficients()[0] == 0.0 && p.error().bound <= 1e-3);
    let few = Choice { degrees: Some(vec![1, 3]), ..Choice::default() };
    let error = Approximation::within(&sine, 1e-9, &[(0.0, 1.0)], &few).unwrap_err();
    assert!(matches!(error, Error::NoDegree { highest: 3, .. }), "{error}");
    let kink = Function::parse("abs(x)").unwrap();
    let error = Approximation::within(&kink, 1e-6, &[(-1.0, 1.0)], &Choice::default()).unwrap_err();
    assert!(matches!(error, Error::NoDegree { highest: 200, .. }), "{error}");
}

#[test]
fn what_has_no_polynomial_is_refused() {
    let new = |text: &str, on: &[(f64, f64)], choice: &Choice| {
        Approximation::new(&Function::parse(text).unwrap(), 3, on, choice).unwrap_err()
    };
    let plain = Choice::default();
    assert_eq!(new("log(x)", &[(0.0, 1.0)], &plain), Error::Unbounded { near: 0.0 });
    assert!(matches!(new("1/x", &[(-1.0, 1.0)], &plain), Error::Unbounded { .. }));
    assert!(matches!(new("sqrt(x)", &[(-1.0, 1.0)], &plain), Error::Unbounded { .. }));
    assert!(matches!(new("tan(x)", &[(1.0, 2.0)], &plain), Error::Unbounded { .. }));
    for on in [
        vec![],
        vec![(1.0, 1.0)],
        vec![(2.0, 1.0)],
        vec![(0.0, f64::NAN)],
        vec![(0.0, 2.0), (1.0, 3.0)],
    ] {
        assert!(matches!(
            new("exp(x)", &on, &plain),
            Error::EmptyRange { .. } | Error::Choice { .. }
        ));
    }
    for choice in [
        Choice { degrees: Some(vec![4]), ..plain.clone() },
        Choice { degrees: Some(vec![]), ..plain.clone() },
        Choice { fixed: vec![(5, 1.0)], ..plain.clone() },
        Choice { fixed: vec![(1, 1.0), (1, 2.0)], ..plain.clone() },
        Choice { fixed: vec![(0, f64::INFINITY)], ..plain.clone() },
        Choice { center: Some(f64::NAN), ..plain.clone() },
        Choice { method: Method::Samples(vec![0.5, 0.5]), ..plain.clone() },
        Choice { method: Method::Samples(vec![0.1, 0.2, 0.3, 0.4, 7.0]), ..plain.clone() },
        Choice { relative: true, ..plain.clone() },
    ] {
        let text = if choice.relative { "x*exp(x)" } else { "exp(x)" };
        let error = new(text, &[(-1.0, 1.0)], &choice);
        assert!(
            matches!(error, Error::Choice { .. } | Error::Unbounded { .. }),
            "{choice:?}: {error}"
        );
    }
    assert!(matches!(new("1e400", &[(0.0, 1.0)], &plain), Error::Unbounded { .. }));
    // An odd polynomial vanishes where an odd function does.
    let odd = Choice { relative: true, ..plain.clone() };
    let sine = Function::parse("sin(x)").unwrap();
    let p = Approximation::new(&sine, 3, &[(-1.0, 1.0)], &odd).unwrap();
    assert!(p.degrees() == [1, 3] && p.error().bound < 1.003 * p.best(), "{:?}", p.error());
    // Zero has no relative error, and a range of two doubles no four coefficients.
    let relative = Choice { relative: true, ..plain.clone() };
    assert!(matches!(new("abs(x) - x", &[(1.0, 2.0)], &relative), Error::Choice { .. }));
    assert!(matches!(new("exp(x)", &[(1.0, 1f64.next_up())], &plain), Error::Choice { .. }));
    let error = Approximation::new(&Function::parse("exp").unwrap(), 201, &[(0.0, 1.0)], &plain);
    assert!(matches!(error, Err(Error::OrderTooLarge { order: 201, limit: 200 })));
}

/// Rounded one by one they are 1.2 to 20 times as far off.
#[test]
fn coefficients_of_a_format_are_chosen_together() {
    for (text, low, high, degree, coefficients, most) in [
        ("exp(x)", -1.0, 1.0, 5, Coefficients::Format(Format::F32), 1.02),
        ("log(x)", 1.0, 2.0, 6, Coefficients::Format(Format::F32), 1.05),
        ("2^x", -0.5, 0.5, 7, Coefficients::Format(Format::F32), 4.0),
        ("cos(x)", -0.8, 0.8, 6, Coefficients::Format(Format::F32), 1.3),
        ("tanh(x)", -3.0, 3.0, 9, Coefficients::Format(Format::F32), 1.0025),
        ("exp(x)", 0.0, 1.0, 16, Coefficients::Format(Format::F64), 400.0),
        ("exp(x)", -1.0, 1.0, 5, Coefficients::Fixed(16), 1.3),
        ("exp(x)", -1.0, 1.0, 3, Coefficients::Format(Format::BF16), 1.3),
    ] {
        let center = Some(0.0);
        let choice = Choice { coefficients, center, ..Choice::default() };
        let p = approximate(text, degree, &[(low, high)], &choice);
        let ratio = p.error().bound / p.best();
        assert!(ratio <= most, "{text} {degree} {coefficients}: {ratio}");
        for (k, &a) in p.coefficients().iter().enumerate() {
            assert_eq!(p.exact(k).map(|exact| exact.to_f64().value()), Some(a));
            match coefficients {
                Coefficients::Format(Format::F32) => assert_eq!(f64::from(a as f32), a),
                Coefficients::Format(Format::BF16) => assert_eq!(a.to_bits() << 19, 0),
                Coefficients::Fixed(bits) => {
                    assert_eq!((a * 2f64.powi(bits.cast_signed())).fract(), 0.0);
                }
                _ => {}
            }
        }
    }
    // What is given must be of the format too.
    let fixed = vec![(0, 0.1)];
    let choice =
        Choice { fixed, coefficients: Coefficients::Format(Format::F16), ..Choice::default() };
    let exp = Function::parse("exp(x)").unwrap();
    let error = Approximation::new(&exp, 3, &[(-1.0, 1.0)], &choice).unwrap_err();
    assert!(error.to_string().contains("0.1 for degree 0 is no number of float16"), "{error}");
    // exp(11) is above the largest half.
    let choice = Choice { coefficients: Coefficients::Format(Format::F16), ..Choice::default() };
    let error = Approximation::new(&exp, 2, &[(10.0, 12.0)], &choice).unwrap_err();
    assert!(error.to_string().contains("the largest number of float16, 6.5504e4"), "{error}");
}

#[test]
fn formats_have_names() {
    for name in
        ["exact", "float64", "float32", "float16", "bfloat16", "2", "53", "fixed0", "fixed53"]
    {
        assert_eq!(name.parse::<Coefficients>().unwrap().to_string(), name);
    }
    for name in ["", "1", "54", "fixed", "fixed-1", "fixed54", "float8", "float32 "] {
        let error = name.parse::<Coefficients>().unwrap_err().to_string();
        assert!(error.contains(&format!("{name:?}")), "{error}");
    }
}

#[test]
fn bounds_stay_bounds_as_text() {
    let mut x = 1e-300;
    while x < 1e300 {
        x *= 1.37;
        for decimals in [0, 4, 6] {
            let [low, high] = [false, true]
                .map(|up| maclaurin::scientific(x, decimals, up).parse::<f64>().unwrap());
            let unit = 10f64.powi(-(decimals as i32));
            assert!(
                low <= x && x <= high && high - low <= 2.0 * unit * high,
                "{x:e} {low:e} {high:e}"
            );
        }
    }
}

/// Spaces without Haar's condition, against linear programming on 4001 points of the range (`HiGHS`).
#[test]
fn any_degrees_have_their_best_polynomial() {
    let cases: [(&str, f64, &[usize], f64); 11] = [
        ("exp", 1.0, &[0, 50], 1.175_201_19),
        ("exp", 1.0, &[0, 2, 4], 1.175_201_19),
        ("exp", 1.0, &[1, 50], 1.419_170_74),
        ("exp", 1.0, &[2], 1.245_716_26),
        ("exp", 1.0, &[1, 2], 1.0),
        ("exp", 1.0, &[1, 3, 5], 1.543_080_63),
        ("exp", 1.0, &[0, 4, 5], 0.511_601_12),
        ("exp", 1.0, &[3, 7], 1.543_080_63),
        ("softplus", 4.0, &[1, 3, 5], 2.018_149_92),
        ("softplus", 4.0, &[2, 4], 2.0),
        ("softplus", 4.0, &[0, 2, 3], 0.672_902_46),
    ];
    for (text, high, degrees, best) in cases {
        let choice = Choice { degrees: Some(degrees.to_vec()), ..Choice::default() };
        let function = Function::parse(text).unwrap();
        let p = Approximation::new(&function, 50, &[(-high, high)], &choice).unwrap();
        let what = format!("{text} {degrees:?}: {:?}, {}", p.error(), p.best());
        assert!(p.error().bound < 1.002 * best && p.error().bound >= best * (1.0 - 1e-6), "{what}");
        assert!((p.best() / best - 1.0).abs() < 1e-6, "{what}");
    }
}
