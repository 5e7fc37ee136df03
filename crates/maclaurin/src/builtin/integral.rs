//! The sine integral `Si z = integral of sin(t)/t from 0 to z` and the entire exponential integral
//! `Ein z = integral of (1 - e^(-t))/t from 0 to z` (DLMF 6.2.9, 6.2.3). From `Ein` comes `Ei`
//! (`call.rs`).
//!
//! With `h(z) = sin(z)/z` or `(1 - e^(-z))/z` and `H(z) = z h(z)`, the Taylor coefficients at `u`
//! obey `H_k = h_(k-1) + u h_k`. Solved for `h_k` the recurrence is stable while `k <= |u|`, solved
//! for `h_(k-1)` from there on, like every recurrence with one growing and one falling solution
//! (DLMF 3.6).

use dashu_float::Repr;

use super::composition::compose;
use super::taylor::{at_ends, integer, magnitude, mean_value, nearest, point, variable, within};
use super::{About, Analytic, Branch, Builtin, Complex, Exp, Listed, Pair, Parity, Sin, symbol};
use crate::number::{Arithmetic, Exact, IBig, Interval, Named};

pub(crate) struct Integral<const CIRCULAR: bool>;

pub(crate) type Si = Integral<true>;
pub(crate) type Ein = Integral<false>;

/// The largest modulus for which the series about zero is summed in the complex plane.
const REACH: f64 = 16.0;

/// Where the recurrence is not stable and the modulus is larger, the coefficients are only bounded.
const MOST_STEPS: f64 = 4096.0;

/// The largest binary magnitude of a negative argument of `Ein`, which needs `e` times as many
/// terms.
const LARGEST_MAGNITUDE: isize = 14;

impl<const CIRCULAR: bool> Builtin for Integral<CIRCULAR>
where
    Self: Listed,
{
    const NAMED: Named = if CIRCULAR {
        symbol::<Self>("Si", r"\operatorname{Si}")
    } else {
        symbol::<Self>("ein", r"\operatorname{Ein}")
    };
    const ABOUT: About = if CIRCULAR {
        About {
            formula: "the integral of sin(t)/t from 0 to x",
            analytic: "all x",
            source: "DLMF 6.2.9",
        }
    } else {
        About {
            formula: "the integral of (1 - exp(-t))/t from 0 to x",
            analytic: "all x",
            source: "DLMF 6.2.3",
        }
    };

    const PARITY: Option<Parity> = if CIRCULAR { Some(Parity::Odd) } else { None };
    const DERIVATIVE: Option<&'static str> =
        Some(if CIRCULAR { "sin(x)/x" } else { "(1 - exp(-x))/x" });

    const DOUBLE: fn(f64) -> f64 = if CIRCULAR { sine_integral } else { ein };
    const COSTS: [u64; 2] = [8_000, 16_000];
    const COST_OF_COMPLEX: u64 = 15_000;
    const INTERVAL: fn(&Interval, usize) -> Interval =
        if CIRCULAR { sine_interval } else { ein_interval };

    fn exact(x: &Exact) -> Option<Exact> {
        Some(match x.is_zero() {
            true => x.clone(),
            false if CIRCULAR => x.odd(Self::NAMED),
            false => x.value_of(Self::NAMED),
        })
    }

    /// `sum_(k>=1) (-1)^(k-1) z^k/(k k!)` (DLMF 6.6.4), of the sine integral every other term
    /// (DLMF 6.6.5): from `k >= 2|z|` on terms halve.
    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        _: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        let a = &plane.0;
        let (re, im) = plane.rectangle(z);
        let modulus = re.magnitude().hypot(im.magnitude());
        if modulus.is_nan() || modulus > REACH {
            return Some(plane.unknown());
        }
        let bits = a.bits() as i64;
        let (mut k, mut size) = (1i64, modulus.log2());
        while (k as f64) < 2.0 * modulus + 2.0 || size > -bits as f64 {
            k += 1;
            size += modulus.log2() - (k as f64).log2();
        }
        let step = if CIRCULAR { 2 } else { 1 };
        let last = if k % 2 == 0 { k + 1 } else { k };
        let factor = if CIRCULAR { plane.multiply(z, z) } else { z.clone() };
        let factor = plane.negate(&factor);
        let mut sum = plane.integer(0);
        // Horner's rule, with c_k the sum of what follows over the factor of the term of degree k.
        for k in (1..=last).rev().step_by(step) {
            let divisor = plane.integer(if CIRCULAR { (k + 1) * (k + 2) } else { k + 1 });
            let scaled = plane.divide(&plane.multiply(&sum, &factor), &divisor);
            sum = plane.add(&scaled, &plane.divide(&plane.integer(1), &plane.integer(k)));
        }
        let value = plane.multiply(&sum, z);
        Some(plane.add(&value, &within(plane, size.max(-4.0 * bits as f64).ceil() as i64 + 2)))
    }

    /// `F_k = h_(k-1)/k` at `f_0`, and `f` put in.
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        let slope = slope::<A, CIRCULAR>(a, &f[0], f.len() - 1);
        let rest = slope.iter().zip(1i64..).map(|(h, k)| a.divide(h, &a.integer(k)));
        let outer: Vec<_> = std::iter::once(a.apply::<Self>(&f[0])).chain(rest).collect();
        compose(a, &outer, f)
    }
}

