//! The grammar: text to steps, by recursive descent with a bounded depth.
//!
//! ```text
//! sum     = product (("+" | "-") product)*
//! product = unary (("*" | "/") unary)*
//! unary   = ("+" | "-") unary | adjacent
//! adjacent = power power*
//! power   = raised (("^" | "**") exponent)?
//! exponent = ("+" | "-") exponent | power
//! raised  = primary superscript?
//! primary = number | name | name "(" sum ("," sum)* ")" | "(" sum ")" | "|" sum "|" | "√" primary
//! ```
//!
//! Adjacent factors are a product only where the text has no other reading.

mod adjacent;
mod call;

use std::collections::{BTreeMap, BTreeSet};

use self::adjacent::{End, Factor};
use self::call::{arity, bare_builtin_takes};
use super::even::without_even_kinks;
use super::lexer::{Lexer, Result, Token, alike};
use super::{
    Builder, Excerpt, Index, Operation, ParseError, ParseErrorKind, Span, Step, constant as step_of,
};
use crate::builtin;
use crate::number::{Exact, LARGEST_DECIMAL_EXPONENT, Rational, half, parse_decimal};

/// The deepest nesting of parentheses, signs and powers.
const DEEPEST_NESTING: usize = 256;

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
    Ok(without_even_kinks(builder.finish(root)))
}

/// The names in a text, up to its first error.
fn text_names(text: &str) -> BTreeSet<&str> {
    let mut lexer = Lexer::new(text).ok();
    std::iter::from_fn(|| {
        let current = lexer.take()?;
        let mut next = current.clone();
        lexer = next.advance().is_ok().then_some(next);
        (current.token != Token::End).then_some(current)
    })
    .filter(|lexer| lexer.token == Token::Name)
    .map(|lexer| lexer.text_of(lexer.span))
    .collect()
}

