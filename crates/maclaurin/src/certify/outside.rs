//! Values beyond the disc of convergence.

use std::fmt;

use super::ErrorBound;
use crate::number::plain;
use crate::series::{Radius, Series};

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
    /// multiplication by `scale`; `None` where no singularity is proven nearer to the expansion
    /// point than one of them.
    #[must_use]
    pub fn outside(&self, low: f64, high: f64, scale: f64) -> Option<OutsideRadius> {
        let reach = (low - self.at_f64()).abs().max((high - self.at_f64()).abs());
        let radius = self.radius();
        if reach <= radius.upper {
            return None;
        }
        Some(OutsideRadius {
            function: self.name(),
            at: self.at().into(),
            low,
            high,
            reach,
            error: self.error_bound(low, high).ok(),
            fitting_scale: Some(scale * 0.75 * radius.lower / reach)
                .filter(|fits| self.at_f64() == 0.0 && fits.is_finite() && *fits != 0.0),
            radius,
        })
    }
}

impl fmt::Display for OutsideRadius {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, at, radius, .. } = self;
        let [low, high, reach] = [self.low, self.high, self.reach].map(|x| shortened(x, 6));
        write!(
            formatter,
            "values between {low} and {high} reach {reach} from the expansion point {at}, the \
             radius of convergence is {radius}: beyond it the polynomial is not {function}"
        )?;
        if let Some(error) = &self.error {
            write!(formatter, " (here it is off by up to {:.3e})", error.sampled)?;
        }
        write!(formatter, " and higher orders make it worse")?;
        let Some(scale) = self.fitting_scale else { return Ok(()) };
        write!(formatter, "; scale={} would fit", shortened(scale, 3))
    }
}

/// A number in that many significant digits, with an exponent where it is very small or large.
fn shortened(x: f64, digits: usize) -> String {
    let rounded: f64 = format!("{x:.*e}", digits - 1).parse().unwrap_or(x);
    plain(rounded)
}
