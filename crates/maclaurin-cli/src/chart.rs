//! What the charts share: the frame, the legend, and SVG or PNG out.

use std::io::Write;
use std::ops::Range;
use std::path::Path;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

use crate::Failure;
use crate::input::ending;
use crate::output::{Target, is_standard};
use crate::picture::{FAMILY, OVERSAMPLING, Picture, draw_failure, text, use_font};

/// Width and height of the picture in pixels.
const SIZE: (u32, u32) = (960, 600);

/// Something that can be drawn at any size.
pub trait Chart {
    /// Draws on an area whose lengths are all `scale` times the usual ones.
    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), Failure>
    where
        B::ErrorType: 'static;
}

/// The file that a picture is drawn into: .svg, .png, or - for SVG to standard output.
pub fn target(path: &Path, force: bool) -> Result<Target, Failure> {
    match ending(path).as_str() {
        "svg" | "png" => {}
        _ if is_standard(path) => {}
        other => {
            let message = format!("cannot write `.{other}`: --output is a .svg or .png file");
            return Err(Failure::Usage(message));
        }
    }
    Target::new(path, force, &[])
}

/// Draws into a file.
pub fn save(chart: &impl Chart, target: &Target) -> Result<(), Failure> {
    use_font();
    match ending(target.path()).as_str() {
        "svg" | "" => {
            let mut text = String::new();
            chart.draw(&SVGBackend::with_string(&mut text, SIZE).into_drawing_area(), 1)?;
            target.write(|file| file.write_all(text.as_bytes()))?;
        }
        _ => {
            let size = (SIZE.0 * OVERSAMPLING, SIZE.1 * OVERSAMPLING);
            let mut large = Picture::white(size.0, size.1);
            chart.draw(
                &BitMapBackend::with_buffer(&mut large.pixels, size).into_drawing_area(),
                OVERSAMPLING,
            )?;
            let pixels = large.scaled_down(SIZE)?.into_raw();
            let picture = Picture { width: SIZE.0, height: SIZE.1, pixels };
            target.write(|file| picture.write_png(file))?;
        }
    }
    Ok(())
}

/// A white area with a title and axes.
pub fn axes<'a, B: DrawingBackend, Y>(
    area: &'a DrawingArea<B, Shift>,
    scale: u32,
    title: &str,
    x: Range<f64>,
    y: Y,
) -> Result<ChartContext<'a, B, Axes<Y>>, Failure>
where
    B::ErrorType: 'static,
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: ValueFormatter<f64>,
{
    area.fill(&WHITE).map_err(draw_failure)?;
    let mut chart = ChartBuilder::on(area)
        .caption(title, text(20 * scale))
        .margin(12 * scale)
        .x_label_area_size(32 * scale)
        .y_label_area_size(64 * scale)
        .build_cartesian_2d(x, y)
        .map_err(draw_failure)?;
    chart
        .configure_mesh()
        .x_desc("x")
        .y_label_formatter(&|y| label(*y))
        .label_style(text(14 * scale))
        .axis_desc_style(text(15 * scale))
        .axis_style(BLACK.mix(0.5).stroke_width(scale))
        .bold_line_style(BLACK.mix(0.12).stroke_width(scale))
        .light_line_style(TRANSPARENT)
        .max_light_lines(0)
        .set_all_tick_mark_size(5 * scale)
        .draw()
        .map_err(draw_failure)?;
    Ok(chart)
}

/// A round number in few characters: steps of an axis carry rounding.
fn label(y: f64) -> String {
    if y != 0.0 && !(1e-4..1e6).contains(&y.abs()) {
        return format!("{y:.1e}").replace(".0e", "e");
    }
    let text = format!("{y:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The coordinates of a chart over a real range.
type Axes<Y> =
    Cartesian2d<plotters::coord::types::RangedCoordf64, <Y as AsRangedCoord>::CoordDescType>;

/// The names of the series that were drawn.
pub fn legend<'a, B: DrawingBackend + 'a, Y: Ranged<ValueType = f64>>(
    chart: &mut ChartContext<'a, B, Cartesian2d<plotters::coord::types::RangedCoordf64, Y>>,
    scale: u32,
) -> Result<(), Failure>
where
    B::ErrorType: 'static,
{
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3).stroke_width(scale))
        .legend_area_size(34 * scale)
        .margin(10 * scale)
        .label_font((FAMILY, 15 * scale))
        .draw()
        .map_err(draw_failure)
}
