//! A tenant: one Durable Object, the one writer of its directory.

use std::cell::{Cell, OnceCell, RefCell};
use std::time::Duration;

use serde_json::Value;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use super::client::{ASKED, Asked, Body, Scim};
use super::command::Command;
use super::{chores, commands, import};
use crate::edge::copy::publish;
use crate::edge::events::{push, stream};
use crate::edge::platform::clock::now;
use crate::edge::platform::log::{self, failure};
use crate::edge::platform::response::{of_reply, reply_of};
use crate::edge::store::fact::Fact;
use crate::edge::store::registry::Known;
use crate::edge::store::sql::SqlStore;
use crate::edge::store::{chore, importing, outbox, space};
use crate::edge::tenant::limit::{self, Limit};
use crate::edge::tenant::password::Hashes;
use crate::edge::tenant::profile::Profile;
use crate::edge::tenant::{access, index_walk, me};
use crate::scim::auth::token::Credential;
use crate::scim::directory::Context;
use crate::scim::error::ScimError;
use crate::scim::http::{self, Reply};

/// How long the outbox gathers changes before a round: a second, which KV asks to lie between two puts
/// of a key, and what the runtime's clock may be behind.
const GATHER: Duration = Duration::from_millis(1_050);
/// When KV failed: how long it is left alone.
const RETRY: Duration = Duration::from_secs(5);

/// How long refused credentials are counted before the number is written down.
const REFUSED: Duration = Duration::from_secs(5);

/// The object.
#[durable_object]
pub struct Tenant {
    state: State,
    env: Env,
    store: RefCell<Option<SqlStore>>,
    /// When the alarm rings, in milliseconds since 1970; infinity when it is not set.
    alarm: Cell<f64>,
    /// Whether a round is under way: until it is done no other is called for.
    is_ringing: Cell<bool>,
    /// Until when KV is left alone because it failed, in milliseconds since 1970.
    rest: Cell<f64>,
    /// When the log was last told that storage is nearly full, in milliseconds since 1970.
    noticed: Cell<f64>,
    limit: Limit,
    /// Credentials that were refused and are not yet written down.
    refused: Cell<u64>,
    profile: RefCell<Option<Profile>>,
    is_fresh: Cell<bool>,
    /// Steps that the last request was charged.
    steps: Cell<u64>,
    schemas: Known,
    /// What this tenant's cursors are signed with.
    cursor_key: OnceCell<String>,
}

