//! The error function (DLMF 7.2.1) and the imaginary one, `erfi x = -i erf(ix)`, which no library
//! has to any precision: one formula, but for signs.

use std::cmp::Ordering;

use dashu_base::Sign;
use dashu_float::{FBig, Repr};
use dashu_int::IBig;

use super::dawson::far_from_zero;
use super::recurrence::{derivative, integral, multiply, negate};
use super::taylor::{integer, magnitude, nearest, point, within};
use super::{
    About, Analytic, Branch, Builtin, Complex, Exp, Listed, Pair, Parity, general, symbol,
};
use crate::number::{
    Arithmetic, Ball, Balls, Exact, Interval, Interval64, Named, down, half, outward, up,
};

/// The largest modulus for which the series is summed in the complex plane.
const REACH: f64 = 4.001;

/// The largest binary magnitude of arguments for which the series of the imaginary one is summed.
const LARGEST_MAGNITUDE: isize = 9;

pub(crate) struct ErrorFunction<const IMAGINARY: bool>;

pub(crate) type Erf = ErrorFunction<false>;
pub(crate) type Erfi = ErrorFunction<true>;

impl<const IMAGINARY: bool> Builtin for ErrorFunction<IMAGINARY>
where
    Self: Listed,
{
    const NAMED: Named = if IMAGINARY {
        symbol::<Self>("erfi", r"\operatorname{erfi}")
    } else {
        symbol::<Self>("erf", r"\operatorname{erf}")
    };

    const ABOUT: About = if IMAGINARY {
        About {
            formula: "2/sqrt(pi) times the integral of exp(t^2) from 0 to x",
            analytic: "all x",
            source: "DLMF 7.2(i)",
        }
    } else {
        About {
            formula: "2/sqrt(pi) times the integral of exp(-t^2) from 0 to x",
            analytic: "all x",
            source: "DLMF 7.2.1",
        }
    };
    const PARITY: Option<Parity> = Some(Parity::Odd);
    const DERIVATIVE: Option<&'static str> =
        Some(if IMAGINARY { "2/sqrt(pi)*exp(x^2)" } else { "2/sqrt(pi)*exp(-x^2)" });
    const DOUBLE: fn(f64) -> f64 = if IMAGINARY { erfi } else { libm::erf };
    const COSTS: [u64; 2] = if IMAGINARY { [30_000, 50_000] } else { [1_000, 20_000] };
    const COST_OF_COMPLEX: u64 = 15_000;
    const INTERVAL: fn(&Interval, usize) -> Interval =
        |x, bits| interval(x, bits, if IMAGINARY { imaginary_at } else { at });
    const INTERVAL64: fn(Interval64) -> Interval64 =
        if IMAGINARY { general::<Self> } else { |x| x.monotone(in_doubles) };

    /// `2/sqrt(pi) e^(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!!` (DLMF 7.6.2), whose terms halve once
    /// `2n + 1 >= 4 x^2`; that the terms are small comes later.
    fn ball<const N: usize>(x: &Ball<N>) -> Option<Ball<N>> {
        // The terms of the imaginary one alternate, and cancel.
        if x.middle().abs() >= if IMAGINARY { 1.0 } else { 4.0 } {
            return None;
        }
        let a = Balls::<N>;
        let square = a.multiply(x, x);
        let square = if IMAGINARY { a.negate(&square) } else { square };
        let sum = Ball::taylor(*x, &square.scaled(1), |n| 2 * n + 1);
        let decay = a.negate(&square).exponential()?;
        let root = a.power(&Ball::pi(), &half());
        Some(a.multiply(&sum.scaled(1), &decay).divide(&root))
    }

    /// Its slope over a rectangle is that of an exponential, and far tighter than the sum's image.
    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        _: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        let signed = |z: Pair<A>| if IMAGINARY { z } else { plane.negate(&z) };
        let root = plane.0.power(&plane.0.pi(), &half());
        let factor = plane.0.divide(&plane.0.integer(2), &root);
        let value = |z: &Pair<A>| {
            let sum = sum(plane, z, &signed(plane.multiply(z, z)))?;
            Some(plane.scaled(&sum, &factor))
        };
        let slope = || {
            let growth = plane.apply::<Exp>(&signed(plane.multiply(z, z)));
            Some(plane.scaled(&growth, &factor))
        };
        plane.mean_value(z, value, slope)
    }

    /// `y' = f' 2/sqrt(pi) e^(-f^2)` (DLMF 7.10.1), of the imaginary one `f' 2/sqrt(pi) e^(f^2)`
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        let square = multiply(a, f, f);
        let bell = Exp::series(a, &if IMAGINARY { square } else { negate(a, &square) });
        let factor = a.multiply(&a.integer(2), &a.power(&a.exact(&Exact::pi()), &-half()));
        let scaled: Vec<_> = derivative(a, f).iter().map(|d| a.multiply(&factor, d)).collect();
        integral(a, a.apply::<Self>(&f[0]), &multiply(a, &scaled, &bell[..bell.len() - 1]))
    }
}

