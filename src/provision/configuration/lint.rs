//! What is known to be wrong or surprising of one mapping by itself, before anything is sent. Every
//! rule has a stable name.

use super::mapping::{Compiled, Line};
use super::program::Program;
use crate::provision::diagnostic::{Diagnostic, Severity};
use crate::provision::expression::{Expression, parse};
use crate::provision::message::told;
use crate::provision::object_kind::ObjectKind;
use serde_json::Value;

/// Source attributes that a filter cannot be made of.
const NOT_IN_FILTERS: [&str; 9] = [
    "appRoleAssignments",
    "userType",
    "manager",
    "members",
    "IsMemberOf",
    "createdDateTime",
    "employeeHireDate",
    "employeeLeaveDateTime",
    "hireDate",
];

/// Functions that give roles, and need assignments.
pub(crate) const ROLE_FUNCTIONS: [&str; 3] =
    ["SingleAppRoleAssignment", "AppRoleAssignmentsComplex", "AssertiveAppRoleAssignmentsComplex"];

/// A finding about one place.
pub(crate) fn finding(
    severity: Severity,
    rule: &str,
    path: String,
    message: String,
    help: &str,
) -> Diagnostic {
    let help = (!help.is_empty()).then(|| help.to_owned());
    Diagnostic { severity, rule: rule.to_owned(), message, help, path: Some(path) }
}

/// What can be said of one object mapping by itself.
pub(crate) fn mapping(compiled: &Compiled, kind: ObjectKind, document: &Value) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for line in &compiled.lines {
        let path = format!("{}/{}", kind.name(), line.target);
        let mut say = |severity, rule: &str, message: String, help: &str| {
            found.push(finding(severity, rule, path.clone(), message, help));
        };
        let function = |name: &str| line.program.function() == Some(name);
        if calls(&line.program, "SelectUniqueValue") {
            let message = told!("`SelectUniqueValue` is for Workday and SuccessFactors; towards SCIM it does not ask the target").to_owned();
            say(
                Severity::Warning,
                "select-unique-value",
                message,
                told!("build the value from attributes that are unique"),
            );
        }
        let roles = line.path.attribute.eq_ignore_ascii_case("roles");
        if roles
            && !ROLE_FUNCTIONS.iter().any(|name| calls(&line.program, name))
            && !is_fixed(line)
            && !line.is_silent_on_update()
        {
            let message =
                told!("`{0}` is not made by a role function; app roles do not flow directly", line.target);
            say(
                Severity::Warning,
                "role-function",
                message,
                told!("use `SingleAppRoleAssignment([appRoleAssignments])`"),
            );
        }
        if roles
            && line.path.sub.as_deref().is_some_and(|sub| sub.eq_ignore_ascii_case("type"))
            && line.path.is_primary_role()
        {
            let message = told!(
                "the service writes `WindowsAzureActiveDirectoryRole` as a role's type, whatever is mapped"
            )
            .to_owned();
            say(Severity::Info, "role-type", message, "");
        }
        if function("AppRoleAssignmentsComplex") {
            let message = told!("`AppRoleAssignmentsComplex` only ever adds roles").to_owned();
            say(
                Severity::Info,
                "roles-never-removed",
                message,
                told!("use `AssertiveAppRoleAssignmentsComplex` to remove them too"),
            );
        }
        for (part, what) in [
            ("password", told!("passwords")),
            ("photos", told!("photos")),
            ("entitlements", "`entitlements`"),
        ] {
            if line.path.attribute.eq_ignore_ascii_case(part) {
                say(
                    Severity::Warning,
                    "unsupported-target",
                    told!("{0} are not provisioned", what),
                    told!("remove this mapping"),
                );
            }
        }
        for name in line.program.attributes() {
            if name.eq_ignore_ascii_case("userType") || name.eq_ignore_ascii_case("SamAccountName") {
                let message = told!("`{0}` is not offered as a source attribute", name);
                say(
                    Severity::Warning,
                    "unavailable-source",
                    message,
                    told!("use a directory extension that holds the same"),
                );
            }
        }
        let definition = &line.mapping.definition;
        if definition.required && line.is_sourceless() && line.mapping.default.is_none() {
            let message = told!("`{0}` is required and has neither source nor default", line.target);
            say(Severity::Error, "required-unmapped", message, told!("give it a source or a default value"));
        }
        if line.mapping.flow_always {
            say(
                Severity::Info,
                "flow-always",
                told!("`{0}` is sent each time, changed or not", line.target),
                "",
            );
        }
        if line.mapping.matching_priority > 0 && line.is_reference() {
            let message = told!("`{0}` is a reference and cannot match", line.target);
            say(Severity::Error, "matches-reference", message, told!("match by a text that is unique"));
        }
    }
    for name in compiled.filter.attributes() {
        if NOT_IN_FILTERS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let message = told!("`{0}` is not supported in scoping filters", name);
            found.push(finding(
                Severity::Warning,
                "scoping-filter",
                kind.name().to_owned(),
                message,
                told!("filter by another attribute"),
            ));
        }
    }
    found.extend(text_and_tree(kind, document));
    found
}

/// Whether the value is the same for everyone.
fn is_fixed(line: &Line) -> bool {
    matches!(line.program, Program::None | Program::Constant(_) | Program::Broken(_))
}

/// Whether an expression calls a function anywhere.
pub(crate) fn calls(program: &Program, name: &str) -> bool {
    match program {
        Program::Expression(expression) => expression.calls().contains(&name),
        _ => false,
    }
}

/// An export holds each expression twice, as text and as a tree; the text counts.
fn text_and_tree(kind: ObjectKind, document: &Value) -> Vec<Diagnostic> {
    let list =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut found = Vec::new();
    for mapping in list(document, "synchronizationRules").iter().flat_map(|rule| list(rule, "objectMappings"))
    {
        let text =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        if !text(&mapping, "sourceObjectName").eq_ignore_ascii_case(kind.name()) {
            continue;
        }
        for line in list(&mapping, "attributeMappings") {
            let Some(source) = line.get("source").filter(|source| text(source, "type") == "Function") else {
                continue;
            };
            if list(source, "parameters").is_empty() {
                continue;
            }
            let (written, tree) = (parse(&text(source, "expression")), Expression::from_tree(source));
            if let (Ok(written), Ok(tree)) = (written, tree)
                && written.to_string() != tree.to_string()
            {
                let path = format!("{}/{}", kind.name(), text(&line, "targetAttributeName"));
                let message = told!("the expression's text and its tree differ: the tree says `{0}`", tree);
                found.push(finding(
                    Severity::Warning,
                    "text-and-tree",
                    path,
                    message,
                    told!("save the mapping again in the portal"),
                ));
            }
        }
    }
    found
}
