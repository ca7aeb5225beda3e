//! The engine as the page, the edge and the command line see it: load a source, load
//! what the target holds, configure, plan; then ask for rows and single operations.
//! Mapped resources are never kept for everyone: one is computed when it is asked for.

use super::decide::{Decision, Verdict};
use super::matching::Indexes;
use super::operation::Planner;
use super::quarantine_rule::threshold;
use super::report::{Operation, Row, Summary};
use super::requests::Shape;
use super::rules::{Links, Rules};
use super::settlement::{Link, Settled, Settlement};
use super::side::{Side, side};
use super::stages::{Before, Ground, Planning};
use crate::provision::configuration::{
    Compiled, JobSettings, ObjectMapping, Schema, Surroundings, attribute_list, lint, mapping_table,
};
use crate::provision::diagnostic::{Diagnostic, Severity};
use crate::provision::expression::Patterns;
use crate::provision::message::told;
use crate::provision::object_kind::ObjectKind;
use crate::provision::source::{Entitlements, InputError, LoadReport, Source};
use crate::provision::target::{Capabilities, Dialect, Held};
use crate::provision::values::{Atom, Pool};
use crate::scim::schema::instant;
use serde_json::{Value, json};
use std::rc::Rc;

/// Whether so many objects and references fail that Entra would slow the job down.
fn quarantined(rows: &[Decision]) -> bool {
    let (mut objects, mut references, mut successes) = (0, 0, 0);
    for row in rows {
        match row.verdict {
            Verdict::Failed => objects += 1,
            Verdict::Skipped => {}
            Verdict::Create | Verdict::Update | Verdict::Unchanged => {
                successes += 1;
                references += u64::from(row.missing);
            }
            _ => successes += 1,
        }
    }
    threshold(objects, references, successes).is_some()
}

/// The whole journey from files to a plan.
#[derive(Debug, Default)]
pub struct Engine {
    pub(in crate::provision) pool: Pool,
    pub(in crate::provision) source: Source,
    pub(in crate::provision) held: Held,
    settings: JobSettings,
    pub(in crate::provision) schema: Option<Schema>,
    /// The mappings of the configuration.
    pub(in crate::provision) compiled: [Option<Rc<Compiled>>; 2],
    given: Links,
    /// The plan, with the mappings and rules that it was made by.
    pub(in crate::provision) sides: [Side; 2],
    pub(in crate::provision) rules: Rules,
    pub(in crate::provision) settlement: Settlement,
    pub(in crate::provision) rows: Vec<Decision>,
    summary: Summary,
    /// The plan that will take its place.
    planning: Option<Box<Planning>>,
    refused: Vec<String>,
    entitlements: Option<Entitlements>,
    indexes: Indexes,
    /// The "what if" as it was given, and what stood in the cells that it changed, last changed last.
    pub(in crate::provision) supposed: Vec<(String, bool, String, String)>,
    pub(in crate::provision) replaced: Vec<(ObjectKind, usize, String, Atom)>,
}

/// The finding for a configuration that is none.
fn unreadable(error: InputError) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        rule: "schema".to_owned(),
        message: error.message,
        help: error.help,
        path: error.line.map(|line| format!("line {line}")),
    }
}

impl Engine {
    /// The plan's format; grows when a field changes its meaning.
    pub const VERSION: u32 = 1;

    /// An engine with nothing loaded.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source file: users, groups, members, roles or assignments. `name` is a hint.
    ///
    /// # Errors
    /// When the text is neither JSON nor CSV that is known.
    pub fn load_source(&mut self, name: &str, text: &str) -> Result<LoadReport, InputError> {
        self.begin(false);
        self.source.load(&mut self.pool, name, text)
    }

    /// Keeps columns of source files that are loaded from now on under other names: (as the
    /// files have it, the attribute).
    pub fn rename(&mut self, names: &[(String, String)]) {
        self.source.rename(names);
    }

    /// Takes no more users than this from the files that are loaded from now on.
    pub fn take_at_most(&mut self, users: usize) {
        self.source.most = Some(users);
    }

