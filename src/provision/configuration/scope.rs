//! Scoping filters: OR between groups, AND between a group's clauses. Null or empty is
//! false for every operator but IS NULL, which surprises, so the deciding clause is named.

use super::pattern::Pattern;
use crate::provision::expression::{Attributes, Value as Held};
use crate::provision::message::told;
use serde::Serialize;
use serde_json::Value;

/// A filter as compiled from `scope` of an object mapping.
#[derive(Debug, Default)]
pub(crate) struct ScopeFilter {
    groups: Vec<Group>,
    /// `inputFilterGroups`: what fails these is not looked at, so it is never disabled either.
    early: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    name: String,
    clauses: Vec<Clause>,
}

#[derive(Debug)]
struct Clause {
    attribute: String,
    spelled: String,
    operator: Option<Operator>,
    values: Vec<String>,
    pattern: Option<Pattern>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equals,
    NotEquals,
    IsNull,
    IsNotNull,
    IsTrue,
    IsFalse,
    RegexMatch,
    NotRegexMatch,
    GreaterThan,
    GreaterThanOrEquals,
    Includes,
    EndsWith,
    BitsOrPart,
    NotBitsOrPart,
}

/// A scoping filter as it came out for one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterFacts {
    /// Its title.
    pub name: String,
    /// It is an input filter (`inputFilterGroups`), which is asked before the others.
    pub input: bool,
    /// Whether all its clauses held.
    pub came: Came,
    /// Its clauses in their order.
    pub clauses: Vec<ClauseFacts>,
}

/// A clause as it came out for one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClauseFacts {
    /// The source attribute.
    pub attribute: String,
    /// The operator as the configuration spells it.
    pub operator: String,
    /// What is compared with; none of operators that take no value.
    pub expected: Vec<String>,
    /// What the object has; none when that is null.
    pub held: Vec<String>,
    /// Whether it held.
    pub came: Came,
    /// Because of it the object is out of scope.
    pub decides: bool,
}

/// How a filter or a clause came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Came {
    /// It held.
    Passed,
    /// It did not.
    Failed,
    /// It was decided without it.
    NotNeeded,
}

impl ScopeFilter {
    /// Compiles; the texts are warnings.
    pub fn compile(scope: &Value) -> (Self, Vec<String>) {
        let mut warnings = Vec::new();
        let list = |key: &str| scope.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut groups = |key: &str| -> Vec<Group> {
            let groups = list(key).iter().map(|group| compile_group(group, &mut warnings));
            groups.filter(|group| !group.clauses.is_empty()).collect()
        };
        let filter = Self { groups: groups("groups"), early: groups("inputFilterGroups") };
        if !filter.early.is_empty() {
            warnings.push(
                told!("`inputFilterGroups` are experimental: who leaves them is not looked at again, and never disabled")
                    .to_owned(),
            );
        }
        if !list("categoryFilterGroups").is_empty() {
            warnings.push(told!("`categoryFilterGroups` are experimental and not evaluated here").to_owned());
        }
        (filter, warnings)
    }

    /// What the filter says of an object.
    pub fn answer(&self, object: &dyn Attributes) -> Answer {
        match (decide(&self.early, object).0, || decide(&self.groups, object).0) {
            (Some(true), groups) => groups()
                .map_or(Answer::Undecided, |passes| if passes { Answer::Passed } else { Answer::Failed }),
            _ => Answer::Unseen,
        }
    }

    /// The patterns that match anywhere in a value: attribute, pattern, and the same for the
    /// whole value.
    pub fn loose_patterns(&self) -> impl Iterator<Item = (&str, &Pattern, Pattern)> {
        self.all().filter_map(|clause| {
            let pattern = clause.pattern.as_ref().filter(|_| !is_anchored(clause.wanted()))?;
            let whole = Pattern::compile(&format!("^(?:{})$", clause.wanted())).ok()?;
            Some((clause.attribute.as_str(), pattern, whole))
        })
    }

