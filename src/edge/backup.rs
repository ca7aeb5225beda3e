//! A tenant as lines of JSON, page by page out of its object and batch by batch into
//! another.
//!
//! Pages are read while writes go on. What they missed is in the journal: after the last
//! page every resource that changed since the first is written once more, until none is
//! left, and only then is the trailer made, in the same turn. A reader applies the lines
//! in order. Tokens, clients and the journal itself stay behind: they belong to the place.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use worker::SqlStorageValue;

use super::links;
use super::schemas::{SCHEMAS, load as read_schemas};
use super::settings;
use super::sql::{SqlStore, integer, text};
use crate::scim::compat::Flag;
use crate::scim::directory::{Key, Record, StoreError, keys};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;
use crate::scim::schema::{instant, written};

/// The form of the lines; a reader refuses a later one.
const FORM: u64 = 1;
/// Resources in a page.
const RESOURCES: i64 = 500;
/// Memberships in a page.
const MEMBERSHIPS: i64 = 5_000;
/// Journal entries whose resources are written once more in one page.
const CHANGES: i64 = 200;
/// How often the reader may come back for changes before it is told that it cannot keep up.
const ROUNDS: u32 = 10_000;

/// The header in which a page names the next one.
pub(super) const NEXT: &str = "Provisor-Next";

/// Where an export stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    phase: Phase,
    /// The last row written: an id, or a group and a member.
    after: (String, String),
    /// The journal's number up to which changes are written.
    seq: i64,
    /// Groups that changed, whose members are still to be written.
    groups: Vec<String>,
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

/// One page: its lines as the body, the next page's cursor as a header; none after the trailer.
pub(super) fn export(store: &SqlStore, cursor: &Value) -> Result<Reply, ScimError> {
    let mut cursor: Cursor = serde_json::from_value(cursor.clone())
        .map_err(|_| ScimError::new(400, "the cursor is none of ours"))?;
    let mut lines = String::new();
    match cursor.phase {
        Phase::Start => {
            cursor.seq = store.sequence()?;
            let head = json!({ "export": {
                "form": FORM, "tenant": store.fact("id")?, "name": store.fact("name")?,
                "sequence": cursor.seq, "settings": settings::read(store)?,
                "schemas": store.fact(SCHEMAS)?.and_then(|text| serde_json::from_str::<Value>(&text).ok()),
            }});
            push(&mut lines, &head.to_string());
            cursor.phase = Phase::Resources;
        }
        Phase::Resources => {
            let rows = store.rows(
                &format!("{RESOURCE} WHERE r.id > ?1 ORDER BY r.id LIMIT ?2"),
                vec![cursor.after.0.as_str().into(), RESOURCES.into()],
            )?;
            rows.iter().for_each(|row| push(&mut lines, &resource_line(row)));
            match rows.last() {
                Some(row) if is_full(&rows, RESOURCES) => cursor.after.0 = text(row, 1),
                _ => cursor = Cursor { phase: Phase::Members, seq: cursor.seq, ..Cursor::default() },
            }
        }
        Phase::Members => {
            let last = members(store, &mut lines, "(group_id, member_id) > (?1, ?2)", &cursor.after)?;
            match last {
                Some(last) => cursor.after = last,
                None => cursor = Cursor { phase: Phase::Changes, seq: cursor.seq, ..Cursor::default() },
            }
        }
        Phase::Changes if !cursor.groups.is_empty() => {
            if let Some(group) = cursor.groups.last() {
                let after = (group.clone(), cursor.after.1.clone());
                let last = members(store, &mut lines, "group_id = ?1 AND member_id > ?2", &after)?;
                cursor.after.1 = match last {
                    Some((_, member)) => member,
                    None => {
                        cursor.groups.pop();
                        String::new()
                    }
                };
            }
        }
        Phase::Changes => {
            if !changes(store, &mut lines, &mut cursor)? {
                push(&mut lines, &json!({ "end": sums(store)? }).to_string());
                return Ok(page(lines, None));
            }
        }
    }
    Ok(page(lines, Some(&cursor)))
}

const RESOURCE: &str =
    "SELECT r.kind, r.id, r.version, r.created, r.modified, r.document, COALESCE(p.hash, '')
     FROM resource AS r LEFT JOIN password AS p ON p.id = r.id";

