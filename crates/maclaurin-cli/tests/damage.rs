//! Damaged files of every kind: each is read or refused, and neither crashes the command nor hangs it.
//!
//! `READERS_MUTATIONS` and `READERS_SEED` make the test longer and other, `READERS_PROGRAM` names
//! another build of the program.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A generator of numbers (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014): the same cases on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// A file with bytes changed, removed or added.
    fn mutated(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        // Headers are where most is decided.
        let reach = if self.below(2) == 0 { bytes.len() } else { bytes.len().min(256) };
        for _ in 0..=self.below(4) {
            let at = self.below(reach);
            match self.below(8) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.next() as u8,
                2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
                3 => bytes.truncate(at + 1),
                4 => {
                    let more = self.below(64);
                    bytes.extend((0..more).map(|_| self.next() as u8));
                }
                5 => {
                    let end = (at + self.below(16)).min(bytes.len());
                    bytes.drain(at..end.max(at));
                }
                6 => {
                    let from = self.below(bytes.len());
                    let end = (from + self.below(32)).min(bytes.len());
                    let part = bytes[from..end].to_vec();
                    bytes.splice(at..at, part);
                }
                _ => {
                    let end = (at + 4).min(bytes.len());
                    let value = (self.next() as u32).to_le_bytes();
                    bytes[at..end].copy_from_slice(&value[..end - at]);
                }
            }
            if bytes.len() < reach {
                break;
            }
        }
        bytes
    }
}

#[test]
fn damaged_files_neither_crash_nor_hang() {
    let variable = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |value| value.parse().unwrap())
    };
    let (mutations, seed) = (variable("READERS_MUTATIONS", 600), variable("READERS_SEED", 14));
    let program = std::env::var("READERS_PROGRAM");
    let program = program.unwrap_or_else(|_| env!("CARGO_BIN_EXE_maclaurin").into());
    let mut random = SplitMix(seed);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/files");
    let mut files: Vec<_> = corpus.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let files: Vec<_> = files
        .iter()
        .map(|path| (path.extension().unwrap().to_str().unwrap(), std::fs::read(path).unwrap()))
        .collect();
    let (mut done, mut read, mut panics) = (0, 0, 0);
    while done < mutations {
        let folder = TempDir::new().unwrap();
        let inputs = folder.path().join("in");
        std::fs::create_dir(&inputs).unwrap();
        for index in 0..200.min(mutations - done) {
            let (ending, bytes) = &files[random.below(files.len())];
            let bytes = random.mutated(bytes);
            std::fs::write(inputs.join(format!("{index}.{ending}")), bytes).unwrap();
            done += 1;
        }
        let output = folder.path().join("out");
        let errors = folder.path().join("errors");
        let mut child = Command::new(&program)
            .arg("expand")
            .arg(&inputs)
            .args(["-f", "x", "--kind", "sum", "--threads", "1", "--quiet"])
            .args(["--max-pixels", "1000000", "--force", "-o"])
            .arg(&output)
            .stderr(std::fs::File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > Duration::from_mins(2) {
                child.kill().unwrap();
                panic!("seed {seed}, {done} mutations: hangs; see {:?}", folder.keep());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let errors = std::fs::read(&errors).unwrap();
        let errors = String::from_utf8_lossy(&errors);
        let ended = matches!(status.code(), Some(0 | 1)) && !errors.contains("panicked");
        assert!(
            ended,
            "seed {seed}, {done} mutations: {status}, {errors}; see {:?}",
            folder.keep()
        );
        panics += errors.matches("make the decoder fail").count();
        for line in errors.lines().filter(|line| line.contains("make the decoder fail")) {
            eprintln!("caught: {line}");
        }
        // Where nothing was read there is no folder.
        let written = output.read_dir().into_iter().flatten();
        for path in written.map(|entry| entry.unwrap().path()) {
            assert!(
                path.is_dir() || path.extension().is_some_and(|ending| ending == "npy"),
                "{path:?}"
            );
            read += 1;
        }
    }
    eprintln!("{done} mutations, {read} read nevertheless, {panics} panics caught");
}
