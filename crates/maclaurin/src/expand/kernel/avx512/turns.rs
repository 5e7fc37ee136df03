//! AVX-512: rows put interleaved in memory, and deinterleaved.

use std::arch::x86_64::*;

use super::merge_neighbours;
use crate::expand::kernel::pattern::Lanes;

/// `N` rows, value by value: the vectors of memory. (Inlined, with loops rather than iterators: as a
/// function, or with a call to an iterator, rows go through memory.)
///
/// # Safety
///
/// The machine has the instructions, here and below.
#[inline(always)]
pub(super) unsafe fn merge_rows<const N: usize>(rows: [__m512; N]) -> [__m512; N] {
    let mut merged = rows;
    // SAFETY: the caller's promise, here and below.
    unsafe {
        if N.is_power_of_two() {
            let mut vectors = [_mm512_setzero_si512(); N];
            for row in 0..N {
                vectors[row] = _mm512_castps_si512(rows[row]);
            }
            let vectors = merge_neighbours::<N>(vectors);
            for vector in 0..N {
                merged[vector] = _mm512_castsi512_ps(vectors[vector]);
            }
        } else {
            let pairs = pair_rows(rows);
            for vector in 0..N {
                merged[vector] = Single::<N>::MERGING.join(&pairs, vector);
            }
        }
    }
    merged
}

/// Halves of rows in vectors: the lower ones by two, the last of an odd number of rows whole, and the
/// upper ones by two. A vector of memory usually needs one side only.
#[inline(always)]
pub(super) unsafe fn pair_rows<const N: usize>(rows: [__m512; N]) -> [__m512; N] {
    let mut pairs = rows;
    for pair in 0..N / 2 {
        // SAFETY: as above.
        let (low, high) = unsafe { pair_halves(rows[2 * pair], rows[2 * pair + 1]) };
        pairs[pair] = low;
        pairs[N.div_ceil(2) + pair] = high;
    }
    if N % 2 == 1 {
        pairs[N / 2] = rows[N - 1];
    }
    pairs
}

/// The lower halves of two vectors, and the upper ones.
#[inline(always)]
unsafe fn pair_halves(a: __m512, b: __m512) -> (__m512, __m512) {
    // SAFETY: as above.
    unsafe {
        let low = _mm512_insertf32x8::<1>(a, _mm512_castps512_ps256(b));
        (low, _mm512_shuffle_f32x4::<0xee>(a, b))
    }
}

/// [`merge_rows`] backwards.
#[inline(always)]
pub(super) unsafe fn separate_rows<const N: usize>(vectors: [__m512; N]) -> [__m512; N] {
    // SAFETY: as above.
    unsafe {
        let mut rows = vectors;
        if N.is_power_of_two() {
            let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
            for _ in 0..N.ilog2() {
                let before = rows;
                for pair in 0..N / 2 {
                    let (a, b) = (before[2 * pair], before[2 * pair + 1]);
                    rows[pair] = _mm512_permutex2var_ps(a, even, b);
                    rows[pair + N / 2] = _mm512_permutex2var_ps(a, odd, b);
                }
            }
            return rows;
        }
        let mut pairs = vectors;
        for pair in 0..N {
            pairs[pair] = Single::<N>::SEPARATING.join(&vectors, pair);
        }
        for pair in 0..N / 2 {
            let (low, high) = pair_halves(pairs[pair], pairs[N.div_ceil(2) + pair]);
            rows[2 * pair] = low;
            rows[2 * pair + 1] = high;
        }
        if N % 2 == 1 {
            rows[N - 1] = pairs[N / 2];
        }
        rows
    }
}

/// The part of the vectors that another one has lanes of.
#[derive(Clone, Copy)]
enum Part {
    Lower,
    Upper,
    Both,
}

/// How `N` vectors are made of as many others: for each, the part that it has lanes of, and for each
/// vector of the part that joins what those before it left: which of their lanes, or (from 16 on) of
/// its own.
pub(super) struct Turns<const N: usize> {
    parts: [Part; N],
    lanes: [[Lanes; N]; N],
}

impl<const N: usize> Turns<N> {
    const NOTHING: Self = Self { parts: [Part::Both; N], lanes: [[Lanes([0; 16]); N]; N] };

