//! Expressions that stay the same where the sign of a part changes: even functions.
//!
//! That `f(-u) = f(u)` is proven by the expression: with the signs of all operands moved outwards, that of
//! `f(-u)` is the same as that of `f(u)`. So `g(t)` is shown to be even in `t`, and `cos(|u|)` to be the same
//! function as `cos(u)`, which has no kink where `u` vanishes.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Builder, Index, Operation, PiecewiseConstant, Step};
use crate::builtin::Parity;
use crate::number::{Exact, Rational};

/// A function of more steps, or more absolute values, is not looked at.
const MOST_STEPS: usize = 1000;
const MOST_KINKS: usize = 32;

/// An expression up to its sign: whether it is negative, and its number among those that are known.
type UpToSign = (bool, usize);

/// Expressions that are equal but for the sign and the order of operands.
#[derive(Default)]
struct Expressions(BTreeMap<Operation<UpToSign>, usize>);

impl Expressions {
    fn number(&mut self, is_negative: bool, operation: Operation<UpToSign>) -> UpToSign {
        let next = self.0.len();
        (is_negative, *self.0.entry(operation).or_insert(next))
    }

    fn sum(&mut self, f: UpToSign, g: UpToSign) -> UpToSign {
        // The sign of the operand that comes first is moved outwards.
        let (first, second) = if f.1 <= g.1 { (f, g) } else { (g, f) };
        // Both may be of one expression with either sign.
        let (first, second) =
            if first.1 == second.1 && first.0 { (second, first) } else { (first, second) };
        let sign = first.0;
        self.number(sign, Operation::Add((false, first.1), (second.0 != sign, second.1)))
    }

    /// An expression with the signs of its operands moved outwards.
    fn normal(&mut self, exponent: Option<&Rational>, operation: Operation<UpToSign>) -> UpToSign {
        let plain = |f: UpToSign| (false, f.1);
        match operation {
            Operation::Variable => self.number(false, Operation::Variable),
            Operation::Constant(value) => {
                let is_negative = value.sign() == Some(Ordering::Less);
                let value = if is_negative { value.negate() } else { Exact::clone(&value) };
                self.number(is_negative, Operation::Constant(value.into()))
            }
            Operation::Negate(f) => (!f.0, f.1),
            Operation::Add(f, g) => self.sum(f, g),
            Operation::Subtract(f, g) => self.sum(f, (!g.0, g.1)),
            Operation::Multiply(f, g) => {
                let (first, second) = if f.1 <= g.1 { (f, g) } else { (g, f) };
                self.number(f.0 != g.0, Operation::Multiply(plain(first), plain(second)))
            }
            Operation::Divide(f, g) => {
                self.number(f.0 != g.0, Operation::Divide(plain(f), plain(g)))
            }
            Operation::Power(f, g) => match exponent.filter(|q| q.is_int()) {
                Some(q) => {
                    let is_odd = q.numerator() % 2 != 0;
                    self.number(f.0 && is_odd, Operation::Power(plain(f), g))
                }
                None => self.number(false, Operation::Power(f, g)),
            },
            Operation::Absolute(f) => self.number(false, Operation::Absolute(plain(f))),
            Operation::PiecewiseConstant(PiecewiseConstant::Sign, f, guard) => {
                let sign =
                    Operation::PiecewiseConstant(PiecewiseConstant::Sign, plain(f), plain(guard));
                self.number(f.0, sign)
            }
            Operation::Elementary(function, f) => match function.parity() {
                Some(parity) => {
                    let sign = f.0 && parity == Parity::Odd;
                    self.number(sign, Operation::Elementary(function, plain(f)))
                }
                None => self.number(false, Operation::Elementary(function, f)),
            },
            // DLMF 10.4.1
            Operation::BesselJ(order, f) => {
                self.number(f.0 && order % 2 == 1, Operation::BesselJ(order, plain(f)))
            }
            Operation::PiecewiseConstant(PiecewiseConstant::Floor, ..)
            | Operation::ErlangCdf(..) => self.number(false, operation),
        }
    }
}

