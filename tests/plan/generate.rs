//! Random directories, configurations and target states, each following from a number.

use serde_json::{Value, json};

/// SplitMix64: a counter, mixed.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ 0x1234_5678)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

const USERS: usize = 7;
const WORDS: [&str; 12] = [
    "Ana",
    "ana",
    "Ö'Brien",
    "  spaced  ",
    "Sales",
    "sales",
    "R&D \"x\"",
    "a\\b",
    "Łukasz",
    "True",
    "42",
    "日本",
];

fn text(chance: &mut Chance) -> Value {
    if chance.once_in(4) { Value::Null } else { json!(chance.pick(&WORDS)) }
}

fn user(chance: &mut Chance, at: usize) -> Value {
    let mut user = json!({
        "id": format!("u{at}"),
        "userPrincipalName": format!("User{at}@contoso.example"),
        "mailNickname": format!("nick{at}"),
        "accountEnabled": !chance.once_in(6),
    });
    for name in
        ["displayName", "givenName", "surname", "jobTitle", "department", "city", "mobilePhone", "mail"]
    {
        user[name] = text(chance);
    }
    if chance.once_in(10) {
        user["deletedDateTime"] = json!("2026-01-01T00:00:00Z");
    }
    if chance.once_in(12) {
        user["@removed"] = json!({"reason": chance.pick(&["deleted", "changed"])});
    }
    if chance.once_in(2) {
        user["manager"] = json!({"id": format!("u{}", chance.below(USERS + 3))});
    }
    user
}

/// Users, groups, perhaps assignments.
pub fn source(chance: &mut Chance) -> Value {
    let users: Vec<Value> = (0..USERS).map(|at| user(chance, at)).collect();
    let groups: Vec<Value> = (0..chance.below(4))
        .map(|at| {
            let members: Vec<Value> = (0..USERS + 3)
                // A directory lets no group be its own member.
                .filter(|id| chance.once_in(3) && *id != USERS + at)
                .map(|id| json!({"id": if id < USERS + 1 { format!("u{id}") } else { format!("g{}", id - USERS) }}))
                .collect();
            json!({"id": format!("g{at}"), "displayName": format!("Group {at}"), "groupTypes": [], "members": members})
        })
        .collect();
    let mut source = json!({"users": {"value": users}, "groups": {"value": groups}});
    if chance.once_in(2) {
        let roles = ["r1", "r2", "00000000-0000-0000-0000-000000000000"];
        let rows: Vec<Value> = (0..USERS + 3)
            .filter(|_| !chance.once_in(3))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|id| {
                let principal = if id < USERS { format!("u{id}") } else { format!("g{}", id - USERS) };
                json!({"appRoleId": chance.pick(&roles), "principalId": principal})
            })
            .collect();
        source["assignments"] = json!({"@odata.context": "appRoleAssignedTo", "value": rows});
        source["roles"] = json!({"appRoles": [
            {"id": "r1", "displayName": "User", "value": "User"},
            {"id": "r2", "displayName": "Admin", "value": null},
        ]});
    }
    source
}

/// Resources that the target holds before: some match, some are strangers.
pub fn present(chance: &mut Chance) -> Vec<(&'static str, Value)> {
    let mut resources: Vec<(&str, Value)> = Vec::new();
    for at in 0..USERS + 5 {
        if !chance.once_in(2) {
            continue;
        }
        let mut account = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": format!("USER{at}@contoso.example"),
            "active": chance.once_in(2),
        });
        if let Value::String(text) = text(chance) {
            account["displayName"] = json!(text);
        }
        if let Value::String(text) = text(chance) {
            account["phoneNumbers"] =
                json!([{"type": "mobile", "value": text}, {"type": "work", "value": "1"}]);
        }
        if let Value::String(text) = text(chance) {
            account["emails"] =
                json!([{"type": "home", "value": "h@x.example"}, {"type": "work", "value": text}]);
        }
        if chance.once_in(3) {
            // A part of an address that a mapping may want whole.
            let part = chance.pick(&["formatted", "locality", "region"]);
            account["addresses"] =
                json!([{"type": chance.pick(&["work", "other"]), part: chance.pick(&WORDS)}]);
        }
        if chance.once_in(3) {
            account["roles"] = json!([{"primary": true, "value": chance.pick(&WORDS)}]);
        }
        if chance.once_in(3) {
            account["name"] = json!({"givenName": chance.pick(&WORDS)});
        }
        resources.push(("/Users", account));
    }
    for at in 0..4 {
        if chance.once_in(3) {
            let group = json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                "displayName": format!("GROUP {at}"),
            });
            resources.push(("/Groups", group));
        }
    }
    resources
}

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn attribute(name: &str) -> Value {
    json!({"type": "Attribute", "name": name, "expression": format!("[{name}]"), "parameters": []})
}

