//! What directories really send (`tests/vectors/idp`), replayed against the core with its
//! store in memory. The edge tests replay the same files over HTTP.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{Context, NO_PASSWORDS, Settings};
use provisor::scim::http::{Reply, Request, serve};
use provisor::scim::schema::builtin;
use serde_json::Value;

/// A tenant in memory, whose clock and ids are counters.
struct Tenant {
    store: MemoryStore,
    settings: Settings,
    ticks: u32,
}

impl Tenant {
    fn new() -> Self {
        Self { store: MemoryStore::new(), settings: Settings::default(), ticks: 0 }
    }

    fn ask(&mut self, method: &str, path: &str, headers: Vec<(String, String)>, body: String) -> Reply {
        self.ticks += 1;
        let now = format!("2026-11-24T10:{:02}:{:02}.000Z", self.ticks / 60 % 60, self.ticks % 60);
        let mut next = self.ticks * 100;
        let mut new_id = || {
            next += 1;
            format!("id-{next:06}")
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request =
            Request { method: method.into(), path: path.into(), query: query.into(), headers, body };
        let mut context = Context {
            registry: builtin(),
            base: "https://scim.example.com/scim/v2",
            now: &now,
            actor: "test",
            new_id: &mut new_id,
            settings: &self.settings,
            hash_password: NO_PASSWORDS,
            me: None,
            cursor_key: b"test",
        };
        serve(&mut self.store, &mut context, &request)
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = self.ask(method, path, Vec::new(), body);
        (reply.status, serde_json::from_str(&reply.body).unwrap_or(Value::Null))
    }
}

/// Why `found` does not hold what `wanted` says.
fn missing(wanted: &Value, found: &Value, at: &str) -> Option<String> {
    match (wanted, found) {
        (Value::Null, _) => None,
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(name, wanted)| {
            missing(wanted, found.get(name).unwrap_or(&Value::Null), &format!("{at}/{name}"))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            wanted.iter().find_map(|wanted| {
                let all: Vec<_> = found.iter().filter_map(|found| missing(wanted, found, at)).collect();
                (all.len() == found.len()).then(|| all.join(" and "))
            })
        }
        (wanted, found) if wanted == found => None,
        (wanted, found) => Some(format!("{at}: wanted {wanted}, found {found}")),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn directories_are_understood() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/idp");
    let mut replayed = 0;
    for directory in files(&root).iter().filter(|path| path.is_dir()) {
        for conversation in files(directory) {
            let mut tenant = Tenant::new();
            let mut captured: BTreeMap<String, String> = BTreeMap::new();
            for file in files(&conversation) {
                let mut text = std::fs::read_to_string(&file).unwrap();
                for (name, value) in &captured {
                    text = text.replace(&format!("{{{{{name}}}}}"), value);
                }
                let vector: Value = serde_json::from_str(&text).unwrap();
                let (status, found) = tenant.send(
                    vector["method"].as_str().unwrap(),
                    vector["path"].as_str().unwrap(),
                    &vector["request"],
                );
                let name = file.display();
                assert_eq!(u64::from(status), vector["status"].as_u64().unwrap(), "{name}: {found}");
                if let Some(fault) = missing(&vector["response"], &found, "") {
                    panic!("{name}: {fault}");
                }
                for (name, place) in vector["capture"].as_object().into_iter().flatten() {
                    captured
                        .insert(name.clone(), found[place.as_str().unwrap()].as_str().unwrap().to_owned());
                }
                replayed += 1;
            }
        }
    }
    assert!(replayed >= 180, "only {replayed} requests were replayed");
}

fn user(name: &str) -> Value {
    serde_json::json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name })
}

#[test]
fn etags_guard_against_lost_updates() {
    let mut tenant = Tenant::new();
    let (_, created) = tenant.send("POST", "/Users", &user("ada"));
    let path = format!("/Users/{}", created["id"].as_str().unwrap());
    let patch =
        serde_json::json!({ "Operations": [{ "op": "replace", "path": "title", "value": "Countess" }] })
            .to_string();
    let with = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    assert_eq!(tenant.ask("PATCH", &path, with("if-match", "W/\"1\""), patch.clone()).status, 200);
    assert_eq!(tenant.ask("PATCH", &path, with("if-match", "W/\"1\""), patch).status, 412);
    assert_eq!(tenant.ask("GET", &path, with("if-none-match", "W/\"2\""), String::new()).status, 304);
}

#[test]
fn a_patch_that_changes_nothing_makes_no_version() {
    let mut tenant = Tenant::new();
    let (_, created) = tenant.send("POST", "/Users", &user("ada"));
    let path = format!("/Users/{}", created["id"].as_str().unwrap());
    let patch = serde_json::json!({ "Operations": [{ "op": "add", "path": "userName", "value": "ada" }] });
    let (status, after) = tenant.send("PATCH", &path, &patch);
    assert_eq!((status, &after["meta"]["version"]), (200, &created["meta"]["version"]));
    assert_eq!(tenant.store.journal.len(), 1);
}

#[test]
fn a_failed_operation_undoes_the_ones_before_it() {
    let mut tenant = Tenant::new();
    let (_, created) = tenant.send("POST", "/Users", &user("ada"));
    let path = format!("/Users/{}", created["id"].as_str().unwrap());
    let patch = serde_json::json!({ "Operations": [
        { "op": "replace", "path": "title", "value": "Countess" },
        { "op": "replace", "path": "emails[type eq \"nonexistent\"].value", "value": "x" },
    ] });
    let (status, error) = tenant.send("PATCH", &path, &patch);
    assert_eq!((status, error["scimType"].as_str()), (400, Some("noTarget")));
    assert!(tenant.send("GET", &path, &Value::Null).1.get("title").is_none());
}

