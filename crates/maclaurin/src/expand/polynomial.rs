//! The coefficients of a series as expansion uses them.

use std::sync::Arc;

use super::ExpandError;
use super::recurrence::Recurrence;

/// A polynomial in `x - center`, and which of its degrees count as non-zero.
///
/// # Examples
///
/// ```
/// use maclaurin::Polynomial;
///
/// let cosine = Polynomial::new(0.0, vec![1.0, 0.0, -0.5]);
/// assert_eq!((cosine.order(), cosine.degrees()), (2, &[2][..]));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Polynomial {
    center: f64,
    coefficients: Vec<f64>,
    degrees: Vec<usize>,
    recurrence: Option<Arc<Recurrence>>,
}

impl Polynomial {
    /// The polynomial `sum_k coefficients[k] (x - center)^k`. No coefficients mean the constant
    /// 0.
    #[must_use]
    pub fn new(center: f64, coefficients: Vec<f64>) -> Self {
        let degrees = (1..coefficients.len()).filter(|&k| coefficients[k] != 0.0).collect();
        Self::with_degrees(center, coefficients, degrees)
    }

    /// [`Polynomial::new`] with coefficients that may change, such as trained ones: none counts as
    /// zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::Polynomial;
    ///
    /// assert_eq!(Polynomial::trained(0.0, vec![1.0, 0.0, -0.5]).degrees(), [1, 2]);
    /// ```
    #[must_use]
    pub fn trained(center: f64, coefficients: Vec<f64>) -> Self {
        let degrees = (1..coefficients.len()).collect();
        Self::with_degrees(center, coefficients, degrees)
    }

    /// [`Polynomial::new`] with the non-zero degrees of 1 and up decided elsewhere: a coefficient
    /// may round to zero and not be zero.
    pub(crate) fn with_degrees(
        center: f64,
        mut coefficients: Vec<f64>,
        degrees: Vec<usize>,
    ) -> Self {
        if coefficients.is_empty() {
            coefficients.push(0.0);
        }
        Self { center, coefficients, degrees, recurrence: None }
    }

    /// The polynomials of a recurrence: their expansion, by [`Kind::Terms`](super::Kind::Terms) or
    /// [`Kind::Powers`](super::Kind::Powers), is the polynomial of each degree. There are no coefficients to sum up,
    /// so these are ones.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::{Polynomial, Recurrence};
    ///
    /// let steps = vec![[1.0, 0.0, 0.0], [2.0, 0.0, 1.0]];
    /// assert_eq!(Polynomial::basis(Recurrence { steps, ..Recurrence::default() }).degrees(), [1, 2]);
    /// ```
    #[must_use]
    pub fn basis(recurrence: Recurrence) -> Self {
        let ones = vec![1.0; recurrence.steps.len() + 1];
        Self { recurrence: Some(Arc::new(recurrence)), ..Self::new(0.0, ones) }
    }

    /// The recurrence, if this is a basis.
    #[must_use]
    pub fn recurrence(&self) -> Option<&Recurrence> {
        self.recurrence.as_deref()
    }

    pub(super) fn shared_recurrence(&self) -> Option<Arc<Recurrence>> {
        self.recurrence.clone()
    }

    /// The expansion point.
    #[must_use]
    pub fn center(&self) -> f64 {
        self.center
    }

    /// The coefficients from degree 0 on; at least one.
    #[must_use]
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// The highest degree.
    #[must_use]
    pub fn order(&self) -> usize {
        self.coefficients.len() - 1
    }

    /// The non-zero degrees of 1 and up, ascending.
    #[must_use]
    pub fn degrees(&self) -> &[usize] {
        &self.degrees
    }

