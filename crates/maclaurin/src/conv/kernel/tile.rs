//! The inner loop of all three passes: sums of products, a tile of them in registers.
//!
//! ```text
//! out[r][lane] = start[r][lane] + sum_segments sum_j rows[j][r] * lanes[j][lane]
//! ```
//!
//! Forward, a segment is a tap of the kernel, `j` a channel, and rows and lanes are pixels and
//! output channels or the other way round; for the gradient of the weights a segment is a row of
//! the picture, `j` a pixel, and rows and lanes are channels of the expansion and of the output.
//! Each sum is made in one order whatever the tile, so results do not depend on how the work is
//! cut.

use crate::expand::element::Lane;
use crate::expand::element::sealed::{Narrow, Wide};
use crate::expand::kernel::instructions::{Instructions, Level, Work};
use crate::expand::kernel::vector::{Vector, WIDTH};

/// Where the products of a segment begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub row: usize,
    pub lane: usize,
}

/// A tile to compute, no larger than [`largest`].
pub(super) struct Tile<'a, L> {
    pub segments: &'a [Segment],
    /// Products in a segment.
    pub length: usize,
    pub rows: &'a [L],
    pub row_step: usize,
    pub lanes: &'a [L],
    pub lane_step: usize,
    /// What the sums begin with.
    pub start: &'a [L],
    pub start_step: usize,
    /// Rows of the tile.
    pub height: usize,
    /// Lanes that are written.
    pub width: usize,
    pub out: *mut L,
    pub out_step: isize,
}

/// The rows and vectors of the largest tile.
pub(super) fn largest<L: Lane>(level: Level) -> (usize, usize) {
    level.apply(Largest::<L>(std::marker::PhantomData))
}

struct Largest<L>(std::marker::PhantomData<L>);

impl<L: Lane> Work for Largest<L> {
    type Output = (usize, usize);

    #[inline(always)]
    fn with<I: Instructions>(self, _: I) -> (usize, usize) {
        (L::Vector::<I>::ROWS, L::Vector::<I>::BLOCKS)
    }
}

impl<L: Lane> Tile<'_, L> {
    /// Computes it.
    ///
    /// # Safety
    ///
    /// `width` values can be written at `out + r * out_step` for each row, by this thread alone.
    pub(super) unsafe fn compute(self, level: Level) {
        let blocks = self.width.div_ceil(WIDTH);
        let last = self.length - 1;
        for segment in self.segments {
            let row = segment.row + last * self.row_step + self.height;
            let lane = segment.lane + last * self.lane_step + blocks * WIDTH;
            assert!(row <= self.rows.len() && lane <= self.lanes.len(), "a segment out of bounds");
        }
        let start = (self.height - 1) * self.start_step + blocks * WIDTH;
        assert!(start <= self.start.len(), "the start out of bounds");
        level.apply(self);
    }
}

impl<L: Lane> Work for Tile<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with<I: Instructions>(self, _: I) {
        macro_rules! heights {
            ($($height:literal)*) => {
                match (self.height, self.width > WIDTH) {
                    $(
                        // SAFETY: `compute` is the only caller, and has checked all places.
                        ($height, false) if $height <= L::Vector::<I>::ROWS => unsafe {
                            sums::<L::Vector<I>, $height, 1>(&self);
                        },
                        // SAFETY: as above.
                        ($height, true)
                            if $height <= L::Vector::<I>::ROWS && L::Vector::<I>::BLOCKS > 1 =>
                        unsafe { sums::<L::Vector<I>, $height, 2>(&self) },
                    )*
                    (height, _) => unreachable!("no tile of {height} rows"),
                }
            };
        }
        heights!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
    }
}

