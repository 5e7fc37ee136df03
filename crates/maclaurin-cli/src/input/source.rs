//! What the arguments name: files, folders, standard input, pipes and the members of archives,
//! each with the name that its result will have.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::guard::check_memory;
use super::problem::Problem;
use super::{InputArguments, Kind, npz};
use crate::Failure;
use crate::output::is_standard;

/// The endings of files that a folder is searched for.
const ENDINGS: [&str; 15] = [
    "png", "jpg", "jpeg", "tif", "tiff", "gif", "webp", "bmp", "pbm", "pgm", "ppm", "pnm", "pam",
    "npy", "npz",
];

/// The most bytes read from standard input or a pipe, whose size is not known before.
const LONGEST_STREAM: usize = 1 << 32;

/// What is read from: seekable, so that a format's parts can be found.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// One array to read.
pub struct Source {
    place: Place,
    /// The member of an archive: where it stands, and its name.
    member: Option<(usize, String)>,
    /// Names for the result, the shortest first.
    names: Vec<String>,
    /// The name for the result, of its own among all sources; `/` stands between folders.
    pub name: String,
}

/// Where bytes are.
#[derive(Clone)]
enum Place {
    File(PathBuf),
    /// Read already: a pipe is read but once.
    Memory(PathBuf, Arc<[u8]>),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Memory(path, _) => path,
        }
    }

    /// The bytes and how many they are.
    fn open(&self) -> Result<(Box<dyn ReadSeek>, u64), Problem> {
        match self {
            Self::File(path) => {
                let file = File::open(path).map_err(|error| Problem::from(&error))?;
                let size = file.metadata().map_err(|error| Problem::from(&error))?.len();
                Ok((Box::new(file), size))
            }
            Self::Memory(_, bytes) => {
                Ok((Box::new(Cursor::new(bytes.clone())), bytes.len() as u64))
            }
        }
    }
}

impl Source {
    /// The bytes and how many they are.
    pub fn open(&self) -> Result<(Box<dyn ReadSeek>, u64), Problem> {
        self.place.open()
    }

    /// The member of the archive: where it stands, and its name.
    pub fn member(&self) -> Result<(usize, &str), Problem> {
        match &self.member {
            Some((index, name)) => Ok((*index, name)),
            // The list could not be read when it was asked for; say why.
            None => {
                Err(npz::members(self.place.open()?.0).err().unwrap_or(Problem::Damaged(".npz")))
            }
        }
    }

    /// The archive that the array is in, and the array's name there.
    pub fn in_archive(&self) -> Option<(&Path, &str)> {
        self.member.as_ref().map(|(_, name)| (self.place.path(), name.as_str()))
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Memory(..) => None,
        }
    }

    /// The file's name without its folder, for titles.
    pub fn title(&self) -> String {
        let file = self.place.path().file_name().unwrap_or_default().to_string_lossy();
        match &self.member {
            Some((_, member)) => format!("{file}: {member}"),
            None => file.into_owned(),
        }
    }
}

impl Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.place.path().display();
        match &self.member {
            Some((_, member)) => write!(f, "{path}: {member}"),
            None => write!(f, "{path}"),
        }
    }
}

/// The sources that the paths name, in order of name within a folder, and the number of files in folders
/// that are skipped.
pub fn sources(
    paths: &[PathBuf],
    arguments: &InputArguments,
) -> Result<(Vec<Source>, usize), Failure> {
    let (mut sources, mut skipped) = (Vec::new(), 0);
    if paths.iter().filter(|path| is_standard(path)).count() > 1 {
        let message = "standard input (-) is given twice, and can be read but once".into();
        return Err(Failure::Usage(message));
    }
    for path in paths {
        let fail = |problem: Problem| failure(path, &problem);
        if is_standard(path) {
            let label = PathBuf::from("standard input");
            let bytes =
                stream(std::io::stdin().lock()).map_err(|problem| failure(&label, &problem))?;
            add(&mut sources, Place::Memory(label, bytes), "");
            continue;
        }
        if path.is_dir() {
            let mut files = Vec::new();
            skipped += search(path, arguments.recursive, &mut files)?;
            if files.is_empty() {
                return Err(fail(Problem::EmptyFolder(ENDINGS.join(", "))));
            }
            files.sort();
            for file in files {
                let within = file.strip_prefix(path).ok().and_then(Path::parent);
                let within = within.map(folders).unwrap_or_default();
                add(&mut sources, Place::File(file), &within);
            }
            continue;
        }
        // What is there and no regular file is a pipe or a device: it is read once.
        let place = match path.metadata() {
            Ok(metadata) if !metadata.is_file() => {
                let file = File::open(path).map_err(|error| fail(Problem::from(&error)))?;
                Place::Memory(path.clone(), stream(file).map_err(fail)?)
            }
            _ => Place::File(path.clone()),
        };
        add(&mut sources, place, "");
    }
    name(&mut sources)?;
    Ok((sources, skipped))
}

