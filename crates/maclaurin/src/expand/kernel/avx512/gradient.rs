//! AVX-512: gradients from memory to memory through registers alone.
//!
//! Sixteen values at a time, or a few times as many: the gradients of all their rows are put apart
//! in registers, and the sums over all values are kept in the first-level cache. The operations and
//! their order are those of the tiles (`kernel::backward`), so the bits are too.

use std::arch::x86_64::*;

use super::direct::horner;
use super::line::{Line, Target, first_lanes};
use super::source::{Affine, Rest, STEP, Source};
use super::turns::separate_rows;
use crate::expand::element::sealed::Wide;
use crate::expand::kernel::Kind;
use crate::expand::kernel::backward::{DirectGradient, Sums};

/// Takes the gradients of `count` values back to `out`, where it is given, and adds to the sums
/// over all values: value `i` to lane `i % 16`.
///
/// # Safety
///
/// The machine has the instructions, the values and their gradients can be read, the places at `out` written, and they
/// are nobody else's.
pub(super) unsafe fn take_back<T: Wide>(
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
                _ => unreachable!("there is no direct kernel for this number of rows"),
            }
        };
    }
    // As many blocks as leave room for their rows in the registers.
    let steps: Steps = by_number!(1: 4, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2, 8: 2, 16: 1);
    // SAFETY: the caller's promise.
    unsafe { steps(direct, Source::new(x), gradient, count, out, sums) };
}

/// Values between those of the backward pass and those that are prefetched.
const AHEAD: usize = 4 * STEP;

/// The kinds, each with its loop.
const TERMS: u8 = 0;
const PARTIAL_SUMS: u8 = 1;
const SUM: u8 = 2;

