//! A SCIM request and its reply, without a network: what the edge, the page's replay
//! and the tests all call.

mod bearer;
mod discovery;
mod prefer;
mod refusal;
mod reply;
mod request;
mod resource;
mod search;
mod select;
mod serve;

pub use bearer::{Bearer, BearerForm, bearer};
pub use reply::{MEDIA_TYPE, Reply};
pub use request::{HEADERS, Header, MAX_PAYLOAD, Request};
pub use serve::serve;

pub use super::uri::{decode, normal};