/// The expressions of the steps, and those with the sign of what `is_flipped` tells changed.
fn expressions(steps: &[Step], is_flipped: impl Fn(Index, UpToSign) -> bool) -> [Vec<UpToSign>; 2] {
    let mut known = Expressions::default();
    let (mut own, mut mirrored): (Vec<UpToSign>, Vec<UpToSign>) = (Vec::new(), Vec::new());
    for (index, step) in steps.iter().enumerate() {
        let exponent = match step.operation {
            Operation::Power(_, g) => match &steps[g].operation {
                Operation::Constant(value) => value.as_rational(),
                _ => None,
            },
            _ => None,
        };
        let here = known.normal(exponent, step.operation.map(|&index| own[index]));
        let there = if is_flipped(index, here) {
            (!here.0, here.1)
        } else {
            known.normal(exponent, step.operation.map(|&index| mirrored[index]))
        };
        own.push(here);
        mirrored.push(there);
    }
    [own, mirrored]
}

/// Whether the steps are proven to be those of an even function.
pub(crate) fn is_even(steps: &[Step]) -> bool {
    let is_variable = |index: Index, _| steps[index].operation == Operation::Variable;
    let [own, mirrored] = expressions(steps, is_variable);
    own.last() == mirrored.last()
}

/// The steps of the same function without the absolute values in which it is even: `u` for `|u|`.
pub(super) fn without_even_kinks(mut steps: Vec<Step>) -> Vec<Step> {
    let is_kink = |step: &Step| matches!(step.operation, Operation::Absolute(_));
    let count = steps.iter().filter(|step| is_kink(step)).count();
    if count > MOST_KINKS || steps.len() > MOST_STEPS {
        return steps;
    }
    // From the last one on: what is inside of others is left as it is where these are.
    for place in (0..count).rev() {
        let mut kinks = steps.iter().enumerate().filter(|(_, step)| is_kink(step));
        let Some((kink, _)) = kinks.nth(place) else { continue };
        if let Some(without) = without_kink(&steps, kink) {
            steps = without;
        }
    }
    steps
}

/// The steps with `u` for one step `|u|` and those equal to it, if the function is even in it.
fn without_kink(steps: &[Step], kink: Index) -> Option<Vec<Step>> {
    let [plain, _] = expressions(steps, |_, _| false);
    let is_kink = |index: Index| plain[index] == plain[kink];
    let first = (0..=kink).find(|&index| is_kink(index))?;
    let Operation::Absolute(operand) = steps[first].operation else { return None };
    // Up to the first one nothing is mirrored, so that it has the same number.
    let [own, mirrored] = expressions(steps, |_, here| here == plain[first]);
    if own.last() != mirrored.last() {
        return None;
    }
    let mut builder = Builder::default();
    let mut moved: Vec<Index> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let new = if is_kink(index) {
            moved[operand]
        } else {
            builder.push(step.operation.map(|&operand| moved[operand]), step.span)
        };
        moved.push(new);
        if let Some((double, arguments)) = &step.double
            && !reaches(steps, index, is_kink, arguments)
        {
            let arguments = arguments.iter().map(|&argument| moved[argument]).collect();
            builder.set_double(new, *double, arguments);
        }
    }
    Some(builder.finish(*moved.last()?))
}

/// Whether a step is made of such a part other than through the steps at which the search ends.
fn reaches(steps: &[Step], from: Index, is_part: impl Fn(Index) -> bool, ends: &[Index]) -> bool {
    let mut needed = vec![false; from + 1];
    needed[from] = true;
    (0..=from).rev().any(|index| {
        let is_open = needed[index] && !ends.contains(&index);
        if is_open {
            steps[index].operation.map(|&operand| needed[operand] = true);
        }
        is_open && is_part(index)
    })
}
