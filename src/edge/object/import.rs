//! Lines of an export, batch by batch into an empty tenant.
//!
//! An import has an id and the moment of its last batch, kept beside what was there before. While
//! it runs, nothing else writes, and nobody is told of its rows: they are the tenant's when the
//! last step, one transaction, takes the fact away. One that fails, or sends nothing for ten
//! minutes, is undone: tables, settings and schemas are as they were. The object's own clock decides.

use serde_json::{Value, json};

use super::command::Applied;
use super::export::sums;
use super::links;
use crate::edge::platform::clock::{clock, now};
use crate::edge::store::fact::Fact;
use crate::edge::store::importing::Running;
use crate::edge::store::sql::{SqlStore, text};
use crate::edge::store::{schemas, settings};
use crate::edge::tenant::{republish, settings_change};
use crate::scim::directory::transfer::{
    self, Head, Line, Members, Resource, Restored, Sums, refused, restored,
};
use crate::scim::directory::{Key, Record, Settings, StoreError};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;
use crate::scim::schema::written;

/// What stands before the name of a fact that an import may change, for what it was before.
const BEFORE: &str = "before import: ";
/// The facts that an import may change.
const CHANGED: [Fact; 3] = [Fact::Settings, Fact::Schemas, Fact::Indexes];
/// Most notes of one batch.
const NOTES: usize = 100;
/// Documents from this length on may be more than a row of storage holds, in bytes.
const LONG: usize = 1_900_000;

/// Ends an import that sent nothing for too long; says whether there was one.
pub(super) fn expire(store: &SqlStore) -> Result<bool, StoreError> {
    let Some(running) = Running::read(store)?.filter(|running| running.deadline() <= clock()) else {
        return Ok(false);
    };
    undo(store, &running, "given up")?;
    Ok(true)
}

/// The import that is under way or else how the last one ended; null where none ever was.
pub(super) fn show(store: &SqlStore) -> Result<Value, StoreError> {
    let time = |millis| written(millis).unwrap_or_default();
    if let Some(running) = Running::read(store)? {
        return Ok(json!({
            "state": "running", "begun": time(running.begun), "lastBatch": time(running.at),
            "lines": running.lines, "until": time(running.deadline()),
        }));
    }
    let mut ended = ended(store)?.unwrap_or_default();
    if let Some(ended) = ended.as_object_mut() {
        ended.shift_remove("id");
    }
    Ok(ended)
}

