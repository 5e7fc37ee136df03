//! Why a file cannot be read, in our words.

use std::io::{self, ErrorKind};

use crate::output::counted;

/// Why a file cannot be read, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is no such file.
    #[error("there is no such file; check the spelling and the folder")]
    Missing,
    /// The user may not read it.
    #[error("its permissions do not let you read it")]
    Forbidden,
    /// The operating system failed.
    #[error("the operating system failed to read it ({0}); try again, or copy it to another disk")]
    System(ErrorKind),
    /// A folder holds nothing to read.
    #[error("it holds no file of type {0}; name the files, or --recursive for folders within it")]
    EmptyFolder(String),
    /// No format fits.
    #[error(
        "it is no picture (PNG, JPEG, TIFF, GIF, WebP, BMP, PNM) and no array (.npy, .npz); \
         convert it to one of these"
    )]
    UnknownFormat,
    /// It has no bytes.
    #[error("it is empty (0 bytes); make or fetch it anew")]
    Empty,
    /// Data are missing at the end.
    #[error("its {0} data end too early; the file is truncated: fetch or save it anew")]
    Truncated(&'static str),
    /// Data contradict the format or their checksum.
    #[error("its {0} data are damaged; fetch or save it anew")]
    Damaged(&'static str),
    /// A variant of a format that is not read.
    #[error("{what} {is} not supported; convert it with another program, such as to {instead}")]
    Unsupported {
        /// The variant.
        what: String,
        /// "is" or "are".
        is: &'static str,
        /// The format to convert to.
        instead: &'static str,
    },
    /// More pixels than allowed.
    #[error(
        "it has {width} x {height} x {pages} = {} pixels, more than the {limit} that are read; \
         allow them with --max-pixels {}", count(*width, *height, *pages), count(*width, *height, *pages)
    )]
    TooManyPixels {
        /// Its width.
        width: u64,
        /// Its height.
        height: u64,
        /// The pages read.
        pages: u64,
        /// The limit.
        limit: u64,
    },
    /// More memory than there is.
    #[error(
        "its values need {needed} bytes of memory, and {available} are free; read a part of it, \
         or use a machine with more memory"
    )]
    NoMemory {
        /// The bytes needed.
        needed: u128,
        /// The bytes that are free.
        available: u64,
    },
    /// An option for pictures, given for an array.
    #[error("it is an array, and {0} is for pictures; leave it out, or expand the array by itself")]
    NoPicture(&'static str),
    /// A page that is not there.
    #[error("it has {}, so there is no page {page}", counted(*pages, "page"))]
    NoSuchPage {
        /// The page asked for.
        page: u32,
        /// The pages it has.
        pages: usize,
    },
    /// Pages that make no array together.
    #[error(
        "its pages differ: page 1 is {first}, page {page} is {other}; read one with --page {page}"
    )]
    PagesDiffer {
        /// The first page.
        first: String,
        /// The number of the page that differs.
        page: usize,
        /// That page.
        other: String,
    },
    /// Channels that cannot be converted.
    #[error(
        "it has {0} channels, and which of them are red, green and blue is unknown; leave out \
         --channels"
    )]
    NoColours(usize),
    /// The header of an array is not what it has to be.
    #[error("its .npy header is damaged: {0}; save the array anew")]
    Header(String),
    /// Values of an array that cannot be expanded.
    #[error(
        "it holds {kind} (`{descriptor}`), which cannot be expanded; convert it to numbers first, \
         such as with {cure}"
    )]
    NotNumbers {
        /// What it holds.
        kind: &'static str,
        /// NumPy's name of it.
        descriptor: String,
        /// What to do in NumPy.
        cure: &'static str,
    },
    /// A header that promises more than there is.
    #[error(
        "its header promises shape {shape:?} of `{descriptor}`, and the {bytes} bytes behind it \
         are fewer; the file is truncated: fetch or save it anew"
    )]
    FewerValues {
        /// The shape promised.
        shape: Vec<u64>,
        /// NumPy's name of the type.
        descriptor: String,
        /// The bytes that are there.
        bytes: u64,
    },
    /// An archive without arrays.
    #[error("it is a zip archive without any .npy array in it")]
    NoMembers,
    /// A member's name that leads out of its folder.
    #[error("its member `{0}` has a name that leads to another folder; rename it")]
    MemberName(String),
    /// The same as another archive's member that is gone.
    #[error(
        "its member `{0}` is encrypted or packed in a way that is not supported; save it with numpy.savez"
    )]
    MemberPacking(String),
    /// A decoder ended with a panic.
    #[error("its {0} data make the decoder fail; fetch or save it anew, or convert it to PNG")]
    Panic(&'static str),
}

/// The pixels of all pages.
fn count(width: u64, height: u64, pages: u64) -> u128 {
    u128::from(width) * u128::from(height) * u128::from(pages)
}

impl Problem {
    /// A picture of a variant that is not read.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into(), is: "is", instead: "PNG or plain TIFF" }
    }

    /// The end of data that came too early, or a failure of the operating system.
    pub fn reading(error: &io::Error, format: &'static str) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::Truncated(format),
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => {
                Self::Damaged(format)
            }
            _ => Self::from(error),
        }
    }
}

impl From<&io::Error> for Problem {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::Missing,
            ErrorKind::PermissionDenied => Self::Forbidden,
            kind => Self::System(kind),
        }
    }
}
