//! Laurent series at poles.
//!
//! A function with a pole of order `v` at `x0` is `(x - x0)^-v` times one that is analytic there
//! (DLMF 1.10.7), whose Taylor series has the coefficients: they are correctly rounded, exact and
//! certified as all are.

mod arithmetic;

use std::fmt;

use super::Radius;
use super::evaluate::{Blocked, order_of};
use super::jet::Obstacle;
use super::notation::joined;
use super::settle::{Failure, PRECISIONS};
use super::source::Source;
use super::{Error, LARGEST_ORDER, NotAnalytic, Point, Series};
use crate::function::{Constant, Function, Written};
use crate::number::{Arithmetic, Certified, Exact};

/// The Laurent series of a function about a pole, up to a highest degree.
///
/// A value to compute with: `+ - * /` with Laurent series, [`Series`] and texts, [`Laurent::power`],
/// [`Laurent::derivative`], [`Laurent::truncate`] and `==` as a proof. The result has the smaller of the
/// two orders, and whatever pole it has.
///
/// # Examples
///
/// ```
/// let series = maclaurin::laurent("1/sin(x)", 3, "0")?;
/// assert_eq!(series.to_string(), "1/x + x/6 + 7*x^3/360");
/// assert_eq!(series.order_of_pole(), 1);
/// assert_eq!(series.exact(-1).unwrap().to_string(), "1");
///
/// let difference = (&series - "1/x")?;
/// assert_eq!((difference.order_of_pole(), difference.to_string()), (0, "x/6 + 7*x^3/360".into()));
/// # Ok::<(), maclaurin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Laurent {
    /// `None` where no expression says what it is.
    function: Option<Function>,
    order_of_pole: usize,
    /// `(x - x0)^order_of_pole` times the function.
    analytic: Series,
}

/// The Laurent series of the function written in `text`, about `at`, up to degree `order`.
///
/// # Errors
///
/// As [`Laurent::new`], and [`Error::Parse`] for the text.
///
/// # Examples
///
/// ```
/// let series = maclaurin::laurent("exp(x)/(x - 1)^2", 0, "1")?;
/// assert_eq!(series.to_string(), "e/(x - 1)^2 + e/(x - 1) + e/2");
/// # Ok::<(), maclaurin::Error>(())
/// ```
pub fn laurent(text: &str, order: usize, at: impl Into<Constant>) -> Result<Laurent, Error> {
    Laurent::new(&Function::parse(text)?, order, at)
}

impl Laurent {
    /// The Laurent series of `function` about `at`, a number or a text, up to degree `order`. At a
    /// point where the function is analytic it is the Taylor series, with a pole of order 0.
    ///
    /// # Errors
    ///
    /// [`Error::NotAnalytic`] at a branch point or an essential singularity, [`Error::Parse`] for
    /// `at`, [`Error::OrderTooLarge`] and [`Error::PoleTooHigh`] where the order, or the sum of both
    /// orders, is beyond [`LARGEST_ORDER`](crate::LARGEST_ORDER), and [`Error::Undecided`].
    pub fn new(function: &Function, order: usize, at: impl Into<Constant>) -> Result<Self, Error> {
        Self::about(function, order, Point::read(at)?)
    }

    fn about(function: &Function, order: usize, point: Point) -> Result<Self, Error> {
        if order > LARGEST_ORDER {
            return Err(Error::OrderTooLarge { order, limit: LARGEST_ORDER });
        }
        let source = Source::from(function.clone());
        let at = &point.expression;
        let in_root = |failure: Failure| match source.in_root(&failure, &point.value) {
            Some(root) => order_of_pole(&root, at).map_err(|_| failure),
            None => Err(failure),
        };
        let pole = order_of_pole(&source, at)
            .or_else(in_root)
            .map_err(|failure| failure.explained(&source, at))
            .map_err(|error| match error {
                Error::NotAnalytic(reason) => {
                    NotAnalytic { series: "Laurent series", ..reason }.into()
                }
                other => other,
            })?;
        let order_of_pole = checked(pole, order, at)?;
        let analytic = match order_of_pole {
            0 => function.clone(),
            _ => unit(&point, order_of_pole)?.product(&Written::of(function)?).function()?,
        };
        let analytic = Series::about(analytic.into(), point, order + order_of_pole)?;
        Ok(Self { function: Some(function.clone()), order_of_pole, analytic })
    }

