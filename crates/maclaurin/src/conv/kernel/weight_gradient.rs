//! The gradients of the weights and of the bias: products of the expansion and the gradient of
//! the output, summed over all pixels.

use ndarray::{Array1, Array4};
use rayon::prelude::*;

use super::correlate::Columns;
use super::forward::Memory;
use super::panels::{Lanes, SHARED, width};
use super::picture::{Block, Picture, read};
use super::tile::{Powers, Segment, Tile, Totals, Transposition, largest};
use crate::Float;
use crate::conv::WeightGradients;
use crate::conv::geometry::{Geometry, Window, cut};
use crate::expand::element::Lane;
use crate::expand::kernel::instructions::Level;
use crate::expand::kernel::vector::WIDTH;

/// Values of the rows and of the gradient that are worked on at once, about.
const RESIDENT: usize = 3 << 15;

/// The most parts whose sums are separate, then added by halves, and the part of the arrays' memory that one may take;
/// there are two at least.
const MOST_PARTS: usize = 32;
const PART_OF_MEMORY: usize = 16;

/// The backward pass to the weights.
pub(in crate::conv) struct WeightGradient<'a, T> {
    pub level: Level,
    pub geometry: &'a Geometry,
    pub center: f64,
    pub input: Picture<T>,
    pub gradient: Picture<T>,
}

/// Sums of some windows.
struct Sums<L> {
    /// For each group [panel][tap][row][lane].
    weight: Vec<L>,
    bias: Vec<f64>,
}

/// Which of the two sides of a product stands in the rows of a tile and which in its lanes.
struct Sides {
    lanes: Lanes,
    /// Channels of the expansion and of the output, rounded up to whole vectors.
    channels: usize,
    outputs: usize,
    /// Rows and lanes that there are.
    rows: usize,
    columns: usize,
    /// Lanes of a panel.
    width: usize,
    panels: usize,
}

