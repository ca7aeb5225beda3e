//! The expression language for the page's editor. Places are UTF-16 units here, as
//! JavaScript counts, and UTF-8 bytes in the core.

use super::answer::text;
use crate::provision::expression::{complete, complete_target, findings, functions};
use crate::scim::span::Span;
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

/// Every function: name, usage, what it does.
#[wasm_bindgen]
#[must_use]
pub fn catalogue() -> String {
    let function = |function: &crate::provision::expression::Function| json!({"name": function.name, "usage": function.usage(), "about": function.about, "cloudSync": function.cloud_sync});
    Value::Array(functions().map(function).collect()).to_string()
}

/// What is to be said about an expression, with the changes that would mend it.
#[wasm_bindgen(js_name = checkExpression)]
#[must_use]
pub fn check_expression(expression: &str, attributes: Vec<String>) -> String {
    let mut found = findings(expression, &attributes);
    for finding in &mut found {
        finding.span = finding.span.utf16(expression);
        for fix in &mut finding.fixes {
            fix.span = fix.span.utf16(expression);
        }
    }
    text(&found)
}

/// What may be written at a place; empty text when there is nothing to say.
#[wasm_bindgen(js_name = completeExpression)]
#[must_use]
pub fn complete_expression(expression: &str, at: usize, attributes: Vec<String>) -> String {
    let mut units = 0;
    let place = expression.char_indices().find_map(|(place, letter)| {
        let here = units;
        units += letter.len_utf16();
        (here >= at).then_some(place)
    });
    let Some(mut found) = complete(expression, place.unwrap_or(expression.len()), &attributes) else {
        return String::new();
    };
    let span = Span::new(found.from, found.to).utf16(expression);
    (found.from, found.to) = (span.start, span.end);
    text(&found)
}

/// The target paths that fit what is typed.
#[wasm_bindgen(js_name = completeTarget)]
#[must_use]
pub fn complete_path(typed: &str, targets: Vec<String>) -> String {
    text(&complete_target(typed, &targets))
}

/// A target path as it should be written, or an empty text when it cannot be read.
#[wasm_bindgen(js_name = mendTarget)]
#[must_use]
pub fn mend_target(path: &str) -> String {
    crate::provision::target::mend_target(path).unwrap_or_default()
}
