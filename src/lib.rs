//! Provisor: SCIM 2.0 provisioning, as a pure core in thin shells.
//!
//! - [`scim`] knows the protocol (RFC 7643, 7644): schema, filter, PATCH and the
//!   directory's use cases over a synchronous store.
//! - [`provision`] knows how Microsoft Entra provisions: source records, mappings,
//!   expressions, scope, matching, the diff and the plan.
//! - `edge` (feature) is a Cloudflare Worker around both; `browser` and `sandbox`
//!   (feature `browser`) are the page's engine, the second what is asked of it only now and
//!   then; `provisor` (feature `cli`) is the command line. [`routes`] is the Worker's table
//!   of paths and [`outbound`] says where its own requests may go, apart because tests read
//!   them too; [`conversation`] replays what directories send.
//!
//! Dependencies point inward: shells → `provision` → `scim`. The core has no I/O, no
//! clock, no randomness and no global state: time, ids and random bytes are arguments.
//! Nothing outside tests may panic, because a panic at the edge aborts every request
//! in flight; the lints below hold that line.
#![cfg_attr(not(any(feature = "edge", feature = "browser")), forbid(unsafe_code))]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    clippy::todo,
    clippy::unimplemented,
    clippy::dbg_macro,
    missing_docs
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::unreachable
    )
)]

pub mod conversation;
pub mod outbound;
pub mod provision;
pub mod routes;
pub mod scim;

#[cfg(all(feature = "edge", feature = "browser", target_arch = "wasm32"))]
compile_error!("build the Worker (feature `edge`) and the page's engine (feature `browser`) apart");

#[cfg(all(feature = "edge", target_arch = "wasm32"))]
mod edge;

/// The one part of the shell that its tests need no runtime for.
#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(dead_code, reason = "the shell asks for the rest")]
#[path = "edge/store/condition.rs"]
mod condition;

#[cfg(feature = "browser")]
pub mod browser;

#[cfg(feature = "browser")]
pub mod sandbox;
