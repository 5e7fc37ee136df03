//! The gradient of the input: `sum_k k (x - x0)^(k-1) (W_k^T * g)`, none of the `q` summands of
//! which is ever more than a few rows.

use std::ops::Range;

use super::correlate::{Columns, Correlation, Ends, Place};
use super::forward::Memory;
use super::panels::{Lanes, Starts};
use super::picture::{Block, Picture, read, write};
use super::tile::Slope;
use super::{weights, windows};
use crate::conv::geometry::{Geometry, Window};
use crate::expand::element::sealed::Narrow;
use crate::expand::kernel::instructions::Level;

/// The backward pass to the input.
pub(in crate::conv) struct InputGradient<'a, T: Narrow> {
    pub level: Level,
    pub geometry: &'a Geometry,
    pub center: f64,
    pub input: Picture<T>,
    /// (outputs, channels, rows, columns), contiguous.
    pub weight: &'a [T::Lane],
    pub gradient: Picture<T>,
    pub out: Picture<T>,
}

impl<T: Narrow> InputGradient<'_, T> {
    /// Takes it back; the arrays have the geometry's shapes.
    pub(in crate::conv) fn run(&self) {
        let geometry = self.geometry;
        let (outputs, channels) = (geometry.outputs, geometry.channels());
        let adjoins = [self.out.channel_stride() == 1, self.out.column_stride() == 1];
        let all = Window::all(
            geometry,
            [geometry.rows.input, geometry.columns.input],
            outputs * channels * geometry.taps() / geometry.columns.stride / geometry.rows.stride,
            outputs + channels,
            geometry.columns.stride,
        );
        let Some(pixels) = all.first().map(|window| window.columns.len()) else { return };
        let pixels = pixels.div_ceil(geometry.columns.stride);
        let width = geometry.columns.kernel;
        let extents = [channels, outputs, pixels];
        let taps = geometry.taps();
        let strides = [outputs * channels * taps, taps, 1, channels * taps];
        let (lanes, panels) = weights(self.level, geometry, extents, adjoins, self.weight, strides);
        windows(&all, Memory::default, |memory, window| {
            let columns = Columns::backward(&geometry.columns, &window.columns);
            let target = |row: usize| {
                let tap = |tap| Some((tap, geometry.rows.target(row, tap)?));
                (0..geometry.rows.kernel).filter_map(tap).collect()
            };
            let reads: Vec<Vec<(usize, usize)>> = window.rows.clone().map(target).collect();
            let panels = &panels[window.group];
            let depth = match lanes {
                Lanes::Outputs => panels.count() * panels.width,
                Lanes::Pixels => channels,
            };
            let correlation = Correlation {
                level: self.level,
                lanes,
                panels,
                starts: &Starts::zero(),
                columns: &columns,
                kernel_columns: width,
                reads: &reads,
                row_of_sums: depth * window.columns.len(),
            };
            let Memory { ring, sums, scratch } = memory;
            let values = vec![T::Lane::default(); geometry.inputs * window.columns.len()];
            let columns = &columns;
            let mut ends =
                Lines { job: self, window, columns, lanes, depth, sums, scratch, values };
            correlation.run(ring, &mut ends);
        });
    }
}

/// The rows of a window, from the gradient of the output and to that of the input.
struct Lines<'a, 'b, T: Narrow> {
    job: &'a InputGradient<'b, T>,
    window: &'a Window,
    columns: &'a Columns,
    lanes: Lanes,
    /// Sums of a pixel.
    depth: usize,
    sums: &'a mut Vec<T::Lane>,
    scratch: &'a mut Vec<T::Lane>,
    /// A row of the input, then of its gradient.
    values: Vec<T::Lane>,
}

impl<T: Narrow> Lines<'_, '_, T> {
    /// A row of an array like the input, in the order of the sums: the values of one set of
    /// columns at a time, and where they begin.
    fn blocks(&self, array: &Picture<T>, row: usize) -> Vec<(usize, Block<T>)> {
        let Geometry { inputs, .. } = *self.job.geometry;
        let Window { image, group, rows, columns } = self.window;
        let (channel, row) = (group * inputs, rows.start + row);
        let start = |column| array.at(*image, channel, row, columns.start + column);
        match self.lanes {
            Lanes::Outputs => vec![(
                0,
                Block {
                    start: start(0),
                    outer: columns.len(),
                    outer_stride: array.column_stride(),
                    inner: inputs,
                    inner_stride: array.channel_stride(),
                },
            )],
            Lanes::Pixels => {
                let mut passed = 0;
                let block = |set: &super::correlate::ColumnSet| {
                    let block = Block {
                        start: start(set.first),
                        outer: inputs,
                        outer_stride: array.channel_stride(),
                        inner: set.count,
                        inner_stride: array.column_stride() * set.step as isize,
                    };
                    passed += set.count;
                    (passed - set.count, block)
                };
                self.columns.sets.iter().map(block).collect()
            }
        }
    }
}

impl<T: Narrow> Ends<T::Lane> for Lines<'_, '_, T> {
    fn fill(&mut self, row: usize, planes: &mut [T::Lane]) {
        let InputGradient { level, geometry, gradient, .. } = *self.job;
        let channel = self.window.group * geometry.outputs;
        for [place, column, inner] in self.columns.inside(geometry.columns.output) {
            let block = Block {
                start: gradient.at(self.window.image, channel, row, column),
                outer: geometry.outputs,
                outer_stride: gradient.channel_stride(),
                inner,
                inner_stride: gradient.column_stride(),
            };
            let plane = self.columns.plane();
            // SAFETY: `inside` names columns of the gradient, and `row` is one of its rows.
            unsafe { read(level, &block, 0.0, &mut planes[place..], plane, self.scratch) };
        }
    }

    fn place(&mut self, rows: &Range<usize>) -> Place<T::Lane> {
        let pixels = self.window.columns.len();
        self.sums.resize(rows.len() * self.depth * pixels, T::Lane::default());
        let (output_step, pixel_step) = match self.lanes {
            Lanes::Outputs => (1, self.depth as isize),
            Lanes::Pixels => (pixels as isize, 1),
        };
        let row_step = (self.depth * pixels) as isize;
        Place { start: self.sums.as_mut_ptr(), row_step, output_step, pixel_step }
    }

    fn finish(&mut self, rows: &Range<usize>) {
        let InputGradient { level, geometry, center, input, out, .. } = *self.job;
        let pixels = self.window.columns.len();
        let (length, line_step, power_step) = match self.lanes {
            Lanes::Outputs => (geometry.inputs, self.depth, geometry.inputs),
            Lanes::Pixels => (pixels, pixels, geometry.inputs * pixels),
        };
        for (index, row) in rows.clone().enumerate() {
            for (place, block) in self.blocks(&input, row) {
                let to = &mut self.values[place..];
                // SAFETY: values of the input.
                unsafe { read(level, &block, center, to, length, self.scratch) };
            }
            level.apply(Slope {
                powers: &self.sums[index * self.depth * pixels..],
                line_step,
                power_step,
                order: geometry.order,
                values: &mut self.values,
                length,
            });
            for (place, block) in self.blocks(&out, row) {
                // SAFETY: these rows of the gradient are this window's alone.
                unsafe { write(level, &self.values[place..], length, &block) };
            }
        }
    }
}
