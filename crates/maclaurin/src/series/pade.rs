//! Padé approximants: quotients of polynomials that agree with a series as far as they can.
//!
//! `p/q` with degrees of at most `m` and `n`, `q(x0) = 1` and `f q - p = O(t^(m+n+1))` (DLMF 3.11.17,
//! Baker's definition). By the extended Euclidean algorithm for `t^(m+n+1)` and the Taylor polynomial
//! of degree `m + n`: the first remainder of degree at most `m` is a multiple of `p`, its cofactor that
//! of `q` (von zur Gathen and Gerhard, *Modern Computer Algebra*, section 5.9). It needs no linear
//! system, so none is singular, and it tells where there is no approximant: in the blocks of the Padé
//! table of `1 + x^2`, say, `q(x0)` would be zero.

use std::cmp::Ordering;
use std::fmt;

use super::point::Point;
use super::settle::{LAST_BITS, PRECISIONS};
use super::{Error, NO_CERTIFIED_ERROR, Series, decimal, latex_of_powers, sum_of_powers};
use crate::function::Written;
use crate::number::{Arithmetic, Certified, Exact, Value, exactly};

/// The largest sum of the two degrees: exact coefficients have digits by its square.
const LARGEST_SUM: usize = 100;

/// Up to this sum of degrees coefficients that are exact and not rational stay so.
const EXACT_SUM: usize = 8;

/// A quotient of two polynomials in `x - at` that agrees with a series to the sum of their degrees.
///
/// [`Series::pade`] makes them. The denominator's constant term is 1, and the two have no common
/// factor. The coefficients are correctly rounded, and exact where those of the series are rational (or
/// few).
///
/// # Examples
///
/// ```
/// let pade = maclaurin::taylor("exp(x)", 4, "0")?.pade(2, 2)?;
/// assert_eq!(pade.to_string(), "(1 + x/2 + x^2/12)/(1 - x/2 + x^2/12)");
/// assert_eq!(pade.denominator(), [1.0, -0.5, 1.0 / 12.0]);
/// assert!((pade.evaluate(1.0) - 1f64.exp()).abs() < 4e-3);
/// # Ok::<(), maclaurin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pade {
    point: Point,
    /// The series that it was made from, to the sum of the degrees.
    series: Series,
    numerator: Coefficients,
    denominator: Coefficients,
}

/// The coefficients of a polynomial, as they are known and correctly rounded.
#[derive(Clone, Debug)]
struct Coefficients {
    values: Vec<Value>,
    rounded: Vec<f64>,
}

impl Series {
    /// The Padé approximant with a numerator of degree at most `m` and a denominator of degree at
    /// most `n`. Where both are larger than they need be (of a rational function), it is reduced.
    ///
    /// # Errors
    ///
    /// [`Error::Choice`] where `m + n` is above the order, [`Error::OrderTooLarge`] where it is above
    /// 100, [`Error::NoPade`] where there is none, with one near it that exists, and
    /// [`Error::Undecided`].
    ///
    /// # Examples
    ///
    /// ```
    /// let series = maclaurin::taylor("log(1 + x)/x", 3, "0")?;
    /// assert_eq!(series.pade(1, 1)?.to_string(), "(1 + x/6)/(1 + 2*x/3)");
    /// let cosine = maclaurin::taylor("cos(x)", 2, "0")?;
    /// let error = cosine.pade(1, 1).unwrap_err();
    /// assert!(error.to_string().ends_with("pade(0, 0) exists"));
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn pade(&self, m: usize, n: usize) -> Result<Pade, Error> {
        let degree = m.saturating_add(n);
        if degree > LARGEST_SUM {
            return Err(Error::OrderTooLarge { order: degree, limit: LARGEST_SUM });
        }
        if degree > self.order() {
            let reason = format!(
                "a Padé approximant [{m}/{n}] takes the coefficients up to degree {degree}, and the series \
                 has order {}: expand it to order {degree}",
                self.order()
            );
            return Err(Error::Choice { option: "degrees", reason });
        }
        let series = self.clone().truncated(degree);
        for bits in PRECISIONS {
            let (arithmetic, _, mut values) = series.evaluated(bits)?;
            let rational = |value: &Value| arithmetic.as_rational(value).is_some();
            if degree > EXACT_SUM && !values.iter().all(rational) {
                for value in values.iter_mut().filter(|value| !rational(value)) {
                    *value = Value::Enclosure(arithmetic.enclose(value));
                }
            }
            let Some((numerator, denominator)) = fraction(&arithmetic, &values, m) else {
                continue;
            };
            let (numerator, denominator) = match (numerator, normal(&arithmetic, denominator)) {
                (numerator, Ok((denominator, scale))) => {
                    let scaled = numerator.iter().map(|c| arithmetic.divide(c, &scale));
                    (scaled.collect(), denominator)
                }
                (numerator, Err(Some(common))) => {
                    let near = (
                        numerator.len().saturating_sub(1 + common.zeros),
                        common.terms.saturating_sub(1 + common.zeros),
                    );
                    return Err(Error::NoPade { m, n, near });
                }
                (_, Err(None)) => continue,
            };
            let settled = Coefficients::new(&arithmetic, numerator)
                .zip(Coefficients::new(&arithmetic, denominator));
            if let Some((numerator, denominator)) = settled {
                return Ok(Pade { point: self.point.clone(), series, numerator, denominator });
            }
        }
        let what = format!("the Padé approximant [{m}/{n}] of {}", self.name());
        Err(Error::Undecided { what, bits: LAST_BITS, unbounded: false })
    }
}

