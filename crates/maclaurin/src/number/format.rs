//! Floating-point formats: their numbers, and rounding to them.

use std::fmt;

/// A binary floating-point format in which a polynomial is evaluated, or from which its coefficients
/// are taken.
///
/// # Examples
///
/// ```
/// use maclaurin::Format;
///
/// assert_eq!(Format::BF16.to_string(), "bfloat16");
/// assert_eq!(Format::F16.precision(), 11);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// IEEE binary16, NumPy's `float16`: 11 significant bits.
    F16,
    /// `bfloat16`, the upper half of a binary32: 8 significant bits.
    BF16,
    /// IEEE binary32, `f32`: 24 significant bits.
    F32,
    /// IEEE binary64, `f64`: 53 significant bits.
    F64,
}

impl fmt::Display for Format {
    /// The name in Python: `float32`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::F16 => "float16",
            Self::BF16 => "bfloat16",
            Self::F32 => "float32",
            Self::F64 => "float64",
        })
    }
}

impl Format {
    /// All formats, by their bits.
    pub const ALL: [Self; 4] = [Self::F16, Self::BF16, Self::F32, Self::F64];

    /// The significant bits of normal numbers, the leading one included.
    #[must_use]
    pub fn precision(self) -> u32 {
        match self {
            Self::F16 => 11,
            Self::BF16 => 8,
            Self::F32 => 24,
            Self::F64 => 53,
        }
    }

    /// The exponent of the smallest positive number.
    pub(crate) fn lowest(self) -> i32 {
        match self {
            Self::F16 => -24,
            Self::BF16 => -133,
            Self::F32 => -149,
            Self::F64 => -1074,
        }
    }

    /// The largest finite number.
    pub(crate) fn largest(self) -> f64 {
        match self {
            Self::F16 => 65504.0,
            Self::BF16 => 2f64.powi(128) - 2f64.powi(120),
            Self::F32 => f32::MAX.into(),
            Self::F64 => f64::MAX,
        }
    }

    /// The largest relative error of a rounding to nearest.
    pub(crate) fn unit(self) -> f64 {
        power_of_two(-self.precision().cast_signed())
    }

    /// The largest error of a rounding below the normal numbers, at least.
    pub(crate) fn eta(self) -> f64 {
        match self {
            Self::F64 => f64::from_bits(1),
            _ => power_of_two(self.lowest() - 1),
        }
    }

    /// The distance of the numbers of the size of `x`, which is not zero.
    fn spacing(self, x: f64) -> f64 {
        let step = exponent(x) + 1 - self.precision().cast_signed();
        power_of_two(step.max(self.lowest()))
    }

    /// The smallest number that is not below `x`.
    pub(crate) fn round_up(self, x: f64) -> f64 {
        if self == Self::F64 || x == 0.0 || !x.is_finite() {
            return x;
        }
        let unit = self.spacing(x);
        let above = (x / unit).ceil() * unit;
        if above > self.largest() { f64::INFINITY } else { above.max(-self.largest()) }
    }

    /// The number nearest to `x`, ties to the even one.
    pub(crate) fn round(self, x: f64) -> f64 {
        match self {
            Self::F32 => f64::from(x as f32),
            Self::F64 => x,
            Self::F16 | Self::BF16 => {
                if x == 0.0 || !x.is_finite() {
                    return x;
                }
                let unit = self.spacing(x);
                let near = (x / unit).round_ties_even() * unit;
                if near.abs() > self.largest() { f64::INFINITY.copysign(x) } else { near }
            }
        }
    }
}

/// The exponent of the leading bit of a number that is not zero.
pub(crate) fn exponent(value: f64) -> i32 {
    let biased = (value.to_bits() >> 52 & 0x7ff) as i32;
    if biased > 0 { biased - 1023 } else { exponent(value * 2f64.powi(64)) - 64 }
}

/// `2^n`, subnormal powers included: `powi` divides by powers above them, which are infinite.
pub(crate) fn power_of_two(n: i32) -> f64 {
    let leading = |n: i32| f64::from_bits(u64::from((n + 1023).cast_unsigned()) << 52);
    if n < -1022 { leading(n + 100) * leading(-100) } else { leading(n) }
}

#[cfg(test)]
mod tests {
    use half::{bf16, f16};

    use super::Format;

    #[test]
    fn rounds_to_nearest_as_the_bits_of_16_bit_numbers_say() {
        // Every number, the middles between neighbours, and beside them.
        for bits in 0..0x7c00u16 {
            let (x, next) = (f16::from_bits(bits).to_f64(), f16::from_bits(bits + 1).to_f64());
            assert_eq!(Format::F16.round(x), x);
            if next.is_finite() {
                let middle = x.midpoint(next);
                let even = if bits % 2 == 0 { x } else { next };
                assert_eq!(Format::F16.round(-middle), -even);
                assert_eq!(Format::F16.round(middle.next_up()), next);
                assert_eq!(Format::F16.round(middle.next_down()), x);
            }
        }
        for bits in 0..0x7f80u16 {
            let (x, next) = (bf16::from_bits(bits).to_f64(), bf16::from_bits(bits + 1).to_f64());
            assert_eq!(Format::BF16.round(x), x);
            if next.is_finite() {
                let middle = x.midpoint(next);
                assert_eq!(Format::BF16.round(middle), if bits % 2 == 0 { x } else { next });
            }
        }
        for bits in 1..0x7c00u16 {
            let [below, x] = [bits - 1, bits].map(|bits| f16::from_bits(bits).to_f64());
            assert_eq!([x, -x].map(|x| Format::F16.round_up(x)), [x, -x]);
            assert_eq!(Format::F16.round_up(below.next_up()), x);
            assert_eq!(Format::F16.round_up(-(below.next_up())), -below);
        }
        assert_eq!(Format::F32.round_up(0.1), f64::from(0.1f32));
        assert_eq!(Format::F32.round_up(0.7), f64::from(0.7f32.next_up()));
        assert_eq!([Format::F16, Format::BF16].map(|f| f.round_up(1e39)), [f64::INFINITY; 2]);
        assert_eq!(Format::F16.round(65519.99), 65504.0);
        assert_eq!(Format::F16.round(65520.0), f64::INFINITY);
        assert_eq!(Format::BF16.round(-3.4e38), f64::NEG_INFINITY);
    }
}
