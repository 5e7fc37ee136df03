//! Square linear systems over any arithmetic.

use std::cmp::Ordering;

use crate::cancel::checkpoint;
use crate::certify::{limit_at, value_at};
use crate::function::Function;
use crate::number::{Arithmetic, Ball, Balls, Interval64, Rational, exactly, to_f64};

/// Arithmetic in which approximations are computed.
pub(super) trait Real {
    /// The number type.
    type Number: Clone;

    /// The significant bits of its numbers.
    const PRECISION: i32;

    fn rational(&self, value: &Rational) -> Self::Number;
    fn add(&self, a: &Self::Number, b: &Self::Number) -> Self::Number;
    fn subtract(&self, a: &Self::Number, b: &Self::Number) -> Self::Number;
    fn multiply(&self, a: &Self::Number, b: &Self::Number) -> Self::Number;
    fn divide(&self, a: &Self::Number, b: &Self::Number) -> Self::Number;
    fn negate(&self, a: &Self::Number) -> Self::Number;

    /// The number equal to a double.
    fn double(&self, x: f64) -> Self::Number;

    /// Whether the number is certainly not zero.
    fn is_regular(&self, x: &Self::Number) -> bool;

    /// A double near the number; infinite or NaN where nothing is known of it.
    fn nearest(&self, x: &Self::Number) -> f64;

    /// How far the number may be from what it stands for, at most or nearly so.
    fn uncertainty(&self, x: &Self::Number) -> f64;

    /// A rational number near the number.
    fn middle(&self, x: &Self::Number) -> Option<Rational>;

    /// `function(x)`, or `None` where it has no value that is known.
    fn value(&self, function: &Function, x: f64) -> Option<Self::Number>;
}

/// Arithmetic in doubles.
pub(super) struct Doubles;

impl Real for Doubles {
    type Number = f64;

    const PRECISION: i32 = 53;

    fn rational(&self, value: &Rational) -> f64 {
        to_f64(value)
    }

    fn add(&self, a: &f64, b: &f64) -> f64 {
        a + b
    }

    fn subtract(&self, a: &f64, b: &f64) -> f64 {
        a - b
    }

    fn multiply(&self, a: &f64, b: &f64) -> f64 {
        a * b
    }

    fn divide(&self, a: &f64, b: &f64) -> f64 {
        a / b
    }

    fn negate(&self, a: &f64) -> f64 {
        -a
    }

    fn double(&self, x: f64) -> f64 {
        x
    }

    fn is_regular(&self, x: &f64) -> bool {
        *x != 0.0 && !x.is_nan()
    }

    fn nearest(&self, x: &f64) -> f64 {
        *x
    }

    fn uncertainty(&self, x: &f64) -> f64 {
        x.abs() * f64::EPSILON
    }

    fn middle(&self, x: &f64) -> Option<Rational> {
        Rational::try_from(*x).ok()
    }

    fn value(&self, function: &Function, x: f64) -> Option<f64> {
        let value = function.evaluate(x);
        if value.is_finite() {
            return Some(value);
        }
        // Removable, perhaps.
        let precise = Limbs::<2, true>;
        let ball = precise.value(function, x)?;
        Some(precise.nearest(&ball)).filter(|value| value.is_finite())
    }
}

/// Arithmetic in `N` limbs: rigorous, in balls, or in their midpoints alone, of which no more is known
/// than that they are near. Enclosures of solutions of large systems are too wide to be of use.
pub(super) struct Limbs<const N: usize, const RIGOROUS: bool>;

impl<const N: usize, const RIGOROUS: bool> Limbs<N, RIGOROUS> {
    fn kept(ball: Ball<N>) -> Ball<N> {
        if RIGOROUS { ball } else { ball.without_radius() }
    }
}

impl<const N: usize, const RIGOROUS: bool> Real for Limbs<N, RIGOROUS> {
    type Number = Ball<N>;

    const PRECISION: i32 = 64 * N as i32;

    fn rational(&self, value: &Rational) -> Ball<N> {
        Self::kept(Balls::<N>.exact(&value.clone().into()))
    }

