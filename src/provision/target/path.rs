//! Target attributes as Entra spells them: `[urn:]attr[filter].sub`, with only `eq` in
//! filters. A path reads a value out of a SCIM resource and writes one into it.
//! RFC 7644 §3.5.2 has the same shape; Entra's quoted `primary eq "True"` and the
//! published `roles[primary eq"True".type]` are its own.

use super::document::Route;
use crate::provision::message::told;
use serde_json::{Map, Value, json};

/// A parsed target attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TargetPath {
    /// The schema's URN, when the path was qualified.
    pub urn: Option<String>,
    /// The attribute.
    pub attribute: String,
    /// `type eq "work"` as (`type`, `work`).
    pub filter: Option<(String, String)>,
    /// The sub-attribute.
    pub sub: Option<String>,
    /// The path was not well formed, but what was meant is clear.
    pub mended: bool,
}

/// A user's attributes of several elements with parts (RFC 7643 §4.1.2).
const SEVERAL: [&str; 8] =
    ["emails", "phoneNumbers", "ims", "photos", "addresses", "entitlements", "roles", "x509Certificates"];

/// URNs that hold a resource's core attributes: their attributes stand at the top.
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:";

impl TargetPath {
    /// Reads a path; the error is in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err(told!("the target attribute is empty").to_owned());
        }
        let open = text.find('[');
        let head = open.map_or(text, |at| text.get(..at).unwrap_or(text));
        let (urn, head) = split_urn(head);
        let mut path = Self { urn, attribute: head.to_owned(), filter: None, sub: None, mended: false };
        if let Some(at) = open {
            let rest = text.get(at + 1..).unwrap_or_default();
            let (inside, after) =
                rest.rsplit_once(']').ok_or_else(|| told!("`{0}` has `[` but no `]`", text))?;
            path.filter_from(inside, text)?;
            match after.strip_prefix('.') {
                Some(sub) => path.sub = Some(sub.to_owned()),
                None if after.is_empty() => {}
                None => {
                    return Err(told!(
                        "`{0}` goes on after `]` with `{1}`; write `.` and a sub-attribute",
                        text,
                        after
                    ));
                }
            }
        } else if let Some((attribute, sub)) = head.split_once('.') {
            path.attribute = attribute.to_owned();
            path.sub = Some(sub.to_owned());
        }
        for name in [Some(&path.attribute), path.sub.as_ref()].into_iter().flatten() {
            let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
            if name.is_empty() || !name.chars().all(good) {
                return Err(told!("`{0}` in `{1}` is no attribute name", name, text));
            }
        }
        Ok(path)
    }

    /// `type eq "work"`; also `primary eq"True".type`, where `]` came too late.
    fn filter_from(&mut self, inside: &str, whole: &str) -> Result<(), String> {
        let wrong = || told!("the filter of `{0}` is not `sub-attribute eq \"value\"`", whole);
        let name: String = inside.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        let rest = inside.trim_start().get(name.len()..).unwrap_or_default();
        let operator = rest.trim_start();
        let word = operator.get(..2).filter(|word| word.eq_ignore_ascii_case("eq")).ok_or_else(wrong)?;
        let literal = operator.get(word.len()..).unwrap_or_default();
        self.mended |= !literal.starts_with(' ');
        let literal = literal.trim();
        let (value, after) = match literal.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or_else(wrong)?,
            None => literal.split_once('.').unwrap_or((literal, "")),
        };
        if name.is_empty() || value.is_empty() {
            return Err(wrong());
        }
        match after.trim() {
            "" => {}
            late => {
                self.sub = Some(late.strip_prefix('.').ok_or_else(wrong)?.to_owned());
                self.mended = true;
            }
        }
        self.filter = Some((name, value.to_owned()));
        Ok(())
    }

    /// The extension's URN, if the attribute lives in one.
    fn extension(&self) -> Option<&str> {
        self.urn.as_deref().filter(|urn| !urn.to_ascii_lowercase().starts_with(&CORE.to_ascii_lowercase()))
    }

    /// Whether an element of a multi-valued attribute is the one the filter means.
    fn admits(&self, element: &Value) -> bool {
        let Some((name, wanted)) = &self.filter else { return true };
        match element.as_object().and_then(|element| member(element, name)) {
            Some(Value::Bool(flag)) => wanted.eq_ignore_ascii_case(if *flag { "true" } else { "false" }),
            Some(Value::String(text)) => text.eq_ignore_ascii_case(wanted),
            Some(Value::Number(number)) => number.to_string() == *wanted,
            _ => false,
        }
    }

    /// What a resource holds there; `None` when nothing does.
    pub fn read<'a>(&self, resource: &'a Value) -> Option<&'a Value> {
        self.read_from(resource.as_object()?)
    }

    /// The same, of a resource's properties.
    pub fn read_from<'a>(&self, resource: &'a Map<String, Value>) -> Option<&'a Value> {
        let mut object = resource;
        if let Some(urn) = self.extension() {
            object = member(object, urn)?.as_object()?;
        }
        let held = member(object, &self.attribute)?;
        let found = match (&self.filter, &self.sub, held) {
            (Some(_), sub, Value::Array(items)) => {
                let element = items.iter().find(|item| self.admits(item))?;
                match sub {
                    Some(sub) => member(element.as_object()?, sub)?,
                    None => element,
                }
            }
            (Some(_), ..) => return None,
            (None, Some(sub), Value::Object(inner)) => member(inner, sub)?,
            (None, Some(sub), Value::Array(items)) => {
                items.iter().find_map(|item| item.as_object().and_then(|item| member(item, sub)))?
            }
            (None, Some(_), _) => return None,
            (None, None, held) => held,
        };
        (!found.is_null()).then_some(found)
    }

    /// Whether a resource holds what the path leads into: the element that the filter means.
    pub fn is_there(&self, resource: &Value) -> bool {
        Self { sub: None, ..self.clone() }.read(resource).is_some()
    }

    /// Where the path leads in a form, from its skeleton: as [`Self::read`] would find it.
    pub fn route(&self, skeleton: &Value) -> Route {
        let leaf = |found: Option<&Value>| match found {
            None | Some(Value::Null) => Route::Nothing,
            Some(Value::Bool(flag)) => Route::Flag(*flag),
            Some(Value::Number(place)) => {
                place.as_u64().and_then(|place| usize::try_from(place).ok()).map_or(Route::Tree, Route::Leaf)
            }
            Some(_) => Route::Tree,
        };
        let Some((name, wanted)) = &self.filter else { return leaf(self.read(skeleton)) };
        let whole = Self { filter: None, sub: None, ..self.clone() };
        let Some(Value::Array(items)) = whole.read(skeleton) else { return Route::Nothing };
        let mut elements = Vec::new();
        for item in items {
            let Some(item) = item.as_object() else { continue };
            let place = match leaf(member(item, name)) {
                Route::Nothing => continue,
                Route::Flag(flag) if wanted.eq_ignore_ascii_case(if flag { "true" } else { "false" }) => None,
                Route::Flag(_) => continue,
                Route::Leaf(place) => Some(place),
                Route::Elements(_) | Route::Tree => return Route::Tree,
            };
            let found = self.sub.as_ref().map_or(Route::Tree, |sub| leaf(member(item, sub)));
            elements.push((place, found));
        }
        if elements.is_empty() { Route::Nothing } else { Route::Elements(elements) }
    }

    /// What the filter wants to see, or nothing.
    pub fn wanted(&self) -> &str {
        self.filter.as_ref().map_or("", |(_, wanted)| wanted)
    }

    /// Puts a value there, making what is missing on the way. An element made for a
    /// filter carries what the filter asks for.
    pub fn write(&self, resource: &mut Map<String, Value>, value: Value) {
        let object = match self.extension() {
            Some(urn) => child(resource, urn),
            None => Some(resource),
        };
        let Some(object) = object else { return };
        match (&self.filter, &self.sub) {
            (Some(_), sub) => {
                let Some(slot) = element(object, &self.attribute, self) else { return };
                match sub {
                    Some(sub) => {
                        slot.insert(sub.clone(), value);
                    }
                    None => {
                        if let Value::Object(fields) = value {
                            slot.extend(fields);
                        }
                    }
                }
            }
            (None, Some(sub)) => {
                if let Some(inner) = child(object, &self.attribute) {
                    inner.insert(sub.clone(), value);
                }
            }
            (None, None) => {
                object.insert(self.attribute.clone(), value);
            }
        }
    }

    /// Where [`Self::write`] has put a value, as a JSON Pointer (RFC 6901).
    pub fn pointer(&self, resource: &Map<String, Value>) -> Option<String> {
        let step = |name: &str| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        let (object, mut pointer) = match self.extension() {
            Some(urn) => (resource.get(urn)?.as_object()?, step(urn)),
            None => (resource, String::new()),
        };
        pointer.push_str(&step(&self.attribute));
        if self.filter.is_some() {
            let elements = object.get(&self.attribute)?.as_array()?;
            pointer.push_str(&format!("/{}", elements.iter().position(|item| self.admits(item))?));
        }
        if let Some(sub) = &self.sub {
            pointer.push_str(&step(sub));
        }
        Some(pointer)
    }

    /// Whether both lead into the same attribute.
    pub fn beside(&self, other: &Self) -> bool {
        let within = |path: &Self| path.extension().map(str::to_ascii_lowercase);
        self.attribute.eq_ignore_ascii_case(&other.attribute) && within(self) == within(other)
    }

    /// Whether both mean the same element of an attribute.
    pub fn same_element(&self, other: &Self) -> bool {
        match (&self.filter, &other.filter) {
            (None, None) => true,
            (Some((name, value)), Some((other, wanted))) => {
                name.eq_ignore_ascii_case(other) && value.eq_ignore_ascii_case(wanted)
            }
            _ => false,
        }
    }

    /// Whether both lead to the same place, however they are spelled.
    pub fn is_same(&self, other: &Self) -> bool {
        let sub = |path: &Self| path.sub.as_ref().map(|sub| sub.to_ascii_lowercase());
        self.beside(other) && self.same_element(other) && sub(self) == sub(other)
    }

    /// Whether both lead into the same attribute, and writing one undoes the other: a whole
    /// beside its parts, or one that is single for one and multi-valued for the other.
    pub fn clashes(&self, other: &Self) -> bool {
        let form = |path: &Self| (path.filter.is_some(), path.filter.is_none() && path.sub.is_none());
        self.beside(other) && form(self) != form(other)
    }

    /// Whether it leads into one of several elements and does not say into which.
    pub fn lacks_filter(&self) -> bool {
        self.extension().is_none()
            && self.filter.is_none()
            && self.sub.is_some()
            && SEVERAL.iter().any(|name| self.attribute.eq_ignore_ascii_case(name))
    }

    /// The same with a filter that is usual there.
    pub fn told_apart(&self) -> Self {
        let filter = match self.attribute.eq_ignore_ascii_case("roles") {
            true => ("primary", "True"),
            false => ("type", "work"),
        };
        Self { filter: Some((filter.0.to_owned(), filter.1.to_owned())), ..self.clone() }
    }

    /// Takes a whole attribute away.
    pub fn remove(&self, resource: &mut Map<String, Value>) {
        let object = match self.extension() {
            Some(urn) => resource.get_mut(urn).and_then(Value::as_object_mut),
            None => Some(resource),
        };
        if let Some(object) = object {
            object.retain(|name, _| !name.eq_ignore_ascii_case(&self.attribute));
        }
    }

    /// Whether this is the attribute of that name, core, unfiltered and whole.
    pub fn is(&self, name: &str) -> bool {
        self.filter.is_none()
            && self.sub.is_none()
            && self.extension().is_none()
            && self.attribute.eq_ignore_ascii_case(name)
    }

    /// Whether the path leads into a role that the service types by itself.
    pub fn is_primary_role(&self) -> bool {
        self.attribute.eq_ignore_ascii_case("roles")
            && self.filter.as_ref().is_some_and(|(name, _)| name.eq_ignore_ascii_case("primary"))
    }
}

