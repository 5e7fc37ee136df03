//! The difference of a function and its Taylor polynomial on a small range, as a polynomial.
//!
//! About a center `c`, with `x = c + w s`, Taylor's theorem encloses `f - T` in a polynomial in
//! `s`: its coefficients below degree `n` are Taylor coefficients at `c`, and that of degree `n`
//! contains the Taylor coefficient of degree `n` at every point of the range (Lagrange's
//! remainder; interval jets, Moore, Kearfott and Cloud 2009, ch. 9). About the expansion point all
//! degrees of `T` cancel exactly, so that the smallest errors are known as well as the largest.

use std::cell::{Cell, OnceCell};

use super::enclosure::enclose;
use super::form::{Form, horner};
use super::hole::Holes;
use super::quotient::{Measured, Quotient, larger, value};
use crate::builtin::Analytic;
use crate::function::{Function, Operation, Step};
use crate::number::{Arithmetic, Certified, Interval64, Outward64, Value, exactly};
use crate::series::{self, Error, Expanded};

/// Terms beyond the polynomial's about the expansion point, and most terms elsewhere.
const EXTRA_TERMS: usize = 8;
const MOST_TERMS: usize = 48;

/// Most terms of a polynomial that is no Taylor polynomial.
const MOST_TERMS_OF_FORM: usize = 64;

/// Bits tried in turn after doubles: small errors are differences of nearly equal numbers.
pub(super) const PRECISIONS: [usize; 3] = [128, 384, 1024];

/// What an operation on enclosures of `bits` bits costs, in operations on intervals of doubles.
pub(super) fn weight(bits: usize) -> u64 {
    LEAST_WEIGHT + bits as u64 / 24
}

const LEAST_WEIGHT: u64 = 24;

/// What a piece costs beside its operations.
const OVERHEAD: u64 = 500;

/// Work that may still be done, in operations on intervals of doubles: a count and not a time, so
/// that the same question has the same answer on every machine.
pub(super) struct Work(Cell<u64>);

impl Work {
    pub(super) fn new(limit: u64) -> Self {
        Self(Cell::new(limit))
    }

    pub(super) fn spend(&self, cost: u64) {
        self.0.set(self.0.get().saturating_sub(cost));
    }

    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }

    pub(super) fn refill(&self, limit: u64) {
        self.0.set(limit);
    }
}

/// The cost of a function's series with that many terms, in operations of a weight.
pub(super) fn cost(function: &Function, terms: usize, weight: u64) -> u64 {
    let (steps, terms) = (function.steps().len() as u64, terms as u64);
    let operations = steps.saturating_mul(terms.saturating_mul(terms));
    operations.saturating_mul(weight).saturating_add(images(function, weight))
}

/// The cost of the images under the built-in functions that a function is made of.
fn images(function: &Function, weight: u64) -> u64 {
    let image = |step: &Step| {
        let [doubles, balls] = match &step.operation {
            Operation::Elementary(f, _) => f.costs(),
            Operation::BesselJ(..) | Operation::ErlangCdf(..) => [8_000, 16_000],
            _ => [0, 0],
        };
        if weight == 1 { doubles } else { balls * weight.div_ceil(LEAST_WEIGHT) }
    };
    function.steps().iter().map(image).sum()
}

/// What is bounded.
#[derive(Clone, Copy)]
pub(crate) enum Measure<'a> {
    /// `|f - T|`
    Absolute,
    /// `|f - T| / |f|`
    Relative,
    /// `|f - T| / u` for a positive function `u`, the reciprocal of a weight.
    Per(&'a Function),
}

/// A series in the arithmetic in which it is expanded about other centers.
pub(super) struct Center<A: Arithmetic> {
    arithmetic: A,
    /// The expansion point.
    point: A::Number,
    coefficients: Vec<A::Number>,
    /// The coefficients about the expansion point, with those beyond the order.
    near: OnceCell<Option<Vec<A::Number>>>,
    /// The number between doubles.
    narrow: fn(&A, &A::Number) -> Interval64,
    /// A double as a number that is not computed with exactly.
    free: fn(&A, f64) -> A::Number,
    /// The coefficients of a form in `s` for `x + width s`.
    about: fn(&Self, &Form, f64, f64, usize) -> Vec<A::Number>,
    /// What an operation costs.
    weight: u64,
}

impl Center<Outward64> {
    pub(super) fn doubles(subject: Subject<'_>) -> Self {
        let Subject { series, form } = subject;
        let coefficients = match form {
            Some(_) => Vec::new(),
            None => series.coefficients().iter().map(|&a| rounded(a)).collect(),
        };
        Self {
            arithmetic: Outward64,
            point: series.enclosed_point(),
            coefficients,
            near: OnceCell::new(),
            narrow: |_, x| *x,
            free: |_, x| Interval64::point(x),
            about: |_, form, x, width, terms| form.about_f64(x, width, terms),
            weight: 1,
        }
    }
}