fn page(lines: String, next: Option<&Cursor>) -> Reply {
    let mut headers = vec![("Content-Type".to_owned(), "application/x-ndjson".to_owned())];
    headers.extend(next.map(|next| (NEXT.to_owned(), json!(next).to_string())));
    Reply { status: 200, headers, body: lines }
}

fn push(lines: &mut String, line: &str) {
    lines.push_str(line);
    lines.push('\n');
}

fn is_full<T>(rows: &[T], limit: i64) -> bool {
    i64::try_from(rows.len()) == Ok(limit)
}

fn resource_line(row: &Vec<SqlStorageValue>) -> String {
    let line = Resource {
        kind: text(row, 0),
        id: text(row, 1),
        version: u64::try_from(integer(row, 2)).unwrap_or(1),
        created: text(row, 3),
        modified: text(row, 4),
        document: RawValue::from_string(text(row, 5)).unwrap_or_default(),
        password: Some(text(row, 6)).filter(|hash| !hash.is_empty()),
    };
    serde_json::to_string(&Line::Resource(line)).unwrap_or_default()
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
        let line = Line::Members(Members { group: text(first, 0), add });
        push(lines, &serde_json::to_string(&line).unwrap_or_default());
    }
    Ok(rows.last().filter(|_| is_full(&rows, MEMBERSHIPS)).map(|row| (text(row, 0), text(row, 1))))
}

/// Writes what changed since the cursor once more; false when nothing did.
fn changes(store: &SqlStore, lines: &mut String, cursor: &mut Cursor) -> Result<bool, ScimError> {
    let entries = store.rows(
        "SELECT seq, id FROM journal WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        vec![cursor.seq.into(), CHANGES.into()],
    )?;
    let Some(last) = entries.last() else { return Ok(false) };
    cursor.rounds += 1;
    if cursor.rounds > ROUNDS {
        let detail = "the tenant changes faster than it can be read; export it when less is written";
        return Err(ScimError::new(503, detail));
    }
    cursor.seq = integer(last, 0);
    cursor.after = (String::new(), String::new());
    let ids: std::collections::BTreeSet<String> = entries.iter().map(|row| text(row, 1)).collect();
    for id in ids {
        let rows = store.rows(&format!("{RESOURCE} WHERE r.id = ?1"), vec![id.as_str().into()])?;
        // Whatever it was, its memberships go too; a group's are written after it.
        push(lines, &serde_json::to_string(&Line::Delete(id.clone())).unwrap_or_default());
        if let Some(row) = rows.first() {
            push(lines, &resource_line(row));
            let memberships =
                store.rows("SELECT group_id FROM member WHERE member_id = ?1", vec![id.as_str().into()])?;
            for row in memberships {
                let line = Line::Members(Members { group: text(&row, 0), add: vec![id.clone()] });
                push(lines, &serde_json::to_string(&line).unwrap_or_default());
            }
            if text(row, 0) == "Group" {
                cursor.groups.push(id);
            }
        }
    }
    Ok(true)
}

/// What a tenant's rows add up to: a restored one must come to the same.
fn sums(store: &SqlStore) -> Result<Sums, StoreError> {
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

/// The trailer's content. That every line arrived, a digest over them says; that they came
/// to what they should, these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sums {
    sequence: i64,
    resources: i64,
    versions: i64,
    members: i64,
    unique_keys: i64,
    passwords: i64,
}