impl std::fmt::Display for TargetPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.attribute)?;
        if let Some((name, value)) = &self.filter {
            write!(f, "[{name} eq \"{value}\"]")?;
        }
        self.sub.iter().try_for_each(|sub| write!(f, ".{sub}"))
    }
}

/// Splits the URN off at the last `:`. The version in a URN has a dot, so dots wait until after.
fn split_urn(head: &str) -> (Option<String>, &str) {
    match head.rsplit_once(':') {
        Some((urn, rest)) => (Some(urn.to_owned()), rest),
        None => (None, head),
    }
}

/// A target attribute's path as it should be written, if it can be read at all.
#[must_use]
pub fn mend_target(path: &str) -> Option<String> {
    TargetPath::parse(path).ok().map(|path| path.to_string())
}

/// A member by name, without ASCII case (RFC 7643 §2.1).
pub(crate) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(found) = object.get(name) {
        return Some(found);
    }
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn child<'a>(object: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Map<String, Value>> {
    object.entry(name.to_owned()).or_insert_with(|| json!({})).as_object_mut()
}

/// The element a filter means, made if need be.
fn element<'a>(
    object: &'a mut Map<String, Value>,
    name: &str,
    path: &TargetPath,
) -> Option<&'a mut Map<String, Value>> {
    let list = object.entry(name.to_owned()).or_insert_with(|| json!([])).as_array_mut()?;
    let at = match list.iter().position(|item| path.admits(item)) {
        Some(at) => at,
        None => {
            list.push(seed(path));
            list.len() - 1
        }
    };
    list.get_mut(at)?.as_object_mut()
}

