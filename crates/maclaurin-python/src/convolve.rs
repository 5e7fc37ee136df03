//! `convolve` and its gradients.

use maclaurin::{
    Convolution, ConvolutionError, Float, convolve_backward_input_into, convolve_backward_weight,
    convolve_into,
};
use ndarray::{Array4, ArrayView4, ArrayViewD, ArrayViewMut4, Ix1, Ix4};
use numpy::PyArrayDyn;
use pyo3::exceptions::{PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::array::{Input, give, output, view, view_mut};
use crate::error::of_expansion;
use crate::memory;

/// The same expression for arrays of a floating point type, with the type that sums are made in.
macro_rules! at_floats {
    ($input:expr, $array:ident, $lane:ident => $body:expr) => {
        match $input {
            Input::F16($array) => {
                type $lane = f32;
                $body
            }
            Input::BF16($array) => {
                type $lane = f32;
                $body
            }
            Input::F32($array) => {
                type $lane = f32;
                $body
            }
            Input::F64($array) => {
                type $lane = f64;
                $body
            }
            other => Err(not_floats("x", other.as_any())),
        }
    };
}

/// Convolves the powers of x: y = bias + sum_k W_k * (x - center)^k for k from 1 to order.
///
/// The function that `maclaurin.convolve` and the layers call: arrays only, all of four dimensions
/// and one type (weights and bias float32 for float16 and bfloat16), numbers for both axes. The
/// result goes into out, or a new array; channels_last says in which order of memory.
#[pyfunction]
#[pyo3(signature = (x, weight, bias, out, channels_last, order, center=0.0, stride=[1, 1],
    padding=[[0, 0], [0, 0]], dilation=[1, 1], groups=1, threads=None))]
#[expect(clippy::too_many_arguments, reason = "Python's keywords")]
pub fn convolve<'py>(
    x: &Bound<'py, PyAny>,
    weight: &Bound<'py, PyAny>,
    bias: Option<&Bound<'py, PyAny>>,
    out: Option<&Bound<'py, PyAny>>,
    channels_last: bool,
    order: usize,
    center: f64,
    stride: [usize; 2],
    padding: [[usize; 2]; 2],
    dilation: [usize; 2],
    groups: usize,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let convolution = options(order, center, stride, padding, dilation, groups, threads)?;
    at_floats!(Input::new(x)?, array, Lane => {
        let weight = typed::<Lane>("weight", weight)?;
        let bias = bias.map(|bias| typed::<Lane>("bias", bias)).transpose()?;
        let (values, factors) = (four(&array)?, four(&weight)?);
        let bias = bias.as_ref().map(one).transpose()?;
        let shape = convolution.output_shape(&extents(&values), &extents(&factors));
        let shape = shape.map_err(|error| of_convolution(array.py(), error))?;
        let inputs = [array.as_any(), weight.as_any()];
        into(&array, out, shape, channels_last, &inputs, |y| {
            convolve_into(&values, &factors, bias.as_ref(), &convolution, y)
        })
    })
}

/// The gradient of convolve with respect to x.
#[pyfunction]
#[pyo3(signature = (gradient, x, weight, channels_last, order, center=0.0, stride=[1, 1],
    padding=[[0, 0], [0, 0]], dilation=[1, 1], groups=1, threads=None))]
#[expect(clippy::too_many_arguments, reason = "Python's keywords")]
pub fn convolve_backward_input<'py>(
    gradient: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    weight: &Bound<'py, PyAny>,
    channels_last: bool,
    order: usize,
    center: f64,
    stride: [usize; 2],
    padding: [[usize; 2]; 2],
    dilation: [usize; 2],
    groups: usize,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let convolution = options(order, center, stride, padding, dilation, groups, threads)?;
    at_floats!(Input::new(x)?, array, Lane => {
        let weight = typed::<Lane>("weight", weight)?;
        let gradient = same_type(&array, "gradient", gradient)?;
        let (g, values, factors) = (four(&gradient)?, four(&array)?, four(&weight)?);
        into(&array, None, extents(&values), channels_last, &[], |of_x| {
            convolve_backward_input_into(&g, &values, &factors, &convolution, of_x)
        })
    })
}

fn extents<T>(array: &ArrayView4<'_, T>) -> [usize; 4] {
    array.dim().into()
}

/// Work whose result goes into `out`, or into a new array.
fn into<'py, T: Float + numpy::Element>(
    like: &Bound<'py, PyArrayDyn<T>>,
    out: Option<&Bound<'py, PyAny>>,
    shape: [usize; 4],
    channels_last: bool,
    inputs: &[&Bound<'py, PyAny>],
    work: impl FnOnce(&mut ArrayViewMut4<'_, T>) -> Result<(), ConvolutionError> + Send,
) -> PyResult<Bound<'py, PyAny>> {
    let py = like.py();
    if let Some(out) = out {
        let array = output::<T>(out, inputs)?;
        let mut place = four_mut(&array)?;
        py.detach(|| work(&mut place)).map_err(|error| of_convolution(py, error))?;
        return Ok(out.clone());
    }
    let [images, channels, rows, columns] = shape;
    let extents = if channels_last { [images, rows, columns, channels] } else { shape };
    let make = || Convolution::output::<T>(extents).map(Array4::into_dyn);
    let fresh = memory::fresh(&extents, make).map_err(|error| of_convolution(py, error))?;
    let mut fresh = dimensions(fresh.into_dimensionality::<Ix4>())?;
    if channels_last {
        fresh = fresh.permuted_axes([0, 3, 1, 2]);
    }
    py.detach(|| work(&mut fresh.view_mut())).map_err(|error| of_convolution(py, error))?;
    memory::give_back(py, fresh.into_dyn())
}

