//! The one door of requests that leave: to receivers of events, and to issuers for their keys.
//!
//! The runtime's own URL parser reads an address, so that what is judged is what is called. Redirects
//! are not followed, an answer has a time and a length, and a body is bounded before it is sent.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{AbortController, Delay, Env, Fetch, Headers, Method, Request, RequestInit, RequestRedirect};

use super::env::is_local;
use crate::outbound::{MAX_LENGTH, Origin, Parts, Refusal, judge};

/// How long an answer may take, from the first byte sent to the last byte read.
pub(in crate::edge) const TIMEOUT: Duration = Duration::from_secs(5);
/// Longest body that is sent, in bytes.
const MAX_BODY: usize = 4_000_000;

/// What is asked of another server.
pub(in crate::edge) struct Asked<'a> {
    pub method: Method,
    pub url: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: Option<String>,
    /// The status whose body is wanted; another's is not read.
    pub reads: u16,
    /// Longest body that is read, in bytes.
    pub most: usize,
}

/// What another server answered.
pub(in crate::edge) struct Answer {
    pub status: u16,
    /// The body, if the status is the one that was to be read.
    pub body: Vec<u8>,
}

/// Where requests go out from.
pub(in crate::edge) fn origin(env: &Env) -> Origin {
    if is_local(env) { Origin::LocalMachine } else { Origin::Deployment }
}

/// An address as the runtime writes it, if requests may go there.
pub(in crate::edge) fn address(text: &str, from: Origin) -> Result<String, Refusal> {
    if text.len() > MAX_LENGTH {
        return Err(Refusal::TooLong);
    }
    let url = Url::new(text).map_err(|_| Refusal::NoUrl)?;
    let (scheme, host, port) = (url.protocol(), url.hostname(), url.port());
    let parts = Parts {
        scheme: scheme.trim_end_matches(':'),
        host: &host,
        port: match port.as_str() {
            "" => None,
            port => Some(port.parse().map_err(|_| Refusal::Port)?),
        },
        has_user: !url.username().is_empty() || !url.password().is_empty(),
    };
    judge(parts, from)?;
    let href = url.href();
    if href.len() > MAX_LENGTH { Err(Refusal::TooLong) } else { Ok(href) }
}

/// Sends a request and reads the answer; what went wrong is told in words.
pub(in crate::edge) async fn ask(from: Origin, asked: Asked<'_>) -> Result<Answer, String> {
    let url = address(asked.url, from).map_err(|refusal| format!("the address is not allowed: {refusal}"))?;
    if asked.body.as_ref().is_some_and(|body| body.len() > MAX_BODY) {
        return Err(format!("what was to be sent has more than {MAX_BODY} bytes"));
    }
    let request = request(&url, asked.method, asked.headers, asked.body)
        .map_err(|_| "the request could not be made of the address and the headers".to_owned())?;
    let abort = AbortController::default();
    let signal = abort.signal();
    let answer = Box::pin(answer(request, &signal, asked.reads, asked.most));
    match select(answer, Box::pin(Delay::from(TIMEOUT))).await {
        Either::Left((answer, _)) => {
            // What was not read holds a connection no longer.
            abort.abort();
            answer
        }
        Either::Right(_) => {
            abort.abort();
            Err(format!("no answer within {} s", TIMEOUT.as_secs()))
        }
    }
}

fn request(
    url: &str,
    method: Method,
    given: &[(&str, &str)],
    body: Option<String>,
) -> worker::Result<Request> {
    let headers = Headers::new();
    for (name, value) in given {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_method(method)
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(body.map(|body| JsValue::from_str(&body)));
    Request::new_with_init(url, &init)
}

async fn answer(
    request: Request,
    signal: &worker::AbortSignal,
    reads: u16,
    most: usize,
) -> Result<Answer, String> {
    let unreachable = |_| "the server could not be reached".to_owned();
    let mut response = Fetch::Request(request).send_with_signal(signal).await.map_err(unreachable)?;
    let status = response.status_code();
    if (300..400).contains(&status) {
        return Err(format!("the server answered {status}, a redirect, which is not followed"));
    }
    let mut body = Vec::new();
    if status == reads
        && let Ok(mut chunks) = response.stream()
    {
        while let Some(chunk) = chunks.next().await {
            body.extend(chunk.map_err(|_| "the answer broke off".to_owned())?);
            if body.len() > most {
                return Err(format!("the answer has more than {most} bytes"));
            }
        }
    }
    Ok(Answer { status, body })
}

#[wasm_bindgen]
extern "C" {
    /// The runtime's URL (URL Standard), which `fetch` reads addresses with.
    #[wasm_bindgen(js_name = URL)]
    type Url;
    #[wasm_bindgen(catch, constructor, js_class = "URL")]
    fn new(text: &str) -> Result<Url, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn href(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn protocol(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn hostname(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn port(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn username(this: &Url) -> String;
    #[wasm_bindgen(method, getter)]
    fn password(this: &Url) -> String;
}
