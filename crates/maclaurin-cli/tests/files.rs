//! What the command does to files, and how it ends: nothing is lost, nothing is left behind.
#![cfg(unix)]

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_maclaurin"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// Runs a command that is to be refused, and returns what it says.
fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{arguments:?} was done");
    String::from_utf8(output.stderr).unwrap()
}

fn done(arguments: &[&str]) -> Output {
    let output = run(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    output
}

/// A folder with an array of zeros in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.zeros("in.npy", 6);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().into()
    }

    /// An array of `f8` zeros.
    fn zeros(&self, name: &str, count: usize) {
        self.array(name, &vec![0.0; count]);
    }

    fn array(&self, name: &str, values: &[f64]) {
        let header =
            format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({},), }}", values.len());
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(format!("{header:<117}\n").bytes());
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        fs::write(self.path(name), bytes).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let names = self.0.path().read_dir().unwrap();
        let mut names: Vec<_> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn an_input_is_never_replaced_by_any_spelling_or_link() {
    let folder = Folder::new();
    let input = folder.text("in.npy");
    symlink(&input, folder.path("link.npy")).unwrap();
    fs::hard_link(&input, folder.path("hard.npy")).unwrap();
    fs::create_dir(folder.path("sub")).unwrap();
    symlink(folder.0.path(), folder.path("sub/back")).unwrap();
    let before = fs::read(&input).unwrap();
    for output in ["in.npy", "./in.npy", "link.npy", "hard.npy", "sub/../in.npy", "sub/back/in.npy"]
    {
        let output = folder.text(output);
        let message = refused(&["expand", &input, "-f", "exp(x)", "--force", "-o", &output]);
        assert!(message.contains("it is the file that is read"), "{output}: {message}");
    }
    // The folder that is read, by name and through a link: its in.npy would be replaced.
    let (whole, linked) = (folder.text(""), folder.text("sub/back"));
    for output in [&whole, &linked] {
        let message = refused(&["expand", &whole, "-f", "exp(x)", "--force", "-o", output]);
        assert!(
            message.contains("would both be written") || message.contains("is read"),
            "{message}"
        );
    }
    // Standard input is the file under any of its names.
    for output in ["in.npy", "link.npy", "hard.npy"] {
        let output = folder.text(output);
        let mut command = command(&["expand", "-", "-f", "exp(x)", "--force", "-o", &output]);
        let read = command.stdin(File::open(&input).unwrap()).output().unwrap();
        let message = String::from_utf8(read.stderr).unwrap();
        assert!(message.contains("it is the file that is read, standard input"), "{message}");
    }
    fs::remove_file(folder.path("link.npy")).unwrap();
    fs::remove_file(folder.path("hard.npy")).unwrap();
    let message = refused(&["expand", &whole, "-f", "exp(x)", "--force", "-o", &linked]);
    assert!(message.contains("it is the file that is read"), "{message}");
    assert_eq!(fs::read(&input).unwrap(), before);
}

#[test]
fn a_file_that_exists_is_replaced_by_force_alone() {
    let folder = Folder::new();
    let input = folder.text("in.npy");
    let svg = folder.text("plot.svg");
    let (array, archive, png) = (folder.text("a.npy"), folder.text("a.npz"), folder.text("e.png"));
    for (output, arguments) in [
        (&array, vec!["expand", &input, "-f", "exp(x)"]),
        (&archive, vec!["expand", &input, "-f", "exp(x)"]),
        (&svg, vec!["plot", "exp(x)"]),
        (&png, vec!["bound", "exp(x)", "--on", "0:1"]),
    ] {
        fs::write(output, "mine").unwrap();
        let mut all = arguments.clone();
        all.extend(["-o", output]);
        let message = refused(&all);
        assert!(message.contains("it exists; --force replaces it"), "{message}");
        assert_eq!(fs::read_to_string(output).unwrap(), "mine");
        all.push("--force");
        done(&all);
        assert_ne!(fs::read(output).unwrap(), b"mine");
    }
    let out = folder.text("out");
    done(&["expand", &input, "-f", "exp(x)", "-o", &out]);
    assert!(
        refused(&["expand", &input, "-f", "exp(x)", "-o", &out]).contains("out/in.npy: it exists")
    );
}

