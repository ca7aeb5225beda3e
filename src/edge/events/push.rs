//! Pushing a tenant's changes: what the alarm does in a round.
//!
//! Streams take turns, and a turn is one event. Several are sent at once, to different streams; those
//! of one stream follow each other. So a receiver that hangs holds one connection for its own time, and
//! what goes wrong with one stream is that stream's alone. [`crate::scim::delivery`] says what is sent
//! next and what an outcome leaves behind.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use worker::{Delay, Env, Method};

use super::feed;
use super::security_event::{self, claims, sign};
use super::stream::{self, Delivery, Stream};
use crate::edge::platform::clock::{clock, now};
use crate::edge::platform::fetch::{self, Asked};
use crate::edge::store::fact::Fact;
use crate::edge::store::journal::Entry;
use crate::edge::store::sql::{SqlStore, integer};
use crate::scim::delivery::{Outcome, next, settle};
use crate::scim::directory::StoreError;
use crate::scim::schema::Registry;

/// How long one round may last, in milliseconds: the copy is waiting too.
const ROUND: i64 = 10_000;
/// How much of it one stream's turns may take together, in milliseconds: as long as one that hangs.
const SHARE: i64 = 5_000;
/// How many events are on their way at once: as many connections as an invocation may have open.
const AT_ONCE: usize = 6;
/// Most events of a round: the free plan lets an invocation ask 50 times outside.
const SENDS: usize = 40;
/// How long a stream that had nothing to send is left alone within a round.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How many entries are looked at together for the next event, and how many times in a turn.
const AHEAD: i64 = 50;
const LOOKS: usize = 40;
/// Longest token that a queue is given whole, in bytes: a message may have 128 000.
const QUEUED: usize = 127_000;
/// Longest token that a receiver is given whole, in bytes; a longer event goes as a notice.
pub(super) const PUSHED: usize = 1_000_000;
/// Longest refusal that is read, in bytes.
const REFUSAL: usize = 16_384;

/// Whether a tenant tells nothing for now: it is suspended, being deleted, or being restored.
pub(super) fn is_quiet(store: &SqlStore) -> Result<bool, StoreError> {
    Ok(store.fact(Fact::State)?.as_deref() != Some("active") || store.fact(Fact::Importing)?.is_some())
}

/// When there is next something to push, in milliseconds since 1970.
pub(in crate::edge) fn next_due(store: &SqlStore) -> Option<i64> {
    if is_quiet(store).unwrap_or(true) {
        return None;
    }
    // Of what waits, the earliest of each resource: the others wait behind it, whenever they are due. What
    // is ahead is what the journal holds: its largest number ever may be of an entry that was cut.
    let rows = store
        .rows(
            "SELECT MIN(MAX(s.due, CASE WHEN s.cursor < (SELECT COALESCE(MAX(seq), 0) FROM journal) THEN 0
               ELSE (SELECT MIN(e.due) FROM event AS e WHERE e.stream = s.id AND e.state = 'retry'
                 AND NOT EXISTS (SELECT 1 FROM event AS f WHERE f.stream = e.stream AND f.state = 'retry'
                   AND f.resource = e.resource AND f.seq < e.seq)) END))
             FROM stream AS s WHERE json_extract(s.settings, '$.delivery') <> 'poll'
               AND (s.cursor < (SELECT COALESCE(MAX(seq), 0) FROM journal)
                 OR EXISTS (SELECT 1 FROM event WHERE stream = s.id AND state = 'retry'))",
            vec![],
        )
        .ok()?;
    let row = rows.first()?;
    (!matches!(row.first(), None | Some(worker::SqlStorageValue::Null))).then(|| integer(row, 0))
}

/// Pushes what is due. A stream's own failure is noted with that stream; only storage ends a round.
pub(in crate::edge) async fn round(store: &SqlStore, env: &Env) -> worker::Result<()> {
    let failed = |error: StoreError| worker::Error::RustError(error.to_string());
    if is_quiet(store).map_err(failed)? {
        return Ok(());
    }
    let keys = stream::keys(store).map_err(failed)?;
    let Some(key) = keys.as_array().and_then(|keys| keys.last()) else { return Ok(()) };
    let base = store.fact(Fact::Base).map_err(failed)?.unwrap_or_default();
    let push = Push { store, env, key, base };
    let until = clock() + ROUND;
    let is_due =
        |stream: &Stream| stream.settings.delivery != Delivery::Poll && stream.standing.due <= clock();
    let mut turns: VecDeque<String> =
        stream::all(store).map_err(failed)?.into_iter().filter(is_due).map(|stream| stream.id).collect();
    let mut idle = Vec::new();
    let mut spent: HashMap<String, i64> = HashMap::new();
    let mut sent = 0;
    let mut on_their_way = FuturesUnordered::new();
    let mut outcome = Ok(());
    loop {
        while on_their_way.len() < AT_ONCE && sent < SENDS && clock() < until {
            let Some(stream) = turns.pop_front() else { break };
            sent += 1;
            on_their_way.push(push.turn(stream));
        }
        if on_their_way.is_empty() {
            return outcome;
        }
        let ended = match select(on_their_way.next(), Box::pin(Delay::from(LOOK_AGAIN))).await {
            Either::Left((ended, _)) => ended,
            Either::Right(_) => {
                // What came meanwhile need not wait until a slow receiver has answered.
                turns.extend(idle.drain(..));
                continue;
            }
        };
        let Some((stream, took, turn)) = ended else { return outcome };
        let spent = spent.entry(stream.clone()).or_default();
        *spent += took;
        match turn {
            Ok(Turn::Sent) if *spent < SHARE => turns.push_back(stream),
            Ok(Turn::Sent | Turn::Paused) => {}
            Ok(Turn::Nothing) => {
                sent -= 1;
                idle.push(stream);
            }
            Err(error) => outcome = Err(failed(error)),
        }
    }
}

