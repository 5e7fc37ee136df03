//! What is proven of the radius and the error of a series that was computed from others.

use super::inverse::{InverseDisc, inverse_discs};
use super::{ErrorBound, ErrorProfile};
use crate::function::Function;
use crate::number::{Interval64, Rational};
use crate::series::{Derived, Error, NO_CERTIFIED_ERROR, Operation, Radius, Series, Source};

/// Terms of an inverse function beyond its order that are computed for a bound of its error.
const MORE_TERMS: usize = 64;

/// Parts of a range on which an integrand's error is bounded.
const PARTS: usize = 64;

impl Series {
    /// The radius.
    pub(super) fn inherited_radius(&self) -> Radius {
        match &self.source {
            Source::Function(_) => Radius::at_least(0.0),
            Source::InRoot(root) => root.radius(),
            Source::Derived(derived) => derived.radius(),
        }
    }

    /// A bound of the error on a range.
    pub(super) fn inherited_bound(&self, low: f64, high: f64) -> Result<ErrorBound, Error> {
        let bound = match &self.source {
            Source::Function(_) => self.error_bound(low, high)?.bound,
            Source::InRoot(root) => return root.bound(self, (low, high), false),
            Source::Derived(derived) => derived
                .bound(self, low, high)?
                .ok_or_else(|| self.without_function(NO_CERTIFIED_ERROR))?,
        };
        // Where the series was made it agrees with its function.
        Ok(ErrorBound { bound, sampled: 0.0, at: self.at_f64().clamp(low, high) })
    }

    /// A bound of the relative error on a range.
    pub(crate) fn inherited_relative_bound(
        &self,
        low: f64,
        high: f64,
    ) -> Result<ErrorBound, Error> {
        match &self.source {
            Source::Function(_) => self.relative_error_bound(low, high),
            Source::InRoot(root) => root.bound(self, (low, high), true),
            Source::Derived(_) => Err(self.without_function(NO_CERTIFIED_ERROR)),
        }
    }

    /// Bounds of the error on equal parts of a range.
    pub(crate) fn inherited_profile(
        &self,
        (low, high): (f64, f64),
        parts: usize,
    ) -> Result<ErrorProfile, Error> {
        match &self.source {
            Source::Function(_) => self.error_profile(low, high, parts),
            Source::InRoot(root) => root.profile(self, (low, high), parts),
            Source::Derived(_) => Err(self.without_function(NO_CERTIFIED_ERROR)),
        }
    }

    /// The series' number where its function is a constant, as an interval.
    fn constant(&self) -> Option<Interval64> {
        self.function()?.is_constant().then(|| self.enclosed_coefficient(0))?
    }
}

impl Derived {
    /// A derivative and an integral have the radius of their operand (DLMF 1.9.55 and 1.9.56), sums and
    /// products at least the smaller one, an inverse that of the largest disc that is proven.
    fn radius(&self) -> Radius {
        let first = self.operands[0].radius();
        match &self.operation {
            Operation::Negative | Operation::Derivative | Operation::Integral(_) => first,
            Operation::Sum | Operation::Difference | Operation::Product => {
                Radius::at_least(first.lower.min(self.operands[1].radius().lower))
            }
            Operation::Power(exponent) if exponent.is_int() && *exponent > Rational::ZERO => {
                Radius::at_least(first.lower)
            }
            // An entire function is analytic wherever the inner one leads.
            Operation::Composition if first.lower.is_infinite() => {
                Radius::at_least(self.operands[1].radius().lower)
            }
            Operation::Inverse => {
                let radii = self.inverse_discs().into_iter().map(|disc| disc.radius);
                Radius::at_least(radii.fold(0.0, f64::max))
            }
            Operation::Quotient | Operation::Power(_) | Operation::Composition => {
                Radius::at_least(0.0)
            }
        }
    }

    /// Discs in which the inverse of a function is analytic, those that are proven. The derivative
    /// says nothing of jumps, beyond which the function is not the one that is inverted.
    fn inverse_discs(&self) -> Vec<InverseDisc> {
        let series = &self.operands[0];
        let function = series.function().filter(|function| !function.may_jump());
        let slope = function.and_then(Function::derivative);
        slope.map_or_else(Vec::new, |slope| inverse_discs(series, &slope))
    }

