//! `provisor test-connection`: what the portal's button does, the queries that begin every
//! cycle, and no more.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use provisor::provision::configuration::JobSettings;
use provisor::provision::cycle::{Cycle, Effect, Job, Outcome, Settings};

use super::super::target::Target;
use super::super::text::{print, read};
use super::host::{guid, now, token, wait_until};

#[derive(clap::Args)]
pub(crate) struct TestConnection {
    /// The target's Tenant URL.
    #[arg(long)]
    tenant_url: String,
    /// A file with the Secret Token. Without it: the environment variable SECRET_TOKEN.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// The configuration, whose matching attributes are asked for. Without it: the Clarizen One profile.
    #[arg(long)]
    schema: Option<PathBuf>,
    /// Seconds after which a request has failed.
    #[arg(long, default_value_t = 60)]
    timeout: u64,
}

/// Asks the target for a user and a group that nobody is.
pub(crate) fn run(arguments: &TestConnection) -> Result<ExitCode, String> {
    let token = token(arguments.token_file.as_deref())?;
    let mut target = Target::new(&arguments.tenant_url, token.as_deref(), 25, arguments.timeout, false)?;
    let schema = arguments.schema.as_deref().map(read).transpose()?.unwrap_or_default();
    let job = JobSettings { tenant_url: Some(arguments.tenant_url.clone()), ..JobSettings::default() };
    let settings = Settings { job, ..Settings::default() };
    // A cycle without a source: it ends once the connection was tested.
    let (mut cycle, _) = Cycle::new(Job::new("test"), &schema, settings, Vec::new(), &guid(), now());
    let mut asked = Vec::new();
    loop {
        let outcome = match cycle.next(now()) {
            Effect::Done => break,
            Effect::ReadSource { .. } => Outcome::Page {
                name: "nobody.json".to_owned(),
                text: "[]".to_owned(),
                last: true,
                watermark: None,
            },
            Effect::Send { request } => {
                asked.push(format!("{} {}", request.method, request.path));
                target.send(&request)
            }
            Effect::Wait { until } => {
                wait_until(until);
                Outcome::Taken
            }
            Effect::Record { .. } | Effect::Notify { .. } => Outcome::Taken,
        };
        cycle.take(&outcome, now());
    }
    let job = cycle.into_job();
    match job.head.last_execution.and_then(|execution| execution.error) {
        Some((code, message)) => {
            let _ = writeln!(std::io::stderr(), "provisor: {code}: {message}");
            Ok(ExitCode::from(3))
        }
        None => {
            let answered = asked.iter().map(|request| format!("{request}: answered as SCIM asks"));
            print(&answered.collect::<Vec<_>>().join("\n"))
        }
    }
}
