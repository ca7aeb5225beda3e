//! A predicate over indexes as SQL.
//!
//! The runtime's SQLite takes expressions a hundred deep and statements of 100 000 bytes. So a
//! predicate is put in order first: what is negated is a leaf, alternatives on one index are one
//! list, and what is joined is joined as a tree whose deepest parts stand nearest to its root.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::RangeInclusive;

use serde_json::Value;

use crate::scim::directory::Predicate;
use crate::scim::schema::written;

/// How deep SQLite counts the look into an index: a list, its comparisons, and what joins them.
const LEAF_DEPTH: usize = 8;
/// From so few rows on, an index is worth being asked once for a whole list.
const FEW: u8 = 2;

/// Whether an index finds few rows.
pub(super) fn is_selective(predicate: &Predicate) -> bool {
    rows(&order(predicate, false)).is_some()
}

/// A predicate in order.
#[derive(Debug, PartialEq)]
enum Node<'p> {
    /// Every row, or none.
    Constant(bool),
    /// One index says so, or says that it is not so.
    Leaf(Leaf<'p>, bool),
    /// All of them (`true`) or one of them.
    Join(bool, Vec<Node<'p>>),
}

/// What one index finds.
#[derive(Debug, PartialEq)]
enum Leaf<'p> {
    /// The resources with these ids.
    Ids(Vec<&'p str>),
    /// The resources with one of these keys of an attribute.
    Keys(&'p str, Vec<&'p str>),
    /// The groups that have one of these members.
    Groups(Vec<&'p str>),
    /// The resources that were changed within a time.
    Modified(&'p RangeInclusive<i64>),
}

/// Puts a predicate, or its opposite, in order.
fn order(predicate: &Predicate, negated: bool) -> Node<'_> {
    let leaf = |leaf| Node::Leaf(leaf, negated);
    match predicate {
        Predicate::All => Node::Constant(!negated),
        Predicate::None => Node::Constant(negated),
        Predicate::Id(id) => leaf(Leaf::Ids(vec![id])),
        Predicate::Equals(key) => leaf(Leaf::Keys(&key.attribute, vec![&key.value])),
        Predicate::HasMember(member) => leaf(Leaf::Groups(vec![member])),
        Predicate::Modified(range) => leaf(Leaf::Modified(range)),
        Predicate::Not(inner) => order(inner, !negated),
        Predicate::And(parts) => join(!negated, parts.iter().map(|part| order(part, negated))),
        Predicate::Or(parts) => join(negated, parts.iter().map(|part| order(part, negated))),
    }
}

/// All of these (`true`) or one of these. A join within one of its kind is the same join;
/// alternatives on one index are one list, and so are things that must all not be.
fn join<'p>(all: bool, parts: impl Iterator<Item = Node<'p>>) -> Node<'p> {
    let mut joined: Vec<Node<'p>> = Vec::new();
    for part in parts {
        match part {
            Node::Constant(held) if held == all => {}
            Node::Join(kind, inner) if kind == all => {
                inner.into_iter().for_each(|part| add(all, part, &mut joined))
            }
            part => add(all, part, &mut joined),
        }
    }
    match joined.len() {
        0 => Node::Constant(all),
        1 => joined.swap_remove(0),
        _ => Node::Join(all, joined),
    }
}

fn add<'p>(all: bool, part: Node<'p>, joined: &mut Vec<Node<'p>>) {
    let Node::Leaf(leaf, negated) = part else { return joined.push(part) };
    // `not a and not b` is `not (a or b)`.
    if negated == all {
        for other in joined.iter_mut() {
            let Node::Leaf(there, not) = other else { continue };
            if *not != negated {
                continue;
            }
            match (there, &leaf) {
                (Leaf::Ids(there), Leaf::Ids(more)) | (Leaf::Groups(there), Leaf::Groups(more)) => {
                    return there.extend(more);
                }
                (Leaf::Keys(one, there), Leaf::Keys(other, more)) if one == other => {
                    return there.extend(more);
                }
                _ => {}
            }
        }
    }
    joined.push(Node::Leaf(leaf, negated));
}

/// How many rows an index finds, as far as its kind says: fewer for a lower number. None where
/// no index helps: `active` has but two values.
fn rows(node: &Node<'_>) -> Option<u8> {
    match node {
        Node::Constant(false) => Some(0),
        Node::Constant(true) | Node::Leaf(_, true) => None,
        Node::Leaf(leaf, false) => few(leaf),
        Node::Join(true, parts) => parts.iter().filter_map(rows).min(),
        Node::Join(false, parts) => {
            parts.iter().map(rows).try_fold(0, |most, part| part.map(|part| most.max(part)))
        }
    }
}

fn few(leaf: &Leaf<'_>) -> Option<u8> {
    match leaf {
        Leaf::Ids(_) => Some(0),
        Leaf::Keys("active", _) => None,
        Leaf::Keys("username" | "externalid" | "emails.value", _) => Some(1),
        Leaf::Groups(_) => Some(2),
        Leaf::Keys(..) => Some(3),
        Leaf::Modified(_) => Some(4),
    }
}

