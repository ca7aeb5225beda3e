//! Dear requests: those that cost the most for their length.
#![allow(dead_code, reason = "each test file uses a part")]

use provisor::scim::directory::{ChangeSet, Put, Record, Store, keys};
use serde_json::{Value, json};

use crate::support::Tenant;

/// A time before every request.
const AT: &str = "2026-11-01T10:00:00.000Z";

/// A request by its name.
#[derive(Clone, Debug)]
pub struct Dear {
    pub name: String,
    pub method: &'static str,
    pub target: String,
    pub body: Value,
}

/// A request.
pub fn dear(name: &str, method: &'static str, target: &str, body: Value) -> Dear {
    Dear { name: name.into(), method, target: target.into(), body }
}

/// Keeps a resource as it is, however long: what was written before there were bounds.
pub fn keep(tenant: &mut Tenant, kind: &str, id: &str, document: &Value, members: &[String]) {
    let kind = tenant.registry.resource_type(kind).unwrap();
    let (unique, index) = keys(&tenant.registry, kind, document.as_object().unwrap(), true);
    let record = Record {
        kind: kind.name.clone(),
        id: id.into(),
        version: 1,
        created: AT.into(),
        modified: AT.into(),
        document: document.to_string(),
    };
    let put = Put { record, unique, index, keeps_keys: false };
    let add_members = members.iter().map(|member| (id.to_owned(), member.clone(), "User".to_owned()));
    let change = ChangeSet { put: vec![put], add_members: add_members.collect(), ..ChangeSet::default() };
    tenant.store.commit(&change).unwrap();
}

/// An ordinary user.
pub fn person(number: usize) -> Value {
    json!({
        "userName": format!("user{number}@example.com"), "externalId": format!("external-{number}"),
        "displayName": format!("User {number}"), "active": true, "title": "Engineer",
        "name": { "givenName": "User", "familyName": format!("Number {number}"), "formatted": format!("User Number {number}") },
        "emails": [{ "type": "work", "primary": true, "value": format!("user{number}@example.com") }],
    })
}

/// A tenant with so many ordinary users.
pub fn people(number: usize) -> Tenant {
    let mut tenant = Tenant::default();
    (0..number).for_each(|n| keep(&mut tenant, "User", &format!("u{n:08}"), &person(n), &[]));
    tenant
}

/// The body of a search.
pub fn search(filter: &str, more: Value) -> Value {
    let mut body = json!({ "filter": filter, "count": 0 });
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    body
}

/// Comparisons joined by `or`, each with a number.
pub fn terms(number: usize, term: &dyn Fn(usize) -> String) -> String {
    (0..number).map(term).collect::<Vec<_>>().join(" or ")
}

/// The body of a PATCH.
pub fn operations(operations: Vec<Value>) -> Value {
    json!({ "Operations": operations })
}

/// Two users with a long text.
pub fn long(letter: &str, bytes: usize) -> Tenant {
    let mut tenant = Tenant::default();
    for n in 0..2 {
        let document =
            json!({ "userName": format!("u{n}"), "nickName": letter.repeat(bytes / letter.len()) });
        keep(&mut tenant, "User", &format!("u{n}"), &document, &[]);
    }
    tenant
}

/// A user with so many phone numbers.
pub fn phones(number: usize) -> Tenant {
    let mut tenant = Tenant::default();
    let document = json!({ "userName": "u", "phoneNumbers": numbers(0, number) });
    keep(&mut tenant, "User", "u", &document, &[]);
    tenant
}

/// Phone numbers.
pub fn numbers(from: usize, number: usize) -> Value {
    (from..from + number).map(|n| json!({ "value": format!("{n:08}") })).collect()
}

/// A group of so many users, whose names have so many bytes.
pub fn group_of(number: usize, bytes: usize) -> Tenant {
    let mut tenant = Tenant::default();
    let ids: Vec<String> = (0..number).map(|n| format!("u{n:08}")).collect();
    for (n, id) in ids.iter().enumerate() {
        let name = format!("{}{n:08}", "n".repeat(bytes.saturating_sub(8)));
        keep(&mut tenant, "User", id, &json!({ "userName": format!("u{n}"), "displayName": name }), &[]);
    }
    keep(&mut tenant, "Group", "g", &json!({ "displayName": "g" }), &ids);
    tenant
}

