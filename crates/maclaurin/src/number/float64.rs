//! Plain double precision, for values that are drawn rather than certified.

use std::cmp::Ordering;

use super::{Arithmetic, Elementary, Exact, Interval, Rational, to_f64};

/// Arithmetic in `f64`: fast, rounded, zero only where it is exactly zero.
pub(crate) struct Float64;

impl Arithmetic for Float64 {
    type Number = f64;

    fn exact(&self, value: &Exact) -> f64 {
        match value.as_rational() {
            Some(rational) => to_f64(rational),
            None => Interval::to_f64(&value.enclose(128)).unwrap_or(f64::NAN),
        }
    }

    fn add(&self, a: &f64, b: &f64) -> f64 {
        a + b
    }

    fn negate(&self, a: &f64) -> f64 {
        -a
    }

    fn multiply(&self, a: &f64, b: &f64) -> f64 {
        a * b
    }

    fn divide(&self, a: &f64, b: &f64) -> f64 {
        a / b
    }

    fn convolve(&self, a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b.iter().rev()).map(|(a, b)| a * b).sum()
    }

    fn power(&self, base: &f64, exponent: &Rational) -> f64 {
        base.powf(to_f64(exponent))
    }

    fn elementary(&self, function: Elementary, a: &f64) -> f64 {
        match function {
            Elementary::Exp => a.exp(),
            Elementary::Log => a.ln(),
            Elementary::Sin => a.sin(),
            Elementary::Cos => a.cos(),
            Elementary::Tan => a.tan(),
            Elementary::Asin => a.asin(),
            Elementary::Acos => a.acos(),
            Elementary::Atan => a.atan(),
            Elementary::Sinh => a.sinh(),
            Elementary::Cosh => a.cosh(),
            Elementary::Tanh => a.tanh(),
            Elementary::Asinh => a.asinh(),
            Elementary::Acosh => a.acosh(),
            Elementary::Atanh => a.atanh(),
            Elementary::Erf => libm::erf(*a),
        }
    }

    fn at_most(&self, _: f64) -> f64 {
        0.0
    }

    fn sign(&self, a: &f64) -> Option<Ordering> {
        a.partial_cmp(&0.0)
    }

    fn as_rational(&self, a: &f64) -> Option<Rational> {
        Rational::try_from(*a).ok()
    }
}
