//! Padé approximants: their poles against those that are known, and their error against values.

use maclaurin::{Function, Series, taylor};

#[test]
fn poles_are_where_they_are_known_to_be() {
    for (text, at, m, n, zeros) in [
        ("1/(1 - x)", "0", 2, 2, &[(1.0, 0.0)][..]),
        ("1/((1 - x)*(2 - x)*(3 + x))", "0", 1, 4, &[(1.0, 0.0), (2.0, 0.0), (-3.0, 0.0)]),
        ("1/(1 + x^2)", "0", 2, 2, &[(0.0, 1.0), (0.0, -1.0)]),
        ("1/(1 + x^2)", "1", 0, 2, &[(0.0, 1.0), (0.0, -1.0)]),
        ("1/(x - pi)", "3", 0, 1, &[(std::f64::consts::PI, 0.0)]),
        ("1 + x", "0", 1, 1, &[]),
        ("x/(1e-12 + x^2)", "1", 1, 2, &[(0.0, 1e-6), (0.0, -1e-6)]),
        ("1/(1 - 1e9*x + x^2)", "0", 0, 2, &[(1e-9, 0.0), (1e9, 0.0)]),
    ] {
        let series = taylor(text, m + n, at).unwrap();
        let poles = series.pade(m, n).unwrap().poles().unwrap();
        assert_eq!(poles.len(), zeros.len(), "{text}: {poles:?}");
        for (re, im) in zeros {
            let near = |p: &&maclaurin::Poles| {
                (p.re - re).hypot(p.im - im) <= p.radius + 4e-16 * re.hypot(*im)
            };
            let pole = poles.iter().find(near).unwrap_or_else(|| panic!("{text}: {poles:?}"));
            assert_eq!((pole.count, pole.is_real()), (1, *im == 0.0), "{text}: {poles:?}");
            assert!(pole.radius <= 1e-13 * re.hypot(*im).max(0.1), "{text}: {poles:?}");
        }
    }
    let double = taylor("1/(1 - x)^2", 4, "0").unwrap().pade(2, 2).unwrap().poles().unwrap();
    assert_eq!((double.len(), double[0].count), (1, 2));
    assert!((double[0].re - 1.0).abs() <= double[0].radius && double[0].radius < 1e-5);
}

/// Where a pole is real, the denominator changes its sign across its disc.
#[test]
fn real_poles_are_changes_of_the_denominators_sign() {
    for text in ["exp(x)", "log(1 + x)/x", "tan(x)", "gamma(1 + x)", "sqrt(1 + x)", "erf(x)/x"] {
        for n in 1..=12 {
            let Ok(series) = taylor(text, 2 * n, "0") else { panic!("{text}") };
            let Ok(pade) = series.pade(n, n) else { continue };
            let poles = pade.poles().unwrap();
            let count: usize = poles.iter().map(|pole| pole.count).sum();
            assert_eq!(count, pade.denominator().len() - 1, "{text}, {n}");
            let q = |x: f64| pade.denominator().iter().rev().fold(0.0, |sum, c| sum * x + c);
            for pole in poles.iter().filter(|pole| pole.is_real()) {
                let step = (1e-6 * pole.re.abs()).max(2.0 * pole.radius);
                let signs = [q(pole.re - step), q(pole.re + step)].map(f64::signum);
                assert!(signs[0] != signs[1], "{text}, {n}: {pole:?}");
            }
        }
    }
}

