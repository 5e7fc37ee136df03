//! The error on a piece of a range as a quotient of polynomials with interval coefficients.
//!
//! Its extremes come from the signs of its derivatives: where it is monotone the ends decide, and
//! where its second derivative has one sign, a parabola.

use crate::number::Interval64;

/// Two polynomials in `s` whose quotient is the error on a piece: the difference, and 1 or the
/// function.
pub(super) struct Quotient {
    pub over: Vec<Interval64>,
    pub under: Vec<Interval64>,
    /// `s = 0`, exactly or enclosed.
    pub center: Interval64,
    pub width: f64,
    /// Whether the last coefficient is Lagrange's remainder, whose derivatives are remainders too.
    pub by_lagrange: bool,
}

/// Newton's steps towards an extreme of the error.
const NEWTON_STEPS: usize = 4;

/// The error's largest magnitude as an upper bound, and a magnitude that it certainly has at a point.
pub(super) struct Measured {
    pub bound: f64,
    pub taken: (f64, f64),
}

/// The larger of two magnitudes taken, with their points.
pub(super) fn larger(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    if b.1 > a.1 { b } else { a }
}

impl Quotient {
    /// The `s` of a point.
    fn place(&self, x: f64) -> Interval64 {
        if self.width == 0.0 {
            return Interval64::point(0.0);
        }
        Interval64::point(x).subtract(self.center).divide(Interval64::point(self.width))
    }

    /// Whether the widths of the coefficients, which come from rounding, are more than a
    /// thousandth of the difference from `low` to `high` and more than the remainder.
    pub(super) fn is_blurred(&self, low: f64, high: f64) -> bool {
        let width = |x: &Interval64| x.high - x.low;
        let Some((last, rest)) = self.over.split_last() else { return false };
        let blur: f64 = rest.iter().map(width).sum();
        let size = value(&self.over, self.place(low).hull(self.place(high))).magnitude();
        blur > size / 1000.0 && blur >= width(last)
    }

    /// What a measurement costs, in operations on doubles.
    pub(super) fn cost(&self) -> u64 {
        8 * (self.over.len() + self.under.len()) as u64
    }

    /// Whether the coefficients are known so well that a bound can come within a thousandth of it.
    pub(super) fn is_sharper_than(&self, bound: f64) -> bool {
        let width: f64 = self.over.iter().map(|x| x.high - x.low).sum();
        width < bound / 1000.0 || self.under.len() > 1
    }

    /// Whether the error certainly grows without bound between two points: the divisor has a zero
    /// there and the difference has none.
    pub(super) fn is_unbounded(&self, low: f64, high: f64) -> bool {
        let (from, to) = (self.place(low), self.place(high));
        let ends = [value(&self.under, from), value(&self.under, to)];
        let changes = ends.iter().any(|end| end.low > 0.0) && ends.iter().any(|end| end.high < 0.0);
        changes && !value(&self.over, from.hull(to)).contains(0.0)
    }

    /// The error at a point.
    pub(super) fn at(&self, x: f64) -> Interval64 {
        let s = self.place(x);
        value(&self.over, s).divide(value(&self.under, s))
    }

    /// The error from `low` to `high`, a part of the piece or the whole.
    pub(super) fn measured(&self, low: f64, high: f64) -> Measured {
        let ends = [self.at(low), self.at(high)];
        let at_ends = ends[0].magnitude().max(ends[1].magnitude());
        let mut taken = larger((low, ends[0].mignitude()), (high, ends[1].mignitude()));
        let s = self.place(low).hull(self.place(high));
        let over_slope = derivative(&self.over);
        if self.under.len() == 1 {
            // The divisor is 1.
            let rise = value(&over_slope, s);
            let bound = if rise.contains(0.0) {
                let inside = (self.place(low).high, self.place(high).low);
                let mut bound = value(&self.over, s).magnitude();
                if let Some((peak, m)) = self.peak(&over_slope, s, inside) {
                    bound = bound.min(peak.max(at_ends));
                    let x = (self.center.middle() + self.width * m).clamp(low, high);
                    taken = larger(taken, (x, self.at(x).mignitude()));
                }
                bound
            } else {
                at_ends
            };
            return Measured { bound, taken };
        }
        let (over, under) = (value(&self.over, s), value(&self.under, s));
        let mut bound = over.divide(under).magnitude();
        // (D/F)' = (D' F - D F') / F^2 has one sign: the largest magnitude is at an end.
        let (over_slope, under_slope) = (value(&over_slope, s), value(&derivative(&self.under), s));
        let rise = over_slope.multiply(under).subtract(over.multiply(under_slope));
        if !rise.contains(0.0) && !under.contains(0.0) {
            bound = bound.min(at_ends);
        }
        Measured { bound, taken }
    }

    /// A bound of the error inside `s`, beside that at its ends, where its second derivative has one
    /// sign: it lies between the chord and, for any `m`, the parabola `D(m) + D'(m) (s - m) + c (s - m)^2
    /// / 2` with the smallest magnitude `c` of the second derivative. Near its extreme `D'(m)` is small.
    /// With the bound comes `m`.
    fn peak(
        &self,
        slope: &[Interval64],
        s: Interval64,
        (first, last): (f64, f64),
    ) -> Option<(f64, f64)> {
        // `m` has to be a point of the piece, not of the interval around it.
        if !self.by_lagrange || first > last {
            return None;
        }
        let curvature = derivative(slope);
        let smallest = value(&curvature, s).mignitude();
        if smallest == 0.0 {
            return None;
        }
        let middles =
            |p: &[Interval64], at: f64| p.iter().rev().fold(0.0, |sum, c| sum * at + c.middle());
        let mut m = s.middle();
        for _ in 0..NEWTON_STEPS {
            m = (m - middles(slope, m) / middles(&curvature, m)).clamp(first, last);
        }
        let m = if m.is_nan() { first } else { m };
        let point = Interval64::point(m);
        let rest = value(slope, point).square().divide(Interval64::point(2.0 * smallest));
        let peak = Interval64::point(value(&self.over, point).magnitude()).add(rest);
        Some((peak.high, m))
    }
}

/// `sum_k coefficients[k] s^k`, by powers: even ones are tighter than products.
pub(super) fn value(coefficients: &[Interval64], s: Interval64) -> Interval64 {
    let square = s.square();
    let mut even = Interval64::point(1.0);
    let mut sum = Interval64::point(0.0);
    for pair in coefficients.chunks(2) {
        sum = sum.add(pair[0].multiply(even));
        if let Some(odd) = pair.get(1) {
            sum = sum.add(odd.multiply(s.multiply(even)));
        }
        even = even.multiply(square);
    }
    sum
}

/// The derivative of a polynomial enclosure: that of Lagrange's remainder is the remainder of
/// the derivative.
fn derivative(coefficients: &[Interval64]) -> Vec<Interval64> {
    let scaled = |(k, a): (usize, &Interval64)| a.multiply(Interval64::point(k as f64));
    coefficients.iter().enumerate().skip(1).map(scaled).collect()
}
