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
//!
//! Terms of high degree whose power overflows are computed again (`overflow`).
//! Polynomials of another three-term recurrence than that of the powers are in `recurrence`.

use super::aligned::Aligned;
use super::drain::Drain;
use super::instructions::Instructions;
use super::overflow::{self, Scaled};
use super::recurrence::{Ascent, Three, squash};
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
    pub steps: Vec<Step<L>>,
    /// Arguments above it are computed once more ([`overflow`]).
    pub limit: f64,
}

/// A step of the plan.
pub(super) struct Step<L> {
    raises: bool,
    adds: bool,
    addend: L,
    pub place: usize,
    factor: L,
    /// How it raises, where that is not by a multiplication alone.
    pub three: Option<Three<L>>,
}

impl<L: Lane> Numbers<L> {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut threes = Three::all(plan).into_iter();
        let step = |step: &super::Step| Step {
            three: step.raises.then(|| threes.next()).flatten(),
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
            limit: overflow::limit::<L>(plan),
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
        assert!(values.len() <= self.length);
        self.count = values.len();
        assert!(plan.rows.iter().all(|row| row.place < plan.count()));
        assert!(self.rows.len() >= plan.count() * self.length);
        let (t, directions) = self.arguments.split_at_mut(self.length);
        affine(values, numbers.scale, numbers.offset, t);
        if let Some(along) = along {
            assert!(along.len() == values.len());
            affine(along, numbers.scale, L::round(-0.0), directions);
        }
        let change = along.map(|_| &mut directions[..self.count]);
        squash(plan, &mut t[..self.count], change);
        let recurs = plan.recurrence.is_some();
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
                    _ if recurs && along.is_some() => recur::<_, true>(numbers, t, &out),
                    _ if recurs => recur::<_, false>(numbers, t, &out),
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
        if numbers.limit < f64::INFINITY
            && overflow::any_beyond(self.arguments[..self.count].iter().copied(), numbers.limit)
        {
            self.mend(plan, numbers, along.is_some());
        }
    }

    /// Computes the terms and the partial sums once more whose powers may have overflowed.
    #[cold]
    fn mend(&mut self, plan: &Plan, numbers: &Numbers<L>, along: bool) {
        let sums = plan.kind == Kind::PartialSums;
        for value in 0..self.count {
            let t = self.arguments[value];
            if !overflow::exceeds(t, numbers.limit) {
                continue;
            }
            let (mut power, mut sum) = (L::round(1.0), L::default());
            let (argument, mut scaled) = (Scaled::new(t.exact()), Scaled::new(1.0));
            for (step, exact) in numbers.steps.iter().zip(&plan.steps) {
                if step.raises {
                    power = power * t;
                    scaled = scaled.multiply(argument);
                }
                let term = |rounded: L, factor: f64| {
                    if power.exact().is_finite() {
                        rounded * power
                    } else {
                        L::round(scaled.multiply(Scaled::new(factor)).value())
                    }
                };
                if step.adds {
                    sum += term(step.addend, exact.addend);
                }
                if step.place != NO_ROW {
                    let result =
                        if sums { sum * step.factor } else { term(step.factor, exact.factor) };
                    let change = self.arguments[self.length + value];
                    self.rows[step.place * self.length + value] =
                        if along { result * change } else { result };
                }
            }
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

/// The polynomials of a recurrence, or with `SLOPES` their derivatives.
///
/// # Safety
///
/// As [`Rows::put`], for all rows of the plan.
#[inline(always)]
unsafe fn recur<V: Vector, const SLOPES: bool>(numbers: &Numbers<V::Lane>, t: V, out: &Rows<V>) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut ascent = Ascent::<V, SLOPES>::new(t);
        for step in &numbers.steps {
            if let Some(three) = &step.three {
                ascent.raise(three);
            }
            if step.place != NO_ROW {
                out.put(step.place, ascent.row());
            }
        }
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
