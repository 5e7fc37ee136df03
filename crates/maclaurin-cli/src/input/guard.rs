//! What stands between a file and the machine: sizes are checked before memory is allocated, and
//! a decoder's panic is a failed file.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use super::problem::Problem;

thread_local! {
    /// Whether a panic of this thread is caught, so that nothing is printed of it.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Installs, once, a panic hook that is silent where the panic is caught.
static HOOK: Once = Once::new();

/// What `decode` returns; [`Problem::Panic`] if it panics, with nothing printed.
pub fn decoded<T>(
    format: &'static str,
    decode: impl FnOnce() -> Result<T, Problem>,
) -> Result<T, Problem> {
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !CAUGHT.get() {
                usual(panic);
            }
        }));
    });
    CAUGHT.set(true);
    // What the closure borrowed is dropped or only read after a panic.
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    CAUGHT.set(false);
    outcome.unwrap_or(Err(Problem::Panic(format)))
}

/// Below this many bytes the machine is not asked for its free memory.
const SMALL: u128 = 1 << 20;

/// Refuses `count` values of `size` bytes if the machine has less memory free.
pub fn check_memory(count: u128, size: usize) -> Result<usize, Problem> {
    let needed = count.saturating_mul(size as u128);
    if needed > SMALL {
        let available = available();
        if needed > u128::from(available) {
            return Err(Problem::NoMemory { needed, available });
        }
    }
    usize::try_from(count).map_err(|_| Problem::NoMemory { needed, available: available() })
}

/// The bytes of memory that are free.
pub fn available() -> u64 {
    let kind = sysinfo::MemoryRefreshKind::nothing().with_ram();
    let refresh = sysinfo::RefreshKind::nothing().with_memory(kind);
    let system = sysinfo::System::new_with_specifics(refresh);
    // Where it cannot be known, the allocation itself decides.
    system.map_or(0, |system| system.available_memory()).checked_sub(1).unwrap_or(u64::MAX)
}

/// An empty vector with room for `count` values; a problem where there is no memory for them, as
/// under `ulimit -v`.
pub fn room<T>(count: u128) -> Result<Vec<T>, Problem> {
    let count = check_memory(count, size_of::<T>())?;
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| Problem::NoMemory {
        needed: count as u128 * size_of::<T>() as u128,
        available: 0,
    })?;
    Ok(values)
}

/// As [`room`], filled with zeros.
pub fn zeros<T: Clone + Default>(count: u128) -> Result<Vec<T>, Problem> {
    let mut values = room(count)?;
    values.resize(count as usize, T::default());
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_problem() {
        let outcome: Result<(), _> = decoded("TIFF", || panic!("inside"));
        assert_eq!(outcome, Err(Problem::Panic("TIFF")));
        assert_eq!(decoded("TIFF", || Ok(3)), Ok(3));
    }

    #[test]
    fn memory_is_checked_before_it_is_allocated() {
        assert!(matches!(zeros::<f64>(1 << 60), Err(Problem::NoMemory { .. })));
        assert!(matches!(room::<u8>(u128::MAX), Err(Problem::NoMemory { .. })));
        assert_eq!(zeros::<u16>(3), Ok(vec![0; 3]));
    }
}
