//! A mapping table, compiled: what each line reads, where it writes, and what flows.
//! Null never flows; the default is for creation only; a creation-only mapping is silent
//! afterwards; references wait for the second phase.

use super::edit::{AddedRole, EditKind};
use super::program::Program;
use super::schema::{AttributeMapping, FlowType, Kind, MappingSource, ObjectMapping};
use super::scope::ScopeFilter;
use crate::provision::diagnostic::{Diagnostic, Severity};
use crate::provision::expression::{Value as Held, lint};
use crate::provision::message::told;
use crate::provision::object_kind::ObjectKind;
use crate::provision::sort::sort;
use crate::provision::source::Role;
use crate::provision::target::{Capabilities, TargetPath};
use crate::provision::values::{Atom, Pool, same};
use serde_json::{Value, json};

/// One object mapping, ready to run.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub object: ObjectMapping,
    pub lines: Vec<Line>,
    pub filter: ScopeFilter,
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its place in the table.
    pub index: usize,
    /// The target as it is spelled on the wire.
    pub target: String,
    pub path: TargetPath,
    pub program: Program,
    /// For people: `[mail]`, the constant in quotes, the expression.
    pub shown: String,
    pub mapping: AttributeMapping,
    /// The line reads `IsSoftDeleted`, so it is what disables.
    pub disables: bool,
    /// The target can be asked for an object by it.
    pub filterable: bool,
    /// The line is a group's members as they are.
    pub reads_members: bool,
    pub roles: Option<RoleList>,
}

/// A line that writes the whole `roles` attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoleList {
    /// `AppRoleAssignmentsComplex`: only ever adds.
    Adding,
    /// `AssertiveAppRoleAssignmentsComplex`: removes what is not held.
    Assertive,
}

/// What a line yields for one object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Flow {
    /// The line does not apply.
    Silent,
    /// Nothing flows.
    Null,
    /// A value, coerced to the target's type.
    Value(Value),
    /// A value that the target's type does not admit: (code, message).
    Wrong(&'static str, String),
}

/// Why an expression is not run again.
const ENDLESS: &str = told!("the expression did not come to an end on some value, so it is not run again");
const ENDLESS_HELP: &str =
    told!("change its regular expression: do not repeat what is itself repeated, as in `(a+)+`");

