//! Unicode's normal forms and marks (UAX #15), by whoever has the tables: the JavaScript
//! engine where there is one, which costs no bytes in wasm, else a crate.
//!
//! An engine sorts the marks after a letter by their class, in a time that grows with the square
//! of their number. So every text is made stream-safe first (UAX #15 §13): after each
//! [`MAX_MARKS`] marks in a row stands a joiner that they do not cross. No text of a language has
//! so many.

/// Most marks in a row that are normalised together (UAX #15 §13).
pub const MAX_MARKS: usize = 30;
/// What is put between more: COMBINING GRAPHEME JOINER.
#[cfg(not(all(target_arch = "wasm32", any(feature = "edge", feature = "browser"))))]
const JOINER: char = '\u{34f}';

/// Whether more marks follow each other than are normalised together.
pub fn has_many_marks(text: &str) -> bool {
    !text.is_ascii() && tables::has_many_marks(text)
}

/// Canonical decomposition. `é` becomes `e` and a combining acute.
pub fn nfd(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { tables::normalize(text, "NFD") }
}

/// Canonical composition. `e` and a combining acute become `é`.
pub fn nfc(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { tables::normalize(text, "NFC") }
}

/// Compatibility composition. `ﬁ` becomes `fi`, a wide letter the narrow one.
pub fn nfkc(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { tables::normalize(text, "NFKC") }
}

/// Compatibility decomposition.
pub fn nfkd(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { tables::normalize(text, "NFKD") }
}

/// The lower case.
pub fn lowercase(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { cases::lowercase(text) }
}

/// The lower case of a character, where that is one character; else the character itself.
pub fn lower(letter: char) -> char {
    if letter.is_ascii() { letter.to_ascii_lowercase() } else { cases::lower(letter).unwrap_or(letter) }
}

/// The upper case of a character, where that is one character; else the character itself.
pub fn upper(letter: char) -> char {
    if letter.is_ascii() { letter.to_ascii_uppercase() } else { cases::upper(letter).unwrap_or(letter) }
}

/// The only one of some.
fn alone(mut letters: impl Iterator<Item = char>) -> Option<char> {
    let first = letters.next();
    if letters.next().is_some() { None } else { first }
}

/// Whether a character is a mark (general category M), such as a combining accent.
pub fn is_mark(letter: char) -> bool {
    // The first mark there is: U+0300.
    letter >= '\u{300}' && tables::is_mark(letter)
}

#[cfg(not(all(target_arch = "wasm32", any(feature = "edge", feature = "browser"))))]
mod tables {
    use unicode_normalization::UnicodeNormalization;

    use super::{JOINER, MAX_MARKS, is_mark as is_any_mark};

    pub(super) fn normalize(text: &str, form: &str) -> String {
        let mut run = 0;
        let safe = text.chars().flat_map(move |letter| {
            run = if letter != JOINER && is_any_mark(letter) { run + 1 } else { 0 };
            let joiner = (run > MAX_MARKS).then_some(JOINER);
            if joiner.is_some() {
                run = 1;
            }
            joiner.into_iter().chain([letter])
        });
        match form {
            "NFD" => safe.nfd().collect(),
            "NFC" => safe.nfc().collect(),
            "NFKD" => safe.nfkd().collect(),
            _ => safe.nfkc().collect(),
        }
    }

    pub(super) fn has_many_marks(text: &str) -> bool {
        let mut run = 0;
        text.chars().any(|letter| {
            run = if letter != JOINER && is_any_mark(letter) { run + 1 } else { 0 };
            run > MAX_MARKS
        })
    }

    pub(super) fn is_mark(letter: char) -> bool {
        unicode_normalization::char::is_combining_mark(letter)
    }
}

#[cfg(all(target_arch = "wasm32", any(feature = "edge", feature = "browser")))]
mod tables {
    use js_sys::{JsString, RegExp};

    thread_local! {
        static MARK: RegExp = RegExp::new("^\\p{M}$", "u");
        // As many as `MAX_MARKS`, and one more; a joiner is a mark that ends a row.
        static MANY: RegExp = RegExp::new("[^\\P{M}\\u034f]{30}(?=[^\\P{M}\\u034f])", "u");
        static EACH: RegExp = RegExp::new("[^\\P{M}\\u034f]{30}(?=[^\\P{M}\\u034f])", "gu");
    }

    pub(super) fn normalize(text: &str, form: &str) -> String {
        let text = JsString::from(text);
        let text = EACH.with(|each| text.replace_by_pattern(each, "$&\u{34f}"));
        text.normalize(form).into()
    }

    pub(super) fn has_many_marks(text: &str) -> bool {
        MANY.with(|many| many.test(text))
    }

    pub(super) fn is_mark(letter: char) -> bool {
        let mut bytes = [0; 4];
        MARK.with(|mark| mark.test(letter.encode_utf8(&mut bytes)))
    }
}

/// The Worker has the tables for its filters anyway.
#[cfg(not(all(target_arch = "wasm32", feature = "browser")))]
mod cases {
    use super::alone;

    pub(super) fn lowercase(text: &str) -> String {
        text.to_lowercase()
    }

    pub(super) fn lower(letter: char) -> Option<char> {
        alone(letter.to_lowercase())
    }

    pub(super) fn upper(letter: char) -> Option<char> {
        alone(letter.to_uppercase())
    }
}

#[cfg(all(target_arch = "wasm32", feature = "browser"))]
mod cases {
    use super::alone;
    use js_sys::JsString;

    pub(super) fn lowercase(text: &str) -> String {
        JsString::from(text).to_lower_case().into()
    }

    pub(super) fn lower(letter: char) -> Option<char> {
        let text: String = JsString::from(letter).to_lower_case().into();
        alone(text.chars())
    }

    pub(super) fn upper(letter: char) -> Option<char> {
        let text: String = JsString::from(letter).to_upper_case().into();
        alone(text.chars())
    }
}

#[cfg(test)]
mod tests {
    use super::{has_many_marks, is_mark, lower, lowercase, nfc, nfd, nfkc, upper};

    #[test]
    fn marks_are_sorted_among_thirty_and_no_more() {
        let marks = |number: usize| format!("a{}", "\u{301}\u{323}".repeat(number / 2));
        assert!(!has_many_marks(&marks(30)) && has_many_marks(&marks(32)));
        let joined = nfc(&marks(32));
        assert_eq!(joined.matches('\u{34f}').count(), 1, "{joined:?}");
        assert!(joined.starts_with("\u{1ea1}\u{323}"), "{joined:?}");
        assert!(!nfc(&marks(30)).contains('\u{34f}'));
        // What is normalised stays as it is.
        assert_eq!(nfc(&joined), joined);
    }

    #[test]
    fn cases() {
        assert_eq!(lowercase("ÀÉ ΟΔΟΣ İ"), "àé οδος i\u{307}");
        assert_eq!((lower('Ä'), lower('İ'), lower('Σ'), lower('A')), ('ä', 'İ', 'σ', 'a'));
        assert_eq!((upper('ä'), upper('ß'), upper('ς'), upper('a')), ('Ä', 'ß', 'Σ', 'A'));
    }

    #[test]
    fn forms_and_marks() {
        assert_eq!(nfd("é"), "e\u{301}");
        assert_eq!(nfc("e\u{301}"), "é");
        assert_eq!(nfkc("ﬁＡ"), "fiA");
        assert!(is_mark('\u{301}') && is_mark('\u{903}') && !is_mark('é') && !is_mark('a'));
    }
}
