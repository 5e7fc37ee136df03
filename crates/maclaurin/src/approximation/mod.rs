//! The best polynomial on a range, with a proof of how good it is.
//!
//! A polynomial is found by numerical means ([`exchange`], or least squares, or interpolation), in as
//! many bits as its error asks for. Then its error is bounded from above by the same search that
//! bounds the errors of Taylor polynomials, and the error of every polynomial of its form from below
//! ([`lower`]). The proof does not rest on how the polynomial was found.

mod choice;
mod code;
mod condition;
mod exchange;
mod format;
mod kink;
mod lattice;
mod linear;
mod lower;
mod method;
mod parity;
mod partition;
mod piecewise;
mod piecewise_code;
mod polynomial;
mod problem;
mod rounding;
mod ulp;

use std::sync::OnceLock;

use crate::certify::{ErrorBound, Form, Measure, check_finite, error_of};
use crate::function::Function;
use crate::number::exactly;
use crate::series::{Error, Series};
pub use choice::Choice;
use condition::Condition;
pub use format::Coefficients;
use linear::{Doubles, Real};
pub use method::Method;
use method::Solved;
pub use piecewise::{LARGEST_PIECES, Piecewise};
use polynomial::Numbers;
use problem::Problem;
use rounding::with_format;
pub use ulp::UlpErrors;

/// The largest degree of an approximation.
pub const LARGEST_DEGREE: usize = 200;

/// Points of the proof that are taken into the grid, and how far above the level an error must be.
const MISSED_EXTREMES: usize = 8;
const MISSED: f64 = 1.001;
const MISSED_ROUNDED: f64 = 1.01;

/// An error that is nothing beside another, as a part of it.
const FAR_BELOW: f64 = 1e-3;

/// Degrees above the first that may meet a tolerance which are tried as well.
const MORE_DEGREES: usize = 9;

/// A polynomial near a function on a range, with its certified error.
///
/// # Examples
///
/// ```
/// use maclaurin::{Approximation, Choice, Function};
///
/// let sigmoid = Function::parse("sigmoid")?;
/// let p = Approximation::new(&sigmoid, 7, &[(-8.0, 8.0)], &Choice::default())?;
/// assert!(p.best() <= p.error().bound && p.error().bound <= 1.01 * p.best());
/// assert!((p.error().bound - 0.0189).abs() < 1e-4);
/// assert!((p.evaluate(2.0) - sigmoid.evaluate(2.0)).abs() <= p.error().bound);
/// # Ok::<(), maclaurin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Approximation {
    /// The function about a point of the range where it is analytic.
    anchor: Series,
    function: Function,
    ranges: Vec<(f64, f64)>,
    choice: Choice,
    form: Form,
    error: ErrorBound,
    best: f64,
    degree: usize,
    /// Computed on the first request.
    numbers: OnceLock<Numbers>,
}

impl Approximation {
    /// The best polynomial up to `degree` on some ranges, by default in the maximum norm.
    ///
    /// [`Approximation::error`] is certified, and for the minimax polynomial usually within 0.2% of
    /// [`Approximation::best`], which no polynomial of the form undercuts. A function that is odd or
    /// even on a range about zero gets a polynomial that is so too.
    ///
    /// # Errors
    ///
    /// [`Error::Unbounded`] with a point where the function is not finite, [`Error::Jump`] with one where
    /// it jumps (for the minimax polynomial), [`Error::EmptyRange`],
    /// [`Error::OrderTooLarge`] above [`LARGEST_DEGREE`], [`Error::Choice`] for options that do not
    /// fit together.
    pub fn new(
        function: &Function,
        degree: usize,
        ranges: &[(f64, f64)],
        choice: &Choice,
    ) -> Result<Self, Error> {
        let ranges = sorted(ranges)?;
        choice.check_weight(&ranges)?;
        choice.check_formats(degree)?;
        let anchor = anchor(function, &ranges)?;
        Self::with_anchor(&anchor, degree, ranges, choice, &[])
    }

