//! Bounds on what is written anew, and on what errors repeat: vectors, natively and in the
//! browser (the edge replays those without a past), and laws.

mod support;

use provisor::scim::directory::{ChangeSet, Put, Record, Store, keys};
use provisor::scim::schema::Registry;
use serde_json::{Map, Value, json};
use support::{Tenant, encode, user};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A value with its short forms written out.
fn whole(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let Some((before, rest)) = text.split_once("{{") else { return value.clone() };
            let (short, after) = rest.split_once("}}").unwrap();
            let (number, part) = short.split_once('×').unwrap();
            format!("{before}{}{after}", part.repeat(number.parse().unwrap())).into()
        }
        Value::Object(map) => match map.get("number of").and_then(Value::as_u64) {
            Some(number) => (0..number).map(|n| json!({ "value": format!("{n}") })).collect(),
            None => {
                map.iter().map(|(name, value)| (name.clone(), whole(value))).collect::<Map<_, _>>().into()
            }
        },
        Value::Array(items) => items.iter().map(whole).collect(),
        other => other.clone(),
    }
}

/// Puts a document into the store as it is.
fn store(tenant: &mut Tenant, kind: &str, document: &Value) -> String {
    let kind = tenant.registry.resource_type(kind).unwrap();
    let document = document.as_object().unwrap();
    let (unique, index) = keys(&tenant.registry, kind, document, true);
    let time = "2026-01-01T00:00:00.000Z".to_owned();
    let record = Record {
        kind: kind.name.clone(),
        id: "old".into(),
        version: 1,
        created: time.clone(),
        modified: time,
        document: Value::Object(document.clone()).to_string(),
    };
    let put = Put { record, unique, index, keeps_keys: false };
    tenant.store.commit(&ChangeSet { put: vec![put], ..ChangeSet::default() }).unwrap();
    "old".into()
}

