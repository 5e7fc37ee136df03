//! The vector-Jacobian products: gradients of the values and of the coefficients in one pass.
//!
//! With `g_r` the gradient of row `r` of degree `k_r`, the gradient of a value is
//! `scale sum_r g_r f_r k_r t^(k_r - 1)`, that of a coefficient `a_k` the sum over all values of
//! `t^k` times the gradients of the rows that contain it. Powers are computed again, not stored. All of it is in the type
//! of the lanes but the sums over values, which are in `f64`.

use super::aligned::Aligned;
use super::forward::{AHEAD, read};
use super::instructions::{Instructions, Job, Level};
use super::interleave::Order;
use super::parallel::{self, Units};
use super::recurrence::{squash, take_back_tile};
use super::rows::{Numbers, Tile, affine, horner};
use super::vector::{Vector, WIDTH};
use super::{Kind, Plan, WIDEST_GROUP};
use crate::expand::ExpandError;
use crate::expand::element::Lane;
use crate::expand::element::sealed::{Narrow, Wide};
use crate::expand::strided::Strided;

/// Where the gradient of the output lies.
pub(in crate::expand) enum Gradient<U> {
    /// As (outer, row, inner), contiguous.
    Dense(Strided<U>),
    /// A view of each row, with the input's shape.
    Rows(Vec<Strided<U>>),
}

/// The backward pass to the values and the coefficients.
pub(in crate::expand) struct Backward<'a, T, U> {
    pub plan: &'a Plan,
    pub input: Strided<T>,
    pub gradient: Gradient<U>,
    pub count: usize,
    /// Values between two rows of one value.
    pub inner: usize,
    /// The gradient of the values goes there, contiguous, if it is wanted.
    pub values: Option<*mut U>,
    /// Whether the gradient of the coefficients is wanted.
    pub coefficients: bool,
}

// SAFETY: `values` is written by one range each, while its borrow is held.
unsafe impl<T: Send, U: Send> Send for Backward<'_, T, U> {}
// SAFETY: as above.
unsafe impl<T: Sync, U: Sync> Sync for Backward<'_, T, U> {}

/// Takes a gradient back; returns that of the coefficients, zeros where it is not wanted.
pub(in crate::expand) fn gradient<T: Wide, U: Narrow>(
    backward: &Backward<'_, T, U>,
    threads: Option<usize>,
) -> Result<Vec<f64>, ExpandError> {
    let cache = parallel::last_level_cache();
    gradient_with(Level::chosen()?, cache, backward, threads).map_err(ExpandError::Threads)
}

/// [`gradient`] by an instruction set; an output larger than `cache` bytes is written by non-temporal stores.
pub(super) fn gradient_with<T: Wide, U: Narrow>(
    level: Level,
    cache: usize,
    backward: &Backward<'_, T, U>,
    threads: Option<usize>,
) -> Result<Vec<f64>, String> {
    let plan = backward.plan;
    let rows = plan.count();
    let inner = if rows == 1 { backward.count.max(1) } else { backward.inner.max(1) };
    // Not a property of the machine: sums have the same shape everywhere.
    let step = if inner <= WIDEST_GROUP { WIDEST_GROUP * inner } else { WIDTH };
    // Shorter than forward: what is read in one go does not overlap with the arithmetic.
    let parts = if inner <= WIDEST_GROUP { 2 } else { 4 };
    let tile = (Tile::<f64>::length(rows, step) / parts / step).max(1) * step;
    let bytes = backward.count * rows * size_of::<U>();
    let streams = backward.count * size_of::<U>() > cache;
    let entries = entries(plan);
    let slopes = slopes(&entries);
    let direct = level.takes_back_directly() && directly(backward, inner);
    let order = (inner <= WIDEST_GROUP).then_some(Order { rows, inner });
    let reader = Reader { backward, inner, order, tile, streams, entries, slopes, direct };
    let units = Units { count: backward.count, tile, bytes };
    let parts = parallel::run(level, &reader, &units, threads)?;
    let mut sums = vec![0.0; plan.coefficients.len()];
    if reader.wants_sums() {
        for (entry, sum) in reader.entries.iter().zip(pairwise(&parts)) {
            sums[entry.degree] += sum;
        }
    }
    Ok(sums)
}

