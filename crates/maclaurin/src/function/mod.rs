//! Functions of one variable, from the text in which users write them.
//!
//! A [`Function`] is a list of operations in the order in which they can be carried out, each on
//! results of earlier ones. Equal subexpressions are one operation, and nothing here recurses
//! over the depth of an expression once its text is read.

mod constant;
mod cuts;
mod derivative;
mod error;
mod even;
mod excerpt;
mod grammar;
mod lexer;
mod vanish;
mod written;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

pub use constant::Constant;
pub use error::{ParseError, ParseErrorKind};
pub(crate) use even::is_even;
pub use excerpt::{Excerpt, Span};
pub(crate) use written::Written;

use crate::builtin::{self, About, Builtin, Double, Elementary, bessel_j, each, erlang_cdf};
use crate::number::{Arithmetic, Certified, Exact, Rational, Value};

/// The position of an operation in its function's list.
pub(crate) type Index = usize;

/// Arguments of a function whose value in double precision is known for itself.
const MOST_ARGUMENTS: usize = 4;

/// One step of evaluating a function, of operands `T`: in a function's list, earlier steps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation<T = Index> {
    Variable,
    Constant(Arc<Exact>),
    Negate(T),
    Add(T, T),
    Subtract(T, T),
    Multiply(T, T),
    Divide(T, T),
    Power(T, T),
    Absolute(T),
    /// A piecewise constant function of the first operand, which jumps where the second vanishes.
    PiecewiseConstant(PiecewiseConstant, T, T),
    Elementary(Elementary, T),
    /// `1 - e^(-u) sum_(n<k) u^n / n!` for a shape `k` and an operand `u`: the Erlang
    /// distribution's cumulative distribution function of `u = rate x`, continued analytically
    /// to `u < 0`.
    ErlangCdf(u32, T),
    /// The Bessel function of the first kind of an order that is not negative (DLMF 10.2.2).
    BesselJ(u32, T),
}

/// The functions that are constant between jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PiecewiseConstant {
    /// -1, 0 or 1: it jumps where its operand is 0.
    Sign,
    /// The largest integer that is not above: it jumps where the operand is an integer.
    Floor,
}

impl PiecewiseConstant {
    pub(crate) fn double(self, u: f64) -> f64 {
        match self {
            Self::Sign if u == 0.0 || u.is_nan() => u.abs(),
            Self::Sign => 1f64.copysign(u),
            Self::Floor => u.floor(),
        }
    }

    pub(crate) fn rational(self, u: &Rational) -> Rational {
        match self {
            Self::Sign => Rational::from(u.cmp(&Rational::ZERO) as i8),
            Self::Floor => u.floor().into(),
        }
    }
}

/// An operand of a step: an earlier step, and its value.
pub(crate) struct Operand<'v, V> {
    pub index: Index,
    /// The values of all earlier steps.
    pub values: &'v [V],
}

impl<V> Deref for Operand<'_, V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.values[self.index]
    }
}

/// What can be said of a built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuiltinFunction {
    /// Its name.
    pub name: &'static str,
    /// Other spellings, those of `NumPy`, `SciPy`, `SymPy`, C and `PyTorch`.
    pub aliases: &'static [&'static str],
    /// The arguments' names; one written `name=value` may be left out.
    pub arguments: &'static [&'static str],
    /// What it is, as an expression where it is made of other functions.
    pub formula: &'static str,
    /// Where on the real line it is analytic.
    pub analytic: &'static str,
    /// What defines it: a section of the DLMF, a standard, a paper, or a library.
    pub source: &'static str,
}

/// An operation and the part of the text that it came from.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub operation: Operation,
    pub span: Span,
    /// The value in double precision by those of other steps, where the operation loses digits.
    pub double: Option<(Double, Arc<[Index]>)>,
}

/// A function of one variable `x`, with values for its parameters.
///
/// The grammar is Python's for arithmetic, with `^` and `**` both for powers (right-associative,
/// tighter than a sign: `-x^2` is `-(x^2)`). Decimals are exact: `0.1` is one tenth. A built-in
/// function's name alone is that function of `x`.
///
/// # Examples
///
/// ```
/// use maclaurin::Function;
///
/// let softplus = Function::parse("log(1 + exp(x))")?;
/// assert!((softplus.evaluate(0.0) - 2f64.ln()).abs() < 1e-15);
///
/// let cdf = Function::with_parameters("erlang_cdf(x, k, rate)", &[("k", "3"), ("rate", "2")])?;
/// assert_eq!(cdf.evaluate(0.0), 0.0);
/// # Ok::<(), maclaurin::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Function {
    text: String,
    parameters: BTreeMap<String, String>,
    steps: Vec<Step>,
}

