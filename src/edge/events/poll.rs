//! Answering a receiver that polls (RFC 8936): what it has is settled, then it is given what it has not.
//!
//! One request looks at a bounded number of entries and answers with a bounded number of bytes; what is
//! left over is told by `moreAvailable`, and the next request goes on from there.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::feed;
use super::push::{PUSHED, is_quiet, told};
use super::stream::{self, Delivery, Stream};
use crate::edge::platform::clock::now;
use crate::edge::store::fact::Fact;
use crate::edge::store::sql::{SqlStore, integer};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// Most events in one answer, and how many if the receiver does not say.
const MOST: usize = 200;
/// How many bytes of claims one answer holds before it ends: signed, some four million.
const BYTES: usize = 3_000_000;
/// How many entries are read together, and how many times in one request.
const PAGE: i64 = 200;
const PAGES: usize = 10;
/// Most tokens that one request may settle.
const SETTLED: usize = 2_000;

/// What a poll found.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge) struct Found {
    /// The claims of each event, yet to be signed.
    pub claims: Vec<Value>,
    /// Whether there is more.
    pub more: bool,
    /// The key to sign with, private parts and all.
    pub key: Option<Value>,
}

/// Answers a poll (RFC 8936 §2.4) of whose token has this hash.
pub(in crate::edge) fn poll(store: &SqlStore, hash: &str, asked: &Value) -> Result<Reply, ScimError> {
    if store.fact(Fact::State)?.as_deref() == Some("suspended") {
        return Err(ScimError::new(403, "the tenant is suspended"));
    }
    if is_quiet(store)? {
        return Err(ScimError::new(503, "the tenant is being restored; try again when that is done"));
    }
    let mut stream = stream::all(store)?
        .into_iter()
        .find(|stream| stream.settings.delivery == Delivery::Poll && stream.settings.token_hash == hash)
        .ok_or_else(|| ScimError::new(401, "the token belongs to no stream; it may have been deleted"))?;
    let most = match asked.get("maxEvents") {
        None | Some(Value::Null) => MOST,
        Some(number) => number
            .as_u64()
            .map(|number| usize::try_from(number).unwrap_or(MOST).min(MOST))
            .ok_or_else(|| ScimError::new(400, "`maxEvents` must be a number, 0 or more"))?,
    };
    settle(store, &mut stream, asked)?;
    let (claims, more) = choose(store, &stream, most)?;
    let key = stream::keys(store)?.as_array().and_then(|keys| keys.last().cloned());
    Ok(Reply::plain(200, &json!(Found { claims, more, key })))
}

/// The claims of what the receiver has not, and whether there is more.
fn choose(store: &SqlStore, stream: &Stream, most: usize) -> Result<(Vec<Value>, bool), ScimError> {
    let base = store.fact(Fact::Base)?.unwrap_or_default();
    let registry = store.schemas()?;
    let mut claims = Vec::new();
    let mut bytes = 0;
    // False when no more fits.
    let mut add = |seq: i64| -> Result<bool, ScimError> {
        if claims.len() >= most || bytes >= BYTES {
            return Ok(false);
        }
        let Some(entry) = feed::entry(store, stream, seq, &now())? else { return Ok(true) };
        let mut told_of = told(stream, stream.settings.full, &registry, &base, &entry);
        let mut size = told_of.to_string().len();
        if size > PUSHED {
            told_of = told(stream, false, &registry, &base, &entry);
            size = told_of.to_string().len();
        }
        bytes += size;
        claims.push(told_of);
        Ok(true)
    };
    let again = store.rows(
        "SELECT seq FROM event WHERE stream = ?1 AND state = 'retry' ORDER BY seq LIMIT ?2",
        vec![stream.id.as_str().into(), i64::try_from(most + 1).unwrap_or(PAGE).into()],
    )?;
    for row in &again {
        if !add(integer(row, 0))? {
            return Ok((claims, true));
        }
    }
    let mut after = stream.standing.cursor;
    for _ in 0..PAGES {
        let ahead = feed::ahead(store, stream, after, PAGE)?;
        for entry in ahead.iter().filter(|entry| !entry.has_row && entry.is_covered(stream)) {
            if !add(entry.seq)? {
                return Ok((claims, true));
            }
        }
        match ahead.last() {
            Some(last) => after = last.seq,
            None => return Ok((claims, false)),
        }
    }
    Ok((claims, true))
}

/// Notes what the receiver has, and what it will not take; then the stream moves on.
fn settle(store: &SqlStore, stream: &mut Stream, asked: &Value) -> Result<(), ScimError> {
    let number =
        |jti: &str| jti.strip_prefix(&format!("{}.", stream.id)).and_then(|seq| seq.parse::<i64>().ok());
    let none = (Vec::new(), Map::new());
    let acknowledged = asked.get("ack").and_then(Value::as_array).unwrap_or(&none.0);
    let refused = asked.get("setErrs").and_then(Value::as_object).unwrap_or(&none.1);
    if acknowledged.len() + refused.len() > SETTLED {
        let detail =
            format!("`ack` and `setErrs` name more than {SETTLED} tokens; send them in several requests");
        return Err(ScimError::new(413, detail));
    }
    let acknowledged: Vec<i64> = acknowledged.iter().filter_map(Value::as_str).filter_map(number).collect();
    let acknowledged = json!(acknowledged).to_string();
    let id = || stream.id.as_str().into();
    let cursor = stream.standing.cursor;
    store.atomically(&mut || {
        store.run(
            "DELETE FROM event WHERE stream = ?1 AND state = 'retry' AND seq <= ?2
             AND seq IN (SELECT value FROM json_each(?3))",
            vec![id(), cursor.into(), acknowledged.as_str().into()],
        )?;
        // Only what the journal holds can be settled.
        store.run(
            "INSERT OR REPLACE INTO event (stream, seq, resource, state, attempts, due, error)
             SELECT ?1, seq, id, 'acked', 1, 0, '' FROM journal
             WHERE seq > ?2 AND seq IN (SELECT value FROM json_each(?3))",
            vec![id(), cursor.into(), acknowledged.as_str().into()],
        )?;
        for (jti, error) in refused {
            let code = error.get("err").and_then(Value::as_str).unwrap_or("no code");
            let code: String = code.chars().take(60).collect();
            if let Some(seq) = number(jti) {
                feed::note(
                    store,
                    stream,
                    seq,
                    ("dead", 1, 0, &format!("the receiver refused it: `{code}`")),
                )?;
            }
        }
        Ok(())
    })?;
    let mut cursor = cursor;
    for _ in 0..PAGES {
        let ahead = feed::ahead(store, stream, cursor, PAGE)?;
        let is_settled = |entry: &&feed::Ahead| entry.has_row || !entry.is_covered(stream);
        let settled = ahead.iter().take_while(is_settled);
        let Some(last) = settled.last() else { break };
        cursor = last.seq;
    }
    store.atomically(&mut || {
        store.run("UPDATE stream SET cursor = MAX(cursor, ?2) WHERE id = ?1", vec![id(), cursor.into()])?;
        store.run(
            "DELETE FROM event WHERE stream = ?1 AND state = 'acked' AND seq <= ?2",
            vec![id(), cursor.into()],
        )
    })?;
    stream.standing.cursor = cursor;
    Ok(())
}
