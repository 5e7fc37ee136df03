//! The arithmetic of powers, terms and sums, in the type of the output (`f16` and `bf16` by way of `f32`).
//!
//! Multiplications and additions are rounded one by one, in one order, on every instruction set; so the values are
//! those of the same loop written in NumPy, bit for bit:
//!
//! ```text
//! t = scale x + offset
//! p_0 = 1, p_k = p_(k-1) t                     powers p_k, terms p_k a_k
//! s_0 = a_0, s_k = s_(k-1) + a_k p_k           partial sums, of the degrees whose coefficient is not zero
//! h_p = a_p, h_k = h_(k+1) t + a_k             the sum h_0
//! ```

use super::aligned::Aligned;
use super::drain::Drain;
use super::instructions::Instructions;
use super::vector::{Vector, WIDTH};
use super::{Kind, NO_ROW, Plan};
use crate::expand::element::Lane;
use crate::expand::element::sealed::Wide;

/// Values of all rows of a tile, about.
const TILE: usize = 1 << 11;

/// Values in a tile at the most.
const LONGEST_TILE: usize = 256;

/// Vectors whose sums are computed at once.
const CHAINS: usize = 2;

/// A plan's numbers in the type of the lanes.
pub(super) struct Numbers<L> {
    pub scale: L,
    pub offset: L,
    pub coefficients: Vec<L>,
    steps: Vec<Step<L>>,
}

/// A step of the plan.
struct Step<L> {
    raises: bool,
    adds: bool,
    addend: L,
    place: usize,
    factor: L,
}

impl<L: Lane> Numbers<L> {
    pub(super) fn new(plan: &Plan) -> Self {
        let step = |step: &super::Step| Step {
            raises: step.raises,
            adds: step.adds && plan.kind == Kind::PartialSums,
            addend: L::round(step.addend),
            place: step.place,
            factor: L::round(step.factor),
        };
        Self {
            scale: L::round(plan.scale),
            offset: L::round(plan.offset),
            coefficients: plan.coefficients.iter().map(|&a| L::round(a)).collect(),
            steps: plan.steps.iter().map(step).collect(),
        }
    }
}

/// The rows of one tile.
pub(super) struct Tile<L> {
    count: usize,
    /// The values that there is room for, whole vectors.
    length: usize,
    rows: Aligned<L>,
    /// The arguments, and the direction's.
    arguments: Aligned<L>,
}

impl<L: Lane> Tile<L> {
    /// Values in a tile of the given number of rows, a multiple of `step`.
    pub(super) fn length(rows: usize, step: usize) -> usize {
        ((TILE / rows).min(LONGEST_TILE) / step).max(1) * step
    }

