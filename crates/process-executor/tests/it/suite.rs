//! The common suite, on the pool: its work crosses as bytes.

use crate::help::builder;
use conformance::{Bench, Subject, Work};
use contract::Room;
use process_executor::{Drain, Executor, Job, ProcessPool, Rejected, Report, Shutdown, Submit, call};
use std::time::Duration;

conformance::suite!(executors: Subject::executor("process pool", || {
    Ok(Bench::new(Processes(builder().workers(2).queue(64).build().expect("a pool"))).workers(2).apart())
}));

/// A process pool for the suite's work.
struct Processes(ProcessPool);

/// A job: the work that crossed as bytes.
fn perform(bytes: Vec<u8>) -> u64 {
    Work::from_bytes(&bytes).perform()
}

impl Executor<Work> for Processes {
    type Output = u64;

    fn try_submit_with(&self, work: Work, options: Submit) -> Result<Job<u64>, Rejected<Work>> {
        let submitted = self.0.try_submit_with(call(perform, work.to_bytes()), options);
        submitted.map_err(|rejected| rejected.map(|_bytes| work))
    }

    fn room(&self) -> Room {
        self.0.room()
    }
}

impl Shutdown for Processes {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        self.0.shutdown(how, grace)
    }
}
