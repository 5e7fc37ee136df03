//! Files out: written beside their place under a temporary name, then renamed, so that no
//! half-written file is ever seen.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ndarray::ArrayD;
use npyz::{AutoSerialize, Serialize, WriterBuilder};
use tempfile::NamedTempFile;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::Failure;

/// The temporary file that is being written.
static PENDING: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Lets Ctrl-C end the program with the temporary file removed.
pub fn clean_up_on_interrupt() {
    let handler = || {
        if let Some(path) = PENDING.lock().ok().and_then(|mut pending| pending.take()) {
            // The file may be renamed or gone by now.
            let _ = std::fs::remove_file(path);
        }
        // 128 + SIGINT, as shells have it.
        std::process::exit(130);
    };
    // Without a handler Ctrl-C still ends the program.
    let _ = ctrlc::set_handler(handler);
}

/// Prints to standard output; a reader that closes early, such as `head`, is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Write { path: "standard output".into(), reason: error.to_string() })
        }
        _ => Ok(()),
    }
}

/// A file that appears at its path when it is finished, or not at all.
pub struct Pending {
    path: PathBuf,
    file: NamedTempFile,
}

impl Pending {
    /// Starts a file beside its place.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let fail = |error: io::Error| failure(path, &error);
        if path.is_dir() {
            return Err(Failure::Write { path: path.into(), reason: "it is a folder".into() });
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            let reason = format!("there is no folder {}", folder.display());
            return Err(Failure::Write { path: path.into(), reason });
        }
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any new file; the umask takes its share.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder.prefix(".maclaurin-").tempfile_in(folder).map_err(fail)?;
        if let Ok(mut pending) = PENDING.lock() {
            *pending = Some(file.path().into());
        }
        Ok(Self { path: path.into(), file })
    }

    /// Writes all of the file with `write` and gives it its name; returns its size in bytes.
    pub fn finish(self, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<u64, Failure> {
        let Self { path, mut file } = self;
        let outcome = write(file.as_file_mut())
            .and_then(|()| Ok(file.as_file().metadata()?.len()))
            .and_then(|size| file.persist(&path).map(|_| size).map_err(|error| error.error));
        if let Ok(mut pending) = PENDING.lock() {
            *pending = None;
        }
        outcome.map_err(|error| failure(&path, &error))
    }
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::Write { path: path.into(), reason: error.to_string() }
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
