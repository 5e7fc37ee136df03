//! Weights in the order in which the inner loop reads them, and what of a tile they are.

use crate::conv::geometry::cut;
use crate::expand::element::Lane;
use crate::expand::kernel::vector::WIDTH;

/// What stands side by side in the vectors of a tile; its rows are the other one.
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
    /// The cheaper ones for `products` a value, where memory has one of the two side by side.
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

/// Weights as [panel][tap][channel][output of the panel].
pub(super) struct Panels<L> {
    pub values: Vec<L>,
    /// Outputs in a panel; those of the last one that do not exist are zero.
    pub width: usize,
    pub outputs: usize,
    pub channels: usize,
    pub taps: usize,
}

impl<L: Lane> Panels<L> {
    /// `value(output, tap, channel)` for all of them.
    pub(super) fn new(
        width: usize,
        [outputs, taps, channels]: [usize; 3],
        value: impl Fn(usize, usize, usize) -> L,
    ) -> Self {
        let count = outputs.div_ceil(width);
        // Whole vectors are read, also from the last place.
        let room = count * taps * channels * width + 2 * WIDTH;
        let mut values = vec![L::default(); room];
        let (panels, _) = values.split_at_mut(room - 2 * WIDTH);
        for (panel, values) in panels.chunks_exact_mut((taps * channels * width).max(1)).enumerate()
        {
            let first = panel * width;
            for (step, values) in values.chunks_exact_mut(width).enumerate() {
                let (tap, channel) = (step / channels, step % channels);
                for (lane, place) in values.iter_mut().enumerate().take(outputs - first) {
                    *place = value(first + lane, tap, channel);
                }
            }
        }
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
