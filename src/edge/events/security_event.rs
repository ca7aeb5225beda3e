//! Security Event Tokens (RFC 8417) with SCIM's events (RFC 9967), signed with ES256 by
//! the runtime's own cryptography.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use js_sys::{Array, JSON, Object, Reflect, Uint8Array};
use serde_json::{Map, Value, json};
use wasm_bindgen::JsValue;
use worker::wasm_bindgen_futures::JsFuture;

use crate::edge::platform::crypto::{export_key, generate_key, import_key, sign_bytes};
use crate::edge::store::journal::Entry;
use crate::scim::schema::{Registry, instant};

const PROV: &str = "urn:ietf:params:scim:event:prov";

/// Every event that is sent, as `securityEvents.eventUris` lists them (RFC 9967 §4).
pub(super) const EVENT_URIS: [&str; 9] = [
    "urn:ietf:params:scim:event:prov:create:full",
    "urn:ietf:params:scim:event:prov:create:notice",
    "urn:ietf:params:scim:event:prov:patch:full",
    "urn:ietf:params:scim:event:prov:patch:notice",
    "urn:ietf:params:scim:event:prov:put:full",
    "urn:ietf:params:scim:event:prov:put:notice",
    "urn:ietf:params:scim:event:prov:delete",
    "urn:ietf:params:scim:event:prov:activate",
    "urn:ietf:params:scim:event:prov:deactivate",
];

/// What is common to all of a stream's tokens.
pub(super) struct Stream<'a> {
    pub id: &'a str,
    pub issuer: &'a str,
    pub audience: &'a str,
    /// Whether events carry the values, or only the names of what changed.
    pub full: bool,
}

/// The claims of the token that tells of an entry of the journal; the same for the same
/// entry however often it is sent, except for `iat`.
pub(super) fn claims(stream: &Stream, registry: &Registry, entry: &Entry, now: i64) -> Value {
    let endpoint = registry.resource_type(&entry.kind).map_or("", |kind| kind.endpoint.as_str());
    let told = entry.told(registry);
    let state = if told.after.is_object() { &told.after } else { &told.before };
    let mut subject = Map::new();
    subject.insert("format".into(), "scim".into());
    subject.insert("uri".into(), format!("{endpoint}/{}", entry.id).into());
    subject.insert("id".into(), entry.id.as_str().into());
    if let Some(external) = state.get("externalId") {
        subject.insert("externalId".into(), external.clone());
    }
    json!({
        "iss": stream.issuer,
        "aud": stream.audience,
        "iat": now / 1000,
        "toe": instant(&entry.at).unwrap_or(now) / 1000,
        "jti": format!("{}.{}", stream.id, entry.seq),
        "txn": entry.seq.to_string(),
        "sub_id": subject,
        "events": events(stream.full, entry, &told),
    })
}

/// `told` is the entry without the values that are never returned; of those, only names are told.
fn events(full: bool, entry: &Entry, told: &Entry) -> Value {
    let mut events = Map::new();
    if entry.operation == "delete" {
        events.insert(format!("{PROV}:delete"), json!({}));
        return events.into();
    }
    let name = match entry.operation.as_str() {
        _ if entry.version_before == 0 => "create",
        "replace" => "put",
        _ => "patch",
    };
    let version = format!("W/\"{}\"", entry.version_after);
    let data = if entry.members.get("addedCount").is_some() {
        None
    } else {
        full.then(|| data(name, told)).flatten()
    };
    let (form, payload) = match data {
        Some(data) => ("full", json!({ "version": version, "data": data })),
        None => ("notice", json!({ "version": version, "attributes": changed(entry) })),
    };
    events.insert(format!("{PROV}:{name}:{form}"), payload);
    let is_active = |document: &Value| document.get("active").and_then(Value::as_bool).unwrap_or(true);
    if entry.kind == "User" && entry.version_before > 0 {
        match (is_active(&entry.before), is_active(&entry.after)) {
            (true, false) => events.insert(format!("{PROV}:deactivate"), json!({})),
            (false, true) => events.insert(format!("{PROV}:activate"), json!({})),
            _ => None,
        };
    }
    events.into()
}

