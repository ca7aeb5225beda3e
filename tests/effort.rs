//! What a request costs is counted, ends, and grows no faster than what it asks.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/dear.rs"]
mod dear;
mod support;

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Instant;

use dear::{Dear, dear, group_of, keep, long, people, search, terms};
use proptest::prelude::*;
use provisor::scim::directory::page::PAGE_BYTES;
use serde_json::{Value, json};
use support::{Tenant, encode};

/// Sends a request; answers with the status, the body, the seconds and the steps that it took.
fn sent(tenant: &mut Tenant, dear: &Dear) -> (u16, String, f64, u64) {
    let body = if dear.body.is_null() { String::new() } else { dear.body.to_string() };
    let start = Instant::now();
    let reply = tenant.ask(dear.method, &dear.target, &[], &body);
    (reply.status, reply.body, start.elapsed().as_secs_f64(), tenant.spent)
}

/// Seconds that a step takes here and now: those of an ordinary search.
fn step() -> f64 {
    let mut tenant = people(300);
    let search =
        dear("", "POST", "/Users/.search", search(&terms(20, &|n| format!("title co \"x{n}\"")), json!({})));
    let times = (0..3).map(|_| {
        let (status, _, seconds, steps) = sent(&mut tenant, &search);
        assert_eq!(status, 200);
        #[allow(clippy::cast_precision_loss, reason = "steps are far below 2^53")]
        let steps = steps as f64;
        seconds / steps
    });
    times.fold(f64::INFINITY, f64::min)
}

/// A text of a kind and a length.
fn text() -> impl Strategy<Value = String> {
    let letters = prop::sample::select(vec!["a", "e", "é", "ß", "漢", "A", " ", "ee", "İ", "e\u{301}"]);
    (letters, prop::sample::select(vec![1_usize, 3, 100, 200, 3_000, 60_000]), "[a-eéß]{0,3}")
        .prop_map(|(letter, number, end)| format!("{}{end}", letter.repeat(number)))
}

/// A comparison of a text with a literal, within what a filter may be long.
fn term() -> impl Strategy<Value = String> {
    let attribute = prop::sample::select(vec![
        "nickName",
        "title",
        "userName",
        "phoneNumbers.value",
        "phoneNumbers.display",
        "displayName",
        "groups.display",
        "meta.resourceType",
        "profileUrl",
    ]);
    let operator = prop::sample::select(vec!["co", "sw", "ew", "eq", "ne", "gt", "le"]);
    let inside = ("(co|sw|eq)", "[a-eé]{0,12}")
        .prop_map(|(operator, wanted)| format!("phoneNumbers[value {operator} \"{wanted}\" or display pr]"));
    let plain = (attribute, operator, text()).prop_map(|(attribute, operator, wanted)| {
        let wanted: String = wanted.chars().take(60).collect();
        format!("{attribute} {operator} \"{wanted}\"")
    });
    prop_oneof![4 => plain, 1 => inside]
}

/// A tenant of few resources with long values.
fn tenant() -> impl Strategy<Value = Tenant> {
    let person = (text(), text(), prop::sample::select(vec![0_usize, 3, 400]));
    (prop::collection::vec(person, 1..12), text()).prop_map(|(persons, name)| {
        let mut tenant = Tenant::default();
        let mut ids = Vec::new();
        for (n, (nick, title, phones)) in persons.into_iter().enumerate() {
            let value = |n: usize| json!({ "value": format!("{n:05}"), "display": "e".repeat(n % 200) });
            let phones: Vec<Value> = (0..phones).map(value).collect();
            let user = json!({ "userName": format!("u{n}"), "nickName": nick, "title": title, "displayName": nick,
                "phoneNumbers": phones });
            ids.push(format!("u{n}"));
            keep(&mut tenant, "User", &format!("u{n}"), &user, &[]);
        }
        keep(&mut tenant, "Group", "g", &json!({ "displayName": name }), &ids);
        tenant
    })
}

