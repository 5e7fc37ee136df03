//! The choice of coefficients among the numbers of a format.
//!
//! They are rounded one by one, found by lattice reduction (see [`super::lattice`]), and where the error stays larger
//! than it has to be, as in formats of few bits, rounded one after another while those that follow are fitted anew. The
//! polynomial of the least error on the grid is taken.

use super::format::Coefficients;
use super::lattice::Lattice;
use super::linear::{Doubles, Limbs, Real};
use super::method::Solved;
use super::polynomial::suits_powers;
use super::problem::Problem;
use super::{Method, unfit};
use crate::certify::{Basis, Form};
use crate::number::{Rational, exactly, exponent, power_of_two, to_f64};
use crate::series::Error;

/// Coefficients rounded one by one are kept where they cost no more than this part of the error.
const NEGLIGIBLE: f64 = 1e-4;

/// Steps of coefficients need not be finer than this part of the error.
const FINEST: f64 = 1e-4;

/// Where the error with the format is larger than without by more than this part, coefficients are refitted too.
const SHORT: f64 = 0.05;

/// Choices of the steps, which are those of a coefficient's binade.
const MOST_BINADES: usize = 6;

/// The polynomial with coefficients of the format that was chosen.
pub(super) fn with_format(problem: &Problem<'_>, solved: Solved) -> Result<Solved, Error> {
    if problem.choice.coefficients == Coefficients::Exact {
        return Ok(solved);
    }
    let terms = Terms::new(problem, &solved);
    let size: f64 = terms.exact.iter().map(|y| to_f64(y).abs()).sum();
    let found = if solved.level > size * 2f64.powi(-40) {
        terms.chosen(&Doubles, problem, &solved)
    } else {
        terms.chosen(&Limbs::<3, false>, problem, &solved)
    };
    let (form, level) = found?;
    Ok(Solved { form, level, ..solved })
}

/// The best polynomial in the basis in which its coefficients are rounded.
struct Terms {
    basis: Basis,
    center: f64,
    half_width: f64,
    exact: Vec<Rational>,
}

impl Terms {
    /// In powers of `x - center`, or in the Chebyshev polynomials of the range where powers grow large.
    fn new(problem: &Problem<'_>, solved: &Solved) -> Self {
        let set = problem.choice.coefficients;
        let form = &solved.form;
        let center = problem.choice.center.unwrap_or(match form.basis {
            // A center that evaluations in the format can use.
            Basis::Chebyshev => set.nearest(form.center),
            Basis::Powers => form.center,
        });
        let exact = form.powers(center);
        let is_free = problem.choice.center.is_none() && problem.choice.formats.is_empty();
        if form.basis == Basis::Chebyshev && is_free {
            let radius = form.half_width + (form.center - center).abs();
            let double = |x: &Vec<Rational>| x.iter().map(to_f64).collect::<Vec<_>>();
            let (powers, chebyshev) = (double(&exact), double(&form.coefficients));
            let unit = power_of_two(-set.precision().cast_signed());
            if !suits_powers(&powers, radius, &chebyshev, solved.level, unit) {
                let Form { basis, center, half_width, ref coefficients, .. } = *form;
                return Self { basis, center, half_width, exact: coefficients.clone() };
            }
        }
        Self { basis: Basis::Powers, center, half_width: 1.0, exact }
    }

    /// The problem of choosing the coefficients that are not of the format already.
    fn problem<'a>(&self, problem: &Problem<'a>) -> Result<Problem<'a>, Error> {
        let mut given = vec![Rational::ZERO; self.exact.len()];
        let mut degrees = Vec::new();
        for (k, y) in self.exact.iter().enumerate().filter(|(_, y)| !y.is_zero()) {
            let set = problem.choice.format_of(k);
            if set.has(y) {
                given[k] += y;
            } else if problem.choice.fixed.iter().any(|(degree, _)| *degree == k) {
                let (value, near) = (to_f64(y), set.nearest(to_f64(y)));
                let reason =
                    format!("{value} for degree {k} is no number of {set}: the nearest is {near}");
                return Err(unfit("fixed", reason));
            } else {
                degrees.push(k);
            }
        }
        Ok(problem.in_terms(self.basis, self.center, self.half_width, degrees, given))
    }

    /// The polynomial with chosen coefficients, and its largest error on the grid.
    fn chosen<A: Real>(
        &self,
        a: &A,
        problem: &Problem<'_>,
        solved: &Solved,
    ) -> Result<(Form, f64), Error> {
        let is_restricted = !problem.conditions.is_empty();
        let problem = self.problem(problem)?;
        let points = points(a, &problem, &solved.reference)?;
        let sets: Vec<_> = problem.degrees.iter().map(|&k| problem.choice.format_of(k)).collect();
        let exact = problem.degrees.iter().map(|&k| to_f64(&self.exact[k])).collect();
        let mut search =
            CoefficientSearch { terms: self, a, problem, points, sets, exact, best: None };
        search.one_by_one();
        // Conditions hold up to the rounding of each coefficient, and no other polynomial satisfies them.
        if !is_restricted && search.level() > solved.level * (1.0 + NEGLIGIBLE) {
            search.in_lattice(solved.level);
            if search.level() > solved.level * (1.0 + SHORT) {
                search.by_refitting(solved.level);
            }
        }
        let CoefficientSearch { problem, sets, best, .. } = search;
        let (coefficients, level) = best.unwrap_or_default();
        let mut all = problem.given;
        for ((&k, set), c) in problem.degrees.iter().zip(&sets).zip(&coefficients) {
            if c.abs() > set.largest() {
                let reason = format!(
                    "degree {k} needs {c:e}, above the largest number of {set}, {:e}",
                    set.largest()
                );
                return Err(unfit("coefficients", reason));
            }
            all[k] = exactly(*c);
        }
        Ok((Form::new(self.basis, self.center, self.half_width, all), level))
    }
}

