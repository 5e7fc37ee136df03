//! Pages: what decoders produce, rotated, with the channels asked for, and stacked.

use clap::ValueEnum;
use half::f16;
use image::metadata::Orientation;
use ndarray::{ArrayD, Axis, IxDyn, stack};

use super::guard::{check_memory, room, zeros};
use super::problem::Problem;
use crate::array::{Array, map};

/// Which channels of a picture are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Channels {
    /// Red, green and blue: gray is repeated, transparency left out.
    Rgb,
    /// One: 0.299 red + 0.587 green + 0.114 blue; transparency left out.
    Gray,
    /// Red, green, blue and alpha, opaque where the file has no alpha.
    KeepAlpha,
    /// Every channel of the file; a palette's colours stand for its indices, and red, green and blue for
    /// the cyan, magenta, yellow and black of a JPEG.
    AsStored,
}

/// What the channels of a page are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
    /// As many channels of unknown meaning.
    Other(usize),
}

impl Layout {
    /// The number of channels.
    pub fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
            Self::Other(channels) => channels,
        }
    }
}

/// One page of a picture: height x width, and the channels if they are several.
pub struct Page {
    pub array: Array,
    pub layout: Layout,
    /// The value of white, for unsigned integers.
    pub white: Option<f64>,
}

/// A type of pixels.
pub trait Sample: Copy + Clone + Default {
    fn wide(self) -> f64;
    /// The nearest value of the type; halves are rounded up.
    fn nearest(value: f64) -> Self;
}

macro_rules! samples {
    ($($integer:ty)*; $($float:ty)*) => {
        $(impl Sample for $integer {
            fn wide(self) -> f64 {
                self.into()
            }
            fn nearest(value: f64) -> Self {
                (value + 0.5).floor() as Self
            }
        })*
        $(impl Sample for $float {
            fn wide(self) -> f64 {
                self.into()
            }
            fn nearest(value: f64) -> Self {
                value as Self
            }
        })*
    };
}

samples!(u8 i8 u16 i16; f32 f64);

impl Sample for f16 {
    fn wide(self) -> f64 {
        self.to_f64()
    }
    fn nearest(value: f64) -> Self {
        Self::from_f64(value)
    }
}

impl Page {
    /// A page of the values given, row after row.
    pub fn new<T>(
        values: Vec<T>,
        (height, width): (usize, usize),
        layout: Layout,
        wrap: impl Fn(ArrayD<T>) -> Array,
        white: Option<f64>,
    ) -> Result<Self, Problem> {
        let channels = layout.channels();
        let shape = [height, width, channels];
        let shape = if channels == 1 { &shape[..2] } else { &shape[..] };
        let array = ArrayD::from_shape_vec(IxDyn(shape), values)
            .map_err(|_| Problem::Damaged("picture"))?;
        Ok(Self { array: wrap(array), layout, white })
    }

    /// As [`Page::new`], of 8-bit values.
    pub fn bytes(values: Vec<u8>, size: (usize, usize), layout: Layout) -> Result<Self, Problem> {
        Self::new(values, size, layout, Array::U8, Some(255.0))
    }

    /// As [`Page::new`], of 16-bit values.
    pub fn words(values: Vec<u16>, size: (usize, usize), layout: Layout) -> Result<Self, Problem> {
        Self::new(values, size, layout, Array::U16, Some(65535.0))
    }

    /// The page as it is to be looked at.
    pub fn rotated(self, orientation: Orientation) -> Result<Self, Problem> {
        if orientation == Orientation::NoTransforms {
            return Ok(self);
        }
        check_memory(self.array.shape().iter().product::<usize>() as u128, 8)?;
        let array = map!(self.array, array => rotated(array, orientation));
        Ok(Self { array, ..self })
    }

    /// The page with the channels asked for.
    pub fn with(self, channels: Channels) -> Result<Self, Problem> {
        let layout = match channels {
            Channels::AsStored => return Ok(self),
            Channels::Gray => Layout::Gray,
            Channels::Rgb => Layout::Rgb,
            Channels::KeepAlpha => Layout::Rgba,
        };
        if layout == self.layout {
            return Ok(self);
        }
        if let Layout::Other(channels) = self.layout {
            return Err(Problem::NoColours(channels));
        }
        let opaque = self.white.unwrap_or(1.0);
        let from = self.layout;
        let array = map!(self.array, array => converted(&array, from, layout, opaque)?);
        Ok(Self { array, layout, white: self.white })
    }

    /// Shape and type in words.
    fn described(&self) -> String {
        let shape: Vec<_> = self.array.shape().iter().map(ToString::to_string).collect();
        format!("{} {}", shape.join(" x "), self.array.type_name())
    }
}

/// An array turned and mirrored as EXIF has it.
fn rotated<T: Clone>(array: ArrayD<T>, orientation: Orientation) -> ArrayD<T> {
    let (transposed, rows, columns) = match orientation {
        Orientation::NoTransforms => (false, false, false),
        Orientation::FlipHorizontal => (false, false, true),
        Orientation::Rotate180 => (false, true, true),
        Orientation::FlipVertical => (false, true, false),
        Orientation::Rotate90FlipH => (true, false, false),
        Orientation::Rotate90 => (true, false, true),
        Orientation::Rotate270FlipH => (true, true, true),
        Orientation::Rotate270 => (true, true, false),
    };
    let mut view = array.view();
    if transposed {
        view.swap_axes(0, 1);
    }
    if rows {
        view.invert_axis(Axis(0));
    }
    if columns {
        view.invert_axis(Axis(1));
    }
    view.as_standard_layout().into_owned()
}

