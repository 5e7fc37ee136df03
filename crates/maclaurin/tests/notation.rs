//! How functions are written: notation, spellings, and what can be read in two ways.

use maclaurin::{Constant, Error, Function, ParseErrorKind, Rational, Series, laurent, taylor};
use proptest::prelude::*;

/// Each text and the same in plain notation.
const EQUAL: &[(&str, &str)] = &[
    ("2x", "2*x"),
    ("2 x", "2*x"),
    ("2x^2", "2*x^2"),
    ("-2x", "-(2*x)"),
    ("2(x+1)", "2*(x+1)"),
    ("(x+1)(x-1)", "(x+1)*(x-1)"),
    ("(x+1)x", "(x+1)*x"),
    ("3x sin(x)", "3*x*sin(x)"),
    ("x sin(2x)", "x*sin(2*x)"),
    ("2πx", "2*pi*x"),
    ("2π(x+1)", "2*pi*(x+1)"),
    ("πx/2", "pi*x/2"),
    ("2e", "2*e"),
    ("2e^x", "2*e^x"),
    ("2e3x", "2000*x"),
    ("x²", "x^2"),
    ("x²³", "x^23"),
    ("3x²−1", "3*x^2 - 1"),
    ("-x²", "-(x^2)"),
    ("x⁻²", "1/x^2"),
    ("x⁺²", "x^2"),
    ("2x²y", "2*x^2*y"),
    ("(1+x)²", "(1+x)^2"),
    ("2^(x)y", "2^x*y"),
    ("√x", "sqrt(x)"),
    ("√(x+1)", "sqrt(x+1)"),
    ("√√x", "x^(1/4)"),
    ("2√x", "2*sqrt(x)"),
    ("√sin(x)", "sqrt(sin(x))"),
    ("|x|", "abs(x)"),
    ("2|x|", "2*abs(x)"),
    ("|x|²", "x^2"),
    ("||x|-1|", "abs(abs(x) - 1)"),
    ("|x+|x||", "abs(x + abs(x))"),
    ("|(2|x|)|", "abs(2*abs(x))"),
    ("2·x×3", "6*x"),
];

#[test]
fn notation_reads_as_the_plain_text_does() {
    for (text, plain) in EQUAL {
        let parameters: &[(&str, &str)] = if text.contains('y') { &[("y", "3/7")] } else { &[] };
        let read = |text| Function::with_parameters(text, parameters);
        let (read, plain) = (read(text).unwrap_or_else(|error| panic!("{error}")), read(plain));
        let [read, plain] = [read, plain.unwrap()].map(|f| Series::new(&f, 4, "1/3").unwrap());
        assert_eq!(read.to_string(), plain.to_string(), "{text}");
    }
}

/// Each text and its two readings.
const AMBIGUOUS: &[(&str, [&str; 2])] = &[
    ("1/2x", ["1/(2*x)", "(1/2)*x"]),
    ("1 / 2 x", ["1/(2*x)", "(1/2)*x"]),
    ("x/2(x+1)", ["x/(2*(x+1))", "(x/2)*(x+1)"]),
    ("3*x/2x", ["3*x/(2*x)", "(3*x/2)*x"]),
    ("1/-2x", ["1/(2*x)", "(1/2)*x"]),
    ("2^3x", ["(2^3)*x", "2^(3*x)"]),
    ("x^2 sin(x)", ["(x^2)*sin(x)", "x^(2*sin(x))"]),
    ("x**2 sin(x)", ["(x**2)*sin(x)", "x**(2*sin(x))"]),
    ("x^-2 x", ["(x^-2)*x", "x^(-2*x)"]),
    ("√2x", ["(√2)*x", "√(2*x)"]),
    ("√x²", ["(√x)²", "√(x²)"]),
    ("√x^2", ["(√x)^2", "√(x^2)"]),
    ("x²^3", ["(x²)^3", "x^(2^3)"]),
    ("2e - 3", ["2*e - ...", "2e-..."]),
    ("2e+x", ["2*e + ...", "2e+..."]),
];

#[test]
fn two_readings_are_refused_with_both() {
    for (text, expected) in AMBIGUOUS {
        match Function::parse(text).map_err(|error| error.kind) {
            Err(ParseErrorKind::Ambiguous { readings }) => {
                assert_eq!(&readings, expected, "{text}");
            }
            other => panic!("{text}: {other:?}"),
        }
        if text.contains("e ") || text.contains("e+") {
            continue;
        }
        // The readings differ, and each can be read.
        let [a, b] = expected.map(|reading| Function::parse(reading).unwrap().evaluate(1.7));
        assert!(a.is_finite() && (a - b).abs() > 1e-3 || text.starts_with("√x"), "{text}: {a} {b}");
    }
}

