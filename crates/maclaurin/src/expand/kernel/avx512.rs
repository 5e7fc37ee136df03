//! AVX-512: sixteen lanes exchanged by one instruction, whole cache lines written at once.
//!
//! What the compiler did that is to be kept from it: a call of an iterator's adapter, or of a closure,
//! that it does not inline sends all vectors through memory (so loops count here); a function that is
//! not inlined does so too (so inner ones are `inline(always)`, and have no instruction set of their
//! own), and so does a loop over rows that is not unrolled because its body branches (so rows are
//! written out by number); vectors on the stack are aligned only where the function has an aligned
//! variable (`source::Rest`).

#![allow(clippy::needless_range_loop)]

mod ascent;
mod bytes;
mod direct;
mod gradient;
mod groups;
mod line;
mod source;
mod turns;

use std::arch::x86_64::*;

use super::backward::{DirectGradient, Sums};
use super::forward::Direct;
use super::instructions::Instructions;
use super::interleave::{Lanes, Pattern};
use crate::expand::element::Lane;
use crate::expand::element::sealed::{Format, Narrow, Wide};

/// Proof that the machine has AVX-512 (F, BW, DQ, VL), FMA and F16C.
#[derive(Clone, Copy)]
pub struct Avx512(());

impl Avx512 {
    pub(super) fn detected() -> Option<Self> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c");
        all.then_some(Self(()))
    }
}

impl Instructions for Avx512 {
    const LANES: usize = 16;

    type Singles = super::vector::Avx512Singles;

    type Doubles = super::vector::Avx512Doubles;

    type Eight = __m512d;

    #[inline(always)]
    fn splat(self, value: f64) -> __m512d {
        // SAFETY: `self` is proof of the instructions, here and below.
        unsafe { _mm512_set1_pd(value) }
    }

    #[inline(always)]
    fn multiply(self, a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: as above.
        unsafe { _mm512_mul_pd(a, b) }
    }

    #[inline(always)]
    fn multiply_add(self, a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        // SAFETY: as above.
        unsafe { _mm512_fmadd_pd(a, b, c) }
    }