#[test]
fn links_permissions_and_modes_are_as_cp_has_them() {
    let folder = Folder::new();
    let input = folder.text("in.npy");
    fs::write(folder.path("real.npy"), "old").unwrap();
    fs::set_permissions(folder.path("real.npy"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink(folder.path("real.npy"), folder.path("link.npy")).unwrap();
    let link = folder.text("link.npy");
    done(&["expand", &input, "-f", "exp(x)", "--force", "-o", &link]);
    assert!(folder.path("link.npy").is_symlink());
    assert!(fs::read(folder.path("real.npy")).unwrap().starts_with(b"\x93NUMPY"));
    assert_eq!(fs::metadata(folder.path("real.npy")).unwrap().mode() & 0o777, 0o600);
    symlink(folder.path("nowhere.npy"), folder.path("dangling.npy")).unwrap();
    let message = refused(&["expand", &input, "-f", "exp(x)", "-o", &folder.text("dangling.npy")]);
    assert!(message.contains("a link to a file that is not there"), "{message}");
    // Root may write anything.
    let read_only = folder.path("read-only.npy");
    fs::write(&read_only, "kept").unwrap();
    fs::set_permissions(&read_only, fs::Permissions::from_mode(0o400)).unwrap();
    if fs::OpenOptions::new().write(true).open(&read_only).is_err() {
        let message = refused(&[
            "expand",
            &input,
            "-f",
            "exp(x)",
            "--force",
            "-o",
            read_only.to_str().unwrap(),
        ]);
        assert!(message.contains("Permission denied"), "{message}");
        assert_eq!(fs::read_to_string(&read_only).unwrap(), "kept");
    }
}

#[test]
fn a_folder_may_have_a_dot_in_its_name() {
    let folder = Folder::new();
    let input = folder.text("in.npy");
    done(&["expand", &input, "-f", "exp(x)", "-o", &folder.text("results.v2/")]);
    assert!(folder.path("results.v2/in.npy").is_file());
    fs::create_dir(folder.path("made.npy")).unwrap();
    done(&["expand", &input, "-f", "exp(x)", "-o", &folder.text("made.npy")]);
    assert!(folder.path("made.npy/in.npy").is_file());
    let message = refused(&["expand", &input, "-f", "exp(x)", "-o", &folder.text("results.v3")]);
    assert!(message.contains("ends in /"), "{message}");
}

/// What is refused, or cannot be read, makes no folder.
#[test]
fn a_new_folder_is_made_with_its_first_file() {
    let folder = Folder::new();
    let (input, missing) = (folder.text("in.npy"), folder.text("missing.npy"));
    let expand =
        |input: &str, output: &str| refused(&["expand", input, "-f", "exp(x)", "-o", output]);
    for new in ["new/", "new", "new/within/", "new/within"] {
        let message = expand(&missing, &folder.text(new));
        assert!(message.contains("there is no such file"), "{message}");
        assert_eq!(folder.names(), ["in.npy"], "{new}");
    }
    // A file where a folder would be.
    fs::write(folder.path("file"), "mine").unwrap();
    for (output, file) in [("file/", "file"), ("file/new/", "file"), ("in.npy/", "in.npy")] {
        let message = expand(&input, &folder.text(output));
        assert!(message.contains(&format!("{file} is not a folder")), "{output}: {message}");
    }
    symlink(folder.path("nowhere"), folder.path("link")).unwrap();
    let message = expand(&input, &folder.text("link/"));
    assert!(message.contains("link is not a folder"), "{message}");
    if let Err(error) = File::create("/proc/new") {
        let message = expand(&input, "/proc/new/");
        assert!(message.contains("cannot write /proc/new/: "), "{error}: {message}");
    }
    assert_eq!(folder.names(), ["file", "in.npy", "link"]);
    done(&["expand", &input, "-f", "exp(x)", "-o", &folder.text("new/within/")]);
    assert!(folder.path("new/within/in.npy").is_file());
}

#[test]
fn one_bad_file_does_not_lose_an_archive() {
    let folder = Folder::new();
    let (input, bad, archive) =
        (folder.text("in.npy"), folder.text("bad.npy"), folder.text("all.npz"));
    fs::write(&bad, b"\x93NUMPY no header").unwrap();
    let output = run(&["expand", &input, &bad, "-f", "exp(x)", "-o", &archive]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("bad.npy") && errors.contains("1 of 2 files failed"), "{errors}");
    let mut members = zip::ZipArchive::new(File::open(&archive).unwrap()).unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(members.by_index(0).unwrap().name().unwrap(), "in.npy");
    let other = folder.text("other.npy");
    fs::copy(&bad, &other).unwrap();
    let none = folder.text("none.npz");
    let message = refused(&["expand", &bad, &other, "-f", "exp(x)", "-o", &none]);
    assert!(message.contains("2 of 2 files failed"), "{message}");
    assert!(!folder.path("none.npz").exists());
}

#[test]
fn standard_output_takes_the_result() {
    let folder = Folder::new();
    let output = done(&["expand", &folder.text("in.npy"), "-f", "exp(x)", "-o", "-"]);
    assert!(output.stdout.starts_with(b"\x93NUMPY"));
    let svg = done(&["plot", "exp(x)", "-o", "-"]).stdout;
    assert!(svg.starts_with(b"<svg"));
    let device = run(&["expand", &folder.text("in.npy"), "-f", "exp(x)", "-o", "/dev/null"]);
    assert!(device.status.success());
    assert!(fs::metadata("/dev/null").unwrap().mode() & 0o170_000 == 0o020_000);
}

/// A command whose standard output is a pipe that nobody reads, or a full device.
#[test]
fn a_reader_that_leaves_is_no_failure_and_a_full_device_is() {
    let folder = Folder::new();
    for name in 0..40 {
        folder.zeros(&format!("array-{name}.npy"), 5);
    }
    for (index, arguments) in [
        vec!["expand", "IN", "-f", "exp(x)", "-o", "OUT"],
        vec!["plot", "exp(x)", "-o", "OUT.svg"],
        vec!["bound", "exp(x)", "--on", "0:1"],
        vec!["series", "exp(x)", "--order", "2000"],
    ]
    .iter()
    .enumerate()
    {
        for device in [None, Some("/dev/full")] {
            let output = folder.text(&format!("out{index}{}", device.is_some()));
            let input = folder.text("");
            let all: Vec<String> = arguments
                .iter()
                .map(|word| word.replace("OUT", &output).replace("IN", &input))
                .collect();
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            let mut command = command(&all);
            command.stderr(Stdio::piped());
            match device {
                Some(device) => command.stdout(File::options().write(true).open(device).unwrap()),
                None => command.stdout(Stdio::piped()),
            };
            let mut child = command.spawn().unwrap();
            drop(child.stdout.take());
            let mut errors = String::new();
            child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
            let status = child.wait().unwrap();
            assert!(!errors.contains("panicked"), "{errors}");
            if device.is_some() {
                assert_eq!(status.code(), Some(1), "{all:?}");
                assert!(errors.contains("standard output"), "{errors}");
            } else {
                assert!(status.success(), "{all:?}: {errors}");
                assert_eq!(errors, "");
            }
        }
    }
    assert_eq!(folder.path("out0false").read_dir().unwrap().count(), 41);
}

fn end(child: &mut Child, signal: &str) -> std::process::ExitStatus {
    Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    child.wait().unwrap()
}

/// Signals at many moments leave nothing behind, and end the program as they do by default.
#[test]
fn signals_leave_no_temporary_file() {
    use std::os::unix::process::ExitStatusExt;
    let folder = Folder::new();
    folder.zeros("large.npy", 2_000_000);
    let (input, output) = (folder.text("large.npy"), folder.text("large.npz"));
    let arguments = ["expand", &input, "-f", "exp(x)", "--order", "12", "--quiet", "-o", &output];
    let start = Instant::now();
    done(&arguments);
    let whole = start.elapsed();
    fs::remove_file(&output).unwrap();
    let mut interrupted = 0;
    for moment in 0..24u32 {
        let signal = ["-TERM", "-INT", "-HUP"][moment as usize % 3];
        let mut child = command(&arguments).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * (moment * 7 % 24) / 24);
        let status = end(&mut child, signal);
        let number = [15, 2, 1][moment as usize % 3];
        if status.signal() == Some(number) {
            interrupted += 1;
            assert!(!folder.path("large.npz").exists() || status.success());
        }
        let left: Vec<_> =
            folder.names().into_iter().filter(|name| name.starts_with(".maclaurin")).collect();
        assert!(left.is_empty(), "{signal} at {moment}: {left:?}");
        let _ = fs::remove_file(&output);
    }
    assert!(interrupted > 4, "{interrupted}");
}

/// One temporary file after the other: none is made after a signal.
#[test]
fn signals_amid_many_small_files_leave_no_temporary_file() {
    let folder = Folder::new();
    fs::create_dir(folder.path("many")).unwrap();
    for index in 0..200 {
        folder.zeros(&format!("many/{index}.npy"), 1);
    }
    let (input, output) = (folder.text("many"), folder.text("out"));
    let arguments = ["expand", &input, "-f", "exp(x)", "--quiet", "-o", &output];
    let start = Instant::now();
    done(&arguments);
    let whole = start.elapsed();
    for moment in 0..24u32 {
        fs::remove_dir_all(&output).unwrap();
        fs::create_dir(&output).unwrap();
        let mut child = command(&arguments).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * moment / 24);
        end(&mut child, ["-TERM", "-INT", "-HUP"][moment as usize % 3]);
        let names = fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> =
            names.filter(|name| name.as_encoded_bytes().starts_with(b".maclaurin")).collect();
        assert!(left.is_empty(), "{moment}: {left:?}");
    }
}

