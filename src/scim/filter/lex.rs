//! Tokens of the filter grammar, each with its span.

use super::FilterError;
use crate::scim::span::Span;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    OpenBracket,
    /// `]`, with the sub-attribute that follows it without a space, if one does.
    CloseBracket(Option<String>),
    /// An attribute path, an operator or a keyword: which one, its place decides.
    Word(String),
    String(String),
    Number(serde_json::Number),
}

pub(super) type Spanned = (Token, Span);

pub(super) fn lex(text: &str) -> Result<Vec<Spanned>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        let token = match first {
            ' ' | '\t' => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '[' => Token::OpenBracket,
            ']' => {
                if rest.next_if(|(_, c)| *c == '.').is_none() {
                    Token::CloseBracket(None)
                } else {
                    let mut name = String::new();
                    while let Some((_, c)) = rest.next_if(|(_, c)| is_word(*c)) {
                        name.push(c);
                    }
                    Token::CloseBracket(Some(name))
                }
            }
            '"' => Token::String(string(text, start, &mut rest)?),
            c if is_word(c) => {
                let mut word = String::from(c);
                while let Some((_, c)) = rest.next_if(|(_, c)| is_word(*c)) {
                    word.push(c);
                }
                if c == '-' || c.is_ascii_digit() {
                    let end = start + word.len();
                    Token::Number(serde_json::from_str(&word).map_err(|_| {
                        FilterError::new(Span::new(start, end), format!("`{word}` is no number"))
                            .help("put text in double quotes")
                    })?)
                } else {
                    Token::Word(word)
                }
            }
            other => {
                let span = Span::new(start, start + other.len_utf8());
                let error = FilterError::new(span, format!("`{other}` has no meaning here"));
                return Err(if other == '\'' { error.help("put text in double quotes") } else { error });
            }
        };
        let end = rest.peek().map_or(text.len(), |(at, _)| *at);
        tokens.push((token, Span::new(start, end)));
    }
    Ok(tokens)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '-' | '_' | '$' | '+')
}

/// A JSON string: its raw text runs to the first quote without a backslash before it.
fn string(
    text: &str,
    start: usize,
    rest: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
) -> Result<String, FilterError> {
    let mut escaped = false;
    for (at, c) in rest.by_ref() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let span = Span::new(start, at + 1);
                return serde_json::from_str(span.of(text)).map_err(|_| {
                    FilterError::new(span, format!("{} is no JSON string", span.of(text)))
                        .help("escape `\"` and `\\` with a backslash")
                });
            }
            _ => {}
        }
    }
    Err(FilterError::new(Span::new(start, text.len()), "the text has no closing `\"`"))
}
