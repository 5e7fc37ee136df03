//! Where the coefficients of a series come from: a function, or other series.
//!
//! Sums, products, quotients, powers, compositions and derivatives of functions are functions. An
//! integral and an inverse function are in general none that an expression says, and nor is what is
//! computed with them. Such a series keeps the series that it came from, and the operation: at any
//! precision and to any order its coefficients follow from theirs, so they are correctly rounded and
//! exact where theirs are.

use std::mem::discriminant;
use std::sync::Arc;

use super::evaluate::{self, Blocked, MOST_EXTRA_TERMS, enough_terms};
use super::jet::{Jet, Obstacle, Singularity};
use super::root::InRoot;
use super::settle::Failure;
use super::{Error, Point, Series};
use crate::builtin::composition::{compose, invert};
use crate::builtin::{Analytic, recurrence};
use crate::function::{Function, Span, Written};
use crate::number::{Rational, Value};

/// Operations that a series may be computed by from series of functions.
const MOST_OPERATIONS: usize = 256;

/// What has coefficients to any order.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Function(Function),
    /// A function that is analytic at the point though a root in it is not.
    InRoot(Arc<InRoot>),
    Derived(Arc<Derived>),
}

/// An operation on series.
#[derive(Clone, Debug)]
pub(crate) struct Derived {
    pub operation: Operation,
    pub operands: Vec<Series>,
    /// How many operations it takes in all.
    count: usize,
}

/// What is done to one series or two.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Negative,
    Sum,
    Difference,
    Product,
    Quotient,
    Power(Rational),
    /// The first of the second.
    Composition,
    Derivative,
    /// With its value at the expansion point.
    Integral(Box<Point>),
    /// The compositional inverse.
    Inverse,
}

impl Operation {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Power(a), Self::Power(b)) => a == b,
            (Self::Integral(a), Self::Integral(b)) => a.is_same(b),
            _ => discriminant(self) == discriminant(other),
        }
    }
}

/// A part of no text: what was computed has none of its own.
const NOWHERE: Span = Span { start: 0, end: 0 };

impl From<Function> for Source {
    fn from(function: Function) -> Self {
        Self::Function(function)
    }
}

impl Source {
    pub(super) fn derived(operation: Operation, operands: &[&Series]) -> Result<Self, Error> {
        let of = |series: &&Series| match &series.source {
            Self::Function(_) | Self::InRoot(_) => 0,
            Self::Derived(derived) => derived.count,
        };
        let count = 1 + operands.iter().map(of).sum::<usize>();
        if count > MOST_OPERATIONS {
            return Err(Error::TooManyOperations { limit: MOST_OPERATIONS });
        }
        let operands = operands.iter().map(|&series| series.clone()).collect();
        Ok(Self::Derived(Arc::new(Derived { operation, operands, count })))
    }

    /// The coefficients `a_0 .. a_order` about `at`.
    pub(super) fn coefficients<A: Analytic>(
        &self,
        a: &A,
        at: &Function,
        order: usize,
    ) -> Result<Vec<A::Number>, Blocked> {
        match self {
            Self::Function(function) => {
                let point = value(a, at)?;
                evaluate::coefficients(a, function, &[point, a.integer(1)], order)
            }
            Self::InRoot(root) => root.coefficients(a, order),
            Self::Derived(derived) => derived.coefficients(a, order),
        }
    }

    /// The function, where an expression says what it is.
    pub(super) fn function(&self) -> Option<&Function> {
        match self {
            Self::Function(function) => Some(function),
            Self::InRoot(root) => Some(&root.function),
            Self::Derived(_) => None,
        }
    }

    /// A function that has a branch point in a part, as one of the square root of the distance from
    /// the point.
    pub(super) fn in_root(&self, failure: &Failure, point: &Value) -> Option<Self> {
        match self {
            Self::Function(function) if failure.is(Singularity::BranchPoint) => {
                Some(Self::InRoot(Arc::new(InRoot::new(function, point)?)))
            }
            _ => None,
        }
    }

    /// Whether both are made in the same way, which makes their coefficients about a point equal.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Derived(f), Self::Derived(g)) => {
                Arc::ptr_eq(f, g) || f.operation.is_same(&g.operation) && f.operands == g.operands
            }
            _ => matches!((self.function(), other.function()), (Some(f), Some(g)) if f.is_same(g)),
        }
    }

    /// The function as text; what has no text is written with the names of its operations.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Function(function) => function.to_string(),
            Self::InRoot(root) => root.function.to_string(),
            Self::Derived(derived) => derived.name(),
        }
    }
}

