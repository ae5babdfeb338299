//! How a pool of loops is made.

use super::affinity::Cpus;
use super::common::Common;
use super::error::{PoolStartError, StartProblem};
use super::thread::{Make, Plan};
use super::{Crew, LoopPool};
use contract::{Driver, Unavailable};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;
use thread_executor::thread_name;

/// Makes a [`LoopPool`]. From [`LoopPool::builder`].
///
/// # Examples
///
/// ```
/// use core_loop::{LoopPool, NativeDriver};
/// use std::num::NonZeroUsize;
///
/// # fn main() -> Result<(), core_loop::PoolStartError> {
/// let two = NonZeroUsize::new(2).unwrap();
/// let pool = LoopPool::builder().loops(two).name("shard").pin_to_cpus().start(NativeDriver::new)?;
/// assert_eq!(pool.loops()[1].name(), "shard-1");
/// assert!(pool.loops()[1].cpu().is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "`start` makes the pool"]
pub struct PoolBuilder {
    loops: Option<NonZeroUsize>,
    name: String,
    pinned: bool,
}

impl PoolBuilder {
    pub(super) fn new() -> Self {
        Self { loops: None, name: "loop".to_owned(), pinned: false }
    }

    /// So many loops; unless it is said, as many as the program may use processors.
    pub fn loops(mut self, loops: NonZeroUsize) -> Self {
        self.loops = Some(loops);
        self
    }

    /// Loops and their threads are called `name-0`, `name-1`, …; a name is cut to keep that within the 15 bytes that Linux
    /// shows. `loop` unless set.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Binds each loop's thread to one of the processors that the calling thread may use, in their order, over again if
    /// there are more loops. The threads of `to_thread` stay free.
    ///
    /// It keeps caches warm where the machine is the program's own. Where others run too, a bound thread waits for its
    /// processor while another is free.
    pub fn pin_to_cpus(mut self) -> Self {
        self.pinned = true;
        self
    }

    /// Starts the loops, on drivers that `make` makes, each on its own thread. Returns when all of them run.
    ///
    /// # Errors
    ///
    /// [`PoolStartError`] names the loop that cannot run, and says why. None is left running then.
    pub fn start<D: Driver + 'static>(
        self,
        make: impl Fn() -> Result<D, Unavailable> + Send + Sync + 'static,
    ) -> Result<LoopPool, PoolStartError> {
        self.start_boxed(move || Ok(Box::new(make()?)))
    }

    /// As [`start`](Self::start), on drivers whose type was forgotten: for a runtime that is chosen while the program runs.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_boxed(
        self,
        make: impl Fn() -> Result<Box<dyn Driver>, Unavailable> + Send + Sync + 'static,
    ) -> Result<LoopPool, PoolStartError> {
        let cpus = self.pinned.then(Cpus::allowed).transpose();
        let cpus =
            cpus.map_err(|error| PoolStartError { name: self.name_of(0), why: StartProblem::Pin(error) })?;
        let common = Arc::new(Common::new(cpus));
        let numbers = cpus.map(Cpus::numbers).unwrap_or_default();
        let make: Arc<Make> = Arc::new(make);
        let plan = |at: usize| Plan {
            name: self.name_of(at),
            cpu: numbers.get(at.checked_rem(numbers.len()).unwrap_or(0)).copied(),
            make: make.clone(),
            executor: common.clone(),
        };
        let count = self.loops.unwrap_or_else(|| available_parallelism().unwrap_or(NonZeroUsize::MIN)).get();
        // All threads first, so that the drivers are made side by side.
        let starting: Vec<_> = (0..count).map(|at| plan(at).start()).collect();
        let mut crew = Crew { threads: Vec::new(), common: Some(common.clone()) };
        let mut loops = Vec::new();
        let mut failed = None;
        for starting in starting {
            let begun = starting.and_then(|starting| {
                let (begun, thread) = starting.begun();
                crew.threads.push(thread);
                begun
            });
            match begun {
                Ok(member) => loops.push(member),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match failed {
            None => Ok(LoopPool::of(loops, crew)),
            Some(error) => {
                crew.let_go(Duration::ZERO);
                Err(error)
            }
        }
    }

    fn name_of(&self, at: usize) -> String {
        thread_name(&self.name, &at.to_string())
    }
}
