//! How far a Taylor polynomial is from its function on a real range.
//!
//! `|f - T|` is bounded by branch and bound: [`Difference`] encloses it on a piece of the range by
//! a polynomial. Where that is monotone, the ends decide. The piece with the largest bound is
//! halved until that bound is within [`TIGHTNESS`] of a value that `|f - T|` certainly takes.
//!
//! Nothing is asked of the radius of convergence: the function has to be finite on the range.
//! Limits count operations, so the same question has the same answer on every machine.

use std::cell::{Cell, OnceCell};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::difference::{Center, Difference, Measure, PRECISIONS, Subject, Work};
use super::enclosure::enclose;
use super::form::{Basis, Form};
use super::pole::{plainest, pole};
use super::quotient::{Measured, Quotient};
use super::region::Region;
use crate::number::{Certified, Interval64, Outward64, Rational};
use crate::series::{Error, Expanded, Series};

/// The search ends when the bound is this close to a value that is taken.
const TIGHTNESS: f64 = 1.002;

/// Halvings of a piece within one expansion.
const QUOTIENT_HALVINGS: u32 = 5;

/// Operations on intervals of doubles that a search may take; then the bound is wider. About a
/// second.
const MOST_WORK: u64 = 80_000_000;

/// The width of a piece that is not halved any more, as a part of the range.
const SMALLEST_PIECE: f64 = 1.0 / (1u64 << 48) as f64;

/// The width of a piece, as a part of the range, on which poles are looked for if there is no bound yet.
const NARROW: f64 = 1.0 / (1u64 << 12) as f64;

/// A bound so far above a value that is taken is compared with that of the plain values.
const POOR: f64 = 16.0;

/// The most parts of a profile.
const MOST_PARTS: usize = 1 << 16;

/// A part of a profile is done when its bound is this close to a value that is taken there, or
/// below the largest error by this factor, or after that many halvings.
const PROFILE_TIGHTNESS: f64 = 1.1;
const PROFILE_FLOOR: f64 = 1e-14;
const PROFILE_HALVINGS: u32 = 6;

/// How far a Taylor polynomial is from its function on a range.
///
/// The polynomial is the one with the exact coefficients; [`Series::error_bound_in`] adds the
/// rounding errors of its evaluation in floating point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorBound {
    /// The error is nowhere on the range above this: certified.
    pub bound: f64,
    /// The largest error seen: the error is at least this somewhere, certified too.
    pub sampled: f64,
    /// Where that is.
    pub at: f64,
}

/// The error along a range, part by part; [`Series::error_profile`] makes them.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorProfile {
    /// The bound on the whole range.
    pub whole: ErrorBound,
    /// The bounds on equal parts of the range, from its lower end to its upper end.
    pub parts: Vec<ErrorBound>,
}

