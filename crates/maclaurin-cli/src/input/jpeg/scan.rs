//! Whether a JPEG has all its data: segments up to the end marker, and in every scan the codes of
//! every block. Values are not computed; the decoder does that (ITU-T T.81, annexes B, F and G).

use super::huffman::{Bits, Table};
use crate::input::guard::zeros;
use crate::input::problem::Problem;

/// More scans than this are not read; encoders make about ten.
const MOST_SCANS: usize = 100;

/// A component of the frame.
struct Component {
    id: u8,
    /// Horizontal and vertical sampling factors.
    factors: (usize, usize),
    /// Width and height in blocks of 8 x 8.
    blocks: (usize, usize),
    /// For each block, which coefficients an earlier scan has made non-zero.
    nonzero: Vec<u64>,
}

/// What the frame header says.
struct Frame {
    height: u16,
    width: u16,
    progressive: bool,
    components: Vec<Component>,
}

/// A scan's part of the coefficients: a band, and whether it is refined.
struct Band {
    start: usize,
    end: usize,
    refined: bool,
}

/// The picture's height and width.
pub fn size(bytes: &[u8]) -> Result<(u16, u16), Problem> {
    let mut segments = Segments { bytes, at: 2 };
    loop {
        let (marker, body) = segments.next()?;
        if let Some(frame) = Frame::of(marker, body)? {
            return Ok((frame.height, frame.width));
        }
        // A scan, or the end, without a frame.
        if matches!(marker, 0xd9 | 0xda) {
            return Err(Problem::Damaged("JPEG"));
        }
    }
}

/// Checks that nothing is missing.
pub fn complete(bytes: &[u8]) -> Result<(), Problem> {
    let damaged = Problem::Damaged("JPEG");
    let mut segments = Segments { bytes, at: 2 };
    let mut frame: Option<Frame> = None;
    let mut tables = Tables::default();
    let mut interval = 0;
    let mut scans = 0;
    loop {
        let (marker, body) = segments.next()?;
        match marker {
            0xd9 if scans > 0 => return Ok(()),
            0xd9 => return Err(damaged),
            0xc4 => tables.define(body)?,
            0xdd => match *body {
                [high, low, ..] => interval = u16::from_be_bytes([high, low]).into(),
                _ => return Err(damaged),
            },
            0xda => {
                scans += 1;
                if scans > MOST_SCANS {
                    let what = format!("JPEG of more than {MOST_SCANS} scans");
                    return Err(Problem::unsupported(what));
                }
                let frame = frame.as_mut().ok_or(Problem::Damaged("JPEG"))?;
                let mut bits = Bits::new(bytes, segments.at);
                frame.scan(body, &tables, interval, &mut bits)?;
                segments.at = bits.place();
            }
            _ => {
                if let Some(mut next) = Frame::of(marker, body)? {
                    if frame.is_some() {
                        return Err(damaged);
                    }
                    next.allocate()?;
                    frame = Some(next);
                }
            }
        }
    }
}

/// The marker segments of a file.
struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    /// The next marker and what belongs to it. Bytes between segments, and restart markers at
    /// the end of a scan, are passed over.
    fn next(&mut self) -> Result<(u8, &'a [u8]), Problem> {
        let truncated = Problem::Truncated("JPEG");
        loop {
            match self.bytes.get(self.at..self.at + 2) {
                Some([0xff, 0x01 | 0xd0..=0xd8]) => self.at += 2,
                Some([0xff, 0xd9]) => return Ok((0xd9, &[])),
                Some([0xff, marker]) if !matches!(marker, 0 | 0xff) => {
                    let start = self.at + 4;
                    let Some(&[high, low]) = self.bytes.get(start - 2..start) else {
                        return Err(truncated);
                    };
                    let length = usize::from(u16::from_be_bytes([high, low]));
                    let end = start + length.saturating_sub(2);
                    let body = self.bytes.get(start..end).ok_or(truncated)?;
                    self.at = end;
                    return Ok((*marker, body));
                }
                Some(_) => self.at += 1,
                None => return Err(truncated),
            }
        }
    }
}

/// The Huffman tables in force: of DC and AC coefficients, four each.
#[derive(Default)]
struct Tables([[Option<Table>; 4]; 2]);

