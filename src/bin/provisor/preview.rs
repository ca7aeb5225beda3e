//! `provisor preview`: a whole population's plan in many forms.

use std::fs::File;
use std::io::{BufWriter, Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use provisor::provision::analysis::Survey;
use provisor::provision::export;
use provisor::provision::export::report;
use provisor::provision::plan::{Engine, Operation, Summary};
use provisor::provision::target::Capabilities;

use super::files::{Job, Population, configure};

#[derive(clap::Args)]
pub(super) struct Preview {
    #[command(flatten)]
    population: Population,
    /// The configuration: a synchronizationSchema, or a mapping table in Markdown. Without it: the profile.
    #[arg(long, help_heading = "Configuration")]
    schema: Option<PathBuf>,
    #[command(flatten)]
    job: Job,
    /// How to print the plan.
    #[arg(long, value_enum, default_value_t = Format::Json, help_heading = "Output")]
    format: Format,
    /// Where to write it. Without it: standard output. For `csv` the beginning of three names.
    #[arg(long, short, help_heading = "Output")]
    output: Option<PathBuf>,
    /// Only these actions: create, update, disable, delete, staged, failed, skipped, unchanged.
    #[arg(long, num_args = 1.., value_delimiter = ',', help_heading = "Output")]
    only: Vec<String>,
    /// Exit with 3 when more than so many are disabled, deleted or held back.
    #[arg(long, value_name = "N", help_heading = "Checks")]
    fail_on_deletes: Option<usize>,
    /// Exit with 3 when more than so many cannot be provisioned.
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "0", help_heading = "Checks")]
    fail_on_errors: Option<usize>,
    /// Exit with 3 when more than so many requests would change the target.
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "0", help_heading = "Checks")]
    fail_on_changes: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The whole plan, versioned (docs/plan.md).
    Json,
    /// One line an object, then the counts.
    Text,
    /// The counts alone, as JSON.
    Summary,
    /// The portal's log download: PREFIX_ProvisioningLogs.csv and two more; without `--output` the first alone.
    Csv,
    /// A report to read, print and send, in one file.
    Html,
    /// The requests for an editor's HTTP client.
    Http,
    /// The requests as a shell script.
    Curl,
    /// The requests as one SCIM bulk request.
    Bulk,
}

/// Prints the plan.
pub(super) fn run(arguments: &Preview) -> Result<ExitCode, String> {
    let settings = arguments.job.settings()?;
    let target = settings.target.as_deref().and_then(Capabilities::named);
    if let Some(target) = target.filter(|target| arguments.format == Format::Bulk && !target.bulk) {
        return Err(format!("{} takes no bulk requests; use `--format curl` or `http`", target.name));
    }
    let mut engine = Engine::new();
    arguments.population.load(&mut engine)?;
    configure(&mut engine, arguments.schema.as_deref(), &settings, true)?;
    let summary = engine.plan();
    match write(arguments, &engine, &summary) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            return Err(format!("the output cannot be written: {error}"));
        }
        _ => {}
    }
    Ok(checked(arguments, &summary))
}

/// Says on standard error which limit was passed.
fn checked(arguments: &Preview, summary: &Summary) -> ExitCode {
    let leaving = summary.disable + summary.delete + summary.staged;
    let limits = [
        (arguments.fail_on_deletes, leaving, "are disabled or deleted"),
        (arguments.fail_on_errors, summary.failed, "cannot be provisioned"),
        (arguments.fail_on_changes, summary.requests, "requests change the target"),
    ];
    let mut code = ExitCode::SUCCESS;
    for (limit, count, what) in limits {
        if limit.is_some_and(|limit| count > limit) {
            let _ =
                writeln!(stderr(), "check failed: {count} {what}, {} are allowed", limit.unwrap_or_default());
            code = ExitCode::from(3);
        }
    }
    code
}

