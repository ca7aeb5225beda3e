//! Laws of the filter language and of PATCH, over random filters and random users: what is
//! printed reads the same, a compiled filter agrees with the naive reading of the RFC, an
//! index predicate loses no match, a difference applied makes the other document.
#![cfg(not(target_arch = "wasm32"))]

use std::sync::LazyLock;

use proptest::prelude::*;
use provisor::scim::compat::Profile;
use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{Context, NO_PASSWORDS, Place, Searchable, Settings, lower};
use provisor::scim::effort::Effort;
use provisor::scim::filter::{self, Filter, Literal, Operator};
use provisor::scim::http::{Request, serve};
use provisor::scim::patch;
use provisor::scim::schema::check::{Rules, Write, check};
use provisor::scim::schema::{INDEXED, Registry, ResourceType, builtin};
use serde_json::{Map, Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn users() -> (&'static Registry, &'static ResourceType) {
    (builtin(), builtin().resource_type("User").unwrap())
}

/// Few letters, so that they often meet; some fold to others.
fn text() -> impl Strategy<Value = String> {
    prop::string::string_regex("[aAbBßsSéÉ @.\"\\\\]{0,4}").unwrap()
}

fn instants() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00.001Z",
        "2026-06-01T00:00:00.000Z",
        // Between what is kept, beside it, and outside it.
        "2026-01-01T00:00:00.0004Z",
        "2025-12-31T23:59:59.999999Z",
        "2026-06-01T00:00:00.00000001Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
    ])
    .prop_map(str::to_owned)
}

fn email() -> impl Strategy<Value = Value> {
    (prop::sample::select(vec!["work", "home", "other"]), text(), any::<bool>()).prop_map(
        |(kind, value, display)| {
            let mut email = json!({ "type": kind, "value": format!("{value}@") });
            if display {
                email["display"] = "d".into();
            }
            email
        },
    )
}

/// A document as the directory keeps it: checked, without what it joins.
fn document() -> impl Strategy<Value = Map<String, Value>> {
    let texts = (text(), prop::option::of(text()), prop::option::of(text()), prop::option::of(text()));
    let rest = (
        prop::option::of(any::<bool>()),
        prop::collection::vec(email(), 0..3),
        prop::option::of(text()),
        prop::option::of(text()),
        any::<bool>(),
    );
    (texts, rest).prop_map(|((name, title, external, given), (active, emails, family, department, primary))| {
        let mut user = json!({ "userName": format!("u{name}"), "title": title, "externalId": external, "active": active });
        user["name"] = json!({ "givenName": given, "familyName": family });
        let mut kept: Vec<Value> = Vec::new();
        for email in emails {
            if !kept.iter().any(|known| known["value"] == email["value"] && known["type"] == email["type"]) {
                kept.push(email);
            }
        }
        if let (true, Some(first)) = (primary, kept.first_mut()) {
            first["primary"] = true.into();
        }
        user["emails"] = kept.into();
        user[ENTERPRISE] = json!({ "department": department });
        let (registry, kind) = users();
        let user = user.as_object().unwrap().clone();
        check(registry, kind, Rules { open_values: true }, Write::Patch(&Map::new()), user).unwrap()
    })
}

