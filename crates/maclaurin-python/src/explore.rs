//! The page of `maclaurin explore` for the widget, and what answers it.

use maclaurin_explore::{SCRIPT, STYLE, answer};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::interrupt::interruptible;

/// (module, style sheet)
#[pyfunction]
pub fn explore_files() -> (&'static str, &'static str) {
    (SCRIPT, STYLE)
}

/// (JSON, bytes) that answer a question of the page, beside which pixels may be sent.
#[pyfunction]
pub fn explore_answer<'py>(
    py: Python<'py>,
    question: &str,
    pixels: &[u8],
) -> PyResult<(String, Bound<'py, PyBytes>)> {
    let answered = interruptible(py, || answer(question, pixels))?;
    Ok((answered.json, PyBytes::new(py, &answered.bytes)))
}
