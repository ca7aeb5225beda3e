//! .NET's regular expressions on an ECMAScript engine. We read the pattern and write it
//! anew: `\d`, `\w`, `\s`, `\b` and `$` as .NET means them, groups in .NET's numbering,
//! scoped `s`, `m`, `n` and `x` options, class subtraction, atomic groups. What the other
//! engine cannot express is an error that says so.

use super::regex_class::class;
pub(crate) use super::regex_engine::Match;
use super::regex_engine::{Backend, Engine};
use super::regex_nest::{Nests, Place};
use super::regex_syntax::{SPACE, WORD, character, literal};
use super::spare::Spare;
use crate::provision::message::told;
use std::iter::Peekable;
use std::str::Chars;

/// The longest pattern, in characters.
pub(crate) const MAX_PATTERN: usize = 1000;
/// The longest text that a pattern is tried on, in characters.
pub(crate) const MAX_INPUT: usize = 10_000;
/// How deep groups may nest.
const MAX_GROUPS: usize = 50;

/// The end of the text, or before a line feed that ends it.
const END: &str = r"(?=\n?(?![\s\S]))";

/// A pattern, ready to run.
pub(crate) struct Regex {
    engine: Backend,
    groups: Groups,
    spare: Spare,
}

/// Which group is which: .NET numbers the unnamed ones first, then the named ones.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// The name of each group of the ECMAScript pattern, from 1 on; `Hidden` ones are ours.
    opened: Vec<Group>,
}

#[derive(Clone, Debug, PartialEq)]
enum Group {
    Plain,
    Named(String),
    Hidden,
}

impl Groups {
    /// The names or numbers of .NET that exist, with the place in the ECMAScript match.
    fn find(&self, name: &str) -> Vec<usize> {
        let places = |wanted: &Group| -> Vec<usize> {
            let named = self.opened.iter().enumerate().filter(|(_, group)| *group == wanted);
            named.map(|(index, _)| index + 1).collect()
        };
        let named = places(&Group::Named(name.to_owned()));
        let Ok(number) = name.parse::<usize>() else { return named };
        if !named.is_empty() {
            return named;
        }
        if number == 0 {
            return vec![0];
        }
        let plain = places(&Group::Plain);
        if let Some(place) = plain.get(number - 1) {
            return vec![*place];
        }
        let mut names: Vec<&Group> = Vec::new();
        for group in &self.opened {
            if matches!(group, Group::Named(_)) && !names.contains(&group) {
                names.push(group);
            }
        }
        names.get(number - 1 - plain.len()).map_or_else(Vec::new, |group| places(group))
    }
}

impl Regex {
    /// Reads a .NET pattern; the error is in words. What it takes beyond what each text allows is
    /// spent from `spare`.
    pub(crate) fn new(pattern: &str, spare: Spare) -> Result<Self, String> {
        let (source, groups, ignore_case) = translate(pattern)?;
        let engine = Backend::compile(&source, ignore_case)
            .map_err(|reason| told!("`{0}` is not a regular expression: {1}", pattern, reason))?;
        Ok(Self { engine, groups, spare })
    }

    /// Every match, left to right.
    pub(crate) fn matches(&self, text: &str) -> Result<Vec<Match>, String> {
        if text.chars().count() > MAX_INPUT {
            return Err(told!("the text is longer than {0} characters", MAX_INPUT));
        }
        self.engine.matches(text, &self.spare)
    }

    /// Whether the pattern has such a group.
    pub(crate) fn has_group(&self, name: &str) -> bool {
        !self.groups.find(name).is_empty()
    }

    /// Where the group matched, in bytes.
    pub(crate) fn group(&self, found: &Match, name: &str) -> Option<(usize, usize)> {
        self.groups.find(name).into_iter().rev().find_map(|place| found.get(place).copied().flatten())
    }

