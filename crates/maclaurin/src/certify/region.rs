//! A function over rectangles of the complex plane.
//!
//! Where a function can fail to be analytic, something must not be zero: a divisor, the argument
//! of a logarithm, the base of a real power, `1 + u^2` under `atan u`. Such a thing is a
//! [`Guard`]. On a rectangle where an enclosure of no guard contains zero the function is
//! analytic: branch cuts do not matter in a region without holes, for there a logarithm of what
//! is never zero has one continuation. Which one, a rectangle learns from a neighbour: the
//! argument of a rectangle without zero spans less than `pi`, so of its values a turn apart just
//! one meets the neighbour's.

use std::cmp::Ordering;

use crate::builtin::{
    Analytic, Branch, Builtin, Complex, Elementary, Exp, bessel_j, each, erlang_cdf,
};
pub(super) use crate::builtin::{PLANE, Rectangle};
use crate::function::{Function, Index, Operand, Operation, PiecewiseConstant};
use crate::number::{
    Arithmetic, Certified, Exact, IBig, Interval64, Outward64, PI, Rational, Value,
};
use crate::series;

/// Terms of the series that give the values of steps without `x`.
const TERMS_OF_CONSTANTS: usize = 12;

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
    /// The sign of `u`, or another level of it, continued from where the function is real.
    pub level: i64,
}

impl Guard {
    /// Whether its argument is known: not around a zero or a pole that is removable.
    pub(super) fn has_argument(&self) -> bool {
        self.argument.magnitude() < f64::INFINITY
    }
}

/// Where a guard comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The value of a step.
    Step(Index),
    /// Singular arguments of an elementary function of a step; an inverse function has several
    /// logarithms, counted here from 0.
    Within(Elementary, Index, u8),
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