    fn add(&self, a: &Ball<N>, b: &Ball<N>) -> Ball<N> {
        Self::kept(Balls::<N>.add(a, b))
    }

    fn subtract(&self, a: &Ball<N>, b: &Ball<N>) -> Ball<N> {
        Self::kept(Balls::<N>.subtract(a, b))
    }

    fn multiply(&self, a: &Ball<N>, b: &Ball<N>) -> Ball<N> {
        Self::kept(Balls::<N>.multiply(a, b))
    }

    fn divide(&self, a: &Ball<N>, b: &Ball<N>) -> Ball<N> {
        Self::kept(Balls::<N>.divide(a, b))
    }

    fn negate(&self, a: &Ball<N>) -> Ball<N> {
        Balls::<N>.negate(a)
    }

    fn double(&self, x: f64) -> Ball<N> {
        self.rational(&exactly(x))
    }

    fn is_regular(&self, x: &Ball<N>) -> bool {
        Balls::<N>.sign(x).is_some_and(Ordering::is_ne)
    }

    fn nearest(&self, x: &Ball<N>) -> f64 {
        let Interval64 { low, high } = x.to_interval64();
        low.midpoint(high)
    }

    fn uncertainty(&self, x: &Ball<N>) -> f64 {
        x.radius().max(self.nearest(x).abs() * 2f64.powi(-Self::PRECISION))
    }

    fn middle(&self, x: &Ball<N>) -> Option<Rational> {
        let (lower, upper) = x.to_interval().bounds()?;
        Some((lower + upper) / Rational::from(2))
    }

    fn value(&self, function: &Function, x: f64) -> Option<Ball<N>> {
        let a = Balls::<N>;
        let is_bounded = |ball: &Ball<N>| ball.to_interval64().magnitude() < f64::INFINITY;
        let value = value_at(&a, function, x)?;
        if is_bounded(&value) { Some(value) } else { limit_at(&a, function, x) }
    }
}

/// A matrix as the product of a permutation, a unit lower and an upper triangular matrix.
pub(super) struct Factors<N> {
    /// Both triangles, row by row.
    rows: Vec<Vec<N>>,
    /// The row of the matrix that each row came from.
    origin: Vec<usize>,
}

impl<N: Clone> Factors<N> {
    /// Gaussian elimination with partial pivoting; `None` where no pivot is certainly not zero.
    pub(super) fn new<A: Real<Number = N>>(a: &A, mut rows: Vec<Vec<N>>) -> Option<Self> {
        let size = rows.len();
        let mut origin: Vec<usize> = (0..size).collect();
        for k in 0..size {
            checkpoint();
            let magnitude = |row: &Vec<N>| a.nearest(&row[k]).abs();
            let best =
                (k..size).max_by(|&i, &j| magnitude(&rows[i]).total_cmp(&magnitude(&rows[j])))?;
            rows.swap(k, best);
            origin.swap(k, best);
            let (done, rest) = rows.split_at_mut(k + 1);
            let pivot = &done[k];
            if !a.is_regular(&pivot[k]) {
                return None;
            }
            for row in rest {
                let factor = a.divide(&row[k], &pivot[k]);
                for j in k + 1..size {
                    row[j] = a.subtract(&row[j], &a.multiply(&factor, &pivot[j]));
                }
                row[k] = factor;
            }
        }
        Some(Self { rows, origin })
    }

    /// The `x` with `M x = b`.
    pub(super) fn solve<A: Real<Number = N>>(&self, a: &A, b: &[N]) -> Vec<N> {
        let mut x: Vec<N> = self.origin.iter().map(|&i| b[i].clone()).collect();
        for i in 0..x.len() {
            for j in 0..i {
                x[i] = a.subtract(&x[i], &a.multiply(&self.rows[i][j], &x[j]));
            }
        }
        for i in (0..x.len()).rev() {
            for j in i + 1..x.len() {
                x[i] = a.subtract(&x[i], &a.multiply(&self.rows[i][j], &x[j]));
            }
            x[i] = a.divide(&x[i], &self.rows[i][i]);
        }
        x
    }

