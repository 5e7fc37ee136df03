//! `maclaurin.Basis`: the polynomials of a family, in the place of powers.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use maclaurin::{BasisError, Expansion, Family, PolynomialBasis, Squash};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::expand::evaluate;
use crate::polynomial::Polynomial;

/// What `maclaurin.basis` makes.
#[pyclass(frozen, extends = Polynomial, module = "maclaurin._native")]
pub struct Basis {
    inner: PolynomialBasis,
}

/// An error as the exception that a Python user expects.
fn of_basis(error: BasisError) -> PyErr {
    let message = error.to_string();
    match error {
        BasisError::UnknownParameter { .. } | BasisError::MissingParameter { .. } => {
            PyTypeError::new_err(message)
        }
        _ => PyValueError::new_err(message),
    }
}

#[pymethods]
impl Basis {
    #[new]
    #[pyo3(signature = (name, degree, on, squash, parameters))]
    fn new(
        name: &str,
        degree: usize,
        on: Option<(f64, f64)>,
        squash: Option<&str>,
        parameters: Vec<(String, f64)>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let parameters: Vec<_> = parameters.iter().map(|(name, v)| (name.as_str(), *v)).collect();
        let family = Family::named(name, &parameters).map_err(of_basis)?;
        let mut inner = PolynomialBasis::new(family, degree).map_err(of_basis)?;
        if let Some((low, high)) = on {
            inner = inner.on(low, high).map_err(of_basis)?;
        }
        inner = match squash {
            None => inner,
            Some("tanh") => inner.squash(Squash::Tanh),
            Some("clip") => inner.squash(Squash::Clip),
            Some(other) => {
                let message = format!("squash {other:?} is neither \"tanh\" nor \"clip\" nor None");
                return Err(PyValueError::new_err(message));
            }
        };
        let polynomial = Polynomial { inner: inner.polynomial() };
        Ok(PyClassInitializer::from(polynomial).add_subclass(Self { inner }))
    }

    /// The family's name.
    #[getter]
    fn name(&self) -> &'static str {
        self.inner.family().name()
    }

    /// The highest degree.
    #[getter]
    fn degree(&self) -> usize {
        self.inner.degree()
    }

    /// The range that is mapped to [-1, 1]; None of Hermite's and Laguerre's polynomials.
    #[getter]
    fn on(&self) -> Option<(f64, f64)> {
        self.inner.range()
    }

    /// "tanh", "clip" or None.
    #[getter]
    fn squash(&self) -> Option<&'static str> {
        self.inner.squashed().map(|squash| match squash {
            Squash::Tanh => "tanh",
            Squash::Clip => "clip",
        })
    }

    /// The family's parameters, by name and value.
    #[getter(_parameters)]
    fn parameters(&self) -> Vec<(&'static str, f64)> {
        self.inner.family().parameters()
    }

    /// The numbers (A_k, B_k, C_k) of P_(k+1) = (A_k t + B_k) P_k - C_k P_(k-1), from k = 0 to degree - 1.
    ///
    /// >>> import maclaurin as mc
    /// >>> mc.basis("legendre", degree=2).recurrence()
    /// [(1.0, 0.0, 0.0), (1.5, 0.0, 0.5)]
    fn recurrence(&self) -> Vec<(f64, f64, f64)> {
        self.inner.recurrence().steps.into_iter().map(Into::into).collect()
    }

    /// The map of the range, the squashing and the recurrence in one list.
    #[getter(_recurrence_numbers)]
    fn numbers(&self) -> Vec<f64> {
        self.inner.recurrence().numbers()
    }

    /// Each value of an array becomes P_0, P_1, ... P_degree along a last axis, as NumPy's legvander and its like have
    /// it.
    fn __call__<'py>(slf: &Bound<'py, Self>, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let expansion = Expansion { constant: true, ..Expansion::default() };
        evaluate(x, &slf.as_super().get().inner, &expansion)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast_exact::<Self>().is_ok_and(|other| self.inner == other.get().inner)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        // Zeros that are equal have one hash.
        self.numbers().into_iter().for_each(|number| (number + 0.0).to_bits().hash(&mut hasher));
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        let mut text =
            format!("basis({:?}, degree={}", self.name(), self.degree()).replace('"', "'");
        if let Some((low, high)) = self.on().filter(|&on| on != (-1.0, 1.0)) {
            let _ = write!(text, ", on=({low:?}, {high:?})");
        }
        if let Some(squash) = self.squash() {
            let _ = write!(text, ", squash='{squash}'");
        }
        for (name, value) in self.parameters() {
            // A keyword of Python.
            let name = if name == "lambda" { "lambda_" } else { name };
            let _ = write!(text, ", {name}={value:?}");
        }
        text + ")"
    }

    #[expect(clippy::type_complexity, reason = "Python's arguments")]
    fn __getnewargs__(
        &self,
    ) -> (&str, usize, Option<(f64, f64)>, Option<&str>, Vec<(&'static str, f64)>) {
        (self.name(), self.degree(), self.on(), self.squash(), self.parameters())
    }
}
