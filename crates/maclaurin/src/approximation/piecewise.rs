//! Piecewise polynomials: best polynomials on adjacent ranges.

use std::fmt;

use super::condition::Condition;
use super::kink::check_jumps;
use super::method::Method;
use super::partition::Partition;
use super::{Approximation, Choice, anchor, sorted, unfit};
use crate::certify::ErrorBound;
use crate::function::Function;
use crate::number::{Rational, exactly, to_f64};
use crate::series::{Error, decimal};

/// The most pieces of a piecewise polynomial.
pub const LARGEST_PIECES: usize = 1024;

/// Counts above the first that are tried for a tolerance.
const MORE_PIECES: usize = 3;

/// A piecewise polynomial near a function on a range, with its certified error.
///
/// # Examples
///
/// ```
/// use maclaurin::{Choice, Function, Piecewise};
///
/// let sigmoid = Function::parse("sigmoid")?;
/// let p = Piecewise::new(&sigmoid, 3, 4, (-8.0, 8.0), &Choice::default(), false)?;
/// // One polynomial of degree 7 has an error of 1.9e-2 there.
/// assert!(p.error().bound < 1.5e-3);
/// assert!((p.evaluate(2.0) - sigmoid.evaluate(2.0)).abs() <= p.error().bound);
/// // No piecewise polynomial of four pieces is much better, whatever its breakpoints.
/// assert!(p.best() <= p.error().bound && p.error().bound < 1.1 * p.best());
/// # Ok::<(), maclaurin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Piecewise {
    pub(super) pieces: Vec<Approximation>,
    is_continuous: bool,
    best: f64,
    gap: f64,
}

impl Piecewise {
    /// `pieces` pieces of nearly equal errors: polynomials up to `degree`, each the best of the choice's
    /// method on its piece. Breakpoints are put at kinks where that lowers the error.
    ///
    /// Where they are to be continuous, neighbours agree at the breakpoints: exactly with
    /// [`Coefficients::Exact`](super::Coefficients::Exact), otherwise up to the rounding of their coefficients, at most
    /// [`Piecewise::gap`].
    ///
    /// # Errors
    ///
    /// As [`Approximation::new`], and [`Error::Choice`] for no or more than [`LARGEST_PIECES`] pieces, for
    /// `degrees`, `fixed`, `center`, `through` and samples, which pieces do not have, and for continuous
    /// pieces of degree 0 or by [`Method::Chebyshev`].
    pub fn new(
        function: &Function,
        degree: usize,
        pieces: usize,
        range: (f64, f64),
        choice: &Choice,
        continuous: bool,
    ) -> Result<Self, Error> {
        check(degree, choice, continuous)?;
        if !(1..=LARGEST_PIECES).contains(&pieces) {
            let reason = format!("{pieces} is not between 1 and {LARGEST_PIECES}");
            return Err(unfit("pieces", reason));
        }
        let range = sorted(&[range])?[0];
        choice.check_weight(&[range])?;
        choice.check_formats(degree)?;
        check_jumps(function, &[range])?;
        let whole = anchor(function, &[range])?;
        let places = Partition::new(&whole, degree, choice)?.places(range, pieces)?;
        Self::between(function, degree, &places, choice, continuous)
    }

