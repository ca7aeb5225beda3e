//! All that was loaded of the source directory.

use super::table::Table;
use crate::provision::object_kind::ObjectKind;
use crate::provision::values::Atom;
use hashbrown::HashMap;

/// An application role.
#[derive(Clone, Debug)]
pub(crate) struct AppRole {
    pub id: String,
    pub value: Option<String>,
    pub display_name: String,
}

/// An application role given to a user or group.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    pub principal: Atom,
    pub role: RoleRef,
}

/// How an assignment names its role.
#[derive(Clone, Debug)]
pub(crate) enum RoleRef {
    /// By id; all zeros is Default Access.
    Id(String),
    /// By display name or value, as the portal's CSV has it.
    Name(String),
}

/// All that was loaded.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub users: Table,
    pub groups: Table,
    /// Group id → the direct members' ids, in order.
    pub members: HashMap<Atom, Vec<Atom>>,
    pub roles: Vec<AppRole>,
    pub assignments: Vec<Assignment>,
    /// Assignments were given, even if none.
    pub has_assignments: bool,
    /// What columns are called instead, by what the files call them in lower case.
    pub renamed: HashMap<String, String>,
    /// Users from here on are left out.
    pub most: Option<usize>,
}

/// What one file gave, by kind.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub users: usize,
    pub groups: usize,
    pub members: usize,
    pub roles: usize,
    pub assignments: usize,
    pub unknown: usize,
    /// Users beyond those that were asked for.
    pub beyond: usize,
    pub notes: Vec<String>,
}

impl Source {
    /// Keeps columns under other names from now on: (as the files have it, the attribute).
    pub fn rename(&mut self, names: &[(String, String)]) {
        let lower = |(from, to): &(String, String)| (from.to_ascii_lowercase(), to.clone());
        self.renamed = names.iter().map(lower).collect();
        self.users.rename(&self.renamed);
        self.groups.rename(&self.renamed);
    }

    /// What a column is called.
    pub(super) fn called<'n>(&'n self, name: &'n str) -> &'n str {
        self.renamed.get(&name.to_ascii_lowercase()).map_or(name, String::as_str)
    }

    /// Whether one more user is taken; counted otherwise.
    pub(super) fn has_room(&self, tally: &mut Tally) -> bool {
        let full = self.most.is_some_and(|most| self.users.len() >= most);
        tally.beyond += usize::from(full);
        !full
    }

    /// The objects of a kind.
    pub fn table(&self, kind: ObjectKind) -> &Table {
        if kind == ObjectKind::User { &self.users } else { &self.groups }
    }

    /// The same, to be changed.
    pub fn table_mut(&mut self, kind: ObjectKind) -> &mut Table {
        if kind == ObjectKind::User { &mut self.users } else { &mut self.groups }
    }

    /// The direct members of a group.
    pub fn members_of(&self, group: Atom) -> &[Atom] {
        self.members.get(&group).map_or(&[], Vec::as_slice)
    }
}
