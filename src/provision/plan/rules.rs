//! What holds for a whole plan: the settings with every choice made, and the ties that are known.

use super::requests::Shape;
use crate::provision::configuration::Surroundings;
use crate::provision::values::Atom;
use hashbrown::HashMap;

/// The job's settings with every choice made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub sync_all: bool,
    pub exclude_default_access: bool,
    pub skip_out_of_scope: bool,
    /// There are no ties yet.
    pub first_cycle: bool,
    pub shape: Shape,
    pub around: Surroundings,
}

/// What is known of the ties between source and target objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Links {
    /// Nothing: each unique match is taken as a tie.
    #[default]
    Assumed,
    /// There are none yet.
    None,
    /// These, source id → target id.
    Given(HashMap<Atom, Atom>),
}
