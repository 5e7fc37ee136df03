//! Integer combinations of functions near a given one.
//!
//! Polynomials whose coefficients are multiples of given steps are the points of a lattice, with one
//! basis vector for each coefficient: a step times the function that it belongs to, at the points of a
//! grid. The rounded coefficients of the best polynomial are one point, seldom a near one. The basis is
//! reduced (A. Lenstra, H. Lenstra and Lovász, *Factoring polynomials with rational coefficients*, 1982),
//! the nearest-plane rule finds a point near the best polynomial (Babai, *On Lovász' lattice reduction
//! and the nearest lattice point problem*, 1986), as Brisebarre and Chevillard do (*Efficient polynomial
//! L∞-approximations*, 2007), and steps along the reduced basis then lower the largest error.

use crate::cancel::checkpoint;

/// Lovász's constant.
const DELTA: f64 = 0.99;

/// Reductions; each but the first mends what rounding has left of the one before.
const MOST_PASSES: usize = 4;

/// Steps along the basis that lower the largest error.
const MOST_STEPS: usize = 200;

/// A reduced basis.
pub(super) struct Lattice {
    /// The basis vectors, on the grid.
    vectors: Vec<Vec<f64>>,
    /// The same as integer combinations of the vectors that were given.
    combinations: Vec<Vec<i64>>,
    /// The vectors, each less its projections on those before it, and the squares of their lengths.
    orthogonal: Vec<Vec<f64>>,
    squares: Vec<f64>,
    /// `projections[i][j]` for `j < i`: of vector `i` on the orthogonal vector `j`, in its lengths.
    projections: Vec<Vec<f64>>,
}

impl Lattice {
    /// The lattice of a basis as it is.
    pub(super) fn of(vectors: Vec<Vec<f64>>) -> Self {
        let count = vectors.len();
        let unit = |i: usize| (0..count).map(|j| i64::from(i == j)).collect();
        let mut lattice = Self {
            vectors,
            combinations: (0..count).map(unit).collect(),
            orthogonal: Vec::new(),
            squares: Vec::new(),
            projections: Vec::new(),
        };
        lattice.orthogonalize();
        lattice
    }

    /// The lattice of a basis, reduced.
    pub(super) fn reduced(vectors: Vec<Vec<f64>>) -> Self {
        let mut lattice = Self::of(vectors);
        for _ in 0..MOST_PASSES {
            let changed = lattice.reduce();
            lattice.orthogonalize();
            if !changed {
                break;
            }
        }
        lattice
    }

    fn orthogonalize(&mut self) {
        self.orthogonal.clear();
        self.squares.clear();
        self.projections.clear();
        for vector in &self.vectors {
            let mut rest = vector.clone();
            let mut projections = Vec::with_capacity(self.orthogonal.len());
            for (other, square) in self.orthogonal.iter().zip(&self.squares) {
                let projection = dot(&rest, other) / square;
                subtract(&mut rest, projection, other);
                projections.push(projection);
            }
            self.squares.push(dot(&rest, &rest));
            self.orthogonal.push(rest);
            self.projections.push(projections);
        }
    }

    /// One pass of the reduction (Cohen, *A Course in Computational Algebraic Number Theory*, algorithm
    /// 2.6.3); whether it changed anything.
    fn reduce(&mut self) -> bool {
        let mut changed = false;
        let mut k = 1;
        while k < self.vectors.len() {
            checkpoint();
            changed |= self.shorten(k, k - 1);
            let p = self.projections[k][k - 1];
            if self.squares[k] < (DELTA - p * p) * self.squares[k - 1] {
                self.exchange(k);
                changed = true;
                k = (k - 1).max(1);
                continue;
            }
            for j in (0..k - 1).rev() {
                changed |= self.shorten(k, j);
            }
            k += 1;
        }
        changed
    }

    /// Subtracts from vector `i` the multiple of vector `j` that leaves the smallest projection.
    fn shorten(&mut self, i: usize, j: usize) -> bool {
        let times = self.projections[i][j].round();
        let Some(whole) = integer(times).filter(|times| *times != 0) else { return false };
        let (before, after) = self.combinations.split_at_mut(i);
        let shorter: Option<Vec<i64>> = after[0]
            .iter()
            .zip(&before[j])
            .map(|(own, other)| own.checked_sub(other.checked_mul(whole)?))
            .collect();
        let Some(shorter) = shorter else { return false };
        after[0] = shorter;
        let (before, after) = self.vectors.split_at_mut(i);
        subtract(&mut after[0], times, &before[j]);
        let (before, after) = self.projections.split_at_mut(i);
        subtract(&mut after[0][..j], times, &before[j]);
        after[0][j] -= times;
        true
    }

