//! Schemas (RFC 7643): every vector is kept, refused or shown as it says, natively and in the
//! browser; what is built in is what §8.7 prints; run-time types work from end to end.

use provisor::scim::compat::{Flag, Profile, Reader};
use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{Context, NO_PASSWORDS, Settings};
use provisor::scim::effort::Effort;
use provisor::scim::error::ScimError;
use provisor::scim::http::{Reply, Request, serve};
use provisor::scim::patch;
use provisor::scim::schema::check::{Rules, Write, check};
use provisor::scim::schema::project::Selection;
use provisor::scim::schema::{Attribute, Faults, Registry, ResourceType, builtin};
use serde_json::{Map, Value, json};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// The vector files, each with the least number of cases it must hold.
const FILES: [(&str, &str, usize); 7] = [
    ("types", include_str!("vectors/schema/types.json"), 59),
    ("multi-valued", include_str!("vectors/schema/multi-valued.json"), 29),
    ("characteristics", include_str!("vectors/schema/characteristics.json"), 163),
    ("resources", include_str!("vectors/schema/resources.json"), 12),
    ("load", include_str!("vectors/schema/load.json"), 40),
    ("urns", include_str!("vectors/schema/urns.json"), 23),
    ("parts", include_str!("vectors/schema/parts.json"), 26),
];

/// The profiles that ship as data: schemas and resource types.
const EXAMPLES: [(&str, &str, &str); 4] = [
    (
        "okta",
        include_str!("../examples/schemas/okta/schemas.json"),
        include_str!("../examples/schemas/okta/resource-types.json"),
    ),
    (
        "agent",
        include_str!("../examples/schemas/agent/schemas.json"),
        include_str!("../examples/schemas/agent/resource-types.json"),
    ),
    (
        "device",
        include_str!("../examples/schemas/device/schemas.json"),
        include_str!("../examples/schemas/device/resource-types.json"),
    ),
    ("clarizen-one", include_str!("../examples/schemas/clarizen-one/schemas.json"), ""),
];

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    if value.is_null() { String::new() } else { value.to_string() }
}

fn profile(case: &Value) -> Profile {
    if case["mode"] == "strict" { Profile::STRICT } else { Profile::DEFAULT }
}

/// A resource as the directory reads it: by the profile, then by the schema.
fn read(
    registry: &Registry,
    kind: &ResourceType,
    profile: Profile,
    write: Write<'_>,
    body: Map<String, Value>,
) -> Result<Map<String, Value>, Faults> {
    let body = Reader::new(registry, kind, profile).resource(body);
    check(registry, kind, Rules { open_values: profile.has(Flag::OpenValues) }, write, body)
}

/// Why a resource was refused.
#[derive(Debug)]
enum Refused {
    /// By the schema.
    Faults(Faults),
    /// By an operation.
    Error(ScimError),
}

/// What comes of a case: the document, or why it was refused.
fn run(case: &Value, registry: &Registry) -> Result<Map<String, Value>, Refused> {
    let name = case["type"].as_str().unwrap_or("User");
    let kind = registry.resource_type(name).unwrap_or_else(|| panic!("{}: no type {name}", case["name"]));
    let (profile, document, before) = (profile(case), object(&case["document"]), object(&case["before"]));
    let checked = match case["operation"].as_str() {
        Some("show") => {
            let selection =
                Selection::parse(case["attributes"].as_str(), case["excludedAttributes"].as_str());
            Ok(selection.project(registry, kind, document))
        }
        Some("replace") => read(registry, kind, profile, Write::Replace(&before), document),
        Some("patch") => {
            let message = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": case["operations"],
            });
            let operations = patch::decode(object(&message), profile).unwrap();
            let patched =
                patch::apply(registry, kind, profile, before.clone(), operations, &Effort::new(u64::MAX));
            let document = patched.map_err(Refused::Error)?.document;
            let rules = Rules { open_values: profile.has(Flag::OpenValues) };
            check(registry, kind, rules, Write::Patch(&before), document)
        }
        _ => read(registry, kind, profile, Write::Create, document),
    };
    checked.map_err(Refused::Faults)
}

