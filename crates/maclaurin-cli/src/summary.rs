//! What `maclaurin expand` says about its work: a line for each file, and a summary, as text or JSON.

use std::time::Duration;

use maclaurin::{Expansion, Kind, Polynomial, Series, plain, scientific};
use ndarray::ArrayD;
use serde_json::{Value, json};

use crate::Failure;
use crate::array::Array;
use crate::basis;
use crate::input::{Input, Source};
use crate::output::{counted, in_shell};

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

/// What is said of values and their expansion.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// The smallest and the largest finite value.
    pub range: Option<(f64, f64)>,
    /// How many values are finite.
    pub finite: usize,
    /// Results that are infinite or NaN though their value is finite.
    pub lost: usize,
}

impl Seen {
    /// Of an array and its expansion, which has a constant row or none.
    pub fn of<U: maclaurin::Float>(input: &Array, output: &ArrayD<U>, constant: bool) -> Self {
        let (range, finite) = input.range();
        let values: usize = input.shape().iter().product();
        // Degree 0 stays finite where the value is not.
        let each = (output.len() / values.max(1)).saturating_sub(usize::from(constant));
        let not_finite = output.iter().filter(|value| !value.to_f64().is_finite()).count();
        Self { range, finite, lost: not_finite.saturating_sub((values - finite) * each) }
    }

    /// Of both.
    pub fn and(self, other: Self) -> Self {
        let range = match (self.range, other.range) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
        Self { range, finite: self.finite + other.finite, lost: self.lost + other.lost }
    }

    /// With the range of the values as they are expanded: scaled and shifted.
    pub fn mapped(self, scale: f64, shift: f64) -> Self {
        let range = self.range.map(|(low, high)| {
            let ends = [low, high].map(|end| scale * end + shift);
            (ends[0].min(ends[1]), ends[0].max(ends[1]))
        });
        Self { range, ..self }
    }
}

