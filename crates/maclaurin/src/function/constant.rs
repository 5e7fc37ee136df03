//! Constants as users give them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Function, Operation, ParseError, Span, Step};
use crate::number::{Exact, Rational, parse_decimal};

/// A real constant as a user gives it: an expansion point, an exponent, a constant of integration.
///
/// It is made from a text without `x` (`"pi/6"`, `"0.1"`), an integer, a double, a [`Rational`] or an
/// [`Exact`], so that functions that take one take all of these. A double stands for the shortest
/// decimal number that rounds to it, the one that it is printed as: `0.1` is one tenth, as it is in a
/// text. A text is read, and an infinity or NaN refused, by the function that the constant is given to.
///
/// # Examples
///
/// ```
/// use maclaurin::{Error, Function, Rational, Series};
///
/// let log = Function::parse("log(x)")?;
/// let third = Rational::from_parts(1.into(), 3u8.into());
/// assert_eq!(Series::new(&log, 1, third)?.to_string(), "-log(3) + 3*(x - 1/3)");
/// assert_eq!(Series::new(&log, 1, 0.5)?, Series::new(&log, 1, "1/2")?);
///
/// let pi_over_6 = Series::new(&Function::parse("asin(x)")?, 0, "1/2")?.exact(0).unwrap().clone();
/// let sine = Series::new(&Function::parse("sin(x)")?, 1, pi_over_6)?;
/// assert_eq!((sine.at(), sine.to_string()), ("pi/6", "1/2 + sqrt(3)*(x - pi/6)/2".into()));
///
/// assert!(matches!(Series::new(&log, 1, f64::NAN), Err(Error::Parse(_))));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant(Given);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Given {
    Text(String),
    Number(Exact),
}

impl Constant {
    /// The constant function.
    pub(crate) fn function(self) -> Result<Function, ParseError> {
        let exact = match self.0 {
            Given::Text(text) => return Function::constant(&text),
            Given::Number(exact) => exact,
        };
        let text = exact.to_string();
        let span = Span { start: 0, end: text.len() };
        let steps =
            vec![Step { operation: Operation::Constant(Arc::new(exact)), span, double: None }];
        Ok(Function { text, parameters: BTreeMap::new(), steps })
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Given::Text(text) => f.write_str(text),
            Given::Number(exact) => exact.fmt(f),
        }
    }
}

impl From<&str> for Constant {
    fn from(text: &str) -> Self {
        Self(Given::Text(text.to_owned()))
    }
}

impl From<&String> for Constant {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for Constant {
    fn from(text: String) -> Self {
        Self(Given::Text(text))
    }
}

impl From<f64> for Constant {
    fn from(value: f64) -> Self {
        let text = format!("{:?}", value.abs());
        match parse_decimal(&text) {
            Some(magnitude) if value < 0.0 => Self::from(-magnitude),
            Some(magnitude) => Self::from(magnitude),
            None => format!("{value:?}").into(),
        }
    }
}

impl From<i32> for Constant {
    fn from(value: i32) -> Self {
        i64::from(value).into()
    }
}

impl From<i64> for Constant {
    fn from(value: i64) -> Self {
        Exact::from(value).into()
    }
}

impl From<Rational> for Constant {
    fn from(value: Rational) -> Self {
        Exact::from(value).into()
    }
}

impl From<Exact> for Constant {
    fn from(value: Exact) -> Self {
        Self(Given::Number(value))
    }
}

impl From<&Exact> for Constant {
    fn from(value: &Exact) -> Self {
        value.clone().into()
    }
}
