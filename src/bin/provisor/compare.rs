//! `provisor compare`: two configurations over one population.

use std::io::{BufWriter, Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use provisor::provision::analysis::{Difference, Effect, compare};
use provisor::provision::export::record;
use provisor::provision::plan::Engine;

use super::files::{Job, Population, configure};

#[derive(clap::Args)]
pub(super) struct Compare {
    #[command(flatten)]
    population: Population,
    /// The first configuration. Without it: the profile.
    #[arg(long, help_heading = "Configuration")]
    before: Option<PathBuf>,
    /// The second configuration. Without it: the same as the first.
    #[arg(long, help_heading = "Configuration")]
    after: Option<PathBuf>,
    /// The second's job settings, where they differ.
    #[arg(long, help_heading = "Configuration")]
    settings_after: Option<PathBuf>,
    #[command(flatten)]
    job: Job,
    /// How to print the differences.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Exit with 3 when more than so many objects fare differently.
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "0")]
    fail_on_differences: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// An object and its differing values, one a line.
    Text,
    /// Both summaries and every difference.
    Json,
    /// One line a differing value.
    Csv,
}

/// Prints who fares differently.
pub(super) fn run(arguments: &Compare) -> Result<ExitCode, String> {
    let settings = arguments.job.settings()?;
    let mut other = match &arguments.settings_after {
        Some(path) => arguments.job.settings_of(Some(path))?,
        None => settings.clone(),
    };
    other.now = other.now.or_else(|| settings.now.clone());
    let (mut before, mut after) = (Engine::new(), Engine::new());
    for engine in [&mut before, &mut after] {
        arguments.population.load(engine)?;
    }
    let second = arguments.after.as_deref().or(arguments.before.as_deref());
    configure(&mut before, arguments.before.as_deref(), &settings, false)?;
    configure(&mut after, second, &other, true)?;
    let summaries = [before.plan(), after.plan()];
    let mut out = BufWriter::new(stdout().lock());
    let mut count = 0_usize;
    let mut print = || -> std::io::Result<()> {
        if arguments.format == Format::Json {
            let [first, second] = &summaries;
            let (first, second) = (serde_json::to_string(first)?, serde_json::to_string(second)?);
            write!(
                out,
                "{{\"version\":{},\"before\":{first},\"after\":{second},\"differences\":[",
                Engine::VERSION
            )?;
        }
        if arguments.format == Format::Csv {
            let header = [
                "ObjectType",
                "SourceId",
                "Name",
                "ActionBefore",
                "ActionAfter",
                "Target",
                "Before",
                "After",
            ];
            write!(out, "{}", record(&header))?;
        }
        for difference in compare(&before, &after) {
            match arguments.format {
                Format::Text => text(&mut out, &difference)?,
                Format::Json => {
                    let separator = if count == 0 { "" } else { ",\n" };
                    write!(out, "{separator}{}", serde_json::to_string(&difference)?)?;
                }
                Format::Csv => csv(&mut out, &difference)?,
            }
            count += 1;
        }
        match arguments.format {
            Format::Json => writeln!(out, "]}}")?,
            Format::Text => writeln!(out, "\n{count} objects fare differently")?,
            Format::Csv => {}
        }
        out.flush()
    };
    match print() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            return Err(format!("the output cannot be written: {error}"));
        }
        _ => {}
    }
    if let Some(limit) = arguments.fail_on_differences.filter(|limit| count > *limit) {
        let _ = writeln!(stderr(), "check failed: {count} objects fare differently, {limit} are allowed");
        return Ok(ExitCode::from(3));
    }
    Ok(ExitCode::SUCCESS)
}

fn action(effect: Option<&Effect>) -> &str {
    effect.map_or("absent", |effect| &effect.action)
}

fn text(out: &mut dyn Write, difference: &Difference) -> std::io::Result<()> {
    let (before, after) = (action(difference.before.as_ref()), action(difference.after.as_ref()));
    let reason = difference.after.as_ref().map_or("", |effect| &effect.explanation);
    writeln!(out, "{} {}: {before} → {after}; {reason}", difference.object_type, difference.name)?;
    for value in &difference.values {
        writeln!(out, "    {}: {} → {}", value.target, value.before, value.after)?;
    }
    Ok(())
}

fn csv(out: &mut dyn Write, difference: &Difference) -> std::io::Result<()> {
    let (before, after) = (action(difference.before.as_ref()), action(difference.after.as_ref()));
    let mut line = |target: &str, old: &str, new: &str| {
        let fields =
            [&*difference.object_type, &*difference.id, &*difference.name, before, after, target, old, new];
        write!(out, "{}", record(&fields))
    };
    if difference.values.is_empty() {
        line("", "", "")?;
    }
    difference
        .values
        .iter()
        .try_for_each(|value| line(&value.target, &value.before.to_string(), &value.after.to_string()))
}
