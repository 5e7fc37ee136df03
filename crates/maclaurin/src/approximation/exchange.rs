//! The best approximation in the maximum norm, by exchange.
//!
//! On a reference of one point more than the space has dimensions there is a unique combination of
//! values that vanishes on the space: `sum_i l_i phi_j(x_i) = 0`. The best approximation on the
//! reference has errors `h sign(l_i) / w_i`, with `h = sum_i l_i f(x_i) / sum_i |l_i| / w_i`, and no
//! function of the space does better on any larger set (de la Vallée-Poussin). Where the error is
//! larger elsewhere, all alternating extremes of the error replace the reference at once (Remez,
//! 1934); where there are too few of them, as in spaces without Haar's condition, one point enters
//! and another leaves so that `h` grows (Stiefel, *Note on Jordan elimination, linear programming
//! and Tchebycheff approximation*, 1960). In such spaces some of the `l_i` may vanish: even powers have the
//! same values at `x` and `-x`. There the sign of the error is free, and is that with which the point entered;
//! exchanges go on though `h` stays, as the degenerate steps of the simplex method.

use super::linear::{Factors, LastColumn, Real};
use super::problem::Problem;
use crate::cancel::checkpoint;

/// The search ends when no error exceeds the reference's by more than that part.
const CLOSE: f64 = 1e-9;

/// Exchanges of a whole reference, and of one point at a time for each dimension.
const MOST_ROUNDS: usize = 60;
const MOST_SINGLE: usize = 8;

/// Evaluations of the error that refine an extreme.
const REFINEMENTS: usize = 10;

/// The best approximation.
pub(super) struct Best<N> {
    pub coefficients: Vec<N>,
    /// The largest error seen.
    pub largest: f64,
    /// The reference that rules out the smallest errors, and the error's magnitude on it.
    pub points: Vec<f64>,
    pub level: f64,
}

/// A best approximation on a reference.
struct Levelled<N> {
    points: Vec<f64>,
    coefficients: Vec<N>,
    /// The error's magnitude on the reference, and its signs.
    level: f64,
    signs: Vec<f64>,
    factors: Factors<N>,
    /// The magnitudes of the combination that vanishes on the space: those that vanish are tiny.
    dual: Vec<f64>,
    is_degenerate: bool,
}

/// The best approximation from a reference on, or `None` where the arithmetic has too few bits.
pub(super) fn minimax<A: Real>(
    a: &A,
    problem: &Problem<'_>,
    start: Vec<f64>,
) -> Option<Best<A::Number>> {
    let grid = Grid::new(a, problem)?;
    let mut current = levelled(a, problem, start.into_iter().map(|x| (x, 0.0)).collect())?;
    let mut best = (current.coefficients.clone(), f64::INFINITY);
    for _ in 0..MOST_ROUNDS {
        checkpoint();
        let extremes = grid.extremes(a, problem, &current)?;
        let largest = extremes.iter().map(|(_, error)| error.abs()).fold(0.0, f64::max);
        if largest < best.1 || !current.is_degenerate {
            best = (current.coefficients.clone(), largest);
        }
        if largest <= current.level * (1.0 + CLOSE) || largest <= grid.noise {
            break;
        }
        let all_at_once = alternating(&extremes, current.points.len())
            .and_then(|reference| levelled(a, problem, reference))
            .filter(|next| next.level > current.level);
        match all_at_once.or_else(|| one_by_one(a, problem, &current, &extremes)) {
            Some(next) => current = next,
            // What is left is rounding.
            None => break,
        }
    }
    let Levelled { points, level, is_degenerate, .. } = current;
    let (coefficients, largest) = best;
    Some(Best { coefficients, largest: if is_degenerate { largest } else { level }, points, level })
}

