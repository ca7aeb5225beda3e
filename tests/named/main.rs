//! The law of every write: an operation changes what it names and nothing else but what the RFC makes
//! follow (`primary` of its siblings, `schemas`, `meta`, one of two values that became the same) and, in
//! profiles without `mergeElements`, the element that its path selects; an operation that names nothing
//! changes nothing or is refused; a list becomes empty only when the client says so in a form that can
//! mean nothing else; what is refused is refused alike by POST, PUT, PATCH and Bulk.
//!
//! That it can fail was tried by planting faults in the source, one at a time; each was found:
//! - a member without an id is dropped (`write.rs`: `named_members` not called): by what is refused alike,
//!   `members = [{"value":"a"},{}]`;
//! - `replace name {}` wipes the value (`apply.rs`: no early return where a value names no part): by
//!   `replace …:User:manager {"display":null}`;
//! - `remove` takes all of a part with several values (`dialect.rs`: `remove_from` without the value): by
//!   `remove a2.parts ["…"]`.
//!
//! Before any was planted it found eight that nobody knew of: `[null]` emptied a list by PATCH; `add` of null
//! took a part away; `add` of a value that was there lost what its parts of several values had; JSON in text
//! was added to a list as one value, and named members to remove that stayed; a list named a single part to
//! remove, which stayed; one empty value without its list was refused by PATCH alone; one value that was
//! added by itself was not read as in a list.
#![cfg(not(target_arch = "wasm32"))]

mod make;
mod oracle;
#[path = "../support/mod.rs"]
mod support;

use make::{Operation, Tape, World};
use proptest::prelude::*;
use provisor::scim::compat::Profile;
use provisor::scim::directory::Settings;
use serde_json::{Value, json};
use support::Tenant;

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

fn tenant(world: &World, profile: Profile) -> Tenant {
    let settings = Settings { profile, accepts_unknown_members: true, ..Settings::default() };
    let mut tenant = Tenant::with(settings);
    tenant.registry = world.registry.clone();
    tenant
}

fn patch(operations: &[&Operation]) -> Value {
    let operations: Vec<&Value> = operations.iter().map(|operation| &operation.json).collect();
    json!({ "schemas": [PATCH_OP], "Operations": operations })
}

/// A request by way of Bulk: its status, and the id of what it made.
fn in_bulk(tenant: &mut Tenant, method: &str, path: &str, data: &Value) -> (u16, String) {
    let operation = json!({ "method": method, "path": path, "bulkId": "b", "data": data });
    let (status, reply) =
        tenant.send("POST", "/Bulk", &json!({ "schemas": [BULK], "Operations": [operation] }));
    assert_eq!(status, 200, "{reply}");
    let one = &reply["Operations"][0];
    let id = one["location"].as_str().and_then(|at| at.rsplit('/').next()).unwrap_or_default();
    (one["status"].as_str().unwrap().parse().unwrap(), id.to_owned())
}

