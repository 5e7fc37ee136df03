//! Arrays of the types that files hold.

use half::f16;
use maclaurin::{Element, ExpandError, Expansion, Float, Polynomial};
use ndarray::ArrayD;

/// An array read from a file.
pub enum Array {
    U8(ArrayD<u8>),
    I8(ArrayD<i8>),
    U16(ArrayD<u16>),
    I16(ArrayD<i16>),
    F16(ArrayD<f16>),
    F32(ArrayD<f32>),
    F64(ArrayD<f64>),
}

/// The same expression for the array inside, whatever its type.
macro_rules! each {
    ($array:expr, $inner:ident => $body:expr) => {
        match $array {
            Array::U8($inner) => $body,
            Array::I8($inner) => $body,
            Array::U16($inner) => $body,
            Array::I16($inner) => $body,
            Array::F16($inner) => $body,
            Array::F32($inner) => $body,
            Array::F64($inner) => $body,
        }
    };
}

/// As [`each`], with the result, an array of the same type, wrapped again.
macro_rules! map {
    ($array:expr, $inner:ident => $body:expr) => {
        match $array {
            Array::U8($inner) => Array::U8($body),
            Array::I8($inner) => Array::I8($body),
            Array::U16($inner) => Array::U16($body),
            Array::I16($inner) => Array::I16($body),
            Array::F16($inner) => Array::F16($body),
            Array::F32($inner) => Array::F32($body),
            Array::F64($inner) => Array::F64($body),
        }
    };
}

pub(crate) use map;

impl Array {
    pub fn shape(&self) -> &[usize] {
        each!(self, array => array.shape())
    }

    pub fn type_name(&self) -> &'static str {
        match self {
            Self::U8(_) => "u8",
            Self::I8(_) => "i8",
            Self::U16(_) => "u16",
            Self::I16(_) => "i16",
            Self::F16(_) => "f16",
            Self::F32(_) => "f32",
            Self::F64(_) => "f64",
        }
    }

    /// The bytes of a value.
    #[cfg(feature = "zarr")]
    pub fn value_size(&self) -> u64 {
        match self {
            Self::U8(_) | Self::I8(_) => 1,
            Self::U16(_) | Self::I16(_) | Self::F16(_) => 2,
            Self::F32(_) => 4,
            Self::F64(_) => 8,
        }
    }

    /// With a first axis of one element.
    #[cfg(feature = "zarr")]
    pub fn with_first_axis(self) -> Self {
        map!(self, array => array.insert_axis(ndarray::Axis(0)))
    }

    /// The axes from the last to the first.
    #[cfg(feature = "zarr")]
    pub fn reversed_axes(self) -> Self {
        map!(self, array => array.reversed_axes())
    }

    /// The smallest and the largest finite value, if there is one, and the number of finite values.
    pub fn range(&self) -> (Option<(f64, f64)>, usize) {
        fn extremes<T: Element>(array: &ArrayD<T>) -> (Option<(f64, f64)>, usize) {
            let start = (f64::INFINITY, f64::NEG_INFINITY, 0);
            let finite = array.iter().map(|value| value.to_f64()).filter(|value| value.is_finite());
            let (low, high, count) = finite.fold(start, |(low, high, count), value| {
                (low.min(value), high.max(value), count + 1)
            });
            ((count > 0).then_some((low, high)), count)
        }
        each!(self, array => extremes(array))
    }

    pub fn expand<U: Float>(
        &self,
        polynomial: &Polynomial,
        expansion: &Expansion,
    ) -> Result<ArrayD<U>, ExpandError> {
        each!(self, array => maclaurin::expand(&array.view(), polynomial, expansion))
    }
}
