//! One object seen from within: the attributes it brings, what each mapping makes of
//! them, and how an expression that is still being written would come out for it.

use crate::provision::configuration::{Compiled, FilterFacts, Flow, chance, seed};
use crate::provision::expression::{Attributes, Environment, State, Value as Held, parse, trace};
use crate::provision::message::told;
use crate::provision::object_kind::ObjectKind;
use crate::provision::plan::Engine;
use crate::provision::sort::sort_by_keys;
use crate::provision::source::{Population, Subject};
use crate::scim::span::Span;
use serde::Serialize;
use serde_json::Value;

/// Attributes that the service computes; no file has them.
const COMPUTED: [&str; 2] = ["IsSoftDeleted", "appRoleAssignments"];

/// One attribute of the source object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceAttribute {
    /// Its name in the provisioning vocabulary.
    pub name: String,
    /// Its values; none when it is null.
    pub values: Vec<String>,
    /// The files have this attribute, if not for this object.
    pub known: bool,
    /// Some mapping, filter or function reads it.
    pub used: bool,
}

/// What one mapping makes of the object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The target attribute as the configuration spells it.
    pub target: String,
    /// `value`, `empty`, `error` or `silent`.
    pub state: &'static str,
    /// The value, in the target's type.
    pub value: Value,
    /// Why it failed.
    pub message: String,
}

/// An object from within.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inside {
    /// What it brings.
    pub attributes: Vec<SourceAttribute>,
    /// What each mapping makes of it, in the order of the table.
    pub outcomes: Vec<Outcome>,
    /// The scoping filters, clause by clause.
    pub filters: Vec<FilterFacts>,
}

/// One part of a traced expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Where it stands, in UTF-16 units, as editors count.
    pub span: Span,
    /// How deep it is nested.
    pub depth: usize,
    /// `Join`, `[mail]`, `"text"`.
    pub label: String,
    /// Evaluated, skipped or failed.
    pub state: State,
    /// What it gave; none when that was null.
    pub values: Vec<String>,
    /// Why it failed.
    pub message: String,
}

