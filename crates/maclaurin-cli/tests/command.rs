//! The command as a user runs it, on real files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::{ImageBuffer, Luma};
use npyz::{NpyFile, WriterBuilder};
use tempfile::TempDir;

fn maclaurin(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_maclaurin")).args(arguments).output().unwrap()
}

/// Runs a command that is expected to work and returns what it printed.
fn done(arguments: &[&str]) -> String {
    let output = maclaurin(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn picture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/pictures").join(name);
    path.to_str().unwrap().into()
}

fn in_folder(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().into()
}

fn read(path: &str) -> (Vec<u64>, Vec<f32>) {
    let file = NpyFile::new(std::fs::File::open(path).unwrap()).unwrap();
    (file.shape().to_vec(), file.into_vec().unwrap())
}

/// The names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_photograph_becomes_its_terms() {
    let folder = TempDir::new().unwrap();
    let output = in_folder(&folder, "chelsea.npy");
    let chelsea = picture("chelsea.png");
    let printed =
        done(&["expand", &chelsea, "-f", "log(1 + exp(x))", "--order", "4", "-o", &output]);
    assert!(printed.contains("300 x 451 x 3 u8, values 0 to 0.90588"), "{printed}");
    assert!(printed.contains("terms of degree 1, 2, 4"), "{printed}");
    assert_eq!(names(folder.path()), ["chelsea.npy"]);
    let (shape, values) = read(&output);
    assert_eq!(shape, [300, 451, 3, 3]);
    let pixels = image::open(&chelsea).unwrap().into_rgb8().into_raw();
    for (pixel, terms) in pixels.iter().zip(values.chunks(3)) {
        let x = f64::from(*pixel) / 255.0;
        let expected = [x / 2.0, x * x / 8.0, -x.powi(4) / 192.0];
        for (term, expected) in terms.iter().zip(expected) {
            assert!(
                (f64::from(*term) - expected).abs() <= 6e-7 * expected.abs(),
                "{term} {expected}"
            );
        }
    }
}

#[test]
fn kinds_layouts_and_types_are_as_asked() {
    let folder = TempDir::new().unwrap();
    let output = in_folder(&folder, "out.npy");
    let moon = picture("moon.png");
    let run = |more: &[&str]| {
        let mut arguments =
            vec!["expand", &moon, "-f", "exp(x)", "--order", "3", "--force", "-o", &output];
        arguments.extend(more);
        done(&arguments)
    };
    run(&["--concatenate", "--axis", "0"]);
    assert_eq!(read(&output).0, [1536, 512]);
    run(&["--constant", "--axis", "0"]);
    assert_eq!(read(&output).0, [4, 512, 512]);
    run(&["--kind", "sum", "--weights", "1,1,1", "--quiet"]);
    let (shape, values) = read(&output);
    assert_eq!(shape, [512, 512]);
    let pixel = image::open(&moon).unwrap().into_luma8().into_raw()[0];
    let x = f64::from(pixel) / 255.0;
    let expected = 3.0 + 3.0 * x + 2.0 * x * x / 2.0 + x * x * x / 6.0;
    assert!((f64::from(values[0]) - expected).abs() < 1e-6);
    run(&[
        "--kind",
        "powers",
        "--degrees",
        "2",
        "--scale",
        "1",
        "--shift",
        "-1/2",
        "--dtype",
        "f64",
    ]);
    let file = NpyFile::new(std::fs::File::open(&output).unwrap()).unwrap();
    let values: Vec<f64> = file.into_vec().unwrap();
    assert_eq!(values[0], (f64::from(pixel) - 0.5).powi(2));
}

#[test]
fn sixteen_bits_are_read_as_0_to_1_too() {
    let folder = TempDir::new().unwrap();
    let input = in_folder(&folder, "deep.tiff");
    let deep =
        ImageBuffer::<Luma<u16>, _>::from_fn(5, 4, |x, y| Luma([(x * 9000 + y * 5000) as u16]));
    deep.save(&input).unwrap();
    let output = in_folder(&folder, "deep.npy");
    done(&["expand", &input, "-f", "exp(x)", "--order", "1", "-o", &output]);
    let (shape, values) = read(&output);
    assert_eq!(shape, [4, 5, 1]);
    for (value, pixel) in values.iter().zip(deep.as_raw()) {
        assert!((f64::from(*value) - f64::from(*pixel) / 65535.0).abs() < 1e-7);
    }
}

