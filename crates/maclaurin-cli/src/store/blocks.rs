//! Inputs that are read block by block: a Zarr array, a `.npy` file, or pictures.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use half::f16;
use ndarray::ArrayD;
use serde_json::{Value, json};
use zarrs::array::{
    Array as Stored, ArrayShardedExt, ArraySubset, BytesToBytesCodecTraits, CodecOptions,
    ElementOwned, data_type,
};
use zarrs::filesystem::FilesystemStore;

use super::pictures::Pictures;
use crate::Failure;
use crate::array::Array;
use crate::input::{self, LargeNpy};

/// Bytes of a block of a file that has no chunks of its own.
const BLOCK: u64 = 4 << 20;

/// Files that a Zarr array has in its folder, of version 3 and 2.
const METADATA: [&str; 2] = ["zarr.json", ".zarray"];

/// Whether a folder is a Zarr array, or a group.
pub fn is_array(path: &Path) -> bool {
    METADATA.iter().any(|name| path.join(name).is_file()) || path.join(".zgroup").is_file()
}

/// An array that is read in parts.
pub enum Blocks {
    Zarr { path: PathBuf, array: Box<Stored<FilesystemStore>> },
    Npy(LargeNpy),
    Pictures(Box<Pictures>),
}

impl Blocks {
    /// The array in a folder.
    pub fn zarr(path: &Path) -> Result<Self, Failure> {
        let fail = |reason: String| Failure::Read { path: path.into(), reason };
        if !is_array(path) {
            return Err(fail(
                "there is no Zarr array (zarr.json or .zarray); check the spelling and the folder"
                    .into(),
            ));
        }
        let store = FilesystemStore::new(path).map_err(|error| fail(error.to_string()))?;
        let array = Stored::open(Arc::new(store), "/").map_err(|error| {
            fail(format!("its metadata are not those of an array that is supported ({error}); of a group name the array within it"))
        })?;
        let key = array.chunk_key(&vec![0; array.dimensionality()]);
        let is_name = |part| matches!(part, Component::Normal(_));
        if !Path::new(key.as_str()).components().all(is_name) {
            let reason =
                format!("its chunks have names such as {key}, which lead out of its folder");
            return Err(fail(reason));
        }
        let blocks = Self::Zarr { path: path.into(), array: Box::new(array) };
        if blocks.value_size() == 0 {
            let Self::Zarr { array, .. } = &blocks else { return Ok(blocks) };
            return Err(fail(format!(
                "it holds {:?}, which cannot be expanded; convert it to numbers first",
                array.data_type()
            )));
        }
        Ok(blocks)
    }

    pub fn npy(path: &Path) -> Result<Self, Failure> {
        LargeNpy::open(path).map(Self::Npy)
    }

    /// As it is called in messages.
    pub fn name(&self) -> String {
        match self {
            Self::Zarr { path, .. } => path.display().to_string(),
            Self::Npy(file) => file.path().display().to_string(),
            Self::Pictures(pictures) => pictures.name(),
        }
    }

    /// What tells this input from another, or from itself after a change.
    pub fn identity(&self) -> Value {
        match self {
            Self::Zarr { path, .. } => {
                let metadata =
                    METADATA.iter().map(|name| path.join(name)).find(|path| path.is_file());
                file(&metadata.unwrap_or_else(|| path.clone()))
            }
            Self::Npy(npy) => file(npy.path()),
            Self::Pictures(pictures) => {
                pictures.files().map(|path| path.map_or(Value::Null, file)).collect()
            }
        }
    }

    pub fn shape(&self) -> &[u64] {
        match self {
            Self::Zarr { array, .. } => array.shape(),
            Self::Npy(file) => file.shape(),
            Self::Pictures(pictures) => pictures.shape(),
        }
    }