    fn all(&self) -> impl Iterator<Item = &Clause> {
        self.groups.iter().chain(&self.early).flat_map(|group| &group.clauses)
    }

    /// For each group, which of its clauses the object passes.
    pub fn clauses(&self, object: &dyn Attributes) -> Vec<Vec<bool>> {
        let passes = |clause: &Clause| matches!(clause.judge(object), Judged::Holds);
        self.groups.iter().map(|group| group.clauses.iter().map(passes).collect()).collect()
    }

    /// Each filter and clause with what it made of the object. As in [`Self::decide`], what comes
    /// after the deciding one is not run.
    pub fn facts(&self, object: &dyn Attributes) -> Vec<FilterFacts> {
        let early = facts(&self.early, true, true, object);
        let looked_at = early.is_empty() || early.iter().any(|filter| filter.came == Came::Passed);
        let mut all = early;
        all.append(&mut facts(&self.groups, false, looked_at, object));
        all
    }

    /// Whether it lets everyone pass.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.early.is_empty()
    }

    /// The source attributes it reads.
    pub fn attributes(&self) -> Vec<&str> {
        self.all().map(|clause| clause.attribute.as_str()).collect()
    }

    /// Because of what the object passes or does not.
    pub fn explain(&self, object: &dyn Attributes) -> String {
        match decide(&self.early, object) {
            (Some(true), _) => decide(&self.groups, object).1,
            (_, why) => told!("not looked at, by the input filter: {0}", why),
        }
    }
}

/// What a filter says of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Passed,
    Failed,
    /// The input filter keeps it from being looked at.
    Unseen,
    /// A value cannot be held against a pattern, so that nobody knows.
    Undecided,
}

impl Answer {
    const ALL: [Self; 4] = [Self::Passed, Self::Failed, Self::Unseen, Self::Undecided];

    /// As it stands in a column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "True",
            Self::Failed => "False",
            Self::Unseen => "Unseen",
            Self::Undecided => "Undecided",
        }
    }

    /// From a column; what is not there has passed nothing.
    pub fn of(name: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|answer| Some(answer.name()) == name).unwrap_or(Self::Failed)
    }
}

fn facts(groups: &[Group], input: bool, mut needed: bool, object: &dyn Attributes) -> Vec<FilterFacts> {
    let mut filters = Vec::new();
    let mut passed = false;
    for group in groups {
        let mut came = if needed { Came::Passed } else { Came::NotNeeded };
        let mut clauses = Vec::new();
        for clause in &group.clauses {
            let this = match came {
                Came::Passed if matches!(clause.judge(object), Judged::Holds) => Came::Passed,
                Came::Passed => Came::Failed,
                _ => Came::NotNeeded,
            };
            if this == Came::Failed {
                came = Came::Failed;
            }
            clauses.push(ClauseFacts {
                attribute: clause.attribute.clone(),
                operator: clause.spelled.clone(),
                expected: if clause.is_unary() { Vec::new() } else { clause.values.clone() },
                held: object.attribute(&clause.attribute).items(),
                came: this,
                decides: this == Came::Failed,
            });
        }
        // One filter that holds is enough.
        if came == Came::Passed {
            (needed, passed) = (false, true);
        }
        filters.push(FilterFacts { name: group.name.clone(), input, came, clauses });
    }
    if passed {
        for clause in filters.iter_mut().flat_map(|filter| &mut filter.clauses) {
            clause.decides = false;
        }
    }
    filters
}

