//! AVX-512: gradients from memory to memory through registers alone.
//!
//! Sixteen values at a time, or a few times as many: the gradients of all their rows are put apart
//! in registers, and the sums over all values are kept in the first-level cache. The operations and
//! their order are those of the tiles (`kernel::backward`), so the bits are too.

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use super::Avx512;
use super::ascent::{Row, both, round};
use super::direct::horner;
use super::line::{Line, Target, first_lanes};
use super::source::{Affine, Rest, STEP, Source};
use super::turns::{halve_each, separate_rows};
use crate::expand::element::sealed::Wide;
use crate::expand::kernel::Kind;
use crate::expand::kernel::backward::{DirectGradient, Sums};

/// Takes the gradients of `count` values back to `out`, where it is given, and adds to the sums
/// over all values: value `i` to lane `i % 16`.
///
/// # Safety
///
/// The values and their gradients can be read, the places at `out` written, and they are nobody
/// else's.
pub(super) unsafe fn take_back<T: Wide>(
    avx512: Avx512,
    direct: &DirectGradient<'_>,
    x: *const T,
    gradient: *const f32,
    count: usize,
    out: Option<*mut f32>,
    sums: &mut [Sums],
) {
    macro_rules! by_number {
        ($($number:literal: $blocks:literal),*) => {
            match (direct.plan.kind, direct.plan.count(), direct.apart) {
                (Kind::Sum, ..) => steps::<SUM, 1, 4, false>,
                $(
                    (Kind::PartialSums, $number, None) => steps::<PARTIAL_SUMS, $number, $blocks, false>,
                    (Kind::PartialSums, $number, Some(_)) => steps::<PARTIAL_SUMS, $number, $blocks, true>,
                    (_, $number, None) => steps::<TERMS, $number, $blocks, false>,
                    (_, $number, Some(_)) => steps::<TERMS, $number, $blocks, true>,
                )*
                _ => unreachable!("no direct way was promised for so many rows"),
            }
        };
    }
    // As many blocks as leave room for their rows in the registers.
    let steps: Steps = by_number!(1: 4, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2, 8: 2, 16: 1);
    // SAFETY: the caller's promise; `avx512` is proof of the instructions.
    unsafe { steps(avx512, direct, Source::new(x), gradient, count, out, sums) };
}

/// The kinds, each with its loop.
const TERMS: u8 = 0;
const PARTIAL_SUMS: u8 = 1;
const SUM: u8 = 2;

/// [`steps`] for some number of rows.
type Steps = unsafe fn(
    Avx512,
    &DirectGradient<'_>,
    Source,
    *const f32,
    usize,
    Option<*mut f32>,
    &mut [Sums],
);

/// # Safety
///
/// As [`take_back`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
#[allow(clippy::too_many_arguments)]
unsafe fn steps<const KIND: u8, const N: usize, const BLOCKS: usize, const APART: bool>(
    avx512: Avx512,
    direct: &DirectGradient<'_>,
    source: Source,
    gradient: *const f32,
    count: usize,
    out: Option<*mut f32>,
    sums: &mut [Sums],
) {
    let apart = if APART { direct.apart } else { None };
    let mut rest = Rest::EMPTY;
    // SAFETY: the caller's promise.
    let last = unsafe { rest.fill(source, count - count % (BLOCKS * STEP), count) };
    // SAFETY: the machine has the instructions, here and below.
    let affine = unsafe { Affine::new(avx512, direct.plan) };
    // SAFETY: as above.
    let mut line = unsafe {
        Line::new(Target::<false>::new(out.unwrap_or(std::ptr::null_mut())), direct.streams)
    };
    let mut first = 0;
    while first < count {
        let left = count - first;
        let whole = left >= BLOCKS * STEP;
        let mut rows = [[[_mm256_setzero_ps(); 2]; N]; BLOCKS];
        // SAFETY: the caller's promise: there are so many values, and lanes beyond the last one are
        // not read. They add nothing to sums.
        let t = unsafe {
            for block in 0..BLOCKS {
                let skipped = block * STEP;
                let left = if whole { STEP } else { left.saturating_sub(skipped).min(STEP) };
                rows[block] = load(gradient, apart, first + skipped, left);
            }
            if whole { affine.of(source, first) } else { keep_first(affine.of(last, 0), left) }
        };
        // SAFETY: the machine has the instructions.
        let slopes = unsafe {
            let zero = [[_mm512_setzero_pd(); 2]; BLOCKS];
            let from_above = [[[MaybeUninit::uninit(); 2]; BLOCKS]; N];
            let blocks: Blocks<'_, KIND, N, BLOCKS> = Blocks {
                direct,
                t,
                rows,
                g: zero,
                from_above,
                slope: zero,
                power: zero,
                degree: 0,
            };
            blocks.take_back(sums)
        };
        if out.is_some() {
            // SAFETY: the caller's promise: places of so many values.
            unsafe {
                for block in 0..BLOCKS {
                    if whole {
                        line.write(slopes[block]);
                        continue;
                    }
                    let lanes = left.saturating_sub(block * STEP).min(STEP);
                    line.end(slopes[block], lanes, block * STEP);
                }
            }
        }
        first += BLOCKS * STEP;
    }
    if out.is_some() {
        // SAFETY: the caller's promise.
        unsafe { line.finish() };
    }
}

