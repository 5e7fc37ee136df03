//! The output of a convolution over powers.

use std::ops::Range;

use ndarray::ArrayView1;

use super::correlate::{Columns, Correlation, Ends, Place};
use super::panels::{Lanes, Starts};
use super::picture::{Block, Picture, read, write};
use super::tile::Powers;
use super::{weights, windows};
use crate::conv::geometry::{Geometry, Window};
use crate::expand::element::sealed::Narrow;
use crate::expand::kernel::instructions::Level;

/// A convolution to be done.
pub(in crate::conv) struct Forward<'a, T: Narrow> {
    pub level: Level,
    pub geometry: &'a Geometry,
    pub center: f64,
    pub input: Picture<T>,
    /// (outputs, channels, rows, columns), contiguous.
    pub weight: &'a [T::Lane],
    pub bias: Option<ArrayView1<'a, T::Lane>>,
    pub out: Picture<T>,
}

impl<T: Narrow> Forward<'_, T> {
    /// Does it; the arrays have the geometry's shapes.
    pub(in crate::conv) fn run(&self) {
        let geometry = self.geometry;
        let (outputs, channels) = (geometry.outputs, geometry.channels());
        let adjoins = [self.out.channel_stride() == 1, self.out.column_stride() == 1];
        let all = Window::all(
            geometry,
            [geometry.rows.output, geometry.columns.output],
            outputs * channels * geometry.taps(),
            channels * geometry.columns.stride,
            1,
        );
        let Some(pixels) = all.first().map(|window| window.columns.len()) else { return };
        let width = geometry.columns.kernel;
        let extents = [outputs, channels, pixels];
        let taps = geometry.taps();
        let strides = [outputs * channels * taps, channels * taps, 1, taps];
        let (lanes, panels) = weights(self.level, geometry, extents, adjoins, self.weight, strides);
        let starts: Vec<Starts<T::Lane>> = panels
            .iter()
            .enumerate()
            .map(|(group, panels)| match &self.bias {
                None => Starts::zero(),
                Some(bias) => Starts::of(lanes, panels, |o| bias[group * outputs + o]),
            })
            .collect();
        let direct = T::IS_LANE
            && match lanes {
                Lanes::Outputs => adjoins[0],
                Lanes::Pixels => adjoins[1],
            };
        windows(&all, Memory::default, |memory, window| {
            let columns = Columns::forward(&geometry.columns, &window.columns);
            let source = |row: usize| {
                let tap = |tap| Some((tap, geometry.rows.source(row, tap)?));
                (0..geometry.rows.kernel).filter_map(tap).collect()
            };
            let reads: Vec<Vec<(usize, usize)>> = window.rows.clone().map(source).collect();
            let panels = &panels[window.group];
            let sums = match lanes {
                _ if direct => 0,
                Lanes::Outputs => panels.count() * panels.width * window.columns.len(),
                Lanes::Pixels => outputs * window.columns.len(),
            };
            let correlation = Correlation {
                level: self.level,
                lanes,
                panels,
                starts: &starts[window.group],
                columns: &columns,
                kernel_columns: width,
                reads: &reads,
                row_of_sums: sums,
            };
            let Memory { ring, sums: own, scratch } = memory;
            let mut ends = Lines {
                forward: self,
                window,
                columns: &columns,
                lanes,
                line: sums,
                own: (!direct).then_some(own),
                scratch,
            };
            correlation.run(ring, &mut ends);
        });
    }
}

/// What one thread has.
pub(super) struct Memory<L> {
    pub ring: Vec<L>,
    pub sums: Vec<L>,
    pub scratch: Vec<L>,
}

impl<L> Default for Memory<L> {
    fn default() -> Self {
        Self { ring: Vec::new(), sums: Vec::new(), scratch: Vec::new() }
    }
}

/// The rows of a window, from the input and to the output.
struct Lines<'a, 'b, T: Narrow> {
    forward: &'a Forward<'b, T>,
    window: &'a Window,
    columns: &'a Columns,
    lanes: Lanes,
    /// Values of a row of sums on its way, if they have to be put in order first.
    line: usize,
    own: Option<&'a mut Vec<T::Lane>>,
    scratch: &'a mut Vec<T::Lane>,
}

impl<T: Narrow> Lines<'_, '_, T> {
    fn out(&self, row: usize) -> *mut T {
        let Window { image, group, rows, columns } = self.window;
        let channel = group * self.forward.geometry.outputs;
        self.forward.out.at(*image, channel, rows.start + row, columns.start)
    }
}

impl<T: Narrow> Ends<T::Lane> for Lines<'_, '_, T> {
    fn fill(&mut self, row: usize, planes: &mut [T::Lane]) {
        let Forward { level, geometry, center, input, .. } = *self.forward;
        let plane = self.columns.plane();
        let channel = self.window.group * geometry.inputs;
        for [place, column, inner] in self.columns.inside(geometry.columns.input) {
            let block = Block {
                start: input.at(self.window.image, channel, row, column),
                outer: geometry.inputs,
                outer_stride: input.channel_stride(),
                inner,
                inner_stride: input.column_stride() * self.columns.phases as isize,
            };
            // SAFETY: `inside` names columns of the input, and `row` is one of its rows.
            unsafe { read(level, &block, center, &mut planes[place..], plane, self.scratch) };
        }
        let (order, length) = (geometry.order, geometry.inputs * plane);
        level.apply(Powers { values: planes, lines: 1, line_step: 0, order, length });
    }

    fn place(&mut self, rows: &Range<usize>) -> Place<T::Lane> {
        let out = &self.forward.out;
        let start = self.out(rows.start).cast();
        let Some(sums) = &mut self.own else {
            return Place {
                start,
                row_step: out.row_stride(),
                output_step: out.channel_stride(),
                pixel_step: out.column_stride(),
            };
        };
        sums.resize(rows.len() * self.line, T::Lane::default());
        let pixels = self.window.columns.len() as isize;
        let (output_step, pixel_step) = match self.lanes {
            Lanes::Outputs => (1, self.line as isize / pixels),
            Lanes::Pixels => (pixels, 1),
        };
        Place { start: sums.as_mut_ptr(), row_step: self.line as isize, output_step, pixel_step }
    }

    fn finish(&mut self, rows: &Range<usize>) {
        let Some(sums) = &self.own else { return };
        let out = &self.forward.out;
        let (outputs, pixels) = (self.forward.geometry.outputs, self.window.columns.len());
        for (row, line) in rows.clone().zip(sums.chunks_exact(self.line)) {
            let start = self.out(row);
            let ((outer, outer_stride), (inner, inner_stride), step) = match self.lanes {
                Lanes::Outputs => (
                    (pixels, out.column_stride()),
                    (outputs, out.channel_stride()),
                    self.line / pixels,
                ),
                Lanes::Pixels => {
                    ((outputs, out.channel_stride()), (pixels, out.column_stride()), pixels)
                }
            };
            let block = Block { start, outer, outer_stride, inner, inner_stride };
            // SAFETY: these rows of the output are this window's alone.
            unsafe { write(self.forward.level, line, step, &block) };
        }
    }
}
