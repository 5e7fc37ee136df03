//! The ways to choose a polynomial.

use super::exchange::minimax;
use super::linear::{Factors, Real};
use super::problem::Problem;
use super::unfit;
use crate::certify::{Basis, Form};
use crate::number::{Balls, Float64};
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

/// A polynomial and what it was found from.
pub(super) struct Solved {
    pub form: Form,
    /// The points where the best error is levelled.
    pub reference: Vec<f64>,
    /// The largest error seen.
    pub level: f64,
}

/// Degrees up to which powers are well enough conditioned for doubles.
const MOST_POWERS: usize = 12;

/// The polynomial, in as many bits as it takes: half of them are kept for the error.
pub(super) fn solve(problem: &Problem<'_>, method: &Method) -> Result<Solved, Error> {
    if let Method::Samples(points) = method {
        check_samples(problem, points)?;
    }
    let scale = scale(problem)?;
    let sees = |solved: &Solved, bits: i32| solved.level > scale * 2f64.powi(-bits / 2);
    let last = problem.degrees.last().copied().unwrap_or(0);
    let mut start = problem.reference();
    if problem.basis == Basis::Chebyshev || last <= MOST_POWERS {
        if let Some(solved) = attempt(&Float64, problem, method, &start) {
            if sees(&solved, Float64::BITS) {
                return Ok(solved);
            }
        }
    }
    fn with<const N: usize>(
        problem: &Problem<'_>,
        method: &Method,
        start: &[f64],
    ) -> (Option<Solved>, i32) {
        (attempt(&Balls::<N>, problem, method, start), Balls::<N>::BITS)
    }
    let mut best = None;
    for attempt in [with::<2>, with::<6>, with::<20>] {
        if let (Some(solved), bits) = attempt(problem, method, &start) {
            if sees(&solved, bits) {
                return Ok(solved);
            }
            start.clone_from(&solved.reference);
            best = Some(solved);
        }
    }
    best.ok_or_else(|| {
        unfit("degrees", "no polynomial was found: the ranges do not determine one, or the relative error has no bound".into())
    })
}

/// One way in one arithmetic.
fn attempt<A: Real>(
    a: &A,
    problem: &Problem<'_>,
    method: &Method,
    start: &[f64],
) -> Option<Solved> {
    let best = minimax(a, problem, start.to_vec())?;
    let (coefficients, level) = match method {
        Method::Minimax => (best.coefficients, best.level),
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
    Some(Solved { form, reference: best.points, level })
}

/// The function's size on the grid, which refuses points where it has none.
fn scale(problem: &Problem<'_>) -> Result<f64, Error> {
    if problem.relative {
        return Ok(1.0);
    }
    let mut largest = 0f64;
    for x in problem.grid().into_iter().flatten() {
        let value = Float64.value(problem.function, x).ok_or(Error::Unbounded { near: x })?;
        largest = largest.max(value.abs());
    }
    Ok(largest)
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
    let mut gram = vec![vec![a.integer(0); size]; size];
    let mut right = vec![a.integer(0); size];
    for &(x, weight) in points {
        crate::cancel::checkpoint();
        let (value, unit) = problem.value(a, x)?;
        let mut weight = a.double(weight);
        if problem.relative {
            weight = a.divide(&weight, &a.multiply(&unit, &unit));
        }
        let row = problem.row(a, x);
        for (i, phi) in row.iter().enumerate() {
            let weighted = a.multiply(&weight, phi);
            for (j, other) in row.iter().enumerate().take(i + 1) {
                gram[i][j] = a.add(&gram[i][j], &a.multiply(&weighted, other));
            }
            right[i] = a.add(&right[i], &a.multiply(&weighted, &value));
        }
    }
    for i in 0..size {
        for j in i + 1..size {
            gram[i][j] = gram[j][i].clone();
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
        return Err(unfit("samples", format!("{have} different values do not determine {need} coefficients")));
    }
    Ok(())
}
