//! The audit trail as a file: JSON, lines of JSON, or CSV, a page at a time.

use serde_json::Value;
use worker::Env;

use crate::edge::object::client::command;
use crate::edge::object::command::Command;
use crate::edge::platform::response::{Answer, of_reply};
use crate::edge::store::journal::Filter;
use crate::edge::worker::exchange::Exchange;
use crate::provision::export::record;
use crate::scim::error::ScimError;
use crate::scim::http::{Reply, Request};

/// The columns of the CSV, which are the fields of an entry.
const COLUMNS: [&str; 11] = [
    "sequence",
    "at",
    "actor",
    "operation",
    "resourceType",
    "id",
    "versionBefore",
    "versionAfter",
    "before",
    "after",
    "members",
];

/// One page; where it ends stands in `next`, or in the header `Provisor-Next` of the other forms.
pub(super) async fn journal(env: &Env, exchange: &Exchange, tenant: &str, query: &Request) -> Answer {
    let format = query.parameter("format").unwrap_or_else(|| "json".into());
    if !["json", "ndjson", "csv"].contains(&format.as_str()) {
        let detail = format!("`format` is `{format}`; send `json`, `ndjson` or `csv`");
        return Err(ScimError::new(400, detail).into());
    }
    let asked = |name: &str| query.parameter(name).unwrap_or_default();
    let filter = Filter {
        after: asked("after"),
        from: asked("from"),
        to: asked("to"),
        actor: asked("actor"),
        resource_type: asked("resourceType"),
        id: asked("id"),
        operation: asked("operation"),
        limit: asked("limit"),
    };
    let mut reply = command(env, &exchange.id, tenant, &Command::Journal(filter)).await?;
    if reply.status_code() != 200 || format == "json" {
        return Ok(reply);
    }
    let page: Value = reply.json().await?;
    let entries = page.get("entries").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut reply = match format.as_str() {
        "csv" => Reply::text(200, "text/csv; charset=utf-8; header=present", csv(&entries)),
        _ => {
            let lines: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
            Reply::text(200, "application/x-ndjson", lines)
        }
    };
    if let Some(next) = page.get("next").and_then(Value::as_i64) {
        reply.headers.push(("Provisor-Next".into(), next.to_string()));
    }
    Ok(of_reply(reply)?)
}

fn csv(entries: &[Value]) -> String {
    let mut text = record(&COLUMNS);
    for entry in entries {
        let cells = COLUMNS.map(|name| match entry.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        });
        text.push_str(&record(&cells.each_ref().map(String::as_str)));
    }
    text
}
