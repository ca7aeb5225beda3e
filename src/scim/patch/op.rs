//! The request body: `{"schemas": […PatchOp], "Operations": […]}`.

use serde_json::{Map, Value};

use crate::scim::compat::{Flag, Profile, Reading, note};
use crate::scim::error::{ScimError, ScimType};

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

impl Op {
    /// The word of RFC 7644 §3.5.2.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
        }
    }
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

/// The operations of one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operations {
    /// In the order they are to be applied.
    pub list: Vec<Operation>,
    /// What was read how.
    pub readings: Vec<Reading>,
}

impl Operations {
    /// The body that carries them.
    pub fn to_json(&self) -> Value {
        let operations = self.list.iter().map(|operation| {
            let mut map = Map::from_iter([("op".to_owned(), operation.op.as_str().into())]);
            map.extend(operation.path.as_ref().map(|path| ("path".to_owned(), path.as_str().into())));
            map.extend(operation.value.as_ref().map(|value| ("value".to_owned(), value.clone())));
            Value::Object(map)
        });
        serde_json::json!({ "schemas": [PATCH_OP], "Operations": operations.collect::<Vec<_>>() })
    }
}

/// Reads the body, as far as the profile allows: `op` and names in any case, no `schemas`.
///
/// # Errors
/// 400 `invalidSyntax`, `noTarget` for a `remove` without a path, or `tooMany` operations.
pub fn decode(body: Map<String, Value>, profile: Profile) -> Result<Operations, ScimError> {
    let mut message = Message { profile, readings: Vec::new() };
    let list = message.operations(body)?;
    Ok(Operations { list, readings: message.readings })
}

struct Message {
    profile: Profile,
    readings: Vec<Reading>,
}

impl Message {
    /// Whether a quirk is read; notes it if so.
    fn reads(&mut self, flag: Flag, path: &str, from: &Value, to: impl FnOnce() -> Value) -> bool {
        let reads = self.profile.has(flag);
        if reads {
            note(&mut self.readings, flag, || path.to_owned(), from, to);
        }
        reads
    }

    fn operations(&mut self, mut body: Map<String, Value>) -> Result<Vec<Operation>, ScimError> {
        let schemas = self.field(&mut body, "schemas").unwrap_or(Value::Null);
        let named = schemas.as_array().is_some_and(|urns| {
            urns.iter().any(|urn| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(PATCH_OP)))
        });
        if !named && !self.reads(Flag::BareMessage, "schemas", &schemas, || Value::from(vec![PATCH_OP])) {
            return Err(syntax(format!("`schemas` must hold `{PATCH_OP}`")));
        }
        let Some(Value::Array(items)) = self.field(&mut body, "Operations") else {
            return Err(syntax("the body needs an array `Operations`".into()));
        };
        if items.is_empty()
            && !self.reads(Flag::NoOperations, "Operations", &Value::Array(Vec::new()), || Value::Null)
        {
            return Err(syntax("`Operations` is empty; send at least one operation".into()));
        }
        if items.len() > MAX_OPERATIONS {
            let detail = format!("{} operations in one request; send at most {MAX_OPERATIONS}", items.len());
            return Err(ScimError::bad(ScimType::TooMany, detail));
        }
        items.into_iter().enumerate().map(|(index, item)| self.operation(index, item)).collect()
    }

    fn operation(&mut self, index: usize, item: Value) -> Result<Operation, ScimError> {
        let fault = |detail: String| syntax(format!("operation {}: {detail}", index + 1));
        let Value::Object(mut item) = item else {
            return Err(fault("must be an object".into()));
        };
        let word = self.field(&mut item, "op").unwrap_or(Value::Null);
        let op = self.op(&word).ok_or_else(|| {
            let sent = word.as_str().map_or_else(|| word.to_string(), str::to_owned);
            fault(format!("`op` is `{sent}`; send `add`, `remove` or `replace`"))
        })?;
        let path = match self.field(&mut item, "path") {
            None | Some(Value::Null) => None,
            Some(path @ Value::String(_))
                if path == "" && self.reads(Flag::EmptyPath, "path", &path, || Value::Null) =>
            {
                None
            }
            Some(Value::String(path)) => Some(path),
            Some(_) => return Err(fault("`path` must be text".into())),
        };
        let value = self.field(&mut item, "value");
        if value.is_none() && op != Op::Remove {
            return Err(fault(format!("`{}` needs a `value`", op.as_str())));
        }
        if path.is_none() && op == Op::Remove {
            return Err(ScimError::bad(
                ScimType::NoTarget,
                "`remove` needs a `path` that says what to remove",
            ));
        }
        Ok(Operation { op, path, value })
    }

    fn op(&mut self, word: &Value) -> Option<Op> {
        let text = word.as_str()?;
        let op = [Op::Add, Op::Remove, Op::Replace]
            .into_iter()
            .find(|op| text.eq_ignore_ascii_case(op.as_str()))?;
        (text == op.as_str() || self.reads(Flag::OpCase, "op", word, || op.as_str().into())).then_some(op)
    }

    /// Takes a member out of the message.
    fn field(&mut self, map: &mut Map<String, Value>, name: &str) -> Option<Value> {
        if let Some(value) = map.get_mut(name) {
            return Some(value.take());
        }
        let key = map.keys().find(|key| key.eq_ignore_ascii_case(name))?.clone();
        if !self.reads(Flag::MessageCase, &key, &Value::from(key.as_str()), || name.into()) {
            return None;
        }
        map.get_mut(&key).map(Value::take)
    }
}

fn syntax(detail: String) -> ScimError {
    ScimError::bad(ScimType::InvalidSyntax, detail)
}
