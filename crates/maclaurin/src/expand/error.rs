//! Why an array could not be expanded.

use thiserror::Error;

/// Why an array could not be expanded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExpandError {
    /// An axis that the output does not have.
    #[error("axis {axis} is out of bounds for an output of {dimensions} dimensions")]
    AxisOutOfBounds {
        /// The axis asked for.
        axis: isize,
        /// The dimensions counted.
        dimensions: usize,
    },
    /// A listed degree outside 1 to the order.
    #[error(
        "degree {degree} is not between 1 and the order {order} (degree 0 is the option `constant`)"
    )]
    DegreeOutOfRange {
        /// The degree.
        degree: usize,
        /// The order of the polynomial.
        order: usize,
    },
    /// No degree would come out.
    #[error(
        "the expansion has no non-zero degree above 0; raise the order, or ask for all degrees or \
         the constant"
    )]
    NoDegrees,
    /// A sum asked of a basis, which has no coefficients.
    #[error(
        "a basis has a polynomial for each degree and no coefficients to sum up: take the kind terms, and weigh what \
         comes out"
    )]
    SumOfBasis,
    /// An array of another shape than the expansion takes or gives.
    #[error("an array has shape {found:?} where shape {expected:?} is needed")]
    WrongShape {
        /// The shape needed.
        expected: Vec<usize>,
        /// The array's shape.
        found: Vec<usize>,
    },
    /// Weights that match no set of degrees.
    #[error(
        "{found} weights were given; the series takes {degrees} (one for each non-zero degree of 1 and up) \
         or {all} (one for each degree of 0 and up)"
    )]
    WrongWeights {
        /// How many were given.
        found: usize,
        /// The number of non-zero degrees.
        degrees: usize,
        /// The order and one.
        all: usize,
    },
    /// An output larger than the memory that is free.
    #[error("the output would take {bytes} bytes; {limit} are free: expand a part at a time")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The memory that is free.
        limit: usize,
    },
    /// An output whose number of values does not fit in an integer.
    #[error("the output would have more values than an array can")]
    Overflow,
    /// An array with gaps where one without is needed.
    #[error("the array for the gradient of the values has gaps: it must be contiguous")]
    NotContiguous,
    /// Instructions that the variable `MACLAURIN_INSTRUCTIONS` asks for and the machine lacks.
    #[error(
        "MACLAURIN_INSTRUCTIONS is {asked:?}; this machine has {}: set it to one of these, or not at all",
        .known.join(", ")
    )]
    Instructions {
        /// What the variable says.
        asked: String,
        /// What the machine has, the best one first.
        known: Vec<&'static str>,
    },
    /// Threads that the system would not start.
    #[error("the threads could not be started: {0}")]
    Threads(String),
}
