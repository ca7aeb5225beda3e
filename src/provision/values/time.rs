//! The time as Entra writes it.

use crate::scim::schema::written;

/// A time as Graph writes it; `from` is milliseconds since 1970.
#[must_use]
pub fn timestamp(from: i64) -> String {
    written(from).unwrap_or_else(|| "1970-01-01T00:00:00.000Z".to_owned())
}
