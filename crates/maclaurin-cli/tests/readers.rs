//! Every kind of file against an independent reader, and against damage.
//!
//! `corpus/generate.py` makes the files, and `corpus/expected.json` of what NumPy, Pillow and
//! tifffile read from them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use npyz::NpyFile;
use serde_json::Value;
use tempfile::TempDir;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn file(name: &str) -> String {
    corpus().join("files").join(name).to_str().unwrap().into()
}

/// Expands by the function x, so that what comes out is what was read.
fn identity(inputs: &[&str], output: &str, more: &[&str]) -> Output {
    let function = ["-f", "x", "--kind", "sum", "--order", "1", "--dtype", "f64", "--scale", "1"];
    Command::new(env!("CARGO_BIN_EXE_maclaurin"))
        .arg("expand")
        .args(inputs)
        .args(function)
        .args(["--threads", "1", "--force", "-o", output])
        .args(more)
        .output()
        .unwrap()
}

/// What is read from a file: its shape and values, or the message.
fn read(input: &str, more: &[&str]) -> Result<(Vec<u64>, Vec<f64>), String> {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("out.npy");
    let run = identity(&[input], output.to_str().unwrap(), more);
    if run.status.code() == Some(0) {
        Ok(load(&output))
    } else {
        assert!(!output.exists());
        let message = String::from_utf8(run.stderr).unwrap();
        assert!(matches!(run.status.code(), Some(1 | 2)), "{input} {:?}: {message}", run.status);
        assert!(!message.contains("panicked"), "{input}: {message}");
        Err(message)
    }
}

fn load(path: &Path) -> (Vec<u64>, Vec<f64>) {
    let file = NpyFile::new(std::fs::File::open(path).unwrap()).unwrap();
    (file.shape().to_vec(), file.into_vec().unwrap())
}