/// A request that asks much.
fn request() -> impl Strategy<Value = Dear> {
    let names =
        prop::collection::vec("(emails|phoneNumbers|userName|members|groups)(\\.(value|display))?", 0..256);
    let sort =
        prop::sample::select(vec!["", "title", "phoneNumbers.display", "meta.created", "groups.display"]);
    let filter = (prop::collection::vec(term(), 1..40), prop::sample::select(vec![" or ", " and "]));
    let count = prop::sample::select(vec![0, 1, 100]);
    let target = prop::sample::select(vec!["/Users/.search", "/Groups/.search", "/.search"]);
    let searched =
        (filter, names, sort, count, target).prop_map(|((terms, join), names, sort, count, target)| {
            let mut filter = String::new();
            for term in terms {
                let more = format!("{}{term}", if filter.is_empty() { "" } else { join });
                if filter.len() + more.len() < 8_000 {
                    filter.push_str(&more);
                }
            }
            let mut body = json!({ "filter": filter, "count": count, "attributes": names, "cursor": "" });
            if !sort.is_empty() {
                body["sortBy"] = sort.into();
            }
            dear("", "POST", target, body)
        });
    let read =
        prop::sample::select(vec!["/Users", "/Groups", "/Groups/g", "/Users/u0", "/", "/Users?sortBy=title"])
            .prop_map(|target| dear("", "GET", target, Value::Null));
    let value = |n: usize| json!({ "value": format!("v{n}") });
    let patched = (1_usize..60, 1_usize..10, "(add|replace)").prop_map(move |(values, number, op)| {
        let one = |at: usize| {
            json!({ "op": op, "path": "phoneNumbers", "value": (at..at + values).map(value).collect::<Vec<_>>() })
        };
        dear("", "PATCH", "/Users/u0", dear::operations((0..number).map(one).collect()))
    });
    let bulk = (1_usize..60, text()).prop_map(|(number, title)| {
        let title: String = title.chars().take(1_000).collect();
        let one = |n: usize| {
            let data = json!({ "userName": format!("b{n}"), "title": title, "displayName": "bulkId:1" });
            json!({ "method": "POST", "path": "/Users", "bulkId": n.to_string(), "data": data })
        };
        dear("", "POST", "/Bulk", json!({ "Operations": (0..number).map(one).collect::<Vec<_>>() }))
    });
    let removed = (1_usize..60, text()).prop_map(|(number, name)| {
        let name: String = name.chars().take(20).collect();
        let remove = json!({ "op": "remove", "path": format!("members[display co \"zz{name}\"]") });
        dear("", "PATCH", "/Groups/g", dear::operations(vec![remove; number]))
    });
    prop_oneof![4 => searched, 1 => read, 1 => patched, 1 => removed, 1 => bulk]
}

/// How much longer than its steps say a request may take: this machine is shared, and JSON, checks and
/// searches do not cost the same a step everywhere.
const SLACK: f64 = 25.0;
/// Steps of what every request costs.
const FLOOR: u64 = 40_000;

/// How many requests are drawn: some are long.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn what_is_counted_bounds_what_is_done(tenant in tenant(), request in request()) {
        static STEP: LazyLock<f64> = LazyLock::new(step);
        let (mut last, mut step_here) = ((0.0, 0.0), *STEP);
        // What is slow for the machine's own reasons is not slow thrice.
        for _ in 0..3 {
            let (status, body, seconds, steps) = sent(&mut tenant.clone(), &request);
            prop_assert!(status < 500 && status != 408, "{status}: {body}");
            #[allow(clippy::cast_precision_loss, reason = "steps are far below 2^53")]
            let most = SLACK * step_here * (steps + FLOOR) as f64;
            last = (seconds, most);
            if seconds <= most {
                return Ok(());
            }
            step_here = step().max(step_here);
        }
        prop_assert!(false, "{} {} took {} s, its steps allow {} s", request.method, request.target, last.0, last.1);
    }
}

/// Seconds that a request takes, sent so many times: the least of some tries. Both sides of a comparison do
/// as much, so that a busy machine slows them alike.
fn seconds(tenant: &Tenant, request: &Dear, times: u32) -> f64 {
    // One at a time, so that the tests do not slow each other.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut tenant = tenant.clone();
    let tries = (0..5).map(|_| {
        let one = (0..times).map(|_| {
            let (status, body, seconds, _) = sent(&mut tenant, request);
            assert!(status < 300, "{}: {status} {body}", request.name);
            seconds
        });
        one.sum()
    });
    tries.fold(f64::INFINITY, f64::min)
}

