//! Escapes in a URI, and a path in its normal form (RFC 3986 §6.2.2): whoever decides by a path decides
//! by this one.

use std::borrow::Cow;

use crate::scim::error::{ScimError, ScimType};

/// Percent-decoding; what is no valid escape stays as it is.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digits = (byte == b'%').then(|| (hex(ahead.next()), hex(ahead.next())));
        match digits {
            Some((Some(high), Some(low))) => {
                bytes.push(high * 16 + low);
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(byte: Option<u8>) -> Option<u8> {
    char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The normal form of a path: it begins with `/`, unreserved characters stand for themselves, other
/// escapes have capital digits, and there is no empty segment, no `.`, no `..` and no `/` at the end.
///
/// Empty segments and the last `/` mean nothing here, which is this service's own decision; all else is
/// what RFC 3986 calls equivalent. `..` leads no higher than the root.
///
/// ```
/// use provisor::scim::uri::normal;
/// assert_eq!(normal("/scim/v2//Users/%2Esearch/").unwrap(), "/scim/v2/Users/.search");
/// ```
///
/// # Errors
/// 400 `invalidPath` for a `%` that begins no escape, and for escapes that are not UTF-8.
pub fn normal(path: &str) -> Result<Cow<'_, str>, ScimError> {
    if is_normal(path) {
        return Ok(Cow::Borrowed(path));
    }
    let mut segments: Vec<String> = Vec::new();
    for segment in path.split('/') {
        match spelled(segment)? {
            segment if segment == "." => {}
            // An empty segment is one that `..` takes back (RFC 3986 §5.2.4).
            segment if segment == ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut whole = String::with_capacity(path.len());
    for segment in segments.iter().filter(|segment| !segment.is_empty()) {
        whole.push('/');
        whole.push_str(segment);
    }
    if whole.is_empty() {
        whole.push('/');
    }
    Ok(Cow::Owned(whole))
}

/// Whether nothing has to be changed: what nearly every request sends.
fn is_normal(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let is_plain = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_in_path);
    rest.is_empty() || rest.split('/').all(is_plain)
}

/// A segment with each character spelled in the one way that it has here.
fn spelled(segment: &str) -> Result<String, ScimError> {
    let mut spelled = String::with_capacity(segment.len());
    let mut decoded = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            decoded.push(byte);
            spell(&mut spelled, byte, is_in_path(byte));
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let escaped = digit().zip(digit()).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        let Some(byte) = escaped else {
            return Err(unreadable("a `%` that begins no escape; send `%25` for the sign itself"));
        };
        decoded.push(byte);
        spell(&mut spelled, byte, is_unreserved(byte));
    }
    if std::str::from_utf8(&decoded).is_err() {
        return Err(unreadable("escapes that are not UTF-8"));
    }
    Ok(spelled)
}

fn spell(spelled: &mut String, byte: u8, stands_for_itself: bool) {
    if stands_for_itself {
        spelled.push(char::from(byte));
        return;
    }
    spelled.push('%');
    for digit in [byte >> 4, byte & 15] {
        spelled.extend(char::from_digit(u32::from(digit), 16).map(|digit| digit.to_ascii_uppercase()));
    }
}

fn unreadable(what: &str) -> ScimError {
    ScimError::bad(ScimType::InvalidPath, format!("the path has {what}"))
}

/// `unreserved` of RFC 3986 §2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What may stand in a segment as it is: `pchar` of RFC 3986 §3.3 without escapes.
fn is_in_path(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@'
        )
}
