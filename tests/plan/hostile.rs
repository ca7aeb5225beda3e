//! Texts that people chose, in every export: what is read back from the file is what was planned,
//! whatever the texts hold. Each form is read as its own readers read it.

use super::generate::Chance;
use super::law::for_all;
use provisor::provision::configuration::JobSettings;
use provisor::provision::export;
use provisor::provision::export::report;
use provisor::provision::plan::{CreatedReference, Engine, Operation, PlannedRequest};
use provisor::provision::run::{Entry, Status, Subject};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::process::Command;

/// Parts of hostile texts.
const PARTS: [&str; 44] = [
    "Ana",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "###",
    "\n###\n",
    "# @name x\n",
    "{{token}}",
    "{{tenantUrl}}",
    "{{created:a}}",
    "{{created:",
    "}}",
    "{",
    "}",
    "bulkId:create:a",
    "DELETE {{tenantUrl}}/Users/1",
    "'",
    "'; echo gone; '",
    "\"",
    "\"\"",
    "\\",
    "\\u007b",
    "$(id)",
    "`id`",
    "$TOKEN",
    ",",
    ";",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t",
    "<script>alert(1)</script>",
    "\" onload=\"x",
    "&amp;",
    "-->",
    "\u{2028}",
    "\u{85}",
    "\u{7f}",
    "\u{1b}[2J",
    "Ünï\u{1F600}",
    "< /etc/passwd",
];

fn text(chance: &mut Chance) -> String {
    (0..1 + chance.below(5)).map(|_| chance.pick(&PARTS)).collect()
}

/// Two who are created, one the other's manager; one who is changed; a group that is created. All
/// names are hostile, and all ids of the source and of the target.
fn plan(chance: &mut Chance, put: bool) -> Vec<Operation> {
    let ids: Vec<String> = ["a", "b", "c", "g"].iter().map(|id| format!("{id}{}", text(chance))).collect();
    let person = |at: usize, name: String, title: String| {
        json!({"id": ids[at], "userPrincipalName": format!("u{at}@x.example"), "displayName": name,
            "jobTitle": title, "mailNickname": format!("u{at}"), "mail": format!("u{at}@x.example")})
    };
    let mut users = vec![
        person(0, text(chance), "{{created:a}}".to_owned()),
        person(1, text(chance), format!("{{{{created:{}}}}}", ids[0])),
        person(2, text(chance), text(chance)),
    ];
    users[1]["manager"] = json!({"id": ids[0]});
    let members = json!([{"id": ids[0]}, {"id": ids[2]}]);
    let group = json!({"id": ids[3], "displayName": text(chance), "groupTypes": [], "securityEnabled": true,
        "mailNickname": "g", "members": members});
    let held = json!([{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": format!("t{}", text(chance)),
        "userName": "u2@x.example", "displayName": text(chance), "title": "{{created:b}}"}]);
    let mut engine = Engine::new();
    engine.load_source("users.json", &json!(users).to_string()).unwrap();
    engine.load_source("groups.json", &json!([group]).to_string()).unwrap();
    engine.load_target(&held.to_string()).unwrap();
    let target = put.then(|| "replace-whole".to_owned());
    engine.configure("", &JobSettings { sync_all: Some(true), target, ..JobSettings::default() });
    engine.plan();
    let operations: Vec<Operation> = (0..engine.len()).filter_map(|at| engine.operation(at)).collect();
    let verdicts: Vec<&str> = operations.iter().map(|operation| operation.verdict.as_str()).collect();
    assert_eq!(verdicts, ["create", "create", "update", "create"]);
    operations
}

fn placeholder(source: &str) -> String {
    format!("{{{{created:{source}}}}}")
}

/// Method, path and body as they are to arrive, with `id` of each source object.
fn arrives(request: &PlannedRequest, id: impl Fn(&str) -> String) -> (String, String, Value) {
    let (mut path, mut body) = (request.path.clone(), request.body.clone());
    for CreatedReference { pointer, source } in &request.references {
        match pointer {
            Some(pointer) => {
                let place = body.pointer_mut(pointer).expect("a reference leads somewhere");
                assert_eq!(*place, json!(placeholder(source)), "where a reference is, people read it");
                *place = json!(id(source));
            }
            None => path = path.split("/{{").next().unwrap().to_owned(),
        }
    }
    assert!(path.chars().all(|c| c.is_ascii_graphic() && !"{}\"'".contains(c)), "{path}");
    if let Some(made) = request.references.iter().find(|reference| reference.pointer.is_none()) {
        path = format!("{path}/{}", id(&made.source));
    }

    (request.method.clone(), path, body)
}

