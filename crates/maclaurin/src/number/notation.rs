//! How exact constants are written, as text that the grammar reads back and in LaTeX; how bounds are.

use dashu_base::{Abs, UnsignedAbs};
use dashu_int::UBig;

use super::constant::{Atom, Monomial, Named};
use super::rational::is_negative;
use super::{Exact, Rational, half};

/// The pieces that differ between the two notations.
#[derive(Clone, Copy, PartialEq)]
enum Notation {
    Text,
    Latex,
}

impl Notation {
    fn times(self) -> &'static str {
        if self == Self::Text { "*" } else { " " }
    }

    fn fraction(self, numerator: &str, denominator: &str, denominator_is_product: bool) -> String {
        match self {
            Self::Text if denominator_is_product => format!("{numerator}/({denominator})"),
            Self::Text => format!("{numerator}/{denominator}"),
            Self::Latex => format!("\\frac{{{numerator}}}{{{denominator}}}"),
        }
    }

    fn square_root(self, radicand: &str) -> String {
        if self == Self::Text {
            format!("sqrt({radicand})")
        } else {
            format!("\\sqrt{{{radicand}}}")
        }
    }

    fn power(self, base: &str, exponent: &str) -> String {
        match self {
            Self::Text if exponent.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{base}^{exponent}")
            }
            Self::Text => format!("{base}^({exponent})"),
            Self::Latex => format!("{base}^{{{exponent}}}"),
        }
    }

    fn pi(self) -> String {
        if self == Self::Text { "pi".into() } else { "\\pi".into() }
    }

    fn euler_gamma(self) -> String {
        if self == Self::Text { "euler_gamma".into() } else { "\\gamma".into() }
    }

    fn call(self, function: Named, argument: &str) -> String {
        let (name, latex) = function.names();
        match self {
            Self::Text => format!("{name}({argument})"),
            Self::Latex => format!("{latex}\\left({argument}\\right)"),
        }
    }
}

pub(super) fn text(value: &Exact) -> String {
    sum(value, Notation::Text)
}

pub(super) fn latex(value: &Exact) -> String {
    sum(value, Notation::Latex)
}

fn sum(value: &Exact, notation: Notation) -> String {
    let (rational, terms) = value.parts();
    let mut pieces = Vec::new();
    if !rational.is_zero() {
        pieces.push((is_negative(rational), product(rational, &Monomial::default(), notation)));
    }
    for (coefficient, monomial) in terms {
        pieces.push((is_negative(coefficient), product(coefficient, monomial, notation)));
    }
    // A sum that can open with a plus does.
    pieces.sort_by_key(|(negative, _)| *negative);
    let mut text = String::new();
    for (negative, piece) in pieces {
        match (text.is_empty(), negative) {
            (true, true) => text.push('-'),
            (true, false) => {}
            (false, true) => text.push_str(" - "),
            (false, false) => text.push_str(" + "),
        }
        text.push_str(&piece);
    }
    if text.is_empty() { "0".into() } else { text }
}

/// `|coefficient| * monomial` as one fraction: `3*log(2)/4`, `2/sqrt(pi)`.
fn product(coefficient: &Rational, monomial: &Monomial, notation: Notation) -> String {
    let mut above = Vec::new();
    let mut below = Vec::new();
    let numerator = coefficient.numerator().unsigned_abs();
    if !numerator.is_one() {
        above.push(numerator.to_string());
    }
    if !coefficient.denominator().is_one() {
        below.push(coefficient.denominator().to_string());
    }
    let half = half();
    let mut radicand = UBig::ONE;
    for (atom, exponent) in &monomial.0 {
        match atom {
            Atom::Prime(prime) if *exponent == half => radicand *= prime,
            Atom::Prime(prime) => {
                above.push(notation.power(&prime.to_string(), &exponent.to_string()));
            }
            Atom::Function(Named::Exp, argument) => {
                let down = argument.as_rational().is_some_and(is_negative);
                let argument = argument
                    .as_rational()
                    .map_or_else(|| (**argument).clone(), |q| q.clone().abs().into());
                let piece = exponential(&argument, notation);
                if down { below.push(piece) } else { above.push(piece) }
            }
            _ => {
                let name = match atom {
                    Atom::Function(function, argument) => {
                        notation.call(*function, &sum(argument, notation))
                    }
                    Atom::EulerGamma => notation.euler_gamma(),
                    _ => notation.pi(),
                };
                let magnitude = exponent.clone().abs();
                let piece = if magnitude.is_one() {
                    name
                } else if magnitude == half {
                    notation.square_root(&name)
                } else {
                    notation.power(&name, &magnitude.to_string())
                };
                if is_negative(exponent) { below.push(piece) } else { above.push(piece) }
            }
        }
    }
    if !radicand.is_one() {
        above.insert(above.len().min(1), notation.square_root(&radicand.to_string()));
    }
    let numerator = if above.is_empty() { "1".into() } else { above.join(notation.times()) };
    if below.is_empty() {
        numerator
    } else {
        notation.fraction(&numerator, &below.join(notation.times()), below.len() > 1)
    }
}

