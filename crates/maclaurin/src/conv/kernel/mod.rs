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
use crate::expand::kernel::parallel;
use panels::{Lanes, Panels};

/// Does `work` for every window, each thread with memory of its own.
fn windows<S: Send>(
    windows: &[Window],
    threads: Option<usize>,
    memory: impl Fn() -> S + Send + Sync,
    work: impl Fn(&mut S, &Window) + Send + Sync,
) -> Result<(), String> {
    if windows.len() < 2 || threads == Some(1) {
        let mut memory = memory();
        for window in windows {
            work(&mut memory, window);
        }
        return Ok(());
    }
    parallel::on(threads, || windows.par_iter().for_each_init(memory, work))
}

/// Which way round the tiles lie, and the weights of each group in that order:
/// `value(group, output, tap, channel)`.
fn weights<L: Lane>(
    level: Level,
    geometry: &Geometry,
    [outputs, channels, pixels]: [usize; 3],
    adjoins: [bool; 2],
    value: impl Fn(usize, usize, usize, usize) -> L,
) -> (Lanes, Vec<Panels<L>>) {
    let (most, blocks) = tile::largest::<L>(level);
    let products = geometry.taps() * channels;
    let lanes = Lanes::cheaper([most, blocks], outputs, pixels, products, adjoins);
    let width = panels::width(lanes, [most, blocks], outputs);
    let of = |group| {
        let value = |output, tap, channel| value(group, output, tap, channel);
        Panels::new(width, [outputs, geometry.taps(), channels], value)
    };
    (lanes, (0..geometry.groups).map(of).collect())
}
