//! What is approximated, by what, and where.

use super::condition::{Condition, through};
use super::kink::check_jumps;
use super::linear::Real;
use super::{Choice, LARGEST_DEGREE, Method, hull, unfit};
use crate::certify::{Basis, Form, degree};
use crate::function::Function;
use crate::number::{Rational, exactly};
use crate::series::{Error, Series};

/// A function and the polynomials that are to come near it.
pub(super) struct Problem<'a> {
    pub function: &'a Function,
    /// The part that is given: by degree, in the basis.
    pub given: Vec<Rational>,
    /// The degrees whose coefficients are free.
    pub degrees: Vec<usize>,
    pub basis: Basis,
    pub center: f64,
    pub half_width: f64,
    /// Disjoint ranges from left to right.
    pub ranges: Vec<(f64, f64)>,
    pub choice: &'a Choice,
    /// The reciprocal of the weight.
    pub unit: Option<Function>,
    /// Points of the grid beside its own.
    extra: Vec<f64>,
    /// Where function and polynomials have a parity about zero, up to what is given: whether it is
    /// odd. The ranges are then those of positive numbers.
    pub parity: Option<bool>,
    /// Values that polynomials must have, by which the functions of the space are multiplied: see there.
    pub conditions: Vec<Condition>,
}

/// Grid points for each dimension, and a few more.
const DENSITY: usize = 10;
const MARGIN: usize = 24;

/// The part of a range at which a limit at zero is nearly reached.
const NEAR_ZERO: f64 = 1e-3;

impl<'a> Problem<'a> {
    /// What is to be approximated by what. Conditions are those beside the choice's own points.
    pub(super) fn new(
        anchor: &'a Series,
        degree: usize,
        ranges: &[(f64, f64)],
        choice: &'a Choice,
        conditions: &[Condition],
    ) -> Result<Self, Error> {
        if degree > LARGEST_DEGREE {
            return Err(Error::OrderTooLarge { order: degree, limit: LARGEST_DEGREE });
        }
        let (low, high) = hull(ranges);
        let whole = choice.degrees.is_none() && choice.fixed.is_empty();
        let middle = if -low == high { 0.0 } else { low.midpoint(high) };
        let center = choice.center.unwrap_or(if whole { middle } else { 0.0 });
        if !center.is_finite() {
            return Err(unfit("center", format!("{center} is not finite")));
        }
        let mut problem = Self {
            function: anchor.expanded()?.function(),
            given: Vec::new(),
            degrees: (0..=degree).collect(),
            basis: Basis::Chebyshev,
            center: middle,
            half_width: high / 2.0 - low / 2.0,
            ranges: ranges.to_vec(),
            choice,
            unit: choice.unit()?,
            extra: Vec::new(),
            parity: None,
            conditions: Vec::new(),
        };
        if !conditions.is_empty() {
            problem.restrict(conditions.to_vec())?;
            return Ok(problem);
        }
        if !choice.through.is_empty() {
            if !whole || matches!(choice.method, Method::Chebyshev | Method::Samples(_)) {
                let reason = "it goes with all degrees up to one, by minimax or least squares: leave out \
                              degrees and fixed, samples, and method chebyshev";
                return Err(unfit("through", reason.into()));
            }
            problem.restrict(through(problem.function, &choice.through, ranges)?)?;
            return Ok(problem);
        }
        if whole {
            if !matches!(choice.method, Method::Samples(_)) {
                problem.adopt_parity();
            }
            return Ok(problem);
        }
        problem.center = center;
        problem.half_width = (low - center).abs().max((high - center).abs());
        let mut degrees = choice.degrees.clone().unwrap_or_else(|| (0..=degree).collect());
        if degrees.iter().any(|&k| k > degree) {
            let k = degrees.iter().max().copied().unwrap_or(0);
            return Err(unfit("degrees", format!("{k} is above the degree, {degree}")));
        }
        for (i, &(k, value)) in choice.fixed.iter().enumerate() {
            if choice.fixed[..i].iter().any(|(other, _)| *other == k) {
                return Err(unfit(
                    "fixed",
                    format!("the coefficient of degree {k} is given twice"),
                ));
            }
            if k > degree {
                return Err(unfit("fixed", format!("{k} is above the degree, {degree}")));
            }
            if !value.is_finite() {
                return Err(unfit("fixed", format!("{value} for degree {k} is not finite")));
            }
            degrees.retain(|&free| free != k);
            let unit = exactly(problem.half_width).pow(k as isize);
            problem.given.resize(problem.given.len().max(k + 1), Rational::ZERO);
            problem.given[k] = exactly(value) * unit;
        }
        degrees.sort_unstable();
        degrees.dedup();
        if degrees.is_empty() {
            return Err(unfit("degrees", "no coefficient is free".into()));
        }
        Ok(Self { degrees, basis: Basis::Powers, ..problem })
    }

