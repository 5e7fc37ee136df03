//! Single to half precision with SSE2, eight values at a time.

use std::arch::x86_64::*;

/// To `f16`, to nearest, ties to even; NaN becomes quiet.
///
/// The sum of `|x|` and `2^(e+13)`, where `2^e` is the power of two at or below `|x|`, rounds `|x|` to the 11 digits of a
/// half: what is above `2^(e+13)` in the sum's bits is the significand. Below the normal halves, whose ulp does not shrink,
/// `e` is -14. Numbers beyond the halves are first brought to `2^16`, which becomes an infinity.
///
/// # Safety
///
/// The machine has SSE2.
#[inline(always)]
pub(super) unsafe fn halves(a: __m128, b: __m128) -> __m128i {
    // SAFETY: the caller's promise.
    unsafe {
        let [(a_exponent, a_digits), (b_exponent, b_digits)] = [a, b].map(|x| parts(x));
        // The exponent's lowest bit is bit 7 of its half; that of a significand is `1 << 10`.
        let exponent = _mm_slli_epi16::<3>(_mm_packs_epi32(a_exponent, b_exponent));
        let digits = _mm_packs_epi32(a_digits, b_digits);
        let lowest = _mm_set1_epi16((113u32 << 10) as i16);
        let magnitude = _mm_sub_epi16(_mm_add_epi16(exponent, digits), lowest);
        let sign = _mm_packs_epi32(_mm_castps_si128(a), _mm_castps_si128(b));
        let sign = _mm_and_si128(sign, _mm_set1_epi16(i16::MIN));
        let result = _mm_or_si128(magnitude, sign);
        if _mm_movemask_ps(_mm_cmpunord_ps(a, b)) == 0 {
            return result;
        }
        let [a, b] = [a, b].map(|x| _mm_castps_si128(_mm_cmpunord_ps(x, x)));
        _mm_or_si128(result, _mm_and_si128(_mm_packs_epi32(a, b), _mm_set1_epi16(0x200)))
    }
}

/// The exponent's bits, 16 places lower, and the significand with its first digit.
#[inline(always)]
unsafe fn parts(x: __m128) -> (__m128i, __m128i) {
    // SAFETY: as above.
    unsafe {
        let magnitude = _mm_andnot_ps(_mm_set1_ps(-0.0), x);
        // The second one where the first is NaN.
        let magnitude = _mm_min_ps(magnitude, _mm_set1_ps(65536.0));
        let exponent = _mm_and_ps(magnitude, _mm_set1_ps(f32::INFINITY));
        let exponent =
            _mm_castps_si128(_mm_max_ps(exponent, _mm_set1_ps(f32::from_bits(113 << 23))));
        let large = _mm_add_epi32(exponent, _mm_set1_epi32(13 << 23));
        let sum = _mm_add_ps(magnitude, _mm_castsi128_ps(large));
        (_mm_srli_epi32::<16>(exponent), _mm_sub_epi32(_mm_castps_si128(sum), large))
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    #[test]
    fn halves_are_those_of_the_half_crate() {
        // Every exponent and the bits that decide rounding.
        for top in 0..=u16::MAX {
            let low = [0u32, 1, 0x0fff, 0x1000, 0x1001, 0x8000, 0x8001, 0xffff];
            let values = low.map(|low| f32::from_bits(u32::from(top) << 16 | low));
            let mut found = [0u16; 8];
            // SAFETY: every x86-64 has SSE2, and the arrays hold eight values.
            unsafe {
                let from = values.as_ptr();
                let vector = halves(_mm_loadu_ps(from), _mm_loadu_ps(from.add(4)));
                _mm_storeu_si128(found.as_mut_ptr().cast(), vector);
            }
            for (value, bits) in values.into_iter().zip(found) {
                if value.is_nan() {
                    assert!(f16::from_bits(bits).is_nan(), "{value:e}");
                } else {
                    assert_eq!(bits, f16::from_f32(value).to_bits(), "{value:e}");
                }
            }
        }
    }
}