/// A resource without what a write makes anew.
fn content(resource: &Value) -> Value {
    let mut resource = resource.clone();
    resource.as_object_mut().unwrap().retain(|name, _| name != "meta" && name != "id");
    resource
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_500))]

    #[test]
    fn an_operation_changes_what_it_names_and_nothing_else(bytes in prop::collection::vec(any::<u8>(), 160..320)) {
        let mut tape = Tape::new(&bytes);
        let profile = make::profile(&mut tape);
        let world = World::of(&mut tape);
        let resource = world.resource(&mut tape);
        let endpoint = world.kind.endpoint.clone();
        let mut tenant = tenant(&world, profile);
        let (status, made) = tenant.send("POST", &endpoint, &resource);
        prop_assume!(status == 201);
        let target = format!("{endpoint}/{}", made["id"].as_str().unwrap());
        let mut first = tenant.clone();
        let mut taken = Vec::new();
        for round in 0..3 {
            let before = tenant.get(&target);
            let operation = world.operation(&mut tape, &before);
            let mut other = (round == 0).then(|| tenant.clone());
            let (status, reply) = tenant.send("PATCH", &target, &patch(&[&operation]));
            let after = tenant.get(&target);
            if let Some(other) = &mut other {
                let (bulk, _) = in_bulk(other, "PATCH", &target, &patch(&[&operation]));
                prop_assert_eq!(status / 100, bulk / 100, "{} {}", operation.json, reply);
                prop_assert_eq!(content(&after), content(&other.get(&target)), "in bulk: {}", operation.json);
            }
            let urns = after["schemas"].as_array().unwrap();
            let extensions = world.registry.extensions(&world.kind);
            let held = 1 + extensions.filter(|schema| after.get(&schema.id).is_some()).count();
            prop_assert_eq!(urns.len(), held, "`schemas` follows: {}", after);
            if status >= 400 {
                prop_assert_eq!(before, after, "refused, and changed: {}", operation.json);
                continue;
            }
            let fault = oracle::fault(&world, profile, &operation, &before, &after);
            prop_assert!(fault.is_none(), "{}\n{} of\n{}\nis\n{}", fault.unwrap_or_default(), operation.json, before, after);
            taken.push(operation);
        }
        // All at once they leave what they leave one after the other, unless values become the same on the way.
        let all: Vec<&Operation> = taken.iter().collect();
        let is_whole = |operation: &&Operation| {
            operation.meant.iter().all(|meant| meant.sub.is_none() && meant.filter.is_none())
        };
        if !all.is_empty() && all.iter().all(is_whole) {
            let (status, reply) = first.send("PATCH", &target, &patch(&all));
            prop_assert!(status < 300, "{} for {:?}", reply, all);
            prop_assert_eq!(content(&tenant.get(&target)), content(&first.get(&target)), "{:?}", all);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_refused_is_refused_alike(bytes in prop::collection::vec(any::<u8>(), 80..120)) {
        let mut tape = Tape::new(&bytes);
        let profile = make::profile(&mut tape);
        let world = World::of(&mut tape);
        let spot = tape.pick(&world.spots);
        let value = if tape.below(4) == 0 { make::whole(&mut tape, &spot.attribute) } else { make::odd(&mut tape, &spot.attribute) };
        let endpoint = world.kind.endpoint.clone();
        let mut body = world.bare.clone();
        spot.put(&mut body, value.clone());
        let inside = match &spot.extension {
            None => json!({ spot.attribute.name.clone(): value }),
            Some(urn) => json!({ urn.clone(): { spot.attribute.name.clone(): value } }),
        };
        let by_path = Operation { op: "replace", json: json!({ "op": "replace", "path": spot.path(), "value": value }), meant: vec![], on_extension: false };
        let by_name = Operation { op: "replace", json: json!({ "op": "replace", "value": inside }), meant: vec![], on_extension: false };
        let mut left = Vec::new();
        for (method, data) in [("POST", &body), ("PUT", &body), ("PATCH", &patch(&[&by_path])), ("PATCH", &patch(&[&by_name]))] {
            for is_bulk in [false, true] {
                let mut tenant = tenant(&world, profile);
                let mut target = endpoint.clone();
                if method != "POST" {
                    target = format!("{endpoint}/{}", tenant.create(&endpoint, &world.bare));
                }
                let (status, id) = if is_bulk {
                    in_bulk(&mut tenant, method, &target, data)
                } else {
                    let (status, reply) = tenant.send(method, &target, data);
                    (status, reply["id"].as_str().unwrap_or_default().to_owned())
                };
                if method == "POST" {
                    target = format!("{endpoint}/{id}");
                }
                let shown = (status < 300).then(|| spot.of(&tenant.get(&target)).cloned());
                left.push((method, is_bulk, status / 100, shown));
            }
        }
        let alike = left.iter().all(|(_, _, status, shown)| (*status, shown) == (left[0].2, &left[0].3));
        prop_assert!(alike, "{} = {}: {:#?}", spot.path(), value, left);
        // A list is empty only where the client said so.
        if let (true, Some(None), Value::Array(items)) = (spot.attribute.multi_valued, &left[0].3, &value) {
            let is_empty = |item: &Value| item == "" || item.get("value").is_some_and(|value| value == "" || value.is_null());
            prop_assert!(items.iter().all(is_empty), "{} = {} is empty", spot.path(), value);
        }
    }
}
