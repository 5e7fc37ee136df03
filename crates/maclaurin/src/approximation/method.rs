//! The ways to choose a polynomial.

use std::fmt;

use super::exchange::minimax;
use super::linear::{Doubles, Factors, Limbs, Real};
use super::lower::lower_bound;
use super::problem::Problem;
use super::unfit;
use crate::certify::Form;
use crate::series::Error;

/// By which norm a polynomial is near a function.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Method {
    /// The smallest largest error (Remez).
    #[default]
    Minimax,
    /// Equal to the function at the zeros of a Chebyshev polynomial: near the best, and found at once.
    Chebyshev,
    /// The smallest mean square of the error, uniformly over the ranges.
    LeastSquares,
    /// The smallest mean square of the error at these points, such as a data set's values.
    Samples(Vec<f64>),
}

impl fmt::Display for Method {
    /// For instance "minimax polynomial".
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Minimax => "minimax polynomial",
            Self::Chebyshev => "Chebyshev interpolant",
            Self::LeastSquares => "least-squares polynomial",
            Self::Samples(_) => "least-squares polynomial (of samples)",
        })
    }
}

/// A polynomial and what it was found from.
pub(super) struct Solved {
    pub form: Form,
    /// The largest error seen.
    pub level: f64,
    /// What no polynomial of the form undercuts.
    pub best: f64,
    /// Where the best polynomial has its largest errors.
    pub reference: Vec<f64>,
}

/// A polynomial in some arithmetic.
struct Found {
    form: Form,
    /// The points where the best error is levelled.
    reference: Vec<f64>,
    /// The largest error seen, the best polynomial's on its reference, and the size of the terms of
    /// which it is the rest.
    level: f64,
    best: f64,
    size: f64,
    bits: i32,
}

/// How near the best error in an arithmetic is to its proven bound, as a part.
const AGREEMENT: f64 = 1e-6;

/// The polynomial, in as many bits as it takes: half of them are kept for the error.
pub(super) fn solve(problem: &Problem<'_>) -> Result<Solved, Error> {
    if let Method::Samples(points) = &problem.choice.method {
        check_samples(problem, points)?;
    }
    let undetermined = || {
        let reason = "the ranges do not determine a polynomial, or the relative error has no bound";
        unfit("degrees", reason.into())
    };
    let mut start = problem.reference().ok_or_else(undetermined)?;
    let mut last = None;
    let attempts = [
        |problem: &_, start: &_| attempt(&Doubles, problem, start),
        |problem: &_, start: &_| attempt(&Limbs::<2, false>, problem, start),
        |problem: &_, start: &_| attempt(&Limbs::<6, false>, problem, start),
        |problem: &_, start: &_| attempt(&Limbs::<20, false>, problem, start),
    ];
    for attempt in attempts {
        let Some(found) = attempt(problem, &start) else { continue };
        let Found { form, reference, level, best, size, bits } = found;
        let sees = best > size * 2f64.powi(-bits / 2);
        let proven = if sees || bits == Limbs::<20, false>::PRECISION {
            lower_bound(problem, &reference)
        } else {
            0.0
        };
        let solved = Solved { form, level, best: proven, reference: reference.clone() };
        if sees && (best - proven).abs() <= AGREEMENT * best {
            return Ok(solved);
        }
        start = reference;
        last = Some(solved);
    }
    last.ok_or_else(undetermined)
}

/// The largest error of the polynomial, or about that, in doubles where they see it and in 128 bits otherwise.
pub(super) fn estimate(problem: &Problem<'_>) -> Result<f64, Error> {
    let start = problem.reference();
    let found = start.as_ref().and_then(|start| attempt(&Doubles, problem, start));
    if let Some(found) = found.filter(|found| found.best > found.size * SEEN) {
        return Ok(found.level);
    }
    let found = start.and_then(|start| attempt(&Limbs::<2, false>, problem, &start));
    found.map_or_else(|| Ok(solve(problem)?.level), |found| Ok(found.level))
}

/// Errors above this part of the terms are known to some digits in doubles.
const SEEN: f64 = 1e-12;

/// One way in one arithmetic.
fn attempt<A: Real>(a: &A, problem: &Problem<'_>, start: &[f64]) -> Option<Found> {
    let best = minimax(a, problem, start.to_vec())?;
    let (coefficients, level) = match &problem.choice.method {
        Method::Minimax => (best.coefficients, best.largest),
        Method::Chebyshev => {
            let points = nodes(problem);
            let mut rows = Vec::new();
            let mut values = Vec::new();
            for x in points {
                rows.push(problem.row(a, x));
                values.push(problem.value(a, x)?.0);
            }
            let found = Factors::new(a, rows)?.solve(a, &values);
            let level = largest(a, problem, &found)?;
            (found, level)
        }
        Method::LeastSquares => {
            let found = projected(a, problem, &quadrature(problem))?;
            let level = largest(a, problem, &found)?;
            (found, level)
        }
        Method::Samples(points) => {
            let weighted: Vec<_> = points.iter().map(|&x| (x, 1.0)).collect();
            let found = projected(a, problem, &weighted)?;
            let level = largest(a, problem, &found)?;
            (found, level)
        }
    };
    let form = problem.form(a, &coefficients)?;
    let terms: f64 = coefficients.iter().map(|c| a.nearest(c).abs()).sum();
    let size =
        if problem.choice.is_absolute() { terms } else { terms / smallest_unit(a, problem)? };
    Some(Found { form, reference: best.points, level, best: best.level, size, bits: A::PRECISION })
}

