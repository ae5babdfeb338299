//! What a job tells its queue.

use super::Queue;
use contract::Control;
use std::fmt;
use std::sync::Arc;

/// A job's way back to the queue that took it in.
pub struct Ticket {
    queue: Arc<Queue>,
    id: u64,
}

impl Ticket {
    pub(super) fn new(queue: Arc<Queue>, id: u64) -> Self {
        Self { queue, id }
    }
}

impl Control for Ticket {
    fn dequeued(&self) {
        self.queue.withdrawn(self.id);
    }

    fn ending(&self, failed: bool) {
        self.queue.ending(self.id, failed);
    }

    fn lingering(&self) {
        self.queue.lingering(self.id);
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("id", &self.id).finish_non_exhaustive()
    }
}
