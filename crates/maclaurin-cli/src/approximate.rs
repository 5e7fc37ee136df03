//! `maclaurin approximate`: the best polynomial on a range, printed.

use std::fmt::Write;

use maclaurin::{Approximation, Basis, Choice, Coefficients, Method, scientific};
use serde_json::json;

use crate::arguments::{ApproximateArguments, Format, MethodName};
use crate::{Failure, output};

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
        fixed: arguments.fixed.clone(),
        center: arguments.center,
        degrees,
        coefficients: arguments.coefficients,
    };
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

/// The polynomial on a line, its error, and its coefficients below.
fn table(p: &Approximation) -> String {
    let error = p.error();
    let kind = if p.choice().relative { "relative error" } else { "error" };
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
