//! How a polynomial is chosen.

use super::{Coefficients, LARGEST_DEGREE, Method, unfit};
use crate::certify::first_not_positive;
use crate::function::{Function, Written};
use crate::series::Error;

/// How a polynomial is chosen.
///
/// # Examples
///
/// ```
/// use maclaurin::{Approximation, Choice, Function};
///
/// // p(0) = 0, and of the other degrees the odd ones alone.
/// let choice = Choice {
///     degrees: Some(vec![1, 3, 5]),
///     fixed: vec![(0, 0.0)],
///     ..Choice::default()
/// };
/// let tanh = Function::parse("tanh(x)")?;
/// let p = Approximation::new(&tanh, 5, &[(-2.0, 2.0)], &choice)?;
/// assert_eq!(p.degrees(), [1, 3, 5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// By which norm the polynomial is near the function.
    pub method: Method,
    /// Whether errors are relative: `|f - p| / |f|`.
    pub relative: bool,
    /// A function `w` that is positive on the ranges: errors are then `w |f - p|`, in the maximum or in the
    /// square of the method, [`Method::Chebyshev`] aside. `relative` is the weight `1/|f|`, so not both.
    ///
    /// ```
    /// use maclaurin::{Approximation, Choice, Function};
    ///
    /// let weight = Some(Function::parse("exp(-x^2)")?);
    /// let choice = Choice { weight, ..Choice::default() };
    /// let p = Approximation::new(&Function::parse("cos(x)")?, 4, &[(-2.0, 2.0)], &choice)?;
    /// let off = |x: f64| (p.evaluate(x) - x.cos()).abs();
    /// assert!(off(2.0) > 20.0 * p.error().bound && off(0.0) <= p.error().bound);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub weight: Option<Function>,
    /// The degrees whose coefficients are free, in powers of `x - center`; all up to the degree, if
    /// `None`.
    pub degrees: Option<Vec<usize>>,
    /// Degrees whose coefficients are given, in powers of `x - center`.
    pub fixed: Vec<(usize, f64)>,
    /// Points where `p(x) = f(x)`; not with `degrees`, `fixed`, samples, or [`Method::Chebyshev`].
    ///
    /// With [`Coefficients::Exact`] the value at each is the function's own where that is a rational
    /// number, and nearer to it than `1e-300` of its size otherwise. In other formats `p(x)` differs from
    /// that by what the rounding of the coefficients amounts to, which is nothing at `center` where `f(center)` is
    /// a number of the format.
    pub through: Vec<f64>,
    /// The point whose powers these are. If `None` it is 0 where `degrees` or `fixed` are given, and
    /// the middle of the range otherwise.
    pub center: Option<f64>,
    /// The numbers that the coefficients are taken from.
    pub coefficients: Coefficients,
    /// Degrees whose coefficients are taken from others, as `fpminimax` of Sollya has it: the polynomial is
    /// then one in powers of `x - center`. Not with exact coefficients.
    ///
    /// ```
    /// use maclaurin::{Approximation, Choice, Coefficients, Format, Function};
    ///
    /// // The first coefficients in float64, those of higher degrees in float32.
    /// let double = Coefficients::Format(Format::F64);
    /// let choice = Choice {
    ///     coefficients: Coefficients::Format(Format::F32),
    ///     formats: vec![(0, double), (1, double), (2, double)],
    ///     ..Choice::default()
    /// };
    /// let p = Approximation::new(&Function::parse("exp(x)")?, 5, &[(-0.1, 0.1)], &choice)?;
    /// assert!(p.coefficients()[3..].iter().all(|c| f64::from(*c as f32) == *c));
    /// assert!(p.error().bound < 1.01 * p.best());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub formats: Vec<(usize, Coefficients)>,
}

impl Choice {
    /// Whether errors are the distances themselves.
    pub(super) fn is_absolute(&self) -> bool {
        !self.relative && self.weight.is_none()
    }

    /// The numbers that the coefficient of a degree is taken from.
    pub(super) fn format_of(&self, degree: usize) -> Coefficients {
        let own = self.formats.iter().find(|(other, _)| *other == degree);
        own.map_or(self.coefficients, |(_, format)| *format)
    }

