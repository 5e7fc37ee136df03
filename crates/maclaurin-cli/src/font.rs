//! The font of pictures: how wide a text is, what fits, and what the font has letters for.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, OutlineCurve, PxScale, ScaleFont};
use tiny_skia::{Path, PathBuilder};

/// DejaVu Sans, cut down by `assets/subset.py`: see its licence beside it.
static FONT: &[u8] = include_bytes!("../assets/DejaVuSans-subset.ttf");

/// The families that SVG asks for: the font itself, one as wide, any.
pub const FAMILIES: &str = "DejaVu Sans, Verdana, sans-serif";

fn font() -> Option<&'static FontRef<'static>> {
    static PARSED: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    // The font is part of the program: it cannot be malformed.
    PARSED.get_or_init(|| FontRef::try_from_slice(FONT).ok()).as_ref()
}

/// The scale at which an em is `size` pixels.
fn scale(font: &FontRef<'_>, size: f32) -> PxScale {
    let units = font.units_per_em().unwrap_or(1000.0);
    PxScale::from(size * font.height_unscaled() / units)
}

/// The width of a line in pixels at a size in pixels an em.
pub fn width(text: &str, size: f32) -> f32 {
    let Some(font) = font() else { return 0.0 };
    let scaled = font.as_scaled(scale(font, size));
    text.chars().map(|c| scaled.h_advance(scaled.glyph_id(c))).sum()
}

/// The line's outlines with its baseline starting at the origin; `None` where nothing is drawn.
pub fn outline(text: &str, size: f32) -> Option<Path> {
    let font = font()?;
    let scaled = font.as_scaled(scale(font, size));
    let unit = size / font.units_per_em().unwrap_or(1000.0);
    let (mut builder, mut left) = (PathBuilder::new(), 0.0);
    for c in text.chars() {
        let glyph = scaled.glyph_id(c);
        if let Some(outline) = font.outline(glyph) {
            let place = |point: ab_glyph::Point| (left + point.x * unit, -point.y * unit);
            let mut end = None;
            for curve in outline.curves {
                let start = match &curve {
                    OutlineCurve::Line(start, _)
                    | OutlineCurve::Quad(start, _, _)
                    | OutlineCurve::Cubic(start, _, _, _) => *start,
                };
                if end != Some(start) {
                    if end.is_some() {
                        builder.close();
                    }
                    let (x, y) = place(start);
                    builder.move_to(x, y);
                }
                match curve {
                    OutlineCurve::Line(_, to) => {
                        let (x, y) = place(to);
                        builder.line_to(x, y);
                        end = Some(to);
                    }
                    OutlineCurve::Quad(_, control, to) => {
                        let ((a, b), (x, y)) = (place(control), place(to));
                        builder.quad_to(a, b, x, y);
                        end = Some(to);
                    }
                    OutlineCurve::Cubic(_, first, second, to) => {
                        let ((a, b), (c, d), (x, y)) = (place(first), place(second), place(to));
                        builder.cubic_to(a, b, c, d, x, y);
                        end = Some(to);
                    }
                }
            }
            builder.close();
        }
        left += scaled.h_advance(glyph);
    }
    builder.finish()
}

/// The line with as much of its middle left out as makes it fit.
pub fn fitted(text: &str, size: f32, room: f32) -> String {
    if width(text, size) <= room {
        return text.into();
    }
    let letters: Vec<char> = text.chars().collect();
    let shortened = |kept: usize| -> String {
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        let tail = &letters[letters.len() - tail..];
        letters[..head].iter().chain(&['\u{2026}']).chain(tail).collect()
    };
    // Widths grow with the letters kept: the most that fit, by halving.
    let (mut fits, mut exceeds) = (0, letters.len());
    while exceeds - fits > 1 {
        let middle = usize::midpoint(fits, exceeds);
        if width(&shortened(middle), size) <= room { fits = middle } else { exceeds = middle }
    }
    shortened(fits)
}

/// Text as the font can show it: runs of letters that it lacks are in Latin letters between ‹ and
/// ›; control characters, and what has no Latin letters, are escapes. The flag says whether
/// anything was replaced.
pub fn shown(text: &str) -> (String, bool) {
    let has = |c: char| {
        !c.is_control() && (c == ' ' || font().is_some_and(|font| font.glyph_id(c).0 != 0))
    };
    let (mut line, mut replaced, mut inside) = (String::new(), false, false);
    for c in text.chars() {
        if inside == has(c) {
            inside = !inside;
            if !inside {
                let end = line.trim_end().len();
                line.truncate(end);
            }
            line.push(if inside { '\u{2039}' } else { '\u{203a}' });
        }
        if inside {
            replaced = true;
            let latin = if c.is_control() { None } else { deunicode::deunicode_char(c) };
            match latin {
                Some(latin) if !latin.is_empty() && latin.chars().all(has) => line += latin,
                _ => line.extend(c.escape_unicode()),
            }
        } else {
            line.push(c);
        }
    }
    if inside {
        let end = line.trim_end().len();
        line.truncate(end);
        line.push('\u{203a}');
    }
    (line, replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_script_can_be_shown() {
        for (text, expected) in [
            ("photo.png", ("photo.png", false)),
            ("Ω Žluťoučký кот", ("Ω Žluťoučký кот", false)),
            ("北京.png", ("\u{2039}Bei Jing\u{203a}.png", true)),
            ("a\u{7}b", ("a\u{2039}\\u{7}\u{203a}b", true)),
            ("\u{e000}", ("\u{2039}\\u{e000}\u{203a}", true)),
        ] {
            assert_eq!(shown(text), (expected.0.to_owned(), expected.1));
        }
        for text in ["صورة", "😀", "日本語", "ไทย", "हिन्दी", "한국어", "עברית"]
        {
            let (line, replaced) = shown(text);
            assert!(replaced && line.len() > 2, "{text}: {line}");
            assert_eq!(shown(&line), (line.clone(), false), "{text}");
        }
    }

    #[test]
    fn long_titles_lose_their_middle() {
        let title = format!("first {} last", "x + ".repeat(500));
        let short = fitted(&title, 20.0, 400.0);
        assert!(width(&short, 20.0) <= 400.0 && width(&short, 20.0) > 380.0);
        assert!(
            short.starts_with("first") && short.ends_with("last") && short.contains('\u{2026}')
        );
        assert_eq!(fitted("short", 20.0, 400.0), "short");
    }

    #[test]
    fn widths_are_those_of_the_font() {
        // DejaVu Sans: 2048 units an em, 1303 a digit.
        assert!((width("00000", 20.0) - 5.0 * 20.0 * 1303.0 / 2048.0).abs() < 0.01);
        let bounds = outline("00000", 20.0).unwrap().bounds();
        assert!(bounds.right() <= width("00000", 20.0) && bounds.top() < -14.0);
    }
}
