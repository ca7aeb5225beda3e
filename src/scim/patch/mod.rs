//! PATCH (RFC 7644 §3.5.2): decode → dialect (what directories really send, made
//! strict steps by the tenant's profile) → apply, all operations or none.
//!
//! A group's members are no part of its document: operations on them come out as
//! [`MemberChange`]s, so that adding one to a hundred thousand costs what it costs at ten.

mod apply;
mod cost;
mod dialect;
mod diff;
mod element;
mod members;
mod op;
mod place;

pub use apply::{Patched, apply};
pub use diff::diff;
pub use members::{MemberChange, Removal};
pub use op::{MAX_OPERATIONS, Op, Operation, Operations, decode};