fn comparison(names: &'static [&'static str]) -> BoxedStrategy<String> {
    let operators = prop::sample::select(vec!["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "EQ"]);
    let literal = text().prop_map(|text| Value::from(text).to_string());
    let name = prop::sample::select(names);
    prop_oneof![
        6 => (name.clone(), operators, literal).prop_map(|(name, op, value)| format!("{name} {op} {value}")),
        1 => name.clone().prop_map(|name| format!("{name} pr")),
        1 => (name, prop::sample::select(vec!["eq", "ne"])).prop_map(|(name, op)| format!("{name} {op} null")),
    ]
    .boxed()
}

/// A filter's text.
fn filters() -> impl Strategy<Value = String> {
    let simple = comparison(&[
        "userName",
        "USERNAME",
        "title",
        "externalId",
        "name.givenName",
        "emails.value",
        "emails",
        "emails.type",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "department",
    ]);
    let booleans = (prop::sample::select(vec!["active", "emails.primary"]), any::<bool>(), any::<bool>())
        .prop_map(|(name, ne, value)| format!("{name} {} {value}", if ne { "ne" } else { "eq" }));
    let dates = (prop::sample::select(vec!["gt", "ge", "lt", "le", "eq", "ne"]), instants())
        .prop_map(|(op, at)| format!("meta.lastModified {op} \"{at}\""));
    let within = (instants(), instants(), prop::sample::select(vec!["gt", "ge"]), any::<bool>()).prop_map(
        |(from, to, op, inside)| match inside {
            true => format!("meta[lastModified {op} \"{from}\" and lastModified lt \"{to}\"]"),
            false => format!("meta.lastModified {op} \"{from}\" and meta.lastModified le \"{to}\""),
        },
    );
    let inner = prop_oneof![
        4 => comparison(&["type", "value", "VALUE", "display"]),
        1 => any::<bool>().prop_map(|value| format!("primary eq {value}")),
    ];
    let inside = inner.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    });
    let elements = (inside, prop::option::of(text())).prop_map(|(inside, then)| match then {
        Some(then) => format!("emails[{inside}].value co {}", Value::from(then)),
        None => format!("emails[{inside}]"),
    });
    let urn = Just(format!("{ENTERPRISE} pr"));
    prop_oneof![6 => simple, 1 => booleans, 1 => dates, 1 => within, 3 => elements, 1 => urn].prop_recursive(
        4,
        24,
        3,
        |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| parts.join(" and ")),
                prop::collection::vec(inner.clone(), 2..4)
                    .prop_map(|parts| format!("({})", parts.join(" or "))),
                prop::collection::vec(inner.clone(), 2..3).prop_map(|parts| parts.join(" or ")),
                inner.prop_map(|inner| format!("not ({inner})")),
            ]
        },
    )
}

/// The RFC read naively: names looked up anew, text folded anew, for every comparison.
mod naive {
    use super::*;

    fn fold(text: &str) -> String {
        text.chars()
            .flat_map(char::to_uppercase)
            .collect::<String>()
            .chars()
            .flat_map(char::to_lowercase)
            .collect()
    }

