//! Products and quotients in which a factor vanishes where another is infinite.
//!
//! For `v >= 0` the product `v^r log v` tends to 0 with `v` where `r > 0`, and has its smallest value
//! `-1/(r e)` at `e^(-1/r)`. Steps are read as `c v^r`, with a bounded factor `c`, and as `c log v`: so are
//! `x log x`, `x^2 log |x|` and `x/(x^2)^(1/3)`.

use super::image::Image;
use crate::builtin::Elementary;
use crate::function::{Function, Index, Operation};
use crate::number::{Arithmetic, Interval64, Outward64, Rational, half};

/// `1/e` to the nearest double.
const INVERSE_OF_E: f64 = 0.367_879_441_171_442_33;

/// Steps that are looked into, one within the other.
const DEEPEST: usize = 6;

/// A step as `factor * v^exponent`.
struct Monomial {
    factor: Interval64,
    exponent: Rational,
}

/// The images of earlier steps.
type Images<'a> = &'a dyn Fn(Index) -> Image;

/// The product of two steps, one a multiple of a logarithm.
pub(super) fn product(
    function: &Function,
    f: Index,
    g: Index,
    images: Images<'_>,
) -> Option<Interval64> {
    let either = |f: Index, g: Index| {
        let (factor, base) = logarithm(function, g, images, DEEPEST)?;
        Some(times_log(function, f, base, images)?.multiply(factor))
    };
    either(f, g).or_else(|| either(g, f))
}

/// `f log v` for a step `f` that vanishes with the step `v`, which is not negative.
pub(super) fn times_log(
    function: &Function,
    f: Index,
    v: Index,
    images: Images<'_>,
) -> Option<Interval64> {
    let base = nonnegative(v, images)?;
    let Monomial { factor, exponent } = monomial(function, f, v, images, DEEPEST)?;
    if exponent <= Rational::ZERO {
        return None;
    }
    let r = Outward64.exact(&exponent.clone().into());
    let at = |v: f64| {
        if v == 0.0 {
            return Interval64::point(0.0);
        }
        let v = Interval64::point(v);
        Outward64.power(&v, &exponent).multiply(v.log())
    };
    let mut value = at(base.low).hull(at(base.high));
    let lowest = Interval64::point(-1.0).divide(r).exp();
    if base.low <= lowest.high && lowest.low <= base.high {
        let smallest = Interval64::between(-INVERSE_OF_E.next_up(), -INVERSE_OF_E.next_down());
        value = value.hull(smallest.divide(r));
    }
    Some(value.multiply(factor))
}

/// The quotient of two steps that vanish with a third one.
pub(super) fn quotient(
    function: &Function,
    f: Index,
    g: Index,
    images: Images<'_>,
) -> Option<Interval64> {
    let mut v = g;
    while let Operation::Power(base, exponent) = function.steps()[v].operation {
        function.rational(exponent)?;
        v = base;
        let base = nonnegative(v, images)?;
        let under = monomial(function, g, v, images, DEEPEST)?;
        let Some(over) = monomial(function, f, v, images, DEEPEST) else { continue };
        let exponent = over.exponent - under.exponent;
        if exponent > Rational::ZERO && !under.factor.contains(0.0) {
            let factor = over.factor.divide(under.factor);
            return Some(factor.multiply(Outward64.power(&base, &exponent)));
        }
    }
    None
}

/// The values of a step that is bounded and not negative.
fn nonnegative(v: Index, images: Images<'_>) -> Option<Interval64> {
    let Image { value, is_infinite } = images(v);
    (value.low >= 0.0 && value.high < f64::INFINITY && !is_infinite).then_some(value)
}

/// The values of a bounded step.
fn bounded(index: Index, images: Images<'_>) -> Option<Interval64> {
    let Image { value, is_infinite } = images(index);
    (value.magnitude() < f64::INFINITY && !is_infinite).then_some(value)
}

/// The step as `c log v`: `c` and `v`.
fn logarithm(
    function: &Function,
    index: Index,
    images: Images<'_>,
    depth: usize,
) -> Option<(Interval64, Index)> {
    let deeper = depth.checked_sub(1)?;
    match function.steps()[index].operation {
        Operation::Elementary(Elementary::Log, v) => Some((Interval64::point(1.0), v)),
        Operation::Negate(f) => {
            let (factor, v) = logarithm(function, f, images, deeper)?;
            Some((factor.negate(), v))
        }
        Operation::Multiply(f, g) => {
            let (f, g) = if images(f).is_infinite { (f, g) } else { (g, f) };
            let (factor, v) = logarithm(function, f, images, deeper)?;
            Some((factor.multiply(bounded(g, images)?), v))
        }
        Operation::Divide(f, g) => {
            let (factor, v) = logarithm(function, f, images, deeper)?;
            let under = bounded(g, images).filter(|under| !under.contains(0.0))?;
            Some((factor.divide(under), v))
        }
        _ => None,
    }
}

/// The step as `c v^r`.
fn monomial(
    function: &Function,
    index: Index,
    v: Index,
    images: Images<'_>,
    depth: usize,
) -> Option<Monomial> {
    let deeper = depth.checked_sub(1)?;
    let one = Interval64::point(1.0);
    if index == v {
        return Some(Monomial { factor: one, exponent: Rational::ONE });
    }
    let steps = function.steps();
    // v may be |f|, or f^2, for this step f.
    let sign = match images(index).value {
        own if own.low >= 0.0 => one,
        own if own.high <= 0.0 => one.negate(),
        _ => Interval64::symmetric(1.0),
    };
    let is_square = |exponent: Index| function.rational(exponent) == Some(&Rational::from(2));
    match steps[v].operation {
        Operation::Absolute(f) if f == index => {
            return Some(Monomial { factor: sign, exponent: Rational::ONE });
        }
        Operation::Multiply(f, g) if f == index && g == index => {
            return Some(Monomial { factor: sign, exponent: half() });
        }
        Operation::Power(f, g) if f == index && is_square(g) => {
            return Some(Monomial { factor: sign, exponent: half() });
        }
        _ => {}
    }
    let of = |index: Index| monomial(function, index, v, images, deeper);
    match steps[index].operation {
        Operation::Negate(f) => {
            let f = of(f)?;
            Some(Monomial { factor: f.factor.negate(), ..f })
        }
        Operation::Absolute(f) => {
            let f = of(f)?;
            let factor = Interval64::between(f.factor.mignitude(), f.factor.magnitude());
            Some(Monomial { factor, ..f })
        }
        Operation::Multiply(f, g) => match (of(f), of(g)) {
            (Some(f), Some(g)) => Some(Monomial {
                factor: f.factor.multiply(g.factor),
                exponent: f.exponent + g.exponent,
            }),
            (Some(own), None) => {
                let factor = own.factor.multiply(bounded(g, images)?);
                Some(Monomial { factor, ..own })
            }
            (None, Some(own)) => {
                let factor = own.factor.multiply(bounded(f, images)?);
                Some(Monomial { factor, ..own })
            }
            (None, None) => None,
        },
        Operation::Divide(f, g) => {
            let own = of(f)?;
            let under = bounded(g, images).filter(|under| !under.contains(0.0))?;
            Some(Monomial { factor: own.factor.divide(under), ..own })
        }
        Operation::Power(f, g) => {
            let r = function.rational(g).filter(|r| **r > Rational::ZERO)?;
            let own = of(f)?;
            if !r.is_int() && own.factor.low < 0.0 {
                return None;
            }
            let factor = Outward64.power(&own.factor, r);
            Some(Monomial { factor, exponent: own.exponent * r })
        }
        _ => None,
    }
}
