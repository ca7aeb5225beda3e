//! Telling a tenant's changes: pushed by the alarm, or asked for by the receiver.
//!
//! The journal is the queue. A stream remembers the number up to which all is told; only
//! what went wrong has a row of its own. Events of one resource never overtake each other:
//! while one waits to be sent again, later ones of its resource wait behind it.

use futures_util::future::{Either, select};
use serde_json::{Map, Value, json};
use std::time::Duration;
use worker::{AbortController, Delay, Env, Fetch, Headers, Method, Request, RequestInit, RequestRedirect};

use super::journal::{self, Entry, PAGE, Wanted};
use super::set::{self, claims, sign};
use super::sql::{SqlStore, integer, text};
use super::stream::{self, Delivery, Stream};
use crate::scim::directory::StoreError;
use crate::scim::error::ScimError;
use crate::scim::http::Reply;
use crate::scim::schema::Registry;

/// How long a receiver may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long one round may last, in milliseconds: the copy is waiting too.
const ROUND: i64 = 10_000;
/// How often an event is sent before it is given up; with the longest pause about a day.
const ATTEMPTS: i64 = 30;
/// Longest pause, in milliseconds.
const LONGEST: i64 = 3_600_000;
/// How often in a row a receiver may fail before the whole stream pauses.
const PATIENCE: i64 = 3;
/// Longest token that a queue is given whole, in bytes: a message may have 128 000.
const QUEUED: usize = 127_000;
/// Most events in one answer to a poll, and how many if the receiver does not say.
const MOST: i64 = 200;

/// A second, then twice as long each time.
fn pause(failures: i64) -> i64 {
    1000_i64.checked_shl(u32::try_from(failures - 1).unwrap_or(0).min(22)).unwrap_or(LONGEST).min(LONGEST)
}

fn clock() -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
    {
        js_sys::Date::now() as i64
    }
}

/// When there is next something to push, in milliseconds since 1970.
pub(super) fn next_due(store: &SqlStore) -> Option<i64> {
    let rows = store
        .rows(
            "SELECT MIN(MAX(s.due, CASE WHEN s.cursor < (SELECT COALESCE(MAX(seq), 0) FROM journal) THEN 0
               ELSE (SELECT MIN(due) FROM event WHERE stream = s.id AND state = 'retry') END))
             FROM stream AS s WHERE json_extract(s.settings, '$.delivery') <> 'poll'
               AND (s.cursor < (SELECT COALESCE(MAX(seq), 0) FROM journal)
                 OR EXISTS (SELECT 1 FROM event WHERE stream = s.id AND state = 'retry'))",
            vec![],
        )
        .ok()?;
    let row = rows.first()?;
    (!matches!(row.first(), None | Some(worker::SqlStorageValue::Null))).then(|| integer(row, 0))
}

/// What became of one event.
enum Outcome {
    Told,
    /// The receiver will never take it: RFC 8935 §2.4.
    Refused(String),
    /// It may go another time.
    Failed(String),
}

/// Pushes what is due, to each stream in turn.
pub(super) async fn round(store: &SqlStore, env: &Env) -> worker::Result<()> {
    let failed = |error: StoreError| worker::Error::RustError(format!("{error:?}"));
    if store.fact("state").map_err(failed)?.as_deref() == Some("suspended") {
        return Ok(());
    }
    let keys = stream::keys(store).map_err(failed)?;
    let Some(key) = keys.as_array().and_then(|keys| keys.last()) else { return Ok(()) };
    let base = store.fact("base").map_err(failed)?.unwrap_or_default();
    let push = Push { store, env, key, base, until: clock() + ROUND };
    for stream in stream::all(store).map_err(failed)? {
        if stream.settings.delivery != Delivery::Poll && stream.due <= clock() {
            push.stream(stream).await?;
        }
    }
    Ok(())
}

struct Push<'a> {
    store: &'a SqlStore,
    env: &'a Env,
    key: &'a Value,
    base: String,
    until: i64,
}

