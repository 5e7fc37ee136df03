//! `expand`, `expand_backward` and `expand_tangent`.

use std::ffi::CString;

use maclaurin::{Basis, Degrees, Element, Expansion, Float, Gradients, Kind, expand_into};
use ndarray::{ArrayViewD, ArrayViewMutD, Axis, Slice, Zip};
use numpy::{PyArray1, ToPyArray};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::approximation::Approximation;
use crate::array::{
    Input, Precision, at_precision, each, give, number_or_array, output, view, view_mut,
};
use crate::error::{RadiusWarning, of_expansion};
use crate::memory;
use crate::polynomial::Polynomial;
use crate::series::Series;

/// Each value x of an array becomes, for each degree k of a series about x0, a term
/// a_k (x-x0)^k ("terms"), a power (x-x0)^k ("powers"), a partial sum a_0 + ... + a_k (x-x0)^k
/// ("partial_sums"), or the polynomial itself ("sum", no new axis).
///
/// Computed in the result's type, float16 and bfloat16 by way of float32, each operation rounded once: the same bits as the
/// loop in NumPy, on every machine. For more accuracy, or orders whose powers overflow, ask for dtype="float64". Of a
/// basis (mc.basis), each degree k becomes its polynomial P_k. The "sum" of an Approximation whose
/// basis is "chebyshev" is that of Chebyshev polynomials, as calling it is, on one core.
///
/// Args:
///     x: an array of any shape and strides, or what NumPy or DLPack makes one of. uint8, int8,
///         uint16, int16, float16, bfloat16 (ml_dtypes), float32 and float64 are read as they lie.
///     series: a Series, an Approximation, a Polynomial or a Basis.
///     kind: "terms", "powers", "partial_sums" or "sum".
///     degrees: "nonzero" (degree 1 and up where the coefficient is not exactly zero), "all" (1
///         and up), or a list of degrees.
///     constant: whether degree 0 comes out too, first.
///     axis: where the axis of the degrees stands in the result (stack), or which axis of x the
///         degrees are joined along.
///     stack: a new axis, or the degrees one after the other along an axis that is there.
///     scale, shift: the value expanded is scale*x + shift.
///     dtype: float16, bfloat16, float32 or float64; by default that of x, float32 for small
///         integers, float64 for all else.
///     out: an array for the result, of its shape and dtype; it is returned.
///     threads: the largest number of threads; by default one per core.
///
/// Warns once a series (RadiusWarning) if values lie outside its disc of convergence: all of up
/// to 65536 values are looked at, an even sample of larger arrays.
///
/// >>> import maclaurin as mc
/// >>> mc.expand([0.0, 1.0], mc.taylor("exp(x)", order=3)).tolist()
/// [[0.0, 0.0, 0.0], [1.0, 0.5, 0.16666666666666666]]
#[pyfunction]
#[pyo3(signature = (x, series, kind="terms", degrees=None, constant=false, axis=-1, stack=true,
    scale=1.0, shift=0.0, dtype=None, out=None, threads=None),
    text_signature = "(x, series, kind='terms', degrees='nonzero', constant=False, axis=-1, \
    stack=True, scale=1.0, shift=0.0, dtype=None, out=None, threads=None)")]
#[expect(clippy::too_many_arguments, reason = "Python's keywords")]
pub fn expand<'py>(
    x: &Bound<'py, PyAny>,
    series: &Bound<'py, Polynomial>,
    kind: &str,
    degrees: Option<&Bound<'py, PyAny>>,
    constant: bool,
    axis: isize,
    stack: bool,
    scale: f64,
    shift: f64,
    dtype: Option<&Bound<'py, PyAny>>,
    out: Option<&Bound<'py, PyAny>>,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let expansion = options(kind, degrees, constant, axis, stack, scale, shift, threads)?;
    let sum = chebyshev_sum(series, &expansion)?;
    let input = Input::new(x)?;
    warn_outside(&input, series, &expansion)?;
    let precision = match (dtype, out) {
        (Some(dtype), _) => Precision::new(dtype)?,
        (None, Some(out)) => match out.getattr("dtype") {
            Ok(dtype) => Precision::new(&dtype)?,
            Err(_) => return Err(PyTypeError::new_err("out must be a numpy.ndarray")),
        },
        (None, None) => default_precision(&input),
    };
    run(&input, &series.get().inner, sum, &expansion, precision, out)
}

