//! Taylor series: exact coefficients of any function, at any point, to any order.
//!
//! For `f` analytic at `x0`, `a_k = f^(k)(x0) / k!` and `T_p(x) = sum_(k<=p) a_k (x - x0)^k`
//! (DLMF 1.10.1). The coefficients come from recurrences on power series, never from symbolic
//! differentiation; they are exact while the arithmetic is closed under the constants that occur
//! and certified enclosures from there on. Their `f64` values are correctly rounded: the
//! precision is raised until both ends of an enclosure round alike (Ziv, *Fast evaluation of
//! elementary mathematical functions with correctly rounded last bit*, ACM TOMS 17, 1991).

mod code;
mod error;
mod evaluate;
mod jet;
mod notation;
mod settle;

pub(crate) use code::in_python;
pub use error::{Error, NoOrder, NotAnalytic};
pub(crate) use evaluate::{coefficients, leading};
pub use jet::Singularity;
pub(crate) use notation::{decimal, latex_of_powers, sum_of_powers};

use std::sync::OnceLock;

use crate::certify::Radius;
use crate::expand::Polynomial;
use crate::function::{Excerpt, Function};
use crate::number::{Certified, Exact, Interval, Interval64, Value};
use evaluate::Blocked;
use jet::Obstacle;
use settle::{ExactForms, Failure, PRECISIONS, Settled, Zero, attempt, settle};

/// The largest order of a series.
pub const LARGEST_ORDER: usize = 10_000;

/// The most bits that an enclosure is computed with: 40,000 decimal digits.
const MOST_BITS: usize = 1 << 17;

/// Points that advice is looked for at.
const USUAL_POINTS: [&str; 6] = ["1", "1/2", "0", "2", "-1", "-2"];

/// The Taylor series of a function about a point, up to an order.
///
/// # Examples
///
/// ```
/// use maclaurin::{Function, Series};
///
/// let series = Series::new(&Function::parse("softplus")?, 4, "0")?;
/// assert_eq!(series.degrees(), [1, 2, 4]);
/// assert_eq!(series.coefficients()[1..], [0.5, 0.125, 0.0, -1.0 / 192.0]);
/// assert_eq!(series.to_string(), "log(2) + x/2 + x^2/8 - x^4/192");
/// # Ok::<(), maclaurin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Series {
    function: Function,
    point: Point,
    coefficients: Vec<f64>,
    zeros: Vec<Zero>,
    degrees: Vec<usize>,
    /// Worked out when somebody asks.
    exact: OnceLock<ExactForms>,
    /// The radius of convergence, which `certify` finds once.
    pub(crate) radius: OnceLock<Radius>,
}

/// An expansion point: a constant expression and its value.
#[derive(Clone, Debug)]
struct Point {
    expression: Function,
    value: Value,
    rounded: f64,
}

/// The Taylor series of the function written in `text`, about `at`, up to `order`.
///
/// # Errors
///
/// As [`Series::new`], and [`Error::Parse`] for the text.
///
/// # Examples
///
/// ```
/// let series = maclaurin::taylor("sin(x)", 3, "pi/6")?;
/// assert_eq!(series.exact(1).unwrap().to_string(), "sqrt(3)/2");
/// # Ok::<(), maclaurin::Error>(())
/// ```
pub fn taylor(text: &str, order: usize, at: &str) -> Result<Series, Error> {
    Series::new(&Function::parse(text)?, order, at)
}

