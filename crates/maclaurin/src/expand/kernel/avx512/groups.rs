//! AVX-512: rows behind narrow groups of values, as channels are concatenated.
//!
//! As many whole groups as fit in a vector are a step. Up to eight rows of it behind the usual groups,
//! of two to four values, stay in registers, where they join in each vector of memory. Others are
//! computed into the first-level cache, and each vector gathered from the few that have a part in it.

use std::arch::x86_64::*;

use super::ascent::Ascent;
use super::direct::Way;
use super::line::{Line, Target};
use super::source::{Affine, Rest, Source};
use super::turns::{Turns, pair_rows, values_of_step};
use crate::expand::kernel::Kind;
use crate::expand::kernel::forward::Direct;
use crate::expand::kernel::pattern::Pattern;
use crate::expand::kernel::unrolled::Unrolled;

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

/// The way for whole groups of values.
pub(super) fn choose<const HALVES: bool>(direct: &Direct<'_>, pattern: &Pattern) -> Way<HALVES> {
    if !direct.unrolls {
        return steps_of_any;
    }
    let sums = direct.plan.kind == Kind::PartialSums;
    macro_rules! by_number {
        ($($number:literal)*) => {
            match (direct.plan.count(), pattern.inner(), sums) {
                $(
                    ($number, 2, false) => steps::<HALVES, $number, 2, false>,
                    ($number, 2, true) => steps::<HALVES, $number, 2, true>,
                    ($number, 3, false) => steps::<HALVES, $number, 3, false>,
                    ($number, 3, true) => steps::<HALVES, $number, 3, true>,
                    ($number, 4, false) => steps::<HALVES, $number, 4, false>,
                    ($number, 4, true) => steps::<HALVES, $number, 4, true>,
                )*
                _ => steps_of_any,
            }
        };
    }
    by_number!(2 3 4 5 6 7 8)
}

/// `N` rows that stay in registers, behind groups of `INNER` values.
///
/// # Safety
///
/// As [`Way`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
unsafe fn steps<const HALVES: bool, const N: usize, const INNER: usize, const SUMS: bool>(
    direct: &Direct<'_>,
    source: Source,
    count: usize,
    target: Target<HALVES>,
) {
    let unrolled = Unrolled::new(direct.plan);
    let step = const { values_of_step(INNER) };
    // A step is read as a whole vector.
    let whole = count.saturating_sub(16 - step) / step * step;
    let mut rest = Rest::EMPTY;
    // SAFETY: the caller's promise: the output has the places of `count` values.
    unsafe {
        let last = rest.fill(source, whole, count);
        let affine = Affine::new(direct.plan);
        let mut line = Line::new(target, direct.streams);
        for first in (0..whole).step_by(step) {
            let [rows] = unrolled.blocks::<N, 1, SUMS>(affine.of(source, first));
            write::<HALVES, N, INNER>(rows, &mut line);
        }
        let mut first = whole;
        while first + step <= count {
            let [rows] = unrolled.blocks::<N, 1, SUMS>(affine.of(last, first - whole));
            write::<HALVES, N, INNER>(rows, &mut line);
            first += step;
        }
        line.finish();
        if first < count {
            let [rows] = unrolled.blocks::<N, 1, SUMS>(affine.of(last, first - whole));
            let pairs = pair_rows(rows);
            for vector in 0..const { vectors(N, INNER) } {
                let lanes = ((count - first) * N).saturating_sub(16 * vector).min(16);
                line.end(Behind::<N, INNER>::TURNS.join(&pairs, vector), lanes, 16 * vector);
            }
        }
    }
}

/// [`Turns`] behind groups of that many values.
struct Behind<const N: usize, const INNER: usize>;

impl<const N: usize, const INNER: usize> Behind<N, INNER> {
    const TURNS: Turns<N> = Turns::merging(INNER);
}

/// Vectors of the output of a step.
const fn vectors(rows: usize, inner: usize) -> usize {
    (values_of_step(inner) * rows).div_ceil(16)
}

/// Writes a whole step.
///
/// # Safety
///
/// The machine has the instructions, and the places can be written.
#[inline(always)]
unsafe fn write<const HALVES: bool, const N: usize, const INNER: usize>(
    rows: [__m512; N],
    line: &mut Line<HALVES>,
) {
    // Each vector by its number, so that it is known which rows it has a part of.
    macro_rules! each_vector {
        ($pairs:ident, $($vector:literal)*) => {
            $(if $vector < const { vectors(N, INNER) } {
                let joined = Behind::<N, INNER>::TURNS.join(&$pairs, $vector);
                let lanes = const { values_of_step(INNER) * N } - 16 * $vector;
                if lanes >= 16 {
                    line.write(joined);
                } else {
                    line.append(joined, lanes);
                }
            })*
        };
    }
    // SAFETY: the caller's promise.
    unsafe {
        let pairs = pair_rows(rows);
        each_vector!(pairs, 0 1 2 3 4 5 6 7);
    }
}

/// Any number of rows in any order behind any groups, by way of the first-level cache.
///
/// # Safety
///
/// As [`Way`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
unsafe fn steps_of_any<const HALVES: bool>(
    direct: &Direct<'_>,
    source: Source,
    count: usize,
    target: Target<HALVES>,
) {
    let Some(pattern) = &direct.group else { return };
    let (plan, step) = (direct.plan, pattern.step);
    // Vectors of a step's output but the last, and its lanes.
    let before = pattern.vectors() - 1;
    let lanes = step * pattern.rows - 16 * before;
    let parts = Parts::new(pattern);
    let mut rows = Rows([[0.0; 16]; MOST_ROWS]);
    let mut rest = Rest::EMPTY;
    // A step is read as a whole vector.
    let whole = count.saturating_sub(16 - step) / step * step;
    // SAFETY: the caller's promise: the output has the places of `count` values.
    unsafe {
        let last = rest.fill(source, whole, count);
        let affine = Affine::new(direct.plan);
        let mut line = Line::new(target, direct.streams);
        for first in (0..count).step_by(step) {
            let t = if first < whole {
                affine.of(source, first)
            } else {
                affine.of(last, first - whole)
            };
            let mut ascent = Ascent::<1>::new(t);
            for step in &plan.steps {
                if let Some([row]) = ascent.take(step, plan.kind) {
                    _mm512_store_ps(rows.0[step.place].as_mut_ptr(), row);
                }
            }
            let left = (count - first) * pattern.rows;
            let complete = count - first >= step;
            if !complete {
                line.finish();
            }
            for vector in 0..=before {
                let joined = parts.join(pattern, &rows, vector);
                if !complete {
                    let lanes = left.saturating_sub(16 * vector).min(16);
                    line.end(joined, lanes, 16 * vector);
                } else if vector < before || lanes == 16 {
                    line.write(joined);
                } else {
                    line.append(joined, lanes);
                }
            }
        }
        if count.is_multiple_of(step) {
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
    fn new(pattern: &Pattern) -> Self {
        let nothing = Part { offset: 0, mask: 0 };
        let mut parts = Self { all: [[nothing; MOST_PARTS]; MOST_VECTORS], most: 0 };
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