    /// Writes .NET's replacement pattern out: `$1`, `${name}`, `$$`, `$&`, `` $` ``, `$'`, `$_`.
    pub(crate) fn expand(&self, found: &Match, text: &str, replacement: &str) -> String {
        let (start, end) = found.first().copied().flatten().unwrap_or((0, 0));
        let mut out = String::new();
        let mut rest = replacement;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let (name, remaining) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                Some((name, remaining)) => (name, remaining),
                None => after.split_at_checked(digits).unwrap_or(("", after)),
            };
            if !name.is_empty() && self.has_group(name) {
                if let Some((start, end)) = self.group(found, name) {
                    out.push_str(text.get(start..end).unwrap_or(""));
                }
                rest = remaining;
                continue;
            }
            let special = match after.chars().next() {
                Some('$') => Some("$"),
                Some('&') => text.get(start..end),
                Some('`') => text.get(..start),
                Some('\'') => text.get(end..),
                Some('_') => Some(text),
                _ => None,
            };
            match special {
                Some(special) => {
                    out.push_str(special);
                    rest = after.get(1..).unwrap_or("");
                }
                None => {
                    out.push('$');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// The options that .NET's `(?imnsx)` sets, up to the end of the enclosing group.
#[derive(Clone, Copy, Default)]
struct Options {
    multiline: bool,
    explicit: bool,
    single_line: bool,
    spaced: bool,
}

/// What closes a group.
#[derive(Clone)]
struct Open {
    options: Options,
    closing: String,
    /// Its place among all groups, captures or not.
    nest: usize,
}

pub(crate) struct Translator<'a> {
    pub(crate) rest: Peekable<Chars<'a>>,
    pub(crate) out: String,
    groups: Groups,
    open: Vec<Open>,
    options: Options,
    ignore_case: bool,
    /// Back references with the place where they are to be written, and whence they refer.
    references: Vec<(usize, String, Place)>,
    nests: Nests,
    last: Last,
}

/// What a quantifier would follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Nothing,
    Atom,
    Quantifier,
    /// A quantifier and the `?` that makes it lazy.
    Lazy,
}

/// The ECMAScript pattern for the `u` flag, its groups and whether case is ignored.
pub(crate) fn translate(pattern: &str) -> Result<(String, Groups, bool), String> {
    if pattern.chars().count() > MAX_PATTERN {
        return Err(told!("the regular expression is longer than {0} characters", MAX_PATTERN));
    }
    let mut translator = Translator {
        rest: pattern.chars().peekable(),
        out: String::new(),
        groups: Groups::default(),
        open: Vec::new(),
        options: Options::default(),
        ignore_case: false,
        references: Vec::new(),
        nests: Nests::default(),
        last: Last::Nothing,
    };
    while let Some(letter) = translator.rest.next() {
        translator.step(letter)?;
    }
    if !translator.open.is_empty() {
        return Err(told!("a `(` of the regular expression is never closed").into());
    }
    for (place, name, whence) in translator.references.iter().rev() {
        let targets = translator.groups.find(name);
        let [target] = targets.as_slice() else {
            return Err(told!(
                "the regular expression refers to the group `{0}`, which it does not have once",
                name
            ));
        };
        if !translator.nests.certain(*target, whence) {
            return Err(told!(
                "the group `{0}` may not have matched where the regular expression refers to it; keep both in one alternative, and the group not optional",
                name
            ));
        }
        translator.out.insert_str(*place, &format!("(?:\\{target})"));
    }
    Ok((translator.out, translator.groups, translator.ignore_case))
}

impl Translator<'_> {
    fn step(&mut self, letter: char) -> Result<(), String> {
        let last = self.last;
        self.last = Last::Atom;
        match letter {
            '\\' => self.escape()?,
            '[' => {
                let text = class(&mut self.rest, 0)?;
                self.cased(&text)?;
                self.out.push_str(&text);
            }
            '(' => {
                // What is no group, such as a comment, leaves what may be repeated as it was.
                self.last = last;
                self.group()?;
            }
            ')' => {
                let Some(open) = self.open.pop() else {
                    return Err(told!("a `)` of the regular expression closes nothing").into());
                };
                self.out.push_str(&open.closing);
                self.options = open.options;
                let optional = self.is_optional();
                self.nests.close(open.nest, optional);
            }
            '.' => self.out.push_str(if self.options.single_line { r"[\s\S]" } else { r"[^\n]" }),
            '^' => self.out.push_str(if self.options.multiline { r"(?<![^\n])" } else { r"(?<![\s\S])" }),
            '$' => self.out.push_str(if self.options.multiline { r"(?![^\n])" } else { END }),
            '|' => {
                self.nests.alternative();
                self.last = Last::Nothing;
                self.out.push(letter);
            }
            '?' if last == Last::Quantifier => {
                self.last = Last::Lazy;
                self.out.push(letter);
            }
            '*' | '+' | '?' => {
                self.repeat(last)?;
                self.out.push(letter);
            }
            '{' if self.is_quantifier() => {
                self.check_range()?;
                self.repeat(last)?;
                self.out.push('{');
            }
            '{' => self.out.push_str(r"\{"),
            '}' if self.closes_quantifier() => {
                self.last = Last::Quantifier;
                self.out.push('}');
            }
            '#' if self.options.spaced => {
                while self.rest.next_if(|next| *next != '\n').is_some() {}
                self.last = last;
            }
            _ if self.options.spaced && letter.is_whitespace() => self.last = last,
            _ => literal(&mut self.out, letter),
        }
        Ok(())
    }

