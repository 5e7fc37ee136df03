//! Pictures into files: SVG from a drawing, PNG from pixels.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use image::ImageEncoder;
use image::codecs::png::PngEncoder;
use tiny_skia::Pixmap;

use crate::Failure;
use crate::canvas::Canvas;
use crate::input::ending;
use crate::output::{Target, is_standard};

/// The file that a picture is drawn into: .svg, .png, or - for SVG to standard output; checked before anything is
/// computed for it.
pub fn target(path: &Path, force: bool) -> Result<Target, Failure> {
    match ending(path).as_str() {
        "svg" | "png" => {}
        _ if is_standard(path) => {}
        _ => {
            let path = path.display();
            let message = format!("cannot write {path}: --output is a .svg or .png file");
            return Err(Failure::Usage(message));
        }
    }
    Target::new(path, force, &[])
}

/// Writes a drawing as its target's ending says.
pub fn save(canvas: &Canvas, target: &Target) -> Result<(), Failure> {
    if ending(target.path()) == "png" {
        let pixels = canvas.pixels()?;
        target.write(|file| write_png(&pixels, file))?;
    } else {
        let text = canvas.svg();
        target.write(|file| file.write_all(text.as_bytes()))?;
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
