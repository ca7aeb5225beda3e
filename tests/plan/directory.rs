//! A directory of our own as a target, and a client that sends a plan's requests to it.

use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{Context, NO_PASSWORDS, Settings};
use provisor::scim::http::{Reply, Request, serve};
use provisor::scim::schema::builtin::builtin;
use serde_json::{Value, json};
use std::collections::HashMap;

/// A directory of our own, with a counter for ids.
pub struct Directory {
    store: MemoryStore,
    next: u64,
}

impl Directory {
    pub fn new() -> Self {
        Self { store: MemoryStore::new(), next: 0 }
    }

    pub fn ask(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let next = &mut self.next;
        let mut new_id = || {
            *next += 1;
            format!("t{next}")
        };
        let settings = Settings { max_results: 1000, ..Settings::default() };
        let mut context = Context {
            registry: builtin(),
            base: "https://target.example/scim/v2",
            now: "2026-11-24T10:00:00.000Z",
            actor: "law",
            new_id: &mut new_id,
            settings: &settings,
            hash_password: NO_PASSWORDS,
            me: None,
            cursor_key: b"test",
            effort: provisor::scim::effort::Effort::new(settings.step_budget),
        };
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("content-type".to_owned(), "application/scim+json".to_owned())],
            body: if body.is_null() { String::new() } else { body.to_string() },
        };
        serve(&mut self.store, &mut context, &request)
    }

    pub fn all(&mut self) -> String {
        let users = self.ask("GET", "/Users?count=1000", &Value::Null).body;
        let groups = self.ask("GET", "/Groups?count=1000", &Value::Null).body;
        format!("{users}\n{groups}")
    }
}

/// Sends every request once what it depends on has been sent, references filled.
pub fn apply(directory: &mut Directory, plan: &Value) {
    let operations = plan["operations"].as_array().unwrap();
    let mut waiting: Vec<&Value> =
        operations.iter().flat_map(|o| o["requests"].as_array().unwrap()).collect();
    let mut created: HashMap<String, String> = HashMap::new();
    let mut sent: Vec<&str> = Vec::new();
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut later = Vec::new();
        for request in waiting {
            let ready = request["dependsOn"]
                .as_array()
                .unwrap()
                .iter()
                .all(|id| sent.contains(&id.as_str().unwrap()));
            if !ready {
                later.push(request);
                continue;
            }
            let (mut path, mut body) =
                (request["path"].as_str().unwrap().to_owned(), request["body"].clone());
            for reference in request["references"].as_array().into_iter().flatten() {
                let id = &created[reference["source"].as_str().unwrap()];
                match reference["pointer"].as_str() {
                    Some(pointer) => *body.pointer_mut(pointer).unwrap() = json!(id),
                    None => path = format!("{}/{id}", path.rsplit_once('/').unwrap().0),
                }
            }
            let reply = directory.ask(request["method"].as_str().unwrap(), &path, &body);
            assert!(reply.status < 300, "{request}: {} {}", reply.status, reply.body);
            let id = request["id"].as_str().unwrap();
            if let Some(source) = id.strip_prefix("create:") {
                let resource: Value = serde_json::from_str(&reply.body).unwrap();
                created.insert(source.to_owned(), resource["id"].as_str().unwrap().to_owned());
            }
            sent.push(id);
        }
        assert!(later.len() < before, "requests wait for each other: {later:?}");
        waiting = later;
    }
}
