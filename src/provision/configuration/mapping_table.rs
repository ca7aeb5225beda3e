//! A mapping table as a tutorial prints it in Markdown, made a configuration: its target
//! attributes in their order, faults included, with the Clarizen One profile's sources
//! where it knows the attribute.

use super::attribute_list;
use super::schema::Schema;
use crate::provision::message::told;
use crate::provision::source::InputError;
use crate::provision::target::TargetPath;
use serde_json::{Value, json};

/// Most rows read.
const MAX_ROWS: usize = 1_000;

/// Whether a text looks like a Markdown table of attributes.
#[must_use]
pub fn is_table(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let head = lines.find(|line| line.starts_with('|')).unwrap_or_default().to_ascii_lowercase();
    let rule = lines.next().unwrap_or_default();
    let dashes = |rule: &str| rule.contains('-') && rule.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
    head.contains("attribute") && rule.starts_with('|') && dashes(rule)
}

/// The configuration that such a table describes.
///
/// # Errors
/// When no row names a target attribute.
pub fn configuration(text: &str) -> Result<String, InputError> {
    let rows = rows(text);
    if rows.is_empty() {
        return Err(InputError::new(
            told!("the table has no rows"),
            told!("give a Markdown table with the columns `Attribute` and `Type`"),
        ));
    }
    let mut document = Schema::profile(None)?.document;
    let groups =
        rows.iter().all(|(target, _)| ["displayName", "externalId", "members"].contains(&target.as_str()));
    let kind = if groups { "Group" } else { "User" };
    let known = |document: &Value| -> Vec<Value> {
        objects(document)
            .find(|object| object.get("sourceObjectName").and_then(Value::as_str) == Some(kind))
            .and_then(|object| object.get("attributeMappings")?.as_array().cloned())
            .unwrap_or_default()
    };
    let known = known(&document);
    let mapped: Vec<Value> =
        rows.iter().map(|(target, matching)| mapping(target, *matching, &known)).collect();
    define(&mut document, kind, text);
    for object in objects_mut(&mut document, "synchronizationRules", "objectMappings") {
        if object.get("sourceObjectName").and_then(Value::as_str) == Some(kind)
            && let Some(object) = object.as_object_mut()
        {
            object.insert("attributeMappings".to_owned(), Value::Array(mapped.clone()));
        }
    }
    Ok(document.to_string())
}

/// Gives the target's attribute list what only the table knows, with its type.
fn define(document: &mut Value, kind: &str, text: &str) {
    let target = objects(document)
        .find(|object| object.get("sourceObjectName").and_then(Value::as_str) == Some(kind))
        .and_then(|object| object.get("targetObjectName")?.as_str().map(str::to_owned));
    let listed = attribute_list::read(text).map(|(rows, _)| rows).unwrap_or_default();
    let is_target = |object: &&mut Value| object.get("name").and_then(Value::as_str) == target.as_deref();
    for object in objects_mut(document, "directories", "objects").filter(is_target) {
        let Some(attributes) = object.get_mut("attributes").and_then(Value::as_array_mut) else { continue };
        for row in &listed {
            let known = |attribute: &Value| {
                attribute
                    .get("name")
                    .and_then(Value::as_str)
                    .is_some_and(|name| name.eq_ignore_ascii_case(&row.target))
            };
            if !attributes.iter().any(known) {
                attributes.push(json!({
                    "anchor": false, "caseExact": false, "defaultValue": null, "flowNullValues": false,
                    "multivalued": false, "mutability": "ReadWrite", "name": row.target, "required": false,
                    "type": row.kind, "apiExpressions": [], "metadata": [], "referencedObjects": []
                }));
            }
        }
    }
}

