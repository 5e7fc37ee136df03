//! Where the inverse of a function is certainly analytic, and how large it is there.
//!
//! If `|f'(z) - f'(x0)| <= d < |f'(x0)|` for `|z - x0| <= r`, then `f` is injective on that disc, whose
//! image contains the disc of radius `(|f'(x0)| - d) r` about `f(x0)`: `f'(x0)^-1 (f - f(x0))` differs
//! from the identity by a contraction (the inverse function theorem in its quantitative form; Rudin,
//! *Principles of Mathematical Analysis*, 9.24). So the inverse is analytic in that disc and leads to
//! less than `r` from `x0`, which bounds its coefficients by Cauchy's estimate. The largest `|f'(z) - f'(x0)|`
//! of the disc is that of its circle.

use super::region::{PLANE, Rectangle, Region};
use crate::function::Function;
use crate::number::{Arithmetic, Interval64};
use crate::series::Series;

/// On squares on which the derivative differs by so small a part of itself the circle is not looked at.
const NEGLIGIBLE: f64 = 8.0;

/// Radii tried: powers of the square root of 2, with these exponents.
const EXPONENTS: std::ops::RangeInclusive<i32> = -60..=20;

/// Arcs of the upper half of a circle; an even number, so that one ends at its top.
const ARCS: usize = 16;

/// A disc about `f(x0)` in which the inverse is analytic.
#[derive(Clone, Copy, Debug)]
pub(super) struct InverseDisc {
    /// Its radius.
    pub radius: f64,
    /// How far from `x0` the inverse leads at most.
    reach: f64,
}

impl InverseDisc {
    /// At least `sum_(k>n) |b_k| t^k`, from `|b_k| <= reach/radius^k`, for `0 <= t < radius`.
    pub(super) fn remainder(self, t: f64, order: usize) -> f64 {
        let ratio = Interval64::point(t).divide(Interval64::point(self.radius));
        let rest = Interval64::point(1.0).subtract(ratio);
        let power = ratio.integer_power(order as u64 + 1);
        if rest.low > 0.0 {
            Interval64::point(self.reach).multiply(power).divide(rest).high
        } else {
            f64::INFINITY
        }
    }
}

/// The discs that are proven for a series of at least order 1, whose function has the derivative
/// `slope`.
pub(super) fn inverse_discs(series: &Series, slope: &Function) -> Vec<InverseDisc> {
    let Some(coefficient) = series.enclosed_coefficient(1) else { return Vec::new() };
    let region = Region::new(slope);
    let point = series.enclosed_point();
    let disc = |exponent: i32| {
        let reach = 2f64.powf(f64::from(exponent) / 2.0);
        let side = Interval64::symmetric(reach);
        let distance = |value: &Rectangle| {
            let difference = PLANE.add(value, &PLANE.real(coefficient.negate()));
            difference.0.square().add(difference.1.square()).high.sqrt().next_up()
        };
        let square = region.evaluate(&(point.add(side), side), None).ok()?;
        // A derivative that is real on the real axis has conjugate values at conjugate numbers.
        let mut on_circle = arcs().map(|(x, y)| {
            let scaled = |side: Interval64| side.multiply(Interval64::point(reach));
            let place = (point.add(scaled(x)), scaled(y));
            Some(distance(&region.evaluate(&place, Some(&square.guards)).ok()?.value))
        });
        let on_square = distance(&square.value);
        let farthest = if on_square < coefficient.mignitude() / NEGLIGIBLE {
            on_square
        } else {
            on_circle.try_fold(0.0, |most: f64, arc| Some(most.max(arc?)))?
        };
        let distance = Interval64::point(farthest);
        let left = Interval64::point(coefficient.mignitude()).subtract(distance);
        let radius = left.multiply(Interval64::point(reach)).low;
        (radius > 0.0).then_some(InverseDisc { radius, reach })
    };
    EXPONENTS.filter_map(disc).collect()
}

/// Rectangles that cover the upper half of the unit circle.
fn arcs() -> impl Iterator<Item = Rectangle> {
    // The ends of what is covered are off by the rounding of sine and cosine.
    let around = |a: f64, b: f64| Interval64 { low: a.min(b) - 1e-15, high: a.max(b) + 1e-15 };
    (0..ARCS).map(move |k| {
        let [a, b] = [k, k + 1].map(|k| std::f64::consts::PI * k as f64 / ARCS as f64);
        (around(a.cos(), b.cos()), around(a.sin(), b.sin()))
    })
}

#[cfg(test)]
mod tests {
    use crate::taylor;

    #[test]
    fn inverses_are_certified_in_a_disc() {
        for (function, inverse, at, truth) in [
            ("sin(x)", "asin(x)", "0", 1.0),
            ("tan(x)", "atan(x)", "0", 1.0),
            ("exp(x)", "log(x)", "0", 1.0),
            ("log(x)", "exp(x)", "2", f64::INFINITY),
            ("x^2", "sqrt(x)", "3", 9.0),
            ("x - x^2", "(1 - sqrt(1 - 4*x))/2", "0", 0.25),
            ("sigmoid(x)", "logit(x)", "1", 0.3),
            ("3*x + 1", "(x - 1)/3", "5", f64::INFINITY),
        ] {
            let made = taylor(function, 12, at).unwrap().revert().unwrap();
            let known = taylor(inverse, 12, made.at()).unwrap();
            let radius = made.radius();
            assert!(radius.lower > 0.0 && radius.lower <= truth, "{function}: {radius}");
            assert!(radius.lower >= 0.05 * truth.min(1.0), "{function}: {radius}");
            let near = (made.at_f64(), made.at_f64() + 0.2 * radius.lower);
            let [bound, own] =
                [&made, &known].map(|s| s.error_bound(near.0, near.1).unwrap().bound);
            assert!(bound <= 1.1 * own + 1e-15, "{function}: {bound} far above {own}");
            for part in [0.1, 0.5, 0.9] {
                let reach = part * radius.lower;
                let (low, high) = (made.at_f64() - reach, made.at_f64() + 0.5 * reach);
                let bound = made.error_bound(low, high).unwrap().bound;
                let own = known.error_bound(low, high).unwrap();
                assert!(own.sampled <= bound, "{function}: {bound} below {}", own.sampled);
            }
            let far = made.at_f64() + 1e6;
            assert!(made.error_bound(made.at_f64(), far).is_err(), "{function}");
        }
    }

    /// The inverse of `x + floor(x)` is `y` near 1/2, and no more from 1 up.
    #[test]
    fn nothing_is_certified_across_a_jump() {
        for function in ["x + floor(x)", "2*x + sign(x)", "x + sin(floor(x))"] {
            let made = taylor(function, 3, "1/2").unwrap().revert().unwrap();
            assert_eq!(made.radius().lower, 0.0, "{function}");
            assert!(made.error_bound(made.at_f64(), made.at_f64() + 2.0).is_err(), "{function}");
        }
    }
}
