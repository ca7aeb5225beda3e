//! PATCH as data (RFC 7644 §3.5.2), through `http::serve` and the store in memory, natively
//! and in the browser: every vector ends as it says, and every quirk of the table has a
//! vector that needs it.

use provisor::scim::compat::{Flag, Profile, QUIRKS};
use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{Context, NO_PASSWORDS, Settings};
use provisor::scim::http::{Reply, Request, serve};
use provisor::scim::schema::builtin;
use serde_json::{Value, json};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Every file of `vectors/patch`, with the fewest cases it may have.
const FILES: [(&str, &str, usize); 6] = [
    ("named", include_str!("vectors/patch/named.json"), 68),
    ("user", include_str!("vectors/patch/user.json"), 54),
    ("quirks", include_str!("vectors/patch/quirks.json"), 83),
    ("rules", include_str!("vectors/patch/rules.json"), 198),
    ("rfc7644", include_str!("vectors/patch/rfc7644.json"), 65),
    ("validator", include_str!("vectors/patch/validator.json"), 25),
];

fn cases() -> Vec<Value> {
    let mut all = Vec::new();
    for (name, text, floor) in FILES {
        let cases: Vec<Value> = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(cases.len() >= floor, "{name}: {} cases", cases.len());
        all.extend(cases);
    }
    all
}

fn profile(case: &Value) -> Profile {
    serde_json::from_value(case.get("profile").cloned().unwrap_or_else(|| "default".into())).unwrap()
}

fn send(store: &mut MemoryStore, settings: &Settings, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let headers = vec![("prefer".to_owned(), "explain".to_owned())];
    let request = Request { method: method.into(), path: path.into(), query: String::new(), headers, body };
    let mut new_id = || "7".to_owned();
    let mut context = Context {
        registry: builtin(),
        base: "https://scim.test/scim/v2",
        now: "2026-11-24T10:00:00.000Z",
        actor: "test",
        new_id: &mut new_id,
        hash_password: NO_PASSWORDS,
        me: None,
        cursor_key: b"test",
        effort: provisor::scim::effort::Effort::new(settings.step_budget),
        settings,
    };
    serve(store, &mut context, &request)
}

/// What a case leaves behind: the document and whether its version grew, or the fault.
#[derive(Debug, PartialEq)]
enum Outcome {
    Left { document: Value, changed: bool, read: Vec<String> },
    Refused(String),
}

fn run(case: &Value, profile: Profile) -> Outcome {
    let settings = Settings { profile, accepts_unknown_members: true, ..Settings::default() };
    let mut store = MemoryStore::new();
    let (endpoint, name) =
        if case["kind"] == "Group" { ("/Groups", "displayName") } else { ("/Users", "userName") };
    let mut document = case["document"].clone();
    if document.get(name).is_none() {
        document[name] = "ada".into();
    }
    document["schemas"] = json!([builtin().at_endpoint(endpoint).unwrap().schema]);
    let made = send(&mut store, &settings, "POST", endpoint, &document);
    assert_eq!(made.status, 201, "{}: {}", case["name"], made.body);
    let at = format!("{endpoint}/7");
    let before: Value = serde_json::from_str(&made.body).unwrap();
    let body = match case.get("body") {
        Some(body) => body.clone(),
        None => json!({ "schemas": [PATCH_OP], "Operations": case["ops"] }),
    };
    let reply = send(&mut store, &settings, "PATCH", &at, &body);
    let mut after: Value =
        serde_json::from_str(&send(&mut store, &settings, "GET", &at, &Value::Null).body).unwrap();
    if reply.status >= 400 {
        assert_eq!(before, after, "{}: refused, but something changed", case["name"]);
        let error: Value = serde_json::from_str(&reply.body).unwrap();
        return Outcome::Refused(error["scimType"].as_str().unwrap_or("none").to_owned());
    }
    let changed = after["meta"]["version"] != before["meta"]["version"];
    let resource = after.as_object_mut().unwrap();
    resource.retain(|name, _| !["schemas", "id", "meta"].contains(&name.as_str()));
    if case["expect"].get(name).is_none() {
        resource.remove(name);
    }
    let told = reply.headers.iter().find(|(name, _)| name == "Provisor-Read-As");
    let told: Vec<Value> = told.map(|(_, text)| serde_json::from_str(text).unwrap()).unwrap_or_default();
    let read = told.iter().map(|reading| reading["flag"].as_str().unwrap().to_owned()).collect();
    Outcome::Left { document: after, changed, read }
}

