//! The inner loops: they know slices and coefficients and nothing else.
//!
//! [`expand`] is the one door. Behind it stand plain loops that the compiler vectorises
//! ([`scalar`]); hand-written ones for an instruction set belong beside them.

mod scalar;

use super::{Element, Expansion, Float, Kind, Polynomial};

/// What to compute: the affine map of the input and the degrees, settled once for an array.
pub(super) struct Plan {
    /// `t = scale * x + offset`
    scale: f64,
    offset: f64,
    kind: Kind,
    coefficients: Vec<f64>,
    /// The output row of each degree up to the highest one that comes out, if it comes out; a
    /// degree listed twice has two rows.
    rows_of: Vec<Vec<usize>>,
    rows: usize,
}

impl Plan {
    pub(super) fn new(polynomial: &Polynomial, expansion: &Expansion, degrees: Vec<usize>) -> Self {
        let highest = degrees.iter().copied().max().unwrap_or(0);
        let mut rows_of = vec![Vec::new(); highest + 1];
        let rows = degrees.len().max(1);
        for (row, degree) in degrees.into_iter().enumerate() {
            rows_of[degree].push(row);
        }
        Self {
            scale: expansion.scale,
            offset: expansion.shift - polynomial.center(),
            kind: expansion.kind,
            coefficients: polynomial.coefficients().to_vec(),
            rows_of,
            rows,
        }
    }

    /// Output values for each input value.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }
}

/// Where the output of a run of input values goes.
pub(super) enum Rows<'a, U> {
    /// All rows of a value side by side.
    Interleaved(&'a mut [U]),
    /// A slice for each row, as long as the input.
    Planes(Vec<&'a mut [U]>),
}

/// Expands `input` into `output`, in `f64` where either is, else in `f32`.
pub(super) fn expand<T: Element, U: Float>(input: &[T], plan: &Plan, output: Rows<'_, U>) {
    if T::DOUBLE || U::DOUBLE {
        scalar::expand::<f64, T, U>(input, plan, output);
    } else {
        scalar::expand::<f32, T, U>(input, plan, output);
    }
}
