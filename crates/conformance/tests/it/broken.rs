//! What is broken on purpose, as one list: the book shows it, and a test holds the two together.

use crate::{broken_executors, broken_handles, broken_loops, broken_primitives};
use conformance::{Behaviour, Kind, Outcome, Subject};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// A subject that breaks one promise, and the behaviours that fail on it.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) kind: &'static str,
    pub(crate) words: &'static str,
    pub(crate) caught: &'static [&'static str],
}

/// Makes a test of each case, and the list of them all.
macro_rules! cases {
    ($kind:literal: $(#[doc = $words:literal] $test:ident: $subject:expr => [$($id:literal),+ $(,)?];)+) => {
        pub(crate) const CASES: &[$crate::broken::Case] = &[$($crate::broken::Case {
            kind: $kind,
            words: $words,
            caught: &[$($id),+],
        }),+];

        $(#[test]
        fn $test() {
            $crate::broken::Broken::from($subject).is_caught_by(&[$($id),+]);
        })+
    };
}

pub(crate) use cases;

/// How often a behaviour is tried that catches what it is not expected to catch, or does not catch what it should.
const TRIES: usize = 10;

/// A subject with one bug.
pub(crate) struct Broken<K: Kind> {
    subject: Subject<K>,
    /// Behaviours that may catch it: whether they do depends on which thread is faster.
    chance: fn(&str) -> bool,
}

impl<K: Kind> From<Subject<K>> for Broken<K> {
    fn from(subject: Subject<K>) -> Self {
        Self { subject, chance: |_| false }
    }
}

impl<K: Kind> Broken<K> {
    /// Where `chance` says so of a behaviour, it may catch this bug or not.
    pub(crate) fn but_for(subject: Subject<K>, chance: fn(&str) -> bool) -> Self {
        Self { subject, chance }
    }

    /// Asserts that exactly these behaviours catch it.
    ///
    /// Many behaviours have to do with time, and a bug may show only if the machine does not stand still at the wrong moment,
    /// or seem to show because it does. So each behaviour that surprises is tried again: one that should catch the bug until
    /// it does, one that should not until it passes.
    pub(crate) fn is_caught_by(&self, ids: &[&str]) {
        let failures = self.subject.failures();
        let fails = |behaviour: &Behaviour<K>| matches!(behaviour.try_on(&self.subject), Outcome::Fail(_));
        let caught = K::behaviours().iter().filter(|behaviour| {
            let wanted = ids.contains(&behaviour.id);
            let surprises = failures.contains(&behaviour.id) != wanted;
            let as_wanted = || (0..TRIES).any(|_| fails(behaviour) == wanted);
            wanted != (surprises && !(self.chance)(behaviour.id) && !as_wanted())
        });
        assert_eq!(caught.map(|behaviour| behaviour.id).collect::<Vec<_>>(), ids);
    }
}

/// Of so many at most all are named.
const NAMED: usize = 4;

/// The table that the book includes.
const PAGE: &str = "broken.md";

fn table() -> String {
    let mut text = String::from("| broken on purpose | kind | caught by |\n| --- | --- | --- |\n");
    let all = [broken_loops::CASES, broken_executors::CASES, broken_handles::CASES, broken_primitives::CASES];
    for Case { kind, words, caught } in all.concat() {
        let named = if caught.len() > NAMED { NAMED - 1 } else { caught.len() };
        let names: Vec<_> = caught[..named].iter().map(|id| format!("`{id}`")).collect();
        let more = caught.len() - named;
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let words = words.trim().trim_end_matches('.');
        writeln!(text, "| {words} | {kind} | {}{more} |", names.join(", ")).expect("a string has room");
    }
    text
}

#[test]
fn the_books_table_of_what_is_broken_is_what_is_tested() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, table()).expect("the table can be written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        written,
        table(),
        "{PAGE} is written by: BLESS=1 cargo test -p anyloop-conformance the_books_table"
    );
}

#[test]
fn each_way_to_be_broken_is_among_them() {
    let text = table();
    let ways = ["forget", "newest", "cancelled waiter", "inside the submit", "parked", "panic through"];
    for way in ways {
        assert!(text.contains(way), "nothing is broken this way: {way}");
    }
}
