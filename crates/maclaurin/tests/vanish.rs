//! Kinks, jumps and roots of what vanishes identically beside the point.

use maclaurin::{Error, Function, Radius, Series, taylor};

#[test]
fn functions_of_what_vanishes_have_series() {
    for (text, at, series, radius) in [
        ("relu(relu(x))", "-1", "0", 1.0),
        ("relu(relu(x))", "2", "2 + (x - 2)", 2.0),
        ("max(x, abs(x))", "3", "3 + (x - 3)", 3.0),
        ("max(x, relu(x))", "3", "3 + (x - 3)", 3.0),
        ("min(x, abs(x))", "3", "3 + (x - 3)", 3.0),
        ("clip(clip(x, 0, 1), 0, 1)", "-1", "0", 1.0),
        ("clip(relu(x), 0, 1)", "-1", "0", 1.0),
        ("hardtanh(hardtanh(x))", "-2", "-1", 1.0),
        ("relu6(relu6(x))", "-2", "0", 2.0),
        ("relu6(relu6(x))", "7", "6", 1.0),
        ("leaky_relu(relu(x))", "-1", "0", 1.0),
        ("elu(relu(x))", "-1", "0", 1.0),
        ("softsign(relu(x))", "-1", "0", 1.0),
        ("relu(softshrink(x))", "0", "0", 0.5),
        ("max(max(x, 1), 1)", "0", "1", 1.0),
        ("max(x, x)", "1", "1 + (x - 1)", f64::INFINITY),
        ("max(exp(x), exp(x))", "0", "1 + x + x^2/2", f64::INFINITY),
        ("max(pi, pi)", "0", "pi", f64::INFINITY),
        ("relu(0*x)", "0", "0", f64::INFINITY),
        ("sqrt(relu(x))", "-1", "0", 1.0),
        ("abs(floor(x))", "1/2", "0", 0.5),
    ] {
        let found = taylor(text, 2, at).unwrap_or_else(|error| panic!("{text} at {at}: {error}"));
        assert_eq!(found.to_string(), series, "{text} at {at}");
        let Radius { lower, upper, .. } = found.radius();
        let is_sharp = 0.9999 * radius <= lower && lower <= radius && radius <= upper;
        assert!(is_sharp, "{text} at {at}: {lower} to {upper}, not {radius}");
    }
    // Here the kinks cancel: there is no largest radius.
    for text in ["max(x, abs(x)) - abs(x)", "min(x, abs(x))", "abs(relu(x)) - relu(x)"] {
        assert!(taylor(text, 2, "3").unwrap().radius().upper.is_infinite(), "{text}");
    }
}

/// On ranges across the kink the bound is that of the function and not of its continuation.
#[test]
fn bounds_hold_across_kinks() {
    for (text, at) in [
        ("relu(relu(x))", "-1"),
        ("max(x, abs(x))", "3"),
        ("clip(clip(x, 0, 1), 0, 1)", "-1"),
        ("relu6(relu6(x))", "7"),
        ("relu(softshrink(x))", "0"),
        ("sqrt(relu(x))", "-1"),
        ("max(exp(x), exp(x))", "0"),
    ] {
        let function = Function::parse(text).unwrap();
        let series = Series::new(&function, 2, at).unwrap();
        for (low, high) in [(-0.25, 0.25), (-1.5, -0.5), (-3.0, 3.0), (-1.0, 8.0), (6.5, 7.5)] {
            let (low, high) =
                if text.starts_with("relu(soft") { (low / 2.0, high / 2.0) } else { (low, high) };
            let bound = match series.error_bound(low, high) {
                Ok(error) => error.bound,
                Err(Error::Unbounded { .. }) if text.starts_with("sqrt") => continue,
                Err(error) => panic!("{text}: {error}"),
            };
            for i in 0..=64 {
                let x = low + (high - low) * (f64::from(i) / 64.0);
                let off = (function.evaluate(x) - series.evaluate(x)).abs();
                assert!(off <= bound * (1.0 + 1e-12) + 1e-13, "{text} at {x}: {off} above {bound}");
            }
        }
    }
}

#[test]
fn what_vanishes_is_no_divisor() {
    for (text, at) in [
        ("1/relu(x)", "-1"),
        ("relu(x)/relu(relu(x))", "-1"),
        ("relu(x)^(-1/2)", "-1"),
        ("log(relu(x))", "-1"),
        ("relu(relu(x))", "0"),
        ("max(x, abs(x))", "0"),
    ] {
        assert!(matches!(taylor(text, 2, at), Err(Error::NotAnalytic(_))), "{text} at {at}");
    }
}

/// Compositions of functions made of pieces, near points where most of them are constants.
#[test]
fn compositions_of_pieces_agree_with_their_values() {
    const PARTS: [&str; 13] = [
        "relu(#)",
        "relu6(#)",
        "abs(#)",
        "hardtanh(#)",
        "softshrink(#)",
        "leaky_relu(#)",
        "elu(#)",
        "max(#, x)",
        "min(#, abs(#))",
        "-(#)",
        "2*(#) - x",
        "floor(#)",
        "max(#, 1) - sign(#)",
    ];
    let step = std::env::var("VANISH_STEP").ok().and_then(|step| step.parse().ok()).unwrap_or(101);
    let (mut tried, mut refused, mut number) = (0, 0, 0);
    for outer in PARTS {
        for middle in PARTS {
            for inner in PARTS {
                for at in ["-7/3", "-4/13", "3/7", "17/7"] {
                    number += 1;
                    if number % step != 0 {
                        continue;
                    }
                    let inner = inner.replace('#', "x");
                    let text = outer.replace('#', &middle.replace('#', &inner));
                    let function = Function::parse(&text).unwrap();
                    tried += 1;
                    let Ok(series) = Series::new(&function, 2, at) else {
                        refused += 1;
                        continue;
                    };
                    let (at, radius) = (series.at_f64(), series.radius());
                    let reach = radius.lower.min(1.0);
                    for (low, high) in [(at - 0.9 * reach, at + 0.9 * reach), (at - 2.0, at + 2.0)]
                    {
                        let Ok(error) = series.error_bound(low, high) else { continue };
                        for i in 0..=16 {
                            let x = low + (high - low) * (f64::from(i) / 16.0);
                            let off = (function.evaluate(x) - series.evaluate(x)).abs();
                            let most = error.bound + 1e-12;
                            assert!(off <= most, "{text} about {at} at {x}: {off} above {error:?}");
                        }
                    }
                }
            }
        }
    }
    println!("{tried} compositions, {refused} refused");
    assert!(refused * 8 < tried, "{refused} of {tried} refused");
}
