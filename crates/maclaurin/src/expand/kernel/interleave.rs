//! Rows to their order in memory, and back.
//!
//! With `inner` values to a group and `rows` rows, memory holds for each group all its values of
//! the first row, then all of the second, and so on: position `q` holds row
//! `q % (inner rows) / inner` of value `q / (inner rows) * inner + q % inner`.
//!
//! Single values are transposed in registers of 128 bits, four of four rows or, of 64 bits, two of two rows; groups are copied in pieces of
//! 2, 4, 8 or 16 values: what either writes too much, the next ones overwrite.

use super::forward::Direct;
use super::instructions::Instructions;
use crate::expand::element::Lane;
use crate::expand::element::sealed::{Format, Narrow};

/// The widest group that is moved in pieces; wider ones are copied row by row.
pub(in crate::expand) const WIDEST_GROUP: usize = 16;

/// Rows that are interleaved in memory.
#[derive(Clone, Copy)]
pub(super) struct Order {
    pub rows: usize,
    /// Values of a group, [`WIDEST_GROUP`] at most.
    pub inner: usize,
}

impl Order {
    /// Whether values may go to memory straight from registers, by non-temporal stores, from `to` on.
    #[inline(always)]
    pub(super) fn streams<U: Narrow>(self, to: *mut U) -> bool {
        let exact = match (U::FORMAT, self.inner) {
            (Format::F16, 1) => matches!(self.rows, 2 | 4) || self.rows.is_multiple_of(8),
            (Format::F32, 1) => matches!(self.rows, 2..=8) || self.rows.is_multiple_of(4),
            (Format::F32, 3 | 4) => self.rows <= Direct::MOST_ROWS,
            (Format::F64, 1) => self.rows.is_multiple_of(2),
            _ => false,
        };
        cfg!(target_arch = "x86_64") && exact && to.addr().is_multiple_of(16)
    }

    /// Writes `count` values, whole groups, of rows `stride` apart in the order of memory; with `STREAM` past the
    /// caches.
    ///
    /// # Safety
    ///
    /// `count` values of all rows can be written at `out`; with `STREAM`, [`Order::streams`] there.
    #[inline(always)]
    pub(super) unsafe fn interleave<L: Lane, const STREAM: bool>(
        self,
        rows: &[L],
        stride: usize,
        count: usize,
        out: *mut L,
    ) {
        self.check(rows.len(), stride, count);
        // SAFETY: the caller's promise, and the check; rows are only read.
        unsafe {
            let from = rows.as_ptr();
            match self.inner {
                3 | 4 if STREAM => self.singles::<L, STREAM>(from, stride, count, out),
                1 => self.singles::<L, STREAM>(from, stride, count, out),
                _ => self.groups::<L, true>(from.cast_mut(), stride, count, out),
            }
        }
    }

    /// [`Order::interleave`] of single values as `f16`, by non-temporal stores.
    ///
    /// # Safety
    ///
    /// As there; the lanes are `f32`, and the output `f16`.
    #[inline(always)]
    pub(super) unsafe fn interleave_halves<I: Instructions, U: Narrow>(
        self,
        instructions: I,
        rows: &[U::Lane],
        stride: usize,
        count: usize,
        out: *mut U,
    ) {
        self.check(rows.len(), stride, count);
        #[cfg(not(target_arch = "x86_64"))]
        let (_, done) = (instructions, 0);
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the caller's promise.
        let done = unsafe {
            octets::interleave(
                instructions,
                rows.as_ptr().cast(),
                stride,
                self.rows,
                count,
                out.cast(),
            )
        };
        for value in done..count {
            for row in 0..self.rows {
                // SAFETY: the caller's promise.
                unsafe {
                    *out.add(value * self.rows + row) = U::narrow(rows[row * stride + value]);
                }
            }
        }
    }

    /// [`Order::interleave`] backwards.
    #[inline(always)]
    pub(super) fn separate<L: Lane>(
        self,
        values: &[L],
        rows: &mut [L],
        stride: usize,
        count: usize,
    ) {
        self.check(rows.len(), stride, count);
        assert!(values.len() >= count * self.rows && count + WIDEST_GROUP <= stride);
        // SAFETY: all places lie inside both slices, by the check; the values are only read.
        unsafe {
            let from = values.as_ptr();
            match self.inner {
                1 => self.apart(from, rows.as_mut_ptr(), stride, count),
                _ => self.groups::<L, false>(rows.as_mut_ptr(), stride, count, from.cast_mut()),
            }
        }
    }

