//! An approximation as a polynomial: coefficients, values, text.

use std::fmt;

use super::{Approximation, Choice, Coefficients, hull};
use crate::certify::{Basis, ErrorBound, Form, Measure, error_of};
use crate::expand::Polynomial;
use crate::function::Function;
use crate::number::{Rational, exactly, interval, to_f64};
use crate::series::{Error, decimal, joined, latex_of_powers, sum_of_powers};

/// Powers are evaluated where their terms together are not larger than the Chebyshev form's by more
/// than this, or where doubles see the error none the less.
const MOST_GROWTH: f64 = 64.0;

impl Approximation {
    /// The function.
    #[must_use]
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// The ranges, from left to right.
    #[must_use]
    pub fn on(&self) -> &[(f64, f64)] {
        &self.ranges
    }

    /// How the polynomial was chosen.
    #[must_use]
    pub fn choice(&self) -> &Choice {
        &self.choice
    }

    /// A certified upper bound of the error on the ranges, absolute, relative or weighted as was chosen, of the
    /// polynomial in exact arithmetic. Its coefficients are [`Approximation::coefficients`]; where
    /// [`Approximation::basis`] says so [`Approximation::chebyshev`]; and for
    /// [`Coefficients::Exact`] those of [`Approximation::exact`].
    #[must_use]
    pub fn error(&self) -> ErrorBound {
        self.error
    }

    /// A certified lower bound of the largest error of every polynomial of this form: up to the
    /// degree that was asked for, or with the free degrees, and through the points that were asked for. It is
    /// never above the error of this one, whose rounded coefficients may miss those points.
    #[must_use]
    pub fn best(&self) -> f64 {
        self.best
    }

    /// The degree that was asked for, or found for a tolerance.
    #[must_use]
    pub fn degree(&self) -> usize {
        self.degree
    }

    /// The point whose powers the coefficients belong to: the middle of the range, unless one was
    /// chosen.
    #[must_use]
    pub fn center(&self) -> f64 {
        self.choice.center.unwrap_or(self.form.center)
    }

    /// The coefficients of the powers of `x - center`, each the double nearest to the exact one.
    #[must_use]
    pub fn coefficients(&self) -> &[f64] {
        &self.numbers().coefficients
    }

    /// The exact coefficient of a power of `x - center`.
    #[must_use]
    pub fn exact(&self, degree: usize) -> Option<&Rational> {
        self.numbers().powers.get(degree)
    }

    /// The degrees of 1 and up with a coefficient that is not zero.
    #[must_use]
    pub fn degrees(&self) -> Vec<usize> {
        let powers = &self.numbers().powers;
        (1..powers.len()).filter(|&degree| !powers[degree].is_zero()).collect()
    }

    /// The coefficients of the Chebyshev polynomials `T_k` of the smallest range around all ranges.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Approximation, Choice, Function};
    ///
    /// let square = Function::parse("x^2")?;
    /// let p = Approximation::new(&square, 2, &[(-1.0, 1.0)], &Choice::default())?;
    /// assert_eq!(p.chebyshev(), [0.5, 0.0, 0.5]);
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn chebyshev(&self) -> &[f64] {
        &self.numbers().chebyshev
    }

    /// The basis in which the polynomial is evaluated: powers of `x - center`, unless their terms
    /// grow so large that rounding would show in the error.
    #[must_use]
    pub fn basis(&self) -> Basis {
        self.numbers().basis
    }

    /// The polynomial's value in double precision, by Horner's or Clenshaw's rule as
    /// [`Approximation::basis`] says.
    #[must_use]
    pub fn evaluate(&self, x: f64) -> f64 {
        match self.basis() {
            Basis::Powers => {
                let t = x - self.center();
                self.coefficients().iter().rev().fold(0.0, |sum, a| sum * t + a)
            }
            Basis::Chebyshev => {
                let (u, _) = self.place(x);
                let (mut next, mut after) = (0.0, 0.0);
                let coefficients = self.chebyshev();
                for c in coefficients[1..].iter().rev() {
                    (next, after) = (c + 2.0 * u * next - after, next);
                }
                coefficients[0] + u * next - after
            }
        }
    }

