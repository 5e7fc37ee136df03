//! Bits to values: unpacked, predictors undone, palettes looked up.

use half::f16;

use super::chunks::{Chunk, Layout as Chunks};
use super::compression::Compression;
use super::directory::{Directory, File, Tag};
use super::{PALETTE, RGB, WHITE_IS_ZERO};
use crate::array::Array;
use crate::input::guard::zeros;
use crate::input::page::{Layout, Page};
use crate::input::problem::Problem;

/// How neighbouring values were subtracted before compression.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Predictor {
    None,
    /// The value to the left.
    Horizontal,
    /// The bytes of a row of floats, the most significant ones first (Adobe's technical note 3).
    Float,
}

/// What samples are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Unsigned,
    Signed,
    Float,
}

/// Decodes a page whose chunks are decompressed here.
pub fn page(
    file: &File,
    directory: &Directory,
    chunks: &Chunks,
    compression: Compression,
    photometric: u64,
) -> Result<Page, Problem> {
    let format = match directory.uniform(Tag::SampleFormat, 1, "types")? {
        // Type 4 is "undefined", which readers take for unsigned.
        1 | 4 => Format::Unsigned,
        2 => Format::Signed,
        3 => Format::Float,
        5 | 6 => return Err(Problem::unsupported("TIFF of complex numbers")),
        _ => return Err(Problem::Damaged("TIFF")),
    };
    let predictor = match directory.value(Tag::Predictor).unwrap_or(1) {
        1 => Predictor::None,
        2 => Predictor::Horizontal,
        3 if format == Format::Float => Predictor::Float,
        _ => return Err(Problem::Damaged("TIFF")),
    };
    let reader = Reader { file, directory, chunks, compression, predictor };
    let bits = chunks.bits;
    let size = (chunks.height, chunks.width);
    let layout = layout(directory, chunks.samples, photometric);
    let mask = u64::MAX >> (64 - bits);
    if photometric == PALETTE {
        return palette(&reader, directory);
    }
    // White and black exchanged.
    let black = if photometric == WHITE_IS_ZERO { mask } else { 0 };
    let unsupported = || Problem::unsupported(format!("TIFF of {bits}-bit samples of this type"));
    match (format, bits) {
        // Few bits become 0..255, as in PNG.
        (Format::Unsigned, 1..=8) if 255 % mask == 0 => {
            let scale = 255 / mask;
            let values = reader.values(|raw| ((raw ^ black) * scale) as u8)?;
            Page::bytes(values, size, layout)
        }
        (Format::Unsigned, 3..=7) => {
            let values = reader.values(|raw| (raw ^ black) as u8)?;
            Page::new(values, size, layout, Array::U8, Some(mask as f64))
        }
        (Format::Unsigned, 9..=16) => {
            let values = reader.values(|raw| (raw ^ black) as u16)?;
            Page::new(values, size, layout, Array::U16, Some(mask as f64))
        }
        (Format::Unsigned, 17..=64) => {
            let values = reader.values(|raw| (raw ^ black) as f64)?;
            Page::new(values, size, layout, Array::F64, Some(mask as f64))
        }
        (Format::Signed, 1..=8) => {
            let values = reader.values(|raw| signed(raw, bits) as i8)?;
            Page::new(values, size, layout, Array::I8, None)
        }
        (Format::Signed, 9..=16) => {
            let values = reader.values(|raw| signed(raw, bits) as i16)?;
            Page::new(values, size, layout, Array::I16, None)
        }
        (Format::Signed, 17..=64) => {
            let values = reader.values(|raw| signed(raw, bits) as f64)?;
            Page::new(values, size, layout, Array::F64, None)
        }
        (Format::Float, 16) => {
            let values = reader.values(|raw| f16::from_bits(raw as u16))?;
            Page::new(values, size, layout, Array::F16, None)
        }
        (Format::Float, 32) => {
            let values = reader.values(|raw| f32::from_bits(raw as u32))?;
            Page::new(values, size, layout, Array::F32, None)
        }
        (Format::Float, 64) => {
            let values = reader.values(f64::from_bits)?;
            Page::new(values, size, layout, Array::F64, None)
        }
        _ => Err(unsupported()),
    }
}

/// What the channels are.
fn layout(directory: &Directory, samples: usize, photometric: u64) -> Layout {
    // 1 and 2 are alpha; 0 is unspecified, which readers of RGB take for alpha.
    let extra = directory.values(Tag::ExtraSamples).unwrap_or_default().first();
    match (samples, photometric, extra) {
        (1, ..) => Layout::Gray,
        (2, 0 | 1, Some(1 | 2)) => Layout::GrayAlpha,
        (3, RGB, None) => Layout::Rgb,
        (4, RGB, _) => Layout::Rgba,
        (samples, ..) => Layout::Other(samples),
    }
}