    /// Forgets what a new file of the target or the source makes stale.
    pub(in crate::provision) fn begin(&mut self, target: bool) {
        self.forget();
        if target {
            self.indexes.clear();
        } else {
            self.supposed.clear();
            self.forget_values();
        }
    }

    /// Where a file's records go.
    pub(in crate::provision) fn stores(&mut self) -> (&mut Pool, &mut Source, &mut Held) {
        (&mut self.pool, &mut self.source, &mut self.held)
    }

    /// Adds what the target holds: a SCIM list, an array, NDJSON.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn load_target(&mut self, text: &str) -> Result<LoadReport, InputError> {
        self.begin(true);
        self.held.load(&mut self.pool, text)
    }

    /// Sets which target object each source object is tied to: a JSON object from source
    /// ids to target ids. Without it each unique match is taken as a tie.
    ///
    /// # Errors
    /// When the text is no such object.
    pub fn load_links(&mut self, text: &str) -> Result<LoadReport, InputError> {
        self.forget();
        let help = told!("give {\"SOURCE-ID\": \"TARGET-ID\"}");
        let given: std::collections::BTreeMap<String, String> = serde_json::from_str(text)
            .map_err(|error| InputError::new(told!("the links were not understood: {0}", error), help))?;
        let rows = given.len();
        let ties = given.iter().map(|(source, target)| (self.pool.intern(source), self.pool.intern(target)));
        self.given = Links::Given(ties.collect());
        Ok(LoadReport { kind: "links".to_owned(), rows, ..LoadReport::default() })
    }

    /// Which target object each source object is tied to by this plan, given or assumed;
    /// in the form that [`Self::load_links`] takes.
    #[must_use]
    pub fn links(&self) -> Value {
        let tie = |settled: &Settled| {
            let Link::Target(at) = settled.link else { return None };
            let source = self.source.table(settled.kind).entry(settled.row)?.id;
            let target = self.held.object(at)?.id;
            Some((self.pool.text(source)?.to_owned(), json!(self.pool.text(target)?)))
        };
        Value::Object(self.settlement.objects.iter().filter_map(tie).collect())
    }

    /// Sets the configuration, which may also be a mapping table in Markdown. The page reads such
    /// a table by itself, so that its engine need not.
    pub fn configure_from(&mut self, text: &str, settings: &JobSettings) -> Vec<Diagnostic> {
        if !mapping_table::is_table(text) {
            return self.configure(text, settings);
        }
        // What else is wrong with a row shows where its mapping is compiled.
        let told = attribute_list::read(text).map(|(_, found)| found).unwrap_or_default();
        let mut findings: Vec<Diagnostic> =
            told.into_iter().filter(|finding| finding.rule == "attribute-type").collect();
        match mapping_table::configuration(text) {
            Ok(schema) => findings.extend(self.configure(&schema, settings)),
            Err(error) => findings.push(unreadable(error)),
        }
        findings
    }

    /// Sets the configuration: a `synchronizationSchema`, or empty for the Clarizen One profile.
    ///
    /// What was planned by the configuration before stays until there is a new plan.
    pub fn configure(&mut self, schema_json: &str, settings: &JobSettings) -> Vec<Diagnostic> {
        self.planning = None;
        self.settings = settings.clone();
        (self.schema, self.compiled) = (None, [None, None]);
        let mut findings = Vec::new();
        let schema = if schema_json.trim().is_empty() {
            Schema::profile(settings.profile.as_deref())
        } else {
            Schema::parse(schema_json)
        };
        let schema = match schema {
            Ok(schema) => schema,
            Err(error) => return vec![unreadable(error)],
        };
        let target = self.capabilities();
        if let Some(name) = settings.target.as_deref().filter(|name| Capabilities::named(name).is_none()) {
            findings.push(Diagnostic {
                severity: Severity::Error,
                rule: "target-profile".to_owned(),
                message: told!("there is no target profile `{0}`; a generic target is assumed", name),
                help: Some(told!("choose one of {0}", Capabilities::names().collect::<Vec<_>>().join(", "))),
                path: None,
            });
        }
        if let Some(now) = settings.now.as_deref().filter(|now| instant(now).is_none()) {
            findings.push(Diagnostic {
                severity: Severity::Error,
                rule: "now".to_owned(),
                message: told!("`{0}` is no time; 1970-01-01T00:00:00Z is taken for `Now`", now),
                help: Some(told!("give the time as RFC 3339 writes it, `2026-11-24T10:00:00Z`").to_owned()),
                path: None,
            });
        }
        let mut compile = |mapping: &Option<ObjectMapping>, kind: ObjectKind| {
            let mapping = mapping.as_ref().filter(|mapping| mapping.enabled)?;
            if kind == ObjectKind::Group && !target.groups {
                findings.push(Diagnostic {
                    severity: Severity::Warning,
                    rule: "no-groups".to_owned(),
                    message: told!("{0} has no groups; the group mapping is left out", target.name),
                    help: Some(told!("disable the group mapping").to_owned()),
                    path: Some(kind.name().to_owned()),
                });
                return None;
            }
            let (mut compiled, mut found) = Compiled::of(mapping, kind, &target);
            findings.append(&mut found);
            findings.append(&mut lint::mapping(&compiled, kind, &schema.document));
            findings.append(&mut compiled.refuse(&self.refused, kind));
            Some(Rc::new(compiled))
        };
        self.compiled =
            [compile(&schema.users, ObjectKind::User), compile(&schema.groups, ObjectKind::Group)];
        self.schema = Some(schema);
        findings
    }

    /// The settings as they were given.
    #[must_use]
    pub fn settings(&self) -> &JobSettings {
        &self.settings
    }

    /// The configuration as JSON, exactly as it was given.
    #[must_use]
    pub fn schema(&self) -> Option<&Value> {
        self.schema.as_ref().map(|schema| &schema.document)
    }

    /// Plans the whole population.
    pub fn plan(&mut self) -> Summary {
        self.plan_begin();
        self.plan_step(usize::MAX);
        self.summary.clone()
    }

    /// Begins to plan the whole population; a plan under way is given up.
    pub fn plan_begin(&mut self) {
        if self.schema.is_none() {
            let settings = self.settings.clone();
            self.configure("", &settings);
        }
        self.planning = Some(Box::new(Planning::new(self.compiled.clone(), self.choose())));
    }

    /// Goes on with the plan for up to `most` rows, each counted once for every mapping line;
    /// true when it is done. Until then all answers are of the plan before.
    pub fn plan_step(&mut self, most: usize) -> bool {
        let Some(mut planning) = self.planning.take() else { return true };
        let held = self.entitlements.get_or_insert_default();
        if held.step(&self.source, &self.pool, most) > 0 && most < usize::MAX {
            self.planning = Some(planning);
            return false;
        }
        let done = planning.step(&mut self.ground(), most);
        if done {
            self.adopt(*planning);
            self.sum();
        } else {
            self.planning = Some(planning);
        }
        done
    }

    /// What the next step of the plan under way runs that somebody wrote: a mapping as
    /// `User/displayName`, or a kind's scoping filter as `User`. A slice ends before each.
    #[must_use]
    pub fn plan_runs(&self) -> Option<String> {
        let (kind, target) = self.planning.as_ref()?.expression()?;
        Some(target.map_or_else(|| kind.name().to_owned(), |target| format!("{}/{target}", kind.name())))
    }

    /// From the next configuration on, does not run these expressions: they did not come to
    /// an end. Their mappings fail for everyone.
    pub fn refuse(&mut self, expressions: Vec<String>) {
        self.refused = expressions;
    }

    /// The expressions that are not run.
    pub(in crate::provision) fn refused(&self) -> &[String] {
        &self.refused
    }

    /// How many rows the plan under way has looked at, each once for every mapping line, and
    /// how many it will.
    #[must_use]
    pub fn plan_progress(&self) -> (usize, usize) {
        self.planning.as_ref().map_or((1, 1), |planning| planning.progress(&self.source))
    }

    /// The summary of the plan.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// First phase alone: who is in scope, what each mapping yields, which target object is whose.
    pub(in crate::provision) fn settle(&mut self) {
        let mut planning = Planning::new(self.compiled.clone(), self.choose());
        planning.settle(&mut self.ground());
        self.adopt(planning);
    }

    fn ground(&mut self) -> Ground<'_> {
        let Self { pool, source, held, sides, given, settings, entitlements, indexes, .. } = self;
        let before = Before { sides, rules: &self.rules, settlement: &self.settlement };
        let entitlements = entitlements.get_or_insert_default();
        entitlements.step(source, pool, usize::MAX);
        Ground {
            pool,
            entitlements,
            source,
            held,
            indexes,
            links: if settings.first_cycle { &Links::None } else { given },
            before,
        }
    }

    fn adopt(&mut self, planning: Planning) {
        (self.rules, self.sides, self.settlement, self.rows) = planning.into_parts();
    }

    /// How many rows the plan has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One row of the plan.
    #[must_use]
    pub fn row(&self, index: usize) -> Option<Row> {
        let decision = self.rows.get(index)?;
        let settled = self.settlement.objects.get(index)?;
        let planner = self.planner();
        let entry = self.source.table(settled.kind).entry(settled.row)?;
        Some(Row {
            id: self.pool.text(entry.id)?.to_owned(),
            name: planner.name(*settled).to_owned(),
            object_type: settled.kind.name().to_owned(),
            action: decision.verdict.name().to_owned(),
            reason: decision.reason.to_owned(),
            changes: decision.changes as usize,
            problems: decision.problems as usize + decision.missing as usize,
            in_scope: settled.standing.in_scope(),
            display_name: planner.display_name(*settled).to_owned(),
            because: settled.standing.because(),
            sets: Vec::new(),
        })
    }

    /// One operation, computed now.
    #[must_use]
    pub fn operation(&self, index: usize) -> Option<Operation> {
        let mut operation = self.released(index)?;
        if self.rows.get(index).is_some_and(|decision| decision.verdict == Verdict::Staged) {
            operation.action = "stageddelete".to_owned();
            operation.verdict = "staged".to_owned();
            operation.status = "skipped".to_owned();
            operation.reason = "TooManyDeletes".to_owned();
            operation.explanation = told!(
                "{0}; held back, because this cycle disables and deletes more than allowed",
                operation.explanation
            );
            operation.requests.clear();
        }
        Some(operation)
    }

    /// One operation as it is when the deletion threshold holds nothing back.
    #[must_use]
    pub fn released(&self, index: usize) -> Option<Operation> {
        self.planner().operation(index)
    }

    /// The whole plan as versioned JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let operations: Vec<Operation> = (0..self.len()).filter_map(|index| self.operation(index)).collect();
        json!({"version": Self::VERSION, "summary": self.summary, "operations": operations})
    }

    /// Source values changed: what was computed from them is stale; what the target holds is not.
    pub(in crate::provision) fn forget_values(&mut self) {
        self.forget();
        (self.sides, self.entitlements) = (Default::default(), None);
    }

    /// A plan is stale as soon as something is loaded.
    fn forget(&mut self) {
        self.planning = None;
        self.rows.clear();
        self.settlement = Settlement::default();
    }

    /// What the target can do, as the settings name it.
    pub(in crate::provision) fn capabilities(&self) -> Capabilities {
        self.settings.target.as_deref().and_then(Capabilities::named).unwrap_or_default()
    }

    fn choose(&self) -> Rules {
        let settings = &self.settings;
        let url = settings.tenant_url.as_deref().unwrap_or_default();
        let target = self.capabilities();
        let dialect = match settings.dialect {
            None if url.to_ascii_lowercase().contains("aadoptscim062020") => Dialect::Flag,
            None => target.dialect.unwrap_or_default(),
            Some(dialect) => dialect,
        };
        Rules {
            sync_all: settings.sync_all.unwrap_or(!self.source.has_assignments),
            exclude_default_access: settings.exclude_default_access.unwrap_or_else(|| {
                let excluded =
                    self.schema.as_ref().and_then(|schema| schema.metadata("ExcludeDefaultAccess"));
                excluded.is_some_and(|text| text.eq_ignore_ascii_case("true"))
            }),
            skip_out_of_scope: settings.skip_out_of_scope_deletions,
            first_cycle: settings.first_cycle,
            shape: Shape { dialect, manager: settings.manager_shape.or(target.manager_shape), target },
            around: Surroundings {
                now: settings.now.as_deref().and_then(instant).unwrap_or(0),
                default_domain: settings.default_domain.clone().unwrap_or_default(),
                patterns: Patterns::default(),
            },
        }
    }

    pub(in crate::provision) fn planner(&self) -> Planner<'_> {
        static NOBODY: std::sync::LazyLock<Entitlements> = std::sync::LazyLock::new(Entitlements::default);
        Planner {
            pool: &self.pool,
            source: &self.source,
            held: &self.held,
            entitlements: self.entitlements.as_ref().unwrap_or(&NOBODY),
            rules: &self.rules,
            sides: &self.sides,
            settlement: &self.settlement,
        }
    }

    /// The plan in numbers; holds back what is too much to remove.
    fn sum(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        let removals = |row: &Decision| matches!(row.verdict, Verdict::Disable | Verdict::Delete);
        let leaving = rows.iter().filter(|row| removals(row)).count();
        let exceeded = self.settings.deletion_threshold.is_some_and(|threshold| leaving > threshold);
        if exceeded {
            for row in rows.iter_mut().filter(|row| removals(row)) {
                row.verdict = Verdict::Staged;
                row.reason = "TooManyDeletes";
                row.requests = 0;
            }
        }
        let counted = |verdict: Verdict| rows.iter().filter(|row| row.verdict == verdict).count();
        let failed = counted(Verdict::Failed);
        self.summary = Summary {
            users: self.source.users.len(),
            groups: self.source.groups.len(),
            in_scope: self.settlement.objects.iter().filter(|object| object.standing.in_scope()).count(),
            create: counted(Verdict::Create),
            update: counted(Verdict::Update),
            disable: counted(Verdict::Disable),
            delete: counted(Verdict::Delete),
            unchanged: counted(Verdict::Unchanged),
            skipped: counted(Verdict::Skipped),
            failed,
            staged: counted(Verdict::Staged),
            local: self.local(),
            targets: self.held.objects.len(),
            requests: rows.iter().map(|row| row.requests as usize).sum(),
            scope: if self.rules.sync_all { "all" } else { "assigned" }.to_owned(),
            links_assumed: !self.settings.first_cycle && self.given == Links::Assumed,
            threshold_exceeded: exceeded,
            quarantine: exceeded || quarantined(&rows),
            notes: self.notes(),
        };
        self.rows = rows;
    }

    /// Target objects of a provisioned kind that no source object is.
    fn local(&self) -> usize {
        let provisioned = |kind: ObjectKind| side(&self.sides, kind).compiled.is_some();
        let objects = self.held.objects.iter().enumerate();
        objects
            .filter(|(at, object)| provisioned(object.kind) && !self.settlement.by_target.contains_key(at))
            .count()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.settings.sync_all.is_none() && self.rules.sync_all {
            notes.push(
                told!("no assignments were given, so all users and groups are taken as in scope").to_owned(),
            );
        }
        if let [Some(users), _] = &self.compiled
            && self.source.users.len() > 0
        {
            let mut absent: Vec<&str> = Vec::new();
            for name in users.lines.iter().flat_map(|line| line.program.attributes()) {
                let computed = ["IsSoftDeleted", "appRoleAssignments", "objectId"];
                let known = computed.iter().any(|known| known.eq_ignore_ascii_case(name));
                if !known && !self.source.users.has_column(name) && !absent.contains(&name) {
                    absent.push(name);
                }
            }
            if !absent.is_empty() {
                notes.push(told!(
                    "the source has no {0}: mappings that read them see null",
                    absent.join(", ")
                ));
            }
        }
        notes
    }
}
