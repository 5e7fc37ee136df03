//! AVX-512: from the input to the output through registers alone.
//!
//! Sixteen values at a time: widened, all their rows computed and rounded, put in the order of
//! memory and written, by non-temporal stores in whole lines whatever the output's alignment. For single
//! precision or less, few rows that come out by rising degree, and a new last axis or rows apart
//! (behind narrow groups: `groups`); the rest goes by tiles (`forward`), with the same operations, so
//! with the same bits.

use std::arch::x86_64::*;

use super::line::{Line, Target};
use super::source::{Affine, Rest, STEP, Source};
use super::turns::merge_rows;
use super::{bytes, groups};
use crate::expand::element::sealed::{Narrow, Wide};
use crate::expand::kernel::Kind;
use crate::expand::kernel::forward::Direct;
use crate::expand::kernel::unrolled::Unrolled;

/// Steps of a block of sums: Horner's rule waits for each operation, so eight chains at a time.
const CHAINS: usize = 4;

/// Expands `count` contiguous values into `out`, row `r` at `out + r * apart` where rows lie
/// apart.
///
/// # Safety
///
/// The machine has the instructions, the values can be read, the output's places written, and they are nobody else's.
pub(super) unsafe fn expand<T: Wide, U: Narrow>(
    direct: &Direct<'_>,
    x: *const T,
    count: usize,
    out: *mut U,
) {
    let source = Source::new(x);
    // SAFETY: the caller's promise.
    unsafe {
        if size_of::<U>() == 2 {
            choose::<true>(direct, source, count)(direct, source, count, Target::new(out));
        } else {
            choose::<false>(direct, source, count)(direct, source, count, Target::new(out));
        }
    }
}

/// A way to expand values.
///
/// # Safety
///
/// As [`expand`], of an array that the way was chosen for.
pub(super) type Way<const HALVES: bool> = unsafe fn(&Direct<'_>, Source, usize, Target<HALVES>);

/// The way for an array.
fn choose<const HALVES: bool>(direct: &Direct<'_>, source: Source, count: usize) -> Way<HALVES> {
    match (&direct.group, direct.plan.kind) {
        (Some(pattern), _) => groups::choose(direct, pattern),
        (None, Kind::Sum) if bytes::pays(source, count) => bytes::look_up,
        (None, Kind::Sum) => sums,
        (None, kind) => rows(direct, kind == Kind::PartialSums),
    }
}

/// Rows by their number: a loop for each.
fn rows<const HALVES: bool>(direct: &Direct<'_>, sums: bool) -> Way<HALVES> {
    macro_rules! by_number {
        ($($number:literal: $blocks:literal),*) => {
            match (direct.plan.count(), direct.apart.is_some(), sums) {
                $(
                    ($number, false, false) => steps::<HALVES, $number, $blocks, false, false>,
                    ($number, false, true) => steps::<HALVES, $number, $blocks, false, true>,
                    ($number, true, false) => steps::<HALVES, $number, $blocks, true, false>,
                    ($number, true, true) => steps::<HALVES, $number, $blocks, true, true>,
                )*
                _ => unreachable!("there is no direct kernel for this number of rows"),
            }
        };
    }
    // As many blocks as leave room for their rows in the registers.
    by_number!(1: 4, 2: 2, 3: 2, 4: 2, 5: 1, 6: 1, 7: 1, 8: 1, 16: 1)
}

/// # Safety
///
/// As [`Way`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
unsafe fn steps<
    const HALVES: bool,
    const N: usize,
    const BLOCKS: usize,
    const APART: bool,
    const SUMS: bool,
>(
    direct: &Direct<'_>,
    source: Source,
    count: usize,
    target: Target<HALVES>,
) {
    let plan = direct.plan;
    let unrolled = Unrolled::new(plan);
    let apart = direct.apart.unwrap_or(0);
    let whole = count - count % (BLOCKS * STEP);
    let mut rest = Rest::EMPTY;
    // SAFETY: the caller's promise: rows of whole steps lie inside the output.
    unsafe {
        let last = rest.fill(source, whole, count);
        let affine = Affine::new(plan);
        // Of contiguous rows there is one line, apart from the array so that it stays in registers.
        let mut line = Line::new(target, direct.streams);
        let mut lines = [line; N];
        if APART {
            for row in 0..N {
                lines[row] = Line::new(target.after((row * apart) as isize), direct.streams);
            }
        }
        for first in (0..whole).step_by(BLOCKS * STEP) {
            let vectors = vectors::<N, BLOCKS, APART>(
                unrolled.blocks::<N, BLOCKS, SUMS>(affine.of(source, first)),
            );
            for block in 0..BLOCKS {
                for place in 0..N {
                    let line = if APART { &mut lines[place] } else { &mut line };
                    line.write(vectors[block][place]);
                }
            }
        }
        if APART {
            for line in lines {
                line.finish();
            }
        } else {
            line.finish();
        }
        if whole == count {
            return;
        }
        let vectors =
            vectors::<N, BLOCKS, APART>(unrolled.blocks::<N, BLOCKS, SUMS>(affine.of(last, 0)));
        for block in 0..BLOCKS {
            let left = (count - whole).saturating_sub(block * STEP);
            for place in 0..N {
                let vector = vectors[block][place];
                if APART {
                    lines[place].end(vector, left.min(STEP), block * STEP);
                } else {
                    let ahead = block * N + place;
                    let lanes = ((count - whole) * N).saturating_sub(ahead * STEP).min(STEP);
                    line.end(vector, lanes, ahead * STEP);
                }
            }
        }
    }
}

/// The vectors of memory of a few blocks of rows.
///
/// # Safety
///
/// The machine has the instructions.
#[inline(always)]
unsafe fn vectors<const N: usize, const BLOCKS: usize, const APART: bool>(
    rows: [[__m512; N]; BLOCKS],
) -> [[__m512; N]; BLOCKS] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut vectors = [[_mm512_setzero_ps(); N]; BLOCKS];
        for block in 0..BLOCKS {
            vectors[block] = if APART { rows[block] } else { merge_rows(rows[block]) };
        }
        vectors
    }
}