/// A predicate as SQL. Its values travel as one JSON array, `?1`, since a statement may
/// bind a hundred values at most.
pub(super) struct Condition {
    pub sql: String,
    values: Vec<Value>,
    /// How deep SQLite counts it.
    #[allow(dead_code, reason = "only the tests below ask")]
    depth: usize,
}

/// SQL, and how deep it is.
type Text = (usize, String);

impl Condition {
    pub fn of(predicate: &Predicate) -> Self {
        let mut values = Values(Vec::new());
        let (depth, mut sql) = values.text(&order(predicate, false), true);
        // Every statement binds `?1`, whether or not the predicate has values.
        sql.push_str(" AND ?1 IS NOT NULL");
        Self { sql, values: values.0, depth }
    }

    /// What `?1` is bound to.
    pub fn arguments(&self) -> String {
        Value::from(self.values.clone()).to_string()
    }
}

struct Values(Vec<Value>);

impl Values {
    /// Where a value stands.
    fn place(&mut self, value: Value) -> String {
        self.0.push(value);
        format!("'$[{}]'", self.0.len() - 1)
    }

    fn value(&mut self, value: &str) -> String {
        format!("json_extract(?1, {})", self.place(value.into()))
    }

    /// That a column is this value, or one of these.
    fn one_of(&mut self, column: &str, values: &[&str]) -> String {
        match values {
            [value] => format!("{column} = {}", self.value(value)),
            values => {
                let place = self.place(values.into());
                format!("{column} IN (SELECT value FROM json_each(?1, {place}))")
            }
        }
    }

    /// A predicate. Either it `narrows` the rows: what its index finds is gathered first. Or it
    /// is looked up for each row that another part let through.
    fn text(&mut self, node: &Node<'_>, narrows: bool) -> Text {
        let narrows = narrows && rows(node).is_some();
        match node {
            Node::Constant(held) => (1, if *held { "1" } else { "0" }.to_owned()),
            Node::Leaf(leaf, false) => (LEAF_DEPTH, self.leaf(leaf, narrows)),
            // All but a few: those few are gathered once.
            Node::Leaf(leaf, true) => {
                let is_few = few(leaf).is_some_and(|few| few <= FEW);
                (LEAF_DEPTH + 1, format!("NOT {}", self.leaf(leaf, is_few)))
            }
            Node::Join(true, parts) => {
                // The one that finds the fewest; what others find may be most of what there is.
                let best = (0..parts.len())
                    .filter_map(|at| Some((rows(parts.get(at)?)?, at)))
                    .min()
                    .filter(|_| narrows)
                    .map(|(_, at)| at);
                let parts = parts.iter().enumerate().map(|(at, part)| self.text(part, Some(at) == best));
                tree(" AND ", parts.collect())
            }
            Node::Join(false, parts) => {
                tree(" OR ", parts.iter().map(|part| self.text(part, narrows)).collect())
            }
        }
    }

    fn leaf(&mut self, leaf: &Leaf<'_>, narrows: bool) -> String {
        let is_list = |values: &[&str]| values.len() > 1 && few(leaf).is_some_and(|few| few <= FEW);
        match leaf {
            Leaf::Ids(ids) => self.one_of("r.id", ids),
            Leaf::Keys(attribute, values) => {
                let attribute = self.value(attribute);
                let value = self.one_of("value", values);
                let rows = format!("search_key WHERE kind = ?2 AND attribute = {attribute} AND {value}");
                found(narrows || is_list(values), "id", &rows)
            }
            Leaf::Groups(members) => {
                let rows = format!("member WHERE {}", self.one_of("member_id", members));
                found(narrows || is_list(members), "group_id", &rows)
            }
            Leaf::Modified(range) => match texts(range) {
                None => "0".to_owned(),
                Some((from, to)) => {
                    let (from, to) = (self.value(&from), self.value(&to));
                    if narrows {
                        let rows = format!("resource WHERE kind = ?2 AND modified BETWEEN {from} AND {to}");
                        found(true, "id", &rows)
                    } else {
                        format!("(r.modified BETWEEN {from} AND {to})")
                    }
                }
            },
        }
    }
}

/// Joins texts so that the whole is as little deep as can be: of all, the two least deep come
/// together first.
fn tree(separator: &str, parts: Vec<Text>) -> Text {
    let mut heap: BinaryHeap<Reverse<(usize, usize, String)>> =
        parts.into_iter().enumerate().map(|(at, (depth, text))| Reverse((depth, at, text))).collect();
    loop {
        let Some(Reverse((depth, at, text))) = heap.pop() else { return (1, "1".to_owned()) };
        let Some(Reverse((deeper, _, other))) = heap.pop() else { return (depth, text) };
        heap.push(Reverse((deeper + 1, at, format!("({text}{separator}{other})"))));
    }
}

