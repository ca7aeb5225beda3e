//! The parser: one function per rule of the ABNF in RFC 7644 §3.4.2.2, figure 1.

use super::ast::{Filter, IgnoredSpan, Literal, Operator, PatchPath};
use super::error::FilterError;
use super::lex::{Lexer, Token};
use crate::scim::name::{AttributePath, is_name};
use crate::scim::span::Span;

/// Longest filter, in bytes.
pub const MAX_LENGTH: usize = 8_192;
/// Deepest nesting of groups and value paths.
pub const MAX_DEPTH: usize = 64;
/// Most comparisons in one filter.
pub const MAX_TERMS: usize = 256;

/// Reads a filter.
///
/// ```
/// let filter = provisor::scim::filter::parse(r#"userName eq "bjensen""#).unwrap();
/// assert_eq!(filter.to_string(), r#"userName eq "bjensen""#);
/// ```
///
/// # Errors
/// What was expected, and where.
pub fn parse(text: &str) -> Result<Filter, FilterError> {
    Ok(read(text, false)?.0)
}

/// Reads a filter in which text may stand without quotes: `userName sw O`. Answers with the words that
/// were read so, too.
///
/// ```
/// let (filter, words) = provisor::scim::filter::parse_words("userName sw O and active eq true").unwrap();
/// assert_eq!(filter.to_string(), r#"userName sw "O" and active eq true"#);
/// assert_eq!(words, ["O"]);
/// ```
///
/// # Errors
/// What was expected, and where.
pub fn parse_words(text: &str) -> Result<(Filter, Vec<String>), FilterError> {
    read(text, true)
}

fn read(text: &str, takes_words: bool) -> Result<(Filter, Vec<String>), FilterError> {
    let mut parser = Parser::new(text)?;
    parser.takes_words = takes_words;
    let filter = parser.or(0)?;
    parser.end()?;
    Ok((filter, parser.words))
}

/// Reads the `path` of a PATCH operation (RFC 7644 §3.5.2).
///
/// # Errors
/// What was expected, and where.
pub fn parse_patch_path(text: &str) -> Result<PatchPath, FilterError> {
    Ok(read_patch_path(text, false)?.0)
}

/// Reads the `path` of a PATCH operation, in whose filter text may stand without quotes, as
/// [`parse_words`] does.
///
/// # Errors
/// What was expected, and where.
pub fn parse_patch_path_words(text: &str) -> Result<(PatchPath, Vec<String>), FilterError> {
    read_patch_path(text, true)
}

fn read_patch_path(text: &str, takes_words: bool) -> Result<(PatchPath, Vec<String>), FilterError> {
    let mut parser = Parser::new(text)?;
    parser.takes_words = takes_words;
    let path = parser.path("an attribute path")?;
    let (mut filter, mut sub_attribute) = (None, None);
    if parser.token == Token::OpenBracket {
        let (inside, sub) = parser.bracket(1)?;
        (filter, sub_attribute) = (Some(inside), sub.map(|(sub, _)| sub.to_owned()));
    }
    parser.end()?;
    Ok((PatchPath { path, filter, sub_attribute }, parser.words))
}

