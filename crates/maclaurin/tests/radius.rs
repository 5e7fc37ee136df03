//! The radius of convergence against closed forms.

use std::f64::consts::{E, LN_2, PI, SQRT_2};

use maclaurin::{Radius, taylor};

fn radius(text: &str, at: &str) -> Radius {
    let start = std::time::Instant::now();
    let radius = taylor(text, 2, at).unwrap().radius();
    println!(
        "{text} at {at}: {radius} [{}, {}] in {:?}",
        radius.lower,
        radius.upper,
        start.elapsed()
    );
    radius
}

/// Functions, points, the radius, and its text where the search is to know it exactly.
#[test]
#[allow(clippy::too_many_lines)]
fn radii_in_closed_form() {
    let inf = f64::INFINITY;
    let cases: &[(&str, &str, f64, Option<&str>)] = &[
        // Entire functions.
        ("exp(x)", "0", inf, Some("infinity")),
        ("sin(x)*cosh(x) + x^7", "3", inf, Some("infinity")),
        ("gelu", "1", inf, Some("infinity")),
        ("erlang_cdf(x, 3, 2)", "1/2", inf, Some("infinity")),
        // Removable singularities.
        ("sin(x)/x", "0", inf, Some("infinity")),
        ("sin(x)/x", "1", inf, Some("infinity")),
        ("(1 - cos(x))/x^2", "0", inf, Some("infinity")),
        ("(x^2 - 1)/(x - 1)", "0", inf, Some("infinity")),
        ("sin(x)/(x - pi)", "0", inf, Some("infinity")),
        ("x/(exp(x) - 1)", "0", 2.0 * PI, Some("2*pi")),
        ("log(1 + x)/x", "0", 1.0, Some("1")),
        ("1/x - 1/sin(x)", "0", PI, Some("pi")),
        // Poles.
        ("1/(1 - x)", "0", 1.0, Some("1")),
        ("1/(1 + x^2)", "0", 1.0, Some("1")),
        ("1/(1 + x^2)", "1", SQRT_2, Some("sqrt(2)")),
        ("1/(1 + x^2)", "1/3", (10f64 / 9.0).sqrt(), Some("sqrt(10)/3")),
        ("1/(2 - x)^3", "0", 2.0, Some("2")),
        ("1/(1 + 2*x + x^2)", "0", 1.0, Some("1")),
        ("tan(x)", "0", PI / 2.0, Some("pi/2")),
        ("tan(x)", "1", PI / 2.0 - 1.0, Some("pi/2 - 1")),
        ("tanh(x)", "0", PI / 2.0, Some("pi/2")),
        ("tanh(x)", "1", (1.0 + PI * PI / 4.0).sqrt(), Some("sqrt(1 + pi^2/4)")),
        ("sigmoid", "0", PI, Some("pi")),
        ("sec(x)", "pi/6", PI / 3.0, Some("pi/3")),
        ("1/(2 - exp(x))", "0", LN_2, Some("log(2)")),
        ("exp(1/(1 - x))", "0", 1.0, Some("1")),
        // Branch points.
        ("log1p(x)", "0", 1.0, Some("1")),
        ("log(x)", "2", 2.0, Some("2")),
        ("log(x)", "1/10", 0.1, Some("1/10")),
        ("sqrt(1 + x)", "0", 1.0, Some("1")),
        ("sqrt(x)", "e", E, Some("e")),
        ("x^pi", "1", 1.0, Some("1")),
        ("cbrt(x)", "8", 8.0, Some("8")),
        ("log(1 + exp(x))", "0", PI, Some("pi")),
        ("softplus", "1", (1.0 + PI * PI).sqrt(), Some("sqrt(1 + pi^2)")),
        ("softplus", "50", (2500.0 + PI * PI).sqrt(), Some("sqrt(2500 + pi^2)")),
        ("softplus", "-50", (2500.0 + PI * PI).sqrt(), Some("sqrt(2500 + pi^2)")),
        ("atan(x)", "0", 1.0, Some("1")),
        ("atan(x)", "2", 5f64.sqrt(), Some("sqrt(5)")),
        ("asin(x)", "0", 1.0, Some("1")),
        ("acos(x)", "1/2", 0.5, Some("1/2")),
        ("asinh(x)", "0", 1.0, Some("1")),
        ("acosh(x)", "3", 2.0, Some("2")),
        ("atanh(x)", "-1/2", 0.5, Some("1/2")),
        ("logit", "1/4", 0.25, Some("1/4")),
        ("sqrt(1 - x)^5*exp(x)", "0", 1.0, Some("1")),
        // Removable singularities at the point, with a pole elsewhere.
        ("x/(x - x^2)", "0", 1.0, Some("1")),
        ("(x - 1)/(x^2 - 3*x + 2)", "1", 1.0, Some("1")),
        ("sin(x)/(x - x^2)", "0", 1.0, Some("1")),
        ("(exp(x) - 1)/(x*(3 - x))", "0", 3.0, Some("3")),
        ("exp(x/(x - x^2))", "0", 1.0, Some("1")),
        ("1/(x^-2 + x^-3)", "0", 1.0, Some("1")),
        ("1/(1/x + 1)", "0", 1.0, Some("1")),
        ("sin(x)/x/cos(x)", "0", PI / 2.0, Some("pi/2")),
        ("x/tan(x)", "0", PI, Some("pi")),
        // Removable singularities elsewhere.
        ("x/tan(x)", "1", PI - 1.0, Some("pi - 1")),
        ("(exp(x) - 1)/x", "1e-12", inf, Some("infinity")),
        // Two branch points in one square.
        ("acosh(x)", "5/2", 1.5, Some("3/2")),
        ("asin(x)", "1/4", 0.75, Some("3/4")),
        ("atan(x - 1)", "0", SQRT_2, Some("sqrt(2)")),
        ("acosh(x)*asinh(x)", "3", 2.0, Some("2")),
        // The nearest singularity beside an essential one: i atan(pi/2).
        ("atan(exp(tanh(x)))", "1/2", 1.121_510_024_720_515_2, None),
        // A removable zero and its conjugate, which the search may find both.
        (
            "((x + 1)*(x^2 - 9*x/2 + 41/8)*(x - 1))/((x + 1)*(x^2 - 9*x/2 + 41/8)*(x - 1)*((x + 9/4)^2 + 1/4))",
            "5/2",
            4.776_243_293_635_7,
            Some("sqrt(365)/4"),
        ),
        // Powers of positive constants.
        ("e^x", "0", inf, Some("infinity")),
        ("2^x", "1", inf, Some("infinity")),
        ("e^(x^2)", "0", inf, Some("infinity")),
        ("x^2*e^(-x)", "0", inf, Some("infinity")),
        // Kinks.
        ("elu(x)", "-1.3", 1.3, Some("13/10")),
        ("abs(sin(x))", "4", 4.0 - PI, Some("4 - pi")),
        // Functions of functions.
        ("mish", "0", 2.381_546_919_355_635, Some("sqrt(9*pi^2/16 + log(2)^2/4)")),
        (
            "x*tanh(log(1 + exp(x)))",
            "0",
            2.381_546_919_355_635,
            Some("sqrt(9*pi^2/16 + log(2)^2/4)"),
        ),
        ("log(sigmoid(x))", "-37.43", 37.561_609_449_025_07, Some("sqrt(14010049/10000 + pi^2)")),
        // Special functions.
        ("erfi(x)", "2", inf, Some("infinity")),
        ("Si(x)", "1", inf, Some("infinity")),
        ("bessel_j(3, x)", "1", inf, Some("infinity")),
        ("rgamma(x)", "-2", inf, Some("infinity")),
        ("Ei(x)", "-2", 2.0, Some("2")),
        ("gamma(x)", "1", 1.0, Some("1")),
        ("gamma(x)", "-1/2", 0.5, Some("1/2")),
        ("gamma(x)", "50", 50.0, Some("50")),
        ("x*gamma(x)", "0", 1.0, Some("1")),
        ("gamma(1 + x^2)", "0", 1.0, Some("1")),
        ("digamma(x)", "5/2", 2.5, Some("5/2")),
        ("lgamma(x)", "3/4", 0.75, Some("3/4")),
        ("lambert_w(x)", "1", 1.0 + 1.0 / E, None),
        ("zeta(x)", "2", 1.0, Some("1")),
        ("zeta(x)", "0", 1.0, Some("1")),
        ("zeta(x)", "-9/2", 5.5, Some("11/2")),
        ("(x - 1)*zeta(x)", "1", inf, Some("infinity")),
        ("1/zeta(x)", "0", 2.0, Some("2")),
        // Zeros that have no name.
        ("1/(x + exp(x))", "0", 0.567_143_290_409_783_8, None),
    ];
    let mut wrong = Vec::new();
    for (text, at, truth, exact) in cases {
        let found = radius(text, at);
        let ends = found.lower <= truth * (1.0 + 1e-15) && truth * (1.0 - 1e-15) <= found.upper;
        let close = truth.is_infinite() || found.upper - found.lower <= 1e-7 * truth;
        if !ends || !close || found.exact.as_deref() != *exact {
            wrong.push(format!("{text} at {at}: {found:?}, not {truth} {exact:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where no singularity is proven, the lower end is no larger than the truth, and close to it.
#[test]
fn lower_ends_of_radii_are_below_the_nearest_singularity() {
    for (text, at, truth) in [
        ("erfinv(x)", "1/2", 0.5),
        ("erfinv(x)", "0", 1.0),
        ("gamma(x)", "-201/2", 0.5),
        ("lambert_w(x)", "-1/3", 1.0 / E - 1.0 / 3.0),
        ("lgamma(sin(x))", "1", 1.0),
        ("1/bessel_j(0, x)", "0", 2.404_825_557_695_773),
    ] {
        let found = radius(text, at);
        assert!(found.lower <= truth * (1.0 + 1e-15) && found.lower > 0.99 * truth, "{found:?}");
    }
}

/// A disc whose size the search did not settle is no evidence against data.
#[test]
fn warnings_need_a_proven_singularity() {
    assert!(taylor("mish", 4, "0").unwrap().outside(-2.0, 2.0, 1.0).is_none());
    assert!(taylor("mish", 4, "0").unwrap().outside(-3.0, 3.0, 1.0).is_some());
    assert!(taylor("exp(x)", 4, "0").unwrap().outside(-1e9, 1e9, 1.0).is_none());
    let tiny = taylor("1/(1e-100 + x)", 2, "0").unwrap().outside(-1e-99, 0.0, 1.0).unwrap();
    assert!(tiny.to_string().len() < 400, "{tiny}");
}

/// `MACLAURIN_CASES` asks for more cases than the usual hundreds, `MACLAURIN_SEED` for others.
fn cases(seed: u64) -> (u64, Random) {
    let number = |name| std::env::var(name).ok().and_then(|n| n.parse().ok());
    let random = number("MACLAURIN_SEED").map_or(seed, |chosen: u64| seed ^ chosen << 32);
    (number("MACLAURIN_CASES").unwrap_or(200), Random(random))
}

/// Numbers that look random and are the same everywhere (Marsaglia, *Xorshift RNGs*, 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}

/// A real root or a pair of conjugate ones, in quarters: the factor and the roots.
type Factor = (String, Vec<(f64, f64)>);

fn factor(random: &mut Random, real_at: Option<i64>) -> Factor {
    let quarter = |n: i64| n as f64 / 4.0;
    let re = real_at.unwrap_or_else(|| random.below(25) as i64 - 12);
    let expanded = random.below(2) == 0;
    if real_at.is_some() || random.below(2) == 0 {
        return (format!("(x - ({re}/4))"), vec![(quarter(re), 0.0)]);
    }
    let im = 1 + random.below(12) as i64;
    let text = if expanded {
        format!("(x^2 - ({}/2)*x + ({}/16))", re, re * re + im * im)
    } else {
        format!("((x - ({re}/4))^2 + ({}/16))", im * im)
    };
    (text, vec![(quarter(re), quarter(im)), (quarter(re), -quarter(im))])
}

/// Rational functions whose factors cancel at the expansion point and elsewhere, as products,
/// quotients of quotients, sums and functions of them.
#[test]
fn radii_of_rational_functions_contain_the_nearest_root() {
    let (count, mut random) = cases(0x5eed_0001);
    let mut wrong = Vec::new();
    let mut exact = 0;
    for case in 0..count {
        let point = random.below(25) as i64 - 12;
        let mut above = Vec::new();
        let mut below: Vec<Factor> = Vec::new();
        for _ in 0..=random.below(3) {
            let at = (random.below(2) == 0).then_some(point);
            let common = factor(&mut random, at);
            above.push(common.0.clone());
            below.push(common);
        }
        let mut poles = Vec::new();
        for _ in 0..random.below(4) {
            let free = factor(&mut random, None);
            let at = (point as f64 / 4.0, 0.0);
            // A pole that a factor above removes, or one at the point, is no pole of this test.
            if free.1.contains(&at) || below.iter().any(|known| known.1 == free.1) {
                continue;
            }
            poles.extend(free.1.clone());
            below.push(free);
        }
        let below: Vec<_> = below.into_iter().map(|(text, _)| text).collect();
        let quotient = match random.below(3) {
            0 => format!("({})/({})", above.join("*"), below.join("*")),
            1 => format!("{}/{}", above.join("*"), below.join("/")),
            _ => format!("1/(({})/({}))", below.join("*"), above.join("*")),
        };
        let text = match random.below(5) {
            0 => format!("exp({quotient})"),
            1 => format!("x^2 + {quotient}"),
            2 => format!("sin({quotient})*exp(x)"),
            _ => quotient,
        };
        let at = format!("{point}/4");
        let x = point as f64 / 4.0;
        let truth = poles.iter().map(|(re, im)| (re - x).hypot(*im)).fold(f64::INFINITY, f64::min);
        let found = taylor(&text, 1, &at).unwrap().radius();
        exact += u64::from(found.exact.is_some());
        if found.lower > truth * (1.0 + 1e-14) || found.upper < truth * (1.0 - 1e-14) {
            wrong.push(format!("case {case}: {text} at {at}: {found:?}, not {truth}"));
        }
    }
    println!("{exact} of {count} radii exact");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const FUNCTIONS: &[&str] = &[
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "atan",
    "asinh",
    "tanh",
    "sinh",
    "cosh",
    "asin",
    "acosh",
    "erf",
    "sigmoid",
    "cbrt",
    "sech",
    "acot",
    "asech",
    "csch",
    "abs",
    "hardswish",
    "floor",
    "gamma",
    "lgamma",
    "digamma",
    "Si",
    "lambert_w",
    "erfinv",
    "zeta",
];

fn expression(random: &mut Random, depth: u64) -> String {
    if depth == 0 || random.below(6) == 0 {
        return match random.below(4) {
            0 => format!("{}", 1 + random.below(4)),
            1 => format!("({}/{})", 1 + random.below(5), 1 + random.below(5)),
            _ => "x".into(),
        };
    }
    let f = expression(random, depth - 1);
    match random.below(10) {
        0 | 1 => format!("({f} + {})", expression(random, depth - 1)),
        2 => format!("({f} - {})", expression(random, depth - 1)),
        3 => format!("({f}*{})", expression(random, depth - 1)),
        4 | 5 => format!("({f}/{})", expression(random, depth - 1)),
        6 => format!("({f})^{}", 2 + random.below(2)),
        _ => format!("{}({f})", FUNCTIONS[random.below(FUNCTIONS.len() as u64) as usize]),
    }
}

/// The radius by Cauchy and Hadamard from the coefficients of high degrees (DLMF 1.10(iii)) is no
/// proof, but a certified lower end far above it is false.
#[test]
fn no_radius_is_far_above_what_the_coefficients_say() {
    const ORDER: usize = 240;
    let (count, mut random) = cases(0x5eed_0002);
    let (mut wrong, mut tried) = (Vec::new(), 0);
    while tried < count {
        let depth = 2 + random.below(3);
        let text = expression(&mut random, depth);
        let at = ["0", "1", "1/2", "-1/3", "2"][random.below(5) as usize];
        let Ok(short) = taylor(&text, 2, at) else { continue };
        let found = short.radius();
        tried += 1;
        if found.lower <= 0.0 {
            continue;
        }
        let Ok(series) = taylor(&text, ORDER, at) else { continue };
        // |a_n|^(-1/n), the smallest over a third of the degrees; logarithms do not overflow.
        let estimate = |last: usize| {
            let terms = series.coefficients()[..=last].iter().enumerate().skip(last * 2 / 3);
            let normal = |(_, a): &(usize, &f64)| a.abs() > 1e-290 && a.is_finite();
            let root = |(n, a): (usize, &f64)| (-a.abs().ln() / n as f64).exp();
            terms.filter(normal).map(root).fold(f64::INFINITY, f64::min)
        };
        // Of entire functions and at essential singularities the estimates keep growing.
        let (early, late) = (estimate(ORDER / 2), estimate(ORDER));
        if found.lower > 1.1 * late && late < 1.003 * early {
            wrong.push(format!("{text} at {at}: {found:?}, the coefficients say {late}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How each built-in function's radius comes out at three points: exactly, or between two numbers, or from
/// below alone. `cargo test --test radius table -- --nocapture` prints it.
#[test]
fn table_of_the_built_in_functions() {
    let (mut exact, mut enclosed, mut lower) = (Vec::new(), Vec::new(), Vec::new());
    for known in maclaurin::Function::builtins() {
        let call = |text: &str| match known.name {
            "bessel_j" => format!("bessel_j(2, {text})"),
            "atan2" | "hypot" | "max" | "min" | "xlogy" | "xlog1py" | "logaddexp" => {
                format!("{}({text}, 1/3)", known.name)
            }
            "pow" => format!("pow({text}, 3/2)"),
            "clip" => format!("clip({text}, -3, 4)"),
            "erlang_cdf" => format!("erlang_cdf({text}, 3, 2)"),
            name => format!("{name}({text})"),
        };
        let points = ["1/2", "5/2", "-3/2", "-1/4", "1/10", "10"];
        let series = points.iter().filter_map(|at| Some((at, taylor(&call("x"), 4, *at).ok()?)));
        let mut tried = 0;
        for (at, series) in series.take(3) {
            tried += 1;
            let radius = series.radius();
            let line = format!("{} at {at}: {radius}", known.name);
            println!("{line}");
            assert!(radius.lower > 0.0, "{line}");
            let width = (radius.upper - radius.lower) / radius.lower;
            match &radius.exact {
                Some(_) => exact.push(line),
                None if width < 1e-6 => enclosed.push(line),
                None => lower.push(line),
            }
        }
        assert!(tried >= 2, "{}", known.name);
    }
    println!("{} exact, {} enclosed, {} from below", exact.len(), enclosed.len(), lower.len());
    println!("not exact: {enclosed:#?}\nfrom below: {lower:#?}");
    assert!(8 * lower.len() < exact.len(), "{lower:#?}");
}
