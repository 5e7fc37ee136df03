//! The types that arrays are made of.

use std::ops::{Add, AddAssign, Mul, Sub};

use half::{bf16, f16};
use sealed::Format;

use super::kernel::instructions::Instructions;
use super::kernel::vector::Vector;
use super::tanh::{tanh_f32, tanh_f64};

/// What the kernels need of a type, closed to other types.
pub(crate) mod sealed {
    /// How a value lies in memory.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[allow(missing_docs)]
    pub enum Format {
        U8,
        I8,
        U16,
        I16,
        F16,
        BF16,
        F32,
        F64,
    }

    impl Format {
        /// Bytes of a value.
        pub(crate) fn size(self) -> usize {
            match self {
                Self::U8 | Self::I8 => 1,
                Self::U16 | Self::I16 | Self::F16 | Self::BF16 => 2,
                Self::F32 => 4,
                Self::F64 => 8,
            }
        }
    }

    /// A type that is read, in double precision.
    pub trait Wide: Copy + Default + Send + Sync + 'static {
        /// Which type it is.
        const FORMAT: Format;
        /// The value; exact.
        fn wide(self) -> f64;
    }

    /// A type that is written: rounded to its lane first, then to the type itself.
    pub trait Narrow: Wide {
        /// `f32` or `f64`: what rows are made of before they become values of this type.
        type Lane: super::Lane;
        /// Whether the lane is this type.
        const IS_LANE: bool;
        /// The nearest value of this type.
        fn narrow(lane: Self::Lane) -> Self;
    }
}

/// `f32` or `f64`: what the kernels move in vectors.
pub trait Lane:
    sealed::Wide + PartialOrd + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + AddAssign
{
    /// Sixteen of them, by an instruction set.
    type Vector<I: Instructions>: Vector<Lane = Self>;
    /// Bytes of a value.
    const BYTES: usize = size_of::<Self>();
    /// The nearest value.
    fn round(value: f64) -> Self;
    /// The value; exact.
    fn exact(self) -> f64;
    /// The hyperbolic tangent, the same on every machine.
    fn tanh(self) -> Self;
}

impl Lane for f32 {
    type Vector<I: Instructions> = I::Singles;
    #[inline(always)]
    fn round(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn exact(self) -> f64 {
        self.into()
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        tanh_f32(self)
    }
}

impl Lane for f64 {
    type Vector<I: Instructions> = I::Doubles;
    #[inline(always)]
    fn round(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn exact(self) -> f64 {
        self
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        tanh_f64(self)
    }
}

/// A type of input values: `u8`, `i8`, `u16`, `i16`, `f16`, `bf16`, `f32`, `f64`.
pub trait Element: sealed::Wide {
    /// The value as `f64`; exact.
    #[must_use]
    fn to_f64(self) -> f64 {
        self.wide()
    }
}

/// A type of output values: `f16`, `bf16`, `f32`, `f64`.
pub trait Float: Element + sealed::Narrow {
    /// The nearest value of this type (of `f16` and `bf16`: nearest to the nearest `f32`).
    #[must_use]
    fn from_f64(value: f64) -> Self {
        Self::narrow(Lane::round(value))
    }
}

macro_rules! element {
    ($($type:ty: $format:ident),*) => {$(
        impl sealed::Wide for $type {
            const FORMAT: Format = Format::$format;
            #[inline(always)]
            fn wide(self) -> f64 {
                self.into()
            }
        }
        impl Element for $type {}
    )*};
}

element!(u8: U8, i8: I8, u16: U16, i16: I16, f32: F32, f64: F64);

macro_rules! float {
    ($type:ty, $lane:ty, $is_lane:literal, $narrow:expr) => {
        impl sealed::Narrow for $type {
            type Lane = $lane;
            const IS_LANE: bool = $is_lane;
            #[inline(always)]
            fn narrow(lane: $lane) -> Self {
                $narrow(lane)
            }
        }
        impl Float for $type {}
    };
}

float!(f32, f32, true, |lane| lane);
float!(f64, f64, true, |lane| lane);
float!(f16, f32, false, f16_from);
float!(bf16, f32, false, bf16_from);

impl sealed::Wide for f16 {
    const FORMAT: Format = Format::F16;
    /// Without a branch, so that loops vectorise: the exponent is moved to its place by a
    /// multiplication, which makes subnormal numbers normal on the way.
    #[inline(always)]
    fn wide(self) -> f64 {
        let bits = u32::from(self.to_bits());
        let magnitude = (bits & 0x7fff) << 13;
        let finite = (f32::from_bits(magnitude) * f32::from_bits(0x7780_0000)).to_bits();
        let special = magnitude | 0x7f80_0000;
        let unsigned = if magnitude >= 0x0f80_0000 { special } else { finite };
        f32::from_bits(unsigned | (bits & 0x8000) << 16).into()
    }
}

impl Element for f16 {}

impl sealed::Wide for bf16 {
    const FORMAT: Format = Format::BF16;
    #[inline(always)]
    fn wide(self) -> f64 {
        f32::from_bits(u32::from(self.to_bits()) << 16).into()
    }
}

impl Element for bf16 {}

/// To nearest, ties to even, without a branch.
#[inline(always)]
fn f16_from(value: f32) -> f16 {
    let bits = value.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    // Subnormal: adding 1/2 moves the bits to their place, rounded.
    let small = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0x3f00_0000);
    let odd = magnitude >> 13 & 1;
    let normal = magnitude.wrapping_add(0xc800_0fff).wrapping_add(odd) >> 13;
    let nan = 0x7e00 | (magnitude >> 13 & 0x3ff);
    let finite = if magnitude < 0x3880_0000 { small } else { normal };
    let special = if magnitude > 0x7f80_0000 { nan } else { 0x7c00 };
    let unsigned = if magnitude >= 0x4780_0000 { special } else { finite };
    f16::from_bits((unsigned | (bits >> 16 & 0x8000)) as u16)
}

/// To nearest, ties to even, without a branch.
#[inline(always)]
fn bf16_from(value: f32) -> bf16 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    let nan = bits >> 16 | 0x40;
    bf16::from_bits(if bits & 0x7fff_ffff > 0x7f80_0000 { nan } else { rounded } as u16)
}

#[cfg(test)]
mod tests {
    use super::sealed::{Narrow, Wide};
    use super::*;

    #[test]
    fn halves_convert_as_the_half_crate_does() {
        for bits in 0..=u16::MAX {
            let (half, brain) = (f16::from_bits(bits), bf16::from_bits(bits));
            assert!(half.wide().to_bits() == half.to_f64().to_bits() || half.is_nan(), "{bits:x}");
            assert!(brain.wide() == brain.to_f64() || brain.is_nan(), "{bits:x}");
            assert_eq!(half.wide().is_nan(), half.is_nan());
        }
        // Every exponent and the bits that decide rounding.
        for top in 0..=u16::MAX {
            for low in [0u32, 1, 0x0fff, 0x1000, 0x1001, 0x7fff, 0x8000, 0x8001, 0xffff] {
                let value = f32::from_bits(u32::from(top) << 16 | low);
                let (half, brain) = (f16::from_f32(value), bf16::from_f32(value));
                if value.is_nan() {
                    assert!(f16::narrow(value).is_nan() && bf16::narrow(value).is_nan());
                } else {
                    assert_eq!(f16::narrow(value).to_bits(), half.to_bits(), "{value:e}");
                    assert_eq!(bf16::narrow(value).to_bits(), brain.to_bits(), "{value:e}");
                }
            }
        }
    }
}