impl DurableObject for Tenant {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            store: RefCell::new(None),
            alarm: Cell::new(f64::INFINITY),
            is_ringing: Cell::new(false),
            rest: Cell::new(0.0),
            noticed: Cell::new(0.0),
            limit: Limit::default(),
            refused: Cell::new(0),
            profile: RefCell::new(None),
            is_fresh: Cell::new(true),
            steps: Cell::new(0),
            schemas: Known::default(),
            cursor_key: OnceCell::new(),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let given = request.headers().get(ASKED)?.unwrap_or_default();
        let asked: Asked = serde_json::from_str(&given)?;
        let method = request.method().as_ref().to_owned();
        let reads = method == "GET";
        let body = if reads { String::new() } else { request.text().await.unwrap_or_default() };
        let reply = match &asked.body {
            Body::Scim(scim) => self.scim(&asked.id, scim, method, body).await,
            Body::Command => {
                log::within(asked.id.clone());
                self.commanded(&body)
            }
        };
        log::within(String::new());
        // Reading leaves nothing to publish, but a restarted object may have been left some.
        if !reads || self.refused.get() > 0 || self.is_fresh.replace(false) {
            self.gather(GATHER).await;
        }
        let reply = reply.unwrap_or_else(|error| reply_of(&error));
        let mut response = of_reply(reply.secured(&asked.id))?;
        if self.env.var("SHOW_COST").is_ok() {
            let (read, written) = self.with_store(|store| Ok(store.take_cost())).unwrap_or_default();
            let memory = core::arch::wasm32::memory_size::<0>() * 65_536;
            let headers = response.headers_mut();
            headers.set("Provisor-Rows", &format!("read={read}, written={written}"))?;
            headers.set("Provisor-Effort", &self.steps.take().to_string())?;
            headers.set("Provisor-Memory", &memory.to_string())?;
        }
        Ok(response)
    }

    #[allow(clippy::cast_precision_loss, reason = "five seconds are few milliseconds")]
    async fn alarm(&self) -> Result<Response> {
        // So that rounds lie a second apart.
        self.is_ringing.set(true);
        self.alarm.set(f64::INFINITY);
        self.write_refused();
        let tenant = self.tenant_id();
        // A store of its own, as requests are answered while others are awaited.
        let opened = SqlStore::open(&self.state, &self.schemas, space::limit(&self.env));
        let mut delay = GATHER;
        // While an import is under way, nothing else writes and nobody is told.
        let is_importing = opened.as_ref().is_ok_and(|store| self.is_importing(store));
        if let (Ok(mut store), Some(tenant), false) = (opened, tenant, is_importing) {
            if js_sys::Date::now() >= self.rest.get()
                && let Err(error) = publish::round(&mut store, &self.env, &tenant).await
            {
                failure("publish", "", &error);
                self.rest.set(js_sys::Date::now() + RETRY.as_millis() as f64);
            }
            if let Err(error) = index_walk::round(&store).await {
                failure("indexes", "", &error);
                delay = RETRY;
            }
            if let Err(error) = push::round(&store, &self.env).await {
                failure("events", "", &error);
                delay = RETRY;
            }
            match chores::round(&mut store, &self.env, &tenant).await {
                Ok(false) => {}
                Ok(true) => match self.forget_all().await {
                    Ok(()) => {
                        self.is_ringing.set(false);
                        return Response::ok("");
                    }
                    Err(error) => failure("delete", "", &error),
                },
                Err(error) => {
                    failure("chores", "", &error.to_string());
                    delay = RETRY;
                }
            }
            self.noticed.set(space::notice(&store, &tenant, self.noticed.get()));
        }
        self.is_ringing.set(false);
        self.gather(delay).await;
        Response::ok("")
    }
}

impl Tenant {
    fn with_store<T>(
        &self,
        work: impl FnOnce(&mut SqlStore) -> std::result::Result<T, ScimError>,
    ) -> std::result::Result<T, ScimError> {
        let mut slot =
            self.store.try_borrow_mut().map_err(|_| ScimError::new(503, "the tenant is busy; try again"))?;
        if slot.is_none() {
            *slot = Some(SqlStore::open(&self.state, &self.schemas, space::limit(&self.env))?);
        }
        match slot.as_mut() {
            Some(store) => work(store),
            None => Err(ScimError::new(500, "storage could not be opened")),
        }
    }

    /// The same, with what every request must know of its tenant.
    fn with_profile<T>(
        &self,
        work: impl FnOnce(&mut SqlStore, &mut Profile) -> std::result::Result<T, ScimError>,
    ) -> std::result::Result<T, ScimError> {
        self.with_store(|store| {
            let mut profile = self.profile.borrow_mut();
            let profile = match profile.as_mut() {
                Some(known) => known,
                None => profile.insert(Profile::read(store)?),
            };
            work(store, profile)
        })
    }

    /// Answers a command.
    fn commanded(&self, body: &str) -> std::result::Result<Reply, ScimError> {
        let command = match Command::read(body) {
            Ok(command) => command,
            Err(error) => {
                failure("command", "", &error.detail);
                return Err(error);
            }
        };
        match command {
            Command::Refused(number) => {
                self.count_refused(number.into());
                Ok(Reply::plain(200, &Value::Null))
            }
            Command::Poll { is_again, .. } => self.visited(command, is_again),
            Command::CheckClient { .. } => self.visited(command, false),
            other => self.administered(other),
        }
    }

    /// Answers the administrator, and forgets what was known: anything may have changed.
    fn administered(&self, command: Command) -> std::result::Result<Reply, ScimError> {
        self.write_refused();
        self.with_store(|store| {
            self.profile.replace(None);
            let reply = commands::serve(store, command);
            store.forget_schemas();
            reply
        })
    }