    /// The function, or `None` where no expression says what it is, as of what is computed with an integral.
    #[must_use]
    pub fn function(&self) -> Option<&Function> {
        self.function.as_ref()
    }

    /// The function as text.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.function {
            Some(function) => function.to_string(),
            None if self.order_of_pole == 0 => self.analytic.name(),
            None => {
                let unit = unit(&self.analytic.point, self.order_of_pole);
                let unit = unit.unwrap_or_else(|_| Written::new("x"));
                Written::new(self.analytic.name()).quotient(&unit).text().to_owned()
            }
        }
    }

    /// The order of the pole, 0 where there is none: the lowest degree is its negative.
    #[must_use]
    pub fn order_of_pole(&self) -> usize {
        self.order_of_pole
    }

    /// The highest degree.
    #[must_use]
    pub fn order(&self) -> usize {
        self.analytic.order() - self.order_of_pole
    }

    /// The expansion point as it was written.
    #[must_use]
    pub fn at(&self) -> &str {
        self.analytic.at()
    }

    /// The coefficients from degree `-order_of_pole` up, each correctly rounded. The first
    /// `order_of_pole` of them are the principal part.
    #[must_use]
    pub fn coefficients(&self) -> &[f64] {
        self.analytic.coefficients()
    }

    /// The Taylor series of `(x - at)^order_of_pole` times the function: it has the same
    /// coefficients.
    ///
    /// # Examples
    ///
    /// ```
    /// let series = maclaurin::laurent("cot(x)", 3, "0")?;
    /// assert_eq!(series.analytic().to_string(), "1 - x^2/3 - x^4/45");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn analytic(&self) -> &Series {
        &self.analytic
    }

    /// The coefficient of a degree exactly, or `None` where only an enclosure is known or the degree
    /// is above the order.
    #[must_use]
    pub fn exact(&self, degree: i64) -> Option<&Exact> {
        static ZERO: Exact = Exact::ZERO;
        match degree.checked_add_unsigned(self.order_of_pole as u64).map(usize::try_from)? {
            Ok(index) => self.analytic.exact(index),
            Err(_) => Some(&ZERO),
        }
    }

    /// The coefficient of degree -1, correctly rounded; [`Laurent::exact`] of -1 is it exactly.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(maclaurin::laurent("exp(x)/x^3", 0, "0")?.residue(), 0.5);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn residue(&self) -> f64 {
        self.order_of_pole.checked_sub(1).map_or(0.0, |index| self.coefficients()[index])
    }

    /// How far from the pole the series still converges to the function.
    ///
    /// # Examples
    ///
    /// ```
    /// let series = maclaurin::laurent("1/sin(x)", 3, "0")?;
    /// assert_eq!(series.radius().to_string(), "pi = 3.14159...");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn radius(&self) -> Radius {
        self.analytic.radius()
    }

    /// The value of the sum of all terms in double precision; infinite at the pole.
    #[must_use]
    pub fn evaluate(&self, x: f64) -> f64 {
        let t = x - self.analytic.at_f64();
        let power = i32::try_from(self.order_of_pole).map_or(f64::NAN, |order| t.powi(order));
        self.analytic.evaluate(x) / power
    }

    /// The series in LaTeX mathematics, with the order of what is left out.
    ///
    /// # Examples
    ///
    /// ```
    /// let series = maclaurin::laurent("1/sin(x)", 1, "0")?;
    /// assert_eq!(series.latex(), r"\frac{1}{x} + \frac{1}{6} x + O\left(x^{2}\right)");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn latex(&self) -> String {
        let base = self.analytic.point.base(true);
        let rest = format!("O\\left({base}^{{{}}}\\right)", self.order() + 1);
        let terms = self.terms(true).map(|(degree, coefficient)| {
            if degree >= 0 {
                super::latex_of_powers(once(degree, coefficient), &base)
            } else {
                let power = match degree {
                    -1 => base.clone(),
                    _ => format!("{base}^{{{}}}", -degree),
                };
                let (sign, magnitude) = match coefficient.strip_prefix('-') {
                    Some(magnitude) if super::is_product(magnitude) => ("-", magnitude),
                    _ => ("", coefficient.as_str()),
                };
                match magnitude.strip_prefix("\\frac{1}{").and_then(|rest| rest.strip_suffix('}')) {
                    Some(divisor) => format!("{sign}\\frac{{1}}{{{divisor} {power}}}"),
                    None => format!("{sign}\\frac{{{magnitude}}}{{{power}}}"),
                }
            }
        });
        format!("{} + {rest}", joined(terms))
    }

    /// The degrees whose coefficients are not zero, with their text.
    fn terms(&self, latex: bool) -> impl Iterator<Item = (i64, String)> {
        let shift = self.order_of_pole as i64;
        let written = self.analytic.written_degrees();
        written.map(move |index| (index as i64 - shift, self.analytic.written(index, latex)))
    }
}