/// Backward passes that a machine may do without tiles: single precision, of rows by rising
/// degree, contiguous for each value or far apart.
pub struct DirectGradient<'a> {
    pub(super) plan: &'a Plan,
    /// By degree `k`, to the highest: what `t^(k - 1)` has in the slope.
    pub(super) slopes: &'a [f64],
    /// Whether degree 0 has a gradient.
    pub(super) constant: bool,
    /// The distance between two rows, in values, where they are strided.
    pub(super) apart: Option<usize>,
    /// Whether the gradient of the values is written by non-temporal stores.
    pub(super) streams: bool,
}

/// Whether a backward pass can be done without tiles.
fn directly<T, U: Narrow>(backward: &Backward<'_, T, U>, inner: usize) -> bool {
    let plan = backward.plan;
    let count = plan.count();
    let placed = plan.rows.iter().enumerate().all(|(place, row)| row.place == place);
    let rising = placed && plan.rows.windows(2).all(|pair| pair[0].degree < pair[1].degree);
    let singles = U::IS_LANE && size_of::<U>() == 4;
    // Blocks of rows begin at the first lane of the sums.
    let placed = inner == 1 || count == 1 || inner.is_multiple_of(WIDTH);
    let dense = matches!(&backward.gradient, Gradient::Dense(all) if all.contiguous().is_some());
    let contiguous = dense && backward.input.contiguous().is_some();
    plan.recurrence.is_none()
        && contiguous
        && singles
        && rising
        && placed
        && matches!(count, 1..=8 | 16)
}

/// The sum of vectors by halves: one shape for any number of threads, and little rounding.
fn pairwise(parts: &[Vec<f64>]) -> Vec<f64> {
    match parts {
        [] => Vec::new(),
        [part] => part.clone(),
        _ => {
            let (left, right) = parts.split_at(parts.len() / 2);
            pairwise(left).iter().zip(pairwise(right)).map(|(a, b)| a + b).collect()
        }
    }
}

/// A degree and the row whose gradient, for sums that of all rows from there on, it gets.
struct Entry {
    degree: usize,
    /// `scale f k`, what `t^(k - 1)` has in the slope.
    slope: f64,
    row: usize,
    /// Multiplications with `t` from the entry before.
    raises: usize,
}

/// What each degree gets, by rising degree.
fn entries(plan: &Plan) -> Vec<Entry> {
    let degrees = 0..plan.coefficients.len();
    let all: Vec<(usize, f64, usize)> = match plan.kind {
        Kind::Powers | Kind::Terms => {
            plan.rows.iter().map(|row| (row.degree, row.factor, row.place)).collect()
        }
        Kind::Sum => degrees.map(|degree| (degree, plan.coefficients[degree], 0)).collect(),
        Kind::PartialSums => degrees
            .filter_map(|degree| {
                let first = plan.rows.iter().find(|row| row.degree >= degree)?;
                Some((degree, plan.coefficients[degree], first.place))
            })
            .collect(),
    };
    let mut known = 0;
    let entry = |(degree, factor, row): (usize, f64, usize)| {
        let raises = degree - known;
        known = degree;
        Entry { degree, slope: plan.scale * factor * degree as f64, row, raises }
    };
    all.into_iter().map(entry).collect()
}

/// What `t^(k - 1)` has in the slope, by degree `k`: of a sum, after degree 0, its derivative.
fn slopes(entries: &[Entry]) -> Vec<f64> {
    let mut slopes = vec![0.0; entries.last().map_or(0, |entry| entry.degree) + 1];
    for entry in entries {
        slopes[entry.degree] = entry.slope;
    }
    slopes
}

/// A backward job with what its ranges share.
struct Reader<'a, T, U> {
    backward: &'a Backward<'a, T, U>,
    inner: usize,
    /// How rows are interleaved, where groups are narrow.
    order: Option<Order>,
    tile: usize,
    /// Whether the gradient of the values is written by non-temporal stores.
    streams: bool,
    entries: Vec<Entry>,
    slopes: Vec<f64>,
    /// Whether to go without tiles.
    direct: bool,
}

