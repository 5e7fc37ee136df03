//! Removable singularities inside a real range, crossed by Cauchy's estimate.
//!
//! Interval arithmetic cannot divide by what contains zero, so no enclosure over a piece of the
//! range exists where `sin(x)/x` has its hole. But the function is analytic in a disc around it,
//! bounded there by its maximum `M` on a square about that disc (the maximum principle), so its
//! Taylor coefficients at the hole are at most `M/h^k` for a disc of radius `h` (Cauchy).

use super::path::{Plane, Square};
use super::radius::zero_of_guard;
use super::singularity::{ExactPlace, Exactly};
use crate::number::{Exact, Interval64, Value};
use crate::series::Expanded;

/// The radius of the disc about a hole, as a part of the half-width of the square that was drawn
/// around a guess of it.
const DISC: f64 = 0.999;

/// Pieces a side of the square.
const PIECES: usize = 32;

/// The holes of a series' function.
pub(super) struct Holes<'a> {
    series: Expanded<'a>,
    plane: Plane<'a>,
    exactly: Exactly<'a>,
}

/// A removable singularity and the function around it.
pub(super) struct Hole {
    pub exact: Exact,
    pub center: Interval64,
    half_width: f64,
    /// The function's largest modulus in the square.
    largest: f64,
}

impl<'a> Holes<'a> {
    pub(super) fn new(series: Expanded<'a>) -> Self {
        Self { series, plane: Plane::new(series), exactly: Exactly::new(series) }
    }

    /// The only hole between two points, the function around it bounded.
    pub(super) fn across(&self, low: f64, high: f64) -> Option<Hole> {
        let at = self.series.at_f64();
        let place = (Interval64::between(low - at, high - at), Interval64::point(0.0));
        let stuck = self.plane.evaluate(&place, None).err()?;
        let own = |value: &Value| match value {
            Value::Exact(exact) => Some(exact.clone()),
            Value::Enclosure(_) => None,
        };
        let (exact, zero) = if low <= at && at <= high {
            // The series exists, so whatever vanishes at its point is removable.
            (own(self.series.point())?, 0.0)
        } else {
            let (zero, _) = zero_of_guard(&self.plane, &place, &stuck, None)?;
            let near = self.exactly.candidates((at + zero.0, 0.0), 1e-7 * zero.0.abs());
            let removable = |place: &ExactPlace| {
                let local = self.exactly.local(place);
                place.1.is_zero() && local.blocks(stuck.source) && local.is_removable
            };
            (near.into_iter().find(removable)?.0, zero.0)
        };
        let half_width = 4.0 * (high - low);
        let square = Square { center: (zero, 0.0), half_width };
        let circuit = self.plane.around(square, PIECES)?;
        let at_hole = self.exactly.local(&(exact.clone(), Exact::default()));
        let guards = &circuit.pieces[0].evaluation.guards;
        let all_here = guards
            .iter()
            .zip(&circuit.zeros)
            .all(|(guard, &zeros)| at_hole.order(guard.source) == Some(zeros));
        let principal = circuit.pieces.iter().all(|piece| piece.evaluation.is_principal());
        if circuit.singular || !all_here || !principal {
            return None;
        }
        let modulus =
            |z: &super::region::Rectangle| z.0.square().add(z.1.square()).high.sqrt().next_up();
        let largest = circuit.pieces.iter().map(|piece| modulus(&piece.evaluation.value));
        let center = Interval64::around(&exact.enclose(128));
        // The disc about the exact place has to lie in the square about the guess: see `remainder`.
        let guess = self.plane.origin.0.add(Interval64::point(zero));
        if center.subtract(guess).magnitude() > half_width * (1.0 - DISC) / 2.0 {
            return None;
        }
        let largest = largest.fold(0.0, f64::max);
        Some(Hole { exact, center, half_width, largest })
    }
}

impl Hole {
    /// What the terms from `degree` on amount to for `|t| <= width`, as a coefficient of
    /// `(t/width)^degree`: `M sum_(k>=n) (w/h)^k = M (w/h)^n / (1 - w/h)`.
    pub(super) fn remainder(&self, width: f64, degree: usize) -> Option<Interval64> {
        let ratio = (width / (self.half_width * DISC)).next_up();
        let power = Interval64::point(ratio).integer_power(degree as u64);
        let sum = power.divide(Interval64::point(1.0).subtract(Interval64::point(ratio)));
        let bound = sum.multiply(Interval64::point(self.largest)).high;
        (ratio < 1.0 && bound.is_finite()).then(|| Interval64::symmetric(bound))
    }
}
