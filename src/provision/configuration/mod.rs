//! The configuration: a `synchronizationSchema` or a mapping table as read, and its mappings and
//! scoping filters compiled. It uses `target` for what can be written, `source` for roles, and what
//! stands below them.

pub mod attribute_list;
mod edit;
pub(crate) mod lint;
mod mapping;
pub mod mapping_table;
mod pattern;
mod program;
mod schema;
mod scope;
mod settings;
mod surroundings;

pub(crate) use edit::{AddedRole, Edit, EditKind, Id};
pub(crate) use mapping::{Compiled, Flow, Line};
pub(crate) use program::Program;
pub(crate) use schema::{FlowType, Kind, MappingSource, ObjectMapping, Schema, mapping_source};
pub(crate) use scope::Answer;
pub use scope::{Came, ClauseFacts, FilterFacts};
pub use settings::{JobSettings, in_words};
pub(crate) use surroundings::{Surroundings, chance, seed};
