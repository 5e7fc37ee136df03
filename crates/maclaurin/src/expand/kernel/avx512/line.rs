//! Sixteen values at a time to memory, past the caches in whole blocks whatever the address.

use std::arch::x86_64::*;

use super::brains;
use crate::expand::element::sealed::{Format, Narrow};

/// A place for values of single precision, or of two bytes: there is code for each.
#[derive(Clone, Copy)]
pub(super) struct Target<const HALVES: bool> {
    to: *mut u8,
    /// Whether those are `bf16`, else `f16`.
    brains: bool,
}

impl<const HALVES: bool> Target<HALVES> {
    const SIZE: usize = if HALVES { 2 } else { 4 };

    pub(super) fn new<U: Narrow>(to: *mut U) -> Self {
        debug_assert_eq!(size_of::<U>(), Self::SIZE);
        Self { to: to.cast(), brains: U::FORMAT == Format::BF16 }
    }

    /// The place of the value that comes so many later, or before.
    #[inline(always)]
    pub(super) fn after(self, values: isize) -> Self {
        Self { to: self.to.wrapping_offset(values * Self::SIZE as isize), ..self }
    }

    /// Values that lie before this one in its block, sixteen of which are written past the caches at
    /// once.
    fn phase(self) -> usize {
        self.to.addr() / Self::SIZE % 16
    }

    /// Stores sixteen values.
    ///
    /// # Safety
    ///
    /// The machine has AVX-512 and the places can be written, here and below.
    #[inline(always)]
    unsafe fn store(self, values: __m512) {
        // SAFETY: the caller's promise, here and below.
        unsafe {
            if HALVES {
                _mm256_storeu_si256(self.to.cast(), self.halves(values));
            } else {
                _mm512_storeu_ps(self.to.cast(), values);
            }
        }
    }

    /// Stores the first so many; the others' memory is not touched.
    #[inline(always)]
    unsafe fn store_first(self, values: __m512, count: usize) {
        let mask = first_lanes(count);
        // SAFETY: as above.
        unsafe {
            if HALVES {
                _mm256_mask_storeu_epi16(self.to.cast(), mask, self.halves(values));
            } else {
                _mm512_mask_storeu_ps(self.to.cast(), mask, values);
            }
        }
    }

    /// Stores past the caches; a block begins there.
    #[inline(always)]
    unsafe fn stream(self, values: __m512) {
        // SAFETY: as above.
        unsafe {
            if HALVES {
                _mm256_stream_si256(self.to.cast(), self.halves(values));
            } else {
                _mm512_stream_ps(self.to.cast(), values);
            }
        }
    }

    #[inline(always)]
    unsafe fn halves(self, values: __m512) -> __m256i {
        // SAFETY: as above.
        unsafe {
            if self.brains {
                brains(values)
            } else {
                _mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(values)
            }
        }
    }
}

/// The lanes `16 - lanes ..` of one vector, then the first ones of another.
///
/// # Safety
///
/// The machine has AVX-512, here and below.
#[inline(always)]
unsafe fn join(a: __m512, b: __m512, lanes: usize) -> __m512 {
    // SAFETY: as above.
    unsafe {
        let counting = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let first = _mm512_set1_epi32(16 - lanes as i32);
        _mm512_permutex2var_ps(a, _mm512_add_epi32(counting, first), b)
    }
}

/// Values written one after the other: whole blocks past the caches, put together of the last lanes
/// of one vector and the first of the next.
///
/// # Safety
///
/// The machine has the instructions, and the places of all values that are handed over can be
/// written.
#[derive(Clone, Copy)]
pub(super) struct Line<const HALVES: bool> {
    /// Where the next vector's first lane goes.
    to: Target<HALVES>,
    /// Lanes of the block before that place.
    phase: usize,
    /// The vector before.
    earlier: __m512,
}

impl<const HALVES: bool> Line<HALVES> {
    #[inline(always)]
    pub(super) unsafe fn new(to: Target<HALVES>) -> Self {
        // SAFETY: the caller's promise, here and below.
        Self { to, phase: to.phase(), earlier: unsafe { _mm512_setzero_ps() } }
    }

    /// Where the block begins that the next vector's first lane is in.
    #[inline(always)]
    fn block(&self) -> Target<HALVES> {
        self.to.after(-(self.phase as isize))
    }

    /// Writes a vector. If `streams`, what it completes of a block past the caches: the first block
    /// begins in the middle, so the first vector is not to be streamed.
    #[inline(always)]
    pub(super) unsafe fn write(&mut self, vector: __m512, streams: bool) {
        // SAFETY: as above.
        unsafe {
            if streams {
                self.block().stream(join(self.earlier, vector, self.phase));
            } else {
                self.to.store(vector);
            }
        }
        self.to = self.to.after(16);
        self.earlier = vector;
    }

    /// [`Line::write`] of the first so many lanes: what comes next begins elsewhere in its block. A
    /// whole vector was written before.
    #[inline(always)]
    pub(super) unsafe fn append(&mut self, vector: __m512, lanes: usize, streams: bool) {
        // SAFETY: as above.
        unsafe {
            if !streams {
                self.to.store_first(vector, lanes);
            } else if self.phase + lanes >= 16 {
                self.block().stream(join(self.earlier, vector, self.phase));
            }
            self.earlier = join(self.earlier, vector, 16 - lanes);
        }
        self.to = self.to.after(lanes as isize);
        self.phase = (self.phase + lanes) % 16;
    }

    /// Writes what streaming left of the last vector.
    #[inline(always)]
    pub(super) unsafe fn finish(self) {
        // SAFETY: as above; these lanes are of the vector before.
        unsafe {
            self.block().store_first(join(self.earlier, self.earlier, self.phase), self.phase);
        }
    }

    /// Writes the first so many lanes of the vector that comes `ahead` lanes later, and stays where
    /// it is.
    #[inline(always)]
    pub(super) unsafe fn end(&self, vector: __m512, lanes: usize, ahead: usize) {
        // SAFETY: as above.
        unsafe { self.to.after(ahead as isize).store_first(vector, lanes) };
    }
}

/// The first lanes of a vector, sixteen at most.
pub(super) fn first_lanes(count: usize) -> __mmask16 {
    ((1u32 << count) - 1) as __mmask16
}
