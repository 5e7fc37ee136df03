//! Rows by a three-term recurrence ([`Recurrence`]), in the type of the output.
//!
//! `t = scale x + offset`, squashed; `P_(k+1) = (A_k t + B_k) P_k - C_k P_(k-1)`, and its derivative
//! `P'_(k+1) = (A_k P_k + (A_k t + B_k) P'_k) - C_k P'_(k-1)`. Each degree is a loop over the values of a tile, which
//! the compiler vectorizes for every instruction set: each operation is rounded once and none is fused with another.
//! Rows are arguments of their own, of which it knows that they do not overlap.

use super::aligned::Aligned;
use super::drain::Drain;
use super::instructions::Instructions;
use super::rows::{Tile, affine};
use super::vector::WIDTH;
use super::{Plan, Row};
use crate::expand::element::Lane;
use crate::expand::element::sealed::Wide;
use crate::expand::recurrence::Squash;

/// Evaluates the polynomials of a tile's values, degree after degree.
pub(super) struct RecurrenceRows<L> {
    /// Values of each of the parts below, a multiple of [`WIDTH`].
    length: usize,
    /// The argument, its change with `x`, three polynomials and three derivatives.
    parts: Aligned<L>,
    steps: Vec<[L; 3]>,
}

/// What is done with a degree of all values: `values` are the polynomials, `slopes` their derivatives by `t`.
trait Consumer<L> {
    fn receive(&mut self, degree: usize, values: &[L], slopes: &[L]);
}

impl<L: Lane> RecurrenceRows<L> {
    /// For tiles of `tile` values; `None` for a plan without a recurrence.
    pub(super) fn new(plan: &Plan, tile: usize) -> Option<Self> {
        let recurrence = plan.recurrence.as_ref()?;
        let length = tile.next_multiple_of(WIDTH);
        let last = plan.rows.last().map_or(0, |row| row.degree);
        let steps = recurrence.steps.iter().take(last).map(|step| step.map(L::round)).collect();
        Some(Self { length, parts: Aligned::new(8 * length), steps })
    }

    /// All rows of `values`, or how they change in a direction of the same length; lets the drain copy on the way.
    #[inline(always)]
    pub(super) fn fill<I: Instructions, T: Wide>(
        &mut self,
        instructions: I,
        plan: &Plan,
        values: &[T],
        along: Option<&[T]>,
        tile: &mut Tile<L>,
        drain: &mut Drain,
    ) {
        tile.hold(values.len());
        let rows = &plan.rows[..];
        if let Some(along) = along {
            self.arguments(plan, values, Some(along));
            self.each_degree::<true>(
                values.len(),
                &mut Copying { instructions, rows, tile, drain, tangent: true },
            );
        } else {
            self.arguments(plan, values, None);
            self.each_degree::<false>(
                values.len(),
                &mut Copying { instructions, rows, tile, drain, tangent: false },
            );
        }
        if along.is_some() {
            let change = &self.parts[self.length..];
            for row in rows {
                multiply(&mut tile.row_mut(row.place)[..], change);
            }
        }
    }

    /// The gradient of `values` from those of the rows, row `r` at `gradients[r * stride ..]`.
    #[inline(always)]
    pub(super) fn take_back<T: Wide>(
        &mut self,
        plan: &Plan,
        values: &[T],
        gradients: &[L],
        stride: usize,
        total: &mut [L],
    ) {
        let whole = values.len().next_multiple_of(WIDTH);
        let total = &mut total[..whole];
        total.fill(L::default());
        self.arguments(plan, values, None);
        self.each_degree::<true>(
            values.len(),
            &mut Adding { rows: &plan.rows, gradients, stride, total, started: false },
        );
        multiply(total, &self.parts[self.length..]);
    }

    /// The argument of each value, and its change with `x`, or with a direction.
    #[inline(always)]
    fn arguments<T: Wide>(&mut self, plan: &Plan, values: &[T], along: Option<&[T]>) {
        let (scale, offset) = (L::round(plan.scale), L::round(plan.offset));
        let (t, rest) = self.parts.split_at_mut(self.length);
        let (t, change) = (&mut t[..values.len()], &mut rest[..values.len()]);
        affine(values, scale, offset, t);
        match along {
            None => change.fill(scale),
            Some(along) => {
                for (change, x) in change.iter_mut().zip(along) {
                    *change = scale * L::round(x.wide());
                }
            }
        }
        let one = L::round(1.0);
        match plan.recurrence.as_ref().and_then(|recurrence| recurrence.squash) {
            None => {}
            Some(Squash::Tanh) => {
                for (t, change) in t.iter_mut().zip(change) {
                    *t = t.tanh();
                    *change = *change * (one - *t * *t);
                }
            }
            Some(Squash::Clip) => {
                let minus = L::round(-1.0);
                for (t, change) in t.iter_mut().zip(change) {
                    let inside = *t >= minus && *t <= one;
                    *change = if inside { *change } else { L::default() };
                    *t = if *t < minus { minus } else { *t };
                    *t = if *t > one { one } else { *t };
                }
            }
        }
    }

