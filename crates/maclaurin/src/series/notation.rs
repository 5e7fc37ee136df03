//! A series as people write it: text that the grammar reads back, and LaTeX.

use std::fmt;

use super::Series;
use super::point::Point;
use crate::number::Value;

/// Digits of coefficients that no `f64` is near, and the bits that they take.
const WRITTEN_DIGITS: usize = 17;
const WRITTEN_BITS: usize = 60;

impl fmt::Display for Series {
    /// For instance `log(2) + x/2 + x^2/8 - x^4/192`, or `e + e*(x - 1) + e*(x - 1)^2/2`.
    /// Coefficients known only by an enclosure are written as the nearest `f64`, or where there is none,
    /// to 17 digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms = self.written_degrees().map(|degree| (degree, self.written(degree, false)));
        formatter.write_str(&sum_of_powers(terms, &self.base(false)))
    }
}

/// Coefficients by degree and what is raised to powers, as text that the grammar reads.
pub(crate) fn sum_of_powers(terms: impl Iterator<Item = (usize, String)>, base: &str) -> String {
    let term = |(degree, coefficient): (usize, String)| {
        let power = match degree {
            0 => return coefficient,
            1 => base.to_owned(),
            _ => format!("{base}^{degree}"),
        };
        let (sign, magnitude) = match coefficient.strip_prefix('-') {
            Some(magnitude) if is_product(magnitude) => ("-", magnitude),
            _ => ("", coefficient.as_str()),
        };
        let joined = if !is_product(magnitude) {
            format!("({magnitude})*{power}")
        } else if magnitude == "1" {
            power
        } else if let Some(denominator) = magnitude.strip_prefix("1/") {
            format!("{power}/{denominator}")
        } else if let Some((numerator, denominator)) = split_fraction(magnitude) {
            format!("{numerator}*{power}/{denominator}")
        } else {
            format!("{magnitude}*{power}")
        };
        format!("{sign}{joined}")
    };
    joined(terms.map(term))
}

impl Series {
    /// The series in LaTeX mathematics, with the order of what is left out.
    ///
    /// # Examples
    ///
    /// ```
    /// let series = maclaurin::taylor("exp(x)", 2, "0")?;
    /// assert_eq!(series.latex(), r"1 + x + \frac{1}{2} x^{2} + O\left(x^{3}\right)");
    /// # Ok::<(), maclaurin::Error>(())
    /// ```
    #[must_use]
    pub fn latex(&self) -> String {
        let base = self.base(true);
        let terms = self.written_degrees().map(|degree| (degree, self.written(degree, true)));
        let rest = format!("O\\left({base}^{{{}}}\\right)", self.order() + 1);
        format!("{} + {rest}", latex_of_powers(terms, &base))
    }

    /// The degrees that are written: 0 if its coefficient is not zero, and the non-zero ones.
    pub(super) fn written_degrees(&self) -> impl Iterator<Item = usize> {
        let constant = (self.zeros[0] == super::Zero::No).then_some(0);
        constant.into_iter().chain(self.degrees.iter().copied())
    }

    /// A coefficient as it stands in front of a power.
    pub(super) fn written(&self, degree: usize, latex: bool) -> String {
        match self.exact(degree) {
            Some(exact) if latex => exact.latex(),
            Some(exact) => exact.to_string(),
            None => {
                let value = self.coefficients[degree];
                if value.is_finite() && value != 0.0 {
                    return decimal(value, latex);
                }
                // Beyond the doubles.
                let enclosure = self.enclosure(degree, WRITTEN_BITS);
                enclosure.map_or_else(
                    |_| decimal(value, latex),
                    |enclosure| in_notation(enclosure.to_decimal(WRITTEN_DIGITS).0, latex),
                )
            }
        }
    }

    fn base(&self, latex: bool) -> String {
        self.point.base(latex)
    }
}

impl Point {
    /// `x`, `(x - 1)` or `(x + 1)`: what is raised to powers.
    pub(super) fn base(&self, latex: bool) -> String {
        let point = match &self.value {
            Value::Exact(exact) if exact.is_zero() => return "x".into(),
            Value::Exact(exact) if latex => exact.latex(),
            Value::Exact(exact) => exact.to_string(),
            Value::Enclosure(_) => decimal(self.rounded, latex),
        };
        let shifted = match point.strip_prefix('-') {
            Some(opposite) if is_product(opposite) => format!("x + {opposite}"),
            _ if is_product(&point) => format!("x - {point}"),
            _ => format!("x - ({point})"),
        };
        if latex { format!("\\left({shifted}\\right)") } else { format!("({shifted})") }
    }
}

/// Coefficients by degree and what is raised to powers, in LaTeX.
pub(crate) fn latex_of_powers(terms: impl Iterator<Item = (usize, String)>, base: &str) -> String {
    let term = |(degree, coefficient): (usize, String)| {
        let power = match degree {
            0 => return coefficient,
            1 => base.to_owned(),
            _ => format!("{base}^{{{degree}}}"),
        };
        match coefficient.as_str() {
            "1" => power,
            "-1" => format!("-{power}"),
            sum if !is_product(sum.strip_prefix('-').unwrap_or(sum)) => {
                format!("\\left({sum}\\right) {power}")
            }
            product => format!("{product} {power}"),
        }
    };
    joined(terms.map(term))
}

/// Terms joined by plus and minus.
pub(crate) fn joined(terms: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for term in terms {
        match (text.is_empty(), term.strip_prefix('-')) {
            (true, _) => text.push_str(&term),
            (false, Some(magnitude)) => text.extend([" - ", magnitude]),
            (false, None) => text.extend([" + ", &term]),
        }
    }
    if text.is_empty() { "0".into() } else { text }
}

/// Whether a written constant has no plus or minus outside parentheses.
pub(super) fn is_product(text: &str) -> bool {
    let mut depth = 0;
    !text.char_indices().any(|(position, character)| {
        match character {
            '(' | '{' => depth += 1,
            ')' | '}' => depth -= 1,
            _ => {}
        }
        depth == 0
            && position > 0
            && matches!(character, '+' | '-')
            && text[..position].ends_with(' ')
    })
}

/// `a/b` at its last slash outside parentheses.
fn split_fraction(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0;
    let position = text.char_indices().rev().find_map(|(position, character)| {
        match character {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        (depth == 0 && character == '/').then_some(position)
    })?;
    Some((&text[..position], &text[position + 1..]))
}

/// The shortest decimal that reads back as `value`.
pub(crate) fn decimal(value: f64, latex: bool) -> String {
    in_notation(format!("{value:?}"), latex)
}

fn in_notation(text: String, latex: bool) -> String {
    match text.split_once('e') {
        Some((mantissa, exponent)) if latex => format!("{mantissa} \\cdot 10^{{{exponent}}}"),
        _ if latex => text.replace("inf", "\\infty"),
        _ => text,
    }
}
