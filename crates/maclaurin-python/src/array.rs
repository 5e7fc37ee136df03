//! NumPy arrays in and out, without a copy where their memory allows it.

use half::{bf16, f16};
use maclaurin::Element;
use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};
use numpy::npyffi::flags::{NPY_ARRAY_ALIGNED, NPY_ARRAY_WRITEABLE};
use numpy::{
    IntoPyArray, PyArrayDescr, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyUntypedArray,
    PyUntypedArrayMethods, dtype,
};
use pyo3::PyTypeInfo;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;

use crate::dlpack;

/// Dimensions of an output at the most: those of a `PyArrayDyn`.
const MOST_DIMENSIONS: usize = 32;

/// An array whose values the kernels read as they lie.
pub enum Input<'py> {
    U8(Bound<'py, PyArrayDyn<u8>>),
    I8(Bound<'py, PyArrayDyn<i8>>),
    U16(Bound<'py, PyArrayDyn<u16>>),
    I16(Bound<'py, PyArrayDyn<i16>>),
    F16(Bound<'py, PyArrayDyn<f16>>),
    BF16(Bound<'py, PyArrayDyn<bf16>>),
    F32(Bound<'py, PyArrayDyn<f32>>),
    F64(Bound<'py, PyArrayDyn<f64>>),
}

/// The same expression for the array inside, whatever its type.
macro_rules! each {
    ($input:expr, $array:ident => $body:expr) => {
        match $input {
            $crate::array::Input::U8($array) => $body,
            $crate::array::Input::I8($array) => $body,
            $crate::array::Input::U16($array) => $body,
            $crate::array::Input::I16($array) => $body,
            $crate::array::Input::F16($array) => $body,
            $crate::array::Input::BF16($array) => $body,
            $crate::array::Input::F32($array) => $body,
            $crate::array::Input::F64($array) => $body,
        }
    };
}
pub(crate) use each;

/// A type of output values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    F16,
    BF16,
    F32,
    F64,
}

/// The same expression with `$type` as the type of a precision.
macro_rules! at_precision {
    ($precision:expr, $type:ident => $body:expr) => {
        match $precision {
            $crate::array::Precision::F16 => {
                type $type = half::f16;
                $body
            }
            $crate::array::Precision::BF16 => {
                type $type = half::bf16;
                $body
            }
            $crate::array::Precision::F32 => {
                type $type = f32;
                $body
            }
            $crate::array::Precision::F64 => {
                type $type = f64;
                $body
            }
        }
    };
}
pub(crate) use at_precision;

impl<'py> Input<'py> {
    /// Anything that NumPy or `DLPack` makes an array of: as it lies where the kernels know its
    /// type, else as a copy in double precision.
    pub fn new(x: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = x.py();
        let numpy = py.import(intern!(py, "numpy"))?;
        let array = if let Ok(array) = x.cast::<PyUntypedArray>() {
            if let Some(input) = Self::as_it_lies(array)? {
                return Ok(input);
            }
            if x.is_instance(&numpy.getattr("ma")?.getattr("MaskedArray")?)? {
                return Err(PyTypeError::new_err(
                    "a masked array cannot be expanded: its masked values have no meaning here; \
                     fill them (x.filled(...)) or leave them out (x.compressed())",
                ));
            }
            x.clone()
        } else if !x.hasattr(intern!(py, "__array__"))? && x.hasattr(intern!(py, "__dlpack__"))? {
            match dlpack::bfloat16(x)? {
                Some(array) => array,
                None => numpy.call_method1("from_dlpack", (x,))?,
            }
        } else {
            match numpy.call_method1(intern!(py, "asarray"), (x,)) {
                Ok(array) => array,
                Err(error) => dlpack::bfloat16(x)?.ok_or(error)?,
            }
        };
        if let Some(input) = Self::as_it_lies(array.cast::<PyUntypedArray>()?)? {
            return Ok(input);
        }
        let descriptor = array.cast::<PyUntypedArray>()?.dtype();
        // Another byte order or alignment of a known type, or a type that is made a double.
        let target = match (descriptor.kind(), descriptor.itemsize()) {
            (b'u' | b'i', 1 | 2) | (b'f', 2 | 4 | 8) => {
                descriptor.call_method1("newbyteorder", ("=",))?
            }
            (b'b', _) => dtype::<u8>(py).into_any(),
            (b'u' | b'i' | b'f', _) => dtype::<f64>(py).into_any(),
            _ if is_bfloat16(&descriptor)? => descriptor.into_any(),
            _ => {
                return Err(PyTypeError::new_err(format!(
                    "an array of dtype {} cannot be expanded: its values must be real numbers, such \
                     as uint8, float32 or float64",
                    descriptor.str()?
                )));
            }
        };
        let copy = numpy.call_method1("array", (array, target))?;
        Self::as_it_lies(copy.cast::<PyUntypedArray>()?)?
            .ok_or_else(|| PyTypeError::new_err("NumPy gave no aligned array of that type"))
    }

    /// The array itself, if the kernels can walk it.
    fn as_it_lies(array: &Bound<'py, PyUntypedArray>) -> PyResult<Option<Self>> {
        if array.ndim() >= MOST_DIMENSIONS {
            return Err(PyValueError::new_err(format!(
                "an array of {} dimensions cannot be expanded: there may be at most {}; reshape it",
                array.ndim(),
                MOST_DIMENSIONS - 1
            )));
        }
        let descriptor = array.dtype();
        let size = descriptor.itemsize() as isize;
        // A subclass may mean more than its memory; only a masked array certainly does.
        let plain = array.get_type().is(PyArrayDyn::<f64>::type_object(array.py()));
        let walkable = plain
            && flags(array) & NPY_ARRAY_ALIGNED != 0
            && array.strides().iter().all(|stride| size > 0 && stride % size == 0);
        if !walkable {
            return Ok(None);
        }
        let any = array.as_any();
        Ok(match descriptor.num() {
            1 => any.cast().ok().cloned().map(Self::I8),
            2 => any.cast().ok().cloned().map(Self::U8),
            3 => any.cast().ok().cloned().map(Self::I16),
            4 => any.cast().ok().cloned().map(Self::U16),
            11 => any.cast().ok().cloned().map(Self::F32),
            12 => any.cast().ok().cloned().map(Self::F64),
            23 => any.cast().ok().cloned().map(Self::F16),
            _ if is_bfloat16(&descriptor)? => any.cast().ok().cloned().map(Self::BF16),
            _ => None,
        })
    }

    /// The array's type, if outputs can have it.
    pub fn precision(&self) -> Option<Precision> {
        match self {
            Self::F16(_) => Some(Precision::F16),
            Self::BF16(_) => Some(Precision::BF16),
            Self::F32(_) => Some(Precision::F32),
            Self::F64(_) => Some(Precision::F64),
            _ => None,
        }
    }

    /// The array's shape.
    pub fn shape(&self) -> &[usize] {
        each!(self, array => array.shape())
    }

    /// The array as it is, for NumPy.
    pub fn as_any(&self) -> &Bound<'py, PyAny> {
        each!(self, array => array.as_any())
    }
}

impl Precision {
    /// Of a dtype, or of anything that names one.
    pub fn new(name: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = name.py();
        let unknown = || {
            let message = "dtype must be float16, bfloat16, float32 or float64";
            PyTypeError::new_err(match name.str() {
                Ok(name) => format!("{message}, not {name}"),
                Err(_) => message.into(),
            })
        };
        if name.extract::<&str>().is_ok_and(|name| name == "bfloat16") {
            // NumPy knows the name only once ml_dtypes is there.
            py.import("ml_dtypes")?;
        }
        let descriptor = PyArrayDescr::new(py, name)?;
        match descriptor.num() {
            11 => Ok(Self::F32),
            12 => Ok(Self::F64),
            23 => Ok(Self::F16),
            _ if is_bfloat16(&descriptor)? => Ok(Self::BF16),
            _ => Err(unknown()),
        }
    }
}

fn is_bfloat16(descriptor: &Bound<'_, PyArrayDescr>) -> PyResult<bool> {
    // NumPy's own types have small numbers, those of other packages come behind them.
    if descriptor.num() < 256 {
        return Ok(false);
    }
    descriptor.getattr("name")?.eq("bfloat16")
}

fn flags(array: &Bound<'_, PyUntypedArray>) -> i32 {
    // SAFETY: an array object that is alive; its flags are an integer.
    unsafe { (*array.as_array_ptr()).fields.flags }
}

/// The values of an array, for reading without the interpreter.
pub fn view<'a, T: numpy::Element>(array: &'a Bound<'_, PyArrayDyn<T>>) -> ArrayViewD<'a, T> {
    // SAFETY: `Input` and `out` hold only arrays that are aligned, of this type, and whose strides
    // are whole elements. As with NumPy's own functions, who writes to them from another thread
    // meanwhile gets values of both.
    unsafe { array.as_array() }
}

/// The values of an array given as `out`, for writing.
///
/// # Errors
///
/// `TypeError` for what is no array, `ValueError` for one that cannot be written, has another type
/// than `T`, or shares memory with one of `inputs`.
pub fn output<'py, T: numpy::Element>(
    out: &Bound<'py, PyAny>,
    inputs: &[&Bound<'py, PyAny>],
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    let py = out.py();
    let array = out
        .cast::<PyUntypedArray>()
        .map_err(|_| PyTypeError::new_err("out must be a numpy.ndarray"))?;
    if flags(array) & NPY_ARRAY_WRITEABLE == 0 {
        return Err(PyValueError::new_err("out is read-only"));
    }
    let size = array.dtype().itemsize() as isize;
    let aligned = flags(array) & NPY_ARRAY_ALIGNED != 0
        && array.strides().iter().all(|stride| stride % size == 0);
    let typed = out.cast::<PyArrayDyn<T>>().ok().filter(|_| aligned);
    let Some(typed) = typed else {
        return Err(PyValueError::new_err(format!(
            "out has dtype {}{} where {} is needed",
            array.dtype().str()?,
            if aligned { "" } else { ", not aligned," },
            dtype::<T>(py).str()?
        )));
    };
    if repeats(array) {
        return Err(PyValueError::new_err("out has elements that share memory with each other"));
    }
    for input in inputs {
        let numpy = py.import("numpy")?;
        // Most arrays are far apart, which the first tells at once; the second is exact.
        if numpy.call_method1("may_share_memory", (out, input))?.is_truthy()?
            && numpy.call_method1("shares_memory", (out, input))?.is_truthy()?
        {
            return Err(PyValueError::new_err("out shares memory with an input"));
        }
    }
    Ok(typed.clone())
}

/// Whether two elements of an array may lie at one place: axes from the nearest stride on must each
/// step over all that the ones before reach.
fn repeats(array: &Bound<'_, PyUntypedArray>) -> bool {
    let extents = array.shape().iter().zip(array.strides());
    let mut axes: Vec<(usize, usize)> = extents
        .filter(|(extent, _)| **extent > 1)
        .map(|(extent, stride)| (stride.unsigned_abs(), *extent))
        .collect();
    axes.sort_unstable();
    let mut reached = array.dtype().itemsize();
    array.len() > 0
        && axes.iter().any(|(stride, extent)| {
            let steps_over = *stride >= reached;
            reached += stride * (extent - 1);
            !steps_over
        })
}

/// The values of a checked output.
pub fn view_mut<'a, T: numpy::Element>(
    array: &'a Bound<'_, PyArrayDyn<T>>,
) -> ArrayViewMutD<'a, T> {
    if array.is_empty() {
        // NumPy's strides of an array without elements are of no kind that ndarray takes.
        return ndarray::ArrayViewMut::from_shape(array.dims(), &mut [])
            .unwrap_or_else(|_| unreachable!("an empty slice has every empty shape"));
    }
    // SAFETY: `output` found it writable, aligned, of this type, no element of it
    // twice in memory, and apart from the inputs. As with
    // NumPy's own functions, it is the caller's to let no other thread use it meanwhile.
    unsafe { array.as_array_mut() }
}

/// A Rust array as a NumPy array, without a copy.
pub fn give<T: numpy::Element>(py: Python<'_>, array: ArrayD<T>) -> Bound<'_, PyAny> {
    array.into_pyarray(py).into_any()
}

/// A function of doubles at every value; of a number, a number.
pub fn map<'py>(
    x: &Bound<'py, PyAny>,
    function: impl Fn(f64) -> f64 + Sync,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    let result = each!(Input::new(x)?, array => {
        let values = view(&array);
        py.detach(|| values.map(|value| function(value.to_f64())))
    });
    number_or_array(give(py, result))
}

/// An array without axes as the number that it holds.
pub fn number_or_array(array: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    if array.cast::<PyUntypedArray>()?.ndim() == 0 { array.call_method0("item") } else { Ok(array) }
}