    /// The weighted sum of partial sums `sum_k w_k s_k`, which is again a polynomial:
    /// `a_0 sum_k w_k + sum_(j>=1) a_j (sum_(k>=j) w_k) (x - center)^j`.
    ///
    /// The weights belong to the non-zero degrees of 1 and up, or to all degrees:
    /// their number tells which.
    ///
    /// # Errors
    ///
    /// [`ExpandError::WrongWeights`] for any other number, [`ExpandError::SumOfBasis`] for a basis.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::Polynomial;
    ///
    /// // s_1 + s_2 of log(1 + e^x), with one log 2 in each partial sum and not more.
    /// let softplus = Polynomial::new(0.0, vec![2f64.ln(), 0.5, 0.125]);
    /// let sum = softplus.weighted(&[1.0, 1.0])?;
    /// assert_eq!(sum.coefficients(), [2.0 * 2f64.ln(), 1.0, 0.125]);
    /// # Ok::<(), maclaurin::ExpandError>(())
    /// ```
    pub fn weighted(&self, weights: &[f64]) -> Result<Self, ExpandError> {
        if self.recurrence.is_some() {
            return Err(ExpandError::SumOfBasis);
        }
        let all: Vec<usize> = (0..=self.order()).collect();
        let of = match weights.len() {
            found if found == self.degrees.len() => &self.degrees,
            found if found == all.len() => &all,
            found => {
                let (degrees, all) = (self.degrees.len(), all.len());
                return Err(ExpandError::WrongWeights { found, degrees, all });
            }
        };
        let mut remaining = of.iter().zip(weights).rev().peekable();
        let mut tail = 0.0;
        let mut coefficients = self.coefficients.clone();
        for (degree, coefficient) in coefficients.iter_mut().enumerate().rev() {
            while let Some((_, weight)) = remaining.next_if(|(k, _)| **k >= degree) {
                tail += weight;
            }
            *coefficient *= tail;
        }
        Ok(Self::new(self.center, coefficients))
    }

    /// The gradients of a scalar with respect to this polynomial's coefficients and to the weights,
    /// from its gradient with respect to the coefficients of [`Polynomial::weighted`].
    ///
    /// For `b_j = a_j sum_(k>=j) w_k`: `a_j` gets `sum_(k>=j) w_k` times the gradient of `b_j`,
    /// `w_k` gets `sum_(j<=k) a_j` times those of `b_j`.
    ///
    /// # Errors
    ///
    /// [`ExpandError::WrongWeights`] as for [`Polynomial::weighted`], and for a `gradient` of
    /// another length than the coefficients.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::Polynomial;
    ///
    /// let line = Polynomial::new(0.0, vec![2.0, 3.0]);
    /// let (coefficients, weights) = line.weighted_gradients(&[10.0, 1.0], &[1.0, 4.0])?;
    /// assert_eq!(coefficients, [11.0, 4.0]);
    /// assert_eq!(weights, [2.0, 14.0]);
    /// # Ok::<(), maclaurin::ExpandError>(())
    /// ```
    pub fn weighted_gradients(
        &self,
        weights: &[f64],
        gradient: &[f64],
    ) -> Result<(Vec<f64>, Vec<f64>), ExpandError> {
        if self.recurrence.is_some() {
            return Err(ExpandError::SumOfBasis);
        }
        let ones = Self::with_degrees(0.0, vec![1.0; self.order() + 1], self.degrees.clone());
        let tails = ones.weighted(weights)?;
        if gradient.len() != self.coefficients.len() {
            let (degrees, all) = (self.degrees.len(), self.order() + 1);
            return Err(ExpandError::WrongWeights { found: gradient.len(), degrees, all });
        }
        let coefficients = tails.coefficients.iter().zip(gradient).map(|(w, g)| w * g).collect();
        let mut sum = 0.0;
        let sums: Vec<f64> = self
            .coefficients
            .iter()
            .zip(gradient)
            .map(|(a, g)| {
                sum += a * g;
                sum
            })
            .collect();
        let of_weights = if weights.len() == self.degrees.len() {
            self.degrees.iter().map(|&degree| sums[degree]).collect()
        } else {
            sums
        };
        Ok((coefficients, of_weights))
    }
}
