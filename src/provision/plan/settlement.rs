//! What the first phase found out: who stands where, and who is whom.

use super::standing::Standing;
use crate::provision::object_kind::ObjectKind;
use crate::provision::values::Atom;
use hashbrown::HashMap;

/// Which target object a source object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// It has none and would get one.
    Create,
    /// This one.
    Target(usize),
    /// Several answer to the matching value.
    Ambiguous(usize),
    /// It has no value for any matching attribute.
    NoValue,
    /// Another source object, in this row, is it already.
    Duplicate(usize),
    /// A tie was given, and the target no longer holds the object.
    Lost(Atom),
    /// None, and none is made.
    None,
}

/// What the first phase found out about one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub kind: ObjectKind,
    pub row: usize,
    pub standing: Standing,
    pub link: Link,
}

impl Settled {
    /// Whether it would be written, so that its references matter.
    pub fn is_written(&self) -> bool {
        self.standing.in_scope() && matches!(self.link, Link::Create | Link::Target(_))
    }
}

/// Everything that is decided before single objects are looked at.
#[derive(Debug, Default)]
pub(crate) struct Settlement {
    pub objects: Vec<Settled>,
    /// Source id → place in `objects`.
    pub by_source: HashMap<Atom, usize>,
    /// Target place → place in `objects`.
    pub by_target: HashMap<usize, usize>,
    /// For each object, whether it has no target object and gets one.
    pub creates: Vec<bool>,
}
