//! Changes that are not committed yet, laid over a store: what is read through it is as if
//! they were.
//!
//! The operations of a bulk request that need each other are worked out here one by one,
//! each seeing what the others wrote, and then committed together or not at all.

use std::collections::{BTreeMap, BTreeSet};

use super::page::{PAGE_BYTES, Weight, is_last, page};
use super::store::{ChangeSet, Key, Member, Membership, Put, Record, Store, StoreError, text_of};

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
    /// The same as (member, group), so that a resource's memberships are found.
    memberships: BTreeSet<(String, String)>,
    /// Who holds each unique key of the resources written, by type and key.
    owners: BTreeMap<(String, Key), String>,
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
            memberships: BTreeSet::new(),
            owners: BTreeMap::new(),
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
        Some(text_of(&put.record.document, "displayName").unwrap_or_default())
    }

    fn beneath_display(&mut self, kind: &str, id: &str) -> Result<String, StoreError> {
        let record = self.beneath.get(kind, id)?;
        Ok(record.and_then(|record| text_of(&record.document, "displayName")).unwrap_or_default())
    }

    /// Whether a membership that the store beneath has still stands.
    fn stands(&self, group: &str, member: &str) -> bool {
        let pair = (group.to_owned(), member.to_owned());
        match self.members.get(&pair) {
            Some(present) => *present,
            None => !self.is_deleted(group) && !self.is_deleted(member),
        }
    }

    /// Notes that a membership stands or not.
    fn note(&mut self, group: &str, member: &str, present: bool) {
        self.memberships.insert((member.to_owned(), group.to_owned()));
        self.members.insert((group.to_owned(), member.to_owned()), present);
    }

    /// Forgets what was noted of a group's members.
    fn forget_members(&mut self, group: &str) {
        for member in seconds(self.members.range(from_first(group)..).map(|(pair, _)| pair), group) {
            self.members.remove(&(group.to_owned(), member.clone()));
            self.memberships.remove(&(member, group.to_owned()));
        }
    }

    /// Takes a resource's row out, and the keys that it holds.
    fn replace_row(&mut self, id: &str, row: Option<Put>) {
        if let Some(Some(old)) = self.rows.get(id) {
            for key in &old.unique {
                let entry = (old.record.kind.clone(), key.clone());
                if self.owners.get(&entry).is_some_and(|owner| owner == id) {
                    self.owners.remove(&entry);
                }
            }
        }
        for key in row.iter().flat_map(|put| &put.unique) {
            let kind = row.as_ref().map(|put| put.record.kind.clone()).unwrap_or_default();
            self.owners.insert((kind, key.clone()), id.to_owned());
        }
        self.rows.insert(id.to_owned(), row);
    }

    /// The store beneath, seen through a change. Deletions come first, as in every store.
    fn lay(&mut self, change: &ChangeSet) -> Result<(), StoreError> {
        for (_, id) in &change.delete {
            self.replace_row(id, None);
            self.promised.remove(id);
            self.forget_members(id);
            for group in seconds(self.memberships.range(from_first(id)..), id) {
                self.members.remove(&(group.clone(), id.clone()));
                self.memberships.remove(&(id.clone(), group));
            }
        }
        for put in &change.put {
            for key in &put.unique {
                if self.owner(&put.record.kind, key)?.is_some_and(|owner| owner != put.record.id) {
                    return Err(StoreError::Taken(key.clone()));
                }
            }
            self.replace_row(&put.record.id, Some(put.clone()));
        }
        for (group, member) in &change.remove_members {
            self.note(group, member, false);
        }
        for (group, member, _) in &change.add_members {
            self.note(group, member, true);
        }
        Ok(())
    }
}

fn from_first(first: &str) -> (String, String) {
    (first.to_owned(), String::new())
}

/// The seconds of the pairs that begin with `first`, which come first.
fn seconds<'p>(pairs: impl Iterator<Item = &'p (String, String)>, first: &str) -> Vec<String> {
    pairs.take_while(|(one, _)| one == first).map(|(_, second)| second.clone()).collect()
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
        if let Some(owner) = self.owners.get(&(kind.to_owned(), key.clone())) {
            return Ok(Some(owner.clone()));
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
        // More than a page's worth of those who were added cannot be shown.
        let first = (group.to_owned(), after.unwrap_or_default().to_owned());
        let added = self.members.range(first..).take_while(|((of, _), _)| of == group);
        let added = added.filter(|((_, member), present)| **present && Some(member.as_str()) != after);
        let added: Vec<String> = added.map(|((_, member), _)| member.clone()).take(limit).collect();
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
        let wanted: BTreeSet<&str> = members.iter().copied().collect();
        let of_one = |member: &str| {
            let groups = seconds(self.memberships.range(from_first(member)..), member).into_iter();
            groups.map(|group| (member.to_owned(), group)).collect::<Vec<_>>()
        };
        let stands = |(member, group): &(String, String)| {
            (member.as_str(), group.as_str()) > after
                && self.members.get(&(group.clone(), member.clone())) == Some(&true)
        };
        let added: Vec<_> = wanted.into_iter().flat_map(of_one).filter(stands).collect();
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
