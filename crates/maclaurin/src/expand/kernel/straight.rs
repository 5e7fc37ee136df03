//! From the input to the output through registers alone, by SSE2 or AVX2 (by AVX-512: `avx512::direct`).
//!
//! A few values at a time: all their rows are computed, transposed where they are interleaved in memory, and written. For
//! `f32`, up to eight rows that come out by rising degree ([`Plan::unrolls`](super::Plan::unrolls)) on a new last axis or
//! apart, and up to sixteen behind groups of three or four values, as channels are concatenated; the rest goes by tiles (`forward`), with the same operations, so with the same bits.

#![allow(clippy::needless_range_loop)]

use std::arch::x86_64::*;

use super::forward::{AHEAD, Direct};
use super::rows::affine;
use super::unrolled::Unrolled;
use super::{Kind, Plan};
use crate::expand::element::sealed::Wide;

/// Values whose arguments are computed before their rows are: whole [`CHAINS`].
const CHUNK: usize = 192;

/// Registers whose sums are computed at once: each operation waits for the one before.
const CHAINS: usize = 12;

/// The arguments of a chunk, and room for a register: they begin at a cache line.
#[repr(align(64))]
struct Arguments([f32; CHUNK + 8]);

/// A register of single precision, in parts of four lanes.
///
/// # Safety
///
/// The processor must have the instructions, and all addresses must be valid; those of non-temporal stores are aligned to
/// 16 bytes.
pub(super) trait Register: Copy {
    const LANES: usize;
    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn multiply(self, b: Self) -> Self;
    unsafe fn add(self, b: Self) -> Self;
    unsafe fn store<const STREAM: bool>(self, to: *mut f32);
    /// The lower two lanes of each part, in turn.
    unsafe fn low(self, b: Self) -> Self;
    /// The upper two lanes of each part, in turn.
    unsafe fn high(self, b: Self) -> Self;
    /// Of each part two lanes of this register, then two of the other: their numbers by two bits each.
    unsafe fn pick<const LANES: i32>(self, b: Self) -> Self;
    /// Writes the first part of all registers, then the second.
    unsafe fn store_parts<const STREAM: bool, const N: usize>(registers: [Self; N], to: *mut f32);
}

#[inline(always)]
unsafe fn put<const STREAM: bool>(to: *mut f32, values: __m128) {
    // SAFETY: the caller's promise.
    unsafe { if STREAM { _mm_stream_ps(to, values) } else { _mm_storeu_ps(to, values) } };
}

macro_rules! register {
    ($type:ty, $lanes:literal, $splat:ident, $load:ident, $multiply:ident, $add:ident, $low:ident, $high:ident,
     $pick:ident, $store:ident, $parts:ident) => {
        impl Register for $type {
            const LANES: usize = $lanes;
            #[inline(always)]
            unsafe fn splat(value: f32) -> Self {
                // SAFETY: the caller's promise, here and below.
                unsafe { $splat(value) }
            }
            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: as above.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn multiply(self, b: Self) -> Self {
                // SAFETY: as above.
                unsafe { $multiply(self, b) }
            }
            #[inline(always)]
            unsafe fn add(self, b: Self) -> Self {
                // SAFETY: as above.
                unsafe { $add(self, b) }
            }
            #[inline(always)]
            unsafe fn store<const STREAM: bool>(self, to: *mut f32) {
                // SAFETY: as above.
                unsafe {
                    if STREAM {
                        Self::store_parts::<true, 1>([self], to);
                    } else {
                        $store(to, self);
                    }
                }
            }
            #[inline(always)]
            unsafe fn low(self, b: Self) -> Self {
                // SAFETY: as above.
                unsafe { $low(self, b) }
            }
            #[inline(always)]
            unsafe fn high(self, b: Self) -> Self {
                // SAFETY: as above.
                unsafe { $high(self, b) }
            }
            #[inline(always)]
            unsafe fn pick<const LANES: i32>(self, b: Self) -> Self {
                // SAFETY: as above.
                unsafe { $pick::<LANES>(self, b) }
            }
            #[inline(always)]
            unsafe fn store_parts<const STREAM: bool, const N: usize>(
                registers: [Self; N],
                to: *mut f32,
            ) {
                // SAFETY: as above.
                unsafe { $parts::<STREAM, N>(registers, to) };
            }
        }
    };
}

