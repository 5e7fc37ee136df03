//! What runs.

use pyo3::prelude::*;

use crate::error::of_expansion;

/// The version, the instruction set, all that the machine has, and the number of threads.
#[pyfunction]
pub fn config(py: Python<'_>) -> PyResult<(&'static str, &'static str, Vec<&'static str>, usize)> {
    let instructions = maclaurin::instructions().map_err(|error| of_expansion(py, error))?;
    let threads = maclaurin::threads().map_err(|error| of_expansion(py, error))?;
    Ok((env!("CARGO_PKG_VERSION"), instructions, maclaurin::instruction_sets(), threads))
}
