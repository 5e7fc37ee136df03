//! One window of a convolution: rows are made once, kept in a ring that stays in the cache, and
//! read by every tap of the kernel.

use std::ops::Range;

use super::panels::{Lanes, Panels, Starts};
use super::tile::{Segment, Tile, largest};
use crate::conv::geometry::{Axis, cut};
use crate::expand::element::Lane;
use crate::expand::kernel::instructions::Level;
use crate::expand::kernel::vector::WIDTH;

/// Values of the ring and of sums on their way, about: half a second-level cache, the other half
/// for weights.
const RESIDENT: usize = 3 << 15;

/// Where the values of a row lie that the columns of a window read, and what they read.
pub(super) struct Columns {
    /// Of source `x = place * phases + phase + origin`, at `phase * length + place`.
    pub phases: usize,
    pub origin: isize,
    /// Places of a phase.
    pub length: usize,
    pub sets: Vec<ColumnSet>,
}

/// Columns of the window that read alike: `first`, `first + step`, and so on.
pub(super) struct ColumnSet {
    pub first: usize,
    pub step: usize,
    pub count: usize,
    /// A tap of the kernel, and where the first of the columns reads it.
    pub taps: Vec<(usize, usize)>,
}

impl Columns {
    /// Outputs that read their inputs.
    pub(super) fn forward(axis: &Axis, columns: &Range<usize>) -> Self {
        let count = columns.len();
        let reach = (axis.kernel - 1) * axis.dilation / axis.stride;
        let length = count + reach;
        let tap = |tap: usize| {
            let offset = tap * axis.dilation;
            (tap, offset % axis.stride * length + offset / axis.stride)
        };
        let taps = (0..axis.kernel).map(tap).collect();
        let origin = (columns.start * axis.stride) as isize - axis.before as isize;
        let sets = vec![ColumnSet { first: 0, step: 1, count, taps }];
        Self { phases: axis.stride, origin, length, sets }
    }

    /// Inputs that read the gradients of the outputs that read them.
    pub(super) fn backward(axis: &Axis, columns: &Range<usize>) -> Self {
        let step = axis.stride as isize;
        let phases = 0..axis.stride.min(columns.len());
        // For each phase the taps, and the place that its first column reads through each.
        let reads: Vec<Vec<(usize, isize)>> = phases
            .map(|phase| {
                let place = (columns.start + phase + axis.before) as isize;
                let read = |tap: usize| {
                    let read = place - (tap * axis.dilation) as isize;
                    (read.rem_euclid(step) == 0).then(|| (tap, read.div_euclid(step)))
                };
                (0..axis.kernel).filter_map(read).collect()
            })
            .collect();
        let places = || reads.iter().flatten().map(|(_, place)| *place);
        let origin = places().min().unwrap_or(0);
        let reach = (places().max().unwrap_or(0) - origin) as usize;
        let length = columns.len().div_ceil(axis.stride) + reach;
        let set = |(first, taps): (usize, &Vec<(usize, isize)>)| ColumnSet {
            first,
            step: axis.stride,
            count: (columns.len() - first).div_ceil(axis.stride),
            taps: taps.iter().map(|&(tap, place)| (tap, (place - origin) as usize)).collect(),
        };
        let sets = reads.iter().enumerate().map(set).collect();
        Self { phases: 1, origin, length, sets }
    }

    /// Values of a plane: an odd number of cache lines, so that those of one column do not share
    /// a few sets of the first-level cache.
    pub(super) fn plane(&self) -> usize {
        let lines = (self.phases * self.length).div_ceil(WIDTH);
        (lines | 1) * WIDTH
    }

    /// For each phase its first place in the plane that an input of `extent` has, the source
    /// column there, and how many there are.
    pub(super) fn inside(&self, extent: usize) -> impl Iterator<Item = [usize; 3]> {
        (0..self.phases).filter_map(move |phase| {
            let origin = self.origin + phase as isize;
            let phases = self.phases as isize;
            let first =
                (-origin).max(0).div_euclid(phases) + isize::from((-origin).max(0) % phases > 0);
            let source = (first * phases + origin) as usize;
            let count = extent.checked_sub(source)?.div_ceil(self.phases);
            let count = count.min(self.length.checked_sub(first as usize)?);
            (count > 0).then_some([phase * self.length + first as usize, source, count])
        })
    }
}

/// Where sums go: a row of the window begins `row_step` after the one before.
pub(super) struct Place<L> {
    pub start: *mut L,
    pub row_step: isize,
    pub output_step: isize,
    pub pixel_step: isize,
}

/// Who makes rows, and who takes sums.
pub(super) trait Ends<L> {
    /// Writes the planes of a source row; the rest of them is zero.
    fn fill(&mut self, row: usize, planes: &mut [L]);

    /// Where the sums of some of the window's rows are to go: as many values as there are, and
    /// no others, can be written there.
    fn place(&mut self, rows: &Range<usize>) -> Place<L>;

