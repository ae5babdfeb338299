//! The pool's heart: lanes of jobs, and the crew that serves them.
//!
//! ```text
//!                       take                     ending (the outcome can be seen next)
//!   hired ─► COMING ───────────────► BUSY ──────────────────────────────────────► COMING
//!            │  │ ▲                   ▲                                             │
//!  no job    │  │ │ a job,            └─────────────────────────────────────────────┘
//!            │  ▼ │ or time up         lingering (callbacks and destructors of others follow)
//!            │ SPINNING   at most one, after short waits only
//!            │  │
//!            ▼  ▼         called, or idle for too long
//!           PARKED ────────────────────────────────────► COMING ──► gone, if nothing is there and it may
//! ```
//!
//! A COMING thread looks at the lanes next. So the rule against lost wake-ups is one line: **while a job waits, somebody is
//! coming, or there is nobody to call**. Three steps could break it, and each of them writes first and then looks:
//!
//! * a job is put into its lane; then `muster` reads the word, and calls a thread if none is coming;
//! * a coming thread takes a job, or goes to sleep, and is coming no more; then it looks at the lanes;
//! * somebody may be called who could not be before (a section that blocks, a job that overran or waits); then the lanes are
//!   looked at.
//!
//! One thread is called at a time: whoever comes and finds more than its own job calls the next. So a submitter pays for one
//! wake at most, and for none while anybody is on the way. A thread counts as coming before its job's outcome can be seen:
//! whoever saw it finds that thread free, and the pool wakes and hires none in vain.
//!
//! Nobody leaves while a job waits, nor the last one while a submission is under way ([`Gate`]), so that what was accepted is
//! served.

use crate::gate::Gate;
use crate::lanes::{Entry, Lanes};
use crate::seat::{Counts, Seat};
use crate::stamp::Stamp;
use crate::sync::{Condvar, Mutex, in_one_order, lock};
use crate::word::{Now, Word};
use contract::spin::Pace;
use contract::{Job, Priority, Runnable, Slots, Submit};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

mod absence;
mod close;
mod serve;
mod ticket;

pub use absence::blocking;
pub(crate) use absence::own;
use absence::{Absence, Absent, REFUSED};
pub(crate) use close::Fault;
pub use serve::Worker;
pub use ticket::Ticket;

/// How many threads, and how long they stay.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// So many stay although they are idle.
    pub threads_min: usize,
    /// So many at most.
    pub threads_max: usize,
    /// So many more at most, while others block, wait or are lost.
    pub spare: usize,
    /// How long a thread beyond the minimum waits for a job before it leaves; `None`: it stays.
    pub idle: Option<Duration>,
    /// The longest wait awake; `None`: learned, never longer than [`SPIN_MAX`](contract::spin::SPIN_MAX).
    pub spin: Option<Duration>,
    /// Whether there is a processor for whoever does the waking, too.
    pub spin_pays: bool,
    /// Whether a hired thread has something of its own to do before it comes.
    pub initializer: bool,
}

/// Lanes and crew of one pool.
pub struct Core {
    word: Word,
    gate: Gate,
    lanes: Lanes,
    slots: Slots,
    limits: Limits,
    /// What stamps count from.
    epoch: Instant,
    crew: Mutex<Crew>,
    /// Notified when a closed pool comes nearer to its end.
    ended: Condvar,
    hands: Box<dyn Hands>,
}

/// Where the threads come from.
pub trait Hands: Send + Sync {
    /// Starts a thread that [serves](Core::serve) `core` from the seat with this index. Called under the lock of the crew.
    ///
    /// # Errors
    ///
    /// Why the system gave no thread.
    fn hire(&self, core: Arc<Core>, seat: usize) -> io::Result<()>;

    /// The pool is closed and its last thread has left.
    fn gone(&self) {}
}

