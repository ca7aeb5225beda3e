//! `provisor cycle`: provisions a target as Entra would, cycle after cycle. It may be killed
//! at any moment and started again.
//!
//! Exit codes: 0 all well, 1 some objects failed, 2 the input cannot be used, 3 the job is
//! in quarantine, paused or disabled, 4 the cycle could not be run to its end.

mod connection;
mod host;
mod store;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use provisor::provision::configuration::{JobSettings, in_words};
use provisor::provision::cycle::job::{Ending, Schedule};
use provisor::provision::cycle::{Cycle, Effect, Job, Outcome, Scope, Settings, status};
use provisor::provision::diagnostic::Severity;
use provisor::provision::values::timestamp;
use serde_json::Value;

use super::target::Target;
use super::text::{print, read};
use host::{guid, now, tell, token, wait_until};
use store::Store;

pub(super) use connection::{TestConnection, run as test_connection};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The target's Tenant URL, flags such as `?aadOptscim062020` included.
    #[arg(long)]
    tenant_url: String,
    /// A file with the Secret Token. Without it: the environment variable SECRET_TOKEN.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// Users: Graph JSON, the portal's CSV or SCIM. Read anew in each cycle.
    #[arg(long, required = true, num_args = 1..)]
    users: Vec<PathBuf>,
    /// Groups with their members.
    #[arg(long, num_args = 1..)]
    groups: Vec<PathBuf>,
    /// The application's roles.
    #[arg(long, num_args = 1..)]
    roles: Vec<PathBuf>,
    /// Role assignments.
    #[arg(long, num_args = 1..)]
    assignments: Vec<PathBuf>,
    /// The configuration, a synchronizationSchema. Without it: the Clarizen One profile.
    #[arg(long)]
    schema: Option<PathBuf>,
    /// Settings as JSON: {"job": {"deletionThreshold": 50}, "absent": "softDeleted", "repairReferences": false}.
    #[arg(long)]
    settings: Option<PathBuf>,
    /// Where the job is kept between cycles; made when it is not there.
    #[arg(long)]
    state: PathBuf,
    /// Where log records go, one a line. Without it: nowhere.
    #[arg(long)]
    log: Option<PathBuf>,
    /// One cycle, now. This is the default.
    #[arg(long, conflicts_with = "watch")]
    once: bool,
    /// A cycle every so many minutes, until killed. Entra's is 40.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    watch: Option<u32>,
    /// Only this user, or this group with at most five of its members.
    #[arg(long, value_name = "ID", num_args = 1..=6, conflicts_with = "watch")]
    on_demand: Vec<String>,
    /// First forget: None, ConnectorDataStore, Escrows, Watermark, QuarantineState, Full, ForceDeletes; several by comma.
    #[arg(long, value_name = "SCOPES", num_args = 0..=1, default_missing_value = "")]
    restart: Option<String>,
    /// A source without any user, group or assignment is meant, though there were some before.
    #[arg(long)]
    allow_empty_source: bool,
    /// Ask the target but change nothing, and keep no state.
    #[arg(long)]
    dry_run: bool,
    /// Most requests a second.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Seconds after which a request has failed.
    #[arg(long, default_value_t = 60)]
    timeout: u64,
    /// How the job is named in log records.
    #[arg(long, default_value = "provisor")]
    job: String,
}

/// Runs cycles.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let token = token(arguments.token_file.as_deref())?;
    let mut target = Target::new(
        &arguments.tenant_url,
        token.as_deref(),
        arguments.rate,
        arguments.timeout,
        arguments.dry_run,
    )?;
    let (mut store, mut job) = Store::open(&arguments.state, &arguments.job)?;
    if let Some(scopes) = &arguments.restart {
        job.restart(&Scope::parse(scopes)?, now());
        if !arguments.dry_run {
            store.replace(&job)?;
        }
    }
    if !arguments.on_demand.is_empty() && job.head.running.as_ref().is_some_and(|it| it.on_demand.is_empty())
    {
        return Err("a cycle is under way; run it to its end first, without `--on-demand`".to_owned());
    }
    loop {
        if let Some(code) = resting(&job) {
            return Ok(code);
        }
        if arguments.watch.is_some() {
            wait_until(job.due().unwrap_or(0));
        } else if arguments.on_demand.is_empty()
            && job.quarantined().is_some()
            && job.due().is_some_and(|due| due > now())
        {
            let due = timestamp(job.due().unwrap_or(0));
            tell(&format!("in quarantine; the next cycle is due at {due}; `--restart` tries at once"));
            return Ok(ExitCode::from(3));
        }
        let settings = settings(arguments)?;
        let interval = settings.interval;
        job = cycle(arguments, settings, &mut target, &mut store, job)?;
        print(&status(&job, interval, now()).to_string())?;
        if arguments.watch.is_none() {
            return Ok(verdict(&job));
        }
    }
}

fn settings(arguments: &Arguments) -> Result<Settings, String> {
    let mut settings: Settings = match &arguments.settings {
        Some(path) => {
            let fault = |error: serde_json::Error| format!("`{}`: {}", path.display(), in_words(&error));
            serde_json::from_str(&read(path)?).map_err(fault)?
        }
        None => Settings::default(),
    };
    let tenant_url = Some(arguments.tenant_url.clone());
    settings.job = JobSettings { tenant_url, ..settings.job };
    settings.interval = arguments.watch.unwrap_or(settings.interval);
    settings.allow_empty_source |= arguments.allow_empty_source;
    Ok(settings)
}

