//! AVX-512: rows put in the order of memory, where they take turns, and apart again.

use std::arch::x86_64::*;

use super::ascent::{Row, both};
use super::merge_neighbours;
use crate::expand::kernel::interleave::Lanes;

/// Rows as one vector each.
///
/// # Safety
///
/// The machine has the instructions, here and below.
#[inline(always)]
pub(super) unsafe fn each_whole<const N: usize>(rows: [Row; N]) -> [__m512; N] {
    // SAFETY: the caller's promise, here and below.
    let mut vectors = [unsafe { _mm512_setzero_ps() }; N];
    for row in 0..N {
        // SAFETY: as above.
        vectors[row] = unsafe { both(rows[row]) };
    }
    vectors
}

/// `N` rows, value by value: the vectors of memory. (Inlined, with loops rather than iterators: as a
/// function, or with a call to an iterator, rows go through memory.)
#[inline(always)]
pub(super) unsafe fn merge_rows<const N: usize>(rows: [Row; N]) -> [__m512; N] {
    // SAFETY: as above.
    unsafe {
        if N == 2 {
            // Halves side by side and put in turns by one exchange.
            let turns = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let mut merged = [_mm512_setzero_ps(); N];
            for half in 0..N {
                let (a, b) = (rows[0][half], rows[1][half]);
                let (a, b) = (_mm512_castps256_ps512(a), _mm512_castps256_ps512(b));
                merged[half] = _mm512_permutex2var_ps(a, turns, b);
            }
            return merged;
        }
        let pairs = pair_rows(rows);
        let mut merged = pairs;
        if N > 1 && N.is_power_of_two() {
            // Four rows of eight values to groups of four, then as whole rows are.
            let low = _mm512_setr_epi32(0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27);
            let high = _mm512_add_epi32(low, _mm512_set1_epi32(4));
            let mut groups = [low; N];
            for pair in 0..N / 2 {
                let (a, b) = (pairs[2 * pair], pairs[2 * pair + 1]);
                groups[2 * pair] = _mm512_castps_si512(_mm512_permutex2var_ps(a, low, b));
                groups[2 * pair + 1] = _mm512_castps_si512(_mm512_permutex2var_ps(a, high, b));
            }
            let groups = merge_neighbours::<N>(16, 2, N / 2, groups);
            for vector in 0..N {
                merged[vector] = _mm512_castsi512_ps(groups[vector]);
            }
        } else if N > 1 {
            for vector in 0..N {
                merged[vector] = Single::<N>::MERGING.join(&pairs, vector);
            }
        }
        merged
    }
}

/// Halves of rows in vectors: the lower ones by two, the last of an odd number of rows whole, and the
/// upper ones by two. A vector of memory usually needs one side only.
#[inline(always)]
pub(super) unsafe fn pair_rows<const N: usize>(rows: [Row; N]) -> [__m512; N] {
    // SAFETY: as above.
    unsafe {
        let mut pairs = [_mm512_setzero_ps(); N];
        for pair in 0..N / 2 {
            let (a, b) = (rows[2 * pair], rows[2 * pair + 1]);
            pairs[pair] = both([a[0], b[0]]);
            pairs[N.div_ceil(2) + pair] = both([a[1], b[1]]);
        }
        if N % 2 == 1 {
            pairs[N / 2] = both(rows[N - 1]);
        }
        pairs
    }
}

/// Vectors as two halves each.
#[inline(always)]
pub(super) unsafe fn halve_each<const N: usize>(vectors: [__m512; N]) -> [Row; N] {
    // SAFETY: as above.
    let mut rows = [[unsafe { _mm256_setzero_ps() }; 2]; N];
    for row in 0..N {
        // SAFETY: as above.
        rows[row] = unsafe { halve(vectors[row]) };
    }
    rows
}

#[inline(always)]
unsafe fn halve(vector: __m512) -> Row {
    // SAFETY: as above.
    unsafe { [_mm512_castps512_ps256(vector), _mm512_extractf32x8_ps::<1>(vector)] }
}

/// [`merge_rows`] backwards.
#[inline(always)]
pub(super) unsafe fn separate_rows<const N: usize>(vectors: [__m512; N]) -> [Row; N] {
    // SAFETY: as above.
    unsafe {
        let mut pairs = vectors;
        if N > 2 && N.is_power_of_two() {
            let mut groups = [_mm512_setzero_si512(); N];
            for vector in 0..N {
                groups[vector] = _mm512_castps_si512(vectors[vector]);
            }
            let groups = split_groups(groups);
            // Groups of four of eight values to pairs of rows.
            let low = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
            let high = _mm512_add_epi32(low, _mm512_set1_epi32(2));
            for pair in 0..N / 2 {
                let a = _mm512_castsi512_ps(groups[2 * pair]);
                let b = _mm512_castsi512_ps(groups[2 * pair + 1]);
                pairs[2 * pair] = _mm512_permutex2var_ps(a, low, b);
                pairs[2 * pair + 1] = _mm512_permutex2var_ps(a, high, b);
            }
        } else if N > 1 {
            for pair in 0..N {
                pairs[pair] = Single::<N>::SEPARATING.join(&vectors, pair);
            }
        }
        let mut rows = [halve(pairs[0]); N];
        for pair in 0..N / 2 {
            let (low, high) = (halve(pairs[pair]), halve(pairs[N.div_ceil(2) + pair]));
            rows[2 * pair] = [low[0], high[0]];
            rows[2 * pair + 1] = [low[1], high[1]];
        }
        if N % 2 == 1 {
            rows[N - 1] = halve(pairs[N / 2]);
        }
        rows
    }
}

/// Groups of `N` values, a power of two, in each half of the vectors to groups of four: the first ones
/// of all, then the second ones.
#[inline(always)]
unsafe fn split_groups<const N: usize>(mut vectors: [__m512i; N]) -> [__m512i; N] {
    let mut run = N / 2;
    while run > 2 {
        let together = vectors;
        // SAFETY: as above.
        unsafe {
            let (even, odd) = if run == 4 {
                let even = _mm512_setr_epi64(0, 1, 4, 5, 8, 9, 12, 13);
                (even, _mm512_add_epi64(even, _mm512_set1_epi64(2)))
            } else {
                let even = _mm512_setr_epi64(0, 1, 2, 3, 8, 9, 10, 11);
                (even, _mm512_add_epi64(even, _mm512_set1_epi64(4)))
            };
            for pair in 0..N / 2 {
                // The pairs of all runs: where each pair lies, and where its even parts go.
                let first = pair / (run / 2) * run;
                let (place, from) = (first + pair % (run / 2), first + pair % (run / 2) * 2);
                let (a, b) = (together[from], together[from + 1]);
                vectors[place] = _mm512_permutex2var_epi64(a, even, b);
                vectors[place + run / 2] = _mm512_permutex2var_epi64(a, odd, b);
            }
        }
        run /= 2;
    }
    vectors
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

    /// Vectors of memory from [`pair_rows`], behind groups of so many values.
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