impl Series {
    /// A certified upper bound of `|f(x) - T(x)|` for `low <= x <= high`.
    ///
    /// Usually within 0.2% of the truth; wider, but never below it, where the search's limit of
    /// operations does not get there: [`ErrorBound::sampled`] tells.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyRange`] unless `low <= high`, both finite; [`Error::Unbounded`] where the
    /// function is not proven finite on the range; [`Error::NoFunction`] where no expression says what
    /// the function is, and it is no integral or inverse of one, nor a linear combination of these.
    ///
    /// # Examples
    ///
    /// ```
    /// let softplus = maclaurin::taylor("log(1 + exp(x))", 4, "0")?;
    /// let error = softplus.error_bound(0.0, 1.0)?;
    /// let truth = 0.000_322_6; // log(1 + e) - (log 2 + 1/2 + 1/8 - 1/192)
    /// assert!(truth <= error.bound && error.bound <= 1.01 * truth);
    /// assert_eq!(error.at, 1.0);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn error_bound(&self, low: f64, high: f64) -> Result<ErrorBound, Error> {
        match self.expanded() {
            Ok(series) => {
                bound(series, (low, high), Measure::Absolute, None, &Work::new(MOST_WORK))
            }
            Err(_) => check_range(low, high).and_then(|()| self.inherited_bound(low, high)),
        }
    }

    /// A certified upper bound of `|f(x) - T(x)| / |f(x)|` for `low <= x <= high`.
    ///
    /// # Errors
    ///
    /// As [`Series::error_bound`], and [`Error::Unbounded`] where the function has a zero that
    /// the polynomial does not share.
    ///
    /// # Examples
    ///
    /// ```
    /// let sine = maclaurin::taylor("sin(x)", 3, "0")?;
    /// // Near 0 both vanish, and the relative error with them.
    /// let error = sine.relative_error_bound(-1.0, 1.0)?;
    /// assert!(0.009_67 < error.bound && error.bound < 0.009_72);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn relative_error_bound(&self, low: f64, high: f64) -> Result<ErrorBound, Error> {
        match self.expanded() {
            Ok(series) => {
                bound(series, (low, high), Measure::Relative, None, &Work::new(MOST_WORK))
            }
            Err(_) => {
                check_range(low, high).and_then(|()| self.inherited_relative_bound(low, high))
            }
        }
    }

    /// The error bound on the whole range and on each of `parts` equal parts of it, for charts: one
    /// evaluation of the error serves many parts.
    ///
    /// A part's bound is certified, and usually within 10% of the largest error there. Where the
    /// error is smaller than the range's largest by 14 orders of magnitude, no more is certified than
    /// that. At most 65,536 parts, and at least one.
    ///
    /// # Errors
    ///
    /// As [`Series::error_bound`].
    ///
    /// # Examples
    ///
    /// ```
    /// let profile = maclaurin::taylor("exp(x)", 4, "0")?.error_profile(-1.0, 1.0, 8)?;
    /// assert_eq!(profile.parts.len(), 8);
    /// assert!(profile.parts[4].bound < 1e-3 * profile.whole.bound);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn error_profile(&self, low: f64, high: f64, parts: usize) -> Result<ErrorProfile, Error> {
        check_range(low, high)?;
        let count = parts.clamp(1, MOST_PARTS);
        let Ok(series) = self.expanded() else { return self.inherited_profile((low, high), count) };
        let work = Work::new(MOST_WORK);
        let sources = Sources::new(Subject { series, form: None }, Measure::Absolute, &work);
        let whole = sources.bound((low, high), None)?;
        let end = |i: usize| {
            if i == count {
                return high;
            }
            (low + (high - low) * (i as f64 / count as f64)).clamp(low, high)
        };
        let at = self.at_f64();
        let unknown = |i: usize| {
            let (low, high) = (end(i), end(i + 1));
            ErrorBound { bound: whole.bound, sampled: 0.0, at: at.clamp(low, high) }
        };
        if whole.bound == 0.0 {
            return Ok(ErrorProfile { whole, parts: (0..count).map(unknown).collect() });
        }
        let mut stretches = Vec::with_capacity(count + 1);
        for i in 0..count {
            let (low, high) = (end(i), end(i + 1));
            let found = ErrorBound { bound: f64::INFINITY, ..unknown(i) };
            if low < at && at < high {
                stretches.push(Stretch { part: i, low, high: at, found, level: 0 });
                stretches.push(Stretch { part: i, low: at, high, found, level: 0 });
            } else {
                stretches.push(Stretch { part: i, low, high, found, level: 0 });
            }
        }
        work.refill(MOST_WORK / 2);
        let range = (low, high);
        let profile = Profile { sources: &sources, range, floor: whole.bound * PROFILE_FLOOR };
        // The expansion point is an end of blocks: the errors beside it are the smallest.
        let middle = stretches.partition_point(|stretch| stretch.high <= at);
        let (left, right) = stretches.split_at_mut(middle);
        for level in 0..=PRECISIONS.len() {
            let is_open = |stretch: &Stretch| profile.is_open(stretch, level);
            if !left.iter().chain(right.iter()).any(is_open) || !sources.prepare(level) {
                break;
            }
            profile.block(left, level);
            profile.block(right, level);
        }
        let mut parts: Vec<_> = (0..count).map(unknown).collect();
        for (i, part) in parts.iter_mut().enumerate() {
            let first = stretches.partition_point(|stretch| stretch.part < i);
            let own = stretches[first..].iter().take_while(|stretch| stretch.part == i);
            let (mut bound, mut best) = (0f64, *part);
            for Stretch { found, .. } in own {
                bound = bound.max(found.bound);
                if found.sampled > best.sampled {
                    best = *found;
                }
            }
            *part = ErrorBound { bound: bound.min(whole.bound), ..best };
        }
        Ok(ErrorProfile { whole, parts })
    }
}

/// The bound, by doubles and then by as many bits as it takes. With a `goal` the search ends as soon
/// as the bound is at most that, or a value above it is seen.
pub(super) fn bound(
    series: Expanded<'_>,
    (low, high): (f64, f64),
    measure: Measure<'_>,
    goal: Option<f64>,
    work: &Work,
) -> Result<ErrorBound, Error> {
    check_range(low, high)?;
    Sources::new(Subject { series, form: None }, measure, work).bound((low, high), goal)
}

