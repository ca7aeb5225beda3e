//! What is told of a file that was read, or why it could not be.

use serde::Serialize;

/// What was understood of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadReport {
    /// `users`, `groups`, `members`, `assignments`, `roles`, `target` or, for several at once, `mixed`.
    pub kind: String,
    /// How many records were taken.
    pub rows: usize,
    /// The source attributes that were seen, in the provisioning vocabulary.
    pub columns: Vec<String>,
    /// What was not understood or deserves a look.
    pub notes: Vec<String>,
}

/// Why a file could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InputError {
    /// What is wrong.
    pub message: String,
    /// What to send instead.
    pub help: Option<String>,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The byte of that line, from 1, where it is known.
    pub column: Option<usize>,
    /// The headers of a table none of whose columns is known.
    pub headers: Vec<String>,
}

impl InputError {
    /// An error with its remedy.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        let help = Some(help.into());
        Self { message: message.into(), help, line: None, column: None, headers: Vec::new() }
    }

    /// The same, at a line.
    #[must_use]
    pub fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }
}

impl std::fmt::Display for InputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InputError {}
