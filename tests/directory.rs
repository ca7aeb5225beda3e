//! The directory over the store in memory: PATCH as data (RFC 7644 §3.5.2), and a group's
//! members, which are rows and not part of its document.
#![cfg(not(target_arch = "wasm32"))]

use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{Context, NO_PASSWORDS, Settings};
use provisor::scim::http::{Reply, Request, serve};
use provisor::scim::schema::builtin::builtin;
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A tenant, empty at first.
struct Tenant {
    store: MemoryStore,
    settings: Settings,
    given: u32,
}

impl Tenant {
    fn new(strict: bool) -> Self {
        Self { store: MemoryStore::new(), settings: Settings { strict, ..Settings::default() }, given: 0 }
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

/// Runs one case; the fault, if any, as text.
fn patch_case(case: &Value) -> Result<(), String> {
    let mut tenant = Tenant::new(case["dialect"] == "strict");
    let mut document = case["document"].clone();
    document["schemas"] = json!([USER]);
    document["userName"] = json!("ada");
    let id = tenant.create("/Users", &document);
    let before = tenant.get(&format!("/Users/{id}"));
    let mut body = json!({ "Operations": case["ops"] });
    if case["bare"] != true {
        body["schemas"] = json!([PATCH_OP]);
    }
    let reply = tenant.send("PATCH", &format!("/Users/{id}"), &body);
    let mut after = tenant.get(&format!("/Users/{id}"));
    if let Some(wanted) = case["error"].as_str() {
        let error: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        return match (reply.status, error["scimType"] == wanted, before == after) {
            (400, true, true) => Ok(()),
            (400, true, false) => Err("refused, but something changed".into()),
            _ => Err(format!("wanted {wanted}, found {} {}", reply.status, reply.body)),
        };
    }
    if reply.status != 200 {
        return Err(format!("wanted 200, found {} {}", reply.status, reply.body));
    }
    if (after["meta"]["version"] == "W/\"1\"") != (case["unchanged"] == true) {
        return Err(format!("version {} does not fit", after["meta"]["version"]));
    }
    let resource = after.as_object_mut().unwrap();
    for joined in ["schemas", "id", "meta", "userName"] {
        resource.remove(joined);
    }
    if after == case["expect"] { Ok(()) } else { Err(format!("wanted {}, found {after}", case["expect"])) }
}

#[test]
fn patch_vectors() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("vectors/patch/user.json")).unwrap();
    assert!(cases.len() >= 50, "{} cases", cases.len());
    let faults: Vec<String> = cases
        .iter()
        .filter_map(|case| patch_case(case).err().map(|fault| format!("{}: {fault}", case["name"])))
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn members_leave_one_by_one_and_never_all_at_once() {
    let mut tenant = Tenant::new(false);
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
    let mut tenant = Tenant::new(false);
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
