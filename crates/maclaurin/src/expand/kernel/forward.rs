//! An array expanded: tile by tile, from its memory to the output's.

use std::sync::OnceLock;

use super::aligned::Aligned;
use super::drain::Drain;
use super::instructions::{Instructions, Job, Level, Ways};
use super::interleave::Order;
use super::overflow::{any_exceeds, limit};
use super::parallel::{self, Units};
use super::pattern::Pattern;
use super::rows::{Numbers, Tile};
use super::vector::WIDTH;
use super::{Plan, WIDEST_GROUP};
use crate::expand::ExpandError;
use crate::expand::element::sealed::{Narrow, Wide};
use crate::expand::strided::{Run, Strided};

/// Where the output goes.
pub(in crate::expand) enum Destination<U> {
    /// Laid out as (outer, row, inner), from here on.
    Dense(*mut U),
    /// A view of each row, with the input's shape.
    Rows(Vec<Strided<U>>),
}

// SAFETY: the addresses are written by one range of values each, while the borrow that they were
// made from is held.
unsafe impl<U: Send> Send for Destination<U> {}
// SAFETY: as above.
unsafe impl<U: Sync> Sync for Destination<U> {}

/// An array to expand.
pub(in crate::expand) struct Forward<'a, T, U> {
    pub plan: &'a Plan,
    pub input: Strided<T>,
    /// For the forward derivative: the direction, of the input's shape.
    pub tangent: Option<Strided<T>>,
    pub count: usize,
    /// Values between two rows of one value.
    pub inner: usize,
    pub output: Destination<U>,
}

/// Expands on the given number of threads, `None` for as many as there are.
pub(in crate::expand) fn expand<T: Wide, U: Narrow>(
    forward: &Forward<'_, T, U>,
    threads: Option<usize>,
) -> Result<(), ExpandError> {
    let cache = parallel::last_level_cache();
    expand_with(Level::chosen()?, cache, forward, threads).map_err(ExpandError::Threads)
}

/// [`expand`] by an instruction set; an output larger than `cache` bytes is written by non-temporal stores.
pub(super) fn expand_with<T: Wide, U: Narrow>(
    level: Level,
    cache: usize,
    forward: &Forward<'_, T, U>,
    threads: Option<usize>,
) -> Result<(), String> {
    let rows = forward.plan.count();
    let bytes = forward.count * rows * size_of::<U>();
    // One row alone lies as the input does.
    let inner = if rows == 1 { forward.count.max(1) } else { forward.inner.max(1) };
    let streams = bytes > cache;
    let direct = Direct::new(level, forward, inner, streams);
    let order = (inner <= WIDEST_GROUP).then_some(Order { rows, inner });
    let straight = match (&order, &forward.output) {
        (Some(order), Destination::Dense(out)) if streams => order.streams(*out),
        _ => false,
    };
    // Whole groups, and whole vectors.
    let step = if order.is_some() { WIDTH * inner } else { WIDTH };
    // Registers of groups lie across those that rows were stored by: these stores are to be over.
    let tile = if straight && inner == 1 { STRAIGHT } else { Tile::<U::Lane>::length(rows, step) };
    let (numbers, limit) = (OnceLock::new(), limit::<U::Lane>(forward.plan));
    let writer = Writer { forward, numbers, limit, inner, order, straight, tile, streams, direct };
    let units = Units { count: forward.count, tile, bytes };
    parallel::run(level, &writer, &units, threads).map(|_| ())
}

/// Values of a tile whose rows go to memory straight from registers: a core can hold few unfinished stores, and is to
/// compute meanwhile.
const STRAIGHT: usize = 64;

/// A forward job with what its ranges share.
struct Writer<'a, T, U: Narrow> {
    forward: &'a Forward<'a, T, U>,
    /// Once a tile needs them.
    numbers: OnceLock<Numbers<U::Lane>>,
    /// As [`limit`].
    limit: f64,
    inner: usize,
    /// How rows are interleaved, where groups are narrow.
    order: Option<Order>,
    /// Whether they are written by non-temporal stores as they are interleaved, not a tile later.
    straight: bool,
    /// Values in a tile.
    tile: usize,
    /// Whether the output is written by non-temporal stores.
    streams: bool,
    /// How to go without tiles, where that is possible.
    direct: Option<Direct<'a>>,
}