/// Whether one of the groups holds, and because of what; `None` where none does and one cannot be decided.
fn decide(groups: &[Group], object: &dyn Attributes) -> (Option<bool>, String) {
    if groups.is_empty() {
        return (Some(true), told!("no filter").to_owned());
    }
    let mut outcome = Some(false);
    let mut reasons = Vec::new();
    for group in groups {
        let mut judged = group.clauses.iter().map(|clause| clause.judge(object));
        match judged.find(|judged| !matches!(judged, Judged::Holds)) {
            None | Some(Judged::Holds) => return (Some(true), told!("`{0}` holds", group.name)),
            Some(Judged::Fails(reason)) => reasons.push(told!("`{0}`: {1}", group.name, reason)),
            Some(Judged::Undecided(reason)) => {
                outcome = None;
                reasons.push(told!("`{0}`: {1}", group.name, reason));
            }
        }
    }
    (outcome, reasons.join("; "))
}

/// What a clause says of an object, and why it does not hold.
enum Judged {
    Holds,
    Fails(String),
    /// A value cannot be held against the pattern.
    Undecided(String),
}

/// Whether a pattern says where the value begins and ends.
fn is_anchored(pattern: &str) -> bool {
    let flags = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
    let begin = match flags {
        Some((flags, rest)) if flags.chars().all(|c| c.is_ascii_alphabetic() || c == '-') => rest,
        _ => pattern,
    };
    (begin.starts_with('^') || begin.starts_with("\\A"))
        && ["$", "\\z", "\\Z"].iter().any(|end| pattern.ends_with(end))
}

fn compile_group(group: &Value, warnings: &mut Vec<String>) -> Group {
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let clauses = group.get("clauses").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let clauses = clauses.iter().map(|clause| {
        let spelled = text(clause, "operatorName");
        let values = clause.get("targetOperand").and_then(|operand| operand.get("values")).and_then(Value::as_array);
        let values: Vec<String> = values
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        let operator = operator(&spelled);
        if operator.is_none() {
            warnings.push(told!("the filter operator `{0}` is not supported; the clause is never true", spelled));
        }
        let mut pattern = None;
        if matches!(operator, Some(Operator::RegexMatch | Operator::NotRegexMatch)) {
            let text = values.first().map_or("", String::as_str);
            match Pattern::compile(text) {
                Ok(compiled) => pattern = Some(compiled),
                Err(error) => warnings.push(told!("the pattern `{0}` cannot be read: {1}; the clause is never true", text, error)),
            }
            if pattern.is_some() && !is_anchored(text) {
                warnings.push(told!("the pattern `{0}` matches anywhere in the value; write `^` and `$` around it if the whole value is meant", text));
            }
        }
        if matches!(operator, Some(Operator::GreaterThan | Operator::GreaterThanOrEquals))
            && values.first().is_none_or(|value| value.trim().parse::<i64>().is_err())
        {
            warnings.push(told!("`{0}` compares integers only; the clause is never true", spelled));
        }
        if !is_unary(operator) && values.iter().all(String::is_empty) {
            warnings.push(told!("`{0}` has no value to compare `{1}` with", spelled, text(clause, "sourceOperandName")));
        }
        Clause { attribute: text(clause, "sourceOperandName"), spelled, operator, values, pattern }
    });
    Group { name: text(group, "name"), clauses: clauses.collect() }
}

/// The operator by any of its spellings: `IS NOT NULL`, `IsNotNull`, `Greater_Than`.
fn operator(name: &str) -> Option<Operator> {
    let plain: String =
        name.chars().filter(|c| !matches!(c, ' ' | '_')).flat_map(char::to_lowercase).collect();
    Some(match plain.as_str() {
        "equals" | "=" => Operator::Equals,
        "notequals" | "<>" => Operator::NotEquals,
        "isnull" => Operator::IsNull,
        "isnotnull" => Operator::IsNotNull,
        "istrue" => Operator::IsTrue,
        "isfalse" => Operator::IsFalse,
        "regexmatch" => Operator::RegexMatch,
        "notregexmatch" => Operator::NotRegexMatch,
        "greaterthan" => Operator::GreaterThan,
        "greaterthanorequals" => Operator::GreaterThanOrEquals,
        "includes" => Operator::Includes,
        "endswith" => Operator::EndsWith,
        "&" => Operator::BitsOrPart,
        "!&" => Operator::NotBitsOrPart,
        _ => return None,
    })
}

