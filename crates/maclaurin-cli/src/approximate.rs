//! `maclaurin approximate`: the best polynomial on a range, printed.

use std::fmt::Write;

use indicatif::{ProgressBar, ProgressStyle};
use maclaurin::{
    Approximation, Basis, Choice, Coefficients, Error, Format, Function, Method, UlpErrors, plain,
    scientific,
};
use serde_json::json;

use crate::arguments::{ApproximateArguments, MethodName};
use crate::code::{FormatName, Printing};
use crate::output::Target;
use crate::{Failure, approximation_chart, output, picture, piecewise};

pub fn run(arguments: &ApproximateArguments) -> Result<(), Failure> {
    let target = arguments.output.as_ref();
    let target = target.map(|path| picture::target(path, arguments.writing.force)).transpose()?;
    let function = arguments.parameters.function(&arguments.expression)?;
    let degrees = arguments.degrees.as_ref().map(|degrees| degrees.0.clone());
    let choice = Choice {
        method: match arguments.method {
            MethodName::Minimax => Method::Minimax,
            MethodName::Chebyshev => Method::Chebyshev,
            MethodName::LeastSquares => Method::LeastSquares,
        },
        relative: arguments.relative,
        weight: arguments
            .weight
            .as_deref()
            .map(Function::parse)
            .transpose()
            .map_err(Error::from)?,
        through: arguments.through.clone(),
        fixed: arguments.fixed.clone(),
        center: arguments.center,
        degrees,
        ..arguments.coefficients.clone()
    };
    if arguments.pieces.is_some() {
        return piecewise::run(arguments, &function, &choice);
    }
    let reaches = [
        (arguments.degree.is_some(), "--degree"),
        (arguments.tolerance.is_some(), "--tolerance"),
        (arguments.degrees.is_some(), "--degrees"),
    ];
    let given: Vec<_> = reaches.iter().filter(|(given, _)| *given).map(|(_, name)| *name).collect();
    if let [first, second, ..] = given[..] {
        return Err(Failure::Usage(format!(
            "{first} does not go with {second}: give one of the two"
        )));
    }
    let polynomial = if let Some(tolerance) = arguments.tolerance {
        Approximation::within(&function, tolerance, &arguments.on, &choice)?
    } else {
        let degree = arguments.degree.or(choice.largest_degree()).unwrap_or(0);
        Approximation::new(&function, degree, &arguments.on, &choice)?
    };
    let picture = target.as_ref().map(Target::path);
    let beside = picture.is_some_and(output::is_standard);
    let silent = arguments.writing.quiet || beside;
    let printing = arguments.code.printing(arguments.format, None)?;
    let format = arguments.ulp.map(FormatName::format);
    if format.is_some() && !matches!(printing, Printing::Text | Printing::Json) {
        return Err(Failure::Usage("--ulp is for --format text or json".into()));
    }
    let ulp = format.map(|format| Ok::<_, Failure>((format, tried(&polynomial, format, silent)?)));
    let ulp = ulp.transpose()?;
    let asked = !matches!(printing, Printing::Text);
    let text = match printing {
        Printing::Text => table(&polynomial) + &ulp.map(ulp_table).unwrap_or_default(),
        Printing::Latex => polynomial.latex() + "\n",
        Printing::Json => json(&polynomial, ulp) + "\n",
        Printing::Code(code) => polynomial.code(code)?,
    };
    if let Some(target) = &target {
        picture::save(&approximation_chart::draw(&polynomial, arguments.size), target)?;
    }
    if asked {
        return output::print_json(&text, beside);
    }
    if silent { Ok(()) } else { output::print(&text) }
}

