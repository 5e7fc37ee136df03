//! Polynomials as straight-line programs: what evaluates them, operation by operation.
//!
//! A [`Program`] is a list of [`Step`]s without loops or branches. A [`Scheme`] makes one of a
//! polynomial's coefficients, the rounding analysis of [`certify`](crate::certify) bounds its errors,
//! and [`Language`]s print it. All three see the same operations in the same order, so that a printed
//! function has the errors that are certified for it.

mod encryption;
mod expression;
mod language;
mod scheme;
#[cfg(test)]
mod tests;

use crate::number::{Format, Interval64, Rational, exactly, to_f64};
use crate::series::Error;
pub(crate) use encryption::Encrypted;
pub use language::{Code, Language};
pub(crate) use language::{Listing, certificate, comment, literal, on_one_line};
pub use scheme::Scheme;
pub(crate) use scheme::clenshaw;

/// The index of a step: its value.
pub(crate) type Id = usize;

/// What computes a value from values before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// The argument, `x`.
    Input,
    /// A number of [`Program::constants`].
    Constant(usize),
    Add(Id, Id),
    Subtract(Id, Id),
    Multiply(Id, Id),
    Divide(Id, Id),
}

/// A real number, and the double that is written for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    /// The nearest double.
    pub value: f64,
    /// Contains the number.
    pub exact: Interval64,
    /// At least the distance of the two.
    pub error: f64,
    /// A format that has the number, in which code writes it where its own is wider.
    pub format: Option<Format>,
}

impl Step {
    fn operands(self) -> impl Iterator<Item = Id> {
        let operands = match self {
            Self::Input | Self::Constant(_) => [None; 2],
            Self::Add(a, b) | Self::Subtract(a, b) | Self::Multiply(a, b) | Self::Divide(a, b) => {
                [Some(a), Some(b)]
            }
        };
        operands.into_iter().flatten()
    }

    /// The same operation on other values.
    fn map(self, to: impl Fn(Id) -> Id) -> Self {
        match self {
            Self::Input | Self::Constant(_) => self,
            Self::Add(a, b) => Self::Add(to(a), to(b)),
            Self::Subtract(a, b) => Self::Subtract(to(a), to(b)),
            Self::Multiply(a, b) => Self::Multiply(to(a), to(b)),
            Self::Divide(a, b) => Self::Divide(to(a), to(b)),
        }
    }
}

impl Number {
    /// The number that a double is.
    pub(crate) fn exactly(value: f64) -> Self {
        Self { value, exact: Interval64::point(value), error: 0.0, format: None }
    }

    /// A number whose nearest double is known, and no more.
    pub(crate) fn near(value: f64) -> Self {
        let smallest = f64::from_bits(1);
        let (low, high) = match value {
            0.0 => (-smallest, smallest),
            _ => (value.next_down(), value.next_up()),
        };
        // Half the distance of neighbours is a double, or half the smallest.
        let error = ((high - value).max(value - low) / 2.0).max(smallest);
        Self { value, exact: Interval64 { low, high }, error, format: None }
    }

    /// A double that stands for a number of an interval.
    pub(crate) fn within(value: f64, exact: Interval64) -> Self {
        let error = exact.subtract(Interval64::point(value)).magnitude();
        Self { value, exact, error, format: None }
    }

    pub(crate) fn rational(exact: &Rational) -> Self {
        let value = to_f64(exact);
        if value.is_finite() && exactly(value) == *exact {
            Self::exactly(value)
        } else {
            Self::near(value)
        }
    }

    fn is(&self, value: f64) -> bool {
        self.value == value && self.error == 0.0
    }

    /// The largest distance of the number and what is computed with in a format: the double itself
    /// where the arithmetic is wider, or its rounding to the format or to a wider one, which is nearer
    /// to the double.
    pub(crate) fn error_in(&self, format: Format) -> f64 {
        let rounded = format.round(self.value);
        if !rounded.is_finite() {
            return f64::INFINITY;
        }
        if rounded == self.value {
            return self.error;
        }
        (2.0 * self.error + self.exact.subtract(Interval64::point(rounded)).magnitude()).next_up()
    }
}

/// A straight-line program with one argument; its result is that of its last step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub steps: Vec<Step>,
    pub constants: Vec<Number>,
    /// Names of values that are printed as variables.
    names: Vec<(Id, String)>,
    /// The sum that Clenshaw's recurrence computes, if this is it.
    pub sum: Option<ChebyshevSum>,
}

/// The terms of a sum of Chebyshev polynomials `T_k(u)`.
#[derive(Clone, Debug)]
pub(crate) struct ChebyshevSum {
    /// The step that computes `u`.
    pub argument: Id,
    pub coefficients: Vec<Number>,
}

impl Program {
    /// Refuses a format that cannot hold the ends of the ranges or the constants.
    pub(crate) fn fits(&self, format: Format, ranges: &[(f64, f64)]) -> Result<(), Error> {
        let ends = ranges.iter().flat_map(|&(low, high)| [low, high]);
        let numbers = self.constants.iter().map(|constant| constant.value);
        let named = ends
            .map(|x| ("the range reaches", x))
            .chain(numbers.map(|x| ("there is the constant", x)));
        for (what, number) in named {
            if !format.round(number).is_finite() {
                let largest = format.largest();
                let reason = format!(
                    "{what} {number:?}, and {format} ends at {largest:?}: take a wider format, or a function of scaled \
                     values on a smaller range"
                );
                return Err(Error::Choice { option: "dtype", reason });
            }
        }
        Ok(())
    }