/// What a stream's turn came to.
enum Turn {
    /// An event was sent; there may be more.
    Sent,
    /// There is nothing to send.
    Nothing,
    /// The stream pauses, or is gone.
    Paused,
}

struct Push<'a> {
    store: &'a SqlStore,
    env: &'a Env,
    key: &'a Value,
    base: String,
}

impl Push<'_> {
    /// A stream's turn: how long it took, in milliseconds, and what it came to.
    async fn turn(&self, stream: String) -> (String, i64, Result<Turn, StoreError>) {
        let began = clock();
        let turn = self.one(&stream).await;
        (stream, clock() - began, turn)
    }

    /// Sends the stream's next event and notes what became of it.
    async fn one(&self, id: &str) -> Result<Turn, StoreError> {
        let Some(mut stream) = stream::find(self.store, id)? else { return Ok(Turn::Paused) };
        let Some((seq, attempts)) = self.choose(&mut stream)? else { return Ok(Turn::Nothing) };
        let Some(entry) = feed::entry(self.store, &stream, seq, &now())? else { return Ok(Turn::Sent) };
        let outcome = self.send(&stream, &entry).await;
        let (standing, row) = settle(&stream.standing, (seq, attempts), outcome, clock());
        feed::keep(self.store, &mut stream, seq, standing, &row)?;
        Ok(if stream.standing.due <= clock() { Turn::Sent } else { Turn::Paused })
    }

    /// Finds the next event to send, and notes what waits behind others on the way to it.
    fn choose(&self, stream: &mut Stream) -> Result<Option<(i64, i64)>, StoreError> {
        for _ in 0..LOOKS {
            let heads = feed::heads(self.store, stream)?;
            let ahead = feed::ahead(self.store, stream, stream.standing.cursor, AHEAD)?;
            let upcoming: Vec<_> = ahead.iter().map(|entry| entry.upcoming(stream)).collect();
            let step = next(&stream.standing, &heads, &upcoming, clock());
            let moves = step.cursor != stream.standing.cursor;
            if moves {
                feed::advance(self.store, stream, &step)?;
            }
            if step.send.is_some() || !moves {
                return Ok(step.send);
            }
        }
        Ok(None)
    }

    async fn send(&self, stream: &Stream, entry: &Entry) -> Outcome {
        let Ok(registry) = self.store.schemas() else {
            return Outcome::Failed("the tenant's schemas could not be read".into());
        };
        let most = if stream.settings.delivery == Delivery::Queue { QUEUED } else { PUSHED };
        let mut token = self.token(stream, stream.settings.full, &registry, entry).await;
        if stream.settings.full && token.as_ref().is_ok_and(|token| token.len() > most) {
            token = self.token(stream, false, &registry, entry).await;
        }
        let Ok(token) = token else {
            return Outcome::Failed("the token could not be signed; try another key".into());
        };
        if token.len() > most {
            let size = token.len();
            return Outcome::Refused(format!("the event has {size} bytes; {most} may be sent"));
        }
        match stream.settings.delivery {
            Delivery::Queue => self.enqueue(token).await,
            _ => self.post(stream, token).await,
        }
    }

    async fn token(
        &self,
        stream: &Stream,
        full: bool,
        registry: &Registry,
        entry: &Entry,
    ) -> worker::Result<String> {
        sign(&told(stream, full, registry, &self.base, entry), self.key).await
    }

    async fn enqueue(&self, token: String) -> Outcome {
        let sent = match self.env.queue("EVENTS") {
            Ok(queue) => queue.send(token).await,
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => Outcome::Told,
            Err(_) => Outcome::Failed("the queue `EVENTS` did not take it; is it bound?".into()),
        }
    }

    async fn post(&self, stream: &Stream, token: String) -> Outcome {
        let mut headers = vec![("Content-Type", "application/secevent+jwt"), ("Accept", "application/json")];
        if !stream.settings.authorization.is_empty() {
            headers.push(("Authorization", &stream.settings.authorization));
        }
        let asked = Asked {
            method: Method::Post,
            url: &stream.settings.endpoint,
            headers: &headers,
            body: Some(token),
            reads: 400,
            most: REFUSAL,
        };
        let answer = match fetch::ask(fetch::origin(self.env), asked).await {
            Ok(answer) => answer,
            Err(why) => return Outcome::Failed(why),
        };
        if (200..300).contains(&answer.status) {
            return Outcome::Told;
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if let Some(code) = body.get("err").and_then(Value::as_str) {
            let code: String = code.chars().take(60).collect();
            return Outcome::Refused(format!("the receiver refused it: `{code}`"));
        }
        Outcome::Failed(format!("the receiver answered {}", answer.status))
    }
}

/// The claims of an entry's token for a stream.
pub(super) fn told(stream: &Stream, full: bool, registry: &Registry, base: &str, entry: &Entry) -> Value {
    let about =
        security_event::Stream { id: &stream.id, issuer: base, audience: &stream.settings.audience, full };
    claims(&about, registry, entry, clock())
}
