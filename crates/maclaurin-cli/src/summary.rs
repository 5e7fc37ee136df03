//! What `maclaurin expand` says about its work: a line for each file, and a summary, as text or JSON.

use std::time::Duration;

use maclaurin::{Expansion, Series, scientific};
use ndarray::ArrayD;
use serde_json::{Value, json};

use crate::array::Array;
use crate::input::Source;

/// What happened to one file.
pub struct Done {
    pub line: String,
    pub json: Value,
    /// Values read, bytes computed, and the time that the computation took.
    values: usize,
    bytes: usize,
    time: Duration,
    /// The smallest and the largest finite value that was expanded.
    range: Option<(f64, f64)>,
    /// What a value is multiplied with; NaN if something is added too.
    scale: f64,
    /// Finite values that became infinite or NaN.
    lost: usize,
}

impl Done {
    /// The line about a file and its figures.
    pub fn new<U: maclaurin::Float>(
        file: &Source,
        input: &Array,
        expansion: &Expansion,
        output: &ArrayD<U>,
        time: Duration,
    ) -> Self {
        let (range, finite) = input.range();
        let range = range.map(|(low, high)| {
            let ends = [low, high].map(|end| expansion.scale * end + expansion.shift);
            (ends[0].min(ends[1]), ends[0].max(ends[1]))
        });
        let values: usize = input.shape().iter().product();
        // Degree 0 stays finite where the value is not.
        let each = (output.len() / values.max(1)).saturating_sub(usize::from(expansion.constant));
        let not_finite = output.iter().filter(|value| !value.to_f64().is_finite()).count();
        let lost = not_finite.saturating_sub((values - finite) * each);
        let mut described =
            range.map_or("no values".into(), |(low, high)| format!("values {low:.4} to {high:.4}"));
        if finite < values {
            described = format!("{described} and {} that are not finite", values - finite);
        }
        let line = format!(
            "{file}: {} {}, {described} -> {}",
            extents(input.shape()),
            input.type_name(),
            extents(output.shape())
        );
        let json = json!({
            "input": file.to_string(),
            "shape": input.shape(),
            "dtype": input.type_name(),
            "low": range.map(|range| range.0),
            "high": range.map(|range| range.1),
            "not_finite": values - finite,
            "became_infinite": lost,
            "output_shape": output.shape(),
        });
        let bytes = output.len() * size_of::<U>();
        Self {
            line,
            json,
            values,
            bytes,
            time,
            range,
            scale: if expansion.shift == 0.0 { expansion.scale } else { f64::NAN },
            lost,
        }
    }
}

/// A shape as `427 x 640 x 3`.
fn extents(shape: &[usize]) -> String {
    if shape.is_empty() {
        return "one value".into();
    }
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ")
}

/// The figures of all files, and where their values lie.
#[derive(Default)]
pub struct Summary {
    values: usize,
    bytes: usize,
    time: Duration,
    range: Option<(f64, f64)>,
    scale: f64,
    lost: usize,
    files: Vec<Value>,
    failed: Vec<Value>,
}

impl Summary {
    pub fn add(&mut self, done: Done) {
        self.values += done.values;
        self.bytes += done.bytes;
        self.time += done.time;
        self.lost += done.lost;
        self.scale = done.scale;
        if let Some((low, high)) = done.range {
            let (least, most) = self.range.unwrap_or((low, high));
            self.range = Some((least.min(low), most.max(high)));
        }
        self.files.push(done.json);
    }

    pub fn add_failed(&mut self, file: &Source, reason: &str) {
        self.failed.push(json!({ "input": file.to_string(), "error": reason }));
    }

    /// Files of which nothing was written.
    pub fn failed(&self) -> usize {
        self.failed.len()
    }

    /// What was computed and how fast, in words.
    pub fn text(&self, what: &str, series: &Series, all: Duration) -> String {
        let seconds = self.time.as_secs_f64().max(1e-9);
        format!(
            "{what} of {} about {}: {:.1} million values expanded in {:.1} ms ({:.0} million values/s, \
             {:.2} GB/s written to memory), {:.2} s with reading and writing\n",
            series.name(),
            series.at(),
            self.values as f64 / 1e6,
            seconds * 1e3,
            self.values as f64 / 1e6 / seconds,
            self.bytes as f64 / 1e9 / seconds,
            all.as_secs_f64()
        )
    }

    /// How far the polynomial can be trusted on the values' range: a line, and warnings.
    pub fn trust(&self, series: &Series, trusted: bool) -> (Option<String>, Vec<String>) {
        let mut warnings = Vec::new();
        if self.lost > 0 {
            warnings.push(format!(
                "{} results are infinite or NaN though their values are finite: they are beyond the largest number \
                 of the output's type; --dtype f64 or a smaller --scale would help",
                self.lost
            ));
        }
        let Some((low, high)) = self.range.filter(|_| trusted) else {
            return (None, warnings);
        };
        let error = series.error_bound(low, high).map_or_else(
            |_| "no bound on the polynomial's error is proven".into(),
            |error| {
                let bound = scientific(error.bound, 5, true);
                format!("the polynomial is off by at most {bound} (certified)")
            },
        );
        warnings.extend(series.outside(low, high, self.scale).map(|outside| outside.to_string()));
        let line = format!(
            "on the values' range, {low:.4} to {high:.4}, {error}; \
             radius of convergence {}\n",
            series.radius()
        );
        (Some(line), warnings)
    }

    /// Everything for programs.
    pub fn json(&self, series: &Series, trusted: bool, warnings: &[String]) -> String {
        let range = self.range.filter(|_| trusted);
        let bound = range.and_then(|(low, high)| series.error_bound(low, high).ok());
        let radius = series.radius();
        let object = json!({
            "function": series.function().map(maclaurin::Function::text),
            "at": series.at(),
            "order": series.order(),
            "files": self.files,
            "failed": self.failed,
            "values": self.values,
            "seconds": self.time.as_secs_f64(),
            "error_bound": bound.map(|error| error.bound),
            "radius": { "lower": radius.lower, "upper": radius.upper, "exact": radius.exact },
            "warnings": warnings,
        });
        format!("{object}\n")
    }
}
