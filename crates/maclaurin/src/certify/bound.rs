//! How far a Taylor polynomial is from its function on a real range.
//!
//! `|f - T|` is bounded by branch and bound. On a piece of the range about a center `c`, with
//! `x = c + w s`, Taylor's theorem encloses `f - T` in a polynomial in `s`: its coefficients below
//! degree `n` are Taylor coefficients at `c`, and that of degree `n` contains the Taylor
//! coefficient of degree `n` at every point of the piece (Lagrange's remainder; interval jets,
//! Moore, Kearfott and Cloud 2009, ch. 9). About the expansion point all degrees of `T` cancel
//! exactly, so that the smallest errors are known as well as the largest. Where the difference is
//! monotone, the ends decide. The piece with the largest bound is halved until that bound is
//! within [`TIGHTNESS`] of a value that `|f - T|` certainly takes.
//!
//! Nothing is asked of the radius of convergence: the function has to be finite on the range.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use super::hole::Holes;
use super::region::Region;
use crate::function::{Function, Operation};
use crate::number::{Arithmetic, Certified, Exact, Interval64, Outward64, Rational, Value};
use crate::series::{self, Error, Series};

/// The search ends when the bound is this close to a value that is taken.
const TIGHTNESS: f64 = 1.002;

/// Terms beyond the polynomial's about the expansion point, and most terms elsewhere.
const EXTRA_TERMS: usize = 8;
const MOST_TERMS: usize = 48;

/// Pieces that a search may look at, and the time that it may take; then the bound is wider.
const MOST_PIECES: usize = 20_000;
const LONGEST: Duration = Duration::from_millis(800);

/// The width of a piece that is not halved any more, as a part of the range.
const SMALLEST_PIECE: f64 = 1.0 / (1u64 << 48) as f64;

/// Bits tried in turn after doubles: small errors are differences of nearly equal numbers.
const PRECISIONS: [usize; 3] = [128, 384, 1024];

/// How far a Taylor polynomial is from its function on a range.
///
/// The polynomial is the one with the exact coefficients; rounding comes on top where it is
/// evaluated in floating point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorBound {
    /// The error is nowhere on the range above this: certified.
    pub bound: f64,
    /// The largest error seen: the error is at least this somewhere, certified too.
    pub sampled: f64,
    /// Where that is.
    pub at: f64,
}

/// What is bounded.
#[derive(Clone, Copy, PartialEq)]
enum Measure {
    /// `|f - T|`
    Absolute,
    /// `|f - T| / |f|`
    Relative,
}

impl Series {
    /// A certified upper bound of `|f(x) - T(x)|` for `low <= x <= high`.
    ///
    /// Usually within 0.2% of the truth; wider, but never below it, where 0.8 seconds of search do
    /// not get there: [`ErrorBound::sampled`] tells.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyRange`] unless `low <= high`, both finite; [`Error::Unbounded`] where the
    /// function is not proven finite on the range.
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
        self.error_bound_until(low, high, Instant::now() + LONGEST)
    }

    /// [`Series::error_bound`] within another time.
    pub(super) fn error_bound_until(
        &self,
        low: f64,
        high: f64,
        deadline: Instant,
    ) -> Result<ErrorBound, Error> {
        bound(self, (low, high), Measure::Absolute, deadline)
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
        bound(self, (low, high), Measure::Relative, Instant::now() + LONGEST)
    }
}