register!(
    __m128,
    4,
    _mm_set1_ps,
    _mm_loadu_ps,
    _mm_mul_ps,
    _mm_add_ps,
    _mm_unpacklo_ps,
    _mm_unpackhi_ps,
    _mm_shuffle_ps,
    _mm_storeu_ps,
    store_whole
);
register!(
    __m256,
    8,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_mul_ps,
    _mm256_add_ps,
    _mm256_unpacklo_ps,
    _mm256_unpackhi_ps,
    _mm256_shuffle_ps,
    _mm256_storeu_ps,
    store_halves
);

#[inline(always)]
unsafe fn store_whole<const STREAM: bool, const N: usize>(registers: [__m128; N], to: *mut f32) {
    for place in 0..N {
        // SAFETY: the caller's promise.
        unsafe { put::<STREAM>(to.add(4 * place), registers[place]) };
    }
}

#[inline(always)]
unsafe fn store_halves<const STREAM: bool, const N: usize>(registers: [__m256; N], to: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe {
        for place in 0..N {
            put::<STREAM>(to.add(4 * place), _mm256_castps256_ps128(registers[place]));
        }
        for place in 0..N {
            put::<STREAM>(to.add(4 * (N + place)), _mm256_extractf128_ps::<1>(registers[place]));
        }
    }
}

/// What a loop needs beside the arguments and the places.
pub(super) struct Job<'a> {
    unrolled: Unrolled,
    coefficients: &'a [f32],
    count: usize,
    /// The distance between two rows, in values, where they are strided.
    apart: usize,
}

/// How rows lie in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// On a new last axis, or one row alone.
    Last,
    /// Far apart.
    Apart,
    /// Behind groups of three values.
    Three,
    /// Behind groups of four values.
    Four,
}

