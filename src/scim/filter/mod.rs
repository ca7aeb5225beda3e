//! Filters (RFC 7644 §3.4.2.2): text → lex → parse → ast → compile against the schema →
//! evaluate; `lower` turns one into an index predicate; `print` turns one back to text.

pub mod ast;
pub mod compile;
pub mod eval;
mod lex;
pub mod lower;
mod parse;
mod print;
mod text;

pub use ast::{Filter, Literal, Operator, PatchPath};
pub use compile::{Compiled, compile, compile_among, compile_for};
pub use eval::{matches, matches_within};
pub use lower::{INDEXED, lower};
pub use parse::{parse, parse_patch_path, parse_patch_path_words, parse_words};
pub use text::Needle;

use crate::scim::error::{ScimError, ScimType, excerpt, shown};
use crate::scim::span::Span;

/// Longest filter, in bytes.
pub const MAX_LENGTH: usize = 8_192;
/// Deepest nesting of groups and value paths.
pub const MAX_DEPTH: usize = 64;
/// Most comparisons in one filter.
pub const MAX_TERMS: usize = 256;

/// Why a filter or a path could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Where, in bytes of the text.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that is known.
    pub help: Option<String>,
}

impl FilterError {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The 400 to answer with; `scim_type` tells a filter from a PATCH path.
    pub fn into_scim(self, scim_type: ScimType, text: &str) -> ScimError {
        let column = self.span.utf16(text).start + 1;
        let help = self.help.map(|help| format!("; {help}")).unwrap_or_default();
        let around = excerpt(text, self.span.start, EXCERPT);
        let message = excerpt(&self.message, 0, MESSAGE);
        ScimError::bad(scim_type, format!("{message} (column {column} of `{around}`){}", shown(&help)))
    }
}

/// Most bytes of a text that an error repeats, and of what it says of it.
const EXCERPT: usize = 256;
const MESSAGE: usize = 600;
