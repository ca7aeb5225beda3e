//! The whole configuration at a report's end: what it was that was planned.

use super::markup::{Html, heads, html, titled};
use crate::provision::configuration::JobSettings;
use crate::provision::message::told;
use serde_json::Value;

/// Mappings, scoping filters and settings, as tables.
#[must_use]
pub fn configuration(schema: &Value, settings: &JobSettings) -> String {
    let mut text = html("<h2>{}</h2>", &[&told!("Configuration")]);
    for rule in list(schema, "synchronizationRules") {
        for object in list(rule, "objectMappings") {
            object_mapping(&mut text, object);
        }
    }
    titled(&mut text, told!("Settings"));
    text.add("<table><tbody>", &[]);
    if let Ok(Value::Object(settings)) = serde_json::to_value(settings) {
        for (name, value) in settings.iter().filter(|(_, value)| !value.is_null()) {
            row(&mut text, &[name, &plain(value)]);
        }
    }
    text.add("</tbody></table>", &[]);
    text.finish()
}

fn object_mapping(text: &mut Html, object: &Value) {
    let name = |of: &str| word(object, of);
    text.add(
        "<h3>{} → {} <small>{}</small></h3>",
        &[&name("sourceObjectName"), &name("targetObjectName"), &name("flowTypes")],
    );
    heads(text, &[told!("Target"), told!("Source"), told!("Default"), told!("Matching"), told!("Applied")]);
    for mapping in list(object, "attributeMappings") {
        let source = mapping.get("source").unwrap_or(&Value::Null);
        let written = match word(source, "expression") {
            none if none.is_empty() => word(source, "name"),
            expression => expression,
        };
        let matching = mapping.get("matchingPriority").map(plain).filter(|priority| priority != "0");
        row(
            text,
            &[
                &word(mapping, "targetAttributeName"),
                &written,
                &word(mapping, "defaultValue"),
                &matching.unwrap_or_default(),
                &word(mapping, "flowType"),
            ],
        );
    }
    text.add("</tbody></table>", &[]);
    let groups = object.get("scope").map_or(&[][..], |scope| list(scope, "groups"));
    if !groups.is_empty() {
        titled(text, told!("Scoping filters"));
        text.add("<table><tbody>", &[]);
        for group in groups {
            for clause in list(group, "clauses") {
                let values = clause.get("targetOperand").map_or(&[][..], |operand| list(operand, "values"));
                let values: Vec<String> = values.iter().map(plain).collect();
                row(
                    text,
                    &[
                        &word(group, "name"),
                        &word(clause, "sourceOperandName"),
                        &word(clause, "operatorName"),
                        &values.join("; "),
                    ],
                );
            }
        }
        text.add("</tbody></table>", &[]);
    }
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

fn word(value: &Value, name: &str) -> String {
    value.get(name).filter(|value| !value.is_null()).map(plain).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A row whose first cell is its head.
fn row(text: &mut Html, cells: &[&str]) {
    text.add("<tr>", &[]);
    for (at, cell) in cells.iter().enumerate() {
        let form = if at == 0 { "<th scope=\"row\">{}</th>" } else { "<td><code>{}</code></td>" };
        text.add(form, &[cell]);
    }
    text.add("</tr>", &[]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::plan::Engine;
    use serde_json::json;

    #[test]
    fn every_mapping_filter_and_setting_is_there() {
        let mut engine = Engine::new();
        let settings = JobSettings { deletion_threshold: Some(7), ..JobSettings::default() };
        engine.configure("", &settings);
        let mut schema = engine.schema().cloned().expect("a schema");
        schema["synchronizationRules"][0]["objectMappings"][0]["scope"] = json!({"groups": [{"name": "<b>", "clauses": [
            {"operatorName": "EQUALS", "sourceOperandName": "department", "targetOperand": {"values": ["Sales"]}}]}]});
        let text = configuration(&schema, &settings);
        let mappings: usize = (0..2)
            .map(|at| {
                schema["synchronizationRules"][0]["objectMappings"][at]["attributeMappings"]
                    .as_array()
                    .map_or(0, Vec::len)
            })
            .sum();
        assert!(text.matches("<tr>").count() > mappings, "{text}");
        for part in
            ["userPrincipalName", "<code>department</code>", "Sales", "deletionThreshold", "&lt;b&gt;"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
