//! A store in memory: for tests, the page's replay and as the model's oracle.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, RangeBounds};

use super::overlay::Overlay;
use super::page::page;
use super::store::{
    ChangeSet, JournalEntry, Key, Member, Membership, Place, Predicate, Put, Record, Searchable, Store,
    StoreError, text_of,
};
use crate::scim::schema::instant;

/// All of a tenant's rows.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    resources: BTreeMap<String, Put>,
    order: BTreeSet<(String, String, String)>,
    unique: BTreeMap<(String, Key), String>,
    index: BTreeMap<(String, Key), BTreeSet<String>>,
    members: BTreeSet<(String, String)>,
    memberships: BTreeSet<(String, String)>,
    /// How many resources there are, by type.
    totals: BTreeMap<String, u64>,
    /// Salted hashes by resource id.
    pub passwords: BTreeMap<String, String>,
    /// Everything that happened, oldest first.
    pub journal: Vec<JournalEntry>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn satisfies(&self, put: &Put, predicate: &Predicate) -> bool {
        match predicate {
            Predicate::All => true,
            Predicate::None => false,
            Predicate::Id(id) => put.record.id == *id,
            Predicate::Equals(key) => put.index.contains(key),
            Predicate::HasMember(member) => self.members.contains(&(put.record.id.clone(), member.clone())),
            Predicate::Modified(range) => instant(&put.record.modified).is_some_and(|at| range.contains(&at)),
            Predicate::And(parts) => parts.iter().all(|part| self.satisfies(put, part)),
            Predicate::Or(parts) => parts.iter().any(|part| self.satisfies(put, part)),
            Predicate::Not(inner) => !self.satisfies(put, inner),
        }
    }

    /// Ids worth looking at, when an index narrows them down.
    fn candidates(&self, kind: &str, predicate: &Predicate) -> Option<BTreeSet<String>> {
        match predicate {
            Predicate::None => Some(BTreeSet::new()),
            Predicate::Id(id) => Some(BTreeSet::from([id.clone()])),
            Predicate::Equals(key) => {
                Some(self.index.get(&(kind.to_owned(), key.clone())).cloned().unwrap_or_default())
            }
            Predicate::And(parts) => parts.iter().find_map(|part| self.candidates(kind, part)),
            _ => None,
        }
    }

    /// Rows that satisfy a predicate, from a place on; backwards before one.
    fn rows<'a>(
        &'a self,
        kind: &str,
        predicate: &'a Predicate,
        from: Place<'_>,
    ) -> Box<dyn Iterator<Item = &'a Put> + 'a> {
        let row = |created: &str, id: &str| (kind.to_owned(), created.to_owned(), id.to_owned());
        let end = Bound::Excluded((format!("{kind}\0"), String::new(), String::new()));
        let range = match from {
            Place::Start => (Bound::Included(row("", "")), end),
            Place::After(created, id) => (Bound::Excluded(row(created, id)), end),
            Place::Before(created, id) => (Bound::Included(row("", "")), Bound::Excluded(row(created, id))),
        };
        let kind = kind.to_owned();
        if let Some(ids) = self.candidates(&kind, predicate) {
            let mut rows: Vec<_> = ids.iter().filter_map(|id| self.resources.get(id)).collect();
            rows.retain(|put| {
                let Record { created, id, .. } = &put.record;
                put.record.kind == kind
                    && range.contains(&(kind.clone(), created.clone(), id.clone()))
                    && self.satisfies(put, predicate)
            });
            rows.sort_by(|a, b| (&a.record.created, &a.record.id).cmp(&(&b.record.created, &b.record.id)));
            if matches!(from, Place::Before(..)) {
                rows.reverse();
            }
            return Box::new(rows.into_iter());
        }
        let ordered = self.order.range(range);
        let rows: Box<dyn Iterator<Item = &(String, String, String)>> = match from {
            Place::Before(..) => Box::new(ordered.rev()),
            _ => Box::new(ordered),
        };
        Box::new(
            rows.filter_map(|(_, _, id)| self.resources.get(id)).filter(|put| self.satisfies(put, predicate)),
        )
    }

    fn remove(&mut self, id: &str) -> Option<Put> {
        let put = self.resources.remove(id)?;
        let kind = put.record.kind.clone();
        if let Some(total) = self.totals.get_mut(&kind) {
            *total -= 1;
        }
        self.order.remove(&(kind.clone(), put.record.created.clone(), id.to_owned()));
        for key in &put.unique {
            self.unique.remove(&(kind.clone(), key.clone()));
        }
        for key in &put.index {
            let entry = (kind.clone(), key.clone());
            if let Some(ids) = self.index.get_mut(&entry) {
                ids.remove(id);
                if ids.is_empty() {
                    self.index.remove(&entry);
                }
            }
        }
        Some(put)
    }

    /// Up to `limit` of the seconds that stand beside `first`, those after `after`.
    fn seconds(rows: &BTreeSet<(String, String)>, first: &str, after: &str, limit: usize) -> Vec<String> {
        rows.range((first.to_owned(), after.to_owned())..)
            .take_while(|(f, _)| f == first)
            .map(|(_, second)| second.clone())
            .filter(|second| second != after)
            .take(limit)
            .collect()
    }

    fn unlink(&mut self, group: &str, member: &str) {
        self.members.remove(&(group.to_owned(), member.to_owned()));
        self.memberships.remove(&(member.to_owned(), group.to_owned()));
    }

    /// Writes a change that is known to be free of conflicts.
    fn apply(&mut self, change: &ChangeSet) {
        for (_, id) in &change.delete {
            self.remove(id);
            self.passwords.remove(id);
            for group in Self::seconds(&self.memberships, id, "", usize::MAX) {
                self.unlink(&group, id);
            }
            for member in Self::seconds(&self.members, id, "", usize::MAX) {
                self.unlink(id, &member);
            }
        }
        for put in &change.put {
            let (kind, id) = (put.record.kind.clone(), put.record.id.clone());
            self.remove(&id);
            *self.totals.entry(kind.clone()).or_default() += 1;
            self.order.insert((kind.clone(), put.record.created.clone(), id.clone()));
            for key in &put.unique {
                self.unique.insert((kind.clone(), key.clone()), id.clone());
            }
            for key in &put.index {
                self.index.entry((kind.clone(), key.clone())).or_default().insert(id.clone());
            }
            self.resources.insert(id, put.clone());
        }
        for (group, member) in &change.remove_members {
            self.unlink(group, member);
        }
        for (group, member, _) in &change.add_members {
            self.members.insert((group.clone(), member.clone()));
            self.memberships.insert((member.clone(), group.clone()));
        }
        for (id, hash) in &change.passwords {
            match hash {
                Some(hash) => self.passwords.insert(id.clone(), hash.clone()),
                None => self.passwords.remove(id),
            };
        }
        self.journal.extend(change.journal.iter().cloned());
    }

    fn display(&self, id: &str) -> String {
        let document = self.resources.get(id).map_or("", |put| put.record.document.as_str());
        text_of(document, "displayName").unwrap_or_default()
    }
}

