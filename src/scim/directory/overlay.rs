//! Changes that are not committed yet, laid over a store: what is read through it is as if
//! they were.
//!
//! The operations of a bulk request that need each other are worked out here one by one,
//! each seeing what the others wrote, and then committed together or not at all.

use std::collections::{BTreeMap, BTreeSet};

use super::page::{PAGE_BYTES, Weight, is_last, page};
use super::store::{ChangeSet, Key, Member, Membership, Put, Record, Store, StoreError};

/// Members read from the store beneath in one go.
const PAGE: usize = 500;

/// A store and what is to be written to it.
pub struct Overlay<'a> {
    beneath: &'a mut dyn Store,
    /// Resources written, or `None` where deleted, by id.
    rows: BTreeMap<String, Option<Put>>,
    /// Resources that will be created under an id given out ahead: their types.
    promised: BTreeMap<String, String>,
    /// Memberships added (`true`) or removed, as (group, member).
    members: BTreeMap<(String, String), bool>,
    /// Groups that lost all the members they have beneath.
    cleared: BTreeSet<String>,
    changes: Vec<ChangeSet>,
}

impl<'a> Overlay<'a> {
    /// Nothing changed yet.
    pub fn new(beneath: &'a mut dyn Store) -> Self {
        Self {
            beneath,
            rows: BTreeMap::new(),
            promised: BTreeMap::new(),
            members: BTreeMap::new(),
            cleared: BTreeSet::new(),
            changes: Vec::new(),
        }
    }

    /// Announces a resource that will be created under this id, so that others may name it.
    pub fn promise(&mut self, id: &str, kind: &str) {
        self.promised.insert(id.to_owned(), kind.to_owned());
    }

    /// What was changed, in order.
    pub fn into_changes(self) -> Vec<ChangeSet> {
        self.changes
    }

    fn is_deleted(&self, id: &str) -> bool {
        matches!(self.rows.get(id), Some(None))
    }

    fn display(&self, id: &str) -> Option<String> {
        let put = self.rows.get(id)?.as_ref()?;
        Some(super::text_of(&put.record.document, "displayName").unwrap_or_default())
    }

    fn beneath_display(&mut self, kind: &str, id: &str) -> Result<String, StoreError> {
        let record = self.beneath.get(kind, id)?;
        Ok(record.and_then(|record| super::text_of(&record.document, "displayName")).unwrap_or_default())
    }

    /// Whether a membership that the store beneath has still stands.
    fn stands(&self, group: &str, member: &str) -> bool {
        let pair = (group.to_owned(), member.to_owned());
        match self.members.get(&pair) {
            Some(present) => *present,
            None => !self.cleared.contains(group) && !self.is_deleted(group) && !self.is_deleted(member),
        }
    }

    /// The store beneath, seen through a change. Deletions come first, as in every store.
    fn lay(&mut self, change: &ChangeSet) -> Result<(), StoreError> {
        for (_, id) in &change.delete {
            self.rows.insert(id.clone(), None);
            self.promised.remove(id);
            self.members.retain(|(group, member), _| group != id && member != id);
        }
        for put in &change.put {
            for key in &put.unique {
                if self.owner(&put.record.kind, key)?.is_some_and(|owner| owner != put.record.id) {
                    return Err(StoreError::Taken(key.clone()));
                }
            }
            self.rows.insert(put.record.id.clone(), Some(put.clone()));
        }
        for cleared in &change.clear_members {
            self.members.retain(|(group, _), _| group != cleared);
            self.cleared.insert(cleared.clone());
        }
        for pair in &change.remove_members {
            self.members.insert(pair.clone(), false);
        }
        for (group, member, _) in &change.add_members {
            self.members.insert((group.clone(), member.clone()), true);
        }
        Ok(())
    }
}

