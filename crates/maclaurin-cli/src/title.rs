//! Titles of charts: they shrink, then lose the middle of their subject, until they fit.

use std::fmt::{self, Display};

use crate::font;

/// A title of three parts; the subject gives way where there is no room for all of it.
pub struct Title {
    pub before: String,
    pub subject: String,
    pub after: String,
}

impl Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.before, self.subject, self.after)
    }
}

impl Title {
    /// The largest and the smallest size of its letters.
    const SIZES: (f32, f32) = (20.0, 14.0);

    /// The line that fits and the size of its letters: smaller first, then with the middle of the
    /// subject left out.
    pub fn fitted(&self, unit: f32, room: f32) -> (String, f32) {
        let whole = font::shown(&self.to_string()).0;
        let width = font::width(&whole, Self::SIZES.0 * unit);
        let size = (Self::SIZES.0 * room / width.max(1.0)).clamp(Self::SIZES.1, Self::SIZES.0);
        let size = size * unit;
        let around = font::width(&self.before, size) + font::width(&self.after, size);
        // A subject of a few letters says nothing.
        let line = if font::width(&whole, size) > room && room - around > 4.0 * size {
            let subject = font::fitted(&font::shown(&self.subject).0, size, room - around);
            font::shown(&format!("{}{subject}{}", self.before, self.after)).0
        } else {
            whole
        };
        (font::fitted(&line, size, room), size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_keep_what_is_around_their_subject() {
        let title = |subject: &str| Title {
            before: "How far order 4 about 0 is from ".into(),
            subject: subject.into(),
            after: " on a range".into(),
        };
        let (line, size) = title("x").fitted(1.0, 900.0);
        assert_eq!((line.as_str(), size), ("How far order 4 about 0 is from x on a range", 20.0));
        let (line, size) = title("exp(x)").fitted(1.0, 420.0);
        assert!(!line.contains('\u{2026}') && size < 20.0, "{line} {size}");
        let (line, _) = title(&"sin(x) + ".repeat(100)).fitted(1.0, 420.0);
        assert!(line.starts_with("How far order 4 about 0 is from sin"), "{line}");
        assert!(line.ends_with(" on a range") && line.contains('\u{2026}'), "{line}");
        for room in [40.0, 100.0, 200.0, 420.0] {
            let (line, size) = title(&"sin(x) + ".repeat(100)).fitted(1.0, room);
            assert!(font::width(&line, size) <= room, "{line}");
        }
    }
}
