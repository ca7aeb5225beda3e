//! Event streams as an administrator sees them: where a tenant's changes are told to, and
//! what could not be told.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::security_event::EVENT_URIS;
use crate::edge::store::fact::Fact;
use crate::edge::store::sql::{SEQUENCE, SqlStore, integer, text};
use crate::scim::delivery::Standing;
use crate::scim::directory::StoreError;
use crate::scim::error::ScimError;
use crate::scim::http::Reply;
use crate::scim::schema::Registry;

/// Most streams of a tenant.
const MAX_STREAMS: i64 = 10;
/// Most keys that are published: the current one, and the one before it.
const MAX_KEYS: usize = 2;
/// Longest audience, in bytes.
const MAX_AUDIENCE: usize = 1_024;
/// Longest `Authorization` header of a push, in bytes.
const MAX_AUTHORIZATION: usize = 8_192;
/// So many untold entries are counted, and no further.
const COUNTED: i64 = 100_000;

/// How events reach their receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Delivery {
    /// Each is posted to the receiver (RFC 8935).
    Push,
    /// The receiver asks for them (RFC 8936).
    Poll,
    /// Each goes to the queue that is bound as `EVENTS`.
    Queue,
}

/// A stream's settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Settings {
    /// How events are delivered.
    pub delivery: Delivery,
    /// For push: where to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// For push: the `Authorization` header; never shown again.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authorization: String,
    /// `aud` of every token.
    pub audience: String,
    /// Whether events carry the values (`true`) or the names of what changed.
    #[serde(default)]
    pub full: bool,
    /// Which resource types are told of; empty for all.
    #[serde(default)]
    pub resource_types: Vec<String>,
    /// Whether what the journal already holds is told too.
    #[serde(default)]
    pub from_the_beginning: bool,
    /// For poll: the hash of the receiver's token.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token_hash: String,
}

impl Settings {
    /// Reads and checks what an administrator sent.
    pub fn read(value: &Value, registry: &Registry) -> Result<Self, ScimError> {
        let wrong = |detail: String| ScimError::new(400, detail);
        let settings: Self =
            serde_json::from_value(value.clone()).map_err(|error| wrong(format!("the stream: {error}")))?;
        if settings.audience.trim().is_empty() {
            return Err(wrong("`audience` is empty; send the receiver's own name, such as its URL".into()));
        }
        if settings.audience.len() > MAX_AUDIENCE {
            return Err(wrong(format!("`audience` has more than {MAX_AUDIENCE} bytes; send a shorter one")));
        }
        let is_visible = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let authorization = &settings.authorization;
        // The Worker has judged the address, where the runtime's own parser is: `fetch::address`.
        match settings.delivery {
            Delivery::Push if settings.endpoint.is_empty() => {
                Err(wrong("`endpoint` is missing; send an `https://` address".into()))
            }
            Delivery::Poll | Delivery::Queue if !settings.endpoint.is_empty() => {
                Err(wrong("`endpoint` is for `push` alone; leave it out".into()))
            }
            _ if !is_visible(authorization) || authorization.trim() != authorization => Err(wrong(
                "`authorization` is no header's value; send visible ASCII without spaces around it, such as `Bearer …`"
                    .into(),
            )),
            _ if authorization.len() > MAX_AUTHORIZATION => Err(wrong(format!(
                "`authorization` has more than {MAX_AUTHORIZATION} bytes; send a shorter one"
            ))),
            _ => match settings.resource_types.iter().find(|name| registry.resource_type(name).is_none()) {
                Some(name) => {
                    Err(wrong(format!("`resourceTypes` names `{name}`, which is no resource type")))
                }
                None => Ok(settings),
            },
        }
    }

    /// Whether the stream tells of resources of this type.
    pub fn covers(&self, kind: &str) -> bool {
        self.resource_types.is_empty() || self.resource_types.iter().any(|name| name == kind)
    }
}

/// A stream as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub id: String,
    pub settings: Settings,
    pub standing: Standing,
    /// What was not told and never will be, as the journal no longer holds it; else null.
    gap: Value,
}

