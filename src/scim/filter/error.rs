//! Why a filter or a path could not be read, and how that is told.

use std::fmt;

use crate::scim::error::{ScimError, ScimType, excerpt, shown};
use crate::scim::span::Span;

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

impl fmt::Display for FilterError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(out, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FilterError {}

/// Most bytes of a text that an error repeats, and of what it says of it.
const EXCERPT: usize = 256;
const MESSAGE: usize = 600;
