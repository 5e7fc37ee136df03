//! Sixteen values at a time to memory, by non-temporal stores in whole blocks whatever the address.

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

    /// The place of the value that is `values` later, or before where that is negative.
    #[inline(always)]
    pub(super) fn after(self, values: isize) -> Self {
        Self { to: self.to.wrapping_offset(values * Self::SIZE as isize), ..self }
    }

    /// Stores the first lanes of a vector; the others' memory is not touched.
    ///
    /// # Safety
    ///
    /// The machine has AVX-512 and the places can be written, here and below.
    #[inline(always)]
    unsafe fn store(self, vector: __m512i, lanes: usize) {
        let to = self.to;
        // SAFETY: the caller's promise, here and below.
        unsafe {
            match (HALVES, lanes) {
                (true, 16) => _mm256_storeu_si256(to.cast(), _mm512_castsi512_si256(vector)),
                (true, _) => {
                    let vector = _mm512_castsi512_si256(vector);
                    _mm256_mask_storeu_epi16(to.cast(), first_lanes(lanes), vector);
                }
                (false, 16) => _mm512_storeu_si512(to.cast(), vector),
                (false, _) => _mm512_mask_storeu_epi32(to.cast(), first_lanes(lanes), vector),
            }
        }
    }

    /// Sixteen values in the first lanes of a vector.
    #[inline(always)]
    unsafe fn narrow(self, values: __m512) -> __m512i {
        // SAFETY: as above.
        unsafe {
            if !HALVES {
                _mm512_castps_si512(values)
            } else if self.brains {
                _mm512_castsi256_si512(brains(values))
            } else {
                let halves = _mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(values);
                _mm512_castsi256_si512(halves)
            }
        }
    }

    /// Sixteen lanes, from `first` on, of two vectors in a row.
    #[inline(always)]
    unsafe fn join(a: __m512i, b: __m512i, first: usize) -> __m512i {
        // SAFETY: as above.
        unsafe {
            if HALVES {
                let counting =
                    _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
                let lanes = _mm256_add_epi16(counting, _mm256_set1_epi16(first as i16));
                let (a, b) = (_mm512_castsi512_si256(a), _mm512_castsi512_si256(b));
                _mm512_castsi256_si512(_mm256_permutex2var_epi16(a, lanes, b))
            } else {
                let counting =
                    _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
                let lanes = _mm512_add_epi32(counting, _mm512_set1_epi32(first as i32));
                _mm512_permutex2var_epi32(a, lanes, b)
            }
        }
    }

    /// Stores sixteen lanes, non-temporally; a block begins there.
    #[inline(always)]
    unsafe fn stream(self, vector: __m512i) {
        // SAFETY: as above.
        unsafe {
            if HALVES {
                _mm256_stream_si256(self.to.cast(), _mm512_castsi512_si256(vector));
            } else {
                _mm512_stream_si512(self.to.cast(), vector);
            }
        }
    }
}

/// Values written one after the other: by non-temporal stores in whole blocks of sixteen, put together of the
/// last lanes of one vector and the first of the next.
///
/// # Safety
///
/// The machine has the instructions, and the places of all values that are handed over can be
/// written.
#[derive(Clone, Copy)]
pub(super) struct Line<const HALVES: bool> {
    /// Where the next vector's first lane goes.
    to: Target<HALVES>,
    /// Whether to use non-temporal stores,
    streams: bool,
    /// which begins with the first whole block.
    begun: bool,
    /// Values of the block before that place.
    phase: usize,
    /// The vector before.
    earlier: __m512i,
}

impl<const HALVES: bool> Line<HALVES> {
    #[inline(always)]
    pub(super) unsafe fn new(to: Target<HALVES>, streams: bool) -> Self {
        let phase = to.to.addr() / Target::<HALVES>::SIZE % 16;
        // SAFETY: the caller's promise, here and below.
        let earlier = unsafe { _mm512_setzero_si512() };
        Self { to, streams, begun: streams && phase == 0, phase, earlier }
    }

    /// Writes sixteen values.
    #[inline(always)]
    pub(super) unsafe fn write(&mut self, values: __m512) {
        // SAFETY: as above.
        unsafe { self.append(values, 16) };
    }

    /// Writes the first `lanes` of sixteen values.
    #[inline(always)]
    pub(super) unsafe fn append(&mut self, values: __m512, lanes: usize) {
        let completes = lanes == 16 || self.phase + lanes >= 16;
        // SAFETY: as above; the lanes before are there or were written before.
        unsafe {
            let vector = self.to.narrow(values);
            if !self.begun {
                self.to.store(vector, lanes);
                self.begun = self.streams && completes;
            } else if completes {
                let block = Target::<HALVES>::join(self.earlier, vector, 16 - self.phase);
                self.block().stream(block);
            }
            self.earlier = if lanes == 16 {
                vector
            } else {
                Target::<HALVES>::join(self.earlier, vector, lanes)
            };
        }
        self.to = self.to.after(lanes as isize);
        self.phase = (self.phase + lanes) % 16;
    }

    /// Where the block begins that the next value is in.
    #[inline(always)]
    fn block(&self) -> Target<HALVES> {
        self.to.after(-(self.phase as isize))
    }

    /// Writes what streaming left of the last block.
    #[inline(always)]
    pub(super) unsafe fn finish(self) {
        if self.begun {
            // SAFETY: as above; these lanes are the last ones.
            unsafe {
                let block = Target::<HALVES>::join(self.earlier, self.earlier, 16 - self.phase);
                self.block().store(block, self.phase);
            }
        }
    }

    /// Writes the first `lanes` of sixteen values that come `ahead` later, and stays where it is.
    #[inline(always)]
    pub(super) unsafe fn end(&self, values: __m512, lanes: usize, ahead: usize) {
        // SAFETY: as above.
        unsafe {
            let vector = self.to.narrow(values);
            self.to.after(ahead as isize).store(vector, lanes);
        }
    }
}

/// The first lanes of a vector, sixteen at most.
pub(super) fn first_lanes(count: usize) -> __mmask16 {
    ((1u32 << count) - 1) as __mmask16
}
