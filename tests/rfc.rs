//! Which vector proves which section of RFC 7643, RFC 7644 and RFC 9865: `docs/rfc.md` is made
//! from the `rfc` fields of all vectors, and this fails when it no longer is.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

/// Section, as `7644 §3.5.2`, to the files that prove it.
type Proofs = BTreeMap<String, BTreeSet<String>>;

/// Notes every `rfc` field within a value.
fn note(value: &Value, file: &str, proofs: &mut Proofs) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let named =
                    if name == "rfc" { value.as_array().cloned().unwrap_or_default() } else { Vec::new() };
                for reference in named.iter().filter_map(Value::as_str) {
                    // `7644 §3.5.2 figure 8`: a section, and perhaps a place in it.
                    let section: Vec<&str> = reference.split(' ').take(2).collect();
                    proofs.entry(section.join(" ")).or_default().insert(file.to_owned());
                }
                note(value, file, proofs);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| note(item, file, proofs)),
        _ => {}
    }
}

/// A folder of single requests is one conversation, and named as one.
fn walk(folder: &Path, name: &str, proofs: &mut Proofs) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let own = entry.file_name().into_string().unwrap();
        let path = if name.is_empty() { own.clone() } else { format!("{name}/{own}") };
        if entry.path().is_dir() {
            walk(&entry.path(), &path, proofs);
        } else if own.ends_with(".json") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let in_conversation = own.get(..2).is_some_and(|start| start.bytes().all(|b| b.is_ascii_digit()));
            let shown = if in_conversation { format!("{name}/") } else { path };
            note(&serde_json::from_str(&text).unwrap(), &shown, proofs);
        }
    }
}

fn sections() -> Vec<Value> {
    serde_json::from_str(include_str!("vectors/sections.json")).unwrap()
}

fn key(section: &Value) -> String {
    format!("{} §{}", section["rfc"].as_str().unwrap(), section["section"].as_str().unwrap())
}

fn table(proofs: &Proofs) -> String {
    let mut text = String::from(
        "# What proves which section\n\n\
         Made by `WRITE=1 cargo test --features cli --test rfc` from the `rfc` fields of the vectors in `tests/vectors`;\n\
         the test fails when this file is stale. A name that ends in `/` is a conversation.\n",
    );
    let mut open = Vec::new();
    let mut rfc = "";
    let sections = sections();
    for section in &sections {
        let key = key(section);
        let (number, title) = (section["section"].as_str().unwrap(), section["title"].as_str().unwrap());
        if section["rfc"] != rfc {
            rfc = section["rfc"].as_str().unwrap();
            write!(text, "\n## RFC {rfc}\n\n| Section | | Proved by |\n|---|---|---|\n").unwrap();
        }
        let found =
            proofs.get(&key).map(|files| files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>());
        let below = |other: &String| other.starts_with(&format!("{key}."));
        let proof = match (found, section["elsewhere"].as_str()) {
            (Some(files), _) => files.join(", "),
            (None, Some(elsewhere)) => elsewhere.to_owned(),
            (None, None) if section["informative"] == true => "*informative*".to_owned(),
            (None, None) if proofs.keys().any(below) => "its subsections".to_owned(),
            (None, None) => {
                open.push(format!("- RFC {key} {title}"));
                "**nothing yet**".to_owned()
            }
        };
        writeln!(text, "| {number} | {title} | {proof} |").unwrap();
    }
    if !open.is_empty() {
        write!(text, "\n## Normative sections that no vector proves\n\n{}\n", open.join("\n")).unwrap();
    }
    text
}

fn proofs() -> Proofs {
    let mut proofs = Proofs::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"), "", &mut proofs);
    proofs
}

#[test]
fn every_section_that_a_vector_names_is_one() {
    let known: BTreeSet<String> = sections().iter().map(key).collect();
    let proofs = proofs();
    let unknown: Vec<_> = proofs.iter().filter(|(section, _)| !known.contains(*section)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(proofs.len() >= 30, "only {} sections have vectors", proofs.len());
}

#[test]
fn the_list_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rfc.md");
    let made = table(&proofs());
    if std::env::var_os("WRITE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == written,
        "docs/rfc.md is stale: `WRITE=1 cargo test --features cli --test rfc` makes it anew"
    );
}
