//! The OpenAPI document tells of every route of the Worker, and of nothing else.

use std::collections::BTreeSet;

use provisor::routes::{Found, ROUTES, SCIM_PATHS, find};
use serde_json::Value;

fn document() -> Value {
    serde_json::from_str(include_str!("../src/edge/openapi.json")).expect("the document is JSON")
}

/// `METHOD path` of every operation.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("a path item").keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect()
}

#[test]
fn every_route_is_described_and_every_description_is_a_route() {
    let document = document();
    let (scim, other): (BTreeSet<_>, BTreeSet<_>) =
        operations(&document).into_iter().partition(|operation| operation.contains(" /scim/v2"));
    let routes: BTreeSet<String> =
        ROUTES.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(other, routes);
    let described: BTreeSet<&str> = scim.iter().filter_map(|operation| operation.split(' ').nth(1)).collect();
    // A tenant's own resource types are in its own `/ResourceTypes`.
    let known: BTreeSet<&str> =
        SCIM_PATHS.iter().copied().filter(|path| !path.contains("{endpoint}")).collect();
    assert_eq!(described, known);
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_its_own_name() {
    let document = document();
    let mut names = BTreeSet::new();
    for item in document["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("a path item").values() {
            let name = operation["operationId"].as_str().expect("an operationId");
            assert!(names.insert(name.to_owned()), "{name} stands twice");
            assert!(operation["summary"].is_string() && operation["responses"].is_object(), "{name}");
        }
    }
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(reference)) = object.get("$ref") {
                    let pointer = reference.strip_prefix('#').expect("a local reference");
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                open.extend(object.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

#[test]
fn the_router_takes_each_route_and_tells_other_methods_apart() {
    for route in ROUTES {
        let path: Vec<&str> =
            route.path.split('/').map(|part| if part.starts_with('{') { "x1" } else { part }).collect();
        let path = path.join("/");
        let Found::Route(action, template, values) = find(route.method, &path) else {
            panic!("{} {path} is not found", route.method)
        };
        assert_eq!((action, template), (route.action, route.path));
        assert_eq!(values.len(), route.path.matches('{').count());
        assert!(matches!(find("TRACE", &path), Found::OtherMethods(_)), "{path}");
    }
    for path in ["/", "", "/admin", "/scim", "/scim/v22/Users", "/admin/tenants//tokens", "/healthz/x"] {
        assert_eq!(find("GET", path), Found::Nothing, "{path}");
    }
    assert!(matches!(find("GET", "/scim/v2/Users/a%2Fb"), Found::Route(_, "/scim/v2/Users/{id}", _)));
}

#[test]
fn every_setting_is_described_with_its_default() {
    let document = document();
    let described = document["components"]["schemas"]["Settings"]["properties"].as_object().expect("them");
    let known = serde_json::to_value(provisor::scim::directory::Settings::default()).expect("JSON");
    for (name, default) in known.as_object().expect("an object") {
        let said = described.get(name).unwrap_or_else(|| panic!("`{name}` is not described"));
        assert!(name == "profile" || said["default"] == *default, "{name}: {said}");
    }
    assert_eq!(described.len(), known.as_object().expect("an object").len() + 2, "and the old words for two");
}
