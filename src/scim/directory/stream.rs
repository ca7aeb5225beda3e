//! A resource as text, part by part: a group of a hundred thousand members is never held as a
//! tree of values.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::groups::Groups;
use super::render::{each_members, member, tagged, whole};
use super::stop::Stop;
use super::{Context, Record, Store};
use crate::scim::schema::ResourceType;
use crate::scim::schema::project::Selection;

/// A representation, and its entity tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// JSON.
    pub text: String,
    /// `W/"3"`
    pub etag: String,
}

/// One resource's representation with its entity tag.
///
/// # Errors
/// [`Stop`] when storage fails, or when it costs or weighs more than the request may.
pub fn told(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    record: &Record,
    selection: &Selection,
) -> Result<Told, Stop> {
    let groups = Groups::of(store, context, &[(kind, record)], &|attribute| selection.shows(attribute))?;
    let told = written(store, context, kind, record, selection, &groups)?;
    groups.release(context);
    Ok(told)
}

/// As [`told`], with groups that were read before. What it takes of the request's room stays taken, unless
/// it fails.
pub(super) fn written(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    record: &Record,
    selection: &Selection,
    groups: &Groups,
) -> Result<Told, Stop> {
    let mut text = Text { context, text: String::new(), held: 0 };
    let written = write(&mut text, store, kind, record, selection, groups);
    if written.is_err() {
        context.effort.release(text.held);
    }
    written.map(|etag| Told { text: text.text, etag })
}

/// Writes it, and answers with its entity tag.
fn write(
    text: &mut Text<'_, '_>,
    store: &mut dyn Store,
    kind: &ResourceType,
    record: &Record,
    selection: &Selection,
    groups: &Groups,
) -> Result<String, Stop> {
    let context = text.context;
    let pages = kind.name == "Group" && selection.shows("members");
    let joins = |attribute: &str| selection.shows(attribute) && !(pages && attribute == "members");
    let mut resource = whole(store, context, kind, record, &joins, groups)?;
    let etag = tagged(record, &mut resource);
    // Each name that was asked for is looked for among the attributes, and in each element.
    context.effort.charge(selection.names() as u64 * (1 + record.document.len() as u64 / 64))?;
    text.add(&Value::Object(selection.project(context.registry, kind, resource)))?;
    if !pages {
        return Ok(etag);
    }
    text.text.pop();
    let mut is_open = false;
    each_members(store, context, &record.id, &mut |page| {
        let page: Vec<Value> = page.into_iter().map(|row| member(context, row)).collect();
        context.effort.charge(selection.names() as u64 * page.len() as u64 / 4)?;
        let part = Map::from_iter([("members".to_owned(), Value::Array(page))]);
        let shown = selection.project(context.registry, kind, part);
        if let Some(Value::Array(page)) = shown.get("members") {
            for one in page {
                text.text.push_str(if is_open { "," } else { ",\"members\":[" });
                text.add(one)?;
                is_open = true;
            }
        }
        Ok(())
    })?;
    text.text.push_str(if is_open { "]}" } else { "}" });
    Ok(etag)
}

/// A text that takes room as it grows.
struct Text<'a, 'c> {
    context: &'a Context<'c>,
    text: String,
    held: usize,
}

impl Text<'_, '_> {
    fn add(&mut self, value: &Value) -> Result<(), Stop> {
        let before = self.text.len();
        // Writing to a text does not fail.
        let _ = write!(self.text, "{value}");
        let grown = self.text.len() - before;
        self.context.effort.charge_bytes(grown)?;
        self.context.effort.hold(grown)?;
        self.held += grown;
        Ok(())
    }
}
