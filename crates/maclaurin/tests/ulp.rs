//! Errors in ulp against C: the printed function, compiled, tried at every number against the C library's
//! `long double` functions.

use std::fmt::Write;
use std::process::Command;

use maclaurin::{
    Approximation, Choice, Code, Error, Format, Function, Language, Method, Scheme, UlpErrors,
    taylor,
};
use proptest::prelude::*;

/// What C finds: numbers, wrongly rounded ones, those too near a tie for `long double`, the largest
/// error, and the histogram.
struct ByC {
    count: u64,
    misrounded: u64,
    close: u64,
    max: f64,
    histogram: Vec<u64>,
}

/// Every number of a format on ranges, `reference` an expression of `long double x`.
fn by_c(name: &str, code: &str, reference: &str, format: Format, ranges: &[(f64, f64)]) -> ByC {
    let (t, bits, p, lowest) = match format {
        Format::F16 => ("_Float16", "uint16_t", 11, -24),
        _ => ("float", "uint32_t", 24, -149),
    };
    let mut loops = String::new();
    for (low, high) in ranges {
        writeln!(loops, "    try({low:?}, {high:?});").unwrap();
    }
    let source = format!(
        r#"#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
{code}
static uint64_t count, misrounded, close_ones, histogram[400];
static long double largest;
static void one({t} x_) {{
    long double x = (long double)x_;
    long double f = {reference};
    {t} y = polynomial(x_);
    int e = 0;
    frexpl(f, &e);
    int k = e - {p} > {lowest} ? e - {p} : {lowest};
    long double ulp = ldexpl(1, f == 0 ? {lowest} : k);
    long double error = fabsl((long double)y - f) / ulp;
    count++;
    if (error > largest) largest = error;
    long double slack = 1e-9L * fmaxl(1, error);
    int bin = 0;
    while (ldexpl(1, bin - 1) < error) bin++;
    if (error > 0.5L - slack && (fabsl(error - ldexpl(1, bin - 1)) < slack || fabsl(error - ldexpl(1, bin - 2)) < slack)) close_ones++;
    histogram[bin]++;
    if (({t})f != y) misrounded++;
}}
static void try(double low, double high) {{
    for (int sign = 0; sign < 2; sign++) {{
        for ({bits} b = 0;; b++) {{
            {bits} own = b | ({bits})(({bits})sign << (8 * sizeof(b) - 1));
            {t} x;
            memcpy(&x, &own, sizeof x);
            if (!isfinite((double)x) || (sign ? (double)x < low : (double)x > high)) break;
            if ((double)x < low || (double)x > high || (sign && x == 0)) continue;
            one(x);
        }}
    }}
}}
int main(void) {{
{loops}    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %.17Lg", count, misrounded, close_ones, largest);
    for (int i = 0; i < 400; i++) printf(" %" PRIu64, histogram[i]);
    return 0;
}}
"#
    );
    let folder = std::env::temp_dir().join(format!("maclaurin-ulp-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (path, binary) = (folder.join("ulp.c"), folder.join("run"));
    std::fs::write(&path, source).unwrap();
    let compiled = Command::new("cc")
        .args(["-std=gnu17", "-O2", "-ffp-contract=off", "-fexcess-precision=16"])
        .arg(&path)
        .arg("-o")
        .arg(&binary)
        .arg("-lm")
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let run = Command::new(&binary).output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    let words: Vec<&str> = text.split(' ').collect();
    let whole = |i: usize| words[i].parse::<u64>().unwrap();
    ByC {
        count: whole(0),
        misrounded: whole(1),
        close: whole(2),
        max: words[3].parse().unwrap(),
        histogram: (4..words.len()).map(whole).collect(),
    }
}

fn agree(what: &str, ours: &UlpErrors, c: &ByC) {
    assert_eq!(ours.count, c.count, "{what}");
    assert!(
        ours.misrounded.abs_diff(c.misrounded) <= c.close,
        "{what}: {ours:?}, C {}",
        c.misrounded
    );
    // `long double` has 11 bits more than f64 has, of which the C library's errors take a few.
    assert!(
        ours.max >= c.max - 1e-9 * c.max.max(1.0) && ours.max <= c.max * (1.0 + 1e-9) + 2e-6,
        "{what}: {} and {}",
        ours.max,
        c.max
    );
    for (k, &own) in c.histogram.iter().enumerate() {
        let counted = ours.histogram.get(k).map_or(0, |(_, count)| *count);
        assert!(counted.abs_diff(own) <= c.close, "{what}, bin {k}: {counted} and {own}");
    }
    assert_eq!(ours.histogram.iter().map(|(_, count)| count).sum::<u64>(), ours.count);
    assert!(c.close <= c.count / 1000 + 40, "{what}: {} are too near a tie for C", c.close);
}

#[test]
fn every_number_of_a_range_as_c_finds_it() {
    for (i, (text, reference, degree, ranges, scheme)) in [
        ("exp(x)", "expl(x)", 5, &[(-1e-3, 1e-3)][..], None),
        ("exp(x)", "expl(x)", 3, &[(0.99, 1.02)], Some(Scheme::Estrin)),
        ("log(x)", "logl(x)", 6, &[(0.99, 1.01)], None),
        ("sin(x)", "sinl(x)", 5, &[(3.13, 3.15)], Some(Scheme::EvenOdd)),
        ("tanh(x)", "tanhl(x)", 9, &[(-1.01, -1.0), (2.0, 2.03)], None),
        ("cos(x)", "cosl(x)", 4, &[(-1e-4, 2e-4)], None),
        ("1/x", "1/x", 7, &[(0.99, 1.02)], None),
        ("sqrt(x)", "sqrtl(x)", 7, &[(0.249, 0.251)], None),
        ("2^x", "exp2l(x)", 40, &[(-0.01, 0.01)], None),
        ("sin(x)/x", "x == 0 ? 1 : sinl(x) / x", 2, &[(-0.5, 0.25)], None),
    ]
    .into_iter()
    .enumerate()
    {
        let function = Function::parse(text).unwrap();
        let p = Approximation::new(&function, degree, ranges, &Choice::default()).unwrap();
        for format in [Format::F32, Format::F16] {
            let code = Code { format, scheme, ..Language::C.into() };
            // Tiny numbers by the million are tried elsewhere.
            let ranges: Vec<_> = ranges.to_vec();
            if format == Format::F32 && ranges.iter().any(|(low, high)| *low < 0.0 && *high > 0.0) {
                continue;
            }
            let ours = p.ulp_with(format, scheme, |_, _| {}).unwrap();
            let c = by_c(&i.to_string(), &p.code(code).unwrap(), reference, format, &ranges);
            agree(&format!("{text} on {ranges:?} in {format}"), &ours, &c);
        }
    }
}

/// Where a function passes through zero or a power of two at zero, all tiny numbers are near an end of a
/// bin.
#[test]
fn tiny_numbers() {
    // 1 + 2^-7 for 1: one ulp less x for positive numbers, two and more for negative ones.
    let function = Function::parse("exp(x)").unwrap();
    let one = 1.0 + 2f64.powi(-7);
    let choice = Choice {
        method: Method::LeastSquares,
        degrees: Some(vec![1]),
        fixed: vec![(0, one)],
        ..Choice::default()
    };
    let p = Approximation::new(&function, 1, &[(-1e-9, 1e-9)], &choice).unwrap();
    let errors = p.ulp(Format::BF16).unwrap();
    let side = u64::from(1e-9f32.to_bits() >> 16);
    assert_eq!(errors.count, 2 * side + 1);
    assert_eq!(errors.misrounded, errors.count);
    assert_eq!(errors.histogram, [(0.5, 0), (1.0, side + 1), (2.0, 0), (4.0, side)]);
    assert!(errors.max > 2.0 && errors.max < 2.00001 && errors.at < 0.0, "{errors:?}");

    // x/2 of an odd subnormal number is a tie, which x^2 breaks upward.
    let function = Function::parse("x/2 + x^2").unwrap();
    let choice = Choice { degrees: Some(vec![1]), ..Choice::default() };
    let p = Approximation::new(&function, 1, &[(0.0, 1e-40)], &choice).unwrap();
    assert_eq!(p.coefficients()[1], 0.5);
    let errors = p.ulp(Format::F32).unwrap();
    // Ties go to even: each second odd number is rounded down, and should not be.
    let count = u64::from(1e-40f32.to_bits());
    assert_eq!(errors.count, count + 1);
    assert_eq!(errors.misrounded, errors.histogram[1].1);
    assert_eq!(errors.misrounded, count.div_ceil(4), "{errors:?}");
}

/// Beside a removable singularity, where the function is a little less than the power of two that it tends to.
#[test]
fn tiny_numbers_beside_a_hole() {
    for (text, end, format, bits) in [
        ("sin(x)/x", 1e-40, Format::F32, 1e-40f32.to_bits()),
        ("sin(x)/x", 1e-2, Format::BF16, 1e-2f32.to_bits() >> 16),
        ("tanh(x)^2/(x*sin(x))", 1e-30, Format::BF16, 1e-30f32.to_bits() >> 16),
    ] {
        let errors = taylor(text, 0, "0").unwrap().ulp(-end, end, format).unwrap();
        assert_eq!(
            (errors.count, errors.misrounded),
            (2 * u64::from(bits) + 1, 0),
            "{text}: {errors:?}"
        );
    }
}

#[test]
fn a_taylor_polynomial_and_a_function_that_is_one() {
    let square = taylor("x^2", 2, "0").unwrap().ulp(-300.0, 300.0, Format::F16).unwrap();
    // 255.9^2 is the largest below 65520: beyond, infinity is right.
    assert_eq!((square.misrounded, square.histogram.len()), (0, 1));
    let sine = taylor("sin(x)", 5, "0").unwrap().ulp(-1.0, 1.0, Format::F16).unwrap();
    assert!(sine.max > 0.5 && sine.at.abs() > 0.5, "{sine:?}");
}

#[test]
fn what_is_refused() {
    let exp = taylor("exp(x)", 3, "0").unwrap();
    let message = |low, high, format| exp.ulp(low, high, format).unwrap_err().to_string();
    assert!(message(0.0, 1.0, Format::F64).starts_with("dtype: float64 has too many numbers"));
    assert_eq!(
        message(1.0, 1.0 - 1e-9, Format::F32),
        "the range from 1 to 0.999999999 is empty or not finite: give two finite ends, the smaller first"
    );
    assert!(
        message(1.000_000_01, 1.000_000_02, Format::F32)
            .starts_with("on: there is no float32 number from")
    );
    let stopped = maclaurin::cancellable(|| true, || exp.ulp(-8.0, 8.0, Format::F32));
    assert!(stopped.is_none());
    let log = taylor("log(x)", 3, "1").unwrap().ulp(-1.0, 1.0, Format::F16);
    assert!(matches!(log, Err(Error::Unbounded { .. })), "{log:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Random polynomials with dyadic coefficients, for themselves: their exact values are rationals.
    #[test]
    fn polynomials_in_float16_as_c_finds_them(
        coefficients in prop::collection::vec(-64i32..64, 1..6),
        low in -4.0..4.0f64,
        width in 0.01..4.0f64,
    ) {
        let terms: Vec<_> = coefficients.iter().enumerate().map(|(k, c)| format!("({c}/16)*x^{k}")).collect();
        let c: Vec<_> = coefficients.iter().enumerate().map(|(k, c)| format!("({c}.0L/16)*powl(x, {k})")).collect();
        let series = taylor(&terms.join(" + "), 8, "0").unwrap();
        let ours = series.ulp(low, low + width, Format::F16).unwrap();
        let code = Code { format: Format::F16, ..Language::C.into() };
        let code = series.code(code).unwrap().replace("taylor(", "polynomial(");
        // `long double` holds these values exactly: there are no close ones but exact ties.
        let c = by_c("poly", &code, &c.join(" + "), Format::F16, &[(low, low + width)]);
        prop_assert_eq!(ours.count, c.count);
        prop_assert_eq!(ours.misrounded, c.misrounded);
        for (k, &own) in c.histogram.iter().enumerate() {
            prop_assert_eq!(ours.histogram.get(k).map_or(0, |(_, count)| *count), own, "bin {}", k);
        }
    }
}
