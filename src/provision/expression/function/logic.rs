//! Choosing: conditions, tests for absence, and values that stop the flow.

use super::super::ast::{Call, Function};
use super::super::environment::Outcome;
use super::super::eval::whole_number;
use super::super::{Expression, ExpressionError, Value};
use super::{cloud_sync, entra, many, need, slot};
use crate::provision::message::told;

pub(super) static FUNCTIONS: [Function; 13] = [
    entra(
        "IIF",
        &[need("condition", "one"), slot("valueIfTrue", "four"), slot("valueIfFalse", "five")],
        told!("one of two values, by a condition"),
        iif,
    ),
    entra(
        "Switch",
        &[
            need("source", "source"),
            slot("defaultValue", "defaultValue"),
            many("key", "switchValue"),
            many("value", "switchValue"),
        ],
        told!("the value beside the key that equals the source, else the default"),
        switch,
    ),
    entra(
        "Coalesce",
        &[many("source", "source")],
        told!("the first value that is not absent; the last one is the default"),
        coalesce,
    ),
    entra("Not", &[need("source", "source")], told!("`False` for exactly `True`, else `True`"), |call| {
        Ok(Value::truth(call.text(0)?.as_deref() != Some("True")))
    }),
    entra("IsNull", &[need("expression", "source")], told!("whether the value is absent"), is_null),
    entra(
        "IsNothing",
        &[need("source", "source")],
        told!("whether the value is absent (older name)"),
        is_null,
    ),
    entra(
        "IsNullOrEmpty",
        &[need("expression", "source")],
        told!("whether the value is absent or empty"),
        |call| Ok(Value::truth(call.value(0)?.is_empty())),
    ),
    entra(
        "IsPresent",
        &[need("expression", "source")],
        told!("whether there is a value that is not empty"),
        |call| Ok(Value::truth(!call.value(0)?.is_empty())),
    ),
    entra("IsString", &[need("expression", "source")], told!("whether the value is one text"), |call| {
        Ok(Value::truth(matches!(call.value(0)?, Value::Text(_))))
    }),
    entra(
        "CBool",
        &[need("expression", "expression")],
        told!("`True` for a true condition or a number other than 0, else `False`"),
        to_bool,
    ),
    entra(
        "IgnoreFlowIfNullOrEmpty",
        &[need("expression", "expression")],
        told!("leaves the target attribute alone when the value is absent or empty"),
        |call| {
            let value = call.value(0)?;
            Ok(if value.is_empty() { Value::Ignore } else { value })
        },
    ),
    entra("Redact", &[need("source", "source")], told!("the same value; logs show `[Redact]`"), |call| {
        call.value(0)
    }),
    cloud_sync("Error", &[need("message", "message")], told!("fails the object with a message"), |call| {
        let message = call.text_or_empty(0)?;
        Err(ExpressionError::new("raised", call.span, message))
    }),
];

fn is_null(call: &mut Call<'_, '_, '_>) -> Outcome {
    Ok(Value::truth(matches!(call.value(0)?, Value::Null | Value::Ignore)))
}

fn iif(call: &mut Call<'_, '_, '_>) -> Outcome {
    let Some(condition) = call.argument(0) else { return Ok(Value::Null) };
    if call.context.environment.strict_iif {
        reject_absent(call, condition)?;
    }
    let Some(holds) = call.text(0)? else { return Ok(Value::Null) };
    call.value(if is_true(&holds) { 1 } else { 2 })
}

/// The documented limitation: a condition fails when an attribute it reads is absent or empty.
fn reject_absent(call: &Call<'_, '_, '_>, condition: &Expression) -> Result<(), ExpressionError> {
    let absent =
        condition.attributes().into_iter().find(|name| call.context.attributes.attribute(name).is_empty());
    let Some(name) = absent else { return Ok(()) };
    let message = told!("the condition fails because `{0}` has no value", name);
    Err(ExpressionError::new("conditionFailed", condition.span, message)
        .help(told!("test it with `Switch([{0}], [{0}], \"\", …)` instead", name)))
}

fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || whole_number(text).is_some_and(|number| number != 0)
}

fn to_bool(call: &mut Call<'_, '_, '_>) -> Outcome {
    Ok(Value::truth(call.text(0)?.is_some_and(|text| is_true(&text))))
}

/// Keys compare exactly. An absent source equals the key `""`.
fn switch(call: &mut Call<'_, '_, '_>) -> Outcome {
    let source = call.text_or_empty(0)?;
    let mut index = 2;
    while index < call.count() {
        if call.has(index) && call.text_or_empty(index)? == source {
            return call.value(index + 1);
        }
        index += 2;
    }
    call.value(1)
}

fn coalesce(call: &mut Call<'_, '_, '_>) -> Outcome {
    for index in 0..call.count() {
        let value = call.value(index)?;
        if value != Value::Null {
            return Ok(value);
        }
    }
    Ok(Value::Null)
}