/// A loop: the rows of `count` arguments, behind which there is room for a register, to their places.
///
/// # Safety
///
/// The arguments can be read, and their places written; the machine has the loop's instructions.
pub(super) type Way = unsafe fn(&Job<'_>, *const f32, usize, *mut f32);

/// Expands `count` contiguous values into `out`, row `r` at `out + r * apart` where rows are strided.
///
/// # Safety
///
/// The values can be read, the output's places written, and they are nobody else's; the machine has the instructions of
/// the ways that `choose` gives for rows, how they lie, and whether they are streamed.
#[inline(always)]
pub(super) unsafe fn expand<T: Wide>(
    choose: impl Fn(Kind, usize, Layout, bool) -> Way,
    direct: &Direct<'_>,
    x: *const T,
    count: usize,
    out: *mut f32,
) {
    let plan: &Plan = direct.plan;
    let rows = plan.count();
    let coefficients: Vec<f32> = match plan.kind {
        Kind::Sum => plan.coefficients.iter().map(|&a| a as f32).collect(),
        _ => Vec::new(),
    };
    let layout = match (direct.apart, direct.width) {
        (Some(_), _) => Layout::Apart,
        (None, 3) => Layout::Three,
        (None, 4) => Layout::Four,
        _ => Layout::Last,
    };
    let job = Job {
        unrolled: Unrolled::new(plan),
        coefficients: &coefficients,
        count: rows,
        apart: direct.apart.unwrap_or(0),
    };
    let way = choose(plan.kind, rows, layout, direct.streams);
    let mut t = Arguments([0.0; CHUNK + 8]);
    let step = if layout == Layout::Apart { 1 } else { rows };
    // Groups of three values are four arguments.
    let chunk = if layout == Layout::Three { CHUNK / 4 * 3 } else { CHUNK };
    let (scale, offset) = (plan.scale as f32, plan.offset as f32);
    for first in (0..count).step_by(chunk) {
        let length = chunk.min(count - first);
        // SAFETY: the caller's promise; an address that is prefetched is not read from.
        unsafe {
            for value in (0..length).step_by(64 / size_of::<T>()) {
                _mm_prefetch::<_MM_HINT_T0>(x.wrapping_add(first + AHEAD + value).cast());
            }
            let values = std::slice::from_raw_parts(x.add(first), length);
            if layout == Layout::Three {
                // Registers are stored as they are loaded later: others would wait for the stores before them.
                let whole = (count - first - 1).min(length) / 3;
                for group in 0..whole {
                    let four: [T; 4] = x.add(first + 3 * group).cast::<[T; 4]>().read_unaligned();
                    affine(&four, scale, offset, &mut t.0[4 * group..4 * group + 4]);
                }
                let rest = &values[3 * whole..];
                affine(rest, scale, offset, &mut t.0[4 * whole..]);
            } else {
                affine(values, scale, offset, &mut t.0[..length]);
            }
            way(&job, t.0.as_ptr(), length, out.add(first * step));
        }
    }
}

/// # Safety
///
/// As [`Way`].
#[inline(always)]
unsafe fn rows<
    R: Register,
    const N: usize,
    const SUMS: bool,
    const APART: bool,
    const STREAM: bool,
>(
    job: &Job<'_>,
    t: *const f32,
    count: usize,
    out: *mut f32,
) {
    let whole = count / R::LANES * R::LANES;
    let step = if APART { 1 } else { N };
    // SAFETY: the caller's promise.
    unsafe {
        for first in (0..whole).step_by(R::LANES) {
            let rows = job.unrolled.rows::<R, N, SUMS>(R::load(t.add(first)));
            write::<R, N, APART, STREAM>(rows, out.add(first * step), job.apart);
        }
        let mut first = whole;
        while first < count {
            let mut values = [[0.0; 8]; N];
            let rows = job.unrolled.rows::<R, N, SUMS>(R::load(t.add(first)));
            for row in 0..N {
                rows[row].store::<false>(values[row].as_mut_ptr());
            }
            for place in 0..R::LANES.min(count - first) {
                for row in 0..N {
                    let to = if APART {
                        row * job.apart + first + place
                    } else {
                        (first + place) * N + row
                    };
                    *out.add(to) = values[row][place];
                }
            }
            first += R::LANES;
        }
    }
}

/// Rows behind groups of three or four values, of which each is a register. An `N` of zero is any number of rows.
///
/// # Safety
///
/// As [`Way`].
#[inline(always)]
unsafe fn groups<const N: usize, const SUMS: bool, const WIDTH: usize, const STREAM: bool>(
    job: &Job<'_>,
    t: *const f32,
    count: usize,
    out: *mut f32,
) {
    let number = if N == 0 { job.count } else { N };
    let together = together(WIDTH, number);
    let groups = count / WIDTH;
    // SAFETY: the caller's promise; there are `together` groups in `quads`, of up to [`Direct::MOST_ROWS`] rows each.
    unsafe {
        let mut first = 0;
        let mut quads = [_mm_setzero_ps(); 4 * Direct::MOST_ROWS];
        while first + together <= groups {
            let to = out.add(first * WIDTH * number);
            for group in 0..together {
                let t = _mm_loadu_ps(t.add(4 * (first + group)));
                let quads = &mut quads[group * number..][..number];
                if N == 0 {
                    job.unrolled.put::<__m128, SUMS>(t, quads);
                } else {
                    quads.copy_from_slice(&job.unrolled.rows::<__m128, N, SUMS>(t));
                }
            }
            pack::<WIDTH, STREAM>(quads.as_ptr(), together * number, to);
            first += together;
        }
        for group in first..groups {
            let quads = &mut quads[..number];
            job.unrolled.put::<__m128, SUMS>(_mm_loadu_ps(t.add(4 * group)), quads);
            for row in 0..number {
                let mut values = [0.0f32; 4];
                _mm_storeu_ps(values.as_mut_ptr(), quads[row]);
                let to = out.add((group * number + row) * WIDTH);
                std::ptr::copy_nonoverlapping(values.as_ptr(), to, WIDTH);
            }
        }
    }
}

/// Writes groups of `WIDTH` values, three or four, contiguous; of threes the groups are a multiple of four.
///
/// # Safety
///
/// There are `count` groups, and their places can be written.
#[inline(always)]
unsafe fn pack<const WIDTH: usize, const STREAM: bool>(
    groups: *const __m128,
    count: usize,
    to: *mut f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        for place in 0..count / 4 * usize::from(WIDTH == 3) {
            let [a, b, c, d] = [0, 1, 2, 3].map(|group| groups.add(4 * place + group).read());
            let first = a.pick::<0x84>(a.pick::<0x0a>(b));
            let third = c.pick::<0x0a>(d).pick::<0x98>(d);
            store_whole::<STREAM, 3>([first, b.pick::<0x49>(c), third], to.add(12 * place));
        }
        for group in 0..count * usize::from(WIDTH == 4) {
            put::<STREAM>(to.add(4 * group), groups.add(group).read());
        }
    }
}

