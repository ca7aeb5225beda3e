//! What a tenant's object answers to a command.

use serde_json::{Value, json};

use super::command::{Command, Identity, Metrics, Need};
use super::plan::plan;
use super::{erase, export, import, removal};
use crate::edge::events::{poll, stream};
use crate::edge::store::fact::Fact;
use crate::edge::store::indexes::Indexes;
use crate::edge::store::sql::{SqlStore, integer};
use crate::edge::store::{chore, journal, migrate, settings};
use crate::edge::tenant::profile::DELETING;
use crate::edge::tenant::tally::Tally;
use crate::edge::tenant::{
    access, clients, issuers, republish, retention, schema_change, settings_change, tokens,
};
use crate::scim::directory::{Predicate, Searchable, StoreError};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// Answers one command.
pub(super) fn serve(store: &mut SqlStore, command: Command) -> Result<Reply, ScimError> {
    admit(store, &command)?;
    match command {
        // What was refused, the object itself counts.
        Command::Ready | Command::Refused(_) => Ok(Reply::plain(200, &Value::Null)),
        Command::Observe(seen) => observe(store, &seen),
        Command::Metrics => metrics(store),
        Command::Create { identity, settings, copy } => create(store, &identity, &settings, &copy),
        Command::Show => Ok(Reply::plain(200, &show(store)?)),
        Command::Change(sent) => change(store, &sent),
        Command::Delete { confirm, left } => delete(store, confirm.as_deref(), left.as_ref()),
        Command::Erase(id) => erase::begin(store, id.as_deref()),
        Command::Tokens => tokens::all(store),
        Command::MakeToken(made) => tokens::make(store, &made),
        Command::RevokeToken(token) => tokens::revoke(store, &token),
        Command::Clients => clients::all(store),
        Command::MakeClient(made) => clients::make(store, &made),
        Command::RevokeClient(id) => clients::revoke(store, &id),
        Command::CheckClient { id, hash } => clients::check(store, &id, &hash),
        Command::Issuers => issuers::list(store),
        Command::SetIssuers(sent) => issuers::set(store, sent),
        Command::Schemas => schema_change::show(store),
        Command::SetSchemas(sent) => schema_change::set(store, &sent),
        Command::DeleteSchemas => schema_change::delete(store),
        Command::Journal(filter) => Ok(Reply::plain(200, &journal::page(store, &filter)?)),
        Command::Streams => stream::list(store),
        Command::MakeStream { stream, settings } => stream::make(store, &stream, &settings),
        Command::ShowStream(id) => stream::show_one(store, &id),
        Command::DeleteStream(id) => stream::delete(store, &id),
        Command::DeadLetters(id) => stream::dead_letters(store, &id),
        Command::Resend { stream, jti } => stream::resend(store, &stream, jti.as_deref()),
        Command::KeepKey { key, rotate } => stream::keep_key(store, key, rotate),
        Command::Poll { hash, asked, is_again: _ } => poll::poll(store, &hash, &asked),
        Command::Republish => republish(store),
        Command::Export(cursor) => export::export(store, cursor),
        Command::BeginImport(id) => import::begin(store, &id),
        Command::ImportLines { id, lines, first } => import::apply(store, &id, &lines, first),
        Command::FinishImport { id, end } => import::finish(store, &id, end),
        Command::AbandonImport(id) => import::abandon(store, &id),
        Command::StopImport => import::stop(store),
        Command::Plan(sent) => plan(store, &sent),
    }
}

/// Refuses what the tenant is not well enough for.
fn admit(store: &SqlStore, command: &Command) -> Result<(), ScimError> {
    let need = command.need();
    if need == Need::Nothing {
        return Ok(());
    }
    if store.fact(Fact::Id)?.is_none() {
        return Err(ScimError::new(404, "there is no such tenant"));
    }
    if need > Need::Known && store.fact(Fact::State)?.as_deref() == Some(DELETING) {
        let status = if matches!(command, Command::Poll { .. }) { 401 } else { 409 };
        return Err(ScimError::new(status, "the tenant is being deleted"));
    }
    let is_over = import::expire(store)?;
    if need == Need::Rests && !is_over && store.fact(Fact::Importing)?.is_some() {
        return Err(import::busy());
    }
    Ok(())
}

/// Changes settings, state and copy, as far as they are sent.
fn change(store: &mut SqlStore, sent: &Value) -> Result<Reply, ScimError> {
    // All is read before anything is changed.
    let wanted = sent.get("settings").map(|sent| settings_change::merged(store, sent)).transpose()?;
    let copy = sent.get("copy").map(read_copy).transpose()?;
    let state = match sent.get("state") {
        None => None,
        Some(Value::String(state)) if state == "active" || state == "suspended" => Some(state),
        Some(other) => {
            let detail = format!("`state` is `{other}`; send `active` or `suspended`");
            return Err(ScimError::new(400, detail));
        }
    };
    if let Some(wanted) = wanted {
        settings_change::change(store, &wanted)?;
    }
    if let Some(state) = state {
        store.set_fact(Fact::State, state)?;
    }
    let is_switched = copy.is_some_and(|copy| copy != store.keeps_copy());
    if let Some(copy) = copy.filter(|_| is_switched) {
        store.keep_copy(copy)?;
        if copy {
            store.atomically(&mut || republish::everything(store))?;
        } else {
            removal::begin_copies(store)?;
        }
    }
    // Readers of the copy never ask this object, so KV says who is let in.
    if state.is_some() || is_switched {
        removal::begin_readers(store)?;
    }
    Ok(Reply::plain(200, &show(store)?))
}

