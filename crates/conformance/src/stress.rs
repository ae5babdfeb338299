//! The stress: everything at once, at random from a seed, against counters. Nothing is lost, and it ends by itself.
//!
//! A stress is rounds. Each makes a fresh loop or executor, does at random what users do to it, ends it in one of the ways
//! in which it can end, and then accounts for everything: what was spawned or submitted has exactly one end, and one that
//! its history allows.
//!
//! The seed decides what is asked for, not how the threads interleave: a failure names the seed of its round, and the same
//! seed asks for the same again.

use crate::Miss;
use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::str::FromStr;

mod account;
mod dice;
mod executors;
mod loops;
mod watchdog;

pub use dice::Dice;
pub(crate) use executors::errand;
use watchdog::Progress;

/// How many operations, and which.
///
/// An operation is one call: a spawn, a submission, a wake, a cancel, a wait, the drop of a handle, a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stress {
    operations: u64,
    seed: u64,
}

/// Sets the number of operations of every stress of the suite.
const OPERATIONS: &str = "STRESS_OPS";

/// Sets the seed of the first round of every stress of the suite.
const SEED: &str = "STRESS_SEED";

impl Stress {
    /// So many operations; the first round has this seed, the next the number after it, and so on.
    #[must_use]
    pub fn new(operations: u64, seed: u64) -> Self {
        Self { operations, seed }
    }

    /// What the environment asks for with `STRESS_OPS` and `STRESS_SEED`; what it does not set is as given.
    ///
    /// # Panics
    ///
    /// If one of them is set to something that is no number.
    #[must_use]
    pub fn or_from_environment(self) -> Self {
        Self {
            operations: number(OPERATIONS).unwrap_or(self.operations),
            seed: number(SEED).unwrap_or(self.seed),
        }
    }

    /// Does `round` with one seed after the other until the operations are done.
    fn rounds(
        self,
        progress: &Progress,
        mut round: impl FnMut(&mut Dice) -> Result<Ends, Miss>,
    ) -> Result<Stressed, Miss> {
        let mut all = Stressed { operations: 0, rounds: 0, ends: Ends::new() };
        while all.operations < self.operations {
            let seed = self.seed.wrapping_add(all.rounds);
            progress.begin(seed);
            add(&mut all.ends, round(&mut Dice::new(seed))?);
            all.rounds += 1;
            all.operations = progress.operations();
        }
        Ok(all)
    }
}

fn number<N: FromStr>(variable: &str) -> Option<N> {
    let text = env::var_os(variable)?;
    let number = text.to_str().and_then(|text| text.parse().ok());
    Some(number.unwrap_or_else(|| panic!("{variable} must be a number, and is {}", text.display())))
}

/// How things ended, and how many did.
pub(crate) type Ends = BTreeMap<&'static str, u64>;

fn add(ends: &mut Ends, more: Ends) {
    more.into_iter().for_each(|(end, count)| *ends.entry(end).or_default() += count);
}

/// What a stress that held has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stressed {
    /// How many operations.
    pub operations: u64,
    /// On how many fresh subjects.
    pub rounds: u64,
    /// How everything ended, in words, and how much did so.
    pub ends: BTreeMap<&'static str, u64>,
}

impl fmt::Display for Stressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} operations in {} rounds", self.operations, self.rounds)?;
        self.ends.iter().try_for_each(|(end, count)| write!(f, ", {count} {end}"))
    }
}
