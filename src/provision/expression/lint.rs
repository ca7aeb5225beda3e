//! What parses and evaluates, and is still likely to disappoint.

use super::explosive::is_explosive;
use super::{Expression, Kind};
use crate::provision::message::told;
use crate::scim::span::Span;
use serde::Serialize;

/// A remark on an expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// A stable name of the rule.
    pub code: &'static str,
    /// What may go wrong and what to do.
    pub message: String,
    /// Where, in UTF-8 bytes.
    pub span: Span,
}

const PREDICATES: [&str; 5] = ["IsPresent", "IsNull", "IsNullOrEmpty", "IsNothing", "IsString"];

/// All remarks, in the order of the text.
pub fn lint(expression: &Expression) -> Vec<Lint> {
    let mut lints = Vec::new();
    let top = expression.span;
    expression.visit(&mut |part| {
        let mut remark =
            |code, message: String| lints.push(Lint { code, message, span: part.span });
        match &part.kind {
            Kind::Concat(_) => remark(
                "cloudSyncOnly",
                told!("`&` is documented for AD cloud sync only; use `Join(\"\", …)` or `Append`").into(),
            ),
            Kind::Call(function, arguments) => {
                let name = function.name;
                if function.cloud_sync {
                    remark("cloudSyncOnly", told!("`{0}` is documented for AD cloud sync only", name));
                }
                if name == "Mid" && arguments.len() == 2 {
                    remark("cloudSyncOnly", told!("`Mid` without a length is documented for AD cloud sync only").into());
                }
                if let ("Replace", Some(Some(pattern))) = (name, arguments.get(2))
                    && let Kind::Text(text) = &pattern.kind
                    && is_explosive(text)
                {
                    let advice = told!("the pattern repeats what is itself repeated and may take too long on some texts; write `(?>a+)+` for `(a+)+`, or repeat it once");
                    remark("explosivePattern", advice.into());
                }
                if name == "SelectUniqueValue" && part.span != top {
                    remark("topLevelOnly", told!("`SelectUniqueValue` works only as the outermost function").into());
                }
                let first = arguments.first().and_then(Option::as_ref);
                let predicate = first.and_then(predicate);
                if let (Some(predicate), "Switch") = (predicate, name) {
                    let advice = told!("a predicate as the source of `Switch` is advised against; use the attribute and the key \"\"");
                    remark("predicateSource", told!("`{0}`: {1}", predicate, advice));
                }
                if let (Some(predicate), "IIF") = (predicate, name) {
                    let advice = told!("documented as unsupported in a condition when the attribute is absent; use `Switch` with the key \"\"");
                    remark("predicateCondition", told!("`{0}`: {1}", predicate, advice));
                }
            }
            _ => {}
        }
    });
    lints
}

fn predicate(expression: &Expression) -> Option<&'static str> {
    let Kind::Call(function, _) = &expression.kind else { return None };
    PREDICATES.contains(&function.name).then_some(function.name)
}