    /// All values that a path names.
    fn values(resource: &Value, path: &[&str]) -> Vec<Value> {
        let Some((name, rest)) = path.split_first() else {
            return match resource {
                Value::Array(items) => items.clone(),
                value => vec![value.clone()],
            };
        };
        match resource {
            Value::Array(items) => items.iter().flat_map(|item| values(item, path)).collect(),
            Value::Object(map) => {
                let found = map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| values(value, rest)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn is_time(text: &str) -> bool {
        text.len() >= 20 && text.ends_with('Z')
    }

    fn compare(value: &Value, operator: Operator, wanted: &Literal, exact: bool) -> bool {
        let ordering = match (value, wanted) {
            // Times in UTC sort as their digits do.
            (Value::String(value), Literal::String(wanted)) if is_time(value) && is_time(wanted) => {
                value.trim_end_matches('Z').cmp(wanted.trim_end_matches('Z'))
            }
            (Value::Bool(value), Literal::Boolean(wanted)) => value.cmp(wanted),
            (Value::String(value), Literal::String(wanted)) => {
                let (value, wanted) =
                    if exact { (value.clone(), wanted.clone()) } else { (fold(value), fold(wanted)) };
                match operator {
                    Operator::Co => return value.contains(&wanted),
                    Operator::Sw => return value.starts_with(&wanted),
                    Operator::Ew => return value.ends_with(&wanted),
                    _ => value.cmp(&wanted),
                }
            }
            _ => return false,
        };
        match operator {
            Operator::Eq => ordering.is_eq(),
            Operator::Ne => ordering.is_ne(),
            Operator::Gt => ordering.is_gt(),
            Operator::Ge => ordering.is_ge(),
            Operator::Lt => ordering.is_lt(),
            Operator::Le => ordering.is_le(),
            _ => false,
        }
    }

    pub fn matches(filter: &Filter, resource: &Value) -> bool {
        let path = |path: &provisor::scim::name::AttributePath| -> Vec<String> {
            let attribute = path.attribute.to_lowercase();
            let extension = path.urn.clone().or((attribute == "department").then(|| ENTERPRISE.to_owned()));
            let value = (attribute == "emails" && path.sub_attribute.is_none()).then(|| "value".to_owned());
            extension.into_iter().chain([attribute]).chain(path.sub_attribute.clone()).chain(value).collect()
        };
        let at = |names: &[String]| values(resource, &names.iter().map(String::as_str).collect::<Vec<_>>());
        let present = |values: &[Value]| {
            values.iter().any(|value| !value.is_null() && value != "" && *value != json!({}))
        };
        match filter {
            Filter::And(parts) => parts.iter().all(|part| matches(part, resource)),
            Filter::Or(parts) => parts.iter().any(|part| matches(part, resource)),
            Filter::Not(inner) => !matches(inner, resource),
            Filter::Present(name) if name.as_urn().as_deref() == Some(ENTERPRISE) => {
                present(&at(&[ENTERPRISE.to_owned()]))
            }
            Filter::Present(name) => present(&at(&path(name))),
            Filter::Compare { path: name, operator, value: Literal::Null, .. } => {
                present(&at(&path(name))) == (*operator == Operator::Ne)
            }
            Filter::Compare { path: name, operator: Operator::Ne, value, .. } => {
                let exact = name.attribute == "externalId";
                !at(&path(name)).iter().any(|found| compare(found, Operator::Eq, value, exact))
            }
            Filter::Compare { path: name, operator, value, .. } => {
                let exact = name.attribute == "externalId";
                at(&path(name)).iter().any(|found| compare(found, *operator, value, exact))
            }
            Filter::ValuePath { path: name, filter, then } => {
                let elements = values(resource, &[name.attribute.as_str()]);
                elements.iter().any(|element| {
                    matches(filter, element) && then.as_ref().is_none_or(|then| matches(then, element))
                })
            }
        }
    }
}

/// A store with these users, and each as it is shown.
fn stored(documents: &[Map<String, Value>]) -> (MemoryStore, Vec<Value>) {
    let (mut store, settings) = (MemoryStore::new(), Settings::default());
    let mut given = 0;
    for (index, document) in documents.iter().enumerate() {
        let mut document = document.clone();
        let name = document["userName"].as_str().unwrap();
        document.insert("userName".into(), format!("{name}{index}").into());
        let body = Value::Object(document).to_string();
        ask(&mut store, &settings, &mut given, "POST", body);
    }
    let list: Value =
        serde_json::from_str(&ask(&mut store, &settings, &mut given, "GET", String::new())).unwrap();
    let shown = list["Resources"].as_array().cloned().unwrap_or_default();
    assert_eq!(shown.len(), documents.len());
    (store, shown)
}

/// The built-in schemas, with indexes that a tenant added: of all of them keys are written.
fn indexed() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
        let wanted = ["title", "name.givenName", "emails.type", &format!("{ENTERPRISE}:department")];
        let paths = builtin().read_indexes(&wanted.map(str::to_owned)).unwrap();
        builtin().clone().with_indexes(paths.clone(), paths)
    });
    &REGISTRY
}

fn ask(store: &mut MemoryStore, settings: &Settings, given: &mut u32, method: &str, body: String) -> String {
    *given += 1;
    let now = ["2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z", "2026-06-01T00:00:00.000Z"]
        [*given as usize % 3];
    let mut new_id = || format!("id{given}");
    let mut context = Context {
        registry: indexed(),
        base: "https://scim.test",
        now,
        actor: "test",
        new_id: &mut new_id,
        hash_password: NO_PASSWORDS,
        me: None,
        cursor_key: b"test",
        effort: provisor::scim::effort::Effort::new(settings.step_budget),
        settings,
    };
    let request = Request { method: method.into(), path: "/Users".into(), body, ..Request::default() };
    let reply = serve(store, &mut context, &request);
    assert!(reply.status < 300, "{}", reply.body);
    reply.body
}

