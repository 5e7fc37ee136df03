//! AVX-512: the rows of sixteen values, from degree to degree, as `kernel::rows` computes them.

use std::arch::x86_64::*;

use crate::expand::kernel::unrolled::Unrolled;
use crate::expand::kernel::{Kind, NO_ROW, Step};

/// The powers and the partial sums of a few blocks of sixteen values on their way.
///
/// # Safety
///
/// Its functions want the machine to have the instructions.
pub(super) struct Ascent<const BLOCKS: usize> {
    t: [__m512; BLOCKS],
    power: [__m512; BLOCKS],
    sum: [__m512; BLOCKS],
}

impl<const BLOCKS: usize> Ascent<BLOCKS> {
    #[inline(always)]
    pub(super) unsafe fn new(t: [__m512; BLOCKS]) -> Self {
        // SAFETY: the caller's promise, here and below.
        let (one, zero) = unsafe { (_mm512_set1_ps(1.0), _mm512_setzero_ps()) };
        Self { t, power: [one; BLOCKS], sum: [zero; BLOCKS] }
    }

    #[inline(always)]
    unsafe fn raise(&mut self) {
        for block in 0..BLOCKS {
            // SAFETY: as above.
            unsafe { self.power[block] = _mm512_mul_ps(self.power[block], self.t[block]) };
        }
    }

    /// Takes a step, and returns the row that it ends at, if it does at one.
    #[inline(always)]
    pub(super) unsafe fn take(&mut self, step: &Step, kind: Kind) -> Option<[__m512; BLOCKS]> {
        let sums = kind == Kind::PartialSums;
        // SAFETY: as above.
        unsafe {
            if step.raises {
                self.raise();
            }
            if sums && step.adds {
                self.add::<true>(step.addend as f32);
            }
            if step.place == NO_ROW {
                return None;
            }
            if !sums {
                self.add::<false>(step.factor as f32);
            }
            Some(self.sum)
        }
    }

    /// The power times a factor, added to the sum or in its place.
    #[inline(always)]
    unsafe fn add<const SUMS: bool>(&mut self, factor: f32) {
        // SAFETY: as above.
        unsafe {
            let factor = _mm512_set1_ps(factor);
            for block in 0..BLOCKS {
                let (term, sum) = (_mm512_mul_ps(factor, self.power[block]), &mut self.sum[block]);
                *sum = if SUMS { _mm512_add_ps(*sum, term) } else { term };
            }
        }
    }
}

impl Unrolled {
    /// All rows of a few blocks of values.
    ///
    /// # Safety
    ///
    /// The machine has the instructions.
    #[inline(always)]
    pub(super) unsafe fn blocks<const N: usize, const BLOCKS: usize, const SUMS: bool>(
        &self,
        t: [__m512; BLOCKS],
    ) -> [[__m512; N]; BLOCKS] {
        // Each row by its number: in a loop that is not unrolled rows go through memory.
        macro_rules! each_row {
            ($ascent:ident, $rows:ident, $($row:literal)*) => {
                $(if $row < N {
                    if $row > 0 {
                        $ascent.raise();
                    }
                    if self.passes[$row] {
                        $ascent.raise();
                    }
                    $ascent.add::<SUMS>(self.factors[$row]);
                    for block in 0..BLOCKS {
                        $rows[block][$row] = $ascent.sum[block];
                    }
                })*
            };
        }
        // SAFETY: the caller's promise.
        unsafe {
            let mut ascent = Ascent::new(t);
            ascent.sum = [_mm512_set1_ps(self.sum); BLOCKS];
            if self.raised {
                ascent.power = t;
            }
            let mut rows = [[_mm512_setzero_ps(); N]; BLOCKS];
            each_row!(ascent, rows, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            rows
        }
    }
}
