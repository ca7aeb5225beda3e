//! The order of a stream's events, whatever a receiver answers and whenever the service dies: each
//! event once, those of one resource in order, none lost.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use provisor::scim::delivery::{
    ATTEMPTS, Head, Outcome, PAUSES_AFTER, Row, Standing, Upcoming, next, settle,
};

#[derive(Clone, Copy, Debug)]
enum Act {
    /// A change of one of a few resources, which the stream may not tell of; numbers may be left out.
    Write {
        resource: usize,
        is_covered: bool,
        step: i64,
    },
    /// The receiver is asked, and answers so.
    Send(Answer),
    Wait(i64),
    /// The administrator has what was given up sent again.
    Resend,
    /// The journal is cut: nothing before this share of it is there any more.
    Cut(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    Never,
    Later,
    /// The receiver has it, and then the service dies before that is noted.
    YesAndCrash,
    /// The service dies before anything went out.
    Crash,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let answer = prop_oneof![
        4 => Just(Answer::Yes),
        2 => Just(Answer::Never),
        4 => Just(Answer::Later),
        1 => Just(Answer::YesAndCrash),
        1 => Just(Answer::Crash),
    ];
    let act = prop_oneof![
        6 => (0..4_usize, prop::bool::weighted(0.8), 1..3_i64)
            .prop_map(|(resource, is_covered, step)| Act::Write { resource, is_covered, step }),
        8 => answer.prop_map(Act::Send),
        3 => (0..20_000_i64).prop_map(Act::Wait),
        1 => Just(Act::Resend),
        1 => any::<u8>().prop_map(Act::Cut),
    ];
    prop::collection::vec(act, 1..120)
}

/// A stream as its tables hold it.
#[derive(Default)]
struct World {
    /// Number → resource, and whether the stream tells of it.
    journal: BTreeMap<i64, (String, bool)>,
    last: i64,
    standing: Standing,
    rows: BTreeMap<i64, (String, Row)>,
    now: i64,
    told: BTreeSet<i64>,
    /// Numbers that were dead once, that were cut, and that were told just before a crash.
    given_up: BTreeSet<i64>,
    cut: BTreeSet<i64>,
    crashed: BTreeSet<i64>,
    covered: BTreeMap<i64, String>,
}

impl World {
    fn waits(&self, resource: &str) -> bool {
        self.rows.values().any(|(name, row)| name == resource && matches!(row, Row::Retry { .. }))
    }

    fn heads(&self) -> Vec<Head> {
        let mut heads: BTreeMap<&str, Head> = BTreeMap::new();
        for (seq, (resource, row)) in &self.rows {
            if let Row::Retry { attempts, due, .. } = row {
                heads.entry(resource).or_insert(Head { seq: *seq, attempts: *attempts, due: *due });
            }
        }
        heads.into_values().collect()
    }

