//! Functions that are analytic though the square root in them is not, such as `cos(sqrt(x))` at 0.
//!
//! With `x = x0 + s t^2`, `s = 1` or `-1`, such a function is `f(x) = g(t)` for `t >= 0`, with a `g` that is
//! analytic at 0 and even. So `f(x) = sum_k g_2k (s (x - x0))^k`, which is analytic where
//! `|x - x0| < r^2` for the radius `r` of `g`; on the other side of `x0`, where the text of `f` has no
//! real value, the series is its continuation.
//!
//! `g` is written in the operations of all functions, so that its coefficients, its radius and its
//! bounds are found and proven like theirs. Where `f` takes a power `u^q` of a `u = t^v h` that
//! vanishes at `t = 0`, with `h(0) > 0`, `g` has `t^(v q) h^q`, which is the same for all `t > 0`:
//! either both are real numbers, or neither is. Where `f` takes `acosh(u)` or `acos(u)` near `u = 1`,
//! `g` has `2 asinh(sqrt((u - 1)/2))` or `2 asin(sqrt((1 - u)/2))` (half-angle formulas, DLMF 4.35 and 4.21).
//!
//! That `g` is even is proven by its expression (`function/even.rs`).

use std::cmp::Ordering;

use super::evaluate::{self, Blocked, apply};
use super::jet::Jet;
use super::{Error, Point, Series};
use crate::builtin::{Analytic, Elementary};
use crate::function::{
    Builder, Function, Index, Operand, Operation, Span, Step, constant, is_even,
};
use crate::number::{Arithmetic, Certified, Exact, Rational, Value, half};

/// Bits and terms by which the orders of steps at the point are known.
const BITS: usize = 256;
const TERMS: usize = 16;

/// A function of more steps is not looked at.
const MOST_STEPS: usize = 1000;

/// A function `f(x0 + s t^2) = g(t)`.
#[derive(Clone, Debug)]
pub(crate) struct InRoot {
    pub function: Function,
    /// `g`
    even: Function,
    /// Whether `s = -1`.
    pub is_left: bool,
}

impl InRoot {
    /// The function about a point where a power or an inverse function has a branch point, if it is
    /// proven to be analytic there or to have a pole.
    pub(super) fn new(function: &Function, point: &Value) -> Option<Self> {
        let Value::Exact(point) = point else { return None };
        if function.steps().len() > MOST_STEPS {
            return None;
        }
        [false, true].into_iter().find_map(|is_left| {
            let steps = Substitution::new(function, point, is_left).run()?;
            let even = function.with_steps(steps);
            is_even(even.steps()).then(|| Self { function: function.clone(), even, is_left })
        })
    }

    pub(super) fn coefficients<A: Analytic>(
        &self,
        a: &A,
        order: usize,
    ) -> Result<Vec<A::Number>, Blocked> {
        let variable = [a.integer(0), a.integer(1)];
        let all = evaluate::coefficients(a, &self.even, &variable, 2 * order)?;
        let signed = |(k, c): (usize, A::Number)| {
            if self.is_left && k % 2 == 1 { a.negate(&c) } else { c }
        };
        Ok(all.into_iter().step_by(2).enumerate().map(signed).collect())
    }

    /// The order of the zero at the point, below 0 that of a pole: half of that of `g`.
    pub(super) fn order_of<A: Analytic>(&self, a: &A) -> Result<i64, Blocked> {
        Ok(evaluate::order_of(a, &self.even, &[a.integer(0), a.integer(1)])? / 2)
    }

    /// The series of `g` whose even part has an order.
    pub(crate) fn series(&self, order: usize) -> Result<Series, Error> {
        Series::about(self.even.clone().into(), Point::read(0)?, 2 * order + 1)
    }
}

/// The steps of `g`, made from those of `f`.
struct Substitution<'a> {
    function: &'a Function,
    a: Certified,
    /// `a + b t^2` for `x`.
    variable: Affine,
    builder: Builder,
    /// The series of the new steps at `t = 0`.
    jets: Vec<Jet<Value>>,
    /// The steps of `f` that are `a + b t^2`.
    affine: Vec<Option<Affine>>,
    /// What each step of `f` has become.
    moved: Vec<Index>,
    span: Span,
    /// Whether a root was taken of what vanishes on one side of the point and is negative beyond.
    is_rooted: bool,
}

