//! AVX2: vectors of 256 bits, non-temporal stores of half cache lines.

use std::arch::x86_64::*;

use super::forward::Direct;
use super::instructions::{Instructions, narrow};
use super::straight;
use crate::expand::element::sealed::{Format, Narrow, Wide};

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
    type Singles = super::vector::Avx2Singles;

    type Doubles = super::vector::Avx2Doubles;

    #[inline(always)]
    unsafe fn narrow<U: Narrow>(self, from: &[U::Lane], to: *mut U) {
        let vectors = if U::FORMAT == Format::F16 { from.len() / 8 } else { 0 };
        // SAFETY: the caller's promise; the lanes of halves are `f32`.
        unsafe {
            for vector in 0..vectors {
                let halves = self.halves(from.as_ptr().add(8 * vector).cast());
                _mm_storeu_si128(to.add(8 * vector).cast(), halves);
            }
            narrow(&from[8 * vectors..], to.add(8 * vectors));
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
        // SAFETY: the caller's promise; `self` is proof of the instructions; `U` is `f32` here.
        unsafe { straight::expand(straight::avx2::choose, direct, x, count, out.cast()) };
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
