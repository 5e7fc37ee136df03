//! Arrays larger than memory: Zarr stores, large `.npy` files and many pictures into a Zarr store; a `.npy` file
//! into another.
//!
//! The input is cut into blocks. A worker reads a block, expands it, and writes a chunk for each degree; as many
//! workers run as the memory allows, at most one for each core. The parts of the folder:
//!
//! | file | what it knows |
//! |---|---|
//! | `blocks.rs` | inputs, read block by block |
//! | `pictures.rs` | pictures and pages as such an input |
//! | `file.rs` | a `.npy` file, written block by block |
//! | `plan.rs` | which chunks of the output a block becomes, and the memory that it takes |
//! | `worker.rs` | threads that read, expand and write |
//! | `unfinished.rs` | the folder that the chunks are written to, until it gets its name |

mod blocks;
mod file;
mod pictures;
mod plan;
mod unfinished;
mod worker;

use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use half::f16;
use indicatif::{ProgressBar, ProgressStyle};
use maclaurin::{Expansion, Float, Polynomial};
use serde_json::{Map, Value, json};
use zarrs::array::codec::{BloscCodec, GzipCodec, ZstdCodec};
use zarrs::array::{Array, ArrayBuilder, BytesToBytesCodecTraits, Element, data_type};
use zarrs::filesystem::FilesystemStore;

use crate::arguments::{Codec, ExpandArguments, TypeName};
use crate::input;
use crate::output::{Stored, Target};
use crate::summary::{Seen, in_units};
use crate::{Failure, output};
use blocks::Blocks;
use file::NpyFile;
use pictures::Pictures;
use plan::Plan;
use unfinished::Unfinished;
use worker::{Sink, Worker};

/// The part of the free memory that is used where no limit is given.
const PART_OF_MEMORY: f64 = 0.5;

/// Whether a path names a Zarr store: by its ending, or because it is one.
pub fn is_store(path: &Path) -> bool {
    input::ending(path) == "zarr" || blocks::is_array(path)
}

/// What is done to each value.
pub struct Job<'a> {
    pub arguments: &'a ExpandArguments,
    pub polynomial: &'a Polynomial,
    pub expansion: &'a Expansion,
    /// The series in words, for the line about the work.
    pub what: String,
}

/// Expands the input into a Zarr store, or a `.npy` file into another; returns what was seen of the values,
/// scaled, without their range if some were not read, and the scale.
///
/// # Errors
///
/// [`Failure::Usage`] for options that do not fit, [`Failure::Read`] and [`Failure::Write`] with the file at fault.
pub fn run(job: &Job<'_>) -> Result<(Seen, f64), Failure> {
    match job.arguments.dtype {
        TypeName::F16 => expand::<f16>(job, data_type::float16(), f16::ZERO),
        TypeName::F32 => expand::<f32>(job, data_type::float32(), 0.0),
        TypeName::F64 => expand::<f64>(job, data_type::float64(), 0.0),
    }
}

fn expand<U: Float + Element + Stored + Sync>(
    job: &Job<'_>,
    data_type: zarrs::array::DataType,
    zero: U,
) -> Result<(Seen, f64), Failure> {
    let arguments = job.arguments;
    let path = &arguments.output;
    let refuse = |reason: String| Failure::Write { path: path.clone(), reason };
    let blocks = open(arguments)?;
    let scale = match (arguments.scale, blocks.white()) {
        (None, Some(white)) => 1.0 / white,
        _ => job.expansion.scale,
    };
    let count = job.expansion.degrees_of(job.polynomial)?.len();
    let plan = Plan::new(
        &blocks,
        arguments.storing.chunks.as_deref(),
        job.expansion,
        count,
        size_of::<U>(),
    )?;
    let workers = plan.workers(memory(arguments), arguments.threads)?;
    if !is_store(path) {
        return into_file(job, &blocks, &plan, workers, scale, (data_type, zero));
    }
    let attributes = described(job, scale);
    let unfinished = Unfinished::new(
        path,
        &json!({ "input": blocks.identity(), "job": attributes, "chunks": plan.chunk,
            "codec": arguments.storing.codec.map(|codec| format!("{codec:?}")), "dtype": format!("{data_type:?}") }),
        arguments.storing.resume,
        arguments.writing.force,
        &arguments.inputs,
    )?;
    let Some(unfinished) = unfinished else {
        let known = std::fs::read(path.join("zarr.json")).unwrap_or_default();
        let known = serde_json::from_slice::<Value>(&known).unwrap_or_default();
        if known["attributes"]["maclaurin"] != attributes["maclaurin"]
            || known["shape"] != json!(plan.shape)
        {
            return Err(refuse("it is finished, with other options; --force begins anew".into()));
        }
        say(job, &format!("{} is finished already\n", path.display()))?;
        return Ok((Seen::default(), scale));
    };
    let array = array(job, &blocks, &plan, unfinished.folder(), data_type, attributes)?;
    let metadata = serde_json::to_vec_pretty(array.metadata()).unwrap_or_default();
    unfinished.write("zarr.json", &metadata)?;

    let bar = progress(arguments, &plan);
    let start = Instant::now();
    let shape: Vec<NonZeroU64> = plan.chunk.iter().filter_map(|&n| NonZeroU64::new(n)).collect();
    let sink = Sink::Store { unfinished: &unfinished, array: &array, shape };
    let expansion = Expansion { axis: 0, stack: true, ..of_a_worker(job, workers, scale) };
    let worker = Worker { blocks: &blocks, plan: &plan, sink, data_type: array.data_type(), zero };
    let (seen, skipped) = worker.all(workers, job.polynomial, &expansion, &bar)?;
    drop(worker);
    unfinished.finish()?;
    sum_up::<U>(job, &blocks, &plan, workers, skipped, start)?;
    // What is said of the error must be true of all values.
    let seen = Seen { range: seen.range.filter(|_| skipped == 0), ..seen };
    Ok((seen.mapped(scale, job.expansion.shift), scale))
}

