//! The queue and the threads that serve it: one mutex, from which everything can be read off.
//!
//! ```text
//!                         take                    ending (the outcome can be seen next)
//!   hired ─► COMING ─────────────────► BUSY ───────────────────────────────► COMING
//!            │  │ ▲                     ▲                                      │
//!    no job  │  │ │ signal, or time up  └──────────────────────────────────────┘
//!            │  ▼ │                          lingering (callbacks and destructors of others follow)
//!            │ SPINNING    at most one, after short waits only (spin.rs)
//!            │  │
//!            │  │ time up, and no job under the lock
//!            ▼  ▼
//!           PARKED ── unpark ─► COMING
//! ```
//!
//! A COMING thread looks at the queue next, and no foreign code stands before that. So the rule against lost wake-ups is
//! one line: *as many threads are coming as jobs are queued, unless none is parked and no more may be hired*. Every step
//! that adds a job or takes a coming thread away ends in [`State::muster`], which restores the rule. A thread counts as
//! coming before its job's outcome can be seen: whoever saw it finds that thread free, and the pool hires none in vain.
//!
//! A SPINNING thread counts as coming: its time is short, and it looks at the queue under the lock before it parks. The
//! signal that ends its spin is a mere hint; lost or late, it costs the job the rest of that time and nothing else.

use crate::sync::{Condvar, Mutex, Unparker, lock};
use contract::spin::Pace;
use contract::{Job, Runnable};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

mod close;
mod serve;
mod spin;
mod ticket;
use spin::Signal;

#[cfg(loom)]
pub use serve::Task;
pub use serve::Worker;
pub use ticket::Ticket;

/// Jobs that wait, and who serves them.
pub struct Queue {
    state: Mutex<State>,
    /// Ends a spin.
    signal: Signal,
    /// Notified when a closed queue comes nearer to its end: a thread left, or a job that no thread of ours ran is over.
    ended: Condvar,
    threads_max: usize,
    crew: Box<dyn Crew>,
}

/// Where the threads come from.
pub trait Crew: Send + Sync {
    /// Starts a thread that serves `queue` from `seat`. Called under the queue's lock: it must not touch the queue.
    ///
    /// # Errors
    ///
    /// Why the system gave no thread.
    fn hire(&self, queue: Arc<Queue>, seat: usize) -> io::Result<()>;

    /// The queue is closed and its last thread has left.
    fn gone(&self) {}
}

struct State {
    /// Ids ascend from front to back.
    jobs: VecDeque<Entry>,
    /// Entries of `jobs` whose job was withdrawn. They go when they are more than half.
    dead: usize,
    next_id: u64,
    closed: bool,
    /// Threads hired and not gone: COMING, PARKED or BUSY.
    threads: usize,
    busy: usize,
    /// Whether a thread is SPINNING; it counts as coming.
    spinning: bool,
    pace: Pace,
    /// When a thread last found no job, until one comes.
    idle_since: Option<Instant>,
    /// PARKED threads, longest first; the last one, whose caches are warm, is called first.
    parked: Vec<(usize, Unparker)>,
    /// Seats that were left: their names are used again.
    seats_free: Vec<usize>,
    /// Busy threads that sleep in a wait and would run another job meanwhile; one waker a seat.
    helpers: Vec<(usize, Waker)>,
    /// What has been taken from the queue and is not over.
    running: Vec<Running>,
    counts: Counts,
}

struct Entry {
    id: u64,
    /// `None` once it was withdrawn.
    job: Option<Runnable>,
}

struct Running {
    id: u64,
    /// The seat of the thread it runs on; `None` on a thread that is not ours.
    seat: Option<usize>,
    /// Whether its thread is free for the queue when it ends: not if it runs inside the wait of another job.
    outermost: bool,
    ended: bool,
    lingers: bool,
    label: Option<Cow<'static, str>>,
    thread: String,
    since: Instant,
}

/// Counters that only grow.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    /// Jobs taken in.
    pub submitted: u64,
    /// Jobs whose work returned.
    pub completed: u64,
    /// Jobs whose work panicked.
    pub panicked: u64,
    /// Jobs withdrawn before they started.
    pub cancelled: u64,
}

/// What the queue looks like at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot {
    /// Threads hired and not gone.
    pub threads: usize,
    /// Those of them that run a job or what hangs on its end.
    pub busy: usize,
    /// Jobs that wait.
    pub queued: usize,
    /// Jobs taken and not over.
    pub running: usize,
    /// What happened so far.
    pub counts: Counts,
}

/// Why a job was not taken in.
#[derive(Debug)]
pub enum Refusal {
    /// The queue is closed.
    Closed,
    /// There is no thread, and the system gives none.
    NoThread(io::Error),
}

/// Whom to wake once the lock is released.
#[must_use = "somebody sleeps"]
enum Call {
    Nobody,
    Parked(Unparker),
    Helpers(Vec<(usize, Waker)>),
}

impl Call {
    fn out(self) {
        match self {
            Self::Nobody => {}
            Self::Parked(thread) => thread.unpark(),
            Self::Helpers(helpers) => helpers.into_iter().for_each(|(_, waker)| waker.wake()),
        }
    }
}

impl Queue {
    /// An empty queue that at most `threads_max` threads of `crew` will serve.
    #[must_use]
    pub fn new(threads_max: usize, crew: Box<dyn Crew>) -> Arc<Self> {
        let state = State {
            jobs: VecDeque::new(),
            dead: 0,
            next_id: 0,
            closed: false,
            threads: 0,
            busy: 0,
            spinning: false,
            pace: Pace::default(),
            idle_since: None,
            parked: Vec::new(),
            seats_free: Vec::new(),
            helpers: Vec::new(),
            running: Vec::new(),
            counts: Counts::default(),
        };
        Arc::new(Self {
            state: Mutex::new(state),
            signal: Signal::new(),
            ended: Condvar::new(),
            threads_max,
            crew,
        })
    }

