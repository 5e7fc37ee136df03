//! Steps that vanish identically beside a point, such as `relu(x) = (x + |x|)/2` for `x < 0`.
//!
//! Where it is known on which side of its kinks and jumps a function is, each step is a rational
//! combination of expressions. Those that are not written alike are taken to be different: what cancels
//! then is zero, and not merely as far as some terms of a series show.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Function, Index, Operation};
use crate::number::{Exact, Rational};

/// A function of more steps is not looked at.
const MOST_STEPS: usize = 1000;

/// Factors of expressions, by their numbers; none is zero.
type Sum = BTreeMap<usize, Rational>;

impl Function {
    /// Whether a step is proven to vanish identically where all earlier ones have values, and the
    /// absolute values and the piecewise constant steps have these sides: the sign of the operand, and the
    /// value.
    pub(crate) fn vanishes(&self, last: Index, side: impl Fn(Index) -> Option<i64>) -> bool {
        if last >= MOST_STEPS {
            return false;
        }
        let mut expressions = BTreeMap::new();
        let mut sums: Vec<Sum> = Vec::new();
        for index in 0..=last {
            let sum = self.sum(index, &sums, &side);
            let sum = sum.unwrap_or_else(|| {
                let operation = self.steps[index].operation.map(|&index| sums[index].clone());
                Sum::from([(number(&mut expressions, operation), Rational::ONE)])
            });
            // A number is a multiple of 1.
            sums.push(match &self.steps[index].operation {
                Operation::Constant(value) => match value.as_rational() {
                    Some(value) => constant(&mut expressions, value.clone()),
                    None => sum,
                },
                Operation::PiecewiseConstant(..) if !sum.is_empty() => match side(index) {
                    Some(value) => constant(&mut expressions, value.into()),
                    None => sum,
                },
                _ => sum,
            });
        }
        sums[last].is_empty()
    }

    /// A step as a combination of what its operands are, or `None` where it is an expression of its own.
    fn sum(&self, index: Index, sums: &[Sum], side: impl Fn(Index) -> Option<i64>) -> Option<Sum> {
        let of = |&index: &Index| &sums[index];
        let nothing = |f: &Index| of(f).is_empty().then(Sum::new);
        match &self.steps[index].operation {
            Operation::Negate(f) => Some(scaled(of(f), &Rational::NEG_ONE)),
            Operation::Add(f, g) => Some(added(of(f), of(g))),
            Operation::Subtract(f, g) => Some(added(of(f), &scaled(of(g), &Rational::NEG_ONE))),
            Operation::Multiply(f, g) => match (self.rational(*f), self.rational(*g)) {
                (Some(factor), _) => Some(scaled(of(g), factor)),
                (_, Some(factor)) => Some(scaled(of(f), factor)),
                _ => nothing(f).or_else(|| nothing(g)),
            },
            Operation::Divide(f, g) => match self.rational(*g).filter(|g| !g.is_zero()) {
                Some(divisor) => Some(scaled(of(f), &(Rational::ONE / divisor))),
                None => nothing(f),
            },
            Operation::Power(f, g) => {
                self.rational(*g).filter(|g| **g > Rational::ZERO).and_then(|_| nothing(f))
            }
            Operation::Absolute(f) => {
                let side = || side(index).map(|side| scaled(of(f), &side.signum().into()));
                nothing(f).or_else(side)
            }
            Operation::PiecewiseConstant(_, u, _) => nothing(u),
            Operation::Variable
            | Operation::Constant(_)
            | Operation::Elementary(..)
            | Operation::ErlangCdf(..)
            | Operation::BesselJ(..) => None,
        }
    }
}

fn number(expressions: &mut BTreeMap<Operation<Sum>, usize>, operation: Operation<Sum>) -> usize {
    let next = expressions.len();
    *expressions.entry(operation).or_insert(next)
}

fn constant(expressions: &mut BTreeMap<Operation<Sum>, usize>, value: Rational) -> Sum {
    let one = number(expressions, Operation::Constant(Arc::new(Exact::from(1))));
    scaled(&Sum::from([(one, Rational::ONE)]), &value)
}

fn scaled(sum: &Sum, factor: &Rational) -> Sum {
    if factor.is_zero() {
        return Sum::new();
    }
    sum.iter().map(|(&number, own)| (number, own * factor)).collect()
}

fn added(f: &Sum, g: &Sum) -> Sum {
    let mut sum = f.clone();
    for (&number, factor) in g {
        let own = sum.entry(number).or_insert(Rational::ZERO);
        *own += factor;
        if own.is_zero() {
            sum.remove(&number);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cancels_vanishes() {
        let vanishes = |text: &str, sides: &[i64]| {
            let function = Function::parse(text).unwrap();
            let kinks: Vec<_> = (0..function.steps().len())
                .filter(|&index| {
                    matches!(function.steps()[index].operation, Operation::Absolute(_))
                })
                .collect();
            let side = |index| kinks.iter().position(|&k| k == index).and_then(|k| sides.get(k));
            function.vanishes(function.steps().len() - 1, |index| side(index).copied())
        };
        for (text, sides) in [
            ("x + abs(x)", &[-1][..]),
            ("abs(x - abs(x))", &[1]),
            ("sqrt(exp(x) - exp(x))", &[]),
            ("(sin(x) + 2*pi - sin(x) - pi*2)*exp(x)/3", &[]),
            ("floor(abs(x) - x)", &[1]),
        ] {
            assert!(vanishes(text, sides), "{text}");
        }
        for (text, sides) in [
            ("x + abs(x)", &[1][..]),
            ("x + abs(x)", &[]),
            ("abs(x - abs(x))", &[-1]),
            ("(exp(x) - exp(x))/(exp(x) - exp(x)) - exp(2*x)", &[]),
            ("(x - x)^0", &[]),
            ("cos(x - x)", &[]),
        ] {
            assert!(!vanishes(text, sides), "{text}");
        }
    }
}