    /// One turn; false if there was nothing to send.
    fn turn(&mut self, answer: Answer) -> bool {
        // A page of what is behind the cursor.
        let upcoming: Vec<Upcoming> = self
            .journal
            .range(self.standing.cursor + 1..)
            .take(7)
            .map(|(seq, (resource, is_covered))| Upcoming {
                seq: *seq,
                resource,
                is_covered: *is_covered,
                waits: self.waits(resource),
                has_row: self.rows.contains_key(seq),
            })
            .collect();
        let step = next(&self.standing, &self.heads(), &upcoming, self.now);
        let moved = step.cursor != self.standing.cursor;
        for seq in &step.behind {
            let resource = self.journal[seq].0.clone();
            self.rows.insert(*seq, (resource, Row::Retry { attempts: 0, due: 0, error: String::new() }));
        }
        self.standing.cursor = step.cursor;
        let Some((seq, attempts)) = step.send else { return moved };
        let resource = self.journal[&seq].0.clone();

        // What must hold of everything that is sent.
        assert!(self.standing.due <= self.now, "{seq} is sent while the stream pauses");
        assert!(!self.told.contains(&seq) || self.crashed.contains(&seq), "{seq} is sent again");
        for (earlier, name) in self.covered.range(..seq) {
            let is_settled =
                self.told.contains(earlier) || self.given_up.contains(earlier) || self.cut.contains(earlier);
            assert!(name != &resource || is_settled, "{seq} overtakes {earlier} of {resource}");
        }
        let outcome = match answer {
            Answer::Yes => Outcome::Told,
            Answer::Never => Outcome::Refused("never".into()),
            Answer::Later => Outcome::Failed("later".into()),
            Answer::YesAndCrash => {
                self.told.insert(seq);
                self.crashed.insert(seq);
                return true;
            }
            Answer::Crash => return true,
        };
        let was_told = outcome == Outcome::Told;
        let (standing, row) = settle(&self.standing, (seq, attempts), outcome, self.now);
        assert_eq!(standing.error.is_empty(), was_told, "reasons are kept until a success");
        assert!(standing.cursor >= seq, "{seq} has its outcome, and the cursor is left behind");
        self.standing = standing;
        match row {
            Row::Gone => {
                self.told.insert(seq);
                self.rows.remove(&seq);
            }
            Row::Dead { .. } => {
                self.given_up.insert(seq);
                self.rows.insert(seq, (resource, row));
            }
            Row::Retry { .. } => {
                self.rows.insert(seq, (resource, row));
            }
        }
        true
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Write { resource, is_covered, step } => {
                self.last += step;
                let name = format!("{resource}{is_covered}");
                if is_covered {
                    self.covered.insert(self.last, name.clone());
                }
                self.journal.insert(self.last, (name, is_covered));
            }
            Act::Send(answer) => {
                self.turn(answer);
            }
            Act::Wait(time) => self.now += time,
            Act::Resend => {
                for (_, row) in self.rows.values_mut() {
                    if matches!(row, Row::Dead { .. }) {
                        *row = Row::Retry { attempts: 0, due: 0, error: String::new() };
                    }
                }
                self.standing.due = 0;
            }
            Act::Cut(share) => {
                let through = self.last * i64::from(share) / 512;
                self.cut.extend(self.covered.range(..=through).map(|(seq, _)| *seq));
                self.journal.retain(|seq, _| *seq > through);
                self.rows.retain(|seq, _| *seq > through);
                self.standing.cursor = self.standing.cursor.max(through);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn each_event_once_in_order_and_none_lost(acts in acts()) {
        let mut world = World::default();
        for act in acts {
            world.act(act);
        }
        // The receiver is well again.
        for _ in 0..2_000 {
            if !world.turn(Answer::Yes) {
                world.now += 3_600_000;
                if !world.turn(Answer::Yes) {
                    break;
                }
            }
        }
        for seq in world.covered.keys() {
            let is_dead = matches!(world.rows.get(seq), Some((_, Row::Dead { .. })));
            prop_assert!(world.told.contains(seq) || is_dead || world.cut.contains(seq), "{seq} is lost");
        }
        let all_dead = world.rows.values().all(|(_, row)| matches!(row, Row::Dead { .. }));
        prop_assert!(all_dead, "a row waits for ever");
        prop_assert!(world.journal.keys().all(|seq| *seq <= world.standing.cursor));
    }
}

#[test]
fn a_receiver_that_always_fails_is_given_up_after_about_a_day() {
    let mut standing = Standing::default();
    let (mut now, mut attempts, mut sent) = (0, 0, 0);
    loop {
        let (after, row) = settle(&standing, (1, attempts), Outcome::Failed("down".into()), now);
        sent += 1;
        standing = after;
        assert_eq!((standing.cursor, standing.error.as_str()), (1, "down"));
        assert_eq!(standing.due > now, sent >= PAUSES_AFTER, "the stream pauses after three failures");
        match row {
            Row::Retry { attempts: so_far, due, .. } => {
                attempts = so_far;
                now = due.max(standing.due);
            }
            other => {
                assert_eq!(other, Row::Dead { attempts: ATTEMPTS, error: "down".into() });
                break;
            }
        }
    }
    assert_eq!(sent, ATTEMPTS);
    assert!((12..36).contains(&(now / 3_600_000)), "{} h", now / 3_600_000);
}

#[test]
fn what_has_a_row_of_its_own_is_passed_over() {
    let entry = |seq, has_row| Upcoming { seq, resource: "a", is_covered: true, waits: false, has_row };
    let step = next(&Standing::default(), &[], &[entry(1, true), entry(2, false), entry(3, false)], 0);
    assert_eq!((step.cursor, step.send, step.behind), (1, Some((2, 0)), vec![]));
}
