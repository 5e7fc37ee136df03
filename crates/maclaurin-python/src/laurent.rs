//! `maclaurin.Laurent`: series about poles.

use std::hash::{DefaultHasher, Hash, Hasher};

use numpy::{PyArray1, ToPyArray};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::array::map;
use crate::error::of_series;
use crate::function::Function;
use crate::interrupt::interruptible;
use crate::series::{Radius, Series, number};

/// The Laurent series of a function about a pole, up to a highest degree; laurent makes them.
///
/// order_of_pole (0 where the function is analytic), order (the highest degree), coefficients (float64,
/// from degree -order_of_pole up, each correctly rounded), exact (the same as int, Fraction, Exact, or
/// None where only an enclosure is known), residue, radius. Called with a number or an array it gives
/// the sum of the terms there.
///
/// Laurent series are values: + - * / with Laurent series and Series about the same point, numbers, text and
/// Functions, integer powers, derivative, truncate, and ==, which is True where the coefficients are
/// proven to be equal. The result has the smaller order.
///
/// >>> from maclaurin import laurent
/// >>> s = laurent("1/sin(x)", order=3)
/// >>> str(s - "1/x"), str(s**2), s.residue
/// ('x/6 + 7*x^3/360', '1/x^2 + 1/3 + x^2/15', 1)
#[pyclass(frozen, module = "maclaurin")]
pub struct Laurent {
    inner: maclaurin::Laurent,
    /// The call that computed it, where no function says what it is.
    origin: Option<Origin>,
}

/// A callable and its arguments.
type Origin = (Py<PyAny>, Py<PyTuple>);

impl Laurent {
    /// A Laurent series, by a function of Python's module `operator` and its arguments.
    fn made<'py>(
        inner: maclaurin::Laurent,
        name: &str,
        operands: Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = operands.py();
        let call = py.import("operator")?.getattr(name)?;
        let is_needed = inner.function().is_none();
        let origin = is_needed.then(|| (call.unbind(), operands.unbind()));
        Ok(Bound::new(py, Self { inner, origin })?.into_any())
    }

    /// What stands beside a Laurent series in an operation, or `None` for what cannot.
    fn operand(&self, other: &Bound<'_, PyAny>) -> PyResult<Option<maclaurin::Laurent>> {
        let py = other.py();
        if let Ok(laurent) = other.cast::<Self>() {
            return Ok(Some(laurent.get().inner.clone()));
        }
        if let Ok(series) = other.cast::<Series>() {
            return Ok(Some((&series.get().inner).into()));
        }
        let function = if let Ok(function) = other.cast::<Function>() {
            function.get().inner.clone()
        } else {
            let text = py.import("maclaurin.arithmetic")?.call_method1("operand_text", (other,))?;
            let Some(text) = text.extract::<Option<String>>()? else { return Ok(None) };
            maclaurin::Function::parse(&text).map_err(|error| of_series(error.into()))?
        };
        let own = &self.inner;
        let made = interruptible(py, || maclaurin::Laurent::new(&function, own.order(), own.at()))?;
        made.map(Some).map_err(of_series)
    }

    fn binary<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        name: &str,
        is_reflected: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, own) = (slf.py(), &slf.get().inner);
        let Some(operand) = slf.get().operand(other)? else {
            return Ok(py.NotImplemented().into_bound(py));
        };
        let (left, right) = if is_reflected { (&operand, own) } else { (own, &operand) };
        let inner = interruptible(py, || match name {
            "add" => left + right,
            "sub" => left - right,
            "mul" => left * right,
            _ => left / right,
        })?;
        let (a, b) = (slf.clone().into_any(), other.clone());
        let operands = if is_reflected { [b, a] } else { [a, b] };
        Self::made(inner.map_err(of_series)?, name, PyTuple::new(py, operands)?)
    }
}

#[pymethods]
impl Laurent {
    #[new]
    fn new(function: &Bound<'_, Function>, order: usize, at: &str) -> PyResult<Self> {
        let py = function.py();
        let function = &function.get().inner;
        let inner = interruptible(py, || maclaurin::Laurent::new(function, order, at))?;
        Ok(Self { inner: inner.map_err(of_series)?, origin: None })
    }

    #[getter]
    fn function(&self) -> Option<Function> {
        self.inner.function().map(|function| Function { inner: function.clone() })
    }

    /// The function as text.
    #[getter]
    fn name(&self) -> String {
        self.inner.name()
    }

    /// The expansion point, as it was written.
    #[getter]
    fn at_text(&self) -> &str {
        self.inner.at()
    }

    #[getter]
    fn order(&self) -> usize {
        self.inner.order()
    }

    #[getter]
    fn order_of_pole(&self) -> usize {
        self.inner.order_of_pole()
    }

