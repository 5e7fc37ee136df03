//! NumPy's .npy format: a header, which is a Python dictionary, and the values behind it.
//!
//! The format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::io::{ErrorKind, Read};
#[cfg(feature = "zarr")]
use std::{
    fs::File,
    io::{Seek, SeekFrom},
    path::{Path, PathBuf},
};

use half::f16;
use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use super::guard::room;
use super::problem::Problem;
#[cfg(feature = "zarr")]
use crate::Failure;
use crate::array::Array;

/// How every .npy file begins.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header that is read: those of plain arrays take 118 bytes.
const LONGEST_HEADER: u32 = 4096;

/// As many dimensions as an array of NumPy has at most.
const MOST_DIMENSIONS: usize = 64;

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    /// NumPy's name of the type, such as `<f8`.
    descriptor: String,
    fortran: bool,
    shape: Vec<u64>,
}

/// An array and the name of the type that it is stored in, which is not always one that it is read in.
pub type Stored = (Array, String);

/// Reads an array from `reader`, which `size` bytes are left of, the header's included.
pub fn read(reader: &mut dyn Read, size: u64) -> Result<Stored, Problem> {
    let (header, length) = header(reader)?;
    let array = values(reader, &header, size.saturating_sub(length))?;
    let (_, kind, width) = descriptor(&header.descriptor)?;
    let name = if kind == 'b' { "bool".into() } else { format!("{kind}{}", 8 * width) };
    Ok((array, name))
}

/// Reads what stands before the values, and says how long it is.
fn header(reader: &mut dyn Read) -> Result<(Header, u64), Problem> {
    let mut start = [0; 8];
    fill(reader, &mut start)?;
    if !start.starts_with(MAGIC) {
        return Err(Problem::Header("it does not begin as .npy files do".into()));
    }
    let mut length = [0; 4];
    let length_size = match start[6] {
        1 => 2,
        2 | 3 => 4,
        version => {
            return Err(Problem::Header(format!("version {version} of the format is unknown")));
        }
    };
    fill(reader, &mut length[..length_size])?;
    let length = u32::from_le_bytes(length);
    if length > LONGEST_HEADER {
        let message = format!("its {length} bytes are more than any plain array's");
        return Err(Problem::Header(message));
    }
    let mut text = vec![0; length as usize];
    fill(reader, &mut text)?;
    let text = String::from_utf8_lossy(&text);
    let header = Parser { rest: &text }.header()?;
    Ok((header, 8 + length_size as u64 + u64::from(length)))
}

/// Fills `bytes`; the end of the data before that is truncation.
fn fill(reader: &mut dyn Read, bytes: &mut [u8]) -> Result<(), Problem> {
    reader.read_exact(bytes).map_err(|error| Problem::reading(&error, ".npy"))
}

/// Reads the values behind a header, `size` bytes.
fn values(reader: &mut dyn Read, header: &Header, size: u64) -> Result<Array, Problem> {
    let (big, kind, width) = descriptor(&header.descriptor)?;
    let count = header.shape.iter().try_fold(1_u128, |count, &n| count.checked_mul(n.into()));
    let count = count
        .filter(|count| count.saturating_mul(width as u128) <= size.into())
        .ok_or_else(|| Problem::FewerValues {
            shape: header.shape.clone(),
            descriptor: header.descriptor.clone(),
            bytes: size,
        })?;
    // A value's bytes, always of one order from here.
    macro_rules! read {
        ($variant:ident, $from:ty) => {
            read!($variant, $from, <$from>::from_le_bytes, <$from>::from_be_bytes)
        };
        ($variant:ident, $from:ty, $little:expr, $big:expr) => {{
            let convert = if big { $big } else { $little };
            array(reader, header, count, convert).map(Array::$variant)
        }};
    }
    // Integers of 32 and 64 bits become f64: exact up to 2^53.
    match (kind, width) {
        ('b', 1) => {
            array(reader, header, count, |[byte]: [u8; 1]| u8::from(byte != 0)).map(Array::U8)
        }
        ('u', 1) => read!(U8, u8),
        ('i', 1) => read!(I8, i8),
        ('u', 2) => read!(U16, u16),
        ('i', 2) => read!(I16, i16),
        ('f', 2) => read!(F16, f16),
        ('f', 4) => read!(F32, f32),
        ('f', 8) => read!(F64, f64),
        ('u', 4) => {
            read!(F64, u32, |b| u32::from_le_bytes(b).into(), |b| u32::from_be_bytes(b).into())
        }
        ('i', 4) => {
            read!(F64, i32, |b| i32::from_le_bytes(b).into(), |b| i32::from_be_bytes(b).into())
        }
        ('u', 8) => {
            read!(F64, u64, |b| u64::from_le_bytes(b) as f64, |b| u64::from_be_bytes(b) as f64)
        }
        ('i', 8) => {
            read!(F64, i64, |b| i64::from_le_bytes(b) as f64, |b| i64::from_be_bytes(b) as f64)
        }
        _ => Err(not_numbers(&header.descriptor)),
    }
}

