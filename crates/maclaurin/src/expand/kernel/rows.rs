//! The arithmetic: one source for every instruction set, whose eight lanes stand for the same
//! operations everywhere.
//!
//! All of it is in `f64`. A row's value is rounded to its type once, at the end, so for `f32` and
//! narrower the result is the correctly rounded one but for the rounding of a few operations in
//! `f64`: within 0.5001 units in the last place for powers and terms of degree 16 and below.

use super::instructions::Instructions;
use super::{Kind, Plan};
use crate::expand::element::Lane;
use crate::expand::element::sealed::Wide;

/// Values that are computed side by side, and whose sums are: the same everywhere.
pub(super) const LANES: usize = 16;

/// Values of all rows of a tile, about.
const TILE: usize = 1 << 12;

/// Values in a tile at the most.
const LONGEST_TILE: usize = 512;

/// Values of one tile: widened, and their rows.
pub(super) struct Tile<L> {
    count: usize,
    /// The values that there is room for, rounded up to whole lanes.
    length: usize,
    t: Vec<f64>,
    /// The direction of the forward derivative.
    along: Vec<f64>,
    rows: Vec<L>,
}

impl<L: Lane> Tile<L> {
    /// Values in a tile with so many rows, a multiple of `step`.
    pub(super) fn length(rows: usize, step: usize) -> usize {
        ((TILE / rows).min(LONGEST_TILE) / step).max(1) * step
    }

    pub(super) fn new(rows: usize, length: usize) -> Self {
        let length = length.next_multiple_of(LANES);
        // A vector of room behind the last row.
        let rows = vec![L::default(); rows * length + LANES];
        Self { count: length, length, t: vec![0.0; length], along: Vec::new(), rows }
    }

    /// The row of `place` in the output.
    #[inline(always)]
    pub(super) fn row(&self, place: usize) -> &[L] {
        &self.rows[place * self.length..][..self.count]
    }

    /// All rows, and how far apart they begin.
    #[inline(always)]
    pub(super) fn all_rows(&self) -> (&[L], usize) {
        (&self.rows, self.length)
    }

    /// `t = scale * x + offset` for each value.
    #[inline(always)]
    pub(super) fn widen<I: Instructions, T: Wide>(
        &mut self,
        instructions: I,
        values: &[T],
        plan: &Plan,
    ) {
        self.count = values.len();
        widen(instructions, values, plan.scale, plan.offset, &mut self.t);
    }

    /// Takes the direction of the derivative.
    #[inline(always)]
    pub(super) fn direct<I: Instructions, T: Wide>(
        &mut self,
        instructions: I,
        values: &[T],
        plan: &Plan,
    ) {
        self.along.resize(self.length, 0.0);
        widen(instructions, values, plan.scale, -0.0, &mut self.along);
    }

    /// Computes all rows, times the direction where there is one.
    #[inline(always)]
    pub(super) fn rows<I: Instructions>(&mut self, instructions: I, plan: &Plan) {
        let count = self.count.next_multiple_of(LANES);
        assert!(count <= self.length && self.t.len() == self.length);
        assert!(plan.rows.iter().all(|row| row.place < plan.count()));
        assert!(self.along.is_empty() || self.along.len() == self.length);
        assert!(self.rows.len() >= plan.count() * self.length);
        let along = if self.along.is_empty() { None } else { Some(self.along.as_ptr()) };
        let (t, rows) = (self.t.as_ptr(), self.rows.as_mut_ptr());
        for first in (0..count).step_by(8) {
            // SAFETY: eight values from `first` on lie inside `t`, `along` and each row, by the
            // assertions above.
            unsafe {
                let t = instructions.load(t.add(first));
                let along = along.map(|along| instructions.load(along.add(first)));
                let out = Rows { rows: rows.add(first), stride: self.length, along };
                match plan.kind {
                    Kind::Sum => horner(instructions, plan, t, &out),
                    Kind::Powers | Kind::Terms => products(instructions, plan, t, &out),
                    Kind::PartialSums => partial_sums(instructions, plan, t, &out),
                }
            }
        }
    }
}

