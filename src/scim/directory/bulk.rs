//! Bulk requests (RFC 7644 §3.7).
//!
//! Ids are given out first, so that a `bulkId` means something before its resource exists.
//! The operations that need each other, in a circle or each itself, form a component
//! ([`super::graph`]); each component is worked out over an [`Overlay`] and committed whole,
//! after all that it needs. What does not depend on each other keeps the client's order and
//! fails alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::overlay::Overlay;
use super::reference::{Names, References};
use super::{Body, Context, Store, create_as, delete, etag, graph, location, patch, replace};
use crate::scim::effort::Exhausted;
use crate::scim::error::{ScimError, ScimType};
use crate::scim::patch::decode;
use crate::scim::schema::{Registry, ResourceType};
use crate::scim::uri::{decode as decode_path, normal};

/// Most operations in one request.
pub const MAX_OPERATIONS: usize = 1_000;

/// Steps of an operation that is committed, beside what it reads and checks.
const OPERATION: u64 = 4_000;

const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// Carries out a bulk request and answers with the response's body.
///
/// # Errors
/// Only what is wrong with the whole request: `invalidSyntax`, `invalidValue`, 413 for too
/// many operations. Every other fault is an operation's own.
pub fn bulk(store: &mut dyn Store, context: &mut Context<'_>, body: &Body) -> Result<Value, ScimError> {
    let (items, limit) = envelope(context, body)?;
    let operations = read(context, items);
    let mut outcomes: Vec<Option<Outcome>> = operations.iter().map(|_| None).collect();
    let mut errors = 0;
    for component in graph::components(&needs(&operations)) {
        if limit.is_some_and(|limit| errors >= limit) {
            break;
        }
        for (index, outcome) in run(store, context, &operations, &component, &outcomes) {
            errors += usize::from(outcome.is_err());
            if let Some(place) = outcomes.get_mut(index) {
                *place = Some(outcome);
            }
        }
    }
    let done = operations.iter().zip(outcomes);
    let shown: Vec<Value> =
        done.filter_map(|(operation, outcome)| Some(operation.shown(context, outcome?))).collect();
    Ok(json!({ "schemas": [RESPONSE], "Operations": shown }))
}

/// The operations as sent, and how many errors the client accepts.
fn envelope<'a>(context: &Context<'_>, body: &'a Body) -> Result<(&'a [Value], Option<usize>), ScimError> {
    let syntax = |detail: String| ScimError::bad(ScimType::InvalidSyntax, detail);
    let schemas = field(body, "schemas").and_then(Value::as_array);
    if context.settings.is_strict() && !schemas.is_some_and(|urns| urns.iter().any(|urn| urn == REQUEST)) {
        return Err(syntax(format!("`schemas` must hold `{REQUEST}`")));
    }
    let limit = match field(body, "failOnErrors") {
        None | Some(Value::Null) => None,
        Some(number) => match number.as_u64().and_then(|number| usize::try_from(number).ok()) {
            Some(number) if number > 0 => Some(number),
            _ => {
                let detail = format!("`failOnErrors` must be a whole number from 1, not `{number}`");
                return Err(ScimError::bad(ScimType::InvalidValue, detail));
            }
        },
    };
    let Some(Value::Array(items)) = field(body, "Operations") else {
        return Err(syntax("the body needs an array `Operations`".into()));
    };
    if items.is_empty() {
        return Err(syntax("`Operations` is empty; send at least one operation".into()));
    }
    if items.len() > MAX_OPERATIONS {
        let detail = format!(
            "{} operations exceed `bulk.maxOperations` ({MAX_OPERATIONS}); send them in parts",
            items.len()
        );
        return Err(ScimError::new(413, detail));
    }
    Ok((items, limit))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    fn read(text: &str) -> Option<Self> {
        [Self::Post, Self::Put, Self::Patch, Self::Delete]
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(text))
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation, read as far as it could be.
struct Operation<'a> {
    method: Option<Method>,
    bulk_id: Option<String>,
    /// The resource type and the id, one given out ahead where the resource is to be made.
    target: Option<(&'a ResourceType, String)>,
    version: Option<String>,
    data: Body,
    /// Operations whose resources it refers to.
    refers_to: BTreeSet<usize>,
    /// All ids that its data holds.
    mentions: BTreeSet<String>,
    fault: Option<ScimError>,
}

/// An operation's status and ETag, or why it failed.
type Outcome = Result<(u16, Option<String>), ScimError>;

impl Operation<'_> {
    fn shown(&self, context: &Context<'_>, outcome: Outcome) -> Value {
        let mut shown = Map::new();
        let made = self.method != Some(Method::Post) || outcome.is_ok();
        if let Some((kind, id)) = self.target.as_ref().filter(|_| made) {
            shown.insert("location".into(), location(context, kind, id).into());
        }
        if let Some(method) = self.method {
            shown.insert("method".into(), method.as_str().into());
        }
        if let Some(bulk_id) = &self.bulk_id {
            shown.insert("bulkId".into(), bulk_id.as_str().into());
        }
        match outcome {
            Ok((status, version)) => {
                if let Some(version) = version {
                    shown.insert("version".into(), version.into());
                }
                shown.insert("status".into(), status.to_string().into());
            }
            Err(error) => {
                shown.insert("status".into(), error.status.to_string().into());
                shown.insert("response".into(), error.to_json());
            }
        }
        Value::Object(shown)
    }

    fn id(&self) -> Option<&str> {
        self.target.as_ref().map(|(_, id)| id.as_str())
    }
}