    /// Vectors of memory from [`pair_rows`], behind groups of that many values.
    pub(super) const fn merging(inner: usize) -> Self {
        let mut turns = Self::NOTHING;
        let places = values_of_step(inner) * N;
        let mut vector = 0;
        while vector < N && 16 * vector < places {
            let end = if 16 * vector + 16 < places { 16 } else { places - 16 * vector };
            let (mut lowest, mut highest, mut lane) = (16, 0, 0);
            while lane < end {
                let (_, value) = row_and_value::<N>(inner, 16 * vector + lane);
                lowest = if value < lowest { value } else { lowest };
                highest = if value > highest { value } else { highest };
                lane += 1;
            }
            turns.parts[vector] = match (lowest, highest) {
                (_, ..8) => Part::Lower,
                (8.., _) => Part::Upper,
                _ => Part::Both,
            };
            lane = 0;
            while lane < end {
                let (row, value) = row_and_value::<N>(inner, 16 * vector + lane);
                if row == N - 1 && N % 2 == 1 {
                    turns.set(vector, lane, N / 2, value);
                } else {
                    let pair = value / 8 * N.div_ceil(2) + row / 2;
                    turns.set(vector, lane, pair, row % 2 * 8 + value % 8);
                }
                lane += 1;
            }
            vector += 1;
        }
        turns
    }

    /// As [`pair_rows`] pairs them, from vectors of memory with single values in turn.
    const fn separating() -> Self {
        let mut turns = Self::NOTHING;
        let mut pair = 0;
        while pair < N {
            let whole = pair == N / 2 && N % 2 == 1;
            let half = if pair < N / 2 { 0 } else { 1 };
            if !whole {
                turns.parts[pair] = if half == 0 { Part::Lower } else { Part::Upper };
            }
            let mut lane = 0;
            while lane < 16 {
                let (row, value) = if whole {
                    (N - 1, lane)
                } else {
                    (2 * (pair - half * N.div_ceil(2)) + lane / 8, 8 * half + lane % 8)
                };
                let place = value * N + row;
                turns.set(pair, lane, place / 16, place % 16);
                lane += 1;
            }
            pair += 1;
        }
        turns
    }

    /// A lane of a vector comes from a lane of another.
    const fn set(&mut self, vector: usize, lane: usize, source: usize, from: usize) {
        let (first, end) = Self::range(self.parts[vector]);
        // The first one is there as it was until another joins it.
        self.lanes[vector][first].0[lane] = from as u32;
        let mut joining = first + 1;
        while joining < end {
            let kept = if source == first && joining == first + 1 { from } else { lane };
            let lanes = &mut self.lanes[vector][joining].0;
            lanes[lane] = if source == joining { 16 + from } else { kept } as u32;
            joining += 1;
        }
    }

    /// The vectors of a part: one in the middle is of both halves.
    const fn range(part: Part) -> (usize, usize) {
        match part {
            Part::Lower => (0, N.div_ceil(2)),
            Part::Upper => (N / 2, N),
            Part::Both => (0, N),
        }
    }

    /// A vector, from the others.
    ///
    /// # Safety
    ///
    /// The machine has the instructions.
    #[inline(always)]
    pub(super) unsafe fn join(&self, others: &[__m512; N], vector: usize) -> __m512 {
        let (first, end) = Self::range(self.parts[vector]);
        let lanes = &self.lanes[vector];
        let mut joined = others[first];
        // SAFETY: the caller's promise; the lanes are arrays of 64 bytes.
        unsafe {
            if end - first == 1 {
                let lanes = _mm512_load_si512(lanes[first].0.as_ptr().cast());
                return _mm512_permutexvar_ps(lanes, joined);
            }
            for other in first + 1..end {
                let lanes = _mm512_load_si512(lanes[other].0.as_ptr().cast());
                joined = _mm512_permutex2var_ps(joined, lanes, others[other]);
            }
        }
        joined
    }
}

/// Values of as many whole groups as fit in a vector.
pub(super) const fn values_of_step(inner: usize) -> usize {
    16 - 16 % inner
}

/// Which row and value lie in a place of memory.
const fn row_and_value<const N: usize>(inner: usize, place: usize) -> (usize, usize) {
    let (group, rest) = (place / (inner * N), place % (inner * N));
    (rest / inner, group * inner + rest % inner)
}

/// [`Turns`] of single values.
struct Single<const N: usize>;

impl<const N: usize> Single<N> {
    const MERGING: Turns<N> = Turns::merging(1);
    const SEPARATING: Turns<N> = Turns::separating();
}
