//! What the plot and the contact sheet share: a font that is always there, and PNG out.

use std::io::{self, BufWriter, Write};
use std::sync::Once;

use image::codecs::png::PngEncoder;
use image::imageops::{FilterType, resize};
use image::{ImageEncoder, Rgb, RgbImage};
use plotters::prelude::*;
use plotters::style::register_font;

use crate::Failure;

/// DejaVu Sans, cut down to Latin and Greek: see its licence beside it.
static FONT: &[u8] = include_bytes!("../assets/DejaVuSans-subset.ttf");

/// The family under which the font is known.
pub const FAMILY: &str = "sans-serif";

/// Pictures are drawn this many times larger and scaled down, for smooth lines and letters.
pub const OVERSAMPLING: u32 = 3;

/// Makes the font known; machines without fonts can draw too.
pub fn use_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The font is part of the program: it cannot be malformed.
        let _ = register_font(FAMILY, FontStyle::Normal, FONT);
    });
}

/// Black text of a height in pixels.
pub fn text(height: u32) -> TextStyle<'static> {
    (FAMILY, height).into_font().color(&BLACK.mix(0.85))
}

/// An error of the drawing library in ours.
pub fn draw_failure(error: impl ToString) -> Failure {
    Failure::Draw(error.to_string())
}

/// An RGB picture, 8 bits a channel.
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u8>,
}

impl Picture {
    /// A white picture.
    pub fn white(width: u32, height: u32) -> Self {
        Self { width, height, pixels: vec![255; width as usize * height as usize * 3] }
    }

    /// Writes a line of text with its upper left corner at `position`: drawn large and scaled
    /// down, for letters at whole pixels stand unevenly.
    pub fn write(&mut self, line: &str, position: (u32, u32), height: u32) -> Result<(), Failure> {
        let (left, top) = position;
        // Letters reach above the position given to the drawing library, by a third at most.
        let rise = height / 3;
        let top = top.saturating_sub(rise);
        let size = (self.width.saturating_sub(left).max(1), height * 2);
        let mut large = Self::white(size.0 * OVERSAMPLING, size.1 * OVERSAMPLING);
        let extent = (large.width, large.height);
        let area = BitMapBackend::with_buffer(&mut large.pixels, extent).into_drawing_area();
        let start = (0, (rise * OVERSAMPLING) as i32);
        area.draw(&Text::new(line, start, text(height * OVERSAMPLING))).map_err(draw_failure)?;
        area.present().map_err(draw_failure)?;
        drop(area);
        for (x, y, Rgb(color)) in large.scaled_down(size)?.enumerate_pixels() {
            let pixel = ((top + y) as usize * self.width as usize + (left + x) as usize) * 3;
            for (below, ink) in self.pixels.iter_mut().skip(pixel).zip(color) {
                *below = (*below).min(*ink);
            }
        }
        Ok(())
    }

    /// The picture at another size.
    pub fn scaled_down(self, (width, height): (u32, u32)) -> Result<RgbImage, Failure> {
        let buffer = RgbImage::from_raw(self.width, self.height, self.pixels)
            .ok_or_else(|| draw_failure("the picture has the wrong size"))?;
        Ok(resize(&buffer, width, height, FilterType::Triangle))
    }

    /// Writes the picture as PNG.
    pub fn write_png(&self, to: impl Write) -> io::Result<()> {
        let mut buffered = BufWriter::new(to);
        PngEncoder::new(&mut buffered)
            .write_image(&self.pixels, self.width, self.height, image::ExtendedColorType::Rgb8)
            .map_err(io::Error::other)?;
        buffered.flush()
    }
}
