//! JPEG: every scan complete, the end marker there.

mod huffman;
mod scan;

use image::metadata::Orientation;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::guard::{check_memory, zeros};
use super::page::{Layout, Page};
use super::picture::{Decoded, Limit};
use super::problem::Problem;

/// Decodes the picture; what is not gray becomes red, green and blue.
pub fn decode(bytes: &[u8], limit: Limit) -> Result<Decoded, Problem> {
    let size = scan::size(bytes)?;
    limit.check(size.1.into(), size.0.into(), 1)?;
    // Coefficients of a progressive picture and the samples, for up to four channels.
    check_memory(u128::from(size.0) * u128::from(size.1), 16)?;
    // The decoder fills what is missing with gray, strict or not, so this is found out before.
    scan::complete(bytes)?;
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(problem)?;
    let (colours, layout) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, Layout::Gray),
        _ => (ColorSpace::RGB, Layout::Rgb),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let length = decoder.output_buffer_size().ok_or(Problem::Damaged("JPEG"))?;
    let mut values = zeros::<u8>(length as u128)?;
    decoder.decode_into(&mut values).map_err(problem)?;
    let orientation = decoder
        .exif()
        .and_then(|chunk| Orientation::from_exif_chunk(chunk))
        .unwrap_or(Orientation::NoTransforms);
    let page = Page::bytes(values, (size.0.into(), size.1.into()), layout)?;
    Ok(Decoded { pages: vec![(page, orientation)], count: 1 })
}

fn problem(error: DecodeErrors) -> Problem {
    match error {
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => Problem::Truncated("JPEG"),
        DecodeErrors::Unsupported(_) => Problem::unsupported("this variant of JPEG"),
        _ => Problem::Damaged("JPEG"),
    }
}
