//! A predicate over indexes as SQL.

use std::ops::RangeInclusive;

use worker::SqlStorageValue;

use crate::scim::directory::Predicate;
use crate::scim::schema::written;

/// Whether an index finds few rows.
pub(super) fn is_selective(predicate: &Predicate) -> bool {
    rows(predicate).is_some()
}

/// How many rows an index finds, as far as its kind says: fewer for a lower number. None where
/// no index helps: `active` has but two values.
fn rows(predicate: &Predicate) -> Option<u8> {
    match predicate {
        Predicate::None | Predicate::Id(_) => Some(0),
        Predicate::Equals(key) => match key.attribute.as_str() {
            "active" => None,
            "username" | "externalid" | "emails.value" => Some(1),
            _ => Some(3),
        },
        Predicate::HasMember(_) => Some(2),
        Predicate::Modified(_) => Some(4),
        Predicate::And(parts) => parts.iter().filter_map(rows).min(),
        Predicate::Or(parts) => {
            parts.iter().map(rows).try_fold(0, |most, part| part.map(|part| most.max(part)))
        }
        Predicate::All | Predicate::Not(_) => None,
    }
}

/// A predicate as SQL. Its values travel as one JSON array, `?1`, since a statement may
/// bind a hundred values at most.
pub(super) struct Condition {
    pub sql: String,
    values: Vec<String>,
}

impl Condition {
    pub fn of(predicate: &Predicate) -> Self {
        let mut condition = Self { sql: String::new(), values: Vec::new() };
        condition.add(predicate, true);
        // Every statement binds `?1`, whether or not the predicate has values.
        condition.sql.push_str(" AND ?1 IS NOT NULL");
        condition
    }

    pub fn arguments(&self) -> SqlStorageValue {
        serde_json::Value::from(self.values.clone()).to_string().into()
    }

    fn value(&mut self, value: &str) -> String {
        self.values.push(value.to_owned());
        format!("json_extract(?1, '$[{}]')", self.values.len() - 1)
    }

    /// Adds a predicate. Either it `narrows` the rows: what its index finds is gathered first.
    /// Or it is looked up for each row that another part let through.
    fn add(&mut self, predicate: &Predicate, narrows: bool) {
        let narrows = narrows && is_selective(predicate);
        let sql = match predicate {
            Predicate::All => "1".to_owned(),
            Predicate::None => "0".to_owned(),
            Predicate::Id(id) => format!("r.id = {}", self.value(id)),
            Predicate::Equals(key) => {
                let (attribute, value) = (self.value(&key.attribute), self.value(&key.value));
                found(
                    narrows,
                    "id",
                    &format!("search_key WHERE kind = ?2 AND attribute = {attribute} AND value = {value}"),
                )
            }
            Predicate::HasMember(member) => {
                found(narrows, "group_id", &format!("member WHERE member_id = {}", self.value(member)))
            }
            Predicate::Modified(range) => match texts(range) {
                None => "0".to_owned(),
                Some((from, to)) => {
                    let (from, to) = (self.value(&from), self.value(&to));
                    if narrows {
                        let rows = format!("resource WHERE kind = ?2 AND modified BETWEEN {from} AND {to}");
                        found(true, "id", &rows)
                    } else {
                        format!("r.modified BETWEEN {from} AND {to}")
                    }
                }
            },
            Predicate::Not(inner) => {
                self.sql.push_str("NOT (");
                // All but a few: those few are gathered once.
                self.add(inner, rows(inner).is_some_and(|few| few <= 2));
                ")".to_owned()
            }
            Predicate::And(parts) => {
                // The one that finds the fewest; what others find may be most of what there is.
                let best = (0..parts.len())
                    .filter_map(|at| Some((rows(parts.get(at)?)?, at)))
                    .min()
                    .filter(|_| narrows)
                    .map(|(_, at)| at);
                return self.join(parts, " AND ", "1", |at| Some(at) == best);
            }
            Predicate::Or(parts) => return self.join(parts, " OR ", "0", |_| narrows),
        };
        self.sql.push_str(&sql);
    }

    fn join(&mut self, parts: &[Predicate], separator: &str, empty: &str, narrows: impl Fn(usize) -> bool) {
        self.sql.push('(');
        for (index, part) in parts.iter().enumerate() {
            self.sql.push_str(if index > 0 { separator } else { "" });
            self.add(part, narrows(index));
        }
        self.sql.push_str(if parts.is_empty() { empty } else { "" });
        self.sql.push(')');
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
