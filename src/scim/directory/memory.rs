//! A store in memory: for tests, the page's replay and as the model's oracle.

use std::collections::{BTreeMap, BTreeSet};

use super::store::{ChangeSet, JournalEntry, Key, Member, Predicate, Put, Record, Store, StoreError};

/// All of a tenant's rows.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    resources: BTreeMap<String, Put>,
    order: BTreeSet<(String, String, String)>,
    unique: BTreeMap<(String, Key), String>,
    index: BTreeMap<(String, Key), BTreeSet<String>>,
    members: BTreeSet<(String, String)>,
    memberships: BTreeSet<(String, String)>,
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

    fn rows<'a>(&'a self, kind: &str, predicate: &'a Predicate) -> Box<dyn Iterator<Item = &'a Put> + 'a> {
        if let Some(ids) = self.candidates(kind, predicate) {
            let kind = kind.to_owned();
            let mut rows: Vec<_> = ids.iter().filter_map(|id| self.resources.get(id)).collect();
            rows.retain(|put| put.record.kind == kind && self.satisfies(put, predicate));
            rows.sort_by(|a, b| (&a.record.created, &a.record.id).cmp(&(&b.record.created, &b.record.id)));
            return Box::new(rows.into_iter());
        }
        let first = (kind.to_owned(), String::new(), String::new());
        let kind = kind.to_owned();
        Box::new(
            self.order
                .range(first..)
                .take_while(move |(k, _, _)| *k == kind)
                .filter_map(|(_, _, id)| self.resources.get(id))
                .filter(|put| self.satisfies(put, predicate)),
        )
    }

    fn remove(&mut self, id: &str) -> Option<Put> {
        let put = self.resources.remove(id)?;
        let kind = put.record.kind.clone();
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

    fn seconds(rows: &BTreeSet<(String, String)>, first: &str, after: &str) -> Vec<String> {
        rows.range((first.to_owned(), after.to_owned())..)
            .take_while(|(f, _)| f == first)
            .map(|(_, second)| second.clone())
            .filter(|second| second != after)
            .collect()
    }

    fn unlink(&mut self, group: &str, member: &str) {
        self.members.remove(&(group.to_owned(), member.to_owned()));
        self.memberships.remove(&(member.to_owned(), group.to_owned()));
    }

    fn display(&self, id: &str) -> String {
        let document = self.resources.get(id).map_or("", |put| put.record.document.as_str());
        super::text_of(document, "displayName").unwrap_or_default()
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

    fn select(
        &mut self,
        kind: &str,
        predicate: &Predicate,
        after: Option<(&str, &str)>,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let later = |put: &&Put| {
            after.is_none_or(|place| (put.record.created.as_str(), put.record.id.as_str()) > place)
        };
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(self
            .rows(kind, predicate)
            .filter(later)
            .skip(skip)
            .take(limit)
            .map(|put| put.record.clone())
            .collect())
    }

    fn count(&mut self, kind: &str, predicate: &Predicate) -> Result<u64, StoreError> {
        Ok(self.rows(kind, predicate).count() as u64)
    }

    fn members(&mut self, group: &str, after: Option<&str>, limit: usize) -> Result<Vec<Member>, StoreError> {
        let ids = Self::seconds(&self.members, group, after.unwrap_or(""));
        let member = |id: String| Member {
            kind: self.resources.get(&id).map(|put| put.record.kind.clone()).unwrap_or_default(),
            display: self.display(&id),
            id,
        };
        Ok(ids.into_iter().take(limit).map(member).collect())
    }

    fn is_member(&mut self, group: &str, member: &str) -> Result<bool, StoreError> {
        Ok(self.members.contains(&(group.to_owned(), member.to_owned())))
    }

    fn groups_of(&mut self, member: &str) -> Result<Vec<(String, String)>, StoreError> {
        let groups = Self::seconds(&self.memberships, member, "");
        Ok(groups.into_iter().map(|id| (id.clone(), self.display(&id))).collect())
    }

    fn commit(&mut self, change: &ChangeSet) -> Result<u64, StoreError> {
        for put in &change.put {
            let taken = put.unique.iter().find(|key| {
                let owner = self.unique.get(&(put.record.kind.clone(), (*key).clone()));
                owner.is_some_and(|owner| *owner != put.record.id)
            });
            if let Some(key) = taken {
                return Err(StoreError::Taken(key.clone()));
            }
        }
        for (_, id) in &change.delete {
            self.remove(id);
            self.passwords.remove(id);
            for group in Self::seconds(&self.memberships, id, "") {
                self.unlink(&group, id);
            }
            for member in Self::seconds(&self.members, id, "") {
                self.unlink(id, &member);
            }
        }
        for put in &change.put {
            let (kind, id) = (put.record.kind.clone(), put.record.id.clone());
            self.remove(&id);
            self.order.insert((kind.clone(), put.record.created.clone(), id.clone()));
            for key in &put.unique {
                self.unique.insert((kind.clone(), key.clone()), id.clone());
            }
            for key in &put.index {
                self.index.entry((kind.clone(), key.clone())).or_default().insert(id.clone());
            }
            self.resources.insert(id, put.clone());
        }
        for group in &change.clear_members {
            for member in Self::seconds(&self.members, group, "") {
                self.unlink(group, &member);
            }
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
        Ok(self.journal.len() as u64)
    }
}
