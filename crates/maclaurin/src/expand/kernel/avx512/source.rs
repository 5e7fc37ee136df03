//! AVX-512: values read, in single precision, sixteen at a time.

use std::arch::x86_64::*;

use crate::expand::element::sealed::{Format, Wide};
use crate::expand::kernel::Plan;

/// Values of a step.
pub(super) const STEP: usize = 16;

/// Values of one type.
#[derive(Clone, Copy)]
pub(super) struct Source {
    pub(super) format: Format,
    pub(super) from: *const u8,
}

impl Source {
    pub(super) fn new<T: Wide>(from: *const T) -> Self {
        Self { format: T::FORMAT, from: from.cast() }
    }

    /// Sixteen values from `first` on, each the nearest in single precision.
    ///
    /// # Safety
    ///
    /// The machine has the instructions, and the values can be read.
    #[inline(always)]
    unsafe fn load(self, first: usize) -> __m512 {
        // SAFETY: the caller's promise, for values of the format.
        unsafe {
            let from = self.from.add(first * self.format.size());
            let (bytes, words) = (from.cast(), from.cast());
            match self.format {
                Format::U8 => _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(bytes))),
                Format::I8 => _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(bytes))),
                Format::U16 => _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(_mm256_loadu_si256(words))),
                Format::I16 => _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256(words))),
                Format::F16 => _mm512_cvtph_ps(_mm256_loadu_si256(words)),
                Format::BF16 => {
                    let bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256(words));
                    _mm512_castsi512_ps(_mm512_slli_epi32::<16>(bits))
                }
                Format::F32 => _mm512_loadu_ps(from.cast()),
                Format::F64 => {
                    let low = _mm512_cvtpd_ps(_mm512_loadu_pd(from.cast()));
                    let high = _mm512_cvtpd_ps(_mm512_loadu_pd(from.add(64).cast()));
                    _mm512_insertf32x8::<1>(_mm512_castps256_ps512(low), high)
                }
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

/// `t = scale * x + offset`, its numbers kept in registers.
pub(super) struct Affine {
    scale: __m512,
    offset: __m512,
    /// Whether `t` is the value itself.
    identity: bool,
}

impl Affine {
    /// # Safety
    ///
    /// The machine has the instructions, here and below.
    #[inline(always)]
    pub(super) unsafe fn new(plan: &Plan) -> Self {
        let identity = plan.scale == 1.0 && plan.offset == 0.0;
        // SAFETY: the caller's promise, here and below.
        let (scale, offset) =
            unsafe { (_mm512_set1_ps(plan.scale as f32), _mm512_set1_ps(plan.offset as f32)) };
        Self { scale, offset, identity }
    }

    /// A few blocks of sixteen values, contiguous from `first` on.
    ///
    /// # Safety
    ///
    /// They can be read.
    #[inline(always)]
    pub(super) unsafe fn of<const BLOCKS: usize>(
        &self,
        source: Source,
        first: usize,
    ) -> [__m512; BLOCKS] {
        // SAFETY: as above.
        unsafe {
            let mut t = [_mm512_setzero_ps(); BLOCKS];
            for block in 0..BLOCKS {
                let x = source.load(first + block * STEP);
                t[block] = if self.identity {
                    x
                } else {
                    _mm512_add_ps(_mm512_mul_ps(self.scale, x), self.offset)
                };
            }
            t
        }
    }
}
