//! Operations on Laurent series.
//!
//! Where both operands are of functions, the result is the Laurent series of a function. Else it is computed
//! from `t^v g(t)` for the Taylor series `g`, by the operations on those.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Laurent, checked, unit};
use crate::function::{Function, Written};
use crate::series::arithmetic::operators;
use crate::series::settle::Zero;
use crate::series::source::Operation;
use crate::series::{Error, Series};

impl Laurent {
    /// `f^exponent` for an integer: the pole's order is multiplied, and where the function has a zero
    /// a negative exponent makes it a pole.
    ///
    /// # Errors
    ///
    /// As [`Laurent::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// let square = maclaurin::laurent("1/sin(x)", 2, "0")?.power(2)?;
    /// assert_eq!(square.to_string(), "1/x^2 + 1/3 + x^2/15");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn power(&self, exponent: i64) -> Result<Self, Error> {
        if let Some(function) = &self.function {
            let exponent = Written::new(exponent.to_string());
            let power = Written::of(function)?.power(&exponent).function()?;
            return Self::about(&power, self.order(), self.analytic.point.clone());
        }
        // t^v g with g(x0) != 0.
        let zeros = self.zeros();
        let valuation = (zeros as i64 - self.order_of_pole as i64).saturating_mul(exponent);
        let order = self.order().saturating_add(usize::try_from(-valuation).unwrap_or(0));
        let rest = self.analytic.extended(order.saturating_add(zeros))?;
        let rest = over_unit(rest, zeros)?.extended(order)?.power(exponent)?;
        self.made(rest, valuation)
    }

    /// The derivative, to the order less one (but at least to order 0).
    ///
    /// # Errors
    ///
    /// As [`Laurent::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// let slope = maclaurin::laurent("cot(x)", 4, "0")?.derivative()?;
    /// assert_eq!(slope.to_string(), "-1/x^2 - 1/3 - x^2/15");
    /// assert_eq!(slope.residue(), 0.0);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn derivative(&self) -> Result<Self, Error> {
        let (order, point) = (self.order().saturating_sub(1), &self.analytic.point);
        let known = self.function.as_ref().and_then(Function::derivative);
        let known = known.and_then(|slope| Self::about(&slope, order, point.clone()).ok());
        if let Some(known) = known {
            return Ok(known);
        }
        // (t^-v g)' = t^(-v-1) (t g' - v g)
        let whole = self.analytic.extended(order + self.order_of_pole + 2)?;
        let first = (&whole.derivative()? * unit(point, 1)?.text())?;
        let second = (&whole * self.order_of_pole.to_string().as_str())?;
        self.made((&first - &second)?, -(self.order_of_pole as i64) - 1)?.truncate(order)
    }

    /// The series up to a smaller order, or the same one.
    ///
    /// # Errors
    ///
    /// [`Error::Choice`] for an order above its own.
    pub fn truncate(&self, order: usize) -> Result<Self, Error> {
        let own = self.order();
        if order > own {
            return Err(Error::too_large_to_truncate(order, own));
        }
        let analytic = self.analytic.clone().truncated(order + self.order_of_pole);
        Ok(Self { analytic, ..self.clone() })
    }

    /// A function's series about the same point and to the same order.
    fn beside(&self, text: &str) -> Result<Self, Error> {
        Self::about(&Function::parse(text)?, self.order(), self.analytic.point.clone())
    }

    fn binary(
        &self,
        other: &Self,
        operation: Operation,
        text: fn(&Written, &Written) -> Written,
    ) -> Result<Self, Error> {
        let point = &self.analytic.point;
        self.analytic.check_point(&other.analytic)?;
        let order = self.order().min(other.order());
        if let (Some(f), Some(g)) = (&self.function, &other.function) {
            let function = text(&Written::of(f)?, &Written::of(g)?).function()?;
            return Self::about(&function, order, point.clone());
        }
        let poles = [self, other].map(|series| series.order_of_pole);
        if matches!(operation, Operation::Quotient) {
            let inverse = other.extended(order.saturating_add(poles[0]))?.power(-1)?;
            return self.binary(&inverse, Operation::Product, Written::product);
        }
        let is_product = matches!(operation, Operation::Product);
        let pole = if is_product { poles[0] + poles[1] } else { poles[0].max(poles[1]) };
        let operand = |series: &Self| {
            let whole = series.analytic.extended(order.saturating_add(pole))?;
            match pole - series.order_of_pole {
                _ if is_product => Ok(whole),
                0 => Ok(whole),
                more => &whole * unit(point, more)?.text(),
            }
        };
        let whole = operand(self)?.binary(&operand(other)?, operation, text)?;
        self.made(whole, -(pole as i64))?.truncate(order)
    }

    /// `t^valuation` times a series.
    fn made(&self, series: Series, valuation: i64) -> Result<Self, Error> {
        let point = &self.analytic.point;
        if let Ok(power @ 1..) = usize::try_from(valuation) {
            return Ok(Self::from(&(&series * unit(point, power)?.text())?));
        }
        let pole = checked(valuation.unsigned_abs(), 0, &point.expression)?;
        let made = Self { function: None, order_of_pole: pole, analytic: series };
        let zeros = made.zeros().min(pole);
        let order_of_pole = pole - zeros;
        let function = if order_of_pole == 0 { made.analytic.function().cloned() } else { None };
        let analytic = over_unit(made.analytic, zeros)?;
        Ok(Self { function: function.filter(|_| zeros == 0), order_of_pole, analytic })
    }

    /// The same series up to another order.
    fn extended(&self, order: usize) -> Result<Self, Error> {
        let analytic = self.analytic.extended(order.saturating_add(self.order_of_pole))?;
        Ok(Self { analytic, ..self.clone() })
    }

    /// How many of the first coefficients are proven to be zero.
    fn zeros(&self) -> usize {
        let zeros = &self.analytic.zeros;
        zeros.iter().take_while(|zero| **zero == Zero::Proven).count()
    }
}