fn bound(
    series: &Series,
    (low, high): (f64, f64),
    measure: Measure,
    deadline: Instant,
) -> Result<ErrorBound, Error> {
    check_range(low, high)?;
    if Region::new(series.function()).degree().is_some_and(|n| n <= series.order() as u64) {
        let at = series.at_f64().clamp(low, high);
        return Ok(ErrorBound { bound: 0.0, sampled: 0.0, at });
    }
    let range = (low, high);
    let search = Search { series, measure, holes: Holes::new(series, deadline), range, deadline };
    let doubles = Center {
        point: series.enclosed_point(),
        coefficients: series.coefficients().iter().map(|&a| rounded(a)).collect(),
        narrow: &|x: &Interval64| *x,
        free: &Interval64::point,
        arithmetic: Outward64,
    };
    let mut best = search.run(&doubles);
    for bits in PRECISIONS {
        if !matches!(best, Ok((_, true)) | Err(_)) || Instant::now() > deadline {
            break;
        }
        let (arithmetic, point, coefficients) = series.evaluated(bits)?;
        let narrow = |x: &Value| Interval64::around(&arithmetic.enclose(x));
        let free = |x: f64| arithmetic.add(&arithmetic.at_most(0.0), &rational(x));
        let arithmetic = Certified::new(bits);
        let center = Center { point, coefficients, narrow: &narrow, free: &free, arithmetic };
        best = match (search.run(&center), best) {
            (Ok(new), Ok(old)) if new.0.bound > old.0.bound => Ok((old.0, new.1)),
            (Err(_), Ok(old)) => Ok(old),
            (new, _) => new,
        };
    }
    best.map(|(found, _)| found)
}

/// Refuses what is no range: ends that are not finite, or in the wrong order, or too far apart.
pub(super) fn check_range(low: f64, high: f64) -> Result<(), Error> {
    let fits = low.is_finite() && high.is_finite() && low <= high && (high - low).is_finite();
    if fits { Ok(()) } else { Err(Error::EmptyRange { low, high }) }
}

/// The reals that round to a double.
pub(super) fn rounded(nearest: f64) -> Interval64 {
    if nearest == 0.0 {
        Interval64 { low: -f64::from_bits(1), high: f64::from_bits(1) }
    } else {
        Interval64 { low: nearest.next_down(), high: nearest.next_up() }
    }
}

fn rational(x: f64) -> Value {
    Value::Exact(Exact::from(Rational::try_from(x).unwrap_or_default()))
}

/// The series in the arithmetic in which it is expanded about centers.
struct Center<'a, A: Arithmetic> {
    arithmetic: A,
    /// The expansion point.
    point: A::Number,
    coefficients: Vec<A::Number>,
    /// The number between doubles.
    narrow: &'a dyn Fn(&A::Number) -> Interval64,
    /// A double as a number that is not computed with exactly.
    free: &'a dyn Fn(f64) -> A::Number,
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

/// Two polynomials in `s`, `from <= s <= to`, whose quotient is the error on a piece: the
/// difference, and 1 or the function.
struct Quotient {
    over: Vec<Interval64>,
    under: Vec<Interval64>,
    from: Interval64,
    to: Interval64,
}

/// The quotient's largest magnitude, as an upper bound and as values certainly taken at the ends.
struct Measured {
    bound: f64,
    ends: [Interval64; 2],
}

struct Search<'a> {
    series: &'a Series,
    measure: Measure,
    holes: Holes<'a>,
    range: (f64, f64),
    deadline: Instant,
}

