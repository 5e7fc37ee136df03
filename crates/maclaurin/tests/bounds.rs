//! Bounds against what they bound: random functions, points, orders and ranges.
//!
//! The truth is computed with 170 bits, from the enclosures of the function's values and of the
//! coefficients alone. `MACLAURIN_CASES` asks for more cases than the usual ones, `MACLAURIN_SEED` for
//! others.

use std::cmp::Ordering;
use std::fmt::Write;

use half::{bf16, f16};
use maclaurin::{
    Approximation, Basis, Choice, Coefficients, Error, Expansion, Format, Function, Kind, Method,
    Piecewise, Rational, Series, expand,
};
use ndarray::Array1;

const BITS: usize = 170;

/// From a linear congruential generator: the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn unit(&mut self) -> f64 {
        self.below(1 << 31) as f64 / (1u64 << 31) as f64
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    fn expression(&mut self, depth: u32, text: &mut String) {
        const NAMES: &[&str] = &[
            "exp",
            "sin",
            "cos",
            "tanh",
            "atan",
            "erf",
            "sigmoid",
            "softplus",
            "silu",
            "gelu",
            "log1p",
            "sinh",
            "cosh",
            "mish",
            "expm1",
            "sqrt",
            "log",
            "abs",
            "relu",
            "softsign",
            "sign",
            "floor",
            "leaky_relu",
            "selu",
            "hardswish",
            "sech",
            "acot",
            "exp2",
            "gamma",
            "lgamma",
            "digamma",
            "erfi",
            "Si",
            "Ei",
            "lambert_w",
            "erfinv",
            "dawson",
            "zeta",
        ];
        match if depth == 0 { self.below(3) } else { self.below(10) } {
            0 | 1 => text.push('x'),
            2 => text.push_str(self.pick(&["1", "2", "3", "0.5", "1/3", "pi"])),
            3..7 => {
                let name = self.pick(NAMES);
                write!(text, "{name}(").unwrap();
                self.expression(depth - 1, text);
                text.push(')');
            }
            kind => {
                text.push('(');
                self.expression(depth - 1, text);
                text.push_str(["+", "-", "*"][(kind - 7) as usize]);
                self.expression(depth - 1, text);
                text.push(')');
            }
        }
    }
}

impl Random {
    /// How a polynomial is chosen on a range.
    fn choice(&mut self, degree: usize, (low, high): (f64, f64)) -> Choice {
        let method = match self.below(6) {
            0 => Method::Chebyshev,
            1 => Method::LeastSquares,
            _ => Method::Minimax,
        };
        let coefficients = match self.below(8) {
            0 => Coefficients::Format(Format::F64),
            1 => Coefficients::Format(Format::F32),
            2 => Coefficients::Format(Format::BF16),
            3 => Coefficients::Bits(self.below(40) as u32 + 2),
            4 => Coefficients::Fixed(self.below(40) as u32),
            _ => Coefficients::Exact,
        };
        let mut choice = Choice { method, coefficients, ..Choice::default() };
        match self.below(9) {
            0 => choice.degrees = Some((0..=degree).filter(|_| self.below(3) > 0).collect()),
            1 => choice.fixed = vec![(self.below(degree as u64 + 1) as usize, 0.25)],
            2 => choice.relative = true,
            3 | 4 => choice.weight = Some(self.weight()),
            5 => {
                let points = [low, high, low + (high - low) * self.unit()];
                choice.through = points[..=self.below(3) as usize].to_vec();
            }
            _ => {}
        }
        choice
    }

    /// A weight, which is positive on many ranges.
    fn weight(&mut self) -> Function {
        let text = self.pick(&[
            "1/(1 + x^2)",
            "exp(-x^2/10)",
            "1 + abs(x)",
            "x + 5",
            "exp(x)",
            "2 + sin(3*x)",
            "sigmoid",
            "sin(x)/x",
        ]);
        Function::parse(text).unwrap()
    }
}

/// A series and a range.
struct Case {
    series: Series,
    low: f64,
    high: f64,
    what: String,
}