/// Notes everything to be published once more.
fn republish(store: &SqlStore) -> Result<Reply, ScimError> {
    if !store.keeps_copy() {
        let detail = "the tenant keeps no copy; send `{\"copy\": true}` to the tenant first";
        return Err(ScimError::new(409, detail));
    }
    store.atomically(&mut || republish::everything(store))?;
    Ok(Reply::plain(202, &json!({ "noted": unpublished(store)? })))
}

/// Stale keys of the copy; what is still to be noted counts as one for each resource type.
fn unpublished(store: &SqlStore) -> Result<i64, StoreError> {
    let rows = store.rows(
        "SELECT (SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM chore WHERE kind = 'republish')",
        vec![],
    )?;
    Ok(rows.first().map_or(0, |row| integer(row, 0)))
}

/// Makes a tenant. The same asked once more changes nothing, as a reply may be lost.
fn create(store: &mut SqlStore, identity: &Identity, sent: &Value, copy: &Value) -> Result<Reply, ScimError> {
    if let Some(known) = store.fact(Fact::Name)? {
        if store.fact(Fact::State)?.as_deref() == Some(DELETING) {
            return Err(ScimError::new(409, "the tenant is being deleted"));
        }
        if known != identity.name {
            let detail = format!("the tenant `{known}` was made with this `Idempotency-Key`; send another");
            return Err(ScimError::new(409, detail));
        }
        return Ok(Reply::plain(201, &json!({})));
    }
    let mut wanted = settings_change::parse(sent)?;
    if sent.get("journalDays").is_none() {
        wanted.journal_days = Some(retention::DAYS);
    }
    settings_change::check(&*store.schemas()?, &wanted)?;
    let copy = read_copy(copy)?;
    keep(store, identity)?;
    store.set_fact(Fact::State, "active")?;
    settings_change::change(store, &wanted)?;
    store.keep_copy(copy)?;
    Ok(Reply::plain(201, &json!({})))
}

/// Keeps what a tenant is known by.
fn keep(store: &SqlStore, identity: &Identity) -> Result<(), StoreError> {
    store.set_fact(Fact::Id, &identity.id)?;
    store.set_fact(Fact::Name, &identity.name)?;
    store.set_fact(Fact::Base, &identity.base)
}

/// The second step of a deletion: it is stored that the tenant is to go, and the alarm works it off.
fn delete(store: &SqlStore, confirm: Option<&str>, left: Option<&Identity>) -> Result<Reply, ScimError> {
    let told = || Reply::plain(202, &json!({ "state": DELETING }));
    let state = store.fact(Fact::State)?;
    if state.as_deref() == Some(DELETING) {
        return Ok(told());
    }
    // What a deletion of an earlier version left behind is known by the list alone.
    if let (None, Some(left)) = (store.fact(Fact::Name)?, left) {
        keep(store, left)?;
    } else if state.as_deref() == Some("active") {
        return Err(ScimError::new(409, "suspend the tenant first, then delete it"));
    }
    let name = store.fact(Fact::Name)?.ok_or_else(|| ScimError::new(404, "there is no such tenant"))?;
    if confirm != Some(name.as_str()) {
        return Err(ScimError::new(400, format!("send its name to confirm: `{{\"confirm\": \"{name}\"}}`")));
    }
    removal::begin_delete(store)?;
    Ok(told())
}

/// Whether the tenant is to have a copy.
fn read_copy(sent: &Value) -> Result<bool, ScimError> {
    sent.as_bool().ok_or_else(|| ScimError::new(400, format!("`copy` is `{sent}`; send `true` or `false`")))
}

fn show(store: &mut SqlStore) -> Result<Value, ScimError> {
    Ok(json!({
        "id": store.fact(Fact::Id)?,
        "name": store.fact(Fact::Name)?,
        "tenantUrl": store.fact(Fact::Base)?,
        "state": store.fact(Fact::State)?,
        "settings": settings::read(store)?,
        "indexes": Indexes::read(store)?.show(),
        "users": store.count("User", &Predicate::All)?,
        "groups": store.count("Group", &Predicate::All)?,
        "sequence": store.sequence()?,
        "copy": store.keeps_copy(),
        "import": import::show(store)?,
        "work": chore::show(store)?,
        "storage": store.space(),
        "tables": migrate::version(store)?,
        "refused": access::refused(store)?,
        "unpublished": unpublished(store)?,
    }))
}

/// The tenant's counts, as they are kept.
fn tally(store: &SqlStore) -> Result<Tally, StoreError> {
    Ok(store.fact(Fact::Tally)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Adds what the Worker saw to the tenant's counts.
fn observe(store: &SqlStore, seen: &Tally) -> Result<Reply, ScimError> {
    let mut tally = tally(store)?;
    tally.merge(seen);
    store.set_fact(Fact::Tally, &json!(tally).to_string())?;
    Ok(Reply::plain(200, &Value::Null))
}

/// What Prometheus is told.
fn metrics(store: &mut SqlStore) -> Result<Reply, ScimError> {
    let metrics = Metrics {
        tally: tally(store)?,
        users: store.count("User", &Predicate::All)?,
        groups: store.count("Group", &Predicate::All)?,
        unpublished: u64::try_from(unpublished(store)?).unwrap_or(0),
        storage: store.space(),
    };
    Ok(Reply::plain(200, &json!(metrics)))
}