#[test]
fn what_is_no_product_is_refused_where_it_goes_wrong() {
    for (text, caret) in [
        ("2 3", 2),
        ("x 2", 2),
        ("x(x+1)", 1),
        ("pi(x)", 2),
        ("|x|y", 3),
        ("|x||x|", 3),
        ("|2|x||", 3),
        ("|x", 2),
        ("x|", 2),
        ("sin²(x)", 3),
        ("sin^2(x)", 3),
        ("x⁻", 1),
        ("√", "√".len()),
        ("√-x", "√".len()),
        ("²", 0),
        ("|", 1),
    ] {
        let error = Function::parse(text).expect_err(text);
        let Some(line) = error.to_string().lines().nth(2).map(str::to_owned) else {
            panic!("{text}: {error}")
        };
        let column = text.get(..caret).map_or(caret, |before| before.chars().count());
        assert_eq!(line.find('^'), Some(column + 2), "{error}");
    }
}

/// Each spelling is the same function as the name, and is suggested for what is nearly it.
#[test]
fn spellings_are_the_function_that_they_name() {
    for known in Function::builtins() {
        for alias in known.aliases {
            let call = |name: &str| {
                let mut arguments = ["x/3 + 1/2", "2", "3"];
                if known.arguments[0] == "n" {
                    arguments.swap(0, 1);
                }
                format!("{name}({})", arguments[..known.arguments.len()].join(", "))
            };
            let [a, b] = [known.name, alias].map(|name| Function::parse(&call(name)).unwrap());
            let [a, b] = [a.evaluate(0.3), b.evaluate(0.3)];
            assert!(a == b || a.is_nan() && b.is_nan(), "{alias}: {a} {b}");
        }
    }
    let error = Function::parse("arctanx(x)").unwrap_err().to_string();
    assert!(error.contains("did you mean `arctan`?"), "{error}");
}

#[test]
fn names_are_given_once() {
    let names: Vec<_> = Function::builtin_names().collect();
    let different: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(names.len(), different.len());
    assert!(names.len() > 100);
}

/// What a formula says is what the function is.
#[test]
fn formulas_that_are_expressions_are_the_function() {
    let mut read = 0;
    for known in Function::builtins() {
        let values = [("a", "1/5"), ("b", "2"), ("y", "3"), ("lo", "-1"), ("hi", "2/3")];
        let values = values.into_iter().chain([("base", "x + 2"), ("exponent", "3/2")]);
        let values: Vec<_> = values.filter(|(name, _)| known.arguments.contains(name)).collect();
        let Ok(formula) = Function::with_parameters(known.formula, &values) else { continue };
        if known.arguments != ["x"] {
            continue;
        }
        read += 1;
        let function = Function::parse(known.name).unwrap();
        for x in [-2.3, -0.4, 0.3, 0.8, 1.7, 4.5] {
            let [a, b] = [function.evaluate(x), formula.evaluate(x)];
            let close = (a - b).abs() <= 1e-14 * a.abs().max(1.0);
            assert!(close || a.is_nan() && b.is_nan(), "{} at {x}: {a} {b}", known.name);
        }
    }
    assert!(read > 50, "{read}");
}

