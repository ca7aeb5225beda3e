//! Text compared as the schema says: exactly, or folded without a copy of it.

use memchr::{memchr_iter, memchr2_iter, memmem};

use super::ast::Operator;
use crate::scim::name::{fold, folded as fold_chars};

/// As it stands (`caseExact: true`).
pub(super) fn exact(text: &str, operator: Operator, wanted: &str) -> bool {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    match operator {
        Eq => text == wanted,
        Ne => text != wanted,
        Co => memmem::find(text.as_bytes(), wanted.as_bytes()).is_some(),
        Sw => text.starts_with(wanted),
        Ew => text.ends_with(wanted),
        Gt => text > wanted,
        Ge => text >= wanted,
        Lt => text < wanted,
        Le => text <= wanted,
    }
}

/// Without case; `wanted` is folded already.
pub(super) fn folded(text: &str, operator: Operator, wanted: &str) -> bool {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    if !text.is_ascii() {
        return match operator {
            Eq => fold_chars(text).eq(wanted.chars()),
            Ne => !fold_chars(text).eq(wanted.chars()),
            Sw => {
                let mut text = fold_chars(text);
                wanted.chars().all(|wanted| text.next() == Some(wanted))
            }
            Gt => fold_chars(text).gt(wanted.chars()),
            Ge => fold_chars(text).ge(wanted.chars()),
            Lt => fold_chars(text).lt(wanted.chars()),
            Le => fold_chars(text).le(wanted.chars()),
            Co => fold(text).contains(wanted),
            Ew => fold(text).ends_with(wanted),
        };
    }
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
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

/// Both ASCII, `wanted` in lower case.
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
