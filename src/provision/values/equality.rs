//! Whether the target already holds what would flow. `caseExact` is false unless the
//! target's schema says otherwise, so a mere change of case is no change; booleans are
//! equal however they are spelled; several values are a set.

use crate::scim::unicode::lowercase;
use serde_json::Value;
use std::borrow::Cow;

/// Whether two values are the same to Entra.
pub(crate) fn same(new: &Value, old: &Value, case_exact: bool) -> bool {
    match (new, old) {
        (Value::Array(new), Value::Array(old)) => {
            let within = |some: &[Value], all: &[Value]| {
                some.iter().all(|x| all.iter().any(|y| same(x, y, case_exact)))
            };
            within(new, old) && within(old, new)
        }
        (Value::Array(new), old) => matches!(new.as_slice(), [only] if same(only, old, case_exact)),
        (new, Value::Object(old)) if !new.is_object() => {
            old.get("value").is_some_and(|old| same(new, old, case_exact))
        }
        (Value::Object(new), Value::Object(old)) => {
            let value =
                |object: &serde_json::Map<String, Value>| object.get("value").cloned().unwrap_or(Value::Null);
            same(&value(new), &value(old), case_exact)
        }
        (Value::Null, Value::Null) => true,
        _ => match (plain(new), plain(old)) {
            (Some(new), Some(old)) => same_text(&new, &old, case_exact),
            _ => false,
        },
    }
}

/// Whether two texts are the same to Entra.
pub(crate) fn same_text(new: &str, old: &str, case_exact: bool) -> bool {
    if new == old {
        return true;
    }
    if boolean(new) && boolean(old) {
        return new.eq_ignore_ascii_case(old);
    }
    if case_exact {
        return false;
    }
    if new.is_ascii() && old.is_ascii() {
        return new.eq_ignore_ascii_case(old);
    }
    lowercase(new) == lowercase(old)
}

fn plain(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Bool(true) => Some("True".into()),
        Value::Bool(false) => Some("False".into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::String(text) => Some(text.as_str().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn boolean(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn case_spelling_and_order_are_no_change() {
        assert!(same(&json!("ANA@b.example"), &json!("ana@B.example"), false));
        assert!(!same(&json!("ANA"), &json!("ana"), true));
        assert!(same(&json!(true), &json!("True"), true));
        assert!(same(&json!(["a", "b"]), &json!(["B", "A"]), false));
        assert!(!same(&json!(["a"]), &json!(["a", "b"]), false));
        assert!(same(&json!("2"), &json!({"value": "2"}), true));
        assert!(!same(&json!(""), &Value::Null, false));
    }
}
