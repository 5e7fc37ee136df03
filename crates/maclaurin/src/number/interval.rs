//! Real intervals with binary endpoints, every operation rounded outward.
//!
//! `x in X` and `y in Y` imply `x op y in X op Y`: the fundamental theorem of interval
//! arithmetic (Moore, Kearfott and Cloud, *Introduction to Interval Analysis*, 2009, ch. 5).
//! Endpoint arithmetic is `dashu-float` with directed rounding. The whole line
//! `[-inf, inf]` is what an operation answers when it has nothing better to say.

use std::cmp::Ordering;

use dashu_base::{BitTest, Sign, UnsignedAbs};
use dashu_float::round::mode::{Down, Up};
use dashu_float::{Context, FBig, FpError, Repr};
use dashu_int::{IBig, UBig};

use super::Rational;

type Rounded<R> =
    Result<dashu_base::Approximation<FBig<R, 2>, dashu_float::round::Rounding>, FpError>;

/// Binary exponents up to here become rationals.
const LARGEST_EXPONENT: usize = 1 << 20;

/// A closed interval `[lower, upper]` that contains a real number for certain.
///
/// # Examples
///
/// ```
/// let series = maclaurin::taylor("erf(x)", 3, "1")?;
/// let enclosure = series.enclosure(0, 64)?;
/// let (lower, upper) = enclosure.to_decimal(20);
/// assert_eq!(&lower[..12], "0.8427007929");
/// assert_eq!(&upper[..12], "0.8427007929");
/// # Ok::<(), maclaurin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    lower: Repr<2>,
    upper: Repr<2>,
}

/// Binary orders of magnitude up to which all places of a number are written.
const LARGEST_PLAIN_MAGNITUDE: usize = 1200;

pub(crate) fn down(bits: usize) -> Context<Down> {
    Context::new(bits)
}

pub(crate) fn up(bits: usize) -> Context<Up> {
    Context::new(bits)
}

/// The interval between two directed results; the whole line if either could not be had.
pub(crate) fn outward(lower: Rounded<Down>, upper: Rounded<Up>) -> Interval {
    match (lower, upper) {
        (Ok(lower), Ok(upper)) => {
            Interval::between(lower.value().into_repr(), upper.value().into_repr())
        }
        _ => Interval::whole_line(),
    }
}

impl Interval {
    /// The interval `[lower, upper]`; the whole line if an end is infinite.
    pub(crate) fn between(lower: Repr<2>, upper: Repr<2>) -> Self {
        if lower.is_infinite() || upper.is_infinite() {
            return Self::whole_line();
        }
        debug_assert!(lower <= upper, "an interval's ends must be in order");
        Self { lower, upper }
    }

    /// `[-inf, inf]`: nothing is known.
    pub(crate) fn whole_line() -> Self {
        Self { lower: Repr::neg_infinity(), upper: Repr::infinity() }
    }

    /// The one-point interval of an integer.
    pub(crate) fn integer(value: IBig) -> Self {
        let point = Repr::new(value, 0);
        Self { lower: point.clone(), upper: point }
    }

    /// The tightest interval of `bits` bits around a rational.
    pub(super) fn rational(value: &Rational, bits: usize) -> Self {
        if value.is_int() && value.numerator().bit_len() <= bits {
            return Self::integer(value.numerator().clone());
        }
        let numerator = Repr::new(value.numerator().clone(), 0);
        let denominator = Repr::new(value.denominator().clone().into(), 0);
        outward(down(bits).div(&numerator, &denominator), up(bits).div(&numerator, &denominator))
    }

    /// Both ends as rationals, or `None` for the whole line and for magnitudes whose digits would
    /// not fit in memory.
    #[must_use]
    pub fn bounds(&self) -> Option<(Rational, Rational)> {
        let rational = |end: &Repr<2>| {
            let exponent = end.exponent();
            if end.is_infinite() || exponent.unsigned_abs() > LARGEST_EXPONENT {
                return None;
            }
            let power = Rational::from(UBig::ONE << exponent.unsigned_abs());
            let significand = Rational::from(end.significand().clone());
            Some(if exponent < 0 { significand / power } else { significand * power })
        };
        rational(&self.lower).zip(rational(&self.upper))
    }

    /// The lower end.
    pub(crate) fn lower(&self) -> &Repr<2> {
        &self.lower
    }

    /// The upper end.
    pub(crate) fn upper(&self) -> &Repr<2> {
        &self.upper
    }

    /// Whether nothing is known of the number.
    #[must_use]
    pub fn is_whole_line(&self) -> bool {
        self.lower.is_infinite()
    }

    /// Whether zero lies in the interval.
    #[must_use]
    pub fn contains_zero(&self) -> bool {
        self.lower <= Repr::zero() && self.upper >= Repr::zero()
    }

    /// The sign that all points of the interval share, or `None` where they do not.
    #[must_use]
    pub fn sign(&self) -> Option<Ordering> {
        let zero = Repr::zero();
        if self.lower > zero {
            Some(Ordering::Greater)
        } else if self.upper < zero {
            Some(Ordering::Less)
        } else if self.lower == zero && self.upper == zero {
            Some(Ordering::Equal)
        } else {
            None
        }
    }

