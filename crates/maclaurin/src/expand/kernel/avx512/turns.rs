//! AVX-512: rows put in the order of memory, where they take turns.

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
                merged[vector] = Single::<N>::TURNS.join(&pairs, vector);
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

/// Of which halves a vector of memory has lanes.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Lower,
    Upper,
    Both,
}

/// How `N` rows take turns in memory, behind groups of so many values.
pub(super) struct Turns<const N: usize> {
    parts: [Part; N],
    /// For each vector of memory, for each of [`pair_rows`]' that joins what those before it left
    /// there: which of their lanes, or (from 16 on) of its own.
    lanes: [[Lanes; N]; N],
}

impl<const N: usize> Turns<N> {
    /// The vectors of [`pair_rows`] that a part is in.
    const fn range(part: Part) -> (usize, usize) {
        match part {
            Part::Lower => (0, N.div_ceil(2)),
            Part::Upper => (N / 2, N),
            Part::Both => (0, N),
        }
    }

    pub(super) const fn new(inner: usize) -> Self {
        let mut turns = Self { parts: [Part::Both; N], lanes: [[Lanes([0; 16]); N]; N] };
        let places = (16 - 16 % inner) * N;
        let mut vector = 0;
        while vector < N && 16 * vector < places {
            let last = if 16 * vector + 15 < places { 15 } else { places - 16 * vector - 1 };
            let (mut lowest, mut highest, mut lane) = (16, 0, 0);
            while lane <= last {
                let (_, value) = place::<N>(inner, 16 * vector + lane);
                lowest = if value < lowest { value } else { lowest };
                highest = if value > highest { value } else { highest };
                lane += 1;
            }
            let part = match (lowest, highest) {
                (_, ..8) => Part::Lower,
                (8.., _) => Part::Upper,
                _ => Part::Both,
            };
            let (first, end) = Self::range(part);
            lane = 0;
            while lane <= last {
                let (row, value) = place::<N>(inner, 16 * vector + lane);
                let (source, from) = if row == N - 1 && N % 2 == 1 {
                    (N / 2, value)
                } else {
                    (value / 8 * N.div_ceil(2) + row / 2, row % 2 * 8 + value % 8)
                };
                // The first one is there as it was until another joins it.
                turns.lanes[vector][first].0[lane] = from as u32;
                let mut joining = first + 1;
                while joining < end {
                    let kept = if source == first && joining == first + 1 { from } else { lane };
                    let lanes = &mut turns.lanes[vector][joining].0;
                    lanes[lane] = if source == joining { 16 + from } else { kept } as u32;
                    joining += 1;
                }
                lane += 1;
            }
            turns.parts[vector] = part;
            vector += 1;
        }
        turns
    }

    /// A vector of memory, from those of [`pair_rows`].
    ///
    /// # Safety
    ///
    /// The machine has the instructions.
    #[inline(always)]
    pub(super) unsafe fn join(&self, pairs: &[__m512; N], vector: usize) -> __m512 {
        // SAFETY: the caller's promise.
        unsafe {
            match self.parts[vector] {
                Part::Lower => self.join_range(pairs, vector, Self::range(Part::Lower)),
                Part::Upper => self.join_range(pairs, vector, Self::range(Part::Upper)),
                Part::Both => self.join_range(pairs, vector, Self::range(Part::Both)),
            }
        }
    }

    #[inline(always)]
    unsafe fn join_range(
        &self,
        pairs: &[__m512; N],
        vector: usize,
        (first, end): (usize, usize),
    ) -> __m512 {
        let lanes = &self.lanes[vector];
        let mut joined = pairs[first];
        // SAFETY: as above; the lanes are arrays of 64 bytes.
        unsafe {
            if end - first == 1 {
                let lanes = _mm512_load_si512(lanes[first].0.as_ptr().cast());
                return _mm512_permutexvar_ps(lanes, joined);
            }
            for source in first + 1..end {
                let lanes = _mm512_load_si512(lanes[source].0.as_ptr().cast());
                joined = _mm512_permutex2var_ps(joined, lanes, pairs[source]);
            }
        }
        joined
    }
}

/// Which row and value lie in a place of memory.
const fn place<const N: usize>(inner: usize, place: usize) -> (usize, usize) {
    let (group, rest) = (place / (inner * N), place % (inner * N));
    (rest / inner, group * inner + rest % inner)
}

/// [`Turns`] of single values.
struct Single<const N: usize>;

impl<const N: usize> Single<N> {
    const TURNS: Turns<N> = Turns::new(1);
}
