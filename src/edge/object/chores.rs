//! The alarm's share of the chores: which is due, how its part is done, and what becomes of it.

use worker::Env;

use super::{erase, removal};
use crate::edge::platform::log::failure;
use crate::edge::store::chore::{Kind, Step, keep, read};
use crate::edge::store::sql::SqlStore;
use crate::edge::tenant::{republish, retention};
use crate::scim::directory::StoreError;

/// Chores that one alarm takes up.
const ROUND: i64 = 20;
/// How long one round may last, in milliseconds: the copy and the events are waiting too.
const LONGEST: f64 = 10_000.0;
/// First and longest pause after a failure, in milliseconds.
const PAUSE: f64 = 5_000.0;
const LONGEST_PAUSE: f64 = 300_000.0;

/// The alarm's share: a part of each chore that is due. True when the object's storage is to go.
pub(super) async fn round(store: &mut SqlStore, env: &Env, tenant: &str) -> Result<bool, StoreError> {
    let now = js_sys::Date::now();
    let until = now + LONGEST;
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
    let rows = store.rows(
        "SELECT kind, name, began, state FROM chore WHERE due <= ?1 ORDER BY due LIMIT ?2",
        vec![(now as i64).into(), ROUND.into()],
    )?;
    for mut chore in rows.iter().filter_map(read) {
        if js_sys::Date::now() > until {
            break;
        }
        let done = match chore.kind {
            Kind::Delete => removal::delete(store, env, tenant, &mut chore, until).await,
            Kind::RemoveCopies => removal::copies(env, tenant, &mut chore, until).await,
            Kind::Readers => removal::readers(store, env, tenant, &mut chore).await,
            Kind::Erase => erase::step(store, &mut chore).map_err(of_storage),
            Kind::Retention => retention::step(store, &mut chore).map_err(of_storage),
            Kind::Republish => republish::step(store, &mut chore).map_err(of_storage),
        };
        match done {
            Ok(Step::Gone) => return Ok(true),
            Ok(Step::Done) => keep(store, &chore, None)?,
            Ok(Step::More(delay)) => {
                (chore.standing.failures, chore.standing.error) = (0, String::new());
                keep(store, &chore, Some(js_sys::Date::now() + delay))?;
            }
            Err(error) => {
                failure(chore.kind.as_str(), "", &error);
                chore.standing.error = error.to_string().chars().take(200).collect();
                let pause = PAUSE * f64::from(1_u32 << chore.standing.failures.min(10));
                chore.standing.failures += 1;
                keep(store, &chore, Some(js_sys::Date::now() + pause.min(LONGEST_PAUSE)))?;
            }
        }
    }
    Ok(false)
}

fn of_storage(error: StoreError) -> worker::Error {
    worker::Error::RustError(error.to_string())
}
