//! Elementary functions of balls, for the constant terms of series.
//!
//! Each is a power series in ball arithmetic after the argument is reduced, with the remainder
//! bounded by its first term left out. What is not here, or out of the reach of a reduction, goes
//! through intervals, which take tens of microseconds more.

use std::cmp::Ordering;
use std::sync::OnceLock;

use super::{Ball, Balls, Wide};
use crate::number::{Arithmetic, Interval};

/// Arguments up to this magnitude are reduced by `log(2)` and `pi/2`.
const LARGEST_ARGUMENT: f64 = 1e6;

/// Bits to which `pi` and `log(2)` are kept.
const BITS_OF_CONSTANTS: usize = 64 * 22;

/// `pi` and `log(2)`.
fn constants() -> &'static (Interval, Interval) {
    static CONSTANTS: OnceLock<(Interval, Interval)> = OnceLock::new();
    CONSTANTS.get_or_init(|| {
        let two = Interval::integer(2.into());
        let log = two.log(BITS_OF_CONSTANTS);
        (Interval::pi(BITS_OF_CONSTANTS), log)
    })
}

impl<const N: usize> Ball<N> {
    /// Whether the functions here, which reduce their argument, can be asked.
    pub(crate) fn is_reducible(&self) -> bool {
        let fits = 64 * N <= BITS_OF_CONSTANTS - 64;
        fits && !self.is_zero() && !self.is_unknown() && self.middle().abs() <= LARGEST_ARGUMENT
    }

    /// Whether a difference of exponentials loses little to cancellation.
    pub(crate) fn is_away(&self) -> bool {
        self.middle().abs() > 0.25
    }

    /// The midpoint, roughly.
    pub(crate) fn middle(&self) -> f64 {
        let below = if N > 1 { self.magnitude[N - 2] } else { 0 };
        let top = self.magnitude[N - 1] as f64 * 18_446_744_073_709_551_616.0 + below as f64;
        let exponent = self.exponent + 64 * (N as i64 - 2);
        let magnitude = top * 2f64.powi(exponent.clamp(-2000, 2000) as i32);
        if self.negative { -magnitude } else { magnitude }
    }

    fn from_f64(value: f64) -> Self {
        Self::enclosing(&Interval::from_f64(value, value))
    }

    pub(crate) fn pi() -> Self {
        Self::enclosing(&constants().0)
    }

    pub(crate) fn halved(self) -> Self {
        let keeps = self.is_zero() || self.is_unknown();
        Self { exponent: self.exponent - i64::from(!keeps), ..self }
    }

    /// `2^count` times the ball.
    pub(crate) fn scaled(self, count: i64) -> Self {
        let keeps = self.is_zero() || self.is_unknown();
        Self { exponent: self.exponent + if keeps { 0 } else { count }, ..self }
    }

    /// The least `e` found at once with `|x| < 2^e` for all of the ball's points.
    fn top(&self) -> i64 {
        if self.is_zero() {
            return super::OF_ZERO;
        }
        let bits =
            Wide([self.magnitude, [0; N]]).bits().max(i64::from(64 - self.radius.leading_zeros()));
        self.exponent + bits + 1
    }

    /// The ball and all within `2^exponent` of it.
    fn widened(&self, exponent: i64) -> Self {
        let margin =
            Self { negative: false, magnitude: [0; N], exponent: exponent - 31, radius: 1 << 31 };
        Balls::<N>.add(self, &margin)
    }

    /// `sum_n x^n c_0 c_1 ... c_n` with `c_n = 1/divisor(n)` and `|x c_n| <= 1/2` from the first
    /// term on that is small: what follows is less than twice that term.
    pub(crate) fn taylor(first: Self, factor: &Self, divisor: impl Fn(i64) -> i64) -> Self {
        let a = Balls::<N>;
        let mut term = first;
        let mut sum = first;
        let goal = first.top() - 64 * N as i64 - 4;
        for n in 1.. {
            term = a.multiply(&term, factor).divide(&Self::integer(divisor(n)));
            // A wide factor's powers do not get below the rounding of their radii. All that follows
            // is less than twice the term once 2^top <= divisor/2.
            let rounded = term.magnitude == [0; N] || n > 64 * N as i64;
            let halves = factor.top() < 62 && divisor(n) >> factor.top().max(0) >= 2;
            let is_wide = rounded && halves;
            if term.top() < goal || term.is_unknown() || is_wide {
                return if term.is_unknown() { term } else { sum.widened(term.top() + 1) };
            }
            sum = a.add(&sum, &term);
        }
        sum
    }

