//! What rounding costs where a Taylor polynomial is evaluated in floating point.
//!
//! A running error analysis of Horner's rule (Higham, *Accuracy and Stability of Numerical
//! Algorithms*, 2nd ed., section 5.1), in interval arithmetic on pieces of the range. With
//! `s_k = s_(k+1) t + a_k`, computed as `s'_k` from rounded `a'_k` and `t'`:
//!
//! ```text
//! |s'_k - s_k| <= |s'_(k+1) - s_(k+1)| |t'| + |s_(k+1)| |t' - t| + |a'_k - a_k|
//!                 + u |s'_(k+1) t'| + u |s'_k| + eta
//! ```
//!
//! with the unit roundoff `u` and, for underflow, half the smallest positive number `eta`. The piece
//! with the largest bound is halved until that is near what its points have.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::bound::ErrorBound;
use super::difference::{Work, rational, rounded};
use super::enclosure::enclose;
use crate::number::{Arithmetic, Certified, Interval64, Rational, Value};
use crate::series::{self, Error, Series};

/// The search ends when the bound is this close to the same bound at a point.
const TIGHTNESS: f64 = 1.02;

/// Operations on intervals of doubles that it may take.
const MOST_WORK: u64 = 8_000_000;

/// Points at which the polynomial is evaluated.
const SAMPLES: usize = 24;

/// Bits of the function at those points.
const BITS: usize = 192;

/// A floating-point format in which a polynomial is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// IEEE binary32, `f32`: 24 significant bits.
    F32,
    /// IEEE binary64, `f64`: 53 significant bits.
    F64,
}

impl Format {
    /// The largest relative error of a rounding to nearest.
    fn unit(self) -> f64 {
        match self {
            Self::F32 => 2f64.powi(-24),
            Self::F64 => 2f64.powi(-53),
        }
    }

    /// Its largest error below the normal numbers, at least.
    fn eta(self) -> f64 {
        match self {
            Self::F32 => 2f64.powi(-150),
            Self::F64 => f64::from_bits(1),
        }
    }

    fn largest(self) -> f64 {
        match self {
            Self::F32 => f32::MAX.into(),
            Self::F64 => f64::MAX,
        }
    }

    fn round(self, x: f64) -> f64 {
        match self {
            Self::F32 => f64::from(x as f32),
            Self::F64 => x,
        }
    }
}

impl Series {
    /// A certified upper bound of `|f(x) - y|` for every `x` of a floating-point format with
    /// `low <= x <= high`, where `y` is the polynomial evaluated in that format: what
    /// [`Series::error_bound`] bounds, and the rounding errors.
    ///
    /// It holds for Horner's rule in arithmetic of the format or of a wider one, rounded to nearest,
    /// with multiplications and additions apart or fused, from coefficients and an expansion point
    /// rounded to the format or a wider one. So it holds for [`Series::evaluate`] (in `f64`), and for
    /// [`fn@crate::expand`] with [`Kind::Sum`](crate::Kind::Sum), no scale and no shift: that computes
    /// in `f64` and rounds once, so that in `f32` its errors are usually far smaller. Where the
    /// evaluation may overflow the bound is infinite.
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
        let horner = Horner::new(self, format);
        let (rounding, mut places) = horner.largest(low, high);
        places.extend([exact.at, low, high, self.at_f64()]);
        let mut found = ErrorBound {
            bound: if rounding > 0.0 { (exact.bound + rounding).next_up() } else { exact.bound },
            sampled: 0.0,
            at: exact.at,
        };
        for x in places.into_iter().filter_map(|x| horner.nearest(x, low, high)) {
            let error = horner.error_at(x);
            if error > found.sampled {
                (found.sampled, found.at) = (error, x);
            }
        }
        Ok(found)
    }
}

/// The polynomial as it is evaluated, and how far that is from the exact one.
struct Horner<'a> {
    series: &'a Series,
    format: Format,
    /// Enclosures of the exact coefficients, and the largest error of their roundings.
    coefficients: Vec<(Interval64, f64)>,
    point: Interval64,
    /// The largest error of the rounded expansion point.
    displaced: f64,
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

