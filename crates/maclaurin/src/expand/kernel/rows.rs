//! The arithmetic: one source for every instruction set, whose eight lanes stand for the same
//! operations everywhere.
//!
//! All of it is in `f64`. A row's value is rounded to its type once, at the end, so for `f32` and
//! narrower the result is the correctly rounded one but for the rounding of a few operations in
//! `f64`: within 0.5001 units in the last place for powers and terms of degree 16 and below.

use super::aligned::Aligned;
use super::drain::Drain;
use super::instructions::Instructions;
use super::{Kind, NO_ROW, Plan};
use crate::expand::element::Lane;
use crate::expand::element::sealed::Wide;

/// Values whose sums are taken side by side: the same everywhere.
pub(super) const LANES: usize = 16;

/// Values that are computed side by side, so many that the arithmetic's latency does not count.
pub(super) const WIDTH: usize = 32;

/// Values of all rows of a tile, about.
const TILE: usize = 1 << 11;

/// Values in a tile at the most.
const LONGEST_TILE: usize = 256;

/// The rows of one tile.
pub(super) struct Tile<L> {
    count: usize,
    /// The values that there is room for, rounded up to whole lanes.
    length: usize,
    rows: Aligned<L>,
}

impl<L: Lane> Tile<L> {
    /// Values in a tile with so many rows, a multiple of `step`.
    pub(super) fn length(rows: usize, step: usize) -> usize {
        ((TILE / rows).min(LONGEST_TILE) / step).max(1) * step
    }

    pub(super) fn new(rows: usize, length: usize) -> Self {
        let length = length.next_multiple_of(WIDTH);
        // A vector of room behind the last row.
        Self { count: length, length, rows: Aligned::new(rows * length + LANES) }
    }

    /// The row of `place` in the output.
    #[inline(always)]
    pub(super) fn row(&self, place: usize) -> &[L] {
        &self.rows[place * self.length..][..self.count]
    }

    /// As [`Tile::row`], to be written.
    #[inline(always)]
    pub(super) fn row_mut(&mut self, place: usize) -> &mut [L] {
        &mut self.rows[place * self.length..][..self.count]
    }

    /// Sets the number of values of each row.
    pub(super) fn hold(&mut self, count: usize) {
        assert!(count <= self.length);
        self.count = count;
    }

    /// All rows, and how far apart they begin.
    #[inline(always)]
    pub(super) fn all_rows(&self) -> (&[L], usize) {
        (&self.rows, self.length)
    }

    /// Computes all rows of `values`, times a direction of the same length where there is one, and
    /// lets the drain copy on the way.
    #[inline(always)]
    pub(super) fn fill<I: Instructions, T: Wide>(
        &mut self,
        instructions: I,
        plan: &Plan,
        values: &[T],
        along: Option<&[T]>,
        drain: &mut Drain,
    ) {
        self.count = values.len();
        assert!(self.count <= self.length);
        assert!(plan.rows.iter().all(|row| row.place < plan.count()));
        assert!(self.rows.len() >= plan.count() * self.length);
        assert!(along.is_none_or(|along| along.len() == values.len()));
        let scale = instructions.splat(plan.scale);
        let (offset, nothing) = (instructions.splat(plan.offset), instructions.splat(-0.0));
        let mut first = 0;
        while first < self.count {
            if plan.kind == Kind::Sum && along.is_none() && first + 2 * WIDTH <= self.length {
                let second = (first + WIDTH).min(self.count);
                let t = [
                    affine(instructions, values, first, scale, offset),
                    affine(instructions, values, second, scale, offset),
                ];
                let sums = horner(instructions, &plan.coefficients, t);
                for (block, sum) in sums.into_iter().enumerate() {
                    let start = self.rows.as_mut_ptr().wrapping_add(first + block * WIDTH);
                    let out = Rows { start, stride: self.length, along: None };
                    // SAFETY: as below; there are two blocks of places.
                    unsafe { out.put(instructions, 0, sum) };
                    drain.step(instructions);
                }
                first += 2 * WIDTH;
                continue;
            }
            let t = affine(instructions, values, first, scale, offset);
            let along = match along {
                Some(along) => Some(affine(instructions, along, first, scale, nothing)),
                None => None,
            };
            let start = self.rows.as_mut_ptr().wrapping_add(first);
            let out = Rows { start, stride: self.length, along };
            // SAFETY: `WIDTH` places from `first` on lie inside each row, by the assertions above
            // and because a row's length is a multiple of that.
            unsafe {
                match plan.kind {
                    Kind::Sum => {
                        let [sum] = horner(instructions, &plan.coefficients, [t]);
                        out.put(instructions, 0, sum);
                    }
                    Kind::Powers | Kind::Terms => {
                        ascend::<I, L, false>(instructions, plan, t, &out);
                    }
                    Kind::PartialSums => ascend::<I, L, true>(instructions, plan, t, &out),
                }
            }
            drain.step(instructions);
            first += WIDTH;
        }
    }
}