    /// Answers a polling receiver or the token endpoint; they take from the tenant's bucket as others do,
    /// but for the further looks of one poll.
    fn visited(&self, command: Command, is_again: bool) -> std::result::Result<Reply, ScimError> {
        self.with_profile(|store, profile| {
            let per_second = profile.settings.requests_per_second;
            if !is_again && let Err(seconds) = self.limit.take(per_second, js_sys::Date::now()) {
                return Ok(limit::refusal(per_second, seconds));
            }
            let reply = commands::serve(store, command);
            if reply.as_ref().is_err_and(|error| error.status == 401) {
                self.count_refused(1);
            }
            reply
        })
    }

    /// Counts refused credentials in memory: the alarm writes the number down, however many come.
    fn count_refused(&self, number: u64) {
        self.refused.set(self.refused.get().saturating_add(number));
    }

    /// Writes down how many credentials were refused since the last time.
    fn write_refused(&self) {
        let number = self.refused.replace(0);
        if number == 0 {
            return;
        }
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let written = self.with_store(|store| match store.fact(Fact::Id)? {
            Some(_) => access::count_refused(store, number, &now()),
            // The tenant is gone: nothing may be written where it was.
            None => Ok(()),
        });
        if let Err(error) = written {
            failure("refused", "", &error.detail);
        }
    }

    /// Whether this may be done, here and now.
    fn allow(
        &self,
        store: &SqlStore,
        profile: &mut Profile,
        credential: &Credential,
        request: &http::Request,
    ) -> std::result::Result<(), ScimError> {
        if let Err(error) = access::allow(store, &mut profile.grants, credential, &now(), request) {
            if error.status == 401 {
                self.count_refused(1);
            }
            return Err(error);
        }
        if profile.is_deleting {
            return Err(ScimError::new(401, "the tenant is being deleted"));
        }
        if profile.is_suspended {
            return Err(ScimError::new(403, "the tenant is suspended"));
        }
        if profile.import_until.is_some() {
            if !import::expire(store)? {
                return Err(import::busy());
            }
            *profile = Profile::read(store)?;
        }
        if !matches!(request.method.as_str(), "GET" | "HEAD" | "DELETE")
            && !request.path.ends_with("/.search")
        {
            store.refuse_when_full()?;
        }
        Ok(())
    }

    /// Checks rate, token and tenant, hashes passwords, then lets the core answer.
    async fn scim(
        &self,
        id: &str,
        asked: &Scim,
        method: String,
        body: String,
    ) -> std::result::Result<Reply, ScimError> {
        let (path, query, headers) = (asked.path.clone(), asked.query.clone(), asked.headers.clone());
        let request = http::Request { method, path, query, headers, body };
        log::within(id.to_owned());
        let refused = self.with_profile(|store, profile| {
            let (per_second, now) = (profile.settings.requests_per_second, js_sys::Date::now());
            if let Err(seconds) = self.limit.take(per_second, now) {
                return Ok(Some(limit::refusal(per_second, seconds)));
            }
            self.allow(store, profile, &asked.credential, &request)?;
            self.limit.overdraw(per_second, request.operations().saturating_sub(1), now);
            Ok(None)
        })?;
        if let Some(reply) = refused {
            return Ok(reply);
        }
        let passwords = request.passwords()?;
        let waits = !passwords.is_empty();
        let hashes = match Hashes::of(passwords).await {
            Ok(hashes) => hashes,
            Err(error) => {
                failure("password", id, &error);
                return Err(ScimError::new(503, "the password could not be hashed; try again"));
            }
        };
        // From here to the reply there is no await: what is decided is what is committed.
        log::within(id.to_owned());
        self.with_profile(|store, profile| {
            if waits {
                // Meanwhile the token may have been revoked, or the tenant suspended.
                self.allow(store, profile, &asked.credential, &request)?;
            }
            self.answered(store, profile, asked, &request, &hashes)
        })
    }

