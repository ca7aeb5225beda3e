//! The parser: one function per rule of the ABNF in RFC 7644 §3.4.2.2, figure 1.

use super::ast::{Filter, IgnoredSpan, Literal, Operator, PatchPath};
use super::lex::{Spanned, Token, lex};
use super::{FilterError, MAX_DEPTH, MAX_LENGTH, MAX_TERMS};
use crate::scim::name::{AttributePath, is_name};
use crate::scim::span::Span;

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
    let mut parser = Parser::new(text)?;
    let filter = parser.or(0)?;
    parser.end()?;
    Ok(filter)
}

/// Reads the `path` of a PATCH operation (RFC 7644 §3.5.2).
///
/// # Errors
/// What was expected, and where.
pub fn parse_patch_path(text: &str) -> Result<PatchPath, FilterError> {
    let mut parser = Parser::new(text)?;
    let path = parser.path("an attribute path")?;
    let (filter, sub_attribute) = match parser.next_if(|t| *t == Token::OpenBracket) {
        None => (None, None),
        Some(_) => {
            let (filter, sub) = parser.bracket(1)?;
            (Some(filter), sub)
        }
    };
    parser.end()?;
    Ok(PatchPath { path, filter, sub_attribute })
}

struct Parser<'a> {
    text: &'a str,
    tokens: std::iter::Peekable<std::vec::IntoIter<Spanned>>,
    terms: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, FilterError> {
        if text.len() > MAX_LENGTH {
            let span = Span::new(MAX_LENGTH, text.len());
            return Err(FilterError::new(span, format!("longer than {MAX_LENGTH} bytes")));
        }
        Ok(Self { text, tokens: lex(text)?.into_iter().peekable(), terms: 0 })
    }

    /// FILTER = logExp, `or` binding weakest.
    fn or(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.and(depth)?];
        while self.keyword("or") {
            parts.push(self.and(depth)?);
        }
        Ok(single(parts, Filter::Or))
    }

    fn and(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.unary(depth)?];
        while self.keyword("and") {
            parts.push(self.unary(depth)?);
        }
        Ok(single(parts, Filter::And))
    }

    /// `["not"] "(" FILTER ")"` or attrExp or valuePath.
    fn unary(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let here = self.here();
        if depth > MAX_DEPTH {
            return Err(FilterError::new(here, format!("nested deeper than {MAX_DEPTH}")));
        }
        let negated = self.keyword("not");
        if self.next_if(|t| *t == Token::Open).is_some() {
            let inner = self.or(depth + 1)?;
            if self.next_if(|t| *t == Token::Close).is_none() {
                return Err(self.expected("`)`, `and` or `or`"));
            }
            return Ok(if negated { Filter::Not(Box::new(inner)) } else { inner });
        }
        if negated {
            return Err(self.expected("`(` after `not`"));
        }
        let path = self.path("an attribute, `not` or `(`")?;
        if self.next_if(|t| *t == Token::OpenBracket).is_none() {
            return self.comparison(path);
        }
        let (filter, sub) = self.bracket(depth + 1)?;
        let then = match sub {
            None => None,
            Some(sub) => {
                let span = self.here();
                let path = AttributePath { urn: None, attribute: sub, sub_attribute: None, span };
                Some(Box::new(self.comparison(path)?))
            }
        };
        Ok(Filter::ValuePath { path, filter: Box::new(filter), then })
    }

    /// attrExp = attrPath SP "pr" / attrPath SP compareOp SP compValue
    fn comparison(&mut self, path: AttributePath) -> Result<Filter, FilterError> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(FilterError::new(self.here(), format!("more than {MAX_TERMS} comparisons")));
        }
        let expected = "one of `eq` `ne` `co` `sw` `ew` `gt` `ge` `lt` `le` `pr`";
        let Some((Token::Word(word), span)) = self.next_if(|t| matches!(t, Token::Word(_))) else {
            return Err(self.expected(expected));
        };
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let Some(operator) = Operator::parse(&word) else {
            return Err(FilterError::new(span, format!("`{word}` is no operator")).help(expected));
        };
        let (value, span) = self.value()?;
        Ok(Filter::Compare { path, operator, value, value_span: IgnoredSpan(span) })
    }

    /// compValue = false / null / true / number / string
    fn value(&mut self) -> Result<(Literal, Span), FilterError> {
        let expected = "a value: text in double quotes, a number, `true`, `false` or `null`";
        match self.tokens.next() {
            Some((Token::String(text), span)) => Ok((Literal::String(text), span)),
            Some((Token::Number(number), span)) => Ok((Literal::Number(number), span)),
            Some((Token::Word(word), span)) => match word.to_ascii_lowercase().as_str() {
                "true" => Ok((Literal::Boolean(true), span)),
                "false" => Ok((Literal::Boolean(false), span)),
                "null" => Ok((Literal::Null, span)),
                _ => Err(FilterError::new(span, format!("`{word}` is no value"))
                    .help(format!("put text in double quotes: `\"{word}\"`"))),
            },
            Some((_, span)) => Err(FilterError::new(span, format!("expected {expected}"))),
            None => Err(self.expected(expected)),
        }
    }

    /// What follows `[`: a filter, `]`, and the sub-attribute after it.
    fn bracket(&mut self, depth: usize) -> Result<(Filter, Option<String>), FilterError> {
        let filter = self.or(depth)?;
        match self.next_if(|t| matches!(t, Token::CloseBracket(_))) {
            Some((Token::CloseBracket(Some(sub)), span)) if !is_name(&sub) => {
                Err(FilterError::new(span, "expected a sub-attribute after `].`"))
            }
            Some((Token::CloseBracket(sub), _)) => Ok((filter, sub)),
            _ => Err(self.expected("`]`, `and` or `or`")),
        }
    }

    fn path(&mut self, expected: &str) -> Result<AttributePath, FilterError> {
        match self.next_if(|t| matches!(t, Token::Word(_))) {
            Some((Token::Word(word), span)) => AttributePath::parse(&word, span.start)
                .map_err(|(name, span)| FilterError::new(span, format!("`{name}` is no attribute name"))),
            _ => Err(self.expected(expected)),
        }
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.next_if(|t| matches!(t, Token::Word(word) if word.eq_ignore_ascii_case(keyword))).is_some()
    }

    fn next_if(&mut self, wanted: impl Fn(&Token) -> bool) -> Option<Spanned> {
        self.tokens.next_if(|(token, _)| wanted(token))
    }

    fn here(&mut self) -> Span {
        let end = self.text.len();
        self.tokens.peek().map_or(Span::new(end, end), |(_, span)| *span)
    }

    fn expected(&mut self, what: &str) -> FilterError {
        let span = self.here();
        let found = match span.of(self.text) {
            "" => "the end".to_owned(),
            text => format!("`{text}`"),
        };
        FilterError::new(span, format!("expected {what}, found {found}"))
    }

    fn end(&mut self) -> Result<(), FilterError> {
        if self.tokens.peek().is_some() { Err(self.expected("`and`, `or` or the end")) } else { Ok(()) }
    }
}

fn single(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts)
        }
    }
}

impl Operator {
    /// The operator of that name, without case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.as_str().eq_ignore_ascii_case(word))
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