/// Rows that a machine may write without tiles: of single precision or less.
pub struct Direct<'a> {
    pub(super) plan: &'a Plan,
    /// Values between two rows, where they lie far apart.
    pub(super) apart: Option<usize>,
    /// Values of the groups behind which rows are interleaved; 1 where there are none.
    pub(super) width: usize,
    /// How they do, where the instruction set asks.
    pub(super) group: Option<Pattern>,
    /// Whether there is a loop for just these rows ([`Plan::unrolls`]); only of groups there may be
    /// none.
    pub(super) unrolls: bool,
    /// Whether the output is written by non-temporal stores.
    pub(super) streams: bool,
}

impl<'a> Direct<'a> {
    /// The numbers of rows that there is code for where they are not grouped.
    const COUNTS: [usize; 9] = [1, 2, 3, 4, 5, 6, 7, 8, 16];

    /// The most rows that an instruction set with few ways writes without tiles.
    pub(super) const MOST_FEW: usize = 8;

    /// The most rows by rising degree, of groups of three or four values.
    pub(super) const MOST_ROWS: usize = 16;

    /// The most rows that there is room for where they are.
    pub(super) const MOST_GROUPED: usize = 32;

    fn new<T, U: Narrow>(
        level: Level,
        forward: &Forward<'a, T, U>,
        inner: usize,
        streams: bool,
    ) -> Option<Self> {
        let plan = forward.plan;
        let ways = level.ways();
        let count = plan.count();
        let Destination::Dense(out) = &forward.output else { return None };
        let singles = size_of::<U::Lane>() == 4 && forward.tangent.is_none();
        if ways == Ways::None || !singles || plan.recurrence.is_some() {
            return None;
        }
        let unrolls = plan.unrolls();
        // Few ways write whole registers by non-temporal stores, from their place on.
        let whole = U::IS_LANE && (!streams || out.addr().is_multiple_of(16));
        let few = whole && count <= Self::MOST_FEW;
        if count > 1 && (2..=WIDEST_GROUP).contains(&inner) && count <= Self::MOST_GROUPED {
            let registers = unrolls && whole && count <= Self::MOST_ROWS && matches!(inner, 3 | 4);
            let group = match ways {
                Ways::Many if count > Self::MOST_FEW && registers => None,
                Ways::Many => Some(Pattern::new(count, inner)),
                _ if registers => None,
                _ => return None,
            };
            return Some(Self { plan, apart: None, width: inner, group, unrolls, streams });
        }
        // Shorter parts of rows do not pay for the ends of their lines.
        let apart = count > 1 && inner * size_of::<U>() >= SHORTEST_STREAM;
        let placed = apart || inner == 1 || count == 1;
        let even = !apart || !streams || (inner * size_of::<U>()).is_multiple_of(16);
        if ways == Ways::Few && !(few && even) {
            return None;
        }
        (unrolls && placed && Self::COUNTS.contains(&count)).then_some(Self {
            plan,
            apart: apart.then_some(inner),
            width: 1,
            group: None,
            unrolls,
            streams,
        })
    }
}

/// Values with gaps between them that are gathered at a time.
const GATHERED: usize = 256;

/// Values between one that is computed with and one whose memory is asked for.
pub(super) const AHEAD: usize = 512;

/// The shortest part of a row that is worth non-temporal stores, in bytes.
const SHORTEST_STREAM: usize = 512;

