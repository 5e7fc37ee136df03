//! AVX-512: from the input to the output through registers alone.
//!
//! Sixteen values at a time: widened, all their rows computed and rounded, put in the order of
//! memory and written, past the caches in whole lines whatever the output's alignment. For single
//! precision or less, few rows that come out by rising degree, and a new last axis or rows apart
//! (behind narrow groups: `groups`); the rest goes by tiles (`forward`), with the same operations, so
//! with the same bits.

use std::arch::x86_64::*;

use super::ascent::{Ladder, Row, both, round};
use super::line::{Line, Target};
use super::turns::{each_whole, merge_rows};
use super::{Avx512, groups};
use crate::expand::element::sealed::{Format, Narrow, Wide};
use crate::expand::kernel::forward::Direct;
use crate::expand::kernel::instructions::Instructions;
use crate::expand::kernel::{Kind, Plan};

/// Values of a step.
pub(super) const STEP: usize = 16;

/// Steps of a block of sums: Horner's rule waits for each operation, so eight chains at a time.
const CHAINS: usize = 4;

/// Bytes that are looked up at once.
const BYTES: usize = 4 * STEP;

/// How many bytes pay for the table of all 256.
const TABLE_COUNT: usize = 1024;

/// Values of one type.
#[derive(Clone, Copy)]
pub(super) struct Source {
    format: Format,
    from: *const u8,
}

impl Source {
    pub(super) fn new<T: Wide>(from: *const T) -> Self {
        Self { format: T::FORMAT, from: from.cast() }
    }

    /// Sixteen values from `first` on, in double precision.
    ///
    /// # Safety
    ///
    /// They can be read.
    #[inline(always)]
    unsafe fn load(self, avx512: Avx512, first: usize) -> [__m512d; 2] {
        #[inline(always)]
        unsafe fn both<T: Wide>(avx512: Avx512, from: *const u8, first: usize) -> [__m512d; 2] {
            // SAFETY: the caller's promise.
            unsafe {
                let from = from.cast::<T>().add(first);
                [avx512.load(from), avx512.load(from.add(8))]
            }
        }
        // SAFETY: the caller's promise, for values of the format.
        unsafe {
            match self.format {
                Format::U8 => both::<u8>(avx512, self.from, first),
                Format::I8 => both::<i8>(avx512, self.from, first),
                Format::U16 => both::<u16>(avx512, self.from, first),
                Format::I16 => both::<i16>(avx512, self.from, first),
                Format::F16 => both::<half::f16>(avx512, self.from, first),
                Format::BF16 => both::<half::bf16>(avx512, self.from, first),
                Format::F32 => both::<f32>(avx512, self.from, first),
                Format::F64 => both::<f64>(avx512, self.from, first),
            }
        }
    }
}

/// The last values, fewer than there are to a step or a few of them, and zeros behind them.
///
/// It begins at a cache line for another reason too: a function that has such a variable keeps a
/// frame pointer, without which the compiler cannot align the vectors that it puts on the stack.
/// Those that then lie across two cache lines, by the luck of where the stack begins, cost twice
/// the time of the whole function.
#[repr(align(64))]
pub(super) struct Rest([u8; 4 * STEP * 8]);

impl Rest {
    pub(super) const EMPTY: Self = Self([0; 4 * STEP * 8]);

    /// Copies the values `first .. last` of a source here, and is the source of them.
    ///
    /// # Safety
    ///
    /// They can be read; there are fewer than four steps of them.
    #[inline(always)]
    pub(super) unsafe fn fill(&mut self, source: Source, first: usize, last: usize) -> Source {
        let size = source.format.size();
        let to = self.0.as_mut_ptr();
        // SAFETY: the caller's promise; values have eight bytes at the most.
        unsafe {
            std::ptr::copy_nonoverlapping(source.from.add(first * size), to, (last - first) * size);
        }
        Source { from: to, ..source }
    }
}