/// The best approximation on a reference: points, and the signs of the errors where they are free.
fn levelled<A: Real>(
    a: &A,
    problem: &Problem<'_>,
    reference: Vec<(f64, f64)>,
) -> Option<Levelled<A::Number>> {
    let count = reference.len();
    let (mut rows, mut values, mut units) = (Vec::with_capacity(count), Vec::new(), Vec::new());
    for &(x, _) in &reference {
        let (value, unit) = problem.value(a, x)?;
        rows.push(problem.row(a, x));
        values.push(value);
        units.push(unit);
    }
    let vanishing = 2f64.powi(-A::PRECISION / 2);
    let (factors, dual) = LastColumn::all(count).find_map(|column| {
        let signs = reference.iter().map(|(_, sign)| *sign);
        let (factors, dual) = column.dual(a, &rows, &units, signs)?;
        // The sum of the products with the column is 1.
        let size = dual.iter().zip(&units).map(|(l, u)| (a.nearest(l) * a.nearest(u)).abs());
        (size.sum::<f64>() < 1.0 / vanishing).then_some((factors, dual))
    })?;
    let (height, negative) = height(a, &dual, &values, &units);
    let level = a.nearest(&height).abs();
    let dual: Vec<f64> = dual.iter().map(|l| a.nearest(l).abs()).collect();
    let tiny = vanishing * dual.iter().copied().fold(0.0, f64::max);
    let opposite = a.nearest(&height) < 0.0;
    let sign = |i: usize| match reference[i].1 {
        sign if sign != 0.0 && dual[i] <= tiny => sign.signum(),
        _ if negative[i] == opposite => 1.0,
        _ => -1.0,
    };
    let signs: Vec<f64> = (0..count).map(sign).collect();
    let height = if opposite { a.negate(&height) } else { height };
    let on_level: Vec<_> = (0..count)
        .map(|i| {
            let error = a.multiply(&height, &units[i]);
            if signs[i] < 0.0 { a.add(&values[i], &error) } else { a.subtract(&values[i], &error) }
        })
        .collect();
    let mut coefficients = factors.solve(a, &on_level);
    coefficients.pop();
    let is_degenerate = dual.iter().any(|l| *l <= tiny);
    let dual = dual.into_iter().map(|l| l.max(tiny)).collect();
    let points = reference.into_iter().map(|(x, _)| x).collect();
    level.is_finite().then_some(Levelled {
        points,
        coefficients,
        level,
        signs,
        factors,
        dual,
        is_degenerate,
    })
}

/// `sum_i l_i f_i / sum_i |l_i| u_i`, and which of the `l_i` are negative.
fn height<A: Real>(
    a: &A,
    dual: &[A::Number],
    values: &[A::Number],
    units: &[A::Number],
) -> (A::Number, Vec<bool>) {
    let (mut over, mut under) = (a.double(0.0), a.double(0.0));
    let mut signs = Vec::with_capacity(dual.len());
    for ((l, value), unit) in dual.iter().zip(values).zip(units) {
        let negative = a.nearest(l) < 0.0;
        let product = a.multiply(l, unit);
        over = a.add(&over, &a.multiply(l, value));
        under = if negative { a.subtract(&under, &product) } else { a.add(&under, &product) };
        signs.push(negative);
    }
    (a.divide(&over, &under), signs)
}

/// Points that alternate in sign, as many as a reference has, with the largest errors.
fn alternating(extremes: &[(f64, f64)], count: usize) -> Option<Vec<(f64, f64)>> {
    let mut chosen: Vec<(f64, f64)> = Vec::with_capacity(extremes.len());
    for &(x, error) in extremes {
        match chosen.last_mut() {
            Some(last) if (last.1 < 0.0) == (error < 0.0) => {
                if error.abs() > last.1.abs() {
                    *last = (x, error);
                }
            }
            _ => chosen.push((x, error)),
        }
    }
    while chosen.len() > count {
        let (first, last) = (chosen[0].1.abs(), chosen[chosen.len() - 1].1.abs());
        if first < last {
            chosen.remove(0);
        } else {
            chosen.pop();
        }
    }
    (chosen.len() == count).then_some(chosen)
}

/// Exchanges one point at a time until no extreme exceeds the level.
fn one_by_one<A: Real>(
    a: &A,
    problem: &Problem<'_>,
    current: &Levelled<A::Number>,
    extremes: &[(f64, f64)],
) -> Option<Levelled<A::Number>> {
    let mut best: Option<Levelled<A::Number>> = None;
    for round in 0..MOST_SINGLE * current.points.len() {
        checkpoint();
        let from = best.as_ref().unwrap_or(current);
        let mut entering: Option<(f64, f64)> = None;
        for &(x, error) in extremes {
            let error = if round == 0 { error } else { problem.error(a, &from.coefficients, x)? };
            if entering.is_none_or(|(_, largest): (f64, f64)| error.abs() > largest.abs()) {
                entering = Some((x, error));
            }
        }
        let (x, error) = entering?;
        if error.abs() <= from.level * (1.0 + CLOSE) || from.points.contains(&x) {
            break;
        }
        let mut row = problem.row(a, x);
        row.push(a.double(0.0));
        let weights = from.factors.solve_transposed(a, &row);
        let ratio =
            |i: usize| error.signum() * from.signs[i] * a.nearest(&weights[i]) / from.dual[i];
        let leaving = (0..from.points.len()).max_by(|&i, &j| ratio(i).total_cmp(&ratio(j)))?;
        let mut reference: Vec<_> =
            from.points.iter().copied().zip(from.signs.iter().copied()).collect();
        reference[leaving] = (x, error);
        reference.sort_by(|p, q| p.0.total_cmp(&q.0));
        let least = if from.is_degenerate { from.level * (1.0 - CLOSE) } else { from.level };
        match levelled(a, problem, reference) {
            Some(next) if next.level > least => best = Some(next),
            _ => break,
        }
    }
    best
}

