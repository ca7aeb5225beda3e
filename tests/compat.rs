//! Compatibility profiles over whole resources: every vector is read as it says, and every
//! reading is told as it says.

use provisor::scim::compat::{Flag, Profile, QUIRKS, Reader};
use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{Context, NO_PASSWORDS, Settings};
use provisor::scim::http::{Request, serve};
use provisor::scim::schema::{Registry, Type, builtin};
use serde_json::{Value, json};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn resources_are_read_as_the_vectors_say() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("vectors/compat/resource.json")).unwrap();
    assert!(cases.len() >= 22, "{} cases", cases.len());
    for case in &cases {
        let kind = builtin().resource_type(case["kind"].as_str().unwrap()).unwrap();
        let profile = case.get("profile").cloned().unwrap_or_else(|| "default".into());
        let mut reader = Reader::new(builtin(), kind, serde_json::from_value(profile).unwrap());
        let read = reader.resource(case["body"].as_object().unwrap().clone());
        assert_eq!(Value::Object(read), case["expect"], "{}", case["name"]);
        assert_eq!(serde_json::to_value(&reader.readings).unwrap(), case["readings"], "{}", case["name"]);
    }
}

/// A schema with a number, which the built-in ones lack.
fn with_a_number() -> Registry {
    let mut registry = builtin().clone();
    for attribute in registry.schemas.iter_mut().flat_map(|schema| &mut schema.attributes) {
        if attribute.name == "costCenter" {
            attribute.kind = Type::Integer;
        }
    }
    registry
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn text_is_a_number_where_the_schema_wants_one() {
    let (registry, urn) = (with_a_number(), "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User");
    let body = |value: Value| json!({ urn: { "costCenter": value } }).as_object().unwrap().clone();
    let read = |profile: Profile, value: Value| {
        let mut reader = Reader::new(&registry, registry.resource_type("User").unwrap(), profile);
        reader.resource(body(value))[urn]["costCenter"].clone()
    };
    assert_eq!(read(Profile::DEFAULT, json!("4130")), 4130);
    assert_eq!(read(Profile::DEFAULT, json!("many")), "many", "the schema judges what is no number");
    assert_eq!(read(Profile::DEFAULT.with(Flag::NumberText, false), json!("4130")), "4130");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn readings_are_told_to_who_asks_and_names_are_unique_where_wanted() {
    let send = |store: &mut MemoryStore, settings: &Settings, path: &str, body: &Value, prefer: &str| {
        let headers = vec![("prefer".to_owned(), prefer.to_owned())];
        let mut ids = store.journal.len();
        let mut new_id = || {
            ids += 1;
            ids.to_string()
        };
        let mut context = Context {
            registry: builtin(),
            base: "https://scim.test",
            now: "2026-11-24T10:00:00.000Z",
            actor: "test",
            new_id: &mut new_id,
            hash_password: NO_PASSWORDS,
            me: None,
            cursor_key: b"test",
            effort: provisor::scim::effort::Effort::new(settings.step_budget),
            settings,
        };
        let (method, path, query) = ("POST".into(), path.into(), String::new());
        serve(store, &mut context, &Request { method, path, query, headers, body: body.to_string() })
    };
    let (mut store, settings) = (MemoryStore::new(), Settings::default());
    let told = |reply: &provisor::scim::http::Reply| {
        let header = reply.headers.iter().find(|(name, _)| name == "Provisor-Read-As");
        header.map(|(_, text)| (text.is_ascii(), serde_json::from_str::<Value>(text).unwrap()))
    };
    let user = json!({ "userName": "ada", "größe": "groß" });
    let reply = send(&mut store, &settings, "/Users", &user, "return=representation, explain");
    let (ascii, readings) = told(&reply).unwrap();
    assert!(ascii, "a header is ASCII");
    let passed = json!({ "flag": "unknownAttributes", "path": "größe", "from": "groß", "to": null });
    assert_eq!(readings[0], passed);
    let quiet = send(&mut store, &settings, "/Users", &json!({ "userName": "bo" }), "");
    assert_eq!((quiet.status, told(&quiet)), (201, None));

    let group = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Sales" });
    let twice = |settings: &Settings| {
        let mut store = MemoryStore::new();
        [(); 2].map(|()| send(&mut store, settings, "/Groups", &group, "").status)
    };
    assert_eq!(twice(&settings), [201, 409]);
    let profile = Profile::DEFAULT.with(Flag::UniqueGroupNames, false);
    assert_eq!(twice(&Settings { profile, ..Settings::default() }), [201, 201]);
    let profile = Profile::DEFAULT.with(Flag::BareResource, false);
    let strict = Settings { profile, ..Settings::default() };
    assert_eq!(send(&mut store, &strict, "/Users", &json!({ "userName": "cy" }), "").status, 400);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn the_document_tells_of_every_flag() {
    let document = include_str!("../docs/compatibility.md");
    for quirk in &QUIRKS {
        let row = format!("| `{}` | {} |", quirk.name, quirk.meaning.replace('|', "\\|"));
        assert!(document.contains(&row), "{row}");
    }
}
