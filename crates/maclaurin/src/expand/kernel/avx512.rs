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
use super::straight;
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
    type Singles = super::vector::Avx512Singles;

    type Doubles = super::vector::Avx512Doubles;

    #[inline(always)]
    unsafe fn narrow<U: Narrow>(self, from: &[U::Lane], to: *mut U) {
        if U::IS_LANE {
            // SAFETY: the caller's promise; both types are the same here.
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
                // One store, which a load of the whole vector can be served from at once.
                let both = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high);
                _mm512_storeu_si512(to.add(32 * step).cast(), both);
            }
            for (place, &value) in from.iter().enumerate().skip(32 * whole) {
                to.add(place).write(U::narrow(value));
            }
        }
    }

    #[inline(always)]
    unsafe fn halves(self, from: *const f32) -> __m128i {
        // SAFETY: the caller's promise; `self` is proof of the instructions.
        unsafe { _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(_mm256_loadu_ps(from)) }
    }

    #[inline(always)]
    unsafe fn expand_directly<T: Wide, U: Narrow>(
        self,
        direct: &Direct<'_>,
        x: *const T,
        count: usize,
        out: *mut U,
    ) {
        // SAFETY: the caller's promise; `self` is proof of the instructions; `U` is `f32` in groups without a pattern.
        unsafe {
            if direct.width > 1 && direct.group.is_none() {
                straight::expand(straight::avx2::choose, direct, x, count, out.cast());
            } else {
                direct::expand(direct, x, count, out);
            }
        }
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
        unsafe { gradient::take_back(direct, x, gradient, count, out, sums) };
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

/// `N` rows, a power of two, merged with their neighbours: in pairs, then pairs of pairs, until there is one.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
#[inline]
fn merge_neighbours<const N: usize>(mut rows: [__m512i; N]) -> [__m512i; N] {
    let (mut bytes, mut run) = (4, 1);
    while run < N {
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