/// `e`, `e^2`, or `exp(...)` for any other exponent.
fn exponential(argument: &Exact, notation: Notation) -> String {
    match argument.as_rational() {
        Some(q) if q.is_one() => "e".into(),
        Some(q) if q.is_int() => notation.power("e", &q.to_string()),
        _ => notation.call(Named::Exp, &sum(argument, notation)),
    }
}

/// The shortest decimal that reads back as the number, as people write it: `3`, `0.1`, `1e-310`.
///
/// # Examples
///
/// ```
/// assert_eq!(["3", "-0.1", "1e-310"], [3.0, -0.1, 1e-310].map(maclaurin::plain).each_ref().map(String::as_str));
/// ```
#[must_use]
pub fn plain(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// A range as people write it: `[-1, 0.5]`.
pub(crate) fn interval((low, high): (f64, f64)) -> String {
    format!("[{}, {}]", plain(low), plain(high))
}

/// A positive number in scientific notation with the given number of decimals, rounded up or down so
/// that a bound stays a bound as text.
///
/// # Examples
///
/// ```
/// assert_eq!(maclaurin::scientific(1.08923101e-2, 4, true), "1.0893e-2");
/// assert_eq!(maclaurin::scientific(1.08923101e-2, 4, false), "1.0892e-2");
/// ```
#[must_use]
pub fn scientific(value: f64, decimals: usize, up: bool) -> String {
    let read = |text: &str| text.parse().unwrap_or(value);
    let is_off = |text: &str| if up { read(text) < value } else { read(text) > value };
    let text = format!("{value:.decimals$e}");
    if !is_off(&text) {
        return text;
    }
    // The next number of this many decimals.
    let next = || {
        let (mantissa, exponent) = text.split_once('e')?;
        let exponent: i32 = exponent.parse().ok()?;
        let digits: u128 = mantissa.replace('.', "").parse().ok()?;
        let places = 10u128.checked_pow(u32::try_from(decimals).ok()?)?;
        let (digits, exponent) = match (up, digits == places) {
            (true, _) => (digits.checked_add(1)?, exponent),
            // One less than a power of ten has a digit less.
            (false, true) => (places.checked_mul(10)? - 1, exponent - 1),
            (false, false) => (digits.checked_sub(1)?, exponent),
        };
        let (digits, exponent) =
            if digits / 10 == places { (digits / 10, exponent + 1) } else { (digits, exponent) };
        let (whole, part) = (digits / places, digits % places);
        Some(if decimals == 0 {
            format!("{whole}e{exponent}")
        } else {
            format!("{whole}.{part:0decimals$}e{exponent}")
        })
    };
    next().filter(|text| !is_off(text)).unwrap_or_else(|| format!("{value:e}"))
}

#[cfg(test)]
mod tests {
    use super::scientific;

    #[test]
    fn bounds_are_rounded_to_the_next_decimal() {
        for (value, decimals, down, up) in [
            (1.0 / 3.0, 3, "3.333e-1", "3.334e-1"),
            (2.0 / 3.0, 3, "6.666e-1", "6.667e-1"),
            (0.999_996, 4, "9.9999e-1", "1.0000e0"),
            (9.999_96, 4, "9.9999e0", "1.0000e1"),
            (1.000_04, 4, "1.0000e0", "1.0001e0"),
            (1e22, 2, "1.00e22", "1.00e22"),
            (0.95, 0, "9e-1", "1e0"),
            (f64::MAX, 2, "1.79e308", "1.80e308"),
        ] {
            assert_eq!(scientific(value, decimals, false), down, "{value}");
            assert_eq!(scientific(value, decimals, true), up, "{value}");
        }
    }
}
