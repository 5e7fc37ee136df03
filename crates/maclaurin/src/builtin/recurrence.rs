//! The recurrences of power series: multiplication, division, powers, and what follows from a
//! differential equation.
//!
//! For `y = phi(f)` every elementary `phi` satisfies a first-order equation that turns into a
//! recurrence for the coefficients of `y`, so order `n` costs `O(n^2)` operations and no
//! derivative is ever formed symbolically. Griewank and Walther, *Evaluating Derivatives* (2008),
//! chapter 13, tables 13.1 and 13.2; Brent and Kung, *Fast algorithms for manipulating formal
//! power series*, J. ACM 25 (1978), 581 to 595.
//!
//! The equation of a built-in function is in its own file; what they have in common is here.
//!
//! All slices start at degree 0 and are of equal length. Divisors and bases of powers have a
//! leading coefficient known not to be zero; the caller has checked the domain of `phi`.

use crate::number::{Arithmetic, Rational};

/// `f` without the zeros at its end.
pub(super) fn trimmed<'f, A: Arithmetic>(a: &A, f: &'f [A::Number]) -> &'f [A::Number] {
    let used = f.iter().rposition(|c| !a.is_zero(c)).map_or(0, |last| last + 1);
    &f[..used]
}

/// `sum_(i+j=k) f_i g_j` for an `f` and a `g` whose further coefficients are zero.
pub(super) fn coefficient<A: Arithmetic>(
    a: &A,
    f: &[A::Number],
    g: &[A::Number],
    k: usize,
) -> A::Number {
    let first = (k + 1).saturating_sub(g.len());
    let end = f.len().min(k + 1);
    if first >= end {
        return a.integer(0);
    }
    a.convolve(&f[first..end], &g[k + 1 - end..=k - first])
}

/// `-f`
pub(crate) fn negate<A: Arithmetic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
    f.iter().map(|c| a.negate(c)).collect()
}

/// `c_k = sum_i a_i b_(k-i)`
pub(crate) fn multiply<A: Arithmetic>(a: &A, f: &[A::Number], g: &[A::Number]) -> Vec<A::Number> {
    let (short, other) = (trimmed(a, f), trimmed(a, g));
    (0..f.len()).map(|k| coefficient(a, short, other, k)).collect()
}

/// `q_k = (f_k - sum_(j>=1) g_j q_(k-j)) / g_0`
pub(crate) fn divide<A: Arithmetic>(a: &A, f: &[A::Number], g: &[A::Number]) -> Vec<A::Number> {
    let mut quotient: Vec<A::Number> = Vec::with_capacity(f.len());
    let rest = trimmed(a, g.get(1..).unwrap_or_default());
    for k in 0..f.len() {
        let known = if k == 0 { a.integer(0) } else { coefficient(a, rest, &quotient, k - 1) };
        quotient.push(a.divide(&a.subtract(&f[k], &known), &g[0]));
        if k > 0
            && rest.len() > 1
            && a.is_coarse(&quotient[k])
            && let Some(reciprocal) = a.reciprocal(g)
        {
            return multiply(a, f, &reciprocal);
        }
    }
    quotient
}

/// `y = f^r` from `f y' = r f' y`:
/// `k f_0 y_k = (r+1) sum_(j=1..k) j f_j y_(k-j) - k sum_(j=1..k) f_j y_(k-j)`.
pub(crate) fn power<A: Arithmetic>(a: &A, f: &[A::Number], r: &Rational) -> Vec<A::Number> {
    if *r == Rational::NEG_ONE {
        let mut one = vec![a.integer(0); f.len()];
        one[0] = a.integer(1);
        return divide(a, &one, f);
    }
    let derivative = derivative(a, f);
    let slope = trimmed(a, &derivative);
    let rest = &f[1..=slope.len()];
    let factor = a.exact(&(r + Rational::ONE).into());
    let mut y = vec![a.power(&f[0], r)];
    for k in 1..f.len() {
        let weighted = a.multiply(&factor, &coefficient(a, slope, &y, k - 1));
        let plain = a.multiply(&a.integer(k as i64), &coefficient(a, rest, &y, k - 1));
        let divisor = a.multiply(&a.integer(k as i64), &f[0]);
        y.push(a.divide(&a.subtract(&weighted, &plain), &divisor));
        if rest.len() > 1
            && a.is_coarse(&y[k])
            && let Some(reciprocal) = a.reciprocal(f)
        {
            return power_by_logarithm(a, f, &reciprocal, r, y.swap_remove(0));
        }
    }
    y
}

/// `y = f^r` from `y' = (r f'/f) y`, with `1/f` given.
fn power_by_logarithm<A: Arithmetic>(
    a: &A,
    f: &[A::Number],
    reciprocal: &[A::Number],
    r: &Rational,
    constant: A::Number,
) -> Vec<A::Number> {
    let factor = a.exact(&r.clone().into());
    let slope = multiply(a, &derivative(a, f), &reciprocal[..f.len() - 1]);
    let slope: Vec<_> = slope.iter().map(|c| a.multiply(&factor, c)).collect();
    let mut y = vec![constant];
    for k in 1..f.len() {
        y.push(a.divide(&coefficient(a, &slope, &y, k - 1), &a.integer(k as i64)));
    }
    y
}

/// The coefficients of `f'`, one fewer than those of `f`: `(k+1) f_(k+1)`.
pub(crate) fn derivative<A: Arithmetic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
    let indexed = f.iter().enumerate().skip(1);
    indexed.map(|(k, coefficient)| a.multiply(&a.integer(k as i64), coefficient)).collect()
}

/// The antiderivative with the constant term given: `y_k = slope_(k-1) / k`.
pub(crate) fn integral<A: Arithmetic>(
    a: &A,
    constant: A::Number,
    slope: &[A::Number],
) -> Vec<A::Number> {
    let rest = slope.iter().zip(1i64..).map(|(s, k)| a.divide(s, &a.integer(k)));
    std::iter::once(constant).chain(rest).collect()
}

/// `y = phi(f)` where `y_0 = phi(f_0)` and `y' = f' u`, `u` growing along with `y` by `next`:
/// given all of `y` up to degree `k`, the coefficient of degree `k` of `u`.
pub(super) fn solve<A: Arithmetic>(
    a: &A,
    f: &[A::Number],
    constant: A::Number,
    next: impl Fn(&[A::Number]) -> A::Number,
) -> Vec<A::Number> {
    let derivative = derivative(a, f);
    let inner = trimmed(a, &derivative);
    let mut y = vec![constant];
    let mut u = Vec::with_capacity(f.len());
    for k in 1..f.len() {
        u.push(next(&y));
        let slope = coefficient(a, inner, &u, k - 1);
        y.push(a.divide(&slope, &a.integer(k as i64)));
    }
    y
}
