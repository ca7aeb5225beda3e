//! Tokens → tree, by recursive descent. Names and the number of arguments are checked
//! here, so that what parses can be evaluated.

use super::ast::Function;
use super::error::nearest;
use super::lex::{Token, lex};
use super::{Expression, ExpressionError, Kind, MAX_DEPTH, function};
use crate::provision::message::told;
use crate::scim::span::Span;

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expression, ExpressionError> {
    let mut parser = Parser { tokens: lex(text)?, next: 0, depth: 0, end: text.len() };
    let expression = parser.argument()?;
    if let Some((_, span)) = parser.tokens.get(parser.next) {
        let found = span.of(text);
        let error = ExpressionError::new("syntax", *span, told!("`{0}` follows the whole expression", found));
        return Err(match found {
            ")" => error.help(told!("remove it: every `(` is closed already")),
            _ => error.help(told!("put texts together with `Join(\"\", …)`")),
        });
    }
    match &expression.kind {
        Kind::Compare(..) => {
            Err(ExpressionError::new("syntax", expression.span, told!("a comparison cannot stand alone"))
                .help(told!("put it into `IIF(…, …, …)` or `CBool(…)`")))
        }
        Kind::Word(word) => Err(unknown_word(word, expression.span)),
        _ => Ok(expression),
    }
}

fn unknown_word(word: &str, span: Span) -> ExpressionError {
    ExpressionError::new("syntax", span, told!("`{0}` is neither a function call nor an attribute", word))
        .help(told!("write `[{0}]` for the attribute or `\"{0}\"` for the text", word))
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    next: usize,
    depth: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(token, _)| token)
    }

    /// Where the next token stands; the end of the text when there is none.
    fn span(&self) -> Span {
        self.tokens.get(self.next).map_or(Span::new(self.end, self.end), |(_, span)| *span)
    }

    /// One argument: an operand, or a comparison of two.
    fn argument(&mut self) -> Result<Expression, ExpressionError> {
        let left = self.operand()?;
        let Some(Token::Compare(operator)) = self.peek().cloned() else { return Ok(left) };
        self.next += 1;
        let right = self.operand()?;
        if matches!(self.peek(), Some(Token::Compare(_))) {
            return Err(ExpressionError::new(
                "syntax",
                self.span(),
                told!("a condition holds one comparison"),
            )
            .help(told!("nest another `IIF` for each further condition")));
        }
        let span = left.span.to(right.span);
        Ok(Expression { kind: Kind::Compare(Box::new(left), operator, Box::new(right)), span })
    }

    /// One primary, or several joined by `&`.
    fn operand(&mut self) -> Result<Expression, ExpressionError> {
        let first = self.primary()?;
        if self.peek() != Some(&Token::Ampersand) {
            return Ok(first);
        }
        let mut span = first.span;
        let mut parts = vec![first];
        while self.peek() == Some(&Token::Ampersand) {
            self.next += 1;
            let part = self.primary()?;
            span = span.to(part.span);
            parts.push(part);
        }
        Ok(Expression { kind: Kind::Concat(parts), span })
    }

    fn primary(&mut self) -> Result<Expression, ExpressionError> {
        let span = self.span();
        let Some(token) = self.peek().cloned() else {
            return Err(ExpressionError::new("syntax", span, told!("the expression ends too early"))
                .help(told!("write a function call, an `[attribute]` or a `\"text\"`")));
        };
        self.next += 1;
        let kind = match token {
            Token::Attribute(name) => Kind::Attribute(name),
            Token::Text(text) => Kind::Text(text),
            Token::Number(spelling) => Kind::Number(spelling),
            Token::Word(word) if self.peek() == Some(&Token::Open) => return self.call(&word, span),
            Token::Word(word) => Kind::Word(word),
            Token::Open | Token::Close | Token::Comma | Token::Compare(_) | Token::Ampersand => {
                return Err(ExpressionError::new("syntax", span, told!("a value is missing here"))
                    .help(told!("write a function call, an `[attribute]` or a `\"text\"`")));
            }
        };
        Ok(Expression { kind, span })
    }

    fn call(&mut self, name: &str, span: Span) -> Result<Expression, ExpressionError> {
        let Some(function) = function::find(name) else { return Err(unknown_function(name, span)) };
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = told!("calls nest deeper than {0}", MAX_DEPTH);
            return Err(
                ExpressionError::new("tooDeep", span, message).help(told!("split the mapping in two"))
            );
        }
        self.next += 1;
        let arguments = self.arguments(name, span)?;
        self.depth -= 1;
        let closed = self.tokens.get(self.next.saturating_sub(1)).map_or(span, |(_, closed)| *closed);
        let span = span.to(closed);
        check_count(function, &arguments, span)?;
        Ok(Expression { kind: Kind::Call(function, arguments), span })
    }

    /// The slots up to and with the closing parenthesis.
    fn arguments(&mut self, name: &str, span: Span) -> Result<Vec<Option<Expression>>, ExpressionError> {
        let mut slots = Vec::new();
        loop {
            match self.peek() {
                Some(Token::Close) => {
                    self.next += 1;
                    return Ok(slots);
                }
                Some(Token::Comma) => slots.push(None),
                _ => slots.push(Some(self.argument()?)),
            }
            match self.peek() {
                Some(Token::Comma) => {
                    self.next += 1;
                    if self.peek() == Some(&Token::Close) {
                        slots.push(None);
                    }
                }
                Some(Token::Close) => {}
                Some(_) => {
                    return Err(ExpressionError::new(
                        "syntax",
                        self.span(),
                        told!("a comma is missing before this"),
                    )
                    .help(told!("separate the arguments of `{0}` with `,`", name)));
                }
                None => {
                    return Err(ExpressionError::new("syntax", span, told!("`{0}(` is never closed", name))
                        .help(told!("end the call with `)`")));
                }
            }
        }
    }
}

/// The error for a name that is no function.
pub(crate) fn unknown_function(name: &str, span: Span) -> ExpressionError {
    let error = ExpressionError::new("unknownFunction", span, told!("`{0}` is not a function", name));
    match nearest(name, function::functions().map(|function| function.name)) {
        Some(known) if known.eq_ignore_ascii_case(name) => {
            error.help(told!("did you mean `{0}`? names are case-sensitive", known))
        }
        Some(known) => error.help(told!("did you mean `{0}`?", known)),
        None => error,
    }
}

fn check_count(
    function: &'static Function,
    arguments: &[Option<Expression>],
    span: Span,
) -> Result<(), ExpressionError> {
    let count = arguments.len();
    let usage = || told!("write `{0}`", function.usage());
    let wrong = |message: String| Err(ExpressionError::new("wrongArguments", span, message).help(usage()));
    let name = function.name;
    let (least, most) = (function.least(), function.most());
    let arguments_of = |count: usize| match count {
        1 => told!("1 argument").to_owned(),
        _ => told!("{0} arguments", count),
    };
    if count < least {
        return wrong(told!("`{0}` needs at least {1}, not {2}", name, arguments_of(least), count));
    }
    if let Some(most) = most.filter(|most| count > *most) {
        return wrong(match most {
            0 => told!("`{0}` takes no arguments, not {1}", name, count),
            _ => told!("`{0}` takes at most {1}, not {2}", name, arguments_of(most), count),
        });
    }
    if function.pairs() && count % 2 == 1 {
        return wrong(told!("`{0}` needs an even number of arguments, not {1}", name, count));
    }
    match function.first_missing(arguments) {
        Some(parameter) => wrong(told!("`{0}` needs its argument `{1}`", name, parameter)),
        None => Ok(()),
    }
}
