//! A `synchronizationSchema` that is read and exported again is what it was: whatever its
//! encoding, with what we do not know at every level, in its order, and with every
//! expression both as text and as Entra's tree.

use provisor::provision::configuration::JobSettings;
use provisor::provision::diagnostic::Severity;
use provisor::provision::expression::{Expression, parse, write_trees};
use provisor::provision::plan::{Engine, Loading};
use provisor::provision::source::decode;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../vectors/configuration/synchronization-schema.json");
const PEOPLE: &str = r#"[{"id": "a", "userPrincipalName": "ana@contoso.example", "displayName": "Añä \ud83d\ude00", "department": "Sales", "mail": "ana@contoso.example"}]"#;

/// Every object's members again, with members that nobody knows before, between and after.
fn stuffed(value: &Value, count: &mut usize) -> Value {
    match value {
        Value::Object(members) => {
            let strange = |count: &mut usize| {
                *count += 1;
                let deep =
                    json!({"z": null, "a": [[], {}, -0.5, 18446744073709551615_u64, "\u{0}\"\\\u{1F600}"]});
                (format!("x-unknown ü {count}"), deep)
            };
            let mut all = vec![strange(count)];
            for (key, value) in members {
                all.push((key.clone(), stuffed(value, count)));
                all.push(strange(count));
            }
            Value::Object(all.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| stuffed(item, count)).collect()),
        other => other.clone(),
    }
}

fn encodings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let little = || text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let big = || text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    vec![
        ("UTF-8", text.as_bytes().to_vec()),
        ("UTF-8 with a mark", ["\u{feff}".as_bytes(), text.as_bytes()].concat()),
        ("UTF-16 LE", little()),
        ("UTF-16 LE with a mark", [vec![0xff, 0xfe], little()].concat()),
        ("UTF-16 BE", big()),
        ("UTF-16 BE with a mark", [vec![0xfe, 0xff], big()].concat()),
    ]
}

fn engine() -> Engine {
    let mut engine = Engine::new();
    engine.load_source("users.json", PEOPLE).unwrap();
    engine
}

/// The export of what was imported, and the plan made by it.
fn through(text: &str) -> (String, Value) {
    let mut engine = engine();
    let findings = engine.configure(text, &JobSettings::default());
    let bad: Vec<_> = findings.iter().filter(|found| found.severity == Severity::Error).collect();
    assert!(bad.is_empty(), "{bad:?}");
    engine.plan();
    (engine.schema().unwrap().to_string(), engine.to_json())
}

#[test]
fn what_was_imported_is_exported_in_every_encoding() {
    let example: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut strange = 0;
    let stuffed = stuffed(&example, &mut strange);
    assert!(strange > 500, "{strange} unknown properties");
    let mut plans = Vec::new();
    for document in [example, stuffed] {
        for (shape, text) in [
            ("compact", document.to_string()),
            ("indented", serde_json::to_string_pretty(&document).unwrap()),
        ] {
            for (encoding, bytes) in encodings(&text) {
                let read = decode(&bytes).unwrap_or_else(|error| panic!("{encoding}: {error}"));
                let (exported, plan) = through(&read);
                // As text: the order of members is part of it.
                assert_eq!(exported, document.to_string(), "{encoding}, {shape}");
                plans.push(plan);
            }
        }
    }
    assert_eq!(plans[0]["operations"][0]["action"], "create", "the mappings are understood: {}", plans[0]);
    plans.dedup();
    assert_eq!(plans.len(), 1, "what nobody knows changes no plan");
}

#[test]
fn the_file_itself_is_exported_as_its_bytes() {
    // The portal indents by one space.
    let (exported, _) = through(SCHEMA);
    let document: Value = serde_json::from_str(&exported).unwrap();
    let mut out = Vec::new();
    let indent = serde_json::ser::PrettyFormatter::with_indent(b" ");
    serde::Serialize::serialize(&document, &mut serde_json::Serializer::with_formatter(&mut out, indent))
        .unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), SCHEMA.trim_end());
}

#[test]
fn a_file_that_was_cut_is_refused_in_every_encoding() {
    for (encoding, bytes) in encodings(SCHEMA.trim_end()) {
        let cut = &bytes[..bytes.len() - 1];
        let refused = match decode(cut) {
            Ok(text) => engine().configure(&text, &JobSettings::default()).iter().any(|f| f.rule == "schema"),
            Err(error) => error.help.is_some(),
        };
        assert!(refused, "{encoding}");
    }
}

#[test]
fn expressions_are_the_same_as_text_and_as_tree() {
    fn sources<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
        match value {
            Value::Object(members) => {
                if members.get("type").is_some_and(|kind| kind == "Function") {
                    found.push(value);
                }
                members.values().for_each(|value| sources(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| sources(item, found)),
            _ => {}
        }
    }
    let example: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut found = Vec::new();
    sources(&example, &mut found);
    assert!(found.len() >= 3, "{found:?}");
    for tree in found {
        let text = tree["expression"].as_str().unwrap();
        let expression = parse(text).unwrap();
        assert_eq!(expression.to_tree().to_string(), tree.to_string(), "{text}: the order too");
        assert_eq!(Expression::from_tree(tree).unwrap(), expression, "{text}");
        assert_eq!(expression.to_string(), text);
    }
    // A configuration that lost its trees gets the same ones.
    fn strip(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(strip),
            Value::Object(members) if members.get("type").is_some_and(|kind| kind == "Function") => {
                members.insert("parameters".to_owned(), Value::Array(Vec::new()));
            }
            Value::Object(members) => members.values_mut().for_each(strip),
            _ => {}
        }
    }
    let mut written = example.clone();
    strip(&mut written);
    assert_ne!(written, example);
    write_trees(&mut written);
    assert_eq!(written.to_string(), example.to_string());
}

/// Reads a file of users in every encoding, cut into pieces of several sizes, and shows each engine planned.
fn cut(name: &str, people: &str, rows: usize, show: impl Fn(&Engine, &str)) {
    for (encoding, bytes) in encodings(people) {
        for size in [1, 2, 3, 7, bytes.len()] {
            let mut engine = Engine::new();
            let mut loading = Loading::source(name);
            bytes.chunks(size).for_each(|chunk| loading.push(&mut engine, chunk).unwrap());
            let report = loading.finish(&mut engine).unwrap_or_else(|error| panic!("{encoding}: {error}"));
            let how = format!("{encoding} by {size}");
            assert_eq!((report.kind.as_str(), report.rows), ("users", rows), "{how}");
            engine.plan();
            assert_eq!(engine.row(0).unwrap().name, "ana@contoso.example", "{how}");
            show(&engine, &how);
        }
    }
}

#[test]
fn a_source_file_is_read_in_every_encoding_however_it_is_cut() {
    cut("users.json", PEOPLE, 1, |_, _| {});
}

#[test]
fn a_table_is_read_in_every_encoding_however_it_is_cut() {
    let people = "userPrincipalName;displayName;jobTitle\r\nana@contoso.example;\"Ng; Änä\";\"two\nlines\"\r\nbo@contoso.example;Bo;";
    cut("users.csv", people, 2, |engine, how| {
        assert_eq!(engine.operation(0).unwrap().result["displayName"], "Ng; Änä", "{how}");
    });
}
