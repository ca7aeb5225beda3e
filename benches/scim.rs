//! How long the SCIM core takes, natively, on one core: `cargo bench --bench scim`. Each
//! figure is the best of several runs, as anything slower was somebody else's work.
//! `benches/peers` measures the same beside other crates.

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use provisor::provision::example;
use provisor::scim::compat::Profile;
use provisor::scim::effort::Effort;
use provisor::scim::filter;
use provisor::scim::patch;
use provisor::scim::schema::builtin;
use provisor::scim::schema::check::{Rules, Write, check};
use serde_json::{Map, Value, json};
use support::{Tenant, group as group_of, user as user_named};

const FILTERS: [&str; 3] = [
    r#"userName eq "bjensen""#,
    r#"emails[type eq "work" and value co "@example.com"] or (active eq true and not (name.familyName sw "J"))"#,
    r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "Sales" and meta.lastModified gt "2026-01-01T00:00:00Z""#,
];

const JSON: &str = "serde_json parses and prints it";

fn best(runs: usize, mut work: impl FnMut()) -> Duration {
    let timed = (0..runs).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    timed.min().unwrap_or_default()
}

/// Microseconds that one call takes.
fn micros(mut work: impl FnMut()) -> f64 {
    best(30, || (0..200).for_each(|_| work())).as_secs_f64() * 1e6 / 200.0
}

fn short(text: &str) -> String {
    text.chars().take(50).collect()
}

fn main() {
    println!("{:<52}{:>14}{:>14}{:>16}", "filter", "parse, µs", "compile, µs", "users/s");
    let target: Value = serde_json::from_str(&example::target(1, 10_000)).unwrap();
    let people: Vec<_> =
        target["Resources"].as_array().unwrap().iter().filter_map(Value::as_object).collect();
    let kind = builtin().resource_type("User").unwrap();
    for text in FILTERS {
        let parse = micros(|| drop(black_box(filter::parse(black_box(text)))));
        let parsed = filter::parse(text).unwrap();
        let compile = micros(|| drop(black_box(filter::compile(black_box(&parsed), builtin(), kind))));
        let compiled = filter::compile(&parsed, builtin(), kind).unwrap();
        let all = best(30, || {
            black_box(people.iter().filter(|user| filter::matches(&compiled, user)).count());
        });
        let rate = people.len() as f64 / all.as_secs_f64();
        println!("{:<52}{parse:>14.2}{compile:>14.2}{rate:>16.0}", short(text));
    }

    let document = user();
    let floor = micros(|| {
        let value: Value = serde_json::from_str(black_box(&document)).unwrap();
        black_box(value.to_string());
    });
    println!(
        "\n{:<52}{:>14}{:>14}",
        format!("PATCH of a user of {} bytes, text to text", document.len()),
        "µs",
        "× JSON's own"
    );
    println!("{:<52}{floor:>14.2}{:>14.2}", JSON, 1.0);
    for (name, operations) in patches() {
        let body =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
        let body = body.to_string();
        let time = micros(|| drop(black_box(patched(black_box(&document), black_box(&body)))));
        println!("{name:<52}{time:>14.2}{:>14.2}", time / floor);
    }
    membership(1_000);
}

