//! First phase, for everyone: in scope or not and why, and which target object it is.
//! Matching tries one attribute at a time by precedence and stops at the first hit; two
//! hits, no value, or a target another source object already is, are verdicts of their own.

use super::held::{Held, Index, ObjectKind};
use super::mapping::Compiled;
use super::pool::{Atom, Pool};
use super::population::{Population, Subject};
use super::program::Surroundings;
use super::report::ScopeStep;
use super::source::Deleted;
use hashbrown::{HashMap, HashSet};

/// The job's settings with every choice made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub sync_all: bool,
    pub exclude_default_access: bool,
    pub skip_out_of_scope: bool,
    pub shape: super::requests::Shape,
    pub around: Surroundings,
}

/// What is known of the ties between source and target objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Links {
    /// Nothing: each unique match is taken as a tie.
    #[default]
    Assumed,
    /// There are none yet.
    None,
    /// These, source id → target id.
    Given(HashMap<Atom, Atom>),
}

/// Why an object is in scope or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub deleted_hard: bool,
    pub active: bool,
    pub assigned: bool,
    pub entitled: bool,
    pub passed: bool,
}

impl Standing {
    /// All four conditions together.
    pub fn in_scope(self) -> bool {
        self.active && self.assigned && self.entitled && self.passed
    }
}

/// Which target object a source object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// It has none and would get one.
    Create,
    /// This one.
    Target(usize),
    /// Several answer to the matching value.
    Ambiguous(usize),
    /// It has no value for any matching attribute.
    NoValue,
    /// Another source object, in this row, is it already.
    Duplicate(usize),
    /// A tie was given, and the target no longer holds the object.
    Lost(Atom),
    /// None, and none is made.
    None,
}

/// What the first phase found out about one object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settled {
    pub kind: ObjectKind,
    pub row: usize,
    pub standing: Standing,
    pub link: Link,
}

/// Everything that is decided before single objects are looked at.
#[derive(Debug, Default)]
pub(crate) struct Settlement {
    pub objects: Vec<Settled>,
    /// Source id → place in `objects`.
    pub by_source: HashMap<Atom, usize>,
    /// Target place → place in `objects`.
    pub by_target: HashMap<usize, usize>,
    /// For each object, whether it has no target object and gets one.
    pub creates: Vec<bool>,
}

/// Whether an object is active in the source, and whether `accountEnabled` lets it be.
fn active(pool: &Pool, population: &Population<'_>, row: usize) -> (Deleted, bool) {
    let table = population.table();
    let deleted = table.entry(row).map(|entry| entry.deleted).unwrap_or_default();
    let text = table.text(pool, row, "accountEnabled");
    (deleted, !text.is_some_and(|text| text.eq_ignore_ascii_case("false")))
}

/// The standing of everyone, but for the filter, whose answer is a column of `True` and `False`.
pub(crate) fn standings(
    pool: &Pool,
    population: &Population<'_>,
    rules: &Rules,
    passed: &[Atom],
) -> Vec<Standing> {
    let table = population.table();
    let yes = pool.find("True");
    (0..table.len())
        .map(|row| {
            let (deleted, enabled) = active(pool, population, row);
            let id = table.entry(row).map(|entry| entry.id).unwrap_or_default();
            let roles = || population.entitlements.roles(id);
            Standing {
                deleted_hard: deleted == Deleted::Hard,
                active: deleted == Deleted::No && enabled,
                assigned: rules.sync_all || population.entitlements.assigned(id).is_some(),
                entitled: rules.sync_all
                    || !rules.exclude_default_access
                    || roles().iter().any(|role| !role.default_access),
                passed: passed.is_empty() || passed.get(row).copied() == yes,
            }
        })
        .collect()
}

/// Whether each object is active, as a filter's `IsSoftDeleted` sees it.
pub(crate) fn inactive(pool: &Pool, population: &Population<'_>) -> Vec<bool> {
    let inactive = |row: usize| active(pool, population, row) != (Deleted::No, true);
    (0..population.table().len()).map(inactive).collect()
}

/// How one object's scope was decided, step by step under Entra's names.
pub(crate) fn steps(
    pool: &Pool,
    population: Population<'_>,
    rules: &Rules,
    compiled: &Compiled,
    row: usize,
    standing: Standing,
) -> Vec<ScopeStep> {
    let id = population.table().entry(row).map(|entry| entry.id).unwrap_or_default();
    let roles = population.entitlements.roles(id);
    let (deleted, enabled) = active(pool, &population, row);
    let subject = Subject { population, pool, row, soft_deleted: !standing.active };
    let (_, why) = compiled.filter.decide(&subject);
    let group_name = |group: Atom| {
        let groups = &population.source.groups;
        let name = groups.find(group).and_then(|row| groups.text(pool, row, "displayName"));
        name.or_else(|| pool.text(group)).unwrap_or_default().to_owned()
    };
    let step = |name: &str, passed: bool, detail: String| ScopeStep { name: name.to_owned(), passed, detail };
    let held: Vec<&str> = roles.iter().map(|role| role.display_name.as_str()).collect();
    vec![
        step(
            "Active in the source system",
            standing.active,
            match (deleted, enabled) {
                (Deleted::Hard, _) => "deleted for good".to_owned(),
                (Deleted::Soft, _) => "soft-deleted in the directory".to_owned(),
                (Deleted::No, false) => "`accountEnabled` is False".to_owned(),
                (Deleted::No, true) => "present and enabled".to_owned(),
            },
        ),
        step(
            "Assigned to the application",
            standing.assigned,
            match population.entitlements.assigned(id) {
                _ if rules.sync_all => "scope sync all".to_owned(),
                None => "not assigned, and no direct member of an assigned group".to_owned(),
                Some(None) => "assigned directly".to_owned(),
                Some(Some(group)) => format!("through the group `{}`", group_name(group)),
            },
        ),
        step(
            &format!("{} has the required role", population.kind.name()),
            standing.entitled,
            match held.as_slice() {
                [] if rules.sync_all => "scope sync all".to_owned(),
                [] => "no role".to_owned(),
                roles => roles.join(", "),
            },
        ),
        step("Scoping filter evaluation passed", standing.passed, why),
    ]
}