/// All streams, in the order of their ids.
pub(super) fn all(store: &SqlStore) -> Result<Vec<Stream>, StoreError> {
    read(store, "")
}

/// One stream, if there is such a one.
pub(super) fn find(store: &SqlStore, id: &str) -> Result<Option<Stream>, StoreError> {
    if id.is_empty() { Ok(None) } else { Ok(read(store, id)?.pop()) }
}

fn read(store: &SqlStore, id: &str) -> Result<Vec<Stream>, StoreError> {
    let rows = store.rows(
        "SELECT id, settings, cursor, failures, due, error, gap FROM stream WHERE ?1 = '' OR id = ?1 ORDER BY id",
        vec![id.into()],
    )?;
    Ok(rows
        .iter()
        .filter_map(|row| {
            Some(Stream {
                id: text(row, 0),
                settings: serde_json::from_str(&text(row, 1)).ok()?,
                standing: Standing {
                    cursor: integer(row, 2),
                    failures: integer(row, 3),
                    due: integer(row, 4),
                    error: text(row, 5),
                },
                gap: serde_json::from_str(&text(row, 6)).unwrap_or_default(),
            })
        })
        .collect())
}

/// The tenant's signing keys, private parts and all; null when there are none.
pub(super) fn keys(store: &SqlStore) -> Result<Value, StoreError> {
    Ok(store.fact(Fact::EventKeys)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null))
}

/// Says in the ServiceProviderConfig which events are sent (RFC 9967 §4), where any are.
pub(in crate::edge) fn announce(store: &SqlStore, mut reply: Reply) -> Result<Reply, StoreError> {
    if reply.status == 200
        && !all(store)?.is_empty()
        && let Ok(Value::Object(mut config)) = serde_json::from_str(&reply.body)
    {
        config.insert("securityEvents".into(), json!({ "asyncRequest": "none", "eventUris": EVENT_URIS }));
        reply.body = Value::Object(config).to_string();
    }
    Ok(reply)
}

/// The stream that an administrator names.
fn named(store: &SqlStore, id: &str) -> Result<Stream, ScimError> {
    find(store, id)?.ok_or_else(|| ScimError::new(404, "the tenant has no such stream"))
}

/// All streams, for administrators.
pub(in crate::edge) fn list(store: &SqlStore) -> Result<Reply, ScimError> {
    let shown = all(store)?.iter().map(|stream| show(store, stream)).collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::plain(200, &json!({ "streams": shown })))
}

/// Makes a stream of this id.
pub(in crate::edge) fn make(store: &SqlStore, id: &str, sent: &Value) -> Result<Reply, ScimError> {
    let registry = store.schemas()?;
    let settings = Settings::read(sent, &registry)?;
    if all(store)?.len() as i64 >= MAX_STREAMS {
        let detail = format!("a tenant has at most {MAX_STREAMS} streams; delete one first");
        return Err(ScimError::new(409, detail));
    }
    let start = if settings.from_the_beginning { "0" } else { SEQUENCE };
    store.run(
        &format!("INSERT INTO stream (id, settings, cursor) VALUES (?1, ?2, {start})"),
        vec![id.into(), json!(settings).to_string().into()],
    )?;
    Ok(Reply::plain(201, &show(store, &named(store, id)?)?))
}

/// Shows a stream.
pub(in crate::edge) fn show_one(store: &SqlStore, id: &str) -> Result<Reply, ScimError> {
    Ok(Reply::plain(200, &show(store, &named(store, id)?)?))
}

/// Deletes a stream.
pub(in crate::edge) fn delete(store: &SqlStore, id: &str) -> Result<Reply, ScimError> {
    let stream = named(store, id)?;
    store.run("DELETE FROM stream WHERE id = ?1", vec![stream.id.as_str().into()])?;
    store.run("DELETE FROM event WHERE stream = ?1", vec![stream.id.as_str().into()])?;
    Ok(Reply { status: 204, headers: Vec::new(), body: String::new() })
}

