//! The rows of the table `fact`: what a tenant has one of.

use std::borrow::Cow;

/// A row of the table `fact`.
#[derive(Clone, Copy, Debug)]
pub(in crate::edge) enum Fact<'a> {
    /// The tenant's id.
    Id,
    /// Its name.
    Name,
    /// Its Tenant URL.
    Base,
    /// `active`, `suspended` or `deleting`.
    State,
    /// Whether KV has a copy: `on` or `off`.
    Copy,
    /// Its settings.
    Settings,
    /// Its own schemas and resource types, as `{"Schemas": […], "ResourceTypes": […]}`.
    Schemas,
    /// Where its own indexes stand.
    Indexes,
    /// Whose tokens it takes beside its own.
    Issuers,
    /// The keys that sign its events, the current one last.
    EventKeys,
    /// What was counted.
    Tally,
    /// That links were kept, be they none.
    Links,
    /// The largest number of the journal that was cut.
    JournalCut,
    /// Where an export began that may still read.
    Export,
    /// The import that is under way.
    Importing,
    /// How the last import ended.
    Import,
    /// The user that a token is bound to, by its hash.
    UserOfToken(&'a str),
    /// The user that an OAuth client is bound to, by its id.
    UserOfClient(&'a str),
}

impl<'a> Fact<'a> {
    /// Its name in storage.
    pub fn name(self) -> Cow<'a, str> {
        Cow::Borrowed(match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Base => "base",
            Self::State => "state",
            Self::Copy => "copy",
            Self::Settings => "settings",
            Self::Schemas => "schemas",
            Self::Indexes => "indexes",
            Self::Issuers => "issuers",
            Self::EventKeys => "event keys",
            Self::Tally => "tally",
            Self::Links => "links",
            Self::JournalCut => "journal cut",
            Self::Export => "export",
            Self::Importing => "importing",
            Self::Import => "import",
            Self::UserOfToken(hash) => return Cow::Owned(format!("user of {hash}")),
            Self::UserOfClient(id) => return Cow::Owned(format!("user of client:{id}")),
        })
    }
}
