//! Long computations that can be given up, from outside or at a limit of work.
//!
//! Series arithmetic has no place to return "stopped" from every addition, so it unwinds: the
//! payload passes no panic hook and is caught where the computation began. Work is counted and not
//! timed, so that the same question has the same answer on every machine.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

thread_local! {
    static STOP: RefCell<Option<Box<dyn Fn() -> bool>>> = const { RefCell::new(None) };

    /// The work that may still be done, in nanoseconds of an ordinary machine, roughly.
    static WORK: Cell<u64> = const { Cell::new(u64::MAX) };
}

struct Cancelled;

struct Exhausted;

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

/// Gives up the computation of this thread as [`checkpoint`] does, or if it has no work left for that.
pub(crate) fn spend(cost: u64) {
    checkpoint();
    let left = WORK.get();
    if left == u64::MAX {
        return;
    }
    WORK.set(left.saturating_sub(cost));
    if left < cost {
        resume_unwind(Box::new(Exhausted));
    }
}

/// The result of `work`, or `None` if it would take more than `limit` of what is counted by [`spend`].
pub(crate) fn limited<T>(limit: u64, work: impl FnOnce() -> T) -> Option<T> {
    let outer = WORK.get();
    let allowed = limit.min(outer);
    WORK.set(allowed);
    let result = catch_unwind(AssertUnwindSafe(work));
    let used = allowed - WORK.get();
    WORK.set(if outer == u64::MAX { outer } else { outer - used });
    match result {
        Ok(value) => Some(value),
        Err(payload) if payload.is::<Exhausted>() && allowed < outer => None,
        Err(payload) => resume_unwind(payload),
    }
}

#[cfg(test)]
mod tests {
    use super::{limited, spend};

    #[test]
    fn work_is_counted_and_ends() {
        let steps = |count: u64| (0..count).for_each(|_| spend(10));
        assert_eq!(limited(100, || steps(10)), Some(()));
        assert_eq!(limited(100, || steps(11)), None);
        // What is done within is counted outside, and ends with the smaller limit.
        assert_eq!(
            limited(100, || (limited(40, || steps(5)), limited(70, || steps(6)))),
            Some((None, Some(())))
        );
        assert_eq!(limited(100, || (limited(40, || steps(5)), limited(70, || steps(7)))), None);
        steps(1000);
    }
}
