//! A .NET character class, `[a-z\w-[aeiou]]`, in ECMAScript. Complements such as `\W`
//! inside a class become alternatives, and a subtraction becomes a look-ahead.

use super::regex_syntax::{SPACE, WORD, character, literal};
use crate::provision::message::told;
use std::iter::Peekable;
use std::str::Chars;

/// How deep subtractions may nest.
const MAX_SUBTRACTIONS: usize = 8;

/// Reads a class after its `[` and writes it anew.
pub(crate) fn class(rest: &mut Peekable<Chars<'_>>, depth: usize) -> Result<String, String> {
    if depth > MAX_SUBTRACTIONS {
        return Err(told!("subtractions nest deeper than {0} in a class", MAX_SUBTRACTIONS));
    }
    let negated = rest.next_if_eq(&'^').is_some();
    let mut items = String::new();
    let mut complements: Vec<String> = Vec::new();
    let mut subtracted = None;
    let mut first = true;
    loop {
        let Some(letter) = rest.next() else {
            return Err(told!("a `[` of the regular expression is never closed").into());
        };
        match letter {
            ']' if !first => break,
            '-' if !first && rest.peek() == Some(&'[') => {
                rest.next();
                subtracted = Some(class(rest, depth + 1)?);
                if rest.next_if_eq(&']').is_none() {
                    return Err(told!("a subtraction must come last in its class").into());
                }
                break;
            }
            '\\' => match rest.next() {
                Some('d') => items.push_str(r"\p{Nd}"),
                Some('D') => items.push_str(r"\P{Nd}"),
                Some('w') => items.push_str(WORD),
                Some('s') => items.push_str(SPACE),
                Some('W') => complements.push(format!("[^{WORD}]")),
                Some('S') => complements.push(format!("[^{SPACE}]")),
                Some('b') => items.push_str(r"\x08"),
                Some(escaped) => {
                    let low = character(escaped, rest)?;
                    items.push_str(&low);
                    if !matches!(escaped, 'p' | 'P') {
                        range(rest, &mut items)?;
                    }
                }
                None => return Err(told!("a `[` of the regular expression is never closed").into()),
            },
            _ => {
                literal(&mut items, letter);
                range(rest, &mut items)?;
            }
        }
        first = false;
    }
    Ok(written(negated, &items, &complements, subtracted))
}

/// The rest of a range such as `-z`, if there is one.
fn range(rest: &mut Peekable<Chars<'_>>, items: &mut String) -> Result<(), String> {
    let mut ahead = rest.clone();
    if ahead.next() != Some('-') {
        return Ok(());
    }
    match ahead.next() {
        None | Some(']' | '[') => return Ok(()),
        Some('\\') if ahead.peek().is_some_and(|next| "dDwWsSpP".contains(*next)) => return Ok(()),
        Some(_) => {}
    }
    rest.next();
    items.push('-');
    match rest.next() {
        Some('\\') => {
            let Some(escaped) = rest.next() else { return Ok(()) };
            items.push_str(&character(escaped, rest)?);
        }
        Some(high) => literal(items, high),
        None => {}
    }
    Ok(())
}

fn written(negated: bool, items: &str, complements: &[String], subtracted: Option<String>) -> String {
    let refused = subtracted.map(|class| format!("(?!{class})")).unwrap_or_default();
    if negated {
        let refused_too: String = complements.iter().map(|class| format!("(?!{class})")).collect();
        let all = if items.is_empty() { r"[\s\S]".to_owned() } else { format!("[^{items}]") };
        return format!("(?:{refused}{refused_too}{all})");
    }
    let mut choices: Vec<String> = complements.to_vec();
    if !items.is_empty() {
        choices.push(format!("[{items}]"));
    }
    match choices.as_slice() {
        [only] if refused.is_empty() => only.clone(),
        _ => format!("(?:{refused}(?:{}))", choices.join("|")),
    }
}
