//! `maclaurin expand`: pictures and arrays in, expanded arrays out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use half::f16;
use indicatif::{ProgressBar, ProgressStyle};
use maclaurin::{Expansion, Float, Kind, Polynomial, Series};

use crate::arguments::{ExpandArguments, FileFormat, TypeName, number};
use crate::bound::scientific;
use crate::input::{self, Source};
use crate::output::{Archive, Pending, Stored, write_npy};
use crate::{Failure, sheet};

/// Where the results go.
enum Destination {
    /// One array.
    Array(PathBuf),
    /// One archive of arrays, each under its input's name.
    Archive(PathBuf),
    /// One contact sheet.
    Sheet(PathBuf),
    /// A file for each input.
    Folder(PathBuf, FileFormat),
}

/// The whole job, settled before the first file is read.
struct Job<'a> {
    arguments: &'a ExpandArguments,
    series: Series,
    polynomial: Polynomial,
    expansion: Expansion,
}

/// What happened to one file, for the summary.
struct Done {
    line: String,
    /// Values read, bytes computed, and the time that the computation took.
    values: usize,
    bytes: usize,
    time: Duration,
    /// The smallest and the largest value that was expanded.
    range: Option<(f64, f64)>,
    scale: f64,
}

pub fn run(arguments: &ExpandArguments) -> Result<(), Failure> {
    let series = arguments.place.series(&arguments.function, &arguments.length)?;
    let mut polynomial = series.polynomial();
    let kind = arguments.kind.kind();
    if !arguments.weights.is_empty() {
        if kind != Kind::Sum {
            return Err(Failure::Usage("--weights go with --kind sum".into()));
        }
        polynomial = polynomial.weighted(&arguments.weights)?;
    }
    let expansion = Expansion {
        kind,
        degrees: arguments.degrees.clone(),
        constant: arguments.constant,
        axis: arguments.axis,
        stack: !arguments.concatenate,
        scale: arguments.scale.as_deref().map_or(Ok(1.0), number)?,
        shift: number(&arguments.shift)?,
        threads: arguments.threads,
    };
    expansion.degrees_of(&polynomial)?;
    let job = Job { arguments, series, polynomial, expansion };
    let sources = input::sources(&arguments.inputs, &arguments.reading)?;
    let files: BTreeMap<_, _> =
        sources.iter().map(|source| (source.name.clone(), source)).collect();
    let destination = destination(arguments, files.len())?;
    match arguments.dtype {
        TypeName::F16 => job.run::<f16>(&files, &destination),
        TypeName::F32 => job.run::<f32>(&files, &destination),
        TypeName::F64 => job.run::<f64>(&files, &destination),
    }
}

fn destination(arguments: &ExpandArguments, files: usize) -> Result<Destination, Failure> {
    let path = arguments.output.clone();
    let single = |destination: Destination| {
        if files == 1 {
            Ok(destination)
        } else {
            let message = format!("{files} files need a folder or a .npz file as --output");
            Err(Failure::Usage(message))
        }
    };
    match input::ending(&path).as_str() {
        "npy" => single(Destination::Array(path)),
        "png" => single(Destination::Sheet(path)),
        "npz" => Ok(Destination::Archive(path)),
        "" => Ok(Destination::Folder(path, arguments.format)),
        _ if path.is_dir() => Ok(Destination::Folder(path, arguments.format)),
        other => Err(Failure::Usage(format!(
            "cannot write `.{other}`: --output is a .npy, .npz or .png file, or a folder"
        ))),
    }
}