/// The expansion of `x`, as a number where that is one.
pub fn evaluate<'py>(
    x: &Bound<'py, PyAny>,
    polynomial: &maclaurin::Polynomial,
    expansion: &Expansion,
) -> PyResult<Bound<'py, PyAny>> {
    let input = Input::new(x)?;
    let precision = default_precision(&input);
    number_or_array(run(&input, polynomial, None, expansion, precision, None)?)
}

/// The approximation whose sum is to be one of Chebyshev polynomials, if it is one.
///
/// Refuses partial sums of powers that would lose what it promises.
fn chebyshev_sum<'a>(
    series: &'a Bound<'_, Polynomial>,
    expansion: &Expansion,
) -> PyResult<Option<&'a maclaurin::Approximation>> {
    let Ok(approximation) = series.cast::<Approximation>() else { return Ok(None) };
    let inner = &approximation.get().inner;
    match expansion.kind {
        _ if inner.basis() == Basis::Powers => Ok(None),
        Kind::Powers | Kind::Terms => Ok(None),
        Kind::Sum => Ok(Some(inner)),
        Kind::PartialSums => Err(PyValueError::new_err(
            "the powers of this polynomial are ill-conditioned: their partial sums would be off by more than its \
             error; take kind=\"sum\", which adds up Chebyshev polynomials, or approximate on a smaller range or to a \
             lower degree",
        )),
    }
}

fn default_precision(input: &Input<'_>) -> Precision {
    input.precision().unwrap_or(Precision::F32)
}

fn run<'py>(
    input: &Input<'py>,
    polynomial: &maclaurin::Polynomial,
    sum: Option<&maclaurin::Approximation>,
    expansion: &Expansion,
    precision: Precision,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = input.as_any().py();
    at_precision!(precision, U => match out {
        None => {
            let shape = expansion.shape(polynomial, input.shape());
            let shape = shape.map_err(|error| of_expansion(py, error))?;
            let fresh = memory::fresh(&shape, || expansion.output::<U>(polynomial, input.shape()));
            let mut fresh = fresh.map_err(|error| of_expansion(py, error))?;
            each!(input, array => fill(py, &view(array), polynomial, sum, expansion, fresh.view_mut()))?;
            memory::give_back(py, fresh)
        }
        Some(out) => {
            let array = output::<U>(out, &[input.as_any()])?;
            let place = view_mut(&array);
            each!(input, array => fill(py, &view(array), polynomial, sum, expansion, place))?;
            Ok(out.clone())
        }
    })
}

/// Bytes of output between two looks at signals: some ten milliseconds of work.
const SLAB: usize = 1 << 28;

