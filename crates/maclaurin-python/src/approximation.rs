//! `maclaurin.Approximation` as far as it is Rust.

use maclaurin::{Basis, Choice, Method};
use numpy::{PyArray1, ToPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::of_series;
use crate::function::Function;
use crate::interrupt::interruptible;
use crate::polynomial::Polynomial;
use crate::series::{Ulp, format_of, number, printed, tried, triple};

/// The best polynomial on ranges. Python users get its subclass `maclaurin.Approximation`.
#[pyclass(frozen, subclass, extends = Polynomial, module = "maclaurin._native")]
pub struct Approximation {
    pub inner: maclaurin::Approximation,
}

/// The method of a name, of samples if there are any.
pub fn method_of(name: &str, samples: Option<Vec<f64>>) -> PyResult<Method> {
    match (name, samples) {
        ("minimax", None) => Ok(Method::Minimax),
        ("chebyshev", None) => Ok(Method::Chebyshev),
        ("least_squares", None) => Ok(Method::LeastSquares),
        ("least_squares", Some(samples)) => Ok(Method::Samples(samples)),
        ("minimax" | "chebyshev", Some(_)) => {
            let message = format!("samples need method=\"least_squares\", not {name:?}");
            Err(PyValueError::new_err(message))
        }
        _ => Err(PyValueError::new_err(format!(
            "method {name:?} is none of \"minimax\", \"chebyshev\", \"least_squares\""
        ))),
    }
}

#[pymethods]
impl Approximation {
    /// By degree, by the largest one named, or by tolerance; samples are the points of least squares.
    #[new]
    #[pyo3(signature = (function, on, *, degree, tolerance, method, relative, degrees, fixed, center, samples, coefficients, weight, through))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        function: &Bound<'_, Function>,
        on: Vec<(f64, f64)>,
        degree: Option<usize>,
        tolerance: Option<f64>,
        method: &str,
        relative: bool,
        degrees: Option<Vec<usize>>,
        fixed: Vec<(usize, f64)>,
        center: Option<f64>,
        samples: Option<Vec<f64>>,
        coefficients: &str,
        weight: Option<&Bound<'_, Function>>,
        through: Vec<f64>,
    ) -> PyResult<PyClassInitializer<Self>> {
        use maclaurin::Approximation as Inner;
        let method = method_of(method, samples)?;
        let chosen = Choice::default().with_coefficients(coefficients).map_err(of_series)?;
        let weight = weight.map(|weight| weight.get().inner.clone());
        let choice = Choice { method, relative, weight, degrees, fixed, through, center, ..chosen };
        let py = function.py();
        let function = &function.get().inner;
        let degree = degree.or(choice.largest_degree()).unwrap_or(0);
        let inner = interruptible(py, || match tolerance {
            Some(tolerance) => Inner::within(function, tolerance, &on, &choice),
            None => Inner::new(function, degree, &on, &choice),
        })?
        .map_err(of_series)?;
        let polynomial = Polynomial { inner: inner.polynomial() };
        Ok(PyClassInitializer::from(polynomial).add_subclass(Self { inner }))
    }

    #[getter]
    fn function(&self) -> Function {
        Function { inner: self.inner.function().clone() }
    }

    #[getter(_ranges)]
    fn ranges(&self) -> Vec<(f64, f64)> {
        self.inner.on().to_vec()
    }

    /// Whether errors are relative.
    #[getter(_relative)]
    fn relative(&self) -> bool {
        self.inner.choice().relative
    }

    /// The degree that was asked for, or found for a tolerance.
    #[getter]
    fn degree(&self) -> usize {
        self.inner.degree()
    }

    /// The coefficients of the Chebyshev polynomials T_k on the smallest range around all.
    #[getter]
    fn chebyshev<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.inner.chebyshev().to_pyarray(py)
    }

    /// "powers" or "chebyshev": how the polynomial is evaluated.
    #[getter]
    fn basis(&self) -> &'static str {
        match self.inner.basis() {
            Basis::Powers => "powers",
            Basis::Chebyshev => "chebyshev",
        }
    }

    /// A certified lower bound of the error of every polynomial of this form.
    #[getter]
    fn best(&self) -> f64 {
        self.inner.best()
    }

    /// (bound, sampled, at)
    #[getter(_error)]
    fn error(&self) -> (f64, f64, f64) {
        triple(self.inner.error())
    }

    /// (bound, sampled, at), in a dtype with the rounding errors of the evaluation.
    #[pyo3(name = "_bound", signature = (low, high, dtype))]
    fn bound(
        &self,
        py: Python<'_>,
        low: f64,
        high: f64,
        dtype: Option<&str>,
    ) -> PyResult<(f64, f64, f64)> {
        let format = dtype.map(format_of).transpose()?;
        let error = interruptible(py, || match format {
            None => self.inner.error_bound(low, high),
            Some(format) => self.inner.error_bound_in(low, high, format),
        })?;
        Ok(triple(error.map_err(of_series)?))
    }

    /// int or Fraction.
    #[pyo3(name = "_exact_coefficient")]
    fn exact_coefficient<'py>(
        &self,
        py: Python<'py>,
        degree: usize,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let exact = self.inner.exact(degree).cloned();
        exact.map(|exact| number(py, &exact.into())).transpose()
    }

    #[pyo3(name = "_source_code")]
    fn source_code(
        &self,
        py: Python<'_>,
        language: &str,
        dtype: &str,
        scheme: Option<&str>,
        on: Option<(f64, f64)>,
    ) -> PyResult<String> {
        printed(py, (language, dtype, scheme, on), |code| self.inner.code(code))
    }

    /// (max, at, count, misrounded, histogram) on the ranges; report takes (done, total).
    #[pyo3(name = "_ulp")]
    fn ulp(
        &self,
        py: Python<'_>,
        dtype: &str,
        scheme: Option<&str>,
        report: Option<Py<PyAny>>,
    ) -> PyResult<Ulp> {
        tried(py, dtype, scheme, report, |format, scheme, report| {
            self.inner.ulp_with(format, scheme, report)
        })
    }

    /// The polynomial in LaTeX mathematics.
    fn latex(&self) -> String {
        self.inner.latex()
    }

    fn __str__(&self) -> String {
        self.inner.to_string()
    }
}