/// Rows of a tile, `stride` apart, to memory by non-temporal stores: up to eight rows on a new last axis, or up to
/// sixteen behind groups of three or four values. Returns how many values are done.
///
/// # Safety
///
/// The rows can be read, with a register behind each, the places written, and they begin at 16 bytes.
#[inline(always)]
pub(super) unsafe fn stream_rows(
    [rows, inner]: [usize; 2],
    from: *const f32,
    stride: usize,
    count: usize,
    out: *mut f32,
) -> usize {
    macro_rules! by_number {
        ($($number:literal)*) => {
            match (inner, rows) {
                $((1, $number) => stream_singles::<$number>(from, stride, count, out),)*
                (3, _) => stream_groups::<3>(rows, from, stride, count, out),
                (4, _) => stream_groups::<4>(rows, from, stride, count, out),
                _ => 0,
            }
        };
    }
    // SAFETY: the caller's promise.
    unsafe { by_number!(2 3 4 5 6 7 8) }
}

/// # Safety
///
/// As [`stream_rows`].
#[inline(always)]
unsafe fn stream_singles<const N: usize>(
    from: *const f32,
    stride: usize,
    count: usize,
    out: *mut f32,
) -> usize {
    let whole = count / 4 * 4;
    for first in (0..whole).step_by(4) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut rows = [_mm_setzero_ps(); N];
            for row in 0..N {
                rows[row] = _mm_loadu_ps(from.add(row * stride + first));
            }
            write::<_, N, false, true>(rows, out.add(first * N), 0);
        }
    }
    whole
}

/// # Safety
///
/// As [`stream_rows`].
#[inline(always)]
unsafe fn stream_groups<const WIDTH: usize>(
    rows: usize,
    from: *const f32,
    stride: usize,
    count: usize,
    out: *mut f32,
) -> usize {
    let step = 4 * WIDTH;
    let mut groups = [const { std::mem::MaybeUninit::<__m128>::uninit() }; 4 * Direct::MOST_ROWS];
    assert!(rows <= Direct::MOST_ROWS);
    let to = groups.as_mut_ptr().cast::<__m128>();
    for first in (0..count / step * step).step_by(step) {
        // SAFETY: the caller's promise; there is room for four groups of each row.
        unsafe {
            for row in 0..rows {
                let (from, to) = (from.add(row * stride + first), to.add(row));
                for group in 0..4 {
                    to.add(group * rows).write(_mm_loadu_ps(from.add(WIDTH * group)));
                }
            }
            pack::<WIDTH, true>(to, 4 * rows, out.add(first * rows));
        }
    }
    count / step * step
}

/// Groups whose rows fill whole registers: fours of threes do.
#[inline(always)]
const fn together(width: usize, rows: usize) -> usize {
    let halved = rows.trailing_zeros();
    if width == 4 { 1 } else { 4 >> if halved < 2 { halved } else { 2 } }
}

