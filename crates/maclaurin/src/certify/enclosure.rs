//! The values of a function, enclosed: at a point, and on an interval.

use crate::builtin::{Analytic, Elementary, bessel_j, erlang_cdf};
use crate::function::{Function, Operand, Operation};
use crate::number::{Arithmetic, Interval64, Outward64, Rational, exactly};
use crate::series::coefficients;

/// An enclosure of the function's value at a double, or `None` where it has no value that is known.
pub(crate) fn value_at<A: Analytic>(a: &A, function: &Function, x: f64) -> Option<A::Number> {
    let along = [a.exact(&exactly(x).into()), a.integer(1)];
    if let Ok(mut value) = coefficients(a, function, &along, 0) {
        return Some(value.swap_remove(0));
    }
    // At a kink there is a value and no series.
    let Interval64 { low, high } = enclose(function, Interval64::point(x));
    let middle = low.midpoint(high);
    let radius = (high - middle).max(middle - low).next_up();
    let exact = low == high;
    let value = a.exact(&exactly(middle).into());
    radius.is_finite().then(|| if exact { value } else { a.add(&value, &a.at_most(radius)) })
}

/// The function's values on an interval, by plain interval arithmetic; the whole line where the function
/// is not proven to be defined on all of the interval, whatever bounds its last step has: `sin(1/x)` about 0.
pub(super) fn enclose(function: &Function, x: Interval64) -> Interval64 {
    let a = &Outward64;
    let undefined = Err(());
    let values =
        function.try_fold(|_, operation: Operation<Operand<'_, Interval64>>| match operation {
            Operation::Variable => Ok(x),
            Operation::Constant(value) => Ok(a.exact(&value)),
            Operation::Negate(f) => Ok(f.negate()),
            Operation::Add(f, g) => Ok(f.add(*g)),
            Operation::Subtract(f, g) => Ok(f.subtract(*g)),
            Operation::Multiply(f, g) if f.index == g.index => Ok(f.square()),
            Operation::Multiply(f, g) => Ok(f.multiply(*g)),
            Operation::Divide(_, g) if g.contains(0.0) => undefined,
            Operation::Divide(f, g) => Ok(f.divide(*g)),
            Operation::Absolute(f) => Ok(Interval64::between(f.mignitude(), f.magnitude())),
            Operation::PiecewiseConstant(level, u, _) => {
                Ok(Interval64::between(level.double(u.low), level.double(u.high)))
            }
            Operation::Power(f, g) => match function.rational(g.index) {
                Some(r) if *r < Rational::ZERO && f.contains(0.0) => undefined,
                Some(r) if !r.is_int() && f.low < 0.0 => undefined,
                Some(r) => Ok(a.power(&f, r)),
                None if f.low > 0.0 => Ok(f.log().multiply(*g).exp()),
                None => undefined,
            },
            Operation::Elementary(elementary, f) => {
                let value = a.elementary(elementary, &f);
                if is_defined(elementary, *f, value) { Ok(value) } else { undefined }
            }
            Operation::ErlangCdf(shape, u) => Ok(erlang_cdf::value(a, &u, shape)),
            Operation::BesselJ(order, u) => Ok(bessel_j::value(a, &u, order)),
        });
    values.ok().and_then(|values| values.last().copied()).unwrap_or(Interval64::WHOLE_LINE)
}

/// Pieces that are looked at before a function counts as not proven positive, and the narrowest one, as a
/// part of the range.
const MOST_PIECES: usize = 1 << 14;
const NARROWEST: f64 = 1.0 / (1u64 << 40) as f64;

/// A point of a range near which the function is not proven to be positive and finite; `None` where it is
/// proven everywhere.
pub(crate) fn first_not_positive(function: &Function, (low, high): (f64, f64)) -> Option<f64> {
    let mut pieces = vec![(low, high)];
    for _ in 0..MOST_PIECES {
        let (left, right) = pieces.pop()?;
        let value = enclose(function, Interval64::between(left, right));
        if value.low > 0.0 && value.high < f64::INFINITY {
            continue;
        }
        let middle = left.midpoint(right);
        if right - left <= NARROWEST * (high - low) {
            return Some(middle);
        }
        pieces.extend([(middle, right), (left, middle)]);
    }
    pieces.pop().map(|(left, _)| left)
}

/// Whether a built-in function is certainly defined on all of an interval, where it has those values.
fn is_defined(function: Elementary, x: Interval64, value: Interval64) -> bool {
    /// A double above the branch point of Lambert's function, `-1/e`.
    const BRANCH: f64 = -0.367_879_441_171_442_2;
    match function {
        Elementary::Log => x.low > 0.0,
        Elementary::Asin | Elementary::Acos => x.low >= -1.0 && x.high <= 1.0,
        Elementary::Acosh => x.low >= 1.0,
        Elementary::Atanh | Elementary::Erfinv => x.magnitude() < 1.0,
        Elementary::LambertW => x.low >= BRANCH,
        // Their poles are where they have no bound.
        Elementary::Tan | Elementary::Digamma | Elementary::Lgamma => {
            value.magnitude() < f64::INFINITY
        }
        Elementary::Exp
        | Elementary::Sin
        | Elementary::Cos
        | Elementary::Atan
        | Elementary::Sinh
        | Elementary::Cosh
        | Elementary::Tanh
        | Elementary::Asinh
        | Elementary::Erf
        | Elementary::Erfi
        | Elementary::Dawson
        | Elementary::Si
        | Elementary::Ein
        | Elementary::Rgamma
        | Elementary::DigammaOverGamma
        | Elementary::EntireZeta => true,
    }
}
