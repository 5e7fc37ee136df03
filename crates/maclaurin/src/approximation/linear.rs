//! Square linear systems over any arithmetic.

use crate::certify::value_at;
use crate::function::Function;
use crate::number::{Arithmetic, Balls, Float64, Interval64, Rational};

/// Arithmetic in which approximations are computed.
pub(super) trait Real: Arithmetic {
    /// The bits of its numbers.
    const BITS: i32;

    /// A double near the number; infinite or NaN where nothing is known of it.
    fn nearest(&self, x: &Self::Number) -> f64;

    /// How far the number may be from what it stands for, at most or nearly so.
    fn uncertainty(&self, x: &Self::Number) -> f64;

    /// A rational number near the number.
    fn middle(&self, x: &Self::Number) -> Option<Rational>;

    /// `function(x)`, or `None` where it has no value that is known.
    fn value(&self, function: &Function, x: f64) -> Option<Self::Number>;

    /// The number equal to a double.
    fn double(&self, x: f64) -> Self::Number {
        self.exact(&Rational::try_from(x).unwrap_or_default().into())
    }
}

impl Real for Float64 {
    const BITS: i32 = 53;

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
        let ball = Balls::<2>.value(function, x)?;
        Some(Balls::<2>.nearest(&ball)).filter(|value| value.is_finite())
    }

    fn double(&self, x: f64) -> f64 {
        x
    }
}

impl<const N: usize> Real for Balls<N> {
    const BITS: i32 = 64 * N as i32;

    fn nearest(&self, x: &Self::Number) -> f64 {
        let Interval64 { low, high } = x.to_interval64();
        low.midpoint(high)
    }

    fn uncertainty(&self, x: &Self::Number) -> f64 {
        x.radius()
    }

    fn middle(&self, x: &Self::Number) -> Option<Rational> {
        let (lower, upper) = x.to_interval().bounds()?;
        Some((lower + upper) / Rational::from(2))
    }

    fn value(&self, function: &Function, x: f64) -> Option<Self::Number> {
        value_at(self, function, x)
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
            let magnitude = |row: &Vec<N>| a.nearest(&row[k]).abs();
            let best =
                (k..size).max_by(|&i, &j| magnitude(&rows[i]).total_cmp(&magnitude(&rows[j])))?;
            rows.swap(k, best);
            origin.swap(k, best);
            let (done, rest) = rows.split_at_mut(k + 1);
            let pivot = &done[k];
            if a.sign(&pivot[k]).is_none_or(std::cmp::Ordering::is_eq) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn solutions_satisfy_their_systems(entries in prop::collection::vec(-9i8..10, 30)) {
            let a = Balls::<2>;
            let number = |x: &i8| a.integer(i64::from(*x));
            let rows: Vec<Vec<_>> =
                entries[..25].chunks(5).map(|row| row.iter().map(number).collect()).collect();
            let b: Vec<_> = entries[25..].iter().map(number).collect();
            let Some(factors) = Factors::new(&a, rows.clone()) else { return Ok(()) };
            let (x, y) = (factors.solve(&a, &b), factors.solve_transposed(&a, &b));
            for i in 0..5 {
                let row = (0..5).fold(a.integer(0), |sum, j| a.add(&sum, &a.multiply(&rows[i][j], &x[j])));
                let column = (0..5).fold(a.integer(0), |sum, j| a.add(&sum, &a.multiply(&rows[j][i], &y[j])));
                for product in [row, column] {
                    let rest = a.subtract(&product, &b[i]).to_interval64();
                    prop_assert!(rest.contains(0.0) && rest.magnitude() < 1e-25);
                }
            }
        }
    }
}
