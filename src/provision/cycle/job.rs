//! What a provisioning job remembers between two effects: links, the watermark, escrows,
//! quarantine, how far the running cycle is. Plain JSON; the objects stand apart from the
//! rest so that a shell may store the head and only those objects that changed.

use super::effect::Effect;
use super::escrow::Escrow;
use super::quarantine::Quarantine;
use crate::provision::plan::quarantine_rule::Reason;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a job runs (Graph's `synchronizationJob.schedule.state`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Schedule {
    /// Cycles are run when due.
    #[default]
    Active,
    /// An administrator stopped it; all state is kept.
    Paused,
    /// Four weeks in quarantine, or switched off.
    Disabled,
}

/// How far the running cycle is. The order is the order in which phases run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// The source is read and the connection is tested.
    #[default]
    Preparing,
    /// Users are evaluated.
    Users,
    /// Groups are evaluated, without their members.
    Groups,
    /// Managers and members, once everyone has a target id.
    References,
}

/// What was decided about the cycle's disables and deletes, before any was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Removals {
    /// Not counted yet.
    #[default]
    Undecided,
    /// They are sent.
    Allowed,
    /// There are more than the threshold: staged, not sent.
    Staged,
}

/// What a cycle did, in Graph's terms where it has one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counts {
    /// Objects evaluated.
    pub imported: u64,
    /// Of these, objects in scope.
    pub entitled: u64,
    /// Objects created.
    pub created: u64,
    /// Objects changed.
    pub updated: u64,
    /// Objects disabled.
    pub disabled: u64,
    /// Objects deleted.
    pub deleted: u64,
    /// Objects whose manager or members were changed.
    pub references: u64,
    /// Objects left alone, and why is in the log.
    pub skipped: u64,
    /// Objects that could not be provisioned.
    pub failed: u64,
    /// Disables and deletes held back.
    pub staged: u64,
}

impl Counts {
    /// Objects written to.
    #[must_use]
    pub fn exported(&self) -> u64 {
        self.created + self.updated + self.disabled + self.deleted + self.references
    }
}

/// A cycle under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// Everyone is evaluated, not only who changed.
    pub initial: bool,
    /// One user, or a group with some members: nothing else is evaluated.
    pub on_demand: Vec<String>,
    /// When it began, in milliseconds since 1970.
    pub began: i64,
    /// How far it is.
    pub phase: Phase,
    /// Objects that this cycle has done with, of how many that were to be done.
    pub completed: u64,
    /// See `completed`; it grows when references turn out to be owed.
    pub total: u64,
    /// What it did.
    pub counts: Counts,
    /// What becomes of disables and deletes.
    pub removals: Removals,
    /// The watermark to keep when it has ended.
    pub watermark: Option<String>,
}

/// How a cycle ended (Graph's `synchronizationTaskExecutionResult`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// Everything went its way.
    #[default]
    Succeeded,
    /// It could not be run to its end.
    Failed,
    /// It ran, and some objects could not be provisioned.
    EntryLevelErrors,
}

/// A cycle that has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Execution {
    /// The cycle's id, as in the log.
    pub activity_identifier: String,
    /// How it ended.
    pub state: Ending,
    /// What it did.
    pub counts: Counts,
    /// Objects and references in escrow afterwards.
    pub escrowed: u64,
    /// When it began, in milliseconds since 1970.
    pub time_began: i64,
    /// When it ended, likewise.
    pub time_ended: i64,
    /// Why it failed: code and words.
    pub error: Option<(String, String)>,
}

/// What is remembered of one source object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tracked {
    /// It is a group.
    #[serde(skip_serializing_if = "no")]
    pub group: bool,
    /// The target object it is linked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What the source object was like when it was last evaluated.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// The number of the cycle that last did so.
    pub cycle: u64,
    /// Its references are owed to the second phase. `Some(true)`: and nothing was logged yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owes: Option<bool>,
    /// It failed, and is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escrow: Option<Escrow>,
    /// References that failed, by the source id they refer to, or by the target attribute
    /// when the target refused them all.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub references: BTreeMap<String, Escrow>,
    /// The match queries of a create that was sent; a lost reply's object is found by them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub intents: Vec<String>,
    /// A DELETE was sent and its reply is not known: the target object may be gone.
    #[serde(skip_serializing_if = "no")]
    pub deleting: bool,
    /// We disabled it.
    #[serde(skip_serializing_if = "no")]
    pub disabled: bool,
    /// It was unassigned and disabled: a later deletion in the source sends nothing.
    #[serde(skip_serializing_if = "no")]
    pub unmanaged: bool,
    /// Since when the source does not show it, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent_since: Option<i64>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn no(flag: &bool) -> bool {
    !flag
}

