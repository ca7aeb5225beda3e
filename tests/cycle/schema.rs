//! A small configuration, whose switches the scenarios turn.

use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

fn direct(source: &str, target: &str, matching: u8) -> Value {
    json!({"targetAttributeName": target, "matchingPriority": matching, "flowType": "Always",
        "source": {"type": "Attribute", "name": source, "expression": format!("[{source}]")}})
}

fn attribute(name: &str, kind: &str, multivalued: bool, required: bool) -> Value {
    json!({"name": name, "type": kind, "multivalued": multivalued, "required": required, "caseExact": true})
}

/// A `synchronizationSchema` with four user and three group attributes. `switches`:
/// `flowTypes`, `groupFlowTypes`, `softDelete`, `mapsSoftDeleted`, `groups`, `scope`.
pub fn schema(switches: &Value) -> String {
    let text = |key: &str, default: &str| switches[key].as_str().unwrap_or(default).to_owned();
    let flag = |key: &str| switches[key].as_bool().unwrap_or(true);
    let mut users = vec![
        direct("userPrincipalName", "userName", 1),
        direct("displayName", "displayName", 0),
        direct("mail", "externalId", 2),
        direct("manager", &format!("{USER}:manager"), 0),
    ];
    if flag("mapsSoftDeleted") {
        users.push(json!({"targetAttributeName": "active", "matchingPriority": 0, "flowType": "Always",
            "source": {"type": "Function", "name": "Switch",
                "expression": "Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")"}}));
    }
    let groups = vec![
        direct("displayName", "displayName", 1),
        direct("objectId", "externalId", 0),
        direct("members", "members", 0),
    ];
    let soft_delete = if flag("softDelete") { "true" } else { "false" };
    json!({
        "synchronizationRules": [{"targetDirectoryName": "target", "objectMappings": [
            {"enabled": true, "flowTypes": text("flowTypes", "Add, Update, Delete"), "sourceObjectName": "User",
                "targetObjectName": USER, "scope": switches["scope"], "attributeMappings": users},
            {"enabled": flag("groups"), "flowTypes": text("groupFlowTypes", "Add, Update, Delete"),
                "sourceObjectName": "Group", "targetObjectName": GROUP, "attributeMappings": groups},
        ]}],
        "directories": [{"name": "target", "objects": [
            {"name": USER, "metadata": [{"key": "IsSoftDeletionSupported", "value": soft_delete}], "attributes": [
                attribute("userName", "String", false, false), attribute("displayName", "String", false, false),
                attribute("externalId", "String", false, false), attribute("active", "Boolean", false, false),
                attribute(&format!("{USER}:manager"), "Reference", false, false)]},
            {"name": GROUP, "attributes": [
                attribute("displayName", "String", false, false), attribute("externalId", "String", false, false),
                attribute("members", "Reference", true, false)]},
        ]}],
    })
    .to_string()
}
