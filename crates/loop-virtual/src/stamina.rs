//! How long, in real time, a run may go from one thing to the next: the bound of a run that would never end.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How often it is asked between two looks at the real clock.
const ASKED_PER_LOOK: u32 = 256;

pub(crate) struct Stamina {
    most: Duration,
    since: Cell<Instant>,
    asked: Cell<u32>,
}

impl Stamina {
    pub(crate) fn new(most: Duration) -> Self {
        Self { most, since: Cell::new(Instant::now()), asked: Cell::new(0) }
    }

    /// The run begins, or something came from outside, which may have taken its time.
    pub(crate) fn refresh(&self) {
        self.since.set(Instant::now());
    }

    pub(crate) fn is_left(&self) -> bool {
        self.asked.set(self.asked.get().wrapping_add(1));
        !self.asked.get().is_multiple_of(ASKED_PER_LOOK) || self.since.get().elapsed() < self.most
    }
}
