//! The specification of the inner loops: plain loops over tiles that stay in the first cache.

use std::ops::{Add, Mul};

use super::{Element, Float, Kind, Plan, Rows};

/// Values in a tile: its powers and sums fit in the first-level cache with room to spare.
const TILE: usize = 256;

/// The type that is computed with.
pub(super) trait Real: Copy + Add<Output = Self> + Mul<Output = Self> {
    fn constant(value: f64) -> Self;
    fn load<T: Element>(value: T) -> Self;
    fn store<U: Float>(self) -> U;
}

impl Real for f32 {
    fn constant(value: f64) -> Self {
        value as f32
    }
    #[inline]
    fn load<T: Element>(value: T) -> Self {
        value.to_f32()
    }
    #[inline]
    fn store<U: Float>(self) -> U {
        U::from_f32(self)
    }
}

impl Real for f64 {
    fn constant(value: f64) -> Self {
        value
    }
    #[inline]
    fn load<T: Element>(value: T) -> Self {
        value.to_f64()
    }
    #[inline]
    fn store<U: Float>(self) -> U {
        U::from_f64(self)
    }
}

pub(super) fn expand<C: Real, T: Element, U: Float>(
    input: &[T],
    plan: &Plan,
    mut output: Rows<'_, U>,
) {
    let zero = C::constant(0.0);
    let (scale, offset) = (C::constant(plan.scale), C::constant(plan.offset));
    let mut t = [zero; TILE];
    for (tile, values) in input.chunks(TILE).enumerate() {
        let first = tile * TILE;
        let t = &mut t[..values.len()];
        for (t, &value) in t.iter_mut().zip(values) {
            *t = scale * C::load(value) + offset;
        }
        if plan.kind == Kind::Sum {
            let mut sum = [zero; TILE];
            let sum = &mut sum[..values.len()];
            horner(t, plan, sum);
            write(sum, C::constant(1.0), &mut output, first, 0, 1);
        } else {
            rows(t, plan, first, &mut output);
        }
    }
}

/// `sum = (...(a_p t + a_(p-1)) t + ...) t + a_0`
fn horner<C: Real>(t: &[C], plan: &Plan, sum: &mut [C]) {
    let mut coefficients = plan.coefficients.iter().rev().map(|&a| C::constant(a));
    sum.fill(coefficients.next().unwrap_or(C::constant(0.0)));
    for a in coefficients {
        for (sum, &t) in sum.iter_mut().zip(t) {
            *sum = *sum * t + a;
        }
    }
}

fn rows<C: Real, U: Float>(t: &[C], plan: &Plan, first: usize, output: &mut Rows<'_, U>) {
    let one = C::constant(1.0);
    let mut power = [one; TILE];
    let power = &mut power[..t.len()];
    let mut sum = [C::constant(0.0); TILE];
    let sum = &mut sum[..t.len()];
    for (degree, rows) in plan.rows_of.iter().enumerate() {
        match degree {
            0 => {}
            1 => power.copy_from_slice(t),
            _ => {
                for (power, &t) in power.iter_mut().zip(t) {
                    *power = *power * t;
                }
            }
        }
        let exact = plan.coefficients[degree];
        let coefficient = C::constant(exact);
        // A zero coefficient adds nothing, also where the power is infinite.
        if plan.kind == Kind::PartialSums && exact != 0.0 {
            for (sum, &power) in sum.iter_mut().zip(&*power) {
                *sum = *sum + coefficient * power;
            }
        }
        for &row in rows {
            match plan.kind {
                Kind::Powers => write(power, one, output, first, row, plan.rows),
                Kind::Terms => write(power, coefficient, output, first, row, plan.rows),
                _ => write(sum, one, output, first, row, plan.rows),
            }
        }
    }
}

/// Stores `factor * values` as row `row` of `rows`, from input value `first` on.
fn write<C: Real, U: Float>(
    values: &[C],
    factor: C,
    output: &mut Rows<'_, U>,
    first: usize,
    row: usize,
    rows: usize,
) {
    match output {
        Rows::Planes(planes) => {
            let plane = &mut planes[row][first..first + values.len()];
            for (out, &value) in plane.iter_mut().zip(values) {
                *out = (factor * value).store();
            }
        }
        Rows::Interleaved(output) => {
            let tile = &mut output[first * rows..(first + values.len()) * rows];
            for (out, &value) in tile.iter_mut().skip(row).step_by(rows).zip(values) {
                *out = (factor * value).store();
            }
        }
    }
}