/// How far a polynomial is from the function of `series` on a range.
pub(crate) fn error_of(
    form: &Form,
    series: &Series,
    (low, high): (f64, f64),
    measure: Measure<'_>,
) -> Result<ErrorBound, Error> {
    check_range(low, high)?;
    let subject = Subject { series: series.expanded()?, form: Some(form) };
    Sources::new(subject, measure, &Work::new(MOST_WORK)).bound((low, high), None)
}

/// Refuses a range on which the function of `series` is not proven to be finite.
pub(crate) fn check_finite(series: &Series, (low, high): (f64, f64)) -> Result<(), Error> {
    let zero = Form::new(Basis::Powers, 0.0, 1.0, vec![Rational::ZERO]);
    let subject = Subject { series: series.expanded()?, form: Some(&zero) };
    let work = Work::new(MOST_WORK / 8);
    let sources = Sources::new(subject, Measure::Absolute, &work);
    sources.bound((low, high), Some(f64::MAX)).map(|_| ())
}

/// Refuses what is no range: ends that are not finite, or in the wrong order, or too far apart.
pub(super) fn check_range(low: f64, high: f64) -> Result<(), Error> {
    let fits = low.is_finite() && high.is_finite() && low <= high && (high - low).is_finite();
    if fits { Ok(()) } else { Err(Error::EmptyRange { low, high }) }
}

/// The difference in doubles, level 0, and with more and more bits, made when they are asked for.
struct Sources<'a> {
    difference: Difference<'a>,
    doubles: Center<Outward64>,
    precise: [OnceCell<Center<Certified>>; PRECISIONS.len()],
}

impl<'a> Sources<'a> {
    fn new(subject: Subject<'a>, measure: Measure<'a>, work: &'a Work) -> Self {
        Self {
            difference: Difference { subject, measure, holes: OnceCell::new(), work },
            doubles: Center::doubles(subject),
            precise: std::array::from_fn(|_| OnceCell::new()),
        }
    }

    /// The bound on a range: see [`bound`].
    fn bound(&self, range: (f64, f64), goal: Option<f64>) -> Result<ErrorBound, Error> {
        let Difference { subject: Subject { series, form }, work, .. } = self.difference;
        let degree = if form.is_none() { Region::new(series.function()).degree() } else { None };
        if degree.is_some_and(|n| n <= series.order() as u64) {
            let at = series.at_f64().clamp(range.0, range.1);
            return Ok(ErrorBound { bound: 0.0, sampled: 0.0, at });
        }
        let search = Search { sources: self, range, goal, pole: Cell::new(None) };
        let mut best = search.run(0);
        for level in 1..=PRECISIONS.len() {
            let open = matches!(best, Ok((_, true)) | Err(_)) && search.pole.get().is_none();
            let unfinished = open && !work.is_spent();
            if !unfinished || !self.prepare(level) {
                break;
            }
            best = match (search.run(level), best) {
                (Ok(new), Ok(old)) => {
                    let bound = new.0.bound.min(old.0.bound);
                    let seen = if new.0.sampled >= old.0.sampled { new.0 } else { old.0 };
                    Ok((ErrorBound { bound, ..seen }, new.1))
                }
                (Err(_), Ok(old)) => Ok(old),
                (new, _) => new,
            };
        }
        best.map(|(found, _)| found)
    }

    /// Computes the coefficients to the bits of a level; false where there is no such level.
    fn prepare(&self, level: usize) -> bool {
        let Some(cell) = level.checked_sub(1).and_then(|i| self.precise.get(i)) else {
            return level == 0;
        };
        if cell.get().is_none() {
            let Difference { subject, work, .. } = self.difference;
            let Ok(center) = Center::precise(subject, PRECISIONS[level - 1], work) else {
                return false;
            };
            let _ = cell.set(center);
        }
        true
    }

    fn quotient(&self, level: usize, low: f64, high: f64) -> Option<Quotient> {
        match level.checked_sub(1) {
            None => self.difference.quotient(&self.doubles, low, high),
            Some(i) => {
                let center = self.precise.get(i)?.get()?;
                self.difference.quotient(center, low, high)
            }
        }
    }
}