/// The search for the coefficients.
struct CoefficientSearch<'a, A: Real> {
    terms: &'a Terms,
    a: &'a A,
    problem: Problem<'a>,
    points: Vec<Point<A::Number>>,
    /// What each coefficient is taken from, and its exact value.
    sets: Vec<Coefficients>,
    exact: Vec<f64>,
    /// The best coefficients until now, and their largest error.
    best: Option<(Vec<f64>, f64)>,
}

impl<A: Real> CoefficientSearch<'_, A> {
    /// The largest error until now.
    fn level(&self) -> f64 {
        self.best.as_ref().map_or(f64::INFINITY, |(_, level)| *level)
    }

    fn errors(&self, coefficients: &[f64]) -> Vec<f64> {
        let numbers: Vec<_> = coefficients.iter().map(|c| self.a.double(*c)).collect();
        let error =
            |p: &Point<_>| self.problem.error_from(self.a, &numbers, p.x, &p.value, &p.unit);
        self.points.iter().map(error).collect()
    }

    fn keep(&mut self, coefficients: &[f64], level: f64) {
        let fits = coefficients.iter().zip(&self.sets).all(|(c, set)| c.abs() <= set.largest());
        if self.best.is_none() || fits && level < self.level() {
            self.best = Some((coefficients.to_vec(), level));
        }
    }

    /// Each rounded by itself.
    fn one_by_one(&mut self) {
        let near = self.sets.iter().zip(&self.exact).map(|(set, c)| set.nearest(*c));
        let near: Vec<f64> = near.collect();
        self.keep(&near, largest(&self.errors(&near)));
    }

    /// By lattice reduction; the binades are those of the exact coefficients.
    fn in_lattice(&mut self, level: f64) {
        let mut steps = self.steps(&self.exact, level);
        for _ in 0..MOST_BINADES {
            let rounded = |(c, &step): (&f64, &i32)| {
                let unit = power_of_two(step);
                (c / unit).round_ties_even() * unit
            };
            let start: Vec<f64> = self.exact.iter().zip(&steps).map(rounded).collect();
            let mut errors = self.errors(&start);
            self.keep(&start, largest(&errors));
            let moves = self.near(&self.lattice(&steps), &start, &mut errors);
            let chosen = self.moved(&start, &steps, &moves, &errors);
            // A coefficient may have left its binade.
            let mut left = false;
            for ((c, step), set) in chosen.iter().zip(&mut steps).zip(&self.sets) {
                let least = set.step(*c);
                left |= least > *step;
                *step = least.max(*step);
            }
            if !left {
                break;
            }
        }
    }

    /// Rounded one after another, the lowest degree first and the highest first, with those that follow fitted anew;
    /// then along the lattice of the binades that these are in. In formats of few bits the coefficients move through
    /// several binades, which a lattice does not know.
    fn by_refitting(&mut self, level: f64) {
        let count = self.exact.len();
        let column = |k: usize| self.points.iter().map(|point| point.row[k]).collect::<Vec<f64>>();
        let target =
            |point: &Point<_>| self.exact.iter().zip(&point.row).map(|(c, phi)| c * phi).sum();
        let target: Vec<f64> = self.points.iter().map(target).collect();
        let mut starts = Vec::new();
        for reversed in [true, false] {
            let place = |k: usize| if reversed { count - 1 - k } else { k };
            let lattice = Lattice::of((0..count).map(|k| column(place(k))).collect());
            let round = |k: usize, c: f64| self.sets[place(k)].nearest(c);
            let mut start = lattice.refitted(target.clone(), round);
            if reversed {
                start.reverse();
            }
            starts.push(start);
        }
        for start in starts {
            let mut errors = self.errors(&start);
            self.keep(&start, largest(&errors));
            let steps = self.steps(&start, level);
            if self.problem.choice.method == Method::Minimax {
                let mut moves = vec![0; count];
                self.lattice(&steps).lower_largest(&mut errors, &mut moves);
                self.moved(&start, &steps, &moves, &errors);
            }
        }
    }

    /// The exponents of the units near the coefficients; those of fixed point aside they are no finer than the error
    /// asks for.
    fn steps(&self, coefficients: &[f64], level: f64) -> Vec<i32> {
        let count = self.sets.len() as f64;
        let step = |(column, (set, c)): (usize, (&Coefficients, &f64))| {
            let step = set.step(*c);
            if matches!(set, Coefficients::Fixed(_)) {
                return step;
            }
            let rows = self.points.iter().map(|point| point.row[column].abs());
            let fine = FINEST * level / (rows.fold(0.0, f64::max) * count);
            if fine > 0.0 && fine.is_finite() { exponent(fine).max(step) } else { step }
        };
        self.sets.iter().zip(coefficients).enumerate().map(step).collect()
    }

    fn lattice(&self, steps: &[i32]) -> Lattice {
        let vector = |(column, &step): (usize, &i32)| {
            self.points.iter().map(|point| point.row[column] * power_of_two(step)).collect()
        };
        Lattice::reduced(steps.iter().enumerate().map(vector).collect())
    }

    /// By how many units each coefficient moves from where it starts, and the errors after that.
    fn near(&self, lattice: &Lattice, start: &[f64], errors: &mut [f64]) -> Vec<i64> {
        // From the polynomial at the start to the exact one.
        let degrees = self.problem.degrees.iter().zip(start);
        let away = degrees.map(|(&k, c)| to_f64(&(&self.terms.exact[k] - exactly(*c))));
        let away: Vec<f64> = away.collect();
        let sum = |point: &Point<_>| away.iter().zip(&point.row).map(|(c, phi)| c * phi).sum();
        let mut rest: Vec<f64> = self.points.iter().map(sum).collect();
        for (error, before) in errors.iter_mut().zip(&rest) {
            *error -= before;
        }
        let mut moves = lattice.near(&mut rest);
        for (error, after) in errors.iter_mut().zip(&rest) {
            *error += after;
        }
        if self.problem.choice.method == Method::Minimax {
            lattice.lower_largest(errors, &mut moves);
        }
        moves
    }

    /// The coefficients after the moves, kept if they are of the formats or good when rounded to them.
    fn moved(&mut self, start: &[f64], steps: &[i32], moves: &[i64], errors: &[f64]) -> Vec<f64> {
        let moves = moves.iter().zip(steps).map(|(by, step)| *by as f64 * power_of_two(*step));
        let chosen: Vec<f64> = start.iter().zip(moves).map(|(c, by)| c + by).collect();
        let near: Vec<f64> =
            self.sets.iter().zip(&chosen).map(|(set, c)| set.nearest(*c)).collect();
        let level = if near == chosen { largest(errors) } else { largest(&self.errors(&near)) };
        self.keep(&near, level);
        chosen
    }
}

