//! A tenant's own schemas and resource types (RFC 7643 §6, §7): kept as the administrator
//! sent them, read once, and held in the object's memory.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fact::Fact;
use super::indexes::Indexes;
use super::registry::Schemas;
use super::settings;
use super::sql::SqlStore;
use crate::scim::directory::StoreError;
use crate::scim::error::ScimError;
use crate::scim::schema::{Registry, builtin};

/// Longest text of both together, in bytes: a row of storage holds no more than two million.
const MAX_TEXT: usize = 1_048_576;

impl SqlStore {
    /// The tenant's schemas; read once, until they are forgotten.
    pub fn schemas(&self) -> Result<Schemas, StoreError> {
        if let Some(known) = self.known.read.borrow().as_ref() {
            return Ok(known.clone());
        }
        let read = Schemas::read(self)?;
        self.known.read.replace(Some(read.clone()));
        Ok(read)
    }
}

impl Schemas {
    /// Reads what is kept: the tenant's schemas, how it compares names, and its indexes.
    pub fn read(store: &SqlStore) -> Result<Self, StoreError> {
        let indexes = Indexes::read(store)?;
        let is_walking = indexes.is_walking();
        let prepared = settings::read(store)?.prepared_user_names;
        let kept = store.fact(Fact::Schemas)?;
        if kept.is_none() && !prepared && indexes.written.is_empty() {
            return Ok(Self { own: None, is_walking });
        }
        let registry = registry(kept.as_deref(), prepared)
            .ok_or_else(|| StoreError::Failed("the tenant's schemas cannot be read back".into()))?;
        let registry = registry.with_indexes(indexes.written, indexes.usable);
        Ok(Self { own: Some(Rc::new(registry)), is_walking })
    }
}

/// The registry of schemas as they are kept, if any are.
fn registry(kept: Option<&str>, prepared: bool) -> Option<Registry> {
    let registry = match kept {
        None => builtin().clone(),
        Some(text) => load(&serde_json::from_str(text).ok()?).ok()?,
    };
    Some(if prepared { registry.with_prepared_names() } else { registry })
}

/// What readers of the copy are told: the schemas as they are kept, and how names are compared.
/// Empty where both are as usual.
pub(in crate::edge) fn shown(store: &SqlStore) -> Result<String, StoreError> {
    let copied =
        Copied { prepared: settings::read(store)?.prepared_user_names, schemas: store.fact(Fact::Schemas)? };
    if copied == Copied::default() {
        return Ok(String::new());
    }
    serde_json::to_string(&copied).map_err(|error| StoreError::Failed(error.to_string()))
}

/// What [`shown`] wrote, as a registry; none where all is as usual.
pub(in crate::edge) fn of_copy(text: &str) -> Option<Registry> {
    let copied: Copied = serde_json::from_str(text).ok()?;
    registry(copied.schemas.as_deref(), copied.prepared)
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Copied {
    prepared: bool,
    schemas: Option<String>,
}

/// Reads both lists over those of the standard; every fault is told with its position.
pub(in crate::edge) fn load(document: &Value) -> Result<Registry, ScimError> {
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
