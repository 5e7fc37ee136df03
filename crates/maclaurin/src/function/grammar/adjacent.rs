//! Factors without an operator between them, and powers: where two readings are possible, both are
//! named.

use super::{Reader, step_of};
use crate::function::lexer::{Result, Token, lowered};
use crate::function::{Index, Operation, ParseError, ParseErrorKind, Span};
use crate::number::parse_decimal;

/// A part of a product and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Factor {
    pub index: Index,
    pub span: Span,
    pub end: End,
}

/// What a factor that follows without an operator could belong to.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum End {
    /// Nothing: the two are a product.
    Closed,
    /// The part of the text from here on: an exponent, or what is under a root.
    Open(usize),
    /// The inside of a bar's partner: `|x|y|z|` is |x| y |z|, or |x |y| z|.
    Bar,
}

impl Reader<'_> {
    /// Adjacent factors, without an operator between them.
    pub(super) fn adjacent(&mut self, over: Option<Span>) -> Result<(Index, Span)> {
        let number = (self.token() == Token::Number).then_some(self.lexer.span);
        let Factor { mut index, mut span, mut end } = self.power()?;
        while end != End::Bar && self.begins_factor() {
            let next = self.lexer.span;
            let right = self.power()?;
            let [a, b] = [span, right.span].map(|span| self.lexer.text_of(span));
            let whole = Span { start: span.start, end: right.span.end };
            if let Some(over) = over {
                let (mut whole, mut b) = (whole, b.to_owned());
                while self.begins_factor() {
                    let next = self.power()?.span;
                    whole.end = next.end;
                    b = format!("{b}*{}", self.lexer.text_of(next));
                }
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

    /// The text of a factor with `more` at the end of its open part.
    fn inside(&self, factor: Span, open: usize, more: &str) -> String {
        let [before, part] = [(factor.start, open), (open, factor.end)]
            .map(|(start, end)| self.lexer.text_of(Span { start, end }));
        match lowered(part) {
            same if same == part => format!("{before}({part}{more})"),
            exponent => format!("{before}^({exponent}{more})"),
        }
    }

    fn ambiguous(&self, span: Span, readings: [String; 2]) -> ParseError {
        self.error(ParseErrorKind::Ambiguous { readings }, span)
    }
}
