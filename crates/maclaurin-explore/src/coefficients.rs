//! The table of coefficients, and the polynomial as source code.

use maclaurin::{Code, Format, Language};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::approximation::{Approximated, MethodName};
use crate::failure::Failure;
use crate::subject::Subject;

/// The coefficients of the series, and the series as text and LaTeX.
pub fn answer(subject: &Subject) -> Result<Value, Failure> {
    let series = subject.series(&subject.function()?, subject.order)?;
    let row = |(degree, value): (usize, &f64)| {
        json!({
            "degree": degree,
            "decimal": format!("{value:?}"),
            "exact": series.exact(degree).map(ToString::to_string),
            "zero": series.is_zero_proven(degree) && *value == 0.0,
        })
    };
    Ok(json!({
        "rows": series.coefficients().iter().enumerate().map(row).collect::<Vec<_>>(),
        "text": series.to_string(),
        "latex": series.latex(),
    }))
}

/// A polynomial as source code.
#[derive(Deserialize)]
pub struct CodeQuestion {
    #[serde(flatten)]
    subject: Subject,
    method: MethodName,
    on: [f64; 2],
    language: String,
    format: String,
}

impl CodeQuestion {
    /// The code, whose comment states the certified error on the range; where there is no such, the
    /// code alone.
    pub fn answer(&self) -> Result<Value, Failure> {
        let language = named("language", &Language::ALL, &self.language)?;
        let format = named("format", &Format::ALL, &self.format)?;
        let function = self.subject.function()?;
        let [low, high] = self.on;
        let code = Code { format, on: Some((low, high)), ..language.into() };
        let text = match self.method.of(&self.subject, &function, (low, high))? {
            Approximated::Taylor(series) => {
                series.code(code).or_else(|_| series.code(Code { on: None, ..code }))?
            }
            Approximated::Other(polynomial) => polynomial.code(Code { on: None, ..code })?,
        };
        Ok(json!({ "text": text }))
    }
}

/// Which of some things has a name.
fn named<T: Copy + ToString>(what: &str, all: &[T], name: &str) -> Result<T, Failure> {
    let found = all.iter().copied().find(|one| one.to_string() == name);
    found.ok_or_else(|| Failure::Refused(format!("there is no {what} {name:?}")))
}