impl FromStr for Function {
    type Err = ParseError;

    /// [`Function::parse`]
    ///
    /// # Examples
    ///
    /// ```
    /// let sine: maclaurin::Function = "sin(x)".parse()?;
    /// assert_eq!(sine.evaluate(0.0), 0.0);
    /// # Ok::<(), maclaurin::ParseError>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

impl Function {
    /// Reads a function of `x` that has no parameters.
    ///
    /// # Errors
    ///
    /// [`ParseError`] with the place and, for a name, the nearest known one.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::with_parameters(text, &[])
    }

    /// Reads a function of `x` whose other names have the values given, each a constant
    /// expression such as `3`, `0.5` or `pi/2`.
    ///
    /// # Errors
    ///
    /// [`ParseError`] also when a parameter has no value, a value is no constant, or a value is
    /// given for a name that does not occur.
    pub fn with_parameters(text: &str, parameters: &[(&str, &str)]) -> Result<Self, ParseError> {
        let text = text.trim();
        let steps = grammar::read(text, parameters, true)?;
        let parameters =
            parameters.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Self { text: text.into(), parameters, steps })
    }

    /// Reads a constant expression: one without `x`.
    ///
    /// # Errors
    ///
    /// [`ParseError`] as for [`Function::parse`], and where `x` occurs.
    pub fn constant(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        let steps = grammar::read(text, &[], false)?;
        Ok(Self { text: text.into(), parameters: BTreeMap::new(), steps })
    }

    /// Another function, of which that much of this one's text is shown where it has no series.
    pub(crate) fn with_steps(&self, steps: Vec<Step>) -> Self {
        Self { steps, ..self.clone() }
    }

    /// The text that the function was read from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parameters' values as they were given.
    #[must_use]
    pub fn parameters(&self) -> &BTreeMap<String, String> {
        &self.parameters
    }

    /// The names of all built-in functions, in all spellings.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(maclaurin::Function::builtin_names().any(|name| name == "gelu_tanh"));
    /// ```
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        builtin::names()
    }

    /// The spelling of a built-in function that is nearest to a name, if one is near: at most a third of
    /// the letters differ.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(maclaurin::Function::nearest_name("lambret_w"), Some("lambert_w"));
    /// assert_eq!(maclaurin::Function::nearest_name("RELU"), Some("relu"));
    /// ```
    #[must_use]
    pub fn nearest_name(name: &str) -> Option<&'static str> {
        grammar::nearest(name, builtin::names())
    }

    /// All built-in functions, for a list of them.
    ///
    /// # Examples
    ///
    /// ```
    /// let sigmoid = maclaurin::Function::builtins().find(|known| known.name == "sigmoid").unwrap();
    /// assert_eq!(sigmoid.formula, "1/(1 + exp(-x))");
    /// assert!(sigmoid.aliases.contains(&"expit"));
    /// ```
    pub fn builtins() -> impl Iterator<Item = BuiltinFunction> {
        builtin::calls().map(|call| {
            let About { formula, analytic, source } = call.about;
            let (name, aliases, arguments) = (call.name, call.aliases, call.arguments);
            BuiltinFunction { name, aliases, arguments, formula, analytic, source }
        })
    }

    /// The steps in order; the last one is the function's value.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether both are the same steps, however they are written.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let mut pairs = self.steps.iter().zip(&other.steps);
        self.steps.len() == other.steps.len() && pairs.all(|(a, b)| a.operation == b.operation)
    }

    /// Whether it has a piecewise constant part, whose jumps its derivative does not show.
    pub(crate) fn may_jump(&self) -> bool {
        let jumps = |step: &Step| matches!(step.operation, Operation::PiecewiseConstant(..));
        self.steps.iter().any(jumps)
    }

    /// Whether it is the same number everywhere: `x` does not occur.
    pub(crate) fn is_constant(&self) -> bool {
        !self.steps.iter().any(|step| step.operation == Operation::Variable)
    }

    /// The value of a step that is written as a rational number.
    pub(crate) fn rational(&self, index: Index) -> Option<&Rational> {
        match &self.steps[index].operation {
            Operation::Constant(value) => value.as_rational(),
            _ => None,
        }
    }

    /// The function's value at `x` in double precision; NaN outside its domain and at the holes
    /// that cancellation leaves (`sin(x)/x` at 0, but not `sinc(x)`).
    ///
    /// # Examples
    ///
    /// ```
    /// let f = maclaurin::Function::parse("relu")?;
    /// assert_eq!((f.evaluate(-2.0), f.evaluate(0.0), f.evaluate(3.0)), (0.0, 0.0, 3.0));
    /// # Ok::<(), maclaurin::ParseError>(())
    /// ```
    #[must_use]
    pub fn evaluate(&self, x: f64) -> f64 {
        self.values(x).last().copied().unwrap_or(f64::NAN)
    }

    /// The values of all steps at `x` in double precision.
    fn values(&self, x: f64) -> Vec<f64> {
        self.fold(|index, operation: Operation<Operand<'_, f64>>| match operation {
            _ if self.steps[index].double.is_some() => {
                let mut known: &[f64] = &[];
                operation.map(|operand| known = operand.values);
                self.steps[index].double.as_ref().map_or(f64::NAN, |(double, arguments)| {
                    // No allocation for a value.
                    let mut given = [f64::NAN; MOST_ARGUMENTS];
                    let given = &mut given[..arguments.len()];
                    for (value, &argument) in given.iter_mut().zip(arguments.iter()) {
                        *value = known[argument];
                    }
                    double(given)
                })
            }
            Operation::Variable => x,
            Operation::Constant(constant) => constant.to_f64(),
            Operation::Negate(f) => -*f,
            Operation::Add(f, g) => *f + *g,
            Operation::Subtract(f, g) => *f - *g,
            Operation::Multiply(f, g) => *f * *g,
            Operation::Divide(f, g) => *f / *g,
            Operation::Power(f, g) => f.powf(*g),
            Operation::Absolute(f) => f.abs(),
            Operation::PiecewiseConstant(level, u, _) => level.double(*u),
            Operation::Elementary(function, f) => each!(function, F => F::DOUBLE(*f)),
            Operation::ErlangCdf(shape, u) => erlang_cdf::double(*u, shape),
            Operation::BesselJ(order, u) => bessel_j::double(*u, order),
        })
    }

    /// On which side of each kink and between which jumps `x` lies, in double precision: the signs of the
    /// operands of absolute values, and the values of the piecewise constant steps.
    pub(crate) fn sides(&self, x: f64) -> Vec<f64> {
        let values = self.values(x);
        let side = |(index, step): (usize, &Step)| match step.operation {
            Operation::Absolute(f) => Some(PiecewiseConstant::Sign.double(values[f])),
            Operation::PiecewiseConstant(..) => Some(values[index]),
            _ => None,
        };
        self.steps.iter().enumerate().filter_map(side).collect()
    }

    /// The values of all steps, each made by `algebra` from an operation on the values of earlier
    /// ones. This is the only traversal: what evaluates a function, in whatever kind of value, is
    /// such an algebra, and names every operation.
    pub(crate) fn try_fold<V, E>(
        &self,
        mut algebra: impl FnMut(Index, Operation<Operand<'_, V>>) -> Result<V, E>,
    ) -> Result<Vec<V>, E> {
        let mut values = Vec::with_capacity(self.steps.len());
        for (index, step) in self.steps.iter().enumerate() {
            let operation = step.operation.map(|&index| Operand { index, values: &values });
            let value = algebra(index, operation)?;
            values.push(value);
        }
        Ok(values)
    }

    /// [`Self::try_fold`] by an algebra that gives every operation a value.
    pub(crate) fn fold<V>(
        &self,
        mut algebra: impl FnMut(Index, Operation<Operand<'_, V>>) -> V,
    ) -> Vec<V> {
        let values = self.try_fold(|index, operation| Ok(algebra(index, operation)));
        values.unwrap_or_else(|never: Infallible| match never {})
    }
}

impl PartialEq for Function {
    /// Whether both are written the same, with the same parameters.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.parameters == other.parameters
    }
}

