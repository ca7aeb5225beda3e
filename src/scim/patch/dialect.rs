//! From operations as sent to strict steps: each with one place, resolved against the
//! schema, and a value of that place's type.

use serde_json::{Map, Value};

use super::op::{Op, Operation};
use super::place::{Place, Step, is_assigned};
use crate::scim::compat::{At, Flag, Reader, canonical_urn, is_json, with_colon};
use crate::scim::error::{ScimError, ScimType, shown};
use crate::scim::filter::ast::{Filter, IgnoredSpan, Literal, Operator, PatchPath};
use crate::scim::filter::{FilterError, parse_patch_path, parse_patch_path_words};
use crate::scim::name::{AttributePath, is_name};
use crate::scim::schema::{Attribute, Mutability, Schema, Type};
use crate::scim::span::Span;

/// Reads one operation into steps.
pub(super) fn read<'a>(
    reader: &mut Reader<'a>,
    operation: Operation,
    steps: &mut Vec<Step<'a>>,
) -> Result<(), ScimError> {
    let value = operation.value.unwrap_or(Value::Null);
    let mut dialect = Dialect { reader, steps };
    match operation.path {
        Some(path) => dialect.at(operation.op, &path, value, Named::Path),
        None => match dialect.reader.object(&At::new("value"), value) {
            Value::Object(map) => dialect.everywhere(operation.op, map),
            _ => Err(ScimError::bad(ScimType::InvalidValue, "without a `path`, `value` must be an object")),
        },
    }
}

/// What a path names.
#[allow(clippy::large_enum_variant, reason = "the large one is the common one, and lives shortly")]
enum Target<'a> {
    Schema(&'a Schema),
    Path(PatchPath),
}

/// What named a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// The operation's `path`.
    Path,
    /// A member of a value, where directories also repeat what they know they cannot change.
    Member,
    /// A member of an extension's object.
    Extension,
}

struct Dialect<'r, 'a> {
    reader: &'r mut Reader<'a>,
    steps: &'r mut Vec<Step<'a>>,
}