fn once(degree: i64, coefficient: String) -> std::iter::Once<(usize, String)> {
    std::iter::once((usize::try_from(degree).unwrap_or(0), coefficient))
}

impl fmt::Display for Laurent {
    /// For instance `1/x + x/6`, which [`Function::parse`] reads.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = self.analytic.point.base(false);
        let terms = self.terms(false).map(|(degree, coefficient)| {
            if degree >= 0 {
                super::sum_of_powers(once(degree, coefficient), &base)
            } else {
                let (sign, magnitude) = match coefficient.strip_prefix('-') {
                    Some(magnitude) if super::is_product(magnitude) => ("-", magnitude),
                    _ => ("", coefficient.as_str()),
                };
                let power = Written::new(&base).power(&Written::new((-degree).to_string()));
                format!("{sign}{}", Written::new(magnitude).quotient(&power).text())
            }
        });
        formatter.write_str(&joined(terms))
    }
}

/// `(x - at)^exponent`
fn unit(point: &Point, exponent: usize) -> Result<Written, Error> {
    let variable = Written::new("x").difference(&Written::of(&point.expression)?);
    Ok(match exponent {
        1 => variable,
        _ => variable.power(&Written::new(exponent.to_string())),
    })
}

/// The order of a pole whose coefficients up to `order` are within the limit.
fn checked(pole: u64, order: usize, at: &Function) -> Result<usize, Error> {
    let all = pole.saturating_add(order as u64);
    match usize::try_from(pole) {
        Ok(known) if all <= LARGEST_ORDER as u64 => Ok(known),
        _ => {
            let at = at.text().to_owned();
            Err(Error::PoleTooHigh { at, pole, order, limit: LARGEST_ORDER })
        }
    }
}

/// The order of a pole at a point, 0 where there is none.
pub(super) fn order_of_pole(source: &Source, at: &Function) -> Result<u64, Failure> {
    let mut failure = Failure::Unsettled { degree: 0, unbounded: false };
    for bits in PRECISIONS {
        let a = Certified::new(bits);
        let variable = [a.integer(0), a.integer(1)];
        let order = match source {
            Source::Function(function) => {
                super::coefficients(&a, at, &variable, 0).and_then(|mut point| {
                    order_of(&a, function, &[point.swap_remove(0), a.integer(1)])
                })
            }
            Source::InRoot(root) => root.order_of(&a),
            // What is computed from Taylor series has none.
            Source::Derived(_) => Ok(0),
        };
        match order {
            Ok(order) => return Ok(u64::try_from(-order).unwrap_or(0)),
            Err(blocked @ Blocked { obstacle: Obstacle::MoreBits, .. }) => {
                failure = Failure::Blocked(blocked);
            }
            Err(blocked) => return Err(Failure::Blocked(blocked)),
        }
    }
    Err(failure)
}
