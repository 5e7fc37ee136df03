//! Odd and even functions on ranges about zero.

use super::problem::Problem;
use crate::function::Function;
use crate::number::{Rational, exactly};
use crate::series::Series;

/// Points at which a parity is looked for, between 0 and 1.
const PROBES: usize = 23;

impl Problem<'_> {
    /// Approximates by odd or by even polynomials where the function is odd or even on a range about
    /// zero, up to a constant or to a multiple of `x`: `sigmoid(x) - 1/2` is odd and `silu(x) - x/2` even.
    ///
    /// This is seen, not proven, and nothing rests on it: the best polynomial is then no worse for it, and
    /// the lower bound holds for all polynomials.
    pub(super) fn adopt_parity(&mut self) {
        let mirrored = |&(low, high): &(f64, f64)| self.ranges.contains(&(-high, -low));
        if self.center != 0.0 || !self.ranges.iter().all(mirrored) {
            return;
        }
        let ranges: Vec<_> = self
            .ranges
            .iter()
            .filter(|(_, high)| *high > 0.0)
            .map(|&(low, high)| (low.max(0.0), high))
            .collect();
        let f = |x: f64| self.function.evaluate(x);
        // With a weight that is not even the best polynomial has no parity.
        let is_even = |unit: &Function| {
            ranges.iter().all(|&(low, high)| {
                (1..=PROBES).all(|i| {
                    let x = low + (high - low) * (i as f64 / PROBES as f64);
                    let (right, left) = (unit.evaluate(x), unit.evaluate(-x));
                    (right - left).abs() <= 4.0 * f64::EPSILON * right.abs()
                })
            })
        };
        if !self.unit.as_ref().is_none_or(is_even) {
            return;
        }
        let (mut even_part, mut odd_part, mut size) = (Vec::new(), Vec::new(), 0f64);
        for &(low, high) in &ranges {
            for i in 1..=PROBES {
                let x = low + (high - low) * (i as f64 / PROBES as f64);
                let (right, left) = (f(x), f(-x));
                size = size.max(right.abs()).max(left.abs());
                even_part.push(right / 2.0 + left / 2.0);
                odd_part.push((right / 2.0 - left / 2.0) / x);
            }
        }
        let steady = |values: &[f64], unit: f64| {
            let spread = values.iter().map(|v| (v - values[0]).abs()).fold(0.0, f64::max);
            spread * unit <= 4.0 * f64::EPSILON * size
        };
        let odd = steady(&even_part, 1.0);
        if !odd && !steady(&odd_part, self.half_width) {
            return;
        }
        // Relative errors are those of an even weight only if the function itself is odd or even.
        let other = if odd { &even_part } else { &odd_part };
        if self.choice.relative && other.iter().any(|value| *value != 0.0) {
            return;
        }
        let degree = usize::from(!odd);
        if !self.degrees.contains(&degree) {
            return;
        }
        let given = match Series::new(self.function, 1, "0") {
            Ok(series) => match series.exact(degree).and_then(|exact| exact.as_rational()) {
                Some(rational) => rational.clone(),
                None => match series.enclosure(degree, 512).ok().and_then(|value| value.bounds()) {
                    Some((lower, upper)) => (lower + upper) / Rational::from(2),
                    None => return,
                },
            },
            // A kink at zero: of |x| nothing is given.
            Err(_)
                if size > 0.0
                    && (if odd { &even_part } else { &odd_part })[0].abs()
                        < f64::EPSILON * size =>
            {
                Rational::ZERO
            }
            Err(_) => return,
        };
        self.given = match degree {
            0 => vec![given],
            _ => vec![Rational::ZERO, given * exactly(self.half_width)],
        };
        self.degrees.retain(|k| k % 2 == usize::from(odd));
        if self.degrees.is_empty() {
            // A constant for an odd function.
            self.degrees = vec![0];
            self.given.clear();
            return;
        }
        self.ranges = ranges;
        self.parity = Some(odd);
    }
}
