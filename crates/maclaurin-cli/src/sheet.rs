//! The contact sheet: each degree of each channel as a picture, normalised and labelled, on as
//! many pages as they need.

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, ArrayView2, ArrayViewD, Axis, Ix2};
use tiny_skia::Pixmap;

use crate::Failure;
use crate::canvas::{Anchor, Canvas, Line, Rgb, blank};
use crate::font;
use crate::tile::{self, Scale, Summary};

/// Heights of lines of text and of the letters in them, and the space around tiles.
const LINE: usize = 20;
const TITLE_SIZE: f32 = 19.0;
const LABEL_SIZE: f32 = 15.0;
const CAPTION_SIZE: f32 = 13.0;
const MARGIN: usize = 16;

/// The colour around tiles: a white one ends somewhere.
const EDGE: Rgb = [176, 176, 176];

/// The narrowest page in pixels; a title has that much room.
const NARROWEST: usize = 480;

/// The tiles of a page, and its columns; a job with more pages cannot be looked at.
const MOST_TILES: usize = 400;
const MOST_COLUMNS: usize = 12;
const MOST_ROWS: usize = 33;
const MOST_PAGES: usize = 100;

/// The number of channels of a picture of this shape, which may have several pages.
pub fn channels(
    path: &impl std::fmt::Display,
    shape: &[usize],
    pages: usize,
) -> Result<usize, Failure> {
    if pages > 1 {
        // Gray pages would pass for rows of many channels.
        return Err(Failure::Usage(format!(
            "{path} has {pages} pages, and a contact sheet shows one of them: choose it with \
             --page, 1 to {pages}, or write .npy instead"
        )));
    }
    match *shape {
        [height, width] if height > 0 && width > 0 => Ok(1),
        [height, width, channels] if height > 0 && width > 0 && channels > 0 => Ok(channels),
        _ => Err(Failure::Usage(format!(
            "a contact sheet shows pictures: height x width, or height x width x channels; \
             {path} has shape {shape:?}; write .npy instead"
        ))),
    }
}

/// The path of a page: `sheet.png`, `sheet-2.png` and so on.
pub fn page_path(path: &Path, page: usize) -> PathBuf {
    if page == 0 {
        return path.into();
    }
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push(format!("-{}.png", page + 1));
    path.with_file_name(name)
}

/// The pictures of a sheet: rows of channels.
pub struct Sheet<'a> {
    title: String,
    replaced: bool,
    channels: usize,
    /// Each row's label and its values, height x width and perhaps x channels.
    rows: Vec<(&'a str, ArrayViewD<'a, f32>)>,
    scale: Scale,
    rows_a_page: usize,
    columns_a_page: usize,
}

impl<'a> Sheet<'a> {
    /// The channels of the picture `plain` in the first row and of each of `planes` (degree,
    /// height, width and perhaps channel) in the rows below, with the labels given.
    pub fn new(
        title: &str,
        channels: usize,
        plain: &'a ArrayD<f32>,
        labels: &'a [String],
        planes: &'a ArrayD<f32>,
    ) -> Result<Self, Failure> {
        let mut rows = vec![("the values expanded", plain.view())];
        if planes.ndim() == plain.ndim() {
            rows.push((&labels[0], planes.view()));
        } else {
            rows.extend(labels.iter().map(String::as_str).zip(planes.axis_iter(Axis(0))));
        }
        let rows_a_page = rows.len().min(MOST_ROWS);
        let columns_a_page = channels.min(MOST_COLUMNS).min(MOST_TILES / rows_a_page);
        let scale = Scale::of(plain.shape()[1], plain.shape()[0]);
        let (title, replaced) = font::shown(title);
        let sheet = Self { title, replaced, channels, rows, scale, rows_a_page, columns_a_page };
        if sheet.pages() > MOST_PAGES {
            return Err(Failure::Usage(format!(
                "{} rows of {channels} channels need {} contact sheets, at most {MOST_PAGES} are \
                 drawn; choose fewer with --degrees, or write .npy instead",
                sheet.rows.len(),
                sheet.pages()
            )));
        }
        Ok(sheet)
    }

    /// The number of pages.
    pub fn pages(&self) -> usize {
        self.rows.len().div_ceil(self.rows_a_page) * self.channels.div_ceil(self.columns_a_page)
    }

