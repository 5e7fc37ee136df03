//! The grammar: text to steps, by recursive descent with a bounded depth.
//!
//! ```text
//! sum      = product (("+" | "-") product)*
//! product  = unary (("*" | "/") unary)*
//! unary    = ("+" | "-") unary | power
//! power    = primary (("^" | "**") unary)?
//! primary  = number | name | name "(" sum ("," sum)* ")" | "(" sum ")"
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Builder, Excerpt, Index, Operation, ParseError, ParseErrorKind, Span, Step, constant as step_of,
};
use crate::builtin::{self, Call, Definition};
use crate::number::{Exact, LARGEST_DECIMAL_EXPONENT, Rational, parse_decimal};

/// The longest expression, in bytes.
pub(super) const LONGEST_TEXT: usize = 64 * 1024;

/// The deepest nesting of parentheses, signs and powers.
const DEEPEST_NESTING: usize = 256;

/// The largest shape of an Erlang distribution.
const LARGEST_SHAPE: u32 = 1000;

/// Reads an expression whose names mean what `parameters` says; `variable` tells whether `x` may
/// occur.
pub(super) fn read(text: &str, parameters: &[(&str, &str)], variable: bool) -> Result<Vec<Step>> {
    let mut builder = Builder::default();
    let mut scope = BTreeMap::new();
    for &(name, value) in parameters {
        let whole = |text: &str| Excerpt::new(text, Span { start: 0, end: text.len() });
        if name == "x" || constant(name).is_some() || builtin::find(name).is_some() {
            let kind = ParseErrorKind::ReservedName(name.into());
            return Err(ParseError { kind, excerpt: whole(name) });
        }
        if !text_names(text).contains(name) && !bare_builtin_takes(text, name) {
            let kind = ParseErrorKind::UnusedParameter(name.into());
            return Err(ParseError { kind, excerpt: whole(text) });
        }
        let place = Place::Constant("a parameter");
        let index = Reader::new(value, &mut builder, &scope, place)?.whole()?;
        scope.insert(name.to_owned(), index);
    }
    let place = if variable { Place::Function } else { Place::Constant("an expansion point") };
    let root = Reader::new(text, &mut builder, &scope, place)?.whole()?;
    Ok(builder.finish(root))
}

/// The words of a text that could be names.
fn text_names(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect()
}

fn bare_builtin_takes(text: &str, name: &str) -> bool {
    builtin::find(text.trim()).is_some_and(|builtin| builtin.arguments.contains(&name))
}

fn constant(name: &str) -> Option<Exact> {
    match name {
        "pi" => Some(Exact::pi()),
        "e" => Exact::from(1).exponential(),
        _ => None,
    }
}

/// What is being read.
#[derive(Clone, Copy)]
enum Place {
    /// A user's function: `x` is the variable.
    Function,
    /// A user's constant, of the kind named.
    Constant(&'static str),
    /// A built-in function's definition, on behalf of the part of the user's text given.
    Definition(Span),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    Number,
    Name,
    /// One of `+ - * / ^ ( ) ,`; `**` reads as `^`.
    Symbol(char),
    End,
}

struct Reader<'a> {
    text: &'a str,
    builder: &'a mut Builder,
    /// Names that mean the value of a step.
    scope: &'a BTreeMap<String, Index>,
    place: Place,
    token: Token,
    span: Span,
    depth: usize,
}

type Result<T> = std::result::Result<T, ParseError>;

impl<'a> Reader<'a> {
    fn new(
        text: &'a str,
        builder: &'a mut Builder,
        scope: &'a BTreeMap<String, Index>,
        place: Place,
    ) -> Result<Self> {
        let span = Span { start: 0, end: 0 };
        let mut reader = Self { text, builder, scope, place, token: Token::End, span, depth: 0 };
        if text.len() > LONGEST_TEXT {
            let kind = ParseErrorKind::TooLong { found: text.len(), limit: LONGEST_TEXT };
            return Err(reader.error(kind, span));
        }
        reader.advance()?;
        Ok(reader)
    }

    fn error(&self, kind: ParseErrorKind, span: Span) -> ParseError {
        ParseError { kind, excerpt: Excerpt::new(self.text, span) }
    }

