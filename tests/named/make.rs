//! Random schemas, resources and operations, all made of one tape of bytes, so that what fails
//! shrinks to few bytes. An operation comes with what it was meant to say: nobody has to read its path.

use provisor::scim::compat::{Profile, QUIRKS};
use provisor::scim::schema::{Attribute, Mutability, Registry, ResourceType, Type, builtin};
use serde_json::{Map, Value, json};

const THING: &str = "urn:example:schemas:1.0:Thing";
const MORE: &str = "urn:example:schemas:1.0:More";
const WORDS: [&str; 7] = ["a", "b", "A", "work", "home", "u1", "7"];

/// Bytes that decide; behind their end all is zero.
pub struct Tape<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Tape<'t> {
    pub const fn new(bytes: &'t [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn below(&mut self, end: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % end.max(1)
    }

    fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 1
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

/// An attribute, and the extension that it stands in.
#[derive(Clone, Debug)]
pub struct Spot {
    pub extension: Option<String>,
    pub attribute: Attribute,
}

impl Spot {
    /// What a resource has there.
    pub fn of<'v>(&self, resource: &'v Value) -> Option<&'v Value> {
        let owner = self.extension.as_ref().map_or(Some(resource), |urn| resource.get(urn));
        owner?.get(&self.attribute.name)
    }

    /// Puts a value there.
    pub fn put(&self, resource: &mut Value, value: Value) {
        match &self.extension {
            None => resource[&self.attribute.name] = value,
            Some(urn) => resource[urn][&self.attribute.name] = value,
        }
    }

    pub fn path(&self) -> String {
        match &self.extension {
            None => self.attribute.name.clone(),
            Some(urn) => format!("{urn}:{}", self.attribute.name),
        }
    }
}

/// A resource type, and the attributes that operations are about.
#[derive(Debug)]
pub struct World {
    pub registry: Registry,
    pub kind: ResourceType,
    pub spots: Vec<Spot>,
    /// What every resource must have.
    pub bare: Value,
}

/// One operation, and what it was meant to say.
#[derive(Clone, Debug)]
pub struct Operation {
    pub op: &'static str,
    pub json: Value,
    pub meant: Vec<Meant>,
    /// That its path names an extension, in which a value names the attributes.
    pub on_extension: bool,
}

/// One place that an operation is about.
#[derive(Clone, Debug)]
pub struct Meant {
    pub spot: usize,
    /// `[sub eq literal]`
    pub filter: Option<(String, Value)>,
    pub sub: Option<String>,
    pub value: Option<Value>,
    /// By the operation's `path`, and not by a member of its value.
    pub by_path: bool,
}

fn part(name: &str, kind: &str, multi_valued: bool, mutability: &str) -> Value {
    json!({ "name": name, "type": kind, "multiValued": multi_valued, "mutability": mutability })
}

/// Attributes of a schema of the tenant's own, with parts of several values.
fn attributes(tape: &mut Tape<'_>, letter: char, number: usize) -> Value {
    let one = |at: usize| {
        let parts = [
            part("given", "string", false, "readWrite"),
            part("value", "string", false, "readWrite"),
            part("type", "string", false, "readWrite"),
            part("primary", "boolean", false, "readWrite"),
            part("parts", "string", true, "readWrite"),
            part("number", "integer", false, "readWrite"),
            part("seen", "string", false, "readOnly"),
        ];
        let kind = tape.pick(&["complex", "complex", "complex", "string", "boolean", "integer"]);
        let mut attribute = part(&format!("{letter}{at}"), kind, tape.below(3) < 2, "readWrite");
        attribute["caseExact"] = tape.one_in(4).into();
        if kind == "complex" {
            let kept: Vec<Value> =
                parts.into_iter().filter(|part| !tape.one_in(4) || part["name"] == "given").collect();
            attribute["subAttributes"] = kept.into();
        }
        attribute
    };
    (0..number).map(one).collect()
}

impl World {
    pub fn of(tape: &mut Tape<'_>) -> Self {
        match tape.below(4) {
            0 => Self::built_in("User", json!({ "userName": "ada" })),
            1 => Self::built_in("Group", json!({ "displayName": "g" })),
            _ => Self::loaded(tape),
        }
    }

