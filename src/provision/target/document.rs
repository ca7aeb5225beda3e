//! Target resources without their trees: the tokens of a resource's form are kept once
//! for all resources of that form, the values of each as atoms in order. A path is looked
//! up in a form once and then read by place; the resource comes back as it was.

use crate::provision::values::{Atom, Pool};
use hashbrown::HashMap;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// One step through a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Token {
    Object,
    Array,
    End,
    Key(Atom),
    Text,
    Number,
    True,
    False,
    Null,
}

/// A resource as stored: its form, and where its values begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Document {
    form: u32,
    start: usize,
}

/// All resources.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    forms: Vec<Box<[Token]>>,
    by_form: HashMap<Box<[Token]>, u32>,
    values: Vec<Atom>,
    scratch: Vec<Token>,
}

/// Where a path's value stands in all resources of one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Nowhere.
    Nothing,
    /// One text, by its place among the resource's values.
    Leaf(usize),
    /// A boolean, the same in all resources of the form.
    Flag(bool),
    /// In the first of these elements that the filter admits. Each has the place of the
    /// text that the filter compares; one without is admitted by its form.
    Elements(Vec<(Option<usize>, Route)>),
    /// Not a single text: the resource must be looked at.
    Tree,
}

/// What a path finds in a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    Nothing,
    Text(Atom),
    Flag(bool),
    Tree,
}

impl Documents {
    /// Stores one resource from its JSON text.
    pub fn put(&mut self, pool: &mut Pool, json: &[u8]) -> Result<Document, serde_json::Error> {
        let start = self.values.len();
        let mut tokens = std::mem::take(&mut self.scratch);
        tokens.clear();
        let mut reader = serde_json::Deserializer::from_slice(json);
        let read = Node { pool, tokens: &mut tokens, values: &mut self.values }
            .deserialize(&mut reader)
            .and_then(|()| reader.end());
        let form = match self.by_form.get(tokens.as_slice()) {
            Some(form) => *form,
            None => {
                let form = u32::try_from(self.forms.len()).unwrap_or(u32::MAX);
                self.forms.push(tokens.as_slice().into());
                self.by_form.insert(tokens.as_slice().into(), form);
                form
            }
        };
        self.scratch = tokens;
        match read {
            Ok(()) => Ok(Document { form, start }),
            Err(error) => {
                self.values.truncate(start);
                Err(error)
            }
        }
    }

    /// How many forms there are; [`Document::form`] is below it.
    pub fn forms(&self) -> usize {
        self.forms.len()
    }

    /// The resource as JSON.
    pub fn value(&self, pool: &Pool, document: Document) -> Value {
        let mut values = self.values.get(document.start..).unwrap_or_default().iter();
        self.tree(pool, document.form as usize, &mut |token| {
            let mut text = || values.next().and_then(|atom| pool.text(*atom)).unwrap_or_default();
            match token {
                Token::Text => Value::String(text().to_owned()),
                Token::Number => serde_json::from_str(text()).unwrap_or(Value::Null),
                Token::True => Value::Bool(true),
                Token::False => Value::Bool(false),
                _ => Value::Null,
            }
        })
    }

    /// The form with places for texts: a number stands for the text at that place, a text
    /// for some number.
    pub fn skeleton(&self, pool: &Pool, form: usize) -> Value {
        let mut place = 0_u64;
        self.tree(pool, form, &mut |token| match token {
            Token::True => Value::Bool(true),
            Token::False => Value::Bool(false),
            Token::Number => {
                place += 1;
                Value::String(String::new())
            }
            Token::Text => {
                place += 1;
                Value::from(place - 1)
            }
            _ => Value::Null,
        })
    }

    /// What a route finds in a resource of its form.
    pub fn spot(&self, pool: &Pool, document: Document, route: &Route, wanted: &str) -> Spot {
        match route {
            Route::Nothing => Spot::Nothing,
            Route::Leaf(place) => Spot::Text(self.atom(document, *place)),
            Route::Flag(flag) => Spot::Flag(*flag),
            Route::Tree => Spot::Tree,
            Route::Elements(elements) => {
                let admits = |place: &Option<usize>| {
                    place.is_none_or(|place| {
                        let text = pool.text(self.atom(document, place));
                        text.is_some_and(|text| text.eq_ignore_ascii_case(wanted))
                    })
                };
                match elements.iter().find(|(place, _)| admits(place)) {
                    Some((_, route)) => self.spot(pool, document, route, wanted),
                    None => Spot::Nothing,
                }
            }
        }
    }

    /// The text at a place.
    pub fn atom(&self, document: Document, place: usize) -> Atom {
        self.values.get(document.start + place).copied().unwrap_or_default()
    }

    fn tree(&self, pool: &Pool, form: usize, leaf: &mut dyn FnMut(Token) -> Value) -> Value {
        let mut tokens = self.forms.get(form).map_or(&[][..], AsRef::as_ref).iter().copied();
        let first = tokens.next().unwrap_or(Token::Null);
        grow(pool, first, &mut tokens, leaf)
    }
}

impl Document {
    /// Which form it has.
    pub fn form(self) -> usize {
        self.form as usize
    }
}

fn grow(
    pool: &Pool,
    first: Token,
    tokens: &mut dyn Iterator<Item = Token>,
    leaf: &mut dyn FnMut(Token) -> Value,
) -> Value {
    match first {
        Token::Object => {
            let mut object = Map::new();
            while let Some(Token::Key(key)) = tokens.next() {
                let next = tokens.next().unwrap_or(Token::Null);
                let value = grow(pool, next, tokens, leaf);
                object.insert(pool.text(key).unwrap_or_default().to_owned(), value);
            }
            Value::Object(object)
        }
        Token::Array => {
            let mut array = Vec::new();
            while let Some(next) = tokens.next().filter(|token| *token != Token::End) {
                array.push(grow(pool, next, tokens, leaf));
            }
            Value::Array(array)
        }
        other => leaf(other),
    }
}

/// Writes down tokens and values while serde reads.
struct Node<'a> {
    pool: &'a mut Pool,
    tokens: &'a mut Vec<Token>,
    values: &'a mut Vec<Atom>,
}

impl Node<'_> {
    fn again(&mut self) -> Node<'_> {
        Node { pool: self.pool, tokens: self.tokens, values: self.values }
    }

    fn number(self, text: &str) {
        self.tokens.push(Token::Number);
        self.values.push(self.pool.intern(text));
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a SCIM resource")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.tokens.push(Token::Text);
        self.values.push(self.pool.intern(text));
        Ok(())
    }

    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        self.tokens.push(if flag { Token::True } else { Token::False });
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.tokens.push(Token::Null);
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.number(&number.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.number(&number.to_string());
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        match serde_json::Number::from_f64(number) {
            Some(number) => {
                self.number(&number.to_string());
                Ok(())
            }
            None => Err(E::custom("a number is out of range")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.tokens.push(Token::Array);
        while items.next_element_seed(self.again())?.is_some() {}
        self.tokens.push(Token::End);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        self.tokens.push(Token::Object);
        while let Some(key) = entries.next_key_seed(Name(self.pool))? {
            self.tokens.push(Token::Key(key));
            entries.next_value_seed(self.again())?;
        }
        self.tokens.push(Token::End);
        if self.tokens.len() > 50_000_000 {
            return Err(A::Error::custom("a resource is too large"));
        }
        Ok(())
    }
}

/// A property's name as an atom.
struct Name<'a>(&'a mut Pool);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Atom;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Atom, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Atom;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a property's name")
    }

    fn visit_str<E>(self, text: &str) -> Result<Atom, E> {
        Ok(self.0.intern(text))
    }
}
