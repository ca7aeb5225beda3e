//! Lists in pages: by index (RFC 7644 §3.4.2.4), by cursor while others write (RFC 9865),
//! sorted (§3.4.2.3).

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use provisor::scim::directory::Settings;
use provisor::scim::filter;
use provisor::scim::schema::builtin;
use serde_json::{Value, json};
use support::{Tenant, encode, group, user};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn names(page: &Value) -> Vec<String> {
    let all = page["Resources"].as_array().unwrap().iter();
    all.map(|one| one["userName"].as_str().or(one["displayName"].as_str()).unwrap().to_owned()).collect()
}

fn filled(users: usize) -> Tenant {
    let mut tenant = Tenant::default();
    for number in 0..users {
        tenant.create("/Users", &user(&format!("user{number:03}")));
    }
    tenant
}

/// All pages from the first on, by `nextCursor`; and what the page before each one held.
fn forward(tenant: &mut Tenant, query: &str) -> Vec<Value> {
    let mut pages = vec![tenant.get(&format!("/Users?{query}&cursor"))];
    while let Some(next) = pages.last().unwrap()["nextCursor"].as_str().map(str::to_owned) {
        pages.push(tenant.get(&format!("/Users?{query}&cursor={next}")));
        assert!(pages.len() < 100, "it never ends");
    }
    pages
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn cursors_lead_forward_and_back() {
    let mut tenant = filled(23);
    for query in [
        "count=5",
        "count=5&sortBy=userName",
        "count=5&sortBy=userName&sortOrder=descending",
        "count=5&filter=userName+co+%22user%22",
        "count=5&filter=userName+co+%22user%22&sortBy=userName&sortOrder=descending",
    ] {
        let pages = forward(&mut tenant, query);
        assert_eq!(pages.len(), 5, "{query}");
        assert!(pages[0].get("previousCursor").is_none(), "the first page has no page before it");
        for page in &pages {
            assert_eq!((&page["totalResults"], page.get("startIndex")), (&json!(23), None));
            let cursors = ["nextCursor", "previousCursor"].iter().filter_map(|name| page[*name].as_str());
            for c in cursors.flat_map(str::chars) {
                assert!(c.is_ascii_alphanumeric() || "-._~".contains(c), "`{c}` would need an escape");
            }
        }
        let mut all: Vec<String> = pages.iter().flat_map(names).collect();
        let mut wanted: Vec<String> = (0..23).map(|number| format!("user{number:03}")).collect();
        if query.contains("descending") {
            wanted.reverse();
        }
        assert_eq!(all, wanted, "{query}");
        for pair in pages.windows(2) {
            let back = pair[1]["previousCursor"].as_str().unwrap();
            let page = tenant.get(&format!("/Users?{query}&cursor={back}"));
            assert_eq!(names(&page), names(&pair[0]), "{query}");
            assert_eq!(page.get("previousCursor").is_some(), pair[0].get("previousCursor").is_some());
            let again = page["nextCursor"].as_str().unwrap();
            assert_eq!(names(&tenant.get(&format!("/Users?{query}&cursor={again}"))), names(&pair[1]));
        }
        all.dedup();
        assert_eq!(all.len(), 23);
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_cursor_belongs_to_its_query_its_tenant_and_its_hour() {
    let mut tenant = filled(9);
    let next = |tenant: &mut Tenant| {
        let page = tenant.get("/Users?count=2&cursor=&filter=userName+sw+%22user%22");
        page["nextCursor"].as_str().unwrap().to_owned()
    };
    let cursor = next(&mut tenant);
    let fault = |tenant: &mut Tenant, target: String| {
        let (status, error) = tenant.send("GET", &target, &Value::Null);
        (status, error["scimType"].as_str().unwrap_or_default().to_owned())
    };
    let filter = "filter=userName+sw+%22user%22";
    let at = |path: &str, filter: &str, count: &str, cursor: &str| {
        format!("{path}?{filter}&{count}&cursor={cursor}")
    };
    let invalid = (400, "invalidCursor".to_owned());
    // The spelling of names does not matter, as in RFC 9865's own example.
    let other_case = at("/Users", "filter=username%20SW%20%22User%22", "count=2", &cursor);
    assert_eq!(names(&tenant.get(&other_case)), ["user002", "user003"]);
    assert_eq!(fault(&mut tenant, at("/Users", "filter=userName+sw+%22u%22", "count=2", &cursor)), invalid);
    assert_eq!(fault(&mut tenant, at("/Users", "", "count=2", &cursor)), invalid);
    assert_eq!(
        fault(&mut tenant, at("/Users", &format!("{filter}&sortBy=userName"), "count=2", &cursor)),
        invalid
    );
    assert_eq!(
        fault(&mut tenant, at("/Groups", "filter=displayName+sw+%22user%22", "count=2", &cursor)),
        invalid
    );
    let invalid_count = (400, "invalidCount".to_owned());
    assert_eq!(fault(&mut tenant, at("/Users", filter, "count=3", &cursor)), invalid_count);
    assert_eq!(fault(&mut tenant, at("/Users", filter, "count=many", &cursor)), invalid_count);
    for forged in ["nonsense", "VZUTiyhEQJ94IR", &format!("{cursor}A"), &cursor[1..]] {
        assert_eq!(fault(&mut tenant, at("/Users", filter, "count=2", forged)), invalid, "{forged}");
    }
    let mut other = tenant.clone();
    other.key = b"another tenant's";
    assert_eq!(fault(&mut other, at("/Users", filter, "count=2", &cursor)), invalid);
    tenant.seconds += 3_600;
    assert_eq!(
        fault(&mut tenant, at("/Users", filter, "count=2", &cursor)),
        (400, "expiredCursor".to_owned())
    );
    let fresh = next(&mut tenant);
    assert_eq!(names(&tenant.get(&at("/Users", filter, "count=2", &fresh))), ["user002", "user003"]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_posted_search_pages_as_well_at_every_level() {
    let mut tenant = filled(5);
    let first = tenant.get("/Users")["Resources"][0]["id"].as_str().unwrap().to_owned();
    for number in 0..4 {
        tenant.create("/Groups", &group(&format!("group{number}"), &[&first]));
    }
    for (path, total) in [("/.search", 9), ("/Users/.search", 5), ("/Groups/.search", 4)] {
        for sort in [json!(null), json!("id"), json!("displayName")] {
            let mut body = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
                "count": 2, "cursor": "", "sortBy": sort, "attributes": ["userName", "displayName"],
            });
            let mut seen = Vec::new();
            loop {
                let (status, page) = tenant.send("POST", path, &body);
                assert_eq!((status, &page["totalResults"]), (200, &json!(total)), "{path} {sort}: {page}");
                seen.extend(names(&page));
                assert!(page["Resources"].as_array().unwrap().iter().all(|one| one.get("meta").is_none()));
                let Some(next) = page.get("nextCursor") else { break };
                body["cursor"] = next.clone();
            }
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), total, "{path} {sort}");
        }
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn counts_and_indexes_outside_the_list() {
    let mut tenant = filled(7);
    tenant.settings = Settings { max_results: 4, ..Settings::default() };
    for (query, total, start, names_shown) in [
        ("", 7, Some(1), 4),
        ("count=100", 7, Some(1), 4),
        ("count=0", 7, Some(1), 0),
        ("count=-1", 7, Some(1), 0),
        ("startIndex=0", 7, Some(1), 4),
        ("startIndex=-5&count=2", 7, Some(1), 2),
        ("startIndex=7", 7, Some(7), 1),
        ("startIndex=8", 7, Some(8), 0),
        ("startIndex=9223372036854775807", 7, Some(i64::MAX), 0),
        ("cursor&count=0", 7, None, 0),
        ("cursor&count=-2", 7, None, 0),
        ("cursor=&count=100", 7, None, 4),
        ("filter=userName+eq+%22nobody%22", 0, Some(1), 0),
    ] {
        let page = tenant.get(&format!("/Users?{query}"));
        let found = (page["totalResults"].as_i64(), page["startIndex"].as_i64(), names(&page).len());
        assert_eq!(found, (Some(total), start, names_shown), "{query}");
        assert_eq!(page["itemsPerPage"], names_shown);
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn sorting_knows_case_primaries_and_the_missing() {
    let mut tenant = Tenant::default();
    for (name, title, external, emails) in [
        ("d", Some("beta"), Some("B"), json!([{ "value": "z@x" }, { "value": "a@x", "primary": true }])),
        ("c", Some("Alpha"), Some("a"), json!([{ "value": "m@x" }, { "value": "b@x" }])),
        ("a", None, None, json!([])),
        ("b", Some("ALPHA"), Some("C"), json!([{ "value": "c@x", "type": "home" }])),
    ] {
        let mut body = user(name);
        body["emails"] = emails;
        body["title"] = json!(title);
        body["externalId"] = json!(external);
        tenant.create("/Users", &body);
    }
    let mut sorted = |by: &str, order: &str| {
        names(&tenant.get(&format!("/Users?sortBy={}&sortOrder={order}", encode(by)))).concat()
    };
    assert_eq!(sorted("userName", "ascending"), "abcd");
    assert_eq!(sorted("userName", "descending"), "dcba");
    // Equal values keep the order of creation; who has none is last, and first descending.
    assert_eq!(sorted("title", "ascending"), "cbda");
    assert_eq!(sorted("title", "descending"), "adbc");
    assert_eq!(sorted("externalId", "ascending"), "dbca", "its case matters");
    assert_eq!(sorted("emails", "ascending"), "dbca", "the primary value, or the first");
    assert_eq!(sorted("emails.value", ""), sorted("emails", "ascending"));
    assert_eq!(sorted("meta.created", "descending"), "bacd");
    assert_eq!(sorted("urn:ietf:params:scim:schemas:core:2.0:User:userName", ""), "abcd");
    for by in ["name", "addresses", "shoeSize", "emails.colour"] {
        let (status, error) = tenant.send("GET", &format!("/Users?sortBy={by}"), &Value::Null);
        assert_eq!((status, error["scimType"].as_str()), (400, Some("invalidPath")), "{by}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod laws {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// What others do between two pages.
    #[derive(Clone, Debug)]
    enum Write {
        Create,
        Delete(usize),
        Rename(usize),
        Group(usize),
    }

    fn write() -> impl Strategy<Value = Write> {
        prop_oneof![
            Just(Write::Create),
            any::<usize>().prop_map(Write::Delete),
            any::<usize>().prop_map(Write::Rename),
            any::<usize>().prop_map(Write::Group),
        ]
    }

    /// The ids of those that match, in order.
    fn matching(tenant: &mut Tenant, filter: &str) -> BTreeSet<String> {
        let all = tenant.get(&format!("/Users?count=1000{filter}"));
        all["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }

    proptest! {
        #[test]
        fn what_matches_throughout_appears_exactly_once(
            users in 0usize..30,
            count in 1usize..7,
            filter in prop::sample::select(vec!["", "&filter=userName+sw+%22u%22", "&filter=active+eq+true",
                "&filter=not+(userName+ew+%22x%22)", "&sortBy=externalId", "&sortBy=meta.created&sortOrder=descending"]),
            writes in prop::collection::vec(prop::collection::vec(write(), 0..4), 40),
        ) {
            let mut tenant = Tenant::with(Settings { max_results: 1_000, ..Settings::default() });
            let mut made = 0;
            let mut create = |tenant: &mut Tenant| {
                made += 1;
                let mut body = user(&format!("u{made}"));
                body["active"] = json!(made % 3 != 0);
                // Some share the key they are sorted by, and some have none.
                body["externalId"] = if made % 4 == 0 { Value::Null } else { json!(format!("{}", made % 5)) };
                tenant.create("/Users", &body)
            };
            for _ in 0..users {
                create(&mut tenant);
            }
            let mut throughout = matching(&mut tenant, filter);
            let mut seen: Vec<String> = Vec::new();
            let mut cursor = String::new();
            for writes in writes {
                let page = tenant.get(&format!("/Users?count={count}{filter}&cursor={cursor}"));
                let shown = page["Resources"].as_array().unwrap();
                prop_assert!(shown.len() <= count);
                seen.extend(shown.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
                match page["nextCursor"].as_str() {
                    Some(next) => next.clone_into(&mut cursor),
                    None => break,
                }
                prop_assert_eq!(shown.len(), count, "a page that is not the last is full");
                for write in writes {
                    let ids: Vec<String> = matching(&mut tenant, "").into_iter().collect();
                    let one = |n: usize| ids.get(n % ids.len().max(1)).cloned();
                    match write {
                        Write::Create => { create(&mut tenant); }
                        Write::Delete(n) => if let Some(id) = one(n) {
                            tenant.send("DELETE", &format!("/Users/{id}"), &Value::Null);
                        },
                        Write::Rename(n) => if let Some(id) = one(n) {
                            let operation = json!({ "op": "replace", "path": "userName", "value": format!("{id}x") });
                            let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] });
                            tenant.send("PATCH", &format!("/Users/{id}"), &body);
                        },
                        Write::Group(n) => if let Some(id) = one(n) {
                            tenant.send("POST", "/Groups", &group(&format!("g{n}"), &[&id]));
                        },
                    }
                }
                let now = matching(&mut tenant, filter);
                throughout.retain(|id| now.contains(id));
            }
            let distinct: BTreeSet<&String> = seen.iter().collect();
            prop_assert_eq!(distinct.len(), seen.len(), "somebody appeared twice");
            for id in &throughout {
                prop_assert!(distinct.contains(id), "{} matched throughout and never appeared", id);
            }
        }
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_cursor_outlives_a_change_of_the_indexes() {
    let mut tenant = filled(0);
    let with = |usable: &[&str]| {
        let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        builtin().clone().with_indexes(paths(&["title"]), paths(usable))
    };
    tenant.registry = with(&[]);
    for number in 0..12 {
        let mut body = user(&format!("user{number:03}"));
        body["title"] = "Engineer".into();
        tenant.create("/Users", &body);
    }
    let query = "count=5&filter=title+eq+%22Engineer%22";
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for usable in [&[][..], &["title"], &[]] {
        tenant.registry = with(usable);
        let page = tenant.get(&format!("/Users?{query}&cursor={cursor}"));
        assert_eq!(page["totalResults"], 12, "{page}");
        seen.extend(names(&page));
        cursor = page["nextCursor"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(seen, (0..12).map(|number| format!("user{number:03}")).collect::<Vec<_>>());
}

/// A cursor stands in URLs and logs: a sort key is somebody's name.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn no_cursor_can_be_read() {
    let mut tenant = filled(6);
    for query in ["count=2", "count=2&sortBy=userName", "count=2&filter=userName+co+%22user%22"] {
        let page = tenant.get(&format!("/Users?{query}&cursor"));
        let bytes = URL_SAFE_NO_PAD.decode(page["nextCursor"].as_str().unwrap()).unwrap();
        let last = page["Resources"].as_array().unwrap().last().unwrap();
        let created = last["meta"]["created"].as_str().unwrap();
        for text in ["user001", last["id"].as_str().unwrap(), created, "{\""] {
            let is_there = bytes.windows(text.len()).any(|part| part == text.as_bytes());
            assert!(!is_there, "`{text}` can be read in the cursor of `{query}`");
        }
    }
}

/// A cursor outlives a deployment: what a query is told by may not change its form.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_filter_has_one_form_whatever_its_spelling() {
    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let registry = builtin();
    let user = registry.resource_type("User").unwrap();
    let form =
        |text: &str| filter::compile(&filter::parse(text).unwrap(), registry, user).unwrap().to_string();
    for (text, wanted) in [
        (r#"USERNAME  EQ "Bjensen""#, r#"userName eq "bjensen""#.to_owned()),
        (r#"id eq "A\"b""#, r#"id eq "A\"b""#.to_owned()),
        ("active eq true", "active eq true".to_owned()),
        ("nickName eq null", "nickName eq null".to_owned()),
        (
            r#"not (title pr and nickName sw "a" and (active eq true))"#,
            r#"not ((title pr and nickName sw "a" and active eq true))"#.to_owned(),
        ),
        (
            r#"title pr or nickName pr and active eq true"#,
            "(title pr or (nickName pr and active eq true))".to_owned(),
        ),
        (r#"emails[type eq "work"]"#, r#"emails[(type eq "work")]"#.to_owned()),
        (r#"name.familyName co "O""#, r#"name.familyName co "o""#.to_owned()),
        (&format!(r#"{ENTERPRISE}:department eq "A""#), format!(r#"{ENTERPRISE}:department eq "a""#)),
        (&format!("{ENTERPRISE} pr"), format!("{ENTERPRISE} pr")),
        (
            r#"meta.created gt "2026-11-30T01:00:00.5+01:00""#,
            "meta.created gt @1795996800500.000000000".to_owned(),
        ),
    ] {
        assert_eq!(form(text), wanted, "{text}");
    }
}
