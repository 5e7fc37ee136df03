//! The disc of convergence, the singularities that limit it, and branch cuts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::subject::Subject;

/// The radius between its certified ends (`null` for infinity), the part of the real line that is
/// certainly inside the disc, and the singularities that are proven.
pub fn answer(subject: &Subject) -> Result<Value, Failure> {
    let series = subject.series(&subject.function()?, 0)?;
    let (at, radius) = (series.at_f64(), series.radius());
    let singularities = if radius.upper.is_finite() { series.singularities() } else { Vec::new() };
    let singularities: Vec<_> = singularities
        .into_iter()
        .map(|point| {
            let name = match &point.exact {
                Some((re, im)) => complex(re, im),
                None => format!("about {:.6} + {:.6}i", point.re, point.im),
            };
            json!({ "re": point.re, "im": point.im, "within": point.radius, "name": name })
        })
        .collect();
    Ok(json!({
        "at": at,
        "lower": radius.lower,
        "upper": radius.upper,
        "text": radius.to_string(),
        "inside": [at - radius.lower, at + radius.lower],
        "singularities": singularities,
    }))
}

/// A window of the complex plane in which branch cuts are looked for.
#[derive(Deserialize)]
pub struct CutsQuestion {
    expression: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    re: [f64; 2],
    im: f64,
}

impl CutsQuestion {
    /// The pieces of the cuts of principal values above the real axis: drawn, not proven.
    pub fn answer(&self) -> Result<Value, Failure> {
        let (expression, parameters) = (self.expression.clone(), self.parameters.clone());
        let subject = Subject { expression, parameters, at: String::new(), order: 0 };
        let [low, high] = self.re;
        let cuts = subject.function()?.branch_cuts((low, high), self.im);
        let pieces: Vec<_> = cuts.iter().map(|[from, to]| [from.0, from.1, to.0, to.1]).collect();
        Ok(json!({ "pieces": pieces }))
    }
}

/// An exact complex number, and its conjugate where it is not real.
fn complex(re: &str, im: &str) -> String {
    match (re, im) {
        (re, "0") => re.to_owned(),
        ("0", "1") => "\u{b1}i".into(),
        ("0", im) => format!("\u{b1}{im}\u{a0}i"),
        (re, "1") => format!("{re}\u{a0}\u{b1}\u{a0}i"),
        (re, im) => format!("{re}\u{a0}\u{b1}\u{a0}{im}\u{a0}i"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn cuts_are_those_of_the_expression_with_its_parameters() {
        let ask = |expression: &str, window: &str| -> Value {
            let question = format!(
                r#"{{"ask": "cuts", "expression": "{expression}", "parameters": {{"a": "2"}}, {window}}}"#
            );
            serde_json::from_str(&crate::answer(&question, &[]).json).unwrap()
        };
        let window = r#""re": [-4, 4], "im": 3"#;
        let found = ask("log(x + a)", window);
        let pieces = found["pieces"].as_array().unwrap();
        let ends = pieces.iter().flat_map(|piece| [piece[0].as_f64(), piece[2].as_f64()]);
        let last = ends.flatten().fold(f64::NEG_INFINITY, f64::max);
        assert!(pieces.len() > 10 && (last + 2.0).abs() < 0.01, "{last}");
        assert_eq!(ask("exp(x)", window)["pieces"], serde_json::json!([]));
        assert_eq!(ask("log(x)", r#""re": [1, -1], "im": 3"#)["pieces"], serde_json::json!([]));
        assert_eq!(ask("log(x", window)["error"]["start"], 5);
    }
}
