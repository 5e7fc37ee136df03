//! Pictures of one shape and type, or the pages of one, along a new first axis.

use std::path::{Path, PathBuf};

use crate::Failure;
use crate::array::Array;
use crate::input::{self, InputArguments, LargeTiff, Source};

/// Pictures, each of which is a block.
pub struct Pictures {
    parts: Parts,
    reading: InputArguments,
    /// That of one, its type and the bytes of a value.
    one: Vec<u64>,
    kind: (&'static str, u64),
    white: Option<f64>,
    /// The shape of all.
    shape: Vec<u64>,
}

enum Parts {
    Files(Vec<Source>),
    /// Read page by page.
    Pages(LargeTiff),
}

impl Pictures {
    /// Reads the first one, which says what the others are.
    pub fn new(sources: Vec<Source>, reading: &InputArguments) -> Result<Self, Failure> {
        let pages = match &sources[..] {
            [] => return Err(Failure::Usage("there is nothing to read".into())),
            [one] if reading.page.is_none() => one.file().map(LargeTiff::open).transpose()?,
            _ => None,
        };
        let parts = pages.flatten().map_or(Parts::Files(sources), Parts::Pages);
        let (first, white) = parts.read(0, reading)?;
        let one: Vec<u64> = first.shape().iter().map(|&n| n as u64).collect();
        let mut shape = one.clone();
        if parts.count() > 1 {
            shape.insert(0, parts.count() as u64);
        }
        let kind = (first.type_name(), first.value_size());
        Ok(Self { parts, reading: reading.clone(), one, kind, white, shape })
    }

    /// As they are called in messages.
    pub fn name(&self) -> String {
        match &self.parts {
            Parts::Files(sources) => match &sources[..] {
                [one] => one.to_string(),
                several => format!("{} pictures", several.len()),
            },
            Parts::Pages(tiff) => tiff.path().display().to_string(),
        }
    }

    /// The file of each source that is one.
    pub fn files(&self) -> Box<dyn Iterator<Item = Option<&Path>> + '_> {
        match &self.parts {
            Parts::Files(sources) => Box::new(sources.iter().map(Source::file)),
            Parts::Pages(tiff) => Box::new(std::iter::once(Some(tiff.path()))),
        }
    }

    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    pub fn value_size(&self) -> u64 {
        self.kind.1
    }

    /// The value of white, where there is one.
    pub fn white(&self) -> Option<f64> {
        self.white
    }

    /// The extents of a picture.
    pub fn chunk(&self) -> Vec<u64> {
        let mut chunk = self.shape.clone();
        if self.parts.count() > 1 {
            chunk[0] = 1;
        }
        chunk
    }

    /// The picture that begins at a place of the array.
    pub fn read(&self, start: &[u64]) -> Result<Array, Failure> {
        let several = self.parts.count() > 1;
        let index = if several { start[0] as usize } else { 0 };
        let (read, _) = self.parts.read(index, &self.reading)?;
        let found: Vec<u64> = read.shape().iter().map(|&n| n as u64).collect();
        if found != self.one || read.type_name() != self.kind.0 {
            return Err(Failure::Read {
                path: self.parts.path(index),
                reason: format!(
                    "{} is {found:?} {}, and the first is {:?} {}; one array holds pictures of one shape and type: \
                     bring them to one, or write .npy files into a folder",
                    self.parts.called(index),
                    read.type_name(),
                    self.one,
                    self.kind.0
                ),
            });
        }
        Ok(if several { read.with_first_axis() } else { read })
    }
}

impl Parts {
    fn count(&self) -> usize {
        match self {
            Self::Files(sources) => sources.len(),
            Self::Pages(tiff) => tiff.pages(),
        }
    }

    /// One of them, and its value of white.
    fn read(
        &self,
        index: usize,
        reading: &InputArguments,
    ) -> Result<(Array, Option<f64>), Failure> {
        match self {
            Self::Files(sources) => {
                input::read(&sources[index], reading).map(|input| (input.array, input.white))
            }
            Self::Pages(tiff) => tiff.page(index, reading).map(|page| (page.array, page.white)),
        }
    }

    fn path(&self, index: usize) -> PathBuf {
        match self {
            Self::Files(sources) => sources[index].to_string().into(),
            Self::Pages(tiff) => tiff.path().into(),
        }
    }

    fn called(&self, index: usize) -> String {
        match self {
            Self::Files(_) => "it".into(),
            Self::Pages(_) => format!("page {}", index + 1),
        }
    }
}
