//! What the directory asks of storage. Synchronous on purpose: no await can slip into
//! a commit (ARCHITECTURE.md, "Storage").

use std::fmt;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::page::{Weight, is_last};
use crate::scim::error::{ScimError, shown};

/// Steps of a question to the store.
pub(super) const QUESTION: u64 = 500;

/// A stored resource: its own attributes as JSON text, without `id`, `meta`, a group's
/// `members` or a user's `groups`, which are joined when it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The resource type's name: `User`.
    pub kind: String,
    /// The id given out at creation.
    pub id: String,
    /// Starts at 1, grows by 1 with each change; the ETag is `W/"<version>"`.
    pub version: u64,
    /// RFC 3339, UTC, milliseconds. With `id` the stable order of all lists.
    pub created: String,
    /// RFC 3339, UTC, milliseconds.
    pub modified: String,
    /// The document.
    pub document: String,
}

/// One membership row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The member's id.
    pub id: String,
    /// The member's resource type: `User` or `Group`.
    pub kind: String,
    /// The member's present `displayName`, joined by the store when read; empty if none.
    pub display: String,
}

/// A key of an index: an attribute path in lower case (`username`, `emails.value`) and
/// the value folded as the schema compares it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The attribute path in lower case, extension attributes with their URN.
    pub attribute: String,
    /// The folded value.
    pub value: String,
}

/// Which rows may match: a superset of the filter, in terms of indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// Every row.
    All,
    /// No row.
    None,
    /// The resource's id is this.
    Id(String),
    /// The index holds this key for the row.
    Equals(Key),
    /// A group that has this member (direct).
    HasMember(String),
    /// Last modified within these milliseconds since 1970, both included.
    Modified(RangeInclusive<i64>),
    /// Both.
    And(Vec<Predicate>),
    /// Either.
    Or(Vec<Predicate>),
    /// Not; only ever around an exact predicate.
    Not(Box<Predicate>),
}

impl Predicate {
    /// How many comparisons an index answers.
    #[must_use]
    pub fn comparisons(&self) -> u64 {
        match self {
            Self::All | Self::None => 0,
            Self::Id(_) | Self::Equals(_) | Self::HasMember(_) | Self::Modified(_) => 1,
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::comparisons).sum(),
            Self::Not(inner) => inner.comparisons(),
        }
    }

    /// Whether an index finds a few rows at once, so that nothing is looked up for each of all rows.
    #[must_use]
    pub fn finds_few(&self) -> bool {
        match self {
            Self::None | Self::Id(_) => true,
            Self::Equals(key) => matches!(key.attribute.as_str(), "username" | "externalid" | "emails.value"),
            Self::And(parts) => parts.iter().any(Self::finds_few),
            Self::Or(parts) => parts.iter().all(Self::finds_few),
            Self::All | Self::HasMember(_) | Self::Modified(_) | Self::Not(_) => false,
        }
    }
}

/// Everything one operation changes; committed whole or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// Resources to write, new or changed, each with all its keys.
    pub put: Vec<Put>,
    /// Resources to remove (type, id), with their keys and memberships on both sides.
    pub delete: Vec<(String, String)>,
    /// Memberships to add: (group, member id, member type). Adding a present one changes nothing.
    pub add_members: Vec<(String, String, String)>,
    /// Memberships to remove: (group, member id).
    pub remove_members: Vec<(String, String)>,
    /// Passwords to keep beside the document: (resource id, salted hash, or `None` to forget it).
    pub passwords: Vec<(String, Option<String>)>,
    /// What happened, for the journal: create, replace, patch or delete.
    pub journal: Vec<JournalEntry>,
}

/// One resource to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// The resource.
    pub record: Record,
    /// Its unique keys; another owner of one makes the commit fail.
    pub unique: Vec<Key>,
    /// Its searchable keys.
    pub index: Vec<Key>,
    /// The keys are those it already has: a store may leave them as they are.
    pub keeps_keys: bool,
}

/// Who did what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// RFC 3339.
    pub at: String,
    /// From the context.
    pub actor: String,
    /// `create`, `replace`, `patch` or `delete`.
    pub operation: String,
    /// Resource type.
    pub kind: String,
    /// Resource id.
    pub id: String,
    /// Version before; 0 for a creation.
    pub before: u64,
    /// Version after; 0 for a deletion.
    pub after: u64,
}

/// Why a store could not do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// Another resource holds this unique key.
    Taken(Key),
    /// There is no room for more.
    Full,
    /// Storage itself failed; the text is for the log.
    Failed(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(key) => write!(out, "another resource has this `{}`", key.attribute),
            Self::Full => out.write_str("the storage is full"),
            Self::Failed(cause) => write!(out, "storage failed: {cause}"),
        }
    }
}

impl std::error::Error for StoreError {}