impl<'a> Dialect<'_, 'a> {
    /// Without a path, each member of the value names its own place.
    fn everywhere(&mut self, op: Op, map: Map<String, Value>) -> Result<(), ScimError> {
        map.into_iter().try_for_each(|(name, value)| self.at(op, &name, value, Named::Member))
    }

    fn at(&mut self, op: Op, text: &str, value: Value, by: Named) -> Result<(), ScimError> {
        let meant = self.colon(text);
        let text = meant.as_deref().unwrap_or(text);
        let echoed = by != Named::Path;
        let path = match self.target(text, &value, by)? {
            None => return Ok(()),
            Some(Target::Schema(schema)) => return self.schema(op, schema, text, value),
            Some(Target::Path(path)) => path,
        };
        let Some(found) = self.reader.registry.resolve(self.reader.kind, &path.path) else {
            if echoed
                && self.reader.reads(Flag::UnknownAttributes, || text.to_owned(), &value, || Value::Null)
            {
                return Ok(());
            }
            let detail =
                format!("{} has no attribute `{}`; see `/Schemas`", self.reader.kind.name, path.path);
            return Err(ScimError::bad(ScimType::InvalidPath, detail));
        };
        if let (None, Some(urn)) = (&path.path.urn, found.extension)
            && !self.reader.reads(
                Flag::UnqualifiedExtension,
                || text.to_owned(),
                &text.into(),
                || format!("{urn}:{text}").into(),
            )
        {
            let detail = format!("`{text}` stands in an extension; write `{urn}:{text}`");
            return Err(ScimError::bad(ScimType::InvalidPath, detail));
        }
        let sub = match &path.sub_attribute {
            None => found.sub,
            Some(name) => Some(found.attribute.sub(name).ok_or_else(|| {
                let detail = format!("`{}` has no sub-attribute `{name}`", found.attribute.name);
                ScimError::bad(ScimType::InvalidPath, detail)
            })?),
        };
        if path.filter.is_some() && found.sub.is_some() {
            let detail =
                format!("`{text}`: a filter stands after an attribute, and a sub-attribute after the filter");
            return Err(ScimError::bad(ScimType::InvalidPath, detail));
        }
        if found.attribute.name == "schemas" {
            // It says what the resource has, and follows that.
            if by == Named::Path && (op == Op::Remove || !is_assigned(&value)) {
                let detail = "`schemas` is required and cannot be removed; remove an extension by its URN";
                return Err(ScimError::bad(ScimType::Mutability, detail));
            }
            return Ok(());
        }
        if found.attribute.mutability == Mutability::ReadOnly
            || sub.is_some_and(|sub| sub.mutability == Mutability::ReadOnly)
        {
            if echoed && self.reader.reads(Flag::EchoedReadOnly, || text.to_owned(), &value, || Value::Null) {
                return Ok(());
            }
            return Err(ScimError::bad(ScimType::Mutability, format!("`{text}` is read-only; leave it out")));
        }
        let secret = path.filter.is_some() && self.reader.registry.hides(self.reader.kind, text);
        let place = Place {
            text: if secret { masked(text) } else { text.to_owned() },
            extension: found.extension,
            attribute: found.attribute,
            filter: path.filter,
            sub,
            optional: false,
        };
        if op == Op::Remove {
            return self.remove(place, value, by);
        }
        let at = At::new(text);
        let value = match (sub, &place.filter) {
            (Some(sub), _) => self.reader.value(&at, sub, value),
            (None, Some(_)) => self.reader.element(&at, found.attribute, value),
            (None, None) => self.reader.value(&at, found.attribute, value),
        };
        // One value may be added by itself (RFC 7644 §3.5.2.1).
        let one = op == Op::Add
            && by == Named::Path
            && sub.map_or(found.attribute.multi_valued && place.filter.is_none(), |sub| sub.multi_valued);
        let value = match value {
            value @ (Value::Null | Value::Array(_)) => value,
            value if one && !is_json(&value) => {
                match self.reader.single(&at, sub.unwrap_or(found.attribute), value) {
                    Value::Null => Value::Null,
                    read => Value::Array(vec![read]),
                }
            }
            value => value,
        };
        self.steps.push(Step::Change(place, op, value));
        Ok(())
    }

    /// The path that is meant where a dot stands for the colon after a URN.
    fn colon(&mut self, text: &str) -> Option<String> {
        let meant = with_colon(self.reader, text)?;
        let known = |text: &str| {
            let path = parse_patch_path(text).ok()?;
            self.reader.registry.resolve(self.reader.kind, &path.path).map(drop)
        };
        if known(text).is_some() || known(&meant).is_none() {
            return None;
        }
        self.reader
            .reads(Flag::DottedUrns, || text.to_owned(), &text.into(), || meant.as_str().into())
            .then_some(meant)
    }

    /// `remove` with a value removes that value, and never the others.
    fn remove(&mut self, place: Place<'a>, value: Value, by: Named) -> Result<(), ScimError> {
        if value.is_null() || !self.reader.profile.has(Flag::RemoveByValue) {
            self.steps.push(Step::Change(place, Op::Remove, Value::Null));
            return Ok(());
        }
        match (place.sub, &place.filter) {
            // The filter says which.
            (None, Some(_)) => {
                self.steps.push(Step::Change(place, Op::Remove, Value::Null));
                Ok(())
            }
            (None, None) if place.attribute.multi_valued => self.remove_elements(place, value),
            (None, None) if place.attribute.kind == Type::Complex => self.remove_parts(place, value, by),
            (Some(sub), _) if sub.multi_valued || place.attribute.multi_valued => {
                self.remove_from(place, sub, value)
            }
            // The path names the one value that there is.
            (_, None) if by == Named::Path => {
                self.steps.push(Step::Change(place, Op::Remove, Value::Null));
                Ok(())
            }
            (sub, _) => {
                let part = sub.unwrap_or(place.attribute);
                self.remove_from(place, part, value)
            }
        }
    }

    /// The elements of a list that a value names.
    fn remove_elements(&mut self, place: Place<'a>, value: Value) -> Result<(), ScimError> {
        let sent = value.clone();
        let at = At::new(&place.text);
        let items = match self.reader.list(&at, place.attribute, value) {
            Value::Array(items) => items,
            // JSON that is not read is no value either.
            one if is_json(&one) => return Err(names_nothing(&place)),
            one => vec![one],
        };
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            let item = self.reader.single(&at, place.attribute, item);
            if place.attribute.kind == Type::Complex && is_json(&item) {
                return Err(names_nothing(&place));
            }
            all.push(named(place.attribute, &item).ok_or_else(|| names_nothing(&place))?);
        }
        let filter = match <[Filter; 1]>::try_from(all) {
            Ok([only]) => Some(only),
            Err(all) if all.is_empty() => None,
            Err(all) => Some(Filter::Or(all)),
        };
        let read = || filter.as_ref().map(|filter| Value::from(format!("{}[{filter}]", place.text)));
        let path = || place.text.clone();
        self.reader.reads(Flag::RemoveByValue, path, &sent, || read().unwrap_or(Value::Null));
        if filter.is_some() {
            let place = Place { filter, optional: true, ..place };
            self.steps.push(Step::Change(place, Op::Remove, Value::Null));
        }
        Ok(())
    }

    /// A complex value if it is the one that is named, else the parts of it that are.
    fn remove_parts(&mut self, place: Place<'a>, value: Value, by: Named) -> Result<(), ScimError> {
        let sent = value.clone();
        let map = match self.reader.element(&At::new(&place.text), place.attribute, value) {
            Value::Object(map) => map,
            // An empty text names no other value.
            Value::Null if sent == "" && by == Named::Path => {
                self.steps.push(Step::Change(place, Op::Remove, Value::Null));
                return Ok(());
            }
            _ => return Err(names_nothing(&place)),
        };
        let read = Value::Object(map.clone());
        self.reader.reads(Flag::RemoveByValue, || place.text.clone(), &sent, || read.clone());
        if place.attribute.sub("value").is_some()
            && let Some(filter) = named(place.attribute, &read)
        {
            let place = Place { filter: Some(filter), optional: true, ..place };
            self.steps.push(Step::Change(place, Op::Remove, Value::Null));
            return Ok(());
        }
        let mut names_any = false;
        for (name, value) in map {
            let sub = place.attribute.sub(&name).filter(|sub| sub.mutability != Mutability::ReadOnly);
            if let (Some(sub), false) = (sub, value.is_null()) {
                names_any = true;
                let text = format!("{}.{name}", place.text);
                self.remove_from(Place { text, filter: None, sub: Some(sub), ..place }, sub, value)?;
            }
        }
        if names_any { Ok(()) } else { Err(names_nothing(&place)) }
    }

    /// The values of a part, in each place that the path names.
    fn remove_from(&mut self, place: Place<'a>, part: &'a Attribute, value: Value) -> Result<(), ScimError> {
        let sent = value.clone();
        let at = At::new(&place.text);
        let value = if part.multi_valued {
            let items = match self.reader.list(&at, part, value) {
                Value::Array(items) => items,
                one if is_json(&one) => return Err(names_nothing(&place)),
                one => vec![one],
            };
            items.into_iter().map(|item| self.reader.single(&at, part, item)).collect()
        } else {
            self.reader.element(&at, part, value)
        };
        // A part's values are simple, and one of a single part is no list.
        let is_nothing =
            |value: &Value| value.is_null() || value.is_object() || value.is_array() || *value == "";
        let lacks = match &value {
            Value::Array(items) if part.multi_valued => items.iter().any(is_nothing),
            value => is_nothing(value),
        };
        if lacks {
            return Err(names_nothing(&place));
        }
        self.reader.reads(Flag::RemoveByValue, || place.text.clone(), &sent, || value.clone());
        if value.as_array().is_none_or(|items| !items.is_empty()) {
            let place = Place { optional: true, ..place };
            self.steps.push(Step::Change(place, Op::Remove, value));
        }
        Ok(())
    }

    /// What a text names; `None` when it is a member's name that is none, passed over.
    fn target(&mut self, text: &str, value: &Value, by: Named) -> Result<Option<Target<'a>>, ScimError> {
        let path = match self.parsed(text) {
            Ok(path) => path,
            Err(_)
                if by != Named::Path
                    && self.reader.reads(
                        Flag::UnknownAttributes,
                        || text.to_owned(),
                        value,
                        || Value::Null,
                    ) =>
            {
                return Ok(None);
            }
            // What stands in the filter may be a password's text.
            Err(_) if text.contains('[') && self.reader.registry.hides(self.reader.kind, text) => {
                let detail = format!("`{}` is no path; send the attribute's name alone", masked(text));
                return Err(ScimError::bad(ScimType::InvalidPath, detail));
            }
            Err(error) => return Err(error.into_scim(ScimType::InvalidPath, text)),
        };
        if let Some(schema) = self.whole_schema(&path) {
            return Ok(Some(Target::Schema(schema)));
        }
        let dotted = by == Named::Member && !is_name(text);
        if dotted && !self.reader.reads(Flag::DottedNames, || text.to_owned(), value, || value.clone()) {
            let detail = format!("`{text}` is no attribute's name; send it as the `path`");
            return Err(ScimError::bad(ScimType::InvalidPath, detail));
        }
        let urn = path.path.urn.as_deref().and_then(|urn| canonical_urn(urn, self.reader.kind));
        Ok(Some(Target::Path(match urn {
            Some(urn)
                if self.reader.reads(Flag::Scim1Urns, || text.to_owned(), &text.into(), || urn.into()) =>
            {
                PatchPath { path: AttributePath { urn: Some(urn.to_owned()), ..path.path }, ..path }
            }
            _ => path,
        })))
    }

    /// A path, in whose filter words may stand for texts where the profile reads that.
    fn parsed(&mut self, text: &str) -> Result<PatchPath, FilterError> {
        if !text.contains('[') || !self.reader.profile.has(Flag::FilterWords) {
            return parse_patch_path(text);
        }
        let (path, words) = parse_patch_path_words(text)?;
        for word in words {
            let quoted = Value::from(word.as_str()).to_string();
            self.reader.reads(Flag::FilterWords, || text.to_owned(), &word.into(), || quoted.into());
        }
        Ok(path)
    }

    /// The schema that the whole path names, if it does.
    fn whole_schema(&mut self, path: &PatchPath) -> Option<&'a Schema> {
        let urn = path.path.as_urn().filter(|_| path.filter.is_none())?;
        let (registry, kind) = (self.reader.registry, self.reader.kind);
        let find = |urn: &str| {
            let own = registry.schema(&kind.schema).into_iter();
            own.chain(registry.extensions(kind)).find(|schema| schema.id.eq_ignore_ascii_case(urn))
        };
        if let Some(schema) = find(&urn) {
            return Some(schema);
        }
        let newer = canonical_urn(&urn, kind)?;
        let schema = find(newer)?;
        self.reader
            .reads(Flag::Scim1Urns, || urn.clone(), &urn.as_str().into(), || newer.into())
            .then_some(schema)
    }

    /// An extension as a place: its members are the places meant.
    fn schema(&mut self, op: Op, schema: &'a Schema, text: &str, value: Value) -> Result<(), ScimError> {
        let own = schema.id == self.reader.kind.schema;
        let by_value = op != Op::Remove || self.reader.profile.has(Flag::RemoveByValue);
        let value = if by_value { self.reader.object(&At::new(text), value) } else { Value::Null };
        match (op, value) {
            (_, Value::Null) if !own => {
                self.steps.push(Step::Clear(&schema.id));
                Ok(())
            }
            (Op::Remove, Value::Object(map)) if map.is_empty() => Err(ScimError::bad(
                ScimType::InvalidValue,
                format!("`{text}`: `{{}}` names nothing to remove"),
            )),
            (_, Value::Object(map)) => map.into_iter().try_for_each(|(name, value)| {
                if schema.attribute(&name).is_none() && is_name(&name) {
                    let path = || format!("{text}:{name}");
                    if self.reader.reads(Flag::UnknownAttributes, path, &value, || Value::Null) {
                        return Ok(());
                    }
                }
                let qualified = format!("{}:{name}", schema.id);
                let by = if is_name(&name) { Named::Extension } else { Named::Member };
                self.at(op, &qualified, value, by)
            }),
            (Op::Remove, Value::Null) => {
                let detail =
                    format!("`{text}` holds what is required and cannot be removed; name an attribute");
                Err(ScimError::bad(ScimType::Mutability, detail))
            }
            _ => Err(ScimError::bad(ScimType::InvalidValue, format!("`{text}` needs an object"))),
        }
    }
}

