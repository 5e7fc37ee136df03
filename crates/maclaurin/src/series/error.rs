//! Why a function has no series, or none within the limits.

use std::fmt;

use thiserror::Error as ThisError;

use super::Radius;
use super::jet::{HIGHEST_KNOWN_POLE, Singularity};
use crate::function::{Excerpt, ParseError};
use crate::number::{interval, plain};

/// Why a Taylor series could not be had.
#[derive(Clone, Debug, PartialEq, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The function's or the point's text could not be read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The function has no Taylor series at the point.
    #[error(transparent)]
    NotAnalytic(#[from] NotAnalytic),
    /// An order beyond the limit.
    #[error("order {order} is beyond the limit of {limit}")]
    OrderTooLarge {
        /// The order asked for.
        order: usize,
        /// The largest order accepted.
        limit: usize,
    },
    /// Fewer non-zero terms than were asked for.
    #[error("{}", too_few_terms(*found, *order))]
    TooFewTerms {
        /// How many there are.
        found: usize,
        /// The order up to which was looked.
        order: usize,
    },
    /// Coefficients that take more work than the limit, which counts operations and is reached after half a
    /// minute or so.
    #[error(
        "the coefficients up to order {order} take more work than the limit: ask for a smaller order"
    )]
    TooMuchWork {
        /// The order asked for.
        order: usize,
    },
    /// A number whose enclosure by that many bits contains zero, or a boundary between two floats.
    #[error("{what} could not be settled with {bits} bits: {}", undecided(*.unbounded))]
    Undecided {
        /// The number in question.
        what: String,
        /// The bits of the last attempt.
        bits: usize,
        /// Whether its magnitude is beyond the exponents that are computed with.
        unbounded: bool,
    },
    /// A range that is empty or not finite.
    #[error(
        "the range from {} to {} is empty or not finite: give two finite ends, the smaller first",
        plain(*low),
        plain(*high)
    )]
    EmptyRange {
        /// The first end.
        low: f64,
        /// The last end.
        high: f64,
    },
    /// A function whose error has no bound on a range.
    #[error(
        "no bound on the error was found near x = {near:?}: the function is not finite there, or not \
         proven to be; choose a range without that point"
    )]
    Unbounded {
        /// A point near which every attempt failed.
        near: f64,
    },
    /// A jump inside a range, across which no minimax polynomial is looked for.
    #[error(
        "the function jumps from {left:?} to {right:?} near x = {near:?}, so that no polynomial has an error \
         below {:?} there; leave out the jump, for instance with {}, or choose method least_squares",
        (.right - .left).abs() / 2.0, without(*.near, *.low, *.high)
    )]
    Jump {
        /// Where the function jumps.
        near: f64,
        /// Its value on the left.
        left: f64,
        /// Its value on the right.
        right: f64,
        /// The first end of the range.
        low: f64,
        /// Its last end.
        high: f64,
    },
    /// No order that meets a tolerance.
    #[error(transparent)]
    NoOrder(Box<NoOrder>),
    /// No degree of an approximation that meets a tolerance.
    #[error(
        "no polynomial up to degree {highest} is proven to stay within {tolerance:?}: the closest is \
         off by at most {closest:.3e}; allow a larger error, or choose a smaller range"
    )]
    NoDegree {
        /// The error that was to be met.
        tolerance: f64,
        /// The highest degree tried.
        highest: usize,
        /// The smallest certified error met.
        closest: f64,
    },
    /// An option that does not fit.
    #[error("{option}: {reason}")]
    Choice {
        /// The option.
        option: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
    /// Two series about different points.
    #[error(
        "the series are about different points, {left} and {right}: bring one to the other's point with \
         shift"
    )]
    DifferentPoints {
        /// The point of the first.
        left: String,
        /// The point of the second.
        right: String,
    },
    /// A series composed with one whose value is not its expansion point.
    #[error(
        "the inner series has the value {value} at {at}, which is not proven to be the expansion point \
         {point} of the outer one: expand the outer one about it with shift"
    )]
    NotComposable {
        /// The inner series' value.
        value: String,
        /// The inner series' expansion point.
        at: String,
        /// The outer series' expansion point.
        point: String,
    },
    /// A series without an inverse function.
    #[error(
        "{series} has no inverse function about its value at {at}: the coefficient of degree 1 is zero; \
         choose a point where the derivative is not"
    )]
    NotRevertible {
        /// The function as text.
        series: String,
        /// The expansion point.
        at: String,
    },
    /// A place in the Padé table where there is no approximant.
    #[error(
        "there is no Padé approximant [{m}/{n}]: no such quotient agrees with the series up to degree {}; \
         pade({}, {}) exists", .m + .n, .near.0, .near.1
    )]
    NoPade {
        /// The degree asked for of the numerator.
        m: usize,
        /// The degree asked for of the denominator.
        n: usize,
        /// Degrees of an approximant that exists.
        near: (usize, usize),
    },
    /// What takes a function of a series that has none.
    #[error(
        "{series} is no function that an expression says: its values away from the expansion point are \
         not known, so it has {lacks}"
    )]
    NoFunction {
        /// The series' function as text.
        series: String,
        /// What there is not: `no certified error there`, for instance.
        lacks: &'static str,
    },
    /// A pole with too many coefficients.
    #[error(
        "the pole at x = {at} is of order {}: with the series' own order {order} that is beyond the limit of \
         {limit}", Pole(*.pole)
    )]
    PoleTooHigh {
        /// The expansion point as it was written.
        at: String,
        /// The pole's order, or a smaller number where it is beyond 10^18.
        pole: u64,
        /// The order asked for of the series.
        order: usize,
        /// The largest sum of the two.
        limit: usize,
    },
    /// A series computed by too many operations.
    #[error("the series is computed by more than {limit} operations: simplify it")]
    TooManyOperations {
        /// The most operations.
        limit: usize,
    },
    /// A degree above the series' order.
    #[error("the series has order {order}: there is no coefficient of degree {degree}")]
    NoSuchDegree {
        /// The degree asked for.
        degree: usize,
        /// The order of the series.
        order: usize,
    },
}

