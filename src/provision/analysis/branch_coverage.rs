//! Parts of an expression that nobody's values lead to: the branch of a `Switch` or `IIF` that
//! is never taken. Everyone with the same values is looked at once, in slices.

use crate::provision::configuration::{chance, seed};
use crate::provision::expression::{Attributes, Environment, Expression, Kind, State, parse, trace};
use crate::provision::object_kind::ObjectKind;
use crate::provision::plan::Engine;
use crate::provision::source::Subject;
use crate::scim::span::Span;
use hashbrown::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// An expression on its way through the population.
#[derive(Debug)]
pub struct Untaken {
    kind: ObjectKind,
    text: String,
    expression: Expression,
    reads: Vec<String>,
    /// Hashes of the values that were looked at.
    seen: HashSet<u64>,
    /// Each part with its depth, and whether it was needed for anybody.
    parts: Vec<(Span, usize, bool)>,
    next: usize,
}

impl Untaken {
    /// Begins with the source of a mapping of a kind; `None` when the text does not parse.
    #[must_use]
    pub fn new(group: bool, text: &str) -> Option<Self> {
        let expression = parse(text).ok()?;
        let mut reads = Vec::new();
        expression.visit(&mut |part| {
            if let Kind::Attribute(name) = &part.kind {
                reads.push(name.clone());
            }
        });
        Some(Self {
            kind: if group { ObjectKind::Group } else { ObjectKind::User },
            text: text.to_owned(),
            expression,
            reads,
            seen: HashSet::new(),
            parts: Vec::new(),
            next: 0,
        })
    }

    /// Looks at up to `most` further rows of the plan; true when all were.
    pub fn step(&mut self, engine: &Engine, most: usize) -> bool {
        let end = engine.len().min(self.next.saturating_add(most));
        for index in self.next..end {
            self.look(engine, index);
        }
        self.next = end;
        let none_left = !self.parts.is_empty() && self.parts.iter().all(|(_, _, taken)| *taken);
        none_left || end == engine.len()
    }

    fn look(&mut self, engine: &Engine, index: usize) {
        let Some(settled) = engine.settlement.objects.get(index).filter(|settled| settled.kind == self.kind)
        else {
            return;
        };
        let population = engine.planner().population(self.kind);
        let soft_deleted = !settled.standing.in_scope();
        let subject = Subject { population, pool: &engine.pool, row: settled.row, soft_deleted };
        let mut hasher = DefaultHasher::new();
        for name in &self.reads {
            subject.attribute(name).items().hash(&mut hasher);
        }
        if !self.seen.insert(hasher.finish()) {
            return;
        }
        let mut random = chance(seed(&engine.rules.around, "", ""));
        let mut environment = Environment {
            now: engine.rules.around.now,
            random: &mut random,
            taken: &|_| false,
            default_domain: &engine.rules.around.default_domain,
            strict_iif: false,
            patterns: &engine.rules.around.patterns,
        };
        let nodes = trace(&self.expression, &subject, &mut environment);
        if self.parts.is_empty() {
            self.parts = nodes.iter().map(|node| (node.span, node.depth, false)).collect();
        }
        for (part, node) in self.parts.iter_mut().zip(&nodes) {
            part.2 |= node.state != State::Skipped;
        }
    }

    /// The largest parts that were needed for nobody, in UTF-16 units. Empty when there is nobody.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        let mut within = None;
        let mut found = Vec::new();
        for (span, depth, taken) in &self.parts {
            if within.is_some_and(|outer| *depth > outer) {
                continue;
            }
            within = (!taken).then_some(*depth);
            if !taken {
                found.push(span.utf16(&self.text));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::configuration::JobSettings;

    fn untaken(text: &str) -> Vec<String> {
        let mut engine = Engine::new();
        let user = |id: usize, department: &str| {
            format!(r#"{{"id":"u{id}","userPrincipalName":"u{id}@b.example","department":"{department}"}}"#)
        };
        let users = [user(1, "Sales"), user(2, "Sales"), user(3, "HR")].join("\n");
        engine.load_source("users.json", &users).expect("users");
        engine.configure("", &JobSettings::default());
        engine.plan();
        let mut looking = Untaken::new(false, text).expect("an expression");
        while !looking.step(&engine, 2) {}
        let units: Vec<u16> = text.encode_utf16().collect();
        looking.spans().iter().map(|span| String::from_utf16_lossy(&units[span.start..span.end])).collect()
    }

    #[test]
    fn branches_that_nobody_takes_are_named() {
        assert_eq!(untaken(r#"IIF([department]="Sales","S",ToUpper([department]))"#), [""; 0]);
        assert_eq!(untaken(r#"IIF([department]="Émigré","é",ToUpper([department]))"#), [r#""é""#]);
        let switch = r#"Switch([department],ToLower("None"),"Sales","S","HR","H","Law",Join("-","L","w"))"#;
        let found = untaken(switch);
        assert!(found.iter().any(|part| part == r#"Join("-","L","w")"#), "{found:?}");
        assert!(found.iter().all(|part| part != "\"S\"" && part != "\"H\""), "{found:?}");
        assert!(Untaken::new(false, "Switch(").is_none());
    }
}
