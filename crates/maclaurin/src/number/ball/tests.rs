//! Balls against exact rationals and against intervals: each result contains the exact one.

use proptest::prelude::*;

use super::{Ball, Balls};
use crate::number::rational::to_f64;
use crate::number::{Arithmetic, Exact, IBig, Rational, UBig};

/// A ball and a number in it: a rational of any size, and a distance from it.
#[derive(Clone, Debug)]
struct Sample {
    center: Rational,
    offset: Rational,
    margin: f64,
}

fn sum(terms: impl Iterator<Item = Rational>) -> Rational {
    terms.fold(Rational::ZERO, |sum, term| sum + term)
}

fn power_of_two(exponent: i64) -> Rational {
    let power = Rational::from(UBig::ONE << exponent.unsigned_abs() as usize);
    if exponent < 0 { Rational::ONE / power } else { power }
}

fn sample() -> impl Strategy<Value = Sample> {
    let center = (any::<i64>(), 1u64.., -200i64..200, 0u8..4).prop_map(|(p, q, exponent, kind)| {
        let exact = match kind {
            0 => Rational::from(p % 16),
            1 => Rational::from_parts(p.into(), UBig::from(q)),
            _ => Rational::from_parts(p.into(), UBig::ONE << 70),
        };
        exact * power_of_two(exponent)
    });
    let spread = prop_oneof![Just(None), (-240i32..200).prop_map(Some)];
    (center, spread, -1000i64..=1000).prop_map(|(center, spread, part)| {
        let margin = spread.map_or(0.0, |power| 2f64.powi(power));
        let offset =
            Rational::try_from(margin).unwrap() * Rational::from(part) / Rational::from(1000);
        Sample { center, offset, margin }
    })
}

impl Sample {
    fn ball<const N: usize>(&self) -> Ball<N> {
        let a = Balls::<N>;
        let center = a.exact(&Exact::from(self.center.clone()));
        if self.margin == 0.0 { center } else { a.add(&center, &a.at_most(self.margin)) }
    }

    fn point(&self) -> Rational {
        &self.center + &self.offset
    }
}

fn contains<const N: usize>(ball: Ball<N>, exact: &Rational) -> bool {
    let Some((low, high)) = ball.to_interval().bounds() else { return true };
    ball.is_unknown() || (low <= *exact && *exact <= high)
}

/// All operations on two samples, and rounding.
fn operations<const N: usize>(x: &Sample, y: &Sample) -> Result<(), TestCaseError> {
    let a = Balls::<N>;
    let (p, q) = (x.point(), y.point());
    let (b, c) = (x.ball::<N>(), y.ball::<N>());
    prop_assert!(contains(b, &p));
    prop_assert!(contains(a.add(&b, &c), &(&p + &q)));
    prop_assert!(contains(a.subtract(&b, &c), &(&p - &q)));
    prop_assert!(contains(a.multiply(&b, &c), &(&p * &q)));
    if !q.is_zero() {
        prop_assert!(contains(a.divide(&b, &c), &(&p / &q)));
    }
    prop_assert!(contains(Ball::<N>::enclosing(&b.to_interval()), &p));
    if let Some(rounded) = b.to_f64() {
        let nearest = to_f64(&p);
        prop_assert!(rounded == nearest, "{rounded} {nearest}");
    }
    if let Some(sign) = a.sign(&b) {
        prop_assert_eq!(sign, p.cmp(&Rational::ZERO));
    }
    if let Some(exact) = a.as_rational(&b) {
        prop_assert_eq!(exact, p);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn operations_contain_the_exact_result(x in sample(), y in sample()) {
        operations::<2>(&x, &y)?;
        operations::<6>(&x, &y)?;
    }

    #[test]
    fn accurate_operands_give_accurate_results(x in sample(), y in sample()) {
        let a = Balls::<2>;
        let exactly = |sample: &Sample| a.exact(&Exact::from(sample.center.clone()));
        let (b, c) = (exactly(&x), exactly(&y));
        for ball in [a.multiply(&b, &c), a.divide(&b, &c)] {
            if ball.is_unknown() {
                prop_assert!(c.is_zero());
            } else {
                prop_assert!(ball.to_interval().is_relatively_narrower_than(120));
            }
        }
    }

    #[test]
    fn convolutions_contain_the_exact_sum(
        pairs in prop::collection::vec((sample(), sample()), 1..20)
    ) {
        let exact: Rational = sum(pairs.iter().map(|(x, y)| x.point() * y.point()));
        let x: Vec<_> = pairs.iter().map(|(x, _)| x.ball::<2>()).collect();
        let y: Vec<_> = pairs.iter().rev().map(|(_, y)| y.ball::<2>()).collect();
        prop_assert!(contains(Balls::<2>.convolve(&x, &y), &exact));
    }

    #[test]
    fn reciprocals_contain_the_exact_coefficients(
        first in 1i64..50,
        rest in prop::collection::vec((-50i64..50, 1u64..9), 1..40),
    ) {
        let rest = rest.into_iter().map(|(p, q)| Rational::from_parts(p.into(), UBig::from(q)));
        let series: Vec<_> = std::iter::once(Rational::from(first)).chain(rest).collect();
        let mut exact = vec![Rational::ONE / &series[0]];
        for k in 1..series.len() {
            let known: Rational = sum((1..=k).map(|j| &series[j] * &exact[k - j]));
            exact.push(-known / &series[0]);
        }
        let balls: Vec<_> =
            series.into_iter().map(|q| Balls::<2>.exact(&Exact::from(q))).collect();
        let reciprocal = Balls::<2>.reciprocal(&balls);
        for (ball, exact) in reciprocal.into_iter().flatten().zip(&exact) {
            prop_assert!(contains(ball, exact));
        }
    }

    #[test]
    fn rounding_is_to_nearest_even(p: i64, exponent in -1150i64..1050, tail in 0u8..3) {
        // Halfway cases, subnormals, and overflow: bits at and next to the rounding position.
        let sliver = Rational::from(i64::from(tail) - 1) * power_of_two(-50);
        let exact = (Rational::from(p >> 9) + sliver) * power_of_two(exponent - 54);
        let ball = Balls::<2>.exact(&Exact::from(exact.clone()));
        // `f64::from_str` rounds a decimal of any length correctly.
        let digits: IBig = (IBig::from(p >> 9) << 50) + i64::from(tail) - 1;
        let scale = exponent - 104;
        let decimal = if scale < 0 {
            format!("{}e{scale}", digits * IBig::from(5).pow(scale.unsigned_abs() as usize))
        } else {
            (digits << scale as usize).to_string()
        };
        let expected: f64 = decimal.parse().unwrap();
        prop_assert_eq!(to_f64(&exact).to_bits(), expected.to_bits());
        prop_assert_eq!(ball.to_f64().map(f64::to_bits), Some(expected.to_bits()));
        prop_assert_eq!(ball.is_negligible(), expected == 0.0);
    }
}