/// `a + b t^2`
type Affine = (Exact, Rational);

impl<'a> Substitution<'a> {
    fn new(function: &'a Function, point: &Exact, is_left: bool) -> Self {
        let slope = if is_left { Rational::NEG_ONE } else { Rational::ONE };
        Self {
            function,
            a: Certified::new(BITS),
            variable: (point.clone(), slope),
            builder: Builder::default(),
            jets: Vec::new(),
            affine: Vec::new(),
            moved: Vec::new(),
            span: Span { start: 0, end: 0 },
            is_rooted: false,
        }
    }

    /// The steps, or `None` where the function is not known to have a series in `t`.
    fn run(mut self) -> Option<Vec<Step>> {
        for step in self.function.steps() {
            self.span = step.span;
            let affine = self.affine(&step.operation);
            let index = match &affine {
                Some(affine) if !affine.1.is_zero() => self.push_affine(affine)?,
                _ => self.step(&step.operation)?,
            };
            self.affine.push(affine);
            self.moved.push(index);
        }
        let last = *self.moved.last()?;
        self.is_rooted.then(|| self.builder.finish(last))
    }

    fn affine(&self, operation: &Operation) -> Option<Affine> {
        let of = |index: &Index| self.affine[*index].as_ref();
        let rational = |index: &Index| {
            let (a, b) = of(index)?;
            a.as_rational().filter(|_| b.is_zero())
        };
        let scaled = |(a, b): &Affine, factor: &Rational| (a.scale(factor), b * factor);
        Some(match operation {
            Operation::Variable => self.variable.clone(),
            Operation::Constant(value) => (Exact::clone(value), Rational::ZERO),
            Operation::Negate(f) => scaled(of(f)?, &Rational::NEG_ONE),
            Operation::Add(f, g) => {
                let ((a, b), (c, d)) = (of(f)?, of(g)?);
                (a.add(c), b + d)
            }
            Operation::Subtract(f, g) => {
                let ((a, b), (c, d)) = (of(f)?, of(g)?);
                (a.add(&c.negate()), b - d)
            }
            Operation::Multiply(f, g) => match (rational(f), rational(g)) {
                (Some(factor), _) => scaled(of(g)?, factor),
                (_, factor) => scaled(of(f)?, factor?),
            },
            Operation::Divide(f, g) => {
                let divisor = rational(g).filter(|divisor| !divisor.is_zero())?;
                scaled(of(f)?, &(Rational::ONE / divisor))
            }
            Operation::Power(..)
            | Operation::Absolute(_)
            | Operation::PiecewiseConstant(..)
            | Operation::Elementary(..)
            | Operation::ErlangCdf(..)
            | Operation::BesselJ(..) => return None,
        })
    }

    /// Adds a step, with its series: `None` where it has none.
    fn push(&mut self, operation: Operation) -> Option<Index> {
        if let Operation::Divide(_, g) = operation
            && self.builder.constant(g).is_some_and(Exact::is_zero)
        {
            return None;
        }
        let index = self.builder.push(operation, self.span);
        if index == self.jets.len() {
            let operand = |&index: &Index| Operand { index, values: &self.jets };
            let operation = self.builder.operation(index).map(operand);
            let variable = [Value::Exact(Exact::ZERO), Value::Exact(Exact::from(1))];
            let jet = apply(&self.a, self.builder.steps(), operation, &variable, TERMS).ok()?;
            self.jets.push(jet);
        }
        Some(index)
    }

    fn push_affine(&mut self, (a, b): &Affine) -> Option<Index> {
        let t = self.push(Operation::Variable)?;
        let mut sum = self.push(Operation::Multiply(t, t))?;
        if !b.is_one() {
            let factor = self.push(constant(b.clone()))?;
            sum = self.push(Operation::Multiply(factor, sum))?;
        }
        if !a.is_zero() {
            let first = self.push(constant(a.clone()))?;
            sum = self.push(Operation::Add(first, sum))?;
        }
        Some(sum)
    }