    /// The function itself, where it is a polynomial of the form with rational coefficients.
    pub(super) fn itself(&self) -> Option<Form> {
        let degree = degree(self.function)?;
        let last_given = self.given.len().saturating_sub(1);
        let free = self.degrees.last().copied().unwrap_or(0);
        let limit = (free + self.conditions.len()).max(last_given);
        let order = usize::try_from(degree).ok().filter(|&n| n <= limit)?;
        let center = exactly(self.center).to_string();
        let series = Series::new(self.function, order, &center).ok()?;
        let half_width = exactly(self.half_width);
        let coefficients: Option<Vec<_>> = (0..=order)
            .map(|k| Some(series.exact(k)?.as_rational()? * half_width.pow(k as isize)))
            .collect();
        let coefficients = coefficients?;
        let Self { center, half_width: width, .. } = *self;
        let form = Form::new(Basis::Powers, center, width, coefficients);
        let fits = self.basis == Basis::Chebyshev && self.satisfies(&form)
            || self.basis == Basis::Powers
                && form.coefficients.iter().enumerate().all(|(k, value)| {
                    self.degrees.contains(&k)
                        || self.given.get(k).unwrap_or(&Rational::ZERO) == value
                });
        fits.then_some(form)
    }
}

impl Problem<'_> {
    /// Refuses a minimax polynomial across a jump.
    pub(super) fn check_jumps(&self, ranges: &[(f64, f64)]) -> Result<(), Error> {
        if self.choice.method != Method::Minimax {
            return Ok(());
        }
        check_jumps(self.function, ranges)
    }

    /// The value that the free part should have at `x`, and what an error there is measured in.
    pub(super) fn value<A: Real>(&self, a: &A, x: f64) -> Option<(A::Number, A::Number)> {
        let value = a.value(self.function, x)?;
        if !a.nearest(&value).is_finite() {
            return None;
        }
        let unit = match &self.unit {
            Some(unit) => a.value(unit, x).filter(|unit| a.nearest(unit).is_finite())?,
            None if !self.choice.relative => a.double(1.0),
            None if a.nearest(&value) < 0.0 => a.negate(&value),
            None => value.clone(),
        };
        let mut target = value;
        let given = self.given.iter().zip(self.basis_at(a, x, self.given.len()));
        for (coefficient, phi) in given.filter(|(coefficient, _)| !coefficient.is_zero()) {
            let coefficient = a.rational(coefficient);
            target = a.subtract(&target, &a.multiply(&coefficient, &phi));
        }
        if self.is_flipped(x) {
            target = a.negate(&target);
        }
        Some((target, unit))
    }

    /// The functions of the space at `x`.
    pub(super) fn row<A: Real>(&self, a: &A, x: f64) -> Vec<A::Number> {
        let count = self.degrees.last().map_or(0, |n| n + 1);
        let all = self.basis_at(a, x, count);
        let chosen = self.degrees.iter().map(|&degree| &all[degree]);
        match self.factor(a, x) {
            Some(factor) => chosen.map(|phi| a.multiply(phi, &factor)).collect(),
            None => chosen.cloned().collect(),
        }
    }

    fn basis_at<A: Real>(&self, a: &A, x: f64, count: usize) -> Vec<A::Number> {
        let mut values = Vec::with_capacity(count + 2);
        if count == 0 {
            return values;
        }
        let place = a.subtract(&a.double(x), &a.double(self.center));
        let u = a.divide(&place, &a.double(self.half_width));
        values.extend([a.double(1.0), u.clone()]);
        let twice = a.add(&u, &u);
        for k in 2..count {
            values.push(match self.basis {
                Basis::Powers => a.multiply(&u, &values[k - 1]),
                Basis::Chebyshev => a.subtract(&a.multiply(&twice, &values[k - 1]), &values[k - 2]),
            });
        }
        values
    }

    /// The weighted error of an element of the space at `x`.
    pub(super) fn error<A: Real>(&self, a: &A, coefficients: &[A::Number], x: f64) -> Option<f64> {
        let (value, unit) = self.value(a, x)?;
        Some(self.error_from(a, coefficients, x, &value, &unit))
    }

    pub(super) fn error_from<A: Real>(
        &self,
        a: &A,
        coefficients: &[A::Number],
        x: f64,
        value: &A::Number,
        unit: &A::Number,
    ) -> f64 {
        let row = self.row(a, x);
        let products = coefficients.iter().zip(&row).map(|(c, phi)| a.multiply(c, phi));
        let rest = products.fold(value.clone(), |rest, product| a.subtract(&rest, &product));
        if self.choice.is_absolute() {
            return a.nearest(&rest);
        }
        match (a.nearest(unit), a.nearest(&rest)) {
            (0.0, 0.0) => 0.0,
            (unit, rest) => rest / unit,
        }
    }

    /// Points of the ranges, denser towards their ends, for each range apart; without zeros of the
    /// function where the error is relative.
    pub(super) fn grid(&self) -> Vec<Vec<f64>> {
        let count = (DENSITY * (self.degrees.len() + 2)).div_ceil(self.ranges.len()) + MARGIN;
        let angle = |i: usize| std::f64::consts::PI * i as f64 / count as f64;
        let range = |&(low, high): &(f64, f64)| -> Vec<f64> {
            match self.parity {
                // Half of the points of the whole range; at zero an odd function vanishes, and its relative
                // error has a limit.
                Some(odd) if low == 0.0 => {
                    let near = (odd && self.choice.relative).then_some(high * NEAR_ZERO);
                    let points = usize::from(odd)..=count;
                    near.into_iter().chain(points.map(|i| high * (angle(i) / 2.0).sin())).collect()
                }
                _ => {
                    let (middle, half) = (low.midpoint(high), high / 2.0 - low / 2.0);
                    let inside = |i: usize| middle - half * angle(i).cos();
                    let mut points: Vec<f64> = (1..count).map(inside).collect();
                    points.insert(0, low);
                    points.push(high);
                    points.dedup();
                    points
                }
            }
        };
        let mut ranges: Vec<Vec<f64>> = self.ranges.iter().map(range).collect();
        for (points, &(low, high)) in ranges.iter_mut().zip(&self.ranges) {
            points.extend(self.extra.iter().filter(|&&x| low <= x && x <= high));
            points.sort_by(f64::total_cmp);
            points.dedup();
        }
        for points in &mut ranges {
            points.retain(|x| self.conditions.iter().all(|condition| condition.at != *x));
        }
        if self.choice.relative {
            for points in &mut ranges {
                points.retain(|&x| self.function.evaluate(x) != 0.0);
            }
        }
        ranges
    }

    /// Adds a point to the grid; false where it has been added before.
    pub(super) fn take_in(&mut self, x: f64) -> bool {
        let x = if self.parity.is_some() { x.abs() } else { x };
        let new = !self.extra.contains(&x);
        self.extra.push(x);
        new
    }

    /// A first reference. For powers its points lie on one side of the center, where any powers satisfy
    /// Haar's condition (their determinants are generalized Vandermonde's): about it they need not, and
    /// odd powers at `x` and `-x` do not. `None` where there are too few points.
    pub(super) fn reference(&self) -> Option<Vec<f64>> {
        let mut all: Vec<f64> = self.grid().into_iter().flatten().collect();
        if self.basis == Basis::Powers {
            let (below, above): (Vec<_>, Vec<_>) = all.iter().partition(|&&x| x < self.center);
            all = if below.len() > above.len() { below } else { above };
            all.retain(|&x| x != self.center);
        }
        let gaps = self.degrees.len();
        let last = all.len().checked_sub(1).filter(|last| *last >= gaps)?;
        // A single point for a space without functions: the middle.
        let spread = |i: usize| all[(i * last).checked_div(gaps).unwrap_or(last / 2)];
        Some((0..=gaps).map(spread).collect())
    }

    /// The same problem in other functions, with other degrees free, on all of the ranges where the
    /// errors have no parity any more.
    pub(super) fn in_terms(
        &self,
        basis: Basis,
        center: f64,
        half_width: f64,
        degrees: Vec<usize>,
        given: Vec<Rational>,
    ) -> Self {
        let parity = self.parity.filter(|odd| {
            let fits = |k: &usize| k % 2 == usize::from(*odd);
            center == 0.0 && degrees.iter().all(fits)
        });
        let mut ranges = self.ranges.clone();
        if self.parity.is_some() && parity.is_none() {
            ranges = self.ranges.iter().rev().map(|&(low, high)| (-high, -low)).collect();
            ranges.extend(&self.ranges);
        }
        let extra = self.extra.clone();
        Self {
            function: self.function,
            given,
            degrees,
            basis,
            center,
            half_width,
            ranges,
            choice: self.choice,
            unit: self.unit.clone(),
            extra,
            parity,
            conditions: Vec::new(),
        }
    }

    /// The polynomial with these coefficients, and what is given.
    pub(super) fn form<A: Real>(&self, a: &A, coefficients: &[A::Number]) -> Option<Form> {
        if !self.conditions.is_empty() {
            let free = coefficients.iter().map(|c| a.middle(c)).collect::<Option<Vec<_>>>()?;
            return Some(self.restricted_form(free));
        }
        let count = self.degrees.last().map_or(1, |n| n + 1).max(self.given.len());
        let mut all = self.given.clone();
        all.resize(count, Rational::ZERO);
        for (&degree, coefficient) in self.degrees.iter().zip(coefficients) {
            all[degree] += a.middle(coefficient)?;
        }
        let Self { basis, center, half_width, .. } = *self;
        Some(Form::new(basis, center, half_width, all))
    }
}