    /// From degree to degree; derivatives only if they are asked for.
    #[inline(always)]
    fn each_degree<const SLOPES: bool>(&mut self, count: usize, consumer: &mut impl Consumer<L>) {
        let (length, whole) = (self.length, count.next_multiple_of(WIDTH));
        assert!(whole <= length);
        let (t, rest) = self.parts.split_at_mut(length);
        let mut parts = rest[length..].chunks_exact_mut(length).map(|part| &mut part[..whole]);
        let t = &t[..whole];
        let mut next = || parts.next().unwrap_or_default();
        let (mut before, mut now, mut after) = (next(), next(), next());
        let (mut slope_before, mut slope, mut slope_after) = (next(), next(), next());
        now.fill(L::round(1.0));
        slope.fill(L::default());
        consumer.receive(0, now, slope);
        for (k, &step) in self.steps.iter().enumerate() {
            if SLOPES && k == 0 {
                // Zero times an infinite argument is no zero.
                slope_after.fill(step[0]);
            } else if SLOPES {
                next_slope(step, t, now, slope, slope_before, slope_after);
            }
            next_row(
                if k == 0 { [step[0], step[1], L::default()] } else { step },
                t,
                now,
                before,
                after,
            );
            (before, now, after) = (now, after, before);
            (slope_before, slope, slope_after) = (slope, slope_after, slope_before);
            consumer.receive(k + 1, now, slope);
        }
    }
}

/// `f P_k - c P_(k-1)` where `f = a t + b`.
#[inline(always)]
fn next_row<L: Lane>(step: [L; 3], t: &[L], now: &[L], before: &[L], after: &mut [L]) {
    let zero = L::default();
    match (step[1] == zero, step[2] == zero) {
        (true, true) => next_row_by::<L, false, false>(step, t, now, before, after),
        (true, false) => next_row_by::<L, false, true>(step, t, now, before, after),
        (false, true) => next_row_by::<L, true, false>(step, t, now, before, after),
        (false, false) => next_row_by::<L, true, true>(step, t, now, before, after),
    }
}

#[inline(always)]
fn next_row_by<L: Lane, const B: bool, const C: bool>(
    [a, b, c]: [L; 3],
    t: &[L],
    now: &[L],
    before: &[L],
    after: &mut [L],
) {
    let count = after.len();
    let (t, now, before) = (&t[..count], &now[..count], &before[..count]);
    for i in 0..count {
        let factor = if B { a * t[i] + b } else { a * t[i] };
        let product = factor * now[i];
        after[i] = if C { product - c * before[i] } else { product };
    }
}

/// `(a P_k + f P'_k) - c P'_(k-1)` where `f = a t + b`.
#[inline(always)]
fn next_slope<L: Lane>(
    step: [L; 3],
    t: &[L],
    values: &[L],
    slopes: &[L],
    before: &[L],
    after: &mut [L],
) {
    let zero = L::default();
    match (step[1] == zero, step[2] == zero) {
        (true, true) => next_slope_by::<L, false, false>(step, t, values, slopes, before, after),
        (true, false) => next_slope_by::<L, false, true>(step, t, values, slopes, before, after),
        (false, true) => next_slope_by::<L, true, false>(step, t, values, slopes, before, after),
        (false, false) => next_slope_by::<L, true, true>(step, t, values, slopes, before, after),
    }
}

#[inline(always)]
fn next_slope_by<L: Lane, const B: bool, const C: bool>(
    [a, b, c]: [L; 3],
    t: &[L],
    values: &[L],
    slopes: &[L],
    before: &[L],
    after: &mut [L],
) {
    let count = after.len();
    let (t, values) = (&t[..count], &values[..count]);
    let (slopes, before) = (&slopes[..count], &before[..count]);
    for i in 0..count {
        let factor = if B { a * t[i] + b } else { a * t[i] };
        let sum = a * values[i] + factor * slopes[i];
        after[i] = if C { sum - c * before[i] } else { sum };
    }
}

/// Adds the product of two rows to a third, or sets it to that.
#[inline(always)]
fn add_product<L: Lane, const FIRST: bool>(total: &mut [L], slopes: &[L], gradients: &[L]) {
    let count = total.len();
    let (slopes, gradients) = (&slopes[..count], &gradients[..count]);
    for i in 0..count {
        let term = slopes[i] * gradients[i];
        total[i] = if FIRST { term } else { total[i] + term };
    }
}

#[inline(always)]
fn multiply<L: Lane>(values: &mut [L], factors: &[L]) {
    for (value, &factor) in values.iter_mut().zip(factors) {
        *value = *value * factor;
    }
}

/// Copies each degree to its rows, which are in ascending order of degrees.
struct Copying<'a, I, L> {
    instructions: I,
    rows: &'a [Row],
    tile: &'a mut Tile<L>,
    drain: &'a mut Drain,
    tangent: bool,
}

impl<I: Instructions, L: Lane> Consumer<L> for Copying<'_, I, L> {
    #[inline(always)]
    fn receive(&mut self, degree: usize, values: &[L], slopes: &[L]) {
        while let Some((row, rest)) = self.rows.split_first()
            && row.degree == degree
        {
            let to = self.tile.row_mut(row.place);
            let from = if self.tangent { slopes } else { values };
            to.copy_from_slice(&from[..to.len()]);
            self.rows = rest;
        }
        self.drain.step(self.instructions);
    }
}

/// Adds up the gradients of the rows times the derivatives, by ascending degree.
struct Adding<'a, L> {
    rows: &'a [Row],
    gradients: &'a [L],
    stride: usize,
    total: &'a mut [L],
    started: bool,
}

impl<L: Lane> Consumer<L> for Adding<'_, L> {
    #[inline(always)]
    fn receive(&mut self, degree: usize, _values: &[L], slopes: &[L]) {
        while let Some((row, rest)) = self.rows.split_first()
            && row.degree == degree
        {
            self.rows = rest;
            if degree == 0 {
                // A constant has no derivative, whatever its gradient.
                continue;
            }
            let gradients = &self.gradients[row.place * self.stride..];
            let first = !std::mem::replace(&mut self.started, true);
            if first {
                add_product::<L, true>(self.total, slopes, gradients);
            } else {
                add_product::<L, false>(self.total, slopes, gradients);
            }
        }
    }
}