/// Writes a register of each row.
///
/// # Safety
///
/// Their places can be written.
#[inline(always)]
unsafe fn write<R: Register, const N: usize, const APART: bool, const STREAM: bool>(
    rows: [R; N],
    to: *mut f32,
    apart: usize,
) {
    let row = |row: usize| rows[if row < N { row } else { 0 }];
    // SAFETY: the caller's promise.
    unsafe {
        if APART || N == 1 {
            for row in 0..N {
                rows[row].store::<STREAM>(to.add(row * apart));
            }
            return;
        }
        let [a, b, c, d] = [row(0), row(1), row(2), row(3)];
        let (ab, upper_ab) = (a.low(b), a.high(b));
        if N == 2 {
            return R::store_parts::<STREAM, 2>([ab, upper_ab], to);
        }
        if N == 3 {
            // a0 b0 c0 a1, b1 c1 a2 b2, c2 a3 b3 c3
            let first = ab.pick::<0x84>(c.pick::<0x50>(a));
            let second = b.pick::<0x55>(c).pick::<0x48>(upper_ab);
            let third = c.pick::<0xaa>(upper_ab).pick::<0x88>(upper_ab.pick::<0xff>(c));
            return R::store_parts::<STREAM, 3>([first, second, third], to);
        }
        let (cd, upper_cd) = (c.low(d), c.high(d));
        let (ef, upper_ef) = (row(4).low(row(5)), row(4).high(row(5)));
        if N == 6 {
            // Pairs of rows are interleaved as single values of three rows do.
            let three =
                |p: R, q: R, r: R| [p.pick::<0x44>(q), r.pick::<0xe4>(p), q.pick::<0xee>(r)];
            let ([u, v, w], [x, y, z]) = (three(ab, cd, ef), three(upper_ab, upper_cd, upper_ef));
            return R::store_parts::<STREAM, 6>([u, v, w, x, y, z], to);
        }
        // The first four rows of each value, and the next four.
        let p = quads(ab, cd, upper_ab, upper_cd);
        if N == 4 {
            return R::store_parts::<STREAM, 4>(p, to);
        }
        if N == 5 {
            let e = row(4);
            let vectors = [
                p[0],
                e.pick::<0x00>(p[1]).pick::<0x98>(p[1]),
                p[1].pick::<0x5f>(e).pick::<0x48>(p[2]),
                p[2].pick::<0x8e>(e.pick::<0x0a>(p[3])),
                p[3].pick::<0x89>(p[3].pick::<0xff>(e)),
            ];
            return R::store_parts::<STREAM, 5>(vectors, to);
        }
        let q = quads(ef, row(6).low(row(7)), upper_ef, row(6).high(row(7)));
        if N == 7 {
            let vectors = [
                p[0],
                q[0].pick::<0x84>(q[0].pick::<0x0a>(p[1])),
                p[1].pick::<0x89>(p[1].pick::<0x0f>(q[1])),
                q[1].pick::<0x49>(p[2]),
                p[2].pick::<0x4e>(q[2]),
                q[2].pick::<0x0a>(p[3]).pick::<0x98>(p[3]),
                p[3].pick::<0x0f>(q[3]).pick::<0x98>(q[3]),
            ];
            return R::store_parts::<STREAM, 7>(vectors, to);
        }
        let vectors = [p[0], q[0], p[1], q[1], p[2], q[2], p[3], q[3]];
        R::store_parts::<STREAM, 8>(vectors, to);
    }
}

/// Four rows, of which there are the pairs that [`Register::low`] and [`Register::high`] make: the four of each value.
///
/// # Safety
///
/// The machine has the instructions.
#[inline(always)]
unsafe fn quads<R: Register>(ab: R, cd: R, upper_ab: R, upper_cd: R) -> [R; 4] {
    // SAFETY: the caller's promise.
    unsafe {
        [
            ab.pick::<0x44>(cd),
            ab.pick::<0xee>(cd),
            upper_ab.pick::<0x44>(upper_cd),
            upper_ab.pick::<0xee>(upper_cd),
        ]
    }
}

/// The whole polynomial of each argument, by Horner's rule.
///
/// # Safety
///
/// As [`Way`].
#[inline(always)]
unsafe fn sums<R: Register, const STREAM: bool>(
    job: &Job<'_>,
    t: *const f32,
    count: usize,
    out: *mut f32,
) {
    let mut first = 0;
    // SAFETY: the caller's promise.
    unsafe {
        while first + CHAINS * R::LANES <= count {
            let sums = horner::<R, CHAINS>(job.coefficients, t.add(first));
            for chain in 0..CHAINS {
                sums[chain].store::<STREAM>(out.add(first + chain * R::LANES));
            }
            first += CHAINS * R::LANES;
        }
        while first < count {
            let mut values = [0.0; 8];
            let [sum] = horner::<R, 1>(job.coefficients, t.add(first));
            sum.store::<false>(values.as_mut_ptr());
            let length = R::LANES.min(count - first);
            std::ptr::copy_nonoverlapping(values.as_ptr(), out.add(first), length);
            first += R::LANES;
        }
    }
}

