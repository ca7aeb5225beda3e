//! What does not settle: mappings that give another value each time, or that send what is
//! held already. The great law leaves them out; here is what the plan after the plan asks
//! for, and that it asks for nothing else.

use super::directory::{Directory, apply};
use provisor::provision::configuration::JobSettings;
use provisor::provision::plan::Engine;
use serde_json::{Value, json};

const EARLIER: &str = "2026-11-24T10:00:00Z";
const LATER: &str = "2026-11-24T10:40:00Z";
const ROLE: &str = "WindowsAzureActiveDirectoryRole";

/// A line of the mapping table.
fn line(target: &str, source: Value, more: Value) -> Value {
    let mut line = json!({"targetAttributeName": target, "source": source, "matchingPriority": 0});
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

fn expression(text: &str) -> Value {
    json!({"type": "Function", "expression": text})
}

/// Two people, what a job makes of them, and the directory that it provisions.
struct Job {
    source: Value,
    schema: Value,
    dialect: &'static str,
    directory: Directory,
}

impl Job {
    fn new(lines: Vec<Value>) -> Self {
        let matching = line(
            "userName",
            json!({"type": "Attribute", "name": "userPrincipalName"}),
            json!({"matchingPriority": 1}),
        );
        let people = ["ana", "bo"].map(
            |name| json!({"id": name, "userPrincipalName": format!("{name}@contoso.example"), "city": "Graz"}),
        );
        let lines: Vec<Value> = [vec![matching], lines].concat();
        let schema = json!({
            "synchronizationRules": [{"targetDirectoryName": "t", "objectMappings": [
                {"sourceObjectName": "User", "targetObjectName": "User", "attributeMappings": lines},
            ]}],
            "directories": [{"name": "t", "objects": [{"name": "User", "attributes": [
                {"name": "userName", "type": "String"}, {"name": "title", "type": "String"},
                {"name": "nickName", "type": "String"}, {"name": "roles", "type": "String", "multivalued": true},
            ]}]}],
        });
        Self { source: json!({"users": people}), schema, dialect: "rfc", directory: Directory::new() }
    }

    fn plan(&mut self, now: &str) -> Value {
        let mut engine = Engine::new();
        for (name, file) in self.source.as_object().unwrap() {
            engine.load_source(name, &file.to_string()).unwrap();
        }
        engine.load_target(&self.directory.all()).unwrap();
        let settings: JobSettings =
            serde_json::from_value(json!({"now": now, "dialect": self.dialect})).unwrap();
        engine.configure(&self.schema.to_string(), &settings);
        engine.plan();
        engine.to_json()
    }

    /// Plans and sends; the plan.
    fn cycle(&mut self, now: &str) -> Value {
        let plan = self.plan(now);
        apply(&mut self.directory, &plan);
        plan
    }

    /// What the directory holds of the first.
    fn ana(&mut self) -> Value {
        let reply = self.directory.ask("GET", "/Users?filter=userName+sw+%22ana%22", &Value::Null);
        let page: Value = serde_json::from_str(&reply.body).unwrap();
        page["Resources"][0].clone()
    }
}

fn of<'a>(plan: &'a Value, id: &str) -> &'a Value {
    let operations = plan["operations"].as_array().unwrap();
    operations.iter().find(|operation| operation["source"]["id"] == id).unwrap()
}

/// The operations of the one PATCH that an update sends.
fn patched(operation: &Value) -> &Value {
    let requests = operation["requests"].as_array().unwrap();
    assert!(requests.len() == 1 && requests[0]["method"] == "PATCH", "{operation}");
    &requests[0]["body"]["Operations"]
}

fn nothing(plan: &Value) {
    for operation in plan["operations"].as_array().unwrap() {
        assert_eq!(operation["reason"], "RedundantExport", "{operation}");
        assert_eq!(operation["requests"], json!([]), "{operation}");
    }
    assert_eq!(plan["summary"]["requests"], 0);
}

/// Another value each time: an update of that attribute alone, which says what it was and
/// where the new value comes from.
fn changes_with_time(text: &str) {
    let mut job = Job::new(vec![line("title", expression(text), json!({"flowType": "Always"}))]);
    job.cycle(EARLIER);
    let held = job.ana()["title"].clone();
    nothing(&job.plan(EARLIER));
    let later = job.plan(LATER);
    assert_eq!(later["summary"]["update"], 2, "{text}");
    let operation = of(&later, "ana");
    let new = operation["result"]["title"].clone();
    assert_ne!(new, held, "{text}");
    let change = json!({"target": "title", "old": held, "new": new, "mapping": text});
    assert_eq!(operation["changes"], json!([change]));
    assert_eq!(*patched(operation), json!([{"op": "replace", "path": "title", "value": new}]));
    apply(&mut job.directory, &later);
    nothing(&job.plan(LATER));
    assert_eq!(job.plan(EARLIER)["summary"]["update"], 2, "{text}: it was another value then");
}