fn failure(path: &Path, problem: &Problem) -> Failure {
    Failure::Read { path: path.into(), reason: problem.to_string() }
}

/// A file name's ending in lower case.
pub fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Adds what lies in a folder and can be read by its ending, and counts the other files. Hidden files
/// and folders are left out; links to folders are not followed, as they may lead round in circles.
fn search(folder: &Path, recursive: bool, files: &mut Vec<PathBuf>) -> Result<usize, Failure> {
    let (mut folders, mut skipped) = (vec![folder.to_path_buf()], 0);
    while let Some(folder) = folders.pop() {
        let fail = |error: std::io::Error| failure(&folder, &Problem::from(&error));
        for entry in folder.read_dir().map_err(fail)? {
            let entry = entry.map_err(fail)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            if entry.file_type().map_err(fail)?.is_dir() {
                if recursive {
                    folders.push(path);
                }
            } else if path.is_file() && ENDINGS.contains(&ending(&path).as_str()) {
                files.push(path);
            } else if path.is_file() {
                skipped += 1;
            }
        }
    }
    Ok(skipped)
}

/// The names of folders with a `/` behind each.
fn folders(path: &Path) -> String {
    let name = |component| match component {
        Component::Normal(name) => Some(format!("{}/", name.to_string_lossy())),
        _ => None,
    };
    path.components().filter_map(name).collect()
}

/// Reads all of a stream, if it begins as something that can be read.
fn stream(mut stream: impl Read) -> Result<Arc<[u8]>, Problem> {
    let mut bytes = Vec::new();
    let fail = |error: std::io::Error| Problem::from(&error);
    (&mut stream).take(Kind::START as u64).read_to_end(&mut bytes).map_err(fail)?;
    Kind::of(&bytes)?;
    let mut part = vec![0; 1 << 16];
    loop {
        let read = match stream.read(&mut part) {
            Ok(0) => return Ok(bytes.into()),
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(fail(error)),
        };
        let length = bytes.len() + read;
        if length > bytes.capacity() {
            // Twice as large, and once more when it is shared.
            check_memory(length as u128 * 3, 1)?;
            bytes
                .try_reserve(length)
                .map_err(|_| Problem::NoMemory { needed: length as u128 * 2, available: 0 })?;
        }
        if length > LONGEST_STREAM {
            return Err(Problem::unsupported(format!(
                "a stream of more than {LONGEST_STREAM} bytes"
            )));
        }
        bytes.extend_from_slice(&part[..read]);
    }
}

/// Adds a source, or one for each array of an archive; `within` is the folder it lies in.
fn add(sources: &mut Vec<Source>, place: Place, within: &str) {
    let path = place.path();
    let text = |name: Option<&std::ffi::OsStr>| {
        name.map_or_else(|| "array".into(), |name| name.to_string_lossy().into_owned())
    };
    let (stem, file) = (text(path.file_stem()), text(path.file_name()));
    let parent = path.parent().and_then(Path::file_name);
    let parent = parent.map(|name| format!("{}_", name.to_string_lossy())).unwrap_or_default();
    let members = place.open().ok().and_then(|(mut reader, _)| {
        let mut start = Vec::new();
        (&mut reader).take(Kind::START as u64).read_to_end(&mut start).ok()?;
        (Kind::of(&start) == Ok(Kind::Npz)).then(|| npz::members(reader).ok())?
    });
    let Some(members) = members else {
        let names = vec![
            format!("{within}{stem}"),
            format!("{within}{file}"),
            format!("{within}{parent}{file}"),
        ];
        sources.push(Source { place, member: None, name: names[0].clone(), names });
        return;
    };
    for (index, member) in members {
        let names = vec![
            format!("{within}{member}"),
            format!("{within}{stem}.{member}"),
            format!("{within}{parent}{stem}.{member}"),
        ];
        let (name, member) = (names[0].clone(), Some((index, member)));
        sources.push(Source { place: place.clone(), member, name, names });
    }
}

/// Gives sources whose names collide longer ones, until all names differ.
fn name(sources: &mut [Source]) -> Result<(), Failure> {
    let mut levels = vec![0; sources.len()];
    loop {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, source) in sources.iter().enumerate() {
            groups.entry(&source.names[levels[index]]).or_default().push(index);
        }
        let mut changed = false;
        for group in groups.values().filter(|group| group.len() > 1) {
            let mut stuck = true;
            for &index in group {
                if levels[index] + 1 < sources[index].names.len() {
                    levels[index] += 1;
                    stuck = false;
                }
            }
            if stuck {
                let (one, other) = (&sources[group[0]], &sources[group[1]]);
                return Err(Failure::Usage(format!(
                    "{one} and {other} would both be written as `{}`; name each file once, or \
                     expand them into different folders",
                    one.names[0]
                )));
            }
            changed = true;
        }
        if !changed {
            break;
        }
    }
    for (source, level) in sources.iter_mut().zip(levels) {
        source.name = source.names[level].clone();
    }
    Ok(())
}
