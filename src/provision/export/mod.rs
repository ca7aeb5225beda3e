//! A plan in the forms that others read: requests and logs for other tools, one HTML file for
//! people. It uses `plan` and all rooms below it, except the analysis.

mod curl;
mod http;
pub mod report;
mod requests;

pub use curl::{CURL_HEAD, curl};
pub use http::http;
pub use requests::{Csv, LeftOut, bulk, bulk_items, provenance, record};
