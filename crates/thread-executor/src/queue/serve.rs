//! The threads' side of the queue: take a job, run it, come back.

use super::{Call, Queue, Running, State, Ticket};
use crate::sync::{MutexGuard, Parker, lock};
use contract::spin;
use contract::{Job, Panic, Runnable};
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

/// A thread that serves a queue.
pub struct Worker {
    seat: usize,
    name: String,
    parker: Parker,
    /// Whether it has more than one processor to itself and others; asked when it would spin for the first time.
    spin_pays: Cell<Option<bool>>,
}

impl Worker {
    /// The thread that was hired for `seat`, under the name that reports give it.
    #[must_use]
    pub fn new(seat: usize, name: String) -> Self {
        Self { seat, name, parker: Parker::new(), spin_pays: Cell::new(None) }
    }
}

/// A job that was taken from the queue: run it.
#[must_use = "a job that was taken counts as running"]
pub struct Task {
    queue: Arc<Queue>,
    id: u64,
    job: Runnable,
}

impl Task {
    /// Runs the job, if it was not withdrawn, and all that others hung on its end.
    pub fn run(self) {
        let Self { queue, id, job } = self;
        // The job keeps its panics to itself. What is left are destructors of what others put into it, and a panic there
        // must not cost the pool its thread.
        let _reported = Panic::catch(|| job.run());
        queue.over(id);
    }
}

impl Queue {
    /// The next job for `worker`; sleeps while there is none. `None`: the thread is to end.
    pub fn next(self: &Arc<Self>, worker: &Worker) -> Option<Task> {
        let mut state = lock(&self.state);
        loop {
            if let Some(task) = state.take(self, Some(worker.seat), &worker.name, true) {
                return Some(task);
            }
            if state.closed || state.threads > self.threads_max {
                break;
            }
            state = self.idle(state, worker);
        }
        state.threads -= 1;
        state.seats_free.push(worker.seat);
        let gone = state.closed && state.threads == 0;
        self.ended.notify_all();
        drop(state);
        if gone {
            self.crew.gone();
        }
        None
    }

    /// Waits until there may be a job for `worker`: awake for a moment if that pays, and then asleep.
    fn idle<'a>(&'a self, mut state: MutexGuard<'a, State>, worker: &Worker) -> MutexGuard<'a, State> {
        if worker.spin_pays.get() == Some(false) {
            return self.park(state, worker);
        }
        if !state.spinning && state.pace.spins() {
            if worker.spin_pays.get().is_some() {
                return self.spin(state, worker);
            }
            // The system is not asked under the lock. After that everything is looked at again.
            drop(state);
            worker.spin_pays.set(Some(spin::pays_here()));
            return lock(&self.state);
        }
        state.no_job();
        self.park(state, worker)
    }

    fn spin<'a>(&'a self, mut state: MutexGuard<'a, State>, worker: &Worker) -> MutexGuard<'a, State> {
        let since = state.no_job();
        state.spinning = true;
        self.signal.clear();
        drop(state);
        self.signal.look_out(since);
        state = lock(&self.state);
        state.spinning = false;
        if state.closed || state.live() > 0 {
            return state;
        }
        state.spun_in_vain();
        self.park(state, worker)
    }

    fn park<'a>(&'a self, mut state: MutexGuard<'a, State>, worker: &Worker) -> MutexGuard<'a, State> {
        state.parked.push((worker.seat, worker.parker.unparker().clone()));
        drop(state);
        worker.parker.park();
        state = lock(&self.state);
        // Whoever called this thread removed it already; a park may also end without a call.
        state.parked.retain(|(seat, _)| *seat != worker.seat);
        state
    }

    /// A job for a thread that waits inside another job. `None` if there is none.
    pub fn help(self: &Arc<Self>, seat: usize, thread: &str) -> Option<Task> {
        lock(&self.state).take(self, Some(seat), thread, false)
    }

