//! The values of options, from text.

use std::ops::RangeInclusive;

use clap::ValueEnum;
use maclaurin::{Choice, Degrees, Error, Function, Kind, LARGEST_PIECES, Series};

use crate::chart::{HEIGHTS, WIDTHS};

/// The most polynomials that one plot tells apart.
const MOST_ORDERS: usize = 8;

/// How many pieces a piecewise polynomial has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pieces {
    /// As few as a tolerance asks for.
    Auto,
    /// This many.
    Count(usize),
}

/// How a polynomial is chosen.
#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum MethodName {
    /// The smallest largest error.
    Minimax,
    /// Equal to the function at the zeros of a Chebyshev polynomial.
    Chebyshev,
    /// The smallest mean square of the error.
    LeastSquares,
}

/// What each value becomes.
#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum KindName {
    /// (x - at)^k
    Powers,
    /// a_k (x - at)^k
    Terms,
    /// a_0 + ... + a_k (x - at)^k
    PartialSums,
    /// One value: the polynomial, or the weighted sum of its partial sums.
    Sum,
}

impl KindName {
    /// The library's name for it.
    pub fn kind(self) -> Kind {
        match self {
            Self::Powers => Kind::Powers,
            Self::Terms => Kind::Terms,
            Self::PartialSums => Kind::PartialSums,
            Self::Sum => Kind::Sum,
        }
    }
}

/// How chunks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Codec {
    /// Not at all.
    None,
    /// Zstandard, level 1.
    Zstd,
    /// Gzip, level 5.
    Gzip,
    /// Blosc: LZ4, level 5, bytes shuffled.
    Blosc,
}

/// The types that .npy files are written with; NumPy has no bfloat16.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TypeName {
    /// Half precision.
    F16,
    /// Single precision.
    F32,
    /// Double precision; computed in it too.
    F64,
}

/// The types of files.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// One NumPy array a file.
    Npy,
    /// A contact sheet.
    Png,
}

/// Orders of Taylor polynomials.
#[derive(Clone)]
pub struct Orders(pub Vec<usize>);

/// A list of numbers and ranges, such as `1,3..5`; both ends of a range belong to it.
pub(super) fn numbers(text: &str, what: &str) -> Result<Vec<usize>, String> {
    let number = |text: &str| {
        text.trim().parse::<usize>().map_err(|_| format!("`{}` is not {what}", text.trim()))
    };
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let Some((first, last)) = part.split_once("..") else {
            numbers.push(number(part)?);
            continue;
        };
        let (first, last) = (number(first)?, number(last.trim_start_matches('='))?);
        if first > last {
            return Err(format!(
                "the range {} is empty; write the smaller number first",
                part.trim()
            ));
        }
        if last > HIGHEST_ORDER {
            return Err(format!("{last} is above the highest order, {HIGHEST_ORDER}"));
        }
        numbers.extend(first..=last);
    }
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("{} is asked for twice", pair[0])),
        None => Ok(numbers),
    }
}

/// The highest order of a series.
const HIGHEST_ORDER: usize = 10_000;

pub(super) fn orders(text: &str) -> Result<Orders, String> {
    let orders = numbers(text, "an order")?;
    if orders.len() > MOST_ORDERS {
        return Err(format!("a plot shows at most {MOST_ORDERS} orders"));
    }
    Ok(Orders(orders))
}

pub(super) fn list_of_degrees(text: &str) -> Result<Orders, String> {
    numbers(text, "a degree").map(Orders)
}

/// A number of bytes, such as `1GB`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let units = [
        ("GIB", 1_u64 << 30),
        ("MIB", 1 << 20),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("KB", 1000),
        ("B", 1),
    ];
    let upper = text.trim().to_uppercase();
    let found = units.iter().find_map(|(name, unit)| Some((upper.strip_suffix(name)?, unit)));
    let (number, unit) = found.unwrap_or((&upper, &1));
    let bytes = number.trim().parse::<f64>().ok().map(|number| number * *unit as f64);
    match bytes {
        Some(bytes) if (1.0..1e18).contains(&bytes) => Ok(bytes as u64),
        _ => Err(format!("`{text}` is not an amount of memory, such as 1GB or 500MB")),
    }
}

