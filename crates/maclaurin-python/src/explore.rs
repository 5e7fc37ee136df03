//! The page of `maclaurin explore` for the widget, and what answers it.

use std::time::{Duration, Instant};

use maclaurin_explore::{SCRIPT, STYLE, answer};
use pyo3::exceptions::PyTimeoutError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::interrupt::interruptible_by;

/// How long the engine works on one question.
const WORK: Duration = Duration::from_secs(30);

/// (module, style sheet)
#[pyfunction]
pub fn explore_files() -> (&'static str, &'static str) {
    (SCRIPT, STYLE)
}

/// (JSON, bytes) that answer a question of the page, beside which pixels may be sent. Given up where
/// `stop`, a `threading.Event`, is set.
#[pyfunction]
#[pyo3(signature = (question, pixels, stop=None, /))]
pub fn explore_answer<'py>(
    py: Python<'py>,
    question: &str,
    pixels: &[u8],
    stop: Option<Bound<'py, PyAny>>,
) -> PyResult<(String, Bound<'py, PyBytes>)> {
    let begun = Instant::now();
    let stop = stop.map(Bound::unbind);
    let answered = interruptible_by(
        py,
        || answer(question, pixels),
        |py| {
            let is_set = |stop: &Py<PyAny>| stop.call_method0(py, "is_set")?.extract::<bool>(py);
            if stop.as_ref().is_some_and(|stop| is_set(stop).unwrap_or(true)) {
                return Err(PyTimeoutError::new_err("the question was cancelled"));
            }
            if begun.elapsed() > WORK {
                let message = "given up after 30 seconds: choose a smaller order or range";
                return Err(PyTimeoutError::new_err(message));
            }
            Ok(())
        },
    )?;
    Ok((answered.json, PyBytes::new(py, &answered.bytes)))
}
