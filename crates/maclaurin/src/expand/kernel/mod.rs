//! The inner loops: they know memory and coefficients and nothing else.
//!
//! Work is cut into units, units into tiles that stay in the first-level cache. In a tile the
//! rows are computed in the type of the output (`rows`), then put in their order in memory
//! (`interleave`) and written, by non-temporal stores where the output is larger than the caches. With
//! AVX-512 the usual cases need no tiles: few rows of single precision stay in registers until they
//! are written (`avx512::direct`, `groups`), and gradients of them until the backward pass
//! (`avx512::gradient`). The arithmetic is written once for AVX-512, AVX2 and any machine, chosen
//! when the program runs, but for those cases; it rounds alike on all, so results do not depend on
//! the machine or on the number of threads, bit for bit.

mod aligned;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod backward;
mod drain;
mod forward;
#[cfg(target_arch = "x86_64")]
mod halves;
pub(crate) mod instructions;
mod interleave;
mod overflow;
mod parallel;
mod pattern;
pub(crate) mod pool;
mod recurrence;
mod rows;
#[cfg(target_arch = "x86_64")]
mod straight;
#[cfg(target_arch = "x86_64")]
mod unrolled;
pub(crate) mod vector;

pub(super) use backward::{Backward, Gradient, gradient};
pub(super) use forward::{Destination, Forward, expand};
use interleave::WIDEST_GROUP;

use std::sync::Arc;

use super::recurrence::Recurrence;
use super::{Expansion, Kind, Polynomial};

/// What to compute: the affine map of the input and the degrees, settled once for an array.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// `t = scale * x + offset`
    pub scale: f64,
    pub offset: f64,
    pub kind: Kind,
    pub coefficients: Vec<f64>,
    /// Whether a partial sum adds a degree, by degree.
    adds: Vec<bool>,
    /// The rows by rising degree.
    pub rows: Vec<Row>,
    /// The rows once more, as the inner loop walks through them.
    pub steps: Vec<Step>,
    /// Of what the rows are polynomials, where not of powers.
    pub recurrence: Option<Arc<Recurrence>>,
}

/// One step of the inner loop: from one degree to the next, or to another row of the same one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Whether the power is multiplied with `t` first.
    pub raises: bool,
    /// Whether the power times the addend joins the partial sum.
    pub adds: bool,
    pub addend: f64,
    /// The row that comes out and its factor, or [`NO_ROW`].
    pub place: usize,
    pub factor: f64,
}

/// No row of the output.
pub(super) const NO_ROW: usize = usize::MAX;

/// A row of the output: one degree of every value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub degree: usize,
    /// Which row of the output it is.
    pub place: usize,
    /// What the power or the partial sum is multiplied with.
    pub factor: f64,
}

impl Plan {
    pub(super) fn new(polynomial: &Polynomial, expansion: &Expansion, degrees: &[usize]) -> Self {
        let coefficients = polynomial.coefficients();
        let row = |(place, &degree): (usize, &usize)| {
            let factor = if expansion.kind == Kind::Terms { coefficients[degree] } else { 1.0 };
            Row { degree, place, factor }
        };
        let mut rows: Vec<_> = degrees.iter().enumerate().map(row).collect();
        rows.sort_by_key(|row| row.degree);
        let mut adds = vec![false; coefficients.len()];
        adds[0] = coefficients[0] != 0.0;
        polynomial.degrees().iter().for_each(|&degree| adds[degree] = true);
        let steps = steps(&rows, coefficients, &adds);
        let recurrence = polynomial.shared_recurrence();
        let (scale, offset) = match polynomial.recurrence() {
            None => (expansion.scale, expansion.shift - polynomial.center()),
            Some(Recurrence { slope, offset, .. }) => {
                (slope * expansion.scale, slope * expansion.shift + offset)
            }
        };
        Self {
            scale,
            // Adding -0 changes nothing; adding +0 would lose the sign of a zero.
            offset: if offset == 0.0 { -0.0 } else { offset },
            kind: expansion.kind,
            coefficients: coefficients.to_vec(),
            adds,
            rows,
            steps,
            recurrence,
        }
    }

    /// The derivative with respect to `x`: of `f t^k`, `scale f k t^(k-1)`. A recurrence has it beside the values.
    pub(super) fn derivative(&self) -> Self {
        if self.recurrence.is_some() {
            return self.clone();
        }
        let row = |row: &Row| {
            let slope = if self.kind == Kind::PartialSums { 1.0 } else { row.degree as f64 };
            let factor = if row.degree == 0 { 0.0 } else { row.factor * slope };
            Row { degree: row.degree.saturating_sub(1), factor, ..*row }
        };
        let slopes = self.coefficients.iter().enumerate().skip(1).map(|(k, a)| a * k as f64);
        let coefficients: Vec<f64> =
            slopes.chain((self.coefficients.len() == 1).then_some(0.0)).collect();
        let rows: Vec<Row> = self.rows.iter().map(row).collect();
        let above = self.adds[1..].iter().copied();
        let adds: Vec<bool> =
            above.chain((self.coefficients.len() == 1).then_some(false)).collect();
        let steps = steps(&rows, &coefficients, &adds);
        Self { coefficients, adds, rows, steps, recurrence: None, ..*self }
    }

    /// Whether the way through the degrees can be unrolled: rows by rising degree, no two of a degree
    /// and at most one degree between two; each partial sum with one addition to the one before.
    fn unrolls(&self) -> bool {
        let Self { rows, steps, .. } = self;
        let placed = rows.iter().enumerate().all(|(place, row)| row.place == place);
        let near = rows.first().is_none_or(|row| row.degree <= 2)
            && rows.windows(2).all(|pair| matches!(pair[1].degree - pair[0].degree, 1 | 2));
        // What degree 0 adds is added to nothing, be it zero.
        let mut raised = steps.iter().filter(|step| step.raises);
        let adds = raised.all(|step| step.adds == (step.place != NO_ROW));
        placed && near && (self.kind != Kind::PartialSums || adds)
    }

    /// Output values for each input value.
    pub(super) fn count(&self) -> usize {
        self.rows.len().max(1)
    }
}

/// From degree to degree, and from row to row of one degree.
fn steps(rows: &[Row], coefficients: &[f64], adds: &[bool]) -> Vec<Step> {
    let mut steps = Vec::with_capacity(rows.len() + coefficients.len());
    let mut next = 0;
    for row in rows {
        let fresh = next <= row.degree;
        let passed = coefficients.iter().enumerate().take(row.degree + 1).skip(next);
        for (degree, &addend) in passed {
            let (raises, adds) = (degree > 0, adds[degree]);
            steps.push(Step { raises, adds, addend, place: NO_ROW, factor: 1.0 });
        }
        next = next.max(row.degree + 1);
        let (place, factor) = (row.place, row.factor);
        match steps.last_mut().filter(|_| fresh) {
            Some(step) => (step.place, step.factor) = (place, factor),
            None => {
                steps.push(Step { raises: false, adds: false, addend: 0.0, place, factor });
            }
        }
    }
    steps
}

#[cfg(test)]
mod tests;