/// A denominator that vanishes at the point.
struct Vanishing {
    /// Its leading zeros, which it has in common with the numerator.
    zeros: usize,
    terms: usize,
}

/// The denominator divided by its constant term, and that; where the term is zero, what is known of
/// the zero, or nothing if its sign is not settled.
fn normal(
    a: &Certified,
    denominator: Vec<Value>,
) -> Result<(Vec<Value>, Value), Option<Vanishing>> {
    match a.sign(&denominator[0]) {
        None => Err(None),
        Some(Ordering::Equal) => {
            let zeros = denominator.iter().take_while(|c| a.is_zero(c)).count();
            Err(Some(Vanishing { zeros, terms: denominator.len() }))
        }
        Some(_) => {
            let scale = denominator[0].clone();
            let scaled = denominator.iter().skip(1).map(|c| a.divide(c, &scale));
            Ok((std::iter::once(a.integer(1)).chain(scaled).collect(), scale))
        }
    }
}

/// The first remainder of degree at most `m` of the Euclidean algorithm, and its cofactor; `None`
/// where the sign of a leading coefficient is not settled.
///
/// Remainders are made monic, which keeps their coefficients small.
fn fraction(a: &Certified, series: &[Value], m: usize) -> Option<(Vec<Value>, Vec<Value>)> {
    let mut before = vec![a.integer(0); series.len() + 1];
    before[series.len()] = a.integer(1);
    let mut before = (before, Vec::new());
    let mut here = (stripped(a, series.to_vec())?, vec![a.integer(1)]);
    while here.0.len() > m + 1 {
        let lead = here.0[here.0.len() - 1].clone();
        for part in [&mut here.0, &mut here.1] {
            for coefficient in part.iter_mut() {
                *coefficient = a.divide(coefficient, &lead);
            }
        }
        let (mut remainder, mut cofactor) = before;
        // One coefficient of the quotient after the other, from the highest.
        while remainder.len() >= here.0.len() {
            let shift = remainder.len() - here.0.len();
            let factor = remainder.pop()?;
            subtract(a, &mut remainder, &factor, &here.0[..here.0.len() - 1], shift);
            subtract(a, &mut cofactor, &factor, &here.1, shift);
        }
        let next = (stripped(a, remainder)?, stripped(a, cofactor)?);
        before = std::mem::replace(&mut here, next);
    }
    Some(here)
}

/// `f -= factor * g * t^shift`
fn subtract(a: &Certified, f: &mut Vec<Value>, factor: &Value, g: &[Value], shift: usize) {
    if a.is_zero(factor) {
        return;
    }
    f.resize(f.len().max(g.len() + shift), a.integer(0));
    for (f, g) in f[shift..].iter_mut().zip(g) {
        *f = a.subtract(f, &a.multiply(factor, g));
    }
}

/// Without leading coefficients that are zero; `None` where that is not settled.
fn stripped(a: &Certified, mut f: Vec<Value>) -> Option<Vec<Value>> {
    while let Some(last) = f.last() {
        if a.sign(last)?.is_ne() {
            break;
        }
        f.pop();
    }
    Some(f)
}

impl Coefficients {
    /// `None` where one of the values does not round to one double.
    fn new(a: &Certified, mut values: Vec<Value>) -> Option<Self> {
        if values.is_empty() {
            values.push(a.integer(0));
        }
        let rounded = |value: &Value| {
            let interval = a.enclose(value);
            interval.sign()?;
            interval.to_f64()
        };
        let rounded = values.iter().map(rounded).collect::<Option<_>>()?;
        Some(Self { values, rounded })
    }

    fn evaluate(&self, t: f64) -> f64 {
        self.rounded.iter().rev().fold(0.0, |sum, a| sum * t + a)
    }

    fn known(&self) -> Vec<Exact> {
        let pairs = self.values.iter().zip(&self.rounded);
        let known = pairs.map(|(value, &rounded)| match value {
            Value::Exact(exact) => exact.clone(),
            Value::Enclosure(_) => exactly(rounded).into(),
        });
        known.collect()
    }