    fn loaded(tape: &mut Tape<'_>) -> Self {
        let schemas = json!([
            { "id": THING, "name": "Thing", "attributes": attributes(tape, 'a', 3) },
            { "id": MORE, "name": "More", "attributes": attributes(tape, 'x', 2) },
        ]);
        let types = json!([{
            "name": "Thing", "endpoint": "/Things", "schema": THING,
            "schemaExtensions": [{ "schema": MORE, "required": false }],
        }]);
        let registry = Registry::load(&schemas.to_string(), &types.to_string()).unwrap();
        Self::with(registry, "Thing", json!({}), |_| true)
    }

    fn built_in(kind: &str, bare: Value) -> Self {
        let known = [
            "name",
            "emails",
            "title",
            "active",
            "phoneNumbers",
            "roles",
            "manager",
            "department",
            "members",
        ];
        Self::with(builtin().clone(), kind, bare, |name| known.contains(&name))
    }

    fn with(registry: Registry, kind: &str, mut bare: Value, wanted: impl Fn(&str) -> bool) -> Self {
        let kind = registry.resource_type(kind).unwrap().clone();
        bare["schemas"] = json!([kind.schema]);
        let spot = |extension: Option<&str>, attribute: &Attribute| Spot {
            extension: extension.map(str::to_owned),
            attribute: attribute.clone(),
        };
        let own = registry.schema(&kind.schema).unwrap().attributes.iter().map(|it| spot(None, it));
        let more = registry
            .extensions(&kind)
            .flat_map(|schema| schema.attributes.iter().map(|it| spot(Some(&schema.id), it)));
        let spots = own.chain(more).filter(|spot| wanted(&spot.attribute.name)).collect();
        Self { spots, kind: kind.clone(), bare, registry }
    }

    /// A resource that any profile takes.
    pub fn resource(&self, tape: &mut Tape<'_>) -> Value {
        let mut resource = self.bare.clone();
        for spot in &self.spots {
            if tape.below(4) > 0 {
                spot.put(&mut resource, whole(tape, &spot.attribute));
            }
        }
        resource
    }

    /// An operation on a resource that is like this one.
    pub fn operation(&self, tape: &mut Tape<'_>, before: &Value) -> Operation {
        let op = tape.pick(&["replace", "remove", "add"]);
        let extension = self.spots.iter().find_map(|spot| spot.extension.clone());
        if let (Some(urn), true) = (extension, tape.one_in(8)) {
            return self.on_extension(tape, op, &urn);
        }
        if op != "remove" && tape.one_in(3) {
            return self.everywhere(tape, op, before);
        }
        let (path, mut meant) = self.place(tape, before, op == "remove");
        meant.by_path = true;
        meant.value = match op {
            "remove" => self.removed(tape, &meant, before),
            _ => Some(self.value(tape, &meant)),
        };
        let mut json = json!({ "op": op, "path": path });
        if let Some(value) = &meant.value {
            json["value"] = value.clone();
        }
        Operation { op, json, meant: vec![meant], on_extension: false }
    }

    /// Without a path: each member of the value is a place.
    fn everywhere(&self, tape: &mut Tape<'_>, op: &'static str, before: &Value) -> Operation {
        let (mut map, mut all) = (Map::new(), Vec::<Meant>::new());
        for _ in 0..=tape.below(3) {
            let (path, mut meant) = self.place(tape, before, false);
            if all.iter().any(|other| other.spot == meant.spot) {
                continue;
            }
            let value = self.value(tape, &meant);
            meant.value = Some(value.clone());
            let spot = &self.spots[meant.spot];
            match &spot.extension {
                // As the RFC has it: in the extension's object.
                Some(urn) if meant.filter.is_none() && meant.sub.is_none() && !map.contains_key(urn) => {
                    map.insert(urn.clone(), json!({ spot.attribute.name.clone(): value }));
                }
                _ => {
                    map.insert(path, value);
                }
            }
            all.push(meant);
        }
        Operation { op, json: json!({ "op": op, "value": map }), meant: all, on_extension: false }
    }

