//! Arithmetic, of which the language has one function.

use super::super::Value;
use super::super::ast::Function;
use super::{entra, need};
use crate::provision::message::told;

pub(super) static FUNCTIONS: [Function; 1] = [entra(
    "BitAnd",
    &[need("value1", "left"), need("value2", "right")],
    told!("the bits that both numbers have set; decimal or `&H`"),
    |call| {
        let (left, right) = (call.number(0)?, call.number(1)?);
        Ok(Value::Text((left & right).to_string()))
    },
)];
