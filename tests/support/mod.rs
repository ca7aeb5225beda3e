//! A tenant in memory, and how vectors are compared.
#![allow(dead_code, reason = "each test file uses a part")]

mod counted;

use counted::Counted;
use provisor::scim::directory::Searchable;
use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{Context, NO_PASSWORDS, Settings};
use provisor::scim::http::{Reply, Request, serve};
use provisor::scim::schema::{Registry, builtin};
use serde_json::Value;

/// The SCIM base of every tenant here.
pub const BASE: &str = "https://scim.example.com/scim/v2";

/// A tenant whose clock and ids are counters.
#[derive(Clone)]
pub struct Tenant {
    pub registry: Registry,
    pub store: MemoryStore,
    pub settings: Settings,
    /// Whom the token is bound to.
    pub me: Option<String>,
    pub key: &'static [u8],
    /// Seconds since the tenant began; each request takes one.
    pub seconds: u32,
    given: u32,
    /// Steps that the last request was charged.
    pub spent: u64,
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.store.fmt(out)
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self {
            registry: builtin().clone(),
            store: MemoryStore::new(),
            settings: Settings::default(),
            me: None,
            key: b"a key for tests",
            seconds: 0,
            given: 0,
            spent: 0,
        }
    }
}

impl Tenant {
    pub fn with(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    pub fn ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut store = std::mem::take(&mut self.store);
        let reply = self.ask_over(&mut store, method, target, headers, body);
        self.store = store;
        reply
    }

    /// How many rows a request that succeeds reads and looks up.
    pub fn rows_for(&mut self, method: &str, target: &str, body: &Value) -> u64 {
        self.cost_of(method, target, body).0
    }

    /// The rows, and how many questions they answer.
    pub fn cost_of(&mut self, method: &str, target: &str, body: &Value) -> (u64, u64) {
        let mut store = Counted { store: std::mem::take(&mut self.store), rows: 0, questions: 0 };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = self.ask_over(&mut store, method, target, &[], &body);
        assert!(reply.status < 300, "{target}: {}", reply.body);
        self.store = store.store;
        (store.rows, store.questions)
    }

    fn ask_over(
        &mut self,
        store: &mut dyn Searchable,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        self.seconds += 1;
        let now = self.now();
        let given = &mut self.given;
        let mut new_id = || {
            *given += 1;
            // Neither in the order of creation nor against it.
            format!("{:08x}", given.wrapping_mul(2_654_435_761))
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            body: body.into(),
        };
        let mut context = Context {
            registry: &self.registry,
            base: BASE,
            now: &now,
            actor: "test",
            new_id: &mut new_id,
            settings: &self.settings,
            hash_password: NO_PASSWORDS,
            me: self.me.as_deref(),
            cursor_key: self.key,
            effort: provisor::scim::effort::Effort::new(self.settings.step_budget),
        };
        let reply = serve(store, &mut context, &request);
        let left = context.effort.left();
        self.spent = self.settings.step_budget.saturating_sub(left);
        reply
    }

    /// When the last request came.
    pub fn now(&self) -> String {
        let (hours, minutes) = (self.seconds / 3_600, self.seconds / 60 % 60);
        format!("2026-11-24T{hours:02}:{minutes:02}:{:02}.000Z", self.seconds % 60)
    }

    /// The status and the body as JSON, null when there is none.
    pub fn send(&mut self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = self.ask(method, target, &[], &body);
        (reply.status, serde_json::from_str(&reply.body).unwrap_or(Value::Null))
    }

    pub fn get(&mut self, target: &str) -> Value {
        let (status, body) = self.send("GET", target, &Value::Null);
        assert_eq!(status, 200, "{target}: {body}");
        body
    }

    /// Creates a resource and answers with its id.
    pub fn create(&mut self, endpoint: &str, body: &Value) -> String {
        let (status, made) = self.send("POST", endpoint, body);
        assert_eq!(status, 201, "{made}");
        made["id"].as_str().unwrap().to_owned()
    }
}

/// A user's body.
pub fn user(name: &str) -> Value {
    serde_json::json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name })
}

/// A group's body.
pub fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| serde_json::json!({ "value": id })).collect();
    serde_json::json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name, "members": members,
    })
}

/// What may stand in a query, percent-encoded.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// A target of a vector, its query written without escapes.
pub fn target(text: &str) -> String {
    let escaped = |c: char| match c {
        ' ' => "%20".to_owned(),
        '"' => "%22".to_owned(),
        '[' => "%5B".to_owned(),
        ']' => "%5D".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}
