//! The radius of convergence as a value; `certify` finds it.

use std::fmt;

/// The disc about the expansion point in which a series converges to its function.
///
/// # Examples
///
/// ```
/// let radius = maclaurin::taylor("log(1 + exp(x))", 4, "0")?.radius();
/// assert_eq!(radius.exact.as_deref(), Some("pi"));
/// assert!(radius.lower <= std::f64::consts::PI && std::f64::consts::PI <= radius.upper);
/// assert_eq!(radius.to_string(), "pi = 3.14159...");
/// # Ok::<(), maclaurin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Radius {
    /// The radius is not below this: certified.
    pub lower: f64,
    /// The radius is not above this: certified; infinite where no singularity is proven.
    pub upper: f64,
    /// The radius itself where it is known, such as `pi`, or `infinity`.
    pub exact: Option<String>,
}

impl Radius {
    /// A radius that is not below `lower`.
    pub(crate) fn at_least(lower: f64) -> Self {
        Self { lower, upper: f64::INFINITY, exact: None }
    }

    pub(crate) fn infinite() -> Self {
        Self { exact: Some("infinity".into()), ..Self::at_least(f64::INFINITY) }
    }
}

impl fmt::Display for Radius {
    /// The exact radius, or its two ends.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.exact {
            Some(exact) if self.lower.is_infinite() || exact.parse::<f64>().is_ok() => {
                formatter.write_str(exact)
            }
            Some(exact) => {
                let decimal = truncated(self.lower.midpoint(self.upper));
                let more = if is_decimal(exact, &decimal) { "" } else { "..." };
                write!(formatter, "{exact} = {decimal}{more}")
            }
            None if self.upper.is_infinite() => {
                write!(formatter, "at least {}", truncated(self.lower))
            }
            None if truncated(self.lower) == truncated(self.upper) => {
                write!(formatter, "{}...", truncated(self.lower))
            }
            None => write!(formatter, "between {} and {}", self.lower, self.upper),
        }
    }
}

/// Whether a fraction `a/b` has no more digits than `decimal`.
fn is_decimal(exact: &str, decimal: &str) -> bool {
    let digits = decimal.split_once('.').map_or(0, |(_, digits)| digits.len());
    exact.split_once('/').is_some_and(|(above, below)| {
        let (above, below) = (above.parse::<u64>(), below.parse::<u64>());
        let (Ok(above), Ok(below)) = (above, below) else { return false };
        let power = 10u128.pow(digits as u32);
        below != 0 && (u128::from(above) * power).is_multiple_of(below.into())
    })
}

/// Six digits, none of them rounded up.
fn truncated(value: f64) -> String {
    if value != 0.0 && value.is_finite() && !(1e-5..1e15).contains(&value) {
        let text = format!("{value:.15e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa = mantissa[..7].trim_end_matches('0').trim_end_matches('.');
        return format!("{mantissa}e{exponent}");
    }
    let digits = (5 - value.abs().max(1e-300).log10().floor() as i32).clamp(0, 12);
    let scale = 10f64.powi(digits);
    // Room for the last bits of a decimal such as 0.1.
    format!("{}", (value * scale + 1e-6).floor() / scale)
}