    /// The bytes of a value; 0 if they are no numbers that can be expanded.
    pub fn value_size(&self) -> u64 {
        match self {
            Self::Zarr { array, .. } => {
                // Integers of 32 bits are read as f64.
                let kind = array.data_type();
                let sizes = [
                    (data_type::bool(), 1),
                    (data_type::uint8(), 1),
                    (data_type::int8(), 1),
                    (data_type::uint16(), 2),
                    (data_type::int16(), 2),
                    (data_type::float16(), 2),
                    (data_type::float32(), 4),
                    (data_type::uint32(), 8),
                    (data_type::int32(), 8),
                    (data_type::float64(), 8),
                    (data_type::uint64(), 8),
                    (data_type::int64(), 8),
                ];
                sizes.iter().find(|(known, _)| known == kind).map_or(0, |(_, size)| *size)
            }
            Self::Npy(file) => file.value_size(),
            Self::Pictures(pictures) => pictures.value_size(),
        }
    }

    /// The value of white, where there is one.
    pub fn white(&self) -> Option<f64> {
        match self {
            Self::Pictures(pictures) => pictures.white(),
            _ => None,
        }
    }

    /// The extents of the blocks in which it is best read.
    pub fn chunk(&self) -> Vec<u64> {
        match self {
            Self::Zarr { array, .. } => {
                let first = vec![0; array.dimensionality()];
                let chunk = array.chunk_shape(&first).ok();
                chunk.map_or_else(
                    || array.shape().to_vec(),
                    |chunk| chunk.iter().map(|n| n.get()).collect(),
                )
            }
            Self::Npy(file) => {
                // Whole rows, which are contiguous; in Fortran order those are columns.
                let mut chunk = file.shape().to_vec();
                if file.is_fortran() {
                    chunk.reverse();
                }
                for axis in 0..chunk.len() {
                    let behind = chunk[axis + 1..]
                        .iter()
                        .fold(self.value_size(), |product, &n| product.saturating_mul(n));
                    chunk[axis] = (BLOCK / behind.max(1)).clamp(1, chunk[axis].max(1));
                    if chunk[axis] > 1 {
                        break;
                    }
                }
                if file.is_fortran() {
                    chunk.reverse();
                }
                chunk
            }
            Self::Pictures(pictures) => pictures.chunk(),
        }
    }

    /// The chunks within shards.
    pub fn inner(&self) -> Option<Vec<u64>> {
        let Self::Zarr { array, .. } = self else { return None };
        Some(array.subchunk_shape()?.iter().map(|n| n.get()).collect())
    }

    /// The names of the axes.
    pub fn names(&self) -> Option<Vec<Option<String>>> {
        let Self::Zarr { array, .. } = self else { return None };
        array.dimension_names().clone()
    }

    /// How its chunks are compressed.
    pub fn codecs(&self) -> Option<Vec<Arc<dyn BytesToBytesCodecTraits>>> {
        let Self::Zarr { array, .. } = self else { return None };
        // Within shards it is theirs, which another array cannot be given.
        (!array.is_sharded()).then(|| array.codecs().bytes_to_bytes_codecs().to_vec())
    }

    /// When the files of a block changed last, if it has files of its own: the time of their contents or of their
    /// names, the later one, in nanoseconds.
    pub fn changed(&self, start: &[u64], extents: &[u64]) -> Option<i128> {
        let Self::Zarr { path, array } = self else { return None };
        let chunk = array.chunk_shape(&vec![0; start.len()]).ok()?;
        let (mut first, mut last) = (Vec::new(), Vec::new());
        for ((&start, &extent), n) in start.iter().zip(extents).zip(chunk.iter()) {
            first.push(start / n.get());
            last.push((start + extent).saturating_sub(1) / n.get());
        }
        let (mut place, mut latest) = (first.clone(), None);
        loop {
            latest = latest.max(changed(&path.join(array.chunk_key(&place).as_str())));
            // The next one, the last axis first.
            let axis = (0..place.len()).rev().find(|&axis| place[axis] < last[axis]);
            let Some(axis) = axis else { return latest };
            place[axis] += 1;
            place[axis + 1..].copy_from_slice(&first[axis + 1..]);
        }
    }

