//! A filter bound to a resource type: every path resolved, every type rule checked
//! (RFC 7644 §3.4.2.2), every literal folded once.

use serde_json::Number;

use super::ast::{Filter, IgnoredSpan, Literal, Operator};
use super::error::FilterError;
use super::text::Needle;
use crate::scim::compat::{Flag, Profile};
use crate::scim::name::{AttributePath, Letters};
use crate::scim::schema::{Attribute, Moment, Registry, ResourceType, Schema, Type, moment};
use crate::scim::span::Span;

/// A filter ready to be evaluated.
#[derive(Clone, Debug)]
pub enum Compiled {
    /// All of them.
    And(Vec<Compiled>),
    /// One of them.
    Or(Vec<Compiled>),
    /// Not that.
    Not(Box<Compiled>),
    /// An attribute compared with a literal.
    Compare(Target, Operator, Operand),
    /// The attribute has a value.
    Present(Target),
    /// The resource has something of this extension.
    Extended(String),
    /// An element of a multi-valued attribute satisfies all of these.
    Element(Target, Vec<Compiled>),
}

/// Where to look.
#[derive(Clone, Debug)]
pub struct Target {
    /// The extension's URN, under which its attributes stand.
    pub extension: Option<String>,
    /// The attribute, in the schema's spelling.
    pub attribute: String,
    /// The sub-attribute, in the schema's spelling.
    pub sub_attribute: Option<String>,
    /// How texts there are compared.
    pub letters: Letters,
}

impl Target {
    const fn cost(&self) -> u64 {
        1 + 2 * (self.sub_attribute.is_some() as u64 + self.extension.is_some() as u64)
    }
}

/// What to compare with, made ready.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// `null`: the attribute has no value.
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer or a decimal.
    Number(Number),
    /// Text, folded where case does not matter.
    Text(Needle),
    /// A dateTime.
    Instant(Moment),
}

/// Binds a filter to a resource type, by the default profile.
///
/// # Errors
/// An attribute that the type does not have, or an operator that its type does not allow.
pub fn compile(filter: &Filter, registry: &Registry, kind: &ResourceType) -> Result<Compiled, FilterError> {
    compile_for(filter, registry, kind, Profile::DEFAULT)
}

/// Binds a filter to a resource type. The profile says whether `"True"` is a boolean, and
/// whether an extension's attribute may be named without its URN.
///
/// # Errors
/// As [`compile`].
pub fn compile_for(
    filter: &Filter,
    registry: &Registry,
    kind: &ResourceType,
    profile: Profile,
) -> Result<Compiled, FilterError> {
    Binder { registry, kind, profile, beside: &[], parent: None }.bind(filter)
}

/// Binds a filter to one of several resource types that are searched together. What only
/// another of them has is here an attribute without a value (RFC 7644 §3.4.2.1).
///
/// # Errors
/// As [`compile`], for what none of them has.
pub fn compile_among(
    filter: &Filter,
    registry: &Registry,
    kind: &ResourceType,
    beside: &[&ResourceType],
    profile: Profile,
) -> Result<Compiled, FilterError> {
    Binder { registry, kind, profile, beside, parent: None }.bind(filter)
}

/// Binds a value filter to the elements of one attribute.
///
/// # Errors
/// As [`compile`].
pub fn compile_element(
    filter: &Filter,
    parent: &Attribute,
    profile: Profile,
) -> Result<Compiled, FilterError> {
    let (registry, kind) = (Registry::default(), ResourceType::default());
    Binder { registry: &registry, kind: &kind, profile, beside: &[], parent: Some(parent) }.bind(filter)
}

struct Binder<'a> {
    registry: &'a Registry,
    kind: &'a ResourceType,
    profile: Profile,
    /// The resource types that are searched too.
    beside: &'a [&'a ResourceType],
    /// Inside `[…]`: the attribute whose elements are meant.
    parent: Option<&'a Attribute>,
}

