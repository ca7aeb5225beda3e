//! Log records of on-demand provisioning in the shape of Graph's `provisioningObjectSummary`:
//! every property, of its type, with Entra's step names in their order.

use super::schema::schema;
use super::shell::{Shell, Weather};
use provisor::provision::cycle::Job;
use serde_json::{Value, json};

/// The property's type: `text`, `number`, a record of types, or a list of one type.
fn fault(shape: &Value, found: &Value, at: &str) -> Option<String> {
    let wrong = || Some(format!("{at}: wanted {shape}, found {found}"));
    match (shape, found) {
        (Value::String(kind), found) => {
            let good = match kind.as_str() {
                "text" => found.is_string(),
                "text or null" => found.is_string() || found.is_null(),
                "number" => found.is_u64(),
                "time" => found.as_str().is_some_and(|text| text.len() == 24 && text.ends_with('Z')),
                "details" => found.as_object().is_some_and(|all| {
                    all.values().all(|value| value.is_string() || value.is_array() || value.is_null())
                }),
                words => found.as_str().is_some_and(|found| words.split('|').any(|word| word == found)),
            };
            if good { None } else { wrong() }
        }
        (Value::Object(shape), Value::Object(found)) => {
            let unknown = found.keys().find(|key| !shape.contains_key(*key));
            unknown.map(|key| format!("{at}: `{key}` is no property")).or_else(|| {
                shape.iter().find_map(|(key, shape)| match found.get(key) {
                    Some(found) => fault(shape, found, &format!("{at}/{key}")),
                    None => Some(format!("{at}: `{key}` is missing")),
                })
            })
        }
        (Value::Array(shape), Value::Array(found)) => found
            .iter()
            .enumerate()
            .find_map(|(index, found)| fault(&shape[0], found, &format!("{at}/{index}"))),
        _ => wrong(),
    }
}

fn shape(failed: bool) -> Value {
    let identity = json!({"id": "text", "displayName": "text", "identityType": "text", "details": "details"});
    let system = json!({"id": "text", "displayName": "text", "details": "details"});
    let error = json!({"errorCode": "text", "reason": "text", "additionalDetails": "text or null",
        "errorCategory": "failure|nonServiceFailure|success", "recommendedAction": "text"});
    json!({
        "id": "text", "activityDateTime": "time", "tenantId": "text", "jobId": "text", "cycleId": "text",
        "changeId": "text", "provisioningAction": "create|update|delete|stageddelete|disable|other",
        "durationInMilliseconds": "number",
        "provisioningStatusInfo": {
            "status": "success|warning|failure|skipped",
            "errorInformation": if failed { error } else { json!("text or null") },
        },
        "provisioningSteps": [{
            "name": "EntryImport|EntryImportAdd|EntryImportUpdate|EntrySynchronizationScoping|EntrySynchronizationAdd|EntrySynchronizationUpdate|EntrySynchronizationSkip|EntryExportAdd|EntryExportUpdate|EntryExportUpdateSoftDelete|EntryExportDelete",
            "provisioningStepType": "import|scoping|matching|processing|referenceResolution|export",
            "status": "success|warning|failure|skipped", "description": "text", "details": "details",
        }],
        "modifiedProperties": [{"displayName": "text", "oldValue": "text or null", "newValue": "text or null"}],
        "servicePrincipal": {"id": "text", "displayName": "text"},
        "initiatedBy": {"id": "text", "displayName": "text", "initiatorType": "user|application|system"},
        "sourceSystem": system, "targetSystem": system, "sourceIdentity": identity, "targetIdentity": identity,
    })
}

/// Provisions on demand; the one record of the first.
fn record(source: &Value, before: &[Value], whom: &[&str], refuse: Option<u16>) -> Value {
    let mut shell = Shell { clock: 1_800_000_000_000, schema: schema(&Value::Null), ..Shell::default() };
    for (at, resource) in before.iter().enumerate() {
        let reply = shell.target.ask("POST", "/Users", resource, Some(&format!("t{}", at + 1)));
        assert_eq!(reply.status, 201, "{}", reply.body);
    }
    let mut job = Job::new("scim.0f0f.job");
    if !before.is_empty() {
        job.objects = serde_json::from_value(json!({whom[0]: {"target": "t1"}})).unwrap();
    }
    let whom: Vec<String> = whom.iter().map(|id| (*id).to_owned()).collect();
    let mut weather = |request: &provisor::provision::cycle::Exchange| match refuse {
        Some(status) if request.purpose.writes() => Weather::Refused(status),
        _ => Weather::Fair,
    };
    shell.run(job, source, whom, &mut weather, &mut |_| false);
    assert_eq!(shell.log.len(), 1, "{:?}", shell.log);
    let record = shell.log.remove(0);
    assert_eq!(fault(&shape(refuse.is_some()), &record, ""), None);
    record
}

