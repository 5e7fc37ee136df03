//! What one step of a function makes of intervals.
//!
//! Functions are taken as continuous maps into the extended real line: `1/x^2` is infinite at 0, and
//! `exp(-1/x^2)` is 0 there. What has no limit, such as `sin(1/x)`, has no image.

use super::vanishing;
use crate::builtin::{Analytic, Elementary, bessel_j, erlang_cdf};
use crate::function::{Function, Operand, Operation};
use crate::number::{Arithmetic, Interval64, Outward64, Rational};

/// The values of a step on an interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Image {
    pub value: Interval64,
    /// Whether it may tend to infinity somewhere there, which is then an end of the values.
    pub is_infinite: bool,
}

impl Image {
    fn finite(value: Interval64) -> Self {
        Self { value, is_infinite: false }
    }

    fn map(self, f: impl Fn(Interval64) -> Interval64) -> Self {
        Self { value: f(self.value), ..self }
    }

    pub(super) fn has_zero(self) -> bool {
        self.value.contains(0.0)
    }
}

/// The image of an operation by those of its operands; `None` where it is not proven to be defined on all
/// of the interval, whatever bounds the values have: `sin(1/x)` about 0.
pub(super) fn image<V>(
    function: &Function,
    operation: &Operation<Operand<'_, V>>,
    variable: Interval64,
    of: impl Fn(&V) -> Image,
) -> Option<Image> {
    let a = &Outward64;
    let earlier = |values: &[V], index: usize| of(&values[index]);
    let both = |f: Image, g: Image, value: Interval64| {
        // Of infinities of either sign nothing is known.
        let is_infinite = f.is_infinite || g.is_infinite;
        (!(f.is_infinite && g.is_infinite)).then_some(Image { value, is_infinite })
    };
    match operation {
        Operation::Variable => Some(Image::finite(variable)),
        Operation::Constant(value) => Some(Image::finite(a.exact(value))),
        Operation::Negate(f) => Some(of(f).map(Interval64::negate)),
        Operation::Add(f, g) => {
            let (f, g) = (of(f), of(g));
            both(f, g, f.value.add(g.value))
        }
        Operation::Subtract(f, g) => {
            let (f, g) = (of(f), of(g));
            both(f, g, f.value.subtract(g.value))
        }
        Operation::Multiply(f, g) if f.index == g.index => Some(of(f).map(Interval64::square)),
        Operation::Multiply(f, g) => {
            let (p, q) = (of(f), of(g));
            let vanishes = p.is_infinite && q.has_zero() || q.is_infinite && p.has_zero();
            if !vanishes {
                return both(p, q, p.value.multiply(q.value));
            }
            let values = |index| earlier(f.values, index);
            vanishing::product(function, f.index, g.index, &values).map(Image::finite)
        }
        Operation::Divide(f, g) => {
            let (p, q) = (of(f), of(g));
            if !q.has_zero() {
                let value = p.value.divide(q.value);
                let is_infinite = p.is_infinite;
                return (!(is_infinite && q.is_infinite)).then_some(Image { value, is_infinite });
            }
            let values = |index| earlier(f.values, index);
            vanishing::quotient(function, f.index, g.index, &values)
                .map(Image::finite)
                .or_else(|| pole(p, q))
        }
        Operation::Absolute(f) => {
            Some(of(f).map(|f| Interval64::between(f.mignitude(), f.magnitude())))
        }
        Operation::PiecewiseConstant(level, u, _) => {
            let Image { value: u, is_infinite } = of(u);
            let value = Interval64::between(level.double(u.low), level.double(u.high));
            (!is_infinite).then_some(Image::finite(value))
        }
        Operation::Power(f, g) => match function.rational(g.index) {
            Some(r) if *r < Rational::ZERO && of(f).has_zero() => {
                pole(Image::finite(Interval64::point(1.0)), rational_power(of(f), &-r)?)
            }
            Some(r) => rational_power(of(f), r),
            None => {
                let (base, exponent) = (of(f), of(g));
                if base.is_infinite || exponent.is_infinite || base.value.low < 0.0 {
                    return None;
                }
                let zero = Interval64::point(0.0);
                if base.value == zero && exponent.value.low > 0.0 {
                    return Some(Image::finite(zero));
                }
                let values = |index| earlier(f.values, index);
                let log = if base.value.low > 0.0 {
                    base.value.log().multiply(exponent.value)
                } else if exponent.value.low > 0.0 {
                    let high = Interval64::point(base.value.high).log().multiply(exponent.value);
                    Interval64 { low: f64::NEG_INFINITY, high: high.high }
                } else {
                    vanishing::times_log(function, g.index, f.index, &values)?
                };
                Some(Image::finite(log.exp()))
            }
        },
        Operation::Elementary(elementary, f) => through(*elementary, of(f)),
        Operation::ErlangCdf(shape, u) => {
            let u = of(u);
            (!u.is_infinite).then(|| Image::finite(erlang_cdf::value(a, &u.value, *shape)))
        }
        Operation::BesselJ(order, u) => {
            let u = of(u);
            (!u.is_infinite).then(|| Image::finite(bessel_j::value(a, &u.value, *order)))
        }
    }
}

