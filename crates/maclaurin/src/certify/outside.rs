//! Values beyond the disc of convergence.

use std::fmt;

use super::{ErrorBound, Radius};
use crate::series::Series;

/// Values that reach beyond the disc in which a series is certified to converge to its function.
///
/// Displays as a warning that names the range, the radius, the error there, and a scale of the
/// values that would fit.
///
/// # Examples
///
/// ```
/// let softplus = maclaurin::taylor("softplus", 4, "0")?;
/// assert!(softplus.outside(-3.0, 3.0, 1.0).is_none());
/// let outside = softplus.outside(-4.0, 5.0, 1.0).unwrap();
/// assert_eq!(outside.reach, 5.0);
/// assert!(outside.to_string().contains("the radius of convergence is pi = 3.14159..."));
/// assert!(outside.to_string().ends_with("scale=0.471 would fit"));
/// # Ok::<(), maclaurin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct OutsideRadius {
    /// The function.
    pub function: String,
    /// The expansion point as it was written.
    pub at: String,
    /// The smallest value.
    pub low: f64,
    /// The largest value.
    pub high: f64,
    /// How far the values reach from the expansion point.
    pub reach: f64,
    /// The radius of convergence.
    pub radius: Radius,
    /// How far the polynomial is off between the two values; `None` where no bound was found.
    pub error: Option<ErrorBound>,
    /// A scale with which values of this range would lie well inside; known only of values that are
    /// their scale times something, about 0.
    pub fitting_scale: Option<f64>,
}

impl Series {
    /// What there is to say about expanding values from `low` to `high`, the extremes after
    /// multiplication by `scale`; `None` where all lie in the disc of convergence.
    #[must_use]
    pub fn outside(&self, low: f64, high: f64, scale: f64) -> Option<OutsideRadius> {
        let reach = (low - self.at_f64()).abs().max((high - self.at_f64()).abs());
        let radius = self.radius();
        if reach <= radius.lower {
            return None;
        }
        Some(OutsideRadius {
            function: self.function().to_string(),
            at: self.at().into(),
            low,
            high,
            reach,
            error: self.error_bound(low, high).ok(),
            fitting_scale: (self.at_f64() == 0.0 && scale.is_finite())
                .then_some(scale * 0.75 * radius.lower / reach),
            radius,
        })
    }
}

impl fmt::Display for OutsideRadius {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, at, low, high, reach, radius, .. } = self;
        write!(
            formatter,
            "values between {low:.4} and {high:.4} reach {reach:.4} from the expansion point {at}, the \
             radius of convergence is {radius}: beyond it the polynomial is not {function}"
        )?;
        if let Some(error) = &self.error {
            write!(formatter, " (here it is off by up to {:.3e})", error.sampled)?;
        }
        write!(formatter, " and higher orders make it worse")?;
        let Some(scale) = self.fitting_scale else { return Ok(()) };
        // Three digits, however small.
        let fits = format!("{scale:.2e}").parse().unwrap_or(scale);
        write!(formatter, "; scale={fits} would fit")
    }
}