/// The id that a creation is answered with.
fn given(source: &str) -> String {
    let sum = source.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    format!("new-{sum}")
}

fn requests(operations: &[Operation]) -> impl Iterator<Item = &PlannedRequest> {
    operations.iter().flat_map(|operation| &operation.requests)
}

/// What a client makes of an `.http` file: method, address, headers, body.
type Sent = (String, String, Vec<(String, String)>, String);

/// Reads an `.http` file as JetBrains' client and VS Code's do: requests stand between lines that
/// begin with `###`, and variables are filled in wherever they stand.
fn http_client(file: &str, variables: &mut HashMap<String, String>) -> Vec<Sent> {
    let ends = ['\n', '\r', '\u{2028}', '\u{2029}', '\u{85}', '\u{b}', '\u{c}'];
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    for line in file.split(ends) {
        if line.starts_with("###") {
            assert!(!line.contains("{{"), "a title holds a variable: {line}");
            blocks.push(Vec::new());
        } else if let Some(block) = blocks.last_mut() {
            block.push(line);
        }
    }
    let mut sent = Vec::new();
    for block in blocks {
        let mut name = None;
        let mut lines = block.into_iter().peekable();
        while let Some(line) = lines.next_if(|line| line.starts_with('#') || line.starts_with("//")) {
            assert!(!line.contains("{{"), "a comment holds a variable: {line}");
            if let Some(found) = line.strip_prefix("# @name ") {
                assert!(name.replace(found.to_owned()).is_none(), "two names");
            } else {
                assert!(!line.trim_start_matches('#').trim_start().starts_with('@'), "an order: {line}");
            }
        }
        let fill = |line: &str| {
            let mut filled = String::new();
            let mut rest = line;
            while let Some((before, after)) = rest.split_once("{{") {
                let (name, after) = after.split_once("}}").expect("a variable ends");
                filled.push_str(before);
                filled.push_str(variables.get(name).unwrap_or_else(|| panic!("no variable `{name}`")));
                rest = after;
            }
            filled + rest
        };
        let line = fill(lines.next().expect("a request line"));
        let (method, url) = line.split_once(' ').unwrap();
        let mut headers = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").unwrap();
            headers.push((name.to_owned(), fill(value)));
        }
        lines.next();
        let body: Vec<String> = lines.map(fill).collect();
        assert!(!body.iter().any(|line| line.starts_with(['<', '>'])), "a body reads or runs a file");
        let (method, url) = (method.to_owned(), url.to_owned());
        let name = name.expect("a name");
        if method == "POST" {
            let wanted = format!("{name}.response.body.$.id");
            variables.insert(wanted, format!("made-{}", sent.len()));
        }
        sent.push((method, url, headers, body.join("\n").trim().to_owned()));
    }
    sent
}

#[test]
fn http_is_what_was_planned() {
    for_all(300, |seed| {
        let operations = plan(&mut Chance::new(seed), seed % 3 == 0);
        let file: String = operations.iter().map(export::http).collect();
        let mut variables = HashMap::from([
            ("tenantUrl".to_owned(), "https://t.example".to_owned()),
            ("token".to_owned(), "SECRET".to_owned()),
        ]);
        let sent = http_client(&file, &mut variables);
        assert_eq!(sent.len(), requests(&operations).count(), "case {seed}: {file}");
        let mut made: HashMap<String, String> = HashMap::new();
        for (at, (request, sent)) in requests(&operations).zip(&sent).enumerate() {
            let (method, path, body) = arrives(request, |source| made[source].clone());
            assert_eq!(sent.0, method, "case {seed}");
            assert_eq!(sent.1, format!("https://t.example{path}"), "case {seed}");
            let mut headers = vec![("Authorization".to_owned(), "Bearer SECRET".to_owned())];
            headers.extend(request.headers.clone());
            assert_eq!(sent.2, headers, "case {seed}");
            let read: Value =
                if sent.3.is_empty() { Value::Null } else { serde_json::from_str(&sent.3).unwrap() };
            assert_eq!(read, body, "case {seed}: {}", sent.3);
            if let Some(source) = request.id.strip_prefix("create:") {
                made.insert(source.to_owned(), format!("made-{at}"));
            }
        }
    });
}

