//! The values of a function, enclosed: at a point, and on an interval.

use crate::builtin::{Analytic, bessel_j, erlang_cdf};
use crate::function::{Function, Operand, Operation};
use crate::number::{Arithmetic, Interval64, Outward64, exactly};
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

/// The function's values on an interval, by plain interval arithmetic.
pub(super) fn enclose(function: &Function, x: Interval64) -> Interval64 {
    let a = &Outward64;
    let values =
        function.fold(|_, operation: Operation<Operand<'_, Interval64>>| match operation {
            Operation::Variable => x,
            Operation::Constant(value) => a.exact(&value),
            Operation::Negate(f) => f.negate(),
            Operation::Add(f, g) => f.add(*g),
            Operation::Subtract(f, g) => f.subtract(*g),
            Operation::Multiply(f, g) if f.index == g.index => f.square(),
            Operation::Multiply(f, g) => f.multiply(*g),
            Operation::Divide(f, g) => f.divide(*g),
            Operation::Absolute(f) => Interval64::between(f.mignitude(), f.magnitude()),
            Operation::PiecewiseConstant(level, u, _) => {
                Interval64::between(level.double(u.low), level.double(u.high))
            }
            Operation::Power(f, g) => match function.rational(g.index) {
                Some(r) => a.power(&f, r),
                None if f.low > 0.0 => f.log().multiply(*g).exp(),
                None => Interval64::WHOLE_LINE,
            },
            Operation::Elementary(elementary, f) => a.elementary(elementary, &f),
            Operation::ErlangCdf(shape, u) => erlang_cdf::value(a, &u, shape),
            Operation::BesselJ(order, u) => bessel_j::value(a, &u, order),
        });
    values.last().copied().unwrap_or(Interval64::WHOLE_LINE)
}