impl Center<Certified> {
    pub(super) fn precise(subject: Subject<'_>, bits: usize, work: &Work) -> Result<Self, Error> {
        let Subject { series, form } = subject;
        let (arithmetic, point, mut coefficients) = series.evaluated(bits)?;
        if let Some(form) = form {
            let free = |c: Value| arithmetic.add(&arithmetic.at_most(0.0), &c);
            coefficients = form.rounded(&arithmetic).into_iter().map(free).collect();
        } else if coefficients.iter().any(|value| matches!(value, Value::Enclosure(_))) {
            work.spend(cost(series.function(), series.order() + 1, weight(bits)) / 2);
        }
        Ok(Self {
            arithmetic,
            point,
            coefficients,
            near: OnceCell::new(),
            narrow: |a, x| Interval64::around(&a.enclose(x)),
            free: |a, x| a.add(&a.at_most(0.0), &rational(x)),
            about: |center, form, x, width, terms| {
                let a = &center.arithmetic;
                let place = if x == 0.0 { a.integer(0) } else { (center.free)(a, x) };
                let along = [place, a.exact(&exactly(width).into())];
                form.about(a, &center.coefficients, &along, terms)
            },
            weight: weight(bits),
        })
    }
}

/// The reals that round to a double.
pub(super) fn rounded(nearest: f64) -> Interval64 {
    if nearest == 0.0 {
        Interval64 { low: -f64::from_bits(1), high: f64::from_bits(1) }
    } else {
        Interval64 { low: nearest.next_down(), high: nearest.next_up() }
    }
}

pub(super) fn rational(x: f64) -> Value {
    Value::Exact(exactly(x).into())
}

/// A function and a polynomial to compare it with.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The function with its Taylor polynomial; where there is a `form`, the function alone, about a
    /// point where it is analytic.
    pub series: Expanded<'a>,
    pub form: Option<&'a Form>,
}

impl<'a> Subject<'a> {
    pub(super) fn function(&self) -> &'a Function {
        self.series.function()
    }

    pub(super) fn order(&self) -> usize {
        self.form.map_or_else(|| self.series.order(), Form::order)
    }
}

/// What encloses the error on parts of a range.
pub(super) struct Difference<'a> {
    pub subject: Subject<'a>,
    pub measure: Measure<'a>,
    /// Found on the first request: most functions have none.
    pub holes: OnceCell<Holes<'a>>,
    pub work: &'a Work,
}

