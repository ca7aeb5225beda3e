//! How a character, and what `\w` and `\s` stand for, are written in ECMAScript.

use crate::provision::message::told;
use std::iter::Peekable;
use std::str::Chars;

/// .NET's word characters, inside a class.
pub(crate) const WORD: &str = r"\p{L}\p{Mn}\p{Nd}\p{Pc}";

/// .NET's white space, inside a class.
pub(crate) const SPACE: &str = r"\f\n\r\t\v\x85\p{Z}";

/// An escape that names a character or a category, the same inside a class and outside.
pub(crate) fn character(letter: char, rest: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let mut hex = |length: usize| -> Result<String, String> {
        let digits: String = rest.by_ref().take(length).collect();
        let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == length);
        match code.and_then(char::from_u32) {
            Some(letter) => Ok(escaped(letter)),
            None => Err(told!("`\\{0}{1}` is not a character of a regular expression", letter, digits)),
        }
    };
    Ok(match letter {
        't' | 'n' | 'r' | 'f' | 'v' => format!("\\{letter}"),
        'a' => r"\x07".into(),
        'e' => r"\x1b".into(),
        '0' => {
            let mut code = 0;
            for _ in 0..2 {
                match rest.next_if(|next| next.is_digit(8)).and_then(|digit| digit.to_digit(8)) {
                    Some(digit) => code = code * 8 + digit,
                    None => break,
                }
            }
            format!(r"\x{code:02x}")
        }
        'c' => match rest.next().map(|next| next.to_ascii_uppercase()) {
            Some(control @ '@'..='_') => format!(r"\x{:02x}", u32::from(control) & 0x1f),
            _ => return Err(told!("`\\c` needs a letter after it, as in `\\cA`").into()),
        },
        'x' => hex(2)?,
        'u' => hex(4)?,
        'p' | 'P' => {
            let name: String = rest.by_ref().skip(1).take_while(|next| *next != '}').collect();
            let category =
                name.len() <= 2 && !name.is_empty() && name.chars().all(|next| next.is_ascii_alphabetic());
            if !category {
                return Err(told!(
                    "`\\{0}{{1}}` cannot be translated; use a category such as `\\p{Lu}`",
                    letter,
                    name
                ));
            }
            format!("\\{letter}{{{name}}}")
        }
        _ if letter.is_alphanumeric() => {
            return Err(told!("`\\{0}` has no meaning in a regular expression", letter));
        }
        _ => escaped(letter),
    })
}

fn escaped(letter: char) -> String {
    let mut text = String::new();
    literal(&mut text, letter);
    text
}

/// Writes a character that stands for itself.
pub(crate) fn literal(out: &mut String, letter: char) {
    if r"^$\.*+?()[]{}|/-&~".contains(letter) {
        // Inside a class these would mean a range or an operation on sets.
        match letter {
            '-' | '&' | '~' => out.push_str(&format!(r"\x{:02x}", u32::from(letter))),
            _ => out.extend(['\\', letter]),
        }
    } else {
        out.push(letter);
    }
}
