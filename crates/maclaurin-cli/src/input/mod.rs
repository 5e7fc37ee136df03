//! Files in: pictures and arrays, known by their first bytes.

mod gif;
mod guard;
mod jpeg;
mod npy;
mod npz;
mod page;
mod picture;
mod png;
mod problem;
mod source;
mod tiff;

use std::io::{BufReader, Read, Seek, SeekFrom};

#[cfg(feature = "zarr")]
pub use guard::available;
pub use guard::decoded;
#[cfg(feature = "zarr")]
pub use npy::{LargeNpy, runs};
pub use page::Channels;
use picture::Format;
use problem::Problem;
pub use source::{Source, ending, sources};
#[cfg(feature = "zarr")]
pub use tiff::LargeTiff;

use crate::Failure;
use crate::array::Array;

/// How files are read.
#[derive(clap::Args, Clone, Debug)]
pub struct InputArguments {
    /// Search the folders within folders too; results keep the names of these folders.
    #[arg(long)]
    pub recursive: bool,
    /// The one page of TIFF, or frame of GIF and WebP, to read, counted from 1 [default: all, along a
    /// new first axis if there are several].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub page: Option<u32>,
    /// Which channels of pictures to read.
    #[arg(long, value_enum, default_value_t = Channels::AsStored)]
    pub channels: Channels,
    /// Keep pictures as they are stored, not turned as their EXIF or TIFF orientation says.
    #[arg(long)]
    pub no_rotate: bool,
    /// The most pixels of a picture, its pages together; larger ones are refused before they are
    /// decoded.
    #[arg(long, value_name = "N", default_value_t = 1 << 28)]
    pub max_pixels: u64,
}

/// An array and what one unit of it means.
pub struct Input {
    pub array: Array,
    /// The type of the values in the file.
    pub stored: String,
    /// The value of white in a picture of unsigned integers: what brings its pixels to 0..1.
    pub white: Option<f64>,
    /// The pages that are its first axis, where they are several.
    pub pages: usize,
}

/// What a source holds, as its first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Npy,
    Npz,
    Picture(Format),
}

impl Kind {
    /// As many bytes as it takes to know.
    const START: usize = 16;

    /// The kind of a file that begins with these bytes.
    fn of(start: &[u8]) -> Result<Self, Problem> {
        if start.is_empty() {
            Err(Problem::Empty)
        } else if start.starts_with(npy::MAGIC) {
            Ok(Self::Npy)
        } else if npz::MAGICS.iter().any(|magic| start.starts_with(magic)) {
            Ok(Self::Npz)
        } else {
            Format::of(start).map(Self::Picture).ok_or(Problem::UnknownFormat)
        }
    }

    /// Whether it is a picture that may have any number of pages.
    #[cfg(feature = "zarr")]
    fn is_tiff(self) -> bool {
        self == Self::Picture(Format::Tiff)
    }
}

/// Reads a picture or an array.
pub fn read(source: &Source, arguments: &InputArguments) -> Result<Input, Failure> {
    open(source, arguments).map_err(|problem| Failure::Read {
        path: source.to_string().into(),
        reason: problem.to_string(),
    })
}

fn open(source: &Source, arguments: &InputArguments) -> Result<Input, Problem> {
    let (mut reader, size) = source.open()?;
    let mut start = Vec::new();
    (&mut reader)
        .take(Kind::START as u64)
        .read_to_end(&mut start)
        .and_then(|_| reader.seek(SeekFrom::Start(0)))
        .map_err(|error| Problem::from(&error))?;
    let array = |(array, stored)| Input { array, stored, white: None, pages: 1 };
    let kind = Kind::of(&start)?;
    if !matches!(kind, Kind::Picture(_)) {
        if arguments.page.is_some() {
            return Err(Problem::NoPicture("--page"));
        }
        if arguments.channels != Channels::AsStored {
            return Err(Problem::NoPicture("--channels"));
        }
    }
    match kind {
        Kind::Npy => decoded(".npy", || npy::read(&mut BufReader::new(reader), size)).map(array),
        Kind::Npz => decoded(".npz", || {
            let (index, name) = source.member()?;
            npz::read(BufReader::new(reader), index, name)
        })
        .map(array),
        Kind::Picture(format) => {
            let mut bytes = guard::room::<u8>(size.into())?;
            reader.take(size).read_to_end(&mut bytes).map_err(|error| Problem::from(&error))?;
            let (page, pages) = picture::read(format, &bytes, arguments)?;
            let stored = page.array.type_name().into();
            Ok(Input { array: page.array, stored, white: page.white, pages })
        }
    }
}
