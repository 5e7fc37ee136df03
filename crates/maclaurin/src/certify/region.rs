//! A function over rectangles of the complex plane.
//!
//! Where a function can fail to be analytic, something must not be zero: a divisor, the argument
//! of a logarithm, the base of a real power, `1 + u^2` under `atan u`. Such a thing is a
//! [`Guard`]. On a rectangle where an enclosure of no guard contains zero the function is
//! analytic: branch cuts do not matter in a region without holes, for there a logarithm of what
//! is never zero has one continuation. Which one, a rectangle learns from a neighbour: the
//! argument of a rectangle without zero spans less than `pi`, so of its values a turn apart just
//! one meets the neighbour's.

use crate::function::{Function, Index, Operation};
use crate::number::{
    Arithmetic, Certified, Complex, Elementary, Exact, IBig, Interval64, Outward64, PI, Rational,
    Value,
};
use crate::series;

/// Real and imaginary part.
pub(super) type Rectangle = (Interval64, Interval64);

/// Arithmetic on rectangles.
pub(super) const PLANE: Complex<Outward64> = Complex(Outward64);

/// The smallest rectangle around two.
pub(super) fn hull(a: &Rectangle, b: &Rectangle) -> Rectangle {
    (a.0.hull(b.0), a.1.hull(b.1))
}

/// What must not be zero, on one rectangle.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub source: Source,
    pub value: Rectangle,
    /// Its argument, continued from where the function is real.
    pub argument: Interval64,
    /// Whether `|u|` continues as `-u` from where the function is real.
    negated: bool,
    /// Whether its logarithm is taken.
    logarithm: bool,
}

/// Where a guard comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The value of a step.
    Step(Index),
    /// Singular arguments of an elementary function of a step.
    Within(Elementary, Index),
}

/// The first guard whose enclosure contains zero, or whose branch is open.
pub(super) struct Stuck {
    pub guard: usize,
    pub source: Source,
    pub value: Rectangle,
    /// The guards before it.
    pub passed: Vec<Guard>,
}

/// The function's value on a rectangle and its guards, always the same ones in the same order.
#[derive(Clone, Debug)]
pub(super) struct Evaluation {
    pub value: Rectangle,
    pub guards: Vec<Guard>,
}

impl Evaluation {
    /// Whether every logarithm is the principal one.
    pub(super) fn is_principal(&self) -> bool {
        let principal = |argument: Interval64| argument.magnitude() < PI.low;
        self.guards.iter().all(|guard| !guard.logarithm || principal(guard.argument))
    }
}

/// A function made ready for rectangles.
pub(super) struct Region<'a> {
    function: &'a Function,
    /// The values of the steps that do not depend on `x`.
    constants: Vec<Option<Rectangle>>,
    /// Each step's degree, where it is a polynomial.
    degrees: Vec<Option<u64>>,
}

impl<'a> Region<'a> {
    pub(super) fn new(function: &'a Function) -> Self {
        let steps = function.steps();
        let mut degrees: Vec<Option<u64>> = Vec::with_capacity(steps.len());
        for step in steps {
            let degree = match &step.operation {
                Operation::Variable => Some(1),
                Operation::Constant(_) => Some(0),
                Operation::Negate(f) => degrees[*f],
                Operation::Add(f, g) | Operation::Subtract(f, g) => {
                    degrees[*f].zip(degrees[*g]).map(|(f, g)| f.max(g))
                }
                Operation::Multiply(f, g) => {
                    degrees[*f].zip(degrees[*g]).and_then(|(f, g)| f.checked_add(g))
                }
                Operation::Divide(f, g) => degrees[*f].filter(|_| degrees[*g] == Some(0)),
                Operation::Power(f, g) if degrees[*f] != Some(0) => match &steps[*g].operation {
                    Operation::Constant(exponent) => exponent
                        .as_rational()
                        .filter(|r| r.is_int())
                        .and_then(|r| u64::try_from(r.numerator()).ok())
                        .and_then(|count| degrees[*f]?.checked_mul(count)),
                    _ => None,
                },
                // Any function of constants is one.
                Operation::Power(_, f)
                | Operation::Absolute(f)
                | Operation::Elementary(_, f)
                | Operation::ErlangCdf { argument: f, .. } => degrees[*f].filter(|n| *n == 0),
            };
            degrees.push(degree);
        }
        let exact = Certified::new(64);
        let anywhere = [Value::Exact(Exact::default()), Value::Exact(1.into())];
        let constant = |index: Index| {
            let value = series::value(&exact, function, index, &anywhere)?;
            Some(PLANE.real(Interval64::around(&exact.enclose(&value))))
        };
        let constants = (0..steps.len())
            .map(|index| degrees[index].filter(|n| *n == 0).and_then(|_| constant(index)))
            .collect();
        Self { function, constants, degrees }
    }