/// The Taylor coefficients of `h` at `u`: where the recurrence is stable, `|h_K| <= e^m/((K+1) K!)`
/// ends it, with `m = |Im u|` or `-Re u`, for `h^(K)(u)` is the integral over `[0, 1]` of a
/// derivative of the sine or exponential function times `s^K`.
fn slope<A: Analytic, const CIRCULAR: bool>(a: &A, u: &A::Number, terms: usize) -> Vec<A::Number> {
    if terms == 0 {
        return Vec::new();
    }
    let numerator = |terms: usize| {
        if CIRCULAR {
            return Sin::series(a, &variable(a, u, terms));
        }
        let mut argument = variable(a, &a.negate(u), terms);
        if terms > 1 {
            argument[1] = a.integer(-1);
        }
        let mut grown = Exp::series(a, &argument);
        grown[0] = a.subtract(&grown[0], &a.integer(1));
        grown.iter().map(|c| a.negate(c)).collect()
    };
    if a.is_zero(u) {
        return numerator(terms + 1).split_off(1);
    }
    let (re, im) = a.rectangle(u);
    let modulus = re.magnitude().hypot(im.magnitude());
    let mut turn = terms.min(re.mignitude().hypot(im.mignitude()).min(1e9) as usize);
    if a.is_exact(u) {
        turn = terms;
    }
    let growth = if CIRCULAR { im.magnitude() } else { (-re.low).max(0.0) };
    let bound = |k: usize| {
        let factorial: f64 = (2..=k).map(|k| (k as f64).log2()).sum();
        let size = growth * std::f64::consts::LOG2_E - factorial - ((k + 1) as f64).log2();
        within(a, size.ceil() as i64 + 1)
    };
    if turn < terms && (modulus.is_nan() || modulus > MOST_STEPS) {
        return (0..terms).map(bound).collect();
    }
    let (mut end, mut gained) = (terms, 0.0);
    while turn < terms && gained < a.bits() as f64 + 8.0 {
        end += 1;
        gained += (end as f64 / modulus.max(1e-3)).log2().max(0.0);
    }
    let numerator = numerator(end + 1);
    let mut h: Vec<A::Number> = Vec::with_capacity(terms);
    for k in 0..turn {
        let known =
            if k == 0 { numerator[0].clone() } else { a.subtract(&numerator[k], &h[k - 1]) };
        h.push(a.divide(&known, u));
    }
    if turn == terms {
        return h;
    }
    let mut last = bound(end);
    let mut rest = Vec::with_capacity(end);
    for k in (turn..end).rev() {
        last = a.subtract(&numerator[k + 1], &a.multiply(u, &last));
        rest.push(last.clone());
    }
    rest.reverse();
    rest.truncate(terms - turn);
    h.extend(rest);
    h
}

