//! A chart: axes with ticks, curves clipped to the frame, and what is marked beside them.

use std::ops::RangeInclusive;

use crate::canvas::{Anchor, Canvas, Line, Rgb};
use crate::font;
use crate::legend::Legend;
use crate::ticks::{self, Ticks};
use crate::title::Title;

/// Width and height of a picture in pixels, unless --size says otherwise.
pub const SIZE: (u32, u32) = (960, 600);

/// The widths and the heights that a picture can have; in smaller ones the legend of eight orders
/// leaves no room for their curves.
pub const WIDTHS: RangeInclusive<u32> = 320..=8000;
pub const HEIGHTS: RangeInclusive<u32> = 240..=8000;

/// An axis: its range, finite and not empty.
pub struct Axis {
    pub name: String,
    pub low: f64,
    pub high: f64,
    /// The range is of exponents of ten.
    pub logarithmic: bool,
}

impl Axis {
    /// Where a value is between the ends, 0 to 1; the halves keep the difference finite.
    pub fn part(&self, value: f64) -> f64 {
        (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
    }

    fn ticks(&self, most: usize) -> Ticks {
        if self.logarithmic {
            ticks::decades(self.low, self.high, most)
        } else {
            ticks::linear(self.low, self.high, most)
        }
    }
}

/// A curve; points that are NaN interrupt it.
pub struct Curve {
    pub name: String,
    pub points: Vec<(f64, f64)>,
    pub line: Line,
}

/// What is drawn beside the curves.
pub enum Mark {
    /// A filled rectangle, its left, right and top; down to the frame.
    Bar(f64, f64, f64),
    /// A line over the whole height at some values of x.
    Verticals(Vec<f64>),
    /// A point, on a line over the whole height.
    Point(f64, f64),
}

/// Marks under one name.
pub struct Marks {
    pub name: String,
    pub list: Vec<Mark>,
    pub color: Rgb,
}

/// A chart before it has a size.
pub struct Chart {
    pub title: Title,
    pub x: Axis,
    pub y: Axis,
    pub marks: Vec<Marks>,
    pub curves: Vec<Curve>,
}

/// The frame in pixels, and what is measured once.
pub struct Frame {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
    /// All lengths are this many times those of the usual size.
    pub unit: f32,
}

impl Frame {
    /// The right and the lower edge.
    pub fn end(&self) -> (f32, f32) {
        (self.left + self.width, self.top + self.height)
    }

    fn contains(&self, (x, y): (f32, f32)) -> bool {
        x >= self.left - 0.5
            && x <= self.left + self.width + 0.5
            && y >= self.top - 0.5
            && y <= self.top + self.height + 0.5
    }
}

impl Chart {
    /// Draws the chart.
    pub fn draw(&self, size: (u32, u32)) -> Canvas {
        let mut canvas = Canvas::new(size);
        let (width, height) = (size.0 as f32, size.1 as f32);
        let unit = (width / SIZE.0 as f32).min(height / SIZE.1 as f32).clamp(0.65, 6.0);
        let legend = Legend::of(self, unit);
        let mut frame = self.frame((width, height), unit, (0.0, 0.0));
        let mut pieces = self.pieces(&frame);
        let inside = legend.inside(self, &frame, &pieces);
        let outside = inside.is_none().then(|| legend.outside(self, (width, height)));
        if let Some(outside) = &outside {
            frame = self.frame((width, height), unit, outside.room);
            pieces = self.pieces(&frame);
        }
        self.draw_grid(&mut canvas, &frame);
        self.draw_marks(&mut canvas, &frame);
        self.draw_axes(&mut canvas, &frame);
        for (curve, pieces) in self.curves.iter().zip(pieces) {
            for piece in pieces {
                canvas.polyline(piece, &scaled(&curve.line, unit));
            }
        }
        self.draw_points(&mut canvas, &frame);
        match (inside, outside) {
            (Some(corner), _) => legend.draw_inside(&mut canvas, corner),
            (None, Some(outside)) => legend.draw_outside(&mut canvas, &frame, &outside),
            (None, None) => {}
        }
        let (title, size) = self.title.fitted(unit, width - 24.0 * unit);
        canvas.text(&title, (width / 2.0, 30.0 * unit), size, Anchor::Middle);
        canvas
    }

    /// The frame with room for labels, and for more pixels on its right and below it.
    pub fn frame(&self, (width, height): (f32, f32), unit: f32, room: (f32, f32)) -> Frame {
        let height = height - room.1;
        let top =
            48.0 * unit + if self.y.note_of(height, unit).is_empty() { 0.0 } else { 18.0 * unit };
        let bottom = 56.0 * unit;
        let labels = self.y.ticks(most_rows(height - top - bottom, unit)).labels;
        let widest = labels.iter().map(|label| font::width(label, 14.0 * unit)).fold(0.0, f32::max);
        let left = (44.0 * unit + widest).round();
        // Half of the last label reaches beyond the frame.
        let right = 34.0 * unit + room.0;
        Frame {
            left,
            top: top.round(),
            width: (width - left - right).max(40.0).round(),
            height: (height - top - bottom).max(40.0).round(),
            unit,
        }
    }

