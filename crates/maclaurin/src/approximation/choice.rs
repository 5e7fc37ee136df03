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
}

impl Choice {
    /// Whether errors are the distances themselves.
    pub(super) fn is_absolute(&self) -> bool {
        !self.relative && self.weight.is_none()
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