/// What changes only when a thread comes, goes, sleeps or is called.
struct Crew {
    /// Longest first; the last one, whose caches are warm, is called first.
    parked: Vec<Parked>,
    /// Of the threads that are there.
    seats: Vec<Taken>,
    /// Numbers that were left: their names are used again.
    numbers_free: Vec<usize>,
    /// Numbers given out so far.
    numbers: usize,
    /// When the system refused a thread, if it has given none since.
    refused: Option<Instant>,
    pace: Pace,
    spinning: bool,
    /// Threads that run a job although they are none of ours; they have seats as well.
    guests: usize,
    absent: Absent,
    /// What threads did that have left.
    left: Counts,
    fault: Option<Fault>,
}

/// A seat and what is known of its thread by others.
struct Taken {
    seat: Arc<Seat>,
    absence: Absence,
}

struct Parked {
    seat: Arc<Seat>,
    since: Instant,
}

/// Why a job was not taken in.
#[derive(Debug)]
pub enum Refusal {
    /// The pool is closed, or broken.
    Closed,
    /// Every place is taken.
    Full,
    /// There is no thread, and the system gives none.
    NoThread(io::Error),
}

impl Core {
    /// Empty lanes, with places for so many jobs, which `hands` will serve.
    #[must_use]
    pub fn new(limits: Limits, places: usize, hands: Box<dyn Hands>) -> Arc<Self> {
        let crew = Crew {
            parked: Vec::new(),
            seats: Vec::new(),
            numbers_free: Vec::new(),
            numbers: 0,
            refused: None,
            pace: Pace::default(),
            spinning: false,
            guests: 0,
            absent: Absent::default(),
            left: Counts::default(),
            fault: None,
        };
        Arc::new(Self {
            word: Word::new(limits.threads_max),
            gate: Gate::new(),
            lanes: Lanes::new(),
            slots: Slots::new(places),
            limits,
            epoch: Instant::now(),
            crew: Mutex::new(crew),
            ended: Condvar::new(),
            hands,
        })
    }

    /// Puts what `package` makes of `work` into its lane, and calls a thread for it if none is coming.
    ///
    /// # Errors
    ///
    /// The work, and why it was not taken in.
    pub fn submit<W, T>(
        self: &Arc<Self>,
        work: W,
        options: Submit,
        package: impl FnOnce(W, &Submit, Ticket) -> (Runnable, Job<T>),
    ) -> Result<Job<T>, (W, Refusal)> {
        let submitted = self.put(work, options, package);
        if submitted.is_ok() {
            self.muster();
        }
        if self.word.load().closed() {
            self.closed_meanwhile();
        }
        submitted
    }

    fn put<W, T>(
        self: &Arc<Self>,
        work: W,
        mut options: Submit,
        package: impl FnOnce(W, &Submit, Ticket) -> (Runnable, Job<T>),
    ) -> Result<Job<T>, (W, Refusal)> {
        let Some(_pass) = self.gate.enter() else { return Err((work, Refusal::Closed)) };
        if !self.slots.take(&mut options) {
            return Err((work, Refusal::Full));
        }
        in_one_order();
        let now = self.word.load();
        if now.threads() == 0
            && let Err(error) = self.hire_first()
        {
            self.slots.give_back();
            return Err((work, Refusal::NoThread(error)));
        }
        let priority = options.priority_asked();
        let (job, handle) = package(work, &options, Ticket::new(self.clone(), &options));
        let stamp = Stamp::now(self.epoch, !Self::has_callable(now));
        self.lanes.push(priority, Entry { job, stamp });
        Ok(handle)
    }

    /// Restores the rule after the lanes may have got a job, or somebody can be called who could not be before.
    fn muster(self: &Arc<Self>) {
        in_one_order();
        if Self::lacks(self.word.load()) && !self.lanes.is_empty() {
            self.call_one();
        }
    }

    /// Nobody is coming, and there is somebody to call.
    fn lacks(now: Now) -> bool {
        now.coming() == 0 && Self::has_callable(now)
    }