/// [`expand_into`] without the interpreter, in slabs between which Ctrl-C is heard.
fn fill<T: Element, U: Float>(
    py: Python<'_>,
    x: &ArrayViewD<'_, T>,
    polynomial: &maclaurin::Polynomial,
    sum: Option<&maclaurin::Approximation>,
    expansion: &Expansion,
    mut out: ArrayViewMutD<'_, U>,
) -> PyResult<()> {
    let apply = |x: &ArrayViewD<'_, T>, out: &mut ArrayViewMutD<'_, U>| match sum {
        Some(sum) if x.shape() == out.shape() => {
            let Expansion { scale, shift, .. } = *expansion;
            Zip::from(out).and(x).for_each(|y, x| {
                *y = U::from_f64(sum.evaluate(scale * x.to_f64() + shift));
            });
            Ok(())
        }
        _ => expand_into(x, polynomial, expansion, out),
    };
    let slabs = (out.len() * size_of::<U>()).div_ceil(SLAB);
    // A shape that does not fit is told of by the whole.
    let fits = || expansion.shape(polynomial, x.shape()).is_ok_and(|shape| shape == out.shape());
    let axes = if slabs > 1 && fits() { cut(x.shape(), out.ndim(), expansion) } else { None };
    let Some((axis, along)) = axes else {
        let whole = py.detach(|| apply(x, &mut out));
        return whole.map_err(|error| of_expansion(py, error));
    };
    let extent = x.shape()[axis];
    let step = extent.div_ceil(slabs);
    for start in (0..extent).step_by(step) {
        let range = Slice::from(start..extent.min(start + step));
        let part = x.slice_axis(Axis(axis), range);
        let mut place = out.slice_axis_mut(Axis(along), range);
        py.detach(|| apply(&part, &mut place)).map_err(|error| of_expansion(py, error))?;
        py.check_signals()?;
    }
    Ok(())
}

/// An axis of the input to cut along, and the same axis of the output: the first of more than one
/// element that the degrees are not joined along.
fn cut(input: &[usize], dimensions: usize, expansion: &Expansion) -> Option<(usize, usize)> {
    let degrees = expansion.axis.rem_euclid(dimensions.max(1) as isize) as usize;
    let sum = expansion.kind == Kind::Sum;
    let joined = |axis| !sum && !expansion.stack && axis == degrees;
    let axis = (0..input.len()).find(|&axis| input[axis] > 1 && !joined(axis))?;
    let behind = !sum && expansion.stack && degrees <= axis;
    Some((axis, axis + usize::from(behind)))
}

/// The gradients of a scalar with respect to x and to the coefficients, from its gradient with
/// respect to expand(x, series, ...), in one pass over memory.
///
/// Args:
///     gradient: of the shape of the expansion, float16, bfloat16, float32 or float64 (else taken as
///         float64); the gradient of x has its dtype and the shape of x, that of the coefficients
///         is float64 of length order + 1; of a sum of Chebyshev polynomials it is that of
///         their coefficients, and of a basis, which has none, zeros.
///
/// The other arguments as given to expand.
///
/// >>> import maclaurin as mc
/// >>> gx, ga = expand_backward([[1.0]], [3.0], mc.Polynomial(0.0, [0.0, 0.0, 1.0]))
/// >>> gx.tolist(), ga.tolist()
/// ([6.0], [0.0, 0.0, 9.0])
#[pyfunction]
#[pyo3(signature = (gradient, x, series, kind="terms", degrees=None, constant=false, axis=-1,
    stack=true, scale=1.0, shift=0.0, threads=None),
    text_signature = "(gradient, x, series, kind='terms', degrees='nonzero', constant=False, \
    axis=-1, stack=True, scale=1.0, shift=0.0, threads=None)")]
#[expect(clippy::too_many_arguments, reason = "Python's keywords")]
pub fn expand_backward<'py>(
    gradient: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    series: &Bound<'py, Polynomial>,
    kind: &str,
    degrees: Option<&Bound<'py, PyAny>>,
    constant: bool,
    axis: isize,
    stack: bool,
    scale: f64,
    shift: f64,
    threads: Option<usize>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyArray1<f64>>)> {
    let expansion = options(kind, degrees, constant, axis, stack, scale, shift, threads)?;
    let polynomial = (&series.get().inner, chebyshev_sum(series, &expansion)?);
    let input = Input::new(x)?;
    match Input::new(gradient)? {
        Input::F16(gradient) => back(&view(&gradient), &input, polynomial, &expansion),
        Input::BF16(gradient) => back(&view(&gradient), &input, polynomial, &expansion),
        Input::F32(gradient) => back(&view(&gradient), &input, polynomial, &expansion),
        Input::F64(gradient) => back(&view(&gradient), &input, polynomial, &expansion),
        other => {
            let doubles = each!(other, array => view(&array).map(|value| value.to_f64()));
            back(&doubles.view(), &input, polynomial, &expansion)
        }
    }
}