    /// An extension as the place.
    fn on_extension(&self, tape: &mut Tape<'_>, op: &'static str, urn: &str) -> Operation {
        let inside = (0..self.spots.len()).filter(|at| self.spots[*at].extension.is_some());
        let at = |spot, value| Meant { spot, filter: None, sub: None, value, by_path: false };
        match tape.below(3) {
            0 => {
                let json = json!({ "op": op, "path": urn, "value": null });
                let null = (op != "remove").then_some(Value::Null);
                let meant = inside.map(|spot| at(spot, null.clone()));
                Operation {
                    op: if op == "add" { "replace" } else { op },
                    json,
                    meant: meant.collect(),
                    on_extension: true,
                }
            }
            1 => {
                let json = json!({ "op": op, "path": urn, "value": {} });
                Operation { op, json, meant: Vec::new(), on_extension: true }
            }
            _ => {
                let inside: Vec<usize> = inside.collect();
                let spot = tape.pick(&inside);
                let meant = at(spot, None);
                let value = self.value(tape, &meant);
                let inside = json!({ self.spots[spot].attribute.name.clone(): value });
                let json = json!({ "op": op, "path": urn, "value": inside });
                Operation { op, json, meant: vec![Meant { value: Some(value), ..meant }], on_extension: true }
            }
        }
    }

    /// A path, and what it means.
    fn place(&self, tape: &mut Tape<'_>, before: &Value, removes: bool) -> (String, Meant) {
        let spot = tape.below(self.spots.len());
        let Spot { attribute, .. } = &self.spots[spot];
        let mut path = self.spots[spot].path();
        let filter = (attribute.multi_valued && tape.below(3) == 1).then(|| {
            let subs = &attribute.sub_attributes;
            let elements = self.spots[spot].of(before).and_then(Value::as_array);
            let known = elements.and_then(|all| all.get(tape.below(all.len())).cloned());
            match (subs.is_empty(), known) {
                (true, known) => ("value".to_owned(), known.unwrap_or_else(|| simple(tape, attribute.kind))),
                (false, known) => {
                    let sub = tape.pick(subs);
                    let known = known.and_then(|known| known.get(&sub.name).cloned());
                    let known = known.map(|known| known.get(0).cloned().unwrap_or(known));
                    (sub.name.clone(), known.unwrap_or_else(|| simple(tape, sub.kind)))
                }
            }
        });
        if let Some((name, value)) = &filter {
            path = format!("{path}[{name} eq {value}]");
        }
        let subs = &attribute.sub_attributes;
        let sub = (!subs.is_empty() && tape.below(3) == 1).then(|| {
            // Removal from parts of several values is where values are lost.
            let several = subs.iter().find(|sub| sub.multi_valued && removes).filter(|_| tape.below(2) == 1);
            several.unwrap_or(&subs[tape.below(subs.len())]).name.clone()
        });
        if let Some(sub) = &sub {
            path = format!("{path}.{sub}");
        }
        (path, Meant { spot, filter, sub, value: None, by_path: false })
    }

    /// A value for a place, as it should be or as clients write it.
    fn value(&self, tape: &mut Tape<'_>, meant: &Meant) -> Value {
        let attribute = self.target(meant);
        if tape.below(2) == 1 {
            return odd(tape, attribute);
        }
        if meant.filter.is_some() && meant.sub.is_none() {
            element(tape, attribute)
        } else {
            whole(tape, attribute)
        }
    }

    /// What a removal says beside its path.
    fn removed(&self, tape: &mut Tape<'_>, meant: &Meant, before: &Value) -> Option<Value> {
        let attribute = self.target(meant);
        let there = self.spots[meant.spot].of(before);
        match tape.below(4) {
            0 => None,
            1 => Some(odd(tape, attribute)),
            2 => Some(whole(tape, attribute)),
            _ => {
                let elements = there.and_then(Value::as_array);
                let one = elements.and_then(|all| all.get(tape.below(all.len()))).or(there).cloned();
                let one = match &meant.sub {
                    None => one,
                    Some(sub) => one.and_then(|one| one.get(sub).cloned()),
                };
                let one = one.map(|one| one.get(0).cloned().unwrap_or(one));
                one.map(|one| if attribute.multi_valued { json!([one]) } else { one })
            }
        }
    }

