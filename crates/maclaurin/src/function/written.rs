//! Expressions composed as text, with no more parentheses than their operations need.
//!
//! A function that is made of others is composed here and read again by the grammar: what it prints
//! is what it means, equal subexpressions become one step, and the limits of the grammar hold.

use super::lexer::{LONGEST_TEXT, is_plain};
use super::{
    Excerpt, Function, Operand, Operation, ParseError, ParseErrorKind, PiecewiseConstant, Span,
};
use crate::builtin;

/// Bytes of text that all subexpressions of an expression together may take.
pub(super) const MOST_TEXT: usize = 1 << 24;

/// How tightly the outermost operation of a text binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Sum,
    Product,
    Power,
    Atom,
}

/// An expression as text.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    text: String,
    binding: Binding,
}

type Result<T> = std::result::Result<T, ParseError>;

impl Written {
    /// An expression in plain notation: every product has its `*`, and there are only letters,
    /// digits and `+ - * / ^ ( ) , .` in it.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { binding: binding(&text), text }
    }

    /// A function as an expression in `x` alone, in plain notation: a bare name is called, and its
    /// parameters have their values.
    pub(crate) fn of(function: &Function) -> Result<Self> {
        let (text, parameters) = (&function.text, &function.parameters);
        if !is_plain(text) || !parameters.values().all(|value| is_plain(value)) {
            return Self::of_steps(function);
        }
        let mut text = text.clone();
        if let Some(builtin) = builtin::find(&text) {
            let is_given = |argument: &str| parameters.contains_key(argument);
            let pair = |argument: &&'static str| match argument.split_once('=') {
                Some((name, _)) if is_given(name) => (name, true),
                Some((_, default)) => (default, false),
                None => (*argument, true),
            };
            let mut arguments: Vec<_> = builtin.arguments.iter().map(pair).collect();
            // Arguments may be left out from the end on.
            let needed =
                arguments.iter().rposition(|argument| argument.1).map_or(0, |last| last + 1);
            arguments.truncate(needed);
            let mut arguments: Vec<_> = arguments.into_iter().map(|argument| argument.0).collect();
            if let Some(variable) = arguments.get_mut(builtin.variable()) {
                *variable = "x";
            }
            text = format!("{text}({})", arguments.join(", "));
        }
        let mut written = Self::new(text);
        // A parameter's value may have the names of others.
        for _ in 0..parameters.len() {
            let value = |name: &str| parameters.get(name).map(Self::new);
            written = written.substituted(value)?;
        }
        Ok(written)
    }

    /// A function's operations written out.
    fn of_steps(function: &Function) -> Result<Self> {
        let mut budget = MOST_TEXT;
        let written = function.try_fold(|_, operation: Operation<Operand<'_, Self>>| {
            let written =
                Self::of_operation(&operation.map(|operand| &operand.values[operand.index]));
            let length = written.text.len();
            check_length(length, &function.text)?;
            budget = budget.saturating_sub(length);
            if budget == 0 {
                check_length(usize::MAX, &function.text)?;
            }
            Ok(written)
        });
        written?.pop().ok_or_else(|| {
            let excerpt = Excerpt::new(&function.text, Span { start: 0, end: 0 });
            ParseError { kind: ParseErrorKind::Empty, excerpt }
        })
    }

    /// An operation on operands that are written.
    pub(super) fn of_operation(operation: &Operation<&Self>) -> Self {
        match *operation {
            Operation::Variable => Self::new("x"),
            Operation::Constant(ref value) => Self::new(value.to_string()),
            Operation::Negate(f) => f.negative(),
            Operation::Add(f, g) => f.sum(g),
            Operation::Subtract(f, g) => f.difference(g),
            Operation::Multiply(f, g) => f.product(g),
            Operation::Divide(f, g) => f.quotient(g),
            Operation::Power(f, g) => f.power(g),
            Operation::Absolute(f) => f.call("abs"),
            Operation::PiecewiseConstant(PiecewiseConstant::Sign, f, _) => f.call("sign"),
            Operation::PiecewiseConstant(PiecewiseConstant::Floor, f, _) => f.call("floor"),
            Operation::Elementary(function, f) => f.call(function.name()),
            Operation::ErlangCdf(shape, u) => {
                Self::new(format!("erlang_cdf({}, {shape}, 1)", u.text))
            }
            Operation::BesselJ(order, u) => Self::bessel_j(order.into(), u),
        }
    }

    pub(super) fn bessel_j(order: i64, u: &Self) -> Self {
        Self::new(format!("bessel_j({order}, {})", u.text))
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The function that the text means.
    pub(crate) fn function(&self) -> Result<Function> {
        Function::parse(&self.text)
    }

    /// The constant that the text means.
    pub(crate) fn constant(&self) -> Result<Function> {
        Function::constant(&self.text)
    }

    /// The expression at `x = argument`.
    pub(crate) fn at(&self, argument: &Self) -> Result<Self> {
        self.substituted(|name| (name == "x").then(|| argument.clone()))
    }

    /// Names replaced by expressions.
    fn substituted(&self, value: impl Fn(&str) -> Option<Self>) -> Result<Self> {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let mut text = String::new();
        let mut rest = self.text.as_str();
        while let Some(first) = rest.chars().next() {
            let end = if is_word(first) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else {
                rest.find(is_word).unwrap_or(rest.len())
            };
            let (piece, after) = rest.split_at(end);
            // The exponent of `1.e5` is no name.
            let value = if text.ends_with('.') { None } else { value(piece) };
            // A whole argument needs no parentheses of its own.
            let alone = matches!(text.trim_end().chars().next_back(), None | Some('(' | ','))
                && matches!(after.trim_start().chars().next(), None | Some(')' | ','));
            let needed = if alone { Binding::Sum } else { Binding::Atom };
            text += &value.map_or_else(|| piece.to_owned(), |value| value.within(needed));
            rest = after;
            check_length(text.len() + rest.len(), &self.text)?;
        }
        Ok(Self::new(text))
    }

    /// The text as an operand of an operation that binds so tightly.
    fn within(&self, binding: Binding) -> String {
        if self.binding >= binding { self.text.clone() } else { format!("({})", self.text) }
    }

    fn is(&self, text: &str) -> bool {
        self.text == text
    }

    fn join(&self, operator: &str, other: &Self, left: Binding, right: Binding) -> Self {
        let text = format!("{}{operator}{}", self.within(left), other.within(right));
        Self::new(text)
    }

    pub(crate) fn sum(&self, other: &Self) -> Self {
        match (self.is("0"), other.is("0"), other.text.strip_prefix('-')) {
            (true, _, _) => other.clone(),
            (_, true, _) => self.clone(),
            // `a + -b*c` with a `b` that is no sum.
            (_, _, Some(opposite)) if binding(opposite) >= Binding::Product => {
                self.join(" - ", &Self::new(opposite), Binding::Sum, Binding::Product)
            }
            _ => self.join(" + ", other, Binding::Sum, Binding::Product),
        }
    }

    pub(crate) fn difference(&self, other: &Self) -> Self {
        match (self.is("0"), other.is("0")) {
            (true, _) => other.negative(),
            (_, true) => self.clone(),
            _ => self.join(" - ", other, Binding::Sum, Binding::Product),
        }
    }

    pub(crate) fn product(&self, other: &Self) -> Self {
        if self.is("0") || other.is("1") {
            return self.clone();
        }
        if other.is("0") || self.is("1") {
            return other.clone();
        }
        // A fraction stands on the left without parentheses: `a/b*c` is read from the left.
        self.join("*", other, Binding::Product, Binding::Power)
    }

    pub(crate) fn quotient(&self, other: &Self) -> Self {
        if self.is("0") || other.is("1") {
            return self.clone();
        }
        self.join("/", other, Binding::Product, Binding::Power)
    }

    pub(crate) fn power(&self, exponent: &Self) -> Self {
        if exponent.is("1") {
            return self.clone();
        }
        self.join("^", exponent, Binding::Atom, Binding::Atom)
    }

    pub(crate) fn negative(&self) -> Self {
        match self.text.strip_prefix('-') {
            _ if self.is("0") => self.clone(),
            Some(opposite) if binding(opposite) >= Binding::Product => Self::new(opposite),
            _ => Self::new(format!("-{}", self.within(Binding::Product))),
        }
    }

    /// A function of it, by name.
    pub(crate) fn call(&self, name: &str) -> Self {
        Self::new(format!("{name}({})", self.text))
    }
}

