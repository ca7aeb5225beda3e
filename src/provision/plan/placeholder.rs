//! References to objects that a plan has yet to create: where in a request they stand, and the
//! ids that the target gives out, which take those places. Nothing is looked for in texts, so
//! that no value of the data can be taken for a reference.

use super::report::{CreatedReference, PlannedRequest};
use crate::provision::address::{encoded, is_usable, segment};
use hashbrown::HashMap;
use serde_json::Value;

/// What people read in the place of an id that is not given out yet.
pub(in crate::provision) fn placeholder(source: &str) -> String {
    format!("{{{{created:{source}}}}}")
}

/// The same in a path.
pub(in crate::provision) fn placeholder_segment(source: &str) -> String {
    placeholder(&encoded(source))
}

/// A request's path with something else as its last segment where that is a reference; `None`
/// when there is nothing to put.
pub(in crate::provision) fn path(
    request: &PlannedRequest,
    with: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    match endpoint(request) {
        Some((before, source)) => Some(format!("{before}{}", with(source)?)),
        None => Some(request.path.clone()),
    }
}

/// What comes before the reference in a path whose last segment is one, and the source object.
pub(in crate::provision) fn endpoint(request: &PlannedRequest) -> Option<(&str, &str)> {
    let reference = request.references.iter().find(|reference| reference.pointer.is_none())?;
    let before = request.path.strip_suffix(&placeholder_segment(&reference.source))?;
    Some((before, &reference.source))
}

/// Puts something else at each place of a body that is a reference; `None` when there is nothing
/// to put.
pub(in crate::provision) fn body(
    body: &mut Value,
    references: &[CreatedReference],
    with: impl Fn(&str) -> Option<String>,
) -> Option<()> {
    for reference in references {
        if let Some(pointer) = &reference.pointer {
            *body.pointer_mut(pointer)? = Value::String(with(&reference.source)?);
        }
    }
    Some(())
}

/// The ids given out so far, by source id.
#[derive(Debug, Default)]
pub(in crate::provision) struct Created(HashMap<String, String>);

impl Created {
    /// Notes what a creation was answered with; false when the answer names no id
    /// that a path can name.
    pub fn note(&mut self, source: &str, answer: &str) -> bool {
        let answer: Value = serde_json::from_str(answer).unwrap_or(Value::Null);
        let id = answer.get("id").and_then(Value::as_str).filter(|id| is_usable(id));
        if let Some(id) = id {
            self.0.insert(source.to_owned(), id.to_owned());
        }
        id.is_some()
    }

    /// The id of an object that was created.
    pub fn id(&self, source: &str) -> Option<&str> {
        self.0.get(source).map(String::as_str)
    }

    /// A request's path with the id in it; `None` while it is not known, or where no path can
    /// name it.
    pub fn path(&self, request: &PlannedRequest) -> Option<String> {
        path(request, |source| segment(self.id(source)?))
    }

    /// A request's body, which is JSON text, with every id in it; `None` while one is not known.
    pub fn body(&self, text: &str, references: &[CreatedReference]) -> Option<String> {
        if references.iter().all(|reference| reference.pointer.is_none()) {
            return Some(text.to_owned());
        }
        let mut parsed: Value = serde_json::from_str(text).ok()?;
        body(&mut parsed, references, |source| self.id(source).map(str::to_owned))?;
        Some(parsed.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(path: &str, body: Value, references: &[(Option<&str>, &str)]) -> PlannedRequest {
        let reference = |(pointer, source): &(Option<&str>, &str)| CreatedReference {
            pointer: pointer.map(str::to_owned),
            source: (*source).to_owned(),
        };
        PlannedRequest {
            id: "members:g".to_owned(),
            depends_on: Vec::new(),
            method: "PATCH".to_owned(),
            path: path.to_owned(),
            headers: std::collections::BTreeMap::new(),
            body,
            references: references.iter().map(reference).collect(),
        }
    }

    #[test]
    fn ids_stand_at_the_places_named_and_nowhere_else() {
        let mut created = Created::default();
        assert!(created.note("a}}", r#"{"id":"1\"/2"}"#));
        assert!(!created.note("b", "{}"));
        let body = json!({"displayName": "{{created:a}}}}", "members": [{"value": "{{created:a}}}}"}]});
        let one =
            request("/Groups/{{created:a%7D%7D}}", body, &[(None, "a}}"), (Some("/members/0/value"), "a}}")]);
        assert_eq!(created.path(&one).as_deref(), Some("/Groups/1%22%2F2"));
        let filled = created.body(&one.body.to_string(), &one.references).unwrap();
        let wanted = json!({"displayName": "{{created:a}}}}", "members": [{"value": "1\"/2"}]});
        assert_eq!(serde_json::from_str::<Value>(&filled).unwrap(), wanted);
        let two =
            request("/Users/{{created:b}}", json!(["{{created:b}}"]), &[(None, "b"), (Some("/0"), "b")]);
        assert_eq!(created.path(&two), None);
        assert_eq!(created.body(&two.body.to_string(), &two.references), None);
        let data = request("/Users/1", json!("{{created:b}}"), &[]);
        assert_eq!(
            created.body(&data.body.to_string(), &data.references).as_deref(),
            Some("\"{{created:b}}\"")
        );
    }
}