fn ended(store: &SqlStore) -> Result<Option<Value>, StoreError> {
    Ok(store.fact(Fact::Import)?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// What is said to who must wait.
pub(super) fn busy() -> ScimError {
    ScimError::new(503, "the tenant is being restored; try again when that is done")
}

/// Begins an import: the tenant must be empty, and no other import alive.
pub(super) fn begin(store: &SqlStore, id: &str) -> Result<Reply, ScimError> {
    if let Some(running) = Running::read(store)? {
        let detail = format!(
            "an import is under way, and its last batch came at {}; wait until it is done, or until it has sent \
             nothing for ten minutes, or end it with `DELETE`",
            written(running.at).unwrap_or_default()
        );
        return Err(ScimError::new(409, detail));
    }
    if !store.rows("SELECT 1 FROM resource LIMIT 1", vec![])?.is_empty() {
        let detail = "the tenant is not empty; make a new one and import into that";
        return Err(ScimError::new(409, detail));
    }
    let at = clock();
    let running = Running { id: id.to_owned(), begun: at, at, start: store.sequence()?, lines: 0 };
    store.atomically(&mut || {
        clear(store, running.start)?;
        for fact in CHANGED {
            store.run(
                "INSERT OR REPLACE INTO fact (name, value) SELECT ?2 || name, value FROM fact WHERE name = ?1",
                vec![fact.name().as_ref().into(), BEFORE.into()],
            )?;
        }
        running.keep(store)
    })?;
    Ok(Reply::plain(200, &json!({ "id": id })))
}

/// Empties what an import writes. Of the other tables, the journal keeps what was there before, and
/// so do the events and streams that point into it; the outbox keeps which copies are stale, so
/// that what was deleted before leaves the copy; credentials and counters belong to the place.
fn clear(store: &SqlStore, start: i64) -> Result<(), StoreError> {
    for table in ["resource", "unique_key", "search_key", "member", "chunk", "password"] {
        store.run(&format!("DELETE FROM {table}"), vec![])?;
    }
    store.run("UPDATE total SET number = 0", vec![])?;
    // A link names a resource, and there is none.
    links::forget(store)?;
    store.run("DELETE FROM journal WHERE seq > ?1", vec![start.into()])?;
    // An event without its entry could only be told by another's.
    store.run("DELETE FROM event WHERE seq NOT IN (SELECT seq FROM journal)", vec![])
}

/// Takes back all that an import did.
fn undo(store: &SqlStore, running: &Running, state: &str) -> Result<(), StoreError> {
    store.atomically(&mut || {
        clear(store, running.start)?;
        if !running.id.is_empty() {
            for fact in CHANGED {
                store.forget_fact(fact)?;
                store.run(
                    "INSERT INTO fact (name, value) SELECT ?1, value FROM fact WHERE name = ?2 || ?1",
                    vec![fact.name().as_ref().into(), BEFORE.into()],
                )?;
            }
        }
        end(store, &json!({ "id": running.id, "state": state, "at": now(), "lines": running.lines }))
    })?;
    store.changed_schemas();
    Ok(())
}

/// Takes the fact away that an import is under way, and keeps how it ended.
fn end(store: &SqlStore, ended: &Value) -> Result<(), StoreError> {
    for fact in CHANGED {
        let row = vec![fact.name().as_ref().into(), BEFORE.into()];
        store.run("DELETE FROM fact WHERE name = ?2 || ?1", row)?;
    }
    store.set_fact(Fact::Import, &ended.to_string())?;
    store.forget_fact(Fact::Importing)
}

/// Ends an import that failed: the tenant is empty again.
pub(super) fn abandon(store: &SqlStore, id: &str) -> Result<Reply, ScimError> {
    undo(store, &Running::of(store, id)?, "failed")?;
    Ok(Reply::plain(200, &json!({})))
}

/// Ends whatever import is under way, as the administrator asks: whoever sends it is told with its next batch.
pub(super) fn stop(store: &SqlStore) -> Result<Reply, ScimError> {
    let running = Running::read(store)?.ok_or_else(|| ScimError::new(409, "no import is under way"))?;
    undo(store, &running, "stopped")?;
    Ok(Reply::plain(200, &show(store)?))
}

/// Applies lines, all of them or none; `first` is the number of the first.
pub(super) fn apply(store: &SqlStore, id: &str, lines: &str, first: u64) -> Result<Reply, ScimError> {
    let mut running = Running::of(store, id)?;
    if first != running.lines + 1 {
        let detail =
            format!("line {first} came where line {} was to come; send the file again", running.lines + 1);
        return Err(ScimError::new(409, detail));
    }
    let mut batch =
        Batch { store, settings: settings::read(store)?, start: running.start, notes: Vec::new(), more: 0 };
    let mut fault = None;
    let outcome = store.atomically(&mut || {
        for (number, line) in (first..).zip(lines.lines()) {
            running.lines = number;
            if line.trim().is_empty() {
                continue;
            }
            match batch.line(number, line) {
                Ok(()) => {}
                Err(Refusal::Storage(error)) => return Err(error),
                Err(Refusal::Line(error)) => {
                    fault = Some(refused(number, error));
                    return Err(StoreError::Failed("a line was refused".into()));
                }
            }
        }
        running.at = clock();
        running.keep(store)
    });
    match fault {
        Some(error) => Err(error),
        None => {
            outcome?;
            Ok(Reply::plain(200, &json!(Applied { notes: batch.notes, more: batch.more })))
        }
    }
}

enum Refusal {
    Line(ScimError),
    Storage(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Storage(error)
    }
}

impl From<ScimError> for Refusal {
    fn from(error: ScimError) -> Self {
        Self::Line(error)
    }
}

struct Batch<'a> {
    store: &'a SqlStore,
    settings: Settings,
    start: i64,
    notes: Vec<String>,
    /// Notes for which there was no room.
    more: u64,
}

impl Batch<'_> {
    fn line(&mut self, number: u64, line: &str) -> Result<(), Refusal> {
        match transfer::read(number, line)? {
            Line::Export(head) => self.head(Head::read(&head)?),
            Line::Resource(resource) => self.put(number, resource),
            Line::Members(Members { group, add }) => {
                let add = Value::from(add).to_string();
                let statement =
                    "INSERT OR IGNORE INTO member (group_id, member_id) SELECT ?1, value FROM json_each(?2)";
                Ok(self.store.run(statement, vec![group.as_str().into(), add.into()])?)
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
                    self.store.run(statement, vec![id.as_str().into()])?;
                }
                self.forget_entry(&id)?;
                Ok(())
            }
        }
    }

    fn head(&mut self, head: Head) -> Result<(), Refusal> {
        let store = self.store;
        store.forget_fact(Fact::Schemas)?;
        if let Some(schemas) = head.schemas {
            schemas::load(&schemas)?;
            store.set_fact(Fact::Schemas, &schemas.to_string())?;
        }
        store.changed_schemas();
        if let Some(mut settings) = head.settings {
            // A tenant that was made to compare names otherwise goes on doing so, and one that was
            // made to accept members from elsewhere does.
            settings.prepared_user_names |= self.settings.prepared_user_names;
            settings.accepts_unknown_members |= self.settings.accepts_unknown_members;
            settings_change::restore(store, &settings)??;
            self.settings = settings;
        }
        Ok(())
    }

    fn put(&mut self, number: u64, resource: Resource) -> Result<(), Refusal> {
        let registry = self.store.schemas()?;
        let length = resource.document.get().len();
        let Restored { record, unique, index, password, notes } =
            restored(&registry, &self.settings, resource)?;
        for note in notes {
            if self.notes.len() < NOTES {
                self.notes.push(format!("line {number}: `{}`: {note}", record.id));
            } else {
                self.more += 1;
            }
        }
        self.forget_entry(&record.id)?;
        self.store.restore(&record, &unique, &index, &now()).map_err(|error| match error {
            StoreError::Failed(_) if length > LONG => {
                let detail = format!("`document` has {length} bytes, more than a row of storage holds");
                Refusal::Line(ScimError::new(413, detail))
            }
            other => Refusal::Storage(other),
        })?;
        let id = record.id.as_str();
        if record.kind == "Group" {
            let chunk = "INSERT OR IGNORE INTO chunk (group_id, first) VALUES (?1, '')";
            self.store.run(chunk, vec![id.into()])?;
        }
        match password {
            Some(hash) => {
                let row = vec![id.into(), hash.into()];
                self.store.run("INSERT OR REPLACE INTO password (id, hash) VALUES (?1, ?2)", row)?;
            }
            None => self.store.run("DELETE FROM password WHERE id = ?1", vec![id.into()])?,
        }
        Ok(())
    }

    /// Takes an entry of this import out of the journal: each resource has one, of how it is at last.
    fn forget_entry(&self, id: &str) -> Result<(), StoreError> {
        self.store.run("DELETE FROM journal WHERE id = ?1 AND seq > ?2", vec![id.into(), self.start.into()])
    }
}

