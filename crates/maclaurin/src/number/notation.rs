//! How exact constants are written: as text that the grammar reads back, and in LaTeX.

use dashu_base::{Abs, UnsignedAbs};
use dashu_int::{IBig, UBig};

use super::constant::{Atom, Monomial};
use super::rational::is_negative;
use super::{Elementary, Exact, Rational};

/// The pieces that differ between the two notations.
trait Notation {
    fn times(&self) -> &'static str;
    fn fraction(&self, numerator: &str, denominator: &str, denominator_is_product: bool) -> String;
    fn square_root(&self, radicand: &str) -> String;
    fn power(&self, base: &str, exponent: &str) -> String;
    fn name(&self, name: &'static str) -> String;
    fn call(&self, function: Elementary, argument: &str) -> String;
}

struct Text;
struct Latex;

impl Notation for Text {
    fn times(&self) -> &'static str {
        "*"
    }
    fn fraction(&self, numerator: &str, denominator: &str, denominator_is_product: bool) -> String {
        if denominator_is_product {
            format!("{numerator}/({denominator})")
        } else {
            format!("{numerator}/{denominator}")
        }
    }
    fn square_root(&self, radicand: &str) -> String {
        format!("sqrt({radicand})")
    }
    fn power(&self, base: &str, exponent: &str) -> String {
        if exponent.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("{base}^{exponent}")
        } else {
            format!("{base}^({exponent})")
        }
    }
    fn name(&self, name: &'static str) -> String {
        name.into()
    }
    fn call(&self, function: Elementary, argument: &str) -> String {
        format!("{}({argument})", function.name())
    }
}

impl Notation for Latex {
    fn times(&self) -> &'static str {
        " "
    }
    fn fraction(&self, numerator: &str, denominator: &str, _: bool) -> String {
        format!("\\frac{{{numerator}}}{{{denominator}}}")
    }
    fn square_root(&self, radicand: &str) -> String {
        format!("\\sqrt{{{radicand}}}")
    }
    fn power(&self, base: &str, exponent: &str) -> String {
        format!("{base}^{{{exponent}}}")
    }
    fn name(&self, name: &'static str) -> String {
        if name == "pi" { "\\pi".into() } else { name.into() }
    }
    fn call(&self, function: Elementary, argument: &str) -> String {
        let name = match function {
            Elementary::Asin => "\\arcsin",
            Elementary::Acos => "\\arccos",
            Elementary::Atan => "\\arctan",
            Elementary::Asinh | Elementary::Acosh | Elementary::Atanh | Elementary::Erf => {
                return format!("\\operatorname{{{}}}\\left({argument}\\right)", function.name());
            }
            _ => return format!("\\{}\\left({argument}\\right)", function.name()),
        };
        format!("{name}\\left({argument}\\right)")
    }
}

pub(super) fn text(value: &Exact) -> String {
    sum(value, &Text)
}

pub(super) fn latex(value: &Exact) -> String {
    sum(value, &Latex)
}

fn sum(value: &Exact, notation: &impl Notation) -> String {
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
fn product(coefficient: &Rational, monomial: &Monomial, notation: &impl Notation) -> String {
    let mut above = Vec::new();
    let mut below = Vec::new();
    let numerator = coefficient.numerator().unsigned_abs();
    if !numerator.is_one() {
        above.push(numerator.to_string());
    }
    if !coefficient.denominator().is_one() {
        below.push(coefficient.denominator().to_string());
    }
    let half = Rational::from_parts(IBig::ONE, 2u8.into());
    let mut radicand = UBig::ONE;
    for (atom, exponent) in &monomial.0 {
        match atom {
            Atom::Prime(prime) if *exponent == half => radicand *= prime,
            Atom::Prime(prime) => {
                above.push(notation.power(&prime.to_string(), &exponent.to_string()));
            }
            Atom::Function(Elementary::Exp, argument) => {
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
                    _ => notation.name("pi"),
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
fn exponential(argument: &Exact, notation: &impl Notation) -> String {
    match argument.as_rational() {
        Some(q) if q.is_one() => notation.name("e"),
        Some(q) if q.is_int() => notation.power(&notation.name("e"), &q.to_string()),
        _ => notation.call(Elementary::Exp, &sum(argument, notation)),
    }
}