impl Search<'_> {
    /// The bound, and whether more bits would better it.
    fn run<A: Arithmetic>(&self, center: &Center<'_, A>) -> Result<(ErrorBound, bool), Error> {
        let (low, high) = self.range;
        let mut found =
            ErrorBound { bound: 0.0, sampled: 0.0, at: self.series.at_f64().clamp(low, high) };
        let mut queue = BinaryHeap::new();
        let mut cuts = vec![low, high];
        cuts.extend([self.series.at_f64()].into_iter().filter(|x| low < *x && *x < high));
        cuts.sort_by(f64::total_cmp);
        for pair in cuts.windows(2) {
            queue.push(self.piece(center, pair[0], pair[1], &mut found));
        }
        let mut pieces = 0;
        while let Some(piece) = queue.pop() {
            pieces += 1;
            let middle = piece.low.midpoint(piece.high);
            let tight = piece.bound <= TIGHTNESS * found.sampled;
            let atom = piece.high - piece.low <= SMALLEST_PIECE * (high - low);
            let late = pieces > MOST_PIECES || Instant::now() > self.deadline;
            if tight || atom || piece.blurred || late {
                if piece.bound.is_infinite() {
                    // The plainest of the piece's points: 0 rather than 2e-15.
                    let points = [piece.low, piece.high, middle];
                    let near = points.into_iter().min_by_key(|x| format!("{x:?}").len());
                    return Err(Error::Unbounded { near: near.unwrap_or(middle) });
                }
                found.bound = piece.bound.max(found.sampled);
                return Ok((found, piece.blurred && !tight));
            }
            queue.push(self.piece(center, piece.low, middle, &mut found));
            queue.push(self.piece(center, middle, piece.high, &mut found));
        }
        Ok((found, false))
    }

    fn piece<A: Arithmetic>(
        &self,
        center: &Center<'_, A>,
        low: f64,
        high: f64,
        found: &mut ErrorBound,
    ) -> Piece {
        let quotient = self
            .about_point(center, low, high)
            .or_else(|| self.about_middle(center, low, high))
            .or_else(|| self.across_hole(low, high));
        let measured = match &quotient {
            Some(quotient) => quotient.measured(),
            None => self.plain(low, high),
        };
        for (x, end) in [low, high].into_iter().zip(measured.ends) {
            if end.mignitude() > found.sampled {
                found.sampled = end.mignitude();
                found.at = x;
            }
        }
        let blurred = quotient.is_some_and(|quotient| quotient.is_blurred());
        Piece { low, high, bound: measured.bound, blurred }
    }

    /// About the expansion point, where it is an end of the piece.
    fn about_point<A: Arithmetic>(
        &self,
        center: &Center<'_, A>,
        low: f64,
        high: f64,
    ) -> Option<Quotient> {
        if ![low, high].contains(&self.series.at_f64()) {
            return None;
        }
        let a = &center.arithmetic;
        let order = self.series.order();
        let point = self.series.enclosed_point();
        let hull = Interval64::between(low, high).hull(point);
        let reach = hull.subtract(point);
        let width = reach.magnitude();
        if width == 0.0 {
            // At the expansion point itself polynomial and function agree.
            let (zero, one) = (Interval64::point(0.0), Interval64::point(1.0));
            return Some(Quotient { over: vec![zero], under: vec![one], from: zero, to: zero });
        }
        let terms = order + 1 + EXTRA_TERMS;
        let along = |x: A::Number| [x, a.exact(&exactly(width))];
        let function = self.series.function();
        let last = remainder(function, hull, width, terms)?;
        let near =
            series::coefficients(a, function, &along(center.point.clone()), terms - 1).ok()?;
        let mut value: Vec<_> = near.iter().map(center.narrow).collect();
        value.push(last);
        let mut over = vec![Interval64::point(0.0); order + 1];
        over.extend(&value[order + 1..]);
        let side = |x: f64| Interval64::point(x).subtract(point).divide(Interval64::point(width));
        Some(self.quotient(over, value, side(low), side(high)))
    }

    /// About the middle of the piece.
    fn about_middle<A: Arithmetic>(
        &self,
        center: &Center<'_, A>,
        low: f64,
        high: f64,
    ) -> Option<Quotient> {
        let a = &center.arithmetic;
        let hull = Interval64::between(low, high);
        let middle = low.midpoint(high);
        let width = hull.subtract(Interval64::point(middle)).magnitude();
        let terms = self.series.order().min(MOST_TERMS - EXTRA_TERMS) + EXTRA_TERMS;
        let function = self.series.function();
        let along = [(center.free)(middle), a.exact(&exactly(width))];
        let last = remainder(function, hull, width, terms)?;
        let mut value = series::coefficients(a, function, &along, terms - 1).ok()?;
        let [x, slope] = along;
        let t = [a.subtract(&x, &center.point), slope];
        let polynomial = shifted(a, &center.coefficients, &t, terms);
        let mut over: Vec<_> = value
            .iter()
            .zip(&polynomial)
            .map(|(f, p)| (center.narrow)(&a.subtract(f, p)))
            .collect();
        let mut value: Vec<_> = value.drain(..).map(|c| (center.narrow)(&c)).collect();
        value.push(last);
        over.push(last.subtract(self.polynomial_remainder(hull, width, terms)));
        let side = |x: f64| {
            Interval64::point(x)
                .subtract(Interval64::point(middle))
                .divide(Interval64::point(width))
        };
        let (from, to) = if width == 0.0 {
            (Interval64::point(0.0), Interval64::point(0.0))
        } else {
            (side(low), side(high))
        };
        Some(self.quotient(over, value, from, to))
    }

    /// About a removable singularity inside the piece.
    fn across_hole(&self, low: f64, high: f64) -> Option<Quotient> {
        let hole = self.holes.across(low, high)?;
        let a = Certified::new(PRECISIONS[0]);
        let hull = Interval64::between(low, high).hull(hole.center);
        let width = hull.subtract(hole.center).magnitude();
        let terms = self.series.order() + 1 + EXTRA_TERMS;
        let along = [Value::Exact(hole.exact.clone()), a.exact(&exactly(width))];
        let near = series::coefficients(&a, self.series.function(), &along, terms - 1).ok()?;
        let (_, point, coefficients) = self.series.evaluated(PRECISIONS[0]).ok()?;
        let [x, slope] = along;
        let polynomial = shifted(&a, &coefficients, &[a.subtract(&x, &point), slope], terms);
        let last = hole.remainder(width, terms)?;
        let narrow = |x: &Value| Interval64::around(&a.enclose(x));
        let mut over: Vec<_> =
            near.iter().zip(&polynomial).map(|(f, p)| narrow(&a.subtract(f, p))).collect();
        let mut value: Vec<_> = near.iter().map(narrow).collect();
        value.push(last);
        over.push(last);
        let side =
            |x: f64| Interval64::point(x).subtract(hole.center).divide(Interval64::point(width));
        Some(self.quotient(over, value, side(low), side(high)))
    }

    /// From plain interval evaluation: for kinks, and for ends of the domain.
    fn plain(&self, low: f64, high: f64) -> Measured {
        let at = |x: Interval64| {
            let f = enclose(self.series.function(), x);
            let difference = f.subtract(self.polynomial_remainder(x, 1.0, 0));
            match self.measure {
                Measure::Absolute => difference,
                Measure::Relative => difference.divide(f),
            }
        };
        let bound = at(Interval64::between(low, high)).magnitude();
        Measured { bound, ends: [at(Interval64::point(low)), at(Interval64::point(high))] }
    }

    fn quotient(
        &self,
        over: Vec<Interval64>,
        value: Vec<Interval64>,
        from: Interval64,
        to: Interval64,
    ) -> Quotient {
        match self.measure {
            Measure::Absolute => Quotient { over, under: vec![Interval64::point(1.0)], from, to },
            Measure::Relative => {
                let zero = |c: &&Interval64| **c == Interval64::point(0.0);
                let leading = |p: &[Interval64]| p.iter().take_while(zero).count();
                let common = leading(&over).min(leading(&value));
                let rest = |p: &[Interval64]| p[common..].to_vec();
                Quotient { over: rest(&over), under: rest(&value), from, to }
            }
        }
    }

    /// The Taylor coefficient of degree `degree` of `T` at any point of `hull`, in `s`.
    fn polynomial_remainder(&self, hull: Interval64, width: f64, degree: usize) -> Interval64 {
        if degree > self.series.order() {
            return Interval64::point(0.0);
        }
        let coefficients: Vec<_> = self.series.coefficients().iter().map(|&a| rounded(a)).collect();
        let t = [hull.subtract(self.series.enclosed_point()), Interval64::point(width)];
        shifted(&Outward64, &coefficients, &t, degree + 1)[degree]
    }
}

