//! The picture of `maclaurin bound`: the error curve below its certified bound.

use maclaurin::Series;

use crate::canvas::{Canvas, Line};
use crate::chart::{Axis, Chart, Curve, Mark, Marks};
use crate::title::Title;
use crate::{palette, plot};

/// Orders of magnitude below the largest error that are drawn.
const DECADES: f64 = 12.0;

/// What is drawn.
pub struct Errors<'a> {
    /// The polynomial.
    pub series: &'a Series,
    /// The range of x.
    pub range: (f64, f64),
    /// The bounds on equal parts of the range.
    pub slices: &'a [f64],
    /// The error at points of the range.
    pub curve: Vec<(f64, f64)>,
    /// The bound on the whole range.
    pub bound: f64,
}

impl Errors<'_> {
    /// Draws the picture.
    pub fn draw(&self, size: (u32, u32)) -> Canvas {
        let (low, high) = self.range;
        let exact = self.bound == 0.0;
        // An error of zero has no logarithm: it is drawn on a plain axis.
        let top = if exact { 1.0 } else { self.bound.min(f64::MAX).log10() };
        let positive = self.slices.iter().filter(|bound| **bound > 0.0).map(|bound| bound.log10());
        let bottom = positive.fold(top, f64::min).max(top - DECADES).min(top - 1.0);
        let axis = if exact {
            Axis { name: "|f - T|".into(), low: -0.1, high: 1.0, logarithmic: false }
        } else {
            Axis { name: "|f - T|".into(), low: bottom - 0.5, high: top + 0.5, logarithmic: true }
        };
        let level = |error: f64| if exact { error } else { error.log10() };
        let width = (high - low) / self.slices.len() as f64;
        let bar = |(i, bound): (usize, &f64)| {
            let left = low + width * i as f64;
            Mark::Bar(left, left + width, level(*bound))
        };
        let bars = self.slices.iter().enumerate().map(bar).collect();
        let bars = Marks { name: "certified bound".into(), list: bars, color: palette::BOUND };
        let mut marks = if exact { Vec::new() } else { vec![bars] };
        // The error is zero there, and has no place on a logarithmic axis.
        let point = Mark::Verticals(vec![self.series.at_f64()]);
        marks.extend(plot::marks(self.series, self.range, point));
        let name = if exact {
            "|f - T| = 0, certified: the polynomial is the function"
        } else {
            "|f - T|"
        };
        // At the expansion point the error is zero: below any logarithmic axis.
        let points = self.curve.iter().map(|&(x, error)| (x, level(error))).collect();
        let line = Line { color: palette::FUNCTION, width: 2.0, dash: vec![] };
        let (order, at) = (self.series.order(), self.series.at());
        let before = format!("How far order {order} about {at} is from ");
        let subject = self.series.name();
        let title = Title { before, subject, after: String::new() };
        let x = Axis { name: "x".into(), low, high, logarithmic: false };
        let curves = vec![Curve { name: name.into(), points, line }];
        Chart { title, x, y: axis, marks, curves }.draw(size)
    }
}
