//! A group's members, which are rows and not part of its document, over the store in memory.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use serde_json::{Value, json};
use support::{Tenant, group, user};

fn member_ids(tenant: &mut Tenant, group: &str) -> Vec<String> {
    let members = tenant.get(&format!("/Groups/{group}"))["members"].take();
    let ids = members.as_array().into_iter().flatten();
    let mut ids: Vec<String> = ids.map(|member| member["value"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn members_leave_one_by_one_and_never_all_at_once() {
    let mut tenant = Tenant::default();
    let mut users: Vec<String> =
        ["a", "b", "c"].iter().map(|name| tenant.create("/Users", &user(name))).collect();
    users.sort();
    let group = tenant.create("/Groups", &json!({ "displayName": "g" }));
    let at = format!("/Groups/{group}");
    let members: Vec<Value> = users.iter().map(|id| json!({ "$ref": null, "value": id })).collect();
    let mut patch = |operation: Value| {
        let status = tenant.send("PATCH", &at, &json!({ "Operations": [operation] })).0;
        (status, member_ids(&mut tenant, &group))
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
    assert_eq!(tenant.send("DELETE", &format!("/Users/{}", users[2]), &Value::Null).0, 204);
    assert!(member_ids(&mut tenant, &group).is_empty(), "a deleted member leaves no reference");
}

#[test]
fn lists_conflicts_and_what_is_not_there() {
    let mut tenant = Tenant::default();
    let id = tenant.create("/Users", &json!({ "userName": "Ada@x" }));
    assert_eq!(tenant.send("POST", "/Users", &json!({ "userName": "ADA@X" })).0, 409);
    let found = tenant.get("/Users?filter=userName+eq+%22ada%40X%22&aadOptscim062020&");
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(id)));
    assert_eq!(tenant.get("/Users?count=0")["totalResults"], 1);
    assert_eq!(tenant.get("/Users?count=-3&startIndex=-1")["itemsPerPage"], 0);
    assert_eq!(tenant.get("/Users?filter=userName%20eq%20%22no%22")["totalResults"], 0);
    assert_eq!(tenant.send("GET", "/Users?filter=userName%20eq", &Value::Null).0, 400);
    assert_eq!(tenant.send("DELETE", "/Users", &Value::Null).0, 405);
    assert_eq!(tenant.send("DELETE", &format!("/Users/{id}"), &Value::Null).0, 204);
    assert_eq!(tenant.send("DELETE", &format!("/Users/{id}"), &Value::Null).0, 404);
}

/// A tenant with one group of this many members.
fn crowd(members: usize) -> (Tenant, String) {
    let mut tenant = Tenant::default();
    let ids: Vec<String> =
        (0..members).map(|number| tenant.create("/Users", &user(&format!("user{number}")))).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let group = tenant.create("/Groups?excludedAttributes=members", &group("everybody", &ids));
    (tenant, group)
}

#[test]
fn one_more_member_costs_the_same_in_a_crowd() {
    let rows = |members: usize| {
        let (mut tenant, group) = crowd(members);
        let id = tenant.create("/Users", &user("late"));
        let add = json!({ "op": "add", "path": "members", "value": [{ "value": id }] });
        let body = json!({ "Operations": [add] });
        tenant.rows_for("PATCH", &format!("/Groups/{group}"), &body)
    };
    assert_eq!(rows(10), rows(2_000));
}

#[test]
fn a_crowd_is_read_without_looking_twice() {
    let rows = |members: u64| {
        let (mut tenant, group) = crowd(members as usize);
        tenant.rows_for("GET", &format!("/Groups/{group}"), &Value::Null)
    };
    let (some, many) = (rows(200), rows(2_200));
    // A membership and the member's name each, and nothing else that grows.
    assert!(many - some <= 2 * 2_000 + 10, "{some} rows for two hundred members, {many} for 2 200");
}

#[test]
fn a_page_asks_storage_as_often_for_many_as_for_few() {
    let (mut tenant, _) = crowd(200);
    let mut questions = |target: &str| tenant.cost_of("GET", target, &Value::Null).1;
    // Whoever is shown with groups, and those groups' groups: two levels.
    for form in ["startIndex=1", "cursor=", "filter=groups.display+pr"] {
        let asked = [10, 100].map(|count| questions(&format!("/Users?{form}&count={count}")));
        assert_eq!(asked[0], asked[1], "{form}");
    }
    // The end of the list is its length.
    assert_eq!(questions("/Users?filter=userName+eq+%22nobody%22"), 1);
}

#[test]
fn what_is_joined_stands_outside_the_version() {
    let mut tenant = Tenant::default();
    let ada = tenant.create("/Users", &user("ada"));
    let group = tenant.create("/Groups", &group("g", &[&ada]));
    let at = |id: &str, kind: &str| format!("/{kind}/{id}");
    let version = |shown: &Value| shown["meta"]["version"].clone();
    let patch = |path: &str, value: &str| json!({ "Operations": [{ "op": "replace", "path": path, "value": value }] });
    assert_eq!(tenant.send("PATCH", &at(&ada, "Users"), &patch("displayName", "Ada")).0, 200);
    let shown = tenant.get(&at(&group, "Groups"));
    assert_eq!((&shown["members"][0]["display"], version(&shown)), (&json!("Ada"), json!("W/\"1\"")));
    assert_eq!(tenant.send("PATCH", &at(&group, "Groups"), &patch("displayName", "crew")).0, 204);
    let shown = tenant.get(&at(&ada, "Users"));
    assert_eq!(shown["groups"][0]["display"], "crew");
    // Her own version, with what tells her groups apart.
    assert!(version(&shown).as_str().unwrap().starts_with("W/\"2-"), "{shown}");
    assert_eq!(tenant.send("DELETE", &at(&ada, "Users"), &Value::Null).0, 204);
    let shown = tenant.get(&at(&group, "Groups"));
    assert_eq!((shown.get("members"), version(&shown)), (None, json!("W/\"2\"")));
}

#[test]
fn a_filter_past_its_budget_is_too_many() {
    let mut tenant = Tenant::default();
    for number in 0..10 {
        tenant.create("/Users", &json!({ "userName": format!("user{number}"), "title": "t" }));
    }
    let defaults = tenant.settings.clone();
    let mut asked = |rows: u64, steps: u64, filter: &str| {
        (tenant.settings.row_budget, tenant.settings.step_budget) = (rows, steps);
        let (status, body) =
            tenant.send("GET", &format!("/Users?filter={}", filter.replace(' ', "+")), &Value::Null);
        (status, body["scimType"].as_str().unwrap_or_default().to_owned())
    };
    let (rows, steps) = (defaults.row_budget, defaults.step_budget);
    let one = "title co \"t\"";
    let (taken, refused) = ((200, String::new()), (400, "tooMany".to_owned()));
    assert_eq!(asked(10, steps, one), taken);
    assert_eq!(asked(9, steps, one), refused);
    assert_eq!(asked(0, steps, "userName eq \"user1\""), taken, "an index looks at no row");
    assert_eq!(asked(rows, 1_000, one), refused, "questions, rows and documents are charged");
    assert_eq!(asked(rows, 20_000, one), taken);
}
