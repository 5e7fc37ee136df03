//! The vector-Jacobian products: gradients of the values and of the coefficients in one pass.
//!
//! With `g_r` the gradient of row `r` of degree `k_r`, the gradient of a value is
//! `scale sum_r g_r f_r k_r t^(k_r - 1)`, that of a coefficient `a_k` the sum over all values of
//! `t^k` times the gradients of the rows that contain it. Powers are computed again, not stored.

use super::forward::read;
use super::instructions::{Instructions, Job, Level};
use super::interleave::Pattern;
use super::parallel::{self, Units};
use super::rows::{LANES, Tile, widen};
use super::{Kind, Plan, WIDEST_GROUP};
use crate::expand::element::Lane;
use crate::expand::element::sealed::{Narrow, Wide};
use crate::expand::strided::Strided;

/// Where the gradient of the output lies.
pub(in crate::expand) enum Gradient<U> {
    /// As (outer, row, inner), side by side.
    Dense(Strided<U>),
    /// A view of each row, with the input's shape.
    Rows(Vec<Strided<U>>),
}

/// A gradient to take back to the values and the coefficients.
pub(in crate::expand) struct Backward<'a, T, U> {
    pub plan: &'a Plan,
    pub input: Strided<T>,
    pub gradient: Gradient<U>,
    pub count: usize,
    /// Values between two rows of one value.
    pub inner: usize,
    /// The gradient of the values goes there, side by side, if it is wanted.
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
) -> Result<Vec<f64>, String> {
    gradient_with(Level::best(), parallel::last_level_cache(), backward, threads)
}

/// [`gradient`] by an instruction set, past a cache of so many bytes.
pub(super) fn gradient_with<T: Wide, U: Narrow>(
    level: Level,
    cache: usize,
    backward: &Backward<'_, T, U>,
    threads: Option<usize>,
) -> Result<Vec<f64>, String> {
    let plan = backward.plan;
    let rows = plan.count();
    let lanes = level.lanes(size_of::<U::Lane>());
    let inner = if rows == 1 { backward.count.max(1) } else { backward.inner.max(1) };
    let group = (inner <= lanes.min(WIDEST_GROUP)).then(|| Pattern::new(rows, inner, lanes));
    // Not a property of the machine: sums have the same shape everywhere.
    let step = if inner <= WIDEST_GROUP { WIDEST_GROUP * inner } else { LANES };
    // Shorter than forward: what is read in one go does not overlap with the arithmetic.
    let parts = if inner <= WIDEST_GROUP { 2 } else { 4 };
    let tile = (Tile::<f64>::length(rows, step) / parts / step).max(1) * step;
    let bytes = backward.count * rows * size_of::<U>();
    let streams = backward.count * size_of::<U>() > cache;
    let reader = Reader { backward, inner, group, tile, streams, entries: entries(plan) };
    let units = Units { count: backward.count, tile, bytes };
    let parts = parallel::run(level, &reader, &units, threads)?;
    let mut sums = vec![0.0; plan.coefficients.len()];
    if backward.coefficients && plan.kind != Kind::Powers {
        for (entry, sum) in reader.entries.iter().zip(pairwise(&parts)) {
            sums[entry.degree] += sum;
        }
    }
    Ok(sums)
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
    /// `f k`, what `t^(k - 1)` has in the slope.
    slope: f64,
    row: usize,
    /// Multiplications with `t` from the entry before, to one degree below this one.
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
        let raises = degree.saturating_sub(1) - known;
        known += raises;
        Entry { degree, slope: factor * degree as f64, row, raises }
    };
    all.into_iter().map(entry).collect()
}

/// A backward job with what its ranges share.
struct Reader<'a, T, U> {
    backward: &'a Backward<'a, T, U>,
    inner: usize,
    group: Option<Pattern>,
    tile: usize,
    /// Whether the gradient of the values is written past the caches.
    streams: bool,
    entries: Vec<Entry>,
}

impl<T: Wide, U: Narrow> Job for Reader<'_, T, U> {
    /// For each entry, the sum over the range.
    type Output = Vec<f64>;

    #[inline(always)]
    fn range<I: Instructions>(&self, instructions: I, first: usize, last: usize) -> Vec<f64> {
        let (backward, plan) = (self.backward, self.backward.plan);
        let (tile, rows) = (self.tile.min(last - first), plan.count());
        // Whole lanes, and a vector of room behind each row.
        let stride = tile.next_multiple_of(LANES) + LANES;
        let mut values = vec![T::default(); tile];
        let mut gradients = vec![U::default(); tile * rows];
        let mut staged = vec![U::Lane::default(); tile * rows + LANES];
        let mut lanes = vec![U::Lane::default(); stride * rows];
        let mut above = vec![0.0; if plan.kind == Kind::PartialSums { stride * rows } else { 0 }];
        let mut t = vec![0.0; stride];
        let mut slope = vec![U::Lane::default(); stride];
        let mut out = vec![U::default(); if U::IS_LANE { 0 } else { tile }];
        let mut sums = vec![[0.0; LANES]; self.entries.len()];
        let mut start = first;
        while start < last {
            let count = tile.min(last - start);
            let x = read(&backward.input, start, &mut values[..count]);
            widen(instructions, x, plan.scale, plan.offset, &mut t);
            // The gradient, row by row.
            match (&backward.gradient, &self.group) {
                (Gradient::Rows(views), _) => {
                    for (view, row) in views.iter().zip(lanes.chunks_mut(stride)) {
                        to_lanes(read(view, start, &mut gradients[..count]), &mut row[..count]);
                    }
                }
                (Gradient::Dense(view), Some(pattern)) => {
                    let all = read(view, start * rows, &mut gradients[..count * rows]);
                    let all = match as_lanes(all) {
                        Some(all) if pattern.keeps_within(count) => all,
                        _ => {
                            to_lanes(all, &mut staged[..count * rows]);
                            &staged
                        }
                    };
                    instructions.separate(pattern, all, &mut lanes, stride, count);
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
                            to_lanes(read(view, offset, &mut gradients[..length]), to);
                            done += length;
                        }
                    }
                }
            }
            // Lanes beyond the last value add nothing to sums.
            let whole = count.next_multiple_of(LANES);
            for row in lanes.chunks_mut(stride) {
                row[count..whole].fill(U::Lane::default());
            }
            if plan.kind == Kind::PartialSums {
                accumulate_from_above(instructions, plan, &lanes, &mut above, stride, whole);
                self.tile(instructions, &t, &above, stride, whole, &mut slope, &mut sums);
            } else {
                self.tile(instructions, &t, &lanes, stride, whole, &mut slope, &mut sums);
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
        // Lanes by halves, like the ranges.
        sums.iter().map(|lanes| pairwise(&lanes.map(|lane| vec![lane]))[0]).collect()
    }
}

