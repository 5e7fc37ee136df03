//! Arrays of images in any memory order: rows read into the order that the inner loop wants, and
//! written back.

use ndarray::{ArrayView4, ArrayViewMut4};

use super::tile::{Load, Store, Transposition};
use crate::expand::element::sealed::Narrow;
use crate::expand::kernel::instructions::Level;

/// An array of (image, channel, row, column), wherever its values lie.
pub(in crate::conv) struct Picture<T> {
    start: *mut T,
    strides: [isize; 4],
}

// SAFETY: a `Picture` only names memory; who reads or writes it holds the borrow it was made from
// and keeps to disjoint parts.
unsafe impl<T: Send> Send for Picture<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Picture<T> {}

impl<T> Clone for Picture<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Picture<T> {}

impl<T> Picture<T> {
    pub(in crate::conv) fn new(view: &ArrayView4<'_, T>) -> Self {
        Self { start: view.as_ptr().cast_mut(), strides: strides(view.strides()) }
    }

    pub(in crate::conv) fn new_mut(view: &mut ArrayViewMut4<'_, T>) -> Self {
        Self { start: view.as_mut_ptr(), strides: strides(view.strides()) }
    }

    /// Where a value lies.
    pub(super) fn at(&self, image: usize, channel: usize, row: usize, column: usize) -> *mut T {
        let place = [image, channel, row, column];
        let offset = place.iter().zip(self.strides).map(|(&i, stride)| i as isize * stride).sum();
        // The place of a value that exists, or one that nobody reads.
        self.start.wrapping_offset(offset)
    }

    /// Elements between two channels.
    pub(super) fn channel_stride(&self) -> isize {
        self.strides[1]
    }

    /// Elements between two rows.
    pub(super) fn row_stride(&self) -> isize {
        self.strides[2]
    }

    /// Elements between two columns.
    pub(super) fn column_stride(&self) -> isize {
        self.strides[3]
    }
}

fn strides(strides: &[isize]) -> [isize; 4] {
    [strides[0], strides[1], strides[2], strides[3]]
}

/// A block of values in an array: `outer` lines of `inner` values.
pub(super) struct Block<T> {
    pub start: *mut T,
    pub outer: usize,
    pub outer_stride: isize,
    pub inner: usize,
    pub inner_stride: isize,
}

impl<T> Block<T> {
    /// Whether lines are better read across.
    fn across(&self) -> bool {
        self.outer_stride == 1 && self.inner_stride != 1 && self.outer > 1 && self.inner > 1
    }
}

/// `to[outer * to_step + inner] = block[outer][inner] - center`
///
/// # Safety
///
/// The block's values can be read.
pub(super) unsafe fn read<T: Narrow>(
    level: Level,
    block: &Block<T>,
    center: f64,
    to: &mut [T::Lane],
    to_step: usize,
    scratch: &mut Vec<T::Lane>,
) {
    if block.outer == 0 || block.inner == 0 {
        return;
    }
    assert!((block.outer - 1) * to_step + block.inner <= to.len(), "a block out of bounds");
    let as_it_is = T::IS_LANE && center == 0.0;
    if !block.across() {
        // Lines that lie one behind the other here and there are one.
        let dense = block.inner == to_step && block.outer_stride == to_step as isize;
        let joined = as_it_is && block.inner_stride == 1 && dense;
        let (outer, inner) =
            if joined { (1, block.outer * block.inner) } else { (block.outer, block.inner) };
        for outer in 0..outer {
            let from = block.start.wrapping_offset(outer as isize * block.outer_stride);
            let to = &mut to[outer * to_step..][..inner];
            if as_it_is && block.inner_stride == 1 {
                // SAFETY: the caller's promise; a lane is the type itself.
                unsafe { std::ptr::copy_nonoverlapping(from.cast(), to.as_mut_ptr(), inner) };
            } else {
                level.apply(Load { from, stride: block.inner_stride, center, to });
            }
        }
        return;
    }
    let (from, from_step) = if as_it_is {
        (block.start.cast_const().cast::<T::Lane>(), block.inner_stride)
    } else {
        scratch.resize(block.outer * block.inner, T::Lane::default());
        for (inner, to) in scratch.chunks_exact_mut(block.outer).enumerate() {
            let from = block.start.wrapping_offset(inner as isize * block.inner_stride);
            level.apply(Load { from, stride: 1, center, to });
        }
        (scratch.as_ptr(), block.outer as isize)
    };
    let to_step = to_step as isize;
    let (outer, inner, to) = (block.outer, block.inner, to.as_mut_ptr());
    level.apply(Transposition { from, from_step, to, to_step, outer, inner });
}

/// `block[outer][inner] = from[outer * from_step + inner]`, rounded to the array's type.
///
/// # Safety
///
/// The block's values can be written, by this thread alone.
pub(super) unsafe fn write<T: Narrow>(
    level: Level,
    from: &[T::Lane],
    from_step: usize,
    block: &Block<T>,
) {
    if block.outer == 0 || block.inner == 0 {
        return;
    }
    assert!((block.outer - 1) * from_step + block.inner <= from.len(), "a block out of bounds");
    if T::IS_LANE && block.across() {
        level.apply(Transposition {
            from: from.as_ptr(),
            from_step: from_step as isize,
            to: block.start.cast::<T::Lane>(),
            to_step: block.inner_stride,
            outer: block.inner,
            inner: block.outer,
        });
        return;
    }
    for outer in 0..block.outer {
        let to = block.start.wrapping_offset(outer as isize * block.outer_stride);
        let from = &from[outer * from_step..][..block.inner];
        level.apply(Store { from, to, stride: block.inner_stride });
    }
}