#[test]
fn hanging_up_does_not_end_what_nohup_started() {
    let folder = Folder::new();
    folder.zeros("large.npy", 2_000_000);
    let (input, output) = (folder.text("large.npy"), folder.text("out.npy"));
    let mut child = Command::new("nohup")
        .arg(env!("CARGO_BIN_EXE_maclaurin"))
        .args(["expand", &input, "-f", "exp(x)", "--order", "12", "--quiet", "-o", &output])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Long enough for nohup to have begun; the work may be done by then.
    std::thread::sleep(Duration::from_millis(500));
    assert!(end(&mut child, "-HUP").success());
    assert!(folder.path("out.npy").is_file());
}

#[test]
fn options_without_meaning_are_refused_by_their_name() {
    let folder = Folder::new();
    let (input, output) = (folder.text("in.npy"), folder.text("out.npy"));
    for (more, expected) in [
        (vec!["--scale", "1e400"], "'--scale <SCALE>': it is beyond the doubles"),
        (vec!["--scale", "1/0"], "'--scale <SCALE>'"),
        (vec!["--shift", "nan"], "'--shift <SHIFT>'"),
        (vec!["--kind", "sum", "--weights", "nan,1"], "'--weights <WEIGHTS>'"),
        (vec!["--kind", "sum", "--degrees", "1,2"], "--kind sum is the whole polynomial"),
        (vec!["--kind", "sum", "--constant"], "--kind sum is the whole polynomial"),
        (vec!["--kind", "sum", "--axis", "-1"], "there is no axis of the degrees"),
        (vec!["--kind", "sum", "--concatenate"], "there is no axis of the degrees"),
        (vec!["--degrees", "2,1,1"], "1 is asked for twice"),
        (vec!["--degrees", "3..1"], "the range 3..1 is empty"),
        (vec!["--order", "-1"], "'--order <ORDER>': write an integer of at least 0"),
        (vec!["--threads", "0"], "'--threads <THREADS>': write an integer of at least 1"),
    ] {
        let mut all = vec!["expand", &input, "-f", "exp(x)", "-o", &output];
        all.extend(more);
        let run = run(&all);
        let errors = String::from_utf8(run.stderr).unwrap();
        assert!(errors.contains(expected), "{all:?}: {errors}");
        assert_eq!(run.status.code(), Some(2), "{errors}");
    }
    for (more, output, expected) in [
        (vec!["--format", "png"], "out.npy", "--format says otherwise"),
        (
            vec!["--format", "png"],
            "out.npz",
            "--format says otherwise than the name of the archive",
        ),
        (vec!["--format", "npy"], "out.png", "--format says otherwise"),
        (vec!["--axis", "0"], "out.png", "are for arrays"),
        (vec!["--concatenate"], "out.png", "are for arrays"),
        (vec!["--dtype", "f64", "--format", "png"], "out/", "are for arrays"),
    ] {
        let output = folder.text(output);
        let message =
            refused(&[&["expand", &input, "-f", "exp(x)", "-o", &output][..], &more].concat());
        assert!(message.contains(expected), "{message}");
    }
    let message = refused(&["expand", "-", "-", "-f", "exp(x)", "-o", &output]);
    assert!(message.contains("standard input (-) is given twice"), "{message}");
    let message = refused(&["bound", "exp(x)", "--on", "0:1", "--tolerance", "-1/2"]);
    assert!(
        message.contains("'--tolerance <TOLERANCE>': -0.5 is not a positive number"),
        "{message}"
    );
    let message = refused(&["bound", "exp(x)", "--on", "0:1", "--tolerance", "0"]);
    assert!(message.contains("'--tolerance <TOLERANCE>': 0 is not a positive number"), "{message}");
    let message = refused(&["plot", "exp(x)", "-o", &folder.text("name")]);
    assert!(message.contains("name: --output is a .svg or .png file"), "{message}");
    let message = refused(&["expand", &input, "-f", "5", "--terms", "3", "-o", &output]);
    assert!(message.contains("no non-zero term of degree 1 and above"), "{message}");
    assert_eq!(folder.names(), ["in.npy"]);
}

