//! The directory over the store in memory: lists, conflicts, and a group's members, which
//! are rows and not part of its document.
#![cfg(not(target_arch = "wasm32"))]

use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{Context, NO_PASSWORDS, Settings};
use provisor::scim::http::{Reply, Request, serve};
use provisor::scim::schema::builtin::builtin;
use serde_json::{Value, json};

/// A tenant, empty at first.
struct Tenant {
    store: MemoryStore,
    settings: Settings,
    given: u32,
}

impl Tenant {
    fn new() -> Self {
        Self { store: MemoryStore::new(), settings: Settings::default(), given: 0 }
    }

    fn send(&mut self, method: &str, target: &str, body: &Value) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: Vec::new(),
            body,
        };
        let given = &mut self.given;
        let mut new_id = || {
            *given += 1;
            format!("id{given}")
        };
        let mut context = Context {
            registry: builtin(),
            base: "https://scim.test/scim/v2",
            now: "2026-11-24T10:00:00.000Z",
            actor: "test",
            new_id: &mut new_id,
            settings: &self.settings,
            hash_password: NO_PASSWORDS,
            me: None,
            cursor_key: b"test",
        };
        serve(&mut self.store, &mut context, &request)
    }

    fn get(&mut self, target: &str) -> Value {
        let reply = self.send("GET", target, &Value::Null);
        assert_eq!(reply.status, 200, "{target}: {}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }

    fn create(&mut self, endpoint: &str, body: &Value) -> String {
        let reply = self.send("POST", endpoint, body);
        assert_eq!(reply.status, 201, "{}", reply.body);
        let made: Value = serde_json::from_str(&reply.body).unwrap();
        made["id"].as_str().unwrap().to_owned()
    }

    fn member_ids(&mut self, group: &str) -> Vec<String> {
        let members = self.get(&format!("/Groups/{group}"))["members"].take();
        let ids = members.as_array().into_iter().flatten();
        ids.map(|member| member["value"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn members_leave_one_by_one_and_never_all_at_once() {
    let mut tenant = Tenant::new();
    let users: Vec<String> =
        ["a", "b", "c"].iter().map(|name| tenant.create("/Users", &json!({ "userName": name }))).collect();
    let group = tenant.create("/Groups", &json!({ "displayName": "g" }));
    let at = format!("/Groups/{group}");
    let members: Vec<Value> = users.iter().map(|id| json!({ "$ref": null, "value": id })).collect();
    let mut patch = |operation: Value| {
        let status = tenant.send("PATCH", &at, &json!({ "Operations": [operation] })).status;
        (status, tenant.member_ids(&group))
    };
    let add = json!({ "op": "Add", "path": "members", "value": members });
    assert_eq!(patch(add.clone()), (204, users.clone()));
    assert_eq!(patch(add), (204, users.clone()), "twice is once");
    let one = json!({ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": users[0] }] });
    assert_eq!(patch(one), (204, users[1..].to_vec()));
    let none = json!({ "op": "Remove", "path": "members", "value": [] });
    assert_eq!(patch(none), (204, users[1..].to_vec()), "nothing named, nobody leaves");
    let path = json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", users[1]) });
    assert_eq!(patch(path), (204, users[2..].to_vec()));
    assert_eq!(tenant.send("DELETE", &format!("/Users/{}", users[2]), &Value::Null).status, 204);
    assert!(tenant.member_ids(&group).is_empty(), "a deleted member leaves no reference");
}

#[test]
fn lists_conflicts_and_what_is_not_there() {
    let mut tenant = Tenant::new();
    let id = tenant.create("/Users", &json!({ "userName": "Ada@x" }));
    assert_eq!(tenant.send("POST", "/Users", &json!({ "userName": "ADA@X" })).status, 409);
    let found = tenant.get("/Users?filter=userName+eq+%22ada%40X%22&aadOptscim062020&");
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(id)));
    assert_eq!(tenant.get("/Users?count=0")["totalResults"], 1);
    assert_eq!(tenant.get("/Users?count=-3&startIndex=-1")["itemsPerPage"], 0);
    assert_eq!(tenant.get("/Users?filter=userName%20eq%20%22no%22")["totalResults"], 0);
    assert_eq!(tenant.send("GET", "/Users?filter=userName%20eq", &Value::Null).status, 400);
    assert_eq!(tenant.send("DELETE", "/Users", &Value::Null).status, 405);
    assert_eq!(tenant.send("DELETE", &format!("/Users/{id}"), &Value::Null).status, 204);
    assert_eq!(tenant.send("DELETE", &format!("/Users/{id}"), &Value::Null).status, 404);
}
