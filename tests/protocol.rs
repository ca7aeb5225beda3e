//! Conversations (`tests/vectors/idp`: what directories really send; `tests/vectors/rfc7644`: the
//! examples of the standard), replayed against the core with its store in memory. The edge
//! tests replay the same files over HTTP.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::path::{Path, PathBuf};

use provisor::conversation::{Answer, Conversation, Reading};
use provisor::scim::compat::Profile;
use provisor::scim::directory::Settings;
use provisor::scim::schema::Registry;
use serde_json::{Value, json};
use support::{BASE, Tenant, group, user};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn vectors(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(folder)
}

/// The standard's schemas and Okta's roles and entitlements.
fn okta() -> Registry {
    let schemas = include_str!("../examples/schemas/okta/schemas.json");
    Registry::load(schemas, include_str!("../examples/schemas/okta/resource-types.json")).unwrap()
}

/// Replays a conversation in a fresh tenant and answers with how many requests it had.
fn replay(folder: &Path) -> usize {
    let texts = files(folder)
        .into_iter()
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
    let mut conversation = Conversation::new(texts.collect(), Reading::Exact);
    let mut tenant = Tenant::default();
    if !conversation.needs().is_empty() {
        tenant.registry = okta();
    }
    while let Some(ask) = conversation.next_ask().unwrap_or_else(|fault| panic!("{fault}")) {
        let headers: Vec<(&str, &str)> =
            ask.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        tenant.me = ask.me;
        let reply = tenant.ask(&ask.method, &ask.path, &headers, &ask.body);
        let answer = Answer { status: reply.status, headers: &reply.headers, body: &reply.body };
        conversation.take(answer).unwrap_or_else(|fault| panic!("{fault}\n{}", reply.body));
    }
    conversation.len()
}

#[test]
fn directories_are_understood() {
    let directories = files(&vectors("idp"));
    let directories = directories.iter().filter(|path| path.is_dir());
    let replayed: usize = directories.flat_map(|path| files(path)).map(|path| replay(&path)).sum();
    assert!(replayed >= 360, "only {replayed} requests were replayed");
}

#[test]
fn the_examples_of_the_standard_answer_as_it_says() {
    let conversations = ["rfc7643", "rfc7644"].map(|folder| files(&vectors(folder))).concat();
    let replayed: usize = conversations.iter().map(|path| replay(path)).sum();
    assert!(replayed >= 160, "only {replayed} requests were replayed");
}

#[test]
fn etags_guard_against_lost_updates() {
    let mut tenant = Tenant::default();
    let (_, created) = tenant.send("POST", "/Users", &user("ada"));
    let path = format!("/Users/{}", created["id"].as_str().unwrap());
    let patch =
        serde_json::json!({ "Operations": [{ "op": "replace", "path": "title", "value": "Countess" }] })
            .to_string();
    assert_eq!(tenant.ask("PATCH", &path, &[("if-match", "W/\"1\"")], &patch).status, 200);
    assert_eq!(tenant.ask("PATCH", &path, &[("if-match", "W/\"1\"")], &patch).status, 412);
    assert_eq!(tenant.ask("GET", &path, &[("if-none-match", "W/\"2\"")], "").status, 304);
}

#[test]
fn a_patch_that_changes_nothing_makes_no_version() {
    let mut tenant = Tenant::default();
    let (_, created) = tenant.send("POST", "/Users", &user("ada"));
    let path = format!("/Users/{}", created["id"].as_str().unwrap());
    let patch = serde_json::json!({ "Operations": [{ "op": "add", "path": "userName", "value": "ada" }] });
    let (status, after) = tenant.send("PATCH", &path, &patch);
    assert_eq!((status, &after["meta"]["version"]), (200, &created["meta"]["version"]));
    assert_eq!(tenant.store.journal.len(), 1);
}

#[test]
fn a_failed_operation_undoes_the_ones_before_it() {
    let mut tenant = Tenant::default();
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
    let mut tenant = Tenant::default();
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
    let mut tenant = Tenant::default();
    let long = format!("/Users?filter={}userName+is+%22a%22", "userName+pr+or+".repeat(200));
    for (method, path, body, status, scim_type, part) in [
        ("GET", "/Nothing", "", 404, None, "/ResourceTypes"),
        ("PUT", "/Users", "", 405, None, "GET or POST"),
        ("POST", "/Users", "", 400, Some("invalidSyntax"), "the body is empty; send a JSON object"),
        ("POST", "/Users", "{", 400, Some("invalidSyntax"), "it ends too soon, at line 1 column 1"),
        ("POST", "/Users", "{]", 400, Some("invalidSyntax"), "no JSON"),
        ("GET", &long, "", 400, Some("invalidFilter"), "(column 3010 of `… userName pr or userName pr "),
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
        let reply = tenant.ask(method, path, &[], body);
        let error: Value = serde_json::from_str(&reply.body).unwrap();
        let found = (reply.status, error["scimType"].as_str(), error["status"].as_str().unwrap().to_owned());
        assert_eq!(found, (status, scim_type, status.to_string()), "{method} {path}: {error}");
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains(part) && detail.len() < 400, "{method} {path}: {error}");
    }
}