#[test]
fn ranges_of_degrees_and_fractions_are_read() {
    let folder = Folder::new();
    let (input, output) = (folder.text("in.npy"), folder.text("out.npy"));
    let options = ["--degrees", "1..2,4", "--shift", "1/2", "--threads", "1000000"];
    let mut all = vec!["expand", &input, "-f", "exp(x)", "--dtype", "f64", "-o", &output];
    all.extend(options);
    let printed = String::from_utf8(done(&all).stdout).unwrap();
    assert!(printed.contains("degree 1, 2, 4"), "{printed}");
    let sum = ["--kind", "sum", "--weights", "1/2,1,1,1", "--force"];
    let mut all = vec!["expand", &input, "-f", "exp(x)", "--dtype", "f64", "-o", &output];
    all.extend(sum);
    done(&all);
}

#[test]
fn results_that_became_infinite_are_told_of() {
    let folder = Folder::new();
    folder.array("big.npy", &[1.0, 300.0, f64::INFINITY]);
    let (input, output) = (folder.text("big.npy"), folder.text("out.npy"));
    let arguments =
        ["expand", &input, "-f", "exp(x)", "--dtype", "f16", "--kind", "powers", "-o", &output];
    let errors = String::from_utf8(done(&arguments).stderr).unwrap();
    // 300^2 and up, of orders 2 to 4.
    assert!(errors.contains("warning: 3 results are infinite or NaN"), "{errors}");
    // In blocks too.
    let store = folder.text("out.zarr");
    let in_blocks = ["expand", &input, "-f", "exp(x)", "--dtype", "f16", "--kind", "powers"];
    for more in [&["-o", &store][..], &["--memory", "1GB", "--force", "-o", &output]] {
        let errors = String::from_utf8(done(&[&in_blocks[..], more].concat()).stderr).unwrap();
        assert!(errors.contains("warning: 3 results are infinite or NaN"), "{more:?} {errors}");
    }
    // The constant of an infinite value is finite, and hides none of them.
    let constant = [&arguments[..], &["--constant", "--force"]].concat();
    let errors = String::from_utf8(done(&constant).stderr).unwrap();
    assert!(errors.contains("warning: 3 results are infinite or NaN"), "{errors}");
    folder.array("one.npy", &[300.0]);
    let one = ["expand", &folder.text("one.npy"), "-f", "x^2", "--dtype", "f16", "-o"];
    let errors = done(&[&one[..], &[&folder.text("one-out.npy")]].concat()).stderr;
    let errors = String::from_utf8(errors).unwrap();
    assert!(errors.contains("1 result is infinite or NaN though its value is finite"), "{errors}");
    // An infinity does not hide what is outside the disc.
    let arguments = ["expand", &input, "-f", "log1p(x)", "--force", "-o", &output];
    let run = done(&arguments);
    let (printed, errors) =
        (String::from_utf8(run.stdout).unwrap(), String::from_utf8(run.stderr).unwrap());
    assert!(printed.contains("values 1 to 300 and 1 that are not finite"), "{printed}");
    assert!(errors.contains("warning: values between 1 and 300 reach"), "{errors}");
}

