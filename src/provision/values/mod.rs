//! Values as the engine keeps and compares them: texts as numbers, what Entra takes for equal, and how it
//! writes the time.
//! It uses `expression` for what a value is.

mod equality;
mod pool;
mod time;

pub(crate) use equality::{same, same_text};
pub(crate) use pool::{Atom, Pool};
pub use time::timestamp;
