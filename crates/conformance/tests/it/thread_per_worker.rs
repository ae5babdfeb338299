//! The simplest pool that keeps every promise: the yardstick of the suite. On request it breaks exactly one.

use conformance::Prepare;
use contract::{
    Drain, Executor, Job, JobError, Panic, Place, Reject, Rejected, Report, Room, Runnable, Shutdown, Slots,
    Straggler, Submit,
};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Places in the queue.
const CAPACITY: usize = 100;

/// A promise that the pool is made to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    None,
    /// Work runs inside the submit.
    RunsInline,
    /// The newest work starts first.
    LastInFirstOut,
    /// A shutdown changes nothing.
    DeafToShutdown,
    /// A shutdown waits for whatever still runs.
    IgnoresTheGrace,
    /// Nobody looks at deadlines.
    ForgetsDeadlines,
    /// A cancelled job keeps its place until a worker comes by.
    KeepsCancelledPlaces,
    /// A panic of the work ends the thread that runs it.
    LetsPanicThrough,
    /// Now and then it forgets what it has accepted.
    LosesWork,
    /// A shutdown that is to drain the queue cancels it.
    CancelsWhatItShouldDrain,
    /// Each worker is prepared twice.
    PreparesTwice,
    /// A worker whose preparation fails just ends, and what waits goes on waiting.
    BreaksSilently,
}

thread_local! {
    /// Work of [`Bug::LetsPanicThrough`] has panicked on this thread.
    static PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// Notes in the drop whether the work around it panics.
struct Watches;

impl Drop for Watches {
    fn drop(&mut self) {
        PANICKED.set(thread::panicking());
    }
}

pub(crate) struct Workers {
    shared: Arc<Shared>,
    slots: Slots,
    bug: Bug,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<(Runnable, Option<Place>)>,
    running: Vec<(Option<Cow<'static, str>>, usize, Instant)>,
    closed: bool,
    /// What a preparation panicked with.
    fault: Option<String>,
    accepted: usize,
}

impl Workers {
    pub(crate) fn start(count: usize) -> Self {
        Self::with(count, Bug::None)
    }

    pub(crate) fn with(count: usize, bug: Bug) -> Self {
        Self::prepared(count, bug, Arc::new(|| ()))
    }

    /// Each worker does `prepare` first.
    pub(crate) fn prepared(count: usize, bug: Bug, prepare: Prepare) -> Self {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        for number in 0..count {
            let (shared, prepare) = (shared.clone(), prepare.clone());
            thread::spawn(move || {
                let times = if bug == Bug::PreparesTwice { 2 } else { 1 };
                match Panic::catch(|| (0..times).for_each(|_| prepare())) {
                    Ok(()) => shared.work(number, bug),
                    Err(_) if bug == Bug::BreaksSilently => {}
                    Err(panic) => shared.break_down(&panic),
                }
            });
        }
        Self { shared, slots: Slots::new(CAPACITY), bug }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn break_down(&self, panic: &Panic) {
        let mut state = self.lock();
        state.fault.get_or_insert_with(|| panic.message().to_owned());
        let queued = mem::take(&mut state.queue);
        drop(state);
        for (runnable, _) in queued {
            runnable.withdraw(JobError::Initializer(Panic::from_words(panic.message().to_owned(), None)));
        }
    }

    fn work(&self, number: usize, bug: Bug) {
        let idle = |state: &mut State| state.queue.is_empty() && !state.closed;
        loop {
            let mut state =
                self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
            let next =
                if bug == Bug::LastInFirstOut { state.queue.pop_back() } else { state.queue.pop_front() };
            let Some((runnable, place)) = next else { return };
            state.running.push((runnable.label().cloned(), number, Instant::now()));
            drop(state);
            drop(place);
            runnable.run();
            if bug == Bug::LetsPanicThrough && PANICKED.get() {
                resume_unwind(Box::new("the panic of the work"));
            }
            self.lock().running.retain(|running| running.1 != number);
            self.changed.notify_all();
        }
    }
}

impl<F: FnOnce() -> u64 + Send + 'static> Executor<F> for Workers {
    type Output = u64;

    fn try_submit_with(&self, work: F, mut options: Submit) -> Result<Job<u64>, Rejected<F>> {
        let mut state = self.shared.lock();
        if let Some(fault) = &state.fault {
            let why = std::io::Error::other(fault.clone());
            return Err(Rejected::new(work, Reject::Broken(Arc::new(why))));
        }
        if state.closed {
            return Err(Rejected::new(work, Reject::ShuttingDown));
        }
        let Some(mut place) = self.slots.claim(&mut options) else {
            return Err(Rejected::new(work, Reject::Full));
        };
        let mut kept = None;
        if self.bug == Bug::KeepsCancelledPlaces {
            kept = Some(mem::replace(&mut place, Place::none()));
        }
        let watched = move || {
            let _watch = Watches;
            work()
        };
        let (runnable, job) = Job::package(watched, &options, place, ());
        if self.bug == Bug::RunsInline {
            drop(state);
            runnable.run();
            return Ok(job);
        }
        if let Some(deadline) = options.deadline_from_now().filter(|_| self.bug != Bug::ForgetsDeadlines) {
            let watch = runnable.watch();
            thread::spawn(move || {
                thread::sleep(deadline.saturating_duration_since(Instant::now()));
                watch.expire()
            });
        }
        state.accepted += 1;
        if self.bug == Bug::LosesWork && state.accepted.is_multiple_of(100) {
            mem::forget(runnable);
            return Ok(job);
        }
        state.queue.push_back((runnable, kept));
        drop(state);
        self.shared.changed.notify_all();
        Ok(job)
    }

    fn room(&self) -> Room {
        self.slots.room()
    }
}

impl Shutdown for Workers {
    fn shutdown(&self, how: Drain, grace: Duration) -> Report {
        let mut report = Report::default();
        if self.bug == Bug::DeafToShutdown {
            return report;
        }
        self.slots.close();
        let mut state = self.shared.lock();
        state.closed = true;
        self.shared.changed.notify_all();
        if how == Drain::Started || self.bug == Bug::CancelsWhatItShouldDrain {
            report.cancelled += withdraw(&mut state);
        }
        let grace = if self.bug == Bug::IgnoresTheGrace { Duration::MAX } else { grace };
        let busy = |state: &mut State| !state.queue.is_empty() || !state.running.is_empty();
        let mut state = self
            .shared
            .changed
            .wait_timeout_while(state, grace, busy)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        report.cancelled += withdraw(&mut state);
        let stragglers = state.running.iter().map(|(label, worker, since)| {
            Straggler::new(label.clone(), format!("worker {worker}"), since.elapsed())
        });
        report.stragglers.extend(stragglers);
        report
    }
}

/// Ends all that is queued; says how many jobs it met that had not ended otherwise.
fn withdraw(state: &mut State) -> usize {
    let queued = mem::take(&mut state.queue).into_iter();
    queued.map(|(runnable, _)| usize::from(runnable.withdraw(JobError::Shutdown { started: false }))).sum()
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}
