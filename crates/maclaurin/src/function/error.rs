//! What can be wrong with the text of a function.

use thiserror::Error;

use super::excerpt::Excerpt;

/// A text that is not a function of `x`, with the place where it stops being one.
///
/// Displays as a sentence, the text, and a caret under the offending characters.
///
/// # Examples
///
/// ```
/// let error = maclaurin::Function::parse("1 + sofplus(x)").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "unknown function `sofplus`; did you mean `softplus`?\n  1 + sofplus(x)\n      ^^^^^^^"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind}\n{excerpt}")]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Where.
    pub excerpt: Excerpt,
}

/// The ways in which a text can fail to be a function.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The text is empty or blank.
    #[error("the expression is empty; write a function of x, such as log(1 + exp(x))")]
    Empty,
    /// A character that belongs to no expression.
    #[error("unexpected character `{0}`{1}")]
    UnexpectedCharacter(char, &'static str),
    /// A letter of another alphabet that looks like one that may be meant.
    #[error("`{found}` (U+{:04X}) is not the letter `{meant}`: write `{meant}`", u32::from(*.found))]
    Alike {
        /// The letter.
        found: char,
        /// What it looks like.
        meant: char,
    },
    /// A piece of the grammar where another was due.
    #[error("expected {expected}, found {found}{hint}")]
    Unexpected {
        /// What the grammar allows here.
        expected: &'static str,
        /// What stands here.
        found: String,
        /// What to do about it, or nothing.
        hint: &'static str,
    },
    /// A text that can be read in two ways.
    #[error("this can mean `{}` or `{}`: write the one that you mean", .readings[0], .readings[1])]
    Ambiguous {
        /// Both.
        readings: [String; 2],
    },
    /// A name that is called but is no built-in function.
    #[error("unknown function `{name}`{}", did_you_mean(.nearest.as_deref()))]
    UnknownFunction {
        /// The name.
        name: String,
        /// The nearest built-in function, if one is near.
        nearest: Option<String>,
    },
    /// A name that is neither the variable, a constant, nor a parameter with a value.
    #[error("`{name}` has no value{}; every name but x, pi, e and euler_gamma is a parameter: give it as {name}=VALUE", did_you_mean(.nearest.as_deref()))]
    MissingParameter {
        /// The name.
        name: String,
        /// The nearest known name, if one is near.
        nearest: Option<String>,
    },
    /// A function's name beside its argument, as in `sin x`.
    #[error("`{function}` takes its argument in parentheses: write `{function}({argument})`")]
    NoParentheses {
        /// The function.
        function: String,
        /// What stands beside it.
        argument: String,
    },
    /// A name with a module in front, as in `np.sin(x)`.
    #[error("`{written}` is a name in a module, which expressions do not have: write `{plain}`")]
    InModule {
        /// The name with its module.
        written: String,
        /// What is written here.
        plain: String,
    },
    /// An infinity or NaN.
    #[error("`{name}` is not a real number; points, constants and parameters are finite")]
    NotFinite {
        /// As it was written.
        name: String,
    },
    /// A function given too few or too many arguments.
    #[error("`{function}` takes {expected}, found {found}")]
    WrongArity {
        /// The function.
        function: String,
        /// The arguments it takes.
        expected: String,
        /// How many it was given.
        found: usize,
    },
    /// An argument outside what the function accepts.
    #[error("{0}")]
    InvalidArgument(&'static str),
    /// The variable in a place where a constant is due, such as an expansion point.
    #[error("the variable x cannot stand here: {0} must be a constant, such as 1/2 or pi/6")]
    NotConstant(&'static str),
    /// A parameter that cannot have this name.
    #[error("`{0}` cannot be a parameter's name: it already means something else")]
    ReservedName(String),
    /// A parameter that the expression does not use.
    #[error("the expression has no parameter `{0}`")]
    UnusedParameter(String),
    /// Text longer than the limit.
    #[error("the expression has {found} bytes; the limit is {limit}")]
    TooLong {
        /// Its length in bytes.
        found: usize,
        /// The longest accepted.
        limit: usize,
    },
    /// Parentheses, signs or powers nested deeper than the limit.
    #[error("the expression is nested deeper than {limit} levels")]
    TooDeep {
        /// The deepest accepted.
        limit: usize,
    },
    /// A decimal exponent beyond the limit.
    #[error("the number's exponent is beyond the limit of 1e{limit}")]
    NumberTooLarge {
        /// The largest exponent accepted.
        limit: i64,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}