/// The value of a constant expression.
fn value<A: Analytic>(a: &A, expression: &Function) -> Result<A::Number, Blocked> {
    let variable = [a.integer(0), a.integer(1)];
    Ok(evaluate::coefficients(a, expression, &variable, 0)?.swap_remove(0))
}

impl Derived {
    fn coefficients<A: Analytic>(&self, a: &A, order: usize) -> Result<Vec<A::Number>, Blocked> {
        let operand = |index: usize, order: usize| {
            let series: &Series = &self.operands[index];
            series.source.coefficients(a, &series.point.expression, order)
        };
        let each = |of: fn(&A, &A::Number, &A::Number) -> A::Number| {
            let (f, g) = (operand(0, order)?, operand(1, order)?);
            Ok(f.iter().zip(&g).map(|(f, g)| of(a, f, g)).collect())
        };
        // A quotient by what vanishes at the point takes more terms of both.
        let of_jets = |operation: &dyn Fn(usize) -> Result<Jet<A::Number>, Blocked>| {
            let blocked = |obstacle| (Blocked { obstacle, span: NOWHERE }, 1);
            enough_terms(order, MOST_EXTRA_TERMS, |terms| {
                let jet = operation(terms).map_err(|reason| (reason, 1))?;
                Ok((jet.taylor(a, terms).map_err(blocked)?, NOWHERE))
            })
        };
        let blocked = |obstacle| Blocked { obstacle, span: NOWHERE };
        match &self.operation {
            Operation::Negative => Ok(recurrence::negate(a, &operand(0, order)?)),
            Operation::Sum => each(A::add),
            Operation::Difference => each(A::subtract),
            Operation::Product => {
                Ok(recurrence::multiply(a, &operand(0, order)?, &operand(1, order)?))
            }
            Operation::Quotient => of_jets(&|terms| {
                let (f, g) = (operand(0, terms - 1)?, operand(1, terms - 1)?);
                Jet::taylor_series(f).divide(a, &Jet::taylor_series(g)).map_err(blocked)
            }),
            Operation::Power(exponent) => of_jets(&|terms| {
                let f = operand(0, terms - 1)?;
                Jet::taylor_series(f).power(a, exponent).map_err(blocked)
            }),
            Operation::Composition => Ok(compose(a, &operand(0, order)?, &operand(1, order)?)),
            Operation::Derivative => Ok(recurrence::derivative(a, &operand(0, order + 1)?)),
            Operation::Integral(constant) => {
                let constant = value(a, &constant.expression)?;
                if order == 0 {
                    return Ok(vec![constant]);
                }
                Ok(recurrence::integral(a, constant, &operand(0, order - 1)?))
            }
            Operation::Inverse => {
                let f = operand(0, order.max(1))?;
                match a.sign(&f[1]) {
                    Some(sign) if sign.is_ne() => {}
                    _ => return Err(blocked(Obstacle::MoreBits)),
                }
                let point = value(a, &self.operands[0].point.expression)?;
                Ok(invert(a, point, &f, order))
            }
        }
    }

    fn name(&self) -> String {
        let written = |index: usize| match &self.operands[index].source {
            // What is too long to be written out stays as it is.
            Source::Function(function) => text_of(function),
            Source::InRoot(root) => text_of(&root.function),
            derived @ Source::Derived(_) => Written::new(derived.name()),
        };
        let first = written(0);
        let name = match &self.operation {
            Operation::Negative => first.negative(),
            Operation::Sum => first.sum(&written(1)),
            Operation::Difference => first.difference(&written(1)),
            Operation::Product => first.product(&written(1)),
            Operation::Quotient => first.quotient(&written(1)),
            Operation::Power(exponent) => first.power(&Written::new(exponent.to_string())),
            Operation::Composition => {
                return format!("compose({}, {})", first.text(), written(1).text());
            }
            Operation::Derivative => first.call("derivative"),
            Operation::Integral(constant) => {
                first.call("integral").sum(&text_of(&constant.expression))
            }
            Operation::Inverse => first.call("inverse"),
        };
        name.text().to_owned()
    }
}

/// A function's text as an operand of others.
fn text_of(function: &Function) -> Written {
    Written::of(function).unwrap_or_else(|_| Written::new(format!("({})", function.text())))
}
