//! Breakpoints between which the errors of best polynomials are nearly equal.
//!
//! Where errors fall with the width to the power `degree + 1`, the `(degree + 1)`-th root of a piece's
//! error is the integral over it of a density (de Boor, *A Practical Guide to Splines*, ch. XII); the
//! breakpoints share it out equally, and the next errors correct it.

use super::kink::{kinks, plainer};
use super::method::{check_values, estimate};
use super::problem::Problem;
use super::{Choice, Coefficients, LARGEST_PIECES, unfit};
use crate::cancel::checkpoint;
use crate::function::Function;
use crate::number::interval;
use crate::series::{Error, Series};

/// Rounds that move breakpoints, and the ratio of the largest to the smallest error at which they end.
const MOST_ROUNDS: usize = 16;
const BALANCED: f64 = 1.01;

/// Errors below this part of the largest are no longer told apart.
const FLOOR: f64 = 1e-9;

/// Times that pieces are shared out among the parts between kinks.
const SHARES: usize = 3;

/// How far below the tolerance the errors of greedily chosen pieces lie, and the trials for each.
const BELOW: f64 = 0.996;
const FILLED: f64 = 0.97;
const MOST_TRIALS: usize = 24;

/// What is cut into pieces.
pub(super) struct Partition<'a> {
    anchor: &'a Series,
    function: &'a Function,
    degree: usize,
    choice: Choice,
}

/// Pieces of a part of the range: one more place than errors.
#[derive(Clone)]
struct Pieces {
    places: Vec<f64>,
    errors: Vec<f64>,
}

impl Pieces {
    fn largest(&self) -> f64 {
        self.errors.iter().copied().fold(0.0, f64::max)
    }

    fn count(&self) -> usize {
        self.errors.len()
    }
}

impl<'a> Partition<'a> {
    pub(super) fn new(anchor: &'a Series, degree: usize, choice: &Choice) -> Result<Self, Error> {
        let choice = Choice { coefficients: Coefficients::Exact, ..choice.clone() };
        Ok(Self { anchor, function: anchor.expanded()?.function(), degree, choice })
    }

    /// The error of the best polynomial between two points, or about that.
    fn error(&self, low: f64, high: f64) -> Result<f64, Error> {
        checkpoint();
        let ranges = [(low, high)];
        let problem = Problem::new(self.anchor, self.degree, &ranges, &self.choice, &[])?;
        check_values(&problem)?;
        if problem.itself().is_some() { Ok(0.0) } else { estimate(&problem) }
    }

    /// The ends and breakpoints of `count` pieces.
    pub(super) fn places(&self, range: (f64, f64), count: usize) -> Result<Vec<f64>, Error> {
        let whole = self.balanced(range, count)?;
        let parts = self.parts(range);
        if parts.len() < 2 || parts.len() > count {
            return Ok(whole.places);
        }
        let parts = self.shared(&parts, count)?;
        let largest = parts.iter().map(Pieces::largest).fold(0.0, f64::max);
        if largest > whole.largest() {
            return Ok(whole.places);
        }
        let mut places = vec![range.0];
        for part in parts {
            places.extend(&part.places[1..]);
        }
        Ok(places)
    }

    /// The parts of a range between kinks.
    fn parts(&self, (low, high): (f64, f64)) -> Vec<(f64, f64)> {
        let mut places = vec![low];
        places.extend(kinks(self.function, (low, high)).into_iter().map(plainer));
        places.retain(|x| low <= *x && *x < high);
        places.push(high);
        places.dedup();
        places.windows(2).map(|pair| (pair[0], pair[1])).collect()
    }

    /// Pieces of each part, shared out so that the largest error is small.
    fn shared(&self, parts: &[(f64, f64)], count: usize) -> Result<Vec<Pieces>, Error> {
        let single = |&part: &(f64, f64)| self.balanced(part, 1);
        let mut current: Vec<Pieces> = parts.iter().map(single).collect::<Result<_, _>>()?;
        let mut best: Option<Vec<Pieces>> = None;
        for _ in 0..SHARES {
            // Errors fall with the power degree + 1 of the number of pieces, or about so.
            let after = |pieces: &Pieces, count: usize| {
                let ratio = pieces.count() as f64 / count as f64;
                pieces.largest() * ratio.powi(self.degree as i32 + 1)
            };
            let mut counts = vec![1; parts.len()];
            for _ in parts.len()..count {
                let next = (0..parts.len()).max_by(|&i, &j| {
                    after(&current[i], counts[i]).total_cmp(&after(&current[j], counts[j]))
                });
                counts[next.unwrap_or(0)] += 1;
            }
            if counts.iter().zip(&current).all(|(count, pieces)| *count == pieces.count()) {
                break;
            }
            for ((part, pieces), &count) in parts.iter().zip(&mut current).zip(&counts) {
                if pieces.count() != count {
                    *pieces = self.balanced(*part, count)?;
                }
            }
            let largest = |parts: &[Pieces]| parts.iter().map(Pieces::largest).fold(0.0, f64::max);
            if best.as_ref().is_none_or(|best| largest(&current) < largest(best)) {
                best = Some(current.clone());
            }
        }
        Ok(best.unwrap_or(current))
    }

