//! What may be written next in an expression: functions, source attributes and, inside a
//! target path, the attributes that the target knows.

use super::functions;
use crate::provision::sort::sort;
use crate::scim::unicode::lowercase;
use serde::Serialize;

/// Most suggestions given at once.
const MOST: usize = 60;

/// What a suggestion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SuggestionKind {
    /// A function of the expression language.
    Function,
    /// An attribute of the source.
    Attribute,
    /// A target path.
    Target,
}

/// One thing that may be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    /// What it is.
    pub kind: SuggestionKind,
    /// What is shown: `Join` or `[mail]`.
    pub label: String,
    /// What is written.
    pub insert: String,
    /// How it is used: `Join(separator, source, …)`.
    pub usage: String,
    /// What it does, in one line; empty when the name says it.
    pub about: String,
}

/// The suggestions and the part of the text that they replace, in UTF-8 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Completion {
    /// Where the replaced part begins.
    pub from: usize,
    /// One past its end.
    pub to: usize,
    /// The best first.
    pub options: Vec<Suggestion>,
}

/// Completes an expression at `at` (UTF-8 bytes). Inside a text there is nothing to say.
#[must_use]
pub fn complete(text: &str, at: usize, attributes: &[String]) -> Option<Completion> {
    let before = text.get(..at)?;
    let mut quoted = false;
    let mut bracket = None;
    let mut escaped = false;
    for (place, letter) in before.char_indices() {
        match letter {
            '"' if !escaped && bracket.is_none() => quoted = !quoted,
            '[' if !quoted => bracket = Some(place),
            ']' if !quoted => bracket = None,
            _ => {}
        }
        escaped = quoted && letter == '\\' && !escaped;
    }
    if quoted {
        return None;
    }
    let from = bracket.unwrap_or_else(|| {
        let word = |letter: char| letter.is_alphanumeric() || letter == '_';
        before
            .char_indices()
            .rev()
            .take_while(|(_, letter)| word(*letter))
            .last()
            .map_or(at, |(place, _)| place)
    });
    let typed = lowercase(before.get(from..)?.trim_start_matches('['));
    let after = text.get(at..)?;
    let to = match bracket {
        // A name under way is replaced whole, its closing bracket included.
        Some(_) => {
            let rest = after.find([']', ',', ')', '"']).unwrap_or(after.len());
            at + rest + usize::from(after.get(rest..).is_some_and(|rest| rest.starts_with(']')))
        }
        None => at,
    };
    let mut options: Vec<(usize, Suggestion)> = Vec::new();
    if bracket.is_none() {
        for function in functions() {
            if let Some(rank) = rank(function.name, &typed) {
                let call = format!("{}(", function.name);
                let insert = if after.starts_with('(') { function.name.to_owned() } else { call };
                options.push((
                    rank,
                    Suggestion {
                        kind: SuggestionKind::Function,
                        label: function.name.to_owned(),
                        insert,
                        usage: function.usage(),
                        about: function.about.to_owned(),
                    },
                ));
            }
        }
    }
    for name in attributes {
        if let Some(rank) = rank(name, &typed) {
            let label = format!("[{name}]");
            options.push((
                rank,
                Suggestion {
                    kind: SuggestionKind::Attribute,
                    insert: label.clone(),
                    label,
                    usage: String::new(),
                    about: String::new(),
                },
            ));
        }
    }
    sort(&mut options, |one, other| one.0.cmp(&other.0));
    let options = options.into_iter().take(MOST).map(|(_, option)| option).collect();
    Some(Completion { from, to, options })
}

/// The target paths that fit what is typed.
#[must_use]
pub fn complete_target(typed: &str, targets: &[String]) -> Vec<Suggestion> {
    let wanted = lowercase(typed.trim());
    let mut options: Vec<(usize, &String)> =
        targets.iter().filter_map(|name| rank(name, &wanted).map(|rank| (rank, name))).collect();
    sort(&mut options, |one, other| one.0.cmp(&other.0));
    let suggestion = |name: &String| Suggestion {
        kind: SuggestionKind::Target,
        label: name.clone(),
        insert: name.clone(),
        usage: String::new(),
        about: String::new(),
    };
    options.into_iter().take(MOST).map(|(_, name)| suggestion(name)).collect()
}

/// 0 begins with what is typed, 1 holds it, `None` neither.
fn rank(name: &str, typed: &str) -> Option<usize> {
    let name = lowercase(name);
    let last = name.rsplit(':').next().unwrap_or(&name);
    if name.starts_with(typed) || last.starts_with(typed) {
        Some(0)
    } else {
        name.contains(typed).then_some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str, at: usize) -> Vec<String> {
        let attributes = ["mail".to_owned(), "extension_9_costCenter".to_owned()];
        complete(text, at, &attributes)
            .map(|completion| completion.options.into_iter().map(|option| option.label).collect())
            .unwrap_or_default()
    }

    #[test]
    fn functions_and_attributes_by_what_is_typed() {
        assert_eq!(labels("Jo", 2).first().map(String::as_str), Some("Join"));
        assert!(labels("ma", 2).contains(&"[mail]".to_owned()));
        assert!(labels("Join(\"\", [cost", 14).contains(&"[extension_9_costCenter]".to_owned()));
        assert!(labels("Join(\"mai", 9).is_empty());
    }

    #[test]
    fn a_name_in_brackets_is_replaced_whole() {
        let found = complete("Trim([mai])", 8, &["mail".to_owned()]).expect("inside brackets");
        assert_eq!((found.from, found.to), (5, 10));
        assert_eq!(found.options.first().map(|option| option.insert.as_str()), Some("[mail]"));
    }

    #[test]
    fn a_call_is_not_opened_twice() {
        let found = complete("Joi(", 3, &[]).expect("a word");
        assert_eq!(found.options.first().map(|option| option.insert.as_str()), Some("Join"));
    }

    #[test]
    fn places_are_bytes_and_never_inside_a_letter() {
        let text = "Join(\"ä\", [ma";
        assert_eq!(complete(text, text.len(), &["mail".to_owned()]).map(|found| found.from), Some(11));
        assert_eq!(complete(text, 7, &[]), None);
    }
}