#[test]
fn summaries_for_programs() {
    let folder = Folder::new();
    let (input, bad) = (folder.text("in.npy"), folder.text("bad.npy"));
    fs::write(&bad, "nothing").unwrap();
    let output =
        run(&["expand", &input, &bad, "-f", "exp(x)", "--json", "-o", &folder.text("out")]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["files"][0]["output_shape"], serde_json::json!([6, 4]));
    assert_eq!(summary["failed"].as_array().unwrap().len(), 1);
    assert!(summary["error_bound"].as_f64().unwrap() >= 0.0);
    let bound = done(&["bound", "exp(x)", "--on", "0:1", "--json"]).stdout;
    let bound: serde_json::Value = serde_json::from_slice(&bound).unwrap();
    assert!(
        bound["error"]["bound"].as_f64().unwrap() >= bound["error"]["sampled"].as_f64().unwrap()
    );
    assert_eq!(bound["radius"]["lower"], serde_json::Value::Null);
}

/// --json is never dropped: not by --quiet, nor where standard output takes the result.
#[test]
fn what_json_asks_for_is_always_printed() {
    let folder = Folder::new();
    let input = folder.text("in.npy");
    let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
    let quiet = ["expand", &input, "-f", "exp(x)", "--json", "-q", "-o", &folder.text("a.npy")];
    assert_eq!(json(&done(&quiet).stdout)["values"], 6);
    let output = done(&["expand", &input, "-f", "exp(x)", "--json", "-o", "-"]);
    assert!(output.stdout.starts_with(b"\x93NUMPY"));
    assert_eq!(json(&output.stderr)["values"], 6);
    // The warning is in the JSON alone.
    let beyond =
        ["expand", &input, "-f", "log1p(x)", "--shift", "2", "--json", "-o", "-", "--quiet"];
    assert_eq!(json(&done(&beyond).stderr)["warnings"].as_array().unwrap().len(), 1);
    let bound = ["bound", "exp(x)", "--on", "0:1", "--json"];
    assert_eq!(json(&done(&[&bound[..], &["--quiet"]].concat()).stdout)["order"], 4);
    let output = done(&[&bound[..], &["-o", "-"]].concat());
    assert!(output.stdout.starts_with(b"<svg"));
    assert_eq!(json(&output.stderr)["order"], 4);
}