/// `Si` of an interval: its slope is `sin(x)/x`, between -0.2173 and 1.
fn sine_interval(x: &Interval, bits: usize) -> Interval {
    let near_zero = |one: &Interval| x.multiply(one, bits);
    x.image(bits, near_zero, || {
        mean_value(
            x,
            bits,
            |x| sine_at(x, bits),
            || {
                let bound = Interval::from_f64(-0.22, 1.0);
                if x.contains_zero() { bound } else { x.sin(bits).divide(x, bits) }
            },
        )
    })
}

/// `Si` at one point: the series about zero (DLMF 6.6.5), and for large arguments the auxiliary
/// functions (DLMF 6.2.19, 6.12.3, 6.12.4), whose errors are below the first terms left out.
fn sine_at(x: &Repr<2>, bits: usize) -> Interval {
    let x = point(x);
    if x.contains_zero() {
        return integer(0);
    }
    let size = x.magnitude().to_f64_outward().0;
    let zero = integer(0);
    if size < 0.75 * bits as f64 + 16.0 {
        let bits = bits + (1.5 * size) as usize + 16;
        let factor = x.multiply(&x, bits).negate();
        let (mut power, mut sum) = (x.clone(), x.clone());
        for k in (3u64..).step_by(2) {
            power = power.multiply(&factor, bits).divide(&integer(k * (k - 1)), bits);
            let term = power.divide(&integer(k), bits);
            sum = sum.add(&term, bits);
            // Terms alternate and fall from here on: the rest is less than the last one.
            if k as f64 > size && magnitude(&term) < magnitude(&sum) - bits as isize {
                let rest = term.hull(&term.negate());
                return sum.add(&rest, bits);
            }
        }
    }
    let bits = bits + 16;
    let inverse = integer(1).divide(&x.multiply(&x, bits), bits).negate();
    let mut parts = [integer(1).divide(&x, bits), inverse.negate()];
    let mut sums = parts.clone();
    for k in 1u64.. {
        for (i, (part, sum)) in (0u64..).zip(parts.iter_mut().zip(&mut sums)) {
            *part = part
                .multiply(&inverse, bits)
                .multiply(&integer((2 * k - 1 + i) * (2 * k + i)), bits);
            *sum = sum.add(part, bits);
        }
        if magnitude(&parts[0]) < -(bits as isize) || (2 * k + 5) as f64 > size {
            break;
        }
    }
    let [f, g] = [0, 1].map(|i| sums[i].add(&zero.hull(&parts[i].negate()), bits));
    let wave = f.multiply(&x.cos(bits), bits).add(&g.multiply(&x.sin(bits), bits), bits);
    let right = Interval::pi(bits).multiply(&half_of_one(), bits);
    let right = if x.sign() == Some(std::cmp::Ordering::Less) { right.negate() } else { right };
    right.add(&wave.negate(), bits)
}

fn half_of_one() -> Interval {
    Interval::from_f64(0.5, 0.5)
}

/// `Ein` of an interval: it rises.
fn ein_interval(x: &Interval, bits: usize) -> Interval {
    x.image(bits, |one| x.multiply(one, bits), || at_ends(x, |x| ein_at(x, bits)))
}

/// `Ein` at one point: the series about zero (DLMF 6.6.4), and for large arguments
/// `euler_gamma + log x + E_1(x)` with `0 < E_1(x) < e^(-x)/x` (DLMF 6.2.4, 6.8.1), or
/// `euler_gamma + log |x| - Ei(-x)` (DLMF 6.2.7).
fn ein_at(x: &Repr<2>, bits: usize) -> Interval {
    let x = point(x);
    if x.contains_zero() {
        return integer(0);
    }
    let positive = x.sign() == Some(std::cmp::Ordering::Greater);
    let size = x.magnitude().to_f64_outward().1;
    if positive && size > 0.7 * bits as f64 + 16.0 {
        let bits = bits + 16;
        let tail = Interval::between(Repr::zero(), Repr::new(IBig::ONE, -(bits as isize)));
        return Interval::euler_gamma(bits).add(&x.log(bits), bits).add(&tail, bits);
    }
    if !positive && let Some(far) = growing_integral(&x.negate(), bits + 16) {
        let bits = bits + 16;
        let log = Interval::euler_gamma(bits).add(&x.negate().log(bits), bits);
        return log.add(&far.negate(), bits);
    }
    if magnitude(&x) > LARGEST_MAGNITUDE {
        return Interval::whole_line();
    }
    let bits = bits + 16 + if positive { (1.5 * size) as usize } else { 0 };
    let factor = x.negate();
    let (mut power, mut sum) = (x.clone(), x);
    for k in 2u64.. {
        power = power.multiply(&factor, bits).divide(&integer(k), bits);
        let term = power.divide(&integer(k), bits);
        sum = sum.add(&term, bits);
        // Terms halve from here on.
        if k as f64 > 2.0 * size && magnitude(&term) < magnitude(&sum) - bits as isize {
            return sum.add(&term.hull(&term.negate()), bits);
        }
    }
    Interval::whole_line()
}

