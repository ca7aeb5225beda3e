//! The functions, one family a file. They use the tree that they stand in, and evaluation for their
//! arguments.

mod catalogue;
mod chance;
mod dates;
mod declare;
mod encode;
mod list;
mod logic;
mod number;
mod replace;
mod role;
mod text;
mod words;

pub use catalogue::{find, functions};
use declare::{cloud_sync, entra, many, maybe, need, slot};