/// Why the outcome is not what the case says.
fn differs(case: &Value, outcome: &Result<Map<String, Value>, Refused>) -> Option<String> {
    match outcome {
        Ok(document) => {
            let found = Value::Object(document.clone());
            (found != case["expect"]).then(|| format!("wanted {}, found {found}", case["expect"]))
        }
        Err(Refused::Error(error)) => {
            let found = error.scim_type.map_or("", |word| word.as_str());
            (case["error"] != found)
                .then(|| format!("wanted {}, found {found}: {}", case["error"], error.detail))
        }
        Err(Refused::Faults(faults)) => {
            let found: Value = faults
                .0
                .iter()
                .map(|fault| json!([fault.path, fault.rule.as_str(), fault.section]))
                .collect();
            let error = ScimError::from(faults.clone());
            let scim_type = error.scim_type.map_or("", |word| word.as_str());
            let hidden = case["hides"].as_str().is_none_or(|secret| !error.detail.contains(secret));
            let typed = case["scimType"].as_str().is_none_or(|wanted| wanted == scim_type);
            (found != case["faults"] || !typed || !hidden)
                .then(|| format!("wanted {}, found {found}: {scim_type}, {}", case["faults"], error.detail))
        }
    }
}

fn load(case: &Value) -> Option<String> {
    let source = |name: &str| match &case[name] {
        Value::String(text) => text.clone(),
        other => text(other),
    };
    let found = Registry::load(&source("schemas"), &source("resourceTypes"));
    let wanted = case["loadFaults"].as_array().map_or(&[][..], Vec::as_slice);
    let faults = found.err().unwrap_or_default();
    let matches = faults.len() == wanted.len()
        && faults.iter().zip(wanted).all(|(fault, wanted)| {
            fault.document == wanted[0]
                && fault.place == wanted[1].as_str().unwrap()
                && fault.message.contains(wanted[2].as_str().unwrap())
        });
    let found: Vec<_> = faults.iter().map(ToString::to_string).collect();
    (!matches).then(|| format!("wanted {wanted:?}, found {found:?}"))
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn vectors_end_as_they_say() {
    let mut wrong = Vec::new();
    for (name, file, floor) in FILES {
        let file: Value = serde_json::from_str(file).unwrap();
        let registry = Registry::load(&text(&file["schemas"]), &text(&file["resourceTypes"])).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert!(cases.len() >= floor, "{name}: {} cases", cases.len());
        for case in cases {
            assert!(case["rfc"].as_array().is_some_and(|sections| !sections.is_empty()), "{}", case["name"]);
            let fault = match case["operation"] == "load" {
                true => load(case),
                false => differs(case, &run(case, &registry)),
            };
            wrong.extend(fault.map(|fault| format!("{name}: {}: {fault}", case["name"])));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Checking what was checked changes nothing, and what the strict reading takes, the lenient
/// one takes with the same result.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn vectors_obey_the_laws() {
    let mut ran = 0;
    for (name, file, _) in FILES {
        let file: Value = serde_json::from_str(file).unwrap();
        let registry = Registry::load(&text(&file["schemas"]), &text(&file["resourceTypes"])).unwrap();
        for case in file["cases"].as_array().unwrap() {
            let creates = case.get("operation").is_none_or(|operation| operation == "create");
            let Some(kind) = registry.resource_type(case["type"].as_str().unwrap_or("User")) else {
                continue;
            };
            let read = |profile, body| read(&registry, kind, profile, Write::Create, body);
            let (true, Ok(once)) = (creates, read(profile(case), object(&case["document"]))) else {
                continue;
            };
            assert_eq!(read(profile(case), once.clone()).as_ref(), Ok(&once), "{name}: {}", case["name"]);
            if let Ok(strict) = read(Profile::STRICT, object(&case["document"])) {
                // An empty value is the one thing that the lenient reading takes for another.
                let lenient = Profile::DEFAULT.with(Flag::EmptyClears, false);
                let lenient = read(lenient, object(&case["document"]));
                assert_eq!(lenient.as_ref(), Ok(&strict), "{name}: {}", case["name"]);
            }
            let shown = Selection::default().project(&registry, kind, once.clone());
            assert!(is_part(&Value::Object(shown), &Value::Object(once)), "{name}: {}", case["name"]);
            ran += 1;
        }
    }
    assert!(ran >= 90, "only {ran} were taken");
}

/// Whether everything in `part` is in `whole`, at the same place.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|whole| is_part(value, whole)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.iter().all(|value| whole.iter().any(|whole| is_part(value, whole)))
        }
        _ => part == whole,
    }
}

