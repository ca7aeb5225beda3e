//! Lists (RFC 7644 §3.4.2): filter, sort, page; totals are exact.

use serde_json::{Map, Value};

use super::render::{Shown, render, whole};
use super::{Context, Place, Predicate, Record, Searchable};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::{self, Compiled, INDEXED, lower};
use crate::scim::name::{AttributePath, fold};
use crate::scim::schema::ResourceType;
use crate::scim::schema::project::Selection;

/// Rows looked at in one go.
const SCAN_PAGE: usize = 500;

/// What a client asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// `filter`
    pub filter: Option<String>,
    /// `startIndex`, from 1.
    pub start_index: Option<i64>,
    /// `count`
    pub count: Option<i64>,
    /// `sortBy`
    pub sort_by: Option<String>,
    /// `sortOrder` is `descending`.
    pub descending: bool,
    /// `attributes` and `excludedAttributes`
    pub selection: Selection,
}

/// One page.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// How many there are in all.
    pub total: u64,
    /// The index of the first one shown, from 1.
    pub start_index: u64,
    /// The page.
    pub resources: Vec<Shown>,
}

/// Answers a query over one resource type.
///
/// # Errors
/// `invalidFilter`, `invalidPath` for `sortBy`, `tooMany` when the filter needs more rows
/// than its budget.
pub fn query(
    store: &mut dyn Searchable,
    context: &Context<'_>,
    kind: &ResourceType,
    query: &Query,
) -> Result<Found, ScimError> {
    let start_index = query.start_index.map_or(1, |start| start.max(1).unsigned_abs());
    let limit = query.count.map_or(context.settings.max_results, |count| {
        usize::try_from(count.max(0)).unwrap_or(0).min(context.settings.max_results)
    });
    let compiled = match &query.filter {
        None => None,
        Some(text) => Some(
            filter::parse(text)
                .and_then(|filter| {
                    filter::compile_for(&filter, context.registry, kind, context.settings.profile)
                })
                .map_err(|error| error.into_scim(ScimType::InvalidFilter, text))?,
        ),
    };
    let (predicate, exact) =
        compiled.as_ref().map_or((Predicate::All, true), |filter| lower(filter, &INDEXED));
    let offset = start_index - 1;
    let (total, page) = if exact && query.sort_by.is_none() {
        let total = store.count(&kind.name, &predicate)?;
        let page = if limit == 0 {
            Vec::new()
        } else {
            store.select(&kind.name, &predicate, Place::Start, offset, limit)?
        };
        (total, page)
    } else {
        let residue = compiled.as_ref().filter(|_| !exact);
        scan(store, context, kind, &predicate, residue, query, offset, limit)?
    };
    let resources = page
        .iter()
        .map(|record| render(store, context, kind, record, &query.selection))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Found { total, start_index, resources })
}

/// Answers a query over all resource types (RFC 7644 §3.4.2.1), one type after the other.
/// A type without the filter's attributes has no match.
///
/// # Errors
/// As [`query`]; `invalidFilter` when no type has the filter's attributes.
pub fn query_all(
    store: &mut dyn Searchable,
    context: &Context<'_>,
    asked: &Query,
) -> Result<Found, ScimError> {
    let start_index = asked.start_index.map_or(1, |start| start.max(1).unsigned_abs());
    let limit =
        asked.count.unwrap_or(i64::MAX).clamp(0, i64::try_from(context.settings.max_results).unwrap_or(0));
    let mut all = Found { total: 0, start_index, resources: Vec::new() };
    let mut refused = None;
    let mut answered = false;
    for kind in &context.registry.resource_types {
        let taken = i64::try_from(all.resources.len()).unwrap_or(i64::MAX);
        // What this type's part of the whole list begins with.
        let first = i64::try_from(start_index.saturating_sub(all.total)).unwrap_or(i64::MAX).max(1);
        let part = Query { start_index: Some(first), count: Some(limit - taken), ..asked.clone() };
        match query(store, context, kind, &part) {
            Ok(found) => {
                answered = true;
                all.total += found.total;
                all.resources.extend(found.resources);
            }
            Err(error)
                if matches!(error.scim_type, Some(ScimType::InvalidFilter | ScimType::InvalidPath)) =>
            {
                refused = refused.or(Some(error));
            }
            Err(error) => return Err(error),
        }
    }
    match refused {
        Some(error) if !answered => Err(error),
        _ => Ok(all),
    }
}