/// A coefficient that is given, `DEGREE=VALUE`.
pub(super) fn fixed(text: &str) -> Result<(usize, f64), String> {
    let (degree, value) = text.split_once('=').ok_or("write DEGREE=VALUE, such as 0=1/2")?;
    let degree = degree.trim();
    let degree = degree.parse().map_err(|_| format!("`{degree}` is not a degree"))?;
    Ok((degree, finite(value)?))
}

/// A number of pieces, or `auto`.
pub(super) fn pieces(text: &str) -> Result<Pieces, String> {
    if text == "auto" {
        return Ok(Pieces::Auto);
    }
    let count = text.parse().ok().filter(|count| (1..=LARGEST_PIECES).contains(count));
    let unknown = || format!("write auto, or a number from 1 to {LARGEST_PIECES}");
    count.map(Pieces::Count).ok_or_else(unknown)
}

/// The numbers that coefficients are taken from: a choice with no more than these.
pub(super) fn coefficients(text: &str) -> Result<Choice, String> {
    Choice::default().with_coefficients(text).map_err(|error| error.to_string())
}

/// The size of a picture, `WIDTHxHEIGHT`.
pub(super) fn size(text: &str) -> Result<(u32, u32), String> {
    let side = |text: &str, sides: &RangeInclusive<u32>| {
        text.trim().parse().ok().filter(|side| sides.contains(side))
    };
    text.split_once(['x', 'X', '\u{d7}'])
        .and_then(|(width, height)| Some((side(width, &WIDTHS)?, side(height, &HEIGHTS)?)))
        .ok_or_else(|| {
            format!(
                "write WIDTHxHEIGHT in pixels, from {}x{} to {}x{}, such as 960x600",
                WIDTHS.start(),
                HEIGHTS.start(),
                WIDTHS.end(),
                HEIGHTS.end()
            )
        })
}

pub(super) fn degrees(text: &str) -> Result<Degrees, String> {
    match text {
        "nonzero" => Ok(Degrees::NonZero),
        "all" => Ok(Degrees::All),
        list => numbers(list, "a degree, nonzero or all").map(Degrees::List),
    }
}

pub(super) fn order(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "write an integer of at least 0, such as 4".into())
}

pub(super) fn threads(text: &str) -> Result<usize, String> {
    let threads = text.parse().ok().filter(|&threads| threads > 0);
    threads.ok_or_else(|| "write an integer of at least 1".into())
}

pub(super) fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) => Ok((name.trim().into(), value.trim().into())),
        None => Err("write NAME=VALUE, such as k=3".into()),
    }
}

/// The value of a constant expression such as `1/255`.
pub(super) fn finite(text: &str) -> Result<f64, String> {
    let constant = Function::constant(text).map_err(|error| Error::from(error).to_string())?;
    let series = Series::new(&constant, 0, "0");
    let value = series.map_err(|_| format!("`{text}` has no value"))?.coefficients()[0];
    if value.is_finite() {
        return Ok(value);
    }
    Err(format!("it is beyond the doubles, whose largest is {:e}", f64::MAX))
}

/// An error that can be allowed.
pub(super) fn tolerance(text: &str) -> Result<f64, String> {
    let tolerance = finite(text)?;
    if tolerance > 0.0 {
        Ok(tolerance)
    } else {
        Err(format!("{tolerance} is not a positive number"))
    }
}

/// A range written `LOW:HIGH`, both constant expressions.
pub fn range(text: &str) -> Result<(f64, f64), String> {
    let (low, high) = text.split_once(':').ok_or("it is not a range; write LOW:HIGH")?;
    let (low, high) = (finite(low)?, finite(high)?);
    if low >= high {
        return Err("the range is empty; write the smaller end first".into());
    }
    if !(high - low).is_finite() {
        return Err("the range is wider than the doubles".into());
    }
    Ok((low, high))
}