impl Store for MemoryStore {
    fn get(&mut self, kind: &str, id: &str) -> Result<Option<Record>, StoreError> {
        Ok(self.resources.get(id).filter(|put| put.record.kind == kind).map(|put| put.record.clone()))
    }

    fn kind_of(&mut self, id: &str) -> Result<Option<String>, StoreError> {
        Ok(self.resources.get(id).map(|put| put.record.kind.clone()))
    }

    fn owner(&mut self, kind: &str, key: &Key) -> Result<Option<String>, StoreError> {
        Ok(self.unique.get(&(kind.to_owned(), key.clone())).cloned())
    }

    fn members(&mut self, group: &str, after: Option<&str>, limit: usize) -> Result<Vec<Member>, StoreError> {
        let ids = Self::seconds(&self.members, group, after.unwrap_or(""), limit);
        let member = |id: String| Member {
            kind: self.resources.get(&id).map(|put| put.record.kind.clone()).unwrap_or_default(),
            display: self.display(&id),
            id,
        };
        page(ids.into_iter().map(member).map(Ok), limit)
    }

    fn is_member(&mut self, group: &str, member: &str) -> Result<bool, StoreError> {
        Ok(self.members.contains(&(group.to_owned(), member.to_owned())))
    }

    fn groups_of(
        &mut self,
        members: &[&str],
        after: (&str, &str),
        limit: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        let members: BTreeSet<&str> = members.iter().copied().filter(|member| *member >= after.0).collect();
        let of_one = |member: &str| {
            let groups = Self::seconds(&self.memberships, member, "", usize::MAX).into_iter();
            let membership = |group: String| Membership {
                member: member.to_owned(),
                display: self.display(&group),
                group,
            };
            groups.map(membership).collect::<Vec<_>>()
        };
        let all = members.into_iter().flat_map(of_one);
        page(all.filter(|one| (one.member.as_str(), one.group.as_str()) > after).map(Ok), limit)
    }

    fn commit_each(&mut self, changes: &[ChangeSet]) -> Result<u64, StoreError> {
        // Tried over the store first, as what was written cannot be taken back.
        let mut trial = Overlay::new(self);
        for change in changes {
            trial.commit(change)?;
        }
        changes.iter().for_each(|change| self.apply(change));
        Ok(self.journal.len() as u64)
    }
}

impl Searchable for MemoryStore {
    fn select(
        &mut self,
        kind: &str,
        predicate: &Predicate,
        from: Place<'_>,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        let rows = self.rows(kind, predicate, from).skip(skip).take(limit);
        page(rows.map(|put| Ok(put.record.clone())), limit)
    }

    fn count(&mut self, kind: &str, predicate: &Predicate) -> Result<u64, StoreError> {
        if *predicate == Predicate::All {
            return Ok(self.totals.get(kind).copied().unwrap_or(0));
        }
        Ok(self.rows(kind, predicate, Place::Start).count() as u64)
    }
}
