//! The administrator's API: tenants, their tokens, trail and plans, behind the Worker's own secret. It may use every
//! other room.

mod clients;
mod issuers;
mod journal;
pub(super) mod routes;
mod streams;
mod tenants;
mod tokens;
mod transfer;