/// The degree of a function that is a polynomial and written as one.
pub(crate) fn degree(function: &Function) -> Option<u64> {
    Region::new(function).degree()
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
        let degrees = function.fold(|_, operation: Operation<Operand<'_, Option<u64>>>| {
            match operation {
                Operation::Variable => Some(1),
                Operation::Constant(_) => Some(0),
                Operation::Negate(f) => *f,
                Operation::Add(f, g) | Operation::Subtract(f, g) => {
                    f.zip(*g).map(|(f, g)| f.max(g))
                }
                Operation::Multiply(f, g) => f.zip(*g).and_then(|(f, g)| f.checked_add(g)),
                Operation::Divide(f, g) => f.filter(|_| *g == Some(0)),
                Operation::Power(f, g) if *f != Some(0) => {
                    let r = function.rational(g.index).filter(|r| r.is_int());
                    let count = r.and_then(|r| u64::try_from(r.numerator()).ok());
                    count.and_then(|count| f.and_then(|f| f.checked_mul(count)))
                }
                // Any function of constants is one.
                Operation::Power(_, f)
                | Operation::Absolute(f)
                | Operation::PiecewiseConstant(_, f, _)
                | Operation::Elementary(_, f)
                | Operation::ErlangCdf(_, f)
                | Operation::BesselJ(_, f) => f.filter(|n| *n == 0),
            }
        });
        let exact = Certified::new(64);
        let anywhere = [Value::Exact(Exact::default()), Value::Exact(1.into())];
        let values = series::leading(&exact, function, &anywhere, TERMS_OF_CONSTANTS);
        let constant = |index: usize| {
            let value = values[index].as_ref()?.value.as_ref()?;
            Some(PLANE.real(Interval64::around(&exact.enclose(value))))
        };
        let constants = (0..degrees.len())
            .map(|index| degrees[index].filter(|n| *n == 0).and_then(|_| constant(index)))
            .collect();
        Self { function, constants, degrees }
    }

    pub(super) fn function(&self) -> &'a Function {
        self.function
    }

    /// The value of a step that does not depend on `x`.
    pub(super) fn constant(&self, index: Index) -> Option<Rectangle> {
        self.constants[index]
    }

    /// The logarithm of a step that is a positive constant.
    pub(super) fn log_of_constant(&self, index: Index) -> Option<Rectangle> {
        let value = self.constants[index]?;
        let positive = value.0.low > 0.0 && value.1 == Interval64::point(0.0);
        positive.then(|| PLANE.real(value.0.log()))
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
        let mut branches = Branches::new(neighbour);
        let values = self.function.try_fold(|index, operation| match self.constants[index] {
            Some(constant) => Ok(constant),
            None => self.step(index, operation, z, &mut branches),
        })?;
        let value = values.last().copied().unwrap_or(*z);
        Ok(Evaluation { value, guards: branches.guards })
    }

    fn step(
        &self,
        index: Index,
        operation: Operation<Operand<'_, Rectangle>>,
        z: &Rectangle,
        branches: &mut Branches<'_>,
    ) -> Result<Rectangle, Stuck> {
        Ok(match operation {
            Operation::Variable => *z,
            Operation::Constant(value) => PLANE.exact(&value),
            Operation::Negate(f) => PLANE.negate(&f),
            Operation::Add(f, g) => PLANE.add(&f, &g),
            Operation::Subtract(f, g) => PLANE.subtract(&f, &g),
            Operation::Multiply(f, g) if f.index == g.index => square(&f),
            Operation::Multiply(f, g) => PLANE.multiply(&f, &g),
            Operation::Divide(f, g) => {
                if self.may_vanish(g.index) {
                    let has_no_zero = match self.function.steps()[g.index].operation {
                        Operation::Elementary(function, u) => {
                            each!(function, F => F::has_no_zero(&g.values[u]))
                        }
                        _ => false,
                    };
                    branches.pass_divisor(Source::Step(g.index), &g, has_no_zero)?;
                }
                if g.1 == Interval64::point(0.0) {
                    PLANE.divide(&f, &g)
                } else {
                    PLANE.multiply(&f, &reciprocal(&g))
                }
            }
            Operation::Absolute(f) => {
                // What vanishes identically has no kink.
                if PLANE.argument(&f).is_none() && self.vanishes(index, &branches.sides) {
                    return Ok(PLANE.integer(0));
                }
                let is_negative = branches.pass(Source::Step(f.index), &f, false)?.level < 0;
                branches.sides.push((index, if is_negative { -1 } else { 1 }));
                if is_negative { PLANE.negate(&f) } else { *f }
            }
            Operation::PiecewiseConstant(level, u, guard) => {
                let value = branches.level(level, &u, Source::Step(guard.index), &guard)?;
                branches.sides.push((index, value));
                PLANE.integer(value)
            }
            Operation::Power(f, g) => match self.function.rational(g.index) {
                Some(r) if r.is_int() => {
                    if r.numerator() < &IBig::ZERO && self.may_vanish(f.index) {
                        branches.pass(Source::Step(f.index), &f, false)?;
                    }
                    PLANE.power(&f, r)
                }
                _ if PLANE.argument(&f).is_none() && self.vanishes(index, &branches.sides) => {
                    PLANE.integer(0)
                }
                _ => {
                    let log = self.log(&f, branches)?;
                    PLANE.apply::<Exp>(&PLANE.multiply(&g, &log))
                }
            },
            Operation::Elementary(Elementary::Log, f) => self.log(&f, branches)?,
            Operation::Elementary(function, f) => each!(function, F => through::<F>(&f, branches))?,
            Operation::ErlangCdf(shape, u) => erlang_cdf::value(&PLANE, &u, shape),
            Operation::BesselJ(order, u) => bessel_j::value(&PLANE, &u, order),
        })
    }

    /// Whether a step is proven to vanish identically, on these sides of earlier kinks and jumps.
    fn vanishes(&self, index: Index, sides: &[(Index, i64)]) -> bool {
        let of_constant = |step: Index| match self.function.steps()[step].operation {
            Operation::Absolute(f) => {
                self.constants[f].and_then(|value| PLANE.sign(&value)).map(|sign| sign as i64)
            }
            _ => None,
        };
        let passed = |step| sides.iter().find(|side| side.0 == step).map(|side| side.1);
        self.function.vanishes(index, |step| passed(step).or_else(|| of_constant(step)))
    }

    /// The `u` of a step `e^u`, which is never zero.
    pub(super) fn exponent_of(&self, index: Index) -> Option<Index> {
        match self.function.steps()[index].operation {
            Operation::Elementary(Elementary::Exp, exponent) => Some(exponent),
            _ => None,
        }
    }

    /// Whether a step can be zero where its own guards are not: no divisor is the constant 0, and
    /// exponentials never vanish, nor do the real powers that are made of them.
    pub(super) fn may_vanish(&self, index: Index) -> bool {
        let steps = self.function.steps();
        let exponential = match &steps[index].operation {
            Operation::Power(_, exponent) => {
                !self.function.rational(*exponent).is_some_and(Rational::is_int)
            }
            // The reciprocal of a finite number.
            Operation::Divide(f, _) => {
                self.constants[*f].is_some_and(|f| PLANE.sign(&f) == Some(Ordering::Greater))
            }
            _ => self.exponent_of(index).is_some(),
        };
        !exponential && self.constants[index].is_none()
    }

    /// The logarithm of a step: of `e^u` it is `u`, wherever it is continued from the real axis.
    fn log(
        &self,
        f: &Operand<'_, Rectangle>,
        branches: &mut Branches<'_>,
    ) -> Result<Rectangle, Stuck> {
        match (self.exponent_of(f.index), self.log_of_constant(f.index)) {
            (Some(exponent), _) => Ok(f.values[exponent]),
            (None, Some(log)) => Ok(log),
            (None, None) => branches.log(Source::Step(f.index), f),
        }
    }
}

