//! The values of a function, enclosed: at a point, and on an interval.

use super::image::{Image, image, slope};
use crate::builtin::Analytic;
use crate::function::{Function, Operand, Operation};
use crate::number::{Interval64, exactly};
use crate::series::coefficients;

/// An enclosure of the function's value at a double, or `None` where it has no value that is known.
pub(crate) fn value_at<A: Analytic>(a: &A, function: &Function, x: f64) -> Option<A::Number> {
    let along = [a.exact(&exactly(x).into()), a.integer(1)];
    match coefficients(a, function, &along, 0) {
        Ok(mut value) => Some(value.swap_remove(0)),
        Err(_) => limit_at(a, function, x),
    }
}

/// The same where there is no series: at a kink, or at a hole where the function has a limit.
pub(crate) fn limit_at<A: Analytic>(a: &A, function: &Function, x: f64) -> Option<A::Number> {
    let Interval64 { low, high } = enclose(function, Interval64::point(x));
    let middle = low.midpoint(high);
    let radius = (high - middle).max(middle - low).next_up();
    let exact = low == high;
    let value = a.exact(&exactly(middle).into());
    radius.is_finite().then(|| if exact { value } else { a.add(&value, &a.at_most(radius)) })
}

/// The function's values on an interval, by plain interval arithmetic; the whole line where the function
/// is not proven to be defined on all of the interval, or to have limits where it is not.
pub(super) fn enclose(function: &Function, x: Interval64) -> Interval64 {
    let (plain, is_point) = (values(function, x), x.low == x.high);
    if plain.is_some_and(|value| value.magnitude() < f64::INFINITY) {
        return plain.unwrap_or(Interval64::WHOLE_LINE);
    }
    let other = if is_point {
        // A limit, if both sides have the same.
        values(function, Interval64::between(x.low.next_down(), x.high.next_up()))
    } else {
        monotone(function, x)
    };
    other.or(plain).unwrap_or(Interval64::WHOLE_LINE)
}

/// The image of an interval, step by step.
fn values(function: &Function, x: Interval64) -> Option<Interval64> {
    let images = function.try_fold(|_, operation: Operation<Operand<'_, Image>>| {
        image(function, &operation, x, |image| *image).ok_or(())
    });
    Some(images.ok()?.last()?.value)
}

/// The values of a step on an interval, at its ends, and those of its derivative.
struct Motion {
    on: Image,
    ends: [Option<Image>; 2],
    slope: Interval64,
}

/// [`enclose`] with the monotone steps enclosed by their values at the ends: `x - x^2` is not negative where
/// it falls to 0 at 1.
fn monotone(function: &Function, x: Interval64) -> Option<Interval64> {
    let places = [x.low, x.high].map(Interval64::point);
    let motions = function.try_fold(|_, operation: Operation<Operand<'_, Motion>>| {
        let mut on = image(function, &operation, x, |motion| motion.on).ok_or(())?;
        let mut is_known = true;
        operation.map(|operand| is_known &= operand.ends.iter().all(Option::is_some));
        let end = |i: usize| {
            let of = |motion: &Motion| motion.ends[i].unwrap_or(motion.on);
            is_known.then(|| image(function, &operation, places[i], of)).flatten()
        };
        let ends = [end(0), end(1)];
        let slope = slope(function, &operation, on, |motion| (motion.on, motion.slope));
        if let [Some(left), Some(right)] = ends
            && (slope.low >= 0.0 || slope.high <= 0.0)
        {
            let hull = left.value.hull(right.value);
            let (low, high) = (on.value.low.max(hull.low), on.value.high.min(hull.high));
            on.value = Interval64::between(low, high);
        }
        Ok::<_, ()>(Motion { on, ends, slope })
    });
    Some(motions.ok()?.last()?.on.value)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Values = fn(f64) -> f64;

    /// Functions with holes, and doubles of their values.
    const FUNCTIONS: [(&str, Values); 10] = [
        ("x*log(abs(x))", |x| x * x.abs().ln()),
        ("x^3*log(x^2)/7", |x| x.powi(3) * (x * x).ln() / 7.0),
        ("-x^2*log2(abs(x))", |x| -x * x * x.abs().log2()),
        ("cbrt(x)", f64::cbrt),
        ("x/abs(x)^0.25", |x| x / x.abs().powf(0.25)),
        ("exp(-1/x^2)", |x| (-1.0 / (x * x)).exp()),
        ("exp(x - 1/abs(x))", |x| (x - 1.0 / x.abs()).exp()),
        ("atan(log(abs(x)))", |x| x.abs().ln().atan()),
        ("abs(x)^abs(x)", |x| x.abs().powf(x.abs())),
        ("1/(1 - log(abs(x)))", |x| 1.0 / (1.0 - x.abs().ln())),
    ];

    proptest! {
        #[test]
        fn values_beside_holes_are_enclosed(
            a in -0.4..0.4f64, exponent in -30.0..0.0f64, part in 0.0..1.0f64, i in 0usize..FUNCTIONS.len()
        ) {
            let (text, f) = FUNCTIONS[i];
            let function = Function::parse(text).unwrap();
            let scale = exponent.exp2();
            for (low, high) in [(-scale, scale), (0.0, scale), (a.min(0.0), a.max(0.0) + scale)] {
                let value = enclose(&function, Interval64::between(low, high));
                prop_assert!(value.magnitude() < 3.0, "{text} on [{low}, {high}]");
                let x = low + (high - low) * part;
                let y = f(x);
                prop_assert!(x == 0.0 || value.low - 1e-15 <= y && y <= value.high + 1e-15, "{text} at {x}");
            }
        }
    }

    #[test]
    fn values_without_a_limit_are_not_enclosed() {
        for text in [
            "sin(1/x)",
            "atan(1/x)",
            "exp(-1/x)",
            "x*sin(1/x)",
            "log(abs(x))",
            "1/x",
            "x/abs(x)",
            "1/x - 1/x",
        ] {
            let function = Function::parse(text).unwrap();
            let value = enclose(&function, Interval64::between(-1e-9, 1e-9));
            assert!(value.magnitude() == f64::INFINITY, "{text}: {value:?}");
        }
    }
}