impl<T: Float> WeightGradient<'_, T> {
    /// The gradients of the weights, of shape (outputs, channels, rows, columns), and of the bias;
    /// the arrays have the geometry's shapes.
    pub(in crate::conv) fn run(&self) -> WeightGradients<T> {
        let geometry = self.geometry;
        let sides = self.sides();
        let (outputs, channels) = (geometry.outputs, geometry.channels());
        let all = Window::all(
            geometry,
            [geometry.rows.output, geometry.columns.output],
            outputs * channels * geometry.taps(),
            channels * geometry.columns.stride + outputs,
            1,
        );
        let group = sides.panels * geometry.taps() * sides.rows * sides.width;
        let of_arrays = geometry.images
            * geometry.groups
            * (geometry.inputs * geometry.rows.input * geometry.columns.input
                + outputs * geometry.rows.output * geometry.columns.output);
        let parts = of_arrays / PART_OF_MEMORY / (group * geometry.groups).max(1);
        let length = cut(all.len().max(1), all.len().div_ceil(parts.clamp(2, MOST_PARTS)));
        let part = |windows: &[Window]| {
            let mut memory = Memory::default();
            let mut sums = Sums {
                weight: vec![T::Lane::default(); group * geometry.groups],
                bias: vec![0.0; outputs * geometry.groups],
            };
            for window in windows {
                let weight = &mut sums.weight[window.group * group..][..group];
                let bias = &mut sums.bias[window.group * outputs..][..outputs];
                self.window(&sides, window, &mut memory, weight, bias);
            }
            sums
        };
        let parts: Vec<Sums<T::Lane>> = if all.len() <= length {
            all.chunks(length).map(part).collect()
        } else {
            all.par_chunks(length).map(part).collect()
        };
        let taps = geometry.taps();
        let shape =
            [outputs * geometry.groups, channels, geometry.rows.kernel, geometry.columns.kernel];
        let mut weight = Array4::from_elem(shape, T::Lane::default());
        let Some(total) = total(parts) else {
            return (weight, Array1::from_elem(shape[0], T::Lane::default()));
        };
        let of_output = |(output, weight): (usize, &mut [T::Lane])| {
            let sums = &total.weight[output / outputs * group..][..group];
            for (channel, weight) in weight.chunks_exact_mut(taps).enumerate() {
                let (place, lane) = match sides.lanes {
                    Lanes::Outputs => (channel, output % outputs),
                    Lanes::Pixels => (output % outputs, channel),
                };
                let (panel, lane) = (lane / sides.width, lane % sides.width);
                for (tap, weight) in weight.iter_mut().enumerate() {
                    let line = (panel * taps + tap) * sides.rows + place;
                    *weight = sums[line * sides.width + lane];
                }
            }
        };
        if let Some(weight) = weight.as_slice_mut() {
            let outputs = weight.par_chunks_exact_mut(channels * taps).enumerate();
            outputs.with_min_len(SHARED.div_ceil(channels * taps)).for_each(of_output);
        }
        (weight, total.bias.into_iter().map(T::Lane::round).collect())
    }

    fn sides(&self) -> Sides {
        let Geometry { outputs, .. } = *self.geometry;
        let channels = self.geometry.channels();
        let (most, blocks) = largest::<T::Lane>(self.level);
        let waste = |count: usize| count.next_multiple_of(WIDTH) as f64 / count.max(1) as f64;
        let lanes = if waste(outputs) <= waste(channels) { Lanes::Outputs } else { Lanes::Pixels };
        let (rows, columns) = match lanes {
            Lanes::Outputs => (channels, outputs),
            Lanes::Pixels => (outputs, channels),
        };
        let width = width(Lanes::Outputs, [most, blocks], columns);
        Sides {
            lanes,
            channels: channels.next_multiple_of(WIDTH),
            outputs: outputs.next_multiple_of(WIDTH),
            rows,
            columns,
            width,
            panels: columns.div_ceil(width),
        }
    }

    /// Adds what one window contributes.
    fn window(
        &self,
        sides: &Sides,
        window: &Window,
        memory: &mut Memory<T::Lane>,
        weight: &mut [T::Lane],
        bias: &mut [f64],
    ) {
        let geometry = self.geometry;
        let columns = Columns::forward(&geometry.columns, &window.columns);
        let pixels = window.columns.len();
        // Of expanded rows here: pixel after pixel.
        let slot = columns.phases * columns.length * sides.channels;
        let line = pixels * sides.outputs;
        let reach = (geometry.rows.kernel - 1) * geometry.rows.dilation;
        let span = |height: usize| (height - 1) * geometry.rows.stride + reach + 1;
        let mut height = window.rows.len();
        while height > 1 && span(height) * slot + height * line > RESIDENT {
            height = height.div_ceil(2);
        }
        let height = cut(window.rows.len(), height);
        let slots = span(height);
        let Memory { ring, sums: lines, scratch } = memory;
        ring.clear();
        ring.resize(slots * slot + 2 * WIDTH, T::Lane::default());
        lines.clear();
        lines.resize(height * line + 2 * WIDTH, T::Lane::default());
        let mut planes = Vec::new();
        let mut of_row = vec![T::Lane::default(); geometry.outputs];
        let mut made = 0;
        for first in window.rows.clone().step_by(height) {
            let rows = first..(first + height).min(window.rows.end);
            let top = (rows.start * geometry.rows.stride).saturating_sub(geometry.rows.before);
            let bottom = ((rows.end - 1) * geometry.rows.stride + reach + 1)
                .saturating_sub(geometry.rows.before)
                .min(geometry.rows.input);
            for row in top.max(made)..bottom {
                let to = &mut ring[row % slots * slot..][..slot];
                self.expanded(window, &columns, sides, row, to, [&mut planes, scratch]);
            }
            made = made.max(bottom);
            for (row, gradients) in rows.clone().zip(lines.chunks_exact_mut(line)) {
                let block = Block {
                    start: self.gradient.at(
                        window.image,
                        window.group * geometry.outputs,
                        row,
                        window.columns.start,
                    ),
                    outer: pixels,
                    outer_stride: self.gradient.column_stride(),
                    inner: geometry.outputs,
                    inner_stride: self.gradient.channel_stride(),
                };
                // SAFETY: values of the gradient.
                unsafe { read(self.level, &block, 0.0, gradients, sides.outputs, scratch) };
                let (step, to) = (sides.outputs, &mut of_row[..]);
                self.level.apply(Totals { values: gradients, step, lines: pixels, to });
                bias.iter_mut().zip(&of_row).for_each(|(sum, value)| *sum += value.exact());
            }
            let segments = |kernel_row: usize| {
                let segment = |row: usize| {
                    let source = geometry.rows.source(row, kernel_row)?;
                    Some((source % slots * slot, (row - first) * line))
                };
                rows.clone().filter_map(segment).collect::<Vec<_>>()
            };
            for kernel_row in 0..geometry.rows.kernel {
                self.taps(sides, kernel_row, &segments(kernel_row), ring, lines, pixels, weight);
            }
        }
    }

    /// A row of the expansion, pixel after pixel.
    fn expanded(
        &self,
        window: &Window,
        columns: &Columns,
        sides: &Sides,
        row: usize,
        to: &mut [T::Lane],
        [planes, scratch]: [&mut Vec<T::Lane>; 2],
    ) {
        let Geometry { inputs, order, .. } = *self.geometry;
        let (line_step, plane) = (sides.channels, columns.plane());
        // Less than a vector of channels: powers of whole planes are faster, put across after.
        let narrow = inputs < WIDTH;
        planes.resize(if narrow { inputs * order * plane } else { 0 }, T::Lane::default());
        for [place, column, pixels] in columns.inside(self.geometry.columns.input) {
            let start = self.input.at(window.image, window.group * inputs, row, column);
            let across = (inputs, self.input.channel_stride());
            let along = (pixels, self.input.column_stride() * columns.phases as isize);
            let ((outer, outer_stride), (inner, inner_stride)) =
                if narrow { (across, along) } else { (along, across) };
            let block = Block { start, outer, outer_stride, inner, inner_stride };
            let (values, step) = if narrow {
                (&mut planes[place..], plane)
            } else {
                (&mut to[place * line_step..], line_step)
            };
            // SAFETY: `inside` names columns of the input, and `row` is one of its rows.
            unsafe { read(self.level, &block, self.center, values, step, scratch) };
            if !narrow {
                self.level.apply(Powers { values, lines: outer, line_step, order, length: inputs });
            }
        }
        if narrow {
            let length = inputs * plane;
            self.level.apply(Powers { values: planes, lines: 1, line_step: 0, order, length });
            self.level.apply(Transposition {
                from: planes.as_ptr(),
                from_step: plane as isize,
                to: to.as_mut_ptr(),
                to_step: line_step as isize,
                outer: columns.phases * columns.length,
                inner: self.geometry.channels(),
            });
        }
    }

    /// The products of one row of the kernel.
    #[expect(clippy::too_many_arguments, reason = "both sides of the products")]
    fn taps(
        &self,
        sides: &Sides,
        kernel_row: usize,
        lines: &[(usize, usize)],
        ring: &[T::Lane],
        gradients: &[T::Lane],
        pixels: usize,
        weight: &mut [T::Lane],
    ) {
        let axis = &self.geometry.columns;
        let (most, _) = largest::<T::Lane>(self.level);
        let most = cut(sides.rows, most);
        let reach = (axis.kernel - 1) * axis.dilation / axis.stride;
        let mut start = vec![T::Lane::default(); most * sides.width];
        for panel in 0..sides.panels {
            for kernel_column in 0..axis.kernel {
                let offset = kernel_column * axis.dilation;
                let place = offset % axis.stride * (pixels + reach) + offset / axis.stride;
                let segment = |&(expansion, gradient): &(usize, usize)| {
                    let expansion = expansion + place * sides.channels;
                    match sides.lanes {
                        Lanes::Outputs => Segment { row: expansion, lane: gradient },
                        Lanes::Pixels => Segment { row: gradient, lane: expansion },
                    }
                };
                let segments: Vec<Segment> = lines.iter().map(segment).collect();
                let (rows, row_step, lanes, lane_step) = match sides.lanes {
                    Lanes::Outputs => (ring, sides.channels, gradients, sides.outputs),
                    Lanes::Pixels => (gradients, sides.outputs, ring, sides.channels),
                };
                let tap = kernel_row * axis.kernel + kernel_column;
                let line = (panel * self.geometry.taps() + tap) * sides.rows;
                for row in (0..sides.rows).step_by(most) {
                    let height = most.min(sides.rows - row);
                    let sums = &mut weight[(line + row) * sides.width..][..height * sides.width];
                    let start = &mut start[..sums.len()];
                    start.copy_from_slice(sums);
                    let tile = Tile {
                        segments: &segments,
                        length: pixels,
                        rows: &rows[row..],
                        row_step,
                        lanes: &lanes[panel * sides.width..],
                        lane_step,
                        start,
                        start_step: sides.width,
                        height,
                        width: sides
                            .width
                            .min((sides.columns - panel * sides.width).next_multiple_of(WIDTH)),
                        out: sums.as_mut_ptr(),
                        out_step: sides.width as isize,
                    };
                    // SAFETY: the sums are `height` lines of `width` values.
                    unsafe { tile.compute(self.level) };
                }
            }
        }
    }
}

/// The sum by halves: one order for any number of threads, and little rounding.
fn total<L: Lane>(mut parts: Vec<Sums<L>>) -> Option<Sums<L>> {
    while parts.len() > 1 {
        let upper = parts.split_off(parts.len().div_ceil(2));
        for (sums, other) in parts.iter_mut().zip(upper) {
            sums.weight.iter_mut().zip(other.weight).for_each(|(sum, value)| *sum += value);
            sums.bias.iter_mut().zip(other.bias).for_each(|(sum, value)| *sum += value);
        }
    }
    parts.pop()
}
