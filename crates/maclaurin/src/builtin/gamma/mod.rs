//! The gamma function's reciprocal, an entire function, its logarithm and its logarithmic
//! derivative (DLMF 5.2). The gamma function itself is `1/rgamma(x)` (`call.rs`): its poles are the
//! zeros of `rgamma`, at 0, -1, -2, ..., all of them simple.

mod stirling;

pub(super) use self::stirling::{coefficients as stirling_coefficients, gamma_at, nearest_integer};

use std::cmp::Ordering;

use dashu_base::Abs;
use dashu_float::Repr;
use dashu_int::IBig;

use self::stirling::{at_halves, log_gamma, reciprocal, stirling, value_and_slope};
use super::composition::compose;
use super::recurrence::divide;
use super::taylor::{at_ends, enclosed, magnitude, mean_value, nearest, point, unknown, variable};
use super::{
    About, Analytic, Branch, Builtin, Complex, Cos, Elementary, Exp, Listed, Log, Pair, Rectangle,
    Sin, general, symbol,
};
use crate::number::{
    Arithmetic, Certified, Exact, Interval, Interval64, Named, Outward64, Rational, Value, half,
};

/// Arguments up to here have exact values.
const LARGEST_EXACT: i64 = 400;

/// Arguments left of more poles are looked at on the real axis alone.
const MOST_POLES: f64 = 1024.0;

/// Intervals of doubles as narrow lose little to the dependency of Stirling's terms on each other.
const NARROW: f64 = 1.0 / 64.0;

/// Above the largest value of `1/Gamma` at a positive number, 1.12917...
const LARGEST_RECIPROCAL: f64 = 1.1292;

pub(crate) struct Rgamma;

impl Builtin for Rgamma {
    const NAMED: Named = symbol::<Self>("rgamma", r"\Gamma^{-1}");
    const DERIVATIVE: Option<&'static str> = Some("-digamma_over_gamma(x)");
    const ABOUT: About = About { formula: "1/gamma(x)", analytic: "all x", source: "DLMF 5.7.1" };

    const DOUBLE: fn(f64) -> f64 = |x| if is_pole(x) { 0.0 } else { 1.0 / libm::tgamma(x) };
    const INTERVAL: fn(&Interval, usize) -> Interval = reciprocal_interval;
    const COSTS: [u64; 2] = [2_000, 50_000];
    const COST_OF_COMPLEX: u64 = 20_000;
    const INTERVAL64: fn(Interval64) -> Interval64 = |x| {
        let at = |x: f64| Some(value_and_slope(&Outward64, &Interval64::point(x))?.0);
        let rises = 0.0 <= x.low && x.high <= 1.46;
        let fast = if rises || x.low >= 1.47 || x.low == x.high {
            at(x.low).zip(at(x.high)).map(|(low, high)| low.hull(high))
        } else if x.high - x.low < NARROW {
            value_and_slope(&Outward64, &x).zip(at(x.middle())).map(|((_, slope), middle)| {
                middle.add(slope.multiply(x.subtract(Interval64::point(x.middle()))))
            })
        } else {
            None
        };
        fast.unwrap_or_else(|| general::<Self>(x))
    };

    fn exact(x: &Exact) -> Option<Exact> {
        if let Some((value, whole)) = at_halves(x, LARGEST_EXACT) {
            let value = Exact::from(Rational::ONE / value);
            return if whole {
                Some(value)
            } else {
                Some(value.multiply(&Exact::pi().power(&-half())?))
            };
        }
        let pole = x.as_rational().is_some_and(|x| x.is_int() && *x <= Rational::ZERO);
        Some(if pole { Exact::default() } else { x.value_of(Self::NAMED) })
    }

    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        _: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        if plane.rectangle(z).0.low < -stirling::MOST_STEPS {
            // sin(pi z) Gamma(1 - z)/pi
            let mirrored = plane.subtract(&plane.integer(1), z);
            if plane.rectangle(&mirrored).0.low < 0.0 {
                return None;
            }
            let (integer, rest) = nearest_integer(plane, z)?;
            let sine = plane.apply::<Sin>(&plane.multiply(&rest, &plane.pi()));
            let mirrored = plane.apply::<Self>(&mirrored);
            let value = plane.divide(&sine, &plane.multiply(&mirrored, &plane.pi()));
            return Some(if integer % 2 == 0 { value } else { plane.negate(&value) });
        }
        let value = |z: &Pair<A>| Some(value_and_slope(plane, z)?.0);
        plane.mean_value(z, value, || Some(value_and_slope(plane, z)?.1))
    }

    /// The Taylor coefficients at `f_0`, and `f` put in.
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        match reciprocal(a, &f[0], f.len()) {
            Some(mut outer) => {
                outer[0] = a.apply::<Self>(&f[0]);
                compose(a, &outer, f)
            }
            None => unknown(a, f.len()),
        }
    }

    /// The only zeros are 0, -1, -2, ... (DLMF 5.2.1).
    fn has_no_zero((re, im): &Rectangle) -> bool {
        !im.contains(0.0)
            || re.low > 0.0
            || (re.high < 0.0 && re.low.floor() == re.high.floor() && re.low.fract() != 0.0)
    }
}

