//! Headers and directories of TIFF: where pages are, and the tags of each.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use crate::input::guard::zeros;
use crate::input::problem::Problem;

/// More pages than this are not read: a chain of directories may be endless.
const MOST_PAGES: usize = 1 << 16;

/// The tags that decide how a page is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tag {
    NewSubfileType = 254,
    Width = 256,
    Height = 257,
    BitsPerSample = 258,
    Compression = 259,
    Photometric = 262,
    FillOrder = 266,
    StripOffsets = 273,
    Orientation = 274,
    SamplesPerPixel = 277,
    RowsPerStrip = 278,
    StripByteCounts = 279,
    PlanarConfiguration = 284,
    Predictor = 317,
    ColorMap = 320,
    TileWidth = 322,
    TileLength = 323,
    TileOffsets = 324,
    TileByteCounts = 325,
    ExtraSamples = 338,
    SampleFormat = 339,
}

impl Tag {
    const ALL: [Self; 21] = [
        Self::NewSubfileType,
        Self::Width,
        Self::Height,
        Self::BitsPerSample,
        Self::Compression,
        Self::Photometric,
        Self::FillOrder,
        Self::StripOffsets,
        Self::Orientation,
        Self::SamplesPerPixel,
        Self::RowsPerStrip,
        Self::StripByteCounts,
        Self::PlanarConfiguration,
        Self::Predictor,
        Self::ColorMap,
        Self::TileWidth,
        Self::TileLength,
        Self::TileOffsets,
        Self::TileByteCounts,
        Self::ExtraSamples,
        Self::SampleFormat,
    ];
}

/// Where a file's bytes are.
#[derive(Clone, Copy)]
pub enum Bytes<'a> {
    Memory(&'a [u8]),
    /// Read where they are asked for; at its cursor, so by one thread.
    #[cfg_attr(not(feature = "zarr"), allow(dead_code))]
    Disk(&'a std::fs::File),
}

/// A file and what its header says.
pub struct File<'a> {
    bytes: Bytes<'a>,
    pub size: u64,
    /// Whether numbers are big-endian.
    pub big_endian: bool,
    /// Whether places are numbers of 64 bits.
    big: bool,
}

impl<'a> File<'a> {
    /// The header's facts.
    pub fn new(bytes: Bytes<'a>) -> Result<Self, Problem> {
        let size = match bytes {
            Bytes::Memory(bytes) => bytes.len() as u64,
            Bytes::Disk(file) => file.metadata().map_err(|error| Problem::from(&error))?.len(),
        };
        let mut file = Self { bytes, size, big_endian: false, big: false };
        file.big_endian = *file.slice(0, 2)? == *b"MM";
        file.big = file.number(2, 2)? == 43;
        Ok(file)
    }

