//! A user's `groups`: joined when it is read, direct ones and those reached through others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::location::reference;
use super::page::{Weight, is_last};
use super::stop::Stop;
use super::store::QUESTION;
use super::{Context, Record, Store};
use crate::scim::effort::Exhausted;
use crate::scim::schema::ResourceType;

/// Steps of a member or a membership that is joined and written, beside its bytes.
pub(super) const JOINED: u64 = 40;

/// Memberships read in one go.
const PAGE: usize = 10_000;
/// Bytes that a membership takes beside its texts.
const ROW: usize = 120;

/// The groups of some users, and those that these are in.
#[derive(Default)]
pub(super) struct Groups {
    users: BTreeSet<String>,
    /// The groups that a resource is a direct member of, with their names.
    direct: BTreeMap<String, Vec<(String, String)>>,
    /// Room that is taken for them.
    held: usize,
}

impl Groups {
    /// Reads them where `joins` wants `groups`: a level of nesting at a time, whatever the users' number.
    pub fn of(
        store: &mut dyn Store,
        context: &Context<'_>,
        records: &[(&ResourceType, &Record)],
        joins: &dyn Fn(&str) -> bool,
    ) -> Result<Self, Stop> {
        let users = records.iter().filter(|(kind, _)| kind.name == "User" && joins("groups"));
        let users: BTreeSet<String> = users.map(|(_, record)| record.id.clone()).collect();
        let mut seen = users.clone();
        let mut level = users.clone();
        let mut direct = BTreeMap::<_, Vec<_>>::new();
        let mut held = 0;
        while !level.is_empty() {
            let members: Vec<&str> = level.iter().map(String::as_str).collect();
            let mut next = BTreeSet::new();
            let mut last = (String::new(), String::new());
            loop {
                context.effort.charge(QUESTION + 2 * members.len() as u64)?;
                let found = store.groups_of(&members, (&last.0, &last.1), PAGE)?;
                for one in &found {
                    context.effort.charge(JOINED + one.bytes() as u64 / 4)?;
                    context.effort.hold(ROW + one.bytes())?;
                    held += ROW + one.bytes();
                }
                let is_end = is_last(&found, PAGE);
                last = found.last().map_or(last, |one| (one.member.clone(), one.group.clone()));
                next.extend(found.iter().map(|one| one.group.clone()).filter(|id| seen.insert(id.clone())));
                for one in found {
                    direct.entry(one.member).or_default().push((one.group, one.display));
                }
                if is_end {
                    break;
                }
            }
            level = next;
        }
        Ok(Self { users, direct, held })
    }

    /// Gives back the room that they took.
    pub fn release(self, context: &Context<'_>) {
        context.effort.release(self.held);
    }

    /// A user's `groups`: the direct ones, then those reached through other groups (RFC 7643 §4.1.2).
    pub fn show(&self, context: &Context<'_>, user: &str) -> Result<Vec<Value>, Exhausted> {
        let mut shown = Vec::new();
        let mut seen = BTreeSet::new();
        let mut level: Vec<&str> = self.users.get(user).map(String::as_str).into_iter().collect();
        let mut kind = "direct";
        while !level.is_empty() {
            let found = level.iter().filter_map(|member| self.direct.get(*member)).flatten();
            let mut new = Vec::new();
            for (group, display) in found {
                context.effort.charge(2)?;
                if seen.insert(group.as_str()) {
                    context.effort.charge(JOINED + display.len() as u64 / 4)?;
                    new.push((group, display));
                }
            }
            shown.extend(new.iter().map(|(group, display)| {
                let reference = reference(context, "Group", group);
                json!({ "value": group, "$ref": reference, "display": display, "type": kind })
            }));
            level = new.iter().map(|(group, _)| group.as_str()).collect();
            kind = "indirect";
        }
        Ok(shown)
    }
}
