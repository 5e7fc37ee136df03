//! `maclaurin.Basis`: the polynomials of a family, in the place of powers.

use maclaurin::{BasisError, Family, PolynomialBasis, Squash};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

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
}