    /// The bytes at a place.
    pub fn slice(&self, at: u64, length: u64) -> Result<Cow<'a, [u8]>, Problem> {
        let end = at.checked_add(length).filter(|&end| end <= self.size);
        let end = end.ok_or(Problem::Truncated("TIFF"))?;
        match self.bytes {
            Bytes::Memory(bytes) => {
                let bytes = bytes.get(at as usize..end as usize);
                bytes.map(Cow::Borrowed).ok_or(Problem::Truncated("TIFF"))
            }
            Bytes::Disk(mut file) => {
                let mut bytes = zeros::<u8>(length.into())?;
                file.seek(SeekFrom::Start(at))
                    .and_then(|_| file.read_exact(&mut bytes))
                    .map_err(|error| Problem::reading(&error, "TIFF"))?;
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// The unsigned number of `width` bytes at a place.
    fn number(&self, at: u64, width: u64) -> Result<u64, Problem> {
        Ok(self.value(&self.slice(at, width)?))
    }

    /// The unsigned number that the bytes are, of which there are eight at most.
    pub fn value(&self, bytes: &[u8]) -> u64 {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }

    /// Where the place of the first directory stands, and the sizes of a place and of the number
    /// of a directory's entries.
    fn sizes(&self) -> (u64, u64, u64) {
        if self.big { (8, 8, 8) } else { (4, 4, 2) }
    }

    /// The places of all directories of the main chain.
    pub fn directories(&self) -> Result<Vec<u64>, Problem> {
        let (first, width, count_width) = self.sizes();
        let mut places = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        let mut place = self.number(first, width)?;
        while place != 0 {
            if !seen.insert(place) {
                return Err(Problem::Damaged("TIFF"));
            }
            if places.len() == MOST_PAGES {
                let what = format!("TIFF with more than {MOST_PAGES} pages");
                return Err(Problem::unsupported(what));
            }
            places.push(place);
            let entries = self.number(place, count_width)?;
            let size = self.entry_size();
            let next = entries
                .checked_mul(size)
                .and_then(|size| place.checked_add(count_width)?.checked_add(size));
            place = self.number(next.ok_or(Problem::Truncated("TIFF"))?, width)?;
        }
        Ok(places)
    }

    /// The size of a directory's entry.
    fn entry_size(&self) -> u64 {
        if self.big { 20 } else { 12 }
    }

    /// Makes the directory at `place` the first one of a copy of the file.
    pub fn put_first(&self, copy: &mut [u8], place: u64) -> Result<(), Problem> {
        let (first, width, _) = self.sizes();
        let bytes = if self.big_endian { place.to_be_bytes() } else { place.to_le_bytes() };
        let part = if self.big_endian { 8 - width as usize..8 } else { 0..width as usize };
        let to = copy.get_mut(first as usize..(first + width) as usize);
        to.ok_or(Problem::Truncated("TIFF"))?.copy_from_slice(&bytes[part]);
        Ok(())
    }
}

/// The tags of a page, as unsigned numbers.
pub struct Directory(BTreeMap<u64, Vec<u64>>);

impl Directory {
    /// Reads the directory at a place. The size of every list is compared with the file's.
    pub fn read(file: &File, place: u64) -> Result<Self, Problem> {
        let (_, width, count_width) = file.sizes();
        let entries = file.number(place, count_width)?;
        let mut tags = BTreeMap::new();
        for entry in 0..entries {
            let at = place + count_width + entry * file.entry_size();
            let tag = file.number(at, 2)?;
            if !Tag::ALL.iter().any(|known| *known as u64 == tag) {
                continue;
            }
            // Bytes, shorts, longs, places: of one, two, four or eight bytes.
            let size = match file.number(at + 2, 2)? {
                1 | 6 | 7 => 1,
                3 | 8 => 2,
                4 | 9 | 13 => 4,
                16..=18 => 8,
                _ => return Err(Problem::Damaged("TIFF")),
            };
            let count = file.number(at + 4, width)?;
            let bytes = count.checked_mul(size).ok_or(Problem::Truncated("TIFF"))?;
            let value = at + 4 + width;
            let values = if bytes <= width { value } else { file.number(value, width)? };
            let values = file.slice(values, bytes)?;
            let values = values.chunks_exact(size as usize).map(|bytes| file.value(bytes));
            tags.insert(tag, values.collect());
        }
        Ok(Self(tags))
    }

    /// All values of a tag.
    pub fn values(&self, tag: Tag) -> Option<&[u64]> {
        self.0.get(&(tag as u64)).map(Vec::as_slice)
    }

    /// The first value of a tag.
    pub fn value(&self, tag: Tag) -> Option<u64> {
        self.values(tag)?.first().copied()
    }

    /// Width and height.
    pub fn size(&self) -> Result<(u64, u64), Problem> {
        match (self.value(Tag::Width), self.value(Tag::Height)) {
            (Some(width @ 1..=0xffff_ffff), Some(height @ 1..=0xffff_ffff)) => Ok((width, height)),
            _ => Err(Problem::Damaged("TIFF")),
        }
    }

    /// The one value of all channels, `default` if there is none; channels that differ in it are
    /// not supported.
    pub fn uniform(&self, tag: Tag, default: u64, what: &str) -> Result<u64, Problem> {
        let values = self.values(tag).unwrap_or_default();
        let first = values.first().copied().unwrap_or(default);
        if values.iter().all(|value| *value == first) {
            return Ok(first);
        }
        Err(Problem::unsupported(format!("TIFF whose channels differ in {what}")))
    }
}
