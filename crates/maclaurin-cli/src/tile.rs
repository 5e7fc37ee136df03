//! One tile of a contact sheet: a plane of values as gray, scaled by whole pixels where it is
//! small and averaged where it is large.

use ndarray::ArrayView2;
use tiny_skia::{Pixmap, PremultipliedColorU8};

use crate::canvas::Rgb;

/// The longest side of a tile; of a long and narrow one.
const LARGEST: usize = 256;
const LARGEST_NARROW: usize = 768;

/// A picture this many times longer than wide is narrow.
const NARROW: usize = 8;

/// The colours of NaN, infinity and minus infinity, which no gray is.
pub const NAN: Rgb = [255, 0, 255];
pub const INFINITY: Rgb = [255, 150, 0];
pub const MINUS_INFINITY: Rgb = [0, 150, 255];

/// The gray of a constant plane.
const CONSTANT: u8 = 128;

/// The size of a tile, and whether both directions are scaled alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub width: usize,
    pub height: usize,
    pub alike: bool,
}

impl Scale {
    /// The scale for a picture that has values.
    pub fn of(width: usize, height: usize) -> Self {
        let (longest, shortest) = (width.max(height), width.min(height));
        let narrow = longest / shortest >= NARROW;
        let room = if narrow { LARGEST_NARROW } else { LARGEST };
        if longest <= room {
            let factor = room / longest;
            return Self { width: width * factor, height: height * factor, alike: true };
        }
        let reduced = |n: usize| (n as f64 * room as f64 / longest as f64).round() as usize;
        // A short side that would all but vanish keeps its pixels.
        let side =
            |n: usize| if narrow && reduced(n) < 8 { n.min(room) } else { reduced(n).max(1) };
        let alike = side(shortest) == reduced(shortest);
        Self { width: side(width), height: side(height), alike }
    }
}

/// What the values of a plane are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// The smallest and the largest finite value.
    pub range: Option<(f32, f32)>,
    pub nan: usize,
    pub infinite: usize,
    pub minus_infinite: usize,
}

impl Summary {
    pub fn of(plane: &ArrayView2<'_, f32>) -> Self {
        let mut summary = Self::default();
        for value in plane {
            if value.is_finite() {
                let (low, high) = summary.range.unwrap_or((*value, *value));
                summary.range = Some((low.min(*value), high.max(*value)));
            } else if value.is_nan() {
                summary.nan += 1;
            } else if *value > 0.0 {
                summary.infinite += 1;
            } else {
                summary.minus_infinite += 1;
            }
        }
        summary
    }

    /// The values in words: their range, or the constant, and how many are not finite.
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        match self.range {
            Some((low, high)) if low == high => parts.push(format!("constant {}", short(low, 0))),
            Some((low, high)) => {
                let (low, high) = ends(low, high);
                parts.push(format!("{low} to {high}"));
            }
            None => parts.push("nothing finite".into()),
        }
        let counts = [(self.nan, "NaN"), (self.infinite, "inf"), (self.minus_infinite, "-inf")];
        parts.extend(
            counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, name)| format!("{n} {name}")),
        );
        parts.join(", ")
    }
}

/// The ends of a range in few characters, in as many more as it takes to tell them apart.
fn ends(low: f32, high: f32) -> (String, String) {
    let with = |more: usize| (short(low, more), short(high, more));
    (0..8).map(with).find(|(low, high)| low != high).unwrap_or_else(|| with(8))
}

/// A number in few characters, with more digits than these.
fn short(value: f32, more: usize) -> String {
    match value.abs() {
        0.0 => "0".into(),
        magnitude if (1e-3..1e4).contains(&magnitude) => {
            let digits = if magnitude < 1.0 { 4 } else { 2 } + more;
            let text = format!("{value:.digits$}");
            text.trim_end_matches('0').trim_end_matches('.').into()
        }
        _ => format!("{value:.*e}", 1 + more),
    }
}

