//! Arrays larger than memory: Zarr stores, large `.npy` files and many pictures into a Zarr store.
//!
//! The input is cut into blocks. A worker reads a block, expands it, and writes a chunk for each degree; so many
//! workers are at work as the memory allows, at most one for each core. The parts of the folder:
//!
//! | file | what it knows |
//! |---|---|
//! | `blocks.rs` | inputs, read block by block |
//! | `plan.rs` | which chunks of the output a block becomes, and the memory that it takes |
//! | `unfinished.rs` | the folder that the chunks are written to, until it gets its name |

mod blocks;
mod plan;
mod unfinished;

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use half::f16;
use indicatif::{ProgressBar, ProgressStyle};
use maclaurin::{Expansion, Float, Polynomial};
use ndarray::{ArrayD, Axis, Slice};
use serde_json::{Map, Value, json};
use zarrs::array::codec::{BloscCodec, GzipCodec, ZstdCodec};
use zarrs::array::{
    Array, ArrayBuilder, ArrayToBytesCodecTraits, BytesToBytesCodecTraits, CodecOptions, Element,
    data_type,
};
use zarrs::filesystem::FilesystemStore;

use crate::arguments::{Codec, ExpandArguments, TypeName};
use crate::input::{self, Source};
use crate::summary::in_units;
use crate::{Failure, output};
use blocks::Blocks;
use plan::Plan;
use unfinished::Unfinished;

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

/// The range of all values, for what is said of the polynomial's error; `None` if some were not read.
pub type Range = Option<(f64, f64)>;

/// Expands the input into a Zarr store; returns the range of the values, scaled, and the scale.
///
/// # Errors
///
/// [`Failure::Usage`] for options that do not fit, [`Failure::Read`] and [`Failure::Write`] with the file at fault.
pub fn run(job: &Job<'_>) -> Result<(Range, f64), Failure> {
    match job.arguments.dtype {
        TypeName::F16 => expand::<f16>(job, data_type::float16(), f16::ZERO),
        TypeName::F32 => expand::<f32>(job, data_type::float32(), 0.0),
        TypeName::F64 => expand::<f64>(job, data_type::float64(), 0.0),
    }
}

fn expand<U: Float + Element + Sync>(
    job: &Job<'_>,
    data_type: zarrs::array::DataType,
    zero: U,
) -> Result<(Range, f64), Failure> {
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
        return Ok((None, scale));
    };
    let array = array(job, &blocks, &plan, unfinished.folder(), data_type, attributes)?;
    let metadata = serde_json::to_vec_pretty(array.metadata()).unwrap_or_default();
    unfinished.write("zarr.json", &metadata)?;

    let bar = progress(arguments, &plan);
    let start = Instant::now();
    let shape: Vec<NonZeroU64> = plan.chunk.iter().filter_map(|&n| NonZeroU64::new(n)).collect();
    let expansion = Expansion {
        axis: 0,
        stack: true,
        scale,
        threads: Some(if workers == 1 {
            arguments.threads.unwrap_or(usize::MAX).min(cores())
        } else {
            1
        }),
        ..job.expansion.clone()
    };
    let worker = Worker {
        blocks: &blocks,
        plan: &plan,
        unfinished: &unfinished,
        array: &array,
        shape,
        zero,
    };
    let (range, skipped) = worker.all(workers, job.polynomial, &expansion, &bar)?;
    unfinished.finish()?;
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
    )?;
    // What is said of the error must be true of all values.
    let range = range.filter(|_| skipped == 0).map(|(low, high)| {
        let ends = [low, high].map(|end| scale * end + expansion.shift);
        (ends[0].min(ends[1]), ends[0].max(ends[1]))
    });
    Ok((range, scale))
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
    Blocks::pictures(sources, &arguments.reading)
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

fn union(one: Range, other: Range) -> Range {
    match (one, other) {
        (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
        (one, other) => one.or(other),
    }
}

/// What all workers share.
struct Worker<'a, U> {
    blocks: &'a Blocks,
    plan: &'a Plan,
    unfinished: &'a Unfinished,
    array: &'a Array<FilesystemStore>,
    shape: Vec<NonZeroU64>,
    zero: U,
}

