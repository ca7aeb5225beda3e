//! How a value came about: every part of the expression with what it gave, and the
//! branches that were not taken.

use super::environment::{Context, Environment};
use super::{Attributes, Expression, ExpressionError, Kind, Value};
use crate::scim::span::Span;
use serde::Serialize;
use std::collections::HashMap;

/// One part of a traced expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands, in UTF-8 bytes.
    pub span: Span,
    /// How deep it is nested; the whole expression is 0.
    pub depth: usize,
    /// The function's name, `[attribute]`, the constant as written, or the operator.
    pub label: String,
    /// What it gave; absent when it was skipped or failed.
    pub value: Value,
    /// Whether it was evaluated.
    pub state: State,
    /// Why it failed, on the part where the error shows.
    pub error: Option<ExpressionError>,
}

/// Whether a part of the expression was evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It gave a value.
    Value,
    /// It was not needed.
    Skipped,
    /// It failed.
    Error,
}

/// Evaluates and tells every sub-value, in the order of the text.
pub fn trace(
    expression: &Expression,
    attributes: &dyn Attributes,
    environment: &mut Environment<'_>,
) -> Vec<Node> {
    let mut context = Context { attributes, environment, seen: Some(HashMap::new()) };
    // The outcome is in the first node too.
    let _ = context.value(expression);
    let seen = context.seen.unwrap_or_default();
    let mut nodes = Vec::new();
    tell(expression, 0, &seen, &mut nodes);
    nodes
}

type Seen = HashMap<usize, Result<Value, ExpressionError>>;

fn tell(expression: &Expression, depth: usize, seen: &Seen, nodes: &mut Vec<Node>) {
    let (value, state, error) = match seen.get(&std::ptr::from_ref(expression).addr()) {
        Some(Ok(value)) => (value.clone(), State::Value, None),
        Some(Err(error)) => (Value::Null, State::Error, Some(error.clone())),
        None => (Value::Null, State::Skipped, None),
    };
    nodes.push(Node { span: expression.span, depth, label: label(expression), value, state, error });
    for child in expression.children() {
        tell(child, depth + 1, seen, nodes);
    }
}

fn label(expression: &Expression) -> String {
    match &expression.kind {
        Kind::Call(function, _) => function.name.to_owned(),
        Kind::Compare(_, operator, _) => operator.symbol().to_owned(),
        Kind::Concat(_) => "&".to_owned(),
        _ => expression.to_string(),
    }
}