    /// Moves to the next token.
    fn advance(&mut self) -> Result<()> {
        let rest = &self.text[self.span.end..];
        let trimmed = rest.trim_start();
        let start = self.text.len() - trimmed.len();
        let Some(first) = trimmed.chars().next() else {
            self.token = Token::End;
            self.span = Span { start, end: start };
            return Ok(());
        };
        let length = if first.is_ascii_digit() || first == '.' {
            self.token = Token::Number;
            number_length(trimmed)
        } else if first.is_alphabetic() || first == '_' {
            self.token = Token::Name;
            trimmed.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(trimmed.len())
        } else if trimmed.starts_with("**") {
            self.token = Token::Symbol('^');
            2
        } else if "+-*/^(),".contains(first) {
            self.token = Token::Symbol(first);
            1
        } else {
            let hint = match first {
                '=' => "; an expression has no `=`: write only its right-hand side",
                '!' => "; factorials are not part of the grammar",
                '[' | '{' => "; only round parentheses group",
                '\u{2212}' | '\u{2013}' => "; the minus sign is `-`",
                '\u{d7}' | '\u{b7}' => "; multiplication is `*`",
                _ => "",
            };
            let span = Span { start, end: start + first.len_utf8() };
            return Err(self.error(ParseErrorKind::UnexpectedCharacter(first, hint), span));
        };
        self.span = Span { start, end: start + length };
        Ok(())
    }

