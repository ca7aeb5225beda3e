//! What a write does to a group's members: rows to add and rows to remove, looking only at the
//! members that it names, except where it means all or finds them by something else.
//!
//! Members are read at most once a request: all its filters look at each as it goes by, and a
//! member that one of them finds is not looked at by those that follow.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use super::render::member;
use super::{ChangeSet, Context, Member, Store, text_of};
use crate::scim::compat::Flag;
use crate::scim::effort::{Effort, Exhausted};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::Compiled;
use crate::scim::filter::compile::compile_element;
use crate::scim::filter::eval;
use crate::scim::patch::{MemberChange, Removal};
use crate::scim::schema::ResourceType;

/// Steps to ask the store for one row by its key.
const ASKED: u64 = 60;
/// Steps to read one row of a page of members.
const READ: u64 = 20;
/// Steps to hold one member against one term of a filter.
const COMPARED: u64 = 3;

/// Turns the changes into rows.
///
/// # Errors
/// `invalidValue` for a member that is no resource, `noTarget` for a filter that finds none, 413
/// where more members would be looked at than the request's effort allows.
pub(super) fn member_deltas(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    group: &str,
    changes: &[MemberChange],
    out: &mut ChangeSet,
) -> Result<(), ScimError> {
    let found = found_members(store, context, kind, group, changes)?;
    let mut deltas =
        Deltas { store, group, found, wanted: BTreeMap::new(), cleared: false, joining: BTreeMap::new() };
    for change in changes {
        match change {
            MemberChange::Clear => {
                deltas.cleared = true;
                deltas.wanted.clear();
            }
            MemberChange::Add(ids) => deltas.wanted.extend(ids.iter().map(|id| (id.clone(), true))),
            MemberChange::Remove(removal) => deltas.remove(context, removal)?,
        }
    }
    let Deltas { store, mut wanted, cleared, .. } = deltas;
    let mut present = BTreeSet::new();
    if cleared {
        each_member(store, &context.effort, group, &mut |row| {
            wanted.entry(row.id.clone()).or_insert(false);
            present.insert(row.id);
            Ok(())
        })?;
    }
    for (id, wanted) in wanted {
        let is_member = if cleared { present.contains(&id) } else { asked(store, context, group, &id)? };
        match (wanted, is_member) {
            (true, false) => {
                let kind = member_kind(store, context, &id)?;
                out.add_members.push((group.to_owned(), id, kind));
            }
            (false, true) => out.remove_members.push((group.to_owned(), id)),
            _ => {}
        }
    }
    Ok(())
}

/// The member's type; empty for one that is no resource here, where the tenant accepts those.
pub(super) fn member_kind(
    store: &mut dyn Store,
    context: &Context<'_>,
    id: &str,
) -> Result<String, ScimError> {
    context.effort.charge(ASKED).map_err(Exhausted::of_write)?;
    match store.kind_of(id)? {
        Some(kind) => Ok(kind),
        None if context.settings.accepts_unknown_members => Ok(String::new()),
        None => {
            let detail = format!("there is no user or group with id `{id}` to be a member");
            Err(ScimError::bad(ScimType::InvalidValue, detail))
        }
    }
}

fn asked(store: &mut dyn Store, context: &Context<'_>, group: &str, id: &str) -> Result<bool, ScimError> {
    context.effort.charge(ASKED).map_err(Exhausted::of_write)?;
    Ok(store.is_member(group, id)?)
}

/// Shows the group's members one by one, as far as the effort goes.
fn each_member(
    store: &mut dyn Store,
    effort: &Effort,
    group: &str,
    visit: &mut dyn FnMut(Member) -> Result<(), Exhausted>,
) -> Result<(), ScimError> {
    let mut fine = Ok(());
    store.pages_while(group, &mut |page| {
        let charged = effort.charge(READ.saturating_mul(page.len() as u64));
        fine = charged.and_then(|()| page.into_iter().try_for_each(&mut *visit));
        fine.is_ok()
    })?;
    fine.map_err(Exhausted::of_write)
}

/// A filter of a request, and the members of the store that it is the first to find.
struct Found {
    filter: Compiled,
    ids: BTreeSet<String>,
}