/// The error that is told of is that of what is written.
#[test]
fn the_error_is_that_of_the_highest_partial_sum_written() {
    let folder = Folder::new();
    folder.array("unit.npy", &[0.0, 1.0]);
    let (input, output) = (folder.text("unit.npy"), folder.text("out.npy"));
    let run = |more: &[&str]| {
        let all = ["expand", &input, "-f", "exp(x)", "--force", "-o", &output];
        String::from_utf8(done(&[&all[..], more].concat()).stdout).unwrap()
    };
    let e = std::f64::consts::E;
    for (degrees, order, error) in [
        ("2", 2, e - 2.5),
        ("1,2", 2, e - 2.5),
        ("3,1", 3, e - 2.5 - 1.0 / 6.0),
        ("2,4", 4, e - 2.5 - 1.0 / 6.0 - 1.0 / 24.0),
    ] {
        let sums = ["--kind", "partial_sums", "--degrees", degrees];
        let json = run(&[&sums[..], &["--json"]].concat());
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let bound = json["error_bound"].as_f64().unwrap();
        assert!(error <= bound && bound <= 1.01 * error, "{degrees}: {bound} {error}");
        assert_eq!(json["error_bound_order"], order);
        let printed = run(&sums);
        let name = if order == 4 {
            "the polynomial is off by".into()
        } else {
            format!("the partial sum of order {order} is off by at most")
        };
        assert!(printed.contains(&name), "{degrees}: {printed}");
    }
    let printed = run(&["--degrees", "1,2"]);
    let whole =
        "the whole polynomial of order 4, of which some terms are left out, is off by at most 9.94";
    assert!(printed.contains(whole), "{printed}");
    assert!(run(&["--constant"]).contains("the polynomial is off by at most 9.94"));
}