impl fmt::Display for Function {
    /// The text, with the parameters' values behind it where there are any.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)?;
        for (position, (name, value)) in self.parameters.iter().enumerate() {
            let lead = if position == 0 { " with " } else { ", " };
            write!(formatter, "{lead}{name}={value}")?;
        }
        Ok(())
    }
}

/// Whether `x` occurs in a step.
pub(crate) fn depends_on_variable(steps: &[Step], index: Index) -> bool {
    if matches!(steps[index].operation, Operation::Constant(_)) {
        return false;
    }
    let mut needed = vec![false; index + 1];
    needed[index] = true;
    (0..=index).rev().any(|index| {
        if needed[index] {
            steps[index].operation.map(|&operand| needed[operand] = true);
        }
        needed[index] && steps[index].operation == Operation::Variable
    })
}

/// Builds the list of steps: shares equal ones and folds rational arithmetic.
#[derive(Default)]
pub(crate) struct Builder {
    steps: Vec<Step>,
    known: BTreeMap<Operation, Index>,
}

/// Rationals are folded while the text is read only up to this size.
const LARGEST_FOLDED_BITS: usize = 1 << 12;

/// Steps that the exact value of one may be made of.
const MOST_STEPS_OF_EXACT: usize = 64;

/// Bits by which it is decided on which side of the end of a domain a constant is.
const BITS_OF_SIGNS: usize = 128;

