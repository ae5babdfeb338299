//! An executor that notes how long each of its jobs took, from the submission to the end.

use contract::{Executor, Job, Rejected, Room, Submit};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Any executor, with a watch in hand.
#[derive(Debug)]
pub(super) struct Timed<'a, E> {
    executor: &'a E,
    took: Arc<Mutex<Vec<Duration>>>,
}

/// Goes with a job; its end is the job's.
struct Watch {
    begin: Instant,
    took: Arc<Mutex<Vec<Duration>>>,
}

impl<'a, E> Timed<'a, E> {
    pub(super) fn new(executor: &'a E) -> Self {
        Self { executor, took: Arc::default() }
    }

    /// What was noted, shortest first.
    pub(super) fn sorted(self) -> Vec<Duration> {
        let mut took = std::mem::take(&mut *self.took.lock().unwrap_or_else(PoisonError::into_inner));
        took.sort_unstable();
        took
    }
}

impl<E, W> Executor<W> for Timed<'_, E>
where
    E: Executor<W>,
{
    type Output = E::Output;

    fn try_submit_with(&self, work: W, options: Submit) -> Result<Job<E::Output>, Rejected<W>> {
        let begin = Instant::now();
        let job = self.executor.try_submit_with(work, options)?;
        job.attach(Watch { begin, took: self.took.clone() });
        Ok(job)
    }

    fn room(&self) -> Room {
        self.executor.room()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.took.lock().unwrap_or_else(PoisonError::into_inner).push(self.begin.elapsed());
    }
}
