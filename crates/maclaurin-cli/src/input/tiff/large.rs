//! A file of several pages, of which one at a time is in memory.

use std::path::{Path, PathBuf};

use super::directory::{Bytes, Directory, File};
use super::{is_page, page};
use crate::Failure;
use crate::input::guard::decoded;
use crate::input::page::Page;
use crate::input::picture::{Limit, shown};
use crate::input::problem::Problem;
use crate::input::{InputArguments, Kind};

/// The places of the pages.
pub struct LargeTiff {
    path: PathBuf,
    pages: Vec<u64>,
}

impl LargeTiff {
    /// Reads the directories; `None` of a file that is no TIFF of several pages.
    pub fn open(path: &Path) -> Result<Option<Self>, Failure> {
        let fail =
            |problem: Problem| Failure::Read { path: path.into(), reason: problem.to_string() };
        let file = std::fs::File::open(path).map_err(|error| fail(Problem::from(&error)))?;
        let Ok(file) = File::new(Bytes::Disk(&file)) else { return Ok(None) };
        let start = file.slice(0, file.size.min(Kind::START as u64)).map_err(fail)?;
        if !Kind::of(&start).is_ok_and(Kind::is_tiff) {
            return Ok(None);
        }
        let mut pages = Vec::new();
        for place in file.directories().map_err(fail)? {
            if is_page(&Directory::read(&file, place).map_err(fail)?) {
                pages.push(place);
            }
        }
        Ok((pages.len() > 1).then(|| Self { path: path.into(), pages }))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of pages.
    pub fn pages(&self) -> usize {
        self.pages.len()
    }

    /// Reads the page at an index, counted from 0; the most pixels are those of one page.
    pub fn page(&self, index: usize, arguments: &InputArguments) -> Result<Page, Failure> {
        let read = || {
            let file = std::fs::File::open(&self.path).map_err(|error| Problem::from(&error))?;
            let file = File::new(Bytes::Disk(&file))?;
            let place = *self.pages.get(index).ok_or(Problem::Damaged("TIFF"))?;
            let directory = Directory::read(&file, place)?;
            let limit = Limit { pixels: arguments.max_pixels, page: None };
            let (width, height) = directory.size()?;
            limit.check(width, height, 1)?;
            shown(page(&file, place, &directory, limit)?, arguments)
        };
        decoded("TIFF", read).map_err(|problem| Failure::Read {
            path: self.path.clone(),
            reason: format!("page {}: {problem}", index + 1),
        })
    }
}
