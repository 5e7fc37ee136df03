//! What rounding costs where a Taylor polynomial is evaluated in floating point.
//!
//! The errors for all arguments of a piece are bounded by [`running`]; the piece with the largest bound
//! is halved until that is near what its points have.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::bound::ErrorBound;
use super::difference::{Work, rational};
use super::enclosure::enclose;
use super::running::{self, sum};
use crate::function::Function;
use crate::number::{Arithmetic, Certified, Format, Interval64, Value, power_of_two};
use crate::program::{Program, Scheme};
use crate::series::{self, Error, Series};

/// The search ends when the bound is this close to the same bound at a point.
const TIGHTNESS: f64 = 1.02;

/// Operations on intervals of doubles that it may take.
const MOST_WORK: u64 = 8_000_000;

/// Points at which the polynomial is evaluated.
const SAMPLES: usize = 24;

/// Bits of the function at those points.
const BITS: usize = 192;

impl Series {
    /// A certified upper bound of `|f(x) - y|` for every `x` of a floating-point format with
    /// `low <= x <= high`, where `y` is the polynomial evaluated in that format: what
    /// [`Series::error_bound`] bounds, and the rounding errors.
    ///
    /// It holds for Horner's rule in arithmetic of the format or of a wider one, rounded to nearest,
    /// with multiplications and additions apart or fused, from coefficients and an expansion point
    /// rounded to the format or a wider one. So it holds for [`Series::evaluate`] (in `f64`), and for
    /// [`fn@crate::expand`] with [`Kind::Sum`](crate::Kind::Sum), no scale and no shift, into an array of
    /// the format: that is Horner's rule in the format (`f16` and `bf16` in `f32`, rounded at the end).
    /// Where the evaluation may overflow the bound is infinite.
    ///
    /// [`ErrorBound::sampled`] is an error that Horner's rule has with each operation rounded to the
    /// format.
    ///
    /// # Errors
    ///
    /// As [`Series::error_bound`].
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Format, taylor};
    ///
    /// // At -40 the polynomial is exp to 9 digits, and its terms are as large as 1e16.
    /// let exp = taylor("exp(x)", 123, "0")?;
    /// assert!(exp.error_bound(-40.0, 0.0)?.bound < 1e-8);
    /// let rounded = exp.error_bound_in(-40.0, 0.0, Format::F64)?;
    /// assert!(rounded.sampled > 1.0 && rounded.bound < 200.0);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn error_bound_in(&self, low: f64, high: f64, format: Format) -> Result<ErrorBound, Error> {
        let exact = self.error_bound(low, high)?;
        let program = self.program(Scheme::Horner);
        let evaluation = Evaluation { function: self.function(), program: &program, format };
        Ok(evaluation.bound(exact, (low, high), self.at_f64()))
    }

    /// A certified upper bound of the rounding errors alone, where [`Series::error_bound_in`] adds the
    /// polynomial's own error: infinite where the evaluation may overflow.
    ///
    /// One evaluation in interval arithmetic, so that it is tight on short ranges only.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Format, taylor};
    ///
    /// let exp = taylor("exp(x)", 100, "0")?;
    /// assert!(exp.rounding_bound(-0.1, 0.1, Format::F64) < 1e-15);
    /// assert!(exp.rounding_bound(-30.1, -30.0, Format::F64) > 1e-4);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn rounding_bound(&self, low: f64, high: f64, format: Format) -> f64 {
        running::rounding(&self.program(Scheme::Horner), format, low, high)
    }
}

/// A function, and a program that evaluates its polynomial in a format.
pub(crate) struct Evaluation<'a> {
    /// Where it is `None`, no error is sampled.
    pub function: Option<&'a Function>,
    pub program: &'a Program,
    pub format: Format,
}

/// A piece of the range and a bound of the rounding errors on it.
struct Piece {
    bound: f64,
    low: f64,
    high: f64,
}

