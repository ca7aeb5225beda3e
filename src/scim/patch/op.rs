//! The request body: `{"schemas": […PatchOp], "Operations": […]}`.

use serde_json::{Map, Value};

use crate::scim::error::{ScimError, ScimType};
use crate::scim::schema::check::Rules;

/// Most operations in one request.
pub const MAX_OPERATIONS: usize = 1_000;

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the standard's own")]
pub enum Op {
    Add,
    Remove,
    Replace,
}

/// One operation as sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What to do.
    pub op: Op,
    /// Where; without one, `value`'s members say where.
    pub path: Option<String>,
    /// What to write.
    pub value: Option<Value>,
}

/// Reads the body. Lenient rules take `op` in any case (Entra sends `Replace`), any case
/// of `Operations`, and a body without `schemas`.
///
/// # Errors
/// 400 `invalidSyntax`, or `tooMany` operations.
pub fn decode(body: Map<String, Value>, rules: Rules) -> Result<Vec<Operation>, ScimError> {
    let syntax = |detail: String| ScimError::bad(ScimType::InvalidSyntax, detail);
    let schemas = field(&body, "schemas", rules);
    if rules.strict
        && !schemas.and_then(Value::as_array).is_some_and(|list| list.iter().any(|urn| urn == PATCH_OP))
    {
        return Err(syntax(format!("`schemas` must hold `{PATCH_OP}`")));
    }
    let Some(Value::Array(items)) = field(&body, "Operations", rules) else {
        return Err(syntax("the body needs an array `Operations`".into()));
    };
    if items.is_empty() {
        return Err(syntax("`Operations` is empty; send at least one operation".into()));
    }
    if items.len() > MAX_OPERATIONS {
        let detail = format!("{} operations in one request; send at most {MAX_OPERATIONS}", items.len());
        return Err(ScimError::bad(ScimType::TooMany, detail));
    }
    items.iter().enumerate().map(|(index, item)| operation(index, item, rules)).collect()
}

fn operation(index: usize, item: &Value, rules: Rules) -> Result<Operation, ScimError> {
    let syntax = |detail: String| {
        ScimError::bad(ScimType::InvalidSyntax, format!("operation {}: {detail}", index + 1))
    };
    let Value::Object(item) = item else {
        return Err(syntax("must be an object".into()));
    };
    let word = field(item, "op", rules).and_then(Value::as_str).unwrap_or("");
    let read = if rules.strict { word.to_owned() } else { word.to_ascii_lowercase() };
    let op = match read.as_str() {
        "add" => Op::Add,
        "remove" => Op::Remove,
        "replace" => Op::Replace,
        _ => return Err(syntax(format!("`op` is `{word}`; send `add`, `remove` or `replace`"))),
    };
    let path = match field(item, "path", rules) {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) if path.is_empty() && !rules.strict => None,
        Some(Value::String(path)) => Some(path.clone()),
        Some(_) => return Err(syntax("`path` must be text".into())),
    };
    let value = field(item, "value", rules).cloned();
    if value.is_none() && op != Op::Remove {
        return Err(syntax(format!("`{read}` needs a `value`")));
    }
    if path.is_none() && op == Op::Remove {
        return Err(ScimError::bad(ScimType::NoTarget, "`remove` needs a `path` that says what to remove"));
    }
    Ok(Operation { op, path, value })
}

fn field<'a>(map: &'a Map<String, Value>, name: &str, rules: Rules) -> Option<&'a Value> {
    map.get(name).or_else(|| {
        let mut same = map.iter().filter(|(key, _)| !rules.strict && key.eq_ignore_ascii_case(name));
        same.next().map(|(_, value)| value)
    })
}
