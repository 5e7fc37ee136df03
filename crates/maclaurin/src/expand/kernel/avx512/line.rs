//! Sixteen values at a time to memory, past the caches in whole blocks whatever the address.

use std::arch::x86_64::*;

use super::brains;

/// A type of output: sixteen values of it are a vector, and a block of memory that is written past
/// the caches at once.
///
/// # Safety
///
/// All functions want the machine to have AVX-512; those with an address, that it can be written.
pub(super) trait Output: Copy {
    type Value: Copy;
    type Vector: Copy;

    /// Single precision to this type.
    unsafe fn narrow(values: __m512) -> Self::Vector;

    /// The lanes `16 - lanes ..` of one vector, then the first ones of another.
    unsafe fn join(a: Self::Vector, b: Self::Vector, lanes: usize) -> Self::Vector;

    unsafe fn store(vector: Self::Vector, to: *mut Self::Value);

    /// Stores the lanes of a mask; the others' memory is not touched.
    unsafe fn store_lanes(vector: Self::Vector, lanes: __mmask16, to: *mut Self::Value);

    /// Stores past the caches; the address is a multiple of the vector's size.
    unsafe fn stream(vector: Self::Vector, to: *mut Self::Value);
}

/// `f32`.
#[derive(Clone, Copy)]
pub(super) struct Singles;

impl Output for Singles {
    type Value = f32;
    type Vector = __m512;

    #[inline(always)]
    unsafe fn narrow(values: __m512) -> __m512 {
        values
    }

    #[inline(always)]
    unsafe fn join(a: __m512, b: __m512, lanes: usize) -> __m512 {
        // SAFETY: the caller's promise, here and below.
        unsafe {
            let counting = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let first = _mm512_set1_epi32(16 - lanes as i32);
            _mm512_permutex2var_ps(a, _mm512_add_epi32(counting, first), b)
        }
    }

    #[inline(always)]
    unsafe fn store(vector: __m512, to: *mut f32) {
        // SAFETY: as above.
        unsafe { _mm512_storeu_ps(to, vector) };
    }

    #[inline(always)]
    unsafe fn store_lanes(vector: __m512, lanes: __mmask16, to: *mut f32) {
        // SAFETY: as above.
        unsafe { _mm512_mask_storeu_ps(to, lanes, vector) };
    }

    #[inline(always)]
    unsafe fn stream(vector: __m512, to: *mut f32) {
        // SAFETY: as above.
        unsafe { _mm512_stream_ps(to, vector) };
    }
}

/// `bf16`, or `f16`.
#[derive(Clone, Copy)]
pub(super) struct Halves<const BRAIN: bool>;

impl<const BRAIN: bool> Output for Halves<BRAIN> {
    type Value = u16;
    type Vector = __m256i;

    #[inline(always)]
    unsafe fn narrow(values: __m512) -> __m256i {
        // SAFETY: the caller's promise, here and below.
        unsafe {
            if BRAIN {
                brains(values)
            } else {
                _mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(values)
            }
        }
    }

    #[inline(always)]
    unsafe fn join(a: __m256i, b: __m256i, lanes: usize) -> __m256i {
        // SAFETY: as above.
        unsafe {
            let counting = _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let first = _mm256_set1_epi16(16 - lanes as i16);
            _mm256_permutex2var_epi16(a, _mm256_add_epi16(counting, first), b)
        }
    }

    #[inline(always)]
    unsafe fn store(vector: __m256i, to: *mut u16) {
        // SAFETY: as above.
        unsafe { _mm256_storeu_si256(to.cast(), vector) };
    }

    #[inline(always)]
    unsafe fn store_lanes(vector: __m256i, lanes: __mmask16, to: *mut u16) {
        // SAFETY: as above.
        unsafe { _mm256_mask_storeu_epi16(to.cast(), lanes, vector) };
    }

    #[inline(always)]
    unsafe fn stream(vector: __m256i, to: *mut u16) {
        // SAFETY: as above.
        unsafe { _mm256_stream_si256(to.cast(), vector) };
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
pub(super) struct Line<O: Output> {
    /// Where the next vector's first lane goes.
    to: *mut O::Value,
    /// Lanes of the block before that address.
    phase: usize,
    /// The vector before.
    earlier: O::Vector,
}

impl<O: Output> Line<O> {
    #[inline(always)]
    pub(super) unsafe fn new(to: *mut O::Value) -> Self {
        // SAFETY: the caller's promise, here and below.
        let earlier = unsafe { O::narrow(_mm512_setzero_ps()) };
        Self { to, phase: to.addr() / size_of::<O::Value>() % 16, earlier }
    }

    /// Writes a vector. If `streams`, what it completes of a block past the caches: the first block
    /// begins in the middle, so the first vector is not to be streamed.
    #[inline(always)]
    pub(super) unsafe fn write(&mut self, vector: __m512, streams: bool) {
        // SAFETY: as above.
        unsafe {
            let vector = O::narrow(vector);
            if streams {
                let block = O::join(self.earlier, vector, self.phase);
                O::stream(block, self.to.wrapping_sub(self.phase));
            } else {
                O::store(vector, self.to);
            }
            self.to = self.to.wrapping_add(16);
            self.earlier = vector;
        }
    }

    /// [`Line::write`] of the first so many lanes: what comes next begins elsewhere in its block. A
    /// whole vector was written before.
    #[inline(always)]
    pub(super) unsafe fn append(&mut self, vector: __m512, lanes: usize, streams: bool) {
        // SAFETY: as above.
        unsafe {
            let vector = O::narrow(vector);
            if !streams {
                O::store_lanes(vector, first_lanes(lanes), self.to);
            } else if self.phase + lanes >= 16 {
                let block = O::join(self.earlier, vector, self.phase);
                O::stream(block, self.to.wrapping_sub(self.phase));
            }
            self.earlier = O::join(self.earlier, vector, 16 - lanes);
            self.to = self.to.wrapping_add(lanes);
            self.phase = (self.phase + lanes) % 16;
        }
    }

    /// Writes what streaming left of the last vector.
    #[inline(always)]
    pub(super) unsafe fn finish(self) {
        // SAFETY: as above; these lanes are of the vector before.
        unsafe {
            let block = O::join(self.earlier, self.earlier, self.phase);
            O::store_lanes(block, first_lanes(self.phase), self.to.wrapping_sub(self.phase));
        }
    }

    /// Writes the first so many lanes of the vector that comes `ahead` lanes later, and stays where
    /// it is.
    #[inline(always)]
    pub(super) unsafe fn end(&self, vector: __m512, lanes: usize, ahead: usize) {
        // SAFETY: as above.
        unsafe {
            O::store_lanes(O::narrow(vector), first_lanes(lanes), self.to.wrapping_add(ahead));
        }
    }
}

/// The first lanes of a vector, sixteen at most.
pub(super) fn first_lanes(count: usize) -> __mmask16 {
    ((1u32 << count) - 1) as __mmask16
}