#[test]
fn small_values_sizes_and_types_are_told_in_units_that_fit() {
    let folder = Folder::new();
    folder.array("small.npy", &[1.25e-8, 3e-8]);
    folder.array("near.npy", &[1e6, 1_000_000.5]);
    let run = |name: &str| {
        let (input, output) = (folder.text(name), folder.text("out.npy"));
        let all = ["expand", &input, "-f", "exp(x)", "--order", "1", "--force", "-o", &output];
        String::from_utf8(done(&all).stdout).unwrap()
    };
    let printed = run("small.npy");
    for part in ["2 f64, values 1.25e-8 to 3e-8 ->", "(136 bytes)", ": 2 values expanded in "] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert!(!printed.contains("GB/s"), "{printed}");
    assert!(run("near.npy").contains("values 1000000 to 1000000.5 ->"));
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/files");
    for (name, stored) in
        [("little_i8.npy", "i64, read as f64"), ("little_b1.npy", "bool, read as u8")]
    {
        fs::copy(corpus.join(name), folder.path(name)).unwrap();
        let printed = run(name);
        assert!(printed.contains(&format!(" {stored}, values ")), "{printed}");
    }
}

#[test]
fn files_of_a_folder_that_are_not_read_are_counted() {
    let folder = Folder::new();
    fs::create_dir(folder.path("in")).unwrap();
    fs::copy(folder.path("in.npy"), folder.path("in/a.npy")).unwrap();
    let pam = "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\nA";
    fs::write(folder.path("in/b.pam"), pam).unwrap();
    fs::write(folder.path("in/notes.txt"), "a").unwrap();
    fs::write(folder.path("in/picture"), "b").unwrap();
    fs::write(folder.path("in/.hidden"), "c").unwrap();
    let all = ["expand", &folder.text("in"), "-f", "exp(x)", "-o", &folder.text("out")];
    let printed = String::from_utf8(done(&all).stdout).unwrap();
    assert!(printed.contains("\n2 files skipped: "), "{printed}");
    assert!(folder.path("out/b.npy").is_file());
    let json = done(&[&all[..], &["--force", "--json"]].concat()).stdout;
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&json).unwrap()["skipped"], 2);
}

/// Messages that the library spells as Python's arguments are spelled as options here.
#[test]
fn advice_is_spelled_as_options() {
    let message = refused(&["series", "log(x)"]);
    assert!(message.contains("\ntry --at 1, or log1p(x)"), "{message}");
    let message = refused(&["series", "2*y"]);
    assert!(message.contains(": give it as --param y=VALUE"), "{message}");
    let message =
        refused(&["bound", "softplus", "--on", "-5:5", "--tolerance", "1e-3", "--at", "0"]);
    assert!(message.contains("\nwith expand's --scale 0.") && message.contains(" and --shift "));
    assert!(refused(&["series", "x^3", "--terms", "2"]).contains("only 1 non-zero term of"));
}

#[test]
fn refusals_name_the_file_and_the_arrays() {
    let folder = Folder::new();
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/files");
    fs::copy(corpus.join("two.npz"), folder.path("z.npz")).unwrap();
    let archive = folder.text("z.npz");
    let message = refused(&["expand", &archive, "-f", "exp(x)", "-o", &folder.text("x.npy")]);
    assert!(message.contains("2 arrays (") && message.contains("z.npz: "), "{message}");
    let output = folder.text("x.tif");
    let message = refused(&["expand", &folder.text("in.npy"), "-f", "exp(x)", "-o", &output]);
    assert!(message.contains(&format!("cannot write {output}: ")), "{message}");
}

/// The sections that manuals have.
#[test]
fn manual_pages_have_examples_and_exit_status() {
    for arguments in [&["man"][..], &["man", "expand"]] {
        let page = String::from_utf8(done(arguments).stdout).unwrap();
        assert!(!page.contains("EXTRA") && page.contains("\n.SH EXAMPLES\n.nf\n  maclaurin "));
        assert!(page.contains("for the cyan, magenta, yellow and black of a JPEG"), "{page}");
        let status = "\n.fi\n.SH \"EXIT STATUS\"\n0 all written";
        assert!(page.contains(status), "{page}");
    }
}