/// A built-in function of a step.
fn through<F: Builtin>(
    f: &Operand<'_, Rectangle>,
    branches: &mut Branches<'_>,
) -> Result<Rectangle, Stuck> {
    let source = |number| Source::Within(F::ELEMENTARY, f.index, number);
    if let Some([over, under]) = F::QUOTIENT {
        let divisor = PLANE.elementary(under, f);
        let has_no_zero = each!(under, G => G::has_no_zero(f));
        branches.pass_divisor(source(0), &divisor, has_no_zero)?;
        return Ok(PLANE.divide(&PLANE.elementary(over, f), &divisor));
    }
    if !F::BRANCHES {
        return Ok(PLANE.apply::<F>(f));
    }
    let mut followed = Followed::new(branches, F::ELEMENTARY, f.index);
    let value = F::complex(&PLANE, f, &mut followed);
    match followed.stuck {
        Some(stuck) => Err(stuck),
        None => Ok(value.unwrap_or_else(|| PLANE.unknown())),
    }
}

/// The branch of an elementary function of a step, continued from a neighbour.
pub(super) struct Followed<'b, 'a> {
    branches: &'b mut Branches<'a>,
    function: Elementary,
    index: Index,
    logarithms: u8,
    interval: Option<i64>,
    /// Why the function could not be followed.
    pub stuck: Option<Stuck>,
    /// Whether all logarithms are certainly principal.
    pub is_principal: bool,
}

impl<'b, 'a> Followed<'b, 'a> {
    pub(super) fn new(branches: &'b mut Branches<'a>, function: Elementary, index: Index) -> Self {
        Self {
            branches,
            function,
            index,
            logarithms: 0,
            interval: None,
            stuck: None,
            is_principal: true,
        }
    }

    fn source(&self) -> Source {
        Source::Within(self.function, self.index, self.logarithms)
    }
}

impl Branch<Outward64> for Followed<'_, '_> {
    fn log(&mut self, z: &Rectangle) -> Option<Rectangle> {
        let log = self.branches.log(self.source(), z);
        self.logarithms += 1;
        let log = log.map_err(|stuck| self.stuck = Some(stuck)).ok()?;
        self.is_principal &= log.1.magnitude() < PI.low;
        if let (Some(interval), Some(guard)) = (self.interval, self.branches.guards.last_mut()) {
            guard.level = interval;
        }
        Some(log)
    }

    /// The level of the logarithm that is taken next.
    fn interval(&mut self, here: Option<i64>) -> Option<i64> {
        let next = self.branches.guards.len();
        self.interval = self.branches.neighbour.map_or(here, |guards| Some(guards[next].level));
        self.interval
    }

    fn unknown(&mut self, plane: &Complex<Outward64>) -> Option<Rectangle> {
        let passed = std::mem::take(&mut self.branches.guards);
        let (guard, value) = (passed.len(), plane.unknown());
        self.stuck = Some(Stuck { guard, source: self.source(), value, passed });
        None
    }
}

/// `z^2`, tighter than `z z`.
fn square(z: &Rectangle) -> Rectangle {
    let cross = z.0.multiply(z.1);
    (z.0.square().subtract(z.1.square()), cross.add(cross))
}

/// `1/w`, the smallest rectangle around its values, rounded outward.
///
/// `x/(x^2 + y^2)` falls in `y^2`, and for one `y` its extremes `1/(2|y|)` and `-1/(2|y|)` lie at
/// `x = |y|` and `x = -|y|`: over a rectangle they are at the corners, at `y = 0`, or there.
fn reciprocal(w: &Rectangle) -> Rectangle {
    let (x, y) = *w;
    if x.contains(0.0) && y.contains(0.0) {
        return (Interval64::WHOLE_LINE, Interval64::WHOLE_LINE);
    }
    let real = |x: Interval64, y: Interval64| {
        let at = |x: f64, y: f64| {
            let (x, y) = (Interval64::point(x), Interval64::point(y));
            x.divide(x.square().add(y.square()))
        };
        let mut values = at(x.low, y.low);
        let mut ends = vec![y.low, y.high];
        if y.contains(0.0) {
            ends.push(0.0);
        }
        for &y in &ends {
            for peak in [x.low, x.high, y.abs(), -y.abs()] {
                if x.contains(peak) {
                    values = values.hull(at(peak, y));
                }
            }
        }
        values
    };
    (real(x, y), real(y, x).negate())
}