/// The target's folded values by path, kept as long as the target stays the same.
#[derive(Debug, Default)]
pub(crate) struct Indexes(HashMap<(ObjectKind, String, bool), Index>);

impl Indexes {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// All that settling reads beside the objects.
pub(crate) struct Ground<'a> {
    pub pool: &'a mut Pool,
    pub held: &'a Held,
    pub indexes: &'a mut Indexes,
    pub links: &'a Links,
}

/// Settles every object of a kind. `values` are the columns of [`Compiled::matching`].
pub(crate) fn settle(
    ground: Ground<'_>,
    population: &Population<'_>,
    compiled: &Compiled,
    values: &[&[Atom]],
    standings: Vec<Standing>,
    into: &mut Settlement,
) {
    let Ground { pool, held, indexes, links } = ground;
    let (kind, table) = (population.kind, population.table());
    let lines = compiled.matching();
    let key = |line: &super::mapping::Line| (kind, line.target.clone(), line.mapping.definition.case_exact);
    for line in &lines {
        let exact = line.mapping.definition.case_exact;
        indexes.0.entry(key(line)).or_insert_with(|| held.index(pool, kind, &line.path, exact));
    }
    let used: Vec<Option<&Index>> = lines.iter().map(|line| indexes.0.get(&key(line))).collect();
    let mut found: Vec<Link> = vec![Link::None; table.len()];
    let mut claimed: HashMap<usize, usize> = HashMap::new();
    let mut tied: HashSet<usize> = HashSet::new();
    if let Links::Given(given) = links {
        for (row, slot) in found.iter_mut().enumerate() {
            let Some(target) = table.entry(row).and_then(|entry| given.get(&entry.id)) else { continue };
            let at = held.find(*target).filter(|at| held.object(*at).is_some_and(|held| held.kind == kind));
            *slot = match at {
                Some(at) => match claimed.get(&at) {
                    Some(first) => Link::Duplicate(*first),
                    None => {
                        claimed.insert(at, row);
                        Link::Target(at)
                    }
                },
                None => Link::Lost(*target),
            };
            tied.insert(row);
        }
    }
    let mut created: HashMap<(usize, Atom), usize> = HashMap::new();
    // Those in scope claim their target first.
    for wanted in [true, false] {
        // What is out of scope has a tie only if it was tied before.
        if !wanted && *links != Links::Assumed {
            break;
        }
        for (row, standing) in standings.iter().enumerate() {
            if standing.in_scope() != wanted || tied.contains(&row) {
                continue;
            }
            let mut link = Link::NoValue;
            let mut first_value = None;
            for (turn, ((line, index), column)) in lines.iter().zip(&used).zip(values).enumerate() {
                let yielded = column.get(row).copied().unwrap_or_default();
                let value = pool.items(yielded).first().copied().unwrap_or(yielded);
                if pool.text(value).is_none_or(str::is_empty) {
                    continue;
                }
                let value = if line.mapping.definition.case_exact { value } else { pool.folded(value) };
                link = match index.and_then(|index| index.find(value)) {
                    None => Link::Create,
                    Some((only, 1)) => Link::Target(only),
                    Some((_, several)) => Link::Ambiguous(several),
                };
                first_value.get_or_insert((turn, value));
                if link != Link::Create {
                    break;
                }
            }
            let taken = match (link, first_value) {
                (Link::Target(at), _) => claimed.get(&at).copied(),
                (Link::Create, Some(value)) if wanted => {
                    let first = *created.entry(value).or_insert(row);
                    (first != row).then_some(first)
                }
                _ => None,
            };
            if let Some(first) = taken {
                link = Link::Duplicate(first);
            } else if let Link::Target(at) = link {
                claimed.insert(at, row);
            }
            if !wanted && !matches!(link, Link::Target(_)) {
                link = Link::None;
            }
            if let Some(slot) = found.get_mut(row) {
                *slot = link;
            }
        }
    }
    for ((row, standing), link) in standings.into_iter().enumerate().zip(found) {
        let at = into.objects.len();
        if let Link::Target(target) = link {
            into.by_target.insert(target, at);
        }
        if let Some(entry) = table.entry(row) {
            into.by_source.insert(entry.id, at);
        }
        into.objects.push(Settled { kind, row, standing, link });
    }
}
