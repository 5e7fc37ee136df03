//! Strips and tiles: where they are in the file and in the page.

use super::compression::Compression;
use super::directory::{Directory, File, Tag};
use crate::input::guard::zeros;
use crate::input::problem::Problem;

/// How a page is cut into chunks: strips as wide as the page, or tiles.
pub struct Layout {
    pub width: usize,
    pub height: usize,
    pub samples: usize,
    pub bits: usize,
    /// The samples of a chunk's pixel: all, or one if each channel has chunks of its own.
    pub chunk_samples: usize,
    pub chunk_width: usize,
    pub chunk_height: usize,
    /// Whether chunks are tiles, whose size is the same at the page's edges.
    tiles: bool,
}

/// A part of the page: its first column, its rows, its first channel.
pub struct Chunk {
    pub left: usize,
    pub top: usize,
    pub rows: usize,
    pub columns: usize,
    pub channel: usize,
    index: usize,
}

impl Layout {
    /// The layout that the tags give.
    pub fn new(directory: &Directory) -> Result<Self, Problem> {
        let damaged = Problem::Damaged("TIFF");
        let (width, height) = directory.size()?;
        let samples = directory.value(Tag::SamplesPerPixel).unwrap_or(1);
        let bits = directory.uniform(Tag::BitsPerSample, 1, "bits")?;
        if !(1..=0xffff).contains(&samples) || !(1..=64).contains(&bits) {
            return Err(damaged);
        }
        let planar = directory.value(Tag::PlanarConfiguration) == Some(2);
        let tiles = directory.values(Tag::TileOffsets).is_some();
        let (chunk_width, chunk_height) = if tiles {
            let side = |tag| directory.value(tag).filter(|side| (1..1 << 31).contains(side));
            match (side(Tag::TileWidth), side(Tag::TileLength)) {
                (Some(width), Some(height)) => (width, height),
                _ => return Err(damaged),
            }
        } else {
            let rows = directory.value(Tag::RowsPerStrip).unwrap_or(height);
            (width, rows.clamp(1, height))
        };
        Ok(Self {
            width: width as usize,
            height: height as usize,
            samples: samples as usize,
            bits: bits as usize,
            chunk_samples: if planar { 1 } else { samples as usize },
            chunk_width: chunk_width as usize,
            chunk_height: chunk_height as usize,
            tiles,
        })
    }

    /// The bytes of a chunk's row.
    pub fn row_bytes(&self) -> Result<usize, Problem> {
        let bits = self.chunk_width as u128 * self.chunk_samples as u128 * self.bits as u128;
        usize::try_from(bits.div_ceil(8)).map_err(|_| Problem::Damaged("TIFF"))
    }

    /// Calls `work` with each chunk and its bytes, decompressed.
    pub fn each(
        &self,
        file: &File,
        directory: &Directory,
        compression: Compression,
        mut work: impl FnMut(&Chunk, &mut [u8]) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let damaged = || Problem::Damaged("TIFF");
        let across = self.width.div_ceil(self.chunk_width);
        let down = self.height.div_ceil(self.chunk_height);
        let planes = self.samples / self.chunk_samples;
        let (offsets, counts) = places(directory).ok_or_else(damaged)?;
        let chunks = across.checked_mul(down).and_then(|chunks| chunks.checked_mul(planes));
        if chunks.is_none_or(|chunks| offsets.len() < chunks) {
            return Err(damaged());
        }
        if counts.is_some_and(|counts| counts.len() < offsets.len()) {
            return Err(damaged());
        }
        let reversed = directory.value(Tag::FillOrder) == Some(2);
        let row = self.row_bytes()?;
        let largest = row as u128 * self.chunk_height as u128;
        let mut buffer = zeros::<u8>(largest)?;
        for index in 0..planes * down * across {
            let (left, top) =
                (index % across * self.chunk_width, index / across % down * self.chunk_height);
            let chunk = Chunk {
                left,
                top,
                rows: self.chunk_height.min(self.height - top),
                columns: self.chunk_width.min(self.width - left),
                channel: index / (across * down),
                index,
            };
            // The last strip ends with the page; a tile is whole everywhere.
            let rows = if self.tiles { self.chunk_height } else { chunk.rows };
            let output = &mut buffer[..rows * row];
            let count = match counts {
                Some(counts) => counts[chunk.index],
                None if compression == Compression::None => output.len() as u64,
                None => file.size.saturating_sub(offsets[chunk.index]),
            };
            let mut input = file.slice(offsets[chunk.index], count)?;
            if reversed {
                input.to_mut().iter_mut().for_each(|byte| *byte = byte.reverse_bits());
            }
            compression.decompress(&input, output)?;
            work(&chunk, output)?;
        }
        Ok(())
    }
}

/// Where the chunks are, and their sizes.
fn places(directory: &Directory) -> Option<(&[u64], Option<&[u64]>)> {
    match directory.values(Tag::TileOffsets) {
        Some(offsets) => Some((offsets, directory.values(Tag::TileByteCounts))),
        None => {
            Some((directory.values(Tag::StripOffsets)?, directory.values(Tag::StripByteCounts)))
        }
    }
}

/// Reverses the bits of all chunks' bytes in a copy of the file.
pub fn reverse_bits(directory: &Directory, copy: &mut [u8]) -> Result<(), Problem> {
    let (offsets, counts) = places(directory).ok_or(Problem::Damaged("TIFF"))?;
    let mut reversed = vec![false; copy.len()];
    for (index, offset) in offsets.iter().enumerate() {
        let count = counts.and_then(|counts| counts.get(index)).copied();
        let count = count.ok_or(Problem::Damaged("TIFF"))?;
        let end = offset.checked_add(count).and_then(|end| usize::try_from(end).ok());
        let range = end.map(|end| *offset as usize..end);
        let range = range.filter(|range| range.end <= copy.len());
        for at in range.ok_or(Problem::Truncated("TIFF"))? {
            // Chunks may overlap in a damaged file: then each byte is reversed once.
            if !std::mem::replace(&mut reversed[at], true) {
                copy[at] = copy[at].reverse_bits();
            }
        }
    }
    Ok(())
}
