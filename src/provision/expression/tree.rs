//! The tree in which Entra's synchronization schema stores every expression beside its
//! text: `name`, `type` and `parameters` of key and value.

use super::ast::{Function, Need};
use super::parse::unknown_function;
use super::{Expression, ExpressionError, Kind, MAX_DEPTH, Operator, function, parse};
use crate::provision::message::told;
use crate::scim::span::Span;
use serde_json::{Value as Json, json};

impl Expression {
    /// Entra's tree. Omitted arguments have no parameter, and numbers are text.
    pub fn to_tree(&self) -> Json {
        match &self.kind {
            Kind::Attribute(name) => node(self.to_string(), name, "Attribute", Vec::new()),
            Kind::Text(text) | Kind::Number(text) | Kind::Word(text) => constant(text),
            Kind::Call(function, arguments) => {
                let mut parameters = Vec::new();
                for (index, argument) in arguments.iter().enumerate() {
                    let Some(argument) = argument else { continue };
                    match &argument.kind {
                        Kind::Compare(left, operator, right) if function.name == "IIF" && index == 0 => {
                            parameters.push(parameter("one", left.to_tree()));
                            parameters.push(parameter("two", constant(operator.symbol())));
                            parameters.push(parameter("three", right.to_tree()));
                        }
                        _ => {
                            let last = index + 1 == arguments.len() && index > 0;
                            let key = match function.name {
                                "Coalesce" if last => "defaultValue",
                                _ => function.parameter(index).map_or("source", |parameter| parameter.key),
                            };
                            parameters.push(parameter(key, argument.to_tree()));
                        }
                    }
                }
                node(self.to_string(), function.name, "Function", parameters)
            }
            Kind::Compare(left, operator, right) => {
                let sides = vec![parameter("left", left.to_tree()), parameter("right", right.to_tree())];
                node(self.to_string(), operator.symbol(), "Function", sides)
            }
            Kind::Concat(parts) => {
                let parts = parts.iter().map(|part| parameter("source", part.to_tree())).collect();
                node(self.to_string(), "&", "Function", parts)
            }
        }
    }

    /// Reads Entra's tree; any keys will do, in order, but known ones show what was omitted.
    pub fn from_tree(tree: &Json) -> Result<Self, ExpressionError> {
        let built = build(tree, 0)?;
        parse(&built.to_string())
    }
}

/// Gives every function of a configuration its tree where it has its text alone, as after an edit: Entra
/// reads both. What cannot be read stays as it is, and everything else does.
pub fn write_trees(configuration: &mut Json) {
    match configuration {
        Json::Array(items) => items.iter_mut().for_each(write_trees),
        Json::Object(members) => {
            let lacks_tree = members.get("type").is_some_and(|kind| kind == "Function")
                && members.get("parameters").and_then(Json::as_array).is_none_or(Vec::is_empty);
            let text = members.get("expression").and_then(Json::as_str).filter(|_| lacks_tree);
            match text.and_then(|text| parse(text).ok()).map(|expression| expression.to_tree()) {
                Some(Json::Object(tree)) => {
                    let rest = tree.into_iter().filter(|(key, _)| key != "expression");
                    members.extend(rest);
                }
                _ => members.values_mut().for_each(write_trees),
            }
        }
        _ => {}
    }
}

fn node(expression: String, name: &str, kind: &str, parameters: Vec<Json>) -> Json {
    json!({ "expression": expression, "name": name, "type": kind, "parameters": parameters })
}

fn constant(text: &str) -> Json {
    let quoted = made(Kind::Text(text.to_owned())).to_string();
    node(quoted, text, "Constant", Vec::new())
}

fn parameter(key: &str, value: Json) -> Json {
    json!({ "key": key, "value": value })
}

fn made(kind: Kind) -> Expression {
    Expression { kind, span: Span::default() }
}

fn broken(message: impl Into<String>) -> ExpressionError {
    ExpressionError::new("syntax", Span::default(), message)
}

