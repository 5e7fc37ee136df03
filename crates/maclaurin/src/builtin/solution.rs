//! Inverses of entire functions: the principal branch of Lambert's `W`, `W e^W = x` (DLMF 4.13), and
//! the inverse of the error function (DLMF 7.17).
//!
//! A value is guessed by Newton's method in floating point and proven by its interval form: where
//! `N = m - (g(m) - x)/g'(Y)` lies inside `Y`, there is one solution of `g(y) = x` in `Y`, and it
//! lies in `N` (Moore, Kearfott and Cloud 2009, ch. 8).

use std::cmp::Ordering;
use std::f64::consts::{E, LOG2_E, PI};

use dashu_float::Repr;
use dashu_int::IBig;

use super::recurrence::derivative;
use super::taylor::{at_ends, integer, magnitude, nearest, point};
use super::{
    About, Analytic, Branch, Builtin, Complex, Erf, Exp, PLANE, Pair, Parity, Rectangle, symbol,
};
use crate::number::{Arithmetic, Exact, Interval, Interval64, Named, Rational, exactly, half};

/// Steps of Newton's method at full precision; each doubles the accurate digits.
const MOST_STEPS: usize = 64;

/// The same in doubles, for a guess.
const MOST_STEPS_OF_DOUBLES: usize = 10;

/// The largest distance of `x` from a branch point, as a power of two, that is told from it.
const FINEST: isize = 2048;

/// Terms of the series at the branch point, and the largest modulus of its variable.
const TERMS: usize = 48;
const REACH: f64 = 0.2;

/// The largest modulus at which the inverse error function is looked for in the complex plane.
const FARTHEST: f64 = 0.9;

pub(crate) struct LambertW;

impl Builtin for LambertW {
    const NAMED: Named = symbol::<Self>("lambert_w", "W");
    const DERIVATIVE: Option<&'static str> = Some("1/(exp(lambert_w(x))*(1 + lambert_w(x)))");
    const ALIASES: &'static [&'static str] = &["lambertw", "LambertW"];
    const ABOUT: About = About {
        formula: "the inverse of w*e^w, its principal branch",
        analytic: "x > -1/e",
        source: "DLMF 4.13",
    };
    const BRANCHES: bool = true;

    const DOUBLE: fn(f64) -> f64 = |x| if x == f64::INFINITY { x } else { nearest::<Self>(x) };
    const COSTS: [u64; 2] = [80_000, 120_000];
    const COST_OF_COMPLEX: u64 = 15_000;
    const INTERVAL: fn(&Interval, usize) -> Interval = |x, bits| {
        x.image(bits, |one| x.multiply(one, bits), || at_ends(x, |x| lambert_at(x, bits)))
    };

    /// `W(q e^q) = q` for small multiples of a half.
    fn exact(x: &Exact) -> Option<Exact> {
        let solves = |q: &Rational| {
            let power = Exact::from(q.clone()).exponential();
            power.is_some_and(|power| power.scale(q) == *x)
        };
        let halves = (-1..=20).map(|n| Rational::from(n) * half());
        Some(halves.into_iter().find(solves).map_or_else(|| x.value_of(Self::NAMED), Exact::from))
    }

    fn at_end(_: &Exact) -> Option<Exact> {
        Some(Exact::from(-1))
    }

    /// Near the branch point the series in `p = sqrt(2 (e z + 1))` (DLMF 4.13.6) on every branch,
    /// elsewhere the principal branch alone: nothing is said beyond its cut.
    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        branch: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        let from_branch_point = plane.add(z, &plane.real(plane.0.exact(&inverse_of_e())));
        let log_of_it = branch.log(&from_branch_point)?;
        let exponent = plane.rectangle(&log_of_it);
        let halved = |side: Interval64| side.multiply(Interval64::point(0.5));
        // log p = (log(z + 1/e) + 1 + log 2)/2
        let shift = Interval64::point(1.0).add(Interval64::point(2.0).log());
        let log_of_p = (halved(exponent.0.add(shift)), halved(exponent.1));
        let value = if log_of_p.0.high.exp() < REACH {
            Some(at_branch_point(&PLANE.apply::<Exp>(&log_of_p)))
        } else if exponent.1.magnitude() < PI {
            principal_lambert(&plane.rectangle(z))
        } else {
            return branch.unknown(plane);
        };
        Some(value.map_or_else(|| plane.unknown(), |value| from_rectangle(plane, &value)))
    }

    /// `y' (e^y + f) = f'`, for `e^y y = f`
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        let mut y = vec![a.apply::<Self>(&f[0])];
        let mut grown = vec![a.apply::<Exp>(&y[0])];
        let divisor = a.add(&grown[0], &f[0]);
        let (mut slope, mut rest) = (Vec::new(), Vec::new());
        for k in 1..f.len() {
            let index = a.integer(k as i64);
            let known = if k == 1 { a.integer(0) } else { a.convolve(&slope, &rest) };
            let own = a.subtract(&a.multiply(&index, &f[k]), &known);
            slope.push(a.divide(&own, &divisor));
            y.push(a.divide(&slope[k - 1], &index));
            grown.push(a.divide(&a.convolve(&slope, &grown), &index));
            rest.push(a.add(&grown[k], &f[k]));
        }
        y
    }

    fn margin<A: Analytic>(a: &A, u: &A::Number) -> Option<A::Number> {
        Some(a.add(u, &a.exact(&inverse_of_e())))
    }

    fn guard<A: Analytic>(a: &A, u: &A::Number) -> Option<A::Number> {
        Self::margin(a, u)
    }

    /// Away from the cut.
    fn is_principal(u: &Rectangle) -> bool {
        u.0.low > -1.0 / E || !u.1.contains(0.0)
    }
}

