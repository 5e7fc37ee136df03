//! A polynomial on a range by one of the four methods.

use maclaurin::{Approximation, Choice, Function, Method, Series};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::LARGEST_ORDER;
use crate::curves::places;
use crate::failure::Failure;
use crate::figures::{lower, upper};
use crate::subject::Subject;

/// Points of the error curve.
const POINTS: usize = 200;

/// How a polynomial is chosen.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodName {
    /// The Taylor polynomial about the expansion point.
    Taylor,
    /// Interpolation in Chebyshev points.
    Chebyshev,
    /// The smallest largest error.
    Minimax,
    /// The smallest mean square error.
    LeastSquares,
}

/// A polynomial of either kind.
pub enum Approximated {
    /// About a point.
    Taylor(Box<Series>),
    /// On a range.
    Other(Box<Approximation>),
}

impl MethodName {
    /// The polynomial of the subject's order.
    pub fn of(
        self,
        subject: &Subject,
        function: &Function,
        range: (f64, f64),
    ) -> Result<Approximated, Failure> {
        let method = match self {
            Self::Taylor => {
                let series = subject.series(function, subject.order)?;
                return Ok(Approximated::Taylor(Box::new(series)));
            }
            Self::Chebyshev => Method::Chebyshev,
            Self::Minimax => Method::Minimax,
            Self::LeastSquares => Method::LeastSquares,
        };
        if subject.order > LARGEST_ORDER {
            let (order, limit) = (subject.order, LARGEST_ORDER);
            return Err(maclaurin::Error::OrderTooLarge { order, limit }.into());
        }
        let choice = Choice { method, ..Choice::default() };
        let found = Approximation::new(function, subject.order, &[range], &choice)?;
        Ok(Approximated::Other(Box::new(found)))
    }
}

/// One of the four polynomials.
#[derive(Deserialize)]
pub struct Question {
    #[serde(flatten)]
    subject: Subject,
    method: MethodName,
    on: [f64; 2],
}

impl Question {
    /// The certified error, what no polynomial of the degree is below where that is known, and the
    /// error as a curve.
    pub fn answer(&self) -> Result<Value, Failure> {
        let function = self.subject.function()?;
        let [low, high] = self.on;
        let found = self.method.of(&self.subject, &function, (low, high))?;
        let (error, best, text) = match &found {
            Approximated::Taylor(series) => {
                (series.error_bound(low, high)?, None, series.to_string())
            }
            Approximated::Other(p) => (p.error(), Some(p.best()), p.to_string()),
        };
        let value = |x: f64| match &found {
            Approximated::Taylor(series) => series.evaluate(x),
            Approximated::Other(p) => p.evaluate(x),
        };
        let x = places(low, high, POINTS);
        let errors: Vec<f64> = x.iter().map(|&x| value(x) - function.evaluate(x)).collect();
        Ok(json!({
            "degree": self.subject.order,
            "bound": error.bound,
            "bound_text": upper(error.bound),
            "best": best,
            "best_text": best.map(lower),
            "text": text,
            "x": x,
            "errors": errors,
        }))
    }
}