    /// As few pieces as were found to have a certified error of at most `tolerance`.
    ///
    /// Where [`Piecewise::best`] for one piece less is above the tolerance, there are no fewer.
    ///
    /// # Errors
    ///
    /// As [`Piecewise::new`], and [`Error::Choice`] where more than [`LARGEST_PIECES`] would be needed.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Choice, Function, Piecewise};
    ///
    /// let tanh = Function::parse("tanh(x)")?;
    /// let p = Piecewise::within(&tanh, 2, 1e-3, (-4.0, 4.0), &Choice::default(), true)?;
    /// assert!(p.error().bound <= 1e-3 && p.gap() < 1e-14);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn within(
        function: &Function,
        degree: usize,
        tolerance: f64,
        range: (f64, f64),
        choice: &Choice,
        continuous: bool,
    ) -> Result<Self, Error> {
        check(degree, choice, continuous)?;
        if !(tolerance > 0.0 && tolerance.is_finite()) {
            return Err(unfit("tolerance", format!("{tolerance:?} is not a positive number")));
        }
        let range = sorted(&[range])?[0];
        choice.check_weight(&[range])?;
        choice.check_formats(degree)?;
        check_jumps(function, &[range])?;
        let whole = anchor(function, &[range])?;
        let partition = Partition::new(&whole, degree, choice)?;
        let mut count = partition.count(range, tolerance)?;
        let mut closest = f64::INFINITY;
        for _ in 0..=MORE_PIECES {
            if count > LARGEST_PIECES {
                break;
            }
            let places = partition.places(range, count)?;
            let found = Self::between(function, degree, &places, choice, continuous)?;
            let bound = found.error().bound;
            if bound <= tolerance {
                return Ok(found);
            }
            closest = closest.min(bound);
            // More by as much as the error asks for.
            let factor = (bound / tolerance).powf(1.0 / (degree as f64 + 1.0)).min(2.0);
            count = ((count as f64 * factor).ceil() as usize).max(count + 1);
        }
        Err(unfit(
            "pieces",
            format!(
                "the closest piecewise polynomial of degree {degree} found is off by at most {closest:.3e}, not \
                 {tolerance:?}: allow a larger error, or choose a higher degree or other coefficients"
            ),
        ))
    }

    /// Pieces between given places.
    fn between(
        function: &Function,
        degree: usize,
        places: &[f64],
        choice: &Choice,
        continuous: bool,
    ) -> Result<Self, Error> {
        let piece = |pair: &[f64], conditions: &[Condition]| {
            let ranges = vec![(pair[0], pair[1])];
            let anchor = anchor(function, &ranges)?;
            Approximation::with_anchor(&anchor, degree, ranges, choice, conditions)
        };
        let free = places.windows(2).map(|pair| piece(pair, &[]));
        let free = free.collect::<Result<Vec<_>, Error>>()?;
        let best = free.iter().map(Approximation::best).fold(f64::INFINITY, f64::min);
        if !continuous {
            let gap = gap(&free);
            return Ok(Self { pieces: free, is_continuous: false, best, gap });
        }
        // At a breakpoint the mean of what its neighbours have there by themselves.
        let mean = |pair: &[Approximation]| {
            let x = pair[1].ranges[0].0;
            let sum = pair[0].form.value_at(x) + pair[1].form.value_at(x);
            let value = exactly(to_f64(&(sum / Rational::from(2))));
            Condition { at: x, value, uncertainty: 0.0 }
        };
        let agreed: Vec<Condition> = free.windows(2).map(mean).collect();
        let inside = |i: usize| {
            let ends = [i.checked_sub(1), Some(i)];
            let conditions: Vec<_> =
                ends.iter().flatten().filter_map(|&k| agreed.get(k).cloned()).collect();
            piece(&places[i..i + 2], &conditions)
        };
        let pieces = (0..free.len()).map(inside).collect::<Result<Vec<_>, Error>>()?;
        let gap = gap(&pieces);
        Ok(Self { pieces, is_continuous: true, best, gap })
    }

    /// The polynomials from left to right, each on its piece, with its error there.
    ///
    /// The [`Approximation::best`] of a piece is the bound for polynomials with its values at the breakpoints,
    /// where the pieces are continuous.
    #[must_use]
    pub fn pieces(&self) -> &[Approximation] {
        &self.pieces
    }

    /// The ends of the range and, between them, the places where pieces meet.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Choice, Function, Piecewise};
    ///
    /// let relu6 = Function::parse("relu6")?;
    /// let p = Piecewise::new(&relu6, 1, 3, (-2.0, 8.0), &Choice::default(), false)?;
    /// assert_eq!(p.breakpoints(), [-2.0, 0.0, 6.0, 8.0]);
    /// assert!(p.error().bound < 1e-12);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn breakpoints(&self) -> Vec<f64> {
        let first = self.pieces.first().map(|piece| piece.ranges[0].0);
        first.into_iter().chain(self.pieces.iter().map(|piece| piece.ranges[0].1)).collect()
    }

    /// Whether neighbours were made to agree at the breakpoints.
    #[must_use]
    pub fn is_continuous(&self) -> bool {
        self.is_continuous
    }

    /// The largest certified error of a piece, in exact arithmetic as [`Approximation::error`].
    #[must_use]
    pub fn error(&self) -> ErrorBound {
        let mut error = ErrorBound { bound: 0.0, sampled: 0.0, at: self.pieces[0].ranges[0].0 };
        for here in self.pieces.iter().map(Approximation::error) {
            let bound = error.bound.max(here.bound);
            let seen = if here.sampled > error.sampled { here } else { error };
            error = ErrorBound { bound, ..seen };
        }
        error
    }

    /// A certified lower bound of the error of every piecewise polynomial with as many pieces, whatever
    /// its breakpoints; errors count on closed pieces, so at a breakpoint for both neighbours.
    ///
    /// It is the smallest of the lower bounds of the pieces: if two partitions have as many pieces, then the
    /// first breakpoint of the second that is not left of the first's ends a piece that contains one of the
    /// first.
    #[must_use]
    pub fn best(&self) -> f64 {
        self.best
    }

    /// The largest distance of neighbours at a breakpoint, certified: 0 if they agree exactly.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.gap
    }

    /// The piece whose polynomial has the value at a point: at a breakpoint the right one.
    #[must_use]
    pub fn piece(&self, x: f64) -> &Approximation {
        let last = self.pieces.len() - 1;
        &self.pieces[self.pieces[..last].partition_point(|piece| piece.ranges[0].1 <= x)]
    }

    /// The value in double precision: that of a piece, of the first and the last one beyond the range.
    #[must_use]
    pub fn evaluate(&self, x: f64) -> f64 {
        self.piece(x).evaluate(x)
    }
}

