//! Every text of source and target once, so that a value is a number: equal numbers are
//! equal values, a column is an array, and a hundred thousand people fit.

use crate::provision::expression::Value;
use crate::scim::unicode::lowercase;
use hashbrown::DefaultHashBuilder;
use hashbrown::{HashMap, HashTable};
use std::hash::BuildHasher;

/// A value in the pool: nothing, one text, several texts, `IgnoreFlowIfNullOrEmpty`, or
/// why an expression failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Atom(u32);

const LIST: u32 = 1 << 31;
const FAULT: u32 = 1 << 30;
/// Most texts (and most lists) that a pool holds; one more is null.
const LIMIT: u32 = FAULT - 2;

impl Atom {
    /// Nothing.
    pub const NULL: Self = Self(0);
    /// The mapping does not apply.
    pub const IGNORE: Self = Self(1);

    fn text_at(self) -> Option<usize> {
        (self.0 >= 2 && self.0 & (LIST | FAULT) == 0).then(|| self.0 as usize - 2)
    }

    /// Whether it is one text.
    pub fn is_text(self) -> bool {
        self.text_at().is_some()
    }
}

/// All texts, end to end, and the lists made of them.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    hasher: DefaultHashBuilder,
    bytes: String,
    /// Where each text ends in `bytes`.
    ends: Vec<usize>,
    texts: HashTable<u32>,
    lists: Vec<Box<[Atom]>>,
    by_list: HashMap<Box<[Atom]>, u32>,
}

fn slice<'a>(bytes: &'a str, ends: &[usize], at: usize) -> &'a str {
    let start = match at.checked_sub(1) {
        None => 0,
        Some(before) => ends.get(before).copied().unwrap_or(0),
    };
    ends.get(at).and_then(|end| bytes.get(start..*end)).unwrap_or_default()
}

impl Pool {
    /// The text, put in if it is new.
    pub fn intern(&mut self, text: &str) -> Atom {
        let Self { hasher, bytes, ends, texts, .. } = self;
        let hash = hasher.hash_one(text);
        let same = |at: &u32| slice(bytes, ends, *at as usize) == text;
        if let Some(at) = texts.find(hash, same) {
            return Atom(*at + 2);
        }
        let Ok(at) = u32::try_from(ends.len()) else { return Atom::NULL };
        if at >= LIMIT {
            return Atom::NULL;
        }
        bytes.push_str(text);
        ends.push(bytes.len());
        texts.insert_unique(hash, at, |at| hasher.hash_one(slice(bytes, ends, *at as usize)));
        Atom(at + 2)
    }

    /// The text, if it is in the pool.
    pub fn find(&self, text: &str) -> Option<Atom> {
        let same = |at: &u32| slice(&self.bytes, &self.ends, *at as usize) == text;
        self.texts.find(self.hasher.hash_one(text), same).map(|at| Atom(*at + 2))
    }

    /// The list of these texts; an empty one is null.
    pub fn list(&mut self, items: Vec<Atom>) -> Atom {
        if items.is_empty() {
            return Atom::NULL;
        }
        let items = items.into_boxed_slice();
        if let Some(at) = self.by_list.get(&items) {
            return Atom(LIST | *at);
        }
        let Ok(at) = u32::try_from(self.lists.len()) else { return Atom::NULL };
        if at >= LIMIT {
            return Atom::NULL;
        }
        self.lists.push(items.clone());
        self.by_list.insert(items, at);
        Atom(LIST | at)
    }

    /// What an expression gave, or its failure in words.
    pub fn outcome(&mut self, outcome: Result<Value, String>) -> Atom {
        match outcome {
            Ok(Value::Null) => Atom::NULL,
            Ok(Value::Ignore) => Atom::IGNORE,
            Ok(Value::Text(text)) => self.intern(&text),
            Ok(Value::List(items)) => {
                let items = items.iter().map(|item| self.intern(item)).collect();
                self.list(items)
            }
            Err(why) => Atom(self.intern(&why).0 | FAULT),
        }
    }

    /// The text of an atom that is one.
    pub fn text(&self, atom: Atom) -> Option<&str> {
        atom.text_at().map(|at| slice(&self.bytes, &self.ends, at))
    }

    /// The texts of an atom: none, one or several.
    pub fn items(&self, atom: Atom) -> &[Atom] {
        if atom.0 & LIST == 0 {
            return &[];
        }
        self.lists.get((atom.0 & !LIST) as usize).map_or(&[], AsRef::as_ref)
    }

    /// The first text of an atom.
    pub fn first(&self, atom: Atom) -> Option<&str> {
        match self.items(atom).first() {
            Some(first) => self.text(*first),
            None => self.text(atom),
        }
    }

    /// As expressions see it; the error is why one failed.
    pub fn value(&self, atom: Atom) -> Result<Value, String> {
        let text = |atom: Atom| self.text(atom).unwrap_or_default().to_owned();
        match atom {
            Atom::NULL => Ok(Value::Null),
            Atom::IGNORE => Ok(Value::Ignore),
            list if list.0 & LIST != 0 => {
                Ok(Value::List(self.items(list).iter().map(|item| text(*item)).collect()))
            }
            fault if fault.0 & FAULT != 0 => Err(text(Atom(fault.0 & !FAULT))),
            one => Ok(Value::Text(text(one))),
        }
    }

    /// The same text in lower case, put in if it is new.
    pub fn folded(&mut self, atom: Atom) -> Atom {
        let Some(text) = self.text(atom) else { return atom };
        if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
            return atom;
        }
        let folded = lowercase(text);
        self.intern(&folded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_atom() {
        let mut pool = Pool::default();
        let (ana, bo) = (pool.intern("Ana"), pool.intern("Bo"));
        assert_eq!(pool.intern("Ana"), ana);
        assert_eq!(pool.list(vec![ana, bo]), pool.list(vec![ana, bo]));
        assert_eq!(pool.text(ana), Some("Ana"));
        assert_eq!(pool.folded(ana), pool.intern("ana"));
        assert_eq!(pool.intern(""), pool.find("").unwrap_or_default());
        for value in [
            Ok(Value::Null),
            Ok(Value::Ignore),
            Ok(Value::Text(String::new())),
            Ok(Value::List(vec!["Ä".to_owned(), String::new()])),
            Err("no".to_owned()),
        ] {
            let atom = pool.outcome(value.clone());
            assert_eq!(pool.value(atom), value);
        }
    }
}
