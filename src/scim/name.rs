//! Attribute names and paths (RFC 7643 §2.1, RFC 7644 §3.10).

use std::fmt;

use super::span::Span;
use super::unicode::{is_mark, nfc, nfkc, nfkd};

/// `[urn ":"] attr ["." sub]`, as written. Names compare without ASCII case.
#[derive(Clone, Debug)]
pub struct AttributePath {
    /// The schema's URN, when the path was qualified.
    pub urn: Option<String>,
    /// The attribute.
    pub attribute: String,
    /// The sub-attribute.
    pub sub_attribute: Option<String>,
    /// Where it stands in the text it was read from; ignored by comparison.
    pub span: Span,
}

impl PartialEq for AttributePath {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            (None, None) => true,
            _ => false,
        };
        same(&self.urn, &other.urn)
            && self.attribute.eq_ignore_ascii_case(&other.attribute)
            && same(&self.sub_attribute, &other.sub_attribute)
    }
}

impl AttributePath {
    /// Splits a path as written; `offset` is where it starts in the user's text.
    ///
    /// Qualified paths are split at the last `:`, as a URN's own version holds a dot.
    ///
    /// ```
    /// use provisor::scim::name::AttributePath;
    /// let path = AttributePath::parse("urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", 0).unwrap();
    /// assert_eq!(path.attribute, "name");
    /// assert_eq!(path.sub_attribute.as_deref(), Some("givenName"));
    /// ```
    ///
    /// # Errors
    /// The part of `text` that is no name (`ATTRNAME` of RFC 7644 §3.4.2.2), and where it is.
    pub fn parse(text: &str, offset: usize) -> Result<Self, (String, Span)> {
        let span = Span::new(offset, offset + text.len());
        let qualified = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"));
        let (urn, rest) = match (qualified, text.rsplit_once(':')) {
            (true, Some((urn, rest))) => (Some(urn.to_owned()), rest),
            _ => (None, text),
        };
        let (attribute, sub_attribute) = match rest.split_once('.') {
            Some((attribute, sub)) => (attribute, Some(sub)),
            None => (rest, None),
        };
        // A URN alone may end in a version: `urn:example:extension:1.0.2`.
        let is_part = |name: &str| {
            is_name(name) || (urn.is_some() && name.bytes().all(is_urn_byte) && !name.is_empty())
        };
        for name in std::iter::once(attribute).chain(sub_attribute) {
            if !is_part(name) {
                return Err((name.to_owned(), span));
            }
        }
        Ok(Self {
            urn,
            attribute: attribute.to_owned(),
            sub_attribute: sub_attribute.map(str::to_owned),
            span,
        })
    }

    /// The whole text of a URN that was split as if its last part were an attribute.
    pub fn as_urn(&self) -> Option<String> {
        self.urn.as_ref().map(|_| self.to_string())
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(out, "{urn}:")?;
        }
        out.write_str(&self.attribute)?;
        match &self.sub_attribute {
            Some(sub) => write!(out, ".{sub}"),
            None => Ok(()),
        }
    }
}

/// `ATTRNAME = ALPHA *(nameChar)`, and `$ref`, which the schema itself uses.
pub fn is_name(text: &str) -> bool {
    let body = text.strip_prefix('$').unwrap_or(text);
    body.starts_with(|c: char| c.is_ascii_alphabetic())
        && body.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// What a URN that paths and filters name may hold: no bracket, quote, comma or space, which
/// end a path where it stands.
pub const fn is_urn_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b':' | b'.' | b'-' | b'_' | b'$' | b'+' | b'/' | b'~' | b'%' | b'@')
}

/// Folds a value as `caseExact: false` compares it.
///
/// Each character by itself, upper case first, then lower: `ß` and `SS`, `ſ` and `s`, `ς` and
/// `σ` then meet, wherever they stand. The dotless `ı` stays: it is a letter of its own.
pub fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { folded(text).collect() }
}

/// [`fold`], character by character.
pub fn folded(text: &str) -> impl Iterator<Item = char> {
    // The dotless `ı` goes through as it is: only its upper case is `I`.
    text.chars().flat_map(|c| {
        // The capital `ẞ` has no upper case, but folds like `ß`.
        let c = if c == 'ẞ' { 'ß' } else { c };
        let (ascii, dotless) = (c.is_ascii(), c == 'ı');
        let kept = (ascii || dotless).then(|| c.to_ascii_lowercase());
        let other = (!ascii && !dotless).then(|| c.to_uppercase().flat_map(char::to_lowercase));
        kept.into_iter().chain(other.into_iter().flatten())
    })
}

/// How an attribute's texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// As they stand.
    Exact,
    /// Without case: [`fold`].
    Folded,
    /// As RFC 8265 compares user names: [`prepared`].
    Prepared,
}

/// A user name as RFC 8265 §3.3 (UsernameCaseMapped) compares it: full and half width are one,
/// case is mapped, composed and decomposed letters are one.
pub fn prepared(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut narrow = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{3000}' | '\u{ff01}'..='\u{ffee}' => narrow.push_str(&nfkd(c.encode_utf8(&mut [0; 4]))),
            _ => narrow.push(c),
        }
    }
    nfc(&narrow.to_lowercase())
}

/// Whether RFC 8265 lets a prepared text be a user name: visible ASCII, and letters, digits
/// and marks that stand for themselves alone (RFC 8264 §4.2, IdentifierClass).
pub fn is_user_name(prepared: &str) -> bool {
    let fits = |c: char| {
        c.is_ascii_graphic()
            || (!c.is_ascii() && (c.is_alphanumeric() || is_mark(c)) && {
                let mut bytes = [0; 4];
                let alone = &*c.encode_utf8(&mut bytes);
                nfkc(alone) == nfc(alone)
            })
    };
    !prepared.is_empty() && prepared.chars().all(fits)
}
