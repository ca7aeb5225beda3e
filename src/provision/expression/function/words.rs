//! Words and letters: picking a word, title case, diacritics.

use super::super::Value;
use super::super::ast::{Call, Function};
use super::super::environment::Outcome;
use super::text::{lower, upper};
use super::{entra, maybe, need};
use crate::provision::message::told;
use crate::scim::unicode::{is_mark, nfd};

pub(super) static FUNCTIONS: [Function; 3] = [
    entra(
        "Word",
        &[need("string", "source"), need("wordNumber", "wordNumber"), need("delimiters", "delimiters")],
        told!("the word of that number; each delimiter character separates; \"\" when there is none"),
        word,
    ),
    entra(
        "PCase",
        &[need("source", "source"), maybe("wordSeparators", "wordSeparators")],
        told!("lower case with the first letter of each word in upper case"),
        title_case,
    ),
    entra(
        "NormalizeDiacritics",
        &[need("source", "source")],
        told!("letters without their accents (æ becomes ae, ß becomes ss)"),
        |call| call.map(|_, text| Ok(Some(plain_letters(&text)))),
    ),
];

fn word(call: &mut Call<'_, '_, '_>) -> Outcome {
    let text = call.text_or_empty(0)?;
    let number = call.number(1)?;
    let delimiters = call.text_or_empty(2)?;
    let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let mut words = text.split(|next| delimiters.contains(next)).filter(|word| !word.is_empty());
    let found = place.and_then(|place| words.nth(place)).unwrap_or("");
    Ok(Value::Text(found.to_owned()))
}

/// Without separators, a word begins at the first letter after anything but a letter,
/// a digit's or mark's neighbour or an apostrophe, as .NET's `ToTitleCase` has it.
fn title_case(call: &mut Call<'_, '_, '_>) -> Outcome {
    let separators = call.text(1)?.filter(|separators| !separators.is_empty());
    call.map(|_, text| {
        let mut inside = false;
        let mut titled = String::with_capacity(text.len());
        for letter in lower(&text, false).chars() {
            let starts = !inside && letter.is_alphabetic();
            inside = match &separators {
                Some(separators) => !separators.contains(letter),
                None if inside => letter.is_alphanumeric() || letter == '\'' || is_mark(letter),
                None => letter.is_alphabetic(),
            };
            match starts {
                true => titled.push_str(&upper(&letter.to_string(), false)),
                false => titled.push(letter),
            }
        }
        Ok(Some(titled))
    })
}

/// Special letters are spelled out; from all others the combining marks are dropped.
fn plain_letters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            'æ' | 'ǣ' => plain.push_str("ae"),
            'Æ' | 'Ǣ' => plain.push_str("AE"),
            'ø' | 'ǿ' | 'œ' => plain.push_str("oe"),
            'Ø' | 'Œ' => plain.push_str("OE"),
            'ß' => plain.push_str("ss"),
            'ł' => plain.push('l'),
            'Ł' => plain.push('L'),
            'ı' => plain.push('i'),
            _ if letter.is_ascii() => plain.push(letter),
            _ => plain.extend(nfd(letter.encode_utf8(&mut [0; 4])).chars().filter(|part| !is_mark(*part))),
        }
    }
    plain
}