#[test]
fn functions_made_of_pieces_are_refused_exactly_where_they_break() {
    let broken =
        |text: &str, at: &str| Series::new(&Function::parse(text).unwrap(), 3, at).is_err();
    for (text, breaks) in [
        ("sign(x)", &["0"][..]),
        ("sign(x - 1/3)", &["1/3"]),
        ("sign(sin(x))", &["0", "pi", "-2*pi"]),
        ("heaviside(x)", &["0"]),
        ("floor(x)", &["0", "1", "-7", "10^20"]),
        ("floor(2*x)", &["1/2", "0"]),
        ("floor(x^2)", &["1", "2", "sqrt(2)"]),
        ("ceil(x)", &["0", "3"]),
        ("max(x, 1-x)", &["1/2"]),
        ("min(x, x^2)", &["0", "1"]),
        ("clip(x, -1, 2)", &["-1", "2"]),
        ("relu6", &["0", "6"]),
        ("hardswish", &["-3", "3"]),
        ("hardsigmoid", &["-3", "3"]),
        ("hardtanh", &["-1", "1"]),
        ("leaky_relu", &["0"]),
        ("selu", &["0"]),
        ("celu", &["0"]),
        ("softshrink", &["1/2", "-1/2"]),
        ("atan2(x, -1)", &["0"]),
        ("hypot(x, 0)", &["0"]),
        ("acot(x)", &["0"]),
    ] {
        for at in breaks {
            assert!(broken(text, at), "{text} at {at}");
        }
        for at in ["1/7", "-1/9", "5/7", "13/4", "-22/7", "71/10"] {
            assert!(!broken(text, at), "{text} at {at}");
        }
    }
    // The sign and the integer part on both sides of what does not cross.
    let text = |text: &str, at: &str| {
        Series::new(&Function::parse(text).unwrap(), 3, at).map(|series| series.to_string())
    };
    assert_eq!(text("sign(x^2)", "0").unwrap(), "1");
    assert_eq!(text("sign(-1/x^2)", "0").unwrap(), "-1");
    assert_eq!(text("floor(x^2)", "0").unwrap(), "0");
    assert!(text("floor(-x^2)", "0").is_err());
    assert_eq!(text("floor(x^3 + 5/2)", "0").unwrap(), "2");
    assert_eq!(text("floor(7/2)", "0").unwrap(), "3");
    assert_eq!(text("floor(sqrt(2))*x", "0").unwrap(), "x");
    assert_eq!(text("floor(-10^30 - 1/2)*x", "0").unwrap(), "-1000000000000000000000000000001*x");
    // Beyond the integers of 64 bits.
    assert_eq!(text("floor(x)", "2^62 + 1/2").unwrap(), (1u64 << 62).to_string());
    assert_eq!(text("floor(x)", "-10^40 - 1/2").unwrap(), format!("-1{}1", "0".repeat(39)));
    assert_eq!(text("floor(10^30*x)", "1/3").unwrap(), "3".repeat(30));
    assert_eq!(
        text("floor(exp(100))", "0").unwrap(),
        "26881171418161354484126255515800135873611118"
    );
    assert_eq!(text("sign(-3)*x", "0").unwrap(), "-x");
    assert_eq!(text("max(x, 1-x)", "2").unwrap(), "2 + (x - 2)");
    assert_eq!(text("abs(x)^2", "0").unwrap(), "x^2");
    assert_eq!(text("exp(-abs(x)^2)", "0").unwrap(), "1 - x^2");
}

/// The radius of a function made of pieces ends at the nearest break, or goes beyond it where
/// there is none.
#[test]
fn the_radius_ends_where_a_piece_does() {
    let radius = |text: &str, at: &str| {
        Series::new(&Function::parse(text).unwrap(), 8, at).unwrap().radius().to_string()
    };
    for (text, at, expected) in [
        ("sign(x)", "2", "2"),
        ("floor(x)", "1/3", "1/3 = 0.333333..."),
        ("floor(x)*exp(x)", "1/3", "1/3 = 0.333333..."),
        ("floor(x)", "1e6 + 1/2", "1/2 = 0.5"),
        ("floor(x)", "1e10 + 1/2", "1/2 = 0.5"),
        ("floor(x^2)", "3/2", "3/2 - sqrt(2) = 0.0857864..."),
        // No break where a level or an absolute value does not change.
        ("sign(x^2)*exp(x)", "1", "at least 0.999999"),
        ("sign(x^2)", "1", "at least 0.999999"),
        ("abs(x^2)", "1", "at least 0.999999"),
        ("max(x, 1-x)", "2", "3/2 = 1.5"),
        ("hardswish", "0", "between 2.9999999997 and 3"),
    ] {
        assert_eq!(radius(text, at), expected, "{text} at {at}");
    }
}

proptest! {
    /// Random texts of the new characters neither panic nor hang.
    #[test]
    fn any_text_has_an_answer(text in "[x2π|√²⁻ ()+*/^e.-]{0,24}") {
        if let Ok(function) = Function::parse(&text) {
            let _ = function.evaluate(0.7);
        }
    }

    #[test]
    fn the_integer_part_is_that_of_the_doubles(x in -1e6f64..1e6) {
        prop_assume!(x.fract() != 0.0);
        let floor = Function::parse("floor(x)").unwrap();
        let at = format!("{x:?}");
        let series = Series::new(&floor, 2, &at).unwrap();
        prop_assert_eq!(series.coefficients(), &[x.floor(), 0.0, 0.0][..]);
        prop_assert_eq!(floor.evaluate(x), x.floor());
    }
}