impl<U: Float + Element + Sync> Worker<'_, U> {
    /// Expands all blocks on `workers` threads: the range of the values read, and the number of blocks that were there.
    fn all(
        &self,
        workers: usize,
        polynomial: &Polynomial,
        expansion: &Expansion,
        bar: &ProgressBar,
    ) -> Result<(Range, u64), Failure> {
        let (next, stop, skipped) = (AtomicU64::new(0), AtomicBool::new(false), AtomicU64::new(0));
        let failed: Mutex<Option<Failure>> = Mutex::new(None);
        let range: Mutex<Range> = Mutex::new(None);
        let work = || {
            while !stop.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= self.plan.blocks {
                    break;
                }
                match self.block(index, polynomial, expansion) {
                    Ok(found) => {
                        if found.is_none() {
                            skipped.fetch_add(1, Ordering::Relaxed);
                        }
                        let mut range = range.lock().unwrap_or_else(PoisonError::into_inner);
                        *range = union(*range, found.flatten());
                    }
                    Err(failure) => {
                        stop.store(true, Ordering::Relaxed);
                        failed
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .get_or_insert(failure);
                    }
                }
                bar.inc(self.plan.bytes_of(index));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..workers {
                scope.spawn(work);
            }
            work();
        });
        bar.finish_and_clear();
        if let Some(failure) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(failure);
        }
        let range = range.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((range, skipped.into_inner()))
    }

    /// Reads, expands and writes one block; the range of its values, or `None` if its chunks were there.
    fn block(
        &self,
        index: u64,
        polynomial: &Polynomial,
        expansion: &Expansion,
    ) -> Result<Option<Range>, Failure> {
        let place = self.plan.place(index);
        let slots = self.plan.slots;
        let keys: Vec<_> = (0..slots)
            .map(|slot| self.array.chunk_key(&self.plan.chunk_of(&place, slot)))
            .collect();
        if keys.iter().all(|key| self.unfinished.has(key.as_str())) {
            return Ok(None);
        }
        let (start, extents) = self.plan.region(&place);
        let values = self.blocks.read(&start, &extents)?;
        let (range, _) = values.range();
        let planes: ArrayD<U> = values.expand(polynomial, expansion)?;
        drop(values);
        let options = CodecOptions::default().with_concurrent_target(1);
        let whole: Vec<usize> = self.plan.block.iter().map(|&n| n as usize).collect();
        for (slot, key) in keys.iter().enumerate() {
            let plane =
                if self.plan.summed { planes.view() } else { planes.index_axis(Axis(0), slot) };
            let elements = if plane.shape() == &whole[..] {
                plane.iter().copied().collect()
            } else {
                // A chunk at the end of an axis is whole all the same.
                let mut padded = ArrayD::from_elem(&whole[..], self.zero);
                padded
                    .slice_each_axis_mut(|axis| Slice::from(..plane.len_of(axis.axis)))
                    .assign(&plane);
                padded.into_raw_vec_and_offset().0
            };
            let failed = |reason: String| Failure::Write {
                path: self.unfinished.folder().join(key.as_str()),
                reason,
            };
            let bytes = U::into_array_bytes(self.array.data_type(), elements)
                .map_err(|error| failed(error.to_string()))?;
            let encoded = self
                .array
                .codecs()
                .encode(
                    bytes,
                    &self.shape,
                    self.array.data_type(),
                    self.array.fill_value(),
                    &options,
                )
                .map_err(|error| failed(error.to_string()))?;
            self.unfinished.write(key.as_str(), &encoded)?;
        }
        Ok(Some(range))
    }
}

/// Whether the output is a Zarr store, which an input that is one needs.
pub fn takes(inputs: &[PathBuf], output: &Path) -> Result<bool, Failure> {
    if input::ending(output) == "zarr" {
        return Ok(true);
    }
    match inputs.iter().find(|path| is_store(path)) {
        Some(store) => Err(Failure::Usage(format!(
            "{} is a Zarr store, and goes into one: name --output NAME.zarr",
            store.display()
        ))),
        None => Ok(false),
    }
}

/// The pictures, or arrays, that are blocks of one array.
pub type Sources = Vec<Source>;
