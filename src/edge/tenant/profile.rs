//! What every request must know of its tenant.

use super::access::Grants;
use crate::edge::store::fact::Fact;
use crate::edge::store::sql::SqlStore;
use crate::edge::store::{importing, settings};
use crate::scim::directory::{Settings, StoreError};

/// The state of a tenant whose end is worked off.
pub(in crate::edge) const DELETING: &str = "deleting";

/// What every request must know of its tenant; kept in memory until an administrator changes it.
#[derive(Clone, Debug)]
pub(in crate::edge) struct Profile {
    pub settings: Settings,
    pub is_suspended: bool,
    pub is_deleting: bool,
    /// Until when an import may send its next batch, in milliseconds since 1970, if one is under way.
    pub import_until: Option<i64>,
    /// Whether anyone is told of changes.
    pub has_streams: bool,
    /// Credentials that were used since.
    pub grants: Grants,
}

impl Profile {
    /// Reads it from storage.
    pub fn read(store: &SqlStore) -> Result<Self, StoreError> {
        Ok(Self {
            settings: settings::read(store)?,
            is_suspended: store.fact(Fact::State)?.as_deref() == Some("suspended"),
            is_deleting: store.fact(Fact::State)?.as_deref() == Some(DELETING),
            import_until: importing::deadline(store)?,
            has_streams: !store.rows("SELECT 1 FROM stream LIMIT 1", vec![])?.is_empty(),
            grants: Grants::default(),
        })
    }
}
