//! Tokens of the filter grammar, each with its span, read as the parser asks for them.

use std::borrow::Cow;

use super::error::FilterError;
use crate::scim::name::is_urn_byte;
use crate::scim::span::Span;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    OpenBracket,
    /// `]`, with the sub-attribute that follows it without a space, if one does.
    CloseBracket(Option<&'a str>),
    /// An attribute path, an operator or a keyword: which one, its place decides.
    Word(&'a str),
    String(Cow<'a, str>),
    Number(serde_json::Number),
    /// Text without quotes, where that is taken.
    Bare(&'a str),
    End,
}

pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token, and where it is.
    pub(super) fn next(&mut self) -> Result<(Token<'a>, Span), FilterError> {
        self.at += self.run(|byte| byte == b' ' || byte == b'\t');
        let start = self.at;
        let bytes = self.text.as_bytes();
        let Some(first) = bytes.get(start).copied() else {
            return Ok((Token::End, Span::new(start, start)));
        };
        self.at += 1;
        let token = match first {
            b'(' => Token::Open,
            b')' => Token::Close,
            b'[' => Token::OpenBracket,
            b']' if bytes.get(self.at) == Some(&b'.') => {
                let name = self.at + 1;
                self.at = name;
                self.at += self.run(is_urn_byte);
                Token::CloseBracket(Some(Span::new(name, self.at).of(self.text)))
            }
            b']' => Token::CloseBracket(None),
            b'"' => Token::String(self.string(start)?),
            byte if is_urn_byte(byte) => {
                self.at += self.run(is_urn_byte);
                let span = Span::new(start, self.at);
                let word = span.of(self.text);
                if byte == b'-' || byte.is_ascii_digit() {
                    Self::number(word, span)?
                } else {
                    Token::Word(word)
                }
            }
            _ => return Err(self.meaningless(start)),
        };
        Ok((token, Span::new(start, self.at)))
    }

    /// The next token where a value is due that may be text without quotes: as far as the next space or
    /// bracket. What is a value by itself stays one, and what joins terms is no text.
    pub(super) fn value(&mut self) -> Result<(Token<'a>, Span), FilterError> {
        self.at += self.run(|byte| byte == b' ' || byte == b'\t');
        let start = self.at;
        let length = self.run(|byte| !matches!(byte, b' ' | b'\t' | b'(' | b')' | b'[' | b']' | b'"'));
        let span = Span::new(start, start + length);
        let word = span.of(self.text);
        let is_spoken_for = ["true", "false", "null", "and", "or", "not"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word));
        let begins =
            word.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '+' | '-' | '_' | '.' | '/' | '@'));
        let is_number = serde_json::from_str::<serde_json::Number>(word).is_ok();
        if is_spoken_for || is_number || !begins {
            return self.next();
        }
        self.at += length;
        Ok((Token::Bare(word), span))
    }

    /// How many of the next bytes are of a kind.
    fn run(&self, of_kind: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        rest.iter().position(|byte| !of_kind(*byte)).unwrap_or(rest.len())
    }

    fn number(word: &'a str, span: Span) -> Result<Token<'a>, FilterError> {
        serde_json::from_str(word).map(Token::Number).map_err(|_| {
            FilterError::new(span, format!("`{word}` is no number")).help("put text in double quotes")
        })
    }

    /// A JSON string: its raw text runs to the first quote without a backslash before it.
    fn string(&mut self, start: usize) -> Result<Cow<'a, str>, FilterError> {
        let mut plain = true;
        loop {
            self.at += self.run(|byte| byte != b'"' && byte != b'\\' && byte >= b' ');
            let byte = self.text.as_bytes().get(self.at);
            self.at += 1;
            match byte {
                Some(b'"') if plain => return Ok(Span::new(start + 1, self.at - 1).of(self.text).into()),
                Some(b'"') => break,
                Some(b'\\') => {
                    plain = false;
                    self.at += 1;
                }
                Some(_) => plain = false,
                None => {
                    let span = Span::new(start, self.text.len());
                    return Err(FilterError::new(span, "the text has no closing `\"`"));
                }
            }
        }
        let span = Span::new(start, self.at);
        serde_json::from_str(span.of(self.text)).map(Cow::Owned).map_err(|_| {
            FilterError::new(span, format!("{} is no JSON string", span.of(self.text)))
                .help("escape `\"` and `\\` with a backslash")
        })
    }

    fn meaningless(&self, start: usize) -> FilterError {
        let found = self.text.get(start..).and_then(|rest| rest.chars().next()).unwrap_or_default();
        let span = Span::new(start, start + found.len_utf8());
        let error = FilterError::new(span, format!("`{found}` has no meaning here"));
        if matches!(found, '\'' | '“' | '”' | '‘' | '’') {
            error.help("put text in double quotes")
        } else {
            error
        }
    }
}