impl Engine {
    /// Every target attribute, with its kind, in the order of the tables.
    #[must_use]
    pub fn targets(&self) -> Vec<(&'static str, String)> {
        let lines = |compiled: Option<&Compiled>, kind: &'static str| -> Vec<(&'static str, String)> {
            compiled
                .map_or(&[][..], |compiled| &compiled.lines)
                .iter()
                .map(|line| (kind, line.target.clone()))
                .collect()
        };
        let mut all = lines(self.compiled[0].as_deref(), "User");
        all.extend(lines(self.compiled[1].as_deref(), "Group"));
        all
    }

    /// The source attributes of a kind: those of the files, then those the service computes.
    /// Empty when no file was loaded.
    #[must_use]
    pub fn attributes(&self, group: bool) -> Vec<String> {
        let table = if group { &self.source.groups } else { &self.source.users };
        let mut names = table.column_names();
        if !names.is_empty() {
            let computed = if group { &["members"][..] } else { &COMPUTED };
            names.extend(computed.iter().map(|name| (*name).to_owned()));
            sort_by_keys(&mut names, |name| name.to_ascii_lowercase());
            names.dedup();
        }
        names
    }

    /// The object of a row from within.
    #[must_use]
    pub fn inside(&self, index: usize) -> Option<Inside> {
        let settled = self.settlement.objects.get(index)?;
        let planner = self.planner();
        let compiled = planner.compiled(settled.kind)?;
        let table = self.source.table(settled.kind);
        let id = table.entry(settled.row)?.id;
        let roles = planner.entitlements.roles(id);
        self.with_subject(index, |subject| {
            let mut read: Vec<&str> =
                compiled.lines.iter().flat_map(|line| line.program.attributes()).collect();
            read.extend(["accountEnabled"]);
            let mut names = self.attributes(settled.kind == ObjectKind::Group);
            let absent: Vec<String> = read
                .iter()
                .filter(|name| !names.iter().any(|known| known.eq_ignore_ascii_case(name)))
                .map(|name| (*name).to_owned())
                .collect();
            let known = names.len();
            for name in absent {
                if !names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                    names.push(name);
                }
            }
            let attributes = names.into_iter().enumerate().map(|(at, name)| SourceAttribute {
                values: subject.attribute(&name).items(),
                known: at < known,
                used: read.iter().any(|used| used.eq_ignore_ascii_case(&name)),
                name,
            });
            let outcomes = compiled.lines.iter().map(|line| {
                let held = planner.columns(settled.kind).get(table, line.index, settled.row);
                let (state, value, message) = match line.flow(&self.pool, held, &roles, true) {
                    Flow::Value(value) => ("value", value, String::new()),
                    Flow::Null => ("empty", Value::Null, String::new()),
                    Flow::Silent => ("silent", Value::Null, String::new()),
                    Flow::Wrong(_, message) => ("error", Value::Null, message),
                };
                Outcome { target: line.mapping.target.clone(), state, value, message }
            });
            let (attributes, outcomes) = (attributes.collect(), outcomes.collect());
            // As the scope was decided: by whether it is active in the source.
            let object = Subject { soft_deleted: !settled.standing.active, ..*subject };
            Inside { attributes, outcomes, filters: compiled.filter.facts(&object) }
        })
    }

    /// How an expression comes out for the object of a row; `None` when it does not parse or
    /// there is no such row.
    #[must_use]
    pub fn trace(&self, index: usize, text: &str) -> Option<Vec<Part>> {
        let expression = parse(text).ok()?;
        let settled = self.settlement.objects.get(index)?;
        let id =
            self.source.table(settled.kind).entry(settled.row).and_then(|entry| self.pool.text(entry.id));
        // Of a mapping's own text the values are those that the plan has.
        let lines = self.planner().compiled(settled.kind).map_or(&[][..], |compiled| &compiled.lines);
        let target = lines.iter().find(|line| line.shown == text).map_or("", |line| &line.target);
        let mut random = chance(seed(&self.rules.around, target, id.unwrap_or_default()));
        self.with_subject(index, |subject| {
            let mut environment = Environment {
                now: self.rules.around.now,
                random: &mut random,
                taken: &|_| false,
                default_domain: &self.rules.around.default_domain,
                strict_iif: false,
                patterns: &self.rules.around.patterns,
            };
            let nodes = trace(&expression, subject, &mut environment);
            let parts = nodes.into_iter().map(|node| Part {
                span: node.span.utf16(text),
                depth: node.depth,
                label: node.label,
                state: node.state,
                values: match node.value {
                    Held::Ignore => vec![told!("(not flown)").to_owned()],
                    value => value.items(),
                },
                message: node.error.map(|error| error.to_string()).unwrap_or_default(),
            });
            parts.collect()
        })
    }

    /// Plans with other source values for single objects: (id, of a group, attribute, value). An
    /// empty value is null. What was there before comes back with the next call.
    pub fn what_if(&mut self, values: &[(String, bool, String, String)]) {
        if self.supposed == values {
            return;
        }
        self.supposed = values.to_vec();
        while let Some((kind, row, name, atom)) = self.replaced.pop() {
            self.source.table_mut(kind).set(row, &name, atom);
        }
        for (id, group, name, value) in values {
            let kind = if *group { ObjectKind::Group } else { ObjectKind::User };
            let row = self.pool.find(id).and_then(|id| self.source.table(kind).find(id));
            let Some(row) = row else { continue };
            let atom = if value.is_empty() { Default::default() } else { self.pool.intern(value) };
            let before = self.source.table_mut(kind).set(row, name, atom);
            self.replaced.push((kind, row, name.clone(), before));
        }
        self.forget_values();
    }

    /// Up to `most` of what the target holds, users before groups, from one on.
    #[must_use]
    pub fn target_resources(&self, from: usize, most: usize) -> Vec<Value> {
        let of = |kind: ObjectKind| self.held.objects.iter().filter(move |object| object.kind == kind);
        let both = of(ObjectKind::User).chain(of(ObjectKind::Group)).skip(from).take(most);
        both.map(|object| self.held.documents.value(&self.pool, object.document)).collect()
    }

    fn with_subject<T>(&self, index: usize, look: impl FnOnce(&Subject<'_>) -> T) -> Option<T> {
        let settled = self.settlement.objects.get(index)?;
        let population: Population<'_> = self.planner().population(settled.kind);
        let soft_deleted = !settled.standing.in_scope();
        Some(look(&Subject { population, pool: &self.pool, row: settled.row, soft_deleted }))
    }
}
