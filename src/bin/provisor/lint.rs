//! `provisor lint` and `provisor validate`: what is wrong or surprising before anything runs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use provisor::provision::configuration::{JobSettings, attribute_list};
use provisor::provision::diagnostic::{Diagnostic, Severity};
use provisor::provision::plan::Engine;
use serde_json::json;

use super::files::{Job, Population, configure, shown};
use super::text::{print, read};

#[derive(clap::Args)]
pub(super) struct Lint {
    /// The configuration: a synchronizationSchema, or a mapping table in Markdown. Without it: the profile.
    #[arg(long)]
    schema: Option<PathBuf>,
    /// A mapping table in Markdown, as pasted from a tutorial, to look over instead.
    #[arg(long, conflicts_with = "schema")]
    table: Option<PathBuf>,
    #[command(flatten)]
    population: Population,
    #[command(flatten)]
    job: Job,
    /// How to print the findings.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Exit with 3 when there is a finding as bad as this or worse.
    #[arg(long, value_enum, default_value_t = Level::Error)]
    fail_on: Level,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line a finding.
    Text,
    /// All findings: severity, rule, message, help, path.
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    /// The configuration, or a mapping, cannot work.
    Error,
    /// Probably not as meant.
    Warning,
    /// Good to know.
    Info,
    /// Never.
    Never,
}

/// Prints every finding.
pub(super) fn run(arguments: &Lint) -> Result<ExitCode, String> {
    let found = match &arguments.table {
        Some(path) => {
            attribute_list::read(&read(path)?).map_err(|error| format!("`{}`: {error}", path.display()))?.1
        }
        None => {
            let mut engine = Engine::new();
            let populated = !arguments.population.is_empty();
            if populated {
                arguments.population.load(&mut engine)?;
            }
            let mut found =
                configure(&mut engine, arguments.schema.as_deref(), &arguments.job.settings()?, false)?;
            if populated {
                engine.plan();
                found.append(&mut engine.lint());
            }
            found
        }
    };
    match arguments.format {
        Format::Json => print(&json!({"findings": found}).to_string())?,
        Format::Text if found.is_empty() => print("nothing found")?,
        Format::Text => print(&found.iter().map(shown).collect::<Vec<_>>().join("\n"))?,
    };
    let worst = match arguments.fail_on {
        Level::Error => Some(Severity::Error),
        Level::Warning => Some(Severity::Warning),
        Level::Info => Some(Severity::Info),
        Level::Never => None,
    };
    let bad = |finding: &Diagnostic| worst.is_some_and(|worst| finding.severity <= worst);
    Ok(if found.iter().any(bad) { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

/// Prints every finding as JSON; exit code 2 when the configuration cannot work.
pub(super) fn validate(path: &Path) -> Result<ExitCode, String> {
    let findings = Engine::new().configure_from(&read(path)?, &JobSettings::default());
    let broken = findings.iter().any(|finding| finding.severity == Severity::Error);
    print(&json!({"valid": !broken, "findings": findings}).to_string())?;
    Ok(if broken { ExitCode::from(2) } else { ExitCode::SUCCESS })
}
