//! How a pool is made.

use crate::engine::Engine;
use crate::{InterpreterPool, Limits, PAGE, Reuse, Wasmi};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use thread_executor::{BuildError, ThreadPool};

/// Makes an engine for the limits of a pool.
type MakeEngine = fn(&Limits) -> Arc<dyn Engine>;

/// Makes an [`InterpreterPool`]. From [`InterpreterPool::builder`].
///
/// # Examples
///
/// ```
/// use std::num::NonZeroUsize;
/// use interpreter_executor::{InterpreterPool, Reuse};
///
/// let pool = InterpreterPool::builder()
///     .threads(NonZeroUsize::new(4).unwrap())
///     .memory(64 << 20)
///     .stack(1 << 20)
///     .output(1 << 20)
///     .reuse(Reuse::Fresh)
///     .try_build()?;
/// # Ok::<(), thread_executor::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use = "`build` makes the pool"]
pub struct Builder {
    pub(crate) limits: Limits,
    pub(crate) reuse: Reuse,
    threads: thread_executor::Builder,
    make_engine: MakeEngine,
    on_start: Option<OnStart>,
}

type OnStart = Arc<dyn Fn(usize) + Send + Sync>;

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            limits: Limits::default(),
            reuse: Reuse::default(),
            threads: ThreadPool::cpu().name("guest"),
            make_engine: |limits| Arc::new(Wasmi::new(limits)),
            on_start: None,
        }
    }

    /// At most this many threads, and so calls at once: as many as the processors that this program may use, unless it is
    /// said.
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = self.threads.threads(threads);
        self
    }

    /// At most this many calls wait in the queue, 1024 if nothing is said.
    pub fn queue(mut self, calls: NonZeroUsize) -> Self {
        self.threads = self.threads.queue(calls);
        self
    }

    /// Threads are called `name-0`, `name-1`, …; `guest-0` unless it is said.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.threads = self.threads.name(name);
        self
    }

    /// A thread that has had no call for this long ends. Unless it is said, threads stay.
    pub fn idle_timeout(mut self, idle: Duration) -> Self {
        self.threads = self.threads.idle_timeout(idle);
        self
    }

    /// Runs `prepare` on each thread before its first call, with the thread's index. If it panics, the pool is broken.
    ///
    /// For what each *instance* needs, see [`Module::initialized`](crate::Module::initialized).
    pub fn on_thread_start(mut self, prepare: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_start = Some(Arc::new(prepare));
        self
    }

    /// Bytes of memory of an instance at most, 64 MiB unless it is said. It grows by [pages](PAGE); what is beyond the last
    /// whole page is not given.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.limits.memory = bytes / PAGE * PAGE;
        self
    }

    /// Bytes of the machine's stack of a call at most, 1 MiB unless it is said.
    pub fn stack(mut self, bytes: usize) -> Self {
        self.limits.stack = bytes;
        self
    }

    /// Elements of all tables of an instance at most, 100 000 unless it is said.
    pub fn table_elements(mut self, elements: usize) -> Self {
        self.limits.table_elements = elements;
        self
    }

    /// Bytes of a result at most, 16 MiB unless it is said.
    pub fn output(mut self, bytes: usize) -> Self {
        self.limits.output = bytes;
        self
    }

    /// Fuel for a call at most; unless it is said, a call may run as long as nobody cancels it and its deadline has not
    /// passed. A unit is about one instruction: the same call always uses the same.
    pub fn fuel(mut self, units: u64) -> Self {
        self.limits.fuel = Some(units);
        self
    }

    /// Fuel between two looks at deadline and cancel, 200 000 unless it is said, which is below a millisecond.
    ///
    /// One instruction that copies or fills much of the guest's memory is not divided: it may take as long as the memory
    /// cap allows.
    pub fn fuel_slice(mut self, units: u64) -> Self {
        self.limits.fuel_slice = units.max(1);
        self
    }

    /// How long an instance lives; for one call, unless it is said.
    pub fn reuse(mut self, reuse: Reuse) -> Self {
        self.reuse = reuse;
        self
    }

    /// Runs the guests on another engine than [`Wasmi`].
    pub fn engine<E: Engine>(mut self) -> Self {
        self.make_engine = |limits| Arc::new(E::new(limits));
        self
    }

    /// The pool. No thread is started yet.
    ///
    /// # Panics
    ///
    /// If it cannot be as described: [`try_build`](Self::try_build) says so without a panic.
    #[must_use]
    #[track_caller]
    pub fn build(self) -> InterpreterPool {
        match self.try_build() {
            Ok(pool) => pool,
            Err(error) => panic!("{error}"),
        }
    }

    /// The pool, if it can be as described. No thread is started yet.
    ///
    /// # Errors
    ///
    /// What about its threads cannot be.
    pub fn try_build(self) -> Result<InterpreterPool, BuildError> {
        let engine = (self.make_engine)(&self.limits);
        InterpreterPool::start(engine, self.limits, self.reuse, self.threads, self.on_start)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Builder");
        shown.field("limits", &self.limits).field("reuse", &self.reuse).finish_non_exhaustive()
    }
}
