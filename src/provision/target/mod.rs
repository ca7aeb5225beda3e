//! What the target holds and what it can do: its resources as documents, found by id and by value,
//! the paths into them, its abilities. It uses `source` for how files are read, and `values`.

mod capability;
mod dialect;
mod document;
mod inventory;
mod path;

pub use capability::{Capabilities, MemberRemoval, Update};
pub use dialect::{Dialect, ManagerShape};
pub(crate) use document::{Document, Documents, Spot};
pub(crate) use inventory::{Held, HeldObject, Index, Indexed, Routes};
pub use path::mend_target;
pub(crate) use path::{TargetPath, member};