/// A user in a group that is in a group, so many deep.
pub fn nested(depth: usize) -> Tenant {
    let mut tenant = Tenant::default();
    keep(&mut tenant, "User", "u", &json!({ "userName": "u" }), &[]);
    let mut inner = "u".to_owned();
    for n in 0..depth {
        let id = format!("g{n:08}");
        keep(&mut tenant, "Group", &id, &json!({ "displayName": format!("group {n}") }), &[inner]);
        inner = id;
    }
    tenant
}

/// Every kind of dear request, each with its tenant.
pub fn all() -> Vec<(Tenant, Dear)> {
    let needle = |n: usize| format!("nickName co \"zz{n}\"");
    let slow = |n: usize| format!("nickName co \"{}{n}\"", "e".repeat(20));
    let short = |n: usize| format!("nickName co \"eeeeee{n}\"");
    let title = |n: usize| format!("title co \"x{n}\"");
    let many = |body: Value| ("POST", "/Users/.search", body);
    let of = |tenant: Tenant, name: &str, (method, target, body): (&'static str, &str, Value)| {
        (tenant, dear(name, method, target, body))
    };
    let add =
        |n: usize| operations(vec![json!({ "op": "add", "path": "phoneNumbers", "value": numbers(n, n) })]);
    let removes =
        |n: usize| operations(vec![json!({ "op": "remove", "path": "members[display co \"zz\"]" }); n]);
    let bulk = |n: usize| {
        let one = |n: usize| json!({ "method": "POST", "path": "/Users", "bulkId": n.to_string(), "data": person(n) });
        json!({ "Operations": (0..n).map(one).collect::<Vec<_>>() })
    };
    let names: Vec<String> =
        (0..256).map(|n| format!("emails.value{}", if n % 2 == 0 { "" } else { "x" })).collect();
    let nothing = || Value::Null;
    vec![
        of(people(2_000), "one term over 2 000 users", many(search("title co \"zz\"", nothing()))),
        of(long("é", 900_000), "60 terms in 2 × 900 KB of é", many(search(&terms(60, &needle), nothing()))),
        of(long("e", 900_000), "60 terms in 2 × 900 KB of e", many(search(&terms(60, &slow), nothing()))),
        of(long("e", 900_000), "256 terms in 2 × 900 KB of e", many(search(&terms(256, &short), nothing()))),
        of(people(5_000), "256 terms over 5 000 users", many(search(&terms(256, &title), nothing()))),
        of(people(100_000), "one term over 100 000 users", many(search("title co \"zz\"", nothing()))),
        of(people(100_000), "256 terms over 100 000 users", many(search(&terms(256, &title), nothing()))),
        of(
            people(50_000),
            "50 000 users sorted",
            ("GET", "/Users?sortBy=name.familyName&count=10", nothing()),
        ),
        of(
            people(1_000),
            "256 names of attributes",
            many(search("active eq true", json!({ "attributes": names, "count": 100 }))),
        ),
        of(
            phones(4_000),
            "256 terms for 4 000 elements",
            many(search(
                &format!("phoneNumbers[{}]", terms(250, &|n| format!("value co \"x{n}\""))),
                nothing(),
            )),
        ),
        of(group_of(28, 1_000_000), "a group of 28 names of 1 MB", ("GET", "/Groups/g", nothing())),
        of(group_of(28, 1_000_000), "the list of that group", ("GET", "/Groups", nothing())),
        of(group_of(50_000, 10), "a group of 50 000", ("GET", "/Groups/g", nothing())),
        of(nested(3_000), "a user in 3 000 nested groups", ("GET", "/Users/u", nothing())),
        of(group_of(5_000, 10), "300 removals from 5 000 members", ("PATCH", "/Groups/g", removes(300))),
        of(phones(500), "500 values added to 500", ("PATCH", "/Users/u", add(500))),
        of(phones(2_000), "2 000 values added to 2 000", ("PATCH", "/Users/u", add(2_000))),
        of(phones(8_000), "8 000 values added to 8 000", ("PATCH", "/Users/u", add(8_000))),
        of(Tenant::default(), "1 000 users in one Bulk", ("POST", "/Bulk", bulk(1_000))),
    ]
}