#[test]
fn the_time_is_another_in_every_cycle() {
    changes_with_time("Now()");
    changes_with_time(r#"FormatDateTime(Now(), , "M/d/yyyy h:mm:ss tt", "HH:mm")"#);
}

#[test]
fn an_identifier_by_chance_is_another_in_every_cycle() {
    changes_with_time("Guid()");
    changes_with_time(r#"Append([city], Guid())"#);
}

#[test]
fn a_text_by_chance_is_another_in_every_cycle() {
    changes_with_time("RandomString(12, 2, 2, 2, 2)");
}

#[test]
fn chance_is_each_persons_and_each_attributes_own() {
    let lines = ["title", "nickName"].map(|target| line(target, expression("Guid()"), json!({})));
    let mut job = Job::new(lines.to_vec());
    let plan = job.plan(EARLIER);
    let value = |id: &str, target: &str| of(&plan, id)["result"][target].as_str().unwrap().to_owned();
    let mut all: Vec<String> =
        ["ana", "bo"].iter().flat_map(|id| ["title", "nickName"].map(|target| value(id, target))).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 4, "no two are the same: {all:?}");
    assert_eq!(job.plan(EARLIER), plan, "the same plan, when it is computed again");
    // Who else is there makes no difference.
    job.source["users"].as_array_mut().unwrap().remove(1);
    assert_eq!(of(&job.plan(EARLIER), "ana")["result"], of(&plan, "ana")["result"]);
}

#[test]
fn chance_at_creation_only_settles() {
    let once = json!({"flowType": "ObjectAddOnly"});
    let mut job = Job::new(vec![line("title", expression("Guid()"), once)]);
    job.cycle(EARLIER);
    assert!(job.ana()["title"].as_str().is_some_and(|title| title.len() == 36));
    nothing(&job.plan(LATER));
}

#[test]
fn flow_always_sends_what_is_held_already() {
    let always = json!({"flowBehavior": "FlowAlways"});
    let mut job = Job::new(vec![line("title", json!({"type": "Constant", "name": "Lead"}), always)]);
    job.cycle(EARLIER);
    for now in [EARLIER, LATER] {
        let plan = job.cycle(now);
        let operation = of(&plan, "ana");
        assert_eq!(operation["action"], "update");
        let change = json!({"target": "title", "old": "Lead", "new": "Lead", "mapping": "\"Lead\""});
        assert_eq!(operation["changes"], json!([change]));
        assert_eq!(*patched(operation), json!([{"op": "replace", "path": "title", "value": "Lead"}]));
    }
}

/// Roles that only ever grow, for Ana, who holds these.
fn adding(roles: &[&str], dialect: &'static str) -> Job {
    let text = "AppRoleAssignmentsComplex([appRoleAssignments])";
    let mut job = Job::new(vec![line("roles", expression(text), json!({}))]);
    job.dialect = dialect;
    hold(&mut job, roles);
    job
}

fn hold(job: &mut Job, roles: &[&str]) {
    let rows = |id: &str, roles: &[&str]| -> Vec<Value> {
        roles.iter().map(|role| json!({"appRoleId": role, "principalId": id})).collect()
    };
    let all = [rows("ana", roles), rows("bo", &["reader"])].concat();
    job.source["assignments"] = json!({"@odata.context": "appRoleAssignedTo", "value": all});
    let roles = ["reader", "writer"]
        .map(|role| json!({"id": role, "displayName": role.to_uppercase(), "value": role}));
    job.source["roles"] = json!({"appRoles": roles});
}

fn values(user: &Value) -> Vec<&str> {
    let roles = user["roles"].as_array().map_or(&[][..], Vec::as_slice);
    roles.iter().map(|role| role["value"].as_str().unwrap()).collect()
}

#[test]
fn roles_are_added_and_never_removed() {
    for dialect in ["rfc", "aadOptscim062020"] {
        let mut job = adding(&["reader"], dialect);
        job.cycle(EARLIER);
        nothing(&job.plan(LATER));
        hold(&mut job, &["writer"]);
        let plan = job.cycle(LATER);
        let role = json!({"primary": false, "type": ROLE, "displayName": "WRITER", "value": "writer"});
        let add = json!([{"op": "add", "path": "roles", "value": [role]}]);
        assert_eq!(*patched(of(&plan, "ana")), add, "{dialect}: what is no longer held is not taken away");
        assert_eq!(values(&job.ana()), ["reader", "writer"], "{dialect}");
        nothing(&job.plan(LATER));
    }
}

#[test]
fn without_the_flag_a_role_that_came_later_is_sent_in_every_cycle() {
    let mut job = adding(&["reader"], "legacy");
    job.cycle(EARLIER);
    nothing(&job.plan(LATER));
    hold(&mut job, &["reader", "writer"]);
    let role = json!({"id": "writer", "value": "writer", "displayName": "WRITER"});
    // The service writes a role as JSON in a text, and does not know it again.
    let add = json!([{"op": "Add", "path": "roles", "value": [{"value": role.to_string()}]}]);
    for turn in 0..3 {
        let plan = job.cycle(LATER);
        assert_eq!(*patched(of(&plan, "ana")), add, "turn {turn}");
        assert_eq!(values(&job.ana()), ["reader".to_owned(), role.to_string()], "turn {turn}");
    }
}
