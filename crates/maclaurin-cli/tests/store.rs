//! Zarr stores: the values of `-o out.npy`, whatever happens to the command meanwhile.
//!
//! `STORE_KILLS=100` kills it at 100 moments instead of 4; `STORE_FULL=1`, as root, fills a file system.
#![cfg(all(unix, feature = "zarr"))]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use zarrs::array::{Array, ArrayBuilder, data_type};
use zarrs::filesystem::FilesystemStore;

const FUNCTION: [&str; 6] = ["-f", "log(1 + exp(x))", "--order", "4", "--scale", "1/255"];

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A Zarr array of bytes.
    fn zarr(&self, name: &str, shape: &[u64], chunk: &[u64]) -> Array<FilesystemStore> {
        let store = Arc::new(FilesystemStore::new(self.path(name)).unwrap());
        let builder = ArrayBuilder::new(shape.to_vec(), chunk.to_vec(), data_type::uint8(), 0_u8);
        let array = builder.build(store, "/").unwrap();
        array.store_metadata().unwrap();
        let values: Vec<u8> = (0..shape.iter().product()).map(|n| (n * 7 % 251) as u8).collect();
        array.store_array_subset(&array.subset_all(), &values).unwrap();
        array
    }

    fn command(&self, input: &str, output: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maclaurin"));
        command.arg("expand").arg(self.path(input)).arg("-o").arg(self.path(output));
        command.args(FUNCTION).args(more);
        command
    }

    fn run(&self, input: &str, output: &str, more: &[&str]) -> Output {
        self.command(input, output, more).output().unwrap()
    }

    fn done(&self, input: &str, output: &str, more: &[&str]) -> String {
        let result = self.run(input, output, more);
        assert!(result.status.success(), "{}", String::from_utf8_lossy(&result.stderr));
        String::from_utf8(result.stdout).unwrap()
    }

    /// What a command says that is refused.
    fn refused(&self, input: &str, output: &str, more: &[&str]) -> String {
        let result = self.run(input, output, more);
        assert!(!result.status.success(), "{}", String::from_utf8_lossy(&result.stdout));
        String::from_utf8(result.stderr).unwrap()
    }

    fn values(&self, name: &str) -> (Vec<u64>, Vec<f32>) {
        let store = Arc::new(FilesystemStore::new(self.path(name)).unwrap());
        let array = Array::open(store, "/").unwrap();
        let values = array.retrieve_array_subset::<Vec<f32>>(&array.subset_all()).unwrap();
        (array.shape().to_vec(), values)
    }

    /// The same expansion of the same bytes, by the way of .npy files.
    fn expected(&self, shape: &[u64], more: &[&str]) -> Vec<f32> {
        let mut bytes = header("|u1", shape);
        bytes.extend((0..shape.iter().product::<u64>()).map(|n| (n * 7 % 251) as u8));
        fs::write(self.path("same.npy"), bytes).unwrap();
        self.done("same.npy", "same-out.npy", &[&["--force"], more].concat());
        let bytes = fs::read(self.path("same-out.npy")).unwrap();
        let begin = 10 + usize::from(bytes[8]) + 256 * usize::from(bytes[9]);
        bytes[begin..].as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }
}

/// What a .npy file begins with.
fn header(kind: &str, shape: &[u64]) -> Vec<u8> {
    let mut extents = shape.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    extents.push_str(if shape.is_empty() { "" } else { "," });
    let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({extents}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.bytes());
    bytes
}

/// The directory of a TIFF of 8-bit pages, each `stride` bytes behind the one before; what lies between is not written.
fn tiff(path: &Path, sizes: &[(u32, u32)], stride: u32) -> fs::File {
    let mut file = fs::File::create(path).unwrap();
    let directory = 2 + 7 * 12 + 4;
    let first = 8 + sizes.len() as u32 * directory;
    file.write_all(b"II*\0\x08\0\0\0").unwrap();
    for (page, &(width, height)) in (0..).zip(sizes) {
        let (data, pixels) = (first + page * stride, width * height);
        let tags = [
            (256_u16, width),
            (257, height),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, data),
            (279, pixels),
        ];
        file.write_all(&7_u16.to_le_bytes()).unwrap();
        for (tag, value) in tags {
            let one = [&tag.to_le_bytes()[..], &[4, 0, 1, 0, 0, 0], &value.to_le_bytes()].concat();
            file.write_all(&one).unwrap();
        }
        let is_last = page as usize + 1 == sizes.len();
        let next = if is_last { 0 } else { 8 + (page + 1) * directory };
        file.write_all(&next.to_le_bytes()).unwrap();
    }
    file.set_len(u64::from(first + sizes.len() as u32 * stride)).unwrap();
    file
}

