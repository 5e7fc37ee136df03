//! Singularities at exact places: constants recognised, then proven.

use std::cmp::Ordering;

use crate::builtin::{Analytic, Builtin, Complex, Elementary, each};
use crate::function::{Index, Operation, Step};
use crate::number::{Arithmetic, Certified, Exact, Interval64, Rational, Value, half};
use crate::series::{self, Expanded};

use super::path::{Place, meets};
use super::region::{PLANE, Rectangle, Source};

/// An exact complex number.
pub(super) type ExactPlace = (Exact, Exact);

/// Bits and terms of the exact evaluation at a place.
const BITS: usize = 256;
const TERMS: usize = 12;

/// Denominators of the multiples of a constant that are tried.
const DENOMINATORS: std::ops::RangeInclusive<i64> = 1..=24;

/// Numerators of these multiples: integers that doubles hold, far apart for their tolerance.
const LARGEST_NUMERATOR: f64 = 1e15;

/// A series at exact places other than its expansion point.
pub(super) struct Exactly<'a> {
    series: Expanded<'a>,
    /// `|u|` and the sign of `u` do not continue to the plane as they are evaluated.
    is_piecewise: bool,
    constants: Vec<(f64, Exact)>,
}

impl<'a> Exactly<'a> {
    pub(super) fn new(series: Expanded<'a>) -> Self {
        let steps = series.function().steps();
        let is_piecewise = steps.iter().any(|step| {
            matches!(step.operation, Operation::Absolute(_) | Operation::PiecewiseConstant(..))
        });
        let half = half();
        let roots = [2, 3, 5, 6, 7, 10].map(|n| Exact::from(n).power(&half));
        let logs = [2, 3, 5, 7, 10].map(|n| Exact::from(n).logarithm());
        let constants = [Some(1.into()), Some(Exact::pi()), Exact::from(1).exponential()];
        let constants = constants.into_iter().chain(roots).chain(logs).flatten();
        // Constants of the function itself, such as the 3/7 in 1/(x - 3/7).
        let own = steps.iter().filter_map(|step| match &step.operation {
            Operation::Constant(value) if !value.is_zero() => Some(Exact::clone(value)),
            _ => None,
        });
        let constants = constants.chain(own);
        let constants = constants.map(|exact| (exact.to_f64(), exact)).collect();
        Self { series, is_piecewise, constants }
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
                numerator != 0.0 && numerator.abs() < LARGEST_NUMERATOR && miss <= tolerance
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

    /// How the function's steps begin at a place: with real arithmetic on the real axis, with
    /// principal branches elsewhere.
    pub(super) fn local(&self, place: &ExactPlace) -> Local {
        if place.1.is_zero() {
            return self.local_at(&Value::Exact(place.0.clone()), Some(place.clone()));
        }
        let a = Complex(Certified::new(BITS));
        let variable =
            [(Value::Exact(place.0.clone()), Value::Exact(place.1.clone())), a.integer(1)];
        let side = |exact: &Exact| Interval64::around(&exact.enclose(BITS));
        let part = |x: &Value| Interval64::around(&a.0.enclose(x));
        let mut local = self.local_with(&a, &variable, |z| (part(&z.0), part(&z.1)));
        // Neither `|u|` nor a recurrence at a singularity outside the real axis means anything.
        local.is_removable &= !self.is_piecewise;
        local.center = (side(&place.0), side(&place.1));
        local.exact = Some(place.clone());
        local
    }

    /// [`Self::local`] at the expansion point, where the function is analytic.
    pub(super) fn local_at_point(&self) -> Local {
        let exact = self.series.at_exact().map(|exact| (exact.clone(), Exact::default()));
        Local { is_removable: true, ..self.local_at(self.series.point(), exact) }
    }

    fn local_at(&self, point: &Value, exact: Option<ExactPlace>) -> Local {
        let a = Certified::new(BITS);
        let enclose = |x: &Value| PLANE.real(Interval64::around(&a.enclose(x)));
        let local = self.local_with(&a, &[point.clone(), a.integer(1)], enclose);
        let center = enclose(point);
        Local { center, exact, ..local }
    }

    fn local_with<A: Analytic>(
        &self,
        a: &A,
        variable: &[A::Number; 2],
        enclose: impl Fn(&A::Number) -> Rectangle,
    ) -> Local {
        let steps = self.series.function().steps();
        let leading = series::leading(a, self.series.function(), variable, TERMS);
        let guard = |step: &Step| {
            let Operation::Elementary(function, index) = step.operation else { return None };
            let leading = leading[index].as_ref()?;
            let u = leading.value.as_ref()?;
            let guard = each!(function, F => F::guard(a, u))?;
            // The zeros of these in the plane of `u` are simple.
            let order = match a.sign(&guard)? {
                Ordering::Equal => leading.order_of_difference?,
                _ => 0,
            };
            Some(Within { function, index, order, argument: enclose(u) })
        };
        let within: Vec<Option<Within>> = steps.iter().map(guard).collect();
        // Recurrences are not made for branch points outside the real axis, nor for poles that may
        // or may not be there.
        let singular = self.series.function().fold(|index, operation| {
            let mut singular = leading[index].is_none();
            operation.map(|operand| singular |= **operand);
            if let Operation::Elementary(function, _) = operation {
                singular |= each!(function, F => match &within[index] {
                    Some(within) => F::BRANCHES && within.order != 0,
                    None => F::BRANCHES || F::QUOTIENT.is_some(),
                });
            }
            singular
        });
        let known = |index: usize| leading[index].as_ref().filter(|_| !singular[index]);
        let last = steps.len() - 1;
        let is_removable = !singular[last] && known(last).is_some_and(|last| last.value.is_some());
        Local {
            center: PLANE.integer(0),
            exact: None,
            orders: (0..steps.len()).map(|index| known(index)?.order).collect(),
            within: within.into_iter().flatten().filter(|within| !singular[within.index]).collect(),
            is_removable,
        }
    }

    /// The distance from the expansion point, enclosed and as text.
    pub(super) fn distance(&self, place: &ExactPlace) -> Option<(Interval64, String)> {
        let Value::Exact(point) = self.series.point() else { return None };
        let re = place.0.add(&point.negate());
        let im = &place.1;
        let length = |side: &Exact| match side.sign() {
            Some(Ordering::Less) => side.negate(),
            _ => side.clone(),
        };
        let half = half();
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

/// How a function's steps begin at one place.
pub(super) struct Local {
    /// The place.
    pub center: Rectangle,
    pub exact: Option<ExactPlace>,
    /// Each step's order, where it is known: of a zero above 0, of a pole below.
    pub orders: Vec<Option<i64>>,
    /// The orders of what must not vanish under elementary functions of steps.
    within: Vec<Within>,
    /// Whether the function has a Taylor series there.
    pub is_removable: bool,
}

/// What must not vanish under an elementary function of a step.
struct Within {
    function: Elementary,
    index: Index,
    /// The order of `1 - u^2`, or whatever it is, at the place.
    order: i64,
    /// The step's value there.
    argument: Rectangle,
}

impl Local {
    /// The order of a guard, where it is known.
    pub(super) fn order(&self, source: Source) -> Option<i64> {
        match source {
            Source::Step(index) => self.orders.get(index).copied().flatten(),
            Source::Within(function, index, number) => {
                let own = |within: &&Within| within.function == function && within.index == index;
                let Within { order, argument, .. } = self.within.iter().find(own)?;
                // Of the logarithms of an inverse function one vanishes at either end of a cut.
                let vanishing = each!(function, F => F::vanishing(argument));
                Some(if number == vanishing { *order } else { 0 })
            }
        }
    }

    /// Whether a guard certainly vanishes, or has a pole, at the place.
    pub(super) fn blocks(&self, source: Source) -> bool {
        self.order(source).is_some_and(|order| order != 0)
    }

    /// Whether another place is certainly neither this one nor its complex conjugate.
    pub(super) fn differs_from(&self, other: &Self) -> bool {
        let (re, im) = other.center;
        !meets(&self.center, &(re, im)) && !meets(&self.center, &(re, im.negate()))
    }
}
