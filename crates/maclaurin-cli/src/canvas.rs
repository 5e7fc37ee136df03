//! A drawing as a list of shapes, written as SVG or painted into pixels.

use std::fmt::Write;

use tiny_skia::{Color, FillRule, Paint, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform};

use crate::Failure;
use crate::font;

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// The colour of text.
pub const INK: Rgb = [38, 38, 38];

/// Where a text stands relative to its position.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How a line is drawn: lengths of dashes and gaps in pixels, none for a solid line.
#[derive(Clone)]
pub struct Line {
    pub color: Rgb,
    pub width: f32,
    pub dash: Vec<f32>,
}

/// What a drawing is made of; positions in pixels from the upper left corner.
enum Shape {
    Polyline { points: Vec<(f32, f32)>, line: Line },
    Rectangle { corner: (f32, f32), size: (f32, f32), fill: Rgb, opacity: f32 },
    Disc { center: (f32, f32), radius: f32, fill: Rgb },
    Text { text: String, at: (f32, f32), size: f32, anchor: Anchor, upright: bool },
}

/// A white drawing.
pub struct Canvas {
    pub width: u32,
    pub height: u32,
    shapes: Vec<Shape>,
}

impl Canvas {
    pub fn new((width, height): (u32, u32)) -> Self {
        Self { width, height, shapes: Vec::new() }
    }

    /// Draws a line through points.
    pub fn polyline(&mut self, points: Vec<(f32, f32)>, line: &Line) {
        if points.len() > 1 {
            self.shapes.push(Shape::Polyline { points, line: line.clone() });
        }
    }

    /// Fills a rectangle.
    pub fn rectangle(&mut self, corner: (f32, f32), size: (f32, f32), fill: Rgb, opacity: f32) {
        self.shapes.push(Shape::Rectangle { corner, size, fill, opacity });
    }

    /// Fills a disc.
    pub fn disc(&mut self, center: (f32, f32), radius: f32, fill: Rgb) {
        self.shapes.push(Shape::Disc { center, radius, fill });
    }

    /// Writes a line of text, its baseline at `at`.
    pub fn text(&mut self, text: &str, at: (f32, f32), size: f32, anchor: Anchor) {
        if !text.is_empty() {
            let text = text.into();
            self.shapes.push(Shape::Text { text, at, size, anchor, upright: false });
        }
    }

    /// Writes a line of text from below to above, centred at `at`.
    pub fn upright_text(&mut self, text: &str, at: (f32, f32), size: f32) {
        let (text, anchor) = (text.into(), Anchor::Middle);
        self.shapes.push(Shape::Text { text, at, size, anchor, upright: true });
    }

    /// The drawing as SVG; its text stays text.
    pub fn svg(&self) -> String {
        let (width, height) = (self.width, self.height);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\">\n<rect width=\"{width}\" height=\"{height}\" \
             fill=\"#FFFFFF\"/>\n"
        );
        for shape in &self.shapes {
            // Writing to a String cannot fail.
            let _ = write_shape(&mut svg, shape);
        }
        svg + "</svg>\n"
    }

    /// The drawing as pixels.
    pub fn pixels(&self) -> Result<Pixmap, Failure> {
        let mut pixmap = blank(self.width, self.height)?;
        for shape in &self.shapes {
            paint(&mut pixmap, shape);
        }
        Ok(pixmap)
    }

    /// Paints the drawing over pixels that are there.
    pub fn paint_over(&self, pixmap: &mut Pixmap) {
        for shape in &self.shapes {
            paint(pixmap, shape);
        }
    }
}

/// White pixels.
pub fn blank(width: u32, height: u32) -> Result<Pixmap, Failure> {
    let mut pixmap = Pixmap::new(width, height).ok_or_else(|| {
        Failure::Usage(format!("a picture of {width} x {height} pixels is too large to draw"))
    })?;
    pixmap.fill(Color::WHITE);
    Ok(pixmap)
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

fn write_shape(svg: &mut String, shape: &Shape) -> std::fmt::Result {
    match shape {
        Shape::Polyline { points, line } => {
            svg.push_str("<polyline points=\"");
            for (x, y) in points {
                write!(svg, "{x:.2},{y:.2} ")?;
            }
            let dash: Vec<String> = line.dash.iter().map(ToString::to_string).collect();
            let dash = match dash.as_slice() {
                [] => String::new(),
                dash => format!(" stroke-dasharray=\"{}\"", dash.join(" ")),
            };
            let (color, width) = (hex(line.color), line.width);
            writeln!(
                svg,
                "\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" \
                 stroke-linejoin=\"round\"{dash}/>"
            )
        }
        Shape::Rectangle { corner: (x, y), size: (width, height), fill, opacity } => writeln!(
            svg,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" \
             fill=\"{}\" fill-opacity=\"{opacity}\"/>",
            hex(*fill)
        ),
        Shape::Disc { center: (x, y), radius, fill } => {
            writeln!(
                svg,
                "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius}\" fill=\"{}\"/>",
                hex(*fill)
            )
        }
        Shape::Text { text, at: (x, y), size, anchor, upright } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let turn = if *upright {
                format!(" transform=\"rotate(-90 {x:.2} {y:.2})\"")
            } else {
                String::new()
            };
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            writeln!(
                svg,
                "<text x=\"{x:.2}\" y=\"{y:.2}\" font-family=\"{}\" font-size=\"{size}\" \
                 text-anchor=\"{anchor}\" fill=\"{}\"{turn}>{text}</text>",
                font::FAMILIES,
                hex(INK)
            )
        }
    }
}

fn paint(pixmap: &mut Pixmap, shape: &Shape) {
    let mut brush = Paint { anti_alias: true, ..Paint::default() };
    let mut color = |[red, green, blue]: Rgb, opacity: f32| {
        brush.set_color_rgba8(red, green, blue, (opacity * 255.0).round() as u8);
        brush.clone()
    };
    match shape {
        Shape::Polyline { points, line } => {
            let mut builder = PathBuilder::new();
            for (index, (x, y)) in points.iter().enumerate() {
                if index == 0 { builder.move_to(*x, *y) } else { builder.line_to(*x, *y) }
            }
            let stroke = Stroke {
                width: line.width,
                line_join: tiny_skia::LineJoin::Round,
                dash: StrokeDash::new(line.dash.clone(), 0.0),
                ..Stroke::default()
            };
            if let Some(path) = builder.finish() {
                let brush = color(line.color, 1.0);
                pixmap.stroke_path(&path, &brush, &stroke, Transform::identity(), None);
            }
        }
        Shape::Rectangle { corner: (x, y), size: (width, height), fill, opacity } => {
            if let Some(rectangle) = Rect::from_xywh(*x, *y, *width, *height) {
                pixmap.fill_rect(rectangle, &color(*fill, *opacity), Transform::identity(), None);
            }
        }
        Shape::Disc { center: (x, y), radius, fill } => {
            if let Some(path) = PathBuilder::from_circle(*x, *y, *radius) {
                let brush = color(*fill, 1.0);
                pixmap.fill_path(&path, &brush, FillRule::Winding, Transform::identity(), None);
            }
        }
        Shape::Text { text, at: (x, y), size, anchor, upright } => {
            let back = match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => font::width(text, *size) / 2.0,
                Anchor::End => font::width(text, *size),
            };
            let turn = if *upright { -90.0 } else { 0.0 };
            let place =
                Transform::from_translate(-back, 0.0).post_rotate(turn).post_translate(*x, *y);
            if let Some(path) = font::outline(text, *size) {
                pixmap.fill_path(&path, &color(INK, 1.0), FillRule::Winding, place, None);
            }
        }
    }
}
