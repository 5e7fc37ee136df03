//! The inner loop: the errors of many consecutive numbers, by plain code for each instruction set.
//!
//! For `x` with the value `y` of the program, `d = (a_0 - y) + s (a_1 + s (a_2 + ...))` in doubles is near
//! `f(x) - y`: it is off by at most [`Batch::error`] and `2^-51 |d|`, as `search` proves. With both added
//! and subtracted, the error in ulp lies between two doubles. Where they belong to different bins
//! of the histogram, the number is left to the caller.

use super::Counts;
use super::numbers::Numbers;
use crate::expand::kernel::instructions::{Instructions, Work};
use crate::number::Format;
use crate::program::{Program, Step};

/// Numbers of a block: its values stay in the first-level cache.
const BLOCK: usize = 128;

/// What relative error a computed difference may have, twice over.
const SLACK: f64 = 1.0 / (1u64 << 50) as f64;

/// Consecutive numbers on which all values of the function have one ulp.
pub(super) struct Batch<'a> {
    pub numbers: Numbers,
    /// Magnitudes.
    pub first: u32,
    pub count: usize,
    pub program: &'a Program,
    /// `a_0`, `a_1`, ... as doubles.
    pub coefficients: &'a [f64],
    pub center: f64,
    pub scale: f64,
    /// The ulp's reciprocal.
    pub inverse_ulp: f64,
    /// A bound of what the differences are off by, in ulp.
    pub error: f64,
    /// What infinity stands for.
    pub beyond: f64,
}

/// What a batch yields.
pub(super) struct Found {
    pub counts: Counts,
    /// Runs of consecutive magnitudes that are left to the caller, each with the value of all.
    pub open: Vec<Run>,
}

/// Consecutive numbers with the same value of the program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub first: u32,
    pub last: u32,
    pub value: f64,
}

/// The bits of the largest error in the first bin, 1/2 ulp.
const HALF: u64 = 0.5f64.to_bits();

/// The bin of an error in ulp: 0 up to 1/2, then `2^(k - 2)` to `2^(k - 1)`, the upper end included.
#[inline(always)]
pub(super) fn bin(error: f64) -> usize {
    // Errors are not negative, and their bits are in their order; those of NaN come last.
    (((error.to_bits().max(HALF) - 1) >> 52) - ((HALF - 1) >> 52)) as usize
}

impl Work for Batch<'_> {
    type Output = Found;

    #[inline(always)]
    fn with<I: Instructions>(self, _: I) -> Found {
        let mut found = Found { counts: Counts::default(), open: Vec::new() };
        let mut steps: Vec<[f32; BLOCK]> = vec![[0.0; BLOCK]; self.program.steps.len().max(1)];
        let mut x = [0.0f64; BLOCK];
        let mut y = [0.0f64; BLOCK];
        let (mut low, mut high) = ([0.0f64; BLOCK], [0.0f64; BLOCK]);
        for start in (0..self.count).step_by(BLOCK) {
            let first = self.first + start as u32;
            if self.numbers.format == Format::F32 {
                self.singles(first, &mut steps, &mut x, &mut y);
            } else {
                for i in 0..BLOCK {
                    x[i] = self.numbers.number(first + i as u32);
                    y[i] = self.program.evaluate(x[i], self.numbers.format);
                }
            }
            for y in &mut y {
                *y = if y.is_infinite() { self.beyond.copysign(*y) } else { *y };
            }
            self.differences(&x, &y, &mut low, &mut high);
            let count = BLOCK.min(self.count - start);
            self.count_up(first, count, &y, &low, &high, &mut found);
        }
        found
    }
}