/// A value filter, and the sub-attribute after it with its place.
type Bracket<'a> = (Filter, Option<(&'a str, Span)>);

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    /// The token at hand, not yet consumed.
    token: Token<'a>,
    span: Span,
    terms: usize,
    /// Whether text may stand without quotes.
    takes_words: bool,
    /// What was read so.
    words: Vec<String>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, FilterError> {
        if text.len() > MAX_LENGTH {
            let span = Span::new(MAX_LENGTH, text.len());
            return Err(FilterError::new(span, format!("longer than {MAX_LENGTH} bytes")));
        }
        let mut lexer = Lexer::new(text);
        let (token, span) = lexer.next()?;
        Ok(Self { text, lexer, token, span, terms: 0, takes_words: false, words: Vec::new() })
    }

    /// Consumes the token at hand.
    fn advance(&mut self) -> Result<(Token<'a>, Span), FilterError> {
        let next = self.lexer.next()?;
        Ok(self.take(next))
    }

    /// Consumes the token at hand, an operator, which a value follows.
    fn advance_to_value(&mut self) -> Result<(Token<'a>, Span), FilterError> {
        let next = if self.takes_words { self.lexer.value()? } else { self.lexer.next()? };
        Ok(self.take(next))
    }

    fn take(&mut self, (token, span): (Token<'a>, Span)) -> (Token<'a>, Span) {
        (std::mem::replace(&mut self.token, token), std::mem::replace(&mut self.span, span))
    }

    /// FILTER = logExp, `or` binding weakest.
    fn or(&mut self, depth: usize) -> Result<Filter, FilterError> {
        self.chain("or", Filter::Or, |parser| parser.and(depth))
    }

    fn and(&mut self, depth: usize) -> Result<Filter, FilterError> {
        self.chain("and", Filter::And, |parser| parser.unary(depth))
    }

    /// One part, or several joined by a keyword.
    fn chain(
        &mut self,
        keyword: &str,
        join: fn(Vec<Filter>) -> Filter,
        part: impl Fn(&mut Self) -> Result<Filter, FilterError>,
    ) -> Result<Filter, FilterError> {
        let first = part(self)?;
        if !self.keyword(keyword)? {
            return Ok(first);
        }
        let mut parts = vec![first, part(self)?];
        while self.keyword(keyword)? {
            parts.push(part(self)?);
        }
        Ok(join(parts))
    }

    /// `["not"] "(" FILTER ")"` or attrExp or valuePath.
    fn unary(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth > MAX_DEPTH {
            return Err(FilterError::new(self.span, format!("nested deeper than {MAX_DEPTH}")));
        }
        let negated = self.keyword("not")?;
        if self.token == Token::Open {
            self.advance()?;
            let inner = self.or(depth + 1)?;
            if self.token != Token::Close {
                return Err(self.expected("`)`, `and` or `or`"));
            }
            self.advance()?;
            return Ok(if negated { Filter::Not(Box::new(inner)) } else { inner });
        }
        if negated {
            return Err(self.expected("`(` after `not`"));
        }
        let path = self.path("an attribute, `not` or `(`")?;
        if self.token != Token::OpenBracket {
            return self.comparison(path);
        }
        let (filter, sub) = self.bracket(depth + 1)?;
        let then = match sub {
            None => None,
            Some((sub, span)) => {
                let path = AttributePath { urn: None, attribute: sub.to_owned(), sub_attribute: None, span };
                Some(Box::new(self.comparison(path)?))
            }
        };
        Ok(Filter::ValuePath { path, filter: Box::new(filter), then })
    }

    /// attrExp = attrPath SP "pr" / attrPath SP compareOp SP compValue
    fn comparison(&mut self, path: AttributePath) -> Result<Filter, FilterError> {
        let expected = "one of `eq` `ne` `co` `sw` `ew` `gt` `ge` `lt` `le` `pr`";
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(FilterError::new(self.span, format!("more than {MAX_TERMS} comparisons")));
        }
        let Token::Word(word) = self.token else { return Err(self.expected(expected)) };
        if word.eq_ignore_ascii_case("pr") {
            self.advance()?;
            return Ok(Filter::Present(path));
        }
        let Some(operator) = Operator::parse(word) else {
            return Err(FilterError::new(self.span, format!("`{word}` is no operator")).help(expected));
        };
        self.advance_to_value()?;
        let (value, span) = self.value()?;
        Ok(Filter::Compare { path, operator, value, value_span: IgnoredSpan(span) })
    }

    /// compValue = false / null / true / number / string
    fn value(&mut self) -> Result<(Literal, Span), FilterError> {
        let expected = "a value: text in double quotes, a number, `true`, `false` or `null`";
        if !matches!(self.token, Token::String(_) | Token::Number(_) | Token::Word(_) | Token::Bare(_)) {
            return Err(self.expected(expected));
        }
        let (token, span) = self.advance()?;
        let literal = match token {
            Token::String(text) => Literal::String(text.into_owned()),
            Token::Number(number) => Literal::Number(number),
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Literal::Boolean(true),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Literal::Boolean(false),
            Token::Word(word) if word.eq_ignore_ascii_case("null") => Literal::Null,
            Token::Bare(word) => {
                self.words.push(word.to_owned());
                Literal::String(word.to_owned())
            }
            _ => {
                let word = span.of(self.text);
                return Err(FilterError::new(span, format!("`{word}` is no value"))
                    .help(format!("put text in double quotes: `\"{word}\"`")));
            }
        };
        Ok((literal, span))
    }

    /// From `[`: a filter, `]`, and the sub-attribute after it with its place.
    fn bracket(&mut self, depth: usize) -> Result<Bracket<'a>, FilterError> {
        self.advance()?;
        let filter = self.or(depth)?;
        let Token::CloseBracket(sub) = self.token else {
            return Err(self.expected("`]`, `and` or `or`"));
        };
        let (_, span) = self.advance()?;
        match sub {
            Some(sub) if !is_name(sub) => Err(FilterError::new(span, "expected a sub-attribute after `].`")),
            Some(sub) => Ok((filter, Some((sub, Span::new(span.start + 2, span.end))))),
            None => Ok((filter, None)),
        }
    }

    fn path(&mut self, expected: &str) -> Result<AttributePath, FilterError> {
        let Token::Word(word) = self.token else { return Err(self.expected(expected)) };
        let (_, span) = self.advance()?;
        AttributePath::parse(word, span.start)
            .map_err(|(name, span)| FilterError::new(span, format!("`{name}` is no attribute name")))
    }

    /// Consumes a keyword, if it is at hand.
    fn keyword(&mut self, keyword: &str) -> Result<bool, FilterError> {
        let found = matches!(self.token, Token::Word(word) if word.eq_ignore_ascii_case(keyword));
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expected(&self, what: &str) -> FilterError {
        let found = match self.span.of(self.text) {
            "" => "the end".to_owned(),
            text => format!("`{text}`"),
        };
        FilterError::new(self.span, format!("expected {what}, found {found}"))
    }

    fn end(&self) -> Result<(), FilterError> {
        if self.token == Token::End { Ok(()) } else { Err(self.expected("`and`, `or` or the end")) }
    }
}

impl Operator {
    /// The operator of that name, without case.
    pub fn parse(word: &str) -> Option<Self> {
        let &[first, second] = word.as_bytes() else { return None };
        Some(match [first.to_ascii_lowercase(), second.to_ascii_lowercase()] {
            [b'e', b'q'] => Self::Eq,
            [b'n', b'e'] => Self::Ne,
            [b'c', b'o'] => Self::Co,
            [b's', b'w'] => Self::Sw,
            [b'e', b'w'] => Self::Ew,
            [b'g', b't'] => Self::Gt,
            [b'g', b'e'] => Self::Ge,
            [b'l', b't'] => Self::Lt,
            [b'l', b'e'] => Self::Le,
            _ => return None,
        })
    }

    /// All nine.
    pub const ALL: [Self; 9] =
        [Self::Eq, Self::Ne, Self::Co, Self::Sw, Self::Ew, Self::Gt, Self::Ge, Self::Lt, Self::Le];

    /// As RFC 7644 writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }
}
