//! Rows to their order in memory, and back.
//!
//! With `inner` values to a group and `rows` rows, memory holds for each group all its values of
//! the first row, then all of the second, and so on: position `q` holds row
//! `q % (inner rows) / inner` of value `q / (inner rows) * inner + q % inner`. A step moves as many
//! whole groups as fit in a vector's lanes, by the same exchanges each time.

use crate::expand::element::Lane;

/// The widest group that is moved in vectors; wider ones are copied.
pub(in crate::expand) const WIDEST_GROUP: usize = 16;

/// A lane for each lane of a vector. It lies in one cache line: what lies in two takes twice as long.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct Lanes(pub [u32; 16]);

/// Exchanges of lanes: they depend on the group, the number of rows and the lanes alone.
pub struct Pattern {
    pub rows: usize,
    /// Values that a step moves.
    pub step: usize,
    lanes: usize,
    inner: usize,
    /// For each vector of a step's output, for each of its lanes: which lane of the row it comes
    /// from.
    pub sources: Vec<Lanes>,
    /// For each vector and each row: the lanes that come from that row.
    pub masks: Vec<u16>,
    /// For each row, for each of its lanes: which lane of the memory's vectors it comes from.
    pub origins: Vec<Lanes>,
    /// For each row and each vector: the lanes that come from that vector.
    pub origin_masks: Vec<u16>,
}

impl Pattern {
    /// For vectors of `lanes` lanes, 16 at most, and groups of `inner` values, as many at most.
    pub(super) fn new(rows: usize, inner: usize, lanes: usize) -> Self {
        let step = lanes - lanes % inner;
        let vectors = (step * rows).div_ceil(lanes);
        let mut pattern = Self {
            rows,
            step,
            lanes,
            inner,
            sources: vec![Lanes([0; 16]); vectors],
            masks: vec![0; vectors * rows],
            origins: vec![Lanes([0; 16]); rows],
            origin_masks: vec![0; rows * vectors],
        };
        let (mut vector, mut lane) = (0, 0);
        for group in (0..step).step_by(inner) {
            for row in 0..rows {
                for value in group..group + inner {
                    pattern.sources[vector].0[lane] = value as u32;
                    pattern.masks[vector * rows + row] |= 1 << lane;
                    pattern.origins[row].0[value] = lane as u32;
                    pattern.origin_masks[row * vectors + vector] |= 1 << value;
                    lane += 1;
                    if lane == lanes {
                        (vector, lane) = (vector + 1, 0);
                    }
                }
            }
        }
        pattern
    }

    /// Vectors of a step's output.
    pub(super) fn vectors(&self) -> usize {
        self.sources.len()
    }

    /// Whether the steps for `count` values read, or write, nothing behind them.
    pub(super) fn keeps_within(&self, count: usize) -> bool {
        let steps = count / self.step;
        steps == 0
            || (steps - 1) * self.step * self.rows + self.vectors() * self.lanes
                <= count * self.rows
    }

    /// The extents that a step at value `last` needs: of rows `stride` apart, and of memory.
    pub(super) fn extents(&self, last: usize, stride: usize) -> (usize, usize) {
        let rows = (self.rows - 1) * stride + last + self.lanes;
        (rows, last * self.rows + self.vectors() * self.lanes)
    }

    /// Values of a group.
    pub(super) fn inner(&self) -> usize {
        self.inner
    }

    /// Lanes of a vector.
    pub(super) fn lanes(&self) -> usize {
        self.lanes
    }

    /// Whether rows are interleaved by code for just their number, which the compiler vectorizes.
    pub(super) fn is_unrolled(&self) -> bool {
        self.inner == 1 && matches!(self.rows, 2..=8 | 16)
    }

    /// Copies whole groups row by row.
    #[inline(always)]
    pub(super) fn interleave<L: Lane>(
        &self,
        rows: &[L],
        stride: usize,
        count: usize,
        out: &mut [L],
    ) {
        if self.is_unrolled() {
            return match self.rows {
                2 => interleave_by::<L, 2>(rows, stride, count, out),
                3 => interleave_by::<L, 3>(rows, stride, count, out),
                4 => interleave_by::<L, 4>(rows, stride, count, out),
                5 => interleave_by::<L, 5>(rows, stride, count, out),
                6 => interleave_by::<L, 6>(rows, stride, count, out),
                7 => interleave_by::<L, 7>(rows, stride, count, out),
                8 => interleave_by::<L, 8>(rows, stride, count, out),
                _ => interleave_by::<L, 16>(rows, stride, count, out),
            };
        }
        let (inner, width) = (self.inner, self.inner * self.rows);
        for row in 0..self.rows {
            let from = rows[row * stride..row * stride + count].chunks(inner);
            for (group, from) in out.chunks_mut(width).zip(from) {
                let to = &mut group[row * inner..row * inner + from.len()];
                for (to, from) in to.iter_mut().zip(from) {
                    *to = *from;
                }
            }
        }
    }

    /// [`Self::interleave`] backwards.
    #[inline(always)]
    pub(super) fn separate<L: Lane>(
        &self,
        values: &[L],
        rows: &mut [L],
        stride: usize,
        count: usize,
    ) {
        if self.is_unrolled() {
            return match self.rows {
                2 => separate_by::<L, 2>(values, rows, stride, count),
                3 => separate_by::<L, 3>(values, rows, stride, count),
                4 => separate_by::<L, 4>(values, rows, stride, count),
                5 => separate_by::<L, 5>(values, rows, stride, count),
                6 => separate_by::<L, 6>(values, rows, stride, count),
                7 => separate_by::<L, 7>(values, rows, stride, count),
                8 => separate_by::<L, 8>(values, rows, stride, count),
                _ => separate_by::<L, 16>(values, rows, stride, count),
            };
        }
        let (inner, width) = (self.inner, self.inner * self.rows);
        for row in 0..self.rows {
            let to = rows[row * stride..row * stride + count].chunks_mut(inner);
            for (group, to) in values.chunks(width).zip(to) {
                let from = &group[row * inner..row * inner + to.len()];
                for (to, from) in to.iter_mut().zip(from) {
                    *to = *from;
                }
            }
        }
    }
}

/// A value of each of `R` rows, then the next of each.
#[inline(always)]
fn interleave_by<L: Lane, const R: usize>(rows: &[L], stride: usize, count: usize, out: &mut [L]) {
    let rows: [&[L]; R] = std::array::from_fn(|row| &rows[row * stride..][..count]);
    for (place, out) in out.as_chunks_mut::<R>().0[..count].iter_mut().enumerate() {
        for row in 0..R {
            out[row] = rows[row][place];
        }
    }
}

/// [`interleave_by`] backwards.
#[inline(always)]
fn separate_by<L: Lane, const R: usize>(values: &[L], rows: &mut [L], stride: usize, count: usize) {
    let values = &values.as_chunks::<R>().0[..count];
    for row in 0..R {
        let to = &mut rows[row * stride..][..count];
        for (to, from) in to.iter_mut().zip(values) {
            *to = from[row];
        }
    }
}
