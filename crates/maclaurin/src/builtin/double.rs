//! Values in double precision of functions that expressions define, where the definition would lose
//! digits, overflow or divide zero by zero: `sin(x)/x` at 0, `log(1 + exp(x))` at 800.
//!
//! Each takes the values of the function's arguments. NaN gives NaN.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI};

use super::{Builtin, Ein, Erfi};

/// What [`FRAC_1_SQRT_2`] is below the root of 1/2.
const REST_OF_ROOT: f64 = -4.833_646_656_726_457e-17;

/// Euler's constant (DLMF 5.2.3).
const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// Levels of continued fractions.
const LEVELS: i32 = 16;

pub(super) fn sinc(x: f64) -> f64 {
    // x^2/6 is below half a unit in the last place of 1.
    if x.abs() < 1e-8 { 1.0 } else { x.sin() / x }
}

/// `e^(-x^2)`, with the rounding error of the square.
pub(super) fn gaussian(x: f64) -> f64 {
    let square = x * x;
    let rest = x.mul_add(x, -square);
    let decay = (-square).exp();
    if decay == 0.0 { decay } else { decay * (1.0 - rest) }
}

/// `erfc(-x/sqrt(2))/2`, with the rounding error of the quotient.
pub(super) fn norm_cdf(x: f64) -> f64 {
    let z = -x * FRAC_1_SQRT_2;
    if z.is_infinite() {
        return libm::erfc(z) / 2.0;
    }
    let rest = (-x).mul_add(FRAC_1_SQRT_2, -z) - x * REST_OF_ROOT;
    (libm::erfc(z) - FRAC_2_SQRT_PI * gaussian(z) * rest) / 2.0
}

pub(super) fn gelu(x: f64) -> f64 {
    let weight = norm_cdf(x);
    // The limit at minus infinity.
    if weight == 0.0 { weight } else { x * weight }
}

pub(super) fn gelu_tanh(x: f64) -> f64 {
    let u = (2.0 / PI).sqrt() * x * (1.0 + 0.044_715 * x * x);
    gated(x, 2.0 * u)
}

pub(super) fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

/// `(x + sqrt(x^2 + 4))/2`, without cancellation.
pub(super) fn squareplus(x: f64) -> f64 {
    let root = x.hypot(2.0);
    if x < 0.0 { 2.0 / (root - x) } else { f64::midpoint(x, root) }
}

/// `x sigmoid(x)`
pub(super) fn silu(x: f64) -> f64 {
    gated(x, x)
}

/// `x sigmoid(1.702 x)`
pub(super) fn quick_gelu(x: f64) -> f64 {
    gated(x, 1.702 * x)
}

/// `x sigmoid(u)`
fn gated(x: f64, u: f64) -> f64 {
    let divisor = 1.0 + (-u).exp();
    if divisor.is_infinite() { -0.0 } else { x / divisor }
}

pub(super) fn mish(x: f64) -> f64 {
    let weight = softplus(x).tanh();
    if weight == 0.0 { -0.0 } else { x * weight }
}

/// Exact where the logarithm vanishes: `2x - 1` is.
pub(super) fn logit(x: f64) -> f64 {
    if (0.25..=0.75).contains(&x) {
        ((2.0 * x - 1.0) / (1.0 - x)).ln_1p()
    } else {
        x.ln() - (-x).ln_1p()
    }
}

/// `x - tanh(x) = x c/(1 + c)` by the continued fraction `tanh(x) = x/(1 + x^2/(3 + x^2/(5 + ...)))`
/// (DLMF 4.39.1).
pub(super) fn tanhshrink(x: f64) -> f64 {
    if x.abs() > 1.0 {
        return x - x.tanh();
    }
    let square = x * x;
    let odd = |k: i32| f64::from(2 * k + 1);
    let rest = (1..LEVELS).rev().fold(odd(LEVELS), |rest, k| odd(k) + square / rest);
    let c = square / rest;
    x * c / (1.0 + c)
}

pub(super) fn sinpi(x: f64) -> f64 {
    // Exact: the remainder lies between -1 and 1.
    let rest = x - 2.0 * (x / 2.0).round();
    let folded = if rest.abs() > 0.5 { 1f64.copysign(rest) - rest } else { rest };
    (PI * folded).sin()
}

pub(super) fn cospi(x: f64) -> f64 {
    let rest = (x - 2.0 * (x / 2.0).round()).abs();
    if rest < 0.25 {
        (PI * rest).cos()
    } else if rest > 0.75 {
        -(PI * (1.0 - rest)).cos()
    } else {
        (PI * (0.5 - rest)).sin()
    }
}

pub(super) fn sech(x: f64) -> f64 {
    let decay = (-x.abs()).exp();
    2.0 * decay / (1.0 + decay * decay)
}

pub(super) fn csch(x: f64) -> f64 {
    if x.abs() < 1.0 {
        return 1.0 / x.sinh();
    }
    let decay = (-x.abs()).exp();
    (2.0 * decay / (1.0 - decay * decay)).copysign(x)
}

/// `atan(sqrt(x^2 - 1))`, or what that is short of pi.
pub(super) fn asec(x: f64) -> f64 {
    let angle = ((x.abs() - 1.0) * (x.abs() + 1.0)).sqrt().atan();
    if x < 0.0 { PI - angle } else { angle }
}

/// `asinh(sqrt(1 - x^2)/x)`
pub(super) fn asech(x: f64) -> f64 {
    if x < 0.0 { f64::NAN } else { (((1.0 - x) * (1.0 + x)).sqrt() / x).asinh() }
}

/// `log((x + 1)/(x - 1))/2`
pub(super) fn acoth(x: f64) -> f64 {
    ((2.0 / (x.abs() - 1.0)).ln_1p() / 2.0).copysign(x)
}

/// `sum_k (2k-1)!!/(2 x^2)^k/(2x)` for large arguments (`dawson.rs`).
pub(super) fn dawson(x: f64) -> f64 {
    if x.abs() < 10.0 {
        return gaussian(x) * Erfi::DOUBLE(x) / FRAC_2_SQRT_PI;
    }
    let factor = 0.5 / x / x;
    let sum = (1..LEVELS).rev().fold(1.0, |sum, k| 1.0 + f64::from(2 * k - 1) * factor * sum);
    sum * 0.5 / x
}

/// `gamma + log|x| - Ein(-x)`, and `-E_1(-x)` by its continued fraction (DLMF 6.9) where that
/// cancels.
pub(super) fn ei(x: f64) -> f64 {
    if x >= -1.0 {
        return EULER_GAMMA + x.abs().ln() - Ein::DOUBLE(-x);
    }
    let levels = 128;
    let rest = (1..levels).rev().fold(f64::from(2 * levels + 1) - x, |rest, k| {
        f64::from(2 * k - 1) - x - f64::from(k * k) / rest
    });
    -x.exp() / rest
}

/// The larger one, or NaN if one is NaN.
pub(super) fn max(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

/// The smaller one, or NaN if one is NaN.
pub(super) fn min(a: f64, b: f64) -> f64 {
    if a < b || a.is_nan() { a } else { b }
}

pub(super) fn relu(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}

pub(super) fn elu(x: f64, alpha: f64) -> f64 {
    if x > 0.0 { x } else { alpha * x.exp_m1() }
}

pub(super) fn celu(x: f64, alpha: f64) -> f64 {
    if x > 0.0 { x } else { alpha * (x / alpha).exp_m1() }
}
