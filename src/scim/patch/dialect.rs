//! From operations as sent to strict steps: each with one place, resolved against the
//! schema, and a value of that place's type.

use serde_json::{Map, Value};

use super::element::is_assigned;
use super::op::{Op, Operation};
use crate::scim::compat::{At, Flag, Reader, canonical_urn};
use crate::scim::error::{ScimError, ScimType, shown};
use crate::scim::filter::ast::{Filter, IgnoredSpan, Literal, Operator, PatchPath};
use crate::scim::filter::parse_patch_path;
use crate::scim::name::{AttributePath, is_name};
use crate::scim::schema::{Attribute, Mutability, Schema};
use crate::scim::span::Span;

/// One strict operation.
#[allow(clippy::large_enum_variant, reason = "the large one is the common one, and steps are few")]
pub(super) enum Step<'a> {
    /// Changes one place.
    Change(Place<'a>, Op, Value),
    /// Unassigns a whole extension.
    Clear(&'a str),
}

/// One place in a resource.
pub(super) struct Place<'a> {
    /// As it was written.
    pub text: String,
    pub extension: Option<&'a str>,
    pub attribute: &'a Attribute,
    pub filter: Option<Filter>,
    pub sub: Option<&'a Attribute>,
    /// That nothing matches is no fault: the client never wrote the filter.
    pub optional: bool,
}

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
        None => match value {
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
        let at = At::new(text);
        let value = match (sub, &path.filter) {
            (Some(sub), _) => self.reader.value(&at, sub, value),
            (None, Some(_)) => self.reader.element(&at, found.attribute, value),
            (None, None) => self.reader.value(&at, found.attribute, value),
        };
        // One value may be added by itself (RFC 7644 §3.5.2.1).
        let one = op == Op::Add
            && by == Named::Path
            && sub.map_or(found.attribute.multi_valued && path.filter.is_none(), |sub| sub.multi_valued);
        let value = match value {
            value @ (Value::Null | Value::Array(_)) => value,
            value if one => Value::Array(vec![value]),
            value => value,
        };
        let secret = path.filter.is_some() && self.reader.registry.hides(self.reader.kind, text);
        let place = Place {
            text: if secret { masked(text) } else { text.to_owned() },
            extension: found.extension,
            attribute: found.attribute,
            filter: path.filter,
            sub,
            optional: false,
        };
        self.step(op, place, value);
        Ok(())
    }

    /// `remove` with a value removes that value, and never the others.
    fn step(&mut self, op: Op, place: Place<'a>, value: Value) {
        let whole = place.attribute.multi_valued && place.filter.is_none() && place.sub.is_none();
        if op != Op::Remove || !whole || value.is_null() {
            return self.steps.push(Step::Change(place, op, value));
        }
        let named: Vec<Filter> =
            value.as_array().into_iter().flatten().filter_map(|item| named(place.attribute, item)).collect();
        let filter = match <[Filter; 1]>::try_from(named) {
            Ok([only]) => Some(only),
            Err(named) if named.is_empty() => None,
            Err(named) => Some(Filter::Or(named)),
        };
        let read = || filter.as_ref().map(|filter| Value::from(format!("{}[{filter}]", place.text)));
        if !self.reader.reads(
            Flag::RemoveByValue,
            || place.text.clone(),
            &value,
            || read().unwrap_or(Value::Null),
        ) {
            return self.steps.push(Step::Change(place, op, Value::Null));
        }
        if filter.is_some() {
            self.steps.push(Step::Change(Place { filter, optional: true, ..place }, op, Value::Null));
        }
    }

    /// What a text names; `None` when it is a member's name that is none, passed over.
    fn target(&mut self, text: &str, value: &Value, by: Named) -> Result<Option<Target<'a>>, ScimError> {
        let path = match parse_patch_path(text) {
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
        match (op, value) {
            (Op::Remove, _) | (_, Value::Null) if !own => {
                self.steps.push(Step::Clear(&schema.id));
                Ok(())
            }
            (Op::Add | Op::Replace, Value::Object(map)) => map.into_iter().try_for_each(|(name, value)| {
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
            (Op::Remove, _) => {
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

/// The filter that finds an element: by its `value`, else by all that it says.
fn named(attribute: &Attribute, item: &Value) -> Option<Filter> {
    let compare = |name: &str, value: &Value| {
        let value = match value {
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
    let by_value = map.iter().find(|(name, _)| name.eq_ignore_ascii_case("value"));
    if let Some(filter) = by_value.and_then(|(_, value)| compare("value", value)) {
        return Some(filter);
    }
    let mut all: Vec<Filter> =
        map.iter().filter_map(|(name, value)| compare(&attribute.sub(name)?.name, value)).collect();
    if all.len() > 1 { Some(Filter::And(all)) } else { all.pop() }
}