fn function(expression: &str) -> Value {
    json!({"type": "Function", "name": "", "expression": expression, "parameters": []})
}

fn value(chance: &mut Chance) -> Value {
    let names =
        ["displayName", "givenName", "surname", "jobTitle", "department", "city", "mobile", "mail", "nosuch"];
    let expressions = [
        r#"Join(" ", [givenName], [surname])"#,
        r#"ToLower([displayName])"#,
        r#"ToUpper(StripSpaces([jobTitle]))"#,
        r#"Switch([department], "Other", "Sales", "S", "sales", "s")"#,
        r#"IIF([city]="Ana", "yes", [surname])"#,
        r#"Coalesce([mail], [mobile], "none")"#,
        r#"IgnoreFlowIfNullOrEmpty([city])"#,
        r#"Left([displayName], 3)"#,
        r#"Trim([givenName])"#,
        r#"NormalizeDiacritics([surname])"#,
        r#"Replace([displayName], "a", , , "b", , )"#,
        r#"Append([userPrincipalName], ".x")"#,
    ];
    match chance.below(8) {
        0..4 => attribute(chance.pick(&names)),
        4..6 => function(chance.pick(&expressions)),
        6 => json!({"type": "Constant", "name": chance.pick(&WORDS), "expression": null, "parameters": []}),
        _ => Value::Null,
    }
}

fn line(target: &str, source: &Value, priority: usize) -> Value {
    json!({
        "targetAttributeName": target, "source": source, "matchingPriority": priority, "defaultValue": null,
        "flowType": "Always", "flowBehavior": "FlowWhenChanged",
    })
}

