//! What each target does with its bytes: no input may panic, and what must hold of every
//! input holds. `tests/fuzz_seeds.rs` calls the same functions with the seeds.
#![allow(dead_code, reason = "each fuzz target uses one of them")]

use provisor::provision::expression;
use provisor::scim::compat::{Profile, Reader};
use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{Context, NO_PASSWORDS, Settings};
use provisor::scim::error::ScimType;
use provisor::scim::filter::{self, INDEXED};
use provisor::scim::http::{Request, serve};
use provisor::scim::patch;
use provisor::scim::schema::builtin;
use provisor::scim::schema::check::{Rules, Write, check};
use serde_json::{Map, Value, json};

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(bytes).ok()
}

fn user() -> Map<String, Value> {
    let user = json!({
        "userName": "Ada",
        "title": "Straße",
        "active": true,
        "name": { "givenName": "Ada", "familyName": "Lovelace" },
        "emails": [{ "type": "work", "value": "ada@example.com", "primary": true }, { "type": "home", "value": "a@b" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "manager": { "value": "9" } },
    });
    user.as_object().cloned().unwrap_or_default()
}

/// A filter: prints back to itself, and can be bound, lowered and evaluated.
pub fn filter(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    match filter::parse(text) {
        Ok(parsed) => {
            let printed = parsed.to_string();
            if printed.len() <= filter::MAX_LENGTH {
                assert_eq!(filter::parse(&printed).as_ref(), Ok(&parsed), "{printed}");
            }
            for kind in &builtin().resource_types {
                if let Ok(compiled) = filter::compile(&parsed, builtin(), kind) {
                    filter::matches(&compiled, &user());
                    filter::lower(&compiled, &INDEXED);
                }
            }
        }
        Err(error) => {
            assert!(text.get(error.span.start..error.span.end).is_some(), "{error:?}");
            let _ = error.into_scim(ScimType::InvalidFilter, text);
        }
    }
}

/// A PATCH path: prints back to itself.
pub fn path(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(parsed) = filter::parse_patch_path(text) {
        let printed = parsed.to_string();
        if printed.len() <= filter::MAX_LENGTH {
            assert_eq!(filter::parse_patch_path(&printed).as_ref(), Ok(&parsed), "{printed}");
        }
    }
}

/// A PATCH body: what it leaves is a valid resource again, and `changed` tells the truth.
pub fn patch(bytes: &[u8]) {
    let Some(body) = object(bytes) else { return };
    let Some(kind) = builtin().resource_type("User") else { return };
    for profile in [Profile::DEFAULT, Profile::STRICT] {
        let Ok(operations) = patch::decode(body.clone(), profile) else { continue };
        let Ok(patched) = patch::apply(builtin(), kind, profile, user(), operations) else { continue };
        assert_eq!(patched.changed, patched.document != user());
        let rules = Rules { open_values: true };
        // What the whole check may still refuse, it must let through unchanged once it took it.
        if let Ok(checked) = check(builtin(), kind, rules, Write::Patch(&user()), patched.document) {
            assert_eq!(
                check(builtin(), kind, rules, Write::Patch(&user()), checked.clone()).ok(),
                Some(checked)
            );
        }
    }
}

/// A resource: what is checked once passes again as it is.
pub fn schema(bytes: &[u8]) {
    let Some(body) = object(bytes) else { return };
    for kind in &builtin().resource_types {
        let read = Reader::new(builtin(), kind, Profile::DEFAULT).resource(body.clone());
        let rules = Rules { open_values: true };
        if let Ok(checked) = check(builtin(), kind, rules, Write::Create, read) {
            assert_eq!(check(builtin(), kind, rules, Write::Create, checked.clone()).ok(), Some(checked));
        }
    }
}

/// A bulk request, and any other body, against a small directory.
pub fn bulk(bytes: &[u8]) {
    let Some(body) = text(bytes) else { return };
    let (mut store, settings) = (MemoryStore::new(), Settings::default());
    let mut given = 0;
    for path in ["/Users", "/Groups", "/Bulk", "/.search"] {
        let mut new_id = || {
            given += 1;
            given.to_string()
        };
        let mut context = Context {
            registry: builtin(),
            base: "https://scim.test",
            now: "2026-11-24T10:00:00.000Z",
            actor: "fuzz",
            new_id: &mut new_id,
            hash_password: NO_PASSWORDS,
            me: None,
            cursor_key: b"fuzz",
            settings: &settings,
        };
        let (method, path) = ("POST".to_owned(), path.to_owned());
        let request = Request { method, path, body: body.to_owned(), ..Request::default() };
        let reply = serve(&mut store, &mut context, &request);
        assert_ne!(reply.status, 500, "{}", reply.body);
    }
}

/// A mapping expression: prints back to itself.
pub fn expression(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(parsed) = expression::parse(text) {
        let printed = parsed.to_string();
        let again = expression::parse(&printed).map(|parsed| parsed.to_string());
        assert_eq!(again.ok().as_ref(), Some(&printed));
    }
}
