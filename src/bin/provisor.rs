//! The command line: preview a whole population's plan, or try one expression.
//! Exit codes: 0 all well, 2 the input cannot be used (standard error says why).

use clap::{Parser, Subcommand, ValueEnum};
use provisor::provision::decode;
use provisor::provision::engine::Engine;
use provisor::provision::expression::{Attributes, Environment, Value as Held, evaluate, parse};
use provisor::provision::milliseconds;
use provisor::provision::report::{JobSettings, Severity, Summary};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What Microsoft Entra's provisioning would do, without doing it.
#[derive(Parser)]
#[command(name = "provisor", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plan a whole population: who is created, updated, disabled, deleted, and why.
    ///
    /// Example: provisor preview --users users.json --target scim-users.json --format text
    Preview(Preview),
    /// Evaluate one expression: {"value": …}, {"ignore": true} or {"error": …}.
    ///
    /// Example: provisor eval --expression 'Join(" ", [givenName], [surname])' --input '{"givenName":"Ana","surname":"Ng"}'
    Eval(Eval),
    /// Check a synchronizationSchema: every finding as JSON; exit code 2 when it cannot work.
    Validate {
        /// The export: Provisioning, Attribute mapping, Review your schema here, Download.
        #[arg(long)]
        schema: PathBuf,
    },
}

#[derive(clap::Args)]
struct Preview {
    /// Users: Graph JSON, the portal's CSV or SCIM. May be given several times.
    #[arg(long, required = true, num_args = 1..)]
    users: Vec<PathBuf>,
    /// Groups with their members: Graph JSON, or the portal's members CSV.
    #[arg(long, num_args = 1..)]
    groups: Vec<PathBuf>,
    /// Role assignments: Graph's appRoleAssignedTo, or the portal's CSV.
    #[arg(long, num_args = 1..)]
    assignments: Vec<PathBuf>,
    /// The application's roles: Graph's service principal with `appRoles`.
    #[arg(long, num_args = 1..)]
    roles: Vec<PathBuf>,
    /// The configuration, a synchronizationSchema. Without it: the Clarizen One profile.
    #[arg(long)]
    schema: Option<PathBuf>,
    /// What the target holds: SCIM lists or resources. Without it: nothing.
    #[arg(long, num_args = 1..)]
    target: Vec<PathBuf>,
    /// Job settings as JSON: {"syncAll": true, "dialect": "aadOptscim062020", "deletionThreshold": 50}.
    #[arg(long)]
    settings: Option<PathBuf>,
    /// How to print the plan.
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The whole plan, versioned.
    Json,
    /// One line an object, then the counts.
    Text,
}

#[derive(clap::Args)]
struct Eval {
    /// The expression.
    #[arg(long)]
    expression: String,
    /// The source object's attributes as a JSON object.
    #[arg(long, default_value = "{}")]
    input: String,
    /// The time that `Now()` gives, RFC 3339. Without it: the machine's clock.
    #[arg(long)]
    now: Option<String>,
    /// A condition that reads an absent attribute fails, as Microsoft documents.
    #[arg(long)]
    strict_iif: bool,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Preview(arguments) => preview(&arguments),
        Command::Eval(arguments) => eval(&arguments),
        Command::Validate { schema } => validate(&schema),
    };
    match outcome {
        Ok(code) => code,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "provisor: {message}");
            ExitCode::from(2)
        }
    }
}

/// A file's text; `-` is standard input.
fn text(path: &Path) -> Result<String, String> {
    let fault = |error: std::io::Error| format!("`{}` cannot be read: {error}", path.display());
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map_err(fault)?;
        bytes
    } else {
        std::fs::read(path).map_err(fault)?
    };
    decode(&bytes).map_err(|error| format!("`{}`: {error}", path.display()))
}

fn print(text: &str) -> Result<ExitCode, String> {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(format!("the output cannot be written: {error}")),
    }
}

fn preview(arguments: &Preview) -> Result<ExitCode, String> {
    let mut engine = Engine::new();
    // Roles and groups before what refers to them.
    let sources = [&arguments.users, &arguments.groups, &arguments.roles, &arguments.assignments];
    for path in sources.into_iter().flatten() {
        let name = path.display().to_string();
        let report = engine.load_source(&name, &text(path)?).map_err(|error| format!("`{name}`: {error}"))?;
        for note in report.notes {
            let _ = writeln!(std::io::stderr(), "note: `{name}`: {note}");
        }
    }
    for path in &arguments.target {
        engine.load_target(&text(path)?).map_err(|error| format!("`{}`: {error}", path.display()))?;
    }
    let settings: JobSettings = match &arguments.settings {
        Some(path) => {
            serde_json::from_str(&text(path)?).map_err(|error| format!("`{}`: {error}", path.display()))?
        }
        None => JobSettings::default(),
    };
    let schema = arguments.schema.as_deref().map(text).transpose()?.unwrap_or_default();
    if arguments.schema.is_some() && schema.trim().is_empty() {
        return Err("the schema is empty; give the export as the portal downloads it".to_owned());
    }
    for finding in engine.configure(&schema, &settings) {
        if finding.rule == "schema" {
            return Err(format!("{}; {}", finding.message, finding.help.unwrap_or_default()));
        }
        let path = finding.path.unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "{}: {path}: {}", severity(finding.severity), finding.message);
    }
    let summary = engine.plan();
    match arguments.format {
        Format::Json => print(&engine.to_json().to_string()),
        Format::Text => print(&table(&engine, &summary)),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

fn table(engine: &Engine, summary: &Summary) -> String {
    let mut lines = Vec::with_capacity(engine.len() + 2);
    for row in (0..engine.len()).filter_map(|index| engine.row(index)) {
        lines.push(format!(
            "{:<10} {:<6} {:<40} {:>3}  {}",
            row.action, row.object_type, row.name, row.changes, row.reason
        ));
    }
    lines.push(format!(
        "\n{} users, {} groups: {} create, {} update, {} disable, {} delete, {} staged, {} unchanged, {} skipped, {} failed; {} local accounts untouched; {} requests",
        summary.users, summary.groups, summary.create, summary.update, summary.disable, summary.delete,
        summary.staged, summary.unchanged, summary.skipped, summary.failed, summary.local, summary.requests
    ));
    lines.extend(summary.notes.iter().map(|note| format!("note: {note}")));
    lines.join("\n")
}

fn validate(path: &Path) -> Result<ExitCode, String> {
    let findings = Engine::new().configure(&text(path)?, &JobSettings::default());
    let broken = findings.iter().any(|finding| finding.severity == Severity::Error);
    print(&json!({"valid": !broken, "findings": findings}).to_string())?;
    Ok(if broken { ExitCode::from(2) } else { ExitCode::SUCCESS })
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

fn eval(arguments: &Eval) -> Result<ExitCode, String> {
    let input = match serde_json::from_str::<Value>(&arguments.input) {
        Ok(Value::Object(input)) => Input(input),
        Ok(_) => return Err("`--input` is no JSON object; give {\"givenName\": \"Ana\"}".to_owned()),
        Err(error) => return Err(format!("`--input` is not JSON: {error}")),
    };
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let clock = i64::try_from(since_epoch.as_millis()).unwrap_or(0);
    let now = match &arguments.now {
        Some(text) => milliseconds(text).ok_or_else(|| format!("`{text}` is no RFC 3339 time"))?,
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
        default_domain: String::new(),
        strict_iif: arguments.strict_iif,
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
