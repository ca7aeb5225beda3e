//! Several values: counting, picking, splitting.

use super::super::Value;
use super::super::ast::{Call, Function};
use super::super::environment::Outcome;
use super::{cloud_sync, entra, maybe, need};
use crate::provision::message::told;

pub(super) static FUNCTIONS: [Function; 5] = [
    entra("Count", &[need("attribute", "source")], told!("how many values there are"), |call| {
        Ok(Value::Text(call.value(0)?.items().len().to_string()))
    }),
    entra(
        "Item",
        &[need("attribute", "source"), need("index", "index")],
        told!("one of several values, counted from 1"),
        item,
    ),
    entra("RemoveDuplicates", &[need("attribute", "source")], told!("each value once, in order"), |call| {
        let mut seen = std::collections::HashSet::new();
        let mut items = call.value(0)?.items();
        items.retain(|item| seen.insert(item.clone()));
        Ok(Value::List(items).simplify())
    }),
    entra(
        "Split",
        &[need("source", "source"), maybe("delimiter", "delimiter")],
        told!("cuts a text at a delimiter into several values, without the spaces around them"),
        split,
    ),
    cloud_sync(
        "Contains",
        &[need("attribute", "source"), need("search", "search")],
        told!("which value holds the text, counted from 1; 0 when none does"),
        |call| {
            let items = call.value(0)?.items();
            let wanted = call.text_or_empty(1)?;
            let found = items.iter().position(|item| item.contains(&wanted));
            Ok(Value::Text(found.map_or(0, |at| at + 1).to_string()))
        },
    ),
];

fn item(call: &mut Call<'_, '_, '_>) -> Outcome {
    let items = call.value(0)?.items();
    let index = call.number(1)?;
    if items.is_empty() {
        return Ok(Value::Null);
    }
    let place = usize::try_from(index).ok().and_then(|index| index.checked_sub(1));
    match place.and_then(|place| items.get(place)) {
        Some(found) => Ok(Value::Text(found.clone())),
        None => Err(call
            .error("badIndex", 1, told!("there is no item {0} among {1}", index, items.len()))
            .help(told!("count from 1 to {0}", items.len()))),
    }
}

fn split(call: &mut Call<'_, '_, '_>) -> Outcome {
    let items = call.value(0)?.items();
    let delimiter = match call.text_or_empty(1)? {
        empty if empty.is_empty() => ",".to_owned(),
        delimiter => delimiter,
    };
    let parts = items.iter().flat_map(|item| item.split(delimiter.as_str()));
    let parts = parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    Ok(Value::List(parts).simplify())
}