/// A job without its objects: small, and stored after every effect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Head {
    /// The job's id.
    pub id: String,
    /// Whether cycles are run.
    pub schedule: Schedule,
    /// What the source gave at the end of the last cycle; none asks for an initial cycle.
    pub watermark: Option<String>,
    /// A hash of the configuration of the last cycle; another one asks for an initial cycle.
    pub configuration: String,
    /// How many cycles were begun.
    pub cycles: u64,
    /// How many log records were written.
    pub records: u64,
    /// The cycle under way.
    pub running: Option<Running>,
    /// When the next is due, in milliseconds since 1970.
    pub next: i64,
    /// Set while in quarantine.
    pub quarantine: Option<Quarantine>,
    /// Staged disables and deletes are sent by the next cycle.
    pub force_deletes: bool,
    /// An initial cycle had too many escrows and dropped them.
    pub escrows_pruned: bool,
    /// Cycles that failed since the last that did not.
    pub count_successive_complete_failures: u64,
    /// When an initial cycle first came to its end.
    pub steady_state_first_achieved_time: Option<i64>,
    /// When a cycle last did.
    pub steady_state_last_achieved_time: Option<i64>,
    /// The last cycle.
    pub last_execution: Option<Execution>,
    /// The last that did not fail.
    pub last_successful_execution: Option<Execution>,
    /// The last of these that wrote something.
    pub last_successful_execution_with_exports: Option<Execution>,
    /// Log records and notices that were not taken yet.
    pub outbox: Vec<Effect>,
}

/// A job, whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Job {
    /// All but the objects.
    pub head: Head,
    /// By source id.
    pub objects: BTreeMap<String, Tracked>,
}

/// What a restart forgets (Graph's `synchronizationJobRestartScope`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// Nothing.
    None,
    /// The links.
    ConnectorDataStore,
    /// The escrows.
    Escrows,
    /// The watermark: the next cycle is an initial one.
    Watermark,
    /// The quarantine.
    QuarantineState,
    /// All of these.
    Full,
    /// Nothing, but staged disables and deletes are sent.
    ForceDeletes,
}

impl Scope {
    /// Reads Graph's list: `QuarantineState,Watermark`. Empty is what the portal's button does.
    ///
    /// # Errors
    /// In words, when a name is none of them.
    pub fn parse(text: &str) -> Result<BTreeSet<Self>, String> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let scopes: BTreeSet<Self> = names
            .map(|name| {
                let quoted = Value::String(name.to_owned());
                serde_json::from_value(quoted).map_err(|_| {
                    format!(
                        "`{name}` is no restart scope; give None, ConnectorDataStore, Escrows, Watermark, QuarantineState, Full or ForceDeletes"
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        let portal = [Self::QuarantineState, Self::Watermark, Self::Escrows];
        Ok(if scopes.is_empty() { portal.into_iter().collect() } else { scopes })
    }
}

impl Job {
    /// A job that has never run.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self { head: Head { id: id.to_owned(), ..Head::default() }, ..Self::default() }
    }

    /// Forgets what the scopes say and lets the job run at once; a cycle under way is dropped.
    pub fn restart(&mut self, scopes: &BTreeSet<Scope>, now: i64) {
        let asked = |scope: Scope| scopes.contains(&scope) || scopes.contains(&Scope::Full);
        if asked(Scope::Watermark) || asked(Scope::ConnectorDataStore) {
            self.head.watermark = None;
        }
        if asked(Scope::QuarantineState) {
            self.head.quarantine = None;
        }
        if asked(Scope::ConnectorDataStore) {
            self.objects.clear();
        }
        if asked(Scope::Escrows) {
            self.prune();
        }
        self.head.force_deletes |= scopes.contains(&Scope::ForceDeletes);
        self.head.running = None;
        self.head.schedule = Schedule::Active;
        self.head.next = now;
    }

    /// Forgets every escrow.
    pub(super) fn prune(&mut self) {
        for tracked in self.objects.values_mut() {
            tracked.escrow = None;
            tracked.references.clear();
        }
    }

    /// Runs cycles again, from where a pause stopped; a quarantine ends.
    pub fn start(&mut self, now: i64) {
        self.head.quarantine = None;
        self.head.schedule = Schedule::Active;
        self.head.next = now;
    }

    /// Runs no more cycles until started.
    pub fn pause(&mut self) {
        self.head.schedule = Schedule::Paused;
    }

    /// When the next cycle is due; `None` when none is run.
    #[must_use]
    pub fn due(&self) -> Option<i64> {
        (self.head.schedule == Schedule::Active).then_some(self.head.next)
    }

    /// Objects and references in escrow.
    #[must_use]
    pub fn escrowed(&self) -> (u64, u64) {
        let objects = self.objects.values().filter(|tracked| tracked.escrow.is_some()).count();
        let references: usize = self.objects.values().map(|tracked| tracked.references.len()).sum();
        (objects as u64, references as u64)
    }

    /// Linked users and groups (Graph's `synchronizedEntryCountByType`).
    #[must_use]
    pub fn synchronized(&self) -> (u64, u64) {
        let linked = |group: bool| {
            self.objects.values().filter(|tracked| tracked.target.is_some() && tracked.group == group).count()
                as u64
        };
        (linked(false), linked(true))
    }

    /// Why it is in quarantine, if it is.
    #[must_use]
    pub fn quarantined(&self) -> Option<Reason> {
        self.head.quarantine.as_ref().map(|quarantine| quarantine.reason)
    }
}