/// Expands into a `.npy` file.
fn into_file<U: Float + Element + Stored + Sync>(
    job: &Job<'_>,
    blocks: &Blocks,
    plan: &Plan,
    workers: usize,
    scale: f64,
    (data_type, zero): (zarrs::array::DataType, U),
) -> Result<(Seen, f64), Failure> {
    let arguments = job.arguments;
    let target = Target::new(&arguments.output, arguments.writing.force, &arguments.inputs)?;
    let bar = progress(arguments, plan);
    let start = Instant::now();
    let mut expansion = of_a_worker(job, workers, scale);
    if plan.summed || !plan.stack {
        (expansion.axis, expansion.stack) = (0, true);
    }
    let mut outcome = None;
    let written = target.write(|file| {
        let file = NpyFile::new::<U>(file, &plan.shape)?;
        let (sink, data_type) = (Sink::File(file, &arguments.output), &data_type);
        let worker = Worker { blocks, plan, sink, data_type, zero };
        let all = worker.all(workers, job.polynomial, &expansion, &bar);
        let failed = all.as_ref().err().map(ToString::to_string);
        outcome = Some(all);
        failed.map_or(Ok(()), |message| Err(std::io::Error::other(message)))
    });
    let (seen, _) = match outcome {
        Some(Err(failure)) => return Err(failure),
        Some(Ok(found)) => written.map(|_| found)?,
        // It was not begun.
        None => written.map(|_| (Seen::default(), 0))?,
    };
    sum_up::<U>(job, blocks, plan, workers, 0, start)?;
    Ok((seen.mapped(scale, job.expansion.shift), scale))
}

/// What a worker does to a block, with the threads that are left for it.
fn of_a_worker(job: &Job<'_>, workers: usize, scale: f64) -> Expansion {
    let all = job.arguments.threads.unwrap_or(usize::MAX).min(cores());
    let threads = Some(if workers == 1 { all } else { 1 });
    Expansion { scale, threads, ..job.expansion.clone() }
}