/// Reads all operations: first who makes what, then who means whom.
fn read<'a>(context: &mut Context<'a>, items: &[Value]) -> Vec<Operation<'a>> {
    let mut names = Names::default();
    let mut operations: Vec<_> =
        items.iter().enumerate().map(|(index, item)| start(context, index, item, &mut names)).collect();
    for (operation, item) in operations.iter_mut().zip(items) {
        let result = finish(context, operation, item, &names);
        operation.fault = operation.fault.take().or(result.err());
    }
    operations
}

/// The method, the `bulkId`, and for a new resource its type and id.
fn start<'a>(context: &mut Context<'a>, index: usize, item: &Value, names: &mut Names) -> Operation<'a> {
    let mut operation = Operation {
        method: None,
        bulk_id: None,
        target: None,
        version: None,
        data: Map::new(),
        refers_to: BTreeSet::new(),
        mentions: BTreeSet::new(),
        fault: None,
    };
    let syntax = |detail: String| Some(ScimError::bad(ScimType::InvalidSyntax, detail));
    let Value::Object(item) = item else {
        operation.fault = syntax("an operation must be an object".into());
        return operation;
    };
    let text = |name: &str| field(item, name).and_then(Value::as_str);
    operation.bulk_id = text("bulkId").map(str::to_owned);
    operation.version = text("version").map(str::to_owned);
    let word = text("method").unwrap_or_default();
    operation.method = Method::read(word);
    // A version that is passed over would let a stale change through.
    let odd = |name: &&str| field(item, name).is_some_and(|value| !value.is_string() && !value.is_null());
    if let Some(name) = ["method", "path", "bulkId", "version"].into_iter().find(odd) {
        operation.fault = syntax(format!("`{name}` must be text"));
        return operation;
    }
    if operation.method.is_none() {
        operation.fault = syntax(format!("`method` is `{word}`; send `POST`, `PUT`, `PATCH` or `DELETE`"));
        return operation;
    }
    if operation.method != Some(Method::Post) {
        return operation;
    }
    if operation.bulk_id.is_none() && context.settings.is_strict() {
        operation.fault = syntax("`POST` needs a `bulkId` (RFC 7644 §3.7)".into());
    }
    let id = (context.new_id)();
    if let Some(bulk_id) = &operation.bulk_id
        && let Some(first) = names.declare(bulk_id, index, &id)
    {
        let detail = format!("`bulkId` `{bulk_id}` is operation {}'s already; choose another", first + 1);
        operation.fault = Some(ScimError::bad(ScimType::InvalidValue, detail));
    }
    let path = text("path").unwrap_or_default();
    match endpoint(context, path).as_slice() {
        [name] => match kind_at(context.registry, name) {
            Some(kind) => operation.target = Some((kind, id)),
            None => operation.fault = Some(no_endpoint(path)),
        },
        _ => operation.fault = Some(no_endpoint(path)),
    }
    operation
}