/// Says why no cycle is run, if none is.
fn resting(job: &Job) -> Option<ExitCode> {
    match job.head.schedule {
        Schedule::Active => None,
        Schedule::Paused => {
            tell("the job is paused; `--restart` starts it again");
            Some(ExitCode::from(3))
        }
        Schedule::Disabled => {
            tell("the job is disabled after four weeks in quarantine; `--restart` starts it again");
            Some(ExitCode::from(3))
        }
    }
}

fn verdict(job: &Job) -> ExitCode {
    if job.quarantined().is_some() || job.head.schedule != Schedule::Active {
        return ExitCode::from(3);
    }
    match job.head.last_execution.as_ref().map(|execution| execution.state) {
        Some(Ending::Failed) => ExitCode::from(4),
        Some(Ending::EntryLevelErrors) => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    }
}

/// Runs one cycle to its end, or goes on with the one under way.
fn cycle(
    arguments: &Arguments,
    settings: Settings,
    target: &mut Target,
    store: &mut Store,
    job: Job,
) -> Result<Job, String> {
    let schema = arguments.schema.as_deref().map(read).transpose()?.unwrap_or_default();
    if arguments.schema.is_some() && schema.trim().is_empty() {
        return Err("the schema is empty; give the export as the portal downloads it".to_owned());
    }
    let mut log = open_log(arguments)?;
    if job.head.running.is_some() {
        tell("a cycle was under way; going on with it");
    }
    let on_demand = arguments.on_demand.clone();
    let mail = settings.job.notification_mail.clone();
    let (mut cycle, findings) = Cycle::new(job, &schema, settings, on_demand, &guid(), now());
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Error) {
        tell(&format!("error: {}: {}", finding.path.as_deref().unwrap_or_default(), finding.message));
    }
    let sources = [&arguments.users, &arguments.groups, &arguments.roles, &arguments.assignments];
    let sources: Vec<&PathBuf> = sources.into_iter().flatten().collect();
    let mut progress = Progress::new();
    loop {
        let effect = cycle.next(now());
        if !arguments.dry_run {
            let touched = cycle.touched();
            store.save(cycle.job(), &touched)?;
        }
        progress.show(cycle.job());
        let outcome = match effect {
            Effect::Done => break,
            Effect::ReadSource { page, .. } => page_of(&sources, page),
            Effect::Send { request } => target.send(&request),
            Effect::Wait { until } => {
                tell(&format!("the target is busy; waiting until {}", timestamp(until)));
                wait_until(until);
                Outcome::Taken
            }
            Effect::Record { record } => {
                keep(log.as_mut(), &record)?;
                if arguments.dry_run || !arguments.on_demand.is_empty() {
                    print(&record.to_string())?;
                }
                Outcome::Taken
            }
            Effect::Notify { code, message } => {
                let to = mail.as_deref().map(|mail| format!(" to {mail}")).unwrap_or_default();
                tell(&format!("notice{to}: {code}: {message}"));
                Outcome::Taken
            }
        };
        cycle.take(&outcome, now());
    }
    let job = cycle.into_job();
    if !arguments.dry_run {
        store.replace(&job)?;
    }
    if let Some(execution) = &job.head.last_execution {
        let counts = &execution.counts;
        let error = execution.error.as_ref().map(|(code, message)| format!("; {code}: {message}"));
        tell(&format!(
            "{}: {} evaluated: {} created, {} updated, {} disabled, {} deleted, {} with references, {} skipped, {} staged, {} failed{}",
            execution.activity_identifier,
            counts.imported,
            counts.created,
            counts.updated,
            counts.disabled,
            counts.deleted,
            counts.references,
            counts.skipped,
            counts.staged,
            counts.failed,
            error.unwrap_or_default(),
        ));
    }
    Ok(job)
}

fn page_of(sources: &[&PathBuf], page: usize) -> Outcome {
    let Some(path) = sources.get(page) else {
        return Outcome::NoSource { message: "there is no such page".to_owned() };
    };
    match read(path) {
        Ok(text) => Outcome::Page {
            name: path.display().to_string(),
            text,
            last: page + 1 == sources.len(),
            watermark: Some(timestamp(now())),
        },
        Err(message) => Outcome::NoSource { message },
    }
}

fn open_log(arguments: &Arguments) -> Result<Option<File>, String> {
    let Some(path) = &arguments.log else { return Ok(None) };
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.map(Some).map_err(|error| format!("`{}` cannot be written: {error}", path.display()))
}

fn keep(log: Option<&mut File>, record: &Value) -> Result<(), String> {
    let Some(log) = log else { return Ok(()) };
    log.write_all(format!("{record}\n").as_bytes())
        .map_err(|error| format!("the log cannot be written: {error}"))
}

/// One line now and then on standard error.
struct Progress {
    shown: Instant,
}

impl Progress {
    fn new() -> Self {
        Self { shown: Instant::now() }
    }

    fn show(&mut self, job: &Job) {
        let Some(running) = &job.head.running else { return };
        if self.shown.elapsed() < Duration::from_secs(2) {
            return;
        }
        self.shown = Instant::now();
        let phase = format!("{:?}", running.phase).to_lowercase();
        let status = status(job, 40, now());
        let left = status.pointer("/status/progress/0/estimatedSecondsLeft").and_then(Value::as_i64);
        let left = left.map(|seconds| format!(", about {seconds} s left")).unwrap_or_default();
        tell(&format!(
            "{phase}: {} of {}, {} failed{left}",
            running.completed, running.total, running.counts.failed
        ));
    }
}
