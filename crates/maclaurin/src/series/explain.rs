//! Failures in the user's terms, with advice.

use super::evaluate::Blocked;
use super::jet::{Obstacle, Singularity};
use super::laurent::order_of_pole;
use super::settle::{self, Failure, PRECISIONS, attempt};
use super::source::Source;
use super::{Error, NotAnalytic};
use crate::function::{Excerpt, Function, Span};

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
                    && let Source::Function(function) = source
                    && let Ok(order @ 1..) = order_of_pole(function, at)
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
    let works = |point: &&&str| {
        let point = Function::constant(point);
        // What was computed from other series stays at their points.
        matches!(source, Source::Function(_))
            && point.is_ok_and(|point| attempt(source, &point, 2, PRECISIONS[0]).is_ok())
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