impl<T: Wide, U: Narrow> Job for Reader<'_, T, U> {
    /// For each entry, the sum over the range.
    type Output = Vec<f64>;

    #[inline(always)]
    fn range<I: Instructions>(&self, instructions: I, first: usize, last: usize) -> Vec<f64> {
        let (backward, plan) = (self.backward, self.backward.plan);
        if self.direct {
            let wanted = if self.wants_sums() { self.slopes.len() } else { 0 };
            let mut sums = vec![Sums::default(); wanted];
            // SAFETY: these values' places belong to this range alone.
            unsafe { self.take_back_directly(instructions, first, last, &mut sums) };
            instructions.fence();
            let wanted = self.entries.iter().filter_map(|entry| sums.get(entry.degree));
            return wanted.map(in_all).collect();
        }
        let mut sums = vec![Sums::default(); self.entries.len()];
        let (tile, rows) = (self.tile.min(last - first), plan.count());
        // Whole vectors, and a piece of a group behind each row.
        let stride = tile.next_multiple_of(WIDTH) + WIDTH;
        let mut values = vec![T::default(); tile];
        let mut gradients = vec![U::default(); tile * rows];
        let mut staged = Aligned::<U::Lane>::new(if U::IS_LANE { 0 } else { tile * rows });
        let mut lanes = Aligned::<U::Lane>::new(stride * rows);
        let mut t = Aligned::<U::Lane>::new(stride);
        let mut slope = Aligned::<U::Lane>::new(stride);
        let mut change =
            Aligned::<U::Lane>::new(if plan.recurrence.is_some() { stride } else { 0 });
        let recurrence = plan.recurrence.as_ref().map(|_| Numbers::<U::Lane>::new(plan));
        let mut out = vec![U::default(); if U::IS_LANE { 0 } else { tile }];
        let numbers = Slopes::new(self);
        let mut start = first;
        while start < last {
            let count = tile.min(last - start);
            backward.input.prefetch(start + AHEAD, count);
            if let (Gradient::Dense(view), Some(_)) = (&backward.gradient, self.order) {
                view.prefetch((start + tile) * rows, count * rows);
            }
            let x = read(&backward.input, start, count, &mut values);
            // The gradient, row by row.
            match (&backward.gradient, self.order) {
                (Gradient::Rows(views), _) => {
                    for (view, row) in views.iter().zip(lanes.chunks_mut(stride)) {
                        to_lanes(read(view, start, count, &mut gradients), &mut row[..count]);
                    }
                }
                (Gradient::Dense(view), Some(order)) => {
                    let all = read(view, start * rows, count * rows, &mut gradients);
                    let all = as_lanes(all).unwrap_or_else(|| {
                        to_lanes(all, &mut staged[..count * rows]);
                        &staged
                    });
                    order.separate(all, &mut lanes, stride, count);
                }
                (Gradient::Dense(view), None) => {
                    for row in 0..rows {
                        let mut done = 0;
                        while done < count {
                            let place = (start + done) % self.inner;
                            let block = (start + done) / self.inner;
                            let length = (self.inner - place).min(count - done);
                            let offset = (block * rows + row) * self.inner + place;
                            let to = &mut lanes[row * stride + done..][..length];
                            to_lanes(read(view, offset, length, &mut gradients), to);
                            done += length;
                        }
                    }
                }
            }
            affine(x, numbers.scale, numbers.offset, &mut t);
            if let Some(recurrence) = &recurrence {
                change.fill(numbers.scale);
                squash(plan, &mut t[..count], Some(&mut change[..count]));
                let whole = count.next_multiple_of(WIDTH);
                let arguments = [&t[..], &change[..]];
                take_back_tile::<I, _>(recurrence, arguments, &lanes, stride, &mut slope[..whole]);
            } else {
                // Lanes beyond the last value add nothing to sums.
                let whole = count.next_multiple_of(WIDTH);
                t[count..whole].fill(U::Lane::default());
                for row in lanes.chunks_mut(stride) {
                    row[count..whole].fill(U::Lane::default());
                }
                if plan.kind == Kind::PartialSums {
                    accumulate_from_above(plan, &mut lanes, stride, whole);
                }
                self.tile::<I>(&numbers, &t, &lanes, stride, whole, &mut slope, &mut sums);
            }
            if let Some(to) = backward.values {
                let slope = &slope[..count];
                // SAFETY: these values' places belong to this range alone; where the lane is the
                // type itself, their addresses are interchangeable.
                unsafe {
                    let to = to.add(start);
                    if !self.streams {
                        instructions.narrow(slope, to);
                    } else if U::IS_LANE {
                        instructions.stream(slope, to.cast::<U::Lane>());
                    } else {
                        instructions.narrow(slope, out.as_mut_ptr());
                        instructions.stream(&out[..count], to);
                    }
                }
            }
            start += count;
        }
        instructions.fence();
        sums.iter().map(in_all).collect()
    }
}

