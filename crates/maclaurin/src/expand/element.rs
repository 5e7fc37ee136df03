//! The types that arrays are made of.

use half::{bf16, f16};

mod sealed {
    pub trait Sealed {}
}

/// A type of input values: `u8`, `i8`, `u16`, `i16`, `f16`, `bf16`, `f32`, `f64`.
pub trait Element: Copy + Send + Sync + sealed::Sealed + 'static {
    /// Whether values of this type are computed with in `f64` rather than in `f32`.
    const DOUBLE: bool = false;
    /// The value as `f32`; exact for all types but `f64`.
    fn to_f32(self) -> f32;
    /// The value as `f64`.
    fn to_f64(self) -> f64;
}

/// A type of output values: `f16`, `bf16`, `f32`, `f64`.
pub trait Float: Element {
    /// The nearest value of this type.
    fn from_f32(value: f32) -> Self;
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
}

macro_rules! integer {
    ($($type:ty),*) => {$(
        impl sealed::Sealed for $type {}
        impl Element for $type {
            #[inline]
            fn to_f32(self) -> f32 {
                self.into()
            }
            #[inline]
            fn to_f64(self) -> f64 {
                self.into()
            }
        }
    )*};
}

integer!(u8, i8, u16, i16);

macro_rules! half {
    ($($type:ty),*) => {$(
        impl sealed::Sealed for $type {}
        impl Element for $type {
            #[inline]
            fn to_f32(self) -> f32 {
                self.to_f32()
            }
            #[inline]
            fn to_f64(self) -> f64 {
                self.to_f64()
            }
        }
        impl Float for $type {
            #[inline]
            fn from_f32(value: f32) -> Self {
                Self::from_f32(value)
            }
            #[inline]
            fn from_f64(value: f64) -> Self {
                Self::from_f64(value)
            }
        }
    )*};
}

half!(f16, bf16);

macro_rules! native {
    ($type:ty, $double:literal) => {
        impl sealed::Sealed for $type {}
        impl Element for $type {
            const DOUBLE: bool = $double;
            #[inline]
            fn to_f32(self) -> f32 {
                self as f32
            }
            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
        }
        impl Float for $type {
            #[inline]
            fn from_f32(value: f32) -> Self {
                value.into()
            }
            #[inline]
            fn from_f64(value: f64) -> Self {
                value as $type
            }
        }
    };
}

native!(f32, false);
native!(f64, true);
