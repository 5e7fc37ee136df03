//! Ctrl-C during long work.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use maclaurin::cancellable;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// How often signals are looked at.
const PERIOD: Duration = Duration::from_millis(50);

/// Work that is done by then needs no thread of its own.
const SHORT: Duration = Duration::from_millis(10);

/// How many questions a look at the clock answers.
const QUESTIONS: u32 = 64;

/// Does the work without the interpreter: on this thread if that takes no long, else again on
/// another one while this one looks for signals, and gives it up at an exception from a handler
/// (Ctrl-C).
pub fn interruptible<T: Send>(py: Python<'_>, work: impl Fn() -> T + Sync) -> PyResult<T> {
    interruptible_by(py, work, |_| Ok(()))
}

/// [`interruptible`], also by an exception from `report`, which is called while long work goes on.
pub fn interruptible_by<T: Send>(
    py: Python<'_>,
    work: impl Fn() -> T + Sync,
    report: impl Fn(Python<'_>) -> PyResult<()>,
) -> PyResult<T> {
    match py.detach(|| cancellable(after(SHORT), &work)) {
        Some(result) => Ok(result),
        None => watched(py, &work, report),
    }
}

/// Whether so much time has passed.
fn after(time: Duration) -> impl Fn() -> bool {
    let begun = Instant::now();
    let asked = Cell::new(0u32);
    move || {
        asked.set(asked.get().wrapping_add(1));
        asked.get().is_multiple_of(QUESTIONS) && begun.elapsed() > time
    }
}

/// Does long work on another thread while this one looks for signals and calls `report`, and gives it up
/// at an exception from either.
pub fn watched<T: Send>(
    py: Python<'_>,
    work: &(impl Fn() -> T + Sync),
    report: impl Fn(Python<'_>) -> PyResult<()>,
) -> PyResult<T> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    let done = AtomicBool::new(false);
    let waiting = std::thread::current();
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let result = cancellable(move || flag.load(Ordering::Relaxed), work);
            done.store(true, Ordering::Release);
            waiting.unpark();
            result
        });
        let mut raised = None;
        // A worker that panicked is finished without having said so.
        while !done.load(Ordering::Acquire) && !worker.is_finished() {
            py.detach(|| std::thread::park_timeout(PERIOD));
            if let Err(error) = py.check_signals().and_then(|()| report(py)) {
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
