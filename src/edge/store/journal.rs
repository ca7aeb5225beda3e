//! The journal read: who changed what, from what to what. The audit trail shows it, and
//! the events are made from it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use worker::SqlStorageValue;

use super::sql::{SqlStore, integer, text};
use crate::scim::directory::{ChangeSet, StoreError};
use crate::scim::error::ScimError;
use crate::scim::schema::{Registry, instant, written};

/// Most entries on one page.
const PAGE: i64 = 500;
/// Up to which number the journal is told: what an import writes is nobody's before it is done.
const TOLD: &str = "COALESCE((SELECT json_extract(value, '$.start') FROM fact WHERE name = 'importing' AND json_valid(value)), j.seq)";
/// Most members that an entry tells by id, on each side, and most bytes of their ids: a row holds
/// two million.
const MEMBERS: usize = 20_000;
const MEMBERS_BYTES: usize = 800_000;

/// One change.
#[derive(Clone, Debug)]
pub(in crate::edge) struct Entry {
    pub seq: i64,
    pub at: String,
    pub actor: String,
    pub operation: String,
    pub kind: String,
    pub id: String,
    pub version_before: i64,
    pub version_after: i64,
    /// The document before and after; null where there was none.
    pub before: Value,
    pub after: Value,
    /// A group's members that came and went: `{"added": […], "removed": […]}`, or null.
    pub members: Value,
    /// Whether it is of somebody who was erased.
    pub is_erased: bool,
}

impl Entry {
    /// The same without the values that are never returned.
    pub fn told(&self, registry: &Registry) -> Self {
        let told = |document: &Value| match document.as_object() {
            Some(document) => Value::Object(registry.tellable(&self.kind, document)),
            None => document.clone(),
        };
        Self {
            seq: self.seq,
            at: self.at.clone(),
            actor: self.actor.clone(),
            operation: self.operation.clone(),
            kind: self.kind.clone(),
            id: self.id.clone(),
            version_before: self.version_before,
            version_after: self.version_after,
            before: told(&self.before),
            after: told(&self.after),
            members: self.members.clone(),
            is_erased: self.is_erased,
        }
    }
}

/// What an administrator asks of the trail, as it stands in the query. Empty text stands for any.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::edge) struct Filter {
    /// The number that comes before the first.
    pub after: String,
    /// The time from which on.
    pub from: String,
    /// The time up to which, and not that.
    pub to: String,
    /// Who did it.
    pub actor: String,
    /// Of what type it is.
    pub resource_type: String,
    /// Which resource it is.
    pub id: String,
    /// What was done.
    pub operation: String,
    /// Most entries.
    pub limit: String,
}

/// Which entries are wanted. Empty text stands for any.
#[derive(Clone, Debug, Default)]
struct Wanted {
    pub after: i64,
    pub from: String,
    pub to: String,
    pub actor: String,
    pub kind: String,
    pub id: String,
    pub operation: String,
    pub limit: i64,
}

impl Wanted {
    /// Reads what the administrator asked.
    pub fn read(asked: &Filter) -> Result<Self, ScimError> {
        let number = |name: &str, given: &str, default: i64| match given {
            "" => Ok(default),
            given => given
                .parse::<i64>()
                .ok()
                .filter(|number| *number >= 0)
                .ok_or_else(|| ScimError::new(400, format!("`{name}` is `{given}`; send a number"))),
        };
        for (name, given) in [("from", &asked.from), ("to", &asked.to)] {
            if !given.is_empty() && instant(given).is_none() {
                let detail = format!("`{name}` is `{given}`; send a dateTime such as `2027-01-31T08:00:00Z`");
                return Err(ScimError::new(400, detail));
            }
        }
        // As the journal writes times, so that text compares as time does.
        let time = |given: &str| instant(given).and_then(written).unwrap_or_default();
        Ok(Self {
            after: number("after", &asked.after, 0)?,
            from: time(&asked.from),
            to: time(&asked.to),
            actor: asked.actor.clone(),
            kind: asked.resource_type.clone(),
            id: asked.id.clone(),
            operation: asked.operation.clone(),
            limit: number("limit", &asked.limit, PAGE)?.clamp(1, PAGE),
        })
    }
}

/// The entry of this number, if the journal holds it.
pub(in crate::edge) fn at(store: &SqlStore, seq: i64) -> Result<Option<Entry>, StoreError> {
    let wanted = Wanted { after: seq - 1, limit: 1, ..Wanted::default() };
    Ok(read(store, &wanted)?.pop().filter(|entry| entry.seq == seq))
}

