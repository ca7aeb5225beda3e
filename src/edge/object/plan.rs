//! A plan at the edge: a posted source against what the tenant's directory holds.

use serde_json::{Value, json};

use super::links;
use crate::edge::store::fact::Fact;
use crate::edge::store::sql::SqlStore;
use crate::provision::configuration::JobSettings;
use crate::provision::diagnostic::Diagnostic;
use crate::provision::export;
use crate::provision::plan::Engine;
use crate::scim::directory::page::is_last;
use crate::scim::directory::{Context, NO_PASSWORDS, Place, Predicate, Searchable, Settings, Stop, told};
use crate::scim::effort::Effort;
use crate::scim::error::ScimError;
use crate::scim::http::Reply;
use crate::scim::schema::project::Selection;

/// Most target resources of a type that a plan at the edge reads.
const PLAN_LIMIT: usize = 20_000;

/// Most bytes of target resources that it reads.
const PLAN_BYTES: usize = 8 << 20;

/// Most bytes of a plan's answer.
const ANSWER_BYTES: usize = 16 << 20;
/// Resources read in one go.
const PLAN_PAGE: usize = 500;

/// Plans a posted source against this tenant's directory.
pub(super) fn plan(store: &mut SqlStore, sent: &Value) -> Result<Reply, ScimError> {
    let mut engine = Engine::new();
    let wrong = |error: String| ScimError::new(400, error);
    let files = sent
        .get("files")
        .and_then(Value::as_array)
        .ok_or_else(|| wrong("the body needs `files`: a list of `{\"name\": …, \"text\": …}`".into()))?;
    for file in files {
        let part = |name: &str| file.get(name).and_then(Value::as_str).unwrap_or_default();
        engine
            .load_source(part("name"), part("text"))
            .map_err(|error| wrong(format!("`{}`: {error}", part("name"))))?;
    }
    let base = store.fact(Fact::Base)?.unwrap_or_default();
    engine.load_target(&target(store, &base)?).map_err(|error| wrong(error.to_string()))?;
    let mut settings: JobSettings = match sent.get("settings") {
        None => JobSettings::default(),
        Some(settings) => JobSettings::parse(&settings.to_string())
            .map_err(|error| wrong(format!("`settings`: {error}")))?,
    };
    settings.now.get_or_insert_with(crate::edge::platform::clock::now);
    let schema = match sent.get("schema") {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(schema) => schema.to_string(),
    };
    let findings = engine.configure_from(&schema, &settings);
    if let Some(fault) = findings.iter().find(|finding| finding.rule == "schema") {
        let help = fault.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        return Err(wrong(format!("`schema`: {}{help}", fault.message)));
    }
    let given = sent.get("links");
    let known = match given {
        Some(Value::Null) => None,
        Some(given) => Some(given.clone()),
        None => links::read(store)?,
    };
    if let Some(known) = &known {
        engine.load_links(&known.to_string()).map_err(|error| wrong(format!("`links`: {error}")))?;
    }
    engine.plan();
    if sent.get("keepLinks") == Some(&Value::Bool(true)) {
        links::keep(store, &engine.links())?;
    } else if let Some(given) = given {
        links::keep(store, given)?;
    }
    Ok(Reply::text(200, "application/json", written(&engine, &findings)?))
}

/// The plan as the page and the command line write it, with the findings of the configuration. One operation at
/// a time: all of them as values would be many times their text.
fn written(engine: &Engine, findings: &[Diagnostic]) -> Result<String, ScimError> {
    let schema = engine.schema().cloned().unwrap_or_default();
    let provenance = export::provenance(&schema, engine.settings());
    let (summary, findings) = (json!(engine.summary()), json!(findings));
    let mut text = format!("{{{provenance},\"summary\":{summary},\"findings\":{findings},\"operations\":[");
    for index in 0..engine.len() {
        let Some(operation) = engine.operation(index) else { continue };
        text.push_str(if text.ends_with('[') { "" } else { "," });
        text.push_str(&serde_json::to_string(&operation).unwrap_or_default());
        if text.len() > ANSWER_BYTES {
            let most = ANSWER_BYTES >> 20;
            let detail = format!("a plan at the edge answers at most {most} MiB; use the command line");
            return Err(ScimError::new(413, detail));
        }
    }
    text.push_str("]}");
    Ok(text)
}

/// The tenant's directory as a SCIM list.
fn target(store: &mut SqlStore, base: &str) -> Result<String, ScimError> {
    let registry = &*store.schemas()?;
    let settings = Settings::default();
    let mut new_id = String::new;
    let context = Context {
        registry,
        base,
        now: "",
        actor: "plan",
        new_id: &mut new_id,
        settings: &settings,
        hash_password: NO_PASSWORDS,
        me: None,
        cursor_key: b"",
        effort: Effort::unlimited(),
    };
    let selection = Selection::parse(None, Some("groups"));
    let (mut number, mut resources) = (0, String::new());
    for kind in &registry.resource_types {
        if store.count(&kind.name, &Predicate::All)? > PLAN_LIMIT as u64 {
            let detail =
                format!("a plan at the edge reads at most {PLAN_LIMIT} {}s; use the command line", kind.name);
            return Err(ScimError::new(413, detail));
        }
        let mut last: Option<(String, String)> = None;
        loop {
            let place = last.as_ref().map_or(Place::Start, |(created, id)| Place::After(created, id));
            let rows = store.select(&kind.name, &Predicate::All, place, 0, PLAN_PAGE)?;
            let is_end = is_last(&rows, PLAN_PAGE);
            last = rows.last().map(|row| (row.created.clone(), row.id.clone()));
            for record in rows {
                resources.push_str(if number > 0 { "," } else { "" });
                let told = told(store, &context, kind, &record, &selection).map_err(Stop::of_read)?;
                resources.push_str(&told.text);
                number += 1;
                if resources.len() > PLAN_BYTES {
                    let most = PLAN_BYTES >> 20;
                    let detail = format!(
                        "a plan at the edge reads at most {most} MiB of a directory; use the command line"
                    );
                    return Err(ScimError::new(413, detail));
                }
            }
            if is_end {
                break;
            }
        }
    }
    Ok(format!("{{\"totalResults\":{number},\"Resources\":[{resources}]}}"))
}
