//! The picture of `maclaurin approximate`: the error between its certified bounds.

use maclaurin::{Approximation, scientific};

use crate::canvas::{Canvas, Line};
use crate::chart::{Axis, Chart, Curve};
use crate::palette;
use crate::title::Title;

/// Points of the error curve on each range.
const POINTS: usize = 2400;

/// Errors below this part of the values are rounding errors where they are computed in doubles.
const RESOLVED: f64 = 1e-13;

/// Draws `p - f` on each range, relative or weighted where the polynomial is so, between plus and minus the certified
/// bound; and the bound that no polynomial is below.
pub fn draw(p: &Approximation, size: (u32, u32)) -> Canvas {
    let weight = |x: f64, f: f64| match &p.choice().weight {
        Some(weight) => weight.evaluate(x),
        None if p.choice().relative => 1.0 / f.abs(),
        None => 1.0,
    };
    let (mut error, mut largest) = (Vec::new(), 0f64);
    for &(low, high) in p.on() {
        for i in 0..=POINTS {
            let x = low + (high - low) * (i as f64 / POINTS as f64);
            let (f, y) = (p.function().evaluate(x), p.evaluate(x));
            let w = weight(x, f);
            largest = largest.max(w * f.abs().max(y.abs()));
            error.push((x, w * (y - f)));
        }
        // Not joined to the next range.
        error.push((high, f64::NAN));
    }
    let bound = p.error().bound;
    let (low, high) = (p.on()[0].0, p.on()[p.on().len() - 1].1);
    let level = |value: f64| {
        [value, -value].into_iter().flat_map(move |y| [(low, y), (high, y), (high, f64::NAN)])
    };
    let what = match &p.choice().weight {
        Some(weight) => format!("({weight}) (p - f)"),
        None if p.choice().relative => "(p - f)/|f|".into(),
        None => "p - f".into(),
    };
    let line = |color, width, dash| Line { color, width, dash };
    let mut curves = vec![Curve {
        name: format!("certified bound, {}", scientific(bound, 3, true)),
        points: level(bound).collect(),
        line: line(palette::BOUND, 2.5, vec![]),
    }];
    if p.best() > 0.0 {
        curves.push(Curve {
            name: format!("no polynomial is below {}", scientific(p.best(), 3, false)),
            points: level(p.best()).collect(),
            line: line(palette::POINT, 1.5, vec![6.0, 4.0]),
        });
    }
    if bound > RESOLVED * largest {
        curves.push(Curve {
            name: what.clone(),
            points: error,
            line: line(palette::FUNCTION, 2.0, vec![]),
        });
    }
    let room = if bound > 0.0 { 1.25 * bound } else { 1.0 };
    let name = if bound > RESOLVED * largest || bound == 0.0 {
        what
    } else {
        format!("{what}: too small for doubles")
    };
    let title = Title {
        before: format!("Error of degree {} of ", p.degree()),
        subject: p.function().to_string(),
        after: String::new(),
    };
    let x = Axis { name: "x".into(), low, high, logarithmic: false };
    let y = Axis { name, low: -room, high: room, logarithmic: false };
    Chart { title, x, y, marks: Vec::new(), curves }.draw(size)
}