    /// Takes them from there.
    fn finish(&mut self, rows: &Range<usize>);
}

/// A window to be computed.
pub(super) struct Correlation<'a, L> {
    pub level: Level,
    pub lanes: Lanes,
    pub panels: &'a Panels<L>,
    pub starts: &'a Starts<L>,
    pub columns: &'a Columns,
    /// Taps of a row of the kernel.
    pub kernel_columns: usize,
    /// For each row of the window the rows of the kernel and the source rows that it reads.
    pub reads: &'a [Vec<(usize, usize)>],
    /// Values that a row of sums takes on its way.
    pub row_of_sums: usize,
}

impl<L: Lane> Correlation<'_, L> {
    /// Computes the window.
    pub(super) fn run(&self, buffer: &mut Vec<L>, ends: &mut impl Ends<L>) {
        let slot = self.panels.channels * self.columns.plane();
        let mut height = self.reads.len();
        while height > 1 && self.slots(height) * slot + height * self.row_of_sums > RESIDENT {
            height = height.div_ceil(2);
        }
        let height = cut(self.reads.len(), height);
        let slots = self.slots(height);
        buffer.clear();
        // Whole vectors are read, also from the last place.
        buffer.resize(slots * slot + 2 * WIDTH, L::default());
        let mut made = 0;
        for first in (0..self.reads.len()).step_by(height) {
            let rows = first..(first + height).min(self.reads.len());
            let needed = span(&self.reads[rows.clone()]);
            for row in needed.start.max(made)..needed.end {
                ends.fill(row, &mut buffer[row % slots * slot..][..slot]);
            }
            made = made.max(needed.end);
            let place = ends.place(&rows);
            for panel in 0..self.panels.count() {
                for row in rows.clone() {
                    self.row(panel, row, first, buffer, (slots, slot), &place);
                }
            }
            ends.finish(&rows);
        }
    }

    /// Source rows that `height` rows of the window need at once, at most.
    fn slots(&self, height: usize) -> usize {
        self.reads.chunks(height).map(|reads| span(reads).len()).max().unwrap_or(0).max(1)
    }

    fn row(
        &self,
        panel: usize,
        row: usize,
        first: usize,
        ring: &[L],
        (slots, slot): (usize, usize),
        place: &Place<L>,
    ) {
        let panels = self.panels;
        let (most, blocks) = largest::<L>(self.level);
        let outputs = panels.outputs_of(panel);
        let output = (panel * panels.width) as isize * place.output_step;
        let start = place.start.wrapping_offset((row - first) as isize * place.row_step + output);
        let mut segments = Vec::new();
        let mut passed = 0;
        for set in &self.columns.sets {
            segments.clear();
            for &(kernel_row, source) in &self.reads[row] {
                for &(kernel_column, offset) in &set.taps {
                    let tap = kernel_row * self.kernel_columns + kernel_column;
                    let weight = tap * panels.channels * panels.width;
                    let value = source % slots * slot + offset;
                    segments.push(match self.lanes {
                        Lanes::Outputs => Segment { row: value, lane: weight },
                        Lanes::Pixels => Segment { row: weight, lane: value },
                    });
                }
            }
            let most = match self.lanes {
                Lanes::Outputs => cut(set.count, most),
                Lanes::Pixels => blocks * WIDTH,
            };
            for pixel in (0..set.count).step_by(most) {
                let pixels = most.min(set.count - pixel);
                let (values, plane) = (&ring[pixel..], self.columns.plane());
                let tile = match self.lanes {
                    Lanes::Outputs => Tile {
                        segments: &segments,
                        length: panels.channels,
                        rows: values,
                        row_step: plane,
                        lanes: panels.panel(panel),
                        lane_step: panels.width,
                        start: self.starts.panel(panel),
                        start_step: self.starts.row_step,
                        height: pixels,
                        width: outputs,
                        out: start.wrapping_offset(
                            (set.first + pixel * set.step) as isize * place.pixel_step,
                        ),
                        out_step: set.step as isize * place.pixel_step,
                    },
                    Lanes::Pixels => Tile {
                        segments: &segments,
                        length: panels.channels,
                        rows: panels.panel(panel),
                        row_step: panels.width,
                        lanes: values,
                        lane_step: plane,
                        start: self.starts.panel(panel),
                        start_step: self.starts.row_step,
                        height: outputs,
                        width: pixels,
                        out: start.wrapping_add(passed + pixel),
                        out_step: place.output_step,
                    },
                };
                // SAFETY: `Ends::place` gives memory for all sums of these rows, and a tile is
                // a part of them.
                unsafe { tile.compute(self.level) };
            }
            passed += set.count;
        }
    }
}

/// The source rows from the first to the last that are read.
fn span(reads: &[Vec<(usize, usize)>]) -> Range<usize> {
    let rows = || reads.iter().flatten().map(|(_, row)| *row);
    rows().min().unwrap_or(0)..rows().max().map_or(0, |row| row + 1)
}
