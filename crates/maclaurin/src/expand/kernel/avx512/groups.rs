//! AVX-512: rows behind narrow groups of values, as channels are concatenated.
//!
//! As many whole groups as fit in a vector are a step. Up to eight rows of it stay in registers, where
//! they join in each vector of memory; more, or rows in another order, are computed into the
//! first-level cache, and each vector gathered from the few that have a part in it.

use std::arch::x86_64::*;

use super::direct::{Ascent, Rest, Source, affine, ascend};
use super::line::{Line, Output};
use super::{Avx512, join_rows, turns};
use crate::expand::kernel::forward::Direct;
use crate::expand::kernel::interleave::Pattern;

/// Rows at the most.
const MOST_ROWS: usize = Direct::MOST_GROUPED;

/// Rows that have a part in a vector at the most: behind groups of two values, seven of them whole and
/// the ends of two more.
const MOST_PARTS: usize = 9;

/// Vectors of a step's output at the most.
const MOST_VECTORS: usize = MOST_ROWS;

/// The rows of a step.
#[repr(align(64))]
struct Rows([[f32; 16]; MOST_ROWS]);

/// Expands `count` values side by side, whole groups, into `out`.
///
/// # Safety
///
/// The values can be read, the output's places written, and they are nobody else's.
pub(super) unsafe fn expand<O: Output>(
    avx512: Avx512,
    direct: &Direct<'_>,
    pattern: &Pattern,
    source: Source,
    count: usize,
    out: *mut O::Value,
) {
    macro_rules! by_number {
        ($($number:literal)*) => {
            match direct.plan.count() {
                $($number if direct.rising => steps::<O, $number>,)*
                _ => steps::<O, ANY>,
            }
        };
    }
    let steps: Steps<O> = by_number!(2 3 4 5 6 7 8);
    // SAFETY: the caller's promise; `avx512` is proof of the instructions.
    unsafe { steps(avx512, direct, pattern, source, count, out) };
}

/// Any number of rows in any order, by way of the first-level cache.
const ANY: usize = 0;

/// [`steps`] for some number of rows.
type Steps<O> = unsafe fn(Avx512, &Direct<'_>, &Pattern, Source, usize, *mut <O as Output>::Value);

/// # Safety
///
/// As [`expand`]; there are `N` rows by rising degree, or any.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
unsafe fn steps<O: Output, const N: usize>(
    avx512: Avx512,
    direct: &Direct<'_>,
    pattern: &Pattern,
    source: Source,
    count: usize,
    out: *mut O::Value,
) {
    let (plan, step) = (direct.plan, pattern.step);
    // Vectors of a step's output but the last, and its lanes.
    let before = pattern.vectors() - 1;
    let lanes = step * pattern.rows - 16 * before;
    let turns = turns::<N>(pattern.inner());
    let parts = if N == ANY { Parts::new(pattern) } else { Parts::NONE };
    let mut any = Rows([[0.0; 16]; MOST_ROWS]);
    let mut rest = Rest::EMPTY;
    // A step is read as a whole vector.
    let whole = count.saturating_sub(16 - step) / step * step;
    // SAFETY: the caller's promise: the output has the places of `count` values.
    unsafe {
        let last = rest.fill(source, whole, count);
        let mut line = Line::<O>::new(out);
        for first in (0..count).step_by(step) {
            let t = if first < whole {
                affine(avx512, plan, source, first)
            } else {
                affine(avx512, plan, last, first - whole)
            };
            let mut rows = [_mm512_setzero_ps(); N];
            if N == ANY {
                let mut ascent = Ascent::new(t);
                for step in &plan.steps {
                    if let Some(values) = ascent.take(step, plan.kind) {
                        _mm512_store_ps(any.0[step.place].as_mut_ptr(), values);
                    }
                }
            } else {
                rows = ascend::<N>(plan, t);
            }
            let left = (count - first) * pattern.rows;
            let complete = count - first >= step;
            // The first block begins in the middle, so it is not written past the caches.
            let streams = direct.streams && first > 0;
            if !complete && streams {
                line.finish();
            }
            for vector in 0..=before {
                let joined = if N == ANY {
                    parts.join(pattern, &any, vector)
                } else {
                    join_rows(&rows, &turns[vector])
                };
                if !complete {
                    let lanes = left.saturating_sub(16 * vector).min(16);
                    line.end(joined, lanes, 16 * vector);
                } else if vector < before || lanes == 16 {
                    line.write(joined, streams);
                } else {
                    line.append(joined, lanes, streams);
                }
            }
        }
        if direct.streams && count >= step && count.is_multiple_of(step) {
            line.finish();
        }
    }
}

/// Which lanes of a vector come from which row.
#[derive(Clone, Copy)]
struct Part {
    /// Values before the row's.
    offset: u32,
    mask: u16,
}

/// Of each vector, the rows that have a part in it.
struct Parts {
    all: [[Part; MOST_PARTS]; MOST_VECTORS],
    /// How many a vector has at the most; the others' masks are empty.
    most: usize,
}

impl Parts {
    const NONE: Self =
        Self { all: [[Part { offset: 0, mask: 0 }; MOST_PARTS]; MOST_VECTORS], most: 0 };

    fn new(pattern: &Pattern) -> Self {
        let mut parts = Self::NONE;
        for (vector, all) in parts.all.iter_mut().enumerate().take(pattern.vectors()) {
            let masks = &pattern.masks[vector * pattern.rows..][..pattern.rows];
            let rows = masks.iter().enumerate().filter(|(_, mask)| **mask != 0);
            for (number, (part, (row, &mask))) in all.iter_mut().zip(rows).enumerate() {
                *part = Part { offset: 16 * row as u32, mask };
                parts.most = parts.most.max(number + 1);
            }
        }
        parts
    }

    /// A vector of memory, from the rows that have a part in it.
    ///
    /// # Safety
    ///
    /// The machine has the instructions.
    #[inline(always)]
    unsafe fn join(&self, pattern: &Pattern, rows: &Rows, vector: usize) -> __m512 {
        let rows: *const f32 = rows.0.as_ptr().cast();
        // SAFETY: the caller's promise; lanes and rows are arrays of 64 bytes, and a pattern has no
        // more rows than there is room for.
        unsafe {
            let lanes = _mm512_load_si512(pattern.sources[vector].0.as_ptr().cast());
            let mut joined = _mm512_setzero_ps();
            for part in &self.all[vector][..self.most] {
                let row = _mm512_load_ps(rows.add(part.offset as usize));
                joined = _mm512_mask_permutexvar_ps(joined, part.mask, lanes, row);
            }
            joined
        }
    }
}
