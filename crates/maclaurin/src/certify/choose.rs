//! The order, and the expansion point where it is free, chosen from a range and a tolerance.
//!
//! Of the orders up to [`HIGHEST`] about one point, the first is looked for that no value of the
//! error rules out: at points of the range the partial sums of the series are enclosed, in doubles
//! and then in as many bits as tell them from the function. That order's error is then bounded on
//! the whole range. Where the bound does not meet the tolerance, the point where the error is
//! largest rules out further orders. So every smaller order is proven to miss the tolerance, unless
//! its error is within the bound's own 0.2% of it.
//!
//! Where the point is free, [`points`] lists the candidates: first those whose orders in doubles
//! look smallest.

use super::bound::{bound, check_range};
use super::difference::{Measure, PRECISIONS, Work, cost, rational, weight};
use super::enclosure::enclose;
use super::region::Region;
use crate::builtin::Analytic;
use crate::function::{Constant, Function};
use crate::number::{Arithmetic, Certified, Interval64, Outward64, Rational, Value, exactly};
use crate::series::{self, Error, NoOrder, Series};

/// The highest order that is tried.
const HIGHEST: usize = 256;

/// The number of coefficients that are computed first; then twice as many, and so on.
const FIRST: usize = 16;

/// Points of the range at which an order is tried in doubles and in more bits.
const SAMPLES: usize = 33;
const PRECISE_SAMPLES: usize = 9;

/// Operations on intervals of doubles that a choice may take; for advice, there is a little more.
const MOST_WORK: u64 = 300_000_000;
const MOST_WORK_FOR_ADVICE: u64 = 10_000_000;

/// Parts of the radius of convergence into which a range could be scaled.
const PARTS: [f64; 4] = [0.75, 0.5, 0.25, 0.1];

/// Free expansion points lie so far from the middle of the range at the most, and at least that far
/// from each other, as parts of the range.
const SPREAD: f64 = 0.25;
const SPACING: f64 = 1.0 / 15.0;

impl Series {
    /// The series of the smallest order whose certified error on `low <= x <= high` is at most
    /// `tolerance`, about `at`, or where that is `None` about whichever of these points needs the
    /// smallest order: zero, if it lies in the range; the middle; and the multiples of a round step
    /// (1, 2 or 5 times a power of ten, at most a 15th of the range) in the middle half of the range.
    ///
    /// All orders up to 256 are considered. Of a smaller one about these points it is proven that it
    /// does not meet the tolerance, or that its error lies so close to the tolerance that no bound
    /// tells, unless the limit of operations was met: it counts operations and not time, so the same
    /// call has the same result on every machine.
    ///
    /// # Errors
    ///
    /// [`Error::NoOrder`] with the reason, with what was tried, and with the scaling of the values
    /// that would help; [`Error::EmptyRange`], and as [`Series::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Function, Series};
    ///
    /// let softplus = Function::parse("softplus")?;
    /// let series = Series::within(&softplus, (0.0, 1.0), 1e-3, Some(0.into()))?;
    /// assert_eq!(series.order(), 4);
    /// let series = Series::within(&softplus, (0.0, 1.0), 1e-3, None)?;
    /// assert_eq!((series.at(), series.order()), ("1/2", 3));
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn within(
        function: &Function,
        (low, high): (f64, f64),
        tolerance: f64,
        at: Option<Constant>,
    ) -> Result<Self, Error> {
        check_range(low, high)?;
        let work = Work::new(MOST_WORK);
        let choice = Choice { function, range: (low, high), tolerance, work: &work };
        let points: Vec<Constant> = match at {
            Some(at) => vec![at],
            None => points(low, high).into_iter().map(Into::into).collect(),
        };
        let mut candidates = Vec::with_capacity(points.len());
        let mut failures = Vec::new();
        for point in &points {
            match Candidate::new(&choice, point.clone()) {
                Ok(candidate) => candidates.push(candidate),
                Err(error) => failures.push(error),
            }
        }
        // Stable: of equals the first of the list.
        candidates.sort_by_key(|candidate| candidate.next);
        let mut best: Option<Self> = None;
        for candidate in &mut candidates {
            let limit = best.as_ref().map_or(choice.highest() + 1, Self::order);
            match candidate.smallest(&choice, limit) {
                Ok(Some(series)) => best = Some(series),
                Ok(None) => {}
                // The function has no bound, about whatever point.
                Err(error @ Error::Unbounded { .. }) => return Err(error),
                Err(error) => {
                    candidate.complete = false;
                    failures.push(error);
                }
            }
        }
        if let Some(series) = best {
            return Ok(series);
        }
        match candidates.iter().min_by(|a, b| a.closest.0.total_cmp(&b.closest.0)) {
            Some(candidate) => {
                let mut reason = candidate.no_order(&choice);
                reason.points = points.iter().map(ToString::to_string).collect();
                reason.complete = candidates.iter().all(|candidate| candidate.complete);
                let highest = candidates.iter().map(|candidate| candidate.highest).min();
                reason.highest = highest.unwrap_or(0);
                reason.advice = advice(&choice, candidate, &reason);
                Err(Error::NoOrder(Box::new(reason)))
            }
            None => Err(failures.into_iter().next().unwrap_or(Error::EmptyRange { low, high })),
        }
    }
}