/// The errors at every number of a type, with a progress bar on a terminal.
fn tried(polynomial: &Approximation, format: Format, silent: bool) -> Result<UlpErrors, Failure> {
    let style = ProgressStyle::with_template("{bar:40} {percent}% of the {msg} numbers {eta}");
    let bar = if silent { ProgressBar::hidden() } else { ProgressBar::no_length() };
    let bar = bar
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_message(format.to_string());
    let found = polynomial.ulp_with(format, None, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    Ok(found?)
}

/// The errors in ulp: the largest, how many values are not the nearest, and the histogram.
fn ulp_table((format, errors): (Format, UlpErrors)) -> String {
    let UlpErrors { max, at, count, misrounded, histogram } = errors;
    let part = |number: u64| 100.0 * number as f64 / count as f64;
    let mut text = format!(
        "\nat all {count} {format} numbers of the range: at most {} ulp, at x = {at:?} (certified)\n\
         not correctly rounded: {misrounded} ({:.4}%)\n\n{:>14}  numbers\n",
        scientific(max, 4, true),
        part(misrounded),
        "up to (ulp)"
    );
    for (end, number) in histogram {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{end:>14}  {number}");
    }
    text
}

/// What error is certified.
pub fn error_name(choice: &Choice) -> String {
    match &choice.weight {
        Some(weight) => format!("error times {weight}"),
        None if choice.relative => "relative error".into(),
        None => "error".into(),
    }
}

/// The polynomial on a line, its error, and its coefficients below.
fn table(p: &Approximation) -> String {
    let error = p.error();
    let kind = error_name(p.choice());
    let mut text = format!(
        "{} of {} on {}, degree {}\n\n",
        p.choice().method,
        p.function(),
        p.ranges_text(),
        p.degree()
    );
    // Writing to a String cannot fail.
    if p.degree() <= 12 {
        let _ = writeln!(text, "  {p}\n");
    }
    let bound = scientific(error.bound, 6, true);
    let of_what = match (p.choice().coefficients, p.basis()) {
        (Coefficients::Exact, _) => {
            "the exact coefficients, which --format json has; below are the nearest doubles"
        }
        (_, Basis::Powers) => "the coefficients of powers below",
        (_, Basis::Chebyshev) => "the coefficients of Chebyshev polynomials below",
    };
    let _ = writeln!(text, "{kind}: at most {bound} (certified for {of_what})");
    if p.best() > 0.0 {
        let above = 100.0 * (error.bound / p.best() - 1.0);
        let best = scientific(p.best(), 6, false);
        let _ = writeln!(
            text,
            "no polynomial of this form has less than {best} (certified): this one is within {above:.2}% of the best"
        );
    }
    let base = match p.center() {
        0.0 => "x".to_owned(),
        c if c < 0.0 => format!("x + {}", plain(-c)),
        c => format!("x - {}", plain(c)),
    };
    let powers = format!("of powers of {base}");
    let _ = writeln!(text, "\n{:>6}  {powers:<24} of Chebyshev polynomials", "degree");
    let chebyshev = p.chebyshev();
    for (degree, coefficient) in p.coefficients().iter().enumerate() {
        let other = chebyshev.get(degree).copied().unwrap_or(0.0);
        let _ = writeln!(text, "{degree:>6}  {:<24} {other:?}", format!("{coefficient:?}"));
    }
    text
}

fn json(p: &Approximation, ulp: Option<(Format, UlpErrors)>) -> String {
    let error = p.error();
    // The others are the doubles that are the coefficients in the basis.
    let exact = (p.choice().coefficients == Coefficients::Exact)
        .then(|| (0..).map_while(|k| p.exact(k)).map(ToString::to_string).collect::<Vec<_>>());
    let mut object = json!({
        "function": p.function().text(),
        "parameters": p.function().parameters(),
        "on": p.on(),
        "degree": p.degree(),
        "method": p.choice().method.to_string(),
        "relative": p.choice().relative,
        "weight": p.choice().weight.as_ref().map(ToString::to_string),
        "through": p.choice().through,
        "coefficients_are": p.choice().coefficients_text(),
        "basis": match p.basis() {
            Basis::Powers => "powers",
            Basis::Chebyshev => "chebyshev",
        },
        "center": p.center(),
        "degrees": p.degrees(),
        "coefficients": p.coefficients(),
        "chebyshev": p.chebyshev(),
        "exact": exact,
        "error": { "bound": error.bound, "sampled": error.sampled, "at": error.at },
        "best": p.best(),
        "text": p.to_string(),
        "latex": p.latex(),
    });
    if let Some((format, errors)) = ulp {
        let UlpErrors { max, at, count, misrounded, histogram } = errors;
        // JSON has no infinities: where a value is NaN, the largest error and its bin's end are null.
        object["ulp"] = json!({
            "dtype": format.to_string(),
            "max": max,
            "at": at,
            "count": count,
            "misrounded": misrounded,
            "histogram": histogram,
        });
    }
    object.to_string()
}