    fn exact(&self) -> Option<Vec<Exact>> {
        let exact = self.values.iter().map(|value| match value {
            Value::Exact(exact) => Some(exact.clone()),
            Value::Enclosure(_) => None,
        });
        exact.collect()
    }

    /// The degrees whose coefficients are not zero, with their text.
    fn terms(&self, latex: bool) -> impl Iterator<Item = (usize, String)> {
        let pairs = self.values.iter().zip(&self.rounded).enumerate();
        pairs.filter_map(move |(degree, (value, rounded))| match value {
            Value::Exact(exact) if exact.is_zero() => None,
            Value::Exact(exact) if latex => Some((degree, exact.latex())),
            Value::Exact(exact) => Some((degree, exact.to_string())),
            Value::Enclosure(_) => Some((degree, decimal(*rounded, latex))),
        })
    }
}

impl Pade {
    /// The expansion point as it was written.
    #[must_use]
    pub fn at(&self) -> &str {
        self.point.expression.text()
    }

    /// The numerator's coefficients of powers of `x - at`, from degree 0, each correctly rounded.
    #[must_use]
    pub fn numerator(&self) -> &[f64] {
        &self.numerator.rounded
    }

    /// The denominator's coefficients, from the constant term 1, each correctly rounded.
    #[must_use]
    pub fn denominator(&self) -> &[f64] {
        &self.denominator.rounded
    }

    /// The coefficients of numerator and denominator exactly, or `None` where some are only
    /// enclosed.
    ///
    /// # Examples
    ///
    /// ```
    /// let pade = maclaurin::taylor("exp(x)", 2, "0")?.pade(1, 1)?;
    /// let (numerator, denominator) = pade.exact().unwrap();
    /// assert_eq!(numerator[1].to_string(), "1/2");
    /// assert_eq!(denominator[1].to_string(), "-1/2");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn exact(&self) -> Option<(Vec<Exact>, Vec<Exact>)> {
        self.numerator.exact().zip(self.denominator.exact())
    }

    /// The series of the function less the quotient, to the degree to which the two agree, or to degree
    /// 0 where coefficients are only enclosed. The quotient is then that of the rounded ones.
    pub(crate) fn difference(&self) -> Result<Series, Error> {
        let no_function = || self.series.without_function(NO_CERTIFIED_ERROR);
        let function = Written::of(self.series.function().ok_or_else(no_function)?)?;
        let base = self.point.base(false);
        let [above, below] = [&self.numerator, &self.denominator].map(|polynomial| {
            let texts = polynomial.known().into_iter().map(|exact| exact.to_string());
            let terms = texts.enumerate().filter(|(_, text)| text != "0");
            Written::new(sum_of_powers(terms, &base))
        });
        let difference = function.difference(&above.quotient(&below)).function()?;
        let order = if self.exact().is_some() { self.series.order() } else { 0 };
        Series::about(difference.into(), self.point.clone(), order)
    }

    /// The denominator's coefficients of powers of `x - at`, those that are only enclosed as rounded.
    pub(crate) fn known_denominator(&self) -> Vec<Exact> {
        self.denominator.known()
    }

    pub(crate) fn point(&self) -> &Value {
        &self.point.value
    }

    /// The quotient in double precision, each polynomial by Horner's rule; infinite or NaN where the
    /// denominator vanishes.
    #[must_use]
    pub fn evaluate(&self, x: f64) -> f64 {
        let t = x - self.point.rounded;
        self.numerator.evaluate(t) / self.denominator.evaluate(t)
    }

    /// The approximant in LaTeX mathematics.
    ///
    /// # Examples
    ///
    /// ```
    /// let pade = maclaurin::taylor("1/(1 - x)", 4, "0")?.pade(2, 2)?;
    /// assert_eq!(pade.latex(), r"\frac{1}{1 - x}");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn latex(&self) -> String {
        let base = self.point.base(true);
        let [above, below] = [&self.numerator, &self.denominator]
            .map(|polynomial| latex_of_powers(polynomial.terms(true), &base));
        if below == "1" { above } else { format!("\\frac{{{above}}}{{{below}}}") }
    }
}

impl fmt::Display for Pade {
    /// For instance `(1 + x/2)/(1 - x/2)`, which [`Function::parse`](crate::Function::parse) reads.
    /// Coefficients known only by an enclosure are written as the nearest `f64`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = self.point.base(false);
        let [above, below] = [&self.numerator, &self.denominator]
            .map(|polynomial| Written::new(sum_of_powers(polynomial.terms(false), &base)));
        formatter.write_str(above.quotient(&below).text())
    }
}
