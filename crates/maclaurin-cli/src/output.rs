//! Files out: written beside their place under a temporary name, then renamed, so that no
//! half-written file is ever seen and nothing is replaced that was not meant to be.
//!
//! One rule for all commands: a file that exists is replaced with `--force` only, and a file that is
//! read never. A link is followed, a file that may not be written is left alone, and permissions
//! stay, as `cp` does it. `-` is standard output.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ndarray::ArrayD;
use npyz::{AutoSerialize, Serialize, WriterBuilder};
use same_file::Handle;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::Failure;

/// The temporary file that is being written. It is made under the lock, which a signal keeps: none is
/// made between the removal of the last one and the end of the program.
static PENDING: Mutex<Option<PathBuf>> = Mutex::new(None);

fn pending() -> MutexGuard<'static, Option<PathBuf>> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets SIGINT, SIGTERM and SIGHUP end the program with the temporary file removed; those that the
/// program was started to ignore, as by `nohup`, stay ignored.
#[cfg(unix)]
pub fn clean_up_on_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let ignored = ignored_signals();
    let ends =
        [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    // Without a handler a signal still ends the program.
    let Ok(mut signals) = signal_hook::iterator::Signals::new(ends) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let mut pending = pending();
            if let Some(path) = pending.take() {
                // The file may be renamed or gone by now.
                let _ = std::fs::remove_file(path);
            }
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
}

/// The signals that were ignored when the program started, by bit, where Linux says so.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(not(unix))]
pub fn clean_up_on_signals() {}

/// Text without characters that would command a terminal, which file names may hold: these are
/// escaped.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' && c != '\t' {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Prints to standard output; a reader that closes early, such as `head`, is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(printable(text).as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(failure(Path::new("standard output"), &error))
        }
        _ => Ok(()),
    }
}

/// Prints what --json asks for: to standard output, or to standard error where that takes the result.
pub fn print_json(text: &str, beside: bool) -> Result<(), Failure> {
    if !beside {
        return print(text);
    }
    let written = io::stderr().lock().write_all(printable(text).as_bytes());
    written.map_err(|error| failure(Path::new("standard error"), &error))
}

/// `1 page`, `3 pages`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A message of the library, which spells options as Python's arguments, as the command spells them.
pub fn in_shell(message: &str) -> String {
    const SPELLINGS: &[(&str, &str)] = &[
        ("\ntry at=", "\ntry --at "),
        ("a parameter: give it as ", "a parameter: give it as --param "),
        // Of `maclaurin bound`, which has no such options.
        ("\nwith scale=", "\nwith expand's --scale "),
        (" and shift=", " and --shift "),
        ("; scale=", "; --scale "),
        ("Laurent series (laurent)", "Laurent series (series --laurent)"),
        ("which error_bound tells", "which --order tells"),
        ("is the option `constant`)", "is the option --constant)"),
    ];
    SPELLINGS.iter().fold(message.into(), |text, (python, shell)| text.replace(python, shell))
}

/// Says something on standard error, after `error:` or `warning:` in their colours; nobody may be listening.
pub fn report(what: &str, message: &str) {
    use clap::builder::styling::{AnsiColor, Style};
    let color = if what == "error" { AnsiColor::Red } else { AnsiColor::Yellow };
    let style = Style::new().bold().fg_color(Some(color.into()));
    let _ = writeln!(
        anstream::stderr().lock(),
        "{style}{what}:{style:#} {}",
        printable(&in_shell(message))
    );
}

/// Whether a path stands for standard input or output.
pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// Where a file goes, settled before any work is done for it.
pub struct Target {
    /// As it was given.
    path: PathBuf,
    place: Place,
}

enum Place {
    /// Standard output, or what is no regular file, such as a pipe.
    Stream(Option<PathBuf>),
    /// A regular file; the permissions are those of the one that is replaced.
    File { path: PathBuf, replaces: Option<Permissions> },
}

impl Target {
    /// Checks that a file can be written at `path` without harm.
    ///
    /// # Errors
    ///
    /// [`Failure::Write`] for one of the `inputs`, for a file that exists unless `force`, for one that
    /// may not be written, for a folder, and where there is no folder for it.
    pub fn new(path: &Path, force: bool, inputs: &[PathBuf]) -> Result<Self, Failure> {
        let refuse = |reason: String| Failure::Write { path: path.into(), reason };
        let target = |place| Ok(Self { path: path.into(), place });
        if is_standard(path) {
            return target(Place::Stream(None));
        }
        let Ok(metadata) = path.metadata() else {
            if path.is_symlink() {
                return Err(refuse("it is a link to a file that is not there".into()));
            }
            let folder = folder_of(path);
            if !folder.is_dir() {
                return Err(refuse(format!("there is no folder {}", folder.display())));
            }
            return target(Place::File { path: path.into(), replaces: None });
        };
        if metadata.is_dir() {
            return Err(refuse("it is a folder".into()));
        }
        if !metadata.is_file() {
            return target(Place::Stream(Some(path.into())));
        }
        for input in inputs {
            let (read, name) = if is_standard(input) {
                (Handle::stdin(), "standard input".into())
            } else {
                (Handle::from_path(input), input.display().to_string())
            };
            if read.is_ok_and(|read| Handle::from_path(path).is_ok_and(|own| own == read)) {
                return Err(refuse(format!("it is the file that is read, {name}")));
            }
        }
        if !force {
            return Err(refuse("it exists; --force replaces it".into()));
        }
        OpenOptions::new().write(true).open(path).map_err(|error| failure(path, &error))?;
        let resolved = path.canonicalize().map_err(|error| failure(path, &error))?;
        target(Place::File { path: resolved, replaces: Some(metadata.permissions()) })
    }

