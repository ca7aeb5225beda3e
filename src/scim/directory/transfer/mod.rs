//! The lines of an export, and what an import takes of them.
//!
//! A file is the head, resources, memberships and deletions in any order, and the end. A reader
//! applies them one after the other. The shells move the lines; what a line may say is decided
//! here, since a file may be of any origin.

mod line;
mod restored;

pub use line::{
    END, FORM, Head, Line, MAX_DOCUMENT, MAX_LINE, Members, Resource, Sums, Trailer, is_id, read, refused,
    shown,
};
pub use restored::{Restored, restored};
