//! What a job tells its pool.

use super::{Core, own};
use contract::{Control, Priority};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// A job's way back to the pool that took it in.
///
/// ```text
///   IN_TIME ── its deadline passes while it runs ──► OVERRUN ── it ends ──► ENDED
///      └──────────────────────── it ends ─────────────────────────────────► ENDED
/// ```
pub struct Ticket {
    core: Arc<Core>,
    priority: Priority,
    /// Whether it holds a place until it starts.
    queued: bool,
    state: AtomicU8,
}

const IN_TIME: u8 = 0;
const OVERRUN: u8 = 1;
const ENDED: u8 = 2;

impl Ticket {
    pub(super) fn new(core: Arc<Core>, priority: Priority) -> Self {
        Self { core, priority, queued: true, state: AtomicU8::new(IN_TIME) }
    }

    /// For a job that waits in no lane.
    pub(super) fn on_the_spot(core: Arc<Core>) -> Self {
        Self { queued: false, ..Self::new(core, Priority::Normal) }
    }
}

impl Control for Ticket {
    fn started(&self) {
        if self.queued {
            self.core.slots.give_back();
        }
    }

    fn dequeued(&self) {
        if self.queued {
            self.core.withdrawn(self.priority);
        }
    }

    fn ending(&self, failed: bool) {
        own::on(&self.core, |worker| worker.ending(failed));
        // AcqRel, here and below: whoever comes second acts on what the first has counted.
        if self.state.swap(ENDED, Ordering::AcqRel) == OVERRUN {
            self.core.recovered();
        }
    }

    fn overran(&self) {
        self.core.abandoned();
        if self.state.compare_exchange(IN_TIME, OVERRUN, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // It has ended since.
            self.core.recovered();
        }
    }

    fn lingering(&self) {
        own::on(&self.core, super::Worker::lingering);
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("priority", &self.priority).finish_non_exhaustive()
    }
}