#[test]
fn bounds_are_above_the_errors_seen() {
    for (text, at, m, n, low, high) in [
        ("exp(x)", "0", 3, 3, -1.0, 1.0),
        ("exp(x)", "0", 6, 6, -0.5, 0.5),
        ("log(1 + x)", "0", 3, 3, 0.0, 2.0),
        ("tan(x)", "0", 3, 4, -1.2, 1.2),
        ("sqrt(1 + x)", "0", 2, 2, -0.9, 5.0),
        ("exp(x)", "1", 2, 2, 0.0, 2.0),
        ("sigmoid(x)", "0", 5, 4, -3.0, 3.0),
        ("sin(x) + exp(x/3)", "1/2", 5, 5, 0.0, 1.0),
        ("lgamma(x)", "5/2", 2, 2, 2.0, 3.0),
    ] {
        let series = taylor(text, m + n, at).unwrap();
        let pade = series.pade(m, n).unwrap();
        let error = pade.error_bound(low, high).unwrap_or_else(|error| panic!("{text}: {error}"));
        let f = Function::parse(text).unwrap();
        let mut seen = 0f64;
        for i in 0..=1000 {
            let x = low + (high - low) * f64::from(i) / 1000.0;
            seen = seen.max((pade.evaluate(x) - f.evaluate(x)).abs());
        }
        assert!(error.bound >= seen - 4e-15, "{text}: {error:?}, seen {seen:e}");
        assert!(error.bound <= 1.1 * seen + 4e-15, "{text}: {error:?}, seen {seen:e}");
    }
}

#[test]
fn bounds_are_refused_across_a_pole() {
    let pade = taylor("tan(x)", 3, "0").unwrap().pade(1, 2).unwrap();
    for (low, high) in [(0.0, 2.0), (-2.0, 2.0), (3f64.sqrt(), 3f64.sqrt())] {
        assert!(pade.error_bound(low, high).is_err(), "{low}, {high}");
    }
    assert!(pade.error_bound(1.0, 0.0).is_err());
    // Of an integral no expression says what the function is.
    let integral = taylor("exp(-x^2)", 4, "0").unwrap().integral(0).unwrap();
    assert!(integral.pade(2, 2).unwrap().error_bound(0.0, 0.1).is_err());
}

/// Random approximants on random ranges: no value in doubles is farther off than the bound says. The
/// numbers come from `MACLAURIN_SEED`, as many cases as `MACLAURIN_CASES` says.
#[test]
fn no_bound_is_below_an_error() {
    const FUNCTIONS: [&str; 16] = [
        "exp(x)",
        "log(2 + x)",
        "sin(2*x)",
        "tan(x)",
        "sqrt(3 + x)",
        "1/(1 + x^2)",
        "atan(3*x)",
        "sigmoid(x)",
        "erf(x)",
        "gelu(x)",
        "lgamma(x + 2)",
        "lgamma(x - 3/2)",
        "dawson(2*x)",
        "exp(sin(x)) + x^3",
        "x/(exp(x) + 1)",
        "cosh(x)/(4 + x)",
    ];
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let mut state = number("MACLAURIN_SEED").unwrap_or(1) ^ 0x9ade_0001;
    let mut below = |limit: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let (mut bounded, mut refused) = (0, 0);
    for _ in 0..number("MACLAURIN_CASES").unwrap_or(200) {
        let text = FUNCTIONS[below(16) as usize];
        let (m, n) = (below(6) as usize, below(6) as usize);
        let at = ["0", "1/3", "-1/4", "0.3"][below(4) as usize];
        let Ok(series) = Function::parse(text).map(|f| Series::new(&f, m + n, at)).unwrap() else {
            continue;
        };
        let Ok(pade) = series.pade(m, n) else { continue };
        let low = below(2000) as f64 / 1000.0 - 1.2;
        let high = low + below(1200) as f64 / 1000.0;
        let Ok(error) = pade.error_bound(low, high) else {
            refused += 1;
            continue;
        };
        bounded += 1;
        for i in 0..=64 {
            let x = low + (high - low) * f64::from(i) / 64.0;
            let (value, truth) = (pade.evaluate(x), series.function().unwrap().evaluate(x));
            // Rounding errors of both values; the quotient's grows near a pole.
            let rounding = 1e-13 * (1.0 + value.abs() + truth.abs());
            let off = (value - truth).abs();
            assert!(
                off <= error.bound + rounding,
                "{text}, {at}, [{m}/{n}] at {x}: {off:e}, {error:?}"
            );
        }
    }
    assert!(bounded > 3 * refused, "{bounded} bounded, {refused} refused");
}
