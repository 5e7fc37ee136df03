//! `maclaurin series`: a series printed.

use std::fmt::Write;

use maclaurin::Series;
use serde_json::json;

use crate::arguments::{Format, SeriesArguments};
use crate::{Failure, output};

pub fn run(arguments: &SeriesArguments) -> Result<(), Failure> {
    let series = arguments.function.series(&arguments.expression, &arguments.length)?;
    let code = arguments.code.code(arguments.format, arguments.on)?;
    let text = match arguments.format {
        Format::Text => table(&series),
        Format::Latex => series.latex() + "\n",
        Format::Json => json(&series) + "\n",
        _ => match code {
            Some(code) => series.code(code)?,
            None => String::new(),
        },
    };
    output::print(&text)
}

/// The series on a line and its coefficients below, the exact ones beside their decimals.
fn table(series: &Series) -> String {
    let mut text = format!(
        "{} about {}, order {}\n\n  {series}\n\nradius of convergence: {}\n\n{:>6}  {:<24} {}\n",
        series.function(),
        series.at(),
        series.order(),
        series.radius(),
        "degree",
        "coefficient",
        "exactly"
    );
    for (degree, coefficient) in series.coefficients().iter().enumerate() {
        let exact = match series.exact(degree) {
            Some(exact) => exact.to_string(),
            None if !series.is_zero_proven(degree) => "(zero is not proven)".into(),
            None => "(enclosed only)".into(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{degree:>6}  {:<24} {exact}", format!("{coefficient:?}"));
    }
    text
}

fn json(series: &Series) -> String {
    let exact = |degree| series.exact(degree).map(ToString::to_string);
    let radius = series.radius();
    // JSON has no infinities: a coefficient beyond the doubles is null, its exact text is there.
    json!({
        "function": series.function().text(),
        "parameters": series.function().parameters(),
        "at": series.at(),
        "order": series.order(),
        "degrees": series.degrees(),
        "coefficients": series.coefficients(),
        "exact": (0..=series.order()).map(exact).collect::<Vec<_>>(),
        "radius": { "lower": radius.lower, "upper": radius.upper, "exact": radius.exact },
        "text": series.to_string(),
        "latex": series.latex(),
    })
    .to_string()
}
