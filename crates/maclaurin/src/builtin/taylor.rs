//! What functions given by their Taylor coefficients at a point have in common: error terms, images
//! of intervals by the mean value theorem, and values in double precision.

use dashu_base::Approximation;
use dashu_float::Repr;

use super::{Analytic, Builtin};
use crate::number::{Arithmetic, Exact, IBig, Interval, Rational, UBig, down};

/// Bits of the interval whose ends a double is rounded from.
const BITS_OF_DOUBLES: usize = 96;

/// No smaller bound of an error than `2^-LARGEST_EXPONENT` is formed.
const LARGEST_EXPONENT: u64 = 1 << 18;

/// A number of which no more is known than that its modulus is at most `2^exponent`.
pub(super) fn within<A: Arithmetic>(a: &A, exponent: i64) -> A::Number {
    if exponent > 1000 {
        return a.at_most(f64::INFINITY);
    }
    if exponent > -1000 {
        return a.at_most(2f64.powi(exponent as i32));
    }
    let power = UBig::ONE << exponent.unsigned_abs().min(LARGEST_EXPONENT) as usize;
    a.divide(&a.at_most(1.0), &a.exact(&Rational::from(power).into()))
}

/// Coefficients of which nothing is known.
pub(super) fn unknown<A: Arithmetic>(a: &A, terms: usize) -> Vec<A::Number> {
    vec![a.at_most(f64::INFINITY); terms]
}

/// The number as an enclosure, so that sums of thousands of terms are not formed exactly.
pub(super) fn enclosed<A: Arithmetic>(a: &A, x: &A::Number) -> A::Number {
    a.add(x, &a.at_most(0.0))
}

/// `sum_k c_k t^k` of the series `x + t`.
pub(super) fn variable<A: Arithmetic>(a: &A, x: &A::Number, terms: usize) -> Vec<A::Number> {
    let mut series = vec![a.integer(0); terms];
    series[0] = x.clone();
    if terms > 1 {
        series[1] = a.integer(1);
    }
    series
}

/// The image of an interval, `f(m) + f'(x) (x - m)` for its middle `m`.
pub(super) fn mean_value(
    x: &Interval,
    bits: usize,
    at: impl Fn(&Repr<2>) -> Interval,
    slope: impl FnOnce() -> Interval,
) -> Interval {
    if x.is_whole_line() {
        return Interval::whole_line();
    }
    let middle = match down(64).add(x.lower(), x.upper()) {
        Ok(Approximation::Exact(sum) | Approximation::Inexact(sum, _)) => {
            let sum = sum.into_repr();
            Repr::new(sum.significand().clone(), sum.exponent() - 1)
        }
        Err(_) => return Interval::whole_line(),
    };
    let inside = *x.lower() <= middle && middle <= *x.upper();
    let middle = if inside { middle } else { x.lower().clone() };
    let value = at(&middle);
    if x.lower() == x.upper() {
        return value;
    }
    let middle = Interval::between(middle.clone(), middle);
    let away = x.add(&middle.negate(), bits);
    value.add(&slope().multiply(&away, bits), bits)
}

/// The hull of the values at both ends, for a monotone function.
pub(super) fn at_ends(x: &Interval, at: impl Fn(&Repr<2>) -> Interval) -> Interval {
    let low = at(x.lower());
    if x.lower() == x.upper() { low } else { low.hull(&at(x.upper())) }
}

/// The value in double precision, from an interval of more bits; NaN where there is none.
pub(super) fn nearest<F: Builtin>(x: f64) -> f64 {
    if !x.is_finite() {
        return f64::NAN;
    }
    let (low, high) = F::INTERVAL(&Interval::from_f64(x, x), BITS_OF_DOUBLES).to_f64_outward();
    if low.is_finite() || high.is_finite() { low / 2.0 + high / 2.0 } else { f64::NAN }
}

/// The interval of an integer.
pub(super) fn integer(value: u64) -> Interval {
    Interval::integer(IBig::from(value))
}

/// The interval of one point.
pub(super) fn point(x: &Repr<2>) -> Interval {
    Interval::between(x.clone(), x.clone())
}

/// The `m` with `|x| < 2^m` for all of an interval that is not zero alone.
pub(super) fn magnitude(x: &Interval) -> isize {
    let top = x.magnitude();
    top.upper().exponent().saturating_add_unsigned(top.upper().digits())
}

/// Arguments wider than the rounding of doubles are wide: the bits kept beyond those that they have.
const WIDE: f64 = 1e-9;
const SPARE_BITS: usize = 24;

/// The bits that values over an argument can have: no more than it has below `size`, and some for
/// rounding.
pub(super) fn known_bits<A: Analytic>(a: &A, u: &A::Number, size: f64) -> usize {
    let (re, im) = a.rectangle(u);
    let width = (re.high - re.low).max(im.high - im.low) / size;
    if width < WIDE {
        return a.bits();
    }
    a.bits().min(SPARE_BITS + (1.0 / width).log2().ceil() as usize)
}

/// A rational constant in an arithmetic.
pub(super) fn rational<A: Arithmetic>(a: &A, value: &Rational) -> A::Number {
    a.exact(&Exact::from(value.clone()))
}
