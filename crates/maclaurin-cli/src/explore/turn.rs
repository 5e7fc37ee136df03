//! Whose turn it is to be worked on: small questions pass the long ones.
//!
//! How long a question takes is not known before. So each begins at a place for small ones, of which there are as
//! many as cores; at work for longer than [`SMALL`], it gives that up and needs one of the places for long ones, which
//! leave a core free. While there is none, its thread sleeps where the engine asks whether to go on.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a small question takes at most.
const SMALL: Duration = Duration::from_millis(500);

/// How long the engine works on one question, its sleep not counted.
const WORK: Duration = Duration::from_secs(30);

/// How often a thread that sleeps looks around.
const NAP: Duration = Duration::from_millis(5);

/// The places at work.
pub struct Places {
    small: Arc<Semaphore>,
    long: Arc<Semaphore>,
}

impl Places {
    pub fn new(cores: usize) -> Self {
        let long = cores.saturating_sub(1).max(1);
        Self { small: Arc::new(Semaphore::new(cores)), long: Arc::new(Semaphore::new(long)) }
    }

    /// Waits for a place for a small question; `gone` says that nobody waits for the answer any more.
    pub async fn turn(&self, gone: Arc<AtomicBool>) -> Option<Turn> {
        let place = self.small.clone().acquire_owned().await.ok()?;
        let state = State { since: Instant::now(), is_long: false, place: Some(place) };
        Some(Turn { long: self.long.clone(), gone, state: RefCell::new(state) })
    }
}

/// A question at work.
pub struct Turn {
    long: Arc<Semaphore>,
    gone: Arc<AtomicBool>,
    state: RefCell<State>,
}

struct State {
    /// When the work began, later by the time that was slept.
    since: Instant,
    is_long: bool,
    place: Option<OwnedSemaphorePermit>,
}

impl Turn {
    /// Whether the work is to be given up; sleeps before it says so while it is others' turn.
    pub fn is_over(&self) -> bool {
        let mut state = self.state.borrow_mut();
        if !state.is_long && state.since.elapsed() > SMALL {
            drop(state.place.take());
            let begun = Instant::now();
            state.place = loop {
                if self.gone.load(Ordering::Relaxed) {
                    return true;
                }
                match self.long.clone().try_acquire_owned() {
                    Ok(place) => break Some(place),
                    Err(_) => std::thread::sleep(NAP),
                }
            };
            state.is_long = true;
            state.since += begun.elapsed();
        }
        self.gone.load(Ordering::Relaxed) || state.since.elapsed() > WORK
    }
}
