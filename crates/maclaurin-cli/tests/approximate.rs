//! `maclaurin approximate` as a user runs it.

use std::process::{Command, Output};

fn maclaurin(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_maclaurin"))
        .arg("approximate")
        .args(arguments)
        .output()
        .unwrap()
}

fn done(arguments: &[&str]) -> String {
    let output = maclaurin(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_polynomial_is_printed_with_its_error() {
    let text = done(&["sigmoid", "--degree", "7", "--on", "-8:8"]);
    for part in [
        "minimax polynomial of sigmoid on [-8, 8], degree 7\n",
        "\n  0.5 + 0.2205572",
        "error: at most 1.889",
        "has less than 1.889231e-2 (certified)",
        "degree  of powers of x           of Chebyshev polynomials\n     0  0.5",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = done(&["x/abs(x)", "--degree", "9", "--on", "-1:-0.1", "--on", "0.1:1"]);
    assert!(text.contains("on [-1, -0.1] and [0.1, 1], degree 9"), "{text}");
}

#[test]
fn a_negative_center_is_added() {
    let text = done(&["exp(x)", "--degree", "1", "--on", "-3:-1"]);
    assert!(text.contains("of powers of x + 2 ") && text.contains("*(x + 2)"), "{text}");
    let text = done(&["erlang_cdf(x, k, 1)", "--param", "k=2", "--degree", "3", "--on", "0:2"]);
    assert!(text.contains("with k=2 on [0, 2], degree 3"), "{text}");
}

#[test]
fn programs_read_json_and_code() {
    let json = done(&["silu", "--tolerance", "1e-3", "--on", "-8:8", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let (bound, best) = (json["error"]["bound"].as_f64().unwrap(), json["best"].as_f64().unwrap());
    assert!(best <= bound && bound <= 1e-3);
    assert_eq!(json["coefficients"].as_array().unwrap().len(), 19);
    assert!(json["basis"] == "powers" && json["exact"].is_null(), "{json}");
    let options = ["abs(x - 1/3)", "--degree", "60", "--on=-1:2", "--format", "json"];
    let json: serde_json::Value = serde_json::from_str(&done(&options)).unwrap();
    assert_eq!(json["basis"], "chebyshev");
    assert!(json["text"].as_str().unwrap().ends_with("*T60(u), u = (x - 0.5)/1.5"), "{json}");
    let options =
        ["exp(x)", "--degree", "2", "--on=-1:1", "--coefficients", "exact", "--format", "json"];
    let json: serde_json::Value = serde_json::from_str(&done(&options)).unwrap();
    let of_degree =
        |k: usize| json["exact"][k].as_str().unwrap().parse::<maclaurin::Rational>().unwrap();
    assert_eq!(of_degree(1).to_f64().value(), json["coefficients"][1].as_f64().unwrap());
    let options = ["sin(x)", "--degrees", "1,3,5", "--on", "0:pi/2", "--relative", "--format", "c"];
    let code = done(&options);
    assert!(code.contains("|f - p|/|f| <= 1.08") && code.contains("double polynomial(double x) {"));
    assert!(
        done(&["exp(x)", "--degree", "1", "--on", "0:1", "--format", "latex"]).contains("x - 0.5")
    );
}

#[test]
fn coefficients_are_numbers_of_a_format() {
    let options = ["gelu", "--degree", "4", "--on", "-3:3", "--coefficients"];
    let text = done(&[&options[..], &["8", "--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    for a in json["coefficients"].as_array().unwrap() {
        assert_eq!(a.as_f64().unwrap().to_bits() << 19, 0, "{a}");
    }
    assert_eq!(json["coefficients_are"], "8");
    for (format, of_what) in [
        (
            "exact",
            "certified for the exact coefficients, which --format json has; below are the nearest doubles",
        ),
        ("float32", "certified for the coefficients of powers below"),
    ] {
        let text = done(&[&options[..], &[format]].concat());
        assert!(text.contains(of_what), "{text}");
    }
    let options = ["sigmoid", "--degree", "40", "--on", "-10:10"];
    assert!(
        done(&options).contains("certified for the coefficients of Chebyshev polynomials below")
    );
}

#[test]
fn code_takes_a_type_and_a_scheme() {
    let exp = ["exp(x)", "--degree", "7", "--on", "-1:1"];
    let code =
        done(&[&exp[..], &["--format", "cuda", "--dtype", "f32", "--scheme", "estrin"]].concat());
    assert!(code.contains("__device__ __forceinline__ float polynomial(float x)"), "{code}");
    assert!(
        code.contains("multiplicative depth 3") && code.contains("for every float32 x"),
        "{code}"
    );
    for format in ["triton", "openfhe", "openfhe-python", "tenseal"] {
        assert!(done(&[&exp[..], &["--format", format]].concat()).contains("polynomial("));
    }
}

#[test]
fn bad_requests_are_refused() {
    for (arguments, code, message) in [
        (&["log(x)", "--degree", "3", "--on", "0:1"][..], 1, "near x = 0.0"),
        (&["exp(x)", "--on", "0:1"], 2, "--degree"),
        (&["exp(x)", "--degree", "3"], 2, "--on"),
        (&["exp(x)", "--degree", "3", "--tolerance", "1", "--on", "0:1"], 2, "does not go with"),
        (&["exp(x)", "--degree", "201", "--on", "0:1"], 2, "200"),
        (&["exp(x)", "--degree", "3", "--on", "0:2", "--on", "1:3"], 2, "overlap"),
        (&["exp(x)", "--degree", "3", "--on", "0:1", "--fixed", "9=1"], 2, "fixed: 9"),
        (&["exp(x)", "--degree", "3", "--on", "0:1", "--fixed", "one"], 2, "DEGREE=VALUE"),
        (&["exp(x)", "--degree", "3", "--on", "0:1", "--coefficients", "float8"], 2, "bfloat16"),
        (
            &["exp(x)", "--degree", "3", "--on", "0:1", "--dtype", "f32"],
            2,
            "--dtype is for source code",
        ),
        (
            &["sigmoid", "--degree", "40", "--on", "-10:10", "--format", "c", "--scheme", "horner"],
            2,
            "scheme: horner adds up powers",
        ),
        (
            &["exp(x)", "--degree", "3", "--on", "0:1", "--format", "tenseal", "--dtype", "f32"],
            2,
            "dtype: tenseal",
        ),
        (&["exp(x)", "--tolerance", "0", "--on", "0:1"], 2, "tolerance"),
        (&["expp(x)", "--degree", "3", "--on", "0:1"], 2, "exp"),
    ] {
        let output = maclaurin(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(message), "{arguments:?}: {errors}");
    }
}

#[test]
fn pieces_weights_and_points() {
    let options = ["gelu", "--degree", "2", "--on", "-4:4", "--pieces"];
    let text = done(&[&options[..], &["4", "--continuous"]].concat());
    for part in [
        "piecewise minimax polynomial of gelu on [-4, 4], 4 pieces of degree 2\n",
        "\nerror: at most ",
        "no 4 polynomials of this degree on pieces of the range have less than ",
        "neighbours differ by at most ",
        "from                      to  error         polynomial\n",
        "\n                  -4.0 ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = done(&[&options[..], &["auto", "--tolerance", "1e-3", "--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let count = json["pieces"].as_array().unwrap().len();
    assert!(json["error"]["bound"].as_f64().unwrap() <= 1e-3 && count > 2);
    assert_eq!(json["breakpoints"].as_array().unwrap().len(), count + 1);
    assert!(
        done(&[&options[..], &["2", "--format", "c"]].concat())
            .contains("double piecewise_polynomial(double x) {")
    );
    assert!(
        done(&[&options[..], &["2", "--format", "latex"]].concat()).starts_with(r"\begin{cases} ")
    );
    for (more, message) in [
        (&["--pieces", "auto"][..], "--pieces auto takes --degree and --tolerance"),
        (&["--pieces", "2", "--tolerance", "1"], "--pieces COUNT takes --degree"),
        (&["--pieces", "2", "--on", "5:6"], "--pieces takes one range"),
        (&["--pieces", "2", "--ulp", "f32"], "--ulp is for one polynomial"),
        (&["--pieces", "2", "-o", "a.svg"], "--output is for one polynomial"),
        (&["--tolerance", "1"], "--degree does not go with --tolerance"),
        (&["--degrees", "1,2"], "--degree does not go with --degrees"),
        (&["--pieces", "0"], "write auto, or a number from 1 to 1024"),
        (&["--continuous"], "--pieces"),
        (&["--weight", "1+x^2", "--relative"], "--relative"),
        (&["--weight", "x"], "weight: x is not proven to be positive"),
        (&["--through", "9"], "through: 9 at position 0 lies outside the range"),
    ] {
        let output = maclaurin(&[&["exp(x)", "--degree", "2", "--on", "-1:1"], more].concat());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(message), "{more:?}: {text}");
    }
    let text = done(&["cos(x)", "--degree", "4", "--on", "-2:2", "--weight", "exp(-x^2)"]);
    assert!(text.contains("error times exp(-x^2): at most "), "{text}");
    let options = ["exp(x)", "--degree", "3", "--on", "-1:1", "--through", "0", "--center", "0"];
    assert!(done(&options).contains("\n     0  1.0 "));
    let output = maclaurin(&["sign(x)", "--degree", "3", "--on", "-1:1"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("[-1.0, -0.02] and [0.02, 1.0]"));
}

#[test]
fn every_number_is_tried() {
    let options = ["2^x", "--degree", "3", "--on", "0:1", "--coefficients", "float16"];
    let text = done(&[&options[..], &["--ulp", "f16"]].concat());
    // The numbers of binary16 from 0 to 1.
    assert!(text.contains("\nat all 15361 float16 numbers of the range: at most "), "{text}");
    assert!(
        text.contains("not correctly rounded: ") && text.contains("up to (ulp)  numbers"),
        "{text}"
    );
    let json = done(&[&options[..], &["--ulp", "bfloat16", "--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let bins = json["ulp"]["histogram"].as_array().unwrap();
    let sum: u64 = bins.iter().map(|bin| bin[1].as_u64().unwrap()).sum();
    assert_eq!((json["ulp"]["count"].as_u64(), sum), (Some(0x3f81), 0x3f81));
    assert_eq!(json["ulp"]["dtype"], "bfloat16");
    for (more, message) in [
        (&["--ulp", "f64"][..], "float64 has too many numbers to try each"),
        (&["--ulp", "f32", "--format", "c"], "--ulp is for --format text or json"),
    ] {
        let output = maclaurin(&[&options[..], more].concat());
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && errors.contains(message), "{errors}");
    }
}

#[test]
fn the_error_is_drawn_between_its_bounds() {
    let options = ["tanh", "--degree", "5", "--on", "-2:2", "-o", "-"];
    let picture = done(&options);
    assert!(picture.starts_with("<svg") && !picture.contains("degree  of powers"), "{picture}");
    let relative = done(&[
        "exp(x)",
        "--degree",
        "4",
        "--on",
        "-1:-0.5",
        "--on",
        "0.5:1",
        "--relative",
        "-o",
        "-",
    ]);
    assert!(relative.starts_with("<svg"));
    let folder = std::env::temp_dir().join(format!("maclaurin-approximate-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("error.png");
    let text = done(&["sin(x)", "--degree", "3", "--on", "0:1", "-o", path.to_str().unwrap()]);
    assert!(text.contains("error: at most") && path.exists());
    let again =
        maclaurin(&["sin(x)", "--degree", "3", "--on", "0:1", "-o", path.to_str().unwrap()]);
    assert!(!again.status.success());
    std::fs::remove_dir_all(&folder).unwrap();
}
