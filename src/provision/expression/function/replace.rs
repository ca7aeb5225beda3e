//! `Replace`, whose mode follows from the arguments that are given.

use super::super::ast::{Call, Function};
use super::super::environment::Outcome;
use super::super::eval::bound;
use super::super::regex::Regex;
use super::super::{ExpressionError, Value};
use super::{entra, maybe, need};
use crate::provision::message::told;
use std::rc::Rc;

pub(super) static FUNCTIONS: [Function; 1] = [entra(
    "Replace",
    &[
        need("source", "source"),
        maybe("oldValue", "Find"),
        maybe("regexPattern", "RegularExpression"),
        maybe("regexGroupName", "RegularExpressionGroupName"),
        maybe("replacementValue", "Replacement"),
        maybe("replacementAttributeName", "ReplacementPropertyName"),
        maybe("template", "Template"),
    ],
    told!("replaces a text, what a regular expression matches, or a placeholder in a template"),
    replace,
)];

const OLD: usize = 1;
const PATTERN: usize = 2;
const GROUP: usize = 3;
const REPLACEMENT: usize = 4;
const OTHER: usize = 5;
const TEMPLATE: usize = 6;

fn replace(call: &mut Call<'_, '_, '_>) -> Outcome {
    if call.has(PATTERN) && call.has(GROUP) && call.has(OTHER) {
        return extract(call);
    }
    if call.has(PATTERN) && call.has(REPLACEMENT) {
        let regex = regex(call)?;
        let group = if call.has(GROUP) { Some(group(call, &regex)?) } else { None };
        let replacement = call.text_or_empty(REPLACEMENT)?;
        return call
            .map(|call, source| Ok(Some(rewrite(call, &regex, group.as_deref(), &source, &replacement)?)));
    }
    if call.has(OLD) && call.has(TEMPLATE) {
        let (old, template) = (call.text_or_empty(OLD)?, call.text_or_empty(TEMPLATE)?);
        return call.map(|call, source| Ok(Some(substitute(call, &template, &old, &source)?)));
    }
    if call.has(OLD) && call.has(REPLACEMENT) {
        let (old, replacement) = (call.text_or_empty(OLD)?, call.text_or_empty(REPLACEMENT)?);
        return call.map(|call, source| Ok(Some(substitute(call, &source, &old, &replacement)?)));
    }
    let message = told!("`Replace` cannot tell what to do from these arguments");
    Err(ExpressionError::new("wrongArguments", call.span, message).help(told!(
        "give `oldValue` or `regexPattern`, and `replacementValue`; or `oldValue` and `template`; \
         or `regexPattern`, `regexGroupName` and `replacementAttributeName`"
    )))
}

fn regex(call: &mut Call<'_, '_, '_>) -> Result<Rc<Regex>, ExpressionError> {
    let pattern = call.text_or_empty(PATTERN)?;
    call.context
        .environment
        .patterns
        .get(&pattern)
        .map_err(|message| call.error("badPattern", PATTERN, message))
}

fn group(call: &mut Call<'_, '_, '_>, regex: &Regex) -> Result<String, ExpressionError> {
    let name = call.text_or_empty(GROUP)?;
    if regex.has_group(&name) {
        return Ok(name);
    }
    Err(call
        .error("badPattern", GROUP, told!("the regular expression has no group `{0}`", name))
        .help(told!("name it in the pattern: `(?<{0}>…)`", name)))
}

/// The source if it has a value; else what the group matches in the other attribute.
fn extract(call: &mut Call<'_, '_, '_>) -> Outcome {
    let source = call.value(0)?;
    if !source.is_empty() {
        return Ok(source);
    }
    let regex = regex(call)?;
    let group = group(call, &regex)?;
    let Some(other) = call.text(OTHER)? else { return Ok(Value::Null) };
    let found = regex.matches(&other).map_err(|message| call.error("badPattern", PATTERN, message))?;
    let range = found.first().and_then(|found| regex.group(found, &group));
    let text = range.and_then(|(start, end)| other.get(start..end));
    Ok(text.map_or(Value::Null, |text| Value::Text(text.to_owned())))
}

/// Every match becomes the replacement; with a group, only what the group matched does.
fn rewrite(
    call: &Call<'_, '_, '_>,
    regex: &Regex,
    group: Option<&str>,
    source: &str,
    replacement: &str,
) -> Result<String, ExpressionError> {
    let found = regex.matches(source).map_err(|message| call.error("badPattern", PATTERN, message))?;
    let mut out = String::new();
    let mut kept = 0;
    for found in found {
        let range = match group {
            Some(group) => regex.group(&found, group),
            None => found.first().copied().flatten(),
        };
        let Some((start, end)) = range.filter(|(start, _)| *start >= kept) else { continue };
        out.push_str(source.get(kept..start).unwrap_or(""));
        match group {
            Some(_) => out.push_str(replacement),
            None => out.push_str(&regex.expand(&found, source, replacement)),
        }
        bound(out.len(), call.span)?;
        kept = end;
    }
    out.push_str(source.get(kept..).unwrap_or(""));
    Ok(out)
}

/// Every `old` in `text` becomes `new`; an empty `old` is nowhere.
fn substitute(call: &Call<'_, '_, '_>, text: &str, old: &str, new: &str) -> Result<String, ExpressionError> {
    if old.is_empty() {
        return Ok(text.to_owned());
    }
    let grown = text.matches(old).count().saturating_mul(new.len());
    bound(text.len().saturating_add(grown), call.span)?;
    Ok(text.replace(old, new))
}
