//! The blocks of a GIF: how many frames there are, and that none is missing.

use super::problem::Problem;

/// Counts the frames up to the trailer (`GIF89a` specification, sections 18 to 27).
pub fn frames(bytes: &[u8]) -> Result<usize, Problem> {
    walk(bytes).ok_or(Problem::Truncated("GIF"))?
}

/// As [`frames`]; `None` where the bytes end before the trailer.
fn walk(bytes: &[u8]) -> Option<Result<usize, Problem>> {
    let mut at = 13 + table(*bytes.get(10)?);
    let mut frames = 0;
    loop {
        match *bytes.get(at)? {
            // An extension: its label, then blocks.
            0x21 => at += 2,
            // A frame: its descriptor, its table of colours, the first code size, then blocks.
            0x2c => {
                frames += 1;
                at += 11 + table(*bytes.get(at + 9)?);
            }
            0x3b if frames > 0 => return Some(Ok(frames)),
            _ => return Some(Err(Problem::Damaged("GIF"))),
        }
        loop {
            let block = usize::from(*bytes.get(at)?);
            at += 1 + block;
            if block == 0 {
                break;
            }
        }
    }
}

/// The bytes of a table of colours that its flags promise.
fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}