fn exactly(x: f64) -> Exact {
    Rational::try_from(x).unwrap_or_default().into()
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

/// The first `terms` coefficients of `sum_k coefficients[k] (t_0 + t_1 s)^k`, by Horner's rule.
fn shifted<A: Arithmetic>(
    a: &A,
    coefficients: &[A::Number],
    t: &[A::Number; 2],
    terms: usize,
) -> Vec<A::Number> {
    let mut sum = vec![a.integer(0); terms];
    for (done, coefficient) in coefficients.iter().rev().enumerate() {
        for k in (0..terms.min(done + 1)).rev() {
            let mut value = a.multiply(&sum[k], &t[0]);
            if k > 0 {
                value = a.add(&value, &a.multiply(&sum[k - 1], &t[1]));
            }
            sum[k] = value;
        }
        sum[0] = a.add(&sum[0], coefficient);
    }
    sum
}

/// The function's values on an interval, by plain interval arithmetic.
pub(super) fn enclose(function: &Function, x: Interval64) -> Interval64 {
    let a = &Outward64;
    let mut values: Vec<Interval64> = Vec::with_capacity(function.steps().len());
    for step in function.steps() {
        let value = match &step.operation {
            Operation::Variable => x,
            Operation::Constant(value) => a.exact(value),
            Operation::Negate(f) => values[*f].negate(),
            Operation::Add(f, g) => values[*f].add(values[*g]),
            Operation::Subtract(f, g) => values[*f].subtract(values[*g]),
            Operation::Multiply(f, g) if f == g => values[*f].square(),
            Operation::Multiply(f, g) => values[*f].multiply(values[*g]),
            Operation::Divide(f, g) => values[*f].divide(values[*g]),
            Operation::Absolute(f) => {
                Interval64::between(values[*f].mignitude(), values[*f].magnitude())
            }
            Operation::Power(f, g) => match &function.steps()[*g].operation {
                Operation::Constant(r) if r.as_rational().is_some() => {
                    a.power(&values[*f], &r.as_rational().cloned().unwrap_or_default())
                }
                _ if values[*f].low > 0.0 => values[*f].log().multiply(values[*g]).exp(),
                _ => Interval64::WHOLE_LINE,
            },
            Operation::Elementary(elementary, f) => a.elementary(*elementary, &values[*f]),
            Operation::ErlangCdf { shape, argument } => {
                series::erlang_cdf(a, &[values[*argument]], *shape)[0]
            }
        };
        values.push(value);
    }
    values.last().copied().unwrap_or(Interval64::WHOLE_LINE)
}

impl Quotient {
    /// Whether the widths of the coefficients, which come from rounding, are more than a
    /// thousandth of the difference and more than the remainder.
    fn is_blurred(&self) -> bool {
        let width = |x: &Interval64| x.high - x.low;
        let Some((last, rest)) = self.over.split_last() else { return false };
        let blur: f64 = rest.iter().map(width).sum();
        let size = value(&self.over, self.from.hull(self.to)).magnitude();
        blur > size / 1000.0 && blur >= width(last)
    }

    fn measured(&self) -> Measured {
        let at = |s: Interval64| value(&self.over, s).divide(value(&self.under, s));
        let ends = [at(self.from), at(self.to)];
        let s = self.from.hull(self.to);
        let (over, under) = (value(&self.over, s), value(&self.under, s));
        let mut bound = over.divide(under).magnitude();
        // (D/F)' = (D' F - D F') / F^2 has one sign: the largest magnitude is at an end.
        let (over_slope, under_slope) = (slope(&self.over, s), slope(&self.under, s));
        let rise = over_slope.multiply(under).subtract(over.multiply(under_slope));
        if !rise.contains(0.0) && !under.contains(0.0) {
            bound = bound.min(ends[0].magnitude().max(ends[1].magnitude()));
        }
        Measured { bound, ends }
    }
}

/// `sum_k coefficients[k] s^k`, by powers: even ones are tighter than products.
fn value(coefficients: &[Interval64], s: Interval64) -> Interval64 {
    let term = |(k, a): (usize, &Interval64)| a.multiply(s.integer_power(k as u64));
    coefficients.iter().enumerate().map(term).fold(Interval64::point(0.0), Interval64::add)
}

/// The derivative of a polynomial enclosure: that of Lagrange's remainder is the remainder of
/// the derivative.
fn slope(coefficients: &[Interval64], s: Interval64) -> Interval64 {
    let derivative: Vec<_> = coefficients
        .iter()
        .enumerate()
        .skip(1)
        .map(|(k, a)| a.multiply(Interval64::point(k as f64)))
        .collect();
    value(&derivative, s)
}