/// `Ei t` of a positive `t` so large that the asymptotic sum gives `bits` bits; `None` of a smaller one.
///
/// Repeated integration by parts of `e^s/s` from `X = 2(n+1)` to `t` gives
/// `Ei t = e^t sum_(k<n) k!/t^(k+1) + C + n! integral of e^s s^(-n-1)`. On that range the logarithmic
/// derivative of the last integrand is `1 - (n+1)/s >= 1/2`, so that its integral is between 0 and
/// `2 e^t t^(-n-1)`; and `|C| <= 2 e^X`, since `0 < Ei X <= 2 e^X` (DLMF 6.6.1) and the sum at `X`, whose
/// terms at least halve, is at most 1.
fn growing_integral(t: &Interval, bits: usize) -> Option<Interval> {
    let size = t.to_f64_outward().0;
    // With n below bits the terms fall below 2^-bits: n!/t^n < 2^-n.
    let end = 2.0 * (bits as f64 + 2.0);
    if size < 2.0 * end {
        return None;
    }
    let inverse = integer(1).divide(t, bits);
    let (mut term, mut sum, mut n) = (inverse.clone(), integer(0), 0);
    while magnitude(&term) > magnitude(&inverse) - bits as isize {
        sum = sum.add(&term, bits);
        n += 1;
        term = term.multiply(&inverse, bits).multiply(&integer(n), bits);
    }
    let twice = |x: &Interval| x.multiply(&integer(2), bits);
    let constant = twice(&Interval::from_f64(end, end).add(&t.negate(), bits).exp(bits));
    let rest = integer(0).hull(&twice(&term)).add(&constant.hull(&constant.negate()), bits);
    Some(t.exp(bits).multiply(&sum.add(&rest, bits), bits))
}

fn sine_integral(x: f64) -> f64 {
    if x.is_infinite() { std::f64::consts::FRAC_PI_2.copysign(x) } else { nearest::<Si>(x) }
}

fn ein(x: f64) -> f64 {
    // -Ein(-720) is beyond the largest double.
    if x < -720.0 || x == f64::INFINITY { x.signum() * f64::INFINITY } else { nearest::<Ein>(x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum far from zero against the series about zero at a precision for which no sum would do.
    #[test]
    fn the_growing_integral_is_that_of_the_series() {
        for (t, bits) in
            [(300u64, 60usize), (1_000, 60), (1_000, 200), (5_000, 1_000), (16_383, 53)]
        {
            let far = growing_integral(&integer(t), bits).expect("large enough");
            let precision = t as usize;
            let ein = ein_at(integer(t).negate().lower(), precision);
            let log = Interval::euler_gamma(precision).add(&integer(t).log(precision), precision);
            let near = log.add(&ein.negate(), precision);
            let difference = far.add(&near.negate(), precision);
            assert!(difference.contains_zero(), "{t} {bits}");
            assert!(magnitude(&difference) <= magnitude(&far) - bits as isize + 8, "{t} {bits}");
            // Only the series was used for it.
            assert!(growing_integral(&integer(t), precision + 16).is_none());
        }
    }

    #[test]
    fn far_arguments_have_values_while_their_exponential_has() {
        let value = ein_at(integer(1_000_000).negate().lower(), 64).negate();
        let ratio = value.divide(&integer(1_000_000).exp(64), 64).multiply(&integer(1_000_000), 64);
        // 1 + 1/t + 2/t^2 + ...
        let (low, high) = ratio.to_f64_outward();
        assert!(1.000_001_000_001 < low && high < 1.000_001_000_003);
    }
}