impl Series {
    /// The series of `function` about `at`, a constant expression such as `0`, `0.1` or `pi/6`,
    /// up to `order`.
    ///
    /// # Errors
    ///
    /// [`Error::NotAnalytic`] where there is no series, [`Error::Parse`] for `at`,
    /// [`Error::OrderTooLarge`] beyond [`LARGEST_ORDER`], and [`Error::Undecided`] where no
    /// precision tells the rounding of a coefficient, or whether a divisor is zero.
    pub fn new(function: &Function, order: usize, at: &str) -> Result<Self, Error> {
        if order > LARGEST_ORDER {
            return Err(Error::OrderTooLarge { order, limit: LARGEST_ORDER });
        }
        let expression = Function::constant(at)?;
        let point = Point::new(expression)
            .map_err(|(failure, expression)| failure.explained(&expression, &expression, at))?;
        let Settled { coefficients, zeros, exact } = settle(function, &point.expression, order)
            .map_err(|failure| failure.explained(function, &point.expression, at))?;
        let degrees = (1..=order).filter(|&k| zeros[k] == Zero::No).collect();
        let exact = exact.map_or_else(OnceLock::new, OnceLock::from);
        Ok(Self {
            function: function.clone(),
            point,
            coefficients,
            zeros,
            degrees,
            exact,
            radius: OnceLock::new(),
        })
    }