pub(crate) struct Erfinv;

impl Builtin for Erfinv {
    const NAMED: Named = symbol::<Self>("erfinv", r"\operatorname{erf}^{-1}");
    const PARITY: Option<Parity> = Some(Parity::Odd);
    const DERIVATIVE: Option<&'static str> = Some("sqrt(pi)/2*exp(erfinv(x)^2)");
    const ABOUT: About =
        About { formula: "the inverse of erf", analytic: "-1 < x < 1", source: "DLMF 7.17" };
    const BRANCHES: bool = true;

    const DOUBLE: fn(f64) -> f64 =
        |x| if x.abs() == 1.0 { x * f64::INFINITY } else { nearest::<Self>(x) };
    const COSTS: [u64; 2] = [300_000, 500_000];
    const COST_OF_COMPLEX: u64 = 15_000;
    /// Near zero the slope is `sqrt(pi)/2`.
    const INTERVAL: fn(&Interval, usize) -> Interval = |x, bits| {
        let near_zero =
            |one: &Interval| x.multiply(one, bits).multiply(&inverse_slope_at_zero(bits), bits);
        x.image(bits, near_zero, || at_ends(x, |x| erfinv_at(x, bits)))
    };

    /// The inverse can be continued along every path that avoids 1 and -1, the only finite values
    /// that the error function tends to (DLMF 7.2.2) or has where its slope is zero, which is
    /// nowhere. The principal branch is known where [`principal_erfinv`] finds it.
    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        branch: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        let one = plane.integer(1);
        let logs = [branch.log(&plane.add(&one, z))?, branch.log(&plane.subtract(&one, z))?];
        let is_principal = logs.iter().all(|log| plane.rectangle(log).1.magnitude() < PI);
        let value = is_principal.then(|| principal_erfinv(&plane.rectangle(z))).flatten();
        Some(value.map_or_else(|| plane.unknown(), |value| from_rectangle(plane, &value)))
    }

    /// `y' = f' sqrt(pi)/2 e^(y^2)` (DLMF 7.17.1)
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        let factor = a.divide(&a.power(&a.pi(), &half()), &a.integer(2));
        let slope = derivative(a, f);
        let mut y = vec![a.apply::<Self>(&f[0])];
        let mut grown = vec![a.apply::<Exp>(&a.multiply(&y[0], &y[0]))];
        let mut square_slope = Vec::new();
        for k in 1..f.len() {
            let index = a.integer(k as i64);
            let sum = a.convolve(&slope[..k], &grown);
            y.push(a.divide(&a.multiply(&sum, &factor), &index));
            square_slope.push(a.multiply(&index, &a.convolve(&y, &y)));
            grown.push(a.divide(&a.convolve(&square_slope, &grown), &index));
        }
        y
    }

    fn margin<A: Analytic>(a: &A, u: &A::Number) -> Option<A::Number> {
        Some(a.subtract(&a.integer(1), &a.multiply(u, u)))
    }

    fn guard<A: Analytic>(a: &A, u: &A::Number) -> Option<A::Number> {
        Self::margin(a, u)
    }

    /// Of `log(1 + u)` and `log(1 - u)`, one vanishes at either branch point.
    fn vanishing(u: &Rectangle) -> u8 {
        u8::from(u.0.low > 0.0)
    }

    fn is_principal(u: &Rectangle) -> bool {
        u.0.magnitude() < 1.0 || !u.1.contains(0.0)
    }
}

