//! How a function is declared in its family's file.

use super::super::ast::{Function, Need, Parameter, Run};

/// A required parameter.
pub(crate) const fn need(name: &'static str, key: &'static str) -> Parameter {
    Parameter { name, key, need: Need::Required }
}

/// A parameter whose slot may be empty.
pub(crate) const fn slot(name: &'static str, key: &'static str) -> Parameter {
    Parameter { name, key, need: Need::Slot }
}

/// A parameter that may be left out.
pub(crate) const fn maybe(name: &'static str, key: &'static str) -> Parameter {
    Parameter { name, key, need: Need::Optional }
}

/// A parameter that may be given again and again.
pub(crate) const fn many(name: &'static str, key: &'static str) -> Parameter {
    Parameter { name, key, need: Need::Repeated }
}

/// A function of app provisioning.
pub(super) const fn entra(
    name: &'static str,
    parameters: &'static [Parameter],
    about: &'static str,
    run: Run,
) -> Function {
    Function { name, parameters, about, cloud_sync: false, run }
}

/// A function of AD cloud sync.
pub(super) const fn cloud_sync(
    name: &'static str,
    parameters: &'static [Parameter],
    about: &'static str,
    run: Run,
) -> Function {
    Function { name, parameters, about, cloud_sync: true, run }
}
