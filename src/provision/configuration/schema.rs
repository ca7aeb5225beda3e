//! Entra's `synchronizationSchema`: read for what the engine needs, kept whole for
//! export. What is kept is the JSON value itself, unknown properties, ids and order
//! included, so that what went in comes out.

use crate::provision::expression;
use crate::provision::expression::{Expression, parse};
use crate::provision::message::told;
use crate::provision::profile::APPLICATIONS;
use crate::provision::source::InputError;
use crate::provision::target::{TargetPath, member};
use serde_json::{Map, Number, Value};

/// What exports that write enumerations as numbers mean, in order.
const SOURCE_TYPES: [&str; 3] = ["attribute", "constant", "function"];
const FLOW_TYPES: [&str; 3] = ["always", "objectaddonly", "multivalueaddonly"];
const FLOW_BEHAVIORS: [&str; 2] = ["flowwhenchanged", "flowalways"];

/// The profile used when no configuration is given.
const DEFAULT_PROFILE: &str = "clarizen-one";

/// A configuration as read.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    /// The export, untouched.
    pub document: Value,
    pub users: Option<ObjectMapping>,
    pub groups: Option<ObjectMapping>,
}

/// How one kind of object is provisioned.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObjectMapping {
    pub enabled: bool,
    pub create: bool,
    pub update: bool,
    pub delete: bool,
    /// The target has a way to disable instead of delete.
    pub soft_delete: bool,
    pub target_name: String,
    pub scope: Value,
    pub attributes: Vec<AttributeMapping>,
}

/// One line of a mapping table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttributeMapping {
    pub target: String,
    pub default: Option<String>,
    pub matching_priority: i64,
    pub flow_type: FlowType,
    pub flow_always: bool,
    pub source: MappingSource,
    pub definition: Definition,
}

/// When a mapping applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlowType {
    Always,
    CreateOnly,
    AddValuesOnly,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MappingSource {
    None,
    Attribute(String),
    Constant(String),
    Expression(String),
}

/// What the target directory says about an attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Definition {
    pub kind: Kind,
    pub case_exact: bool,
    pub required: bool,
    pub multivalued: bool,
    pub known: bool,
}

/// A target attribute's type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    String,
    Integer,
    Boolean,
    DateTime,
    Reference,
    Binary,
}

impl Schema {
    /// The profile of that name under `profile/application`; without a name, Clarizen One's.
    pub fn profile(name: Option<&str>) -> Result<Self, InputError> {
        let name = name.unwrap_or(DEFAULT_PROFILE);
        match APPLICATIONS.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::parse(text),
            None => {
                let names: Vec<&str> = APPLICATIONS.iter().map(|(name, _)| *name).collect();
                let help = told!("choose one of {0}", names.join(", "));
                Err(InputError::new(told!("there is no profile `{0}`", name), help))
            }
        }
    }

    /// A rule's metadata, as `ExcludeDefaultAccess` or `AssignableRoles`.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        list(&self.document, "synchronizationRules").iter().find_map(|rule| metadata(rule, key))
    }

    /// Reads an export.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        let document: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            InputError::new(
                told!("the schema is not JSON: {0}", error),
                told!("give the export as the portal downloads it, or a mapping table in Markdown whose rows begin with `|`"),
            )
            .at(error.line())
        })?;
        let mut found = (None, None);
        for rule in list(&document, "synchronizationRules") {
            let directory = text_of(rule, "targetDirectoryName").unwrap_or_default();
            for mapping in list(rule, "objectMappings") {
                let kind = text_of(mapping, "sourceObjectName").unwrap_or_default();
                let slot = match kind.to_ascii_lowercase().as_str() {
                    "user" => &mut found.0,
                    "group" => &mut found.1,
                    _ => continue,
                };
                if slot.is_none() {
                    *slot = Some(object_mapping(&document, directory, mapping));
                }
            }
        }
        if found.0.is_none() && found.1.is_none() {
            return Err(InputError::new(
                told!("the schema has no object mapping for `User` or `Group` under `synchronizationRules`"),
                told!(
                    "give the whole export: Provisioning, Attribute mapping, Review your schema here, Download"
                ),
            ));
        }
        Ok(Self { document, users: found.0, groups: found.1 })
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text_of<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn flag(value: &Value, key: &str, default: bool) -> bool {
    match value.get(key) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => default,
    }
}

