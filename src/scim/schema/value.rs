//! Simple values as RFC 7643 §2.3 has them.

use serde_json::Value;

use super::{Attribute, Registry, Type, instant};
use crate::scim::name::fold;

/// What a value should have been, and where that is written.
pub(super) type Wrong = (String, &'static str);

/// Whether a value is of this type.
pub(super) fn check(kind: Type, value: &Value) -> Result<(), Wrong> {
    let text = |fits: fn(&str) -> bool| value.as_str().is_some_and(fits);
    let (right, expected, section) = match kind {
        Type::String => (value.is_string(), "must be text", "RFC 7643 §2.3.1"),
        Type::Boolean => (value.is_boolean(), "must be `true` or `false`", "RFC 7643 §2.3.2"),
        Type::Decimal => (value.is_number(), "must be a number", "RFC 7643 §2.3.3"),
        Type::Integer => (value.is_i64() || value.is_u64(), "must be an integer", "RFC 7643 §2.3.4"),
        Type::DateTime => (
            text(|text| instant(text).is_some()),
            "must be a dateTime such as `2026-01-31T08:00:00Z`",
            "RFC 7643 §2.3.5",
        ),
        Type::Binary => (text(is_base64), "must be base64", "RFC 7643 §2.3.6"),
        Type::Reference => (value.is_string(), "must be a URI", "RFC 7643 §2.3.7"),
        Type::Complex => (value.is_object(), "must be an object", "RFC 7643 §2.3.8"),
    };
    if right { Ok(()) } else { Err((expected.to_owned(), section)) }
}

/// The canonical value that this is, but for its case; itself where there are none.
pub(super) fn canonical<'a>(attribute: &'a Attribute, text: &'a str) -> Option<&'a str> {
    let values = &attribute.canonical_values;
    if values.is_empty() {
        return Some(text);
    }
    if let Some(value) = values.iter().find(|value| *value == text) {
        return Some(value);
    }
    if attribute.case_exact {
        return None;
    }
    let folded = fold(text);
    values.iter().find(|value| fold(value) == folded).map(String::as_str)
}

/// Whether a reference is a URI (RFC 3986) that leads where the attribute says.
pub(super) fn refers(attribute: &Attribute, text: &str, registry: Option<&Registry>) -> Result<(), Wrong> {
    if !is_uri_reference(text) {
        return Err(("must be a URI".into(), "RFC 7643 §2.3.7"));
    }
    let types = &attribute.reference_types;
    let Some(registry) = registry else { return Ok(()) };
    if types.is_empty() || types.iter().any(|name| name == "external" || name == "uri") {
        return Ok(());
    }
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let leads = |name: &String| {
        let endpoint = registry.resource_type(name)?.endpoint.trim_start_matches('/');
        let (before, id) = path.rsplit_once('/')?;
        let last = before.rsplit('/').next()?;
        (!id.is_empty() && last.eq_ignore_ascii_case(endpoint)).then_some(())
    };
    if types.iter().any(|name| leads(name).is_some()) {
        return Ok(());
    }
    let endpoints: Vec<_> = types
        .iter()
        .filter_map(|name| registry.resource_type(name))
        .map(|kind| format!("`{}/{{id}}`", kind.endpoint))
        .collect();
    Err((format!("must lead to {}", endpoints.join(" or ")), "RFC 7643 §7"))
}

/// The characters of RFC 3986, and whole escapes.
fn is_uri_reference(text: &str) -> bool {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let fine = match byte {
            b'%' => {
                let mut digit = || rest.next().is_some_and(|b| b.is_ascii_hexdigit());
                digit() && digit()
            }
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => false,
            _ => byte.is_ascii_graphic(),
        };
        if !fine {
            return false;
        }
    }
    !text.is_empty()
}

/// RFC 4648 §4 or §5, padded to whole fours or not at all.
fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    let plain = body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    let url = body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let whole = if padding == 0 { body.len() % 4 != 1 } else { padding <= 2 && text.len().is_multiple_of(4) };
    whole && (plain || url)
}