/// Paints a plane with its upper left corner at a pixel: its smallest finite value black, its
/// largest white.
pub fn paint(
    plane: &ArrayView2<'_, f32>,
    scale: Scale,
    summary: &Summary,
    pixels: &mut Pixmap,
    (left, top): (usize, usize),
) {
    let (low, high) =
        summary.range.map_or((0.0, 0.0), |(low, high)| (f64::from(low), f64::from(high)));
    let stride = pixels.width() as usize;
    for y in 0..scale.height {
        for x in 0..scale.width {
            let value = mean(
                plane,
                block(y, scale.height, plane.nrows()),
                block(x, scale.width, plane.ncols()),
            );
            let [red, green, blue] = if value.is_nan() {
                NAN
            } else if value.is_infinite() {
                if value > 0.0 { INFINITY } else { MINUS_INFINITY }
            } else if low == high {
                [CONSTANT; 3]
            } else {
                [((value - low) / (high - low) * 255.0).round() as u8; 3]
            };
            let color = PremultipliedColorU8::from_rgba(red, green, blue, 255);
            if let Some(color) = color {
                pixels.pixels_mut()[(top + y) * stride + left + x] = color;
            }
        }
    }
}

/// The values that one pixel of `of` shows: those below it where the picture is reduced, one
/// where it is enlarged.
fn block(pixel: usize, of: usize, values: usize) -> std::ops::Range<usize> {
    let start = pixel * values / of;
    start..((pixel + 1) * values / of).max(start + 1)
}

/// The mean of a block; what is not finite is never lost in it, NaN least.
fn mean(
    plane: &ArrayView2<'_, f32>,
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
) -> f64 {
    let (mut sum, mut special) = (0.0, None);
    let count = rows.len() * columns.len();
    for row in rows {
        for column in columns.clone() {
            let value = f64::from(plane[[row, column]]);
            if value.is_finite() {
                sum += value;
            } else if value.is_nan() || special.is_none() {
                special = Some(value);
            }
        }
    }
    special.unwrap_or(sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn small_pictures_grow_by_whole_pixels() {
        let size = |width, height| {
            let scale = Scale::of(width, height);
            (scale.width, scale.height, scale.alike)
        };
        assert_eq!(size(1, 1), (256, 256, true));
        assert_eq!(size(100, 60), (200, 120, true));
        assert_eq!(size(200, 3), (600, 9, true));
        assert_eq!(size(3, 200), (9, 600, true));
        assert_eq!(size(640, 427), (256, 171, true));
        assert_eq!(size(20_000, 3), (768, 3, false));
        assert_eq!(size(1_000_000, 1), (768, 1, false));
    }

    #[test]
    fn a_single_nan_is_seen_in_a_large_picture() {
        let mut plane = Array2::<f32>::zeros((1000, 1000));
        plane[[500, 500]] = f32::NAN;
        plane[[10, 10]] = f32::INFINITY;
        plane[[20, 20]] = f32::NEG_INFINITY;
        plane[[30, 30]] = 2.0;
        let summary = Summary::of(&plane.view());
        assert_eq!(summary.text(), "0 to 2, 1 NaN, 1 inf, 1 -inf");
        let scale = Scale::of(1000, 1000);
        let mut pixels = crate::canvas::blank(256, 256).unwrap();
        paint(&plane.view(), scale, &summary, &mut pixels, (0, 0));
        for color in [NAN, INFINITY, MINUS_INFINITY] {
            let is =
                |pixel: &&PremultipliedColorU8| [pixel.red(), pixel.green(), pixel.blue()] == color;
            assert_eq!(pixels.pixels().iter().filter(is).count(), 1, "{color:?}");
        }
    }

    #[test]
    fn constants_are_said() {
        let text = |value| Summary::of(&Array2::from_elem((2, 2), value).view()).text();
        assert_eq!(text(0.5), "constant 0.5");
        assert_eq!(text(-1e30), "constant -1.0e30");
        assert_eq!(text(f32::NAN), "nothing finite, 4 NaN");
        let range = |low: f32, high: f32| Summary::of(&ndarray::arr2(&[[low, high]]).view()).text();
        assert_eq!(range(0.0, 1.0), "0 to 1");
        assert_eq!(range(1e6, 1e6 + 1.0), "1.000000e6 to 1.000001e6");
        assert_eq!(range(1.0, 1.0 + f32::EPSILON), "1 to 1.0000001");
        assert_eq!(range(-0.001, 0.001_01), "-0.001 to 0.001");
    }
}
