//! The plan looked at as a whole: how often each mapping yields a value and which, whom
//! each attribute changes, which problems there are, where the scope loses people, and
//! which rows an edit changed. Gathered row by row, so that it can stop at any of them.

use super::engine::Engine;
use super::report::Operation;
use super::target_path::TargetPath;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Distinct values of one attribute that are counted; later ones only add to the total.
const MAX_VALUES: usize = 5_000;
/// Values shown of one attribute.
const TOP: usize = 6;

/// Everything found out so far.
#[derive(Debug, Default)]
pub struct Survey {
    next: usize,
    targets: Vec<Target>,
    problems: BTreeMap<String, Vec<u32>>,
    reasons: BTreeMap<String, Vec<u32>>,
    funnel: Vec<Loss>,
    read: usize,
    /// What becomes of each row, by its source id.
    hashes: HashMap<u64, u64>,
    /// The rows whose hash is not the one before.
    edited: Vec<u32>,
    before: HashMap<u64, u64>,
}

#[derive(Debug)]
struct Target {
    kind: String,
    name: String,
    path: TargetPath,
    filled: u32,
    empty: u32,
    failed: u32,
    values: HashMap<String, u32>,
    changed: Vec<u32>,
}

/// Where the scope loses objects.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Loss {
    name: String,
    lost: u32,
    #[serde(skip)]
    rows: Vec<u32>,
}

/// The survey in numbers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// Objects looked at.
    pub read: usize,
    targets: Vec<TargetFindings>,
    problems: Vec<(String, usize)>,
    reasons: Vec<(String, usize)>,
    funnel: Vec<Loss>,
    /// Rows that the last edit changed; none before there was one.
    pub edited: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetFindings {
    kind: String,
    target: String,
    filled: u32,
    empty: u32,
    failed: u32,
    changed: usize,
    distinct: usize,
    top: Vec<(String, u32)>,
}

impl Survey {
    /// A survey that knows what became of everybody before the edit.
    #[must_use]
    pub fn after(previous: Option<&Self>) -> Self {
        Self { before: previous.map(|survey| survey.hashes.clone()).unwrap_or_default(), ..Self::default() }
    }

    /// Looks at up to `most` further rows; true when all were seen.
    pub fn step(&mut self, engine: &Engine, most: usize) -> bool {
        let end = engine.len().min(self.next + most);
        if self.next == 0 {
            let targets = engine.targets().into_iter().filter_map(|(kind, name)| {
                let path = TargetPath::parse(&name).ok()?;
                Some(Target {
                    kind: kind.to_owned(),
                    name,
                    path,
                    filled: 0,
                    empty: 0,
                    failed: 0,
                    values: HashMap::new(),
                    changed: Vec::new(),
                })
            });
            self.targets = targets.collect();
        }
        for index in self.next..end {
            if let (Some(operation), Ok(row)) = (engine.operation(index), u32::try_from(index)) {
                self.take(&operation, row);
            }
        }
        self.next = end;
        end == engine.len()
    }

    fn take(&mut self, operation: &Operation, row: u32) {
        self.read += 1;
        let lost = operation.scope.iter().position(|step| !step.passed);
        for (at, step) in operation.scope.iter().enumerate() {
            // `User has the required role` and `Group has …` are one step.
            let name = step.name.replace("User has", "Has").replace("Group has", "Has");
            if self.funnel.len() <= at {
                self.funnel.push(Loss { name: capital(&name), ..Loss::default() });
            }
            if let Some(loss) = self.funnel.get_mut(at).filter(|_| lost == Some(at)) {
                loss.lost += 1;
                loss.rows.push(row);
            }
        }
        if !operation.reason.is_empty() {
            self.reasons.entry(operation.reason.clone()).or_default().push(row);
        }
        for problem in &operation.problems {
            let rows = self.problems.entry(problem.code.clone()).or_default();
            if rows.last() != Some(&row) {
                rows.push(row);
            }
        }
        if operation.status == "failure" && !operation.problems.iter().any(|p| p.code == operation.reason) {
            self.problems.entry(operation.reason.clone()).or_default().push(row);
        }
        for target in self.targets.iter_mut().filter(|target| target.kind == operation.object_type) {
            let changed = operation.changes.iter().any(|change| change.target == target.name);
            if changed {
                target.changed.push(row);
            }
            if lost.is_some() {
                continue;
            }
            match target.path.read(&operation.result) {
                Some(value) => {
                    target.filled += 1;
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    if target.values.len() < MAX_VALUES || target.values.contains_key(&text) {
                        *target.values.entry(text).or_default() += 1;
                    }
                }
                None if operation.problems.iter().any(|problem| problem.target == target.name) => {
                    target.failed += 1;
                }
                None => target.empty += 1,
            }
        }
        let key = hash(&operation.source.id);
        let outcome = hash(&format!("{} {} {:?}", operation.verdict, operation.reason, operation.changes));
        self.hashes.insert(key, outcome);
        if !self.before.is_empty() && self.before.get(&key) != Some(&outcome) {
            self.edited.push(row);
        }
    }

    /// What was found, in numbers.
    #[must_use]
    pub fn findings(&self) -> Findings {
        let counted = |lists: &BTreeMap<String, Vec<u32>>| {
            let mut counts: Vec<(String, usize)> =
                lists.iter().map(|(name, rows)| (name.clone(), rows.len())).collect();
            counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            counts
        };
        let targets = self.targets.iter().map(|target| {
            let mut top: Vec<(String, u32)> =
                target.values.iter().map(|(value, count)| (value.clone(), *count)).collect();
            top.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            top.truncate(TOP);
            TargetFindings {
                kind: target.kind.clone(),
                target: target.name.clone(),
                filled: target.filled,
                empty: target.empty,
                failed: target.failed,
                changed: target.changed.len(),
                distinct: target.values.len(),
                top,
            }
        });
        Findings {
            read: self.read,
            targets: targets.collect(),
            problems: counted(&self.problems),
            reasons: counted(&self.reasons),
            funnel: self.funnel.clone(),
            edited: self.edited.len(),
        }
    }

    /// The rows behind a number: `changed:User/title`, `problem:CODE`, `reason:CODE`,
    /// `scope:0` or `edited`. `None` for a name that is no such number.
    #[must_use]
    pub fn rows(&self, name: &str) -> Option<&[u32]> {
        let (what, which) = name.split_once(':').unwrap_or((name, ""));
        let rows = match what {
            "edited" => Some(&self.edited),
            "problem" => self.problems.get(which),
            "reason" => self.reasons.get(which),
            "scope" => which.parse::<usize>().ok().and_then(|at| self.funnel.get(at)).map(|loss| &loss.rows),
            "changed" => self
                .targets
                .iter()
                .find(|target| {
                    which.strip_prefix(&target.kind).and_then(|rest| rest.strip_prefix('/'))
                        == Some(&target.name)
                })
                .map(|target| &target.changed),
            _ => None,
        };
        rows.map(Vec::as_slice)
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
