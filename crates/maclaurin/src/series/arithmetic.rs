//! Operations on series.
//!
//! Those of two series need the same expansion point and have the smaller of the two orders. They
//! fail where the result has no series (a quotient with a pole), so an operator's result is a
//! `Result`.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::point::{Point, is_same};
use super::source::{Operation, Source};
use super::{Error, NO_OTHER_POINT, Series, Zero};
use crate::function::{Constant, Function, Written};
use crate::number::{Exact, Value};

/// The largest order to which series are composed where one has no function, and reverted: both take
/// `O(n^(5/2))` operations on numbers that are longer the higher the degree.
const LARGEST_COMPOSED_ORDER: usize = 500;
const LARGEST_REVERTED_ORDER: usize = 1000;

/// Bits that tell two expansion points apart.
const POINT_BITS: usize = 256;

type Result<T> = std::result::Result<T, Error>;

impl Series {
    /// `f^exponent`, for a number or a text such as `1/2`.
    ///
    /// # Errors
    ///
    /// [`Error::Parse`] for the exponent, [`Error::NotAnalytic`] where the power has no series, and
    /// [`Error::Choice`] for an exponent that is not rational of a series without a function.
    ///
    /// # Examples
    ///
    /// ```
    /// let root = maclaurin::taylor("1 + x", 3, "0")?.power("1/2")?;
    /// assert_eq!(root.to_string(), "1 + x/2 - x^2/8 + x^3/16");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn power(&self, exponent: impl Into<Constant>) -> Result<Self> {
        let number = Point::read_as("an exponent", exponent)?;
        let rational = match &number.value {
            Value::Exact(exact) => exact.as_rational().cloned(),
            Value::Enclosure(_) => None,
        };
        let operation = rational.map(Operation::Power).ok_or_else(|| Error::Choice {
            option: "exponent",
            reason: format!(
                "{} is not a rational number, which a series without a function takes",
                number.expression.text()
            ),
        });
        let written = Written::of(&number.expression)?;
        let text = |f: &Written| f.power(&written);
        self.unary(|| operation, text)
    }

    /// `f(g(x))` for this series `f` and an inner series `g`, about the point of `g`, whose value
    /// there must be the point of `f`. The order is the smaller one.
    ///
    /// # Errors
    ///
    /// [`Error::NotComposable`] where the value of `g` is not the point of `f`, and
    /// [`Error::OrderTooLarge`] above order 500 where one of the two has no function.
    ///
    /// # Examples
    ///
    /// ```
    /// let exp = maclaurin::taylor("exp(x)", 5, "0")?;
    /// let bell = exp.compose(&maclaurin::taylor("exp(x) - 1", 5, "0")?)?;
    /// assert_eq!(bell.function().unwrap().text(), "exp(exp(x) - 1)");
    /// assert_eq!(bell.to_string(), "1 + x + x^2 + 5*x^3/6 + 5*x^4/8 + 13*x^5/30");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn compose(&self, inner: &Self) -> Result<Self> {
        let order = self.order().min(inner.order());
        let value = inner.exact(0).cloned().map(Value::Exact);
        if !value.is_some_and(|value| is_same(&value, &self.point.value)) {
            inner.check_value(self)?;
        }
        let source = if let (Some(f), Some(g)) = (self.function(), inner.function()) {
            Written::of(f)?.at(&Written::of(g)?)?.function()?.into()
        } else {
            check_order(order, LARGEST_COMPOSED_ORDER)?;
            Source::derived(Operation::Composition, &[self, inner])?
        };
        Self::about(source, inner.point.clone(), order)
    }

    /// Refuses a value at the expansion point that is not the point of `outer`.
    fn check_value(&self, outer: &Self) -> Result<()> {
        let value = self.enclosure(0, POINT_BITS).ok().and_then(|interval| interval.bounds());
        let point = match outer.point() {
            Value::Exact(exact) => exact.enclose(POINT_BITS),
            Value::Enclosure(interval) => interval.clone(),
        };
        let apart = |((a, b), (c, d))| b < c || d < a;
        // Functions can be composed whatever the points are, so what is nearly the same will do.
        if value.zip(point.bounds()).is_some_and(apart)
            || self.function().is_none()
            || outer.function().is_none()
        {
            return Err(Error::NotComposable {
                value: self
                    .exact(0)
                    .map_or_else(|| format!("{:?}", self.coefficients[0]), Exact::to_string),
                at: self.at().to_owned(),
                point: outer.at().to_owned(),
            });
        }
        Ok(())
    }

    /// The derivative, to the order less one (but at least to order 0).
    ///
    /// Of a function it is the series of the derivative's expression.
    ///
    /// # Errors
    ///
    /// [`Error::Undecided`] as for every series.
    ///
    /// # Examples
    ///
    /// ```
    /// let slope = maclaurin::taylor("atan(x)", 5, "0")?.derivative()?;
    /// assert_eq!(slope.function().unwrap().text(), "1/(1 + x^2)");
    /// assert_eq!(slope.to_string(), "1 - x^2 + x^4");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn derivative(&self) -> Result<Self> {
        let order = self.order().saturating_sub(1);
        let expression = match &self.source {
            Source::Derived(derived) if matches!(derived.operation, Operation::Integral(_)) => {
                return Ok(derived.operands[0].clone().truncated(order));
            }
            source => source.function().and_then(Function::derivative),
        };
        // An expression that settles less than the function does is of no use.
        let known = expression.and_then(|f| Self::about(f.into(), self.point.clone(), order).ok());
        if let Some(known) = known {
            return Ok(known);
        }
        let source = Source::derived(Operation::Derivative, &[self])?;
        Self::about(source, self.point.clone(), order)
    }

    /// The integral from the expansion point to `x`, plus `constant`, a number or a text: the
    /// antiderivative with that value at the point. Its order is one more.
    ///
    /// Its radius is that of the series, and [`Series::error_bound`] certifies its error where the
    /// series has a function.
    ///
    /// # Errors
    ///
    /// [`Error::Parse`] for the constant, and [`Error::OrderTooLarge`] beyond
    /// [`LARGEST_ORDER`](crate::LARGEST_ORDER).
    ///
    /// # Examples
    ///
    /// ```
    /// let integral = maclaurin::taylor("exp(-x^2)", 4, "0")?.integral("0")?;
    /// assert_eq!(integral.to_string(), "x - x^3/3 + x^5/10");
    /// assert_eq!(integral.radius().to_string(), "infinity");
    /// assert_eq!((&integral * "2/sqrt(pi)")?, maclaurin::taylor("erf(x)", 5, "0")?);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn integral(&self, constant: impl Into<Constant>) -> Result<Self> {
        let constant = Box::new(Point::read_as("a constant of integration", constant)?);
        let source = Source::derived(Operation::Integral(constant), &[self])?;
        Self::about(source, self.point.clone(), self.order() + 1)
    }

    /// The inverse function `g`, with `g(f(x)) = x`, about `f(x0)`: the reversion of the series. It
    /// exists where the coefficient of degree 1 is not zero.
    ///
    /// [`Series::radius`] has a disc in which the inverse of a function is certainly analytic, usually
    /// smaller than the largest one, and [`Series::error_bound`] certifies its error there.
    ///
    /// # Errors
    ///
    /// [`Error::NotRevertible`] where the coefficient of degree 1 is zero, and
    /// [`Error::OrderTooLarge`] above order 1000.
    ///
    /// # Examples
    ///
    /// ```
    /// // The Catalan numbers (OEIS A000108).
    /// let catalan = maclaurin::taylor("x - x^2", 6, "0")?.revert()?;
    /// assert_eq!(catalan.to_string(), "x + x^2 + 2*x^3 + 5*x^4 + 14*x^5 + 42*x^6");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn revert(&self) -> Result<Self> {
        let order = self.order();
        if let Source::Derived(derived) = &self.source
            && matches!(derived.operation, Operation::Inverse)
        {
            return Ok(derived.operands[0].clone().truncated(order));
        }
        check_order(order, LARGEST_REVERTED_ORDER)?;
        let slope = match self.zeros.get(1) {
            Some(zero) => *zero,
            None => Self::about(self.source.clone(), self.point.clone(), 1)?.zeros[1],
        };
        match slope {
            Zero::No => {}
            Zero::Proven => {
                return Err(Error::NotRevertible { series: self.name(), at: self.at().to_owned() });
            }
            Zero::NotProven => return Err(self.undecided(1)),
        }
        let value = match (self.exact(0), self.function()) {
            (Some(exact), _) => Written::new(exact.to_string()),
            (None, Some(f)) => Written::of(f)?.at(&Written::of(&self.point.expression)?)?,
            (None, None) => return Err(self.undecided(0)),
        };
        let source = Source::derived(Operation::Inverse, &[self])?;
        Self::about(source, Point::new(value.constant()?)?, order)
    }

    fn undecided(&self, degree: usize) -> Error {
        let what = format!("the coefficient of degree {degree} of {}", self.name());
        Error::Undecided { what, bits: super::settle::LAST_BITS, unbounded: false }
    }

    /// The series of the same function about another point, to the same order.
    ///
    /// # Errors
    ///
    /// As [`Series::new`], and [`Error::NoFunction`] of a series without a function, which is known
    /// about its own point alone.
    ///
    /// # Examples
    ///
    /// ```
    /// let series = maclaurin::taylor("x^2", 2, "0")?.shift("1")?;
    /// assert_eq!(series.to_string(), "1 + 2*(x - 1) + (x - 1)^2");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn shift(&self, at: impl Into<Constant>) -> Result<Self> {
        let function = self.function().ok_or_else(|| self.without_function(NO_OTHER_POINT))?;
        Self::about(function.clone().into(), Point::read(at)?, self.order())
    }

    /// The series up to a smaller order, or the same one.
    ///
    /// # Errors
    ///
    /// [`Error::Choice`] for an order above its own.
    ///
    /// # Examples
    ///
    /// ```
    /// let series = maclaurin::taylor("exp(x)", 8, "0")?.truncate(2)?;
    /// assert_eq!(series.to_string(), "1 + x + x^2/2");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn truncate(&self, order: usize) -> Result<Self> {
        if order > self.order() {
            return Err(Error::too_large_to_truncate(order, self.order()));
        }
        Ok(self.clone().truncated(order))
    }

    fn unary(
        &self,
        operation: impl FnOnce() -> Result<Operation>,
        text: impl FnOnce(&Written) -> Written,
    ) -> Result<Self> {
        let source = match self.function() {
            Some(f) => text(&Written::of(f)?).function()?.into(),
            None => Source::derived(operation()?, &[self])?,
        };
        Self::about(source, self.point.clone(), self.order())
    }

    /// The same series up to another order.
    pub(crate) fn extended(&self, order: usize) -> Result<Self> {
        if order <= self.order() {
            return Ok(self.clone().truncated(order));
        }
        Self::about(self.source.clone(), self.point.clone(), order)
    }

    /// Refuses a series about another point.
    pub(super) fn check_point(&self, other: &Self) -> Result<()> {
        if self.point.is_same(&other.point) {
            return Ok(());
        }
        let (left, right) = (self.at().to_owned(), other.at().to_owned());
        Err(Error::DifferentPoints { left, right })
    }

    pub(super) fn binary(
        &self,
        other: &Self,
        operation: Operation,
        text: fn(&Written, &Written) -> Written,
    ) -> Result<Self> {
        self.check_point(other)?;
        let source = match (self.function(), other.function()) {
            (Some(f), Some(g)) => text(&Written::of(f)?, &Written::of(g)?).function()?.into(),
            _ => Source::derived(operation, &[self, other])?,
        };
        Self::about(source, self.point.clone(), self.order().min(other.order()))
    }

    /// A function's series about the same point and to the same order.
    fn beside(&self, text: &str) -> Result<Self> {
        let function = Function::parse(text).map_err(Error::from)?;
        Self::about(function.into(), self.point.clone(), self.order())
    }
}

