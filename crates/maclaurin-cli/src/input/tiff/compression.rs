//! The compressions of TIFF, each into a buffer of the size that the page's shape gives.

use std::io::{Cursor, Read};

use flate2::read::ZlibDecoder;
use ruzstd::decoding::StreamingDecoder;
use weezl::{BitOrder, decode::Decoder as Lzw};

use crate::input::problem::Problem;

/// Compressions decoded here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Lzw,
    Deflate,
    PackBits,
    Zstandard,
}

impl Compression {
    /// The compression of this number.
    pub fn of(number: u64) -> Option<Self> {
        Some(match number {
            1 => Self::None,
            5 => Self::Lzw,
            8 | 32946 => Self::Deflate,
            32773 => Self::PackBits,
            50000 => Self::Zstandard,
            _ => return None,
        })
    }

    /// Decompresses as much as `output` holds; less is truncation.
    pub fn decompress(self, input: &[u8], output: &mut [u8]) -> Result<(), Problem> {
        match self {
            Self::None => {
                let input = input.get(..output.len()).ok_or(Problem::Truncated("TIFF"))?;
                output.copy_from_slice(input);
                Ok(())
            }
            Self::Lzw => lzw(input, output),
            Self::Deflate => {
                // Its checksum is at the end, behind everything.
                let mut reader = ZlibDecoder::new(input);
                fill(&mut reader, output)?;
                fill_rest(&mut reader)
            }
            Self::PackBits => pack_bits(input, output).ok_or(Problem::Truncated("TIFF")),
            Self::Zstandard => {
                let mut reader = StreamingDecoder::new(Cursor::new(input))
                    .map_err(|_| Problem::Damaged("TIFF"))?;
                fill(&mut reader, output)
            }
        }
    }
}

fn fill(reader: &mut impl Read, output: &mut [u8]) -> Result<(), Problem> {
    reader.read_exact(output).map_err(|error| Problem::reading(&error, "TIFF"))
}

/// One byte more, which verifies the checksum if there is nothing behind.
fn fill_rest(reader: &mut impl Read) -> Result<(), Problem> {
    let mut byte = [0];
    reader.read(&mut byte).map(|_| ()).map_err(|error| Problem::reading(&error, "TIFF"))
}

/// LZW as of TIFF 6.0, the most significant bit first.
fn lzw(input: &[u8], output: &mut [u8]) -> Result<(), Problem> {
    let mut decoder = Lzw::with_tiff_size_switch(BitOrder::Msb, 8);
    let (mut read, mut written) = (0, 0);
    while written < output.len() {
        let step = decoder.decode_bytes(&input[read..], &mut output[written..]);
        step.status.map_err(|_| Problem::Damaged("TIFF"))?;
        read += step.consumed_in;
        written += step.consumed_out;
        if step.consumed_in == 0 && step.consumed_out == 0 {
            return Err(Problem::Truncated("TIFF"));
        }
    }
    Ok(())
}

/// Runs of literal and of repeated bytes (TIFF 6.0, section 9); `None` if they end too early.
fn pack_bits(input: &[u8], output: &mut [u8]) -> Option<()> {
    let (mut read, mut written) = (0, 0);
    while written < output.len() {
        let control = input.get(read)?.cast_signed();
        read += 1;
        if control >= 0 {
            let count = (control as usize + 1).min(output.len() - written);
            let literal = input.get(read..read + count)?;
            output[written..written + count].copy_from_slice(literal);
            read += count;
            written += count;
        } else if control != i8::MIN {
            let count = (1 - isize::from(control)) as usize;
            let count = count.min(output.len() - written);
            output[written..written + count].fill(*input.get(read)?);
            read += 1;
            written += count;
        }
    }
    Some(())
}
