//! The legend of a chart: in the frame where no curve is, else below the frame or beside it,
//! whichever leaves more of the picture to the curves.

use crate::canvas::{Anchor, Canvas, Line};
use crate::chart::{Chart, Frame, Mark, mark_line, scaled};
use crate::font;

/// Lengths at the usual size: a row, the space above and below all of them, the letters, the line
/// before a name, and where its name begins.
const ROW: f32 = 21.0;
const PADDING: f32 = 10.0;
const LETTERS: f32 = 14.0;
const SAMPLE: f32 = 40.0;
const NAME: f32 = 56.0;

/// The height of the labels and the name of the x axis, between the frame and a legend below it.
const AXIS: f32 = 52.0;

/// How a name's line or mark is shown.
enum Sample {
    Line(Line),
    Bar([u8; 3]),
    Disc([u8; 3]),
}

/// Names and what they stand for.
pub struct Legend {
    entries: Vec<(String, Sample)>,
    unit: f32,
}

/// Names in columns, each filled from above.
#[derive(Debug, PartialEq)]
struct Columns {
    widths: Vec<f32>,
    rows: usize,
}

/// A place outside the frame.
#[derive(Debug)]
pub struct Outside {
    columns: Columns,
    below: bool,
    /// What the frame leaves on its right and below it.
    pub room: (f32, f32),
}

/// The parts of each curve inside the frame, in pixels.
type Pieces = [Vec<Vec<(f32, f32)>>];

impl Legend {
    /// The legend of a chart whose lengths are `unit` times the usual ones.
    pub fn of(chart: &Chart, unit: f32) -> Self {
        let curves = chart.curves.iter().map(|curve| {
            let name = font::shown(&curve.name).0;
            (name, Sample::Line(scaled(&curve.line, unit)))
        });
        let marks = chart.marks.iter().map(|group| {
            let sample = match group.list.first() {
                Some(Mark::Bar(..)) => Sample::Bar(group.color),
                Some(Mark::Point(..)) => Sample::Disc(group.color),
                _ => Sample::Line(mark_line(group.color, unit)),
            };
            (font::shown(&group.name).0, sample)
        });
        Self { entries: curves.chain(marks).collect(), unit }
    }

    /// The names in a number of columns.
    fn columns(&self, count: usize) -> Columns {
        let rows = self.entries.len().div_ceil(count.max(1)).max(1);
        let width = |(name, _): &(String, Sample)| {
            font::width(name, LETTERS * self.unit) + (NAME + PADDING) * self.unit
        };
        let column = |entries: &[(String, Sample)]| entries.iter().map(width).fold(0.0, f32::max);
        Columns { widths: self.entries.chunks(rows).map(column).collect(), rows }
    }

    /// Width and height.
    fn size(&self, columns: &Columns) -> (f32, f32) {
        (columns.widths.iter().sum(), (columns.rows as f32 * ROW + PADDING) * self.unit)
    }

    /// The upper left corner of a place in the frame under which no curve is, if there is one.
    pub fn inside(&self, chart: &Chart, frame: &Frame, pieces: &Pieces) -> Option<(f32, f32)> {
        let size = self.size(&self.columns(1));
        let gap = 10.0 * frame.unit;
        let (right, bottom) = frame.end();
        let lefts = [frame.left + gap, right - size.0 - gap, (frame.left + right - size.0) / 2.0];
        let tops = [frame.top + gap, bottom - size.1 - gap];
        let corners = lefts.into_iter().flat_map(|x| tops.map(|y| (x, y)));
        corners.into_iter().find(|&(x, y)| {
            let fits = x > frame.left && x + size.0 < right && y > frame.top && y + size.1 < bottom;
            let (corner, size) = ((x - gap / 2.0, y - gap / 2.0), (size.0 + gap, size.1 + gap));
            fits && !occupied(chart, frame, pieces, corner, size)
        })
    }

    /// The place below or beside the frame: one that cuts no name, and leaves the frame larger.
    pub fn outside(&self, chart: &Chart, (width, height): (f32, f32)) -> Outside {
        let gap = 12.0 * self.unit;
        let across = width - 2.0 * gap;
        let most = self.entries.len().max(1);
        let below = (1..=most).rev().map(|count| self.columns(count));
        let below = below.into_iter().find(|columns| self.size(columns).0 <= across);
        let below = below.unwrap_or_else(|| self.columns(1));
        // The rows next to the frame leave it half of the width.
        let beside = self.columns(1);
        let place = |mut columns: Columns, below: bool| {
            let most = if below { across } else { width / 2.0 - gap };
            let cut = self.size(&columns).0 > most;
            for column in &mut columns.widths {
                *column = column.min(most);
            }
            let size = self.size(&columns);
            let room = if below { (0.0, size.1) } else { (size.0 + gap, 0.0) };
            let frame = chart.frame((width, height), self.unit, room);
            let fits = if below {
                frame.end().1 + AXIS * self.unit + size.1 <= height
            } else {
                frame.top + size.1 <= height && frame.end().0 + size.0 <= width
            };
            let side = frame.width.min(1.6 * frame.height);
            let score = (fits, !cut, side);
            (score, Outside { columns, below, room })
        };
        let (below, beside) = (place(below, true), place(beside, false));
        if below.0 >= beside.0 { below.1 } else { beside.1 }
    }

    /// Draws the legend over the grid, its upper left corner at a point of the frame.
    pub fn draw_inside(&self, canvas: &mut Canvas, (left, top): (f32, f32)) {
        let columns = self.columns(1);
        let (width, height) = self.size(&columns);
        let (left, top) = (left.round(), top.round());
        canvas.rectangle((left, top), (width, height), [255; 3], 0.9);
        let (right, bottom) = (left + width.round(), top + height.round());
        let outline = vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        canvas.polyline(outline, &Line { color: [200; 3], width: self.unit, dash: vec![] });
        self.draw(canvas, (left, top), &columns);
    }

