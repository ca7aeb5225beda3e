//! The files that several commands take: source, target, links, settings, configuration.

use std::fs::File;
use std::io::{Read, Write, stderr, stdin};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::builder::PossibleValuesParser;
use provisor::provision::configuration::JobSettings;
use provisor::provision::diagnostic::{Diagnostic, Severity};
use provisor::provision::plan::{Engine, Loading};
use provisor::provision::source::LoadReport;
use provisor::provision::target::Capabilities;
use provisor::provision::values::timestamp;

use super::text::read;

#[derive(clap::Args)]
pub(super) struct Population {
    /// Users: Graph JSON, the portal's CSV or SCIM. May be given several times; `-` is standard input.
    #[arg(long, num_args = 1.., help_heading = "Files")]
    users: Vec<PathBuf>,
    /// Groups with their members: Graph JSON, or the portal's members CSV.
    #[arg(long, num_args = 1.., help_heading = "Files")]
    groups: Vec<PathBuf>,
    /// Role assignments: Graph's appRoleAssignedTo, or the portal's CSV. Without any, everyone is in scope.
    #[arg(long, num_args = 1.., help_heading = "Files")]
    assignments: Vec<PathBuf>,
    /// The application's roles: Graph's service principal with `appRoles`.
    #[arg(long, num_args = 1.., help_heading = "Files")]
    roles: Vec<PathBuf>,
    /// What the target holds: SCIM lists or resources. Without it: nothing.
    #[arg(long, num_args = 1.., help_heading = "Files")]
    target: Vec<PathBuf>,
    /// Which target object each source object is tied to, {"SOURCE-ID": "TARGET-ID"}. Without
    /// it each unique match is taken as a tie.
    #[arg(long, help_heading = "Files")]
    links: Option<PathBuf>,
}

#[derive(clap::Args, Default)]
pub(super) struct Job {
    /// Job settings as JSON: {"syncAll": true, "dialect": "aadOptscim062020", "deletionThreshold": 50}.
    #[arg(long, help_heading = "Configuration")]
    settings: Option<PathBuf>,
    /// The application profile used when no schema is given: clarizen-one or scim.
    #[arg(long, help_heading = "Configuration")]
    profile: Option<String>,
    /// What the target can do.
    #[arg(long, help_heading = "Configuration", value_parser = PossibleValuesParser::new(Capabilities::names()))]
    target_profile: Option<String>,
    /// No source object is linked yet, as in a first cycle.
    #[arg(long, help_heading = "Configuration")]
    first_cycle: bool,
    /// The source tenant's default verified domain, for `DefaultDomain()`.
    #[arg(long, value_name = "DOMAIN", help_heading = "Configuration")]
    default_domain: Option<String>,
    /// The time for `Now`, RFC 3339. Without it: the clock's.
    #[arg(long, value_name = "TIME", help_heading = "Configuration")]
    now: Option<String>,
}

impl Population {
    /// Whether no source file was given.
    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }

    /// Reads all files into an engine, telling what deserves a look.
    pub(super) fn load(&self, engine: &mut Engine) -> Result<(), String> {
        if self.is_empty() {
            return Err("there is no source; give `--users` with Graph JSON or the portal's CSV".to_owned());
        }
        // Roles and groups before what refers to them.
        for path in [&self.users, &self.groups, &self.roles, &self.assignments].into_iter().flatten() {
            let name = path.display().to_string();
            for note in load(engine, Loading::source(&name), path)?.notes {
                let _ = writeln!(stderr(), "note: `{name}`: {note}");
            }
        }
        for path in &self.target {
            for note in load(engine, Loading::target(&path.display().to_string()), path)?.notes {
                let _ = writeln!(stderr(), "note: `{}`: {note}", path.display());
            }
        }
        if let Some(path) = &self.links {
            engine.load_links(&read(path)?).map_err(|error| format!("`{}`: {error}", path.display()))?;
        }
        Ok(())
    }
}

/// Reads a file in chunks.
fn load(engine: &mut Engine, mut loading: Loading, path: &Path) -> Result<LoadReport, String> {
    let fault = |error: std::io::Error| format!("`{}` cannot be read: {error}", path.display());
    let mut file: Box<dyn Read> = if path == Path::new("-") {
        Box::new(stdin().lock())
    } else {
        Box::new(File::open(path).map_err(fault)?)
    };
    let mut chunk = vec![0_u8; 1 << 20];
    loop {
        let read = file.read(&mut chunk).map_err(fault)?;
        let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        loading.push(engine, bytes).map_err(|error| format!("`{}`: {error}", path.display()))?;
    }
    loading.finish(engine).map_err(|error| format!("`{}`: {error}", path.display()))
}

impl Job {
    /// The settings, with what the flags say.
    pub(super) fn settings(&self) -> Result<JobSettings, String> {
        let mut settings = self.settings_of(self.settings.as_deref())?;
        settings.now.get_or_insert_with(clock);
        Ok(settings)
    }

    /// The settings in a file, with what the flags say.
    pub(super) fn settings_of(&self, file: Option<&Path>) -> Result<JobSettings, String> {
        let mut settings = match file {
            Some(path) => {
                JobSettings::parse(&read(path)?).map_err(|error| format!("`{}`: {error}", path.display()))?
            }
            None => JobSettings::default(),
        };
        settings.first_cycle |= self.first_cycle;
        settings.profile = self.profile.clone().or(settings.profile);
        settings.target = self.target_profile.clone().or(settings.target);
        settings.default_domain = self.default_domain.clone().or(settings.default_domain);
        settings.now = self.now.clone().or(settings.now);
        Ok(settings)
    }
}

fn clock() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Configures an engine; what is found is told on standard error and given back.
pub(super) fn configure(
    engine: &mut Engine,
    schema: Option<&Path>,
    settings: &JobSettings,
    tell: bool,
) -> Result<Vec<Diagnostic>, String> {
    let text = schema.map(read).transpose()?.unwrap_or_default();
    if schema.is_some() && text.trim().is_empty() {
        return Err("the schema is empty; give the export as the portal downloads it".to_owned());
    }
    let found = engine.configure_from(&text, settings);
    for finding in &found {
        if finding.rule == "schema" {
            let help = finding.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            return Err(format!("{}{help}", finding.message));
        }
        if tell && finding.severity != Severity::Info {
            let _ = writeln!(stderr(), "{}", shown(finding));
        }
    }
    Ok(found)
}

/// A finding on one line.
pub(super) fn shown(finding: &Diagnostic) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let path = finding.path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default();
    let help = finding.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    format!("{severity} [{}] {path}{}{help}", finding.rule, finding.message)
}
