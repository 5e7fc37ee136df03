//! Which lanes of which rows a vector of memory is made of, behind narrow groups of values.

/// A lane for each lane of a vector. It lies in one cache line: what lies in two takes twice as long.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct Lanes(pub [u32; 16]);

/// Lanes of a vector.
const LANES: usize = 16;

/// Exchanges of lanes: they depend on the group and the number of rows alone. A step moves as many whole groups as fit
/// in a vector.
pub struct Pattern {
    pub rows: usize,
    /// Values that a step moves.
    pub step: usize,
    inner: usize,
    /// For each vector of a step's output, for each of its lanes: which lane of the row it comes
    /// from.
    pub sources: Vec<Lanes>,
    /// For each vector and each row: the lanes that come from that row.
    pub masks: Vec<u16>,
}

impl Pattern {
    /// For groups of `inner` values, as many as lanes at most.
    pub(super) fn new(rows: usize, inner: usize) -> Self {
        let step = LANES - LANES % inner;
        let vectors = (step * rows).div_ceil(LANES);
        let (sources, masks) = (vec![Lanes([0; 16]); vectors], vec![0; vectors * rows]);
        let mut pattern = Self { rows, step, inner, sources, masks };
        let mut place = 0;
        for group in (0..step).step_by(inner) {
            for row in 0..rows {
                for value in group..group + inner {
                    let (vector, lane) = (place / LANES, place % LANES);
                    pattern.sources[vector].0[lane] = value as u32;
                    pattern.masks[vector * rows + row] |= 1 << lane;
                    place += 1;
                }
            }
        }
        pattern
    }

    /// Vectors of a step's output.
    pub(super) fn vectors(&self) -> usize {
        self.sources.len()
    }

    /// Values of a group.
    pub(super) fn inner(&self) -> usize {
        self.inner
    }
}
