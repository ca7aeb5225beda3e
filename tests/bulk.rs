//! Bulk requests (RFC 7644 §3.7): every vector answers and leaves behind what it says, natively
//! and in the browser; components of a graph are what their definition says.

mod support;

use std::collections::BTreeMap;

use provisor::conversation::missing;
use provisor::scim::compat::Profile;
use provisor::scim::directory::{MAX_BULK_OPERATIONS, Settings};
use serde_json::{Map, Value, json};
use support::{BASE, Tenant, target};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const FILES: [(&str, &str); 5] = [
    ("circular", include_str!("vectors/bulk/circular.json")),
    ("limits", include_str!("vectors/bulk/limits.json")),
    ("order", include_str!("vectors/bulk/order.json")),
    ("outcome", include_str!("vectors/bulk/outcome.json")),
    ("references", include_str!("vectors/bulk/references.json")),
];

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn vectors_answer_and_leave_behind_what_they_say() {
    let mut ran = 0;
    let mut faults = Vec::new();
    for (file, text) in FILES {
        let cases: Vec<Value> = serde_json::from_str(text).unwrap();
        for case in cases {
            ran += 1;
            if let Some(fault) = fault(&case) {
                faults.push(format!("{file}, {}: {fault}", case["name"]));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(ran >= 57, "only {ran} vectors");
}

/// Known ids, put in for `{{name}}`.
type Names = BTreeMap<String, String>;

fn filled(value: &Value, names: &Names) -> Value {
    let mut text = value.to_string();
    for (name, id) in names {
        text = text.replace(&format!("{{{{{name}}}}}"), id);
    }
    serde_json::from_str(&text).unwrap()
}

fn fault(case: &Value) -> Option<String> {
    let profile = if case["strict"] == true { Profile::STRICT } else { Profile::DEFAULT };
    let mut tenant = Tenant::with(Settings { profile, ..Settings::default() });
    let mut names = Names::from([("base".to_owned(), BASE.to_owned())]);
    for given in case["given"].as_array().into_iter().flatten() {
        let id = tenant.create(given["path"].as_str().unwrap(), &given["data"]);
        names.insert(given["as"].as_str().unwrap().to_owned(), id);
    }
    let before = tenant.store.clone();
    let (status, reply) = tenant.send("POST", "/Bulk", &request(case, &names));
    if let Some(error) = case.get("error") {
        let contains = error["contains"].as_str().unwrap();
        let same = error["status"] == status
            && error["scimType"] == reply["scimType"]
            && reply["detail"].as_str().is_some_and(|detail| detail.contains(contains))
            && before.journal == tenant.store.journal;
        return (!same).then(|| format!("{status} {reply}"));
    }
    if status != 200 || reply["schemas"] != json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]) {
        return Some(format!("{status} {reply}"));
    }
    let done = reply["Operations"].as_array().unwrap();
    if let Some(wanted) = case.get("statuses") {
        let same = done.len() == case["repeat"] && done.iter().all(|one| one["status"] == *wanted);
        return (!same).then(|| format!("{} operations", done.len()));
    }
    for one in done.iter().filter(|one| one["status"] == "201" && one["bulkId"].is_string()) {
        let id = one["location"].as_str().unwrap().rsplit('/').next().unwrap();
        names.insert(one["bulkId"].as_str().unwrap().to_owned(), id.to_owned());
    }
    let expect = filled(&case["expect"], &names);
    let expect = expect.as_array().unwrap();
    if expect.len() != done.len() {
        return Some(format!("{} results: {reply}", done.len()));
    }
    let results = expect.iter().zip(done).find_map(|(wanted, found)| differs(wanted, found));
    results.or_else(|| {
        case["after"].as_array().into_iter().flatten().find_map(|after| {
            let after = filled(after, &names);
            let found = tenant.get(&target(after["get"].as_str().unwrap()));
            missing(&after["response"], &found, "").or_else(|| lacks(&after, &found))
        })
    })
}

fn request(case: &Value, names: &Names) -> Value {
    let operations = case["operations"].as_array().unwrap();
    let times = usize::try_from(case["repeat"].as_u64().unwrap_or(1)).unwrap();
    let operations: Vec<Value> = (0..times).flat_map(|_| operations.clone()).collect();
    let mut body = Map::from_iter([
        ("schemas".to_owned(), json!(["urn:ietf:params:scim:api:messages:2.0:BulkRequest"])),
        ("Operations".to_owned(), filled(&Value::Array(operations), names)),
    ]);
    if let Some(limit) = case.get("failOnErrors") {
        body.insert("failOnErrors".into(), limit.clone());
    }
    if let Some(length) = case["pad"].as_u64() {
        body.insert("pad".into(), "x".repeat(usize::try_from(length).unwrap()).into());
    }
    Value::Object(body)
}

fn differs(wanted: &Value, found: &Value) -> Option<String> {
    let mut held = wanted.clone();
    let own = held.as_object_mut().unwrap();
    own.shift_remove("lacks");
    let detail = own.shift_remove("detail");
    if let Some(detail) = detail.as_ref().and_then(Value::as_str)
        && !found["response"]["detail"].as_str().is_some_and(|text| text.contains(detail))
    {
        return Some(format!("no `{detail}` in {found}"));
    }
    missing(&held, found, "").or_else(|| lacks(wanted, found))
}

fn lacks(wanted: &Value, found: &Value) -> Option<String> {
    let names = wanted["lacks"].as_array().into_iter().flatten();
    names
        .filter_map(Value::as_str)
        .find(|name| found.get(name).is_some())
        .map(|name| format!("{name} in {found}"))
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_ring_as_large_as_a_request_is_committed_as_one() {
    let mut tenant = Tenant::default();
    let post = |number: usize| {
        let next = (number + 1) % MAX_BULK_OPERATIONS;
        json!({ "method": "POST", "path": "/Groups", "bulkId": format!("g{number}"), "data": {
            "displayName": format!("group {number}"),
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "members": [{ "value": format!("bulkId:g{next}") }],
        }})
    };
    let operations: Vec<Value> = (0..MAX_BULK_OPERATIONS).map(post).collect();
    let (status, reply) = tenant.send("POST", "/Bulk", &json!({ "Operations": operations }));
    assert_eq!(status, 200);
    assert!(reply["Operations"].as_array().unwrap().iter().all(|one| one["status"] == "201"));
    assert_eq!(tenant.get("/Groups?count=0")["totalResults"], MAX_BULK_OPERATIONS);
}

#[cfg(not(target_arch = "wasm32"))]
mod laws {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use provisor::scim::directory::graph::components;

    /// Which nodes each reaches, by Warshall's closure.
    fn reached(needs: &[BTreeSet<usize>]) -> Vec<BTreeSet<usize>> {
        let mut reached = needs.to_vec();
        for middle in 0..needs.len() {
            let beyond = reached[middle].clone();
            for from in &mut reached {
                if from.contains(&middle) {
                    from.extend(&beyond);
                }
            }
        }
        reached
    }

    proptest! {
        #[test]
        fn components_are_what_reaches_each_other_in_order(
            needs in (1usize..14).prop_flat_map(|n| prop::collection::vec(prop::collection::btree_set(0..n, 0..4), n))
        ) {
            let found = components(&needs);
            let reached = reached(&needs);
            let mut all: Vec<usize> = found.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..needs.len()).collect::<Vec<_>>());
            let place = |node: usize| found.iter().position(|part| part.contains(&node)).unwrap();
            for a in 0..needs.len() {
                for b in 0..needs.len() {
                    let together = a == b || (reached[a].contains(&b) && reached[b].contains(&a));
                    prop_assert_eq!(place(a) == place(b), together);
                    prop_assert!(together || !needs[a].contains(&b) || place(b) < place(a));
                }
            }
        }

        #[test]
        fn without_needs_the_order_stays(n in 0usize..40) {
            let found = components(&vec![BTreeSet::new(); n]);
            prop_assert_eq!(found, (0..n).map(|node| vec![node]).collect::<Vec<_>>());
        }
    }
}
