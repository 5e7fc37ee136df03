//! Ranges of an array on threads.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::instructions::{Job, Level};
use super::pool::Pool;

/// Less memory than this is worked on by the calling thread alone, in bytes: waking another costs
/// as much.
const SMALLEST_PARALLEL: usize = 1 << 21;

/// Less memory than this is worked on by the calling thread too: it would sleep and have to be woken.
/// More is left to the pool: each of its threads keeps to a core, while one that this thread wakes is at
/// times put on its own core, and stays there.
const SMALLEST_APART: usize = 1 << 24;

/// Values of a unit of work, about.
const UNIT: usize = 1 << 15;

/// A last-level cache of unknown size.
const USUAL_CACHE: usize = 1 << 25;

/// How an array is cut.
pub(super) struct Units {
    /// Values in all.
    pub count: usize,
    /// Values in a tile: a unit is whole tiles.
    pub tile: usize,
    /// Memory that is touched, in bytes.
    pub bytes: usize,
}

/// Runs a job over all units and returns what they yield, in order: the same units, and the same
/// results, for any number of threads.
pub(super) fn run<J: Job>(
    level: Level,
    job: &J,
    units: &Units,
    threads: Option<usize>,
) -> Result<Vec<J::Output>, String> {
    let unit = (UNIT / units.tile).max(1) * units.tile;
    let number = units.count.div_ceil(unit);
    let range = |index: usize| {
        let first = index * unit;
        level.run(job, first, (first + unit).min(units.count))
    };
    let alone = units.bytes < SMALLEST_PARALLEL || number < 2 || threads == Some(1);
    if alone {
        return Ok((0..number).map(range).collect());
    }
    Ok(share(number, units.bytes < SMALLEST_APART, Pool::of(threads)?, range))
}

/// The results for all numbers below `count`, in order, on all threads of a pool: if `here`, the
/// calling one is one of them.
fn share<R: Send>(
    count: usize,
    here: bool,
    pool: Pool,
    work: impl Fn(usize) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut taken = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return taken;
            }
            taken.push((index, work(index)));
        }
    };
    let mut taken = Vec::new();
    taken.resize_with(pool.threads().min(count), Vec::new);
    if here {
        pool.in_place_scope(|scope| take_all(scope, &mut taken, &take));
    } else {
        pool.scope(|scope| take_all(scope, &mut taken, &take));
    }
    let mut all: Vec<_> = taken.into_iter().flatten().collect();
    all.sort_unstable_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}

/// What each of several threads takes, this one first.
fn take_all<'scope, T: Send>(
    scope: &rayon::Scope<'scope>,
    taken: &'scope mut [T],
    take: &'scope (impl Fn() -> T + Sync),
) {
    if let Some((own, others)) = taken.split_first_mut() {
        for other in others {
            scope.spawn(move |_| *other = take());
        }
        *own = take();
    }
}

/// The size of the last-level cache in bytes: an output beyond it is written by non-temporal stores.
pub(super) fn last_level_cache() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(|| {
        let size = |index: u8| {
            let path = format!("/sys/devices/system/cpu/cpu0/cache/index{index}/size");
            let text = std::fs::read_to_string(path).ok()?;
            text.trim().strip_suffix('K')?.parse::<usize>().ok().map(|kib| kib << 10)
        };
        (0..8).rev().find_map(size).unwrap_or(USUAL_CACHE)
    })
}