/// The points that are tried when the user leaves the choice.
fn points(low: f64, high: f64) -> Vec<Rational> {
    let (middle, width) = (low.midpoint(high), high - low);
    let exact = exactly(middle);
    let mut points = Vec::new();
    if low <= 0.0 && 0.0 <= high {
        points.push(Rational::ZERO);
    }
    let mut round: Vec<(f64, Rational)> = Vec::new();
    let power = (width * SPACING).log10().floor();
    if (-12.0..=12.0).contains(&power) && middle.abs() < 1e12 * width {
        let unit = 10f64.powf(power);
        let digit = [5.0, 2.0, 1.0].into_iter().find(|d| d * unit <= width * SPACING);
        let step = digit.unwrap_or(1.0) * unit;
        let scale = Rational::from(10).pow(power.abs() as isize);
        let from = ((middle - SPREAD * width) / step).ceil();
        let count = (2.0 * SPREAD * width / step) as usize;
        for i in 0..=count {
            let multiple = from + i as f64;
            let whole = Rational::from((multiple * digit.unwrap_or(1.0)) as i64);
            let x = if power < 0.0 { whole / &scale } else { whole * &scale };
            round.push(((multiple * step - middle).abs(), x));
        }
    }
    round.sort_by(|a, b| a.0.total_cmp(&b.0));
    // A long fraction only where no round number is as good.
    let is_short = exact.to_string().len() <= 12;
    if is_short {
        points.push(exact.clone());
    }
    points.extend(round.into_iter().map(|(_, multiple)| multiple));
    if !is_short {
        points.push(exact);
    }
    let mut seen = std::collections::HashSet::new();
    points.retain(|point| seen.insert(point.clone()));
    points
}

/// What is asked for.
struct Choice<'a> {
    function: &'a Function,
    range: (f64, f64),
    tolerance: f64,
    work: &'a Work,
}

impl Choice<'_> {
    /// The highest order worth trying: of a polynomial its degree.
    fn highest(&self) -> usize {
        let degree = Region::new(self.function).degree();
        degree.map_or(HIGHEST, |n| usize::try_from(n).map_or(HIGHEST, |n| n.min(HIGHEST)))
    }

    fn samples(&self, count: usize) -> impl Iterator<Item = f64> {
        let (low, high) = self.range;
        // The ends first: the error is largest there, as a rule.
        let inner =
            (1..count - 1).map(move |i| low + (high - low) * (i as f64 / (count - 1) as f64));
        [low, high].into_iter().chain(inner.map(move |x| x.clamp(low, high)))
    }
}

/// An expansion point and what is known of the orders about it.
struct Candidate {
    /// The series of order 0.
    series: Series,
    /// Every order below is ruled out.
    next: usize,
    /// The smallest error met, and its order.
    closest: (f64, usize),
    /// The highest order that was looked at.
    highest: usize,
    /// Whether every order up to there was ruled out for certain.
    complete: bool,
}

