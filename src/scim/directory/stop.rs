//! Why an answer ends before all of it was made.

use super::StoreError;
use crate::scim::effort::{Exhausted, Full};
use crate::scim::error::ScimError;

/// Why it ends.
#[derive(Clone, Debug)]
pub enum Stop {
    /// The request's steps are used up.
    Exhausted,
    /// It would hold too many bytes.
    Full,
    /// Anything else.
    Failed(ScimError),
}

impl Stop {
    /// The error of a search: 400 `tooMany` where the request asks too much.
    #[must_use]
    pub fn of_search(self) -> ScimError {
        match self {
            Self::Exhausted => Exhausted.of_search(),
            Self::Full => Full.of_search(),
            Self::Failed(error) => error,
        }
    }

    /// The error of a request for one resource: 413 where it asks too much.
    #[must_use]
    pub fn of_read(self) -> ScimError {
        match self {
            Self::Exhausted | Self::Full => Full.of_read(),
            Self::Failed(error) => error,
        }
    }
}

impl From<Exhausted> for Stop {
    fn from(_: Exhausted) -> Self {
        Self::Exhausted
    }
}

impl From<Full> for Stop {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

impl From<ScimError> for Stop {
    fn from(error: ScimError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}
