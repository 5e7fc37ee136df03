//! `maclaurin approximate`: the best polynomial on a range, printed.

use std::fmt::Write;

use maclaurin::{Approximation, Basis, Choice, Coefficients, Error, Function, Method, scientific};
use serde_json::json;

use crate::arguments::{ApproximateArguments, Format, MethodName};
use crate::{Failure, output, piecewise};

pub fn run(arguments: &ApproximateArguments) -> Result<(), Failure> {
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
        coefficients: arguments.coefficients,
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
    let code = arguments.code.code(arguments.format, None)?;
    let text = match arguments.format {
        Format::Text => table(&polynomial),
        Format::Latex => polynomial.latex() + "\n",
        Format::Json => json(&polynomial) + "\n",
        _ => match code {
            Some(code) => polynomial.code(code)?,
            None => String::new(),
        },
    };
    output::print(&text)
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
        (Coefficients::Exact, _) => "the exact coefficients; below are the nearest doubles",
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
        c if c < 0.0 => format!("x + {}", -c),
        c => format!("x - {c}"),
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

fn json(p: &Approximation) -> String {
    let error = p.error();
    json!({
        "function": p.function().text(),
        "parameters": p.function().parameters(),
        "on": p.on(),
        "degree": p.degree(),
        "method": p.choice().method.to_string(),
        "relative": p.choice().relative,
        "weight": p.choice().weight.as_ref().map(ToString::to_string),
        "through": p.choice().through,
        "coefficients_are": p.choice().coefficients.to_string(),
        "center": p.center(),
        "degrees": p.degrees(),
        "coefficients": p.coefficients(),
        "chebyshev": p.chebyshev(),
        "error": { "bound": error.bound, "sampled": error.sampled, "at": error.at },
        "best": p.best(),
        "text": p.to_string(),
    })
    .to_string()
}
