//! `maclaurin expand`: pictures and arrays in, expanded arrays out.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use half::f16;
use indicatif::{ProgressBar, ProgressStyle};
#[cfg(feature = "parquet")]
use maclaurin::Series;
use maclaurin::{Degrees, Expansion, Float, Kind, Polynomial};

use crate::arguments::{ExpandArguments, FileFormat, TypeName};
use crate::basis;
use crate::input::{self, Source};
use crate::output::{self, Archive, Stored, Target, write_npy};
#[cfg(feature = "zarr")]
use crate::store;
use crate::summary::{Done, Judged, Summary, in_units};
#[cfg(feature = "parquet")]
use crate::table;
use crate::{Failure, picture, sheet};

/// Where the results go.
enum Destination {
    /// One file for one input: an array or a contact sheet.
    Single(Target, FileFormat),
    /// One archive of arrays, each under its input's name.
    Archive(Target),
    /// A file for each input, by the input's name.
    Folder(BTreeMap<String, Target>, FileFormat),
}

/// The whole job, settled before the first file is read.
struct Job<'a> {
    arguments: &'a ExpandArguments,
    source: basis::Source,
    polynomial: Polynomial,
    expansion: Expansion,
    /// The polynomial whose error is told of.
    judged: Option<Judged>,
    files: BTreeMap<String, &'a Source>,
    /// The files that are read.
    inputs: Vec<PathBuf>,
    /// The number of files in the folders given that are not read.
    skipped: usize,
}

pub fn run(arguments: &ExpandArguments) -> Result<(), Failure> {
    let kind = arguments.kind.kind();
    let refuse = |message: &str| Err(Failure::Usage(message.into()));
    if kind == Kind::Sum && (arguments.degrees.is_some() || arguments.constant) {
        return refuse(
            "--kind sum is the whole polynomial: it takes no --degrees and no --constant (--weights choose among \
             its partial sums)",
        );
    }
    if kind == Kind::Sum && (arguments.axis.is_some() || arguments.concatenate) {
        return refuse(
            "--kind sum has one value for each value: there is no axis of the degrees for --axis and --concatenate",
        );
    }
    if kind != Kind::Sum && !arguments.weights.is_empty() {
        return refuse("--weights go with --kind sum");
    }
    let source = basis::Source::new(arguments)?;
    let mut polynomial = source.polynomial();
    if !arguments.weights.is_empty() {
        polynomial = polynomial.weighted(&arguments.weights)?;
    }
    let expansion = Expansion {
        kind,
        degrees: arguments.degrees.clone().unwrap_or(Degrees::NonZero),
        constant: arguments.constant,
        axis: arguments.axis.unwrap_or(-1),
        stack: !arguments.concatenate,
        scale: arguments.scale.unwrap_or(1.0),
        shift: arguments.shift,
        threads: arguments.threads,
    };
    expansion.degrees_of(&polynomial)?;
    let is_table = |path: &PathBuf| input::ending(path) == "parquet";
    if arguments.inputs.iter().any(is_table) || is_table(&arguments.output) {
        return table(arguments, &source, &polynomial, &expansion);
    }
    if !arguments.columns.is_empty() {
        return refuse("--columns are for Parquet tables: NAME.parquet");
    }
    #[cfg(feature = "zarr")]
    if store::takes(arguments)? {
        return stored(arguments, &source, &polynomial, &expansion);
    }
    if let Some(option) = arguments.storing.given() {
        return refuse(&format!(
            "{option} is for Zarr stores, --output NAME.zarr, and with --memory for one .npy file that becomes another"
        ));
    }
    let (sources, skipped) = input::sources(&arguments.inputs, &arguments.reading)?;
    let files = sources.iter().filter_map(Source::file).map(Path::to_path_buf);
    let standard = arguments.inputs.iter().filter(|path| output::is_standard(path)).cloned();
    let inputs: Vec<_> = files.chain(standard).collect();
    let files = sources.iter().map(|source| (source.name.clone(), source)).collect();
    let destination = destination(arguments, &files, &inputs)?;
    check_options(arguments, &destination)?;
    let judged = source.judged(&polynomial, &expansion, !arguments.weights.is_empty())?;
    let job = Job { arguments, source, polynomial, expansion, judged, files, inputs, skipped };
    match arguments.dtype {
        TypeName::F16 => job.run::<f16>(&destination),
        TypeName::F32 => job.run::<f32>(&destination),
        TypeName::F64 => job.run::<f64>(&destination),
    }
}

