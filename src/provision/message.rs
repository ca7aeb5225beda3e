//! What the engine tells, as forms: an English sentence with numbered places, and what stands
//! in them. The form is the message's code. The command line, the edge and all data read plain
//! English; the page is given form and values apart, and says them in its own language.
//!
//! For the page a told text is `OPEN form (NEXT value)* CLOSE`; a value may itself be told.
//! The three marks are noncharacters, which Unicode keeps for such inner use (Unicode
//! Standard §23.7), and JSON leaves them as they are.

use std::fmt::{Display, Write};

/// Before a form.
const OPEN: char = '\u{FDD0}';
/// Before a value.
const NEXT: char = '\u{FDD1}';
/// After the last value.
const CLOSE: char = '\u{FDD2}';

/// A text for people: ``told!("`{0}` has no value", name)``. Without values it is a `&'static str`.
#[cfg(not(feature = "browser"))]
macro_rules! told {
    ($form:literal) => { $form };
    ($form:literal, $($value:expr),+ $(,)?) => { $crate::provision::message::tell($form, &[$(&$value),+]) };
}

/// A text for people: ``told!("`{0}` has no value", name)``. Without values it is a `&'static str`.
#[cfg(feature = "browser")]
macro_rules! told {
    ($form:literal) => { concat!("\u{FDD0}", $form, "\u{FDD2}") };
    ($form:literal, $($value:expr),+ $(,)?) => { $crate::provision::message::tell($form, &[$(&$value),+]) };
}

pub(crate) use told;

/// A form with its values.
pub(crate) fn tell(form: &'static str, values: &[&dyn Display]) -> String {
    if cfg!(feature = "browser") {
        let mut text = String::from(OPEN);
        text.push_str(form);
        for value in values {
            // A `String` takes whatever is written.
            let _ = write!(text, "{NEXT}{value}");
        }
        text.push(CLOSE);
        return text;
    }
    let values = values.iter().map(ToString::to_string);
    fill(&std::iter::once(form.to_owned()).chain(values).collect::<Vec<_>>())
}

/// A text, or JSON text, with all that was told in it in plain English.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut open: Vec<Vec<String>> = Vec::new();
    for letter in text.chars() {
        match (letter, open.last_mut()) {
            (OPEN, _) => open.push(vec![String::new()]),
            (NEXT, Some(parts)) => parts.push(String::new()),
            (CLOSE, Some(_)) => close(&mut open, &mut plain),
            (_, parts) => parts.and_then(|parts| parts.last_mut()).unwrap_or(&mut plain).push(letter),
        }
    }
    // Of a user's text that has such marks nothing is lost either.
    while !open.is_empty() {
        close(&mut open, &mut plain);
    }
    plain
}

fn close(open: &mut Vec<Vec<String>>, plain: &mut String) {
    let text = fill(&open.pop().unwrap_or_default());
    open.last_mut().and_then(|parts| parts.last_mut()).unwrap_or(plain).push_str(&text);
}

/// A form, the first of the parts, with the others in its places.
fn fill(parts: &[String]) -> String {
    let mut pieces = parts.first().map_or("", String::as_str);
    let mut text = String::new();
    while let Some((before, rest)) = pieces.split_once('{') {
        text.push_str(before);
        let mut letters = rest.chars();
        let place = letters.next().and_then(|letter| letter.to_digit(10));
        match (place.and_then(|place| parts.get(place as usize + 1)), letters.next()) {
            (Some(value), Some('}')) => {
                text.push_str(value);
                pieces = letters.as_str();
            }
            _ => {
                text.push('{');
                pieces = rest;
            }
        }
    }
    text + pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_filled_by_number() {
        assert_eq!(plain("a \u{FDD0}`{1}` {{0}} {2} {x}\u{FDD1}A\u{FDD1}B\u{FDD2} z"), "a `B` {A} {2} {x} z");
        assert_eq!(fill(&["{0}{".to_owned(), "a".to_owned()]), "a{");
    }

    #[test]
    fn what_is_told_may_be_told_of() {
        let inner = tell("`{0}` is absent", &[&"mail"]);
        assert_eq!(plain(&tell("{0}; {1}", &[&inner, &told!("send it")])), "`mail` is absent; send it");
    }

    #[test]
    fn marks_that_make_no_sense_do_no_harm() {
        assert_eq!(plain("{0}\u{FDD1}a\u{FDD2}b\u{FDD0}c\u{FDD0}d"), "{0}\u{FDD1}a\u{FDD2}bcd");
    }
}
