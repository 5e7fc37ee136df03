//! Pictures of eight bits: their values counted, their channels by degree, and their expansion as a file.
//!
//! A channel of such a picture has 256 values at most. So the page sends the pixels once, and then for
//! each degree gets the gray of every value: the picture itself stays where it is.

use maclaurin::{Expansion, Kind, expand};
use ndarray::{Array3, ArrayD, ArrayView3};
use npyz::WriterBuilder;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::curves::smallest;
use crate::failure::Failure;
use crate::figures::nearest;
use crate::subject::Subject;
use crate::{MOST_OUTPUT, MOST_PIXELS};

/// Values of eight bits.
const VALUES: usize = 256;

/// What a value of eight bits is multiplied with: pictures are read as 0..1.
const SCALE: f64 = 1.0 / 255.0;

/// The gray of a constant plane.
const CONSTANT: u8 = 128;

/// The size of a picture, whose pixels are the bytes of the message, row by row.
#[derive(Clone, Copy, Deserialize)]
pub struct Shape {
    width: usize,
    height: usize,
    channels: usize,
}

impl Shape {
    /// The pixels as an array, if they are as many as they are said to be.
    fn view(self, pixels: &[u8]) -> Result<ArrayView3<'_, u8>, Failure> {
        let Self { width, height, channels } = self;
        let count = width.checked_mul(height).filter(|count| (1..=MOST_PIXELS).contains(count));
        if count.is_none() {
            return Err(Failure::Refused(format!(
                "the picture has {width} x {height} pixels; at most {MOST_PIXELS} are taken here: \
                 `maclaurin expand` takes more"
            )));
        }
        if !(1..=4).contains(&channels) {
            return Err(Failure::Refused(format!("{channels} channels: a picture has 1 to 4")));
        }
        ArrayView3::from_shape((height, width, channels), pixels).map_err(|_| {
            let expected = height * width * channels;
            let message = format!("{} bytes of pixels were sent, not {expected}", pixels.len());
            Failure::Refused(message)
        })
    }

    /// How many pixels of each channel have each value; and the values as the function sees them.
    pub fn histogram(self, pixels: &[u8]) -> Result<Value, Failure> {
        let view = self.view(pixels)?;
        let mut counts = vec![[0u32; VALUES]; self.channels];
        for pixel in view.rows() {
            for (count, value) in counts.iter_mut().zip(pixel) {
                count[usize::from(*value)] += 1;
            }
        }
        let counts: Vec<_> = counts.iter().map(|count| count.to_vec()).collect();
        Ok(json!({ "counts": counts, "x": (0..VALUES).map(value_of).collect::<Vec<_>>() }))
    }
}

/// A pixel's value as the function sees it.
fn value_of(byte: usize) -> f64 {
    byte as f64 * SCALE
}

/// The channels by degree.
#[derive(Deserialize)]
pub struct SheetQuestion {
    #[serde(flatten)]
    subject: Subject,
    counts: Vec<Vec<u32>>,
    on: [f64; 2],
    tolerance: f64,
}

impl SheetQuestion {
    /// For each degree and channel the gray of every value, which is black at the smallest term among the
    /// picture's values and white at the largest; which values are on the range; and the smallest
    /// order for the tolerance.
    pub fn answer(&self) -> Result<Value, Failure> {
        let fits = self.counts.iter().all(|count| count.len() == VALUES);
        if !fits || !(1..=4).contains(&self.counts.len()) {
            let message = format!("1 to 4 channels with {VALUES} counts each are expected");
            return Err(Failure::Refused(message));
        }
        let function = self.subject.function()?;
        let series = self.subject.series(&function, self.subject.order)?;
        let bytes = Array3::from_shape_fn((VALUES, 1, 1), |(i, _, _)| i as u8).into_dyn();
        let expansion = Expansion { scale: SCALE, ..Expansion::default() };
        let degrees = expansion.degrees_of(&series.polynomial())?;
        let terms: ArrayD<f32> = expand(&bytes.view(), &series.polynomial(), &expansion)?;
        let term = |index: usize, byte: usize| terms[[byte, 0, 0, index]];
        let rows: Vec<_> = degrees
            .iter()
            .enumerate()
            .map(|(index, degree)| {
                let tile = |count: &Vec<u32>| tile(count, |byte| term(index, byte));
                json!({
                    "degree": degree,
                    "tiles": self.counts.iter().map(tile).collect::<Vec<_>>(),
                })
            })
            .collect();
        let has = |byte: &usize| self.counts.iter().any(|count| count[*byte] > 0);
        let values: Vec<f64> = (0..VALUES).filter(has).map(value_of).collect();
        let [low, high] = self.on;
        let inside: Vec<bool> = (0..VALUES).map(value_of).map(|x| low <= x && x <= high).collect();
        let (on_range, at_values) = smallest(&self.subject, &function, &values, self.tolerance);
        Ok(json!({
            "rows": rows,
            "inside": inside,
            "smallest": {
                "on_range": on_range.as_ref().ok(),
                "at_values": at_values,
                "count": values.len(),
                "low": values.first(),
                "high": values.last(),
                "reason": on_range.err(),
            },
        }))
    }
}

/// The gray of every value of a channel, and the terms' range.
fn tile(count: &[u32], term: impl Fn(usize) -> f32) -> Value {
    let finite = (0..VALUES).filter(|&byte| count[byte] > 0).map(&term).filter(|v| v.is_finite());
    let (low, high) =
        finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let gray = |byte: usize| {
        let part = (f64::from(term(byte)) - f64::from(low)) / (f64::from(high) - f64::from(low));
        if part.is_nan() { CONSTANT } else { (255.0 * part.clamp(0.0, 1.0)).round() as u8 }
    };
    let gray: Vec<u8> = (0..VALUES).map(gray).collect();
    json!({ "gray": gray, "low": nearest(f64::from(low)), "high": nearest(f64::from(high)) })
}

/// The expansion of a picture as a file.
#[derive(Deserialize)]
pub struct ArrayQuestion {
    #[serde(flatten)]
    subject: Subject,
    #[serde(flatten)]
    shape: Shape,
}

impl ArrayQuestion {
    /// The terms of every value, height x width x channels x degrees, in single precision as `.npy`.
    pub fn answer(&self, pixels: &[u8]) -> Result<(Value, Vec<u8>), Failure> {
        let view = self.shape.view(pixels)?;
        let function = self.subject.function()?;
        let series = self.subject.series(&function, self.subject.order)?;
        let expansion = Expansion { kind: Kind::Terms, scale: SCALE, ..Expansion::default() };
        let polynomial = series.polynomial();
        let count = view.len() * expansion.degrees_of(&polynomial)?.len() * size_of::<f32>();
        if count > MOST_OUTPUT {
            return Err(Failure::Refused(format!(
                "the array has {count} bytes; at most {MOST_OUTPUT} are given here: `maclaurin expand` \
                 writes more"
            )));
        }
        let terms: ArrayD<f32> = expand(&view.into_dyn(), &polynomial, &expansion)?;
        let file = npy(&terms).map_err(|error| Failure::Refused(error.to_string()))?;
        Ok((json!({ "shape": terms.shape() }), file))
    }
}

/// An array in NumPy's format.
fn npy(array: &ArrayD<f32>) -> std::io::Result<Vec<u8>> {
    let shape: Vec<u64> = array.shape().iter().map(|&n| n as u64).collect();
    let mut file = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(&shape);
    let mut writer = options.writer(&mut file).begin_nd()?;
    writer.extend(array.iter())?;
    writer.finish()?;
    Ok(file)
}