/// Random cases until a share of `MACLAURIN_CASES` was used.
fn cases(seed: u64, share: u64, mut used: impl FnMut(&Case, &mut Random) -> bool) {
    let number = |name| std::env::var(name).ok().and_then(|n| n.parse().ok());
    let count = number("MACLAURIN_CASES").unwrap_or(200) / share;
    let mut random = Random(number("MACLAURIN_SEED").unwrap_or(seed));
    let (mut done, mut tried) = (0, 0);
    while done < count {
        tried += 1;
        assert!(tried < 50 * count, "only {done} of {tried} cases have a bound");
        let mut text = String::new();
        random.expression(3, &mut text);
        let at = random.pick(&["0", "0", "1", "-1/2", "1/3", "pi/6", "2", "-3", "0.1", "10"]);
        let highest = random.pick(&[4, 12, 24]);
        let order = random.below(highest) as usize;
        let Ok(function) = Function::parse(&text) else { continue };
        let Ok(series) = Series::new(&function, order, at) else { continue };
        let size = random.pick(&[1e-3, 0.1, 0.5, 1.0, 2.0, 5.0]);
        let [a, b] = [random.unit() * size, random.unit() * size];
        let (low, high) = (series.at_f64() - a, series.at_f64() + if a > b { b } else { -b * a });
        let (low, high) = (low.min(high), low.max(high));
        let what = format!("{text} about {at}, order {order}, on [{low:?}, {high:?}]");
        let case = Case { series, low, high, what };
        let start = std::time::Instant::now();
        done += u64::from(used(&case, &mut random));
        // What takes long deserves a look: with the long runs only.
        if count > 200 && start.elapsed().as_secs() >= 2 {
            println!("{:.1?}: {}", start.elapsed(), case.what);
        }
    }
    println!("{done} of {tried} cases");
}

fn exactly(x: f64) -> Rational {
    Rational::try_from(x).unwrap()
}

/// The middle and half the width of an enclosure.
fn ball(bounds: (Rational, Rational)) -> (Rational, Rational) {
    let two = Rational::from(2);
    ((&bounds.0 + &bounds.1) / &two, (bounds.1 - bounds.0) / two)
}

/// The function's value to [`BITS`] bits.
fn truth(function: &Function, x: f64) -> Option<(Rational, Rational)> {
    let x = exactly(x);
    let value = Series::new(function, 0, x).ok()?.enclosure(0, BITS).ok()?;
    value.bounds().map(ball)
}

fn distance(a: &Rational, b: &Rational) -> Rational {
    if a > b { a - b } else { b - a }
}

/// At the ends and inside of a range.
fn places(case: &Case, random: &mut Random, count: usize) -> Vec<f64> {
    let (low, high) = (case.low, case.high);
    let inside = (2..count).map(|_| (low + (high - low) * random.unit()).clamp(low, high));
    [low, high].into_iter().chain(inside).collect()
}

/// Of sorted numbers, the one below which a part of them lies.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    sorted[(part * (sorted.len() - 1) as f64) as usize]
}

/// Sorts numbers and tells how they spread.
fn spread(numbers: &mut [f64]) -> String {
    numbers.sort_by(f64::total_cmp);
    let [half, most, nearly, all] = [0.5, 0.9, 0.99, 1.0].map(|part| quantile(numbers, part));
    format!("median {half:.5}, 90% {most:.5}, 99% {nearly:.5}, all {all:.5}")
}