fn check_order(order: usize, limit: usize) -> Result<()> {
    if order > limit { Err(Error::OrderTooLarge { order, limit }) } else { Ok(()) }
}

impl Neg for &Series {
    type Output = Result<Series>;

    fn neg(self) -> Result<Series> {
        self.unary(|| Ok(Operation::Negative), Written::negative)
    }
}

/// An operator on two series, and on a series and the text of a function, constants included.
macro_rules! operators {
    ($series:ident $($operator:ident $method:ident $operation:ident $text:ident)*) => {
        $(
            impl $operator<&$series> for &$series {
                type Output = std::result::Result<$series, Error>;

                fn $method(self, other: &$series) -> Self::Output {
                    self.binary(other, Operation::$operation, Written::$text)
                }
            }

            impl $operator<&str> for &$series {
                type Output = std::result::Result<$series, Error>;

                fn $method(self, other: &str) -> Self::Output {
                    $operator::$method(self, &self.beside(other)?)
                }
            }

            impl $operator<&$series> for &str {
                type Output = std::result::Result<$series, Error>;

                fn $method(self, other: &$series) -> Self::Output {
                    $operator::$method(&other.beside(self)?, other)
                }
            }
        )*
    };
}
pub(super) use operators;

operators! { Series
    Add add Sum sum
    Sub sub Difference difference
    Mul mul Product product
    Div div Quotient quotient
}

/// Whether both are proven to be the same truncated series: about the same point, of the same order,
/// with equal coefficients. The functions may differ: `sin(x)` and `x - x^3/6` are equal up to order
/// 4. Series whose coefficients are known by enclosures alone are equal where the same operations made
/// them.
///
/// # Examples
///
/// ```
/// use maclaurin::taylor;
///
/// assert_eq!((&taylor("sin(x)", 6, "0")? / &taylor("cos(x)", 6, "0")?)?, taylor("tan(x)", 6, "0")?);
/// # Ok::<(), maclaurin::Error>(())
/// ```
impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        let alike = |a: &[f64], b: &[f64]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
        };
        self.point.is_same(&other.point)
            && alike(&self.coefficients, &other.coefficients)
            && (self.source.is_same(&other.source)
                || (0..=self.order()).all(|degree| {
                    match (self.exact(degree), other.exact(degree)) {
                        (Some(a), Some(b)) => a == b || a.add(&b.negate()).is_zero(),
                        _ => false,
                    }
                }))
    }
}
