//! The pictures that the command draws: their text, their sizes, their pages.

use std::path::Path;
use std::process::{Command, Output};

use image::{Rgb, RgbImage};
use npyz::WriterBuilder;
use tempfile::TempDir;

fn maclaurin(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_maclaurin"));
    command.current_dir(folder).args(arguments).output().unwrap()
}

fn done(folder: &Path, arguments: &[&str]) {
    let output = maclaurin(folder, &[arguments, &["--force"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
}

/// The texts of the SVG that a command draws.
fn texts(arguments: &[&str]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let all = [arguments, &["-o", "out.svg"]].concat();
    done(folder.path(), &all);
    let svg = std::fs::read_to_string(folder.path().join("out.svg")).unwrap();
    let text = |line: &str| Some(line.split_once('>')?.1.strip_suffix("</text>")?.to_owned());
    svg.lines().filter(|line| line.starts_with("<text")).filter_map(text).collect()
}

fn assert_texts(arguments: &[&str], expected: &[&str]) {
    let texts = texts(arguments);
    for text in expected {
        assert!(texts.iter().any(|t| t == text), "{arguments:?}: {text} is not in {texts:?}");
    }
}

#[test]
fn every_axis_has_labels_that_differ() {
    assert_texts(&["plot", "sin(x)"], &["0", "0.4", "-0.8", "x", "f(x)"]);
    assert_texts(
        &["plot", "sin(x)", "--on", "1e-12:2e-12"],
        &["1", "1.2", "2", "\u{d7}10\u{207b}\u{b9}\u{b2}"],
    );
    assert_texts(
        &["plot", "x^2", "--at", "1000000", "--orders", "0..2", "--on", "999999:1000001"],
        &["-0.5", "+ 1000000", "\u{d7}10\u{2076} + 10\u{b9}\u{b2}"],
    );
    assert_texts(&["plot", "1e200*x"], &["4", "\u{d7}10\u{b2}\u{2070}\u{2070}"]);
    assert_texts(
        &["bound", "exp(x)", "--on", "-1:1", "--order", "64"],
        &["10\u{207b}\u{2079}\u{2076}", "certified bound", "|f - T|"],
    );
    assert_texts(
        &["bound", "x^3 - x", "--on", "-1:1"],
        &["|f - T| = 0, certified: the polynomial is the function"],
    );
}

#[test]
fn the_legend_names_what_leaves_the_range_and_the_disc() {
    assert_texts(
        &["plot", "log(1 + exp(x))", "--orders", "1,2,4"],
        &[
            "order 1 (leaves the range)",
            "expansion point, x = 0",
            "disc of convergence, radius pi = 3.14159...",
        ],
    );
    assert_texts(
        &["plot", "exp(x)", "--orders", "1", "--y", "100:200"],
        &["order 1 (outside the range)"],
    );
}

#[test]
fn titles_of_any_length_fit() {
    let long = vec!["sin(x)"; 200].join(" + ");
    let texts = texts(&["plot", &long, "--orders", "1"]);
    let title = texts.iter().find(|text| text.contains('\u{2026}')).unwrap();
    assert!(title.starts_with("sin(x)") && title.ends_with("polynomials about 0"), "{title}");
    assert!(title.chars().count() < 150);
}

#[test]
fn pictures_have_the_size_asked_for() {
    let folder = TempDir::new().unwrap();
    for (size, expected) in [("320x240", (320, 240)), ("1920X1080", (1920, 1080))] {
        done(folder.path(), &["plot", "tan(x)", "--size", size, "-o", "out.png"]);
        assert_eq!(image::image_dimensions(folder.path().join("out.png")).unwrap(), expected);
        done(folder.path(), &["bound", "exp(x)", "--on", "-1:1", "--size", size, "-o", "out.png"]);
        assert_eq!(image::image_dimensions(folder.path().join("out.png")).unwrap(), expected);
    }
    for size in ["960", "0x0", "319x240", "320x239", "100000x100000", "960x-1", "axb"] {
        let output = maclaurin(folder.path(), &["plot", "x", "--size", size, "-o", "no.png"]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{size}");
        assert!(message.contains("from 320x240 to 8000x8000"), "{message}");
        assert!(!folder.path().join("no.png").exists());
    }
}

#[test]
fn sheets_of_any_shape_and_name_are_drawn() {
    let folder = TempDir::new().unwrap();
    for (name, width, height) in
        [("one", 1, 1), ("wide", 200, 3), ("tall", 3, 200), ("\u{5317}\u{4eac} \u{1f600}", 9, 9)]
    {
        let input = format!("{name}.png");
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 7]));
        picture.save(folder.path().join(&input)).unwrap();
        done(folder.path(), &["expand", &input, "-f", "exp(x)", "-o", "sheet.png"]);
        let size = image::image_dimensions(folder.path().join("sheet.png")).unwrap();
        assert!(size.0 >= 480 && size.1 >= 200, "{name} {size:?}");
    }
}

fn array(path: &Path, shape: &[u64], values: &[f32]) {
    let file = std::fs::File::create(path).unwrap();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape);
    let mut writer = options.writer(file).begin_nd().unwrap();
    writer.extend(values).unwrap();
    writer.finish().unwrap();
}