    pub(super) fn new(rows: usize, length: usize) -> Self {
        let length = length.next_multiple_of(WIDTH);
        // A vector of room behind the last row.
        let (all, arguments) = (Aligned::new(rows * length + WIDTH), Aligned::new(2 * length));
        Self { count: length, length, rows: all, arguments }
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
        numbers: &Numbers<L>,
        values: &[T],
        along: Option<&[T]>,
        drain: &mut Drain,
    ) {
        self.hold(values.len());
        assert!(plan.rows.iter().all(|row| row.place < plan.count()));
        assert!(self.rows.len() >= plan.count() * self.length);
        let (t, directions) = self.arguments.split_at_mut(self.length);
        affine(values, numbers.scale, numbers.offset, t);
        if let Some(along) = along {
            assert!(along.len() == values.len());
            affine(along, numbers.scale, L::round(-0.0), directions);
        }
        let mut first = 0;
        while first < self.count {
            if plan.kind == Kind::Sum && along.is_none() && first + CHAINS * WIDTH <= self.length {
                // SAFETY: as below, of a few vectors.
                unsafe {
                    let mut values = [L::Vector::<I>::splat(&L::default()); CHAINS];
                    for (chain, value) in values.iter_mut().enumerate() {
                        *value = L::Vector::<I>::load(t.as_ptr().add(first + chain * WIDTH));
                    }
                    let values = horner(&numbers.coefficients, values);
                    for (chain, value) in values.into_iter().enumerate() {
                        value.store(self.rows.as_mut_ptr().add(first + chain * WIDTH));
                    }
                }
                (0..CHAINS).for_each(|_| drain.step(instructions));
                first += CHAINS * WIDTH;
                continue;
            }
            // SAFETY: a vector from `first` on lies inside the arguments and each row, by the assertions and because
            // a row's length is a multiple of a vector's.
            unsafe {
                let t = L::Vector::<I>::load(t.as_ptr().add(first));
                // A closure that is not inlined sends vectors through memory.
                #[allow(clippy::manual_map)]
                let along = match along {
                    Some(_) => Some(L::Vector::<I>::load(directions.as_ptr().add(first))),
                    None => None,
                };
                let start = self.rows.as_mut_ptr().add(first);
                let out = Rows { start, stride: self.length, along };
                match plan.kind {
                    Kind::Sum => {
                        let [sum] = horner(&numbers.coefficients, [t]);
                        out.put(0, sum);
                    }
                    Kind::Powers | Kind::Terms => ascend::<_, false>(numbers, t, &out),
                    Kind::PartialSums => ascend::<_, true>(numbers, t, &out),
                }
            }
            drain.step(instructions);
            first += WIDTH;
        }
    }
}

/// `scale x + offset` of each value.
#[inline(always)]
pub(super) fn affine<T: Wide, L: Lane>(values: &[T], scale: L, offset: L, t: &mut [L]) {
    for (t, x) in t.iter_mut().zip(values) {
        *t = scale * L::round(x.wide()) + offset;
    }
}

/// Where the values of each row go.
struct Rows<V: Vector> {
    start: *mut V::Lane,
    stride: usize,
    along: Option<V>,
}

impl<V: Vector> Rows<V> {
    /// # Safety
    ///
    /// The row exists, with room for a vector.
    #[inline(always)]
    unsafe fn put(&self, place: usize, value: V) {
        // SAFETY: the caller's promise.
        unsafe {
            let value = match self.along {
                Some(along) => value.multiply(along),
                None => value,
            };
            value.store(self.start.add(place * self.stride));
        }
    }
}

/// `(...(a_p t + a_(p-1)) t + ...) t + a_0` of several vectors: each operation waits for the one before.
///
/// # Safety
///
/// The machine has the vector's instructions.
#[inline(always)]
pub(super) unsafe fn horner<V: Vector, const N: usize>(
    coefficients: &[V::Lane],
    t: [V; N],
) -> [V; N] {
    // SAFETY: the caller's promise.
    unsafe {
        let Some((last, rest)) = coefficients.split_last() else {
            return [V::splat(&V::Lane::default()); N];
        };
        let mut sums = [V::splat(last); N];
        for a in rest.iter().rev() {
            let a = V::splat(a);
            for chain in 0..N {
                sums[chain] = sums[chain].multiply(t[chain]).add(a);
            }
        }
        sums
    }
}

/// `f t^k`, or with `SUMS` the partial sums, to which a zero coefficient adds nothing, also where the power is
/// infinite.
///
/// # Safety
///
/// As [`Rows::put`], for all rows of the plan.
#[inline(always)]
unsafe fn ascend<V: Vector, const SUMS: bool>(numbers: &Numbers<V::Lane>, t: V, out: &Rows<V>) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut power = V::splat(&V::Lane::round(1.0));
        let mut sum = V::splat(&V::Lane::default());
        for step in &numbers.steps {
            if step.raises {
                power = power.multiply(t);
            }
            if SUMS && step.adds {
                sum = sum.add(V::splat(&raw const step.addend).multiply(power));
            }
            if step.place != NO_ROW {
                let value = if SUMS { sum } else { power };
                out.put(step.place, value.multiply(V::splat(&raw const step.factor)));
            }
        }
    }
}