/// The smallest unit of the error on the grid.
fn smallest_unit<A: Real>(a: &A, problem: &Problem<'_>) -> Option<f64> {
    let mut smallest = f64::INFINITY;
    for x in problem.grid().into_iter().flatten() {
        smallest = smallest.min(a.nearest(&problem.value(a, x)?.1));
    }
    Some(smallest)
}

/// Refuses points where the function has no value.
pub(super) fn check_values(problem: &Problem<'_>) -> Result<(), Error> {
    let grid = problem.grid().into_iter().flatten();
    let unknown = |x: &f64| Doubles.value(problem.function, *x).is_none();
    grid.into_iter().find(unknown).map_or(Ok(()), |near| Err(Error::Unbounded { near }))
}

/// The largest error on the grid.
fn largest<A: Real>(a: &A, problem: &Problem<'_>, coefficients: &[A::Number]) -> Option<f64> {
    let mut largest = 0f64;
    for x in problem.grid().into_iter().flatten() {
        largest = largest.max(problem.error(a, coefficients, x)?.abs());
    }
    largest.is_finite().then_some(largest)
}

/// The polynomial with the smallest sum of weighted squares of errors, by the normal equations:
/// Chebyshev polynomials are well enough conditioned for them.
fn projected<A: Real>(
    a: &A,
    problem: &Problem<'_>,
    points: &[(f64, f64)],
) -> Option<Vec<A::Number>> {
    let size = problem.degrees.len();
    let mut gram = vec![vec![a.double(0.0); size]; size];
    let mut right = vec![a.double(0.0); size];
    for &(x, weight) in points {
        crate::cancel::checkpoint();
        let (value, unit) = problem.value(a, x)?;
        let mut weight = a.double(weight);
        if !problem.choice.is_absolute() {
            weight = a.divide(&weight, &a.multiply(&unit, &unit));
        }
        let row = problem.row(a, x);
        for (i, phi) in row.iter().enumerate() {
            let weighted = a.multiply(&weight, phi);
            for (sum, other) in gram[i].iter_mut().zip(&row) {
                *sum = a.add(sum, &a.multiply(&weighted, other));
            }
            right[i] = a.add(&right[i], &a.multiply(&weighted, &value));
        }
    }
    Some(Factors::new(a, gram)?.solve(a, &right))
}

/// The zeros of the Chebyshev polynomial of one degree more, for each range a share of them.
fn nodes(problem: &Problem<'_>) -> Vec<f64> {
    let count = problem.degrees.len();
    if let (Some(odd), &[(0.0, high)]) = (problem.parity, &problem.ranges[..]) {
        // Of a whole set about zero the positive half, with zero itself for even functions.
        let all = 2 * count - usize::from(!odd);
        let angle = |i: usize| std::f64::consts::PI * (i as f64 + 0.5) / all as f64;
        return (0..count).map(|i| (high * angle(i).cos()).max(0.0)).collect();
    }
    let ranges = problem.ranges.len();
    let share = |i: usize| (i + 1) * count / ranges - i * count / ranges;
    let mut nodes = Vec::with_capacity(count);
    for (i, &(low, high)) in problem.ranges.iter().enumerate() {
        for (x, _) in fejer(low, high, share(i)) {
            nodes.push(x);
        }
    }
    nodes
}

/// Points and weights for the mean over the ranges.
fn quadrature(problem: &Problem<'_>) -> Vec<(f64, f64)> {
    let count = 8 * problem.degrees.last().map_or(1, |n| n + 1) + 64;
    problem.ranges.iter().flat_map(|&(low, high)| fejer(low, high, count)).collect()
}

/// Fejér's first rule on a range: the zeros of `T_count`, and weights that integrate polynomials
/// below degree `count` exactly (DLMF 3.5.24 gives the rule's sibling at the extremes).
fn fejer(low: f64, high: f64, count: usize) -> Vec<(f64, f64)> {
    let (middle, half) = (low.midpoint(high), high / 2.0 - low / 2.0);
    let angle = |i: usize| std::f64::consts::PI * (i as f64 + 0.5) / count as f64;
    let weight = |i: usize| {
        let term = |k: usize| (2.0 * k as f64 * angle(i)).cos() / (4.0 * (k * k) as f64 - 1.0);
        let sum: f64 = (1..=count / 2).map(term).sum();
        half * 2.0 / count as f64 * (1.0 - 2.0 * sum)
    };
    (0..count).rev().map(|i| (middle + half * angle(i).cos(), weight(i))).collect()
}

/// Refuses samples that are too few, not finite, or outside the ranges.
fn check_samples(problem: &Problem<'_>, points: &[f64]) -> Result<(), Error> {
    let inside = |x: f64| problem.ranges.iter().any(|&(low, high)| low <= x && x <= high);
    if let Some((i, x)) = points.iter().enumerate().find(|(_, x)| !inside(**x)) {
        return Err(unfit("samples", format!("{x} at position {i} lies outside the range")));
    }
    let mut distinct = points.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    if distinct.len() < problem.degrees.len() {
        let (have, need) = (distinct.len(), problem.degrees.len());
        return Err(unfit(
            "samples",
            format!("{have} different values do not determine {need} coefficients"),
        ));
    }
    Ok(())
}