/// # Safety
///
/// The arguments can be read.
#[inline(always)]
unsafe fn horner<R: Register, const CHAINS: usize>(
    coefficients: &[f32],
    t: *const f32,
) -> [R; CHAINS] {
    // SAFETY: the caller's promise.
    unsafe {
        let Some((&last, rest)) = coefficients.split_last() else { return [R::splat(0.0); CHAINS] };
        let mut sums = [R::splat(last); CHAINS];
        for &a in rest.iter().rev() {
            let a = R::splat(a);
            for chain in 0..CHAINS {
                sums[chain] = sums[chain].multiply(R::load(t.add(chain * R::LANES))).add(a);
            }
        }
        sums
    }
}

/// A loop for each number of rows.
macro_rules! by_number {
    ($case:expr, $sums:literal: $($number:literal)*) => {
        match $case {
            (1, _, false) => rows::<1, $sums, false, false>,
            (1, _, true) => rows::<1, $sums, false, true>,
            $(
                ($number, Layout::Last, false) => rows::<$number, $sums, false, false>,
                ($number, Layout::Last, true) => rows::<$number, $sums, false, true>,
                ($number, Layout::Apart, false) => rows::<$number, $sums, true, false>,
                ($number, Layout::Apart, true) => rows::<$number, $sums, true, true>,
                ($number, Layout::Three, false) => groups::<$number, $sums, 3, false>,
                ($number, Layout::Three, true) => groups::<$number, $sums, 3, true>,
                ($number, Layout::Four, false) => groups::<$number, $sums, 4, false>,
                ($number, Layout::Four, true) => groups::<$number, $sums, 4, true>,
            )*
            (_, Layout::Three, false) => groups::<0, $sums, 3, false>,
            (_, Layout::Three, true) => groups::<0, $sums, 3, true>,
            (_, Layout::Four, false) => groups::<0, $sums, 4, false>,
            (_, Layout::Four, true) => groups::<0, $sums, 4, true>,
            (count, ..) => unreachable!("no way was promised for {count} rows"),
        }
    };
}

/// The ways of an instruction set.
macro_rules! ways {
    ($module:ident, $register:ty, $(#[$features:meta])?) => {
        pub(super) mod $module {
            use super::*;

            $(#[$features])?
            unsafe fn rows<
                const N: usize,
                const SUMS: bool,
                const APART: bool,
                const STREAM: bool,
            >(
                job: &Job<'_>,
                t: *const f32,
                count: usize,
                out: *mut f32,
            ) {
                // SAFETY: the caller's promise.
                unsafe { super::rows::<$register, N, SUMS, APART, STREAM>(job, t, count, out) };
            }

            $(#[$features])?
            unsafe fn groups<
                const N: usize,
                const SUMS: bool,
                const WIDTH: usize,
                const STREAM: bool,
            >(
                job: &Job<'_>,
                t: *const f32,
                count: usize,
                out: *mut f32,
            ) {
                // SAFETY: the caller's promise.
                unsafe { super::groups::<N, SUMS, WIDTH, STREAM>(job, t, count, out) };
            }

            $(#[$features])?
            unsafe fn sums<const STREAM: bool>(
                job: &Job<'_>,
                t: *const f32,
                count: usize,
                out: *mut f32,
            ) {
                // SAFETY: the caller's promise.
                unsafe { super::sums::<$register, STREAM>(job, t, count, out) };
            }

            /// The function for a number of rows.
            pub(in super::super) fn choose(kind: Kind, count: usize, layout: Layout, stream: bool) -> Way {
                match kind {
                    Kind::Sum if stream => sums::<true>,
                    Kind::Sum => sums::<false>,
                    Kind::PartialSums => by_number!((count, layout, stream), true: 2 3 4 5 6 7 8),
                    Kind::Powers | Kind::Terms => by_number!((count, layout, stream), false: 2 3 4 5 6 7 8),
                }
            }
        }
    };
}

ways!(sse2, __m128,);
ways!(avx2, __m256, #[target_feature(enable = "avx2")]);