/// Whether an operator takes no value; what is none takes none either.
fn is_unary(operator: Option<Operator>) -> bool {
    use Operator::{IsFalse, IsNotNull, IsNull, IsTrue};
    matches!(operator, None | Some(IsNull | IsNotNull | IsTrue | IsFalse))
}

impl Clause {
    fn is_unary(&self) -> bool {
        self.operator.is_some() && is_unary(self.operator)
    }

    /// Whether the clause holds, else why not.
    fn judge(&self, object: &dyn Attributes) -> Judged {
        let held = match object.attribute(&self.attribute) {
            Held::Text(text) => vec![text],
            Held::List(items) => items,
            Held::Null | Held::Ignore => Vec::new(),
        };
        let empty = held.iter().all(String::is_empty);
        let holds: Result<bool, String> = match self.operator {
            None => Ok(false),
            Some(Operator::IsNull) => Ok(empty),
            Some(Operator::IsNotNull) => Ok(!empty),
            Some(_) if empty => Ok(false),
            Some(operator) => held.iter().try_fold(true, |all, text| Ok(all && self.holds(operator, text)?)),
        };
        match holds {
            Ok(true) => return Judged::Holds,
            Ok(false) => {}
            Err(why) => {
                let (attribute, operator) = (&self.attribute, &self.spelled);
                let wanted = self.values.join(", ");
                return Judged::Undecided(told!(
                    "{0} {1} {2} cannot be decided: {3}",
                    attribute,
                    operator,
                    wanted,
                    why
                ));
            }
        }
        let shown = if empty { "null".to_owned() } else { format!("`{}`", held.join(", ")) };
        let wanted = self.values.join(", ");
        if empty && !matches!(self.operator, Some(Operator::IsNotNull | Operator::IsNull)) {
            return Judged::Fails(told!(
                "{0} {1} {2} is false, the value is null; null is false for every operator but IS NULL",
                self.attribute,
                self.spelled,
                wanted
            ));
        }
        Judged::Fails(told!(
            "{0} {1} {2} is false, the value is {3}",
            self.attribute,
            self.spelled,
            wanted,
            shown
        ))
    }

    /// The value that is compared with, or the first of several.
    fn wanted(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    /// Whether a value satisfies the clause, else why nobody can say.
    fn holds(&self, operator: Operator, text: &str) -> Result<bool, String> {
        let wanted = self.wanted();
        let any = |test: &dyn Fn(&str) -> bool| self.values.iter().any(|value| test(value));
        let numbers = || Some((text.trim().parse::<i64>().ok()?, wanted.trim().parse::<i64>().ok()?));
        let part = || match numbers() {
            Some((held, mask)) => held & mask != 0,
            None => wanted.contains(text),
        };
        Ok(match operator {
            Operator::Equals => any(&|value| value == text),
            Operator::NotEquals => !any(&|value| value == text),
            Operator::IsNull | Operator::IsNotNull => false,
            Operator::IsTrue => text.eq_ignore_ascii_case("true"),
            Operator::IsFalse => text.eq_ignore_ascii_case("false"),
            Operator::RegexMatch | Operator::NotRegexMatch => match &self.pattern {
                Some(pattern) => pattern.is_match(text)? == (operator == Operator::RegexMatch),
                None => false,
            },
            Operator::GreaterThan => numbers().is_some_and(|(held, limit)| held > limit),
            Operator::GreaterThanOrEquals => numbers().is_some_and(|(held, limit)| held >= limit),
            Operator::Includes => any(&|value| text.contains(value)),
            Operator::EndsWith => any(&|value| text.ends_with(value)),
            Operator::BitsOrPart => part(),
            Operator::NotBitsOrPart => !part(),
        })
    }
}