fn back<'py, U: Float + numpy::Element>(
    gradient: &ArrayViewD<'_, U>,
    input: &Input<'py>,
    (polynomial, sum): (&maclaurin::Polynomial, Option<&maclaurin::Approximation>),
    expansion: &Expansion,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyArray1<f64>>)> {
    let py = input.as_any().py();
    let gradients = each!(input, array => {
        let values = view(array);
        py.detach(|| match sum {
            Some(sum) if values.shape() == gradient.shape() => {
                Ok(gradients_of_sum(gradient, &values, sum, expansion))
            }
            _ => maclaurin::expand_backward(gradient, &values, polynomial, expansion),
        })
    })
    .map_err(|error| of_expansion(py, error))?;
    Ok((give(py, gradients.values), gradients.coefficients.to_pyarray(py)))
}

/// The gradients of a sum of Chebyshev polynomials, those of the coefficients of these.
fn gradients_of_sum<T: Element, U: Float>(
    gradient: &ArrayViewD<'_, U>,
    x: &ArrayViewD<'_, T>,
    sum: &maclaurin::Approximation,
    expansion: &Expansion,
) -> Gradients<U> {
    let Expansion { scale, shift, .. } = *expansion;
    let mut coefficients = vec![0.0; sum.chebyshev().len()];
    let values = Zip::from(gradient).and(x).map_collect(|gradient, x| {
        let (gradient, x) = (gradient.to_f64(), scale * x.to_f64() + shift);
        for (total, value) in coefficients.iter_mut().zip(sum.chebyshev_polynomials(x)) {
            *total += gradient * value;
        }
        U::from_f64(gradient * sum.slope(x) * scale)
    });
    Gradients { values, coefficients }
}

/// How expand(x, series, ...) changes in the direction tangent (a Jacobian-vector product), laid
/// out as the expansion.
///
/// Args:
///     tangent: of the shape of x, taken in the dtype of x.
///
/// The other arguments as given to expand.
///
/// >>> import maclaurin as mc
/// >>> expand_tangent([3.0], [1.0], mc.Polynomial(0.0, [0.0, 0.0, 1.0])).tolist()
/// [[6.0]]
#[pyfunction]
#[pyo3(signature = (x, tangent, series, kind="terms", degrees=None, constant=false, axis=-1,
    stack=true, scale=1.0, shift=0.0, dtype=None, threads=None),
    text_signature = "(x, tangent, series, kind='terms', degrees='nonzero', constant=False, \
    axis=-1, stack=True, scale=1.0, shift=0.0, dtype=None, threads=None)")]
#[expect(clippy::too_many_arguments, reason = "Python's keywords")]
pub fn expand_tangent<'py>(
    x: &Bound<'py, PyAny>,
    tangent: &Bound<'py, PyAny>,
    series: &Bound<'py, Polynomial>,
    kind: &str,
    degrees: Option<&Bound<'py, PyAny>>,
    constant: bool,
    axis: isize,
    stack: bool,
    scale: f64,
    shift: f64,
    dtype: Option<&Bound<'py, PyAny>>,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    let expansion = options(kind, degrees, constant, axis, stack, scale, shift, threads)?;
    let (polynomial, sum) = (&series.get().inner, chebyshev_sum(series, &expansion)?);
    let input = Input::new(x)?;
    let precision = dtype.map_or(Ok(default_precision(&input)), Precision::new)?;
    let type_of_x = input.as_any().getattr("dtype")?;
    let tangent = py.import("numpy")?.call_method1("asarray", (tangent, type_of_x))?;
    at_precision!(precision, U => {
        let result = each!(&input, array => {
            let direction = same_type(array, &Input::new(&tangent)?)?;
            let (values, direction) = (view(array), view(&direction));
            py.detach(|| match sum {
                Some(sum) if values.shape() == direction.shape() => {
                    Ok(Zip::from(&values).and(&direction).map_collect(|x, tangent| {
                        let slope = sum.slope(scale * x.to_f64() + shift);
                        U::from_f64(slope * scale * tangent.to_f64())
                    }))
                }
                _ => maclaurin::expand_tangent::<_, U>(&values, &direction, polynomial, &expansion),
            })
        });
        Ok(give(py, result.map_err(|error| of_expansion(py, error))?))
    })
}