#[test]
fn no_error_is_above_its_bound() {
    let (mut widest, mut points) = (1f64, 0u64);
    cases(1, 1, |case, random| {
        let Case { series, low, high, what } = case;
        let error = match series.error_bound(*low, *high) {
            Ok(error) => error,
            Err(Error::Unbounded { .. }) => return false,
            Err(error) => panic!("{what}: {error}"),
        };
        assert!(error.sampled <= error.bound && *low <= error.at && error.at <= *high, "{what}");
        let Ok(at) = Series::new(&Function::parse(series.at()).unwrap(), 0, "0") else {
            return false;
        };
        let Some(point) = at.enclosure(0, BITS + 64).ok().and_then(|at| at.bounds()) else {
            return false;
        };
        let coefficients: Option<Vec<_>> = (0..=series.order())
            .map(|k| series.enclosure(k, BITS + 64).ok()?.bounds().map(ball))
            .collect();
        let Some(coefficients) = coefficients else { return false };
        let point = ball(point).0;
        for x in places(case, random, 6) {
            let Some((value, width)) = truth(series.function().unwrap(), x) else { continue };
            let t = exactly(x) - &point;
            let zero = Rational::from(0);
            let sum = coefficients.iter().rev().fold(zero, |sum, (a, _)| sum * &t + a);
            // What 170 and 234 bits leave open.
            let open =
                width + (exactly(1.0) + distance(&sum, &exactly(0.0))) * exactly(2f64.powi(-160));
            let off = distance(&sum, &value);
            let bound = exactly(error.bound.min(f64::MAX)) + open;
            assert!(off <= bound, "{what}: off by {} at {x:?}, {error:?}", off.to_f64().value());
            points += 1;
        }
        if error.sampled > 0.0 {
            widest = widest.max(error.bound / error.sampled);
        }
        true
    });
    println!("{points} points; largest bound / largest value seen {widest:.4}");
}

/// What `Approximation::new` and `Piecewise::new` may answer to a random request.
fn is_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::Unbounded { .. }
            | Error::EmptyRange { .. }
            | Error::Choice { .. }
            | Error::Jump { .. }
            | Error::NotAnalytic(_)
            | Error::Undecided { .. }
    )
}

#[test]
fn no_approximation_is_off_by_more_than_its_error() {
    let (mut ratios, mut points, mut open_bounds) = (Vec::new(), 0u64, 0);
    cases(3, 4, |case, random| {
        let Case { series, low, high, .. } = case;
        let degree = series.order().min(9);
        let choice = random.choice(degree, (*low, *high));
        let coefficients = choice.coefficients;
        let ranges = match random.below(5) {
            0 => vec![(-high.abs(), high.abs())],
            1 => vec![(*low, low + (high - low) / 3.0), (high - (high - low) / 4.0, *high)],
            _ => vec![(*low, *high)],
        };
        let what = format!("{} on {ranges:?}, degree {degree}, {choice:?}", series.name());
        let p = match Approximation::new(series.function().unwrap(), degree, &ranges, &choice) {
            Ok(p) => p,
            Err(error) if is_refusal(&error) => return false,
            Err(error) => panic!("{what}: {error}"),
        };
        let (error, best) = (p.error(), p.best());
        assert!(best <= error.bound && error.sampled <= error.bound, "{what}: {error:?} {best}");
        for &(low, high) in &ranges {
            for i in 0..8 {
                let x = match i {
                    0 => low,
                    1 => high,
                    _ => (low + (high - low) * random.unit()).clamp(low, high),
                };
                let Some((value, width)) = truth(series.function().unwrap(), x) else { continue };
                let off = distance(&exact_value(&p, x), &value);
                let mut bound = exactly(error.bound.min(f64::MAX));
                if choice.relative {
                    bound *= distance(&value, &exactly(0.0));
                }
                if let Some(weight) = &choice.weight {
                    let Some((weight, _)) = truth(weight, x) else { continue };
                    bound = bound / weight * exactly(1.0 + 1e-30f64.max(f64::EPSILON));
                }
                if choice.through.contains(&x) && coefficients == Coefficients::Exact {
                    bound = exactly(1e-40) * distance(&value, &exactly(0.0));
                }
                assert!(
                    off <= bound + width,
                    "{what}: {} at {x:?}, {error:?}",
                    off.to_f64().value()
                );
                points += 1;
            }
        }
        if p.basis() == Basis::Powers {
            let unit = match coefficients {
                Coefficients::Format(Format::F32) => 24,
                Coefficients::Format(Format::BF16) => 8,
                Coefficients::Bits(bits) => bits,
                _ => 53,
            };
            for (k, &a) in p.coefficients().iter().enumerate() {
                assert!(
                    coefficients == Coefficients::Exact || p.exact(k) == Some(&exactly(a)),
                    "{what}: {a}"
                );
                let (bits, zeros) = (a.to_bits() & ((1 << 52) - 1), 53 - unit);
                assert!(bits.trailing_zeros() >= zeros || !a.is_normal(), "{what}: {a}");
            }
        }
        if choice.method == Method::Minimax
            && coefficients == Coefficients::Exact
            && error.bound > 1e-250
        {
            if best > 0.0 {
                ratios.push(error.bound / best);
            } else {
                open_bounds += 1;
            }
        }
        true
    });
    println!(
        "{points} points; error / best of minimax: {}; without: {open_bounds}",
        spread(&mut ratios)
    );
    assert!(quantile(&ratios, 0.9) < 1.01);
}