fn write(arguments: &Preview, engine: &Engine, summary: &Summary) -> std::io::Result<()> {
    let wanted = |at: &usize| {
        let row = engine.row(*at);
        arguments.only.is_empty() || row.is_some_and(|row| arguments.only.contains(&row.action))
    };
    let places = || (0..engine.len()).filter(wanted);
    let operations = || places().filter_map(|at| engine.operation(at));
    if arguments.format == Format::Csv {
        return csv(arguments, operations());
    }
    let mut out: BufWriter<Box<dyn Write>> = BufWriter::new(match &arguments.output {
        Some(path) => Box::new(File::create(path)?),
        None => Box::new(stdout().lock()),
    });
    match arguments.format {
        Format::Json => {
            let summary = serde_json::to_string(summary)?;
            let schema = engine.schema().cloned().unwrap_or_default();
            let provenance = export::provenance(&schema, engine.settings());
            write!(out, "{{{provenance},\"summary\":{summary},\"operations\":[")?;
            for (turn, operation) in operations().enumerate() {
                write!(out, "{}{}", if turn == 0 { "" } else { ",\n" }, serde_json::to_string(&operation)?)?;
            }
            writeln!(out, "]}}")?;
        }
        Format::Text => text(&mut out, engine, summary, places())?,
        Format::Summary => writeln!(out, "{}", serde_json::to_string(summary)?)?,
        Format::Html => report(&mut out, engine, summary, &places().collect::<Vec<_>>())?,
        Format::Http => operations().try_for_each(|operation| write!(out, "{}", export::http(&operation)))?,
        Format::Curl => {
            write!(out, "{}", export::CURL_HEAD)?;
            // Objects first, then what refers to them.
            for references in [false, true] {
                for mut operation in operations() {
                    operation.requests.retain(|request| {
                        request.depends_on.iter().any(|id| id.starts_with("create:")) == references
                    });
                    write!(out, "{}", export::curl(&operation))?;
                }
            }
        }
        Format::Bulk => writeln!(out, "{}", export::bulk(operations()))?,
        Format::Csv => {}
    }
    out.flush()
}

fn csv(arguments: &Preview, operations: impl Iterator<Item = Operation>) -> std::io::Result<()> {
    let mut files = export::Csv::new();
    operations.for_each(|operation| files.push(&operation));
    let Some(prefix) = &arguments.output else { return stdout().write_all(files.logs.as_bytes()) };
    let parts =
        [("", files.logs), ("_ProvisioningSteps", files.steps), ("_ModifiedProperties", files.properties)];
    for (part, text) in parts {
        std::fs::write(format!("{}_ProvisioningLogs{part}.csv", prefix.display()), text)?;
    }
    Ok(())
}

fn report(out: &mut dyn Write, engine: &Engine, summary: &Summary, places: &[usize]) -> std::io::Result<()> {
    let mut survey = Survey::default();
    while !survey.step(engine, usize::MAX) {}
    let findings = serde_json::to_value(survey.findings())?;
    write!(out, "{}", report::head("What provisioning would do", summary))?;
    write!(out, "{}", report::charts(summary, &findings))?;
    for action in report::actions() {
        let of = |at: &&usize| engine.row(**at).is_some_and(|row| row.action == action);
        let count = places.iter().filter(of).count();
        if count > 0 {
            write!(out, "{}", report::section(action, count))?;
        }
        for operation in places.iter().filter(of).filter_map(|at| engine.operation(*at)) {
            write!(out, "{}", report::operation(&operation))?;
        }
    }
    let schema = engine.schema().cloned().unwrap_or_default();
    write!(out, "{}{}", report::configuration(&schema, engine.settings()), report::tail())
}

fn text(
    out: &mut dyn Write,
    engine: &Engine,
    summary: &Summary,
    places: impl Iterator<Item = usize>,
) -> std::io::Result<()> {
    for row in places.filter_map(|at| engine.row(at)) {
        let (action, kind) = (&row.action, &row.object_type);
        writeln!(out, "{action:<10} {kind:<6} {:<40} {:>3}  {}", row.name, row.changes, row.reason)?;
    }
    writeln!(
        out,
        "\n{} users, {} groups: {} create, {} update, {} disable, {} delete, {} staged, {} unchanged, {} skipped, {} failed; {} local accounts untouched; {} requests",
        summary.users,
        summary.groups,
        summary.create,
        summary.update,
        summary.disable,
        summary.delete,
        summary.staged,
        summary.unchanged,
        summary.skipped,
        summary.failed,
        summary.local,
        summary.requests
    )?;
    summary.notes.iter().try_for_each(|note| writeln!(out, "note: {note}"))
}