/// What a full event says; nothing where the whole would be too much: RFC 9967 §5 advises
/// a notice for the replacement of a group.
fn data(name: &str, entry: &Entry) -> Option<Value> {
    let added = entry.members.get("added").and_then(Value::as_array);
    let listed = |ids: &Vec<Value>| ids.iter().map(|id| json!({ "value": id })).collect::<Vec<_>>();
    match name {
        "put" if entry.kind == "Group" => None,
        "create" | "put" => {
            let mut data = entry.after.as_object()?.clone();
            data.insert("id".into(), entry.id.as_str().into());
            if let Some(added) = added {
                data.insert("members".into(), listed(added).into());
            }
            Some(data.into())
        }
        _ => {
            let mut operations = Vec::new();
            for path in attributes(entry) {
                let value = value(&entry.after, &path);
                operations.push(match (value, value_is_there(&entry.before, &path)) {
                    (None, _) => json!({ "op": "remove", "path": path }),
                    (Some(value), true) => json!({ "op": "replace", "path": path, "value": value }),
                    (Some(value), false) => json!({ "op": "add", "path": path, "value": value }),
                });
            }
            for id in entry.members.get("removed").and_then(Value::as_array).into_iter().flatten() {
                operations.push(json!({ "op": "remove", "path": format!("members[value eq {id}]") }));
            }
            if let Some(added) = added.filter(|added| !added.is_empty()) {
                operations.push(json!({ "op": "add", "path": "members", "value": listed(added) }));
            }
            let body = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": operations,
            });
            // Where only that changed which is never told, its name is all there is to say.
            (!operations.is_empty()).then_some(body)
        }
    }
}

/// The names of what changed, members too.
fn changed(entry: &Entry) -> Vec<String> {
    let mut names = attributes(entry);
    if entry.members.is_object() {
        names.push("members".into());
    }
    names
}

/// The paths of the document's attributes that differ: an extension's with its URN.
fn attributes(entry: &Entry) -> Vec<String> {
    let mut paths = Vec::new();
    for document in [&entry.after, &entry.before] {
        for (name, value) in document.as_object().into_iter().flatten() {
            match value.as_object().filter(|_| name.starts_with("urn:")) {
                Some(extension) => paths.extend(extension.keys().map(|key| format!("{name}:{key}"))),
                None if name == "schemas" => {}
                None => paths.push(name.clone()),
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    paths.retain(|path| seen.insert(path.clone()) && value(&entry.before, path) != value(&entry.after, path));
    paths
}

fn value<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    document.get(path).or_else(|| {
        let (urn, name) = path.rsplit_once(':')?;
        document.get(urn)?.get(name)
    })
}

fn value_is_there(document: &Value, path: &str) -> bool {
    value(document, path).is_some()
}

fn failed(error: JsValue) -> worker::Error {
    worker::Error::from(error)
}

fn algorithm() -> Result<JsValue, worker::Error> {
    JSON::parse(r#"{"name": "ECDSA", "namedCurve": "P-256", "hash": "SHA-256"}"#).map_err(failed)
}

/// A new private key as a JWK (RFC 7517), named `kid`.
pub(in crate::edge) async fn new_key(kid: &str) -> worker::Result<Value> {
    let usages = Array::of2(&"sign".into(), &"verify".into());
    let pair =
        JsFuture::from(generate_key(&algorithm()?, true, &usages).map_err(failed)?).await.map_err(failed)?;
    let private = Reflect::get(&pair, &"privateKey".into()).map_err(failed)?;
    let jwk = JsFuture::from(export_key("jwk", &private).map_err(failed)?).await.map_err(failed)?;
    let part = |name: &str| -> worker::Result<String> {
        Ok(Reflect::get(&jwk, &name.into()).map_err(failed)?.as_string().unwrap_or_default())
    };
    Ok(json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid,
        "x": part("x")?, "y": part("y")?, "d": part("d")?,
    }))
}

/// The same keys without their private parts, as a JWK set.
pub(in crate::edge) fn public_keys(keys: &Value) -> Value {
    let public = keys.as_array().into_iter().flatten().map(|key| {
        let mut key = key.clone();
        if let Some(key) = key.as_object_mut() {
            key.shift_remove("d");
        }
        key
    });
    json!({ "keys": public.collect::<Vec<_>>() })
}

/// Signs with a private JWK: a compact JWS whose type is `secevent+jwt` (RFC 8417 §2.3).
pub(in crate::edge) async fn sign(claims: &Value, key: &Value) -> worker::Result<String> {
    let member = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": member("x"), "y": member("y"), "d": member("d") });
    let jwk: Object = JSON::parse(&jwk.to_string()).map_err(failed)?.into();
    let key = import_key("jwk", &jwk, &algorithm()?, false, &Array::of1(&"sign".into())).map_err(failed)?;
    let key = JsFuture::from(key).await.map_err(failed)?;
    let header = json!({ "alg": "ES256", "typ": "secevent+jwt", "kid": member("kid") });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let bytes = Uint8Array::from(signed.as_bytes());
    let signature = sign_bytes(&algorithm()?, &key, &bytes).map_err(failed)?;
    let signature = Uint8Array::new(&JsFuture::from(signature).await.map_err(failed)?).to_vec();
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