/// A file whose values are read in parts.
#[cfg(feature = "zarr")]
pub struct LargeNpy {
    path: PathBuf,
    header: Header,
    /// Where the values begin.
    begin: u64,
    width: u64,
}

#[cfg(feature = "zarr")]
impl LargeNpy {
    /// Reads the header, and looks whether the values that it promises are there.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let fail =
            |problem: Problem| Failure::Read { path: path.into(), reason: problem.to_string() };
        let mut file = File::open(path).map_err(|error| fail(Problem::from(&error)))?;
        let size = file.metadata().map_err(|error| fail(Problem::from(&error)))?.len();
        let (header, begin) = header(&mut file).map_err(fail)?;
        let (_, _, width) = descriptor(&header.descriptor).map_err(fail)?;
        let count = header.shape.iter().try_fold(1_u128, |count, &n| count.checked_mul(n.into()));
        let bytes = size.saturating_sub(begin);
        if count.is_none_or(|count| count.saturating_mul(width as u128) > bytes.into()) {
            let (shape, descriptor) = (header.shape, header.descriptor);
            return Err(fail(Problem::FewerValues { shape, descriptor, bytes }));
        }
        Ok(Self { path: path.into(), header, begin, width: width as u64 })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn shape(&self) -> &[u64] {
        &self.header.shape
    }

    /// Whether the first axis is the one along which values follow one another.
    pub fn is_fortran(&self) -> bool {
        self.header.fortran
    }

    /// The bytes of a value once it is read: integers of 32 bits are read as f64.
    pub fn value_size(&self) -> u64 {
        let integer = !self.header.descriptor.contains('f');
        if integer && self.width == 4 { 8 } else { self.width }
    }

    /// The values of a part.
    pub fn block(&self, start: &[u64], extents: &[u64]) -> Result<Array, Failure> {
        let fail = |problem: Problem| Failure::Read {
            path: self.path.clone(),
            reason: problem.to_string(),
        };
        let mut ends = [self.shape(), start, extents].map(<[u64]>::to_vec);
        if self.is_fortran() {
            // C order of the axes from the last to the first.
            for extents in &mut ends {
                extents.reverse();
            }
        }
        let [shape, start, extents] = ends;
        let bytes = self.bytes(&runs(&shape, &start, &extents));
        let bytes = bytes.map_err(|error| fail(Problem::reading(&error, ".npy")))?;
        let header =
            Header { descriptor: self.header.descriptor.clone(), fortran: false, shape: extents };
        let array = values(&mut &bytes[..], &header, bytes.len() as u64).map_err(fail)?;
        Ok(if self.is_fortran() { array.reversed_axes() } else { array })
    }

    fn bytes(&self, (length, starts): &(u64, Vec<u64>)) -> std::io::Result<Vec<u8>> {
        let length = (length * self.width) as usize;
        let mut bytes = vec![0; length * starts.len()];
        let mut file = File::open(&self.path)?;
        for (part, start) in bytes.chunks_mut(length.max(1)).zip(starts) {
            file.seek(SeekFrom::Start(self.begin + start * self.width))?;
            file.read_exact(part)?;
        }
        Ok(bytes)
    }
}

/// The runs of values of a part that follow one another in a file of C order: their length, and where they
/// begin.
#[cfg(feature = "zarr")]
pub fn runs(shape: &[u64], start: &[u64], extents: &[u64]) -> (u64, Vec<u64>) {
    // The axes after this one are whole, so that one run goes over them all, and over a part of the one before.
    let whole = (0..shape.len()).rev().find(|&axis| extents[axis] != shape[axis]).unwrap_or(0);
    let length = extents[whole..].iter().product();
    let count: u64 = extents[..whole].iter().product();
    let mut place = vec![0; whole];
    let mut starts = Vec::with_capacity(count as usize);
    for _ in 0..count {
        starts.push((0..shape.len()).fold(0, |at, axis| {
            at * shape[axis] + start[axis] + place.get(axis).copied().unwrap_or(0)
        }));
        for axis in (0..whole).rev() {
            place[axis] += 1;
            if place[axis] < extents[axis] {
                break;
            }
            place[axis] = 0;
        }
    }
    (length, starts)
}

