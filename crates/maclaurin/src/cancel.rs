//! Long computations that can be given up from outside.
//!
//! Series arithmetic has no place to return "stopped" from every addition, so it unwinds: the
//! payload passes no panic hook and is caught where the computation began.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

thread_local! {
    static STOP: RefCell<Option<Box<dyn Fn() -> bool>>> = const { RefCell::new(None) };
}

struct Cancelled;

/// Runs `work` on this thread and returns its result, or `None` if `stop` said so on the way.
///
/// Series ask `stop` before every addition and multiplication, and end within the time of one;
/// bounds and radii keep to their own limits of half a second or so, the expansion of arrays
/// does not ask.
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
///     move || maclaurin::cancellable(move || stop.load(Ordering::Relaxed), || maclaurin::taylor("exp(sin(x))", 10_000, "0"))
/// });
/// stop.store(true, Ordering::Relaxed);
/// assert!(hours.join().unwrap().is_none());
/// ```
pub fn cancellable<T>(stop: impl Fn() -> bool + 'static, work: impl FnOnce() -> T) -> Option<T> {
    let outer = STOP.replace(Some(Box::new(stop)));
    // What the work had under way is dropped on the way out and seen by nobody.
    let result = catch_unwind(AssertUnwindSafe(work));
    STOP.set(outer);
    match result {
        Ok(value) => Some(value),
        Err(payload) if payload.is::<Cancelled>() => None,
        Err(payload) => resume_unwind(payload),
    }
}

/// Whether the caller of this thread's computation asked to give it up.
pub(crate) fn is_cancelled() -> bool {
    STOP.with_borrow(|stop| stop.as_ref().is_some_and(|stop| stop()))
}

/// Gives up the computation of this thread if its caller asked for it.
pub(crate) fn checkpoint() {
    if is_cancelled() {
        resume_unwind(Box::new(Cancelled));
    }
}
