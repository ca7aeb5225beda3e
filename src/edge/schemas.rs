//! A tenant's own schemas and resource types (RFC 7643 §6, §7): kept as the administrator
//! sent them, read once, and held in the object's memory.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

use serde_json::{Value, json};

use super::indexes::Indexes;
use super::settings;
use super::sql::SqlStore;
use crate::scim::directory::{Predicate, Searchable, StoreError};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;
use crate::scim::schema::{Attribute, Registry, ResourceType, builtin};

/// The fact that holds them, as `{"Schemas": […], "ResourceTypes": […]}`.
pub(super) const SCHEMAS: &str = "schemas";
/// Longest text of both together, in bytes: a row of storage holds no more than two million.
const MAX_TEXT: usize = 1_048_576;

/// What has been read already, shared by all stores of one object.
pub(super) type Known = Rc<RefCell<Option<Schemas>>>;

/// What a tenant's requests are checked against.
#[derive(Clone, Debug)]
pub(super) struct Schemas {
    /// None where it is that of the standard alone.
    own: Option<Rc<Registry>>,
    /// Whether keys of its indexes are still to be made.
    pub is_walking: bool,
}

impl Deref for Schemas {
    type Target = Registry;

    fn deref(&self) -> &Registry {
        self.own.as_deref().unwrap_or_else(|| builtin())
    }
}

impl Schemas {
    /// Reads what is kept: the tenant's schemas, how it compares names, and its indexes.
    pub fn read(store: &SqlStore) -> Result<Self, StoreError> {
        let indexes = Indexes::read(store)?;
        let is_walking = indexes.is_walking();
        let prepared = settings::read(store)?.prepared_user_names;
        let kept = store.fact(SCHEMAS)?;
        if kept.is_none() && !prepared && indexes.written.is_empty() {
            return Ok(Self { own: None, is_walking });
        }
        let broken = || StoreError::Failed("the tenant's schemas cannot be read back".into());
        let registry = match kept {
            None => builtin().clone(),
            Some(text) => {
                let kept: Value = serde_json::from_str(&text).map_err(|_| broken())?;
                load(&kept).map_err(|_| broken())?
            }
        };
        let registry = if prepared { registry.with_prepared_names() } else { registry };
        let registry = registry.with_indexes(indexes.written, indexes.usable);
        Ok(Self { own: Some(Rc::new(registry)), is_walking })
    }
}

/// Reads both lists over those of the standard; every fault is told with its position.
pub(super) fn load(document: &Value) -> Result<Registry, ScimError> {
    let Some(given) = document.as_object() else {
        let detail =
            "send `{\"Schemas\": […], \"ResourceTypes\": […]}`, as the endpoints of these names show them";
        return Err(ScimError::new(400, detail));
    };
    let names = ["Schemas", "ResourceTypes"];
    if let Some(other) = given.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(ScimError::new(400, format!("`{other}` is neither `Schemas` nor `ResourceTypes`")));
    }
    let [schemas, types] = names.map(|name| given.get(name).map(Value::to_string).unwrap_or_default());
    if schemas.len() + types.len() > MAX_TEXT {
        return Err(ScimError::new(413, format!("the schemas have more than {MAX_TEXT} bytes")));
    }
    Registry::load(&schemas, &types).map_err(|faults| {
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        ScimError::new(400, told.join("; "))
    })
}

/// Answers what an administrator asks of them: `/schemas`, `/schemas/set`, `/schemas/delete`.
pub(super) fn serve(store: &mut SqlStore, path: &str, body: &Value) -> Result<Reply, ScimError> {
    match path {
        "/schemas" => {
            let kept = store.fact(SCHEMAS)?.and_then(|text| serde_json::from_str::<Value>(&text).ok());
            Ok(Reply::plain(200, &kept.unwrap_or_else(|| json!({ "Schemas": [], "ResourceTypes": [] }))))
        }
        "/schemas/set" => {
            let next = load(body)?;
            keeps_what_is_there(store, &next)?;
            store.set_fact(SCHEMAS, &body.to_string())?;
            Ok(Reply::plain(200, body))
        }
        "/schemas/delete" => {
            keeps_what_is_there(store, builtin())?;
            store.run("DELETE FROM fact WHERE name = ?1", vec![SCHEMAS.into()])?;
            Ok(Reply { status: 204, headers: Vec::new(), body: String::new() })
        }
        _ => Err(ScimError::new(404, "there is nothing here")),
    }
}

/// Refuses a change under which a resource would lose a value or be found by another key.
fn keeps_what_is_there(store: &mut SqlStore, next: &Registry) -> Result<(), ScimError> {
    let now = store.schemas()?;
    if settings::check(next, &settings::read(store)?).as_ref() != Ok(&now.indexes.written) {
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