/// A series divided by a power of the distance from the point, by which it begins.
fn over_unit(series: Series, exponent: usize) -> Result<Series, Error> {
    if exponent == 0 {
        return Ok(series);
    }
    let order = series.order().saturating_sub(exponent);
    (&series / unit(&series.point, exponent)?.text())?.truncate(order)
}

impl From<&Series> for Laurent {
    /// A Taylor series as a Laurent series, with a pole of order 0.
    fn from(series: &Series) -> Self {
        let function = series.function().cloned();
        Self { function, order_of_pole: 0, analytic: series.clone() }
    }
}

impl Neg for &Laurent {
    type Output = Result<Laurent, Error>;

    fn neg(self) -> Result<Laurent, Error> {
        "0" - self
    }
}

operators! { Laurent
    Add add Sum sum
    Sub sub Difference difference
    Mul mul Product product
    Div div Quotient quotient
}

/// An operator on a Laurent series and a Taylor series.
macro_rules! mixed {
    ($($operator:ident $method:ident)*) => {
        $(
            impl $operator<&Series> for &Laurent {
                type Output = Result<Laurent, Error>;

                fn $method(self, other: &Series) -> Result<Laurent, Error> {
                    $operator::$method(self, &Laurent::from(other))
                }
            }

            impl $operator<&Laurent> for &Series {
                type Output = Result<Laurent, Error>;

                fn $method(self, other: &Laurent) -> Result<Laurent, Error> {
                    $operator::$method(&Laurent::from(self), other)
                }
            }
        )*
    };
}

mixed! {
    Add add
    Sub sub
    Mul mul
    Div div
}

/// Whether both are proven to be the same truncated Laurent series, as for [`Series`].
impl PartialEq for Laurent {
    fn eq(&self, other: &Self) -> bool {
        self.order_of_pole == other.order_of_pole && self.analytic == other.analytic
    }
}