/// Refuses a text before it is longer than the grammar reads.
pub(super) fn check_length(found: usize, text: &str) -> Result<()> {
    if found <= LONGEST_TEXT {
        return Ok(());
    }
    let kind = ParseErrorKind::TooLong { found, limit: LONGEST_TEXT };
    Err(ParseError { kind, excerpt: Excerpt::new(text, Span { start: 0, end: 0 }) })
}

/// How tightly the outermost operation of a text binds, or less tightly: the sign of an exponent
/// such as `1e-3` counts as a minus.
fn binding(text: &str) -> Binding {
    let mut depth = 0usize;
    let mut loosest = Binding::Atom;
    let mut previous = ' ';
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '+' | '-' => return Binding::Sum,
            '*' if previous == '*' => {}
            '*' | '/' => loosest = loosest.min(Binding::Product),
            '^' => loosest = loosest.min(Binding::Power),
            _ => {}
        }
        previous = character;
    }
    loosest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Written {
        Written::new(text)
    }

    #[test]
    fn composed_texts_mean_what_they_are_composed_of() {
        let texts = ["x", "1 - x", "-x", "2*x/3", "x^2", "-x^2", "exp(x)", "1e-3", "x**2", "x - 1"];
        for (f, g) in texts.iter().flat_map(|f| texts.iter().map(move |g| (*f, *g))) {
            let (a, b) = (written(f), written(g));
            let forms = [
                (a.sum(&b), format!("({f}) + ({g})")),
                (a.difference(&b), format!("({f}) - ({g})")),
                (a.product(&b), format!("({f})*({g})")),
                (a.quotient(&b), format!("({f})/({g})")),
                (a.negative(), format!("-({f})")),
                (a.power(&written("3")), format!("({f})^3")),
                (
                    a.at(&b).unwrap(),
                    f.replace("exp", "@").replace('x', &format!("({g})")).replace('@', "exp"),
                ),
            ];
            for (form, plain) in forms {
                let plain = Function::parse(&plain).unwrap();
                for x in [0.75, -1.25, 3.0] {
                    let (value, expected) =
                        (form.function().unwrap().evaluate(x), plain.evaluate(x));
                    let near = (value - expected).abs() <= 1e-14 * expected.abs();
                    assert!(near, "{} for {}: {value} is not {expected}", form.text, plain.text());
                }
            }
        }
    }

    #[test]
    fn parameters_and_bare_names_are_written_out() {
        let text = |text: &str, parameters: &[(&str, &str)]| {
            let function = Function::with_parameters(text, parameters).unwrap();
            Written::of(&function).unwrap().text
        };
        assert_eq!(text("softplus", &[]), "softplus(x)");
        assert_eq!(text("elu", &[]), "elu(x)");
        assert_eq!(text("elu", &[("alpha", "2")]), "elu(x, 2)");
        assert_eq!(text("hardtanh", &[("max_val", "2")]), "hardtanh(x, -1, 2)");
        assert_eq!(text("bessel_j", &[("n", "2")]), "bessel_j(2, x)");
        assert_eq!(text("atan2", &[("y", "-1")]), "atan2(-1, x)");
        assert_eq!(text("2x² - |x|/π", &[]), "2*x^2 - abs(x)/pi");
        assert_eq!(text("(x+1)(x-1)√x", &[]), "(x + 1)*(x - 1)*x^(1/2)");
        assert_eq!(text("a x", &[("a", "2π")]), "2*pi*x");
        assert_eq!(text("erlang_cdf", &[("k", "3"), ("rate", "1 + 1")]), "erlang_cdf(x, 3, 1 + 1)");
        assert_eq!(text("a*x + 1.e5*e5", &[("a", "2"), ("e5", "a + 1")]), "2*x + 1.e5*(2 + 1)");
    }

    #[test]
    fn a_text_is_refused_before_it_is_too_long() {
        let long = written(&vec!["x"; 2000].join(" + "));
        let error = long.at(&long).unwrap_err();
        assert!(matches!(error.kind, ParseErrorKind::TooLong { .. }));
    }
}