/// Expands `count` values side by side into `out`, row `r` at `out + r * apart` where rows lie
/// apart.
///
/// # Safety
///
/// The values can be read, the output's places written, and they are nobody else's.
pub(super) unsafe fn expand<T: Wide, U: Narrow>(
    avx512: Avx512,
    direct: &Direct<'_>,
    x: *const T,
    count: usize,
    out: *mut U,
) {
    let source = Source::new(x);
    // SAFETY: the caller's promise.
    unsafe {
        if size_of::<U>() == 2 {
            to(avx512, direct, source, count, Target::<true>::new(out));
        } else {
            to(avx512, direct, source, count, Target::<false>::new(out));
        }
    }
}

/// # Safety
///
/// As [`expand`].
unsafe fn to<const HALVES: bool>(
    avx512: Avx512,
    direct: &Direct<'_>,
    source: Source,
    count: usize,
    target: Target<HALVES>,
) {
    // SAFETY: the caller's promise; `avx512` is proof of the instructions.
    unsafe {
        if let Some(pattern) = &direct.group {
            groups::expand(avx512, direct, pattern, source, count, target);
        } else if direct.plan.kind == Kind::Sum {
            let bytes = source.format.size() == 1 && is_x86_feature_detected!("avx512vbmi");
            if bytes && count >= TABLE_COUNT {
                look_up(avx512, direct, source, count, target);
            } else {
                sums(avx512, direct.plan, source, count, target, direct.streams);
            }
        } else {
            rows(avx512, direct, source, count, target);
        }
    }
}

/// `scale * x + offset` of sixteen values.
///
/// # Safety
///
/// They can be read.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
pub(super) unsafe fn affine(
    avx512: Avx512,
    plan: &Plan,
    source: Source,
    first: usize,
) -> [__m512d; 2] {
    let (scale, offset) = (_mm512_set1_pd(plan.scale), _mm512_set1_pd(plan.offset));
    // SAFETY: the caller's promise.
    let x = unsafe { source.load(avx512, first) };
    [_mm512_fmadd_pd(scale, x[0], offset), _mm512_fmadd_pd(scale, x[1], offset)]
}

/// Rows by their number: a loop for each.
///
/// # Safety
///
/// As [`expand`].
unsafe fn rows<const HALVES: bool>(
    avx512: Avx512,
    direct: &Direct<'_>,
    source: Source,
    count: usize,
    target: Target<HALVES>,
) {
    let sums = direct.plan.kind == Kind::PartialSums;
    macro_rules! by_number {
        ($($number:literal: $blocks:literal),*) => {
            match (direct.plan.count(), direct.apart.is_some(), sums) {
                $(
                    ($number, false, false) => steps::<HALVES, $number, $blocks, false, false>,
                    ($number, false, true) => steps::<HALVES, $number, $blocks, false, true>,
                    ($number, true, false) => steps::<HALVES, $number, $blocks, true, false>,
                    ($number, true, true) => steps::<HALVES, $number, $blocks, true, true>,
                )*
                _ => unreachable!("no direct way was promised for so many rows"),
            }
        };
    }
    // As many blocks as leave room for their rows in the registers.
    let steps: Steps<HALVES> = by_number!(1: 4, 2: 2, 3: 2, 4: 2, 5: 1, 6: 1, 7: 1, 8: 1, 16: 1);
    // SAFETY: the caller's promise; `avx512` is proof of the instructions.
    unsafe { steps(avx512, direct, source, count, target) };
}

