//! The threads that work is done on, also in a process that was forked.
//!
//! A fork copies the memory of a pool but not its threads: work that is given to it there waits for
//! ever. So pools belong to the process that made them, and a forked one makes its own when it first
//! needs it. Nothing here waits for a lock that a thread which the fork left behind may have held.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

/// Where to work: on a pool that is kept here, or on the one that rayon has for the calling thread.
#[derive(Clone, Copy)]
pub(crate) struct Pool(Option<&'static ThreadPool>);

/// The process that first used rayon's own pool through here, or 0.
static FIRST: AtomicU32 = AtomicU32::new(0);

/// A pool that is kept for as long as its process lives, and the next one.
struct Kept {
    process: u32,
    threads: usize,
    pool: ThreadPool,
    next: OnceLock<Box<Kept>>,
}

static KEPT: OnceLock<Box<Kept>> = OnceLock::new();

/// The processors that this process may use: more threads than these would only wait for each other.
fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

impl Pool {
    /// A pool of at most the given number of threads, or rayon's own: in a forked process one like it.
    pub(crate) fn of(threads: Option<usize>) -> Result<Self, String> {
        let threads = threads.map(|threads| threads.min(processors()));
        let process = std::process::id();
        let first = FIRST.compare_exchange(0, process, Ordering::Relaxed, Ordering::Relaxed);
        let forked = first.is_err_and(|first| first != process);
        // A worker's thread is of this process, whatever it was forked from.
        let inside = rayon::current_thread_index().is_some();
        match threads {
            None if inside || !forked => return Ok(Self(None)),
            // Asking how many threads rayon has starts none in a process that has its pool already.
            Some(threads) if !forked && threads == rayon::current_num_threads() => {
                return Ok(Self(None));
            }
            _ => {}
        }
        // Of rayon's own pool, the number of threads was settled before the fork.
        let threads = threads.unwrap_or_else(rayon::current_num_threads).max(1);
        let mut place = &KEPT;
        while let Some(kept) = place.get() {
            if kept.process == process && kept.threads == threads {
                return Ok(Self(Some(&kept.pool)));
            }
            place = &kept.next;
        }
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| error.to_string())?;
        let mut kept = Box::new(Kept { process, threads, pool, next: OnceLock::new() });
        loop {
            // Another thread may have been faster.
            match place.set(kept) {
                Ok(()) => break,
                Err(back) => kept = back,
            }
            place = place.get().map_or(place, |other| &other.next);
        }
        Ok(Self(place.get().map(|kept| &kept.pool)))
    }

    /// The number of its threads.
    pub(crate) fn threads(self) -> usize {
        self.0.map_or_else(rayon::current_num_threads, ThreadPool::current_num_threads)
    }

    /// Runs work on it.
    pub(crate) fn run<R: Send>(self, work: impl FnOnce() -> R + Send) -> R {
        match self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// `rayon::scope` on it.
    pub(super) fn scope<'scope, R: Send>(self, work: impl FnOnce(&Scope<'scope>) -> R + Send) -> R {
        match self.0 {
            Some(pool) => pool.scope(work),
            None => rayon::scope(work),
        }
    }

    /// `rayon::in_place_scope` on it.
    pub(crate) fn in_place_scope<'scope, R>(self, work: impl FnOnce(&Scope<'scope>) -> R) -> R {
        match self.0 {
            Some(pool) => pool.in_place_scope(work),
            None => rayon::in_place_scope(work),
        }
    }
}