#[test]
fn what_is_not_finite_has_its_colour_and_key() {
    let folder = TempDir::new().unwrap();
    let values = [f32::NAN, 1.0, f32::INFINITY, f32::NEG_INFINITY];
    array(&folder.path().join("in.npy"), &[2, 2], &values);
    done(folder.path(), &["expand", "in.npy", "-f", "x", "--order", "1", "-o", "out.png"]);
    let sheet = image::open(folder.path().join("out.png")).unwrap().into_rgb8();
    for color in [[255, 0, 255], [255, 150, 0], [0, 150, 255]] {
        let count = sheet.pixels().filter(|pixel| pixel.0 == color).count();
        // A quarter of each of two tiles of 256 x 256, and a swatch of the key.
        assert!((2 * 128 * 128 + 50..2 * 128 * 128 + 200).contains(&count), "{color:?} {count}");
    }
}

#[test]
fn many_channels_are_on_several_pages() {
    let folder = TempDir::new().unwrap();
    array(&folder.path().join("in.npy"), &[4, 4, 30], &[0.5; 480]);
    done(folder.path(), &["expand", "in.npy", "-f", "exp(x)", "--order", "1", "-o", "s.png"]);
    for page in ["s.png", "s-2.png", "s-3.png"] {
        assert!(folder.path().join(page).exists(), "{page}");
    }
    assert!(!folder.path().join("s-4.png").exists());
    array(&folder.path().join("in.npy"), &[1, 1, 5000], &vec![0.5; 5000]);
    let output = maclaurin(folder.path(), &["expand", "in.npy", "-f", "exp(x)", "-o", "t.png"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(message.contains("at most 100 are drawn; choose fewer"), "{message}");
    assert!(!folder.path().join("t.png").exists());
}

/// Gray pages, height x width each, are no channels of something else.
#[test]
fn a_sheet_of_many_pages_asks_for_one() {
    let folder = TempDir::new().unwrap();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/files");
    for (name, pages) in [("pages.tif", 3), ("frames.gif", 3), ("frames.webp", 2)] {
        let input = corpus.join(name);
        let sheet = format!("{name}.png");
        let all = ["expand", input.to_str().unwrap(), "-f", "exp(x)", "-o", &sheet];
        let output = maclaurin(folder.path(), &all);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {message}");
        let expected = format!(
            "has {pages} pages, and a contact sheet shows one of them: choose it with --page, 1 to {pages}"
        );
        assert!(message.contains(&expected), "{message}");
        done(folder.path(), &[&all[..], &["--page", "2"]].concat());
    }
}

/// The error curve of a smooth function has no dents, which the ends of its enclosures have.
#[test]
fn the_error_curve_is_smooth() {
    let folder = TempDir::new().unwrap();
    let bound = ["bound", "log(1 + exp(x))", "--on", "-4:4", "--order", "8", "-o", "error.svg"];
    done(folder.path(), &bound);
    let svg = std::fs::read_to_string(folder.path().join("error.svg")).unwrap();
    let lines = svg.split("<polyline points=\"").map(|line| line.split('"').next().unwrap());
    // The curve right of the expansion point; the lines of the grid have two points.
    let line = lines.filter(|line| line.matches(' ').count() > 100).last().unwrap();
    let height = |point: &str| point.split_once(',').unwrap().1.parse::<f64>().unwrap();
    let heights: Vec<f64> = line.split_whitespace().map(height).collect();
    // In pixels, away from the expansion point, where the logarithm falls without end.
    for three in heights[60..heights.len() - 1].windows(3) {
        let bend = three[0] - 2.0 * three[1] + three[2];
        assert!(bend.abs() < 0.8, "{three:?}");
    }
}

/// A white tile on white paper has an edge, and nothing reaches the edge of the sheet.
#[test]
fn white_tiles_have_an_edge() {
    let folder = TempDir::new().unwrap();
    array(&folder.path().join("in.npy"), &[2, 2], &[1.0, 1.0, 1.0, 0.0]);
    done(folder.path(), &["expand", "in.npy", "-f", "x", "--order", "1", "-o", "out.png"]);
    let sheet = image::open(folder.path().join("out.png")).unwrap().into_rgb8();
    let edge = |pixel: &Rgb<u8>| pixel.0 == [176; 3];
    // Around two tiles of 256 x 256; the corners are rounded.
    assert_eq!(sheet.pixels().filter(|pixel| edge(pixel)).count(), 2 * 4 * 256);
    let (width, height) = sheet.dimensions();
    let border = |x: u32, y: u32| x == 0 || y == 0 || x + 1 == width || y + 1 == height;
    let outer = sheet.enumerate_pixels().filter(|(x, y, _)| border(*x, *y));
    assert!(outer.into_iter().all(|(_, _, pixel)| pixel.0 == [255; 3]));
}

/// An error of zero has no point on a logarithmic axis, nor has an unknown radius a disc.
#[test]
fn the_legend_names_only_what_is_drawn() {
    let folder = TempDir::new().unwrap();
    done(folder.path(), &["bound", "exp(x)", "--on", "-1:1", "-o", "out.svg"]);
    let svg = std::fs::read_to_string(folder.path().join("out.svg")).unwrap();
    assert!(svg.contains("expansion point, x = 0") && !svg.contains("<circle"));
    let unknown = "log(1+exp(x)) + atan(x) + sqrt(1+x^2) + exp(x)/(1+exp(x))";
    let texts = texts(&["plot", unknown]);
    assert!(!texts.iter().any(|text| text.contains("at least 0")), "{texts:?}");
}