fn object_mapping(document: &Value, directory: &str, mapping: &Value) -> ObjectMapping {
    let target_name = text_of(mapping, "targetObjectName").unwrap_or_default().to_owned();
    let target = target_object(document, directory, &target_name);
    let [create, update, delete] = flow_types(mapping);
    let attributes = list(mapping, "attributeMappings").iter().filter_map(Value::as_object);
    ObjectMapping {
        enabled: flag(mapping, "enabled", true),
        create,
        update,
        delete,
        soft_delete: target.is_none_or(|target| metadata(target, "IsSoftDeletionSupported") != Some("false")),
        scope: mapping.get("scope").cloned().unwrap_or(Value::Null),
        attributes: attributes.map(|attribute| attribute_mapping(attribute, target)).collect(),
        target_name,
    }
}

/// The target object's definition in the export's `directories`.
fn target_object<'a>(document: &'a Value, directory: &str, name: &str) -> Option<&'a Value> {
    let named =
        |value: &&Value, name: &str| text_of(value, "name").is_some_and(|n| n.eq_ignore_ascii_case(name));
    let directory = list(document, "directories").iter().find(|candidate| named(candidate, directory))?;
    list(directory, "objects").iter().find(|candidate| named(candidate, name))
}

fn metadata<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    list(object, "metadata")
        .iter()
        .find(|entry| text_of(entry, "key") == Some(key))
        .and_then(|e| text_of(e, "value"))
}

fn attribute_mapping(mapping: &Map<String, Value>, target: Option<&Value>) -> AttributeMapping {
    let text = |key: &str| member(mapping, key).and_then(Value::as_str);
    let name = text("targetAttributeName").unwrap_or_default().to_owned();
    let option = |key: &str, names: &[&str]| match member(mapping, key) {
        Some(Value::Number(number)) => names.get(place(number)).copied().unwrap_or_default().to_owned(),
        value => value.and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase(),
    };
    AttributeMapping {
        default: text("defaultValue").map(str::to_owned),
        matching_priority: member(mapping, "matchingPriority").and_then(Value::as_i64).unwrap_or(0),
        flow_type: match option("flowType", &FLOW_TYPES).as_str() {
            "objectaddonly" => FlowType::CreateOnly,
            "multivalueaddonly" => FlowType::AddValuesOnly,
            _ => FlowType::Always,
        },
        flow_always: option("flowBehavior", &FLOW_BEHAVIORS) == "flowalways",
        source: mapping_source(member(mapping, "source").unwrap_or(&Value::Null)),
        definition: definition(&name, target),
        target: name,
    }
}

/// Where a mapping's value comes from, as a configuration writes it. The text is the truth;
/// where it is missing, the tree says the same.
pub(crate) fn mapping_source(source: &Value) -> MappingSource {
    let name = text_of(source, "name").unwrap_or_default().to_owned();
    let expression = text_of(source, "expression").unwrap_or_default().to_owned();
    let kind = match source.get("type") {
        Some(Value::Number(number)) => {
            SOURCE_TYPES.get(place(number)).copied().unwrap_or_default().to_owned()
        }
        kind => kind.and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase(),
    };
    match kind.as_str() {
        "attribute" if name.is_empty() => {
            MappingSource::Attribute(expression.trim_matches(['[', ']']).to_owned())
        }
        "attribute" => MappingSource::Attribute(name),
        "constant" if name.is_empty() => match parse(&expression).map(|constant| constant.kind) {
            Ok(expression::Kind::Text(text) | expression::Kind::Number(text)) => {
                MappingSource::Constant(text)
            }
            _ => MappingSource::Constant(expression),
        },
        "constant" => MappingSource::Constant(name),
        "function" if expression.trim().is_empty() => {
            let tree = Expression::from_tree(source).map(|tree| tree.to_string());
            MappingSource::Expression(tree.unwrap_or_default())
        }
        "function" => MappingSource::Expression(expression),
        _ if !expression.is_empty() => MappingSource::Expression(expression),
        _ => MappingSource::None,
    }
}

