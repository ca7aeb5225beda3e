//! Lines of an export as an import reads them (`scim::directory::transfer`).
#![cfg(not(target_arch = "wasm32"))]

use provisor::scim::directory::Settings;
use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::transfer::{
    FORM, Head, Line, MAX_DOCUMENT, Restored, Sums, Trailer, is_id, read, refused, restored, shown,
};
use provisor::scim::directory::{Context, Store, create, patch};
use provisor::scim::error::ScimError;
use provisor::scim::schema::{Registry, builtin};
use serde_json::{Value, json};

const AT: &str = "2026-11-01T10:00:00.000Z";

fn line(document: Value) -> String {
    of("User", "u1", document, json!({}))
}

fn of(kind: &str, id: &str, document: Value, more: Value) -> String {
    let mut resource = json!({ "kind": kind, "id": id, "version": 1, "created": AT, "modified": AT });
    resource["document"] = document;
    for (name, value) in more.as_object().unwrap() {
        resource[name] = value.clone();
    }
    json!({ "resource": resource }).to_string()
}

fn taken_by(registry: &Registry, text: &str) -> Result<Restored, ScimError> {
    match read(2, text)? {
        Line::Resource(resource) => restored(registry, &Settings::default(), resource),
        other => panic!("{other:?}"),
    }
}

fn taken(text: &str) -> Result<Restored, ScimError> {
    taken_by(builtin(), text)
}

#[track_caller]
fn refuses(text: &str, status: u16, words: &str) {
    let error = taken(text).expect_err(text);
    assert_eq!(error.status, status, "{error:?}");
    assert!(error.detail.contains(words), "{} does not say `{words}`", error.detail);
}

#[test]
fn what_a_request_could_not_write_is_refused_with_what_to_send() {
    refuses(&line(json!({ "userName": ["a"] })), 400, "`userName` takes one value");
    refuses(&line(json!({ "userName": 7 })), 400, "`userName`");
    refuses(&line(json!({ "title": "Countess" })), 400, "`userName` is required");
    refuses(&line(json!({ "userName": "a", "shoeSize": 44 })), 400, "`shoeSize` is not in the schema");
    refuses(&line(json!({ "userName": "a", "USERNAME": "b" })), 400, "stands twice");
    refuses(
        &line(
            json!({ "userName": "a", "emails": [{ "value": "a", "primary": true }, { "value": "b", "primary": true }] }),
        ),
        400,
        "more than one primary",
    );
    refuses(&line(json!(["a"])), 400, "must be a JSON object");
    refuses(
        &of("Robot", "r1", json!({}), json!({})),
        400,
        "no resource type `Robot`; send one of `User`, `Group`",
    );
    refuses(
        &of("Group", "g1", json!({ "displayName": "All", "members": [] }), json!({})),
        400,
        "lines of their own",
    );
    for (name, value) in [
        ("version", json!(0)),
        ("version", json!(1_u64 << 40)),
        ("created", json!("yesterday")),
        ("modified", json!("2026-02-30T00:00:00Z")),
    ] {
        refuses(
            &of("User", "u1", json!({ "userName": "a" }), json!({ name: value })),
            400,
            &format!("`{name}`"),
        );
    }
    for hash in [
        "plain",
        "",
        "$pbkdf2-sha256$i=0$c2FsdA$aGFzaA",
        "$pbkdf2-sha256$i=1$$aGFzaA",
        "$pbkdf2-sha256$i=1$a$b$c",
        "$2b$10$abc",
    ] {
        refuses(
            &of("User", "u1", json!({ "userName": "a" }), json!({ "password": hash })),
            400,
            "`password` is no hash",
        );
    }
    let long = "x".repeat(MAX_DOCUMENT);
    refuses(&line(json!({ "userName": "a", "title": long })), 413, "a resource may have 2097152");
}

#[test]
fn ids_are_what_may_stand_in_a_path() {
    for id in ["u1", "0b1c-4", "A.b_c~d", &"x".repeat(128)] {
        assert!(is_id(id), "{id}");
        assert!(taken(&of("User", id, json!({ "userName": "a" }), json!({}))).is_ok());
    }
    for id in [
        "",
        ".",
        "..",
        ".search",
        "../Groups/x",
        "a\r\nX-Evil: 1",
        "a b",
        "é",
        "a/b",
        "a%2f",
        &"x".repeat(129),
    ] {
        assert!(!is_id(id), "{id}");
        refuses(&of("User", id, json!({ "userName": "a" }), json!({})), 400, "`id` is");
        assert!(read(2, &json!({ "delete": id }).to_string()).is_err(), "{id}");
        assert!(read(2, &json!({ "members": { "group": id, "add": [] } }).to_string()).is_err(), "{id}");
    }
}

