//! Three-term recurrences: what the kernels know of a basis of polynomials.

/// How a value is brought to the range [-1, 1] before polynomials of it are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Squash {
    /// `tanh(u)`, to 4 units in the last place; the same bits on every machine.
    Tanh,
    /// -1 below -1, 1 above 1; its derivative is 1 from -1 to 1 and 0 elsewhere.
    Clip,
}

/// Polynomials `P_k(t)` by a three-term recurrence, with `P_0 = 1` and
/// `P_(k+1) = (A_k t + B_k) P_k - C_k P_(k-1)`.
///
/// The argument is `t = slope x + offset`, squashed if asked for. `x` is a value after an expansion's own scale and
/// shift, which are joined with the slope and the offset in `f64`. All else is computed in the type of the output
/// (`f16` and `bf16` by way of `f32`), one rounding an operation, in the order of the formulas; what a `B_k` or a
/// `C_k` of zero would add is left out, so that infinities stay infinities.
///
/// # Examples
///
/// ```
/// use maclaurin::{Expansion, Polynomial, Recurrence, expand};
/// use ndarray::array;
///
/// // The Fibonacci polynomials, F_(k+1) = x F_k + F_(k-1).
/// let steps = vec![[1.0, 0.0, 0.0], [1.0, 0.0, -1.0], [1.0, 0.0, -1.0]];
/// let basis = Polynomial::basis(Recurrence { steps, ..Recurrence::default() });
/// let rows = expand::<f64, f64>(&array![2.0].into_dyn().view(), &basis, &Expansion::default())?;
/// assert_eq!(rows.into_raw_vec_and_offset().0, [2.0, 5.0, 12.0]);
/// # Ok::<(), maclaurin::ExpandError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrence {
    /// `t = slope x + offset`
    pub slope: f64,
    /// `t = slope x + offset`
    pub offset: f64,
    /// What is done to `t` then.
    pub squash: Option<Squash>,
    /// `[A_k, B_k, C_k]` from `k = 0`: one step less than there are polynomials. `C_0` has no effect.
    pub steps: Vec<[f64; 3]>,
}

impl Default for Recurrence {
    fn default() -> Self {
        Self { slope: 1.0, offset: 0.0, squash: None, steps: Vec::new() }
    }
}

impl Recurrence {
    /// All of it in one list: the slope, the offset, 0 or 1 for tanh or 2 for clip, and the steps.
    #[must_use]
    pub fn numbers(&self) -> Vec<f64> {
        let squash = match self.squash {
            None => 0.0,
            Some(Squash::Tanh) => 1.0,
            Some(Squash::Clip) => 2.0,
        };
        let mut numbers = vec![self.slope, self.offset, squash];
        numbers.extend(self.steps.iter().flatten());
        numbers
    }

    /// The recurrence of a list as [`Recurrence::numbers`] gives it; none of another list.
    ///
    /// # Examples
    ///
    /// ```
    /// use maclaurin::Recurrence;
    ///
    /// let squares = Recurrence { steps: vec![[1.0, 0.0, 0.0]; 2], ..Recurrence::default() };
    /// assert_eq!(Recurrence::from_numbers(&squares.numbers()), Some(squares));
    /// assert_eq!(Recurrence::from_numbers(&[1.0, 0.0, 7.0]), None);
    /// ```
    #[must_use]
    pub fn from_numbers(numbers: &[f64]) -> Option<Self> {
        let [slope, offset, squash, steps @ ..] = numbers else { return None };
        let squash = match squash {
            0.0 => None,
            1.0 => Some(Squash::Tanh),
            2.0 => Some(Squash::Clip),
            _ => return None,
        };
        let (steps, []) = steps.as_chunks() else { return None };
        Some(Self { slope: *slope, offset: *offset, squash, steps: steps.to_vec() })
    }
}
