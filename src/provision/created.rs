//! Ids that a target gives out while a plan is carried out, in the place of `{{created:SOURCE}}`.

use hashbrown::HashMap;
use serde_json::Value;

/// Puts something else where `{{created:SOURCE}}` stands; `None` when there is nothing to put.
pub(super) fn fill(text: &str, with: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, source, after)) = rest
        .split_once("{{created:")
        .and_then(|(before, after)| after.split_once("}}").map(|(source, after)| (before, source, after)))
    {
        filled.push_str(before);
        filled.push_str(&with(source)?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// The ids given out so far, by source id.
#[derive(Debug, Default)]
pub(super) struct Created(HashMap<String, String>);

impl Created {
    /// Notes what a creation was answered with; false when the answer names no id.
    pub fn note(&mut self, source: &str, answer: &str) -> bool {
        let answer: Value = serde_json::from_str(answer).unwrap_or(Value::Null);
        let id = answer.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
        if let Some(id) = id {
            self.0.insert(source.to_owned(), id.to_owned());
        }
        id.is_some()
    }

    /// A path with every id in it; `None` while one is not known.
    pub fn path(&self, path: &str) -> Option<String> {
        fill(path, |source| self.0.get(source).cloned())
    }

    /// JSON text with every id in it; `None` while one is not known.
    pub fn body(&self, body: &str) -> Option<String> {
        fill(body, |source| {
            let text = Value::String(self.0.get(source)?.clone()).to_string();
            text.strip_prefix('"')?.strip_suffix('"').map(str::to_owned)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stand_where_placeholders_stood() {
        let mut created = Created::default();
        assert!(created.note("a", r#"{"id":"1\"2\""}"#));
        assert!(!created.note("b", "{}"));
        assert_eq!(created.path("/Users/{{created:a}}").as_deref(), Some("/Users/1\"2\""));
        assert_eq!(created.body(r#"["{{created:a}}"]"#).as_deref(), Some(r#"["1\"2\""]"#));
        assert_eq!(created.body(r#"["{{created:b}}"]"#), None);
        assert_eq!(created.body("{{created:").as_deref(), Some("{{created:"));
    }
}