/// # Safety
///
/// All places of the tile exist.
#[inline(always)]
unsafe fn sums<V: Vector, const ROWS: usize, const BLOCKS: usize>(tile: &Tile<'_, V::Lane>) {
    // SAFETY: the caller's promise, here and below.
    unsafe {
        let mut sums = [[V::load(tile.start.as_ptr()); BLOCKS]; ROWS];
        for (row, sums) in sums.iter_mut().enumerate() {
            for (block, sum) in sums.iter_mut().enumerate() {
                *sum = V::load(tile.start.as_ptr().add(row * tile.start_step + block * WIDTH));
            }
        }
        for segment in tile.segments {
            let mut rows = tile.rows.as_ptr().add(segment.row);
            let mut lanes = tile.lanes.as_ptr().add(segment.lane);
            for _ in 0..tile.length {
                let mut vectors = [V::load(lanes); BLOCKS];
                for (block, vector) in vectors.iter_mut().enumerate().skip(1) {
                    *vector = V::load(lanes.add(block * WIDTH));
                }
                for (row, sums) in sums.iter_mut().enumerate() {
                    let factor = V::splat(rows.add(row));
                    for (sum, vector) in sums.iter_mut().zip(vectors) {
                        *sum = factor.multiply_add(vector, *sum);
                    }
                }
                // One step beyond the last product is never read.
                rows = rows.wrapping_add(tile.row_step);
                lanes = lanes.wrapping_add(tile.lane_step);
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (block, sum) in sums.into_iter().enumerate() {
                let to = tile.out.offset(row as isize * tile.out_step).add(block * WIDTH);
                let rest = tile.width - block * WIDTH;
                if rest >= WIDTH {
                    sum.store(to);
                } else {
                    sum.store_first(to, rest);
                }
            }
        }
    }
}

/// `to[outer * to_step + inner] = from[inner * from_step + outer]`: columns to rows.
pub(super) struct Transposition<L> {
    pub from: *const L,
    pub from_step: isize,
    pub to: *mut L,
    pub to_step: isize,
    pub outer: usize,
    pub inner: usize,
}

impl<L: Lane> Work for Transposition<L> {
    type Output = ();

    #[inline(always)]
    fn with<I: Instructions>(self, _: I) {
        // SAFETY: whoever makes one promises that all places exist and do not overlap.
        unsafe { transpose::<L::Vector<I>>(&self) };
    }
}

/// # Safety
///
/// All places exist, and those written are apart from those read.
#[inline(always)]
unsafe fn transpose<V: Vector>(job: &Transposition<V::Lane>) {
    for outer in (0..job.outer).step_by(WIDTH) {
        for inner in (0..job.inner).step_by(WIDTH) {
            let (width, height) = (job.outer - outer, job.inner - inner);
            // SAFETY: places below `outer` and `inner` exist.
            unsafe {
                let from = job.from.offset(inner as isize * job.from_step).add(outer);
                let to = job.to.offset(outer as isize * job.to_step).add(inner);
                let mut block = [V::load_first(from, width.min(WIDTH)); WIDTH];
                for (row, vector) in block.iter_mut().enumerate().take(height).skip(1) {
                    let from = from.offset(row as isize * job.from_step);
                    *vector = V::load_first(from, width.min(WIDTH));
                }
                for (column, vector) in V::transpose(block).into_iter().enumerate().take(width) {
                    let to = to.offset(column as isize * job.to_step);
                    vector.store_first(to, height.min(WIDTH));
                }
            }
        }
    }
}

/// Powers of lines of values: `values[line][k][i] = values[line][k - 1][i] * values[line][0][i]`.
pub(super) struct Powers<'a, L> {
    pub values: &'a mut [L],
    pub lines: usize,
    pub line_step: usize,
    pub order: usize,
    /// Values between two powers: all of a line.
    pub length: usize,
}

impl<L: Lane> Work for Powers<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with<I: Instructions>(self, _: I) {
        let last = self.lines.saturating_sub(1) * self.line_step + self.order * self.length;
        assert!(last <= self.values.len(), "a power out of bounds");
        for line in 0..self.lines {
            for first in (0..self.length).step_by(WIDTH) {
                let width = (self.length - first).min(WIDTH);
                // SAFETY: `first .. first + width` lies in each power, by the assertion.
                unsafe {
                    let base = self.values.as_mut_ptr().add(line * self.line_step + first);
                    let factor = L::Vector::<I>::load_first(base, width);
                    let mut power = factor;
                    for k in 1..self.order {
                        power = power.multiply(factor);
                        power.store_first(base.add(k * self.length), width);
                    }
                }
            }
        }
    }
}

/// `to[i] = from[i * stride] - center`, rounded once.
pub(super) struct Load<'a, T, L> {
    pub from: *const T,
    pub stride: isize,
    pub center: f64,
    pub to: &'a mut [L],
}

