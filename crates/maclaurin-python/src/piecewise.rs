//! `maclaurin.Piecewise` as far as it is Rust.

use maclaurin::Choice;
use numpy::{PyArray1, PyReadonlyArray1, ToPyArray};
use pyo3::prelude::*;

use crate::approximation::method_of;
use crate::error::of_series;
use crate::function::Function;
use crate::interrupt::interruptible;
use crate::series::{format_of, printed, triple};

/// Best polynomials on adjacent ranges. Python users get its subclass `maclaurin.Piecewise`.
#[pyclass(frozen, subclass, module = "maclaurin._native")]
pub struct Piecewise {
    inner: maclaurin::Piecewise,
}

#[pymethods]
impl Piecewise {
    /// `pieces` pieces, or as few as the tolerance asks for.
    #[new]
    #[pyo3(signature = (function, on, *, degree, pieces, tolerance, continuous, method, relative, weight, coefficients))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        function: &Bound<'_, Function>,
        on: (f64, f64),
        degree: usize,
        pieces: Option<usize>,
        tolerance: Option<f64>,
        continuous: bool,
        method: &str,
        relative: bool,
        weight: Option<&Bound<'_, Function>>,
        coefficients: &str,
    ) -> PyResult<Self> {
        use maclaurin::Piecewise as Inner;
        let choice = Choice {
            method: method_of(method, None)?,
            relative,
            weight: weight.map(|weight| weight.get().inner.clone()),
            ..Choice::default().with_coefficients(coefficients).map_err(of_series)?
        };
        let py = function.py();
        let function = &function.get().inner;
        let inner = interruptible(py, || match (pieces, tolerance) {
            (None, Some(tolerance)) => {
                Inner::within(function, degree, tolerance, on, &choice, continuous)
            }
            (count, _) => Inner::new(function, degree, count.unwrap_or(1), on, &choice, continuous),
        })?;
        Ok(Self { inner: inner.map_err(of_series)? })
    }

    #[getter]
    fn function(&self) -> Function {
        Function { inner: self.inner.pieces()[0].function().clone() }
    }

    /// The degree of the polynomials.
    #[getter]
    fn degree(&self) -> usize {
        self.inner.pieces()[0].degree()
    }

    /// The ends of the range and the places where pieces meet.
    #[getter]
    fn breakpoints<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.inner.breakpoints().to_pyarray(py)
    }

    /// The points whose powers the coefficients of each piece belong to.
    #[getter]
    fn centers<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        let centers: Vec<f64> =
            self.inner.pieces().iter().map(maclaurin::Approximation::center).collect();
        centers.to_pyarray(py)
    }

    /// For each piece the coefficients of the powers of x - center.
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyArray1<f64>>> {
        self.inner.pieces().iter().map(|piece| piece.coefficients().to_pyarray(py)).collect()
    }

    /// The certified error of each piece.
    #[getter]
    fn errors<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        let errors: Vec<f64> =
            self.inner.pieces().iter().map(|piece| piece.error().bound).collect();
        errors.to_pyarray(py)
    }

    /// A certified lower bound of the error of as many polynomials of the degree on any pieces.
    #[getter]
    fn best(&self) -> f64 {
        self.inner.best()
    }

    /// How far neighbours differ at a breakpoint at most, certified.
    #[getter]
    fn gap(&self) -> f64 {
        self.inner.gap()
    }

    /// Whether neighbours were made to agree at the breakpoints.
    #[getter]
    fn continuous(&self) -> bool {
        self.inner.is_continuous()
    }

    /// (bound, sampled, at)
    #[getter(_error)]
    fn error(&self) -> (f64, f64, f64) {
        triple(self.inner.error())
    }

    /// (bound, sampled, at), with the rounding errors of the evaluation in a dtype.
    #[pyo3(name = "_bound")]
    fn bound(&self, py: Python<'_>, dtype: &str) -> PyResult<(f64, f64, f64)> {
        let format = format_of(dtype)?;
        let error = interruptible(py, || self.inner.error_bound_in(format))?;
        Ok(triple(error.map_err(of_series)?))
    }

    /// The values at an array of float64.
    #[pyo3(name = "_evaluate")]
    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArray1<'py, f64>,
    ) -> Bound<'py, PyArray1<f64>> {
        let values: Vec<f64> = x.as_array().iter().map(|&x| self.inner.evaluate(x)).collect();
        values.to_pyarray(py)
    }

    #[pyo3(name = "_source_code")]
    fn source_code(
        &self,
        py: Python<'_>,
        language: &str,
        dtype: &str,
        scheme: Option<&str>,
    ) -> PyResult<String> {
        printed(py, (language, dtype, scheme, None), |code| self.inner.code(code))
    }

    /// The pieces in LaTeX mathematics.
    fn latex(&self) -> String {
        self.inner.latex()
    }

    fn __str__(&self) -> String {
        self.inner.to_string()
    }
}
