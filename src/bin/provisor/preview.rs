//! `provisor preview` and `provisor validate`: a whole population's plan, and a configuration's findings.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use provisor::provision::engine::Engine;
use provisor::provision::report::{JobSettings, Severity, Summary};
use serde_json::json;

use super::text::{print, read};

#[derive(clap::Args)]
pub(super) struct Preview {
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

/// Prints the plan.
pub(super) fn run(arguments: &Preview) -> Result<ExitCode, String> {
    let mut engine = Engine::new();
    // Roles and groups before what refers to them.
    let sources = [&arguments.users, &arguments.groups, &arguments.roles, &arguments.assignments];
    for path in sources.into_iter().flatten() {
        let name = path.display().to_string();
        let report = engine.load_source(&name, &read(path)?).map_err(|error| format!("`{name}`: {error}"))?;
        for note in report.notes {
            let _ = writeln!(std::io::stderr(), "note: `{name}`: {note}");
        }
    }
    for path in &arguments.target {
        engine.load_target(&read(path)?).map_err(|error| format!("`{}`: {error}", path.display()))?;
    }
    let settings: JobSettings = match &arguments.settings {
        Some(path) => {
            serde_json::from_str(&read(path)?).map_err(|error| format!("`{}`: {error}", path.display()))?
        }
        None => JobSettings::default(),
    };
    let schema = arguments.schema.as_deref().map(read).transpose()?.unwrap_or_default();
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

/// Prints every finding; exit code 2 when the configuration cannot work.
pub(super) fn validate(path: &Path) -> Result<ExitCode, String> {
    let findings = Engine::new().configure(&read(path)?, &JobSettings::default());
    let broken = findings.iter().any(|finding| finding.severity == Severity::Error);
    print(&json!({"valid": !broken, "findings": findings}).to_string())?;
    Ok(if broken { ExitCode::from(2) } else { ExitCode::SUCCESS })
}
