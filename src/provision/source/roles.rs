//! Who is assigned, how, and with which application roles: direct assignments and those
//! of groups a user is a direct member of. Nested groups give nothing. The role whose id
//! is all zeros is Default Access.

use super::directory::{RoleRef, Source};
use super::table::Deleted;
use crate::provision::values::{Atom, Pool};
use hashbrown::HashMap;

const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";

/// A role somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub id: String,
    /// The role's value, else its display name: what role functions yield.
    pub value: String,
    pub display_name: String,
    pub default_access: bool,
}

/// All assignments, resolved.
#[derive(Debug, Default)]
pub(crate) struct Entitlements {
    roles: Vec<Role>,
    /// Principal id → (role, the group it comes through).
    held: HashMap<Atom, Vec<(usize, Option<Atom>)>>,
    /// Assigned groups that are no security groups; Entra provisions nobody through them.
    pub insecure: Vec<Atom>,
    /// The place of each role, by its id.
    known: HashMap<String, usize>,
    /// How many assignments were resolved.
    resolved: usize,
}

impl Entitlements {
    /// Resolves the roles of up to `most` further assignments and spreads those of groups to
    /// direct members; how many it were.
    pub fn step(&mut self, source: &Source, pool: &Pool, most: usize) -> usize {
        let from = self.resolved;
        let all = &source.assignments;
        self.resolved = all.len().min(from.saturating_add(most));
        let entitlements = self;
        let plain = |group: Atom| {
            let row = source.groups.find(group)?;
            source.groups.text(pool, row, "securityEnabled").filter(|text| text.eq_ignore_ascii_case("false"))
        };
        for assignment in all.get(from..entitlements.resolved).unwrap_or_default() {
            let role = resolve(source, &assignment.role);
            let role = *entitlements.known.entry(role.id.clone()).or_insert_with(|| {
                entitlements.roles.push(role);
                entitlements.roles.len() - 1
            });
            if plain(assignment.principal).is_some() {
                if !entitlements.insecure.contains(&assignment.principal) {
                    entitlements.insecure.push(assignment.principal);
                }
                continue;
            }
            entitlements.hold(assignment.principal, role, None);
            // A group that is deleted has lost its assignments, and with them its members.
            let groups = &source.groups;
            let entry = groups.find(assignment.principal).and_then(|row| groups.entry(row));
            if entry.is_some_and(|entry| entry.deleted != Deleted::No) {
                continue;
            }
            // Groups inside groups get nothing, neither they nor their members.
            let nested = |member: &&Atom| source.groups.find(**member).is_some();
            for member in source.members_of(assignment.principal).iter().filter(|member| !nested(member)) {
                entitlements.hold(*member, role, Some(assignment.principal));
            }
        }
        entitlements.resolved - from
    }

    /// Every role that somebody holds.
    pub fn all(&self) -> &[Role] {
        &self.roles
    }

    /// How many hold Default Access and nothing else.
    pub fn default_access_only(&self) -> usize {
        let default = |role: &usize| self.roles.get(*role).is_some_and(|role| role.default_access);
        self.held.values().filter(|held| held.iter().all(|(role, _)| default(role))).count()
    }

    fn hold(&mut self, principal: Atom, role: usize, via: Option<Atom>) {
        self.held.entry(principal).or_default().push((role, via));
    }

    /// Whether the principal is assigned at all, and through which group if not directly.
    pub fn assigned(&self, principal: Atom) -> Option<Option<Atom>> {
        let held = self.held.get(&principal)?;
        let direct = held.iter().find(|(_, via)| via.is_none()).or_else(|| held.first())?;
        Some(direct.1)
    }

    /// The roles held, each once; Default Access only when there is no other.
    pub fn roles(&self, principal: Atom) -> Vec<&Role> {
        let mut roles: Vec<&Role> = Vec::new();
        for (role, _) in self.held.get(&principal).map_or(&[][..], Vec::as_slice) {
            if let Some(role) = self.roles.get(*role)
                && !roles.contains(&role)
            {
                roles.push(role);
            }
        }
        if roles.iter().any(|role| !role.default_access) {
            roles.retain(|role| !role.default_access);
        }
        roles
    }
}

fn resolve(source: &Source, reference: &RoleRef) -> Role {
    let found = match reference {
        RoleRef::Id(id) => source.roles.iter().find(|role| role.id.eq_ignore_ascii_case(id)),
        RoleRef::Name(name) => source.roles.iter().find(|role| {
            role.display_name.eq_ignore_ascii_case(name)
                || role.value.as_deref().is_some_and(|value| value.eq_ignore_ascii_case(name))
        }),
    };
    if let Some(role) = found {
        return Role {
            id: role.id.clone(),
            value: role.value.clone().unwrap_or_else(|| role.display_name.clone()),
            display_name: role.display_name.clone(),
            default_access: role.id == DEFAULT_ACCESS,
        };
    }
    let text = match reference {
        RoleRef::Id(text) | RoleRef::Name(text) => text.clone(),
    };
    let default_access =
        text == DEFAULT_ACCESS || text.eq_ignore_ascii_case("Default Access") || text.is_empty();
    let name = if default_access { "Default Access".to_owned() } else { text.clone() };
    Role { id: text, value: name.clone(), display_name: name, default_access }
}
