//! The engine as the page, the edge and the command line see it: load a source, load
//! what the target holds, configure, plan; then ask for rows and single operations.
//! Mapped resources are never kept for everyone: one is computed when it is asked for.

use super::held::{Held, ObjectKind};
use super::mapping::Compiled;
use super::matching::{Rules, Scene, Settlement, settle};
use super::plan::Planner;
use super::program::{Surroundings, milliseconds};
use super::report::{
    Diagnostic, Dialect, InputError, JobSettings, LoadReport, Operation, Row, Severity, Summary,
};
use super::roles::Entitlements;
use super::schema_json::Schema;
use super::source::Source;
use serde_json::{Value, json};

/// The plan's format; grows when a field changes its meaning.
const VERSION: u32 = 1;

/// The whole journey from files to a plan.
#[derive(Debug, Default)]
pub struct Engine {
    source: Source,
    held: Held,
    settings: JobSettings,
    schema: Option<Schema>,
    own_profile: bool,
    users: Option<Compiled>,
    groups: Option<Compiled>,
    rules: Rules,
    entitlements: Entitlements,
    settlement: Settlement,
    rows: Vec<Decision>,
    summary: Summary,
}

/// What is kept of one operation.
#[derive(Clone, Copy, Debug)]
struct Decision {
    verdict: Verdict,
    reason: &'static str,
    changes: u32,
    problems: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Create,
    Update,
    Disable,
    Delete,
    Staged,
    Unchanged,
    Skipped,
    Failed,
}

impl Verdict {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Create, "create"),
        (Self::Update, "update"),
        (Self::Disable, "disable"),
        (Self::Delete, "delete"),
        (Self::Staged, "staged"),
        (Self::Unchanged, "unchanged"),
        (Self::Skipped, "skipped"),
        (Self::Failed, "failed"),
    ];

    fn from_name(name: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == name).map_or(Self::Failed, |(verdict, _)| *verdict)
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(verdict, _)| *verdict == self).map_or("", |(_, name)| name)
    }
}

/// Every reason code, so that a row keeps a pointer and not a text.
const REASONS: &[&str] = &[
    "NotEffectivelyEntitled",
    "RedundantExport",
    "AttributeValidationFailed",
    "ImportSkipped",
    "DuplicateTargetEntries",
    "DuplicateSourceEntries",
    "SchemaPropertyCanOnlyAcceptValue",
    "X-CreateDisabled",
    "X-UpdateDisabled",
    "X-DeleteDisabled",
    "X-SkipOutOfScopeDeletions",
    "X-IsSoftDeletedUnmapped",
    "TooManyDeletes",
];