/// Lists what could not be told to a stream.
pub(in crate::edge) fn dead_letters(store: &SqlStore, id: &str) -> Result<Reply, ScimError> {
    let stream = named(store, id)?;
    let rows = store.rows(
        "SELECT e.seq, e.attempts, e.error, j.at, j.operation, j.kind, j.id FROM event AS e
         JOIN journal AS j ON j.seq = e.seq WHERE e.stream = ?1 AND e.state = 'dead' ORDER BY e.seq LIMIT 500",
        vec![stream.id.as_str().into()],
    )?;
    let shown = rows.iter().map(|row| {
        json!({
            "jti": format!("{}.{}", stream.id, integer(row, 0)),
            "attempts": integer(row, 1),
            "error": text(row, 2),
            "at": text(row, 3),
            "operation": text(row, 4),
            "resourceType": text(row, 5),
            "id": text(row, 6),
        })
    });
    Ok(Reply::plain(200, &json!({ "deadLetters": shown.collect::<Vec<_>>() })))
}

/// Tells once more what could not be told: one event by its `jti`, or all.
pub(in crate::edge) fn resend(store: &SqlStore, id: &str, jti: Option<&str>) -> Result<Reply, ScimError> {
    let stream = named(store, id)?;
    let only = jti.and_then(|jti| jti.rsplit_once('.')).map_or("", |(_, seq)| seq);
    let again = store.rows(
        "UPDATE event SET state = 'retry', attempts = 0, due = 0, error = NULL
         WHERE stream = ?1 AND state = 'dead' AND (?2 = '' OR seq = CAST(?2 AS INTEGER)) RETURNING seq",
        vec![stream.id.as_str().into(), only.into()],
    )?;
    if again.is_empty() {
        return Err(ScimError::new(404, "there is no such dead letter; ask for the list"));
    }
    store.run("UPDATE stream SET due = 0 WHERE id = ?1", vec![stream.id.as_str().into()])?;
    Ok(Reply::plain(202, &json!({ "resent": again.len() })))
}

/// Keeps a signing key if there is none or another is wanted; answers with all of them.
pub(in crate::edge) fn keep_key(store: &SqlStore, key: Value, rotate: bool) -> Result<Reply, ScimError> {
    let mut known = keys(store)?.as_array().cloned().unwrap_or_default();
    if known.is_empty() || rotate {
        known.push(key);
        let spare = known.len().saturating_sub(MAX_KEYS);
        known.drain(..spare);
        store.set_fact(Fact::EventKeys, &Value::from(known.clone()).to_string())?;
    }
    Ok(Reply::plain(200, &known.into()))
}

fn show(store: &SqlStore, stream: &Stream) -> Result<Value, ScimError> {
    let id = || vec![stream.id.as_str().into()];
    let number = |statement: &str, values| -> Result<i64, StoreError> {
        Ok(store.rows(statement, values)?.first().map_or(0, |row| integer(row, 0)))
    };
    let cursor = stream.standing.cursor;
    let untold = number(
        "SELECT COUNT(*) FROM (SELECT 1 FROM journal WHERE seq > ?1 LIMIT ?2)",
        vec![cursor.into(), COUNTED.into()],
    )?;
    let waiting = number("SELECT COUNT(*) FROM event WHERE stream = ?1 AND state = 'retry'", id())?;
    let dead = number("SELECT COUNT(*) FROM event WHERE stream = ?1 AND state = 'dead'", id())?;
    let mut shown = json!(stream.settings);
    if let Some(shown) = shown.as_object_mut() {
        let has_secret = shown.shift_remove("authorization").is_some();
        shown.shift_remove("tokenHash");
        shown.insert("id".into(), stream.id.as_str().into());
        shown.insert("hasAuthorization".into(), has_secret.into());
        shown.insert("pending".into(), (untold + waiting).into());
        shown.insert("deadLetters".into(), dead.into());
        shown.insert("failures".into(), stream.standing.failures.into());
        let error = Some(stream.standing.error.as_str()).filter(|text| !text.is_empty());
        shown.insert("error".into(), error.into());
        shown.insert("gap".into(), stream.gap.clone());
    }
    Ok(shown)
}