/// A part of the range and a bound of the error on it.
struct Piece {
    low: f64,
    high: f64,
    bound: f64,
    /// Whether the precision, not the width of the piece, is what keeps the bound up.
    blurred: bool,
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

struct Search<'s, 'a> {
    sources: &'s Sources<'a>,
    range: (f64, f64),
    goal: Option<f64>,
    /// Where the error certainly has no bound.
    pole: Cell<Option<f64>>,
}

impl Search<'_, '_> {
    /// The bound at a level of precision, and whether more bits would better it.
    fn run(&self, level: usize) -> Result<(ErrorBound, bool), Error> {
        let (low, high) = self.range;
        let Difference { subject: Subject { series, form }, work, .. } = self.sources.difference;
        let mut found =
            ErrorBound { bound: 0.0, sampled: 0.0, at: series.at_f64().clamp(low, high) };
        let mut queue = BinaryHeap::new();
        let mut cuts = vec![low, high];
        let cut = if form.is_some() { 0.0 } else { series.at_f64() };
        cuts.extend([cut].into_iter().filter(|x| low < *x && *x < high));
        cuts.sort_by(f64::total_cmp);
        for pair in cuts.windows(2) {
            queue.push(self.piece(level, (pair[0], pair[1]), f64::INFINITY, &mut found));
        }
        while let Some(piece) = queue.pop() {
            let middle = piece.low.midpoint(piece.high);
            let tight = piece.bound <= TIGHTNESS * found.sampled;
            let settled = self.goal.is_some_and(|goal| piece.bound <= goal || found.sampled > goal);
            let atom = piece.high - piece.low <= SMALLEST_PIECE * (high - low);
            if let Some(near) = self.pole.get() {
                return Err(Error::Unbounded { near });
            }
            if tight || settled || atom || piece.blurred || work.is_spent() {
                if piece.bound.is_infinite() && !settled {
                    return Err(Error::Unbounded { near: plainest(piece.low, piece.high) });
                }
                found.bound = piece.bound.max(found.sampled);
                return Ok((found, piece.blurred && !tight && !settled));
            }
            // A half's error is at most that of the whole.
            for half in [(piece.low, middle), (middle, piece.high)] {
                queue.push(self.piece(level, half, piece.bound, &mut found));
            }
        }
        Ok((found, false))
    }

    /// A point near the zero of the function between two points where its signs differ.
    fn zero(&self, (mut low, mut high): (f64, f64)) -> f64 {
        let function = self.sources.difference.subject.function();
        let sign = |x: f64| {
            let value = enclose(function, Interval64::point(x));
            if value.contains(0.0) { 0.0 } else { value.low.signum() }
        };
        let first = sign(low);
        for _ in 0..100 {
            let middle = low.midpoint(high);
            match sign(middle) {
                0.0 => return middle,
                same if same == first => low = middle,
                _ => high = middle,
            }
        }
        plainest(low, high)
    }

    fn piece(
        &self,
        level: usize,
        (low, high): (f64, f64),
        known: f64,
        found: &mut ErrorBound,
    ) -> Piece {
        let quotient = self.sources.quotient(level, low, high);
        let bound = if let Some(quotient) = &quotient {
            let bound = self.inside(quotient, (low, high), QUOTIENT_HALVINGS, found);
            if bound > POOR * found.sampled {
                // Where a function oscillates its values say more than its derivatives.
                bound.min(self.sources.difference.plain((low, high), self.range).bound)
            } else {
                bound
            }
        } else {
            let measured = self.sources.difference.plain((low, high), self.range);
            found.see(&measured);
            measured.bound
        };
        if quotient.as_ref().is_some_and(|quotient| quotient.is_unbounded(low, high)) {
            self.pole.set(Some(self.zero((low, high))));
        }
        let is_narrow = high - low <= NARROW * (self.range.1 - self.range.0);
        if bound.is_infinite() && known.is_infinite() && is_narrow && self.pole.get().is_none() {
            self.pole.set(pole(self.sources.difference.subject.function(), low, high));
        }
        let blurred = quotient.is_some_and(|quotient| quotient.is_blurred(low, high));
        Piece { low, high, bound: bound.min(known), blurred }
    }

    /// The bound from one expansion, by halves while they better it: they cost far less than
    /// expansions of their own.
    fn inside(
        &self,
        quotient: &Quotient,
        (low, high): (f64, f64),
        halvings: u32,
        found: &mut ErrorBound,
    ) -> f64 {
        self.sources.difference.work.spend(quotient.cost());
        let measured = quotient.measured(low, high);
        found.see(&measured);
        let bound = measured.bound;
        let settled = self.goal.is_some_and(|goal| bound <= goal || found.sampled > goal);
        let tight = bound <= TIGHTNESS * found.sampled || settled;
        if tight || halvings == 0 || bound.is_infinite() || !quotient.is_sharper_than(bound) {
            return bound;
        }
        let middle = low.midpoint(high);
        let halves = [(low, middle), (middle, high)];
        let bounds = halves.map(|half| self.inside(quotient, half, halvings - 1, found));
        bound.min(bounds[0].max(bounds[1]))
    }
}

/// A part of a profile, or a side of the expansion point in it.
struct Stretch {
    part: usize,
    low: f64,
    high: f64,
    found: ErrorBound,
    /// The level of precision that may better the bound.
    level: usize,
}

/// The error on stretches of a range, blocks of which share an expansion.
struct Profile<'s, 'a> {
    sources: &'s Sources<'a>,
    range: (f64, f64),
    /// An error that is too small to be drawn.
    floor: f64,
}

impl Profile<'_, '_> {
    fn is_done(&self, found: &ErrorBound) -> bool {
        found.bound <= self.floor.max(PROFILE_TIGHTNESS * found.sampled)
    }

