//! Expansion points.

use super::Error;
use super::evaluate::Blocked;
use super::jet::Obstacle;
use super::settle::{Failure, PRECISIONS, attempt};
use crate::function::{Constant, Function, ParseError, ParseErrorKind};
use crate::number::Value;

/// An expansion point: a constant expression and its value.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub expression: Function,
    pub value: Value,
    pub rounded: f64,
}

impl Point {
    /// The point that a user gives.
    pub(super) fn read(constant: impl Into<Constant>) -> Result<Self, Error> {
        Self::new(constant.into().function()?)
    }

    /// A constant of another kind, which a refusal names.
    pub(super) fn read_as(
        what: &'static str,
        constant: impl Into<Constant>,
    ) -> Result<Self, Error> {
        let named = |mut error: ParseError| {
            if let ParseErrorKind::NotConstant(place) = &mut error.kind {
                *place = what;
            }
            error
        };
        Self::new(constant.into().function().map_err(named)?)
    }

    /// The value of a constant expression.
    pub(super) fn new(expression: Function) -> Result<Self, Error> {
        let source = expression.clone().into();
        let mut failure = Failure::Unsettled { degree: 0, unbounded: false };
        for bits in PRECISIONS {
            match attempt(&source, &expression, 0, bits) {
                Ok((arithmetic, mut values)) => {
                    let value = values.swap_remove(0);
                    if let Some(rounded) = arithmetic.enclose(&value).to_f64() {
                        return Ok(Self { expression, value, rounded });
                    }
                    let unbounded = arithmetic.enclose(&value).is_whole_line();
                    failure = Failure::Unsettled { degree: 0, unbounded };
                }
                Err(blocked @ Blocked { obstacle: Obstacle::MoreBits, .. }) => {
                    failure = Failure::Blocked(blocked);
                }
                Err(blocked) => {
                    return Err(Failure::Blocked(blocked).explained(&source, &expression));
                }
            }
        }
        Err(failure.explained(&source, &expression))
    }

    /// Whether both are proven to be the same number.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.expression.is_same(&other.expression) || is_same(&self.value, &other.value)
    }
}

/// Whether two numbers are proven to be equal.
pub(super) fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Exact(a), Value::Exact(b)) => a == b || a.add(&b.negate()).is_zero(),
        _ => false,
    }
}