/// `psi(z)/Gamma(z)`, which is `-(1/Gamma)'(z)`.
pub(crate) struct DigammaOverGamma;

impl Builtin for DigammaOverGamma {
    const NAMED: Named =
        symbol::<Self>("digamma_over_gamma", r"\operatorname{digamma\_over\_gamma}");
    const ABOUT: About =
        About { formula: "digamma(x)/gamma(x)", analytic: "all x", source: "DLMF 5.7(i)" };

    const DOUBLE: fn(f64) -> f64 = nearest::<Self>;
    const COSTS: [u64; 2] = [4_000, 60_000];
    const COST_OF_COMPLEX: u64 = 20_000;
    const INTERVAL: fn(&Interval, usize) -> Interval = |x, bits| {
        let derivative = |x: &Interval, order: usize| {
            let a = Certified::new(bits + guard(x));
            let jet = reciprocal(&a, &Value::Enclosure(x.clone()), order + 1);
            let factor = if order == 1 { -1 } else { -2 };
            let value = jet.map(|jet| a.multiply(&jet[order], &a.integer(factor)));
            value.map_or_else(Interval::whole_line, |value| a.enclose(&value))
        };
        mean_value(x, bits, |x| derivative(&point(x), 1), || derivative(x, 2))
    };

    const INTERVAL64: fn(Interval64) -> Interval64 = |x| {
        let fast = if x.high - x.low < NARROW { value_and_slope(&Outward64, &x) } else { None };
        fast.map_or_else(|| general::<Self>(x), |(_, slope)| slope.negate())
    };

    fn exact(x: &Exact) -> Option<Exact> {
        let psi = Digamma::exact(x)
            .filter(|psi| psi.as_rational().is_some() || at_halves(x, LARGEST_EXACT).is_some());
        if let Some(psi) = psi {
            return Some(psi.multiply(&Rgamma::exact(x)?));
        }
        // At a pole -n it is (-1)^(n+1) n!, from the residue (-1)^n/n! of the gamma function there.
        let pole = x.as_rational().filter(|x| x.is_int() && **x <= Rational::ZERO);
        let Some(n) = pole.and_then(|n| i64::try_from(n.numerator()).ok()) else {
            return Some(x.value_of(Self::NAMED));
        };
        let (factorial, _) = at_halves(&n.checked_neg()?.checked_add(1)?.into(), LARGEST_EXACT)?;
        let value = Exact::from(factorial);
        Some(if n % 2 == 0 { value.negate() } else { value })
    }

    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        _: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        value_and_slope(plane, z).map(|(_, slope)| plane.negate(&slope))
    }

    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        let Some(outer) = reciprocal(a, &f[0], f.len() + 1) else { return unknown(a, f.len()) };
        let mut outer: Vec<_> =
            outer.iter().zip(0i64..).skip(1).map(|(c, k)| a.multiply(c, &a.integer(-k))).collect();
        if a.is_exact(&f[0]) {
            outer[0] = a.apply::<Self>(&f[0]);
        }
        compose(a, &outer, f)
    }
}

pub(crate) struct Digamma;

