//! The directory's questions as SQL.

use worker::SqlStorageValue;

use super::condition::{Condition, is_selective};
use super::sql::{Row, SqlStore, integer, text};
use crate::scim::directory::{
    ChangeSet, Key, Member, Membership, Place, Predicate, Record, Searchable, Store, StoreError,
};

impl Store for SqlStore {
    fn get(&mut self, kind: &str, id: &str) -> Result<Option<Record>, StoreError> {
        let statement =
            "SELECT kind, id, version, created, modified, document FROM resource WHERE id = ?1 AND kind = ?2";
        Ok(self.rows(statement, vec![id.into(), kind.into()])?.first().map(record))
    }

    fn kind_of(&mut self, id: &str) -> Result<Option<String>, StoreError> {
        Ok(self
            .rows("SELECT kind FROM resource WHERE id = ?1", vec![id.into()])?
            .first()
            .map(|row| text(row, 0)))
    }

    fn owner(&mut self, kind: &str, key: &Key) -> Result<Option<String>, StoreError> {
        self.owner_of(kind, key)
    }

    fn members(&mut self, group: &str, after: Option<&str>, limit: usize) -> Result<Vec<Member>, StoreError> {
        let arguments = vec![group.into(), after.unwrap_or("").into()];
        self.members_within("group_id = ?1 AND member_id > ?2", arguments, limit)
    }

    fn is_member(&mut self, group: &str, member: &str) -> Result<bool, StoreError> {
        let statement = "SELECT 1 FROM member WHERE group_id = ?1 AND member_id = ?2";
        Ok(!self.rows(statement, vec![group.into(), member.into()])?.is_empty())
    }

    fn groups_of(
        &mut self,
        members: &[&str],
        after: (&str, &str),
        limit: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        let statement =
            "SELECT m.member_id, m.group_id, COALESCE(json_extract(r.document, '$.displayName'), '')
             FROM member AS m JOIN resource AS r ON r.id = m.group_id
             WHERE m.member_id IN (SELECT value FROM json_each(?1)) AND (m.member_id, m.group_id) > (?2, ?3)
             ORDER BY m.member_id, m.group_id LIMIT ?4";
        let members = serde_json::Value::from(members.to_vec()).to_string();
        let arguments = vec![members.as_str().into(), after.0.into(), after.1.into(), number(limit as u64)];
        let membership =
            |row: &Row| Membership { member: text(row, 0), group: text(row, 1), display: text(row, 2) };
        self.page(statement, arguments, limit, membership)
    }

    fn commit_each(&mut self, changes: &[ChangeSet]) -> Result<u64, StoreError> {
        let mut seq = 0;
        self.atomically(&mut || {
            for change in changes {
                seq = self.commit_all(change)?;
            }
            Ok(())
        })?;
        Ok(u64::try_from(seq).unwrap_or(0))
    }
}

impl Searchable for SqlStore {
    fn select(
        &mut self,
        kind: &str,
        predicate: &Predicate,
        from: Place<'_>,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let condition = Condition::of(predicate);
        let (comparison, order, created, id) = match from {
            Place::Start => (">", "ASC", "", ""),
            Place::After(created, id) => (">", "ASC", created, id),
            Place::Before(created, id) => ("<", "DESC", created, id),
        };
        let statement = if is_selective(predicate) {
            // A `+` keeps SQLite from walking the whole order where an index finds the few rows. It
            // sorts their ids and no documents, which would all have to be held.
            format!(
                "SELECT w.kind, w.id, w.version, w.created, w.modified, w.document
                 FROM (SELECT id FROM resource AS r
                   WHERE +kind = ?2 AND (+created, +id) {comparison} (?3, ?4) AND {}
                   ORDER BY +created {order}, +id {order} LIMIT ?5 OFFSET ?6) AS found
                 CROSS JOIN resource AS w ON w.id = found.id",
                condition.sql
            )
        } else {
            format!(
                "SELECT kind, id, version, created, modified, document FROM resource AS r
                 WHERE kind = ?2 AND (created, id) {comparison} (?3, ?4) AND {}
                 ORDER BY created {order}, id {order} LIMIT ?5 OFFSET ?6",
                condition.sql
            )
        };
        let arguments = vec![
            condition.arguments().into(),
            kind.into(),
            created.into(),
            id.into(),
            number(limit as u64),
            number(offset),
        ];
        self.page(&statement, arguments, limit, record)
    }

    fn count(&mut self, kind: &str, predicate: &Predicate) -> Result<u64, StoreError> {
        let rows = if *predicate == Predicate::All {
            self.rows("SELECT number FROM total WHERE kind = ?1", vec![kind.into()])?
        } else {
            let condition = Condition::of(predicate);
            let by = if is_selective(predicate) { "+" } else { "" };
            let statement =
                format!("SELECT COUNT(*) FROM resource AS r WHERE {by}kind = ?2 AND {}", condition.sql);
            self.rows(&statement, vec![condition.arguments().into(), kind.into()])?
        };
        Ok(rows.first().map_or(0, |row| u64::try_from(integer(row, 0)).unwrap_or(0)))
    }
}

impl SqlStore {
    /// A page of the memberships that a condition on the table `member` lets through, by member.
    pub fn members_within(
        &self,
        condition: &str,
        arguments: Row,
        limit: usize,
    ) -> Result<Vec<Member>, StoreError> {
        let statement = format!(
            "SELECT member_id, COALESCE(r.kind, ''), COALESCE(json_extract(r.document, '$.displayName'), '')
             FROM member LEFT JOIN resource AS r ON r.id = member_id WHERE {condition}
             ORDER BY member_id LIMIT {}",
            i64::try_from(limit).unwrap_or(i64::MAX)
        );
        let member = |row: &Row| Member { id: text(row, 0), kind: text(row, 1), display: text(row, 2) };
        self.page(&statement, arguments, limit, member)
    }
}

/// A number of rows as SQL takes it.
fn number(n: u64) -> SqlStorageValue {
    SqlStorageValue::from(i64::try_from(n).unwrap_or(i64::MAX).min(1 << 52))
}

fn record(row: &Row) -> Record {
    Record {
        kind: text(row, 0),
        id: text(row, 1),
        version: u64::try_from(integer(row, 2)).unwrap_or(0),
        created: text(row, 3),
        modified: text(row, 4),
        document: text(row, 5),
    }
}
