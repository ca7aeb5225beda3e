//! Attribute names and paths (RFC 7643 §2.1, RFC 7644 §3.10).

use super::span::Span;

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
