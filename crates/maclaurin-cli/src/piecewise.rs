//! `maclaurin approximate --pieces`: a piecewise polynomial, printed.

use std::fmt::Write;

use maclaurin::{Choice, Function, Piecewise, scientific};
use serde_json::json;

use crate::approximate::error_name;
use crate::arguments::{ApproximateArguments, Pieces};
use crate::code::Printing;
use crate::{Failure, output};

pub fn run(
    arguments: &ApproximateArguments,
    function: &Function,
    choice: &Choice,
) -> Result<(), Failure> {
    let usage = |message: &str| Err(Failure::Usage(message.into()));
    let &[range] = &arguments.on[..] else {
        return usage("--pieces takes one range; give --on once");
    };
    let alone = [(arguments.ulp.is_some(), "--ulp"), (arguments.output.is_some(), "--output")];
    if let Some((_, option)) = alone.iter().find(|(given, _)| *given) {
        return usage(&format!("{option} is for one polynomial, not for --pieces"));
    }
    let printing = arguments.code.printing(arguments.format, None)?;
    let continuous = arguments.continuous;
    let piecewise = match (arguments.pieces, arguments.degree, arguments.tolerance) {
        (Some(Pieces::Auto), Some(degree), Some(tolerance)) => {
            Piecewise::within(function, degree, tolerance, range, choice, continuous)?
        }
        (Some(Pieces::Count(count)), Some(degree), None) => {
            Piecewise::new(function, degree, count, range, choice, continuous)?
        }
        (Some(Pieces::Auto), ..) => {
            return usage(
                "--pieces auto takes --degree and --tolerance, and finds the number of pieces",
            );
        }
        _ => return usage("--pieces COUNT takes --degree, and no --tolerance"),
    };
    let text = match printing {
        Printing::Text => table(&piecewise),
        Printing::Latex => piecewise.latex() + "\n",
        Printing::Json => json(&piecewise) + "\n",
        Printing::Code(code) => piecewise.code(code)?,
    };
    output::print(&text)
}

/// The errors, and each piece with its polynomial.
fn table(p: &Piecewise) -> String {
    let first = &p.pieces()[0];
    let (count, breakpoints) = (p.pieces().len(), p.breakpoints());
    let mut text = format!(
        "piecewise {} of {} on [{}, {}], {count} pieces of degree {}\n\n",
        first.choice().method,
        first.function(),
        breakpoints[0],
        breakpoints[count],
        first.degree()
    );
    let bound = scientific(p.error().bound, 6, true);
    let kind = error_name(first.choice());
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{kind}: at most {bound} (certified)");
    if p.best() > 0.0 {
        let above = 100.0 * (p.error().bound / p.best() - 1.0);
        let best = scientific(p.best(), 6, false);
        let _ = writeln!(
            text,
            "no {count} polynomials of this degree on pieces of the range have less than {best} (certified): \
             these are within {above:.2}% of the best"
        );
    }
    if p.is_continuous() {
        let gap = if p.gap() == 0.0 { "0".into() } else { scientific(p.gap(), 2, true) };
        let _ = writeln!(text, "neighbours differ by at most {gap} at the breakpoints (certified)");
    }
    let _ = writeln!(text, "\n{:>22}  {:>22}  {:<12}  polynomial", "from", "to", "error");
    for piece in p.pieces() {
        let (low, high) = piece.on()[0];
        let error = scientific(piece.error().bound, 4, true);
        let _ = writeln!(
            text,
            "{:>22}  {:>22}  {error:<12}  {piece}",
            format!("{low:?}"),
            format!("{high:?}")
        );
    }
    text
}

fn json(p: &Piecewise) -> String {
    let (first, error) = (&p.pieces()[0], p.error());
    let pieces: Vec<_> = p
        .pieces()
        .iter()
        .map(|piece| {
            json!({
                "on": piece.on()[0],
                "center": piece.center(),
                "coefficients": piece.coefficients(),
                "chebyshev": piece.chebyshev(),
                "error": piece.error().bound,
                "text": piece.to_string(),
            })
        })
        .collect();
    json!({
        "function": first.function().text(),
        "parameters": first.function().parameters(),
        "breakpoints": p.breakpoints(),
        "degree": first.degree(),
        "method": first.choice().method.to_string(),
        "relative": first.choice().relative,
        "weight": first.choice().weight.as_ref().map(ToString::to_string),
        "coefficients_are": first.choice().coefficients_text(),
        "continuous": p.is_continuous(),
        "gap": p.gap(),
        "error": { "bound": error.bound, "sampled": error.sampled, "at": error.at },
        "best": p.best(),
        "pieces": pieces,
    })
    .to_string()
}
