//! Reading the copy: what an app at the edge asks most, with no hop to the object.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::future::join;
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};
use worker::kv::KvStore;
use worker::{Env, Request, Response, ResponseBuilder};

use super::key::{Published, copy_key};
use super::reader;
use crate::edge::platform::log::failure;
use crate::edge::platform::response::{of_reply, origin_and_query};
use crate::edge::store::outbox::{MEMBERS, SCHEMAS};
use crate::edge::store::schemas::of_copy;
use crate::scim::auth::token::{Credential, Token};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::{self, Filter, Literal, Operator};
use crate::scim::http::Request as ScimRequest;
use crate::scim::http::{MEDIA_TYPE, Reply, decode};
use crate::scim::name::fold;
use crate::scim::schema::project::Selection;
use crate::scim::schema::{Registry, builtin};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// How long a location may keep a copy, in seconds; the shortest that KV allows.
const CACHE_SECONDS: u64 = 30;

/// Answers `GET /Users/{id}`, `GET /Groups/{id}` and `GET /Users?filter=userName eq "…"`.
pub(in crate::edge) async fn read(
    env: &Env,
    token: &Token,
    request: &Request,
    path: &str,
) -> Result<Response, ScimError> {
    let kv = env.kv("DIRECTORY").map_err(unavailable)?;
    let Credential::Token { hash } = &token.credential else {
        return Err(ScimError::new(403, "only a token with the scope `edge-read` reads the copy"));
    };
    let (_, query) = origin_and_query(request);
    let mut asked = Asked::read(request.method().as_ref(), path, query);
    // Both at once: the farther KV is, the more it matters. What was found is told to nobody but the token's bearer.
    let known = async { reader::tenant_of(&kv, hash).await.map_err(unavailable) };
    let found = async {
        match &mut asked {
            Ok(asked) => asked.look(&kv, &token.tenant).await,
            Err(_) => Ok((None, None)),
        }
    };
    let (known, found) = join(known, found).await;
    if known?.as_deref() != Some(token.tenant.as_str()) {
        return Err(ScimError::new(401, "the token is not valid or was revoked"));
    }
    let asked = asked?;
    let (own, found) = found?;
    let registry = own.as_deref().unwrap_or_else(|| builtin());
    let (document, published) = found.unwrap_or_default();
    let document = Some(document)
        .filter(|_| !published.etag.is_empty())
        .filter(|text| asked.is_answered_by(registry, text));
    let mut headers = vec![
        ("Content-Type".to_owned(), MEDIA_TYPE.to_owned()),
        ("Provisor-Source".to_owned(), "copy".to_owned()),
        ("Provisor-Sequence".to_owned(), published.seq.to_string()),
    ];
    let reply = |status, headers, body| of_reply(Reply { status, headers, body }).map_err(unavailable);
    if !asked.attribute.is_empty() {
        let found = document.map(|text| asked.project(registry, text)).transpose()?;
        return reply(200, headers, list(found.as_deref()));
    }
    let document = document.ok_or_else(|| ScimError::not_found(asked.kind, &asked.value))?;
    headers.push(("ETag".to_owned(), published.etag.clone()));
    let seen = request.headers().get("if-none-match").ok().flatten();
    if seen.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == published.etag)) {
        return reply(304, headers, String::new());
    }
    let document = asked.project(registry, document)?;
    if published.chunked && asked.selection.shows("members") {
        return with_members(kv, &token.tenant, &asked.value, &document, headers).await;
    }
    reply(200, headers, document)
}