impl Builtin for Digamma {
    const NAMED: Named = symbol::<Self>("digamma", r"\psi");
    const ALIASES: &'static [&'static str] = &["psi"];
    const ABOUT: About = About {
        formula: "gamma'(x)/gamma(x)",
        analytic: "x != 0, -1, -2, ...",
        source: "DLMF 5.2.2",
    };
    const QUOTIENT: Option<[Elementary; 2]> =
        Some([DigammaOverGamma::ELEMENTARY, Rgamma::ELEMENTARY]);

    const DOUBLE: fn(f64) -> f64 = |x| if is_pole(x) { f64::NAN } else { nearest::<Self>(x) };
    const INTERVAL: fn(&Interval, usize) -> Interval = digamma_interval;
    const COSTS: [u64; 2] = [60_000, 80_000];
    const COST_OF_COMPLEX: u64 = 40_000;

    /// DLMF 5.4.14, 5.4.15, and 5.5.4 to the left of zero.
    fn exact(x: &Exact) -> Option<Exact> {
        let doubled = x.as_rational().map(|x| x * Rational::from(2)).filter(Rational::is_int);
        let n = doubled.and_then(|n| i64::try_from(n.numerator()).ok());
        let Some(n) = n.filter(|n| n.abs() <= 2 * LARGEST_EXACT && (n % 2 != 0 || *n > 0)) else {
            return Some(x.value_of(Self::NAMED));
        };
        // psi(1/2 - m) = psi(1/2 + m).
        let n = if n < 0 { 2 - n } else { n };
        let terms = (if n % 2 == 0 { 2 } else { 1 }..n).step_by(2);
        let sum: Rational = terms
            .map(|k| Rational::from(2) / Rational::from(k))
            .fold(Rational::ZERO, |sum, term| sum + term);
        let constant = Exact::from(sum).add(&Exact::euler_gamma().negate());
        let log = Exact::from(2).logarithm()?.scale(&Rational::from(-2));
        Some(if n % 2 == 0 { constant } else { constant.add(&log) })
    }

    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        _: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        Some(polygamma(plane, z, 1)?.swap_remove(0))
    }

    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        let Some(mut outer) = polygamma(a, &f[0], f.len()) else { return unknown(a, f.len()) };
        outer[0] = a.apply::<Self>(&f[0]);
        compose(a, &outer, f)
    }

    fn has_pole<A: Analytic>(a: &A, u: &A::Number) -> bool {
        a.is_zero(&a.apply::<Rgamma>(u))
    }
}

/// On the interval between the poles `-m` and `1 - m`, `m >= 1`, it is continued analytically to the
/// plane without the two rays that begin there, where `(z + m) (1 - m - z)` is not positive.
pub(crate) struct Lgamma;

impl Builtin for Lgamma {
    const NAMED: Named = symbol::<Self>("lgamma", r"\log\Gamma");
    const DERIVATIVE: Option<&'static str> = Some("digamma(x)");
    const ALIASES: &'static [&'static str] = &["gammaln", "loggamma"];
    const ABOUT: About = About {
        formula: "log(abs(gamma(x)))",
        analytic: "x != 0, -1, -2, ...",
        source: "C11 7.12.8.3, DLMF 5.9.10",
    };
    const BRANCHES: bool = true;

    const DOUBLE: fn(f64) -> f64 = |x| if is_pole(x) { f64::NAN } else { libm::lgamma(x) };
    const INTERVAL: fn(&Interval, usize) -> Interval = logarithm_interval;
    const COSTS: [u64; 2] = [50_000, 80_000];
    const COST_OF_COMPLEX: u64 = 30_000;

    fn exact(x: &Exact) -> Option<Exact> {
        let Some((value, whole)) = at_halves(x, LARGEST_EXACT) else {
            return Some(x.value_of(Self::NAMED));
        };
        let root = if whole { Exact::from(1) } else { Exact::pi().power(&half())? };
        Exact::from(value.abs()).multiply(&root).logarithm()
    }

    /// `log Gamma(z + 1) - log z` (DLMF 5.5.1), and from the interval between `-m` and `1 - m`
    /// `log Gamma(z + m + 1) - log((z + m) (1 - m - z)) - sum_(j<m-1) log(-(z + j))`. The first logarithm
    /// is followed around the poles at the interval's ends as far as the next poles; farther away the
    /// continuation is known off the rays.
    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        branch: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        let (re, im) = plane.rectangle(z);
        let here = if re.low > 0.0 || !im.contains(0.0) { Some(0) } else { interval_of(re) };
        let Some(poles) = branch.interval(here) else { return branch.unknown(plane) };
        let shifted = plane.add(z, &plane.integer(poles));
        let rest = plane.subtract(&plane.integer(1), &shifted);
        let is_first = poles == 0;
        let own = if is_first { z } else { &plane.multiply(&shifted, &rest) };
        let own = branch.log(own)?;
        let (re, im) = (plane.rectangle(&shifted).0, im);
        let is_near = re.low > -1.0 && (is_first || re.high < 2.0);
        let is_off_rays = plane.rectangle(&own).1.magnitude() < std::f64::consts::PI;
        if !is_near && (im.contains(0.0) || !is_off_rays) {
            return branch.unknown(plane);
        }
        let above = plane.add(&shifted, &plane.integer(1));
        let Some(steps) = stirling::steps_to(plane, &above, 1) else {
            return Some(plane.unknown());
        };
        let last = plane.add(&above, &plane.integer(steps));
        let Some(mut found) = stirling(plane, &last, 1) else { return Some(plane.unknown()) };
        let right = (0..steps).map(|j| plane.add(&above, &plane.integer(j)));
        let left = (0..poles - 1).map(|j| plane.negate(&plane.add(z, &plane.integer(j))));
        let logs = plane.add(&own, &plane.sum_of_logs(right.chain(left)));
        Some(plane.subtract(&found.swap_remove(0), &logs))
    }

    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        // k L_k is a Taylor coefficient of the digamma function.
        let Some(slopes) = polygamma(a, &f[0], f.len()) else { return unknown(a, f.len()) };
        let rest = slopes.iter().zip(1i64..).map(|(c, k)| a.divide(c, &a.integer(k)));
        let constant = a.apply::<Self>(&f[0]);
        let mut outer: Vec<_> = std::iter::once(constant).chain(rest).take(f.len()).collect();
        if outer.len() > 1 && a.is_exact(&f[0]) {
            outer[1] = a.apply::<Digamma>(&f[0]);
        }
        compose(a, &outer, f)
    }

    /// The square of `sin(pi u)` left of zero.
    fn margin<A: Analytic>(a: &A, u: &A::Number) -> Option<A::Number> {
        if a.sign(u) != Some(Ordering::Less) {
            return Some(u.clone());
        }
        let sine = a.apply::<Sin>(&a.multiply(u, &a.pi()));
        Some(a.multiply(&sine, &sine))
    }

    fn guard<A: Analytic>(a: &A, u: &A::Number) -> Option<A::Number> {
        Some(a.apply::<Rgamma>(u))
    }

    /// Principal where the logarithm is.
    fn is_principal(u: &Rectangle) -> bool {
        u.0.low > 0.0
    }
}

