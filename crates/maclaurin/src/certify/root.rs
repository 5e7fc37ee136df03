//! What is proven of functions of a square root, from the function `g(t)` of that root.

use super::{ErrorBound, ErrorProfile};
use crate::number::Interval64;
use crate::series::{Error, InRoot, Radius, Series, taylor};

/// Bits of a radius that is known exactly.
const BITS: usize = 256;

/// A range in `t` that begins so near to 0 is taken from there: a removable singularity is better at an
/// end than beside it, and the errors there are the smallest.
const NEGLIGIBLE: f64 = 1e-3;

/// Parts of a profile in `t` for one in `x`.
const PARTS: usize = 4;

impl InRoot {
    /// The square of the radius of `g`.
    pub(super) fn radius(&self) -> Radius {
        let Ok(series) = self.series(0) else { return Radius::at_least(0.0) };
        let Radius { lower, upper, exact } = series.radius();
        let square = Interval64 { low: lower, high: upper }.square();
        if lower.is_infinite() {
            return Radius { lower, upper, exact };
        }
        let known =
            exact.and_then(|text| taylor(&format!("({text})^2"), 0, 0).ok()?.exact(0).cloned());
        let enclosed = known.as_ref().map(|exact| Interval64::around(&exact.enclose(BITS)));
        let square = enclosed.unwrap_or(square);
        let exact = known.map(|exact| exact.to_string());
        Radius { lower: square.low, upper: square.high, exact }
    }

    /// `t` for an `x`, or an error where it is not real.
    fn root(&self, series: &Series, x: f64) -> Result<Interval64, Error> {
        let distance = Interval64::point(x).subtract(series.enclosed_point());
        let distance = if self.is_left { distance.negate() } else { distance };
        if distance.high < 0.0 {
            return Err(Error::Unbounded { near: x });
        }
        let low = distance.low.max(0.0).sqrt().next_down().max(0.0);
        Ok(Interval64 { low, high: distance.high.sqrt().next_up() })
    }

    /// The range of `t` for one of `x`, from the end nearer to the point on.
    fn roots(&self, series: &Series, low: f64, high: f64) -> Result<[Interval64; 2], Error> {
        let (near, far) = if self.is_left { (high, low) } else { (low, high) };
        let [mut near, far] = [self.root(series, near)?, self.root(series, far)?];
        if near.high < far.low * NEGLIGIBLE {
            near.low = 0.0;
        }
        Ok([near, far])
    }

    /// The error of a polynomial in `x` is that of one in `t`, on a range that is rounded outwards.
    pub(super) fn bound(
        &self,
        series: &Series,
        (low, high): (f64, f64),
        relative: bool,
    ) -> Result<ErrorBound, Error> {
        let [near, far] = self.roots(series, low, high)?;
        let even = self.series(series.order())?;
        let error = |low: f64, high: f64| {
            if relative {
                even.relative_error_bound(low, high)
            } else {
                even.error_bound(low, high)
            }
        };
        let mut found = error(near.low, far.high)?;
        // What is seen must be certain to lie in the range.
        let inside = (near.high, far.low);
        if found.at < inside.0 || found.at > inside.1 {
            let inner = found.at.min(inside.1).max(inside.0);
            found.sampled = match error(inner, inner) {
                Ok(seen) if inside.0 <= inside.1 => seen.sampled,
                _ => 0.0,
            };
        }
        found.at = self.place(series, found.at).clamp(low, high);
        Ok(found)
    }

    /// `x` for a `t`, in doubles.
    fn place(&self, series: &Series, t: f64) -> f64 {
        if self.is_left { series.at_f64() - t * t } else { series.at_f64() + t * t }
    }

    /// The profile, from one of finer parts in `t`: each part takes what those have that it meets.
    pub(super) fn profile(
        &self,
        series: &Series,
        (low, high): (f64, f64),
        parts: usize,
    ) -> Result<ErrorProfile, Error> {
        let whole = self.bound(series, (low, high), false)?;
        let [near, far] = self.roots(series, low, high)?;
        let fine = self.series(series.order())?;
        let fine = fine.error_profile(near.low, far.high, parts.saturating_mul(PARTS))?.parts;
        let (first, width) = (near.low, far.high - near.low);
        let end = |count: usize, i: usize| {
            if i == count { high } else { low + (high - low) * (i as f64 / count as f64) }
        };
        // The numbers of fine parts that an interval of `t` meets, with one more on either side.
        let index = |t: f64| {
            let position = (t - first) / width * fine.len() as f64;
            (position.max(0.0) as usize).min(fine.len() - 1)
        };
        let part = |i: usize| {
            let (low, high) = (end(parts, i).clamp(low, high), end(parts, i + 1).clamp(low, high));
            let [near, far] = self.roots(series, low, high)?;
            let met = index(near.low).saturating_sub(1)..=(index(far.high) + 1).min(fine.len() - 1);
            let mut bound = 0f64;
            let mut best = ErrorBound { bound: 0.0, sampled: 0.0, at: near.high };
            for here in &fine[met] {
                bound = bound.max(here.bound);
                let inside = near.high <= here.at && here.at <= far.low;
                if inside && here.sampled > best.sampled {
                    best = *here;
                }
            }
            let at = self.place(series, best.at).clamp(low, high);
            Ok(ErrorBound { bound: bound.min(whole.bound), at, ..best })
        };
        Ok(ErrorProfile { whole, parts: (0..parts).map(part).collect::<Result<_, Error>>()? })
    }
}