    /// The polynomial of the smallest degree whose certified error is at most `tolerance`.
    ///
    /// The polynomial of one degree less is tried too, and its certified error is above the tolerance.
    /// Where its [`Approximation::best`] is as well, which is the rule for minimax polynomials, no
    /// polynomial of a smaller degree meets the tolerance.
    ///
    /// # Errors
    ///
    /// As [`Approximation::new`], and [`Error::NoDegree`] where no degree up to [`LARGEST_DEGREE`]
    /// meets the tolerance.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Approximation, Choice, Function};
    ///
    /// let silu = Function::parse("silu")?;
    /// let p = Approximation::within(&silu, 1e-3, &[(-8.0, 8.0)], &Choice::default())?;
    /// assert!(p.error().bound <= 1e-3);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn within(
        function: &Function,
        tolerance: f64,
        ranges: &[(f64, f64)],
        choice: &Choice,
    ) -> Result<Self, Error> {
        if !(tolerance > 0.0 && tolerance.is_finite()) {
            return Err(unfit("tolerance", format!("{tolerance:?} is not a positive number")));
        }
        let ranges = sorted(ranges)?;
        choice.check_weight(&ranges)?;
        choice.check_formats(LARGEST_DEGREE)?;
        let anchor = anchor(function, &ranges)?;
        // The choices in turn, each with one degree more.
        let choices: Vec<(usize, Choice)> = choice.by_degree();
        let level = |(degree, choice): &(usize, Choice)| -> Result<f64, Error> {
            let problem = Problem::new(&anchor, *degree, &ranges, choice, &[])?;
            if problem.itself().is_some() {
                return Ok(0.0);
            }
            method::check_values(&problem)?;
            problem.check_jumps(&ranges)?;
            Ok(method::solve(&problem)?.level)
        };
        let Some(last) = choices.len().checked_sub(1) else {
            return Err(unfit("degrees", "no coefficient is free".into()));
        };
        let highest = choices[last].0;
        // Errors fall with the degree: the first that may do, by doubling and by halves.
        let (mut above, mut reach) = (0, 1);
        loop {
            let (degree, choice) = &choices[reach.min(last)];
            let best = level(&choices[reach.min(last)])?;
            if best <= tolerance {
                break;
            }
            if best <= FAR_BELOW && choice.coefficients != Coefficients::Exact {
                // The rounding of the coefficients may be what keeps the error up, whatever the degree.
                let found = Self::with_anchor(&anchor, *degree, ranges.clone(), choice, &[])?;
                let closest = found.error.bound;
                if best < FAR_BELOW * closest {
                    return Err(Error::NoDegree { tolerance, highest: *degree, closest });
                }
            }
            if reach >= last {
                let (degree, choice) = &choices[last];
                let closest = Self::with_anchor(&anchor, *degree, ranges, choice, &[])?.error.bound;
                return Err(Error::NoDegree { tolerance, highest, closest });
            }
            (above, reach) = (reach + 1, 2 * reach);
        }
        let mut below = reach.min(last);
        while above < below {
            let middle = usize::midpoint(above, below);
            if level(&choices[middle])? > tolerance {
                above = middle + 1;
            } else {
                below = middle;
            }
        }
        let mut closest = f64::INFINITY;
        let tried = &choices[below.saturating_sub(1)..=last.min(below + MORE_DEGREES)];
        for (degree, choice) in tried {
            let found = Self::with_anchor(&anchor, *degree, ranges.clone(), choice, &[])?;
            if found.error.bound <= tolerance {
                return Ok(found);
            }
            closest = closest.min(found.error.bound);
        }
        Err(Error::NoDegree { tolerance, highest, closest })
    }

    fn with_anchor(
        anchor: &Series,
        degree: usize,
        ranges: Vec<(f64, f64)>,
        choice: &Choice,
        conditions: &[Condition],
    ) -> Result<Self, Error> {
        let mut problem = Problem::new(anchor, degree, &ranges, choice, conditions)?;
        method::check_values(&problem)?;
        problem.check_jumps(&ranges)?;
        let (solved, error) = if let Some(form) = problem.itself() {
            let exact = form.clone();
            let solved = with_format(
                &problem,
                Solved { form, level: 0.0, best: 0.0, reference: Vec::new() },
            )?;
            let error = if solved.form.is_equal(&exact) {
                ErrorBound { bound: 0.0, sampled: 0.0, at: ranges[0].0 }
            } else {
                certified(&problem, &solved.form, anchor, &ranges)?
            };
            (solved, error)
        } else {
            let solve = |problem: &_| -> Result<(Solved, ErrorBound, f64), Error> {
                let exact = method::solve(problem)?;
                let level = exact.level;
                let solved = with_format(problem, exact)?;
                let error = certified(problem, &solved.form, anchor, &ranges)?;
                // Rounding moves the extremes away from the grid.
                let is_rounded = solved.level > level * MISSED;
                let most = solved.level * if is_rounded { MISSED_ROUNDED } else { MISSED };
                Ok((solved, error, most))
            };
            let (mut solved, mut error, most) = solve(&problem)?;
            let mut seen = (most, error);
            // Where the grid has missed an extreme, the proof's point is taken in.
            for _ in 0..MISSED_EXTREMES {
                let missed = choice.method == Method::Minimax && seen.1.sampled > seen.0;
                if !(missed && problem.take_in(seen.1.at)) {
                    break;
                }
                let next = solve(&problem)?;
                seen = (next.2, next.1);
                if next.1.bound < error.bound {
                    (solved, error) = (next.0, next.1);
                }
            }
            (solved, error)
        };
        Ok(Self {
            anchor: anchor.clone(),
            function: problem.function.clone(),
            ranges,
            choice: choice.clone(),
            form: solved.form,
            error,
            // Rounded coefficients may miss the conditions, and have a smaller error than what meets them.
            best: solved.best.min(error.bound),
            degree,
            numbers: OnceLock::new(),
        })
    }
}

