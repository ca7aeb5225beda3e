//! The store's tables, version by version, and how a tenant's are brought up to date.

use worker::State;

use super::fact::Fact;
use super::registry::Known;
use super::sql::{SqlStore, integer};
use crate::edge::platform::log::failure;
use crate::scim::directory::StoreError;
use crate::scim::error::ScimError;

/// Each version's statements; applied in order, once each. Never change one that was
/// released: tests/edge/tables holds every version with rows, and applies what follows.
const VERSIONS: [&[&str]; 7] = [
    &[
        "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE resource (id TEXT PRIMARY KEY, kind TEXT NOT NULL, version INTEGER NOT NULL,
           created TEXT NOT NULL, modified TEXT NOT NULL, document TEXT NOT NULL) WITHOUT ROWID",
        "CREATE INDEX resource_order ON resource (kind, created, id)",
        "CREATE TABLE unique_key (kind TEXT NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
           PRIMARY KEY (kind, attribute, value)) WITHOUT ROWID",
        "CREATE INDEX unique_key_owner ON unique_key (id)",
        "CREATE TABLE search_key (kind TEXT NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
           PRIMARY KEY (kind, attribute, value, id)) WITHOUT ROWID",
        "CREATE INDEX search_key_owner ON search_key (id)",
        "CREATE TABLE member (group_id TEXT NOT NULL, member_id TEXT NOT NULL, PRIMARY KEY (group_id, member_id)) WITHOUT ROWID",
        "CREATE INDEX member_groups ON member (member_id, group_id)",
        "CREATE TABLE total (kind TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, actor TEXT NOT NULL,
           operation TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, before INTEGER NOT NULL, after INTEGER NOT NULL)",
        "CREATE TABLE outbox (kind TEXT NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL,
           PRIMARY KEY (kind, attribute, value)) WITHOUT ROWID",
        "CREATE TABLE token (hash TEXT PRIMARY KEY, scope TEXT NOT NULL, created TEXT NOT NULL, revoked TEXT) WITHOUT ROWID",
    ],
    &[
        "ALTER TABLE token ADD COLUMN expires TEXT",
        "ALTER TABLE token ADD COLUMN used TEXT",
        // What the resource became, so that the trail tells from what to what.
        "ALTER TABLE journal ADD COLUMN document TEXT",
        "CREATE INDEX journal_resource ON journal (id, seq)",
    ],
    &[
        "CREATE INDEX resource_modified ON resource (kind, modified, id)",
        "CREATE INDEX outbox_order ON outbox (seq)",
        // A group's members are copied in chunks, each from its first id to the next one's.
        "CREATE TABLE chunk (group_id TEXT NOT NULL, first TEXT NOT NULL, PRIMARY KEY (group_id, first)) WITHOUT ROWID",
        "INSERT INTO chunk SELECT id, '' FROM resource WHERE kind = 'Group'",
        "INSERT OR REPLACE INTO outbox SELECT 'Group', '', id, (SELECT COALESCE(MAX(seq), 0) FROM journal)
           FROM resource WHERE kind = 'Group'",
        "INSERT OR REPLACE INTO outbox SELECT 'Group', '#members', id || '/', (SELECT COALESCE(MAX(seq), 0) FROM journal)
           FROM resource WHERE kind = 'Group'",
        // Passwords apart from documents: no filter, list, journal or copy can show one.
        "CREATE TABLE password (id TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID",
        // OAuth 2.0 clients.
        "CREATE TABLE client (id TEXT PRIMARY KEY, hash TEXT NOT NULL, scope TEXT NOT NULL, created TEXT NOT NULL,
           expires TEXT, used TEXT, revoked TEXT) WITHOUT ROWID",
        // Refused tokens and the like, counted.
        "CREATE TABLE counter (name TEXT PRIMARY KEY, number INTEGER NOT NULL, last TEXT NOT NULL) WITHOUT ROWID",
    ],
    &[
        // Who joined and left a group.
        "ALTER TABLE journal ADD COLUMN members TEXT",
        "CREATE INDEX journal_time ON journal (at, seq)",
        // Where changes are told to, and up to which number of the journal they were.
        "CREATE TABLE stream (id TEXT PRIMARY KEY, settings TEXT NOT NULL, cursor INTEGER NOT NULL,
           failures INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0, error TEXT) WITHOUT ROWID",
        // Events beside the stream's order: sent again later, given up, or taken out of turn.
        "CREATE TABLE event (stream TEXT NOT NULL, seq INTEGER NOT NULL, resource TEXT NOT NULL, state TEXT NOT NULL,
           attempts INTEGER NOT NULL, due INTEGER NOT NULL, error TEXT, PRIMARY KEY (stream, seq)) WITHOUT ROWID",
    ],
    &[
        // Readers of the copy project by the tenant's own schemas.
        "INSERT OR REPLACE INTO outbox SELECT '#schemas', '', '', (SELECT COALESCE(MAX(seq), 0) FROM journal)
           FROM fact WHERE name = 'schemas' AND NOT EXISTS (SELECT 1 FROM fact WHERE name = 'copy' AND value = 'off')",
    ],
    &[
        // Which resource a source object is tied to, for plans at the edge.
        "CREATE TABLE link (source TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID",
    ],
    &[
        // What the alarm works off in rounds: a tenant's end, a copy's, a person's erasure.
        "CREATE TABLE chore (kind TEXT NOT NULL, name TEXT NOT NULL, began TEXT NOT NULL, due INTEGER NOT NULL DEFAULT 0,
           state TEXT NOT NULL DEFAULT '', PRIMARY KEY (kind, name)) WITHOUT ROWID",
        // 1 where a person's values were taken out of the entry.
        "ALTER TABLE journal ADD COLUMN erased INTEGER",
        // What the journal no longer held when the stream came to it, as JSON.
        "ALTER TABLE stream ADD COLUMN gap TEXT",
        // Links that were set to none are not links that never were.
        "INSERT OR IGNORE INTO fact SELECT 'links', 'kept' WHERE EXISTS (SELECT 1 FROM link)",
        // What waits to be sent again, by resource.
        "CREATE INDEX event_waiting ON event (stream, state, resource, seq)",
    ],
];