    /// Panics unless the tile has `count` values, whole groups, of all rows, and a piece behind.
    #[inline(always)]
    fn check(self, tile: usize, stride: usize, count: usize) {
        assert!(count.is_multiple_of(self.inner) && count <= stride);
        assert!(tile >= (self.rows - 1) * stride + count + WIDEST_GROUP);
    }

    /// # Safety
    ///
    /// As [`Order::interleave`]; the rows have a piece behind.
    #[inline(always)]
    unsafe fn singles<L: Lane, const STREAM: bool>(
        self,
        rows: *const L,
        stride: usize,
        count: usize,
        out: *mut L,
    ) {
        #[cfg(not(target_arch = "x86_64"))]
        let done = 0;
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the caller's promise; a lane of four bytes is `f32`, of eight bytes `f64`.
        let done = unsafe {
            if STREAM && L::BYTES == 4 && (self.rows <= 8 || self.inner > 1) {
                let extents = [self.rows, self.inner];
                super::straight::stream_rows(extents, rows.cast(), stride, count, out.cast())
            } else if L::BYTES == 4 {
                let (from, to) = (rows.cast(), out.cast());
                match self.rows {
                    4 => quads::interleave::<STREAM, 4>(from, stride, 4, count, to),
                    8 => quads::interleave::<STREAM, 8>(from, stride, 8, count, to),
                    number => quads::interleave::<STREAM, 0>(from, stride, number, count, to),
                }
            } else {
                pairs::interleave::<STREAM>(rows.cast(), stride, self.rows, count, out.cast())
            }
        };
        for value in done..count {
            let (group, place) = (value / self.inner, value % self.inner);
            for row in 0..self.rows {
                let to = (group * self.rows + row) * self.inner + place;
                // SAFETY: the caller's promise.
                unsafe { *out.add(to) = *rows.add(row * stride + value) };
            }
        }
    }

    /// # Safety
    ///
    /// `count` values of all rows can be read, and written with a piece behind.
    #[inline(always)]
    unsafe fn apart<L: Lane>(self, values: *const L, rows: *mut L, stride: usize, count: usize) {
        #[cfg(not(target_arch = "x86_64"))]
        let done = 0;
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the caller's promise; a lane of four bytes is `f32`, of eight bytes `f64`.
        let done = unsafe {
            if L::BYTES == 4 {
                let (from, to) = (values.cast(), rows.cast());
                match self.rows {
                    4 => quads::separate::<4>(from, 4, count, to, stride),
                    8 => quads::separate::<8>(from, 8, count, to, stride),
                    number => quads::separate::<0>(from, number, count, to, stride),
                }
            } else {
                pairs::separate(values.cast(), self.rows, count, rows.cast(), stride)
            }
        };
        for row in 0..self.rows {
            for value in done..count {
                // SAFETY: the caller's promise.
                unsafe { *rows.add(row * stride + value) = *values.add(value * self.rows + row) };
            }
        }
    }

    /// Copies groups from a tile to memory, or with `PACK` false back.
    ///
    /// # Safety
    ///
    /// Both have the places of `count` values of all rows, and the tile a piece behind each row.
    #[inline(always)]
    unsafe fn groups<L: Lane, const PACK: bool>(
        self,
        tile: *mut L,
        stride: usize,
        count: usize,
        memory: *mut L,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.inner {
                2 => self.pieces::<L, 2, PACK>(tile, stride, count, memory),
                3 | 4 => self.pieces::<L, 4, PACK>(tile, stride, count, memory),
                5..=8 => self.pieces::<L, 8, PACK>(tile, stride, count, memory),
                _ => self.pieces::<L, 16, PACK>(tile, stride, count, memory),
            }
        }
    }

    /// [`Order::groups`] in pieces of `K` values, at least as many as a group has.
    ///
    /// # Safety
    ///
    /// As there.
    #[inline(always)]
    unsafe fn pieces<L: Lane, const K: usize, const PACK: bool>(
        self,
        tile: *mut L,
        stride: usize,
        count: usize,
        memory: *mut L,
    ) {
        let total = count * self.rows;
        let mut done = 0;
        for first in (0..count).step_by(self.inner) {
            for row in 0..self.rows {
                // SAFETY: the caller's promise; near the end of the memory no more than the group is touched.
                unsafe {
                    let (place, memory) = (tile.add(row * stride + first), memory.add(done));
                    let (from, to) = if PACK { (place, memory) } else { (memory, place) };
                    if done + K <= total {
                        to.cast::<[L; K]>().write_unaligned(from.cast::<[L; K]>().read_unaligned());
                    } else {
                        std::ptr::copy_nonoverlapping(from, to, self.inner);
                    }
                }
                done += self.inner;
            }
        }
    }
}

