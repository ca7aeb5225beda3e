//! The read replica in KV: what the object writes there, and what is answered from it with no hop to the object.
//! It uses `platform` and `store`.

mod key;
pub(super) mod publish;
pub(super) mod read;
pub(super) mod reader;
