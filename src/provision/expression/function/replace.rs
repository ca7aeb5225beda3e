//! `Replace`, whose mode follows from the arguments that are given.

use super::super::ExpressionError;
use super::super::eval::{Call, Outcome, bound};
use super::{Function, entra, maybe, need};

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
    "replaces a text, what a regular expression matches, or a placeholder in a template",
    replace,
)];

const OLD: usize = 1;
const REPLACEMENT: usize = 4;
const TEMPLATE: usize = 6;

fn replace(call: &mut Call<'_, '_, '_>) -> Outcome {
    if call.has(OLD) && call.has(TEMPLATE) {
        let (old, template) = (call.text_or_empty(OLD)?, call.text_or_empty(TEMPLATE)?);
        return call.map(|call, source| Ok(Some(substitute(call, &template, &old, &source)?)));
    }
    if call.has(OLD) && call.has(REPLACEMENT) {
        let (old, replacement) = (call.text_or_empty(OLD)?, call.text_or_empty(REPLACEMENT)?);
        return call.map(|call, source| Ok(Some(substitute(call, &source, &old, &replacement)?)));
    }
    Err(ExpressionError::new(
        "wrongArguments",
        call.span,
        "`Replace` cannot tell what to do from these arguments",
    )
    .help(
        "give `oldValue` or `regexPattern`, and `replacementValue`; or `oldValue` and `template`; \
             or `regexPattern`, `regexGroupName` and `replacementAttributeName`",
    ))
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
