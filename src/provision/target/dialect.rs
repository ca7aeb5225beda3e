//! The ways in which targets want to be spoken to.

use serde::{Deserialize, Serialize};

/// How requests are shaped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// Entra without a flag: title-case operations, booleans as text.
    #[default]
    #[serde(rename = "legacy")]
    Legacy,
    /// Entra with `aadOptscim062020` in the Tenant URL.
    #[serde(rename = "aadOptscim062020")]
    Flag,
    /// RFC 7644 to the letter.
    #[serde(rename = "rfc")]
    Rfc,
}

/// How a manager is written: Microsoft's pages show three ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ManagerShape {
    /// `[{"value": "2"}]`, Entra without a flag.
    List,
    /// `"2"`, Entra with `aadOptscim062020`.
    Text,
    /// `{"value": "2"}`, RFC 7643 §4.3.
    Object,
}
