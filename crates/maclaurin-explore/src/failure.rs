//! Why a question has no answer, as the page shows it.

use maclaurin::{Error, Excerpt, ExpandError, ParseErrorKind};
use serde_json::{Value, json};

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// The engine says why.
    Engine(Box<Error>),
    /// A limit of the page, or a question that cannot be read.
    Refused(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<maclaurin::ParseError> for Failure {
    fn from(error: maclaurin::ParseError) -> Self {
        Error::from(error).into()
    }
}

impl From<ExpandError> for Failure {
    fn from(error: ExpandError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl Failure {
    /// The message; and where a part of a text is to blame, the text and the part, in the units of
    /// JavaScript's strings; and the name that might be a parameter.
    pub fn json(&self) -> Value {
        let Self::Engine(error) = self else {
            let Self::Refused(message) = self else { return Value::Null };
            return json!({ "message": message });
        };
        let whole = error.to_string();
        let (message, excerpt, missing) = match &**error {
            Error::Parse(parse) => {
                let missing = match &parse.kind {
                    ParseErrorKind::MissingParameter { name, .. } => Some(name),
                    _ => None,
                };
                (parse.kind.to_string(), Some(&parse.excerpt), missing)
            }
            Error::NotAnalytic(reason) => {
                (without(&whole, &reason.excerpt), Some(&reason.excerpt), None)
            }
            _ => (whole, None, None),
        };
        let units = |excerpt: &Excerpt, end: usize| excerpt.text[..end].encode_utf16().count();
        json!({
            "message": message,
            "text": excerpt.map(|excerpt| &excerpt.text),
            "start": excerpt.map(|excerpt| units(excerpt, excerpt.span.start)),
            "end": excerpt.map(|excerpt| units(excerpt, excerpt.span.end)),
            "missing": missing,
        })
    }
}

/// A message without the two lines of its excerpt, which the page shows in its own way.
fn without(message: &str, excerpt: &Excerpt) -> String {
    message.replace(&format!("\n{excerpt}"), "")
}
