//! A plan carried out: its requests against a directory in memory that holds what the
//! target holds, answered by the same code as the endpoint's. What the directory holds
//! afterwards is the proof that the plan does what it says.

use crate::provision::message::told;
use crate::provision::plan::PlannedRequest;
use crate::provision::plan::placeholder::Created;
use crate::scim::directory::memory::MemoryStore;
use crate::scim::directory::{Context, NO_PASSWORDS, Settings};
use crate::scim::http::{Request, serve};
use crate::scim::schema::builtin::builtin;
use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;

/// Where the directory says it is.
const BASE: &str = "https://replay.example/scim/v2";
/// Most failures that are told one by one.
const MOST_TOLD: usize = 50;

/// A request that the directory refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The request's id in the plan, or the resource that could not be loaded.
    pub id: String,
    /// Method and path as sent.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// The error's detail.
    pub detail: String,
}

/// How far a replay has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Resources that the directory held at the start.
    pub held: usize,
    /// Requests sent.
    pub sent: usize,
    /// Requests still waiting.
    pub waiting: usize,
    /// By method and status: `POST 201`.
    pub answers: Vec<(String, usize)>,
    /// How many were refused.
    pub refused: usize,
    /// The first of them.
    pub refusals: Vec<Refusal>,
}

/// A directory and the requests still to be sent to it.
#[derive(Debug)]
pub struct Replay {
    store: MemoryStore,
    now: String,
    given: u64,
    created: Created,
    queue: VecDeque<PlannedRequest>,
    /// Requests that waited for an id since the last one that was sent.
    idle: usize,
    progress: Progress,
}

impl Replay {
    /// An empty directory; `now` is RFC 3339.
    #[must_use]
    pub fn new(now: &str) -> Self {
        Self {
            store: MemoryStore::new(),
            now: now.to_owned(),
            given: 0,
            created: Created::default(),
            queue: VecDeque::new(),
            idle: 0,
            progress: Progress::default(),
        }
    }

    /// Loads one resource of the target under its own id. Groups come after users.
    pub fn hold(&mut self, resource: &Value) {
        let id = resource.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let group = resource.get("members").is_some()
            || resource
                .get("schemas")
                .and_then(Value::as_array)
                .is_some_and(|urns| urns.iter().filter_map(Value::as_str).any(|urn| urn.ends_with(":Group")));
        let path = if group { "/Groups" } else { "/Users" };
        let reply = self.send("POST", path, "", resource.to_string(), Some(&id));
        if reply.0 < 300 {
            self.progress.held += 1;
        } else {
            self.refuse(id, format!("POST {path}"), reply);
        }
    }

    /// Queues a request of the plan.
    pub fn queue(&mut self, request: PlannedRequest) {
        self.queue.push_back(request);
    }

    /// Sends up to `most` requests; true when none is left.
    pub fn step(&mut self, most: usize) -> bool {
        for _ in 0..most {
            let Some(request) = self.queue.pop_front() else { break };
            match self.resolved(&request) {
                Some((path, body)) => self.carry_out(&request, &path, body),
                // Its turn comes once the id it needs was given out; if none ever is, it is refused.
                None if self.idle > self.queue.len() => {
                    let reply = (424, told!("an id it refers to was never given out").to_owned());
                    self.refuse(request.id, format!("{} {}", request.method, request.path), reply);
                }
                None => {
                    self.idle += 1;
                    self.queue.push_back(request);
                }
            }
        }
        self.queue.is_empty()
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress { waiting: self.queue.len(), ..self.progress.clone() }
    }

    /// What the directory holds now: one resource a line, users first.
    pub fn state(&mut self) -> String {
        let mut lines = String::new();
        for path in ["/Users", "/Groups"] {
            let mut start = 1;
            loop {
                let query = format!("startIndex={start}&count=100");
                let page = self.answer("GET", path, &query, String::new(), None).1;
                let page: Value = serde_json::from_str(&page).unwrap_or(Value::Null);
                let found = page.get("Resources").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                for resource in found {
                    lines.push_str(&resource.to_string());
                    lines.push('\n');
                }
                start += found.len();
                if found.is_empty() {
                    break;
                }
            }
        }
        lines
    }

    fn carry_out(&mut self, request: &PlannedRequest, path: &str, body: String) {
        self.idle = 0;
        let (plain, query) = path.split_once('?').unwrap_or((path, ""));
        let reply = self.answer(&request.method, plain, query, body, None);
        self.progress.sent += 1;
        let answer = format!("{} {}", request.method, reply.0);
        match self.progress.answers.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, count)) => *count += 1,
            None => self.progress.answers.push((answer, 1)),
        }
        if reply.0 >= 300 {
            let detail = detail(&reply.1);
            self.refuse(request.id.clone(), format!("{} {path}", request.method), (reply.0, detail));
        } else if let Some(source) = request.id.strip_prefix("create:") {
            self.created.note(source, &reply.1);
        }
    }

    /// Path and body with every placeholder filled in; `None` while one cannot be.
    fn resolved(&self, request: &PlannedRequest) -> Option<(String, String)> {
        let body = if request.body.is_null() { String::new() } else { request.body.to_string() };
        Some((self.created.path(request)?, self.created.body(&body, &request.references)?))
    }

    fn refuse(&mut self, id: String, request: String, (status, detail): (u16, String)) {
        self.progress.refused += 1;
        if self.progress.refusals.len() < MOST_TOLD {
            self.progress.refusals.push(Refusal { id, request, status, detail });
        }
    }

    fn send(
        &mut self,
        method: &str,
        path: &str,
        query: &str,
        body: String,
        id: Option<&str>,
    ) -> (u16, String) {
        let (status, text) = self.answer(method, path, query, body, id);
        (status, if status >= 300 { detail(&text) } else { text })
    }

    fn answer(
        &mut self,
        method: &str,
        path: &str,
        query: &str,
        body: String,
        id: Option<&str>,
    ) -> (u16, String) {
        let settings = Settings { accepts_unknown_members: true, ..Settings::default() };
        let given = &mut self.given;
        let mut new_id = || match id {
            Some(id) => id.to_owned(),
            None => {
                *given += 1;
                format!("{given:08x}-0000-4000-8000-000000000000")
            }
        };
        let mut context = Context {
            registry: builtin(),
            base: BASE,
            now: &self.now,
            actor: "replay",
            new_id: &mut new_id,
            settings: &settings,
            hash_password: NO_PASSWORDS,
            me: None,
            cursor_key: b"replay",
            effort: crate::scim::effort::Effort::new(settings.step_budget),
        };
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("content-type".to_owned(), "application/scim+json".to_owned())],
            body,
        };
        let reply = serve(&mut self.store, &mut context, &request);
        (reply.status, reply.body)
    }
}

fn detail(body: &str) -> String {
    let error: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    error.get("detail").and_then(Value::as_str).unwrap_or(body).to_owned()
}
