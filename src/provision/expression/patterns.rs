//! The regular expressions that a plan has compiled, and how much they may still search: a pattern
//! that takes long on one text must not take as long on each of twenty thousand.

use super::regex::Regex;
use super::spare::Spare;
use std::cell::RefCell;
use std::rc::Rc;

/// Patterns kept at once; of more, each is compiled when it is met.
const KEPT: usize = 64;
/// What compiling one costs, in steps back.
const COMPILING: u64 = if cfg!(feature = "edge") { 20_000 } else { 1_000 };

/// Patterns by their text. A clone is the same one.
#[derive(Clone, Default)]
pub struct Patterns(Rc<Kept>);

#[derive(Default)]
struct Kept {
    known: RefCell<Vec<(String, Rc<Regex>)>>,
    spare: Spare,
}

impl Patterns {
    /// A pattern, compiled once; the error is in words.
    pub(crate) fn get(&self, pattern: &str) -> Result<Rc<Regex>, String> {
        if let Some((_, regex)) = self.0.known.borrow().iter().find(|(text, _)| text == pattern) {
            return Ok(Rc::clone(regex));
        }
        let spare = self.0.spare.clone();
        spare.spend(COMPILING).map_err(str::to_owned)?;
        let regex = Rc::new(Regex::new(pattern, spare)?);
        let mut known = self.0.known.borrow_mut();
        if known.len() < KEPT {
            known.push((pattern.to_owned(), Rc::clone(&regex)));
        }
        Ok(regex)
    }
}

impl std::fmt::Debug for Patterns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Patterns")
    }
}

/// What is kept makes no difference to what expressions give.
impl PartialEq for Patterns {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Patterns {}