#[test]
fn arrays_of_every_order_and_byte_order_are_read() {
    let folder = TempDir::new().unwrap();
    let (input, output) = (in_folder(&folder, "in.npy"), in_folder(&folder, "out.npy"));
    for (descriptor, order) in
        [("<f8", npyz::Order::C), (">f8", npyz::Order::C), ("<f8", npyz::Order::Fortran)]
    {
        let dtype = npyz::DType::Plain(descriptor.parse().unwrap());
        let mut file = std::fs::File::create(&input).unwrap();
        let options = npyz::WriteOptions::new().dtype(dtype).shape(&[2, 3]).order(order);
        let mut writer = options.writer(&mut file).begin_nd().unwrap();
        let values = match order {
            npyz::Order::C => [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
            npyz::Order::Fortran => [0.0, 3.0, 1.0, 4.0, 2.0, 5.0],
        };
        writer.extend(values).unwrap();
        writer.finish().unwrap();
        done(&["expand", &input, "-f", "x + x^2", "--order", "2", "--force", "-o", &output]);
        let (shape, values) = read(&output);
        assert_eq!(shape, [2, 3, 2]);
        assert_eq!(values, [0.0, 0.0, 1.0, 1.0, 2.0, 4.0, 3.0, 9.0, 4.0, 16.0, 5.0, 25.0]);
    }
}

#[test]
fn a_basis_stands_for_a_function() {
    let folder = TempDir::new().unwrap();
    let (input, output) = (in_folder(&folder, "in.npy"), in_folder(&folder, "out.npy"));
    let dtype = npyz::DType::Plain("<f8".parse().unwrap());
    let mut file = std::fs::File::create(&input).unwrap();
    let options = npyz::WriteOptions::new().dtype(dtype).shape(&[3]).order(npyz::Order::C);
    let mut writer = options.writer(&mut file).begin_nd().unwrap();
    writer.extend([0.0, 0.5, 2.0]).unwrap();
    writer.finish().unwrap();
    let basis = ["expand", &input, "--basis", "legendre", "--degree", "3", "--on", "0:1"];
    let printed = done(&[&basis[..], &["--squash", "clip", "-o", &output]].concat());
    assert!(
        printed.contains("polynomials of degree 1, 2, 3 of legendre on 0:1, clipped: 3 values")
    );
    let (shape, values) = read(&output);
    assert_eq!(shape, [3, 3]);
    let expected = [-1.0f32, 1.0, -1.0, 0.0, -0.5, 0.0, 1.0, 1.0, 1.0];
    assert!(values.iter().zip(expected).all(|(value, exact)| (value - exact).abs() < 1e-6));
    let jacobi =
        ["expand", &input, "--basis", "jacobi", "--param", "alpha=1/2", "--param", "beta=0"];
    let json = done(&[&jacobi[..], &["--json", "--quiet", "--force", "-o", &output]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["basis"], &json["parameters"]["alpha"]), (&"jacobi".into(), &0.5.into()));
    assert_eq!((&json["degree"], &json["values"]), (&4.into(), &3.into()));
}

#[test]
fn a_folder_becomes_a_folder_or_an_archive() {
    let folder = TempDir::new().unwrap();
    let pictures = picture("");
    let output = in_folder(&folder, "expanded");
    let printed = done(&["expand", &pictures, "-f", "tanh", "--terms", "2", "-o", &output]);
    assert!(printed.contains("terms of degree 1, 3 of tanh"), "{printed}");
    assert_eq!(names(Path::new(&output)), ["chelsea.npy", "moon.npy", "rocket.npy"]);
    let archive = in_folder(&folder, "all.npz");
    done(&["expand", &pictures, "-f", "tanh", "--terms", "2", "-o", &archive, "--quiet"]);
    let mut archive = zip::ZipArchive::new(std::fs::File::open(archive).unwrap()).unwrap();
    let member = NpyFile::new(archive.by_name("rocket.npy").unwrap()).unwrap();
    assert_eq!(member.shape(), [427, 640, 3, 2]);
    let (_, values) = read(&format!("{output}/rocket.npy"));
    assert_eq!(member.into_vec::<f32>().unwrap(), values);
    let sheets = in_folder(&folder, "sheets");
    done(&["expand", &pictures, "-f", "tanh", "--terms", "2", "-o", &sheets, "--format", "png"]);
    assert_eq!(names(Path::new(&sheets)), ["chelsea.png", "moon.png", "rocket.png"]);
}

#[test]
fn a_contact_sheet_shows_every_degree_of_every_channel() {
    let folder = TempDir::new().unwrap();
    let output = in_folder(&folder, "sheet.png");
    done(&["expand", &picture("rocket.jpg"), "-f", "softplus", "--order", "4", "-o", &output]);
    let sheet = image::open(&output).unwrap().into_luma8();
    // A row for the picture and one for each of three degrees, a column for each channel: the
    // middle of each tile is not the white of the paper, nor are all tiles alike.
    let tile = (256, 171);
    let mut means = Vec::new();
    for row in 0..4 {
        for column in 0..3 {
            let (left, top) = (16 + column * 272, 64 + row * 227);
            let sum: u64 = (0..tile.0)
                .flat_map(|x| (0..tile.1).map(move |y| (x, y)))
                .map(|(x, y)| u64::from(sheet.get_pixel(left + x, top + y).0[0]))
                .sum();
            means.push(sum / u64::from(tile.0 * tile.1));
        }
    }
    assert!(means[..9].iter().all(|mean| (5..200).contains(mean)), "{means:?}");
    // Degree 4 has a negative coefficient: the dark sky is its largest value.
    assert!(means[9..].iter().all(|mean| *mean > 200), "{means:?}");
}

#[test]
fn a_plot_holds_the_function_and_each_order() {
    let folder = TempDir::new().unwrap();
    let output = in_folder(&folder, "softplus.svg");
    done(&["plot", "log(1 + exp(x))", "--orders", "1..4", "--on", "-5:5", "-o", &output]);
    let svg = std::fs::read_to_string(&output).unwrap();
    for text in ["the function", "order 1", "orders 2, 3", "order 4", "log(1 + exp(x))"] {
        assert!(svg.contains(text), "{text}");
    }
    let lines = |color: &str| svg.matches(&format!("stroke=\"{color}\"")).count();
    // A line in the plot and one in the legend for each: black, vermilion, blue, green.
    for color in ["#000000", "#D55E00", "#0072B2", "#009E73"] {
        assert!(lines(color) >= 2, "{color}");
    }
    let output = in_folder(&folder, "exp.png");
    done(&["plot", "exp(x)", "--orders", "1..3", "--on", "-pi:pi", "-o", &output]);
    let picture = image::open(&output).unwrap().into_rgb8();
    assert_eq!(picture.dimensions(), (960, 600));
    for color in [[0, 0, 0], [213, 94, 0], [0, 114, 178], [0, 158, 115]] {
        assert!(picture.pixels().filter(|pixel| pixel.0 == color).count() > 50, "{color:?}");
    }
}

#[test]
fn what_series_prints() {
    for (name, arguments) in [
        ("text", &["log(1 + exp(x))"][..]),
        ("text_about_1", &["gelu", "--at", "1", "--order", "2"]),
        ("laurent", &["cot(x)", "--laurent", "--order", "3"]),
        (
            "laurent_json",
            &["tan(x)", "--laurent", "--order", "1", "--at", "pi/2", "--format", "json"],
        ),
        ("laurent_latex", &["-1/(2*x^2*(1-x))", "--laurent", "--order", "1", "--format", "latex"]),
        ("latex", &["sin(x)", "--at", "pi/6", "--order", "3", "--format", "latex"]),
        ("json", &["sigmoid", "--terms", "2", "--format", "json"]),
        ("rust", &["softplus", "--format", "rust"]),
        ("c", &["exp(x)", "--at", "-1/2", "--order", "2", "--format", "c"]),
        (
            "python",
            &[
                "erlang_cdf(x, k, rate)",
                "--param",
                "k=3",
                "--param",
                "rate=2",
                "--format",
                "python",
            ],
        ),
    ] {
        let mut all = vec!["series"];
        all.extend(arguments);
        insta::assert_snapshot!(format!("series_{name}"), done(&all));
    }
}

/// Compiles and runs what `series --format` prints where the language is on the machine, and
/// compares its value at 0.3 with the polynomial's.
#[test]
fn printed_code_runs() {
    let folder = TempDir::new().unwrap();
    let expected = maclaurin::taylor("exp(sin(x))", 9, "1/2").unwrap().evaluate(0.3);
    let code = |format| {
        done(&["series", "exp(sin(x))", "--order", "9", "--at", "1/2", "--format", format])
    };
    let source = |name: &str, text: String| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let binary = |name: &str| folder.path().join(name);
    let check = |output: Output| {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let value: f64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
        assert!(
            (value - expected).abs() <= 4.0 * f64::EPSILON * expected.abs(),
            "{value} {expected}"
        );
    };
    let rust = source("code.rs", code("rust") + "fn main() { println!(\"{:?}\", taylor(0.3)); }");
    let compiled = Command::new("rustc").arg(&rust).arg("-o").arg(binary("rust")).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    check(Command::new(binary("rust")).output().unwrap());
    let c = "#include <stdio.h>\nint main(void) { printf(\"%.17g\", taylor(0.3)); return 0; }\n";
    let c = source("code.c", code("c") + c);
    let compiled = Command::new("cc").arg(&c).arg("-o").arg(binary("c")).output();
    if let Some(compiled) = installed("cc", compiled) {
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        check(Command::new(binary("c")).output().unwrap());
    }
    let python = source("code.py", code("python") + "print(repr(taylor(0.3)))\n");
    if let Some(output) = installed("python3", Command::new("python3").arg(&python).output()) {
        check(output);
    }
}

/// What a tool printed; None where it is not installed, which a machine of CI must not be without.
fn installed(tool: &str, output: std::io::Result<Output>) -> Option<Output> {
    if std::env::var_os("CI").is_some() {
        return Some(output.unwrap_or_else(|error| panic!("{tool} is needed: {error}")));
    }
    output.ok()
}

/// Every kind of error, its text and its exit code.
#[test]
fn what_errors_say() {
    let folder = TempDir::new().unwrap();
    let moon = picture("moon.png");
    let out = in_folder(&folder, "out.npy");
    let broken = in_folder(&folder, "broken.png");
    let text = in_folder(&folder, "notes.txt");
    let huge = in_folder(&folder, "huge.npy");
    let complex = in_folder(&folder, "complex.npy");
    std::fs::write(&broken, &std::fs::read(&moon).unwrap()[..2000]).unwrap();
    std::fs::write(&text, "not a picture").unwrap();
    let header = |descriptor: &str, shape: &str| {
        let header =
            format!("{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}");
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(format!("{header:<117}\n").bytes());
        bytes
    };
    std::fs::write(&huge, header("<f8", "(1000000000, 1000000000, 1000000000)")).unwrap();
    std::fs::write(&complex, header("<c8", "(0,)")).unwrap();
    let endless = in_folder(&folder, "endless.npy");
    std::fs::write(&endless, b"\x93NUMPY\x02\x00\xff\xff\xff\xff{").unwrap();
    let long = "x + ".repeat(20_000) + "x";
    let deep = "(".repeat(300) + "x" + &")".repeat(300);
    let far = format!("{}sofplus(x){}", "x + ".repeat(40), " + x".repeat(40));
    let cases: Vec<(&str, Vec<&str>)> = vec![
        ("unknown_function", vec!["series", "1 + sofplus(x)"]),
        ("unknown_function_in_a_long_text", vec!["series", &far]),
        ("unknown_name", vec!["series", "2*rate*x"]),
        ("product_without_an_operator", vec!["series", "x 2"]),
        ("two_operators", vec!["series", "x + *2"]),
        ("open_parenthesis", vec!["series", "log(1 + x"]),
        ("closed_parenthesis", vec!["series", "x + 1)"]),
        ("strange_character", vec!["series", "x \u{2013} 1"]),
        ("equation", vec!["series", "y = x^2"]),
        ("empty", vec!["series", " "]),
        ("arity", vec!["series", "sin(x, 2)"]),
        ("uncalled_function", vec!["series", "exp + 1"]),
        ("variable_in_point", vec!["series", "exp(x)", "--at", "x/2"]),
        ("number_too_large", vec!["series", "1e99999*x"]),
        ("too_long", vec!["series", &long]),
        ("too_deep", vec!["series", &deep]),
        ("branch_point", vec!["series", "1 + log(x)"]),
        ("root_branch_point", vec!["series", "sqrt(x)"]),
        ("laurent_of_a_branch_point", vec!["series", "log(x)/x", "--laurent"]),
        ("laurent_as_code", vec!["series", "1/x", "--laurent", "--format", "c"]),
        ("pole", vec!["series", "exp(x) + 1/(x - 2)", "--at", "2"]),
        ("kink", vec!["series", "abs(x)"]),
        ("relu", vec!["series", "relu"]),
        ("essential_singularity", vec!["series", "exp(-1/x^2)"]),
        ("outside_domain", vec!["series", "1 + asin(2*x)", "--at", "2"]),
        ("undecided", vec!["series", "x/(tan(x) - sin(x)/cos(x))", "--at", "1"]),
        ("identically_zero_divisor", vec!["series", "x/(sin(x)^2 + cos(x)^2 - 1)"]),
        ("order_too_large", vec!["series", "exp(x)", "--order", "20000"]),
        ("too_few_terms", vec!["series", "x^3 + x", "--terms", "3"]),
        ("no_file", vec!["expand", "nowhere.png", "-f", "exp(x)", "-o", &out]),
        ("broken_picture", vec!["expand", &broken, "-f", "exp(x)", "-o", &out]),
        ("no_picture", vec!["expand", &text, "-f", "exp(x)", "-o", &out]),
        ("false_header", vec!["expand", &huge, "-f", "exp(x)", "-o", &out]),
        ("endless_header", vec!["expand", &endless, "-f", "exp(x)", "-o", &out]),
        ("complex_array", vec!["expand", &complex, "-f", "exp(x)", "-o", &out]),
        ("same_name_twice", vec!["expand", &moon, &moon, "-f", "exp(x)", "-o", "all.npz"]),
        ("several_into_one", vec!["expand", &moon, &text, "-f", "exp(x)", "-o", &out]),
        ("unknown_output", vec!["expand", &moon, "-f", "exp(x)", "-o", "out.gif"]),
        ("no_output_folder", vec!["expand", &moon, "-f", "exp(x)", "-o", "no/such/out.npy"]),
        (
            "degree_out_of_range",
            vec!["expand", &moon, "-f", "exp(x)", "--degrees", "9", "-o", &out],
        ),
        ("axis_out_of_bounds", vec!["expand", &moon, "-f", "exp(x)", "--axis", "7", "-o", &out]),
        ("no_degrees", vec!["expand", &moon, "-f", "3", "-o", &out]),
        (
            "weights_without_sum",
            vec!["expand", &moon, "-f", "exp(x)", "--weights", "1,2", "-o", &out],
        ),
        (
            "wrong_weights",
            vec!["expand", &moon, "-f", "exp(x)", "--kind", "sum", "--weights", "1,2", "-o", &out],
        ),
        ("nothing_to_plot", vec!["plot", "log(x)", "--at", "1", "--on", "-3:-1", "-o", "log.svg"]),
        ("no_order", vec!["bound", "softplus", "--on", "-5:5", "--tolerance", "1e-3", "--at", "0"]),
        ("unbounded", vec!["bound", "log(x)", "--at", "1", "--on", "0:1"]),
        ("two_lengths", vec!["bound", "x", "--on", "0:1", "--tolerance", "1", "--order", "3"]),
        ("empty_range", vec!["plot", "exp(x)", "--on", "3:1", "-o", "exp.svg"]),
        ("empty_orders", vec!["plot", "exp(x)", "--orders", "4..1", "-o", "exp.svg"]),
        ("unknown_plot_file", vec!["plot", "exp(x)", "-o", "exp.pdf"]),
    ];
    let before = names(folder.path());
    let pictures = picture("");
    let folder_name = folder.path().to_str().unwrap();
    for (name, arguments) in cases {
        let output = maclaurin(&arguments);
        assert!(output.stdout.is_empty(), "{name}");
        let message = String::from_utf8(output.stderr).unwrap();
        let message = message.replace(folder_name, "FOLDER").replace(&pictures, "PICTURES/");
        let code = output.status.code().unwrap();
        insta::assert_snapshot!(format!("error_{name}"), format!("{message}(exit code {code})"));
    }
    // None of them left a file, whole or half.
    assert_eq!(names(folder.path()), before);
}

#[test]
fn what_errors_in_expressions_and_bases_say() {
    for (name, arguments) in [
        ("ambiguous_product", vec!["series", "1/2x"]),
        ("ambiguous_exponent", vec!["series", "e^x sin(x)"]),
        ("power_of_a_name", vec!["series", "sin²(x)"]),
        ("variable_in_parameter", vec!["series", "k*x", "--param", "k=x"]),
        ("reserved_parameter", vec!["series", "x", "--param", "pi=3"]),
        ("unused_parameter", vec!["series", "x", "--param", "k=3"]),
        ("shape_not_integer", vec!["series", "erlang_cdf(x, 3/2, 1)"]),
        ("unknown_basis", vec!["expand", "x.npy", "--basis", "hermit", "-o", "y.npy"]),
        (
            "sum_of_a_basis",
            vec!["expand", "x.npy", "--basis", "hermite", "--kind", "sum", "-o", "y.npy"],
        ),
        (
            "basis_and_function",
            vec!["expand", "x.npy", "--basis", "hermite", "-f", "x", "-o", "y.npy"],
        ),
        ("rate_not_positive", vec!["series", "erlang_cdf(x, 3, -1)"]),
    ] {
        let output = maclaurin(&arguments);
        let message = String::from_utf8(output.stderr).unwrap();
        let code = output.status.code().unwrap();
        insta::assert_snapshot!(format!("error_{name}"), format!("{message}(exit code {code})"));
    }
}

#[test]
fn functions_are_listed_by_any_spelling() {
    let printed = |arguments: &[&str]| {
        let output = maclaurin(&[&["functions"], arguments].concat());
        String::from_utf8(output.stdout).unwrap()
    };
    insta::assert_snapshot!("functions_expit", printed(&["expit"]));
    assert_eq!(printed(&[]).lines().count(), 2 * maclaurin::Function::builtins().count());
    let listed: serde_json::Value = serde_json::from_str(&printed(&["--json", "relu6"])).unwrap();
    assert_eq!(listed[0]["formula"], "clip(x, 0, 6)");
    let refused = maclaurin(&["functions", "sofplus"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let folder = TempDir::new().unwrap();
    let inputs = folder.path().join("in");
    std::fs::create_dir(&inputs).unwrap();
    std::fs::copy(picture("moon.png"), inputs.join("moon.png")).unwrap();
    std::fs::write(inputs.join("bad.png"), "no picture").unwrap();
    let output = in_folder(&folder, "out");
    let run = maclaurin(&["expand", inputs.to_str().unwrap(), "-f", "exp(x)", "-o", &output]);
    assert_eq!(run.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&run.stderr).contains("1 of 2 files failed"));
    assert_eq!(names(Path::new(&output)), ["moon.npy"]);
}

#[test]
fn values_beyond_the_radius_are_warned_of_once() {
    let folder = TempDir::new().unwrap();
    let output = in_folder(&folder, "out");
    let (moon, chelsea) = (picture("moon.png"), picture("chelsea.png"));
    let run = |more: &[&str]| {
        let mut all = vec!["expand", &moon, &chelsea, "-f", "softplus", "--force", "-o", &output];
        all.extend(more);
        let run = maclaurin(&all);
        assert!(run.status.success());
        [run.stdout, run.stderr].map(|text| String::from_utf8(text).unwrap())
    };
    let [printed, errors] = run(&[]);
    assert!(printed.contains("off by at most 3.2"), "{printed}");
    assert!(printed.contains("radius of convergence pi = 3.14159..."), "{printed}");
    assert_eq!(errors, "");
    let [printed, errors] = run(&["--scale", "1/25"]);
    assert!(printed.contains("radius of convergence pi"), "{printed}");
    assert_eq!(errors.matches("warning:").count(), 1, "{errors}");
    assert!(errors.contains("the radius of convergence is pi = 3.14159..."), "{errors}");
    assert!(errors.contains("--scale 0.00924"), "{errors}");
    // Powers are of no function.
    let [printed, errors] = run(&["--scale", "1/25", "--kind", "powers"]);
    assert!(!printed.contains("radius") && errors.is_empty(), "{printed}{errors}");
    let [printed, _] = run(&["--quiet"]);
    assert_eq!(printed, "");
}

#[test]
fn bounds_are_printed_and_drawn() {
    let folder = TempDir::new().unwrap();
    for (name, arguments) in [
        ("order", vec!["log(1 + exp(x))", "--on", "-1:1", "--order", "4"]),
        ("tolerance", vec!["log(1 + exp(x))", "--on", "0:1", "--tolerance", "1e-6"]),
        ("beyond", vec!["1/(1 + x^2)", "--on", "0:2"]),
        ("polynomial", vec!["x^3 - x", "--on", "-1:1"]),
        ("rounded", vec!["exp(x)", "--on", "-40:0", "--order", "123", "--dtype", "f64"]),
        ("overflow", vec!["x^2", "--on", "0:1e20", "--order", "2", "--dtype", "f32"]),
    ] {
        let mut all = vec!["bound"];
        all.extend(arguments);
        insta::assert_snapshot!(format!("bound_{name}"), done(&all));
    }
    let svg = in_folder(&folder, "error.svg");
    done(&["bound", "exp(x)", "--on", "-1:1", "--order", "6", "-o", &svg]);
    let text = std::fs::read_to_string(&svg).unwrap();
    assert!(text.contains("certified bound") && text.contains("|f - T|"));
    let png = in_folder(&folder, "error.png");
    done(&["bound", "exp(x)", "--on", "-1:1", "-o", &png]);
    assert_eq!(image::open(&png).unwrap().to_rgb8().dimensions(), (960, 600));
}

#[test]
fn help_completions_and_the_manual_are_there() {
    assert!(done(&["--help"]).contains("Examples:"));
    for command in ["series", "expand", "plot", "bound"] {
        assert!(done(&[command, "--help"]).contains(&format!("maclaurin {command} ")));
    }
    assert!(done(&["completions", "bash"]).contains("complete -F _maclaurin"));
    let manual = done(&["man"]);
    for section in [".SH NAME", "COMMAND SERIES", "COMMAND EXPAND", "COMMAND PLOT", "COMMAND BOUND"]
    {
        assert!(manual.contains(section), "{section}");
    }
}

/// The words of a command line; double quotes group.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(character),
        }
    }
    words
}

