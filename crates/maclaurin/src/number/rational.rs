//! What exact arithmetic needs of rationals beyond `dashu-ratio`.

use dashu_base::{BitTest, DivRem, Gcd, Sign, UnsignedAbs};
use dashu_float::Repr;
use dashu_int::{IBig, UBig};

use super::Rational;
use super::interval::round_to_f64;
use crate::cancel::{checkpoint, spend};

/// The decimal exponents that a literal may have: `1e-10000` to `1e10000`.
pub(crate) const LARGEST_DECIMAL_EXPONENT: i64 = 10_000;

/// Primes below this are divided out one by one when a root or a logarithm is simplified.
const LARGEST_TRIAL_DIVISOR: u32 = 10_000;

/// The `f64` nearest to a rational, ties to even; subnormal, zero and infinite where rounding
/// says so.
pub(crate) fn to_f64(value: &Rational) -> f64 {
    let (numerator, denominator) = (value.numerator(), value.denominator());
    // A quotient of at least 66 bits whose last bit is set if anything was cut off below it
    // rounds as the true quotient does.
    let shift = 66 + denominator.bit_len() as isize - numerator.bit_len() as isize;
    let magnitude = numerator.unsigned_abs();
    let (scaled, divisor) = if shift >= 0 {
        (magnitude << shift as usize, denominator.clone())
    } else {
        (magnitude, denominator << shift.unsigned_abs())
    };
    let quotient = &scaled / &divisor;
    let sticky = UBig::from(u8::from(&quotient * &divisor != scaled));
    let signed = IBig::from_parts(numerator.sign(), (quotient << 1) + sticky);
    round_to_f64(&Repr::new(signed, -shift - 1))
}

/// The number that a finite `f64` is; zero for others.
pub(crate) fn exactly(x: f64) -> Rational {
    Rational::try_from(x).unwrap_or_default()
}

/// The exact value of a decimal literal such as `12`, `0.1`, `.5` or `2.5e-3`, or `None` if its
/// exponent is beyond [`LARGEST_DECIMAL_EXPONENT`].
pub(crate) fn parse_decimal(text: &str) -> Option<Rational> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = UBig::from_str_radix(&format!("0{whole}{fraction}"), 10).ok()?;
    if exponent.abs() > LARGEST_DECIMAL_EXPONENT {
        return None;
    }
    let power = exponent - fraction.len() as i64;
    let scale = UBig::from(10u8).pow(power.unsigned_abs() as usize);
    Some(if power >= 0 {
        Rational::from(digits * scale)
    } else {
        Rational::from_parts(digits.into(), scale)
    })
}

/// The sum of products over one common denominator, which grows where a product's does not divide
/// it: a single reduction at the end instead of one for every product, which is where the time of
/// rational arithmetic goes.
pub(super) fn dot<'q>(pairs: impl Iterator<Item = (&'q Rational, &'q Rational)>) -> Rational {
    let mut pairs = pairs.filter(|(a, b)| !a.is_zero() && !b.is_zero());
    let Some((a, b)) = pairs.next() else { return Rational::ZERO };
    let first = a * b;
    let Some(mut pair) = pairs.next() else { return first };
    let (mut sum, mut common) = first.into_parts();
    loop {
        let (a, b) = pair;
        let denominator = a.denominator() * b.denominator();
        let limbs = |n: &UBig| 1 + n.bit_len() as u64 / 64;
        spend(200 + 4 * limbs(&common) * limbs(&denominator));
        let (mut scale, rest) = (&common).div_rem(&denominator);
        if !rest.is_zero() {
            let divisor = rest.gcd(&denominator);
            scale = &common / &divisor;
            let factor = denominator / divisor;
            sum *= IBig::from(factor.clone());
            common *= factor;
        }
        sum += a.numerator() * b.numerator() * IBig::from(scale);
        let Some(next) = pairs.next() else {
            spend(4 * limbs(&common) * limbs(&common));
            return Rational::from_parts(sum, common);
        };
        pair = next;
    }
}

/// The first `count` tangent numbers `T_n`, 1, 2, 16, 272, ..., which take products by small integers
/// alone (Brent and Harvey, *Fast computation of Bernoulli, tangent and secant numbers*, 2013,
/// algorithm 3).
pub(crate) fn tangent_numbers(count: usize) -> Vec<UBig> {
    let mut numbers = Vec::with_capacity(count);
    for k in 0..count {
        let next = if k == 0 { UBig::ONE } else { &numbers[k - 1] * k };
        numbers.push(next);
    }
    for k in 1..count {
        for j in k..count {
            checkpoint();
            let (before, own) = numbers.split_at_mut(j);
            own[0] *= j - k + 2;
            if j > k {
                own[0] += &before[j - 1] * (j - k);
            }
        }
    }
    numbers
}

/// What they take, in the units of [`spend`].
pub(crate) fn cost_of_tangent_numbers(count: usize) -> u64 {
    let count = count as u64;
    count * count * (20 + count / 16)
}

/// The first `terms` coefficients of `tan(c t)` or `tanh(c t)`: of degree `2n - 1`, `T_n c^(2n-1) /
/// (2n-1)!`.
pub(super) fn tangent(c: &Rational, terms: usize, circular: bool) -> Vec<Rational> {
    spend(cost_of_tangent_numbers(terms / 2));
    let numbers = tangent_numbers(terms / 2);
    let mut coefficients = vec![Rational::ZERO; terms];
    let (above, below) = (c.numerator(), c.denominator());
    let square = if circular { above * above } else { -(above * above) };
    let mut numerator = above.clone();
    let mut denominator = below.clone();
    for (n, tangent) in numbers.into_iter().enumerate() {
        let degree = 2 * n + 1;
        if n > 0 {
            numerator *= &square;
            denominator *= below * below * UBig::from(degree * (degree - 1));
        }
        let scaled = &numerator * IBig::from(tangent);
        coefficients[degree] = Rational::from_parts(scaled, denominator.clone());
    }
    coefficients
}

/// The prime factors of `n` with their exponents.
///
/// Factors beyond the trial divisors stay together: as a perfect power where they are one, else
/// as they are.
pub(super) fn factor(n: &UBig) -> Vec<(UBig, i64)> {
    let mut factors = Vec::new();
    let mut rest = n.clone();
    let mut divisor = 2u32;
    while divisor < LARGEST_TRIAL_DIVISOR && !rest.is_one() {
        let prime = UBig::from(divisor);
        if &prime * &prime > rest {
            break;
        }
        if let Some(exponent) = rest.remove(&prime).filter(|&exponent| exponent > 0) {
            factors.push((prime, exponent as i64));
        }
        divisor += if divisor == 2 { 1 } else { 2 };
    }
    if !rest.is_one() {
        let (root, exponent) = perfect_power(rest);
        factors.push((root, exponent));
    }
    factors
}

/// `(r, k)` with `r^k = n` and `k` as large as possible among small exponents.
fn perfect_power(n: UBig) -> (UBig, i64) {
    for exponent in [7usize, 5, 3, 2] {
        if n.bit_len() > exponent * 13 {
            let root = n.nth_root(exponent);
            if root.pow(exponent) == n {
                let (base, inner) = perfect_power(root);
                return (base, inner * exponent as i64);
            }
        }
    }
    (n, 1)
}

/// Largest bit length of numerator and denominator.
pub(super) fn bits(value: &Rational) -> usize {
    value.numerator().bit_len().max(value.denominator().bit_len())
}

/// Whether the rational is negative.
pub(super) fn is_negative(value: &Rational) -> bool {
    value.sign() == Sign::Negative && !value.is_zero()
}