    /// The Taylor polynomial of a sum is that of the terms', and so is its error; that of an integral
    /// is the integral of the integrand's. Of an inverse its coefficients are bounded. `None` for what else
    /// there is.
    fn bound(&self, series: &Series, low: f64, high: f64) -> Result<Option<f64>, Error> {
        let order = series.order();
        let operand = |index: usize| {
            let operand = self.operands[index].clone().truncated(order);
            Ok::<_, Error>(Interval64::point(operand.error_bound(low, high)?.bound))
        };
        let constant = |index: usize| self.operands.get(index).and_then(Series::constant);
        Ok(match &self.operation {
            Operation::Negative => Some(operand(0)?.high),
            Operation::Sum | Operation::Difference => Some(operand(0)?.add(operand(1)?).high),
            Operation::Product => match (constant(0), constant(1)) {
                (Some(factor), _) => Some(factor.multiply(operand(1)?).magnitude()),
                (_, Some(factor)) => Some(factor.multiply(operand(0)?).magnitude()),
                _ => None,
            },
            Operation::Quotient => match constant(1) {
                Some(divisor) => Some(operand(0)?.divide(divisor).magnitude()),
                None => None,
            },
            // The terms of degree 1 and up are those of the integrand.
            Operation::Integral(_) if order > 0 => {
                let integrand = &self.operands[0].clone().truncated(order - 1);
                let point = series.enclosed_point();
                // A range that ends at the point has one side, be the point between two doubles.
                let left = (low < point.low).then(|| integral(integrand, low, point.high));
                let right = (high > point.high).then(|| integral(integrand, point.low, high));
                Some(match (left.transpose()?, right.transpose()?) {
                    (Some(left), Some(right)) => left.max(right),
                    (Some(bound), None) | (None, Some(bound)) => bound,
                    (None, None) => integral(integrand, point.low, point.high)?,
                })
            }
            Operation::Inverse if self.operands[0].function().is_some() => {
                let point = series.enclosed_point();
                let [left, right] = [low, high].map(|end| Interval64::point(end).subtract(point));
                let reach = left.magnitude().max(right.magnitude());
                // The next terms are known, and those after them are bounded.
                let last = order + MORE_TERMS;
                let discs = self.inverse_discs().into_iter();
                let bounds = discs
                    .filter(|disc| reach < disc.radius)
                    .map(|disc| disc.remainder(reach, last));
                let rest = bounds.fold(f64::INFINITY, f64::min);
                let bound = if rest.is_finite() {
                    let sum = terms(&series.extended(last)?, reach, order);
                    sum.add(Interval64::point(rest)).high
                } else {
                    rest
                };
                if bound.is_infinite() {
                    let near = if left.magnitude() > right.magnitude() { low } else { high };
                    return Err(Error::Unbounded { near });
                }
                Some(bound)
            }
            Operation::Power(_)
            | Operation::Composition
            | Operation::Derivative
            | Operation::Integral(_)
            | Operation::Inverse => None,
        })
    }
}

/// `sum_(k>order) |a_k| t^k`, as far as the series goes.
fn terms(series: &Series, t: f64, order: usize) -> Interval64 {
    let t = Interval64::point(t);
    let term = |degree: usize| {
        let coefficient = series.enclosed_coefficient(degree);
        let size = coefficient.map_or(f64::INFINITY, Interval64::magnitude);
        Interval64::point(size).multiply(t.integer_power(degree as u64))
    };
    (order + 1..=series.order()).map(term).fold(Interval64::point(0.0), Interval64::add)
}

/// At least the integral of the error of `series` from `low` to `high`, one of which is its point.
fn integral(series: &Series, low: f64, high: f64) -> Result<f64, Error> {
    let reach = low.abs().max(high.abs());
    let width = Interval64::point(high).subtract(Interval64::point(low));
    if series.function().is_none() {
        let bound = Interval64::point(series.inherited_bound(low, high)?.bound);
        return Ok(bound.multiply(width).high);
    }
    let profile = series.error_profile(low, high, PARTS)?;
    // The parts' ends are rounded, by 5 units in the last place of `reach` at most.
    let rounding = Interval64::point(8.0 * f64::EPSILON * reach);
    let part = width.divide(Interval64::point(PARTS as f64)).add(rounding);
    let sum = profile
        .parts
        .iter()
        .fold(Interval64::point(0.0), |sum, part| sum.add(Interval64::point(part.bound)));
    Ok(sum.multiply(part).high)
}

#[cfg(test)]
mod tests {
    use crate::taylor;

    /// The expansion point -1/100 is between two doubles, one of which is an end of the range.
    #[test]
    fn a_range_may_begin_at_a_point_between_doubles() {
        let made = taylor("lambert_w(x)", 2, "-0.01").unwrap().integral("0").unwrap();
        let [own, wider] = [-0.01, -0.02].map(|low| made.error_bound(low, 0.79).unwrap().bound);
        assert!(0.01 < own && own <= wider && wider < 0.3, "{own} {wider}");
    }

    #[test]
    fn integrals_have_bounds_like_their_functions() {
        for (function, integral, factor) in [
            ("exp(x)", "exp(x) - 1", "1"),
            ("cos(x)", "2*sin(x)", "2"),
            ("1/(1 + x^2)", "atan(x)/3", "1/3"),
            ("exp(-x^2)", "erf(x)", "2/sqrt(pi)"),
        ] {
            let made = taylor(function, 7, "0").unwrap().integral("0").unwrap();
            let made = (&made * factor).unwrap();
            let known = taylor(integral, 8, "0").unwrap();
            for (low, high) in [(-0.5, 0.5), (0.0, 0.75), (0.25, 0.5), (-0.75, -0.25)] {
                let (found, truth) = (made.error_bound(low, high), known.error_bound(low, high));
                let (found, truth) = (found.unwrap().bound, truth.unwrap());
                assert!(found >= truth.sampled, "{function}: {found} below {}", truth.sampled);
                assert!(found <= 1.3 * truth.bound + 1e-15, "{function}: {found}, not {truth:?}");
            }
        }
    }
}