/// Four values of four rows at a time. A number of rows `N` that is not 0 is that of the rows.
#[cfg(target_arch = "x86_64")]
#[allow(clippy::needless_range_loop)]
mod quads {
    use std::arch::x86_64::*;

    /// Whole blocks of four values, of which nothing reaches beyond the last value's place.
    #[inline(always)]
    fn blocks(number: usize, count: usize) -> usize {
        let exact = number == 2 || number.is_multiple_of(4);
        count.saturating_sub(usize::from(!exact)) / 4
    }

    /// Returns how many values are done.
    ///
    /// # Safety
    ///
    /// The rows can be read up to a whole block, and the values' places be written; to stream, they begin at 16 bytes.
    #[inline(always)]
    pub(super) unsafe fn interleave<const STREAM: bool, const N: usize>(
        rows: *const f32,
        stride: usize,
        number: usize,
        count: usize,
        out: *mut f32,
    ) -> usize {
        let number = if N == 0 { number } else { N };
        let blocks = blocks(number, count);
        for block in 0..blocks {
            // SAFETY: the caller's promise.
            unsafe {
                let (from, to) = (rows.add(4 * block), out.add(4 * block * number));
                if number == 2 {
                    let (a, b) = (_mm_loadu_ps(from), _mm_loadu_ps(from.add(stride)));
                    put::<STREAM>(to, _mm_unpacklo_ps(a, b));
                    put::<STREAM>(to.add(4), _mm_unpackhi_ps(a, b));
                    continue;
                }
                // The last rows first: what they write too much belongs to the first ones of the next value.
                for first in (0..number).step_by(4).rev() {
                    let mut quad = [_mm_setzero_ps(); 4];
                    for row in 0..4 {
                        quad[row] = _mm_loadu_ps(from.add((first + row).min(number - 1) * stride));
                    }
                    let quad = transpose(quad);
                    for value in 0..4 {
                        put::<STREAM>(to.add(value * number + first), quad[value]);
                    }
                }
            }
        }
        4 * blocks
    }

    /// [`interleave`] backwards.
    ///
    /// # Safety
    ///
    /// The values can be read, and all rows written up to a whole block.
    #[inline(always)]
    pub(super) unsafe fn separate<const N: usize>(
        values: *const f32,
        number: usize,
        count: usize,
        rows: *mut f32,
        stride: usize,
    ) -> usize {
        let number = if N == 0 { number } else { N };
        let blocks = blocks(number, count);
        for block in 0..blocks {
            // SAFETY: the caller's promise.
            unsafe {
                let (from, to) = (values.add(4 * block * number), rows.add(4 * block));
                if number == 2 {
                    let (a, b) = (_mm_loadu_ps(from), _mm_loadu_ps(from.add(4)));
                    _mm_storeu_ps(to, _mm_shuffle_ps::<0x88>(a, b));
                    _mm_storeu_ps(to.add(stride), _mm_shuffle_ps::<0xdd>(a, b));
                    continue;
                }
                for first in (0..number).step_by(4) {
                    let mut quad = [_mm_setzero_ps(); 4];
                    for value in 0..4 {
                        quad[value] = _mm_loadu_ps(from.add(value * number + first));
                    }
                    let quad = transpose(quad);
                    for row in 0..4 {
                        if first + row < number {
                            _mm_storeu_ps(to.add((first + row) * stride), quad[row]);
                        }
                    }
                }
            }
        }
        4 * blocks
    }

    #[inline(always)]
    unsafe fn put<const STREAM: bool>(to: *mut f32, values: __m128) {
        // SAFETY: the caller's promise.
        unsafe { if STREAM { _mm_stream_ps(to, values) } else { _mm_storeu_ps(to, values) } };
    }

    #[inline(always)]
    unsafe fn transpose([mut a, mut b, mut c, mut d]: [__m128; 4]) -> [__m128; 4] {
        // SAFETY: every x86-64 has SSE.
        unsafe { _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d) };
        [a, b, c, d]
    }
}

/// Eight values at a time, as `f16`.
#[cfg(target_arch = "x86_64")]
mod octets {
    use std::arch::x86_64::*;

    use super::Instructions;

