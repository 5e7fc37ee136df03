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
pub(crate) mod recurrence;

pub use code::Language;
pub use error::{Error, NoOrder, NotAnalytic};
pub(crate) use evaluate::{coefficients, leading};
pub use jet::Singularity;
pub(crate) use recurrence::erlang_cdf;

use crate::expand::Polynomial;
use crate::function::{Excerpt, Function};
use crate::number::{Certified, Exact, Interval, Interval64, Value, to_f64};
use evaluate::Blocked;
use jet::Obstacle;

/// The largest order of a series.
pub const LARGEST_ORDER: usize = 10_000;

/// The precisions tried in turn until every coefficient is settled, in bits.
const PRECISIONS: [usize; 5] = [128, 512, 2048, 8192, 32_768];

/// From this precision on an enclosure that says nothing will not get better.
const HOPELESS: usize = PRECISIONS[3];

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
    values: Vec<Value>,
    coefficients: Vec<f64>,
    degrees: Vec<usize>,
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
    /// [`Error::OrderTooLarge`] beyond [`LARGEST_ORDER`], and [`Error::Undecided`] where a
    /// coefficient is zero in a way that cannot be proven.
    pub fn new(function: &Function, order: usize, at: &str) -> Result<Self, Error> {
        if order > LARGEST_ORDER {
            return Err(Error::OrderTooLarge { order, limit: LARGEST_ORDER });
        }
        let expression = Function::constant(at)?;
        let point = settle(&expression, &expression, 0).map(|(mut values, rounded)| Point {
            expression: expression.clone(),
            value: values.swap_remove(0),
            rounded: rounded[0],
        });
        let point = point.map_err(|failure| failure.explained(&expression, &expression, at))?;
        let (values, coefficients) = settle(function, &expression, order)
            .map_err(|failure| failure.explained(function, &expression, at))?;
        let degrees = (1..=order).filter(|&k| !is_exactly_zero(&values[k])).collect();
        Ok(Self { function: function.clone(), point, values, coefficients, degrees })
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
        self.values.truncate(order + 1);
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

    /// The degrees from 1 on whose coefficient is not zero: decided exactly, so a coefficient
    /// that only rounds to zero has its degree here.
    #[must_use]
    pub fn degrees(&self) -> &[usize] {
        &self.degrees
    }

    /// The coefficient of degree `degree` exactly, or `None` where only an enclosure is known or
    /// the degree is above the order.
    #[must_use]
    pub fn exact(&self, degree: usize) -> Option<&Exact> {
        match self.values.get(degree)? {
            Value::Exact(exact) => Some(exact),
            Value::Enclosure(_) => None,
        }
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
        let value =
            self.values.get(degree).ok_or(Error::NoSuchDegree { degree, order: self.order() })?;
        let first = bits.saturating_add(32);
        let last = first.saturating_mul(2).max(PRECISIONS[PRECISIONS.len() - 1]);
        let undecided =
            Error::Undecided { what: format!("the coefficient of degree {degree}"), bits: last };
        if first > MOST_BITS {
            return Err(undecided);
        }
        let mut precision = first;
        while precision <= last {
            let interval = match value {
                Value::Exact(exact) => exact.enclose(precision),
                Value::Enclosure(_) => {
                    match attempt(&self.function, &self.point.expression, self.order(), precision) {
                        Ok((arithmetic, values)) => arithmetic.enclose(&values[degree]),
                        Err(_) => Interval::whole_line(),
                    }
                }
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
        let known = self.values.iter().all(|value| matches!(value, Value::Exact(_)));
        let values =
            if known { self.values.clone() } else { again(&self.function, self.order())?.1 };
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

fn is_exactly_zero(value: &Value) -> bool {
    matches!(value, Value::Exact(exact) if exact.is_zero())
}

/// Why no precision gave the coefficients.
enum Failure {
    Blocked(Blocked),
    /// The coefficient of this degree, at this precision.
    Unsettled(usize, usize),
}

/// The coefficients at one precision, with the arithmetic that they came from.
fn attempt(
    function: &Function,
    at: &Function,
    order: usize,
    bits: usize,
) -> Result<(Certified, Vec<Value>), Blocked> {
    let arithmetic = Certified::new(bits);
    let zero = Value::Exact(Exact::default());
    let one = Value::Exact(1.into());
    let point = coefficients(&arithmetic, at, &[zero, one.clone()], 0)?.swap_remove(0);
    let values = coefficients(&arithmetic, function, &[point, one], order)?;
    Ok((arithmetic, values))
}

/// The coefficients and their roundings, at the first precision that settles them all.
fn settle(
    function: &Function,
    at: &Function,
    order: usize,
) -> Result<(Vec<Value>, Vec<f64>), Failure> {
    let mut failure = Failure::Unsettled(0, 0);
    for bits in PRECISIONS {
        match attempt(function, at, order, bits) {
            Ok((arithmetic, values)) => {
                let rounded: Vec<_> =
                    values.iter().map(|value| round(&arithmetic, value)).collect();
                match rounded.iter().position(Option::is_none) {
                    None => return Ok((values, rounded.into_iter().flatten().collect())),
                    Some(degree) => {
                        failure = Failure::Unsettled(degree, bits);
                        // At so many bits still no sign: a zero that nothing here proves, or
                        // a magnitude beyond every exponent.
                        if bits >= HOPELESS && arithmetic.enclose(&values[degree]).contains_zero() {
                            break;
                        }
                    }
                }
            }
            Err(blocked @ Blocked { obstacle: Obstacle::MoreBits, .. }) => {
                failure = Failure::Blocked(blocked);
            }
            Err(blocked) => return Err(Failure::Blocked(blocked)),
        }
    }
    Err(failure)
}

fn round(arithmetic: &Certified, value: &Value) -> Option<f64> {
    if let Value::Exact(exact) = value
        && let Some(rational) = exact.as_rational()
    {
        return Some(to_f64(rational));
    }
    arithmetic.enclose(value).to_f64()
}

impl Failure {
    /// The failure in the user's terms.
    fn explained(self, function: &Function, at: &Function, at_text: &str) -> Error {
        let bits = PRECISIONS[PRECISIONS.len() - 1];
        let Blocked { obstacle, span } = match self {
            Self::Unsettled(degree, bits) => {
                let what = format!("the coefficient of degree {degree} of {function}");
                return Error::Undecided { what, bits };
            }
            Self::Blocked(blocked) => blocked,
        };
        let excerpt = Excerpt::new(function.text(), span);
        match obstacle {
            Obstacle::MoreBits | Obstacle::MoreTerms => {
                Error::Undecided { what: format!("the value of `{}`", excerpt.marked()), bits }
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
