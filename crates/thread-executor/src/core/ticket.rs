//! What a job tells its pool.

use super::{Core, own};
use contract::{Control, Priority, Submit};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A job's way back to the pool that took it in.
///
/// Its state is three flags and a number, each set once and never taken back: SEATED with the seat on which it runs, OVERRUN
/// when its deadline passes while it runs, ENDED. A thread is lost from OVERRUN to ENDED, if both come, in this order.
pub struct Ticket {
    core: Arc<Core>,
    priority: Priority,
    /// Whether it holds a place until it starts.
    queued: bool,
    /// Whether it has a deadline. Who waits for such a job does not run it: the wait would end at its end only.
    timed: bool,
    state: AtomicU32,
}

const SEATED: u32 = 1;
const OVERRUN: u32 = 2;
const ENDED: u32 = 4;
/// The number of the seat lies above the flags.
const SEAT_SHIFT: u32 = 3;

fn seat(state: u32) -> usize {
    (state >> SEAT_SHIFT) as usize
}

impl Ticket {
    pub(super) fn new(core: Arc<Core>, options: &Submit) -> Self {
        let (priority, timed) = (options.priority_asked(), options.deadline_from_now().is_some());
        Self { core, priority, queued: true, timed, state: AtomicU32::new(0) }
    }

    /// For a job that waits in no lane.
    pub(super) fn on_the_spot(core: Arc<Core>) -> Self {
        Self { queued: false, ..Self::new(core, &Submit::new()) }
    }

    /// AcqRel, wherever it is called: whoever comes second acts on what the first has done.
    fn add(&self, flags: u32) -> u32 {
        self.state.fetch_or(flags, Ordering::AcqRel)
    }
}

impl Control for Ticket {
    fn started(&self) {
        if !self.queued {
            return;
        }
        self.core.slots.give_back();
        // Only a deadline asks where it runs.
        if self.timed
            && let Some(number) = own::on(&self.core, |worker| worker.seat.number)
            && self.add(SEATED | number << SEAT_SHIFT) & OVERRUN != 0
        {
            self.core.abandoned(|| Some(number as usize));
        }
    }

    fn dequeued(&self) {
        if self.queued {
            self.core.withdrawn(self.priority);
        }
    }

    fn ending(&self, failed: bool) {
        own::on(&self.core, |worker| worker.ending(failed));
        if !self.timed {
            return;
        }
        let before = self.add(ENDED);
        if before & OVERRUN != 0 {
            self.core.recovered(seat(before));
        }
    }

    fn overran(&self) {
        // Under the lock: whoever learns that it overran, and has ended, comes after it was counted.
        self.core.abandoned(|| {
            let before = self.add(OVERRUN);
            // Not seated yet: it will see that it is late.
            (before & (SEATED | ENDED) == SEATED).then(|| seat(before))
        });
    }

    fn lingering(&self) {
        own::on(&self.core, super::Worker::lingering);
    }

    fn awaited(&self, label: Option<&Cow<'static, str>>, run: &mut dyn FnMut()) {
        if !self.timed {
            own::on(&self.core, |worker| worker.run_awaited(label.cloned(), self.priority, run));
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("priority", &self.priority).finish_non_exhaustive()
    }
}
