//! NumPy's .npz format: a zip archive of .npy arrays, stored or deflated.

use std::io::{Read, Seek};
use std::path::{Component, Path};

use zip::ZipArchive;
use zip::result::ZipError;

use super::npy;
use super::problem::Problem;

/// How zip archives begin; the second is of one without members.
pub const MAGICS: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// The arrays of an archive: where each stands in it, and its name without `.npy`.
pub fn members(reader: impl Read + Seek) -> Result<Vec<(usize, String)>, Problem> {
    let archive = ZipArchive::new(reader).map_err(|error| problem(&error, ""))?;
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let name = archive.name_for_index(index).ok_or(Problem::Damaged(".npz"))?;
        let name = name.map_err(|error| problem(&error, ""))?;
        let Some(name) = name.strip_suffix(".npy") else { continue };
        let plain = |component| matches!(component, Component::Normal(_));
        if name.is_empty() || !Path::new(name).components().all(plain) || name.contains('\\') {
            return Err(Problem::MemberName(name.chars().take(60).collect()));
        }
        members.push((index, name.to_owned()));
    }
    if members.is_empty() { Err(Problem::NoMembers) } else { Ok(members) }
}

/// Reads the array that stands at `index`; its checksum is verified.
pub fn read(reader: impl Read + Seek, index: usize, name: &str) -> Result<npy::Stored, Problem> {
    let mut archive = ZipArchive::new(reader).map_err(|error| problem(&error, name))?;
    let mut member = archive.by_index(index).map_err(|error| problem(&error, name))?;
    let size = member.size();
    let array = npy::read(&mut member, size)?;
    npy::finish(&mut member)?;
    Ok(array)
}

/// The archive's library's errors in our words.
fn problem(error: &ZipError, name: &str) -> Problem {
    match error {
        ZipError::Io(error) => Problem::reading(error, ".npz"),
        ZipError::UnsupportedArchive(_) | ZipError::InvalidPassword => {
            Problem::MemberPacking(name.into())
        }
        _ => Problem::Damaged(".npz"),
    }
}
