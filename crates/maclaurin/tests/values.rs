//! Series as values: operations on them against integers that others computed, and identities.

use maclaurin::{Error, Exact, Rational, Series, Singularity, laurent, taylor};
use proptest::prelude::*;
use serde_json::Value as Json;

fn series(text: &str, order: usize) -> Series {
    taylor(text, order, "0").unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The exact coefficients as text.
fn exact(series: &Series) -> Vec<String> {
    (0..=series.order()).map(|k| series.exact(k).unwrap().to_string()).collect()
}

/// `a_k k!` as text.
fn times_factorials(series: &Series) -> Vec<String> {
    let mut factorial = Rational::ONE;
    (0..=series.order())
        .map(|k| {
            if k > 0 {
                factorial *= Rational::from(k as u64);
            }
            (series.exact(k).unwrap().as_rational().unwrap() * &factorial).to_string()
        })
        .collect()
}

#[test]
fn reverting_gives_the_catalan_numbers() {
    let catalan = series("x - x^2", 12).revert().unwrap();
    // OEIS A000108.
    let numbers =
        ["0", "1", "1", "2", "5", "14", "42", "132", "429", "1430", "4862", "16796", "58786"];
    assert_eq!(exact(&catalan), numbers);
    assert_eq!(catalan.coefficients()[12], 58786.0);
}

#[test]
fn quotients_and_compositions_give_known_integers() {
    // Bernoulli numbers (OEIS A027641/A027642), with B_1 = -1/2.
    let bernoulli = (&series("x", 8) / &series("exp(x) - 1", 8)).unwrap();
    assert_eq!(
        times_factorials(&bernoulli),
        ["1", "-1/2", "1/6", "0", "-1/30", "0", "1/42", "0", "-1/30"]
    );
    // Euler numbers (OEIS A028296).
    let euler = ("1" / &series("cosh(x)", 8)).unwrap();
    assert_eq!(times_factorials(&euler), ["1", "0", "-1", "0", "5", "0", "-61", "0", "1385"]);
    // Bell numbers (OEIS A000110).
    let bell = series("exp(x)", 8).compose(&series("expm1(x)", 8)).unwrap();
    assert_eq!(times_factorials(&bell), ["1", "1", "2", "5", "15", "52", "203", "877", "4140"]);
    // Tangent numbers (OEIS A000182).
    let tangent = (&series("sin(x)", 9) / &series("cos(x)", 9)).unwrap();
    assert_eq!(
        times_factorials(&tangent),
        ["0", "1", "0", "2", "0", "16", "0", "272", "0", "7936"]
    );
    // Rooted labelled trees: the tree function, inverse of x exp(-x) (OEIS A000169).
    let tree = series("x*exp(-x)", 7).revert().unwrap();
    assert_eq!(times_factorials(&tree), ["0", "1", "2", "9", "64", "625", "7776", "117649"]);
}

#[test]
fn reverting_known_functions_gives_their_inverses() {
    for (function, inverse, at) in [
        ("sin(x)", "asin(x)", "0"),
        ("tan(x)", "atan(x)", "0"),
        ("exp(x)", "log(x)", "0"),
        ("log(x)", "exp(x)", "1"),
        ("x^2", "sqrt(x)", "3"),
        ("sinh(x)", "asinh(x)", "0"),
        ("x^3", "cbrt(x)", "-2"),
        ("sigmoid(x)", "logit(x)", "0"),
        ("cos(x)", "acos(x)", "pi/3"),
    ] {
        let inverted = taylor(function, 20, at).unwrap().revert().unwrap();
        let known = taylor(inverse, 20, inverted.at()).unwrap();
        assert_eq!(inverted.coefficients(), known.coefficients(), "{function}");
        assert_eq!(inverted.degrees(), known.degrees(), "{function}");
    }
}

#[test]
fn bad_operands_are_refused_by_name() {
    let (f, g) = (series("exp(x)", 4), taylor("exp(x)", 4, "1").unwrap());
    assert!(matches!((&f + &g).unwrap_err(), Error::DifferentPoints { .. }));
    let error = series("log(1 + x)", 4).compose(&series("cos(x)", 4)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the inner series has the value 1 at 0, which is not proven to be the expansion point 0 of the \
         outer one: expand the outer one about it with shift"
    );
    assert!(matches!(series("x^2", 4).revert().unwrap_err(), Error::NotRevertible { .. }));
    assert!(matches!((&f / &series("sin(x)", 4)).unwrap_err(), Error::NotAnalytic(_)));
    assert!(matches!(f.truncate(5).unwrap_err(), Error::Choice { option: "order", .. }));
    assert!(matches!((&f + "1 +").unwrap_err(), Error::Parse(_)));
    assert!(matches!(f.integral("x").unwrap_err(), Error::Parse(_)));
    let integral = f.integral("0").unwrap();
    assert!(matches!(integral.shift("1").unwrap_err(), Error::NoFunction { .. }));
    let large = series("x + x^2", 1001);
    assert!(matches!(large.revert().unwrap_err(), Error::OrderTooLarge { limit: 1000, .. }));
}

#[test]
fn operations_that_are_repeated_end_with_an_error() {
    let mut sum = series("sin(x)", 3).integral("0").unwrap();
    let error = (0..300).find_map(|_| match &sum + &sum {
        Ok(next) => {
            sum = next;
            None
        }
        Err(error) => Some(error),
    });
    assert!(matches!(error, Some(Error::TooManyOperations { .. })));
    let mut nested = series("x + x^2", 3);
    let error = (0..300).find_map(|_| match nested.compose(&nested) {
        Ok(next) => {
            nested = next;
            None
        }
        Err(error) => Some(error),
    });
    assert!(matches!(error, Some(Error::Parse(_))), "{error:?}");
    let mut integral = series("exp(x)", 3);
    let error = (0..300).find_map(|_| match integral.integral("1") {
        Ok(next) => {
            integral = next;
            None
        }
        Err(error) => Some(error),
    });
    assert!(matches!(error, Some(Error::TooManyOperations { .. })));
}

/// What python-flint and SymPy found; `oracle/values.py` made it.
fn oracle(list: &str) -> Vec<Json> {
    let mut data: Json = serde_json::from_str(include_str!("oracle/values.json")).unwrap();
    let Json::Array(cases) = data[list].take() else { panic!("{list} is a list") };
    assert!(cases.len() >= 20);
    cases
}

fn rationals(list: &Json) -> Vec<Rational> {
    let fraction = |entry: &Json| {
        let (numerator, denominator) = entry.as_str().unwrap().split_once('/').unwrap();
        Rational::from_parts(numerator.parse().unwrap(), denominator.parse().unwrap())
    };
    list.as_array().unwrap().iter().map(fraction).collect()
}

fn rational(exact: &Exact) -> Rational {
    exact.as_rational().unwrap().clone()
}

fn coefficients(series: &Series) -> Vec<Rational> {
    (0..=series.order()).map(|k| rational(series.exact(k).unwrap())).collect()
}

/// The same coefficients by way of an integral, which hides the function.
fn without_function(f: &Series) -> Series {
    let longer = Series::new(f.function().unwrap(), f.order() + 1, f.at()).unwrap();
    let constant = f.exact(0).unwrap().to_string();
    let hidden = longer.derivative().unwrap().integral(&constant).unwrap();
    assert!(hidden.function().is_none());
    hidden.truncate(f.order()).unwrap()
}

#[test]
fn reversions_are_those_of_flint() {
    for case in oracle("reversions") {
        let f = series(case["function"].as_str().unwrap(), 14);
        let inverse = f.revert().unwrap();
        assert_eq!(coefficients(&inverse), rationals(&case["inverse"]), "{case}");
        assert_eq!(inverse.revert().unwrap(), f);
        let round = without_function(&f).compose(&inverse).unwrap();
        assert_eq!(round, series("x", 14), "{case}");
    }
}

#[test]
fn compositions_are_those_of_flint() {
    for case in oracle("compositions") {
        let [f, g] = ["outer", "inner"].map(|name| series(case[name].as_str().unwrap(), 14));
        let expected = rationals(&case["coefficients"]);
        assert_eq!(coefficients(&f.compose(&g).unwrap()), expected, "{case}");
        let derived = without_function(&f).compose(&without_function(&g)).unwrap();
        assert_eq!(coefficients(&derived), expected, "{case}");
        assert!(derived.function().is_none());
    }
}

#[test]
fn pade_approximants_are_those_of_exact_linear_algebra() {
    for case in oracle("quotients") {
        let degree = |name: &str| case[name].as_u64().unwrap() as usize;
        let f = series(case["function"].as_str().unwrap(), 10);
        match (f.pade(degree("m"), degree("n")), &case["quotient"]) {
            (Ok(pade), Json::Array(quotient)) => {
                let (numerator, denominator) = pade.exact().unwrap();
                let [p, q] =
                    [numerator, denominator].map(|c| c.iter().map(rational).collect::<Vec<_>>());
                assert_eq!([p, q], [rationals(&quotient[0]), rationals(&quotient[1])], "{case}");
                let again = taylor(&pade.to_string(), degree("m") + degree("n"), "0").unwrap();
                assert_eq!(again, f.truncate(again.order()).unwrap(), "{case}");
            }
            (Err(Error::NoPade { near: (m, n), .. }), Json::Null) => assert!(f.pade(m, n).is_ok()),
            (found, _) => panic!("{case}: {found:?}"),
        }
    }
}

#[test]
fn pade_approximants_of_enclosed_coefficients_are_correctly_rounded() {
    // By hand for [1/1]: p = a_0 + (a_1 + a_0 b) t and q = 1 + b t with b = -a_2/a_1.
    for (text, at) in [("exp(x)", "1"), ("sigmoid(x)", "1"), ("log(x)", "pi"), ("gelu", "0.3")] {
        let f = taylor(text, 8, at).unwrap();
        let pade = f.pade(1, 1).unwrap();
        let a: Vec<_> = (0..3).map(|k| f.enclosure(k, 200).unwrap().bounds().unwrap().0).collect();
        let b = -&a[2] / &a[1];
        let nearest = |value: Rational| value.to_f64().value();
        assert_eq!(pade.denominator(), [1.0, nearest(b.clone())], "{text}");
        assert_eq!(pade.numerator(), [nearest(a[0].clone()), nearest(&a[1] + &a[0] * b)], "{text}");
        let large = f.pade(4, 4).unwrap();
        let x = f.at_f64() + 0.5;
        let truth = f.function().unwrap().evaluate(x);
        assert!((large.evaluate(x) - truth).abs() < 1e-6 * truth.abs(), "{text}");
    }
}

#[test]
fn laurent_series_are_those_of_sympy() {
    for case in oracle("poles") {
        let text = case["function"].as_str().unwrap();
        let laurent = laurent(text, 4, "0").unwrap();
        let lowest = -(laurent.order_of_pole() as i64);
        let found: Vec<_> = (lowest..=4).map(|k| rational(laurent.exact(k).unwrap())).collect();
        assert_eq!(found, rationals(&case["coefficients"]), "{text}");
        let again = self::laurent(&laurent.to_string(), 4, "0").unwrap();
        assert_eq!(again.analytic(), laurent.analytic(), "{text}");
    }
}

#[test]
fn laurent_series_are_of_poles_alone() {
    for (text, at, order) in
        [("tan(x)", "pi/2", 1), ("1/x^7", "0", 7), ("exp(x)", "1", 0), ("1/(1-x)^2", "1", 2)]
    {
        assert_eq!(laurent(text, 3, at).unwrap().order_of_pole(), order, "{text}");
    }
    for (text, kind) in [
        ("exp(1/x)", Singularity::EssentialSingularity),
        ("log(x)", Singularity::BranchPoint),
        ("1/sqrt(x)", Singularity::BranchPoint),
        ("sin(1/x)", Singularity::EssentialSingularity),
        ("1/(sin(x)^2 + cos(x)^2 - 1)", Singularity::Pole),
        ("1/abs(x)", Singularity::Kink),
    ] {
        match laurent(text, 3, "0").unwrap_err() {
            Error::NotAnalytic(reason) => assert_eq!(reason.singularity, kind, "{text}"),
            other => panic!("{text}: {other}"),
        }
    }
    assert!(matches!(laurent("1/x^20000", 3, "0"), Err(Error::PoleTooHigh { pole: 20_000, .. })));
    assert!(matches!(laurent("1/x^(10^30)", usize::MAX, "0"), Err(Error::OrderTooLarge { .. })));
    let error = taylor("1 + 1/sin(x)^2", 3, "0").unwrap_err().to_string();
    assert!(
        error.ends_with("or ask for the Laurent series (laurent): this pole is of order 2"),
        "{error}"
    );
    assert!(!taylor("exp(1/x)", 3, "0").unwrap_err().to_string().contains("laurent"));
}

#[test]
fn series_without_a_function_compute_like_those_with_one() {
    let texts = ["exp(x)", "1 + sin(x)", "1/(1 + x^2)", "2 - x + x^3", "sqrt(1 + x)", "x*cos(x)"];
    for (f, g) in texts.iter().flat_map(|f| texts.iter().map(move |g| (series(f, 9), series(g, 9))))
    {
        let (a, b) = (without_function(&f), without_function(&g));
        assert_eq!(a, f);
        assert_eq!(&a + &b, &f + &g);
        assert_eq!(&a - &g, &f - &g);
        assert_eq!(&f * &b, &f * &g);
        assert_eq!(-&a, -&f);
        assert_eq!((&a * "x").unwrap().truncate(4), (&f * "x").unwrap().truncate(4));
        if g.exact(0).unwrap().is_zero() {
            assert!(matches!(&a / &b, Err(Error::NotAnalytic(_))) || f.exact(0) == g.exact(0));
        } else {
            assert_eq!(&a / &b, &f / &g);
            assert_eq!(b.power("-1/2"), g.power("-1/2"));
        }
        assert_eq!(a.power("3"), f.power("3"));
        assert_eq!(a.derivative(), f.derivative());
        assert_eq!(a.pade(2, 2).map(|p| p.to_string()), f.pade(2, 2).map(|p| p.to_string()));
    }
    // A removable singularity: one more term of both is known.
    let quotient =
        (&without_function(&series("sin(x)", 8)) / &without_function(&series("x", 8))).unwrap();
    assert_eq!(quotient, series("sin(x)/x", 8));
}

#[test]
fn derivatives_and_integrals_undo_each_other_and_keep_the_radius() {
    for (text, at) in [
        ("exp(x)", "1"),
        ("tan(x)", "1/2"),
        ("gelu", "0"),
        ("mish", "0.3"),
        ("1/(1 + x^2)", "1"),
        ("abs(x)", "2"),
        ("erlang_cdf(x, 3, 2)", "1/3"),
        ("log(1 + exp(x))", "0"),
        ("acosh(x)", "3"),
        ("x^x", "1"),
        ("cbrt(x)", "-1"),
    ] {
        let f = taylor(text, 7, at).unwrap();
        let (integral, slope) = (f.integral("3/2").unwrap(), f.derivative().unwrap());
        assert_eq!(integral.derivative().unwrap(), f, "{text}");
        assert_eq!((integral.order(), slope.order()), (8, 6));
        assert!(slope.function().is_some(), "{text}");
        for degree in 0..=6 {
            let exact = f.enclosure(degree + 1, 100).unwrap().bounds().unwrap();
            let found = slope.enclosure(degree, 100).unwrap().bounds().unwrap();
            let k = Rational::from(degree as u64 + 1);
            assert!(found.0 <= exact.1 * &k && exact.0 * &k <= found.1, "{text}, degree {degree}");
        }
        assert_eq!(integral.radius(), f.radius());
        let (own, other) = (f.radius(), slope.radius());
        assert!(own.lower <= other.upper && other.lower <= own.upper, "{text}: {own} and {other}");
        let low = f.at_f64() - 0.2;
        assert!(slope.error_bound(low, low + 0.4).unwrap().bound < 0.1, "{text}");
    }
}

#[test]
fn equality_is_a_proof() {
    assert_eq!(series("sin(x)^2 + cos(x)^2", 5), series("1", 5));
    assert_ne!(series("exp(x) + 10^-300*x^4", 5), series("exp(x)", 5));
    assert_ne!(series("exp(x)", 5), series("exp(x)", 4));
    assert_ne!(series("exp(x)", 5), taylor("exp(x)", 5, "1").unwrap());
    assert_eq!(taylor("sigmoid(x)", 5, "1").unwrap(), taylor("sigmoid(x)", 5, "2/2").unwrap());
    let root = |at| taylor("x^2", 3, at).unwrap().revert().unwrap();
    assert_ne!(root("1"), root("-1"));
    let irrational = taylor("sigmoid(x)", 3, "1").unwrap().integral("0").unwrap();
    assert_eq!(irrational, irrational.clone());
}

/// A random polynomial with integer coefficients and a constant term.
fn polynomial(constant: std::ops::RangeInclusive<i64>) -> impl Strategy<Value = String> {
    (constant, prop::collection::vec(-5i64..=5, 1..6)).prop_map(|(constant, rest)| {
        let terms = rest.iter().enumerate().map(|(k, c)| format!(" + ({c})*x^{}", k + 1));
        format!("({constant}){}", terms.collect::<String>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn division_undoes_multiplication(f in polynomial(-3..=3), g in polynomial(1..=4)) {
        let (f, g) = (series(&f, 8), series(&format!("exp({g} - 1)"), 8));
        let (f, g) = (&f, &(&g * "1/2").unwrap());
        prop_assert_eq!(&(&(&(f * g).unwrap() / g).unwrap()), &f);
    }

    #[test]
    fn a_quotient_agrees_with_its_series(f in polynomial(1..=4), m in 0usize..5, n in 0usize..5) {
        let f = series(&format!("log({f})"), m + n);
        prop_assume!(f.exact(0).unwrap().is_zero());
        if let Ok(pade) = f.pade(m, n) {
            prop_assert_eq!(taylor(&pade.to_string(), m + n, "0").unwrap(), f);
        }
    }
}
