//! Values in any memory order, walked without a copy.

use ndarray::{ArrayViewD, ArrayViewMutD};

/// Bytes of a cache line.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;

/// A view's values in logical order: a start, and axes with lengths and strides, those that lie
/// in memory like one merged into one.
pub(super) struct Strided<T> {
    start: *mut T,
    axes: Vec<(usize, isize)>,
}

// SAFETY: a `Strided` only names memory; who reads or writes it holds the borrow it was made from
// and keeps to disjoint parts.
unsafe impl<T: Send> Send for Strided<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Strided<T> {}

/// Values that lie `stride` elements apart.
pub(super) struct Run<T> {
    pub start: *mut T,
    pub length: usize,
    pub stride: isize,
}

impl<T> Strided<T> {
    pub(super) fn new(view: &ArrayViewD<'_, T>) -> Self {
        Self::of(view.as_ptr().cast_mut(), view.shape(), view.strides())
    }

    pub(super) fn new_mut(view: &mut ArrayViewMutD<'_, T>) -> Self {
        let start = view.as_mut_ptr();
        Self::of(start, view.shape(), view.strides())
    }

    fn of(start: *mut T, shape: &[usize], strides: &[isize]) -> Self {
        let mut axes: Vec<(usize, isize)> = Vec::with_capacity(shape.len());
        for (&length, &stride) in shape.iter().zip(strides).filter(|(length, _)| **length != 1) {
            match axes.last_mut() {
                Some((outer, step)) if *step == stride * length as isize => {
                    *outer *= length;
                    *step = stride;
                }
                _ => axes.push((length, stride)),
            }
        }
        if axes.is_empty() {
            axes.push((1, 1));
        }
        Self { start, axes }
    }

    /// The first value's address if all values are contiguous.
    pub(super) fn contiguous(&self) -> Option<*mut T> {
        (self.axes.len() == 1 && (self.axes[0].1 == 1 || self.axes[0].0 == 1)).then_some(self.start)
    }

    /// Asks for the memory of `count` values from `first` on, which may lie beyond the last one: it is read soon.
    #[inline(always)]
    pub(super) fn prefetch(&self, first: usize, count: usize) {
        #[cfg(target_arch = "x86_64")]
        if let Some(start) = self.contiguous() {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            for value in (first..first + count).step_by((LINE / size_of::<T>()).max(1)) {
                // SAFETY: an address is never read from.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(value).cast()) };
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (first, count);
    }

    /// The runs along the last axis that hold the values `first .. first + count` in logical
    /// order, which exist.
    pub(super) fn runs(&self, first: usize, count: usize, mut visit: impl FnMut(Run<T>)) {
        let (&(length, stride), outer) = self.axes.split_last().unwrap_or((&(1, 1), &[]));
        let (mut first, last) = (first, first + count);
        while first < last {
            let (mut row, column) = (first / length, first % length);
            let mut offset = column as isize * stride;
            for &(length, stride) in outer.iter().rev() {
                offset += (row % length) as isize * stride;
                row /= length;
            }
            let length = (length - column).min(last - first);
            // The offset of a value that exists, from the first one in the same allocation.
            visit(Run { start: self.start.wrapping_offset(offset), length, stride });
            first += length;
        }
    }
}
