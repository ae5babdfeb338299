//! Where work can run. Each place is an executor; only the form of the work differs.

use super::cases::Cases;
use super::measure::{Measured, Plan, measure};
use super::progress::Progress;
use super::report::Missing;
use super::work::Work;
use crate::guests;
use contract::{ExecutorExt, GuestError, JobError};
use core_loop::Loop;
use interpreter_executor::{Function, InterpreterPool, LoadError, Module};
use process_executor::{ProcessPool, call};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroUsize;
use std::thread::{available_parallelism, sleep};
use std::time::Duration;
use thread_executor::ThreadPool;

/// As long as a worker needs to start, and more: each is given one job of this length, so that all are there.
const WARM_UP: Duration = Duration::from_millis(20);

/// Where work runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// On the loop itself, between everything else that it does.
    Inline,
    /// On a thread of a pool.
    Threads,
    /// In an interpreter on a thread of a pool.
    Interpreters,
    /// In a worker process of a pool.
    Processes,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inline => "inline",
            Self::Threads => "threads",
            Self::Interpreters => "interpreters",
            Self::Processes => "processes",
        })
    }
}

/// The pools, with a worker for each core; the same for all runtimes.
#[derive(Debug)]
pub(super) struct Pools {
    cores: NonZeroUsize,
    threads: ThreadPool,
    interpreters: InterpreterPool,
    guest: Result<Module, LoadError>,
    processes: Option<ProcessPool>,
}

impl Pools {
    /// Starts them. Why there are no processes, if so.
    pub(super) fn start() -> (Self, Option<Missing>) {
        let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let threads = ThreadPool::builder().threads(cores).name("compare").build();
        let (processes, missing) = match ProcessPool::new(cores.get()) {
            Ok(pool) => (Some(pool), None),
            Err(error) => {
                (None, Some(Missing { runtime: "process-executor".into(), why: error.to_string() }))
            }
        };
        for warm in threads.map((0..cores.get()).map(|_| || sleep(WARM_UP)), cores).blocking() {
            warm.expect("a thread can sleep");
        }
        if let Some(processes) = &processes {
            let naps = (0..cores.get()).map(|_| call(sleep, WARM_UP));
            // A worker that dies here is replaced; if it does so again, the first row says it.
            processes.map(naps, cores).blocking().for_each(drop);
        }
        let interpreters = InterpreterPool::builder().threads(cores).build();
        let guest = interpreters.load(guests::numbers());
        (Self { cores, threads, interpreters, guest, processes }, missing)
    }

    pub(super) fn cores(&self) -> NonZeroUsize {
        self.cores
    }

    /// The places that there are for this work.
    pub(super) fn places<W: Work>(&self) -> Vec<Place> {
        let interpreters = W::GUEST.map(|_| Place::Interpreters);
        let processes = self.processes.as_ref().map(|_| Place::Processes);
        [Place::Inline, Place::Threads].into_iter().chain(interpreters).chain(processes).collect()
    }

    /// The function of the guest that does this work.
    fn function<W: Work>(&self) -> Result<Function<W::Input, W::Output>, JobError> {
        let name = W::GUEST.ok_or_else(|| GuestError::Abi(format!("{} has no guest", W::NAME)));
        let guest = self.guest.as_ref().map_err(|error| GuestError::Abi(error.to_string()));
        guest.and_then(|guest| guest.function(name?)).map_err(JobError::Guest)
    }
}

/// Runs all of `cases` in `place`: a future for the loop, a closure for threads, a call for processes.
///
/// # Errors
///
/// The first job that gave no output.
pub(super) async fn run_in<W: Work>(
    place: Place,
    pools: &Pools,
    cases: &Cases<W>,
    plan: Plan,
    progress: &mut Progress,
) -> Result<Measured, (usize, JobError)> {
    let count = cases.len();
    let input = |at| W::Input::clone(cases.input(at));
    let expected = |at, output: &W::Output| cases.expects(at, output);
    let step = |jobs| progress.step(jobs, count);
    match (place, &pools.processes) {
        (Place::Processes, Some(pool)) => {
            measure(pool, count, |at| call(W::run, input(at)), expected, plan, step).await
        }
        (Place::Threads, _) => {
            let work = |at| {
                let input = input(at);
                move || W::run(input)
            };
            measure(&pools.threads, count, work, expected, plan, step).await
        }
        (Place::Interpreters, _) => {
            let function = pools.function::<W>().map_err(|error| (0, error))?;
            measure(&pools.interpreters, count, |at| function.call(input(at)), expected, plan, step).await
        }
        (Place::Inline | Place::Processes, _) => {
            let work = |at| {
                let input = input(at);
                async move { W::run(input) }
            };
            measure(&Loop::current().handle(), count, work, expected, plan, step).await
        }
    }
}
