//! The columns: what was seen on each runtime, beside what our loop does.

use super::process::{DEADLINE, watch};
use super::{Difference, RUNTIMES, Runtime};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;
use std::thread;

/// The name of our own column.
pub(crate) const OURS: &str = "anyloop";

/// How often a runtime with several threads is looked at.
const LOOKS: usize = 5;

/// How many different things of many are named.
const NAMED: usize = 3;

/// The raw part of the matrix.
pub(crate) struct Table {
    pub(crate) differences: Vec<Difference>,
    /// What they show of each raw runtime, in the order of the differences.
    pub(crate) columns: Vec<(&'static str, Vec<String>)>,
}

impl Table {
    /// Looks at the runtimes that `wanted` names by the driver which they carry.
    pub(crate) fn observe(wanted: impl Fn(&str) -> bool) -> io::Result<Self> {
        let program = std::env::current_exe()?;
        let runtimes = RUNTIMES.iter().filter(|runtime| wanted(runtime.carries));
        let columns = thread::scope(|scope| {
            // Side by side: most of the time they sleep.
            let looking: Vec<_> =
                runtimes.map(|runtime| (runtime.name, scope.spawn(|| runtime.look(&program)))).collect();
            let seen =
                looking.into_iter().map(|(name, cells)| (name, cells.join().expect("looking is safe")));
            seen.collect()
        });
        Ok(Self { differences: super::all(), columns })
    }
}

impl Runtime {
    /// A cell a difference.
    fn look(&self, program: &Path) -> Vec<String> {
        let obstacle = (self.obstacle)();
        let differences = super::all();
        let cell = |(number, difference): (usize, &Difference)| {
            let exempt = self.exempt.iter().find(|(id, _)| *id == difference.id).map(|(_, why)| *why);
            let words = match obstacle.as_deref().or(exempt) {
                Some(why) => format!("skip: {why}"),
                None => self.seen(program, difference.id),
            };
            eprintln!("{} {}/{} raw.{}: {words}", self.name, number + 1, differences.len(), difference.id);
            words
        };
        differences.iter().enumerate().map(cell).collect()
    }

    fn seen(&self, program: &Path, difference: &str) -> String {
        let looks = if self.threads { LOOKS } else { 1 };
        let look = |_| watch(Command::new(program).args(["observe", self.name, difference]), DEADLINE);
        together((0..looks).map(look))
    }
}

/// One word for all looks, or the different ones, the most frequent first.
fn together(looks: impl Iterator<Item = String>) -> String {
    let mut counts = BTreeMap::<String, usize>::new();
    looks.for_each(|words| *counts.entry(words).or_default() += 1);
    let mut different: Vec<_> = counts.into_iter().collect();
    different.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = if different.len() > NAMED { "; …" } else { "" };
    let words: Vec<_> = different.iter().take(NAMED).map(|(words, _)| words.as_str()).collect();
    match words.as_slice() {
        [one] => (*one).to_owned(),
        several => format!("varies: {}{more}", several.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::together;

    fn looks(words: &[&str]) -> String {
        together(words.iter().map(|words| (*words).to_owned()))
    }

    #[test]
    fn looks_that_agree_are_one_word() {
        assert_eq!(looks(&["polled", "polled"]), "polled");
    }

    #[test]
    fn looks_that_differ_are_all_named_the_most_frequent_first() {
        assert_eq!(looks(&["a", "b", "b"]), "varies: b; a");
        assert_eq!(looks(&["a", "b", "c", "d"]), "varies: a; b; c; …");
    }
}
