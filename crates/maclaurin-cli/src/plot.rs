//! `maclaurin plot`: a function in black and its Taylor polynomials in colour.

use maclaurin::{Function, Series};

use crate::Failure;
use crate::arguments::PlotArguments;
use crate::canvas::Line;
use crate::chart::{Axis, Chart, Curve, Mark, Marks};
use crate::title::Title;
use crate::{output, palette, picture};

/// Columns of a curve, and values computed in each.
const COLUMNS: usize = 1200;
const PER_COLUMN: usize = 6;

/// The longest stretch of values that a picture can show, half of the doubles' range.
const LARGEST: f64 = f64::MAX / 4.0;

pub fn run(arguments: &PlotArguments) -> Result<(), Failure> {
    let function = arguments.function.function(&arguments.expression)?;
    let (low, high) = arguments.on;
    let target = picture::target(&arguments.output, arguments.writing.force)?;
    let orders = &arguments.orders.0;
    let highest = orders.iter().copied().max().unwrap_or(0);
    let series = Series::new(&function, highest, arguments.function.at())?;
    let curve = sampled(|x| function.evaluate(x), low, high);
    let y = match arguments.y {
        Some(range) => range,
        None => value_range(&function, &curve)?,
    };
    let axis = |name: &str, (low, high)| Axis { name: name.into(), low, high, logarithmic: false };
    let mut curves = vec![Curve {
        name: "the function".into(),
        points: without_jumps(curve, y),
        line: Line { color: palette::FUNCTION, width: 3.0, dash: vec![] },
    }];
    let at = series.at_f64();
    let mut orders_of: Vec<(Vec<String>, Vec<_>)> = Vec::new();
    for &order in orders {
        let coefficients = &series.coefficients()[..=order];
        let value = |x: f64| coefficients.iter().rev().fold(0.0, |sum, a| sum * (x - at) + a);
        let points = sampled(value, low, high);
        // A zero coefficient gives the same curve once more: one line, both orders beside it.
        match orders_of.last_mut() {
            Some((orders, last)) if *last == points => orders.push(order.to_string()),
            _ => orders_of.push((vec![order.to_string()], points)),
        }
    }
    for (index, (orders, points)) in orders_of.into_iter().enumerate() {
        let order = if orders.len() == 1 { "order" } else { "orders" };
        let name = format!("{order} {}{}", orders.join(", "), leaves(&points, y));
        curves.push(Curve { name, points: decimated(points), line: palette::line(index) });
    }
    let after = format!(" and its Taylor polynomials about {}", series.at());
    let title = Title { before: String::new(), subject: function.to_string(), after };
    let marks = marks(&series, (low, high), Mark::Point(at, function.evaluate(at)));
    let (x, y) = (axis("x", (low, high)), axis("f(x)", y));
    let chart = Chart { title, x, y, marks, curves };
    picture::save(&chart.draw(arguments.size), &target)?;
    if arguments.writing.quiet || output::is_standard(&arguments.output) {
        return Ok(());
    }
    output::print(&format!("{}: {}\n", arguments.output.display(), chart.title))
}

/// The expansion point, drawn as `point`, and the ends of the disc of convergence, where they are
/// in the range.
pub fn marks(series: &Series, (low, high): (f64, f64), point: Mark) -> Vec<Marks> {
    let (at, radius) = (series.at_f64(), series.radius());
    let mut marks = Vec::new();
    if (low..=high).contains(&at) {
        let name = format!("expansion point, x = {}", series.at());
        marks.push(Marks { name, list: vec![point], color: palette::POINT });
    }
    let ends: Vec<f64> = [at - radius.lower, at + radius.lower]
        .into_iter()
        // A radius of which no more than "at least 0" is known has no ends.
        .filter(|end| radius.lower > 0.0 && (low..=high).contains(end))
        .collect();
    if !ends.is_empty() {
        let name = format!("disc of convergence, radius {radius}");
        marks.push(Marks { name, list: vec![Mark::Verticals(ends)], color: palette::DISC });
    }
    marks
}

