//! Dawson's integral, `F(x) = e^(-x^2)` times the integral of `e^(t^2)` from 0 to `x` (DLMF 7.2.5).
//!
//! It satisfies `F' = 1 - 2 x F`. Far from zero
//! `F(z) = S(z) + E(z)`, `S(z) = sum_(m<n) (2m-1)!!/(2^(m+1) z^(2m+1))` (DLMF 7.12, asymptotically), and
//! `E' + 2 z E = G z^(-2n)` with `G = (2n-1)!!/2^n`. Along a ray of phase `|theta| <= pi/6`, on which
//! `2 cos(2 theta) >= 1`, that says `|E|' <= G s^(-2n) - s |E|` at `|z| = s`. Where
//! `s^2 >= X^2 = 2 (2n + 1)`, the function `2 G s^(-2n-1)` satisfies the opposite inequality, and at `X`
//! both `F` and `S` are below 1, so that
//! `|E(z)| <= 2 G |z|^(-2n-1) + 2 e^(-(|z|^2 - X^2)/2)`. The Taylor coefficients of `E` at a real `x`
//! are bounded by Cauchy's estimate in the disc of radius `x/2`, whose phases are at most `pi/6`.

use std::f64::consts::{FRAC_PI_6, LOG2_E};

use dashu_float::Repr;

use super::composition::compose;
use super::erf::integral_of_growth;
use super::recurrence::{derivative, multiply};
use super::taylor::{at_ends, known_bits, mean_value, point, within};
use super::{About, Analytic, Branch, Builtin, Complex, Erfi, Exp, Pair, Parity, double, symbol};
use crate::number::{Arithmetic, Certified, Exact, Interval, Named, Value, half};

/// The only extremes are at `0.92413...` and `-0.92413...`, of magnitude `0.54104...`.
const BEFORE_PEAK: f64 = 0.9241;
const BEYOND_PEAK: f64 = 0.9242;
const ABOVE_PEAK: f64 = 0.541_045;

pub(crate) struct Dawson;

impl Builtin for Dawson {
    const NAMED: Named = symbol::<Self>("dawson", "F");
    const ALIASES: &'static [&'static str] = &["dawsn"];
    const ABOUT: About = About {
        formula: "exp(-x^2) times the integral of exp(t^2) from 0 to x",
        analytic: "all x",
        source: "DLMF 7.2.5",
    };
    const PARITY: Option<Parity> = Some(Parity::Odd);
    const DERIVATIVE: Option<&'static str> = Some("1 - 2*x*dawson(x)");

    const DOUBLE: fn(f64) -> f64 = double::dawson;
    const COSTS: [u64; 2] = [30_000, 50_000];
    const COST_OF_COMPLEX: u64 = 15_000;
    const INTERVAL: fn(&Interval, usize) -> Interval =
        |x, bits| x.image(bits, |one| x.multiply(one, bits), || image(x, bits));

    fn exact(x: &Exact) -> Option<Exact> {
        Some(if x.is_zero() { x.clone() } else { x.odd(Self::NAMED) })
    }

    fn complex<A: Analytic>(
        plane: &Complex<A>,
        z: &Pair<A>,
        _: &mut dyn Branch<A>,
    ) -> Option<Pair<A>> {
        let bits = plane.bits() as f64;
        if let Some(mut far) = far_coefficients(plane, z, 1, bits) {
            return Some(far.swap_remove(0));
        }
        let decay = plane.apply::<Exp>(&plane.negate(&plane.multiply(z, z)));
        let product = plane.multiply(&decay, &plane.apply::<Erfi>(z));
        let root = plane.0.power(&plane.0.pi(), &half());
        Some(plane.scaled(&product, &plane.0.divide(&root, &plane.0.integer(2))))
    }

    /// `y' = f' - 2 f f' y`, which loses the digits of a wide or large argument: there the coefficients
    /// at `f_0`, and `f` put in.
    fn series<A: Analytic>(a: &A, f: &[A::Number]) -> Vec<A::Number> {
        if f.len() > 1
            && !a.is_exact(&f[0])
            && let bits = known_bits(a, &f[0], a.rectangle(&f[0]).0.mignitude())
            && let Some(mut outer) = far_coefficients(a, &f[0], f.len(), bits as f64)
        {
            outer[0] = a.apply::<Self>(&f[0]);
            return compose(a, &outer, f);
        }
        let slope = derivative(a, f);
        let growth = derivative(a, &multiply(a, f, f));
        let mut y = vec![a.apply::<Self>(&f[0])];
        for k in 1..f.len() {
            let own = a.subtract(&slope[k - 1], &a.convolve(&growth[..k], &y));
            y.push(a.divide(&own, &a.integer(k as i64)));
        }
        y
    }
}

/// How many terms of the sum bring its remainder below `2^-bits` at arguments of modulus `s`, and the
/// binary logarithm of its bound then: `None` where no number of terms does.
fn remainder(s: f64, bits: f64) -> Option<(i64, f64)> {
    // 2 G s^(-2n-1) for n = 0.
    let mut size = 1.0 - s.log2();
    for n in 0i64.. {
        let edge = 2.0 * (2 * n + 1) as f64;
        let decay = 1.0 - (s * s - edge) / 2.0 * LOG2_E;
        if s * s <= edge || decay > -bits - 1.0 {
            return None;
        }
        if size <= -bits - 1.0 {
            // Bits for the rounding of these doubles.
            return Some((n, size.max(decay) + 1.0 + 1e-9 * bits));
        }
        size += ((2 * n + 1) as f64 / 2.0).log2() - 2.0 * s.log2();
    }
    None
}