    /// Whether what follows lets the group that just ended be left out.
    fn is_optional(&self) -> bool {
        let mut rest = self.rest.clone().filter(|next| !self.options.spaced || !next.is_whitespace());
        match rest.next() {
            Some('*' | '?') => true,
            Some('{') => rest.next() == Some('0'),
            // A comment may stand between.
            Some('#') => self.options.spaced,
            Some('(') => rest.next() == Some('?') && rest.next() == Some('#'),
            _ => false,
        }
    }

    /// Whether `3}`, `3,}` or `3,5}` follows.
    fn is_quantifier(&self) -> bool {
        let inside: String = self.rest.clone().take_while(|next| *next != '}').collect();
        let closed = self.rest.clone().any(|next| next == '}');
        let (least, most) = inside.split_once(',').unwrap_or((&inside, ""));
        let digits = |text: &str| text.chars().all(|digit| digit.is_ascii_digit());
        closed && !least.is_empty() && digits(least) && digits(most)
    }

    /// Refuses `{3,2}`.
    fn check_range(&self) -> Result<(), String> {
        let inside: String = self.rest.clone().take_while(|next| *next != '}').collect();
        if let Some((least, most)) = inside.split_once(',')
            && let (Ok(least), Ok(most)) = (least.parse::<u64>(), most.parse::<u64>())
            && least > most
        {
            return Err(told!(
                "`{{0},{1}}` of the regular expression repeats at least more than at most",
                least,
                most
            ));
        }
        Ok(())
    }

    /// Lets a quantifier follow, if there is something to repeat.
    fn repeat(&mut self, last: Last) -> Result<(), String> {
        self.last = Last::Quantifier;
        match last {
            Last::Atom => Ok(()),
            Last::Nothing => {
                Err(told!("a quantifier of the regular expression has nothing to repeat").into())
            }
            Last::Quantifier | Last::Lazy => Err(told!(
                "a quantifier of the regular expression follows another; put what is repeated into a group"
            )
            .into()),
        }
    }

    /// Whether the `{` that we wrote last is still open.
    fn closes_quantifier(&self) -> bool {
        let tail = self.out.trim_end_matches(|last: char| last.is_ascii_digit() || last == ',');
        tail.ends_with('{') && !tail.ends_with(r"\{")
    }

    /// Refuses categories that ignoring case would make into others, and differently by engine.
    fn cased(&self, text: &str) -> Result<(), String> {
        let one =
            |name: &&str| text.contains(&format!("p{{{name}}}")) || text.contains(&format!("P{{{name}}}"));
        let found =
            ["Lu", "Ll", "Lt", "M", "Nl", "So"].into_iter().find(|name| self.ignore_case && one(name));
        match found {
            Some(name) => Err(told!(
                "`\\p{{0}}` cannot be translated together with `(?i)`; leave one of them out",
                name
            )),
            None => Ok(()),
        }
    }

    fn begin(&mut self, opening: &str, closing: &str) -> Result<(), String> {
        if self.open.len() >= MAX_GROUPS {
            return Err(told!("groups of the regular expression nest deeper than {0}", MAX_GROUPS));
        }
        self.out.push_str(opening);
        self.last = Last::Nothing;
        let nest = self.nests.open(matches!(opening, "(?!" | "(?<!"), opening.starts_with("(?<"));
        self.open.push(Open { options: self.options, closing: closing.into(), nest });
        Ok(())
    }

    fn capture(&mut self, group: Group) -> Result<(), String> {
        self.groups.opened.push(group);
        self.nests.capture();
        self.begin("(", ")")
    }

    fn take(&mut self, wanted: char) -> bool {
        self.rest.next_if_eq(&wanted).is_some()
    }

