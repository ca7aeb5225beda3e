//! Lists (RFC 7644 §3.4.2): filter, sort, page by index or by cursor (RFC 9865).

use std::ops::ControlFlow;

use serde_json::{Map, Value};

use super::cursor::{Cursor, Row, fingerprint};
use super::first::First;
use super::groups::Groups;
use super::lower::lower;
use super::page::{PAGE_BYTES, Weight, is_last};
use super::render::whole;
use super::sort::SortKey;
use super::stop::Stop;
use super::store::QUESTION;
use super::stream::written;
use super::{Context, Place, Predicate, Record, Searchable};
use crate::scim::compat::{Flag, Reading, note};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::{self, Compiled, Filter, FilterError};
use crate::scim::name::AttributePath;
use crate::scim::schema::project::Selection;
use crate::scim::schema::{INDEXED, ResourceType, instant};

/// Rows that a scan looks at in one go, at first and at most: where many do not match, many are read.
const SCAN_PAGE: usize = 500;
const MAX_SCAN_PAGE: usize = 8_000;
/// Steps of a row that storage hands over, beside its document.
const ROW: u64 = 160;
/// Steps of a look into an index for one row.
const PROBE: u64 = 4;

/// What a client asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// `filter`
    pub filter: Option<String>,
    /// `startIndex`, from 1.
    pub start_index: Option<i64>,
    /// `count`
    pub count: Option<i64>,
    /// `cursor`; empty for the first page. With one, `startIndex` means nothing.
    pub cursor: Option<String>,
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
    /// The index of the first one shown, from 1; none where a cursor was used.
    pub start_index: Option<u64>,
    /// `nextCursor`
    pub next: Option<String>,
    /// `previousCursor`
    pub previous: Option<String>,
    /// The page, each resource as JSON. It holds fewer than `count` where they are long.
    pub resources: Vec<String>,
    /// What of the filter was read how.
    pub readings: Vec<Reading>,
}

/// Answers a query over resource types, one after the other unless it is sorted. Of several
/// types, those without the filter's attributes have no match.
///
/// # Errors
/// `invalidFilter`, `invalidPath` for `sortBy`, `tooMany` when the filter needs more rows
/// than its budget, and those of cursors.
pub fn query(
    store: &mut dyn Searchable,
    context: &Context<'_>,
    kinds: &[&ResourceType],
    query: &Query,
) -> Result<Found, ScimError> {
    let most = context.settings.max_results;
    let limit = query.count.map_or(most, |count| usize::try_from(count.max(0)).unwrap_or(most).min(most));
    let mut readings = Vec::new();
    let parts = bind(context, kinds, query, &mut readings)?;
    let found = answer(store, context, &parts, limit, query).map_err(Stop::of_search)?;
    Ok(Found { readings, ..found })
}

fn answer(
    store: &mut dyn Searchable,
    context: &Context<'_>,
    parts: &[Part<'_>],
    limit: usize,
    query: &Query,
) -> Result<Found, Stop> {
    let mut search = Search { store, context, parts, limit, descending: query.descending, looked: 0 };
    let Some(text) = &query.cursor else {
        let start = query.start_index.map_or(1, |start| start.max(1).unsigned_abs());
        let (total, page) = search.by_index(start - 1)?;
        let page: Vec<_> = page.iter().map(|(part, record)| (*part, record)).collect();
        let resources = search.show(&page, &query.selection)?;
        let readings = Vec::new();
        return Ok(Found {
            total,
            start_index: Some(start),
            next: None,
            previous: None,
            resources,
            readings,
        });
    };
    let print = print_of(parts, query);
    let cursor = match text.as_str() {
        "" => None,
        text => Some(Cursor::read(text, context, &print, limit)?),
    };
    let mut page = search.by_cursor(cursor.as_ref())?;
    let records: Vec<_> = page.rows.iter().map(|(place, record)| (place.part, record)).collect();
    let mut resources = search.show(&records, &query.selection)?;
    // What was left out for its bytes follows on the next page.
    page.is_more |= resources.len() < page.rows.len();
    page.rows.truncate(resources.len());
    if page.is_backwards {
        resources.reverse();
    }
    let now = instant(context.now).unwrap_or_default();
    // Without a filter the store knows the number; else it would be counted at every page.
    let total = parts.iter().any(|part| part.filter.is_some()).then_some(page.total);
    let (previous, next) = page.ends();
    let cursor = |place: Option<Row>, backwards: bool| {
        let written = |place| {
            Cursor { issued: now, query: print.clone(), count: limit, total, backwards, place }.write(context)
        };
        place.map(written).transpose()
    };
    let (previous, next) = (cursor(previous, true)?, cursor(next, false)?);
    Ok(Found { total: page.total, start_index: None, next, previous, resources, readings: Vec::new() })
}

/// The query, bound to one resource type.
struct Part<'a> {
    kind: &'a ResourceType,
    predicate: Predicate,
    filter: Option<Compiled>,
    /// Whether the predicate decides all of the filter.
    exact: bool,
    sort: Option<SortKey>,
}

