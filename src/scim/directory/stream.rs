//! A resource as text, part by part: a group of a hundred thousand members is never held as a
//! tree of values.

use serde_json::{Map, Value};

use super::render::{Groups, member, whole};
use super::{Context, Record, Store};
use crate::scim::error::ScimError;
use crate::scim::schema::ResourceType;
use crate::scim::schema::project::Selection;

/// Hands the representation's JSON to `sink`, a group's members a page at a time.
///
/// # Errors
/// 500 when storage fails; what was handed over before that is no whole document.
pub fn stream(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    record: &Record,
    selection: &Selection,
    sink: &mut dyn FnMut(&str),
) -> Result<(), ScimError> {
    let pages = kind.name == "Group" && selection.shows("members");
    let joins = |attribute: &str| selection.shows(attribute) && !(pages && attribute == "members");
    let groups = Groups::of(store, &[(kind, record)], &joins)?;
    let resource = whole(store, context, kind, record, &joins, &groups)?;
    let text = Value::Object(selection.project(context.registry, kind, resource)).to_string();
    if !pages {
        sink(&text);
        return Ok(());
    }
    sink(text.strip_suffix('}').unwrap_or(&text));
    let mut is_open = false;
    store.each_page(&record.id, &mut |page| {
        let page: Vec<Value> = page.into_iter().map(|row| member(context, row)).collect();
        let part = Map::from_iter([("members".to_owned(), Value::Array(page))]);
        let shown = selection.project(context.registry, kind, part);
        if let Some(Value::Array(page)) = shown.get("members") {
            for one in page {
                sink(if is_open { "," } else { ",\"members\":[" });
                sink(&one.to_string());
                is_open = true;
            }
        }
    })?;
    sink(if is_open { "]}" } else { "}" });
    Ok(())
}
