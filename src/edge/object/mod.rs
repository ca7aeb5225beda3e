//! A tenant's Durable Object: how the Worker asks it, and what it does.

pub(super) mod client;
mod tenant;