impl Builder {
    /// Adds a step, or finds the equal one that is there.
    pub(crate) fn push(&mut self, operation: Operation, span: Span) -> Index {
        let operation = self.folded(&operation).map_or(operation, constant);
        let operation = self.without_kink(&operation).unwrap_or(operation);
        if let Some(&index) = self.known.get(&operation) {
            return index;
        }
        let index = self.steps.len();
        self.known.insert(operation.clone(), index);
        self.steps.push(Step { operation, span, double: None });
        index
    }

    /// Has a step's value in double precision computed from those of earlier steps.
    pub(crate) fn set_double(&mut self, index: Index, double: Double, arguments: Vec<Index>) {
        let is_made_of_others =
            !matches!(self.steps[index].operation, Operation::Variable | Operation::Constant(_));
        let are_known = arguments.iter().all(|&argument| argument < index);
        if is_made_of_others && are_known && arguments.len() <= MOST_ARGUMENTS {
            self.steps[index].double = Some((double, arguments.into()));
        }
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(crate) fn operation(&self, index: Index) -> &Operation {
        &self.steps[index].operation
    }

    pub(crate) fn constant(&self, index: Index) -> Option<&Exact> {
        match &self.steps[index].operation {
            Operation::Constant(constant) => Some(constant),
            _ => None,
        }
    }

    /// The value of a step that is an exact constant, made of a limited number of others.
    pub(crate) fn exact_constant(&self, index: Index) -> Option<Exact> {
        let mut budget = MOST_STEPS_OF_EXACT;
        self.exact(index, &mut budget)
    }

    fn exact(&self, index: Index, budget: &mut usize) -> Option<Exact> {
        *budget = budget.checked_sub(1)?;
        let mut of = |index: &Index| self.exact(*index, budget).filter(Exact::is_light);
        Some(match &self.steps[index].operation {
            Operation::Constant(value) => Exact::clone(value),
            Operation::Negate(f) => of(f)?.negate(),
            Operation::Add(f, g) => of(f)?.add(&of(g)?),
            Operation::Subtract(f, g) => of(f)?.add(&of(g)?.negate()),
            Operation::Multiply(f, g) => of(f)?.multiply(&of(g)?),
            Operation::Divide(f, g) => {
                let divisor = of(g).filter(|divisor| !divisor.is_zero())?;
                of(f)?.multiply(&divisor.power(&Rational::NEG_ONE)?)
            }
            Operation::Power(f, g) => {
                let base = of(f).filter(|base| base.sign() == Some(Ordering::Greater))?;
                base.power(of(g)?.as_rational()?)?
            }
            Operation::Elementary(function, f) => {
                let u = of(f)?;
                each!(*function, F => match margin::<F>(&u) {
                    Some(Ordering::Greater) => F::exact(&u),
                    Some(Ordering::Equal) => F::at_end(&u),
                    _ => None,
                })?
            }
            Operation::Variable
            | Operation::Absolute(_)
            | Operation::PiecewiseConstant(..)
            | Operation::ErlangCdf(..)
            | Operation::BesselJ(..) => return None,
        })
    }

    fn rational(&self, index: Index) -> Option<&Rational> {
        use dashu_base::BitTest;
        self.constant(index)?.as_rational().filter(|q| {
            q.numerator().bit_len().max(q.denominator().bit_len()) <= LARGEST_FOLDED_BITS
        })
    }

    fn folded(&self, operation: &Operation) -> Option<Exact> {
        use dashu_base::Abs;
        let rational = |index: &Index| self.rational(*index);
        let value = match operation {
            Operation::Negate(a) => -rational(a)?,
            Operation::Add(a, b) => rational(a)? + rational(b)?,
            Operation::Subtract(a, b) => rational(a)? - rational(b)?,
            Operation::Multiply(a, b) => rational(a)? * rational(b)?,
            Operation::Divide(a, b) if !rational(b)?.is_zero() => rational(a)? / rational(b)?,
            Operation::Absolute(a) => rational(a)?.clone().abs(),
            Operation::PiecewiseConstant(level, a, _) => level.rational(rational(a)?),
            Operation::Elementary(function, a) => return self.at_end(*function, *a),
            // A root of zero is zero as a number, though no function is analytic there.
            Operation::Power(a, b) if rational(a)?.is_zero() && *rational(b)? > Rational::ZERO => {
                Rational::ZERO
            }
            _ => return None,
        };
        Some(value.into())
    }

    /// The value of a function at an end of its domain.
    fn at_end(&self, function: Elementary, u: Index) -> Option<Exact> {
        each!(function, F => {
            let u = self.exact_constant(u)?;
            if margin::<F>(&u) == Some(Ordering::Equal) { F::at_end(&u) } else { None }
        })
    }

    /// An even power of `|u|` as one of `u`, which is analytic at zeros of `u` too.
    fn without_kink(&self, operation: &Operation) -> Option<Operation> {
        let inside = |index: Index| match self.steps[index].operation {
            Operation::Absolute(u) => Some(u),
            _ => None,
        };
        match *operation {
            Operation::Multiply(f, g) if f == g => inside(f).map(|u| Operation::Multiply(u, u)),
            Operation::Power(f, g) => {
                let is_even = self.rational(g)?.is_int() && self.rational(g)?.numerator() % 2 == 0;
                inside(f).filter(|_| is_even).map(|u| Operation::Power(u, g))
            }
            Operation::Absolute(f) => inside(f).map(Operation::Absolute),
            _ => None,
        }
    }

    /// The steps that `root` needs, in order, `root` last.
    pub(crate) fn finish(self, root: Index) -> Vec<Step> {
        let mut needed = vec![false; self.steps.len()];
        needed[root] = true;
        for index in (0..=root).rev() {
            if needed[index] {
                let step = &self.steps[index];
                step.operation.map(|&operand| needed[operand] = true);
                for &argument in step.double.iter().flat_map(|(_, arguments)| arguments.iter()) {
                    needed[argument] = true;
                }
            }
        }
        let mut moved = vec![0; self.steps.len()];
        let mut kept = Vec::new();
        for (index, mut step) in self.steps.into_iter().enumerate().take(root + 1) {
            if needed[index] {
                step.operation = step.operation.map(|&operand| moved[operand]);
                step.double = step.double.map(|(double, arguments)| {
                    (double, arguments.iter().map(|&argument| moved[argument]).collect())
                });
                moved[index] = kept.len();
                kept.push(step);
            }
        }
        kept
    }
}

/// The sign of [`Builtin::margin`], positive where the domain has no end.
fn margin<F: Builtin>(u: &Exact) -> Option<Ordering> {
    let a = Certified::new(BITS_OF_SIGNS);
    match F::margin(&a, &Value::Exact(u.clone())) {
        Some(margin) => a.sign(&margin),
        None => Some(Ordering::Greater),
    }
}

/// The step of a constant.
pub(crate) fn constant(value: impl Into<Exact>) -> Operation {
    Operation::Constant(Arc::new(value.into()))
}

impl<T> Operation<T> {
    /// The same operation on what `to` makes of the operands, from left to right.
    pub(crate) fn map<U>(&self, mut to: impl FnMut(&T) -> U) -> Operation<U> {
        match self {
            Self::Variable => Operation::Variable,
            Self::Constant(value) => Operation::Constant(Arc::clone(value)),
            Self::Negate(f) => Operation::Negate(to(f)),
            Self::Add(f, g) => Operation::Add(to(f), to(g)),
            Self::Subtract(f, g) => Operation::Subtract(to(f), to(g)),
            Self::Multiply(f, g) => Operation::Multiply(to(f), to(g)),
            Self::Divide(f, g) => Operation::Divide(to(f), to(g)),
            Self::Power(f, g) => Operation::Power(to(f), to(g)),
            Self::Absolute(f) => Operation::Absolute(to(f)),
            Self::PiecewiseConstant(level, u, guard) => {
                Operation::PiecewiseConstant(*level, to(u), to(guard))
            }
            Self::Elementary(function, f) => Operation::Elementary(*function, to(f)),
            Self::ErlangCdf(shape, u) => Operation::ErlangCdf(*shape, to(u)),
            Self::BesselJ(order, u) => Operation::BesselJ(*order, to(u)),
        }
    }
}
