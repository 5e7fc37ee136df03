//! PNG, with every checksum verified.

use std::io::Cursor;

use image::metadata::Orientation;
use png::{BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Transformations};

use super::guard::{check_memory, zeros};
use super::page::{Layout, Page};
use super::picture::{Decoded, Limit};
use super::problem::Problem;

/// What the decoder may allocate for itself: a chunk of metadata or a row.
const WORKING_MEMORY: usize = 1 << 28;

/// Decodes the picture; of an animation, the picture that programs without animations show.
pub fn decode(bytes: &[u8], limit: Limit) -> Result<Decoded, Problem> {
    let mut options = DecodeOptions::default();
    // The default of the library leaves a wrong sum of the pixels unnoticed.
    options.set_ignore_adler32(false);
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_limits(png::Limits { bytes: WORKING_MEMORY });
    // Palettes become colours, bits bytes, and a transparent colour an alpha channel.
    decoder.set_transformations(Transformations::EXPAND);
    let info = decoder.read_header_info().map_err(problem)?;
    limit.check(info.width.into(), info.height.into(), 1)?;
    // Four channels of 16 bits at most.
    check_memory(u128::from(info.width) * u128::from(info.height), 8)?;
    let mut reader = decoder.read_info().map_err(problem)?;
    let size = reader.output_buffer_size().ok_or(Problem::Damaged("PNG"))?;
    let mut values = zeros::<u8>(size as u128)?;
    let output = reader.next_frame(&mut values).map_err(problem)?;
    values.truncate(output.buffer_size());
    let orientation = reader.info().exif_metadata.as_deref().and_then(Orientation::from_exif_chunk);
    // The rest of the chunks: a file without its end is truncated.
    reader.finish().map_err(problem)?;
    let layout = match output.color_type {
        ColorType::Grayscale => Layout::Gray,
        ColorType::GrayscaleAlpha => Layout::GrayAlpha,
        ColorType::Rgb => Layout::Rgb,
        ColorType::Rgba => Layout::Rgba,
        ColorType::Indexed => return Err(Problem::Damaged("PNG")),
    };
    let size = (output.height as usize, output.width as usize);
    let page = match output.bit_depth {
        BitDepth::Sixteen => {
            let mut words = zeros::<u16>((values.len() / 2) as u128)?;
            for (word, bytes) in words.iter_mut().zip(values.as_chunks::<2>().0) {
                *word = u16::from_be_bytes(*bytes);
            }
            Page::words(words, size, layout)?
        }
        _ => Page::bytes(values, size, layout)?,
    };
    let orientation = orientation.unwrap_or(Orientation::NoTransforms);
    Ok(Decoded { pages: vec![(page, orientation)], count: 1 })
}

fn problem(error: DecodingError) -> Problem {
    match error {
        DecodingError::IoError(error) => Problem::reading(&error, "PNG"),
        DecodingError::LimitsExceeded => {
            Problem::unsupported(format!("a row or chunk of more than {WORKING_MEMORY} bytes"))
        }
        DecodingError::Format(_) | DecodingError::Parameter(_) => Problem::Damaged("PNG"),
    }
}