impl Piecewise {
    /// The pieces in LaTeX mathematics, each with the condition where it holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Choice, Function, Piecewise};
    ///
    /// let relu = Function::parse("relu")?;
    /// let p = Piecewise::new(&relu, 1, 2, (-1.0, 1.0), &Choice::default(), false)?;
    /// assert!(p.latex().starts_with(r"\begin{cases} 0 & "));
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn latex(&self) -> String {
        let last = self.pieces.len() - 1;
        let case = |(i, piece): (usize, &Approximation)| {
            let ((low, high), below) = (piece.ranges[0], if i < last { "<" } else { "\\le" });
            let [low, high] = [low, high].map(|x| decimal(x, true));
            format!("{} & {low} \\le x {below} {high}", piece.latex())
        };
        let cases: Vec<_> = self.pieces.iter().enumerate().map(case).collect();
        format!("\\begin{{cases}} {} \\end{{cases}}", cases.join(" \\\\ "))
    }
}

/// The largest distance of neighbours at a breakpoint, rounded up.
fn gap(pieces: &[Approximation]) -> f64 {
    let distance = |pair: &[Approximation]| {
        let x = pair[1].ranges[0].0;
        let difference = pair[0].form.value_at(x) - pair[1].form.value_at(x);
        if difference.is_zero() { 0.0 } else { to_f64(&difference).abs().next_up() }
    };
    pieces.windows(2).map(distance).fold(0.0, f64::max)
}

/// Refuses options that pieces do not have.
fn check(degree: usize, choice: &Choice, continuous: bool) -> Result<(), Error> {
    let refused = [
        ("degrees", choice.degrees.is_some()),
        ("fixed", !choice.fixed.is_empty()),
        ("center", choice.center.is_some()),
        ("through", !choice.through.is_empty()),
        ("samples", matches!(choice.method, Method::Samples(_))),
    ];
    if let Some((option, _)) = refused.iter().find(|(_, given)| *given) {
        let reason = "a piecewise polynomial has all degrees up to one, in powers about the middle of each \
                      piece; leave it out";
        return Err(unfit(option, reason.into()));
    }
    if continuous && degree == 0 {
        return Err(unfit("continuous", "constants are not; take degree 1 or more".into()));
    }
    if continuous && choice.method == Method::Chebyshev {
        let reason = "interpolation at Chebyshev nodes leaves no freedom for it; choose minimax or least_squares";
        return Err(unfit("continuous", reason.into()));
    }
    Ok(())
}

impl fmt::Display for Piecewise {
    /// A line for each piece, with its range.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, piece) in self.pieces.iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(formatter, "{end}{piece} on {}", piece.ranges_text())?;
        }
        Ok(())
    }
}
