//! Errors as the exceptions that a Python user expects.

use maclaurin::{Error, ExpandError};
use pyo3::create_exception;
use pyo3::exceptions::{
    PyArithmeticError, PyIndexError, PyMemoryError, PyRuntimeError, PyUserWarning, PyValueError,
};
use pyo3::prelude::*;

create_exception!(
    maclaurin,
    ParseError,
    PyValueError,
    "Text that is no function of x; the message has a caret under the place."
);
create_exception!(
    maclaurin,
    NotAnalyticError,
    PyValueError,
    "A function without a Taylor series at the point; the message says why and what works."
);
create_exception!(
    maclaurin,
    RadiusWarning,
    PyUserWarning,
    "Values outside the disc in which the series converges to its function."
);

/// An error of the functions and series as an exception.
pub fn of_series(error: Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::Parse(_) => ParseError::new_err(message),
        Error::NotAnalytic(_) => NotAnalyticError::new_err(message),
        Error::NoSuchDegree { .. } => PyIndexError::new_err(message),
        Error::Undecided { .. } => PyArithmeticError::new_err(message),
        _ => PyValueError::new_err(message),
    }
}

/// An error of the expansion of arrays as an exception.
pub fn of_expansion(py: Python<'_>, error: ExpandError) -> PyErr {
    let message = error.to_string();
    match error {
        ExpandError::AxisOutOfBounds { .. } => py
            .import("numpy.exceptions")
            .and_then(|module| module.getattr("AxisError")?.call1((message,)))
            .map_or_else(|error| error, PyErr::from_value),
        ExpandError::TooLarge { .. } => PyMemoryError::new_err(message),
        ExpandError::Threads(_) => PyRuntimeError::new_err(message),
        _ => PyValueError::new_err(message),
    }
}