/// A new element for a filter: `type` as text, `primary` as a boolean. A work address
/// is the primary one, and a primary role has the service's own type.
fn seed(path: &TargetPath) -> Value {
    let Some((name, wanted)) = &path.filter else { return json!({}) };
    let mut element = Map::new();
    if path.attribute.eq_ignore_ascii_case("emails") && wanted.eq_ignore_ascii_case("work") {
        element.insert("primary".to_owned(), Value::Bool(true));
    }
    let boolean = name.eq_ignore_ascii_case("primary");
    let value = if boolean { Value::Bool(wanted.eq_ignore_ascii_case("true")) } else { json!(wanted) };
    element.insert(name.clone(), value);
    if path.is_primary_role() {
        element.insert("type".to_owned(), json!("WindowsAzureActiveDirectoryRole"));
    }
    Value::Object(element)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TargetPath {
        TargetPath::parse(text).expect(text)
    }

    #[test]
    fn several_are_what_the_schema_says() {
        use crate::scim::schema::builtin;
        let registry = builtin();
        let user = registry.resource_type("User").expect("User");
        let several = registry
            .core_attributes(user)
            .filter(|attribute| attribute.multi_valued && !attribute.sub_attributes.is_empty())
            .map(|attribute| attribute.name.as_str())
            // What the service itself makes is no target.
            .filter(|name| *name != "groups");
        assert_eq!(several.collect::<Vec<_>>(), SEVERAL);
    }

    #[test]
    fn prints_what_it_read() {
        for text in [
            "userName",
            "name.givenName",
            "emails[type eq \"work\"].value",
            "roles[primary eq \"True\"].value",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "urn:ietf:params:scim:schemas:extension:Acme:2.0:User:badge.color",
        ] {
            assert_eq!(path(text).to_string(), text);
            assert!(!path(text).mended);
        }
    }

    #[test]
    fn mends_the_tutorials_roles() {
        let mended = path("roles[primary eq\"True\".type]");
        assert_eq!(mended.to_string(), "roles[primary eq \"True\"].type");
        assert!(mended.mended);
    }

    #[test]
    fn refuses_what_it_cannot_mean() {
        for text in
            ["", "emails[", "emails[type work].value", "a b", "emails[type eq \"work\"]value", "name."]
        {
            assert!(TargetPath::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn writes_and_reads_back() {
        let mut resource = Map::new();
        path("emails[type eq \"work\"].value").write(&mut resource, json!("a@b.example"));
        path("emails[type eq \"home\"].value").write(&mut resource, json!("c@d.example"));
        path("roles[primary eq \"True\"].value").write(&mut resource, json!("User"));
        path("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department")
            .write(&mut resource, json!("R"));
        let resource = Value::Object(resource);
        assert_eq!(
            resource,
            json!({
                "emails": [{"primary": true, "type": "work", "value": "a@b.example"}, {"type": "home", "value": "c@d.example"}],
                "roles": [{"primary": true, "type": "WindowsAzureActiveDirectoryRole", "value": "User"}],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R"}
            })
        );
        assert_eq!(path("emails[type eq \"home\"].Value").read(&resource), Some(&json!("c@d.example")));
        assert_eq!(path("emails[type eq \"other\"].value").read(&resource), None);
    }
}
