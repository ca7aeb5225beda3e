//! The schema model (RFC 7643 §2, §6, §7): attributes with every characteristic,
//! schemas, resource types and the registry a tenant uses.

mod before;
pub mod builtin;
mod characteristic;
pub mod check;
mod fault;
mod hidden;
mod index;
mod json;
mod load;
mod model;
pub mod project;
mod read;
mod repeat;
mod resolve;
mod time;
mod value;

pub(crate) use before::is_same;
pub use builtin::builtin;
pub use characteristic::{Mutability, Returned, Type, Uniqueness};
pub use fault::{Fault, Faults, Rule};
pub use index::{INDEXED, MAX_INDEXES};
pub use model::{Attribute, Indexes, Registry, Resolved, ResourceType, Schema};
pub use read::LoadFault;
pub(crate) use repeat::{Places, key as element_key, number_key};
pub use time::{Moment, instant, moment, written};
pub(crate) use time::{date_of, days, days_of};
