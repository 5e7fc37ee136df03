//! AVX-512: values read, in double precision, sixteen at a time.

use std::arch::x86_64::*;

use super::Avx512;
use crate::expand::element::sealed::{Format, Wide};
use crate::expand::kernel::Plan;
use crate::expand::kernel::instructions::Instructions;

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

    /// Sixteen values from `first` on, in double precision.
    ///
    /// # Safety
    ///
    /// They can be read.
    #[inline(always)]
    unsafe fn load(self, avx512: Avx512, first: usize) -> [__m512d; 2] {
        #[inline(always)]
        unsafe fn both<T: Wide>(avx512: Avx512, from: *const u8, first: usize) -> [__m512d; 2] {
            // SAFETY: the caller's promise.
            unsafe {
                let from = from.cast::<T>().add(first);
                [avx512.load(from), avx512.load(from.add(8))]
            }
        }
        // SAFETY: the caller's promise, for values of the format.
        unsafe {
            match self.format {
                Format::U8 => both::<u8>(avx512, self.from, first),
                Format::I8 => both::<i8>(avx512, self.from, first),
                Format::U16 => both::<u16>(avx512, self.from, first),
                Format::I16 => both::<i16>(avx512, self.from, first),
                Format::F16 => both::<half::f16>(avx512, self.from, first),
                Format::BF16 => both::<half::bf16>(avx512, self.from, first),
                Format::F32 => both::<f32>(avx512, self.from, first),
                Format::F64 => both::<f64>(avx512, self.from, first),
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
    avx512: Avx512,
    scale: __m512d,
    offset: __m512d,
    /// Whether `t` is the value itself.
    identity: bool,
}

impl Affine {
    /// # Safety
    ///
    /// The machine has the instructions, here and below.
    #[inline(always)]
    pub(super) unsafe fn new(avx512: Avx512, plan: &Plan) -> Self {
        let identity = plan.scale == 1.0 && plan.offset == 0.0;
        // SAFETY: the caller's promise, here and below.
        let (scale, offset) = unsafe { (_mm512_set1_pd(plan.scale), _mm512_set1_pd(plan.offset)) };
        Self { avx512, scale, offset, identity }
    }

    /// A few blocks of sixteen values, side by side from `first` on.
    ///
    /// # Safety
    ///
    /// They can be read.
    #[inline(always)]
    pub(super) unsafe fn of<const BLOCKS: usize>(
        &self,
        source: Source,
        first: usize,
    ) -> [[__m512d; 2]; BLOCKS] {
        // SAFETY: as above.
        unsafe {
            let mut t = [[_mm512_setzero_pd(); 2]; BLOCKS];
            for block in 0..BLOCKS {
                let x = source.load(self.avx512, first + block * STEP);
                t[block] = if self.identity {
                    x
                } else {
                    [
                        _mm512_fmadd_pd(self.scale, x[0], self.offset),
                        _mm512_fmadd_pd(self.scale, x[1], self.offset),
                    ]
                };
            }
            t
        }
    }
}
