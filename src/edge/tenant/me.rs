//! Who `/Me` is (RFC 7644 §3.11): the user that a credential was bound to when it was made, or the one
//! whose name an issuer's token bears.

use crate::edge::store::fact::Fact;
use crate::edge::store::sql::SqlStore;
use crate::scim::auth::token::Credential;
use crate::scim::directory::page::is_last;
use crate::scim::directory::{Key, Place, Predicate, Searchable, Store};
use crate::scim::error::ScimError;

/// The attributes by which an issuer's subject is known, in this order.
const NAMES: [&str; 2] = ["userName", "externalId"];

/// Binds a token or a client to this user, if one is named.
pub(super) fn bind(store: &mut SqlStore, fact: Fact, user: Option<&str>) -> Result<(), ScimError> {
    let Some(user) = user else { return Ok(()) };
    if store.get("User", user)?.is_none() {
        return Err(ScimError::not_found("User", user));
    }
    Ok(store.set_fact(fact, user)?)
}

/// The id of the user that a credential stands for.
pub(in crate::edge) fn user(
    store: &mut SqlStore,
    credential: &Credential,
) -> Result<Option<String>, ScimError> {
    match credential {
        Credential::Token { hash } => Ok(store.fact(Fact::UserOfToken(hash))?),
        Credential::Client { id, .. } => Ok(store.fact(Fact::UserOfClient(id))?),
        Credential::Issuer { subject, .. } => named(store, subject),
    }
}

/// The one user with this name; nobody where two share it, as an `externalId` may be shared.
fn named(store: &mut SqlStore, subject: &str) -> Result<Option<String>, ScimError> {
    let registry = store.schemas()?;
    let Some(kind) = registry.resource_type("User").filter(|_| !subject.is_empty()) else { return Ok(None) };
    for name in NAMES {
        let Some(attribute) = registry.core_attributes(kind).find(|attribute| attribute.name == name) else {
            continue;
        };
        let key = Key { attribute: name.to_ascii_lowercase(), value: attribute.key(subject).into_owned() };
        let found = store.select(&kind.name, &Predicate::Equals(key), Place::Start, 0, 2)?;
        if let ([one], true) = (found.as_slice(), is_last(&found, 2)) {
            return Ok(Some(one.id.clone()));
        }
    }
    Ok(None)
}
