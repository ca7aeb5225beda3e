//! One request at the edge: how it may come, whose it is, who answers it, and what is told of it. It uses all rooms
//! but `admin`.

pub(super) mod authenticate;
pub(super) mod exchange;
pub(super) mod health;
pub(super) mod metrics;
pub(super) mod receivers;
pub(super) mod scim;
pub(super) mod throttle;
pub(super) mod token_endpoint;
pub(super) mod transport;
