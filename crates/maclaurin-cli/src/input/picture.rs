//! Pictures: the decoder that the first bytes name, and what is common to all formats.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::codecs::gif::GifDecoder;
use image::codecs::pnm::PnmDecoder;
use image::codecs::webp::WebPDecoder;
use image::error::LimitErrorKind;
use image::metadata::Orientation;
use image::{AnimationDecoder, ColorType, ImageDecoder, ImageError};

use super::guard::{check_memory, decoded, zeros};
use super::page::{Layout, Page, native_words, stacked};
use super::problem::Problem;
use super::{InputArguments, jpeg, png, tiff};

/// Pages, each with the rotation that the file asks for, and how many the file has.
pub struct Decoded {
    pub pages: Vec<(Page, Orientation)>,
    pub count: usize,
}

/// How many pixels are read, and which page.
#[derive(Clone, Copy)]
pub struct Limit {
    /// The most pixels of all pages together.
    pub pixels: u64,
    /// The page asked for, counted from 1; all if none.
    pub page: Option<u32>,
}

impl Limit {
    /// Refuses more pixels than are allowed.
    pub fn check(self, width: u64, height: u64, pages: u64) -> Result<(), Problem> {
        let count = u128::from(width) * u128::from(height) * u128::from(pages);
        if count > self.pixels.into() {
            return Err(Problem::TooManyPixels { width, height, pages, limit: self.pixels });
        }
        if count == 0 { Err(Problem::Damaged("picture")) } else { Ok(()) }
    }

    /// Whether the page at this index, counted from 0, is read.
    pub fn reads(self, index: usize) -> bool {
        self.page.is_none_or(|page| page as usize == index + 1)
    }
}

/// The formats of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Png,
    Jpeg,
    Tiff,
    Gif,
    WebP,
    Bmp,
    Pnm,
}

impl Format {
    /// The format that the first bytes of a file name.
    pub fn of(start: &[u8]) -> Option<Self> {
        Some(match start {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Self::Png,
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Self::Tiff,
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Self::Gif,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::WebP,
            [b'B', b'M', ..] => Self::Bmp,
            [b'P', b'1'..=b'7', white, ..] if white.is_ascii_whitespace() || *white == b'#' => {
                Self::Pnm
            }
            _ => return None,
        })
    }

    /// Its name.
    fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Tiff => "TIFF",
            Self::Gif => "GIF",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
            Self::Pnm => "PNM",
        }
    }
}

/// Reads a picture as the arguments want it, and says how many pages were stacked.
pub fn read(
    format: Format,
    bytes: &[u8],
    arguments: &InputArguments,
) -> Result<(Page, usize), Problem> {
    let limit = Limit { pixels: arguments.max_pixels, page: arguments.page };
    let name = format.name();
    let Decoded { mut pages, count } = decoded(name, || match format {
        Format::Png => png::decode(bytes, limit),
        Format::Jpeg => jpeg::decode(bytes, limit),
        Format::Tiff => tiff::decode(bytes, limit),
        Format::Gif => gif(bytes, limit),
        Format::WebP => webp(bytes, limit),
        Format::Bmp => still(BmpDecoder::new(Cursor::new(bytes)), name, limit),
        Format::Pnm => still(PnmDecoder::new(Cursor::new(bytes)), name, limit),
    })?;
    if let Some(page) = arguments.page.filter(|page| *page as usize > count) {
        return Err(Problem::NoSuchPage { page, pages: count });
    }
    let pages = pages.drain(..).map(|page| shown(page, arguments));
    let pages = pages.collect::<Result<Vec<_>, _>>()?;
    let read = pages.len();
    Ok((stacked(pages)?, read))
}

/// A page as the arguments want it.
pub fn shown(
    (page, orientation): (Page, Orientation),
    arguments: &InputArguments,
) -> Result<Page, Problem> {
    let page = if arguments.no_rotate { page } else { page.rotated(orientation)? };
    page.with(arguments.channels)
}

