//! The thread of one loop: it makes the driver, runs the loop until it is told to close, and closes it.
//!
//! ```text
//!   make the driver ──► RUNNING ──── stop: by then ────► CLOSING ──► gone, with a report
//!         │                │                                ▲
//!         ▼                └─ the driver panics, gives up ──┘ at once, and the loop counts as dead
//!   a problem, told to whoever starts the pool
//! ```

use super::affinity::Cpus;
use super::error::{LoopLost, PoolStartError, StartProblem};
use super::member::{Fate, PoolLoop};
use super::{Deadline, add_report, left_until};
use crate::error::CloseReport;
use crate::exception::{self, ExceptionContext};
use crate::handle::LoopHandle;
use crate::offload::DefaultExecutor;
use crate::runner::{GRACE, Runner};
use crate::sync::{Mutex, lock};
use contract::{Driver, Job, Panic, Place, Promise, Submit, Unavailable};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// Makes a driver, on the thread that will run it.
pub(super) type Make = dyn Fn() -> Result<Box<dyn Driver>, Unavailable> + Send + Sync;

/// How much longer than the grace a thread may take to drop what did not end.
const ANSWER: Duration = Duration::from_secs(1);

/// What a loop's thread needs.
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) cpu: Option<usize>,
    pub(super) make: Arc<Make>,
    pub(super) executor: Arc<dyn DefaultExecutor>,
}

/// A thread that makes its driver.
pub(super) struct Starting {
    name: String,
    cpu: Option<usize>,
    fate: Fate,
    begun: mpsc::Receiver<Result<LoopHandle, StartProblem>>,
    thread: Thread,
}

/// A loop's thread, seen from outside.
pub(super) struct Thread {
    name: String,
    /// Kept until the loop is told to close.
    stop: Mutex<Option<Promise<Deadline>>>,
    ended: Job<CloseReport>,
    fate: Fate,
}

/// How a loop ended.
pub(super) struct Ended {
    name: String,
    report: CloseReport,
    died: Option<LoopLost>,
}

impl Plan {
    pub(super) fn start(self) -> Result<Starting, PoolStartError> {
        let (stop, stopped) = Job::promise(&Submit::new(), Place::none(), ());
        let (end, ended) = Job::promise(&Submit::new(), Place::none(), ());
        let (begin, begun) = mpsc::channel();
        let fate = Fate::default();
        let (name, cpu, fates) = (self.name.clone(), self.cpu, fate.clone());
        let thread = std::thread::Builder::new().name(name.clone());
        let live = move || {
            let report = self.live(&begin, stopped, &fates);
            end.finish(Ok(report));
        };
        match thread.spawn(live) {
            Err(error) => Err(PoolStartError { name, why: StartProblem::Thread(error) }),
            Ok(_) => {
                let thread =
                    Thread { name: name.clone(), stop: Mutex::new(Some(stop)), ended, fate: fate.clone() };
                Ok(Starting { name, cpu, fate, begun, thread })
            }
        }
    }

    /// On the thread, from its first step to its last.
    fn live(
        self,
        begin: &mpsc::Sender<Result<LoopHandle, StartProblem>>,
        stopped: Job<Deadline>,
        fate: &Fate,
    ) -> CloseReport {
        let mut runner =
            match Panic::catch(|| self.begin()).unwrap_or_else(|panic| Err(StartProblem::Panicked(panic))) {
                Ok(runner) => runner,
                Err(problem) => {
                    let _told = begin.send(Err(problem));
                    return CloseReport::default();
                }
            };
        let _told = begin.send(Ok(runner.get_loop().handle()));
        let why = match Panic::catch(|| runner.run(stopped)) {
            Ok(Ok(stopped)) => {
                // A pool that was forgotten tells nobody when.
                let deadline = stopped.unwrap_or_else(|_| Instant::now().checked_add(GRACE));
                match Panic::catch(|| runner.close_within(left_until(deadline))) {
                    Ok(report) => return report,
                    Err(panic) => format!("its driver panicked while it closed: {panic}"),
                }
            }
            Ok(Err(error)) => error.to_string(),
            Err(panic) => format!("its driver panicked: {panic}"),
        };
        let died = LoopLost::new(self.name, why);
        exception::report(&ExceptionContext::new(died.to_string()));
        // Before the loop refuses: a refusal then has its reason.
        let _once = fate.set(died);
        runner.abandon()
    }

    fn begin(&self) -> Result<Runner, StartProblem> {
        if let Some(cpu) = self.cpu {
            Cpus::one(cpu).and_then(Cpus::keep_to).map_err(StartProblem::Pin)?;
        }
        let runner = Runner::boxed((self.make)().map_err(StartProblem::Unavailable)?);
        runner.get_loop().set_default_executor(self.executor.clone());
        let _once = runner.get_loop().inner().kept_by.set(self.name.clone());
        Ok(runner)
    }
}

impl Starting {
    /// Waits until the loop runs. The thread, also of a loop that does not, is for the caller to end.
    pub(super) fn begun(self) -> (Result<PoolLoop, PoolStartError>, Thread) {
        let Self { name, cpu, fate, begun, thread } = self;
        // A thread that goes without a word panicked in a destructor of the driver's.
        let gone = || StartProblem::Thread(std::io::Error::other("it ended before the loop began"));
        let begun = begun.recv().unwrap_or_else(|_| Err(gone()));
        let begun = match begun {
            Ok(handle) => Ok(PoolLoop::new(name, cpu, handle, fate)),
            Err(why) => Err(PoolStartError { name, why }),
        };
        (begun, thread)
    }
}

impl Thread {
    /// Asks the loop to close by then; the first to ask decides.
    pub(super) fn stop(&self, deadline: Deadline) {
        let stop = lock(&self.stop).take();
        if let Some(stop) = stop {
            stop.finish(Ok(deadline));
        }
    }

    /// Waits until then, and for the time that it takes to answer.
    pub(super) fn ended(mut self, deadline: Deadline) -> Ended {
        let patience = left_until(deadline.and_then(|deadline| deadline.checked_add(ANSWER)));
        let (report, silent) = match self.ended.wait_timeout(patience) {
            Some(Ok(report)) => (report, None),
            Some(Err(_)) => (CloseReport::default(), Some("its thread ended without a report")),
            None => (
                CloseReport::default(),
                Some(
                    "its thread did not answer within the grace, it is stuck in a step: let that await, or move it to `to_thread`",
                ),
            ),
        };
        let died = self.fate.get().cloned();
        let died = died.or_else(|| silent.map(|why| LoopLost::new(self.name.as_str(), why)));
        Ended { name: self.name, report, died }
    }
}

impl Ended {
    pub(super) fn add_to(self, all: &mut CloseReport) {
        let CloseReport { cancelled, dropped, executor, lost: _ } = self.report;
        all.cancelled += cancelled;
        // The threads of `to_thread` are the pool's to end; this is one that a task has set.
        add_report(&mut all.executor, executor.filter(|report| !report.is_clean()));
        all.dropped.extend(dropped.into_iter().map(|mut task| {
            task.name = format!("{} on {}", task.name, self.name);
            task
        }));
        all.lost.extend(self.died);
    }
}