impl Difference<'_> {
    /// The error from `low` to `high` as a quotient of polynomials, or `None` where the function
    /// has no series of intervals there.
    pub(super) fn quotient<A: Analytic>(
        &self,
        center: &Center<A>,
        low: f64,
        high: f64,
    ) -> Option<Quotient> {
        self.work.spend(OVERHEAD);
        self.about_point(center, low, high)
            .or_else(|| self.about_middle(center, low, high))
            .or_else(|| self.across_hole(low, high))
    }

    /// Charges for the series of `terms` terms, once enclosed and once in an arithmetic.
    fn charge(&self, terms: usize, weight: u64) {
        self.work.spend(cost(self.subject.function(), terms, weight));
    }

    /// About the expansion point, where it is an end of the piece.
    fn about_point<A: Analytic>(
        &self,
        center: &Center<A>,
        low: f64,
        high: f64,
    ) -> Option<Quotient> {
        let series = self.subject.series;
        if self.subject.form.is_some() || ![low, high].contains(&series.at_f64()) {
            return None;
        }
        let a = &center.arithmetic;
        let order = series.order();
        let point = series.enclosed_point();
        let hull = Interval64::between(low, high).hull(point);
        let width = hull.subtract(point).magnitude();
        if width == 0.0 {
            // At the expansion point itself polynomial and function agree.
            let (zero, one) = (Interval64::point(0.0), Interval64::point(1.0));
            let (over, under) = (vec![zero], vec![one]);
            return Some(Quotient { over, under, center: point, width, by_lagrange: false });
        }
        let terms = order + 1 + EXTRA_TERMS;
        let function = series.function();
        self.charge(terms, 1);
        let last = remainder(function, hull, width, terms)?;
        let mut value = if center.weight == 1 {
            self.charge(terms, 1);
            let along = [center.point.clone(), a.exact(&exactly(width).into())];
            let near = series::coefficients(a, function, &along, terms - 1).ok()?;
            near.iter().map(|x| (center.narrow)(a, x)).collect()
        } else {
            let near = center.near.get_or_init(|| {
                self.charge(terms, center.weight);
                let along = [center.point.clone(), a.integer(1)];
                series::coefficients(a, function, &along, terms - 1).ok()
            });
            let (unit, mut power) = ((center.free)(a, width), a.integer(1));
            let mut scaled = Vec::with_capacity(terms + 1);
            for x in near.as_ref()? {
                scaled.push((center.narrow)(a, &a.multiply(x, &power)));
                power = a.multiply(&power, &unit);
            }
            scaled
        };
        value.push(last);
        let mut over = vec![Interval64::point(0.0); order + 1];
        over.extend(&value[order + 1..]);
        Some(self.over(over, value, point, width))
    }

    /// About the middle of the piece.
    fn about_middle<A: Analytic>(
        &self,
        center: &Center<A>,
        low: f64,
        high: f64,
    ) -> Option<Quotient> {
        let a = &center.arithmetic;
        let hull = Interval64::between(low, high);
        // Where function and polynomial both vanish at zero, only exact terms there give the quotient.
        let relative = self.subject.form.is_some() && matches!(self.measure, Measure::Relative);
        let at_zero = relative && (low == 0.0 || high == 0.0);
        let middle = if at_zero { 0.0 } else { low.midpoint(high) };
        let width = hull.subtract(Interval64::point(middle)).magnitude();
        let (order, function) = (self.subject.order(), self.subject.function());
        // A form of a low degree is expanded whole: its own remainder is then zero.
        let whole = (order + 1 + EXTRA_TERMS, Interval64::point(0.0));
        let (terms, form_remainder) = match self.subject.form {
            Some(_) if order < MOST_TERMS_OF_FORM => whole,
            Some(form) => form
                .remainder(hull, width, MOST_TERMS_OF_FORM)
                .map_or(whole, |rest| (MOST_TERMS_OF_FORM, rest)),
            None => {
                let terms = order.min(MOST_TERMS - EXTRA_TERMS) + EXTRA_TERMS;
                (terms, self.polynomial_remainder(hull, width, terms))
            }
        };
        self.charge(terms, 1);
        let last = remainder(function, hull, width, terms)?;
        self.charge(terms, center.weight);
        self.work.spend(3 * center.weight * order as u64 * terms as u64);
        let x = if at_zero { a.integer(0) } else { (center.free)(a, middle) };
        let along = [x, a.exact(&exactly(width).into())];
        let value = series::coefficients(a, function, &along, terms - 1).ok()?;
        let polynomial = if let Some(form) = self.subject.form {
            (center.about)(center, form, middle, width, terms)
        } else {
            let t = [a.subtract(&along[0], &center.point), along[1].clone()];
            horner(a, &center.coefficients, &t, terms)
        };
        let mut over: Vec<_> = value
            .iter()
            .zip(&polynomial)
            .map(|(f, p)| (center.narrow)(a, &a.subtract(f, p)))
            .collect();
        over.push(last.subtract(form_remainder));
        let (value, last) = match self.measure {
            Measure::Per(unit) => {
                self.charge(terms, 1 + center.weight);
                let last = remainder(unit, hull, width, terms)?;
                (series::coefficients(a, unit, &along, terms - 1).ok()?, last)
            }
            Measure::Absolute | Measure::Relative => (value, last),
        };
        let mut value: Vec<_> = value.iter().map(|c| (center.narrow)(a, c)).collect();
        value.push(last);
        Some(self.over(over, value, Interval64::point(middle), width))
    }

    /// About a removable singularity inside the piece.
    fn across_hole(&self, low: f64, high: f64) -> Option<Quotient> {
        // A look for a hole, and the way around one.
        let series = self.subject.series;
        let steps = series.function().steps().len() as u64;
        let images = images(series.function(), 1);
        self.work.spend(2_000 * steps + images);
        let hole = self.holes.get_or_init(|| Holes::new(self.subject.series)).across(low, high)?;
        self.work.spend(20_000 * steps + 100 * images);
        let a = Certified::new(PRECISIONS[0]);
        let hull = Interval64::between(low, high).hull(hole.center);
        let width = hull.subtract(hole.center).magnitude();
        let terms = self.subject.order() + 1 + EXTRA_TERMS;
        self.charge(terms, 2 * weight(PRECISIONS[0]));
        let along = [Value::Exact(hole.exact.clone()), a.exact(&exactly(width).into())];
        let near = series::coefficients(&a, series.function(), &along, terms - 1).ok()?;
        let polynomial = if let Some(form) = self.subject.form {
            form.about(&a, &form.rounded(&a), &along, terms)
        } else {
            let (_, point, coefficients) = series.evaluated(PRECISIONS[0]).ok()?;
            let t = [a.subtract(&along[0], &point), along[1].clone()];
            horner(&a, &coefficients, &t, terms)
        };
        // The sum of the terms that are left out is at most M r^n/(1 - r), r <= 0.26, and that of
        // their derivatives less than twice n M r^n/(1 - r): `slope` needs both.
        let last = hole.remainder(width, terms)?.multiply(Interval64::point(2.0));
        let narrow = |x: &Value| Interval64::around(&a.enclose(x));
        let mut over: Vec<_> =
            near.iter().zip(&polynomial).map(|(f, p)| narrow(&a.subtract(f, p))).collect();
        over.push(last);
        let (value, last) = match self.measure {
            Measure::Per(unit) => {
                let value = series::coefficients(&a, unit, &along, terms - 1).ok()?;
                (value, remainder(unit, hull, width, terms)?)
            }
            Measure::Absolute | Measure::Relative => (near, last),
        };
        let mut value: Vec<_> = value.iter().map(narrow).collect();
        value.push(last);
        let quotient = self.over(over, value, hole.center, width);
        Some(Quotient { by_lagrange: false, ..quotient })
    }

    /// From plain interval evaluation: for kinks, and for ends of the domain. Where an end is not one of the
    /// `range` the function must be defined on both sides of it.
    pub(super) fn plain(&self, (low, high): (f64, f64), range: (f64, f64)) -> Measured {
        self.work.spend(3 * self.subject.order() as u64 + 6 * images(self.subject.function(), 1));
        let at = |x: Interval64| {
            let f = enclose(self.subject.function(), x);
            let difference = f.subtract(self.polynomial_on(x));
            match self.measure {
                Measure::Absolute => difference,
                Measure::Relative => difference.divide(f),
                Measure::Per(unit) => difference.divide(enclose(unit, x)),
            }
        };
        let beyond = Interval64::between(
            if low > range.0 { low.next_down() } else { low },
            if high < range.1 { high.next_up() } else { high },
        );
        let bound = at(beyond).magnitude();
        let taken = |x: f64| (x, at(Interval64::point(x)).mignitude());
        Measured { bound, taken: larger(taken(low), taken(high)) }
    }

    fn over(
        &self,
        over: Vec<Interval64>,
        value: Vec<Interval64>,
        center: Interval64,
        width: f64,
    ) -> Quotient {
        match self.measure {
            Measure::Absolute => {
                let under = vec![Interval64::point(1.0)];
                Quotient { over, under, center, width, by_lagrange: true }
            }
            Measure::Relative | Measure::Per(_) => {
                let zero = |c: &&Interval64| **c == Interval64::point(0.0);
                let leading = |p: &[Interval64]| p.iter().take_while(zero).count();
                let common = leading(&over).min(leading(&value));
                let rest = |p: &[Interval64]| p[common..].to_vec();
                let (over, under) = (rest(&over), rest(&value));
                Quotient { over, under, center, width, by_lagrange: true }
            }
        }
    }

    /// The polynomial's values on an interval.
    fn polynomial_on(&self, x: Interval64) -> Interval64 {
        let Some(form) = self.subject.form else { return self.polynomial_remainder(x, 1.0, 0) };
        let middle = x.low.midpoint(x.high);
        let width = x.subtract(Interval64::point(middle)).magnitude();
        let terms = if width == 0.0 { 1 } else { form.order() + 1 };
        value(&form.about_f64(middle, width, terms), Interval64::symmetric(1.0))
    }

    /// The Taylor coefficient of degree `degree` of the polynomial at any point of `hull`, in `s`.
    fn polynomial_remainder(&self, hull: Interval64, width: f64, degree: usize) -> Interval64 {
        let (series, order) = (self.subject.series, self.subject.order());
        if degree > order {
            return Interval64::point(0.0);
        }
        self.work.spend((order * (degree + 1)) as u64);
        let coefficients: Vec<_> = series.coefficients().iter().map(|&a| rounded(a)).collect();
        let t = [hull.subtract(series.enclosed_point()), Interval64::point(width)];
        horner(&Outward64, &coefficients, &t, degree + 1)[degree]
    }
}

/// The Taylor coefficient of degree `degree` of the function at any point of `hull`, in `s`.
fn remainder(
    function: &Function,
    hull: Interval64,
    width: f64,
    degree: usize,
) -> Option<Interval64> {
    let along = [hull, Interval64::point(width)];
    let mut jets = series::coefficients(&Outward64, function, &along, degree).ok()?;
    let last = jets.pop()?;
    (last.magnitude() < f64::INFINITY).then_some(last)
}
