//! What the runtime gives, and what every other room takes from it: the time, random ids, the log, requests and
//! responses. It knows no tenant and uses no other room.

pub(super) mod clock;
pub(super) mod crypto;
pub(super) mod env;
pub(super) mod fetch;
pub(super) mod log;
pub(super) mod random;
pub(super) mod response;
