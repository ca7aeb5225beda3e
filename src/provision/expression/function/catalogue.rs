//! Every function, family by family.

use super::super::ast::Function;
use super::{chance, dates, encode, list, logic, number, replace, role, text, words};

static FAMILIES: [&[Function]; 10] = [
    &logic::FUNCTIONS,
    &text::FUNCTIONS,
    &words::FUNCTIONS,
    &replace::FUNCTIONS,
    &list::FUNCTIONS,
    &role::FUNCTIONS,
    &number::FUNCTIONS,
    &dates::FUNCTIONS,
    &encode::FUNCTIONS,
    &chance::FUNCTIONS,
];

/// Every function.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// The function of that exact name.
pub fn find(name: &str) -> Option<&'static Function> {
    functions().find(|function| function.name == name)
}