/// `sum_n s^n z/(n! (2n+1))`, where `s` is `-z^2` for the error function and `z^2` for the
/// imaginary one (DLMF 7.6.1). Terms halve once `n >= 2|z|^2`: what is left out is then below
/// `2 |z|^(2n+1)/n!`. Nothing is known far from zero, where terms cancel.
fn sum<A: Analytic>(plane: &Complex<A>, z: &Pair<A>, square: &Pair<A>) -> Option<Pair<A>> {
    let (re, im) = plane.rectangle(z);
    let modulus = re.magnitude().hypot(im.magnitude()) * (1.0 + 1e-12);
    if modulus.is_nan() || modulus > REACH {
        return None;
    }
    let wanted = -(plane.bits() as f64 + 40.0);
    let (mut terms, mut size) = (0i64, 1.0 + modulus.log2());
    while size > wanted || (terms as f64) < 2.0 * modulus * modulus {
        terms += 1;
        size += 2.0 * modulus.log2() - (terms as f64).log2();
    }
    let mut sum = plane.integer(0);
    // Horner's rule, from the last term on: c_n = 1/(2n+1) + square/(n+1) c_(n+1), with
    // c_n the sum of what follows over square^n/n!.
    for n in (0..terms).rev() {
        let scale = plane.0.divide(&plane.0.integer(1), &plane.0.integer(n + 1));
        let scaled = plane.scaled(&plane.multiply(&sum, square), &scale);
        let own = plane.0.divide(&plane.0.integer(1), &plane.0.integer(2 * n + 1));
        sum = plane.add(&scaled, &plane.real(own));
    }
    let value = plane.multiply(&sum, z);
    // One bit for the rounding of these doubles.
    let gap = within(&plane.0, size.max(wanted).ceil() as i64 + 1);
    Some((plane.0.add(&value.0, &gap), plane.0.add(&value.1, &gap)))
}

/// By DLMF 7.6.2 in intervals of doubles, whose terms are all of one sign: `e^(-x^2)` times sums `1 + 2 x^2/3
/// (1 + 2 x^2/5 (1 + ...))`, of which what is left out lies between 1 and 2.
fn in_doubles(x: f64) -> Interval64 {
    /// The largest argument of the sum, and one beyond which the function is 1 to within `3e-17`.
    const LARGEST: f64 = 3.0;
    const LEVEL: f64 = 6.0;
    /// `2/sqrt(pi)` to the nearest double.
    const FACTOR: f64 = std::f64::consts::FRAC_2_SQRT_PI;
    if x.abs() >= LEVEL {
        let one = Interval64 { low: 1f64.next_down(), high: 1.0 };
        return if x > 0.0 { one } else { one.negate() };
    }
    if x.is_nan() || x.abs() > LARGEST {
        return general::<Erf>(Interval64::point(x));
    }
    // The product of the factors 2 x^2/(2 n + 1) is then below 1e-20.
    let terms: u32 = if x.abs() <= 1.0 { 24 } else { 56 };
    let square = Interval64::point(x).square();
    let twice = square.add(square);
    let mut sum = Interval64 { low: 1.0, high: 2.0 };
    for n in (1..=terms).rev() {
        let factor = twice.divide(Interval64::point((2 * n + 1).into()));
        sum = sum.multiply(factor).add(Interval64::point(1.0));
    }
    let factor = Interval64 { low: FACTOR.next_down(), high: FACTOR.next_up() };
    sum.multiply(square.negate().exp()).multiply(factor).multiply(Interval64::point(x))
}

