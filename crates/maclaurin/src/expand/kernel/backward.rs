//! The vector-Jacobian products: gradients of the values and of the coefficients in one pass.
//!
//! With `g_r` the gradient of row `r` of degree `k_r`, the gradient of a value is
//! `scale sum_r g_r f_r k_r t^(k_r - 1)`, that of a coefficient `a_k` the sum over all values of
//! `t^k` times the gradients of the rows that contain it. Powers are computed again, not stored.

use super::aligned::Aligned;
use super::forward::read;
use super::instructions::{Instructions, Job, Level};
use super::interleave::Pattern;
use super::parallel::{self, Units};
use super::recurrence::RecurrenceRows;
use super::rows::{LANES, Tile, widen};
use super::{Kind, Plan, WIDEST_GROUP};
use crate::expand::ExpandError;
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
) -> Result<Vec<f64>, ExpandError> {
    let cache = parallel::last_level_cache();
    gradient_with(Level::chosen()?, cache, backward, threads).map_err(ExpandError::Threads)
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
    // Not a property of the machine: sums have the same shape everywhere.
    let step = if inner <= WIDEST_GROUP { WIDEST_GROUP * inner } else { LANES };
    // Shorter than forward: what is read in one go does not overlap with the arithmetic.
    let parts = if inner <= WIDEST_GROUP { 2 } else { 4 };
    let tile = (Tile::<f64>::length(rows, step) / parts / step).max(1) * step;
    let bytes = backward.count * rows * size_of::<U>();
    let streams = backward.count * size_of::<U>() > cache;
    let entries = entries(plan);
    let slopes = slopes(&entries);
    let direct = level.writes_directly() && directly(backward, inner);
    let grouped = !direct && inner <= lanes.min(WIDEST_GROUP);
    let group = grouped.then(|| Pattern::new(rows, inner, lanes));
    let reader = Reader { backward, inner, group, tile, streams, entries, slopes, direct };
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

/// Gradients that a machine may take back without tiles: single precision, of rows by rising
/// degree, side by side for each value or far apart.
pub struct DirectGradient<'a> {
    pub(super) plan: &'a Plan,
    /// By degree `k`, to the highest: what `t^(k - 1)` has in the slope.
    pub(super) slopes: &'a [f64],
    /// Whether degree 0 has a gradient.
    pub(super) constant: bool,
    /// Values between two rows, where they lie apart.
    pub(super) apart: Option<usize>,
    /// Whether the gradient of the values is written past the caches.
    pub(super) streams: bool,
}

