//! App roles. A source object's `appRoleAssignments` is a list of JSON objects
//! `{"id","value","displayName"}`, or of plain role names.

use super::super::Value;
use super::super::ast::{Call, Function};
use super::super::environment::Outcome;
use super::{entra, need};
use crate::provision::message::told;

pub(super) static FUNCTIONS: [Function; 4] = [
    entra(
        "SingleAppRoleAssignment",
        &[need("appRoleAssignments", "source")],
        told!("the one app role that the user holds, as text"),
        |call| Ok(names(call)?.into_iter().next().map_or(Value::Null, Value::Text)),
    ),
    entra(
        "AppRoleAssignments",
        &[need("appRoleAssignments", "source")],
        told!("the names of the app roles (older form)"),
        |call| Ok(Value::List(names(call)?).simplify()),
    ),
    entra(
        "AppRoleAssignmentsComplex",
        &[need("appRoleAssignments", "source")],
        told!("all app roles; updates add roles and never remove one"),
        assignments,
    ),
    entra(
        "AssertiveAppRoleAssignmentsComplex",
        &[need("appRoleAssignments", "source")],
        told!("all app roles; updates replace the roles that the target holds"),
        assignments,
    ),
];

/// Each role's value, or its display name when it has none.
fn names(call: &mut Call<'_, '_, '_>) -> Result<Vec<String>, super::super::ExpressionError> {
    Ok(call.value(0)?.items().into_iter().filter_map(|item| name(&item)).collect())
}

fn name(item: &str) -> Option<String> {
    let Some(role) = object(item) else { return (!item.is_empty()).then(|| item.to_owned()) };
    let member =
        |key: &str| role.get(key).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
    member("value").or_else(|| member("displayName")).map(str::to_owned)
}

/// The item as a JSON object, if it is one.
fn object(item: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    item.trim_start().starts_with('{').then(|| serde_json::from_str(item).ok()).flatten()
}

/// Every role as JSON text; a plain name becomes an object of value and display name.
fn assignments(call: &mut Call<'_, '_, '_>) -> Outcome {
    let mut roles = Vec::new();
    for item in call.value(0)?.items().into_iter().filter(|item| !item.is_empty()) {
        roles.push(match object(&item) {
            Some(_) => item,
            None => serde_json::json!({ "value": item, "displayName": item }).to_string(),
        });
    }
    Ok(if roles.is_empty() { Value::Null } else { Value::List(roles) })
}
