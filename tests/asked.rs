//! What a client asks for beside what it sends: filters and selections as some clients write them, empty
//! parameters, what a reply is to hold (RFC 7240), what of it is known already (RFC 9110 §13); and the
//! settings that answer where the client does not say. Every vector ends as it says, and every flag about
//! questions has a vector that needs it.

mod support;

use provisor::scim::compat::{Flag, Profile};
use provisor::scim::directory::{PatchReply, Settings, Status};
use provisor::scim::http::Reply;
use serde_json::{Map, Value, json};
use support::{Tenant, encode, group, user};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

fn cases() -> Vec<Value> {
    let cases: Vec<Value> = serde_json::from_str(include_str!("vectors/http/query.json")).unwrap();
    assert!(cases.len() >= 33, "only {} cases", cases.len());
    cases
}

fn settings(text: &str) -> Settings {
    serde_json::from_str(text).unwrap()
}

fn header<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    reply.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn person(name: &str, family: &str, more: Value) -> Value {
    let mut person = user(name);
    person["name"] = json!({ "familyName": family });
    person["emails"] = json!([{ "type": "work", "value": format!("{name}@example.com") }]);
    person.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    person
}

/// A query as it is sent: what stands between `=` and `&`, escaped where it has to be.
fn escaped(query: &str) -> String {
    let part = |part: &str| match part.split_once('=') {
        Some((name, value)) if !value.contains(['%', '+']) => format!("{name}={}", encode(value)),
        _ => part.to_owned(),
    };
    query.split('&').map(part).collect::<Vec<_>>().join("&")
}

/// Why a case does not end as it says.
fn fault(case: &Value, profile: Profile) -> Option<String> {
    let mut tenant = Tenant::with(Settings { profile, ..Settings::default() });
    tenant.create("/Users", &person("OMalley", "OMalley", json!({})));
    tenant.create("/Users", &person("emp1", "Employee", json!({ "active": true })));
    tenant.create("/Users", &person("emp2", "Employee", json!({ "title": "Müller" })));
    let headers = [("prefer", "explain")];
    let reply = match (case["query"].as_str(), case.get("search")) {
        (Some(query), _) => tenant.ask("GET", &format!("/Users?{}", escaped(query)), &headers, ""),
        (None, Some(search)) => {
            let mut search = search.clone();
            search["schemas"] = json!([SEARCH]);
            tenant.ask("POST", "/Users/.search", &headers, &search.to_string())
        }
        (None, None) => panic!("{case}"),
    };
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    if let Some(error) = case["error"].as_str() {
        let is_refused = reply.status == 400 && body["scimType"] == error;
        return (!is_refused).then(|| format!("wanted {error}, found {body}"));
    }
    let Some(found) = body["Resources"].as_array() else { return Some(body.to_string()) };
    let names: Vec<Value> = found.iter().map(|one| one["userName"].clone()).collect();
    if names != *case["found"].as_array().unwrap() {
        return Some(format!("wanted {}, found {names:?}", case["found"]));
    }
    if let (Some(shows), Some(one)) = (case["shows"].as_array(), found.first()) {
        let mut shown: Vec<&str> = one.as_object().unwrap().keys().map(String::as_str).collect();
        let mut wanted: Vec<&str> = shows.iter().filter_map(Value::as_str).collect();
        shown.sort_unstable();
        wanted.sort_unstable();
        if shown != wanted {
            return Some(format!("wanted {wanted:?}, found {shown:?}"));
        }
    }
    let told: Vec<Value> = header(&reply, "Provisor-Read-As")
        .map(|text| serde_json::from_str(text).unwrap())
        .unwrap_or_default();
    let flags = case["flags"].as_array().cloned().unwrap_or_default();
    let untold = flags.iter().find(|flag| !told.iter().any(|told| told["flag"] == **flag));
    let made_up = told.iter().find(|told| !flags.contains(&told["flag"]));
    untold.or(made_up).map(|flag| format!("{flag}: told was {told:?}"))
}