#[test]
fn what_the_service_itself_gives_is_left_out_and_told() {
    let document = json!({
        "schemas": ["x"], "id": "other", "Meta": { "version": "9" }, "userName": "ada", "password": "plain",
        "groups": [{ "value": "admins" }],
    });
    let Restored { record, notes, .. } = taken(&line(document)).unwrap();
    assert_eq!((record.id.as_str(), record.document.as_str()), ("u1", r#"{"userName":"ada"}"#));
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("`schemas`, `id`, `Meta`, `password`, `groups`"), "{}", notes[0]);
    assert!(!notes[0].contains("plain"));
}

#[test]
fn what_a_schema_came_to_ask_later_is_told_and_stays() {
    let badge = |required: bool| {
        let badge = "urn:example:Badge";
        let kind = json!({ "name": "User", "endpoint": "/Users", "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
            "schemaExtensions": [{ "schema": badge, "required": required }] });
        let code = json!({ "name": "code", "type": "string", "multiValued": false, "required": required });
        let state =
            json!({ "name": "state", "type": "string", "multiValued": false, "mutability": "readOnly" });
        let schema = json!({ "id": badge, "name": "Badge", "attributes": [code, state] });
        Registry::load(&json!([schema]).to_string(), &json!([kind]).to_string()).unwrap()
    };
    let stored = json!({ "userName": "ada", "urn:example:Badge": { "state": "lost" } });
    let restored = taken_by(&badge(true), &line(stored.clone())).unwrap();
    // Not written by a client, and yet there: the attribute may have become so.
    assert_eq!(serde_json::from_str::<Value>(&restored.record.document).unwrap(), stored);
    assert_eq!(restored.notes.len(), 1, "{:?}", restored.notes);
    assert!(restored.notes[0].contains("`urn:example:Badge:code` is required"), "{:?}", restored.notes);
    assert!(taken_by(&badge(false), &line(stored)).unwrap().notes.is_empty());
}

#[test]
fn the_first_line_is_the_head_and_no_other_is() {
    let head = json!({ "export": { "form": FORM, "settings": {}, "schemas": null } }).to_string();
    let Ok(Line::Export(map)) = read(1, &head) else { panic!("no head") };
    assert_eq!(Head::read(&map), Ok(Head { settings: Some(Settings::default()), schemas: None }));
    assert_eq!(read(2, &head).unwrap_err().status, 400);
    let error = read(1, &line(json!({ "userName": "a" }))).unwrap_err();
    assert!(error.detail.contains("the first line"), "{error:?}");
    for wrong in [json!({}), json!({ "form": 99 }), json!({ "form": FORM, "settings": { "colour": 1 } })] {
        assert!(Head::read(wrong.as_object().unwrap()).is_err(), "{wrong}");
    }
    for wrong in [
        "",
        "{}",
        "[]",
        r#"{"x":1}"#,
        r#"{"delete":7}"#,
        r#"{"delete":"a","export":{}}"#,
        "{\"resource\":{}}",
    ] {
        let error = refused(17, read(17, wrong).expect_err(wrong));
        assert!(error.detail.starts_with("line 17: "), "{error:?}");
    }
}

#[test]
fn the_last_line_is_read_or_said_to_be_broken() {
    let end = json!({ "end": { "sequence": 9, "resources": 2, "versions": 3, "members": 1, "uniqueKeys": 2, "passwords": 0, "sha256": "ab" } });
    let Some(Ok(trailer)) = Trailer::read(&end.to_string()) else { panic!("no trailer") };
    assert_eq!((trailer.sums.sequence, trailer.sums.unique_keys, trailer.sha256.as_str()), (9, 2, "ab"));
    let sums: Sums = serde_json::from_value(json!(trailer)).unwrap();
    assert_eq!(sums, trailer.sums);
    assert!(Trailer::read(&line(json!({}))).is_none());
    assert!(Trailer::read("{\"end\":{}}").unwrap().is_err());
}

#[test]
fn what_is_longer_than_requests_may_write_now_is_told_and_stays() {
    for document in
        [json!({ "userName": "x".repeat(2_000) }), json!({ "userName": "ada", "title": "x".repeat(300_000) })]
    {
        let restored = taken(&line(document.clone())).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&restored.record.document).unwrap(), document);
        assert_eq!(restored.notes.len(), 1, "{:?}", restored.notes);
        assert!(restored.notes[0].contains("may only become shorter"), "{:?}", restored.notes);
    }
}

/// Whatever requests wrote comes back as it was, without a note.
#[test]
fn what_requests_wrote_is_taken_as_it_is() {
    let (mut store, settings) = (MemoryStore::new(), Settings::default());
    let mut given = 0;
    let mut new_id = || {
        given += 1;
        format!("id-{given}")
    };
    let mut context = Context {
        registry: builtin(),
        base: "https://scim.test",
        now: AT,
        actor: "test",
        new_id: &mut new_id,
        settings: &settings,
        hash_password: Some(&|_| Some("$pbkdf2-sha256$i=100000$c2FsdA$aGFzaA".into())),
        me: None,
        cursor_key: b"test",
        effort: provisor::scim::effort::Effort::new(settings.step_budget),
    };
    let user = builtin().resource_type("User").unwrap();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "Ada@example.com", "password": "secret", "active": true, "locale": "de-CH", "nickName": "\u{0}é\"",
        "emails": [{ "type": "WORK", "value": "ada@example.com", "primary": "true" }, { "type": "own", "value": "a@b" }],
        "x509Certificates": [{ "value": "QUJD" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "manager": { "value": "9" } },
    });
    let made = create(&mut store, &mut context, user, body.as_object().unwrap().clone()).unwrap();
    let id = made.record.id;
    let operations = json!({ "Operations": [{ "op": "add", "path": "phoneNumbers", "value": [{ "type": "fax", "value": "1" }] }] });
    let operations =
        provisor::scim::patch::decode(operations.as_object().unwrap().clone(), settings.profile).unwrap();
    patch(&mut store, &mut context, user, &id, None, operations).unwrap();
    let record = store.get("User", &id).unwrap().unwrap();
    let text = of(
        "User",
        &id,
        serde_json::from_str(&record.document).unwrap(),
        json!({ "version": 2, "password": "$pbkdf2-sha256$i=100000$c2FsdA$aGFzaA" }),
    );
    let restored = taken(&text).unwrap();
    assert_eq!(restored.record, record);
    assert!(restored.notes.is_empty(), "{:?}", restored.notes);
    // And a line is written as it is read.
    let Ok(Line::Resource(resource)) = read(2, &text) else { panic!("no resource") };
    assert_eq!(shown(&Line::Resource(resource)), text);
}
