//! The entire function `(x - 1) zeta(x)`. Riemann's zeta function is its quotient by `x - 1`
//! (`call.rs`), which is how the pole at 1 is known.
//!
//! Euler-Maclaurin summation (DLMF 25.2.9) on power series, with the remainder as an integral:
//!
//! `zeta(z) = sum_(n<N) n^(-z) + N^(1-z)/(z-1) + N^(-z) (1/2 + sum_(m<=M) B_2m/(2m)! (z)_(2m-1)
//! N^(1-2m)) + R(z)` with `|R(z)| <= 4/(2 pi)^(2M) |(z)_2M| N^(1-Re z-2M)/(Re z + 2M - 1)` where
//! `Re z + 2M > 1` (F. Johansson, *Rigorous high-precision computation of the Hurwitz zeta function
//! and its derivatives*, Numer. Algorithms 69 (2015), section 3). Cauchy's estimate on a disc about
//! `u` bounds the Taylor coefficients of the remainder. To the left, `zeta(z) = 2 (2 pi)^(z-1)
//! sin(pi z/2) Gamma(1-z) zeta(1-z)` (DLMF 25.4.1).

use std::f64::consts::TAU;

use dashu_float::Repr;
use dashu_int::IBig;

use super::composition::compose;
use super::gamma::{gamma_at, nearest_integer, stirling_coefficients};
use super::recurrence::{divide, multiply};
use super::taylor::{
    enclosed, magnitude, mean_value, nearest, point, rational, unknown, variable, within,
};
use super::{About, Analytic, Branch, Builtin, Complex, Exp, Log, Pair, Sin, general, symbol};
use crate::number::{
    Arithmetic, Ball, Balls, Certified, Exact, Interval, Interval64, Named, Outward64, Rational,
    Symbol, Value, half,
};

/// Integers up to here have exact values.
const LARGEST_EXACT: i64 = 400;

/// The largest modulus at which there is a value.
const FARTHEST: f64 = 10_000.0;

/// The largest number of terms of the sum.
const MOST_TERMS: f64 = 1e6;

/// The largest modulus at which the corrections are summed, less the bits, and how far to the left.
const FARTHEST_CORRECTED: f64 = 512.0;
const LEFTMOST: f64 = -16.0;

/// To the left of it, the function is reflected: the terms of the sum grow like `n^(-Re z)`. The
/// quotient by `z` costs high orders bits near 0.
const REFLECTED: f64 = -0.25;
const REFLECTED_SERIES: f64 = -1.0;

pub(crate) struct EntireZeta;

/// By this name constants are written: no function of the list has its rank.
const ZETA: Named = Named::Other(Symbol {
    rank: usize::MAX,
    name: "zeta",
    latex: r"\zeta",
    enclose: |x, bits| {
        let bits = bits + 8;
        let below = x.add(&Interval::integer(IBig::NEG_ONE), bits);
        (EntireZeta::INTERVAL)(x, bits).divide(&below, bits)
    },
});

impl Builtin for EntireZeta {
    const NAMED: Named = symbol::<Self>("entire_zeta", r"\operatorname{entire\_zeta}");
    const ABOUT: About =
        About { formula: "(x - 1)*zeta(x)", analytic: "all x", source: "DLMF 25.2(i)" };

    const DOUBLE: fn(f64) -> f64 = |x| if x > 64.0 { x - 1.0 } else { nearest::<Self>(x) };
    const COSTS: [u64; 2] = [20_000, 40_000];
    const COST_OF_COMPLEX: u64 = 30_000;
    const INTERVAL: fn(&Interval, usize) -> Interval = |x, bits| {
        let coefficient = |x: &Interval, order: usize| {
            let extra = 48 + 2 * usize::try_from(magnitude(x)).unwrap_or(0).min(1 << 12);
            coefficient(x, order, bits + extra).unwrap_or_else(Interval::whole_line)
        };
        let at = |x: &Repr<2>| coefficient(&point(x), 0);
        // Few terms lose less to the dependency of the terms on each other.
        let slope = || match taylor(&Outward64, &Interval64::around(x), 2) {
            Some(jet) if jet[1].magnitude().is_finite() => {
                Interval::from_f64(jet[1].low, jet[1].high)
            }
            _ => coefficient(x, 1),
        };
        mean_value(x, bits, at, slope)
    };
    const INTERVAL64: fn(Interval64) -> Interval64 = |x| {
        let fast = if x.low == x.high { taylor(&Outward64, &x, 1) } else { None };
        let value = fast.map(|jet| jet[0]).filter(|value| value.magnitude().is_finite());
        value.unwrap_or_else(|| general::<Self>(x))
    };