    /// The function's degree, if it is a polynomial.
    pub(super) fn degree(&self) -> Option<u64> {
        self.degrees.last().copied().flatten()
    }

    /// The most zeros that a guard has in the whole plane, where that is known.
    pub(super) fn most_zeros(&self, source: Source) -> Option<u64> {
        match source {
            Source::Step(index) => self.degrees[index],
            Source::Within(..) => None,
        }
    }

    /// The function on the rectangle `z`. Its branches continue those of a neighbour that shares
    /// a point with `z`; without one they are the real function's, and `z` meets the real axis
    /// where that function is analytic.
    pub(super) fn evaluate(
        &self,
        z: &Rectangle,
        neighbour: Option<&[Guard]>,
    ) -> Result<Evaluation, Stuck> {
        let mut branches = Branches { neighbour, guards: Vec::new() };
        let mut values: Vec<Rectangle> = Vec::with_capacity(self.constants.len());
        for (index, step) in self.function.steps().iter().enumerate() {
            values.push(match self.constants[index] {
                Some(constant) => constant,
                None => self.step(&step.operation, z, &values, &mut branches)?,
            });
        }
        let value = values.last().copied().unwrap_or(*z);
        Ok(Evaluation { value, guards: branches.guards })
    }

    fn step(
        &self,
        operation: &Operation,
        z: &Rectangle,
        values: &[Rectangle],
        branches: &mut Branches<'_>,
    ) -> Result<Rectangle, Stuck> {
        Ok(match operation {
            Operation::Variable => *z,
            Operation::Constant(value) => PLANE.exact(value),
            Operation::Negate(f) => PLANE.negate(&values[*f]),
            Operation::Add(f, g) => PLANE.add(&values[*f], &values[*g]),
            Operation::Subtract(f, g) => PLANE.subtract(&values[*f], &values[*g]),
            Operation::Multiply(f, g) if f == g => square(&values[*f]),
            Operation::Multiply(f, g) => PLANE.multiply(&values[*f], &values[*g]),
            Operation::Divide(f, g) => {
                if self.may_vanish(*g) {
                    branches.pass(Source::Step(*g), &values[*g], false)?;
                }
                PLANE.divide(&values[*f], &values[*g])
            }
            Operation::Absolute(f) => {
                let guard = branches.pass(Source::Step(*f), &values[*f], false)?;
                if guard.negated { PLANE.negate(&values[*f]) } else { values[*f] }
            }
            Operation::Power(f, g) => {
                let exponent = match &self.function.steps()[*g].operation {
                    Operation::Constant(exponent) => exponent.as_rational(),
                    _ => None,
                };
                match exponent {
                    Some(r) if r.is_int() => {
                        if r.numerator() < &IBig::ZERO && self.may_vanish(*f) {
                            branches.pass(Source::Step(*f), &values[*f], false)?;
                        }
                        PLANE.power(&values[*f], r)
                    }
                    _ => {
                        let log = self.log(*f, values, branches)?;
                        PLANE.elementary(Elementary::Exp, &PLANE.multiply(&values[*g], &log))
                    }
                }
            }
            Operation::Elementary(Elementary::Log, f) => self.log(*f, values, branches)?,
            Operation::Elementary(function @ (Elementary::Tan | Elementary::Tanh), f) => {
                let (over, under) = match function {
                    Elementary::Tan => (Elementary::Sin, Elementary::Cos),
                    _ => (Elementary::Sinh, Elementary::Cosh),
                };
                let divisor = PLANE.elementary(under, &values[*f]);
                branches.pass(Source::Within(*function, *f), &divisor, false)?;
                PLANE.divide(&PLANE.elementary(over, &values[*f]), &divisor)
            }
            Operation::Elementary(function, f) => {
                let source = Source::Within(*function, *f);
                let log = |z: &Rectangle| branches.log(source, z);
                match PLANE.inverse(*function, &values[*f], log)? {
                    Some(value) => value,
                    None => PLANE.elementary(*function, &values[*f]),
                }
            }
            Operation::ErlangCdf { shape, argument } => erlang_cdf(&values[*argument], *shape),
        })
    }

