//! A tenant: one Durable Object, the one writer of its directory.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use worker::{
    DurableObject, Env, Headers, Method, Request, RequestInit, Response, Result, State, durable_object,
};

use super::reply::{of_error, of_reply, origin_and_query};
use super::sql::{SqlStore, text};
use super::token::{Scope, Token};
use super::{SCIM, publish};
use crate::provision::engine::Engine;
use crate::scim::directory::{Context, Predicate, Settings, Store, StoreError, render};
use crate::scim::error::ScimError;
use crate::scim::http::{self, Reply};
use crate::scim::schema::builtin;
use crate::scim::schema::project::Selection;

/// How long the outbox gathers changes before a round.
const GATHER: Duration = Duration::from_secs(1);
/// When KV failed: how long to wait.
const RETRY: Duration = Duration::from_secs(5);
/// Most target resources that a plan at the edge reads.
const PLAN_LIMIT: usize = 20_000;

/// Headers that travel from the Worker to the object; the object is reachable in no other way.
const TOKEN_HASH: &str = "provisor-token";
const BASE: &str = "provisor-base";
const QUERY: &str = "provisor-query";

/// Forwards a SCIM request to its tenant's object.
pub(super) async fn ask_scim(
    env: &Env,
    token: &Token,
    request: &mut Request,
    path: &str,
) -> Result<Response> {
    let (origin, query) = origin_and_query(request);
    let headers = Headers::new();
    for name in ["content-type", "if-match", "if-none-match"] {
        if let Some(value) = request.headers().get(name)? {
            headers.set(name, &value)?;
        }
    }
    headers.set(TOKEN_HASH, &token.hash)?;
    headers.set(BASE, &format!("{origin}{SCIM}"))?;
    headers.set(QUERY, &query)?;
    let method = request.method();
    let body =
        if matches!(method, Method::Get | Method::Head) { String::new() } else { request.text().await? };
    ask(env, &token.tenant, method, &format!("/scim{path}"), headers, body).await
}

/// Sends an administrator's request to a tenant's object.
pub(super) async fn ask_admin(env: &Env, tenant: &str, path: &str, body: &Value) -> Result<Response> {
    ask(env, tenant, Method::Post, &format!("/admin{path}"), Headers::new(), body.to_string()).await
}

async fn ask(
    env: &Env,
    tenant: &str,
    method: Method,
    path: &str,
    headers: Headers,
    body: String,
) -> Result<Response> {
    let mut init = RequestInit::new();
    init.with_method(method).with_headers(headers);
    if !body.is_empty() {
        init.with_body(Some(JsValue::from_str(&body)));
    }
    let request = Request::new_with_init(&format!("https://tenant{path}"), &init)?;
    env.durable_object("TENANT")?.get_by_name(tenant)?.fetch_with_request(request).await
}

/// The object.
#[durable_object]
pub struct Tenant {
    state: State,
    env: Env,
    store: RefCell<Option<SqlStore>>,
    alarm_is_set: Cell<bool>,
}

impl DurableObject for Tenant {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, store: RefCell::new(None), alarm_is_set: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let headers = request.headers().entries().collect::<Vec<_>>();
        let method = request.method().as_ref().to_owned();
        let body = request.text().await.unwrap_or_default();
        // From here to the reply there is no await: what is decided is what is committed.
        let reply = match path.strip_prefix("/admin") {
            Some(path) => self.with_store(|store| self.administer(store, path, &body)),
            None => self.with_store(|store| {
                let path = path.strip_prefix("/scim").unwrap_or(&path).to_owned();
                let request = http::Request { method, path, query: String::new(), headers, body };
                Ok(scim(store, request))
            }),
        };
        self.gather().await;
        match reply {
            Ok(reply) if reply.status == 401 => {
                of_error(&ScimError::new(401, "the token is not valid or was revoked"))
            }
            Ok(reply) => of_reply(reply),
            Err(error) => of_error(&error),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.alarm_is_set.set(false);
        let tenant = self.tenant_id();
        // Taken out while KV is awaited, so that requests in between open their own.
        let opened = SqlStore::open(&self.state);
        let outcome = match (opened, tenant) {
            (Ok(mut store), Some(tenant)) => publish::round(&mut store, &self.env, &tenant).await,
            _ => Ok(()),
        };
        if let Err(error) = outcome {
            worker::console_error!("publishing failed, will try again: {error}");
            self.wake_in(RETRY).await;
        }
        self.gather().await;
        Response::ok("")
    }
}

impl Tenant {
    fn with_store<T>(
        &self,
        work: impl FnOnce(&mut SqlStore) -> std::result::Result<T, ScimError>,
    ) -> std::result::Result<T, ScimError> {
        let failed = |error: StoreError| {
            worker::console_error!("storage failed: {error:?}");
            ScimError::from(error)
        };
        let mut slot =
            self.store.try_borrow_mut().map_err(|_| ScimError::new(503, "the tenant is busy; try again"))?;
        if slot.is_none() {
            *slot = Some(SqlStore::open(&self.state).map_err(failed)?);
        }
        match slot.as_mut() {
            Some(store) => work(store),
            None => Err(ScimError::new(500, "storage could not be opened")),
        }
    }

    fn tenant_id(&self) -> Option<String> {
        self.with_store(|store| Ok(store.fact("id")?)).ok().flatten()
    }

    /// Sets the alarm when there is something to publish and none is set.
    async fn gather(&self) {
        let pending = self.with_store(|store| Ok(publish::is_pending(store))).unwrap_or(false);
        if pending && !self.alarm_is_set.get() {
            self.wake_in(GATHER).await;
        }
    }

