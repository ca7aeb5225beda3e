//! Telling others of a tenant's changes: security events (RFC 8417, RFC 9967), pushed (RFC 8935), polled (RFC 8936)
//! or queued. It uses `platform` and `store`.

mod feed;
pub(super) mod poll;
pub(super) mod push;
pub(super) mod security_event;
pub(super) mod stream;
