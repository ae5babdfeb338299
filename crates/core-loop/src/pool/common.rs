//! The threads behind `to_thread`: one pool for all loops, which the loops do not end.

use super::affinity::Cpus;
use crate::default_executor::default_pool;
use crate::offload::BoxedWork;
use contract::{Drain, Executor, Job, Rejected, Report, Room, Shutdown, Submit};
use std::cell::Cell;
use std::sync::OnceLock;
use std::time::Duration;
use thread_executor::ThreadPool;

pub(super) struct Common {
    /// Made at the first use.
    threads: OnceLock<ThreadPool>,
    /// Where its threads may run, if the loops are bound to a processor each. A thread is started by the loop that needs
    /// it, and would stay on that loop's.
    roam: Option<Cpus>,
}

impl Common {
    pub(super) fn new(roam: Option<Cpus>) -> Self {
        Self { threads: OnceLock::new(), roam }
    }

    /// Ends it with the loops; `None` if it was never used.
    pub(super) fn end(&self, grace: Duration) -> Option<Report> {
        self.threads.get().map(|threads| threads.shutdown(Drain::Queued, grace))
    }

    fn threads(&self) -> &ThreadPool {
        self.threads.get_or_init(default_pool)
    }
}

impl Executor<BoxedWork> for Common {
    type Output = ();

    fn try_submit_with(&self, work: BoxedWork, options: Submit) -> Result<Job<()>, Rejected<BoxedWork>> {
        let work = match self.roam {
            None => work,
            Some(cpus) => Box::new(move || {
                roam(cpus);
                work();
            }),
        };
        self.threads().try_submit_with(work, options)
    }

    fn room(&self) -> Room {
        Executor::<BoxedWork>::room(self.threads())
    }
}

/// One loop that closes must not end what the others use: the pool does, when all of them have closed.
impl Shutdown for Common {
    fn shutdown(&self, _: Drain, _: Duration) -> Report {
        Report::default()
    }
}

/// Once for each thread.
fn roam(cpus: Cpus) {
    thread_local! {
        static ROAMS: Cell<bool> = const { Cell::new(false) };
    }
    if !ROAMS.replace(true) {
        // At worst the work shares its loop's processor.
        let _stays = cpus.keep_to();
    }
}