/// A body as a request sends it.
fn body(kind: &str, method: &str, body: &Value) -> Value {
    let mut body = whole(body);
    match &mut body {
        Value::Array(_) => body = json!({ "schemas": [PATCH], "Operations": body }),
        Value::Object(map) if method != "GET" => {
            map.insert("schemas".into(), json!([format!("urn:ietf:params:scim:schemas:core:2.0:{kind}")]));
        }
        _ => {}
    }
    body
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn what_is_too_long_is_refused_and_what_is_there_stays() {
    let file: Value = serde_json::from_str(include_str!("vectors/schema/bounds.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() >= 27, "only {} cases", cases.len());
    for case in cases {
        let (name, method) = (case["name"].as_str().unwrap(), case["method"].as_str().unwrap());
        let kind = case["type"].as_str().unwrap_or("User");
        let mut tenant = Tenant::default();
        if case["prepared"] == true {
            tenant.registry = tenant.registry.with_prepared_names();
        }
        let path = match case["before"].is_null() {
            true => format!("/{kind}s"),
            false => format!("/{kind}s/{}", store(&mut tenant, kind, &whole(&case["before"]))),
        };
        let (status, reply) = tenant.send(method, &path, &body(kind, method, &case["body"]));
        let detail = reply["detail"].as_str().unwrap_or_default();
        assert_eq!(json!(status), case["status"], "{name}: {detail}");
        assert_eq!(reply.get("scimType"), case.get("scimType"), "{name}: {detail}");
        for part in case["detail"].as_array().into_iter().flatten() {
            assert!(detail.contains(part.as_str().unwrap()), "{name}: {detail}");
        }
        if let Some(lacked) = case["lacks"].as_str() {
            assert!(!detail.contains(lacked), "{name}: {detail}");
        }
        assert!(status < 400 || detail.len() < 1_000, "{name}: {} bytes", detail.len());
    }
}

/// Texts that an error may want to repeat.
fn long(kind: usize, length: usize) -> String {
    let part = ["a", "\"", "\\", "\u{1}", "`", "é", "🦀", "x\u{301}", "a.b:[c eq \"d\"] "][kind];
    part.repeat(length / part.len() + 1)
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn no_error_is_longer_than_two_kilobytes_whatever_was_sent() {
    const MOST: usize = 2_048;
    let mut told = 0;
    for (kind, length) in (0..9).flat_map(|kind| [300, 5_000, 60_000].map(|length| (kind, length))) {
        let long = long(kind, length);
        let mut tenant = Tenant::default();
        let ada = tenant.create("/Users", &user("ada"));
        let bodies = [
            ("POST", "/Users".to_owned(), json!({ "userName": long })),
            ("POST", "/Users".to_owned(), json!({ "userName": "a", (long.clone()): 1 })),
            ("POST", "/Users".to_owned(), json!({ "userName": [long], "emails": long, "active": long })),
            ("POST", "/Users".to_owned(), json!({ "userName": "a", "schemas": long })),
            (
                "POST",
                "/Users".to_owned(),
                json!({ "userName": "a", "emails": vec![json!({ "type": 7, "primary": long }); 30] }),
            ),
            ("POST", "/Groups".to_owned(), json!({ "displayName": "g", "members": [{ "value": long }] })),
            ("POST", "/Groups".to_owned(), json!({ "displayName": "g", "members": [{ "display": long }] })),
            ("POST", "/Users/.search".to_owned(), json!({ "filter": long })),
            (
                "POST",
                "/Users/.search".to_owned(),
                json!({ "filter": format!("userName eq \"{}\" and x eq 1", long.get(..8_000).unwrap_or("é")) }),
            ),
            ("POST", "/Users/.search".to_owned(), json!({ "sortBy": long })),
            ("POST", "/Users/.search".to_owned(), json!({ "sortOrder": long })),
            ("POST", "/Users/.search".to_owned(), json!({ "count": long })),
            ("POST", "/Users/.search".to_owned(), json!({ "cursor": long })),
            ("POST", "/Users/.search".to_owned(), json!({ "attributes": [7, long] })),
            ("PATCH", format!("/Users/{ada}"), json!({ "Operations": [{ "op": long, "value": 1 }] })),
            (
                "PATCH",
                format!("/Users/{ada}"),
                json!({ "Operations": [{ "op": "add", "path": long, "value": 1 }] }),
            ),
            (
                "PATCH",
                format!("/Users/{ada}"),
                json!({ "Operations": [{ "op": "add", "path": format!("emails[type eq \"{long}\"].{long}"), "value": 1 }] }),
            ),
            (
                "PATCH",
                format!("/Users/{ada}"),
                json!({ "Operations": [{ "op": "replace", "value": { (long.clone()): long } }] }),
            ),
            (
                "PATCH",
                format!("/Users/{ada}"),
                json!({ "Operations": [{ "op": "add", "path": "active", "value": long }] }),
            ),
        ];
        let mut replies = Vec::new();
        for strict in [true, false] {
            if strict {
                tenant.settings.profile = provisor::scim::compat::Profile::STRICT;
            } else {
                tenant.settings.profile = provisor::scim::compat::Profile::DEFAULT;
            }
            for (method, path, body) in &bodies {
                replies.push(tenant.ask(method, path, &[], &body.to_string()));
            }
        }
        let target = encode(&long);
        for path in [
            format!("/{target}"),
            format!("/Users/{target}"),
            format!("/Schemas/{target}"),
            format!("/Users?count={target}"),
        ] {
            replies.push(tenant.ask("GET", &path, &[], ""));
        }
        replies.push(tenant.ask(&long, "/Users", &[], ""));
        let one = format!("/Users/{ada}");
        for header in ["if-match", "accept"] {
            replies.push(tenant.ask("GET", &one, &[(header, &long)], ""));
        }
        replies.push(tenant.ask("PATCH", &one, &[("content-type", &long)], "{}"));
        replies.push(tenant.ask("POST", "/Users", &[], &long));
        for reply in replies.iter().filter(|reply| reply.status >= 400) {
            told += 1;
            assert!(reply.body.len() <= MOST, "{} bytes: {:.300}", reply.body.len(), reply.body);
        }
        let operations = json!([
            { "method": long, "path": "/Users" },
            { "method": "POST", "path": long, "data": {} },
            { "method": "POST", "path": "/Users", "bulkId": long, "data": {} },
            { "method": "POST", "path": "/Users", "bulkId": long, "data": {} },
            { "method": "PUT", "path": format!("/Users/{ada}"), "data": { "userName": "a", "manager": format!("bulkId:{long}") } },
            { "method": "PATCH", "path": format!("/Users/{ada}"), "data": { "Operations": [{ "op": "add", "path": long, "value": 1 }] } },
        ]);
        let (status, reply) = tenant.send("POST", "/Bulk", &json!({ "Operations": operations }));
        for outcome in reply["Operations"].as_array().into_iter().flatten() {
            let length = outcome["response"].to_string().len();
            assert!(status == 200 && length <= MOST, "{length} bytes: {:.300}", outcome.to_string());
        }
    }
    assert!(told > 500, "only {told} errors");
}

/// A tenant whose users have a `pin` that is never returned, alone and within an element.
fn secretive() -> Tenant {
    let hidden = |name: &str| json!({ "name": name, "type": "string", "mutability": "writeOnly", "returned": "never" });
    let schemas = json!([{ "id": "urn:example:Secret", "attributes": [
        hidden("pin"),
        { "name": "unique", "type": "string", "returned": "never", "uniqueness": "server" },
        { "name": "doors", "type": "complex", "multiValued": true, "subAttributes": [{ "name": "value" }, hidden("code")] },
    ] }]);
    let types = json!([{ "name": "User", "endpoint": "/Users",
        "schema": "urn:ietf:params:scim:schemas:core:2.0:User", "schemaExtensions": [{ "schema": "urn:example:Secret" }] }]);
    let registry = Registry::load(&schemas.to_string(), &types.to_string()).unwrap();
    let mut tenant = Tenant::default();
    tenant.registry = registry;
    tenant
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn what_is_never_returned_is_not_told_by_order_parts_or_errors() {
    let mut tenant = secretive();
    let secret = |name: &str, pin: &str| {
        let mut user = user(name);
        user["urn:example:Secret"] =
            json!({ "pin": pin, "unique": pin, "doors": [{ "value": "north", "code": pin }] });
        user
    };
    let id = tenant.create("/Users", &secret("ada", "marker-0815"));
    let detail =
        |(status, reply): (u16, Value)| (status, reply["scimType"].clone(), reply["detail"].to_string());
    for (query, scim_type) in [
        ("sortBy=urn:example:Secret:pin", "invalidPath"),
        ("sortBy=urn:example:Secret:doors.code", "invalidPath"),
        ("sortBy=password", "invalidPath"),
        ("filter=urn:example:Secret:pin%20sw%20%22m%22", "invalidFilter"),
        ("filter=urn:example:Secret:pin%20gt%20%22m%22", "invalidFilter"),
        ("filter=urn:example:Secret:doors.code%20co%20%22m%22", "invalidFilter"),
        ("filter=urn:example:Secret:doors%5Bcode%20ew%20%22m%22%5D", "invalidFilter"),
    ] {
        let (status, found, detail) = detail(tenant.send("GET", &format!("/Users?{query}"), &Value::Null));
        assert_eq!((status, found), (400, json!(scim_type)), "{query}: {detail}");
    }
    for filter in [
        "pin eq \"marker-0815\"",
        "pin pr",
        "doors.code eq \"marker-0815\"",
        "doors[value eq \"north\" and code eq \"marker-0815\"]",
    ] {
        let found = tenant.get(&format!("/Users?filter={}", encode(&format!("urn:example:Secret:{filter}"))));
        assert_eq!(found["totalResults"], 1, "{filter}");
        assert!(!found.to_string().contains("marker"), "{found}");
    }
    let operation = |path: &str, value: Value| json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": path, "value": value }] });
    let at = format!("/Users/{id}");
    for (path, value) in [
        ("password[value eq \"marker\"]", json!("x")),
        ("password[value eq marker]", json!("x")),
        ("password[value", json!({ "marker": 1 })),
        ("urn:example:Secret:doors[code eq \"marker\" and value pr].value", json!("x")),
        ("urn:example:Secret:doors[code eq marker].value", json!("x")),
        ("urn:example:Secret:pin", json!({ "marker": 1 })),
        ("password", json!({ "marker": 1 })),
    ] {
        let path_told = path.contains("marker") || value.is_object();
        let (status, _, detail) = detail(tenant.send("PATCH", &at, &operation(path, value)));
        assert!(status >= 400 && path_told && !detail.contains("marker"), "{path}: {status} {detail}");
    }
    let (status, _, detail) = detail(tenant.send("POST", "/Users", &secret("bob", "marker-0815")));
    assert!(status == 409 && detail.contains("unique") && !detail.contains("marker"), "{detail}");
    // Numbers for texts are read, and the reading is told without them.
    let mut odd = user("eve");
    odd["password"] = json!(8_150_815);
    odd["title"] = json!(42);
    let reply = tenant.ask("POST", "/Users", &[("prefer", "explain")], &odd.to_string());
    let (_, read) = reply.headers.iter().find(|(name, _)| name == "Provisor-Read-As").unwrap();
    assert!(read.contains("password") && read.contains("42") && !read.contains("815"), "{read}");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_cursor_shows_nothing_of_the_place_it_stands_for() {
    use base64::Engine as _;
    let mut tenant = Tenant::default();
    for name in ["marker-a", "marker-b", "marker-c"] {
        tenant.create("/Users", &user(name));
    }
    for query in
        ["count=1&sortBy=userName&cursor", "count=1&filter=userName+sw+%22marker%22&sortBy=userName&cursor"]
    {
        let page = tenant.get(&format!("/Users?{query}"));
        let cursor = page["nextCursor"].as_str().unwrap();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(cursor).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("marker") && !text.contains("2026"), "{text}");
        let next = tenant.get(&format!("/Users?{query}={cursor}"));
        assert_eq!(next["Resources"][0]["userName"], "marker-b");
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn an_extension_named_twice_in_different_case_is_a_fault() {
    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for names in [
        [ENTERPRISE.to_owned(), ENTERPRISE.to_ascii_uppercase()],
        [ENTERPRISE.to_ascii_uppercase(), ENTERPRISE.to_owned()],
    ] {
        let mut tenant = Tenant::default();
        let mut body = user("ada");
        body[&names[0]] = json!({ "department": "one" });
        body[&names[1]] = json!({ "department": "two" });
        let (status, reply) = tenant.send("POST", "/Users", &body);
        assert!(status == 400 && reply["detail"].as_str().unwrap().contains("stands twice"), "{reply}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod laws {
    use proptest::prelude::*;
    use provisor::scim::directory::MAX_TEXT;

    use super::*;

    fn lengths() -> impl Strategy<Value = Vec<usize>> {
        proptest::collection::vec(
            prop_oneof![3_usize..20, MAX_TEXT - 2..MAX_TEXT + 3, 2_000_usize..2_010],
            0..5,
        )
    }

    fn emails(lengths: &[usize]) -> Value {
        let of =
            |(at, length): (usize, &usize)| json!({ "value": format!("{at}{}", "e".repeat(length - 1)) });
        lengths.iter().enumerate().map(of).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// What is written is taken exactly if each long value can stand for one that was there
        /// and was no shorter.
        #[test]
        fn long_values_only_become_fewer_and_shorter(old in lengths(), new in lengths(), put in any::<bool>()) {
            let mut tenant = Tenant::default();
            let id = store(&mut tenant, "User", &json!({ "userName": "u", "emails": emails(&old) }));
            let path = format!("/Users/{id}");
            let (status, reply) = if put {
                let mut body = user("u");
                body["emails"] = emails(&new);
                tenant.send("PUT", &path, &body)
            } else {
                let operations = json!([{ "op": "replace", "path": "emails", "value": emails(&new) }]);
                tenant.send("PATCH", &path, &json!({ "schemas": [PATCH], "Operations": operations }))
            };
            let mut there: Vec<usize> = old.iter().copied().filter(|length| *length > MAX_TEXT).collect();
            let mut fits = true;
            // The shortest that still holds it is taken for each.
            let mut long: Vec<usize> = new.iter().copied().filter(|length| *length > MAX_TEXT).collect();
            long.sort_unstable();
            for length in long {
                there.sort_unstable();
                match there.iter().position(|there| *there >= length) {
                    Some(at) => drop(there.remove(at)),
                    None => fits = false,
                }
            }
            prop_assert_eq!(status == 200, fits, "{} {}", status, reply);
        }
    }
}