impl<T: Wide, U: Narrow> Reader<'_, T, U> {
    /// `slope = scale sum_e f_e k_e t^(k_e - 1) g_e` where it is wanted, and where they are the
    /// sums of `t^k g`, for `count` values: whole lanes.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn tile<I: Instructions, G: Lane>(
        &self,
        instructions: I,
        t: &[f64],
        gradients: &[G],
        stride: usize,
        count: usize,
        slope: &mut [U::Lane],
        sums: &mut [[f64; LANES]],
    ) {
        assert!(count <= stride && t.len() >= count && slope.len() >= count);
        assert!(self.entries.iter().all(|entry| (entry.row + 1) * stride <= gradients.len()));
        let (wants_slope, wants_sums) =
            (self.backward.values.is_some(), self.backward.coefficients);
        let scale = instructions.splat(self.backward.plan.scale);
        for first in (0..count).step_by(LANES) {
            // SAFETY: sixteen values from `first` on lie inside `t`, `slope` and each row, by the
            // assertions above; sums have sixteen places.
            unsafe {
                let load =
                    |from: *const f64| [instructions.load(from), instructions.load(from.add(8))];
                let t = load(t.as_ptr().add(first));
                // One degree behind, where the slope needs it.
                let mut power = [instructions.splat(1.0); 2];
                let mut total = [instructions.splat(0.0); 2];
                for (entry, sums) in self.entries.iter().zip(&mut *sums) {
                    let from = gradients.as_ptr().add(entry.row * stride + first);
                    let g = [instructions.load(from), instructions.load(from.add(8))];
                    for _ in 0..entry.raises {
                        power = each(instructions, power, t);
                    }
                    if wants_slope && entry.slope != 0.0 {
                        let weighted =
                            each(instructions, power, [instructions.splat(entry.slope); 2]);
                        total = each_add(instructions, weighted, g, total);
                    }
                    if wants_sums {
                        let raised =
                            if entry.degree == 0 { power } else { each(instructions, power, t) };
                        let sums = sums.as_mut_ptr();
                        let sum = each_add(instructions, raised, g, load(sums));
                        instructions.store(sum[0], sums);
                        instructions.store(sum[1], sums.add(8));
                    }
                }
                let total = each(instructions, total, [scale; 2]);
                instructions.store_both(total, slope.as_mut_ptr().add(first));
            }
        }
    }
}

#[inline(always)]
fn each<I: Instructions>(instructions: I, a: [I::Eight; 2], b: [I::Eight; 2]) -> [I::Eight; 2] {
    [instructions.multiply(a[0], b[0]), instructions.multiply(a[1], b[1])]
}

#[inline(always)]
fn each_add<I: Instructions>(
    instructions: I,
    a: [I::Eight; 2],
    b: [I::Eight; 2],
    c: [I::Eight; 2],
) -> [I::Eight; 2] {
    [instructions.multiply_add(a[0], b[0], c[0]), instructions.multiply_add(a[1], b[1], c[1])]
}

/// The values as their lanes, where those are the same.
#[inline(always)]
fn as_lanes<U: Narrow>(values: &[U]) -> Option<&[U::Lane]> {
    // SAFETY: the same type by another name.
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
/// degree on.
#[inline(always)]
fn accumulate_from_above<I: Instructions, L: Lane>(
    instructions: I,
    plan: &Plan,
    rows: &[L],
    above: &mut [f64],
    stride: usize,
    count: usize,
) {
    assert!(count.is_multiple_of(LANES) && count <= stride);
    assert!(rows.len() >= plan.count() * stride && above.len() >= plan.count() * stride);
    let one = instructions.splat(1.0);
    for first in (0..count).step_by(8) {
        let mut sum = instructions.splat(0.0);
        for row in plan.rows.iter().rev() {
            let place = row.place * stride + first;
            // SAFETY: eight values from there on lie inside both slices, by the assertions.
            unsafe {
                let g = instructions.load(rows.as_ptr().add(place));
                sum = instructions.multiply_add(g, one, sum);
                instructions.store(sum, above.as_mut_ptr().add(place));
            }
        }
    }
}