/// `scale * x + offset` for each value.
#[inline(always)]
pub(super) fn widen<I: Instructions, T: Wide>(
    instructions: I,
    values: &[T],
    scale: f64,
    offset: f64,
    t: &mut [f64],
) {
    let t = &mut t[..values.len()];
    let (scales, offsets) = (instructions.splat(scale), instructions.splat(offset));
    let whole = values.len() / 8 * 8;
    for first in (0..whole).step_by(8) {
        // SAFETY: eight values from `first` on lie inside both slices.
        unsafe {
            let x = instructions.load(values.as_ptr().add(first));
            instructions.store(instructions.multiply_add(scales, x, offsets), t.as_mut_ptr().add(first));
        }
    }
    for (t, value) in t[whole..].iter_mut().zip(&values[whole..]) {
        *t = scale.mul_add(value.wide(), offset);
    }
}

/// Where eight values of each row go.
struct Rows<L, E> {
    rows: *mut L,
    stride: usize,
    along: Option<E>,
}

impl<L: Lane, E: Copy> Rows<L, E> {
    /// # Safety
    ///
    /// The row exists, with room for eight values.
    #[inline(always)]
    unsafe fn put<I: Instructions<Eight = E>>(&self, instructions: I, place: usize, values: E) {
        let values = match self.along {
            Some(along) => instructions.multiply(values, along),
            None => values,
        };
        // SAFETY: the caller's promise.
        unsafe { instructions.store(values, self.rows.add(place * self.stride)) };
    }
}

/// `(...(a_p t + a_(p-1)) t + ...) t + a_0`
///
/// # Safety
///
/// As [`Rows::put`], for row 0.
#[inline(always)]
unsafe fn horner<I: Instructions, L: Lane>(
    instructions: I,
    plan: &Plan,
    t: I::Eight,
    out: &Rows<L, I::Eight>,
) {
    let (&last, rest) = plan.coefficients.split_last().unwrap_or((&0.0, &[]));
    let mut sum = instructions.splat(last);
    for &a in rest.iter().rev() {
        sum = instructions.multiply_add(sum, t, instructions.splat(a));
    }
    // SAFETY: the caller's promise.
    unsafe { out.put(instructions, 0, sum) };
}

/// `f t^k`
///
/// # Safety
///
/// As [`Rows::put`], for all rows of the plan.
#[inline(always)]
unsafe fn products<I: Instructions, L: Lane>(
    instructions: I,
    plan: &Plan,
    t: I::Eight,
    out: &Rows<L, I::Eight>,
) {
    let mut known = usize::from(plan.rows.first().is_none_or(|row| row.degree > 0));
    let mut power = if known == 0 { instructions.splat(1.0) } else { t };
    for row in &plan.rows {
        for _ in known..row.degree {
            power = instructions.multiply(power, t);
        }
        known = row.degree;
        let value = instructions.multiply(instructions.splat(row.factor), power);
        // SAFETY: the caller's promise.
        unsafe { out.put(instructions, row.place, value) };
    }
}

/// `a_0 + a_1 t + ... + a_k t^k`; a zero coefficient adds nothing, also where the power is
/// infinite.
///
/// # Safety
///
/// As [`Rows::put`], for all rows of the plan.
#[inline(always)]
unsafe fn partial_sums<I: Instructions, L: Lane>(
    instructions: I,
    plan: &Plan,
    t: I::Eight,
    out: &Rows<L, I::Eight>,
) {
    let mut power = instructions.splat(1.0);
    let mut sum = instructions.splat(0.0);
    let mut next = 0;
    for row in &plan.rows {
        for k in next..=row.degree {
            if k > 0 {
                power = instructions.multiply(power, t);
            }
            let a = plan.coefficients[k];
            if a != 0.0 {
                sum = instructions.multiply_add(instructions.splat(a), power, sum);
            }
        }
        next = next.max(row.degree + 1);
        let value = instructions.multiply(instructions.splat(row.factor), sum);
        // SAFETY: the caller's promise.
        unsafe { out.put(instructions, row.place, value) };
    }
}