impl Part<'_> {
    /// What the predicate does not decide.
    fn residue(&self) -> Option<&Compiled> {
        self.filter.as_ref().filter(|_| !self.exact)
    }
}

fn bind<'a>(
    context: &Context<'_>,
    kinds: &[&'a ResourceType],
    query: &Query,
    readings: &mut Vec<Reading>,
) -> Result<Vec<Part<'a>>, ScimError> {
    let parsed = match &query.filter {
        None => None,
        Some(text) => {
            let parsed = parsed(context, kinds, text, readings);
            Some((text, parsed.map_err(|error| error.into_scim(ScimType::InvalidFilter, text))?))
        }
    };
    let own = context.registry.indexes.usable.iter().map(String::as_str);
    let indexed: Vec<&str> = INDEXED.into_iter().chain(own).collect();
    let bound = |kind: &'a ResourceType| {
        let compiled = match &parsed {
            None => None,
            Some((text, parsed)) => Some(
                filter::compile_among(parsed, context.registry, kind, kinds, context.settings.profile)
                    .map_err(|error| error.into_scim(ScimType::InvalidFilter, text))?,
            ),
        };
        let sort = query.sort_by.as_ref().map(|text| SortKey::new(context, kind, text)).transpose();
        let sort = match sort {
            // Of several types, one without the attribute has no value to sort by.
            Err(_) if kinds.len() > 1 => None,
            other => other?,
        };
        let (predicate, exact) =
            compiled.as_ref().map_or((Predicate::All, true), |filter| lower(filter, &indexed));
        Ok(Part { kind, predicate, filter: compiled, exact, sort })
    };
    let mut parts = Vec::new();
    let mut refused = None;
    for part in kinds.iter().map(|kind| bound(kind)) {
        match part {
            Ok(part) => parts.push(part),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    if let Some(text) = query.sort_by.as_ref().filter(|_| parts.iter().all(|part| part.sort.is_none())) {
        refused = refused.or_else(|| {
            let detail = format!("`sortBy`: no resource type has an attribute `{text}`");
            Some(ScimError::bad(ScimType::InvalidPath, detail))
        });
        parts.clear();
    }
    match refused {
        Some(error) if parts.is_empty() => Err(error),
        _ => Ok(parts),
    }
}

/// A filter, in which words may stand for texts where the profile reads that.
fn parsed(
    context: &Context<'_>,
    kinds: &[&ResourceType],
    text: &str,
    readings: &mut Vec<Reading>,
) -> Result<Filter, FilterError> {
    if !context.settings.profile.has(Flag::FilterWords) {
        return filter::parse(text);
    }
    let (filter, words) = filter::parse_words(text)?;
    // What is compared with a secret may be one.
    let hides = |path: &AttributePath| {
        let path = path.to_string();
        kinds.iter().any(|kind| context.registry.hides(kind, &path))
    };
    if !filter.paths().into_iter().any(hides) {
        for word in words {
            let quoted = Value::from(word.as_str()).to_string();
            note(readings, Flag::FilterWords, || "filter".into(), &word.into(), || quoted.into());
        }
    }
    Ok(filter)
}

/// Tells this query from others: what it compiled to, so that spelling does not matter, nor
/// which attributes have an index at present.
fn print_of(parts: &[Part<'_>], query: &Query) -> String {
    let of_part = |part: &Part<'_>| match &part.filter {
        Some(filter) => format!("{} {filter}", part.kind.name),
        None => part.kind.name.clone(),
    };
    let bound: Vec<String> = parts.iter().map(of_part).collect();
    let sort = query.sort_by.as_deref().map(str::to_ascii_lowercase).unwrap_or_default();
    fingerprint(&[&bound.join("\n"), &sort, if query.descending { "descending" } else { "" }])
}

/// What is done with each match, as stored and whole.
type Visit<'a> = &'a mut dyn FnMut(Record, &Map<String, Value>) -> Result<ControlFlow<()>, Stop>;

/// A page between two cursors.
struct Page {
    total: u64,
    /// Its rows, the nearest to the cursor first.
    rows: Vec<(Row, Record)>,
    /// Whether they lie before the cursor.
    is_backwards: bool,
    /// Whether more follow in that direction.
    is_more: bool,
    /// Whether it begins the list.
    is_first: bool,
}

impl Page {
    /// From where the pages before and after it are read.
    fn ends(&self) -> (Option<Row>, Option<Row>) {
        let place = |found: Option<&(Row, Record)>| found.map(|(place, _)| place.clone());
        let (near, far) = (place(self.rows.first()), place(self.rows.last()));
        let far = |is_there: bool| far.filter(|_| is_there);
        match (self.is_first, self.is_backwards) {
            (true, _) => (None, far(self.is_more)),
            (false, true) => (far(self.is_more), near),
            (false, false) => (near, far(self.is_more)),
        }
    }
}

/// A match: its place, and its record where that is at hand.
struct Match {
    place: Row,
    record: Option<Record>,
}

impl Match {
    fn at(place: Row) -> Self {
        Self { place, record: None }
    }

    fn of(part: usize, record: Record) -> Self {
        let (created, id) = (record.created.clone(), record.id.clone());
        Self { place: Row { part, created, id, ..Row::default() }, record: Some(record) }
    }
}

struct Search<'s, 'c, 'p> {
    store: &'s mut dyn Searchable,
    context: &'s Context<'c>,
    parts: &'s [Part<'p>],
    limit: usize,
    descending: bool,
    looked: u64,
}

