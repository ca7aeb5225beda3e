//! A tenant's Durable Object: how the Worker asks it, what it answers, and what its alarm works off. It uses all
//! rooms but `worker` and `admin`.

mod chores;
pub(super) mod client;
pub(super) mod command;
mod commands;
mod erase;
pub(super) mod export;
mod import;
mod links;
mod plan;
mod removal;
mod tenant;
