//! A tenant as lines of JSON, page by page out of its object.
//!
//! Pages are read while writes go on. What they missed is in the journal: after the last
//! page every resource that changed since the first is written once more, until none is
//! left, and only then is the trailer made, in the same turn. A reader applies the lines
//! in order. Tokens, clients and the journal itself stay behind: they belong to the place.
//! A page ends after so many rows or so many bytes, whichever comes first.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::client::ascii;
use crate::edge::store::fact::Fact;
use crate::edge::store::settings;
use crate::edge::store::sql::{Row, SqlStore, integer, text};
use crate::edge::tenant::retention;
use crate::scim::auth::token::hash;
use crate::scim::directory::StoreError;
use crate::scim::directory::page::PAGE_BYTES;
use crate::scim::directory::transfer::{FORM, Line, Members, Resource, Sums, shown};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// Most resources in a page.
const RESOURCES: i64 = 500;
/// Most memberships in a page.
const MEMBERSHIPS: i64 = 5_000;
/// Most journal entries whose resources are written once more in one page.
const CHANGES: i64 = 200;
/// Most resources of such a page whose memberships are still to be written.
const OPEN: usize = 20;
/// How often the reader may come back for changes before it is told that it cannot keep up.
const ROUNDS: u32 = 10_000;

/// The header in which a page names the next one.
pub(in crate::edge) const NEXT: &str = "Provisor-Next";

/// Where an export stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    phase: Phase,
    /// The last row written: an id, or a group and a member.
    after: (String, String),
    /// The journal's number up to which changes are written.
    seq: i64,
    /// The digest of the settings and schemas that the head told of.
    head: String,
    /// Changed resources whose memberships are still to be written, on one side.
    open: Vec<Open>,
    rounds: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    #[default]
    Start,
    Resources,
    Members,
    Changes,
}

/// Memberships of one resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Open {
    /// All members of this group.
    Of(String),
    /// The groups that this resource is a direct member of.
    In(String),
}

impl Cursor {
    /// The beginning of another phase.
    fn next(&self, phase: Phase) -> Self {
        Self { phase, seq: self.seq, head: self.head.clone(), ..Self::default() }
    }
}

/// One page: its lines as the body, the next page's cursor as a header; none after the trailer.
pub(super) fn export(store: &SqlStore, cursor: Value) -> Result<Reply, ScimError> {
    let mut cursor: Cursor = match cursor {
        Value::Null => Cursor::default(),
        given => {
            serde_json::from_value(given).map_err(|_| ScimError::new(400, "the cursor is none of ours"))?
        }
    };
    let mut lines = String::new();
    if cursor.phase != Phase::Start && cursor.head != head(store)? {
        // Its resources may not be of these schemas: a file of both could not be imported.
        let detail = "the settings or the schemas changed while the tenant was read; export it again";
        return Err(ScimError::new(409, detail));
    }
    match cursor.phase {
        Phase::Start => {
            cursor.seq = store.sequence()?;
            retention::export_begins(store, cursor.seq)?;
            cursor.head = head(store)?;
            let head = json!({ "export": {
                "form": FORM, "tenant": store.fact(Fact::Id)?, "name": store.fact(Fact::Name)?,
                "sequence": cursor.seq, "settings": settings::read(store)?,
                "schemas": store.fact(Fact::Schemas)?.and_then(|text| serde_json::from_str::<Value>(&text).ok()),
            }});
            push(&mut lines, &head.to_string());
            cursor.phase = Phase::Resources;
        }
        Phase::Resources => match resources(store, &mut lines, &cursor.after.0)? {
            Some(last) => cursor.after.0 = last,
            None => cursor = cursor.next(Phase::Members),
        },
        Phase::Members => {
            let last = members(store, &mut lines, "(group_id, member_id) > (?1, ?2)", &cursor.after)?;
            match last {
                Some(last) => cursor.after = last,
                None => cursor = cursor.next(Phase::Changes),
            }
        }
        Phase::Changes => match cursor.open.last() {
            Some(open) => {
                let (condition, id) = match open {
                    Open::Of(group) => ("group_id = ?1 AND member_id > ?2", group),
                    Open::In(member) => ("member_id = ?1 AND group_id > ?2", member),
                };
                let side = matches!(open, Open::In(_));
                let after = (id.clone(), std::mem::take(&mut cursor.after.1));
                match members(store, &mut lines, condition, &after)? {
                    Some((group, member)) => cursor.after.1 = if side { group } else { member },
                    None => cursor.open.truncate(cursor.open.len().saturating_sub(1)),
                }
            }
            None => {
                if !changes(store, &mut lines, &mut cursor)? {
                    push(&mut lines, &json!({ "end": sums(store)? }).to_string());
                    retention::export_ended(store)?;
                    return Ok(page(lines, None));
                }
            }
        },
    }
    Ok(page(lines, Some(&cursor)))
}

const RESOURCE: &str =
    "SELECT r.kind, r.id, r.version, r.created, r.modified, r.document, COALESCE(p.hash, '')
     FROM resource AS r LEFT JOIN password AS p ON p.id = r.id";

fn page(lines: String, next: Option<&Cursor>) -> Reply {
    let mut headers = vec![("Content-Type".to_owned(), "application/x-ndjson".to_owned())];
    headers.extend(next.map(|next| (NEXT.to_owned(), ascii(&json!(next).to_string()))));
    Reply { status: 200, headers, body: lines }
}