/// Runs a script by the shell, with a `curl` that notes its arguments and its input and answers
/// creations.
fn sh(script: &str, folder: &std::path::Path) -> Vec<(Vec<String>, String)> {
    let curl = folder.join("curl");
    let note = "#!/bin/sh\nn=$(ls \"$NOTES\" | wc -l)\nprintf '%s\\0' \"$@\" > \"$NOTES/$n.args\"\n\
        case \"$*\" in *--data-binary*) cat > \"$NOTES/$n.body\";; *) : > \"$NOTES/$n.body\";; esac\n\
        case \"$3\" in POST) printf '{\"id\":\"new-%s\"}' \"$n\";; esac\n";
    std::fs::write(&curl, note).unwrap();
    let notes = folder.join("notes");
    std::fs::create_dir_all(&notes).unwrap();
    let file = folder.join("plan.sh");
    std::fs::write(&file, script).unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&curl).status().unwrap().success());
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .arg(&file)
        .env("PATH", path)
        .env("NOTES", &notes)
        .env("TENANT_URL", "https://t.example")
        .env("TOKEN", "SECRET")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}\n{script}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    let count = std::fs::read_dir(&notes).unwrap().count() / 2;
    let read = |name: String| String::from_utf8(std::fs::read(notes.join(name)).unwrap()).unwrap();
    let one = |at: usize| {
        let arguments = read(format!("{}.args", at * 2));
        let arguments = arguments.split_terminator('\0').map(str::to_owned).collect();
        (arguments, read(format!("{}.body", at * 2)))
    };
    (0..count).map(one).collect()
}

