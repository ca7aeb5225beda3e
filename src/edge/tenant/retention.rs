//! How long the journal is kept: the setting `journalDays`. Older entries are cut by the alarm, a bounded
//! part a transaction. What a stream or an export has not read is held for thirty days more; what is cut
//! then is told to the stream as its `gap`.

use serde_json::{Value, json};

use crate::edge::platform::clock::clock;
use crate::edge::store::chore::{self, Chore, Kind, Standing, Step};
use crate::edge::store::fact::Fact;
use crate::edge::store::settings;
use crate::edge::store::sql::{SqlStore, integer, text};
use crate::scim::directory::StoreError;
use crate::scim::schema::{instant, written};

/// Days that the journal of a new tenant is kept.
pub(in crate::edge) const DAYS: u32 = 400;
/// Milliseconds that what nobody has read yet is held beyond that.
const HELD: i64 = 30 * DAY;
const DAY: i64 = 86_400_000;
/// Entries that one transaction cuts.
const ENTRIES: i64 = 500;
/// Transactions of one part.
const STEPS: usize = 4;
/// Follows a setting: begins to look for old entries, or no longer does. To be called within the transaction
/// that keeps the setting.
pub(super) fn follow(store: &SqlStore, days: Option<u32>) -> Result<(), StoreError> {
    match days {
        Some(_) => chore::begin(store, Kind::Retention, "", &Standing::default()),
        None => chore::end(store, Kind::Retention),
    }
}

/// Cuts some old entries; looks again in a day when there are no more.
pub(in crate::edge) fn step(store: &SqlStore, chore: &mut Chore) -> Result<Step, StoreError> {
    let Some(days) = settings::read(store)?.journal_days else { return Ok(Step::Done) };
    let cutoff = clock() - i64::from(days) * DAY;
    let time = |at: i64| written(at).unwrap_or_default();
    for _ in 0..STEPS {
        let rows = store.rows(
            "SELECT seq FROM journal WHERE at < ?1 AND (seq <= ?2 OR at < ?3) ORDER BY at, seq LIMIT ?4",
            vec![
                time(cutoff).into(),
                read_up_to(store)?.min(1 << 52).into(),
                time(cutoff - HELD).into(),
                ENTRIES.into(),
            ],
        )?;
        cut(store, &rows.iter().map(|row| integer(row, 0)).collect::<Vec<_>>())?;
        chore.standing.done += rows.len() as u64;
        if i64::try_from(rows.len()) != Ok(ENTRIES) {
            #[allow(clippy::cast_precision_loss, reason = "a day has few milliseconds")]
            return Ok(Step::More(DAY as f64));
        }
    }
    Ok(Step::More(0.0))
}

/// Cuts entries, and notes for each stream what it will miss.
fn cut(store: &SqlStore, entries: &[i64]) -> Result<(), StoreError> {
    let Some(last) = entries.iter().max().copied() else { return Ok(()) };
    let these = || vec![Value::from(entries.to_vec()).to_string().into()];
    let streams = store.rows(
        "SELECT s.id, COALESCE(s.gap, ''), MIN(e.value), MAX(e.value), COUNT(*) FROM stream AS s, json_each(?1) AS e
         WHERE e.value > s.cursor
           OR EXISTS (SELECT 1 FROM event WHERE stream = s.id AND seq = e.value AND state = 'retry')
         GROUP BY s.id",
        these(),
    )?;
    let at = written(clock()).unwrap_or_default();
    store.atomically(&mut || {
        for row in &streams {
            let before: Value = serde_json::from_str(&text(row, 1)).unwrap_or_default();
            let known = |name: &str| before.get(name).and_then(Value::as_i64);
            let gap = json!({
                "from": known("from").map_or(integer(row, 2), |from| from.min(integer(row, 2))),
                "to": known("to").map_or(integer(row, 3), |to| to.max(integer(row, 3))),
                "entries": known("entries").unwrap_or(0) + integer(row, 4),
                "at": at,
            });
            let row = vec![text(row, 0).into(), gap.to_string().into()];
            store.run("UPDATE stream SET gap = ?2 WHERE id = ?1", row)?;
        }
        store.run("DELETE FROM event WHERE seq IN (SELECT value FROM json_each(?1))", these())?;
        store.run("DELETE FROM journal WHERE seq IN (SELECT value FROM json_each(?1))", these())?;
        store.set_fact(Fact::JournalCut, &last.max(cut_up_to(store)?).to_string())
    })
}

/// The largest number that was cut; 0 where none was.
pub(in crate::edge) fn cut_up_to(store: &SqlStore) -> Result<i64, StoreError> {
    Ok(store.fact(Fact::JournalCut)?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// The number of the journal up to which all who read it have: streams, and an export.
pub(in crate::edge) fn read_up_to(store: &SqlStore) -> Result<i64, StoreError> {
    let rows = store.rows(
        "SELECT COALESCE(MIN(seq), ?1) FROM (SELECT cursor AS seq FROM stream UNION ALL
           SELECT MIN(seq) - 1 FROM event WHERE state = 'retry' HAVING COUNT(*) > 0)",
        vec![(1_i64 << 52).into()],
    )?;
    let streams = rows.first().map_or(0, |row| integer(row, 0));
    Ok(streams.min(export(store)?.unwrap_or(i64::MAX)))
}

/// Where an export began that may still read: no more than thirty days ago.
fn export(store: &SqlStore) -> Result<Option<i64>, StoreError> {
    let known: Value = match store.fact(Fact::Export)? {
        Some(text) => serde_json::from_str(&text).unwrap_or_default(),
        None => return Ok(None),
    };
    let number = |name: &str| known.get(name).and_then(Value::as_i64);
    Ok(number("at").filter(|at| clock() - at < HELD).and_then(|_| number("sequence")))
}

/// Notes that an export begins to read; what came after this number is held for it.
pub(in crate::edge) fn export_begins(store: &SqlStore, sequence: i64) -> Result<(), StoreError> {
    if export(store)?.is_some() {
        return Ok(());
    }
    store.set_fact(Fact::Export, &json!({ "sequence": sequence, "at": clock() }).to_string())
}

/// Notes that an export has read all.
pub(in crate::edge) fn export_ended(store: &SqlStore) -> Result<(), StoreError> {
    store.forget_fact(Fact::Export)
}

/// Whether a time is so long ago that nothing is held for it any more.
pub(in crate::edge) fn is_older_than_held(at: &str) -> bool {
    instant(at).is_none_or(|at| clock() - at > HELD)
}
