//! What the plot and the contact sheet share: a font that is always there, and PNG out.

use std::io::{self, BufWriter, Write};
use std::sync::Once;

use image::ImageEncoder;
use image::codecs::png::PngEncoder;
use plotters::prelude::{FontStyle, IntoFont, TextStyle};
use plotters::style::{BLACK, Color, register_font};

use crate::Failure;

/// DejaVu Sans, cut down to Latin and Greek: see its licence beside it.
static FONT: &[u8] = include_bytes!("../assets/DejaVuSans-subset.ttf");

/// The family under which the font is known.
pub const FAMILY: &str = "sans-serif";

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

    /// Writes the picture as PNG.
    pub fn write_png(&self, to: impl Write) -> io::Result<()> {
        let mut buffered = BufWriter::new(to);
        PngEncoder::new(&mut buffered)
            .write_image(&self.pixels, self.width, self.height, image::ExtendedColorType::Rgb8)
            .map_err(io::Error::other)?;
        buffered.flush()
    }
}
