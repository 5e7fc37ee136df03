//! Failures in the user's terms, with advice.

use super::evaluate::Blocked;
use super::jet::{Obstacle, Singularity};
use super::laurent::order_of_pole;
use super::settle::{self, Failure, PRECISIONS, attempt};
use super::source::Source;
use super::{Error, LARGEST_ORDER, NotAnalytic};
use crate::function::{Excerpt, Function, Span};

/// The highest order of a pole whose Laurent series there is.
const LARGEST_POLE: u64 = LARGEST_ORDER as u64;

/// Points that advice is looked for at.
const USUAL_POINTS: [&str; 6] = ["1", "1/2", "0", "2", "-1", "-2"];

impl Failure {
    /// The failure in the user's terms.
    pub(super) fn explained(self, source: &Source, at: &Function) -> Error {
        let bits = settle::LAST_BITS;
        let Blocked { obstacle, span } = match self {
            Self::Unsettled { degree, unbounded } => {
                let what = format!("the coefficient of degree {degree} of {}", source.name());
                return Error::Undecided { what, bits, unbounded };
            }
            Self::TooMuchWork { order } => return Error::TooMuchWork { order },
            Self::Blocked(blocked) => blocked,
        };
        let excerpt = match source {
            Source::Function(function) => Excerpt::new(function.text(), span),
            Source::InRoot(_) | Source::Derived(_) => {
                let name = source.name();
                Excerpt::new(&name, Span { start: 0, end: name.len() })
            }
        };
        match obstacle {
            Obstacle::MoreBits | Obstacle::MoreTerms => {
                let what = format!("the value of `{}`", excerpt.marked());
                Error::Undecided { what, bits, unbounded: false }
            }
            Obstacle::Singular(singularity) => {
                let mut advice = advice(source, at, excerpt.marked());
                if singularity == Singularity::Pole
                    && let Ok(order @ 1..=LARGEST_POLE) = order_of_pole(source, at)
                {
                    let laurent = "or ask for the Laurent series (laurent)";
                    advice = format!("{advice}, {laurent}: this pole is of order {order}");
                }
                let point = at.text().to_owned();
                let series = "Taylor series";
                NotAnalytic { excerpt, series, point, singularity, advice }.into()
            }
        }
    }
}

/// A point where the function has a series, or a form that has one at the point asked for.
fn advice(source: &Source, at: &Function, blamed: &str) -> String {
    // What was computed from other series stays at their points.
    let elsewhere = source.function().map(|function| Source::from(function.clone()));
    let works = |point: &&&str| {
        let series = |source: &Source| {
            let point = Function::constant(point).ok()?;
            attempt(source, &point, 2, PRECISIONS[0]).ok()
        };
        elsewhere.as_ref().and_then(series).is_some()
    };
    let mut advice = match USUAL_POINTS.iter().filter(|point| **point != at.text()).find(works) {
        Some(point) => format!("try at={point}"),
        None => "choose a point inside the function's domain".into(),
    };
    advice += match blamed {
        "log(x)" | "ln(x)" => ", or log1p(x) = log(1 + x), which has a series at 0",
        "sqrt(x)" => ", or sqrt(1 + x), which has a series at 0",
        "abs(x)" => ", or sqrt(x^2 + 0.01), a smooth relative",
        "relu" | "relu(x)" => ", or softplus(x), its smooth relative",
        "elu" | "elu(x)" => ", or softplus(x) - log(2), a smooth relative",
        _ => "",
    };
    advice
}
