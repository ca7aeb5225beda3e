//! A change of a tenant's settings: checked against what is there, and kept with all that follows from it.

use serde_json::Value;

use super::{index_walk, retention};
use crate::edge::store::settings::{keep, read};
use crate::edge::store::sql::{SqlStore, text};
use crate::scim::compat::Flag;
use crate::scim::directory::{Predicate, Searchable, Settings, StoreError};
use crate::scim::error::ScimError;
use crate::scim::schema::{Attribute, Registry, Uniqueness};

/// Most days that a journal may be told to be kept: a hundred years.
const MAX_DAYS: u32 = 36_500;

/// Settings as an administrator sent them.
pub(in crate::edge) fn parse(value: &Value) -> Result<Settings, ScimError> {
    let settings: Settings = serde_json::from_value(value.clone())
        .map_err(|error| ScimError::new(400, format!("`settings`: {error}")))?;
    if settings.journal_days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)) {
        let detail = format!(
            "`journalDays` is `{}`; send a number of days from 1 to {MAX_DAYS}, or `null` to keep all",
            settings.journal_days.unwrap_or_default()
        );
        return Err(ScimError::new(400, detail));
    }
    Ok(settings)
}

/// The tenant's settings with what an administrator sent of them; what was not sent stays.
///
/// # Errors
/// 400 for what is no setting.
pub(in crate::edge) fn merged(store: &SqlStore, sent: &Value) -> Result<Settings, ScimError> {
    let wanted = parse(sent)?;
    let Some(sent) = sent.as_object() else { return Ok(wanted) };
    parse(&Value::Object(read(store)?.merged(sent)))
}

/// Checks new settings against the tenant's schemas.
///
/// # Errors
/// 400 for an index that cannot be.
pub(in crate::edge) fn check(registry: &Registry, next: &Settings) -> Result<Vec<String>, ScimError> {
    registry.read_indexes(&next.indexes).map_err(|why| ScimError::new(400, why))
}

/// Keeps new settings, with all that follows from them.
///
/// # Errors
/// 400 as [`check`] says; 409 when what is there does not allow them: groups of one name where
/// names are to be unique, users where names are to be compared otherwise.
pub(in crate::edge) fn change(store: &mut SqlStore, next: &Settings) -> Result<(), ScimError> {
    let now = read(store)?;
    let registry = store.schemas()?;
    let indexed = check(&registry, next)?;
    if next.prepared_user_names != now.prepared_user_names {
        refuse_with_users(store, &registry)?;
    }
    let [is_unique, was_unique] = [next, &now].map(|settings| settings.profile.has(Flag::UniqueGroupNames));
    if is_unique && !was_unique {
        refuse_equal_groups(store)?;
    }
    // Where the schema itself says so, names are unique whatever the setting.
    let name = registry
        .resource_type("Group")
        .and_then(|kind| registry.core_attributes(kind).find(|attribute| attribute.name == "displayName"));
    let is_open = name.is_none_or(|name| name.uniqueness == Uniqueness::None);
    let names = (is_unique != was_unique && is_open).then_some(is_unique);
    let store = &*store;
    store.atomically(&mut || {
        keep(store, next)?;
        match names {
            Some(true) => store.run(
                "INSERT OR IGNORE INTO unique_key (kind, attribute, value, id)
                 SELECT kind, attribute, value, id FROM search_key WHERE kind = 'Group' AND attribute = 'displayname'",
                vec![],
            )?,
            Some(false) => store.run(
                "DELETE FROM unique_key WHERE kind = 'Group' AND attribute = 'displayname'",
                vec![],
            )?,
            None => {}
        }
        if next.prepared_user_names != now.prepared_user_names {
            store.note_schemas()?;
        }
        if next.journal_days != now.journal_days {
            retention::follow(store, next.journal_days)?;
        }
        index_walk::change(store, &indexed)
    })?;
    store.changed_schemas();
    Ok(())
}

/// Keeps the settings of an export whose resources are about to be restored. To be called
/// within the transaction that reads its lines.
pub(in crate::edge) fn restore(
    store: &SqlStore,
    settings: &Settings,
) -> Result<Result<(), ScimError>, StoreError> {
    let registry = store.schemas()?;
    let indexed = match check(&registry, settings) {
        Ok(indexed) => indexed,
        Err(error) => return Ok(Err(error)),
    };
    // How long the journal is kept belongs to the place, as the journal does.
    keep(store, &Settings { journal_days: read(store)?.journal_days, ..settings.clone() })?;
    index_walk::change(store, &indexed)?;
    store.forget_schemas();
    Ok(Ok(()))
}

/// Keys of names say which are the same; those that are there were made otherwise.
fn refuse_with_users(store: &mut SqlStore, registry: &Registry) -> Result<(), ScimError> {
    let named = registry.resource_types.iter().filter(|kind| {
        let has = |attribute: &Attribute| attribute.name == "userName";
        registry.core_attributes(kind).any(has)
            || registry.extensions(kind).any(|e| e.attributes.iter().any(has))
    });
    for kind in named {
        let number = store.count(&kind.name, &Predicate::All)?;
        if number > 0 {
            let detail = format!(
                "`preparedUserNames` says which names are the same, so it can change only while nobody is there, \
                 and there are {number} resources of the type `{}`; export the tenant, make a new one with the \
                 setting, and import into that",
                kind.name
            );
            return Err(ScimError::new(409, detail));
        }
    }
    Ok(())
}

/// Two resources that a key brings together, if there are any: their ids.
pub(in crate::edge) fn equals(
    store: &SqlStore,
    kind: &str,
    attribute: &str,
) -> Result<Option<(String, String)>, StoreError> {
    let rows = store.rows(
        "SELECT MIN(id), MAX(id) FROM search_key WHERE kind = ?1 AND attribute = ?2
         GROUP BY value HAVING COUNT(*) > 1 LIMIT 1",
        vec![kind.into(), attribute.into()],
    )?;
    Ok(rows.first().map(|row| (text(row, 0), text(row, 1))))
}

fn refuse_equal_groups(store: &SqlStore) -> Result<(), ScimError> {
    let Some((one, other)) = equals(store, "Group", "displayname")? else { return Ok(()) };
    let name = store.rows(
        "SELECT COALESCE(json_extract(document, '$.displayName'), '') FROM resource WHERE id = ?1",
        vec![one.as_str().into()],
    )?;
    let name = name.first().map(|row| text(row, 0)).unwrap_or_default();
    let detail = format!(
        "`uniqueGroupNames` cannot be switched on: the groups `{one}` and `{other}` are both named `{name}`; \
         rename or delete one of them first"
    );
    Err(ScimError::new(409, detail))
}
