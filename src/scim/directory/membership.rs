//! What a write does to a group's members: rows to add and rows to remove, looking only at the
//! members that it names, except where it means all or finds them by something else.

use std::collections::{BTreeMap, BTreeSet};

use super::render::member;
use super::{ChangeSet, Context, Member, Store, StoreError, text_of};
use crate::scim::compat::Flag;
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::compile::compile_element;
use crate::scim::filter::eval;
use crate::scim::patch::{MemberChange, Removal};
use crate::scim::schema::ResourceType;

/// Turns the changes into rows.
///
/// # Errors
/// `invalidValue` for a member that is no resource, `noTarget` for a filter that finds none.
pub(super) fn member_deltas(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    group: &str,
    changes: &[MemberChange],
    out: &mut ChangeSet,
) -> Result<(), ScimError> {
    let mut deltas = Deltas { store, group, wanted: BTreeMap::new(), cleared: false };
    for change in changes {
        match change {
            MemberChange::Clear => {
                deltas.cleared = true;
                deltas.wanted.clear();
            }
            MemberChange::Add(ids) => deltas.wanted.extend(ids.iter().map(|id| (id.clone(), true))),
            MemberChange::Remove(removal) => deltas.remove(context, kind, removal)?,
        }
    }
    let Deltas { store, mut wanted, cleared, .. } = deltas;
    if cleared {
        store.each_page(group, &mut |page| {
            for member in page {
                wanted.entry(member.id).or_insert(false);
            }
        })?;
    }
    for (id, wanted) in wanted {
        match (wanted, store.is_member(group, &id)?) {
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
    match store.kind_of(id)? {
        Some(kind) => Ok(kind),
        None if context.settings.accepts_unknown_members => Ok(String::new()),
        None => {
            let detail = format!("there is no user or group with id `{id}` to be a member");
            Err(ScimError::bad(ScimType::InvalidValue, detail))
        }
    }
}

struct Deltas<'a> {
    store: &'a mut dyn Store,
    group: &'a str,
    /// Who is to be a member in the end, or not, as far as that is said.
    wanted: BTreeMap<String, bool>,
    /// Whether nobody else is.
    cleared: bool,
}

impl Deltas<'_> {
    fn is_member(&mut self, id: &str) -> Result<bool, StoreError> {
        match self.wanted.get(id) {
            Some(wanted) => Ok(*wanted),
            None => Ok(!self.cleared && self.store.is_member(self.group, id)?),
        }
    }

    fn remove(
        &mut self,
        context: &Context<'_>,
        kind: &ResourceType,
        removal: &Removal,
    ) -> Result<(), ScimError> {
        let found = match removal.ids() {
            Some(ids) => {
                let mut found = BTreeSet::new();
                for id in ids {
                    if self.is_member(id)? {
                        found.insert(id.to_owned());
                    }
                }
                found
            }
            None => self.matching(context, kind, removal)?,
        };
        let optional = removal.optional || context.settings.profile.has(Flag::UnmatchedRemove);
        if found.is_empty() && !optional {
            let detail = format!("no member matches `{}`; name one that the group has", removal.path);
            return Err(ScimError::bad(ScimType::NoTarget, detail));
        }
        self.wanted.extend(found.into_iter().map(|id| (id, false)));
        Ok(())
    }

    /// The members that the filter finds, as the changes before leave them.
    fn matching(
        &mut self,
        context: &Context<'_>,
        kind: &ResourceType,
        removal: &Removal,
    ) -> Result<BTreeSet<String>, ScimError> {
        let schema = context.registry.schema(&kind.schema);
        let Some(members) = schema.and_then(|schema| schema.attribute("members")) else {
            return Ok(BTreeSet::new());
        };
        let filter = compile_element(&removal.filter, members, context.settings.profile)
            .map_err(|error| error.into_scim(ScimType::InvalidFilter, &removal.path))?;
        let mut found = BTreeSet::new();
        let mut note = |row: Member| {
            let id = row.id.clone();
            if eval::element(std::slice::from_ref(&filter), &member(context, row)) {
                found.insert(id);
            }
        };
        if !self.cleared {
            let wanted = &self.wanted;
            self.store.each_page(self.group, &mut |page| {
                page.into_iter().filter(|row| wanted.get(&row.id) != Some(&false)).for_each(&mut note);
            })?;
        }
        for id in self.wanted.iter().filter(|(_, wanted)| **wanted).map(|(id, _)| id) {
            let kind = self.store.kind_of(id)?.unwrap_or_default();
            let record = self.store.get(&kind, id)?;
            let display = record.and_then(|record| text_of(&record.document, "displayName"));
            note(Member { id: id.clone(), kind, display: display.unwrap_or_default() });
        }
        Ok(found)
    }
}