#[test]
fn nested_groups_show_direct_and_indirect() {
    let mut tenant = Tenant::default();
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
    let mut tenant = Tenant::default();
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

#[test]
fn me_is_the_user_that_the_token_is_bound_to() {
    assert!(replay(&vectors("me/bound")) >= 11);
    let mut tenant = Tenant::default();
    let id = tenant.create("/Users", &user("ada"));
    tenant.me = Some(id);
    let bulk = json!({ "Operations": [{ "method": "DELETE", "path": "/Me" }] });
    let mut other = tenant.clone();
    other.me = None;
    assert_eq!(other.send("POST", "/Bulk", &bulk).1["Operations"][0]["response"]["scimType"], "invalidPath");
    let eve = tenant.create("/Users", &user("eve"));
    tenant.me = Some(eve);
    assert_eq!(tenant.send("POST", "/Bulk", &bulk).1["Operations"][0]["status"], "204");
}

#[test]
fn only_a_strict_tenant_minds_media_types() {
    let body = user("ada").to_string();
    for (headers, strict, lenient) in [
        (
            [("content-type", "application/scim+json; charset=utf-8"), ("accept", "application/scim+json")],
            201,
            201,
        ),
        ([("content-type", "application/json"), ("accept", "text/html, application/json;q=0.5")], 201, 201),
        ([("content-type", "Application/SCIM+JSON"), ("accept", "*/*")], 201, 201),
        ([("content-type", "text/plain"), ("accept", "*/*")], 415, 201),
        ([("content-type", "application/xml"), ("accept", "application/xml")], 415, 201),
        ([("content-type", "application/scim+json"), ("accept", "text/html")], 406, 201),
    ] {
        for (profile, status) in [(Profile::STRICT, strict), (Profile::DEFAULT, lenient)] {
            let mut tenant = Tenant::with(Settings { profile, ..Settings::default() });
            let reply = tenant.ask("POST", "/Users", &headers, &body);
            assert_eq!(reply.status, status, "{headers:?}: {}", reply.body);
        }
    }
}

#[test]
fn what_is_offered_is_what_is_there() {
    let mut tenant = Tenant::with(Settings { max_results: 7, ..Settings::default() });
    let offered = tenant.get("/ServiceProviderConfig");
    for (feature, parts) in [
        ("patch", &["supported"][..]),
        ("bulk", &["supported", "maxOperations", "maxPayloadSize"]),
        ("filter", &["supported", "maxResults"]),
        ("changePassword", &["supported"]),
        ("sort", &["supported"]),
        ("etag", &["supported"]),
        ("pagination", &["cursor", "index"]),
    ] {
        assert!(parts.iter().all(|part| !offered[feature][*part].is_null()), "{feature}: {offered}");
    }
    assert_eq!(
        (&offered["filter"]["maxResults"], &offered["pagination"]["maxPageSize"]),
        (&json!(7), &json!(7))
    );
    assert_eq!(offered["changePassword"]["supported"], false, "no hash was given");
    for list in ["/Schemas", "/ResourceTypes"] {
        for one in tenant.get(list)["Resources"].as_array().unwrap() {
            let location = one["meta"]["location"].as_str().unwrap();
            let path = location.strip_prefix(BASE).unwrap();
            assert_eq!(&tenant.get(path), one, "{location}");
        }
    }
    for kind in tenant.get("/ResourceTypes")["Resources"].as_array().unwrap() {
        assert_eq!(tenant.get(kind["endpoint"].as_str().unwrap())["totalResults"], 0);
        assert_eq!(
            tenant.get(&format!("/Schemas/{}", kind["schema"].as_str().unwrap()))["id"],
            kind["schema"]
        );
        for extension in kind["schemaExtensions"].as_array().into_iter().flatten() {
            let urn = extension["schema"].as_str().unwrap();
            assert_eq!(tenant.get(&format!("/Schemas/{urn}"))["id"], urn);
        }
    }
}

#[test]
fn totals_are_what_is_there() {
    let mut tenant = Tenant::default();
    let ids: Vec<String> =
        (0..9).map(|number| tenant.create("/Users", &user(&format!("u{number}")))).collect();
    tenant.create("/Groups", &group("g", &[&ids[0]]));
    assert_eq!(tenant.send("POST", "/Users", &user("U1")).0, 409);
    tenant.send("PUT", &format!("/Users/{}", ids[0]), &user("renamed"));
    for id in &ids[..4] {
        tenant.send("DELETE", &format!("/Users/{id}"), &Value::Null);
        tenant.send("DELETE", &format!("/Users/{id}"), &Value::Null);
    }
    let total = |tenant: &mut Tenant, path: &str| tenant.get(path)["totalResults"].as_u64().unwrap();
    assert_eq!(total(&mut tenant, "/Users?count=0"), 5);
    assert_eq!(total(&mut tenant, "/Users?count=0&filter=userName+pr"), 5, "as when each is looked at");
    assert_eq!(total(&mut tenant, "/Groups"), 1);
}
