//! `maclaurin.Pade`: quotients of polynomials.

use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyTuple};

use crate::array::map;
use crate::error::of_series;
use crate::interrupt::interruptible;
use crate::series::{Series, number};

/// A quotient of two polynomials that agrees with a series to the sum of their degrees; Series.pade
/// makes them.
///
/// numerator and denominator are the coefficients of powers of x - at (float64, each correctly
/// rounded), the denominator's first one 1; exact holds both exactly, or is None where some are only
/// enclosed. Called with a number or an array it gives the quotient's values there.
///
/// >>> from maclaurin import taylor
/// >>> p = taylor("exp(x)", order=2).pade(1, 1)
/// >>> str(p), p(0.5)
/// ('(1 + x/2)/(1 - x/2)', 1.6666666666666667)
/// >>> p.exact
/// ((1, Fraction(1, 2)), (1, Fraction(-1, 2)))
#[pyclass(frozen, module = "maclaurin")]
pub struct Pade {
    inner: maclaurin::Pade,
    arguments: (Py<Series>, usize, usize),
}

#[pymethods]
impl Pade {
    #[new]
    fn new(series: Bound<'_, Series>, m: usize, n: usize) -> PyResult<Self> {
        let inner = &series.get().inner;
        let inner = interruptible(series.py(), || inner.pade(m, n))?;
        Ok(Self { inner: inner.map_err(of_series)?, arguments: (series.unbind(), m, n) })
    }

    /// The expansion point, as it was written.
    #[getter]
    fn at_text(&self) -> &str {
        self.inner.at()
    }

    /// The numerator's coefficients from degree 0.
    #[getter]
    fn numerator<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.inner.numerator().to_pyarray(py)
    }

    /// The denominator's coefficients from the constant term 1.
    #[getter]
    fn denominator<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.inner.denominator().to_pyarray(py)
    }

    /// The coefficients of numerator and denominator exactly, or None where some are only enclosed.
    #[getter]
    fn exact<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<Option<(Bound<'py, PyTuple>, Bound<'py, PyTuple>)>> {
        let Some((numerator, denominator)) = self.inner.exact() else { return Ok(None) };
        let tuple = |values: Vec<maclaurin::Exact>| {
            let numbers: Vec<_> =
                values.iter().map(|value| number(py, value)).collect::<PyResult<_>>()?;
            PyTuple::new(py, numbers)
        };
        Ok(Some((tuple(numerator)?, tuple(denominator)?)))
    }

    /// All poles, each in a certified disc, by their distance from the expansion point: tuples of its
    /// center, its radius, and how many poles are in it, 1 unless they are multiple or cannot be told
    /// apart. One pole about a center without an imaginary part is real.
    ///
    /// >>> from maclaurin import taylor
    /// >>> [pole.real for pole, radius, count in taylor("1/(1 - x)", order=2).pade(1, 1).poles()]
    /// [1.0]
    #[allow(clippy::type_complexity)]
    fn poles<'py>(&self, py: Python<'py>) -> PyResult<Vec<(Bound<'py, PyComplex>, f64, usize)>> {
        let poles = interruptible(py, || self.inner.poles())?.map_err(of_series)?;
        let tuple = |disc: maclaurin::Poles| {
            (PyComplex::from_doubles(py, disc.re, disc.im), disc.radius, disc.count)
        };
        Ok(poles.into_iter().map(tuple).collect())
    }

    /// A certified upper bound of the distance between the function and the quotient for lo <= x <= hi.
    /// Raises an ArithmeticError where the quotient, or the function, is not proven finite there.
    fn error_bound(&self, py: Python<'_>, lo: f64, hi: f64) -> PyResult<f64> {
        let found = interruptible(py, || self.inner.error_bound(lo, hi))?;
        Ok(found.map_err(of_series)?.bound)
    }

    /// The quotient in LaTeX mathematics.
    fn latex(&self) -> String {
        self.inner.latex()
    }

    fn __call__<'py>(&self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        map(x, |x| self.inner.evaluate(x))
    }

    fn __str__(&self) -> String {
        self.inner.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Pade about {}: {}>", self.inner.at(), self.inner)
    }

    fn _repr_latex_(&self) -> String {
        format!("${}$", self.inner.latex())
    }

    fn __getnewargs__(&self, py: Python<'_>) -> (Py<Series>, usize, usize) {
        let (series, m, n) = &self.arguments;
        (series.clone_ref(py), *m, *n)
    }
}
