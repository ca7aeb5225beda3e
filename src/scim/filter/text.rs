//! Text compared as the schema says: exactly, or folded without a copy of it.

use std::fmt;

use memchr::memmem::{self, Finder};
use memchr::{memchr_iter, memchr2_iter};

use super::ast::Operator;

/// A text to compare with, folded as the attribute's texts are, and made ready to be searched for.
#[derive(Clone)]
pub struct Needle {
    text: String,
    finder: Option<Box<Finder<'static>>>,
}

impl Needle {
    /// A text that an operator compares with.
    pub fn new(text: String, operator: Operator) -> Self {
        let finder = (operator == Operator::Co).then(|| Box::new(Finder::new(text.as_bytes()).into_owned()));
        Self { text, finder }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn is_in(&self, text: &str) -> bool {
        match &self.finder {
            Some(finder) => finder.find(text.as_bytes()).is_some(),
            None => memmem::find(text.as_bytes(), self.text.as_bytes()).is_some(),
        }
    }
}

impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Needle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(out)
    }
}

/// As it stands (`caseExact: true`), or folded before.
pub(super) fn exact(text: &str, operator: Operator, needle: &Needle) -> bool {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    let wanted = needle.as_str();
    match operator {
        Eq => text == wanted,
        Ne => text != wanted,
        Co => needle.is_in(text),
        Sw => text.starts_with(wanted),
        Ew => text.ends_with(wanted),
        Gt => text > wanted,
        Ge => text >= wanted,
        Lt => text < wanted,
        Le => text <= wanted,
    }
}

/// ASCII without case, short enough that looking again from each letter costs little.
pub(super) fn folded(text: &str, operator: Operator, needle: &Needle) -> bool {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    let (text, wanted) = (text.as_bytes(), needle.as_str().as_bytes());
    let same = |part: Option<&[u8]>| part.is_some_and(|part| part.eq_ignore_ascii_case(wanted));
    let order = || text.iter().map(u8::to_ascii_lowercase).cmp(wanted.iter().copied());
    match operator {
        Eq => same(Some(text)),
        Ne => !same(Some(text)),
        Sw => same(text.get(..wanted.len())),
        Ew => same(text.len().checked_sub(wanted.len()).and_then(|start| text.get(start..))),
        Co => contains(text, wanted),
        Gt => order().is_gt(),
        Ge => order().is_ge(),
        Lt => order().is_lt(),
        Le => order().is_le(),
    }
}

/// `text` in ASCII, `wanted` folded.
fn contains(text: &[u8], wanted: &[u8]) -> bool {
    let Some((first, rest)) = wanted.split_first() else { return true };
    let Some(last_start) = text.len().checked_sub(wanted.len()) else { return false };
    let starts = text.get(..=last_start).unwrap_or_default();
    let follows =
        |at: usize| text.get(at + 1..at + wanted.len()).is_some_and(|part| part.eq_ignore_ascii_case(rest));
    if first.is_ascii_alphabetic() {
        memchr2_iter(*first, first.to_ascii_uppercase(), starts).any(follows)
    } else {
        memchr_iter(*first, starts).any(follows)
    }
}
