//! The value a list is sorted by (RFC 7644 §3.4.2.3), as text whose order is the value's.

use serde_json::{Map, Number, Value};

use super::Context;
use crate::scim::error::{ScimError, ScimType};
use crate::scim::name::{AttributePath, Letters, fold, prepared};
use crate::scim::schema::{Attribute, Moment, ResourceType, Type, moment};

/// Longest key, in characters: longer values are sorted by their beginning.
const MAX_KEY: usize = 256;

/// How to read the value to sort by; a multi-valued attribute sorts by its primary value,
/// or by the first where none is primary.
pub(super) struct SortKey {
    extension: Option<String>,
    attribute: String,
    sub_attribute: Option<String>,
    letters: Letters,
    kind: Type,
}

impl SortKey {
    /// Reads `sortBy`.
    ///
    /// # Errors
    /// `invalidPath` when the type has no such attribute, or it is complex.
    pub fn new(context: &Context<'_>, kind: &ResourceType, text: &str) -> Result<Self, ScimError> {
        let invalid = |detail: String| ScimError::bad(ScimType::InvalidPath, detail);
        let path = AttributePath::parse(text, 0).ok();
        let found = path
            .as_ref()
            .and_then(|path| context.registry.resolve(kind, path))
            .ok_or_else(|| invalid(format!("`sortBy`: {} has no attribute `{text}`", kind.name)))?;
        let sub = found.sub.or_else(|| found.attribute.sub("value"));
        // The order of a list tells the values it is made by.
        if found.is_hidden() || sub.is_some_and(Attribute::is_hidden) {
            return Err(invalid(format!("`sortBy`: `{text}` is never returned, so nothing is sorted by it")));
        }
        let attribute = sub.unwrap_or(found.attribute);
        if attribute.kind == Type::Complex {
            let one = attribute.sub_attributes.first().map_or("value", |sub| sub.name.as_str());
            return Err(invalid(format!(
                "`sortBy`: `{text}` is complex; name a sub-attribute such as `{text}.{one}`"
            )));
        }
        Ok(Self {
            extension: found.extension.map(str::to_owned),
            attribute: found.attribute.name.clone(),
            sub_attribute: sub.map(|sub| sub.name.clone()),
            letters: attribute.letters(),
            kind: attribute.kind,
        })
    }

    /// Whether it reads this attribute of the core schema.
    pub fn mentions(&self, attribute: &str) -> bool {
        self.extension.is_none() && self.attribute == attribute
    }

    /// A resource's key, if it has the value.
    pub fn of(&self, resource: &Map<String, Value>) -> Option<String> {
        let owner = match &self.extension {
            Some(urn) => resource.get(urn)?.as_object()?,
            None => resource,
        };
        let value = match owner.get(&self.attribute)? {
            Value::Array(items) => items
                .iter()
                .find(|item| item.get("primary") == Some(&Value::Bool(true)))
                .or_else(|| items.first())?,
            value => value,
        };
        let value = match &self.sub_attribute {
            Some(sub) => value.get(sub)?,
            None => value,
        };
        let key = match (self.kind, value) {
            (Type::DateTime, Value::String(text)) => {
                let Moment { millis, picos } = moment(text)?;
                format!("{}{picos:09}", ordered(millis))
            }
            (_, Value::String(text)) => match self.letters {
                Letters::Exact => text.chars().take(MAX_KEY).collect(),
                // No letter folds to nothing, so that the key is made of as many letters at most.
                Letters::Folded => fold(&text.chars().take(MAX_KEY).collect::<String>()),
                Letters::Prepared => prepared(&text.chars().take(4 * MAX_KEY).collect::<String>()),
            },
            (_, Value::Number(number)) => number_key(number)?,
            (_, Value::Bool(value)) => value.to_string(),
            _ => return None,
        };
        Some(key.chars().take(MAX_KEY).collect())
    }
}

/// Sixteen hexadecimal digits that sort as the number does.
fn ordered(number: i64) -> String {
    format!("{:016x}", number.cast_unsigned() ^ (1 << 63))
}

/// Also where a decimal has no room for all digits of a whole number: what is left follows.
#[allow(clippy::cast_possible_truncation, reason = "no whole number of JSON is so large")]
fn number_key(number: &Number) -> Option<String> {
    // Zero has one sign.
    let decimal = number.as_f64()? + 0.0;
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    let rest = whole.map_or(0, |whole| whole - decimal as i128);
    let bits = decimal.to_bits().cast_signed();
    // IEEE 754 bits sort as the numbers do, but negative ones the other way round.
    let key = ordered(if bits < 0 { !bits ^ i64::MIN } else { bits });
    // At 2⁶⁴, neighbours are two thousand apart.
    Some(format!("{key}{:04x}", rest + 0x8000))
}