/// A line between the first and the last.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Export(Map<String, Value>),
    Resource(Resource),
    Members(Members),
    /// Forgets a resource, its memberships on both sides, its keys and its password.
    Delete(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Resource {
    kind: String,
    id: String,
    version: u64,
    created: String,
    modified: String,
    document: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Members {
    group: String,
    add: Vec<String>,
}

/// The fact that an import is under way: nothing else is answered until it is done.
pub(super) const IMPORTING: &str = "importing";

/// Makes ready for an import: the tenant must be empty, or hold what a broken-off import left.
pub(super) fn begin(store: &SqlStore) -> Result<Reply, ScimError> {
    let is_broken_off = store.fact(IMPORTING)?.is_some();
    if !is_broken_off && sums(store)?.resources > 0 {
        let detail = "the tenant is not empty; make a new one and import into that";
        return Err(ScimError::new(409, detail));
    }
    store.set_fact(IMPORTING, "yes")?;
    clear(store)?;
    Ok(Reply::plain(200, &json!({})))
}

/// Ends an import that failed: the tenant is empty again.
pub(super) fn abandon(store: &SqlStore) -> Result<Reply, ScimError> {
    clear(store)?;
    store.run("DELETE FROM fact WHERE name = ?1", vec![IMPORTING.into()])?;
    Ok(Reply::plain(200, &json!({})))
}

fn clear(store: &SqlStore) -> Result<(), StoreError> {
    store.atomically(&mut || {
        for table in [
            "resource",
            "unique_key",
            "search_key",
            "member",
            "chunk",
            "password",
            "total",
            "journal",
            "outbox",
        ] {
            store.run(&format!("DELETE FROM {table}"), vec![])?;
        }
        links::forget(store)
    })
}

/// Applies lines, all of them or none.
pub(super) fn apply(store: &SqlStore, lines: &str, now: &str) -> Result<Reply, ScimError> {
    if store.fact(IMPORTING)?.is_none() {
        return Err(ScimError::new(409, "no import is under way"));
    }
    let mut unique_names = settings::read(store)?.profile.has(Flag::UniqueGroupNames);
    let mut refused = None;
    let outcome = store.atomically(&mut || {
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            let done = apply_line(store, line, &mut unique_names, now);
            if let Err(Refusal::Line(detail)) = done {
                refused = Some(ScimError::new(400, format!("{detail}: `{}`", excerpt(line))));
                return Err(StoreError::Failed("a line was refused".into()));
            }
            if let Err(Refusal::Storage(error)) = done {
                return Err(error);
            }
        }
        Ok(())
    });
    match refused {
        Some(error) => Err(error),
        None => Ok(outcome.map(|()| Reply::plain(200, &json!({})))?),
    }
}

fn excerpt(line: &str) -> String {
    line.chars().take(80).collect()
}

enum Refusal {
    Line(String),
    Storage(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Storage(error)
    }
}

fn apply_line(store: &SqlStore, line: &str, unique_names: &mut bool, now: &str) -> Result<(), Refusal> {
    let wrong = |error: serde_json::Error| Refusal::Line(format!("a line is not of an export ({error})"));
    match serde_json::from_str(line).map_err(wrong)? {
        Line::Export(head) => {
            if head.get("form").and_then(Value::as_u64) != Some(FORM) {
                return Err(Refusal::Line(format!(
                    "the export has another form; this service reads form {FORM}"
                )));
            }
            store.run("DELETE FROM fact WHERE name = ?1", vec![SCHEMAS.into()])?;
            if let Some(schemas) = head.get("schemas").filter(|schemas| !schemas.is_null()) {
                read_schemas(schemas).map_err(|error| Refusal::Line(error.detail))?;
                store.set_fact(SCHEMAS, &schemas.to_string())?;
            }
            store.forget_schemas();
            if let Some(settings) = head.get("settings") {
                let mut settings = settings::parse(settings).map_err(|error| Refusal::Line(error.detail))?;
                // A tenant that was made to compare names otherwise goes on doing so.
                settings.prepared_user_names |= settings::read(store)?.prepared_user_names;
                settings::restore(store, &settings)?.map_err(|error| Refusal::Line(error.detail))?;
                *unique_names = settings.profile.has(Flag::UniqueGroupNames);
            }
            Ok(())
        }
        Line::Resource(resource) => put(store, &resource, *unique_names, now),
        Line::Members(Members { group, add }) => {
            let add = Value::from(add).to_string();
            let statement =
                "INSERT OR IGNORE INTO member (group_id, member_id) SELECT ?1, value FROM json_each(?2)";
            Ok(store.run(statement, vec![group.as_str().into(), add.into()])?)
        }
        Line::Delete(id) => {
            for statement in [
                "DELETE FROM unique_key WHERE id = ?1",
                "DELETE FROM search_key WHERE id = ?1",
                "DELETE FROM member WHERE member_id = ?1",
                "DELETE FROM member WHERE group_id = ?1",
                "DELETE FROM chunk WHERE group_id = ?1",
                "DELETE FROM password WHERE id = ?1",
                "DELETE FROM resource WHERE id = ?1",
            ] {
                store.run(statement, vec![id.as_str().into()])?;
            }
            Ok(())
        }
    }
}

fn put(store: &SqlStore, resource: &Resource, unique_names: bool, now: &str) -> Result<(), Refusal> {
    let Resource { kind, id, version, created, modified, document, password } = resource;
    let registry = &*store.schemas()?;
    let resource_type = registry
        .resource_type(kind)
        .ok_or_else(|| Refusal::Line(format!("the tenant has no resource type `{kind}`")))?;
    let body: Map<String, Value> = serde_json::from_str(document.get())
        .map_err(|_| Refusal::Line("the document must be a JSON object".into()))?;
    let (unique, index) = keys(registry, resource_type, &body, unique_names);
    // Lists and filters compare times as texts, so all are written alike.
    let time = |name: &str, text: &str| {
        let refuse =
            || Refusal::Line(format!("`{name}` must be a dateTime such as `2026-01-31T08:00:00.000Z`"));
        instant(text).and_then(written).ok_or_else(refuse)
    };
    let record = Record {
        kind: kind.clone(),
        id: id.clone(),
        version: *version,
        created: time("created", created)?,
        modified: time("modified", modified)?,
        document: document.get().to_owned(),
    };
    store.restore(&record, &unique, &index, now)?;
    if kind == "Group" {
        store
            .run("INSERT OR IGNORE INTO chunk (group_id, first) VALUES (?1, '')", vec![id.as_str().into()])?;
    }
    if let Some(hash) = password {
        let row = vec![id.as_str().into(), hash.as_str().into()];
        store.run("INSERT OR REPLACE INTO password (id, hash) VALUES (?1, ?2)", row)?;
    }
    Ok(())
}

/// Ends an import: what is there must add up to what the trailer says.
pub(super) fn finish(store: &SqlStore, trailer: &Value) -> Result<Reply, ScimError> {
    let there = sums(store)?;
    let mut wanted: Sums = serde_json::from_value(trailer.clone())
        .map_err(|error| ScimError::new(400, format!("the last line is not an export's trailer: {error}")))?;
    // Numbers of the journal belong to the place.
    let sequence = std::mem::replace(&mut wanted.sequence, there.sequence);
    if wanted != there {
        if let Some((one, other)) = settings::equals(store, "User", "username")? {
            let detail = format!(
                "the users `{one}` and `{other}` have the same `userName` here; rename one of them where they come \
                 from, and export it again; nothing was kept"
            );
            return Err(ScimError::new(422, detail));
        }
        let detail = format!(
            "the restored tenant does not add up to the export: {} instead of {}; nothing was kept",
            json!(there),
            json!(wanted)
        );
        return Err(ScimError::new(422, detail));
    }
    store.atomically(&mut || {
        store.run(
            "INSERT INTO total (kind, number) SELECT kind, COUNT(*) FROM resource GROUP BY kind",
            vec![],
        )?;
        store.run("DELETE FROM fact WHERE name = ?1", vec![IMPORTING.into()])
    })?;
    if store.keeps_copy() {
        store.republish()?;
    }
    let mut shown = json!(there);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("sequenceOfExport".into(), sequence.into());
    }
    Ok(Reply::plain(200, &shown))
}

impl SqlStore {
    /// Writes a resource as it was elsewhere. A unique key that another still holds goes
    /// to this one: in between, an export may name an old holder after the new one.
    fn restore(&self, record: &Record, unique: &[Key], index: &[Key], now: &str) -> Result<(), StoreError> {
        let Record { kind, id, version, document, .. } = record;
        self.run("DELETE FROM unique_key WHERE id = ?1", vec![id.as_str().into()])?;
        self.run("DELETE FROM search_key WHERE id = ?1", vec![id.as_str().into()])?;
        self.put_record(record)?;
        self.put_keys("INSERT OR REPLACE INTO unique_key", kind, id, unique)?;
        self.put_keys("INSERT INTO search_key", kind, id, index)?;
        self.run(
            "INSERT INTO journal (at, actor, operation, kind, id, before, after, document)
             VALUES (?1, 'import', 'import', ?2, ?3, 0, ?4, ?5)",
            vec![
                now.into(),
                kind.as_str().into(),
                id.as_str().into(),
                i64::try_from(*version).unwrap_or(i64::MAX).into(),
                document.as_str().into(),
            ],
        )
    }
}