/// Whether values are big-endian, the letter of their kind, and their size in bytes.
fn descriptor(text: &str) -> Result<(bool, char, usize), Problem> {
    let mut characters = text.chars();
    let order = characters.next().filter(|order| "<>=|".contains(*order));
    let kind = characters.next();
    let width = characters.as_str().parse::<usize>();
    match (order, kind, width) {
        (Some(order), Some(kind), Ok(width)) if "biuf".contains(kind) && width <= 8 => {
            let big = order == '>' || (order == '=' && cfg!(target_endian = "big"));
            Ok((big, kind, width))
        }
        _ => Err(not_numbers(text)),
    }
}

/// What a type holds that cannot be expanded.
fn not_numbers(descriptor: &str) -> Problem {
    let letter = descriptor.trim_start_matches(['<', '>', '=', '|']).chars().next();
    let (kind, cure) = match letter {
        Some('c') => ("complex numbers", "array.real or abs(array)"),
        Some('f') => ("extended floats", "array.astype('float64')"),
        Some('O') => ("Python objects", "array.astype('float64')"),
        Some('S' | 'U' | 'a') => ("text", "array.astype('float64')"),
        Some('M' | 'm') => ("times", "array.astype('int64')"),
        Some('V' | '[') => ("structured records", "array['field']"),
        _ => ("values of an unknown type", "array.astype('float64')"),
    };
    let mut descriptor = descriptor.to_owned();
    if let Some((end, _)) = descriptor.char_indices().nth(40) {
        descriptor.truncate(end);
        descriptor.push_str("...");
    }
    Problem::NotNumbers { kind, descriptor, cure }
}

/// Reads `count` values of `N` bytes each and gives them their shape.
fn array<T, const N: usize>(
    reader: &mut dyn Read,
    header: &Header,
    count: u128,
    convert: impl Fn([u8; N]) -> T,
) -> Result<ArrayD<T>, Problem> {
    let mut values = room::<T>(count)?;
    let mut left = count as usize;
    let mut buffer = vec![0; 8192 * N];
    while left > 0 {
        let bytes = &mut buffer[..left.min(8192) * N];
        fill(reader, bytes)?;
        let (chunks, _) = bytes.as_chunks::<N>();
        values.extend(chunks.iter().map(|bytes| convert(*bytes)));
        left -= bytes.len() / N;
    }
    let shape: Option<Vec<usize>> = header.shape.iter().map(|&n| usize::try_from(n).ok()).collect();
    let shape = shape.ok_or(Problem::Header("an extent is too large".into()))?;
    ArrayD::from_shape_vec(IxDyn(&shape).set_f(header.fortran), values)
        .map_err(|_| Problem::Header("the shape is too large".into()))
}

/// Reads to the end, so that a reader that verifies a checksum there does so.
pub fn finish(reader: &mut dyn Read) -> Result<(), Problem> {
    let mut buffer = [0; 4096];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Problem::reading(&error, ".npz")),
        }
    }
}