    /// What the core answers.
    fn answered(
        &self,
        store: &mut SqlStore,
        profile: &Profile,
        asked: &Scim,
        request: &http::Request,
        hashes: &Hashes,
    ) -> std::result::Result<Reply, ScimError> {
        let now = now();
        let settings = &profile.settings;
        let per_second = settings.requests_per_second;
        let hash_password = |text: &str| hashes.take(text);
        let mut new_id = crate::edge::platform::random::new_id;
        let actor = asked.credential.actor();
        let me = if request.may_mean_me() { me::user(store, &asked.credential)? } else { None };
        let registry = store.schemas()?;
        let mut context = Context {
            registry: &registry,
            base: &asked.base,
            now: &now,
            actor: &actor,
            new_id: &mut new_id,
            settings,
            hash_password: Some(&hash_password),
            me: me.as_deref(),
            cursor_key: self.cursor_key(),
            effort: crate::scim::effort::Effort::new(settings.step_budget),
        };
        let mut reply = http::serve(store, &mut context, request);
        self.steps.set(settings.step_budget.saturating_sub(context.effort.left()));
        limit::tell(&mut reply, per_second, self.limit.left(per_second, js_sys::Date::now()));
        if request.path == "/ServiceProviderConfig" {
            return Ok(stream::announce(store, reply)?);
        }
        Ok(reply)
    }

    /// Whether an import is under way; one that sent nothing for too long is ended.
    fn is_importing(&self, store: &SqlStore) -> bool {
        match import::expire(store) {
            Ok(true) => {
                self.profile.replace(None);
                false
            }
            Ok(false) => importing::deadline(store).is_ok_and(|deadline| deadline.is_some()),
            Err(error) => {
                failure("import", "", &error.to_string());
                true
            }
        }
    }

    /// The end of a tenant: its object's own storage goes, the alarm too.
    async fn forget_all(&self) -> Result<()> {
        self.state.storage().delete_alarm().await?;
        self.state.storage().delete_all().await?;
        self.store.replace(None);
        self.profile.replace(None);
        self.schemas.read.replace(None);
        Ok(())
    }

    fn cursor_key(&self) -> &[u8] {
        let key = self.cursor_key.get_or_init(|| {
            let secret = self.env.secret("TOKEN_KEY").map(|secret| secret.to_string()).unwrap_or_default();
            format!("{secret}/cursor/{}", self.state.id())
        });
        key.as_bytes()
    }

    fn tenant_id(&self) -> Option<String> {
        self.with_store(|store| Ok(store.fact(Fact::Id)?)).ok().flatten()
    }

    /// Sets the alarm when there is something to publish or to tell and it rings no sooner.
    #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    async fn gather(&self, delay: Duration) {
        if self.is_ringing.get() {
            return;
        }
        let now = js_sys::Date::now();
        let soonest = now + delay.as_millis() as f64;
        if self.alarm.get() <= soonest {
            return;
        }
        let tells = |profile: &Profile| profile.has_streams && !profile.is_suspended && !profile.is_deleting;
        let has_streams = self.profile.borrow().as_ref().is_none_or(tells);
        let import = self.profile.borrow().as_ref().map(|profile| profile.import_until);
        let due = self.with_store(|store| {
            let import = match import {
                Some(known) => known,
                None => importing::deadline(store)?,
            };
            if let Some(deadline) = import {
                return Ok((deadline as f64).max(soonest));
            }
            let due = if has_streams { push::next_due(store) } else { None };
            let due = due.map_or(f64::INFINITY, |due| due as f64);
            let publish = if outbox::is_pending(store) { self.rest.get() } else { f64::INFINITY };
            let walk = if store.schemas()?.is_walking { soonest } else { f64::INFINITY };
            let refused =
                if self.refused.get() > 0 { now + REFUSED.as_millis() as f64 } else { f64::INFINITY };
            Ok(due.min(publish).min(walk).min(refused).min(chore::next_due(store)?).max(soonest))
        });
        let Ok(due) = due else { return };
        if due < self.alarm.get() {
            let delay = Duration::from_millis((due - now).max(0.0) as u64);
            match self.state.storage().set_alarm(delay).await {
                Ok(()) => self.alarm.set(due),
                Err(error) => failure("alarm", "", &error),
            }
        }
    }
}