    /// Refuses formats of single coefficients that do not fit; `highest` is the largest degree there may be.
    pub(super) fn check_formats(&self, highest: usize) -> Result<(), Error> {
        let refuse = |reason: String| Err(unfit("coefficients", reason));
        for (i, &(degree, format)) in self.formats.iter().enumerate() {
            if degree > highest {
                return refuse(format!(
                    "degree {degree} has a format, but the highest degree is {highest}"
                ));
            }
            if self.formats[..i].iter().any(|(other, _)| *other == degree) {
                return refuse(format!("degree {degree} has two formats; give one"));
            }
            if format == Coefficients::Exact {
                return refuse(format!(
                    "degree {degree} cannot be exact by itself: give it a format, or make all exact"
                ));
            }
        }
        if !self.formats.is_empty() && self.coefficients == Coefficients::Exact {
            return refuse(
                "formats of single degrees do not go with exact coefficients; give the others a format too".into(),
            );
        }
        Ok(())
    }

    /// With [`Choice::coefficients`] and [`Choice::formats`] from their text: `float32`, or `float32, 0=float64`
    /// for another format of degree 0.
    ///
    /// # Errors
    ///
    /// [`Error::Choice`] for what is no such text.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::Choice;
    ///
    /// let choice = Choice::default().with_coefficients("float32,0=float64,1=24")?;
    /// assert_eq!(choice.coefficients_text(), "float32, 0=float64, 1=24");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    pub fn with_coefficients(mut self, text: &str) -> Result<Self, Error> {
        let (all, single) = text.split_once(',').unwrap_or((text, ""));
        self.coefficients = all.trim().parse()?;
        self.formats.clear();
        for part in single.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let parts = part
                .split_once('=')
                .and_then(|(degree, format)| Some((degree.trim().parse().ok()?, format.trim())));
            let Some((degree, format)) = parts else {
                let reason = format!("{part:?} is not DEGREE=FORMAT, such as 0=float64");
                return Err(unfit("coefficients", reason));
            };
            self.formats.push((degree, format.parse()?));
        }
        Ok(self)
    }

    /// [`Choice::coefficients`] and [`Choice::formats`] as [`Choice::with_coefficients`] reads them.
    #[must_use]
    pub fn coefficients_text(&self) -> String {
        let own = self.formats.iter().map(|(degree, format)| format!(", {degree}={format}"));
        self.coefficients.to_string() + &own.collect::<String>()
    }

    /// The reciprocal of the weight, in which errors are measured.
    pub(super) fn unit(&self) -> Result<Option<Function>, Error> {
        let Some(weight) = &self.weight else { return Ok(None) };
        let unit = Written::new("1").quotient(&Written::of(weight)?);
        Ok(Some(unit.function()?))
    }

    /// Refuses a weight that is not proven to be positive on the ranges.
    pub(super) fn check_weight(&self, ranges: &[(f64, f64)]) -> Result<(), Error> {
        let Some(weight) = &self.weight else { return Ok(()) };
        if self.relative {
            let reason = "relative is the weight 1/|f|: give one of the two";
            return Err(unfit("weight", reason.into()));
        }
        let unproven = ranges.iter().find_map(|&range| first_not_positive(weight, range));
        unproven.map_or(Ok(()), |near| {
            let reason = format!(
                "{weight} is not proven to be positive and finite near x = {near:?}; choose one that is, or a range \
                 without that point"
            );
            Err(unfit("weight", reason))
        })
    }

    /// For each degree that is free the choice of the free ones up to it, with the largest degree.
    pub(super) fn by_degree(&self) -> Vec<(usize, Self)> {
        if self.degrees.is_none() && self.fixed.is_empty() {
            let first = self.through.len().saturating_sub(1);
            return (first..=LARGEST_DEGREE).map(|degree| (degree, self.clone())).collect();
        }
        let all = || (0..=LARGEST_DEGREE).collect();
        let mut free: Vec<usize> = self.degrees.clone().unwrap_or_else(all);
        free.retain(|degree| self.fixed.iter().all(|(given, _)| given != degree));
        free.sort_unstable();
        free.dedup();
        let highest_fixed = self.fixed.iter().map(|(degree, _)| *degree).max().unwrap_or(0);
        let up_to = |i: usize| {
            let choice = Self { degrees: Some(free[..=i].to_vec()), ..self.clone() };
            (free[i].max(highest_fixed), choice)
        };
        (0..free.len()).map(up_to).collect()
    }

    /// The largest degree that is named, free or fixed.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::Choice;
    ///
    /// let choice = Choice { degrees: Some(vec![1, 3]), fixed: vec![(4, 0.5)], ..Choice::default() };
    /// assert_eq!(choice.largest_degree(), Some(4));
    /// ```
    #[must_use]
    pub fn largest_degree(&self) -> Option<usize> {
        self.degrees.iter().flatten().chain(self.fixed.iter().map(|(k, _)| k)).copied().max()
    }
}