    /// Exchanges vector `k` and the one before it.
    fn exchange(&mut self, k: usize) {
        self.vectors.swap(k, k - 1);
        self.combinations.swap(k, k - 1);
        let p = self.projections[k][k - 1];
        for j in 0..k - 1 {
            let own = self.projections[k][j];
            self.projections[k][j] = std::mem::replace(&mut self.projections[k - 1][j], own);
        }
        let square = self.squares[k] + p * p * self.squares[k - 1];
        let q = p * self.squares[k - 1] / square;
        self.squares[k] *= self.squares[k - 1] / square;
        self.squares[k - 1] = square;
        self.projections[k][k - 1] = q;
        for row in &mut self.projections[k + 1..] {
            let own = row[k];
            row[k] = row[k - 1] - p * own;
            row[k - 1] = own + q * row[k];
        }
    }

    /// The combination of the vectors that were given which lies near `target`, by nearest planes. What
    /// is left of the target stays in it.
    pub(super) fn near(&self, target: &mut [f64]) -> Vec<i64> {
        let mut moves = vec![0i64; self.vectors.len()];
        for k in (0..self.vectors.len()).rev() {
            let times = (dot(target, &self.orthogonal[k]) / self.squares[k]).round();
            self.step(k, times, target, &mut moves);
        }
        moves
    }

    /// The multiples of the vectors that come near `target`: from the last to the first each is rounded, and
    /// those before it are fitted anew by least squares.
    pub(super) fn refitted(
        &self,
        mut target: Vec<f64>,
        round: impl Fn(usize, f64) -> f64,
    ) -> Vec<f64> {
        let mut multiples = vec![0.0; self.vectors.len()];
        for k in (0..self.vectors.len()).rev() {
            multiples[k] = round(k, dot(&target, &self.orthogonal[k]) / self.squares[k]);
            subtract(&mut target, multiples[k], &self.vectors[k]);
        }
        multiples
    }

    /// Goes along the basis, by one vector or by two at a time, as long as that lowers the largest error.
    pub(super) fn lower_largest(&self, error: &mut [f64], moves: &mut [i64]) {
        let mut largest = error.iter().fold(0.0, |largest: f64, e| largest.max(e.abs()));
        for _ in 0..MOST_STEPS {
            checkpoint();
            // The points with the largest errors tell soonest that a step is of no use.
            let mut order: Vec<usize> = (0..error.len()).collect();
            order.sort_by(|&i, &j| error[j].abs().total_cmp(&error[i].abs()));
            let mut best: Option<Vec<(usize, f64)>> = None;
            let mut attempt = |steps: &[(usize, f64)]| {
                let mut reached = 0f64;
                for &i in &order {
                    let change: f64 =
                        steps.iter().map(|(k, sign)| sign * self.vectors[*k][i]).sum();
                    reached = reached.max((error[i] - change).abs());
                    if reached >= largest {
                        return;
                    }
                }
                largest = reached;
                best = Some(steps.to_vec());
            };
            for k in 0..self.vectors.len() {
                for sign in [1.0, -1.0] {
                    attempt(&[(k, sign)]);
                    for other in 0..k {
                        attempt(&[(k, sign), (other, 1.0)]);
                        attempt(&[(k, sign), (other, -1.0)]);
                    }
                }
            }
            let Some(steps) = best else { break };
            for (k, sign) in steps {
                self.step(k, sign, error, moves);
            }
        }
    }

    fn step(&self, k: usize, times: f64, rest: &mut [f64], moves: &mut [i64]) {
        let Some(whole) = integer(times) else { return };
        subtract(rest, times, &self.vectors[k]);
        for (sum, part) in moves.iter_mut().zip(&self.combinations[k]) {
            *sum = sum.saturating_add(part.saturating_mul(whole));
        }
    }
}

/// An integer, if it is one of few enough bits to be exact.
fn integer(x: f64) -> Option<i64> {
    (x.abs() < 2f64.powi(53)).then_some(x as i64)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `a - times b`, in place.
fn subtract(a: &mut [f64], times: f64, b: &[f64]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a -= times * b;
    }
}