impl Candidate {
    /// Rules out orders in doubles.
    fn new(choice: &Choice<'_>, point: Constant) -> Result<Self, Error> {
        let series = Series::new(choice.function, 0, point)?;
        let closest = (f64::INFINITY, 0);
        let mut candidate = Self { series, next: 0, closest, highest: 0, complete: true };
        let arithmetic = Outward64;
        let variable = [candidate.series.enclosed_point(), Interval64::point(1.0)];
        let values = |x: f64| enclose(choice.function, Interval64::point(x));
        let samples: Vec<_> = choice.samples(SAMPLES).map(|x| (x, values(x))).collect();
        let mut sums: Vec<_> = samples
            .iter()
            .map(|(x, value)| Sum::new(&arithmetic, &variable[0], *x, *value))
            .collect();
        let mut order = FIRST.min(choice.highest());
        loop {
            choice.work.spend(cost(choice.function, order + 1, 1));
            let Ok(coefficients) =
                series::coefficients(&arithmetic, choice.function, &variable, order)
            else {
                break;
            };
            if !candidate.rule_out(choice, &arithmetic, &coefficients, &mut sums, |x| *x)
                || order == choice.highest()
            {
                break;
            }
            order = (2 * order).min(choice.highest());
        }
        Ok(candidate)
    }

    /// Rules out the orders of these coefficients, from the next on; false from the first on that it
    /// cannot.
    fn rule_out<A: Analytic>(
        &mut self,
        choice: &Choice<'_>,
        arithmetic: &A,
        coefficients: &[A::Number],
        sums: &mut [Sum<A>],
        narrow: impl Fn(&A::Number) -> Interval64,
    ) -> bool {
        while self.next < coefficients.len() {
            let mut error = 0f64;
            for sum in &mut *sums {
                sum.extend(arithmetic, &coefficients[..=self.next]);
                error = error.max(narrow(&sum.error(arithmetic)).mignitude());
            }
            choice.work.spend(4 * sums.len() as u64);
            self.highest = self.highest.max(self.next);
            if error <= choice.tolerance {
                return false;
            }
            // Not where a term of zero is added.
            if error < self.closest.0 * (1.0 - 1e-9) {
                self.closest = (error, self.next);
            }
            self.next += 1;
        }
        true
    }

    /// The series of the smallest order below `limit` that meets the tolerance, or `None`.
    fn smallest(&mut self, choice: &Choice<'_>, limit: usize) -> Result<Option<Series>, Error> {
        let mut places: Vec<f64> = choice.samples(PRECISE_SAMPLES).collect();
        let mut level = 0;
        while self.next < limit {
            if choice.work.is_spent() {
                self.complete = false;
                return Ok(None);
            }
            let mut terms = FIRST.max(self.next.next_power_of_two());
            if terms == self.next {
                terms *= 2;
            }
            let order = terms.min(limit - 1);
            let (ruled_out, sharp) = self.rule_out_precisely(choice, &places, order, level)?;
            if ruled_out {
                continue;
            }
            if !sharp && level + 1 < PRECISIONS.len() {
                level += 1;
                continue;
            }
            let series = Series::new(choice.function, self.next, self.series.at())?;
            let goal = Some(choice.tolerance);
            let found = match series.expanded() {
                Ok(series) => bound(series, choice.range, Measure::Absolute, goal, choice.work),
                Err(_) => series.error_bound(choice.range.0, choice.range.1),
            };
            if choice.work.is_spent() && !matches!(found, Ok(e) if e.bound <= choice.tolerance) {
                self.complete = false;
                return Ok(None);
            }
            let found = found?;
            if found.bound <= choice.tolerance {
                return Ok(Some(series));
            }
            // Neither met nor missed for certain.
            self.complete &= found.sampled > choice.tolerance;
            if found.sampled < self.closest.0 {
                self.closest = (found.sampled, self.next);
            }
            places.push(found.at);
            self.next += 1;
        }
        Ok(None)
    }

