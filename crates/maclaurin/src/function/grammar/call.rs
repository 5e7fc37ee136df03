//! Calls of built-in functions: by their names with arguments, or by their names alone.

use std::collections::BTreeMap;

use super::{Place, Reader, constant, nearest, step_of};
use crate::builtin::{self, Call, Definition, Elementary};
use crate::function::lexer::{Result, Token};
use crate::function::{Index, Operation, ParseErrorKind, PiecewiseConstant, Span};
use crate::number::{Exact, Rational};

/// The largest shape of an Erlang distribution.
const LARGEST_SHAPE: u32 = 1000;

/// The largest order of a Bessel function.
const LARGEST_ORDER: i32 = 1000;

impl Reader<'_> {
    /// A built-in function's name alone: the function of `x` and of parameters by its own
    /// arguments' names.
    pub(super) fn bare(&mut self, builtin: Call) -> Result<Index> {
        let span = self.lexer.span;
        let mut arguments = Vec::new();
        for (position, argument) in builtin.arguments.iter().enumerate() {
            let (name, default) = split_default(argument);
            arguments.push(match (self.scope.get(name), default) {
                _ if position == builtin.variable() => self.variable(span)?,
                (Some(&index), _) => index,
                (None, Some(default)) => self.default(default, span)?,
                (None, None) => {
                    let kind =
                        ParseErrorKind::MissingParameter { name: name.into(), nearest: None };
                    return Err(self.error(kind, span));
                }
            });
        }
        self.apply(builtin, &arguments, span, span)
    }

    pub(super) fn call(&mut self, name: &str, span: Span) -> Result<(Index, Span)> {
        let Some(builtin) = builtin::find(name) else {
            if self.scope.contains_key(name) || name == "x" || constant(name).is_some() {
                let hint = "; what is before it is no function, and multiplication is written `*`";
                return Err(self.unexpected("an operator", hint));
            }
            self.check_letters(name, span)?;
            let nearest = nearest(name, builtin::names()).map(str::to_owned);
            let kind = ParseErrorKind::UnknownFunction { name: name.into(), nearest };
            return Err(self.error(kind, span));
        };
        self.advance()?;
        let mut arguments = Vec::new();
        if self.token() != Token::Symbol(')') {
            loop {
                arguments.push(self.grouped()?);
                if self.token() != Token::Symbol(',') {
                    break;
                }
                self.advance()?;
            }
        }
        let whole = Span { start: span.start, end: self.lexer.span.end };
        self.expect(')', "`,` or `)`")?;
        let index = self.apply(builtin, &arguments, span, whole)?;
        Ok((index, whole))
    }

    /// A built-in function of the steps `arguments`; `name` and `whole` are where it was called.
    fn apply(
        &mut self,
        builtin: Call,
        arguments: &[Index],
        name: Span,
        whole: Span,
    ) -> Result<Index> {
        let most = builtin.arguments.len();
        let least = builtin.arguments.iter().filter(|argument| !argument.contains('=')).count();
        if arguments.len() < least || arguments.len() > most {
            let kind = ParseErrorKind::WrongArity {
                function: builtin.name.into(),
                expected: arity(builtin),
                found: arguments.len(),
            };
            return Err(self.error(kind, name));
        }
        let operation = match builtin.definition {
            Definition::Elementary(function) => Operation::Elementary(function, arguments[0]),
            Definition::Absolute => Operation::Absolute(arguments[0]),
            Definition::Sign => {
                Operation::PiecewiseConstant(PiecewiseConstant::Sign, arguments[0], arguments[0])
            }
            Definition::Floor => {
                // The zeros of sin(pi u) are the integers.
                let mut push = |operation| self.push(operation, whole.start, whole.end);
                let pi = push(step_of(Exact::pi()));
                let turns = push(Operation::Multiply(pi, arguments[0]));
                let guard = push(Operation::Elementary(Elementary::Sin, turns));
                Operation::PiecewiseConstant(PiecewiseConstant::Floor, arguments[0], guard)
            }
            Definition::Power => Operation::Power(arguments[0], arguments[1]),
            Definition::ErlangCdf => {
                let shape = self.shape(arguments[1], whole)?;
                self.positive_rate(arguments[2], whole)?;
                let product = Operation::Multiply(arguments[2], arguments[0]);
                let argument = self.push(product, whole.start, whole.end);
                Operation::ErlangCdf(shape, argument)
            }
            Definition::Text => return self.definition(builtin, arguments, whole),
            Definition::BesselJ => {
                let order = self.order(arguments[0], whole)?;
                let operation = Operation::BesselJ(order.unsigned_abs(), arguments[1]);
                // DLMF 10.4.1
                if order >= 0 || order % 2 == 0 {
                    operation
                } else {
                    Operation::Negate(self.push(operation, whole.start, whole.end))
                }
            }
        };
        Ok(self.push(operation, whole.start, whole.end))
    }

    /// A function that is written in terms of others.
    fn definition(&mut self, builtin: Call, arguments: &[Index], whole: Span) -> Result<Index> {
        let place = Place::Definition(match self.place {
            Place::Definition(span) => span,
            _ => whole,
        });
        let mut scope = BTreeMap::new();
        for (position, argument) in builtin.arguments.iter().enumerate() {
            let (name, default) = split_default(argument);
            let index = match arguments.get(position) {
                Some(&index) => index,
                None => self.default(default.unwrap_or_default(), whole)?,
            };
            scope.insert(name.to_owned(), index);
        }
        let given: Option<Vec<_>> = builtin
            .arguments
            .iter()
            .map(|argument| scope.get(split_default(argument).0).copied())
            .collect();
        let particular = builtin.special.zip(given.as_ref()).and_then(|(special, given)| {
            let constants = given.iter().map(|&index| self.builder.exact_constant(index));
            special(&constants.collect::<Vec<_>>())
        });
        let formula = particular.unwrap_or(builtin.about.formula);
        let index = Reader::new(formula, self.builder, &scope, place)?.whole()?;
        if let Some((double, arguments)) = builtin.double.zip(given) {
            self.builder.set_double(index, double, arguments);
        }
        Ok(index)
    }

    /// The value of an argument that is left out.
    fn default(&mut self, value: &str, whole: Span) -> Result<Index> {
        let place = Place::Definition(whole);
        Reader::new(value, self.builder, &BTreeMap::new(), place)?.whole()
    }

    fn shape(&self, index: Index, span: Span) -> Result<u32> {
        let shape = self.builder.constant(index).and_then(Exact::as_rational);
        shape
            .filter(|shape| shape.is_int())
            .and_then(|shape| u32::try_from(shape.numerator()).ok())
            .filter(|shape| (1..=LARGEST_SHAPE).contains(shape))
            .ok_or_else(|| {
                let message = "the shape k of `erlang_cdf` must be an integer from 1 to 1000";
                self.error(ParseErrorKind::InvalidArgument(message), span)
            })
    }

    fn order(&self, index: Index, span: Span) -> Result<i32> {
        let order = self.builder.constant(index).and_then(Exact::as_rational);
        order
            .filter(|order| order.is_int())
            .and_then(|order| i32::try_from(order.numerator()).ok())
            .filter(|order| order.abs() <= LARGEST_ORDER)
            .ok_or_else(|| {
                let message = "the order n of `bessel_j` must be an integer from -1000 to 1000";
                self.error(ParseErrorKind::InvalidArgument(message), span)
            })
    }

    fn positive_rate(&self, index: Index, span: Span) -> Result<()> {
        match self.builder.constant(index).and_then(Exact::as_rational) {
            Some(rate) if *rate <= Rational::ZERO => {
                let message = "the rate of `erlang_cdf` must be positive";
                Err(self.error(ParseErrorKind::InvalidArgument(message), span))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn bare_builtin_takes(text: &str, name: &str) -> bool {
    builtin::find(text).is_some_and(|builtin| {
        builtin.arguments.iter().any(|argument| split_default(argument).0 == name)
    })
}

/// The name of an argument, and its value where it is left out.
fn split_default(argument: &'static str) -> (&'static str, Option<&'static str>) {
    argument.split_once('=').map_or((argument, None), |(name, default)| (name, Some(default)))
}

pub(super) fn arity(builtin: Call) -> String {
    let arguments = builtin.arguments.join(", ");
    match builtin.arguments.len() {
        1 => format!("1 argument ({arguments})"),
        count => format!("{count} arguments ({arguments})"),
    }
}
