//! Fresh arrays: checked before they are asked for, and in large pages.

use ndarray::{ArrayD, IxDyn};

use super::{ExpandError, Float};

/// Outputs of more bytes than this are compared with the machine's memory before they are
/// allocated.
const UNCHECKED_BYTES: usize = 1 << 28;

/// Arrays of more bytes than this ask for large pages: a fault on a page of 4 KiB costs as much
/// as the work on its values.
#[cfg(target_os = "linux")]
const LARGE: usize = 1 << 22;

/// An array of zeros that nobody has touched: the system hands out pages of zeros as they are
/// first written.
pub(crate) fn zeros<U: Float>(shape: &[usize]) -> Result<ArrayD<U>, ExpandError> {
    let count = shape.iter().product::<usize>();
    let bytes = count.checked_mul(size_of::<U>()).ok_or(ExpandError::Overflow)?;
    check(bytes)?;
    if bytes == 0 {
        return ArrayD::from_shape_vec(IxDyn(shape), Vec::new()).map_err(|_| ExpandError::Overflow);
    }
    let layout = std::alloc::Layout::array::<U>(count).map_err(|_| ExpandError::Overflow)?;
    // SAFETY: the layout is not empty.
    let start = unsafe { std::alloc::alloc_zeroed(layout) };
    if start.is_null() {
        return Err(ExpandError::TooLarge { bytes, limit: 0 });
    }
    ask_for_large_pages(start, bytes);
    let values = std::ptr::slice_from_raw_parts_mut(start.cast::<U>(), count);
    // SAFETY: allocated for this layout by the global allocator; floats of zero bits are zeros.
    let values = unsafe { Box::from_raw(values) }.into_vec();
    ArrayD::from_shape_vec(IxDyn(shape), values).map_err(|_| ExpandError::Overflow)
}

/// Refuses what the machine's memory cannot hold.
fn check(bytes: usize) -> Result<(), ExpandError> {
    if bytes <= UNCHECKED_BYTES {
        return Ok(());
    }
    let kind = sysinfo::MemoryRefreshKind::nothing().with_ram();
    let refresh = sysinfo::RefreshKind::nothing().with_memory(kind);
    let limit = sysinfo::System::new_with_specifics(refresh)
        .map_or(0, |system| usize::try_from(system.available_memory()).unwrap_or(usize::MAX));
    // A system that does not tell answers 0.
    if limit > 0 && bytes > limit { Err(ExpandError::TooLarge { bytes, limit }) } else { Ok(()) }
}

#[cfg(target_os = "linux")]
fn ask_for_large_pages(start: *mut u8, bytes: usize) {
    const PAGE: usize = 4096;
    if bytes < LARGE {
        return;
    }
    let head = start.align_offset(PAGE);
    let length = (bytes - head) / PAGE * PAGE;
    // SAFETY: whole pages of one allocation; the advice changes no contents. A system that does
    // not take it leaves small pages.
    unsafe { libc::madvise(start.add(head).cast(), length, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for_large_pages(_: *mut u8, _: usize) {}