    /// The `u` of a step `e^u`, which is never zero.
    fn exponent_of(&self, index: Index) -> Option<Index> {
        match self.function.steps()[index].operation {
            Operation::Elementary(Elementary::Exp, exponent) => Some(exponent),
            _ => None,
        }
    }

    /// Whether a step can be zero where its own guards are not: no divisor is the constant 0, and
    /// exponentials never vanish, nor do the real powers that are made of them.
    fn may_vanish(&self, index: Index) -> bool {
        let steps = self.function.steps();
        let exponential = match &steps[index].operation {
            Operation::Power(_, exponent) => match &steps[*exponent].operation {
                Operation::Constant(r) => !r.as_rational().is_some_and(Rational::is_int),
                _ => true,
            },
            _ => self.exponent_of(index).is_some(),
        };
        !exponential && self.constants[index].is_none()
    }

    /// The logarithm of a step: of `e^u` it is `u`, wherever it is continued from the real axis.
    fn log(
        &self,
        index: Index,
        values: &[Rectangle],
        branches: &mut Branches<'_>,
    ) -> Result<Rectangle, Stuck> {
        match self.exponent_of(index) {
            Some(exponent) => Ok(values[exponent]),
            None => branches.log(Source::Step(index), &values[index]),
        }
    }
}

/// `z^2`, tighter than `z z`.
fn square(z: &Rectangle) -> Rectangle {
    let cross = z.0.multiply(z.1);
    (z.0.square().subtract(z.1.square()), cross.add(cross))
}

/// `1 - e^(-u) sum_(n<shape) u^n/n!`, by Horner's rule.
fn erlang_cdf(u: &Rectangle, shape: u32) -> Rectangle {
    let one = PLANE.integer(1);
    let sum = (1..shape).rev().fold(one, |sum, n| {
        PLANE.add(&one, &PLANE.divide(&PLANE.multiply(&sum, u), &PLANE.integer(n.into())))
    });
    let decay = PLANE.elementary(Elementary::Exp, &PLANE.negate(u));
    PLANE.subtract(&one, &PLANE.multiply(&decay, &sum))
}

/// The guards passed so far on one rectangle.
struct Branches<'a> {
    neighbour: Option<&'a [Guard]>,
    guards: Vec<Guard>,
}

impl Branches<'_> {
    /// Checks that a guard is not zero and follows its argument. Where its `logarithm` is
    /// taken, an argument without a neighbour must be the principal one.
    fn pass(
        &mut self,
        source: Source,
        value: &Rectangle,
        logarithm: bool,
    ) -> Result<&Guard, Stuck> {
        let guard = self.guards.len();
        let stuck = |passed| Stuck { guard, source, value: *value, passed };
        let Some(argument) = PLANE.argument(value) else {
            return Err(stuck(std::mem::take(&mut self.guards)));
        };
        let (argument, negated) = match self.neighbour {
            Some(neighbour) => {
                let before = &neighbour[guard];
                let turns = (before.argument.middle() - argument.middle()) / std::f64::consts::TAU;
                let turn = PI.add(PI);
                let shifted = |k: f64| argument.add(turn.multiply(Interval64::point(k)));
                let mut meeting = [turns.floor(), turns.ceil()]
                    .into_iter()
                    .map(shifted)
                    .filter(|argument| argument.intersects(before.argument));
                match (meeting.next(), meeting.next().filter(|_| turns.fract() != 0.0)) {
                    (Some(argument), None) => (argument, before.negated),
                    _ => return Err(stuck(std::mem::take(&mut self.guards))),
                }
            }
            None if logarithm && value.0.low <= 0.0 && value.1.contains(0.0) => {
                return Err(stuck(std::mem::take(&mut self.guards)));
            }
            None => (argument, value.0.high < 0.0),
        };
        self.guards.push(Guard { source, value: *value, argument, negated, logarithm });
        Ok(&self.guards[guard])
    }

    fn log(&mut self, source: Source, z: &Rectangle) -> Result<Rectangle, Stuck> {
        let argument = self.pass(source, z, true)?.argument;
        Ok((PLANE.log_of_modulus(z), argument))
    }
}