impl<T: Wide, U: Narrow> Job for Writer<'_, T, U> {
    type Output = ();

    #[inline(always)]
    fn range<I: Instructions>(&self, instructions: I, first: usize, last: usize) {
        if let (Some(direct), Destination::Dense(out)) = (&self.direct, &self.forward.output)
            && !self.overflows(first, last)
        {
            // SAFETY: these values' places in the output belong to this range alone.
            unsafe { self.expand_directly(instructions, direct, first, last, *out) };
            instructions.fence();
            return;
        }
        let plan = self.forward.plan;
        let numbers = self.numbers.get_or_init(|| Numbers::new(plan));
        let tile = self.tile.min(last - first);
        let strided = self.forward.input.contiguous().is_none();
        let mut values = vec![T::default(); if strided { tile } else { 0 }];
        let mut directions =
            vec![T::default(); if self.forward.tangent.is_some() { tile } else { 0 }];
        // Two, in turn: what one tile computed is written by non-temporal stores during the next.
        let mut now = Finished::<U>::new(plan.count(), tile);
        let later = self.streams && !self.straight;
        let mut earlier = Finished::<U>::new(plan.count(), if later { tile } else { 0 });
        let mut drain = Drain::new((plan.count() * WIDTH * size_of::<U>()).max(SHORTEST_STREAM));
        let mut start = first;
        while start < last {
            let count = tile.min(last - start);
            self.forward.input.prefetch(start + AHEAD, count);
            let x = read(&self.forward.input, start, count, &mut values);
            let along = match &self.forward.tangent {
                Some(tangent) => Some(read(tangent, start, count, &mut directions)),
                None => None,
            };
            now.tile.fill(instructions, plan, numbers, x, along, &mut drain);
            drain.finish(instructions);
            match &self.forward.output {
                Destination::Rows(rows) => {
                    for (row, out) in rows.iter().enumerate() {
                        scatter(now.tile.row(row), out, start);
                    }
                }
                Destination::Dense(out) => {
                    // SAFETY: these values' places in the output belong to this range alone, and
                    // what the drain takes stays until it is finished.
                    unsafe { self.put(instructions, &mut now, start, count, *out, &mut drain) };
                }
            }
            if later {
                std::mem::swap(&mut now, &mut earlier);
            }
            start += count;
        }
        drain.finish(instructions);
        instructions.fence();
    }
}

/// A tile's rows, and their last form before they are written.
struct Finished<U: Narrow> {
    tile: Tile<U::Lane>,
    interleaved: Aligned<U::Lane>,
    narrow: Aligned<U>,
}

impl<U: Narrow> Finished<U> {
    fn new(rows: usize, tile: usize) -> Self {
        let narrow = Aligned::new(if U::IS_LANE { 0 } else { rows * tile });
        let interleaved = Aligned::new(rows * tile);
        Self { tile: Tile::new(rows, tile), interleaved, narrow }
    }
}

