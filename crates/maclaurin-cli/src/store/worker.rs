//! Threads that read blocks, expand them, and write what they become.

use std::num::NonZeroU64;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;
use maclaurin::{Expansion, Float, Polynomial};
use ndarray::{ArrayD, ArrayViewD, Axis, Slice};
use zarrs::array::{Array, ArrayToBytesCodecTraits, CodecOptions, Element};
use zarrs::filesystem::FilesystemStore;

use super::blocks::Blocks;
use super::file::NpyFile;
use super::plan::Plan;
use super::unfinished::Unfinished;
use crate::summary::Seen;
use crate::{Failure, output};

/// What all workers share.
pub struct Worker<'a, U> {
    pub blocks: &'a Blocks,
    pub plan: &'a Plan,
    pub sink: Sink<'a>,
    pub data_type: &'a zarrs::array::DataType,
    pub zero: U,
}

/// Where blocks go.
pub enum Sink<'a> {
    Store {
        unfinished: &'a Unfinished,
        array: &'a Array<FilesystemStore>,
        /// That of a chunk.
        shape: Vec<NonZeroU64>,
    },
    File(NpyFile<'a>, &'a Path),
}

impl<U: Float + Element + Sync> Worker<'_, U> {
    /// Expands all blocks on `workers` threads: what was seen of the values read, and the number of blocks that were there.
    pub fn all(
        &self,
        workers: usize,
        polynomial: &Polynomial,
        expansion: &Expansion,
        bar: &ProgressBar,
    ) -> Result<(Seen, u64), Failure> {
        let (next, stop, skipped) = (AtomicU64::new(0), AtomicBool::new(false), AtomicU64::new(0));
        let failed: Mutex<Option<Failure>> = Mutex::new(None);
        let seen = Mutex::new(Seen::default());
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
                        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                        *seen = seen.and(found.unwrap_or_default());
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
        let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((seen, skipped.into_inner()))
    }

    /// Reads, expands and writes one block; what was seen of its values, or `None` if its chunks were there, and are not
    /// older than what they were made of.
    fn block(
        &self,
        index: u64,
        polynomial: &Polynomial,
        expansion: &Expansion,
    ) -> Result<Option<Seen>, Failure> {
        let place = self.plan.place(index);
        let (start, extents) = self.plan.region(&place);
        if let Sink::Store { unfinished, array, .. } = &self.sink {
            let mut written = (0..self.plan.slots).map(|slot| {
                unfinished.written(array.chunk_key(&self.plan.chunk_of(&place, slot)).as_str())
            });
            let first = written.try_fold(i128::MAX, |first, written| Some(first.min(written?)));
            if first.is_some_and(|first| Some(first) >= self.blocks.changed(&start, &extents)) {
                return Ok(None);
            }
        }
        let values = self.blocks.read(&start, &extents)?;
        let made: ArrayD<U> = values.expand(polynomial, expansion)?;
        let seen = Seen::of(&values, &made, expansion.constant);
        drop(values);
        match &self.sink {
            Sink::Store { unfinished, array, shape } => {
                self.chunks(&made, &place, unfinished, array, shape)?;
            }
            Sink::File(file, path) => {
                let written = self.part(file, &made, start, extents);
                written.map_err(|error| output::failure(path, &error))?;
            }
        }
        Ok(Some(seen))
    }

    /// Writes a block into a file.
    fn part(
        &self,
        file: &NpyFile<'_>,
        made: &ArrayD<U>,
        mut start: Vec<u64>,
        mut extents: Vec<u64>,
    ) -> std::io::Result<()> {
        let write = |start: &[u64], extents: &[u64], values: ArrayViewD<'_, U>| {
            let values = values.iter().copied().collect();
            let bytes = U::into_array_bytes(self.data_type, values);
            let bytes = bytes.map_err(std::io::Error::other)?;
            let bytes = bytes.into_fixed().map_err(std::io::Error::other)?;
            file.write(start, extents, &bytes)
        };
        if self.plan.summed {
            return write(&start, &extents, made.view());
        }
        if self.plan.stack {
            start.insert(self.plan.axis, 0);
            extents.insert(self.plan.axis, self.plan.slots as u64);
            return write(&start, &extents, made.view());
        }
        for slot in made.axis_iter(Axis(0)) {
            write(&start, &extents, slot)?;
            start[self.plan.axis] += self.plan.input[self.plan.axis];
        }
        Ok(())
    }

    /// Writes a block as chunks, one for each degree.
    fn chunks(
        &self,
        planes: &ArrayD<U>,
        place: &[u64],
        unfinished: &Unfinished,
        array: &Array<FilesystemStore>,
        shape: &[NonZeroU64],
    ) -> Result<(), Failure> {
        let options = CodecOptions::default().with_concurrent_target(1);
        let whole: Vec<usize> = self.plan.block.iter().map(|&n| n as usize).collect();
        for slot in 0..self.plan.slots {
            let key = array.chunk_key(&self.plan.chunk_of(place, slot));
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
                path: unfinished.folder().join(key.as_str()),
                reason,
            };
            let bytes = U::into_array_bytes(self.data_type, elements)
                .map_err(|error| failed(error.to_string()))?;
            let encoded = array
                .codecs()
                .encode(bytes, shape, self.data_type, array.fill_value(), &options)
                .map_err(|error| failed(error.to_string()))?;
            unfinished.write(key.as_str(), &encoded)?;
        }
        Ok(())
    }
}