/// What errors are measured by at a point of the grid.
struct Point<N> {
    x: f64,
    value: N,
    unit: N,
    /// The functions whose coefficients are chosen, in units of the error.
    row: Vec<f64>,
}

/// The points of the grid, and those where the best polynomial has its largest errors.
fn points<A: Real>(
    a: &A,
    problem: &Problem<'_>,
    reference: &[f64],
) -> Result<Vec<Point<A::Number>>, Error> {
    let mut places: Vec<f64> = problem.grid().into_iter().flatten().collect();
    let inside = |x: &f64| problem.ranges.iter().any(|(low, high)| low <= x && x <= high);
    places.extend(reference.iter().flat_map(|&x| [x, -x]).filter(inside));
    places.sort_by(f64::total_cmp);
    places.dedup();
    let mut points = Vec::with_capacity(places.len());
    for x in places {
        let (value, unit) = problem.value(a, x).ok_or(Error::Unbounded { near: x })?;
        let scale = if problem.choice.is_absolute() { 1.0 } else { a.nearest(&unit) };
        let row = problem.row(a, x).iter().map(|phi| a.nearest(phi) / scale).collect();
        points.push(Point { x, value, unit, row });
    }
    Ok(points)
}

fn largest(errors: &[f64]) -> f64 {
    errors.iter().fold(0.0, |largest, error| largest.max(error.abs()))
}
