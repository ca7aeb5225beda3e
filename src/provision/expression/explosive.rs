//! Regular expressions that are likely to take very long on some texts: they repeat what is itself
//! repeated, so that a text can be cut in very many ways.

use std::iter::Peekable;
use std::str::Chars;

/// One alternative of a group, or of the pattern.
#[derive(Clone, Copy, Debug, Default)]
struct Branch {
    /// A part of it is repeated without end.
    repeats: bool,
    /// Parts that must be there, beside those that are repeated.
    needed: usize,
}

#[derive(Debug, Default)]
struct Group {
    branch: Branch,
    /// An alternative before was nothing but a repetition.
    loose: bool,
    /// It is atomic, or looks around: what it took is not tried otherwise.
    closed: bool,
}

impl Group {
    fn end_branch(&mut self) {
        let Branch { repeats, needed } = std::mem::take(&mut self.branch);
        self.loose |= repeats && needed == 0;
    }
}

/// Reads past what follows `(?`: `:`, `<name>`, options; whether the group is closed.
fn head(rest: &mut Peekable<Chars<'_>>) -> bool {
    match rest.next() {
        Some('>' | '=' | '!') => true,
        Some('<') if rest.next_if(|next| matches!(next, '=' | '!')).is_some() => true,
        Some(quote @ ('<' | '\'')) => {
            let end = if quote == '<' { '>' } else { quote };
            while rest.next().is_some_and(|next| next != end) {}
            false
        }
        Some('#') => {
            while rest.next_if(|next| *next != ')').is_some() {}
            true
        }
        Some(':') | None => false,
        Some(_) => {
            while rest.next_if(|next| !matches!(next, ':' | ')')).is_some() {}
            rest.next_if_eq(&':');
            false
        }
    }
}

/// Whether a .NET pattern repeats what is nothing but a repetition, as `(a+)+` and `(\w+\s?)*` do.
pub(super) fn is_explosive(pattern: &str) -> bool {
    let mut rest = pattern.chars().peekable();
    let mut groups = vec![Group::default()];
    while let Some(letter) = rest.next() {
        let mut loose = false;
        match letter {
            '\\' => drop(rest.next()),
            '[' => {
                let mut first = true;
                while let Some(inside) = rest.next() {
                    match inside {
                        '\\' => drop(rest.next()),
                        ']' if !first => break,
                        _ => {}
                    }
                    first &= inside == '^';
                }
            }
            '(' => {
                let mut group = Group::default();
                if rest.next_if_eq(&'?').is_some() {
                    group.closed = head(&mut rest);
                }
                groups.push(group);
                continue;
            }
            ')' if groups.len() > 1 => {
                let Some(mut group) = groups.pop() else { return false };
                group.end_branch();
                loose = group.loose && !group.closed;
            }
            '|' => {
                groups.last_mut().into_iter().for_each(Group::end_branch);
                continue;
            }
            '^' | '$' => continue,
            _ => {}
        }
        let (mut endless, mut optional) = (false, false);
        match rest.peek() {
            Some('*') => (endless, optional) = (true, true),
            Some('+') => endless = true,
            Some('?') => optional = true,
            Some('{') => {
                let inside: String = rest.clone().skip(1).take_while(|next| *next != '}').collect();
                endless = inside.ends_with(',');
                optional = inside.starts_with('0');
            }
            _ => {}
        }
        if endless && loose {
            return true;
        }
        if let Some(group) = groups.last_mut() {
            group.branch.repeats |= endless || loose;
            group.branch.needed += usize::from(!endless && !optional && !loose);
        }
        // Past the quantifier, so that it is no part of its own.
        if endless || optional || rest.peek() == Some(&'{') {
            if rest.next() == Some('{') {
                while rest.next().is_some_and(|next| next != '}') {}
            }
            rest.next_if_eq(&'?');
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_explosive;

    #[test]
    fn what_is_nothing_but_a_repetition_is_not_to_be_repeated() {
        for pattern in [
            "(a+)+$",
            r"(\w+\s?)*",
            "(?:a*)*",
            "((a+))+",
            "(a+|b)*",
            "([a-z]+)*x",
            "(a{2,})+",
            "x(?<n>y*)+",
            "(?i:a+)+",
            "(?'n'a+)*",
        ] {
            assert!(is_explosive(pattern), "{pattern}");
        }
        for pattern in [
            "a+",
            "(ab+)+",
            r"([a-z]+\.)+[a-z]+",
            "(?>a+)+",
            "(?<=a+)+b",
            "(?i)a+",
            "a(?#b+)+",
            r"\(a+\)+",
            "[(a+)+]",
            "(a?)+",
            "(a+)?",
            "(a+){2}",
            "(a+b+c)*",
            "",
            ")",
            "(",
            "[",
            "\\",
            "a{",
            "(?",
            "(a+",
            "^([^@]+)@(.*)$",
        ] {
            assert!(!is_explosive(pattern), "{pattern}");
        }
    }
}