    /// The `x` with `M^T x = b`.
    pub(super) fn solve_transposed<A: Real<Number = N>>(&self, a: &A, b: &[N]) -> Vec<N> {
        let mut y = b.to_vec();
        for i in 0..y.len() {
            for j in 0..i {
                y[i] = a.subtract(&y[i], &a.multiply(&self.rows[j][i], &y[j]));
            }
            y[i] = a.divide(&y[i], &self.rows[i][i]);
        }
        for i in (0..y.len()).rev() {
            for j in i + 1..y.len() {
                y[i] = a.subtract(&y[i], &a.multiply(&self.rows[j][i], &y[j]));
            }
        }
        let mut x = y.clone();
        for (value, &i) in y.into_iter().zip(&self.origin) {
            x[i] = value;
        }
        x
    }
}

/// A matrix with the values of a space's functions, and the combination of its rows that vanishes on the space.
pub(super) type Dual<N> = (Factors<N>, Vec<N>);

/// What is appended to the values of a space's functions at one point more than it has dimensions, so that the
/// matrix is regular: any column of which the wanted combination is not zero.
#[derive(Clone, Copy, Debug)]
pub(super) enum LastColumn {
    /// Alternating signs, as those of the combination where the space satisfies Haar's condition.
    Alternating,
    /// The signs that are given.
    Signs,
    /// A single point.
    Single(usize),
}

impl LastColumn {
    /// Those that are tried, in turn.
    pub(super) fn all(count: usize) -> impl Iterator<Item = Self> {
        [Self::Alternating, Self::Signs].into_iter().chain((0..count).map(Self::Single))
    }

    /// The combination of rows that vanishes on the space, and whose sum with the column, in the units, is 1.
    pub(super) fn dual<A: Real>(
        self,
        a: &A,
        rows: &[Vec<A::Number>],
        units: &[A::Number],
        signs: impl Iterator<Item = f64>,
    ) -> Option<Dual<A::Number>> {
        let entry = |i: usize, sign: f64| match self {
            Self::Alternating => [1.0, -1.0][i % 2],
            Self::Signs => sign.signum() * f64::from(u8::from(sign != 0.0)),
            Self::Single(k) => f64::from(u8::from(i == k)),
        };
        let appended = |(i, ((row, unit), sign)): (usize, ((&Vec<_>, &_), f64))| {
            let mut row = row.clone();
            row.push(a.multiply(&a.double(entry(i, sign)), unit));
            row
        };
        let rows: Vec<_> = rows.iter().zip(units).zip(signs).enumerate().map(appended).collect();
        let mut last = vec![a.double(0.0); rows.len()];
        *last.last_mut()? = a.double(1.0);
        let factors = Factors::new(a, rows)?;
        let dual = factors.solve_transposed(a, &last);
        Some((factors, dual))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn solutions_satisfy_their_systems(entries in prop::collection::vec(-9i8..10, 30)) {
            let a = Limbs::<2, true>;
            let number = |x: &i8| a.double(f64::from(*x));
            let rows: Vec<Vec<_>> =
                entries[..25].chunks(5).map(|row| row.iter().map(number).collect()).collect();
            let b: Vec<_> = entries[25..].iter().map(number).collect();
            let Some(factors) = Factors::new(&a, rows.clone()) else { return Ok(()) };
            let (x, y) = (factors.solve(&a, &b), factors.solve_transposed(&a, &b));
            for i in 0..5 {
                let row = (0..5).fold(a.double(0.0), |sum, j| a.add(&sum, &a.multiply(&rows[i][j], &x[j])));
                let column = (0..5).fold(a.double(0.0), |sum, j| a.add(&sum, &a.multiply(&rows[j][i], &y[j])));
                for product in [row, column] {
                    let rest = a.subtract(&product, &b[i]).to_interval64();
                    prop_assert!(rest.contains(0.0) && rest.magnitude() < 1e-25);
                }
            }
        }
    }
}