/// The members of the lists `inner` in the list `outer`.
fn objects_mut<'d>(
    document: &'d mut Value,
    outer: &str,
    inner: &'static str,
) -> impl Iterator<Item = &'d mut Value> {
    let outer = document.get_mut(outer).and_then(Value::as_array_mut);
    outer.into_iter().flatten().filter_map(move |one| one.get_mut(inner)?.as_array_mut()).flatten()
}

fn objects(document: &Value) -> impl Iterator<Item = &Value> {
    let list = |value: &'_ Value, key: &str| value.get(key).and_then(Value::as_array).map_or(0, Vec::len);
    (0..list(document, "synchronizationRules")).flat_map(move |rule| {
        let rule = document.get("synchronizationRules").and_then(|rules| rules.get(rule));
        rule.and_then(|rule| rule.get("objectMappings")?.as_array()).map_or(&[][..], Vec::as_slice)
    })
}

/// Each row's attribute, and whether the row says it is used for matching or filtering.
fn rows(text: &str) -> Vec<(String, bool)> {
    attribute_list::body(text)
        .filter_map(|(_, cells)| {
            let target = cells.first()?.clone();
            let rest = cells.iter().skip(2).any(|cell| !cell.is_empty());
            (!target.is_empty()).then_some((target, rest))
        })
        .take(MAX_ROWS)
        .collect()
}

/// The mapping of a row: as the profile has it, else without a source.
fn mapping(target: &str, matching: bool, known: &[Value]) -> Value {
    let plain =
        |text: &str| TargetPath::parse(text).map_or_else(|_| text.to_owned(), |path| path.to_string());
    let wanted = plain(target);
    let found = known.iter().find(|mapping| {
        let name = mapping.get("targetAttributeName").and_then(Value::as_str).unwrap_or_default();
        plain(name).eq_ignore_ascii_case(&wanted)
    });
    let mut mapping = found.cloned().unwrap_or_else(|| {
        json!({
            "defaultValue": null, "exportMissingReferences": false, "flowBehavior": "FlowWhenChanged",
            "flowType": "Always", "matchingPriority": i32::from(matching), "source": null
        })
    });
    if let Some(mapping) = mapping.as_object_mut() {
        mapping.insert("targetAttributeName".to_owned(), json!(target));
    }
    mapping
}

#[cfg(test)]
mod tests {
    use super::super::schema::Kind;
    use super::*;

    const TABLE: &str = include_str!("../../../examples/clarizen-one/mapping-table.md");

    #[test]
    fn the_tutorials_table_is_read_as_printed() {
        assert!(is_table(TABLE));
        let text = configuration(TABLE).expect("a configuration");
        let schema = Schema::parse(&text).expect("readable");
        let targets: Vec<String> =
            schema.users.expect("users").attributes.into_iter().map(|mapping| mapping.target).collect();
        assert_eq!(targets.len(), 39);
        assert_eq!(targets.iter().filter(|target| target.ends_with(":division")).count(), 2);
        assert!(targets.contains(&"roles[primary eq\"True\".type]".to_owned()));
        assert_eq!(schema.groups.map(|groups| groups.attributes.len()), Some(3));
    }

    #[test]
    fn an_attribute_that_only_the_table_knows_gets_its_type() {
        let text = configuration("|Attribute|Type|\n|-|:-:|\n|userName|String|\n|level|Integer|\n|roles[primary eq\"True\".type]|String|").expect("a configuration");
        let users = Schema::parse(&text).expect("readable").users.expect("users").attributes;
        let kinds: Vec<_> =
            users.iter().map(|mapping| (mapping.definition.known, mapping.definition.kind)).collect();
        assert_eq!(kinds, [(true, Kind::String), (true, Kind::Integer), (true, Kind::String)]);
    }

    #[test]
    fn prose_is_no_table() {
        assert!(!is_table("|Attribute|Type|\n|a-b|c|\n"));
        assert!(!is_table("userPrincipalName,displayName\na,b\n"));
        assert!(configuration("|Attribute|Type|\n|---|---|\n").is_err());
    }
}
