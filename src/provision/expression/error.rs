//! What went wrong in an expression, where, and what to write instead.

use crate::scim::span::Span;
use serde::Serialize;

/// An error of parsing or of evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExpressionError {
    /// A stable name: `syntax`, `unknownFunction`, `wrongArguments`, `badValue`, `badDate`,
    /// `badIndex`, `badPattern`, `conditionFailed`, `raised`, `noUniqueValue`, `tooLong`
    /// or `tooDeep`.
    pub code: &'static str,
    /// What is wrong, in the reader's words.
    pub message: String,
    /// Where, in UTF-8 bytes of the expression.
    pub span: Span,
    /// What to write instead, where it is known.
    pub help: Option<String>,
}

impl ExpressionError {
    /// An error without help.
    pub(crate) fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span, help: None }
    }

    /// The same error with a help line.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for ExpressionError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.message)?;
        match &self.help {
            Some(help) => write!(out, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ExpressionError {}

/// The candidate nearest to `word` when it is near enough to be meant: equal but for
/// case, or a third of its letters changed at most.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_ascii_lowercase();
    candidates
        .map(|candidate| (distance(&lower, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, one row at a time; words longer than 40 are never near.
fn distance(left: &str, right: &str) -> usize {
    if left.len() > 40 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (line, a) in left.chars().enumerate() {
        let mut diagonal = line;
        let mut last = line + 1;
        for (b, cell) in right.chars().zip(row.iter_mut().skip(1)) {
            let cost = (diagonal + usize::from(a != b)).min(last + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, cost);
            last = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}