/// A group with its members, sent chunk by chunk: it may be far larger than memory allows.
async fn with_members(
    kv: KvStore,
    tenant: &str,
    group: &str,
    document: &str,
    headers: Vec<(String, String)>,
) -> Result<Response, ScimError> {
    let tenant = tenant.to_owned();
    let place = format!("{group}/");
    let Some((first, published)) = get(&kv, &copy_key(&tenant, "Group", MEMBERS, &place)).await? else {
        return Err(ScimError::new(503, "the group's members are not copied yet; try again"));
    };
    let mut empty = of_reply(Reply { status: 200, headers, body: String::new() }).map_err(unavailable)?;
    let head = document.strip_suffix('}').unwrap_or_default().to_owned();
    // The state between chunks: where the next begins, and whether any member was sent.
    let chain = Chain { kv, tenant, place, until: Some(published.until), any: !first.is_empty() };
    let start = if first.is_empty() { head } else { format!("{head},\"members\":[{first}") };
    let rest = stream::try_unfold(chain, |mut chain| async move {
        let Some(until) = chain.until.take() else { return Ok(None) };
        if until.is_empty() {
            return Ok(Some((if chain.any { "]}" } else { "}" }.to_owned().into_bytes(), chain)));
        }
        let key = copy_key(&chain.tenant, "Group", MEMBERS, &format!("{}{until}", chain.place));
        let broken = |error: ScimError| worker::Error::RustError(error.detail);
        let found = get(&chain.kv, &key).await.map_err(broken)?;
        // Ending here would pass for a smaller group: the reader must see that it broke off.
        let (text, next) = found.ok_or_else(|| worker::Error::RustError("a chunk is missing".into()))?;
        chain.until = Some(next.until);
        let text = match (chain.any, text.is_empty()) {
            (_, true) => String::new(),
            (true, false) => format!(",{text}"),
            (false, false) => format!(",\"members\":[{text}"),
        };
        chain.any = chain.any || !text.is_empty();
        Ok::<_, worker::Error>(Some((text.into_bytes(), chain)))
    });
    let start = stream::once(async move { Ok::<_, worker::Error>(start.into_bytes()) });
    let headers = std::mem::take(empty.headers_mut());
    ResponseBuilder::new().with_headers(headers).from_stream(start.chain(rest)).map_err(unavailable)
}

struct Chain {
    kv: KvStore,
    tenant: String,
    place: String,
    until: Option<String>,
    any: bool,
}

/// A key's text and what stands beside it; nothing where nothing was ever written.
async fn get(kv: &KvStore, key: &str) -> Result<Option<(String, Published)>, ScimError> {
    let got = kv.get(key).cache_ttl(CACHE_SECONDS).text_with_metadata::<Published>().await;
    let (text, published) = got.map_err(unavailable)?;
    Ok(text.map(|text| (text, published.unwrap_or_default())))
}