/// The gradients of convolve with respect to weights of a shape and to the bias.
#[pyfunction(name = "convolve_backward_weight")]
#[pyo3(signature = (gradient, x, shape, order, center=0.0, stride=[1, 1],
    padding=[[0, 0], [0, 0]], dilation=[1, 1], groups=1, threads=None))]
#[expect(clippy::too_many_arguments, reason = "Python's keywords")]
pub fn backward_weight<'py>(
    gradient: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    shape: [usize; 4],
    order: usize,
    center: f64,
    stride: [usize; 2],
    padding: [[usize; 2]; 2],
    dilation: [usize; 2],
    groups: usize,
    threads: Option<usize>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let convolution = options(order, center, stride, padding, dilation, groups, threads)?;
    let py = x.py();
    at_floats!(Input::new(x)?, array, Lane => {
        let gradient = same_type(&array, "gradient", gradient)?;
        let (g, x) = (four(&gradient)?, four(&array)?);
        let found = py.detach(|| convolve_backward_weight(&g, &x, &shape, &convolution));
        let (weight, bias) = found.map_err(|error| of_convolution(py, error))?;
        let (weight, bias): (Array4<Lane>, ndarray::Array1<Lane>) = (weight, bias);
        Ok((give(py, weight.into_dyn()), give(py, bias.into_dyn())))
    })
}

fn options(
    order: usize,
    center: f64,
    stride: [usize; 2],
    padding: [[usize; 2]; 2],
    dilation: [usize; 2],
    groups: usize,
    threads: Option<usize>,
) -> PyResult<Convolution> {
    if threads == Some(0) {
        return Err(PyValueError::new_err("threads must be at least 1"));
    }
    Ok(Convolution { order, center, stride, padding, dilation, groups, threads })
}

fn of_convolution(py: Python<'_>, error: ConvolutionError) -> PyErr {
    match error {
        ConvolutionError::Expand(error) => of_expansion(py, error),
        ConvolutionError::Overflow => PyMemoryError::new_err(error.to_string()),
        error => PyValueError::new_err(error.to_string()),
    }
}

fn not_floats(what: &str, array: &Bound<'_, PyAny>) -> PyErr {
    let found = array.getattr("dtype").and_then(|dtype| dtype.str());
    PyTypeError::new_err(match found {
        Ok(dtype) => format!("{what} has dtype {dtype}; convolutions take floating point numbers"),
        Err(_) => format!("{what} is no array of floating point numbers"),
    })
}

/// An array of type `T`, as it lies.
fn typed<'py, T: numpy::Element>(
    what: &str,
    array: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    let input = Input::new(array)?;
    input.as_any().cast::<PyArrayDyn<T>>().cloned().map_err(|_| {
        let needed = numpy::dtype::<T>(array.py());
        let found = array.getattr("dtype").and_then(|dtype| dtype.str());
        match found {
            Ok(found) => PyTypeError::new_err(format!("{what} has dtype {found}, not {needed}")),
            Err(error) => error,
        }
    })
}

fn same_type<'py, T: numpy::Element>(
    _like: &Bound<'py, PyArrayDyn<T>>,
    what: &str,
    array: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    typed::<T>(what, array)
}

fn four<'a, T: Float + numpy::Element>(
    array: &'a Bound<'_, PyArrayDyn<T>>,
) -> PyResult<ArrayView4<'a, T>> {
    dimensions(view(array).into_dimensionality::<Ix4>())
}

fn one<'a, T: Float + numpy::Element>(
    array: &'a Bound<'_, PyArrayDyn<T>>,
) -> PyResult<ndarray::ArrayView1<'a, T>> {
    let values: ArrayViewD<'a, T> = view(array);
    dimensions(values.into_dimensionality::<Ix1>())
}

fn four_mut<'a, T: Float + numpy::Element>(
    array: &'a Bound<'_, PyArrayDyn<T>>,
) -> PyResult<ArrayViewMut4<'a, T>> {
    dimensions(view_mut(array).into_dimensionality::<Ix4>())
}

fn dimensions<A>(array: Result<A, ndarray::ShapeError>) -> PyResult<A> {
    array.map_err(|_| {
        PyValueError::new_err(
            "convolutions take arrays of four dimensions (images, channels, rows, columns), and a \
             bias of one",
        )
    })
}
