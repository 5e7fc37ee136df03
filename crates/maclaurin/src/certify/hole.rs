//! Removable singularities inside a real range, crossed by Cauchy's estimate.
//!
//! Interval arithmetic cannot divide by what contains zero, so no enclosure over a piece of the
//! range exists where `sin(x)/x` has its hole. But jets prove that the function is analytic in a
//! square around it, and enclose it there (see `removable`). If it is at most `M`, its Taylor
//! coefficients at the hole are at most `M/r^k` for a disc of radius `r` in the square (Cauchy).

use super::path::Plane;
use super::radius::zero_of_guard;
use super::removable;
use super::singularity::{ExactPlace, Exactly};
use crate::number::{Exact, Interval64, Value};
use crate::series::Expanded;

/// Radii of discs that are tried, in widths of the piece: what is left out of a series of 15 terms falls
/// from `1e-9` to `1e-23` of the function between the last and the first.
const RADII: [f64; 2] = [32.0, 4.0];

/// The holes of a series' function.
pub(crate) struct Holes<'a> {
    series: Expanded<'a>,
    plane: Plane<'a>,
    exactly: Exactly<'a>,
}

/// A removable singularity and the function around it.
pub(crate) struct Hole {
    pub exact: Exact,
    pub center: Interval64,
    /// Of a disc about it on which the function is analytic.
    radius: f64,
    /// The function's largest modulus there, or more.
    largest: f64,
}

impl<'a> Holes<'a> {
    pub(crate) fn new(series: Expanded<'a>) -> Self {
        Self { series, plane: Plane::new(series), exactly: Exactly::new(series) }
    }

    /// The only hole between two points, the function around it bounded.
    pub(crate) fn across(&self, low: f64, high: f64) -> Option<Hole> {
        let at = self.series.at_f64();
        let place = (Interval64::between(low - at, high - at), Interval64::point(0.0));
        let stuck = self.plane.evaluate(&place, None).err()?;
        let own = |value: &Value| match value {
            Value::Exact(exact) => Some(exact.clone()),
            Value::Enclosure(_) => None,
        };
        let exact = if low <= at && at <= high {
            // The series exists, so whatever vanishes at its point is removable.
            own(self.series.point())?
        } else {
            let (zero, _) = zero_of_guard(&self.plane, &place, &stuck, None)?;
            let near = self.exactly.candidates((at + zero.0, 0.0), 1e-7 * zero.0.abs());
            let removable = |place: &ExactPlace| {
                let local = self.exactly.local(place);
                place.1.is_zero() && local.blocks(stuck.source) && local.is_removable
            };
            near.into_iter().find(removable)?.0
        };
        let local = self.exactly.local(&(exact.clone(), Exact::default()));
        let center = local.center.0;
        RADII.into_iter().find_map(|widths| {
            let radius = widths * (high - low);
            let side = Interval64::symmetric(radius);
            let square = (center.add(side), side);
            let value = removable::evaluate(&self.plane.region, &local, &square, None)?.value;
            let largest = value.0.square().add(value.1.square()).high.sqrt().next_up();
            let exact = exact.clone();
            largest.is_finite().then_some(Hole { exact, center, radius, largest })
        })
    }
}

impl Hole {
    /// What the terms from `degree` on amount to for `|t| <= width`, as a coefficient of
    /// `(t/width)^degree`: `M sum_(k>=n) (w/r)^k = M (w/r)^n / (1 - w/r)`.
    pub(crate) fn remainder(&self, width: f64, degree: usize) -> Option<Interval64> {
        let ratio = (width / self.radius).next_up();
        let power = Interval64::point(ratio).integer_power(degree as u64);
        let sum = power.divide(Interval64::point(1.0).subtract(Interval64::point(ratio)));
        let bound = sum.multiply(Interval64::point(self.largest)).high;
        (ratio < 1.0 && bound.is_finite()).then(|| Interval64::symmetric(bound))
    }
}
