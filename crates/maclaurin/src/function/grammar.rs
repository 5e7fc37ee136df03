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

use std::collections::{BTreeMap, BTreeSet};

use super::lexer::{Lexer, Result, Token, lowered};
use super::{
    Builder, Excerpt, Index, Operation, ParseError, ParseErrorKind, PiecewiseConstant, Span, Step,
    constant as step_of,
};
use crate::builtin::{self, Call, Definition, Elementary};
use crate::number::{Exact, LARGEST_DECIMAL_EXPONENT, Rational, half, parse_decimal};

/// The deepest nesting of parentheses, signs and powers.
const DEEPEST_NESTING: usize = 256;

/// The largest shape of an Erlang distribution.
const LARGEST_SHAPE: u32 = 1000;

/// The largest order of a Bessel function.
const LARGEST_ORDER: i32 = 1000;

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

fn bare_builtin_takes(text: &str, name: &str) -> bool {
    builtin::find(text).is_some_and(|builtin| {
        builtin.arguments.iter().any(|argument| split_default(argument).0 == name)
    })
}

/// The name of an argument, and its value where it is left out.
fn split_default(argument: &'static str) -> (&'static str, Option<&'static str>) {
    argument.split_once('=').map_or((argument, None), |(name, default)| (name, Some(default)))
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

/// A part of a product and where it stands.
#[derive(Clone, Copy)]
struct Factor {
    index: Index,
    span: Span,
    end: End,
}

/// What a factor that follows without an operator could belong to.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// Nothing: the two are a product.
    Closed,
    /// The part of the text from here on: an exponent, or what is under a root.
    Open(usize),
    /// The inside of a bar's partner: `|x|y|z|` is |x| y |z|, or |x |y| z|.
    Bar,
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

    fn ambiguous(&self, span: Span, readings: [String; 2]) -> ParseError {
        self.error(ParseErrorKind::Ambiguous { readings }, span)
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

    /// A built-in function's name alone: the function of `x` and of parameters by its own
    /// arguments' names.
    fn bare(&mut self, builtin: Call) -> Result<Index> {
        let span = self.lexer.span;
        let mut arguments = Vec::new();
        for (position, argument) in builtin.arguments.iter().enumerate() {
            let (name, default) = split_default(argument);
            arguments.push(match (self.scope.get(name), default) {
                _ if position == builtin.variable() => self.variable(span)?,
                (Some(&index), _) => index,
                (None, Some(default)) => self.default(default, span)?,
                (None, None) => {
                    let kind =
                        ParseErrorKind::MissingParameter { name: name.into(), nearest: None };
                    return Err(self.error(kind, span));
                }
            });
        }
        self.apply(builtin, &arguments, span, span)
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

    /// Adjacent factors, without an operator between them.
    fn adjacent(&mut self, over: Option<Span>) -> Result<(Index, Span)> {
        let number = (self.token() == Token::Number).then_some(self.lexer.span);
        let Factor { mut index, mut span, mut end } = self.power()?;
        while end != End::Bar && self.begins_factor() {
            let next = self.lexer.span;
            let right = self.power()?;
            let [a, b] = [span, right.span].map(|span| self.lexer.text_of(span));
            let whole = Span { start: span.start, end: right.span.end };
            if let Some(over) = over {
                let over = self.lexer.text_of(over);
                let readings = [format!("{over}/({a}*{b})"), format!("({over}/{a})*{b}")];
                return Err(self.ambiguous(whole, readings));
            }
            if let End::Open(part) = end {
                let readings = [format!("({a})*{b}"), self.inside(span, part, &format!("*{b}"))];
                return Err(self.ambiguous(whole, readings));
            }
            // `2e - 3` beside the number `2e-3`.
            if let (Some(number), Token::Symbol(sign @ ('+' | '-'))) = (number, self.token())
                && number.end == next.start
                && matches!(self.lexer.text_of(right.span), "e" | "E")
            {
                let readings = [format!("{a}*{b} {sign} ..."), format!("{a}{b}{sign}...")];
                return Err(self.ambiguous(whole, readings));
            }
            index = self.push(Operation::Multiply(index, right.index), whole.start, whole.end);
            (span, end) = (whole, right.end);
        }
        Ok((index, span))
    }

    /// Whether a factor begins here; a bar closes where one is open.
    fn begins_factor(&self) -> bool {
        match self.token() {
            Token::Name | Token::Symbol('(' | '√') => true,
            Token::Symbol('|') => self.bars == 0,
            _ => false,
        }
    }

    fn power(&mut self) -> Result<Factor> {
        let base = self.raised()?;
        if self.token() != Token::Symbol('^') {
            return Ok(base);
        }
        self.advance()?;
        let (exponent, part) = self.deeper(Self::exponent)?;
        let span = Span { start: base.span.start, end: part.end };
        let text = self.lexer.text_of(part);
        if let End::Open(open) = base.end {
            let a = self.lexer.text_of(base.span);
            let inside = self.inside(base.span, open, &format!("^{text}"));
            return Err(self.ambiguous(span, [format!("({a})^{text}"), inside]));
        }
        let index = self.push(Operation::Power(base.index, exponent), span.start, span.end);
        let is_closed = text.starts_with('(') && text.ends_with(')');
        let end = if is_closed { End::Closed } else { End::Open(part.start) };
        Ok(Factor { index, span, end })
    }

    fn exponent(&mut self) -> Result<(Index, Span)> {
        let start = self.lexer.span.start;
        let Token::Symbol(sign @ ('+' | '-')) = self.token() else {
            return self.power().map(|power| (power.index, power.span));
        };
        self.advance()?;
        let (operand, span) = self.deeper(Self::exponent)?;
        let span = Span { start, end: span.end };
        let negated = sign == '-';
        let index =
            if negated { self.push(Operation::Negate(operand), start, span.end) } else { operand };
        Ok((index, span))
    }

    fn raised(&mut self) -> Result<Factor> {
        let base = self.primary()?;
        if self.token() != Token::Superscript {
            return Ok(base);
        }
        let part = self.lexer.span;
        let raised = self.lexer.text_of(part);
        let span = Span { start: base.span.start, end: part.end };
        if let End::Open(open) = base.end {
            let a = self.lexer.text_of(base.span);
            let readings = [format!("({a}){raised}"), self.inside(base.span, open, raised)];
            return Err(self.ambiguous(span, readings));
        }
        let text = lowered(raised);
        let digits = text.trim_start_matches(['+', '-']);
        if digits.is_empty() {
            return Err(self.unexpected("raised digits", ""));
        }
        let exponent = parse_decimal(digits).unwrap_or_default();
        let exponent = if text.starts_with('-') { -exponent } else { exponent };
        let exponent = self.push(step_of(exponent), span.start, span.end);
        self.advance()?;
        let index = self.push(Operation::Power(base.index, exponent), span.start, span.end);
        let is_closed = self.token() != Token::Symbol('^');
        let end = if is_closed { End::Closed } else { End::Open(part.start) };
        Ok(Factor { index, span, end })
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

    /// The text of a factor with `more` at the end of its open part.
    fn inside(&self, factor: Span, open: usize, more: &str) -> String {
        let [before, part] = [(factor.start, open), (open, factor.end)]
            .map(|(start, end)| self.lexer.text_of(Span { start, end }));
        match lowered(part) {
            same if same == part => format!("{before}({part}{more})"),
            exponent => format!("{before}^({exponent}{more})"),
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
        // A single letter is near to every other one: only longer names are suggested.
        let mut known: Vec<&str> = builtin::names().collect();
        known.extend(self.scope.keys().map(String::as_str).filter(|known| known.len() > 1));
        let nearest = nearest(name, known.into_iter());
        let kind = ParseErrorKind::MissingParameter { name: name.into(), nearest };
        Err(self.error(kind, span))
    }

    fn call(&mut self, name: &str, span: Span) -> Result<(Index, Span)> {
        let Some(builtin) = builtin::find(name) else {
            if self.scope.contains_key(name) || name == "x" || constant(name).is_some() {
                let hint = "; what is before it is no function, and multiplication is written `*`";
                return Err(self.unexpected("an operator", hint));
            }
            let nearest = nearest(name, builtin::names());
            let kind = ParseErrorKind::UnknownFunction { name: name.into(), nearest };
            return Err(self.error(kind, span));
        };
        self.advance()?;
        let mut arguments = Vec::new();
        if self.token() != Token::Symbol(')') {
            loop {
                arguments.push(self.grouped()?);
                if self.token() != Token::Symbol(',') {
                    break;
                }
                self.advance()?;
            }
        }
        let whole = Span { start: span.start, end: self.lexer.span.end };
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
            Definition::Sign => {
                Operation::PiecewiseConstant(PiecewiseConstant::Sign, arguments[0], arguments[0])
            }
            Definition::Floor => {
                // The zeros of sin(pi u) are the integers.
                let mut push = |operation| self.push(operation, whole.start, whole.end);
                let pi = push(step_of(Exact::pi()));
                let turns = push(Operation::Multiply(pi, arguments[0]));
                let guard = push(Operation::Elementary(Elementary::Sin, turns));
                Operation::PiecewiseConstant(PiecewiseConstant::Floor, arguments[0], guard)
            }
            Definition::Power => Operation::Power(arguments[0], arguments[1]),
            Definition::ErlangCdf => {
                let shape = self.shape(arguments[1], whole)?;
                self.positive_rate(arguments[2], whole)?;
                let product = Operation::Multiply(arguments[2], arguments[0]);
                let argument = self.push(product, whole.start, whole.end);
                Operation::ErlangCdf(shape, argument)
            }
            Definition::Text => return self.definition(builtin, arguments, whole),
            Definition::BesselJ => {
                let order = self.order(arguments[0], whole)?;
                let operation = Operation::BesselJ(order.unsigned_abs(), arguments[1]);
                // DLMF 10.4.1
                if order >= 0 || order % 2 == 0 {
                    operation
                } else {
                    Operation::Negate(self.push(operation, whole.start, whole.end))
                }
            }
        };
        Ok(self.push(operation, whole.start, whole.end))
    }

    /// A function that is written in terms of others.
    fn definition(&mut self, builtin: Call, arguments: &[Index], whole: Span) -> Result<Index> {
        let place = Place::Definition(match self.place {
            Place::Definition(span) => span,
            _ => whole,
        });
        let mut scope = BTreeMap::new();
        for (position, argument) in builtin.arguments.iter().enumerate() {
            let (name, default) = split_default(argument);
            let index = match arguments.get(position) {
                Some(&index) => index,
                None => self.default(default.unwrap_or_default(), whole)?,
            };
            scope.insert(name.to_owned(), index);
        }
        let given: Option<Vec<_>> = builtin
            .arguments
            .iter()
            .map(|argument| scope.get(split_default(argument).0).copied())
            .collect();
        if let Some((special, given)) = builtin.special.zip(given.as_ref())
            && let Some(value) = self.builder.exact_constants(given).as_deref().and_then(special)
        {
            return Ok(self.push(step_of(value), whole.start, whole.end));
        }
        let index = Reader::new(builtin.about.formula, self.builder, &scope, place)?.whole()?;
        if let Some((double, arguments)) = builtin.double.zip(given) {
            self.builder.set_double(index, double, arguments);
        }
        Ok(index)
    }

    /// The value of an argument that is left out.
    fn default(&mut self, value: &str, whole: Span) -> Result<Index> {
        let place = Place::Definition(whole);
        Reader::new(value, self.builder, &BTreeMap::new(), place)?.whole()
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

    fn order(&self, index: Index, span: Span) -> Result<i32> {
        let order = self.builder.constant(index).and_then(Exact::as_rational);
        order
            .filter(|order| order.is_int())
            .and_then(|order| i32::try_from(order.numerator()).ok())
            .filter(|order| order.abs() <= LARGEST_ORDER)
            .ok_or_else(|| {
                let message = "the order n of `bessel_j` must be an integer from -1000 to 1000";
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