    /// Draws the legend outside the frame.
    pub fn draw_outside(&self, canvas: &mut Canvas, frame: &Frame, outside: &Outside) {
        let unit = self.unit;
        let (right, bottom) = frame.end();
        let (width, height) = self.size(&outside.columns);
        let corner = if outside.below {
            let centred = frame.left + (frame.width - width) / 2.0;
            let most = canvas.width as f32 - 12.0 * unit - width;
            (centred.min(most).max(12.0 * unit), bottom + AXIS * unit)
        } else {
            let highest = canvas.height as f32 - height;
            (right + 12.0 * unit, frame.top.min(highest).max(0.0))
        };
        self.draw(canvas, corner, &outside.columns);
    }

    fn draw(&self, canvas: &mut Canvas, (left, top): (f32, f32), columns: &Columns) {
        let unit = self.unit;
        let mut left = left.round();
        for (entries, width) in self.entries.chunks(columns.rows).zip(&columns.widths) {
            for (row, (name, sample)) in entries.iter().enumerate() {
                // Rows at whole pixels: horizontal lines stay sharp.
                let y = (top + (row as f32 * ROW + 15.0) * unit).round();
                let (start, end) = (left + 8.0 * unit, left + (8.0 + SAMPLE) * unit);
                match sample {
                    Sample::Line(line) => canvas.polyline(vec![(start, y), (end, y)], line),
                    Sample::Bar(color) => {
                        let size = (SAMPLE * unit, 12.0 * unit);
                        canvas.rectangle((start, y - 6.0 * unit), size, *color, 0.35);
                    }
                    Sample::Disc(color) => {
                        canvas.disc((f32::midpoint(start, end), y), 5.0 * unit, *color);
                    }
                }
                let name = font::fitted(name, LETTERS * unit, width - NAME * unit);
                let at = (left + NAME * unit, y + 5.0 * unit);
                canvas.text(&name, at, LETTERS * unit, Anchor::Start);
            }
            left += width;
        }
    }
}

/// Whether a curve or a mark is in a rectangle.
fn occupied(
    chart: &Chart,
    frame: &Frame,
    pieces: &Pieces,
    corner: (f32, f32),
    size: (f32, f32),
) -> bool {
    let inside = |(x, y): (f32, f32)| {
        (corner.0..=corner.0 + size.0).contains(&x) && (corner.1..=corner.1 + size.1).contains(&y)
    };
    let crosses = |pair: &[(f32, f32)]| {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        // Points at most four pixels apart.
        let count = (((x1 - x0).hypot(y1 - y0) / 4.0) as usize).min(10_000) + 1;
        (0..=count).any(|i| {
            let part = i as f32 / count as f32;
            inside((x0 + (x1 - x0) * part, y0 + (y1 - y0) * part))
        })
    };
    let marked = |mark: &Mark| {
        let column = |value: f64| frame.left + chart.x.part(value) as f32 * frame.width;
        match mark {
            Mark::Bar(left, right, top) => {
                column(*right) >= corner.0
                    && column(*left) <= corner.0 + size.0
                    && chart.pixel(frame, (*left, *top)).1 <= corner.1 + size.1
            }
            // The legend may hide a part of a line over the whole height.
            Mark::Verticals(_) => false,
            Mark::Point(x, y) => inside(chart.pixel(frame, (*x, *y))),
        }
    };
    pieces.iter().flatten().any(|piece| piece.windows(2).any(crosses))
        || chart.marks.iter().flat_map(|group| &group.list).any(marked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Curve, tests::chart};

    fn inside(chart: &Chart) -> Option<(f32, f32)> {
        let frame = chart.frame((960.0, 600.0), 1.0, (0.0, 0.0));
        Legend::of(chart, 1.0).inside(chart, &frame, &chart.pieces(&frame))
    }

    #[test]
    fn the_legend_is_where_the_curve_is_not() {
        let (x, y) = inside(&chart(|x| x)).unwrap();
        assert!(x < 480.0 && y < 300.0);
        let (x, y) = inside(&chart(|x| -x)).unwrap();
        assert!(x < 480.0 && y > 300.0);
        assert_eq!(inside(&chart(|x| (1e3 * x).sin())), None);
    }

    #[test]
    fn outside_the_frame_it_fits_the_picture() {
        let mut chart = chart(|x| (1e3 * x).sin());
        chart.curves[0].name = "a name of some length".into();
        let legend = Legend::of(&chart, 1.0);
        let outside = legend.outside(&chart, (960.0, 600.0));
        assert!(outside.below && outside.columns.rows == 1, "{outside:?}");
        // A banner has more room beside its frame.
        let banner = legend.outside(&chart, (2000.0, 240.0));
        assert!(!banner.below && banner.room.1 == 0.0, "{banner:?}");
        // The most names that there are, at the smallest sizes.
        for index in 0..9 {
            let (points, line) = (Vec::new(), chart.curves[0].line.clone());
            chart.curves.push(Curve { name: format!("order {index} (leaves)"), points, line });
        }
        let legend = Legend::of(&chart, 0.65);
        for (width, height) in [(320.0, 240.0), (320.0, 8000.0), (8000.0, 240.0)] {
            let outside = legend.outside(&chart, (width, height));
            let frame = chart.frame((width, height), 0.65, outside.room);
            let size = legend.size(&outside.columns);
            let end = if outside.below {
                (size.0, frame.end().1 + AXIS * 0.65 + size.1)
            } else {
                (frame.end().0 + size.0, frame.top + size.1)
            };
            assert!(end.0 <= width && end.1 <= height, "{width} x {height}: {outside:?}");
        }
    }
}
