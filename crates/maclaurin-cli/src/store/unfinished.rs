//! The folder that a store is written to until it is whole: `NAME.zarr.part`, which then gets its name.
//!
//! So there is no store of which some chunks are missing, and a reader would take for zeros. A chunk is written to a
//! file of another name, which gets its own by a rename: there is no half of one either, and what is there needs not
//! be written again.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use serde_json::Value;

use super::blocks;
use crate::Failure;
use crate::output::failure;

/// Where files are until they are whole, and the job that the folder belongs to.
const INCOMING: &str = ".incoming";
const JOB: &str = "job.json";

/// A store in the making.
pub struct Unfinished {
    path: PathBuf,
    folder: PathBuf,
    count: AtomicU64,
    /// Locked while the program runs.
    _lock: File,
}

impl Unfinished {
    /// Begins a store, or goes on with one; `None` if it was finished before.
    ///
    /// # Errors
    ///
    /// [`Failure::Write`] for a store that exists, unless `force`; for one that another job began or another process
    /// is at work on; for one of the inputs.
    pub fn new(
        path: &Path,
        job: &Value,
        resume: bool,
        force: bool,
        inputs: &[PathBuf],
    ) -> Result<Option<Self>, Failure> {
        let refuse =
            |reason: &str| Err(Failure::Write { path: path.into(), reason: reason.into() });
        let Some(name) = path.file_name() else { return refuse("it has no name") };
        let within = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let within = within.unwrap_or(Path::new("."));
        let Ok(within) = within.canonicalize() else {
            return refuse(&format!("there is no folder {}", within.display()));
        };
        let own = path.canonicalize().unwrap_or_else(|_| within.join(name));
        for input in inputs.iter().filter_map(|input| input.canonicalize().ok()) {
            if input.starts_with(&own) || own.starts_with(&input) {
                return refuse("it is read, or holds or lies in what is read");
            }
        }
        let mut part = name.to_owned();
        part.push(".part");
        let folder = path.with_file_name(part);
        let there = path.symlink_metadata().is_ok();
        if there && !force {
            if resume && blocks::is_array(path) && !folder.exists() {
                // Of a program that was killed after its last step but one.
                let _ = fs::remove_dir_all(path.join(INCOMING));
                return Ok(None);
            }
            return refuse("it exists; --force replaces it");
        }
        if there && !blocks::is_array(path) {
            return refuse("it exists and is no Zarr array, which alone is replaced");
        }
        if folder.exists() && !resume {
            if !force {
                return refuse(&format!(
                    "{} is there, of a job that was not finished; --resume goes on with it, --force begins anew",
                    folder.display()
                ));
            }
            // Only what this program made.
            if !folder.join(INCOMING).is_dir() {
                return refuse(&format!("{} is there, and no unfinished store", folder.display()));
            }
            fs::remove_dir_all(&folder).map_err(|error| failure(&folder, &error))?;
        }
        let incoming = folder.join(INCOMING);
        fs::create_dir_all(&incoming).map_err(|error| failure(path, &error))?;
        let lock = File::create(incoming.join("lock")).map_err(|error| failure(path, &error))?;
        if lock.try_lock().is_err() {
            return refuse("another process is at work on it");
        }
        let unfinished = Self { path: path.into(), folder, count: AtomicU64::new(0), _lock: lock };
        let begun = unfinished.folder.join(INCOMING).join(JOB);
        let text = format!("{job:#}\n");
        match fs::read(&begun) {
            Ok(known) if known == text.as_bytes() => {}
            Ok(_) => {
                return refuse(
                    "it was begun with other options or another input; give those, or --force begins anew",
                );
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                unfinished.write(&format!("{INCOMING}/{JOB}"), text.as_bytes())?;
            }
            Err(error) => return Err(failure(&begun, &error)),
        }
        Ok(Some(unfinished))
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// When a file was written, in nanoseconds, if it is there, and so whole.
    pub fn written(&self, key: &str) -> Option<i128> {
        let time = self.folder.join(key).metadata().ok()?.modified().ok()?;
        i128::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()
    }

    /// Writes a file, all of it or nothing.
    pub fn write(&self, key: &str, bytes: &[u8]) -> Result<(), Failure> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let incoming = self.folder.join(INCOMING).join(format!("{number}"));
        let path = self.folder.join(key);
        let written = (|| {
            let mut file = File::create(&incoming)?;
            file.write_all(bytes)?;
            // Before the name: what has its name is whole after a loss of power too.
            file.sync_data()?;
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::rename(&incoming, &path)
        })();
        written.map_err(|error| {
            let _ = fs::remove_file(&incoming);
            failure(&path, &error)
        })
    }

    /// Gives the store its name; one that is replaced goes.
    pub fn finish(self) -> Result<(), Failure> {
        let fail = |error: std::io::Error| failure(&self.path, &error);
        if blocks::is_array(&self.path) {
            fs::remove_dir_all(&self.path).map_err(fail)?;
        }
        fs::rename(&self.folder, &self.path).map_err(fail)?;
        fs::remove_dir_all(self.path.join(INCOMING)).map_err(fail)
    }
}