/// `scale * x + offset` for [`WIDTH`] values from `first` on, the last ones made up where the
/// slice ends before. (A function and not a closure: it must end up in its instruction set.)
#[inline(always)]
fn affine<I: Instructions, T: Wide>(
    instructions: I,
    values: &[T],
    first: usize,
    scale: I::Eight,
    offset: I::Eight,
) -> Wide32<I::Eight> {
    let mut last = [T::default(); WIDTH];
    let from = if let Some(whole) = values.get(first..first + WIDTH) {
        whole.as_ptr()
    } else {
        let rest = &values[first..];
        last[..rest.len()].copy_from_slice(rest);
        last.as_ptr()
    };
    // SAFETY: `WIDTH` values can be read from there on.
    unsafe {
        [
            instructions.multiply_add(scale, instructions.load(from), offset),
            instructions.multiply_add(scale, instructions.load(from.add(8)), offset),
            instructions.multiply_add(scale, instructions.load(from.add(16)), offset),
            instructions.multiply_add(scale, instructions.load(from.add(24)), offset),
        ]
    }
}

/// `scale * x + offset` for each value.
#[inline(always)]
pub(super) fn widen<I: Instructions, T: Wide>(
    instructions: I,
    values: &[T],
    scale: f64,
    offset: f64,
    t: &mut [f64],
) {
    let t = &mut t[..values.len()];
    let (scales, offsets) = (instructions.splat(scale), instructions.splat(offset));
    let whole = values.len() / 8 * 8;
    for first in (0..whole).step_by(8) {
        // SAFETY: eight values from `first` on lie inside both slices.
        unsafe {
            let x = instructions.load(values.as_ptr().add(first));
            instructions
                .store(instructions.multiply_add(scales, x, offsets), t.as_mut_ptr().add(first));
        }
    }
    for (t, value) in t[whole..].iter_mut().zip(&values[whole..]) {
        *t = scale.mul_add(value.wide(), offset);
    }
}

/// [`WIDTH`] doubles.
type Wide32<E> = [E; 4];

#[inline(always)]
fn multiply<I: Instructions>(
    instructions: I,
    a: Wide32<I::Eight>,
    b: Wide32<I::Eight>,
) -> Wide32<I::Eight> {
    [
        instructions.multiply(a[0], b[0]),
        instructions.multiply(a[1], b[1]),
        instructions.multiply(a[2], b[2]),
        instructions.multiply(a[3], b[3]),
    ]
}

#[inline(always)]
fn multiply_add<I: Instructions>(
    instructions: I,
    a: Wide32<I::Eight>,
    b: Wide32<I::Eight>,
    c: Wide32<I::Eight>,
) -> Wide32<I::Eight> {
    [
        instructions.multiply_add(a[0], b[0], c[0]),
        instructions.multiply_add(a[1], b[1], c[1]),
        instructions.multiply_add(a[2], b[2], c[2]),
        instructions.multiply_add(a[3], b[3], c[3]),
    ]
}

/// Where the values of each row go.
struct Rows<L, E> {
    start: *mut L,
    stride: usize,
    along: Option<Wide32<E>>,
}

impl<L: Lane, E: Copy> Rows<L, E> {
    /// # Safety
    ///
    /// The row exists, with room for [`WIDTH`] values.
    #[inline(always)]
    unsafe fn put<I: Instructions<Eight = E>>(
        &self,
        instructions: I,
        place: usize,
        values: Wide32<E>,
    ) {
        let values = match self.along {
            Some(along) => multiply(instructions, values, along),
            None => values,
        };
        // SAFETY: the caller's promise.
        unsafe {
            let to = self.start.add(place * self.stride);
            instructions.store_both([values[0], values[1]], to);
            instructions.store_both([values[2], values[3]], to.add(16));
        }
    }
}

/// `(...(a_p t + a_(p-1)) t + ...) t + a_0` for several blocks of values at once: each operation
/// waits for the one before, so others are to be had meanwhile.
#[inline(always)]
fn horner<I: Instructions, const BLOCKS: usize>(
    instructions: I,
    coefficients: &[f64],
    t: [Wide32<I::Eight>; BLOCKS],
) -> [Wide32<I::Eight>; BLOCKS] {
    let (&last, rest) = coefficients.split_last().unwrap_or((&0.0, &[]));
    let mut sums = [[instructions.splat(last); 4]; BLOCKS];
    for &a in rest.iter().rev() {
        let a = [instructions.splat(a); 4];
        for block in 0..BLOCKS {
            sums[block] = multiply_add(instructions, sums[block], t[block], a);
        }
    }
    sums
}

/// `f t^k`, or with `SUMS` the partial sums `a_0 + a_1 t + ... + a_k t^k`, to which a zero
/// coefficient adds nothing, also where the power is infinite.
///
/// # Safety
///
/// As [`Rows::put`], for all rows of the plan.
#[inline(always)]
unsafe fn ascend<I: Instructions, L: Lane, const SUMS: bool>(
    instructions: I,
    plan: &Plan,
    t: Wide32<I::Eight>,
    out: &Rows<L, I::Eight>,
) {
    let mut power = [instructions.splat(1.0); 4];
    let mut sum = [instructions.splat(0.0); 4];
    for step in &plan.steps {
        if step.raises {
            power = multiply(instructions, power, t);
        }
        if SUMS && step.adds {
            sum = multiply_add(instructions, [instructions.splat(step.addend); 4], power, sum);
        }
        if step.place != NO_ROW {
            let value = if SUMS { sum } else { power };
            let value = multiply(instructions, [instructions.splat(step.factor); 4], value);
            // SAFETY: the caller's promise.
            unsafe { out.put(instructions, step.place, value) };
        }
    }
}
