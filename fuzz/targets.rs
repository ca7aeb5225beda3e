//! What each target does with its bytes: no input may panic, and what must hold of every
//! input holds. `tests/fuzz_seeds.rs` calls the same functions with the seeds.
#![allow(dead_code, reason = "each fuzz target uses one of them")]

use provisor::outbound::{Origin, Parts, judge};
use provisor::provision::configuration::JobSettings;
use provisor::provision::expression;
use provisor::provision::plan::{Engine, Loading};
use provisor::provision::source::{InputError, LoadReport, decode};
use provisor::scim::auth::{jwt, token};
use provisor::scim::compat::{Profile, Reader};
use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::transfer::{
    Head, Line, Resource, Restored, Trailer, is_id, read, refused, restored, shown,
};
use provisor::scim::directory::{Context, NO_PASSWORDS, Settings, lower};
use provisor::scim::effort::Effort;
use provisor::scim::error::ScimType;
use provisor::scim::filter;
use provisor::scim::http::{Request, serve};
use provisor::scim::patch;
use provisor::scim::schema::check::{Rules, Write, check};
use provisor::scim::schema::{INDEXED, builtin};
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
                    lower(&compiled, &INDEXED);
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
        let Ok(patched) = patch::apply(builtin(), kind, profile, user(), operations, &Effort::new(u64::MAX))
        else {
            continue;
        };
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
            effort: provisor::scim::effort::Effort::new(settings.step_budget),
            settings: &settings,
        };
        let (method, path) = ("POST".to_owned(), path.to_owned());
        let request = Request { method, path, body: body.to_owned(), ..Request::default() };
        let reply = serve(&mut store, &mut context, &request);
        assert_ne!(reply.status, 500, "{}", reply.body);
    }
}

/// A cursor, of any text: none that was not given out leads anywhere, and none is a fault of the service.
pub fn cursor(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let (mut store, settings, mut new_id) = (MemoryStore::new(), Settings::default(), String::new);
    let mut context = Context {
        registry: builtin(),
        base: "https://scim.test",
        now: "2026-11-24T10:00:00.000Z",
        actor: "fuzz",
        new_id: &mut new_id,
        hash_password: NO_PASSWORDS,
        me: None,
        cursor_key: b"fuzz",
        effort: provisor::scim::effort::Effort::new(settings.step_budget),
        settings: &settings,
    };
    let body = json!({ "cursor": text, "count": 1, "sortBy": "userName" }).to_string();
    let (method, path) = ("POST".to_owned(), "/Users/.search".to_owned());
    let request = Request { method, path, body, ..Request::default() };
    let reply = serve(&mut store, &mut context, &request);
    assert_eq!(reply.status, if text.is_empty() { 200 } else { 400 }, "{}", reply.body);
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

const PEOPLE: &str = r#"[
    {"id": "a", "userPrincipalName": "ana@contoso.example", "givenName": "Ana", "department": "Sales", "manager": {"id": "b"}},
    {"id": "b", "userPrincipalName": "bo@contoso.example", "accountEnabled": false, "otherMails": ["b@x", "b@y"]}
]"#;
const HELD: &str = r#"{"Resources": [
    {"id": "1", "userName": "BO@contoso.example", "active": true, "emails": [{"type": "work", "value": "b@x"}]},
    {"id": "2", "displayName": "Sales", "members": [{"value": "1"}], "meta": {"resourceType": "Group"}}
]}"#;

const TABLE: &str = r#"{"synchronizationRules": [{"objectMappings": [
    {"sourceObjectName": "User", "attributeMappings": [
        {"targetAttributeName": "userName", "matchingPriority": 1, "source": {"type": "Attribute", "name": "userPrincipalName"}},
        {"targetAttributeName": "displayName", "source": {"type": "Attribute", "name": "displayName"}},
        {"targetAttributeName": "active", "source": {"type": "Function", "expression": "Not([IsSoftDeleted])"}}
    ]},
    {"sourceObjectName": "Group", "attributeMappings": [
        {"targetAttributeName": "displayName", "matchingPriority": 1, "source": {"type": "Attribute", "name": "displayName"}},
        {"targetAttributeName": "members", "source": {"type": "Attribute", "name": "members"}}
    ]}
]}]}"#;

/// Plans, and holds what is decided for everyone against what each operation says.
fn plan(engine: &mut Engine) -> Value {
    engine.plan();
    for at in 0..engine.len() {
        let (Some(row), Some(operation)) = (engine.row(at), engine.operation(at)) else {
            panic!("row {at} of {} is not there", engine.len());
        };
        assert_eq!((row.action, row.reason), (operation.verdict, operation.reason));
        assert_eq!((row.changes, row.problems), (operation.changes.len(), operation.problems.len()));
    }
    engine.to_json()
}

/// A configuration, of any bytes: what is read is exported as it was, and read again is the
/// same; whatever it says, a plan can be made of it.
pub fn import(bytes: &[u8]) {
    let Ok(text) = decode(bytes) else { return };
    let configured = |text: &str| {
        let mut engine = Engine::new();
        engine.load_source("users", PEOPLE).expect("people");
        engine.load_target(HELD).expect("resources");
        let findings = engine.configure_from(text, &JobSettings::default());
        (engine, findings)
    };
    let (mut engine, findings) = configured(&text);
    let Some(exported) = engine.schema().map(Value::to_string) else { return };
    if !text.trim().is_empty() {
        let given: Value = serde_json::from_str(&text).expect("what was read is JSON");
        assert_eq!(exported, given.to_string());
    }
    let (mut again, same) = configured(&exported);
    assert_eq!(findings, same);
    assert_eq!(plan(&mut engine), plan(&mut again));
}