/// Expands into a Zarr store, and says how far the polynomial can be trusted.
#[cfg(feature = "zarr")]
fn stored(
    arguments: &ExpandArguments,
    source: &basis::Source,
    polynomial: &Polynomial,
    expansion: &Expansion,
) -> Result<(), Failure> {
    if arguments.format.is_some() || arguments.json {
        return Err(Failure::Usage(
            "--format and --json are not for what is written in blocks".into(),
        ));
    }
    let weighted = !arguments.weights.is_empty();
    let judged = source.judged(polynomial, expansion, weighted)?;
    let what = format!("{} of {}", what(expansion, polynomial, weighted), source.text(" about "));
    let (seen, scale) = store::run(&store::Job { arguments, polynomial, expansion, what })?;
    let scale = if expansion.shift == 0.0 { scale } else { f64::NAN };
    trust(arguments, &Summary::of_parts(seen, scale), judged.as_ref())
}

/// Expands columns of a Parquet table, and says how far the polynomial can be trusted.
#[cfg(feature = "parquet")]
fn table(
    arguments: &ExpandArguments,
    source: &basis::Source,
    polynomial: &Polynomial,
    expansion: &Expansion,
) -> Result<(), Failure> {
    let Some(series): Option<&Series> = source.series() else {
        return Err(Failure::Usage(
            "--basis is not for Parquet tables: expand arrays (.npy), or the columns in Python"
                .into(),
        ));
    };
    let judged = Judged::new(series, polynomial, expansion, !arguments.weights.is_empty())?;
    let seen = table::run(&table::Job { arguments, series, polynomial, expansion })?;
    let scale = if expansion.shift == 0.0 { expansion.scale } else { f64::NAN };
    trust(arguments, &Summary::of_parts(seen, scale), judged.as_ref())
}

/// Says how a command is made that reads Parquet tables.
#[cfg(not(feature = "parquet"))]
fn table(
    _: &ExpandArguments,
    _: &basis::Source,
    _: &Polynomial,
    _: &Expansion,
) -> Result<(), Failure> {
    Err(Failure::Usage(
        "this command was built without Parquet: build it with `--features parquet` (minutes more), or expand the \
         columns in Polars: maclaurin.polars (docs/larger-than-memory.md)"
            .into(),
    ))
}

/// Says how far the polynomial can be trusted on what was read.
#[cfg(any(feature = "zarr", feature = "parquet"))]
fn trust(
    arguments: &ExpandArguments,
    summary: &Summary,
    judged: Option<&Judged>,
) -> Result<(), Failure> {
    let (line, warnings) = summary.trust(judged);
    if !arguments.writing.quiet {
        output::print(&line.unwrap_or_default())?;
    }
    for warning in &warnings {
        output::report("warning", warning);
    }
    Ok(())
}

/// The kind and the degrees in words.
fn what(expansion: &Expansion, polynomial: &Polynomial, weighted: bool) -> String {
    let kind = match expansion.kind {
        _ if polynomial.recurrence().is_some() => "polynomials",
        Kind::Powers => "powers",
        Kind::Terms => "terms",
        Kind::PartialSums => "partial sums",
        Kind::Sum if !weighted => "the polynomial",
        Kind::Sum => "the weighted sum of partial sums",
    };
    let degrees = expansion.degrees_of(polynomial).unwrap_or_default();
    let degrees: Vec<_> = degrees.iter().map(ToString::to_string).collect();
    if degrees.is_empty() {
        format!("{kind} of order {}", polynomial.order())
    } else {
        format!("{kind} of degree {}", degrees.join(", "))
    }
}