/// All files of a folder and their bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(within) = folders.pop() {
        for entry in fs::read_dir(within).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().into(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn values_are_those_of_an_array() {
    let folder = Folder::new();
    let shape = [20, 30, 3];
    folder.zarr("in.zarr", &shape, &[8, 16, 3]);
    fs::copy(
        {
            folder.expected(&shape, &[]);
            folder.path("same.npy")
        },
        folder.path("in.npy"),
    )
    .unwrap();
    let cases: [&[&str]; 5] = [
        &[],
        &["--axis", "0"],
        &["--concatenate"],
        &["--concatenate", "--axis", "1", "--constant"],
        &["--kind", "sum"],
    ];
    for case in cases {
        let expected = folder.expected(&shape, case);
        for input in ["in.zarr", "in.npy"] {
            for chunks in
                [&[][..], &["--chunks", "7,9,2"], &["--codec", "none"], &["--codec", "blosc"]]
            {
                let options = [case, chunks, &["--force"]].concat();
                folder.done(input, "out.zarr", &options);
                assert_eq!(folder.values("out.zarr").1, expected, "{input} {options:?}");
            }
        }
    }
    let text = folder.done("in.zarr", "out.zarr", &["--force"]);
    assert!(text.contains("off by at most 2.87561e-4 in exact arithmetic (certified)"), "{text}");
    assert!(!folder.path("out.zarr.part").exists());
    assert!(!folder.path("out.zarr/.incoming").exists());
}

#[test]
fn empty_arrays_and_single_values() {
    let folder = Folder::new();
    for (name, shape) in [("empty", vec![0, 3]), ("one", vec![])] {
        let mut bytes = header("|u1", &shape);
        bytes.extend(vec![1; shape.iter().product::<u64>() as usize]);
        fs::write(folder.path("in.npy"), bytes).unwrap();
        let output = format!("{name}.zarr");
        folder.done("in.npy", &output, &[]);
        assert_eq!(folder.values(&output).0, [&shape[..], &[3]].concat());
    }
}

#[test]
fn killed_at_any_moment_it_goes_on_to_the_same_bytes() {
    let kills: u32 = std::env::var("STORE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    let folder = Folder::new();
    folder.zarr("in.zarr", &[240, 240, 3], &[24, 24, 3]);
    let start = Instant::now();
    folder.done("in.zarr", "whole.zarr", &[]);
    let whole = start.elapsed();
    let expected = files(&folder.path("whole.zarr"));
    let mut unfinished = 0;
    for kill in 0..kills {
        let output = format!("out{kill}.zarr");
        // Moments spread over the time that it takes, a little past its end.
        let moment = whole.mul_f64(1.1 * (f64::from(kill) * 0.618_033_988_75 + 0.3).fract());
        let mut first = true;
        // Killed twice, and then left alone.
        for moment in [moment, moment / 2] {
            let resume: &[&str] = if first { &[] } else { &["--resume"] };
            let mut child =
                folder.command("in.zarr", &output, resume).stdout(Stdio::null()).spawn().unwrap();
            std::thread::sleep(moment);
            child.kill().unwrap();
            child.wait().unwrap();
            first =
                !folder.path(&format!("{output}.part")).exists() && !folder.path(&output).exists();
        }
        if !folder.path(&output).exists() {
            unfinished += 1;
            if !first {
                let message = folder.refused("in.zarr", &output, &[]);
                assert!(message.contains("--resume goes on with it"), "{message}");
            }
        }
        folder.done("in.zarr", &output, &["--resume"]);
        assert!(files(&folder.path(&output)) == expected, "killed after {moment:?}");
        assert!(!folder.path(&format!("{output}.part")).exists());
        fs::remove_dir_all(folder.path(&output)).unwrap();
    }
    println!("{kills} kills, {unfinished} of them before the end");
}

#[test]
fn what_exists_is_kept() {
    let folder = Folder::new();
    folder.zarr("in.zarr", &[8, 8], &[4, 4]);
    folder.done("in.zarr", "out.zarr", &[]);
    assert!(folder.refused("in.zarr", "out.zarr", &[]).contains("it exists; --force replaces it"));
    assert!(folder.done("in.zarr", "out.zarr", &["--resume"]).contains("finished already"));
    let other = folder.refused("in.zarr", "out.zarr", &["--resume", "--kind", "sum"]);
    assert!(other.contains("with other options"), "{other}");
    for output in ["in.zarr", "in.zarr/within.zarr"] {
        let message = folder.refused("in.zarr", output, &["--force"]);
        assert!(message.contains("it is read, or holds or lies in what is read"), "{message}");
    }
    fs::create_dir(folder.path("mine.zarr")).unwrap();
    fs::write(folder.path("mine.zarr/letter.txt"), "dear").unwrap();
    assert!(folder.refused("in.zarr", "mine.zarr", &["--force"]).contains("no Zarr array"));
    assert!(folder.path("mine.zarr/letter.txt").exists());
    assert!(folder.refused("in.zarr", "out.npy", &[]).contains("name --output NAME.zarr"));
    assert!(folder.refused("no.zarr", "new.zarr", &[]).contains("there is no Zarr array"));
    assert!(folder.refused("in.zarr", "no/new.zarr", &[]).contains("there is no folder"));
}

#[test]
fn an_unfinished_store_is_its_jobs_alone() {
    let folder = Folder::new();
    folder.zarr("in.zarr", &[8, 8], &[4, 4]);
    let chunk = fs::read(folder.path("in.zarr/c/1/1")).unwrap();
    fs::write(folder.path("in.zarr/c/1/1"), b"damaged").unwrap();
    let message = folder.refused("in.zarr", "out.zarr", &["--threads", "1"]);
    assert!(message.contains("in.zarr/c/1/1: its data are damaged"), "{message}");
    assert!(!folder.path("out.zarr").exists());
    fs::write(folder.path("in.zarr/c/1/1"), chunk).unwrap();
    let other = folder.refused("in.zarr", "out.zarr", &["--resume", "--kind", "sum"]);
    assert!(other.contains("begun with other options"), "{other}");
    let text = folder.done("in.zarr", "out.zarr", &["--resume"]);
    assert!(text.contains("3 of 4 blocks there before"), "{text}");
    // The values of those were not seen, and an error on the others' range says nothing of them.
    assert!(!text.contains("certified"), "{text}");
    assert_eq!(folder.values("out.zarr").1, folder.expected(&[8, 8], &[]));
}

#[test]
fn chunks_that_changed_since_are_expanded_anew() {
    let folder = Folder::new();
    folder.zarr("in.zarr", &[8, 8], &[4, 4]);
    let chunk = |name: &str| folder.path(&format!("in.zarr/c/{name}"));
    let last = fs::read(chunk("1/1")).unwrap();
    fs::write(chunk("1/1"), b"damaged").unwrap();
    folder.refused("in.zarr", "out.zarr", &["--threads", "1"]);
    std::thread::sleep(Duration::from_millis(50));
    fs::write(chunk("1/1"), last).unwrap();
    // Another one in its place, with the time that it had.
    let old = chunk("0/1").metadata().unwrap().modified().unwrap();
    fs::write(chunk("other"), fs::read(chunk("0/1")).unwrap()).unwrap();
    fs::File::open(chunk("other")).unwrap().set_modified(old).unwrap();
    fs::rename(chunk("other"), chunk("0/0")).unwrap();
    let text = folder.done("in.zarr", "out.zarr", &["--resume"]);
    assert!(text.contains("2 of 4 blocks there before"), "{text}");
    folder.done("in.zarr", "new.zarr", &[]);
    assert!(files(&folder.path("out.zarr")) == files(&folder.path("new.zarr")));
}

#[test]
fn a_file_becomes_another_block_by_block() {
    let folder = Folder::new();
    let shape = [7, 30, 4];
    folder.expected(&shape, &[]);
    fs::copy(folder.path("same.npy"), folder.path("in.npy")).unwrap();
    // The same values in Fortran order.
    let mut fortran = header("|u1", &shape);
    let at = fortran.windows(5).position(|part| part == b"False").unwrap();
    fortran.splice(at..at + 5, *b"True ");
    for k in 0..4_u64 {
        for j in 0..30 {
            fortran.extend((0..7).map(|i| (((i * 30 + j) * 4 + k) * 7 % 251) as u8));
        }
    }
    fs::write(folder.path("fortran.npy"), fortran).unwrap();
    let cases: [&[&str]; 7] = [
        &[],
        &["--axis", "0"],
        &["--axis", "1", "--constant"],
        &["--concatenate"],
        &["--concatenate", "--axis", "0"],
        &["--kind", "sum"],
        &["--dtype", "f16"],
    ];
    for case in cases {
        folder.done("in.npy", "whole.npy", &[case, &["--force"]].concat());
        let whole = fs::read(folder.path("whole.npy")).unwrap();
        for input in ["in.npy", "fortran.npy"] {
            for chunks in [&[][..], &["--chunks", "2,7,3"], &["--chunks", "1,30,4"]] {
                let options = [case, chunks, &["--force", "--memory", "1GB"]].concat();
                folder.done(input, "out.npy", &options);
                let same = fs::read(folder.path("out.npy")).unwrap() == whole;
                assert!(same, "{input} {options:?}");
            }
        }
    }
    let text = folder.done("in.npy", "out.npy", &["--force", "--memory", "1GB"]);
    assert!(text.contains("off by at most 2.87561e-4 in exact arithmetic (certified)"), "{text}");
    let again = folder.refused("in.npy", "out.npy", &["--memory", "1GB"]);
    assert!(again.contains("it exists; --force replaces it"), "{again}");
    let codec = folder.refused("in.npy", "new.npy", &["--memory", "1GB", "--codec", "zstd"]);
    assert!(codec.contains("--codec and --resume are for Zarr stores"), "{codec}");
    // A file that ends too early leaves nothing.
    let short = fs::File::options().write(true).open(folder.path("in.npy")).unwrap();
    short.set_len(500).unwrap();
    let message = folder.refused("in.npy", "new.npy", &["--memory", "1GB"]);
    assert!(message.contains("in.npy"), "{message}");
    assert!(!folder.path("new.npy").exists());
}

#[test]
fn pages_and_pictures_become_a_first_axis() {
    let folder = Folder::new();
    let mut file = tiff(&folder.path("in.tif"), &[(6, 4); 5], 24);
    let pixels: Vec<u8> = (0..120).map(|n| (n * 7 % 251) as u8).collect();
    file.write_all(&pixels).unwrap();
    let expected = (vec![5, 4, 6, 3], folder.expected(&[5, 4, 6], &[]));
    folder.done("in.tif", "out.zarr", &["--no-rotate"]);
    assert_eq!(folder.values("out.zarr"), expected);
    fs::create_dir(folder.path("pictures")).unwrap();
    for (page, pixels) in pixels.chunks(24).enumerate() {
        let picture = [b"P5 6 4 255\n", pixels].concat();
        fs::write(folder.path(&format!("pictures/{page}.pgm")), picture).unwrap();
    }
    folder.done("pictures", "pictures.zarr", &[]);
    assert_eq!(folder.values("pictures.zarr"), expected);
    // One page has no such axis.
    folder.done("in.tif", "one.zarr", &["--page", "5"]);
    assert_eq!(folder.values("one.zarr"), (vec![4, 6, 3], expected.1[4 * 72..].to_vec()));
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    let message = folder.refused("in.tif", "new.zarr", &[]);
    assert!(message.contains("in.tif: page 5: ") && message.contains("end too early"), "{message}");
    tiff(&folder.path("in.tif"), &[(6, 4), (6, 5)], 30);
    let message = folder.refused("in.tif", "other.zarr", &[]);
    assert!(message.contains("page 2 is [5, 6] u8, and the first is [4, 6] u8"), "{message}");
    assert!(!folder.path("new.zarr").exists() && !folder.path("other.zarr").exists());
}

#[test]
fn no_name_leads_out_of_a_store() {
    let folder = Folder::new();
    folder.zarr("secret.zarr", &[8, 8], &[8, 8]);
    let secret = folder.path("secret.zarr/c/0/0");
    fs::copy(&secret, folder.path("0")).unwrap();
    folder.zarr("in.zarr", &[8, 8], &[8, 8]);
    let path = folder.path("in.zarr/zarr.json");
    let metadata: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for encoding in [
        serde_json::json!({ "name": "default", "configuration": { "separator": "/../../" } }),
        serde_json::json!({ "name": "v2", "configuration": { "separator": "/../" } }),
        serde_json::json!({ "name": "zarrs.default_suffix",
            "configuration": { "separator": "/", "suffix": "/../../../../secret.zarr/c/0/0" } }),
        serde_json::json!({ "name": "default_suffix",
            "configuration": { "separator": "/", "suffix": "/../../../../secret.zarr/c/0/0" } }),
        serde_json::json!({ "name": "suffix", "configuration": { "suffix": "/../../../0",
            "base_encoding": { "name": "default" } } }),
    ] {
        let mut lie = metadata.clone();
        lie["chunk_key_encoding"] = encoding.clone();
        fs::write(&path, lie.to_string()).unwrap();
        fs::remove_file(folder.path("in.zarr/c/0/0")).ok();
        let message = folder.refused("in.zarr", "out.zarr", &["--force"]);
        assert!(message.contains("in.zarr"), "{encoding}: {message}");
        assert!(!folder.path("out.zarr").exists());
    }
}

/// `STORE_FULL=1`, as root: a file system of 300 kB, on which the store has no room.
#[test]
fn a_full_disk_is_said_and_can_be_gone_on_from() {
    if std::env::var_os("STORE_FULL").is_none() {
        return;
    }
    let folder = Folder::new();
    folder.zarr("in.zarr", &[256, 256], &[64, 256]);
    fs::create_dir(folder.path("small")).unwrap();
    let mount = |command: &str, more: &[&str]| {
        let status = Command::new(command).args(more).arg(folder.path("small")).status().unwrap();
        assert!(status.success());
    };
    mount("mount", &["-t", "tmpfs", "-o", "size=300k", "tmpfs"]);
    let message = folder.refused("in.zarr", "small/out.zarr", &["--codec", "none"]);
    let left = files(&folder.path("small"));
    fs::copy(folder.path("in.zarr/zarr.json"), folder.path("same.json")).unwrap();
    folder.expected(&[256, 256], &[]);
    let npy = folder.refused("same.npy", "small/out.npy", &["--memory", "1GB"]);
    let after = files(&folder.path("small"));
    mount("mount", &["-o", "remount,size=2m"]);
    folder.done("in.zarr", "small/out.zarr", &["--codec", "none", "--resume"]);
    let found = folder.values("small/out.zarr").1;
    mount("umount", &[]);
    assert!(message.contains("small/out.zarr") && message.contains("No space left"), "{message}");
    assert!(npy.contains("small/out.npy") && npy.contains("No space left"), "{npy}");
    // Chunks that are there are whole.
    let sizes: Vec<_> = left
        .iter()
        .filter(|file| file.0.starts_with("out.zarr.part/c"))
        .map(|file| file.1.len())
        .collect();
    assert!(sizes.iter().all(|&size| size == 64 * 256 * 4), "{sizes:?}");
    assert!(left == after);
    assert_eq!(found, folder.expected(&[256, 256], &[]));
}

#[test]
fn stores_that_lie_are_refused() {
    let folder = Folder::new();
    folder.zarr("in.zarr", &[8, 8], &[4, 4]);
    let metadata = fs::read_to_string(folder.path("in.zarr/zarr.json")).unwrap();
    let compact: String = metadata.split_whitespace().collect();
    let shape = "\"shape\":[8,8]";
    assert!(compact.contains(shape));
    let lies = [
        (
            shape,
            "\"shape\":[8000000000000000000,8000000000000000000]",
            "more than 100000000 chunks",
        ),
        (shape, "\"shape\":[8000000,8000000]", "more than 100000000 chunks"),
        ("\"chunk_shape\":[4,4]", "\"chunk_shape\":[8,4]", "damaged, or not of the shape"),
        ("\"chunk_shape\":[4,4]", "\"chunk_shape\":[2,4]", "damaged, or not of the shape"),
        ("\"chunk_shape\":[4,4]", "\"chunk_shape\":[4,0]", "metadata"),
        ("\"data_type\":\"uint8\"", "\"data_type\":\"complex64\"", "zarr"),
        ("\"data_type\":\"uint8\"", "\"data_type\":\"uint64\"", "damaged, or not of the shape"),
        ("\"node_type\":\"array\"", "\"node_type\":\"group\"", "metadata"),
        ("\"zarr_format\":3", "\"zarr_format\":9", "metadata"),
    ];
    for (truth, lie, expected) in lies {
        assert!(compact.contains(truth), "{truth} in {compact}");
        fs::write(folder.path("in.zarr/zarr.json"), compact.replace(truth, lie)).unwrap();
        let message = folder.refused("in.zarr", "out.zarr", &["--force"]);
        assert!(message.contains(expected) && message.contains("in.zarr"), "{lie}: {message}");
        assert!(!folder.path("out.zarr").exists());
    }
    // Chunks of which one alone is more than the memory.
    let huge = "\"chunk_shape\":[4000000000,4000000000]";
    let all = compact
        .replace("\"chunk_shape\":[4,4]", huge)
        .replace(shape, "\"shape\":[4000000000,4000000000]");
    fs::write(folder.path("in.zarr/zarr.json"), all).unwrap();
    let message = folder.refused("in.zarr", "out.zarr", &["--force"]);
    assert!(message.contains("choose smaller ones with --chunks"), "{message}");
}

/// Runs a command under a limit of the shell's `ulimit`, with the signal for files too large ignored.
fn limited(limit: &str, command: &Command) -> Output {
    let mut words = vec![command.get_program()];
    words.extend(command.get_args());
    Command::new("bash")
        .args(["-c", &format!("trap '' XFSZ; ulimit {limit}; exec \"$@\""), "limited"])
        .args(words)
        .output()
        .unwrap()
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let folder = Folder::new();
    folder.zarr("in.zarr", &[256, 256], &[128, 256]);
    // Files of at most 64 kB: as on a full disk, the write fails in the middle.
    let command = folder.command("in.zarr", "out.zarr", &["--codec", "none"]);
    let output = limited("-f 64", &command);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("out.zarr.part/c/"), "{message}");
    assert!(!folder.path("out.zarr").exists());
    // Nothing half-written has the name of a chunk.
    assert!(!files(&folder.path("out.zarr.part")).keys().any(|path| path.starts_with("c")));
    folder.done("in.zarr", "out.zarr", &["--codec", "none", "--resume"]);
    assert_eq!(folder.values("out.zarr").1, folder.expected(&[256, 256], &[]));
}

#[test]
fn memory_is_bounded() {
    let folder = Folder::new();
    // 512 MB of values and 768 MB of terms, in less address space than either, of which the program itself, with
    // what debuggers read, takes more than its data.
    let shape = [64, 1_000_000];
    let file = fs::File::create(folder.path("in.npy")).unwrap();
    let head = header("<f8", &shape);
    (&file).write_all(&head).unwrap();
    file.set_len(head.len() as u64 + 512_000_000).unwrap();
    let options = ["--memory", "100MB", "--chunks", "1,250000", "--threads", "2", "--quiet"];
    for (output, more) in [("out.zarr", &[][..]), ("out.npy", &["--kind", "sum", "--dtype", "f16"])]
    {
        let command = folder.command("in.npy", output, &[&options[..], more].concat());
        let output = limited("-v 450000", &command);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // A TIFF of 512 MB, whose pages are read one at a time.
    tiff(&folder.path("in.tif"), &[(1024, 1024); 16], 32 << 20);
    let command =
        folder.command("in.tif", "pages.zarr", &["--memory", "100MB", "--threads", "2", "--quiet"]);
    let output = limited("-v 450000", &command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn two_at_once_on_one_store_are_one_too_many() {
    let folder = Folder::new();
    folder.zarr("in.zarr", &[512, 512], &[16, 16]);
    let mut child = folder.command("in.zarr", "out.zarr", &["--quiet"]).spawn().unwrap();
    let begun = Instant::now();
    while !folder.path("out.zarr.part/zarr.json").exists()
        && begun.elapsed() < Duration::from_mins(1)
    {
        std::thread::sleep(Duration::from_millis(2));
    }
    let message = folder.run("in.zarr", "out.zarr", &["--resume"]);
    let message = String::from_utf8_lossy(&message.stderr).into_owned();
    // Unless the first was done in the meantime.
    let finished = folder.path("out.zarr").exists();
    assert!(finished || message.contains("another process is at work on it"), "{message}");
    assert!(child.wait().unwrap().success());
}