/// What the legend adds for a polynomial that is not in the range of y everywhere.
fn leaves(points: &[(f64, f64)], (low, high): (f64, f64)) -> &'static str {
    let inside = points.iter().filter(|point| (low..=high).contains(&point.1)).count();
    match inside {
        0 => " (outside the range)",
        inside if inside < points.len() => " (leaves the range)",
        _ => "",
    }
}

/// The values at equal distances, several a column.
fn sampled(value: impl Fn(f64) -> f64, low: f64, high: f64) -> Vec<(f64, f64)> {
    let count = COLUMNS * PER_COLUMN;
    let step = (high - low) / count as f64;
    let x = |i: usize| if i == count { high } else { low + step * i as f64 };
    (0..=count).map(x).map(|x| (x, value(x))).collect()
}

/// The points with NaN between two that are outside the range on opposite sides, as at a pole,
/// and where a value is not finite.
fn without_jumps(points: Vec<(f64, f64)>, (low, high): (f64, f64)) -> Vec<(f64, f64)> {
    let mut parts: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (x, y) in points {
        let last = parts.last().and_then(|part| part.last()).map(|point| point.1);
        let jumps = last.is_some_and(|last| last.min(y) < low && last.max(y) > high);
        if jumps || !y.is_finite() {
            parts.push(Vec::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| y.is_finite()) {
            part.push((x, y));
        }
    }
    let interrupted = |part: Vec<(f64, f64)>| {
        let x = part.last().map(|point| point.0);
        decimated(part).into_iter().chain(x.map(|x| (x, f64::NAN)))
    };
    parts.into_iter().flat_map(interrupted).collect()
}

/// The first, smallest and largest of the points in each column: the same picture from fewer.
fn decimated(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let last = points.last().copied();
    let mut kept = Vec::with_capacity(COLUMNS + 2);
    for column in points.chunks(PER_COLUMN) {
        let order = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let ends = [column.iter().min_by(order), column.iter().max_by(order)];
        let mut chosen: Vec<(f64, f64)> = ends.into_iter().flatten().copied().collect();
        chosen.extend(column.first());
        chosen.sort_by(|a, b| a.0.total_cmp(&b.0));
        chosen.dedup_by(|a, b| a.0 == b.0);
        // A column that only rises or only falls is its first point.
        if column.is_sorted_by(|a, b| a.1 <= b.1) || column.is_sorted_by(|a, b| a.1 >= b.1) {
            chosen.truncate(1);
        }
        kept.extend(chosen);
    }
    kept.extend(last);
    kept.dedup_by(|a, b| a.0 == b.0);
    kept
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
    let quantile =
        |q: f64| values[((values.len() - 1) as f64 * q) as usize].clamp(-LARGEST, LARGEST);
    let (mut low, mut high) = (quantile(0.0), quantile(1.0));
    let middle = quantile(0.9) - quantile(0.1);
    if high - low > 20.0 * middle && middle > 0.0 {
        (low, high) = (quantile(0.02), quantile(0.98));
    }
    let room = if high > low { 0.08 * (high - low) } else { low.abs().max(1.0) };
    let (wider_low, wider_high) = (low - room, high + room);
    // Neighbouring doubles: less room than they can tell.
    Ok(if wider_low < wider_high {
        (wider_low, wider_high)
    } else {
        (low.next_down(), high.next_up())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_points_keep_the_extremes() {
        let points = sampled(|x| (300.0 * x).sin(), 0.0, 1.0);
        let kept = decimated(points.clone());
        assert!(kept.len() < points.len() / 2);
        let extremes = |points: &[(f64, f64)]| {
            points.iter().fold((1f64, -1f64), |(low, high), p| (low.min(p.1), high.max(p.1)))
        };
        assert_eq!(extremes(&kept), extremes(&points));
        assert!(kept.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn a_pole_interrupts_the_curve_and_a_polynomial_that_leaves_says_so() {
        let points = sampled(|x| 1.0 / x, -1.0, 1.1);
        let parts = without_jumps(points.clone(), (-5.0, 5.0));
        assert_eq!(parts.iter().filter(|point| point.1.is_nan()).count(), 2);
        assert_eq!(leaves(&points, (-5.0, 5.0)), " (leaves the range)");
        assert_eq!(leaves(&points, (0.0, 0.5)), " (outside the range)");
        assert_eq!(leaves(&points, (-1e9, 1e9)), "");
    }
}
