//! Identities that hold for every series, on random ones.

use maclaurin::{Function, Rational, Series};
use proptest::prelude::*;

const ORDER: usize = 8;

/// A random polynomial as its coefficients; the constant term is `constant`.
fn polynomial(constant: i64) -> impl Strategy<Value = Vec<Rational>> {
    prop::collection::vec((-9i64..=9, 1u64..=9), 1..=6).prop_map(move |pairs| {
        let rest = pairs.into_iter().map(|(p, q)| Rational::from_parts(p.into(), q.into()));
        std::iter::once(Rational::from(constant)).chain(rest).collect()
    })
}

fn text(coefficients: &[Rational]) -> String {
    let term = |(k, q): (usize, &Rational)| format!("({q})*x^{k}");
    let terms: Vec<_> = coefficients.iter().enumerate().map(term).collect();
    format!("({})", terms.join(" + "))
}

fn derivative(coefficients: &[Rational]) -> Vec<Rational> {
    let rising = coefficients.iter().enumerate().skip(1);
    rising.map(|(k, q)| q * Rational::from(k as u64)).collect()
}

/// The exact coefficients; all of them are rational.
fn rationals(text: &str, order: usize) -> Vec<Rational> {
    let series = Series::new(&Function::parse(text).unwrap(), order, "0").unwrap();
    (0..=order)
        .map(|k| series.exact(k).and_then(|exact| exact.as_rational()).expect(text).clone())
        .collect()
}

fn product(a: &[Rational], b: &[Rational]) -> Vec<Rational> {
    let mut product = vec![Rational::ZERO; ORDER + 1];
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate().take_while(|(j, _)| i + j <= ORDER) {
            product[i + j] += a * b;
        }
    }
    product
}

fn padded(mut coefficients: Vec<Rational>) -> Vec<Rational> {
    coefficients.resize(ORDER + 1, Rational::ZERO);
    coefficients
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn exp_undoes_log(f in polynomial(1)) {
        prop_assert_eq!(rationals(&format!("exp(log({}))", text(&f)), ORDER), padded(f));
    }

    #[test]
    fn log_undoes_exp(f in polynomial(0)) {
        prop_assert_eq!(rationals(&format!("log(exp({}))", text(&f)), ORDER), padded(f));
    }

    #[test]
    fn squares_of_sine_and_cosine_sum_to_one(f in polynomial(0)) {
        let f = text(&f);
        let one = padded(vec![Rational::ONE]);
        prop_assert_eq!(rationals(&format!("sin({f})^2 + cos({f})^2"), ORDER), one.clone());
        prop_assert_eq!(rationals(&format!("cosh({f})^2 - sinh({f})^2"), ORDER), one);
    }

    #[test]
    fn division_undoes_multiplication(f in polynomial(3), g in polynomial(-2), zeros in 0usize..4) {
        // The divisor starts with some zeros: removable singularities.
        let g = format!("{}*x^{zeros}", text(&g));
        prop_assert_eq!(rationals(&format!("({}*{g})/({g})", text(&f)), ORDER), padded(f));
    }

    #[test]
    fn multiplication_is_that_of_polynomials(f in polynomial(3), g in polynomial(-2)) {
        prop_assert_eq!(rationals(&format!("{}*{}", text(&f), text(&g)), ORDER), product(&f, &g));
    }

    #[test]
    fn composition_is_that_of_polynomials(f in polynomial(0)) {
        // exp(f) = sum f^k / k!, of which f(0) = 0 leaves finitely many up to any order.
        let mut power = padded(vec![Rational::ONE]);
        let mut sum = power.clone();
        for k in 1..=ORDER as u64 {
            power = product(&power, &f).iter().map(|q| q / Rational::from(k)).collect();
            for (sum, term) in sum.iter_mut().zip(&power) {
                *sum += term;
            }
        }
        prop_assert_eq!(rationals(&format!("exp({})", text(&f)), ORDER), sum);
    }

    #[test]
    fn derivatives_of_integrals_are_the_integrands(f in polynomial(0)) {
        let slope = text(&derivative(&f));
        let f = text(&f);
        for (function, integrand) in [
            (format!("atan({f})"), format!("{slope}/(1 + {f}^2)")),
            (format!("atanh({f})"), format!("{slope}/(1 - {f}^2)")),
            (format!("asin({f})"), format!("{slope}/sqrt(1 - {f}^2)")),
            (format!("asinh({f})"), format!("{slope}/sqrt(1 + {f}^2)")),
            (format!("log(1 + {f})"), format!("{slope}/(1 + {f})")),
            (format!("tan({f})"), format!("{slope}/cos({f})^2")),
            (format!("tanh({f})"), format!("{slope}/cosh({f})^2")),
        ] {
            let derived = derivative(&rationals(&function, ORDER + 1));
            prop_assert_eq!(derived, rationals(&integrand, ORDER));
        }
    }

    #[test]
    fn powers_are_repeated_products(f in polynomial(2), n in 0usize..7) {
        let product = vec![text(&f); n].join("*");
        let product = if n == 0 { "1".into() } else { product };
        prop_assert_eq!(rationals(&format!("{}^{n}", text(&f)), ORDER), rationals(&product, ORDER));
        prop_assert_eq!(
            rationals(&format!("({0}^2)^({n}/2)", text(&f)), ORDER),
            rationals(&product, ORDER)
        );
    }

    #[test]
    fn the_point_of_expansion_shifts_the_polynomial(f in polynomial(1), at in -5i64..=5) {
        let series = Series::new(&Function::parse(&text(&f)).unwrap(), 6, at.to_string()).unwrap();
        let shifted = text(&f).replace('x', &format!("(x + ({at}))"));
        let expected = rationals(&shifted, 6);
        for (k, expected) in expected.iter().enumerate() {
            prop_assert_eq!(series.exact(k).unwrap().as_rational(), Some(expected));
        }
    }

    #[test]
    fn reading_never_panics(text in "[x0-9a-z+*/^(). ,-]{0,40}") {
        if let Ok(function) = Function::parse(&text) {
            let _ = Series::new(&function, 3, "1/2");
        }
    }
}
