//! A tenant's storage: SQLite in a Durable Object, its tables, and what is kept in them. It uses `platform`
//! alone.

pub(super) mod chore;
mod commit;
mod condition;
mod directory;
pub(super) mod fact;
pub(super) mod importing;
pub(super) mod indexes;
pub(super) mod journal;
pub(super) mod migrate;
pub(super) mod outbox;
pub(super) mod registry;
pub(super) mod schemas;
pub(super) mod settings;
pub(super) mod space;
pub(super) mod sql;
