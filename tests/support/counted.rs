//! A store that counts: what a request costs is how many rows it makes storage touch, which
//! is the same on every machine.

use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{
    ChangeSet, Key, Member, Membership, Place, Predicate, Record, Searchable, Store, StoreError,
};

pub struct Counted {
    pub store: MemoryStore,
    /// Rows read, each look-up as one at least.
    pub rows: u64,
    /// Questions asked, each a statement for a store on SQLite.
    pub questions: u64,
}

impl Counted {
    fn read(&mut self, rows: usize) {
        self.rows += rows.max(1) as u64;
        self.questions += 1;
    }
}

impl Store for Counted {
    fn get(&mut self, kind: &str, id: &str) -> Result<Option<Record>, StoreError> {
        self.read(1);
        self.store.get(kind, id)
    }

    fn kind_of(&mut self, id: &str) -> Result<Option<String>, StoreError> {
        self.read(1);
        self.store.kind_of(id)
    }

    fn owner(&mut self, kind: &str, key: &Key) -> Result<Option<String>, StoreError> {
        self.read(1);
        self.store.owner(kind, key)
    }

    fn members(&mut self, group: &str, after: Option<&str>, limit: usize) -> Result<Vec<Member>, StoreError> {
        let members = self.store.members(group, after, limit)?;
        self.read(members.len());
        Ok(members)
    }

    fn is_member(&mut self, group: &str, member: &str) -> Result<bool, StoreError> {
        self.read(1);
        self.store.is_member(group, member)
    }

    fn groups_of(
        &mut self,
        members: &[&str],
        after: (&str, &str),
        limit: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        let groups = self.store.groups_of(members, after, limit)?;
        self.read(groups.len());
        Ok(groups)
    }

    fn commit_each(&mut self, changes: &[ChangeSet]) -> Result<u64, StoreError> {
        self.store.commit_each(changes)
    }
}

impl Searchable for Counted {
    fn select(
        &mut self,
        kind: &str,
        predicate: &Predicate,
        from: Place<'_>,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let found = self.store.select(kind, predicate, from, offset, limit)?;
        self.read(found.len());
        Ok(found)
    }

    fn count(&mut self, kind: &str, predicate: &Predicate) -> Result<u64, StoreError> {
        self.read(1);
        self.store.count(kind, predicate)
    }
}
