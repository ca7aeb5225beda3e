//! What Microsoft Entra's provisioning service does, pure: given a source directory, a
//! configuration and what the target holds, what would be sent, and why.
//!
//! The rooms from the bottom up, each of which uses only what stands before it: the files that stand
//! here by themselves and `profile`, then `expression`, `values`, `source`, `target`,
//! `configuration`, `plan`, `analysis`, `export`, `cycle`, `run`.

mod address;
pub mod analysis;
pub mod configuration;
pub mod cycle;
pub mod diagnostic;
pub mod example;
pub mod export;
pub mod expression;
pub mod message;
mod object_kind;
pub mod plan;
mod profile;
pub mod run;
mod sort;
pub mod source;
pub mod target;
pub mod values;
