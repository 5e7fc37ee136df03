//! The errors of consecutive numbers: cut into batches for the inner loop, and what it leaves open.
//!
//! A range of numbers gets a [`Model`]. If the function does not turn on it, the numbers at which its values
//! go over to the next binade are found by bisection, so that on each batch between them one ulp is that
//! of all values. Where that fails, or the model is not accurate enough, the range is halved; a few numbers
//! are settled one by one.
//!
//! The error of `d = (a_0 - y) + s (a_1 + s (a_2 + ...))` in doubles, with `u = 2^-53`, `|s| <= S` and
//! `A = sum_(k >= 1) |a_k| S^k`: the coefficients' own `sum |a_k - a'_k| S^k`; the terms left out; Horner's
//! rule for a rounded `s`, `(3 n + 2) u A` (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd
//! ed., section 5.1); `u |a_0 - y|`, which is below `u (|d| + 2 A)`; and `u |d|` of the last sum.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicBool, AtomicU64};

use super::Counts;
use super::kernel::{Batch, Run, bin};
use super::model::Model;
use super::numbers::Numbers;
use crate::certify::{Hole, value_at};
use crate::expand::kernel::instructions::Level;
use crate::function::Function;
use crate::number::{Arithmetic, Certified, Exact, Interval64, exactly};
use crate::program::Program;
use crate::series::Error;

/// Rows of at most this many numbers are settled one by one.
const FEW: u32 = 8;

/// Terms of the model are left out of the inner loop below this part of an ulp, and a batch is halved
/// where more than this is not known of its errors.
const NEGLIGIBLE: f64 = 1.0 / (1u64 << 24) as f64;
const INACCURATE: f64 = 1.0 / (1u64 << 20) as f64;

/// Bits of the function's values, tried in turn.
const BITS: [usize; 3] = [256, 1024, 4096];

/// Models and values in more bits that a range may take.
const MOST_WORK: u32 = 1 << 14;

/// What is tried.
pub(super) struct Trial<'a> {
    pub function: &'a Function,
    pub program: &'a Program,
    /// The function's removable singularity at zero, if it has one.
    pub hole: Option<Hole>,
    /// Set where all is given up.
    pub stop: AtomicBool,
    /// Numbers that are done.
    pub done: AtomicU64,
}

/// Consecutive numbers, by their magnitudes.
#[derive(Clone, Copy, Debug)]
pub(super) struct NumberRange {
    pub numbers: Numbers,
    pub first: u32,
    pub last: u32,
}

/// The work that a range has left, and its counts so far.
pub(super) struct UlpSearch<'a> {
    trial: &'a Trial<'a>,
    numbers: Numbers,
    work: u32,
    counts: Counts,
}

/// Where the error of a number belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Bin {
    bin: usize,
    is_misrounded: bool,
}

impl<'a> UlpSearch<'a> {
    /// The errors of a range; `None` where all was given up.
    pub(super) fn run(trial: &'a Trial<'a>, range: NumberRange) -> Result<Option<Counts>, Error> {
        use std::sync::atomic::Ordering::Relaxed;
        let mut search =
            Self { trial, numbers: range.numbers, work: MOST_WORK, counts: Counts::default() };
        let mut parts = vec![(range.first, range.last)];
        while let Some((first, last)) = parts.pop() {
            if trial.stop.load(Relaxed) {
                return Ok(None);
            }
            let before = search.counts.count;
            if last - first < FEW {
                for magnitude in first..=last {
                    search.settle(magnitude)?;
                }
            } else if !search.batches(first, last)? {
                let middle = first + (last - first) / 2;
                parts.extend([(middle + 1, last), (first, middle)]);
            }
            trial.done.fetch_add(search.counts.count - before, Relaxed);
        }
        Ok(Some(search.counts))
    }

    fn spend(&mut self, x: f64) -> Result<(), Error> {
        self.work = self.work.checked_sub(1).ok_or_else(|| {
            let reason = format!(
                "near x = {x:?} the function's values are too costly to be settled number by number; choose a \
                 range without that point"
            );
            Error::Choice { option: "on", reason }
        })?;
        Ok(())
    }

    /// The errors of a range by a model; false where it is to be halved.
    fn batches(&mut self, first: u32, last: u32) -> Result<bool, Error> {
        let numbers = self.numbers;
        let (near, far) = (numbers.number(first), numbers.number(last));
        self.spend(near)?;
        let (low, high) = (near.min(far), near.max(far));
        let Some(model) = Model::new(self.trial, low, high) else { return Ok(false) };
        let values = model.values(low, high);
        let is_monotone = model.is_monotone(low, high);
        let one = numbers.binade(values.low) == numbers.binade(values.high);
        if !one && !is_monotone {
            return Ok(false);
        }
        let mut batches = Vec::new();
        let mut start = first;
        while start <= last {
            let binade = if one {
                numbers.binade(values.low)
            } else {
                self.binade(&model, numbers.number(start))?
            };
            let end = if one { last } else { self.last_of(&model, binade, start, last)? };
            let Some(batch) = Prepared::new(&model, numbers, binade, start, end) else {
                return Ok(false);
            };
            batches.push(batch);
            start = end + 1;
        }
        for batch in &batches {
            let found = Level::best().apply(batch.work(self.trial.program, numbers));
            let count = found.counts.count;
            self.counts.merge(&found.counts);
            for run in found.open {
                self.run_of(&model, is_monotone, run)?;
            }
            debug_assert_eq!(count, u64::from(batch.last - batch.first) + 1);
        }
        Ok(true)
    }