/// [`steps`] for some number of rows.
type Steps<const HALVES: bool> = unsafe fn(Avx512, &Direct<'_>, Source, usize, Target<HALVES>);

/// # Safety
///
/// As [`rows`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
unsafe fn steps<
    const HALVES: bool,
    const N: usize,
    const BLOCKS: usize,
    const APART: bool,
    const SUMS: bool,
>(
    avx512: Avx512,
    direct: &Direct<'_>,
    source: Source,
    count: usize,
    target: Target<HALVES>,
) {
    let plan = direct.plan;
    let ladder = Ladder::<N, SUMS>::new(plan);
    let apart = direct.apart.unwrap_or(0);
    let whole = count - count % (BLOCKS * STEP);
    let mut rest = Rest::EMPTY;
    // SAFETY: the caller's promise: rows of whole steps lie inside the output.
    unsafe {
        let last = rest.fill(source, whole, count);
        // Of rows side by side there is one line, apart from the array so that it stays in registers.
        let mut line = Line::new(target);
        let mut lines = [line; N];
        if APART {
            for row in 0..N {
                lines[row] = Line::new(target.after((row * apart) as isize));
            }
        }
        for first in (0..whole).step_by(BLOCKS * STEP) {
            let t = affine_blocks(avx512, plan, source, first);
            let vectors = vectors::<N, BLOCKS, APART>(ladder.climb(t));
            for block in 0..BLOCKS {
                // The first block of memory begins in the middle: it is not written past the caches.
                let streams = direct.streams && first + block > 0;
                for place in 0..N {
                    let line = if APART { &mut lines[place] } else { &mut line };
                    line.write(vectors[block][place], streams);
                }
            }
        }
        if direct.streams && whole > 0 {
            if APART {
                for line in lines {
                    line.finish();
                }
            } else {
                line.finish();
            }
        }
        if whole == count {
            return;
        }
        let vectors =
            vectors::<N, BLOCKS, APART>(ladder.climb(affine_blocks(avx512, plan, last, 0)));
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

/// [`affine`] of a few blocks of values side by side.
///
/// # Safety
///
/// They can be read.
#[inline(always)]
unsafe fn affine_blocks<const BLOCKS: usize>(
    avx512: Avx512,
    plan: &Plan,
    source: Source,
    first: usize,
) -> [[__m512d; 2]; BLOCKS] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut t = [[_mm512_setzero_pd(); 2]; BLOCKS];
        for block in 0..BLOCKS {
            t[block] = affine(avx512, plan, source, first + block * STEP);
        }
        t
    }
}

/// The vectors of memory of a few blocks of rows.
///
/// # Safety
///
/// The machine has the instructions.
#[inline(always)]
unsafe fn vectors<const N: usize, const BLOCKS: usize, const APART: bool>(
    rows: [[Row; N]; BLOCKS],
) -> [[__m512; N]; BLOCKS] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut vectors = [[_mm512_setzero_ps(); N]; BLOCKS];
        for block in 0..BLOCKS {
            vectors[block] = if APART { each_whole(rows[block]) } else { merge_rows(rows[block]) };
        }
        vectors
    }
}

/// The whole polynomial of each value, by Horner's rule.
///
/// # Safety
///
/// As [`rows`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
unsafe fn sums<const HALVES: bool>(
    avx512: Avx512,
    plan: &Plan,
    source: Source,
    count: usize,
    target: Target<HALVES>,
    streams: bool,
) {
    let whole = count / STEP;
    let mut step = 0;
    let mut rest = Rest::EMPTY;
    // SAFETY: the caller's promise: whole steps lie inside the output.
    unsafe {
        let last = rest.fill(source, whole * STEP, count);
        let mut line = Line::new(target);
        while step + CHAINS <= whole {
            let t: [_; CHAINS] = affine_blocks(avx512, plan, source, step * STEP);
            let sums = horner(&plan.coefficients, t);
            for block in 0..CHAINS {
                line.write(both(round(sums[block])), streams && step + block > 0);
            }
            step += CHAINS;
        }
        for step in step..whole {
            let [sum] = horner(&plan.coefficients, [affine(avx512, plan, source, step * STEP)]);
            line.write(both(round(sum)), streams && step > 0);
        }
        if streams && whole > 0 {
            line.finish();
        }
        let [sum] = horner(&plan.coefficients, [affine(avx512, plan, last, 0)]);
        line.end(both(round(sum)), count - whole * STEP, 0);
    }
}