    /// The derivative at `x` of the sum of Chebyshev polynomials, in doubles.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Approximation, Choice, Function};
    ///
    /// let square = Function::parse("x^2")?;
    /// let p = Approximation::new(&square, 2, &[(0.0, 2.0)], &Choice::default())?;
    /// assert_eq!(p.slope(1.5), 3.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn slope(&self, x: f64) -> f64 {
        // T_k' = k U_(k-1), and U_(k-1) obeys the recurrence of T_k.
        let (u, half) = self.place(x);
        let (mut sum, mut before, mut value) = (0.0, 0.0, 1.0);
        for (k, c) in self.chebyshev().iter().enumerate().skip(1) {
            sum += k as f64 * c * value;
            (before, value) = (value, 2.0 * u * value - before);
        }
        sum / half
    }

    /// The Chebyshev polynomials of the smallest range around all ranges at `x`, in doubles: as many as
    /// [`Approximation::chebyshev`] has coefficients.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Approximation, Choice, Function};
    ///
    /// let square = Function::parse("x^2")?;
    /// let p = Approximation::new(&square, 2, &[(-1.0, 1.0)], &Choice::default())?;
    /// // 1, x and 2 x^2 - 1.
    /// assert!(p.chebyshev_polynomials(0.5).eq([1.0, 0.5, -0.5]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn chebyshev_polynomials(&self, x: f64) -> impl Iterator<Item = f64> {
        let (u, _) = self.place(x);
        let (mut before, mut value) = (u, 1.0);
        (0..self.chebyshev().len()).map(move |_| {
            let own = value;
            (before, value) = (value, 2.0 * u * value - before);
            own
        })
    }

    /// The place of `x` in the smallest range around all, which is mapped to [-1, 1], and half its width.
    fn place(&self, x: f64) -> (f64, f64) {
        let (low, high) = hull(&self.ranges);
        let half = high / 2.0 - low / 2.0;
        ((x - low.midpoint(high)) / half, half)
    }

    /// A certified upper bound of `|f(x) - p(x)|` for `low <= x <= high`, as
    /// [`Series::error_bound`](crate::Series::error_bound): on any range, also outside the one that
    /// the polynomial was made for.
    ///
    /// # Errors
    ///
    /// As [`Series::error_bound`](crate::Series::error_bound).
    pub fn error_bound(&self, low: f64, high: f64) -> Result<ErrorBound, Error> {
        error_of(&self.form, &self.anchor, (low, high), Measure::Absolute)
    }

    /// The coefficients and the center alone: what expanding an array needs.
    #[must_use]
    pub fn polynomial(&self) -> Polynomial {
        Polynomial::with_degrees(self.center(), self.coefficients().to_vec(), self.degrees())
    }

    /// The polynomial in LaTeX mathematics: of powers, or of Chebyshev polynomials where that is its
    /// [basis](Approximation::basis).
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Approximation, Choice, Function};
    ///
    /// let f = Function::parse("x^2/2 - 3")?;
    /// let p = Approximation::new(&f, 2, &[(0.0, 2.0)], &Choice { center: Some(0.0), ..Choice::default() })?;
    /// assert_eq!(p.latex(), "-3.0 + 0.5 x^{2}");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn latex(&self) -> String {
        let terms = self.terms().map(|(degree, a)| (degree, decimal(a, true)));
        match self.basis() {
            Basis::Powers => latex_of_powers(terms, &self.base("\\left(", "\\right)", true)),
            Basis::Chebyshev => {
                let (over, half) = self.mapped(true);
                let sum = joined(terms.map(|(k, a)| format!("{a} T_{{{k}}}(u)")));
                format!("{sum},\\quad u = \\frac{{{over}}}{{{half}}}")
            }
        }
    }

    /// The numerator and the denominator of the place of `x` in the smallest range around all.
    fn mapped(&self, latex: bool) -> (String, String) {
        let (low, high) = hull(&self.ranges);
        let over = less(low.midpoint(high), latex).unwrap_or_else(|| "x".into());
        (over, place(high / 2.0 - low / 2.0, latex))
    }

    /// `x`, or `x` less the center in parentheses: what is raised to powers.
    fn base(&self, open: &str, close: &str, latex: bool) -> String {
        less(self.center(), latex)
            .map_or_else(|| "x".to_owned(), |shifted| format!("{open}{shifted}{close}"))
    }

    /// The coefficients in the basis that are not zero, by degree.
    fn terms(&self) -> impl Iterator<Item = (usize, f64)> {
        let coefficients = match self.basis() {
            Basis::Powers => self.coefficients(),
            Basis::Chebyshev => self.chebyshev(),
        };
        coefficients.iter().copied().enumerate().filter(|(_, a)| *a != 0.0)
    }

    /// The ranges as people write them: `[-1, -0.1] and [0.1, 1]`.
    #[must_use]
    pub fn ranges_text(&self) -> String {
        let ranges: Vec<_> = self.ranges.iter().copied().map(interval).collect();
        ranges.join(" and ")
    }

    pub(super) fn numbers(&self) -> &Numbers {
        self.numbers.get_or_init(|| {
            let (low, high) = hull(&self.ranges);
            let center = self.center();
            let powers = self.form.powers(center);
            let coefficients: Vec<f64> = powers.iter().map(to_f64).collect();
            let chebyshev: Vec<f64> = match self.form.basis {
                Basis::Chebyshev => self.form.coefficients.iter().map(to_f64).collect(),
                Basis::Powers => {
                    chebyshev(&powers, center, (low, high)).iter().map(to_f64).collect()
                }
            };
            let radius = (low - center).abs().max((high - center).abs());
            let suits =
                || suits_powers(&coefficients, radius, &chebyshev, self.error.bound, f64::EPSILON);
            let basis = match self.choice.coefficients {
                Coefficients::Exact if suits() => Basis::Powers,
                Coefficients::Exact => Basis::Chebyshev,
                _ => self.form.basis,
            };
            Numbers { powers, coefficients, chebyshev, basis }
        })
    }
}

