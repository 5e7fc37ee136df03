//! Taylor series: exact coefficients of any function, at any point, to any order.
//!
//! For `f` analytic at `x0`, `a_k = f^(k)(x0) / k!` and `T_p(x) = sum_(k<=p) a_k (x - x0)^k`
//! (DLMF 1.10.1). The coefficients come from recurrences on power series, never from symbolic
//! differentiation; they are exact while the arithmetic is closed under the constants that occur
//! and certified enclosures afterwards. Their `f64` values are correctly rounded: the
//! precision is raised until both ends of an enclosure round alike (Ziv, *Fast evaluation of
//! elementary mathematical functions with correctly rounded last bit*, ACM TOMS 17, 1991).

mod arithmetic;
mod error;
mod evaluate;
mod explain;
mod jet;
mod laurent;
mod notation;
mod pade;
mod point;
mod radius;
mod root;
mod settle;
mod source;

pub use error::{Error, NoOrder, NotAnalytic};
pub(crate) use evaluate::{coefficients, leading};
pub use jet::Singularity;
pub use laurent::{Laurent, laurent};
use notation::is_product;
pub(crate) use notation::{decimal, joined, latex_of_powers, sum_of_powers};
pub use pade::Pade;
pub use radius::Radius;
pub(crate) use root::InRoot;
pub(crate) use source::{Derived, Operation, Source};

use std::ops::Deref;
use std::sync::OnceLock;

use crate::certify::SingularPoint;
use crate::function::{Constant, Function};
use crate::number::{Certified, Exact, Interval, Interval64, Value};
use point::Point;
use settle::{ExactForms, Failure, PRECISIONS, Settled, Zero, attempt, settle};

/// The largest order of a series.
pub const LARGEST_ORDER: usize = 10_000;

/// The most bits that an enclosure is computed with: 40,000 decimal digits.
const MOST_BITS: usize = 1 << 17;

/// What a series without a function lacks.
pub(crate) const NO_CERTIFIED_ERROR: &str = "no certified error there";
const NO_OTHER_POINT: &str = "no series about another point";

/// The Taylor series of a function about a point, up to an order.
///
/// A value to compute with: `&f + &g`, `-`, `*`, `/` and [`Series::power`], [`Series::compose`],
/// [`Series::derivative`], [`Series::integral`], [`Series::revert`], [`Series::shift`],
/// [`Series::truncate`] and `==` give series and keep what is promised of them. The result of an
/// operation on functions is the series of a function and has its radius and certified error. An
/// integral and an inverse function are in general no function that an expression says: their
/// coefficients are correctly rounded and exact like all others, and their radius and error are
/// certified from those of their operand.
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
    pub(crate) source: Source,
    point: Point,
    coefficients: Vec<f64>,
    zeros: Vec<Zero>,
    degrees: Vec<usize>,
    /// Worked out when somebody asks.
    exact: OnceLock<ExactForms>,
    /// The radius of convergence and the singularities proven with it, which `certify` finds once.
    pub(crate) convergence: OnceLock<(Radius, Vec<SingularPoint>)>,
}

/// A series and the function that it expands.
#[derive(Clone, Copy)]
pub(crate) struct Expanded<'a> {
    series: &'a Series,
    function: &'a Function,
}

impl<'a> Expanded<'a> {
    pub(crate) fn function(self) -> &'a Function {
        self.function
    }
}

impl Deref for Expanded<'_> {
    type Target = Series;

    fn deref(&self) -> &Series {
        self.series
    }
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
pub fn taylor(text: &str, order: usize, at: impl Into<Constant>) -> Result<Series, Error> {
    Series::new(&Function::parse(text)?, order, at)
}

impl Series {
    /// The series of `function` about `at`, a number or a text such as `0.1` or `pi/6`, up to `order`.
    ///
    /// # Errors
    ///
    /// [`Error::NotAnalytic`] where there is no series, [`Error::Parse`] for `at`,
    /// [`Error::OrderTooLarge`] beyond [`LARGEST_ORDER`], [`Error::TooMuchWork`], and
    /// [`Error::Undecided`] where no precision tells the rounding of a coefficient, or whether a
    /// divisor is zero.
    pub fn new(function: &Function, order: usize, at: impl Into<Constant>) -> Result<Self, Error> {
        if order > LARGEST_ORDER {
            return Err(Error::OrderTooLarge { order, limit: LARGEST_ORDER });
        }
        Self::about(function.clone().into(), Point::read(at)?, order)
    }

