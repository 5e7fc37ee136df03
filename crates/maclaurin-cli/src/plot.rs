//! `maclaurin plot`: a function in black and its Taylor polynomials in colour.

use std::ops::Range;

use maclaurin::{Function, Series};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::arguments::PlotArguments;
use crate::chart::{self, Chart};
use crate::picture::draw_failure;
use crate::{Failure, output};

/// Points of a curve.
const SAMPLES: usize = 1200;

/// Colours that the colour-blind tell apart (Okabe and Ito 2008), the darker ones first.
const COLORS: [RGBColor; 8] = [
    RGBColor(213, 94, 0),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(128, 128, 128),
    RGBColor(200, 185, 40),
];

/// What is drawn.
struct Plot {
    title: String,
    x: Range<f64>,
    y: Range<f64>,
    function: Vec<(f64, f64)>,
    polynomials: Vec<(String, Vec<(f64, f64)>)>,
}

pub fn run(arguments: &PlotArguments) -> Result<(), Failure> {
    let function = arguments.function.function(&arguments.expression)?;
    let (low, high) = arguments.on;
    let target = chart::target(&arguments.output, arguments.writing.force)?;
    let orders = &arguments.orders.0;
    let highest = orders.iter().copied().max().unwrap_or(0);
    let series = Series::new(&function, highest, arguments.function.at())?;
    let samples = || {
        let step = (high - low) / SAMPLES as f64;
        (0..=SAMPLES).map(move |i| if i == SAMPLES { high } else { low + step * i as f64 })
    };
    let curve: Vec<_> = samples().map(|x| (x, function.evaluate(x))).collect();
    let y = match arguments.y {
        Some(range) => range,
        None => value_range(&function, &curve)?,
    };
    let mut polynomials: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for &order in orders {
        let coefficients = &series.coefficients()[..=order];
        let at = series.at_f64();
        let value = |x: f64| coefficients.iter().rev().fold(0.0, |sum, a| sum * (x - at) + a);
        let curve = samples().map(|x| (x, value(x))).collect();
        // A zero coefficient gives the same curve once more: one line, both orders beside it.
        match polynomials.last_mut() {
            Some((name, last)) if *last == curve => name.extend([", ", &order.to_string()]),
            _ => polynomials.push((format!("order {order}"), curve)),
        }
    }
    let plot = Plot {
        title: format!("{function} and its Taylor polynomials about {}", series.at()),
        x: low..high,
        y: y.0..y.1,
        function: curve,
        polynomials,
    };
    chart::save(&plot, &target)?;
    if arguments.writing.quiet || output::is_standard(&arguments.output) {
        return Ok(());
    }
    output::print(&format!("{}: {}\n", arguments.output.display(), plot.title))
}

/// The range of the function's finite values with some room; of most of them where a few are far
/// from the rest, as near a pole.
fn value_range(function: &Function, curve: &[(f64, f64)]) -> Result<(f64, f64), Failure> {
    let mut values: Vec<f64> = curve.iter().map(|&(_, y)| y).filter(|y| y.is_finite()).collect();
    if values.is_empty() {
        let message = format!("{function} has no finite value on the range: choose another --on");
        return Err(Failure::Usage(message));
    }
    values.sort_by(f64::total_cmp);
    let quantile = |q: f64| values[((values.len() - 1) as f64 * q) as usize];
    let (mut low, mut high) = (quantile(0.0), quantile(1.0));
    let middle = quantile(0.9) - quantile(0.1);
    if high - low > 20.0 * middle && middle > 0.0 {
        (low, high) = (quantile(0.02), quantile(0.98));
    }
    let room = if high > low { 0.08 * (high - low) } else { low.abs().max(1.0) };
    Ok((low - room, high + room))
}

impl Chart for Plot {
    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), Failure>
    where
        B::ErrorType: 'static,
    {
        let mut chart = chart::axes(area, scale, &self.title, self.x.clone(), self.y.clone())?;
        let function = ("the function".to_owned(), &self.function, BLACK, 3);
        let polynomials = self.polynomials.iter().zip(COLORS);
        let polynomials = polynomials.map(|((name, curve), color)| (name.clone(), curve, color, 2));
        for (name, curve, color, width) in std::iter::once(function).chain(polynomials) {
            let style = color.stroke_width(width * scale);
            for (index, piece) in clipped(curve, &self.y).into_iter().enumerate() {
                let line =
                    chart.draw_series(LineSeries::new(piece, style)).map_err(draw_failure)?;
                if index == 0 {
                    let length = (24 * scale) as i32;
                    line.label(&name).legend(move |(x, y)| {
                        PathElement::new(vec![(x, y), (x + length, y)], style)
                    });
                }
            }
        }
        chart::legend(&mut chart, scale)?;
        area.present().map_err(draw_failure)
    }
}

/// The parts of a curve inside `range`, cut where it leaves; a curve that leaves on one side and
/// comes back on the other has a pole between and is not joined.
fn clipped(curve: &[(f64, f64)], range: &Range<f64>) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = vec![Vec::new()];
    for pair in curve.windows(2) {
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
        let (low, high) = (y0.min(y1), y0.max(y1));
        let jumps = low < range.start && high > range.end;
        if !(y0.is_finite() && y1.is_finite()) || jumps || high < range.start || low > range.end {
            pieces.push(Vec::new());
            continue;
        }
        let cut = |y: f64| {
            let inside = y.clamp(range.start, range.end);
            let x =
                if inside == y { None } else { Some(x0 + (x1 - x0) * (inside - y0) / (y1 - y0)) };
            (x, inside)
        };
        let (first, second) = (cut(y0), cut(y1));
        if let Some(piece) = pieces.last_mut() {
            if piece.is_empty() || first.0.is_some() {
                piece.push((first.0.unwrap_or(x0), first.1));
            }
            piece.push((second.0.unwrap_or(x1), second.1));
        }
        if second.0.is_some() {
            pieces.push(Vec::new());
        }
    }
    pieces.retain(|piece| piece.len() > 1);
    pieces
}
