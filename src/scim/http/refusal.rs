//! What is answered where nothing is done.

use super::reply::Reply;
use crate::scim::error::{ScimError, ScimType};

pub(super) fn no_endpoint(path: &str) -> ScimError {
    ScimError::new(404, format!("there is no endpoint `{path}`; see `/ResourceTypes`"))
}

/// 405, with the methods that are allowed (RFC 9110 §15.5.6).
pub(super) fn not_allowed(method: &str, allowed: &str) -> Reply {
    let allows_get = allowed.starts_with("GET");
    let header = if allows_get { allowed.replacen("GET", "GET, HEAD", 1) } else { allowed.to_owned() };
    let words = match allowed.rsplit_once(", ") {
        Some((first, last)) => format!("{first} or {last}"),
        None => allowed.to_owned(),
    };
    let error = ScimError::new(405, format!("`{method}` is not allowed here; use {words}"));
    Reply::error(&error).header("Allow", header)
}

pub(super) fn invalid(detail: String) -> ScimError {
    ScimError::bad(ScimType::InvalidValue, detail)
}