/// Decodes a format of one page with a decoder of the library `image`.
pub fn still<D: ImageDecoder>(
    decoder: Result<D, ImageError>,
    name: &'static str,
    limit: Limit,
) -> Result<Decoded, Problem> {
    let problem = |error: ImageError| problem(&error, name);
    let mut decoder = decoder.map_err(problem)?;
    let (width, height) = decoder.dimensions();
    limit.check(width.into(), height.into(), 1)?;
    // The decoder may hold the picture once more.
    check_memory(decoder.total_bytes().into(), 2)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let colours = decoder.color_type();
    let mut values = zeros::<u8>(decoder.total_bytes().into())?;
    decoder.read_image(&mut values).map_err(problem)?;
    let size = (height as usize, width as usize);
    let page = match colours {
        ColorType::L8 => Page::bytes(values, size, Layout::Gray),
        ColorType::La8 => Page::bytes(values, size, Layout::GrayAlpha),
        ColorType::Rgb8 => Page::bytes(values, size, Layout::Rgb),
        ColorType::Rgba8 => Page::bytes(values, size, Layout::Rgba),
        ColorType::L16 => Page::words(native_words(&values)?, size, Layout::Gray),
        ColorType::La16 => Page::words(native_words(&values)?, size, Layout::GrayAlpha),
        ColorType::Rgb16 => Page::words(native_words(&values)?, size, Layout::Rgb),
        ColorType::Rgba16 => Page::words(native_words(&values)?, size, Layout::Rgba),
        _ => return Err(Problem::unsupported(format!("{name} with floats"))),
    }?;
    Ok(Decoded { pages: vec![(page, orientation)], count: 1 })
}

/// Decodes a GIF; its frames are pages, each as it is seen. Alpha is a channel if any pixel is
/// transparent.
fn gif(bytes: &[u8], limit: Limit) -> Result<Decoded, Problem> {
    let pages = super::gif::frames(bytes)?;
    let decoder = GifDecoder::new(Cursor::new(bytes)).map_err(|error| problem(&error, "GIF"))?;
    let (width, height) = decoder.dimensions();
    frames(decoder, "GIF", limit, (width, height), pages, true)
}

/// Decodes a WebP picture; an animation's frames are pages.
fn webp(bytes: &[u8], limit: Limit) -> Result<Decoded, Problem> {
    let size = bytes
        .get(4..8)
        .map_or(0, |size| u64::from(u32::from_le_bytes(size.try_into().unwrap_or_default())));
    if size + 8 > bytes.len() as u64 {
        return Err(Problem::Truncated("WebP"));
    }
    let problem = |error: ImageError| problem(&error, "WebP");
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(problem)?;
    if !decoder.has_animation() {
        return still(Ok(decoder), "WebP", limit);
    }
    let (size, alpha) = (decoder.dimensions(), decoder.color_type().has_alpha());
    let count = bytes.windows(4).filter(|name| name == b"ANMF").count();
    frames(decoder, "WebP", limit, size, count, alpha)
}

/// The frames of an animation, of which there are at most `count`.
fn frames<'a>(
    decoder: impl AnimationDecoder<'a>,
    name: &'static str,
    limit: Limit,
    (width, height): (u32, u32),
    count: usize,
    alpha: bool,
) -> Result<Decoded, Problem> {
    let read = if limit.page.is_some() { 1 } else { count as u64 };
    limit.check(width.into(), height.into(), read.max(1))?;
    // The decoder holds frames of four bytes a pixel: those read, the last, and the canvas.
    check_memory(u128::from(width) * u128::from(height) * u128::from(read + 2), 4)?;
    let mut buffers = Vec::new();
    let mut seen = 0;
    for frame in decoder.into_frames() {
        let frame = frame.map_err(|error| problem(&error, name))?;
        if limit.reads(seen) {
            buffers.push(frame.into_buffer());
        }
        seen += 1;
        if seen == count {
            break;
        }
    }
    if seen == 0 {
        return Err(Problem::Damaged(name));
    }
    if seen < count && limit.page.is_none() {
        return Err(Problem::Truncated(name));
    }
    let transparent = |buffer: &image::RgbaImage| buffer.pixels().any(|pixel| pixel.0[3] < 255);
    let alpha = alpha && buffers.iter().any(transparent);
    let mut pages = Vec::new();
    for buffer in buffers {
        let size = (height as usize, width as usize);
        let rgba = Page::bytes(buffer.into_raw(), size, Layout::Rgba)?;
        let page = if alpha { rgba } else { rgba.with(super::Channels::Rgb)? };
        pages.push((page, Orientation::NoTransforms));
    }
    Ok(Decoded { pages, count: seen })
}

/// The library's errors in our words.
fn problem(error: &ImageError, name: &'static str) -> Problem {
    match error {
        ImageError::IoError(error) => Problem::reading(error, name),
        ImageError::Unsupported(_) => Problem::unsupported(format!("this variant of {name}")),
        ImageError::Limits(limits) if limits.kind() == LimitErrorKind::InsufficientMemory => {
            Problem::unsupported(format!("{name} of this size"))
        }
        _ => Problem::Damaged(name),
    }
}
