//! `maclaurin bound`: how far a Taylor polynomial is from its function, printed and drawn.

use std::fmt::Write;

use maclaurin::{Error, ErrorBound, Format, Series, plain, scientific};

use crate::arguments::BoundArguments;
use crate::code::FormatName;
use crate::error_chart::Errors;
use crate::{Failure, output, picture};

/// Columns and rows of the drawing in the terminal.
const COLUMNS: usize = 64;
const ROWS: usize = 10;

/// Orders of magnitude below the largest error that are drawn.
const DECADES: f64 = 8.0;

/// Points of the error curve in a picture for each column.
const POINTS: usize = 6;

pub fn run(arguments: &BoundArguments) -> Result<(), Failure> {
    let function = arguments.function.function(&arguments.expression)?;
    let (low, high) = arguments.on;
    let target = arguments.output.as_deref();
    let target = target.map(|path| picture::target(path, arguments.writing.force)).transpose()?;
    let series = match arguments.tolerance {
        Some(tolerance) => Series::within(
            &function,
            (low, high),
            tolerance,
            arguments.function.at.as_deref().map(Into::into),
        )?,
        None => Series::new(&function, arguments.order.unwrap_or(4), arguments.function.at())?,
    };
    // One evaluation of the error gives the bound, the columns and the points of the curve.
    let parts = if target.is_some() { COLUMNS * POINTS } else { COLUMNS };
    let profile = series.error_profile(low, high, parts)?;
    let error = profile.whole;
    let relative = series.relative_error_bound(low, high);
    let format = arguments.dtype.map(FormatName::format);
    let rounded = format.map(|format| series.error_bound_in(low, high, format)).transpose()?;
    let rounded = format.zip(rounded);
    let largest = |parts: &[ErrorBound]| parts.iter().map(|part| part.bound).fold(0.0, f64::max);
    let slices: Vec<f64> = profile.parts.chunks(parts / COLUMNS).map(largest).collect();
    let beside = target.as_ref().is_some_and(|target| output::is_standard(target.path()));
    let silent = arguments.writing.quiet || beside;
    if arguments.json {
        output::print_json(&json(&series, low, high, &error, &relative, rounded), beside)?;
    } else if !silent {
        let text = summary(&series, low, high, &error, &relative, rounded);
        output::print(&(text + &drawing(&slices, &error, low, high)))?;
    }
    if let Some(target) = &target {
        let curve = profile.parts.iter().map(|part| (part.at, likely(part))).collect();
        let (range, bound) = ((low, high), error.bound);
        let errors = Errors { series: &series, range, slices: &slices, curve, bound };
        picture::save(&errors.draw(arguments.size), target)?;
        if !silent && !arguments.json {
            output::print(&format!("\n{}\n", target.path().display()))?;
        }
    }
    Ok(())
}

/// The largest error of a part as it is drawn: the middle of its enclosure, whose ends jump from one
/// expansion to the next; where no more than a wide bound is known, what was seen.
fn likely(part: &ErrorBound) -> f64 {
    if part.bound <= 2.0 * part.sampled { part.sampled.midpoint(part.bound) } else { part.sampled }
}

/// The bounds for programs.
fn json(
    series: &Series,
    low: f64,
    high: f64,
    error: &ErrorBound,
    relative: &Result<ErrorBound, Error>,
    rounded: Option<(Format, ErrorBound)>,
) -> String {
    let bound = |error: &ErrorBound| serde_json::json!({ "bound": error.bound, "sampled": error.sampled, "at": error.at });
    let radius = series.radius();
    let mut object = serde_json::json!({
        "function": series.function().map(maclaurin::Function::text),
        "at": series.at(),
        "order": series.order(),
        "on": [low, high],
        "error": bound(error),
        "relative_error": relative.as_ref().ok().map(bound),
        "radius": { "lower": radius.lower, "upper": radius.upper, "exact": radius.exact },
    });
    if let Some((format, error)) = rounded {
        object["rounded_error"] = bound(&error);
        object["dtype"] = format.to_string().into();
    }
    format!("{object}\n")
}

fn summary(
    series: &Series,
    low: f64,
    high: f64,
    error: &ErrorBound,
    relative: &Result<ErrorBound, Error>,
    rounded: Option<(Format, ErrorBound)>,
) -> String {
    let (function, at, order) = (series.name(), series.at(), series.order());
    let mut text =
        format!("{function} about {at}, order {order}, on [{}, {}]\n\n", plain(low), plain(high));
    // Writing to a String cannot fail.
    if order <= 12 {
        let _ = writeln!(text, "  {series}\n");
    }
    let radius = series.radius();
    let reach = (low - series.at_f64()).abs().max((high - series.at_f64()).abs());
    let inside = if reach < radius.lower {
        "inside it"
    } else if reach > radius.upper {
        "beyond it: higher orders are no better there"
    } else {
        "perhaps beyond it"
    };
    let _ = writeln!(text, "error           {}", sentence(error));
    let _ = match relative {
        Ok(error) => writeln!(text, "relative error  {}", sentence(error)),
        Err(_) => writeln!(text, "relative error  unbounded: the function comes too near to zero"),
    };
    if let Some((format, error)) = rounded {
        let format = format!("in {format}");
        let _ = if error.bound == f64::INFINITY {
            writeln!(text, "{format:<15} may overflow: there is no bound")
        } else {
            writeln!(text, "{format:<15} {}", sentence(&error))
        };
    }
    let _ = writeln!(text, "radius          {radius}; the range reaches {reach}, {inside}\n");
    text
}

/// A bound in words; both figures rounded so that they stay true.
fn sentence(error: &ErrorBound) -> String {
    let bound = scientific(error.bound, 5, true);
    let sampled = scientific(error.sampled, 5, false);
    format!("at most {bound}, certified; at x = {} it is at least {sampled}", error.at)
}

/// The bounds as columns of blocks on a logarithmic scale.
fn drawing(slices: &[f64], error: &ErrorBound, low: f64, high: f64) -> String {
    const BLOCKS: [char; 9] = [
        ' ', '\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}',
        '\u{2588}',
    ];
    if error.bound == 0.0 {
        return "The polynomial is the function.\n".into();
    }
    let top = error.bound.log10();
    let smallest =
        slices.iter().filter(|bound| **bound > 0.0).fold(f64::INFINITY, |a, b| a.min(*b));
    let bottom = smallest.log10().max(top - DECADES).min(top - 0.5);
    let heights: Vec<usize> = slices
        .iter()
        .map(|bound| (bound.log10() - bottom) / (top - bottom))
        .map(|part| (part.clamp(0.0, 1.0) * (8 * ROWS) as f64).round() as usize)
        .collect();
    let mut text = String::new();
    for row in (0..ROWS).rev() {
        let level = bottom + (top - bottom) * (row + 1) as f64 / ROWS as f64;
        let label = if row + 1 == ROWS || row == ROWS / 2 {
            format!("{:.1e}", 10f64.powf(level))
        } else {
            String::new()
        };
        let line: String =
            heights.iter().map(|height| BLOCKS[height.saturating_sub(8 * row).min(8)]).collect();
        let _ = writeln!(text, "{label:>9} |{}", line.trim_end());
    }
    let (left, right) = (low.to_string(), high.to_string());
    let _ = writeln!(text, "{:>9} +{}", format!("{:.1e}", 10f64.powf(bottom)), "-".repeat(COLUMNS));
    let gap = COLUMNS.saturating_sub(left.chars().count());
    let _ = writeln!(text, "{:>9}  {left}{right:>gap$}", "x =");
    text
}