fn push(lines: &mut String, line: &str) {
    lines.push_str(line);
    lines.push('\n');
}

/// The digest of what the first line tells.
fn head(store: &SqlStore) -> Result<String, StoreError> {
    let facts = [store.fact(Fact::Settings)?, store.fact(Fact::Schemas)?];
    Ok(hash(&json!(facts).to_string()))
}

/// Writes a page of resources with ids after this one; answers with the last if there may be more.
fn resources(store: &SqlStore, lines: &mut String, after: &str) -> Result<Option<String>, StoreError> {
    let (rows, is_cut) = store.rows_within(
        &format!("{RESOURCE} WHERE r.id > ?1 ORDER BY r.id LIMIT ?2"),
        vec![after.into(), RESOURCES.into()],
        PAGE_BYTES,
    )?;
    rows.iter().for_each(|row| push(lines, &resource_line(row)));
    let is_full = is_cut || i64::try_from(rows.len()) == Ok(RESOURCES);
    Ok(rows.last().filter(|_| is_full).map(|row| text(row, 1)))
}

fn resource_line(row: &Row) -> String {
    shown(&Line::Resource(Resource {
        kind: text(row, 0),
        id: text(row, 1),
        version: u64::try_from(integer(row, 2)).unwrap_or(1),
        created: text(row, 3),
        modified: text(row, 4),
        document: RawValue::from_string(text(row, 5)).unwrap_or_default(),
        password: Some(text(row, 6)).filter(|hash| !hash.is_empty()),
    }))
}

/// Writes a page of memberships, a line for each group; answers with the last if there may be more.
fn members(
    store: &SqlStore,
    lines: &mut String,
    condition: &str,
    after: &(String, String),
) -> Result<Option<(String, String)>, StoreError> {
    let rows = store.rows(
        &format!(
            "SELECT group_id, member_id FROM member WHERE {condition} ORDER BY group_id, member_id LIMIT ?3"
        ),
        vec![after.0.as_str().into(), after.1.as_str().into(), MEMBERSHIPS.into()],
    )?;
    for rows in rows.chunk_by(|a, b| text(a, 0) == text(b, 0)) {
        let Some(first) = rows.first() else { continue };
        let add = rows.iter().map(|row| text(row, 1)).collect();
        push(lines, &shown(&Line::Members(Members { group: text(first, 0), add })));
    }
    let is_full = i64::try_from(rows.len()) == Ok(MEMBERSHIPS);
    Ok(rows.last().filter(|_| is_full).map(|row| (text(row, 0), text(row, 1))))
}

/// Writes what changed since the cursor once more; false when nothing did.
fn changes(store: &SqlStore, lines: &mut String, cursor: &mut Cursor) -> Result<bool, ScimError> {
    if cursor.seq < retention::cut_up_to(store)? {
        let detail = "the journal was cut before the export had read it; export the tenant again";
        return Err(ScimError::new(409, detail));
    }
    let entries = store.rows(
        "SELECT seq, id FROM journal WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        vec![cursor.seq.into(), CHANGES.into()],
    )?;
    if entries.is_empty() {
        return Ok(false);
    }
    cursor.rounds += 1;
    if cursor.rounds > ROUNDS {
        let detail = "the tenant changes faster than it can be read; export it when less is written";
        return Err(ScimError::new(503, detail));
    }
    cursor.after = (String::new(), String::new());
    let mut seen = std::collections::BTreeSet::new();
    for entry in &entries {
        if lines.len() >= PAGE_BYTES || cursor.open.len() >= OPEN {
            break;
        }
        cursor.seq = integer(entry, 0);
        let id = text(entry, 1);
        if !seen.insert(id.clone()) {
            continue;
        }
        let rows = store.rows(&format!("{RESOURCE} WHERE r.id = ?1"), vec![id.as_str().into()])?;
        // Whatever it was, its memberships go too; they are written after it.
        push(lines, &shown(&Line::Delete(id.clone())));
        let Some(row) = rows.first() else { continue };
        push(lines, &resource_line(row));
        let held = "SELECT 1 FROM member WHERE member_id = ?1 LIMIT 1";
        if !store.rows(held, vec![id.as_str().into()])?.is_empty() {
            cursor.open.push(Open::In(id.clone()));
        }
        if text(row, 0) == "Group" {
            cursor.open.push(Open::Of(id));
        }
    }
    Ok(true)
}

/// What a tenant's rows add up to.
pub(super) fn sums(store: &SqlStore) -> Result<Sums, StoreError> {
    let rows = store.rows(
        "SELECT (SELECT COUNT(*) FROM resource), (SELECT COALESCE(SUM(version), 0) FROM resource),
           (SELECT COUNT(*) FROM member), (SELECT COUNT(*) FROM unique_key), (SELECT COUNT(*) FROM password)",
        vec![],
    )?;
    let sum = |column| rows.first().map_or(0, |row| integer(row, column));
    Ok(Sums {
        sequence: store.sequence()?,
        resources: sum(0),
        versions: sum(1),
        members: sum(2),
        unique_keys: sum(3),
        passwords: sum(4),
    })
}