/// Near zero the slope is `2/sqrt(pi)` (DLMF 7.6.1).
fn interval(x: &Interval, bits: usize, at: fn(&Repr<2>, usize) -> Interval) -> Interval {
    let near_zero = |one: &Interval| {
        let root_of_pi = Interval::pi(bits).power(&half(), bits);
        let slope = Interval::integer(2.into()).divide(&root_of_pi, bits);
        x.multiply(one, bits).multiply(&slope, bits)
    };
    x.image(bits, near_zero, || {
        let (low, high) = (at(x.lower(), bits), at(x.upper(), bits));
        low.hull(&high)
    })
}

/// `erf` at one point, from DLMF 7.6.2: `2/sqrt(pi) e^(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!!`,
/// whose terms are all of one sign; once they halve, the rest is less than the last term.
fn at(x: &Repr<2>, bits: usize) -> Interval {
    if x.significand().is_zero() {
        return Interval::integer(IBig::ZERO);
    }
    if x.sign() == Sign::Negative {
        return at(&-x.clone(), bits).negate();
    }
    let x_float = x.to_f64().value();
    if x_float * x_float > 0.7 * bits as f64 {
        // 0 < erfc(x) <= e^(-x^2) (DLMF 7.8.3 with 7.8.2), here below 2^-bits.
        let gap = Repr::new(IBig::NEG_ONE, -(bits as isize));
        let below_one = down(bits + 1).add(&Repr::one(), &gap);
        return outward(below_one, Ok(dashu_base::Approximation::Exact(FBig::ONE)));
    }
    let bits = bits + 32;
    let point = Interval::between(x.clone(), x.clone());
    let square = point.multiply(&point, bits);
    let twice_square = square.add(&square, bits);
    let mut term = point;
    let mut sum = term.clone();
    for n in 0u64.. {
        let odd = Interval::integer(IBig::from(2 * n + 3));
        term = term.multiply(&twice_square, bits).divide(&odd, bits);
        sum = sum.add(&term, bits);
        let halving = 4.0 * x_float * x_float < (2 * n + 3) as f64;
        let small = term.is_whole_line() || {
            let scaled = Repr::new(IBig::ONE, bits as isize);
            match up(bits).mul(term.upper(), &scaled) {
                Ok(product) => product.value().into_repr() < *sum.lower(),
                Err(_) => true,
            }
        };
        if halving && small {
            break;
        }
    }
    let remainder = Interval::between(Repr::zero(), term.magnitude().upper().clone());
    let root_of_pi = Interval::pi(bits).power(&half(), bits);
    sum.add(&remainder, bits)
        .multiply(&square.negate().exp(bits), bits)
        .multiply(&Interval::integer(IBig::from(2)), bits)
        .divide(&root_of_pi, bits)
}

/// `erfi` at one point: `2/sqrt(pi) e^(x^2)` times Dawson's integral far from zero, where the sum has many terms.
fn imaginary_at(x: &Repr<2>, bits: usize) -> Interval {
    let x = point(x);
    let bits = bits + 32;
    let integral = match far_from_zero(&x, bits) {
        Some(far) => far.multiply(&x.multiply(&x, bits).exp(bits), bits),
        None => integral_of_growth(&x, bits),
    };
    let root_of_pi = Interval::pi(bits).power(&half(), bits);
    integral.add(&integral, bits).divide(&root_of_pi, bits)
}

/// The integral of `e^(t^2)` from 0 to a point, `sum_n x^(2n+1) / (n! (2n+1))` (DLMF 7.6.1), whose terms
/// are all of one sign; once they halve, the rest is less than the last term. Nothing is known far out.
pub(super) fn integral_of_growth(x: &Interval, bits: usize) -> Interval {
    if magnitude(x) > LARGEST_MAGNITUDE {
        return Interval::whole_line();
    }
    if x.sign() == Some(Ordering::Equal) {
        return x.clone();
    }
    let square = x.multiply(x, bits);
    let halving = 2.0 * square.to_f64_outward().1;
    let (mut power, mut sum) = (x.clone(), x.clone());
    for n in 1u64.. {
        power = power.multiply(&square, bits).divide(&integer(n), bits);
        let term = power.divide(&integer(2 * n + 1), bits);
        sum = sum.add(&term, bits);
        if n as f64 >= halving && magnitude(&term) < magnitude(&sum) - bits as isize {
            let rest = Interval::integer(IBig::ZERO).hull(&term);
            sum = sum.add(&rest, bits);
            break;
        }
    }
    sum
}

/// In double precision.
fn erfi(x: f64) -> f64 {
    // erfi(27) is beyond the largest double.
    if x.abs() < 27.0 { nearest::<Erfi>(x) } else { x.signum() * f64::INFINITY }
}