    /// The last magnitude from `first` to `last` whose value is in a binade, that of `first`.
    fn last_of(&self, model: &Model, binade: i32, first: u32, last: u32) -> Result<u32, Error> {
        if self.binade(model, self.numbers.number(last))? == binade {
            return Ok(last);
        }
        let (mut inside, mut outside) = (first, last);
        while outside - inside > 1 {
            let middle = inside + (outside - inside) / 2;
            if self.binade(model, self.numbers.number(middle))? == binade {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        Ok(inside)
    }

    /// The binade of the function's value at `x`.
    fn binade(&self, model: &Model, x: f64) -> Result<i32, Error> {
        let values = model.value(x).to_interval64();
        self.binade_of(Some(model), x, values)
    }

    fn binade_of(&self, model: Option<&Model>, x: f64, values: Interval64) -> Result<i32, Error> {
        let numbers = self.numbers;
        let (mut binade, highest) = (numbers.binade(values.low), numbers.binade(values.high));
        while binade < highest {
            let (end, included) = numbers.upper_end(binade);
            let place = self.compare(model, x, &[end])?;
            if place == Ordering::Less || place == Ordering::Equal && !included {
                break;
            }
            binade += 1;
        }
        Ok(binade)
    }

    /// Compares the function's value at `x` with a sum of doubles.
    fn compare(&self, model: Option<&Model>, x: f64, level: &[f64]) -> Result<Ordering, Error> {
        if let Some(place) = model.and_then(|model| model.compare(x, level)) {
            return Ok(place);
        }
        let level: Exact = level.iter().fold(exactly(0.0), |sum, part| sum + exactly(*part)).into();
        for bits in BITS {
            let a = Certified::new(bits);
            let value = value_at(&a, self.trial.function, x).ok_or(Error::Unbounded { near: x })?;
            if let Some(place) = a.sign(&a.subtract(&value, &a.exact(&level))) {
                return Ok(place);
            }
        }
        let what = format!("on which side of a tie the function's value at x = {x:?} lies");
        Err(Error::Undecided { what, bits: BITS[2], unbounded: false })
    }

    /// Counts a run: by its ends and by halves where the function does not turn.
    fn run_of(&mut self, model: &Model, is_monotone: bool, run: Run) -> Result<(), Error> {
        let mut runs = vec![run];
        while let Some(run) = runs.pop() {
            let Run { first, last, value } = run;
            let place = self.place(Some(model), first, value)?;
            let same = if first == last {
                true
            } else {
                is_monotone && {
                    let other = self.place(Some(model), last, value)?;
                    other == place && self.is_on_one_side(model, run)?
                }
            };
            if same {
                let count = u64::from(last - first) + 1;
                self.counts.histogram[place.bin] += count;
                self.counts.odd_ties +=
                    if place.is_misrounded && place.bin == 0 { count } else { 0 };
            } else {
                let middle = first + (last - first) / 2;
                runs.push(Run { first: middle + 1, last, value });
                runs.push(Run { first, last: middle, value });
            }
        }
        Ok(())
    }

    /// Whether the function's values at the ends of a run are both above or both below the program's.
    fn is_on_one_side(&self, model: &Model, run: Run) -> Result<bool, Error> {
        let side =
            |magnitude| self.compare(Some(model), self.numbers.number(magnitude), &[run.value]);
        Ok(side(run.first)? == side(run.last)?)
    }

    /// Counts one number.
    fn settle(&mut self, magnitude: u32) -> Result<(), Error> {
        let x = self.numbers.number(magnitude);
        self.spend(x)?;
        let y = self.trial.program.evaluate(x, self.numbers.format);
        let beyond = self.numbers.beyond();
        let y = if y.is_infinite() { beyond.copysign(y) } else { y };
        self.counts.count += 1;
        if y.is_nan() {
            self.counts.histogram[bin(y)] += 1;
            self.counts.see(f64::NAN, x);
            return Ok(());
        }
        let (place, error) = self.place_and_error(None, magnitude, y)?;
        self.counts.histogram[place.bin] += 1;
        self.counts.odd_ties += u64::from(place.is_misrounded && place.bin == 0);
        self.counts.see(error, x);
        Ok(())
    }

    fn place(&self, model: Option<&Model>, magnitude: u32, y: f64) -> Result<Bin, Error> {
        Ok(self.place_and_error(model, magnitude, y)?.0)
    }

    /// Where the error of a number belongs, and a bound of it in ulp.
    fn place_and_error(
        &self,
        model: Option<&Model>,
        magnitude: u32,
        y: f64,
    ) -> Result<(Bin, f64), Error> {
        let numbers = self.numbers;
        let x = numbers.number(magnitude);
        let values = if let Some(model) = model {
            model.value(x).to_interval64()
        } else {
            let a = Certified::new(BITS[0]);
            let value = value_at(&a, self.trial.function, x).ok_or(Error::Unbounded { near: x })?;
            Interval64::around(&a.enclose(&value))
        };
        let binade = self.binade_of(model, x, values)?;
        let ulp = numbers.ulp(binade);
        let is_beyond = numbers.is_beyond(binade);
        let values = if is_beyond {
            Interval64::point(numbers.beyond().copysign(f64::from(binade)))
        } else {
            values
        };
        let difference = values.subtract(Interval64::point(y));
        // Exact, but for differences that are far below an ulp.
        let errors = [difference.mignitude(), difference.magnitude()].map(|d| d / ulp);
        let (mut own, highest) = (bin(errors[0]), bin(errors[1].next_up()));
        let mut is_tie = false;
        while own < highest && !is_beyond {
            let edge = 2f64.powi(own as i32 - 1) * ulp;
            let above = self.compare(model, x, &[y, edge])?;
            let below = self.compare(model, x, &[y, -edge])?;
            if above != Ordering::Greater && below != Ordering::Less {
                is_tie = own == 0 && (above == Ordering::Equal || below == Ordering::Equal);
                break;
            }
            own += 1;
        }
        let is_misrounded = own > 0 || is_tie && numbers.is_odd(y);
        Ok((Bin { bin: own, is_misrounded }, errors[1].next_up()))
    }
}

/// A batch with its coefficients.
struct Prepared {
    first: u32,
    last: u32,
    center: f64,
    scale: f64,
    coefficients: Vec<f64>,
    inverse_ulp: f64,
    error: f64,
}

impl Prepared {
    /// The batch of a model from one magnitude to another, whose values all have the same binade; `None`
    /// where the model is not accurate enough.
    fn new(model: &Model, numbers: Numbers, binade: i32, first: u32, last: u32) -> Option<Self> {
        let inverse_ulp = 1.0 / numbers.ulp(binade);
        let Model { center, scale, .. } = *model;
        let batch = |coefficients, error| {
            // Never zero, so that no error is taken for a tie.
            let error = f64::max(error * inverse_ulp * (1.0 + 1e-9), f64::MIN_POSITIVE);
            let batch = Self { first, last, center, scale, coefficients, inverse_ulp, error };
            (batch.error <= INACCURATE).then_some(batch)
        };
        if numbers.is_beyond(binade) {
            return batch(vec![numbers.beyond().copysign(f64::from(binade))], 0.0);
        }
        let (x, y) = (numbers.number(first), numbers.number(last));
        let reach = model.reach(x.min(y), x.max(y));
        // Each sum and product below is rounded a few dozen times: far less than what is added here.
        let up = 1.0 + 1e-12;
        let mut powers = vec![1.0];
        for k in 1..model.coefficients.len() {
            powers.push(powers[k - 1] * reach * up);
        }
        let size = |k: usize| model.coefficients[k].magnitude() * powers[k] * up;
        let last_degree = model.coefficients.len() - 1;
        let mut degree = last_degree;
        let mut left_out = 0.0;
        while degree > 0 {
            let with = (left_out + size(degree)) * up;
            // The remainder is no number: it is left out in any case.
            if degree < last_degree && with * inverse_ulp > NEGLIGIBLE {
                break;
            }
            (degree, left_out) = (degree - 1, with);
        }
        let coefficients: Vec<f64> =
            model.coefficients[..=degree].iter().map(|a| a.middle()).collect();
        let off = |k: usize| {
            let Interval64 { low, high } = model.coefficients[k];
            (high - coefficients[k]).max(coefficients[k] - low).next_up() * powers[k]
        };
        let own: f64 = (0..=degree).map(off).sum();
        let terms: f64 = (1..=degree).map(size).sum();
        let unit = f64::EPSILON / 2.0;
        let rounding = (3 * degree + 2 + 3) as f64 * unit * terms;
        // Products in Horner's rule may be subnormal.
        let underflow = 16.0 * f64::MIN_POSITIVE * f64::EPSILON;
        batch(coefficients, (own + left_out + rounding + underflow) * (1.0 + 1e-9))
    }

    fn work<'a>(&'a self, program: &'a Program, numbers: Numbers) -> Batch<'a> {
        Batch {
            numbers,
            first: self.first,
            count: (self.last - self.first) as usize + 1,
            program,
            coefficients: &self.coefficients,
            center: self.center,
            scale: self.scale,
            inverse_ulp: self.inverse_ulp,
            error: self.error,
            beyond: numbers.beyond(),
        }
    }
}
