//! Why a function has no series, or none within the limits.

use thiserror::Error as ThisError;

use super::jet::Singularity;
use crate::function::{Excerpt, ParseError};

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
    #[error(
        "only {found} non-zero terms of degree 1 and above exist up to order {order}; \
         ask for at most {found}"
    )]
    TooFewTerms {
        /// How many there are.
        found: usize,
        /// The order up to which was looked.
        order: usize,
    },
    /// A number that so many bits do not tell from zero, or from a boundary between two floats.
    #[error(
        "{what} could not be settled with {bits} bits: it is zero, or nearly so, in a way that no \
         exact rule here proves; simplify the expression or choose another expansion point"
    )]
    Undecided {
        /// The number in question.
        what: String,
        /// The bits of the last attempt.
        bits: usize,
    },
    /// A range that is none.
    #[error("the range from {low} to {high} is none: both ends must be finite, the smaller first")]
    EmptyRange {
        /// The first end.
        low: f64,
        /// The last end.
        high: f64,
    },
    /// A function whose error has no bound on a range.
    #[error(
        "no bound on the error was found near x = {near}: the function is not finite there, or not \
         proven to be; choose a range without that point"
    )]
    Unbounded {
        /// A point near which every attempt failed.
        near: f64,
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
#[error("no Taylor series at x = {point}: `{}` {}\n{excerpt}\n{advice}", .excerpt.marked(), reason(*.singularity))]
pub struct NotAnalytic {
    /// The subexpression that is to blame.
    pub excerpt: Excerpt,
    /// The expansion point as it was written.
    pub point: String,
    /// What the subexpression has there.
    pub singularity: Singularity,
    /// A point or a form that works.
    pub advice: String,
}

fn reason(singularity: Singularity) -> &'static str {
    match singularity {
        Singularity::Pole => "has a pole there",
        Singularity::BranchPoint => "has a branch point there",
        Singularity::Kink => "has a kink there: its derivatives from left and right differ",
        Singularity::EssentialSingularity => "has an essential singularity there",
        Singularity::OutsideDomain => "has no real value there",
    }
}
