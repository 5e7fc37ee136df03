//! The hyperbolic tangent by additions, multiplications and one division, which vectorize: the same bits on every
//! machine, within 4 units in the last place.
//!
//! `tanh(y) = e / (e + 2)` for `e = exp(2 y) - 1 = 2^n (exp(r) - 1) + (2^n - 1)`, where `2 y = n log(2) + r` and
//! `|r| <= log(2)/2`, by the Taylor series of `exp(r) - 1`. `log(2)` is split in two numbers, of which the first has
//! zeros behind, so that its multiples are exact (Cody and Waite 1980).

macro_rules! tanh {
    ($name:ident, $float:ty, $bits:ty, $digits:literal, $largest:literal, $magic:literal, $high:expr, $low:literal, $terms:literal) => {
        #[inline(always)]
        pub(super) fn $name(x: $float) -> $float {
            const BIAS: $bits = (1.0 as $float).to_bits();
            /// `1/k!` from `k = 1`.
            const FACTORS: [$float; $terms] = {
                let (mut factors, mut factorial, mut k) = ([0.0; $terms], 1.0, 0);
                while k < $terms {
                    factorial *= (k + 1) as f64;
                    factors[k] = (1.0 / factorial) as $float;
                    k += 1;
                }
                factors
            };
            let sign = x.to_bits() & (-0.0 as $float).to_bits();
            let y = <$float>::from_bits(x.to_bits() ^ sign);
            // NaN stays what it is.
            let y = if y > $largest { $largest } else { y };
            let z = y + y;
            // Added to so large a number, a value is rounded to an integer, which its last bits are.
            let shifted = z * (std::f64::consts::LOG2_E as $float) + $magic;
            let n = shifted - $magic;
            let r = (z - n * $high) - n * $low;
            let power = <$float>::from_bits((shifted.to_bits() << $digits).wrapping_add(BIAS));
            let mut sum = FACTORS[$terms - 1];
            let mut k = $terms - 1;
            while k > 1 {
                k -= 1;
                sum = sum * r + FACTORS[k];
            }
            let e = r + (r * r) * sum;
            let e = power * e + (power - 1.0);
            <$float>::from_bits((e / (e + 2.0)).to_bits() | sign)
        }
    };
}

tanh!(tanh_f32, f32, u32, 23, 10.0, 12_582_912.0, 355.0 / 512.0, -2.121_944_4e-4, 8);
tanh!(
    tanh_f64,
    f64,
    u64,
    52,
    22.0,
    6_755_399_441_055_744.0,
    0.693_147_180_369_123_8,
    1.908_214_929_270_587_7e-10,
    14
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the system's, which in double precision is off by an ulp or two itself.
    #[test]
    fn near_the_systems() {
        let (mut worst, mut worst64) = (0.0f64, 0.0f64);
        for step in 1..400_000 {
            let x = f64::from(step).powi(3) * 4e-16;
            for x in [x, -x, x * 1e-30] {
                let (single, exact) = (x as f32, f64::from(x as f32).tanh());
                let ulp = f64::from((exact as f32).abs().next_up() - (exact as f32).abs());
                worst = worst.max((f64::from(tanh_f32(single)) - exact).abs() / ulp);
                let ulp = x.tanh().abs().next_up() - x.tanh().abs();
                worst64 = worst64.max((tanh_f64(x) - x.tanh()).abs() / ulp);
            }
        }
        assert!(worst < 3.0 && worst64 < 5.0, "{worst} {worst64}");
    }

    #[test]
    fn ends_and_zeros() {
        for (x, value) in
            [(0.0, 0.0), (-0.0, -0.0), (f64::INFINITY, 1.0), (-100.0, -1.0), (5e-324, 5e-324)]
        {
            assert_eq!(tanh_f64(x).to_bits(), f64::to_bits(value), "{x}");
            assert_eq!(tanh_f32(x as f32).to_bits(), f32::to_bits(value as f32), "{x}");
        }
        assert_eq!(tanh_f32(1e-45), 1e-45);
        assert!(tanh_f32(f32::NAN).is_nan() && tanh_f64(f64::NAN).is_nan());
    }
}
