//! Random requests: those of directories and of the standard (`tests/vectors`), changed at random in path, query,
//! headers and body. None may end in a server fault, and none may cost more than the effort of one request.
//!
//! `REQUESTS=1000000 SEED=7 cargo test --release --test random`; without them 20 000 requests of one seed.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use provisor::scim::compat::Profile;
use provisor::scim::directory::Settings;
use serde_json::{Value, json};
use support::Tenant;

/// SplitMix64: the same requests for the same seed on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).unwrap()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// A request of a vector, and every JSON value that stands in any of them.
struct Corpus {
    requests: Vec<Value>,
    parts: Vec<Value>,
    texts: Vec<String>,
}

fn read(folder: &Path, requests: &mut Vec<Value>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read(&path, requests);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let vector: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            if vector["method"].is_string() && vector["path"].is_string() {
                requests.push(vector);
            }
        }
    }
}

fn parts(value: &Value, all: &mut Vec<Value>, texts: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| parts(item, all, texts)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            texts.push(name.clone());
            parts(field, all, texts);
        }),
        Value::String(text) => texts.push(text.clone()),
        _ => {}
    }
    all.push(value.clone());
}

fn corpus() -> Corpus {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut requests = Vec::new();
    for folder in ["idp", "rfc7643", "rfc7644", "me"] {
        read(&root.join(folder), &mut requests);
    }
    assert!(requests.len() > 350, "only {} requests to begin with", requests.len());
    let (mut all, mut texts) = (Vec::new(), Vec::new());
    requests.iter().for_each(|request| parts(&request["request"], &mut all, &mut texts));
    Corpus { requests, parts: all, texts }
}

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const PATHS: &[&str] =
    &["/Users", "/Groups", "/.search", "/Users/.search", "/Bulk", "/Me", "/Schemas", "/", "/Nobody", ""];
const QUERIES: &[&str] = &[
    "filter=",
    "filter=userName%20sw%20%22a%22",
    "filter=emails%5Btype%20eq%20%22work%22%5D",
    "filter=not%20(active%20eq%20true)%20and%20title%20pr",
    "sortBy=userName&sortOrder=descending",
    "sortBy=emails.value",
    "count=-1",
    "count=0",
    "count=99999999999999999999",
    "startIndex=0",
    "startIndex=999999999",
    "cursor",
    "cursor=abc&count=2",
    "attributes=userName,emails,urn:x",
    "excludedAttributes=members",
    "%zz=%",
    "filter=%ff",
];

/// A text that somebody might send to do harm, or by mistake.
fn hostile(random: &mut Random, corpus: &Corpus) -> String {
    match random.below(9) {
        0 => String::new(),
        1 => "a".repeat(1 << random.below(15)),
        2 => "a\u{301}\u{323}".repeat(1 + random.below(400)),
        3 => "\"]) or (".to_owned(),
        4 => "\u{0}\u{202e}\u{feff}ß".to_owned(),
        5 => "emails[type eq \"work\" and value co \"x\"].value".to_owned(),
        6 => "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager".to_owned(),
        7 => format!("{}{}", random.of(&corpus.texts), random.of(&corpus.texts)),
        _ => random.of(&corpus.texts).clone(),
    }
}

fn anything(random: &mut Random, corpus: &Corpus) -> Value {
    match random.below(9) {
        0 => Value::Null,
        1 => json!(random.one_in(2)),
        2 => json!(random.next() as i64),
        3 => json!(f64::MAX),
        4 => json!([]),
        5 => json!({}),
        6 => Value::Array(vec![random.of(&corpus.parts).clone(); 1 + random.below(40)]),
        7 => random.of(&corpus.parts).clone(),
        _ => hostile(random, corpus).into(),
    }
}

/// Changes a value somewhere within.
fn change(value: &mut Value, random: &mut Random, corpus: &Corpus) {
    let into = !random.one_in(4);
    match value {
        Value::Object(fields) if into && !fields.is_empty() => {
            let at = random.below(fields.len());
            let name = fields.keys().nth(at).unwrap().clone();
            match random.below(7) {
                0 => drop(fields.shift_remove(&name)),
                1 => drop(fields.insert(hostile(random, corpus), anything(random, corpus))),
                2 => {
                    let taken = fields.shift_remove(&name).unwrap();
                    fields.insert(name.to_uppercase(), taken);
                }
                _ => change(&mut fields[&name], random, corpus),
            }
        }
        Value::Array(items) if into && !items.is_empty() => {
            let at = random.below(items.len());
            match random.below(6) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 => items.push(anything(random, corpus)),
                _ => change(&mut items[at], random, corpus),
            }
        }
        other => *other = anything(random, corpus),
    }
}