impl Tables {
    /// Takes the tables of a segment.
    fn define(&mut self, mut body: &[u8]) -> Result<(), Problem> {
        let damaged = || Problem::Damaged("JPEG");
        while let Some((head, rest)) = body.split_first_chunk::<17>() {
            let [place, counts @ ..] = head;
            let count = counts.iter().copied().map(usize::from).sum();
            let (symbols, rest) = rest.split_at_checked(count).ok_or_else(damaged)?;
            let (class, id) = (usize::from(place >> 4), usize::from(place & 15));
            let table = self.0.get_mut(class).and_then(|tables| tables.get_mut(id));
            *table.ok_or_else(damaged)? = Some(Table::new(counts, symbols)?);
            body = rest;
        }
        Ok(())
    }

    /// The table of a class, 0 for DC and 1 for AC.
    fn get(&self, class: usize, id: u8) -> Result<&Table, Problem> {
        let table = self.0[class].get(usize::from(id)).and_then(Option::as_ref);
        table.ok_or(Problem::Damaged("JPEG"))
    }
}

impl Frame {
    /// The frame header in a segment, if it is one.
    fn of(marker: u8, body: &[u8]) -> Result<Option<Self>, Problem> {
        match marker {
            0xc0..=0xc2 => {}
            0xc3 | 0xc7 | 0xcb | 0xcf => return Err(Problem::unsupported("lossless JPEG")),
            0xc9 | 0xca | 0xcd | 0xce => {
                return Err(Problem::unsupported("JPEG with arithmetic coding"));
            }
            0xc5 | 0xc6 => return Err(Problem::unsupported("hierarchical JPEG")),
            // DHT, JPG and DAC share the range of frame headers.
            _ => return Ok(None),
        }
        let damaged = || Problem::Damaged("JPEG");
        let (&[precision, a, b, c, d, count], rest) =
            body.split_first_chunk::<6>().ok_or_else(damaged)?;
        if precision != 8 {
            return Err(Problem::unsupported(format!("JPEG of {precision} bits")));
        }
        let (height, width) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let components: Vec<_> = rest
            .as_chunks::<3>()
            .0
            .iter()
            .take(count.into())
            .map(|&[id, factors, _]| Component {
                id,
                factors: ((factors >> 4).into(), (factors & 15).into()),
                blocks: (0, 0),
                nonzero: Vec::new(),
            })
            .collect();
        let factor = |factor| (1..=4).contains(&factor);
        let valid =
            |component: &Component| factor(component.factors.0) && factor(component.factors.1);
        if !(1..=4).contains(&components.len())
            || components.len() != usize::from(count)
            || !components.iter().all(valid)
            || height == 0
            || width == 0
        {
            return Err(damaged());
        }
        Ok(Some(Self { height, width, progressive: marker == 0xc2, components }))
    }

    /// The largest sampling factors.
    fn largest(&self) -> (usize, usize) {
        self.components.iter().fold((1, 1), |(h, v), component| {
            (h.max(component.factors.0), v.max(component.factors.1))
        })
    }

    /// Computes the sizes of the components, and makes room for what refinements have to know.
    fn allocate(&mut self) -> Result<(), Problem> {
        let largest = self.largest();
        let blocks = |size: u16, factor: usize, largest: usize| {
            (usize::from(size) * factor).div_ceil(largest).div_ceil(8)
        };
        for component in &mut self.components {
            component.blocks = (
                blocks(self.width, component.factors.0, largest.0),
                blocks(self.height, component.factors.1, largest.1),
            );
            if self.progressive {
                let count = component.blocks.0 as u128 * component.blocks.1 as u128;
                component.nonzero = zeros(count)?;
            }
        }
        Ok(())
    }

