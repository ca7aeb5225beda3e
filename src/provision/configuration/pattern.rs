//! The regular expression of a scoping filter.

use crate::provision::expression::Spare;
use crate::provision::expression::regex::Regex;

/// A filter's regular expression, in .NET's syntax, found anywhere in the value.
pub(crate) struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Compiles; the error is in words.
    pub fn compile(text: &str) -> Result<Self, String> {
        Ok(Self { text: text.to_owned(), regex: Regex::new(text, Spare::default())? })
    }

    /// Whether it is found.
    ///
    /// # Errors
    /// A sentence that says why it cannot be said: the value is too long, or searching it took too many steps.
    pub fn is_match(&self, text: &str) -> Result<bool, String> {
        Ok(!self.regex.matches(text)?.is_empty())
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