    /// Whether more is to be known of a stretch at a level.
    fn is_open(&self, stretch: &Stretch, level: usize) -> bool {
        !self.is_done(&stretch.found) && stretch.level == level
    }

    /// Bounds the error on adjacent stretches: together, or else on each half of them. What is too
    /// small for the level's precision is left to the next one.
    fn block(&self, stretches: &mut [Stretch], level: usize) {
        let (Some(first), Some(last)) = (stretches.first(), stretches.last()) else { return };
        let is_spent = self.sources.difference.work.is_spent();
        if is_spent || !stretches.iter().any(|stretch| self.is_open(stretch, level)) {
            return;
        }
        if let Some(quotient) = self.sources.quotient(level, first.low, last.high) {
            for stretch in stretches.iter_mut().filter(|stretch| self.is_open(stretch, level)) {
                improve(&mut stretch.found, &quotient, stretch.low, stretch.high);
                stretch.level += usize::from(quotient.is_blurred(stretch.low, stretch.high));
            }
            if !stretches.iter().any(|stretch| self.is_open(stretch, level)) {
                return;
            }
        }
        if let [stretch] = stretches {
            let (low, high) = (stretch.low, stretch.high);
            let mut found = stretch.found;
            let (bound, blurred) = self.halves(&mut found, low, high, level, PROFILE_HALVINGS);
            stretch.found = ErrorBound { bound: bound.min(stretch.found.bound), ..found };
            stretch.level += usize::from(blurred);
            return;
        }
        let (left, right) = stretches.split_at_mut(stretches.len() / 2);
        self.block(left, level);
        self.block(right, level);
    }

    /// A bound from `low` to `high`, by halves, and whether more bits would better it; `found` takes
    /// the largest value seen.
    fn halves(
        &self,
        found: &mut ErrorBound,
        low: f64,
        high: f64,
        level: usize,
        halvings: u32,
    ) -> (f64, bool) {
        let middle = low.midpoint(high);
        let (mut largest, mut any_blurred) = (0f64, false);
        for (low, high) in [(low, middle), (middle, high)] {
            let mut here = ErrorBound { bound: f64::INFINITY, ..*found };
            let mut blurred = false;
            if let Some(quotient) = self.sources.quotient(level, low, high) {
                improve(&mut here, &quotient, low, high);
                blurred = quotient.is_blurred(low, high);
            } else {
                let measured = self.sources.difference.plain((low, high), self.range);
                here.bound = measured.bound;
                here.see(&measured);
            }
            (found.sampled, found.at) = (here.sampled, here.at);
            let mut bound = here.bound;
            let is_spent = self.sources.difference.work.is_spent();
            if halvings == 0 {
                // Neither width nor precision alone: the next level has both.
                blurred = true;
            } else if !self.is_done(&here) && !blurred && !is_spent {
                let parts = self.halves(found, low, high, level, halvings - 1);
                (bound, blurred) = (bound.min(parts.0), parts.1);
            }
            let open = !self.is_done(&ErrorBound { bound, ..*found });
            any_blurred |= blurred && open;
            largest = largest.max(bound);
        }
        (largest, any_blurred)
    }
}

impl ErrorBound {
    /// Takes a value that was measured.
    fn see(&mut self, measured: &Measured) {
        let (x, magnitude) = measured.taken;
        if magnitude > self.sampled {
            (self.sampled, self.at) = (magnitude, x);
        }
    }
}

/// Narrows what is known of the error from `low` to `high`.
fn improve(found: &mut ErrorBound, quotient: &Quotient, low: f64, high: f64) {
    let middle = low.midpoint(high);
    let mut bound = 0f64;
    for (low, high) in [(low, middle), (middle, high)] {
        let measured = quotient.measured(low, high);
        bound = bound.max(measured.bound);
        found.see(&measured);
    }
    found.bound = found.bound.min(bound);
}