    /// DLMF 25.6.2 and 25.6.3.
    fn exact(x: &Exact) -> Option<Exact> {
        let Some(x_rational) = x.as_rational() else { return Some(x.value_of(Self::NAMED)) };
        let below = x_rational - Rational::ONE;
        let integer = i64::try_from(x_rational.numerator()).ok().filter(|_| x_rational.is_int());
        if integer.is_some_and(|n| n < 0 && n % 2 == 0) {
            return Some(Exact::default());
        }
        match integer.filter(|n| n.abs() <= LARGEST_EXACT) {
            Some(0) => Some(half().into()),
            Some(1) => Some(1.into()),
            Some(n) if n < 0 => Some(bernoulli(1 - n).into()),
            Some(n) if n % 2 == 0 => {
                let sign = if n % 4 == 0 { -1 } else { 1 };
                let mut factor = bernoulli(n) * below * Rational::from(sign) * half();
                for k in 1..=n {
                    factor *= Rational::from(2) / Rational::from(k);
                }
                Some(Exact::pi().power(&n.into())?.scale(&factor))
            }
            _ => Some(x.value_of(ZETA).scale(&below)),
        }
    }

    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        _: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        let value = |z: &Pair<A>| Some(taylor(plane, z, 1)?.swap_remove(0));
        plane.mean_value(z, value, || Some(taylor(plane, z, 2)?.swap_remove(1)))
    }

    /// The Taylor coefficients at `f_0`, and `f` put in.
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        let Some(mut outer) = taylor(a, &f[0], f.len()) else { return unknown(a, f.len()) };
        outer[0] = a.apply::<Self>(&f[0]);
        if outer.len() > 1
            && a.is_exact(&f[0])
            && let Some(slope) = a.as_rational(&f[0]).as_ref().and_then(slope)
        {
            outer[1] = a.exact(&slope);
        }
        compose(a, &outer, f)
    }
}

/// A Taylor coefficient over an interval, at a point from balls where they have the bits.
fn coefficient(x: &Interval, order: usize, bits: usize) -> Option<Interval> {
    fn of_ball<const N: usize>(x: &Interval, order: usize) -> Option<Interval> {
        let mut jet = taylor(&Balls::<N>, &Ball::enclosing(x), order + 1)?;
        Some(jet.swap_remove(order).to_interval())
    }
    let is_point = x.lower() == x.upper();
    match bits {
        0..=128 if is_point => of_ball::<2>(x, order),
        129..=384 if is_point => of_ball::<6>(x, order),
        _ => {
            let a = Certified::new(bits);
            let jet = taylor(&a, &Value::Enclosure(x.clone()), order + 1)?;
            Some(a.enclose(&jet[order]))
        }
    }
}

/// The derivative at 0 and 1 (DLMF 25.6.11, 25.2.4).
fn slope(x: &Rational) -> Option<Exact> {
    if *x == Rational::ONE {
        return Some(Exact::euler_gamma());
    }
    let log = Exact::from(2).multiply(&Exact::pi()).logarithm()?;
    x.is_zero().then(|| log.scale(&half()).add(&(-half()).into()))
}

/// `B_n` for `n >= 2`.
fn bernoulli(n: i64) -> Rational {
    if n % 2 != 0 {
        return Rational::ZERO;
    }
    let last = stirling_coefficients(n as usize / 2, Rational::clone).pop();
    last.unwrap_or_default() * Rational::from(n * (n - 1))
}

/// The Taylor coefficients of `(z - 1) zeta(z)` at `u`.
fn taylor<A: Analytic>(a: &A, u: &A::Number, terms: usize) -> Option<Vec<A::Number>> {
    let u = &enclosed(a, u);
    let (re, im) = a.rectangle(u);
    let modulus = re.magnitude().hypot(im.magnitude());
    if modulus.is_nan() || modulus > FARTHEST {
        return None;
    }
    if re.high < if terms > 2 { REFLECTED_SERIES } else { REFLECTED } {
        return reflected(a, u, terms);
    }
    let [sum, integral] = parts(a, u, terms)?;
    let below = a.subtract(u, &a.integer(1));
    let product = times_linear(a, &sum, &below);
    Some(product.iter().zip(&integral).map(|(own, integral)| a.add(own, integral)).collect())
}

