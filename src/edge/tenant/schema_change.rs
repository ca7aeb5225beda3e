//! What an administrator asks of a tenant's own schemas and resource types (RFC 7643 §6, §7); a change takes no
//! value from a resource that is there.

use serde_json::{Value, json};

use super::{republish, settings_change};
use crate::edge::store::fact::Fact;
use crate::edge::store::schemas::load;
use crate::edge::store::settings;
use crate::edge::store::sql::SqlStore;
use crate::scim::directory::{Predicate, Searchable, StoreError};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;
use crate::scim::schema::{Attribute, Registry, ResourceType, builtin};

/// Shows them.
pub(in crate::edge) fn show(store: &SqlStore) -> Result<Reply, ScimError> {
    let kept = store.fact(Fact::Schemas)?.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    Ok(Reply::plain(200, &kept.unwrap_or_else(|| json!({ "Schemas": [], "ResourceTypes": [] }))))
}

/// Keeps these and no others.
pub(in crate::edge) fn set(store: &mut SqlStore, sent: &Value) -> Result<Reply, ScimError> {
    let next = load(sent)?;
    keeps_what_is_there(store, &next)?;
    change(store, &next, Some(&sent.to_string()))?;
    Ok(Reply::plain(200, sent))
}

/// Keeps none.
pub(in crate::edge) fn delete(store: &mut SqlStore) -> Result<Reply, ScimError> {
    keeps_what_is_there(store, builtin())?;
    change(store, builtin(), None)?;
    Ok(Reply { status: 204, headers: Vec::new(), body: String::new() })
}

/// Keeps other schemas, and has published again what they show otherwise.
fn change(store: &SqlStore, next: &Registry, text: Option<&str>) -> Result<(), StoreError> {
    let now = store.schemas()?;
    let kinds = now.resource_types.iter().filter(|kind| !is_shown_alike(&now, kind, next));
    let kinds: Vec<&str> = kinds.map(|kind| kind.name.as_str()).collect();
    store.atomically(&mut || {
        match text {
            Some(text) => store.set_fact(Fact::Schemas, text)?,
            None => store.forget_fact(Fact::Schemas)?,
        }
        republish::begin(store, &kinds)
    })?;
    store.changed_schemas();
    Ok(())
}

/// Whether resources of a type are shown by other schemas as they are now.
fn is_shown_alike(now: &Registry, kind: &ResourceType, next: &Registry) -> bool {
    let same = |urn: &str| {
        let [before, after] = [now, next].map(|registry| registry.schema(urn));
        match (before, after) {
            (Some(before), Some(after)) => alike(&before.attributes, &after.attributes),
            (before, after) => before.is_none() && after.is_none(),
        }
    };
    next.resource_type(&kind.name) == Some(kind)
        && same(&kind.schema)
        && kind.extensions.iter().all(|(urn, _)| same(urn))
}

/// Whether attributes are the same, but for how names are compared, which no schema says.
fn alike(before: &[Attribute], after: &[Attribute]) -> bool {
    before.len() == after.len()
        && before
            .iter()
            .zip(after)
            .all(|(before, after)| *before == Attribute { prepared: before.prepared, ..after.clone() })
}

/// Refuses a change under which a resource would lose a value or be found by another key.
fn keeps_what_is_there(store: &mut SqlStore, next: &Registry) -> Result<(), ScimError> {
    let now = store.schemas()?;
    if settings_change::check(next, &settings::read(store)?).as_ref() != Ok(&now.indexes.written) {
        let detail = "the setting `indexes` names an attribute that would vanish; take it out of there first";
        return Err(ScimError::new(409, detail));
    }
    for kind in &now.resource_types {
        let Some(lost) = loss(&now, kind, next) else { continue };
        let number = store.count(&kind.name, &Predicate::All)?;
        if number > 0 {
            let detail = format!(
                "there are {number} resources of the type `{}`, and {lost}; delete them first, or leave that as it is",
                kind.name
            );
            return Err(ScimError::new(409, detail));
        }
    }
    Ok(())
}

/// What resources of a type would lose, if anything.
fn loss(now: &Registry, kind: &ResourceType, next: &Registry) -> Option<String> {
    let Some(other) = next.resource_type(&kind.name) else { return Some("the type would vanish".into()) };
    if other.name != kind.name {
        return Some(format!("its name would become `{}`", other.name));
    }
    if !other.schema.eq_ignore_ascii_case(&kind.schema) {
        return Some(format!("its schema would become `{}`", other.schema));
    }
    let urns = std::iter::once(&kind.schema).chain(kind.extensions.iter().map(|(urn, _)| urn));
    for urn in urns {
        let Some(before) = now.schema(urn) else { continue };
        let is_listed = *urn == kind.schema || other.extensions.iter().any(|(name, _)| name == urn);
        let Some(after) = next.schema(urn).filter(|after| is_listed && after.id == before.id) else {
            return Some(format!("`{urn}` would vanish"));
        };
        if let Some(name) = changed(&before.attributes, &after.attributes) {
            return Some(format!("`{name}` of `{urn}` would vanish or be compared otherwise"));
        }
    }
    None
}

/// The first attribute that is no more, or whose values would be read or compared otherwise.
fn changed<'a>(before: &'a [Attribute], after: &[Attribute]) -> Option<&'a str> {
    before.iter().find_map(|old| {
        let same = after.iter().find(|new| {
            new.name == old.name
                && new.kind == old.kind
                && new.multi_valued == old.multi_valued
                && new.case_exact == old.case_exact
                && new.uniqueness == old.uniqueness
        });
        match same {
            None => Some(old.name.as_str()),
            Some(new) => changed(&old.sub_attributes, &new.sub_attributes),
        }
    })
}