/// A polynomial's certified error on the ranges.
fn certified(
    problem: &Problem<'_>,
    form: &Form,
    anchor: &Series,
    ranges: &[(f64, f64)],
) -> Result<ErrorBound, Error> {
    let mut error = ErrorBound { bound: 0.0, sampled: 0.0, at: ranges[0].0 };
    let measure = match &problem.unit {
        Some(unit) => Measure::Per(unit),
        None if problem.choice.relative => Measure::Relative,
        None => Measure::Absolute,
    };
    for &(low, high) in ranges {
        let here = error_of(form, anchor, (low, high), measure);
        let here = here.map_err(|reason| match reason {
            Error::Unbounded { near } if problem.choice.relative => {
                match error_of(form, anchor, (low, high), Measure::Absolute) {
                    Ok(_) => unfit(
                        "relative",
                        format!(
                            "the function is zero near x = {near:?} and the polynomial is not: choose degrees \
                             that vanish there, a range without that point, or the absolute error"
                        ),
                    ),
                    Err(reason) => reason,
                }
            }
            reason => reason,
        })?;
        let bound = error.bound.max(here.bound);
        let seen = if here.sampled > error.sampled { here } else { error };
        error = ErrorBound { bound, ..seen };
    }
    Ok(error)
}

/// The smallest range around all, which are sorted.
fn hull(ranges: &[(f64, f64)]) -> (f64, f64) {
    (ranges[0].0, ranges[ranges.len() - 1].1)
}

/// The ranges from left to right, which must not be points and must not overlap.
fn sorted(ranges: &[(f64, f64)]) -> Result<Vec<(f64, f64)>, Error> {
    let mut ranges = ranges.to_vec();
    ranges.sort_by(|a, b| a.0.total_cmp(&b.0));
    if ranges.is_empty() {
        return Err(unfit("on", "there is no range".into()));
    }
    for &(low, high) in &ranges {
        let fits = low.is_finite() && high.is_finite() && low < high && (high - low).is_finite();
        if !fits {
            return Err(Error::EmptyRange { low, high });
        }
    }
    match ranges.windows(2).find(|pair| pair[0].1 >= pair[1].0) {
        Some(pair) => {
            let ((a, b), (c, d)) = (pair[0], pair[1]);
            Err(unfit("on", format!("[{a}, {b}] and [{c}, {d}] overlap; give their union")))
        }
        None => Ok(ranges),
    }
}

fn unfit(option: &'static str, reason: String) -> Error {
    Error::Choice { option, reason }
}

/// The function about a point of the ranges where it is analytic; it must be finite on all of them.
fn anchor(function: &Function, ranges: &[(f64, f64)]) -> Result<Series, Error> {
    let anchor = analytic(function, ranges)?;
    // Ends first: a search would halve its way to them.
    let mut ends = ranges.iter().flat_map(|&(low, high)| [low, high]);
    if let Some(near) = ends.find(|&x| Doubles.value(function, x).is_none()) {
        return Err(Error::Unbounded { near });
    }
    for &range in ranges {
        check_finite(&anchor, range)?;
    }
    Ok(anchor)
}

/// The function about a point of the ranges where it is analytic.
fn analytic(function: &Function, ranges: &[(f64, f64)]) -> Result<Series, Error> {
    // The middle first; a kink may be there.
    let parts = [0.5, 0.382, 0.618, 0.236, 0.764, 0.09, 0.91];
    let mut failure = None;
    for part in parts {
        for &(low, high) in ranges {
            let x = low + (high - low) * part;
            // Of few digits, for the series' arithmetic is exact.
            let plain = format!("{x:.3e}").parse().unwrap_or(x);
            let x = if low < plain && plain < high { plain } else { x };
            match Series::new(function, 0, exactly(x)) {
                // One that a root in it limits to a side is proven elsewhere.
                Ok(series) if series.expanded().is_ok() => return Ok(series),
                Ok(_) => {}
                Err(Error::Undecided { unbounded: true, .. }) => {
                    failure = failure.or(Some(Error::Unbounded { near: x }));
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
    }
    Err(failure.unwrap_or(Error::Unbounded { near: ranges[0].0 }))
}