    /// The series up to its `terms`-th non-zero degree above 0.
    ///
    /// # Errors
    ///
    /// As [`Series::new`], and [`Error::TooFewTerms`] where the function is a polynomial with
    /// fewer.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Function, Series};
    ///
    /// let series = Series::with_terms(&Function::parse("sin(x)")?, 3, "0")?;
    /// assert_eq!(series.degrees(), [1, 3, 5]);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn with_terms(function: &Function, terms: usize, at: &str) -> Result<Self, Error> {
        if terms > LARGEST_ORDER {
            return Err(Error::OrderTooLarge { order: terms, limit: LARGEST_ORDER });
        }
        // A series that has terms at all has them at least every few degrees.
        let limit = (8 * terms + 64).min(LARGEST_ORDER);
        let mut order = terms;
        loop {
            let series = Self::new(function, order, at)?;
            match terms.checked_sub(1).map(|last| series.degrees.get(last)) {
                None => return Ok(series),
                Some(Some(&degree)) => return Ok(series.truncated(degree)),
                Some(None) if order == limit => {
                    return Err(Error::TooFewTerms { found: series.degrees.len(), order });
                }
                Some(None) => order = (2 * order + 1).min(limit),
            }
        }
    }

    /// The same series up to a smaller order.
    pub(crate) fn truncated(mut self, order: usize) -> Self {
        self.zeros.truncate(order + 1);
        self.coefficients.truncate(order + 1);
        self.degrees.retain(|&degree| degree <= order);
        self
    }

    /// The function.
    #[must_use]
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// The highest degree.
    #[must_use]
    pub fn order(&self) -> usize {
        self.coefficients.len() - 1
    }

    /// The expansion point as it was written.
    #[must_use]
    pub fn at(&self) -> &str {
        self.point.expression.text()
    }

    /// The expansion point exactly, or `None` where only an enclosure is known.
    ///
    /// # Examples
    ///
    /// ```
    /// let series = maclaurin::taylor("exp(x)", 1, "0.1")?;
    /// assert_eq!(series.at_exact().unwrap().to_string(), "1/10");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn at_exact(&self) -> Option<&Exact> {
        match &self.point.value {
            Value::Exact(exact) => Some(exact),
            Value::Enclosure(_) => None,
        }
    }

    /// The expansion point, correctly rounded.
    #[must_use]
    pub fn at_f64(&self) -> f64 {
        self.point.rounded
    }

    /// The coefficients `a_0 .. a_order`, each correctly rounded.
    #[must_use]
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// The degrees of 1 and up whose coefficient is proven not to be zero. A coefficient that only
    /// rounds to zero has its degree here. One that is within `2^-1075` of zero, and perhaps zero,
    /// has not: [`Series::is_zero_proven`] tells.
    #[must_use]
    pub fn degrees(&self) -> &[usize] {
        &self.degrees
    }

    /// The coefficient of degree `degree` exactly, or `None` where only an enclosure is known or
    /// the degree is above the order. Worked out at the first call, within a budget of work.
    #[must_use]
    pub fn exact(&self, degree: usize) -> Option<&Exact> {
        static ZERO: Exact = Exact::ZERO;
        match self.zeros.get(degree)? {
            Zero::Proven => Some(&ZERO),
            Zero::NotProven => None,
            Zero::No => self.exact_forms()[degree].as_ref(),
        }
    }

    /// Whether the coefficient of degree `degree` is proven to be zero or not to be; false only for
    /// one that is within `2^-1075` of zero in a way that no exact rule decides, and above the
    /// order.
    ///
    /// # Examples
    ///
    /// ```
    /// let series = maclaurin::taylor("sigmoid(x) + sigmoid(-x)", 2, "0.7")?;
    /// assert_eq!(series.coefficients(), [1.0, 0.0, 0.0]);
    /// assert!(series.degrees().is_empty() && !series.is_zero_proven(1));
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn is_zero_proven(&self, degree: usize) -> bool {
        self.zeros.get(degree).is_some_and(|zero| *zero != Zero::NotProven)
    }

    fn exact_forms(&self) -> &ExactForms {
        let (function, point) = (&self.function, &self.point.expression);
        self.exact.get_or_init(|| settle::exact_forms(function, point, self.order()))
    }

    /// An interval around the coefficient of degree `degree` that is narrower than `2^-bits`
    /// times the coefficient.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchDegree`] above the order, [`Error::Undecided`] if the precision that this
    /// takes is beyond the limit.
    ///
    /// # Examples
    ///
    /// ```
    /// let series = maclaurin::taylor("sigmoid(x)", 2, "1")?;
    /// let (lower, upper) = series.enclosure(0, 100)?.to_decimal(25);
    /// assert!(lower.starts_with("0.73105857863000487925115"));
    /// assert!(upper.starts_with("0.73105857863000487925115"));
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn enclosure(&self, degree: usize, bits: usize) -> Result<Interval, Error> {
        if degree > self.order() {
            return Err(Error::NoSuchDegree { degree, order: self.order() });
        }
        let first = bits.saturating_add(32);
        let last = first.saturating_mul(2).max(settle::LAST_BITS);
        let undecided = Error::Undecided {
            what: format!("the coefficient of degree {degree}"),
            bits: last,
            unbounded: false,
        };
        if first > MOST_BITS {
            return Err(undecided);
        }
        let (function, point) = (&self.function, &self.point.expression);
        let exact = self.exact.get().and_then(|forms| forms[degree].as_ref());
        let mut precision = first;
        while precision <= last {
            let interval = match exact {
                _ if self.zeros[degree] == Zero::Proven => Interval::from_f64(0.0, 0.0),
                Some(exact) => exact.enclose(precision),
                None => settle::enclosures(function, point, degree, precision)
                    .map(|mut balls| balls.swap_remove(degree))
                    .or_else(|| {
                        let (arithmetic, values) =
                            attempt(function, point, degree, precision).ok()?;
                        Some(arithmetic.enclose(&values[degree]))
                    })
                    .unwrap_or_else(Interval::whole_line),
            };
            if interval.is_relatively_narrower_than(bits) {
                return Ok(interval);
            }
            precision *= 2;
        }
        Err(undecided)
    }

    /// The expansion point, exactly or enclosed.
    pub(crate) fn point(&self) -> &Value {
        &self.point.value
    }

    /// The expansion point and the coefficients to so many bits, with their arithmetic.
    pub(crate) fn evaluated(&self, bits: usize) -> Result<(Certified, Value, Vec<Value>), Error> {
        let expression = &self.point.expression;
        let explained =
            |blocked| Failure::Blocked(blocked).explained(&self.function, expression, self.at());
        let again = |function, order| attempt(function, expression, order, bits).map_err(explained);
        let (arithmetic, mut point) = again(expression, 0)?;
        let exact: Option<Vec<_>> = (0..=self.order())
            .map(|degree| self.exact(degree).cloned().map(Value::Exact))
            .collect();
        let values = match exact {
            Some(values) => values,
            None => match settle::enclosures(&self.function, expression, self.order(), bits) {
                Some(balls) => balls.into_iter().map(Value::Enclosure).collect(),
                None => again(&self.function, self.order())?.1,
            },
        };
        Ok((arithmetic, point.swap_remove(0), values))
    }

    /// The expansion point between two doubles.
    pub(crate) fn enclosed_point(&self) -> Interval64 {
        let value = match self.point() {
            Value::Exact(exact) => exact.enclose(PRECISIONS[0]),
            Value::Enclosure(interval) => interval.clone(),
        };
        Interval64::around(&value)
    }

    /// The coefficients and the point alone: what expanding an array needs.
    #[must_use]
    pub fn polynomial(&self) -> Polynomial {
        let degrees = self.degrees.clone();
        Polynomial::with_degrees(self.at_f64(), self.coefficients.clone(), degrees)
    }

    /// The value of `T(x)` in double precision, by Horner's rule.
    ///
    /// # Examples
    ///
    /// ```
    /// let series = maclaurin::taylor("exp(x)", 10, "0")?;
    /// assert!((series.evaluate(0.5) - 0.5f64.exp()).abs() < 1e-10);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn evaluate(&self, x: f64) -> f64 {
        let t = x - self.at_f64();
        self.coefficients.iter().rev().fold(0.0, |sum, a| sum * t + a)
    }
}