/// Looks at every row that the predicate lets through, within the budget.
#[allow(clippy::too_many_arguments, reason = "the parts of one query")]
fn scan(
    store: &mut dyn Searchable,
    context: &Context<'_>,
    kind: &ResourceType,
    predicate: &Predicate,
    residue: Option<&Compiled>,
    query: &Query,
    offset: u64,
    limit: usize,
) -> Result<(u64, Vec<Record>), ScimError> {
    let sort = match &query.sort_by {
        None => None,
        Some(text) => Some(SortKey::new(context, kind, text)?),
    };
    let mut matched: Vec<(Option<String>, Record)> = Vec::new();
    let mut total = 0u64;
    let mut seen = 0u64;
    let mut after: Option<(String, String)> = None;
    loop {
        let place = after.as_ref().map_or(Place::Start, |(created, id)| Place::After(created, id));
        let rows = store.select(&kind.name, predicate, place, 0, SCAN_PAGE)?;
        let last_page = rows.len() < SCAN_PAGE;
        after = rows.last().map(|row| (row.created.clone(), row.id.clone()));
        seen += rows.len() as u64;
        if seen > context.settings.row_budget {
            let detail =
                "the filter would look at too many resources; add a comparison such as `userName eq \"…\"`";
            return Err(ScimError::bad(ScimType::TooMany, detail));
        }
        for record in rows {
            let mentions = |attribute: &str| residue.is_some_and(|filter| filter.mentions(attribute));
            let resource = whole(store, context, kind, &record, &mentions)?;
            if residue.is_some_and(|filter| !filter::matches(filter, &resource)) {
                continue;
            }
            total += 1;
            match &sort {
                Some(sort) => matched.push((sort.of(&resource), record)),
                None if total > offset && matched.len() < limit => matched.push((None, record)),
                None => {}
            }
        }
        if last_page {
            break;
        }
    }
    let Some(_) = sort else {
        return Ok((total, matched.into_iter().map(|(_, record)| record).collect()));
    };
    // Without a value: last when ascending, first when descending (RFC 7644 §3.4.2.3).
    matched.sort_by(|(a, _), (b, _)| (a.is_none(), a).cmp(&(b.is_none(), b)));
    if query.descending {
        matched.reverse();
    }
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    Ok((total, matched.into_iter().skip(skip).take(limit).map(|(_, record)| record).collect()))
}

/// How to read the value to sort by; a multi-valued attribute sorts by its primary value.
struct SortKey {
    extension: Option<String>,
    attribute: String,
    sub_attribute: Option<String>,
    case_exact: bool,
}

impl SortKey {
    fn new(context: &Context<'_>, kind: &ResourceType, text: &str) -> Result<Self, ScimError> {
        let path = AttributePath::parse(text, 0).ok();
        let found = path.as_ref().and_then(|path| context.registry.resolve(kind, path)).ok_or_else(|| {
            ScimError::bad(
                ScimType::InvalidPath,
                format!("`sortBy`: {} has no attribute `{text}`", kind.name),
            )
        })?;
        let sub = found.sub.or_else(|| found.attribute.sub("value").filter(|_| found.attribute.multi_valued));
        Ok(Self {
            extension: found.extension.map(str::to_owned),
            attribute: found.attribute.name.clone(),
            sub_attribute: sub.map(|sub| sub.name.clone()),
            case_exact: sub.unwrap_or(found.attribute).case_exact,
        })
    }

    fn of(&self, resource: &Map<String, Value>) -> Option<String> {
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
        match value {
            Value::String(text) if self.case_exact => Some(text.clone()),
            Value::String(text) => Some(fold(text)),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }
}