impl Binder<'_> {
    fn bind(&self, filter: &Filter) -> Result<Compiled, FilterError> {
        if let Some(without) = self.without(filter) {
            return without;
        }
        Ok(match filter {
            Filter::And(parts) => Compiled::And(self.bind_all(parts)?),
            Filter::Or(parts) => Compiled::Or(self.bind_all(parts)?),
            Filter::Not(inner) => Compiled::Not(Box::new(self.bind(inner)?)),
            Filter::Present(path) => match self.schema(path) {
                // Every resource has its own schema.
                Some(schema) if schema.id == self.kind.schema => Compiled::And(Vec::new()),
                Some(schema) => Compiled::Extended(schema.id.clone()),
                None => Compiled::Present(self.resolve(path)?.1),
            },
            Filter::Compare { path, operator, value, value_span: IgnoredSpan(value_span) } => {
                let (attribute, mut target) = self.resolve(path)?;
                let hidden = self.hides(path);
                // `emails eq "x"` means `emails.value eq "x"`.
                let value_of = attribute.sub("value").filter(|_| attribute.kind == Type::Complex);
                let attribute = match value_of {
                    Some(sub) if target.sub_attribute.is_none() => {
                        target.sub_attribute = Some(sub.name.clone());
                        target.letters = sub.letters();
                        sub
                    }
                    _ => attribute,
                };
                if (hidden || attribute.is_hidden()) && !matches!(operator, Operator::Eq | Operator::Ne) {
                    // Each such answer would tell a piece of the value.
                    let message = format!("`{path}` is never returned and is compared only as a whole");
                    return Err(FilterError::new(path.span, message).help("use `eq`, `ne` or `pr`"));
                }
                let operand = self.operand(path, attribute, *operator, (value, *value_span))?;
                Compiled::Compare(target, *operator, operand)
            }
            Filter::ValuePath { path, .. } if self.parent.is_some() => {
                return Err(FilterError::new(
                    path.span,
                    format!("`{path}[…]` stands in a value filter already"),
                )
                .help("no sub-attribute has elements of its own"));
            }
            Filter::ValuePath { path, filter, then } => {
                let (attribute, target) = self.resolve(path)?;
                let inside = Binder { parent: Some(attribute), ..*self };
                let mut all = vec![inside.bind(filter)?];
                if let Some(then) = then {
                    all.push(inside.bind(then)?);
                }
                Compiled::Element(target, all)
            }
        })
    }

    /// A term on what this type does not have, but one beside it: as that one reads it, on an
    /// attribute without a value.
    fn without(&self, filter: &Filter) -> Option<Result<Compiled, FilterError>> {
        let (path, of_nothing) = match filter {
            Filter::Compare { path, operator, value, .. } => {
                let is_null = *value == Literal::Null;
                (path, (*operator == Operator::Eq && is_null) || (*operator == Operator::Ne && !is_null))
            }
            Filter::Present(path) | Filter::ValuePath { path, .. } => (path, false),
            Filter::And(_) | Filter::Or(_) | Filter::Not(_) => return None,
        };
        let has = |kind| {
            let other = Binder { kind, beside: &[], ..*self };
            other.schema(path).is_some() || other.resolve(path).is_ok()
        };
        if self.beside.is_empty() || has(self.kind) {
            return None;
        }
        let other = self.beside.iter().copied().find(|kind| has(kind))?;
        let read = Binder { kind: other, beside: &[], ..*self }.bind(filter);
        Some(read.map(|_| if of_nothing { Compiled::And(Vec::new()) } else { Compiled::Or(Vec::new()) }))
    }

    /// Parts of which order does not matter, the cheapest first: often it decides alone.
    fn bind_all(&self, parts: &[Filter]) -> Result<Vec<Compiled>, FilterError> {
        let mut parts = parts.iter().map(|part| self.bind(part)).collect::<Result<Vec<_>, _>>()?;
        parts.sort_by_key(Compiled::cost);
        Ok(parts)
    }

    /// The schema that the whole path names, if it does.
    fn schema(&self, path: &AttributePath) -> Option<&Schema> {
        let urn = path.as_urn().filter(|_| self.parent.is_none())?;
        let own = self.registry.schema(&self.kind.schema).into_iter();
        own.chain(self.registry.extensions(self.kind)).find(|schema| schema.id.eq_ignore_ascii_case(&urn))
    }

    /// Whether the path names what is never returned, or a part of it.
    fn hides(&self, path: &AttributePath) -> bool {
        match self.parent {
            Some(parent) => parent.is_hidden(),
            None => self.registry.resolve(self.kind, path).is_some_and(|found| found.is_hidden()),
        }
    }

    fn resolve(&self, path: &AttributePath) -> Result<(&Attribute, Target), FilterError> {
        let unknown = || {
            let owner = self.parent.map_or(self.kind.name.as_str(), |parent| parent.name.as_str());
            FilterError::new(path.span, format!("{owner} has no attribute `{path}`"))
        };
        if let Some(parent) = self.parent {
            if path.urn.is_some() || path.sub_attribute.is_some() {
                return Err(unknown().help("inside `[…]` stand sub-attributes by their name alone"));
            }
            let attribute = match parent.sub(&path.attribute) {
                Some(sub) => sub,
                // The elements of a simple multi-valued attribute are its values.
                None if parent.sub_attributes.is_empty() && path.attribute.eq_ignore_ascii_case("value") => {
                    parent
                }
                None => return Err(unknown()),
            };
            let simple = std::ptr::eq(attribute, parent);
            let target = Target {
                extension: None,
                attribute: if simple { "value".to_owned() } else { attribute.name.clone() },
                sub_attribute: None,
                letters: attribute.letters(),
            };
            return Ok((attribute, target));
        }
        if self.schema(path).is_some() {
            return Err(FilterError::new(path.span, format!("`{path}` is a schema, not an attribute"))
                .help(format!("name an attribute of it, `{path}:…`, or ask `{path} pr`")));
        }
        let found = self.registry.resolve(self.kind, path).ok_or_else(unknown)?;
        if let (None, Some(urn)) = (&path.urn, found.extension)
            && !self.profile.has(Flag::UnqualifiedExtension)
        {
            return Err(unknown().help(format!("it stands in an extension: `{urn}:{path}`")));
        }
        let attribute = found.sub.unwrap_or(found.attribute);
        let target = Target {
            extension: found.extension.map(str::to_owned),
            attribute: found.attribute.name.clone(),
            sub_attribute: found.sub.map(|sub| sub.name.clone()),
            letters: attribute.letters(),
        };
        Ok((attribute, target))
    }

    fn operand(
        &self,
        path: &AttributePath,
        attribute: &Attribute,
        operator: Operator,
        (value, value_span): (&Literal, Span),
    ) -> Result<Operand, FilterError> {
        use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
        let error = |span, why: &str| FilterError::new(span, format!("`{path}` {} {why}", operator.as_str()));
        // What is wrong is the value, or the operator on such an attribute.
        let wants = |what: &str| Err(error(value_span, what));
        let refuse = |why: &str| Err(error(path.span.to(value_span), why));
        let ordered = matches!(operator, Gt | Ge | Lt | Le);
        let partial = matches!(operator, Co | Sw | Ew);
        match (attribute.kind, value) {
            (_, Literal::Null) if matches!(operator, Eq | Ne) => Ok(Operand::Null),
            (_, Literal::Null) => refuse("cannot be compared with `null`; use `eq`, `ne` or `pr`"),
            (Type::Complex, _) => refuse("is not allowed on a complex attribute; name a sub-attribute"),
            (Type::Boolean | Type::Binary, _) if ordered => {
                refuse("is not allowed: booleans and binaries have no order; use `eq` or `ne`")
            }
            (Type::Boolean | Type::Integer | Type::Decimal, _) if partial => {
                refuse("is not allowed: only text has parts; use `eq` or `ne`")
            }
            (Type::Boolean, Literal::Boolean(value)) => Ok(Operand::Boolean(*value)),
            (Type::Boolean, Literal::String(text)) if self.profile.has(Flag::BooleanText) => {
                match text.to_ascii_lowercase().as_str() {
                    "true" => Ok(Operand::Boolean(true)),
                    "false" => Ok(Operand::Boolean(false)),
                    _ => wants("needs `true` or `false`"),
                }
            }
            (Type::Boolean, _) => wants("needs `true` or `false`"),
            (Type::Integer | Type::Decimal, Literal::Number(number)) => Ok(Operand::Number(number.clone())),
            (Type::Integer | Type::Decimal, _) => wants("needs a number"),
            (Type::DateTime, Literal::String(text)) if !partial => match moment(text) {
                Some(at) => Ok(Operand::Instant(at)),
                None => wants("needs a dateTime such as `\"2026-01-31T08:00:00Z\"`"),
            },
            (_, Literal::String(text)) => {
                Ok(Operand::Text(Needle::new(attribute.key(text).into_owned(), operator)))
            }
            _ => wants("needs text in double quotes"),
        }
    }
}

