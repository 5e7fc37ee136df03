//! The function on a short interval: a polynomial and what is left out.
//!
//! With `x = c + 2^e s` and `|s| <= 1`, Taylor's theorem with Lagrange's remainder says
//! `f(x) = a_0 + a_1 s + ... + a_(n-1) s^(n-1) + a_n s^n`, the first coefficients those at `c` and `a_n`
//! in an interval that contains the Taylor coefficient at every point between. Where zero is near, `c`
//! is zero: then the coefficients that vanish are zero exactly, and small values keep their relative
//! accuracy. At a removable singularity there, such as that of `sin(x)/x`, Cauchy's estimate bounds the remainder.

use std::cmp::Ordering;

use crate::number::{
    Arithmetic, Ball, Balls, Interval, Interval64, Outward64, exponent, power_of_two,
};
use crate::series;

use super::search::Trial;

/// The degree of the remainder.
const DEGREE: usize = 8;

/// Zero is the center of intervals that reach this near to it, by the ratio of their ends.
const NEAR_ZERO: f64 = 0.25;

/// Limbs of the coefficients: `1 + 2^-149` is told from 1.
pub(super) const LIMBS: usize = 4;

/// A Taylor polynomial with its remainder for a function on an interval.
pub(super) struct Model {
    pub center: f64,
    /// `2^-e`: `s = (x - center) scale`.
    pub scale: f64,
    /// `a_0` to `a_n`, the last one a ball around the remainder's interval.
    balls: Vec<Ball<LIMBS>>,
    /// The same between doubles.
    pub coefficients: Vec<Interval64>,
}

impl Model {
    /// The function from `low` to `high`, unless it is not analytic there or not proven to be.
    pub(super) fn new(trial: &Trial<'_>, low: f64, high: f64) -> Option<Self> {
        let function = trial.function;
        let center =
            if low >= 0.0 && low <= NEAR_ZERO * high || high <= 0.0 && high >= NEAR_ZERO * low {
                0.0
            } else {
                low.midpoint(high)
            };
        let radius = (high - center).max(center - low);
        if !(radius > 0.0 && radius.is_finite()) {
            return None;
        }
        let power = exponent(radius) + 1;
        let hull = Interval64::between(low.min(center), high.max(center));
        let width = Interval64::point(power_of_two(power));
        let last = match series::coefficients(&Outward64, function, &[hull, width], DEGREE) {
            Ok(mut jets) => jets.pop()?,
            // No quotient of intervals that contain zero.
            // Twice the width: then it bounds the remainder of the derivative too, 8 times this coefficient, for
            // sum_(k>=8) k r^k <= 8 r^8/(1 - r)^2 <= 8 (2 r)^8/(1 - 2 r).
            Err(_) if center == 0.0 => {
                trial.hole.as_ref()?.remainder(power_of_two(power + 1), DEGREE)?
            }
            Err(_) => return None,
        };
        let a = Balls::<LIMBS>;
        let along = [Ball::double(center), Ball::integer(1).scaled(power.into())];
        let mut balls = series::coefficients(&a, function, &along, DEGREE - 1).ok()?;
        balls.push(Ball::enclosing(&Interval::from_f64(last.low, last.high)));
        let coefficients: Vec<_> = balls.iter().map(|ball| ball.to_interval64()).collect();
        let is_known = coefficients.iter().all(|a| a.magnitude() < f64::INFINITY);
        is_known.then(|| Self { center, scale: power_of_two(-power), balls, coefficients })
    }

    /// `s` for a double `x`.
    fn place(&self, x: f64) -> Interval64 {
        let away = Interval64::point(x).subtract(Interval64::point(self.center));
        // A product with a power of two is exact here: neither is near the ends of the exponents.
        Interval64 { low: away.low * self.scale, high: away.high * self.scale }
    }

    /// `|s|` at most, for `x` from `low` to `high`.
    pub(super) fn reach(&self, low: f64, high: f64) -> f64 {
        self.place(low).magnitude().max(self.place(high).magnitude())
    }

    /// The function's value at a double of the interval.
    pub(super) fn value(&self, x: f64) -> Ball<LIMBS> {
        let a = Balls::<LIMBS>;
        let away = a.subtract(&Ball::double(x), &Ball::double(self.center));
        let s = a.multiply(&away, &Ball::double(self.scale));
        let mut sum = Ball::integer(0);
        for coefficient in self.balls.iter().rev() {
            sum = a.add(&a.multiply(&sum, &s), coefficient);
        }
        sum
    }

    /// All values from `low` to `high`.
    pub(super) fn values(&self, low: f64, high: f64) -> Interval64 {
        horner(&self.coefficients, self.place(low).hull(self.place(high)))
    }

    /// Whether the function certainly does not turn between `low` and `high`.
    pub(super) fn is_monotone(&self, low: f64, high: f64) -> bool {
        let s = self.place(low).hull(self.place(high));
        let a = Balls::<LIMBS>;
        // s^(k - 1) has one sign where s has: the lowest degree that occurs decides.
        let one_sided = self.center <= low || self.center >= high;
        let vanishing = self.balls[1..].iter().take_while(|ball| a.is_zero(ball)).count();
        let first = if one_sided { 1 + vanishing } else { 1 };
        if first >= self.coefficients.len() {
            return true;
        }
        let slopes: Vec<_> = (first..self.coefficients.len())
            .map(|k| self.coefficients[k].multiply(Interval64::point(k as f64)))
            .collect();
        let slope = horner(&slopes, s);
        slope.low > 0.0 || slope.high < 0.0
    }

    /// Compares the value at `x` with a sum of doubles, where the model tells.
    pub(super) fn compare(&self, x: f64, level: &[f64]) -> Option<Ordering> {
        let a = Balls::<LIMBS>;
        let difference = level
            .iter()
            .fold(self.value(x), |value, part| a.subtract(&value, &Ball::double(*part)));
        a.sign(&difference)
    }
}

/// `sum_k coefficients[k] s^k`
fn horner(coefficients: &[Interval64], s: Interval64) -> Interval64 {
    coefficients.iter().rev().fold(Interval64::point(0.0), |sum, a| sum.multiply(s).add(*a))
}
