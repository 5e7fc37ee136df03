//! Which input each output reads.

use std::ops::Range;

use super::{Convolution, ConvolutionError};

/// One axis of a convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// Extents of the input, the output and the kernel.
    pub input: usize,
    pub output: usize,
    pub kernel: usize,
    pub stride: usize,
    pub dilation: usize,
    /// Padding before the first value.
    pub before: usize,
}

impl Axis {
    fn new(
        name: &'static str,
        input: usize,
        kernel: usize,
        stride: usize,
        dilation: usize,
        padding: [usize; 2],
    ) -> Result<Self, ConvolutionError> {
        for (what, value) in [("a stride", stride), ("a dilation", dilation), ("a kernel", kernel)]
        {
            if value == 0 {
                return Err(ConvolutionError::Zero { what });
            }
        }
        // All sums below are of numbers this small.
        let limit = isize::MAX as usize / 8;
        let span = (kernel - 1).checked_mul(dilation).filter(|&span| span < limit);
        let span = span.ok_or(ConvolutionError::Overflow)? + 1;
        if input >= limit || padding.iter().any(|&side| side >= limit) || stride >= limit {
            return Err(ConvolutionError::Overflow);
        }
        let padded = input + padding[0] + padding[1];
        if span > padded {
            return Err(ConvolutionError::KernelTooLarge { axis: name, kernel, dilation, padded });
        }
        let output = (padded - span) / stride + 1;
        Ok(Self { input, output, kernel, stride, dilation, before: padding[0] })
    }

    /// The input that an output reads through a tap.
    pub(super) fn source(&self, output: usize, tap: usize) -> Option<usize> {
        let place = (output * self.stride + tap * self.dilation).checked_sub(self.before)?;
        (place < self.input).then_some(place)
    }

    /// The output that reads an input through a tap.
    pub(super) fn target(&self, input: usize, tap: usize) -> Option<usize> {
        let place = (input + self.before).checked_sub(tap * self.dilation)?;
        (place % self.stride == 0 && place / self.stride < self.output)
            .then_some(place / self.stride)
    }
}

/// A convolution of arrays whose shapes fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    pub images: usize,
    /// Channels of the input and of the output in one group.
    pub inputs: usize,
    pub outputs: usize,
    pub groups: usize,
    pub order: usize,
    pub rows: Axis,
    pub columns: Axis,
}

impl Geometry {
    pub(super) fn new(
        convolution: &Convolution,
        input: &[usize],
        weight: &[usize],
    ) -> Result<Self, ConvolutionError> {
        let (order, groups) = (convolution.order, convolution.groups);
        if order == 0 {
            return Err(ConvolutionError::NoOrder);
        }
        if groups == 0 {
            return Err(ConvolutionError::Zero { what: "the number of groups" });
        }
        for (which, channels) in [("input", input[1]), ("output", weight[0])] {
            if channels == 0 {
                return Err(ConvolutionError::Zero { what: "a number of channels" });
            }
            if channels % groups != 0 {
                return Err(ConvolutionError::Groups { which, channels, groups });
            }
        }
        let inputs = input[1] / groups;
        if inputs.checked_mul(order) != Some(weight[1]) {
            return Err(ConvolutionError::WeightChannels {
                found: weight[1],
                channels: input[1],
                groups,
                order,
            });
        }
        let axis = |name, axis: usize| {
            let (stride, dilation) = (convolution.stride[axis], convolution.dilation[axis]);
            let padding = convolution.padding[axis];
            Axis::new(name, input[axis + 2], weight[axis + 2], stride, dilation, padding)
        };
        Ok(Self {
            images: input[0],
            inputs,
            outputs: weight[0] / groups,
            groups,
            order,
            rows: axis("rows", 0)?,
            columns: axis("columns", 1)?,
        })
    }

    /// Channels of the expansion in one group.
    pub(super) fn channels(&self) -> usize {
        self.inputs * self.order
    }

    pub(super) fn taps(&self) -> usize {
        self.rows.kernel * self.columns.kernel
    }

    /// Shape of the output.
    pub(super) fn shape(&self) -> [usize; 4] {
        [self.images, self.outputs * self.groups, self.rows.output, self.columns.output]
    }
}

/// A part of one image's output (or, for its gradient, input) that one thread works on.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub image: usize,
    pub group: usize,
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

/// How much a window computes at most, in products: a millisecond's work, no more than a
/// thirty-second part of all, but enough that starting it costs nothing.
const LARGEST_WORK: usize = 1 << 26;
const SMALLEST_WORK: usize = 1 << 20;

/// Values of one expanded row that a window holds, about: with the kernel's rows of them in the
/// second-level cache.
const LONGEST_ROW: usize = 1 << 15;

impl Window {
    /// All windows of pictures of `extents`, each value of which costs `work` products and each
    /// column of which has `depth` values in memory. Windows begin at multiples of `step`.
    pub(super) fn all(
        geometry: &Geometry,
        extents: [usize; 2],
        work: usize,
        depth: usize,
        step: usize,
    ) -> Vec<Self> {
        let [rows, columns] = extents;
        let narrowest = columns.min(64);
        let width = (LONGEST_ROW / depth.max(1)).max(narrowest).max(step);
        let width = cut(columns, width).next_multiple_of(step);
        let total = rows.saturating_mul(columns).saturating_mul(geometry.images);
        let total = total.saturating_mul(work).saturating_mul(geometry.groups);
        let target = (total / 32).clamp(SMALLEST_WORK, LARGEST_WORK);
        let height = cut(rows, (target / work.saturating_mul(width).max(1)).max(1));
        let mut windows = Vec::new();
        for image in 0..geometry.images {
            for group in 0..geometry.groups {
                for row in (0..rows).step_by(height) {
                    for column in (0..columns).step_by(width) {
                        windows.push(Self {
                            image,
                            group,
                            rows: row..(row + height).min(rows),
                            columns: column..(column + width).min(columns),
                        });
                    }
                }
            }
        }
        windows
    }
}

/// The size of equal parts of at most `most`.
pub(super) fn cut(whole: usize, most: usize) -> usize {
    whole.div_ceil(whole.div_ceil(most.max(1)).max(1)).max(1)
}