#[test]
fn every_command_has_a_manual_page_and_help_names_the_functions() {
    let text = |arguments: &[&str]| String::from_utf8(done(arguments).stdout).unwrap();
    for name in ["series", "expand", "plot", "bound"] {
        let page = text(&["man", name]);
        assert!(page.contains(".SH NAME") && page.contains(name), "{page}");
        assert!(text(&[name, "--help"]).contains("[default: 0"), "{name}");
    }
    assert!(refused(&["man", "expnd"]).contains("there is no command `expnd`"));
    assert!(text(&["--help"]).contains("`maclaurin series --help` lists the built-in functions"));
    assert!(text(&["series", "--help"]).contains("gelu_tanh"));
    assert!(!text(&["series", "--help"]).contains("--tolerance"));
    assert!(text(&["bound", "--help"]).contains("with --tolerance"));
}

#[test]
fn errors_are_coloured_on_terminals_only() {
    let plain = run(&["series", "sofplus(x)"]);
    assert!(plain.stderr.starts_with(b"error: "), "{plain:?}");
    let mut forced = command(&["series", "sofplus(x)"]);
    let forced = forced.env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(forced.stderr.starts_with(b"\x1b["), "{forced:?}");
}

/// A file name does not command the terminal.
#[test]
fn control_characters_of_names_are_escaped() {
    let folder = Folder::new();
    fs::copy(folder.path("in.npy"), folder.path("a\u{1b}[31m.npy")).unwrap();
    fs::write(folder.path("b\u{7}.npy"), "damaged").unwrap();
    let output = run(&["expand", &folder.text(""), "-f", "exp(x)", "-o", &folder.text("out/")]);
    let (printed, errors) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(printed.contains(r"a\u{1b}[31m.npy") && !printed.contains('\u{1b}'), "{printed}");
    assert!(errors.contains(r"b\u{7}.npy") && !errors.contains('\u{7}'), "{errors}");
    assert!(folder.path("out/a\u{1b}[31m.npy").is_file());
}

/// Page 2 of the sheet of `a` is `a-2.png`, which the sheet of `a-2` is too.
#[test]
fn pages_of_a_contact_sheet_replace_no_other_sheet() {
    let folder = Folder::new();
    fs::create_dir(folder.path("in")).unwrap();
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 300), }";
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{header:<117}\n").bytes());
    bytes.extend(vec![0; 300 * 8]);
    fs::write(folder.path("in/a.npy"), &bytes).unwrap();
    let single = ["expand", &folder.text("in/a.npy"), "-f", "exp(x)", "--force", "-o"];
    // Nor is a page written before the others are known to be writable.
    fs::create_dir_all(folder.path("one/a-2.png")).unwrap();
    let message = refused(&[&single[..], &[&folder.text("one/a.png")]].concat());
    assert!(message.contains("a-2.png: it is a folder"), "{message}");
    assert!(!folder.path("one/a.png").exists());
    // Standard output takes one.
    let output = run(&[&single[..], &["-", "--format", "png"]].concat());
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(message.contains("pages, and standard output or a pipe takes one"), "{message}");
    assert!(output.stdout.is_empty() && !PathBuf::from("--2.png").exists());
    fs::write(folder.path("in/a-2.npy"), &bytes).unwrap();
    let (input, output) = (folder.text("in"), folder.text("out"));
    let arguments = ["expand", &input, "-f", "exp(x)", "--format", "png", "--force", "-o", &output];
    let message = refused(&arguments);
    assert!(message.contains("a-2.png: it is page 2 of"), "{message}");
}

/// Where no temporary file can be made, nothing is written, and that is said.
#[test]
#[cfg(target_os = "linux")]
fn an_output_that_cannot_be_made_is_an_error() {
    let folder = Folder::new();
    let input = folder.text("in.npy");
    for output in ["/proc/out.npz", "/proc/out.npy"] {
        let message = refused(&["expand", &input, "-f", "exp(x)", "-o", output]);
        assert!(message.contains(&format!("cannot write {output}")), "{message}");
        assert!(!message.contains(".maclaurin-"), "{message}");
    }
}