/// A path without what its value filter says.
fn masked(text: &str) -> String {
    let (path, rest) = text.split_once('[').unwrap_or((text, ""));
    let sub = rest.rsplit_once("].").map(|(_, sub)| format!(".{}", shown(sub))).unwrap_or_default();
    format!("{}[…]{sub}", shown(path))
}

/// A value that removes nothing though it is there. The value is not repeated: it may be a secret.
fn names_nothing(place: &Place<'_>) -> ScimError {
    let detail = format!(
        "`{}`: the `value` names nothing to remove; name what is there, or send no `value` to remove all",
        place.text
    );
    ScimError::bad(ScimType::InvalidValue, detail)
}

/// The filter that finds an element: by its `value` and `type`, which make it what it is, else by
/// all that it says. A member is known by its id alone.
fn named(attribute: &Attribute, item: &Value) -> Option<Filter> {
    let compare = |name: &str, value: &Value| {
        let value = match value {
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => Literal::String(text.clone()),
            Value::Bool(value) => Literal::Boolean(*value),
            Value::Number(number) => Literal::Number(number.clone()),
            _ => return None,
        };
        let span = Span::default();
        let path = AttributePath { urn: None, attribute: name.to_owned(), sub_attribute: None, span };
        Some(Filter::Compare { path, operator: Operator::Eq, value, value_span: IgnoredSpan(span) })
    };
    let Value::Object(map) = item else { return compare("value", item) };
    let is_fixed =
        |name: &str| attribute.sub(name).is_some_and(|sub| sub.mutability == Mutability::Immutable);
    let has_value =
        map.iter().any(|(name, value)| name.eq_ignore_ascii_case("value") && compare(name, value).is_some());
    let mut all = Vec::new();
    for (name, value) in map {
        let Some(sub) = attribute.sub(name) else { continue };
        let identifies = match sub.name.as_str() {
            "value" => true,
            "type" => !is_fixed("value"),
            _ => false,
        };
        if has_value && !identifies {
            continue;
        }
        match value {
            Value::Array(items) => all.extend(items.iter().filter_map(|value| compare(&sub.name, value))),
            value => all.extend(compare(&sub.name, value)),
        }
    }
    if all.len() > 1 { Some(Filter::And(all)) } else { all.pop() }
}