/// The `m` of the interval between `-m` and `1 - m`, below zero, that has all of these numbers.
fn interval_of(x: Interval64) -> Option<i64> {
    let below = x.low.floor();
    let is_inside = below < x.low && x.high < below + 1.0 && -below <= MOST_POLES;
    is_inside.then_some(-below as i64)
}

/// The Taylor coefficients of the digamma function at `u`: `(k+1) L_(k+1)` with those of
/// `log Gamma`, and far to the left `psi(1 - z) - pi cot(pi z)` (DLMF 5.5.4).
fn polygamma<A: Analytic>(a: &A, u: &A::Number, terms: usize) -> Option<Vec<A::Number>> {
    let slopes = |u: &A::Number| {
        let (_, log) = log_gamma(a, u, terms + 1)?;
        let scaled = log.iter().zip(0i64..).skip(1).map(|(c, k)| a.multiply(c, &a.integer(k)));
        Some(scaled.collect::<Vec<_>>())
    };
    if a.rectangle(u).0.low >= -stirling::MOST_STEPS {
        return slopes(u);
    }
    let (_, rest) = nearest_integer(a, u)?;
    let mut psi = slopes(&a.subtract(&a.integer(1), u))?;
    let angle: Vec<_> =
        variable(a, &enclosed(a, &rest), terms).iter().map(|c| a.multiply(c, &a.pi())).collect();
    let cotangent = divide(a, &Cos::series(a, &angle), &Sin::series(a, &angle));
    for (k, (own, cotangent)) in psi.iter_mut().zip(&cotangent).enumerate() {
        let mirrored = if k % 2 == 0 { own.clone() } else { a.negate(own) };
        *own = a.subtract(&mirrored, &a.multiply(cotangent, &a.pi()));
    }
    Some(psi)
}

fn is_pole(x: f64) -> bool {
    x <= 0.0 && x.fract() == 0.0
}

/// Whether a float is an integer that is not positive.
fn is_exact_pole(x: &Repr<2>) -> bool {
    x.significand().is_zero() || (x.exponent() >= 0 && *x < Repr::zero())
}

/// Bits that an argument costs: those of `w log w` before the binary point.
fn guard(x: &Interval) -> usize {
    32 + 2 * usize::try_from(magnitude(x)).unwrap_or(0).min(1 << 12)
}