/// The value of the exact polynomial.
fn exact_value(p: &Approximation, x: f64) -> Rational {
    let t = exactly(x) - exactly(p.center());
    let coefficients: Vec<_> = (0..).map_while(|k| p.exact(k)).collect();
    coefficients.into_iter().rev().fold(Rational::from(0), |sum, a| sum * &t + a)
}

/// The certified errors of the pieces, and the bound for all partitions: other ones are no better.
#[test]
fn no_piecewise_polynomial_is_off_by_more_than_its_error() {
    let (mut ratios, mut points) = (Vec::new(), 0u64);
    cases(4, 16, |case, random| {
        let Case { series, low, high, .. } = case;
        let function = series.function().unwrap();
        let degree = series.order().min(5);
        let pieces = random.below(5) as usize + 1;
        let continuous = random.below(3) == 0;
        let mut choice = Choice { coefficients: Coefficients::Exact, ..Choice::default() };
        match random.below(5) {
            0 => choice.weight = Some(random.weight()),
            1 => choice.coefficients = Coefficients::Format(Format::F32),
            2 => choice.method = Method::LeastSquares,
            _ => {}
        }
        let what = format!(
            "{} on [{low:?}, {high:?}], degree {degree}, {pieces}, {continuous}, {choice:?}",
            series.name()
        );
        let p = match Piecewise::new(function, degree, pieces, (*low, *high), &choice, continuous) {
            Ok(p) => p,
            Err(error) if is_refusal(&error) => return false,
            Err(error) => panic!("{what}: {error}"),
        };
        let (error, best) = (p.error(), p.best());
        assert!(best <= error.bound && error.sampled <= error.bound, "{what}: {error:?} {best}");
        assert!(p.pieces().len() == pieces && p.breakpoints().is_sorted_by(|a, b| a < b), "{what}");
        for pair in p.pieces().windows(2) {
            let x = pair[1].on()[0].0;
            let gap = distance(&exact_value(&pair[0], x), &exact_value(&pair[1], x));
            assert!(gap <= exactly(p.gap()), "{what} {}", p.gap());
            if continuous && choice.coefficients == Coefficients::Exact {
                assert_eq!(p.gap(), 0.0, "{what}");
            }
        }
        for x in places(case, random, 8) {
            let Some((value, width)) = truth(function, x) else { continue };
            let off = distance(&exact_value(p.piece(x), x), &value);
            let mut bound = exactly(error.bound.min(f64::MAX));
            if let Some(weight) = &choice.weight {
                let Some((weight, _)) = truth(weight, x) else { continue };
                bound = bound / weight * exactly(1.0 + f64::EPSILON);
            }
            assert!(off <= bound + width, "{what}: {} at {x:?}, {error:?}", off.to_f64().value());
            points += 1;
        }
        // Even pieces are another partition.
        if choice.method == Method::Minimax && best > 1e-200 {
            let end = |i: usize| low + (high - low) * (i as f64 / pieces as f64);
            let mut largest = 0f64;
            for i in 0..pieces {
                let range = (end(i), if i + 1 == pieces { *high } else { end(i + 1) });
                let Ok(other) = Approximation::new(function, degree, &[range], &choice) else {
                    return true;
                };
                largest = largest.max(other.error().bound);
            }
            assert!(best <= largest, "{what}: {best} {largest}");
            if !continuous && choice.coefficients == Coefficients::Exact {
                ratios.push(error.bound / best);
            }
        }
        true
    });
    println!("{points} points; error / best of minimax: {}", spread(&mut ratios));
    assert!(quantile(&ratios, 0.5) < 1.1);
}

