//! Each kind of value beside the intervals of `dashu`.

use dashu_base::Abs;
use proptest::prelude::*;

use super::*;
use crate::number::{IBig, Rational, UBig, double};

fn interval(function: Elementary, x: &Interval, bits: usize) -> Interval {
    each!(function, F => F::INTERVAL(x, bits))
}

fn ball<const N: usize>(function: Elementary, x: &Ball<N>) -> Option<Ball<N>> {
    x.is_reducible().then(|| each!(function, F => F::ball(x))).flatten()
}

proptest! {
        #[test]
        fn elementary_functions_contain_those_of_more_bits(a in double(), width in prop_oneof![Just(0.0), 0.0..4.0]) {
            let x = Interval64::between(a, a + width);
            let wide = Interval::from_f64(x.low, x.high);
            for function in [Elementary::Exp, Elementary::Log, Elementary::Sin, Elementary::Cos, Elementary::Tan, Elementary::Atan, Elementary::Sinh, Elementary::Cosh, Elementary::Tanh, Elementary::Erf, Elementary::Erfi, Elementary::Si, Elementary::Ein, Elementary::Rgamma, Elementary::Lgamma, Elementary::Digamma, Elementary::DigammaOverGamma, Elementary::LambertW, Elementary::Erfinv, Elementary::EntireZeta] {
                if matches!(function, Elementary::Log | Elementary::Lgamma) && x.low <= 0.0 {
                    continue;
                }
                let outside = match function {
                    Elementary::LambertW => x.low < -0.367,
                    Elementary::Erfinv => x.magnitude() >= 1.0,
                    _ => false,
                };
                if outside {
                    continue;
                }
                let fast = Outward64.elementary(function, &x);
                // dashu's doubles inside: the nearest double above the lower end of 128 bits.
                let slow = Interval64::around(&interval(function, &wide, 128));
                if slow == Interval64::WHOLE_LINE {
                    continue;
                }
                prop_assert!(fast.low <= slow.low.next_up() && fast.high >= slow.high.next_down(), "{function:?} {x:?}: {fast:?} {slow:?}");
                if width == 0.0 && fast.magnitude() < 1e300 && a.abs() < 700.0 && fast.mignitude() > 1e-300 {
                    let most = if matches!(function, Elementary::EntireZeta) { 1e-11 } else if matches!(function, Elementary::Rgamma | Elementary::DigammaOverGamma) { 1e-12 } else if matches!(function, Elementary::Sin | Elementary::Cos | Elementary::Log | Elementary::Tan | Elementary::Erf) { 1e-13 } else { 1e-14 };
                    prop_assert!(fast.high - fast.low <= most * fast.magnitude().max(1.0), "{function:?} {x:?}: {fast:?}");
                }
            }
        }

    #[test]
    fn functions_agree_with_intervals(p in -40_000i64..40_000, q in 1u64..20_000) {
        functions::<2>(p, q)?;
        functions::<6>(p, q)?;
    }
}

/// Each function beside the same of intervals, which `dashu` rounds.
fn functions<const N: usize>(p: i64, q: u64) -> Result<(), TestCaseError> {
    use Elementary::*;
    let a = Balls::<N>;
    let exact = Exact::from(Rational::from_parts(IBig::from(p), UBig::from(q)));
    let x = a.exact(&exact);
    let magnitude = exact.as_rational().unwrap().clone().abs();
    for function in [Exp, Log, Sin, Cos, Tan, Sinh, Cosh, Tanh, Atan, Atanh, Erf, Erfi] {
        let inside = match function {
            Log => p > 0,
            Atanh => magnitude < Rational::ONE,
            Exp | Sinh | Cosh | Erfi => magnitude < Rational::from(10_000),
            _ => true,
        };
        if !inside {
            continue;
        }
        let Some(ball) = ball(function, &x) else { continue };
        let found = ball.to_interval();
        let expected: Interval = interval(function, &exact.enclose(64 * N + 64), 64 * N + 64);
        let ((low, high), (least, most)) = (found.bounds().unwrap(), expected.bounds().unwrap());
        prop_assert!(low <= most && least <= high, "{function:?} of {p}/{q}");
        // All that is lost is what reduction costs near zeros and for large arguments.
        let tolerance = (magnitude.clone() + Rational::ONE) * power_of_two(25 - 64 * N as i64);
        let size = high.clone().abs() + Rational::ONE;
        prop_assert!(&high - &low < tolerance * size, "{function:?} of {p}/{q}");
    }
    Ok(())
}

fn power_of_two(exponent: i64) -> Rational {
    let power = Rational::from(UBig::ONE << exponent.unsigned_abs() as usize);
    if exponent < 0 { Rational::ONE / power } else { power }
}

/// Of a ball of many limbs that is known to few bits.
#[test]
fn exponentials_of_wide_balls_end() {
    for width in [-20, -100, -128, -200, -300] {
        let third = Exact::from(Rational::from_parts(IBig::from(3), UBig::from(10u8)));
        let around = Rational::from(UBig::ONE << (-width) as usize);
        let a = Balls::<6>;
        let radius = a.divide(&a.at_most(1.0), &a.exact(&around.into()));
        let x = a.add(&a.exact(&third), &radius);
        let found = a.elementary(Elementary::Exp, &x).to_interval();
        let ((low, high), (least, most)) =
            (found.bounds().unwrap(), third.enclose(600).exp(600).bounds().unwrap());
        assert!(low <= least && most <= high, "{width}");
    }
}
