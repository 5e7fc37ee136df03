//! The Erlang distribution's cumulative distribution function of `u = rate x`, shape `k`: the
//! regularised incomplete gamma function `P(k, u)` (DLMF 8.4.9), continued analytically to `u < 0`.

use super::recurrence::{derivative, integral, multiply, negate, power};
use super::{Analytic, Builtin, Exp};
use crate::number::{Exact, Rational};

/// `1 - e^(-u) sum_(n<k) u^n / n!`
pub(crate) fn value<A: Analytic>(a: &A, u: &A::Number, shape: u32) -> A::Number {
    with_decay(a, u, shape, &a.apply::<Exp>(&a.negate(u)))
}

/// [`value`] with `e^(-u)` given, by Horner's rule.
fn with_decay<A: Analytic>(a: &A, u: &A::Number, shape: u32, decay: &A::Number) -> A::Number {
    let one = a.integer(1);
    let sum = (1..shape).rev().fold(one.clone(), |sum, n| {
        a.add(&one, &a.divide(&a.multiply(&sum, u), &a.integer(n.into())))
    });
    a.subtract(&one, &a.multiply(decay, &sum))
}

/// [`value`] in double precision.
pub(crate) fn double(u: f64, shape: u32) -> f64 {
    let (mut term, mut sum) = (1.0, 0.0);
    for n in 0..shape {
        sum += term;
        term *= u / f64::from(n + 1);
    }
    1.0 - (-u).exp() * sum
}

/// `y' = u' u^(k-1) e^(-u) / (k-1)!` (DLMF 8.8.13)
pub(crate) fn series<A: Analytic>(a: &A, u: &[A::Number], shape: u32) -> Vec<A::Number> {
    let decay = Exp::series(a, &negate(a, u));
    let constant = with_decay(a, &u[0], shape, &decay[0]);
    let u_but_last = &u[..u.len() - 1];
    if u_but_last.is_empty() {
        return vec![constant];
    }
    // u^(k-1)/(k-1)!: by multiplication, for u may start at zero.
    let mut density = vec![a.integer(0); u_but_last.len()];
    if a.is_zero(&u[0]) {
        density[0] = a.integer(1);
        for n in 1..shape {
            let scaled = multiply(a, &density, u_but_last);
            density = scaled.iter().map(|c| a.divide(c, &a.integer(n.into()))).collect();
        }
    } else {
        let factorial = (1..shape).fold(Rational::ONE, |product, n| product * Rational::from(n));
        let factor = a.exact(&Exact::from(Rational::ONE / factorial));
        density = power(a, u_but_last, &Rational::from(shape - 1));
        density = density.iter().map(|c| a.multiply(c, &factor)).collect();
    }
    let slope = multiply(a, &multiply(a, &derivative(a, u), &density), &decay[..density.len()]);
    integral(a, constant, &slope)
}