/// The Taylor coefficients at a real number far from zero; of a complex one the value alone.
fn far_coefficients<A: Analytic>(
    a: &A,
    u: &A::Number,
    terms: usize,
    bits: f64,
) -> Option<Vec<A::Number>> {
    let (re, im) = a.rectangle(u);
    if re.high < 0.0 {
        let mut found = far_coefficients(a, &a.negate(u), terms, bits)?;
        for c in found.iter_mut().step_by(2) {
            *c = a.negate(c);
        }
        return Some(found);
    }
    let phase = (im.magnitude() / re.low).atan();
    let is_inside = if terms == 1 { phase < FRAC_PI_6 - 1e-9 } else { im.magnitude() == 0.0 };
    if re.low <= 1.0 || !re.high.is_finite() || !is_inside {
        return None;
    }
    let modulus = re.low * (1.0 - 1e-12);
    // Cauchy's estimate of what comes after the value needs the disc of half the modulus.
    let least = if terms == 1 { modulus } else { modulus / 2.0 };
    let (count, size) = remainder(least, bits + terms as f64 + re.low.log2() + 8.0)?;
    let inverse = a.divide(&a.integer(1), u);
    let square = a.divide(&a.multiply(&inverse, &inverse), &a.integer(2));
    let mut term = a.divide(&inverse, &a.integer(2));
    let mut sum_terms = Vec::new();
    for m in 0..count {
        sum_terms.push(term.clone());
        term = a.multiply(&a.multiply(&term, &square), &a.integer(2 * m + 1));
    }
    let mut found = Vec::with_capacity(terms);
    for k in 0..terms as i64 {
        let error = size + k as f64 * (1.0 - modulus.log2());
        let sum = sum_terms.iter().fold(within(a, error.ceil() as i64), |sum, c| a.add(&sum, c));
        found.push(if k % 2 == 0 { sum } else { a.negate(&sum) });
        // C(2m+k, k) u^(-2m-1-k), from one k to the next.
        let scale = a.divide(&inverse, &a.integer(k + 1));
        for (m, c) in (0i64..).zip(&mut sum_terms) {
            *c = a.multiply(&a.multiply(c, &a.integer(2 * m + 1 + k)), &scale);
        }
    }
    Some(found)
}

/// The integral at a point so far from zero that the asymptotic sum gives `bits` bits; `None` at a nearer one.
pub(super) fn far_from_zero(x: &Interval, bits: usize) -> Option<Interval> {
    let a = Certified::new(bits);
    let far = far_coefficients(&a, &Value::Enclosure(x.clone()), 1, bits as f64)?;
    Some(a.enclose(&far[0]))
}

fn at(x: &Repr<2>, bits: usize) -> Interval {
    let x = point(x);
    let bits = bits + 32;
    if let Some(far) = far_from_zero(&x, bits) {
        return far;
    }
    let decay = x.multiply(&x, bits).negate().exp(bits);
    integral_of_growth(&x, bits).multiply(&decay, bits)
}

/// It rises between its extremes, and falls beyond them.
fn image(x: &Interval, bits: usize) -> Interval {
    let (low, high) = x.to_f64_outward();
    let is_near_peak = |low: f64, high: f64| low < BEYOND_PEAK && BEFORE_PEAK < high;
    let ends = || at_ends(x, |x| at(x, bits));
    if !is_near_peak(low, high) && !is_near_peak(-high, -low) {
        return ends();
    }
    if high - low < BEYOND_PEAK - BEFORE_PEAK {
        let slope = || {
            let twice = Interval::from_f64(-2.0 * ABOVE_PEAK, 2.0 * ABOVE_PEAK);
            Interval::integer(1.into()).add(&x.multiply(&twice, bits), bits)
        };
        return mean_value(x, bits, |x| at(x, bits), slope);
    }
    let mut image = ends();
    for (low, high, peak) in [(low, high, ABOVE_PEAK), (-high, -low, -ABOVE_PEAK)] {
        if is_near_peak(low, high) {
            image = image.hull(&Interval::from_f64(peak, peak));
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_that_end_at_zero_have_images() {
        for (low, high) in [(0.0, 0.5), (-0.5, 0.0), (0.0, 3.0), (-1.0, 1.0), (0.0, 0.0)] {
            for function in [Dawson::INTERVAL, Erfi::INTERVAL] {
                let image = function(&Interval::from_f64(low, high), 100);
                assert!(image.contains_zero(), "{low} {high}");
                let (least, most) = image.to_f64_outward();
                assert!(-20.0 < least && most < 2000.0, "{low} {high}: {least} {most}");
            }
        }
    }

    #[test]
    fn far_from_zero_is_what_the_sum_near_zero_gives() {
        for x in [18u64, 20, 32, 40, 100] {
            let (x, bits) = (Interval::integer(x.into()), 120);
            let far = far_from_zero(&x, 100).expect("far enough");
            let decay = x.multiply(&x, bits).negate().exp(bits);
            let near = integral_of_growth(&x, bits).multiply(&decay, bits);
            let (low, high) = far.add(&near.negate(), bits).to_f64_outward();
            assert!(low <= 0.0 && 0.0 <= high && high - low < 1e-28, "{low} {high}");
        }
    }
}