impl Push<'_> {
    async fn stream(&self, mut stream: Stream) -> worker::Result<()> {
        let failed = |error: StoreError| worker::Error::RustError(format!("{error:?}"));
        // What waits comes first, of each resource the earliest.
        loop {
            let heads = self
                .store
                .rows(
                    "SELECT MIN(seq), due FROM event WHERE stream = ?1 AND state = 'retry' GROUP BY resource",
                    vec![stream.id.as_str().into()],
                )
                .map_err(failed)?;
            let now = clock();
            let mut due: Vec<i64> =
                heads.iter().filter(|row| integer(row, 1) <= now).map(|row| integer(row, 0)).collect();
            due.sort_unstable();
            let Some(seq) = due.first() else { break };
            let wanted = Wanted { after: seq - 1, limit: 1, ..Wanted::default() };
            let Some(entry) = journal::read(self.store, &wanted).map_err(failed)?.pop() else { break };
            if !self.one(&mut stream, &entry).await? {
                return Ok(());
            }
        }
        loop {
            let wanted = Wanted { after: stream.cursor, limit: 50, ..Wanted::default() };
            let entries = journal::read(self.store, &wanted).map_err(failed)?;
            if entries.is_empty() {
                return Ok(());
            }
            for entry in entries {
                stream.cursor = entry.seq;
                if stream.settings.covers(&entry.kind) {
                    let waits = self
                        .store
                        .rows(
                            "SELECT 1 FROM event WHERE stream = ?1 AND state = 'retry' AND resource = ?2",
                            vec![stream.id.as_str().into(), entry.id.as_str().into()],
                        )
                        .map_err(failed)?;
                    if !waits.is_empty() {
                        self.note(&stream, &entry, "retry", 0, 0, "").map_err(failed)?;
                    } else if !self.one(&mut stream, &entry).await? {
                        return Ok(());
                    }
                }
                self.keep(&stream, "").map_err(failed)?;
            }
        }
    }

    /// Sends one event and notes what became of it; false when the stream must pause.
    async fn one(&self, stream: &mut Stream, entry: &Entry) -> worker::Result<bool> {
        let failed = |error: StoreError| worker::Error::RustError(format!("{error:?}"));
        let outcome = self.send(stream, entry).await?;
        let known = self
            .store
            .rows(
                "SELECT attempts FROM event WHERE stream = ?1 AND seq = ?2",
                vec![stream.id.as_str().into(), entry.seq.into()],
            )
            .map_err(failed)?;
        let attempts = known.first().map_or(0, |row| integer(row, 0)) + 1;
        match outcome {
            Outcome::Told => {
                if !known.is_empty() {
                    self.store
                        .run(
                            "DELETE FROM event WHERE stream = ?1 AND seq = ?2",
                            vec![stream.id.as_str().into(), entry.seq.into()],
                        )
                        .map_err(failed)?;
                }
                (stream.failures, stream.due) = (0, 0);
                self.keep(stream, "").map_err(failed)?;
            }
            Outcome::Refused(why) => self.note(stream, entry, "dead", attempts, 0, &why).map_err(failed)?,
            Outcome::Failed(why) => {
                let state = if attempts < ATTEMPTS { "retry" } else { "dead" };
                let due = clock() + pause(attempts);
                self.note(stream, entry, state, attempts, due, &why).map_err(failed)?;
                stream.failures += 1;
                if stream.failures >= PATIENCE {
                    stream.due = clock() + pause(stream.failures - PATIENCE + 1);
                }
                self.keep(stream, &why).map_err(failed)?;
            }
        }
        Ok(stream.due <= clock() && clock() < self.until)
    }

    fn note(
        &self,
        stream: &Stream,
        entry: &Entry,
        state: &str,
        attempts: i64,
        due: i64,
        error: &str,
    ) -> Result<(), StoreError> {
        self.store.run(
            "INSERT OR REPLACE INTO event (stream, seq, resource, state, attempts, due, error)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            vec![
                stream.id.as_str().into(),
                entry.seq.into(),
                entry.id.as_str().into(),
                state.into(),
                attempts.into(),
                due.into(),
                error.into(),
            ],
        )
    }

    fn keep(&self, stream: &Stream, error: &str) -> Result<(), StoreError> {
        // The stream may have been deleted, or told to start again, while the receiver was awaited.
        self.store.run(
            "UPDATE stream SET cursor = MAX(cursor, ?2), failures = ?3, due = ?4, error = ?5 WHERE id = ?1",
            vec![
                stream.id.as_str().into(),
                stream.cursor.into(),
                stream.failures.into(),
                stream.due.into(),
                error.into(),
            ],
        )
    }

    async fn send(&self, stream: &Stream, entry: &Entry) -> worker::Result<Outcome> {
        let registry =
            self.store.schemas().map_err(|error| worker::Error::RustError(format!("{error:?}")))?;
        let mut token =
            sign(&told(stream, stream.settings.full, &registry, &self.base, entry), self.key).await?;
        if stream.settings.delivery == Delivery::Queue {
            if token.len() > QUEUED {
                token = sign(&told(stream, false, &registry, &self.base, entry), self.key).await?;
            }
            let sent = match self.env.queue("EVENTS") {
                Ok(queue) => queue.send(token).await,
                Err(error) => Err(error),
            };
            return Ok(match sent {
                Ok(()) => Outcome::Told,
                Err(_) => Outcome::Failed("the queue `EVENTS` did not take it; is it bound?".into()),
            });
        }
        let headers = Headers::new();
        headers.set("Content-Type", "application/secevent+jwt")?;
        headers.set("Accept", "application/json")?;
        if !stream.settings.authorization.is_empty() {
            headers.set("Authorization", &stream.settings.authorization)?;
        }
        let mut init = RequestInit::new();
        init.with_method(Method::Post)
            .with_headers(headers)
            .with_redirect(RequestRedirect::Manual)
            .with_body(Some(token.into()));
        let request = Request::new_with_init(&stream.settings.endpoint, &init)?;
        let abort = AbortController::default();
        let signal = abort.signal();
        let fetch = Fetch::Request(request);
        let answer = Box::pin(fetch.send_with_signal(&signal));
        let mut response = match select(answer, Box::pin(Delay::from(TIMEOUT))).await {
            Either::Left((Ok(response), _)) => response,
            Either::Left((Err(_), _)) => {
                return Ok(Outcome::Failed("the receiver could not be reached".into()));
            }
            Either::Right(_) => {
                abort.abort();
                return Ok(Outcome::Failed(format!("no answer within {} s", TIMEOUT.as_secs())));
            }
        };
        let status = response.status_code();
        if (200..300).contains(&status) {
            return Ok(Outcome::Told);
        }
        if status == 400 {
            let body: Value = response.json().await.unwrap_or_default();
            if let Some(code) = body.get("err").and_then(Value::as_str) {
                let code: String = code.chars().take(60).collect();
                return Ok(Outcome::Refused(format!("the receiver refused it: `{code}`")));
            }
        }
        Ok(Outcome::Failed(format!("the receiver answered {status}")))
    }
}