    /// Interleaves two rows, four, or a multiple of eight by non-temporal stores; returns how many values are done.
    ///
    /// # Safety
    ///
    /// The machine has the instructions, the rows can be read, and the values' places, which begin at 16 bytes, be
    /// written.
    #[inline(always)]
    pub(super) unsafe fn interleave<I: Instructions>(
        instructions: I,
        rows: *const f32,
        stride: usize,
        number: usize,
        count: usize,
        out: *mut u16,
    ) -> usize {
        let whole = count / 8 * 8;
        for value in (0..whole).step_by(8) {
            // SAFETY: the caller's promise.
            unsafe {
                let to = out.add(value * number);
                let row = |row: usize| instructions.halves(rows.add(row * stride + value));
                let put = |to: *mut u16, values| _mm_stream_si128(to.cast(), values);
                if number == 2 {
                    let (a, b) = (row(0), row(1));
                    put(to, _mm_unpacklo_epi16(a, b));
                    put(to.add(8), _mm_unpackhi_epi16(a, b));
                } else if number == 4 {
                    let [a, b, c, d] = four([row(0), row(1), row(2), row(3)]);
                    put(to, a);
                    put(to.add(8), b);
                    put(to.add(16), c);
                    put(to.add(24), d);
                } else {
                    for first in (0..number).step_by(8) {
                        let low = four([0, 1, 2, 3].map(|next| row(first + next)));
                        let high = four([4, 5, 6, 7].map(|next| row(first + next)));
                        let to = to.add(first);
                        for pair in 0..4 {
                            let (a, b) = (low[pair], high[pair]);
                            put(to.add(2 * pair * number), _mm_unpacklo_epi64(a, b));
                            put(to.add((2 * pair + 1) * number), _mm_unpackhi_epi64(a, b));
                        }
                    }
                }
            }
        }
        whole
    }

    /// Four rows of each value, two values to a register.
    #[inline(always)]
    unsafe fn four([a, b, c, d]: [__m128i; 4]) -> [__m128i; 4] {
        // SAFETY: every x86-64 has SSE2.
        unsafe {
            let (ab, upper_ab) = (_mm_unpacklo_epi16(a, b), _mm_unpackhi_epi16(a, b));
            let (cd, upper_cd) = (_mm_unpacklo_epi16(c, d), _mm_unpackhi_epi16(c, d));
            [
                _mm_unpacklo_epi32(ab, cd),
                _mm_unpackhi_epi32(ab, cd),
                _mm_unpacklo_epi32(upper_ab, upper_cd),
                _mm_unpackhi_epi32(upper_ab, upper_cd),
            ]
        }
    }
}

/// Two values of two rows at a time, in double precision.
#[cfg(target_arch = "x86_64")]
mod pairs {
    use std::arch::x86_64::*;

    /// Returns how many values are done.
    ///
    /// # Safety
    ///
    /// The rows can be read up to a whole block, and the values' places be written; to stream, they begin at 16 bytes.
    #[inline(always)]
    pub(super) unsafe fn interleave<const STREAM: bool>(
        rows: *const f64,
        stride: usize,
        number: usize,
        count: usize,
        out: *mut f64,
    ) -> usize {
        let blocks = count.saturating_sub(number % 2) / 2;
        for block in 0..blocks {
            // The last rows first: what they write too much belongs to the first row of the next value.
            for first in (0..number).step_by(2).rev() {
                // SAFETY: the caller's promise.
                unsafe {
                    let second = (first + 1).min(number - 1);
                    let a = _mm_loadu_pd(rows.add(first * stride + 2 * block));
                    let b = _mm_loadu_pd(rows.add(second * stride + 2 * block));
                    let to = out.add(2 * block * number + first);
                    put::<STREAM>(to, _mm_unpacklo_pd(a, b));
                    put::<STREAM>(to.add(number), _mm_unpackhi_pd(a, b));
                }
            }
        }
        2 * blocks
    }

    /// [`interleave`] backwards.
    ///
    /// # Safety
    ///
    /// The values can be read, and all rows written up to a whole block.
    #[inline(always)]
    pub(super) unsafe fn separate(
        values: *const f64,
        number: usize,
        count: usize,
        rows: *mut f64,
        stride: usize,
    ) -> usize {
        let blocks = count.saturating_sub(number % 2) / 2;
        for block in 0..blocks {
            for first in (0..number).step_by(2) {
                // SAFETY: the caller's promise.
                unsafe {
                    let from = values.add(2 * block * number + first);
                    let (a, b) = (_mm_loadu_pd(from), _mm_loadu_pd(from.add(number)));
                    let to = rows.add(first * stride + 2 * block);
                    _mm_storeu_pd(to, _mm_unpacklo_pd(a, b));
                    if first + 1 < number {
                        _mm_storeu_pd(to.add(stride), _mm_unpackhi_pd(a, b));
                    }
                }
            }
        }
        2 * blocks
    }

    #[inline(always)]
    unsafe fn put<const STREAM: bool>(to: *mut f64, values: __m128d) {
        // SAFETY: the caller's promise.
        unsafe { if STREAM { _mm_stream_pd(to, values) } else { _mm_storeu_pd(to, values) } };
    }
}