    fn step(&mut self, operation: &Operation) -> Option<Index> {
        let moved = operation.map(|&index| self.moved[index]);
        match *operation {
            Operation::Power(f, g) => match self.function.rational(g) {
                Some(exponent) if !exponent.is_int() => {
                    let affine = self.affine[f].clone();
                    self.root(self.moved[f], affine.as_ref(), exponent)
                }
                _ => self.push(moved),
            },
            Operation::Elementary(inverse @ (Elementary::Acosh | Elementary::Acos), f) => {
                self.inverse(inverse, f, moved)
            }
            // On the other side of a zero these are not the continuation.
            Operation::Absolute(f) | Operation::PiecewiseConstant(_, _, f) => {
                let index = self.moved[f];
                let order = self.jets[index].stripped(&self.a).ok()?.valuation;
                if order == 0 { self.push(moved) } else { None }
            }
            _ => self.push(moved),
        }
    }

    /// `u^q` of a step that may vanish at `t = 0`.
    fn root(&mut self, u: Index, affine: Option<&Affine>, q: &Rational) -> Option<Index> {
        let first = self.jets[u].stripped(&self.a).ok()?;
        if !self.is_positive(&first) {
            return None;
        }
        let exponent = self.push(constant(q.clone()))?;
        if first.valuation == 0 {
            return self.push(Operation::Power(u, exponent));
        }
        let power = Rational::from(first.valuation) * q;
        let power = i64::try_from(power.numerator()).ok().filter(|_| power.is_int())?;
        match first.valuation.rem_euclid(4) {
            2 => self.is_rooted = true,
            // Of what has an even order in x: then |x|^(2n) alone is analytic.
            0 if power % 4 == 0 => {}
            _ => return None,
        }
        let t = self.push(Operation::Variable)?;
        let rest = match affine {
            Some((_, b)) if first.valuation == 2 => self.push(constant(b.clone()))?,
            _ => {
                let order = self.push(constant(Rational::from(first.valuation)))?;
                let unit = self.push(Operation::Power(t, order))?;
                self.push(Operation::Divide(u, unit))?
            }
        };
        let lead = if power == 1 {
            t
        } else {
            let power = self.push(constant(Rational::from(power)))?;
            self.push(Operation::Power(t, power))?
        };
        if self.builder.constant(rest).is_some_and(|rest| *rest == Exact::from(1)) {
            return Some(lead);
        }
        let rest = self.push(Operation::Power(rest, exponent))?;
        self.push(Operation::Multiply(lead, rest))
    }

    fn is_positive(&self, stripped: &Jet<Value>) -> bool {
        self.a.sign(&stripped.coefficients[0]) == Some(Ordering::Greater)
    }

    /// `acosh(u)` or `acos(u)`, by half the distance of `u` from 1 where that vanishes at `t = 0`.
    fn inverse(&mut self, inverse: Elementary, f: Index, own: Operation) -> Option<Index> {
        let u = self.moved[f];
        let one = self.push(constant(Rational::ONE))?;
        let (difference, odd, sign) = if inverse == Elementary::Acosh {
            (Operation::Subtract(u, one), Elementary::Asinh, Rational::ONE)
        } else {
            (Operation::Subtract(one, u), Elementary::Asin, Rational::NEG_ONE)
        };
        let difference = self.push(difference)?;
        if self.jets[difference].stripped(&self.a).ok()?.valuation == 0 {
            return self.push(own);
        }
        let two = self.push(constant(Rational::from(2)))?;
        let halved = self.push(Operation::Divide(difference, two))?;
        // Where u is 1 + b t^2.
        let affine = self.affine[f].clone().map(|(_, b)| (Exact::ZERO, b * sign * half()));
        let root = self.root(halved, affine.as_ref(), &half())?;
        let value = self.push(Operation::Elementary(odd, root))?;
        self.push(Operation::Multiply(two, value))
    }
}
