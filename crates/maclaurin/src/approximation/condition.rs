//! Points at which a polynomial has given values.
//!
//! The polynomials up to degree `n` with `p(x_i) = y_i` at `m` points are `L + s q`, where `L`
//! interpolates, `s(x) = prod_i (x - x_i)`, and `q` is any polynomial up to degree `n - m`. So `L` is
//! given, and the functions that are combined are `s T_k`. Where `s` is negative, target and functions
//! change their signs: the `|s| T_k` satisfy Haar's condition between the points, and errors keep their
//! magnitudes.

use super::linear::{Limbs, Real};
use super::polynomial::in_chebyshev;
use super::problem::Problem;
use super::unfit;
use crate::certify::{Basis, Form};
use crate::function::Function;
use crate::number::{Interval64, Rational, exactly, to_f64};
use crate::series::{Error, Series};

/// `p(at) = value`
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub at: f64,
    pub value: Rational,
    /// At least the distance of the value from that of the function where this is what is meant; 0 for a
    /// value that is known exactly.
    pub uncertainty: f64,
}

impl Condition {
    /// `p(at) = f(at)`, exactly where the value is a rational number, and to some 1200 bits otherwise.
    pub(super) fn of(function: &Function, at: f64) -> Result<Self, Error> {
        let series = Series::new(function, 0, exactly(at)).ok();
        let exact = series.as_ref().and_then(|series| series.exact(0)?.as_rational().cloned());
        if let Some(value) = exact {
            return Ok(Self { at, value, uncertainty: 0.0 });
        }
        let ball = Limbs::<20, true>.value(function, at);
        let bounds = ball.and_then(|ball| ball.to_interval().bounds());
        let (lower, upper) = bounds.ok_or(Error::Unbounded { near: at })?;
        let two = Rational::from(2);
        let uncertainty = match to_f64(&((&upper - &lower) / &two)) {
            0.0 if lower == upper => 0.0,
            half => half.next_up(),
        };
        Ok(Self { at, value: (lower + upper) / two, uncertainty })
    }
}

/// The conditions that a choice names.
pub(super) fn through(
    function: &Function,
    points: &[f64],
    ranges: &[(f64, f64)],
) -> Result<Vec<Condition>, Error> {
    for (i, x) in points.iter().enumerate() {
        if !ranges.iter().any(|(low, high)| low <= x && x <= high) {
            return Err(unfit("through", format!("{x} at position {i} lies outside the range")));
        }
        if points[..i].contains(x) {
            return Err(unfit("through", format!("{x} at position {i} is there twice")));
        }
    }
    points.iter().map(|&x| Condition::of(function, x)).collect()
}

impl Problem<'_> {
    /// Restricts the polynomials to those that satisfy conditions.
    pub(super) fn restrict(&mut self, conditions: Vec<Condition>) -> Result<(), Error> {
        if conditions.is_empty() {
            return Ok(());
        }
        let (have, need) = (self.degrees.len(), conditions.len());
        if have < need {
            let reason = format!("{need} points need at least the degree {}", need - 1);
            return Err(unfit("through", reason));
        }
        self.degrees.truncate(have - need);
        // Newton's divided differences (DLMF 3.3.38) in u.
        let places: Vec<Rational> = conditions.iter().map(|c| self.place(c.at)).collect();
        let mut differences: Vec<Rational> = conditions.iter().map(|c| c.value.clone()).collect();
        for order in 1..need {
            for i in (order..need).rev() {
                let rise = &differences[i] - &differences[i - 1];
                differences[i] = rise / (&places[i] - &places[i - order]);
            }
        }
        let mut interpolant: Vec<Rational> = Vec::new();
        for (difference, place) in differences.iter().zip(&places).rev() {
            interpolant = times_factor(&interpolant, place);
            if interpolant.is_empty() {
                interpolant.push(Rational::ZERO);
            }
            interpolant[0] += difference;
        }
        self.given = in_chebyshev(&interpolant, &Rational::ZERO, &Rational::ONE);
        self.conditions = conditions;
        Ok(())
    }

    /// `u` at a point.
    fn place(&self, x: f64) -> Rational {
        (exactly(x) - exactly(self.center)) / exactly(self.half_width)
    }

    /// Whether `s` is negative.
    pub(super) fn is_flipped(&self, x: f64) -> bool {
        self.conditions.iter().filter(|condition| x < condition.at).count() % 2 == 1
    }

    /// `|s(x)|`, in units of the half-width; `None` without conditions, where it is 1.
    pub(super) fn factor<A: Real>(&self, a: &A, x: f64) -> Option<A::Number> {
        let point = a.double(x);
        let half_width = a.double(self.half_width);
        let distance = |condition: &Condition| {
            let difference = a.subtract(&point, &a.double(condition.at));
            let size = if x < condition.at { a.negate(&difference) } else { difference };
            a.divide(&size, &half_width)
        };
        self.conditions.iter().map(distance).reduce(|product, d| a.multiply(&product, &d))
    }

    /// How far the interpolant at `x` may be from that of the function's own values.
    pub(super) fn interpolation_uncertainty(&self, x: f64) -> f64 {
        let between = |x: f64, y: f64| Interval64::point(x).subtract(Interval64::point(y));
        let mut sum = Interval64::point(0.0);
        for (j, own) in self.conditions.iter().enumerate().filter(|(_, c)| c.uncertainty > 0.0) {
            let mut weight = Interval64::point(own.uncertainty);
            for (k, other) in self.conditions.iter().enumerate() {
                if j != k {
                    weight = weight.multiply(between(x, other.at));
                    weight = weight.divide(between(own.at, other.at));
                }
            }
            sum = sum.add(Interval64::point(weight.magnitude()));
        }
        sum.high
    }

    /// `L + s q` for the Chebyshev coefficients of `q`.
    pub(super) fn restricted_form(&self, free: Vec<Rational>) -> Form {
        let Self { center, half_width, .. } = *self;
        let mut product = if free.is_empty() {
            vec![Rational::ZERO]
        } else {
            Form::new(Basis::Chebyshev, 0.0, 1.0, free).powers(0.0)
        };
        for condition in &self.conditions {
            product = times_factor(&product, &self.place(condition.at));
        }
        let mut all = in_chebyshev(&product, &Rational::ZERO, &Rational::ONE);
        all.resize(all.len().max(self.given.len()).max(1), Rational::ZERO);
        for (sum, given) in all.iter_mut().zip(&self.given) {
            *sum += given;
        }
        Form::new(Basis::Chebyshev, center, half_width, all)
    }

    /// Whether a polynomial has the given values.
    pub(super) fn satisfies(&self, form: &Form) -> bool {
        self.conditions.iter().all(|condition| form.value_at(condition.at) == condition.value)
    }
}

/// A polynomial in powers of `u` times `u - place`.
fn times_factor(polynomial: &[Rational], place: &Rational) -> Vec<Rational> {
    let mut product = vec![Rational::ZERO; polynomial.len() + usize::from(!polynomial.is_empty())];
    for (k, value) in polynomial.iter().enumerate() {
        product[k] -= place * value;
        product[k + 1] += value;
    }
    product
}

impl Form {
    /// The value at a double, exactly.
    pub(super) fn value_at(&self, x: f64) -> Rational {
        let t = exactly(x) - exactly(self.center);
        let powers = self.powers(self.center);
        powers.iter().rev().fold(Rational::ZERO, |sum, a| sum * &t + a)
    }
}