/// A header's text as far as it is not yet read. Every step consumes what it looked at, so the
/// time is linear in the text.
struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    /// `{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }`, keys in any order.
    fn header(&mut self) -> Result<Header, Problem> {
        let (mut descriptor, mut fortran, mut shape) = (None, None, None);
        self.expect('{')?;
        while !self.accept('}') {
            let key = self.string()?;
            self.expect(':')?;
            match key {
                "descr" => descriptor = Some(self.descriptor()?),
                "fortran_order" => fortran = Some(self.boolean()?),
                "shape" => shape = Some(self.shape()?),
                other => {
                    return Err(Problem::Header(format!("`{}` is no key of it", short(other))));
                }
            }
            if !self.accept(',') {
                self.expect('}')?;
                break;
            }
        }
        let missing = |key| Problem::Header(format!("`{key}` is missing"));
        Ok(Header {
            descriptor: descriptor.ok_or_else(|| missing("descr"))?,
            fortran: fortran.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }

    /// The type: a string; what begins with a bracket is a structured type, and refused unread.
    fn descriptor(&mut self) -> Result<String, Problem> {
        self.space();
        if self.rest.starts_with(['[', '(', '{']) {
            return Err(not_numbers(&format!("[{}", short(&self.rest[1..]))));
        }
        self.string().map(str::to_owned)
    }

    /// `(2, 3)`, `(2,)`, `()`, with Python 2's `L` behind numbers or without.
    fn shape(&mut self) -> Result<Vec<u64>, Problem> {
        let mut shape = Vec::new();
        self.expect('(')?;
        while !self.accept(')') {
            if shape.len() == MOST_DIMENSIONS {
                let message = format!("there are more than {MOST_DIMENSIONS} dimensions");
                return Err(Problem::Header(message));
            }
            shape.push(self.number()?);
            if !self.accept(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(shape)
    }

    fn number(&mut self) -> Result<u64, Problem> {
        self.space();
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        digits.parse().map_err(|_| {
            Problem::Header(format!("`{}` is no extent", short(&format!("{digits}{rest}"))))
        })
    }

    fn boolean(&mut self) -> Result<bool, Problem> {
        self.space();
        for (text, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(text) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(Problem::Header(format!("`{}` is neither True nor False", short(self.rest))))
    }

    /// A string in quotes of either kind; escapes have no place in it.
    fn string(&mut self) -> Result<&'a str, Problem> {
        self.space();
        let unquoted = || Problem::Header(format!("`{}` is no string", short(self.rest)));
        // Python 2 may mark strings as unicode or bytes.
        let rest = self.rest.strip_prefix(['u', 'b']).unwrap_or(self.rest);
        let quote = rest.chars().next().filter(|c| "'\"".contains(*c)).ok_or_else(unquoted)?;
        let (text, rest) = rest[1..].split_once(quote).ok_or_else(unquoted)?;
        self.rest = rest;
        Ok(text)
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn accept(&mut self, character: char) -> bool {
        self.space();
        let rest = self.rest.strip_prefix(character);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, character: char) -> Result<(), Problem> {
        if self.accept(character) {
            return Ok(());
        }
        let found = short(self.rest);
        Err(Problem::Header(format!("`{character}` is expected where `{found}` stands")))
    }
}

/// The first characters of a text, none of them a control character.
fn short(text: &str) -> String {
    text.chars().take(16).map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Header, Problem> {
        Parser { rest: text }.header()
    }

    #[test]
    fn headers_of_every_python() {
        let expected = Header { descriptor: "<f8".into(), fortran: false, shape: vec![2, 3] };
        for text in [
            "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }          \n",
            "{'shape': (2L, 3L), 'fortran_order': False, 'descr': '<f8'}",
            "{\"descr\":\"<f8\",\"fortran_order\":False,\"shape\":(2,3,)}",
            "{u'descr': u'<f8', u'fortran_order': False, u'shape': (2L, 3L,), }\n",
        ] {
            assert_eq!(parse(text).as_ref(), Ok(&expected), "{text}");
        }
        let scalar = parse("{'descr': '|b1', 'fortran_order': True, 'shape': ()}").unwrap();
        assert_eq!((scalar.fortran, scalar.shape.len()), (true, 0));
    }

    #[test]
    fn damaged_headers_are_refused_with_what_is_wrong() {
        for (text, message) in [
            ("", "`{` is expected"),
            ("{'descr': '<f8'", "`}` is expected"),
            ("{'descr': '<f8', 'shape': (1,)}", "`fortran_order` is missing"),
            ("{'descr': '<f8', 'shape': (-1,)}", "`-1,)}` is no extent"),
            ("{'descr': '<f8', 'shape': (99999999999999999999,)}", "is no extent"),
            ("{'fortran_order': 0}", "neither True nor False"),
            ("{'more': 0}", "`more` is no key of it"),
            ("{'descr: 1}", "is no string"),
        ] {
            let problem = parse(text).unwrap_err().to_string();
            assert!(problem.contains(message), "{text}: {problem}");
        }
    }

    #[test]
    fn nested_brackets_end_at_once() {
        for open in ["[", "(", "{"] {
            let text = format!("{{'descr': {}", open.repeat(4000));
            let problem = parse(&text).unwrap_err().to_string();
            assert!(problem.contains("structured records"), "{problem}");
            assert!(parse(&format!("{{'shape': {}", open.repeat(4000))).is_err());
        }
    }

    #[test]
    fn types_that_are_no_numbers_are_named() {
        for (text, kind) in [
            ("<c8", "complex"),
            ("|O", "objects"),
            ("<U3", "text"),
            ("<M8[ns]", "times"),
            ("<f16", "extended floats"),
            ("|V2", "structured records"),
            ("", "unknown"),
            ("<", "unknown"),
            ("\u{20ac}f8", "unknown"),
        ] {
            let problem = descriptor(text).unwrap_err().to_string();
            assert!(problem.contains(kind), "{text}: {problem}");
        }
    }
}