impl Error {
    pub(super) fn too_large_to_truncate(order: usize, own: usize) -> Self {
        let reason = format!("{order} is above the series' own, {own}: expand it further instead");
        Self::Choice { option: "order", reason }
    }
}

/// A function that is not analytic at the expansion point: which part, where, why, and what to do.
///
/// # Examples
///
/// ```
/// let error = maclaurin::taylor("1 + log(x)", 4, "0").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "no Taylor series at x = 0: `log(x)` has a branch point there\n  \
///      1 + log(x)\n      ^^^^^^\n\
///      try at=1, or log1p(x) = log(1 + x), which has a series at 0"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("no {series} at x = {point}: `{}` {}\n{excerpt}\n{advice}", .excerpt.marked(), reason(*.singularity))]
pub struct NotAnalytic {
    /// The subexpression that is to blame.
    pub excerpt: Excerpt,
    /// What was asked for: `Taylor series` or `Laurent series`.
    pub series: &'static str,
    /// The expansion point as it was written.
    pub point: String,
    /// What the subexpression has there.
    pub singularity: Singularity,
    /// A point or a form that works.
    pub advice: String,
}

/// Why no order of a series stays within a tolerance on a range, and what would.
///
/// # Examples
///
/// ```
/// use maclaurin::{Function, Series};
///
/// let softplus = Function::parse("softplus")?;
/// let error = Series::within(&softplus, (-5.0, 5.0), 1e-3, Some(0.into())).unwrap_err();
/// assert!(error.to_string().contains("the radius of convergence is pi = 3.14159..."));
/// assert!(error.to_string().contains("scale=0.47"));
/// # Ok::<(), maclaurin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NoOrder {
    /// The function.
    pub function: String,
    /// The expansion point as it was written.
    pub at: String,
    /// The range's lower end.
    pub low: f64,
    /// The range's upper end.
    pub high: f64,
    /// The error that was to be met.
    pub tolerance: f64,
    /// The highest order tried.
    pub highest: usize,
    /// The smallest error met, and its order.
    pub closest: (f64, usize),
    /// How far the range reaches from the expansion point.
    pub reach: f64,
    /// The radius of convergence.
    pub radius: Radius,
    /// The expansion points tried: the one that was asked for, or those that were to choose from.
    /// `at` is the one whose error came closest.
    pub points: Vec<String>,
    /// Whether every order up to `highest` about these points was proven to miss the tolerance. If
    /// not, the search ended early, or some order came too close to the tolerance to tell.
    pub complete: bool,
    /// An order that meets the tolerance, and the scale and shift of the values with which it
    /// does.
    pub advice: Option<(usize, f64, f64)>,
}

