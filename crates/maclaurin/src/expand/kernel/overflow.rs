//! Terms that the type has, of powers that it has not: `50^200/200!`.
//!
//! Up to degree [`PLAIN`] a power that overflows makes its term infinite, as in a loop in NumPy. In expansions to higher
//! degrees such terms and partial sums are computed again, of powers whose exponents are kept apart; all others keep
//! their bits.

use super::{Kind, Plan};
use crate::expand::element::Lane;
use crate::expand::element::sealed::{Format, Wide};

/// The highest degree of an expansion where nothing is computed again.
const PLAIN: usize = 8;

/// The argument, with a margin, above which powers of a plan may overflow; infinite where nothing is to be
/// computed again.
pub(super) fn limit<L: Lane>(plan: &Plan) -> f64 {
    let highest = plan.rows.last().map_or(0, |row| row.degree);
    let scales = matches!(plan.kind, Kind::Terms | Kind::PartialSums) && plan.recurrence.is_none();
    if !scales || highest <= PLAIN {
        return f64::INFINITY;
    }
    let largest = if L::BYTES == 4 { f64::from(f32::MAX) } else { f64::MAX };
    0.99 * largest.powf(1.0 / highest as f64)
}

/// Whether an argument's powers may overflow. What is not finite itself stays as it is.
#[inline(always)]
pub(super) fn exceeds<L: Lane>(t: L, limit: f64) -> bool {
    let magnitude = t.exact().abs();
    magnitude > limit && magnitude < f64::INFINITY
}

/// Whether one of the values has such an argument.
#[inline(always)]
pub(super) fn any_exceeds<T: Wide, L: Lane>(values: &[T], plan: &Plan, limit: f64) -> bool {
    if limit == f64::INFINITY {
        return false;
    }
    let largest = match T::FORMAT {
        Format::U8 => 255.0,
        Format::I8 => 128.0,
        Format::U16 | Format::I16 | Format::F16 => 65536.0,
        Format::BF16 | Format::F32 | Format::F64 => f64::INFINITY,
    };
    if plan.scale.abs() * largest + plan.offset.abs() <= limit {
        return false;
    }
    let (scale, offset) = (L::round(plan.scale), L::round(plan.offset));
    any_beyond(values.iter().map(|x| scale * L::round(x.wide()) + offset), limit)
}

/// Whether one of the arguments is above a limit or below its negative.
#[inline(always)]
pub(super) fn any_beyond<L: Lane>(arguments: impl Iterator<Item = L>, limit: f64) -> bool {
    let (most, least) = (L::round(limit), L::round(-limit));
    // Without a branch, so that it is a loop over vectors.
    let mut any = 0;
    for t in arguments {
        any |= u32::from(t > most) | u32::from(t < least);
    }
    any != 0
}

/// A number `digits 2^exponent`, with `0.5 <= |digits| < 1` or zero.
#[derive(Clone, Copy)]
pub(super) struct Scaled {
    digits: f64,
    exponent: i64,
}

impl Scaled {
    /// Of a finite number.
    pub(super) fn new(x: f64) -> Self {
        const DIGITS: u64 = (1 << 52) - 1;
        // Subnormal numbers first become normal.
        let (x, shift) = if x.abs() < f64::MIN_POSITIVE { (x * 2f64.powi(64), 64) } else { (x, 0) };
        if x == 0.0 {
            return Self { digits: x, exponent: 0 };
        }
        let bits = x.to_bits();
        let digits = f64::from_bits(bits & (1 << 63 | DIGITS) | 1022 << 52);
        Self { digits, exponent: (bits >> 52 & 0x7ff) as i64 - 1022 - shift }
    }

    pub(super) fn multiply(self, by: Self) -> Self {
        let product = Self::new(self.digits * by.digits);
        Self { exponent: product.exponent + self.exponent + by.exponent, ..product }
    }

    /// The nearest number, or an infinity.
    pub(super) fn value(self) -> f64 {
        // The second multiplication alone rounds.
        let exponent = self.exponent.clamp(-1200, 1100) as i32;
        let step = if exponent < 0 { -200 } else { 200 };
        self.digits * 2f64.powi(exponent - step) * 2f64.powi(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_scaled() {
        for x in [1.0, -1.0, 0.1, 3e-310, -5e-324, f64::MAX, 0.0, -0.0, 0.5] {
            assert_eq!(Scaled::new(x).value().to_bits(), x.to_bits(), "{x:e}");
        }
        let (mut large, mut small) = (Scaled::new(1.0), Scaled::new(1.0));
        for _ in 0..1000 {
            large = large.multiply(Scaled::new(3e300));
            small = small.multiply(Scaled::new(-1.0 / 3e300));
        }
        assert_eq!((large.value(), small.value()), (f64::INFINITY, 0.0));
        assert!((large.multiply(small).value() - 1.0).abs() < 1e-12);
    }

    /// The terms of exp at 50: each is the one before times 50/k.
    fn terms_at_50<U: crate::Float>(order: usize) {
        let coefficients: Vec<f64> = (0..=order)
            .scan(1.0, |a, k| {
                *a /= k.max(1) as f64;
                Some(*a)
            })
            .collect();
        // No coefficient is zero: from degree 178 on they are, as doubles.
        let exp = crate::Polynomial::trained(0.0, coefficients.clone());
        for kind in [Kind::Terms, Kind::PartialSums] {
            let expansion = crate::Expansion { kind, ..Default::default() };
            let x = ndarray::arr1(&[50.0]).into_dyn();
            let found = crate::expand::<f64, U>(&x.view(), &exp, &expansion).unwrap();
            let (mut term, mut sum) = (1.0, 1.0);
            for (k, found) in (1..=order).zip(found.iter()) {
                term *= 50.0 / k as f64;
                sum += term;
                let expected = if kind == Kind::Terms { term } else { sum };
                let found = found.to_f64();
                // Beyond the smallest normal coefficient, a few digits or none are left.
                let close = (found / expected - 1.0).abs() < 1e-4 || k > 170 || expected < 1e-37;
                assert!(found.is_finite() && close, "{k}: {found:e} {expected:e}");
            }
        }
    }

    #[test]
    fn terms_outlive_their_powers() {
        terms_at_50::<f64>(200);
        terms_at_50::<f32>(60);
    }
}
