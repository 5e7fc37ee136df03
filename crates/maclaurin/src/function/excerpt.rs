//! Where in a text something is wrong, shown with a caret.

use std::fmt;

/// Columns of text shown around the marked part.
const WIDTH: usize = 76;

/// A range of bytes in an expression's text; both ends lie on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A text with one part of it marked.
///
/// Displays as the text (or the part of a long text around the mark) with carets below:
///
/// ```text
///   1 + sofplus(x)
///       ^^^^^^^
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The whole text.
    pub text: String,
    /// The marked part.
    pub span: Span,
}

impl Excerpt {
    pub(crate) fn new(text: &str, span: Span) -> Self {
        Self { text: text.into(), span }
    }

    /// The marked part of the text.
    #[must_use]
    pub fn marked(&self) -> &str {
        &self.text[self.span.start..self.span.end]
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printable = |text: &str| -> Vec<char> {
            text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
        };
        let before = printable(&self.text[..self.span.start]);
        let marked = printable(self.marked());
        let after = printable(&self.text[self.span.end..]);
        let lead = before.len().min(WIDTH / 2);
        let shown = marked.len().min(WIDTH / 2);
        let tail = after.len().min(WIDTH - lead.min(WIDTH / 2) - shown.min(WIDTH / 2));
        let start_mark = if lead < before.len() { "..." } else { "" };
        let cut = shown < marked.len();
        let end_mark = if cut || tail < after.len() { "..." } else { "" };
        write!(formatter, "  {start_mark}")?;
        let line = before[before.len() - lead..].iter().chain(&marked[..shown]);
        let rest = if cut { &after[..0] } else { &after[..tail] };
        for character in line.chain(rest) {
            write!(formatter, "{character}")?;
        }
        writeln!(formatter, "{end_mark}")?;
        write!(formatter, "  {}{}", " ".repeat(start_mark.len() + lead), "^".repeat(shown.max(1)))
    }
}
