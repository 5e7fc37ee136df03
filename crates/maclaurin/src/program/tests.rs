//! Programs against exact rational arithmetic, and printed code against programs.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

use proptest::prelude::*;

use super::{Code, Language, Listing, Number, Program, Scheme, Step, clenshaw};
use crate::certify::Evaluation;
use crate::function::Function;
use crate::number::{Format, Rational, exactly};
use crate::{Approximation, Choice, taylor};

/// Those of every language.
const FORMATS: [Format; 2] = [Format::F32, Format::F64];

fn numbers(coefficients: &[Rational]) -> Vec<Number> {
    coefficients.iter().map(Number::rational).collect()
}

/// `sum_k coefficients[k] t^k`
fn powers(coefficients: &[Rational], t: &Rational) -> Rational {
    coefficients.iter().rev().fold(Rational::ZERO, |sum, c| sum * t + c)
}

/// `sum_k coefficients[k] T_k(u)`, the polynomials one after another.
fn chebyshev(coefficients: &[Rational], u: &Rational) -> Rational {
    let (mut own, mut next) = (Rational::ONE, u.clone());
    let mut sum = Rational::ZERO;
    for c in coefficients {
        sum += c * &own;
        let after = Rational::from(2) * u * &next - &own;
        (own, next) = (next, after);
    }
    sum
}

/// The program in fused operations of a format, wherever a compiler may contract them, with quotients as
/// products by the rounded reciprocal.
fn fused(program: &Program, x: f64, format: Format) -> f64 {
    let mut values: Vec<f64> = Vec::new();
    let product = |id: usize| match program.steps[id] {
        Step::Multiply(a, b) => Some((a, b)),
        _ => None,
    };
    let fuse = |a: f64, b: f64, c: f64| match format {
        Format::F64 | Format::F16 | Format::BF16 => a.mul_add(b, c),
        Format::F32 => f64::from((a as f32).mul_add(b as f32, c as f32)),
    };
    for step in &program.steps {
        let value = match *step {
            Step::Input => x,
            Step::Constant(index) => program.constants[index].value,
            Step::Add(a, b) => match (product(a), product(b)) {
                (Some((c, d)), _) => fuse(values[c], values[d], values[b]),
                (_, Some((c, d))) => fuse(values[c], values[d], values[a]),
                _ => values[a] + values[b],
            },
            Step::Subtract(a, b) => match product(a) {
                Some((c, d)) => fuse(values[c], values[d], -values[b]),
                None => values[a] - values[b],
            },
            Step::Multiply(a, b) => values[a] * values[b],
            Step::Divide(a, b) => values[a] * format.round(1.0 / values[b]),
        };
        values.push(format.round(value));
    }
    values[program.steps.len() - 1]
}

/// Every value that the bound is for: in the format, fused, and in wider ones rounded at the end.
fn values(program: &Program, x: f64, format: Format) -> Vec<f64> {
    let mut values = vec![program.evaluate(x, format), fused(program, x, format)];
    for wider in [Format::F32, Format::F64].into_iter().filter(|wider| wider.unit() < format.unit())
    {
        values.push(format.round(program.evaluate(x, wider)));
        values.push(format.round(fused(program, x, wider)));
    }
    values
}

/// Whether every value is as near the polynomial's as the bound says, at points of a range.
fn check(
    program: &Program,
    range: (f64, f64),
    at: f64,
    parts: &[f64],
    exact: &dyn Fn(&Rational) -> Rational,
) -> Result<(), TestCaseError> {
    let function = Function::parse("x").unwrap();
    for format in Format::ALL {
        let evaluation = Evaluation { function: Some(&function), program, format };
        let bound = evaluation.largest(range, at).0;
        if bound == f64::INFINITY {
            continue;
        }
        for part in parts {
            let x = format.round(range.0 + (range.1 - range.0) * part);
            if x < range.0 || x > range.1 {
                continue;
            }
            let truth = exact(&exactly(x));
            for y in values(program, x, format) {
                prop_assert!(y.is_finite());
                let off = exactly(y) - &truth;
                let off = if off < Rational::ZERO { -off } else { off };
                prop_assert!(off <= exactly(bound), "{y:e} at {x:?} in {format:?}: {bound:e}");
            }
        }
    }
    Ok(())
}