impl SqlStore {
    /// Opens the store, bringing its tables up to date.
    pub fn open(state: &State, known: &Known, limit: f64) -> Result<Self, ScimError> {
        let store = Self::found(state, known, limit);
        migrate(&store)?;
        store.copies.set(store.fact(Fact::Copy)?.as_deref() != Some("off"));
        Ok(store)
    }
}

/// Brings the tables up to date, a version in one transaction.
///
/// # Errors
/// 503 when a newer Worker has already changed the tables: an older one that wrote to
/// them would break what it does not know.
fn migrate(store: &SqlStore) -> Result<(), ScimError> {
    store.run("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY)", vec![])?;
    let applied = version(store)?;
    if applied > VERSIONS.len() {
        let cause = format!("the tables have version {applied}, this Worker knows {}", VERSIONS.len());
        failure("migrate", "", &cause);
        let detail =
            "the tenant's storage was written by a newer version of the service; deploy that version again";
        return Err(ScimError::new(503, detail));
    }
    for (index, statements) in VERSIONS.iter().enumerate().skip(applied) {
        store.atomically(&mut || {
            for statement in *statements {
                store.run(statement, vec![])?;
            }
            let version = i64::try_from(index + 1).unwrap_or(i64::MAX);
            store.run("INSERT INTO schema_version (version) VALUES (?1)", vec![version.into()])
        })?;
    }
    Ok(())
}

/// The version of the tables; 0 in a new object.
pub(in crate::edge) fn version(store: &SqlStore) -> Result<usize, StoreError> {
    let rows = store.rows("SELECT COALESCE(MAX(version), 0) FROM schema_version", vec![])?;
    Ok(usize::try_from(rows.first().map_or(0, |row| integer(row, 0))).unwrap_or(0))
}