/// `-2 (2 pi)^(z-1) sin(pi z/2) Gamma(2-z) zeta(1-z)`, from DLMF 25.4.1 and 5.5.1.
fn reflected<A: Analytic>(a: &A, u: &A::Number, terms: usize) -> Option<Vec<A::Number>> {
    let one = a.integer(1);
    let gamma = gamma_at(a, &a.subtract(&a.integer(2), u), terms)?;
    let [sum, integral] = parts(a, &a.subtract(&one, u), terms)?;
    let quotient = divide(a, &integral, &variable(a, &a.negate(u), terms));
    let zeta: Vec<_> = sum.iter().zip(&quotient).map(|(own, other)| a.add(own, other)).collect();
    // Both are functions of -z.
    let mut product = multiply(a, &gamma, &zeta);
    for c in product.iter_mut().skip(1).step_by(2) {
        *c = a.negate(c);
    }
    let half = rational(a, &half());
    let (turns, rest) = nearest_integer(a, &a.multiply(u, &half))?;
    let mut angle = variable(a, &a.multiply(&rest, &a.pi()), terms);
    if terms > 1 {
        angle[1] = a.multiply(&a.pi(), &half);
    }
    let log = a.apply::<Log>(&enclosed(a, &a.multiply(&a.integer(2), &a.pi())));
    let power = a.apply::<Exp>(&a.multiply(&a.subtract(u, &one), &log));
    let power = exponential(a, power, &log, &inverses(a, terms));
    let product = multiply(a, &multiply(a, &product, &Sin::series(a, &angle)), &power);
    let factor = a.integer(if turns % 2 == 0 { -2 } else { 2 });
    Some(product.iter().map(|c| a.multiply(c, &factor)).collect())
}

/// The Taylor coefficients at `u` of two functions: `zeta(z)` is the first and `1/(z-1)` times the
/// second.
fn parts<A: Analytic>(a: &A, u: &A::Number, terms: usize) -> Option<[Vec<A::Number>; 2]> {
    let (re, im) = a.rectangle(u);
    let modulus = re.magnitude().hypot(im.magnitude()) * (1.0 + 1e-12);
    let Plan { end, corrections } = Plan::new(re.low, modulus, terms, a.bits())?;
    let inverses = inverses(a, terms);
    let mut sum = vec![a.integer(0); terms];
    sum[0] = a.integer(1);
    let mut last = Vec::new();
    // -log n and n^(-u), from those of the prime factors.
    let mut powers: Vec<(A::Number, A::Number)> = vec![(a.integer(0), a.integer(1)); 2];
    for n in 2..=end {
        let factor = (2..=n.isqrt()).find(|p| n % p == 0);
        let (rate, power) = if let Some(p) = factor {
            let (first, second) = (&powers[p], &powers[n / p]);
            (a.add(&first.0, &second.0), a.multiply(&first.1, &second.1))
        } else {
            let integer = enclosed(a, &a.integer(n as i64));
            let rate = a.negate(&a.apply::<Log>(&integer));
            let power = a.apply::<Exp>(&a.multiply(u, &rate));
            (rate, power)
        };
        let series = exponential(a, power.clone(), &rate, &inverses);
        powers.push((rate, power));
        if n < end {
            for (sum, c) in sum.iter_mut().zip(&series) {
                *sum = a.add(sum, c);
            }
        } else {
            last = series;
        }
    }
    let log_of_end = (end as f64).ln();
    if corrections == 0 {
        // The rest of the sum, |n^(-z)| <= n^(-x): at most N^(-x) (1 + N/(x-1)).
        for (k, sum) in sum.iter_mut().enumerate() {
            let radius = k as f64 / log_of_end;
            let x = re.low - radius;
            let size = (1.0 + end as f64 / (x - 1.0)).log2() - x * (end as f64).log2();
            *sum = a.add(sum, &error(a, size, k, radius));
        }
        return Some([sum, vec![a.integer(0); terms]]);
    }
    // Horner's rule: from one correction to the next, a factor (z+2m-1)(z+2m)/((2m-1) 2m N^2).
    let coefficients = stirling_coefficients(corrections, |c| rational(a, c));
    let end_number = a.integer(end as i64);
    let square = a.multiply(&end_number, &end_number);
    let mut inner = vec![a.integer(0); terms];
    for (m, coefficient) in coefficients.iter().enumerate().rev() {
        if m + 1 < corrections {
            let m = m as i64 + 1;
            let divisor = a.multiply(&a.integer((2 * m - 1) * (2 * m)), &square);
            let scale = a.divide(&a.integer(1), &divisor);
            inner = times_linear(a, &inner, &a.add(u, &a.integer(2 * m - 1)));
            inner = times_linear(a, &inner, &a.add(u, &a.integer(2 * m)));
            inner = inner.iter().map(|c| a.multiply(c, &scale)).collect();
        }
        inner[0] = a.add(&inner[0], coefficient);
    }
    let scale = a.divide(&a.integer(1), &end_number);
    inner = times_linear(a, &inner, u).iter().map(|c| a.multiply(c, &scale)).collect();
    inner[0] = a.add(&inner[0], &rational(a, &half()));
    let corrected = multiply(a, &last, &inner);
    let count = 2 * corrections;
    for (k, (sum, corrected)) in sum.iter_mut().zip(&corrected).enumerate() {
        let radius = k as f64 / log_of_end;
        let rising: f64 = (0..count).map(|j| (modulus + radius + j as f64).log2()).sum();
        let x = re.low - radius + count as f64 - 1.0;
        let size = 2.0 + rising - count as f64 * TAU.log2() - x * (end as f64).log2() - x.log2();
        *sum = a.add(&a.add(sum, corrected), &error(a, size, k, radius));
    }
    let integral = last.iter().map(|c| a.multiply(c, &end_number)).collect();
    Some([sum, integral])
}

