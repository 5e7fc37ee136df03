//! Decodes every chunk of a Zarr array and encodes it again into another, with the same metadata, on all cores: what
//! `zarrs` takes for the volume, beside which `benchmarks/stores.py` times `maclaurin expand`.
//!
//! `cargo run --release --example reencode -- in.zarr out.zarr`

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zarrs::array::{Array, ArrayBytes, CodecOptions};
use zarrs::filesystem::FilesystemStore;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> Outcome {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [input, output] = &paths[..] else { return Err("usage: reencode IN.zarr OUT.zarr".into()) };
    let input = Array::open(Arc::new(FilesystemStore::new(input)?), "/")?;
    let store = Arc::new(FilesystemStore::new(output)?);
    let output = Array::new_with_metadata(store, "/", input.metadata().clone())?;
    output.store_metadata()?;
    let grid = input.chunk_grid_shape().to_vec();
    let (next, count) = (AtomicU64::new(0), grid.iter().product::<u64>());
    let options = CodecOptions::default().with_concurrent_target(1);
    let work = || -> Outcome {
        loop {
            let mut index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return Ok(());
            }
            let mut place = vec![0; grid.len()];
            for (place, &extent) in place.iter_mut().zip(&grid).rev() {
                (*place, index) = (index % extent, index / extent);
            }
            let chunk: ArrayBytes<'_> = input.retrieve_chunk_opt(&place, &options)?;
            output.store_chunk_opt(&place, chunk, &options)?;
        }
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })
}
