//! AVX-512 VBMI: whole polynomials of bytes, from a table of all 256 that lies in registers.

use std::arch::x86_64::*;

use super::direct::sums;
use super::line::{Line, Target};
use super::source::{Rest, STEP, Source};
use crate::expand::kernel::forward::Direct;

/// Bytes that are looked up at once.
const BYTES: usize = 4 * STEP;

/// How many bytes pay for the table.
const ENOUGH: usize = 1024;

/// Whether to look values up: the number of bytes, and the machine.
pub(super) fn pays(source: Source, count: usize) -> bool {
    source.format.size() == 1 && count >= ENOUGH && is_x86_feature_detected!("avx512vbmi")
}

/// The whole polynomial of each byte: a plane of the table for each byte of single precision, sixty-four
/// values at a time.
///
/// # Safety
///
/// The values are bytes and can be read, the output's places written, and they are nobody else's; the
/// machine has AVX-512 VBMI.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,f16c,fma")]
pub(super) unsafe fn look_up<const HALVES: bool>(
    direct: &Direct<'_>,
    source: Source,
    count: usize,
    target: Target<HALVES>,
) {
    let bytes: [u8; 256] = std::array::from_fn(|byte| byte as u8);
    let all = Source { from: bytes.as_ptr(), ..source };
    let mut table = [_mm512_setzero_ps(); 16];
    let mut planes = [[_mm512_setzero_si512(); 4]; 4];
    let whole = count / BYTES;
    let mut rest = Rest::EMPTY;
    // SAFETY: the caller's promise; the table has room for 256 values, a plane for as many bytes.
    unsafe {
        let last = rest.fill(source, whole * BYTES, count);
        let to = Target::<false>::new(table.as_mut_ptr().cast::<f32>());
        let near = Direct { group: None, streams: false, ..*direct };
        sums(&near, all, 256, to);
        for (byte, plane) in planes.iter_mut().enumerate() {
            let plane: *mut __m128i = plane.as_mut_ptr().cast();
            let shift = _mm_cvtsi32_si128(8 * byte as i32);
            for step in 0..16 {
                let bits = _mm512_srl_epi32(_mm512_castps_si512(table[step]), shift);
                _mm_store_si128(plane.add(step), _mm512_cvtepi32_epi8(bits));
            }
        }
        let mut line = Line::new(target, direct.streams);
        for step in 0..whole {
            let found = find(&planes, _mm512_loadu_si512(source.from.add(step * BYTES).cast()));
            for block in 0..4 {
                line.write(found[block]);
            }
        }
        line.finish();
        let found = find(&planes, _mm512_loadu_si512(last.from.cast()));
        for block in 0..4 {
            let left = (count - whole * BYTES).saturating_sub(block * STEP).min(STEP);
            line.end(found[block], left, block * STEP);
        }
    }
}

/// What a table in planes of bytes has at each of sixty-four places.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")]
fn find(planes: &[[__m512i; 4]; 4], places: __m512i) -> [__m512; 4] {
    // Bytes are joined within quarters of a vector: there, each quarter has four values of each
    // vector of the result.
    let quarters = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    let places = _mm512_permutexvar_epi32(quarters, places);
    let upper = _mm512_movepi8_mask(places);
    let mut bytes = [places; 4];
    for plane in 0..4 {
        let [a, b, c, d] = planes[plane];
        let low = _mm512_permutex2var_epi8(a, places, b);
        let high = _mm512_permutex2var_epi8(c, places, d);
        bytes[plane] = _mm512_mask_mov_epi8(low, upper, high);
    }
    let low = [_mm512_unpacklo_epi8(bytes[0], bytes[1]), _mm512_unpackhi_epi8(bytes[0], bytes[1])];
    let high = [_mm512_unpacklo_epi8(bytes[2], bytes[3]), _mm512_unpackhi_epi8(bytes[2], bytes[3])];
    [
        _mm512_castsi512_ps(_mm512_unpacklo_epi16(low[0], high[0])),
        _mm512_castsi512_ps(_mm512_unpackhi_epi16(low[0], high[0])),
        _mm512_castsi512_ps(_mm512_unpacklo_epi16(low[1], high[1])),
        _mm512_castsi512_ps(_mm512_unpackhi_epi16(low[1], high[1])),
    ]
}