impl PartialEq for Piece {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Piece {}

impl PartialOrd for Piece {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Piece {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

impl Evaluation<'_> {
    /// The error of the evaluation from the polynomial's own, with an error that it has. The range is
    /// split at `at`, where the terms are smallest.
    pub(crate) fn bound(&self, exact: ErrorBound, (low, high): (f64, f64), at: f64) -> ErrorBound {
        let (rounding, mut places) = self.largest((low, high), at);
        places.extend([exact.at, low, high, at]);
        let mut found =
            ErrorBound { bound: total(exact.bound, rounding), sampled: 0.0, at: exact.at };
        for x in places.into_iter().filter_map(|x| self.nearest(x, low, high)) {
            let error = self.error_at(x);
            if error > found.sampled {
                (found.sampled, found.at) = (error, x);
            }
        }
        found
    }

    /// The largest rounding error on a range, as an upper bound, and where it was looked at last.
    pub(crate) fn largest(&self, (low, high): (f64, f64), at: f64) -> (f64, Vec<f64>) {
        let work = Work::new(MOST_WORK);
        let terms = self.program.sum.as_ref().map_or(0, |sum| sum.coefficients.len() as u64);
        let cost = 4 * self.program.steps.len() as u64 + terms * terms + 32;
        let mut queue = BinaryHeap::new();
        let mut at_point = 0f64;
        let mut seen: Vec<(f64, f64)> = Vec::new();
        let mut push = |queue: &mut BinaryHeap<Piece>, low: f64, high: f64, known: f64| {
            work.spend(2 * cost);
            let middle = low.midpoint(high);
            let here = self.rounding(middle, middle);
            at_point = at_point.max(here);
            seen.push((here, middle));
            queue.push(Piece { bound: self.rounding(low, high).min(known), low, high });
            at_point
        };
        if low < at && at < high {
            push(&mut queue, low, at, f64::INFINITY);
            push(&mut queue, at, high, f64::INFINITY);
        } else {
            push(&mut queue, low, high, f64::INFINITY);
        }
        let mut reached = push(&mut queue, low, low, f64::INFINITY);
        reached = reached.max(push(&mut queue, high, high, f64::INFINITY));
        let mut bound = 0.0;
        while let Some(piece) = queue.pop() {
            bound = piece.bound;
            let middle = piece.low.midpoint(piece.high);
            let atom = middle <= piece.low || middle >= piece.high;
            if piece.bound <= TIGHTNESS * reached || atom || work.is_spent() {
                break;
            }
            reached = push(&mut queue, piece.low, middle, piece.bound);
            reached = reached.max(push(&mut queue, middle, piece.high, piece.bound));
        }
        seen.sort_by(|a, b| b.0.total_cmp(&a.0));
        seen.truncate(SAMPLES);
        (bound, seen.into_iter().map(|(_, x)| x).collect())
    }

    fn rounding(&self, low: f64, high: f64) -> f64 {
        running::rounding(self.program, self.format, low, high)
    }

    /// The number of the format near `x` that lies in the range.
    fn nearest(&self, x: f64, low: f64, high: f64) -> Option<f64> {
        let near = self.format.round(x);
        // A step of twice the largest error of rounding leads to a neighbour.
        let step =
            2.0 * (near.abs() * self.format.unit()).max(power_of_two(self.format.lowest()) / 2.0);
        let beside = [near, self.format.round(near + step), self.format.round(near - step)];
        beside.into_iter().find(|x| low <= *x && *x <= high && x.is_finite())
    }

    /// A lower bound of the error of the evaluation at a number of the format.
    fn error_at(&self, x: f64) -> f64 {
        let y = self.program.evaluate(x, self.format);
        if !y.is_finite() {
            return f64::INFINITY;
        }
        let Some(function) = self.function else { return 0.0 };
        let a = Certified::new(BITS);
        let along = [a.add(&a.at_most(0.0), &rational(x)), Value::Exact(0.into())];
        match series::coefficients(&a, function, &along, 0) {
            Ok(value) => Interval64::around(&a.enclose(&a.subtract(&value[0], &rational(y)))),
            Err(_) => enclose(function, Interval64::point(x)).subtract(Interval64::point(y)),
        }
        .mignitude()
    }
}

/// A polynomial's error and that of its rounding, together.
pub(crate) fn total(exact: f64, rounding: f64) -> f64 {
    sum([exact, rounding])
}