    /// The attribute or sub-attribute of a place.
    pub fn target(&self, meant: &Meant) -> &Attribute {
        let attribute = &self.spots[meant.spot].attribute;
        meant.sub.as_ref().map_or(attribute, |sub| attribute.sub(sub).unwrap())
    }
}

fn simple(tape: &mut Tape<'_>, kind: Type) -> Value {
    match kind {
        Type::Boolean => (tape.below(2) == 1).into(),
        Type::Integer => tape.below(3).into(),
        _ => tape.pick(&WORDS).into(),
    }
}

/// One value.
fn element(tape: &mut Tape<'_>, attribute: &Attribute) -> Value {
    if attribute.sub_attributes.is_empty() {
        return simple(tape, attribute.kind);
    }
    let is_writable = |sub: &&Attribute| sub.mutability != Mutability::ReadOnly && sub.name != "$ref";
    let subs: Vec<&Attribute> = attribute.sub_attributes.iter().filter(is_writable).collect();
    let is_member = attribute.name == "members";
    let mut map = Map::new();
    let at = tape.below(subs.len());
    for (index, sub) in subs.iter().enumerate() {
        let is_named = if is_member { sub.name == "value" } else { index == at || tape.one_in(2) };
        if is_named && (sub.name != "primary" || index == at) {
            map.insert(sub.name.clone(), whole(tape, sub));
        }
    }
    map.into()
}

/// A value as the attribute has it: a list, or one.
pub fn whole(tape: &mut Tape<'_>, attribute: &Attribute) -> Value {
    if !attribute.multi_valued {
        return element(tape, attribute);
    }
    let mut items: Vec<Value> = (0..=tape.below(3)).map(|_| element(tape, attribute)).collect();
    for item in items.iter_mut().skip(1).filter_map(Value::as_object_mut) {
        if item.len() > 1 {
            item.shift_remove("primary");
        } else if let Some(primary) = item.get_mut("primary") {
            *primary = false.into();
        }
    }
    items.into()
}

/// A value as some client may write it: wrapped, as text, empty, or nothing at all.
pub fn odd(tape: &mut Tape<'_>, attribute: &Attribute) -> Value {
    let one = element(tape, attribute);
    let all = whole(tape, attribute);
    let beside = |more: Value| json!([one.clone(), more]);
    let unknown = json!({ "first": "Q" });
    match tape.below(28) {
        0 => Value::Null,
        1 => "".into(),
        2 => json!({}),
        3 => json!([]),
        4 => json!([{}]),
        5 => json!([null]),
        6 => unknown,
        7 => json!([unknown]),
        8 => json!({ "value": "" }),
        9 => json!([{ "value": "" }]),
        10 => all.to_string().into(),
        11 => one.to_string().into(),
        12 => json!({ attribute.name.clone(): all }),
        13 => one,
        14 => json!([one]),
        15 => tape.pick(&WORDS).into(),
        16 => beside(json!({})),
        17 => json!({ "seen": "x", "displayName": "Boss" }),
        18 => beside(json!({ "value": "" })),
        19 => beside(Value::Null),
        20 => "[]".into(),
        21 => "{}".into(),
        22 => json!([one.to_string()]),
        23 => json!({ "value": null }),
        24 => json!({ "given": null, "givenName": null, "display": null }),
        25 => beside(json!({ "first": "Q" })),
        26 => json!([tape.pick(&WORDS)]),
        _ => json!({ "given": "a", "givenName": "a", "first": "Q" }),
    }
}

/// What a tenant reads: a ready profile, one but for a flag, or any.
pub fn profile(tape: &mut Tape<'_>) -> Profile {
    let (kind, flag) = (tape.below(6), tape.pick(&QUIRKS).flag);
    match kind {
        0 | 1 => Profile::DEFAULT,
        2 => Profile::STRICT,
        3 => Profile::DEFAULT.with(flag, false),
        4 => Profile::STRICT.with(flag, true),
        _ => QUIRKS.iter().fold(Profile::STRICT, |all, quirk| all.with(quirk.flag, tape.below(2) == 1)),
    }
}
