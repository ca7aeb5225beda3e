//! Unicode's normal forms and marks (UAX #15), by whoever has the tables: the JavaScript
//! engine where there is one, which costs no bytes in wasm, else a crate.

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

    pub(super) fn normalize(text: &str, form: &str) -> String {
        match form {
            "NFD" => text.nfd().collect(),
            "NFC" => text.nfc().collect(),
            "NFKD" => text.nfkd().collect(),
            _ => text.nfkc().collect(),
        }
    }

    pub(super) fn is_mark(letter: char) -> bool {
        unicode_normalization::char::is_combining_mark(letter)
    }
}

#[cfg(all(target_arch = "wasm32", any(feature = "edge", feature = "browser")))]
mod tables {
    use js_sys::{JsString, RegExp};

    pub(super) fn normalize(text: &str, form: &str) -> String {
        JsString::from(text).normalize(form).into()
    }

    pub(super) fn is_mark(letter: char) -> bool {
        thread_local! {
            static MARK: RegExp = RegExp::new("^\\p{M}$", "u");
        }
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
    use super::{is_mark, lower, lowercase, nfc, nfd, nfkc, upper};

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