/// Pixels converted from one layout to another.
fn converted<T: Sample>(
    array: &ArrayD<T>,
    from: Layout,
    to: Layout,
    opaque: f64,
) -> Result<ArrayD<T>, Problem> {
    let (height, width) = (array.shape()[0], array.shape()[1]);
    let values = array.as_standard_layout();
    let pixels = values.as_slice().unwrap_or_default().chunks_exact(from.channels());
    let mut result = room((height * width * to.channels()) as u128)?;
    for pixel in pixels {
        let (colours, alpha) = match *pixel {
            [gray] => ([gray; 3], None),
            [gray, alpha] => ([gray; 3], Some(alpha)),
            [red, green, blue] => ([red, green, blue], None),
            [red, green, blue, alpha, ..] => ([red, green, blue], Some(alpha)),
            [] => continue,
        };
        match to {
            Layout::Gray if from.channels() < 3 => result.push(colours[0]),
            Layout::Gray => result.push(luma(colours)),
            _ => result.extend(colours),
        }
        if to == Layout::Rgba {
            result.push(alpha.unwrap_or_else(|| T::nearest(opaque)));
        }
    }
    let shape = [height, width, to.channels()];
    let shape = if to == Layout::Gray { &shape[..2] } else { &shape[..] };
    ArrayD::from_shape_vec(IxDyn(shape), result).map_err(|_| Problem::Damaged("picture"))
}

/// The luma of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B, with Pillow's 16-bit weights.
fn luma<T: Sample>([red, green, blue]: [T; 3]) -> T {
    T::nearest((19595.0 * red.wide() + 38470.0 * green.wide() + 7471.0 * blue.wide()) / 65536.0)
}

/// The pages as one: itself if it is one, else along a new leading axis.
pub fn stacked(mut pages: Vec<Page>) -> Result<Page, Problem> {
    if pages.len() == 1 {
        return pages.pop().ok_or(Problem::Damaged("picture"));
    }
    let first = pages.first().ok_or(Problem::Damaged("picture"))?;
    let (layout, white) = (first.layout, first.white);
    for (index, page) in pages.iter().enumerate() {
        if page.described() != first.described() || page.white != white {
            return Err(Problem::PagesDiffer {
                first: first.described(),
                page: index + 1,
                other: page.described(),
            });
        }
    }
    let values: usize = pages.iter().map(|page| page.array.shape().iter().product::<usize>()).sum();
    check_memory(values as u128, 8)?;
    macro_rules! stack_of {
        ($($variant:ident)*) => {
            match &first.array {
                $(Array::$variant(_) => {
                    let arrays: Vec<_> = pages
                        .iter()
                        .filter_map(|page| match &page.array {
                            Array::$variant(array) => Some(array.view()),
                            _ => None,
                        })
                        .collect();
                    stack(Axis(0), &arrays).map(Array::$variant)
                })*
            }
        };
    }
    let array = stack_of!(U8 I8 U16 I16 F16 F32 F64).map_err(|_| Problem::Damaged("picture"))?;
    Ok(Page { array, layout, white })
}

/// Bytes of native order as 16-bit values.
pub fn native_words(bytes: &[u8]) -> Result<Vec<u16>, Problem> {
    let mut words = zeros::<u16>((bytes.len() / 2) as u128)?;
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *word = u16::from_ne_bytes(*bytes);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The corners of 1 2 / 3 4 under the eight values of EXIF, as its table has them.
    #[test]
    fn orientations_are_those_of_exif() {
        let array = ArrayD::from_shape_vec(IxDyn(&[2, 2]), vec![1_u8, 2, 3, 4]).unwrap();
        for (value, expected) in [
            (1, [1, 2, 3, 4]),
            (2, [2, 1, 4, 3]),
            (3, [4, 3, 2, 1]),
            (4, [3, 4, 1, 2]),
            (5, [1, 3, 2, 4]),
            (6, [3, 1, 4, 2]),
            (7, [4, 2, 3, 1]),
            (8, [2, 4, 1, 3]),
        ] {
            let orientation = Orientation::from_exif(value).unwrap();
            let turned = rotated(array.clone(), orientation);
            assert_eq!(turned.into_raw_vec_and_offset().0, expected, "{value}");
        }
    }

    #[test]
    fn channels_are_converted() {
        let page =
            |layout: Layout, values: &[u8]| Page::bytes(values.to_vec(), (1, 1), layout).unwrap();
        let convert = |page: Page, channels| match page.with(channels).unwrap().array {
            Array::U8(array) => array.into_raw_vec_and_offset().0,
            _ => Vec::new(),
        };
        let rgba = [100, 150, 200, 7];
        assert_eq!(convert(page(Layout::Rgba, &rgba), Channels::Rgb), [100, 150, 200]);
        assert_eq!(convert(page(Layout::Rgba, &rgba), Channels::Gray), [141]);
        assert_eq!(convert(page(Layout::Rgba, &rgba), Channels::AsStored), rgba);
        assert_eq!(convert(page(Layout::Gray, &[9]), Channels::KeepAlpha), [9, 9, 9, 255]);
        assert_eq!(convert(page(Layout::GrayAlpha, &[9, 4]), Channels::Gray), [9]);
        let other = page(Layout::Other(5), &[1, 2, 3, 4, 5]).with(Channels::Rgb);
        assert!(matches!(other, Err(Problem::NoColours(5))));
    }
}
