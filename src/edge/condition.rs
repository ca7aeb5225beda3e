//! A predicate over indexes as SQL.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use worker::SqlStorageValue;

use crate::scim::directory::Predicate;
use crate::scim::schema::written;

/// Whether an index finds few rows. `active` has but two values, so it is no help.
pub(super) fn is_selective(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::None | Predicate::Id(_) | Predicate::HasMember(_) | Predicate::Modified(_) => true,
        Predicate::Equals(key) => key.attribute != "active",
        Predicate::And(parts) => parts.iter().any(is_selective),
        Predicate::Or(parts) => parts.iter().all(is_selective),
        Predicate::All | Predicate::Not(_) => false,
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
        condition.add(predicate);
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

    fn add(&mut self, predicate: &Predicate) {
        let sql = match predicate {
            Predicate::All => "1".to_owned(),
            Predicate::None => "0".to_owned(),
            Predicate::Id(id) => format!("r.id = {}", self.value(id)),
            // What does not narrow the rows down is looked up for each of them, not gathered first.
            Predicate::Equals(key) if !is_selective(predicate) => {
                let (attribute, value) = (self.value(&key.attribute), self.value(&key.value));
                format!(
                    "EXISTS (SELECT 1 FROM search_key WHERE kind = ?2 AND attribute = {attribute} AND value = {value} AND id = r.id)"
                )
            }
            Predicate::Equals(key) => {
                let (attribute, value) = (self.value(&key.attribute), self.value(&key.value));
                format!(
                    "r.id IN (SELECT id FROM search_key WHERE kind = ?2 AND attribute = {attribute} AND value = {value})"
                )
            }
            Predicate::HasMember(member) => {
                format!("r.id IN (SELECT group_id FROM member WHERE member_id = {})", self.value(member))
            }
            Predicate::Modified(range) => match texts(range) {
                None => "0".to_owned(),
                Some((from, to)) => format!(
                    "r.id IN (SELECT id FROM resource WHERE kind = ?2 AND modified BETWEEN {} AND {})",
                    self.value(&from),
                    self.value(&to)
                ),
            },
            Predicate::Not(inner) => {
                self.sql.push_str("NOT (");
                self.add(inner);
                ")".to_owned()
            }
            Predicate::And(parts) => return self.join(parts, " AND ", "1"),
            Predicate::Or(parts) => return self.join(parts, " OR ", "0"),
        };
        self.sql.push_str(&sql);
    }

    fn join(&mut self, parts: &[Predicate], separator: &str, empty: &str) {
        let _ = write!(self.sql, "(");
        for (index, part) in parts.iter().enumerate() {
            self.sql.push_str(if index > 0 { separator } else { "" });
            self.add(part);
        }
        self.sql.push_str(if parts.is_empty() { empty } else { "" });
        self.sql.push(')');
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