impl std::error::Error for NoOrder {}

impl fmt::Display for NoOrder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, at, low, high, tolerance, highest, reach, radius, .. } = self;
        write!(formatter, "no order up to {highest} of {function} about {at}")?;
        if self.points.len() > 1 {
            write!(formatter, ", or about {} points like it,", self.points.len() - 1)?;
        }
        write!(formatter, " stays within {tolerance:?} on {}", interval((*low, *high)))?;
        if self.closest.0.is_finite() {
            let (error, order) = self.closest;
            write!(
                formatter,
                ": the closest is order {order} with an error of at least {error:.3e}"
            )?;
        }
        if !self.complete {
            write!(
                formatter,
                "\nthe search ended at its limit of operations before it had ruled out every order: \
                 a larger order may do, which error_bound tells"
            )?;
        }
        if radius.upper <= *reach {
            write!(
                formatter,
                "\nthe range reaches {reach} from the expansion point and the radius of \
                 convergence is {radius}: beyond it, higher orders make the error larger"
            )?;
        }
        match self.advice {
            Some((order, scale, shift)) => write!(
                formatter,
                "\nwith scale={scale} and shift={shift} the values lie between {:.3} and {:.3}, and \
                 order {order} does it",
                scale * low + shift,
                scale * high + shift
            ),
            None => write!(formatter, "\nallow a larger error, or choose a smaller range"),
        }
    }
}

/// The order of a pole as text.
struct Pole(u64);

impl fmt::Display for Pole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            known @ 0..HIGHEST_KNOWN_POLE => write!(formatter, "{known}"),
            _ => formatter.write_str("10^18 or higher"),
        }
    }
}

fn undecided(unbounded: bool) -> &'static str {
    if unbounded {
        "its magnitude, or that of a number that it is made of, is beyond every exponent here; \
         choose another expansion point"
    } else {
        "it, or a number that it is made of, is zero or nearly so, in a way that no exact rule here \
         proves; simplify the expression or choose another expansion point"
    }
}

fn reason(singularity: Singularity) -> &'static str {
    match singularity {
        Singularity::Pole => "has a pole there",
        Singularity::BranchPoint => "has a branch point there",
        Singularity::Kink => "has a kink there: its derivatives from left and right differ",
        Singularity::Jump => "jumps there",
        Singularity::EssentialSingularity => "has an essential singularity there",
        Singularity::OutsideDomain => "has no real value there",
    }
}

/// The parts of a range on both sides of a point, without a hundredth of it.
fn without(near: f64, low: f64, high: f64) -> String {
    let gap = (high - low) / 100.0;
    let short = |x: f64| format!("{x:.3e}").parse().unwrap_or(x);
    let parts = [(low, short(near - gap)), (short(near + gap), high)];
    let kept = parts.iter().filter(|(low, high)| low < high);
    let text: Vec<_> = kept.map(|(low, high)| format!("[{low:?}, {high:?}]")).collect();
    format!("the range{} {}", if text.len() == 1 { "" } else { "s" }, text.join(" and "))
}

fn too_few_terms(found: usize, order: usize) -> String {
    if found == 0 {
        return format!(
            "the function has no non-zero term of degree 1 and above up to order {order}: it is a constant there; ask for \
             an order instead of terms"
        );
    }
    let exist = if found == 1 {
        "term of degree 1 and above exists"
    } else {
        "terms of degree 1 and above exist"
    };
    format!("only {found} non-zero {exist} up to order {order}; ask for at most {found}")
}