    /// `e^x = 2^k e^r`, `r = x - k log(2)`, `|r| < 0.36` (DLMF 4.2.19).
    pub(crate) fn exponential(self) -> Option<Self> {
        let a = Balls::<N>;
        let k = (self.middle() * std::f64::consts::LOG2_E).round() as i64;
        let log = Self::enclosing(&constants().1);
        let rest = a.subtract(&self, &a.multiply(&Self::integer(k), &log));
        if rest.top() > 0 {
            return None;
        }
        Some(Self::taylor(Self::integer(1), &rest, |n| n).scaled(k))
    }

    /// `log x = y + 2 atanh(z)`, `z = (x - e^y) / (x + e^y)`, for `y` the logarithm as a double
    /// (DLMF 4.6.4).
    pub(crate) fn logarithm(self) -> Option<Self> {
        let a = Balls::<N>;
        if a.sign(&self) != Some(Ordering::Greater) || !self.middle().is_normal() {
            return None;
        }
        let y = self.middle().ln();
        let near = Self::from_f64(y);
        let grown = if near.is_zero() { Self::integer(1) } else { near.exponential()? };
        let z = a.subtract(&self, &grown).divide(&a.add(&self, &grown));
        Some(a.add(&near, &z.inverse_tangent(false)?.scaled(1)))
    }

    /// `z + s z^3/3 + z^5/5 + s z^7/7 ...`, `s = 1` for `atanh` and `-1` for `atan`, where
    /// `|z| < 2^-20` (DLMF 4.24.3, 4.38.5): what follows a term is less than it.
    fn inverse_tangent(self, circular: bool) -> Option<Self> {
        let a = Balls::<N>;
        if self.is_zero() {
            return Some(self);
        }
        if self.is_unknown() || self.top() > -20 {
            return None;
        }
        let square = a.multiply(&self, &self);
        let square = if circular { a.negate(&square) } else { square };
        let mut power = self;
        let mut sum = self;
        // The logarithm or arctangent that this is added to is not much less than 2^-52.
        let goal = -64 * N as i64 - 64;
        for n in 1.. {
            power = a.multiply(&power, &square);
            if power.top() < goal {
                return Some(sum.widened(power.top()));
            }
            sum = a.add(&sum, &power.divide(&Self::integer(2 * n + 1)));
        }
        None
    }

    /// Sine and cosine: `x = k pi/2 + r`, `|r| < 0.79` (DLMF 4.19.1, 4.19.2).
    pub(crate) fn wave(self) -> Option<(Self, Self)> {
        let a = Balls::<N>;
        let k = (self.middle() * std::f64::consts::FRAC_2_PI).round() as i64;
        let quarter = Self::pi().halved();
        let rest = a.subtract(&self, &a.multiply(&Self::integer(k), &quarter));
        if rest.top() > 1 {
            return None;
        }
        let square = a.negate(&a.multiply(&rest, &rest));
        let sine = if rest.is_zero() {
            rest
        } else {
            Self::taylor(rest, &square, |n| 2 * n * (2 * n + 1))
        };
        let cosine = if rest.is_zero() {
            Self::integer(1)
        } else {
            Self::taylor(Self::integer(1), &square, |n| (2 * n - 1) * 2 * n)
        };
        Some(match k.rem_euclid(4) {
            0 => (sine, cosine),
            1 => (cosine, a.negate(&sine)),
            2 => (a.negate(&sine), a.negate(&cosine)),
            _ => (a.negate(&cosine), sine),
        })
    }

    /// `atan x = y + atan(z)`, `z = (x - tan y) / (1 + x tan y)`, for `y` the arctangent as a
    /// double (DLMF 4.24.15); the two sides differ by no multiple of `pi`, for `z` is small.
    pub(crate) fn arctangent(self) -> Option<Self> {
        let a = Balls::<N>;
        let near = Self::from_f64(self.middle().atan());
        if near.is_zero() || self.middle().abs() < 1e-3 {
            return None;
        }
        let (sine, cosine) = near.wave()?;
        let above = a.subtract(&a.multiply(&self, &cosine), &sine);
        let below = a.add(&cosine, &a.multiply(&self, &sine));
        Some(a.add(&near, &above.divide(&below).inverse_tangent(true)?))
    }
}
