//! Coefficients among the numbers of a format.

use std::fmt;
use std::str::FromStr;

use super::unfit;
use crate::number::{Format, Rational, exactly, exponent, power_of_two, to_f64};
use crate::series::Error;

/// The numbers that coefficients are taken from.
///
/// They are not rounded one by one but chosen together, so that the polynomial is as near the function
/// as polynomials with such coefficients can be found to be.
///
/// # Examples
///
/// ```
/// use maclaurin::{Approximation, Choice, Coefficients, Format, Function};
///
/// let cos = Function::parse("cos(x)")?;
/// let choice = Choice { coefficients: "float16".parse()?, ..Choice::default() };
/// let p = Approximation::new(&cos, 6, &[(-0.8, 0.8)], &choice)?;
/// assert!(p.coefficients().iter().all(|a| (a * 2f64.powi(24)).fract() == 0.0));
/// assert!(p.error().bound < 6e-5);
/// assert_eq!(choice.coefficients, Coefficients::Format(Format::F16));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coefficients {
    /// Rational numbers of as many bits as the error asks for.
    Exact,
    /// The numbers of a floating-point format; by default those of `f64`.
    Format(Format),
    /// Binary floating-point numbers with this many significant bits, 2 to 53, and the exponents of
    /// `f64`.
    Bits(u32),
    /// Multiples of `2^-n`, for `n` up to 53: fixed point with this many fraction bits.
    Fixed(u32),
}

impl Default for Coefficients {
    fn default() -> Self {
        Self::Format(Format::F64)
    }
}

/// The most significant bits, and the most fraction bits.
const MOST_BITS: u32 = 53;

impl Coefficients {
    /// The significant bits; of the doubles that hold multiples in fixed point.
    pub(super) fn precision(self) -> u32 {
        match self {
            Self::Exact | Self::Fixed(_) => MOST_BITS,
            Self::Format(format) => format.precision(),
            Self::Bits(bits) => bits,
        }
    }

    /// The exponent of the smallest positive number.
    fn lowest(self) -> i32 {
        match self {
            Self::Exact | Self::Bits(_) => Format::F64.lowest(),
            Self::Format(format) => format.lowest(),
            Self::Fixed(bits) => -bits.cast_signed(),
        }
    }

    /// The largest number.
    pub(super) fn largest(self) -> f64 {
        match self {
            Self::Exact | Self::Bits(_) => f64::MAX,
            Self::Format(format) => format.largest(),
            Self::Fixed(bits) => 2f64.powi(MOST_BITS.cast_signed() - bits.cast_signed()),
        }
    }

    /// The exponent of the distance of the numbers near `value`.
    pub(super) fn step(self, value: f64) -> i32 {
        match self {
            Self::Fixed(_) => self.lowest(),
            _ if value == 0.0 => self.lowest(),
            _ => (exponent(value) + 1 - self.precision().cast_signed()).max(self.lowest()),
        }
    }

    /// The number nearest to `value`.
    pub(super) fn nearest(self, value: f64) -> f64 {
        let unit = power_of_two(self.step(value));
        (value / unit).round_ties_even() * unit
    }

    /// Whether `value` is one of the numbers.
    pub(super) fn has(self, value: &Rational) -> bool {
        let near = to_f64(value);
        near.abs() <= self.largest() && self.nearest(near) == near && exactly(near) == *value
    }
}

impl fmt::Display for Coefficients {
    /// For instance `float32`, `12` (significant bits) or `fixed16` (fraction bits).
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => formatter.write_str("exact"),
            Self::Format(format) => format.fmt(formatter),
            Self::Bits(bits) => write!(formatter, "{bits}"),
            Self::Fixed(bits) => write!(formatter, "fixed{bits}"),
        }
    }
}

impl FromStr for Coefficients {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bits = |text: &str| text.parse().ok().filter(|bits| *bits <= MOST_BITS);
        let known = match text {
            "exact" => Some(Self::Exact),
            "float64" | "f64" => Some(Self::Format(Format::F64)),
            "float32" | "f32" => Some(Self::Format(Format::F32)),
            "float16" | "f16" => Some(Self::Format(Format::F16)),
            "bfloat16" | "bf16" => Some(Self::Format(Format::BF16)),
            _ => match text.strip_prefix("fixed") {
                Some(fraction) => bits(fraction).map(Self::Fixed),
                None => bits(text).filter(|bits| *bits >= 2).map(Self::Bits),
            },
        };
        known.ok_or_else(|| {
            let reason = format!(
                "{text:?} is none of exact, float64, float32, float16, bfloat16, a number of significant bits from 2 to \
                 {MOST_BITS}, or fixedN for N fraction bits up to {MOST_BITS}"
            );
            unfit("coefficients", reason)
        })
    }
}
