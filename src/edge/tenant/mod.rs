//! A tenant's own facts and the rules for them: who may do what and how often, and what a change of its settings,
//! schemas and indexes brings with it. It uses `platform` and `store`.

pub(super) mod access;
pub(super) mod clients;
pub(super) mod entry;
pub(super) mod index_walk;
pub(super) mod issuers;
pub(super) mod limit;
pub(super) mod me;
pub(super) mod password;
pub(super) mod placement;
pub(super) mod profile;
pub(super) mod republish;
pub(super) mod retention;
pub(super) mod schema_change;
pub(super) mod settings_change;
pub(super) mod tally;
pub(super) mod tokens;