/// Points among which the extremes of the error are looked for.
struct Grid<N> {
    /// For each range its points, with the value and the unit of the error.
    ranges: Vec<Vec<(f64, N, N)>>,
    /// Errors as small as this come from the values' rounding.
    noise: f64,
}

/// The same in units of the values' uncertainty.
const NOISE: f64 = 8.0;

impl<N: Clone> Grid<N> {
    fn new<A: Real<Number = N>>(a: &A, problem: &Problem<'_>) -> Option<Self> {
        let ranges = problem.grid();
        let point = |x: f64| problem.value(a, x).map(|(value, unit)| (x, value, unit));
        let ranges = ranges.into_iter().map(|xs| xs.into_iter().map(point).collect::<Option<_>>());
        let ranges = ranges.collect::<Option<Vec<Vec<_>>>>()?;
        let uncertain = |(_, value, unit): &(f64, N, N)| {
            let weight = if problem.choice.is_absolute() { 1.0 } else { a.nearest(unit) };
            a.uncertainty(value) / weight
        };
        let noise = NOISE * ranges.iter().flatten().map(uncertain).fold(0.0, f64::max);
        Some(Self { ranges, noise })
    }

    /// The local extremes of the weighted error, refined, from left to right.
    fn extremes<A: Real<Number = N>>(
        &self,
        a: &A,
        problem: &Problem<'_>,
        current: &Levelled<N>,
    ) -> Option<Vec<(f64, f64)>> {
        let mut extremes = Vec::new();
        for range in &self.ranges {
            let errors: Vec<f64> = range
                .iter()
                .map(|(x, value, unit)| {
                    problem.error_from(a, &current.coefficients, *x, value, unit)
                })
                .collect();
            if errors.iter().any(|e| !e.is_finite()) {
                return None;
            }
            for i in 0..errors.len() {
                let sign = errors[i].signum();
                let here = errors[i].abs();
                let left = i.checked_sub(1).map(|j| sign * errors[j]);
                let right = errors.get(i + 1).map(|e| sign * e);
                if left.is_some_and(|left| left > here) || right.is_some_and(|right| right >= here)
                {
                    continue;
                }
                let extreme = match (left, right) {
                    (Some(left), Some(right)) => {
                        let error = |x: f64| problem.error(a, &current.coefficients, x);
                        let bracket = [range[i - 1].0, range[i].0, range[i + 1].0];
                        refine(bracket, [left, here, right], |x| Some(sign * error(x)?))?
                    }
                    _ => (range[i].0, here),
                };
                extremes.push((extreme.0, sign * extreme.1));
            }
        }
        // The reference itself: what it has must not be lost.
        for &x in &current.points {
            extremes.push((x, problem.error(a, &current.coefficients, x)?));
        }
        extremes.sort_by(|p, q| p.0.total_cmp(&q.0));
        Some(extremes)
    }
}

/// A maximum inside a bracket: the vertex of a parabola where that helps, else the golden section.
fn refine(
    [mut low, mut middle, mut high]: [f64; 3],
    [mut left, mut here, mut right]: [f64; 3],
    value: impl Fn(f64) -> Option<f64>,
) -> Option<(f64, f64)> {
    const GOLDEN: f64 = 0.381_966_011_250_105;
    let mut narrow = true;
    for _ in 0..REFINEMENTS {
        let (p, q) = (middle - low, high - middle);
        let (rise, fall) = ((here - left) * q, (here - right) * p);
        let vertex = middle + 0.5 * (rise * q - fall * p) / (rise + fall);
        let width = high - low;
        let golden = if q > p { middle + GOLDEN * q } else { middle - GOLDEN * p };
        let fits = narrow && low < vertex && vertex < high && rise + fall > 0.0;
        let x = if fits { vertex } else { golden };
        if (x - middle).abs() <= 1e-9 * width.max(middle.abs()) || x <= low || x >= high {
            break;
        }
        let y = value(x)?;
        if y >= here {
            if x > middle {
                (low, left) = (middle, here);
            } else {
                (high, right) = (middle, here);
            }
            (middle, here) = (x, y);
        } else if x > middle {
            (high, right) = (x, y);
        } else {
            (low, left) = (x, y);
        }
        narrow = high - low < 0.6 * width || fits && !narrow;
    }
    Some((middle, here))
}
