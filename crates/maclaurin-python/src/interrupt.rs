//! Ctrl-C during long work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use maclaurin::cancellable;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// How often signals are looked at.
const PERIOD: Duration = Duration::from_millis(50);

/// Does the work on another thread, without the interpreter, while this one looks for signals:
/// at an exception from a handler (Ctrl-C) the work is given up.
pub fn interruptible<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    let done = AtomicBool::new(false);
    let waiting = std::thread::current();
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let result = cancellable(flag, work);
            done.store(true, Ordering::Release);
            waiting.unpark();
            result
        });
        let mut raised = None;
        // A worker that panicked is finished without having said so.
        while !done.load(Ordering::Acquire) && !worker.is_finished() {
            py.detach(|| std::thread::park_timeout(PERIOD));
            if let Err(error) = py.check_signals() {
                stop.store(true, Ordering::Relaxed);
                raised = Some(error);
                break;
            }
        }
        let result = py.detach(|| worker.join());
        match (raised, result) {
            (Some(error), _) => Err(error),
            (None, Ok(Some(result))) => Ok(result),
            (None, _) => Err(PyRuntimeError::new_err(
                "the computation failed inside the library: please report this with its arguments",
            )),
        }
    })
}
