//! A tenant's settings, as they are kept.

use super::fact::Fact;
use super::sql::SqlStore;
use crate::scim::directory::{Settings, StoreError};

/// The tenant's settings.
pub(in crate::edge) fn read(store: &SqlStore) -> Result<Settings, StoreError> {
    let text = store.fact(Fact::Settings)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Keeps them.
pub(in crate::edge) fn keep(store: &SqlStore, settings: &Settings) -> Result<(), StoreError> {
    let text = serde_json::to_string(settings)
        .map_err(|_| StoreError::Failed("the settings cannot be written".into()))?;
    store.set_fact(Fact::Settings, &text)
}