/// Whether sums of powers up to `radius` lose little to rounding with `unit`, or nothing that shows in
/// the error.
pub(super) fn suits_powers(
    powers: &[f64],
    radius: f64,
    chebyshev: &[f64],
    error: f64,
    unit: f64,
) -> bool {
    let size: f64 = chebyshev.iter().map(|c| c.abs()).sum();
    let terms = powers.iter().rev().fold(0.0, |sum, a| sum * radius + a.abs());
    terms <= MOST_GROWTH * size || terms * unit <= error / 100.0
}

/// The numbers that a polynomial is read and evaluated by.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    /// The exact coefficients of the powers of `x - center`.
    pub(super) powers: Vec<Rational>,
    coefficients: Vec<f64>,
    chebyshev: Vec<f64>,
    basis: Basis,
}

/// A polynomial in powers of `x - center` in Chebyshev polynomials of a range.
pub(super) fn chebyshev(
    powers: &[Rational],
    center: f64,
    (low, high): (f64, f64),
) -> Vec<Rational> {
    let two = Rational::from(2);
    let half = (exactly(high) - exactly(low)) / &two;
    let shift = (exactly(high) + exactly(low)) / &two - exactly(center);
    in_chebyshev(powers, &shift, &half)
}

/// `sum_k powers[k] (shift + half v)^k` in Chebyshev polynomials of `v`.
pub(super) fn in_chebyshev(
    powers: &[Rational],
    shift: &Rational,
    half: &Rational,
) -> Vec<Rational> {
    let two = Rational::from(2);
    // Horner's rule for x - center = shift + half v: v T_0 = T_1 and v T_k = (T_(k+1) + T_(k-1)) / 2
    // (DLMF 18.9.1).
    let mut sum: Vec<Rational> = Vec::new();
    for coefficient in powers.iter().rev() {
        let mut next = vec![Rational::ZERO; sum.len() + 1];
        for (k, value) in sum.iter().enumerate() {
            next[k] += shift * value;
            let scaled = half * value;
            if k == 0 {
                next[1] += scaled;
            } else {
                next[k + 1] += &scaled / &two;
                next[k - 1] += scaled / &two;
            }
        }
        next[0] += coefficient;
        sum = next;
    }
    sum
}