    /// The `f64` that every point of the interval rounds to (to nearest, ties to even), or
    /// `None` where its points round apart.
    ///
    /// An interval around zero never agrees with itself unless it is exactly zero: which of the
    /// two signed zeros or subnormals the number rounds to is then open.
    #[must_use]
    pub fn to_f64(&self) -> Option<f64> {
        if self.is_whole_line() {
            return None;
        }
        let lower = round_to_f64(&self.lower);
        let upper = round_to_f64(&self.upper);
        (lower.to_bits() == upper.to_bits()).then_some(lower)
    }

    /// Whether every point of the interval rounds to one of the zeros of `f64`.
    pub(crate) fn is_negligible(&self) -> bool {
        !self.is_whole_line()
            && round_to_f64(&self.lower) == 0.0
            && round_to_f64(&self.upper) == 0.0
    }

    /// Decimal texts below and above, `digits` significant digits each: their interval contains
    /// this one. Magnitudes beyond those of `f64` are written in scientific notation.
    #[must_use]
    pub fn to_decimal(&self, digits: usize) -> (String, String) {
        if self.is_whole_line() {
            return ("-inf".into(), "inf".into());
        }
        let digits = digits.max(1);
        (decimal(&self.lower, digits, false), decimal(&self.upper, digits, true))
    }

    /// Whether the interval is narrower than `2^-bits` times its smallest magnitude, or is one
    /// point.
    #[must_use]
    pub fn is_relatively_narrower_than(&self, bits: usize) -> bool {
        if self.is_whole_line() {
            return false;
        }
        if self.lower == self.upper {
            return true;
        }
        if self.contains_zero() {
            return false;
        }
        let Ok(width) = up(64).sub(&self.upper, &self.lower) else { return false };
        let smallest = if self.lower.sign() == Sign::Positive { &self.lower } else { &self.upper };
        let width = width.value().into_repr();
        binary_magnitude(&width).saturating_add_unsigned(bits) < binary_magnitude(smallest)
    }

    /// `[lower, upper]` between two finite floats in order.
    pub(crate) fn from_f64(lower: f64, upper: f64) -> Self {
        let exact = |value: f64| FBig::<Down, 2>::try_from(value).map(FBig::into_repr);
        match (exact(lower), exact(upper)) {
            (Ok(lower), Ok(upper)) => Self::between(lower, upper),
            _ => Self::whole_line(),
        }
    }

