//! Tree → value, lazily: a function evaluates only the arguments it needs, so the branch
//! not taken can neither fail nor cost. The clock, chance and the target's state come in
//! from outside.

use super::ast::Call;
use super::environment::{Context, Environment, Outcome};
use super::{Attributes, Expression, ExpressionError, Kind, Operator, Value};
use crate::provision::message::told;
use crate::scim::span::Span;

/// The longest text that a value may hold, in bytes. `Replace` inside `Replace` could
/// otherwise grow without end.
pub(crate) const MAX_TEXT: usize = 200_000;

/// The value of an expression for one source object.
pub fn evaluate(
    expression: &Expression,
    attributes: &dyn Attributes,
    environment: &mut Environment<'_>,
) -> Outcome {
    Context { attributes, environment, seen: None }.value(expression)
}

impl Context<'_, '_> {
    pub(crate) fn value(&mut self, expression: &Expression) -> Outcome {
        let outcome = self.compute(expression);
        if let Some(seen) = &mut self.seen {
            seen.insert(std::ptr::from_ref(expression).addr(), outcome.clone());
        }
        outcome
    }

    fn compute(&mut self, expression: &Expression) -> Outcome {
        match &expression.kind {
            Kind::Attribute(name) => Ok(self.attributes.attribute(name).simplify()),
            Kind::Text(text) | Kind::Number(text) | Kind::Word(text) => Ok(Value::Text(text.clone())),
            Kind::Call(function, arguments) => {
                let span = expression.span;
                (function.run)(&mut Call { arguments, span, context: self })
            }
            Kind::Compare(left, operator, right) => self.compare(left, *operator, right),
            Kind::Concat(parts) => {
                let mut whole = String::new();
                for part in parts {
                    let value = self.value(part)?;
                    whole.push_str(&single(value, part.span)?.unwrap_or_default());
                    bound(whole.len(), expression.span)?;
                }
                Ok(Value::Text(whole))
            }
        }
    }

    /// Equality is ordinal, whole numbers compare as numbers, and a comparison with an
    /// absent value is absent itself.
    fn compare(&mut self, left: &Expression, operator: Operator, right: &Expression) -> Outcome {
        let left = single(self.value(left)?, left.span)?;
        let right = single(self.value(right)?, right.span)?;
        let (Some(left), Some(right)) = (left, right) else { return Ok(Value::Null) };
        let order = match (whole_number(&left), whole_number(&right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => left.cmp(&right),
        };
        Ok(Value::truth(match operator {
            Operator::Equal => order.is_eq(),
            Operator::Unequal => order.is_ne(),
            Operator::Less => order.is_lt(),
            Operator::AtMost => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::AtLeast => order.is_ge(),
        }))
    }
}

/// `text` as a whole number, decimal or `&H`.
pub(crate) fn whole_number(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_prefix("&H").or_else(|| text.strip_prefix("&h")) {
        Some(digits) if digits.starts_with(['+', '-']) => None,
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The one text in `value`; several are an error.
fn single(value: Value, span: Span) -> Result<Option<String>, ExpressionError> {
    match value.simplify() {
        Value::Null | Value::Ignore => Ok(None),
        Value::Text(text) => Ok(Some(text)),
        Value::List(items) => {
            let message = told!("one value is needed here, not {0}", items.len());
            Err(ExpressionError::new("badValue", span, message)
                .help(told!("pick one with `Item(…, 1)` or put them together with `Join`")))
        }
    }
}

/// An error when a text of `length` bytes is longer than any value may be.
pub(crate) fn bound(length: usize, span: Span) -> Result<(), ExpressionError> {
    if length <= MAX_TEXT {
        return Ok(());
    }
    let message = told!("the value grows past {0} bytes", MAX_TEXT);
    Err(ExpressionError::new("tooLong", span, message).help(told!("cut the text with `Mid` or `Left` first")))
}

impl<'c> Call<'c, '_, '_> {
    /// How many slots the call has, omitted ones included.
    pub(crate) fn count(&self) -> usize {
        self.arguments.len()
    }

    /// The argument's expression; `None` when omitted.
    pub(crate) fn argument(&self, index: usize) -> Option<&'c Expression> {
        self.arguments.get(index).and_then(Option::as_ref)
    }

    /// Whether the argument is written down.
    pub(crate) fn has(&self, index: usize) -> bool {
        self.argument(index).is_some()
    }

    /// Where the argument stands, or the whole call when it is omitted.
    pub(crate) fn span(&self, index: usize) -> Span {
        self.argument(index).map_or(self.span, |argument| argument.span)
    }

    /// The argument's value; absent when omitted.
    pub(crate) fn value(&mut self, index: usize) -> Outcome {
        self.argument(index).map_or(Ok(Value::Null), |argument| self.context.value(argument))
    }

    /// The argument's one text.
    pub(crate) fn text(&mut self, index: usize) -> Result<Option<String>, ExpressionError> {
        let value = self.value(index)?;
        single(value, self.span(index))
    }

    /// The argument's one text, `""` when absent.
    pub(crate) fn text_or_empty(&mut self, index: usize) -> Result<String, ExpressionError> {
        Ok(self.text(index)?.unwrap_or_default())
    }

    /// The argument as a whole number.
    pub(crate) fn number(&mut self, index: usize) -> Result<i64, ExpressionError> {
        let Some(text) = self.text(index)? else {
            return Err(self.absent("badValue", index, told!("a whole number")));
        };
        whole_number(&text).ok_or_else(|| {
            self.error("badValue", index, told!("`{0}` is not a whole number", text))
                .help(told!("send digits such as `3`, or hexadecimal such as `&HF`"))
        })
    }

    /// The argument as a number, or `usual` when it is omitted.
    pub(crate) fn number_or(&mut self, index: usize, usual: i64) -> Result<i64, ExpressionError> {
        if self.has(index) { self.number(index) } else { Ok(usual) }
    }

    /// The error for an argument that must have a value.
    pub(crate) fn absent(&self, code: &'static str, index: usize, wanted: &str) -> ExpressionError {
        let error = self.error(code, index, told!("{0} is needed here, and the value is absent", wanted));
        match self.argument(index).map(|argument| &argument.kind) {
            Some(Kind::Attribute(name)) => {
                error.help(told!("test it first, as in `Switch([{0}], …, \"\", …)`", name))
            }
            _ => error,
        }
    }

    /// An error at an argument.
    pub(crate) fn error(
        &self,
        code: &'static str,
        index: usize,
        message: impl Into<String>,
    ) -> ExpressionError {
        ExpressionError::new(code, self.span(index), message)
    }

    /// A function of text on the first argument: an absent value stays absent, and each
    /// of several values is changed by itself.
    pub(crate) fn map(
        &mut self,
        mut change: impl FnMut(&mut Self, String) -> Result<Option<String>, ExpressionError>,
    ) -> Outcome {
        Ok(match self.value(0)? {
            Value::Text(text) => change(self, text)?.map_or(Value::Null, Value::Text),
            Value::List(items) => {
                let mut changed = Vec::with_capacity(items.len());
                for item in items {
                    changed.extend(change(self, item)?);
                }
                Value::List(changed)
            }
            absent => absent,
        })
    }
}
