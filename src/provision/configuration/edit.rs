//! What a mapping line makes of an attribute that the target holds, before it is a request.

use crate::provision::target::TargetPath;
use serde_json::Value;
use std::borrow::Cow;

/// One attribute to change.
#[derive(Clone, Debug)]
pub(crate) struct Edit<'a> {
    pub path: Cow<'a, TargetPath>,
    pub target: Cow<'a, str>,
    /// The target holds something there now.
    pub held: bool,
    /// It holds the element that the path's filter means, if not this part of it.
    pub there: bool,
    pub edit: EditKind,
}

/// What to do to it.
#[derive(Clone, Debug)]
pub(crate) enum EditKind {
    Set(Value),
    /// The referenced object; `None` clears.
    Refer(Option<Id>),
    /// Members to add, and to remove.
    Members(Vec<Id>, Vec<String>),
    /// These roles and no others.
    SetRoles(Vec<Value>),
    /// These roles beside what is held.
    AddRoles(Vec<AddedRole>),
}

/// The id of a target object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Id {
    /// As the target gave it out.
    Held(String),
    /// Of an object still to be created, by the source object.
    Created(String),
}

/// A role to add.
#[derive(Clone, Debug)]
pub(crate) struct AddedRole {
    /// As an element of `roles`.
    pub element: Value,
    /// As JSON text of id, value and display name.
    pub text: String,
}