#[test]
fn pages_together_are_the_whole() {
    let mut tenant = Tenant::new();
    for number in 0..25 {
        assert_eq!(tenant.send("POST", "/Users", &user(&format!("user{number}"))).0, 201);
    }
    let mut seen = std::collections::BTreeSet::new();
    for start in [1, 11, 21] {
        let (_, page) = tenant.send("GET", &format!("/Users?startIndex={start}&count=10"), &Value::Null);
        assert_eq!(page["totalResults"], 25);
        seen.extend(page["Resources"].as_array().unwrap().iter().map(|user| user["userName"].to_string()));
    }
    assert_eq!(seen.len(), 25);
    let (_, none) = tenant.send("GET", "/Users?count=0", &Value::Null);
    assert_eq!((none["totalResults"].as_u64(), none["itemsPerPage"].as_u64()), (Some(25), Some(0)));
    let (_, page) = tenant.send(
        "GET",
        "/Users?filter=userName+co+%22R2%22&sortBy=userName&sortOrder=descending",
        &Value::Null,
    );
    assert_eq!(
        (page["totalResults"].as_u64(), page["Resources"][0]["userName"].as_str()),
        (Some(6), Some("user24"))
    );
}

#[test]
fn faults_say_what_to_send_instead() {
    let mut tenant = Tenant::new();
    for (method, path, body, status, scim_type, part) in [
        ("GET", "/Nothing", "", 404, None, "/ResourceTypes"),
        ("PUT", "/Users", "", 405, None, "GET or POST"),
        ("POST", "/Users", "{", 400, Some("invalidSyntax"), "no JSON"),
        ("POST", "/Users", "{}", 400, Some("invalidValue"), "`userName` is required"),
        (
            "POST",
            "/Users",
            r#"{"userName":"a","active":"maybe"}"#,
            400,
            Some("invalidValue"),
            "`active` must be",
        ),
        ("GET", "/Users?filter=userName+is+%22a%22", "", 400, Some("invalidFilter"), "`is` is no operator"),
        ("GET", "/Users?filter=active+gt+true", "", 400, Some("invalidFilter"), "no order"),
        ("GET", "/Users?filter=shoeSize+eq+1", "", 400, Some("invalidFilter"), "no attribute `shoeSize`"),
        ("GET", "/Users?startIndex=one", "", 400, Some("invalidValue"), "`startIndex`"),
        ("GET", "/Users/nobody", "", 404, None, "`nobody`"),
        ("GET", "/Schemas?filter=a+pr", "", 403, None, "no `filter`"),
    ] {
        let reply = tenant.ask(method, path, Vec::new(), body.to_owned());
        let error: Value = serde_json::from_str(&reply.body).unwrap();
        let found = (reply.status, error["scimType"].as_str(), error["status"].as_str().unwrap().to_owned());
        assert_eq!(found, (status, scim_type, status.to_string()), "{method} {path}: {error}");
        assert!(error["detail"].as_str().unwrap().contains(part), "{method} {path}: {error}");
    }
}

#[test]
fn nested_groups_show_direct_and_indirect() {
    let mut tenant = Tenant::new();
    let (_, ada) = tenant.send("POST", "/Users", &user("ada"));
    let group = |name: &str, member: &Value| serde_json::json!({ "displayName": name, "members": [{ "value": member }] });
    let (_, inner) = tenant.send("POST", "/Groups", &group("inner", &ada["id"]));
    let (_, outer) = tenant.send("POST", "/Groups", &group("outer", &inner["id"]));
    let (_, shown) = tenant.send("GET", &format!("/Users/{}", ada["id"].as_str().unwrap()), &Value::Null);
    let types: Vec<_> =
        shown["groups"].as_array().unwrap().iter().map(|g| (&g["value"], g["type"].as_str())).collect();
    assert_eq!(types, [(&inner["id"], Some("direct")), (&outer["id"], Some("indirect"))]);
    tenant.send("DELETE", &format!("/Groups/{}", inner["id"].as_str().unwrap()), &Value::Null);
    let (_, outer) = tenant.send("GET", &format!("/Groups/{}", outer["id"].as_str().unwrap()), &Value::Null);
    assert!(outer.get("members").is_none(), "a deleted member leaves nothing behind: {outer}");
}

#[test]
fn a_search_at_the_root_covers_all_types() {
    let mut tenant = Tenant::new();
    for number in 0..3 {
        tenant.send("POST", "/Users", &user(&format!("user{number}")));
        tenant.send("POST", "/Groups", &serde_json::json!({ "displayName": format!("group{number}") }));
    }
    let mut search = |body: Value| tenant.send("POST", "/.search", &body).1;
    let names = |page: &Value| -> Vec<String> {
        let all = page["Resources"].as_array().unwrap().iter();
        all.map(|r| r["userName"].as_str().or(r["displayName"].as_str()).unwrap().to_owned()).collect()
    };
    assert_eq!(search(serde_json::json!({}))["totalResults"], 6);
    let page = search(serde_json::json!({ "startIndex": 3, "count": 2 }));
    assert_eq!(names(&page), ["user2", "group0"]);
    assert_eq!(names(&search(serde_json::json!({ "startIndex": 5, "count": 9 }))), ["group1", "group2"]);
    assert_eq!(names(&search(serde_json::json!({ "filter": "userName eq \"USER1\"" }))), ["user1"]);
    assert_eq!(search(serde_json::json!({ "filter": "shoeSize eq 1" }))["scimType"], "invalidFilter");
}
