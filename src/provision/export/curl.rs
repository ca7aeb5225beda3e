//! A plan's requests as a shell script. All that comes from data stands between single quotes or
//! is cleaned for a comment.

use crate::provision::plan::{Operation, placeholder};
use serde_json::{Value, json};

/// What stands before the requests of a curl script. It wants `curl` and `jq`, stops at
/// the first failure, and keeps the ids that the target gives out in a file.
pub const CURL_HEAD: &str = r#"#!/bin/sh
# Sends a plan's requests in order. Set TENANT_URL and TOKEN before. Wants curl and jq.
set -eu
: "${TENANT_URL:?the Tenant URL, without a slash at its end}" "${TOKEN:?the Secret Token}"
ids=$(mktemp)
trap 'rm -f "$ids"' EXIT
# send METHOD PATH: with the body from standard input where the method has one.
send() {
  if [ "$1" = DELETE ]; then
    curl -fsSg -X "$1" "$TENANT_URL$2" -H "Authorization: Bearer $TOKEN" -H 'Accept: application/scim+json'
  else
    curl -fsSg -X "$1" "$TENANT_URL$2" -H "Authorization: Bearer $TOKEN" -H 'Accept: application/scim+json' -H 'Content-Type: application/scim+json; charset=utf-8' --data-binary @-
  fi
}
# keep SOURCE: keeps the id in the answer to the creation for that source object.
keep() { jq -ec --arg source "$1" '.id | select(type == "string" and . != "" and . != "." and . != "..") | {($source): .}' >> "$ids"; }
# refer PLACES: puts the ids given out at their places in a body; PLACES is [[path, source], …].
refer() { jq -c --slurpfile ids "$ids" --argjson places "$1" '($ids | add // {}) as $ids | reduce $places[] as $place (.; setpath($place[0]; $ids[$place[1]] // error("no id was given out for " + $place[1])))'; }
# given SOURCE: the id given out for that source object, for a path.
given() { jq -nr --slurpfile ids "$ids" --arg source "$1" '($ids | add // {})[$source] // error("no id was given out for " + $source) | @uri'; }
"#;

/// One operation's requests for the script that [`CURL_HEAD`] begins. Queries that only
/// look are left out.
#[must_use]
pub fn curl(operation: &Operation) -> String {
    let mut text = String::new();
    for request in operation.requests.iter().filter(|request| request.method != "GET") {
        let title = format!("{}: {}", request.id, operation.source.display_name);
        text.push_str(&format!("\n# {}\n", comment(&title)));
        let path = match placeholder::endpoint(request) {
            Some((endpoint, source)) => {
                text.push_str(&format!("at=$(given {})\n", quoted(source)));
                format!("{}\"$at\"", quoted(endpoint))
            }
            None => quoted(&request.path),
        };
        let places: Vec<Value> = request
            .references
            .iter()
            .filter_map(|reference| {
                Some(json!([steps(&request.body, reference.pointer.as_ref()?), reference.source]))
            })
            .collect();
        if !request.body.is_null() {
            text.push_str(&format!("printf %s {} | ", quoted(&request.body.to_string())));
            if !places.is_empty() {
                text.push_str(&format!("refer {} | ", quoted(&Value::Array(places).to_string())));
            }
        }
        let method: String = request.method.chars().filter(char::is_ascii_uppercase).collect();
        text.push_str(&format!("send {method} {path}"));
        match request.id.strip_prefix("create:") {
            Some(source) => text.push_str(&format!(" | keep {}\n", quoted(source))),
            None => text.push_str(" > /dev/null\n"),
        }
    }
    text
}

/// A JSON Pointer as jq's path: an element of a list by its number.
fn steps(body: &Value, pointer: &str) -> Vec<Value> {
    let mut held = Some(body);
    let mut steps = Vec::new();
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let number = held.filter(|held| held.is_array()).and_then(|_| step.parse::<u64>().ok());
        held = held.and_then(|held| match number {
            Some(at) => held.get(usize::try_from(at).ok()?),
            None => held.get(&step),
        });
        steps.push(number.map_or_else(|| json!(step), |number| json!(number)));
    }
    steps
}

/// Text that stays in its comment.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// For the shell, as it is. A NUL, which no argument can hold, is left out.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\0', "").replace('\'', r"'\''"))
}