    fn token_text(&self) -> &'a str {
        &self.text[self.span.start..self.span.end]
    }

    fn unexpected(&self, expected: &'static str, hint: &'static str) -> ParseError {
        let found = match self.token {
            Token::End => "the end of the expression".into(),
            _ => format!("`{}`", self.token_text()),
        };
        self.error(ParseErrorKind::Unexpected { expected, found, hint }, self.span)
    }

    fn expect(&mut self, symbol: char, expected: &'static str) -> Result<()> {
        if self.token != Token::Symbol(symbol) {
            return Err(self.unexpected(expected, ""));
        }
        self.advance()
    }

    /// Adds a step that came from the text between `start` and the last token read.
    fn push(&mut self, operation: Operation, start: usize, end: usize) -> Index {
        let span = match self.place {
            Place::Definition(span) => span,
            _ => Span { start, end },
        };
        self.builder.push(operation, span)
    }

    /// The whole text; nothing may follow.
    fn whole(mut self) -> Result<Index> {
        if self.token == Token::End {
            return Err(self.error(ParseErrorKind::Empty, self.span));
        }
        if let (Token::Name, Some(builtin)) = (self.token, builtin::find(self.text.trim())) {
            return self.bare(builtin);
        }
        let (index, _) = self.sum()?;
        match self.token {
            Token::End => Ok(index),
            Token::Symbol(')') => Err(self.unexpected("an operator", "; no `(` is open here")),
            Token::Name | Token::Number | Token::Symbol('(') => {
                Err(self.unexpected("an operator", "; multiplication is written `*`"))
            }
            Token::Symbol(_) => Err(self.unexpected("an operator", "")),
        }
    }

    /// A built-in function's name alone: the function of `x` and of parameters by its own
    /// arguments' names.
    fn bare(&mut self, builtin: Call) -> Result<Index> {
        let span = self.span;
        let mut arguments = Vec::new();
        for (position, argument) in builtin.arguments.iter().enumerate() {
            if position == 0 {
                arguments.push(self.variable(span)?);
            } else if let Some(&index) = self.scope.get(*argument) {
                arguments.push(index);
            } else if !argument.contains('=') {
                let kind =
                    ParseErrorKind::MissingParameter { name: (*argument).into(), nearest: None };
                return Err(self.error(kind, span));
            }
        }
        self.apply(builtin, &arguments, span, span)
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += 1;
        if self.depth > DEEPEST_NESTING {
            let kind = ParseErrorKind::TooDeep { limit: DEEPEST_NESTING };
            return Err(self.error(kind, self.span));
        }
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn sum(&mut self) -> Result<(Index, Span)> {
        let (mut left, mut span) = self.product()?;
        while let Token::Symbol(symbol @ ('+' | '-')) = self.token {
            self.advance()?;
            let (right, end) = self.product()?;
            span.end = end.end;
            let operation = match symbol {
                '+' => Operation::Add(left, right),
                _ => Operation::Subtract(left, right),
            };
            left = self.push(operation, span.start, span.end);
        }
        Ok((left, span))
    }

    fn product(&mut self) -> Result<(Index, Span)> {
        let (mut left, mut span) = self.unary()?;
        while let Token::Symbol(symbol @ ('*' | '/')) = self.token {
            self.advance()?;
            let (right, end) = self.unary()?;
            span.end = end.end;
            let operation = match symbol {
                '*' => Operation::Multiply(left, right),
                _ => Operation::Divide(left, right),
            };
            left = self.push(operation, span.start, span.end);
        }
        Ok((left, span))
    }

    fn unary(&mut self) -> Result<(Index, Span)> {
        let start = self.span.start;
        match self.token {
            Token::Symbol(sign @ ('+' | '-')) => {
                self.advance()?;
                let (operand, span) = self.deeper(Self::unary)?;
                let index = match sign {
                    '-' => self.push(Operation::Negate(operand), start, span.end),
                    _ => operand,
                };
                Ok((index, Span { start, end: span.end }))
            }
            _ => self.power(),
        }
    }

    fn power(&mut self) -> Result<(Index, Span)> {
        let (base, mut span) = self.primary()?;
        if self.token != Token::Symbol('^') {
            return Ok((base, span));
        }
        self.advance()?;
        let (exponent, end) = self.deeper(Self::unary)?;
        span.end = end.end;
        Ok((self.push(Operation::Power(base, exponent), span.start, span.end), span))
    }

    fn primary(&mut self) -> Result<(Index, Span)> {
        let span = self.span;
        match self.token {
            Token::Number => {
                let value = self.number()?;
                self.advance()?;
                Ok((self.push(step_of(value), span.start, span.end), span))
            }
            Token::Name => self.name(),
            Token::Symbol('(') => {
                self.advance()?;
                let (index, _) = self.deeper(Self::sum)?;
                let end = self.span.end;
                self.expect(')', "an operator or `)`")?;
                Ok((index, Span { start: span.start, end }))
            }
            _ => Err(self.unexpected("a number, a name or `(`", "")),
        }
    }

    fn number(&self) -> Result<Rational> {
        let text = self.token_text();
        if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected("a number", ""));
        }
        parse_decimal(text).ok_or_else(|| {
            let kind = ParseErrorKind::NumberTooLarge { limit: LARGEST_DECIMAL_EXPONENT };
            self.error(kind, self.span)
        })
    }

    fn variable(&mut self, span: Span) -> Result<Index> {
        match self.place {
            Place::Constant(what) => Err(self.error(ParseErrorKind::NotConstant(what), span)),
            _ => Ok(self.push(Operation::Variable, span.start, span.end)),
        }
    }

    fn name(&mut self) -> Result<(Index, Span)> {
        let (name, span) = (self.token_text(), self.span);
        self.advance()?;
        if self.token == Token::Symbol('(') {
            return self.call(name, span);
        }
        if let Some(&index) = self.scope.get(name) {
            return Ok((index, span));
        }
        if name == "x" {
            return Ok((self.variable(span)?, span));
        }
        if let Some(value) = constant(name) {
            return Ok((self.push(step_of(value), span.start, span.end), span));
        }
        if let Some(builtin) = builtin::find(name) {
            let kind = ParseErrorKind::WrongArity {
                function: name.into(),
                expected: arity(builtin),
                found: 0,
            };
            return Err(self.error(kind, span));
        }
        // A single letter is near to every other one: only longer names are suggested.
        let mut known: Vec<&str> = builtin::names().collect();
        known.extend(self.scope.keys().map(String::as_str).filter(|known| known.len() > 1));
        let nearest = nearest(name, known.into_iter());
        let kind = ParseErrorKind::MissingParameter { name: name.into(), nearest };
        Err(self.error(kind, span))
    }

    fn call(&mut self, name: &str, span: Span) -> Result<(Index, Span)> {
        let Some(builtin) = builtin::find(name) else {
            let kind = if self.scope.contains_key(name) || name == "x" || constant(name).is_some() {
                ParseErrorKind::Unexpected {
                    expected: "an operator",
                    found: "`(`".into(),
                    hint: "; multiplication is written `*`",
                }
            } else {
                let nearest = nearest(name, builtin::names());
                ParseErrorKind::UnknownFunction { name: name.into(), nearest }
            };
            return Err(self.error(kind, span));
        };
        self.advance()?;
        let mut arguments = Vec::new();
        if self.token != Token::Symbol(')') {
            loop {
                let (argument, _) = self.deeper(Self::sum)?;
                arguments.push(argument);
                if self.token != Token::Symbol(',') {
                    break;
                }
                self.advance()?;
            }
        }
        let whole = Span { start: span.start, end: self.span.end };
        self.expect(')', "`,` or `)`")?;
        let index = self.apply(builtin, &arguments, span, whole)?;
        Ok((index, whole))
    }

    /// A built-in function of the steps `arguments`; `name` and `whole` are where it was called.
    fn apply(
        &mut self,
        builtin: Call,
        arguments: &[Index],
        name: Span,
        whole: Span,
    ) -> Result<Index> {
        let most = builtin.arguments.len();
        let least = builtin.arguments.iter().filter(|argument| !argument.contains('=')).count();
        if arguments.len() < least || arguments.len() > most {
            let kind = ParseErrorKind::WrongArity {
                function: builtin.name.into(),
                expected: arity(builtin),
                found: arguments.len(),
            };
            return Err(self.error(kind, name));
        }
        let operation = match builtin.definition {
            Definition::Elementary(function) => Operation::Elementary(function, arguments[0]),
            Definition::Absolute => Operation::Absolute(arguments[0]),
            Definition::Power => Operation::Power(arguments[0], arguments[1]),
            Definition::ErlangCdf => {
                let shape = self.shape(arguments[1], whole)?;
                self.positive_rate(arguments[2], whole)?;
                let product = Operation::Multiply(arguments[2], arguments[0]);
                let argument = self.push(product, whole.start, whole.end);
                Operation::ErlangCdf(shape, argument)
            }
            Definition::Text(text) => {
                let span = match self.place {
                    Place::Definition(span) => span,
                    _ => whole,
                };
                let mut scope = BTreeMap::new();
                for (position, argument) in builtin.arguments.iter().enumerate() {
                    let (argument, default) = argument.split_once('=').unwrap_or((argument, "0"));
                    let index = arguments.get(position).copied().unwrap_or_else(|| {
                        let default = parse_decimal(default).unwrap_or_default();
                        self.push(step_of(default), whole.start, whole.end)
                    });
                    scope.insert(argument.to_owned(), index);
                }
                let place = Place::Definition(span);
                return Reader::new(text, self.builder, &scope, place)?.whole();
            }
        };
        Ok(self.push(operation, whole.start, whole.end))
    }

    fn shape(&self, index: Index, span: Span) -> Result<u32> {
        let shape = self.builder.constant(index).and_then(Exact::as_rational);
        shape
            .filter(|shape| shape.is_int())
            .and_then(|shape| u32::try_from(shape.numerator()).ok())
            .filter(|shape| (1..=LARGEST_SHAPE).contains(shape))
            .ok_or_else(|| {
                let message = "the shape k of `erlang_cdf` must be an integer from 1 to 1000";
                self.error(ParseErrorKind::InvalidArgument(message), span)
            })
    }

    fn positive_rate(&self, index: Index, span: Span) -> Result<()> {
        match self.builder.constant(index).and_then(Exact::as_rational) {
            Some(rate) if *rate <= Rational::ZERO => {
                let message = "the rate of `erlang_cdf` must be positive";
                Err(self.error(ParseErrorKind::InvalidArgument(message), span))
            }
            _ => Ok(()),
        }
    }
}

/// The length of the number at the start of `text`: digits, one point, and an exponent if one
/// follows (`2e` is a number and a name, so that the error points at the name).
fn number_length(text: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(text);
    if text[length..].starts_with('.') {
        length += 1 + digits(&text[length + 1..]);
    }
    let rest = text[length..].strip_prefix(['e', 'E']);
    if let Some(rest) = rest {
        let sign = usize::from(rest.starts_with(['+', '-']));
        let exponent = digits(&rest[sign..]);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

fn arity(builtin: Call) -> String {
    let arguments = builtin.arguments.join(", ");
    match builtin.arguments.len() {
        1 => format!("1 argument ({arguments})"),
        count => format!("{count} arguments ({arguments})"),
    }
}

/// The known name nearest to `name`, if it is near: at most a third of the letters differ.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    if name.len() > 64 {
        return None;
    }
    known
        .map(|known| (strsim::damerau_levenshtein(&name.to_lowercase(), known), known))
        .filter(|(distance, known)| *distance <= known.len().max(name.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known.to_owned())
}
