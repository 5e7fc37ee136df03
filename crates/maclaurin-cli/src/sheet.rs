//! The contact sheet: each degree of each channel as a picture, normalised and labelled.

use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma};
use ndarray::{ArrayD, ArrayView2, ArrayViewD, Axis};

use crate::Failure;
use crate::picture::{Picture, draw_failure, use_font};

/// The longest side of a tile in pixels, and the shortest that is not blown up.
const LARGEST_TILE: u32 = 256;
const SMALLEST_TILE: u32 = 128;

/// Heights of a line of text and of the title, and the space around tiles.
const LINE: u32 = 20;
const TITLE: u32 = 36;
const MARGIN: u32 = 16;

/// A contact sheet with more tiles than this cannot be looked at.
const MOST_TILES: usize = 400;

/// The number of channels of a picture of this shape.
pub fn channels(path: &impl std::fmt::Display, shape: &[usize]) -> Result<usize, Failure> {
    let pixels = shape.iter().take(2).product::<usize>();
    match *shape {
        [_, _] if pixels > 0 => Ok(1),
        [_, _, channels @ 1..=4] if pixels > 0 => Ok(channels),
        _ => Err(Failure::Usage(format!(
            "a contact sheet shows pictures: height x width, or height x width x 1 to 4 channels; \
             {path} has shape {shape:?}; write .npy instead"
        ))),
    }
}

/// Draws the channels of the picture `plain` in the first row and of each of `planes` (degree,
/// height, width and perhaps channel) in the rows below, with the labels given.
pub fn draw(
    title: &str,
    channels: usize,
    plain: &ArrayD<f32>,
    labels: &[String],
    planes: &ArrayD<f32>,
) -> Result<Picture, Failure> {
    use_font();
    let mut rows: Vec<(&str, ArrayViewD<'_, f32>)> = vec![("the values expanded", plain.view())];
    if planes.ndim() == plain.ndim() {
        rows.push((&labels[0], planes.view()));
    } else {
        rows.extend(labels.iter().map(String::as_str).zip(planes.axis_iter(Axis(0))));
    }
    if rows.len() * channels > MOST_TILES {
        let message =
            format!("a contact sheet shows at most {MOST_TILES} tiles; write .npy instead");
        return Err(Failure::Usage(message));
    }
    let (height, width) = (plain.shape()[0], plain.shape()[1]);
    let tile = tile_size(width, height);
    let row_height = tile.1 + 2 * LINE + MARGIN;
    // Room for the title too, at about half its height a letter.
    let title_width = 2 * MARGIN + title.chars().count() as u32 * LINE / 2;
    let columns_width = MARGIN + channels as u32 * (tile.0 + MARGIN);
    let mut sheet = Picture::white(
        columns_width.max(title_width.min(3 * LARGEST_TILE)),
        TITLE + rows.len() as u32 * row_height + MARGIN,
    );
    let mut captions = vec![(title.to_owned(), (MARGIN, MARGIN / 2), LINE)];
    for (row, (label, array)) in rows.iter().enumerate() {
        let top = TITLE + row as u32 * row_height;
        captions.push(((*label).to_owned(), (MARGIN, top), LINE * 4 / 5));
        for channel in 0..channels {
            let left = MARGIN + channel as u32 * (tile.0 + MARGIN);
            let plane = match array.ndim() {
                2 => array.view(),
                _ => array.index_axis(Axis(2), channel),
            };
            let plane = plane.into_dimensionality().map_err(draw_failure)?;
            let range = paint(&plane, tile, &mut sheet, (left, top + LINE));
            let name = channel_name(channels, channel);
            let caption = match range {
                Some((low, high)) => format!("{name}: {} to {}", short(low), short(high)),
                None => format!("{name}: nothing finite"),
            };
            captions.push((caption, (left, top + LINE + tile.1 + 4), LINE * 7 / 10));
        }
    }
    for (caption, position, size) in captions {
        sheet.write(&caption, position, size)?;
    }
    Ok(sheet)
}

fn channel_name(channels: usize, channel: usize) -> &'static str {
    match (channels, channel) {
        (1 | 2, 0) => "gray",
        (_, 0) => "red",
        (3 | 4, 1) => "green",
        (_, 2) => "blue",
        _ => "alpha",
    }
}

/// A number in few characters.
fn short(value: f32) -> String {
    match value.abs() {
        0.0 => "0".into(),
        magnitude if (1e-3..1e4).contains(&magnitude) => {
            let digits = if magnitude < 1.0 { 4 } else { 2 };
            format!("{value:.digits$}")
        }
        _ => format!("{value:.1e}"),
    }
}

fn tile_size(width: usize, height: usize) -> (u32, u32) {
    let longest = width.max(height) as f64;
    let clamped = longest.clamp(f64::from(SMALLEST_TILE), f64::from(LARGEST_TILE));
    let side = |n: usize| ((n as f64 * clamped / longest).round() as u32).max(1);
    (side(width), side(height))
}

/// Paints a plane as gray, its smallest finite value black and its largest white, what is not
/// finite magenta; returns both ends.
fn paint(
    plane: &ArrayView2<'_, f32>,
    (width, height): (u32, u32),
    sheet: &mut Picture,
    (left, top): (u32, u32),
) -> Option<(f32, f32)> {
    let finite = plane.iter().copied().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let span = if high > low { high - low } else { 1.0 };
    let (rows, columns) = plane.dim();
    let full = ImageBuffer::<Luma<f32>, Vec<f32>>::from_fn(columns as u32, rows as u32, |x, y| {
        Luma([(plane[[y as usize, x as usize]] - low) / span])
    });
    let filter = if width as usize > columns { FilterType::Nearest } else { FilterType::Triangle };
    let tile = resize(&full, width, height, filter);
    for (x, y, Luma([value])) in tile.enumerate_pixels() {
        let color = if value.is_finite() {
            [(value.clamp(0.0, 1.0) * 255.0).round() as u8; 3]
        } else {
            [255, 0, 255]
        };
        let pixel = ((top + y) as usize * sheet.width as usize + (left + x) as usize) * 3;
        sheet.pixels[pixel..pixel + 3].copy_from_slice(&color);
    }
    (low <= high).then_some((low, high))
}