fn list(found: Option<&str>) -> String {
    let total = usize::from(found.is_some());
    let resources = found.unwrap_or_default();
    format!(
        "{{\"schemas\":[\"{LIST}\"],\"totalResults\":{total},\"startIndex\":1,\"itemsPerPage\":{total},\"Resources\":[{resources}]}}"
    )
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unavailable(error: impl ToString) -> ScimError {
    failure("copy", "", &error.to_string());
    ScimError::new(503, "the copy could not be read; try again")
}

/// The tenant's own schemas, and a copied text with what stands beside it.
type Found = (Option<Rc<Registry>>, Option<(String, Published)>);

/// One of the few questions that the copy can answer.
struct Asked {
    kind: &'static str,
    attribute: &'static str,
    value: String,
    selection: Selection,
}

impl Asked {
    fn read(method: &str, path: &str, query: String) -> Result<Self, ScimError> {
        let refused = || {
            let detail = "an edge-read token reads `/Users/{id}`, `/Groups/{id}` and `/Users?filter=userName eq \"…\"`; \
                          use a provisioning token for anything else";
            ScimError::new(403, detail)
        };
        if method != "GET" {
            return Err(refused());
        }
        let request = ScimRequest { query, ..ScimRequest::default() };
        let selection = Selection::parse(
            request.parameter("attributes").as_deref(),
            request.parameter("excludedAttributes").as_deref(),
        );
        let (kind, attribute, value) =
            match path.trim_end_matches('/').split('/').skip(1).collect::<Vec<_>>().as_slice() {
                ["Users", id] => ("User", "", decode(id)),
                ["Groups", id] => ("Group", "", decode(id)),
                ["Users"] => {
                    let text = request.parameter("filter").ok_or_else(refused)?;
                    ("User", "username", user_name(&text)?.ok_or_else(refused)?)
                }
                _ => return Err(refused()),
            };
        Ok(Self { kind, attribute, value, selection })
    }

    /// Finds what is copied, and the tenant's own schemas where the answer depends on them.
    async fn look(&mut self, kv: &KvStore, tenant: &str) -> Result<Found, ScimError> {
        let own = async { if self.needs_schemas() { schemas(kv, tenant).await } else { Ok(None) } };
        let is_name = !self.attribute.is_empty();
        if is_name && !self.value.is_ascii() {
            // Under which key it stands, the schemas say.
            let own = own.await?;
            self.value = name_key(own.as_deref().unwrap_or_else(|| builtin()), &self.value);
            let key = copy_key(tenant, self.kind, self.attribute, &self.value);
            return Ok((own, get(kv, &key).await?));
        }
        let value = if is_name { name_key(builtin(), &self.value) } else { self.value.clone() };
        let key = copy_key(tenant, self.kind, self.attribute, &value);
        let (own, found) = join(own, get(kv, &key)).await;
        self.value = value;
        Ok((own?, found?))
    }

    /// Whether the answer depends on schemas that the tenant may have: what is projected does,
    /// and how a name is compared that is not of ASCII alone.
    fn needs_schemas(&self) -> bool {
        self.selection != Selection::default() || !(self.attribute.is_empty() || self.value.is_ascii())
    }

    /// The part of a document that was asked for.
    fn project(&self, registry: &Registry, document: String) -> Result<String, ScimError> {
        if self.selection == Selection::default() {
            return Ok(document);
        }
        let Some(kind) = registry.resource_type(self.kind) else { return Ok(document) };
        let resource: Map<String, Value> = serde_json::from_str(&document).map_err(unavailable)?;
        Ok(Value::Object(self.selection.project(registry, kind, resource)).to_string())
    }

    /// A copy found by name must still bear it: it may be older than a rename.
    fn is_answered_by(&self, registry: &Registry, document: &str) -> bool {
        if self.attribute.is_empty() {
            return true;
        }
        let document: Option<Map<String, Value>> = serde_json::from_str(document).ok();
        let name = document.as_ref().and_then(|document| document.get("userName")).and_then(Value::as_str);
        name.is_some_and(|name| name_key(registry, name) == self.value)
    }
}

/// A user's name as the tenant compares it.
fn name_key(registry: &Registry, name: &str) -> String {
    let attribute = registry
        .resource_type("User")
        .and_then(|kind| registry.core_attributes(kind).find(|attribute| attribute.name == "userName"));
    attribute.map_or_else(|| fold(name), |attribute| attribute.key(name).into_owned())
}

/// Tenants whose schemas are kept read in one isolate.
const KNOWN: usize = 8;

/// A tenant, its schemas as they are copied, and read.
type Known = (String, String, Option<Rc<Registry>>);

thread_local! {
    /// Schemas read before, the last used at the end: reading takes far longer than comparing.
    static READ: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

/// The tenant's own schemas; none where those of the standard are all it has.
async fn schemas(kv: &KvStore, tenant: &str) -> Result<Option<Rc<Registry>>, ScimError> {
    let Some((text, _)) = get(kv, &copy_key(tenant, SCHEMAS, "", "")).await? else { return Ok(None) };
    if text.is_empty() {
        return Ok(None);
    }
    Ok(READ.with_borrow_mut(|known| {
        let at = known.iter().position(|(name, _, _)| name == tenant);
        let read = match at.map(|at| known.remove(at)) {
            Some((_, same, read)) if same == text => read,
            _ => of_copy(&text).map(Rc::new),
        };
        if known.len() >= KNOWN {
            known.remove(0);
        }
        known.push((tenant.to_owned(), text, read.clone()));
        read
    }))
}

/// The name in a filter `userName eq "…"`; nothing if it is another.
fn user_name(text: &str) -> Result<Option<String>, ScimError> {
    let filter = filter::parse(text).map_err(|error| error.into_scim(ScimType::InvalidFilter, text))?;
    match filter {
        Filter::Compare { path, operator: Operator::Eq, value: Literal::String(name), .. }
            if path.attribute.eq_ignore_ascii_case("userName") && path.sub_attribute.is_none() =>
        {
            Ok(Some(name))
        }
        _ => Ok(None),
    }
}