impl<T: Wide, U: Narrow> Writer<'_, T, U> {
    /// Whether powers may overflow that terms of the type are made of: tiles compute these once more.
    #[inline(always)]
    fn overflows(&self, first: usize, last: usize) -> bool {
        if self.limit == f64::INFINITY {
            return false;
        }
        let (mut gathered, mut any) = ([T::default(); GATHERED], false);
        for start in (first..last).step_by(GATHERED) {
            let count = GATHERED.min(last - start);
            let x = read(&self.forward.input, start, count, &mut gathered);
            any |= any_exceeds::<_, U::Lane>(x, self.forward.plan, self.limit);
        }
        any
    }

    /// The range without tiles.
    ///
    /// # Safety
    ///
    /// The range's places in `out` may be written and are nobody else's.
    #[inline(always)]
    unsafe fn expand_directly<I: Instructions>(
        &self,
        instructions: I,
        direct: &Direct<'_>,
        first: usize,
        last: usize,
        out: *mut U,
    ) {
        let (input, rows) = (&self.forward.input, direct.plan.count());
        // Values in one piece, whole groups (and of `f32`, so that the next piece begins at 16 bytes), and where their
        // block ends.
        let step = direct.group.as_ref().map_or(4 * direct.width, |pattern| pattern.step);
        let gathered_at_once = GATHERED / step * step;
        let piece = if input.contiguous().is_some() { usize::MAX } else { gathered_at_once };
        let mut gathered = [T::default(); GATHERED];
        let mut start = first;
        while start < last {
            let (offset, length) = match direct.apart {
                Some(inner) => {
                    let (block, place) = (start / inner, start % inner);
                    (block * rows * inner + place, inner - place)
                }
                None => (start * rows, usize::MAX),
            };
            let count = length.min(piece).min(last - start);
            let x = match input.contiguous() {
                Some(x) => x.wrapping_add(start).cast_const(),
                None => read(input, start, count, &mut gathered).as_ptr(),
            };
            // SAFETY: the values exist; the caller's promise for the output.
            unsafe { instructions.expand_directly(direct, x, count, out.add(offset)) };
            start += count;
        }
    }

    /// Writes a tile of `count` values from `start` on to its places, or has the drain do it.
    ///
    /// # Safety
    ///
    /// The places in `out` may be written and are nobody else's; `now` stays as it is until the
    /// drain is finished.
    #[inline(always)]
    unsafe fn put<I: Instructions>(
        &self,
        instructions: I,
        now: &mut Finished<U>,
        start: usize,
        count: usize,
        out: *mut U,
        drain: &mut Drain,
    ) {
        let rows = self.forward.plan.count();
        let Finished { tile, interleaved, narrow } = now;
        if let Some(order) = self.order {
            let (lanes, stride) = tile.all_rows();
            // SAFETY: the caller's promise; where the lane is the type itself, their addresses are
            // interchangeable.
            unsafe {
                let to = out.add(start * rows);
                if self.straight && U::IS_LANE {
                    order.interleave::<_, true>(lanes, stride, count, to.cast());
                } else if self.straight {
                    order.interleave_halves(instructions, lanes, stride, count, to);
                } else if U::IS_LANE && !self.streams {
                    order.interleave::<_, false>(lanes, stride, count, to.cast());
                } else {
                    order.interleave::<_, false>(lanes, stride, count, interleaved.as_mut_ptr());
                    self.write(instructions, &interleaved[..count * rows], narrow, to, drain);
                }
            }
            return;
        }
        for row in 0..rows {
            let mut done = 0;
            while done < count {
                let (block, place) = ((start + done) / self.inner, (start + done) % self.inner);
                let length = (self.inner - place).min(count - done);
                let values = &tile.row(row)[done..done + length];
                let narrow =
                    if U::IS_LANE { &mut narrow[..] } else { &mut narrow[row * count + done..] };
                let offset = (block * rows + row) * self.inner + place;
                // SAFETY: the caller's promise.
                unsafe { self.write(instructions, values, narrow, out.add(offset), drain) };
                done += length;
            }
        }
    }

    /// Writes contiguous values, or has the drain do it.
    ///
    /// # Safety
    ///
    /// `to` points to as many values that may be written; `values` and `narrow` stay until the
    /// drain is finished.
    #[inline(always)]
    unsafe fn write<I: Instructions>(
        &self,
        instructions: I,
        values: &[U::Lane],
        narrow: &mut [U],
        to: *mut U,
        drain: &mut Drain,
    ) {
        let streams = self.streams && values.len() * size_of::<U>() >= SHORTEST_STREAM;
        // SAFETY: the caller's promise; where the lane is the type itself, their addresses are
        // interchangeable.
        unsafe {
            if !streams {
                instructions.narrow(values, to);
            } else if U::IS_LANE {
                drain.take(values.as_ptr(), to.cast(), values.len());
            } else {
                let narrow = &mut narrow[..values.len()];
                instructions.narrow(values, narrow.as_mut_ptr());
                drain.take(narrow.as_ptr(), to, narrow.len());
            }
        }
    }
}

/// `count` values from `first` on: where they lie, or gathered in `buffer`.
#[inline(always)]
pub(super) fn read<'a, T: Wide>(
    from: &'a Strided<T>,
    first: usize,
    count: usize,
    buffer: &'a mut [T],
) -> &'a [T] {
    if let Some(start) = from.contiguous() {
        // SAFETY: the view has these values, contiguous, and is borrowed.
        return unsafe { std::slice::from_raw_parts(start.add(first), count) };
    }
    let buffer = &mut buffer[..count];
    let mut done = 0;
    from.runs(first, count, |Run { start, length, stride }| {
        for (place, value) in buffer[done..done + length].iter_mut().enumerate() {
            // SAFETY: the run's values exist and are borrowed.
            *value = unsafe { start.wrapping_offset(place as isize * stride).read() };
        }
        done += length;
    });
    buffer
}

/// Writes values to their places in a view.
#[inline(always)]
fn scatter<U: Narrow>(values: &[U::Lane], out: &Strided<U>, first: usize) {
    let mut done = 0;
    out.runs(first, values.len(), |Run { start, length, stride }| {
        for (place, &value) in values[done..done + length].iter().enumerate() {
            // SAFETY: the run's places exist and belong to this range of values alone.
            unsafe { start.wrapping_offset(place as isize * stride).write(U::narrow(value)) };
        }
        done += length;
    });
}
