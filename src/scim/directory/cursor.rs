//! Cursors (RFC 9865): where a page ends, sealed, so that none can be forged, read, moved to
//! another query or kept for ever. A sort key is somebody's name, and cursors stand in URLs.
//!
//! A place is a row's (`created`, `id`), which never change, after its sort key where the list
//! is sorted. Nothing is kept between pages: what matches throughout appears exactly once,
//! whatever is written meanwhile, as long as its sort key stays.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Context;
use crate::scim::error::{ScimError, ScimType};
use crate::scim::schema::instant;

/// How long a cursor is valid, in seconds.
pub const MAX_CURSOR_SECONDS: i64 = 3_600;
/// Longest cursor read, in bytes.
const MAX_LENGTH: usize = 4_096;
/// Bytes of the MAC that are kept.
const MAC: usize = 16;

/// Where a page begins, and of which query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// When it was given out, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub issued: i64,
    /// The query's [`fingerprint`].
    #[serde(rename = "q")]
    pub query: String,
    /// The page size.
    #[serde(rename = "n")]
    pub count: usize,
    /// How many matched at the first page, where there is a filter: counting again would mean looking
    /// at every match.
    #[serde(rename = "m")]
    pub total: Option<u64>,
    /// Whether the page lies before the place.
    #[serde(rename = "b")]
    pub backwards: bool,
    /// The place.
    #[serde(flatten)]
    pub place: Row,
}

/// A row's place in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Row {
    /// Rows without a sort key come last.
    #[serde(rename = "x")]
    pub lacks_key: bool,
    #[serde(rename = "k")]
    pub key: String,
    /// The resource type's place among those searched.
    #[serde(rename = "p")]
    pub part: usize,
    #[serde(rename = "c")]
    pub created: String,
    #[serde(rename = "i")]
    pub id: String,
}

impl Cursor {
    /// The cursor's text: URL-safe, and only characters that need no escape.
    pub fn write(&self, context: &Context<'_>) -> Result<String, ScimError> {
        let failed = || ScimError::new(500, "the cursor could not be made");
        let mut text = serde_json::to_vec(self).map_err(|_| failed())?;
        let mac = signer(context, &text).ok_or_else(failed)?.finalize().into_bytes();
        let mut bytes: Vec<u8> = mac.iter().take(MAC).copied().collect();
        cover(context, &bytes, &mut text).ok_or_else(failed)?;
        bytes.append(&mut text);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a cursor for the query it was given out for.
    ///
    /// # Errors
    /// `invalidCursor`, `expiredCursor`, `invalidCount`.
    pub fn read(text: &str, context: &Context<'_>, query: &str, count: usize) -> Result<Self, ScimError> {
        let invalid = |detail: &str| ScimError::bad(ScimType::InvalidCursor, detail);
        let unknown = || {
            invalid(
                "`cursor` was not given out here; send a `nextCursor` as received, or an empty one to begin",
            )
        };
        if text.len() > MAX_LENGTH {
            return Err(unknown());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| unknown())?;
        let (mac, body) = bytes.split_at_checked(MAC).ok_or_else(unknown)?;
        let mut body = body.to_vec();
        cover(context, mac, &mut body).ok_or_else(unknown)?;
        signer(context, &body).ok_or_else(unknown)?.verify_truncated_left(mac).map_err(|_| unknown())?;
        let cursor: Self = serde_json::from_slice(&body).map_err(|_| unknown())?;
        if cursor.query != query {
            return Err(invalid(
                "`cursor` belongs to another query; keep endpoint, `filter` and sorting as they were",
            ));
        }
        if cursor.count != count {
            let detail = format!("`count` was {} at the first page; keep it, or begin anew", cursor.count);
            return Err(ScimError::bad(ScimType::InvalidCount, detail));
        }
        let age = instant(context.now).unwrap_or_default() - cursor.issued;
        if age > MAX_CURSOR_SECONDS * 1_000 {
            let detail = format!(
                "`cursor` was given out more than {MAX_CURSOR_SECONDS} s ago; begin anew with an empty one"
            );
            return Err(ScimError::bad(ScimType::ExpiredCursor, detail));
        }
        Ok(cursor)
    }
}

/// What tells queries apart, in a few characters.
pub(super) fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(hash.finalize().iter().take(12).copied().collect::<Vec<_>>())
}

fn signer(context: &Context<'_>, body: &[u8]) -> Option<Hmac<Sha256>> {
    keyed(context, &[b"mac", body])
}

/// Covers a body, or uncovers it: by a stream of HMACs over its own MAC and a number, as the
/// SIV mode does (RFC 5297), with the one primitive that is here anyway.
fn cover(context: &Context<'_>, mac: &[u8], body: &mut [u8]) -> Option<()> {
    for (number, block) in body.chunks_mut(32).enumerate() {
        let stream = keyed(context, &[b"key", mac, &(number as u64).to_be_bytes()])?.finalize().into_bytes();
        block.iter_mut().zip(stream).for_each(|(byte, key)| *byte ^= key);
    }
    Some(())
}

fn keyed(context: &Context<'_>, parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(context.cursor_key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac)
}