impl<'a> Horner<'a> {
    fn new(series: &'a Series, format: Format) -> Self {
        let coefficient = |(degree, &a): (usize, &f64)| {
            let exact = series.exact(degree).and_then(|exact| exact.as_rational());
            let enclosure = match exact {
                Some(rational) if Rational::try_from(a).is_ok_and(|a| a == *rational) => {
                    Interval64::point(a)
                }
                _ => rounded(a),
            };
            let off = |a: f64| enclosure.subtract(Interval64::point(a)).magnitude();
            // The double itself may be evaluated, or its rounding to the format.
            let error = off(a).max(off(format.round(a)));
            (enclosure, if format.round(a).is_finite() { error } else { f64::INFINITY })
        };
        let coefficients = series.coefficients().iter().enumerate().map(coefficient).collect();
        let (point, at) = (series.enclosed_point(), series.at_f64());
        let off = |at: f64| point.subtract(Interval64::point(at)).magnitude();
        let displaced = off(at).max(off(format.round(at)));
        Self { series, format, coefficients, point, displaced }
    }

    /// A bound of the rounding errors for every x from `low` to `high`.
    fn rounding(&self, low: f64, high: f64) -> f64 {
        let (unit, eta, largest) = (self.format.unit(), self.format.eta(), self.format.largest());
        let t = Interval64::between(low, high).subtract(self.point);
        let away = sum([t.magnitude(), self.displaced]);
        // x - 0 is exact.
        let shifts = self.displaced > 0.0 || self.series.at_f64() != 0.0;
        let t_error = if shifts { sum([self.displaced, product(unit, away)]) } else { 0.0 };
        let t_size = sum([away, t_error]);
        let Some(((first, first_error), rest)) = self.coefficients.split_last() else { return 0.0 };
        let (mut exact, mut error) = (*first, *first_error);
        if t_size.is_nan() || t_size > largest || error == f64::INFINITY {
            return f64::INFINITY;
        }
        for (a, a_error) in rest.iter().rev() {
            let size = sum([exact.magnitude(), error]);
            let multiplied = product(size, t_size);
            let carried = sum([product(error, t_size), product(exact.magnitude(), t_error)]);
            let inexact =
                if multiplied == 0.0 { 0.0 } else { sum([product(unit, multiplied), eta]) };
            exact = exact.multiply(t).add(*a);
            let before = sum([carried, inexact, *a_error]);
            let added = sum([exact.magnitude(), before]);
            error = sum([before, product(unit, added)]);
            if !(multiplied + inexact < largest && added + error < largest) {
                return f64::INFINITY;
            }
        }
        if self.format == Format::F32 {
            // Where doubles are rounded once at the end: their own last rounding, and underflow.
            let last = sum([exact.magnitude(), error]);
            error = sum([error, product(2f64.powi(-52), last), eta]);
        }
        error
    }

    /// The largest rounding error on a range, as an upper bound, and where it was looked at last.
    fn largest(&self, low: f64, high: f64) -> (f64, Vec<f64>) {
        let work = Work::new(MOST_WORK);
        let cost = 8 * self.coefficients.len() as u64 + 32;
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
        let at = self.series.at_f64();
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

    /// The number of the format near `x` that lies in the range.
    fn nearest(&self, x: f64, low: f64, high: f64) -> Option<f64> {
        let near = match self.format {
            Format::F64 => [x; 3],
            Format::F32 => {
                let near = x as f32;
                [near, near.next_up(), near.next_down()].map(f64::from)
            }
        };
        near.into_iter().find(|x| low <= *x && *x <= high && x.is_finite())
    }

    /// A lower bound of the error of the evaluation at a number of the format.
    fn error_at(&self, x: f64) -> f64 {
        let (at, coefficients) = (self.series.at_f64(), self.series.coefficients());
        let y = match self.format {
            Format::F64 => self.series.evaluate(x),
            Format::F32 => {
                let t = x as f32 - at as f32;
                coefficients.iter().rev().fold(0f32, |sum, a| sum * t + *a as f32).into()
            }
        };
        if !y.is_finite() {
            return f64::INFINITY;
        }
        let (a, function) = (Certified::new(BITS), self.series.function());
        let along = [a.add(&a.at_most(0.0), &rational(x)), Value::Exact(0.into())];
        match series::coefficients(&a, function, &along, 0) {
            Ok(value) => Interval64::around(&a.enclose(&a.subtract(&value[0], &rational(y)))),
            Err(_) => enclose(function, Interval64::point(x)).subtract(Interval64::point(y)),
        }
        .mignitude()
    }
}

/// The sum of numbers that are not negative, rounded up.
fn sum<const N: usize>(terms: [f64; N]) -> f64 {
    let add = |sum: f64, x: f64| {
        if x == 0.0 {
            sum
        } else if sum == 0.0 {
            x
        } else {
            (sum + x).next_up()
        }
    };
    terms.into_iter().fold(0.0, add)
}

/// The product of numbers that are not negative, rounded up.
fn product(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { (a * b).next_up() }
}
