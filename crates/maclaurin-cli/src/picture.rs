//! Pictures into files: SVG from a drawing, PNG from pixels.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use image::ImageEncoder;
use image::codecs::png::PngEncoder;
use tiny_skia::Pixmap;

use crate::Failure;
use crate::canvas::Canvas;
use crate::input::ending;
use crate::output::Pending;

/// Refuses a file that is neither .svg nor .png, before anything is computed for it.
pub fn check(path: &Path) -> Result<(), Failure> {
    match ending(path).as_str() {
        "svg" | "png" => Ok(()),
        other => {
            let message = format!("cannot write `.{other}`: --output is a .svg or .png file");
            Err(Failure::Usage(message))
        }
    }
}

/// Writes a drawing as the .svg or .png file that its path's ending says.
pub fn save(canvas: &Canvas, path: &Path) -> Result<(), Failure> {
    check(path)?;
    if ending(path) == "svg" {
        let text = canvas.svg();
        Pending::create(path)?.finish(|file| file.write_all(text.as_bytes()))?;
    } else {
        let pixels = canvas.pixels()?;
        Pending::create(path)?.finish(|file| write_png(&pixels, file))?;
    }
    Ok(())
}

/// Writes opaque pixels as PNG.
pub fn write_png(pixels: &Pixmap, to: impl Write) -> io::Result<()> {
    let mut buffered = BufWriter::new(to);
    let rgb: Vec<u8> =
        pixels.data().chunks_exact(4).flat_map(|pixel| &pixel[..3]).copied().collect();
    PngEncoder::new(&mut buffered)
        .write_image(&rgb, pixels.width(), pixels.height(), image::ExtendedColorType::Rgb8)
        .map_err(io::Error::other)?;
    buffered.flush()
}
