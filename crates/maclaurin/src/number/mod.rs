//! Numbers: exact constants, and enclosures where exactness ends.
//!
//! | type | what it holds |
//! |---|---|
//! | [`Exact`] | a rational combination of products of named constants, such as `1/2 + 3*log(2)*pi^2` |
//! | [`Interval`] | two binary floats that contain the number for certain |
//! | [`Value`] | an [`Exact`] while the arithmetic stays closed, an [`Interval`] afterwards |
//! | [`Ball`] | a midpoint of a fixed number of limbs and a radius: the fast enclosures of series |
//!
//! Series arithmetic asks for nothing but the [`Arithmetic`] trait, so the same recurrences
//! run over [`Ball`]s ([`Balls`]), [`Value`]s ([`Certified`]) and [`Interval64`]s ([`Outward64`]).

mod ball;
mod constant;
mod elementary;
mod exact;
mod format;
mod interval;
mod interval64;
mod notation;
mod rational;
mod value;

use std::cmp::Ordering;

pub(crate) use ball::{Ball, Balls};
pub(crate) use constant::{Named, Symbol};
pub use dashu_int::{IBig, UBig};
pub use dashu_ratio::RBig as Rational;
pub use exact::Exact;
pub use format::Format;
pub(crate) use format::{exponent, power_of_two};
pub use interval::Interval;
pub(crate) use interval::{down, outward, up};
#[cfg(test)]
pub(crate) use interval64::tests::double;
pub(crate) use interval64::{Interval64, Outward64, PI, tanh_at};
pub(crate) use notation::interval;
pub use notation::{plain, scientific};
pub(crate) use rational::{
    LARGEST_DECIMAL_EXPONENT, cost_of_tangent_numbers, exactly, parse_decimal, tangent_numbers,
    to_f64,
};
pub(crate) use value::Certified;
pub use value::Value;

/// What series arithmetic asks of a number type.
///
/// The implementor is the context of the arithmetic (a precision, say), so that the numbers
/// themselves stay plain values.
///
/// Operations do not fail. Where a result is out of reach (a division by something that may be
/// zero, a magnitude beyond every exponent) an implementation answers with a number that says
/// so: the whole line for enclosures, NaN for floats.
pub(crate) trait Arithmetic {
    /// The number type.
    type Number: Clone;

    /// Whether all numbers are real.
    const REAL: bool = true;

    /// The number equal to (or enclosing) `value`.
    fn exact(&self, value: &Exact) -> Self::Number;
    /// `a + b`
    fn add(&self, a: &Self::Number, b: &Self::Number) -> Self::Number;
    /// `-a`
    fn negate(&self, a: &Self::Number) -> Self::Number;
    /// `a * b`
    fn multiply(&self, a: &Self::Number, b: &Self::Number) -> Self::Number;
    /// `a / b`, for `b` known not to be zero.
    fn divide(&self, a: &Self::Number, b: &Self::Number) -> Self::Number;
    /// `sum_i a[i] * b[n-1-i]` over two slices of the same length `n`: one step of a convolution.
    fn convolve(&self, a: &[Self::Number], b: &[Self::Number]) -> Self::Number;
    /// `base^exponent`; the exponent is an integer, or the base is positive.
    fn power(&self, base: &Self::Number, exponent: &Rational) -> Self::Number;
    /// The sign of `a`, or `None` where the arithmetic cannot tell.
    fn sign(&self, a: &Self::Number) -> Option<Ordering>;
    /// The number as a rational, where it is one and known to be.
    fn as_rational(&self, a: &Self::Number) -> Option<Rational>;

    /// A number of which no more is known than that its magnitude is at most that.
    fn at_most(&self, magnitude: f64) -> Self::Number;

    /// Whether a number has become so inaccurate that a costlier way to it would pay.
    fn is_coarse(&self, _: &Self::Number) -> bool {
        false
    }

    /// The coefficients of `1/series`, more accurate than those of the recurrence, where there is
    /// a way to them.
    fn reciprocal(&self, _: &[Self::Number]) -> Option<Vec<Self::Number>> {
        None
    }

    /// The coefficients of `tan(series)` or `tanh(series)`, where there is a faster way to them than
    /// the recurrence.
    fn tangent(&self, _: &[Self::Number], _circular: bool) -> Option<Vec<Self::Number>> {
        None
    }

    /// The number equal to `value`.
    fn integer(&self, value: i64) -> Self::Number {
        self.exact(&Exact::from(Rational::from(value)))
    }

    /// The ratio of a circle's circumference to its diameter.
    fn pi(&self) -> Self::Number {
        self.exact(&Exact::pi())
    }

    /// `a - b`
    fn subtract(&self, a: &Self::Number, b: &Self::Number) -> Self::Number {
        self.add(a, &self.negate(b))
    }

    /// Whether `a` is known to be zero: not merely close to it.
    fn is_zero(&self, a: &Self::Number) -> bool {
        self.sign(a) == Some(Ordering::Equal)
    }
}

/// `1/2`
pub(crate) fn half() -> Rational {
    Rational::from_parts(IBig::ONE, 2u8.into())
}
