//! The source directory as an administrator can hand it over: Graph JSON in any of its
//! page forms, the portal's CSV downloads, SCIM resources. Kept as compact columns in
//! the provisioning vocabulary (the old directory names, `objectId`, `mobile`), because
//! that is what mappings and filters are written in.
//!
//! Also who is assigned with which roles, and everyone as mappings see them. It uses `expression`
//! and `values`.

mod csv_file;
mod directory;
mod encoding;
mod json;
mod load;
mod load_report;
pub(crate) mod names;
mod population;
mod records;
mod roles;
mod rows;
mod table;

pub(crate) use csv_file::{CsvFile, Destination};
pub(crate) use directory::{Source, Tally};
pub(crate) use encoding::Wide;
pub use encoding::decode;
pub use load_report::{InputError, LoadReport};
pub(crate) use population::{Each, Population, Subject, Values};
pub(crate) use records::{Found, Records};
pub(crate) use roles::{Entitlements, Role};
pub(crate) use table::{Cell, Deleted, Table};