impl Engine {
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
        self.forget();
        self.source.load(name, text)
    }

    /// Adds what the target holds: a SCIM list, an array, NDJSON.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn load_target(&mut self, text: &str) -> Result<LoadReport, InputError> {
        self.forget();
        self.held.load(text)
    }

    /// Sets the configuration: a `synchronizationSchema`, or empty for the Clarizen One profile.
    pub fn configure(&mut self, schema_json: &str, settings: &JobSettings) -> Vec<Diagnostic> {
        self.forget();
        self.settings = settings.clone();
        self.own_profile = schema_json.trim().is_empty();
        (self.schema, self.users, self.groups) = (None, None, None);
        let schema = if self.own_profile { Schema::clarizen_one() } else { Schema::parse(schema_json) };
        let schema = match schema {
            Ok(schema) => schema,
            Err(error) => {
                return vec![Diagnostic {
                    severity: Severity::Error,
                    rule: "schema".to_owned(),
                    message: error.message,
                    help: error.help,
                    path: error.line.map(|line| format!("line {line}")),
                }];
            }
        };
        let mut findings = Vec::new();
        let mut compile = |mapping: &Option<super::schema_json::ObjectMapping>, kind: &str| {
            let mapping = mapping.as_ref().filter(|mapping| mapping.enabled)?;
            let (compiled, mut found) = Compiled::of(mapping, kind);
            findings.append(&mut found);
            Some(compiled)
        };
        self.users = compile(&schema.users, "User");
        self.groups = compile(&schema.groups, "Group");
        self.schema = Some(schema);
        findings
    }

    /// The configuration as JSON, exactly as it was given.
    #[must_use]
    pub fn schema(&self) -> Option<&Value> {
        self.schema.as_ref().map(|schema| &schema.document)
    }

    /// Plans the whole population.
    pub fn plan(&mut self) -> Summary {
        if self.schema.is_none() {
            let settings = self.settings.clone();
            self.configure("", &settings);
        }
        self.rules = self.choose();
        self.entitlements = Entitlements::of(&self.source);
        let mut settlement = Settlement::default();
        for (kind, compiled) in [(ObjectKind::User, &self.users), (ObjectKind::Group, &self.groups)] {
            if let Some(compiled) = compiled {
                settle(&self.scene(), kind, compiled, &mut settlement);
            }
        }
        self.settlement = settlement;
        self.decide();
        self.summary.clone()
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
        let entry = planner.scene.table(settled.kind).entry(settled.row)?;
        Some(Row {
            id: entry.id.clone(),
            name: planner.name(settled),
            object_type: settled.kind.name().to_owned(),
            action: decision.verdict.name().to_owned(),
            reason: decision.reason.to_owned(),
            changes: decision.changes as usize,
            problems: decision.problems as usize,
            in_scope: settled.standing.in_scope(),
        })
    }

    /// One operation, computed now.
    #[must_use]
    pub fn operation(&self, index: usize) -> Option<Operation> {
        let mut operation = self.planner().operation(index, true)?;
        if self.rows.get(index).is_some_and(|decision| decision.verdict == Verdict::Staged) {
            operation.action = "stageddelete".to_owned();
            operation.verdict = "staged".to_owned();
            operation.status = "skipped".to_owned();
            operation.reason = "TooManyDeletes".to_owned();
            operation
                .explanation
                .push_str("; held back, because this cycle disables and deletes more than allowed");
            operation.requests.clear();
        }
        Some(operation)
    }

    /// The whole plan as versioned JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let operations: Vec<Operation> = (0..self.len()).filter_map(|index| self.operation(index)).collect();
        json!({"version": VERSION, "summary": self.summary, "operations": operations})
    }

    /// A plan is stale as soon as something is loaded.
    fn forget(&mut self) {
        self.rows.clear();
        self.settlement = Settlement::default();
    }

    fn choose(&self) -> Rules {
        let settings = &self.settings;
        let url = settings.tenant_url.as_deref().unwrap_or_default();
        let flagged =
            settings.dialect == Dialect::Legacy && url.to_ascii_lowercase().contains("aadoptscim062020");
        Rules {
            sync_all: settings.sync_all.unwrap_or(!self.source.has_assignments),
            exclude_default_access: settings.exclude_default_access.unwrap_or(self.own_profile),
            skip_out_of_scope: settings.skip_out_of_scope_deletions,
            first_cycle: settings.first_cycle,
            dialect: if flagged { Dialect::Flag } else { settings.dialect },
            around: Surroundings { now: settings.now.as_deref().and_then(milliseconds).unwrap_or(0) },
        }
    }

    fn scene(&self) -> Scene<'_> {
        Scene { source: &self.source, held: &self.held, entitlements: &self.entitlements, rules: &self.rules }
    }

    fn planner(&self) -> Planner<'_> {
        Planner {
            scene: self.scene(),
            users: self.users.as_ref(),
            groups: self.groups.as_ref(),
            settlement: &self.settlement,
            created: std::cell::RefCell::default(),
        }
    }

    /// Examines everyone once, keeping of each only what a row shows.
    fn decide(&mut self) {
        let count = self.settlement.objects.len();
        let mut rows = Vec::with_capacity(count);
        let mut requests = Vec::with_capacity(count);
        let planner = self.planner();
        for index in 0..count {
            let Some(operation) = planner.operation(index, false) else { continue };
            let writes = operation.requests.iter().filter(|request| request.method != "GET").count();
            requests.push(writes);
            rows.push(Decision {
                verdict: Verdict::from_name(&operation.verdict),
                reason: REASONS.iter().find(|reason| **reason == operation.reason).copied().unwrap_or(""),
                changes: u32::try_from(operation.changes.len()).unwrap_or(u32::MAX),
                problems: u32::try_from(operation.problems.len()).unwrap_or(u32::MAX),
            });
        }
        let removals = |row: &Decision| matches!(row.verdict, Verdict::Disable | Verdict::Delete);
        let leaving = rows.iter().filter(|row| removals(row)).count();
        let exceeded = self.settings.deletion_threshold.is_some_and(|threshold| leaving > threshold);
        if exceeded {
            for (row, requests) in rows.iter_mut().zip(&mut requests).filter(|(row, _)| removals(row)) {
                row.verdict = Verdict::Staged;
                row.reason = "TooManyDeletes";
                *requests = 0;
            }
        }
        let counted = |verdict: Verdict| rows.iter().filter(|row| row.verdict == verdict).count();
        let failed = counted(Verdict::Failed);
        let total = failed + rows.iter().filter(|row| row.verdict != Verdict::Skipped).count() - failed;
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
            requests: requests.iter().sum(),
            scope: if self.rules.sync_all { "all" } else { "assigned" }.to_owned(),
            links_assumed: !self.rules.first_cycle,
            threshold_exceeded: exceeded,
            quarantine: exceeded || failed > 40_000 || (failed >= 5_000 && failed * 10 > total * 4),
            notes: self.notes(),
        };
        self.rows = rows;
    }

    /// Target objects of a provisioned kind that no source object is.
    fn local(&self) -> usize {
        let provisioned = |kind: ObjectKind| match kind {
            ObjectKind::User => self.users.is_some(),
            ObjectKind::Group => self.groups.is_some(),
        };
        let objects = self.held.objects.iter().enumerate();
        objects
            .filter(|(at, object)| provisioned(object.kind) && !self.settlement.by_target.contains_key(at))
            .count()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.settings.sync_all.is_none() && self.rules.sync_all {
            notes.push("no assignments were given, so all users and groups are taken as in scope".to_owned());
        }
        if let Some(users) = &self.users
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
                notes.push(format!(
                    "the source has no {}: mappings that read them see null",
                    absent.join(", ")
                ));
            }
        }
        notes
    }
}