    /// Draws a page: pages go through the channels first, then through the rows.
    pub fn page(&self, page: usize) -> Result<Pixmap, Failure> {
        let across = self.channels.div_ceil(self.columns_a_page);
        let part =
            |index: usize, size: usize, of: usize| index * size..((index + 1) * size).min(of);
        let columns = part(page % across, self.columns_a_page, self.channels);
        let rows = part(page / across, self.rows_a_page, self.rows.len());
        let mut summaries = Vec::new();
        for (_, array) in &self.rows[rows.clone()] {
            for channel in columns.clone() {
                summaries.push(Summary::of(&plane(array, channel)?));
            }
        }
        let captions: Vec<String> = summaries
            .iter()
            .zip(columns.clone().cycle())
            .map(|(summary, channel)| format!("{}: {}", self.channel_name(channel), summary.text()))
            .collect();
        let header = self.header(page, &summaries);
        // A column is as wide as its tiles, or as its widest caption.
        let width = |text: &String| font::width(text, CAPTION_SIZE).ceil() as usize;
        let lefts: Vec<usize> = (0..=columns.len())
            .scan(MARGIN, |next, column| {
                let left = *next;
                let widest = captions.iter().skip(column).step_by(columns.len()).map(width).max();
                *next += widest.unwrap_or(0).max(self.scale.width) + MARGIN;
                Some(left)
            })
            .collect();
        let page_width = lefts[columns.len()].max(NARROWEST);
        let row_height = self.scale.height + 2 * LINE + MARGIN;
        let top = MARGIN + LINE * (1 + header.len()) + MARGIN / 2;
        let page_height = top + rows.len() * row_height + MARGIN;
        let mut pixels = blank(page_width as u32, page_height as u32)?;
        let mut text = Canvas::new((page_width as u32, page_height as u32));
        let room = (page_width - 2 * MARGIN) as f32;
        let place = |left: usize, line: usize| (left as f32, line as f32);
        let edge = Line { color: EDGE, width: 1.0, dash: vec![] };
        let title = font::fitted(&self.title, TITLE_SIZE, room);
        text.text(&title, place(MARGIN, MARGIN + 15), TITLE_SIZE, Anchor::Start);
        for (line, parts) in header.iter().enumerate() {
            let baseline = MARGIN + LINE * (line + 1) + 16;
            let mut left = MARGIN as f32;
            for (swatch, part) in parts {
                if let Some(color) = swatch {
                    text.rectangle((left, baseline as f32 - 10.0), (11.0, 11.0), *color, 1.0);
                    left += 16.0;
                }
                let part = font::fitted(part, CAPTION_SIZE, page_width as f32 - left);
                text.text(&part, (left, baseline as f32), CAPTION_SIZE, Anchor::Start);
                left += font::width(&part, CAPTION_SIZE) + 18.0;
            }
        }
        for (row, (label, array)) in self.rows[rows].iter().enumerate() {
            let top = top + row * row_height;
            text.text(
                &font::fitted(label, LABEL_SIZE, room),
                place(MARGIN, top + 14),
                LABEL_SIZE,
                Anchor::Start,
            );
            for (column, channel) in columns.clone().enumerate() {
                let index = row * columns.len() + column;
                let corner = (lefts[column], top + LINE);
                text.polyline(outline(corner, self.scale), &edge);
                tile::paint(
                    &plane(array, channel)?,
                    self.scale,
                    &summaries[index],
                    &mut pixels,
                    corner,
                );
                let baseline = top + LINE + self.scale.height + 15;
                text.text(
                    &captions[index],
                    place(lefts[column], baseline),
                    CAPTION_SIZE,
                    Anchor::Start,
                );
            }
        }
        text.paint_over(&mut pixels);
        Ok(pixels)
    }

    /// The lines below the title: the page, the scale, a mark's meaning; and the key of what is
    /// not finite.
    fn header(&self, page: usize, summaries: &[Summary]) -> Vec<Vec<(Option<[u8; 3]>, String)>> {
        let mut lines = Vec::new();
        if self.pages() > 1 {
            lines.push(vec![(None, format!("page {} of {}", page + 1, self.pages()))]);
        }
        let shape = self.rows[0].1.shape();
        let size = format!("{} x {} values", shape[0], shape[1]);
        if !self.scale.alike {
            lines.push(vec![(None, format!("{size}, the directions scaled differently"))]);
        } else if self.scale.width > shape[1] {
            let factor = self.scale.width / shape[1];
            lines.push(vec![(None, format!("{size}, each {factor} x {factor} pixels"))]);
        }
        if self.replaced {
            let text = "between \u{2039} and \u{203a}: letters that the font lacks, in Latin ones";
            lines.push(vec![(None, text.into())]);
        }
        let key: Vec<_> = [
            (summaries.iter().any(|s| s.nan > 0), tile::NAN, "NaN"),
            (summaries.iter().any(|s| s.infinite > 0), tile::INFINITY, "infinity"),
            (summaries.iter().any(|s| s.minus_infinite > 0), tile::MINUS_INFINITY, "-infinity"),
        ]
        .into_iter()
        .filter(|(there, ..)| *there)
        .map(|(_, color, name)| (Some(color), name.to_owned()))
        .collect();
        if !key.is_empty() {
            lines.push(key);
        }
        lines
    }

    fn channel_name(&self, channel: usize) -> String {
        let name = match (self.channels, channel) {
            (1 | 2, 0) => "gray",
            (3 | 4, 0) => "red",
            (3 | 4, 1) => "green",
            (3 | 4, 2) => "blue",
            (2, 1) | (4, 3) => "alpha",
            _ => return format!("channel {}", channel + 1),
        };
        name.into()
    }
}

/// The pixels around a tile, in the middle of each.
fn outline((left, top): (usize, usize), scale: Scale) -> Vec<(f32, f32)> {
    let (left, top) = (left as f32 - 0.5, top as f32 - 0.5);
    let (right, bottom) = (left + scale.width as f32 + 1.0, top + scale.height as f32 + 1.0);
    vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
}

/// A channel of a row's values.
fn plane<'v>(
    array: &'v ArrayViewD<'_, f32>,
    channel: usize,
) -> Result<ArrayView2<'v, f32>, Failure> {
    let plane = if array.ndim() == 2 { array.view() } else { array.index_axis(Axis(2), channel) };
    plane.into_dimensionality::<Ix2>().map_err(|error| Failure::Draw(error.to_string()))
}
