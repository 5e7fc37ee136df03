//! Taylor series of any function of one variable, and arrays expanded by them.
//!
//! # A tour
//!
//! Text goes in, exact coefficients come out:
//!
//! ```
//! let softplus = maclaurin::taylor("log(1 + exp(x))", 4, "0")?;
//! assert_eq!(softplus.to_string(), "log(2) + x/2 + x^2/8 - x^4/192");
//! assert_eq!(softplus.degrees(), [1, 2, 4]);
//! # Ok::<(), maclaurin::Error>(())
//! ```
//!
//! An array goes in, and each of its values becomes the terms of the series:
//!
//! ```
//! use maclaurin::{Expansion, expand, taylor};
//! use ndarray::Array3;
//!
//! let softplus = taylor("softplus", 4, "0")?;
//! let picture = Array3::<u8>::from_elem((32, 32, 3), 128).into_dyn();
//! let expansion = Expansion { scale: 1.0 / 255.0, ..Expansion::default() };
//! let terms = expand::<u8, f32>(&picture.view(), &softplus.polynomial(), &expansion)?;
//! assert_eq!(terms.shape(), [32, 32, 3, 3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where there is no series, the answer says where, why, and what to do:
//!
//! ```
//! let error = maclaurin::taylor("log(x)", 4, "0").unwrap_err();
//! assert!(error.to_string().contains("log1p"));
//! ```
//!
//! # Where things are
//!
//! - [`Function`]: a function of `x`, read from text;
//! - [`Exact`], [`Interval`], [`Value`]: the numbers that coefficients are;
//! - [`Series`]: the coefficients, as numbers, text, LaTeX and code;
//! - [`Laurent`], [`Pade`]: series about poles, and quotients of polynomials;
//! - [`Approximation`], [`Piecewise`]: the best polynomial on a range, in one piece or in several, with its proof;
//! - [`Code`], [`Language`], [`Scheme`]: polynomials as source code;
//! - [`Radius`], [`SingularPoint`], [`ErrorBound`]: where the polynomial can be trusted, certified;
//! - [`Polynomial`], [`Expansion`], [`fn@expand`], [`expand_backward`]: arrays, and their gradients;
//! - [`PolynomialBasis`], [`Recurrence`]: orthogonal polynomials, in the place of powers;
//! - [`Convolution`], [`convolve`], [`convolve_backward`]: convolution over the powers of an array.

mod approximation;
mod builtin;
mod cancel;
mod certify;
mod conv;
mod expand;
mod expandable;
mod function;
mod number;
mod program;
mod series;

pub use approximation::{
    Approximation, Choice, Coefficients, LARGEST_DEGREE, LARGEST_PIECES, Method, Piecewise,
    UlpErrors,
};
pub use builtin::Elementary;
pub use cancel::cancellable;
pub use certify::{Basis, ErrorBound, ErrorProfile, OutsideRadius, Poles, SingularPoint};
pub use conv::{
    Convolution, ConvolutionError, ConvolutionGradients, WeightGradients, convolve,
    convolve_backward, convolve_backward_input_into, convolve_backward_weight, convolve_into,
};
pub use expand::{
    BasisError, Degrees, Element, ExpandError, Expansion, Family, Float, Gradients, Kind,
    LARGEST_DEGREE_OF_BASIS, Polynomial, PolynomialBasis, Recurrence, Squash, expand,
    expand_backward, expand_backward_into, expand_into, expand_tangent, instruction_sets,
    instructions, threads,
};
pub use function::{
    BuiltinFunction, Constant, Excerpt, Function, ParseError, ParseErrorKind, Span,
};
pub use number::{Exact, Format, IBig, Interval, Rational, UBig, Value, plain, scientific};
pub use program::{Code, Language, Scheme};
pub use series::{
    Error, LARGEST_ORDER, Laurent, NoOrder, NotAnalytic, Pade, Radius, Series, Singularity,
    laurent, taylor,
};