/// Sums over a range, contiguous: value `i` adds to lane `i % 16`. They begin at a cache line: the
/// next value waits for what this one stores, longer if it lies in two lines.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
pub struct Sums(pub(super) [f64; WIDTH]);

/// The sum of lanes, by halves like the ranges.
fn in_all(sums: &Sums) -> f64 {
    let (mut lanes, mut apart) = (sums.0, 1);
    while apart < WIDTH {
        for first in (0..WIDTH).step_by(2 * apart) {
            lanes[first] += lanes[first + apart];
        }
        apart *= 2;
    }
    lanes[0]
}

impl<T: Wide, U: Narrow> Reader<'_, T, U> {
    /// Whether coefficients have a gradient, and it is wanted.
    fn wants_sums(&self) -> bool {
        let plan = self.backward.plan;
        self.backward.coefficients && plan.kind != Kind::Powers && plan.recurrence.is_none()
    }

    /// The range without tiles.
    ///
    /// # Safety
    ///
    /// The range's places among the values' gradients may be written and are nobody else's.
    #[inline(always)]
    unsafe fn take_back_directly<I: Instructions>(
        &self,
        instructions: I,
        first: usize,
        last: usize,
        sums: &mut [Sums],
    ) {
        let (backward, rows) = (self.backward, self.backward.plan.count());
        let Gradient::Dense(gradient) = &backward.gradient else { return };
        let (Some(x), Some(gradient)) = (backward.input.contiguous(), gradient.contiguous()) else {
            return;
        };
        let direct = DirectGradient {
            plan: backward.plan,
            slopes: &self.slopes,
            constant: self.entries.first().is_some_and(|entry| entry.degree == 0),
            apart: (rows > 1 && self.inner > 1).then_some(self.inner),
            streams: self.streams,
        };
        let mut start = first;
        while start < last {
            let (block, place) = (start / self.inner, start % self.inner);
            let (offset, count) = match direct.apart {
                Some(inner) => (block * rows * inner + place, (inner - place).min(last - start)),
                None => (start * rows, last - start),
            };
            let x = x.wrapping_add(start).cast_const();
            let gradient = gradient.wrapping_add(offset).cast::<f32>().cast_const();
            let out = backward.values.map(|to| to.wrapping_add(start).cast::<f32>());
            // SAFETY: the values and their gradients exist; the caller's promise for the output;
            // both types are `f32` here.
            unsafe {
                instructions.take_back_directly(&direct, x, gradient, count, out, sums);
            }
            start += count;
        }
    }

    /// `slope = sum_e s_e t^(k_e - 1) g_e` where it is wanted, and where they are the
    /// sums of `t^k g`, for `count` values: whole vectors.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn tile<I: Instructions>(
        &self,
        numbers: &Slopes<U::Lane>,
        t: &[U::Lane],
        gradients: &[U::Lane],
        stride: usize,
        count: usize,
        slope: &mut [U::Lane],
        sums: &mut [Sums],
    ) {
        assert!(count <= stride && t.len() >= count && slope.len() >= count);
        assert!(self.entries.iter().all(|entry| (entry.row + 1) * stride <= gradients.len()));
        let (wants_slope, wants_sums) = (self.backward.values.is_some(), self.wants_sums());
        let is_sum = self.backward.plan.kind == Kind::Sum;
        for first in (0..count).step_by(WIDTH) {
            // SAFETY: a vector from `first` on lies inside `t`, `slope` and each row, by the
            // assertions above.
            unsafe {
                let t = <U::Lane as Lane>::Vector::<I>::load(t.as_ptr().add(first));
                let gradient = gradients.as_ptr().add(first);
                if wants_slope {
                    let total = self.slope(numbers, t, gradient, stride);
                    total.store(slope.as_mut_ptr().add(first));
                }
                if !wants_sums {
                    continue;
                }
                // A sum's gradient is that of each degree: it is what the powers begin with.
                let mut power = if is_sum {
                    Vector::load(gradient)
                } else {
                    Vector::splat(&raw const numbers.one)
                };
                for (entry, sums) in self.entries.iter().zip(&mut *sums) {
                    for _ in 0..entry.raises {
                        power = t.multiply(power);
                    }
                    let product = if is_sum {
                        power
                    } else {
                        power.multiply(Vector::load(gradient.add(entry.row * stride)))
                    };
                    product.add_to(&mut sums.0);
                }
            }
        }
    }

    /// `sum_e s_e t^(k_e - 1) g_e` by Horner's rule.
    ///
    /// # Safety
    ///
    /// The machine has the vector's instructions, and a vector can be read from each row.
    #[inline(always)]
    unsafe fn slope<V: Vector<Lane = U::Lane>>(
        &self,
        numbers: &Slopes<U::Lane>,
        t: V,
        gradient: *const U::Lane,
        stride: usize,
    ) -> V {
        // SAFETY: the caller's promise.
        unsafe {
            if self.backward.plan.kind == Kind::Sum {
                // One gradient for all degrees: times the polynomial's derivative.
                let [slope] = horner(&numbers.weights[1..], [t]);
                return slope.multiply(V::load(gradient));
            }
            let mut total = V::splat(&U::Lane::default());
            let (mut highest, mut raises) = (true, 0);
            for entry in self.entries.iter().rev().take_while(|entry| entry.degree > 0) {
                let weight = numbers.weights[entry.degree];
                if highest || entry.slope != 0.0 {
                    let g = V::load(gradient.add(entry.row * stride))
                        .multiply(V::splat(&raw const weight));
                    for _ in 0..raises {
                        total = total.multiply(t);
                    }
                    total = if highest { g } else { total.add(g) };
                    (highest, raises) = (false, 0);
                }
                raises += entry.raises;
            }
            for _ in 1..raises {
                total = total.multiply(t);
            }
            total
        }
    }
}

