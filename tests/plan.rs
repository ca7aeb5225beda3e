//! The plan, proved two ways: scenarios told row by row as data (the decision tables of
//! Entra's provisioning), and the great law: apply what was planned to our own directory,
//! plan again, and nothing is left to do.
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use provisor::provision::engine::Engine;
use provisor::provision::report::JobSettings;
use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{Context, NO_PASSWORDS, Settings};
use provisor::scim::http::{Reply, Request, serve};
use provisor::scim::schema::builtin::builtin;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Whether all that `wanted` says is so in `found`; arrays compare whole.
fn holds(wanted: &Value, found: &Value, path: &str) -> Result<(), String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().try_for_each(|(key, wanted)| {
            holds(wanted, found.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}"))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => wanted
            .iter()
            .zip(found)
            .enumerate()
            .try_for_each(|(at, (wanted, found))| holds(wanted, found, &format!("{path}[{at}]"))),
        _ if wanted == found => Ok(()),
        _ => Err(format!("{path}: wanted {wanted}, found {found}")),
    }
}

#[test]
fn scenarios() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/plan");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut count = 0;
    for file in files {
        let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for vector in vectors {
            let name = vector["name"].as_str().unwrap();
            let mut engine = Engine::new();
            for (kind, text) in vector["source"].as_object().unwrap() {
                engine.load_source(kind, &text.to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            if let Some(target) = vector.get("target") {
                engine.load_target(&target.to_string()).unwrap();
            }
            let settings = vector.get("settings").cloned().unwrap_or_else(|| json!({}));
            let settings: JobSettings = serde_json::from_value(settings).unwrap();
            let schema = vector.get("schema").map(Value::to_string).unwrap_or_default();
            engine.configure(&schema, &settings);
            engine.plan();
            let plan = engine.to_json();
            for (id, wanted) in vector["expect"].as_object().unwrap() {
                let operations = plan["operations"].as_array().unwrap();
                let found = operations.iter().find(|operation| operation["source"]["id"] == **id);
                let found = found.unwrap_or_else(|| panic!("{name}: no operation for `{id}`"));
                if let Err(error) = holds(wanted, found, id) {
                    panic!("{}: {name}: {error}", file.display());
                }
            }
            if let Some(wanted) = vector.get("summary")
                && let Err(error) = holds(wanted, &plan["summary"], "summary")
            {
                panic!("{}: {name}: {error}", file.display());
            }
            count += 1;
        }
    }
    assert!(count > 0, "no scenario was read");
}

/// A directory of our own, with a counter for ids.
struct Directory {
    store: MemoryStore,
    next: u64,
}

impl Directory {
    fn ask(&mut self, method: &str, path: &str, body: &Value) -> Reply {
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

    fn all(&mut self) -> String {
        let users = self.ask("GET", "/Users?count=1000", &Value::Null).body;
        let groups = self.ask("GET", "/Groups?count=1000", &Value::Null).body;
        format!("{users}\n{groups}")
    }
}

fn planned(source: &Value, target: &str, settings: &JobSettings) -> Value {
    let mut engine = Engine::new();
    for (name, file) in source.as_object().unwrap() {
        engine.load_source(name, &file.to_string()).unwrap();
    }
    engine.load_target(target).unwrap();
    engine.configure("", settings);
    engine.plan();
    rows_say_what_operations_say(&engine);
    engine.to_json()
}

/// What is decided for everyone at once is what is worked out for each alone.
fn rows_say_what_operations_say(engine: &Engine) {
    for index in 0..engine.len() {
        let (row, operation) = (engine.row(index).unwrap(), engine.operation(index).unwrap());
        let found =
            (&*operation.verdict, &*operation.reason, operation.changes.len(), operation.problems.len());
        assert_eq!((&*row.action, &*row.reason, row.changes, row.problems), found, "{operation:?}");
    }
}

/// Sends every request once what it depends on has been sent, placeholders filled.
fn apply(directory: &mut Directory, plan: &Value) {
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
            let mut text = json!([request["path"], request["body"]]).to_string();
            for (source, id) in &created {
                text = text.replace(&format!("{{{{created:{source}}}}}"), id);
            }
            let filled: Value = serde_json::from_str(&text).unwrap();
            let reply =
                directory.ask(request["method"].as_str().unwrap(), filled[0].as_str().unwrap(), &filled[1]);
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

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(Value::Null),
        5 => "[A-Za-zÄé' .-]{1,8}".prop_map(|text| json!(text.trim().to_owned() + "x")),
    ]
}

fn user(at: usize) -> impl Strategy<Value = Value> {
    (
        prop::collection::vec(text(), 10),
        prop::bool::weighted(0.8),
        prop::option::of(0..12_usize),
        prop::bool::weighted(0.1),
    )
        .prop_map(move |(texts, enabled, manager, deleted)| {
            json!({
                "id": format!("u{at}"), "userPrincipalName": format!("User{at}@contoso.example"),
                "displayName": texts[0], "givenName": texts[1], "surname": texts[2], "jobTitle": texts[3],
                "department": texts[4], "city": texts[5], "mobilePhone": texts[6], "employeeId": texts[7],
                "mail": texts[8], "officeLocation": texts[9], "mailNickname": format!("nick{at}"),
                "accountEnabled": enabled, "deletedDateTime": deleted.then_some("2026-01-01T00:00:00Z"),
                "manager": manager.map(|id| json!({"id": format!("u{id}")})),
            })
        })
}

fn population() -> impl Strategy<Value = Value> {
    let users: Vec<_> = (0..8).map(user).collect();
    let groups = prop::collection::vec(prop::collection::btree_set(0..12_usize, 0..6), 0..3);
    let assigned = prop::option::weighted(0.5, prop::collection::btree_set(0..10_usize, 0..10));
    (users, groups, assigned).prop_map(|(users, groups, assigned)| {
        let groups: Vec<Value> = groups
            .iter()
            .enumerate()
            .map(|(at, members)| {
                let members: Vec<Value> = members.iter().map(|id| json!({"id": format!("u{id}")})).collect();
                json!({"id": format!("g{at}"), "displayName": format!("Group {at}"), "groupTypes": [], "members": members})
            })
            .collect();
        let mut source = json!({"users": {"value": users}, "groups": {"value": groups}});
        if let Some(assigned) = assigned {
            let name = |id: usize| if id < 8 { format!("u{id}") } else { format!("g{}", id - 8) };
            let rows: Vec<Value> =
                assigned.into_iter().map(|id| json!({"appRoleId": "r1", "principalId": name(id)})).collect();
            source["assignments"] = json!({"@odata.context": "appRoleAssignedTo", "value": rows});
            source["roles"] = json!({"appRoles": [{"id": "r1", "displayName": "User", "value": "User"}]});
        }
        source
    })
}

/// Accounts that are there already: some match, some are strangers.
fn present() -> impl Strategy<Value = Vec<Value>> {
    let account = (0..14_usize, text(), text(), any::<bool>()).prop_map(|(at, display, phone, active)| {
        let mut account = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": format!("USER{at}@contoso.example"), "active": active,
        });
        if !display.is_null() {
            account["displayName"] = display;
        }
        if !phone.is_null() {
            account["phoneNumbers"] = json!([{"type": "mobile", "value": phone}]);
        }
        account
    });
    prop::collection::vec(account, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn applied_plans_leave_nothing_to_do(
        source in population(),
        accounts in present(),
        dialect in prop_oneof![Just("legacy"), Just("aadOptscim062020"), Just("rfc")],
    ) {
        let settings: JobSettings = serde_json::from_value(json!({"dialect": dialect})).unwrap();
        let mut directory = Directory { store: MemoryStore::new(), next: 0 };
        for account in &accounts {
            directory.ask("POST", "/Users", account);
        }
        let strangers: Vec<String> = (8..14).map(|at| format!("USER{at}@contoso.example")).collect();
        let before = directory.all();
        let plan = planned(&source, &before, &settings);
        apply(&mut directory, &plan);
        let after = directory.all();
        for stranger in &strangers {
            prop_assert_eq!(before.matches(stranger.as_str()).count(), after.matches(stranger.as_str()).count());
        }
        let again = planned(&source, &after, &settings);
        for operation in again["operations"].as_array().unwrap() {
            prop_assert!(
                operation["requests"].as_array().unwrap().is_empty(),
                "{}: {}\nfirst: {}", dialect, operation, plan["operations"].as_array().unwrap().iter()
                    .find(|first| first["source"]["id"] == operation["source"]["id"]).unwrap()
            );
        }
    }
}
