//! Coefficients among the numbers of a format.

use std::fmt;
use std::str::FromStr;

use super::lattice::Lattice;
use super::linear::{Doubles, Limbs, Real};
use super::method::Solved;
use super::polynomial::suits_powers;
use super::problem::Problem;
use super::{Method, unfit};
use crate::certify::{Basis, Form};
use crate::number::{Format, Rational, exactly, exponent, power_of_two, to_f64};
use crate::series::Error;

/// The numbers that coefficients are taken from.
///
/// They are not rounded one by one but chosen together, so that the polynomial is as near the function
/// as polynomials with such coefficients can be found to be.
///
/// # Examples
///
/// ```
/// use maclaurin::{Approximation, Choice, Coefficients, Format, Function};
///
/// let cos = Function::parse("cos(x)")?;
/// let choice = Choice { coefficients: "float16".parse()?, ..Choice::default() };
/// let p = Approximation::new(&cos, 6, &[(-0.8, 0.8)], &choice)?;
/// assert!(p.coefficients().iter().all(|a| (a * 2f64.powi(24)).fract() == 0.0));
/// assert!(p.error().bound < 6e-5);
/// assert_eq!(choice.coefficients, Coefficients::Format(Format::F16));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coefficients {
    /// Rational numbers of as many bits as the error asks for.
    Exact,
    /// The numbers of a floating-point format; by default those of `f64`.
    Format(Format),
    /// Binary floating-point numbers with this many significant bits, 2 to 53, and the exponents of
    /// `f64`.
    Bits(u32),
    /// Multiples of `2^-n`, for `n` up to 53: fixed point with this many fraction bits.
    Fixed(u32),
}

impl Default for Coefficients {
    fn default() -> Self {
        Self::Format(Format::F64)
    }
}

/// The most significant bits, and the most fraction bits.
const MOST_BITS: u32 = 53;

impl Coefficients {
    /// The significant bits; of the doubles that hold multiples in fixed point.
    pub(super) fn precision(self) -> u32 {
        match self {
            Self::Exact | Self::Fixed(_) => MOST_BITS,
            Self::Format(format) => format.precision(),
            Self::Bits(bits) => bits,
        }
    }

    /// The exponent of the smallest positive number.
    fn lowest(self) -> i32 {
        match self {
            Self::Exact | Self::Bits(_) => Format::F64.lowest(),
            Self::Format(format) => format.lowest(),
            Self::Fixed(bits) => -bits.cast_signed(),
        }
    }

    /// The largest number.
    fn largest(self) -> f64 {
        match self {
            Self::Exact | Self::Bits(_) => f64::MAX,
            Self::Format(format) => format.largest(),
            Self::Fixed(bits) => 2f64.powi(MOST_BITS.cast_signed() - bits.cast_signed()),
        }
    }

    /// The exponent of the distance of the numbers near `value`.
    fn step(self, value: f64) -> i32 {
        match self {
            Self::Fixed(_) => self.lowest(),
            _ if value == 0.0 => self.lowest(),
            _ => (exponent(value) + 1 - self.precision().cast_signed()).max(self.lowest()),
        }
    }

    /// The number nearest to `value`.
    pub(super) fn nearest(self, value: f64) -> f64 {
        let unit = power_of_two(self.step(value));
        (value / unit).round_ties_even() * unit
    }

    /// Whether `value` is one of the numbers.
    fn has(self, value: &Rational) -> bool {
        let near = to_f64(value);
        near.abs() <= self.largest() && self.nearest(near) == near && exactly(near) == *value
    }
}

impl fmt::Display for Coefficients {
    /// For instance `float32`, `12` (significant bits) or `fixed16` (fraction bits).
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => formatter.write_str("exact"),
            Self::Format(format) => format.fmt(formatter),
            Self::Bits(bits) => write!(formatter, "{bits}"),
            Self::Fixed(bits) => write!(formatter, "fixed{bits}"),
        }
    }
}

impl FromStr for Coefficients {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bits = |text: &str| text.parse().ok().filter(|bits| *bits <= MOST_BITS);
        let known = match text {
            "exact" => Some(Self::Exact),
            "float64" | "f64" => Some(Self::Format(Format::F64)),
            "float32" | "f32" => Some(Self::Format(Format::F32)),
            "float16" | "f16" => Some(Self::Format(Format::F16)),
            "bfloat16" | "bf16" => Some(Self::Format(Format::BF16)),
            _ => match text.strip_prefix("fixed") {
                Some(fraction) => bits(fraction).map(Self::Fixed),
                None => bits(text).filter(|bits| *bits >= 2).map(Self::Bits),
            },
        };
        known.ok_or_else(|| {
            let reason = format!(
                "{text:?} is none of exact, float64, float32, float16, bfloat16, a number of significant bits from 2 to \
                 {MOST_BITS}, or fixedN for N fraction bits up to {MOST_BITS}"
            );
            unfit("coefficients", reason)
        })
    }
}