    /// Reads the codes of a scan.
    fn scan(
        &mut self,
        header: &[u8],
        tables: &Tables,
        interval: usize,
        bits: &mut Bits,
    ) -> Result<(), Problem> {
        let damaged = || Problem::Damaged("JPEG");
        let (count, rest) = header.split_first().ok_or_else(damaged)?;
        let count = usize::from(*count);
        let (chosen, band) = rest.split_at_checked(2 * count).ok_or_else(damaged)?;
        let &[start, end, approximation, ..] = band else { return Err(damaged()) };
        let band = if self.progressive {
            let refined = approximation >> 4 != 0;
            Band { start: start.into(), end: end.into(), refined }
        } else {
            Band { start: 0, end: 63, refined: false }
        };
        if count == 0 || band.end > 63 || band.start > band.end || (band.start > 0 && count > 1) {
            return Err(damaged());
        }
        // Of each component of the scan: its place in the frame, and its tables.
        let mut parts = Vec::new();
        for &[id, ids] in chosen.as_chunks::<2>().0 {
            let place = self.components.iter().position(|component| component.id == id);
            parts.push((place.ok_or_else(damaged)?, ids >> 4, ids & 15));
        }
        let largest = self.largest();
        // One component alone has its own blocks; several share units that cover the picture.
        let units = if let [(place, ..)] = parts[..] {
            let (width, height) = self.components[place].blocks;
            width * height
        } else {
            let units = |size: u16, factor: usize| usize::from(size).div_ceil(8 * factor);
            units(self.width, largest.0) * units(self.height, largest.1)
        };
        let mut codes = Vec::new();
        for &(place, dc, ac) in &parts {
            let (h, v) = self.components[place].factors;
            let blocks = if parts.len() == 1 { 1 } else { h * v };
            let dc = if band.start == 0 && !band.refined { Some(tables.get(0, dc)?) } else { None };
            let ac = if band.end > 0 { Some(tables.get(1, ac)?) } else { None };
            codes.push((place, blocks, dc, ac));
        }
        let missing = || Problem::Truncated("JPEG");
        let mut run = 0;
        for unit in 0..units {
            if interval > 0 && unit > 0 && unit % interval == 0 {
                bits.restart().ok_or_else(missing)?;
                run = 0;
            }
            for &(place, blocks, dc, ac) in &codes {
                for _ in 0..blocks {
                    let block = if !self.progressive {
                        sequential(bits, dc, ac)
                    } else if band.start == 0 {
                        first(bits, dc)
                    } else {
                        let nonzero = &mut self.components[place].nonzero[unit];
                        progressive(bits, ac, &band, &mut run, nonzero)
                    };
                    block.ok_or_else(missing)?;
                }
            }
        }
        Ok(())
    }
}

/// A DC coefficient of a progressive picture: its bits, or one that refines it.
fn first(bits: &mut Bits, dc: Option<&Table>) -> Option<()> {
    match dc {
        Some(dc) => {
            let size = bits.symbol(dc)?;
            bits.take(u32::from(size).min(16))?;
        }
        None => {
            bits.take(1)?;
        }
    }
    Some(())
}

/// A block of a sequential picture (section F.2.2).
fn sequential(bits: &mut Bits, dc: Option<&Table>, ac: Option<&Table>) -> Option<()> {
    first(bits, dc)?;
    let ac = ac?;
    let mut at = 1;
    while at < 64 {
        let symbol = bits.symbol(ac)?;
        match (symbol >> 4, symbol & 15) {
            (15, 0) => at += 16,
            (_, 0) => break,
            (zeros, size) => {
                bits.take(size.into())?;
                at += usize::from(zeros) + 1;
            }
        }
    }
    Some(())
}

/// The band of a block of a progressive picture (section G.1.2); `run` blocks to come have no
/// new coefficients.
fn progressive(
    bits: &mut Bits,
    ac: Option<&Table>,
    band: &Band,
    run: &mut u32,
    nonzero: &mut u64,
) -> Option<()> {
    let ac = ac?;
    let mut at = band.start;
    while *run == 0 && at <= band.end {
        let symbol = bits.symbol(ac)?;
        let (mut zeros, size) = (usize::from(symbol >> 4), symbol & 15);
        if size == 0 && zeros < 15 {
            *run = (1 << zeros) + bits.take(zeros as u32)?;
            break;
        }
        bits.take(size.into())?;
        // Zeros are passed over; what is not zero has a bit of refinement on the way.
        while at <= band.end {
            if *nonzero >> at & 1 == 1 && band.refined {
                bits.take(1)?;
            } else if zeros == 0 {
                break;
            } else {
                zeros -= 1;
            }
            at += 1;
        }
        if size > 0 && at <= band.end {
            *nonzero |= 1 << at;
        }
        at += 1;
    }
    if *run > 0 {
        if band.refined {
            let rest = (at..=band.end).filter(|at| *nonzero >> at & 1 == 1).count();
            for _ in 0..rest {
                bits.take(1)?;
            }
        }
        *run -= 1;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_or_a_scan_without_a_frame_is_damage() {
        for bytes in [&[0xff, 0xd8, 0xff, 0xd9][..], &[0xff, 0xd8, 0xff, 0xda, 0, 2, 0xff, 0xd9]] {
            assert_eq!(size(bytes), Err(Problem::Damaged("JPEG")));
            assert_eq!(complete(bytes), Err(Problem::Damaged("JPEG")));
        }
        assert_eq!(size(&[0xff, 0xd8]), Err(Problem::Truncated("JPEG")));
    }
}
