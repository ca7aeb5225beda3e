//! A plan's requests for an editor's HTTP client (JetBrains, VS Code's REST Client).
//!
//! Both clients read line by line and put variables where `{{…}}` stands, in bodies and comments
//! too. So nothing that comes from data holds a line break or an opening brace here: a body's
//! braces are written `\u007b`, which is the same JSON, and a path's are percent-encoded.

use crate::provision::plan::{CreatedReference, Operation, PlannedRequest, placeholder};
use serde_json::Value;
use std::collections::BTreeMap;

/// One operation's requests. Variables: `tenantUrl` and `token`.
#[must_use]
pub fn http(operation: &Operation) -> String {
    let mut text = String::new();
    for request in &operation.requests {
        let title = format!(
            "{} of {} {}: {}",
            request.id, operation.object_type, operation.source.display_name, operation.explanation
        );
        text.push_str(&format!("### {}\n", line(&title)));
        if !request.depends_on.is_empty() {
            text.push_str(&format!("# after {}\n", line(&request.depends_on.join(", "))));
        }
        text.push_str(&format!("# @name {}\n", variable(&request.id)));
        text.push_str(&format!("{} {{{{tenantUrl}}}}{}\n", line(&request.method), path(request)));
        text.push_str("Authorization: Bearer {{token}}\n");
        for (name, value) in &request.headers {
            text.push_str(&format!("{}: {}\n", line(name), line(value)));
        }
        if !request.body.is_null() {
            text.push_str(&format!("\n{}\n", body(&request.body, &request.references)));
        }
        text.push('\n');
    }
    text
}

/// Text that stays on its line and holds no variable.
fn line(text: &str) -> String {
    text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect::<String>().replace('{', "(")
}

/// Whether a character may end a line, or is none that people see.
fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The id that a creation was answered with, as a variable.
fn given(source: &str) -> String {
    format!("{{{{{}.response.body.$.id}}}}", variable(&format!("create:{source}")))
}

/// A name that both clients take.
fn variable(id: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("_{:x}_", c as u32) };
    let (verb, rest) = id.split_once(':').unwrap_or(("", id));
    format!("{}_{}", line(verb), rest.chars().map(safe).collect::<String>())
}

fn path(request: &PlannedRequest) -> String {
    // Encoded where it was made; here it is only kept from being anything else.
    let safe = |c: char| c.is_ascii_graphic() && !matches!(c, '{' | '}');
    let clean = |text: &str| text.chars().filter(|c| safe(*c)).collect::<String>();
    match placeholder::endpoint(request) {
        Some((endpoint, source)) => format!("{}{}", clean(endpoint), given(source)),
        None => clean(&request.path),
    }
}

/// A body with variables at the places of references and nowhere else.
fn body(body: &Value, references: &[CreatedReference]) -> String {
    let places = references
        .iter()
        .filter_map(|reference| Some((reference.pointer.clone()?, given(&reference.source))));
    let mut text = String::new();
    write(&mut text, body, &mut String::new(), &places.collect(), 0);
    text
}

/// Writes a value as `serde_json` does with an indent of two.
fn write(
    out: &mut String,
    value: &Value,
    pointer: &mut String,
    places: &BTreeMap<String, String>,
    depth: usize,
) {
    let (brackets, length) = match value {
        Value::Object(members) if !members.is_empty() => (('{', '}'), pointer.len()),
        Value::Array(items) if !items.is_empty() => (('[', ']'), pointer.len()),
        _ => {
            match places.get(pointer) {
                Some(variable) => out.push_str(&format!("\"{variable}\"")),
                None => out.push_str(&scalar(value)),
            }
            return;
        }
    };
    let mut one = |out: &mut String, at: usize, key: Option<&str>, value: &Value| {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
        match key {
            Some(key) => {
                out.push_str(&format!("{}: ", text(key)));
                pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1")));
            }
            None => pointer.push_str(&format!("/{at}")),
        }
        write(out, value, pointer, places, depth + 1);
        pointer.truncate(length);
    };
    out.push(brackets.0);
    match value {
        Value::Object(members) => {
            for (at, (key, value)) in members.iter().enumerate() {
                one(out, at, Some(key), value);
            }
        }
        _ => {
            for (at, value) in value.as_array().into_iter().flatten().enumerate() {
                one(out, at, None, value);
            }
        }
    }
    out.push_str(&format!("\n{}{}", "  ".repeat(depth), brackets.1));
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), text)
}

/// A JSON text without a brace or anything that a client may take for a line's end.
fn text(text: &str) -> String {
    let mut out = String::new();
    for c in Value::from(text).to_string().chars() {
        if c == '{' || breaks(c) {
            out.push_str(&format!("\\u{:04x}", c as u32));
        } else {
            out.push(c);
        }
    }
    out
}