    async fn wake_in(&self, delay: Duration) {
        match self.state.storage().set_alarm(delay).await {
            Ok(()) => self.alarm_is_set.set(true),
            Err(error) => worker::console_error!("the alarm could not be set: {error}"),
        }
    }

    fn administer(
        &self,
        store: &mut SqlStore,
        path: &str,
        body: &str,
    ) -> std::result::Result<Reply, ScimError> {
        let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let field = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        match path {
            "/create" => {
                for name in ["id", "name", "base"] {
                    store.set_fact(name, field(name))?;
                }
                Ok(Reply::plain(201, &json!({})))
            }
            _ if store.fact("id")?.is_none() => Err(ScimError::new(404, "there is no such tenant")),
            "/tokens" => {
                let row = ["hash", "scope", "now"].map(|name| field(name).into());
                store.run("INSERT INTO token (hash, scope, created) VALUES (?1, ?2, ?3)", row.into())?;
                Ok(Reply::plain(201, &json!({})))
            }
            "/tokens/revoke" => {
                store.run(
                    "UPDATE token SET revoked = ?2 WHERE hash = ?1",
                    vec![field("hash").into(), field("now").into()],
                )?;
                Ok(Reply::plain(200, &json!({})))
            }
            "/plan" => plan(store, &body),
            _ => Err(ScimError::new(404, "there is nothing here")),
        }
    }
}

/// Checks the token, then lets the core answer.
fn scim(store: &mut SqlStore, mut request: http::Request) -> Reply {
    let hash = request.header(TOKEN_HASH).unwrap_or_default().to_owned();
    let base = request.header(BASE).unwrap_or_default().to_owned();
    request.query = request.header(QUERY).unwrap_or_default().to_owned();
    let token = match store
        .rows("SELECT scope FROM token WHERE hash = ?1 AND revoked IS NULL", vec![hash.as_str().into()])
    {
        Ok(rows) => rows.first().and_then(|row| Scope::parse(&text(row, 0))),
        Err(error) => return Reply::error(&error.into()),
    };
    let writes = !matches!(request.method.as_str(), "GET" | "HEAD") && !request.path.ends_with("/.search");
    match token {
        Some(Scope::Provision) => {}
        Some(Scope::Read) if !writes => {}
        Some(_) => {
            return Reply::error(&ScimError::new(
                403,
                "the token may only read; use one with the scope `provision`",
            ));
        }
        None => return Reply::error(&ScimError::new(401, "the token is not valid or was revoked")),
    }
    let settings = Settings::default();
    let now = now();
    let mut new_id = super::admin::new_id;
    let actor = hash.get(..12).unwrap_or_default().to_owned();
    let mut context = Context {
        registry: builtin(),
        base: &base,
        now: &now,
        actor: &actor,
        new_id: &mut new_id,
        settings: &settings,
    };
    http::serve(store, &mut context, &request)
}

/// The time, as the directory writes it.
pub(super) fn now() -> String {
    String::from(js_sys::Date::new_0().to_iso_string())
}

/// Plans a posted source against this tenant's directory.
fn plan(store: &mut SqlStore, body: &Value) -> std::result::Result<Reply, ScimError> {
    let mut engine = Engine::new();
    let wrong = |error: String| ScimError::new(400, error);
    let files = body
        .get("files")
        .and_then(Value::as_array)
        .ok_or_else(|| wrong("the body needs `files`: a list of `{\"name\": …, \"text\": …}`".into()))?;
    for file in files {
        let part = |name: &str| file.get(name).and_then(Value::as_str).unwrap_or_default();
        engine
            .load_source(part("name"), part("text"))
            .map_err(|error| wrong(format!("`{}`: {error}", part("name"))))?;
    }
    let base = store.fact("base")?.unwrap_or_default();
    let target = target(store, &base)?;
    engine.load_target(&target).map_err(|error| wrong(error.to_string()))?;
    let settings = match body.get("settings") {
        None => crate::provision::report::JobSettings::default(),
        Some(settings) => {
            serde_json::from_value(settings.clone()).map_err(|error| wrong(format!("`settings`: {error}")))?
        }
    };
    let schema = match body.get("schema") {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(schema) => schema.to_string(),
    };
    engine.configure(&schema, &settings);
    engine.plan();
    Ok(Reply::plain(200, &engine.to_json()))
}

/// The tenant's directory as a SCIM list.
fn target(store: &mut SqlStore, base: &str) -> std::result::Result<String, ScimError> {
    let registry = builtin();
    let settings = Settings::default();
    let mut new_id = String::new;
    let context =
        Context { registry, base, now: "", actor: "plan", new_id: &mut new_id, settings: &settings };
    let mut resources = Vec::new();
    for kind in &registry.resource_types {
        if store.count(&kind.name, &Predicate::All)? > PLAN_LIMIT as u64 {
            let detail =
                format!("a plan at the edge reads at most {PLAN_LIMIT} {}s; use the command line", kind.name);
            return Err(ScimError::new(413, detail));
        }
        for record in store.select(&kind.name, &Predicate::All, None, 0, PLAN_LIMIT)? {
            let shown = render(store, &context, kind, &record, &Selection::parse(None, Some("groups")))?;
            resources.push(Value::Object(shown.resource));
        }
    }
    Ok(json!({ "totalResults": resources.len(), "Resources": resources }).to_string())
}