/// Coefficients rounded one by one are kept where they cost no more than this part of the error.
const NEGLIGIBLE: f64 = 1e-4;

/// Steps of coefficients need not be finer than this part of the error.
const FINEST: f64 = 1e-4;

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
        let own = |(&k, set): (&usize, &Coefficients)| set.step(to_f64(&self.exact[k]));
        let mut steps: Vec<i32> = problem.degrees.iter().zip(&sets).map(own).collect();
        let mut best: Option<(Vec<f64>, f64)> = None;
        let mut keep = |coefficients, level: f64| {
            if best.as_ref().is_none_or(|(_, least)| level < *least) {
                best = Some((coefficients, level));
            }
        };
        for round in 0..=MOST_BINADES {
            if round == 1 {
                coarsen(&mut steps, &sets, &points, solved.level);
            }
            let rounded = |(&k, &step): (&usize, &i32)| {
                let unit = power_of_two(step);
                (to_f64(&self.exact[k]) / unit).round_ties_even() * unit
            };
            let start: Vec<f64> = problem.degrees.iter().zip(&steps).map(rounded).collect();
            let numbers: Vec<_> = start.iter().map(|c| a.double(*c)).collect();
            let mut errors: Vec<f64> = points
                .iter()
                .map(|p| problem.error_from(a, &numbers, p.x, &p.value, &p.unit))
                .collect();
            let level = largest(&errors);
            keep(start.clone(), level);
            // Conditions hold up to the rounding of each coefficient, and no other polynomial satisfies them.
            let near = level <= solved.level * (1.0 + NEGLIGIBLE);
            if near || start.is_empty() || is_restricted {
                break;
            }
            if round == 0 {
                // Rounded one by one they will not do.
                continue;
            }
            let moves = self.moves(&problem, &points, &steps, &start, &mut errors);
            let unit = |step: &i32| power_of_two(*step);
            let chosen: Vec<f64> = start
                .iter()
                .zip(&moves)
                .zip(&steps)
                .map(|((c, moved), step)| c + *moved as f64 * unit(step))
                .collect();
            // A coefficient may have left its binade.
            let most = |step: &i32, set: &Coefficients| {
                unit(step) * power_of_two(set.precision().cast_signed())
            };
            let left: Vec<bool> = chosen
                .iter()
                .zip(steps.iter().zip(&sets))
                .map(|(c, (step, set))| c.abs() > most(step, set))
                .collect();
            if !left.contains(&true) {
                keep(chosen, largest(&errors));
                break;
            }
            for (step, left) in steps.iter_mut().zip(left) {
                *step += i32::from(left);
            }
        }
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

    /// By how many units each coefficient moves from where it starts, and the errors after that.
    fn moves<N>(
        &self,
        problem: &Problem<'_>,
        points: &[Point<N>],
        steps: &[i32],
        start: &[f64],
        errors: &mut [f64],
    ) -> Vec<i64> {
        let vector = |(column, &step): (usize, &i32)| {
            points.iter().map(|point| point.row[column] * power_of_two(step)).collect()
        };
        let lattice = Lattice::new(steps.iter().enumerate().map(vector).collect());
        // From the polynomial at the start to the exact one.
        let away: Vec<f64> = problem
            .degrees
            .iter()
            .zip(start)
            .map(|(&k, c)| to_f64(&(&self.exact[k] - exactly(*c))))
            .collect();
        let sum = |point: &Point<N>| away.iter().zip(&point.row).map(|(c, phi)| c * phi).sum();
        let mut rest: Vec<f64> = points.iter().map(sum).collect();
        for (error, before) in errors.iter_mut().zip(&rest) {
            *error -= before;
        }
        let mut moves = lattice.near(&mut rest);
        for (error, after) in errors.iter_mut().zip(&rest) {
            *error += after;
        }
        if problem.choice.method == Method::Minimax {
            lattice.lower_largest(errors, &mut moves);
        }
        moves
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

/// Raises the exponents of units, those of fixed point aside, to those that the error still asks for.
fn coarsen<N>(steps: &mut [i32], sets: &[Coefficients], points: &[Point<N>], level: f64) {
    let count = steps.len() as f64;
    for (column, (step, set)) in steps.iter_mut().zip(sets).enumerate() {
        if matches!(set, Coefficients::Fixed(_)) {
            continue;
        }
        let largest = points.iter().map(|point| point.row[column].abs()).fold(0.0, f64::max);
        let fine = FINEST * level / (largest * count);
        if fine > 0.0 && fine.is_finite() {
            *step = exponent(fine).max(*step);
        }
    }
}

fn largest(errors: &[f64]) -> f64 {
    errors.iter().fold(0.0, |largest, error| largest.max(error.abs()))
}