#[test]
fn eight_times_the_text_costs_eight_times_the_search_and_not_sixty() {
    for letter in ["e", "é"] {
        let wanted = format!("nickName co \"{}z\"", letter.repeat(1_000));
        let request = dear(letter, "POST", "/Users/.search", search(&wanted, json!({})));
        let [short, longer] =
            [(100_000, 8), (800_000, 1)].map(|(bytes, times)| seconds(&long(letter, bytes), &request, times));
        assert!(longer < 4.0 * short, "{letter}: {longer} s against {short} s");
    }
}

#[test]
fn a_needle_a_hundred_times_as_long_costs_no_more() {
    let tenant = long("e", 800_000);
    let [one, hundred] = [20, 2_000].map(|bytes| {
        let wanted = format!("nickName co \"{}z\"", "e".repeat(bytes));
        seconds(&tenant, &dear("needle", "POST", "/Users/.search", search(&wanted, json!({}))), 3)
    });
    assert!(hundred < 6.0 * one, "{hundred} s against {one} s");
}

#[test]
fn a_text_is_folded_once_for_all_terms() {
    let tenant = long("é", 400_000);
    let [one, many] = [1, 50].map(|number| {
        let filter = terms(number, &|n| format!("nickName co \"z{n}\""));
        seconds(&tenant, &dear("terms", "POST", "/Users/.search", search(&filter, json!({}))), 3)
    });
    assert!(many < 12.0 * one, "{many} s for fifty terms against {one} s for one");
}

#[test]
fn a_dear_search_ends_and_says_what_to_do() {
    let mut tenant = people(3_000);
    tenant.settings.step_budget = 1_000_000;
    let filter = terms(200, &|n| format!("title co \"x{n}\""));
    let (status, body, ..) =
        sent(&mut tenant, &dear("", "POST", "/Users/.search", search(&filter, json!({}))));
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("tooMany") && body.contains("userName eq"), "{body}");
    assert_eq!(tenant.spent, 1_000_000);
}

#[test]
fn a_bulk_ends_and_what_was_done_stays() {
    let mut tenant = Tenant::default();
    tenant.settings.step_budget = 120_000;
    let one =
        |n: usize| json!({ "method": "POST", "path": "/Users", "data": { "userName": format!("u{n}") } });
    let body = json!({ "Operations": (0..100).map(one).collect::<Vec<_>>() });
    let (status, body) = tenant.send("POST", "/Bulk", &body);
    assert_eq!(status, 200, "{body}");
    let statuses: Vec<&str> =
        body["Operations"].as_array().unwrap().iter().filter_map(|o| o["status"].as_str()).collect();
    let made = statuses.iter().filter(|status| **status == "201").count();
    assert!(made > 1 && made < 100, "{made} made");
    assert!(statuses.iter().skip(made).all(|status| *status == "413"), "{statuses:?}");
    tenant.settings.step_budget = 40_000_000;
    assert_eq!(tenant.get("/Users?count=0")["totalResults"], made);
}

#[test]
fn a_list_of_long_resources_is_cut_and_goes_on() {
    let mut tenant = Tenant::default();
    for n in 0..20 {
        let document = json!({ "userName": format!("u{n:02}"), "nickName": "n".repeat(900_000) });
        keep(&mut tenant, "User", &format!("u{n:02}"), &document, &[]);
    }
    for more in
        ["", "&filter=nickName+sw+%22n%22", "&sortBy=userName", "&sortBy=userName&sortOrder=descending"]
    {
        // By index: the next page begins behind what was shown.
        let (mut seen, mut start) = (Vec::new(), 1);
        while seen.len() < 20 {
            let page = tenant.get(&format!("/Users?startIndex={start}{more}"));
            let shown = page["Resources"].as_array().unwrap();
            assert_eq!((page["totalResults"].as_u64(), &page["startIndex"]), (Some(20), &json!(start)));
            assert_eq!(page["itemsPerPage"], shown.len(), "{more}");
            assert!(!shown.is_empty() && page.to_string().len() < 2 * PAGE_BYTES, "{more}");
            seen.extend(shown.iter().map(|one| one["userName"].as_str().unwrap().to_owned()));
            start += shown.len();
        }
        let mut once = seen.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), 20, "{more}: {seen:?}");
        // By cursor, forth and back.
        let walk = |tenant: &mut Tenant, from: String, name: &str| {
            let (mut cursor, mut pages) = (from, Vec::new());
            loop {
                let page = tenant.get(&format!("/Users?count=100&cursor={cursor}{more}"));
                let shown = page["Resources"].as_array().unwrap().iter();
                pages.push((
                    shown.map(|one| one["userName"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
                    page["previousCursor"].as_str().unwrap_or_default().to_owned(),
                ));
                match page[name].as_str() {
                    Some(next) => cursor = next.to_owned(),
                    None => return pages,
                }
            }
        };
        let forth = walk(&mut tenant, String::new(), "nextCursor");
        assert_eq!(forth.iter().flat_map(|(page, _)| page.clone()).collect::<Vec<_>>(), seen, "{more}");
        let last = forth.last().unwrap();
        let mut back = walk(&mut tenant, last.1.clone(), "previousCursor");
        back.reverse();
        let back: Vec<String> = back.into_iter().flat_map(|(page, _)| page).collect();
        assert_eq!(back, seen[..20 - last.0.len()], "{more}, back");
    }
}