    fn push(&mut self, step: Step) -> Id {
        self.steps.push(step);
        self.steps.len() - 1
    }

    fn input(&mut self) -> Id {
        self.push(Step::Input)
    }

    fn constant(&mut self, number: Number) -> Id {
        self.constants.push(number);
        self.push(Step::Constant(self.constants.len() - 1))
    }

    fn add(&mut self, a: Id, b: Id) -> Id {
        self.push(Step::Add(a, b))
    }

    fn subtract(&mut self, a: Id, b: Id) -> Id {
        self.push(Step::Subtract(a, b))
    }

    /// `a b`; the other factor where one is exactly 1.
    fn multiply(&mut self, a: Id, b: Id) -> Id {
        let is_one = |id: Id| self.number(id).is_some_and(|number| number.is(1.0));
        match (is_one(a), is_one(b)) {
            (true, _) => b,
            (_, true) => a,
            _ => self.push(Step::Multiply(a, b)),
        }
    }

    fn divide(&mut self, a: Id, b: Id) -> Id {
        match self.number(b) {
            Some(number) if number.is(1.0) => a,
            _ => self.push(Step::Divide(a, b)),
        }
    }

    /// `a - number`, and `a` where the number is exactly 0.
    fn shifted(&mut self, a: Id, number: Number) -> Id {
        if number.is(0.0) {
            return a;
        }
        let number = self.constant(number);
        self.subtract(a, number)
    }

    /// Prints a value as a variable of this name.
    fn name(&mut self, id: Id, name: impl Into<String>) {
        self.names.push((id, name.into()));
    }

    /// Makes a value the result, and leaves out the steps that it does not need.
    fn finish(&mut self, result: Id) {
        let mut needed = vec![false; result + 1];
        needed[result] = true;
        for id in (0..=result).rev() {
            if needed[id] {
                for operand in self.steps[id].operands() {
                    needed[operand] = true;
                }
            }
        }
        let mut place = vec![None; result + 1];
        let mut steps = Vec::with_capacity(result + 1);
        for id in (0..=result).filter(|&id| needed[id]) {
            place[id] = Some(steps.len());
            steps.push(self.steps[id].map(|operand| place[operand].unwrap_or_default()));
        }
        let moved = |id: Id| place.get(id).copied().flatten();
        self.names =
            self.names.drain(..).filter_map(|(id, name)| Some((moved(id)?, name))).collect();
        self.sum = self
            .sum
            .take()
            .and_then(|sum| Some(ChebyshevSum { argument: moved(sum.argument)?, ..sum }));
        self.steps = steps;
    }

    /// The constant that a value is.
    pub(crate) fn number(&self, id: Id) -> Option<&Number> {
        match self.steps[id] {
            Step::Constant(index) => Some(&self.constants[index]),
            _ => None,
        }
    }

    /// The value in a format, each operation rounded to it.
    ///
    /// An operation on numbers of `p` bits that is rounded to `2 p + 2` bits or more and then to `p`
    /// is the operation rounded once (Figueroa, *When is double rounding innocuous?*, SIGNUM
    /// Newsletter 30, 1995): doubles serve for the narrower formats.
    pub(crate) fn evaluate(&self, x: f64, format: Format) -> f64 {
        let mut values: Vec<f64> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let value = match *step {
                Step::Input => x,
                Step::Constant(index) => self.constants[index].value,
                Step::Add(a, b) => values[a] + values[b],
                Step::Subtract(a, b) => values[a] - values[b],
                Step::Multiply(a, b) => values[a] * values[b],
                Step::Divide(a, b) => values[a] / values[b],
            };
            values.push(format.round(value));
        }
        values.last().copied().unwrap_or(0.0)
    }

    /// What the program takes.
    pub(crate) fn cost(&self) -> Cost {
        let mut cost = Cost::default();
        let mut depths: Vec<usize> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let depth = match *step {
                Step::Input | Step::Constant(_) => 0,
                Step::Add(a, b) | Step::Subtract(a, b) => {
                    cost.additions += 1;
                    depths[a].max(depths[b])
                }
                Step::Divide(a, b) => {
                    cost.divisions += 1;
                    depths[a].max(depths[b])
                }
                Step::Multiply(a, b) => {
                    cost.multiplications += 1;
                    let scalar = self.number(a).or(self.number(b)).is_some();
                    cost.products += usize::from(!scalar);
                    depths[a].max(depths[b]) + usize::from(!scalar)
                }
            };
            depths.push(depth);
        }
        cost.depth = depths.last().copied().unwrap_or(0);
        cost
    }
}

impl Program {
    /// Its operations, for a comment.
    pub(crate) fn sentence(&self, title: &str, with_depth: bool) -> Option<String> {
        let Cost { additions, multiplications, divisions, products, depth } = self.cost();
        let counted = |count: usize, what: &str| {
            (count > 0).then(|| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
        };
        let parts = [
            counted(multiplications, "multiplication"),
            counted(additions, "addition"),
            counted(divisions, "division"),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            return None;
        }
        let of_two = if with_depth {
            format!("; multiplicative depth {depth}, {products} of two values that depend on x")
        } else {
            String::new()
        };
        Some(format!("{title}: {}{of_two}.", parts.join(", ")))
    }
}

/// The operations of a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Subtractions included.
    pub additions: usize,
    pub multiplications: usize,
    pub divisions: usize,
    /// Multiplications of two values that depend on `x` (non-scalar ones).
    pub products: usize,
    /// The most of these one after another: the multiplicative depth.
    pub depth: usize,
}
