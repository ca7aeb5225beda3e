//! Under which keys KV holds the copy, and what stands beside each document.

use serde::{Deserialize, Serialize};

use crate::edge::store::outbox::{MEMBERS, SCHEMAS};
use crate::scim::auth::token::hash;

/// What stands beside a published document.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Published {
    /// The resource's ETag; empty for a tombstone.
    pub etag: String,
    /// The journal's sequence number that the copy has caught up with.
    pub seq: i64,
    /// There is no such resource, or no longer: a tombstone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// Of a group: its members are in chunks, the first of which begins with no id.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chunked: bool,
    /// Of a chunk: the first id of the next one; empty for the last.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub until: String,
}

/// The copy's key: by id where `attribute` is empty, else by a unique key or a chunk's
/// first member, hashed so that no name stands in a key and none is too long for one.
pub(super) fn copy_key(tenant: &str, kind: &str, attribute: &str, value: &str) -> String {
    match attribute {
        "" if kind == SCHEMAS => format!("copy/{tenant}/schemas"),
        "" => format!("copy/{tenant}/{kind}/{value}"),
        MEMBERS => match value.split_once('/') {
            Some((group, "")) => format!("copy/{tenant}/{kind}/{group}/members"),
            Some((group, first)) => format!("copy/{tenant}/{kind}/{group}/members/{}", hash(first)),
            None => format!("copy/{tenant}/{kind}/{value}/members"),
        },
        _ => format!("copy/{tenant}/{kind}/{attribute}/{}", hash(value)),
    }
}
