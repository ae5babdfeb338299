//! What a pool is made of.

use crate::arena::Arena;
use crate::limits::Limit;
use crate::plan::Plan;
use crate::recycle::Recycle;
use crate::supervisor::Supervisor;
use crate::surroundings::{Stderr, Stdout};
use crate::token::{self, Mode};
use crate::{ProcessPool, StartError, image, sys, trampoline};
use contract::Slots;
use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How many workers a pool has: a number, or a range to grow in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workers(RangeInclusive<usize>);

impl From<usize> for Workers {
    fn from(count: usize) -> Self {
        Self(count..=count)
    }
}

impl From<RangeInclusive<usize>> for Workers {
    fn from(range: RangeInclusive<usize>) -> Self {
        Self(range)
    }
}

/// What a pool is made of. Made by [`ProcessPool::builder`]; what is not set has a default.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct Builder {
    plan: Plan,
    queue: usize,
    arena: usize,
    /// Whether to share memory where the system lets us.
    memfds: bool,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self { plan: Plan::new(), queue: 1024, arena: 256 << 20, memfds: true }
    }

    /// How many workers there are: a number (`4`), or a range (`1..=4`) to grow in, on demand, and to
    /// [shrink](Self::idle_timeout) to again. Default: one per CPU that this process may use.
    pub fn workers(mut self, workers: impl Into<Workers>) -> Self {
        self.plan.workers = workers.into().0;
        self
    }

    /// How long a worker beyond the fewest may have nothing to do before it is let go. Default: 30 s.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.plan.idle_timeout = timeout;
        self
    }

    /// So many workers beyond the range stand ready, with their initializer run, and take the place of one that died, was
    /// killed or [recycled](Self::recycle), or is one more: nobody waits for a start then. They run no jobs before that.
    /// Default: 0.
    pub fn spares(mut self, count: usize) -> Self {
        self.plan.spares = count;
        self
    }

    /// Runs `initializer` in each worker once, before its first job: to load a model, open a connection, fill a cache. What
    /// it makes stays in statics of the worker. As a [call](crate::call) it may not capture anything.
    ///
    /// A worker whose initializer panics is not used; five in a row break the pool
    /// ([`StartError::Initializer`]). It has [`start_within`](Self::start_within) to return.
    ///
    /// # Python
    ///
    /// `ProcessPoolExecutor(initializer=…)`. There one that fails breaks the pool at once.
    pub fn initializer<F>(mut self, initializer: F) -> Self
    where
        F: Fn() + Copy + Send + Sync + 'static,
    {
        let _ = initializer;
        const {
            assert!(
                size_of::<F>() == 0,
                "the initializer may not capture anything, nor be a function pointer: what it needs must be in statics, \
                 in the environment, or in files"
            );
        }
        self.plan.initializer = Some(trampoline::offset_of_initializer::<F>());
        self
    }

    /// When a worker is replaced by a fresh one, between two jobs. Default: never.
    pub fn recycle(mut self, recycle: Recycle) -> Self {
        self.plan.recycle = recycle;
        self
    }

    /// How much memory of blobs that are gone is kept for those to come. What is kept is fast, because it has been touched.
    ///
    /// # Units
    ///
    /// Bytes. Default: 256 MiB, of which only what was ever written to is really taken.
    pub fn arena(mut self, bytes: usize) -> Self {
        self.arena = bytes;
        self
    }

    /// How many jobs may wait for a worker. Default: 1024.
    pub fn queue(mut self, jobs: usize) -> Self {
        self.queue = jobs;
        self
    }

    /// How long a job that was cancelled, or whose deadline has passed, may go on before its worker is killed: it can ask
    /// [`current`](crate::current) and return. Default: 200 ms.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.plan.grace = grace;
        self
    }

    /// How long a new process may take to become a worker, its initializer included; and how long the pool puts up with a
    /// system that refuses it descriptors, processes or memory for the first of its workers, before it breaks. Default: 10 s,
    /// against 1 ms that a start takes.
    pub fn start_within(mut self, timeout: Duration) -> Self {
        self.plan.start_within = timeout;
        self
    }

    /// What becomes of the workers' standard output. Default: [`Stdout::Inherit`].
    pub fn stdout(mut self, stdout: Stdout) -> Self {
        self.plan.stdout = stdout;
        self
    }

    /// Workers inherit no environment variable. What is set with [`env`](Self::env), before or after, they have.
    pub fn env_clear(mut self) -> Self {
        self.plan.surroundings.cleared = true;
        self
    }

    /// Sets an environment variable of the workers.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.plan.surroundings.variables.push((name.into(), Some(value.into())));
        self
    }

    /// Takes an environment variable away from the workers.
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.plan.surroundings.variables.push((name.into(), None));
        self
    }

    /// The folder that workers begin in. Default: this program's.
    pub fn current_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.plan.surroundings.folder = Some(folder.into());
        self
    }

    /// How much address space a worker may take (`RLIMIT_AS`). One that is refused memory gives up as a Rust program does, and
    /// its job fails with [`OutOfMemory::Refused`](contract::OutOfMemory::Refused). Address space is more than what is
    /// resident: leave room for the program itself, its stacks and the blobs that it reads.
    ///
    /// # Units
    ///
    /// Bytes. Default: no limit of the pool's own.
    pub fn memory(self, bytes: u64) -> Self {
        self.rlimit(Limit::AddressSpace, bytes)
    }

    /// A limit of the operating system, soft and hard, for each worker. One that cannot be imposed is an error of
    /// [`build`](Self::build), never a weaker limit.
    pub fn rlimit(mut self, limit: Limit, most: u64) -> Self {
        self.plan.limits.rlimits.retain(|(it, _)| *it != limit);
        self.plan.limits.rlimits.push((limit, most));
        self
    }

    /// How large a core file a worker may leave; what the system allows is the most. Default: 0.
    ///
    /// # Units
    ///
    /// Bytes.
    pub fn core_size(mut self, bytes: u64) -> Self {
        self.plan.limits.core = bytes;
        self
    }

    /// Whether workers, and all that they start, are kept from gaining rights (`no_new_privs`: setuid programs run without
    /// theirs). Default: `true`.
    pub fn no_new_privs(mut self, kept: bool) -> Self {
        self.plan.limits.no_new_privs = kept;
        self
    }

    /// How much rather than this program the kernel is to kill a worker when memory runs out: added to the program's own
    /// `oom_score_adj`. Default: 300, of 1000.
    pub fn oom_score(mut self, more: i16) -> Self {
        self.plan.limits.oom_score = more;
        self
    }

    /// What becomes of the workers' standard error. Default: [`Stderr::Forward`].
    pub fn stderr(mut self, stderr: Stderr) -> Self {
        self.plan.stderr = stderr;
        self
    }

    /// How much of a worker's standard error is kept for its obituary.
    ///
    /// # Units
    ///
    /// Bytes. Default: 8 KiB.
    pub fn stderr_tail(mut self, bytes: usize) -> Self {
        self.plan.tail = bytes;
        self
    }

    /// How large an argument or a result may be. Default: 1 GiB.
    ///
    /// # Units
    ///
    /// Bytes on the wire.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.plan.limit = bytes;
        self
    }

    /// The executable to start as a worker. It must be the very image that holds this code, which the handshake checks.
    ///
    /// Needed only where `/proc/self/exe` is something else: under valgrind, or when the program was started through
    /// `ld.so`.
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.plan.program = path.into();
        self
    }

    /// Workers are another program, whose `main` is [`worker_main`](crate::worker_main): it is not compared with this one, and
    /// runs a [`task`](crate::task) by its name, and no [`call`](crate::call).
    pub fn worker_binary(mut self, path: impl Into<PathBuf>) -> Self {
        self.plan.program = path.into();
        self.plan.mode = Mode::Tasks;
        self
    }

    /// Lets workers run every constructor of the program and enter where `main` calls [`init`](crate::init), instead of
    /// before `main`: for programs whose jobs need what another constructor sets up.
    pub fn enter_in_main(mut self) -> Self {
        self.plan.mode = Mode::InMain;
        self
    }

    /// Starts the pool, and waits until a worker is ready: about a millisecond, and never longer than
    /// [`start_within`](Self::start_within) allows a few attempts to take.
    ///
    /// # Errors
    ///
    /// [`StartError`], when no worker becomes ready; each names the cure.
    pub fn build(self) -> Result<ProcessPool, StartError> {
        let Self { mut plan, queue, arena, memfds } = self;
        plan.shares_rings = memfds;
        if *plan.workers.start() == 0 || plan.workers.is_empty() {
            return Err(StartError::Invalid(
                "a pool needs at least one worker, and a range must not be empty",
            ));
        }
        if plan.initializer.is_some_and(|offset| !image::holds_code(trampoline::address(offset))) {
            return Err(StartError::Invalid("the initializer lies outside the image that workers run"));
        }
        if plan.initializer.is_some() && plan.mode == Mode::Tasks {
            return Err(StartError::Invalid(
                "an initializer is a place in this program, and the workers are another: let their `main` do it before \
                 `worker_main`",
            ));
        }
        if queue == 0 {
            return Err(StartError::Invalid("a queue needs room for at least one job"));
        }
        if sys::has_extra_rights() {
            return Err(StartError::Invalid(
                "a program with more rights than its caller (setuid and the like) has no workers: they would have to \
                 listen to their environment",
            ));
        }
        if std::env::var_os(token::VARIABLE).is_some() {
            return Err(StartError::IsWorker);
        }
        if sys::ignores_child_exits() && (!plan.pidfds || sys::pidfd_open(std::process::id()).is_err()) {
            return Err(StartError::SigchldIgnored);
        }
        let (limit, by_name) = (plan.limit, plan.mode == Mode::Tasks);
        let (inbox, counters) = Supervisor::start(plan)?;
        let arena = Arc::new(Arena::new(arena, memfds));
        Ok(ProcessPool { inbox, counters, by_name, arena, slots: Slots::new(queue), limit })
    }

    #[cfg(test)]
    pub(crate) fn without_memfds(mut self) -> Self {
        self.memfds = false;
        self
    }

    #[cfg(test)]
    pub(crate) fn without_pidfds(mut self) -> Self {
        self.plan.pidfds = false;
        self
    }
}