/// Where the results go, checked before any work: nothing that is read is replaced, and nothing that
/// exists without --force.
fn destination(
    arguments: &ExpandArguments,
    files: &BTreeMap<String, &Source>,
    inputs: &[PathBuf],
) -> Result<Destination, Failure> {
    let (path, format) = (&arguments.output, arguments.format.unwrap_or(FileFormat::Npy));
    let target = |path: &Path| Target::new(path, arguments.writing.force, inputs);
    let single = |format| {
        if files.len() == 1 {
            return Ok(Destination::Single(target(path)?, format));
        }
        let message = format!("{} need a folder or a .npz file as --output", several(files));
        Err(Failure::Usage(message))
    };
    let names_folder = path.to_string_lossy().ends_with(std::path::is_separator);
    if path.is_dir() || names_folder {
        return folder(arguments, files, inputs);
    }
    match input::ending(path).as_str() {
        _ if output::is_standard(path) => single(format),
        "npy" => single(FileFormat::Npy),
        "png" => single(FileFormat::Png),
        "npz" => Ok(Destination::Archive(target(path)?)),
        "" if path.exists() => single(format),
        "" => folder(arguments, files, inputs),
        _ => Err(Failure::Usage(format!(
            "cannot write {}: --output is a .npy, .npz or .png file, or a folder (a new one with a dot in its name \
             ends in /)",
            path.display()
        ))),
    }
}

/// Several files in words; arrays of an archive by their names.
fn several(files: &BTreeMap<String, &Source>) -> String {
    /// As many names as a line has room for.
    const NAMED: usize = 6;
    let members: Vec<_> = files.values().filter_map(|file| file.in_archive()).collect();
    if members.is_empty() {
        return output::counted(files.len(), "file");
    }
    let arrays = output::counted(files.len(), "array");
    let archive = members[0].0;
    if members.len() < files.len() || members.iter().any(|member| member.0 != archive) {
        return arrays;
    }
    let mut names: Vec<_> = members.iter().map(|member| member.1).take(NAMED).collect();
    if members.len() > NAMED {
        names.push("...");
    }
    format!("{arrays} ({}: {})", archive.display(), names.join(", "))
}

/// Refuses options that mean nothing for this kind of output.
fn check_options(arguments: &ExpandArguments, destination: &Destination) -> Result<(), Failure> {
    let (format, name) = match destination {
        Destination::Single(_, format) | Destination::Folder(_, format) => (*format, "output"),
        Destination::Archive(_) => (FileFormat::Npy, "archive"),
    };
    if arguments.format.is_some_and(|asked| asked != format) {
        return Err(Failure::Usage(format!(
            "--format says otherwise than the name of the {name}, {}; it is for folders and standard output",
            arguments.output.display()
        )));
    }
    let arrays =
        arguments.concatenate || arguments.axis.is_some() || arguments.dtype != TypeName::F32;
    if format == FileFormat::Png && arrays {
        return Err(Failure::Usage(
            "--axis, --concatenate and --dtype are for arrays; a contact sheet has a row for each degree".into(),
        ));
    }
    Ok(())
}

/// The files in a folder; a new folder is made with the first of them.
fn folder(
    arguments: &ExpandArguments,
    files: &BTreeMap<String, &Source>,
    inputs: &[PathBuf],
) -> Result<Destination, Failure> {
    let (folder, format) = (&arguments.output, arguments.format.unwrap_or(FileFormat::Npy));
    let ending = if format == FileFormat::Npy { "npy" } else { "png" };
    let target = |name: &String| {
        // Names hold the folders that the inputs were found in.
        let path = folder.join(format!("{name}.{ending}"));
        Target::with_folder(&path, arguments.writing.force, inputs)
            .map(|target| (name.clone(), target))
    };
    let targets: BTreeMap<_, _> = files.keys().map(target).collect::<Result<_, _>>()?;
    // Before the work, whether anything can be made there.
    let there = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    tempfile::tempfile_in(there).map_err(|error| output::failure(folder, &error))?;
    Ok(Destination::Folder(targets, format))
}

