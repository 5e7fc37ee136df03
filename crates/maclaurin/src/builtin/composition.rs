//! Composition of power series and its inverse, in `O(sqrt(n))` multiplications of series.
//!
//! Both take the powers of a series up to the `m`-th, `m = ceil(sqrt(n))`, and those of the `m`-th
//! power: any power is a product of one of each (Brent and Kung, *Fast algorithms for manipulating
//! formal power series*, J. ACM 25 (1978), algorithm 2.1; Johansson, *A fast algorithm for
//! reversion of power series*, Math. Comp. 84 (2015), 475 to 484).

use super::recurrence::{divide, multiply, trimmed};
use crate::number::Arithmetic;

/// `f(g(t) - g_0)` for as many coefficients as `g` has, of which `f` has as many at least.
pub(crate) fn compose<A: Arithmetic>(a: &A, f: &[A::Number], g: &[A::Number]) -> Vec<A::Number> {
    let terms = g.len();
    let f = &f[..terms];
    let mut inner = g.to_vec();
    inner[0] = a.integer(0);
    if trimmed(a, &inner).len() <= 2 {
        let mut power = a.integer(1);
        let scaled = f.iter().map(|c| {
            let term = a.multiply(c, &power);
            power = g.get(1).map_or_else(|| a.integer(0), |slope| a.multiply(&power, slope));
            term
        });
        return scaled.collect();
    }
    let step = steps(terms);
    let powers = powers(a, &inner, step + 1);
    // Horner's rule in the last of the powers; the others make its coefficients.
    let mut sum = vec![a.integer(0); terms];
    for block in f.chunks(step).rev() {
        sum = multiply(a, &sum, &powers[step]);
        // One sum of products for each degree: a single reduction where they are rational.
        for (degree, sum) in sum.iter_mut().enumerate() {
            // Higher powers begin at a higher degree.
            let block = &block[..block.len().min(degree + 1)];
            let used = powers[..block.len()].iter().rev();
            let column: Vec<_> = used.map(|power| power[degree].clone()).collect();
            *sum = a.add(sum, &a.convolve(block, &column));
        }
    }
    sum
}

/// The coefficients `b_0 .. b_order` of the inverse function of `f` about `f(x_0) = f_0`, with
/// `b_0 = x_0`, for an `f_1` that is known not to be zero: by Lagrange's inversion (DLMF 1.10.13)
/// `b_k` is the coefficient of degree `k - 1` of `h^k / k`, where `h = t/(f - f_0)`.
pub(crate) fn invert<A: Arithmetic>(
    a: &A,
    point: A::Number,
    f: &[A::Number],
    order: usize,
) -> Vec<A::Number> {
    let mut inverse = vec![point];
    if order == 0 {
        return inverse;
    }
    let mut one = vec![a.integer(0); order];
    one[0] = a.integer(1);
    let quotient = divide(a, &one, &f[1..=order]);
    let step = steps(order);
    let small = powers(a, &quotient, step + 1);
    let mut large = one;
    for k in 1..=order {
        let rest = k % step;
        if rest == 0 {
            large = multiply(a, &large, &small[step]);
        }
        let sum = a.convolve(&small[rest][..k], &large[..k]);
        inverse.push(a.divide(&sum, &a.integer(k as i64)));
    }
    inverse
}

/// `ceil(sqrt(n))`, at least 1.
fn steps(n: usize) -> usize {
    let root = n.isqrt();
    if root * root < n { root + 1 } else { root.max(1) }
}

/// The first powers of a series, from `f^0`.
fn powers<A: Arithmetic>(a: &A, f: &[A::Number], count: usize) -> Vec<Vec<A::Number>> {
    let mut one = vec![a.integer(0); f.len()];
    one[0] = a.integer(1);
    let mut powers = vec![one];
    for k in 1..count {
        let next = if k == 1 { f.to_vec() } else { multiply(a, &powers[k - 1], f) };
        powers.push(next);
    }
    powers
}