/// Ends an import: what is there must add up to what the trailer says. Asked again, it says the same.
pub(super) fn finish(store: &SqlStore, id: &str, mut wanted: Sums) -> Result<Reply, ScimError> {
    let is = |ended: &Value, name: &str, value: &str| ended.get(name).and_then(Value::as_str) == Some(value);
    if let Some(done) = ended(store)?.filter(|ended| is(ended, "state", "done") && is(ended, "id", id)) {
        return Ok(Reply::plain(200, done.get("sums").unwrap_or(&Value::Null)));
    }
    let running = Running::of(store, id)?;
    let there = sums(store)?;
    // Numbers of the journal belong to the place.
    let sequence = std::mem::replace(&mut wanted.sequence, there.sequence);
    if wanted != there {
        return Err(otherwise(store, &there, &wanted)?);
    }
    refuse_strangers(store, &settings::read(store)?)?;
    let mut shown = json!(there);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("sequenceOfExport".into(), sequence.into());
    }
    let ended =
        json!({ "id": running.id, "state": "done", "at": now(), "lines": running.lines, "sums": shown });
    store.atomically(&mut || {
        store.run(
            "INSERT OR REPLACE INTO total (kind, number) SELECT kind, COUNT(*) FROM resource GROUP BY kind",
            vec![],
        )?;
        republish::everything(store)?;
        end(store, &ended)
    })?;
    Ok(Reply::plain(200, &shown))
}

/// Why the sums are not those of the trailer.
fn otherwise(store: &SqlStore, there: &Sums, wanted: &Sums) -> Result<ScimError, StoreError> {
    if let Some((one, other)) = settings_change::equals(store, "User", "username")? {
        let detail = format!(
            "the users `{one}` and `{other}` have the same `userName` here; rename one of them where they come \
             from, and export it again; nothing was kept"
        );
        return Ok(ScimError::new(422, detail));
    }
    let detail = format!(
        "the restored tenant does not add up to the export: {} instead of {}; nothing was kept",
        json!(there),
        json!(wanted)
    );
    Ok(ScimError::new(422, detail))
}

/// Refuses memberships that no request could have made.
fn refuse_strangers(store: &SqlStore, settings: &Settings) -> Result<(), ScimError> {
    let found = store.rows(
        "SELECT m.group_id FROM (SELECT DISTINCT group_id FROM member) AS m LEFT JOIN resource AS r ON r.id = m.group_id
         WHERE r.kind IS NULL OR r.kind <> 'Group' LIMIT 1",
        vec![],
    )?;
    if let Some(row) = found.first() {
        let detail =
            format!("`{}` has members and is no group of the export; nothing was kept", text(row, 0));
        return Err(ScimError::new(422, detail));
    }
    if settings.accepts_unknown_members {
        return Ok(());
    }
    let found = store.rows(
        "SELECT m.group_id, m.member_id FROM member AS m LEFT JOIN resource AS r ON r.id = m.member_id
         WHERE r.id IS NULL LIMIT 1",
        vec![],
    )?;
    match found.first() {
        None => Ok(()),
        Some(row) => {
            let detail = format!(
                "the group `{}` has the member `{}`, who is not in the export; import it into a tenant that was made \
                 with `\"acceptsUnknownMembers\": true`; nothing was kept",
                text(row, 0),
                text(row, 1)
            );
            Err(ScimError::new(422, detail))
        }
    }
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
