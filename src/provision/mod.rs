//! What Microsoft Entra's provisioning service does, pure: given a source directory, a
//! configuration and what the target holds, what would be sent, and why.
//!
//! Data flows `source` → `scope` → `matching` → `mapping` (`expression`) → `diff` →
//! `requests` → `plan`.

pub mod capability;
mod column;
pub mod cycle;
mod decide;
mod diff;
mod document;
pub mod engine;
pub mod example;
pub mod expression;
mod held;
mod mapping;
mod matching;
mod plan;
mod pool;
mod population;
mod profile;
mod program;
mod records;
mod reference;
pub mod report;
mod requests;
mod roles;
mod schema_json;
mod scope;
mod source;
mod target_path;

pub use program::milliseconds;
pub use schema_json::decode;