impl Job<'_> {
    fn run<U: Float + Stored>(
        &self,
        files: &BTreeMap<String, &Source>,
        destination: &Destination,
    ) -> Result<(), Failure> {
        match destination {
            Destination::Array(path) => self.each(files, |_, file| self.array::<U>(file, path)),
            Destination::Sheet(path) => self.each(files, |_, file| self.sheet(file, path)),
            Destination::Archive(path) => {
                // A failed member fails the archive: half of one would look like all of it.
                let mut failure = None;
                let pending = Pending::create(path)?;
                let outcome = pending.finish(|output| {
                    let mut archive = Archive::new(output);
                    let all = self.each(files, |name, file| {
                        let (array, done) = self.expand::<U>(file)?;
                        archive.add(name, &array).map_err(|error| write_failure(path, &error))?;
                        Ok(done)
                    });
                    if let Err(error) = all {
                        failure = Some(error);
                        return Err(std::io::Error::other("a member failed"));
                    }
                    archive.finish()
                });
                match failure {
                    Some(failure) => Err(failure),
                    None => outcome.map(|_| ()),
                }
            }
            Destination::Folder(folder, format) => {
                std::fs::create_dir_all(folder).map_err(|error| write_failure(folder, &error))?;
                self.each(files, |name, file| {
                    // Names hold the folders that the inputs were found in.
                    let within = folder.join(name);
                    let within = within.parent().unwrap_or(folder);
                    std::fs::create_dir_all(within)
                        .map_err(|error| write_failure(within, &error))?;
                    match format {
                        FileFormat::Npy => {
                            self.array::<U>(file, &folder.join(format!("{name}.npy")))
                        }
                        FileFormat::Png => self.sheet(file, &folder.join(format!("{name}.png"))),
                    }
                })
            }
        }
    }

    /// Does `work` for each file, with a progress bar where there are several, and sums up.
    fn each(
        &self,
        files: &BTreeMap<String, &Source>,
        mut work: impl FnMut(&str, &Source) -> Result<Done, Failure>,
    ) -> Result<(), Failure> {
        let quiet = self.arguments.quiet;
        let bar = if files.len() > 1 && !quiet {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {wide_msg} {eta}");
            ProgressBar::new(files.len() as u64)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        } else {
            ProgressBar::hidden()
        };
        let start = Instant::now();
        let (mut values, mut bytes, mut time, mut failed) = (0, 0, Duration::ZERO, 0);
        let mut trust = Trust::default();
        for (name, file) in files {
            bar.set_message(name.clone());
            match work(name, file) {
                Ok(done) => {
                    if !quiet {
                        bar.suspend(|| println!("{}", done.line));
                    }
                    values += done.values;
                    bytes += done.bytes;
                    time += done.time;
                    trust.add(&done);
                }
                Err(failure) if files.len() == 1 => return Err(failure),
                Err(failure) => {
                    bar.suspend(|| eprintln!("error: {failure}"));
                    failed += 1;
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if !quiet && values > 0 {
            println!("{}", self.summary(values, bytes, time, start.elapsed()));
        }
        if self.expansion.kind != Kind::Powers && self.arguments.weights.is_empty() {
            let (line, warning) = trust.lines(&self.series);
            if !quiet && !line.is_empty() {
                println!("{line}");
            }
            if !warning.is_empty() {
                eprintln!("{warning}");
            }
        }
        if failed > 0 { Err(Failure::Some { failed, all: files.len() }) } else { Ok(()) }
    }

    fn summary(&self, values: usize, bytes: usize, time: Duration, all: Duration) -> String {
        let seconds = time.as_secs_f64().max(1e-9);
        format!(
            "{} of {} about {}: {:.1} million values expanded in {:.1} ms ({:.0} million values/s, \
             {:.2} GB/s written to memory), {:.2} s with reading and writing",
            self.what(),
            self.series.function(),
            self.series.at(),
            values as f64 / 1e6,
            seconds * 1e3,
            values as f64 / 1e6 / seconds,
            bytes as f64 / 1e9 / seconds,
            all.as_secs_f64()
        )
    }

    /// The kind and the degrees in words.
    fn what(&self) -> String {
        let kind = match self.expansion.kind {
            Kind::Powers => "powers",
            Kind::Terms => "terms",
            Kind::PartialSums => "partial sums",
            Kind::Sum if self.arguments.weights.is_empty() => "the polynomial",
            Kind::Sum => "the weighted sum of partial sums",
        };
        let degrees = self.expansion.degrees_of(&self.polynomial).unwrap_or_default();
        let degrees: Vec<_> = degrees.iter().map(ToString::to_string).collect();
        if degrees.is_empty() {
            format!("{kind} of order {}", self.polynomial.order())
        } else {
            format!("{kind} of degree {}", degrees.join(", "))
        }
    }

    /// The expansion for one input: a picture of integers is read as 0..1 unless --scale says
    /// otherwise.
    fn expansion(&self, input: &input::Input) -> Expansion {
        let scale = match (&self.arguments.scale, input.white) {
            (None, Some(white)) => 1.0 / white,
            _ => self.expansion.scale,
        };
        Expansion { scale, ..self.expansion.clone() }
    }

    fn expand<U: Float>(&self, file: &Source) -> Result<(ndarray::ArrayD<U>, Done), Failure> {
        let input = input::read(file, &self.arguments.reading)?;
        let expansion = self.expansion(&input);
        let start = Instant::now();
        let array = input.array.expand::<U>(&self.polynomial, &expansion)?;
        let time = start.elapsed();
        let done = done(file, &input, &expansion, array.shape(), size_of::<U>(), time);
        Ok((array, done))
    }

    fn array<U: Float + Stored>(&self, file: &Source, path: &Path) -> Result<Done, Failure> {
        let (array, mut done) = self.expand::<U>(file)?;
        let size = Pending::create(path)?.finish(|output| write_npy(&array, output))?;
        let type_name = std::any::type_name::<U>().rsplit("::").next().unwrap_or_default();
        let megabytes = size as f64 / 1e6;
        let written = format!(" {type_name}, {} ({megabytes:.1} MB)", path.display());
        done.line.push_str(&written);
        Ok(done)
    }

    fn sheet(&self, file: &Source, path: &Path) -> Result<Done, Failure> {
        let input = input::read(file, &self.arguments.reading)?;
        let channels = sheet::channels(file, input.array.shape())?;
        let expansion = self.expansion(&input);
        // Degree after degree, each a picture of its own.
        let planes = Expansion { axis: 0, stack: true, ..expansion.clone() };
        let start = Instant::now();
        let array = input.array.expand::<f32>(&self.polynomial, &planes)?;
        let time = start.elapsed();
        let affine = Expansion { kind: Kind::Sum, ..planes.clone() };
        let plain = input.array.expand::<f32>(&Polynomial::new(0.0, vec![0.0, 1.0]), &affine)?;
        let mut done = done(file, &input, &expansion, array.shape(), size_of::<f32>(), time);
        let degrees = self.expansion.degrees_of(&self.polynomial)?;
        let labels = if degrees.is_empty() {
            vec![self.what()]
        } else {
            let kind = match self.expansion.kind {
                Kind::Powers => "power",
                Kind::PartialSums => "partial sum",
                _ => "term",
            };
            degrees.iter().map(|degree| format!("{kind}, degree {degree}")).collect()
        };
        let title =
            format!("{}: {} about {}", file.title(), self.series.function(), self.series.at());
        let picture = sheet::draw(&title, channels, &plain, &labels, &array)?;
        Pending::create(path)?.finish(|output| picture.write_png(output))?;
        done.line.extend([", ", &path.to_string_lossy(), " (contact sheet)"]);
        Ok(done)
    }
}

fn write_failure(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Write { path: path.into(), reason: error.to_string() }
}

/// The line about one file and its figures.
fn done(
    file: &Source,
    input: &input::Input,
    expansion: &Expansion,
    shape: &[usize],
    size: usize,
    time: Duration,
) -> Done {
    let range = input.array.range().map(|(low, high)| {
        let ends = [low, high].map(|end| expansion.scale * end + expansion.shift);
        (ends[0].min(ends[1]), ends[0].max(ends[1]))
    });
    let described =
        range.map_or("no values".into(), |(low, high)| format!("values {low:.4} to {high:.4}"));
    let line = format!(
        "{}: {} {}, {described} -> {}",
        file,
        extents(input.array.shape()),
        input.array.type_name(),
        extents(shape)
    );
    let values = input.array.shape().iter().product();
    let bytes = shape.iter().product::<usize>() * size;
    Done { line, values, bytes, time, range, scale: expansion.scale }
}

/// A shape as `427 x 640 x 3`.
fn extents(shape: &[usize]) -> String {
    if shape.is_empty() {
        return "one value".into();
    }
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ")
}

/// Where the values of a job lie, and how far the polynomial can be trusted there.
#[derive(Default)]
struct Trust {
    range: Option<(f64, f64)>,
    scale: f64,
}

impl Trust {
    fn add(&mut self, done: &Done) {
        let Some((low, high)) = done.range.filter(|(low, high)| (high - low).is_finite()) else {
            return;
        };
        let (least, most) = self.range.unwrap_or((low, high));
        self.range = Some((least.min(low), most.max(high)));
        self.scale = done.scale;
    }

    /// A line for the summary, and a warning where values leave the disc of convergence.
    fn lines(&self, series: &Series) -> (String, String) {
        let Some((low, high)) = self.range else { return (String::new(), String::new()) };
        let radius = series.radius();
        let error = series.error_bound(low, high).map_or("without bound".into(), |error| {
            format!("at most {}", scientific(error.bound, true))
        });
        let line = format!(
            "on the values' range, {low:.4} to {high:.4}, the polynomial is off by {error} (certified); \
             radius of convergence {radius}"
        );
        let outside = series.outside(low, high, self.scale);
        let warning = outside.map_or(String::new(), |outside| format!("warning: {outside}"));
        (line, warning)
    }
}