    /// Rules out orders up to `order` with the given number of bits: whether all are, and if not whether the
    /// error is known sharply enough for more bits to be of no use.
    fn rule_out_precisely(
        &mut self,
        choice: &Choice<'_>,
        places: &[f64],
        order: usize,
        level: usize,
    ) -> Result<(bool, bool), Error> {
        let bits = PRECISIONS[level];
        let arithmetic = Certified::new(bits);
        let (_, point, _) = self.series.evaluated(bits)?;
        let enclosed = |value: &Value| {
            arithmetic.add(&arithmetic.at_most(0.0), &Value::Enclosure(arithmetic.enclose(value)))
        };
        let one = arithmetic.integer(1);
        choice.work.spend(cost(choice.function, order + 1, weight(bits)) / 2);
        // Enclosures are faster; exact numbers know what vanishes.
        let known = |values: &Vec<Value>| {
            values.iter().all(|value| !arithmetic.enclose(value).is_whole_line())
        };
        let free = [enclosed(&point), one.clone()];
        let coefficients = series::coefficients(&arithmetic, choice.function, &free, order)
            .ok()
            .filter(known)
            .or_else(|| {
                series::coefficients(&arithmetic, choice.function, &[point.clone(), one], order)
                    .ok()
            });
        // What has a series of order 0 may need more terms than there are: it is then not enclosed.
        let Some(coefficients) = coefficients else { return Ok((false, true)) };
        let mut sums = Vec::with_capacity(places.len());
        for &x in places {
            let along =
                [arithmetic.add(&arithmetic.at_most(0.0), &rational(x)), arithmetic.integer(0)];
            let value = series::coefficients(&arithmetic, choice.function, &along, 0);
            if let Ok(value) = value {
                sums.push(Sum::new(&arithmetic, &point, x, value[0].clone()));
            }
        }
        let narrow = |value: &Value| Interval64::around(&arithmetic.enclose(value));
        let work = weight(bits) * (sums.len() * (order + 1 - self.next)) as u64;
        choice.work.spend(work);
        let ruled_out = self.rule_out(choice, &arithmetic, &coefficients, &mut sums, narrow);
        let sharp = sums.iter().all(|sum| {
            let error = narrow(&sum.error(&arithmetic));
            error.high - error.low <= choice.tolerance / 64.0
        });
        Ok((ruled_out, sharp))
    }

    fn no_order(&self, choice: &Choice<'_>) -> NoOrder {
        let (low, high) = choice.range;
        let at = self.series.at_f64();
        NoOrder {
            function: choice.function.to_string(),
            at: self.series.at().to_owned(),
            low,
            high,
            tolerance: choice.tolerance,
            highest: self.highest,
            closest: self.closest,
            reach: (low - at).abs().max((high - at).abs()),
            radius: self.series.radius(),
            points: Vec::new(),
            complete: self.complete,
            advice: None,
        }
    }
}

/// The polynomial at a point of the range, summed up to some degree.
struct Sum<A: Arithmetic> {
    /// The function there.
    value: A::Number,
    /// The distance from the expansion point, and its power that comes next.
    t: A::Number,
    power: A::Number,
    total: A::Number,
    summed: usize,
}

impl<A: Arithmetic> Sum<A> {
    fn new(a: &A, point: &A::Number, x: f64, value: A::Number) -> Self {
        let x = a.exact(&exactly(x).into());
        let (t, power, total) = (a.subtract(&x, point), a.integer(1), a.integer(0));
        // Not exactly: powers of long fractions are slow.
        let t = a.add(&t, &a.at_most(0.0));
        Self { value, t, power, total, summed: 0 }
    }

    fn extend(&mut self, a: &A, coefficients: &[A::Number]) {
        for coefficient in &coefficients[self.summed..] {
            self.total = a.add(&self.total, &a.multiply(coefficient, &self.power));
            self.power = a.multiply(&self.power, &self.t);
        }
        self.summed = coefficients.len();
    }

    fn error(&self, a: &A) -> A::Number {
        a.subtract(&self.total, &self.value)
    }
}

/// The scaling of the range into a part of the disc of convergence with which some order meets
/// the tolerance: that order, the scale and the shift.
fn advice(
    choice: &Choice<'_>,
    candidate: &Candidate,
    reason: &NoOrder,
) -> Option<(usize, f64, f64)> {
    let (low, high) = choice.range;
    let at = candidate.series.at_f64();
    let disc = reason.radius.lower.min(reason.reach);
    PARTS.into_iter().find_map(|part| {
        // Two digits are enough, and easier to type.
        let scale = two_digits(2.0 * part * disc / (high - low));
        let shift = two_digits(at - scale * low.midpoint(high));
        let range = (scale * low + shift, scale * high + shift);
        check_range(range.0, range.1).ok()?;
        let work = Work::new(MOST_WORK_FOR_ADVICE);
        let choice = Choice { range, work: &work, ..*choice };
        let mut candidate = Candidate::new(&choice, (&reason.at).into()).ok()?;
        let found = candidate.smallest(&choice, choice.highest() + 1).ok()??;
        Some((found.order(), scale, shift))
    })
}

fn two_digits(x: f64) -> f64 {
    format!("{x:.1e}").parse().unwrap_or(x)
}
