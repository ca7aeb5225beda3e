//! What is wrong with an expression while it is being written, and the changes that would
//! mend it: each names the text it replaces, so that one press applies it.

use super::{Expression, ExpressionError, Kind, functions, lint, nearest, parse};
use crate::provision::diagnostic::Severity;
use crate::provision::message::told;
use crate::scim::span::Span;
use serde::Serialize;

/// A change that mends a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// What the button says: ``write `Switch` ``.
    pub label: String,
    /// What is replaced, in UTF-8 bytes.
    pub span: Span,
    /// What stands there instead.
    pub insert: String,
}

/// One finding in an expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// A stable name.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead, in words.
    pub help: Option<String>,
    /// Where, in UTF-8 bytes.
    pub span: Span,
    /// What would mend it.
    pub fixes: Vec<Fix>,
}

/// Everything to be said about an expression. `attributes` are those the source has; empty
/// when no source was loaded, and then none is called unknown.
#[must_use]
pub fn findings(text: &str, attributes: &[String]) -> Vec<Finding> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let expression = match parse(text) {
        Ok(expression) => expression,
        Err(error) => {
            let fixes = mend(text, &error);
            return vec![Finding {
                severity: Severity::Error,
                code: error.code.to_owned(),
                message: error.message,
                help: error.help,
                span: visible(text, error.span),
                fixes,
            }];
        }
    };
    let remark = |code: &str, message: String, span: Span, fixes: Vec<Fix>| Finding {
        severity: Severity::Warning,
        code: code.to_owned(),
        message,
        help: None,
        span,
        fixes,
    };
    let mut found: Vec<Finding> = lint(&expression)
        .into_iter()
        .map(|lint| remark(lint.code, lint.message, lint.span, Vec::new()))
        .collect();
    for (name, span) in unknown(&expression, attributes) {
        let near = nearest(name, attributes.iter().map(String::as_str));
        let fixes = near.map(|near| replace(span, format!("[{near}]"))).into_iter().collect();
        let message = told!("the source has no attribute `{0}`: it is null for everyone", name);
        found.push(remark("unknownAttribute", message, span, fixes));
    }
    found
}

/// The attributes that are read and that the source does not have.
fn unknown<'a>(expression: &'a Expression, attributes: &[String]) -> Vec<(&'a str, Span)> {
    let mut names = Vec::new();
    if !attributes.is_empty() {
        expression.visit(&mut |part| {
            if let Kind::Attribute(name) = &part.kind
                && !attributes.iter().any(|known| known.eq_ignore_ascii_case(name))
            {
                names.push((name.as_str(), part.span));
            }
        });
    }
    names
}

/// At least one letter wide, so that it can be underlined.
fn visible(text: &str, span: Span) -> Span {
    if span.start < span.end {
        return span;
    }
    let last = text.char_indices().next_back().map_or(0, |(place, _)| place);
    if span.start >= text.len() {
        Span::new(last, text.len())
    } else {
        let width = text.get(span.start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        Span::new(span.start, span.start + width)
    }
}

fn replace(span: Span, insert: String) -> Fix {
    let label = if insert.is_empty() { told!("remove it").to_owned() } else { told!("write `{0}`", insert) };
    Fix { label, span, insert }
}

/// What would mend a syntax error; only what then parses further is offered.
fn mend(text: &str, error: &ExpressionError) -> Vec<Fix> {
    let found = error.span.of(text);
    let end = Span::new(text.len(), text.len());
    let mut fixes = Vec::new();
    match error.code {
        "unknownFunction" => {
            let near = nearest(found, functions().map(|function| function.name));
            fixes.extend(near.map(|near| replace(error.span, near.to_owned())));
        }
        "syntax" if error.message.contains("is never closed") && found.starts_with('[') => {
            let name = found.find([',', ')', '"']).unwrap_or(found.len());
            let at = error.span.start + name;
            fixes.push(replace(Span::new(at, at), "]".to_owned()));
        }
        "syntax" if error.message.contains("is never closed") && found.starts_with('"') => {
            let comma = found.char_indices().skip(1).find(|(_, letter)| matches!(letter, ',' | ')'));
            let at = error.span.start + comma.map_or(found.len(), |(place, _)| place);
            fixes.push(replace(Span::new(at, at), "\"".to_owned()));
        }
        "syntax" if error.message.contains("is never closed") => fixes.push(replace(end, ")".to_owned())),
        "syntax" if error.message.contains("is neither a function call nor an attribute") => {
            fixes.push(replace(error.span, format!("[{found}]")));
            fixes.push(replace(error.span, format!("\"{found}\"")));
        }
        "syntax" if found == ")" && error.message.contains("follows") => {
            fixes.push(replace(error.span, String::new()));
        }
        "syntax" => match found {
            "\u{201c}" | "\u{201d}" | "\u{201e}" | "'" => fixes.push(straighten(text)),
            ";" => fixes.push(replace(error.span, ",".to_owned())),
            _ if error.message.contains("a comma is missing") => {
                fixes.push(replace(Span::new(error.span.start, error.span.start), ", ".to_owned()));
            }
            _ => {}
        },
        _ => {}
    }
    fixes
}

/// Every typographic quote as a straight one.
fn straighten(text: &str) -> Fix {
    let insert = text.replace(['\u{201c}', '\u{201d}', '\u{201e}', '\''], "\"");
    Fix { label: told!("straighten the quotes").to_owned(), span: Span::new(0, text.len()), insert }
}

/// The text with a fix applied.
#[must_use]
pub fn apply(text: &str, fix: &Fix) -> String {
    let (before, after) =
        (text.get(..fix.span.start).unwrap_or(text), text.get(fix.span.end..).unwrap_or(""));
    format!("{before}{}{after}", fix.insert)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &str) -> String {
        let found = findings(text, &[]);
        let fix = found.first().and_then(|finding| finding.fixes.first()).expect("a fix");
        apply(text, fix)
    }

    #[test]
    fn one_press_mends_what_is_often_wrong() {
        assert_eq!(mended("Swich([a], \"x\", \"1\", \"2\")"), "Switch([a], \"x\", \"1\", \"2\")");
        assert_eq!(mended("join(\"\", [a], [b])"), "Join(\"\", [a], [b])");
        assert_eq!(mended("department"), "[department]");
        assert_eq!(mended("ToLower([a)"), "ToLower([a])");
        assert_eq!(mended("ToLower([a]"), "ToLower([a])");
        assert_eq!(mended("ToLower([a]))"), "ToLower([a])");
        assert_eq!(mended("Join(\u{201c}-\u{201d}, [a], [b])"), "Join(\"-\", [a], [b])");
        assert_eq!(mended("Join(\"-\"; [a]; [b])"), "Join(\"-\", [a]; [b])");
        assert_eq!(mended("Append([a], \"x)"), "Append([a], \"x\")");
    }

    #[test]
    fn an_attribute_the_source_lacks_is_named_with_the_one_that_is_meant() {
        let found = findings("ToLower([departmnt])", &["department".to_owned()]);
        let finding = found.first().expect("a finding");
        assert_eq!((finding.code.as_str(), finding.severity), ("unknownAttribute", Severity::Warning));
        assert_eq!(finding.fixes.first().map(|fix| fix.insert.as_str()), Some("[department]"));
        assert_eq!(finding.span, Span::new(8, 19));
        assert!(findings("ToLower([departmnt])", &[]).is_empty());
    }

    #[test]
    fn an_error_at_the_end_can_be_seen() {
        let finding = findings("Join(\"ä\",", &[]).remove(0);
        assert!(finding.span.start < finding.span.end);
    }
}
