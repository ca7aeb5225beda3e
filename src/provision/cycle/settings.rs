//! How cycles are run.

use crate::provision::configuration::JobSettings;
use serde::{Deserialize, Serialize};

/// What a source object that is no longer shown has become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Absent {
    /// Soft-deleted, and for good after thirty days: Graph's lists do not show the recycle bin.
    #[default]
    SoftDeleted,
    /// Deleted for good.
    HardDeleted,
    /// Nothing: the source shows only a part.
    Unknown,
}

/// How cycles are run, beside what the portal calls settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// The portal's settings.
    pub job: JobSettings,
    /// Minutes between two cycles.
    pub interval: u32,
    /// What objects are that the source no longer shows.
    pub absent: Absent,
    /// A reference to an object that was out of scope is sent once the object comes in.
    /// Entra leaves it until the next restart.
    pub repair_references: bool,
    /// The application's name in the log.
    pub application: String,
    /// A source without any user, group or assignment is meant, though there were some before.
    pub allow_empty_source: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            job: JobSettings::default(),
            interval: 40,
            absent: Absent::default(),
            repair_references: false,
            application: String::new(),
            allow_empty_source: false,
        }
    }
}