/// The Taylor coefficient of degree `k` of a function that is at most `2^size` on a disc.
fn error<A: Arithmetic>(a: &A, size: f64, k: usize, radius: f64) -> A::Number {
    let decay = if k == 0 { 0.0 } else { k as f64 * radius.log2() };
    // One bit and more for the rounding of these doubles.
    within(a, (size - decay).ceil() as i64 + 2)
}

/// How many terms are summed.
struct Plan {
    /// `N`
    end: usize,
    /// `M`; 0 where nothing but the bound of the rest of the sum follows.
    corrections: usize,
}

impl Plan {
    /// The discs of Cauchy's estimate have the radii `k/log N`, which make its bound about
    /// `(log N)^k/k!`, the size of the coefficients of `N^(-z)`.
    fn new(re: f64, modulus: f64, terms: usize, bits: usize) -> Option<Self> {
        let goal = bits as f64 + 8.0;
        let order = terms as f64 - 1.0;
        let mut end = (0.2 * goal + 0.3 * (modulus + order / 4.0)).ceil() + 3.0;
        let direct = (goal / re).exp2().ceil() + 1.0;
        if re > 2.0 && direct <= end && re - order / direct.ln() >= 2.0 {
            return Some(Self { end: direct as usize, corrections: 0 });
        }
        if re < LEFTMOST || modulus > FARTHEST_CORRECTED + goal {
            return None;
        }
        while end <= MOST_TERMS {
            let radius = order / end.ln();
            let (mut size, mut m) = (0.0, 0.0);
            loop {
                let rising = modulus + radius + 2.0 * m;
                let factor = (rising * (rising + 1.0)).log2() - 2.0 * (TAU * end).log2();
                // Where a factor is larger, more terms of the sum are better.
                if factor > -1.0 {
                    break;
                }
                size += factor;
                m += 1.0;
                if size <= -goal && re - radius + 2.0 * m >= 2.0 {
                    return Some(Self { end: end as usize, corrections: m as usize });
                }
            }
            end *= 2.0;
        }
        None
    }
}

/// `1/k`, from `k = 1` on.
fn inverses<A: Arithmetic>(a: &A, terms: usize) -> Vec<A::Number> {
    (1..terms as i64).map(|k| a.divide(&a.integer(1), &enclosed(a, &a.integer(k)))).collect()
}

/// `constant e^(rate t)`
fn exponential<A: Arithmetic>(
    a: &A,
    constant: A::Number,
    rate: &A::Number,
    inverses: &[A::Number],
) -> Vec<A::Number> {
    let mut series = vec![constant];
    for (k, inverse) in inverses.iter().enumerate() {
        series.push(a.multiply(&a.multiply(&series[k], rate), inverse));
    }
    series
}

/// `(c + t) f`
fn times_linear<A: Arithmetic>(a: &A, f: &[A::Number], c: &A::Number) -> Vec<A::Number> {
    let scaled = f.iter().map(|f| a.multiply(f, c));
    let shifted = std::iter::once(a.integer(0)).chain(f.iter().cloned());
    scaled.zip(shifted).map(|(own, before)| a.add(&own, &before)).collect()
}