fn told(stream: &Stream, full: bool, registry: &Registry, base: &str, entry: &Entry) -> Value {
    let about = set::Stream { id: &stream.id, issuer: base, audience: &stream.settings.audience, full };
    claims(&about, registry, entry, clock())
}

/// Answers a receiver's poll (RFC 8936 §2.4) with claims yet to be signed, and the key.
pub(super) fn poll(store: &SqlStore, body: &Value) -> Result<Reply, ScimError> {
    if store.fact("state")?.as_deref() == Some("suspended") {
        return Err(ScimError::new(403, "the tenant is suspended"));
    }
    let hash = body.get("hash").and_then(Value::as_str).unwrap_or_default();
    let mut stream = stream::all(store)?
        .into_iter()
        .find(|stream| stream.settings.delivery == Delivery::Poll && stream.settings.token_hash == hash)
        .ok_or_else(|| ScimError::new(401, "the token belongs to no stream; it may have been deleted"))?;
    let asked = body.get("asked").cloned().unwrap_or_default();
    let most = match asked.get("maxEvents") {
        None | Some(Value::Null) => MOST,
        Some(number) => number
            .as_i64()
            .filter(|number| *number >= 0)
            .ok_or_else(|| ScimError::new(400, "`maxEvents` must be a number, 0 or more"))?
            .min(MOST),
    };
    settle(store, &mut stream, &asked)?;
    let mut chosen: Vec<Entry> = Vec::new();
    let id = || stream.id.as_str().into();
    for row in store.rows(
        "SELECT seq FROM event WHERE stream = ?1 AND state = 'retry' ORDER BY seq LIMIT ?2",
        vec![id(), (most + 1).into()],
    )? {
        let wanted = Wanted { after: integer(&row, 0) - 1, limit: 1, ..Wanted::default() };
        chosen.extend(journal::read(store, &wanted)?);
    }
    let settled: std::collections::HashSet<i64> = store
        .rows("SELECT seq FROM event WHERE stream = ?1 AND seq > ?2", vec![id(), stream.cursor.into()])?
        .iter()
        .map(|row| integer(row, 0))
        .collect();
    let mut after = stream.cursor;
    while i64::try_from(chosen.len()).unwrap_or(MOST) <= most {
        let entries = journal::read(store, &Wanted { after, limit: PAGE, ..Wanted::default() })?;
        let Some(last) = entries.last() else { break };
        after = last.seq;
        chosen.extend(
            entries
                .into_iter()
                .filter(|entry| stream.settings.covers(&entry.kind) && !settled.contains(&entry.seq)),
        );
    }
    let most = usize::try_from(most).unwrap_or(0);
    let more = chosen.len() > most;
    let base = store.fact("base")?.unwrap_or_default();
    let registry = store.schemas()?;
    let claims: Vec<Value> = chosen
        .iter()
        .take(most)
        .map(|entry| told(&stream, stream.settings.full, &registry, &base, entry))
        .collect();
    let key = stream::keys(store)?.as_array().and_then(|keys| keys.last().cloned());
    Ok(Reply::plain(200, &json!({ "claims": claims, "more": more, "key": key })))
}

