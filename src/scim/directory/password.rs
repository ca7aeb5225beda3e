//! Finds the passwords of a request before it is carried out, so that a shell can hash them ahead:
//! hashing is slow on purpose, and the part that decides and commits must not wait.

use serde_json::Value;

/// Most passwords that one request may bring.
pub const MAX_PASSWORDS: usize = 20;

/// Every text that carrying out this body may hash, once for each place where it stands: a member named
/// `password`, whatever stands before the name and however it is written, and the `value` of an operation
/// whose `path` names it. A place where the directory keeps no password may be among them.
/// Of `{"Operations": [{"op": "replace", "path": "Password", "value": ["t1"]}]}` it is `t1`.
pub fn passwords(body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    gather(body, false, &mut found);
    found
}

/// `is_inner` is said within a bulk operation's data that came as text.
fn gather(value: &Value, is_inner: bool, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather(item, is_inner, found)),
        Value::Object(map) => {
            let is_targeted = map
                .iter()
                .any(|(name, path)| is_member(name, "path") && path.as_str().is_some_and(names_password));
            for (name, value) in map {
                match value {
                    value if names_password(name) || (is_targeted && is_member(name, "value")) => {
                        texts(value, found);
                    }
                    Value::String(text) if is_member(name, "data") && !is_inner => {
                        if let Ok(value) = serde_json::from_str(text) {
                            gather(&value, true, found);
                        }
                    }
                    value => gather(value, is_inner, found),
                }
            }
        }
        _ => {}
    }
}

fn is_member(name: &str, wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted)
}

/// Whether a member's name or a path ends in the attribute `password`.
pub(super) fn names_password(name: &str) -> bool {
    name.rsplit([':', '.']).next().is_some_and(|name| name.trim().eq_ignore_ascii_case("password"))
}

/// All texts within a value, and what else a profile may read as a text.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::String(text) => found.push(text.clone()),
        Value::Bool(_) | Value::Number(_) => found.push(value.to_string()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(map) => map.values().for_each(|value| texts(value, found)),
    }
}