impl<T: Wide, L: Lane> Work for Load<'_, T, L> {
    type Output = ();

    #[inline(always)]
    fn with<I: Instructions>(self, _: I) {
        if self.stride == 1 {
            // SAFETY: whoever makes one promises that the values can be read.
            let from = unsafe { std::slice::from_raw_parts(self.from, self.to.len()) };
            for (to, value) in self.to.iter_mut().zip(from) {
                *to = L::round(value.wide() - self.center);
            }
        } else {
            for (place, to) in self.to.iter_mut().enumerate() {
                // SAFETY: as above.
                let value = unsafe { self.from.offset(place as isize * self.stride).read() };
                *to = L::round(value.wide() - self.center);
            }
        }
    }
}

/// `to[i * stride] = from[i]`, rounded to the array's type.
pub(super) struct Store<'a, T: Narrow> {
    pub from: &'a [T::Lane],
    pub to: *mut T,
    pub stride: isize,
}

impl<T: Narrow> Work for Store<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with<I: Instructions>(self, instructions: I) {
        // SAFETY: whoever makes one promises that the values can be written.
        unsafe {
            if self.stride == 1 {
                instructions.narrow(self.from, self.to);
            } else {
                for (place, &value) in self.from.iter().enumerate() {
                    self.to.offset(place as isize * self.stride).write(T::narrow(value));
                }
            }
        }
    }
}

/// `to[i] = sum_line values[line * step + i]`
pub(super) struct Totals<'a, L> {
    pub values: &'a [L],
    pub step: usize,
    pub lines: usize,
    pub to: &'a mut [L],
}

impl<L: Lane> Work for Totals<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with<I: Instructions>(self, _: I) {
        /// Independent sums, so that none waits for the one before.
        const CHAINS: usize = 4;
        let last = self.lines.saturating_sub(1) * self.step + self.to.len();
        assert!(last <= self.values.len(), "a line out of bounds");
        for first in (0..self.to.len()).step_by(WIDTH) {
            let width = (self.to.len() - first).min(WIDTH);
            // SAFETY: `first .. first + width` lies in each line, by the assertion.
            unsafe {
                let one = L::Vector::<I>::splat(&L::round(1.0));
                let mut sums = [L::Vector::<I>::splat(&L::default()); CHAINS];
                let base = self.values.as_ptr().add(first);
                let whole = self.lines / CHAINS * CHAINS;
                for line in (0..whole).step_by(CHAINS) {
                    for (chain, sum) in sums.iter_mut().enumerate() {
                        let from = base.add((line + chain) * self.step);
                        *sum = one.multiply_add(L::Vector::<I>::load_first(from, width), *sum);
                    }
                }
                for line in whole..self.lines {
                    let value = L::Vector::<I>::load_first(base.add(line * self.step), width);
                    sums[0] = one.multiply_add(value, sums[0]);
                }
                let low = one.multiply_add(sums[0], sums[1]);
                let high = one.multiply_add(sums[2], sums[3]);
                one.multiply_add(low, high).store_first(self.to.as_mut_ptr().add(first), width);
            }
        }
    }
}

/// The derivative of a sum of powers, by Horner's rule:
/// `out[line][i] = sum_k k t^(k-1) powers[line][k-1][i]`, `t` at the same place as `out`.
pub(super) struct Slope<'a, L> {
    pub powers: &'a [L],
    pub line_step: usize,
    pub power_step: usize,
    pub order: usize,
    /// The values of `t`, replaced by the result: `length` of them in a line.
    pub values: &'a mut [L],
    pub length: usize,
}

impl<L: Lane> Work for Slope<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with<I: Instructions>(self, _: I) {
        let lines = self.values.len() / self.length;
        let last = (lines - 1) * self.line_step + (self.order - 1) * self.power_step;
        assert!(last + self.length <= self.powers.len(), "a power out of bounds");
        for line in 0..lines {
            for first in (0..self.length).step_by(WIDTH) {
                let width = (self.length - first).min(WIDTH);
                // SAFETY: `first .. first + width` lies in each line, by the assertion.
                unsafe {
                    let values = self.values.as_mut_ptr().add(line * self.length + first);
                    let powers = self.powers.as_ptr().add(line * self.line_step + first);
                    let t = L::Vector::<I>::load_first(values, width);
                    let mut slope = L::Vector::<I>::splat(&L::default());
                    for k in (1..=self.order).rev() {
                        let from = powers.add((k - 1) * self.power_step);
                        let power = L::Vector::<I>::load_first(from, width);
                        let factor = L::Vector::<I>::splat(&L::round(k as f64));
                        slope = slope.multiply_add(t, power.multiply(factor));
                    }
                    slope.store_first(values, width);
                }
            }
        }
    }
}
