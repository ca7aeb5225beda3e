//! What the population and the target say about the configuration, once everyone is planned. Every
//! rule has a stable name.

use crate::provision::configuration::lint::{ROLE_FUNCTIONS, calls, finding};
use crate::provision::configuration::{Compiled, Line};
use crate::provision::diagnostic::{Diagnostic, Severity};
use crate::provision::message::told;
use crate::provision::object_kind::ObjectKind;
use crate::provision::plan::{Engine, Link, Planner};
use crate::provision::target::{Routes, Spot};
use crate::provision::values::{Atom, same_text};
use std::collections::BTreeMap;

impl Engine {
    /// What the population and the target say about the configuration, once planned.
    #[must_use]
    pub fn lint(&self) -> Vec<Diagnostic> {
        (0..).map_while(|part| self.lint_part(part)).flatten().collect()
    }

    /// The same in parts, of which none looks at everybody more than a few times: the assignments,
    /// of each kind its sources and filters and then each mapping, the links. `None` after the last.
    #[must_use]
    pub fn lint_part(&self, part: usize) -> Option<Vec<Diagnostic>> {
        let mut found = Vec::new();
        let planner = self.planner();
        let Some(mut at) = part.checked_sub(1) else {
            self.assignments(&mut found);
            return Some(found);
        };
        for kind in [ObjectKind::User, ObjectKind::Group] {
            let Some(compiled) = planner.compiled(kind) else { continue };
            let Some(line) = at.checked_sub(1) else {
                sources(&planner, kind, compiled, &mut found);
                filters(&planner, kind, compiled, &mut found);
                return Some(found);
            };
            if let Some(line) = compiled.lines.get(line) {
                case(&planner, kind, line, &mut found);
                domain(&planner, kind, line, &mut found);
                return Some(found);
            }
            at = line - compiled.lines.len();
        }
        (at == 0).then(|| {
            links(&planner, &mut found);
            found
        })
    }

    fn assignments(&self, found: &mut Vec<Diagnostic>) {
        let planner = self.planner();
        for kind in [ObjectKind::User, ObjectKind::Group].into_iter().filter(|_| planner.rules.sync_all) {
            let lines = planner.compiled(kind).map_or(&[][..], |compiled| &compiled.lines);
            let roles = |line: &&Line| ROLE_FUNCTIONS.iter().any(|name| calls(&line.program, name));
            for line in lines.iter().filter(roles) {
                found.push(finding(
                    Severity::Warning,
                    "roles-need-assignment",
                    format!("{}/{}", kind.name(), line.target),
                    told!("role functions do not work with `Sync all users and groups`").to_owned(),
                    told!("set the scope to assigned users and groups"),
                ));
            }
        }
        let assignable = self.schema.as_ref().and_then(|schema| schema.metadata("AssignableRoles"));
        roles(&planner, assignable, found);
    }
}

fn roles(planner: &Planner<'_>, assignable: Option<&str>, found: &mut Vec<Diagnostic>) {
    if let Some(known) = assignable {
        let known: Vec<&str> = known.split(',').map(str::trim).collect();
        let mut invalid: Vec<&str> = Vec::new();
        for role in planner.entitlements.all() {
            if !role.default_access
                && !known.iter().any(|known| known.eq_ignore_ascii_case(&role.display_name))
            {
                invalid.push(&role.display_name);
            }
        }
        if !invalid.is_empty() {
            let message = told!("the application takes no assignment to {0}", invalid.join(", "));
            let help = told!("assign the role {0} instead", known.join(&format!(" {} ", told!("or"))));
            found.push(finding(Severity::Warning, "invalid-role", "assignments".to_owned(), message, &help));
        }
    }
    let insecure = &planner.entitlements.insecure;
    if !insecure.is_empty() && !planner.rules.sync_all {
        let groups = &planner.source.groups;
        let name = |group: &Atom| {
            let name = groups.find(*group).and_then(|row| groups.text(planner.pool, row, "displayName"));
            format!("`{}`", name.or_else(|| planner.pool.text(*group)).unwrap_or_default())
        };
        let names: Vec<String> = insecure.iter().map(name).collect();
        found.push(finding(
            Severity::Warning,
            "no-security-group",
            "assignments".to_owned(),
            told!("nobody is provisioned through {0}, as `securityEnabled` is false", names.join(", ")),
            told!("assign a security group"),
        ));
    }
    let default = planner.entitlements.default_access_only();
    if default > 0 && !planner.rules.sync_all {
        let severity = if planner.rules.exclude_default_access { Severity::Warning } else { Severity::Info };
        let message = if planner.rules.exclude_default_access {
            told!("{0} hold Default Access and no other role; they are left out", default)
        } else {
            told!("{0} hold Default Access and no other role; they are taken like any other", default)
        };
        found.push(finding(
            severity,
            "default-access",
            "assignments".to_owned(),
            message,
            told!("assign a role of the application"),
        ));
    }
}

fn domain(planner: &Planner<'_>, kind: ObjectKind, line: &Line, found: &mut Vec<Diagnostic>) {
    if !calls(&line.program, "DefaultDomain") || !planner.rules.around.default_domain.is_empty() {
        return;
    }
    found.push(finding(
        Severity::Warning,
        "default-domain",
        format!("{}/{}", kind.name(), line.target),
        told!("`DefaultDomain` gives an empty text here, as the settings name no domain").to_owned(),
        told!("set `defaultDomain` to the tenant's default verified domain, such as `contoso.com`"),
    ));
}