/// A constant is the same in every form in which it can be given.
#[test]
fn constants_are_numbers_or_text() {
    let function = Function::parse("exp(x)/x").unwrap();
    let same = |a: Constant, b: &str| {
        let [a, b] = [a, b.into()].map(|at| Series::new(&function, 3, at).unwrap());
        assert_eq!(a, b);
        assert_eq!(Function::constant(a.at()).unwrap().evaluate(0.0), b.at_f64());
    };
    same(2.into(), "2");
    same((-2i64).into(), "-2");
    same(0.1.into(), "1/10");
    same((-2.5e-3).into(), "-1/400");
    same(1e2.into(), "10^2");
    same(1e-60.into(), "1e-60");
    same(Rational::from_parts((-1).into(), 3u8.into()).into(), "-1/3");
    let root = taylor("sqrt(x)", 0, 2).unwrap().exact(0).unwrap().clone();
    same((&root).into(), "sqrt(2)");
    same(String::from("log(2)").into(), "ln(2)");

    for (number, caret) in [(f64::NAN, "NaN"), (f64::NEG_INFINITY, "-inf")] {
        let error = Series::new(&function, 3, number).unwrap_err().to_string();
        assert!(error.contains("is not a real number") && error.contains(caret), "{error}");
    }
    let series = taylor("1 + x", 3, 0).unwrap();
    assert_eq!(series.power(0.5).unwrap(), series.power("1/2").unwrap());
    assert_eq!(series.integral(1).unwrap(), series.integral("1").unwrap());
    assert_eq!(series.shift(root).unwrap(), series.shift("sqrt(2)").unwrap());
    assert_eq!(laurent("1/x^2", 1, 0).unwrap().order_of_pole(), 2);
}

/// What a refusal says of the point and of what to write.
#[test]
fn refusals_say_what_is_there() {
    for (text, at, said) in [
        ("acot(x)", "0", "`acot(x)` jumps there"),
        ("atan(1/x^3)", "0", "`atan(1/x^3)` jumps there"),
        ("atan2(x, -1)", "0", "jumps there"),
        ("exp(1/x)", "0", "essential singularity"),
        ("lgamma(x)", "-2", "branch point there"),
        ("atan2(0, x)", "0", "jumps there"),
        ("½x", "0", "write 1/2, as in 1/2*x"),
        ("1 + x¼", "0", "write 1/4, as in 1/4*x"),
        ("np.sin(x)", "0", "write `sin(x)`"),
        ("2*scipy.special.gamma(x)", "0", "write `gamma(x)`"),
        ("np.pi*x", "0", "write `pi`"),
        ("sin x", "0", "write `sin(x)`"),
        ("1 + cos 2x", "0", "write `cos(2x)`"),
        ("RELU(x)", "0", "did you mean `relu`?"),
        ("1/2πx", "0", "this can mean `1/(2*π*x)` or `(1/2)*π*x`"),
        ("𝑥 + 1", "0", "`𝑥` (U+1D465) is not the letter `x`: write `x`"),
        ("sin(х)", "0", "`х` (U+0445) is not the letter `x`: write `x`"),
        ("ѕin(x)", "0", "`ѕ` (U+0455) is not the letter `s`: write `s`"),
    ] {
        let error = taylor(text, 3, at).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    for (text, at, value) in [
        ("atan2(0, x)", "-1", "pi"),
        ("atan2(0, x)", "2", "0"),
        ("atan2(0, -2)", "0", "pi"),
        ("x + atan2(0, x - 3)", "0", "pi + x"),
    ] {
        assert_eq!(taylor(text, 3, at).unwrap().to_string(), value, "{text}");
    }
    let power = taylor("exp(x)", 2, 0).unwrap().power("x").unwrap_err().to_string();
    assert!(power.contains("an exponent must be a constant"), "{power}");
    for (text, said) in [
        ("elu(x, alpha=2)", "arguments are given by their position, as in elu(x, 2)"),
        ("x(x+1)", "what is before it is no function, and multiplication is written `*`"),
    ] {
        let error = Function::parse(text).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
}

/// White space around a text moves no mark.
#[test]
fn white_space_around_a_text_is_no_part_of_it() {
    for text in ["1 + 1/x", " \t1 + 1/x", "\n\n1 + 1/x\n"] {
        let function = Function::parse(text).unwrap();
        let error = Series::new(&function, 3, " 0 ").unwrap_err();
        let Error::NotAnalytic(error) = error else { panic!("{error}") };
        assert_eq!(error.excerpt.marked(), "1/x");
        let error = Function::parse(&text.replace('x', "y")).unwrap_err();
        assert_eq!(error.excerpt.marked(), "y");
        let error = Series::new(&function, 3, text).unwrap_err();
        let Error::Parse(error) = error else { panic!("{error}") };
        assert_eq!(error.excerpt.marked(), "x");
    }
}