/// Says what was done.
fn sum_up<U>(
    job: &Job<'_>,
    blocks: &Blocks,
    plan: &Plan,
    workers: usize,
    skipped: u64,
    start: Instant,
) -> Result<(), Failure> {
    let path = &job.arguments.output;
    let read = plan.values as f64 * plan.value_size as f64;
    let seconds = start.elapsed().as_secs_f64();
    let before = match skipped {
        0 => String::new(),
        blocks => format!(
            ", {} of {} there before, whose values were not read again: maclaurin bound tells the error on a range",
            blocks,
            output::counted(plan.blocks as usize, "block")
        ),
    };
    let bytes = |bytes| in_units(bytes, &[(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes")]);
    say(
        job,
        &format!(
            "{}: {} of values read -> {} as {}, {} ({})\n{}: {:.1} s, {}/s read, {}{before}\n",
            blocks.name(),
            bytes(read),
            plan.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" x "),
            std::any::type_name::<U>().rsplit("::").next().unwrap_or_default(),
            path.display(),
            bytes(plan.shape.iter().product::<u64>() as f64 * size_of::<U>() as f64),
            job.what,
            seconds,
            bytes(read / seconds.max(1e-9)),
            output::counted(workers, "worker"),
        ),
    )
}

/// The array in the folder; its metadata are not yet written.
fn array(
    job: &Job<'_>,
    blocks: &Blocks,
    plan: &Plan,
    folder: &Path,
    data_type: zarrs::array::DataType,
    attributes: Map<String, Value>,
) -> Result<Array<FilesystemStore>, Failure> {
    let refuse = |reason: String| Failure::Write { path: job.arguments.output.clone(), reason };
    let size = plan.output_size() as usize;
    let mut builder = ArrayBuilder::new(
        plan.shape.clone(),
        plan.chunk.clone(),
        data_type,
        zarrs::array::FillValue::new(vec![0; size]),
    );
    let codecs = match job.arguments.storing.codec {
        None => blocks.codecs().unwrap_or_else(|| codecs(Codec::Zstd)),
        Some(codec) => codecs(codec),
    };
    builder.bytes_to_bytes_codecs(codecs).attributes(attributes);
    let divides = |inner: &Vec<u64>| plan.block.iter().zip(inner).all(|(n, inner)| n % inner == 0);
    builder.subchunk_shape(blocks.inner().filter(divides).map(|inner| plan.with_degrees(&inner)));
    builder.dimension_names(blocks.names().map(|names| plan.named(names)));
    let store = FilesystemStore::new(folder).map_err(|error| refuse(error.to_string()))?;
    builder
        .build(Arc::new(store), "/")
        .map_err(|error| refuse(format!("{error}; choose others with --chunks and --codec")))
}

/// The input, settled by the first of the arguments.
fn open(arguments: &ExpandArguments) -> Result<Blocks, Failure> {
    if let [path] = &arguments.inputs[..] {
        if is_store(path) {
            return Blocks::zarr(path);
        }
        if input::ending(path) == "npy" && path.is_file() {
            return Blocks::npy(path);
        }
    }
    if let Some(path) = arguments.inputs.iter().find(|path| is_store(path)) {
        return Err(Failure::Usage(format!(
            "{} is a Zarr store: name one, without other inputs",
            path.display()
        )));
    }
    if arguments.storing.chunks.is_some() {
        return Err(Failure::Usage(
            "--chunks are for a Zarr store or a .npy file; of pictures each is a chunk".into(),
        ));
    }
    let (sources, _) = input::sources(&arguments.inputs, &arguments.reading)?;
    Pictures::new(sources, &arguments.reading).map(|pictures| Blocks::Pictures(Box::new(pictures)))
}

fn memory(arguments: &ExpandArguments) -> u64 {
    arguments.storing.memory.unwrap_or_else(|| (input::available() as f64 * PART_OF_MEMORY) as u64)
}

/// The cores of the machine.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What the store says of its values.
fn described(job: &Job<'_>, scale: f64) -> Map<String, Value> {
    let arguments = job.arguments;
    let degrees = job.expansion.degrees_of(job.polynomial).unwrap_or_default();
    let value = json!({
        "function": arguments.function, "expansion": job.what, "degrees": degrees, "center": job.polynomial.center(),
        "coefficients": job.polynomial.coefficients(), "scale": scale, "shift": arguments.shift,
        "axis": job.expansion.axis, "concatenated": !job.expansion.stack,
    });
    Map::from_iter([("maclaurin".to_owned(), value)])
}

fn codecs(codec: Codec) -> Vec<Arc<dyn BytesToBytesCodecTraits>> {
    use zarrs::metadata_ext::codec::blosc::{
        BloscCompressionLevel, BloscCompressor, BloscShuffleMode,
    };
    match codec {
        Codec::None => Vec::new(),
        Codec::Zstd => vec![Arc::new(ZstdCodec::new(1, false))],
        Codec::Gzip => {
            GzipCodec::new(5).map_or_else(|_| Vec::new(), |codec| vec![Arc::new(codec) as _])
        }
        Codec::Blosc => {
            let level = BloscCompressionLevel::try_from(5_u8);
            let codec = level.ok().and_then(|level| {
                BloscCodec::new(
                    BloscCompressor::LZ4,
                    level,
                    None,
                    BloscShuffleMode::Shuffle,
                    Some(4),
                )
                .ok()
            });
            codec.map_or_else(Vec::new, |codec| vec![Arc::new(codec) as _])
        }
    }
}

fn progress(arguments: &ExpandArguments, plan: &Plan) -> ProgressBar {
    if arguments.writing.quiet {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{bar:40} {percent}% of {total_bytes} read, {bytes_per_sec}, {eta} left",
    );
    ProgressBar::new(plan.values.saturating_mul(plan.value_size))
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn say(job: &Job<'_>, text: &str) -> Result<(), Failure> {
    if job.arguments.writing.quiet { Ok(()) } else { output::print(text) }
}

/// Whether the output is written in blocks: a Zarr store, which an input that is one needs, or with --memory a `.npy`
/// file of another.
pub fn takes(arguments: &ExpandArguments) -> Result<bool, Failure> {
    let (inputs, output, storing) = (&arguments.inputs, &arguments.output, &arguments.storing);
    if input::ending(output) == "zarr" {
        return Ok(true);
    }
    let is_file = |path: &Path| input::ending(path) == "npy";
    if let ([input], true, true) = (&inputs[..], storing.memory.is_some(), is_file(output))
        && is_file(input)
    {
        let message = "--codec and --resume are for Zarr stores: --output NAME.zarr";
        let refused = storing.codec.is_some() || storing.resume;
        return if refused { Err(Failure::Usage(message.into())) } else { Ok(true) };
    }
    match inputs.iter().find(|path| is_store(path)) {
        Some(store) => Err(Failure::Usage(format!(
            "{} is a Zarr store, and goes into one: name --output NAME.zarr",
            store.display()
        ))),
        None => Ok(false),
    }
}