/// What a scoping filter makes of these people: attributes that nobody has or that have
/// several values, and patterns whose outcome depends on `^` and `$`.
fn filters(planner: &Planner<'_>, kind: ObjectKind, compiled: &Compiled, found: &mut Vec<Diagnostic>) {
    let table = planner.source.table(kind);
    let mut say = |message: String, help: &str| {
        let path = kind.name().to_owned();
        found.push(finding(Severity::Warning, "scoping-filter", path, message, help));
    };
    let mut seen: Vec<&str> = Vec::new();
    for name in compiled.filter.attributes() {
        if table.len() == 0 || seen.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            continue;
        }
        seen.push(name);
        let several = |row: &usize| planner.pool.items(table.cell(*row, name)).len() > 1;
        if !table.has_column(name) && !is_computed(name) {
            let message =
                told!("the source has no {0}: the filter sees null, which fails all but IS NULL", name);
            say(message, told!("load a file that has it"));
        } else if (0..table.len()).any(|row| several(&row)) {
            let message =
                told!("`{0}` has several values, which filters do not support; here all must pass", name);
            say(message, told!("filter by an attribute of one value"));
        }
    }
    for (name, pattern, whole) in compiled.filter.loose_patterns() {
        let values = (0..table.len()).filter_map(|row| table.text(planner.pool, row, name));
        let differing =
            values.filter(|value| pattern.is_match(value).ok() != whole.is_match(value).ok()).count();
        if differing > 0 {
            let pattern = format!("{pattern:?}");
            let message = told!(
                "the pattern `{0}` matches a part only of {1} values of {2}; \
                 they match as Entra searches, and would not as a whole",
                pattern,
                differing,
                name
            );
            say(message, told!("write `^` and `$` around the pattern if the whole value is meant"));
        }
    }
}

/// Whether the service makes the attribute itself.
fn is_computed(name: &str) -> bool {
    let computed = ["IsSoftDeleted", "appRoleAssignments", "objectId", "members"];
    computed.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn sources(planner: &Planner<'_>, kind: ObjectKind, compiled: &Compiled, found: &mut Vec<Diagnostic>) {
    let table = planner.source.table(kind);
    if table.len() == 0 {
        return;
    }
    for line in &compiled.lines {
        let absent: Vec<&str> = line
            .program
            .attributes()
            .into_iter()
            .filter(|name| !is_computed(name) && !table.has_column(name))
            .collect();
        if !absent.is_empty() {
            let path = format!("{}/{}", kind.name(), line.target);
            let message = told!("the source has no {0}: the mapping sees null", absent.join(", "));
            found.push(finding(
                Severity::Info,
                "absent-attribute",
                path,
                message,
                told!("load a file that has it"),
            ));
        }
    }
}

/// Values that differ from the target's by case only never flow.
fn case(planner: &Planner<'_>, kind: ObjectKind, line: &Line, found: &mut Vec<Diagnostic>) {
    if line.mapping.definition.case_exact || line.is_silent_on_update() {
        return;
    }
    let values = planner.columns(kind).line(planner.source.table(kind), line.index);
    let mut routes = Routes::default();
    let mut differing = 0_usize;
    for settled in planner.settlement.objects.iter().filter(|settled| settled.kind == kind) {
        let Link::Target(at) = settled.link else { continue };
        let Some(target) = planner.held.object(at) else { continue };
        let yielded = values.get(settled.row).copied().unwrap_or_default();
        if let Spot::Text(old) = routes.spot(planner.held, planner.pool, target.document, &line.path)
            && yielded.is_text()
            && old != yielded
            && let (Some(new), Some(old)) = (planner.pool.text(yielded), planner.pool.text(old))
            && same_text(new, old, false)
            && !same_text(new, old, true)
        {
            differing += 1;
        }
    }
    if differing > 0 {
        let path = format!("{}/{}", kind.name(), line.target);
        let message = told!("{0} values differ from the target's by case only and will not flow", differing);
        found.push(finding(
            Severity::Info,
            "case-only",
            path,
            message,
            told!("set `Exact case` on the target attribute to send them"),
        ));
    }
}

/// Objects that share a matching value, and targets that answer to the same.
fn links(planner: &Planner<'_>, found: &mut Vec<Diagnostic>) {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for settled in &planner.settlement.objects {
        let rule = match settled.link {
            Link::Duplicate(_) => "duplicate-source",
            Link::Ambiguous(_) => "duplicate-target",
            Link::NoValue if settled.standing.in_scope() => "no-matching-value",
            _ => continue,
        };
        *counts.entry((settled.kind.name(), rule)).or_default() += 1;
    }
    for ((kind, rule), count) in counts {
        let (message, help) = match (rule, count) {
            ("duplicate-source", 1) => (
                told!("1 source object shares its matching value with another").to_owned(),
                told!("make the matching attribute unique in the source"),
            ),
            ("duplicate-source", _) => (
                told!("{0} source objects share their matching value with others", count),
                told!("make the matching attribute unique in the source"),
            ),
            ("duplicate-target", 1) => (
                told!("1 source object matches several target objects").to_owned(),
                told!("remove the surplus target objects or match by another attribute"),
            ),
            ("duplicate-target", _) => (
                told!("{0} source objects match several target objects", count),
                told!("remove the surplus target objects or match by another attribute"),
            ),
            (_, 1) => (
                told!("1 source object has no value for any matching attribute").to_owned(),
                told!("fill the attribute in the source or add another matching attribute"),
            ),
            _ => (
                told!("{0} source objects have no value for any matching attribute", count),
                told!("fill the attribute in the source or add another matching attribute"),
            ),
        };
        found.push(finding(Severity::Warning, rule, kind.to_owned(), message, help));
    }
}
