//! Text → tokens. Only `\"` and `\\` are escapes; any other backslash stands for itself,
//! which lets a hurried regular expression through.

use super::{ExpressionError, MAX_LENGTH, Operator};
use crate::provision::message::told;
use crate::scim::span::Span;
use std::iter::Peekable;
use std::str::CharIndices;

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Word(String),
    Attribute(String),
    Text(String),
    Number(String),
    Compare(Operator),
    Ampersand,
    Open,
    Close,
    Comma,
}

impl Token {
    /// Whether an operand ends here, so that `&` can only join.
    fn ends_operand(&self) -> bool {
        matches!(self, Self::Word(_) | Self::Attribute(_) | Self::Text(_) | Self::Number(_) | Self::Close)
    }
}

struct Lexer<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
}

/// The tokens of `text` with their places.
pub(crate) fn lex(text: &str) -> Result<Vec<(Token, Span)>, ExpressionError> {
    let count = text.chars().count();
    if count > MAX_LENGTH {
        let message = told!("the expression has {0} characters; at most {1} are allowed", count, MAX_LENGTH);
        return Err(ExpressionError::new("tooLong", Span::new(0, text.len()), message));
    }
    let mut lexer = Lexer { text, rest: text.char_indices().peekable() };
    let mut tokens: Vec<(Token, Span)> = Vec::new();
    while let Some((start, first)) = lexer.rest.next() {
        if first.is_whitespace() || first == '\u{feff}' {
            continue;
        }
        let operand = tokens.last().is_some_and(|(token, _)| token.ends_operand());
        let token = lexer.token(start, first, operand)?;
        tokens.push((token, Span::new(start, lexer.here())));
    }
    Ok(tokens)
}

impl Lexer<'_> {
    fn here(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    /// Whether the next character is `wanted`; if so, it is taken.
    fn take(&mut self, wanted: char) -> bool {
        self.rest.next_if(|(_, next)| *next == wanted).is_some()
    }

    /// The text from `start` on while `accept` holds.
    fn run(&mut self, start: usize, accept: impl Fn(char) -> bool) -> String {
        while self.rest.next_if(|(_, next)| accept(*next)).is_some() {}
        let end = self.here();
        Span::new(start, end).of(self.text).to_owned()
    }

    fn token(&mut self, start: usize, first: char, operand: bool) -> Result<Token, ExpressionError> {
        Ok(match first {
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '=' => Token::Compare(Operator::Equal),
            '<' if self.take('>') => Token::Compare(Operator::Unequal),
            '<' if self.take('=') => Token::Compare(Operator::AtMost),
            '<' => Token::Compare(Operator::Less),
            '>' if self.take('=') => Token::Compare(Operator::AtLeast),
            '>' => Token::Compare(Operator::Greater),
            '&' if !operand && (self.take('H') || self.take('h')) => self.hexadecimal(start)?,
            '&' => Token::Ampersand,
            '[' => self.attribute(start)?,
            '"' => self.string(start)?,
            '-' | '0'..='9' => self.number(start, first)?,
            _ if first.is_alphabetic() || first == '_' => {
                Token::Word(self.run(start, |next| next.is_alphanumeric() || next == '_'))
            }
            _ => return Err(self.unexpected(start, first)),
        })
    }

    fn hexadecimal(&mut self, start: usize) -> Result<Token, ExpressionError> {
        let spelling = self.run(start, |next| next.is_ascii_alphanumeric());
        let digits = spelling.get(2..).unwrap_or("");
        if digits.is_empty() || !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
            let message = told!("`{0}` is not a hexadecimal number", spelling);
            return Err(ExpressionError::new("syntax", Span::new(start, self.here()), message)
                .help(told!("write `&H` and then digits from 0 to F, as in `&HF7`")));
        }
        Ok(Token::Number(spelling))
    }

    fn number(&mut self, start: usize, first: char) -> Result<Token, ExpressionError> {
        let spelling = self.run(start, |next| next.is_ascii_alphanumeric() || next == '.' || next == '_');
        let digits = if first == '-' { spelling.get(1..).unwrap_or("") } else { &spelling };
        if digits.is_empty() || !digits.chars().all(|digit| digit.is_ascii_digit()) {
            let message = told!("`{0}` is not a whole number", spelling);
            return Err(ExpressionError::new("syntax", Span::new(start, self.here()), message)
                .help(told!("write digits only, or put text in double quotes")));
        }
        Ok(Token::Number(spelling))
    }

    fn attribute(&mut self, start: usize) -> Result<Token, ExpressionError> {
        let name = self.run(start + 1, |next| next != ']');
        if !self.take(']') {
            return Err(ExpressionError::new(
                "syntax",
                Span::new(start, self.here()),
                told!("`[` is never closed"),
            )
            .help(told!("end the attribute's name with `]`")));
        }
        if name.trim().is_empty() {
            let span = Span::new(start, self.here());
            return Err(ExpressionError::new("syntax", span, told!("`[]` names no attribute"))
                .help(told!("write the attribute's name between the brackets, as in `[mail]`")));
        }
        Ok(Token::Attribute(name))
    }

    fn string(&mut self, start: usize) -> Result<Token, ExpressionError> {
        let mut text = String::new();
        while let Some((_, next)) = self.rest.next() {
            match next {
                '"' => return Ok(Token::Text(text)),
                '\\' => match self.rest.next_if(|(_, escaped)| matches!(escaped, '"' | '\\')) {
                    Some((_, escaped)) => text.push(escaped),
                    None => text.push('\\'),
                },
                _ => text.push(next),
            }
        }
        Err(ExpressionError::new(
            "syntax",
            Span::new(start, self.text.len()),
            told!("the text is never closed"),
        )
        .help(told!("end it with `\"`; a quote inside is written `\\\"`")))
    }

    fn unexpected(&mut self, start: usize, found: char) -> ExpressionError {
        let span = Span::new(start, self.here());
        let error = ExpressionError::new("syntax", span, told!("`{0}` has no meaning here", found));
        match found {
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\'' => {
                error.help(told!("put text in straight double quotes: `\"`"))
            }
            ']' => error.help(told!("open the attribute's name with `[`")),
            '+' => error.help(told!("use `Join` or `Append` to put texts together")),
            ';' => error.help(told!("separate arguments with `,`")),
            _ => error,
        }
    }
}