/// `other`, known to have the type of `array`.
fn same_type<'py, T: numpy::Element>(
    _array: &Bound<'py, numpy::PyArrayDyn<T>>,
    other: &Input<'py>,
) -> PyResult<Bound<'py, numpy::PyArrayDyn<T>>> {
    let other = other.as_any().cast::<numpy::PyArrayDyn<T>>();
    Ok(other
        .map_err(|_| PyTypeError::new_err("tangent cannot be taken in the dtype of x"))?
        .clone())
}

/// Python's keywords as options.
#[expect(clippy::too_many_arguments, reason = "Python's keywords")]
fn options(
    kind: &str,
    degrees: Option<&Bound<'_, PyAny>>,
    constant: bool,
    axis: isize,
    stack: bool,
    scale: f64,
    shift: f64,
    threads: Option<usize>,
) -> PyResult<Expansion> {
    let kind = match kind {
        "terms" => Kind::Terms,
        "powers" => Kind::Powers,
        "partial_sums" => Kind::PartialSums,
        "sum" => Kind::Sum,
        _ => {
            return Err(PyValueError::new_err(format!(
                "kind {kind:?} is none of \"terms\", \"powers\", \"partial_sums\", \"sum\""
            )));
        }
    };
    let degrees = degrees.map_or(Ok(Degrees::NonZero), read_degrees)?;
    if threads == Some(0) {
        return Err(PyValueError::new_err("threads must be at least 1"));
    }
    Ok(Expansion { kind, degrees, constant, axis, stack, scale, shift, threads })
}

fn read_degrees(degrees: &Bound<'_, PyAny>) -> PyResult<Degrees> {
    if let Ok(name) = degrees.cast::<PyString>() {
        return match name.to_str()? {
            "nonzero" => Ok(Degrees::NonZero),
            "all" => Ok(Degrees::All),
            other => Err(PyValueError::new_err(format!(
                "degrees {other:?} is neither \"nonzero\" nor \"all\" nor a list of degrees"
            ))),
        };
    }
    let list = degrees.try_iter()?.map(|degree| {
        let degree = degree?;
        degree.extract().map_err(|_| match degree.str() {
            Ok(text) => {
                PyValueError::new_err(format!("degree {text} is not an integer of at least 1"))
            }
            Err(error) => error,
        })
    });
    Ok(Degrees::List(list.collect::<PyResult<_>>()?))
}

/// Values looked at for the warning.
const LOOKED_AT: usize = 1 << 16;

/// Values that are contiguous in a sample.
const RUN: usize = 64;

/// Warns once a series of values outside its disc of convergence.
fn warn_outside(
    input: &Input<'_>,
    series: &Bound<'_, Polynomial>,
    expansion: &Expansion,
) -> PyResult<()> {
    let Ok(series) = series.cast::<Series>() else { return Ok(()) };
    let (py, series) = (series.py(), series.get());
    // Powers are of no function.
    if expansion.kind == Kind::Powers || series.has_warned() {
        return Ok(());
    }
    let Some(outside) = outside(py, input, series, expansion.scale, expansion.shift, true)? else {
        return Ok(());
    };
    if !series.warns() {
        return Ok(());
    }
    // An infinity or a text with a zero byte would be a second problem.
    let message = CString::new(outside.replace('\0', " "))?;
    PyErr::warn(py, &py.get_type::<RadiusWarning>(), &message, 1)
}

