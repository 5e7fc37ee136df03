//! The disc of convergence and the singularities that limit it.

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
