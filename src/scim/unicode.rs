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

#[cfg(test)]
mod tests {
    use super::{is_mark, nfc, nfd, nfkc};

    #[test]
    fn forms_and_marks() {
        assert_eq!(nfd("é"), "e\u{301}");
        assert_eq!(nfc("e\u{301}"), "é");
        assert_eq!(nfkc("ﬁＡ"), "fiA");
        assert!(is_mark('\u{301}') && is_mark('\u{903}') && !is_mark('é') && !is_mark('a'));
    }
}