#[test]
fn the_pages_show_what_the_command_prints() {
    let folder = TempDir::new().unwrap();
    std::fs::copy(picture("rocket.jpg"), folder.path().join("rocket.jpg")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pages = ["README.md", "docs/command.md", "docs/accuracy.md"]
        .map(|page| std::fs::read_to_string(root.join(page)).unwrap());
    let mut checked = 0;
    for block in pages.join("\n").split("```").skip(1).step_by(2) {
        for part in block.split("$ maclaurin ").skip(1) {
            let (line, expected) = part.split_once('\n').unwrap();
            let output = Command::new(env!("CARGO_BIN_EXE_maclaurin"))
                .args(words(line))
                .current_dir(folder.path())
                .output()
                .unwrap();
            let printed = [output.stdout, output.stderr].concat();
            let printed = String::from_utf8(printed).unwrap();
            if expected.trim().is_empty() {
                assert!(output.status.success(), "{line}: {printed}");
            } else {
                assert_eq!(printed.trim(), expected.trim(), "{line}");
            }
            checked += 1;
        }
    }
    assert!(checked >= 5);
}

/// The lines of the README up to where they depend on the machine.
#[test]
fn the_readme_shows_how_its_first_command_ends() {
    let folder = TempDir::new().unwrap();
    let pictures = folder.path().join("examples/pictures");
    std::fs::create_dir_all(&pictures).unwrap();
    std::fs::copy(picture("rocket.jpg"), pictures.join("rocket.jpg")).unwrap();
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let line =
        readme.lines().find_map(|line| line.strip_prefix("cargo run --release -- ")).unwrap();
    let shown = readme.split("```").find(|block| block.starts_with("\nexamples/")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_maclaurin"))
        .args(words(line))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.lines().count(), shown.trim().lines().count(), "{printed}");
    for (printed, shown) in printed.lines().zip(shown.trim().lines()) {
        let same = printed.starts_with(shown.trim_end_matches("..."));
        assert!(same, "{printed}\n{shown}");
    }
}

#[test]
fn the_guide_states_the_error_of_an_evaluation_as_the_command_does() {
    let json =
        done(&["bound", "exp(x)", "--on", "-40:0", "--order", "123", "--dtype", "f64", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let figure = |error: &str, name: &str| json[error][name].as_f64().unwrap();
    let sentence = format!(
        "off by at most {} on [-40, 0]; evaluated in `f64`, by at most {:.1}, and by at least {:.1} at {}",
        maclaurin::scientific(figure("error", "bound"), 1, true),
        (figure("rounded_error", "bound") * 10.0).ceil() / 10.0,
        (figure("rounded_error", "sampled") * 10.0).floor() / 10.0,
        figure("rounded_error", "at"),
    );
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/accuracy.md");
    let page = std::fs::read_to_string(page).unwrap().replace('\n', " ");
    assert!(page.contains(&sentence), "{sentence}");
}