/// An enumeration's number as a place in the list of its names.
fn place(number: &Number) -> usize {
    number.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(usize::MAX)
}

/// `Add, Update, Delete` as names, or as the sum of 1, 2 and 4.
fn flow_types(mapping: &Value) -> [bool; 3] {
    match mapping.get("flowTypes") {
        Some(Value::Number(number)) => {
            let sum = number.as_u64().unwrap_or(7);
            [1, 2, 4].map(|bit| sum & bit != 0)
        }
        names => {
            let names = names.and_then(Value::as_str).unwrap_or("Add, Update, Delete").to_ascii_lowercase();
            ["add", "update", "delete"].map(|name| names.split(',').any(|listed| listed.trim() == name))
        }
    }
}

fn definition(name: &str, target: Option<&Value>) -> Definition {
    let folded = name.to_ascii_lowercase();
    let attributes = target.map_or(&[][..], |target| list(target, "attributes"));
    let spelled = |a: &&Value| text_of(a, "name").is_some_and(|n| n.eq_ignore_ascii_case(name));
    let path = TargetPath::parse(name).ok();
    let meant = |a: &&Value| {
        let listed = text_of(a, "name").and_then(|name| TargetPath::parse(name).ok());
        listed.zip(path.as_ref()).is_some_and(|(listed, path)| listed.is_same(path))
    };
    let found = attributes.iter().find(spelled).or_else(|| attributes.iter().find(meant));
    let Some(found) = found else {
        let kind = match folded.as_str() {
            "active" => Kind::Boolean,
            "members" | "manager" => Kind::Reference,
            _ if folded.ends_with(":manager") => Kind::Reference,
            _ => Kind::String,
        };
        let multivalued = matches!(folded.as_str(), "members" | "roles");
        return Definition { kind, multivalued, known: attributes.is_empty(), ..Definition::default() };
    };
    Definition {
        kind: match text_of(found, "type").unwrap_or_default().to_ascii_lowercase().as_str() {
            "integer" => Kind::Integer,
            "boolean" => Kind::Boolean,
            "datetime" => Kind::DateTime,
            "reference" => Kind::Reference,
            "binary" => Kind::Binary,
            _ => Kind::String,
        },
        case_exact: flag(found, "caseExact", false),
        required: flag(found, "required", false),
        multivalued: flag(found, "multivalued", false),
        known: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_has_the_tutorials_targets() {
        let schema = Schema::profile(None).expect("readable");
        let users = schema.users.expect("a user mapping");
        let mut targets: Vec<&str> = users.attributes.iter().map(|mapping| mapping.target.as_str()).collect();
        targets.sort_unstable();
        targets.dedup();
        assert_eq!(targets.len(), 38);
        assert_eq!(schema.groups.map(|groups| groups.attributes.len()), Some(3));
    }

    #[test]
    fn every_profile_is_read_without_a_finding() {
        for (name, text) in APPLICATIONS {
            let mut engine = crate::provision::plan::Engine::new();
            let found = engine.configure(text, &super::super::settings::JobSettings::default());
            let surprising =
                found.iter().filter(|found| found.severity != crate::provision::diagnostic::Severity::Info);
            assert_eq!(
                surprising.collect::<Vec<_>>(),
                Vec::<&crate::provision::diagnostic::Diagnostic>::new(),
                "{name}"
            );
        }
        let generic = Schema::profile(Some("scim")).expect("readable");
        assert_eq!(generic.users.map(|users| users.attributes.len()), Some(22));
    }

    #[test]
    fn what_went_in_comes_out() {
        let (_, text) = APPLICATIONS.first().expect("a profile");
        let text = text.replacen('{', "{\"x-unknown\": [1, {\"z\": null, \"a\": 2.5}],", 1);
        let kept = Schema::parse(&text).expect("readable").document;
        assert_eq!(kept.to_string(), serde_json::from_str::<Value>(&text).expect("JSON").to_string());
        assert!(kept.to_string().starts_with("{\"x-unknown\":[1,{\"z\":null,\"a\":2.5}],"));
    }
}
