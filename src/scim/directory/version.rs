//! Versions and conditions on them (RFC 7644 §3.14, RFC 9110 §13).

use super::Record;
use crate::scim::error::ScimError;

/// A record's entity tag: `W/"3"`.
pub fn etag(record: &Record) -> String {
    format!("W/\"{}\"", record.version)
}

/// Whether a list of entity tags names this one: `*`, or a weak comparison, as RFC 7644 uses
/// weak tags with `If-Match` too.
pub fn names_etag(tags: &str, etag: &str) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    tags.split(',').map(str::trim).any(|tag| tag == "*" || opaque(tag) == opaque(etag))
}

/// `If-Match`, where it was sent.
///
/// # Errors
/// 412 when the record is at another version.
pub fn require(record: &Record, if_match: Option<&str>) -> Result<(), ScimError> {
    let present = etag(record);
    match if_match {
        Some(wanted) if !names_etag(wanted, &present) => {
            let detail = format!("the resource is at version {present}, not {wanted}; read it again");
            Err(ScimError::new(412, detail))
        }
        _ => Ok(()),
    }
}
