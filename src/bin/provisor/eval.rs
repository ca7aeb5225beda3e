//! `provisor eval`: one expression against one object.

use std::process::ExitCode;

use provisor::provision::expression::{Attributes, Environment, Patterns, Value as Held, evaluate, parse};
use provisor::scim::schema::instant;
use serde_json::{Value, json};

use super::text::print;

#[derive(clap::Args)]
pub(super) struct Eval {
    /// The expression.
    #[arg(long)]
    expression: String,
    /// The source object's attributes as a JSON object.
    #[arg(long, default_value = "{}")]
    input: String,
    /// The time that `Now()` gives, RFC 3339. Without it: the machine's clock.
    #[arg(long)]
    now: Option<String>,
    /// What `DefaultDomain()` gives.
    #[arg(long, value_name = "DOMAIN", default_value = "")]
    default_domain: String,
    /// A condition that reads an absent attribute fails, as Microsoft documents.
    #[arg(long)]
    strict_iif: bool,
}

/// The attributes given with `--input`.
struct Input(serde_json::Map<String, Value>);

impl Attributes for Input {
    fn attribute(&self, name: &str) -> Held {
        let found = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        match found {
            None | Some(Value::Null) => Held::Null,
            Some(Value::Array(items)) if items.is_empty() => Held::Null,
            Some(Value::Array(items)) => Held::List(items.iter().map(plain).collect()),
            Some(value) => Held::Text(plain(value)),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

/// Prints what the expression gives.
pub(super) fn run(arguments: &Eval) -> Result<ExitCode, String> {
    let input = match serde_json::from_str::<Value>(&arguments.input) {
        Ok(Value::Object(input)) => Input(input),
        Ok(_) => return Err("`--input` is no JSON object; give {\"givenName\": \"Ana\"}".to_owned()),
        Err(error) => return Err(format!("`--input` is not JSON: {error}")),
    };
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let clock = i64::try_from(since_epoch.as_millis()).unwrap_or(0);
    let now = match &arguments.now {
        Some(text) => instant(text).ok_or_else(|| {
            format!("`{text}` is no time; write it as RFC 3339 does, `2026-11-24T10:00:00Z`")
        })?,
        None => clock,
    };
    let mut state = u64::try_from(since_epoch.as_nanos() & u128::from(u64::MAX)).unwrap_or(1) | 1;
    let mut random = move || {
        // xorshift64: good enough to look at, never for secrets.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut environment = Environment {
        now,
        random: &mut random,
        taken: &|_| false,
        default_domain: &arguments.default_domain,
        strict_iif: arguments.strict_iif,
        patterns: &Patterns::default(),
    };
    let outcome =
        parse(&arguments.expression).and_then(|expression| evaluate(&expression, &input, &mut environment));
    let answer = match outcome {
        Ok(Held::Null) => json!({"value": null}),
        Ok(Held::Text(text)) => json!({"value": text}),
        Ok(Held::List(items)) => json!({"value": items}),
        Ok(Held::Ignore) => json!({"ignore": true}),
        Err(error) => json!({"error": error}),
    };
    print(&answer.to_string())
}