/// The first so many lanes of a few blocks, zeros behind them: a power of what is there could be
/// infinite.
///
/// # Safety
///
/// The machine has the instructions.
#[inline(always)]
unsafe fn keep_first<const BLOCKS: usize>(
    mut t: [[__m512d; 2]; BLOCKS],
    count: usize,
) -> [[__m512d; 2]; BLOCKS] {
    for (place, half) in t.as_flattened_mut().iter_mut().enumerate() {
        let lanes = count.saturating_sub(8 * place).min(8);
        // SAFETY: the caller's promise.
        *half = unsafe { _mm512_maskz_mov_pd(first_lanes(lanes) as __mmask8, *half) };
    }
    t
}

/// The gradients of the rows of `count` values, sixteen at most, from `first` on, zeros behind them.
///
/// # Safety
///
/// They can be read.
#[inline(always)]
unsafe fn load<const N: usize>(
    gradient: *const f32,
    apart: Option<usize>,
    first: usize,
    count: usize,
) -> [Row; N] {
    // SAFETY: the machine has the instructions, here and below.
    let mut vectors = [unsafe { _mm512_setzero_ps() }; N];
    for (place, vector) in vectors.iter_mut().enumerate() {
        let (offset, lanes) = match apart {
            Some(apart) => (place * apart + first, count),
            None => (first * N + place * STEP, (count * N).saturating_sub(place * STEP).min(STEP)),
        };
        let from = gradient.wrapping_add(offset);
        // SAFETY: the caller's promise for these lanes; no other is read.
        *vector = unsafe {
            if lanes == STEP {
                _mm512_loadu_ps(from)
            } else {
                _mm512_maskz_loadu_ps(first_lanes(lanes), from)
            }
        };
    }
    // SAFETY: as above.
    unsafe { if apart.is_some() { halve_each(vectors) } else { separate_rows(vectors) } }
}

/// Sixteen single precision numbers in double precision.
///
/// # Safety
///
/// The machine has the instructions.
#[inline(always)]
unsafe fn widen(row: Row) -> [__m512d; 2] {
    // SAFETY: the caller's promise.
    unsafe { [_mm512_cvtps_pd(row[0]), _mm512_cvtps_pd(row[1])] }
}

/// A few blocks of values, taken back row by row. All of it is inlined, each row by its number: so
/// what does not change its place stays in registers.
struct Blocks<'a, const KIND: u8, const N: usize, const BLOCKS: usize> {
    direct: &'a DirectGradient<'a>,
    t: [[__m512d; 2]; BLOCKS],
    rows: [[Row; N]; BLOCKS],
    /// The gradient of the row's terms.
    g: [[__m512d; 2]; BLOCKS],
    /// Of partial sums, all of them.
    from_above: [[[MaybeUninit<__m512d>; 2]; BLOCKS]; N],
    slope: [[__m512d; 2]; BLOCKS],
    power: [[__m512d; 2]; BLOCKS],
    degree: usize,
}

/// Each row below `N`, in this order.
macro_rules! each_row {
    ($step:ident, $blocks:expr, $with:expr, $($row:literal)*) => {
        $(if $row < N { $blocks.$step($row, $with); })*
    };
}