#[test]
fn the_curl_script_sends_what_was_planned() {
    if Command::new("jq").arg("--version").output().is_err() {
        // The script wants it, and says so; without it nothing can be shown.
        eprintln!("no jq: the script is not run");
        return;
    }
    for seed in 0..12 {
        let folder = std::env::temp_dir().join(format!("provisor-curl-{}-{seed}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut operations = plan(&mut Chance::new(seed), seed % 3 == 0);
        // As the command line writes it: what refers to creations comes last.
        let refers = |request: &PlannedRequest| request.depends_on.iter().any(|id| id.starts_with("create:"));
        let mut later = operations.clone();
        operations.iter_mut().for_each(|operation| operation.requests.retain(|one| !refers(one)));
        later.iter_mut().for_each(|operation| operation.requests.retain(refers));
        operations.append(&mut later);
        let script: String = operations.iter().map(export::curl).collect();
        let sent = sh(&format!("{}{script}", export::CURL_HEAD), &folder);
        let writes: Vec<&PlannedRequest> =
            requests(&operations).filter(|request| request.method != "GET").collect();
        assert_eq!(sent.len(), writes.len(), "case {seed}: {script}");
        let mut made: HashMap<String, String> = HashMap::new();
        for (at, (request, (arguments, sent))) in writes.into_iter().zip(sent).enumerate() {
            let (method, path, body) = arrives(request, |source| made[source].clone());
            assert_eq!(&arguments[..4], ["-fsSg", "-X", &method, &format!("https://t.example{path}")]);
            let header = arguments.windows(2).filter(|pair| pair[0] == "-H").count();
            assert_eq!(arguments.len(), 4 + 2 * header + if body.is_null() { 0 } else { 2 });
            assert_eq!(arguments[5], "Authorization: Bearer SECRET");
            let read: Value =
                if sent.is_empty() { Value::Null } else { serde_json::from_str(&sent).unwrap() };
            assert_eq!(read, body, "case {seed}");
            if let Some(source) = request.id.strip_prefix("create:") {
                made.insert(source.to_owned(), format!("new-{}", at * 2));
            }
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn a_bulk_request_refers_where_the_plan_does_and_nowhere_else() {
    for_all(300, |seed| {
        let operations = plan(&mut Chance::new(seed), seed % 3 == 0);
        let text = export::bulk(operations.iter().cloned()).to_string();
        let bulk: Value = serde_json::from_str(&text).unwrap();
        let mut wanted: Vec<(String, Value)> = requests(&operations)
            .filter(|request| request.method != "GET")
            .map(|request| {
                let (.., body) = arrives(request, |source| format!("bulkId:create:{source}"));
                (request.id.clone(), body)
            })
            .collect();
        let items = bulk["Operations"].as_array().unwrap();
        assert_eq!(items.len(), wanted.len());
        for item in items {
            let at = wanted.iter().position(|(_, body)| *body == item["data"]);
            let (id, _) = wanted.swap_remove(at.unwrap_or_else(|| panic!("case {seed}: {item}")));
            let path = item["path"].as_str().unwrap();
            assert!(path.split('/').count() <= 3 && path.is_ascii() && !path.contains(['{', ' ']), "{path}");
            if item["method"] == "POST" {
                assert_eq!(item["bulkId"], json!(id));
            }
        }
    });
}

/// A cell as a spreadsheet is shown it: never a formula.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula { format!("'{text}") } else { text.to_owned() }
}

#[test]
fn csv_is_what_was_planned_and_no_cell_a_formula() {
    for_all(300, |seed| {
        let operations = plan(&mut Chance::new(seed), false);
        let mut files = export::Csv::new();
        operations.iter().for_each(|operation| files.push(operation));
        let read = |text: &str| -> Vec<csv::StringRecord> {
            csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect()
        };
        let logs = read(&files.logs);
        assert_eq!(logs.len(), operations.len());
        for (record, operation) in logs.iter().zip(&operations) {
            let change = format!("{}:{}", operation.object_type, operation.source.id);
            assert_eq!(
                (&record[0], &record[5]),
                (&*cell(&change), &*cell(&operation.source.id)),
                "case {seed}"
            );
            assert_eq!(record[6], cell(&operation.source.display_name), "case {seed}");
        }
        let changes: Vec<_> = operations.iter().flat_map(|operation| &operation.changes).collect();
        let properties = read(&files.properties);
        assert_eq!(properties.len(), changes.len(), "case {seed}");
        for (record, change) in properties.iter().zip(changes) {
            if let Some(new) = change.new.as_str() {
                assert_eq!(record[3], cell(new), "case {seed}");
            }
        }
        for field in [&files.logs, &files.steps, &files.properties].into_iter().flat_map(|text| read(text)) {
            assert!(field.iter().all(|field| cell(field) == field), "case {seed}: {field:?}");
        }
    });
}

/// The tags of HTML with their attributes, and the text between them, as a browser reads them.
fn tags(html: &str) -> (Vec<(String, Vec<String>)>, String) {
    let (mut found, mut texts, mut rest) = (Vec::new(), String::new(), html);
    while let Some((text, after)) = rest.split_once('<') {
        texts.push_str(text);
        let mut tag = after;
        let end = tag.find(|c: char| c.is_whitespace() || c == '>').expect("a tag's name ends");
        let name = tag[..end].to_ascii_lowercase();
        tag = tag[end..].trim_start();
        let mut attributes = Vec::new();
        while !tag.starts_with('>') {
            let end = tag.find(|c: char| c.is_whitespace() || "=>".contains(c)).expect("an attribute ends");
            attributes.push(tag[..end].to_owned());
            tag = tag[end..].trim_start();
            if let Some(value) = tag.strip_prefix('=') {
                let value = value.strip_prefix('"').expect("values stand between double quotes");
                tag = value.split_once('"').expect("a value ends").1.trim_start();
            }
        }
        found.push((name, attributes));
        rest = &tag[1..];
    }
    let texts = texts + rest;
    let texts = texts.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    (found, texts)
}

#[test]
fn the_report_has_no_element_and_no_attribute_of_anybody_else() {
    const ELEMENTS: [&str; 17] = [
        "details", "summary", "span", "div", "p", "code", "h3", "table", "thead", "tbody", "tr", "th", "td",
        "pre", "h2", "small", "b",
    ];
    for_all(300, |seed| {
        let operations = plan(&mut Chance::new(seed), false);
        let mut schema = Engine::new();
        schema.configure("", &JobSettings::default());
        let mut schema = schema.schema().unwrap().clone();
        let hostile = text(&mut Chance::new(seed));
        for object in schema["synchronizationRules"][0]["objectMappings"].as_array_mut().unwrap() {
            object["sourceObjectName"] = json!(hostile);
            object["attributeMappings"][0]["defaultValue"] = json!(hostile);
        }
        let settings = JobSettings { default_domain: Some(hostile.clone()), ..JobSettings::default() };
        let page: String = operations.iter().map(report::operation).collect();
        let page = page + &report::configuration(&schema, &settings);
        let (found, texts) = tags(&page);
        for (name, attributes) in found {
            assert!(ELEMENTS.contains(&name.trim_start_matches('/')), "case {seed}: <{name}>");
            assert!(
                attributes.iter().all(|name| ["class", "scope"].contains(&name.as_str())),
                "{attributes:?}"
            );
        }
        for operation in &operations {
            assert!(texts.contains(&operation.source.display_name), "case {seed}: {page}");
        }
        assert!(texts.contains(&hostile), "case {seed}");
    });
}

#[test]
fn a_runs_log_is_one_line_an_entry() {
    for_all(300, |seed| {
        let mut chance = Chance::new(seed);
        let mut word = || text(&mut chance);
        let subject = Subject { id: word(), name: word(), kind: "User".to_owned(), target: word() };
        let entry = Entry {
            at: 0,
            duration: 1,
            action: "Update".to_owned(),
            status: Status::Failure,
            status_code: 400,
            code: word(),
            detail: word(),
            tries: 1,
            request: word(),
            method: "PATCH".to_owned(),
            path: word(),
            subject: subject.clone(),
        };
        let line = entry.summary().to_string();
        assert!(!line.contains(['\n', '\r']), "case {seed}");
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["sourceIdentity"]["displayName"], json!(subject.name));
        assert_eq!(read["provisioningSteps"][0]["description"], json!(entry.detail));
        let file = format!("{}{}", Entry::csv_head(), entry.csv());
        let mut reader = csv::Reader::from_reader(file.as_bytes());
        let record = reader.records().next().unwrap().unwrap();
        assert_eq!((&record[5], &record[7]), (&*cell(&entry.detail), &*cell(&subject.name)), "case {seed}");
        assert!(reader.records().next().is_none());
    });
}

#[test]
fn the_run_puts_ids_where_the_plan_refers_and_nowhere_else() {
    use provisor::provision::run::{Outcome, Run};
    for_all(300, |seed| {
        let operations = plan(&mut Chance::new(seed), seed % 3 == 0);
        let mut run = Run::new();
        operations.iter().for_each(|operation| run.add(operation.clone(), &export::LeftOut::default()));
        let mut wanted: Vec<(String, String, Value)> = requests(&operations)
            .filter(|request| request.method != "GET")
            .map(|request| arrives(request, given))
            .collect();
        let ids: Vec<(Value, String)> = requests(&operations)
            .filter_map(|request| Some((request.body.clone(), given(request.id.strip_prefix("create:")?))))
            .collect();
        let mut turn = run.turn(Vec::new(), 0);
        while turn.left > 0 {
            let mut outcomes = Vec::new();
            for sending in &turn.send {
                let body: Value = serde_json::from_str(&sending.body).unwrap_or(Value::Null);
                let arrived = (sending.method.clone(), sending.path.clone(), body.clone());
                let at = wanted.iter().position(|wanted| *wanted == arrived);
                wanted.swap_remove(at.unwrap_or_else(|| panic!("case {seed}: {arrived:?} of {wanted:?}")));
                let id = ids.iter().find(|(made, _)| sending.method == "POST" && *made == body);
                let body = id.map_or_else(String::new, |(_, id)| json!({"id": id}).to_string());
                outcomes.push(Outcome { ticket: sending.ticket, status: 201, body, ..Outcome::default() });
            }
            assert!(!outcomes.is_empty(), "case {seed}: {turn:?}");
            turn = run.turn(outcomes, 0);
        }
        assert_eq!(wanted, [], "case {seed}");
    });
}
