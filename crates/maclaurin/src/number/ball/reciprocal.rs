//! `1/g` for a power series `g` of balls, with an error bound that does not grow with the degree.
//!
//! The recurrence for `1/g` multiplies the errors of earlier coefficients by `|g_j / g_0|`, which
//! costs bits at every degree. Here the recurrence runs over midpoints, for an `h` without any
//! bound, and the residual bounds the error: with `g h = 1 + d`, coefficient by coefficient,
//!
//! `|1/g - h| = |h d / (1 + d)| <= |h| D`, `D = |d| / (1 - |d|)`
//!
//! (as in Rump, *Verification methods: rigorous results using floating-point arithmetic*, Acta
//! Numerica 19, 2010, section 10.3, for systems of equations).

use super::{Ball, Balls, OF_ZERO, Wide};
use crate::cancel::spend;
use crate::number::Arithmetic;

/// An upper bound `fraction * 2^exponent` of a magnitude, `fraction` zero or between 1/2 and 1.
#[derive(Clone, Copy)]
struct Bound {
    fraction: f64,
    exponent: i64,
}

/// What a fraction is multiplied by where it may have been rounded down a few times.
const UP: f64 = 1.0 + 1e-14;

/// Terms this many binary orders below the largest of a sum are counted as if they were not less.
const NEGLIGIBLE: i64 = 900;

impl Bound {
    const ZERO: Self = Self { fraction: 0.0, exponent: OF_ZERO };

    /// `fraction * 2^exponent`, for a finite fraction not below zero.
    fn new(fraction: f64, exponent: i64) -> Self {
        if fraction == 0.0 {
            return Self::ZERO;
        }
        let power = i64::from((fraction.to_bits() >> 52) as u32) - 1022;
        let scale = f64::from_bits(((1023 - power) as u64) << 52);
        Self { fraction: fraction * scale, exponent: exponent + power }
    }

    fn of<const N: usize>(ball: &Ball<N>) -> Self {
        if ball.is_zero() {
            return Self::ZERO;
        }
        let wide = Wide([ball.magnitude, [0; N]]);
        let top = (wide.bits() / 64).min(N as i64 - 1) as usize;
        // The limbs below the top one are less than 1 of its units, and the radius is below 2^32.
        let unit = (1u128 << 64) as f64;
        let below = if top == 0 { 0.0 } else { 1.0 };
        let radius = ball.radius as f64 / unit.powi(top as i32);
        let leading = ball.magnitude[top] as f64 + below + radius;
        Self::new(leading * UP, ball.exponent + 64 * top as i64)
    }

    fn times(self, other: Self) -> Self {
        Self::new(self.fraction * other.fraction * UP, self.exponent + other.exponent)
    }

    fn plus(self, other: Self) -> Self {
        let (large, small) =
            if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let shift = (large.exponent - small.exponent).min(NEGLIGIBLE);
        let scale = f64::from_bits(((1023 - shift) as u64) << 52);
        Self::new((large.fraction + small.fraction * scale) * UP, large.exponent)
    }

    /// `sum_i a_i b_(n-1-i)`
    fn convolve(a: &[Self], b: &[Self]) -> Self {
        let pairs = || a.iter().zip(b.iter().rev());
        let highest = pairs().map(|(a, b)| a.exponent + b.exponent).max().unwrap_or(OF_ZERO);
        if highest < OF_ZERO / 2 {
            return Self::ZERO;
        }
        let sum: f64 = pairs()
            .map(|(a, b)| {
                let shift = (highest - a.exponent - b.exponent).min(NEGLIGIBLE);
                a.fraction * b.fraction * f64::from_bits(((1023 - shift) as u64) << 52)
            })
            .sum();
        // Fewer than 2^20 roundings, each of 2^-53 at most; all summands are positive.
        Self::new(sum * (1.0 + a.len() as f64 * 1e-15) * UP, highest)
    }
}

impl<const N: usize> Ball<N> {
    /// The midpoint as a ball of radius zero.
    fn midpoint(self) -> Self {
        if self.magnitude.iter().all(|&limb| limb == 0) {
            return Self::ZERO;
        }
        Self { radius: 0, ..self }
    }

    fn widened_by(self, bound: Bound) -> Self {
        if bound.fraction == 0.0 {
            return self;
        }
        let radius = (bound.fraction * f64::from(1u32 << 31)).ceil() as u64;
        let exponent = bound.exponent - 31;
        if exponent.abs() > super::LARGEST_EXPONENT {
            return Self::UNKNOWN;
        }
        let margin = Self { negative: false, magnitude: [0; N], exponent, radius };
        Balls::<N>.add(&self, &margin)
    }
}

/// `1/g`, or `None` where the residual is no proof.
pub(super) fn reciprocal<const N: usize>(g: &[Ball<N>]) -> Option<Vec<Ball<N>>> {
    let a = Balls::<N>;
    let used = g.iter().rposition(|c| !c.is_zero())? + 1;
    let first = Ball::integer(1).divide(&g[0]).midpoint();
    if g.iter().any(Ball::is_unknown) || first.is_zero() {
        return None;
    }
    // sum_(j >= lowest) g_j h_(k-j)
    let step = |h: &[Ball<N>], k: usize, lowest: usize| {
        let end = used.min(k + 1);
        if lowest >= end {
            return Ball::ZERO;
        }
        a.convolve(&g[lowest..end], &h[k + 1 - end..=k - lowest])
    };
    let scale = a.negate(&first);
    let mut h = vec![first];
    for k in 1..g.len() {
        let next = a.multiply(&scale, &step(&h, k, 1)).midpoint();
        if next.is_unknown() {
            return None;
        }
        h.push(next);
    }
    let residual: Vec<_> = (0..g.len())
        .map(|k| {
            let product = step(&h, k, 0);
            Bound::of(&if k == 0 { a.subtract(&product, &Ball::integer(1)) } else { product })
        })
        .collect();
    if residual[0].exponent > -1 {
        return None;
    }
    // D_k (1 - |d_0|) = |d_k| + sum_(j=1..k) |d_j| D_(k-j), and 1/(1 - |d_0|) <= 1 + 2 |d_0|.
    let gain = Bound::new(1.0, 0).plus(residual[0]).plus(residual[0]);
    let mut excess: Vec<Bound> = Vec::with_capacity(g.len());
    for k in 0..g.len() {
        spend(2 * k as u64);
        let rest = Bound::convolve(&residual[1..=k], &excess);
        excess.push(residual[k].plus(rest).times(gain));
    }
    let magnitudes: Vec<_> = h.iter().map(Bound::of).collect();
    let errors = (0..g.len()).map(|k| Bound::convolve(&magnitudes[..=k], &excess[..=k]));
    Some(h.iter().zip(errors).map(|(h, error)| h.widened_by(error)).collect())
}