fn build(tree: &Json, depth: usize) -> Result<Expression, ExpressionError> {
    if depth > MAX_DEPTH {
        return Err(ExpressionError::new(
            "tooDeep",
            Span::default(),
            told!("the tree is deeper than {0}", MAX_DEPTH),
        ));
    }
    let text = |key: &str| tree.get(key).and_then(Json::as_str);
    let Some(name) = text("name") else { return Err(broken(told!("a part of the tree has no `name`"))) };
    match text("type") {
        Some("Attribute") => Ok(made(Kind::Attribute(name.to_owned()))),
        Some("Constant") => Ok(made(Kind::Text(name.to_owned()))),
        Some("Function") => {
            let listed = tree.get("parameters").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
            let mut parameters = Vec::with_capacity(listed.len());
            for parameter in listed {
                let key = parameter.get("key").and_then(Json::as_str).unwrap_or("");
                let value = parameter.get("value").unwrap_or(&Json::Null);
                parameters.push((key, build(value, depth + 1)?));
            }
            call(name, parameters)
        }
        _ => Err(broken(told!("`{0}` has no known `type`", name))
            .help(told!("send `Attribute`, `Constant` or `Function`"))),
    }
}

fn call(name: &str, parameters: Vec<(&str, Expression)>) -> Result<Expression, ExpressionError> {
    if name == "&" {
        return Ok(made(Kind::Concat(parameters.into_iter().map(|(_, part)| part).collect())));
    }
    if let Some(operator) = Operator::from_symbol(name) {
        let mut sides = parameters.into_iter().map(|(_, side)| Box::new(side));
        return match (sides.next(), sides.next()) {
            (Some(left), Some(right)) => Ok(made(Kind::Compare(left, operator, right))),
            _ => Err(broken(told!("`{0}` needs two sides", name))),
        };
    }
    let Some(function) = function::find(name) else { return Err(unknown_function(name, Span::default())) };
    let parameters = if name == "IIF" { condition(parameters) } else { parameters };
    let mut arguments: Vec<Option<Expression>> = Vec::new();
    for (key, value) in parameters {
        while skips(function, arguments.len(), key) {
            arguments.push(None);
        }
        arguments.push(Some(value));
    }
    // Entra writes all seven slots of `Replace`, and both of `Switch` before the keys.
    let slots = match name {
        "Replace" => function.parameters.len(),
        _ => function.parameters.iter().filter(|parameter| parameter.need != Need::Repeated).count(),
    };
    let wanted =
        function.parameters.iter().take(slots).rposition(|parameter| parameter.need != Need::Optional);
    let wanted = if name == "Replace" { slots } else { wanted.map_or(0, |last| last + 1) };
    while arguments.len() < wanted {
        arguments.push(None);
    }
    Ok(made(Kind::Call(function, arguments)))
}

/// Whether the slot at `index` was omitted, since `key` belongs to a later one.
fn skips(function: &Function, index: usize, key: &str) -> bool {
    let Some(current) = function.parameters.get(index) else { return false };
    let later = function.parameters.iter().skip(index + 1);
    current.need != Need::Repeated
        && current.need != Need::Required
        && !current.key.eq_ignore_ascii_case(key)
        && later.into_iter().any(|parameter| parameter.key.eq_ignore_ascii_case(key))
}

/// `one`, `two`, `three` of a comparison become one condition.
fn condition(parameters: Vec<(&str, Expression)>) -> Vec<(&str, Expression)> {
    let symbol = parameters.get(1).and_then(|(_, second)| match &second.kind {
        Kind::Text(symbol) => Operator::from_symbol(symbol),
        _ => None,
    });
    let (Some(operator), true) = (symbol, parameters.len() > 3) else { return parameters };
    let mut rest = parameters.into_iter();
    let (Some((key, left)), _, Some((_, right))) = (rest.next(), rest.next(), rest.next()) else {
        return Vec::new();
    };
    let compared = made(Kind::Compare(Box::new(left), operator, Box::new(right)));
    std::iter::once((key, compared)).chain(rest).collect()
}
