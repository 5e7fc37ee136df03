//! Singularities at exact places: constants recognised, then proven.

use crate::function::Operation;
use crate::number::{
    Arithmetic, Certified, Complex, Elementary, Exact, Interval64, Rational, Value,
};
use crate::series::{self, Series};

use super::path::Place;
use super::region::Source;

/// An exact complex number.
pub(super) type ExactPlace = (Exact, Exact);

/// Bits and terms of the exact evaluation at a place.
const BITS: usize = 256;
const TERMS: usize = 12;

/// Denominators of the multiples of a constant that are tried.
const DENOMINATORS: std::ops::RangeInclusive<i64> = 1..=24;

/// A series at exact places other than its expansion point.
pub(super) struct Exactly<'a> {
    series: &'a Series,
    /// `|u|` does not continue to the plane as it is evaluated.
    has_absolute: bool,
    constants: Vec<(f64, Exact)>,
}

impl<'a> Exactly<'a> {
    pub(super) fn new(series: &'a Series) -> Self {
        let steps = series.function().steps();
        let has_absolute =
            steps.iter().any(|step| matches!(step.operation, Operation::Absolute(_)));
        let named =
            |function: Elementary, argument: i64| Exact::from(argument).elementary(function);
        let half = Rational::from_parts(1.into(), 2u8.into());
        let roots = [2, 3, 5, 6, 7, 10].map(|n| Exact::from(n).power(&half));
        let logs = [2, 3, 5, 7, 10].map(|n| named(Elementary::Log, n));
        let constants = [Some(1.into()), Some(Exact::pi()), named(Elementary::Exp, 1)];
        let constants = constants.into_iter().chain(roots).chain(logs).flatten();
        // Constants of the function itself, such as the 3/7 in 1/(x - 3/7).
        let own = steps.iter().filter_map(|step| match &step.operation {
            Operation::Constant(value) if !value.is_zero() => Some(value.clone()),
            _ => None,
        });
        let constants = constants.chain(own);
        let constants = constants.map(|exact| (exact.to_f64(), exact)).collect();
        Self { series, has_absolute, constants }
    }

    /// Exact numbers near a complex number that is known to within `tolerance`.
    pub(super) fn candidates(&self, (x, y): Place, tolerance: f64) -> Vec<ExactPlace> {
        let (re, im) = (self.near(x, tolerance), self.near(y, tolerance));
        re.iter().flat_map(|x| im.iter().map(|y| (x.clone(), y.clone()))).take(8).collect()
    }

    fn near(&self, value: f64, tolerance: f64) -> Vec<Exact> {
        if value.abs() <= tolerance {
            return vec![Exact::default()];
        }
        let mut found = Vec::new();
        for (constant, exact) in &self.constants {
            let multiple = value / constant;
            let denominator = DENOMINATORS.into_iter().find(|&q| {
                let numerator = (multiple * q as f64).round();
                let miss = (numerator / q as f64 * constant - value).abs();
                numerator != 0.0 && numerator.abs() < 1e6 && miss <= tolerance
            });
            if let Some(q) = denominator {
                let numerator = (multiple * q as f64).round() as i64;
                let factor = Rational::from(numerator) / Rational::from(q);
                let candidate = exact.scale(&factor);
                if !found.contains(&candidate) {
                    found.push(candidate);
                }
            }
        }
        found
    }

    /// How often a guard vanishes at a place, where it certainly does.
    pub(super) fn multiplicity(&self, source: Source, place: &ExactPlace) -> Option<i64> {
        let a = Complex(Certified::new(BITS));
        self.multiplicity_with(&a, source, &variable(&a, place))
    }

    /// [`Self::multiplicity`] at the expansion point.
    pub(super) fn multiplicity_at_point(&self, source: Source) -> Option<i64> {
        let a = Certified::new(BITS);
        self.multiplicity_with(&a, source, &[self.series.point().clone(), a.integer(1)])
    }

    fn multiplicity_with<A: Arithmetic>(
        &self,
        a: &A,
        source: Source,
        variable: &[A::Number; 2],
    ) -> Option<i64> {
        let function = self.series.function();
        match source {
            Source::Step(index) => {
                series::valuation(a, function, index, variable, TERMS).filter(|&order| order > 0)
            }
            Source::Within(elementary, index) => {
                let u = series::value(a, function, index, variable)?;
                let square = a.multiply(&u, &u);
                let guard = match elementary {
                    Elementary::Tan => a.elementary(Elementary::Cos, &u),
                    Elementary::Tanh => a.elementary(Elementary::Cosh, &u),
                    Elementary::Atan | Elementary::Asinh => a.add(&a.integer(1), &square),
                    _ => a.subtract(&a.integer(1), &square),
                };
                // One walk around counts a zero of `1 - u^2` once; a zero of higher order would
                // need the order of `u - u(place)` too.
                a.is_zero(&guard).then_some(1)
            }
        }
    }

    /// Whether the function has a Taylor series at a place, by principal branches.
    pub(super) fn is_removable(&self, place: &ExactPlace) -> bool {
        let a = Complex(Certified::new(BITS));
        let finite = |value: &Value| !a.0.enclose(value).is_whole_line();
        let coefficients =
            series::coefficients(&a, self.series.function(), &variable(&a, place), 2);
        !self.has_absolute
            && coefficients.is_ok_and(|all| all.iter().all(|c| finite(&c.0) && finite(&c.1)))
    }

    /// The distance from the expansion point, enclosed and as text.
    pub(super) fn distance(&self, place: &ExactPlace) -> Option<(Interval64, String)> {
        let Value::Exact(point) = self.series.point() else { return None };
        let re = place.0.add(&point.negate());
        let im = &place.1;
        let length = |side: &Exact| match side.sign() {
            Some(std::cmp::Ordering::Less) => side.negate(),
            _ => side.clone(),
        };
        let half = Rational::from_parts(1.into(), 2u8.into());
        let length = if im.is_zero() {
            length(&re)
        } else if re.is_zero() {
            length(im)
        } else {
            let square = re.multiply(&re).add(&im.multiply(im));
            let Some(root) = square.power(&half) else {
                let enclosed = square.enclose(BITS).power(&half, BITS);
                return Some((Interval64::around(&enclosed), format!("sqrt({square})")));
            };
            root
        };
        Some((Interval64::around(&length.enclose(BITS)), length.to_string()))
    }
}

/// `x` near an exact place.
fn variable(a: &Complex<Certified>, (re, im): &ExactPlace) -> [(Value, Value); 2] {
    [(Value::Exact(re.clone()), Value::Exact(im.clone())), a.integer(1)]
}