/// The relative paths of all files in a folder.
fn tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in next.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_kind_of_file_is_read_as_independent_readers_do() {
    let expected = std::fs::read_to_string(corpus().join("expected.json")).unwrap();
    let expected: BTreeMap<String, Value> = serde_json::from_str(&expected).unwrap();
    assert!(expected.len() > 200);
    let mut wrong = Vec::new();
    for (name, expected) in &expected {
        let options: Vec<&str> =
            expected["options"].as_array().unwrap().iter().map(|o| o.as_str().unwrap()).collect();
        let (shape, values) = match read(&file(expected["file"].as_str().unwrap()), &options) {
            Ok(read) => read,
            Err(message) => {
                wrong.push(format!("{name}: {message}"));
                continue;
            }
        };
        let numbers = |key: &str| -> Vec<f64> {
            expected[key].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
        };
        let expected_shape: Vec<f64> = numbers("shape");
        let shape: Vec<f64> = shape.iter().map(|&n| n as f64).collect();
        let first = numbers("first");
        // Decoders of JPEG may differ by rounding; everything else is exact, and sums to the
        // last bits.
        // The library blends opaque frames of WebP with an error of 1.
        let blended = name == "frames.webp";
        let lossy = name.contains(".jpg") || name.starts_with("jpeg.tif") || blended;
        let tolerance = if blended {
            1.0
        } else if lossy {
            3.0
        } else {
            0.0
        };
        let off = values.iter().zip(&first).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let weighted = |f: fn(f64) -> f64| -> f64 {
            values.iter().enumerate().map(|(i, v)| f(*v) * (1 + i % 97) as f64).sum()
        };
        let sum_off = (weighted(|v| v) - expected["sum"].as_f64().unwrap()).abs();
        let sum_tolerance = weighted(f64::abs) * if lossy { 1e-2 } else { 1e-12 };
        let equal = off <= tolerance && sum_off <= sum_tolerance;
        if shape != expected_shape || !equal {
            wrong.push(format!(
                "{name}: shape {shape:?} for {expected_shape:?}, off by {off}, the sum by {sum_off}; \
                 {:?} for {:?}",
                &values[..values.len().min(8)],
                &first[..first.len().min(8)]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn truncated_files_are_refused() {
    let folder = TempDir::new().unwrap();
    let mut accepted = Vec::new();
    for entry in corpus().join("files").read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        let cut = folder.path().join(&name);
        // Text may end within a number, and a TIFF with tags that are not read.
        let last = match name.rsplit('.').next() {
            _ if name == "ascii.pgm" => 8,
            // The end is the thumbnail, which is not read.
            _ if name == "thumbnail.tif" => 300,
            Some("tif") => 32,
            _ => 1,
        };
        for length in [bytes.len() / 4, bytes.len() / 2, bytes.len() * 3 / 4, bytes.len() - last] {
            std::fs::write(&cut, &bytes[..length]).unwrap();
            match read(cut.to_str().unwrap(), &[]) {
                Ok(_) => accepted.push(format!("{name}: {length} of {} bytes", bytes.len())),
                Err(message) => {
                    assert!(message.starts_with("error: cannot read "), "{message}");
                    assert!(message.contains(&name), "{message}");
                }
            }
        }
    }
    assert!(accepted.is_empty(), "{}", accepted.join("\n"));
}

#[test]
fn a_jpeg_with_missing_scan_lines_is_refused() {
    let folder = TempDir::new().unwrap();
    let cut = folder.path().join("cut.jpg");
    let cut = cut.to_str().unwrap();
    for name in ["baseline.jpg", "progressive.jpg", "restart.jpg", "gray.jpg"] {
        let bytes = std::fs::read(file(name)).unwrap();
        let start = bytes.windows(2).position(|marker| marker == [0xff, 0xda]).unwrap() + 14;
        for length in (start..bytes.len() - 60).step_by(37) {
            std::fs::write(cut, &bytes[..length]).unwrap();
            assert!(read(cut, &[]).unwrap_err().contains("truncated"), "{name} {length}");
            // With an end marker where the data stop.
            let mut ended = bytes[..length].to_vec();
            ended.extend([0xff, 0xd9]);
            std::fs::write(cut, ended).unwrap();
            // A progressive picture may end after any of its scans.
            if name != "progressive.jpg" {
                match read(cut, &[]) {
                    Ok(_) => panic!("{name}: {length} bytes are read"),
                    Err(message) => assert!(message.contains("JPEG data"), "{message}"),
                }
            }
        }
    }
}

#[test]
fn wrong_checksums_are_refused() {
    let folder = TempDir::new().unwrap();
    // The Adler-32 is the end of the last IDAT, before its CRC and the 12 bytes of IEND; the CRC
    // is made right again.
    let mut bytes = std::fs::read(file("rgb.png")).unwrap();
    let crc_at = bytes.len() - 16;
    bytes[crc_at - 1] ^= 1;
    let idat = bytes.windows(4).position(|name| name == b"IDAT").unwrap();
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[idat..crc_at]);
    bytes[crc_at..crc_at + 4].copy_from_slice(&crc.sum().to_be_bytes());
    let png = folder.path().join("adler.png");
    std::fs::write(&png, &bytes).unwrap();
    assert!(read(png.to_str().unwrap(), &[]).unwrap_err().contains("PNG data are damaged"));
    // A value changed in a stored archive: its CRC-32 is wrong.
    let mut bytes = std::fs::read(file("stored.npz")).unwrap();
    let header = bytes.windows(6).position(|magic| magic == b"\x93NUMPY").unwrap();
    bytes[header + 128 + 9] ^= 1;
    let npz = folder.path().join("crc.npz");
    std::fs::write(&npz, &bytes).unwrap();
    assert!(read(npz.to_str().unwrap(), &[]).unwrap_err().contains(".npz data are damaged"));
}

/// A PNG of 20000 x 20000 pixels in few bytes.
fn huge() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 20_000, 20_000);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().unwrap();
    let mut rows = writer.stream_writer().unwrap();
    for _ in 0..20_000 {
        rows.write_all(&[0; 2500]).unwrap();
    }
    rows.finish().unwrap();
    drop(writer);
    bytes
}

#[test]
fn large_pictures_are_refused_before_they_are_decoded() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("huge.png");
    let path = path.to_str().unwrap();
    let bytes = huge();
    assert!(bytes.len() < 200_000, "{}", bytes.len());
    std::fs::write(path, bytes).unwrap();
    let start = Instant::now();
    let message = read(path, &[]).unwrap_err();
    assert!(message.contains("20000 x 20000 x 1 = 400000000 pixels"), "{message}");
    assert!(message.contains("--max-pixels 400000000"), "{message}");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(read(&file("rgb.png"), &["--max-pixels", "116"]).is_err());
    assert!(read(&file("rgb.png"), &["--max-pixels", "117"]).is_ok());
    for name in ["pages.tif", "frames.gif", "frames.webp"] {
        assert!(read(&file(name), &["--max-pixels", "118"]).unwrap_err().contains("pixels"));
        assert!(read(&file(name), &["--max-pixels", "118", "--page", "2"]).is_ok(), "{name}");
    }
}