    fn group(&mut self) -> Result<(), String> {
        if !self.take('?') {
            return if self.options.explicit { self.begin("(?:", ")") } else { self.capture(Group::Plain) };
        }
        match self.rest.next() {
            Some(':') => self.begin("(?:", ")"),
            Some('=') => self.begin("(?=", ")"),
            Some('!') => self.begin("(?!", ")"),
            Some('>') => {
                self.groups.opened.push(Group::Hidden);
                self.nests.capture();
                let closing = format!("))(?:\\{})", self.groups.opened.len());
                self.begin("(?=(", &closing)
            }
            Some('#') => {
                while self.rest.next_if(|next| *next != ')').is_some() {}
                match self.rest.next() {
                    Some(_) => Ok(()),
                    None => Err(told!("a comment of the regular expression is never closed").into()),
                }
            }
            Some('<') if self.take('=') => self.begin("(?<=", ")"),
            Some('<') if self.take('!') => self.begin("(?<!", ")"),
            Some('<') => self.named('>'),
            Some('\'') => self.named('\''),
            Some('(') => {
                Err(told!("a condition `(?(…)…)` cannot be translated; use alternatives instead").into())
            }
            Some(letter) => self.inline_options(letter),
            None => Err(told!("the regular expression ends after `(?`").into()),
        }
    }

    fn name(&mut self, closing: char) -> Result<String, String> {
        let mut name = String::new();
        loop {
            match self.rest.next() {
                Some(next) if next == closing => break,
                Some(next) if next.is_alphanumeric() || next == '_' => name.push(next),
                Some('-') => {
                    return Err(told!(
                        "a balancing group cannot be translated; rewrite the pattern without it"
                    )
                    .into());
                }
                Some(other) => return Err(told!("`{0}` cannot stand in a group's name", other)),
                None => return Err(told!("a group's name is never closed").into()),
            }
        }
        if name.is_empty() { Err(told!("a group has an empty name").into()) } else { Ok(name) }
    }

    fn named(&mut self, closing: char) -> Result<(), String> {
        let name = self.name(closing)?;
        self.capture(Group::Named(name))
    }

    fn inline_options(&mut self, first: char) -> Result<(), String> {
        let at_start = self.out.is_empty() && self.open.is_empty();
        let before = self.options;
        let mut on = true;
        let mut letter = first;
        loop {
            match letter {
                '-' => on = false,
                '+' => on = true,
                'i' if on && at_start => self.ignore_case = true,
                'i' => {
                    return Err(
                        told!("`(?i)` can be translated only at the very start of the pattern").into()
                    );
                }
                'm' => self.options.multiline = on,
                'n' => self.options.explicit = on,
                's' => self.options.single_line = on,
                'x' => self.options.spaced = on,
                ')' => return Ok(()),
                ':' if self.ignore_case && at_start => {
                    return Err(told!("`(?i:…)` cannot be translated; write `(?i)` at the very start").into());
                }
                ':' => {
                    self.begin("(?:", ")")?;
                    if let Some(open) = self.open.last_mut() {
                        open.options = before;
                    }
                    return Ok(());
                }
                other => return Err(told!("`(?{0}` is not a group of a regular expression", other)),
            }
            let Some(next) = self.rest.next() else {
                return Err(told!("an option is never closed with `)`").into());
            };
            letter = next;
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        let Some(letter) = self.rest.next() else {
            return Err(
                told!("the regular expression ends with a backslash; write `\\\\\\\\` for one").into()
            );
        };
        match letter {
            'd' => self.out.push_str(r"\p{Nd}"),
            'D' => self.out.push_str(r"\P{Nd}"),
            'w' => self.out.push_str(&format!("[{WORD}]")),
            'W' => self.out.push_str(&format!("[^{WORD}]")),
            's' => self.out.push_str(&format!("[{SPACE}]")),
            'S' => self.out.push_str(&format!("[^{SPACE}]")),
            'b' => self.out.push_str(&format!("(?:(?<=[{WORD}])(?![{WORD}])|(?<![{WORD}])(?=[{WORD}]))")),
            'B' => self.out.push_str(&format!("(?:(?<=[{WORD}])(?=[{WORD}])|(?<![{WORD}])(?![{WORD}]))")),
            'A' => self.out.push_str(r"(?<![\s\S])"),
            'Z' => self.out.push_str(END),
            'z' => self.out.push_str(r"(?![\s\S])"),
            'G' => return Err(told!("`\\G` cannot be translated; leave it out").into()),
            'k' => {
                let closing = match self.rest.next() {
                    Some('<') => '>',
                    Some('\'') => '\'',
                    _ => return Err(told!("`\\k` needs a group's name, as in `\\k<name>`").into()),
                };
                let name = self.name(closing)?;
                self.references.push((self.out.len(), name, self.nests.place()));
            }
            '1'..='9' => {
                let mut number = letter.to_string();
                while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                self.references.push((self.out.len(), number, self.nests.place()));
            }
            _ => {
                let text = character(letter, &mut self.rest)?;
                self.cased(&text)?;
                self.out.push_str(&text);
            }
        }
        Ok(())
    }
}
