//! What a client would rather have (RFC 7240).

use super::{Header, Request};

/// What the reply to a change holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returns {
    /// The resource.
    Representation,
    /// Nothing but its version, and where it is.
    Minimal,
}

impl Returns {
    /// As `Preference-Applied` says it.
    pub(super) const fn applied(self) -> &'static str {
        match self {
            Self::Representation => "return=representation",
            Self::Minimal => "return=minimal",
        }
    }
}

impl Request {
    /// `Prefer: return=…`; of several the first counts (RFC 7240 §2).
    pub(super) fn returns(&self) -> Option<Returns> {
        self.preferences().find(|(name, _)| name.eq_ignore_ascii_case("return")).and_then(|(_, value)| {
            match value.to_ascii_lowercase().as_str() {
                "representation" => Some(Returns::Representation),
                "minimal" => Some(Returns::Minimal),
                _ => None,
            }
        })
    }

    /// `Prefer: explain`
    pub(super) fn wants_explanation(&self) -> bool {
        self.preferences().any(|(name, _)| name.eq_ignore_ascii_case("explain"))
    }

    /// Each preference with its value, without parameters.
    fn preferences(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.header(Header::Prefer).unwrap_or_default().split(',');
        all.map(|preference| {
            let alone = preference.split(';').next().unwrap_or_default();
            let (name, value) = alone.split_once('=').unwrap_or((alone, ""));
            (name.trim(), value.trim().trim_matches('"'))
        })
    }
}
