//! Where the indexes stand that a tenant adds.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fact::Fact;
use super::sql::SqlStore;
use crate::scim::directory::StoreError;

/// Where a tenant's own indexes stand.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::edge) struct Indexes {
    /// Attributes, as keys name them, of which changes write keys.
    pub written: Vec<String>,
    /// Those that queries look into.
    pub usable: Vec<String>,
    /// While keys are made anew: the last id that has been.
    pub(in crate::edge) walk: Option<String>,
}

impl Indexes {
    /// Reads where they stand.
    pub fn read(store: &SqlStore) -> Result<Self, StoreError> {
        let text = store.fact(Fact::Indexes)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// Keeps where they stand.
    pub fn keep(&self, store: &SqlStore) -> Result<(), StoreError> {
        store.set_fact(Fact::Indexes, &json!(self).to_string())?;
        store.forget_schemas();
        Ok(())
    }

    /// Whether keys are still to be made anew.
    pub const fn is_walking(&self) -> bool {
        self.walk.is_some()
    }

    /// For people: what is used, and what is still made.
    pub fn show(&self) -> Value {
        let pending: Vec<_> = self.written.iter().filter(|path| !self.usable.contains(path)).collect();
        json!({ "usable": self.usable, "pending": pending, "walking": self.is_walking() })
    }
}
