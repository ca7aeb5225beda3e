//! The syntax tree of filters and of PATCH paths.

use crate::scim::name::AttributePath;
use crate::scim::span::Span;

/// Comparison operators of RFC 7644 §3.4.2.2 table 3, `pr` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the standard's own")]
pub enum Operator {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

/// A literal to compare with; a JSON scalar.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "JSON's own names")]
pub enum Literal {
    Null,
    Boolean(bool),
    Number(serde_json::Number),
    String(String),
}

/// A filter. Spans are ignored by comparison.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the grammar's own names")]
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Compare {
        path: AttributePath,
        operator: Operator,
        value: Literal,
        value_span: IgnoredSpan,
    },
    Present(AttributePath),
    /// `emails[type eq "work"]`, or with `.value` and an operator after it.
    ValuePath {
        path: AttributePath,
        filter: Box<Filter>,
        then: Option<Box<Filter>>,
    },
}

impl Filter {
    /// The attributes that it names, those within brackets left out.
    pub fn paths(&self) -> Vec<&AttributePath> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::paths).collect(),
            Self::Not(inner) => inner.paths(),
            Self::Compare { path, .. } | Self::Present(path) | Self::ValuePath { path, .. } => vec![path],
        }
    }
}

/// A span that does not take part in comparison.
#[derive(Clone, Copy, Debug, Default)]
pub struct IgnoredSpan(pub Span);
impl PartialEq for IgnoredSpan {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The `path` of a PATCH operation (RFC 7644 §3.5.2): `attr [ "[" filter "]" ] [ "." sub ]`.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchPath {
    /// The attribute, with a sub-attribute where there is no filter.
    pub path: AttributePath,
    /// The value filter.
    pub filter: Option<Filter>,
    /// The sub-attribute after a value filter.
    pub sub_attribute: Option<String>,
}
