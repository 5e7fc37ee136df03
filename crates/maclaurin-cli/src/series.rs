//! `maclaurin series`: a series printed.

use std::fmt::Write;

use maclaurin::{Function, Laurent, Series};
use serde_json::json;

use crate::arguments::SeriesArguments;
use crate::code::Printing;
use crate::{Failure, output};

pub fn run(arguments: &SeriesArguments) -> Result<(), Failure> {
    if arguments.laurent {
        return laurent(arguments);
    }
    let series = arguments.function.series(&arguments.expression, &arguments.length)?;
    let text = match arguments.code.printing(arguments.format, arguments.on)? {
        Printing::Text => table(&series),
        Printing::Latex => series.latex() + "\n",
        Printing::Json => json(&series) + "\n",
        Printing::Code(code) => series.code(code)?,
    };
    output::print(&text)
}

/// The series about a pole.
fn laurent(arguments: &SeriesArguments) -> Result<(), Failure> {
    let function = arguments.function.function(&arguments.expression)?;
    let order = arguments.length.order.unwrap_or(4);
    let series = Laurent::new(&function, order, arguments.function.at())?;
    let text = match arguments.code.printing(arguments.format, arguments.on)? {
        Printing::Text => laurent_table(&series),
        Printing::Latex => series.latex() + "\n",
        Printing::Json => laurent_json(&series) + "\n",
        Printing::Code(_) => {
            return Err(Failure::Usage(
                "a Laurent series is no polynomial: --format takes text, latex or json with --laurent"
                    .into(),
            ));
        }
    };
    output::print(&text)
}

fn laurent_table(series: &Laurent) -> String {
    let mut text = format!(
        "{} about {}, a pole of order {}, up to degree {}\n\n  {series}\n\nradius of convergence: {}\n\n\
         {:>6}  {:<24} {}\n",
        series.name(),
        series.at(),
        series.order_of_pole(),
        series.order(),
        series.radius(),
        "degree",
        "coefficient",
        "exactly"
    );
    for (degree, coefficient) in (-(series.order_of_pole() as i64)..).zip(series.coefficients()) {
        let exact =
            series.exact(degree).map_or_else(|| "(enclosed only)".into(), ToString::to_string);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{degree:>6}  {:<24} {exact}", format!("{coefficient:?}"));
    }
    text
}

fn laurent_json(series: &Laurent) -> String {
    let pole = series.order_of_pole() as i64;
    let exact = |degree| series.exact(degree).map(ToString::to_string);
    let radius = series.radius();
    json!({
        "function": series.function().map(Function::text),
        "parameters": series.function().map(Function::parameters),
        "at": series.at(),
        "order": series.order(),
        "order_of_pole": pole,
        "coefficients": series.coefficients(),
        "exact": (-pole..=series.order() as i64).map(exact).collect::<Vec<_>>(),
        "radius": { "lower": radius.lower, "upper": radius.upper, "exact": radius.exact },
        "text": series.to_string(),
        "latex": series.latex(),
    })
    .to_string()
}

/// The series on a line and its coefficients below, the exact ones beside their decimals.
fn table(series: &Series) -> String {
    let mut text = format!(
        "{} about {}, order {}\n\n  {series}\n\nradius of convergence: {}\n\n{:>6}  {:<24} {}\n",
        series.name(),
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
        // Only those beyond the doubles need more than their rounding.
        let beyond = coefficient.is_infinite().then(|| series.enclosure(degree, 60).ok()).flatten();
        let decimal = beyond.map_or_else(|| format!("{coefficient:?}"), |it| it.to_decimal(17).0);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{degree:>6}  {decimal:<24} {exact}");
    }
    text
}

fn json(series: &Series) -> String {
    let exact = |degree| series.exact(degree).map(ToString::to_string);
    let radius = series.radius();
    // JSON has no infinities: a coefficient beyond the doubles is null, its exact text is there.
    json!({
        "function": series.function().map(Function::text),
        "parameters": series.function().map(Function::parameters),
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