    /// The values of a block.
    pub fn read(&self, start: &[u64], extents: &[u64]) -> Result<Array, Failure> {
        match self {
            Self::Zarr { path, array } => stored(path, array, start, extents),
            Self::Npy(file) => file.block(start, extents),
            Self::Pictures(pictures) => pictures.read(start),
        }
    }
}

/// What tells a file from another, or from itself after a change.
fn file(path: &Path) -> Value {
    let changed = path.metadata().and_then(|metadata| metadata.modified()).ok();
    let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    json!([
        path.canonicalize().unwrap_or_else(|_| path.into()),
        changed.map(|time| time.as_nanos().to_string())
    ])
}

/// When a file changed last, or was put where it is.
fn changed(path: &Path) -> Option<i128> {
    let metadata = path.metadata().ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let time = |seconds: i64, more: i64| i128::from(seconds) * 1_000_000_000 + i128::from(more);
        let contents = time(metadata.mtime(), metadata.mtime_nsec());
        Some(contents.max(time(metadata.ctime(), metadata.ctime_nsec())))
    }
    #[cfg(not(unix))]
    {
        let time = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        i128::try_from(time.as_nanos()).ok()
    }
}

/// A part of a Zarr array.
fn stored(
    path: &Path,
    array: &Stored<FilesystemStore>,
    start: &[u64],
    extents: &[u64],
) -> Result<Array, Failure> {
    let region = ArraySubset::new_with_ranges(
        &start
            .iter()
            .zip(extents)
            .map(|(&start, &extent)| start..start + extent)
            .collect::<Vec<_>>(),
    );
    let fail = |reason: String| {
        // The chunk that the region begins in, which is all of it but for --chunks.
        let chunk = array.chunk_shape(&vec![0; start.len()]).ok();
        let indices = chunk.map(|chunk| {
            start.iter().zip(chunk.iter()).map(|(at, n)| at / n.get()).collect::<Vec<_>>()
        });
        let key = indices
            .map(|indices| array.chunk_key(&indices).as_str().to_owned())
            .unwrap_or_default();
        Failure::Read {
            path: path.join(key),
            reason: format!(
                "its data are damaged, or not of the shape that the metadata promise ({reason}); fetch or save it anew"
            ),
        }
    };
    let options = CodecOptions::default().with_concurrent_target(1);
    let shape: Vec<usize> = extents.iter().map(|&n| n as usize).collect();
    macro_rules! read {
        ($type:ty) => {{
            let values = input::decoded("Zarr", || {
                Ok(array.retrieve_array_subset_opt::<Vec<$type>>(&region, &options))
            });
            let values = values
                .map_err(|problem| fail(problem.to_string()))?
                .map_err(|error| fail(error.to_string()))?;
            shaped(&shape, values).ok_or_else(|| fail("another number of values".into()))?
        }};
    }
    let kind = array.data_type();
    Ok(if *kind == data_type::uint8() {
        Array::U8(read!(u8))
    } else if *kind == data_type::bool() {
        Array::U8(read!(bool).mapv(u8::from))
    } else if *kind == data_type::int8() {
        Array::I8(read!(i8))
    } else if *kind == data_type::uint16() {
        Array::U16(read!(u16))
    } else if *kind == data_type::int16() {
        Array::I16(read!(i16))
    } else if *kind == data_type::float16() {
        Array::F16(read!(f16))
    } else if *kind == data_type::float32() {
        Array::F32(read!(f32))
    } else if *kind == data_type::float64() {
        Array::F64(read!(f64))
    } else if *kind == data_type::uint32() {
        Array::F64(read!(u32).mapv(f64::from))
    } else if *kind == data_type::int32() {
        Array::F64(read!(i32).mapv(f64::from))
    } else if *kind == data_type::uint64() {
        // Exact up to 2^53.
        Array::F64(read!(u64).mapv(|value| value as f64))
    } else {
        Array::F64(read!(i64).mapv(|value| value as f64))
    })
}

fn shaped<T: ElementOwned>(shape: &[usize], values: Vec<T>) -> Option<ArrayD<T>> {
    ArrayD::from_shape_vec(shape, values).ok()
}