/// The whole polynomial of each value, by Horner's rule.
///
/// # Safety
///
/// As [`Way`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
pub(super) unsafe fn sums<const HALVES: bool>(
    direct: &Direct<'_>,
    source: Source,
    count: usize,
    target: Target<HALVES>,
) {
    let plan = direct.plan;
    let whole = count / STEP;
    let mut step = 0;
    let mut rest = Rest::EMPTY;
    // SAFETY: the caller's promise: whole steps lie inside the output.
    unsafe {
        let last = rest.fill(source, whole * STEP, count);
        let affine = Affine::new(plan);
        let mut line = Line::new(target, direct.streams);
        while step + CHAINS <= whole {
            let t = affine.of::<CHAINS>(source, step * STEP);
            let sums = horner(&plan.coefficients, t);
            for block in 0..CHAINS {
                line.write(sums[block]);
            }
            step += CHAINS;
        }
        for step in step..whole {
            let [sum] = horner(&plan.coefficients, affine.of(source, step * STEP));
            line.write(sum);
        }
        line.finish();
        let [sum] = horner(&plan.coefficients, affine.of(last, 0));
        line.end(sum, count - whole * STEP, 0);
    }
}

/// A polynomial of several blocks of values at once, as `kernel::rows` computes it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn horner<const BLOCKS: usize>(
    coefficients: &[f64],
    t: [__m512; BLOCKS],
) -> [__m512; BLOCKS] {
    let (&first, rest) = coefficients.split_last().unwrap_or((&0.0, &[]));
    let mut sums = [_mm512_set1_ps(first as f32); BLOCKS];
    for &a in rest.iter().rev() {
        let a = _mm512_set1_ps(a as f32);
        for (sum, t) in sums.iter_mut().zip(&t) {
            *sum = _mm512_add_ps(_mm512_mul_ps(*sum, *t), a);
        }
    }
    sums
}