/// `1/e`
fn inverse_of_e() -> Exact {
    Exact::from(-1).exponential().unwrap_or_default()
}

/// A number around a rectangle of doubles.
fn from_rectangle<A: Analytic>(plane: &Complex<A>, (re, im): &Rectangle) -> Pair<A> {
    let a = &plane.0;
    let side = |side: Interval64| {
        let middle = side.middle();
        let radius = (side.high - middle).max(middle - side.low).next_up();
        if !radius.is_finite() {
            return a.at_most(f64::INFINITY);
        }
        a.add(&a.exact(&exactly(middle).into()), &a.at_most(radius))
    };
    (side(*re), side(*im))
}

/// The one solution of `g(y) = z` near a guess, for every `z` of a rectangle: with it the
/// rectangle in which it is the only one.
fn solution(
    z: &Rectangle,
    guess: (f64, f64),
    g: impl Fn(&Rectangle) -> Rectangle,
    slope: impl Fn(&Rectangle) -> Rectangle,
) -> Option<(Rectangle, Rectangle)> {
    let at = (Interval64::point(guess.0), Interval64::point(guess.1));
    let miss = PLANE.subtract(&g(&at), z);
    let step = PLANE.divide(&miss, &slope(&at));
    let radius =
        1.5 * step.0.magnitude().max(step.1.magnitude()) + 1e-13 * guess.0.hypot(guess.1) + 1e-300;
    let side = |middle: f64| Interval64::between(middle - radius, middle + radius);
    let around = (side(guess.0), side(guess.1));
    let found = PLANE.subtract(&at, &PLANE.divide(&miss, &slope(&around)));
    let inside = |a: Interval64, b: Interval64| b.low < a.low && a.high < b.high;
    (inside(found.0, around.0) && inside(found.1, around.1)).then_some((found, around))
}

/// Newton's method in doubles for complex numbers, with the miss over the slope given.
fn newton(mut y: (f64, f64), step: impl Fn((f64, f64)) -> (f64, f64)) -> (f64, f64) {
    for _ in 0..MOST_STEPS_OF_DOUBLES {
        let (re, im) = step(y);
        y = (y.0 - re, y.1 - im);
        let size = re.hypot(im);
        if size.is_nan() || size <= 1e-15 * y.0.hypot(y.1) {
            break;
        }
    }
    y
}

