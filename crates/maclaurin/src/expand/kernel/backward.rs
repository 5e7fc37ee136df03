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
    gradient_with(Level::best(), backward, threads)
}

pub(super) fn gradient_with<T: Wide, U: Narrow>(
    level: Level,
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
    let tile = Tile::<f64>::length(rows, step);
    let bytes = backward.count * rows * size_of::<U>();
    let streams = backward.count * size_of::<U>() > parallel::last_level_cache();
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
    factor: f64,
    row: usize,
}

/// What each degree gets, by rising degree.
fn entries(plan: &Plan) -> Vec<Entry> {
    let coefficient = |degree: usize, row: usize| {
        let factor = plan.coefficients[degree];
        Entry { degree, factor, row }
    };
    match plan.kind {
        Kind::Powers | Kind::Terms => {
            let entry = |row: &super::Row| {
                Entry { degree: row.degree, factor: row.factor, row: row.place }
            };
            plan.rows.iter().map(entry).collect()
        }
        Kind::Sum => (0..plan.coefficients.len()).map(|degree| coefficient(degree, 0)).collect(),
        Kind::PartialSums => (0..plan.coefficients.len())
            .filter_map(|degree| {
                let first = plan.rows.iter().find(|row| row.degree >= degree)?;
                Some(coefficient(degree, first.place))
            })
            .collect(),
    }
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
        let mut work = Work {
            t: vec![0.0; stride],
            slope: vec![0.0; stride],
            gradients: vec![0.0; stride * rows],
            stride,
        };
        let mut narrow = vec![U::Lane::default(); stride];
        let mut out = vec![U::default(); tile];
        let mut sums = vec![[0.0; LANES]; self.entries.len()];
        let mut start = first;
        while start < last {
            let count = tile.min(last - start);
            let x = read(&backward.input, start, &mut values[..count]);
            widen(instructions, x, plan.scale, plan.offset, &mut work.t);
            // The gradient, row by row.
            match (&backward.gradient, &self.group) {
                (Gradient::Rows(views), _) => {
                    for (view, row) in views.iter().zip(lanes.chunks_mut(stride)) {
                        copy(read(view, start, &mut gradients[..count]), row);
                    }
                }
                (Gradient::Dense(view), Some(pattern)) => {
                    copy(read(view, start * rows, &mut gradients[..count * rows]), &mut staged);
                    instructions.separate(pattern, &staged, &mut lanes, stride, count);
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
                            copy(read(view, offset, &mut gradients[..length]), to);
                            done += length;
                        }
                    }
                }
            }
            for row in 0..rows {
                let from = &lanes[row * stride..][..count];
                let to = &mut work.gradients[row * stride..][..count.next_multiple_of(LANES)];
                // Lanes beyond the last value add nothing to sums.
                to[count..].fill(0.0);
                widen_lanes(instructions, from, to);
            }
            if plan.kind == Kind::PartialSums {
                accumulate_from_above(plan, &mut work.gradients, stride, count);
            }
            self.tile(instructions, &mut work, count, &mut sums);
            if let Some(to) = backward.values {
                for (lane, &slope) in narrow[..count].iter_mut().zip(&work.slope) {
                    *lane = Lane::round(plan.scale * slope);
                }
                for (out, &lane) in out[..count].iter_mut().zip(&narrow) {
                    *out = U::narrow(lane);
                }
                // SAFETY: these values' places belong to this range alone.
                unsafe {
                    if self.streams {
                        instructions.stream(&out[..count], to.add(start));
                    } else {
                        std::ptr::copy_nonoverlapping(out.as_ptr(), to.add(start), count);
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

/// A tile in double precision.
struct Work {
    t: Vec<f64>,
    slope: Vec<f64>,
    /// The gradient of each row.
    gradients: Vec<f64>,
    stride: usize,
}

/// Entries whose sums stay in registers for a pass over the tile.
const SUMS_AT_ONCE: usize = 4;

impl<T: Wide, U: Narrow> Reader<'_, T, U> {
    /// `slope = sum_e f_e k_e t^(k_e - 1) g_e` and, where they are wanted, the sums of `t^k g`.
    #[inline(always)]
    fn tile<I: Instructions>(
        &self,
        instructions: I,
        work: &mut Work,
        count: usize,
        sums: &mut [[f64; LANES]],
    ) {
        let count = count.next_multiple_of(LANES);
        let stride = work.stride;
        assert!(count <= stride && work.t.len() == stride && work.slope.len() == stride);
        assert!(self.entries.iter().all(|entry| (entry.row + 1) * stride <= work.gradients.len()));
        let (t, gradients) = (work.t.as_ptr(), work.gradients.as_ptr());
        if self.backward.values.is_some() {
            for first in (0..count).step_by(8) {
                // SAFETY: eight values from `first` on lie inside `t`, `slope` and each row, by
                // the assertions above.
                unsafe {
                    let t = instructions.load(t.add(first));
                    let mut power = instructions.splat(1.0);
                    let mut slope = instructions.splat(0.0);
                    let mut known = 0;
                    for entry in &self.entries {
                        let factor = entry.factor * entry.degree as f64;
                        if factor == 0.0 {
                            continue;
                        }
                        for _ in known..entry.degree - 1 {
                            power = instructions.multiply(power, t);
                        }
                        known = entry.degree - 1;
                        let g = instructions.load(gradients.add(entry.row * stride + first));
                        let weighted = instructions.multiply(instructions.splat(factor), power);
                        slope = instructions.multiply_add(weighted, g, slope);
                    }
                    instructions.store(slope, work.slope.as_mut_ptr().add(first));
                }
            }
        }
        if !self.backward.coefficients {
            return;
        }
        // Powers are computed again for each few entries: their sums stay in registers.
        let chunks = self.entries.chunks(SUMS_AT_ONCE).zip(sums.chunks_mut(SUMS_AT_ONCE));
        for (entries, sums) in chunks {
            for half in [0, 8] {
                // SAFETY: as above; `sums` has `LANES` places for each entry.
                unsafe {
                    let mut totals = [instructions.splat(0.0); SUMS_AT_ONCE];
                    for (total, sums) in totals.iter_mut().zip(&*sums) {
                        *total = instructions.load(sums.as_ptr().add(half));
                    }
                    for first in (half..count).step_by(LANES) {
                        let t = instructions.load(t.add(first));
                        let mut power = instructions.splat(1.0);
                        let mut known = 0;
                        for (entry, total) in entries.iter().zip(&mut totals) {
                            for _ in known..entry.degree {
                                power = instructions.multiply(power, t);
                            }
                            known = entry.degree;
                            let g = instructions.load(gradients.add(entry.row * stride + first));
                            *total = instructions.multiply_add(power, g, *total);
                        }
                    }
                    for (total, sums) in totals.iter().zip(&mut *sums) {
                        instructions.store(*total, sums.as_mut_ptr().add(half));
                    }
                }
            }
        }
    }
}

/// Lanes in double precision.
#[inline(always)]
fn widen_lanes<I: Instructions, L: Lane>(instructions: I, from: &[L], to: &mut [f64]) {
    let whole = from.len() / 8 * 8;
    assert!(to.len() >= from.len());
    for first in (0..whole).step_by(8) {
        // SAFETY: eight values from `first` on lie inside both slices.
        unsafe {
            let values = instructions.load(from.as_ptr().add(first));
            instructions.store(values, to.as_mut_ptr().add(first));
        }
    }
    for (to, from) in to[whole..].iter_mut().zip(&from[whole..]) {
        *to = from.exact();
    }
}

/// A partial sum contains every term below: the gradient of a term is that of all rows from its
/// degree on.
#[inline(always)]
fn accumulate_from_above(plan: &Plan, rows: &mut [f64], stride: usize, count: usize) {
    for pair in plan.rows.windows(2).rev() {
        let (lower, upper) = (pair[0].place, pair[1].place);
        for place in 0..count {
            rows[lower * stride + place] += rows[upper * stride + place];
        }
    }
}

/// The lanes of values.
#[inline(always)]
fn copy<U: Narrow>(values: &[U], lanes: &mut [U::Lane]) {
    for (lane, value) in lanes.iter_mut().zip(values) {
        *lane = Lane::round(value.wide());
    }
}