    /// `count` pieces of one part.
    fn balanced(&self, (low, high): (f64, f64), count: usize) -> Result<Pieces, Error> {
        let even = |i: usize| low + (high - low) * (i as f64 / count as f64);
        let mut places: Vec<f64> = (0..count).map(even).collect();
        places.push(high);
        let mut best: Option<Pieces> = None;
        for _ in 0..MOST_ROUNDS {
            if places.windows(2).any(|pair| pair[0] >= pair[1]) {
                break;
            }
            let errors = places.windows(2).map(|pair| self.error(pair[0], pair[1]));
            let errors = errors.collect::<Result<Vec<_>, _>>()?;
            let pieces = Pieces { places: places.clone(), errors };
            let largest = pieces.largest();
            let smallest = pieces.errors.iter().copied().fold(f64::INFINITY, f64::min);
            let power = 1.0 / (self.degree as f64 + 1.0);
            let shares: Vec<f64> =
                pieces.errors.iter().map(|e| e.max(largest * FLOOR).powf(power)).collect();
            if best.as_ref().is_none_or(|best| largest < best.largest()) {
                best = Some(pieces);
            }
            if count == 1 || largest <= BALANCED * smallest || largest == 0.0 {
                break;
            }
            places = equal_shares(&places, &shares);
        }
        let tight =
            || unfit("pieces", format!("{} has no room for {count} pieces", interval((low, high))));
        best.ok_or_else(tight)
    }

    /// How many pieces it takes to stay within a tolerance, each as wide as it can be.
    pub(super) fn count(&self, range: (f64, f64), tolerance: f64) -> Result<usize, Error> {
        let mut count = 0;
        for (low, high) in self.parts(range) {
            let (mut from, mut width) = (low, high - low);
            while from < high {
                count += 1;
                if count > LARGEST_PIECES {
                    let reason = format!(
                        "more than {LARGEST_PIECES} pieces of degree {} would be needed for {tolerance:?}: raise the \
                         degree or the tolerance",
                        self.degree
                    );
                    return Err(unfit("pieces", reason));
                }
                width = self.widest(from, high, width, tolerance * BELOW)?;
                from = if from + width >= high { high } else { from + width };
            }
        }
        Ok(count)
    }

    /// The width of the widest piece from a point on whose error is within a goal, or about that.
    fn widest(&self, from: f64, end: f64, guess: f64, goal: f64) -> Result<f64, Error> {
        let (mut fits, mut fails) = (0.0, f64::INFINITY);
        let mut width = guess;
        let power = 1.0 / (self.degree as f64 + 1.0);
        for _ in 0..MOST_TRIALS {
            width = width.min(end - from);
            let high = if from + width >= end { end } else { from + width };
            if high <= from {
                break;
            }
            let error = self.error(from, high)?;
            if error <= goal {
                fits = width;
                if high == end || error >= FILLED * goal {
                    break;
                }
            } else {
                fails = width;
            }
            let factor = (0.99 * goal / error).powf(power).clamp(0.05, 20.0);
            width *= factor;
            if width <= fits || width >= fails {
                width = if fails.is_finite() { fits / 2.0 + fails / 2.0 } else { 2.0 * fits };
            }
        }
        if fits > 0.0 {
            return Ok(fits);
        }
        let reason = format!(
            "no piece from x = {from:?} on is within the error {goal:e}: raise the tolerance"
        );
        Err(unfit("pieces", reason))
    }
}

/// Breakpoints between which the shares, spread evenly over each piece, are equal.
fn equal_shares(places: &[f64], shares: &[f64]) -> Vec<f64> {
    let count = shares.len();
    let total: f64 = shares.iter().sum();
    let mut moved = vec![places[0]];
    let (mut piece, mut before) = (0, 0.0);
    for i in 1..count {
        let goal = total * i as f64 / count as f64;
        while piece + 1 < count && before + shares[piece] < goal {
            before += shares[piece];
            piece += 1;
        }
        let part = ((goal - before) / shares[piece]).clamp(0.0, 1.0);
        moved.push(places[piece] + (places[piece + 1] - places[piece]) * part);
    }
    moved.push(places[count]);
    moved
}
