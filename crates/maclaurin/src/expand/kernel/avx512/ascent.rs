//! AVX-512: the rows of sixteen values, from degree to degree, as `kernel::rows` computes them.

use std::arch::x86_64::*;

use crate::expand::kernel::{Kind, NO_ROW, Plan, Step};

/// Sixteen values in single precision, by halves: vectors of memory are put together of those of
/// several rows.
pub(super) type Row = [__m256; 2];

/// Sixteen values, each the nearest in single precision.
///
/// # Safety
///
/// The machine has the instructions, here and below.
#[inline(always)]
pub(super) unsafe fn round(values: [__m512d; 2]) -> Row {
    // SAFETY: the caller's promise.
    unsafe { [_mm512_cvtpd_ps(values[0]), _mm512_cvtpd_ps(values[1])] }
}

/// Two halves in one vector.
#[inline(always)]
pub(super) unsafe fn both([low, high]: Row) -> __m512 {
    // SAFETY: as above.
    unsafe { _mm512_insertf32x8::<1>(_mm512_castps256_ps512(low), high) }
}

/// The powers and the partial sums of a few blocks of sixteen values on their way.
///
/// # Safety
///
/// Its functions want the machine to have the instructions.
pub(super) struct Ascent<const BLOCKS: usize> {
    t: [[__m512d; 2]; BLOCKS],
    power: [[__m512d; 2]; BLOCKS],
    sum: [[__m512d; 2]; BLOCKS],
}

impl<const BLOCKS: usize> Ascent<BLOCKS> {
    #[inline(always)]
    pub(super) unsafe fn new(t: [[__m512d; 2]; BLOCKS]) -> Self {
        // SAFETY: the caller's promise, here and below.
        let (one, zero) = unsafe { (_mm512_set1_pd(1.0), _mm512_setzero_pd()) };
        Self { t, power: [[one; 2]; BLOCKS], sum: [[zero; 2]; BLOCKS] }
    }

    #[inline(always)]
    unsafe fn raise(&mut self) {
        for block in 0..BLOCKS {
            let (t, power) = (self.t[block], &mut self.power[block]);
            // SAFETY: as above.
            unsafe { *power = [_mm512_mul_pd(power[0], t[0]), _mm512_mul_pd(power[1], t[1])] };
        }
    }

    /// Takes a step, and returns the row that it ends at, if it does at one.
    #[inline(always)]
    pub(super) unsafe fn take(&mut self, step: &Step, kind: Kind) -> Option<[Row; BLOCKS]> {
        let sums = kind == Kind::PartialSums;
        // SAFETY: as above.
        unsafe {
            if step.raises {
                self.raise();
            }
            if sums && step.adds {
                self.add::<true>(step.addend);
            }
            if step.place == NO_ROW {
                return None;
            }
            if !sums {
                self.add::<false>(step.factor);
            }
            Some(self.rows())
        }
    }

    /// The power times a factor, added to the sum or in its place.
    #[inline(always)]
    unsafe fn add<const SUMS: bool>(&mut self, factor: f64) {
        // SAFETY: as above.
        unsafe {
            let factor = _mm512_set1_pd(factor);
            for block in 0..BLOCKS {
                for half in 0..2 {
                    let (power, sum) = (self.power[block][half], &mut self.sum[block][half]);
                    *sum = if SUMS {
                        _mm512_fmadd_pd(factor, power, *sum)
                    } else {
                        _mm512_mul_pd(factor, power)
                    };
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn rows(&self) -> [Row; BLOCKS] {
        // SAFETY: as above.
        unsafe {
            let mut rows = [[_mm256_setzero_ps(); 2]; BLOCKS];
            for block in 0..BLOCKS {
                rows[block] = round(self.sum[block]);
            }
            rows
        }
    }
}

/// `N` rows, partial sums or others, without asking at each what comes next.
pub(super) struct Unrolled<const N: usize, const SUMS: bool> {
    /// The partial sum where it begins: what degree 0 has in it.
    sum: f64,
    /// Whether it begins with the first power.
    raised: bool,
    /// For each row, whether there is a degree between the row before, or the beginning, and the
    /// last multiplication.
    passes: [bool; N],
    /// What each row's power is multiplied with.
    factors: [f64; N],
}

impl<const N: usize, const SUMS: bool> Unrolled<N, SUMS> {
    /// Of a plan that has it ([`Plan::unrolls`]).
    pub(super) fn new(plan: &Plan) -> Self {
        let mut unrolled = Self { sum: 0.0, raised: false, passes: [false; N], factors: [0.0; N] };
        for (row, factor) in plan.rows.iter().zip(&mut unrolled.factors) {
            *factor = if SUMS { plan.coefficients[row.degree] } else { row.factor };
        }
        for (row, pair) in plan.rows.windows(2).enumerate().take(N.saturating_sub(1)) {
            unrolled.passes[row + 1] = pair[1].degree - pair[0].degree > 1;
        }
        if let (Some(first), Some(passes)) = (plan.rows.first(), unrolled.passes.first_mut()) {
            unrolled.raised = first.degree > 0;
            *passes = first.degree > 1;
            if SUMS && unrolled.raised {
                // A zero and not the coefficient alone: its sign.
                unrolled.sum = 0.0 + plan.coefficients[0];
            }
        }
        unrolled
    }

    /// All rows of a few blocks of values.
    ///
    /// # Safety
    ///
    /// The machine has the instructions.
    #[inline(always)]
    pub(super) unsafe fn rows<const BLOCKS: usize>(
        &self,
        t: [[__m512d; 2]; BLOCKS],
    ) -> [[Row; N]; BLOCKS] {
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
                    let row = $ascent.rows();
                    for block in 0..BLOCKS {
                        $rows[block][$row] = row[block];
                    }
                })*
            };
        }
        // SAFETY: the caller's promise.
        unsafe {
            let mut ascent = Ascent::new(t);
            ascent.sum = [[_mm512_set1_pd(self.sum); 2]; BLOCKS];
            if self.raised {
                ascent.power = t;
            }
            let mut rows = [[[_mm256_setzero_ps(); 2]; N]; BLOCKS];
            each_row!(ascent, rows, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            rows
        }
    }
}
