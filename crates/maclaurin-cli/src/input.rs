//! Files in: pictures and arrays.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageReader};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use npyz::{DType, Deserialize, NpyFile, NpyHeader, Order, TypeChar};

use crate::Failure;
use crate::array::Array;

/// The endings of files that a folder is searched for.
const ENDINGS: [&str; 6] = ["png", "jpg", "jpeg", "tif", "tiff", "npy"];

/// The longest header of a .npy file that is read: those of plain arrays take 118 bytes.
const LONGEST_HEADER: usize = 4096;

/// An array and what one unit of it means.
pub struct Input {
    pub array: Array,
    /// The value of white in a picture of integers: what brings its pixels to 0..1.
    pub white: Option<f64>,
}

fn failure(path: &Path, reason: impl ToString) -> Failure {
    Failure::Read { path: path.into(), reason: reason.to_string() }
}

/// The files that the arguments name: themselves, or what lies in a folder, in order of name.
pub fn files(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in arguments {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let first = files.len();
        for entry in path.read_dir().map_err(|error| failure(path, error))? {
            let entry = entry.map_err(|error| failure(path, error))?.path();
            if entry.is_file() && ENDINGS.contains(&ending(&entry).as_str()) {
                files.push(entry);
            }
        }
        if files.len() == first {
            return Err(failure(path, format!("it holds no file of type {}", ENDINGS.join(", "))));
        }
        files[first..].sort();
    }
    Ok(files)
}

/// A file name's ending in lower case.
pub fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Reads a picture or an array.
pub fn read(path: &Path) -> Result<Input, Failure> {
    if ending(path) == "npy" {
        return Ok(Input { array: read_npy(path)?, white: None });
    }
    let reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|error| failure(path, error))?;
    if reader.format().is_none() {
        return Err(failure(path, "it is no PNG, JPEG or TIFF picture and no .npy array"));
    }
    let picture = reader.decode().map_err(|error| failure(path, error))?;
    let (height, width) = (picture.height() as usize, picture.width() as usize);
    let channels = usize::from(picture.color().channel_count());
    let shape = match channels {
        1 => vec![height, width],
        _ => vec![height, width, channels],
    };
    let shape = IxDyn(&shape);
    let u8s = |values| ArrayD::from_shape_vec(shape.clone(), values).map(Array::U8);
    let u16s = |values| ArrayD::from_shape_vec(shape.clone(), values).map(Array::U16);
    let f32s = |values| ArrayD::from_shape_vec(shape.clone(), values).map(Array::F32);
    let array = match picture {
        DynamicImage::ImageLuma8(picture) => u8s(picture.into_raw()),
        DynamicImage::ImageLumaA8(picture) => u8s(picture.into_raw()),
        DynamicImage::ImageRgb8(picture) => u8s(picture.into_raw()),
        DynamicImage::ImageRgba8(picture) => u8s(picture.into_raw()),
        DynamicImage::ImageLuma16(picture) => u16s(picture.into_raw()),
        DynamicImage::ImageLumaA16(picture) => u16s(picture.into_raw()),
        DynamicImage::ImageRgb16(picture) => u16s(picture.into_raw()),
        DynamicImage::ImageRgba16(picture) => u16s(picture.into_raw()),
        DynamicImage::ImageRgb32F(picture) => f32s(picture.into_raw()),
        DynamicImage::ImageRgba32F(picture) => f32s(picture.into_raw()),
        _ => return Err(failure(path, "its pixels are of a type that is not supported")),
    };
    let array = array.map_err(|error| failure(path, error))?;
    let white = match array {
        Array::U8(_) => Some(255.0),
        Array::U16(_) => Some(65535.0),
        _ => None,
    };
    Ok(Input { array, white })
}

/// Reads a .npy array. The header's size is compared with the file's before anything is
/// allocated for it.
fn read_npy(path: &Path) -> Result<Array, Failure> {
    let fail = |reason: String| failure(path, reason);
    let file = File::open(path).map_err(|error| fail(error.to_string()))?;
    let size = file.metadata().map_err(|error| fail(error.to_string()))?.len();
    let mut reader = BufReader::new(file);
    let start = reader.fill_buf().map_err(|error| fail(error.to_string()))?;
    if header_length(start) > LONGEST_HEADER {
        return Err(fail("its header is longer than that of any plain array".into()));
    }
    let header = NpyHeader::from_reader(&mut reader).map_err(|error| fail(error.to_string()))?;
    let DType::Plain(kind) = header.dtype() else {
        return Err(fail("structured arrays cannot be expanded".into()));
    };
    let bytes =
        header.shape().iter().try_fold(kind.size_field(), |product, &n| product.checked_mul(n));
    if bytes.is_none_or(|bytes| bytes > size) {
        let shape = header.shape();
        return Err(fail(format!(
            "its header promises shape {shape:?}, its {size} bytes are fewer"
        )));
    }
    let npy = NpyFile::with_header(header, reader);
    let unsupported = || {
        fail(format!(
            "values of type {kind} cannot be expanded; the types are u8, i8, u16, i16, f16, f32, f64"
        ))
    };
    match (kind.type_char(), kind.size_field()) {
        (TypeChar::Uint, 1) => values(npy).map(Array::U8).map_err(fail),
        (TypeChar::Int, 1) => values(npy).map(Array::I8).map_err(fail),
        (TypeChar::Uint, 2) => values(npy).map(Array::U16).map_err(fail),
        (TypeChar::Int, 2) => values(npy).map(Array::I16).map_err(fail),
        (TypeChar::Float, 2) => values(npy).map(Array::F16).map_err(fail),
        (TypeChar::Float, 4) => values(npy).map(Array::F32).map_err(fail),
        (TypeChar::Float, 8) => values(npy).map(Array::F64).map_err(fail),
        _ => Err(unsupported()),
    }
}

/// The length of the header's text as the first bytes of a .npy file give it: two bytes of it in
/// version 1 of the format, four later.
fn header_length(start: &[u8]) -> usize {
    match start {
        [_, _, _, _, _, _, 1, _, low, high, ..] => u16::from_le_bytes([*low, *high]).into(),
        [_, _, _, _, _, _, _, _, a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]) as usize,
        _ => 0,
    }
}

fn values<T: Deserialize>(npy: NpyFile<impl Read>) -> Result<ArrayD<T>, String> {
    let shape: Vec<usize> = npy.shape().iter().map(|&n| n as usize).collect();
    let fortran = npy.order() == Order::Fortran;
    let values = npy.into_vec().map_err(|error| error.to_string())?;
    ArrayD::from_shape_vec(IxDyn(&shape).set_f(fortran), values).map_err(|error| error.to_string())
}