/// A configuration that settles: nothing in it gives another value each time.
pub fn schema(chance: &mut Chance) -> Value {
    let targets = [
        "displayName".to_owned(),
        "title".to_owned(),
        "nickName".to_owned(),
        "preferredLanguage".to_owned(),
        "name.givenName".to_owned(),
        "name.familyName".to_owned(),
        "name.formatted".to_owned(),
        r#"emails[type eq "work"].value"#.to_owned(),
        r#"emails[type eq "home"].value"#.to_owned(),
        r#"addresses[type eq "work"].formatted"#.to_owned(),
        r#"addresses[type eq "work"].locality"#.to_owned(),
        r#"addresses[type eq "other"].country"#.to_owned(),
        r#"phoneNumbers[type eq "work"].value"#.to_owned(),
        r#"phoneNumbers[type eq "mobile"].value"#.to_owned(),
        r#"phoneNumbers[type eq "fax"].value"#.to_owned(),
        "urn:ietf:params:scim:schemas:core:2.0:User:userType".to_owned(),
        format!("{ENTERPRISE}:department"),
        format!("{ENTERPRISE}:costCenter"),
        format!("{ENTERPRISE}:employeeNumber"),
    ];
    let mut users = vec![line("userName", &attribute("userPrincipalName"), 1)];
    let mut definitions = vec![
        json!({"name": "active", "type": "Boolean"}),
        json!({"name": "userName", "type": "String"}),
        json!({"name": "externalId", "type": "String"}),
    ];
    for target in &targets {
        if !chance.once_in(2) {
            continue;
        }
        let mut mapping = line(target, &value(chance), 0);
        if chance.once_in(4) || mapping["source"].is_null() {
            mapping["defaultValue"] = json!(chance.pick(&WORDS));
        }
        match chance.below(10) {
            0 => mapping["flowType"] = json!("ObjectAddOnly"),
            1 => mapping["flowType"] = json!("MultiValueAddOnly"),
            _ => {}
        }
        users.push(mapping);
        definitions.push(json!({
            "name": target, "type": "String", "caseExact": chance.once_in(3), "required": chance.once_in(20),
        }));
    }
    if chance.once_in(2) {
        let external = chance.pick(&["mailNickname", "objectId"]);
        users.push(line("externalId", &attribute(external), 2 * chance.below(2)));
    }
    if !chance.once_in(6) {
        let switch = r#"Switch([IsSoftDeleted], , "False", "True", "True", "False")"#;
        users.push(line("active", &function(switch), 0));
    }
    if !chance.once_in(4) {
        let manager = format!("{ENTERPRISE}:manager");
        definitions.push(json!({"name": manager, "type": "Reference"}));
        let mut mapping = line(&manager, &attribute("manager"), 0);
        if chance.once_in(6) {
            mapping["flowType"] = json!("ObjectAddOnly");
        }
        users.push(mapping);
    }
    match chance.below(4) {
        0 => users.push(line(
            r#"roles[primary eq "True"].value"#,
            &function("SingleAppRoleAssignment([appRoleAssignments])"),
            0,
        )),
        1 => {
            users.push(line(
                "roles",
                &function("AssertiveAppRoleAssignmentsComplex([appRoleAssignments])"),
                0,
            ));
            definitions.push(json!({"name": "roles", "type": "String", "multivalued": true}));
        }
        _ => {}
    }
    let clause = |attribute: &str, operator: &str, values: &[&str]| json!({"sourceOperandName": attribute, "operatorName": operator, "targetOperand": {"values": values}});
    let scope = match chance.below(5) {
        0 => json!({"groups": [{"name": "sales", "clauses": [clause("department", "EQUALS", &["Sales"])]}]}),
        1 => json!({"groups": [
            {"name": "named", "clauses": [clause("displayName", "IS NOT NULL", &[])]},
            {"name": "odd", "clauses": [clause("city", "NOT EQUALS", &["Ana"]), clause("IsSoftDeleted", "IS FALSE", &[])]},
        ]}),
        _ => Value::Null,
    };
    let flows = |chance: &mut Chance| match chance.below(8) {
        0 => "Add",
        1 => "Add, Update",
        2 => "Update",
        _ => "Add, Update, Delete",
    };
    let core = "urn:ietf:params:scim:schemas:core:2.0:Group";
    let groups = vec![
        line("displayName", &attribute("displayName"), 1),
        line("externalId", &attribute("objectId"), 0),
        line("members", &attribute("members"), 0),
    ];
    let soft = if chance.once_in(6) { "false" } else { "true" };
    json!({
        "id": "law", "version": "1",
        "synchronizationRules": [{
            "sourceDirectoryName": "source", "targetDirectoryName": "target",
            "objectMappings": [
                {"enabled": true, "flowTypes": flows(chance), "sourceObjectName": "User", "targetObjectName": ENTERPRISE,
                 "scope": scope, "attributeMappings": users},
                {"enabled": !chance.once_in(6), "flowTypes": flows(chance), "sourceObjectName": "Group", "targetObjectName": core,
                 "scope": null, "attributeMappings": groups},
            ],
        }],
        "directories": [{"name": "target", "objects": [
            {"name": ENTERPRISE, "metadata": [{"key": "IsSoftDeletionSupported", "value": soft}], "attributes":
                definitions},
            {"name": core, "metadata": [], "attributes": [
                {"name": "displayName", "type": "String"}, {"name": "externalId", "type": "String"},
                {"name": "members", "type": "Reference", "multivalued": true}]},
        ]}],
    })
}