impl<const KIND: u8, const N: usize, const BLOCKS: usize> Blocks<'_, KIND, N, BLOCKS> {
    /// The slopes; what the blocks add to the sums is added, where there are any.
    ///
    /// # Safety
    ///
    /// The machine has the instructions, here and below.
    #[inline(always)]
    unsafe fn take_back(mut self, sums: &mut [Sums]) -> [__m512; BLOCKS] {
        // SAFETY: the caller's promise.
        unsafe {
            if KIND == SUM {
                self.slope = horner(&self.direct.slopes[1..], self.t);
            }
            self.degree = self.direct.slopes.len() - 1;
            each_row!(descend, self, !sums.is_empty(), 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0);
            if !sums.is_empty() {
                self.degree = 0;
                // A sum's gradient is that of each degree: it is what the powers begin with.
                let one = [[_mm512_set1_pd(1.0); 2]; BLOCKS];
                self.power = if KIND == SUM { self.g } else { one };
                each_row!(ascend, self, sums, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            }
            let mut slopes = [_mm512_setzero_ps(); BLOCKS];
            for block in 0..BLOCKS {
                slopes[block] = both(round(self.slope[block]));
            }
            slopes
        }
    }

    /// The slope by Horner's rule, from the row's degree to above that of the row before.
    #[inline(always)]
    unsafe fn descend(&mut self, row: usize, keeps: bool) {
        // SAFETY: the caller's promise.
        unsafe {
            for block in 0..BLOCKS {
                let [low, high] = widen(self.rows[block][row]);
                let g = &mut self.g[block];
                // The gradient of a term is that of all partial sums from its degree on.
                *g = match KIND {
                    PARTIAL_SUMS => [_mm512_add_pd(low, g[0]), _mm512_add_pd(high, g[1])],
                    _ => [low, high],
                };
                if KIND == PARTIAL_SUMS && keeps {
                    self.from_above[row][block][0].write(g[0]);
                    self.from_above[row][block][1].write(g[1]);
                }
                if KIND == SUM {
                    let slope = &mut self.slope[block];
                    *slope = [_mm512_mul_pd(slope[0], low), _mm512_mul_pd(slope[1], high)];
                }
            }
            if KIND == SUM {
                return;
            }
            let lowest = if row == 0 { 0 } else { self.direct.plan.rows[row - 1].degree };
            while self.degree > lowest {
                let weight = self.direct.slopes[self.degree];
                let weights = _mm512_set1_pd(weight);
                let first = self.degree + 1 == self.direct.slopes.len();
                self.degree -= 1;
                if first {
                    for (slope, g) in self.slope.iter_mut().zip(&self.g) {
                        *slope = [_mm512_mul_pd(weights, g[0]), _mm512_mul_pd(weights, g[1])];
                    }
                } else if weight == 0.0 {
                    multiply(&mut self.slope, &self.t);
                } else {
                    for block in 0..BLOCKS {
                        let (slope, g, t) = (&mut self.slope[block], self.g[block], self.t[block]);
                        slope[0] = _mm512_fmadd_pd(slope[0], t[0], _mm512_mul_pd(weights, g[0]));
                        slope[1] = _mm512_fmadd_pd(slope[1], t[1], _mm512_mul_pd(weights, g[1]));
                    }
                }
            }
        }
    }

    /// The sums, from above the degree of the row before to the row's own.
    #[inline(always)]
    unsafe fn ascend(&mut self, row: usize, sums: &mut [Sums]) {
        // SAFETY: the caller's promise; what lies above was kept.
        unsafe {
            for block in 0..BLOCKS {
                self.g[block] = match KIND {
                    SUM => [_mm512_set1_pd(1.0); 2],
                    PARTIAL_SUMS => [
                        self.from_above[row][block][0].assume_init(),
                        self.from_above[row][block][1].assume_init(),
                    ],
                    _ => widen(self.rows[block][row]),
                };
            }
            if row == 0 && self.direct.constant {
                add(&mut sums[0], &self.power, &self.g);
            }
            let last = match KIND {
                SUM => self.direct.slopes.len() - 1,
                _ => self.direct.plan.rows[row].degree,
            };
            while self.degree < last {
                self.degree += 1;
                multiply(&mut self.power, &self.t);
                add(&mut sums[self.degree], &self.power, &self.g);
            }
        }
    }
}

/// Multiplies a few blocks with others.
///
/// # Safety
///
/// The machine has the instructions.
#[inline(always)]
unsafe fn multiply<const BLOCKS: usize>(
    a: &mut [[__m512d; 2]; BLOCKS],
    b: &[[__m512d; 2]; BLOCKS],
) {
    for (a, b) in a.iter_mut().zip(b) {
        // SAFETY: the caller's promise.
        unsafe { *a = [_mm512_mul_pd(a[0], b[0]), _mm512_mul_pd(a[1], b[1])] };
    }
}

/// Adds the products of a few blocks to sums.
///
/// # Safety
///
/// The machine has the instructions.
#[inline(always)]
unsafe fn add<const BLOCKS: usize>(
    sums: &mut Sums,
    a: &[[__m512d; 2]; BLOCKS],
    b: &[[__m512d; 2]; BLOCKS],
) {
    let to = sums.0.as_mut_ptr();
    // SAFETY: the caller's promise; sixteen lanes, which begin at a cache line.
    unsafe {
        let mut sum = [_mm512_load_pd(to), _mm512_load_pd(to.add(8))];
        for (a, b) in a.iter().zip(b) {
            sum[0] = _mm512_fmadd_pd(a[0], b[0], sum[0]);
            sum[1] = _mm512_fmadd_pd(a[1], b[1], sum[1]);
        }
        _mm512_store_pd(to, sum[0]);
        _mm512_store_pd(to.add(8), sum[1]);
    }
}