/// Under a limit of memory the refusal is an error, not an abort.
#[cfg(target_os = "linux")]
#[test]
fn little_memory_is_an_error() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("huge.png");
    std::fs::write(&path, huge()).unwrap();
    let limited = "ulimit -v 300000; exec \"$0\" \"$@\"";
    let run = Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_maclaurin"), "expand"])
        .arg(&path)
        .args(["-f", "x", "--max-pixels", "1000000000", "--threads", "1", "--force", "-o"])
        .arg(folder.path().join("out.npy"))
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(1), "{message}");
    assert!(message.contains("bytes of memory"), "{message}");
}

#[test]
fn pages_are_chosen_and_refused_with_numbers() {
    let message = |name: &str, page: &str| read(&file(name), &["--page", page]).unwrap_err();
    assert!(message("pages.tif", "4").contains("it has 3 pages, so there is no page 4"));
    assert!(message("frames.gif", "9").contains("it has 3 pages, so there is no page 9"));
    assert!(message("rgb.png", "2").contains("it has 1 page, so there is no page 2"));
    assert!(message("rgb.png", "0").contains("--page"));
    assert!(read(&file("rgb.png"), &["--page", "1"]).is_ok());
    // Two pages of different sizes.
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("differ.tif");
    let mut encoder = tiff_pages(&[(2, 3), (4, 5)]);
    std::fs::write(&path, std::mem::take(&mut encoder)).unwrap();
    let message = read(path.to_str().unwrap(), &[]).unwrap_err();
    assert!(message.contains("page 1 is 3 x 2 u8, page 2 is 5 x 4 u8"), "{message}");
    assert!(message.contains("--page 2"), "{message}");
    assert_eq!(read(path.to_str().unwrap(), &["--page", "2"]).unwrap().0, [5, 4]);
}

/// A TIFF with a gray page for each width and height.
fn tiff_pages(sizes: &[(u16, u16)]) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    for (index, &(width, height)) in sizes.iter().enumerate() {
        let pixels = u32::from(width) * u32::from(height);
        let data = bytes.len() as u32 + 2 + 7 * 12 + 4;
        let end = data + pixels;
        let tags = [
            (256, u32::from(width)),
            (257, u32::from(height)),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, data),
            (279, pixels),
        ];
        bytes.extend(7_u16.to_le_bytes());
        for (tag, value) in tags {
            bytes.extend(u16::to_le_bytes(tag));
            bytes.extend(4_u16.to_le_bytes());
            bytes.extend(1_u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(if index + 1 < sizes.len() { end } else { 0 }.to_le_bytes());
        bytes.extend((0..pixels).map(|pixel| pixel as u8));
    }
    bytes
}

#[test]
fn a_chain_of_pages_without_end_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("endless.tif");
    let mut bytes = tiff_pages(&[(2, 2)]);
    let next = 8 + 2 + 7 * 12;
    bytes[next..next + 4].copy_from_slice(&8_u32.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    assert!(read(path.to_str().unwrap(), &[]).unwrap_err().contains("TIFF data are damaged"));
}

#[test]
fn nested_brackets_in_a_header_end_at_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("nested.npy");
    for open in ["[", "(", "{'descr': "] {
        let header = format!("{{'descr': {}", open.repeat(390));
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        std::fs::write(&path, bytes).unwrap();
        let start = Instant::now();
        assert!(read(path.to_str().unwrap(), &[]).unwrap_err().contains("structured records"));
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn archives_are_inputs_each_member_by_its_name() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("out");
    let out = output.to_str().unwrap();
    let run = identity(&[&file("two.npz")], out, &[]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(tree(&output), ["first.npy", "second.npy"]);
    assert_eq!(load(&output.join("second.npy")).1, [0.0, 1.0, 2.0, 3.0]);
    // Two archives with one name: the archives' names tell them apart.
    let both = folder.path().join("both");
    let inputs = [&file("stored.npz")[..], &file("deflated.npz")];
    assert!(identity(&inputs, both.to_str().unwrap(), &[]).status.success());
    assert_eq!(tree(&both), ["deflated.x.npy", "stored.x.npy"]);
    // A name that leads out of the folder.
    let escape = folder.path().join("escape.npz");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&escape).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("../x.npy", options).unwrap();
    archive.write_all(&std::fs::read(file("scalar.npy")).unwrap()).unwrap();
    archive.finish().unwrap();
    let message = read(escape.to_str().unwrap(), &[]).unwrap_err();
    assert!(message.contains("leads to another folder"), "{message}");
}