/// Where what is built in is not as RFC 7643 §8.7 prints it, and why.
const CORRECTED: [(&str, &str); 15] = [
    ("User:password", "§7.2 of RFC 7644 compares passwords by their letters"),
    ("User:profileUrl", "§2.3.7: a reference is case exact"),
    ("User:photos.value", "§2.3.7"),
    ("User:groups.value", "§3.1: an id is case exact"),
    ("User:groups.$ref", "§2.3.7; a user belongs to groups"),
    ("User:x509Certificates", "§2.3.8: a complex attribute has no case"),
    ("User:x509Certificates.value", "§2.3.6: a binary is case exact"),
    ("Group:displayName", "§4.2: required"),
    ("Group:members.value", "§3.1"),
    ("Group:members.$ref", "§2.3.7"),
    ("User:manager.value", "§3.1"),
    ("User:manager.$ref", "§2.3.7"),
    ("ResourceType:schemaExtensions", "§6: a list, and optional"),
    ("type", "§2.3.6: `binary` is a type"),
    ("Uri", "§2.3.7"),
];

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn what_is_built_in_is_what_the_rfc_prints() {
    let printed: Map<String, Value> =
        serde_json::from_str(include_str!("vectors/schema/rfc7643-8.7.json")).unwrap();
    assert_eq!((builtin().schemas.len(), printed.len()), (6, 134));
    let mut found = Map::new();
    let mut note = |path: String, a: &Attribute| {
        let characteristics = json!([
            a.kind.as_str(),
            a.multi_valued,
            a.required,
            a.case_exact,
            a.mutability.as_str(),
            a.returned.as_str(),
            a.uniqueness.as_str(),
            a.canonical_values,
            a.reference_types,
        ]);
        found.insert(path, characteristics);
    };
    for schema in &builtin().schemas {
        for attribute in &schema.attributes {
            let path = format!("{}:{}", schema.id, attribute.name);
            for sub in &attribute.sub_attributes {
                for part in &sub.sub_attributes {
                    note(format!("{path}.{}.{}", sub.name, part.name), part);
                }
                note(format!("{path}.{}", sub.name), sub);
            }
            note(path, attribute);
        }
    }
    for (path, wanted) in &printed {
        let corrected = CORRECTED.iter().any(|(end, _)| path.ends_with(end))
            || (path.contains(":Schema:") && path.ends_with("referenceTypes"))
            || path.contains(":ResourceType:");
        let found = found.get(path).unwrap_or_else(|| panic!("{path} is missing"));
        assert!(corrected || found == wanted, "{path}: wanted {wanted}, found {found}");
    }
}

/// What a shell does with a password.
type Hash<'a> = Option<&'a dyn Fn(&str) -> Option<String>>;

struct Tenant {
    registry: Registry,
    store: MemoryStore,
    settings: Settings,
    given: u32,
}

impl Tenant {
    fn new(schemas: &str, resource_types: &str) -> Self {
        let registry = Registry::load(schemas, resource_types).unwrap();
        Self { registry, store: MemoryStore::new(), settings: Settings::default(), given: 0 }
    }