/// Why the outcome is not what the case says.
fn fault(case: &Value, outcome: &Outcome) -> Option<String> {
    match (outcome, case["error"].as_str()) {
        (Outcome::Refused(found), Some(wanted)) if found == wanted => None,
        (Outcome::Left { document, changed, read }, None) => {
            let flags: Vec<&str> =
                case["flags"].as_array().into_iter().flatten().map(|f| f.as_str().unwrap()).collect();
            if *document != case["expect"] {
                Some(format!("wanted {}, found {document}", case["expect"]))
            } else if *changed == (case["unchanged"] == true) {
                Some(format!("changed: {changed}"))
            } else {
                let untold = flags.iter().find(|flag| !read.iter().any(|read| read == *flag));
                untold.map(|flag| format!("`{flag}` was not told of: {read:?}"))
            }
        }
        _ => Some(format!("wanted {}, found {outcome:?}", case.get("error").unwrap_or(&case["expect"]))),
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn vectors_end_as_they_say() {
    let faults: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            fault(case, &run(case, profile(case))).map(|fault| format!("{}: {fault}", case["name"]))
        })
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// A flag that changes nothing is no flag: without it, one of its vectors ends otherwise.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn every_quirk_has_a_vector_that_needs_it() {
    let cases = cases();
    for quirk in QUIRKS.iter().filter(|quirk| {
        !matches!(
            quirk.flag,
            Flag::UniqueGroupNames
                | Flag::BareResource
                | Flag::NumberText
                | Flag::OpenValues
                // What only questions have is proven in tests/asked.rs.
                | Flag::FilteredAttributes
        )
    }) {
        let mut named = cases.iter().filter(|case| {
            case["flags"].as_array().is_some_and(|flags| flags.iter().any(|flag| *flag == *quirk.name))
        });
        let needed =
            named.any(|case| fault(case, &run(case, profile(case).with(quirk.flag, false))).is_some());
        assert!(needed, "no vector needs `{}`: {}", quirk.name, quirk.meaning);
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_profile_is_a_name_or_flags() {
    let read = |text: &str| serde_json::from_str::<Settings>(text).map(|settings| settings.profile);
    assert_eq!(read("{}").unwrap(), Profile::DEFAULT);
    assert_eq!(read(r#"{"strict":true}"#).unwrap(), Profile::STRICT);
    assert_eq!(read(r#"{"strict":false}"#).unwrap(), Profile::DEFAULT);
    assert_eq!(read(r#"{"profile":"strict"}"#).unwrap(), Profile::STRICT);
    let one = Profile::DEFAULT.with(Flag::BooleanText, false);
    assert_eq!(read(r#"{"profile":{"booleanText":false}}"#).unwrap(), one);
    assert_eq!(
        read(r#"{"profile":{"from":"strict","opCase":true}}"#).unwrap(),
        Profile::STRICT.with(Flag::OpCase, true)
    );
    assert_eq!(read(r#"{"profile":"microsoft"}"#).unwrap(), Profile::MICROSOFT);
    let but = Profile::MICROSOFT.with(Flag::OpCase, false);
    let whole = Profile::STRICT.with(Flag::JsonText, true);
    for profile in [Profile::DEFAULT, Profile::STRICT, Profile::MICROSOFT, one, but, whole] {
        let text = serde_json::to_string(&Settings { profile, ..Settings::default() }).unwrap();
        assert_eq!(read(&text).unwrap(), profile, "{text}");
    }
    for (text, part) in [
        (r#"{"profile":"lax"}"#, "send `default`, `strict`"),
        (r#"{"profile":{"opcase":true}}"#, "there are opCase"),
        (r#"{"profile":{"opCase":"yes"}}"#, "send `true` or `false`"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
    assert!(
        QUIRKS.iter().enumerate().all(|(index, quirk)| quirk.flag as usize == index),
        "in the flags' order"
    );
    let mut names: Vec<_> = QUIRKS.iter().map(|quirk| quirk.name).collect();
    names.dedup();
    assert_eq!(names.len(), QUIRKS.len());
    assert!(QUIRKS.iter().all(|quirk| !quirk.meaning.is_empty() && !quirk.source.is_empty()));
}