/// A member comes and goes in a group of so many, by the requests of a directory.
fn membership(members: usize) {
    let mut tenant = Tenant::default();
    let mut person = |number: usize| tenant.create("/Users", &user_named(&format!("user{number}")));
    let (late, ids) = (person(members), (0..members).map(&mut person).collect::<Vec<_>>());
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let at = format!("/Groups/{}", tenant.create("/Groups", &group_of("everybody", &ids)));
    let add = json!({ "Operations": [{ "op": "add", "path": "members", "value": [{ "value": late }] }] });
    let leave =
        json!({ "Operations": [{ "op": "remove", "path": format!("members[value eq \"{late}\"]") }] });
    let (add, leave) = (add.to_string(), leave.to_string());
    let document = tenant.ask("GET", &at, &[], "").body;
    let floor = micros(|| {
        let value: Value = serde_json::from_str(black_box(&document)).unwrap();
        black_box(value.to_string());
    });
    let title = format!("a member of a group of {members}, {} bytes", document.len());
    println!("\n{title:<52}{:>14}{:>14}\n{:<52}{floor:>14.2}{:>14.2}", "µs", "× JSON's own", JSON, 1.0);
    let both = micros(|| {
        assert_eq!(tenant.ask("PATCH", &at, &[], &add).status, 204);
        assert_eq!(tenant.ask("PATCH", &at, &[], &leave).status, 204);
    });
    println!("{:<52}{:>14.2}{:>14.2}", "added (half of added and removed)", both / 2.0, both / 2.0 / floor);
    let read = micros(|| {
        assert_eq!(tenant.ask("PATCH", &at, &[], &add).status, 204);
        black_box(tenant.ask("GET", &at, &[], "").body);
        assert_eq!(tenant.ask("PATCH", &at, &[], &leave).status, 204);
    });
    let read = read - both / 2.0;
    println!("{:<52}{read:>14.2}{:>14.2}", "added, and the whole group read", read / floor);
}

/// Text in, text out, with all that a directory checks.
fn patched(document: &str, body: &str) -> String {
    let kind = builtin().resource_type("User").unwrap();
    let body: Map<String, Value> = serde_json::from_str(body).unwrap();
    let document: Map<String, Value> = serde_json::from_str(document).unwrap();
    let operations = patch::decode(body, Profile::DEFAULT).unwrap();
    let done =
        patch::apply(builtin(), kind, Profile::DEFAULT, document.clone(), operations, &Effort::new(u64::MAX))
            .unwrap();
    let rules = Rules { open_values: true };
    let done = check(builtin(), kind, rules, Write::Patch(&document), done.document).unwrap();
    serde_json::to_string(&done).unwrap()
}

fn patches() -> [(&'static str, Value); 5] {
    [
        ("replace one attribute", json!([{ "op": "replace", "path": "title", "value": "Tour Guide" }])),
        (
            "replace by a value path",
            json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "b@example.com" }]),
        ),
        (
            "replace by an extension's path",
            json!([{ "op": "replace", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "Sales" }]),
        ),
        (
            "replace three without a path",
            json!([{ "op": "replace", "value": { "displayName": "B", "name.givenName": "B", "active": "False" } }]),
        ),
        (
            "add an e-mail",
            json!([{ "op": "add", "path": "emails", "value": [{ "type": "other", "value": "c@example.com" }] }]),
        ),
    ]
}

/// A user as RFC 7643 §8.3 shows one.
fn user() -> String {
    let address = |kind: &str, street: &str| {
        json!({ "type": kind, "streetAddress": street, "locality": "Hollywood", "region": "CA", "postalCode": "91608",
            "country": "USA", "formatted": format!("{street}\nHollywood, CA 91608 USA") })
    };
    json!({
        "externalId": "701984",
        "userName": "bjensen@example.com",
        "name": { "formatted": "Ms. Barbara J Jensen, III", "familyName": "Jensen", "givenName": "Barbara",
            "middleName": "Jane", "honorificPrefix": "Ms.", "honorificSuffix": "III" },
        "displayName": "Babs Jensen",
        "nickName": "Babs",
        "profileUrl": "https://login.example.com/bjensen",
        "emails": [{ "value": "bjensen@example.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" }],
        "addresses": [address("work", "100 Universal City Plaza"), address("home", "456 Hollywood Blvd")],
        "phoneNumbers": [{ "value": "555-555-5555", "type": "work" }, { "value": "555-555-4444", "type": "mobile" }],
        "ims": [{ "value": "someaimhandle", "type": "aim" }],
        "photos": [{ "value": "https://photos.example.com/profilephoto/72930000000Ccne/F", "type": "photo" }],
        "userType": "Employee",
        "title": "Guide",
        "preferredLanguage": "en-US",
        "locale": "en-US",
        "timezone": "America/Los_Angeles",
        "active": true,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "employeeNumber": "701984",
            "costCenter": "4130", "organization": "Universal Studios", "division": "Theme Park",
            "department": "Tour Operations", "manager": { "value": "26118915-6090-4610-87e4-49d8ca9f808d" } },
    })
    .to_string()
}