    /// As [`Target::new`], for a file in a folder that may have to be made: it is, once the file is
    /// written.
    pub fn with_folder(path: &Path, force: bool, inputs: &[PathBuf]) -> Result<Self, Failure> {
        let folder = folder_of(path);
        if folder.is_dir() {
            return Self::new(path, force, inputs);
        }
        let there = |folder: &&Path| folder.symlink_metadata().is_ok();
        if let Some(file) = folder.ancestors().find(there).filter(|folder| !folder.is_dir()) {
            let reason = format!("{} is not a folder", file.display());
            return Err(Failure::Write { path: path.into(), reason });
        }
        Ok(Self { path: path.into(), place: Place::File { path: path.into(), replaces: None } })
    }

    /// Whether one file after the other would be one stream.
    pub fn is_stream(&self) -> bool {
        matches!(self.place, Place::Stream(_))
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all of the file with `write` and gives it its name; returns its size in bytes.
    pub fn write(&self, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<u64, Failure> {
        let fail = |error: io::Error| failure(&self.path, &error);
        let folder = match &self.place {
            Place::File { path, .. } => folder_of(path).to_owned(),
            Place::Stream(_) => std::env::temp_dir(),
        };
        std::fs::create_dir_all(&folder).map_err(fail)?;
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any new file; the umask takes its share.
            builder.permissions(Permissions::from_mode(0o666));
        }
        let mut file = {
            let mut pending = pending();
            let file = builder.prefix(".maclaurin-").tempfile_in(folder).map_err(fail)?;
            *pending = Some(file.path().into());
            file
        };
        let outcome = (|| {
            write(file.as_file_mut())?;
            let size = file.as_file().metadata()?.len();
            match &self.place {
                Place::File { path, replaces: Some(permissions) } => {
                    file.as_file().set_permissions(permissions.clone())?;
                    file.persist(path).map_err(|error| error.error)?;
                }
                Place::File { path, replaces: None } => {
                    file.persist_noclobber(path).map_err(|error| error.error)?;
                }
                Place::Stream(path) => {
                    file.rewind()?;
                    let mut out: Box<dyn Write> = match path {
                        Some(path) => Box::new(OpenOptions::new().write(true).open(path)?),
                        None => Box::new(io::stdout().lock()),
                    };
                    match io::copy(&mut file, &mut out).and_then(|_| out.flush()) {
                        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                            return Err(error);
                        }
                        _ => {}
                    }
                }
            }
            Ok(size)
        })();
        *pending() = None;
        outcome.map_err(fail)
    }
}

/// The folder that a file lies in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// An error of writing a file; the temporary file beside it is not named.
pub fn failure(path: &Path, error: &io::Error) -> Failure {
    let text = error.to_string();
    // The library `tempfile` appends the path of its file to what the operating system says.
    let reason = text.split(" at path \"").next().unwrap_or_default().into();
    Failure::Write { path: path.into(), reason }
}

/// Values that .npy files hold.
pub trait Stored: Serialize + AutoSerialize + Copy {}

impl<T: Serialize + AutoSerialize + Copy> Stored for T {}

/// Writes an array in NumPy's format, in C order.
pub fn write_npy<T: Stored>(array: &ArrayD<T>, to: impl Write) -> io::Result<()> {
    let shape: Vec<u64> = array.shape().iter().map(|&n| n as u64).collect();
    let mut buffered = BufWriter::with_capacity(1 << 20, to);
    let options = npyz::WriteOptions::new().default_dtype().shape(&shape);
    let mut writer = options.writer(&mut buffered).begin_nd()?;
    writer.extend(array.iter())?;
    writer.finish()?;
    buffered.flush()
}

/// An archive of arrays in the making.
pub struct Archive<'a>(ZipWriter<&'a mut File>);

impl<'a> Archive<'a> {
    pub fn new(file: &'a mut File) -> Self {
        Self(ZipWriter::new(file))
    }

    /// Adds an array under a name.
    pub fn add<T: Stored>(&mut self, name: &str, array: &ArrayD<T>) -> io::Result<()> {
        let large = array.len().saturating_mul(size_of::<T>()) >= u32::MAX as usize / 2;
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .large_file(large);
        self.0.start_file(format!("{name}.npy"), options)?;
        write_npy(array, &mut self.0)
    }

    pub fn finish(self) -> io::Result<()> {
        self.0.finish()?;
        Ok(())
    }
}