fn steps(record: &Value) -> Vec<(&str, &str, &str)> {
    record["provisioningSteps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let of = |key: &str| step[key].as_str().unwrap();
            (of("name"), of("provisioningStepType"), of("status"))
        })
        .collect()
}

fn ana(more: Value) -> Value {
    let mut ana = json!({"id": "a", "userPrincipalName": "ana@contoso.example", "displayName": "Ana"});
    ana.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!([ana])
}

#[test]
fn a_creation() {
    let record = record(&ana(json!({})), &[], &["a"], None);
    assert_eq!(record["provisioningAction"], "create");
    assert_eq!(record["provisioningStatusInfo"], json!({"status": "success", "errorInformation": null}));
    assert_eq!(
        steps(&record),
        [
            ("EntryImportAdd", "import", "success"),
            ("EntryImport", "matching", "success"),
            ("EntrySynchronizationScoping", "scoping", "success"),
            ("EntrySynchronizationAdd", "processing", "success"),
            ("EntryExportAdd", "export", "success"),
        ]
    );
    let property = |name: &str, new: &str| json!({"displayName": name, "oldValue": null, "newValue": new});
    assert_eq!(
        record["modifiedProperties"],
        json!([
            property("userName", "ana@contoso.example"),
            property("displayName", "Ana"),
            property("active", "True"),
        ])
    );
    assert_eq!(record["targetIdentity"]["id"], "new1", "the id that the target gave out");
    assert_eq!(
        record["sourceIdentity"],
        json!({"id": "a", "displayName": "ana@contoso.example",
        "identityType": "User", "details": {}})
    );
    assert_eq!(record["jobId"], "scim.0f0f.job");
}

#[test]
fn a_disabling() {
    let held = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ana@contoso.example", "displayName": "Ana", "active": true});
    let record = record(&ana(json!({"accountEnabled": false})), &[held], &["a"], None);
    assert_eq!(record["provisioningAction"], "disable");
    let last = *steps(&record).last().unwrap();
    assert_eq!(last, ("EntryExportUpdateSoftDelete", "export", "success"));
    assert_eq!(
        record["modifiedProperties"],
        json!([{"displayName": "active", "oldValue": "True", "newValue": "False"}])
    );
    let mut all = record["provisioningSteps"].as_array().unwrap().iter();
    let scoping = &all.find(|step| step["provisioningStepType"] == "scoping").unwrap()["details"];
    assert_eq!(scoping["Active in the source system"], "False");
    assert_eq!(scoping["Assigned to the application"], "True");
}

#[test]
fn nothing_to_do() {
    let held = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ana@contoso.example", "displayName": "Ana", "active": true});
    let record = record(&ana(json!({})), &[held], &["a"], None);
    assert_eq!(
        (&record["provisioningAction"], &record["provisioningStatusInfo"]["status"]),
        (&json!("other"), &json!("skipped"))
    );
    let skip = record["provisioningSteps"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&skip["name"], &skip["details"]["SkipReason"]),
        (&json!("EntrySynchronizationSkip"), &json!("RedundantExport"))
    );
    assert_eq!(record["modifiedProperties"], json!([]));
}

#[test]
fn a_refusal() {
    let record = record(&ana(json!({})), &[], &["a"], Some(409));
    let info = &record["provisioningStatusInfo"];
    assert_eq!(info["status"], "failure");
    assert_eq!(info["errorInformation"]["errorCode"], "EntryConflict");
    assert_eq!(info["errorInformation"]["reason"], "the target answered `409`: refused");
    assert_eq!(*steps(&record).last().unwrap(), ("EntryExportAdd", "export", "failure"));
    assert_eq!(record["targetIdentity"]["id"], "");
}
