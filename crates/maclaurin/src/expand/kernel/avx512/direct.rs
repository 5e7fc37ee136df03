//! AVX-512: from the input to the output through registers alone.
//!
//! Sixteen values at a time: widened, all their rows computed and rounded, put in the order of
//! memory and written, past the caches in whole lines whatever the output's alignment. For single
//! precision or less, few rows that come out by rising degree, and a new last axis or rows apart
//! (behind narrow groups: `groups`); the rest goes by tiles (`forward`), with the same operations, so
//! with the same bits.

use std::arch::x86_64::*;

use super::line::{Halves, Line, Output, Singles};
use super::{Avx512, groups, merge_rows};
use crate::expand::element::sealed::{Format, Narrow, Wide};
use crate::expand::kernel::forward::Direct;
use crate::expand::kernel::instructions::Instructions;
use crate::expand::kernel::{Kind, NO_ROW, Plan, Step};

/// Values of a step.
pub(super) const STEP: usize = 16;

/// Steps of a block of sums: Horner's rule waits for each operation, so eight chains at a time.
const CHAINS: usize = 4;

/// The lowest order at which sums of bytes are looked up rather than computed.
const TABLE_ORDER: usize = 6;

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
    // SAFETY: the caller's promise; the types of the output are those of the format by other names.
    unsafe {
        match U::FORMAT {
            Format::F16 => to::<T, Halves<false>>(avx512, direct, x, count, out.cast()),
            Format::BF16 => to::<T, Halves<true>>(avx512, direct, x, count, out.cast()),
            _ => to::<T, Singles>(avx512, direct, x, count, out.cast()),
        }
    }
}

/// # Safety
///
/// As [`expand`].
unsafe fn to<T: Wide, O: Output>(
    avx512: Avx512,
    direct: &Direct<'_>,
    x: *const T,
    count: usize,
    out: *mut O::Value,
) {
    let source = Source::new(x);
    // SAFETY: the caller's promise; `avx512` is proof of the instructions.
    unsafe {
        if let Some(pattern) = &direct.group {
            groups::expand::<O>(avx512, direct, pattern, source, count, out);
        } else if direct.plan.kind == Kind::Sum {
            let pays = direct.plan.coefficients.len() > TABLE_ORDER && count >= TABLE_COUNT;
            if size_of::<T>() == 1 && pays {
                look_up::<O>(avx512, direct, source, count, out);
            } else {
                sums::<O>(avx512, direct.plan, source, count, out, direct.streams);
            }
        } else {
            rows::<O>(avx512, direct, source, count, out);
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

/// Sixteen values, each the nearest in single precision.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn round(values: [__m512d; 2]) -> __m512 {
    let low = _mm512_castps256_ps512(_mm512_cvtpd_ps(values[0]));
    _mm512_insertf32x8::<1>(low, _mm512_cvtpd_ps(values[1]))
}

/// The power and the partial sum of sixteen values on their way from degree to degree, as
/// `kernel::rows` computes them.
///
/// # Safety
///
/// Its functions want the machine to have the instructions.
pub(super) struct Ascent {
    t: [__m512d; 2],
    power: [__m512d; 2],
    sum: [__m512d; 2],
}

impl Ascent {
    #[inline(always)]
    pub(super) unsafe fn new(t: [__m512d; 2]) -> Self {
        // SAFETY: the caller's promise, here and below.
        unsafe { Self { t, power: [_mm512_set1_pd(1.0); 2], sum: [_mm512_setzero_pd(); 2] } }
    }

    /// Takes a step, and returns the row that it ends at, if it does at one.
    #[inline(always)]
    pub(super) unsafe fn take(&mut self, step: &Step, kind: Kind) -> Option<__m512> {
        let Self { t, power, sum } = self;
        let sums = kind == Kind::PartialSums;
        // SAFETY: as above.
        unsafe {
            if step.raises {
                *power = [_mm512_mul_pd(power[0], t[0]), _mm512_mul_pd(power[1], t[1])];
            }
            if sums && step.adds {
                let a = _mm512_set1_pd(step.addend);
                sum[0] = _mm512_fmadd_pd(a, power[0], sum[0]);
                sum[1] = _mm512_fmadd_pd(a, power[1], sum[1]);
            }
            if step.place == NO_ROW {
                return None;
            }
            if sums {
                return Some(round(*sum));
            }
            let factor = _mm512_set1_pd(step.factor);
            Some(round([_mm512_mul_pd(factor, power[0]), _mm512_mul_pd(factor, power[1])]))
        }
    }
}

/// All rows of sixteen values, which come by rising degree.
///
/// # Safety
///
/// The machine has the instructions.
#[inline(always)]
pub(super) unsafe fn ascend<const N: usize>(plan: &Plan, t: [__m512d; 2]) -> [__m512; N] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut ascent = Ascent::new(t);
        let mut rows = [_mm512_setzero_ps(); N];
        let mut steps = plan.steps.iter();
        for row in &mut rows {
            for step in steps.by_ref() {
                if let Some(values) = ascent.take(step, plan.kind) {
                    *row = values;
                    break;
                }
            }
        }
        rows
    }
}