/// Whether a gradient can be taken back without tiles.
fn directly<T, U: Narrow>(backward: &Backward<'_, T, U>, inner: usize) -> bool {
    let plan = backward.plan;
    let count = plan.count();
    let placed = plan.rows.iter().enumerate().all(|(place, row)| row.place == place);
    let rising = placed && plan.rows.windows(2).all(|pair| pair[0].degree < pair[1].degree);
    let singles = U::IS_LANE && size_of::<U>() == 4;
    // Blocks of rows begin at the first lane of the sums.
    let placed = inner == 1 || count == 1 || inner.is_multiple_of(LANES);
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
    group: Option<Pattern>,
    tile: usize,
    /// Whether the gradient of the values is written past the caches.
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
        // Whole lanes, and a vector of room behind each row.
        let stride = tile.next_multiple_of(LANES) + LANES;
        let mut values = vec![T::default(); tile];
        let mut gradients = vec![U::default(); tile * rows];
        let mut staged = Aligned::<U::Lane>::new(tile * rows + LANES);
        let mut lanes = Aligned::<U::Lane>::new(stride * rows);
        let mut above =
            Aligned::<f64>::new(if plan.kind == Kind::PartialSums { stride * rows } else { 0 });
        let mut t = Aligned::<f64>::new(stride);
        let mut slope = Aligned::<U::Lane>::new(stride);
        let mut recurrent = RecurrenceRows::new(plan, tile);
        let mut out = vec![U::default(); if U::IS_LANE { 0 } else { tile }];
        let mut start = first;
        while start < last {
            let count = tile.min(last - start);
            let x = read(&backward.input, start, &mut values[..count]);
            if recurrent.is_none() {
                widen(instructions, x, plan.scale, plan.offset, &mut t);
            }
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
            if let Some(recurrent) = &mut recurrent {
                recurrent.take_back(plan, x, &lanes, stride, &mut slope);
            }
            // Lanes beyond the last value add nothing to sums.
            let whole = count.next_multiple_of(LANES);
            t[count..whole].fill(0.0);
            for row in lanes.chunks_mut(stride) {
                row[count..whole].fill(U::Lane::default());
            }
            if recurrent.is_some() {
                // Done.
            } else if plan.kind == Kind::PartialSums {
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
        sums.iter().map(in_all).collect()
    }
}

/// Sums over a range, side by side: value `i` adds to lane `i % 16`. They begin at a cache line: the
/// next value waits for what this one stores, longer if it lies in two lines.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
pub struct Sums(pub(super) [f64; LANES]);

/// The sum of lanes, by halves like the ranges.
fn in_all(sums: &Sums) -> f64 {
    let (mut lanes, mut apart) = (sums.0, 1);
    while apart < LANES {
        for first in (0..LANES).step_by(2 * apart) {
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
            // the type of both is `f32` by another name.
            unsafe {
                instructions.take_back_directly(&direct, x, gradient, count, out, sums);
            }
            start += count;
        }
    }

    /// `slope = sum_e s_e t^(k_e - 1) g_e` where it is wanted, and where they are the
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
        sums: &mut [Sums],
    ) {
        assert!(count <= stride && t.len() >= count && slope.len() >= count);
        assert!(self.entries.iter().all(|entry| (entry.row + 1) * stride <= gradients.len()));
        let (wants_slope, wants_sums) = (self.backward.values.is_some(), self.wants_sums());
        for first in (0..count).step_by(LANES) {
            // SAFETY: sixteen values from `first` on lie inside `t`, `slope` and each row, by the
            // assertions above; sums have sixteen places.
            unsafe {
                let t = both(instructions, t, first);
                if wants_slope {
                    let total = self.slope(instructions, t, gradients, stride, first);
                    instructions.store_both(total, slope.as_mut_ptr().add(first));
                }
                if !wants_sums {
                    continue;
                }
                // A sum's gradient is that of each degree: it is what the powers begin with.
                let one = [instructions.splat(1.0); 2];
                let is_sum = self.backward.plan.kind == Kind::Sum;
                let mut power = if is_sum { both(instructions, gradients, first) } else { one };
                for (entry, sums) in self.entries.iter().zip(&mut *sums) {
                    let g = if is_sum {
                        one
                    } else {
                        both(instructions, gradients, entry.row * stride + first)
                    };
                    for _ in 0..entry.raises {
                        power = each(instructions, power, t);
                    }
                    let sum = each_add(instructions, power, g, both(instructions, &sums.0, 0));
                    instructions.store_both(sum, sums.0.as_mut_ptr());
                }
            }
        }
    }

    /// `sum_e s_e t^(k_e - 1) g_e` for sixteen values from `first` on, by Horner's rule.
    ///
    /// # Safety
    ///
    /// They lie inside each row.
    #[inline(always)]
    unsafe fn slope<I: Instructions, G: Lane>(
        &self,
        instructions: I,
        t: [I::Eight; 2],
        gradients: &[G],
        stride: usize,
        first: usize,
    ) -> [I::Eight; 2] {
        let mut total = [instructions.splat(0.0); 2];
        if self.backward.plan.kind == Kind::Sum {
            // One gradient for all degrees: times the polynomial's derivative.
            if let Some((&last, rest)) = self.slopes[1..].split_last() {
                total = [instructions.splat(last); 2];
                for &a in rest.iter().rev() {
                    total = each_add(instructions, total, t, [instructions.splat(a); 2]);
                }
            }
            // SAFETY: the caller's promise.
            return each(instructions, total, unsafe { both(instructions, gradients, first) });
        }
        let (mut highest, mut raises) = (true, 0);
        for entry in self.entries.iter().rev() {
            if highest || entry.slope != 0.0 {
                // SAFETY: the caller's promise.
                let g = unsafe { both(instructions, gradients, entry.row * stride + first) };
                let weighted = each(instructions, [instructions.splat(entry.slope); 2], g);
                for _ in 1..raises {
                    total = each(instructions, total, t);
                }
                let one = [instructions.splat(1.0); 2];
                let factor = if raises == 0 { one } else { t };
                total = if highest {
                    weighted
                } else {
                    each_add(instructions, total, factor, weighted)
                };
                (highest, raises) = (false, 0);
            }
            raises += entry.raises;
        }
        for _ in 1..raises {
            total = each(instructions, total, t);
        }
        total
    }
}

/// Sixteen values from `first` on.
///
/// # Safety
///
/// They lie inside the slice.
#[inline(always)]
unsafe fn both<I: Instructions, L: Lane>(
    instructions: I,
    values: &[L],
    first: usize,
) -> [I::Eight; 2] {
    // SAFETY: the caller's promise.
    unsafe {
        let from = values.as_ptr().add(first);
        [instructions.load(from), instructions.load(from.add(8))]
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