impl Point {
    /// The value of a constant expression; with the failure, the expression back.
    fn new(expression: Function) -> Result<Self, (Failure, Function)> {
        let mut failure = Failure::Unsettled { degree: 0, unbounded: false };
        for bits in PRECISIONS {
            match attempt(&expression, &expression, 0, bits) {
                Ok((arithmetic, mut values)) => {
                    let value = values.swap_remove(0);
                    if let Some(rounded) = arithmetic.enclose(&value).to_f64() {
                        return Ok(Self { expression, value, rounded });
                    }
                    let unbounded = arithmetic.enclose(&value).is_whole_line();
                    failure = Failure::Unsettled { degree: 0, unbounded };
                }
                Err(blocked @ Blocked { obstacle: Obstacle::MoreBits, .. }) => {
                    failure = Failure::Blocked(blocked);
                }
                Err(blocked) => return Err((Failure::Blocked(blocked), expression)),
            }
        }
        Err((failure, expression))
    }
}

impl Failure {
    /// The failure in the user's terms.
    fn explained(self, function: &Function, at: &Function, at_text: &str) -> Error {
        let bits = settle::LAST_BITS;
        let Blocked { obstacle, span } = match self {
            Self::Unsettled { degree, unbounded } => {
                let what = format!("the coefficient of degree {degree} of {function}");
                return Error::Undecided { what, bits, unbounded };
            }
            Self::Blocked(blocked) => blocked,
        };
        let excerpt = Excerpt::new(function.text(), span);
        match obstacle {
            Obstacle::MoreBits | Obstacle::MoreTerms => {
                let what = format!("the value of `{}`", excerpt.marked());
                Error::Undecided { what, bits, unbounded: false }
            }
            Obstacle::Singular(singularity) => {
                let advice = advice(function, at, excerpt.marked());
                let point = at_text.trim().to_owned();
                NotAnalytic { excerpt, point, singularity, advice }.into()
            }
        }
    }
}

/// A point where the function has a series, or a form that has one at the point asked for.
fn advice(function: &Function, at: &Function, blamed: &str) -> String {
    let works = |point: &&&str| {
        let point = Function::constant(point);
        point.is_ok_and(|point| attempt(function, &point, 2, PRECISIONS[0]).is_ok())
    };
    let mut advice = match USUAL_POINTS.iter().filter(|point| **point != at.text()).find(works) {
        Some(point) => format!("try at={point}"),
        None => "choose a point inside the function's domain".into(),
    };
    advice += match blamed {
        "log(x)" | "ln(x)" => ", or log1p(x) = log(1 + x), which has a series at 0",
        "sqrt(x)" => ", or sqrt(1 + x), which has a series at 0",
        "abs(x)" => ", or sqrt(x^2 + 0.01), a smooth relative",
        "relu" | "relu(x)" => ", or softplus(x), its smooth relative",
        "elu" | "elu(x)" => ", or softplus(x) - log(2), a smooth relative",
        _ => "",
    };
    advice
}