/// `1/Gamma`: it rises up to 1.4616..., and falls beyond.
fn reciprocal_interval(x: &Interval, bits: usize) -> Interval {
    if x.is_whole_line() {
        return Interval::whole_line();
    }
    let (low, high) = x.to_f64_outward();
    let ends = |x: &Interval| at_ends(x, |x| reciprocal_at(x, bits));
    if low >= 1.47 || (low >= 0.0 && high <= 1.46) {
        return ends(x);
    }
    let slope = || {
        if low >= 0.0 {
            let below_peak =
                ends(x).hull(&Interval::from_f64(LARGEST_RECIPROCAL, LARGEST_RECIPROCAL));
            return digamma_interval(x, bits).multiply(&below_peak, bits).negate();
        }
        let a = Certified::new(bits);
        let jet = reciprocal(&a, &Value::Enclosure(x.clone()), 2);
        jet.map_or_else(Interval::whole_line, |jet| a.enclose(&jet[1]))
    };
    mean_value(x, bits, |x| reciprocal_at(x, bits), slope)
}

fn reciprocal_at(x: &Repr<2>, bits: usize) -> Interval {
    if is_exact_pole(x) {
        return Interval::integer(IBig::ZERO);
    }
    let x = point(x);
    let a = Certified::new(bits + guard(&x));
    let u = Value::Enclosure(x);
    let value = if a.rectangle(&u).0.low >= 0.5 {
        log_gamma(&a, &u, 1)
            .map(|(product, log)| a.multiply(&product, &a.apply::<Exp>(&a.negate(&log[0]))))
    } else {
        reciprocal(&a, &u, 1).map(|mut jet| jet.swap_remove(0))
    };
    value.map_or_else(Interval::whole_line, |value| a.enclose(&value))
}

/// Whether there may be a pole of the gamma function in an interval.
fn has_pole(x: &Interval) -> bool {
    let (low, high) = x.to_f64_outward();
    is_exact_pole(x.lower())
        || is_exact_pole(x.upper())
        || (x.lower() <= &Repr::zero() && low.floor() != high.floor())
}

/// `psi` rises between its poles.
fn digamma_interval(x: &Interval, bits: usize) -> Interval {
    if x.is_whole_line() || has_pole(x) {
        return Interval::whole_line();
    }
    at_ends(x, |x| {
        let x = point(x);
        let a = Certified::new(bits + guard(&x));
        let value = polygamma(&a, &Value::Enclosure(x), 1);
        value.map_or_else(Interval::whole_line, |value| a.enclose(&value[0]))
    })
}

/// `log|Gamma|`, convex between its poles: for positive numbers it falls up to 1.4616..., and rises from
/// there on.
fn logarithm_interval(x: &Interval, bits: usize) -> Interval {
    let (low, high) = x.to_f64_outward();
    if x.is_whole_line() || has_pole(x) {
        return Interval::whole_line();
    }
    let at = |x: &Repr<2>| {
        let x = point(x);
        let a = Certified::new(bits + guard(&x));
        logarithm_at(&a, x).map_or_else(Interval::whole_line, |value| a.enclose(&value))
    };
    let is_monotone = || {
        let slope = |x: &Repr<2>| digamma_interval(&point(x), 64).sign();
        slope(x.lower()) == Some(Ordering::Greater) || slope(x.upper()) == Some(Ordering::Less)
    };
    if low >= 1.47 || low >= 0.0 && high <= 1.46 || low < 0.0 && is_monotone() {
        return at_ends(x, at);
    }
    mean_value(x, bits, at, || digamma_interval(x, bits))
}

/// By reflection (DLMF 5.5.3) far to the left.
fn logarithm_at(a: &Certified, x: Interval) -> Option<Value> {
    let u = Value::Enclosure(x);
    let log_of_modulus = |value: Value| {
        let is_negative = a.sign(&value) == Some(Ordering::Less);
        a.apply::<Log>(&if is_negative { a.negate(&value) } else { value })
    };
    if a.rectangle(&u).0.low < -stirling::MOST_STEPS {
        let (_, rest) = nearest_integer(a, &u)?;
        let sine = log_of_modulus(a.apply::<Sin>(&a.multiply(&rest, &a.pi())));
        let mirrored = a.apply::<Lgamma>(&a.subtract(&a.integer(1), &u));
        return Some(a.subtract(&a.subtract(&a.apply::<Log>(&a.pi()), &sine), &mirrored));
    }
    let (product, log) = log_gamma(a, &u, 1)?;
    Some(a.subtract(&log[0], &log_of_modulus(product)))
}