/// The data with every `bulkId:` replaced, and for a known resource its type and id.
fn finish<'a>(
    context: &Context<'a>,
    operation: &mut Operation<'a>,
    item: &Value,
    names: &Names,
) -> Result<(), ScimError> {
    let (Value::Object(item), Some(method)) = (item, operation.method) else { return Ok(()) };
    let mut references = References::new(names);
    if method != Method::Post {
        let path = field(item, "path").and_then(Value::as_str).unwrap_or_default();
        operation.target = target(context, &references.in_path(path));
        if operation.target.is_none() {
            references.outcome()?;
            return Err(no_endpoint(path));
        }
    }
    let data = match field(item, "data") {
        _ if method == Method::Delete => Value::Object(Map::new()),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(Value::Null),
        // A bare list of PATCH operations, as in the example of RFC 7644 §3.7.3.
        Some(Value::Array(list)) if method == Method::Patch && !context.settings.is_strict() => {
            json!({ "Operations": list })
        }
        given => given.cloned().unwrap_or(Value::Null),
    };
    let Value::Object(data) = references.in_value(data) else {
        let detail = format!("`{}` needs `data`, an object", method.as_str());
        return Err(ScimError::bad(ScimType::InvalidSyntax, detail));
    };
    operation.data = data;
    operation.refers_to = std::mem::take(&mut references.found);
    operation.mentions = std::mem::take(&mut references.mentions);
    references.outcome()
}

fn field<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    map.get(name)
        .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// A path's parts, read as a request's own path is; the base may stand before it.
fn endpoint(context: &Context<'_>, path: &str) -> Vec<String> {
    let path = normal(path.strip_prefix(context.base).unwrap_or(path)).unwrap_or_default();
    path.split('/').skip(1).map(decode_path).collect()
}

fn kind_at<'a>(registry: &'a Registry, name: &str) -> Option<&'a ResourceType> {
    registry.at_endpoint(&format!("/{name}"))
}

fn target<'a>(context: &Context<'a>, path: &str) -> Option<(&'a ResourceType, String)> {
    match endpoint(context, path).as_slice() {
        [name, id] if !id.is_empty() => Some((kind_at(context.registry, name)?, id.clone())),
        [name] if name == "Me" => Some((context.registry.resource_type("User")?, context.me?.to_owned())),
        _ => None,
    }
}

fn no_endpoint(path: &str) -> ScimError {
    let detail = format!("`path` is `{path}`; send `/Users` for POST, `/Users/{{id}}` for anything else");
    ScimError::bad(ScimType::InvalidPath, detail)
}

