//! Which attributes a client asked to see: `attributes` and `excludedAttributes` (RFC 7644 §3.9).

use crate::scim::compat::{Flag, Profile, Reading, note};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::parse_patch_path;
use crate::scim::schema::project::Selection;

/// Most names in `attributes`, and in `excludedAttributes`.
const MAX_NAMES: usize = 256;

/// What a client asked to see, and what of it was read how.
pub(super) fn selection(
    profile: Profile,
    attributes: Option<String>,
    excluded: Option<String>,
) -> Result<(Selection, Vec<Reading>), ScimError> {
    for (name, list) in [("attributes", &attributes), ("excludedAttributes", &excluded)] {
        let number = list.as_ref().map_or(0, |list| 1 + list.matches(',').count());
        if number > MAX_NAMES {
            let detail = format!("`{name}` has {number} names, more than {MAX_NAMES}; leave some out");
            return Err(ScimError::bad(ScimType::InvalidValue, detail));
        }
    }
    let mut readings = Vec::new();
    let attributes = attributes.map(|list| match profile.has(Flag::FilteredAttributes) {
        true => without_filters(&list, &mut readings),
        false => list,
    });
    Ok((Selection::parse(attributes.as_deref(), excluded.as_deref()), readings))
}

/// `emails[type eq "work"].value` selects as `emails.value` does. Of what is left out instead this would
/// leave out more than was said.
fn without_filters(list: &str, readings: &mut Vec<Reading>) -> String {
    let read = |name: &str| {
        if !name.contains('[') {
            return name.to_owned();
        }
        let Ok(path) = parse_patch_path(name.trim()) else { return name.to_owned() };
        let sub = path.sub_attribute.map(|sub| format!(".{sub}")).unwrap_or_default();
        let meant = format!("{}{sub}", path.path);
        let (from, to) = (name.trim().into(), || meant.as_str().into());
        note(readings, Flag::FilteredAttributes, || "attributes".into(), &from, to);
        meant
    };
    names(list).into_iter().map(read).collect::<Vec<_>>().join(",")
}

/// The names in a list; a comma within a filter parts none.
fn names(list: &str) -> Vec<&str> {
    let (mut is_inside, mut is_text) = (false, false);
    let parts = |c: char| {
        match c {
            '"' if is_inside => is_text = !is_text,
            '[' if !is_text => is_inside = true,
            ']' if !is_text => is_inside = false,
            _ => {}
        }
        c == ',' && !is_inside
    };
    list.split(parts).collect()
}