/// Horner's rule in every way that the documentation names.
fn evaluations(series: &Series, x: f64, format: Format) -> Vec<f64> {
    let (at, coefficients) = (series.at_f64(), series.coefficients());
    let expansion = Expansion { kind: Kind::Sum, ..Expansion::default() };
    match format {
        Format::F64 => {
            let x = Array1::from_elem(1, x).into_dyn();
            let expanded = expand::<f64, f64>(&x.view(), &series.polynomial(), &expansion).unwrap();
            let t = x[[0]] - at;
            let fused = coefficients.iter().rev().fold(0.0, |sum: f64, a| sum.mul_add(t, *a));
            vec![series.evaluate(x[[0]]), expanded[[0]], fused]
        }
        Format::F32 => {
            let x = Array1::from_elem(1, x as f32).into_dyn();
            let expanded = expand::<f32, f32>(&x.view(), &series.polynomial(), &expansion).unwrap();
            let t = x[[0]] - at as f32;
            let fold = |step: fn(f32, f32, f32) -> f32| {
                coefficients.iter().rev().fold(0f32, |sum, a| step(sum, t, *a as f32)).into()
            };
            let wide = series.evaluate(x[[0]].into()) as f32;
            let apart = fold(|sum, t, a| sum * t + a);
            vec![apart, fold(f32::mul_add), expanded[[0]].into(), wide.into()]
        }
        Format::F16 => {
            let x = f16::from_f64(x);
            let apart = coefficients
                .iter()
                .rev()
                .fold(f16::ZERO, |sum, a| sum * (x - f16::from_f64(at)) + f16::from_f64(*a));
            vec![apart.into(), f16::from_f64(series.evaluate(x.into())).into()]
        }
        Format::BF16 => {
            let x = bf16::from_f64(x);
            let apart = coefficients
                .iter()
                .rev()
                .fold(bf16::ZERO, |sum, a| sum * (x - bf16::from_f64(at)) + bf16::from_f64(*a));
            let single = coefficients
                .iter()
                .rev()
                .fold(0f32, |sum, a| sum * (f32::from(x) - at as f32) + *a as f32);
            vec![apart.into(), bf16::from_f32(single).into()]
        }
    }
}

#[test]
fn no_rounding_is_above_its_bound() {
    let (mut ratios, mut points) = (Vec::new(), 0u64);
    cases(2, 1, |case, random| {
        let Case { series, low, high, what } = case;
        let format = random.pick(&Format::ALL);
        let error = match series.error_bound_in(*low, *high, format) {
            Ok(error) => error,
            Err(Error::Unbounded { .. }) => return false,
            Err(error) => panic!("{what}: {error}"),
        };
        assert!(error.sampled <= error.bound, "{what} in {format:?}: {error:?}");
        if error.sampled > 0.0 && error.bound < f64::INFINITY {
            ratios.push(error.bound / error.sampled);
        }
        for x in places(case, random, 8) {
            let x = match format {
                Format::F16 => f16::from_f64(x).into(),
                Format::BF16 => bf16::from_f64(x).into(),
                Format::F32 => f64::from(x as f32),
                Format::F64 => x,
            };
            if x < *low || x > *high || error.bound == f64::INFINITY {
                continue;
            }
            let Some((value, width)) = truth(series.function().unwrap(), x) else { continue };
            for y in evaluations(series, x, format) {
                let off = distance(&exactly(y), &value);
                let above = off.cmp(&(exactly(error.bound) + &width)) == Ordering::Greater;
                assert!(!above, "{what} in {format:?}: {y:e} at {x:?}, {error:?}");
                points += 1;
            }
        }
        true
    });
    println!("{points} evaluations; bound / largest error seen: {}", spread(&mut ratios));
}

