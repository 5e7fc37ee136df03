//! Long computations that can be given up from outside.
//!
//! Series arithmetic has no place to return "stopped" from every addition, so it unwinds: the
//! payload passes no panic hook and is caught where the computation began.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    static STOP: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

struct Cancelled;

/// Runs `work` on this thread and returns its result, or `None` if another thread set `stop` on
/// the way: the work then ends within milliseconds. Series, radii and bounds look at `stop`;
/// the expansion of arrays does not.
///
/// # Panics
///
/// If `work` does.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
///
/// let stop = Arc::new(AtomicBool::new(false));
/// let hours = std::thread::spawn({
///     let stop = stop.clone();
///     move || maclaurin::cancellable(stop, || maclaurin::taylor("exp(sin(x))", 10_000, "0"))
/// });
/// stop.store(true, Ordering::Relaxed);
/// assert!(hours.join().unwrap().is_none());
/// ```
pub fn cancellable<T>(stop: Arc<AtomicBool>, work: impl FnOnce() -> T) -> Option<T> {
    let outer = STOP.replace(Some(stop));
    // What the work had under way is dropped on the way out and seen by nobody.
    let result = catch_unwind(AssertUnwindSafe(work));
    STOP.set(outer);
    match result {
        Ok(value) => Some(value),
        Err(payload) if payload.is::<Cancelled>() => None,
        Err(payload) => resume_unwind(payload),
    }
}

/// Gives up the computation of this thread if its caller asked for it.
pub(crate) fn checkpoint() {
    let stopped =
        STOP.with_borrow(|stop| stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed)));
    if stopped {
        resume_unwind(Box::new(Cancelled));
    }
}