/// A number of two's complement with `bits` bits.
fn signed(raw: u64, bits: usize) -> i64 {
    (raw << (64 - bits)).cast_signed() >> (64 - bits)
}

/// The colours of a page of indices.
fn palette(reader: &Reader, directory: &Directory) -> Result<Page, Problem> {
    let Chunks { width, height, samples, bits, .. } = *reader.chunks;
    let map = directory.values(Tag::ColorMap).unwrap_or_default();
    if samples != 1 || bits > 16 || map.len() < 3 << bits {
        return Err(Problem::Damaged("TIFF"));
    }
    let colours = 1_usize << bits;
    let indices = reader.values(|raw| raw as u16)?;
    let mut values = zeros::<u8>(indices.len() as u128 * 3)?;
    for (pixel, index) in values.as_chunks_mut::<3>().0.iter_mut().zip(indices) {
        // Colours have 16 bits, of which the upper eight count.
        *pixel = [0, 1, 2].map(|channel| (map[channel * colours + usize::from(index)] >> 8) as u8);
    }
    Page::bytes(values, (height, width), Layout::Rgb)
}

/// What it takes to read the values of a page.
struct Reader<'a> {
    file: &'a File<'a>,
    directory: &'a Directory,
    chunks: &'a Chunks,
    compression: Compression,
    predictor: Predictor,
}

impl Reader<'_> {
    /// All values: rows, columns, channels.
    fn values<T: Clone + Default>(&self, convert: impl Fn(u64) -> T) -> Result<Vec<T>, Problem> {
        let Chunks { width, height, samples, chunk_samples, .. } = *self.chunks;
        let pixels = width as u128 * height as u128;
        self.promised(pixels * samples as u128)?;
        let mut values = zeros::<T>(pixels * samples as u128)?;
        let row_bytes = self.chunks.row_bytes()?;
        let row_values = self.chunks.chunk_width * chunk_samples;
        let mut raw = zeros::<u64>(row_values as u128)?;
        let mut shuffled = Vec::new();
        self.chunks.each(self.file, self.directory, self.compression, |chunk, bytes| {
            let Chunk { left, top, rows, columns, channel, .. } = *chunk;
            for (row, bytes) in bytes.chunks_exact_mut(row_bytes).take(rows).enumerate() {
                self.unpack(bytes, &mut raw, &mut shuffled)?;
                let start = ((top + row) * width + left) * samples + channel;
                if chunk_samples == samples {
                    let to = &mut values[start..start + columns * samples];
                    to.iter_mut().zip(&raw).for_each(|(to, raw)| *to = convert(*raw));
                } else {
                    let to = values[start..].iter_mut().step_by(samples).take(columns);
                    to.zip(&raw).for_each(|(to, raw)| *to = convert(*raw));
                }
            }
            Ok(())
        })?;
        Ok(values)
    }

    /// Refuses a page whose uncompressed values are more than the file, before memory is
    /// allocated for them.
    fn promised(&self, samples: u128) -> Result<(), Problem> {
        let bytes = samples * self.chunks.bits as u128 / 8;
        if self.compression == Compression::None && bytes > u128::from(self.file.size) {
            return Err(Problem::Truncated("TIFF"));
        }
        Ok(())
    }

    /// The numbers of one row of a chunk.
    fn unpack(
        &self,
        bytes: &mut [u8],
        raw: &mut [u64],
        shuffled: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let Chunks { bits, chunk_samples, .. } = *self.chunks;
        let width = bits / 8;
        if self.predictor == Predictor::Float {
            for at in chunk_samples..bytes.len() {
                bytes[at] = bytes[at].wrapping_add(bytes[at - chunk_samples]);
            }
            shuffled.clear();
            shuffled.extend_from_slice(bytes);
            let count = raw.len();
            for (index, raw) in raw.iter_mut().enumerate() {
                *raw = (0..width)
                    .fold(0, |raw, byte| raw << 8 | u64::from(shuffled[byte * count + index]));
            }
            return Ok(());
        }
        if matches!(bits, 8 | 16 | 24 | 32 | 64) {
            for (raw, bytes) in raw.iter_mut().zip(bytes.chunks_exact(width)) {
                *raw = self.file.value(bytes);
            }
        } else {
            // Packed, the most significant bit first.
            let mut bytes = bytes.iter();
            let (mut held, mut count) = (0_u128, 0);
            for raw in raw.iter_mut() {
                while count < bits {
                    let byte = bytes.next().ok_or(Problem::Damaged("TIFF"))?;
                    held = held << 8 | u128::from(*byte);
                    count += 8;
                }
                count -= bits;
                *raw = (held >> count) as u64;
                held &= (1 << count) - 1;
            }
        }
        if self.predictor == Predictor::Horizontal {
            let mask = u64::MAX >> (64 - bits);
            for at in chunk_samples..raw.len() {
                raw[at] = raw[at].wrapping_add(raw[at - chunk_samples]) & mask;
            }
        }
        Ok(())
    }
}