impl Compiled {
    /// Lets the lines with these expressions fail; says which they are.
    pub fn refuse(&mut self, expressions: &[String], kind: ObjectKind) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        for line in &mut self.lines {
            let MappingSource::Expression(text) = &line.mapping.source else { continue };
            if !expressions.contains(text) {
                continue;
            }
            line.program = Program::Broken(ENDLESS.to_owned());
            findings.push(Diagnostic {
                severity: Severity::Error,
                rule: "endless".to_owned(),
                message: ENDLESS.to_owned(),
                help: Some(ENDLESS_HELP.to_owned()),
                path: Some(format!("{}/{}", kind.name(), line.mapping.target)),
            });
        }
        findings
    }

    /// Compiles, and says what is wrong with the table.
    pub fn of(
        object: &ObjectMapping,
        kind: ObjectKind,
        capabilities: &Capabilities,
    ) -> (Self, Vec<Diagnostic>) {
        let object_kind = kind;
        let kind = kind.name();
        let mut findings = Vec::new();
        let mut lines: Vec<Line> = Vec::new();
        for mapping in &object.attributes {
            let mut find = |severity, rule: &str, message: String, help: &str| {
                findings.push(Diagnostic {
                    severity,
                    rule: rule.to_owned(),
                    message,
                    help: (!help.is_empty()).then(|| help.to_owned()),
                    path: Some(format!("{kind}/{}", mapping.target)),
                });
            };
            let path = match TargetPath::parse(&mapping.target) {
                Ok(path) => path,
                Err(why) => {
                    find(
                        Severity::Error,
                        "target-path",
                        why,
                        told!("write a SCIM path such as `emails[type eq \"work\"].value`"),
                    );
                    continue;
                }
            };
            let target = if path.mended { path.to_string() } else { mapping.target.trim().to_owned() };
            if path.mended {
                let message = told!("`{0}` is not well formed; read as `{1}`", mapping.target, target);
                find(Severity::Warning, "target-path", message, told!("correct the target attribute"));
            }
            if path.is("id") {
                find(
                    Severity::Error,
                    "maps-anchor",
                    told!("`id` is given out by the target").to_owned(),
                    told!("remove this mapping"),
                );
                continue;
            }
            if path.lacks_filter() {
                let message =
                    told!("`{0}` does not say which of several `{1}` is meant", target, path.attribute);
                let help = told!("write `{0}`", path.told_apart());
                find(Severity::Error, "target-path", message, &help);
                continue;
            }
            if lines.iter().any(|line| line.path.is_same(&path)) {
                let message = told!("`{0}` is mapped twice; the first mapping counts", target);
                find(Severity::Warning, "duplicate-target", message, told!("remove one of the two"));
                continue;
            }
            let other = |line: &&Line| line.path.beside(&path) && !line.path.same_element(&path);
            if capabilities.keeps_one(&path)
                && let Some(first) = lines.iter().find(other)
            {
                let name = &capabilities.name;
                let message = told!("{0} keeps one of `{1}`; this mapping is left out", name, path.attribute);
                let help = told!("remove it, or the mapping of `{0}` before it", first.target);
                find(Severity::Warning, "single-value", message, &help);
                continue;
            }
            if let Some(first) = lines.iter().find(|line| line.path.clashes(&path)) {
                let message = told!(
                    "`{0}` and `{1}` cannot both be written; the first mapping counts",
                    target,
                    first.target
                );
                find(Severity::Error, "duplicate-target", message, told!("remove one of the two"));
                continue;
            }
            if !mapping.definition.known {
                let message = told!("the target's attribute list has no `{0}`", target);
                find(
                    Severity::Warning,
                    "unknown-target",
                    message,
                    told!("add the attribute to the list or correct its name"),
                );
            }
            let program = Program::compile(&mapping.source);
            if let Program::Broken(why) = &program {
                find(Severity::Error, "expression", why.clone(), "");
            }
            if let Program::Expression(expression) = &program {
                for found in lint(expression) {
                    find(Severity::Warning, found.code, found.message, "");
                }
            }
            let filterable = capabilities.filters(object_kind, &target);
            if mapping.matching_priority > 0 && !filterable {
                let message =
                    told!("{0} cannot be asked for `{1}`; matching leaves it out", capabilities.name, target);
                find(
                    Severity::Error,
                    "not-filterable",
                    message,
                    told!("match by an attribute that can be filtered"),
                );
            }
            lines.push(Line {
                index: lines.len(),
                filterable,
                disables: program.attributes().iter().any(|name| name.eq_ignore_ascii_case("IsSoftDeleted")),
                reads_members: mapping.definition.kind == Kind::Reference
                    && matches!(&program, Program::Attribute(name) if name.eq_ignore_ascii_case("members")),
                roles: match program.function() {
                    Some("AppRoleAssignmentsComplex") => Some(RoleList::Adding),
                    Some("AssertiveAppRoleAssignmentsComplex") => Some(RoleList::Assertive),
                    _ => None,
                },
                shown: shown(&mapping.source),
                mapping: mapping.clone(),
                target,
                path,
                program,
            });
        }
        let object_finding = |severity, rule: &str, message: String, help: &str| Diagnostic {
            severity,
            rule: rule.to_owned(),
            message,
            help: Some(help.to_owned()),
            path: Some(kind.to_owned()),
        };
        if !lines.iter().any(|line| line.mapping.matching_priority > 0) {
            let message = told!("no mapping is used for matching").to_owned();
            findings.push(object_finding(
                Severity::Error,
                "no-matching",
                message,
                told!("give one a matching precedence of 1"),
            ));
        }
        if kind == "User" && !lines.iter().any(|line| line.disables) {
            let message = told!("no mapping reads `IsSoftDeleted`: nobody is ever disabled").to_owned();
            let help = told!(
                "map `active` to `Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")`"
            );
            findings.push(object_finding(Severity::Warning, "soft-deleted-unmapped", message, help));
        }
        let (filter, warnings) = ScopeFilter::compile(&object.scope);
        findings.extend(warnings.into_iter().map(|message| {
            object_finding(Severity::Warning, "scoping-filter", message, told!("correct the scoping filter"))
        }));
        (Self { object: object.clone(), lines, filter }, findings)
    }

    /// The lines used for matching, first precedence first.
    pub fn matching(&self) -> Vec<&Line> {
        let mut lines: Vec<&Line> =
            self.lines.iter().filter(|line| line.mapping.matching_priority > 0 && line.filterable).collect();
        sort(&mut lines, |one, other| one.mapping.matching_priority.cmp(&other.mapping.matching_priority));
        lines
    }
}

impl Line {
    /// What flows of what the source yields; `create` gives the default its chance.
    pub fn flow(&self, pool: &Pool, yielded: Atom, roles: &[&Role], create: bool) -> Flow {
        if let Some(list) = self.roles {
            // A list of roles is written from the roles themselves.
            return Flow::Value(role_list(list, roles));
        }
        match (pool.value(yielded), self.mapping.default.as_ref().filter(|_| create)) {
            (Ok(Held::Ignore), _) => Flow::Silent,
            (Ok(Held::Null) | Err(_), Some(default)) => self.coerce(Held::Text(default.clone())),
            (Ok(Held::Null), None) => Flow::Null,
            (Err(message), None) => Flow::Wrong("X-ExpressionFailed", message),
            (Ok(held), _) => self.coerce(held),
        }
    }

    /// What an update sets, and the value as it then is; `None` when it sets nothing.
    pub fn edit(
        &self,
        pool: &Pool,
        yielded: Atom,
        roles: &[&Role],
        old: Option<&Value>,
    ) -> Option<(EditKind, Value)> {
        if self.is_silent_on_update() {
            return None;
        }
        // A mapping of type None fills what is empty with its default.
        let Flow::Value(new) = self.flow(pool, yielded, roles, self.is_sourceless() && old.is_none()) else {
            return None;
        };
        // An empty text clears; where nothing is held there is nothing to clear.
        if old.is_none() && new.as_str().is_some_and(str::is_empty) {
            return None;
        }
        let kind = match (self.roles, &new) {
            (Some(RoleList::Adding), Value::Array(elements)) => {
                let held = old.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let lacks =
                    |(element, _): &(&Value, &&Role)| !held.iter().any(|held| same(element, held, true));
                let lacking: Vec<AddedRole> = (elements.iter().zip(roles).filter(lacks))
                    .map(|(element, role)| AddedRole { element: element.clone(), text: role_text(role) })
                    .collect();
                (!lacking.is_empty()).then_some(EditKind::AddRoles(lacking))?
            }
            (Some(RoleList::Assertive), Value::Array(roles)) => {
                let empty =
                    roles.is_empty() && old.is_none_or(|old| old.as_array().is_some_and(Vec::is_empty));
                if empty || old.is_some_and(|old| same(&new, old, true)) {
                    return None;
                }
                EditKind::SetRoles(roles.clone())
            }
            _ if !self.mapping.flow_always
                && same(&new, old.unwrap_or(&Value::Null), self.mapping.definition.case_exact) =>
            {
                return None;
            }
            _ if self.mapping.flow_type == FlowType::AddValuesOnly && old.is_some() && !new.is_array() => {
                return None;
            }
            _ => EditKind::Set(new.clone()),
        };
        Some((kind, new))
    }

    /// Whether an update never sets it: creation only, a reference (which waits for its
    /// turn), or a primary role's type, which the service writes itself.
    pub fn is_silent_on_update(&self) -> bool {
        let typed = self.path.sub.as_deref().is_some_and(|sub| sub.eq_ignore_ascii_case("type"));
        self.is_reference() || self.create_only() || (typed && self.path.is_primary_role())
    }

    /// Whether the mapping is of type None.
    pub fn is_sourceless(&self) -> bool {
        matches!(self.program, Program::None)
    }

    /// Whether the line is filled in the second phase.
    pub fn is_reference(&self) -> bool {
        self.mapping.definition.kind == Kind::Reference
    }

    /// Whether an update leaves the line out.
    pub fn create_only(&self) -> bool {
        self.mapping.flow_type == FlowType::CreateOnly
    }

    fn coerce(&self, held: Held) -> Flow {
        let definition = &self.mapping.definition;
        let items = match held {
            Held::Null => return Flow::Null,
            Held::Ignore => return Flow::Silent,
            Held::Text(text) => vec![text],
            Held::List(items) => items,
        };
        if definition.multivalued {
            return Flow::Value(Value::Array(items.into_iter().map(Value::String).collect()));
        }
        let mut items = items.into_iter();
        let (Some(text), rest) = (items.next(), items.count()) else { return Flow::Null };
        if rest > 0 {
            let message = told!("`{0}` takes one value and {1} came", self.target, rest + 1);
            return Flow::Wrong("SchemaPropertyCanOnlyAcceptValue", message);
        }
        match definition.kind {
            Kind::Boolean => match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Flow::Value(Value::Bool(true)),
                "false" | "0" => Flow::Value(Value::Bool(false)),
                _ => Flow::Wrong("X-NotABoolean", told!("`{0}` is neither True nor False", text)),
            },
            Kind::Integer => match text.trim().parse::<i64>() {
                Ok(number) => Flow::Value(json!(number)),
                Err(_) => Flow::Wrong("X-NotAnInteger", told!("`{0}` is no whole number", text)),
            },
            Kind::String | Kind::DateTime | Kind::Reference | Kind::Binary => {
                Flow::Value(Value::String(text))
            }
        }
    }
}

fn role_list(list: RoleList, roles: &[&Role]) -> Value {
    let name = if list == RoleList::Adding { "displayName" } else { "display" };
    let element = |role: &&Role| {
        let mut element = json!({"primary": false, "type": "WindowsAzureActiveDirectoryRole"});
        if let Some(element) = element.as_object_mut() {
            element.insert(name.to_owned(), json!(role.display_name));
            element.insert("value".to_owned(), json!(role.value));
        }
        element
    };
    Value::Array(roles.iter().map(element).collect())
}

/// The role as JSON text, which is what Entra's older dialect puts in a role's value.
fn role_text(role: &Role) -> String {
    json!({"id": role.id, "value": role.value, "displayName": role.display_name}).to_string()
}

fn shown(source: &MappingSource) -> String {
    match source {
        MappingSource::None => String::new(),
        MappingSource::Attribute(name) => format!("[{name}]"),
        MappingSource::Constant(text) => format!("\"{text}\""),
        MappingSource::Expression(text) => text.clone(),
    }
}