    fn draw_grid(&self, canvas: &mut Canvas, frame: &Frame) {
        let (right, bottom) = frame.end();
        let grid = Line { color: [224, 224, 224], width: frame.unit, dash: vec![] };
        for value in x_ticks(&self.x, frame).values {
            let x = frame.left + self.x.part(value) as f32 * frame.width;
            canvas.polyline(vec![(x, frame.top), (x, bottom)], &grid);
        }
        for value in self.y.ticks(most_rows(frame.height, frame.unit)).values {
            let y = bottom - self.y.part(value) as f32 * frame.height;
            canvas.polyline(vec![(frame.left, y), (right, y)], &grid);
        }
    }

    fn draw_axes(&self, canvas: &mut Canvas, frame: &Frame) {
        let unit = frame.unit;
        let (right, bottom) = frame.end();
        let axis = Line { color: [120, 120, 120], width: unit, dash: vec![] };
        let ticks = x_ticks(&self.x, frame);
        for (value, label) in ticks.values.iter().zip(&ticks.labels) {
            let x = frame.left + self.x.part(*value) as f32 * frame.width;
            canvas.polyline(vec![(x, bottom), (x, bottom + 5.0 * unit)], &axis);
            canvas.text(label, (x, bottom + 20.0 * unit), 14.0 * unit, Anchor::Middle);
        }
        canvas.text(&ticks.note(), (right, bottom + 40.0 * unit), 14.0 * unit, Anchor::End);
        let ticks = self.y.ticks(most_rows(frame.height, unit));
        for (value, label) in ticks.values.iter().zip(&ticks.labels) {
            let y = bottom - self.y.part(*value) as f32 * frame.height;
            canvas.polyline(vec![(frame.left - 5.0 * unit, y), (frame.left, y)], &axis);
            canvas.text(label, (frame.left - 9.0 * unit, y + 5.0 * unit), 14.0 * unit, Anchor::End);
        }
        let above = (frame.left, frame.top - 8.0 * unit);
        canvas.text(&ticks.note(), above, 14.0 * unit, Anchor::Start);
        let outline = [
            (frame.left, frame.top),
            (right, frame.top),
            (right, bottom),
            (frame.left, bottom),
            (frame.left, frame.top),
        ];
        canvas.polyline(outline.to_vec(), &axis);
        let middle = (frame.left + frame.width / 2.0, bottom + 42.0 * unit);
        canvas.text(&self.x.name, middle, 15.0 * unit, Anchor::Middle);
        let middle = (20.0 * unit, frame.top + frame.height / 2.0);
        canvas.upright_text(&self.y.name, middle, 15.0 * unit);
    }

    fn draw_marks(&self, canvas: &mut Canvas, frame: &Frame) {
        let bottom = frame.top + frame.height;
        for group in &self.marks {
            let line = mark_line(group.color, frame.unit);
            for mark in &group.list {
                match mark {
                    Mark::Bar(left, right, top) => {
                        // Whole pixels: no seam between neighbours.
                        let x = |value: f64| {
                            let part = self.x.part(value).clamp(0.0, 1.0) as f32;
                            (frame.left + part * frame.width).round()
                        };
                        let height = self.y.part(*top).clamp(0.0, 1.0) as f32 * frame.height;
                        let corner = (x(*left), bottom - height);
                        canvas.rectangle(corner, (x(*right) - x(*left), height), group.color, 0.35);
                    }
                    Mark::Verticals(values) => {
                        for value in values {
                            self.vertical(canvas, frame, *value, &line);
                        }
                    }
                    Mark::Point(x, _) => self.vertical(canvas, frame, *x, &line),
                }
            }
        }
    }

    fn vertical(&self, canvas: &mut Canvas, frame: &Frame, value: f64, line: &Line) {
        let x = frame.left + self.x.part(value) as f32 * frame.width;
        canvas.polyline(vec![(x, frame.top), (x, frame.top + frame.height)], line);
    }

    fn draw_points(&self, canvas: &mut Canvas, frame: &Frame) {
        for group in &self.marks {
            for mark in &group.list {
                let Mark::Point(x, y) = mark else { continue };
                let point = self.pixel(frame, (*x, *y));
                if frame.contains(point) {
                    canvas.disc(point, 6.5 * frame.unit, [255, 255, 255]);
                    canvas.disc(point, 5.0 * frame.unit, group.color);
                }
            }
        }
    }

