//! AVX2: eight lanes exchanged and blended, half cache lines written past the caches.

use std::arch::x86_64::*;

use super::instructions::Instructions;
use super::interleave::Lanes;
use crate::expand::element::Lane;
use crate::expand::element::sealed::{Format, Wide};

/// Proof that the machine has AVX2, FMA and F16C.
#[derive(Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    pub(super) fn detected() -> Option<Self> {
        let all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c");
        all.then_some(Self(()))
    }
}

impl Instructions for Avx2 {
    const LANES: usize = 8;

    type Singles = super::vector::Avx2Singles;

    type Doubles = super::vector::Avx2Doubles;

    type Eight = [__m256d; 2];

    #[inline(always)]
    fn splat(self, value: f64) -> [__m256d; 2] {
        // SAFETY: `self` is proof of the instructions, here and below.
        unsafe { [_mm256_set1_pd(value); 2] }
    }

    #[inline(always)]
    fn multiply(self, a: [__m256d; 2], b: [__m256d; 2]) -> [__m256d; 2] {
        // SAFETY: as above.
        unsafe { [_mm256_mul_pd(a[0], b[0]), _mm256_mul_pd(a[1], b[1])] }
    }

    #[inline(always)]
    fn multiply_add(self, a: [__m256d; 2], b: [__m256d; 2], c: [__m256d; 2]) -> [__m256d; 2] {
        // SAFETY: as above.
        unsafe { [_mm256_fmadd_pd(a[0], b[0], c[0]), _mm256_fmadd_pd(a[1], b[1], c[1])] }
    }

    #[inline(always)]
    unsafe fn load<T: Wide>(self, from: *const T) -> [__m256d; 2] {
        // SAFETY: the caller's promise for eight values of the format.
        unsafe {
            let integers = |values: __m256i| {
                let high = _mm256_extracti128_si256(values, 1);
                [_mm256_cvtepi32_pd(_mm256_castsi256_si128(values)), _mm256_cvtepi32_pd(high)]
            };
            let floats = |values: __m256| {
                let high = _mm256_extractf128_ps(values, 1);
                [_mm256_cvtps_pd(_mm256_castps256_ps128(values)), _mm256_cvtps_pd(high)]
            };
            match T::FORMAT {
                Format::U8 => integers(_mm256_cvtepu8_epi32(_mm_loadl_epi64(from.cast()))),
                Format::I8 => integers(_mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast()))),
                Format::U16 => integers(_mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast()))),
                Format::I16 => integers(_mm256_cvtepi16_epi32(_mm_loadu_si128(from.cast()))),
                Format::F16 => floats(_mm256_cvtph_ps(_mm_loadu_si128(from.cast()))),
                Format::BF16 => {
                    let bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast()));
                    floats(_mm256_castsi256_ps(_mm256_slli_epi32(bits, 16)))
                }
                Format::F32 => floats(_mm256_loadu_ps(from.cast())),
                Format::F64 => {
                    [_mm256_loadu_pd(from.cast()), _mm256_loadu_pd(from.cast::<f64>().add(4))]
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn store<L: Lane>(self, values: [__m256d; 2], to: *mut L) {
        // SAFETY: the caller's promise; a lane of 4 bytes is `f32`, of 8 bytes `f64`.
        unsafe {
            if L::BYTES == 4 {
                let to = to.cast::<f32>();
                _mm_storeu_ps(to, _mm256_cvtpd_ps(values[0]));
                _mm_storeu_ps(to.add(4), _mm256_cvtpd_ps(values[1]));
            } else {
                let to = to.cast::<f64>();
                _mm256_storeu_pd(to, values[0]);
                _mm256_storeu_pd(to.add(4), values[1]);
            }
        }
    }

    /// Four lanes of 8 bytes gain nothing over plain copies.
    #[inline(always)]
    fn exchanges(self, bytes: usize) -> bool {
        bytes == 4
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
        unsafe { combine(lanes, masks, from.cast(), stride, to.cast()) };
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

/// `to[lane] = from[k * stride + lanes[lane]]` for the `k` whose mask has the lane.
///
/// # Safety
///
/// The machine has AVX2; eight floats can be read at `from + k * stride` for each mask and written
/// at `to`.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn combine(lanes: &Lanes, masks: &[u16], from: *const f32, stride: usize, to: *mut f32) {
    // SAFETY: the caller's promise; the lanes are an array of 64 bytes.
    unsafe {
        let lanes = _mm256_load_si256(lanes.0.as_ptr().cast());
        let bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        let mut result = _mm256_setzero_ps();
        for (k, &mask) in masks.iter().enumerate() {
            let vector = _mm256_permutevar8x32_ps(_mm256_loadu_ps(from.add(k * stride)), lanes);
            let chosen = _mm256_and_si256(_mm256_set1_epi32(mask.into()), bits);
            let chosen = _mm256_castsi256_ps(_mm256_cmpeq_epi32(chosen, bits));
            result = _mm256_blendv_ps(result, vector, chosen);
        }
        _mm256_storeu_ps(to, result);
    }
}

/// Copies bytes with non-temporal stores.
///
/// # Safety
///
/// The machine has AVX; the ranges are valid and do not overlap.
#[target_feature(enable = "avx")]
#[inline]
unsafe fn stream(from: *const u8, to: *mut u8, bytes: usize) {
    let head = to.align_offset(32).min(bytes);
    let parts = (bytes - head) / 32;
    // SAFETY: the caller's promise; the parts start at an aligned address.
    unsafe {
        std::ptr::copy_nonoverlapping(from, to, head);
        for part in 0..parts {
            let offset = head + 32 * part;
            let value = _mm256_loadu_si256(from.add(offset).cast());
            _mm256_stream_si256(to.add(offset).cast(), value);
        }
        let done = head + 32 * parts;
        std::ptr::copy_nonoverlapping(from.add(done), to.add(done), bytes - done);
    }
}