impl Search<'_, '_, '_> {
    fn is_sorted(&self) -> bool {
        self.parts.iter().any(|part| part.sort.is_some())
    }

    /// As much of a page as a reply may hold, each resource as JSON; the first one in any case.
    fn show(&mut self, page: &[(usize, &Record)], selection: &Selection) -> Result<Vec<String>, Stop> {
        let Self { store, context, parts, .. } = self;
        let page: Vec<_> =
            page.iter().filter_map(|(part, record)| Some((parts.get(*part)?.kind, *record))).collect();
        let groups = Groups::of(&mut **store, context, &page, &|attribute| selection.shows(attribute))?;
        let (mut shown, mut bytes) = (Vec::new(), 0);
        for (kind, record) in page {
            match written(&mut **store, context, kind, record, selection, &groups) {
                Ok(told) => {
                    bytes += told.text.len();
                    shown.push(told.text);
                }
                Err(Stop::Exhausted | Stop::Full) if !shown.is_empty() => break,
                Err(stop) => return Err(stop),
            }
            if bytes >= PAGE_BYTES {
                break;
            }
        }
        groups.release(context);
        Ok(shown)
    }

    fn by_index(&mut self, offset: u64) -> Result<(u64, Vec<(usize, Record)>), Stop> {
        if self.is_sorted() {
            let skip = usize::try_from(offset).unwrap_or(usize::MAX);
            let wanted = if self.limit == 0 { 0 } else { skip.saturating_add(self.limit) };
            let first = First::new(wanted, self.descending);
            let (total, sorted) = self.sorted(first, &|_| true)?;
            let page = sorted.into_iter().skip(skip).take(self.limit).map(Match::at).collect();
            let rows = self.fetch(page)?;
            return Ok((total, rows.into_iter().map(|(place, record)| (place.part, record)).collect()));
        }
        let (mut total, mut page) = (0, Vec::new());
        // A page may end early by its bytes (RFC 7644 §3.4.2.4); then nothing follows on it.
        let mut is_full = self.limit == 0;
        for (index, part) in self.parts.iter().enumerate() {
            let skip = offset.saturating_sub(total);
            let wanted = if is_full { 0 } else { self.limit - page.len() };
            if part.exact {
                self.charge(part)?;
                let mut rows = Vec::new();
                if wanted > 0 {
                    rows = self.store.select(&part.kind.name, &part.predicate, Place::Start, skip, wanted)?;
                }
                // A page that is not full ends the list: then its length is known.
                let is_end = is_last(&rows, wanted) && (skip == 0 || !rows.is_empty());
                total += match is_end {
                    true => skip + rows.len() as u64,
                    false => self.store.count(&part.kind.name, &part.predicate)?,
                };
                is_full = is_full || !is_last(&rows, wanted);
                page.extend(rows.into_iter().map(|record| (index, record)));
                continue;
            }
            let mut seen = 0;
            let limit = self.limit;
            let mut held = 0;
            self.each(part, Place::Start, &mut |record, _| {
                if seen >= skip && !is_full {
                    held += record.bytes();
                    page.push((index, record));
                    is_full = page.len() >= limit || held >= PAGE_BYTES;
                }
                seen += 1;
                Ok(ControlFlow::Continue(()))
            })?;
            total += seen;
        }
        Ok((total, page))
    }

    fn by_cursor(&mut self, cursor: Option<&Cursor>) -> Result<Page, Stop> {
        let wanted = self.limit.saturating_add(1);
        let is_backwards = cursor.is_some_and(|cursor| cursor.backwards);
        let (total, mut places, is_cut) = if self.is_sorted() {
            let descending = self.descending;
            let beyond = |row: &Row| {
                cursor.is_none_or(|cursor| {
                    let after = if descending { *row < cursor.place } else { *row > cursor.place };
                    after != cursor.backwards && *row != cursor.place
                })
            };
            let (total, rows) = self.sorted(First::new(wanted, descending != is_backwards), &beyond)?;
            (total, rows.into_iter().map(Match::at).collect(), false)
        } else {
            let total = match cursor.and_then(|cursor| cursor.total) {
                Some(total) => total,
                None => self.total()?,
            };
            let (mut places, is_cut) = self.near(cursor, is_backwards, wanted)?;
            if is_cut && places.len() > 1 {
                // It shows that something follows, as one more than the limit does.
                places.pop();
            }
            (total, places, is_cut)
        };
        if self.limit == 0 {
            let rows = Vec::new();
            return Ok(Page { total, rows, is_backwards: false, is_more: false, is_first: true });
        }
        if is_backwards && places.is_empty() {
            // Nothing is left before the place: the list now begins there.
            return self.by_cursor(None);
        }
        let is_more = is_cut || places.len() > self.limit;
        places.truncate(self.limit);
        let wanted = places.len();
        let rows = self.fetch(places)?;
        let is_more = is_more || rows.len() < wanted;
        Ok(Page { total, rows, is_backwards, is_more, is_first: cursor.is_none() })
    }

    /// The matches nearest to a cursor, in its direction, and whether they end by their bytes.
    fn near(
        &mut self,
        cursor: Option<&Cursor>,
        backwards: bool,
        wanted: usize,
    ) -> Result<(Vec<Match>, bool), Stop> {
        let start = cursor.map_or(0, |cursor| cursor.place.part);
        let parts: Vec<usize> =
            if backwards { (0..=start).rev().collect() } else { (start..self.parts.len()).collect() };
        let mut found: Vec<Match> = Vec::new();
        let mut held = 0;
        for index in parts {
            let Some(part) = self.parts.get(index) else { continue };
            let place = cursor.map(|cursor| &cursor.place).filter(|place| place.part == index);
            let from = match place {
                Some(Row { created, id, .. }) if backwards => Place::Before(created, id),
                Some(Row { created, id, .. }) => Place::After(created, id),
                // A later part is read whole; an earlier one from its end.
                None if backwards => Place::Before("~", ""),
                None => Place::Start,
            };
            if found.len() >= wanted {
                break;
            }
            let room = wanted - found.len();
            if part.exact {
                self.charge(part)?;
                let rows = self.store.select(&part.kind.name, &part.predicate, from, 0, room)?;
                let is_end = is_last(&rows, room);
                held += rows.iter().map(Weight::bytes).sum::<usize>();
                found.extend(rows.into_iter().map(|record| Match::of(index, record)));
                if is_end && held < PAGE_BYTES {
                    continue;
                }
                break;
            }
            self.each(part, from, &mut |record, _| {
                held += record.bytes();
                found.push(Match::of(index, record));
                let is_full = found.len() >= wanted || held >= PAGE_BYTES;
                Ok(if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            if held >= PAGE_BYTES {
                break;
            }
        }
        Ok((found, held >= PAGE_BYTES))
    }

    fn total(&mut self) -> Result<u64, Stop> {
        let mut total = 0;
        for part in self.parts {
            if part.exact {
                self.charge(part)?;
                total += self.store.count(&part.kind.name, &part.predicate)?;
            } else {
                self.each(part, Place::Start, &mut |_, _| {
                    total += 1;
                    Ok(ControlFlow::Continue(()))
                })?;
            }
        }
        Ok(total)
    }

    /// How many match, and the places that are wanted of those beyond a place. Without a value: last when
    /// ascending, first when descending (RFC 7644 §3.4.2.3).
    fn sorted(&mut self, mut first: First, beyond: &dyn Fn(&Row) -> bool) -> Result<(u64, Vec<Row>), Stop> {
        let context = self.context;
        let mut total = 0;
        for (index, part) in self.parts.iter().enumerate() {
            self.each(part, Place::Start, &mut |record, resource| {
                let key = part.sort.as_ref().and_then(|sort| sort.of(resource));
                context.effort.charge(40 + key.as_ref().map_or(0, |key| key.len() as u64))?;
                let row = Row {
                    lacks_key: key.is_none(),
                    key: key.unwrap_or_default(),
                    part: index,
                    created: record.created,
                    id: record.id,
                };
                total += 1;
                if beyond(&row) {
                    first.add(&context.effort, row)?;
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok((total, first.into_rows(&context.effort)))
    }

    fn fetch(&mut self, matches: Vec<Match>) -> Result<Vec<(Row, Record)>, Stop> {
        let mut rows = Vec::with_capacity(matches.len());
        let mut bytes = 0;
        for Match { place, record } in matches {
            let Some(part) = self.parts.get(place.part) else { continue };
            let record = match record {
                Some(record) => Some(record),
                None => {
                    self.context.effort.charge(QUESTION)?;
                    self.store.get(&part.kind.name, &place.id)?
                }
            };
            bytes += record.as_ref().map_or(0, Weight::bytes);
            rows.extend(record.map(|record| (place, record)));
            // What follows would find no room in the reply.
            if bytes >= 2 * PAGE_BYTES {
                break;
            }
        }
        Ok(rows)
    }

    /// Charges a question that an index answers. Where it does not find few rows at once, each comparison
    /// is looked up for every row.
    fn charge(&mut self, part: &Part<'_>) -> Result<(), Stop> {
        let probes = part.predicate.comparisons();
        let mut rows = 0;
        if probes > 1 && !part.predicate.finds_few() {
            rows = self.store.count(&part.kind.name, &Predicate::All)?;
        }
        let steps = rows.saturating_mul(probes).saturating_mul(PROBE);
        Ok(self.context.effort.charge(steps.saturating_add(QUESTION + 20 * probes))?)
    }

    /// Shows every match from a place on, within the budget of rows and the request's effort.
    fn each(&mut self, part: &Part<'_>, from: Place<'_>, visit: Visit<'_>) -> Result<(), Stop> {
        let effort = &self.context.effort;
        let backwards = matches!(from, Place::Before(..));
        let joins = |attribute: &str| {
            part.residue().is_some_and(|filter| filter.mentions(attribute))
                || part.sort.as_ref().is_some_and(|sort| sort.mentions(attribute))
        };
        self.charge(part)?;
        let mut last: Option<(String, String)> = None;
        let (mut length, mut read) = (SCAN_PAGE, 0);
        loop {
            let place = match &last {
                None => from,
                Some((created, id)) if backwards => Place::Before(created, id),
                Some((created, id)) => Place::After(created, id),
            };
            // What an index found is gone through once more for each page.
            effort.charge(QUESTION + if part.predicate == Predicate::All { 0 } else { PROBE * read })?;
            let rows = self.store.select(&part.kind.name, &part.predicate, place, 0, length)?;
            let is_end = is_last(&rows, length);
            length = (2 * length).min(MAX_SCAN_PAGE);
            last = rows.last().map(|row| (row.created.clone(), row.id.clone()));
            read += rows.len() as u64;
            self.looked += rows.len() as u64;
            if self.looked > self.context.settings.row_budget {
                return Err(Stop::Exhausted);
            }
            let found: Vec<_> = rows.iter().map(|record| (part.kind, record)).collect();
            let groups = Groups::of(self.store, self.context, &found, &joins)?;
            for record in rows {
                effort.charge(ROW)?;
                let resource = whole(self.store, self.context, part.kind, &record, &joins, &groups)?;
                if let Some(filter) = part.residue()
                    && !filter::matches_within(filter, &resource, effort)?
                {
                    continue;
                }
                if visit(record, &resource)?.is_break() {
                    groups.release(self.context);
                    return Ok(());
                }
            }
            groups.release(self.context);
            if is_end {
                return Ok(());
            }
        }
    }
}
