//! Where a target keeps a resource: the endpoint and the id as one segment of a path.

use super::object_kind::ObjectKind;

/// The code of a failure: no path can name the target's id.
pub(crate) const UNUSABLE: &str = "X-UnusableId";

/// Whether a path can name an id. Nothing can name an empty one, and URL parsers resolve `.` and
/// `..` however they are encoded (WHATWG URL, "single-dot" and "double-dot URL path segment").
pub(crate) fn is_usable(id: &str) -> bool {
    !matches!(id, "" | "." | "..")
}

/// An id as one segment of a path (RFC 3986 §3.3), whatever it holds; `None` where no path can
/// name it.
pub(crate) fn segment(id: &str) -> Option<String> {
    is_usable(id).then(|| encoded(id))
}

/// A text with every byte percent-encoded that a segment does not hold as it is.
pub(crate) fn encoded(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'@' => {
                safe.push(char::from(byte));
            }
            other => safe.push_str(&format!("%{other:02X}")),
        }
    }
    safe
}

/// The path of a resource below the Tenant URL.
pub(crate) fn resource_path(kind: ObjectKind, id: &str) -> Option<String> {
    segment(id).map(|segment| format!("{}/{segment}", kind.endpoint()))
}
