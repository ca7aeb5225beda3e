//! Every form that the engine tells has a German text with the same places, and no German
//! text is for a form that is no more.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const GERMAN: &str = "www/src/strings/told.de.json";

/// All Rust files below a folder.
fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("message.rs")
        {
            into.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// The text literal that begins here, as Rust reads it.
fn literal(source: &str) -> String {
    let mut letters = source.chars().peekable();
    assert_eq!(letters.next(), Some('"'), "`told!` wants a literal: {}", source.get(..60).unwrap_or(source));
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return text,
            '\\' => match letters.next() {
                Some('\n') => while letters.next_if(|letter| letter.is_whitespace()).is_some() {},
                Some(letter @ ('"' | '\\')) => text.push(letter),
                other => panic!("no escape that is read here: {other:?} in `{text}`"),
            },
            _ => text.push(letter),
        }
    }
    panic!("a literal without an end: {text}")
}

fn forms() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    let calls = files.iter().flat_map(|file| file.split("told!(").skip(1));
    calls.map(|call| literal(call.trim_start())).collect()
}

/// The numbered places of a form, each once.
fn places(form: &str) -> BTreeSet<char> {
    let starts = form.match_indices('{').filter_map(|(at, _)| form.get(at + 1..));
    starts
        .filter_map(|rest| {
            let mut letters = rest.chars();
            letters.next().filter(|place| place.is_ascii_digit() && letters.next() == Some('}'))
        })
        .collect()
}

fn german() -> BTreeMap<String, String> {
    serde_json::from_str(&fs::read_to_string(GERMAN).unwrap()).unwrap()
}

#[test]
fn every_form_is_told_in_german_too() {
    let (forms, german) = (forms(), german());
    assert!(forms.len() > 300, "the scanner found {} forms only", forms.len());
    let missing: Vec<_> = forms.iter().filter(|form| !german.contains_key(*form)).collect();
    let surplus: Vec<_> = german.keys().filter(|form| !forms.contains(*form)).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "{GERMAN}: missing {missing:#?}, surplus {surplus:#?}");
}

#[test]
fn a_german_text_has_the_places_and_the_code_of_its_form() {
    for (form, text) in german() {
        assert_eq!(places(&form), places(&text), "{form}");
        assert_eq!(text.matches('`').count() % 2, 0, "{text}");
        assert_eq!(text.trim(), text);
        assert!(!text.is_empty() && !text.ends_with('.'), "{text}");
    }
}