/// That the row's id is among those of an index's rows: gathered first, or looked up.
fn found(narrows: bool, id: &str, rows: &str) -> String {
    if narrows {
        format!("r.id IN (SELECT {id} FROM {rows})")
    } else {
        format!("EXISTS (SELECT 1 FROM {rows} AND {id} = r.id)")
    }
}

/// A range as the texts that rows hold; none if it holds no time that can be written.
fn texts(range: &RangeInclusive<i64>) -> Option<(String, String)> {
    // 0000-01-01 and the last millisecond of 9999.
    const FIRST: i64 = -62_167_219_200_000;
    const LAST: i64 = 253_402_300_799_999;
    let (from, to) = (*range.start().max(&FIRST), *range.end().min(&LAST));
    if from > to { None } else { Some((written(from)?, written(to)?)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Condition, order};
    use crate::scim::directory::{Key, Predicate, lower};
    use crate::scim::filter;
    use crate::scim::schema::INDEXED;

    /// What the runtime takes, less what a statement has around the condition.
    const DEPTH: usize = 100 - 10;
    const LENGTH: usize = 100_000 - 2_000;

    fn condition(text: &str) -> Condition {
        let registry = crate::scim::schema::builtin();
        let kind = registry.resource_type("User").unwrap();
        let parsed = filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let compiled = filter::compile(&parsed, registry, kind).unwrap();
        Condition::of(&lower(&compiled, &INDEXED).0)
    }

    fn check(text: &str) {
        let condition = condition(text);
        assert!(condition.depth <= DEPTH, "{} deep: {text}", condition.depth);
        assert!(condition.sql.len() <= LENGTH, "{} bytes: {text}", condition.sql.len());
    }

    const TERMS: [&str; 8] = [
        "id eq \"a\"",
        "id ne \"a\"",
        "userName eq \"b\"",
        "userName ne \"b\"",
        "emails.value eq \"c\"",
        "active eq true",
        "meta.lastModified gt \"2026-01-01T00:00:00Z\"",
        "emails[value eq \"d\"]",
    ];

    #[test]
    fn the_longest_and_the_deepest_filters_fit() {
        for term in TERMS {
            for separator in [" or ", " and "] {
                let most = filter::MAX_TERMS
                    .min((filter::MAX_LENGTH + separator.len()) / (term.len() + separator.len()));
                check(&vec![term; most].join(separator));
                check(&format!("not ({})", vec![term; most - 1].join(separator)));
            }
            // Each level turns what the one before it asked around.
            let levels = [
                (format!("not ({term} and "), 1, filter::MAX_DEPTH - 1),
                (format!("{term} or ({term} and ("), 2, (filter::MAX_DEPTH - 1) / 2),
                (format!("(({term} and {term} and {term}) or "), 1, filter::MAX_DEPTH - 3),
            ];
            for (level, closes, deep) in levels {
                let fits = (filter::MAX_LENGTH - 100) / (level.len() + closes);
                let terms = filter::MAX_TERMS / level.matches(term).count() - 1;
                let deep = deep.min(fits).min(terms);
                check(&format!("{}{term}{}", level.repeat(deep), ")".repeat(closes * deep)));
            }
        }
        let (open, close) = ("not (".repeat(filter::MAX_DEPTH), ")".repeat(filter::MAX_DEPTH));
        check(&format!("{open}id eq \"a\"{close}"));
    }

    #[test]
    fn alternatives_on_one_index_are_one_list() {
        let id = |id: &str| Predicate::Id(id.into());
        let key = |value: &str| Predicate::Equals(Key { attribute: "username".into(), value: value.into() });
        let predicate = Predicate::Or(vec![id("1"), key("a"), Predicate::Or(vec![id("2"), key("b")])]);
        let condition = Condition::of(&predicate);
        assert_eq!(condition.arguments(), r#"[["1","2"],"username",["a","b"]]"#);
        assert_eq!(condition.sql.matches("json_each").count(), 2, "{}", condition.sql);
        let negated = Predicate::Not(Box::new(Predicate::Not(Box::new(predicate.clone()))));
        assert_eq!(order(&negated, false), order(&predicate, false));
    }

    /// A filter's text of some depth, of few terms.
    fn drawn() -> impl Strategy<Value = String> {
        let term = (0..TERMS.len()).prop_map(|at| TERMS[at].to_owned());
        term.prop_recursive(24, 200, 8, |inner| {
            let several = proptest::collection::vec(inner.clone(), 2..8);
            prop_oneof![
                inner.prop_map(|inner| format!("not ({inner})")),
                several.clone().prop_map(|parts| format!("({})", parts.join(" and "))),
                several.prop_map(|parts| format!("({})", parts.join(" or "))),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_allowed_filter_fits(text in drawn()) {
            if filter::parse(&text).is_ok() {
                check(&text);
            }
        }
    }
}