    /// Queues what `package` makes of `work`, and calls a thread for it.
    ///
    /// A thread is started under the lock, which happens at most once a thread: then the job is refused or it is served,
    /// and nothing lies between.
    ///
    /// # Errors
    ///
    /// The work, and why it was not taken in.
    pub fn submit<W, T>(
        self: &Arc<Self>,
        work: W,
        package: impl FnOnce(W, Ticket) -> (Runnable, Job<T>),
    ) -> Result<Job<T>, (W, Refusal)> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err((work, Refusal::Closed));
        }
        if state.threads == 0
            && let Err(error) = state.hire(self)
        {
            return Err((work, Refusal::NoThread(error)));
        }
        let id = state.accept();
        let (runnable, job) = package(work, Ticket::new(self.clone(), id));
        state.jobs.push_back(Entry { id, job: Some(runnable) });
        if state.spinning {
            self.signal.give();
        }
        state.job_came();
        let call = state.muster(self);
        drop(state);
        call.out();
        Ok(job)
    }

    /// The job `id` was withdrawn. Frees its entry, and every dead one when they are too many.
    fn withdrawn(&self, id: u64) {
        let mut state = lock(&self.state);
        state.counts.cancelled += 1;
        let Ok(at) = state.jobs.binary_search_by_key(&id, |entry| entry.id) else { return };
        let job = state.jobs[at].job.take();
        state.dead += usize::from(job.is_some());
        if state.dead > DEAD_MIN && state.dead * 2 > state.jobs.len() {
            state.jobs.retain(|entry| entry.job.is_some());
            state.dead = 0;
        }
        drop(state);
        // The last reference to a job may drop what others put into it.
        drop(job);
    }

    /// Whether it takes nothing more.
    pub fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }

    /// What it looks like now.
    pub fn snapshot(&self) -> Snapshot {
        let state = lock(&self.state);
        Snapshot {
            threads: state.threads,
            busy: state.busy,
            queued: state.live(),
            running: state.running.iter().filter(|running| !running.ended || running.lingers).count(),
            counts: state.counts,
        }
    }
}

/// Below this many dead entries it does not pay to look for them.
const DEAD_MIN: usize = 32;

impl State {
    /// Jobs that wait.
    fn live(&self) -> usize {
        self.jobs.len() - self.dead
    }

    /// Threads that will look at the queue without being called.
    fn coming(&self) -> usize {
        self.threads - self.busy - self.parked.len()
    }

    fn accept(&mut self) -> u64 {
        self.counts.submitted += 1;
        self.next_id += 1;
        self.next_id
    }

    /// Restores the rule after one job came or one coming thread became busy: calls one more thread if one is missing.
    fn muster(&mut self, queue: &Arc<Queue>) -> Call {
        if self.live() <= self.coming() {
            return Call::Nobody;
        }
        if let Some((_, thread)) = self.parked.pop() {
            return Call::Parked(thread);
        }
        // A thread that the system refuses is not missed: those that are there serve the job later.
        if self.threads < queue.threads_max && self.hire(queue).is_ok() {
            return Call::Nobody;
        }
        Call::Helpers(std::mem::take(&mut self.helpers))
    }

    /// One more thread, which is coming from now on.
    fn hire(&mut self, queue: &Arc<Queue>) -> io::Result<()> {
        let seat = self.seats_free.pop().unwrap_or(self.threads);
        match queue.crew.hire(queue.clone(), seat) {
            Ok(()) => {
                self.threads += 1;
                Ok(())
            }
            Err(error) => {
                self.seats_free.push(seat);
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("now", &self.snapshot()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Crew, Queue, Refusal};
    use contract::{Cancel, Job, Place, Submit};
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Hires so many, and they never come.
    struct Late(AtomicUsize);

    impl Crew for Late {
        fn hire(&self, _: Arc<Queue>, _: usize) -> io::Result<()> {
            let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            left.map(drop).map_err(|_| io::Error::from(io::ErrorKind::WouldBlock))
        }
    }

    fn submit(queue: &Arc<Queue>) -> Result<Job<()>, Refusal> {
        let job = queue.submit((), |(), ticket| Job::package(|| (), &Submit::new(), Place::none(), ticket));
        job.map_err(|((), refusal)| refusal)
    }

    #[test]
    fn without_any_thread_the_work_is_refused() {
        let queue = Queue::new(2, Box::new(Late(AtomicUsize::new(0))));
        assert!(matches!(submit(&queue), Err(Refusal::NoThread(_))));
        let now = queue.snapshot();
        assert_eq!((now.threads, now.counts.submitted), (0, 0));
    }

    #[test]
    fn with_fewer_threads_than_wanted_the_work_waits_for_those_there_are() {
        let queue = Queue::new(2, Box::new(Late(AtomicUsize::new(1))));
        let jobs = [submit(&queue), submit(&queue)];
        assert!(jobs.iter().all(Result::is_ok));
        assert_eq!((queue.snapshot().threads, queue.snapshot().queued), (1, 2));
    }

    #[test]
    fn entries_of_withdrawn_jobs_do_not_pile_up() {
        let queue = Queue::new(1, Box::new(Late(AtomicUsize::new(1))));
        let _kept = submit(&queue);
        for _ in 0..10_000 {
            assert_eq!(submit(&queue).expect("it is accepted").cancel(), Cancel::Dequeued);
            assert!(queue.state.lock().expect("nobody panics here").jobs.len() <= 100);
        }
        assert_eq!(queue.snapshot().queued, 1);
    }
}
