//! A `.npy` file that is written block by block, each where it belongs in C order.

use std::fs::File;
use std::io;

use npyz::WriterBuilder;

use crate::input::runs;
use crate::output::Stored;

/// A file of the size that it will have.
pub struct NpyFile<'a> {
    file: &'a File,
    /// Where the values begin.
    begin: u64,
    shape: Vec<u64>,
    width: u64,
}

impl<'a> NpyFile<'a> {
    /// Writes what stands before the values.
    pub fn new<U: Stored>(file: &'a File, shape: &[u64]) -> io::Result<Self> {
        let mut header = Vec::new();
        let options = npyz::WriteOptions::<U>::new().default_dtype().shape(shape);
        drop(options.writer(&mut header).begin_nd()?);
        let width = size_of::<U>() as u64;
        let begin = header.len() as u64;
        let size = shape.iter().fold(width, |size, &n| size.saturating_mul(n));
        write_at(file, &header, 0)?;
        file.set_len(begin.saturating_add(size))?;
        Ok(Self { file, begin, shape: shape.to_vec(), width })
    }

    /// Writes a part, whose values come in C order.
    pub fn write(&self, start: &[u64], extents: &[u64], bytes: &[u8]) -> io::Result<()> {
        let (length, starts) = runs(&self.shape, start, extents);
        let length = (length * self.width).max(1) as usize;
        for (run, start) in bytes.chunks(length).zip(starts) {
            write_at(self.file, run, self.begin + start * self.width)?;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], place: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, place)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut place: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_write(file, bytes, place)?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        (bytes, place) = (&bytes[count..], place + count as u64);
    }
    Ok(())
}