    /// There is somebody to call.
    fn has_callable(now: Now) -> bool {
        now.parked() > 0 || now.threads() < now.limit()
    }

    #[cold]
    fn call_one(self: &Arc<Self>) {
        let mut crew = lock(&self.crew);
        // Looked at again: whatever changed meanwhile changed under this lock, or came by itself.
        let now = self.word.load();
        if !Self::lacks(now) || self.lanes.is_empty() {
            return;
        }
        if let Some(Parked { seat, since }) = crew.parked.pop() {
            self.word.unpark();
            crew.pace.slept(since.elapsed() <= contract::spin::SPIN_MAX);
            drop(crew);
            seat.unparker.unpark();
            return;
        }
        let lately = crew.refused.is_some_and(|at| at.elapsed() < REFUSED);
        if lately || self.hire(&mut crew).is_err() {
            // Those that are there serve the job later. If they all wait, one of them looks for a thread again and again.
            let waiting = crew.waker();
            drop(crew);
            if let Some(waker) = waiting {
                waker.wake();
            }
        }
    }

    #[cold]
    fn hire_first(self: &Arc<Self>) -> io::Result<()> {
        let mut crew = lock(&self.crew);
        // Somebody on the gate keeps a thread that is there.
        if self.word.load().threads() > 0 { Ok(()) } else { self.hire(&mut crew) }
    }

    /// One more thread, which is coming from now on if it has nothing to do before.
    fn hire(self: &Arc<Self>, crew: &mut Crew) -> io::Result<()> {
        let number = crew.numbers_free.pop().unwrap_or(crew.numbers);
        match self.hands.hire(self.clone(), number) {
            Ok(()) => {
                // Only now, so that nobody relies on a thread that the system refuses. It takes the lock of the crew before
                // it counts itself as anything else.
                self.word.hired(!self.limits.initializer);
                crew.numbers = crew.numbers.max(number + 1);
                crew.refused = None;
                Ok(())
            }
            Err(error) => {
                crew.numbers_free.push(number);
                crew.refused = Some(Instant::now());
                Err(error)
            }
        }
    }

    /// A job was withdrawn before it started.
    fn withdrawn(&self, priority: Priority) {
        self.slots.give_back();
        self.lanes.withdrawn(priority);
    }

    /// The places for jobs that wait.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    /// Whether it takes nothing more.
    pub fn is_closed(&self) -> bool {
        self.gate.is_closed()
    }
}

/// What the pool looks like at one instant.
#[derive(Clone, Copy)]
pub struct Snapshot {
    pub(crate) threads: usize,
    pub(crate) idle: usize,
    pub(crate) abandoned: usize,
    pub(crate) running: usize,
    pub(crate) queued: [usize; crate::lanes::LANES],
    pub(crate) cancelled: u64,
    pub(crate) counts: Counts,
}

impl Core {
    /// What it looks like now. Nobody takes a job and no thread comes or goes meanwhile, so that the numbers agree.
    pub fn snapshot(&self) -> Snapshot {
        let crew = lock(&self.crew);
        self.lanes.waiting(|waiting| {
            let mut counts = crew.left;
            let (mut running, mut busy) = (0, 0);
            for Taken { seat, .. } in &crew.seats {
                let tasks = seat.account(&mut counts);
                running += tasks.jobs;
                busy += usize::from(tasks.any && !seat.guest);
            }
            let threads = self.word.load().threads();
            Snapshot {
                threads,
                idle: threads.saturating_sub(busy),
                abandoned: crew.absent.abandoned,
                running,
                queued: waiting.alive,
                cancelled: waiting.withdrawn,
                counts,
            }
        })
    }

    /// How many threads there are.
    #[doc(hidden)]
    pub fn threads(&self) -> usize {
        self.word.load().threads()
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("threads", &self.threads()).finish_non_exhaustive()
    }
}