/// What each change that removes by a filter finds, in the order of the changes.
fn found_members(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    group: &str,
    changes: &[MemberChange],
) -> Result<VecDeque<Found>, ScimError> {
    let schema = context.registry.schema(&kind.schema);
    let Some(members) = schema.and_then(|schema| schema.attribute("members")) else {
        return Ok(VecDeque::new());
    };
    let mut all = VecDeque::new();
    // Behind a change that clears the group only those are members who were added by the request.
    let mut looks = 0;
    let mut cleared = false;
    for change in changes {
        match change {
            MemberChange::Clear => cleared = true,
            MemberChange::Remove(removal) if removal.ids().is_none() => {
                let filter = compile_element(&removal.filter, members, context.settings.profile)
                    .map_err(|error| error.into_scim(ScimType::InvalidFilter, &removal.path))?;
                looks += usize::from(!cleared);
                all.push_back(Found { filter, ids: BTreeSet::new() });
            }
            MemberChange::Remove(_) | MemberChange::Add(_) => {}
        }
    }
    if looks > 0 {
        each_member(store, &context.effort, group, &mut |row| {
            let id = row.id.clone();
            let shown = member(context, row);
            for found in all.iter_mut().take(looks) {
                if holds(&context.effort, &found.filter, &shown)? {
                    found.ids.insert(id);
                    break;
                }
            }
            Ok(())
        })?;
    }
    Ok(all)
}

/// Whether a member satisfies the filter.
fn holds(effort: &Effort, filter: &Compiled, member: &Value) -> Result<bool, Exhausted> {
    effort.charge(filter.terms().saturating_mul(COMPARED))?;
    eval::element_within(std::slice::from_ref(filter), member, effort)
}

struct Deltas<'a> {
    store: &'a mut dyn Store,
    group: &'a str,
    /// What the filters of the changes to come find.
    found: VecDeque<Found>,
    /// Who is to be a member in the end, or not, as far as that is said.
    wanted: BTreeMap<String, bool>,
    /// Whether nobody else is.
    cleared: bool,
    /// Those whom the request adds, as filters see them.
    joining: BTreeMap<String, Value>,
}

impl Deltas<'_> {
    fn is_member(&mut self, context: &Context<'_>, id: &str) -> Result<bool, ScimError> {
        match self.wanted.get(id) {
            Some(wanted) => Ok(*wanted),
            None => Ok(!self.cleared && asked(self.store, context, self.group, id)?),
        }
    }

    fn remove(&mut self, context: &Context<'_>, removal: &Removal) -> Result<(), ScimError> {
        let found = match removal.ids() {
            Some(ids) => {
                let mut found = BTreeSet::new();
                for id in ids {
                    if self.is_member(context, id)? {
                        found.insert(id.to_owned());
                    }
                }
                found
            }
            None => self.matching(context)?,
        };
        let optional = removal.optional || context.settings.profile.has(Flag::UnmatchedRemove);
        if found.is_empty() && !optional {
            let detail = format!("no member matches `{}`; name one that the group has", removal.path);
            return Err(ScimError::bad(ScimType::NoTarget, detail));
        }
        self.wanted.extend(found.into_iter().map(|id| (id, false)));
        Ok(())
    }

    /// The members that the next filter finds, as the changes before leave them.
    fn matching(&mut self, context: &Context<'_>) -> Result<BTreeSet<String>, ScimError> {
        let Some(Found { filter, ids }) = self.found.pop_front() else { return Ok(BTreeSet::new()) };
        let mut found = ids;
        found.retain(|id| !self.cleared && self.wanted.get(id) != Some(&false));
        for id in self.wanted.iter().filter(|(_, wanted)| **wanted).map(|(id, _)| id) {
            if !self.joining.contains_key(id) {
                context.effort.charge(2 * ASKED).map_err(Exhausted::of_write)?;
                let kind = self.store.kind_of(id)?.unwrap_or_default();
                let record = self.store.get(&kind, id)?;
                let display = record.and_then(|record| text_of(&record.document, "displayName"));
                let row = Member { id: id.clone(), kind, display: display.unwrap_or_default() };
                self.joining.insert(id.clone(), member(context, row));
            }
            let Some(shown) = self.joining.get(id) else { continue };
            if holds(&context.effort, &filter, shown).map_err(Exhausted::of_write)? {
                found.insert(id.clone());
            }
        }
        Ok(found)
    }
}
