//! The directory: what a SCIM service provider does (RFC 7644 §3), over a [`Store`].

mod bounds;
mod bulk;
mod context;
mod cursor;
mod first;
pub mod graph;
mod groups;
mod keys;
mod location;
mod lower;
mod membership;
pub mod memory;
pub mod overlay;
pub mod page;
mod password;
mod query;
mod reference;
mod render;
mod settings;
mod sort;
mod stop;
pub mod store;
mod stream;
pub mod transfer;
mod version;
mod write;

pub use bounds::{MAX_RESOURCE, MAX_TEXT, MAX_VALUES};
pub use bulk::{MAX_OPERATIONS as MAX_BULK_OPERATIONS, bulk};
pub use context::{Context, HashPassword, NO_PASSWORDS};
pub use cursor::MAX_CURSOR_SECONDS;
pub use keys::keys;
pub use location::location;
pub use lower::lower;
pub use password::{MAX_PASSWORDS, passwords};
pub use query::{Found, Query, query};
pub use render::{Shown, member, render};
pub use settings::{PatchReply, Settings, Status};
pub use stop::Stop;
pub use stream::{Told, told};
pub use version::{etag, names_etag, names_version, require};
pub use write::{Written, create, create_as, delete, patch, replace};

pub(crate) use store::text_of;
pub use store::*;
