//! The process pool as a subject: work goes as bytes.

use conformance::{Bench, Executors, Subject, Work};
use contract::{Drain, Executor, Job, Rejected, Report, Room, Shutdown, Submit, Unavailable};
use process_executor::{Call, ProcessPool, Stderr, call};
use std::time::Duration;

/// How many workers the pool gets.
const WORKERS: usize = 2;

pub(crate) fn subject() -> Subject<Executors> {
    Subject::executor("processes", || {
        // Some jobs panic on purpose, and their workers say so.
        let pool = ProcessPool::builder().workers(WORKERS).stderr(Stderr::Keep).build();
        let pool = pool.map_err(|error| {
            Unavailable::new(
                "processes",
                error.to_string(),
                "run it where the program may start itself again",
            )
        })?;
        Ok(Bench::new(Processes(pool)).workers(WORKERS))
    })
}

struct Processes(ProcessPool);

/// What a worker does.
fn perform(bytes: Vec<u8>) -> u64 {
    Work::from_bytes(&bytes).perform()
}

impl Executor<Work> for Processes {
    type Output = u64;

    fn try_submit_with(&self, work: Work, options: Submit) -> Result<Job<u64>, Rejected<Work>> {
        let refused = |rejected: Rejected<_>| {
            rejected.map(|call: Call<_, Vec<u8>>| Work::from_bytes(&call.into_argument()))
        };
        self.0.try_submit_with(call(perform, work.to_bytes()), options).map_err(refused)
    }

    fn room(&self) -> Room {
        room_for(&self.0, |bytes| call(perform, bytes))
    }
}

/// The room of an executor for the kind of work that `make` makes, whose type has no name.
fn room_for<W>(executor: &impl Executor<W>, _make: impl Fn(Vec<u8>) -> W) -> Room {
    executor.room()
}

impl Shutdown for Processes {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        self.0.shutdown(how, grace)
    }
}