fn complex_multiply(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn complex_divide(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let square = b.0 * b.0 + b.1 * b.1;
    ((a.0 * b.0 + a.1 * b.1) / square, (a.1 * b.0 - a.0 * b.1) / square)
}

/// The principal branch of `W` on a rectangle. It maps the plane without its cut onto the `x + iy`
/// with `|y| < pi` and `x > -y cot(y)`, so a solution there is its value (Corless, Gonnet, Hare,
/// Jeffrey and Knuth, *On the Lambert W function*, Adv. Comput. Math. 5, 1996, section 4).
fn principal_lambert(z: &Rectangle) -> Option<Rectangle> {
    let center = (z.0.middle(), z.1.middle());
    let modulus = center.0.hypot(center.1);
    let guess = if modulus > 3.0 {
        let log = (modulus.ln(), center.1.atan2(center.0));
        (log.0 - log.0.hypot(log.1).ln(), log.1 * (1.0 - 1.0 / (1.0 + log.0)))
    } else {
        // -1 + p - p^2/3
        let q = (2.0 * (E * center.0 + 1.0), 2.0 * E * center.1);
        let angle = q.1.atan2(q.0) / 2.0;
        let root = q.0.hypot(q.1).sqrt();
        let p = (root * angle.cos(), root * angle.sin());
        let square = complex_multiply(p, p);
        let far = 1.0 + 0.3 * p.0.hypot(p.1);
        (-1.0 + p.0 - square.0 / (3.0 * far), p.1 - square.1 / (3.0 * far))
    };
    // Halley's form of the step.
    let guess = newton(guess, |y| {
        let grown = (y.0.exp() * y.1.cos(), y.0.exp() * y.1.sin());
        let product = complex_multiply(y, grown);
        let miss = (product.0 - center.0, product.1 - center.1);
        let above = (y.0 + 1.0, y.1);
        let correction = complex_divide(
            complex_multiply((y.0 + 2.0, y.1), miss),
            (2.0 * above.0, 2.0 * above.1),
        );
        let slope = complex_multiply(grown, above);
        complex_divide(miss, (slope.0 - correction.0, slope.1 - correction.1))
    });
    let exp = |y: &Rectangle| PLANE.apply::<Exp>(y);
    let (found, around) = solution(
        z,
        guess,
        |y| PLANE.multiply(y, &exp(y)),
        |y| PLANE.multiply(&PLANE.add(y, &PLANE.integer(1)), &exp(y)),
    )?;
    // -y cot(y) rises with |y|.
    let side = Interval64::point(around.1.magnitude());
    let edge = if side.low == 0.0 {
        Interval64::point(-1.0)
    } else {
        side.multiply(side.cos()).divide(side.sin()).negate()
    };
    (side.high < PI - 1e-3 && around.0.low > edge.high).then_some(found)
}

/// `W` for a small `p`: `W = -1 + sum_k mu_k p^k` (Corless et al. 1996, equation 4.22 with 4.23 and
/// 4.24). With `v = W + 1`, `p^2 = 2 ((v - 1) e^v + 1) = v^2 (1 + 2v/3 + v^2/4 + ...)`, the bracket
/// within 0.735 of 1 for `|v| <= 0.8`: there `|p| >= 0.8 sqrt(0.265) > 0.411` on the circle, so that
/// `|v| < 0.8` wherever `|p| < 0.411` (Rouche), and `|mu_k| <= 0.8/0.411^k`.
fn at_branch_point(p: &Rectangle) -> Rectangle {
    let a = &PLANE.0;
    let quotient = |p: i64, q: i64| a.divide(&a.integer(p), &a.integer(q));
    let mut mu = vec![a.integer(-1), a.integer(1)];
    let mut alpha = vec![a.integer(2), a.integer(-1)];
    for k in 2..TERMS {
        // alpha_k = sum_(j=2..k-1) mu_j mu_(k+1-j)
        alpha.push(if k > 2 { a.convolve(&mu[2..k], &mu[2..k]) } else { a.integer(0) });
        let n = k as i64;
        let half = a.divide(&mu[k - 2], &a.integer(2));
        let quarter = a.divide(&alpha[k - 2], &a.integer(4));
        let first = a.multiply(&quotient(n - 1, n + 1), &a.add(&half, &quarter));
        let second = a.divide(&alpha[k], &a.integer(2));
        let third = a.divide(&mu[k - 1], &a.integer(n + 1));
        mu.push(a.subtract(&a.subtract(&first, &second), &third));
    }
    let sum = mu
        .iter()
        .rev()
        .fold(PLANE.integer(0), |sum, mu| PLANE.add(&PLANE.multiply(&sum, p), &PLANE.real(*mu)));
    // 0.8 (0.2/0.411)^48/(1 - 0.2/0.411) < 2e-15
    PLANE.add(&sum, &PLANE.at_most(2e-15))
}

/// The inverse of the error function on a rectangle, on the principal branch.
///
/// Where `|xy| < pi/4` the slope of `erf(x + iy)` has a positive real part, but for a factor; so the
/// function is injective on a rectangle `|x| <= a`, `|y| <= b` with `ab < pi/4` (Noshiro 1934,
/// Warschawski 1935), real on the real axis alone, and its inverse there is the principal one.
fn principal_erfinv(z: &Rectangle) -> Option<Rectangle> {
    let center = (z.0.middle(), z.1.middle());
    let middle = |z: Rectangle| (z.0.middle(), z.1.middle());
    let bell = |y: &Rectangle| {
        let decay = PLANE.apply::<Exp>(&PLANE.negate(&PLANE.multiply(y, y)));
        let slope = Interval64::point(2.0).divide(PLANE.0.power(&PLANE.0.pi(), &half()));
        (decay.0.multiply(slope), decay.1.multiply(slope))
    };
    let erf = |y: &Rectangle| PLANE.apply::<Erf>(y);
    let square = center.0 * center.0;
    if square + center.1 * center.1 > FARTHEST * FARTHEST {
        return None;
    }
    let start = (guess_of_erfinv(center.0, (1.0 - square).ln()), 0.0);
    let guess = newton(start, |y| {
        let at = (Interval64::point(y.0), Interval64::point(y.1));
        let value = middle(erf(&at));
        complex_divide((value.0 - center.0, value.1 - center.1), middle(bell(&at)))
    });
    let (found, around) = solution(z, guess, erf, bell)?;
    let injective = around.0.magnitude() * around.1.magnitude() < 0.785;
    injective.then_some(found)
}

/// A point inside an interval.
fn inner(x: &Interval) -> Interval {
    point(x.lower())
}

/// The one solution near `guess` of an equation of reals to `goal` bits, by arithmetic of `bits`, with
/// the miss and the slope given.
fn real_solution(
    guess: Interval,
    (goal, bits): (usize, usize),
    miss: impl Fn(&Interval) -> Interval,
    slope: impl Fn(&Interval) -> Interval,
) -> Interval {
    let mut at = guess;
    let mut steps = 0;
    let step = loop {
        let step = miss(&at).divide(&slope(&at), bits);
        steps += 1;
        if step.is_whole_line() || steps > MOST_STEPS {
            return Interval::whole_line();
        }
        if magnitude(&step) < magnitude(&at) - goal as isize {
            break step;
        }
        at = inner(&at.add(&step.negate(), bits));
    };
    // Twice the step, and some bits of the value itself.
    let top = magnitude(&step).max(magnitude(&at) - goal as isize) + 2;
    let radius = Repr::new(IBig::ONE, top);
    let around = Interval::between(-radius.clone(), radius);
    let around = at.add(&around, bits);
    let found = at.add(&miss(&at).divide(&slope(&around), bits).negate(), bits);
    let proven = around.lower() < found.lower() && found.upper() < around.upper();
    if proven { found } else { Interval::whole_line() }
}

/// `W` at one point: `v = W + 1 > 0` solves `(v - 1) e^v + 1 = e x + 1`.
fn lambert_at(x: &Repr<2>, bits: usize) -> Interval {
    let x = point(x);
    if x.contains_zero() {
        return integer(0);
    }
    let one = integer(1);
    let distance = |bits: usize| one.exp(bits).multiply(&x, bits).add(&one, bits);
    let goal = bits + 16 + magnitude(&x).unsigned_abs().min(FINEST as usize * 2);
    let mut bits = goal + 16;
    let mut q = distance(bits);
    if magnitude(&q) < 0 {
        bits += 2 * magnitude(&q).unsigned_abs().min(FINEST as usize);
        q = distance(bits);
    }
    if q.sign() != Some(Ordering::Greater) || magnitude(&q) < -FINEST {
        return Interval::whole_line();
    }
    let size = magnitude(&q);
    let guess = if size < -8 {
        // sqrt(2 q)
        q.add(&q, bits).power(&half(), bits)
    } else {
        let q = q.to_f64_outward().0;
        let v = if size > 1000 {
            let log = size as f64 / LOG2_E - 1.0;
            log - log.ln() + 1.0
        } else if q < 5.0 {
            let p = (2.0 * q).sqrt();
            p - p * p / (3.0 * (1.0 + 0.3 * p))
        } else {
            let log = (q / E).ln();
            log - log.max(1.0).ln() + 1.0
        };
        Interval::from_f64(v, v)
    };
    let miss = |v: &Interval| {
        let below = v.add(&one.negate(), bits);
        below.multiply(&v.exp(bits), bits).add(&one, bits).add(&q.negate(), bits)
    };
    let v = real_solution(inner(&guess), (goal, bits), miss, |v| v.multiply(&v.exp(bits), bits));
    if v.sign() == Some(Ordering::Greater) {
        v.add(&one.negate(), bits)
    } else {
        Interval::whole_line()
    }
}

/// Winitzki's approximation of the inverse error function of `x`, given `log(1 - x^2)`.
fn guess_of_erfinv(x: f64, log: f64) -> f64 {
    let a = 0.147;
    let half = 2.0 / (PI * a) + log / 2.0;
    ((half * half - log / a).sqrt() - half).max(0.0).sqrt().copysign(x)
}

/// `sqrt(pi)/2`
fn inverse_slope_at_zero(bits: usize) -> Interval {
    Interval::pi(bits).power(&half(), bits).divide(&integer(2), bits)
}

/// The inverse of the error function at one point.
fn erfinv_at(x: &Repr<2>, bits: usize) -> Interval {
    let x = point(x);
    if x.contains_zero() {
        return integer(0);
    }
    let one = integer(1);
    let fine = 2 * bits + FINEST as usize;
    let gap = one.add(&x.multiply(&x, fine).negate(), fine);
    if gap.sign() != Some(Ordering::Greater) || magnitude(&gap) < -FINEST / 2 {
        return Interval::whole_line();
    }
    let sign = if x.sign() == Some(Ordering::Less) { -1.0 } else { 1.0 };
    let guess = guess_of_erfinv(sign, gap.log(64).to_f64_outward().0);
    let lost = magnitude(&gap).unsigned_abs() + magnitude(&x).unsigned_abs();
    let (goal, bits) = (bits + 8, bits + 32 + lost);
    let start = if magnitude(&x) < -16 {
        inner(&x.multiply(&inverse_slope_at_zero(bits), bits))
    } else {
        Interval::from_f64(guess, guess)
    };
    let slope = |y: &Interval| {
        let bell = y.multiply(y, bits).negate().exp(bits);
        bell.divide(&inverse_slope_at_zero(bits), bits)
    };
    let miss = |y: &Interval| Erf::INTERVAL(y, bits).add(&x.negate(), bits);
    real_solution(start, (goal, bits), miss, slope)
}
