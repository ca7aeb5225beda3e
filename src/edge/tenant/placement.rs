//! Where a tenant lives. Its id says so, and every token carries the id: an object of a
//! jurisdiction can be reached, and is stored, only there.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Env, ObjectNamespace, Result, Stub};

use crate::edge::platform::env::is_local;
use crate::scim::error::ScimError;
use crate::scim::http::decode;

/// How the ids of tenants in the European Union begin.
const EU: &str = "eu-";

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectNamespace`, for the one method that the binding lacks.
    type Namespace;
    #[wasm_bindgen(method, catch)]
    fn jurisdiction(this: &Namespace, name: &str) -> std::result::Result<JsValue, JsValue>;
}

/// The id of a new tenant.
pub(in crate::edge) fn tenant_id(
    jurisdiction: Option<&str>,
    random: &str,
) -> std::result::Result<String, ScimError> {
    match jurisdiction {
        None => Ok(random.to_owned()),
        Some("eu") => Ok(format!("{EU}{random}")),
        Some(other) => {
            Err(ScimError::new(400, format!("`jurisdiction` is `{other}`; send `eu`, or leave it out")))
        }
    }
}

/// The jurisdiction that an id says.
pub(super) fn jurisdiction(tenant: &str) -> Option<&'static str> {
    tenant.starts_with(EU).then_some("eu")
}

/// Whether this may be a tenant's id. Any other text would start an object of its own.
pub(in crate::edge) fn is_tenant_id(id: &str) -> bool {
    let digits = id.strip_prefix(EU).unwrap_or(id);
    digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A tenant's id as it stands in a path. Any other text would start an object of its own.
pub(in crate::edge) fn in_path(value: &str) -> std::result::Result<String, ScimError> {
    let id = decode(value);
    if is_tenant_id(&id) {
        return Ok(id);
    }
    Err(ScimError::new(404, "there is no such tenant; an id has 32 digits from `0` to `f`"))
}

/// Where a tenant is asked: the variable `ORIGIN_EU` or `ORIGIN`, else where this request came in.
pub(in crate::edge) fn origin(env: &Env, tenant: &str, here: &str) -> String {
    let name = if jurisdiction(tenant).is_some() { "ORIGIN_EU" } else { "ORIGIN" };
    let said = env.var(name).map(|origin| origin.to_string()).unwrap_or_default();
    if said.is_empty() { here.to_owned() } else { said.trim_end_matches('/').to_owned() }
}

/// A tenant's object.
pub(in crate::edge) fn object(env: &Env, tenant: &str) -> Result<Stub> {
    let namespace = env.durable_object("TENANT")?;
    let Some(jurisdiction) = jurisdiction(tenant) else {
        return namespace.get_by_name(tenant);
    };
    let raw: &JsValue = namespace.as_ref();
    match raw.unchecked_ref::<Namespace>().jurisdiction(jurisdiction) {
        Ok(within) => ObjectNamespace::unchecked_from_js(within).get_by_name(tenant),
        // The local runtime knows no jurisdictions; anywhere else this must not pass.
        Err(_) if is_local(env) => namespace.get_by_name(tenant),
        Err(error) => Err(error.into()),
    }
}