/// The warning that expand gives about the values of x, scaled and shifted, or None.
///
/// All of up to 65536 values are looked at, an even sample of larger arrays. With hint it names the
/// scale that would fit.
#[pyfunction]
pub fn values_outside(
    x: &Bound<'_, PyAny>,
    series: &Bound<'_, Series>,
    scale: f64,
    shift: f64,
    hint: bool,
) -> PyResult<Option<String>> {
    outside(x.py(), &Input::new(x)?, series.get(), scale, shift, hint)
}

fn outside(
    py: Python<'_>,
    input: &Input<'_>,
    series: &Series,
    scale: f64,
    shift: f64,
    hint: bool,
) -> PyResult<Option<String>> {
    let radius = series.radius_of(py)?.lower;
    let center = series.inner.at_f64();
    let inside = |x: f64| (scale * x + shift - center).abs() <= radius;
    let possible = match input {
        Input::U8(_) => (0.0, f64::from(u8::MAX)),
        Input::I8(_) => (f64::from(i8::MIN), f64::from(i8::MAX)),
        Input::U16(_) => (0.0, f64::from(u16::MAX)),
        Input::I16(_) => (f64::from(i16::MIN), f64::from(i16::MAX)),
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    };
    if radius == f64::INFINITY || inside(possible.0) && inside(possible.1) {
        return Ok(None);
    }
    let Some((low, high)) = each!(input, array => extremes(&view(array))) else { return Ok(None) };
    if inside(low) && inside(high) {
        return Ok(None);
    }
    let (low, high) = (scale * low + shift, scale * high + shift);
    let outside = crate::interrupt::interruptible(py, || {
        // Of shifted values no scale is known to fit.
        let scale = if hint && shift == 0.0 { scale } else { f64::NAN };
        series.inner.outside(low.min(high), low.max(high), scale)
    })?;
    Ok(outside.map(|outside| outside.to_string()))
}

/// The smallest and the largest value, NaN aside: of all, or of an even sample.
fn extremes<T: Element + PartialOrd>(values: &ArrayViewD<'_, T>) -> Option<(f64, f64)> {
    fn narrow<T: PartialOrd + Copy>(low: &mut [T; RUN], high: &mut [T; RUN], values: &[T]) {
        for ((low, high), &value) in low.iter_mut().zip(high.iter_mut()).zip(values) {
            *low = if value < *low { value } else { *low };
            *high = if value > *high { value } else { *high };
        }
    }
    #[expect(clippy::eq_op, reason = "NaN is not equal to itself")]
    let first = *values.iter().find(|value| *value == *value)?;
    let (mut low, mut high) = ([first; RUN], [first; RUN]);
    let step = values.len().div_ceil(LOOKED_AT).max(1);
    if let Some(slice) = values.as_slice_memory_order() {
        for run in slice.chunks(RUN).step_by(step) {
            narrow(&mut low, &mut high, run);
        }
    } else if step == 1 {
        for value in values {
            narrow(&mut low, &mut high, &[*value]);
        }
    } else {
        for draw in 0..LOOKED_AT / RUN {
            // Multiples of the golden ratio: even, and in step with no axis (Weyl 1916).
            let place = (draw as f64 * 0.618_033_988_749_894_9).fract();
            let mut rest = (place * values.len() as f64) as usize;
            let index: Vec<usize> =
                values.shape().iter().map(|&extent| (rest % extent, rest /= extent).0).collect();
            narrow(&mut low, &mut high, &[values[&index[..]]]);
        }
    }
    let ends = low.iter().zip(&high).map(|(low, high)| (low.to_f64(), high.to_f64()));
    ends.reduce(|(low, high), (l, h)| (low.min(l), high.max(h)))
}
