//! How much of its storage a tenant has used: told before it is full, and what happens when it is.

use js_sys::Reflect;
use serde::{Deserialize, Serialize};
use serde_json::json;
use worker::Env;

use super::sql::SqlStore;
use crate::edge::platform::log::info;
use crate::scim::directory::StoreError;

/// What an object may store, in bytes, unless the variable `STORAGE_LIMIT` says otherwise.
const LIMIT: f64 = 10_000_000_000.0;
/// The part of it from which on it is said that it will be full.
const NOTICE: f64 = 0.8;
/// The part of it from which on nothing is written: what is left, deletions and erasures need.
const FULL: f64 = 0.99;
/// How long a notice holds, in milliseconds.
const HOLDS: f64 = 3_600_000.0;

/// How much is used of what may be stored.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge) struct Space {
    /// Bytes that are stored.
    pub bytes: u64,
    /// Bytes that may be.
    pub limit: u64,
    /// What that means.
    pub state: Room,
}

/// Whether there is room for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::edge) enum Room {
    /// There is.
    Ok,
    /// Not for long.
    NearlyFull,
    /// There is none.
    Full,
}

/// What may be stored, in bytes.
pub(in crate::edge) fn limit(env: &Env) -> f64 {
    let said = env.var("STORAGE_LIMIT").ok().and_then(|bytes| bytes.to_string().parse::<f64>().ok());
    said.filter(|bytes| *bytes > 0.0).unwrap_or(LIMIT)
}

impl SqlStore {
    /// Bytes in use, without the pages that are free.
    pub fn bytes(&self) -> f64 {
        // Beyond 4 GB, which the binding's `usize` cannot say.
        let size = Reflect::get(self.raw(), &"databaseSize".into());
        size.ok().and_then(|size| size.as_f64()).unwrap_or(0.0)
    }

    /// Refuses what would write more into a store that is full.
    pub fn refuse_when_full(&self) -> Result<(), StoreError> {
        if self.bytes() < self.limit() * FULL { Ok(()) } else { Err(StoreError::Full) }
    }

    /// What is used, for administrators and metrics.
    pub fn space(&self) -> Space {
        let (bytes, limit) = (self.bytes(), self.limit());
        let state = match bytes / limit {
            part if part >= FULL => Room::Full,
            part if part >= NOTICE => Room::NearlyFull,
            _ => Room::Ok,
        };
        Space { bytes: bytes as u64, limit: limit as u64, state }
    }
}

/// Tells the log, once an hour, that a store is nearly full; answers with when it last did.
pub(in crate::edge) fn notice(store: &SqlStore, tenant: &str, last: f64) -> f64 {
    let now = js_sys::Date::now();
    let space = store.space();
    if now - last < HOLDS || space.state == Room::Ok {
        return last;
    }
    info("storage", &[("tenant", tenant.into()), ("space", json!(space))]);
    now
}