    /// The nearest floats below and above.
    pub(crate) fn to_f64_outward(&self) -> (f64, f64) {
        if self.is_whole_line() {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        let exact = |value: f64| FBig::<Down, 2>::try_from(value).map(FBig::into_repr);
        let (low, high) = (round_to_f64(&self.lower), round_to_f64(&self.upper));
        let low = if exact(low).is_ok_and(|low| low <= self.lower) { low } else { low.next_down() };
        let high =
            if exact(high).is_ok_and(|high| high >= self.upper) { high } else { high.next_up() };
        (low, high)
    }

    pub(crate) fn negate(&self) -> Self {
        Self { lower: -self.upper.clone(), upper: -self.lower.clone() }
    }

    pub(crate) fn add(&self, other: &Self, bits: usize) -> Self {
        if self.is_whole_line() || other.is_whole_line() {
            return Self::whole_line();
        }
        outward(down(bits).add(&self.lower, &other.lower), up(bits).add(&self.upper, &other.upper))
    }

    pub(crate) fn multiply(&self, other: &Self, bits: usize) -> Self {
        if self.is_whole_line() || other.is_whole_line() {
            return Self::whole_line();
        }
        // The product's ends are among the products of the ends; the signs tell which.
        let (a, b, c, d) = (&self.lower, &self.upper, &other.lower, &other.upper);
        let corners = |lower: (&Repr<2>, &Repr<2>), upper: (&Repr<2>, &Repr<2>)| {
            outward(down(bits).mul(lower.0, lower.1), up(bits).mul(upper.0, upper.1))
        };
        match (straddle(self), straddle(other)) {
            (Ordering::Greater, Ordering::Greater) => corners((a, c), (b, d)),
            (Ordering::Greater, Ordering::Less) => corners((b, c), (a, d)),
            (Ordering::Less, Ordering::Greater) => corners((a, d), (b, c)),
            (Ordering::Less, Ordering::Less) => corners((b, d), (a, c)),
            (Ordering::Greater, Ordering::Equal) => corners((b, c), (b, d)),
            (Ordering::Less, Ordering::Equal) => corners((a, d), (a, c)),
            (Ordering::Equal, Ordering::Greater) => corners((a, d), (b, d)),
            (Ordering::Equal, Ordering::Less) => corners((b, c), (a, c)),
            (Ordering::Equal, Ordering::Equal) => {
                corners((a, d), (a, c)).hull(&corners((b, c), (b, d)))
            }
        }
    }

    /// `self / other`; the whole line where `other` contains zero.
    pub(crate) fn divide(&self, other: &Self, bits: usize) -> Self {
        if self.is_whole_line() || other.is_whole_line() || other.contains_zero() {
            return Self::whole_line();
        }
        let (a, b, c, d) = (&self.lower, &self.upper, &other.lower, &other.upper);
        let corners = |lower: (&Repr<2>, &Repr<2>), upper: (&Repr<2>, &Repr<2>)| {
            outward(down(bits).div(lower.0, lower.1), up(bits).div(upper.0, upper.1))
        };
        match (straddle(self), straddle(other)) {
            (Ordering::Greater, Ordering::Greater) => corners((a, d), (b, c)),
            (Ordering::Less, Ordering::Greater) => corners((a, c), (b, d)),
            (Ordering::Equal, Ordering::Greater) => corners((a, c), (b, c)),
            (Ordering::Greater, _) => corners((b, d), (a, c)),
            (Ordering::Less, _) => corners((b, c), (a, d)),
            (Ordering::Equal, _) => corners((b, d), (a, d)),
        }
    }

    /// The smallest interval that contains both.
    pub(crate) fn hull(&self, other: &Self) -> Self {
        Self {
            lower: self.lower.clone().min(other.lower.clone()),
            upper: self.upper.clone().max(other.upper.clone()),
        }
    }
}

/// The `m` with `2^(m-1) <= |value| < 2^m`, for a value that is not zero.
pub(super) fn binary_magnitude(value: &Repr<2>) -> isize {
    value.exponent().saturating_add_unsigned(value.digits())
}

/// Greater: no point is negative. Less: no point is positive. Equal: there are both.
fn straddle(interval: &Interval) -> Ordering {
    if interval.lower >= Repr::zero() {
        Ordering::Greater
    } else if interval.upper <= Repr::zero() {
        Ordering::Less
    } else {
        Ordering::Equal
    }
}

/// Correctly rounded, ties to even; `dashu` rounds twice where the result is subnormal.
pub(super) fn round_to_f64(value: &Repr<2>) -> f64 {
    let magnitude = value.significand().unsigned_abs();
    if magnitude.is_zero() {
        return 0.0;
    }
    let below = value.digits().saturating_sub(64);
    let sticky = magnitude.trailing_zeros().is_some_and(|zeros| zeros < below);
    let leading = (magnitude << (below + 64 - value.digits()) >> below)
        .try_into()
        .expect("at most 64 bits remain");
    let rounded = round_leading_to_f64(leading, sticky, binary_magnitude(value) as i64);
    if value.sign() == Sign::Negative { -rounded } else { rounded }
}

/// `0.leading... * 2^exponent` rounded to nearest, ties to even; `leading` has its top bit set, and
/// `sticky` says whether bits follow it.
pub(super) fn round_leading_to_f64(leading: u64, sticky: bool, exponent: i64) -> f64 {
    if exponent > 1024 {
        return f64::INFINITY;
    }
    // The smallest subnormal is 2^-1074.
    let kept = (exponent + 1074).min(53);
    if kept < 0 {
        return 0.0;
    }
    let (whole, rest) =
        if kept == 0 { (0, leading) } else { (leading >> (64 - kept), leading << kept) };
    let half = 1 << 63;
    let up = rest > half || (rest == half && (sticky || whole % 2 == 1));
    let power = exponent - kept;
    // Both factors are powers of two in the range of normal numbers, and the result is a double.
    let factor = |power: i64| f64::from_bits(((1023 + power) as u64) << 52);
    (whole + u64::from(up)) as f64 * factor(power / 2) * factor(power - power / 2)
}

/// The end of an interval in decimal, rounded away from the rest of it.
///
/// Of magnitudes beyond those of `f64` only the leading digits are worked out: all of `2^(10^9)` would
/// fill memory.
fn decimal(value: &Repr<2>, digits: usize, upwards: bool) -> String {
    let magnitude = binary_magnitude(value);
    if magnitude.unsigned_abs() < LARGEST_PLAIN_MAGNITUDE {
        let bits = value.digits().max(1);
        return if upwards {
            let value = FBig::<Up, 2>::from_repr(value.clone(), up(bits));
            value.with_base_and_precision::<10>(digits).value().to_string()
        } else {
            let value = FBig::<Down, 2>::from_repr(value.clone(), down(bits));
            value.with_base_and_precision::<10>(digits).value().to_string()
        };
    }
    let bits = 4 * digits + 128;
    // With this exponent the leading digit is not zero, or with the one below.
    let mut exponent = (magnitude as f64 * std::f64::consts::LOG10_2).floor() as i64;
    let ten = Interval::integer(10.into());
    let scaled_by = |exponent: i64| {
        let value = Interval::between(value.clone(), value.clone());
        value.multiply(&ten.power(&Rational::from(-exponent), bits), bits)
    };
    let mut scaled = scaled_by(exponent);
    if binary_magnitude(&scaled.magnitude().upper) <= 0 {
        exponent -= 1;
        scaled = scaled_by(exponent);
    }
    let (lower, upper) = scaled.to_decimal(digits);
    format!("{}e{exponent}", if upwards { upper } else { lower })
}