impl Job<'_> {
    fn run<U: Float + Stored>(&self, destination: &Destination) -> Result<(), Failure> {
        match destination {
            Destination::Single(target, format) => {
                let quiet = output::is_standard(target.path());
                self.each(quiet, |_, file| self.file::<U>(file, target, *format))
            }
            Destination::Folder(targets, format) => {
                self.each(false, |name, file| self.file::<U>(file, &targets[name], *format))
            }
            Destination::Archive(target) => self.archive::<U>(target),
        }
    }

    /// All arrays that could be made, in one archive; of none there is no archive.
    fn archive<U: Float + Stored>(&self, target: &Target) -> Result<(), Failure> {
        // No outcome is one that was not begun: the file could not be made.
        let (mut outcome, mut members) = (None, 0);
        let written = target.write(|file| {
            let mut archive = Archive::new(file);
            let silent = output::is_standard(target.path());
            outcome = Some(self.each(silent, |name, file| {
                let (array, done) = self.expand::<U>(file)?;
                let added = archive.add(name, &array);
                added.map_err(|error| output::failure(target.path(), &error))?;
                members += 1;
                Ok(done)
            }));
            if members == 0 {
                return Err(std::io::Error::other("no array could be made"));
            }
            archive.finish()
        });
        match outcome {
            Some(outcome) if written.is_ok() || members == 0 => outcome,
            _ => written.map(|_| ()),
        }
    }

    fn file<U: Float + Stored>(
        &self,
        file: &Source,
        target: &Target,
        format: FileFormat,
    ) -> Result<Done, Failure> {
        match format {
            FileFormat::Npy => self.array::<U>(file, target),
            FileFormat::Png => self.sheet(file, target),
        }
    }

    /// Does `work` for each file, with a progress bar where there are several, and sums up. What a file
    /// fails by, a panic too, the others do not notice. With `silent`, standard output is for the result, and
    /// what --json asks for goes to standard error.
    fn each(
        &self,
        silent: bool,
        mut work: impl FnMut(&str, &Source) -> Result<Done, Failure>,
    ) -> Result<(), Failure> {
        let quiet = self.arguments.writing.quiet || silent;
        let bar = if self.files.len() > 1 && !quiet {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {wide_msg} {eta}");
            ProgressBar::new(self.files.len() as u64)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        } else {
            ProgressBar::hidden()
        };
        let start = Instant::now();
        let mut summary = Summary::new(self.skipped);
        let lines = !quiet && !self.arguments.json;
        for (name, file) in &self.files {
            bar.set_message(output::printable(name));
            let outcome = catch_unwind(AssertUnwindSafe(|| work(name, file)));
            let panicked = |_| {
                let reason = "an internal error: please report it with the file".into();
                Err(Failure::Read { path: file.to_string().into(), reason })
            };
            match outcome.unwrap_or_else(panicked) {
                Ok(done) => {
                    if lines {
                        bar.suspend(|| output::print(&format!("{}\n", done.line)))?;
                    }
                    summary.add(done);
                }
                Err(failure) if self.files.len() == 1 => return Err(failure),
                Err(failure) => {
                    bar.suspend(|| output::report("error", &failure.to_string()));
                    summary.add_failed(file, &failure.to_string());
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        self.sum_up(&summary, silent, start.elapsed())?;
        match summary.failed() {
            0 => Ok(()),
            failed => Err(Failure::Some { failed, all: self.files.len() }),
        }
    }

    fn sum_up(&self, summary: &Summary, silent: bool, all: Duration) -> Result<(), Failure> {
        let (line, warnings) = summary.trust(self.judged.as_ref());
        let quiet = silent || self.arguments.writing.quiet;
        if self.arguments.json {
            let json = summary.json(&self.source, self.judged.as_ref(), &warnings);
            output::print_json(&json, silent)?;
            if silent {
                // The warnings are in the JSON; a program reads nothing else from standard error.
                return Ok(());
            }
        } else if !quiet && summary.failed() < self.files.len() {
            output::print(&summary.text(
                &what(&self.expansion, &self.polynomial, !self.arguments.weights.is_empty()),
                &self.source,
                all,
            ))?;
            output::print(&line.unwrap_or_default())?;
            if self.skipped > 0 {
                let skipped = output::counted(self.skipped, "file");
                output::print(&format!(
                    "{skipped} skipped: of a folder, files are read whose names end as those of pictures and arrays do\n"
                ))?;
            }
        }
        for warning in &warnings {
            output::report("warning", warning);
        }
        Ok(())
    }

    /// The expansion for one input: a picture of integers is read as 0..1 unless --scale says
    /// otherwise.
    fn expansion(&self, input: &input::Input) -> Expansion {
        let scale = match (self.arguments.scale, input.white) {
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
        let done = Done::new(file, &input, &expansion, &array, time);
        Ok((array, done))
    }

    fn array<U: Float + Stored>(&self, file: &Source, target: &Target) -> Result<Done, Failure> {
        let (array, mut done) = self.expand::<U>(file)?;
        let size = target.write(|output| write_npy(&array, output))?;
        let type_name = std::any::type_name::<U>().rsplit("::").next().unwrap_or_default();
        let path = target.path().display();
        let size = in_units(size as f64, &[(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes")]);
        let written = format!(" {type_name}, {path} ({size})");
        done.line.push_str(&written);
        done.json["output"] = path.to_string().into();
        done.json["output_dtype"] = type_name.into();
        Ok(done)
    }

    fn sheet(&self, file: &Source, target: &Target) -> Result<Done, Failure> {
        let input = input::read(file, &self.arguments.reading)?;
        let channels = sheet::channels(file, input.array.shape(), input.pages)?;
        let expansion = self.expansion(&input);
        // Degree after degree, each a picture of its own.
        let planes = Expansion { axis: 0, stack: true, ..expansion.clone() };
        let start = Instant::now();
        let array = input.array.expand::<f32>(&self.polynomial, &planes)?;
        let time = start.elapsed();
        let affine = Expansion { kind: Kind::Sum, ..planes.clone() };
        let plain = input.array.expand::<f32>(&Polynomial::new(0.0, vec![0.0, 1.0]), &affine)?;
        let mut done = Done::new(file, &input, &expansion, &array, time);
        let degrees = self.expansion.degrees_of(&self.polynomial)?;
        let labels = if degrees.is_empty() {
            vec![what(&self.expansion, &self.polynomial, !self.arguments.weights.is_empty())]
        } else {
            let kind = match self.expansion.kind {
                _ if self.source.series().is_none() => "polynomial",
                Kind::Powers => "power",
                Kind::PartialSums => "partial sum",
                _ => "term",
            };
            degrees.iter().map(|degree| format!("{kind}, degree {degree}")).collect()
        };
        let title = format!("{}: {}", file.title(), self.source.text(" about "));
        let sheet = sheet::Sheet::new(&title, channels, &plain, &labels, &array)?;
        if sheet.pages() > 1 && target.is_stream() {
            return Err(Failure::Usage(format!(
                "the contact sheet has {} pages, and standard output or a pipe takes one; a folder or a file name \
                 as --output takes all pages",
                sheet.pages()
            )));
        }
        // All are checked before the first is written.
        let further: Vec<Target> = (1..sheet.pages())
            .map(|page| self.page(file, target, page))
            .collect::<Result<_, _>>()?;
        for (page, target) in std::iter::once(target).chain(&further).enumerate() {
            let pixels = sheet.page(page)?;
            target.write(|file| picture::write_png(&pixels, file))?;
        }
        let path = target.path().display().to_string();
        let pages = match sheet.pages() {
            1 => String::new(),
            pages => format!(" and {}", output::counted(pages - 1, "further page")),
        };
        done.line.extend([", ", &path, " (contact sheet)", &pages]);
        done.json["output"] = path.into();
        Ok(done)
    }

    /// The file of a further page of the sheet of `file`, which no other input's sheet is.
    fn page(&self, file: &Source, first: &Target, page: usize) -> Result<Target, Failure> {
        let path = sheet::page_path(first.path(), page);
        let sheet_of = |name: &&String| path.ends_with(format!("{name}.png"));
        if let Some(name) = self.files.keys().filter(|_| self.files.len() > 1).find(sheet_of) {
            let reason =
                format!("it is page {} of {file} and the sheet of {name}; rename one", page + 1);
            return Err(Failure::Write { path, reason });
        }
        Target::with_folder(&path, self.arguments.writing.force, &self.inputs)
    }
}