/// A request: method, path with query, headers and body.
fn draw(
    random: &mut Random,
    corpus: &Corpus,
    ids: &[String],
) -> (String, String, Vec<(&'static str, String)>, String) {
    let given = random.of(&corpus.requests);
    let mut method = given["method"].as_str().unwrap().to_owned();
    let mut path = given["path"].as_str().unwrap().to_owned();
    while let (Some(begin), Some(end)) = (path.find("{{"), path.find("}}")) {
        if end < begin {
            break;
        }
        let id = if ids.is_empty() { "nobody" } else { random.of(ids).as_str() };
        path.replace_range(begin..end + 2, id);
    }
    if random.one_in(8) {
        path = (*random.of(PATHS)).to_owned();
    }
    if random.one_in(12) {
        method = (*random.of(METHODS)).to_owned();
    }
    if random.one_in(5) {
        let separator = if path.contains('?') { '&' } else { '?' };
        path = format!("{path}{separator}{}", random.of(QUERIES));
    }
    if random.one_in(25) {
        let more = *random.of(&["/", "//", "/..", "%2e", "?", "#", "é", "/.search"]);
        path.push_str(more);
    }
    let mut headers = vec![("content-type", "application/scim+json".to_owned())];
    for (name, values) in [
        ("if-match", ["W/\"1\"", "*", "\"x"]),
        ("if-none-match", ["W/\"1\"", "*", ","]),
        ("prefer", ["explain", "return=minimal", "x;;"]),
        ("accept", ["application/json", "text/html", "*/*;q=0"]),
        ("content-type", ["text/plain", "", "application/json; charset=utf-16"]),
    ] {
        if random.one_in(15) {
            headers.push((name, (*random.of(&values)).to_owned()));
        }
    }
    let mut body = given["request"].clone();
    for _ in 0..random.below(5) {
        change(&mut body, random, corpus);
    }
    let mut text = if body.is_null() { String::new() } else { body.to_string() };
    for id in ["{{user}}", "{{group}}"] {
        if !ids.is_empty() {
            let known: &String = random.of(ids);
            text = text.replace(id, known);
        }
    }
    if random.one_in(40) {
        let mut at = random.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text.truncate(at);
    }
    (method, path, headers, text)
}

#[test]
fn random_requests_never_end_in_a_server_fault() {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
    };
    let (requests, seed) = (number("REQUESTS", 20_000), number("SEED", 1));
    let corpus = corpus();
    let mut random = Random(seed);
    let mut tenant = Tenant::default();
    let mut ids: Vec<String> = Vec::new();
    let mut statuses = std::collections::BTreeMap::<u16, u64>::new();
    let mut dearest = (Duration::ZERO, String::new());
    for count in 0..requests {
        // A fresh directory now and then, and each profile in its turn.
        if count % 400 == 0 {
            let profile = if count / 400 % 3 == 2 { json!("strict") } else { json!("default") };
            let profile: Profile = serde_json::from_value(profile).unwrap();
            tenant = Tenant::with(Settings { profile, ..Settings::default() });
            ids.clear();
        }
        let (method, path, headers, body) = draw(&mut random, &corpus, &ids);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let shown = || {
            let body: String = body.chars().take(2_000).collect();
            format!("seed {seed}, request {count}: {method} {path} {headers:?} {body}")
        };
        let began = Instant::now();
        let reply = tenant.ask(&method, &path, &headers, &body);
        let took = began.elapsed();
        if took > dearest.0 {
            dearest = (took, shown());
        }
        assert!(reply.status < 500 || reply.status == 501, "{} {}\n{}", reply.status, reply.body, shown());
        // A HEAD is answered without a body.
        if reply.status >= 400 && method != "HEAD" {
            let fault: Value = serde_json::from_str(&reply.body).unwrap_or_else(|_| panic!("{}", shown()));
            assert_eq!(fault["status"], reply.status.to_string(), "{}", shown());
            assert!(!fault["detail"].as_str().unwrap_or_default().is_empty(), "{}", shown());
        }
        if reply.status == 201
            && let Ok(made) = serde_json::from_str::<Value>(&reply.body)
            && let Some(id) = made["id"].as_str()
        {
            ids.push(id.to_owned());
        }
        *statuses.entry(reply.status).or_default() += 1;
    }
    // The budget of one request is about two seconds in a release build; this one is slower.
    let bound = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 4 });
    assert!(dearest.0 < bound, "{:?} for {}", dearest.0, dearest.1);
    println!("{requests} requests, seed {seed}: {statuses:?}; the dearest took {:?}", dearest.0);
    let answered = |status: u16| statuses.get(&status).copied().unwrap_or_default();
    assert!(answered(200) > requests / 20 && answered(400) > requests / 20, "{statuses:?}");
}