    #[inline(always)]
    unsafe fn load<T: Wide>(self, from: *const T) -> __m512d {
        // SAFETY: the caller's promise for eight values of the format.
        unsafe {
            match T::FORMAT {
                Format::U8 => {
                    _mm512_cvtepi32_pd(_mm256_cvtepu8_epi32(_mm_loadl_epi64(from.cast())))
                }
                Format::I8 => {
                    _mm512_cvtepi32_pd(_mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast())))
                }
                Format::U16 => {
                    _mm512_cvtepi32_pd(_mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast())))
                }
                Format::I16 => {
                    _mm512_cvtepi32_pd(_mm256_cvtepi16_epi32(_mm_loadu_si128(from.cast())))
                }
                Format::F16 => _mm512_cvtps_pd(_mm256_cvtph_ps(_mm_loadu_si128(from.cast()))),
                Format::BF16 => {
                    let bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast()));
                    _mm512_cvtps_pd(_mm256_castsi256_ps(_mm256_slli_epi32(bits, 16)))
                }
                Format::F32 => _mm512_cvtps_pd(_mm256_loadu_ps(from.cast())),
                Format::F64 => _mm512_loadu_pd(from.cast()),
            }
        }
    }

    #[inline(always)]
    unsafe fn store<L: Lane>(self, values: __m512d, to: *mut L) {
        // SAFETY: the caller's promise; a lane of 4 bytes is `f32`, of 8 bytes `f64`.
        unsafe {
            if L::BYTES == 4 {
                _mm256_storeu_ps(to.cast(), _mm512_cvtpd_ps(values));
            } else {
                _mm512_storeu_pd(to.cast(), values);
            }
        }
    }

    #[inline(always)]
    unsafe fn store_both<L: Lane>(self, values: [__m512d; 2], to: *mut L) {
        // SAFETY: the caller's promise; a lane of 4 bytes is `f32`, of 8 bytes `f64`.
        unsafe {
            if L::BYTES == 4 {
                // One store, which a load of the whole vector can be served from at once.
                let low = _mm512_castps256_ps512(_mm512_cvtpd_ps(values[0]));
                let both = _mm512_insertf32x8::<1>(low, _mm512_cvtpd_ps(values[1]));
                _mm512_storeu_ps(to.cast(), both);
            } else {
                self.store(values[0], to);
                self.store(values[1], to.add(8));
            }
        }
    }

    #[inline(always)]
    unsafe fn narrow<U: Narrow>(self, from: &[U::Lane], to: *mut U) {
        if U::IS_LANE {
            // SAFETY: the caller's promise; the same type by another name.
            unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to.cast(), from.len()) };
            return;
        }
        let whole = from.len() / 32;
        // SAFETY: the caller's promise; the lanes of halves are `f32`.
        unsafe {
            for step in 0..whole {
                let from = from.as_ptr().add(32 * step).cast::<f32>();
                let (low, high) = (_mm512_loadu_ps(from), _mm512_loadu_ps(from.add(16)));
                let (low, high) = if U::FORMAT == Format::F16 {
                    (
                        _mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(low),
                        _mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(high),
                    )
                } else {
                    (brains(low), brains(high))
                };
                // One store, as in `store_both`.
                let both = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high);
                _mm512_storeu_si512(to.add(32 * step).cast(), both);
            }
            for (place, &value) in from.iter().enumerate().skip(32 * whole) {
                to.add(place).write(U::narrow(value));
            }
        }
    }

    #[inline(always)]
    fn exchanges(self, _bytes: usize) -> bool {
        true
    }

    #[inline(always)]
    unsafe fn combine<L: Lane>(
        self,
        lanes: &Lanes,
        masks: &[u16],
        from: *const L,
        stride: usize,
        to: *mut L,
    ) {
        // SAFETY: the caller's promise; `self` is proof of the instructions.
        unsafe { combine(lanes, masks, from, stride, to) };
    }

    #[inline(always)]
    unsafe fn interleave_steps<L: Lane>(
        self,
        pattern: &Pattern,
        rows: *const L,
        stride: usize,
        steps: usize,
        out: *mut L,
    ) {
        // SAFETY: the caller's promise; `self` is proof of the instructions.
        unsafe {
            match (pattern.rows, pattern.inner()) {
                (2, 1) => merge_steps::<L, 2>(rows, stride, steps, out),
                (4, 1) => merge_steps::<L, 4>(rows, stride, steps, out),
                (8, 1) => merge_steps::<L, 8>(rows, stride, steps, out),
                (16, 1) if L::BYTES == 4 => merge_steps::<L, 16>(rows, stride, steps, out),
                (2, _) => combine_steps::<L, 2>(pattern, rows, stride, steps, out),
                (3, _) => combine_steps::<L, 3>(pattern, rows, stride, steps, out),
                (4, _) => combine_steps::<L, 4>(pattern, rows, stride, steps, out),
                (5, _) => combine_steps::<L, 5>(pattern, rows, stride, steps, out),
                (6, _) => combine_steps::<L, 6>(pattern, rows, stride, steps, out),
                (7, _) => combine_steps::<L, 7>(pattern, rows, stride, steps, out),
                (8, _) => combine_steps::<L, 8>(pattern, rows, stride, steps, out),
                _ => {
                    for first in (0..steps * pattern.step).step_by(pattern.step) {
                        for vector in 0..pattern.vectors() {
                            let to = first * pattern.rows + vector * pattern.lanes();
                            let masks = &pattern.masks[vector * pattern.rows..][..pattern.rows];
                            let lanes = &pattern.sources[vector];
                            combine(lanes, masks, rows.add(first), stride, out.add(to));
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn expand_directly<T: Wide, U: Narrow>(
        self,
        direct: &Direct<'_>,
        x: *const T,
        count: usize,
        out: *mut U,
    ) {
        // SAFETY: the caller's promise; `self` is proof of the instructions.
        unsafe { direct::expand(self, direct, x, count, out) };
    }

    #[inline(always)]
    unsafe fn take_back_directly<T: Wide>(
        self,
        direct: &DirectGradient<'_>,
        x: *const T,
        gradient: *const f32,
        count: usize,
        out: Option<*mut f32>,
        sums: &mut [Sums],
    ) {
        // SAFETY: the caller's promise; `self` is proof of the instructions.
        unsafe { gradient::take_back(self, direct, x, gradient, count, out, sums) };
    }

    #[inline(always)]
    unsafe fn stream<V: Copy>(self, from: &[V], to: *mut V) {
        // SAFETY: the caller's promise; `self` is proof of the instructions.
        unsafe { stream(from.as_ptr().cast(), to.cast(), size_of_val(from)) };
    }

    #[inline(always)]
    fn fence(self) {
        // SAFETY: every x86-64 has SSE.
        unsafe { _mm_sfence() };
    }
}

/// To `bf16`, nearest, ties to even, NaN quiet: the instruction of that name flushes subnormals.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
#[inline]
fn brains(values: __m512) -> __m256i {
    let bits = _mm512_castps_si512(values);
    let top = _mm512_srli_epi32::<16>(bits);
    let odd = _mm512_and_si512(top, _mm512_set1_epi32(1));
    let half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
    let rounded = _mm512_srli_epi32::<16>(_mm512_add_epi32(bits, half));
    let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(values, values);
    let quiet = _mm512_or_si512(top, _mm512_set1_epi32(0x40));
    _mm512_cvtepi32_epi16(_mm512_mask_mov_epi32(rounded, nan, quiet))
}

/// Rows, a power of two, merged with their neighbours: elements of `bytes` bytes in runs of so many
/// vectors, in pairs, then pairs of pairs, until a run has so many vectors as the last one.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
#[inline]
fn merge_neighbours<const N: usize>(
    mut bytes: usize,
    mut run: usize,
    last: usize,
    mut rows: [__m512i; N],
) -> [__m512i; N] {
    while run < last {
        // Each row is a run of vectors now; two runs become one twice as long.
        let mut merged = rows;
        for pair in 0..N / (2 * run) {
            for vector in 0..run {
                let a = rows[2 * pair * run + vector];
                let b = rows[(2 * pair + 1) * run + vector];
                let (low, high) = merge(bytes, a, b);
                merged[2 * (pair * run + vector)] = low;
                merged[2 * (pair * run + vector) + 1] = high;
            }
        }
        rows = merged;
        bytes *= 2;
        run *= 2;
    }
    rows
}

/// Interleaves `N` rows by [`merge_neighbours`].
///
/// # Safety
///
/// The machine has AVX-512; `steps` vectors can be read from each row and `N` times as many
/// written at `to`; `L` has 4 or 8 bytes, `N` of it at most 64.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
#[inline]
unsafe fn merge_steps<L: Lane, const N: usize>(
    from: *const L,
    stride: usize,
    steps: usize,
    to: *mut L,
) {
    let lanes = 64 / L::BYTES;
    for step in 0..steps {
        // SAFETY: the caller's promise.
        unsafe {
            let mut rows = [_mm512_setzero_si512(); N];
            for (row, vector) in rows.iter_mut().enumerate() {
                *vector = _mm512_loadu_si512(from.add(row * stride + step * lanes).cast());
            }
            let rows = merge_neighbours::<N>(L::BYTES, 1, N, rows);
            for (vector, value) in rows.iter().enumerate() {
                _mm512_storeu_si512(to.add((step * N + vector) * lanes).cast(), *value);
            }
        }
    }
}

/// The elements of `bytes` bytes of two vectors, in turn.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
#[inline]
fn merge(bytes: usize, a: __m512i, b: __m512i) -> (__m512i, __m512i) {
    let (low, high) = match bytes {
        4 => {
            let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
            return (_mm512_permutex2var_epi32(a, low, b), _mm512_permutex2var_epi32(a, high, b));
        }
        8 => (
            _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11),
            _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15),
        ),
        16 => (
            _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11),
            _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15),
        ),
        _ => (
            _mm512_setr_epi64(0, 1, 2, 3, 8, 9, 10, 11),
            _mm512_setr_epi64(4, 5, 6, 7, 12, 13, 14, 15),
        ),
    };
    (_mm512_permutex2var_epi64(a, low, b), _mm512_permutex2var_epi64(a, high, b))
}

/// [`combine`] for all steps of a pattern of `N` rows, which stay in registers.
///
/// # Safety
///
/// As [`combine`], for each of the steps.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
#[inline]
unsafe fn combine_steps<L: Lane, const N: usize>(
    pattern: &Pattern,
    from: *const L,
    stride: usize,
    steps: usize,
    to: *mut L,
) {
    if L::BYTES != 4 {
        for step in 0..steps {
            for vector in 0..pattern.vectors() {
                let masks = &pattern.masks[vector * N..][..N];
                // SAFETY: the caller's promise.
                unsafe {
                    let place = step * pattern.step * N + vector * pattern.lanes();
                    let from = from.add(step * pattern.step);
                    combine(&pattern.sources[vector], masks, from, stride, to.add(place));
                }
            }
        }
        return;
    }
    // What does not change from step to step, in registers as far as they reach.
    let vectors = pattern.vectors().min(N);
    let mut lanes = [_mm512_setzero_si512(); N];
    let mut masks = [[0u16; N]; N];
    for vector in 0..vectors {
        // SAFETY: the lanes are an array of 64 bytes.
        lanes[vector] = unsafe { _mm512_load_si512(pattern.sources[vector].0.as_ptr().cast()) };
        masks[vector].copy_from_slice(&pattern.masks[vector * N..][..N]);
    }
    for step in 0..steps {
        // SAFETY: the caller's promise.
        unsafe {
            let from = from.add(step * pattern.step).cast::<f32>();
            let to = to.add(step * pattern.step * N);
            let mut rows = [_mm512_setzero_ps(); N];
            for (row, vector) in rows.iter_mut().enumerate() {
                *vector = _mm512_loadu_ps(from.add(row * stride));
            }
            for vector in 0..N {
                if vector == vectors {
                    break;
                }
                let mut result = _mm512_permutexvar_ps(lanes[vector], rows[0]);
                for row in 1..N {
                    result = _mm512_mask_permutexvar_ps(
                        result,
                        masks[vector][row],
                        lanes[vector],
                        rows[row],
                    );
                }
                _mm512_storeu_ps(to.add(vector * 16).cast(), result);
            }
        }
    }
}

/// `to[lane] = from[k * stride + lanes[lane]]` for the `k` whose mask has the lane.
///
/// # Safety
///
/// The machine has AVX-512; a whole vector can be read at `from + k * stride` for each mask and
/// written at `to`; `L` has 4 or 8 bytes.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
#[inline]
unsafe fn combine<L: Lane>(
    lanes: &Lanes,
    masks: &[u16],
    from: *const L,
    stride: usize,
    to: *mut L,
) {
    // SAFETY: the caller's promise; the lanes are an array of 64 bytes.
    unsafe {
        if L::BYTES == 4 {
            let lanes = _mm512_load_si512(lanes.0.as_ptr().cast());
            let mut result = _mm512_setzero_ps();
            for (k, &mask) in masks.iter().enumerate() {
                let vector = _mm512_loadu_ps(from.add(k * stride).cast());
                result = _mm512_mask_permutexvar_ps(result, mask, lanes, vector);
            }
            _mm512_storeu_ps(to.cast(), result);
        } else {
            let lanes = _mm512_cvtepu32_epi64(_mm256_load_si256(lanes.0.as_ptr().cast()));
            let mut result = _mm512_setzero_pd();
            for (k, &mask) in masks.iter().enumerate() {
                let vector = _mm512_loadu_pd(from.add(k * stride).cast());
                result = _mm512_mask_permutexvar_pd(result, mask as u8, lanes, vector);
            }
            _mm512_storeu_pd(to.cast(), result);
        }
    }
}

/// Copies bytes with non-temporal stores of whole cache lines.
///
/// # Safety
///
/// The machine has AVX-512; the ranges are valid and do not overlap.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn stream(from: *const u8, to: *mut u8, bytes: usize) {
    let head = to.align_offset(64).min(bytes);
    let lines = (bytes - head) / 64;
    // SAFETY: the caller's promise; the lines start at an aligned address.
    unsafe {
        std::ptr::copy_nonoverlapping(from, to, head);
        for line in 0..lines {
            let offset = head + 64 * line;
            let value = _mm512_loadu_si512(from.add(offset).cast());
            _mm512_stream_si512(to.add(offset).cast(), value);
        }
        let done = head + 64 * lines;
        std::ptr::copy_nonoverlapping(from.add(done), to.add(done), bytes - done);
    }
}