fn constant(name: &str) -> Option<Exact> {
    match name {
        "pi" | "π" => Some(Exact::pi()),
        "e" => Exact::from(1).exponential(),
        "euler_gamma" => Some(Exact::euler_gamma()),
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

struct Reader<'a> {
    lexer: Lexer<'a>,
    builder: &'a mut Builder,
    /// Names that mean the value of a step.
    scope: &'a BTreeMap<String, Index>,
    place: Place,
    depth: usize,
    /// Bars that are open, within the innermost parentheses.
    bars: usize,
}

impl<'a> Reader<'a> {
    fn new(
        text: &'a str,
        builder: &'a mut Builder,
        scope: &'a BTreeMap<String, Index>,
        place: Place,
    ) -> Result<Self> {
        Ok(Self { lexer: Lexer::new(text)?, builder, scope, place, depth: 0, bars: 0 })
    }

    fn token(&self) -> Token {
        self.lexer.token
    }

    fn error(&self, kind: ParseErrorKind, span: Span) -> ParseError {
        self.lexer.error(kind, span)
    }

    fn advance(&mut self) -> Result<()> {
        self.lexer.advance()
    }

    fn unexpected(&self, expected: &'static str, hint: &'static str) -> ParseError {
        let found = match self.token() {
            Token::End => "the end of the expression".into(),
            _ => format!("`{}`", self.lexer.text_of(self.lexer.span)),
        };
        self.error(ParseErrorKind::Unexpected { expected, found, hint }, self.lexer.span)
    }

    fn expect(&mut self, symbol: char, expected: &'static str) -> Result<()> {
        if self.token() != Token::Symbol(symbol) {
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
        if self.token() == Token::End {
            return Err(self.error(ParseErrorKind::Empty, self.lexer.span));
        }
        if let (Token::Name, Some(builtin)) = (self.token(), builtin::find(self.lexer.text)) {
            return self.bare(builtin);
        }
        let (index, _) = self.sum()?;
        match self.token() {
            Token::End => Ok(index),
            Token::Symbol(')') => Err(self.unexpected("an operator", "; no `(` is open here")),
            Token::Name | Token::Number | Token::Symbol('(' | '|' | '√') => {
                Err(self.unexpected("an operator", "; multiplication is written `*`"))
            }
            Token::Superscript | Token::Symbol(_) => Err(self.unexpected("an operator", "")),
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += 1;
        if self.depth > DEEPEST_NESTING {
            let kind = ParseErrorKind::TooDeep { limit: DEEPEST_NESTING };
            return Err(self.error(kind, self.lexer.span));
        }
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn sum(&mut self) -> Result<(Index, Span)> {
        let (mut left, mut span) = self.product()?;
        while let Token::Symbol(symbol @ ('+' | '-')) = self.token() {
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
        let (mut left, mut span) = self.unary(None)?;
        while let Token::Symbol(symbol @ ('*' | '/')) = self.token() {
            self.advance()?;
            let (right, end) = self.unary((symbol == '/').then_some(span))?;
            span.end = end.end;
            let operation = match symbol {
                '*' => Operation::Multiply(left, right),
                _ => Operation::Divide(left, right),
            };
            left = self.push(operation, span.start, span.end);
        }
        Ok((left, span))
    }

    /// A factor under its signs; `over` is what it divides.
    fn unary(&mut self, over: Option<Span>) -> Result<(Index, Span)> {
        let start = self.lexer.span.start;
        match self.token() {
            Token::Symbol(sign @ ('+' | '-')) => {
                self.advance()?;
                let (operand, span) = self.deeper(|reader| reader.unary(over))?;
                let index = match sign {
                    '-' => self.push(Operation::Negate(operand), start, span.end),
                    _ => operand,
                };
                Ok((index, Span { start, end: span.end }))
            }
            _ => self.adjacent(over),
        }
    }

    fn primary(&mut self) -> Result<Factor> {
        let start = self.lexer.span;
        let closed = |(index, span)| Factor { index, span, end: End::Closed };
        match self.token() {
            Token::Number => {
                let value = self.number()?;
                self.advance()?;
                Ok(closed((self.push(step_of(value), start.start, start.end), start)))
            }
            Token::Name => self.name().map(closed),
            Token::Symbol('(') => {
                self.advance()?;
                let index = self.grouped()?;
                let span = Span { start: start.start, end: self.lexer.span.end };
                self.expect(')', "an operator or `)`")?;
                Ok(closed((index, span)))
            }
            Token::Symbol('|') => {
                self.advance()?;
                self.bars += 1;
                let (index, _) = self.deeper(Self::sum)?;
                self.bars -= 1;
                let span = Span { start: start.start, end: self.lexer.span.end };
                self.expect('|', "an operator or `|`")?;
                let index = self.push(Operation::Absolute(index), span.start, span.end);
                Ok(Factor { index, span, end: End::Bar })
            }
            Token::Symbol('√') => {
                self.advance()?;
                let operand = self.deeper(Self::primary)?;
                let span = Span { start: start.start, end: operand.span.end };
                let exponent = self.push(step_of(half()), span.start, span.end);
                let operation = Operation::Power(operand.index, exponent);
                let index = self.push(operation, span.start, span.end);
                Ok(Factor { index, span, end: End::Open(operand.span.start) })
            }
            _ => Err(self.unexpected("a number, a name or `(`", "")),
        }
    }

    /// What stands in parentheses.
    fn grouped(&mut self) -> Result<Index> {
        let outside = std::mem::take(&mut self.bars);
        let (index, _) = self.deeper(Self::sum)?;
        self.bars = outside;
        Ok(index)
    }

    fn number(&self) -> Result<Rational> {
        let text = self.lexer.text_of(self.lexer.span);
        if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected("a number", ""));
        }
        parse_decimal(text).ok_or_else(|| {
            let kind = ParseErrorKind::NumberTooLarge { limit: LARGEST_DECIMAL_EXPONENT };
            self.error(kind, self.lexer.span)
        })
    }

    fn variable(&mut self, span: Span) -> Result<Index> {
        match self.place {
            Place::Constant(what) => Err(self.error(ParseErrorKind::NotConstant(what), span)),
            _ => Ok(self.push(Operation::Variable, span.start, span.end)),
        }
    }

    fn name(&mut self) -> Result<(Index, Span)> {
        let (name, span) = (self.lexer.text_of(self.lexer.span), self.lexer.span);
        self.advance()?;
        if self.token() == Token::Symbol('(') && name != "π" {
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
            if let Some(argument) = self.argument_beside(builtin) {
                let kind = ParseErrorKind::NoParentheses { function: name.into(), argument };
                return Err(self.error(kind, span));
            }
            if matches!(self.token(), Token::Symbol('^') | Token::Superscript) {
                let hint = "; a power of the value is written after it, as in sin(x)^2";
                return Err(self.unexpected("`(`", hint));
            }
            let kind = ParseErrorKind::WrongArity {
                function: name.into(),
                expected: arity(builtin),
                found: 0,
            };
            return Err(self.error(kind, span));
        }
        if ["nan", "inf", "infinity"].iter().any(|other| name.eq_ignore_ascii_case(other)) {
            return Err(self.error(ParseErrorKind::NotFinite { name: name.into() }, span));
        }
        self.check_letters(name, span)?;
        self.check_module(span)?;
        // A single letter is near to every other one: only longer names are suggested, and for longer names.
        let mut known: Vec<&str> = builtin::names().chain(["pi", "euler_gamma"]).collect();
        known.extend(self.scope.keys().map(String::as_str).filter(|known| known.len() > 1));
        let nearest = Some(name).filter(|name| name.chars().count() > 1);
        let nearest = nearest.and_then(|name| self::nearest(name, known.into_iter()));
        let nearest = nearest.map(str::to_owned);
        let kind = ParseErrorKind::MissingParameter { name: name.into(), nearest };
        Err(self.error(kind, span))
    }

    /// What stands beside the name of a function of one argument, as in `sin x` or `sin 2x`.
    fn argument_beside(&self, builtin: builtin::Call) -> Option<String> {
        let mut span = self.lexer.span;
        match self.token() {
            Token::Name => {}
            Token::Number => {
                let mut rest = self.lexer.clone();
                rest.advance().ok()?;
                if rest.token == Token::Name && rest.span.start == span.end {
                    span.end = rest.span.end;
                }
            }
            _ => return None,
        }
        (builtin.arguments.len() == 1).then(|| self.lexer.text_of(span).to_owned())
    }

    /// Refuses a name in a module, such as `np.sin`.
    fn check_module(&self, span: Span) -> Result<()> {
        let mut rest = self.lexer.clone();
        let mut name = None;
        while rest.token == Token::Number && rest.text_of(rest.span) == "." {
            rest.advance()?;
            if rest.token != Token::Name {
                break;
            }
            name = Some(rest.span);
            rest.advance()?;
        }
        let Some(last) = name else { return Ok(()) };
        let whole = Span { start: span.start, end: last.end };
        let name = rest.text_of(last);
        let called = builtin::find(name).is_some_and(|builtin| builtin.arguments == ["x"]);
        let kind = ParseErrorKind::InModule {
            written: rest.text_of(whole).into(),
            plain: if called { format!("{name}(x)") } else { name.into() },
        };
        Err(self.error(kind, whole))
    }

    /// Refuses a name that nothing has for a letter that only looks like one of a keyboard.
    fn check_letters(&self, name: &str, span: Span) -> Result<()> {
        match name.chars().find_map(|found| Some((found, alike(found)?))) {
            Some((found, meant)) => Err(self.error(ParseErrorKind::Alike { found, meant }, span)),
            None => Ok(()),
        }
    }
}

/// The known name nearest to `name`, if it is near: at most a third of the letters differ.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > 64 {
        return None;
    }
    let name = name.to_lowercase();
    known
        .map(|known| (strsim::damerau_levenshtein(&name, &known.to_lowercase()), known))
        .filter(|(distance, known)| *distance <= known.len().max(name.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
