//! An errand: the work of a stress, as data with a token. It runs a moment and ends in one of four ways.

use super::super::account::{Count, Gone};
use crate::loops::quiet_panic;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// What errands panic with.
pub(super) const ON_PURPOSE: &str = "on purpose";

/// What becomes of an errand that is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It gives its number.
    Returns,
    Panics,
    /// It ends its process.
    Exits,
    /// It never ends.
    Sticks,
}

/// One errand.
#[derive(Debug)]
pub(crate) struct Errand {
    pub(crate) number: u64,
    pub(crate) fate: Fate,
    /// How long it blocks its worker.
    pub(crate) pause: Duration,
    /// How often a future of it gives way first.
    pub(crate) turns: u32,
    /// Not across a border of processes.
    pub(crate) token: Option<Token>,
}

/// Counts how often an errand runs, and that it is dropped.
pub(crate) struct Token {
    runs: Arc<Count>,
    _gone: Gone,
}

impl Token {
    pub(super) fn new(runs: &Arc<Count>, gone: Gone) -> Self {
        Self { runs: runs.clone(), _gone: gone }
    }
}

impl Errand {
    /// Runs it on this thread.
    pub(crate) fn perform(self) -> u64 {
        if let Some(token) = &self.token {
            token.runs.add();
        }
        if !self.pause.is_zero() {
            thread::sleep(self.pause);
        }
        match self.fate {
            Fate::Returns => {}
            Fate::Panics => quiet_panic(ON_PURPOSE),
            Fate::Exits => std::process::exit(3),
            Fate::Sticks => loop {
                thread::park();
            },
        }
        self.number
    }
}

/// For another process: without the token.
impl fmt::Display for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fate = match self.fate {
            Fate::Returns => "returns",
            Fate::Panics => "panics",
            Fate::Exits => "exits",
            Fate::Sticks => "sticks",
        };
        write!(f, "{} {fate} {}", self.number, self.pause.as_micros())
    }
}

impl FromStr for Errand {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut words = text.split(' ');
        let number = words.next().and_then(|word| word.parse().ok()).ok_or(())?;
        let fate = match words.next() {
            Some("returns") => Fate::Returns,
            Some("panics") => Fate::Panics,
            Some("exits") => Fate::Exits,
            Some("sticks") => Fate::Sticks,
            _ => return Err(()),
        };
        let pause = words.next().and_then(|word| word.parse().ok()).map(Duration::from_micros).ok_or(())?;
        Ok(Self { number, fate, pause, turns: 0, token: None })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}