/// [`steps`] for some number of rows.
type Steps =
    unsafe fn(&DirectGradient<'_>, Source, *const f32, usize, Option<*mut f32>, &mut [Sums]);

/// # Safety
///
/// As [`take_back`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")]
#[allow(clippy::too_many_arguments)]
unsafe fn steps<const KIND: u8, const N: usize, const BLOCKS: usize, const APART: bool>(
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
    let affine = unsafe { Affine::new(direct.plan) };
    // SAFETY: as above.
    let mut line = unsafe {
        Line::new(Target::<false>::new(out.unwrap_or(std::ptr::null_mut())), direct.streams)
    };
    let mut first = 0;
    while first < count {
        let left = count - first;
        let whole = left >= BLOCKS * STEP;
        let mut rows = [[_mm512_setzero_ps(); N]; BLOCKS];
        if N > 4 && !APART {
            // This many operations keep later loads from being started.
            let ahead = gradient.wrapping_add((first + AHEAD) * N);
            for line in 0..BLOCKS * N {
                _mm_prefetch::<_MM_HINT_T0>(ahead.wrapping_add(line * STEP).cast());
            }
        }
        // SAFETY: the caller's promise: there are that many values, and lanes beyond the last one are
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
            let zero = [_mm512_setzero_ps(); BLOCKS];
            let blocks: Blocks<'_, KIND, N, BLOCKS> =
                Blocks { direct, t, rows, slope: zero, power: zero, degree: 0 };
            blocks.take_back(sums)
        };
        if out.is_some() {
            // SAFETY: the caller's promise: places of that many values.
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

/// The first `count` lanes of a few blocks, zeros behind them: a power of what is there could be
/// infinite.
///
/// # Safety
///
/// The machine has the instructions.
#[inline(always)]
unsafe fn keep_first<const BLOCKS: usize>(
    mut t: [__m512; BLOCKS],
    count: usize,
) -> [__m512; BLOCKS] {
    for (place, vector) in t.iter_mut().enumerate() {
        let lanes = count.saturating_sub(STEP * place).min(STEP);
        // SAFETY: the caller's promise.
        *vector = unsafe { _mm512_maskz_mov_ps(first_lanes(lanes), *vector) };
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
) -> [__m512; N] {
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
    unsafe { if apart.is_some() { vectors } else { separate_rows(vectors) } }
}

/// The backward pass of a few blocks of values, row by row. All of it is inlined, each row by its number: so
/// what does not change its place stays in registers.
struct Blocks<'a, const KIND: u8, const N: usize, const BLOCKS: usize> {
    direct: &'a DirectGradient<'a>,
    t: [__m512; BLOCKS],
    /// The gradients of the rows; of partial sums, later that of each row's terms.
    rows: [[__m512; N]; BLOCKS],
    slope: [__m512; BLOCKS],
    power: [__m512; BLOCKS],
    degree: usize,
}

/// Each row below `N`, in this order.
macro_rules! each_row {
    ($row:ident => $step:expr, $($number:literal)*) => {
        $(if $number < N {
            let $row = $number;
            $step;
        })*
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
            each_row!(row => self.descend(row), 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0);
            if !sums.is_empty() {
                self.degree = 0;
                self.power = [_mm512_set1_ps(1.0); BLOCKS];
                if KIND == SUM {
                    // A sum's gradient is that of each degree: it is what the powers begin with.
                    for block in 0..BLOCKS {
                        self.power[block] = self.rows[block][0];
                    }
                }
                each_row!(row => self.ascend(row, sums), 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            }
        }
        self.slope
    }

    /// The slope by Horner's rule, from the row's degree to above that of the row before.
    #[inline(always)]
    unsafe fn descend(&mut self, row: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            for block in 0..BLOCKS {
                let rows = &mut self.rows[block];
                if KIND == PARTIAL_SUMS && row + 1 < N {
                    // The gradient of a term is that of all partial sums from its degree on.
                    rows[row] = _mm512_add_ps(rows[row], rows[row + 1]);
                }
                if KIND == SUM {
                    self.slope[block] = _mm512_mul_ps(self.slope[block], rows[row]);
                }
            }
            if KIND == SUM {
                return;
            }
            let lowest = if row == 0 { 0 } else { self.direct.plan.rows[row - 1].degree };
            while self.degree > lowest {
                let weight = self.direct.slopes[self.degree];
                let weights = _mm512_set1_ps(weight as f32);
                let first = self.degree + 1 == self.direct.slopes.len();
                self.degree -= 1;
                if !first {
                    self.slope = multiply(self.slope, self.t);
                }
                for block in 0..BLOCKS {
                    let (g, slope) = (self.rows[block][row], &mut self.slope[block]);
                    if first {
                        *slope = _mm512_mul_ps(weights, g);
                    } else if weight != 0.0 {
                        *slope = _mm512_add_ps(*slope, _mm512_mul_ps(weights, g));
                    }
                }
            }
        }
    }

    /// The sums, from above the degree of the row before to the row's own.
    #[inline(always)]
    unsafe fn ascend(&mut self, row: usize, sums: &mut [Sums]) {
        // SAFETY: the caller's promise.
        unsafe {
            if row == 0 && self.direct.constant {
                self.add(row, &mut sums[0]);
            }
            let last = match KIND {
                SUM => self.direct.slopes.len() - 1,
                _ => self.direct.plan.rows[row].degree,
            };
            while self.degree < last {
                self.degree += 1;
                self.power = multiply(self.power, self.t);
                self.add(row, &mut sums[self.degree]);
            }
        }
    }

    /// Adds the powers times the row's gradients to sums.
    #[inline(always)]
    unsafe fn add(&self, row: usize, sums: &mut Sums) {
        let to = sums.0.as_mut_ptr();
        // SAFETY: the caller's promise; sixteen lanes, which begin at a cache line.
        unsafe {
            let (mut low, mut high) = (_mm512_load_pd(to), _mm512_load_pd(to.add(8)));
            for block in 0..BLOCKS {
                let (power, g) = (self.power[block], self.rows[block][row]);
                let product = if KIND == SUM { power } else { _mm512_mul_ps(power, g) };
                low = _mm512_add_pd(low, _mm512_cvtps_pd(_mm512_castps512_ps256(product)));
                high = _mm512_add_pd(high, _mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(product)));
            }
            _mm512_store_pd(to, low);
            _mm512_store_pd(to.add(8), high);
        }
    }
}

/// The products of a few blocks.
///
/// # Safety
///
/// The machine has the instructions.
#[inline(always)]
unsafe fn multiply<const BLOCKS: usize>(
    mut a: [__m512; BLOCKS],
    b: [__m512; BLOCKS],
) -> [__m512; BLOCKS] {
    for block in 0..BLOCKS {
        // SAFETY: the caller's promise.
        a[block] = unsafe { _mm512_mul_ps(a[block], b[block]) };
    }
    a
}
