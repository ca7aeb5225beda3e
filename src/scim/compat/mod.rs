//! Compatibility profiles: directories and conformance suites ask for opposite things, so
//! each tenant says which habits it reads. What directories send is made strict here, before
//! the strict meaning of RFC 7643 and RFC 7644 begins; each change can be told.

mod profile;
mod quirk;
mod reader;
mod resource;
mod value;

pub use profile::Profile;
pub use quirk::{Flag, QUIRKS, Quirk};
pub(crate) use reader::note;
pub use reader::{Reader, Reading};
pub(crate) use resource::{canonical_urn, with_colon};
pub(crate) use value::{At, is_json};