/// Rows by their number: a loop for each.
///
/// # Safety
///
/// As [`expand`].
unsafe fn rows<O: Output>(
    avx512: Avx512,
    direct: &Direct<'_>,
    source: Source,
    count: usize,
    out: *mut O::Value,
) {
    macro_rules! by_number {
        ($($number:literal)*) => {
            match (direct.plan.count(), direct.apart) {
                $(
                    ($number, None) => steps::<O, $number, false>,
                    ($number, Some(_)) => steps::<O, $number, true>,
                )*
                _ => unreachable!("no direct way was promised for so many rows"),
            }
        };
    }
    let steps: Steps<O> = by_number!(1 2 3 4 5 6 7 8 16);
    // SAFETY: the caller's promise; `avx512` is proof of the instructions.
    unsafe { steps(avx512, direct, source, count, out) };
}

/// [`steps`] for some number of rows.
type Steps<O> = unsafe fn(Avx512, &Direct<'_>, Source, usize, *mut <O as Output>::Value);

/// # Safety
///
/// As [`rows`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
unsafe fn steps<O: Output, const N: usize, const APART: bool>(
    avx512: Avx512,
    direct: &Direct<'_>,
    source: Source,
    count: usize,
    out: *mut O::Value,
) {
    let plan = direct.plan;
    let apart = direct.apart.unwrap_or(0);
    let whole = count / STEP;
    let mut rest = Rest::EMPTY;
    // SAFETY: the caller's promise: rows of whole steps lie inside the output.
    unsafe {
        let last = rest.fill(source, whole * STEP, count);
        // Of rows side by side there is one line, apart from the array so that it stays in registers.
        let mut line = Line::<O>::new(out);
        let mut lines = [line; N];
        if APART {
            for row in 0..N {
                lines[row] = Line::new(out.wrapping_add(row * apart));
            }
        }
        for step in 0..whole {
            let rows = ascend::<N>(plan, affine(avx512, plan, source, step * STEP));
            // The first block begins in the middle, so it is not written past the caches.
            let streams = direct.streams && step > 0;
            let rows = if APART { rows } else { merge_rows(rows) };
            for place in 0..N {
                let line = if APART { &mut lines[place] } else { &mut line };
                line.write(rows[place], streams);
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
        let left = count - whole * STEP;
        if left > 0 {
            let rows = ascend::<N>(plan, affine(avx512, plan, last, 0));
            let rows = if APART { rows } else { merge_rows(rows) };
            for place in 0..N {
                if APART {
                    lines[place].end(rows[place], left, 0);
                } else {
                    let lanes = (left * N).saturating_sub(place * STEP).min(STEP);
                    line.end(rows[place], lanes, place * STEP);
                }
            }
        }
    }
}

/// The whole polynomial of each value, by Horner's rule.
///
/// # Safety
///
/// As [`rows`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
unsafe fn sums<O: Output>(
    avx512: Avx512,
    plan: &Plan,
    source: Source,
    count: usize,
    out: *mut O::Value,
    streams: bool,
) {
    let whole = count / STEP;
    let mut step = 0;
    let mut rest = Rest::EMPTY;
    // SAFETY: the caller's promise: whole steps lie inside the output.
    unsafe {
        let last = rest.fill(source, whole * STEP, count);
        let mut line = Line::<O>::new(out);
        while step + CHAINS <= whole {
            let mut t = [[_mm512_setzero_pd(); 2]; CHAINS];
            for block in 0..CHAINS {
                t[block] = affine(avx512, plan, source, (step + block) * STEP);
            }
            let sums = horner(&plan.coefficients, t);
            for block in 0..CHAINS {
                line.write(round(sums[block]), streams && step + block > 0);
            }
            step += CHAINS;
        }
        for step in step..whole {
            let [sum] = horner(&plan.coefficients, [affine(avx512, plan, source, step * STEP)]);
            line.write(round(sum), streams && step > 0);
        }
        if streams && whole > 0 {
            line.finish();
        }
        let [sum] = horner(&plan.coefficients, [affine(avx512, plan, last, 0)]);
        line.end(round(sum), count - whole * STEP, 0);
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

/// The whole polynomial of each byte, from a table of all 256.
///
/// # Safety
///
/// As [`rows`], of values of one byte; there is a whole step.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
unsafe fn look_up<O: Output>(
    avx512: Avx512,
    direct: &Direct<'_>,
    source: Source,
    count: usize,
    out: *mut O::Value,
) {
    let bytes: [u8; 256] = std::array::from_fn(|byte| byte as u8);
    let all = Source { from: bytes.as_ptr(), ..source };
    let mut table = [_mm512_setzero_ps(); 16];
    let whole = count / STEP;
    let mut rest = Rest::EMPTY;
    // SAFETY: the caller's promise; the table has room for 256 values.
    unsafe {
        let last = rest.fill(source, whole * STEP, count);
        sums::<Singles>(avx512, direct.plan, all, 256, table.as_mut_ptr().cast(), false);
        let mut line = Line::<O>::new(out);
        for step in 0..whole {
            let place = _mm512_cvtepu8_epi32(_mm_loadu_si128(source.from.add(step * STEP).cast()));
            line.write(find(&table, place), direct.streams && step > 0);
        }
        if direct.streams {
            line.finish();
        }
        let place = _mm512_cvtepu8_epi32(_mm_loadu_si128(last.from.cast()));
        line.end(find(&table, place), count - whole * STEP, 0);
    }
}

/// `table[place]`: the lower five bits find it in two vectors, the others which two.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn find(table: &[__m512; 16], place: __m512i) -> __m512 {
    let mut found = [_mm512_setzero_ps(); 8];
    for (pair, found) in found.iter_mut().enumerate() {
        *found = _mm512_permutex2var_ps(table[2 * pair], place, table[2 * pair + 1]);
    }
    let bit5 = _mm512_test_epi32_mask(place, _mm512_set1_epi32(32));
    let bit6 = _mm512_test_epi32_mask(place, _mm512_set1_epi32(64));
    let bit7 = _mm512_test_epi32_mask(place, _mm512_set1_epi32(128));
    for pair in 0..4 {
        found[pair] = _mm512_mask_mov_ps(found[2 * pair], bit5, found[2 * pair + 1]);
    }
    for pair in 0..2 {
        found[pair] = _mm512_mask_mov_ps(found[2 * pair], bit6, found[2 * pair + 1]);
    }
    _mm512_mask_mov_ps(found[0], bit7, found[1])
}