/// What each operation must come after: whom it refers to, and, so that the outcome is that
/// of the client's order, earlier operations on the same resource, and a deletion of what is
/// mentioned.
fn needs(operations: &[Operation<'_>]) -> Vec<BTreeSet<usize>> {
    let deletes: BTreeSet<&str> = operations
        .iter()
        .filter(|operation| operation.method == Some(Method::Delete))
        .filter_map(Operation::id)
        .collect();
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    let mut mentioned: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut needs = Vec::with_capacity(operations.len());
    for (index, operation) in operations.iter().enumerate() {
        let mut need = operation.refers_to.clone();
        if let Some(id) = operation.id().filter(|_| operation.method != Some(Method::Post)) {
            need.extend(last.insert(id, index));
            if operation.method == Some(Method::Delete) {
                need.extend(mentioned.remove(id).unwrap_or_default());
            }
        }
        for id in operation.mentions.iter().filter(|id| deletes.contains(id.as_str())) {
            need.extend(last.get(id.as_str()).filter(|earlier| {
                operations.get(**earlier).is_some_and(|earlier| earlier.method == Some(Method::Delete))
            }));
            mentioned.entry(id).or_default().push(index);
        }
        needs.push(need);
    }
    needs
}

/// One component, whole or not at all.
fn run(
    store: &mut dyn Store,
    context: &mut Context<'_>,
    operations: &[Operation<'_>],
    component: &[usize],
    outcomes: &[Option<Outcome>],
) -> Vec<(usize, Outcome)> {
    let members: BTreeSet<usize> = component.iter().copied().collect();
    let mut overlay = Overlay::new(store);
    let mut ordered: Vec<(usize, &Operation<'_>)> =
        component.iter().filter_map(|index| Some((*index, operations.get(*index)?))).collect();
    let makes = |operation: &Operation<'_>| operation.method == Some(Method::Post);
    let made: BTreeSet<&str> =
        ordered.iter().filter(|(_, operation)| makes(operation)).filter_map(|(_, o)| o.id()).collect();
    for (_, operation) in ordered.iter().filter(|(_, operation)| makes(operation)) {
        if let Some((kind, id)) = &operation.target {
            overlay.promise(id, &kind.name);
        }
    }
    // What changes the component's own new resources comes after they were made.
    ordered.sort_by_key(|(index, operation)| {
        (!makes(operation) && operation.id().is_some_and(|id| made.contains(id)), *index)
    });
    let mut done = Vec::new();
    let mut failed: Option<(usize, ScimError)> = None;
    for (index, operation) in &ordered {
        let lacking = operation
            .refers_to
            .iter()
            .find(|need| !members.contains(need) && !matches!(outcomes.get(**need), Some(Some(Ok(_)))));
        let outcome = match (&operation.fault, lacking) {
            (Some(fault), _) => Err(fault.clone()),
            (None, Some(need)) => Err(unmade(operations, *need)),
            (None, None) => execute(&mut overlay, context, operation),
        };
        match outcome {
            Ok(outcome) => done.push((*index, Ok(outcome))),
            Err(error) => {
                failed = Some((*index, error));
                break;
            }
        }
    }
    let changes = overlay.into_changes();
    if failed.is_none() && !changes.is_empty() {
        // Worked out over the overlay already: only storage itself can fail here.
        if let Err(error) = store.commit_each(&changes) {
            let error = ScimError::from(error);
            return component.iter().map(|index| (*index, Err(error.clone()))).collect();
        }
    }
    let Some((culprit, error)) = failed else { return done };
    let others = ScimError::new(
        409,
        format!(
            "refers in a circle to operation {}, which failed, so that none of them was done: {}",
            culprit + 1,
            error.detail
        ),
    );
    let outcome = |index: usize| if index == culprit { error.clone() } else { others.clone() };
    component.iter().map(|index| (*index, Err(outcome(*index)))).collect()
}

fn unmade(operations: &[Operation<'_>], need: usize) -> ScimError {
    let name = operations.get(need).and_then(|operation| operation.bulk_id.as_deref()).unwrap_or_default();
    ScimError::new(409, format!("`bulkId:{name}` stands for nothing, as operation {} failed", need + 1))
}

fn execute(store: &mut dyn Store, context: &mut Context<'_>, operation: &Operation<'_>) -> Outcome {
    let Some((kind, id)) = &operation.target else {
        return Err(ScimError::bad(ScimType::InvalidPath, "the operation has no target"));
    };
    context.effort.charge(OPERATION).map_err(Exhausted::of_write)?;
    let version = operation.version.as_deref();
    let data = operation.data.clone();
    let (status, written) = match operation.method {
        Some(Method::Post) => (201, create_as(store, context, kind, id, data)?),
        Some(Method::Put) => (200, replace(store, context, kind, id, version, data)?),
        Some(Method::Patch) => {
            let operations = decode(data, context.settings.profile)?;
            (200, patch(store, context, kind, id, version, operations)?)
        }
        Some(Method::Delete) | None => {
            delete(store, context, kind, id, version)?;
            return Ok((204, None));
        }
    };
    Ok((status, Some(etag(&written.record))))
}