impl Done {
    /// The line about a file and its figures.
    pub fn new<U: maclaurin::Float>(
        file: &Source,
        Input { array: input, stored, .. }: &Input,
        expansion: &Expansion,
        output: &ArrayD<U>,
        time: Duration,
    ) -> Self {
        let values: usize = input.shape().iter().product();
        let Seen { range, finite, lost } =
            Seen::of(input, output, expansion.constant).mapped(expansion.scale, expansion.shift);
        let mut described = range.map_or("no values".into(), |(low, high)| {
            let (low, high) = ends(low, high);
            format!("values {low} to {high}")
        });
        if finite < values {
            described = format!("{described} and {} that are not finite", values - finite);
        }
        let read = match input.type_name() {
            name if name == stored => name.into(),
            name => format!("{stored}, read as {name}"),
        };
        let line = format!(
            "{file}: {} {read}, {described} -> {}",
            extents(input.shape()),
            extents(output.shape())
        );
        let json = json!({
            "input": file.to_string(),
            "shape": input.shape(),
            "dtype": input.type_name(),
            "stored_dtype": stored,
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

/// The ends of a range in five significant digits, or in as many more as tell them apart.
fn ends(low: f64, high: f64) -> (String, String) {
    let rounded = |x: f64, digits: usize| {
        let rounded: f64 = format!("{x:.*e}", digits - 1).parse().unwrap_or(x);
        plain(rounded)
    };
    let with = |digits| (rounded(low, digits), rounded(high, digits));
    let differ = |(one, other): &(String, String)| one != other || low == high;
    (5..17).map(with).find(differ).unwrap_or_else(|| with(17))
}

/// A quantity in the largest of these units that it reaches, or else in the last.
pub fn in_units(quantity: f64, units: &[(f64, &str)]) -> String {
    let reached = units.iter().find(|(unit, _)| quantity >= *unit);
    let Some((unit, name)) = reached.or(units.last()) else { return quantity.to_string() };
    let decimals = usize::from((quantity / unit).fract() != 0.0);
    format!("{:.decimals$} {name}", quantity / unit)
}

/// The polynomial whose error is told of: the highest partial sum that is written, else the whole one.
pub struct Judged {
    series: Series,
    /// Its name in a sentence.
    name: String,
}

impl Judged {
    /// `None` where what is written is no approximation of the function: powers, and weighted sums.
    pub fn new(
        series: &Series,
        polynomial: &Polynomial,
        expansion: &Expansion,
        weighted: bool,
    ) -> Result<Option<Self>, Failure> {
        if weighted || expansion.kind == Kind::Powers {
            return Ok(None);
        }
        let written = expansion.degrees_of(polynomial)?;
        let highest = written.iter().copied().max().unwrap_or_else(|| series.order());
        let terms = polynomial.degrees();
        let (order, name) = match expansion.kind {
            Kind::PartialSums if terms.iter().any(|&degree| degree > highest) => {
                (highest, format!("the partial sum of order {highest}"))
            }
            Kind::Terms if !terms.iter().all(|degree| written.contains(degree)) => {
                let order = series.order();
                (
                    order,
                    format!(
                        "the whole polynomial of order {order}, of which some terms are left out,"
                    ),
                )
            }
            _ => (series.order(), "the polynomial".into()),
        };
        Ok(Some(Self { series: series.truncate(order)?, name }))
    }
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
    /// Files of the folders given that were not read.
    skipped: usize,
}

impl Summary {
    /// That of no files yet, with the number of those that are skipped.
    pub fn new(skipped: usize) -> Self {
        Self { skipped, ..Self::default() }
    }

    /// That of values that were expanded in parts, and what they were multiplied with.
    #[cfg(any(feature = "zarr", feature = "parquet"))]
    pub fn of_parts(Seen { range, lost, .. }: Seen, scale: f64) -> Self {
        Self { range, scale, lost, ..Self::default() }
    }

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
    pub fn text(&self, what: &str, source: &basis::Source, all: Duration) -> String {
        const SECONDS: [(f64, &str); 3] = [(1.0, "s"), (1e-3, "ms"), (1e-6, "\u{b5}s")];
        let seconds = self.time.as_secs_f64().max(1e-9);
        let values = match self.values {
            values if values < 1_000_000 => counted(values, "value"),
            values => format!("{:.1} million values", values as f64 / 1e6),
        };
        // Of a small array the time is that of the call.
        let rates = if self.bytes < 1_000_000 {
            String::new()
        } else {
            let values = [(1e6, "million values/s"), (1.0, "values/s")];
            format!(
                " ({}, {} written to memory)",
                in_units((self.values as f64 / seconds).round(), &values),
                in_units(self.bytes as f64 / seconds, &[(1e9, "GB/s"), (1e6, "MB/s")])
            )
        };
        format!(
            "{what} of {}: {values} expanded in {}{rates}, {} with reading and writing\n",
            source.text(" about "),
            in_units(seconds, &SECONDS),
            in_units(all.as_secs_f64(), &SECONDS)
        )
    }

    /// How far the polynomial can be trusted on the values' range: a line, and warnings.
    pub fn trust(&self, judged: Option<&Judged>) -> (Option<String>, Vec<String>) {
        let mut warnings = Vec::new();
        if self.lost > 0 {
            let (are, what) = match self.lost {
                1 => ("is", "its value is finite: it, or a power in it, is"),
                _ => ("are", "their values are finite: they, or powers in them, are"),
            };
            warnings.push(format!(
                "{} {are} infinite or NaN though {what} beyond the largest number of the output's type; \
                 --dtype f64 or a smaller --scale would help",
                counted(self.lost, "result")
            ));
        }
        let Some((Judged { series, name }, (low, high))) = judged.zip(self.range) else {
            return (None, warnings);
        };
        let error = series.error_bound(low, high).map_or_else(
            |_| format!("no bound on the error of {} is proven", name.trim_end_matches(',')),
            |error| {
                let bound = scientific(error.bound, 5, true);
                format!("{name} is off by at most {bound} in exact arithmetic (certified)")
            },
        );
        warnings.extend(
            series.outside(low, high, self.scale).map(|outside| in_shell(&outside.to_string())),
        );
        let (low, high) = ends(low, high);
        let line = format!(
            "on the values' range, {low} to {high}, {error}; \
             radius of convergence {}\n",
            series.radius()
        );
        (Some(line), warnings)
    }

    /// Everything for programs.
    pub fn json(
        &self,
        source: &basis::Source,
        judged: Option<&Judged>,
        warnings: &[String],
    ) -> String {
        let bound = judged
            .zip(self.range)
            .and_then(|(judged, (low, high))| judged.series.error_bound(low, high).ok());
        let mut object = source.json();
        let figures = json!({
            "files": self.files,
            "failed": self.failed,
            "skipped": self.skipped,
            "values": self.values,
            "seconds": self.time.as_secs_f64(),
            "error_bound": bound.map(|error| error.bound),
            "error_bound_order": judged.map(|judged| judged.series.order()),
            "warnings": warnings,
        });
        if let Value::Object(figures) = figures {
            object.extend(figures);
        }
        format!("{}\n", Value::Object(object))
    }
}