    fn about(source: Source, point: Point, order: usize) -> Result<Self, Error> {
        if order > LARGEST_ORDER {
            return Err(Error::OrderTooLarge { order, limit: LARGEST_ORDER });
        }
        let (source, settled) = match settle(&source, &point.expression, order) {
            Ok(settled) => (source, settled),
            Err(failure) => {
                // It may be analytic, or have a pole, though a root in it has a branch point.
                let root = source.in_root(&failure, &point.value);
                match root.map(|root| (settle(&root, &point.expression, order), root)) {
                    Some((Ok(settled), root)) => (root, settled),
                    Some((Err(pole), root)) if pole.is(Singularity::Pole) => {
                        return Err(pole.explained(&root, &point.expression));
                    }
                    _ => return Err(failure.explained(&source, &point.expression)),
                }
            }
        };
        let Settled { coefficients, zeros, exact } = settled;
        let degrees = (1..=order).filter(|&k| zeros[k] == Zero::No).collect();
        let exact = exact.map_or_else(OnceLock::new, OnceLock::from);
        Ok(Self {
            source,
            point,
            coefficients,
            zeros,
            degrees,
            exact,
            convergence: OnceLock::new(),
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
    pub fn with_terms(
        function: &Function,
        terms: usize,
        at: impl Into<Constant>,
    ) -> Result<Self, Error> {
        if terms > LARGEST_ORDER {
            return Err(Error::OrderTooLarge { order: terms, limit: LARGEST_ORDER });
        }
        // A series that has terms at all has them at least every few degrees.
        let limit = (8 * terms + 64).min(LARGEST_ORDER);
        let point = Point::read(at)?;
        let mut order = terms;
        loop {
            let series = Self::about(function.clone().into(), point.clone(), order)?;
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

    /// The function, or `None` where no expression says what the series is of: an integral, an
    /// inverse function, and what is computed with them.
    ///
    /// # Examples
    ///
    /// ```
    /// let series = maclaurin::taylor("exp(-x^2)", 4, "0")?;
    /// assert_eq!(series.derivative()?.function().unwrap().text(), "exp(-x^2)*(-2*x)");
    /// assert!(series.integral("0")?.function().is_none());
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn function(&self) -> Option<&Function> {
        self.source.function()
    }

    /// The function as text, such as `integral(exp(-x^2))` for one that no expression says.
    #[must_use]
    pub fn name(&self) -> String {
        self.source.name()
    }

    /// The series with its function, which is analytic in all its parts at the point: what proofs are
    /// about.
    pub(crate) fn expanded(&self) -> Result<Expanded<'_>, Error> {
        match &self.source {
            Source::Function(function) => Ok(Expanded { series: self, function }),
            Source::InRoot(_) | Source::Derived(_) => {
                Err(self.without_function(NO_CERTIFIED_ERROR))
            }
        }
    }

    /// The error of what takes a function, of a series that has none.
    pub(crate) fn without_function(&self, lacks: &'static str) -> Error {
        Error::NoFunction { series: self.name(), lacks }
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
        let (source, point) = (&self.source, &self.point.expression);
        self.exact.get_or_init(|| settle::exact_forms(source, point, self.order()))
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
        let (source, point) = (&self.source, &self.point.expression);
        let exact = self.exact.get().and_then(|forms| forms[degree].as_ref());
        let mut precision = first;
        while precision <= last {
            let interval = match exact {
                _ if self.zeros[degree] == Zero::Proven => Interval::from_f64(0.0, 0.0),
                Some(exact) => exact.enclose(precision),
                None => settle::enclosures(source, point, degree, precision)
                    .map(|mut balls| balls.swap_remove(degree))
                    .or_else(|| {
                        let (arithmetic, values) =
                            attempt(source, point, degree, precision).ok()?;
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

    /// The expansion point and the coefficients to `bits` bits, with their arithmetic.
    pub(crate) fn evaluated(&self, bits: usize) -> Result<(Certified, Value, Vec<Value>), Error> {
        let expression = &self.point.expression;
        let again = |source: &Source, order| {
            let values = attempt(source, expression, order, bits);
            values.map_err(|blocked| Failure::Blocked(blocked).explained(source, expression))
        };
        let (arithmetic, mut point) = again(&expression.clone().into(), 0)?;
        let exact: Option<Vec<_>> = (0..=self.order())
            .map(|degree| self.exact(degree).cloned().map(Value::Exact))
            .collect();
        let values = match exact {
            Some(values) => values,
            None => match settle::enclosures(&self.source, expression, self.order(), bits) {
                Some(balls) => balls.into_iter().map(Value::Enclosure).collect(),
                None => again(&self.source, self.order())?.1,
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

    /// A coefficient between two doubles, or `None` above the order.
    pub(crate) fn enclosed_coefficient(&self, degree: usize) -> Option<Interval64> {
        // It is the nearest double.
        let nearest = *self.coefficients.get(degree)?;
        Some(Interval64 { low: nearest.next_down(), high: nearest.next_up() })
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
