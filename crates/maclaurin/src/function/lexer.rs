//! From text to tokens.

use super::{Excerpt, ParseError, ParseErrorKind, Span};

pub(super) type Result<T> = std::result::Result<T, ParseError>;

/// The longest expression, in bytes.
pub(super) const LONGEST_TEXT: usize = 64 * 1024;

const SUPERSCRIPTS: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token {
    Number,
    Name,
    /// One of `+ - * / ^ ( ) , | √`; `**` reads as `^`, typographic signs as those of a keyboard.
    Symbol(char),
    /// Raised digits, after a sign perhaps.
    Superscript,
    End,
}

/// A text and the token that is read next.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    pub text: &'a str,
    pub token: Token,
    pub span: Span,
}

impl<'a> Lexer<'a> {
    /// At the first token.
    pub(super) fn new(text: &'a str) -> Result<Self> {
        let mut lexer = Self { text, token: Token::End, span: Span { start: 0, end: 0 } };
        if text.len() > LONGEST_TEXT {
            let kind = ParseErrorKind::TooLong { found: text.len(), limit: LONGEST_TEXT };
            return Err(lexer.error(kind, lexer.span));
        }
        lexer.advance()?;
        Ok(lexer)
    }

    pub(super) fn error(&self, kind: ParseErrorKind, span: Span) -> ParseError {
        ParseError { kind, excerpt: Excerpt::new(self.text, span) }
    }

    /// The text of a span.
    pub(super) fn text_of(&self, span: Span) -> &'a str {
        &self.text[span.start..span.end]
    }

    /// Moves to the next token.
    pub(super) fn advance(&mut self) -> Result<()> {
        let trimmed = self.text[self.span.end..].trim_start();
        let start = self.text.len() - trimmed.len();
        let Some(first) = trimmed.chars().next() else {
            self.token = Token::End;
            self.span = Span { start, end: start };
            return Ok(());
        };
        let mut length = first.len_utf8();
        self.token = match first {
            '0'..='9' | '.' => {
                length = number_length(trimmed);
                Token::Number
            }
            'π' => Token::Name,
            _ if is_in_name(first) => {
                length = trimmed.find(|c| !is_in_name(c)).unwrap_or(trimmed.len());
                Token::Name
            }
            _ if first == '⁻' || first == '⁺' || SUPERSCRIPTS.contains(first) => {
                let digits = &trimmed[length..];
                length += digits.find(|c| !SUPERSCRIPTS.contains(c)).unwrap_or(digits.len());
                Token::Superscript
            }
            '*' if trimmed.starts_with("**") => {
                length = 2;
                Token::Symbol('^')
            }
            '\u{2212}' => Token::Symbol('-'),
            '\u{d7}' | '\u{b7}' | '\u{22c5}' => Token::Symbol('*'),
            '+' | '-' | '*' | '/' | '^' | '(' | ')' | ',' | '|' | '√' => Token::Symbol(first),
            _ => {
                let count = |bracket| self.text[..start].matches(bracket).count();
                let is_inside = count('(') > count(')');
                let hint = match first {
                    '=' if is_inside => "; arguments are given by their position, as in elu(x, 2)",
                    '=' => "; an expression has no `=`: write only its right-hand side",
                    '!' => "; a factorial is written factorial(x)",
                    '[' | '{' => "; only round parentheses group",
                    '\u{2013}' => "; the minus sign is `-`",
                    _ => {
                        FRACTIONS.iter().find(|known| known.0 == first).map_or("", |known| known.1)
                    }
                };
                let span = Span { start, end: start + length };
                return Err(self.error(ParseErrorKind::UnexpectedCharacter(first, hint), span));
            }
        };
        self.span = Span { start, end: start + length };
        Ok(())
    }
}