impl Batch<'_> {
    /// Numbers and the program's values, in binary32.
    #[inline(always)]
    fn singles(
        &self,
        first: u32,
        steps: &mut [[f32; BLOCK]],
        x: &mut [f64; BLOCK],
        y: &mut [f64; BLOCK],
    ) {
        let sign = u32::from(self.numbers.negative) << 31;
        let mut input = [0.0f32; BLOCK];
        for i in 0..BLOCK {
            input[i] = f32::from_bits(sign | (first + i as u32));
            x[i] = f64::from(input[i]);
        }
        for (id, step) in self.program.steps.iter().enumerate() {
            let (before, own) = steps.split_at_mut(id);
            let own = &mut own[0];
            match *step {
                Step::Input => *own = input,
                Step::Constant(index) => {
                    *own = [self.program.constants[index].value as f32; BLOCK];
                }
                Step::Add(a, b) => each(own, &before[a], &before[b], |a, b| a + b),
                Step::Subtract(a, b) => each(own, &before[a], &before[b], |a, b| a - b),
                Step::Multiply(a, b) => each(own, &before[a], &before[b], |a, b| a * b),
                Step::Divide(a, b) => each(own, &before[a], &before[b], |a, b| a / b),
            }
        }
        let last = self.program.steps.len().saturating_sub(1);
        for i in 0..BLOCK {
            y[i] = f64::from(steps[last][i]);
        }
    }

    /// Bounds of the errors in ulp.
    #[inline(always)]
    fn differences(
        &self,
        x: &[f64; BLOCK],
        y: &[f64; BLOCK],
        low: &mut [f64; BLOCK],
        high: &mut [f64; BLOCK],
    ) {
        let mut s = [0.0f64; BLOCK];
        let mut sum = [0.0f64; BLOCK];
        for i in 0..BLOCK {
            s[i] = (x[i] - self.center) * self.scale;
        }
        for &coefficient in self.coefficients[1..].iter().rev() {
            for i in 0..BLOCK {
                sum[i] = sum[i] * s[i] + coefficient;
            }
        }
        for i in 0..BLOCK {
            let difference = (self.coefficients[0] - y[i]) + sum[i] * s[i];
            let error = difference.abs() * self.inverse_ulp;
            high[i] = error * (1.0 + SLACK) + self.error;
            low[i] = (error * (1.0 - SLACK) - self.error).max(0.0);
        }
    }

    #[inline(always)]
    fn count_up(
        &self,
        first: u32,
        count: usize,
        y: &[f64; BLOCK],
        low: &[f64; BLOCK],
        high: &[f64; BLOCK],
        found: &mut Found,
    ) {
        let mut open = 0;
        let mut largest = 0;
        for i in 0..BLOCK {
            // The bins, not yet from zero; NaN has lost its place in `low` and is told by `high`.
            let bins = [low[i], high[i]].map(|error| (error.to_bits().max(HALF) - 1) >> 52);
            open |= bins[0] ^ bins[1];
            largest = largest.max(high[i].to_bits());
        }
        if largest > found.counts.max.to_bits() {
            for (magnitude, &error) in (first..).zip(&high[..count]) {
                found.counts.see(error, self.numbers.number(magnitude));
            }
        }
        found.counts.count += count as u64;
        if open == 0 {
            for &error in &high[..count] {
                found.counts.histogram[bin(error)] += 1;
            }
            return;
        }
        for i in 0..count {
            let own = bin(high[i]);
            if bin(low[i]) == own || high[i].is_nan() {
                found.counts.histogram[own] += 1;
                continue;
            }
            let (at, value) = (first + i as u32, y[i]);
            match found.open.last_mut() {
                Some(run) if run.last + 1 == at && run.value == value => run.last = at,
                _ => found.open.push(Run { first: at, last: at, value }),
            }
        }
    }
}

/// An operation on each pair of values.
#[inline(always)]
fn each(
    out: &mut [f32; BLOCK],
    a: &[f32; BLOCK],
    b: &[f32; BLOCK],
    operation: impl Fn(f32, f32) -> f32,
) {
    for i in 0..BLOCK {
        out[i] = operation(a[i], b[i]);
    }
}
