//! Laws of schemas: any schema prints and loads the same, checking is idempotent, what the
//! strict reading takes the lenient one takes alike, what is shown is a part of what there is,
//! and no JSON whatever makes anything panic.
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use provisor::scim::schema::check::{Rules, Write, check};
use provisor::scim::schema::project::Selection;
use provisor::scim::schema::{Registry, builtin};
use serde_json::{Map, Value, json};

const THING: &str = "urn:example:schemas:1.0:Thing";

fn pick(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::sample::select(words).prop_map(Value::from)
}

/// An attribute whose name is made of this number; complex ones have simple parts.
fn attribute(number: usize, complex: bool) -> BoxedStrategy<Value> {
    let kinds: &[&str] = match complex {
        true => &["string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"],
        false => &["string", "boolean", "decimal", "integer", "dateTime", "binary", "reference"],
    };
    let flags = (any::<bool>(), prop::bool::weighted(0.2), any::<bool>());
    let words = (
        pick(&["readOnly", "readWrite", "readWrite", "immutable", "writeOnly"]),
        pick(&["always", "never", "default", "request"]),
        pick(&["none", "server", "global"]),
    );
    let values = prop::collection::vec("[a-z]{1,3}", 0..3);
    let parts = prop::collection::vec(Just(()), 1..4)
        .prop_flat_map(|parts| (0..parts.len()).map(|part| attribute(part, false)).collect::<Vec<_>>());
    let parts = if complex { parts.boxed() } else { Just(Vec::new()).boxed() };
    (prop::sample::select(kinds), flags, words, values, parts)
        .prop_map(move |(kind, flags, words, values, parts)| {
            let name = if number == 0 && !complex { "value".to_owned() } else { format!("a{number}") };
            let mut attribute = json!({
                "name": name, "type": kind, "multiValued": flags.0, "required": flags.1, "caseExact": flags.2,
                "mutability": words.0, "returned": words.1, "uniqueness": words.2,
            });
            match kind {
                "complex" => attribute["subAttributes"] = parts.into(),
                "string" => attribute["canonicalValues"] = values.into(),
                "reference" => attribute["referenceTypes"] = json!(["User", "external"]),
                _ => {}
            }
            attribute
        })
        .boxed()
}

fn schemas() -> impl Strategy<Value = Value> {
    prop::collection::vec(Just(()), 1..8)
        .prop_flat_map(|all| (0..all.len()).map(|number| attribute(number, true)).collect::<Vec<_>>())
        .prop_map(|attributes| json!([{ "id": THING, "name": "Thing", "attributes": attributes }]))
}

fn types() -> String {
    json!([{ "name": "Thing", "endpoint": "/Things", "schema": THING }]).to_string()
}

/// Any JSON, with words in it that mean something here.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
        pick(&["2026-01-31T08:00:00Z", "QUJD", "https://x.example/Users/1", "complex", "string", THING]),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let name = prop_oneof![
            "a[0-7]",
            prop::sample::select(vec![
                "value",
                "type",
                "primary",
                "id",
                "name",
                "attributes",
                "subAttributes",
                "schemas",
                "schema",
                "Resources",
                "endpoint",
                "schemaExtensions",
                "emails",
                "userName",
                "referenceTypes",
                "A0",
            ])
            .prop_map(str::to_owned),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A resource of the type, more or less.
fn resource() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec(("[aA][0-7]", anything()), 0..8).prop_map(|members| {
        let mut resource: Map<String, Value> = members.into_iter().collect();
        resource.insert("schemas".into(), json!([THING]));
        resource
    })
}

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_schema_prints_and_loads_the_same(schemas in schemas()) {
        let registry = Registry::load(&schemas.to_string(), &types()).unwrap();
        let (schemas, types) = registry.to_json();
        prop_assert_eq!(Registry::load(&schemas.to_string(), &types.to_string()), Ok(registry));
    }

    #[test]
    fn checking_is_idempotent_and_open_values_only_add(schemas in schemas(), resource in resource()) {
        let registry = Registry::load(&schemas.to_string(), &types()).unwrap();
        let kind = registry.resource_type("Thing").unwrap();
        let run = |open_values, write, resource| check(&registry, kind, Rules { open_values }, write, resource);
        let strict = run(false, Write::Create, resource.clone());
        let open = run(true, Write::Create, resource);
        if let Ok(strict) = &strict {
            prop_assert_eq!(open.as_ref(), Ok(strict));
            prop_assert_eq!(run(false, Write::Create, strict.clone()), Ok(strict.clone()));
        }
        if let Ok(open) = &open {
            prop_assert_eq!(run(true, Write::Create, open.clone()), Ok(open.clone()));
            prop_assert_eq!(run(true, Write::Replace(open), open.clone()), Ok(open.clone()));
            prop_assert_eq!(run(true, Write::Patch(open), open.clone()), Ok(open.clone()));
        }
    }

    #[test]
    fn what_is_shown_is_a_part(schemas in schemas(), resource in resource(), only in "(a[0-7](\\.a[0-3])?,){0,3}", except in "(a[0-7](\\.a[0-3])?,){0,3}") {
        let registry = Registry::load(&schemas.to_string(), &types()).unwrap();
        let kind = registry.resource_type("Thing").unwrap();
        if let Ok(resource) = check(&registry, kind, Rules { open_values: true }, Write::Create, resource) {
            let shown = Selection::parse(Some(&only), Some(&except)).project(&registry, kind, resource.clone());
            let all = Selection::default().project(&registry, kind, resource.clone());
            prop_assert!(is_part(&Value::Object(shown.clone()), &Value::Object(resource)));
            for attribute in registry.core_attributes(kind) {
                let hidden = matches!(attribute.returned, provisor::scim::schema::Returned::Never);
                prop_assert!(!hidden || !(shown.contains_key(&attribute.name) || all.contains_key(&attribute.name)));
            }
        }
    }

    #[test]
    fn nothing_panics_on_any_json(schemas in anything(), types in anything(), resource in anything(), before in anything()) {
        let loaded = Registry::load(&schemas.to_string(), &types.to_string());
        let registry = loaded.as_ref().unwrap_or(builtin());
        let (resource, before) = (resource.as_object().cloned().unwrap_or_default(), before.as_object().cloned().unwrap_or_default());
        for kind in &registry.resource_types {
            for write in [Write::Create, Write::Replace(&before), Write::Patch(&before)] {
                let _ = check(registry, kind, Rules::default(), write, resource.clone());
            }
            Selection::default().project(registry, kind, resource.clone());
        }
    }
}