proptest! {
    #[test]
    fn what_is_printed_reads_the_same(text in filters()) {
        let parsed = filter::parse(&text).unwrap();
        let printed = parsed.to_string();
        prop_assert_eq!(&filter::parse(&printed).unwrap(), &parsed, "{}", printed);
        prop_assert_eq!(filter::parse(&printed).unwrap().to_string(), printed);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z(\\[\\]). \"\\\\eqandornt]{0,40}|\\PC{0,30}") {
        if let Err(error) = filter::parse(&text) {
            prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len());
            prop_assert!(text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end));
        }
        let _ = filter::parse_patch_path(&text);
    }

    #[test]
    fn evaluation_and_lowering_agree_with_the_naive_reading(
        text in filters(),
        documents in prop::collection::vec(document(), 1..5),
    ) {
        let (registry, kind) = users();
        let parsed = filter::parse(&text).unwrap();
        let compiled = filter::compile(&parsed, registry, kind).unwrap();
        let (mut store, shown) = stored(&documents);
        for user in &shown {
            let matches = filter::matches(&compiled, user.as_object().unwrap());
            prop_assert_eq!(matches, naive::matches(&parsed, user), "{} over {}", text, user);
        }
        // Those that all tenants have, and those that one added.
        let usual: Vec<&str> = INDEXED.to_vec();
        let own: Vec<&str> =
            usual.iter().copied().chain(indexed().indexes.usable.iter().map(String::as_str)).collect();
        for (user, indexes) in shown.iter().flat_map(|user| [(user, &usual), (user, &own)]) {
            let (predicate, exact) = lower(&compiled, indexes);
            let selected = store.select("User", &predicate, Place::Start, 0, 100).unwrap();
            let matches = filter::matches(&compiled, user.as_object().unwrap());
            let found = selected.iter().any(|record| user["id"] == *record.id);
            prop_assert!(found || !matches, "{} lowered to {:?} loses {}", text, predicate, user);
            prop_assert!(!exact || found == matches, "{} lowered to {:?} is not exact for {}", text, predicate, user);
        }
    }

    #[test]
    fn a_difference_applied_makes_the_other(a in document(), b in document()) {
        let (registry, kind) = users();
        let free = Effort::new(u64::MAX);
        for profile in [Profile::STRICT, Profile::DEFAULT] {
            let operations = patch::diff(registry, kind, &a, &b);
            let body = operations.to_json().as_object().unwrap().clone();
            let decoded = patch::decode(body, profile);
            let decoded = if a == b { operations.clone() } else { decoded.unwrap() };
            let patched = patch::apply(registry, kind, profile, a.clone(), decoded, &free).unwrap();
            prop_assert_eq!(&patched.document, &b);
            prop_assert_eq!(patched.changed, a != b);
            prop_assert!(patched.readings.is_empty(), "strict operations need no quirk: {:?}", patched.readings);
            // And once more changes nothing.
            let again = patch::apply(registry, kind, profile, b.clone(), operations, &free).unwrap();
            prop_assert!(!again.changed);
        }
    }

    #[test]
    fn adding_twice_is_adding_once(a in document(), b in document()) {
        let (registry, kind) = users();
        let free = Effort::new(u64::MAX);
        let add = || patch::Operations {
            list: vec![patch::Operation { op: patch::Op::Add, path: None, value: Some(Value::Object(b.clone())) }],
            ..Default::default()
        };
        let once = patch::apply(registry, kind, Profile::STRICT, a, add(), &free).unwrap().document;
        let twice = patch::apply(registry, kind, Profile::STRICT, once.clone(), add(), &free).unwrap();
        prop_assert_eq!(&twice.document, &once);
        prop_assert!(!twice.changed);
        let primaries = once.get("emails").and_then(Value::as_array).into_iter().flatten();
        prop_assert!(primaries.filter(|email| email["primary"] == true).count() <= 1);
    }
}

#[test]
fn a_group_differs_by_its_members() {
    let kind = builtin().resource_type("Group").unwrap();
    let group = |ids: &[&str]| {
        let members: Vec<_> = ids.iter().map(|id| json!({ "value": id })).collect();
        json!({ "displayName": "g", "members": members }).as_object().unwrap().clone()
    };
    let operations = patch::diff(builtin(), kind, &group(&["a", "b"]), &group(&["b", "c"]));
    let paths: Vec<_> = operations.list.iter().map(|operation| operation.path.as_deref().unwrap()).collect();
    assert_eq!(paths, [r#"members[value eq "a"]"#, "members"]);
    let patched =
        patch::apply(builtin(), kind, Profile::STRICT, group(&[]), operations, &Effort::new(u64::MAX))
            .unwrap();
    let (gone, new) = (vec!["a".to_owned()], vec!["c".to_owned()]);
    let [patch::MemberChange::Remove(removal), patch::MemberChange::Add(joining)] =
        patched.members.as_slice()
    else {
        panic!("{:?}", patched.members)
    };
    assert_eq!(removal.ids().unwrap(), gone);
    assert_eq!(*joining, new);
}
