//! Regular expressions mean the same natively and in the JavaScript engine: cases by hand,
//! and thousands of random patterns on random texts, whose outcomes the native engine has
//! written down (`tests/vectors/expression/regex.json`).

use provisor::provision::expression::{Attributes, Environment, Patterns, Value, evaluate, parse};
use serde_json::Value as Json;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const VECTORS: &str = include_str!("vectors/expression/regex.json");

struct Source<'a>(&'a str, &'a str);

impl Attributes for Source<'_> {
    fn attribute(&self, name: &str) -> Value {
        Value::Text(if name == "text" { self.0 } else { self.1 }.to_owned())
    }
}

/// Every match in angle brackets with its first groups, or the error's code.
fn outcome(pattern: &str, text: &str, replacement: &str) -> Result<String, String> {
    let expression = parse(&format!("Replace([text], , [pattern], , \"{replacement}\", , )")).unwrap();
    let mut environment = Environment {
        now: 0,
        random: &mut || 0,
        taken: &|_| false,
        default_domain: "",
        strict_iif: false,
        patterns: &Patterns::default(),
    };
    match evaluate(&expression, &Source(text, pattern), &mut environment) {
        Ok(Value::Text(text)) => Ok(text),
        Ok(other) => panic!("{pattern}: {other:?}"),
        Err(error) => Err(format!("{} {error}", error.code)),
    }
}

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) % bound as u64) as usize
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }
}

const ATOMS: [&str; 40] = [
    "a",
    "b",
    "k",
    "s",
    "é",
    "É",
    "ß",
    "ſ",
    "K",
    "σ",
    "ς",
    "İ",
    "ı",
    "1",
    "٣",
    "_",
    "-",
    " ",
    "\\.",
    "\\-",
    ".",
    "^",
    "$",
    "\\b",
    "\\B",
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\s",
    "\\S",
    "[a-k]",
    "[^a-k]",
    "[\\w-[ak]]",
    "[^\\W_]",
    "[É-ſ]",
    "\\p{L}",
    "\\p{Nd}",
    "\\P{L}",
    "\\u00e9",
];
const LETTERS: [&str; 22] = [
    "a", "A", "b", "k", "K", "\u{212a}", "s", "S", "ſ", "é", "É", "ß", "ẞ", "σ", "ς", "Σ", "İ", "1", "٣",
    " ", "-", "\n",
];

/// A pattern, and whether it may match nothing. Captures stand only where nothing repeats them,
/// and nothing repeats what may match nothing: there engines differ, and `fancy-regex` refuses some.
fn pattern(chance: &mut Chance, depth: usize, repeated: bool, captures: &mut usize) -> (String, bool) {
    let (mut out, mut nullable) = (String::new(), false);
    for alternative in 0..=usize::from(chance.below(4) == 0) {
        if alternative > 0 {
            out.push('|');
        }
        let mut nothing = true;
        for _ in 0..=chance.below(3) {
            let quantifier = match chance.below(9) {
                0 => "*",
                1 => "+",
                2 => "?",
                3 => "{2}",
                4 => "{1,2}",
                5 => chance.pick(&["*?", "+?", "??"]),
                _ => "",
            };
            let again = repeated || !quantifier.is_empty();
            let (mut atom, empty) = match chance.below(12) {
                0 | 1 if depth < 2 && !again => {
                    *captures += 1;
                    let (inner, empty) = pattern(chance, depth + 1, again, captures);
                    (format!("({inner})"), empty)
                }
                2 if depth < 2 => {
                    let (inner, empty) = pattern(chance, depth + 1, again, captures);
                    (format!("(?:{inner})"), empty)
                }
                3 if depth < 2 => {
                    let look = chance.pick(&["(?=", "(?!"]);
                    (format!("{look}{})", pattern(chance, depth + 1, true, captures).0), true)
                }
                4 => {
                    let look = chance.pick(&["(?<=", "(?<!"]);
                    (format!("{look}{})", chance.pick(&["a", "k", "É", "\\w", "[a-k]"])), true)
                }
                5 if *captures > 0 => (format!("\\{}", 1 + chance.below(*captures)), true),
                _ => {
                    let atom = chance.pick(&ATOMS);
                    (atom.to_owned(), matches!(atom, "^" | "$" | "\\b" | "\\B"))
                }
            };
            if !empty {
                atom.push_str(quantifier);
            }
            nothing &= empty || quantifier.starts_with(['*', '?']);
            out.push_str(&atom);
        }
        nullable |= nothing;
    }
    (out, nullable)
}

/// How many random cases one digest stands for, and how many digests there are.
const BLOCK: usize = 50;
const BLOCKS: usize = 30;

/// A random case: its pattern, its text, what comes of it.
fn case(number: usize) -> (String, String, String) {
    let mut chance = Chance(number as u64);
    let option = chance.pick(&["", "", "(?i)", "(?i)", "(?m)", "(?s)", "(?im)"]);
    let pattern = format!("{option}{}", pattern(&mut chance, 0, false, &mut 0).0);
    let text: String = (0..chance.below(14)).map(|_| chance.pick(&LETTERS)).collect();
    // Ignoring case, the native engine's back references know no pair of unequal length in UTF-8.
    let text = if option.contains('i') { text.replace(['\u{212a}', 'ſ', 'ẞ'], "x") } else { text };
    let found = outcome(&pattern, &text, "<$&,$1,$2>");
    // The words of an error may be the engine's own.
    let found = found.unwrap_or_else(|error| format!("\u{0}{}", error.starts_with("badPattern")));
    (pattern, text, found)
}

fn digest(block: usize) -> (String, usize) {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut matched = 0;
    for number in block * BLOCK..(block + 1) * BLOCK {
        let (_, _, found) = case(number);
        matched += usize::from(found.contains('<'));
        for byte in found.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    (format!("{hash:016x}"), matched)
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn cases_by_hand() {
    let vectors: Json = serde_json::from_str(VECTORS).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 40, "{}", cases.len());
    let mut faults = Vec::new();
    for case in cases {
        let part = |name: &str| case[name].as_str().unwrap_or_default();
        let found = outcome(part("pattern"), part("text"), case["replacement"].as_str().unwrap_or("<$&>"));
        let good = match (&found, case.get("error")) {
            (Ok(found), None) => found == part("expect"),
            (Err(error), Some(wanted)) => {
                error.starts_with("badPattern") && error.contains(wanted.as_str().unwrap())
            }
            _ => false,
        };
        if !good {
            faults.push(format!("{case}: {found:?}"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn random_patterns_come_out_as_they_are_written_down() {
    let vectors: Json = serde_json::from_str(VECTORS).unwrap();
    let digests: Vec<(String, usize)> = (0..BLOCKS).map(digest).collect();
    let matched: usize = digests.iter().map(|(_, matched)| matched).sum();
    assert!(matched * 3 > BLOCKS * BLOCK, "only {matched} of them match anything");
    let mut faults = Vec::new();
    for (block, (found, _)) in digests.iter().enumerate() {
        if vectors["digests"][block] == **found {
            continue;
        }
        // What this engine makes of them, to be held against the other's.
        let cases = (block * BLOCK..(block + 1) * BLOCK).map(|number| format!("{number} {:?}", case(number)));
        faults.push(format!("block {block}: {found}\n{}", cases.collect::<Vec<_>>().join("\n")));
    }
    let all: Vec<&String> = digests.iter().map(|(digest, _)| digest).collect();
    assert!(faults.is_empty(), "{} blocks differ\n{}\nnow: {all:?}", faults.len(), faults.join("\n"));
}
