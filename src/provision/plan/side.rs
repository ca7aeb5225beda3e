//! What a plan keeps of users and of groups, each by itself, for the next plan.

use super::column::Columns;
use crate::provision::configuration::Compiled;
use crate::provision::object_kind::ObjectKind;
use crate::provision::values::Atom;
use serde_json::Value;
use std::rc::Rc;

/// What one line says of one object, as bits.
pub(crate) type Mark = u8;

/// What is known of one kind of object, and kept for the next plan.
#[derive(Debug, Default)]
pub(crate) struct Side {
    pub compiled: Option<Rc<Compiled>>,
    pub columns: Columns,
    /// The filter and who passed it.
    pub(super) filter: Option<(Value, Rc<[Atom]>)>,
    /// Who was out of scope.
    pub(super) outside: Vec<bool>,
    /// For each line, what it says of each object; none for references.
    pub(super) marks: Vec<Rc<[Mark]>>,
}

impl Side {
    /// A side of which only the mappings and their values are known.
    pub fn of(compiled: Rc<Compiled>, columns: Columns) -> Self {
        Self { compiled: Some(compiled), columns, ..Self::default() }
    }
}

/// The side of a kind, users' before groups'.
pub(crate) fn side(sides: &[Side; 2], kind: ObjectKind) -> &Side {
    let [users, groups] = sides;
    if kind == ObjectKind::User { users } else { groups }
}