/// A portal download, of any bytes: however it is cut on its way in, the same is read.
pub fn csv(bytes: &[u8]) {
    for name in ["users.csv", "Sales_members.csv"] {
        let load = |size: usize| {
            let mut engine = Engine::new();
            let mut read = || -> Result<LoadReport, InputError> {
                let mut loading = Loading::source(name);
                bytes.chunks(size).try_for_each(|chunk| loading.push(&mut engine, chunk))?;
                loading.finish(&mut engine)
            };
            let report = read();
            (report, engine)
        };
        let (report, mut whole) = load(bytes.len().max(1));
        let (same, mut cut) = load(3);
        if report.is_err() && same.is_err() {
            // Of two faults, the one is told that is met first: how far a chunk is decoded decides.
            continue;
        }
        assert_eq!(report, same);
        if report.is_ok() {
            whole.configure(TABLE, &JobSettings::default());
            cut.configure(TABLE, &JobSettings::default());
            assert_eq!(plan(&mut whole), plan(&mut cut));
        }
    }
}

/// A line of an export, of any bytes: what is taken of it is taken again as it is, and what is told
/// of a line is told of the line.
pub fn transfer(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Some(Ok(end)) = Trailer::read(text) {
        let again = Trailer::read(&json!({ "end": end }).to_string());
        assert_eq!(again.and_then(Result::ok), Some(end));
    }
    if let Ok(Line::Export(head)) = read(1, text) {
        let _ = Head::read(&head);
    }
    let settings = Settings::default();
    let Ok(line) = read(2, text).map_err(|error| refused(2, error)) else { return };
    let written = shown(&line);
    assert_eq!(read(2, &written).map(|line| shown(&line)).as_ref(), Ok(&written));
    let Line::Resource(resource) = line else { return };
    let Ok(once) = restored(builtin(), &settings, resource) else { return };
    let Restored { record, unique, index, password, .. } = once;
    assert!(is_id(&record.id));
    let again = Resource {
        kind: record.kind.clone(),
        id: record.id.clone(),
        version: record.version,
        created: record.created.clone(),
        modified: record.modified.clone(),
        document: serde_json::from_str(&record.document).expect("a document is JSON"),
        password: password.clone(),
    };
    let twice = restored(builtin(), &settings, again).expect("what was taken is taken again");
    assert_eq!(twice, Restored { record, unique, index, password, notes: twice.notes.clone() });
    assert!(twice.notes.iter().all(|note| !note.contains("left out")), "{:?}", twice.notes);
}

/// A host as somebody might have it judged: what is public is no address that IANA set apart, however
/// the host is written.
pub fn address(bytes: &[u8]) {
    let Some(host) = text(bytes) else { return };
    let parts = Parts { scheme: "https", host, port: None, has_user: false };
    if judge(parts, Origin::Deployment).is_err() {
        return;
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<std::net::Ipv4Addr>() {
        assert!(!address.is_private() && !address.is_loopback() && !address.is_link_local(), "{host}");
        assert!(!address.is_unspecified() && !address.is_multicast() && !address.is_broadcast(), "{host}");
    } else if let Ok(address) = bare.parse::<std::net::Ipv6Addr>() {
        assert_eq!(address.segments()[0] >> 13, 1, "{host}");
    } else {
        let name = host.to_ascii_lowercase();
        assert!(!name.ends_with(".localhost") && !name.ends_with(".internal"), "{host}");
        assert!(name.contains('.') && !name.ends_with('.') && !name.ends_with(".local"), "{host}");
    }
}

/// A token of ours: only what was signed is read, and then it is the tenant that was signed for; what a text claims
/// is a part of it.
pub fn token(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    assert!(token::Token::read(text, "key").is_err(), "{text}: nobody signed this");
    if let Some(tenant) = token::claimed_tenant(text) {
        assert!(text.contains(tenant), "{tenant}");
    }
    let signed = token::sign(text, "key").unwrap_or_default();
    assert_eq!(token::verified(&signed, "key"), Some(text));
    assert_eq!(token::verified(&signed, "another key"), None);
    match token::Token::read(&signed, "key") {
        Ok(read) => {
            assert_eq!(token::claimed_tenant(&signed).unwrap_or(&read.tenant), read.tenant);
            assert!(!read.credential.actor().contains(text) || text.is_empty());
        }
        Err(error) => assert_eq!(error.status, 401),
    }
}

/// A JSON Web Token: what is refused is refused with 401, and what fits an issuer is what the issuer said.
pub fn jwt(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let read = match jwt::Jwt::read(text) {
        Ok(read) => read,
        Err(error) => return assert_eq!(error.status, 401),
    };
    assert!(text.as_bytes().starts_with(&read.signed));
    let issuer = jwt::Issuer {
        issuer: "https://id.example.com".into(),
        audience: "app".into(),
        jwks_uri: "https://id.example.com/keys".into(),
        algorithms: vec!["RS256".into()],
        scope: "provision".into(),
        subject_claim: "sub".into(),
    };
    let now = 1_800_000_000.0;
    match read.fits(&issuer, now * 1_000.0) {
        Ok(expires) => {
            assert_eq!(read.algorithm, "RS256");
            assert_eq!(read.claim("iss"), Some("https://id.example.com"));
            assert!(read.audiences().contains(&"app"));
            assert!(expires as f64 + 1.0 >= now, "{expires}");
        }
        Err(error) => assert_eq!(error.status, 401),
    }
}
