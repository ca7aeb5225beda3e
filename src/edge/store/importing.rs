//! The import that is under way, as it is kept: who reads or writes the tenant must know of it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::fact::Fact;
use super::sql::SqlStore;
use crate::scim::directory::StoreError;
use crate::scim::error::ScimError;

/// How long an import may send nothing, in milliseconds.
const LONGEST_SILENCE: i64 = 600_000;

/// The import that is under way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::edge) struct Running {
    pub id: String,
    /// When it began, and when its last batch came, in milliseconds since 1970.
    pub begun: i64,
    pub at: i64,
    /// The journal's last number before it.
    pub start: i64,
    /// Lines that it has applied.
    pub lines: u64,
}

impl Running {
    /// What is kept of it; one of an earlier version has no time, and so is long over.
    pub fn read(store: &SqlStore) -> Result<Option<Self>, StoreError> {
        let kept = store.fact(Fact::Importing)?;
        Ok(kept.map(|text| serde_json::from_str(&text).unwrap_or_default()))
    }

    /// Keeps it.
    pub fn keep(&self, store: &SqlStore) -> Result<(), StoreError> {
        store.set_fact(Fact::Importing, &json!(self).to_string())
    }

    /// The one with this id.
    pub fn of(store: &SqlStore, id: &str) -> Result<Self, ScimError> {
        Self::read(store)?.filter(|running| running.id == id).ok_or_else(|| {
            let detail = "this import is not under way: it was ended, or sent nothing for ten minutes; \
                          nothing was changed";
            ScimError::new(409, detail)
        })
    }

    /// Until when it may send its next batch.
    pub const fn deadline(&self) -> i64 {
        self.at + LONGEST_SILENCE
    }
}

/// Until when the import that is under way may send its next batch, in milliseconds since 1970.
pub(in crate::edge) fn deadline(store: &SqlStore) -> Result<Option<i64>, StoreError> {
    Ok(Running::read(store)?.map(|running| running.deadline()))
}
