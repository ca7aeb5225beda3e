//! What an object knows in memory of its tenant's schemas.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;

use crate::scim::schema::{Registry, builtin};

/// What is known of them in memory, shared by all stores of one object.
#[derive(Debug, Default)]
pub(in crate::edge) struct InMemory {
    /// As they were read.
    pub read: RefCell<Option<Schemas>>,
    /// How often they changed since the object woke.
    pub changes: Cell<u64>,
}

/// A share of that.
pub(in crate::edge) type Known = Rc<InMemory>;

/// What a tenant's requests are checked against.
#[derive(Clone, Debug)]
pub(in crate::edge) struct Schemas {
    /// None where it is that of the standard alone.
    pub(super) own: Option<Rc<Registry>>,
    /// Whether keys of its indexes are still to be made.
    pub is_walking: bool,
}

impl Deref for Schemas {
    type Target = Registry;

    fn deref(&self) -> &Registry {
        self.own.as_deref().unwrap_or_else(|| builtin())
    }
}