/// The guards passed so far on one rectangle.
pub(super) struct Branches<'a> {
    neighbour: Option<&'a [Guard]>,
    pub guards: Vec<Guard>,
    /// The signs of the operands of absolute values and the piecewise constant values.
    sides: Vec<(Index, i64)>,
}

impl<'a> Branches<'a> {
    pub(super) fn new(neighbour: Option<&'a [Guard]>) -> Self {
        Self { neighbour, guards: Vec::new(), sides: Vec::new() }
    }

    /// Passes a divisor `(z - c)^order value`: around a zero or a pole its argument is not known.
    pub(super) fn divisor(
        &mut self,
        source: Source,
        value: &Rectangle,
        order: i64,
    ) -> Result<(), Stuck> {
        if order == 0 {
            return self.pass(source, value, false).map(|_| ());
        }
        if PLANE.argument(value).is_none() {
            let passed = std::mem::take(&mut self.guards);
            return Err(Stuck { guard: passed.len(), source, value: *value, passed });
        }
        self.push_without_argument(source, value);
        Ok(())
    }

    /// Passes a divisor, of which it may be known that it is not zero though its enclosure is not
    /// free of zero: then its argument is not known.
    pub(super) fn pass_divisor(
        &mut self,
        source: Source,
        value: &Rectangle,
        has_no_zero: bool,
    ) -> Result<(), Stuck> {
        if has_no_zero && PLANE.argument(value).is_none() {
            self.push_without_argument(source, value);
            return Ok(());
        }
        self.pass(source, value, false).map(|_| ())
    }

    fn push_without_argument(&mut self, source: Source, value: &Rectangle) {
        let argument = Interval64::WHOLE_LINE;
        let guard = Guard { source, value: *value, argument, level: 1 };
        self.guards.push(guard);
    }

    /// Checks that a guard is not zero and follows its argument. Where its `logarithm` is
    /// taken, an argument without a neighbour must be the principal one.
    pub(super) fn pass(
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
        let before = self.neighbour.map(|neighbour| &neighbour[guard]);
        let (argument, level) = match before {
            // A divisor's argument only counts its turns, which begin anew here.
            Some(before) if !before.has_argument() && !logarithm => (argument, before.level),
            Some(before) => {
                let turns = (before.argument.middle() - argument.middle()) / std::f64::consts::TAU;
                let turn = PI.add(PI);
                let shifted = |k: f64| argument.add(turn.multiply(Interval64::point(k)));
                let mut meeting = [turns.floor(), turns.ceil()]
                    .into_iter()
                    .map(shifted)
                    .filter(|argument| argument.intersects(before.argument));
                match (meeting.next(), meeting.next().filter(|_| turns.fract() != 0.0)) {
                    (Some(argument), None) => (argument, before.level),
                    _ => return Err(stuck(std::mem::take(&mut self.guards))),
                }
            }
            None if logarithm && value.0.low <= 0.0 && value.1.contains(0.0) => {
                return Err(stuck(std::mem::take(&mut self.guards)));
            }
            None => (argument, if value.0.high < 0.0 { -1 } else { 1 }),
        };
        self.guards.push(Guard { source, value: *value, argument, level });
        Ok(&self.guards[guard])
    }

    /// The sign or the integer part of `u`, of which `guard` is zero where it jumps.
    pub(super) fn level(
        &mut self,
        level: PiecewiseConstant,
        u: &Rectangle,
        source: Source,
        guard: &Rectangle,
    ) -> Result<i64, Stuck> {
        let is_first = self.neighbour.is_none();
        let passed = self.pass(source, guard, false)?.level;
        if level == PiecewiseConstant::Sign || !is_first {
            return Ok(passed);
        }
        // Without a neighbour the real axis is inside, where `u` is no integer.
        let floor = u.0.low.floor();
        let position = self.guards.len() - 1;
        if u.0.high > floor + 1.0 || floor.abs() > 2f64.powi(52) {
            let passed = std::mem::take(&mut self.guards);
            return Err(Stuck { guard: position, source, value: *guard, passed });
        }
        self.guards[position].level = floor as i64;
        Ok(floor as i64)
    }

    pub(super) fn log(&mut self, source: Source, z: &Rectangle) -> Result<Rectangle, Stuck> {
        let argument = self.pass(source, z, true)?.argument;
        Ok((PLANE.log_of_modulus(z), argument))
    }
}