/// A reader's numbers in the type of the lanes.
struct Slopes<L> {
    scale: L,
    offset: L,
    one: L,
    /// By degree, as [`slopes`].
    weights: Vec<L>,
}

impl<L: Lane> Slopes<L> {
    fn new<T, U>(reader: &Reader<'_, T, U>) -> Self {
        let plan = reader.backward.plan;
        Self {
            scale: L::round(plan.scale),
            offset: L::round(plan.offset),
            one: L::round(1.0),
            weights: reader.slopes.iter().map(|&slope| L::round(slope)).collect(),
        }
    }
}

/// The values as their lanes, where those are the same.
#[inline(always)]
fn as_lanes<U: Narrow>(values: &[U]) -> Option<&[U::Lane]> {
    // SAFETY: both types are the same here.
    U::IS_LANE.then(|| unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) })
}

/// The lanes of values.
#[inline(always)]
fn to_lanes<U: Narrow>(values: &[U], lanes: &mut [U::Lane]) {
    if let Some(values) = as_lanes(values) {
        lanes.copy_from_slice(values);
        return;
    }
    for (lane, value) in lanes.iter_mut().zip(values) {
        *lane = Lane::round(value.wide());
    }
}

/// A partial sum contains every term below: the gradient of a term is that of all rows from its
/// degree on, added up from the highest one.
#[inline(always)]
fn accumulate_from_above<L: Lane>(plan: &Plan, rows: &mut [L], stride: usize, count: usize) {
    for pair in plan.rows.windows(2).rev() {
        let (from, to) = (pair[1].place * stride, pair[0].place * stride);
        for value in 0..count {
            let above = rows[from + value];
            rows[to + value] += above;
        }
    }
}
