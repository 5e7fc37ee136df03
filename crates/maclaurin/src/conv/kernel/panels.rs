//! Weights in the order in which the inner loop reads them, and what of a tile they are.

use rayon::prelude::*;

use crate::conv::geometry::cut;
use crate::expand::element::Lane;
use crate::expand::kernel::vector::WIDTH;

/// What the lanes of a tile's vectors are; its rows are the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lanes {
    Outputs,
    Pixels,
}

/// What moving a value across costs, in products per lane.
const CROSSING: f64 = 32.0;

/// Sums that a tile needs to hide the latency of an addition, in vectors.
const LATENCY: f64 = 8.0;

impl Lanes {
    /// The cheaper ones for `products` a value, where one of the two is contiguous in memory.
    /// `most` rows and `blocks` vectors make the largest tile.
    pub(super) fn cheaper(
        [most, blocks]: [usize; 2],
        outputs: usize,
        pixels: usize,
        products: usize,
        [outputs_adjoin, pixels_adjoin]: [bool; 2],
    ) -> Self {
        let waste = |count: usize| count.next_multiple_of(WIDTH) as f64 / count.max(1) as f64;
        let crossing = |adjoins: bool| if adjoins { 0.0 } else { CROSSING / products as f64 };
        let sums = (outputs.min(most) * blocks) as f64;
        let by_outputs = waste(outputs) + crossing(outputs_adjoin);
        let by_pixels = waste(pixels) * (LATENCY / sums).max(1.0) + crossing(pixels_adjoin);
        if by_outputs <= by_pixels { Self::Outputs } else { Self::Pixels }
    }
}

/// Fewer weights are put in order by one thread.
pub(super) const SHARED: usize = 1 << 14;

/// Weights as [panel][tap][channel][output of the panel].
pub(super) struct Panels<L> {
    pub values: Vec<L>,
    /// Outputs in a panel; those of the last one that do not exist are zero.
    pub width: usize,
    pub outputs: usize,
    pub channels: usize,
    pub taps: usize,
}

/// Weights in memory: the stride of an output, a tap and a channel.
pub(super) struct Weights<'a, L> {
    pub values: &'a [L],
    pub strides: [usize; 3],
}

impl<L: Lane> Panels<L> {
    pub(super) fn new(
        width: usize,
        [outputs, taps, channels]: [usize; 3],
        weights: &Weights<'_, L>,
    ) -> Self {
        let count = outputs.div_ceil(width);
        // Whole vectors are read, also from the last place.
        let room = count * taps * channels * width + 2 * WIDTH;
        let mut values = vec![L::default(); room];
        let [of_output, of_tap, of_channel] = weights.strides;
        // A tap of a panel: small enough to share the work.
        let tap = |(index, values): (usize, &mut [L])| {
            let (panel, tap) = (index / taps, index % taps);
            let lanes = width.min(outputs - panel * width);
            let from = &weights.values[panel * width * of_output + tap * of_tap..];
            for (channel, values) in values.chunks_exact_mut(width).enumerate() {
                for (lane, place) in values[..lanes].iter_mut().enumerate() {
                    *place = from[lane * of_output + channel * of_channel];
                }
            }
        };
        let parts = values[..room - 2 * WIDTH].par_chunks_exact_mut(channels * width);
        parts.enumerate().with_min_len(SHARED.div_ceil(channels * width)).for_each(tap);
        Self { values, width, outputs, channels, taps }
    }

    pub(super) fn count(&self) -> usize {
        self.outputs.div_ceil(self.width)
    }

    /// Where a panel begins.
    pub(super) fn panel(&self, panel: usize) -> &[L] {
        &self.values[panel * self.taps * self.channels * self.width..]
    }

    /// Outputs that a panel really has.
    pub(super) fn outputs_of(&self, panel: usize) -> usize {
        self.width.min(self.outputs - panel * self.width)
    }
}

/// What the sums begin with: for each panel as many rows of lanes as its tiles have.
pub(super) struct Starts<L> {
    values: Vec<L>,
    panel_step: usize,
    pub row_step: usize,
}

impl<L: Lane> Starts<L> {
    pub(super) fn zero() -> Self {
        Self { values: vec![L::default(); 2 * WIDTH], panel_step: 0, row_step: 0 }
    }

    /// `value(output)` for every pixel.
    pub(super) fn of(lanes: Lanes, panels: &Panels<L>, value: impl Fn(usize) -> L) -> Self {
        let outputs = panels.count() * panels.width;
        let value = |output| if output < panels.outputs { value(output) } else { L::default() };
        match lanes {
            Lanes::Outputs => {
                let room = std::iter::repeat_n(L::default(), 2 * WIDTH);
                let values = (0..outputs).map(value).chain(room).collect();
                Self { values, panel_step: panels.width, row_step: 0 }
            }
            Lanes::Pixels => {
                let row_step = 2 * WIDTH;
                let line = |output| std::iter::repeat_n(value(output), row_step);
                let values = (0..outputs).flat_map(line).collect();
                Self { values, panel_step: panels.width * row_step, row_step }
            }
        }
    }

    pub(super) fn panel(&self, panel: usize) -> &[L] {
        &self.values[panel * self.panel_step..]
    }
}

/// Outputs of a panel: a tile's lanes, or its rows, no more than there are.
pub(super) fn width(lanes: Lanes, [most, blocks]: [usize; 2], outputs: usize) -> usize {
    match lanes {
        Lanes::Outputs => outputs.next_multiple_of(WIDTH).min(blocks * WIDTH),
        Lanes::Pixels => cut(outputs, most),
    }
}