#[test]
fn standard_input_is_read_by_content() {
    let folder = TempDir::new().unwrap();
    for name in ["rgb.png", "little_f8.npy", "stored.npz", "pages.tif"] {
        let output = folder.path().join("out.npy");
        let mut child = Command::new(env!("CARGO_BIN_EXE_maclaurin"))
            .args(["expand", "-", "-f", "x", "--kind", "sum", "--order", "1", "--dtype", "f64"])
            .args(["--scale", "1", "--force", "-o", output.to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&std::fs::read(file(name)).unwrap()).unwrap();
        assert!(child.wait().unwrap().success(), "{name}");
        assert!(load(&output) == read(&file(name), &[]).unwrap(), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_are_read_by_content() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let from = std::fs::read(file("rgb.png")).unwrap();
    let to = pipe.clone();
    let writer = std::thread::spawn(move || std::fs::write(to, from).unwrap());
    assert_eq!(read(pipe.to_str().unwrap(), &[]), read(&file("rgb.png"), &[]));
    writer.join().unwrap();
    // A device without end is no picture, and not read to its end.
    assert!(read("/dev/zero", &[]).unwrap_err().contains("it is no picture"));
    assert!(read("/dev/null", &[]).unwrap_err().contains("it is empty"));
}

#[test]
fn folders_hidden_files_and_names() {
    let folder = TempDir::new().unwrap();
    let inputs = folder.path().join("in");
    for within in ["sub/deep", ".hidden"] {
        std::fs::create_dir_all(inputs.join(within)).unwrap();
    }
    for (name, from) in [
        ("a.png", "gray.png"),
        ("a.jpg", "gray.jpg"),
        ("b.gif", "still.gif"),
        (".c.png", "gray.png"),
        ("notes.txt", "gray.png"),
        ("sub/a.png", "gray.png"),
        ("sub/deep/two.npz", "two.npz"),
        (".hidden/d.png", "gray.png"),
    ] {
        std::fs::copy(file(from), inputs.join(name)).unwrap();
    }
    let inputs = inputs.to_str().unwrap();
    let output = folder.path().join("out");
    assert!(identity(&[inputs], output.to_str().unwrap(), &[]).status.success());
    assert_eq!(tree(&output), ["a.jpg.npy", "a.png.npy", "b.npy"]);
    let output = folder.path().join("all");
    assert!(identity(&[inputs], output.to_str().unwrap(), &["--recursive"]).status.success());
    let all = [
        "a.jpg.npy",
        "a.png.npy",
        "b.npy",
        "sub/a.npy",
        "sub/deep/first.npy",
        "sub/deep/second.npy",
    ];
    assert_eq!(tree(&output), all);
    // Files of one name in different folders.
    let sub = format!("{inputs}/sub/a.png");
    let output = folder.path().join("two");
    let both = [&format!("{inputs}/a.png")[..], &sub];
    assert!(identity(&both, output.to_str().unwrap(), &[]).status.success());
    assert_eq!(tree(&output), ["in_a.png.npy", "sub_a.png.npy"]);
}

#[test]
fn what_cannot_be_converted_says_so() {
    let message = read(&file("five.tif"), &["--channels", "rgb"]).unwrap_err();
    assert!(message.contains("five.tif: it has 5 channels"), "{message}");
    for (name, option) in
        [("little_f4.npy", ["--channels", "gray"]), ("stored.npz", ["--page", "1"])]
    {
        let message = read(&file(name), &option).unwrap_err();
        assert!(message.contains(&format!("{} is for pictures", option[0])), "{message}");
    }
}