/// `x - c`; `None` for zero.
fn less(c: f64, latex: bool) -> Option<String> {
    let sign = if c < 0.0 { '+' } else { '-' };
    (c != 0.0).then(|| format!("x {sign} {}", place(c.abs(), latex)))
}

/// A point or a width.
fn place(value: f64, latex: bool) -> String {
    let text = decimal(value, latex);
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

impl fmt::Display for Approximation {
    /// For instance `0.5 + 0.197*x - 0.004*x^3`, or `0.5*T0(u) + 0.6*T1(u), u = (x - 1)/2` where the
    /// [basis](Approximation::basis) is that of Chebyshev polynomials, with the shortest decimals that read back as
    /// the coefficients.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms = self.terms().map(|(degree, a)| (degree, decimal(a, false)));
        match self.basis() {
            Basis::Powers => {
                formatter.write_str(&sum_of_powers(terms, &self.base("(", ")", false)))
            }
            Basis::Chebyshev => {
                let (over, half) = self.mapped(false);
                let over = if over == "x" { over } else { format!("({over})") };
                let sum = joined(terms.map(|(k, a)| format!("{a}*T{k}(u)")));
                write!(formatter, "{sum}, u = {over}/{half}")
            }
        }
    }
}

impl Form {
    /// Whether two forms are the same polynomial.
    pub(super) fn is_equal(&self, other: &Self) -> bool {
        let trimmed = |form: &Self| {
            let mut powers = form.powers(self.center);
            powers.truncate(powers.iter().rposition(|a| !a.is_zero()).map_or(0, |last| last + 1));
            powers
        };
        trimmed(self) == trimmed(other)
    }

    /// The coefficients of the powers of `x - center`.
    pub(super) fn powers(&self, center: f64) -> Vec<Rational> {
        let zero = || vec![Rational::ZERO; self.coefficients.len()];
        let mut powers = match self.basis {
            Basis::Powers => self.coefficients.clone(),
            Basis::Chebyshev => {
                // T_(k+1) = 2 u T_k - T_(k-1) (DLMF 18.9.1).
                let (mut before, mut own) = (zero(), zero());
                own[0] = Rational::ONE;
                let mut sum = zero();
                for (k, coefficient) in self.coefficients.iter().enumerate() {
                    if k > 0 {
                        let factor = Rational::from(if k == 1 { 1 } else { 2 });
                        let mut next = zero();
                        for j in 0..next.len() {
                            let raised = if j > 0 { &factor * &own[j - 1] } else { Rational::ZERO };
                            next[j] = raised - &before[j];
                        }
                        (before, own) = (own, next);
                    }
                    for (value, t) in sum.iter_mut().zip(&own).filter(|(_, t)| !t.is_zero()) {
                        *value += coefficient * t;
                    }
                }
                sum
            }
        };
        let unit = exactly(self.half_width);
        let mut power = Rational::ONE;
        for value in &mut powers {
            *value /= &power;
            power *= &unit;
        }
        if center != self.center {
            let shift = exactly(center) - exactly(self.center);
            // Horner's rule, which leaves the shifted coefficients in place.
            for done in 0..powers.len() {
                for k in (done..powers.len() - 1).rev() {
                    let carried = &shift * &powers[k + 1];
                    powers[k] += carried;
                }
            }
        }
        powers
    }
}
