//! Reads a file of the source, telling by looking what it is.

use super::csv_file::{CsvFile, Destination};
use super::directory::{Source, Tally};
use super::json;
use super::load_report::{InputError, LoadReport};
use super::records::{Found, Records};
use crate::provision::message::told;
use crate::provision::values::Pool;

/// Most records taken from one kind of file.
const MAX_RECORDS: usize = 2_000_000;

impl Source {
    /// Reads one file or pasted text, telling by looking what it is. `name` is a hint only.
    pub fn load(&mut self, pool: &mut Pool, name: &str, text: &str) -> Result<LoadReport, InputError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut tally = Tally::default();
        match text.trim_start().chars().next() {
            None => {
                return Err(InputError::new(
                    told!("the file is empty"),
                    told!("give users as Graph JSON or the portal's CSV"),
                ));
            }
            Some('{' | '[') => {
                let (mut records, mut contexts) = (Records::default(), Vec::new());
                let mut take =
                    |found: Found<'_>| json::take(self, pool, name, &mut contexts, &mut tally, &found);
                records.push(text.as_bytes(), &mut take)?;
                records.finish(&mut take)?;
            }
            Some(_) => {
                let mut file = CsvFile::default();
                let mut into = Destination { source: self, pool, name, tally: &mut tally };
                file.push(&mut into, text.as_bytes())?;
                file.finish(&mut into)?;
            }
        }
        self.finish(tally)
    }

    /// Takes what was cut from a file that arrives in chunks.
    pub fn take(
        &mut self,
        pool: &mut Pool,
        name: &str,
        contexts: &mut Vec<String>,
        tally: &mut Tally,
        found: &Found<'_>,
    ) -> Result<(), serde_json::Error> {
        json::take(self, pool, name, contexts, tally, found)
    }

    /// What a file gave, once it was read whole.
    pub fn finish(&self, tally: Tally) -> Result<LoadReport, InputError> {
        if self.users.len().max(self.groups.len()).max(self.assignments.len()) > MAX_RECORDS {
            return Err(InputError::new(
                told!("more than {0} records", MAX_RECORDS),
                told!("split the population"),
            ));
        }
        Ok(self.report(tally))
    }

    fn report(&self, tally: Tally) -> LoadReport {
        let kinds = [
            ("users", tally.users),
            ("groups", tally.groups),
            ("members", tally.members),
            ("roles", tally.roles),
            ("assignments", tally.assignments),
        ];
        let seen: Vec<_> = kinds.into_iter().filter(|(_, rows)| *rows > 0).collect();
        let kind = match seen.as_slice() {
            [] if self.has_assignments => "assignments",
            [] => "unknown",
            [(kind, _)] => kind,
            _ => "mixed",
        };
        let mut notes = tally.notes;
        if tally.unknown > 0 {
            notes.push(told!("{0} records were neither user, group, role nor assignment", tally.unknown));
        }
        if tally.beyond > 0 {
            notes.push(told!("{0} further users are left out, as was asked for", tally.beyond));
        }
        let columns = match kind {
            "users" => self.users.column_names(),
            "groups" => self.groups.column_names(),
            _ => Vec::new(),
        };
        LoadReport { kind: kind.to_owned(), rows: seen.iter().map(|(_, rows)| rows).sum(), columns, notes }
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::Deleted;
    use super::*;

    struct Loaded {
        source: Source,
        pool: Pool,
        report: LoadReport,
    }

    impl Loaded {
        fn text(&self, name: &str) -> Option<&str> {
            self.source.users.text(&self.pool, 0, name)
        }
    }

    fn loaded(name: &str, text: &str) -> Loaded {
        let (mut source, mut pool) = (Source::default(), Pool::default());
        let report = source.load(&mut pool, name, text).expect("readable");
        Loaded { source, pool, report }
    }

    #[test]
    fn both_portal_headers_semicolons_and_quotes() {
        let old = "\u{feff}userPrincipalName,displayName,objectId,mobile,accountEnabled\r\na@b.example,\"Ng, Ana\",u1,+1,TRUE\r\n";
        let new = "userPrincipalName;displayName;id;mobilePhone;accountEnabled\n a@b.example;\"Ng, \"\"Ana\"\"\";u1;+1;false\n";
        let old = loaded("users.csv", old);
        assert_eq!((old.report.kind.as_str(), old.report.rows), ("users", 1));
        assert_eq!(old.text("mobilePhone"), Some("+1"));
        assert_eq!(old.text("accountEnabled"), Some("True"));
        assert_eq!(old.text("displayName"), Some("Ng, Ana"));
        let new = loaded("users.csv", new);
        assert_eq!(new.text("mobile"), Some("+1"));
        assert_eq!(new.text("displayName"), Some("Ng, \"Ana\""));
        assert_eq!(new.source.users.entry(0).and_then(|entry| new.pool.text(entry.id)), Some("u1"));
    }

    #[test]
    fn an_empty_cell_is_null_and_an_empty_json_text_is_not() {
        let csv = loaded("u.csv", "userPrincipalName,displayName,surname\na@b.example,,x\n");
        assert_eq!(csv.text("displayName"), None);
        let json = r#"{"id":"u","userPrincipalName":"a@b.example","displayName":"","mail":null}"#;
        let json = loaded("u.json", json);
        assert_eq!(json.text("displayName"), Some(""));
        assert_eq!(json.text("mail"), None);
    }

    #[test]
    fn pages_arrays_and_lines_are_one() {
        let user = |id: usize| format!(r#"{{"id":"u{id}","userPrincipalName":"u{id}@b.example"}}"#);
        let texts = [
            format!(r#"{{"value":[{}]}} {{"value":[{}]}}"#, user(1), user(2)),
            format!("[{},{}]", user(1), user(2)),
            format!("{}\n{}\n", user(1), user(2)),
        ];
        for text in texts {
            assert_eq!(loaded("x", &text).source.users.len(), 2, "{text}");
        }
    }

    #[test]
    fn a_delta_changes_members_and_marks_the_gone() {
        let text = r#"{"value":[
            {"id":"g","displayName":"Staff","members@delta":[{"id":"a"},{"id":"b"}]},
            {"id":"g","displayName":"Staff","members@delta":[{"id":"a","@removed":{"reason":"deleted"}}]},
            {"id":"u","userPrincipalName":"u@b.example"},
            {"id":"u","@removed":{"reason":"changed"}}]}"#;
        let mut delta = loaded("delta", text);
        assert_eq!(delta.report.kind, "mixed");
        let (group, b) = (delta.pool.intern("g"), delta.pool.intern("b"));
        assert_eq!(delta.source.members_of(group), [b]);
        assert_eq!(delta.source.users.entry(0).map(|entry| entry.deleted), Some(Deleted::Soft));
        assert_eq!(delta.text("userPrincipalName"), Some("u@b.example"));
    }

    #[test]
    fn a_spreadsheets_headers_and_what_a_row_has_too_many() {
        let text = "User principal name,Display Name,Object Id\na@b.example,Ana,u1\nb@b.example,Ng, Bo,u2\n";
        let found = loaded("users.csv", text);
        assert_eq!(found.text("userPrincipalName"), Some("a@b.example"));
        assert_eq!(found.text("displayName"), Some("Ana"));
        assert_eq!(found.source.users.entry(0).and_then(|entry| found.pool.text(entry.id)), Some("u1"));
        let long = "1 rows have more fields than the first line has names, the first on line 3;";
        assert!(found.report.notes.iter().any(|note| note.starts_with(long)), "{:?}", found.report.notes);
    }

    #[test]
    fn what_is_no_directory_is_refused_in_words() {
        let (mut source, mut pool) = (Source::default(), Pool::default());
        let open = source.load(&mut pool, "users.csv", "userPrincipalName,displayName\na@b,\"A\nb@b,B\n");
        assert_eq!(open.expect_err("a quote").line, Some(2));
        assert!(source.load(&mut pool, "x", "").is_err());
        assert!(source.load(&mut pool, "x", "colour,size\nred,2\n").is_err());
        assert_eq!(source.load(&mut pool, "x", "{\"value\":\n[}").expect_err("broken").line, Some(2));
    }
}