/// A polynomial of several blocks of values at once, as `kernel::rows` computes it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
pub(super) fn horner<const BLOCKS: usize>(
    coefficients: &[f64],
    t: [[__m512d; 2]; BLOCKS],
) -> [[__m512d; 2]; BLOCKS] {
    let (&first, rest) = coefficients.split_last().unwrap_or((&0.0, &[]));
    let mut sums = [[_mm512_set1_pd(first); 2]; BLOCKS];
    for &a in rest.iter().rev() {
        let a = _mm512_set1_pd(a);
        for (sum, t) in sums.iter_mut().zip(&t) {
            *sum = [_mm512_fmadd_pd(sum[0], t[0], a), _mm512_fmadd_pd(sum[1], t[1], a)];
        }
    }
    sums
}

/// The whole polynomial of each byte, from a table of all 256 in registers: a plane of the table for
/// each byte of single precision, sixty-four values at a time.
///
/// # Safety
///
/// As [`rows`], of values of one byte; the machine has AVX-512 VBMI.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,f16c,fma")]
unsafe fn look_up<const HALVES: bool>(
    avx512: Avx512,
    direct: &Direct<'_>,
    source: Source,
    count: usize,
    target: Target<HALVES>,
) {
    let bytes: [u8; 256] = std::array::from_fn(|byte| byte as u8);
    let all = Source { from: bytes.as_ptr(), ..source };
    let mut table = [_mm512_setzero_ps(); 16];
    let mut planes = [[_mm512_setzero_si512(); 4]; 4];
    let whole = count / BYTES;
    let mut rest = Rest::EMPTY;
    // SAFETY: the caller's promise; the table has room for 256 values, a plane for as many bytes.
    unsafe {
        let last = rest.fill(source, whole * BYTES, count);
        let to = Target::<false>::new(table.as_mut_ptr().cast::<f32>());
        sums(avx512, direct.plan, all, 256, to, false);
        for (byte, plane) in planes.iter_mut().enumerate() {
            let plane: *mut __m128i = plane.as_mut_ptr().cast();
            let shift = _mm_cvtsi32_si128(8 * byte as i32);
            for step in 0..16 {
                let bits = _mm512_srl_epi32(_mm512_castps_si512(table[step]), shift);
                _mm_store_si128(plane.add(step), _mm512_cvtepi32_epi8(bits));
            }
        }
        let mut line = Line::new(target);
        for step in 0..whole {
            let found = find(&planes, _mm512_loadu_si512(source.from.add(step * BYTES).cast()));
            for block in 0..4 {
                line.write(found[block], direct.streams && step + block > 0);
            }
        }
        if direct.streams && whole > 0 {
            line.finish();
        }
        let found = find(&planes, _mm512_loadu_si512(last.from.cast()));
        for block in 0..4 {
            let left = (count - whole * BYTES).saturating_sub(block * STEP).min(STEP);
            line.end(found[block], left, block * STEP);
        }
    }
}

/// What a table in planes of bytes has at each of sixty-four places.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")]
fn find(planes: &[[__m512i; 4]; 4], places: __m512i) -> [__m512; 4] {
    // Bytes are joined within quarters of a vector: there, each quarter has four values of each
    // vector of the result.
    let quarters = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    let places = _mm512_permutexvar_epi32(quarters, places);
    let upper = _mm512_movepi8_mask(places);
    let mut bytes = [places; 4];
    for plane in 0..4 {
        let [a, b, c, d] = planes[plane];
        let low = _mm512_permutex2var_epi8(a, places, b);
        let high = _mm512_permutex2var_epi8(c, places, d);
        bytes[plane] = _mm512_mask_mov_epi8(low, upper, high);
    }
    let low = [_mm512_unpacklo_epi8(bytes[0], bytes[1]), _mm512_unpackhi_epi8(bytes[0], bytes[1])];
    let high = [_mm512_unpacklo_epi8(bytes[2], bytes[3]), _mm512_unpackhi_epi8(bytes[2], bytes[3])];
    [
        _mm512_castsi512_ps(_mm512_unpacklo_epi16(low[0], high[0])),
        _mm512_castsi512_ps(_mm512_unpackhi_epi16(low[0], high[0])),
        _mm512_castsi512_ps(_mm512_unpacklo_epi16(low[1], high[1])),
        _mm512_castsi512_ps(_mm512_unpackhi_epi16(low[1], high[1])),
    ]
}