/// A quotient whose divisor has one sign and may vanish, where the dividend does not.
fn pole(over: Image, under: Image) -> Option<Image> {
    let one_sided = under.value.low >= 0.0 || under.value.high <= 0.0;
    let largest = under.value.magnitude();
    // At zero alone nothing is known of the signs beside it.
    if over.has_zero() || over.is_infinite || !one_sided || largest == 0.0 {
        return None;
    }
    let smallest = Interval64::point(over.value.mignitude());
    let least = smallest.divide(Interval64::point(largest)).low.max(0.0);
    let value = Interval64 { low: least, high: f64::INFINITY };
    let is_negative = (over.value.low < 0.0) != (under.value.low < 0.0);
    let value = if is_negative { value.negate() } else { value };
    Some(Image { value, is_infinite: true })
}

/// A power of a rational exponent, which is not negative where the base may vanish.
fn rational_power(base: Image, exponent: &Rational) -> Option<Image> {
    if !exponent.is_int() && base.value.low < 0.0 {
        return None;
    }
    let is_infinite = base.is_infinite && *exponent > Rational::ZERO;
    Some(Image { value: Outward64.power(&base.value, exponent), is_infinite })
}

/// A built-in function of a step.
fn through(function: Elementary, x: Image) -> Option<Image> {
    let Image { value: u, is_infinite } = x;
    if function == Elementary::Log && u.low == 0.0 {
        let high = if u.high > 0.0 { u.log().high } else { f64::MIN };
        let value = Interval64 { low: f64::NEG_INFINITY, high };
        return Some(Image { value, is_infinite: true });
    }
    let value = Outward64.elementary(function, &u);
    if !is_infinite {
        return is_defined(function, u, value).then_some(Image::finite(value));
    }
    // Limits at infinity.
    match function {
        Elementary::Exp => Some(Image { value, is_infinite: u.high == f64::INFINITY }),
        Elementary::Log if u.low > 0.0 => Some(Image { value, is_infinite: true }),
        Elementary::Atan | Elementary::Tanh | Elementary::Erf => {
            let at = |end: f64| {
                if end.is_finite() {
                    Outward64.elementary(function, &Interval64::point(end))
                } else if function == Elementary::Atan {
                    let right = std::f64::consts::FRAC_PI_2.copysign(end);
                    Interval64 { low: right.next_down(), high: right.next_up() }
                } else {
                    Interval64::point(1f64.copysign(end))
                }
            };
            Some(Image::finite(at(u.low).hull(at(u.high))))
        }
        _ => None,
    }
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

/// The values of an operation's derivative, from those of its operands; the whole line where nothing is
/// known of it.
pub(super) fn slope<V>(
    function: &Function,
    operation: &Operation<Operand<'_, V>>,
    own: Image,
    of: impl Fn(&V) -> (Image, Interval64),
) -> Interval64 {
    let a = &Outward64;
    if own.is_infinite {
        return Interval64::WHOLE_LINE;
    }
    match operation {
        Operation::Variable => Interval64::point(1.0),
        Operation::Constant(_) => Interval64::point(0.0),
        Operation::Negate(f) => of(f).1.negate(),
        Operation::Add(f, g) => of(f).1.add(of(g).1),
        Operation::Subtract(f, g) => of(f).1.subtract(of(g).1),
        Operation::Multiply(f, g) => {
            let ((p, f), (q, g)) = (of(f), of(g));
            f.multiply(q.value).add(p.value.multiply(g))
        }
        Operation::Divide(f, g) => {
            let ((_, f), (q, g)) = (of(f), of(g));
            f.subtract(own.value.multiply(g)).divide(q.value)
        }
        Operation::Absolute(f) => match of(f) {
            (f, slope) if f.value.low >= 0.0 => slope,
            (f, slope) if f.value.high <= 0.0 => slope.negate(),
            (_, slope) => slope.hull(slope.negate()),
        },
        Operation::Power(f, g) => match function.rational(g.index) {
            Some(r) => {
                let (base, slope) = of(f);
                let lower = a.power(&base.value, &(r - Rational::ONE));
                lower.multiply(slope).multiply(a.exact(&r.clone().into()))
            }
            None => Interval64::WHOLE_LINE,
        },
        Operation::Elementary(elementary, f) => {
            let (f, slope) = of(f);
            elementary.series(a, &[f.value, slope])[1]
        }
        Operation::PiecewiseConstant(..) | Operation::ErlangCdf(..) | Operation::BesselJ(..) => {
            Interval64::WHOLE_LINE
        }
    }
}