    /// The coefficients from degree -order_of_pole up; the first order_of_pole of them are the principal
    /// part.
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.inner.coefficients().to_pyarray(py)
    }

    /// The coefficients exactly; None where only an enclosure is known.
    #[getter]
    fn exact<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let lowest = -(self.inner.order_of_pole() as i64);
        let degrees = lowest..=self.inner.order() as i64;
        let values = interruptible(py, || {
            degrees.clone().map(|k| self.inner.exact(k).cloned()).collect::<Vec<_>>()
        })?;
        let numbers = values.iter().map(|value| match value {
            Some(exact) => number(py, exact),
            None => Ok(py.None().into_bound(py)),
        });
        PyTuple::new(py, numbers.collect::<PyResult<Vec<_>>>()?)
    }

    /// The coefficient of degree -1: exactly, or the nearest float where it is only enclosed.
    #[getter]
    fn residue<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let exact = interruptible(py, || self.inner.exact(-1).cloned())?;
        match exact {
            Some(exact) => number(py, &exact),
            None => Ok(self.inner.residue().into_pyobject(py)?.into_any()),
        }
    }

    /// How far from the pole the series converges to the function.
    #[getter]
    fn radius(&self, py: Python<'_>) -> PyResult<Radius> {
        Ok(Radius::from(interruptible(py, || self.inner.radius())?))
    }

    /// The series in LaTeX mathematics, with the order of what is left out.
    fn latex(&self, py: Python<'_>) -> PyResult<String> {
        interruptible(py, || self.inner.latex())
    }

    fn __call__<'py>(&self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        map(x, |x| self.inner.evaluate(x))
    }

    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        interruptible(py, || self.inner.to_string())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let text = interruptible(py, || self.inner.to_string())?;
        let (function, at) = (self.inner.name(), self.inner.at());
        Ok(format!("<Laurent series of {function} about {at}, order {}: {text}>", self.order()))
    }

    fn _repr_latex_(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("${}$", self.latex(py)?))
    }

    /// The derivative, to the order less one (but at least to order 0).
    ///
    /// >>> from maclaurin import laurent
    /// >>> str(laurent("cot(x)", order=2).derivative())
    /// '-1/x^2 - 1/3'
    fn derivative<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (py, own) = (slf.py(), &slf.get().inner);
        let inner = interruptible(py, || own.derivative())?.map_err(of_series)?;
        Self::made(inner, "call", PyTuple::new(py, [slf.getattr("derivative")?])?)
    }

    /// The series up to a smaller order, or the same one. Raises ValueError for a larger one.
    fn truncate<'py>(
        slf: &Bound<'py, Self>,
        order: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, own) = (slf.py(), &slf.get().inner);
        let order = whole(order)?;
        let inner = own.truncate(order).map_err(of_series)?;
        let call = [slf.getattr("truncate")?, order.into_pyobject(py)?.into_any()];
        Self::made(inner, "call", PyTuple::new(py, call)?)
    }

    fn __pow__<'py>(
        slf: &Bound<'py, Self>,
        exponent: &Bound<'py, PyAny>,
        _modulo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, own) = (slf.py(), &slf.get().inner);
        let integer = py.import("operator")?.call_method1("index", (exponent,)).map_err(|_| {
            PyTypeError::new_err("the exponent of a Laurent series must be an integer")
        })?;
        let power: i64 = integer.extract().map_err(|_| {
            PyValueError::new_err(format!("the exponent {integer} is beyond the limit of 2^63"))
        })?;
        let inner = interruptible(py, || own.power(power))?.map_err(of_series)?;
        Self::made(inner, "pow", PyTuple::new(py, [slf.clone().into_any(), integer])?)
    }

    fn __neg__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let (py, own) = (slf.py(), &slf.get().inner);
        let inner = interruptible(py, || -own)?.map_err(of_series)?;
        Self::made(inner, "neg", PyTuple::new(py, [slf])?)
    }

    fn __pos__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __add__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::binary(slf, other, "add", false)
    }

    fn __radd__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::binary(slf, other, "add", true)
    }

    fn __sub__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::binary(slf, other, "sub", false)
    }

    fn __rsub__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::binary(slf, other, "sub", true)
    }

    fn __mul__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::binary(slf, other, "mul", false)
    }

    fn __rmul__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::binary(slf, other, "mul", true)
    }

    fn __truediv__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::binary(slf, other, "truediv", false)
    }

    fn __rtruediv__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::binary(slf, other, "truediv", true)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else { return Ok(false) };
        let other = &other.get().inner;
        interruptible(py, || self.inner == *other)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let bits: Vec<_> = self.inner.coefficients().iter().map(|c| c.to_bits()).collect();
        (self.inner.order_of_pole(), bits).hash(&mut hasher);
        hasher.finish()
    }

    // NumPy's numbers leave an operation with a series to the series.
    #[classattr]
    fn __array_ufunc__() -> Option<bool> {
        None
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, own) = (slf.py(), slf.get());
        if let Some((call, operands)) = &own.origin {
            return Ok((call.bind(py).clone(), operands.bind(py).clone()));
        }
        let arguments = (own.function(), own.order(), own.at_text()).into_pyobject(py)?;
        Ok((slf.get_type().into_any(), arguments))
    }
}

/// An order that is no negative number.
fn whole(order: &Bound<'_, PyAny>) -> PyResult<usize> {
    order.py().import("maclaurin.arithmetic")?.call_method1("whole", ("order", order))?.extract()
}