/// Whether a text has no other notation than `*` for products, `^` or `**` for powers, and names.
pub(super) fn is_plain(text: &str) -> bool {
    let Ok(mut lexer) = Lexer::new(text) else { return false };
    let mut before = Token::Symbol('(');
    while lexer.token != Token::End {
        let side = match lexer.token {
            Token::Name | Token::Number => {
                matches!(before, Token::Name | Token::Number | Token::Symbol(')'))
            }
            Token::Symbol('(') => matches!(before, Token::Number | Token::Symbol(')')),
            _ => false,
        };
        if side || !lexer.text_of(lexer.span).is_ascii() || lexer.token == Token::Symbol('|') {
            return false;
        }
        before = lexer.token;
        if lexer.advance().is_err() {
            return false;
        }
    }
    true
}

/// A letter, digit or underscore that can stand in a name.
fn is_in_name(c: char) -> bool {
    let is_other =
        c == 'π' || SUPERSCRIPTS.contains(c) || FRACTIONS.iter().any(|known| known.0 == c);
    (c.is_alphanumeric() || c == '_') && !is_other
}

/// Fractions in one character, and how they are written.
const FRACTIONS: [(char, &str); 15] = [
    ('¼', "; write 1/4, as in 1/4*x"),
    ('½', "; write 1/2, as in 1/2*x"),
    ('¾', "; write 3/4, as in 3/4*x"),
    ('⅓', "; write 1/3, as in 1/3*x"),
    ('⅔', "; write 2/3, as in 2/3*x"),
    ('⅕', "; write 1/5, as in 1/5*x"),
    ('⅖', "; write 2/5, as in 2/5*x"),
    ('⅗', "; write 3/5, as in 3/5*x"),
    ('⅘', "; write 4/5, as in 4/5*x"),
    ('⅙', "; write 1/6, as in 1/6*x"),
    ('⅚', "; write 5/6, as in 5/6*x"),
    ('⅛', "; write 1/8, as in 1/8*x"),
    ('⅜', "; write 3/8, as in 3/8*x"),
    ('⅝', "; write 5/8, as in 5/8*x"),
    ('⅞', "; write 7/8, as in 7/8*x"),
];

/// Letters of other alphabets that look like those of a keyboard.
const ALIKE: [(char, char); 19] = [
    ('а', 'a'),
    ('е', 'e'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('у', 'y'),
    ('х', 'x'),
    ('і', 'i'),
    ('ј', 'j'),
    ('ѕ', 's'),
    ('ԁ', 'd'),
    ('һ', 'h'),
    ('χ', 'x'),
    ('ν', 'v'),
    ('ο', 'o'),
    ('ℎ', 'h'),
    ('ℯ', 'e'),
    ('ı', 'i'),
    ('ⅹ', 'x'),
];

/// The letter or digit of a keyboard that one of another alphabet looks like. Those of mathematics are
/// in alphabets of 52 letters from U+1D400 on, and digits by ten from U+1D7CE on.
pub(super) fn alike(found: char) -> Option<char> {
    let of = |base: u8, offset: u32| char::from_u32(u32::from(base) + offset);
    match u32::from(found) {
        code @ 0x1D400..=0x1D6A3 => match (code - 0x1D400) % 52 {
            letter @ 0..26 => of(b'A', letter),
            letter => of(b'a', letter - 26),
        },
        code @ 0x1D7CE..=0x1D7FF => of(b'0', (code - 0x1D7CE) % 10),
        code @ (0xFF10..=0xFF19 | 0xFF21..=0xFF3A | 0xFF41..=0xFF5A) => {
            char::from_u32(code - 0xFEE0)
        }
        0x1D6D1 | 0x1D70B | 0x1D745 | 0x1D77F | 0x1D7B9 => Some('π'),
        _ => ALIKE.iter().find(|pair| pair.0 == found).map(|pair| pair.1),
    }
}

/// Raised digits as others.
pub(super) fn lowered(superscript: &str) -> String {
    let digit = |c: char| match c {
        '⁻' => '-',
        '⁺' => '+',
        _ => SUPERSCRIPTS.chars().zip('0'..='9').find(|pair| pair.0 == c).map_or(c, |pair| pair.1),
    };
    superscript.chars().map(digit).collect()
}

/// The length of the number at the start of `text`: digits, one point, and an exponent if one
/// follows (`2e` is a number and a name).
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
