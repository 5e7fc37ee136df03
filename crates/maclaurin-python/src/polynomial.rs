//! `maclaurin.Polynomial`: what arrays are expanded by.

use maclaurin::{Expansion, Kind};
use numpy::{PyArray1, ToPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::of_expansion;
use crate::expand::evaluate;

/// A polynomial sum_k coefficients[k] (x - at)^k in double precision: what arrays are expanded
/// by. A Series is one that knows its function.
///
/// Args:
///     trained: whether the coefficients may change, so that none counts as zero.
///
/// >>> p = Polynomial(0.0, [1.0, 0.0, -0.5])
/// >>> p.degrees, p(2.0)
/// ((2,), -1.0)
#[pyclass(frozen, subclass, module = "maclaurin")]
pub struct Polynomial {
    pub inner: maclaurin::Polynomial,
}

#[pymethods]
impl Polynomial {
    #[new]
    #[pyo3(signature = (at, coefficients, trained=false))]
    fn new(at: f64, coefficients: Vec<f64>, trained: bool) -> Self {
        use maclaurin::Polynomial as Inner;
        let new = if trained { Inner::trained } else { Inner::new };
        Self { inner: new(at, coefficients) }
    }

    /// The polynomials of a recurrence, as `Basis._recurrence_numbers` lists it.
    #[staticmethod]
    fn _of_recurrence(numbers: Vec<f64>) -> PyResult<Self> {
        let recurrence = maclaurin::Recurrence::from_numbers(&numbers);
        let recurrence = recurrence
            .ok_or_else(|| PyValueError::new_err("these numbers are those of no recurrence"))?;
        Ok(Self { inner: maclaurin::Polynomial::basis(recurrence) })
    }

    /// The expansion point as a float.
    #[getter]
    fn center(&self) -> f64 {
        self.inner.center()
    }

    /// The highest degree.
    #[getter]
    fn order(&self) -> usize {
        self.inner.order()
    }

    /// The degrees 1 and up whose coefficient is not zero.
    #[getter]
    fn degrees<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.inner.degrees())
    }

    /// The coefficients of degree 0 to the order: a float64 array, a fresh one each time.
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.inner.coefficients().to_pyarray(py)
    }

    /// The coefficients as floats, which a compiler of Python takes for constants.
    #[getter(_numbers)]
    fn numbers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.inner.coefficients())
    }

    /// The polynomial of the weighted sum of partial sums, sum_k weights[k] s_k: itself a
    /// polynomial, so it costs one pass of Horner's rule.
    ///
    /// One weight for each non-zero degree of 1 and up, or for each degree of 0 and up. Raises ValueError
    /// for any other number.
    ///
    /// >>> Polynomial(0.0, [0.5, 1.0, 2.0]).weighted([1.0, 1.0]).coefficients.tolist()
    /// [1.0, 2.0, 2.0]
    fn weighted(&self, py: Python<'_>, weights: Vec<f64>) -> PyResult<Self> {
        let inner = self.inner.weighted(&weights).map_err(|error| of_expansion(py, error))?;
        Ok(Self { inner })
    }

    /// The polynomial's value: of a number a float, of an array an array of its shape.
    fn __call__<'py>(&self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        evaluate(x, &self.inner, &Expansion { kind: Kind::Sum, ..Expansion::default() })
    }

    fn __repr__(&self) -> String {
        format!("Polynomial({:?}, {:?})", self.inner.center(), self.inner.coefficients())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast_exact::<Self>().is_ok_and(|other| self.inner == other.get().inner)
    }

    fn __getnewargs__(&self) -> (f64, Vec<f64>, bool) {
        let trained = self.inner.degrees().len() == self.inner.order();
        (self.inner.center(), self.inner.coefficients().to_vec(), trained)
    }
}