    /// Wakes `waker` when a job comes for which there is no thread.
    pub fn wake_on_work(&self, seat: usize, waker: &Waker) {
        let waker = waker.clone();
        let mut state = lock(&self.state);
        let stale = match state.helpers.iter_mut().find(|helper| helper.0 == seat) {
            Some(helper) => Some(std::mem::replace(&mut helper.1, waker)),
            None => {
                state.helpers.push((seat, waker));
                None
            }
        };
        drop(state);
        drop(stale);
    }

    /// The calling thread of ours sleeps and cannot help: another one may take its place, beyond the usual number. It
    /// leaves when the queue is empty.
    pub fn stand_in(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        if state.live() > state.coming() && state.parked.is_empty() {
            // Refused by the system: then the job waits for a thread to come free.
            let _refused = state.hire(self);
        }
    }

    /// Takes in a job that runs at once on the calling thread.
    ///
    /// # Errors
    ///
    /// The work, if the queue is closed.
    pub fn run_here<W, T>(
        self: &Arc<Self>,
        seat: Option<usize>,
        thread: &str,
        work: W,
        package: impl FnOnce(W, Ticket) -> (Runnable, Job<T>),
    ) -> Result<Job<T>, W> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(work);
        }
        let id = state.accept();
        let (runnable, job) = package(work, Ticket::new(self.clone(), id));
        let task = state.start(self, id, runnable, seat, thread, false);
        drop(state);
        task.run();
        Ok(job)
    }

    /// The work of job `id` has ended, and its outcome can be seen next.
    pub(super) fn ending(&self, id: u64, panicked: bool) {
        let mut state = lock(&self.state);
        let Some(running) = state.running.iter_mut().find(|running| running.id == id) else { return };
        running.ended = true;
        state.busy -= usize::from(running.outermost);
        let count = if panicked { &mut state.counts.panicked } else { &mut state.counts.completed };
        *count += 1;
    }

    /// Foreign code of unknown length follows on the thread that ran job `id`.
    pub(super) fn lingering(self: &Arc<Self>, id: u64) {
        let mut state = lock(&self.state);
        let Some(running) = state.running.iter_mut().find(|running| running.id == id) else { return };
        running.lingers = true;
        let call = if running.outermost {
            state.busy += 1;
            state.muster(self)
        } else {
            Call::Nobody
        };
        drop(state);
        call.out();
    }

    /// The thread is done with job `id`.
    fn over(&self, id: u64) {
        let mut state = lock(&self.state);
        let at = state.running.iter().position(|running| running.id == id).expect("a job is over once");
        let running = state.running.swap_remove(at);
        // Withdrawn between the take and the start, or lingering: its thread is still counted as busy.
        let busy = running.outermost && (!running.ended || running.lingers);
        state.busy -= usize::from(busy);
        if state.closed {
            self.ended.notify_all();
        }
    }
}

impl State {
    /// The first job that was not withdrawn, now running on `thread`.
    fn take(
        &mut self,
        queue: &Arc<Queue>,
        seat: Option<usize>,
        thread: &str,
        outermost: bool,
    ) -> Option<Task> {
        while let Some(entry) = self.jobs.pop_front() {
            match entry.job {
                Some(job) => return Some(self.start(queue, entry.id, job, seat, thread, outermost)),
                None => self.dead -= 1,
            }
        }
        None
    }

    fn start(
        &mut self,
        queue: &Arc<Queue>,
        id: u64,
        job: Runnable,
        seat: Option<usize>,
        thread: &str,
        outermost: bool,
    ) -> Task {
        self.busy += usize::from(outermost);
        self.running.push(Running {
            id,
            seat,
            outermost,
            ended: false,
            lingers: false,
            label: job.label().cloned(),
            thread: thread.to_owned(),
            since: Instant::now(),
        });
        Task { queue: queue.clone(), id, job }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("seat", &self.seat).field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("job", &self.job).finish_non_exhaustive()
    }
}