#[test]
fn a_group_too_long_to_be_shown_is_shown_without_members() {
    let mut tenant = group_of(28, 1_000_000);
    let (status, body) = tenant.send("GET", "/Groups/g", &Value::Null);
    assert_eq!(status, 413, "{}", body["detail"]);
    assert!(body["detail"].as_str().unwrap().contains("excludedAttributes=members"), "{body}");
    let (status, body) = tenant.send("GET", "/Groups", &Value::Null);
    assert_eq!((status, body["scimType"].as_str()), (400, Some("tooMany")), "{}", body["detail"]);
    assert_eq!(tenant.get("/Groups/g?excludedAttributes=members")["displayName"], "g");
    assert_eq!(tenant.get("/Groups?attributes=displayName")["itemsPerPage"], 1);
    // A change of it is made, and told without them.
    let rename = json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": "h" }] });
    let (status, body) = tenant.send("PATCH", "/Groups/g?attributes=displayName,members", &rename);
    assert_eq!((status, body["displayName"].as_str()), (200, Some("h")));
    assert!(body.get("members").is_none());
    let put = json!({ "displayName": "i", "members": [] });
    assert_eq!(tenant.send("PUT", "/Groups/g", &put).0, 200);
}

#[test]
fn no_more_names_are_taken_than_a_reply_can_be_made_of() {
    let mut tenant = people(1);
    let names = |number: usize| vec!["emails.value"; number];
    for (number, wanted) in [(256, 200), (257, 400)] {
        for name in ["attributes", "excludedAttributes"] {
            let list = names(number).join(",");
            assert_eq!(tenant.send("GET", &format!("/Users?{name}={list}"), &Value::Null).0, wanted);
            assert_eq!(tenant.send("POST", "/Users/.search", &json!({ name: names(number) })).0, wanted);
            // Refused before anything is changed.
            let user = json!({ "userName": format!("{name}{number}") });
            let made = tenant.send("POST", &format!("/Users?{name}={list}"), &user).0;
            assert_eq!(made, if wanted == 200 { 201 } else { 400 });
            let filter = encode(&format!("userName eq \"{name}{number}\""));
            let there = tenant.get(&format!("/Users?filter={filter}"))["totalResults"].as_u64();
            assert_eq!(there, Some(u64::from(wanted == 200)));
        }
    }
}

#[test]
fn a_sorted_list_holds_no_more_than_its_page() {
    let mut tenant = people(2_000);
    let (status, body, ..) =
        sent(&mut tenant, &dear("", "GET", "/Users?sortBy=userName&count=5&startIndex=3", Value::Null));
    assert_eq!(status, 200);
    let page: Value = serde_json::from_str(&body).unwrap();
    let shown: Vec<&str> =
        page["Resources"].as_array().unwrap().iter().filter_map(|one| one["userName"].as_str()).collect();
    let names =
        ["user1001@example.com", "user1002@example.com", "user1003@example.com", "user1004@example.com"];
    assert_eq!((&shown[..4], page["totalResults"].as_u64()), (&names[..], Some(2_000)));
}