#[test]
fn bounds_of_extreme_evaluations() {
    let series = |text, order, at| maclaurin::taylor(text, order, at).unwrap();
    let bound = |text, order, at, (low, high), format| {
        series(text, order, at).error_bound_in(low, high, format).unwrap().bound
    };
    // Terms as large as 1e16, and a value of 4e-18.
    let exp = bound("exp(x)", 123, "0", (-40.0, 0.0), Format::F64);
    assert!((10.0..200.0).contains(&exp), "{exp}");
    // 2^200 is beyond binary32, and so are 1e39 and its square.
    assert_eq!(bound("2^200*x", 1, "0", (0.0, 1.0), Format::F32), f64::INFINITY);
    assert!(bound("2^200*x", 1, "0", (0.0, 1.0), Format::F64) <= 2f64.powi(200 - 51));
    assert_eq!(bound("x", 1, "0", (0.0, 1e39), Format::F32), f64::INFINITY);
    assert_eq!(bound("x^2", 2, "0", (0.0, 1e20), Format::F32), f64::INFINITY);
    assert_eq!(bound("x^2", 2, "0", (0.0, 1e200), Format::F64), f64::INFINITY);
    // 1e-60 is zero in binary32.
    let lost = bound("1e-60*x", 1, "0", (0.0, 1.0), Format::F32);
    assert!((1e-60..1e-44).contains(&lost), "{lost}");
    // The point 1/3 is no double: a slope of 1e6 makes its rounding count.
    let moved = bound("1e6*x", 1, "1/3", (0.0, 1.0), Format::F32);
    assert!((1e6 * 2f64.powi(-27)..0.5).contains(&moved), "{moved}");
    // Exact arithmetic on the integers has no error, and what is bounded has little.
    assert!(bound("x + 1", 1, "0", (0.0, 4.0), Format::F64) < 4e-15);
    let empty = series("x", 1, "0").error_bound_in(1.0, 0.0, Format::F64);
    assert!(matches!(empty, Err(Error::EmptyRange { .. })));
}

#[test]
fn a_profile_bounds_every_part() {
    for (text, order, at, low, high) in [
        ("silu", 60, "0", -3.0, 3.0),
        ("exp(x)", 6, "0", -1.0, 1.0),
        ("abs(x)", 1, "1", -1.0, 2.0),
        ("sin(x)/x", 4, "0", -3.0, 2.0),
        ("softplus", 5, "1/3", -4.0, 4.0),
        ("sin(20*x)", 30, "1/2", 0.0, 1.0),
        ("x^3 - x", 3, "0", -1.0, 1.0),
    ] {
        let series = maclaurin::taylor(text, order, at).unwrap();
        let profile = series.error_profile(low, high, 23).unwrap();
        assert_eq!(profile.whole, series.error_bound(low, high).unwrap(), "{text}");
        assert_eq!(profile.parts.len(), 23);
        for (i, part) in profile.parts.iter().enumerate() {
            let end = |i: usize| low + (high - low) * (i as f64 / 23.0);
            let own = series.error_bound(end(i).max(low), end(i + 1).min(high)).unwrap();
            assert!(part.bound >= own.sampled, "{text}, part {i}: {part:?}, {own:?}");
            assert!(
                part.sampled <= own.bound * (1.0 + 1e-9),
                "{text}, part {i}: {part:?}, {own:?}"
            );
            let close = 1.2 * own.bound + 2e-14 * profile.whole.bound;
            assert!(part.bound <= close, "{text}, part {i}: {part:?}, {own:?}");
        }
    }
    let series = maclaurin::taylor("log(x)", 3, "1").unwrap();
    assert!(matches!(series.error_profile(0.0, 1.0, 8), Err(Error::Unbounded { .. })));
    assert_eq!(series.error_profile(0.5, 1.0, 0).unwrap().parts.len(), 1);
    assert!(matches!(series.error_profile(f64::NAN, 1.0, 8), Err(Error::EmptyRange { .. })));
}
