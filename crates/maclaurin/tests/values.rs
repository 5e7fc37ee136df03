//! Series as values: operations on them against integers that others computed, and identities.

use maclaurin::{Error, Series, taylor};

fn series(text: &str, order: usize) -> Series {
    taylor(text, order, "0").unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The exact coefficients as text.
fn exact(series: &Series) -> Vec<String> {
    (0..=series.order()).map(|k| series.exact(k).unwrap().to_string()).collect()
}

/// `a_k k!` as text.
fn times_factorials(series: &Series) -> Vec<String> {
    let mut factorial = maclaurin::Rational::ONE;
    (0..=series.order())
        .map(|k| {
            if k > 0 {
                factorial *= maclaurin::Rational::from(k as u64);
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
    assert!(matches!(f.truncate(5).unwrap_err(), Error::NoSuchDegree { .. }));
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
