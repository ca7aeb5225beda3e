//! Versions and conditions on them (RFC 7644 §3.14, RFC 9110 §13).

use serde_json::Value;

use super::Record;
use crate::scim::error::ScimError;

/// A record's entity tag: `W/"3"`.
pub fn etag(record: &Record) -> String {
    format!("W/\"{}\"", record.version)
}

/// The entity tag of a representation: a user's with what is joined to it when it is read, as the groups
/// change while the user's own version stands still: `W/"3-1f0c…"`.
pub fn etag_with(record: &Record, joined: &[Value]) -> String {
    if joined.is_empty() {
        return etag(record);
    }
    // FNV-1a: it tells lists apart, and guards nothing.
    let parts = joined.iter().flat_map(|one| ["value", "display", "type"].map(|name| one.get(name)));
    let text: String = parts.map(|part| part.map(Value::to_string).unwrap_or_default()).collect();
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("W/\"{}-{hash:016x}\"", record.version)
}

/// Whether a list of entity tags names this one: `*`, or a weak comparison, as RFC 7644 uses
/// weak tags with `If-Match` too.
pub fn names_etag(tags: &str, etag: &str) -> bool {
    each(tags).any(|tag| tag == "*" || tag == opaque(etag))
}

/// Whether a list of entity tags names the record's version, with whatever was joined to it: a write
/// changes what is the resource's own.
pub fn names_version(tags: &str, record: &Record) -> bool {
    let etag = etag(record);
    let own = |tag: &str| match tag.split_once('-') {
        Some((version, _)) => format!("{version}\""),
        None => tag.to_owned(),
    };
    each(tags).any(|tag| tag == "*" || own(tag) == opaque(&etag))
}

fn each(tags: &str) -> impl Iterator<Item = &str> {
    tags.split(',').map(|tag| opaque(tag.trim()))
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// `If-Match`, where it was sent.
///
/// # Errors
/// 412 when the record is at another version.
pub fn require(record: &Record, if_match: Option<&str>) -> Result<(), ScimError> {
    match if_match {
        Some(wanted) if !names_version(wanted, record) => {
            let present = etag(record);
            let detail = format!("the resource is at version {present}, not {wanted}; read it again");
            Err(ScimError::new(412, detail))
        }
        _ => Ok(()),
    }
}
