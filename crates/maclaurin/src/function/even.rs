//! Expressions that stay the same where the sign of a part changes: even functions.
//!
//! That `f(-u) = f(u)` is proven by writing both as polynomials in what is no sum or product, and its
//! reciprocals ([`Expressions`]). So `g(t)` is shown to be even in `t`, and `cos(|u|)` to be the same function as
//! `cos(u)`, which has no kink where `u` vanishes.

mod normal;

use self::normal::{Expressions, Polynomial};
use super::{Builder, Index, Operation, PiecewiseConstant, Step};
use crate::number::Rational;

/// A function of more steps, or more absolute values, or more of both, is not looked at.
const MOST_STEPS: usize = 1000;
const MOST_KINKS: usize = 32;
const MOST_OF_BOTH: usize = 10_000;

/// The expressions of the steps, and those with the sign of what `is_flipped` tells changed; `None` for the
/// last of these where it may have another domain.
fn expressions(
    steps: &[Step],
    is_flipped: impl Fn(Index, &Polynomial) -> bool,
) -> (Vec<Polynomial>, Option<Polynomial>) {
    let mut known = Expressions::default();
    let (mut own, mut mirrored): (Vec<Polynomial>, Vec<Polynomial>) = (Vec::new(), Vec::new());
    for (index, step) in steps.iter().enumerate() {
        let here = known.normal(step.operation.map(|&index| own[index].clone()), true);
        let there = if is_flipped(index, &here) {
            here.negate()
        } else {
            known.normal(step.operation.map(|&index| mirrored[index].clone()), false)
        };
        own.push(here);
        mirrored.push(there);
    }
    (own, mirrored.pop().filter(|_| known.is_domain_kept()))
}

/// Whether the steps are proven to be those of an even function.
pub(crate) fn is_even(steps: &[Step]) -> bool {
    let is_variable = |index: Index, _: &Polynomial| steps[index].operation == Operation::Variable;
    let (own, mirrored) = expressions(steps, is_variable);
    own.last() == mirrored.as_ref()
}

/// What a function is not analytic at for want of a sign: absolute values, signs and roots.
fn kinks(steps: &[Step]) -> usize {
    let is_root = |g: Index| match &steps[g].operation {
        Operation::Constant(q) => !q.as_rational().is_some_and(Rational::is_int),
        _ => true,
    };
    let is_kink = |step: &&Step| match step.operation {
        Operation::Absolute(_) | Operation::PiecewiseConstant(PiecewiseConstant::Sign, ..) => true,
        Operation::Power(_, g) => is_root(g),
        _ => false,
    };
    steps.iter().filter(is_kink).count()
}

/// The steps of the same function without the absolute values in which it is even: `u` for `|u|`.
pub(super) fn without_even_kinks(steps: Vec<Step>) -> Vec<Step> {
    let steps = without_absolute_values(steps);
    if kinks(&steps) == 0 || steps.len() > MOST_STEPS {
        return steps;
    }
    let merged = without_absolute_values(merged(&steps));
    if kinks(&merged) < kinks(&steps) { merged } else { steps }
}

fn without_absolute_values(mut steps: Vec<Step>) -> Vec<Step> {
    let is_kink = |step: &Step| matches!(step.operation, Operation::Absolute(_));
    let count = steps.iter().filter(|step| is_kink(step)).count();
    let is_large = steps.len() > MOST_STEPS || count * steps.len() > MOST_OF_BOTH;
    if count > MOST_KINKS || is_large {
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

/// The steps of the same function with `|u v|` for `|u| |v|`, `|u|` for `u sign(u)`, and `|u|^(2 m q)` for
/// `(u^(2 m))^q`.
fn merged(steps: &[Step]) -> Vec<Step> {
    let mut builder = Builder::default();
    let mut moved: Vec<Index> = Vec::new();
    for step in steps {
        let operation = step.operation.map(|&operand| moved[operand]);
        let operation = merge(&mut builder, &operation, step).unwrap_or(operation);
        let new = builder.push(operation, step.span);
        moved.push(new);
        if let Some((double, arguments)) = &step.double {
            let arguments = arguments.iter().map(|&argument| moved[argument]).collect();
            builder.set_double(new, *double, arguments);
        }
    }
    let root = moved[moved.len() - 1];
    builder.finish(root)
}

/// One step of [`merged`], where there is something to merge.
fn merge(builder: &mut Builder, operation: &Operation, step: &Step) -> Option<Operation> {
    let inside = |builder: &Builder, index: Index| match *builder.operation(index) {
        Operation::Absolute(u) => Some(u),
        _ => None,
    };
    let signed = |builder: &Builder, index: Index| match *builder.operation(index) {
        Operation::PiecewiseConstant(PiecewiseConstant::Sign, u, _) => Some(u),
        _ => None,
    };
    let exponent = |builder: &Builder, index: Index| {
        builder
            .constant(index)
            .and_then(|q| q.as_rational())
            .filter(|q| **q > Rational::ZERO)
            .cloned()
    };
    match *operation {
        Operation::Multiply(f, g) | Operation::Divide(f, g)
            if inside(builder, f).is_some() && inside(builder, g).is_some() =>
        {
            let (u, v) = (inside(builder, f)?, inside(builder, g)?);
            let is_product = matches!(operation, Operation::Multiply(..));
            let both = if is_product { Operation::Multiply(u, v) } else { Operation::Divide(u, v) };
            Some(Operation::Absolute(builder.push(both, step.span)))
        }
        Operation::Multiply(f, g) => [(f, g), (g, f)].into_iter().find_map(|(f, g)| {
            let u = signed(builder, g)?;
            if f == u {
                return Some(Operation::Absolute(u));
            }
            // As a product with 1.
            let one = (inside(builder, f) == Some(u)).then(|| super::constant(Rational::ONE))?;
            let one = builder.push(one, step.span);
            Some(Operation::Multiply(u, one))
        }),
        Operation::Power(f, g) => {
            let Operation::Power(base, inner) = *builder.operation(f) else { return None };
            let (q, p) = (exponent(builder, g)?, exponent(builder, inner)?);
            let product = &p * &q;
            let is_even = p.is_int() && p.numerator() % 2 == 0;
            let base = if inside(builder, base).is_some() {
                base
            } else if is_even {
                builder.push(Operation::Absolute(base), step.span)
            } else {
                return None;
            };
            if !product.is_int() {
                return None;
            }
            let product = builder.push(super::constant(product), step.span);
            Some(Operation::Power(base, product))
        }
        _ => None,
    }
}

/// The steps with `u` for one step `|u|` and those equal to it, if the function is even in it.
fn without_kink(steps: &[Step], kink: Index) -> Option<Vec<Step>> {
    let (plain, _) = expressions(steps, |_, _| false);
    let is_kink = |index: Index| plain[index] == plain[kink];
    let first = (0..=kink).find(|&index| is_kink(index))?;
    let Operation::Absolute(operand) = steps[first].operation else { return None };
    // Up to the first one nothing is mirrored, so that it has the same number.
    let (own, mirrored) = expressions(steps, |_, here| *here == plain[first]);
    if own.last() != mirrored.as_ref() {
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
