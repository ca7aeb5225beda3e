//! What Microsoft Entra's provisioning service does, pure: given a source directory, a
//! configuration and what the target holds, what would be sent, and why.
//!
//! Data flows `source` → `scope` → `matching` → `mapping` (`expression`) → `diff` →
//! `requests` → `plan`.

pub mod engine;
pub mod expression;
pub mod report;
mod source;