    fn reply(&mut self, method: &str, path: &str, body: &Value, hash: Hash<'_>) -> Reply {
        let given = &mut self.given;
        let mut new_id = || {
            *given += 1;
            format!("id-{given}")
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: Vec::new(),
            body: text(body),
        };
        let mut context = Context {
            registry: &self.registry,
            base: "https://scim.example.com/scim/v2",
            now: "2026-11-24T10:00:00.000Z",
            actor: "test",
            new_id: &mut new_id,
            hash_password: hash,
            me: None,
            cursor_key: b"test",
            effort: provisor::scim::effort::Effort::new(self.settings.step_budget),
            settings: &self.settings,
        };
        serve(&mut self.store, &mut context, &request)
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let reply = self.reply(method, path, body, NO_PASSWORDS);
        (reply.status, serde_json::from_str(&reply.body).unwrap_or(Value::Null))
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn run_time_types_work_from_end_to_end() {
    let resources: Value = serde_json::from_str(include_str!("vectors/schema/end-to-end.json")).unwrap();
    let mut ran = 0;
    for (name, schemas, types) in EXAMPLES {
        for case in resources[name].as_array().unwrap() {
            let mut tenant = Tenant::new(schemas, types);
            let endpoint = case["endpoint"].as_str().unwrap();
            let (status, made) = tenant.send("POST", endpoint, &case["create"]);
            assert_eq!(status, 201, "{name}: {made}");
            let at = format!("{endpoint}/{}", made["id"].as_str().unwrap());
            assert_eq!(tenant.send("GET", &at, &Value::Null), (200, made.clone()), "{name}");
            assert!(is_part(&case["shown"], &made), "{name}: {made}");
            for (filter, matches) in case["filters"].as_object().unwrap() {
                let query = format!("{endpoint}?filter={}", filter.replace(' ', "%20").replace('"', "%22"));
                let (status, page) = tenant.send("GET", &query, &Value::Null);
                assert_eq!((status, &page["totalResults"]), (200, matches), "{name}: {filter}: {page}");
            }
            let message = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": case["patch"],
            });
            let (status, patched) = tenant.send("PATCH", &at, &message);
            assert!(status == 200 && is_part(&case["patched"], &patched), "{name}: {status} {patched}");
            if let Some(again) = case.get("taken") {
                let (status, error) = tenant.send("POST", endpoint, again);
                assert_eq!(
                    (status, error["scimType"].as_str()),
                    (409, Some("uniqueness")),
                    "{name}: {error}"
                );
            }
            let (status, error) = tenant.send("POST", endpoint, &case["refused"]);
            assert!(
                status == 400
                    && error["detail"].as_str().unwrap().contains(case["because"].as_str().unwrap()),
                "{name}: {status} {error}"
            );
            assert_eq!(tenant.send("DELETE", &at, &Value::Null).0, 204);
            assert_eq!(tenant.send("GET", &at, &Value::Null).0, 404);
            let (_, schemas) = tenant.send("GET", "/Schemas", &Value::Null);
            assert_eq!(schemas["totalResults"], tenant.registry.schemas.len());
            ran += 1;
        }
    }
    assert!(ran >= 5, "only {ran} types ran");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn what_is_loaded_prints_and_loads_the_same() {
    for (name, schemas, types) in EXAMPLES {
        let registry = Registry::load(schemas, types).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        let (schemas, types) = registry.to_json();
        assert_eq!(
            Registry::load(&schemas.to_string(), &types.to_string()).as_ref(),
            Ok(&registry),
            "{name}"
        );
    }
}

/// Writes and reads over a tenant's own schema, each reply as it is shown, without what the
/// service says by itself.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn replies_show_what_they_should_and_values_are_unique() {
    let file: Value = serde_json::from_str(include_str!("vectors/schema/replies.json")).unwrap();
    let mut tenant = Tenant::new(&text(&file["schemas"]), &text(&file["resourceTypes"]));
    let own = |shown: &Value| {
        let mut shown = object(shown);
        shown.retain(|name, _| !["schemas", "id", "meta"].contains(&name.as_str()));
        Value::Object(shown)
    };
    let steps = file["steps"].as_array().unwrap();
    assert!(steps.len() >= 60, "{} steps", steps.len());
    for step in steps {
        let of = |name: &str| step[name].as_str().unwrap();
        let (status, reply) = tenant.send(of("method"), of("path"), &step["request"]);
        assert_eq!(status, step["status"], "{}: {reply}", of("name"));
        assert!(
            step.get("scimType").is_none_or(|word| *word == reply["scimType"]),
            "{}: {reply}",
            of("name")
        );
        if let Some(shown) = step.get("shown") {
            assert_eq!(own(&reply), *shown, "{}", of("name"));
        }
        if let Some(list) = step["list"].as_array() {
            let found: Vec<Value> = reply["Resources"].as_array().unwrap().iter().map(own).collect();
            assert_eq!(found, *list, "{}", of("name"));
        }
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_password_is_nowhere_but_in_its_hash() {
    let mut tenant = Tenant::new("", "");
    let hash: Hash<'_> = Some(&|text| Some(format!("salted:{}", text.len())));
    let user = "urn:ietf:params:scim:schemas:core:2.0:User";
    let body = json!({ "schemas": [user], "userName": "ada", "password": "t1meMa$heen" });
    let made = tenant.reply("POST", "/Users", &body, hash);
    assert_eq!((made.status, made.body.contains("t1me")), (201, false), "{}", made.body);
    assert_eq!(tenant.store.passwords.get("id-1").map(String::as_str), Some("salted:11"));
    let message = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "password", "value": "another t1me" }],
    });
    let patched = tenant.reply("PATCH", "/Users/id-1", &message, hash);
    assert_eq!((patched.status, patched.body.contains("t1me")), (200, false), "{}", patched.body);
    assert_eq!(tenant.store.passwords.get("id-1").map(String::as_str), Some("salted:12"));
    for (operation, kept) in [
        (json!({ "op": "add", "path": "password", "value": null }), true),
        (json!({ "op": "replace", "value": { "displayName": "Ada" } }), true),
        (json!({ "op": "remove", "path": "password" }), false),
        (json!({ "op": "add", "path": "password", "value": "t1me" }), true),
        (json!({ "op": "replace", "value": { "password": null } }), false),
        (json!({ "op": "add", "value": { "password": "t1me" } }), true),
    ] {
        let message = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation],
        });
        assert_eq!(tenant.reply("PATCH", "/Users/id-1", &message, hash).status, 200, "{operation}");
        assert_eq!(tenant.store.passwords.contains_key("id-1"), kept, "{operation}");
    }
    let wrong = json!({ "schemas": [user], "userName": "bo", "password": ["t1meMa$heen", "x"] });
    let refused = tenant.reply("POST", "/Users", &wrong, hash);
    assert_eq!((refused.status, refused.body.contains("t1me")), (400, false), "{}", refused.body);
    let all = format!("{:?}", tenant.store);
    assert!(!all.contains("t1me"), "{all}");
    tenant.reply("DELETE", "/Users/id-1", &Value::Null, hash);
    assert!(tenant.store.passwords.is_empty());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn user_names_are_prepared_where_a_tenant_wants_it() {
    use provisor::scim::name::{fold, is_user_name, prepared};
    let file: Value = serde_json::from_str(include_str!("vectors/schema/prepared.json")).unwrap();
    for case in file["same"].as_array().unwrap() {
        let (a, b) = (case["a"].as_str().unwrap(), case["b"].as_str().unwrap());
        assert_eq!(prepared(a) == prepared(b), case["expect"], "{a} {b}");
        assert_eq!(prepared(&prepared(a)), prepared(a), "{a}");
    }
    assert_eq!(fold("STRASSE"), fold("straẞe"));
    for case in file["allowed"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        assert_eq!(is_user_name(&prepared(name)), case["expect"], "{name}");
    }
    let mut tenant = Tenant::new("", "");
    tenant.registry = tenant.registry.with_prepared_names();
    let user =
        |name: &str| json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name });
    assert_eq!(tenant.send("POST", "/Users", &user("Ame\u{301}lie")).0, 201);
    assert_eq!(tenant.send("POST", "/Users", &user("AMÉLIE")).0, 409);
    let (_, found) = tenant.send("GET", "/Users?filter=userName%20eq%20%22AM%C3%89LIE%22", &Value::Null);
    assert_eq!(found["totalResults"], 1, "{found}");
    let (status, error) = tenant.send("POST", "/Users", &user("two words"));
    assert!(status == 400 && error["detail"].as_str().unwrap().contains("without spaces"), "{error}");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_tenant_may_have_indexes_of_texts_that_resources_keep() {
    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let read = |wanted: &[&str]| {
        builtin().read_indexes(&wanted.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>())
    };
    for (path, key) in [
        ("title", "title"),
        ("TITLE", "title"),
        ("urn:ietf:params:scim:schemas:core:2.0:User:nickName", "nickname"),
        ("phoneNumbers.value", "phonenumbers.value"),
        ("name.familyName", "name.familyname"),
        ("profileUrl", "profileurl"),
        ("department", &format!("{ENTERPRISE}:department").to_lowercase()),
        (&format!("{ENTERPRISE}:manager.value"), &format!("{ENTERPRISE}:manager.value").to_lowercase()),
    ] {
        assert_eq!(read(&[path]), Ok(vec![key.to_owned()]), "{path}");
    }
    for (wanted, why) in [
        (&["shoeSize"][..], "`shoeSize` is no attribute"),
        (&["urn:example:none:title"], "is no attribute"),
        (&["title["], "`title[` is no attribute"),
        (&["userName"], "has an index already"),
        (&["id"], "has an index already"),
        (&["meta.lastModified"], "has an index already"),
        (&["phoneNumbers"], "name a sub-attribute such as `phoneNumbers.value`"),
        (&["name"], "name a sub-attribute such as `name.formatted`"),
        (&["emails.primary"], "is of type `boolean`"),
        (&["x509Certificates.value"], "is of type `binary`"),
        (&["meta.created"], "not kept in the resource itself"),
        (&["groups.display"], "not kept in the resource itself"),
        (&["password"], "not kept in the resource itself"),
        (&["title", "Title"], "stands there twice"),
        (&["a", "b", "c", "d", "e", "f", "g", "h", "i"], "names 9 attributes; there may be 8"),
    ] {
        let error = read(wanted).unwrap_err();
        assert!(error.contains(why), "{wanted:?}: {error}");
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_list_is_sorted_by_names_as_they_are_compared() {
    let mut tenant = Tenant::new("", "");
    tenant.registry = tenant.registry.with_prepared_names();
    // Full-width letters stand for the plain ones, but far from them in Unicode.
    for name in ["c", "\u{ff22}", "a"] {
        let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name });
        assert_eq!(tenant.send("POST", "/Users", &body).0, 201, "{name}");
    }
    let (_, list) = tenant.send("GET", "/Users?sortBy=userName", &Value::Null);
    let names: Vec<_> = list["Resources"].as_array().unwrap().iter().map(|user| &user["userName"]).collect();
    assert_eq!(names, ["a", "\u{ff22}", "c"]);
}