fn profile(case: &Value) -> Profile {
    serde_json::from_value(case["profile"].clone()).unwrap()
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn questions_are_read_as_the_vectors_say() {
    let faults: Vec<String> = cases()
        .iter()
        .filter_map(|case| fault(case, profile(case)).map(|fault| format!("{}: {fault}", case["name"])))
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn every_flag_about_questions_has_a_vector_that_needs_it() {
    for flag in [Flag::FilterWords, Flag::FilteredAttributes] {
        let cases = cases();
        let mut named = cases.iter().filter(|case| {
            case["flags"].as_array().is_some_and(|flags| flags.iter().any(|name| name == flag.name()))
        });
        assert!(
            named.any(|case| fault(case, profile(case).with(flag, false)).is_some()),
            "no vector needs {}",
            flag.name()
        );
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_word_that_may_be_a_secret_is_not_told() {
    let mut tenant = Tenant::with(settings(r#"{"profile":"microsoft"}"#));
    tenant.create("/Users", &user("ada"));
    let told = |reply: &Reply| header(reply, "Provisor-Read-As").map(str::to_owned);
    let ask = |tenant: &mut Tenant, filter: &str| {
        tenant.ask("GET", &format!("/Users?filter={}", encode(filter)), &[("prefer", "explain")], "")
    };
    let secret = ask(&mut tenant, "password eq hunter2 or userName eq ada");
    assert_eq!((secret.status, told(&secret)), (200, None));
    let plain = told(&ask(&mut tenant, "userName eq ada")).unwrap();
    assert_eq!(plain, r#"[{"flag":"filterWords","path":"filter","from":"ada","to":"\"ada\""}]"#);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn one_document_takes_a_filter_and_a_list_does_not() {
    let mut tenant = Tenant::default();
    let mut status = |target: &str| tenant.send("GET", target, &Value::Null).0;
    let user = "urn:ietf:params:scim:schemas:core:2.0:User";
    for target in ["/ServiceProviderConfig", "/ResourceTypes/User", &format!("/Schemas/{user}")] {
        assert_eq!(status(&format!("{target}?filter=id%20pr")), 200, "{target}");
    }
    for target in ["/Schemas", "/ResourceTypes"] {
        assert_eq!(status(&format!("{target}?filter=id%20pr")), 403, "{target}");
        assert_eq!(status(&format!("{target}?filter=")), 200, "{target}");
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_base_that_ends_in_a_slash_leads_to_the_same() {
    let mut tenant = Tenant::default();
    let id = tenant.create("//Users", &user("ada"));
    let list = tenant.get("/Users");
    for target in ["//Users", "/Users/", "//Users/", "/.//Users"] {
        assert_eq!(tenant.get(target), list, "{target}");
    }
    assert_eq!(tenant.get(&format!("//Users//{id}"))["id"], id);
    assert_eq!(tenant.get("//Schemas"), tenant.get("/Schemas"));
}

/// The status, the preference that was applied, and whether there is a body.
fn told(reply: &Reply) -> (u16, Option<&str>, bool) {
    (reply.status, header(reply, "Preference-Applied"), !reply.body.is_empty())
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_reply_holds_what_the_client_prefers() {
    let mut tenant = Tenant::default();
    let patch = json!({ "Operations": [{ "op": "add", "path": "externalId", "value": "x" }] }).to_string();
    let (minimal, whole) = ("return=minimal", "return=representation");
    for (endpoint, body, quiet) in [("/Users", user("ada"), 200), ("/Groups", group("g", &[]), 204)] {
        let mut ask = |method: &str, target: &str, prefer: &str, body: &str| {
            tenant.ask(method, target, &[("prefer", prefer)], body)
        };
        let made = ask("POST", endpoint, minimal, &body.to_string());
        assert_eq!(told(&made), (201, Some(minimal), false));
        assert_eq!(header(&made, "ETag"), Some("W/\"1\""));
        let id = header(&made, "Location").unwrap().rsplit('/').next().unwrap().to_owned();
        let at = format!("{endpoint}/{id}");
        assert_eq!(told(&ask("PATCH", &at, minimal, &patch)), (204, Some(minimal), false));
        assert_eq!(told(&ask("PATCH", &at, whole, &patch)), (200, Some(whole), true));
        assert_eq!(told(&ask("PUT", &at, minimal, &body.to_string())), (204, Some(minimal), false));
        assert_eq!(told(&ask("PUT", &at, whole, &body.to_string())), (200, Some(whole), true));
        assert_eq!(told(&ask("PUT", &at, "", &body.to_string())), (200, None, true));
        // The first counts, parameters and quotes do not; what is unknown is passed over.
        let several = "respond-async, Return=\"minimal\"; x=1, return=representation";
        assert_eq!(told(&ask("PATCH", &at, several, &patch)), (204, Some(minimal), false));
        for unknown in ["return=all", "return", "minimal", "returned=minimal", ";,=,"] {
            assert_eq!(told(&ask("PATCH", &at, unknown, &patch)), (quiet, None, quiet == 200), "{unknown}");
        }
        // Who names attributes wants to see them, unless it says that it does not.
        let named = format!("{at}?attributes=externalId");
        assert_eq!(told(&ask("PATCH", &named, "", &patch)), (200, None, true));
        assert_eq!(told(&ask("PATCH", &named, minimal, &patch)), (204, Some(minimal), false));
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_patch_is_answered_as_the_tenant_wants() {
    let patch = json!({ "Operations": [{ "op": "add", "path": "externalId", "value": "x" }] });
    for (text, users, groups) in [
        ("{}", 200, 204),
        (r#"{"profile":"strict"}"#, 200, 204),
        (r#"{"profile":"microsoft"}"#, 204, 204),
        (r#"{"profile":{"from":"microsoft","opCase":false}}"#, 204, 204),
        (r#"{"profile":{"filterWords":true}}"#, 200, 204),
        (r#"{"patchReply":{"users":204,"groups":200}}"#, 204, 200),
        (r#"{"patchReply":{"groups":200}}"#, 200, 200),
        (r#"{"profile":"microsoft","patchReply":{"users":200}}"#, 200, 204),
        (r#"{"groupPatchReturnsBody":true}"#, 200, 200),
        (r#"{"groupPatchReturnsBody":false}"#, 200, 204),
    ] {
        let mut settings = settings(text);
        settings.profile = settings.profile.with(Flag::BareMessage, true).with(Flag::BareResource, true);
        let mut tenant = Tenant::with(settings);
        for (endpoint, body, wanted) in [("/Users", user("ada"), users), ("/Groups", group("g", &[]), groups)]
        {
            let at = format!("{endpoint}/{}", tenant.create(endpoint, &body));
            let (status, found) = tenant.send("PATCH", &at, &patch);
            assert_eq!((status, found.is_null()), (wanted, wanted == 204), "{text} {endpoint}: {found}");
            assert_eq!(tenant.get(&at)["externalId"], "x");
        }
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn settings_follow_a_ready_profile_unless_they_say_otherwise() {
    let patched = |now: &Settings, sent: Value| -> Settings {
        let sent: Map<String, Value> = sent.as_object().unwrap().clone();
        serde_json::from_value(Value::Object(now.merged(&sent))).unwrap()
    };
    // As stored by a version before: what nobody chose follows the profile that is chosen now.
    let old = settings(
        r#"{"profile":"default","groupPatchReturnsBody":false,"acceptsUnknownMembers":false,"maxResults":50}"#,
    );
    assert_eq!(old, Settings { max_results: 50, ..Settings::default() });
    let microsoft = patched(&old, json!({ "profile": "microsoft" }));
    assert_eq!(microsoft.profile, Profile::MICROSOFT);
    assert!(microsoft.accepts_unknown_members && microsoft.max_results == 50);
    let quiet = PatchReply { users: Status::Nothing, groups: Status::Nothing };
    assert_eq!(microsoft.patch_reply, quiet);
    assert_eq!(patched(&microsoft, json!({ "profile": "default" })), old);
    assert_eq!(patched(&microsoft, json!({ "strict": true })).profile, Profile::STRICT);
    // As stored now.
    for settings in [&old, &microsoft] {
        let text = serde_json::to_string(settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), *settings, "{text}");
    }
    // What was chosen stays, whatever the profile.
    let chosen = patched(&old, json!({ "acceptsUnknownMembers": true, "groupPatchReturnsBody": true }));
    let next = patched(&chosen, json!({ "profile": "microsoft" }));
    assert_eq!(next.patch_reply.groups, Status::Resource);
    let back = patched(&next, json!({ "groupPatchReturnsBody": false }));
    assert_eq!(back.patch_reply.groups, Status::Nothing);
    let apart =
        patched(&microsoft, json!({ "acceptsUnknownMembers": false, "patchReply": { "users": 200 } }));
    assert!(!apart.accepts_unknown_members);
    assert_eq!(apart.patch_reply, PatchReply { users: Status::Resource, groups: Status::Nothing });
    assert!(
        settings(r#"{"groupPatchReturnsBody":true,"acceptsUnknownMembers":true}"#).accepts_unknown_members
    );
    for (text, part) in [
        (r#"{"patchReply":200}"#, "send `{\"users\": 200"),
        (r#"{"patchReply":{"users":201}}"#, "send `200` for the resource or `204`"),
        (r#"{"patchReply":{"people":200}}"#, "send `users` and `groups`"),
        (r#"{"groupPatchReturnsBody":1}"#, "send `true` or `false`"),
        (r#"{"profile":"azure"}"#, "`microsoft`"),
        (r#"{"profil":"strict"}"#, "unknown field `profil`"),
    ] {
        let error = serde_json::from_str::<Settings>(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn the_profile_for_microsoft_keeps_members_that_nobody_is() {
    let nobody = group("g", &["nobody"]);
    assert_eq!(Tenant::default().send("POST", "/Groups", &nobody).0, 400);
    let mut tenant = Tenant::with(settings(r#"{"profile":"microsoft"}"#));
    let id = tenant.create("/Groups", &nobody);
    assert_eq!(tenant.get(&format!("/Groups/{id}"))["members"], json!([{ "value": "nobody" }]));
    for kind in ["/Schemas", "/ResourceTypes"] {
        assert_eq!(tenant.get(kind)["Resources"][0]["description"], "User Account");
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_users_tag_tells_her_groups_apart_and_a_write_asks_for_her_own_version() {
    let mut tenant = Tenant::default();
    let ada = tenant.create("/Users", &user("ada"));
    let at = format!("/Users/{ada}");
    let tag = |tenant: &mut Tenant, at: &str| {
        let reply = tenant.ask("GET", at, &[], "");
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        let tag = header(&reply, "ETag").unwrap().to_owned();
        // RFC 7643 §3.1: they are the same.
        assert_eq!(body["meta"]["version"], tag);
        tag
    };
    let known = |tenant: &mut Tenant, at: &str, tag: &str| {
        tenant.ask("GET", at, &[("if-none-match", tag)], "").status
    };
    let alone = tag(&mut tenant, &at);
    assert_eq!(alone, "W/\"1\"");
    assert_eq!(known(&mut tenant, &at, &alone), 304);

    let staff = tenant.create("/Groups", &group("Staff", &[&ada]));
    let within = tag(&mut tenant, &at);
    assert!(within.starts_with("W/\"1-"), "{within}");
    assert_eq!((known(&mut tenant, &at, &alone), known(&mut tenant, &at, &within)), (200, 304));
    assert_eq!(tenant.get("/Users")["Resources"][0]["meta"]["version"], within);

    // A group's name is shown, and so is a group that a group is in.
    let rename = json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": "Crew" }] });
    tenant.send("PATCH", &format!("/Groups/{staff}"), &rename);
    let renamed = tag(&mut tenant, &at);
    tenant.create("/Groups", &group("All", &[&staff]));
    let nested = tag(&mut tenant, &at);
    assert!(renamed != within && nested != renamed);
    assert_eq!((known(&mut tenant, &at, &within), known(&mut tenant, &at, &nested)), (200, 304));

    // Without her groups there is her own version alone.
    let bare = format!("{at}?excludedAttributes=groups");
    assert_eq!((known(&mut tenant, &bare, "W/\"1\""), known(&mut tenant, &bare, &nested)), (304, 200));

    // A write is guarded by that alone, by whichever tag it is named.
    let title = json!({ "Operations": [{ "op": "replace", "path": "title", "value": "T" }] }).to_string();
    let mut write = |headers: &[(&str, &str)]| tenant.ask("PATCH", &at, headers, &title).status;
    assert_eq!(write(&[("if-none-match", &within)]), 412);
    assert_eq!(write(&[("if-match", "W/\"2\"")]), 412);
    assert_eq!(write(&[("if-match", &within)]), 200);
    assert_eq!(write(&[("if-match", &within)]), 412);
    assert_eq!(write(&[("if-match", "W/\"2\"")]), 200);

    tenant.send("DELETE", &format!("/Groups/{staff}"), &Value::Null);
    assert_eq!(tag(&mut tenant, &at), "W/\"2\"");
    assert_eq!(known(&mut tenant, &at, "*"), 304);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn whole_resources_are_taken_or_refused_alike_however_they_come() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("vectors/http/written.json")).unwrap();
    assert!(cases.len() >= 30, "only {} cases", cases.len());
    let mut faults = Vec::new();
    for case in &cases {
        let profile = case.get("profile").map_or(Profile::DEFAULT, |_| profile(case));
        let (endpoint, bare) =
            if case["kind"] == "Group" { ("/Groups", group("g", &[])) } else { ("/Users", user("ada")) };
        let mut whole = bare.clone();
        whole.as_object_mut().unwrap().extend(case["part"].as_object().unwrap().clone());
        for (method, in_bulk) in [("POST", false), ("PUT", false), ("POST", true), ("PUT", true)] {
            let settings = Settings { profile, accepts_unknown_members: true, ..Settings::default() };
            let mut tenant = Tenant::with(settings);
            let mut at = endpoint.to_owned();
            if method == "PUT" {
                at = format!("{endpoint}/{}", tenant.create(endpoint, &bare));
            }
            let (status, answer) = if in_bulk {
                let operation = json!({ "method": method, "path": at, "bulkId": "b", "data": whole });
                let bulk = json!({
                    "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [operation],
                });
                let (_, reply) = tenant.send("POST", "/Bulk", &bulk);
                let done = &reply["Operations"][0];
                (done["status"].as_str().unwrap().parse().unwrap(), done["response"].clone())
            } else {
                tenant.send(method, &at, &whole)
            };
            let found = tenant.get(endpoint)["Resources"][0].clone();
            let kept =
                case["part"].as_object().unwrap().keys().filter_map(|name| {
                    Some((name.clone(), found.get(name).filter(|_| status < 300)?.clone()))
                });
            let kept: Value = kept.collect::<Map<_, _>>().into();
            let is_right = match case["error"].as_str() {
                Some(error) => status == 400 && answer["scimType"] == error,
                None => status < 300 && kept == case["expect"],
            };
            if !is_right {
                faults
                    .push(format!("{}: {method}, in bulk {in_bulk}: {status} {answer} {kept}", case["name"]));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
