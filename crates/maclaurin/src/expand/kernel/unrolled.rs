//! Rows from degree to degree without asking at each what comes next.

use super::forward::Direct;
use super::straight::Register;
use super::{Kind, Plan};

/// The most rows.
const MOST_ROWS: usize = Direct::MOST_ROWS;

/// The rows of a plan that has them so ([`Plan::unrolls`]), in single precision.
pub(super) struct Unrolled {
    /// The partial sum where it begins: what degree 0 has in it.
    pub sum: f32,
    /// Whether it begins with the first power.
    pub raised: bool,
    /// For each row, whether there is a degree between the row before, or the beginning, and the
    /// last multiplication.
    pub passes: [bool; MOST_ROWS],
    /// What each row's power is multiplied with.
    pub factors: [f32; MOST_ROWS],
}

impl Unrolled {
    pub(super) fn new(plan: &Plan) -> Self {
        let sums = plan.kind == Kind::PartialSums;
        let mut unrolled =
            Self { sum: 0.0, raised: false, passes: [false; MOST_ROWS], factors: [0.0; MOST_ROWS] };
        for (row, factor) in plan.rows.iter().zip(&mut unrolled.factors) {
            *factor = if sums { plan.coefficients[row.degree] } else { row.factor } as f32;
        }
        for (pair, passes) in plan.rows.windows(2).zip(&mut unrolled.passes[1..]) {
            *passes = pair[1].degree - pair[0].degree > 1;
        }
        if let Some(first) = plan.rows.first() {
            unrolled.raised = first.degree > 0;
            unrolled.passes[0] = first.degree > 1;
            if sums && unrolled.raised {
                // A zero and not the coefficient alone: its sign.
                unrolled.sum = 0.0 + plan.coefficients[0] as f32;
            }
        }
        unrolled
    }

    /// All rows of a register of arguments, partial sums or others.
    ///
    /// # Safety
    ///
    /// The machine has the instructions; the plan has `N` rows.
    #[inline(always)]
    pub(super) unsafe fn rows<R: Register, const N: usize, const SUMS: bool>(
        &self,
        t: R,
    ) -> [R; N] {
        // Each row by its number: in a loop that is not unrolled rows go through memory.
        macro_rules! each_row {
            ($power:ident, $sum:ident, $rows:ident, $($row:literal)*) => {
                $(if $row < N {
                    if $row > 0 {
                        $power = $power.multiply(t);
                    }
                    if self.passes[$row] {
                        $power = $power.multiply(t);
                    }
                    let term = R::splat(self.factors[$row]).multiply($power);
                    $sum = if SUMS { $sum.add(term) } else { term };
                    $rows[$row] = $sum;
                })*
            };
        }
        // SAFETY: the caller's promise.
        unsafe {
            let mut power = if self.raised { t } else { R::splat(1.0) };
            let mut sum = R::splat(self.sum);
            let mut rows = [t; N];
            each_row!(power, sum, rows, 0 1 2 3 4 5 6 7);
            rows
        }
    }

    /// All rows of a register of arguments, of any number, in memory.
    ///
    /// # Safety
    ///
    /// The machine has the instructions.
    #[inline(always)]
    pub(super) unsafe fn put<R: Register, const SUMS: bool>(&self, t: R, rows: &mut [R]) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut power = if self.raised { t } else { R::splat(1.0) };
            let mut sum = R::splat(self.sum);
            let each = self.factors.iter().zip(&self.passes);
            for (number, (row, (&factor, &passes))) in rows.iter_mut().zip(each).enumerate() {
                if number > 0 {
                    power = power.multiply(t);
                }
                if passes {
                    power = power.multiply(t);
                }
                let term = R::splat(factor).multiply(power);
                sum = if SUMS { sum.add(term) } else { term };
                *row = sum;
            }
        }
    }
}