    /// A point in pixels; far outside the frame it stays within what pixels can count.
    pub fn pixel(&self, frame: &Frame, (x, y): (f64, f64)) -> (f32, f32) {
        let part = |axis: &Axis, value| axis.part(value).clamp(-1e4, 1e4) as f32;
        (
            frame.left + part(&self.x, x) * frame.width,
            frame.top + (1.0 - part(&self.y, y)) * frame.height,
        )
    }

    /// The parts of each curve inside the frame, in pixels.
    pub fn pieces(&self, frame: &Frame) -> Vec<Vec<Vec<(f32, f32)>>> {
        let clip = |curve: &Curve| {
            let points: Vec<Option<(f32, f32)>> = curve
                .points
                .iter()
                .map(|point| (!point.1.is_nan()).then(|| self.pixel(frame, *point)))
                .collect();
            clipped(&points, frame)
        };
        self.curves.iter().map(clip).collect()
    }
}

impl Axis {
    /// What a vertical axis states above the frame.
    fn note_of(&self, height: f32, unit: f32) -> String {
        self.ticks(most_rows(height - 104.0 * unit, unit)).note()
    }
}

/// The ticks of a horizontal axis: as many as their labels have room for.
fn x_ticks(axis: &Axis, frame: &Frame) -> Ticks {
    let widest = |ticks: &Ticks| {
        ticks.labels.iter().map(|label| font::width(label, 14.0 * frame.unit)).fold(0.0, f32::max)
    };
    let fits = |ticks: &Ticks| {
        (widest(ticks) + 14.0 * frame.unit) * ticks.labels.len() as f32 <= frame.width
    };
    (4..=10).rev().map(|most| axis.ticks(most)).find(fits).unwrap_or_else(|| axis.ticks(4))
}

/// The ticks that a vertical axis has room for.
fn most_rows(height: f32, unit: f32) -> usize {
    ((height / (40.0 * unit)) as usize).clamp(4, 11)
}

pub fn mark_line(color: Rgb, unit: f32) -> Line {
    Line { color, width: 1.2 * unit, dash: vec![2.0 * unit, 4.0 * unit] }
}

pub fn scaled(line: &Line, unit: f32) -> Line {
    let dash = line.dash.iter().map(|length| length * unit).collect();
    Line { color: line.color, width: line.width * unit, dash }
}

/// The parts of a curve inside the frame (Liang and Barsky 1984).
fn clipped(points: &[Option<(f32, f32)>], frame: &Frame) -> Vec<Vec<(f32, f32)>> {
    let mut pieces: Vec<Vec<(f32, f32)>> = vec![Vec::new()];
    for pair in points.windows(2) {
        let (Some((x0, y0)), Some((x1, y1))) = (pair[0], pair[1]) else {
            pieces.push(Vec::new());
            continue;
        };
        let (dx, dy) = (x1 - x0, y1 - y0);
        let (mut enter, mut leave) = (0f32, 1f32);
        for (direction, distance) in [
            (-dx, x0 - frame.left),
            (dx, frame.left + frame.width - x0),
            (-dy, y0 - frame.top),
            (dy, frame.top + frame.height - y0),
        ] {
            if direction == 0.0 {
                if distance < 0.0 {
                    leave = -1.0;
                }
            } else if direction < 0.0 {
                enter = enter.max(distance / direction);
            } else {
                leave = leave.min(distance / direction);
            }
        }
        if enter > leave {
            pieces.push(Vec::new());
            continue;
        }
        let at = |part: f32| (x0 + dx * part, y0 + dy * part);
        if let Some(piece) = pieces.last_mut() {
            if piece.is_empty() || enter > 0.0 {
                piece.push(at(enter));
            }
            piece.push(at(leave));
        }
        if leave < 1.0 {
            pieces.push(Vec::new());
        }
    }
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn chart(curve: impl Fn(f64) -> f64) -> Chart {
        let axis =
            |name: &str| Axis { name: name.into(), low: -1.0, high: 1.0, logarithmic: false };
        let points = (-100..=100).map(|i| f64::from(i) / 100.0).map(|x| (x, curve(x))).collect();
        let line = Line { color: [0; 3], width: 2.0, dash: vec![] };
        let curves = vec![Curve { name: "curve".into(), points, line }];
        let title = Title { before: String::new(), subject: "t".into(), after: String::new() };
        Chart { title, x: axis("x"), y: axis("y"), marks: vec![], curves }
    }

    #[test]
    fn curves_stay_in_the_frame() {
        for curve in [|x: f64| 1.0 / x, |x: f64| 1e300 * x, |x: f64| (1.0 / x).sin() * 3.0] {
            let chart = chart(curve);
            let frame = chart.frame((960.0, 600.0), 1.0, (0.0, 0.0));
            let pieces = chart.pieces(&frame);
            assert!(!pieces[0].is_empty());
            assert!(pieces[0].iter().flatten().all(|point| frame.contains(*point)));
        }
    }
}
