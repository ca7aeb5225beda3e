//! How what was found crosses: JSON text.

use serde::Serialize;

use crate::provision::source::InputError;

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer<T: Serialize> {
    Ok(T),
    Error(InputError),
}

/// JSON text of something that always serialises.
pub(super) fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn answer<T: Serialize>(result: Result<T, InputError>) -> String {
    text(&match result {
        Ok(value) => Answer::Ok(value),
        Err(error) => Answer::Error(error),
    })
}