impl Store for Overlay<'_> {
    fn get(&mut self, kind: &str, id: &str) -> Result<Option<Record>, StoreError> {
        match self.rows.get(id) {
            Some(row) => Ok(row.as_ref().map(|put| &put.record).filter(|row| row.kind == kind).cloned()),
            None => self.beneath.get(kind, id),
        }
    }

    fn kind_of(&mut self, id: &str) -> Result<Option<String>, StoreError> {
        match self.rows.get(id) {
            Some(row) => Ok(row.as_ref().map(|put| put.record.kind.clone())),
            None => match self.promised.get(id) {
                Some(kind) => Ok(Some(kind.clone())),
                None => self.beneath.kind_of(id),
            },
        }
    }

    fn owner(&mut self, kind: &str, key: &Key) -> Result<Option<String>, StoreError> {
        let holds = |put: &&Put| put.record.kind == kind && put.unique.contains(key);
        if let Some(put) = self.rows.values().flatten().find(holds) {
            return Ok(Some(put.record.id.clone()));
        }
        // Who was written here has the keys it was written with, and no others.
        Ok(self.beneath.owner(kind, key)?.filter(|id| !self.rows.contains_key(id)))
    }

    fn members(&mut self, group: &str, after: Option<&str>, limit: usize) -> Result<Vec<Member>, StoreError> {
        let mut found: BTreeMap<String, Member> = BTreeMap::new();
        let mut last = after.map(str::to_owned);
        let mut bytes = 0;
        loop {
            let rows = self.beneath.members(group, last.as_deref(), PAGE)?;
            let is_end = is_last(&rows, PAGE);
            last = rows.last().map(|member| member.id.clone());
            for member in rows {
                if self.stands(group, &member.id) {
                    bytes += member.bytes();
                    let display = self.display(&member.id).unwrap_or_else(|| member.display.clone());
                    found.insert(member.id.clone(), Member { display, ..member });
                }
            }
            if is_end || found.len() >= limit || bytes >= PAGE_BYTES {
                break;
            }
        }
        let added = self.members.iter().filter(|((g, member), present)| {
            **present && g == group && after.is_none_or(|after| member.as_str() > after)
        });
        let added: Vec<String> = added.map(|((_, member), _)| member.clone()).collect();
        for id in added {
            if !found.contains_key(&id) {
                let kind = self.kind_of(&id)?.unwrap_or_default();
                let display = match self.display(&id) {
                    Some(display) => display,
                    None => self.beneath_display(&kind, &id)?,
                };
                found.insert(id.clone(), Member { id, kind, display });
            }
        }
        page(found.into_values().map(Ok), limit)
    }

    fn is_member(&mut self, group: &str, member: &str) -> Result<bool, StoreError> {
        match self.members.get(&(group.to_owned(), member.to_owned())) {
            Some(present) => Ok(*present),
            None => Ok(self.stands(group, member) && self.beneath.is_member(group, member)?),
        }
    }

    fn groups_of(
        &mut self,
        members: &[&str],
        after: (&str, &str),
        limit: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        let mut found: BTreeMap<(String, String), String> = BTreeMap::new();
        let mut last = (after.0.to_owned(), after.1.to_owned());
        let mut bytes = 0;
        loop {
            let rows = self.beneath.groups_of(members, (&last.0, &last.1), PAGE)?;
            let is_end = is_last(&rows, PAGE);
            last = rows.last().map_or(last, |one| (one.member.clone(), one.group.clone()));
            for one in rows.into_iter().filter(|one| self.stands(&one.group, &one.member)) {
                bytes += one.bytes();
                found.insert((one.member, one.group), one.display);
            }
            if is_end || found.len() >= limit || bytes >= PAGE_BYTES {
                break;
            }
        }
        let members: BTreeSet<&str> = members.iter().copied().collect();
        let added = self.members.iter().filter(|((group, member), present)| {
            **present && members.contains(member.as_str()) && (member.as_str(), group.as_str()) > after
        });
        let added: Vec<_> = added.map(|((group, member), _)| (member.clone(), group.clone())).collect();
        for (member, group) in added {
            let display = self.beneath_display("Group", &group)?;
            found.entry((member, group)).or_insert(display);
        }
        let present = |group: &str, display| self.display(group).unwrap_or(display);
        let all = found.into_iter().map(|((member, group), display)| Membership {
            display: present(&group, display),
            member,
            group,
        });
        page(all.map(Ok), limit)
    }

    fn commit_each(&mut self, changes: &[ChangeSet]) -> Result<u64, StoreError> {
        for change in changes {
            self.lay(change)?;
            self.changes.push(change.clone());
        }
        Ok(0)
    }
}