/// Notes what the receiver has, and what it will not take; then the stream moves on.
fn settle(store: &SqlStore, stream: &mut Stream, asked: &Value) -> Result<(), ScimError> {
    let number =
        |jti: &str| jti.strip_prefix(&format!("{}.", stream.id)).and_then(|seq| seq.parse::<i64>().ok());
    let acknowledged =
        asked.get("ack").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut settled: Vec<(i64, &str, String)> =
        acknowledged.filter_map(number).map(|seq| (seq, "acked", String::new())).collect();
    let none = Map::new();
    for (jti, error) in asked.get("setErrs").and_then(Value::as_object).unwrap_or(&none) {
        let code = error.get("err").and_then(Value::as_str).unwrap_or("no code");
        let code: String = code.chars().take(60).collect();
        settled.extend(number(jti).map(|seq| (seq, "dead", format!("the receiver refused it: `{code}`"))));
    }
    for (seq, state, error) in settled {
        if seq <= stream.cursor && state == "acked" {
            let again = "DELETE FROM event WHERE stream = ?1 AND seq = ?2 AND state = 'retry'";
            store.run(again, vec![stream.id.as_str().into(), seq.into()])?;
            continue;
        }
        // Only what the journal holds can be settled.
        store.run(
            "INSERT OR REPLACE INTO event (stream, seq, resource, state, attempts, due, error)
             SELECT ?1, seq, id, ?3, 1, 0, ?4 FROM journal WHERE seq = ?2",
            vec![stream.id.as_str().into(), seq.into(), state.into(), error.into()],
        )?;
    }
    loop {
        let rows = store.rows(
            "SELECT j.seq, j.kind, COALESCE(e.state, '') FROM journal AS j
             LEFT JOIN event AS e ON e.stream = ?1 AND e.seq = j.seq WHERE j.seq > ?2 ORDER BY j.seq LIMIT 200",
            vec![stream.id.as_str().into(), stream.cursor.into()],
        )?;
        let is_settled = |row: &&Vec<_>| !text(row, 2).is_empty() || !stream.settings.covers(&text(row, 1));
        let count = rows.iter().take_while(is_settled).count();
        let Some(last) = count.checked_sub(1).and_then(|index| rows.get(index)) else { break };
        stream.cursor = integer(last, 0);
        if count < rows.len() {
            break;
        }
    }
    store.run(
        "UPDATE stream SET cursor = ?2 WHERE id = ?1",
        vec![stream.id.as_str().into(), stream.cursor.into()],
    )?;
    store.run(
        "DELETE FROM event WHERE stream = ?1 AND state = 'acked' AND seq <= ?2",
        vec![stream.id.as_str().into(), stream.cursor.into()],
    )?;
    Ok(())
}