/// A group that a resource is a direct member of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The resource's id.
    pub member: String,
    /// The group's id.
    pub group: String,
    /// The group's `displayName`.
    pub display: String,
}

/// From where a list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// From its first row on.
    Start,
    /// From the row after this (`created`, `id`) on, whether or not that row still exists.
    After(&'a str, &'a str),
    /// From the row before this (`created`, `id`) backwards: the nearest row comes first.
    Before(&'a str, &'a str),
}

/// Members read in one go.
const MEMBERS_PAGE: usize = 1_000;

/// Storage as a write sees it: rows found by a key.
#[allow(clippy::missing_errors_doc, reason = "every method fails only as `StoreError` says")]
pub trait Store {
    /// One resource.
    fn get(&mut self, kind: &str, id: &str) -> Result<Option<Record>, StoreError>;
    /// The type of the resource with this id, whichever it is.
    fn kind_of(&mut self, id: &str) -> Result<Option<String>, StoreError>;
    /// Who holds a unique key.
    fn owner(&mut self, kind: &str, key: &Key) -> Result<Option<String>, StoreError>;
    /// A [page](super::page) of a group's direct members: up to `limit` with ids after `after`, by id.
    fn members(&mut self, group: &str, after: Option<&str>, limit: usize) -> Result<Vec<Member>, StoreError>;
    /// Shows all direct members, by id, a page at a time.
    fn each_page(&mut self, group: &str, visit: &mut dyn FnMut(Vec<Member>)) -> Result<(), StoreError> {
        self.pages_while(group, &mut |page| {
            visit(page);
            true
        })
    }
    /// Shows direct members, by id, a page at a time, as long as more are wanted.
    fn pages_while(
        &mut self,
        group: &str,
        visit: &mut dyn FnMut(Vec<Member>) -> bool,
    ) -> Result<(), StoreError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.members(group, after.as_deref(), MEMBERS_PAGE)?;
            let is_last = is_last(&page, MEMBERS_PAGE);
            after = page.last().map(|member| member.id.clone());
            if !visit(page) || is_last {
                return Ok(());
            }
        }
    }
    /// Whether the membership exists.
    fn is_member(&mut self, group: &str, member: &str) -> Result<bool, StoreError>;
    /// A [page](super::page) of the direct memberships of these resources, by member and by group: up
    /// to `limit` after the one of (`member`, `group`).
    fn groups_of(
        &mut self,
        members: &[&str],
        after: (&str, &str),
        limit: usize,
    ) -> Result<Vec<Membership>, StoreError>;
    /// Commits these changes one after the other, all of them or none, and answers with the
    /// journal's new sequence number.
    fn commit_each(&mut self, changes: &[ChangeSet]) -> Result<u64, StoreError>;
    /// Commits one change, all of it or nothing.
    fn commit(&mut self, change: &ChangeSet) -> Result<u64, StoreError> {
        self.commit_each(std::slice::from_ref(change))
    }
}

/// A store that also answers questions over many resources, which no write asks. Lists are
/// ordered by (`created`, `id`).
#[allow(clippy::missing_errors_doc, reason = "every method fails only as `StoreError` says")]
pub trait Searchable: Store {
    /// A [page](super::page) of rows that satisfy the predicate: up to `limit`, read from a place on,
    /// skipping `offset`.
    fn select(
        &mut self,
        kind: &str,
        predicate: &Predicate,
        from: Place<'_>,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError>;
    /// How many rows satisfy the predicate. `All` costs no scan.
    fn count(&mut self, kind: &str, predicate: &Predicate) -> Result<u64, StoreError>;
}

impl Weight for Record {
    fn bytes(&self) -> usize {
        self.document.len()
    }
}

impl Weight for Member {
    fn bytes(&self) -> usize {
        self.id.len() + self.display.len()
    }
}

impl Weight for Membership {
    fn bytes(&self) -> usize {
        self.member.len() + self.group.len() + self.display.len()
    }
}

/// A resource as the client sent it.
pub type Body = Map<String, Value>;

/// One text attribute of a stored document.
pub(crate) fn text_of(document: &str, attribute: &str) -> Option<String> {
    let document: Value = serde_json::from_str(document).ok()?;
    document.get(attribute)?.as_str().map(str::to_owned)
}

impl From<StoreError> for ScimError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(key) => {
                let value =
                    if key.value.is_empty() { String::new() } else { format!(": `{}`", shown(&key.value)) };
                let detail =
                    format!("another resource already has this `{}`{value}; choose another", key.attribute);
                Self::conflict(detail)
            }
            StoreError::Full => Self::new(
                507,
                "the tenant's storage is full, so nothing more is written; reading and deleting go on: delete what is \
                 not needed, or let the administrator keep the journal for fewer days (`journalDays`)",
            ),
            // What failed inside is for the log, not for the client.
            StoreError::Failed(_) => Self::new(500, "storage failed; nothing was changed, try again"),
        }
    }
}
