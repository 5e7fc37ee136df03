//! The three passes of a convolution over powers. None of them writes the powers down: a window of
//! the picture has a few rows of them at a time, in the cache.

mod correlate;
mod forward;
mod input_gradient;
mod panels;
mod picture;
mod tile;
mod weight_gradient;

pub(super) use forward::Forward;
pub(super) use input_gradient::InputGradient;
pub(super) use picture::Picture;
pub(super) use weight_gradient::WeightGradient;

use rayon::prelude::*;

use super::geometry::{Geometry, Window};
use crate::expand::element::Lane;
use crate::expand::kernel::instructions::Level;
use panels::{Lanes, Panels, Weights};

/// Does `work` for every window, each thread with memory of its own.
fn windows<S: Send>(
    windows: &[Window],
    memory: impl Fn() -> S + Send + Sync,
    work: impl Fn(&mut S, &Window) + Send + Sync,
) {
    if let [window] = windows {
        work(&mut memory(), window);
    } else {
        windows.par_iter().for_each_init(memory, work);
    }
}

/// Which way round the tiles lie, and the weights of each group in that order. The strides are those
/// of the group, an output, a tap and a channel.
fn weights<L: Lane>(
    level: Level,
    geometry: &Geometry,
    [outputs, channels, pixels]: [usize; 3],
    adjoins: [bool; 2],
    values: &[L],
    [of_group, strides @ ..]: [usize; 4],
) -> (Lanes, Vec<Panels<L>>) {
    let largest = tile::largest::<L>(level).into();
    let lanes = Lanes::cheaper(largest, outputs, pixels, geometry.taps() * channels, adjoins);
    let width = panels::width(lanes, largest, outputs);
    let of = |group| {
        let weights = Weights { values: &values[group * of_group..], strides };
        Panels::new(width, [outputs, geometry.taps(), channels], &weights)
    };
    (lanes, (0..geometry.groups).map(of).collect())
}