/// The entries wanted, in the order in which they happened.
fn read(store: &SqlStore, wanted: &Wanted) -> Result<Vec<Entry>, StoreError> {
    let statement = format!(
        "SELECT j.seq, j.at, j.actor, j.operation, j.kind, j.id, j.before, j.after, j.document,
           (SELECT p.document FROM journal AS p WHERE p.id = j.id AND p.seq < j.seq ORDER BY p.seq DESC LIMIT 1),
           j.members, COALESCE(j.erased, 0)
         FROM journal AS j WHERE j.seq > ?1 AND j.seq <= {TOLD} AND (?2 = '' OR j.at >= ?2) AND (?3 = '' OR j.at < ?3)
           AND (?4 = '' OR j.actor = ?4) AND (?5 = '' OR j.kind = ?5) AND (?6 = '' OR j.id = ?6)
           AND (?7 = '' OR j.operation = ?7)
         ORDER BY j.seq LIMIT ?8"
    );
    let rows = store.rows(
        &statement,
        vec![
            wanted.after.into(),
            wanted.from.as_str().into(),
            wanted.to.as_str().into(),
            wanted.actor.as_str().into(),
            wanted.kind.as_str().into(),
            wanted.id.as_str().into(),
            wanted.operation.as_str().into(),
            wanted.limit.into(),
        ],
    )?;
    let parsed = |text: String| serde_json::from_str::<Value>(&text).unwrap_or(Value::Null);
    Ok(rows
        .iter()
        .map(|row| Entry {
            seq: integer(row, 0),
            at: text(row, 1),
            actor: text(row, 2),
            operation: text(row, 3),
            kind: text(row, 4),
            id: text(row, 5),
            version_before: integer(row, 6),
            version_after: integer(row, 7),
            before: parsed(text(row, 9)),
            after: parsed(text(row, 8)),
            members: parsed(text(row, 10)),
            is_erased: integer(row, 11) == 1,
        })
        .collect())
}

/// A page of the audit trail.
pub(in crate::edge) fn page(store: &SqlStore, asked: &Filter) -> Result<Value, ScimError> {
    let wanted = Wanted::read(asked)?;
    let entries = read(store, &wanted)?;
    let is_full = i64::try_from(entries.len()) == Ok(wanted.limit);
    let next = entries.last().filter(|_| is_full).map(|entry| entry.seq);
    let registry = store.schemas()?;
    let shown: Vec<Value> = entries
        .into_iter()
        .map(|entry| {
            let entry = entry.told(&registry);
            json!({
                "sequence": entry.seq,
                "at": entry.at,
                "actor": entry.actor,
                "operation": entry.operation,
                "resourceType": entry.kind,
                "id": entry.id,
                "versionBefore": entry.version_before,
                "versionAfter": entry.version_after,
                "before": entry.before,
                "after": entry.after,
                "members": entry.members,
                "erased": entry.is_erased,
            })
        })
        .collect();
    Ok(json!({ "entries": shown, "next": next }))
}

/// A group's members that a change lets come and go, for its entry in the journal.
pub(super) fn membership(change: &ChangeSet, group: &str) -> SqlStorageValue {
    let added = change.add_members.iter().filter(|(id, ..)| id == group);
    let added: BTreeSet<&str> = added.map(|(_, member, _)| member.as_str()).collect();
    let removed = change.remove_members.iter().filter(|(id, _)| id == group);
    let removed: BTreeSet<&str> = removed.map(|(_, member)| member.as_str()).collect();
    if added.is_empty() && removed.is_empty() {
        return SqlStorageValue::Null;
    }
    let listed = [fitting(&added), fitting(&removed)];
    let is_whole = listed.iter().map(Vec::len).eq([added.len(), removed.len()]);
    let [came, went] = listed;
    let mut told = json!({ "added": came, "removed": went });
    if let Some(told) = told.as_object_mut().filter(|_| !is_whole) {
        told.insert("addedCount".into(), added.len().into());
        told.insert("removedCount".into(), removed.len().into());
    }
    told.to_string().into()
}

/// The first of some ids, as many as an entry tells.
fn fitting<'i>(ids: &BTreeSet<&'i str>) -> Vec<&'i str> {
    let mut bytes = 0;
    let fits = |id: &&str| {
        bytes += id.len() + 3;
        bytes <= MEMBERS_BYTES
    };
    ids.iter().copied().take(MEMBERS).take_while(fits).collect()
}
