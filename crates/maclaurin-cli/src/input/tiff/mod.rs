//! TIFF and `BigTIFF`: integers of 1 to 64 bits, floats, any number of channels, palettes, strips
//! and tiles, planar or not, and every page.
//!
//! The format: TIFF 6.0 (Adobe, 1992); Adobe's technical notes 1 to 3 for the predictor of
//! floats; <https://libtiff.gitlab.io/libtiff/specification/bigtiff.html> for
//! `BigTIFF`.
//! Fax and JPEG inside TIFF, and colours other than gray, RGB and palettes, are decoded by the
//! library `image`.

mod chunks;
mod compression;
mod directory;
#[cfg(feature = "zarr")]
mod large;
mod samples;

use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::tiff::TiffDecoder;
use image::metadata::Orientation;

use super::picture::{Decoded, Limit, still};
use super::problem::Problem;
use chunks::Layout as Chunks;
use compression::Compression;
use directory::{Bytes, Directory, File, Tag};
#[cfg(feature = "zarr")]
pub use large::LargeTiff;

/// Photometric interpretations.
const WHITE_IS_ZERO: u64 = 0;
const BLACK_IS_ZERO: u64 = 1;
const RGB: u64 = 2;
const PALETTE: u64 = 3;

/// Bits of `NewSubfileType`: a smaller copy of another page, and a transparency mask.
const NO_PAGE: u64 = 0b101;

/// Decodes the pages that are asked for.
pub fn decode(bytes: &[u8], limit: Limit) -> Result<Decoded, Problem> {
    let file = File::new(Bytes::Memory(bytes))?;
    let mut pages = Vec::new();
    let mut count = 0;
    let mut sizes = (0, 0, 0);
    // Sizes first: nothing is decoded of what is too large.
    let mut chosen = Vec::new();
    for place in file.directories()? {
        let directory = Directory::read(&file, place)?;
        if !is_page(&directory) {
            continue;
        }
        if limit.reads(count) {
            let (width, height) = directory.size()?;
            sizes = (width.max(sizes.0), height.max(sizes.1), sizes.2 + 1);
            limit.check(sizes.0, sizes.1, sizes.2)?;
            chosen.push((place, directory));
        }
        count += 1;
    }
    if count == 0 {
        return Err(Problem::Damaged("TIFF"));
    }
    for (place, directory) in chosen {
        pages.push(page(&file, place, &directory, limit)?);
    }
    Ok(Decoded { pages, count })
}

/// Whether a directory is one of a page.
fn is_page(directory: &Directory) -> bool {
    directory.value(Tag::NewSubfileType).unwrap_or(0) & NO_PAGE == 0
}

/// Decodes one page.
fn page(
    file: &File,
    place: u64,
    directory: &Directory,
    limit: Limit,
) -> Result<(super::page::Page, Orientation), Problem> {
    let orientation = directory.value(Tag::Orientation).unwrap_or(1);
    let orientation = u8::try_from(orientation).ok().and_then(Orientation::from_exif);
    let orientation = orientation.unwrap_or(Orientation::NoTransforms);
    let compression = Compression::of(directory.value(Tag::Compression).unwrap_or(1));
    let photometric = directory.value(Tag::Photometric).unwrap_or(BLACK_IS_ZERO);
    let page = match (compression, photometric) {
        (Some(compression), WHITE_IS_ZERO | BLACK_IS_ZERO | RGB | PALETTE) => {
            let chunks = Chunks::new(directory)?;
            samples::page(file, directory, &chunks, compression, photometric)
        }
        _ => elsewhere(file, place, directory, limit),
    };
    Ok((page?, orientation))
}

/// Decodes a page by the library `image`, from a copy of the file whose first page it is.
fn elsewhere(
    file: &File,
    place: u64,
    directory: &Directory,
    limit: Limit,
) -> Result<super::page::Page, Problem> {
    let bits = directory.value(Tag::BitsPerSample).unwrap_or(1);
    let format = directory.value(Tag::SampleFormat).unwrap_or(1);
    if bits > 16 || format != 1 {
        // It would take these for floats.
        return Err(Problem::unsupported(format!(
            "TIFF of {bits}-bit samples in colours other than gray, RGB or a palette"
        )));
    }
    let mut copy = super::guard::room::<u8>(file.size.into())?;
    copy.extend_from_slice(&file.slice(0, file.size)?);
    file.put_first(&mut copy, place)?;
    if directory.value(Tag::FillOrder) == Some(2) {
        chunks::reverse_bits(directory, &mut copy)?;
    }
    let decoder = TiffDecoder::new(Cursor::new(&copy[..]));
    if let Ok(decoder) = &decoder {
        super::guard::check_memory(decoder.total_bytes().into(), 3)?;
    }
    let mut decoded = still(decoder, "TIFF", limit)?;
    decoded.pages.pop().map(|(page, _)| page).ok_or(Problem::Damaged("TIFF"))
}