impl Compiled {
    /// How many comparisons one resource may take, each value of a list apart.
    pub fn terms(&self) -> u64 {
        match self {
            Self::And(parts) | Self::Or(parts) | Self::Element(_, parts) => {
                parts.iter().map(Self::terms).sum::<u64>().max(1)
            }
            Self::Not(inner) => inner.terms(),
            Self::Compare(..) | Self::Present(_) | Self::Extended(_) => 1,
        }
    }

    /// How long evaluation may take, in arbitrary units: lists are looked through.
    fn cost(&self) -> u64 {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::cost).sum(),
            Self::Not(inner) => inner.cost(),
            Self::Element(_, parts) => 10 + 2 * parts.iter().map(Self::cost).sum::<u64>(),
            Self::Extended(_) => 1,
            Self::Present(target) => target.cost(),
            Self::Compare(target, Operator::Co, _) => 3 + target.cost(),
            Self::Compare(target, ..) => 1 + target.cost(),
        }
    }

    /// Whether the filter reads this attribute of the core schema.
    pub fn mentions(&self, attribute: &str) -> bool {
        let reads =
            |target: &Target| target.extension.is_none() && target.attribute.eq_ignore_ascii_case(attribute);
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(|part| part.mentions(attribute)),
            Self::Not(inner) => inner.mentions(attribute),
            Self::Compare(target, ..) | Self::Present(target) | Self::Element(target, _) => reads(target),
            Self::Extended(_) => false,
        }
    }
}