fn coefficient() -> impl Strategy<Value = Rational> {
    prop_oneof![
        1 => Just(Rational::ZERO),
        1 => Just(Rational::ONE),
        1 => (-8i32..8).prop_map(|n| Rational::from(n) / Rational::from(4)),
        4 => (-1_000_000i64..1_000_000, 1i64..1_000_000, -40isize..8)
            .prop_map(|(n, d, e)| Rational::from(n) / Rational::from(d) * exactly(2f64.powi(e as i32))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_rounding_is_above_its_bound(
        coefficients in prop::collection::vec(coefficient(), 1..24),
        center in prop_oneof![Just(0.0), Just(0.5), -4.0..4.0],
        low in -4.0..4.0f64,
        width in prop_oneof![Just(0.0), 1e-6..0.1, 0.1..4.0f64],
        parts in prop::collection::vec(0.0..=1.0f64, 6),
    ) {
        let at = exactly(center);
        for scheme in Scheme::ALL {
            let program = scheme.program(Number::exactly(center), &numbers(&coefficients));
            check(&program, (low, low + width), center, &parts, &|x| powers(&coefficients, &(x - &at)))?;
        }
    }

    #[test]
    fn no_rounding_of_clenshaw_is_above_its_bound(
        coefficients in prop::collection::vec(coefficient(), 1..60),
        decay in prop_oneof![Just(1.0), 0.3..1.0f64],
        center in prop_oneof![Just(0.0), -4.0..4.0],
        half_width in prop_oneof![Just(1.0), 0.01..8.0f64],
        reach in prop_oneof![Just(1.0), 0.0..1.0, 1.0..1.3f64],
        parts in prop::collection::vec(0.0..=1.0f64, 6),
    ) {
        let decay = exactly(decay);
        let coefficients: Vec<_> =
            coefficients.iter().enumerate().map(|(k, c)| c * exactly((0..k).fold(1.0, |p, _| p * crate::number::to_f64(&decay)))).collect();
        // A center and a half width that are no doubles.
        let third = Rational::ONE / Rational::from(3);
        let (at, half) = (exactly(center) * &third, exactly(half_width) * &third);
        let program = clenshaw(Number::rational(&at), Number::rational(&half), &numbers(&coefficients));
        let (middle, radius) = (center / 3.0, half_width / 3.0 * reach);
        let exact = |x: &Rational| chebyshev(&coefficients, &((x - &at) / &half));
        let mut parts = parts;
        parts.extend([0.0, 1.0]);
        check(&program, (middle - radius, middle + radius), middle, &parts, &exact)?;
    }
}

/// The sums in NumPy's order: `chebval`.
#[test]
fn numpys_order_of_clenshaw_is_within_the_bound() {
    let function = Function::parse("sigmoid").unwrap();
    let p = Approximation::new(&function, 60, &[(-12.0, 12.0)], &Choice::default()).unwrap();
    let program = p.program(None).unwrap();
    let sum = program.sum.as_ref().unwrap();
    let exact: Vec<_> = p.exact_chebyshev();
    let evaluation =
        Evaluation { function: Some(&function), program: &program, format: Format::F64 };
    let bound = evaluation.largest((-12.0, 12.0), 0.0).0;
    assert!(bound < 1e-13, "{bound:e}");
    for i in -300..=300 {
        let x = f64::from(i) * 0.04;
        let u = x / 12.0;
        let c: Vec<f64> = sum.coefficients.iter().map(|c| c.value).collect();
        let (mut c0, mut c1) = (c[c.len() - 2], c[c.len() - 1]);
        for own in c[..c.len() - 2].iter().rev() {
            (c0, c1) = (own - c1, c0 + c1 * (2.0 * u));
        }
        let truth = chebyshev(&exact, &(exactly(x) / exactly(12.0)));
        for y in [c0 + c1 * u, p.evaluate(x)] {
            let off = crate::number::to_f64(&(exactly(y) - &truth)).abs();
            assert!(off <= bound, "{x}: {off:e}, {bound:e}");
        }
        assert_eq!(p.evaluate(x).to_bits(), program.evaluate(x, Format::F64).to_bits());
    }
}

#[test]
fn operations_and_depths() {
    let dense: Vec<_> = (1..=32).map(|n| Rational::ONE / Rational::from(n + 1)).collect();
    let odd: Vec<_> = (0..16)
        .map(|n| if n % 2 == 1 { Rational::ONE / Rational::from(n + 2) } else { Rational::ZERO })
        .collect();
    let cost = |scheme: Scheme, coefficients: &[Rational]| {
        let cost = scheme.program(Number::exactly(0.0), &numbers(coefficients)).cost();
        (cost.multiplications, cost.additions, cost.products, cost.depth)
    };
    assert_eq!(cost(Scheme::Horner, &dense), (31, 31, 30, 30));
    assert_eq!(cost(Scheme::EvenOdd, &dense), (32, 31, 30, 16));
    assert_eq!(cost(Scheme::Estrin, &dense), (35, 31, 19, 5));
    assert_eq!(cost(Scheme::PatersonStockmeyer, &dense).2, 11);
    assert_eq!(cost(Scheme::PatersonStockmeyer, &dense).3, 5);
    assert_eq!(cost(Scheme::Horner, &odd), (15, 7, 14, 14));
    assert_eq!(cost(Scheme::EvenOdd, &odd), (9, 7, 8, 8));
    for scheme in Scheme::ALL {
        assert_eq!(cost(scheme, &[]), (0, 0, 0, 0));
        assert_eq!(cost(scheme, &[Rational::ZERO; 3]), (0, 0, 0, 0));
        assert_eq!(cost(scheme, &[Rational::ZERO, Rational::ONE]), (0, 0, 0, 0));
    }
}

/// A program with the name of its function.
fn programs(formats: &[Format]) -> Vec<(String, Program, Format)> {
    let mut programs = Vec::new();
    for (text, order, at) in [
        ("exp(x)", 12, "1/3"),
        ("sin(x)", 9, "0"),
        ("3", 2, "0"),
        ("exp(x)", 120, "0"),
        ("-x", 1, "0"),
    ] {
        let series = taylor(text, order, at).unwrap();
        for scheme in Scheme::ALL {
            programs.push(series.program(scheme));
        }
    }
    for (text, degree, on) in [("sigmoid", 40, (-10.0, 10.0)), ("exp(x)", 60, (-15.0, 14.0))] {
        let function = Function::parse(text).unwrap();
        let p = Approximation::new(&function, degree, &[on], &Choice::default()).unwrap();
        programs.push(p.program(None).unwrap());
    }
    let named = |(i, program): (usize, Program)| {
        let own =
            |&format: &Format| (format!("f{i}_{format:?}").to_lowercase(), program.clone(), format);
        formats.iter().map(own).collect::<Vec<_>>()
    };
    programs.into_iter().enumerate().flat_map(named).collect()
}

const PLACES: [f64; 6] = [0.0, 0.3, -1.7, 7.9, -9.99, 1e-30];

/// The functions as source code, and the bits of their values.
fn printed(language: Language, formats: &[Format]) -> (String, Vec<(String, Format)>, Vec<u64>) {
    let (mut text, mut names, mut bits) = (String::new(), Vec::new(), Vec::new());
    for (name, program, format) in programs(formats) {
        let listing = Listing {
            name: "polynomial",
            comment: vec!["*/ of x".into()],
            program: &program,
            format,
        };
        text += &listing.print(language).replace("polynomial", &name);
        for x in PLACES {
            let y = program.evaluate(format.round(x), format);
            bits.push(match format {
                Format::F32 => (y as f32).to_bits().into(),
                Format::F64 => y.to_bits(),
                Format::F16 => half::f16::from_f64(y).to_bits().into(),
                Format::BF16 => half::bf16::from_f64(y).to_bits().into(),
            });
        }
        names.push((name, format));
    }
    (text, names, bits)
}

/// The lines that a compiled program prints.
fn output(name: &str, source: &str, compiler: &[&str]) -> Vec<u64> {
    let folder =
        std::env::temp_dir().join(format!("maclaurin-program-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, source).unwrap();
    let binary: PathBuf = folder.join("run");
    let compiled = Command::new(compiler[0])
        .args(&compiler[1..])
        .arg(&path)
        .arg("-o")
        .arg(&binary)
        .output()
        .unwrap_or_else(|reason| panic!("{}: {reason}", compiler[0]));
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let run = Command::new(&binary).output().unwrap();
    assert!(run.status.success());
    std::fs::remove_dir_all(&folder).unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    text.lines().map(|line| u64::from_str_radix(line, 16).unwrap()).collect()
}

#[test]
fn rust_computes_what_the_program_does() {
    let (text, names, bits) = printed(Language::Rust, &FORMATS);
    let mut main = String::new();
    for (name, format) in names {
        let t = if format == Format::F32 { "f32" } else { "f64" };
        writeln!(
            main,
            "for x in {PLACES:?} {{ println!(\"{{:x}}\", {name}(x as {t}).to_bits()); }}"
        )
        .unwrap();
    }
    let source = format!("#![deny(warnings)]\n{text}\nfn main() {{\n{main}}}\n");
    assert_eq!(output("code.rs", &source, &["rustc", "-O"]), bits);
}

/// `main` in C and C++.
fn main_of(names: &[(String, Format)]) -> String {
    let places = PLACES.map(|x| format!("{x:?}")).join(", ");
    let mut main = format!("int main(void) {{\n    const double places[] = {{{places}}};\n");
    for (name, format) in names {
        let (t, bits, print) = match format {
            Format::F16 | Format::BF16 => ("_Float16", "uint16_t", "PRIx16"),
            Format::F32 => ("float", "uint32_t", "PRIx32"),
            Format::F64 => ("double", "uint64_t", "PRIx64"),
        };
        writeln!(
            main,
            "    for (int i = 0; i < {}; i++) {{ {t} y = {name}(({t})places[i]); {bits} b; memcpy(&b, &y, sizeof b); \
             printf(\"%\" {print} \"\\n\", b); }}",
            PLACES.len()
        )
        .unwrap();
    }
    main + "    return 0;\n}\n"
}

const HEADERS: &str =
    "#include <inttypes.h>\n#include <math.h>\n#include <stdio.h>\n#include <string.h>\n";
const STRICT: [&str; 5] = ["-Wall", "-Wextra", "-Werror", "-O2", "-ffp-contract=off"];

#[test]
fn c_computes_what_the_program_does() {
    let (text, names, bits) = printed(Language::C, &FORMATS);
    let source = format!("{HEADERS}{text}{}", main_of(&names));
    let compiler = [&["cc", "-std=c99", "-pedantic"][..], &STRICT].concat();
    assert_eq!(output("code.c", &source, &compiler), bits);
}

#[test]
fn c_computes_in_float16_what_the_program_does() {
    let (text, names, bits) = printed(Language::C, &[Format::F16]);
    let source = format!("{HEADERS}{text}{}", main_of(&names));
    // Each operation rounded; by default intermediate values may be wider.
    let compiler = [&["cc", "-std=gnu17", "-fexcess-precision=16"][..], &STRICT].concat();
    assert_eq!(output("half.c", &source, &compiler), bits);
}

/// CUDA as C++, with its keywords defined away; the kernel runs on one thread.
#[test]
fn cuda_computes_what_the_program_does() {
    let (text, names, bits) = printed(Language::Cuda, &FORMATS);
    let keywords = "#define __device__\n#define __global__ static\n#define __forceinline__ static inline\n\
                    #define __restrict__ __restrict\nstruct Index { unsigned x; };\n\
                    static const Index gridDim = {1}, blockDim = {1}, blockIdx = {0}, threadIdx = {0};\n";
    let mut main = main_of(&names);
    for (name, format) in &names {
        let t = if *format == Format::F32 { "float" } else { "double" };
        let check = format!(
            "    {{ {t} x[2] = {{1, 2}}, y[2]; {name}_kernel(x, y, 2); if (y[1] != {name}(x[1])) return 1; }}\n    return 0;\n}}\n"
        );
        main = main.replace("    return 0;\n}\n", &check);
    }
    let source = format!("{HEADERS}{keywords}{text}{main}");
    let compiler = [&["c++", "-std=c++17"][..], &STRICT].concat();
    assert_eq!(output("code.cpp", &source, &compiler), bits);
}

#[test]
fn lines_are_short_and_names_differ() {
    for language in Language::ALL.into_iter().filter(|language| !language.is_encrypted()) {
        for (_, program, format) in programs(&FORMATS) {
            let listing =
                Listing { name: "f", comment: vec!["g".into()], program: &program, format };
            let text = listing.print(language);
            let long = text.lines().map(str::len).max();
            assert!(long < Some(180), "{long:?}: {text}");
            let mut names: Vec<_> = text
                .lines()
                .filter_map(|line| line.trim().split_once(" = "))
                .map(|(name, _)| name)
                .collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert!(names.len() + 3 > count, "{text}");
        }
    }
}

#[test]
fn what_is_refused() {
    let sigmoid = Function::parse("sigmoid").unwrap();
    let high = Approximation::new(&sigmoid, 40, &[(-10.0, 10.0)], &Choice::default()).unwrap();
    let code = |language: Language, scheme, format| Code { language, format, scheme, on: None };
    let message = |code: Code| high.code(code).unwrap_err().to_string();
    assert!(
        message(code(Language::C, Some(Scheme::Horner), Format::F64))
            .starts_with("scheme: horner adds up powers")
    );
    assert!(message(Language::TenSeal.into()).starts_with("language: tenseal adds up powers"));
    assert!(
        message(code(Language::OpenFhe, Some(Scheme::Estrin), Format::F64))
            .contains("not by estrin")
    );
    assert!(message(code(Language::OpenFhe, None, Format::F32)).contains("not float32"));
    for (language, formats) in [
        (Language::Rust, "float32 or float64"),
        (Language::Cuda, "float32 or float64"),
        (Language::C, "float16 or float32 or float64"),
        (Language::NumPy, "float16 or float32 or float64"),
    ] {
        let text = message(code(language, None, Format::BF16));
        let expected = format!("dtype: {language} code computes in {formats}, not in bfloat16");
        assert_eq!(text, expected);
    }
    assert!(high.code(Language::OpenFhe).is_ok());
}
